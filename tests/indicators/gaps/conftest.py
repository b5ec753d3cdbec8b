"""A town with a group in it, and the known answers where they are on this machine."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa


@pytest.fixture
def acting(shared):
    folder = shared.parent / "reference" / "acting"
    if not folder.exists():
        pytest.skip(f"the known answers in {folder} are not here")
    return folder


@pytest.fixture
def town():
    """Make joined data of k areas: sgb2 of residents, and of foreign nationals; seeded."""

    def make(k=12, seed=1, period="2024", **columns):
        rng = np.random.default_rng(seed)
        keys = [f"{number + 1:02}" for number in range(k)]
        shapes = [shapely.box(1000 * n, 0, 1000 * n + 1000, 1000) for n in range(k)]
        frame = {
            "name": [f"Stadtteil {key}" for key in keys],
            "bezirk": ["West", "Ost"] * (k // 2) + ["West"] * (k % 2),
        }
        areas = gpd.GeoDataFrame(frame, index=keys, geometry=shapes, crs="EPSG:25832")
        foreign, others = rng.integers(40, 900, k), rng.integers(700, 3000, k)
        base = rng.beta(4, 20, k)
        x, y = rng.binomial(foreign, 1.6 * base), rng.binomial(others, base)
        counts = {"residents": foreign + others, "sgb2": x + y, "foreign": foreign, "foreign_sgb2": x}
        table = pd.DataFrame({**counts, **columns}, index=keys).astype(float)
        data = qa.join(areas, table, population="residents", period=period)
        return qa.add_rates(data, {"sgb2_rate": ("sgb2", "residents")})

    return make


@pytest.fixture
def gap():
    """Compute the gap of foreign nationals in a town."""

    def compute(data, reference="others", **options):
        return qa.group_gap(data, ("foreign_sgb2", "foreign"), ("sgb2", "residents"), reference=reference, **options)

    return compute
