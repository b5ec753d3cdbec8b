"""Who borders on whom, and along how many metres, tolerant of the slivers that real outlines have."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Literal, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from quartiersatlas.base.checks import choice, count_noun, expects
from quartiersatlas.base.keys import refuse_repeated_keys
from quartiersatlas.catalogue import MessageWarning
from quartiersatlas.errors import GeometryError, SpecError, list_some
from quartiersatlas.space.apart import MIN_BORDER, TOLERANCE, group_numbers, outlines_apart, tolerance_scale
from quartiersatlas.space.barriers import checked_barriers, open_borders
from quartiersatlas.space.nearest import nearest_areas, nearest_persons

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray
    from shapely.geometry.base import BaseGeometry

    from quartiersatlas.intake import AreaData

    Ints = NDArray[np.intp]
    Floats = NDArray[np.float64]
    Shapes = NDArray[np.object_]

POLYGONS = (3, 6)  # shapely's numbers of Polygon and MultiPolygon
MIX, MIX_TOO = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F  # odd numbers that spread the bits of a key
CORNERS = 3.0  # tolerances: the two sides of a corner, and some more where it is acute
CORNER = 2.0  # tolerances from a corner within which two outlines that part are still near each other


def neighbours(
    data: AreaData | gpd.GeoDataFrame,
    *,
    tolerance: float | None = None,
    min_border: float | None = None,
    contact: Literal["border", "corner"] = "border",
    barriers: gpd.GeoDataFrame | None = None,
    crossings: gpd.GeoDataFrame | None = None,
    k: int | None = None,
    persons: float | None = None,
) -> Any:  # noqa: ANN401 - libpysal is untyped
    """Return who is a neighbour of whom: by a shared border, as candidate areas go by, or by distance.

    Parameters
    ----------
    data : AreaData or GeoDataFrame
        Joined data, or its areas; polygons in metres.
    tolerance : float, optional
        Gap in metres that still counts as touching. At least 0. By default 1, or 1 % of the median width (the root of
        the surface) where that is less.
    min_border : float, optional
        Shared length in metres from which a contact is a border; shorter contacts are corners. At least 0. By default
        10, or 10 % of the median width where that is less, and at least three tolerances. 0 takes corners too.
    contact : {"border", "corner"}, default "border"
        Whether areas that meet in a corner only are neighbours too.
    barriers : GeoDataFrame, optional
        Lines or polygons that nobody crosses, such as rivers or railways, in the same coordinate reference system.
        Areas whose border lies along one (up to 20 m from it) are no neighbours.
    crossings : GeoDataFrame, optional
        Bridges: points (up to 50 m from the border) or lines from one area to the other that open a barrier there.
    k : int, optional
        The nearest areas instead of borders: so many for each area, by the distance of their centroids.
    persons : float, optional
        The nearest areas that have, with the area's own residents, so many persons; only of joined data. An unknown
        number of residents counts as nobody.

    Returns
    -------
    libpysal.graph.Graph
        Unweighted, on the areas' index; areas without a neighbour are isolates. Symmetric, unless ``k`` or ``persons``
        is given: the nearest area of an area may have others nearer to it.

    Raises
    ------
    GeometryError
        The areas are in degrees, or are not polygons; barriers or crossings are in another coordinate reference system
        or of another kind.
    KeyColumnError
        An area has more than one row.
    SpecError
        ``tolerance`` or ``min_border`` is no number, or below 0; ``contact`` is unknown; options of borders and of
        distance stand together; ``k`` is no whole number from 1 on, ``persons`` is not above 0.
    ArgumentError
        The data are neither joined data nor areas.

    Warns
    -----
    UserWarning
        Many areas lie apart by a gap that is small beside their width, but above the tolerance; the message names the
        median gap and the tolerance that bridges it.

    See Also
    --------
    check_areas : Gaps, overlaps and areas apart, as a report.

    Notes
    -----
    The indices of :func:`measure_segregation` that go by borders take the same tolerance, and count borders that are
    drawn through the same points however short they are, as their published definitions do.

    Examples
    --------
    >>> import geopandas as gpd
    >>> squares = [shapely.box(x, 0, x + 100, 100) for x in (0, 100, 300)]
    >>> areas = gpd.GeoDataFrame(index=["a", "b", "c"], geometry=squares, crs="EPSG:25832")
    >>> neighbours(areas)["a"].index.tolist()
    ['b']
    """
    areas = _checked(data)
    check_metres(tolerance, "neighbours: tolerance")
    check_metres(min_border, "neighbours: min_border")
    if k is not None or persons is not None:
        by_border = {"tolerance": tolerance, "min_border": min_border, "barriers": barriers, "crossings": crossings}
        _check_nearest(k, persons, [name for name, value in by_border.items() if value is not None])
        return _nearest_graph(data, areas, k, persons)
    shapes = areas.geometry.to_numpy()
    choice(contact, ("border", "corner"), "neighbours: contact")
    checked_barriers(areas, barriers, crossings, "neighbours")
    found = borders(shapes, tolerance=tolerance, min_border=min_border)
    message = outlines_apart(shapes, found.one, found.other, tolerance)
    if message is not None:
        warnings.warn(MessageWarning(message), stacklevel=2)
    found = found.beside(shapes, barriers, crossings, tolerance)
    one, other = found.queen if min_border == 0 or contact == "corner" else found.neighbours
    return _graph(areas.index.to_numpy(), np.concatenate([one, other]), np.concatenate([other, one]))


def _checked(data: object) -> gpd.GeoDataFrame:
    """Return the areas of joined data, or the areas themselves; refuse degrees."""
    from quartiersatlas.intake import AreaData

    expects(data, (AreaData, gpd.GeoDataFrame), "neighbours", "data = qa.join(areas, table)")
    areas = cast("gpd.GeoDataFrame", data.areas if isinstance(data, AreaData) else data)
    refuse_repeated_keys(areas.index, "neighbours: areas")
    if areas.crs is not None and areas.crs.is_geographic:
        raise GeometryError("neighbours: the areas are in degrees, lengths are in metres: use areas.to_crs(...).")
    return areas


def check_metres(metres: float | None, what: str) -> None:
    """Refuse a length that is no number from 0 on; None stands for the default."""
    if metres is not None and (isinstance(metres, bool) or not isinstance(metres, Real) or not 0 <= metres < np.inf):
        raise SpecError(f"{what}={metres!r} must be at least 0, in metres.")


def _check_nearest(k: int | None, persons: float | None, by_border: list[str]) -> None:
    """Refuse numbers of neighbours or persons that are none, and options that have nothing to do with distance."""
    if k is not None and persons is not None:
        raise SpecError("neighbours: k and persons are two answers to one question; give one of them.")
    if by_border:
        raise SpecError(f"neighbours: the nearest areas know no {list_some(by_border)}: leave it out, or leave out k.")
    if k is not None and (isinstance(k, bool) or not isinstance(k, Integral) or k < 1):
        raise SpecError(f"neighbours: k={k!r} must be a whole number from 1 on.")
    if persons is not None and (
        isinstance(persons, bool) or not isinstance(persons, Real) or not 0 < float(persons) < np.inf
    ):
        raise SpecError(f"neighbours: persons={persons!r} must be a number above 0.")


def _nearest_graph(data: object, areas: gpd.GeoDataFrame, k: int | None, persons: float | None) -> Any:  # noqa: ANN401
    """Return the nearest areas; of areas at the same distance the first by key is nearer, in any order of rows."""
    from quartiersatlas.intake import AreaData

    keys = areas.index.to_numpy()
    order = np.argsort(keys.astype(str), kind="stable")
    shapes = _polygons(areas.geometry.to_numpy()[order])
    if k is not None:
        one, other = nearest_areas(shapes, int(k))
    else:
        if not isinstance(data, AreaData):
            raise SpecError("neighbours: persons needs the residents: give joined data, qa.join(areas, table).")
        one, other = nearest_persons(shapes, data.residents().to_numpy()[order], cast("float", persons))
    return _graph(keys, order[one], order[other])


def _graph(keys: NDArray[np.object_], one: Ints, other: Ints) -> Any:  # noqa: ANN401 - libpysal is untyped
    """Return the graph of directed pairs."""
    from libpysal.graph import Graph

    alone = np.setdiff1d(np.arange(len(keys)), one)
    focal, neighbour = np.concatenate([one, alone]), np.concatenate([other, alone])
    weight = np.concatenate([np.ones(len(one)), np.zeros(len(alone))])
    order = np.lexsort((neighbour, focal))
    return Graph.from_arrays(keys[focal[order]], keys[neighbour[order]], weight[order])


def connected_groups(
    areas: gpd.GeoDataFrame, chosen: NDArray[np.bool_] | None = None, *, found: Borders | None = None
) -> pd.Series[int]:
    """Return for each chosen area the number of its connected group; 0 is the group of the first one.

    Parameters
    ----------
    areas : GeoDataFrame
        All areas, in metres: whether outlines meet point by point is judged of all of them.
    chosen : ndarray of bool, optional
        By default all are chosen; an area that is not connects nobody.
    found : Borders, optional
        Their borders, where they are known already.
    """
    keys, found = areas.index, borders(areas.geometry.to_numpy()) if found is None else found
    mask = np.ones(len(keys), dtype=bool) if chosen is None else chosen
    one, other = found.neighbours
    both = mask[one] & mask[other]
    groups = group_numbers(one[both], other[both], len(keys))[mask]
    return pd.Series(pd.factorize(groups)[0].astype(int), index=keys[mask], dtype=int)


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


@dataclass(frozen=True, eq=False)
class Borders:
    """Pairs of areas that touch, and how long their shared border is.

    Parameters
    ----------
    one, other : ndarray of int, shape (n_pairs,)
        Positions of the two areas, each pair once with ``one < other``, in ascending order.
    length : ndarray of float, shape (n_pairs,)
        Shared border in metres; 0 where areas meet in a corner only.
    perimeter : ndarray of float, shape (n_areas,)
        Whole outline of each area in metres, holes included.
    method : {"shared vertices", "within tolerance"}
        Whether neighbouring outlines are drawn through the same points, or had to be compared with a tolerance.
    min_border : float
        Metres from which a border makes neighbours of two areas.
    """

    one: Ints
    other: Ints
    length: Floats
    perimeter: Floats
    method: Literal["shared vertices", "within tolerance"]
    min_border: float = 0.0

    def beside(
        self,
        shapes: ArrayLike,
        barriers: gpd.GeoDataFrame | None,
        crossings: gpd.GeoDataFrame | None,
        tolerance: float | None,
    ) -> Borders:
        """Return the pairs whose contact no barrier cuts; perimeters stay."""
        pairs, areas = (self.one, self.other, self.length), np.asarray(shapes, dtype=object)
        kept = open_borders(areas, pairs, self.min_border, barriers, crossings, tolerance)
        return self.among(kept)

    def among(self, kept: NDArray[np.bool_]) -> Borders:
        """Return some of the pairs; perimeters stay."""
        return replace(self, one=self.one[kept], other=self.other[kept], length=self.length[kept])

    @property
    def is_border(self) -> NDArray[np.bool_]:
        """Whether a pair shares a border long enough to be neighbours in a town; a shorter contact is a corner."""
        return np.asarray((self.length > 0) & (self.length >= self.min_border))

    @property
    def neighbours(self) -> tuple[Ints, Ints]:
        """Pairs that share a border long enough to be neighbours in a town."""
        return self.one[self.is_border], self.other[self.is_border]

    @property
    def queen(self) -> tuple[Ints, Ints]:
        """Pairs that share a border or a corner."""
        return self.one, self.other

    @cached_property
    def rook(self) -> tuple[Ints, Ints]:
        """Pairs that share a border, however short where it is drawn through the same points."""
        long = self.length > 0
        return self.one[long], self.other[long]

    @cached_property
    def inner_perimeter(self) -> Floats:
        """Outline of each area that is shared with other areas, in metres."""
        n_areas = len(self.perimeter)
        ends = np.concatenate([self.one, self.other])
        return np.bincount(ends, np.tile(self.length, 2), minlength=n_areas).astype(float)


def borders(shapes: ArrayLike, *, tolerance: float | None = None, min_border: float | None = None) -> Borders:
    """List the pairs of areas that touch, with the length of their shared border.

    Parameters
    ----------
    shapes : array_like of Polygon or MultiPolygon, shape (n_areas,)
        The areas, in metres.
    tolerance : float, optional
        Gap in metres that still counts as touching, where outlines differ. At least 0. By default 1, or 1 % of the
        median width (the root of the area) where that is less.
    min_border : float, optional
        Length in metres from which a contact within the tolerance is a border; shorter ones are corners. At least 0.
        By default 10, or 10 % of the median width where that is less, and at least three tolerances: so long is the
        contact in a corner.

    Returns
    -------
    Borders
        Each pair once, with its length, the perimeters and the method that was used.

    Raises
    ------
    GeometryError
        A shape is not a polygon, or is missing.

    Notes
    -----
    Where neighbours are drawn through the same points, a border is the set of segments that two outlines have in
    common, however short, and a corner a point in common; nothing is rounded. The segments without a counterpart are
    then those of the outer edge. Wherever they run along another area, or reach one that has no point in common, the
    outlines do not fit together: a point is missing on one side, or the areas overlap or gape. Then the length of
    those segments within the tolerance of the other area is added to what both share exactly, and only sums from
    ``min_border`` up are borders, as for :func:`neighbours`.

    Examples
    --------
    >>> squares = [shapely.box(x, y, x + 100, y + 100) for y in (0, 100) for x in (0, 100)]
    >>> found = borders(squares)
    >>> found.one.tolist(), found.other.tolist()
    ([0, 0, 0, 1, 1, 2], [1, 2, 3, 2, 3, 3])
    >>> found.length.tolist(), found.method
    ([100.0, 100.0, 0.0, 0.0, 100.0, 100.0], 'shared vertices')
    """
    areas = _polygons(shapes)
    scale = tolerance_scale(areas)
    tolerance = TOLERANCE * scale if tolerance is None else tolerance
    min_border = max(MIN_BORDER * scale, CORNERS * tolerance) if min_border is None else min_border
    pairs, length, loose = _shared(areas)
    close, close_length = _alongside(areas, loose, pairs, tolerance, min(CORNER * tolerance, min_border / 5))
    method: Literal["shared vertices", "within tolerance"] = "shared vertices"
    if not (_among(close, pairs) & (close_length < min_border)).all():
        method = "within tolerance"
        both = np.sort(np.concatenate([pairs, close[~_among(close, pairs)]]))
        total = np.zeros(len(both))
        total[np.searchsorted(both, pairs)] += length
        total[np.searchsorted(both, close)] += close_length
        pairs, length = both, np.where(total >= min_border, total, 0)
    one, other = np.divmod(pairs, max(len(areas), 1))
    return Borders(one, other, length, np.asarray(shapely.length(areas)), method, min_border)


def _polygons(shapes: ArrayLike) -> Shapes:
    """Return the shapes as an array; all must be polygons."""
    areas = np.asarray(shapes, dtype=object)
    wrong = np.flatnonzero(~np.isin(shapely.get_type_id(areas), POLYGONS))
    if len(wrong):
        number = count_noun(len(wrong), "area is not a polygon", "areas are not polygons")
        raise GeometryError(f"{number}: {list_some(wrong)}. Borders need polygons.")
    return areas


@dataclass(frozen=True, eq=False)
class _Segments:
    """Straight pieces of the outlines: where they begin and end, and of which area they are."""

    start: Floats
    end: Floats
    area: Ints

    @property
    def length(self) -> Floats:
        return np.asarray(np.hypot(*(self.end - self.start).T))

    def __getitem__(self, which: NDArray[np.bool_]) -> _Segments:
        return _Segments(self.start[which], self.end[which], self.area[which])


def _shared(areas: Shapes) -> tuple[Ints, Floats, _Segments]:
    """Return the pairs with a point in common, the length of their common segments, and the segments of one area.

    A pair is one number here: position of the one x number of areas + position of the other.
    """
    points, ring, area = _outlines(areas)
    number = _numbered(points)
    order = np.argsort(number)
    met = [_pair(area[order[i]], area[order[j]], len(areas)) for i, j in _alike(number[order])]
    pairs = np.sort(np.concatenate([*met, np.empty(0, dtype=np.intp)]))
    pairs = pairs[(pairs >= 0) & (np.diff(pairs, prepend=-1) > 0)]

    begin = np.flatnonzero(ring[1:] == ring[:-1])
    low, high = np.minimum(number[begin], number[begin + 1]), np.maximum(number[begin], number[begin + 1])
    key = low * len(points) + high
    order = np.argsort(key)
    begin, key = begin[order], key[order]
    segments = _Segments(points[begin], points[begin + 1], area[begin])
    metres, length, single = segments.length, np.zeros(len(pairs)), np.ones(len(begin), dtype=bool)
    for i, j in _alike(key):
        pair = _pair(segments.area[i], segments.area[j], len(areas))
        two = pair >= 0
        single[i[two]] = single[j[two]] = False
        length += np.bincount(np.searchsorted(pairs, pair[two]), metres[i[two]], minlength=len(pairs))
    return pairs, length, segments[single]


def _outlines(areas: Shapes) -> tuple[Floats, Ints, Ints]:
    """Return the points of all outlines in their order, the ring of each and the area of each."""
    if not shapely.get_num_interior_rings(areas).any() and (shapely.get_type_id(areas) == POLYGONS[0]).all():
        points, area = shapely.get_coordinates(areas, return_index=True)  # one ring each
        return points, area, area
    parts, area = shapely.get_parts(areas, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    return points, ring, area[part][ring]


def _numbered(points: Floats) -> Ints:
    """Return a number for each point, the same for points that are exactly equal."""
    x, y = np.ascontiguousarray(points.T) + 0.0  # -0.0 becomes 0.0, as its bits differ
    mixed = x.view(np.uint64) * np.uint64(MIX) + y.view(np.uint64) * np.uint64(MIX_TOO)
    order = np.argsort(mixed)
    here, before = order[1:], order[:-1]
    differs = (x[here] != x[before]) | (y[here] != y[before])
    if (differs & (mixed[here] == mixed[before])).any():  # two points with one key: sort by the coordinates themselves
        order = np.lexsort((y, x))
        here, before = order[1:], order[:-1]
        differs = (x[here] != x[before]) | (y[here] != y[before])
    number = np.zeros(len(points), dtype=np.intp)
    number[here] = np.cumsum(differs)
    return number


def _alike(labels: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Give the positions of all pairs of equal labels; the labels are sorted."""
    for step in range(1, len(labels)):
        first = np.flatnonzero(labels[step:] == labels[:-step])
        if not len(first):
            return
        yield first, first + step


