"""On a phone the map fills the screen and the panel is a sheet from below with three heights."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.actions.pointer_input import PointerInput
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.browser

PHONE, ACROSS, SMALL_PHONE = (390, 844), (844, 390), (360, 640)
ON_THE_MAP = (".qa-legend", ".leaflet-control-layers", ".leaflet-control-zoom", ".leaflet-control-scale")
HEADING = "Kommentar, Kennzahlen, Methode"
TARGETS = """
const all = [...document.querySelectorAll("button, a, select, input[type=search], summary, .qa-layers label")];
const seen = all.filter((node) => node.checkVisibility({ visibilityProperty: true }) && !node.closest(".qa-skip"));
return seen.map((node) => [node.outerHTML.slice(0, 80), node.offsetWidth, node.offsetHeight]);"""


@pytest.fixture(params=[PHONE, SMALL_PHONE], ids=["phone", "small phone"])
def phone(page, sample, request):
    return page.open(sample.folder / "atlas.html", request.param)


@pytest.fixture
def large_phone(page, sample):
    return page.open(sample.folder / "atlas.html", PHONE)


def overlaps(page, first, second):
    a, b = page.box(first), page.box(second)
    return min(a[2], b[2]) - max(a[0], b[0]) > 1 and min(a[3], b[3]) - max(a[1], b[1]) > 1


def assert_nothing_covers_the_map(page):
    """Everything on the map is in the map, in the window, above the sheet, and apart from the rest."""
    map_box, sheet = page.box(".folium-map"), page.box(".qa-sheet")
    assert map_box[3] <= sheet[1] + 1
    for position, control in enumerate(ON_THE_MAP):
        left, top, right, bottom = page.box(control)
        assert map_box[0] <= left < right <= map_box[2], control
        assert map_box[1] <= top < bottom <= map_box[3], control
        for other in ON_THE_MAP[position + 1 :]:
            assert not overlaps(page, control, other), (control, other)


def sheet(page):
    """Return the height of the sheet as the page names it, and in pixels."""
    box = page.box(".qa-sheet")
    return page.run("return document.body.dataset.sheet"), box[3] - box[1]


def tap(page, selector):
    page.driver.find_element(By.CSS_SELECTOR, selector).click()
    return page.drawn()


def handle(page):
    """Return the handle's text, what a screen reader says of it, and whether it is expanded."""
    button = page.driver.find_element(By.CSS_SELECTOR, "#qa-handle")
    return button.text, button.get_attribute("aria-label"), button.get_attribute("aria-expanded")


def drag(page, pixels, kind="touch"):
    """Drag the handle up by so many pixels."""
    left, top, right, _ = page.box("#qa-handle")
    chain = ActionChains(page.driver, duration=0)
    chain.w3c_actions.pointer_action.source = PointerInput(kind, kind)
    chain.w3c_actions.devices = [chain.w3c_actions.pointer_action.source]
    pointer = chain.w3c_actions.pointer_action
    pointer.move_to_location(round((left + right) / 2), round(top) + 20)
    pointer.pointer_down()
    for step in (0.3, 0.7, 1):
        pointer.move_to_location(round((left + right) / 2), round(top + 20 - step * pixels))
    pointer.pointer_up()
    chain.perform()
    return page.drawn()


def test_the_map_fills_the_screen_between_head_and_the_peek_of_the_sheet(phone):
    width, height = phone.run("return [innerWidth, innerHeight]")
    assert sheet(phone) == ("peek", 64)
    assert phone.box(".qa-sheet")[3] == height
    left, top, right, bottom = phone.box(".folium-map")
    assert (left, right) == (0, width)
    assert bottom == height - 64
    assert bottom - top > 0.55 * height
    assert top <= 180  # title, two lines of controls, the notice
    assert phone.text(".qa-band") == "Synthetische Daten - keine reale Stadt"
    assert phone.run("return document.documentElement.scrollHeight") <= height
    assert phone.run("return document.documentElement.scrollWidth") <= width
    assert_nothing_covers_the_map(phone)


def test_the_whole_city_is_in_sight_between_the_buttons(phone, exported):
    west, south, east, north = exported.to_crs("EPSG:4326").total_bounds
    script = "const p = map_quartiersatlas.latLngToContainerPoint([arguments[0], arguments[1]]); return [p.x, p.y];"
    (left, top), (right, bottom) = phone.run(script, north, west), phone.run(script, south, east)
    frame = phone.box(".folium-map")
    assert 0 <= left < right <= frame[2]
    assert frame[1] + top >= phone.box(".leaflet-control-layers")[3]
    assert frame[1] + bottom <= phone.box(".qa-legend")[1]


