"""Counts reallocated to other areas by the surface of their overlaps, or by where people live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from quartiersatlas.base.checks import count_noun, expects, renamed
from quartiersatlas.errors import ColumnError, CountError, GeometryError, SpecError, list_some
from quartiersatlas.intake.joining.data import checked_counts
from quartiersatlas.space.crosswalk import SLIVER, TOLERANCE, check_options, extensive_columns, match_sources
from quartiersatlas.space.fit import check_polygons
from quartiersatlas.space.reallocate import ROUNDING, reallocated

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from quartiersatlas.space.crosswalk import Counts
    from quartiersatlas.space.reallocate import Note, Transfer

    Floats = NDArray[np.float64]
    Shapes = NDArray[np.object_]

UNEVEN = (
    1e-5  # share of an old area that outlines drawn a few mm apart leave out: 10 m2 of 1 km2, of 50,000 half a person
)
TOUCH = 1e-9  # share of a small area below which an overlap is rounding along a common border


@renamed(values="data", residents="population_column", surely_counts="treat_as_counts")
def transfer_by_area(
    data: Counts,
    from_areas: gpd.GeoDataFrame,
    to_areas: gpd.GeoDataFrame,
    *,
    population: gpd.GeoDataFrame | None = None,
    population_column: str | None = None,
    counts: Iterable[str] | None = None,
    treat_as_counts: Iterable[str] = (),
    base: str | None = None,
    sliver: float = SLIVER,
    tolerance: float = TOLERANCE,
    missing: Literal["raise", "report"] = "raise",
) -> Transfer:
    """Reallocate counts from old to new areas by the surface of their overlaps, or by where people live.

    Parameters
    ----------
    data : DataFrame, Series, Table or AreaData
        Counts on the keys of ``from_areas``, as in :func:`transfer`. Rates are refused.
    from_areas, to_areas : GeoDataFrame
        Old and new areas: valid polygons on unique text keys, in one projected system.
    population : GeoDataFrame, optional
        A finer layer with residents: points (addresses, centres of cells) or small areas (blocks, cells), in the same
        system. Counts then follow its residents instead of the surface.
    population_column : str, optional
        Column of the layer ``population`` with the residents; its only column of numbers, if not given. At least 0,
        no gaps.
    counts, treat_as_counts : list of str, optional
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
        Keys of the data and of ``from_areas`` do not match.
    KeyColumnError
        Keys are duplicate or not text.
    ArgumentError
        The data, the areas or the population layer are another kind of object.

    Notes
    -----
    ``w_st = A(s and t) / A(s)`` [1]_, or with a population ``P(s and t) / P(s)`` [2]_, scaled to sum to 1 for each
    source. People of a small area that is cut count by surface. An old area without people in the population layer is
    split by surface; ``.problems`` names it, and every old area of which more than 1e-5 is covered by no new area or
    by several. Less is how exactly outlines are drawn: 10 m² of 1 km², of 50,000 residents half a person.

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
    frame, status, notes = extensive_columns(data, "transfer_by_area", counts, treat_as_counts)
    pairs = overlay_pairs(from_areas, to_areas)
    covered = pairs.groupby("from", sort=False)["from_share"].sum()
    _check_covered(covered, tolerance)
    frame, status, unallocated, unmatched = match_sources(frame, status, pairs, missing)
    small = pairs["from_share"].lt(sliver) & pairs["to_share"].lt(sliver)
    slivers = pd.DataFrame(pairs[small]).rename(columns={"from_share": "weight"})
    kept = pairs[~small].reset_index(drop=True)
    weight, by_population = _weights(kept, population, population_column)
    off = covered[(covered - 1).abs() > UNEVEN]
    notes += [("not_covered_once", str(key), float(1 - share)) for key, share in off.items()]
    return reallocated(
        frame,
        status,
        pd.DataFrame({"from": kept["from"], "to": kept["to"], "weight": weight}),
        slivers=slivers,
        targets=to_areas.index.tolist(),
        base=base,
        unallocated=unallocated,
        notes=[*notes, *unmatched, *by_population],
        method="by surface" if population is None else "by population",
    )


