"""Damaged geometry files give areas that can be used, or errors of ours; rewritten ones give the same areas.

The tests run some; ``python scripts/fuzz.py geometry --n 1500`` runs more.
"""

from __future__ import annotations

from collections import Counter

import geopandas as gpd
import pytest
import shapely
from fuzzing.faults import dice
from fuzzing.geometry import refuse_silent, refuse_unusable, run_damaged
from fuzzing.geometry_faults import Layer
from fuzzing.geometry_files import CRS, drawn_city, write_layer
from fuzzing.same_geometry import refuse_difference, run_same
from fuzzing.verdict import BrokenPromiseError

import quartiersatlas as qa


@pytest.fixture(autouse=True)
def parquet():
    pytest.importorskip("pyarrow", reason="pyarrow (extra parquet) is not installed")


@pytest.mark.parametrize("start", range(0, 60, 20))
def test_damaged_layers_give_areas_that_can_be_used_or_our_errors(tmp_path, start):
    ended = Counter()
    for seed in range(start, start + 20):
        folder = tmp_path / str(seed)
        folder.mkdir()
        ended[run_damaged(seed, folder)] += 1
    assert any("done" in how for how in ended)
    assert any("Error" in how for how in ended)


def test_a_city_that_is_only_kept_otherwise_has_the_same_areas(tmp_path):
    for seed in range(30):
        folder = tmp_path / str(seed)
        folder.mkdir()
        assert run_same(seed, folder) == "same"


@pytest.fixture
def city(tmp_path):
    rng = dice(7)
    drawn = drawn_city(rng)
    layer = Layer(drawn, crs=CRS)
    file = write_layer(layer, tmp_path / "gebiete.gpkg", rng)
    return layer, qa.read_areas(file, key="id", name="NAME", parents={"bezirk": "BEZ"})


def test_the_fuzzer_sees_an_area_that_is_gone_renamed_or_moved(city):
    layer, areas = city
    refuse_difference(layer.features, areas, CRS)
    refuse_silent(layer, areas, {"key": "id", "name": "NAME"})
    with pytest.raises(BrokenPromiseError, match="other keys: \\['01'\\]"):
        refuse_silent(layer, areas.iloc[1:], {"key": "id", "name": "NAME"})
    with pytest.raises(BrokenPromiseError, match="02 is called 'Wall', 'Nord'"):
        refuse_difference(layer.features, areas.assign(name=areas["name"].replace("Höfe 2", "Wall")), CRS)
    moved = areas.set_geometry(areas.translate(0.5, 0))
    with pytest.raises(BrokenPromiseError, match=r"01 lies up to 0\.5"):
        refuse_difference(layer.features, moved, CRS)
    grown = areas.set_geometry(areas.buffer(1))
    with pytest.raises(BrokenPromiseError, match="other surfaces of"):
        refuse_silent(layer, grown, {"key": "id", "name": "NAME"})


@pytest.mark.parametrize(
    ("shape", "broken"),
    [
        (shapely.Point(1, 2), "outlines are polygons"),
        (shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]), "outlines are valid"),
        (shapely.from_wkt("POLYGON ((0 0, inf 1, 1 1, 0 0))"), "coordinates are finite"),
        (shapely.force_3d(shapely.box(0, 0, 1, 1), 5), "heights"),
    ],
)
def test_the_fuzzer_sees_areas_that_no_step_can_use(shape, broken):
    areas = gpd.GeoDataFrame({"name": ["a"]}, index=["1"], geometry=[shape], crs=CRS)
    with pytest.raises(BrokenPromiseError, match=broken):
        refuse_unusable(areas)
    refuse_unusable(areas.set_geometry([shapely.box(0, 0, 1, 1)], crs=CRS))
