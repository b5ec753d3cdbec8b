"""Faults of the content of a layer: outlines, coordinates, keys, names and the reference system."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from fuzzing.faults import HOSTILE, ODD

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    ContentFault = Callable[["Layer", random.Random], None]


@dataclass
class Layer:
    """Features as they are written, and the reference system that the file names."""

    features: list[dict[str, Any]]
    crs: str | None
    whole: bool = field(default=True)

    def column(self, name: str) -> list[Any]:
        """Return one value per feature."""
        return [feature.get(name) for feature in self.features]

    def set(self, name: str, value: object, rng: random.Random) -> None:
        """Give one feature, or all of them, another value."""
        self.whole = False
        for feature in self.features if rng.random() < 0.2 else [rng.choice(self.features)]:
            feature[name] = value


def odd_outline(layer: Layer, rng: random.Random) -> None:
    """Put in the place of an outline what is none, or one that crosses, collapses or lies apart from its hole."""
    feature = rng.choice(layer.features) if layer.features else {"geometry": None}
    shape = feature["geometry"]
    if not isinstance(shape, shapely.Polygon) or shape.is_empty or not np.isfinite(shape.bounds).all():
        return
    with suppress(shapely.errors.ShapelyError):  # an outline that is odd already
        feature["geometry"] = rng.choice([*_odd_shapes(shape), *_odd_text(shape)])
        layer.whole = False


def _odd_shapes(shape: shapely.Polygon) -> list[shapely.Geometry | None]:
    west, south, east, north = shape.bounds
    hole = shapely.box(east + 10, south, east + 20, south + 10).exterior
    inner = shape.centroid.buffer(20, 2).exterior
    corners = [corner[:2] for corner in shape.exterior.coords]
    return [
        None,
        shapely.Polygon(),
        shapely.MultiPolygon(),
        shapely.GeometryCollection(),
        shapely.Point(),
        shapely.Polygon([corners[0], corners[2], corners[1], corners[3]]),  # crosses itself
        shapely.Polygon([corners[0]] * 4),  # one point
        shapely.Polygon([corners[0], corners[1], corners[0], corners[1]]),  # a line there and back
        shapely.Polygon(corners, [hole]),  # a hole outside
        shapely.Polygon(corners, [inner]),  # a hole
        shapely.Polygon(corners, [inner, inner]),  # the same hole twice
        shapely.Polygon(corners, [shape.exterior]),  # a hole as large as the area
        shapely.MultiPolygon([shape, shape]),  # the same part twice
        shapely.MultiPolygon([shape, shapely.Polygon(hole)]),
        shapely.MultiPolygon([shape, shapely.Polygon()]),
        shape.centroid,
        shape.exterior,
        shapely.LineString(corners),
        shapely.MultiPoint(corners),
        shapely.GeometryCollection([shape, shape.centroid]),
        shapely.GeometryCollection([shape]),
        shapely.GeometryCollection([shapely.GeometryCollection([shape])]),
        shapely.GeometryCollection([shape, shapely.box(west, south, west + 5, north)]),
        shapely.force_3d(shape, 12.5),
        shapely.from_wkt(f"POLYGON ZM (({', '.join(f'{x} {y} 1 2' for x, y in corners)}))"),
        shapely.from_wkt(f"POLYGON M (({', '.join(f'{x} {y} 1' for x, y in corners)}))"),
        shapely.segmentize(shape, 0.5),  # thousands of corners
        shapely.Polygon([*corners[:2], corners[1], *corners[1:]]),  # a corner twice
        shapely.box(west - 5000, south - 5000, east + 5000, north + 5000),  # covers the others
    ]


def _odd_text(shape: shapely.Polygon) -> list[object]:
    """Return what only a file of text can hold in the place of an outline."""
    corners = [corner[:2] for corner in shape.exterior.coords]
    return [
        {"type": "Polygon", "coordinates": [[[*corner, math.nan] for corner in corners]]},
        {"type": "Polygon", "coordinates": [[[math.nan, math.inf] for _ in corners]]},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[]]},
        {"type": "Polygon", "coordinates": [[corners[0], corners[1]]]},
        {"type": "Polygon", "coordinates": [corners[:-1]]},  # not closed
        {"type": "Polygon", "coordinates": [[["a", "b"]] * 4]},
        {"type": "Polygon", "coordinates": [[[1]] * 4]},
        {"type": "Curve", "coordinates": [corners]},
        {"type": "Polygon"},
        {"coordinates": [corners]},
        {"type": "MultiPolygon", "coordinates": corners},
        "POLYGON EMPTY",
        [],
        7,
    ]


def odd_coordinates(layer: Layer, rng: random.Random) -> None:
    """Move one area or all to where none can lie."""
    value = rng.choice([math.nan, math.inf, -math.inf, 1e300, 1e15, 1e-300])
    change = rng.choice(
        [
            lambda points: points[:, ::-1],
            lambda points: points * value,
            lambda points: points * 0,
            lambda points: points * -1,
            lambda points: points * [1, value],
            lambda points: np.where(np.arange(len(points))[:, None] == 1, value, points),
            lambda points: (points - points.mean(axis=0)) / 1e5 + [180, 0],
            lambda points: (points - points.mean(axis=0)) / 1e5 + [0, 90],
            lambda points: (points - points.mean(axis=0)) / 1e5 + [7, 51],
            lambda points: (points - points.mean(axis=0)) / 1e5 + [51, 7],
            lambda points: points / 1000,
            lambda points: points + np.array([32_000_000, 0]),
            lambda points: points + np.array([2_500_000, 0]),
        ]
    )
    every = rng.random() < 0.6
    for feature in layer.features if every else layer.features[:1]:
        if isinstance(feature["geometry"], shapely.Geometry):
            with np.errstate(all="ignore"), suppress(shapely.errors.ShapelyError):  # a ring that NaN opens is none
                feature["geometry"] = shapely.transform(feature["geometry"], change)
    layer.whole = False


def odd_system(layer: Layer, rng: random.Random) -> None:
    """Name another reference system, or none."""
    layer.crs = rng.choice(
        [None, "EPSG:4326", "EPSG:25833", "EPSG:3857", "EPSG:31467", "EPSG:4647", "EPSG:2264", "EPSG:7405", "EPSG:4978"]
    )
    layer.whole = False


def odd_key(layer: Layer, rng: random.Random) -> None:
    """Give features keys that are the same, empty, numbers, lists or worse."""
    if layer.features:
        twice = [feature.get("id") for feature in layer.features[:2]]
        layer.set("id", rng.choice([None, *twice, *twice, 1.0, 1.5, 7, *ODD, *HOSTILE]), rng)


def odd_name(layer: Layer, rng: random.Random) -> None:
    """Give features names and districts that are hostile, empty, numbers or lists."""
    if layer.features:
        layer.set(rng.choice(["NAME", "NAME", "BEZ"]), rng.choice([None, *HOSTILE, *HOSTILE, *ODD]), rng)


def odd_columns(layer: Layer, rng: random.Random) -> None:
    """Give features columns with hostile names or contents, or take one away."""
    if not layer.features:
        return
    name = rng.choice([*HOSTILE, "geometry_1", "ID", "name", "Hinweis", "notice", "repaired", "wkt", "GEOMETRY"])
    value = rng.choice([*ODD, *HOSTILE, "POINT (1 2)", '{"coordinates": [1]}'])
    for feature in layer.features if rng.random() < 0.5 else layer.features[:1]:
        feature[name] = value
    if rng.random() < 0.3:
        gone = rng.choice(["id", "NAME", "BEZ", "n"])
        for feature in layer.features if rng.random() < 0.5 else layer.features[:1]:
            feature.pop(gone, None)
    layer.whole = False


def odd_features(layer: Layer, rng: random.Random) -> None:
    """Have no feature, one, the same ones twice, or a whole city among them."""
    shapes = [f["geometry"] for f in layer.features if isinstance(f["geometry"], shapely.Geometry)]
    choice = rng.choice(["none", "one", "twice", "whole", "shuffled"])
    if choice == "none":
        layer.features.clear()
    elif choice == "one":
        del layer.features[1:]
    elif choice == "twice":
        layer.features += [dict(feature) for feature in layer.features]
    elif choice == "whole" and shapes and all(np.isfinite(shape.bounds).all() for shape in shapes):
        box = shapely.box(*shapely.total_bounds(shapes))
        layer.features.append({"id": "XX", "NAME": "Gesamt", "BEZ": None, "n": 0, "geometry": box})
    else:
        rng.shuffle(layer.features)
    layer.whole = False


CONTENT_FAULTS: tuple[ContentFault, ...] = (
    *(odd_outline, odd_outline, odd_outline, odd_coordinates, odd_coordinates, odd_system, odd_key, odd_key),
    *(odd_name, odd_name, odd_columns, odd_features),
)
