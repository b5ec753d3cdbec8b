"""The page says why a value is not shown: in the legend, in the tooltip, in the panel and in the table."""

from __future__ import annotations

import pytest

from quartiersatlas.catalogue.texts import texts

pytestmark = pytest.mark.browser

GAPS = {
    "few": "small_area",
    "unknown": "unknown_residents",
    "secret": "source",
    "small": "protected",
    "gap": "missing",
    "empty": "not_applicable",
    "nobody": "uninhabited",
}
NO_PART = "const part = document.querySelector('#qa-area .qa-why'); return part ? part.textContent : null"


@pytest.mark.parametrize("lang", ["de", "en"])
def test_legend_tooltip_and_panel_give_the_reason_of_each_area(kinds, show, lang):
    position = 0 if lang == "de" else 1
    page = show(kinds, lang=lang)
    page.choose(texts_of_rate(kinds, lang))
    rows = {row["label"]: row["count"] for row in page.legend()}
    points = kinds.areas.geometry.representative_point().to_crs("EPSG:4326")
    for key, gap in GAPS.items():
        short, long = texts()[f"gap_{gap}"][position], texts()[f"why_{gap}"][position]
        assert rows[short] == "(1)"
        tip = page.hover(points[key])
        assert f": {short}" in tip
        assert long in tip
        panel = page.search(key).text("#qa-area")
        assert short in panel
        assert long in panel
    assert page.errors() == []


def test_an_area_that_shows_all_gives_no_reason(kinds, show):
    assert show(kinds).search("shown4").run(NO_PART) is None


def test_a_class_says_that_a_value_it_is_made_of_is_not_shown(kinds, show):
    panel = show(kinds).search("small").text("#qa-area")
    assert texts()["gap_derived"][0] in panel
    assert texts()["why_derived"][0] in panel


def texts_of_rate(kinds, lang):
    return kinds.column("sgb2_rate").indicator.label(lang)
