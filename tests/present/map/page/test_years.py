"""Several dates on one map: what may stand together, classes that stay the same, what the reader sees of each date."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import folium
import numpy as np
import pandas as pd
import pytest
from selenium.webdriver.support.select import Select

import quartiersatlas as qa
from quartiersatlas.disclosure.release import ReleasedStability
from quartiersatlas.errors import SpecError
from quartiersatlas.present.comparable import on_keys
from quartiersatlas.present.map.classes import quantile_breaks

WORDS = {"title": "Bedarfslagen", "source": "Statistikstelle", "comment": "Ein Kommentar."}
SHARES = {"2024": [0.10, 0.12, 0.14, 0.16, 0.18, 0.20, 0.22, 0.24, 0.26, 0.28, 0.30, 0.32]}
SHARES["2022"] = [share / 2 for share in SHARES["2024"]]


@pytest.fixture
def dated(make_city):
    """Return a function: a year -> the release of twelve areas at that date, with a shortlist."""

    def build(year, *, keys=range(12), columns=("sgb2_rate",), **words):
        index = pd.Index([f"{i:02d}" for i in range(1, 13)], name="key")[list(keys)]
        people = pd.Series(1000.0 + 100 * (year == "2022"), index=index)
        under = pd.Series(900.0, index=index)
        poor = (pd.Series(SHARES[year]).iloc[list(keys)].set_axis(index) * under).round()
        data = make_city(pd.DataFrame({"residents": people, "poor": poor, "under_65": under, "old": people - under}))
        data = qa.add_rates(data, {"sgb2_rate": ("poor", "under_65"), "senior_share_65": ("old", "residents")})
        shortlist = qa.screen(data, qa.worst_share("sgb2_rate", 0.25 if year == "2024" else 0.5))
        return qa.release(data, columns=columns, shortlist=shortlist, as_of=f"31.12.{year}", **(WORDS | words))

    return build


def content_of(atlas):
    return json.loads(re.search(r"QuartiersAtlas\.createLayer\((\{.*\})\);", atlas.html())[1])


def test_another_date_needs_a_date_of_its_own(dated):
    with pytest.raises(SpecError, match=r"the dates are '31\.12\.2024', '31\.12\.2024'"):
        qa.atlas_map(dated("2024"), earlier=[dated("2024")])
    with pytest.raises(SpecError, match="each release needs its own"):
        qa.atlas_map(dated("2024"), earlier=[replace(dated("2022"), as_of=" ")])


def test_areas_that_are_not_on_the_map_are_named(dated):
    with pytest.raises(SpecError, match=r"2 areas of 31\.12\.2022 are not on the map: '11', '12'.*transfer"):
        qa.atlas_map(dated("2024", keys=range(10)), earlier=[dated("2022")])


def test_areas_with_another_outline_are_named(dated):
    then = dated("2022")
    moved = then.areas.copy()
    moved.loc["03", "geometry"] = moved.geometry["03"].buffer(20)
    with pytest.raises(SpecError, match=r"1 area had another outline at 31\.12\.2022: '03'.*17%"):
        qa.atlas_map(dated("2024"), earlier=[replace(then, areas=moved)])
    # a few metres of a border drawn anew are no other area
    moved.loc["03", "geometry"] = then.areas.geometry["03"].buffer(0.5)
    qa.atlas_map(dated("2024"), earlier=[replace(then, areas=moved)])


def test_outlines_in_other_coordinates_are_compared_as_places(dated):
    then = dated("2022")
    elsewhere = replace(then, areas=then.areas.to_crs("EPSG:25833"))
    pages = [qa.atlas_map(dated("2024"), earlier=[part]).html() for part in (elsewhere, then)]
    # the fingerprint tells the coordinates apart
    page, same = (re.sub(r'<meta name="quartiersatlas"[^>]*>', "", one) for one in pages)
    assert page == same


def test_a_column_that_meant_something_else_is_refused(dated):
    then = dated("2022")
    other = [
        replace(c, indicator=replace(c.indicator, denominator_de="Haushalte")) if c.id == "sgb2_rate" else c
        for c in then.columns
    ]
    with pytest.raises(SpecError, match=r"'sgb2_rate' means something else at 31\.12\.2022: .*Haushalte"):
        qa.atlas_map(dated("2024"), earlier=[replace(then, columns=tuple(other))])


@pytest.fixture
def with_need(make_city):
    """Return a function: a year and the aggregation of the need index -> a release with its classes."""

    def build(year, limit):
        index = pd.Index([f"{i:02d}" for i in range(1, 31)], name="key")
        table = pd.DataFrame(
            {"residents": 1000.0, "poor": [100.0 + 5 * i for i in range(30)], "kids": 200.0}, index=index
        )
        data = qa.add_rates(
            make_city(table), {"sgb2_rate": ("poor", "residents"), "child_poverty_u15": ("kids", "residents")}
        )
        low, high = ({"id": name, "label_de": name, "label_en": name} for name in ("low", "high"))
        axis = {
            "id": "status",
            "label_de": "Status",
            "label_en": "Status",
            "normalise": {"method": "z"},
            "indicators": [{"id": "sgb2_rate"}],
            "classes": [low | {"upper": limit}, high],
        }
        need = qa.need_index(data, qa.NeedSpec.from_dict({"id": f"need-{year}", "source": "s", "axes": [axis]}))
        return qa.release(data, need=need, as_of=year, **WORDS)

    return build


def test_classes_made_by_other_rules_are_refused(with_need):
    qa.atlas_map(with_need("2024", 0.0), earlier=[with_need("2022", 0.0)])
    with pytest.raises(SpecError, match=r"classes 'need_status_class' of 2022 are made by other rules.*without need="):
        qa.atlas_map(with_need("2024", 0.0), earlier=[with_need("2022", 0.5)])


@pytest.mark.filterwarnings("ignore:Only the definition of .own_share. is still missing:UserWarning")
def test_rates_without_a_definition_are_compared_by_the_names_of_their_counts(make_city):
    def share_of(count, year):
        table = pd.DataFrame({"residents": [1000.0] * 4, count: [100.0, 200, 300, 400]}, index=list("abcd"))
        data = qa.add_rates(make_city(table), {"own_share": (count, "residents")})
        return qa.release(data, as_of=year, **WORDS)

    qa.atlas_map(share_of("poor", "2024"), earlier=[share_of("poor", "2022")])
    with pytest.raises(SpecError, match="'own_share' means something else at 2022: 'jobless / residents' there"):
        qa.atlas_map(share_of("poor", "2024"), earlier=[share_of("jobless", "2022")])


def test_ranks_of_another_date_do_not_come_in_by_the_back_door(dated):
    with pytest.raises(SpecError, match="made for 'internal' readers, the map for 'public' ones"):
        qa.atlas_map(dated("2024"), earlier=[dated("2022", audience="internal")])
    with pytest.raises(SpecError, match="made for 'internal' readers"):  # nor as a layer of another map
        qa.atlas_map(dated("2024"), earlier=[dated("2022", audience="internal")]).add_to(folium.Map())


def test_classes_are_those_of_the_latest_date_at_every_date(dated, monkeypatch):
    monkeypatch.setattr("quartiersatlas.present.map.classes.AREAS_PER_CLASS", 2)  # twelve areas bear all of them
    now, then = dated("2024"), dated("2022")
    column = content_of(qa.atlas_map(now, earlier=[then]))["columns"][0]
    assert column["schemes"] == content_of(qa.atlas_map(now))["columns"][0]["schemes"]
    assert column["schemes"]["quantile"]["breaks"] == quantile_breaks(now.values["sgb2_rate"])
    assert set(column["earlier"][0]["schemes"]) == {"sd", "deviation"}
    # twice the city value, twice the limits around it
    limits = [part["schemes"]["deviation"]["breaks"] for part in (column, column["earlier"][0])]
    assert np.allclose(limits[0], np.multiply(limits[1], 2), atol=0.11)


def test_what_another_date_does_not_know_is_missing_and_no_zero(dated):
    column = content_of(qa.atlas_map(dated("2024"), earlier=[dated("2022", keys=range(10))]))["columns"][0]
    then = column["earlier"][0]
    assert then["values"] is None  # the page divides the counts
    assert then["gaps"] == {}  # missing
    counts = content_of(qa.atlas_map(dated("2024"), earlier=[dated("2022", keys=range(10))]))["counts"]
    assert counts[then["numerator"]][10:] == [None, None]


def test_another_date_stands_on_the_areas_of_the_map_in_their_order(dated):
    now, then = dated("2024"), dated("2022", keys=range(10))
    percents = pd.DataFrame({"label": "borderline", "p_selected": [i / 10 for i in range(10)]}, index=then.areas.index)
    then = replace(then, stability=ReleasedStability(percents, {"de": (), "en": ()}))
    backwards = on_keys(then, then.areas.index[::-1])
    assert list(backwards.areas.index) == list(then.areas.index)[::-1]
    for part in (then, backwards):
        page = content_of(qa.atlas_map(now, earlier=[part]))["earlier"][0]
        assert page["residents"] == [1100] * 10 + [None, None]
        assert page["selected"] == [5, 6, 7, 8, 9]
        assert page["standing"]["stability"]["percent"] == [*range(0, 100, 10), None, None]
        assert page["standing"]["stability"]["label"][9:] == [1, None, None]
        assert page["standing"]["unassessed"] == [10, 11]
        assert page["near"] == [0, 1, 2, 3, 4]
        assert page["borderline"] == [5, 6, 7, 8, 9]


@pytest.mark.filterwarnings("ignore:1 area has another class")
def test_a_protected_count_of_another_date_is_not_in_the_file(dated, monkeypatch):
    monkeypatch.setitem(SHARES, "2022", [2 / 900, *SHARES["2022"][1:]])  # two persons
    then = dated("2022")
    assert then.status["sgb2_rate"]["01"] == "suppressed"
    page = content_of(qa.atlas_map(dated("2024"), earlier=[then]))
    cells = page["columns"][0]["earlier"][0]
    assert page["counts"][cells["numerator"]][0] is None
    assert cells["gaps"]["0"] == "protected"


def test_the_method_box_tells_the_dates_and_a_draft_among_them_is_a_draft(dated):
    then = dated("2022", source="Amt", comment="")
    page = qa.atlas_map(dated("2024"), earlier=[then]).html()
    assert "Stand 31.12.2022: Quelle Amt, 0 Werte nicht ausgewiesen." in page
    assert '<p class="qa-band qa-band-draft"' in page
    assert '<p class="qa-band qa-band-draft"' not in qa.atlas_map(dated("2024")).html()


def test_one_date_offers_no_choice_of_dates(dated):
    page = content_of(qa.atlas_map(dated("2024")))
    assert page["earlier"] == []
    assert "earlier" not in page["columns"][0]


# --- in the browser ------------------------------------------------------------------------------------------------


@pytest.fixture
def opened(page, tmp_path, dated):
    """Return the map of two dates, opened; the earlier one does not have the share of older residents."""
    both = ("sgb2_rate", "senior_share_65")
    atlas = qa.atlas_map(dated("2024", columns=both), earlier=[dated("2022")])
    return page.open(atlas.save(tmp_path / "years.html"))


def years(page):
    return page.run("return [...document.querySelectorAll('.qa-year option')].map((o) => o.text)")


def choose_year(page, label):
    Select(page.driver.find_element("css selector", ".qa-year")).select_by_visible_text(label)
    return page.drawn()


@pytest.mark.browser
def test_the_reader_chooses_the_date_and_the_classes_stay_the_same(opened):
    assert years(opened) == ["31.12.2024", "31.12.2022"]
    now = [row for row in opened.legend() if row["residents"] is not None]
    choose_year(opened, "31.12.2022")
    then = [row for row in opened.legend() if row["residents"] is not None]
    assert [row["color"] for row in now] == [row["color"] for row in then]
    assert [row["label"] for row in now] == [
        "10,0 bis unter 16,0", "16,0 bis unter 22,0", "22,0 bis unter 28,0", "28,0 bis 32,0",
    ]  # fmt: skip
    assert [row["label"] for row in then] == [
        "5,0 bis unter 16,0", "16,0 bis unter 22,0", "22,0 bis unter 28,0", "28,0 und mehr",
    ]  # fmt: skip
    assert sum(int(row["count"].strip("()")) for row in then) == 12
    assert sum(int(row["residents"].replace(".", "")) for row in then) == 12 * 1100
    assert opened.text(".qa-legend-title") == "SGB-II-Quote (%), 31.12.2022"
    assert opened.text(".qa-legend-city") == "Stadt: 10,5\u202f%"
    assert opened.errors() == []


@pytest.mark.browser
def test_the_colour_of_an_area_is_that_of_the_date(opened, dated):
    place = dated("2024").areas.geometry.representative_point().to_crs("EPSG:4326")["05"]

    def shown(value):
        rows = [(re.fullmatch(r"([\d,]+) bis (?:unter )?([\d,]+)", row["label"]), row) for row in opened.legend()]
        limits = [(float(m[1].replace(",", ".")), row["color"]) for m, row in rows if m]
        return [color for low, color in limits if low <= value][-1]

    assert opened.colors(place)[0] == shown(18.0)
    choose_year(opened, "31.12.2022")
    assert shown(9.0) != shown(18.0)
    assert opened.colors(place)[0] == shown(9.0)


@pytest.mark.browser
def test_hatch_panel_tooltip_and_table_are_those_of_the_date(opened, dated):
    place = dated("2024").areas.geometry.representative_point().to_crs("EPSG:4326")
    selected = {"2024": 3, "2022": 6}
    assert [row["count"] for row in opened.legend() if row["pattern"]] == [f"({selected['2024']})"]
    assert len(set(opened.colors(place["08"], half=10))) == 1, "not selected now: no hatch"
    opened.driver.find_element("css selector", ".qa-search").send_keys("08\n")
    assert "SGB-II-Quote: 24,0" in opened.text("#qa-area")
    assert opened.texts(".qa-dates") == ["31.12.2022: 12,0\u202f%"]
    choose_year(opened, "31.12.2022")
    assert [row["count"] for row in opened.legend() if row["pattern"]] == [f"({selected['2022']})"]
    assert len(set(opened.colors(place["08"], half=10))) > 1, "selected then: hatched"
    assert "SGB-II-Quote: 12,0" in opened.text("#qa-area")
    assert "31.12.2024: 24,0\u202f%" in opened.texts(".qa-dates")
    assert "1.100" in opened.text("#qa-area")
    assert "SGB-II-Quote: 12,0\u202f%" in opened.hover(place["08"])
    opened.driver.find_element("css selector", "#qa-table-button").click()
    assert opened.text("#qa-table caption").startswith("Stand: 31.12.2022.")
    assert "12,0\u202f%" in opened.text("#qa-table tbody tr:nth-child(8)")
    choose_year(opened, "31.12.2024")
    assert opened.text("#qa-table caption").startswith("Stand: 31.12.2024.")
    assert "24,0\u202f%" in opened.text("#qa-table tbody tr:nth-child(8)")


@pytest.mark.browser
def test_a_column_offers_only_the_dates_that_know_it(opened):
    choose_year(opened, "31.12.2022")
    opened.choose("Anteil 65-Jähriger und Älterer")
    assert years(opened) == ["31.12.2024"]
    assert opened.text(".qa-legend-title").endswith("31.12.2024")
    assert opened.text(".qa-legend-city") == "Stadt: 10,0\u202f%"
    opened.choose("SGB-II-Quote")
    assert years(opened) == ["31.12.2024", "31.12.2022"]


@pytest.mark.browser
def test_the_keyboard_keeps_its_place_when_the_date_changes(opened):
    select = opened.driver.find_element("css selector", ".qa-year")
    select.send_keys("\ue015")  # arrow down
    opened.drawn()
    assert opened.text(".qa-legend-title").endswith("31.12.2022")
    assert opened.run("return document.activeElement.className") == "qa-year"
