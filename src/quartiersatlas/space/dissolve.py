"""Neighbouring shapes as one, without the slivers between outlines that were meant to touch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely

from quartiersatlas.space.neighbours import TOLERANCE

if TYPE_CHECKING:
    import geopandas as gpd
    from shapely.geometry.base import BaseGeometry


def dissolved(areas: gpd.GeoDataFrame, *, tolerance: float = TOLERANCE) -> BaseGeometry:
    """Return the union of areas; gaps up to the tolerance wide are closed, real holes stay.

    Parameters
    ----------
    areas : GeoDataFrame
        Polygons in metres.
    tolerance : float, default 1
        Width in metres of gaps that are closed, the same that makes areas neighbours.

    Returns
    -------
    BaseGeometry
        Exactly the union where outlines meet exactly; else with its slivers closed.

    Examples
    --------
    >>> import geopandas as gpd
    >>> squares = [shapely.box(0, 0, 100, 100), shapely.box(100.6, 0, 200, 100)]
    >>> dissolved(gpd.GeoDataFrame(geometry=squares, crs="EPSG:25832")).geom_type
    'Polygon'
    """
    union = areas.geometry.union_all()
    if shapely.coverage_is_valid(areas.geometry.to_numpy(), gap_width=tolerance):
        return union
    half = tolerance / 2 + 1e-6
    return union.buffer(half, join_style="mitre").buffer(-half, join_style="mitre")
