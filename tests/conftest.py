from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import settings

# no test is timed: a busy machine must not fail one
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """Give the folder of real open data, or skip: it is not part of the project."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the folder ../shared/data with real open data is not here")
    return folder


@pytest.fixture(scope="session")
def sample_data() -> Path:
    return ROOT / "sample_data"


@pytest.fixture(scope="session")
def grid():
    """Build a city of squares of 1 km side by side: columns x rows, keys 'a0', 'b0', ..."""

    def build(columns: int, rows: int = 1) -> gpd.GeoDataFrame:
        cells = [(x, y) for y in range(rows) for x in range(columns)]
        keys = pd.Index([f"{chr(97 + x)}{y}" for x, y in cells], name="key", dtype=object)
        shapes = [shapely.box(1000 * x, 1000 * y, 1000 * (x + 1), 1000 * (y + 1)) for x, y in cells]
        names = [f"Gebiet {key}" for key in keys]
        return gpd.GeoDataFrame({"name": names}, index=keys, geometry=shapes, crs="EPSG:25832")

    return build


@pytest.fixture
def joined(grid):
    """Join a frame of columns to a row (or grid) of squares; 'residents' are the population."""
    import quartiersatlas as qa

    def build(values: dict[str, list[float]], rows: int = 1, **options):
        n = len(next(iter(values.values())))
        areas = grid(n // rows, rows)
        return qa.join(areas, pd.DataFrame(values, index=areas.index), **options)

    return build