def overlay_pairs(from_areas: gpd.GeoDataFrame, to_areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Lay two sets of areas over each other.

    Parameters
    ----------
    from_areas, to_areas : GeoDataFrame
        Valid polygons on unique text keys, in one projected coordinate reference system.

    Returns
    -------
    GeoDataFrame
        One row per pair that overlaps: ``from``, ``to``, ``from_share`` and ``to_share`` (surface of the overlap as a
        share of either area) and the overlap as ``geometry``.

    Raises
    ------
    GeometryError
        The coordinate reference systems differ or are in degrees, or shapes are no valid polygons.
    KeyColumnError
        Keys are duplicate or not text.
    ArgumentError
        One of the two is no GeoDataFrame.

    Examples
    --------
    >>> old = gpd.GeoDataFrame(index=["a"], geometry=[shapely.box(0, 0, 100, 100)], crs="EPSG:25832")
    >>> new = gpd.GeoDataFrame(index=["x"], geometry=[shapely.box(75, 0, 125, 100)], crs="EPSG:25832")
    >>> overlay_pairs(old, new)[["from", "to", "from_share", "to_share"]].to_numpy().tolist()
    [['a', 'x', 0.25, 0.5]]
    """
    from_crs = check_polygons(from_areas, "transfer_by_area", "from_areas")
    to_crs = check_polygons(to_areas, "transfer_by_area", "to_areas")
    if from_crs != to_crs:
        raise GeometryError(
            f"from_areas are in {from_crs.name!r}, to_areas in {to_crs.name!r}: bring them to one system, "
            f"such as from_areas.to_crs(to_areas.crs)."
        )
    old, new = from_areas.geometry.to_numpy(), to_areas.geometry.to_numpy()
    one, other = shapely.STRtree(new).query(old, predicate="intersects")
    common = shapely.intersection(old[one], new[other])
    surface = shapely.area(common)
    real = surface > 0
    one, other, common, surface = one[real], other[real], common[real], surface[real]
    return gpd.GeoDataFrame(
        {
            "from": from_areas.index.to_numpy()[one],
            "to": to_areas.index.to_numpy()[other],
            "from_share": surface / shapely.area(old[one]),
            "to_share": surface / shapely.area(new[other]),
        },
        geometry=common,
        crs=to_areas.crs,
    )


def _check_covered(covered: pd.Series[float], tolerance: float) -> None:
    odd = covered[(covered - 1).abs() > tolerance]
    if len(odd):
        shown = ", ".join(f"{key!r}: {share:.1%}" for key, share in odd.head(5).items())
        verb = "is" if len(odd) == 1 else "are"
        raise GeometryError(
            f"{len(odd)} of {count_noun(len(covered), 'old area')} {verb} not covered exactly once by "
            f"new areas ({shown} of the surface). Less: new areas are missing there; more: they overlap. If counts of "
            f"the part outside are really to go to the other targets, raise tolerance=."
        )


def _weights(
    pairs: gpd.GeoDataFrame, population: gpd.GeoDataFrame | None, column: str | None
) -> tuple[pd.Series[float], list[Note]]:
    """Return the share of its source for every pair, by surface or by people, and what to know about it."""
    surface = pairs["from_share"] / pairs.groupby("from")["from_share"].transform("sum")
    if population is None:
        return surface, []
    how = 'population = geopandas.read_file("addresses.gpkg").to_crs(areas.crs)'
    expects(population, gpd.GeoDataFrame, "transfer_by_area: population", how)
    if population.crs != pairs.crs:
        raise GeometryError("population is in another coordinate reference system: use population.to_crs(areas.crs).")
    people, elsewhere = population_in(pairs.geometry.to_numpy(), population, column)
    counted = pd.Series(people, index=pairs.index)
    total = counted.groupby(pairs["from"]).transform("sum")
    empty = pairs.loc[total.eq(0), "from"].unique()
    notes: list[Note] = [("source_without_population", key, 0.0) for key in empty]
    if elsewhere > ROUNDING * (people.sum() + elsewhere):
        notes.append(("population_outside", "", elsewhere))
    return (counted / total).where(total > 0, surface), notes


def population_in(pieces: Shapes, population: gpd.GeoDataFrame, column: str | None) -> tuple[Floats, float]:
    """Return the residents within each piece, and those within none.

    Notes
    -----
    A point counts for the piece it is in (on a border: for the first one), a small area for every piece by the share
    of its surface.
    """
    number = numbers_of(population, column, "population")
    shapes = population.geometry.to_numpy()
    tree = shapely.STRtree(pieces)
    if population.geom_type.eq("Point").all():
        point, piece = tree.query(shapes, predicate="intersects")
        point, first = np.unique(point, return_index=True)
        part, piece, share = point, piece[first], np.ones(len(point))
    else:
        check_polygons(population.set_axis(population.index.astype(str)), "transfer_by_area", "population")
        part, piece = tree.query(shapes, predicate="intersects")
        share = shapely.area(shapely.intersection(shapes[part], pieces[piece])) / shapely.area(shapes[part])
        share[share < TOUCH] = 0.0
    people = np.bincount(piece, number[part] * share, len(pieces)).astype(float)
    return people, float(number.sum() - people.sum())


def numbers_of(layer: gpd.GeoDataFrame, column: str | None, parameter: str) -> Floats:
    """Return the residents of a layer: from the named column, or from the only one with numbers.

    ``parameter`` is what the layer is called by the function that was handed it.
    """
    numbers = pd.DataFrame(layer.drop(columns=layer.geometry.name)).select_dtypes("number").columns
    if column is None and len(numbers) != 1:
        raise SpecError(
            f"Which column of {parameter} holds the residents? Name it: {parameter}_column=...; columns of numbers: "
            f"{list_some(numbers) or 'none'}."
        )
    column = column if column is not None else numbers[0]
    if column not in layer.columns:
        raise ColumnError.not_found(column, layer.columns, parameter)
    number = checked_counts(layer[column])
    unknown = number.index[number.isna()]
    if len(unknown):
        raise CountError(
            f"{parameter}: {count_noun(len(unknown), 'part has', 'parts have')} no number of residents: "
            f"{list_some(unknown)}. Fill them in or leave them out: unknown parts would shift people unseen."
        )
    return np.asarray(number, dtype=np.float64)
