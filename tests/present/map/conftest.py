"""One headless Chromium for all tests of the page, without name resolution; pages are opened as files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from quartiersatlas import atlas_map

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    # a machine without a mouse: pages take it for a touch screen
    "--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4",
    "--window-size=1280,800",
)
NO_NAMES = "--host-resolver-rules=MAP * ~NOTFOUND"
DESKTOP = (1280, 800)
SAMPLE = Path(__file__).parents[3] / "sample_data"

DRAWN = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(done));"
ONE_TOOLTIP = """
const [selector, done] = arguments;
const tips = () => [...document.querySelectorAll(selector)];
const ready = () => tips().length === 1 && getComputedStyle(tips()[0]).opacity > 0.5;
const wait = (left) => (left && !ready() ? setTimeout(wait, 20, left - 1) : done());
wait(100);"""
BOX = """
const box = document.querySelector(arguments[0]).getBoundingClientRect();
return [box.left, box.top, box.right, box.bottom];"""
LEGEND = """
return [...document.querySelectorAll(".qa-legend-row")].map((row) => {
  const look = getComputedStyle(row.querySelector(".qa-swatch"));
  const parts = look.backgroundColor.match(/\\d+/g).slice(0, 3);
  return {
    label: row.querySelector(".qa-legend-label").textContent,
    count: row.querySelector(".qa-count").textContent,
    color: "#" + parts.map((n) => (+n).toString(16).padStart(2, "0")).join(""),
    pattern: look.backgroundImage !== "none",
    residents: row.querySelector(".qa-residents")?.textContent ?? null,
  };
});"""
SCREEN_POINT = """
const map = Object.entries(window).find(([name, value]) => name.startsWith("map_") && value instanceof L.Map)[1];
const box = map.getContainer().getBoundingClientRect();
const onScreen = ([latitude, longitude]) => {
  const point = map.latLngToContainerPoint([latitude, longitude]);
  return [box.left + point.x, box.top + point.y];
};
"""
COLORS = (
    SCREEN_POINT
    + """
