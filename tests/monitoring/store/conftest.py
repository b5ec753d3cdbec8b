"""A town of fourteen areas over the years, and a store for it."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa

N = 14
KEYS = [f"{number:02d}" for number in range(1, N + 1)]
RATE = "child_poverty_u15"
POOR = [200.0, 150, 180, 210, 160, 190, 230, 170, 140, 220, 205, 195, 185, 175]


def town_areas(n: int = N, width: float = 1000.0) -> gpd.GeoDataFrame:
    shapes = [shapely.box(x * width, 0, (x + 1) * width, 1000) for x in range(n)]
    names = [f"Gebiet {key}" for key in KEYS[:n]]
    return gpd.GeoDataFrame({"name": names}, index=KEYS[:n], geometry=shapes, crs="EPSG:25832")


def a_year(period, poor=None, residents=None, *, n=N, vintage="2021", numerator="poor", **options):
    poor = list(POOR[:n] if poor is None else poor)
    residents = [1000.0] * n if residents is None else list(residents)
    table = pd.DataFrame({numerator: poor, "residents": residents}, index=KEYS[:n])
    data = qa.join(town_areas(n), table, population="residents", period=period, vintage=vintage, **options)
    return qa.add_rates(data, {RATE: (numerator, "residents")})


def changed(place, value):
    numbers = list(POOR)
    numbers[place] = value
    return numbers


@pytest.fixture
def store(tmp_path):
    return qa.monitor(tmp_path / "monitoring", format="csv")


@pytest.fixture
def filled(store):
    assert store.add(a_year("2023"), by="Statistikstelle", on="2024-03-01").stored == "2023-12-31"
    return store


def same_numbers(one, other):
    columns = list(one.values.columns)
    return np.array_equal(one.values[columns].to_numpy(float), other.values[columns].to_numpy(float), equal_nan=True)
