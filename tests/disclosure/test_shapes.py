"""Shapes that no map can draw and no file can hold are refused before anything leaves."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import GeometryError

SQUARE = shapely.box(450_000, 5_650_000, 450_500, 5_650_500)


@pytest.fixture(scope="module")
def town():
    """Twelve areas with a rate."""
    keys = pd.Index([f"{i:02d}" for i in range(12)], name="key")
    shapes = [shapely.box(450_000 + 500 * i, 5_650_000, 450_500 + 500 * i, 5_650_500) for i in range(12)]
    areas = gpd.GeoDataFrame({"name": keys}, index=keys, geometry=shapes, crs="EPSG:25832")
    table = pd.DataFrame({"residents": 1000.0, "mh": 100.0 + 10 * np.arange(12)}, index=keys)
    return qa.add_rates(qa.join(areas, table), {"mh_share": ("mh", "residents")})


def polygon(*corners):
    with np.errstate(invalid="ignore"):  # on some machines the library below remarks on corners that are no numbers
        return shapely.Polygon(corners)


def open_ring():
    """A ring whose first corner lies nowhere: whoever copies it is told that it is not closed."""
    return polygon((np.inf, np.inf), (450_500, 5_650_000), (450_500, 5_650_500))


WRONG = {
    "a ring that is not closed": (open_ring(), "1 row has corners without a place on earth: '1'"),
    "a corner that is no number": (
        polygon((450_000, 5_650_000), (np.nan, np.nan), (450_500, 5_650_500)),
        "1 row has corners without a place on earth: '1'",
    ),
    "a corner beyond the earth": (
        polygon((450_000, 5_650_000), (1e300, 5_650_000), (450_500, 5_650_500)),
        "Are the coordinates those of ETRS89 / UTM zone 32N",
    ),
    "heights that are no numbers": (
        polygon((450_000, 5_650_000, np.nan), (450_500, 5_650_500, 3), (450_500, 5_650_000, 2)),
        r"heights that are no numbers: '1'. Leave heights out: frame.set_geometry\(frame.geometry.force_2d\(\)\)",
    ),
    "nothing": (None, "1 row has no geometry: '1'"),
    "an empty point": (shapely.Point(), "1 row has no geometry: '1'"),
    "a ring": (shapely.LinearRing([(450_000, 5_650_000), (450_500, 5_650_500), (450_500, 5_650_000)]), "is a ring"),
}


def layer(shape, crs="EPSG:25832"):
    return gpd.GeoDataFrame({"name": ["a", "b"], "kind": ["", ""]}, geometry=[SQUARE, shape], crs=crs)


@pytest.mark.parametrize("name", ["programmes", "facilities"])
@pytest.mark.parametrize("wrong", WRONG)
def test_a_layer_with_an_impossible_shape_is_refused(town, name, wrong):
    shape, message = WRONG[wrong]
    with pytest.raises(GeometryError, match=rf"^release: {name}.*{message}"):
        qa.release(town, title="T", **{name: layer(shape)})


@pytest.mark.parametrize("wrong", ["a ring that is not closed", "a corner beyond the earth", "nothing", "a ring"])
def test_so_is_an_area_that_was_joined_past_the_door(town, wrong):
    shapes = town.areas.geometry.to_numpy().copy()
    shapes[3] = WRONG[wrong][0]
    spoiled = replace(town, areas=town.areas.set_geometry(gpd.GeoSeries(shapes, index=town.areas.index, crs=25832)))
    with pytest.raises(GeometryError, match=r"^release: the areas.*'03'"):
        qa.release(spoiled, title="T")
    with pytest.raises(GeometryError, match=r"^release: the areas.*'03'"):
        qa.choropleth(spoiled, "mh_share")


def test_a_layer_without_a_reference_system_or_geometry_is_refused(town):
    with pytest.raises(GeometryError, match=r"programmes have no coordinate reference system.*set_crs"):
        qa.release(town, title="T", programmes=layer(SQUARE, crs=None))
    with pytest.raises(GeometryError, match=r"facilities have no active geometry column"):
        qa.release(town, title="T", facilities=gpd.GeoDataFrame({"name": ["a"]}))


@pytest.mark.parametrize(
    "shape",
    [
        SQUARE,
        shapely.Point(450_100, 5_650_100),
        shapely.LineString([(450_000, 5_650_000), (450_500, 5_650_500)]),
        shapely.force_3d(SQUARE, 30.0),
        shapely.Polygon([(450_000, 5_650_000), (450_500, 5_650_500), (450_500, 5_650_000), (450_000, 5_650_500)]),
        shapely.GeometryCollection([SQUARE, shapely.Point(450_100, 5_650_100)]),
    ],
    ids=["square", "point", "line", "with heights", "crosses itself", "collection"],
)
def test_every_other_shape_of_a_layer_is_drawn_and_written(town, tmp_path, shape):
    release = qa.release(town, title="T", programmes=layer(shape))
    qa.atlas_map(release).save(tmp_path / "atlas.html")
    for name in ("r.gpkg", "r.geojson"):
        qa.export(release, tmp_path / name)
    qa.report(release, tmp_path / "bericht.html")
    assert len(gpd.read_file(tmp_path / "r.gpkg", layer="programmes")) == 2
