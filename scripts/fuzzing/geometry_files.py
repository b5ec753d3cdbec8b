"""A small city as every format keeps it; GeoJSON is written here by hand, because it can hold what no driver writes."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import shapely

if TYPE_CHECKING:
    import random
    from pathlib import Path

    from fuzzing.geometry_faults import Layer

CRS = "EPSG:25832"
FORMATS = (".geojson", ".gpkg", ".shp", ".fgb", ".gml", ".parquet")
DRIVERS = {".gpkg": "GPKG", ".shp": "ESRI Shapefile", ".fgb": "FlatGeobuf", ".gml": "GML"}
WEST, SOUTH, SIDE = 565_000, 5_930_000, 800


class FormatRefusesError(Exception):
    """A format cannot hold what is to be written."""


def drawn_city(rng: random.Random) -> list[dict[str, Any]]:
    """Draw a city of crooked quadrangles that share their corners: id, NAME, BEZ, n and geometry of each."""
    columns, rows = rng.randint(2, 5), rng.randint(2, 4)
    corners = {
        (x, y): (WEST + SIDE * x + rng.randint(-200, 200), SOUTH + SIDE * y + rng.randint(-200, 200))
        for x in range(columns + 1)
        for y in range(rows + 1)
    }
    areas = []
    for y in range(rows):
        for x in range(columns):
            around = [corners[x, y], corners[x + 1, y], corners[x + 1, y + 1], corners[x, y + 1]]
            number = len(areas) + 1
            areas.append(
                {
                    "id": f"{number:02d}",
                    "NAME": f"Höfe {number}",
                    "BEZ": "Süd" if y else "Nord",
                    "n": number,
                    "geometry": shapely.Polygon(around),
                }
            )
    return areas


def write_layer(layer: Layer, file: Path, rng: random.Random) -> Path:
    """Write a layer; the ending of the file says how.

    Raises
    ------
    FormatRefusesError
        The format cannot hold this content.
    """
    if file.suffix in (".geojson", ".json"):
        file.write_bytes(geojson(layer, rng))
        return file
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a format shortens is no fault of who reads it
            frame = gpd.GeoDataFrame(layer.features, geometry="geometry", crs=layer.crs)
            if file.suffix == ".parquet":
                frame.to_parquet(file)
            else:
                frame.to_file(file, driver=DRIVERS[file.suffix], engine="pyogrio")
    except Exception as error:
        for left in file.parent.glob(f"{file.stem}.*"):
            left.unlink()
        raise FormatRefusesError(str(error)) from error
    return file


def geojson(layer: Layer, rng: random.Random) -> bytes:
    """Return GeoJSON with everything that JSON can hold, NaN included."""
    features = [
        {
            "type": "Feature",
            "properties": {name: value for name, value in feature.items() if name != "geometry"},
            "geometry": as_json(feature["geometry"]),
        }
        for feature in layer.features
    ]
    content: dict[str, Any] = {"type": "FeatureCollection", "features": features}
    if layer.crs is not None:
        code = str(layer.crs).removeprefix("EPSG:")
        content["crs"] = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{code}"}}
    indent = rng.choice([None, 1])
    return json.dumps(content, indent=indent, default=str, ensure_ascii=False).encode("utf-8", "surrogatepass")


def as_json(shape: object) -> object:
    """Return a shape as GeoJSON; what is none (a fault by hand) stays as it is."""
    if shape is None or not isinstance(shape, shapely.Geometry):
        return shape
    return shapely.geometry.mapping(shape)
