"""Ways to divide an indicator into classes, residents per class, and a class that is highlighted."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas import atlas_map

pytestmark = pytest.mark.browser

SCHEMES = [
    "gleich viele Gebiete (Quantile)",
    "natürliche Grenzen (Jenks)",
    "Standardabweichungen um den Wert der Stadt",
    "Abweichung vom Wert der Stadt",
]
LIMITS = re.compile(r"([\d.,]+)(?: bis (?:unter )?([\d.,]+))?")  # a class of one value is called by it


def number(german):
    return float(german.replace(".", "").replace(",", "."))


def ranges(page):
    found = [(LIMITS.fullmatch(row["label"]), row) for row in page.legend()]
    return [(number(limits[1]), number(limits[2] or limits[1]), row) for limits, row in found if limits]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_scheme_paints_and_counts_by_the_limits_it_writes(atlas, exported, clear, counts, scheme):
    atlas.choose("SGB-II-Quote").choose_classes(scheme)
    classes = ranges(atlas)
    assert len(classes) >= 4
    keys = clear.index.intersection(exported.index[~exported["selected"] & exported["sgb2_rate"].notna()])
    colors = dict(zip(keys, (found[0] for found in atlas.all_colors(clear[keys])), strict=True))
    seen = 0
    for low, high, row in classes:
        last = row is classes[-1][2]
        inside = exported["sgb2_rate"].between(low, high, inclusive="both" if last else "left")
        assert row["count"] == f"({inside.sum()})"
        assert number(row["residents"]) == counts["Einwohner"][exported.index[inside]].sum()
        for key in keys.intersection(exported.index[inside]):
            assert colors[key] == row["color"], key
            seen += 1
    assert seen == len(keys) > 20


def test_the_city_value_is_a_limit_of_the_deviations(atlas):
    atlas.choose("SGB-II-Quote").choose_classes(SCHEMES[3])
    city = number(re.search(r"\d+,\d", atlas.text(".qa-legend-city"))[0])
    assert city in [low for low, _, _ in ranges(atlas)]


def test_classes_of_need_have_no_other_scheme(atlas):
    assert atlas.texts(".qa-scheme") == []
    atlas.choose("SGB-II-Quote")
    assert atlas.run("return [...document.querySelector('.qa-scheme').options].map((o) => o.text)") == SCHEMES


def test_fixed_limits_come_first_and_are_those_that_were_given(page, sample, tmp_path):
    path = atlas_map(sample.release, breaks={"sgb2_rate": [10, 20]}).save(tmp_path / "atlas.html")
    page.open(path).choose("SGB-II-Quote")
    assert page.run("return document.querySelector('.qa-scheme').selectedOptions[0].text") == "feste Grenzen"
    found = ranges(page)
    assert [low for low, _, _ in found][1:] == [10.0, 20.0]
    assert len(found) == 3


def test_a_click_on_a_class_highlights_it_and_a_second_one_ends_it(atlas, exported, clear):
    atlas.choose("SGB-II-Quote")
    keys = clear.index.intersection(exported.index[~exported["selected"] & exported["sgb2_rate"].notna()])
    before = dict(zip(keys, (found[0] for found in atlas.all_colors(clear[keys])), strict=True))
    chosen = atlas.legend()[1]["color"]
    button = lambda: atlas.driver.find_elements("css selector", ".qa-legend-button")[1]  # noqa: E731
    button().click()
    atlas.drawn()
    assert button().get_attribute("aria-pressed") == "true"
    after = dict(zip(keys, (found[0] for found in atlas.all_colors(clear[keys])), strict=True))
    assert chosen in before.values()
    assert all((after[key] == before[key]) == (before[key] == chosen) for key in keys)
    button().click()
    atlas.drawn()
    assert button().get_attribute("aria-pressed") == "false"
    assert dict(zip(keys, (found[0] for found in atlas.all_colors(clear[keys])), strict=True)) == before


def test_a_highlighted_class_can_be_reached_and_left_by_keyboard(atlas):
    from selenium.webdriver.common.keys import Keys

    atlas.choose("SGB-II-Quote")
    atlas.run("document.querySelectorAll('.qa-legend-button')[2].focus()")
    atlas.driver.switch_to.active_element.send_keys(Keys.SPACE)
    assert atlas.driver.switch_to.active_element.get_attribute("aria-pressed") == "true"
    atlas.driver.switch_to.active_element.send_keys(Keys.SPACE)
    assert atlas.driver.switch_to.active_element.get_attribute("aria-pressed") == "false"


def test_choosing_an_indicator_ends_the_highlight(atlas):
    atlas.choose("SGB-II-Quote")
    atlas.driver.find_elements("css selector", ".qa-legend-button")[1].click()
    atlas.choose("Kinderarmut (SGB II unter 15)")
    pressed = "return [...document.querySelectorAll('.qa-legend-button')].map((b) => b.ariaPressed)"
    assert set(atlas.run(pressed)) == {"false"}


MATRIX = """
return [...document.querySelectorAll(".qa-matrix tr")].slice(1).map((row) => [
  row.querySelector("th").textContent,
  [...row.querySelectorAll("button")].map((b) => [b.firstChild.firstChild.textContent, b.style.backgroundColor]),
]);"""


def test_status_and_dynamics_are_a_matrix_with_the_areas_of_the_geopackage(atlas, exported, clear):
    atlas.choose("Sozialer Status und Dynamik")
    rows = atlas.run(MATRIX)
    names = {"high": "hoch", "medium": "mittel", "low": "niedrig", "very_low": "sehr niedrig"}
    assert [row[0] for row in rows] == list(names.values())
    dynamics = ["positive", "stable", "negative"]
    colors = {}
    for status, (_, cells) in zip(names, rows, strict=True):
        for dynamic, (count, color) in zip(dynamics, cells, strict=True):
            both = exported["need_status_class"].eq(status) & exported["need_dynamics_class"].eq(dynamic)
            assert count == str(both.sum())
            parts = [int(n) for n in re.findall(r"\d+", color)]
            colors[status, dynamic] = "#" + "".join(f"{n:02x}" for n in parts)
    known = exported.index[~exported["selected"] & exported["need_status_class"].notna()]
    keys = clear.index.intersection(known)
    for key, found in zip(keys, atlas.all_colors(clear[keys]), strict=True):
        assert found == [colors[exported["need_status_class"][key], exported["need_dynamics_class"][key]]], key
    gaps = [row["label"] for row in atlas.legend()]
    assert "unbewohnt" in gaps
    assert not [label for label in gaps if label.startswith(tuple(names.values()))]  # the classes are the table


def test_a_click_on_a_cell_of_the_matrix_highlights_it(atlas):
    atlas.choose("Sozialer Status und Dynamik")
    cells = lambda: atlas.driver.find_elements("css selector", ".qa-matrix-cell")  # noqa: E731
    cells()[4].click()
    assert [cell.get_attribute("aria-pressed") for cell in cells()].index("true") == 4


def test_fixed_limits_beyond_the_values_are_written_as_open_ends(page, town_release, tmp_path):
    """A class that nobody reaches keeps its limit: "under 5", and no range whose end lies below its beginning."""
    atlas = atlas_map(town_release, breaks={"sgb2_rate": [5.0, 20.0, 60.0]})
    rows = page.open(atlas.save(tmp_path / "fixed.html")).legend()
    found = [(row["label"], row["count"]) for row in rows if row["residents"] is not None]
    values = town_release.values["sgb2_rate"]
    low, high = (int(values.between(*limits, inclusive="left").sum()) for limits in ((5, 20), (20, 60)))
    assert low > 0
    assert high > 0
    assert found == [
        ("unter 5,0", "(0)"),
        ("5,0 bis unter 20,0", f"({low})"),
        ("20,0 bis unter 60,0", f"({high})"),
        ("60,0 und mehr", "(0)"),
    ]


@pytest.fixture(scope="module")
def at_limits(make_city):
    """Return 24 areas whose rates stand just below, at and just above 10 and 20 percent."""
    percent = np.repeat([5.0, 9.9, 10.0, 10.0, 10.1, 15.0, 19.9, 20.0, 20.0, 20.0, 20.1, 30.0], 2)
    keys = pd.Index([f"{i:02d}" for i in range(1, 25)], name="key")
    table = pd.DataFrame({"residents": 10_000.0, "poor": [100 * p for p in percent]}, index=keys)
    return qa.release(qa.add_rates(make_city(table), {"poverty": ("poor", "residents")}))


def test_a_value_at_a_limit_is_in_the_class_that_begins_there(page, at_limits, tmp_path):
    """Fixed limits: each is the lowest value of its class, in the colours of the map, the legend and its counts."""
    page.open(atlas_map(at_limits, breaks={"poverty": [10, 20]}).save(tmp_path / "atlas.html"))
    rows = page.legend()
    assert [row["label"] for row in rows] == ["5,0 bis unter 10,0", "10,0 bis unter 20,0", "20,0 bis 30,0"]
    assert [row["count"] for row in rows] == ["(4)", "(10)", "(10)"]
    assert [number(row["residents"]) for row in rows] == [40_000, 100_000, 100_000]
    classes = np.repeat([0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2], 2)
    points = at_limits.areas.geometry.representative_point().to_crs("EPSG:4326")
    assert [found[0] for found in page.all_colors(points)] == [rows[k]["color"] for k in classes]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_value_at_a_limit_that_was_computed_is_counted_where_the_legend_says(page, at_limits, tmp_path, scheme):
    page.open(atlas_map(at_limits).save(tmp_path / "atlas.html")).choose_classes(scheme)
    found = ranges(page)
    values = at_limits.values["poverty"]
    points = at_limits.areas.geometry.representative_point().to_crs("EPSG:4326")
    colors = pd.Series([found[0] for found in page.all_colors(points)], index=values.index)
    for low, high, row in found:
        inside = values.ge(low) & (values.le(high) if row is found[-1][2] else values.lt(high))
        assert row["count"] == f"({inside.sum()})"
        assert set(colors[inside]) <= {row["color"]}
    assert sum(number(row["count"].strip("()")) for _, _, row in found) == 24


def test_halves_are_rounded_to_the_even_digit_wherever_a_rate_is_shown(page, make_city, tmp_path):
    """1 in 16 is 6.25 percent, 3 in 16 are 18.75: exact in binary, halfway between two decimals."""
    keys = pd.Index([f"{i:02d}" for i in range(1, 5)], name="key")
    table = pd.DataFrame({"residents": 16_000.0, "poor": [1000.0, 3000.0, 5000.0, 7000.0]}, index=keys)
    release = qa.release(qa.add_rates(make_city(table), {"poverty": ("poor", "residents")}), title="Halbe")
    assert release.values["poverty"].tolist() == [6.2, 18.8, 31.2, 43.8]
    written = ["6,2", "18,8", "31,2", "43,8"]
    page.open(atlas_map(release).save(tmp_path / "atlas.html"))
    page.driver.find_element("css selector", "#qa-table-button").click()
    cells = page.run("return [...document.querySelectorAll('#qa-table tbody tr')].map((row) => row.innerText)")
    for key, words, cell in zip(keys, written, cells, strict=True):
        assert f"{words}\u202f%" in cell
        profile = qa.profile(release, key)
        assert profile.record["indicators"][0]["text"] == f"{words}\u202f%"
        assert f"{words}\u202f%" in profile.markdown()
    assert "6,2\u202f% – 43,8\u202f%" in qa.report(release, tmp_path / "a.html").read_text(encoding="utf-8")
