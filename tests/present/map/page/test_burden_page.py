"""The matrix of burdens and need as a person uses it: a click, the keyboard, the area behind a cell, the table."""

from __future__ import annotations

import json

import geopandas as gpd
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.present.map.payload import map_json

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore:Need index 't'. Compared over 12 areas")]

KEYS = [f"{i:02d}" for i in range(1, 13)]
LOUD = [300, 50, 299, 0, 400, 310, 20, 10, 30, 500, 100, 350]  # of 1000
# need rises from area to area, and its mean lies between the sixth and the seventh; loud from 30 % on. From the rows:
CELLS = {("niedrig", "1"): ["01", "05", "06"], ("hoch", "1"): ["10", "12"]}
CELLS |= {("niedrig", "keine"): ["02", "03", "04"], ("hoch", "keine"): ["07", "08", "09", "11"]}
MATRIX = """
const names = (cell) => [...cell.querySelectorAll(".qa-unseen")].map((one) => one.textContent).join("");
return [...document.querySelectorAll(".qa-matrix-cell")].map((cell) =>
  [names(cell), cell.firstChild.firstChild.textContent, cell.getAttribute("aria-pressed")]);"""


@pytest.fixture(scope="module")
def loud(make_city, need_rules):
    """Return a release of twelve areas with the burden of noise."""
    table = pd.DataFrame({"residents": 1000.0, "poor": [100.0 + 20 * i for i in range(12)], "loud": LOUD}, index=KEYS)
    data = qa.add_rates(make_city(table), {"sgb2_rate": ("poor", "residents"), "noise_share": ("loud", "residents")})
    need = qa.need_index(data, qa.NeedSpec.from_dict(need_rules))
    burden = qa.burden(need, {"Lärm": data.values["noise_share"]}, limits={"Lärm": 30})
    return qa.release(data, need=need, burden=burden, title="T")


@pytest.fixture(scope="module")
def inside(loud):
    """Return a point off the middle of each area, where no sign and no name stands."""
    points = loud.areas.geometry.representative_point().translate(-150, -150)
    degrees = gpd.GeoSeries(points, crs=loud.areas.crs).to_crs("EPSG:4326")
    return dict(degrees.items())


@pytest.fixture
def town(show, loud):
    """Return the map with the matrix chosen."""
    columns = {column["id"]: column for column in json.loads(map_json(loud, "de"))["columns"]}
    return show(loud).without_charts().choose(columns["burden_matrix"]["label"])


def cell_of(page, need, count):
    """Return the place of a cell, by its class of need and its number of burdens."""
    found = [place for place, (name, *_) in enumerate(page.run(MATRIX)) if f": {need}" in name and f": {count}" in name]
    assert len(found) == 1, page.run(MATRIX)
    return found[0]


def faded(page, inside, before):
    """Return the areas that look otherwise than before."""
    return {key for key, at in inside.items() if page.colors(at) != before[key]}


def test_each_cell_counts_its_areas(town):
    cells = town.run(MATRIX)
    assert len(cells) == 4
    for (need, count), keys in CELLS.items():
        assert cells[cell_of(town, need, count)][1] == str(len(keys))
    assert town.errors() == []


@pytest.mark.parametrize("cell", list(CELLS), ids=" ".join)
def test_a_click_on_a_cell_lets_all_other_areas_step_back_and_a_second_one_brings_them_back(town, inside, cell):
    before = {key: town.colors(at) for key, at in inside.items()}
    place = cell_of(town, *cell)
    town.driver.find_elements("css selector", ".qa-matrix-cell")[place].click()
    town.drawn()
    assert faded(town, inside, before) == set(KEYS) - set(CELLS[cell])
    assert [pressed for *_, pressed in town.run(MATRIX)] == [str(n == place).lower() for n in range(4)]
    town.driver.switch_to.active_element.click()
    town.drawn()
    assert faded(town, inside, before) == set()


def test_the_keyboard_chooses_a_cell_and_leaves_it(town, inside):
    from selenium.webdriver.common.keys import Keys

    before = {key: town.colors(at) for key, at in inside.items()}
    town.run("document.querySelectorAll('.qa-matrix-cell')[0].focus()")
    place = cell_of(town, "hoch", "1")
    for _ in range(place):
        town.driver.switch_to.active_element.send_keys(Keys.TAB)
    assert town.run("return [...document.querySelectorAll('.qa-matrix-cell')].indexOf(document.activeElement)") == place
    for key in (Keys.ENTER, Keys.SPACE):
        town.driver.switch_to.active_element.send_keys(key)
        town.drawn()
        assert faded(town, inside, before) == set(KEYS) - {"10", "12"}
        # the focus stays where it was, although the legend is drawn anew
        here = "return [...document.querySelectorAll('.qa-matrix-cell')].indexOf(document.activeElement)"
        assert town.run(here) == place
        town.driver.switch_to.active_element.send_keys(key)
        town.drawn()
        assert faded(town, inside, before) == set()


def test_an_area_of_a_cell_says_its_burdens_on_the_map_and_in_the_panel(town, inside):
    town.driver.find_elements("css selector", ".qa-matrix-cell")[cell_of(town, "hoch", "1")].click()
    town.drawn()
    said = town.hover(inside["12"])
    assert "Gebiet 12" in said
    town.search("Gebiet 12")
    panel = town.text("#qa-area").split("\n")
    assert {"Gebiet 12", "Status: hoch", "Zahl der Belastungen: 1"} <= set(panel)
    town.search("Gebiet 08")
    panel = town.text("#qa-area").split("\n")
    assert {"Gebiet 08", "Status: hoch", "Zahl der Belastungen: keine"} <= set(panel)


def test_the_table_has_the_count_and_the_class_that_make_the_matrix(town):
    town.driver.find_element("css selector", "#qa-table-button").click()
    heads = town.run("return [...document.querySelectorAll('.qa-table thead th')].map((head) => head.innerText.trim())")
    place = next(n for n, head in enumerate(heads) if head.startswith("Zahl der Belastungen"))
    cells = "[...row.cells].map((cell) => cell.innerText.trim())"
    rows = town.run(f"return [...document.querySelectorAll('.qa-table tbody tr')].map((row) => {cells})")
    found = {next(cell for cell in row if cell in KEYS): row[place] for row in rows if set(row) & set(KEYS)}
    expected = {key: count for (_, count), keys in CELLS.items() for key in keys}
    assert found == expected
