"""Surveys as a town has them: single answers and ready tables, seeded; the known answers where they are."""

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
def ready():
    """Make the ready table of an institute: m areas, with a register number that goes with the answers."""

    def make(m=24, seed=1, least=6, most=120):
        rng = np.random.default_rng(seed)
        n, x = rng.integers(least, most, m), rng.normal(size=m)
        p = 1 / (1 + np.exp(0.5 - 0.5 * x))
        keys = [f"{number:02}" for number in range(m)]
        table = pd.DataFrame({"area": keys, "n": n, "n_yes": rng.binomial(n, p), "deff": 1.3})
        return table, pd.DataFrame({"sgb2_rate": x}, index=keys)

    return make


@pytest.fixture
def joined():
    """Make joined data of areas with 2,000 residents each."""

    def make(keys):
        shapes = [shapely.box(1000 * number, 0, 1000 * number + 1000, 1000) for number in range(len(keys))]
        names = [f"Stadtteil {key}" for key in keys]
        areas = gpd.GeoDataFrame({"name": names}, index=list(keys), geometry=shapes, crs="EPSG:25832")
        return qa.join(areas, pd.DataFrame({"residents": 2000.0}, index=list(keys)), population="residents")

    return make
