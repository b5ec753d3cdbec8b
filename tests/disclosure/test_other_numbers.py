"""Ready-made shares, perturbed counts, and tables of others."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, SpecError

WORDS = {"title": "T", "source": "S", "as_of": "2024", "comment": "C"}
QUOTE = qa.Indicator(
    id="quote", unit="%", numerator_de="wer", numerator_en="who", denominator_de="x", denominator_en="x"
)


def joined(values, **options):
    keys = [f"{n}" for n in range(len(values["residents"]))]
    shapes = [shapely.box(1000.0 * n, 0, 1000.0 * n + 1000, 1000) for n in range(len(keys))]
    areas = gpd.GeoDataFrame({"name": keys}, index=keys, geometry=shapes, crs="EPSG:25832")
    return qa.join(areas, pd.DataFrame(values, index=keys), catalogue=qa.Catalogue.builtin().add(QUOTE), **options)


def test_a_share_that_only_a_small_count_gives_is_withheld_on_its_denominator():
    # 0.4 % of 450 is 2 persons and nothing else; 5.0 % of 3000 is 149, 150 or 151 persons. The second keeps the first
    # company: who knows the share of the city would have it, if the others were at the edge of what they print
    data = joined({"quote": [0.4, 5.0, 7.5], "residents": [450.0, 3000, 4000]}, units={"quote": "percent"})
    data = qa.add_relations(data, shares={"quote": "residents"})
    assert qa.release(data, columns="quote", **WORDS).values["quote"].isna().tolist() == [True, True, False]
    alone = qa.release(data, columns="quote", protection=qa.Protection(secondary=False), **WORDS)
    assert alone.values["quote"].isna().tolist() == [True, False, False]
    # without decimals 0, 1 and 2 of 450 print 0 %: three values, and four have to stay open
    whole = qa.release(data, columns="quote", protection=qa.Protection(decimals=0, secondary=False), **WORDS)
    assert whole.values["quote"].isna().tolist() == [True, False, False]


def test_a_share_without_a_denominator_is_warned_of_and_shown_as_delivered():
    data = joined({"quote": [0.4, 5.0, 7.5], "residents": [450.0, 3000, 4000]}, units={"quote": "percent"})
    with pytest.warns(UserWarning, match=r"ready-made share without counts.*few persons: 1\."):
        assert qa.release(data, columns="quote", **WORDS).values["quote"].tolist() == [0.4, 5.0, 7.5]


def test_a_share_of_a_withheld_count_is_withheld_with_it():
    poor, residents = [2.0, 300, 410, 520, 230], [1000.0] * 5
    quote = [100 * x / n for x, n in zip(poor, residents, strict=True)]
    data = joined({"poor": poor, "quote": quote, "residents": residents})
    data = qa.add_relations(data, shares={"quote": "residents"})
    release = qa.release(data, columns=["poor", "quote"], **WORDS)
    assert release.values["quote"].isna().equals(release.values["poor"].isna().rename("quote"))
    assert release.values["poor"].isna().sum() == 2


def test_perturbed_counts_are_not_withheld_again_and_are_named():
    values = {"poor": [300.0, 2, 90, 1, 60], "residents": [1000.0] * 5}
    pair = {"poverty": ("poor", "residents")}
    with pytest.warns(UserWarning, match="definition"):
        release = qa.release(qa.add_rates(joined(values, perturbed=True), pair), columns="poverty", **WORDS)
    assert release.values["poverty"].tolist() == [30.0, 0.2, 9.0, 0.1, 6.0]
    assert any(fact.name == "fact_perturbed" for fact in release.facts)
    with pytest.warns(UserWarning, match="definition"):
        release = qa.release(qa.add_rates(joined(values), pair), columns="poverty", **WORDS)
    assert release.values["poverty"].isna()[["1", "3"]].all()


SHOWN = pd.DataFrame(
    {"a": [40.0, 55, None, 30], "b": [20.0, 14, 33, 8], "all": [60.0, 69, 35, 38]}, index=["00", "01", "02", "03"]
)


def test_the_table_of_somebody_else_is_read_as_its_reader_would():
    assert qa.audit(SHOWN, find_sums=False).table[["low", "verdict"]].to_numpy().tolist() == [[1, "open"]]
    by_total = qa.audit(SHOWN, totals={"a": 127}, find_sums=False)
    assert by_total.table[["low", "high", "verdict"]].to_numpy().tolist() == [[2, 2, "exact"]]  # 127 - 125
    by_sum = qa.audit(SHOWN, sums={"all": ["a", "b"]}, find_sums=False)
    assert by_sum.table[["low", "high"]].to_numpy().tolist() == [[2, 2]]  # 35 - 33
    by_part = qa.audit(SHOWN, parts={"all": ["a"]}, find_sums=False)
    assert by_part.table[["low", "high", "verdict"]].to_numpy().tolist() == [[1, 35, "open"]]
    assert not by_total.ok


def test_totals_of_units_and_a_contradiction_are_named():
    shown = SHOWN.assign(a=[None, 55.0, None, 30])
    totals = pd.DataFrame({"a": [95.0, 32]}, index=["N", "S"])
    parents = pd.Series(["N", "N", "S", "S"], index=SHOWN.index)
    found = qa.audit(shown, totals=totals, parents=parents, find_sums=False).table
    assert found[["key", "low", "high"]].to_numpy().tolist() == [["00", 40, 40], ["02", 2, 2]]
    with pytest.raises(SpecError, match=r"contradicts itself.*total of the city"):
        qa.audit(SHOWN, totals={"a": 100}, find_sums=False)
    with pytest.raises(ColumnError, match="'c'"):
        qa.audit(SHOWN, totals={"c": 1})
