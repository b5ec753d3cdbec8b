"""How areas of the shortlist are marked: strongly where nearly every run selects them, weakly at the border."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.disclosure.release import ReleasedStability

pytestmark = pytest.mark.browser

DARK = 110  # below this a pixel belongs to a line of the hatch, on the light classes used here


@pytest.fixture
def judged(town):
    """Return a release of twelve areas, four of them selected: two surely, two at the border; one more nearly."""
    shortlist = qa.screen(town, qa.worst_share("sgb2_rate", 1 / 3))
    labels = pd.Series("not_selected", index=town.areas.index)
    labels[["11", "12"]] = "certain"
    labels[["08", "09", "10"]] = "borderline"
    p = labels.map({"not_selected": 0.0, "borderline": 0.5, "certain": 0.98})
    words = {"title": "Bedarfslagen", "source": "Amt", "as_of": "2024", "comment": "Ein Kommentar."}
    release = qa.release(town, shortlist=shortlist, **words)
    notes = {"de": ("1.000 Durchläufe",), "en": ("1,000 runs",)}
    return replace(release, stability=ReleasedStability(pd.DataFrame({"label": labels, "p_selected": p}), notes))


def dark(page, place):
    """Return the share of dark pixels around a place."""
    found = page.colors(place, half=12)
    return sum(int(color[1:3], 16) < DARK and int(color[5:7], 16) < DARK for color in found) / len(found)


def border_ink(page, judged, one, other):
    """Return the share of dark pixels in a band of three pixels along the border of two areas."""
    shared = judged.areas.geometry[one].intersection(judged.areas.geometry[other])
    steps = [shared.interpolate(share, normalized=True) for share in np.linspace(0.08, 0.92, 120)]
    found = page.all_colors(gpd.GeoSeries(steps, crs=judged.areas.crs).to_crs("EPSG:4326"), half=1)
    inks = [int(color[1:3], 16) < DARK and int(color[5:7], 16) < DARK for colors in found for color in colors]
    return sum(inks) / len(inks)


def test_outlines_are_unbroken_where_it_is_sure_broken_at_the_border_and_dotted_beyond(show, judged):
    """Ink along borders to areas without a mark, in the lightest class: 09 is selected, 08 nearly."""
    page = show(replace(judged, candidates=None))
    page.choose_classes("natürliche Grenzen (Jenks)")
    selected = border_ink(page, judged, "09", "05")
    near = border_ink(page, judged, "08", "07")
    page = show(replace(judged, stability=None, candidates=None))
    page.choose_classes("natürliche Grenzen (Jenks)")
    whole, none = border_ink(page, judged, "09", "05"), border_ink(page, judged, "08", "07")
    assert none == 0
    assert 0.25 * whole < selected < 0.8 * whole
    assert 0.15 < near < 0.6


def rows(page):
    return {row["label"]: (row["count"], row["pattern"]) for row in page.legend()}


def test_the_hatch_is_weaker_at_the_border_and_the_class_shows_through_both(show, judged):
    page = show(judged)
    place = judged.areas.geometry.representative_point().to_crs("EPSG:4326")
    # all of them in the lightest class, so that nothing but the hatch is dark
    page.choose_classes("natürliche Grenzen (Jenks)")
    sure, border, plain = (dark(page, place[key]) for key in ("12", "09", "02"))
    assert plain == 0
    assert 0 < border < 0.7 * sure
    for key in ("12", "09"):
        fills = pd.Series(page.colors(place[key], half=12)).value_counts(normalize=True)
        assert fills.index[0] in {row["color"] for row in page.legend()}
        assert fills.iloc[0] > 0.4, "the class is the most frequent colour inside"


def test_the_legend_tells_sure_borderline_and_nearly_selected_areas_apart(show, judged):
    found = rows(show(judged))
    assert found["Gebiet mit erhöhtem Unterstützungsbedarf"] == ("(2)", True)
    assert found["Gebiet mit erhöhtem Unterstützungsbedarf, Grenzfall"] == ("(2)", True)
    assert found["nicht ausgewählt, aber Grenzfall"] == ("(1)", False)


def test_without_runs_nothing_is_said_about_the_border(show, judged):
    found = rows(show(replace(judged, stability=None)))
    assert found["Gebiet mit erhöhtem Unterstützungsbedarf"] == ("(4)", True)
    assert not [label for label in found if "Grenzfall" in label]


def test_a_selected_area_that_hardly_any_run_selects_is_no_sure_one(show, judged):
    table = judged.stability.table.copy()
    table.loc["12", ["label", "p_selected"]] = ["not_selected", 0.05]
    found = rows(show(replace(judged, stability=replace(judged.stability, table=table))))
    assert found["Gebiet mit erhöhtem Unterstützungsbedarf"] == ("(1)", True)
    assert found["Gebiet mit erhöhtem Unterstützungsbedarf, Grenzfall"] == ("(3)", True)


@pytest.fixture(scope="module")
def many():
    """Return a function: a share -> 1,600 areas of 100 m in the lightest class, of which that share is selected."""

    def city(share):
        x, y = np.divmod(np.arange(1600), 40)
        shapes = [
            shapely.box(450_000 + 100 * a, 5_650_000 + 100 * b, 450_100 + 100 * a, 5_650_100 + 100 * b)
            for a, b in zip(x, y, strict=True)
        ]
        keys = pd.Index([f"{i:04d}" for i in range(1600)], name="key")
        areas = gpd.GeoDataFrame({"name": keys}, index=keys, geometry=shapes, crs="EPSG:25832")
        order = np.random.default_rng(1).permutation(1600)
        table = pd.DataFrame({"residents": 1000.0, "poor": 100.0 + order / 8}, index=keys)
        data = qa.add_rates(qa.join(areas, table), {"sgb2_rate": ("poor", "residents")})
        release = qa.release(data, shortlist=qa.screen(data, qa.worst_share("sgb2_rate", share)))
        return (
            qa.atlas_map(release, breaks={"sgb2_rate": [90]}),
            areas.geometry.centroid.to_crs("EPSG:4326"),
            release.selected,
        )

    return city


@pytest.mark.parametrize(
    ("share", "note"), [(0.002, ""), (0.05, "Punkt: ausgewähltes Gebiet"), (0.3, "Dunkler getönt")]
)
def test_marks_of_many_tiny_areas_leave_the_map_to_the_classes(page, many, tmp_path, share, note):
    """At 5 pixels an area, 200 x 200 in all: 3 rings take 1 % of it, 80 would take 32 %, 480 nearly twice the map."""
    atlas, centres, selected = many(share)
    page.open(atlas.save(tmp_path / "many.html"), (1280, 900))
    page.run("map_quartiersatlas.setZoom(12.3, { animate: false })")
    page.drawn()
    said = page.run("return document.querySelector('.qa-legend-signs').textContent")
    assert ("Schraffur beim Vergrößern" in said) == bool(note)
    assert note in said
    fill, tinted = "#ffffcc", "#9e9e7e"  # 62 % of it
    plain = page.all_colors(centres[~selected].iloc[:400:10], half=1)
    assert np.mean([fill in colors and tinted not in colors for colors in plain]) > 0.9, "others keep their class"
    inside = page.all_colors(centres[selected], half=1)
    if note.startswith("Dunkler"):
        assert np.mean([tinted in colors and fill not in colors for colors in inside]) > 0.9
    elif note:
        assert all(int(min(colors, key=lambda c: int(c[1:3], 16))[1:3], 16) < DARK for colors in inside)
    # near enough, the hatch is there and the note is gone
    page.run(
        "map_quartiersatlas.setView(arguments[0], 15, { animate: false })",
        [centres[selected].iloc[0].y, centres[selected].iloc[0].x],
    )
    page.drawn()
    assert "Schraffur ab" not in page.run("return document.querySelector('.qa-legend-signs').textContent")
    assert 0.05 < dark(page, centres[selected].iloc[0]) < 0.5


def test_a_small_area_that_is_looked_for_is_brought_closer(show, judged):
    page = show(judged)
    page.run("map_quartiersatlas.setZoom(8, { animate: false })")
    page.driver.find_element("css selector", ".qa-search").send_keys("05\n")
    page.drawn()
    assert page.run("return map_quartiersatlas.getZoom()") > 11
    near = page.run("return map_quartiersatlas.getZoom()")
    page.driver.find_element("css selector", ".qa-search").send_keys("\b\b06\n")
    page.drawn()
    assert page.run("return map_quartiersatlas.getZoom()") == near, "it is large enough already"


def test_a_release_without_columns_shows_the_areas_and_what_is_selected(show, town):
    shortlist = qa.screen(town, qa.worst_share("sgb2_rate", 0.25))
    words = {"title": "Auswahl", "source": "Amt", "as_of": "2024", "comment": "Ein Kommentar."}
    page = show(qa.release(town, columns=[], shortlist=shortlist, **words))
    assert rows(page) == {
        "Gebiete": ("(12)", False),
        "Gebiet mit erhöhtem Unterstützungsbedarf": ("(3)", True),
    }
    page.driver.find_element("css selector", ".qa-search").send_keys("12\n")
    assert page.text(".qa-area-name") == "Gebiet 12"
    page.driver.find_element("css selector", "#qa-table-button").click()
    assert len(page.texts("#qa-table tbody tr")) == 12
    assert page.errors() == []


@pytest.mark.parametrize(("lang", "words", "others"), [
    ("en", ("certain", "borderline", "not selected"), ("sicher", "Grenzfall", "nicht ausgewählt")),
    ("de", ("sicher", "Grenzfall", "nicht ausgewählt"), ("certain", "borderline", "not selected")),
])  # fmt: skip
def test_labels_of_stability_stand_in_the_language_of_the_reader(show, judged, tmp_path, lang, words, others):
    page = show(judged, lang=lang)
    page.driver.find_element("css selector", "#qa-table-button").click()
    said = page.drawn().text("#qa-table")
    seen = page.run("return document.body.innerText")
    report = qa.report(judged, tmp_path / "a.html", lang=lang).read_text(encoding="utf-8")
    for shown in (said, report):
        assert all(word in shown for word in words)
    for shown in (said, seen, report, qa.profile(judged, "12", lang=lang, format="markdown")):
        assert not any(word in shown for word in others)
