"""The foot of the page, the empty panel, the order of focus and headings."""

from __future__ import annotations

from itertools import pairwise

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from quartiersatlas.present.statements import axis_text, definition_text

pytestmark = pytest.mark.browser

STOPS = """
const node = document.activeElement;
const parts = ["qa-skip", "qa-head", "folium-map", "qa-panel", "qa-charts", "qa-foot"];
return parts.find((name) => node.closest(`.${name}`)) ?? node.tagName;"""
RING = """
const style = getComputedStyle(document.activeElement);
return [style.outlineStyle, style.outlineWidth];"""


def definition(page):
    return page.run("return document.querySelector('#qa-definition summary').textContent")


def column(release, name):
    return next(c for c in release.columns if c.id == name)


def test_the_foot_tells_source_date_and_the_definition_of_what_is_shown(atlas, sample):
    release = sample.release
    assert atlas.text(".qa-source") == (
        "Quelle: Statistikstelle der Beispielstadt (synthetisch), eigene Berechnung · Stand: 31.12.2024"
    )
    status, dynamics = (axis_text(release, column(release, f"need_{a}_class"), "de") for a in ("status", "dynamics"))
    assert status.startswith("Sozialer Status aus SGB-II-Quote")
    assert definition(atlas) == status
    atlas.choose("SGB-II-Quote")
    words = definition_text(column(release, "sgb2_rate"), "de")
    assert words.startswith("SGB-II-Quote: ")
    assert len(words) > len("SGB-II-Quote: ")
    assert definition(atlas) == words
    atlas.choose("Sozialer Status und Dynamik")
    assert definition(atlas) == f"{status} · {dynamics}"


def test_a_long_definition_is_one_line_until_it_is_opened(atlas):
    line = atlas.driver.find_element(By.CSS_SELECTOR, "#qa-definition summary")
    folded = line.size["height"]
    assert folded < 25
    assert atlas.box(".qa-foot")[3] - atlas.box(".qa-foot")[1] <= 60
    line.click()
    assert line.size["height"] > 1.8 * folded
    assert atlas.run("const s = arguments[0]; return s.scrollWidth <= s.clientWidth", line)
    assert atlas.box(".qa-foot")[3] == 800
    assert atlas.box(".folium-map")[3] <= atlas.box(".qa-foot")[1]
    assert atlas.errors() == []


def test_the_method_button_opens_the_box_scrolls_to_it_and_moves_the_focus_there(atlas):
    atlas.driver.find_element(By.CSS_SELECTOR, "#qa-method-button").click()
    assert atlas.run("return document.getElementById('qa-method').open")
    assert atlas.run("return document.activeElement.parentElement.id") == "qa-method"
    summary, panel = atlas.box("#qa-method summary"), atlas.box(".qa-panel")
    assert panel[1] <= summary[1] < summary[3] <= panel[3]
    assert "Gebiete unter 300 Einwohnern zeigen keine Indikatoren." in atlas.text("#qa-method")


def test_on_a_phone_the_method_button_shows_the_box_too(page, sample):
    page.open(sample.folder / "atlas.html", (390, 844))
    page.driver.find_element(By.CSS_SELECTOR, "#qa-handle").click()
    page.run("document.getElementById('qa-method-button').click()")
    assert page.run("return document.body.dataset.sheet") == "full"
    box = page.box("#qa-method summary")
    assert page.box("#qa-handle")[3] <= box[1] + 1 < box[3] <= 844


def test_the_empty_panel_has_comment_method_in_four_lines_and_key_figures(atlas):
    heads = atlas.texts(".qa-panel h2")
    assert heads == ["Kommentar", "Methode in Kürze", "Auf einen Blick", "Zusammenhängende Prüfgebiete"]
    brief = atlas.texts(".qa-brief li")
    begins = ["Auswahlregel: ", "Bedarfsindex beispielstadt-2024", "Geheimhaltung: ", "Klassen der Karte: "]
    assert [line[: len(begin)] for line, begin in zip(brief, begins, strict=True)] == begins
    assert "16 von 80 bewerteten Gebieten sind ausgewählt." in atlas.text(".qa-panel")