def test_the_handle_goes_through_the_three_heights_and_says_so(large_phone):
    half, full = 844 / 2, 844 - 48
    assert handle(large_phone) == (HEADING, f"{HEADING}: aufklappen", "false")
    tap(large_phone, "#qa-handle")
    assert sheet(large_phone) == ("half", half)
    assert handle(large_phone) == (HEADING, f"{HEADING}: ganz aufklappen", "true")
    assert large_phone.text(".qa-comment")
    tap(large_phone, "#qa-handle")
    assert sheet(large_phone) == ("full", full)
    assert handle(large_phone) == (HEADING, f"{HEADING}: zuklappen", "true")
    tap(large_phone, "#qa-handle")
    assert sheet(large_phone) == ("peek", 64)


def test_the_handle_speaks_the_language_of_the_page(page, english):
    page.open(english, PHONE)
    assert handle(page)[1] == "Comment, key figures, method: open"


def test_the_handle_works_by_keyboard_and_what_is_folded_away_is_no_stop(large_phone):
    button = large_phone.driver.find_element(By.CSS_SELECTOR, "#qa-handle")
    button.send_keys(Keys.TAB)
    assert not large_phone.run("return !!document.activeElement.closest('.qa-sheet-body')")
    button.send_keys(Keys.ENTER)
    assert sheet(large_phone)[0] == "half"
    button.send_keys(Keys.TAB)
    assert large_phone.run("return !!document.activeElement.closest('.qa-sheet-body')")
    button.send_keys(Keys.SPACE)
    assert sheet(large_phone)[0] == "full"


@pytest.mark.parametrize("kind", ["touch", "mouse"])
def test_the_handle_is_dragged_to_the_nearest_height_and_can_be_tapped_afterwards(large_phone, kind):
    for pixels, height in ((300, "half"), (50, "half"), (300, "full"), (-250, "half"), (-400, "peek"), (700, "full")):
        drag(large_phone, pixels, kind)
        assert sheet(large_phone)[0] == height, pixels
    assert large_phone.run("return document.querySelector('.qa-sheet').style.height") == ""
    large_phone.driver.find_element(By.CSS_SELECTOR, "#qa-handle").send_keys(Keys.ENTER)
    assert sheet(large_phone)[0] == "peek"
    tap(large_phone, "#qa-handle")
    assert sheet(large_phone)[0] == "half"


def test_a_chosen_area_lifts_the_sheet_to_half_and_closing_brings_it_back(phone, exported, clear):
    key = clear.index[5]
    phone.hover(clear[key])
    ActionChains(phone.driver).click().perform()
    phone.drawn()
    assert sheet(phone)[0] == "half"
    assert phone.text(".qa-area-name") == exported["name"][key]
    assert handle(phone)[:2] == (exported["name"][key], f"{exported['name'][key]}: ganz aufklappen")
    tap(phone, ".qa-close")
    assert sheet(phone) == ("peek", 64)
    assert handle(phone)[0] == HEADING
    assert phone.run("return document.activeElement.classList.contains('folium-map')")


def test_a_sheet_that_is_full_stays_full_for_the_next_area(large_phone, exported):
    large_phone.search(exported.index[0])
    tap(large_phone, "#qa-handle")
    large_phone.run("document.querySelector('.qa-sheet-body').scrollTop = 300")
    large_phone.run(
        "const i = document.querySelector('.qa-search'); i.value = arguments[0];"
        "i.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter' }));",
        exported.index[1],
    )
    assert sheet(large_phone)[0] == "full"
    assert large_phone.run("return document.querySelector('.qa-sheet-body').scrollTop") == 0


def test_a_chosen_area_is_in_sight_above_the_sheet(large_phone, exported, places):
    large_phone.run("map_quartiersatlas.setZoom(map_quartiersatlas.getZoom() + 2, { animate: false })")
    for key in exported.index[[0, 44, 89]]:
        large_phone.search(key)
        x, y = large_phone.run(
            "const p = map_quartiersatlas.latLngToContainerPoint([arguments[0], arguments[1]]); return [p.x, p.y];",
            places[key].y,
            places[key].x,
        )
        left, top, right, bottom = large_phone.box(".folium-map")
        assert bottom == 844 / 2
        assert left < x < right
        assert top < top + y < bottom


def test_a_chosen_area_is_shown_with_its_surroundings(large_phone, exported):
    """It takes about a third of the map along the side that it fills first: 1 of 1 + 2 x 1.1."""
    for key in exported.index[[0, 44, 89]]:
        large_phone.search(key)
        west, south, east, north = exported.geometry[[key]].to_crs("EPSG:4326").total_bounds
        corner = "const p = map_quartiersatlas.latLngToContainerPoint([arguments[0], arguments[1]]); return [p.x, p.y];"
        (x0, y0), (x1, y1) = large_phone.run(corner, north, west), large_phone.run(corner, south, east)
        left, top, right, bottom = large_phone.box(".folium-map")
        assert 0.2 < max((x1 - x0) / (right - left), (y1 - y0) / (bottom - top)) <= 1 / 3.2 + 0.01


