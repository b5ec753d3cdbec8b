"""Stocktaking, checklist and tender text: sentences from what is there, gaps named with table and office."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, ColumnError, SpecError
from quartiersatlas.monitoring.stock.stocktaking import smallest_visible

ON = "2024-12-31"


def town(n, foreign, residents, **more):
    shapes = [shapely.box(1000 * x, 0, 1000 * x + 1000, 1000) for x in range(n)]
    keys = [f"{x:02}" for x in range(n)]
    areas = gpd.GeoDataFrame({"name": [f"Gebiet {key}" for key in keys]}, index=keys, geometry=shapes, crs="EPSG:25832")
    table = pd.DataFrame({"mh": foreign, "residents": residents, **more}, index=keys)
    return qa.add_rates(qa.join(areas, table, population="residents"), {"mh_share": ("mh", "residents")})


def test_level_and_concentration_by_hand():
    data = town(4, [400.0, 300.0, 200.0, 100.0], [1000.0, 1000.0, 2000.0, 4000.0])
    told = qa.stocktaking(data, on=ON).answers("en")
    assert "12.5% (1,000 persons in 4 of 4 areas" in told["level"][0]  # 1,000 of 8,000
    # 400 + 300 are the first to reach half of 1,000; 2,000 of 8,000 residents live there
    assert "half of the persons live in 2 of 4 areas; 25% of all residents" in told["concentration"][0]


def test_exactly_half_in_one_area_is_half():
    data = town(3, [500.0, 300.0, 200.0], [1000.0] * 3)
    assert "live in 1 of 3 areas" in qa.stocktaking(data, on=ON).answers("en")["concentration"][0]


def test_a_question_without_data_names_table_and_office():
    data = town(3, [1.0, 2.0, 3.0], [1000.0] * 3)
    told = qa.stocktaking(data, on=ON, group="no_such").answers("de")
    assert "Es fehlt die Auszählung" in told["level"][0]
    assert "Statistikstelle" in told["level"][0]
    assert "Jobcenter" in told["gap"][0]
    assert "Register der Maßnahmen" in told["structures"][1]


def test_every_domain_without_an_indicator_is_named_with_its_office():
    stock = qa.stocktaking(town(3, [1.0, 2.0, 3.0], [1000.0] * 3), on=ON)
    states = stock.table.set_index("domain")["state"]
    assert states["demography"] == "present"
    assert (states.drop("demography") == "missing").all()
    assert len(stock.unclear("de")) == 6
    assert all("Es fehlt:" in line for line in stock.unclear("de"))


def test_outdated_after_three_years_to_the_day():
    data = town(3, [1.0, 2.0, 3.0], [1000.0] * 3)
    state = {
        day: qa.stocktaking(data, on=ON, dates={"mh_share": day}).table["state"].iloc[0]
        for day in ("2021-12-31", "2021-12-30", "2021", "2020")
    }
    assert state == {"2021-12-31": "present", "2021-12-30": "outdated", "2021": "present", "2020": "outdated"}
    with pytest.raises(ColumnError, match="no column 'nix'"):
        qa.stocktaking(data, on=ON, dates={"nix": "2020"})


def test_what_only_participants_say_is_unclear_not_missing(frames):
    said = pd.DataFrame(
        [("V1", "2024-05-04", "00", "mobility", "Der Bus fährt zu selten", 20)],
        columns=["event_id", "date", "area", "field", "result", "participants"],
    )
    register = qa.read_measures({**frames, "beteiligung": said})
    stock = qa.stocktaking(town(3, [1.0, 2.0, 3.0], [1000.0] * 3), on=ON, measures=register)
    assert stock.table.set_index("domain")["state"]["mobility"] == "unclear"


# section 8 of the planners' notes: 80 % power, share 15 %
@pytest.mark.parametrize(
    ("area", "rest", "points"), [(400, 4000, 5.2), (800, 6000, 3.8), (1500, 9000, 2.8), (4000, 9000, 1.9)]
)
def test_what_can_be_seen_in_small_towns(area, rest, points):
    assert round(100 * smallest_visible(area, rest), 1) == points


@pytest.mark.parametrize(("n", "is_small"), [(3, True), (14, True), (15, False)])
def test_towns_of_3_to_14_areas_have_no_ranks_and_say_what_can_be_seen(n, is_small):
    data = town(n, [10.0] * n, [900.0] * (n - 1) + [901.0 * n])
    told = qa.stocktaking(data, on=ON).text("de")
    assert ("keine Rangfolge" in told) is is_small
    assert ("mit dem Rest der Stadt verglichen" in told) is is_small


def test_the_checklist_answers_no_question_about_the_process(register, need):
    stock = qa.stocktaking(town(3, [1.0, 2.0, 3.0], [1000.0] * 3), on=ON, measures=register)
    covered = qa.coverage(register, need, on=ON)
    for lang in ("de", "en"):
        table = qa.checklist(lang, stocktaking=stock, coverage=covered, measures=register).table
        assert len(table) == 27
        process = table[table["kind"].eq("process")]
        assert len(process) == 8
        assert process["answer"].eq("").all()
        assert table.set_index("id").loc[["4-Q1", "4-Q5", "6.2-1", "6.2-3"], "answer"].ne("").all()


def test_gaps_of_a_tender_are_visible_and_none_is_filled_by_guess():
    assert qa.tender_text(lang="de").count("[ ]") >= 7
    told = qa.tender_text(town(3, [1.0, 2.0, 3.0], [1000.0] * 3), lang="de", town="Musterstadt", aims="Wissen, wo")
    assert told.splitlines()[0] == "Leistungsbeschreibung: Bestandsaufnahme für Musterstadt"
    assert "3 Gebiete" in told
    assert "Stand [ ]" in told  # nobody said of which date the data are
    assert "2. Vorliegende Daten" in told


def test_other_things_are_refused():
    with pytest.raises(ArgumentError, match=r"qa\.join"):
        qa.stocktaking(3, on=ON)
    with pytest.raises(ArgumentError, match=r"qa\.coverage"):
        qa.checklist("de", coverage=3)
    with pytest.raises(ArgumentError, match=r"qa\.join"):
        qa.tender_text(3)


@pytest.mark.parametrize("min_count", [0, -1, pytest.param(10**5000, id="huge")])
def test_a_tender_asks_for_no_protection_that_cannot_be(min_count):
    with pytest.raises(SpecError, match="from 1 to 1,000,000"):
        qa.tender_text(min_count=min_count)


def test_a_day_of_a_checklist_is_a_day():
    with pytest.raises(ArgumentError, match="checklist: on takes"):
        qa.checklist(on=pd.DataFrame())
