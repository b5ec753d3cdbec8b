"""Outlines for the map: degrees on a grid of 1e-5, written as steps from point to point."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    import geopandas as gpd

STEP = 1e-5  # degrees: about 1.1 m north-south, 0.7 m east-west in Germany
MANY_POINTS = 150_000  # from here on borders are simplified
TOLERANCE = 10.0  # metres

Shape = list[list[list[int]]]


def simplified(areas: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, float]:
    """Return areas light enough to draw, and the tolerance in metres (0: as they are); shared borders stay shared."""
    tolerance = tolerance_of(areas)
    if not tolerance:
        return areas, tolerance
    shapes = shapely.coverage_simplify(areas.geometry.to_numpy(), tolerance)
    return areas.set_geometry(shapes, crs=areas.crs), tolerance


def tolerance_of(areas: gpd.GeoDataFrame) -> float:
    """Return by how many metres borders may be moved to make the areas light enough to draw; 0 where they are."""
    many = shapely.get_num_coordinates(areas.geometry.to_numpy()).sum() > MANY_POINTS
    return TOLERANCE if many else 0.0


def on_areas(frame: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a layer in the coordinates of the areas."""
    return frame if frame.crs is None or areas.crs is None or frame.crs == areas.crs else frame.to_crs(areas.crs)


def encode_shapes(frame: gpd.GeoDataFrame) -> list[Shape]:
    """Return each polygon as parts of rings of whole numbers: a start, then differences."""
    return [_encode(shape) for shape in frame.geometry.to_crs("EPSG:4326")]


def encode_point(point: shapely.Geometry) -> list[float]:
    """Return latitude and longitude of a point in degrees."""
    return [round(float(shapely.get_y(point)), 5), round(float(shapely.get_x(point)), 5)]


def _encode(shape: shapely.Geometry) -> Shape:
    polygons = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return [[_steps(ring) for ring in (polygon.exterior, *polygon.interiors)] for polygon in polygons]


def _steps(ring: shapely.LinearRing) -> list[int]:
    grid = np.rint(shapely.get_coordinates(ring) / STEP).astype(int)
    steps = np.diff(grid, axis=0, prepend=np.zeros((1, 2), dtype=int))
    moved = np.any(steps != 0, axis=1)
    return [int(number) for number in steps[moved][:-1].ravel()]
