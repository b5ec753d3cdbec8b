"""Small maps of all dates: the classes of the map, one button for each date."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select

pytestmark = pytest.mark.browser

MAPS = ".qa-multiples button"
SHARES = """
const hex = (data, i) => "#" + [0, 1, 2].map((k) => data[i + k].toString(16).padStart(2, "0")).join("");
return [...document.querySelectorAll(".qa-multiples canvas")].map((canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const counts = {};
  for (let i = 0; i < data.length; i += 4)
    if (data[i + 3] === 255) counts[hex(data, i)] = (counts[hex(data, i)] ?? 0) + 1;
  return counts;
});"""


@pytest.fixture
def dated(page, sample):
    page.open(sample.folder / "atlas.html")
    return page.choose("SGB-II-Quote")


def test_each_date_has_its_map_the_oldest_first(dated):
    assert [text.split("\n")[0] for text in dated.texts(MAPS)] == ["31.12.2022", "31.12.2024"]
    assert dated.texts(MAPS)[1].split("\n")[1] == dated.text(".qa-legend-city").replace("\n", " ")


def test_they_are_painted_in_the_classes_of_the_legend_by_the_area_they_take(dated, exported):
    """The surface of each class, of the released values; the borders between areas are lines of their own."""
    rows = [row for row in dated.legend() if " bis " in row["label"]]
    limits = [float(row["label"].split(" bis ")[0].replace(",", ".")) for row in rows]
    values, size = exported["sgb2_rate"].dropna(), exported.area
    number = values.map(lambda value: sum(value >= limit for limit in limits) - 1).clip(lower=0)
    surface = size.loc[number.index].groupby(number).sum() / size.loc[number.index].sum()
    painted = dated.run(SHARES)[1]
    total = sum(painted.get(row["color"], 0) for row in rows)
    for place, row in enumerate(rows):
        assert painted[row["color"]] / total == pytest.approx(surface[place], abs=0.03)


def test_a_click_shows_the_date_and_keeps_the_focus(dated):
    dated.driver.find_element(By.CSS_SELECTOR, MAPS).click()
    dated.drawn()
    year = Select(dated.driver.find_element(By.CSS_SELECTOR, ".qa-year"))
    assert year.first_selected_option.text == "31.12.2022"
    assert dated.run(
        "return document.activeElement.getAttribute('aria-pressed') + document.activeElement.innerText"
    ).startswith("true31.12.2022")


def test_what_has_one_date_has_no_small_maps(dated):
    dated.choose("Dynamik (Klasse)")
    assert dated.run("return document.querySelector('.qa-multiples').hidden")
