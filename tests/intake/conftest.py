"""Small files as cities write them: every test writes its own."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa

DRIVERS = {"gpkg": "GPKG", "geojson": "GeoJSON", "shp": "ESRI Shapefile", "fgb": "FlatGeobuf"}


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


@pytest.fixture
def write(tmp_path):
    """Write a layer of squares (or given shapes) with columns."""

    def write(kind="gpkg", crs="EPSG:25832", shapes=None, at=(500_000, 5_700_000), side=100, **columns):
        n = len(next(iter(columns.values())))
        x, y = at
        shapes = shapes or [shapely.box(x + side * i, y, x + side * (i + 1), y + side) for i in range(n)]
        file = tmp_path / f"gebiete.{kind}"
        frame = gpd.GeoDataFrame(columns, geometry=shapes, crs=crs or "EPSG:25832")
        frame.to_parquet(file) if kind == "parquet" else frame.to_file(file, driver=DRIVERS[kind])
        if crs is None:
            file.with_suffix(".prj").unlink()
        return file

    return write
