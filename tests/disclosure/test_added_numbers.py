"""Means times their base, amounts and balances: a withheld one must not follow, nor nearly follow, from its total."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.disclosure.numbers import added_numbers
from quartiersatlas.errors import ReleaseError

PARTS = {"title": "T", "source": "S", "as_of": "2024", "comment": "C"}
WORDS = {"numerator_de": "was", "numerator_en": "what"}
AGE = qa.Indicator(id="age", kind="mean", unit="years", base="people", **WORDS)
RENT = qa.Indicator(id="rent", kind="mean", unit="EUR", base="flats", **WORDS)
MONEY = qa.Indicator(id="money", kind="amount", unit="EUR", **WORDS)
EACH = qa.Indicator(id="each", kind="mean", unit="EUR", **WORDS)
NET = qa.Indicator(id="net", kind="balance", **WORDS)


def joined(values, boroughs=None):
    keys = [f"{n}" for n in range(len(values["people"]))]
    shapes = [shapely.box(4e5 + 1000 * n, 5.5e6, 4e5 + 1000 * n + 1000, 5.501e6) for n in range(len(keys))]
    frame = gpd.GeoDataFrame({"key": keys, "name": keys}, geometry=shapes, crs="EPSG:25832")
    parents = {"borough": "borough"} if boroughs else None
    areas = qa.read_areas(frame.assign(borough=boroughs), key="key", name="name", parents=parents)
    catalogue = qa.Catalogue.builtin().add(AGE, RENT, MONEY, EACH, NET)
    return qa.join(areas, pd.DataFrame(values, index=keys), catalogue=catalogue, population="people")


# two areas are small: 290 persons and 2, whose means are 40 and 30
TOWN = {"age": [40.0, 30.0, 45.0, 50.0, 55.0], "people": [290.0, 2.0, 500.0, 400.0, 900.0]}


def test_a_mean_that_dominates_the_withheld_ones_gets_more_company():
    # area 0 and 1 keep each other company, but the two persons of area 1 leave the 290 of area 0 less than a year
    release = qa.release(joined(TOWN), columns="age", **PARTS)
    # 4 years on 290 persons are 1160: area 3 has fewest residents of the others and is enough alone
    assert release.values["age"].isna().tolist() == [True, True, False, True, False]
    rows = release.audit().table.query("column == 'age'").set_index("key")
    assert rows["verdict"].to_dict() == {"0": "open", "1": "open", "3": "partner"}
    assert rows["kind"].to_dict() == {"0": "small area", "1": "small area", "3": "partner"}
    # nothing below 0 and nothing above 110, twice the largest; all of it open
    assert rows.loc["0", ["low", "high"]].tolist() == [0, 110]


def test_without_company_the_audit_tells_how_closely_a_mean_is_known():
    alone = qa.release(joined(TOWN), columns="age", protection=qa.Protection(secondary=False), **PARTS)
    rows = alone.audit().table.query("column == 'age'").set_index("key")
    # ages are printed without decimals, as they came: half a year of 1800 persons and the 2 persons of area 1
    room_down = 0.5 * 1800 + (110 - 30) * 2
    room_up = 0.5 * 1800 + 30 * 2
    assert rows.loc["0", ["low", "high"]].tolist() == pytest.approx([40 - room_down / 290, 40 + room_up / 290])
    assert rows.loc["0", "verdict"] == "narrow"
    assert rows.loc["1", "verdict"] == "open"
    assert rows.loc["0", "need"] == 9  # 36 to 44 years
    assert rows.loc["0", "because"] == "total of the city, times 'people'"
    assert not alone.audit().ok


def test_a_release_that_would_tell_a_mean_is_refused(monkeypatch):
    monkeypatch.setattr(added_numbers, "_with_company", lambda *args: args[3])
    with pytest.raises(ReleaseError, match="'age' in '0'"):
        qa.release(joined(TOWN), columns="age", **PARTS)


def test_company_is_looked_for_in_the_unit_whose_total_is_known():
    values = {
        "rent": [8.0, 9.0, 10.0, 11.0, 12.0, 13.0],
        "flats": [2.0, 300, 310, 320, 330, 340],
        "people": [900.0, 800, 700, 600, 500, 400],
    }
    release = qa.release(joined(values, ["N", "N", "N", "S", "S", "S"]), columns="rent", **PARTS)
    assert release.values["rent"].isna().tolist() == [True, False, True, False, False, False]
    alone = qa.release(joined(values, ["N", "S", "S", "S", "S", "S"]), columns="rent", **PARTS)
    rows = alone.audit().table.query("column == 'rent' and key == '0'")
    assert rows["verdict"].tolist() == ["parent"]
    assert rows[["low", "high"]].to_numpy().tolist() == [[8, 8]]


def test_a_mean_that_is_secret_at_its_source_gets_company_too():
    data = joined({"rent": [np.nan, 9.0, 10.0, 11.0], "flats": [40.0, 300, 310, 320], "people": [900.0, 800, 700, 600]})
    secret = data.status.assign(rent=["suppressed", "value", "value", "value"])
    release = qa.release(replace(data, status=secret), columns="rent", **PARTS)
    # whoever published the mean of the city tells it; area 3 has fewest residents
    assert release.values["rent"].isna().tolist() == [True, False, False, True]
    rows = release.audit().table.query("column == 'rent'").set_index("key")
    assert (rows.loc["0", "kind"], rows.loc["0", "verdict"]) == ("source", "open")
    assert np.isnan(rows.loc["0", "low"])  # we do not know it either
    missing = qa.release(data, columns="rent", **PARTS)
    assert missing.values["rent"].isna().tolist() == [True, False, False, False]


def test_an_amount_and_the_mean_made_of_it_are_withheld_together():
    values = {"money": [900.0, 400e3, 500e3, 700e3], "flats": [2.0, 410, 480, 520], "people": [700.0, 900, 800, 990]}
    data = qa.add_rates(joined(values), {"each": ("money", "flats")})
    release = qa.release(data, columns=["each", "money"], **PARTS)
    withheld = [True, False, True, False]  # the amount of two flats is as secret as their mean
    assert release.values["each"].isna().tolist() == withheld
    assert release.values["money"].isna().tolist() == withheld


def test_a_balance_may_be_anything_where_two_are_withheld():
    data = joined({"net": [-12.0, 2, -1, 40], "people": [900.0, 800, 700, 600]})
    release = qa.release(data, columns="net", **PARTS)
    assert release.values["net"].isna().tolist() == [False, True, True, False]
    rows = release.audit().table.query("column == 'net'").set_index("key")
    # together they are 1; each lies between -80 and 80, twice the largest
    assert rows.loc["1", ["low", "high"]].tolist() == [-79, 80]
    assert set(rows["verdict"]) == {"open"}


def test_a_mean_over_nobody_knows_what_keeps_one_company():
    data = joined({"each": [7.0, 8.0, 9.0, 10.0], "people": [200.0, 800, 700, 600]})
    release = qa.release(data, columns="each", **PARTS)
    assert release.values["each"].isna().tolist() == [True, False, False, True]
    assert "each" not in set(release.audit().table["column"])


def test_the_order_of_the_areas_changes_nothing():
    data = joined(TOWN)
    turned = replace(data, areas=data.areas.iloc[::-1], values=data.values.iloc[::-1], status=data.status.iloc[::-1])
    one, other = (qa.release(which, columns="age", **PARTS).values["age"] for which in (data, turned))
    assert one.isna().to_dict() == other.isna().to_dict()
