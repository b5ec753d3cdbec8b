"""The map of Berlin with four dates: 542 areas of real open data, on a screen and on a phone."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from selenium.webdriver.support.select import Select

import quartiersatlas as qa

pytestmark = [pytest.mark.browser, pytest.mark.shared_data]

MH = "inhabitants_with_migration_background"
YEARS = (2024, 2023, 2022, 2021)
LIMITS = re.compile(r"([\d,]+) bis (unter )?([\d,]+)|([\d,]+) und mehr|unter ([\d,]+)")
APART = """
const parts = ".qa-legend, .leaflet-control-zoom, .leaflet-control-scale, .qa-head, .qa-foot";
const boxes = [...document.querySelectorAll(parts)]
  .filter((node) => node.offsetParent).map((node) => [node.className, node.getBoundingClientRect()]);
const across = (a, b) => a.left < b.right - 1 && b.left < a.right - 1;
const down = (a, b) => a.top < b.bottom - 1 && b.top < a.bottom - 1;
return boxes.flatMap(([one, a], i) =>
  boxes.slice(i + 1).filter(([, b]) => across(a, b) && down(a, b)).map(([two]) => one + " / " + two));"""


@pytest.fixture(scope="module")
def population(shared):
    """Return residents and persons with migration background of each date, read by hand."""
    folder = shared / "berlin" / "population"
    return {
        year: pd.read_csv(folder / f"berlin-lor-population-{year}-02-t1-planning-areas.csv", dtype={"id": str})
        .set_index("id")[["inhabitants", MH]]
        .astype(float)
        for year in YEARS
    }


@pytest.fixture(scope="module")
def berlin(shared, population, tmp_path_factory):
    """Return the file with the map of Berlin."""
    file = shared / "berlin" / "lor_post2021_PLR" / "lor_planungsraeume_2021.shp"
    areas = qa.read_areas(file, key="PLR_ID", name="PLR_NAME", parents={"bezirk": "BEZ"})
    words = {"title": "Berlin", "source": "Amt für Statistik Berlin-Brandenburg", "comment": "Prüflauf"}

    def released(year):
        data = qa.join(areas, population[year], population="inhabitants", period=str(year))
        return qa.release(qa.add_rates(data, {"mh_share": (MH, "inhabitants")}), as_of=f"31.12.{year}", **words)

    latest, *earlier = map(released, YEARS)
    return qa.atlas_map(latest, earlier=earlier).save(tmp_path_factory.mktemp("berlin") / "berlin.html")


def number(german):
    return float(german.replace(".", "").replace(",", "."))


def test_every_date_counts_its_areas_by_the_limits_of_the_latest(page, berlin, population):
    page.open(berlin)
    starts = None
    for year in YEARS:
        Select(page.driver.find_element("css selector", ".qa-year")).select_by_visible_text(f"31.12.{year}")
        page.drawn()
        rows = [(LIMITS.fullmatch(row["label"]), row) for row in page.legend()]
        classes = [(found, int(row["count"].strip("()"))) for found, row in rows if found]
        assert len(classes) == 5
        lower = [number(found[1] or found[4]) for found, _ in classes[1:]]
        starts = starts or lower
        assert lower == starts
        table = population[year]
        share = (100 * table[MH] / table["inhabitants"])[table["inhabitants"] >= 300].round(1)
        expected = pd.cut(share, [-1, *starts, 101], right=False).value_counts(sort=False)
        hidden = sum(int(row["count"].strip("()")) for _, row in rows if row["label"] == "geschützt")
        # protected areas stand in no class
        assert sum(count for _, count in classes) == len(share) - hidden
        assert sum(abs(count - n) for (_, count), n in zip(classes, expected, strict=True)) <= hidden
        city = 100 * table[MH].sum() / table["inhabitants"].sum()
        assert page.text(".qa-legend-city").startswith(f"Stadt: {city:.1f}".replace(".", ","))
    assert page.errors() == []
    assert [url for url in page.requests() if not url.startswith(("file:", "data:", "about:"))] == []


@pytest.mark.parametrize("size", [(1280, 800), (1024, 700), (390, 844)])
def test_nothing_lies_over_anything_else(page, berlin, size):
    page.open(berlin, size)
    assert page.run(APART) == []
    assert page.text("h1") == "Berlin"
