"""Geometries of areas as arcs that neighbours share, in few bytes."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

STEP = 1e-5  # degrees: about 1.1 m north-south, 0.7 m east-west in Germany
HALF_TURN = 180  # degrees
CORNERS = 3  # rings with fewer are nothing


@dataclass(frozen=True)
class Rings:
    """All rings of all shapes on the grid, without their closing point.

    Parameters
    ----------
    xy : ndarray of int, shape (n_points, 2)
        Longitude and latitude in steps.
    sizes : ndarray of int, shape (n_rings,)
        Points per ring, at least three.
    rings : ndarray of int, shape (n_parts,)
        Rings per part, the outer one first.
    parts : ndarray of int, shape (n_shapes,)
        Parts per shape; none where a shape is smaller than the grid.
    """

    xy: Ints
    sizes: Ints
    rings: Ints
    parts: Ints


def encode_topology(frame: gpd.GeoDataFrame) -> dict[str, str]:
    """Return polygons as text: arcs (each stretch of border once) and which arcs make up each ring.

    ``lengths`` are the points of each arc, ``points`` the steps from point to point, through all arcs; ``parts``,
    ``rings`` and ``cuts`` count the parts of each shape, the rings of each part and the arcs of each ring; ``refs`` are
    the steps from arc to arc, an arc as twice its number, plus one where it runs backwards. Signed steps are zigzag.

    An arc ends where the two neighbours of a point on the border are not the same in all rings through it, the rule of
    TopoJSON (M. Bostock, "How To Infer Topology", 2013).
    """
    rings = grid_rings(frame)
    if not len(rings.xy):
        nothing = varint_text(np.zeros(0, dtype=np.int64))
        return dict.fromkeys(("lengths", "points", "rings", "cuts", "refs"), nothing) | {
            "parts": varint_text(rings.parts)
        }
    numbers, at = _point_numbers(rings.xy)
    starts = np.cumsum(rings.sizes) - rings.sizes
    order = _rotated(numbers, starts, rings.sizes, _nodes(numbers, starts, rings.sizes))
    cut = order.cut
    first, last = cut, np.append(cut[1:], len(order.ids))
    # an arc runs from its cut to the next one, or back to the start of its ring
    closes = np.isin(last, np.append(starts[1:], len(order.ids)))
    end = np.where(closes, order.ring_start[first], last)
    arc, backwards, chosen = _same_arcs(order.ids, first, last, end)
    lengths = (last - first + 1)[chosen]
    points = at[order.ids[_positions(first[chosen], lengths, end[chosen])]]
    steps = np.diff(points, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    cuts = np.diff(np.append(np.searchsorted(cut, starts), len(cut)))
    return {
        "lengths": varint_text(lengths),
        "points": varint_text(zigzag(steps.ravel())),
        "parts": varint_text(rings.parts),
        "rings": varint_text(rings.rings),
        "cuts": varint_text(cuts),
        "refs": varint_text(zigzag(np.diff(2 * arc + backwards, prepend=0))),
    }


def in_degrees(shapes: gpd.GeoSeries) -> gpd.GeoSeries:
    """Return shapes in degrees, in one piece across the 180th meridian: 181 instead of -179 beside 179.

    The region of the reference system says on which side of it they are, so that all layers of a map agree.
    """
    found: gpd.GeoSeries = shapes.to_crs("EPSG:4326")
    region = shapes.crs.area_of_use if shapes.crs is not None else None
    if region is None or not len(found):
        return found
    middle = (region.west + region.east + (360 if region.east < region.west else 0)) / 2
    west, _, east, _ = found.total_bounds
    if middle - HALF_TURN <= west and east <= middle + HALF_TURN:
        return found

    def near_the_middle(points: NDArray[np.float64]) -> NDArray[np.float64]:
        turns = np.rint((middle - points[:, 0]) / (2 * HALF_TURN))
        return np.column_stack([points[:, 0] + 2 * HALF_TURN * turns, points[:, 1]])

    turned = shapely.transform(shapely.force_2d(found.to_numpy()), near_the_middle)
    return gpd.GeoSeries(turned, index=found.index, crs=found.crs)


def grid_rings(frame: gpd.GeoDataFrame) -> Rings:
    """Return the rings of polygons on the grid; points that fall together are one, rings that vanish are left out."""
    shapes = in_degrees(frame.geometry).to_numpy()
    polygons, shape_of = shapely.get_parts(shapes, return_index=True)
    is_polygon = shapely.get_type_id(polygons) == shapely.GeometryType.POLYGON
    polygons, shape_of = polygons[is_polygon], shape_of[is_polygon]
    lines, part_of = shapely.get_rings(polygons, return_index=True)
    degrees, ring_of = shapely.get_coordinates(lines, return_index=True)
    xy = np.rint(degrees / STEP).astype(np.int64)
    moved = _differs_from_last(xy)
    moved[_differs_from_last(ring_of[:, None])] = False  # the first point of a ring is also its last
    sizes = np.bincount(ring_of[moved], minlength=len(lines))
    outer = _differs_from_last(part_of[:, None])
    outer_size = np.zeros(len(polygons), dtype=np.int64)
    outer_size[part_of[outer]] = sizes[outer]
    kept = (sizes >= CORNERS) & (outer_size[part_of] >= CORNERS)
    rings = np.bincount(part_of[kept], minlength=len(polygons))
    parts = np.bincount(shape_of[rings > 0], minlength=len(shapes))
    return Rings(xy[moved & kept[ring_of]], sizes[kept], rings[rings > 0], parts)


def _differs_from_last(rows: Ints) -> NDArray[np.bool_]:
    """Return which rows differ from the one before; the first one does."""
    differs: NDArray[np.bool_] = np.any(rows != np.roll(rows, 1, axis=0), axis=1)
    differs[:1] = True
    return differs


def _point_numbers(xy: Ints) -> tuple[Ints, Ints]:
    """Return the number of each point, equal points alike, and where each number lies."""
    key = (xy[:, 0] << 32) + xy[:, 1]
    _, first, numbers = np.unique(key, return_index=True, return_inverse=True)
    return numbers.astype(np.int64), xy[first]


def _around(numbers: Ints, starts: Ints, sizes: Ints) -> tuple[Ints, Ints]:
    """Return the point before and the point after each point of its ring."""
    place = np.arange(len(numbers))
    before, after = place - 1, place + 1
    before[starts] = starts + sizes - 1
    after[starts + sizes - 1] = starts
    return numbers[before], numbers[after]


def _nodes(numbers: Ints, starts: Ints, sizes: Ints) -> NDArray[np.bool_]:
    """Return which places are nodes: not all rings through the point have the same two neighbours there."""
    before, after = _around(numbers, starts, sizes)
    low, high = np.minimum(before, after), np.maximum(before, after)
    _, first = np.unique(numbers, return_index=True)
    differs = (low != low[first[numbers]]) | (high != high[first[numbers]])
    return np.bincount(numbers, weights=differs)[numbers] > 0


@dataclass(frozen=True)
class _Rotated:
    ids: Ints  # points, each ring from one of its cuts on
    ring_start: Ints  # where the ring of each point starts
    cut: Ints  # places where an arc starts


def _rotated(numbers: Ints, starts: Ints, sizes: Ints, node: NDArray[np.bool_]) -> _Rotated:
    """Turn each ring so that it starts at a node, or, where it has none, at its point with the lowest number."""
    rank = np.where(node, -1, numbers)  # any node comes first
    ring_of = np.repeat(np.arange(len(sizes)), sizes)
    by_rank = np.lexsort((rank, ring_of))
    shift = by_rank[starts] - starts
    place = np.arange(len(numbers)) - starts[ring_of]
    source = starts[ring_of] + (place + shift[ring_of]) % sizes[ring_of]
    is_cut = node[source]
    is_cut[starts] = True
    return _Rotated(numbers[source], starts[ring_of], np.flatnonzero(is_cut))


def _same_arcs(ids: Ints, first: Ints, last: Ints, end: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the number of each arc, whether it runs backwards, and where each different arc occurs first.

    Between its ends an arc has no choice, so that its first step tells it; backwards, its last step does.
    """
    second = np.where(first + 1 < last, first + 1, end)
    base = int(ids.max(initial=0)) + 1
    forward = ids[first] * base + ids[second]
    backward = ids[end] * base + ids[last - 1]
    _, occurs, inverse = np.unique(np.minimum(forward, backward), return_index=True, return_inverse=True)
    by_place = np.argsort(occurs)
    number = np.empty_like(by_place)
    number[by_place] = np.arange(len(by_place))
    backwards = forward != forward[occurs][inverse]
    return number[inverse].astype(np.int64), backwards.astype(np.int64), occurs[by_place]


