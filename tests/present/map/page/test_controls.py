"""Choosing an indicator, reading a tooltip, switching layers, in German and in English."""

from __future__ import annotations

import re
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

pytestmark = pytest.mark.browser

SAMPLE = Path(__file__).parents[4] / "sample_data"

GROUPS = {
    "Bedarfsindex": ["Sozialer Status (Klasse)", "Dynamik (Klasse)", "Sozialer Status und Dynamik"],
    "Sozioökonomie": [
        "SGB-II-Quote",
        "Kinderarmut (SGB II unter 15)",
        "Arbeitslosenanteil SGB II und III (Betroffenheitsquote)",
        "Veränderung SGB-II-Quote",
        "Veränderung Kinderarmut (SGB II unter 15)",
        "Veränderung Arbeitslosenanteil SGB II und III (Betroffenheitsquote)",
    ],
    "Bildung und soziale Teilhabe": ["Sprachförderbedarf vor der Einschulung"],
    "Demografie": [
        "Anteil Personen mit Migrationshintergrund",
        "Anteil Ausländerinnen und Ausländer",
        "Anteil 65-Jähriger und Älterer",
    ],
    "Auswahl": ["Zwei Bedingungen: SGB-II-Quote und Kinderarmut (SGB II unter 15)"],
}
OPTIONS = """
const groups = [...document.querySelectorAll(".qa-select optgroup")];
return groups.map((group) => [group.label, [...group.children].map((option) => option.text)]);"""
LABELS = [label for group in GROUPS.values() for label in group]


def german(value, decimals):
    return f"{value:,.{decimals}f}".translate(str.maketrans(",.", ".,"))


@pytest.fixture
def counts_of(counts, pairs):
    """Return a function: area, indicator -> numerator, denominator, share as read by hand."""

    def count(key, name):
        x, n = (counts[column][key] for column in pairs[name])
        return x, n, 100 * x / n

    return count


def test_options_are_grouped_by_domain(atlas):
    assert dict(atlas.run(OPTIONS)) == GROUPS


def test_each_option_changes_title_and_picture(atlas, clear):
    pictures = {}
    for label in LABELS:
        atlas.choose(label)
        title = atlas.text(".qa-legend-title").removesuffix(", 31.12.2024")
        assert title.removesuffix(" (%)").removesuffix(" (Prozentpunkte)") == label
        pictures[label] = [color for color, *_ in atlas.all_colors(clear)]
    assert len({tuple(picture) for picture in pictures.values()}) == len(LABELS)


def test_going_back_to_an_option_gives_the_same_picture(atlas, clear):
    first = atlas.all_colors(clear)
    atlas.choose(LABELS[3])
    assert atlas.all_colors(clear) != first
    atlas.choose(LABELS[0])
    assert atlas.all_colors(clear) == first


@pytest.mark.parametrize("name", ["sgb2_rate", "mh_share"])
def test_tooltip_of_a_rate_has_name_key_district_value_and_both_counts(atlas, exported, clear, counts_of, name):
    label = {"sgb2_rate": "SGB-II-Quote", "mh_share": "Anteil Personen mit Migrationshintergrund"}[name]
    atlas.choose(label)
    keys = clear.index.intersection(exported.index[~exported["selected"] & exported[name].notna()])
    for key in (keys[0], keys[-1]):
        x, n, share = counts_of(key, name)
        lines = atlas.hover(clear[key]).split("\n")
        assert lines[0] == exported["name"][key]
        assert lines[1] == f"{key} · {exported['bezirk'][key]}"
        assert lines[2] == f"{label}: {german(share, 1)}\u202f%"
        assert lines[3] == f"{german(x, 0)} von {german(n, 0)}"
        assert lines[4].startswith("Stadt: ")
        assert len(lines) == 5


def test_tooltip_of_a_selected_area_gives_every_reason(atlas, exported, clear, counts_of, counts, pairs):
    key = clear.index.intersection(exported.index[exported["selected"]])[0]
    lines = atlas.hover(clear[key]).split("\n")
    assert "Ausgewählt, weil:" in lines
    reasons = lines[lines.index("Ausgewählt, weil:") + 1 :]
    assert len(reasons) == 3
    for reason, name, label in zip(
        reasons, ("sgb2_rate", "child_poverty_u15"), ("SGB-II-Quote", "Kinderarmut (SGB II unter 15)"), strict=False
    ):
        numerator, denominator = (counts[column] for column in pairs[name])
        both = numerator.notna() & denominator.notna()
        city = 100 * numerator[both].sum() / denominator[both].sum()
        value = counts_of(key, name)[2]
        above = round(value, 1) - round(city, 1)  # of the numbers that are shown
        assert reason == (
            f"{label}: {german(value, 1)}\u202f%, über dem Wert der Gesamtstadt "
            f"({german(city, 1)}\u202f%), Abstand {german(above, 1)}\u202fProzentpunkte"
        )
    assert re.fullmatch(
        r"Sozialer Status \(Indexwert, höher = mehr Bedarf\): \d,\d\d, unter den höchsten Werten \(ab \d,\d\d\)",
        reasons[2],
    )


def test_no_box_hides_the_tooltip_of_an_area_or_a_facility(atlas, clear):
    atlas.without_charts()
    window = shapely.box(*atlas.box(".folium-map"))
    covers = [
        shapely.box(*atlas.box(f".{name}")) for name in ("qa-legend", "leaflet-control-layers", "leaflet-control-zoom")
    ]
    facilities = gpd.read_file(SAMPLE / "einrichtungen.geojson").to_crs("EPSG:4326").geometry
    for place in (*clear.iloc[::3], *facilities.iloc[::3]):
        atlas.hover(place, tooltip=".leaflet-tooltip")
        tip = shapely.box(*atlas.box(".leaflet-tooltip"))
        assert window.covers(tip)
        assert not any(tip.intersects(cover) for cover in covers)


