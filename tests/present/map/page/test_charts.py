"""The charts of the page: where they stand, how they are linked with the map, who can walk through them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from quartiersatlas import atlas_map
from quartiersatlas.present import pictures

pytestmark = pytest.mark.browser

WIDE, NARROW, PHONE = (1440, 900), (1024, 768), (390, 844)
BARS = "[...document.querySelectorAll('.qa-legend .qa-chart-svg rect')]"
VISIBLE = "const node = document.querySelector(arguments[0]); return Boolean(node && node.getClientRects().length);"
CENTRE = """
const box = document.querySelector(arguments[0]).getBoundingClientRect();
return [box.left + box.width / 2, box.top + box.height / 2];"""
DOT_OF = """
const [chart, name] = arguments;
const svg = document.querySelector(`${chart} svg`);
const frame = svg.getBoundingClientRect();
for (const dot of svg.querySelectorAll("circle")) {
  const box = dot.getBoundingClientRect();
  const at = { clientX: box.left + box.width / 2, clientY: box.top + box.height / 2, bubbles: true };
  dot.dispatchEvent(new PointerEvent("pointermove", at));
  if (svg.parentElement.querySelector(".qa-chart-tip").textContent.startsWith(name)) return [at.clientX, at.clientY];
}
return null;"""
MATRIX = """
const svg = document.querySelector(".qa-chart-time svg");
const linear = (n) => (n <= 0.04045 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4);
const light = (color) => color.match(/\\d+/g).slice(0, 3).map((n) => linear(n / 255))
  .reduce((sum, n, i) => sum + n * [0.2126, 0.7152, 0.0722][i], 0);