const [places, half] = arguments;
const canvas = map.getPane("overlayPane").querySelector("canvas");
const frame = canvas.getBoundingClientRect();
const scale = canvas.width / frame.width;
const side = 2 * half + 1;
return places.map((place) => {
  const [x, y] = onScreen(place);
  const [left, top] = [Math.round((x - frame.left) * scale) - half, Math.round((y - frame.top) * scale) - half];
  const pixels = canvas.getContext("2d").getImageData(left, top, side, side).data;
  const part = (n) => n.toString(16).padStart(2, "0");
  const seeThrough = (i) => (pixels[i + 3] < 255 ? part(pixels[i + 3]) : "");
  const hex = (i) => "#" + part(pixels[i]) + part(pixels[i + 1]) + part(pixels[i + 2]) + seeThrough(i);
  return Array.from({ length: side * side }, (_, i) => hex(4 * i));
});"""
)


@pytest.fixture(scope="session")
def node_modules():
    """Return the folder of the npm packages that check the page, or skip where it is missing."""
    here = Path(__file__).parent
    folder = here / "node_modules"
    if not folder.is_dir():
        where = here.relative_to(Path(__file__).parents[3]).as_posix()
        pytest.skip(f"{where} lacks its npm packages: (cd {where} && npm install --no-save --no-audit --no-fund)")
    return folder


class Page:
    """A page in the browser, and what a reader sees of it."""

    def __init__(self, driver):
        self.driver = driver

    def open(self, path, size=DESKTOP):
        """Open a file in a window of this size; forget what was logged before."""
        width, height = size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self.driver.get(Path(path).as_uri())
        return self.drawn()

    def without_charts(self):
        """Close the drawer of charts: the map has its room."""
        if self.run("return !document.getElementById('qa-charts').hidden"):
            self.driver.find_element("css selector", "#qa-charts-button").click()
        return self.drawn()

    def drawn(self):
        """Wait until the canvas is painted."""
        self.driver.execute_async_script(DRAWN)
        return self

    def run(self, script, *arguments):
        """Run JavaScript and return what it returns."""
        return self.driver.execute_script(script, *arguments)

    def text(self, selector):
        """Return the visible text of an element."""
        return self.driver.find_element("css selector", selector).text

    def texts(self, selector):
        """Return the visible texts of all such elements."""
        return [found.text for found in self.driver.find_elements("css selector", selector)]

    def choose(self, label):
        """Choose an indicator by its label."""
        from selenium.webdriver.support.select import Select

        Select(self.driver.find_element("css selector", ".qa-select")).select_by_visible_text(label)
        return self.drawn()

    def search(self, text):
        """Look for an area by name or key, as a reader does."""
        from selenium.webdriver.common.keys import Keys

        box = self.driver.find_element("css selector", ".qa-search")
        box.clear()
        box.send_keys(text, Keys.ENTER)
        return self.drawn()

    def switch(self, layer):
        """Switch a layer of the map on or off; on a low map the box of layers is unfolded first."""
        self.run("document.querySelector('.qa-layers').open = true")
        labels = self.driver.find_elements("css selector", ".qa-layers label")
        next(label for label in labels if label.text.strip() == layer).click()
        return self.drawn()

    def choose_classes(self, label):
        """Choose how the column is divided into classes."""
        from selenium.webdriver.support.select import Select

        Select(self.driver.find_element("css selector", ".qa-scheme")).select_by_visible_text(label)
        return self.drawn()

    def legend(self):
        """Return the rows of the legend: label, count as written, colour, whether it has a pattern."""
        return self.run(LEGEND)

    def colors(self, place, half=0):
        """Return the colours of the canvas around a place, a shapely point in degrees; "#rrggbbaa" if see-through."""
        return self.all_colors([place], half)[0]

    def all_colors(self, places, half=0):
        """Return the colours around each of many places."""
        return self.run(COLORS, [[place.y, place.x] for place in places], half)

    def hover(self, place, tooltip=".qa-tip"):
        """Move the mouse over a place and return the text of the tooltip."""
        from selenium.webdriver.common.action_chains import ActionChains

        x, y = self.run(SCREEN_POINT + "return onScreen(arguments[0]);", [place.y, place.x])
        chain = ActionChains(self.driver, duration=0)
        chain.w3c_actions.pointer_action.move_to_location(round(x) - 1, round(y))
        chain.w3c_actions.pointer_action.move_to_location(round(x), round(y))
        chain.perform()
        self.driver.execute_async_script(ONE_TOOLTIP, tooltip)
        return self.text(tooltip)

    def box(self, selector):
        """Return left, top, right and bottom of an element in the window."""
        return self.run(BOX, selector)

    def errors(self):
        """Return what the console says since the page was opened."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self):
        """Return every address asked for since the page was opened."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]


def start_chromium(profile, *more_flags):
    """Start Chromium, or skip where it or its driver is missing."""
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or chromedriver is None:
        pytest.skip("Chromium and chromedriver are needed to look at the page; they are not on the PATH.")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={profile}", *more_flags):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=Service(chromedriver))


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    """Return the browser without name resolution."""
    driver = start_chromium(tmp_path_factory.mktemp("profile"), NO_NAMES)
    yield driver
    driver.quit()


@pytest.fixture
def page(chromium):
    """Return a window to open pages in."""
    return Page(chromium)


@pytest.fixture
def page_with_names(tmp_path):
    """Return a window of a browser that may resolve names."""
    driver = start_chromium(tmp_path / "profile")
    yield Page(driver)
    driver.quit()


@pytest.fixture
def atlas(page, sample):
    """Return the map of the sample city, opened."""
    return page.open(sample.folder / "atlas.html")


@pytest.fixture(scope="session")
def english(sample, tmp_path_factory):
    """Return the file with the English map of the sample city."""
    return atlas_map(sample.release, "en").save(tmp_path_factory.mktemp("english") / "atlas.html")


@pytest.fixture
def show(page, tmp_path):
    """Return a function that opens the map of a release."""

    def open_release(release, size=DESKTOP, lang="de"):
        return page.open(atlas_map(release, lang).save(tmp_path / "atlas.html"), size)

    return open_release


@pytest.fixture(scope="session")
def places(exported):
    """Return a point in degrees well inside each area of the sample city."""
    return exported.geometry.representative_point().to_crs("EPSG:4326")


@pytest.fixture(scope="session")
def clear(exported, places):
    """Return the areas whose point lies well away from borders, facilities and outlines of programme areas."""
    import geopandas as gpd

    centre = exported.geometry.representative_point()
    facilities = gpd.read_file(SAMPLE / "einrichtungen.geojson").geometry.union_all()
    programmes = gpd.read_file(SAMPLE / "programmgebiete.geojson").geometry.union_all().boundary
    away = (
        (centre.distance(exported.geometry.boundary) > 150)
        & (centre.distance(facilities) > 200)
        & (centre.distance(programmes) > 150)
    )
    return places[away]
