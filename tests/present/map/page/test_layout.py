"""Everything a reader has to know is on the page, and nothing lies over anything else."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from quartiersatlas import choropleth, report

pytestmark = pytest.mark.browser

DESKTOP, PHONE = (1280, 800), (390, 844)
CONTROLS = (".qa-legend", ".leaflet-control-layers", ".leaflet-control-zoom", ".leaflet-control-scale")
PARTS = (".qa-head", ".qa-bands", ".folium-map", ".qa-panel", ".qa-foot")
AID = "Ob tatsächlich Handlungsbedarf besteht, lässt sich nicht allein aus diesen Daten entscheiden."
WITHOUT = {"title": "ohne Titel", "source": "ohne Quelle", "as_of": "ohne Stand", "comment": "unkommentiert"}

READ = (
    *("h1", ".qa-head p", ".qa-band", ".qa-comment", ".qa-aid", ".qa-foot", ".qa-candidate-name span"),
    *(".qa-legend-label", ".qa-count", ".qa-legend-note"),
)
# contrast as WCAG 2 defines it, on the next ground that is not transparent
CONTRAST = r"""
const linear = (n) => (n <= 0.04045 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4);
const parts = (color) => color.match(/[\d.]+/g).slice(0, 3).map((n) => linear(n / 255));
const light = (color) => parts(color).reduce((sum, n, i) => sum + n * [0.2126, 0.7152, 0.0722][i], 0);
const ground = (node) => {
  if (!node) return "rgb(255, 255, 255)";
  const color = getComputedStyle(node).backgroundColor;
  return /^rgba\(.*, 0\)$/.test(color) ? ground(node.parentElement) : color;
};
return arguments[0].map((selector) => {
  const node = document.querySelector(selector);
  const [high, low] = [light(getComputedStyle(node).color), light(ground(node))].sort((a, b) => b - a);
  return [selector, (high + 0.05) / (low + 0.05)];
});"""


def overlap(a, b):
    """Return the area two boxes share."""
    return max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))


def hits(page, selectors):
    """Return the pairs of elements that lie over each other by more than a rounded pixel."""
    boxes = {selector: page.box(selector) for selector in selectors}
    assert all(box[2] > box[0] and box[3] > box[1] for box in boxes.values()), boxes
    return [pair for pair in combinations(selectors, 2) if overlap(boxes[pair[0]], boxes[pair[1]]) > 1]


def test_title_source_date_comment_reading_aid_and_notice_are_visible(atlas):
    assert atlas.text("h1") == "Bedarfslagen in der Beispielstadt"
    assert atlas.text(".qa-head p") == "Stadtteile der Beispielstadt, Bestandsaufnahme 2024"
    assert atlas.driver.title == "Bedarfslagen in der Beispielstadt"
    foot = atlas.text(".qa-foot")
    assert "Quelle: Statistikstelle der Beispielstadt (synthetisch), eigene Berechnung" in foot
    assert "Stand: 31.12.2024" in foot
    comment = atlas.text(".qa-comment")
    assert comment.startswith("Die Karte zeigt, wo mehrere soziale Bedarfslagen zusammentreffen.")
    assert comment.endswith("Potenziale einbeziehen.")
    assert atlas.text(".qa-aid") == AID
    assert atlas.texts(".qa-band") == ["Synthetische Daten - keine reale Stadt"]


def test_panel_gives_shortlist_and_candidates_in_numbers(atlas, exported, counts):
    chosen = exported.index[exported["selected"]]
    people = counts["Einwohner"]
    share = f"{100 * people[chosen].sum() / people.sum():.1f}".replace(".", ",")
    panel = atlas.text(".qa-panel")
    assert f"Dort leben {people[chosen].sum():,.0f}".replace(",", ".") + f" Menschen, {share} % der Stadt." in panel
    assert "Sie bilden 5 zusammenhängende Prüfgebiete." in panel
    largest = people[exported.index[exported["candidate"].eq("P1")]].sum()
    assert f": {largest:,.0f} Einwohnerinnen und Einwohner".replace(",", ".") in panel


def test_method_opens_with_a_click(atlas):
    assert "Gebiete unter 300 Einwohnern" not in atlas.text(".qa-panel")
    atlas.driver.find_element("css selector", ".qa-panel summary").click()
    panel = atlas.text(".qa-panel")
    assert "Gebiete unter 300 Einwohnern zeigen keine Indikatoren." in panel
    assert "Summenzeile beiseitegelegt: 0000." in panel
    assert "Klassen der Karte: Quantile" in panel


@pytest.mark.parametrize("missing", WITHOUT)
def test_a_draft_carries_a_visible_band_on_map_and_report(show, page, town_release, tmp_path, missing):
    draft = replace(town_release, **{missing: "  "})
    show(draft)
    assert page.texts(".qa-band") == [f"Entwurf – {WITHOUT[missing]}"]
    page.open(report(draft, tmp_path / "bericht.html"))
    assert page.texts(".qa-band") == [f"Entwurf – {WITHOUT[missing]}"]


def test_a_commented_release_carries_no_band(show, page, town_release, tmp_path):
    assert show(town_release).texts(".qa-band") == []
    assert page.open(report(town_release, tmp_path / "bericht.html")).texts(".qa-band") == []


def test_a_quick_look_is_a_draft(page, town, tmp_path):
    page.open(choropleth(town, "sgb2_rate").save(tmp_path / "atlas.html"))
    assert page.texts(".qa-band") == ["Entwurf – unkommentiert, ohne Quelle, ohne Stand"]
    assert "Es liegt kein Kommentar vor." in page.text(".qa-comment")


def test_on_a_desktop_nothing_lies_over_anything_else(atlas):
    assert hits(atlas, CONTROLS) == []
    assert hits(atlas, PARTS) == []
    assert atlas.run("return document.documentElement.scrollHeight") <= DESKTOP[1]
    assert atlas.run("return document.documentElement.scrollWidth") <= DESKTOP[0]
    map_box = atlas.box(".folium-map")
    for control in CONTROLS:
        left, top, right, bottom = atlas.box(control)
        assert map_box[0] <= left < right <= map_box[2]
        assert map_box[1] <= top < bottom <= map_box[3]


@pytest.mark.parametrize("size", [DESKTOP, (1024, 700), (1024, 560)])
def test_on_a_desktop_no_legend_lies_over_a_control(page, sample, size):
    page.open(sample.folder / "atlas.html", size)
    labels = page.texts(".qa-select option")
    assert "Sozialer Status und Dynamik" in labels  # the matrix
    for label in labels:
        page.choose(label)
        assert hits(page, CONTROLS) == [], label
        assert page.box(".folium-map")[1] <= page.box(".qa-legend")[1], label


def test_a_smaller_desktop_has_a_narrower_panel_and_the_city_beside_the_legend(page, sample, exported):
    page.open(sample.folder / "atlas.html", (1024, 700))
    left, _, right, _ = page.box(".qa-panel")
    assert right - left == 300
    west, _, _, north = exported.to_crs("EPSG:4326").total_bounds
    x = page.run("return map_quartiersatlas.latLngToContainerPoint([arguments[0], arguments[1]]).x", north, west)
    assert x >= page.box(".qa-legend")[2]


def test_on_a_desktop_the_whole_city_is_in_sight_beside_the_legend(atlas, exported):
    west, south, east, north = exported.to_crs("EPSG:4326").total_bounds
    script = "const p = map_quartiersatlas.latLngToContainerPoint([arguments[0], arguments[1]]); return [p.x, p.y];"
    left, top = atlas.run(script, north, west)
    right, bottom = atlas.run(script, south, east)
    legend, frame = atlas.box(".qa-legend"), atlas.box(".folium-map")
    assert left >= legend[2] - frame[0]
    assert right <= frame[2] - frame[0]
    assert top >= 0
    assert bottom <= frame[3] - frame[1]


def test_a_long_title_breaks_and_pushes_nothing_out_of_the_window(show, town_release):
    long = replace(
        town_release,
        title="Donaudampfschifffahrtsgesellschaft " * 8,
        comment="Wort" * 120,
        source="Amt" * 80,
        notices=("Hinweis" * 40,),
    )
    for size in (DESKTOP, PHONE):
        page = show(long, size)
        assert hits(page, PARTS) == []
        assert page.box(".folium-map")[3] - page.box(".folium-map")[1] >= 80
        assert page.run("return document.documentElement.scrollWidth") <= size[0]


def test_text_is_readable_on_its_ground(atlas):
    ratios = atlas.run(CONTRAST, READ)
    assert len(ratios) == len(READ)
    assert {selector: ratio for selector, ratio in ratios if ratio < 4.5} == {}


def test_readers_may_enlarge_the_page(atlas):
    content = atlas.run("return document.querySelector('meta[name=viewport]').content")
    assert "width=device-width" in content
    assert "maximum-scale" not in content
    assert "user-scalable" not in content
