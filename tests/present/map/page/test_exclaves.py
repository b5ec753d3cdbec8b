"""A far exclave on the page: in a small map of its own; the city is seen as large as without it."""

from __future__ import annotations

import json
import re

import pytest
from selenium.webdriver.common.keys import Keys

import quartiersatlas as qa
from quartiersatlas.present.map.payload import map_json

pytestmark = pytest.mark.browser

PHONE = (390, 844)
SEEN = """
const bounds = map_quartiersatlas.getBounds();
return [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];"""
INSET_COLOR = """
const canvas = document.querySelector(".qa-inset-map canvas");
const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
const found = {};
for (let i = 0; i < pixels.length; i += 4) {
  if (pixels[i + 3] < 255) continue;
  const hex = "#" + [0, 1, 2].map((k) => pixels[i + k].toString(16).padStart(2, "0")).join("");
  found[hex] = (found[hex] ?? 0) + 1;
}
return found;"""


@pytest.fixture
def seaside(show, coast):
    return show(coast)


def degrees(coast, rows):
    return coast.areas.geometry.iloc[rows].to_crs("EPSG:4326").total_bounds


def test_the_start_view_is_the_main_part(seaside, coast):
    west, south, east, north = seaside.run(SEEN)
    city = degrees(coast, slice(None, -1))
    assert west < city[0] < city[2] < east
    assert south < city[1] < city[3] < north
    assert (north - south) < 2 * (city[3] - city[1])
    assert seaside.errors() == []
    assert not [url for url in seaside.requests() if not url.startswith(("file:", "data:"))]


@pytest.mark.parametrize("size", [(1280, 800), (1000, 620), PHONE], ids=["desktop", "small", "phone"])
def test_the_inset_is_framed_named_and_beside_the_other_boxes(show, coast, size):
    page = show(coast, size)
    assert page.text(".qa-inset figcaption").splitlines() == ["Vogelsand", "nicht lagegetreu, anderer Maßstab"]
    left, top, right, bottom = page.box(".qa-inset")
    assert right - left >= 100
    assert page.run("return getComputedStyle(document.querySelector('.qa-inset')).borderTopWidth") == "1px"
    for other in (".qa-legend", ".leaflet-control-zoom", ".leaflet-control-layers", ".leaflet-control-scale"):
        x0, y0, x1, y1 = page.box(other)
        assert x1 <= left or right <= x0 or y1 <= top or bottom <= y0, other


def test_the_inset_follows_class_and_filter(seaside):
    class_of_island = next(row["color"] for row in reversed(seaside.legend()) if row["color"] != "#ffffff")
    assert seaside.run(INSET_COLOR).get(class_of_island, 0) > 200
    seaside.driver.find_elements("css selector", ".qa-legend-button")[0].click()  # the lowest class
    seaside.drawn()
    assert seaside.run(INSET_COLOR).get(class_of_island, 0) < 50


def test_a_click_on_the_island_opens_its_panel_and_the_main_part_stays(seaside):
    before = seaside.run(SEEN)
    seaside.driver.find_element("css selector", ".qa-inset-map").click()
    assert seaside.drawn().text(".qa-area-name") == "Vogelsand"
    assert seaside.run(INSET_COLOR).get("#ffd400", 0) > 20  # the ring
    assert seaside.run(SEEN) == pytest.approx(before)


def test_the_search_finds_it_in_the_inset(seaside):
    before = seaside.run(SEEN)
    seaside.search("Vogelsand")
    assert seaside.text(".qa-area-name") == "Vogelsand"
    assert seaside.run(SEEN) == pytest.approx(before)


def test_the_name_is_a_button_that_shows_it_in_its_true_position(seaside, coast):
    button = seaside.driver.find_element("css selector", ".qa-inset-show")
    assert button.get_attribute("title") == "Vogelsand auf der Karte zeigen"
    button.send_keys(Keys.ENTER)
    west, south, east, north = seaside.drawn().run(SEEN)
    island = degrees(coast, slice(-1, None))
    assert west < island[0] < island[2] < east
    assert south < island[1] < island[3] < north
    seaside.driver.find_element("css selector", ".qa-zoom-city").click()
    city = degrees(coast, slice(None, -1))
    west, south, east, north = seaside.drawn().run(SEEN)
    assert west < city[0] < city[2] < east


def test_a_screen_reader_hears_that_the_position_is_not_true(seaside):
    sheet = seaside.driver.find_element("css selector", ".qa-inset-map")
    assert sheet.get_attribute("role") == "img"
    assert sheet.get_attribute("aria-label") == "Vogelsand, nicht lagegetreu, anderer Maßstab"


def test_candidates_are_drawn_in_the_inset_and_switched_with_those_of_the_map(seaside):
    accent = "#b3005e"
    assert seaside.run(INSET_COLOR).get(accent, 0) > 20
    assert seaside.switch("Zusammenhängende Prüfgebiete").run(INSET_COLOR).get(accent, 0) == 0


def test_it_is_printed(seaside):
    seaside.run("window.dispatchEvent(new Event('beforeprint'))")
    seaside.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert seaside.drawn().run("return document.querySelector('.qa-inset').checkVisibility()")
    west, _, east, _ = seaside.run(SEEN)
    seaside.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert east - west < 0.5  # degrees: not the 75 km to the island


def test_two_maps_side_by_side_show_the_main_part(seaside, coast):
    seaside.driver.find_element("css selector", "#qa-compare-button").click()
    west, _, east, _ = seaside.drawn().run(SEEN)
    city = degrees(coast, slice(None, -1))
    assert west < city[0] < city[2] < east
    assert east - west < 3 * (city[2] - city[0])
    assert seaside.errors() == []


def test_the_method_names_it(coast):
    pages = [qa.atlas_map(coast, lang).html() for lang in ("de", "en")]
    assert "in einem eigenen Rahmen, nicht lagegetreu: Vogelsand." in pages[0]
    assert "in a frame of its own, not in its true position: Vogelsand." in pages[1]


def test_a_city_in_one_piece_has_no_inset(town, sample):
    for release in (qa.release(town), sample.release):
        data = json.loads(map_json(release, "de"))
        assert "exclaves" not in data
        assert "main" not in data
        assert not re.search("lagegetreu", qa.atlas_map(release).html())


CITY_BOX = (
    "const {left, top} = map_quartiersatlas.getContainer().getBoundingClientRect();"
    "const [a, b] = [...arguments].map((place) => map_quartiersatlas.latLngToContainerPoint(place));"
    "return [left + a.x, top + b.y, left + b.x, top + a.y];"
)


@pytest.mark.parametrize(
    ("size", "compared"),
    # two maps in a small window: beside the inset the city would lose more than a fifth of its size
    [((1280, 800), False), ((1000, 620), False), (PHONE, False), ((1280, 800), True), (PHONE, True)],
    ids=["desktop", "small", "phone", "two maps", "two maps on a phone"],
)
def test_the_inset_covers_no_part_of_the_city(show, coast, size, compared):
    page = show(coast, size)
    if compared:
        if size == PHONE:
            page.run("document.getElementById('qa-handle').click()")
        page.run("document.getElementById('qa-compare-button').click()")
        page.drawn()
    west, south, east, north = degrees(coast, slice(None, -1))
    x0, y0, x1, y1 = page.run(CITY_BOX, [south, west], [north, east])
    left, top, right, bottom = page.box(".qa-inset")
    assert x1 <= left or right <= x0 or y1 <= top or bottom <= y0
