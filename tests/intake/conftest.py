"""Small files as cities write them: every test writes its own."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa


@pytest.fixture
def read(tmp_path):
    """Write a table and read it with the key column 'key'."""

    def read(content: str | bytes, *, name: str = "table.csv", **options) -> qa.Table:
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return qa.read_table(file, **{"key": "key", **options})

    return read


@pytest.fixture
def row():
    """Build squares of 100 m side by side, with the keys as given."""

    def build(*keys: str, crs: str | None = "EPSG:25832") -> gpd.GeoDataFrame:
        shapes = [shapely.box(500_000 + 100 * i, 5_700_000, 500_100 + 100 * i, 5_700_100) for i in range(len(keys))]
        index = pd.Index(keys, name="key", dtype=object)
        return gpd.GeoDataFrame({"name": [f"Gebiet {key}" for key in keys]}, index=index, geometry=shapes, crs=crs)

    return build


@pytest.fixture
def residents():
    """Build a frame of residents on district keys."""

    def build(**counts: float) -> pd.DataFrame:
        keys = [key.removeprefix("k") for key in counts]
        return pd.DataFrame({"residents": list(counts.values())}, index=pd.Index(keys, name="key"))

    return build
