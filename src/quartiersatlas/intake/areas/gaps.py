"""Gaps and overlaps between areas: found and named, and closed where that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from quartiersatlas.base.checks import count_noun
from quartiersatlas.catalogue import Message, number_text
from quartiersatlas.errors import DependencyError, GeometryError
from quartiersatlas.intake.areas.outlines import POLYGONS, refuse_collapsed

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]
    Shapes = NDArray[np.object_]

NOISE = 1e-3  # square metres of overlap, and metres of distance, that come from rounding alone
SEEN = 0.1  # square metres from which a gap or an overlap is worth a word
NARROW = 1.0  # metres: a hole of this width is no part of the world
SMALL = 10.0  # square metres: nor is one of this surface
WIDE = 5.0  # metres: a wider overlap is no matter of drawing, and no width is proposed that gives it away
WIDEST, FINE = 200, 0.05  # gaps and overlaps that are measured at their widest place, and how finely, in metres
POLYGON = 3  # shapely's number
PIECE = 512  # points of a piece of a net of gaps


def strip_width(shapes: Shapes) -> Floats:
    """Return the width of a long strip of the same surface and outline."""
    return np.asarray(2 * shapely.area(shapes) / np.maximum(shapely.length(shapes), 1e-300))


def doubtful_shapes(shapes: Shapes, tolerance: float) -> NDArray[np.bool_]:
    """Return True for shapes that do not meet their neighbours point by point, or lie inside another one."""
    edges = shapely.coverage_invalid_edges(shapes, gap_width=tolerance)
    doubtful = ~(shapely.is_missing(edges) | shapely.is_empty(edges))
    # a shape inside another, away from its outline, has no edge that is wrong; a point of it gives it away
    inner, outer = shapely.STRtree(shapes).query(shapely.point_on_surface(shapes), predicate="within")
    twice = inner != outer
    doubtful[inner[twice]] = doubtful[outer[twice]] = True
    return np.asarray(doubtful)


def overlaps_between(shapes: Shapes, keys: NDArray[np.object_], where: Ints, crs: CRS | None) -> gpd.GeoDataFrame:
    """Return the pairs that overlap, one of which at least does not meet its neighbours point by point."""
    one, other = shapely.STRtree(shapes).query(shapes[where], predicate="intersects")
    pairs = np.sort(np.column_stack([where[one], other]), axis=1)
    one, other = np.unique(pairs[pairs[:, 0] < pairs[:, 1]], axis=0).T
    common = shapely.intersection(shapes[one], shapes[other])
    size = shapely.area(common)
    large = size > NOISE
    columns = {"one": keys[one[large]], "other": keys[other[large]], "square_metres": size[large]}
    return gpd.GeoDataFrame(columns, geometry=common[large], crs=crs)


def gaps_between(
    shapes: Shapes, keys: NDArray[np.object_], doubtful: NDArray[np.bool_], tolerance: float, crs: CRS | None
) -> gpd.GeoDataFrame:
    """Return the holes in the union of all shapes, and the areas around each."""
    # what fits point by point is united by its common edges, which is much faster
    fitting = shapely.coverage_union_all(shapes[~doubtful])
    whole = shapely.union_all([fitting, *shapes[doubtful]]) if doubtful.any() else fitting
    rings, part = shapely.get_rings(shapely.get_parts(whole), return_index=True)
    inner = np.concatenate([[False], part[1:] == part[:-1]]) if len(part) else np.empty(0, dtype=bool)
    holes = shapely.polygons(rings[inner])
    hole, area = shapely.STRtree(shapes).query(holes, predicate="dwithin", distance=NOISE)
    around = pd.Series(keys[area]).groupby(hole).agg(", ".join).reindex(range(len(holes)), fill_value="")
    width = strip_width(holes)
    columns = {
        "between": around.to_numpy(dtype=object),
        "square_metres": shapely.area(holes),
        "width": width,
        "narrow": width <= tolerance,
    }
    return gpd.GeoDataFrame(columns, geometry=holes, crs=crs)


def misfits(shapes: Shapes, keys: pd.Index) -> gpd.GeoDataFrame:
    """Return the gaps and overlaps that would be seen as dots or lines on a map, the largest first.

    Parameters
    ----------
    shapes : ndarray of Polygon or MultiPolygon
        The areas, in metres.
    keys : Index of str
        Their keys.

    Returns
    -------
    GeoDataFrame
        ``what`` ("gap" or "overlap"), ``between`` (keys), ``square_metres``, ``geometry``. A hole that is wider than a
        metre and larger than ten square metres is none: a lake, or the land of others.
    """
    names = keys.to_numpy(dtype=object)
    doubtful = doubtful_shapes(shapes, NARROW)
    overlaps = overlaps_between(shapes, names, np.flatnonzero(doubtful), None)
    gaps = gaps_between(shapes, names, doubtful, NARROW, None)
    gaps = gaps[gaps["narrow"] | (gaps["square_metres"] <= SMALL)]
    both = pd.concat(
        [
            gaps[["between", "square_metres", "geometry"]].assign(what="gap"),
            overlaps.assign(between=overlaps["one"] + ", " + overlaps["other"], what="overlap")[
                ["between", "square_metres", "geometry", "what"]
            ],
        ],
        ignore_index=True,
    )
    found = both[both["square_metres"] >= SEEN].sort_values("square_metres", ascending=False, kind="stable")
    return gpd.GeoDataFrame(found, geometry="geometry")


def beside_misfits(shapes: Shapes, keys: pd.Index) -> NDArray[np.bool_]:
    """Return True for areas with a gap or an overlap at their outline."""
    found = misfits(shapes, keys)
    _, area = shapely.STRtree(shapes).query(found.geometry.to_numpy(), predicate="dwithin", distance=NOISE)
    beside = np.zeros(len(shapes), dtype=bool)
    beside[area] = True
    return beside


def misfit_fact(outlines: gpd.GeoSeries) -> Message | None:
    """Return how many gaps and overlaps there are, how large, between whom, and the width that closes them.

    Of outlines in degrees, of other shapes than polygons and of invalid ones nothing is said.
    """
    shapes = outlines.to_numpy()
    in_metres = outlines.crs is None or not outlines.crs.is_geographic
    if not in_metres or not np.isin(shapely.get_type_id(shapes), POLYGONS).all() or not shapely.is_valid(shapes).all():
        return None
    found = misfits(shapes, outlines.index)
    if found.empty:
        return None
    n_gaps = int(found["what"].eq("gap").sum())
    values = {
        "gaps": n_gaps,
        "overlaps": len(found) - n_gaps,
        "size": _square_metres(found["square_metres"].sum()),
        "largest": _square_metres(found["square_metres"].iloc[0]),
        "between": found["between"].iloc[0],
        "snap": _closing_width(found.geometry.to_numpy()),
    }
    return Message("fact_gaps", values)


def _square_metres(size: float) -> tuple[str, str]:
    decimals = 0 if size >= 10 else 1  # noqa: PLR2004 - two digits
    return number_text(size, decimals, "de"), number_text(size, decimals, "en")


def _closing_width(shapes: Shapes) -> str:
    """Return the width, in half metres, of the widest place of gaps and overlaps; nothing where whose it is is open."""
    parts = shapely.get_parts(shapes)
    parts = parts[shapely.get_type_id(parts) == POLYGON]
    parts = parts[np.argsort(-strip_width(parts), kind="stable")[:WIDEST]]
    widest = 2 * shapely.length(shapely.maximum_inscribed_circle(parts, tolerance=FINE)).max()
    return f"{np.ceil(2 * (widest + FINE)) / 2:g}" if widest <= WIDE else ""


def fitted(
    shapes: Shapes, keys: pd.Index, where: str, snap: float | None
) -> tuple[Shapes, Floats | None, NDArray[np.bool_]]:
    """Return the outlines, the square metres by which snapping changed each, and who does not fit to its neighbours."""
    if snap is None:
        return shapes, None, beside_misfits(shapes, keys)
    result = snapped(shapes, keys, where, snap)
    changed = np.asarray(shapely.area(shapely.symmetric_difference(shapes, result)))
    changed[shapely.equals(shapes, result)] = 0
    return result, changed, beside_misfits(result, keys)


def snapped(shapes: Shapes, keys: pd.Index, where: str, tolerance: float) -> Shapes:
    """Return the outlines on each other: gaps up to the tolerance closed, overlaps given to one side.

    A gap is closed where it is a hole, or lies open between two areas or more; notches in the outer edge of a single
    area stay. An area gets nothing that is further from it than the tolerance. Overlaps that are wider are refused:
    whose the land is cannot be decided.
    """
    from shapely.errors import UnsupportedGEOSVersionError

    _refuse_wide_overlaps(shapes, keys, where, tolerance)
    try:
        filled = _filled(shapes, tolerance)
        result = np.asarray(shapely.coverage_clean(filled, gap_width=tolerance))  # type: ignore[attr-defined]
    except UnsupportedGEOSVersionError as error:
        raise DependencyError(
            f"snap needs shapely with GEOS 3.14 or later; there is {shapely.geos_version}."
        ) from error
    refuse_collapsed(result, keys, where, "snapped")
    return result


def _refuse_wide_overlaps(shapes: Shapes, keys: pd.Index, where: str, tolerance: float) -> None:
    """Refuse overlaps that are wider than what may be moved."""
    doubtful = np.flatnonzero(doubtful_shapes(shapes, tolerance))
    found = overlaps_between(shapes, keys.to_numpy(dtype=object), doubtful, None)
    parts, pair = shapely.get_parts(found.geometry.to_numpy(), return_index=True)
    width = pd.Series(strip_width(parts), dtype=float).groupby(pair).max()
    wide = width[width > tolerance].sort_values(ascending=False)
    if len(wide):
        rows = found.iloc[wide.index]
        shown = [
            f"{one} and {other} ({size:,.0f} m²)"
            for one, other, size in rows[["one", "other", "square_metres"]].head(3).to_numpy()
        ]
        more = f" and {len(wide) - len(shown)} more" if len(wide) > len(shown) else ""
        raise GeometryError(
            f"{where}: {count_noun(len(wide), 'pair of areas overlaps', 'pairs of areas overlap')} by more than "
            f"snap={tolerance:g}: {', '.join(shown)}{more}, up to {wide.iloc[0]:,.1f} m wide. Whose land is it? "
            f"Correct the file. Read without snap, qa.check_areas(areas).overlaps lists all of them."
        )


def _filled(shapes: Shapes, tolerance: float) -> Shapes:
    """Return the shapes with the gaps between them up to the tolerance; the first of two neighbours gets them."""
    half = tolerance / 2 + 1e-6
    whole = shapely.union_all(shapes)
    closed = shapely.buffer(shapely.buffer(whole, half, join_style="mitre"), -half, join_style="mitre")
    gaps = shapely.get_parts(shapely.difference(closed, whole))
    gaps = gaps[(shapely.get_type_id(gaps) == POLYGON) & (shapely.area(gaps) > NOISE**2)]
    tree = shapely.STRtree(shapes)
    gap, _ = tree.query(gaps, predicate="dwithin", distance=NOISE)
    edge = shapely.boundary(closed)
    shapely.prepare(edge)
    inside = ~shapely.dwithin(edge, gaps, NOISE)  # all around it is land
    pieces = _pieces(gaps[inside | (np.bincount(gap, minlength=len(gaps)) > 1)])
    if not len(pieces):
        return shapes
    piece, area = tree.query(pieces, predicate="dwithin", distance=tolerance)
    added: dict[int, list[shapely.Geometry]] = {}
    order = np.lexsort((area, piece))
    ends = np.flatnonzero(np.diff(piece[order], append=-1)) + 1
    for those in np.split(order, ends[:-1]):
        rest = pieces[piece[those[0]]]
        near = shapely.buffer(rest, 2 * tolerance)
        for i in area[those]:
            reach = shapely.buffer(shapely.intersection(shapes[i], near), tolerance)
            mine = _surface(shapely.intersection(rest, reach))
            if shapely.area(mine) > 0:
                added.setdefault(int(i), []).append(mine)
                rest = shapely.difference(rest, mine)
            if shapely.is_empty(rest):
                break
    result = shapes.copy()
    for i, more in added.items():
        result[i] = shapely.union_all([shapes[i], *more])
    return result


def _surface(shape: shapely.Geometry) -> shapely.Geometry:
    """Return what of a shape is polygons, without the lines and points an intersection may leave."""
    parts = shapely.get_parts(shape)
    return shapely.union_all(parts[shapely.get_type_id(parts) == POLYGON])


def _pieces(gaps: Shapes) -> Shapes:
    """Return gaps in pieces of few points: one net of gaps may run through a whole city."""
    waiting, done = list(gaps), []
    while waiting:
        shape = waiting.pop()
        if shapely.get_num_coordinates(shape) <= PIECE:
            done.append(shape)
            continue
        left, low, right, high = shapely.bounds(shape)
        if right - left >= high - low:
            middle = (left + right) / 2
            halves = [shapely.box(left, low, middle, high), shapely.box(middle, low, right, high)]
        else:
            middle = (low + high) / 2
            halves = [shapely.box(left, low, right, middle), shapely.box(left, middle, right, high)]
        parts = shapely.get_parts(shapely.intersection(shape, halves))
        waiting += list(parts[shapely.get_type_id(parts) == POLYGON])
    return np.array(done, dtype=object)
