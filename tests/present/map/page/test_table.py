"""A long table comes in portions, sorting means all rows, and what the map marks stands in it too."""

from __future__ import annotations

import pandas as pd
import pytest

import quartiersatlas as qa

pytestmark = pytest.mark.browser

COLUMN = """
const heads = [...document.querySelectorAll("#qa-table thead th")];
const number = heads.findIndex((head) => head.textContent === arguments[0]);
return Object.fromEntries([...document.querySelectorAll("#qa-table tbody tr")].map((row) => [
  row.children[1].textContent, row.children[number].firstChild?.textContent ?? ""]));"""
ROWS = "return document.querySelectorAll('#qa-table tbody tr').length"
NAMES = "return [...document.querySelectorAll('#qa-table tbody th')].map((cell) => cell.textContent)"


@pytest.fixture(scope="module")
def large(make_city):
    """Return the release of 2,500 areas; the last one has most residents."""
    keys = pd.Index([f"{i:04d}" for i in range(2500)], name="key")
    table = pd.DataFrame({"residents": [1000 + 2 * i for i in range(2500)], "under_65": [900.0] * 2500}, index=keys)
    return qa.release(qa.add_rates(make_city(table), {"share": ("under_65", "residents")}))


def press(page, selector, words):
    """Press the button that says so."""
    buttons = page.driver.find_elements("css selector", selector)
    page.run("arguments[0].click()", next(button for button in buttons if button.text == words))
    return page.drawn()


def open_table(page):
    page.driver.find_element("css selector", "#qa-table-button").click()
    return page.drawn()


def more(page):
    return page.text(".qa-table-more")


def test_a_long_table_comes_in_portions(show, large):
    page = open_table(show(large))
    assert page.run(ROWS) == 1000
    assert more(page) == "1.000 von 2.500 Zeilen weitere 1.000 Zeilen zeigen"
    press(page, ".qa-table-more button", "weitere 1.000 Zeilen zeigen")
    assert page.run(ROWS) == 2000
    assert page.driver.switch_to.active_element.text == page.run(NAMES)[1000]  # reading goes on where it ended
    assert more(page) == "2.000 von 2.500 Zeilen weitere 500 Zeilen zeigen"
    press(page, ".qa-table-more button", "weitere 500 Zeilen zeigen")
    assert more(page) == "2.500 von 2.500 Zeilen"
    assert page.run(NAMES) == [f"Gebiet {i:04d}" for i in range(2500)]
    assert page.errors() == []


def test_sorting_means_all_rows_and_shows_as_many_as_before(show, large):
    page = open_table(show(large))
    for wanted in (range(1000), range(2499, 1499, -1)):
        press(page, "#qa-table thead button", "Einwohnerinnen und Einwohner")
        assert page.run(NAMES) == [f"Gebiet {i:04d}" for i in wanted]
    press(page, ".qa-table-more button", "weitere 1.000 Zeilen zeigen")
    press(page, "#qa-table thead button", "Schlüssel")
    assert page.run(NAMES) == [f"Gebiet {i:04d}" for i in range(2000)]
    assert more(page).startswith("2.000 von 2.500 Zeilen")


def test_an_english_table_speaks_english(show, large):
    page = open_table(show(large, lang="en"))
    assert more(page) == "1,000 of 2,500 rows show 1,000 more rows"


def test_a_short_table_is_whole_and_says_nothing_about_it(atlas):
    open_table(atlas)
    assert atlas.run(ROWS) == 90
    assert not atlas.driver.find_element("css selector", ".qa-table-more").is_displayed()


def test_the_table_says_who_is_on_the_list_and_in_which_candidate_area(atlas, exported):
    open_table(atlas)
    assert atlas.run(COLUMN, "Auf der Liste") == {
        key: "ja" if selected else "" for key, selected in exported["selected"].items()
    }
    assert atlas.run(COLUMN, "Prüfgebiet") == exported["candidate"].fillna("").to_dict()


def test_the_table_follows_changes_of_candidate_areas(atlas, exported):
    from selenium.webdriver.common.keys import Keys

    key = exported.index[exported["candidate"].eq("P5")][0]
    atlas.driver.find_element("css selector", ".qa-search").send_keys(key, Keys.ENTER)
    open_table(atlas)
    press(atlas, ".qa-totals button", f"{exported['name'][key]} aus P5 entfernen")
    assert atlas.run(COLUMN, "Prüfgebiet")[key] == ""
    press(atlas, ".qa-totals button", "Änderungen verwerfen")
    assert atlas.run(COLUMN, "Prüfgebiet")[key] == "P5"