const cells = [...svg.querySelectorAll("rect[stroke]")];
const texts = [...svg.querySelectorAll("text")];
const inside = texts.flatMap((text) => {
  const [x, base, size] = ["x", "y", "font-size"].map((name) => parseFloat(text.getAttribute(name)));
  const cell = cells.find(({ x: { baseVal: left }, y: { baseVal: top }, width, height }) =>
    x > left.value && x < left.value + width.baseVal.value
    && base > top.value && base - 0.36 * size < top.value + height.baseVal.value);
  return cell ? [{ text, cell, base, size }] : [];
});
return {
  words: texts.map((text) => text.textContent),
  people: inside.filter(({ text }) => text.textContent.includes("Einw.")).length,
  outside: inside.filter(({ cell, base, size }) => {
    const [top, high] = [cell.y.baseVal.value, cell.height.baseVal.value];
    return base - 0.73 * size < top || base > top + high; // capitals and figures stand on the line
  }).map(({ text }) => text.textContent),
  contrasts: inside.map(({ text, cell }) => {
    const [high, low] = [text, cell].map((node) => light(getComputedStyle(node).fill)).sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  }),
};"""


@pytest.fixture
def wide(page, sample):
    return page.open(sample.folder / "atlas.html", WIDE).choose("SGB-II-Quote")


def shown(page, selector):
    return page.run(VISIBLE, selector)


def press(page, *keys):
    from selenium.webdriver.common.action_chains import ActionChains

    ActionChains(page.driver).send_keys(*keys).perform()
    return page.drawn()


def click(page, x, y):
    from selenium.webdriver.common.action_chains import ActionChains

    chain = ActionChains(page.driver, duration=0)
    chain.w3c_actions.pointer_action.move_to_location(round(x), round(y))
    chain.w3c_actions.pointer_action.click()
    chain.perform()
    return page.drawn()


def test_the_legend_shows_how_the_values_are_spread_in_the_colours_of_its_classes(wide, sample):
    colors = wide.run(f"return {BARS}.map((bar) => bar.getAttribute('fill'));")
    rows = [row for row in wide.legend() if not row["pattern"] and row["color"] in colors]
    chart = pictures.legend_histogram(sample.release, "sgb2_rate")
    assert len(colors) == sum(mark.kind == "bar" for mark in chart.marks)
    assert [row["color"] for row in rows] == list(dict.fromkeys(colors))
    assert [row["count"].strip("()") for row in rows] == [row[1] for row in chart.rows]
    assert wide.run("return document.querySelector('.qa-legend .qa-chart-svg').getAttribute('aria-description')") == (
        chart.alt
    )
    wide.choose("Sozialer Status (Klasse)")
    assert not shown(wide, ".qa-legend .qa-chart")


def test_a_triangle_stands_above_the_bar_of_the_chosen_area(wide):
    triangle = "return document.querySelectorAll('.qa-legend .qa-chart-svg path[fill=\"var(--accent)\"]').length"
    assert wide.run(triangle) == 0
    wide.search("Werftviertel")
    assert wide.run(triangle) == 1


def test_the_profile_comes_first_in_the_panel_and_says_the_values(wide, sample):
    wide.search("Werftviertel")
    order = wide.run("return [...document.querySelector('#qa-area').children].map((node) => node.className)")
    assert order.index("qa-chart qa-chart-profile") < order.index("qa-jumps")
    words = wide.run("return document.querySelector('.qa-chart-profile svg').textContent")
    chart = pictures.spine_profile(sample.release, "0404")
    assert all(value in words for value in chart.right)
    assert wide.text(".qa-chart-profile figcaption") == "Werftviertel: Profil gegenüber der Stadt"


def test_an_area_that_is_protected_has_no_dot_and_is_not_called_missing(wide, sample):
    release = sample.release
    name = release.areas["name"]["0213"]
    assert pd.isna(release.values.loc["0213", "language_support_need"])
    wide.search(name)
    wide.run("document.querySelector('.qa-chart-profile details').open = true")
    wide.drawn()
    cells = wide.run("return [...document.querySelectorAll('.qa-chart-profile tr')].map((row) => row.innerText)")
    (row,) = [cell for cell in cells if cell.startswith("Sprachförderbedarf")]
    assert "keine Angabe" not in row
    dots = wide.run("return document.querySelectorAll('.qa-chart-profile circle').length")
    assert dots == release.values.loc["0213", [c.id for c in pictures.profile_columns(release)]].notna().sum()


@pytest.mark.parametrize(("size", "is_open"), [(WIDE, True), ((1200, 760), True), (NARROW, False)])
def test_the_drawer_is_open_where_there_is_room(page, sample, size, is_open):
    page.open(sample.folder / "atlas.html", size)
    assert shown(page, "#qa-charts") == is_open
    page.driver.find_element("css selector", "#qa-charts-button").click()
    page.drawn()
    assert shown(page, "#qa-charts") != is_open
    expanded = page.driver.find_element("css selector", "#qa-charts-button").get_attribute("aria-expanded")
    assert expanded == str(not is_open).lower()


def test_on_a_phone_the_charts_stand_in_the_sheet_below_the_area(page, sample):
    page.open(sample.folder / "atlas.html", PHONE).search("Werftviertel")
    assert shown(page, ".qa-panel #qa-charts")
    assert shown(page, ".qa-chart-area-time svg")
    assert not shown(page, "#qa-charts .qa-chart-time")  # it would be the same chart twice
    assert not shown(page, "#qa-charts-button")
    assert page.run("return document.documentElement.scrollWidth <= innerWidth")
    names = page.run("return document.querySelector('#qa-charts .qa-chart-certainty svg').textContent")
    assert "Werftviertel" in names


def test_a_dot_tells_its_area_outlines_it_and_chooses_it(wide, places):
    before = wide.colors(places["0404"], half=40)
    x, y = wide.run(DOT_OF, ".qa-chart-scatter", "Werftviertel")
    tip = wide.run("return document.querySelector('.qa-chart-scatter .qa-chart-tip').textContent")
    assert tip == "Werftviertel: 31,2\u202f%; 53,7\u202f%"
    wide.drawn()
    assert wide.colors(places["0404"], half=40) != before
    click(wide, x, y)
    assert wide.text(".qa-area-name") == "Werftviertel"
    assert "Werftviertel" in wide.run("return document.querySelector('.qa-chart-scatter svg').textContent")


def test_an_area_below_the_pointer_stands_out_in_the_charts(wide, clear):
    key = clear.index[0]
    wide.hover(clear[key])
    assert wide.run("return document.querySelectorAll('.qa-charts .qa-hot').length") > 0
    assert wide.run("return document.querySelector('.qa-chart-scatter .qa-chart-tip').hidden")


def test_a_bar_lets_the_other_areas_step_back_and_again_brings_them_back(wide, sample, clear):
    values = sample.release.values["sgb2_rate"]
    places = clear
    values = values[values.index.isin(clear.index) | values.eq(values.min())]
    lowest = values.idxmin()
    there = [places[lowest], places[values.idxmax()]]
    before = wide.all_colors(there)
    assert wide.run("return document.querySelectorAll('.qa-charts .qa-faded').length") == 0
    bar = wide.run(f"const box = {BARS}[0].getBoundingClientRect(); return [box.left + 2, box.bottom - 2]")
    click(wide, *bar)
    singled = wide.all_colors(there)
    assert singled[0] == before[0]
    assert singled[1] != before[1]
    assert wide.run("return document.querySelectorAll('.qa-chart-scatter circle:not(.qa-faded)').length") >= 1
    assert wide.run("return document.querySelectorAll('.qa-chart-scatter circle.qa-faded').length") > 50
    click(wide, *bar)
    assert wide.all_colors(there) == before


def test_a_class_of_the_legend_fades_the_others_in_the_charts_too(wide):
    wide.driver.find_element("css selector", ".qa-legend-button").click()
    wide.drawn()
    left = wide.run(
        "return [...document.querySelectorAll('.qa-chart-scatter circle:not(.qa-faded)')]"
        ".map((dot) => dot.getAttribute('fill'))"
    )
    assert set(left) == {"#ffffcc"}


def test_the_keyboard_walks_through_a_chart_and_keeps_the_focus(wide):
    from selenium.webdriver.common.keys import Keys

    said = (
        "const node = document.activeElement;"
        "const now = ['text', 'now'].map((name) => node.getAttribute(`aria-value${name}`));"
        "return [node.closest('figure')?.dataset.chart, ...now];"
    )
    wide.run("document.querySelector('.qa-chart-scatter svg').focus()")
    assert wide.run(said)[1:] == [
        "Mit den Pfeiltasten geht es von Gebiet zu Gebiet, die Eingabetaste wählt, Escape beendet.",
        "0",
    ]
    press(wide, Keys.END)
    press(wide, Keys.ARROW_LEFT)
    press(wide, Keys.ARROW_RIGHT)
    chart, words, now = wide.run(said)
    assert (chart, now) == ("scatter", "80")
    name, values = words.split(": ")
    assert values.startswith("36,6\u202f%; ")
    press(wide, Keys.ENTER)
    assert wide.text(".qa-area-name") == name
    assert wide.run(said)[:2] == ["scatter", words]  # drawn anew, and focused again
    press(wide, Keys.ESCAPE)
    assert wide.run(said)[0] == "scatter"
    assert wide.text(".qa-area-name") == name


def test_a_chart_in_a_box_that_is_made_anew_keeps_the_focus_too(wide):
    from selenium.webdriver.common.keys import Keys

    focused = "return document.activeElement.closest('figure')?.dataset.chart ?? null"
    wide.search("Werftviertel").run("document.querySelector('.qa-chart-parts svg').focus()")
    press(wide, Keys.HOME)
    press(wide, Keys.ENTER)
    assert wide.run(focused) == "parts"
    click(wide, *wide.run(f"const box = {BARS}[0].getBoundingClientRect(); return [box.left + 2, box.bottom - 2]"))
    assert wide.run("return document.querySelectorAll('.qa-faded').length") > 0
    wide.run("document.querySelector('.qa-legend .qa-chart-svg').focus()")
    press(wide, Keys.ESCAPE)
    assert wide.run("return document.querySelectorAll('.qa-faded').length") == 0
    assert wide.run(focused) == "histogram"


def test_the_charts_follow_column_date_and_classes(wide):
    title = "return document.querySelector('.qa-chart-time figcaption').textContent"
    assert wide.run(title) == "SGB-II-Quote: Entwicklung"
    wide.choose("Anteil 65-Jähriger und Älterer")
    assert wide.run(title) == "Anteil 65-Jähriger und Älterer: Entwicklung"
    colors = (
        "return [...new Set([...document.querySelectorAll('.qa-chart-scatter circle')]"
        ".map((dot) => dot.getAttribute('fill')))]"
    )
    assert "#006d2c" in wide.run(colors)
    wide.choose_classes("Abweichung vom Wert der Stadt")
    assert "#006d2c" not in wide.run(colors)
    assert not wide.run(
        "return [...document.querySelectorAll('.qa-chart-scatter rect')]"
        ".some((bar) => bar.getAttribute('fill') === '#fbeee0')"
    )


def test_a_chart_has_its_sentence_and_its_table(wide, sample):
    fold = wide.driver.find_element("css selector", ".qa-chart-certainty summary")
    assert fold.text == "Als Tabelle"
    fold.click()
    wide.drawn()
    chart = pictures.certainty(sample.release)
    text = wide.text(".qa-chart-certainty details")
    assert chart.alt in text
    assert all(row[0] in text for row in chart.rows)


def test_changes_of_class_are_shown_where_an_earlier_date_has_classes(page, sample, tmp_path):
    release = sample.release
    values = release.values
    classes = values["need_status_class"]
    values["need_status_class"] = pd.Series(np.roll(classes, 5), index=classes.index)
    before = replace(release, values=values, as_of="31.12.2022")
    both = values["need_status_class"].notna() & classes.notna()
    page.open(atlas_map(release, earlier=[before]).save(tmp_path / "atlas.html"), WIDE)
    assert page.text(".qa-chart-time figcaption") == "Wechsel der Klassen"
    counts = page.run("return [...document.querySelectorAll('.qa-chart-time text')].map((node) => node.textContent)")
    assert sum(int(count) for count in counts if count.isdigit()) == both.sum()
    cell = page.run(
        "const box = document.querySelector('.qa-chart-time rect[stroke]').getBoundingClientRect();"
        "return [box.left + 4, box.top + 4];"
    )
    click(page, *cell)
    assert page.run("return document.querySelectorAll('.qa-chart-scatter .qa-faded').length") > 0
    assert page.errors() == []


def test_few_areas_are_named_dots(show, make_city, town):
    import quartiersatlas as qa

    few = qa.release(
        qa.add_rates(
            make_city(town.values.iloc[:6][["residents", "recipients", "under_65"]]),
            {"sgb2_rate": ("recipients", "under_65")},
        )
    )
    page = show(few, WIDE)
    words = page.run("return document.querySelector('.qa-legend .qa-chart-svg').textContent")
    assert "Gebiet 01" in words
    assert "11,1\u202f%" in words
    assert page.errors() == []


def test_without_anything_to_draw_there_is_no_drawer(show, make_city):
    import quartiersatlas as qa

    keys = pd.Index([f"{i}" for i in range(6)], name="key")
    page = show(qa.release(make_city(pd.DataFrame({"residents": 1000.0}, index=keys)), columns=["residents"]), WIDE)
    assert not shown(page, "#qa-charts")
    assert page.errors() == []


def test_the_charts_ask_the_internet_for_nothing_and_keep_their_colours(wide):
    wide.search("Werftviertel")
    assert [url for url in wide.requests() if not url.startswith(("file:", "data:"))] == []
    assert wide.errors() == []
    style = "return getComputedStyle(document.querySelector('.qa-chart-svg')).forcedColorAdjust"
    assert wide.run(style) == "none"


def test_names_are_text_whatever_they_hold(show, make_hostile):
    page = show(make_hostile("<img src=x onerror=alert(1)>"), WIDE)
    assert page.run("return document.querySelectorAll('.qa-charts img, .qa-legend img').length") == 0
    assert shown(page, ".qa-chart-svg")
    assert page.errors() == []


def test_in_comparison_and_print_the_charts_make_room(wide):
    wide.driver.find_element("css selector", "#qa-compare-button").click()
    wide.drawn()
    assert not shown(wide, "#qa-charts")
    assert not shown(wide, ".qa-legend .qa-chart")
    wide.driver.find_element("css selector", "#qa-compare-button").click()
    wide.drawn()
    assert shown(wide, "#qa-charts")
    wide.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert not shown(wide, "#qa-charts")
    wide.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_the_cells_of_a_low_matrix_of_classes_hold_their_words(page, sample, tmp_path):
    """At 1440 x 900 four classes have 27 pixels each; the names below are whole, letters are dark enough."""
    values = sample.release.values
    classes = values["need_status_class"]
    values["need_status_class"] = pd.Series(np.roll(classes, 5), index=classes.index)
    before = replace(sample.release, values=values, as_of="31.12.2022")
    page.open(atlas_map(sample.release, earlier=[before]).save(tmp_path / "atlas.html"), (1440, 900))
    found = page.run(MATRIX)
    assert found["people"] > 3
    assert found["outside"] == []
    assert {"hoch", "mittel", "niedrig", "sehr niedrig"} <= set(found["words"])
    assert [word for word in found["words"] if "…" in word] == []
    assert min(found["contrasts"]) > 4.5
