"""Counts carried to other boundaries by the surface of the overlaps, or by the people who live in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from quartiersatlas.errors import GeometryError
from quartiersatlas.space.carry import ROUNDING, carried
from quartiersatlas.space.countable import countable
from quartiersatlas.space.overlay import overlay_pairs, people_in
from quartiersatlas.space.transfer import SLIVER, TOLERANCE, check_options, fitted

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd

    from quartiersatlas.space.carry import Note, Transfer
    from quartiersatlas.space.countable import Counts


def transfer_by_area(
    values: Counts,
    from_areas: gpd.GeoDataFrame,
    to_areas: gpd.GeoDataFrame,
    *,
    population: gpd.GeoDataFrame | None = None,
    residents: str | None = None,
    counts: Iterable[str] | None = None,
    surely_counts: Iterable[str] = (),
    base: str | None = None,
    sliver: float = SLIVER,
    tolerance: float = TOLERANCE,
    missing: Literal["raise", "report"] = "raise",
) -> Transfer:
    """Carry counts from old to new areas by the surface of their overlaps, or by where people live.

    Parameters
    ----------
    values : DataFrame, Series, Table or AreaData
        Counts on the keys of ``from_areas``, as in :func:`transfer`. Rates are refused.
    from_areas, to_areas : GeoDataFrame
        Old and new areas: valid polygons on unique text keys, in one projected system.
    population : GeoDataFrame, optional
        A finer layer with residents: points (addresses, centres of cells) or small areas (blocks, cells), in the same
        system. Counts then follow its residents instead of the surface.
    residents : str, optional
        Column of ``population``; the only one with numbers, if not given. At least 0, no gaps.
    counts, surely_counts : list of str, optional
        As in :func:`transfer`.
    base : str, optional
        As in :func:`transfer`.
    sliver : float, default 0.001
        An overlap that is less than this share of the surface of both its areas is dropped.
    tolerance : float, default 0.01
        Share of an old area that may lie outside all new ones, or in several of them.
    missing : {"raise", "report"}, default "raise"
        As in :func:`transfer`.

    Returns
    -------
    Transfer
        As :func:`transfer`.

    Raises
    ------
    GeometryError
        Systems differ or are in degrees, shapes are no valid polygons, or old areas are not covered by new ones.
    CountError
        A column is a rate or looks like one; counts or residents are negative or unknown.
    JoinError
        Keys of the values and of ``from_areas`` do not fit.
    KeyColumnError
        Keys are doubled or not text.

    Notes
    -----
    ``w_st = A(s and t) / A(s)`` [1]_, or with a population ``P(s and t) / P(s)`` [2]_, scaled to sum to 1 for each
    source. People of a small area that is cut count by surface. An old area without people in the population layer is
    split by surface; ``.problems`` names it.

    References
    ----------
    .. [1] Goodchild, M. F., Anselin, L. & Deichmann, U. (1993). A framework for the areal interpolation of
           socioeconomic data. Environment and Planning A 25(3), 383-397.
    .. [2] Eicher, C. L. & Brewer, C. A. (2001). Dasymetric mapping and areal interpolation: implementation and
           evaluation. Cartography and Geographic Information Science 28(2), 125-138.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> import shapely
    >>> old = gpd.GeoDataFrame(index=["a"], geometry=[shapely.box(0, 0, 1000, 1000)], crs="EPSG:25832")
    >>> halves = [shapely.box(0, 0, 500, 1000), shapely.box(500, 0, 1000, 1000)]
    >>> new = gpd.GeoDataFrame(index=["x", "y"], geometry=halves, crs="EPSG:25832")
    >>> people = pd.DataFrame({"people": [900.0]}, index=["a"])
    >>> transfer_by_area(people, old, new).table["people"].to_dict()
    {'x': 450.0, 'y': 450.0}
    >>> homes = gpd.GeoDataFrame({"n": [2, 1]}, geometry=gpd.points_from_xy([100, 900], [500, 500]), crs="EPSG:25832")
    >>> transfer_by_area(people, old, new, population=homes).table["people"].to_dict()
    {'x': 600.0, 'y': 300.0}
    """
    check_options(sliver, tolerance, missing)
    frame, status, left_out = countable(values, counts, surely_counts)
    notes: list[Note] = [("column left out: no numbers", column, np.nan) for column in left_out]
    pairs = overlay_pairs(from_areas, to_areas)
    covered = pairs.groupby("from", sort=False)["from_share"].sum()
    _check_covered(covered, tolerance)
    frame, status, not_carried, strays = fitted(frame, status, pairs.rename(columns={"from_share": "weight"}), missing)
    small = pairs["from_share"].lt(sliver) & pairs["to_share"].lt(sliver)
    slivers = pd.DataFrame(pairs[small]).rename(columns={"from_share": "weight"})
    kept = pairs[~small].reset_index(drop=True)
    weight, by_population = _weights(kept, population, residents)
    off = covered[(covered - 1).abs() > ROUNDING]
    notes += [
        ("part outside the new areas or in several, share", str(key), float(1 - share)) for key, share in off.items()
    ]
    return carried(
        frame,
        status,
        pd.DataFrame({"from": kept["from"], "to": kept["to"], "weight": weight}),
        slivers=slivers,
        targets=to_areas.index.tolist(),
        base=base,
        not_carried=not_carried,
        notes=[*notes, *strays, *by_population],
        method="by surface" if population is None else "by population",
    )


def _check_covered(covered: pd.Series[float], tolerance: float) -> None:
    odd = covered[(covered - 1).abs() > tolerance]
    if len(odd):
        shown = ", ".join(f"{key!r}: {share:.1%}" for key, share in odd.head(5).items())
        raise GeometryError(
            f"{len(odd)} of {len(covered)} old areas are not covered once by new areas ({shown} of their surface). "
            f"Less: new areas are lacking there; more: they overlap. If counts of the part outside are really to go to "
            f"the other targets, raise tolerance=."
        )


def _weights(
    pairs: gpd.GeoDataFrame, population: gpd.GeoDataFrame | None, residents: str | None
) -> tuple[pd.Series[float], list[Note]]:
    """Return the share of its source for every pair, by surface or by people, and what to know about it."""
    surface = pairs["from_share"] / pairs.groupby("from")["from_share"].transform("sum")
    if population is None:
        return surface, []
    if population.crs != pairs.crs:
        raise GeometryError("population is in another coordinate reference system: use population.to_crs(areas.crs).")
    people, elsewhere = people_in(pairs.geometry.to_numpy(), population, residents)
    counted = pd.Series(people, index=pairs.index)
    total = counted.groupby(pairs["from"]).transform("sum")
    empty = pairs.loc[total.eq(0), "from"].unique()
    notes: list[Note] = [("source without people in the population layer, split by surface", key, 0.0) for key in empty]
    if elsewhere > ROUNDING * (people.sum() + elsewhere):
        notes.append(("residents of the population layer outside the old or the new areas", "", elsewhere))
    return (counted / total).where(total > 0, surface), notes