def _pair(one: Ints, other: Ints, n_areas: int) -> Ints:
    """Return each pair of areas as one number; -1 where both are the same."""
    return np.where(one == other, -1, np.minimum(one, other) * n_areas + np.maximum(one, other))


def _among(some: Ints, pairs: Ints) -> NDArray[np.bool_]:
    """Return True for those that are among the pairs, which are sorted."""
    place = np.searchsorted(pairs, some)
    found = np.zeros(len(some), dtype=bool)
    inside = place < len(pairs)
    found[inside] = pairs[place[inside]] == some[inside]
    return found


def _alongside(areas: Shapes, loose: _Segments, pairs: Ints, tolerance: float, corner: float) -> tuple[Ints, Floats]:
    """Return the pairs where segments of one area only come near another, and the length that is near."""
    lines = np.asarray(shapely.linestrings(np.stack([loose.start, loose.end], axis=1)))
    line, near = shapely.STRtree(areas).query(lines, predicate="dwithin", distance=tolerance)
    foreign = loose.area[line] != near
    line, near = line[foreign], near[foreign]
    kept = ~_among(_pair(loose.area[line], near, len(areas)), pairs)
    kept |= _run_along(loose, areas, line, near, tolerance, corner)
    line, near = line[kept], near[kept]
    around = np.full(len(areas), None, dtype=object)
    around[np.unique(near)] = shapely.buffer(areas[np.unique(near)], tolerance)

    way = loose.area[line] * len(areas) + near  # from whose outline to whose surroundings
    order = np.argsort(way, kind="stable")
    ways, bundle = np.unique(way[order], return_inverse=True)
    bundles = shapely.multilinestrings(lines[line[order]], indices=bundle)
    mine, theirs = np.divmod(ways, max(len(areas), 1))
    metres = shapely.length(shapely.intersection(bundles, around[theirs]))
    pairs, which = np.unique(_pair(mine, theirs, len(areas)), return_inverse=True)
    length = np.zeros(len(pairs))
    np.maximum.at(length, which, metres)  # outlines may be drawn in different detail: the longer one counts
    return pairs, length


def _run_along(
    loose: _Segments, areas: Shapes, line: Ints, near: Ints, tolerance: float, corner: float
) -> NDArray[np.bool_]:
    """Return True for segments that may run along an area, rather than leave it at a corner.

    A segment leaves where all of it but the corners at both ends is out of reach: two such segments, with two corners
    each, are together shorter than the shortest border. Where more than two come near an area, all are kept.
    """
    cut = corner / np.maximum(loose.length[line], 1e-300)
    long = cut < 0.5  # noqa: PLR2004 - else nothing is left between the two cuts
    start, way = loose.start[line[long]], (loose.end - loose.start)[line[long]]
    ends = np.stack([start + cut[long, None] * way, start + (1 - cut[long, None]) * way], axis=1)
    kept = np.ones(len(line), dtype=bool)
    kept[long] = shapely.dwithin(shapely.linestrings(ends), areas[near[long]], tolerance)
    _, which, number = np.unique(loose.area[line] * len(areas) + near, return_inverse=True, return_counts=True)
    return np.asarray(kept | (number[which] > 2))  # noqa: PLR2004 - the two that meet in the corner
