"""How areas of the shortlist are marked: strongly where nearly every run selects them, weakly at the border."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.disclosure.release import ReleasedStability

pytestmark = pytest.mark.browser

DARK = 110  # below this a pixel belongs to a line of the hatch, on the light classes used here


@pytest.fixture
def judged(town):
    """Return a release of twelve areas, four of them selected: two surely, two at the border; one more nearly."""
    shortlist = qa.screen(town, qa.worst_share("sgb2_rate", 1 / 3))
    labels = pd.Series("not_selected", index=town.areas.index)
    labels[["11", "12"]] = "certain"
    labels[["08", "09", "10"]] = "borderline"
    p = labels.map({"not_selected": 0.0, "borderline": 0.5, "certain": 0.98})
    words = {"title": "Bedarfslagen", "source": "Amt", "as_of": "2024", "comment": "Ein Kommentar."}
    release = qa.release(town, shortlist=shortlist, **words)
    notes = {"de": ("1.000 Durchläufe",), "en": ("1,000 runs",)}
    return replace(release, stability=ReleasedStability(pd.DataFrame({"label": labels, "p_selected": p}), notes))


def dark(page, place):
    """Return the share of dark pixels around a place."""
    found = page.colors(place, half=12)
    return sum(int(color[1:3], 16) < DARK and int(color[5:7], 16) < DARK for color in found) / len(found)


def rows(page):
    return {row["label"]: (row["count"], row["pattern"]) for row in page.legend()}


def test_the_hatch_is_weaker_at_the_border_and_the_class_shows_through_both(show, judged):
    page = show(judged)
    place = judged.areas.geometry.representative_point().to_crs("EPSG:4326")
    # all of them in the lightest class, so that nothing but the hatch is dark
    page.choose_classes("natürliche Grenzen (Jenks)")
    sure, border, plain = (dark(page, place[key]) for key in ("12", "09", "02"))
    assert plain == 0
    assert 0 < border < 0.8 * sure
    for key in ("12", "09"):
        fills = pd.Series(page.colors(place[key], half=12)).value_counts(normalize=True)
        assert fills.index[0] in {row["color"] for row in page.legend()}
        assert fills.iloc[0] > 0.4, "the class is the most frequent colour inside"


def test_the_legend_tells_sure_borderline_and_nearly_selected_areas_apart(show, judged):
    found = rows(show(judged))
    assert found["Gebiet mit erhöhtem Unterstützungsbedarf"] == ("(2)", True)
    assert found["Gebiet mit erhöhtem Unterstützungsbedarf, Grenzfall"] == ("(2)", True)
    assert found["nicht ausgewählt, aber Grenzfall"] == ("(1)", False)


def test_without_runs_nothing_is_said_about_the_border(show, judged):
    found = rows(show(replace(judged, stability=None)))
    assert found["Gebiet mit erhöhtem Unterstützungsbedarf"] == ("(4)", True)
    assert not [label for label in found if "Grenzfall" in label]


def test_a_selected_area_that_hardly_any_run_selects_is_no_sure_one(show, judged):
    table = judged.stability.table.copy()
    table.loc["12", ["label", "p_selected"]] = ["not_selected", 0.05]
    found = rows(show(replace(judged, stability=replace(judged.stability, table=table))))
    assert found["Gebiet mit erhöhtem Unterstützungsbedarf"] == ("(1)", True)
    assert found["Gebiet mit erhöhtem Unterstützungsbedarf, Grenzfall"] == ("(3)", True)


def test_an_area_too_small_for_a_hatch_gets_a_ring(show, judged):
    page = show(judged)
    place = judged.areas.geometry.representative_point().to_crs("EPSG:4326")["12"]

    def ring():
        """Return how dark the circle of six pixels around the place is."""
        side = 25
        found = page.colors(place, half=12)
        steps = ((6, 0), (-6, 0), (0, 6), (0, -6), (4, 4), (-4, 4), (4, -4), (-4, -4))
        on = [(12 + dy) * side + 12 + dx for dx, dy in steps]
        return sum(int(found[i][5:7], 16) < DARK and found[i] != "#00000000" for i in on)

    page.run("map_quartiersatlas.setZoom(9, { animate: false })")
    page.drawn()
    assert ring() >= 6
    page.run("map_quartiersatlas.setZoom(14, { animate: false })")
    page.drawn()
    assert ring() < 6


def test_a_small_area_that_is_looked_for_is_brought_closer(show, judged):
    page = show(judged)
    page.run("map_quartiersatlas.setZoom(8, { animate: false })")
    page.driver.find_element("css selector", ".qa-search").send_keys("05\n")
    page.drawn()
    assert page.run("return map_quartiersatlas.getZoom()") > 11
    near = page.run("return map_quartiersatlas.getZoom()")
    page.driver.find_element("css selector", ".qa-search").send_keys("\b\b06\n")
    page.drawn()
    assert page.run("return map_quartiersatlas.getZoom()") == near, "it is large enough already"


def test_a_release_without_columns_shows_the_areas_and_what_is_selected(show, town):
    shortlist = qa.screen(town, qa.worst_share("sgb2_rate", 0.25))
    words = {"title": "Auswahl", "source": "Amt", "as_of": "2024", "comment": "Ein Kommentar."}
    page = show(qa.release(town, columns=[], shortlist=shortlist, **words))
    assert rows(page) == {
        "Gebiete": ("(12)", False),
        "Gebiet mit erhöhtem Unterstützungsbedarf": ("(3)", True),
    }
    page.driver.find_element("css selector", ".qa-search").send_keys("12\n")
    assert page.text(".qa-area-name") == "Gebiet 12"
    page.driver.find_element("css selector", "#qa-table-button").click()
    assert len(page.texts("#qa-table tbody tr")) == 12
    assert page.errors() == []


@pytest.mark.parametrize(("lang", "words", "others"), [
    ("en", ("certain", "borderline", "not selected"), ("sicher", "Grenzfall", "nicht ausgewählt")),
    ("de", ("sicher", "Grenzfall", "nicht ausgewählt"), ("certain", "borderline", "not selected")),
])  # fmt: skip
def test_labels_of_stability_stand_in_the_language_of_the_reader(show, judged, tmp_path, lang, words, others):
    page = show(judged, lang=lang)
    page.driver.find_element("css selector", "#qa-table-button").click()
    said = page.drawn().text("#qa-table")
    seen = page.run("return document.body.innerText")
    report = qa.report(judged, tmp_path / "a.html", lang=lang).read_text(encoding="utf-8")
    for shown in (said, report):
        assert all(word in shown for word in words)
    for shown in (said, seen, report, qa.profile(judged, "12", lang=lang, format="markdown")):
        assert not any(word in shown for word in others)
