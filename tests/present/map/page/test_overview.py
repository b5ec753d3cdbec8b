"""The page of all municipalities in a browser: three levels, the list, nothing asked of anybody."""

from __future__ import annotations

import sys
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

import quartiersatlas as qa

sys.path.insert(0, str(Path(__file__).parents[3] / "nation"))
from small_nation import RATES, draw_nation

pytestmark = pytest.mark.browser
TOWNS, SIDE = 4, 1400
RULE = qa.above("mig_share", than="municipality", factor="1.5")
MEANING = qa.Indicator(
    id="mig_share",
    label_de="Anteil",
    label_en="share",
    role="index",
    direction=1,
    **{f"{side}_{lang}": side for side in ("numerator", "denominator") for lang in ("de", "en")},
)
LEVEL = "return document.getElementById('qa-legend').lastElementChild.textContent"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("overview")
    frame = draw_nation(7, towns=TOWNS)
    frame[["x", "y"]] += [4_321_000, 3_210_000]
    keys = sorted(frame["ags"].unique(), key=lambda ags: ags[2:])
    shapes = [shapely.box(4_321_000 + SIDE * k, 3_210_000, 4_321_000 + SIDE * (k + 1), 3_211_400) for k in range(TOWNS)]
    names = ["Aach", "Über <b>See</b>", "Celle", "Döbeln"]
    towns = gpd.GeoDataFrame({"ags": keys, "gen": names}, geometry=shapes, crs="EPSG:3035")
    options = {"layout": "plain", "population": "pop", "rates": RATES, "municipalities": towns, "name": "gen"}
    cells = qa.write_cells(frame, folder / "cells", **options)
    found = qa.screen_cells(cells, RULE, min_population=200, min_municipality=0)
    told = {"title": "Vermutungsgebiete", "source": "gezeichnet", "as_of": "2022-05-15", "comment": "Probe."}
    path = qa.overview_map(found.release(**told, indicators=[MEANING])).save(folder / "deutschland.html")
    return path, found.public_quarters()


def test_the_page_shows_its_levels_and_asks_nobody(page, written):
    path, quarters = written
    page.open(path)
    assert page.texts("#qa-towns li button") == ["Aach", "Celle", "Döbeln", "Über <b>See</b>"]
    seen = {page.run(LEVEL)}
    for _ in range(8):
        page.run("document.querySelector('.leaflet-control-zoom-out').click()")
        page.driver.execute_async_script("setTimeout(arguments[0], 350)")
        seen.add(page.run(LEVEL))
    assert len(seen) == 3
    assert all(words.startswith(("Ein Kreis je Kommune", "Ein Kreis je Quartier", "Umrisse")) for words in seen)
    page.driver.find_element("css selector", "#qa-filter").send_keys("über")
    shown = [text for text in page.texts("#qa-towns li") if text]
    assert len(shown) == 1
    page.driver.find_element("css selector", "#qa-towns li:not([hidden]) button").click()
    page.drawn()
    assert page.text("#qa-area h2") == "Über <b>See</b>"
    mine = quarters[quarters["municipality"] == "Über <b>See</b>"]
    assert len(page.texts("#qa-area li button")) == len(mine) >= 1
    page.driver.find_element("css selector", "#qa-area li button").click()
    page.driver.execute_async_script("setTimeout(arguments[0], 500)")
    assert page.run(LEVEL).startswith("Umrisse")
    assert page.errors() == []
    assert all(url.startswith(("file:", "data:", "about:")) for url in page.requests())
