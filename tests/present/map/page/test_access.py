"""What a finger hits, what stays in forced colours, and what does not come up where nothing hovers."""

from __future__ import annotations

import pandas as pd
import pytest

import quartiersatlas as qa

pytestmark = pytest.mark.browser

LEAST = 24  # pixels: WCAG 2.2, 2.5.8
SMALL_TARGETS = """
const all = document.querySelectorAll("button, select, input, summary, a[href], label:has(input)");
const inLabel = (node) => node.matches("input[type=checkbox]") && node.closest("label");
return [...all].filter((node) => {
  const box = node.getBoundingClientRect();
  const seen = node.checkVisibility({ visibilityProperty: true }) && box.right > 0 && box.width > 0;
  return seen && !inLabel(node) && Math.min(box.width, box.height) < arguments[0] - 0.01;
}).map((node) => `${node.className || node.tagName} ${node.textContent.slice(0, 20)}`);"""
UNFOLD = "document.querySelectorAll('details').forEach((fold) => (fold.open = true));"


@pytest.mark.parametrize("size", [(1440, 900), (390, 844), (320, 568)])
def test_everything_that_is_clicked_is_24_pixels_wide_and_high(page, sample, size):
    page.open(sample.folder / "atlas.html", size)
    click = lambda selector: page.run("document.querySelector(arguments[0]).click()", selector)  # noqa: E731
    page.run(UNFOLD)
    assert page.run(SMALL_TARGETS, LEAST) == []
    page.search("Werftviertel")  # its panel, with buttons to change candidate areas
    page.run("document.body.dataset.sheet = 'full';" + UNFOLD)
    assert page.run(SMALL_TARGETS, LEAST) == []
    labels = page.run("return [...document.querySelectorAll('.qa-select option')].map((o) => o.text)")
    page.choose(next(label for label in labels if " und " in label))  # two columns together
    assert page.run(SMALL_TARGETS, LEAST) == []
    click("#qa-table-button")
    assert page.run(SMALL_TARGETS, LEAST) == []
    click("#qa-table-button")
    click("#qa-compare-button")
    assert page.run(SMALL_TARGETS, LEAST) == []


def test_forced_colours_keep_the_colours_of_the_legend(atlas):
    before = [row["color"] for row in atlas.legend()]
    try:
        features = [{"name": "forced-colors", "value": "active"}]
        atlas.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        assert atlas.run("return matchMedia('(forced-colors: active)').matches")
        assert [row["color"] for row in atlas.legend()] == before
        assert len(set(before)) > 5
    finally:
        atlas.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_a_tap_shows_the_panel_and_no_tip(atlas, clear):
    place = clear.iloc[0]
    try:
        atlas.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
        if not atlas.run("return matchMedia('(hover: none)').matches"):
            pytest.skip("this Chromium does not take the emulated finger for one")
        x, y = atlas.run(
            "const box = map_quartiersatlas.getContainer().getBoundingClientRect();"
            "const p = map_quartiersatlas.latLngToContainerPoint(arguments[0]);"
            "return [box.left + p.x, box.top + p.y];",
            [place.y, place.x],
        )
        for kind, points in (("touchStart", [{"x": x, "y": y}]), ("touchEnd", [])):
            atlas.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        atlas.drawn()
        assert atlas.text(".qa-area-name")
        seen = "return [...document.querySelectorAll('.leaflet-tooltip')].filter((tip) => tip.checkVisibility()).length"
        assert atlas.run(seen) == 0
    finally:
        atlas.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})


@pytest.fixture
def six(make_city):
    """Return a town of six areas, one rate of six values and one that is the same everywhere."""
    table = pd.DataFrame(
        {
            "residents": [1000.0, 1500, 2000, 900, 1800, 2500],
            "x": [100.0, 310, 150, 180, 180, 90],
            "n": [900.0, 1300, 1800, 900, 1500, 2200],
            "m": [200.0, 300, 400, 180, 360, 500],
        },
        index=pd.Index(list("123456"), name="key"),
    )
    data = qa.add_rates(make_city(table), {"sgb2_rate": ("x", "n"), "foreign_share": ("m", "residents")})
    return qa.release(data)


def test_a_town_of_six_gets_two_classes_and_its_values_written(show, six):
    page = show(six)
    page.choose("SGB-II-Quote")
    assert [row["label"] for row in page.legend()] == ["4,1 bis unter 12,0", "12,0 bis 23,8"]
    assert page.texts(".qa-written") == ["11,1", "23,8", "8,3", "20,0", "12,0", "4,1"]
    label = next(text for text in page.texts(".qa-select option") if "Ausl" in text)
    page.choose(label)
    assert [(row["label"], row["count"]) for row in page.legend()] == [("20,0", "(6)")]
    assert page.texts(".qa-written") == ["20,0"] * 6
    assert page.errors() == []


def test_where_there_are_more_areas_no_values_are_written(atlas):
    atlas.choose("SGB-II-Quote")
    assert atlas.texts(".qa-written") == []


def test_signs_are_folded_on_a_low_map_and_open_on_a_high_one(page, sample):
    is_open = "return document.querySelector('.qa-legend-signs').open"
    page.open(sample.folder / "atlas.html", (1440, 800))
    assert page.run(is_open) is False
    assert page.text(".qa-legend-signs summary") == "Zeichen (6)"
    page.driver.find_element("css selector", ".qa-legend-signs summary").click()
    page.choose("SGB-II-Quote")
    assert page.run(is_open) is True, "what the reader opened stays open"
    page.open(sample.folder / "atlas.html", (1440, 1250))
    assert page.run(is_open) is True


def test_the_reason_stands_in_legend_and_table(atlas):
    rows = atlas.texts(".qa-legend-why")
    assert rows
    assert all("nicht ausgewiesen" in row or "wird nicht" in row for row in rows)
    atlas.driver.find_element("css selector", "#qa-table-button").click()
    lines = atlas.texts(".qa-table-why li")
    cells = atlas.run(
        "return [...document.querySelectorAll('#qa-table td')].map((cell) => cell.firstChild?.textContent ?? '')"
    )
    assert any(line.startswith("geschützt – nicht ausgewiesen: wenige Fälle hier, oder") for line in lines)
    for line in lines:
        assert line.split(" – ")[0] in cells
