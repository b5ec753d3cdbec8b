"""Rivers, railways, motorways: borders that lie along one are no contact, unless a bridge crosses there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from quartiersatlas.base.checks import count_noun, expects
from quartiersatlas.errors import GeometryError, SpecError, list_some
from quartiersatlas.space.apart import TOLERANCE, tolerance_scale

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]
    Shapes = NDArray[np.object_]

REACH = 20.0  # metres on either side of a barrier in which a border lies along it
CROSSING = 50.0  # metres from a bridge that is drawn as a point to the border that it opens
FINEST = 1e-3  # metres: what is left of a contact beside a barrier
POINTS, LINES, POLYGONS = (0, 4), (1, 2, 5), (3, 6)  # shapely's numbers of single and multiple geometries


def open_borders(
    shapes: Shapes,
    pairs: tuple[Ints, Ints, Floats],
    min_border: float,
    barriers: gpd.GeoDataFrame | None,
    crossings: gpd.GeoDataFrame | None = None,
    tolerance: float | None = None,
) -> Bools:
    """Return which pairs of areas keep their contact beside barriers.

    Parameters
    ----------
    shapes : ndarray of Polygon or MultiPolygon, shape (n_areas,)
        The areas in metres.
    pairs : (ndarray of int, ndarray of int, ndarray of float)
        Pairs of them that touch, with the length of their common border in metres.
    min_border : float
        Metres from which a contact is a border; a shorter one is a corner.
    barriers : GeoDataFrame, optional
        Lines or polygons that nobody crosses, checked by :func:`checked_barriers`.
    crossings : GeoDataFrame, optional
        Points or lines where one crosses them.
    tolerance : float, optional
        Gap in metres that counted as touching.

    Returns
    -------
    ndarray of bool, shape (n_pairs,)
        False where less than the shortest border is left of the contact beyond 20 m from the barriers, and no crossing
        opens it: a point within 50 m of the border, or a line that reaches both areas across it. The lengths shrink
        with the tolerance where areas are narrower than 100 m.

    Notes
    -----
    A barrier that crosses a border, or lies inside an area, cuts nothing: only what runs along the border does.
    """
    first, second, length = pairs
    kept = np.ones(len(first), dtype=bool)
    if barriers is None or barriers.empty or not len(first):
        return kept
    scale = tolerance_scale(shapes)
    gap = (TOLERANCE * scale if tolerance is None else tolerance) + FINEST
    zone = barriers.geometry.buffer(REACH * scale).union_all()
    shapely.prepare(zone)
    at_zone = shapely.intersects(shapes, zone)
    near = np.flatnonzero(at_zone[first] & at_zone[second])
    one, other = shapes[first[near]], shapes[second[near]]
    lines = shapely.intersection(shapely.boundary(one), shapely.buffer(other, gap))
    left = shapely.difference(lines, zone)
    shortest = max(min_border, FINEST)
    corner = length[near] < shortest
    cut = np.where(corner, shapely.is_empty(left), shapely.length(left) < shortest)
    cut &= shapely.intersects(lines, zone)
    if crossings is not None and len(crossings):
        cut &= ~_crossed(lines, one, other, crossings.geometry.to_numpy(), (CROSSING * scale, gap))
    kept[near] = ~cut
    return kept


def _crossed(lines: Shapes, one: Shapes, other: Shapes, crossings: Shapes, within: tuple[float, float]) -> Bools:
    """Return which borders a crossing opens: a point near the border, or a line that reaches both areas across it."""
    crossed = np.zeros(len(lines), dtype=bool)
    is_point = np.isin(shapely.get_type_id(crossings), POINTS)
    points, ways = crossings[is_point], crossings[~is_point]
    crossed[shapely.STRtree(points).query(lines, predicate="dwithin", distance=within[0])[0]] = True
    border, way = shapely.STRtree(ways).query(lines, predicate="dwithin", distance=within[1])
    both = shapely.intersects(ways[way], one[border]) & shapely.intersects(ways[way], other[border])
    crossed[border[both]] = True
    return crossed


def checked_barriers(
    areas: gpd.GeoDataFrame | None, barriers: gpd.GeoDataFrame | None, crossings: gpd.GeoDataFrame | None, call: str
) -> None:
    """Refuse barriers and crossings of another kind, or in another coordinate reference system than areas, if given.

    Raises
    ------
    ArgumentError
        One of them is no GeoDataFrame.
    GeometryError
        Geometries are missing or of the wrong kind, or the coordinates are of another system than those of the areas.
    SpecError
        There are crossings and no barriers.
    """
    if crossings is not None and barriers is None:
        raise SpecError(f"{call}: crossings open barriers, but there are none: barriers=gpd.read_file(...).")
    for name, given, kinds, words in (
        ("barriers", barriers, (*LINES, *POLYGONS), "lines or polygons"),
        ("crossings", crossings, (*POINTS, *LINES, *POLYGONS), "points or lines"),
    ):
        if given is None:
            continue
        expects(given, gpd.GeoDataFrame, f"{call}: {name}", 'gpd.read_file("rivers.gpkg")')
        beside, other = (barriers, "barriers") if areas is None else (areas, "areas")
        if beside is not None and len(given) and given.crs != beside.crs:
            raise GeometryError(
                f"{call}: {name} and {other} are in different coordinate reference systems: {name}.to_crs({other}.crs)."
            )
        shapes = given.geometry.to_numpy()
        wrong = given.index[~np.isin(shapely.get_type_id(shapes), kinds) | shapely.is_empty(shapes)]
        if len(wrong):
            rows = count_noun(len(wrong), "row of", "rows of")
            raise GeometryError(f"{call}: {rows} {name} hold no {words}: {list_some(wrong)}. Leave them out.")
