"""The committed seed, drawn once for all tests of the sample city."""

from __future__ import annotations

import geopandas as gpd
import pytest
from sample_city import write_sample
from sample_city.districts import build_city
from sample_city.geometry import build_cells
from sample_city.people import build_people

SEED = 2011


@pytest.fixture(scope="package")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder, seed=SEED)
    return folder


@pytest.fixture(scope="package")
def city():
    cells, _ = build_cells(SEED)
    return build_city(cells)


@pytest.fixture(scope="package")
def people(city):
    return build_people(city, SEED)


@pytest.fixture(scope="package")
def districts(folder):
    return gpd.read_file(folder / "stadtteile.geojson").set_index("STADTTEIL")
