"""Finding an area, walking to its neighbours, reading its panel and the table, by mouse and by keyboard."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.browser

ROWS = """
const rows = [...document.querySelectorAll("#qa-table tbody tr")];
return rows.map((row) => [...row.children].map((cell) => cell.firstChild?.textContent ?? ""));"""
PROFILE = """
return [...document.querySelectorAll(".qa-profile")].map((row) => [
  row.querySelector(".qa-profile-words").textContent,
  row.querySelector(".qa-bar-value")?.style.width ?? null,
  !!row.querySelector(".qa-bar-interval"),
]);"""


def keys(page, *pressed):
    page.driver.find_element("css selector", ".folium-map").send_keys(*pressed)
    return page.drawn()


def name(page):
    return page.text(".qa-area-name")


def open_table(page):
    page.driver.find_element("css selector", "#qa-table-button").click()
    return page.drawn()


def test_an_area_is_found_by_name_and_by_key(atlas, exported):
    for key in (exported.index[3], "0402+0403"):
        atlas.search(key)
        assert name(atlas) == exported["name"][key]
        assert key in atlas.text("#qa-area p")
    atlas.search(exported["name"].iloc[20].upper())
    assert name(atlas) == exported["name"].iloc[20]


def test_what_is_not_there_is_said(atlas):
    atlas.search("Nirgendwo")
    assert atlas.text(".qa-search-answer") == "nichts gefunden"
    assert atlas.texts(".qa-area-name") == []


def test_offers_are_the_areas_that_fit(atlas, exported):
    atlas.driver.find_element("css selector", ".qa-search").send_keys("01")
    offers = atlas.texts(".qa-result")
    found = exported["name"][exported.index.str.startswith("01")]
    assert sorted(offers) == sorted(f"{name} {key}, {exported['bezirk'][key]}" for key, name in found.items())


def test_a_click_on_an_area_opens_its_panel_and_escape_closes_it(atlas, exported, clear, counts):
    from selenium.webdriver.common.action_chains import ActionChains

    key = clear.index.intersection(exported.index[exported["selected"]])[0]
    atlas.hover(clear[key])
    ActionChains(atlas.driver).click().perform()
    assert name(atlas) == exported["name"][key]
    panel = atlas.text("#qa-area")
    people = f"{counts['Einwohner'][key]:,.0f}".replace(",", ".")
    assert f"{people} Einwohnerinnen und Einwohner" in panel
    assert "Das Gebiet ist ausgewählt, weil es diese Bedingungen erfüllt:" in panel
    rate = f"{exported['sgb2_rate'][key]:.1f}".replace(".", ",")
    assert f"SGB-II-Quote: {rate}\u202f% (Stadt: " in panel
    keys(atlas, Keys.ESCAPE)
    assert atlas.texts(".qa-area-name") == []


def test_bars_are_as_long_as_the_values_and_gaps_have_none(atlas, exported):
    key = exported.index[exported["language_support_need"].isna() & exported["state"].eq("shown")][0]
    atlas.search(key)
    rows = atlas.run(PROFILE)
    found = {words.split(":")[0]: (width, interval) for words, width, interval in rows}
    assert found["Sprachförderbedarf vor der Einschulung"] == (None, False)
    assert "Sprachförderbedarf vor der Einschulung: " + exported["language_support_need_note"][key] in atlas.text(
        "#qa-area"
    )
    width, interval = found["SGB-II-Quote"]
    share = exported["sgb2_rate"][key] / exported["sgb2_rate"].max()
    assert float(width.removesuffix("%")) == pytest.approx(100 * share, abs=0.01)
    assert interval


def test_arrow_keys_walk_through_neighbours(atlas, exported):
    atlas.search("0402+0403")
    here = exported.loc["0402+0403"]
    for key in (Keys.ARROW_LEFT, Keys.ARROW_UP, Keys.ARROW_UP, Keys.ARROW_RIGHT, Keys.ARROW_DOWN):
        keys(atlas, key)
        there = exported[exported["name"].eq(name(atlas))].iloc[0]
        assert there["name"] != here["name"]
        assert there.geometry.touches(here.geometry)
        a, b = here.geometry.envelope.centroid, there.geometry.envelope.centroid
        steps = {
            Keys.ARROW_LEFT: a.x - b.x,
            Keys.ARROW_RIGHT: b.x - a.x,
            Keys.ARROW_UP: b.y - a.y,
            Keys.ARROW_DOWN: a.y - b.y,
        }
        assert steps[key] > -150  # the centre of the box in degrees is not quite that in metres
        here = there


def test_the_first_arrow_key_chooses_an_area_in_the_middle(atlas):
    keys(atlas, Keys.ARROW_UP)
    assert name(atlas)
    assert atlas.errors() == []


def test_controls_are_reached_in_the_order_of_the_page(atlas):
    atlas.choose("SGB-II-Quote")
    order = []
    atlas.run("document.body.tabIndex = -1; document.body.focus()")
    body = atlas.driver.switch_to.active_element
    for _ in range(5):
        body.send_keys(Keys.TAB)
        body = atlas.driver.switch_to.active_element
        order.append(body.get_attribute("class").split(" ")[0])
    assert order == ["qa-skip", "qa-select", "qa-year", "qa-scheme", "qa-search"]


def test_the_table_has_every_area_with_what_the_geopackage_has(atlas, exported):
    open_table(atlas)
    rows = atlas.run(ROWS)
    assert len(rows) == len(exported) == 90
    heads = atlas.texts("#qa-table thead th")
    column = heads.index("SGB-II-Quote (%)")
    for row in rows:
        key = row[1]
        assert row[0] == exported["name"][key]
        assert row[2] == exported["bezirk"][key]
        value = exported["sgb2_rate"][key]
        if value == value:  # noqa: PLR0124 - not NaN
            assert row[column] == f"{value:.1f}\u202f%".replace(".", ",")
        else:
            assert row[column] == exported["sgb2_rate_note"][key]
    assert sum(bool(row[-1]) for row in rows) == exported["selected"].sum()


def test_no_rate_stands_in_the_table_without_its_counts(atlas, exported, counts):
    open_table(atlas)
    column = atlas.texts("#qa-table thead th").index("SGB-II-Quote (%)")
    script = """
    const cells = [...document.querySelectorAll("#qa-table tbody tr")].map((row) => row.children);
    return cells.map((row) => [row[1].textContent, row[arguments[0]].querySelector("small")?.textContent ?? null]);"""
    written = dict(atlas.run(script, column))
    for key, value in exported["sgb2_rate"].items():
        if value == value:  # noqa: PLR0124 - not NaN
            x, n = (f"{counts[name][key]:,.0f}".replace(",", ".") for name in ("SGB2_Personen", "Unter_65"))
            assert written[key] == f"{x} von {n}"
        else:
            assert written[key] is None


def test_a_click_on_a_heading_sorts_and_a_second_one_turns_the_order(atlas, exported):
    open_table(atlas)
    heads = atlas.driver.find_elements("css selector", "#qa-table thead th")
    column = [head.text for head in heads].index("SGB-II-Quote (%)")
    known = exported["sgb2_rate"].dropna().sort_values()
    for order, direction in ((known, "ascending"), (known[::-1], "descending")):
        atlas.run("arguments[0].querySelector('button').click()", heads[column])
        assert heads[column].get_attribute("aria-sort") == direction
        values = [row[column] for row in atlas.run(ROWS)]
        assert [float(v.removesuffix("\u202f%").replace(",", ".")) for v in values[: len(known)]] == order.tolist()
        assert not any(v[0].isdigit() for v in values[len(known) :])


def test_a_name_in_the_table_leads_back_to_the_map(atlas):
    open_table(atlas)
    first = atlas.driver.find_element("css selector", "#qa-table tbody button")
    wanted = first.text
    first.click()
    assert name(atlas) == wanted
    assert not atlas.driver.find_element("css selector", "#qa-table").is_displayed()
    assert atlas.driver.find_element("css selector", "#qa-table-button").get_attribute("aria-expanded") == "false"


@pytest.mark.parametrize(
    "text", ["<script>window.hacked=1</script>", '"><img src=x onerror="window.hacked=1">', "${7*7}"]
)
def test_hostile_names_are_text_in_search_panel_and_table(show, make_hostile, text):
    page = show(make_hostile(text))
    page.search(f"{text.strip()}3")
    assert page.run("return document.querySelector('.qa-area-name').textContent") == text
    open_table(page)
    assert page.run("return document.querySelector('#qa-table tbody th').textContent") == text
    assert page.run("return [window.hacked ?? null, document.images.length]") == [None, 0]
    assert page.errors() == []
