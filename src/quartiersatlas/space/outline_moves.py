"""Has an area under the same key another outline? A re-cut boundary is told from one that is drawn less finely."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
import shapely

from quartiersatlas.base.checks import choice, count_noun
from quartiersatlas.errors import SHOWN, JoinError
from quartiersatlas.intake.joining.join_report import JoinReport

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    Shapes = NDArray[np.object_]
    Outlines = Literal["raise", "report"]

TOLERANCE = 0.01  # share of the surface from which an outline has moved
THICKNESS = 0.05  # of the side of a square as large as the area: what is narrower is the drawing of one boundary
SAME = 1e-3  # metres between points that are the same
ALL = 0.8  # share of the areas from which the fault is probably one of coordinates
FEW = 5  # areas that a statement about nearly all of them needs


def moved_outlines(earlier: gpd.GeoDataFrame, later: gpd.GeoDataFrame, *, tolerance: float = TOLERANCE) -> pd.Series:
    """Return the areas whose outline is another one at the two dates, with the share of their surface that moved.

    Parameters
    ----------
    earlier, later : GeoDataFrame
        Polygons on unique keys; only keys that both have are compared. The earlier ones are converted to the system of
        the later ones.
    tolerance : float, default 0.01
        Share of the surface (of the larger of the two) up to which an outline counts as the same.

    Returns
    -------
    Series of float
        On the keys of the areas that moved, in the order of ``later``: the surface that was gained or lost, as a share
        of the surface of the larger outline.

    Notes
    -----
    What one outline has and the other has not is a set of slivers where the same boundary was simplified, measured
    again or snapped, and a thick piece where it was cut anew. Pieces count where a disc of a diameter of 5 % of the
    side of a square as large as the area fits in: 30 m for an area of 36 ha.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import box
    >>> before = gpd.GeoDataFrame(index=["1", "2"], geometry=[box(0, 0, 700, 1000), box(700, 0, 2000, 1000)])
    >>> after = gpd.GeoDataFrame(index=["1", "2"], geometry=[box(0, 0, 701, 1000), box(701, 0, 2000, 1000)])
    >>> moved_outlines(before, after)
    Series([], Name: moved, dtype: float64)
    >>> after = gpd.GeoDataFrame(index=["1", "2"], geometry=[box(0, 0, 1000, 1000), box(1000, 0, 2000, 1000)])
    >>> moved_outlines(before, after).round(3).to_dict()
    {'1': 0.299, '2': 0.23}
    """
    keys = later.index[later.index.isin(earlier.index)]
    if earlier.crs is not None and later.crs is not None and earlier.crs != later.crs:
        earlier = earlier.to_crs(later.crs)
    one, other = (np.asarray(side.geometry.loc[keys], dtype=object) for side in (earlier, later))
    share = np.zeros(len(keys))
    found = np.flatnonzero(~shapely.equals_exact(one, other, SAME))
    share[found] = _moved_share(shapely.make_valid(one[found]), shapely.make_valid(other[found]), tolerance)
    moved = share > tolerance
    return pd.Series(share[moved], index=keys[moved], name="moved")


def _moved_share(one: Shapes, other: Shapes, tolerance: float) -> NDArray[np.float64]:
    """Return the share of the surface in thick pieces that only one of two outlines has."""
    size = np.maximum(shapely.area(one), shapely.area(other))
    differing = shapely.symmetric_difference(one, other)
    share = np.zeros(len(one))
    likely = np.flatnonzero(shapely.area(differing) > tolerance * size)
    radius = THICKNESS / 2 * np.sqrt(size[likely])
    cores = shapely.buffer(differing[likely], -radius, quad_segs=2)
    thick = shapely.intersection(shapely.buffer(cores, 1.01 * radius, quad_segs=2), differing[likely])
    share[likely] = shapely.area(thick) / size[likely]
    return share


def compare_outlines(
    earlier: gpd.GeoDataFrame,
    later: gpd.GeoDataFrame,
    outlines: Outlines,
    recipe: str,
) -> tuple[tuple[str, float], ...]:
    """Refuse, or return, areas that have another outline at two dates under the same key.

    Parameters
    ----------
    earlier, later : GeoDataFrame
        As in :func:`moved_outlines`.
    outlines : {"raise", "report"}
        Whether they are refused.
    recipe : str
        The call that carries the earlier counts to the later boundaries.

    Raises
    ------
    JoinError
        Outlines moved; ``err.report.moved`` holds all keys.
    SpecError
        ``outlines`` is none of the two.
    """
    choice(outlines, ("raise", "report"), "outlines")
    moved = moved_outlines(earlier, later)
    listed = tuple((str(key), float(share)) for key, share in moved.items())
    if listed and outlines == "raise":
        n = int(later.index.isin(earlier.index).sum())
        raise JoinError(_message(moved, n, recipe), JoinReport("the two dates", n_areas=n, n_matched=n, moved=listed))
    return listed


def _message(moved: pd.Series, n: int, recipe: str) -> str:
    most = moved.sort_values(ascending=False, kind="stable")
    shown = ", ".join(f"{str(key)!r} ({100 * share:.0f} %)" for key, share in most.head(SHOWN).items())
    more = f" and {len(moved) - SHOWN} more" if len(moved) > SHOWN else ""
    have = count_noun(len(moved), "area has another outline", "areas have other outlines")
    nearly_all = n >= FEW and len(moved) > ALL * n
    cause = " Nearly all have: is the coordinate reference system of one of the two right?" if nearly_all else ""
    return (
        f"{have} at the two dates under the same key, with so much of the surface gained or lost: {shown}{more}. "
        f"A change there would be one of boundaries, not of people.{cause} Carry the earlier counts to the later "
        f"boundaries first: {recipe}; or pass outlines='report' to go on. All of them: err.report.moved"
    )
