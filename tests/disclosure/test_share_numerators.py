"""Ready-made shares with a named denominator: the persons above them are cells of the system like any count."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.disclosure.suppression import suppression_pattern
from quartiersatlas.errors import SpecError

WORDS = {"title": "T", "source": "S", "as_of": "2024", "comment": "C"}
DEFINED = {"numerator_de": "wer", "numerator_en": "who", "denominator_de": "x", "denominator_en": "x"}
SHARES = ("quote", "young", "middle", "old")


def joined(values, boroughs=None, **options):
    keys = [f"{n}" for n in range(len(values["residents"]))]
    shapes = [shapely.box(4e5 + 1000 * n, 5.5e6, 4e5 + 1000 * n + 1000, 5.501e6) for n in range(len(keys))]
    frame = gpd.GeoDataFrame({"key": keys, "name": keys, "borough": boroughs}, geometry=shapes, crs="EPSG:25832")
    parents = {"borough": "borough"} if boroughs else None
    areas = qa.read_areas(frame, key="key", name="name", parents=parents)
    catalogue = qa.Catalogue.builtin().add(*(qa.Indicator(id=name, unit="%", **DEFINED) for name in SHARES))
    units = {name: "percent" for name in SHARES if name in values}
    return qa.join(areas, pd.DataFrame(values, index=keys), catalogue=catalogue, units=units, **options)


def percents(counts, residents, decimals=1):
    return [round(100 * x / n, decimals) for x, n in zip(counts, residents, strict=True)]


PEOPLE = [500.0, 600.0, 700.0, 800.0]  # one decimal: exactly one whole number fits each share


def of_residents(counts, boroughs=None, people=PEOPLE):
    data = joined({"quote": percents(counts, people), "residents": people}, boroughs)
    return qa.add_relations(data, shares={"quote": "residents"})


def test_the_share_of_a_small_count_gets_company_and_a_row_in_the_audit():
    release = qa.release(of_residents([2, 30, 40, 50]), columns="quote", **WORDS)
    # the second has fewest residents: together they are 32, and each is at least 1
    assert release.values["quote"].isna().tolist() == [True, True, False, False]
    rows = release.audit().table.set_index("key")
    assert rows["column"].unique().tolist() == ["quote"]
    assert rows[["low", "high", "verdict"]].to_numpy().tolist() == [[1, 31, "open"], [1, 31, "partner"]]
    assert rows.loc["0", "kind"] == "small"


def test_without_company_the_audit_says_that_the_count_follows():
    release = qa.release(
        of_residents([2, 30, 40, 50]), columns="quote", protection=qa.Protection(secondary=False), **WORDS
    )
    rows = release.audit().table
    assert rows[["key", "low", "high", "verdict"]].to_numpy().tolist() == [["0", 2, 2, "exact"]]


def test_company_is_in_the_unit_whose_total_is_known():
    boroughs = ["N", "S", "S", "N"]
    release = qa.release(of_residents([2, 30, 40, 50], boroughs), columns="quote", **WORDS)
    assert release.values["quote"].isna().tolist() == [True, False, False, True]


def test_a_small_rest_is_protected_as_a_small_count_is():
    release = qa.release(of_residents([498, 530, 640, 700]), columns="quote", **WORDS)
    assert release.values["quote"].isna().tolist() == [True, True, False, False]
    rows = release.audit().table.set_index("key")
    assert rows.loc["0", "kind"] == "rest"
    assert rows.loc["0", ["low", "high"]].tolist() == [428, 500]  # 1028 together, at most 600 of them in the second


def test_of_several_numbers_that_fit_the_one_with_least_room_stands_for_the_share():
    # 0.4 % of 1500 prints 6 alone, of 5000 what is above 17.5 and below 22.5: the least is 18
    data = of_residents([6, 20, 40, 50], people=[1500.0, 5000.0, 700.0, 800.0])
    table = suppression_pattern(data, qa.Protection(), ["quote"]).plan.table
    assert table.x[:, table.columns.index("quote")].tolist() == [6, 18, 40, 50]
    much = of_residents([1494, 4980, 660, 750], people=[1500.0, 5000.0, 700.0, 800.0])  # 99.6 %: the greatest is 4982
    table = suppression_pattern(much, qa.Protection(), ["quote"]).plan.table
    assert table.x[:, table.columns.index("quote")].tolist() == [1494, 4982, 660, 750]


def test_a_share_of_a_column_of_counts_is_that_count_and_no_second_one():
    poor = [2.0, 30, 40, 50]
    data = joined({"poor": poor, "quote": percents(poor, PEOPLE), "residents": PEOPLE})
    data = qa.add_relations(data, shares={"quote": "residents"})
    pattern = suppression_pattern(data, qa.Protection(), ["quote"])
    assert pattern.plan.table.columns == ("residents", "poor")
    assert pattern.cells("quote").tolist() == pattern.cells("poor").tolist() == [True, True, False, False]


def test_a_share_goes_where_its_denominator_may_not_be_known():
    values = {"quote": [50.0, 20.0, 25.0, 30.0], "homes": [2.0, 300, 400, 500], "residents": PEOPLE}
    data = qa.add_relations(joined(values), shares={"quote": "homes"})
    release = qa.release(data, columns=["quote", "homes"], **WORDS)
    assert (release.values["homes"].isna() <= release.values["quote"].isna()).all()
    assert release.values["homes"].isna().sum() == 2


def test_shares_are_planned_together_and_leave_one_by_one_with_the_same_cells():
    old, young = [2, 30, 40, 50], [90, 80, 1, 95]
    values = {"old": percents(old, PEOPLE), "young": percents(young, PEOPLE), "residents": PEOPLE}
    data = qa.add_relations(joined(values), shares={"old": "residents", "young": "residents"})
    both, ledger = qa.release(data, columns=["old", "young"], **WORDS), qa.Ledger()
    for name in ("young", "old"):
        alone = qa.release(data, columns=name, ledger=ledger, **WORDS)
        assert alone.values[name].isna().tolist() == both.values[name].isna().tolist()


# --- shares that add up ----------------------------------------------------------------------------------------------

OLD = [2, 30, 40, 50, 60, 45, 38, 29]
YOUNG = [120, 130, 150, 140, 160, 155, 170, 110]
ALL = [500.0, 520.0, 560.0, 580.0, 600.0, 640.0, 660.0, 680.0]
MIDDLE = [n - a - b for n, a, b in zip(ALL, OLD, YOUNG, strict=True)]
AGES = {"old": percents(OLD, ALL), "young": percents(YOUNG, ALL), "middle": percents(MIDDLE, ALL), "residents": ALL}
NAMES = ["young", "middle", "old"]


def withheld(data, **protection):
    release = qa.release(data, columns=NAMES, protection=qa.Protection(**protection), **WORDS)
    return release.values.isna(), release.audit()


def test_one_share_of_three_does_not_follow_from_the_others():
    data = qa.add_relations(joined(AGES), sums={"residents": NAMES})  # which also says what they are shares of
    cells, audit = withheld(data, find_sums=False)
    assert cells.loc["0", "old"]
    assert cells.loc["0"].sum() == 2  # 100 percent less the two others would be it
    assert cells.sum().tolist() in ([2, 0, 2], [0, 2, 2])  # and each keeps company in its column
    row = audit.table.query("column == 'old' and key == '0'").iloc[0]
    assert row["verdict"] == "open"
    assert audit.ok
    assert "'residents' = 'young' + 'middle' + 'old' (declared)" in audit.relations


def test_that_shares_add_up_is_found():
    data = qa.add_relations(joined(AGES), shares=dict.fromkeys(NAMES, "residents"))
    cells, audit = withheld(data)
    assert cells.loc["0"].sum() == 2
    assert any("(found)" in line and "'old'" in line for line in audit.relations)
    unaware, _ = withheld(data, find_sums=False)  # the gap that the relation closes
    assert unaware.loc["0"].sum() == 1


def test_a_share_that_is_secret_at_its_source_and_follows_from_the_others_is_protected():
    data = joined({**AGES, "old": [np.nan, *AGES["old"][1:]]})
    data = replace(data, status=data.status.assign(old=["suppressed", *["value"] * 7]))
    cells, audit = withheld(qa.add_relations(data, sums={"residents": NAMES}))
    assert cells.loc["0"].sum() == 2
    assert audit.table.query("column == 'old' and key == '0'")["verdict"].tolist() == ["open"]


def test_the_mark_and_the_published_value_of_a_share_are_in_percent_and_no_count():
    city = qa.Reference(values={"quote": 20.0}, source="Office")
    data = joined({"quote": [np.nan, *percents([5, 6, 7], PEOPLE[1:])], "residents": PEOPLE}, references={"city": city})
    at = pd.MultiIndex.from_tuples([("0", "quote")], names=["key", "column"])
    bounds = pd.DataFrame({"lower": [0.0], "upper": [1.0]}, index=at)  # below 1 percent
    data = replace(data, bounds=bounds, status=data.status.assign(quote=["suppressed", *["value"] * 3]))
    data = qa.add_relations(data, shares={"quote": "residents"})
    table = suppression_pattern(data, qa.Protection(), ["quote"]).plan.table
    place = table.columns.index("quote")
    assert np.isnan(table.x[0, place])  # 20 percent are no 20 persons, of whom the others would leave 2
    assert np.isnan(table.marks[1][0, place])
    release = qa.release(data, columns="quote", **WORDS)
    assert release.values["quote"].isna().tolist() == [True, True, False, False]
    assert release.column("quote").city == 20.0


def test_a_sum_of_shares_of_nothing_is_refused():
    with pytest.raises(SpecError, match=r"'old' is a ready-made share, and nothing says of what.*shares="):
        qa.add_relations(joined(AGES), sums={"old": ["young", "middle"]})


def fits(printed, n, decimals):
    """Return all whole numbers that print a percentage, one after the other."""
    shown = [k for k in range(int(n) + 1) if abs(100 * k / n - printed) <= 0.5 * 10.0**-decimals + 1e-9]
    return min(shown), max(shown)


@pytest.mark.parametrize("seed", range(30))
def test_whoever_knows_the_persons_of_the_city_does_not_find_a_small_count(seed):
    random = np.random.default_rng(seed)
    n = random.integers(300, 5000, 5).astype(float)
    x = np.minimum(random.choice([1, 2, 2, 4, 9, 40, 150], 5).astype(float), n)  # the truth, which nobody tells us
    release = qa.release(of_residents(x, people=n.tolist()), columns="quote", **WORDS)
    shown, total = release.values["quote"], x.sum()
    rows = release.audit().table.set_index("key")
    assert release.audit().ok
    zeros = bool((rows["low"] == 0).any())  # somebody who counts as nobody is withheld too
    low, high = np.full(5, 0.0 if zeros else 1.0), n.copy()
    for place, value in enumerate(shown):
        if not np.isnan(value):
            low[place], high[place] = fits(value, n[place], 1)
    for key, row in rows.iterrows():
        if row["verdict"] != "open":
            continue
        place = int(key)
        least = max(low[place], total - (high.sum() - high[place]))
        most = min(high[place], total - (low.sum() - low[place]))
        assert most - least >= 3
