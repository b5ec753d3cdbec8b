"""On paper: map and legend first, everything unfolded, no controls, no empty pages; afterwards all is as before."""

from __future__ import annotations

import base64
import io

import pandas as pd
import pypdf
import pytest
from selenium.webdriver.common.by import By

import quartiersatlas as qa

pytestmark = pytest.mark.browser

STATE = """
const open = [...document.querySelectorAll("details")].map((d) => d.open);
const centre = map_quartiersatlas.getCenter();
const size = map_quartiersatlas.getSize();
const places = ["qa-definition"].map((id) => document.getElementById(id).parentElement.className);
const legend = document.querySelector(".qa-legend").parentElement.className;
return [open, centre.lat, centre.lng, map_quartiersatlas.getZoom(), size.x, size.y, places, legend];"""
CUT = """
const width = document.documentElement.clientWidth;
return [...document.querySelectorAll("#qa-table th, #qa-table td")]
  .filter((cell) => cell.getBoundingClientRect().right > width + 1).map((cell) => cell.textContent);"""
MM = 96 / 25.4


def pages(page, *, landscape=False):
    """Print to A4 and return the text of each page."""
    options = {"paperWidth": 8.27, "paperHeight": 11.69, "landscape": landscape, "printBackground": True}
    margins = dict.fromkeys(("marginTop", "marginBottom", "marginLeft", "marginRight"), 12 / 25.4)
    result = page.driver.execute_cdp_cmd("Page.printToPDF", options | margins)
    document = pypdf.PdfReader(io.BytesIO(base64.b64decode(result["data"])))
    return [" ".join(sheet.extract_text().split()) for sheet in document.pages]


@pytest.fixture
def on_paper(atlas):
    """Return the page as it is laid out for paper, 186 mm wide."""
    metrics = {"width": round(186 * MM), "height": 1000, "deviceScaleFactor": 1, "mobile": False}
    atlas.run("window.dispatchEvent(new Event('beforeprint'))")
    atlas.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    atlas.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    yield atlas.drawn()
    atlas.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


@pytest.mark.parametrize("landscape", [False, True])
def test_the_first_page_has_title_notice_map_legend_and_source_the_others_the_rest(atlas, landscape):
    first, *rest = pages(atlas, landscape=landscape)
    for words in (
        "Bedarfslagen in der Beispielstadt",
        "Synthetische Daten - keine reale Stadt",
        "Sozialer Status (Klasse)",
        "sehr niedrig",
        "Gebiet mit erhöhtem Unterstützungsbedarf",
        "Quelle: Statistikstelle der Beispielstadt (synthetisch), eigene Berechnung · Stand: 31.12.2024",
        "P1",
    ):
        assert words in first, words
    whole = " ".join([first, *rest])
    order = ["Quelle: ", "Kommentar", "Methode in Kürze", "Auf einen Blick", "Zusammenhängende Prüfgebiete P1"]
    places = [whole.index(words) for words in [*order, "Gebiete unter 300 Einwohnern zeigen keine Indikatoren."]]
    assert places == sorted(places)
    for control in ("Drucken", "Zur Tabelle", "Ort suchen", "Ebenen", "CSV", "aufklappen"):
        assert control not in whole


@pytest.mark.parametrize("landscape", [False, True])
def test_no_page_is_empty(show, town_release, atlas, landscape):
    for printed in (pages(atlas, landscape=landscape), pages(show(town_release), landscape=landscape)):
        assert min(len(text) for text in printed) > 60
    assert len(printed) <= 3


def test_on_a_phone_the_same_is_printed(page, sample):
    page.open(sample.folder / "atlas.html")
    large = pages(page)
    page.open(sample.folder / "atlas.html", (390, 844))
    small = pages(page)
    strip = lambda text: text.replace(" ", "")  # noqa: E731 - lines may break elsewhere
    assert [strip(text)[:400] for text in small] == [strip(text)[:400] for text in large]


def test_a_chosen_area_is_printed(atlas, exported):
    atlas.driver.find_element(By.CSS_SELECTOR, ".qa-search").send_keys(exported.index[3], "\n")
    printed = " ".join(pages(atlas))
    assert exported["name"].iloc[3] in printed
    assert "Balken: Wert des Gebiets" in printed
    assert printed.index("Balken: Wert des Gebiets") < printed.index("Kommentar")


def test_afterwards_the_page_is_as_it_was(atlas):
    atlas.run("map_quartiersatlas.setZoom(map_quartiersatlas.getZoom() + 1, { animate: false })")
    atlas.drawn()
    before, picture = atlas.run(STATE), atlas.driver.get_screenshot_as_png()
    pages(atlas)
    atlas.drawn()
    assert atlas.run(STATE) == before
    assert atlas.driver.get_screenshot_as_png() == picture
    assert atlas.errors() == []


