"""A town for tests of segregation."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely


@pytest.fixture
def town():
    """Give 36 squares of different width in three districts with three groups."""
    random = np.random.default_rng(4)
    widths = random.uniform(400, 900, 36)
    lefts = np.concatenate([[0], np.cumsum(widths)[:-1]])
    shapes = [shapely.box(x, 0, x + w, 700) for x, w in zip(lefts, widths, strict=True)]
    total = random.integers(100, 900, 36)
    a = random.binomial(total, random.beta(2, 4, 36))
    b = random.binomial(total - a, 0.3)
    frame = {"a": a, "b": b, "c": total - a - b, "total": total, "bezirk": random.permutation(list("NOW") * 12)}
    return gpd.GeoDataFrame(frame, index=[f"{i:03}" for i in range(36)], geometry=shapes, crs="EPSG:25832")
