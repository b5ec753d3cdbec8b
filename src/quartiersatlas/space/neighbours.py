"""Neighbours by shared border, tolerant of the slivers that real outlines have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    import geopandas as gpd

TOLERANCE = 1.0  # metres between outlines that are meant to touch
MIN_BORDER = 10.0  # metres; a shorter contact is a corner


def neighbours(areas: gpd.GeoDataFrame, *, tolerance: float = TOLERANCE, min_border: float = MIN_BORDER) -> Any:  # noqa: ANN401 - libpysal is untyped
    """Return who shares a border with whom.

    Parameters
    ----------
    areas : GeoDataFrame
        Polygons in metres.
    tolerance : float, default 1
        Gap in metres that still counts as touching. At least 0.
    min_border : float, default 10
        Shared length in metres from which a contact is a border; shorter contacts are corners.

    Returns
    -------
    libpysal.graph.Graph
        Symmetric, unweighted, on the areas' index; areas without a neighbour are isolates.

    Examples
    --------
    >>> import geopandas as gpd
    >>> squares = [shapely.box(x, 0, x + 100, 100) for x in (0, 100, 300)]
    >>> areas = gpd.GeoDataFrame(index=["a", "b", "c"], geometry=squares, crs="EPSG:25832")
    >>> neighbours(areas)["a"].index.tolist()
    ['b']
    """
    from libpysal.graph import Graph

    shapes = areas.geometry.to_numpy()
    one, other = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=tolerance)
    once = one < other
    one, other = one[once], other[once]
    border = np.maximum(_border(shapes[one], shapes[other], tolerance), _border(shapes[other], shapes[one], tolerance))
    long_enough = border >= min_border
    one, other = one[long_enough], other[long_enough]
    keys = areas.index.to_numpy()
    alone = np.setdiff1d(np.arange(len(keys)), np.concatenate([one, other]))
    focal = np.concatenate([one, other, alone])
    neighbour = np.concatenate([other, one, alone])
    weight = np.concatenate([np.ones(2 * len(one)), np.zeros(len(alone))])
    order = np.lexsort((neighbour, focal))
    return Graph.from_arrays(keys[focal[order]], keys[neighbour[order]], weight[order])


def _border(shapes: np.ndarray, others: np.ndarray, tolerance: float) -> np.ndarray:
    """Return the length of each outline that runs within the tolerance of the other shape."""
    return np.asarray(shapely.length(shapely.intersection(shapely.boundary(shapes), shapely.buffer(others, tolerance))))


def connected_groups(areas: gpd.GeoDataFrame) -> pd.Series[int]:
    """Return for each area the number of its connected group; 0 is the group of the first area."""
    if areas.empty:
        return pd.Series([], index=areas.index, dtype=int)
    labels = neighbours(areas).component_labels.reindex(areas.index)
    return pd.Series(pd.factorize(labels)[0].astype(int), index=areas.index, dtype=int)
