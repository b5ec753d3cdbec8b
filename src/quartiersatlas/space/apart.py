"""Outlines that were meant to touch and do not: how far they lie apart, and which tolerance bridges that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from quartiersatlas.catalogue import Message, number_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.intp]
    Floats = NDArray[np.float64]
    Shapes = NDArray[np.object_]

TOLERANCE = 1.0  # metres between outlines that are meant to touch
MIN_BORDER = 10.0  # metres; a shorter contact is a corner
USUAL_WIDTH = 100.0  # metres; where areas are narrower, the tolerances shrink with them
CLOSE = 10.0  # tolerances: a gap up to it comes from drawing, whoever it concerns
NEAR = 0.1  # widths: a gap up to it may come from drawing, where it concerns many
MANY = 0.2  # of the areas
MOST = 0.5  # of the areas: a group with as many is the city, the others lie apart from it
BRIDGED = 0.9  # share of the gaps that the proposed tolerance bridges at least
SPARE = 1.02  # of a gap: what lies at its end counts as touching too


def tolerance_scale(shapes: Shapes) -> float:
    """Return by how much the tolerances shrink: 1 for areas as wide as usual."""
    return min(1.0, _width(shapes) / USUAL_WIDTH) if len(shapes) else 1.0


def _width(shapes: Shapes) -> float:
    """Return the median width, the root of the surface."""
    return float(np.sqrt(np.median(shapely.area(shapes))))


def group_numbers(one: Ints, other: Ints, n_areas: int) -> Ints:
    """Return the number of the connected group of each area; the pairs are positions."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    pairs = coo_array((np.ones(len(one)), (one, other)), shape=(n_areas, n_areas))
    return np.asarray(connected_components(pairs, directed=False)[1], dtype=np.intp)


def outlines_apart(shapes: Shapes, one: Ints, other: Ints, tolerance: float | None = None) -> Message | None:
    """Return that outlines do not touch which were meant to, with the median gap and the tolerance that bridges it.

    Parameters
    ----------
    shapes : ndarray of Polygon or MultiPolygon, shape (n_areas,)
        The areas, in metres.
    one, other : ndarray of int, shape (n_pairs,)
        Pairs that touch within the tolerance.
    tolerance : float, optional
        The tolerance they were found with, in metres.

    Returns
    -------
    Message or None
        None where all touch, or what lies apart lies far apart: islands are no fault, nor is a lake between districts.

    Notes
    -----
    A gap of up to ten tolerances is said of any area. A wider one, of up to a tenth of the median width, is said where
    it concerns a fifth of the areas.
    """
    group = group_numbers(one, other, len(shapes))
    size = np.bincount(group) if len(group) else np.empty(0, dtype=np.intp)
    if len(size) < 2:  # noqa: PLR2004 - one group, or none
        return None
    tolerance = TOLERANCE * tolerance_scale(shapes) if tolerance is None else float(tolerance)
    main = int(size.argmax()) if size.max() >= max(2, MOST * len(group)) else -1
    gaps = _gaps(shapes, group, main, max(NEAR * _width(shapes), CLOSE * tolerance))
    close = gaps <= CLOSE * tolerance
    if size[gaps.index].sum() < MANY * len(group):
        gaps = gaps[close]
    if gaps.empty:
        return None
    proposed = _rounded_up(SPARE * float(np.quantile(gaps, BRIDGED, method="higher")))
    values = {
        "apart": int(size[gaps.index].sum()),
        "count": len(group),
        "gap": _written(float(gaps.median())),
        "tolerance": _written(tolerance),
        "proposed": f"{proposed:g}",
    }
    return Message("warning_apart", values)


def _gaps(shapes: Shapes, group: Ints, main: int, reach: float) -> pd.Series[float]:
    """Return the distance of each group besides the main one to the nearest other group, where it is within reach."""
    outside = np.flatnonzero(group != main)
    at, near = shapely.STRtree(shapes).query(shapes[outside], predicate="dwithin", distance=reach)
    at = outside[at]
    differs = group[at] != group[near]
    at, near = at[differs], near[differs]
    return pd.Series(shapely.distance(shapes[at], shapes[near])).groupby(group[at]).min()


def _rounded_up(metres: float) -> float:
    """Return a length that is not shorter, in whole metres, below one in tenths of its power of ten."""
    step = 1.0 if metres > 1 else 10.0 ** (np.floor(np.log10(metres)) - 1)
    return float(np.ceil(metres / step) * step)


def _written(metres: float) -> tuple[str, str]:
    """Return a length in either language."""
    decimals = 1 if metres >= 1 else 2
    if float(metres).is_integer():
        decimals = 0
    return number_text(metres, decimals, "de"), number_text(metres, decimals, "en")
