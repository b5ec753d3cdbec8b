"""Borders light enough to draw, and points in degrees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely

if TYPE_CHECKING:
    import geopandas as gpd

MANY_AREAS = 2_000  # above this, or
MANY_POINTS = 150_000  # above this, borders are simplified
TOLERANCE = 10.0  # metres


def tolerance(areas: gpd.GeoDataFrame) -> float:
    """Return the tolerance in metres with which the map simplifies borders; 0 where it leaves them as they are."""
    n_points = shapely.get_num_coordinates(areas.geometry.to_numpy()).sum()
    return TOLERANCE if len(areas) > MANY_AREAS or n_points > MANY_POINTS else 0.0


def simplified(areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return areas light enough to draw; shared borders stay shared."""
    metres = tolerance(areas)
    if not metres:
        return areas
    return areas.set_geometry(shapely.coverage_simplify(areas.geometry.to_numpy(), metres), crs=areas.crs)


def encode_point(point: shapely.Geometry) -> list[float]:
    """Return latitude and longitude of a point in degrees."""
    return [round(float(shapely.get_y(point)), 5), round(float(shapely.get_x(point)), 5)]
