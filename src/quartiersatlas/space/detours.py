"""Surroundings that a barrier cuts: who lives behind it does not count, or counts by the way over a crossing.

Straight distances need no geometry and take millions of pairs a second; here every pair near a barrier is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from quartiersatlas.space.barriers import CROSSING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import geopandas as gpd
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]

PAIRS = 2**17  # looked at together


def sums_around_barriers(
    points: Floats,
    values: Floats,
    radii: Floats,
    weigh: Callable[[Floats, float], Floats],
    reach: float,
    barriers: gpd.GeoDataFrame,
    crossings: gpd.GeoDataFrame | None,
) -> Floats:
    """Sum values around every point, by distances that go around barriers.

    Parameters
    ----------
    points : ndarray of float, shape (n_points, 2)
        Coordinates in metres.
    values : ndarray of float, shape (n_points, n_columns)
        What is summed.
    radii : ndarray of float, shape (n_radii,)
        Radii in metres.
    weigh : callable
        Takes distances and the radius: how much a neighbour counts.
    reach : float
        Metres beyond which nobody counts.
    barriers, crossings : GeoDataFrame
        Lines or polygons that nobody crosses; points or lines where one does.

    Returns
    -------
    ndarray of float, shape (n_radii, n_points, n_columns)
        The sums; the point itself is among its neighbours.

    Notes
    -----
    Two points are apart where the straight line between them meets a barrier. The way round leads from crossing to
    crossing in straight lines that meet none; the shortest is the distance. Without one, the points do not count for
    each other. A crossing opens barriers 50 m around it: one that is a point opens what is up to 100 m wide there.
    """
    walls = _Walls.of(barriers, crossings)
    to_gate = walls.to_gates(points)
    onward = walls.between_gates(to_gate)
    sums = np.zeros((len(radii), *values.shape))
    for one, other in _pairs(points, reach):
        distance = np.hypot(*(points[one] - points[other]).T)
        apart = walls.part(points[one], points[other]) & (one != other)
        distance[apart] = (onward[one[apart]] + to_gate[other[apart]]).min(axis=1, initial=np.inf)
        near = distance <= reach
        start, end, metres = one[near], other[near], distance[near]
        for k, radius in enumerate(radii):
            weight = weigh(metres, radius)
            for column in range(values.shape[1]):
                sums[k, :, column] += np.bincount(start, weight * values[end, column], minlength=len(points))
                mirrored = np.where(start == end, 0.0, weight) * values[start, column]
                sums[k, :, column] += np.bincount(end, mirrored, minlength=len(points))
    return sums


def _pairs(points: Floats, reach: float) -> Iterator[tuple[Ints, Ints]]:
    """Give all pairs of points in straight reach, each once, and each point with itself; some of them at a time."""
    from scipy.spatial import cKDTree

    tree = cKDTree(points)
    begin = 0
    many = tree.query_ball_point(points, reach, return_length=True) if len(points) else np.empty(0)
    while begin < len(points):
        end = begin + max(1, int(np.searchsorted(np.cumsum(many[begin:]), PAIRS, side="right")))
        near = [np.asarray(found, dtype=np.intp) for found in tree.query_ball_point(points[begin:end], reach)]
        one = np.repeat(np.arange(begin, min(end, len(points))), [len(found) for found in near])
        other = np.concatenate(near)
        once = one <= other
        yield one[once], other[once]
        begin = end


@dataclass(frozen=True, eq=False)
class _Walls:
    """What parts points, without its open pieces, and the gates in it."""

    tree: shapely.STRtree
    gates: Floats

    @classmethod
    def of(cls, barriers: gpd.GeoDataFrame, crossings: gpd.GeoDataFrame | None) -> _Walls:
        """Cut the crossings out of the barriers: 50 m around each; a crossing that is a line is open at both its ends.

        The gates are the points, or the ends of the lines.
        """
        shapes = barriers.geometry.to_numpy()
        if crossings is None or crossings.empty:
            return cls(shapely.STRtree(shapes), np.empty((0, 2)))
        ways = crossings.geometry.to_numpy()
        opened = shapely.difference(shapes, shapely.union_all(shapely.buffer(ways, CROSSING)))
        parts = shapely.get_parts(opened)
        gates = [_gates_of(part) for part in shapely.get_parts(ways)]
        return cls(shapely.STRtree(parts[~shapely.is_empty(parts)]), np.concatenate(gates))

    def part(self, start: Floats, end: Floats) -> Bools:
        """Return which straight lines meet a barrier."""
        lines = np.asarray(shapely.linestrings(np.stack([start, end], axis=1)), dtype=object)
        met = np.zeros(len(start), dtype=np.bool_)
        met[self.tree.query(lines, predicate="intersects")[0]] = True
        return met

    def to_gates(self, points: Floats) -> Floats:
        """Return how far it is straight from each point to each gate; infinite where a barrier lies between."""
        found = np.full((len(points), len(self.gates)), np.inf)
        for place, gate in enumerate(self.gates):
            distance = np.hypot(*(points - gate).T)
            found[:, place] = np.where(self.part(points, np.broadcast_to(gate, points.shape)), np.inf, distance)
        return found

    def between_gates(self, to_gate: Floats) -> Floats:
        """Return how far it is from each point to each gate, over other gates if need be."""
        if not len(self.gates):
            return to_gate
        ways = self.to_gates(self.gates)
        for via in range(len(ways)):  # Floyd & Warshall
            ways = np.minimum(ways, ways[:, via, None] + ways[None, via, :])
        return np.stack([(to_gate + ways[:, place]).min(axis=1) for place in range(len(ways))], axis=1)


def _gates_of(crossing: BaseGeometry) -> Floats:
    """Return the point, the two ends of a line, or the middle of a surface."""
    if crossing.geom_type == "LineString":
        return np.asarray(shapely.get_coordinates(crossing))[[0, -1]]
    return np.asarray(shapely.get_coordinates(shapely.centroid(crossing)))
