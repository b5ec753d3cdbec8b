"""Two sets of areas laid over each other: the pairs that overlap, with their surfaces, or with the people in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from quartiersatlas.errors import ColumnError, CountError, GeometryError, KeyColumnError, SpecError, list_some
from quartiersatlas.intake.data import checked_counts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Shapes = NDArray[np.object_]

POLYGONS = ("Polygon", "MultiPolygon")
TOUCH = 1e-9  # share of a small area below which an overlap is rounding along a common border


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
        Keys are doubled or not text.

    Examples
    --------
    >>> old = gpd.GeoDataFrame(index=["a"], geometry=[shapely.box(0, 0, 100, 100)], crs="EPSG:25832")
    >>> new = gpd.GeoDataFrame(index=["x"], geometry=[shapely.box(75, 0, 125, 100)], crs="EPSG:25832")
    >>> overlay_pairs(old, new)[["from", "to", "from_share", "to_share"]].to_numpy().tolist()
    [['a', 'x', 0.25, 0.5]]
    """
    check_areas(from_areas, "from_areas")
    check_areas(to_areas, "to_areas")
    if from_areas.crs is not None and to_areas.crs is not None and from_areas.crs != to_areas.crs:
        raise GeometryError(
            f"from_areas are in {from_areas.crs.name!r}, to_areas in {to_areas.crs.name!r}: bring them to one system, "
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


def check_areas(areas: gpd.GeoDataFrame, name: str) -> None:
    """Refuse what cannot be measured: degrees, doubled keys, shapes that are no valid polygons."""
    if not isinstance(areas, gpd.GeoDataFrame):
        raise GeometryError(f"{name} must be a GeoDataFrame on the area keys, as read_areas returns it.")
    if areas.empty:
        raise GeometryError(f"{name}: there are no areas.")
    if areas.crs is None or areas.crs.is_geographic:
        raise GeometryError(f"{name} are in degrees or without a coordinate reference system: use .to_crs(...).")
    keys = areas.index
    others = [key for key in keys if not isinstance(key, str)]
    doubled = keys[keys.duplicated()].unique()
    if others or len(doubled):
        what = f"{len(others)} keys are not text" if others else f"{len(doubled)} keys stand for more than one area"
        raise KeyColumnError(
            f"{name}: {what}: {list_some(others or doubled)}. All of them: err.keys", map(str, others or doubled)
        )
    wrong = keys[~areas.geom_type.isin(POLYGONS) | areas.is_empty | areas.geometry.isna()]
    if len(wrong):
        raise GeometryError(f"{name}: {len(wrong)} areas are not polygons, or have none: {list_some(wrong)}.")
    invalid = keys[~areas.is_valid]
    if len(invalid):
        raise GeometryError(
            f"{name}: {len(invalid)} areas have an invalid outline: {list_some(invalid)}. "
            f"Make them valid: read_areas(..., repair=True), or .make_valid()."
        )


def people_in(pieces: Shapes, population: gpd.GeoDataFrame, residents: str | None) -> tuple[Floats, float]:
    """Return the residents within each piece, and those within none.

    Notes
    -----
    A point counts for the piece it is in (on a border: for the first one), a small area for every piece by the share
    of its surface.
    """
    number = _residents(population, residents)
    shapes = population.geometry.to_numpy()
    tree = shapely.STRtree(pieces)
    if population.geom_type.eq("Point").all():
        point, piece = tree.query(shapes, predicate="intersects")
        point, first = np.unique(point, return_index=True)
        part, piece, share = point, piece[first], np.ones(len(point))
    else:
        check_areas(population.set_axis(population.index.astype(str)), "population")
        part, piece = tree.query(shapes, predicate="intersects")
        share = shapely.area(shapely.intersection(shapes[part], pieces[piece])) / shapely.area(shapes[part])
        share[share < TOUCH] = 0.0
    people = np.bincount(piece, number[part] * share, len(pieces)).astype(float)
    return people, float(number.sum() - people.sum())


def _residents(population: gpd.GeoDataFrame, residents: str | None) -> Floats:
    """Return the column of residents: the named one, or the only one with numbers."""
    numbers = pd.DataFrame(population.drop(columns=population.geometry.name)).select_dtypes("number").columns
    if residents is None and len(numbers) != 1:
        raise SpecError(
            f"Which column of population holds the residents? Name it: residents=...; there are {list_some(numbers)}."
        )
    column = residents if residents is not None else numbers[0]
    if column not in population.columns:
        raise ColumnError.not_found(column, population.columns, "population")
    number = checked_counts(population[column])
    unknown = number.index[number.isna()]
    if len(unknown):
        raise CountError(
            f"population: {len(unknown)} parts have no number of residents: {list_some(unknown)}. Give them one, or "
            f"leave them out: they would shift people without a word."
        )
    return np.asarray(number, dtype=np.float64)