def test_tooltip_of_a_protected_area_says_so_and_gives_no_count(atlas, exported, clear):
    atlas.choose("Sprachförderbedarf vor der Einschulung")
    hidden = exported["language_support_need"].isna() & exported["state"].eq("shown")
    text = atlas.hover(clear[clear.index.intersection(exported.index[hidden])[0]])
    assert "Sprachförderbedarf vor der Einschulung: geschützt" in text
    assert " von " not in text


def test_tooltip_of_the_small_and_the_uninhabited_area_names_the_state(atlas, clear):
    atlas.choose("SGB-II-Quote")
    assert "SGB-II-Quote: zu wenige Einwohner" in atlas.hover(clear["0809"])
    assert "SGB-II-Quote: unbewohnt" in atlas.hover(clear["0212"])


def test_tooltip_follows_the_chosen_indicator(atlas, exported, clear):
    key = clear.index.intersection(exported.index[~exported["selected"] & exported["senior_share_65"].notna()])[5]
    atlas.choose("Anteil 65-Jähriger und Älterer")
    first = atlas.hover(clear[key])
    atlas.choose("SGB-II-Quote")
    atlas.hover(clear["0212"])
    assert "Anteil 65-Jähriger und Älterer: " in first
    assert "SGB-II-Quote: " in atlas.hover(clear[key])


def test_areas_inside_a_programme_area_keep_their_tooltip(atlas, exported, clear):
    programmes = gpd.read_file(SAMPLE / "programmgebiete.geojson")
    inside = exported.index[exported.representative_point().within(programmes.union_all())]
    keys = clear.index.intersection(inside)
    assert len(keys) >= 2
    for key in keys:
        assert atlas.hover(clear[key]).startswith(f"{exported['name'][key]}\n{key} · ")


def test_a_programme_area_is_named_at_its_outline(atlas, exported):
    programmes = gpd.read_file(SAMPLE / "programmgebiete.geojson").set_index("NAME")
    outline = programmes.geometry["Östliches Hafenquartier"].exterior
    steps = gpd.GeoSeries([outline.interpolate(share, normalized=True) for share in (0.1, 0.3, 0.5, 0.7)], crs=25832)
    candidates = exported[exported["candidate"].fillna("").ne("")].union_all().boundary
    free = steps[steps.distance(candidates) > 100].to_crs("EPSG:4326")
    atlas.hover(free.iloc[0], tooltip=".leaflet-tooltip")
    assert "Östliches Hafenquartier (Sozialer Zusammenhalt), seit 2021" in atlas.texts(".leaflet-tooltip")


def test_further_layers_can_be_switched_off(atlas):
    atlas.run("document.querySelector('.qa-layers').open = true")
    atlas.without_charts()
    boxes = atlas.driver.find_elements("css selector", ".leaflet-control-layers-overlays input")
    assert atlas.texts(".leaflet-control-layers-overlays label") == [
        "Zusammenhängende Prüfgebiete",
        "Programmgebiete",
        "Einrichtungen",
        "Kartengrundlage",
        "Namen",
    ]
    assert len(atlas.texts(".qa-candidate-name")) == 5
    assert sorted(atlas.texts(".qa-candidate-name")) == ["P1", "P2", "P3", "P4", "P5"]
    points = """
let points = 0;
map_quartiersatlas.eachLayer((layer) => (points += layer instanceof L.CircleMarker));
return points;"""
    assert atlas.run(points) == 42
    facilities = gpd.read_file(SAMPLE / "einrichtungen.geojson").to_crs("EPSG:4326").geometry
    assert sum(color == ["#1a1a1a"] for color in atlas.all_colors(facilities)) > 30  # the others lie over each other
    for box in boxes:
        box.click()
    atlas.drawn()
    assert atlas.texts(".qa-candidate-name") == []
    assert atlas.run(points) == 0
    assert sum(color == ["#1a1a1a"] for color in atlas.all_colors(facilities)) == 0


def test_english_map_speaks_english_with_decimal_points(page, english, exported, clear, counts_of):
    page.open(english).choose("SGB II benefit rate")
    assert page.text(".qa-legend-title") == "SGB II benefit rate (%)"
    assert re.fullmatch(r"City: \d+\.\d%", page.text(".qa-legend-city"))
    labels = [row["label"] for row in page.legend()]
    assert sum(re.fullmatch(r"\d+\.\d to (under )?\d+\.\d", label) is not None for label in labels) == 5
    assert "uninhabited" in labels
    key = clear.index.intersection(exported.index[~exported["selected"] & exported["sgb2_rate"].notna()])[0]
    x, n, share = counts_of(key, "sgb2_rate")
    lines = page.hover(clear[key]).split("\n")
    assert lines[2] == f"SGB II benefit rate: {share:.1f}%"
    assert lines[3] == f"{x:,.0f} of {n:,.0f}"


def test_english_page_is_marked_as_english_and_has_no_german_words_of_its_own(page, english):
    page.open(english)
    assert page.run("return document.documentElement.lang") == "en"
    assert "Whether action is needed cannot be decided from these data alone." in page.text(".qa-aid")
    controls = (
        page.text(".qa-legend") + page.text(".leaflet-control-layers") + page.text(".qa-choice label, .qa-choice")
    )
    for word in ("Gebiet", "Stadt", "bis", "nicht", "Indikator", "Prüf", "Sozialer"):
        assert word not in controls


def test_german_page_is_marked_as_german(atlas):
    assert atlas.run("return document.documentElement.lang") == "de"