def test_a_release_without_index_and_rule_says_what_holds_for_it(show, town_release):
    page = show(town_release)
    begins = {line.split(":")[0] for line in page.texts(".qa-brief li")}
    assert {"Geheimhaltung", "Klassen der Karte"} <= begins
    assert page.errors() == []


@pytest.mark.parametrize("size", [(1280, 800), (844, 390)])
def test_tab_goes_from_the_skip_link_through_head_map_and_panel_to_the_foot(page, sample, size):
    page.open(sample.folder / "atlas.html", size)
    page.run("document.body.tabIndex = -1; document.body.focus()")
    node, stops = page.driver.switch_to.active_element, []
    for _ in range(60):
        node.send_keys(Keys.TAB)
        node = page.driver.switch_to.active_element
        stops.append(page.run(STOPS))
        if stops[-1] == "BODY":
            break
        assert page.run(RING) == ["solid", "3px"], node.get_attribute("outerHTML")[:100]
    assert len(stops) < 40  # no stop for every facility or area
    firsts = list(dict.fromkeys(stops))
    assert firsts == [
        "qa-skip",
        "qa-head",
        "folium-map",
        *(["qa-charts"] if size == (1280, 800) else []),
        "qa-panel",
        "qa-foot",
        "BODY",
    ]
    turns = [b for a, b in pairwise(stops) if a != b]
    assert turns == firsts[1:]  # each part once, none entered twice


def test_the_skip_link_is_seen_when_it_has_the_focus_and_opens_the_table(atlas):
    link = atlas.driver.find_element(By.CSS_SELECTOR, ".qa-skip")
    assert atlas.box(".qa-skip")[2] < 0
    for _ in range(2):  # an open table stays open
        atlas.run("document.body.tabIndex = -1; document.body.focus()")
        atlas.driver.switch_to.active_element.send_keys(Keys.TAB)
        assert atlas.box(".qa-skip")[0] >= 0
        assert link.text == "Zur Tabelle"
        link.send_keys(Keys.ENTER)
        assert atlas.driver.find_element(By.CSS_SELECTOR, "#qa-table").is_displayed()
        assert atlas.run("return document.activeElement.id") == "qa-table"
    assert atlas.text("#qa-table-button") == "Karte"


def test_headings_step_down_one_level_at_a_time_with_and_without_an_area(atlas, exported):
    for key in (None, exported.index[3]):
        if key:
            atlas.driver.find_element(By.CSS_SELECTOR, ".qa-search").send_keys(key, Keys.ENTER)
        script = "return [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map((h) => +h.tagName[1])"
        levels = atlas.run(script)
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(b - a <= 1 for a, b in pairwise(levels))


def test_the_page_names_its_language_and_title(atlas, page, english):
    script = "return [document.documentElement.lang, document.title]"
    assert atlas.run(script) == ["de", "Bedarfslagen in der Beispielstadt"]
    page.open(english)
    assert page.run(script)[0] == "en"
    words = page.run("return [...document.querySelectorAll('.leaflet-control-zoom a')].map((a) => a.title)")
    assert words == ["Zoom in", "Zoom out", "Show the whole city"]
    assert page.texts(".qa-buttons > *") == ["Table", "Charts", "Second map beside it", "Method", "Print", "Save"]


def test_zoom_buttons_speak_german_and_the_third_shows_the_whole_city_again(atlas):
    labels = "return [...document.querySelectorAll('.leaflet-control-zoom a')].map((a) => a.getAttribute('aria-label'))"
    assert atlas.run(labels) == ["Vergrößern", "Verkleinern", "Ganze Stadt zeigen"]
    view = "const c = map_quartiersatlas.getCenter(); return [c.lat, c.lng, map_quartiersatlas.getZoom()];"
    before = atlas.run(view)
    atlas.run("map_quartiersatlas.setView([50, 9], 15, { animate: false })")
    atlas.driver.find_element(By.CSS_SELECTOR, ".qa-zoom-city").click()
    assert atlas.run(view) == pytest.approx(before, abs=3e-4)  # less than a pixel
