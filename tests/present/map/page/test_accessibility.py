"""Everybody can use the page: axe-core finds no violation that is serious or critical, whatever is open."""

from __future__ import annotations

import pytest

import quartiersatlas as qa

pytestmark = pytest.mark.browser

PHONE = (390, 844)
GRAVE = ("serious", "critical")
AXE = """
const done = arguments[0];
axe.run(document, { resultTypes: ["violations"] }).then(
  ({ violations, passes }) => done({ violations, passed: passes.length }),
  (error) => done({ error: String(error) }),
);"""


@pytest.fixture(scope="module")
def axe(node_modules):
    return (node_modules / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def grave(page, axe):
    """Return a function: what axe-core holds against the page as it is shown, with rule, place and remedy."""

    def look():
        page.run(axe)
        found = page.driver.execute_async_script(AXE)
        assert found.get("passed", 0) > 20, found  # it has looked at something
        return [
            f"{violation['impact']} {violation['id']} at {node['target']}: {node['failureSummary']}"
            for violation in found["violations"]
            if violation["impact"] in GRAVE
            for node in violation["nodes"]
        ]

    return look


@pytest.mark.parametrize("lang", ["de", "en"])
@pytest.mark.parametrize("size", [(1280, 800), PHONE], ids=["desktop", "phone"])
def test_the_page_as_it_opens(page, sample, english, grave, lang, size):
    page.open(english if lang == "en" else sample.folder / "atlas.html", size)
    assert page.run("return document.querySelector('.qa-legend details').open") == (size != PHONE)
    assert grave() == []


@pytest.mark.parametrize("size", [(1280, 800), PHONE], ids=["desktop", "phone"])
def test_the_panel_of_an_area(page, sample, grave, size):
    page.open(sample.folder / "atlas.html", size).search("Speicherhöfe")
    assert page.text(".qa-area-name") == "Speicherhöfe"
    assert grave() == []


@pytest.mark.parametrize("size", [(1280, 800), PHONE], ids=["desktop", "phone"])
def test_the_table(page, sample, grave, size):
    page.open(sample.folder / "atlas.html", size)
    if page.driver.find_element(
        "css selector", ".qa-handle"
    ).is_displayed():  # on a phone the buttons stand in the sheet
        page.driver.find_element("css selector", ".qa-handle").click()
    page.driver.find_element("css selector", "#qa-table-button").click()
    assert page.run("return document.querySelectorAll('#qa-table tbody tr').length") == 90
    assert grave() == []


@pytest.mark.parametrize("size", [(1440, 900), (1024, 768), PHONE], ids=["drawer", "overlay", "sheet"])
def test_the_charts_of_an_area(page, sample, grave, size):
    page.open(sample.folder / "atlas.html", size).choose("SGB-II-Quote").search("Werftviertel")
    if size == (1024, 768):
        page.driver.find_element("css selector", "#qa-charts-button").click()
    if size == PHONE:
        page.driver.find_element("css selector", ".qa-handle").click()
    page.drawn().driver.find_element("css selector", ".qa-chart-certainty summary").click()
    assert page.run("return document.querySelectorAll('[role=slider]').length") > 1
    assert page.drawn().run("return document.querySelector('.qa-chart-certainty table').rows.length") > 10
    assert grave() == []


def test_the_legend_open_on_a_phone(page, sample, grave):
    page.open(sample.folder / "atlas.html", PHONE)
    page.driver.find_element("css selector", ".qa-legend-title").click()
    assert grave() == []


def test_the_matrix_of_two_axes_with_a_class_highlighted(atlas, grave):
    atlas.choose("Sozialer Status und Dynamik")
    atlas.driver.find_element("css selector", ".qa-matrix-cell").click()
    assert grave() == []


def test_a_draft_with_its_bands(show, town, grave):
    show(qa.release(town))
    assert grave() == []


def test_the_report(page, sample, grave):
    page.open(sample.folder / "bericht.html")
    assert grave() == []


def test_what_is_wrong_is_found(atlas, grave):
    atlas.run("document.querySelector('.qa-select').closest('label').replaceWith(document.querySelector('.qa-select'))")
    assert any("select-name" in found for found in grave())


@pytest.mark.parametrize("size", [(1280, 800), PHONE], ids=["desktop", "phone"])
def test_an_exclave_in_its_frame(show, coast, grave, size):
    assert show(coast, size).text(".qa-inset-show") == "Vogelsand"
    assert grave() == []
