"""Codes for missing values in a frame are no persons."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import CountError

KEYS = list("abcdef")


def frame(group, everybody):
    return pd.DataFrame({"group": group, "everybody": everybody}, index=KEYS, dtype=float)


def test_a_code_in_both_columns_is_refused_and_the_advice_reads_it_as_missing():
    table = frame([12, 30, 9999, 25, 9999, 4], [120, 310, 9999, 240, 9999, 95])
    with pytest.raises(CountError, match=r"'group' is 9999 in 2 areas: 'c', 'e'.*\['group'\]\.replace\(9999, float"):
        qa.measure_segregation(table, ["group"], population="everybody")
    table = table.assign(
        group=table["group"].replace(9999, float("nan")), everybody=table["everybody"].replace(9999, float("nan"))
    )
    found = qa.measure_segregation(table, ["group"], population="everybody", missing="report")
    known = qa.measure_segregation(table.dropna(), ["group"], population="everybody")
    assert found.table["value"].tolist() == pytest.approx(known.table["value"].tolist(), nan_ok=True)


def test_true_numbers_of_a_joined_table_are_measured():
    table = frame([12, 30, 999, 25, 999, 4], [120, 310, 1999, 240, 1999, 95])
    with pytest.raises(CountError, match="'999': 'value'"):
        qa.measure_segregation(table, ["group"], population="everybody")
    shapes = [shapely.box(500 * i, 0, 500 * i + 500, 500) for i in range(6)]
    areas = gpd.GeoDataFrame({"name": KEYS}, index=pd.Index(KEYS, dtype=object), geometry=shapes, crs="EPSG:25832")
    data = qa.join(areas, table, symbols={"999": "value"})
    assert len(qa.measure_segregation(data, ["group"], population="everybody").table)