def _positions(first: Ints, lengths: Ints, end: Ints) -> Ints:
    """Return the places of all points of arcs, one arc after the other, each with its end point."""
    stops = np.cumsum(lengths)
    within = np.arange(int(lengths.sum())) - np.repeat(stops - lengths, lengths)
    places = np.repeat(first, lengths) + within
    places[stops - 1] = end
    return places


LOW = 0x7F  # seven bits of content
MORE = 0x80  # the eighth bit: another byte follows
BYTES = 5  # enough for 35 bits


def varint_text(numbers: NDArray[np.int64]) -> str:
    """Return whole numbers from 0 to 2**35 - 1 as base64 of variable-length bytes, lowest bits first.

    Examples
    --------
    >>> varint_text(np.array([1, 300]))
    'AawC'
    """
    values = np.asarray(numbers, dtype=np.int64)
    if len(values) and (values.min() < 0 or values.max() >= 1 << 7 * BYTES):
        raise ValueError("varint_text() takes whole numbers from 0 to 2**35 - 1.")
    lengths = np.ones(len(values), dtype=np.int64)
    for k in range(1, BYTES):
        lengths += values >= 1 << 7 * k
    starts = np.cumsum(lengths) - lengths
    out = np.zeros(int(lengths.sum()), dtype=np.uint8)
    for k in range(BYTES):
        has = lengths > k
        follows = np.where(lengths[has] > k + 1, MORE, 0)
        out[starts[has] + k] = (values[has] >> 7 * k) & LOW | follows
    return b64encode(out.tobytes()).decode("ascii")


def zigzag(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return whole numbers of either sign as numbers from 0: 0, -1, 1, -2 become 0, 1, 2, 3."""
    values = np.asarray(numbers, dtype=np.int64)
    return (values << 1) ^ (values >> 63)


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