def test_the_whole_city_stays_in_sight_when_the_sheet_takes_half_of_the_map(phone, exported):
    west, south, east, north = exported.to_crs("EPSG:4326").total_bounds
    script = (
        "return map_quartiersatlas.getBounds().contains([[arguments[0], arguments[1]], [arguments[2], arguments[3]]])"
    )
    for _ in range(2):
        assert phone.run(script, south, west, north, east)
        tap(phone, "#qa-handle")
        phone.drawn()


def test_a_low_phone_keeps_room_for_the_map_above_the_half_open_sheet(page, sample, exported):
    page.open(sample.folder / "atlas.html", SMALL_PHONE)
    page.search(exported.index[0])
    assert sheet(page)[0] == "half"
    _, top, _, bottom = page.box(".folium-map")
    _, above, _, below = page.box(".qa-legend")
    assert bottom - top > 0.3 * 640
    assert below - above < 50  # folded to one line
    assert_nothing_covers_the_map(page)


def test_legend_and_layers_are_folded_open_with_a_tap_and_one_folds_the_other(phone):
    assert phone.text(".qa-legend") == "Sozialer Status (Klasse), 31.12.2024"
    assert phone.text(".leaflet-control-layers") == "Ebenen"
    for height in ("peek", "half"):
        assert sheet(phone)[0] == height
        tap(phone, ".qa-legend summary")
        assert "sehr niedrig" in phone.text(".qa-legend")
        assert_nothing_covers_the_map(phone)
        tap(phone, ".qa-layers summary")
        assert "Programmgebiete" in phone.text(".leaflet-control-layers")
        assert phone.text(".qa-legend") == "Sozialer Status (Klasse), 31.12.2024"
        assert_nothing_covers_the_map(phone)
        tap(phone, ".qa-layers summary")
        tap(phone, "#qa-handle")
    assert phone.run("return document.querySelector('.leaflet-control-layers').innerHTML").count("checkbox") == 5


def test_an_open_legend_stays_open_for_the_next_indicator(large_phone):
    tap(large_phone, ".qa-legend summary")
    large_phone.choose("SGB-II-Quote")
    assert "Stadt: " in large_phone.text(".qa-legend")
    large_phone.choose("Sozialer Status und Dynamik")
    assert_nothing_covers_the_map(large_phone)


def test_the_table_fills_the_map_and_leads_back(large_phone):
    tap(large_phone, "#qa-handle")
    large_phone.run("document.getElementById('qa-table-button').click()")
    assert sheet(large_phone)[0] == "peek"
    assert large_phone.box("#qa-table") == large_phone.box(".folium-map")
    tap(large_phone, ".qa-table-close")
    assert not large_phone.driver.find_element(By.CSS_SELECTOR, "#qa-table").is_displayed()
    large_phone.run("document.getElementById('qa-table-button').click()")
    tap(large_phone, "#qa-table tbody button")
    assert sheet(large_phone)[0] == "half"


@pytest.mark.parametrize("size", [PHONE, ACROSS])
def test_everything_one_taps_is_large_enough(page, sample, size):
    page.open(sample.folder / "atlas.html", size)
    page.choose("SGB-II-Quote")
    for open_first in (None, ".qa-legend summary", ".qa-layers summary", "#qa-handle"):
        if open_first:
            page.run("document.querySelector(arguments[0]).click()", open_first)
        targets = page.run(TARGETS)
        assert len(targets) > 7
        assert [target for target in targets if min(target[1:]) < 24] == []
    if size == PHONE:
        tall = {row[0]: row[2] for row in targets if "qa-handle" in row[0] or "<select" in row[0]}
        assert min(tall.values()) >= 40


def test_a_phone_held_across_has_map_and_panel_side_by_side(page, sample):
    page.open(sample.folder / "atlas.html", ACROSS)
    left, top, right, bottom = page.box(".folium-map")
    assert (left, bottom) == (0, 390)
    assert bottom - top > 0.65 * 390
    panel = page.box(".qa-sheet")
    assert (panel[0], panel[2]) == (right, 844)
    assert page.text(".qa-comment")
    assert not page.driver.find_element(By.CSS_SELECTOR, "#qa-handle").is_displayed()
    tap(page, ".qa-legend summary")
    controls = [page.box(control) for control in ON_THE_MAP]
    assert all(top <= box[1] < box[3] <= bottom for box in controls)
    assert not any(overlaps(page, ".qa-legend", other) for other in ON_THE_MAP[1:])
    assert page.run("return document.documentElement.scrollHeight") <= 390