def test_the_map_is_drawn_for_its_size_on_paper_with_two_dots_per_pixel(on_paper, exported):
    left, top, right, bottom = on_paper.box(".folium-map")
    assert (right - left, bottom - top) == pytest.approx((186 * MM, 120 * MM), abs=1)
    size = on_paper.run("const s = map_quartiersatlas.getSize(); return [s.x, s.y];")
    assert size == pytest.approx([186 * MM, 120 * MM], abs=1)
    dots = on_paper.run(
        "const c = document.querySelector('.folium-map canvas'); return c.width / c.getBoundingClientRect().width"
    )
    assert dots == pytest.approx(2, abs=0.01)
    west, south, east, north = exported.to_crs("EPSG:4326").total_bounds
    assert on_paper.run(
        "return map_quartiersatlas.getBounds().contains([[arguments[0], arguments[1]], [arguments[2], arguments[3]]])",
        *(south, west, north, east),
    )


def test_on_paper_all_is_open_white_in_its_colours_and_without_controls(on_paper):
    assert on_paper.run("return [...document.querySelectorAll('details:not(.qa-layers)')].every((d) => d.open)")
    assert on_paper.run("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert on_paper.run("return getComputedStyle(document.querySelector('.qa-swatch')).printColorAdjust") == "exact"
    controls = "button:not(.qa-legend-button, :has(canvas))"  # the small maps of other dates are content
    for selector in (controls, "select", "input", ".leaflet-control-zoom", ".qa-skip"):
        found = on_paper.driver.find_elements(By.CSS_SELECTOR, selector)
        assert found, selector
        assert [node.get_attribute("outerHTML") for node in found if node.is_displayed()] == [], selector
    assert on_paper.box(".qa-legend")[1] >= on_paper.box(".folium-map")[3]  # upright: below the map


def test_a_part_of_the_city_that_was_in_sight_stays_in_sight_on_paper(atlas, places):
    place = places.iloc[4]
    atlas.run("map_quartiersatlas.setView([arguments[0], arguments[1]], 15, { animate: false })", place.y, place.x)
    atlas.run("window.dispatchEvent(new Event('beforeprint'))")
    zoom = atlas.run("return map_quartiersatlas.getZoom()")
    inside = atlas.run("return map_quartiersatlas.getBounds().contains([arguments[0], arguments[1]])", place.y, place.x)
    assert zoom > 13.5
    assert inside
    atlas.run("window.dispatchEvent(new Event('afterprint'))")
    assert atlas.drawn().run("return map_quartiersatlas.getZoom()") == 15


def test_a_browser_that_measures_as_on_paper_until_the_event_is_over_shows_the_whole_map_again(atlas):
    before = atlas.run(STATE)
    atlas.run("""
        const paper = document.createElement("style");
        paper.textContent = ".folium-map { width: 186mm !important; height: 120mm !important; }";
        window.dispatchEvent(new Event("beforeprint"));
        document.head.append(paper);
        window.dispatchEvent(new Event("afterprint"));
        paper.remove();""")
    assert atlas.drawn().run(STATE) == before


def test_the_button_in_the_foot_prints(atlas):
    atlas.run("window.printed = 0; window.print = () => { window.printed += 1; };")
    button = atlas.driver.find_element(By.CSS_SELECTOR, "#qa-print-button")
    assert button.text == "Drucken"
    button.click()
    assert atlas.run("return window.printed") == 1


def test_an_open_table_is_printed_on_pages_of_its_own(atlas, exported):
    atlas.driver.find_element(By.CSS_SELECTOR, "#qa-table-button").click()
    printed = pages(atlas, landscape=True)
    assert "sehr niedrig" in printed[0]
    assert exported["name"].iloc[0] in " ".join(printed[1:])
    assert min(len(text) for text in printed) > 40


def rates_of(make_city, count):
    """Return a release with many rates: in area i the rate j is 10 + i + j / 10 percent."""
    keys = pd.Index([f"{i:02d}" for i in range(1, 7)], name="key")
    table = pd.DataFrame({"residents": [10_000.0] * 6}, index=keys)
    for j in range(count):
        table[f"count_{j}"] = [1000.0 + 100 * i + 10 * j for i in range(6)]
    data = make_city(table, parents={"bezirk": ["Nord"] * 6})
    return qa.release(qa.add_rates(data, {f"rate_{j:02d}": (f"count_{j}", "residents") for j in range(count)}))


@pytest.mark.parametrize("count", [14, 15, 40])  # 14 numbers have room beside name, key, parent, residents and reasons
def test_a_wide_table_is_printed_as_a_long_one_and_loses_no_figure(show, make_city, count):
    page = show(rates_of(make_city, count))
    page.driver.find_element(By.CSS_SELECTOR, "#qa-table-button").click()
    printed = "".join(pages(page, landscape=True)).replace(" ", "")
    labelled = count > 14
    for i in range(6):
        for j in range(count):
            value = f"{10 + i + j / 10:.1f}".replace(".", ",") + "\u202f%"
            words = f"rate_{j:02d}(%):{value}" if labelled else value
            assert words.replace("\u202f", "") in printed.replace("\u202f", ""), words
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    metrics = {"width": round(273 * MM), "height": 1000, "deviceScaleFactor": 1, "mobile": False}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        assert page.drawn().run(CUT) == []
    finally:
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
