"""Where people live: cells, address points, or the centres of areas, each with its persons and its area."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from quartiersatlas.base.checks import count_noun, expects
from quartiersatlas.base.keys import refuse_repeated_keys
from quartiersatlas.catalogue import Message
from quartiersatlas.errors import ArgumentError, ColumnError, CountError, GeometryError, InputError, list_some
from quartiersatlas.intake import AreaData
from quartiersatlas.intake.joining.data import checked_counts

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

    Floats: TypeAlias = NDArray[np.float64]
    Shapes: TypeAlias = NDArray[np.object_]

HOW = 'cells = geopandas.read_file("cells.gpkg"); {call}(cells, ..., population="residents", areas=areas)'


@dataclass(frozen=True, eq=False)
class LivedPlaces:
    """Places with the persons that live there.

    Parameters
    ----------
    keys : Index
        Of the cells, points or areas.
    shapes : ndarray of Geometry
        As they came.
    points : ndarray of float, shape (n, 2)
        Their centres.
    persons : ndarray of float
        NaN where they are unknown.
    area : ndarray of object
        Key of the area of each; empty outside all of them.
    area_keys : Index
        All areas, in their order.
    crs : CRS
        In metres.
    areas : GeoDataFrame, optional
        Their outlines.
    notes : tuple of Message
        What a reader has to know.
    city : str
        What the whole city is called; empty where nobody said it.
    """

    keys: pd.Index
    shapes: Shapes
    points: Floats
    persons: Floats
    area: Shapes
    area_keys: pd.Index
    crs: CRS
    areas: gpd.GeoDataFrame | None
    notes: tuple[Message, ...]
    city: str = ""

    def summed(self, columns: pd.DataFrame) -> pd.DataFrame:
        """Return columns summed to areas: 0 where nobody lives, NaN where the persons of a place are unknown."""
        inside = self.area != ""
        sums = columns[inside].groupby(self.area[inside]).sum().reindex(self.area_keys).fillna(0.0)
        unknown = np.unique(self.area[inside & np.isnan(self.persons)])
        known: pd.DataFrame = sums[~sums.index.isin(unknown)].reindex(self.area_keys)
        return known


def lived_places(
    people: gpd.GeoDataFrame | AreaData,
    call: str,
    *,
    population: str | None,
    area: str | None,
    areas: gpd.GeoDataFrame | AreaData | None,
    need_shapes: bool = False,
) -> LivedPlaces:
    """Return the places of people, each in its area.

    Parameters
    ----------
    people : GeoDataFrame or AreaData
        Cells (polygons) or address points with persons; of areas, their centres are taken, with a warning.
    call : str
        Who asks, for messages.
    population : str or None
        Column with the persons; of AreaData, that of the residents, if not given.
    area : str or None
        Column with the key of the area.
    areas : GeoDataFrame, AreaData or None
        Outlines on the district key: a place lies in the area that holds its centre.
    need_shapes : bool
        Whether the surfaces are used, not the centres.

    Raises
    ------
    ArgumentError, ColumnError, CountError, GeometryError, InputError
        People, areas or persons cannot be used.
    """
    expects(people, (gpd.GeoDataFrame, AreaData), call, HOW.format(call=call))
    notes: list[Message] = []
    city = next((one.city for one in (areas, people) if isinstance(one, AreaData) and one.city), "")
    areas = areas.areas if isinstance(areas, AreaData) else areas
    if isinstance(people, AreaData):
        column = population or people.population
        if column is None:
            raise ColumnError(f"{call}: which column holds the persons? Name it: population='residents'.")
        frame, counts, areas = people.areas, people.counts(column), people.areas if areas is None else areas
        own: pd.Series | None = pd.Series(frame.index, index=frame.index)
        notes.append(Message("reach_evenly" if need_shapes else "reach_from_centres", {"count": len(frame)}))
        if not need_shapes:
            warnings.warn(
                f"{call}: distances start at the centres of {count_noun(len(frame), 'area')}, not where people live. "
                f"Take cells or address points, if there are any.",
                UserWarning,
                stacklevel=3,
            )
    else:
        if population is None:
            raise ArgumentError(f"{call}: which column holds the persons? Name it: population='residents'.")
        for name in filter(None, (population, area)):
            if name not in people.columns:
                raise ColumnError.not_found(name, people.columns, "The cells")
        frame, counts = people, checked_counts(people[population])
        own = None if area is None else people[area]
    if frame.empty:
        raise InputError(f"{call}: there are no cells.")
    crs = metric_crs(frame, call, "cells")
    shapes = frame.geometry.to_numpy()
    refuse_no_place(shapes, frame.index, f"{call}: cells")
    if areas is not None:
        refuse_repeated_keys(areas.index, f"{call}: areas")
        same_crs(areas, crs, call, "areas")
    points = shapely.get_coordinates(shapely.centroid(shapes))
    in_area, keys, said = _areas_of(points, own, areas, call, counts)
    return LivedPlaces(
        keys=frame.index,
        shapes=shapes,
        points=points,
        persons=np.asarray(counts, dtype=float),
        area=in_area,
        area_keys=keys,
        crs=crs,
        areas=areas,
        notes=(*notes, *said, *_unknown(counts)),
        city=city,
    )


def _unknown(counts: pd.Series[float]) -> list[Message]:
    n = int(counts.isna().sum())
    return [Message("reach_unknown_cells", {"count": n})] if n else []


def _areas_of(
    points: Floats, own: pd.Series | None, areas: gpd.GeoDataFrame | None, call: str, counts: pd.Series[float]
) -> tuple[Shapes, pd.Index, list[Message]]:
    """Return the area of each place, the keys of all areas, and what is to be said of places outside."""
    if own is None and areas is None:
        raise ArgumentError(f"{call}: in which area does a cell lie? Pass areas=areas, or the column: area='district'.")
    if own is not None:
        found = own.astype(object).where(own.notna(), "").astype(str).to_numpy(dtype=object)
        keys = pd.Index(sorted({key for key in found if key}), name=own.name) if areas is None else areas.index
        odd = sorted({key for key in found if key} - set(keys))
        if odd:
            raise GeometryError(
                f"{call}: {count_noun(len(odd), 'area')} of the cells without outline: {list_some(odd)}."
            )
    else:
        assert areas is not None  # noqa: S101 - one of the two is there
        keys, found = areas.index, np.full(len(points), "", dtype=object)
        tree = shapely.STRtree(areas.geometry.to_numpy())
        place, number = tree.query(shapely.points(points), predicate="intersects")
        # on a common border: the first of the areas
        found[place[::-1]] = keys.to_numpy()[number[::-1]]
    outside = found == ""
    if not outside.any():
        return found, keys, []
    persons = float(counts.to_numpy(dtype=float)[outside][~np.isnan(counts.to_numpy(dtype=float)[outside])].sum())
    return found, keys, [Message("reach_outside", {"count": int(outside.sum()), "persons": round(persons)})]


def metric_crs(frame: gpd.GeoDataFrame, call: str, what: str) -> CRS:
    """Return the coordinate reference system of a frame, or refuse none, and degrees."""
    if frame.crs is None:
        raise GeometryError(f"{call}: the {what} have no coordinate reference system. Set it: set_crs('EPSG:25832').")
    if not frame.crs.is_projected:
        raise GeometryError(
            f"{call}: the {what} are in degrees ({frame.crs.to_string()}), distances are in metres. Reproject: "
            f"{what}.to_crs('EPSG:25832')."
        )
    return frame.crs


def same_crs(frame: gpd.GeoDataFrame, crs: CRS, call: str, what: str) -> None:
    """Refuse a frame that is in another system than the cells."""
    own = metric_crs(frame, call, what)
    if own != crs:
        raise GeometryError(
            f"{call}: the {what} are in {own.to_string()}, the cells in {crs.to_string()}. Reproject: "
            f"{what}.to_crs({crs.to_string()!r})."
        )


def refuse_no_place(shapes: Shapes, keys: pd.Index, where: str) -> None:
    """Refuse what has no geometry, an empty one, or coordinates that are no numbers."""
    gone = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    gone[~gone] = ~np.isfinite(shapely.bounds(shapes[~gone])).all(axis=1)
    if gone.any():
        raise GeometryError(f"{where}: {count_noun(int(gone.sum()), 'row')} without a place: {list_some(keys[gone])}.")


def refuse_limits(values: object, what: str) -> tuple[float, ...]:
    """Return distances or levels as rising numbers."""
    given = values if isinstance(values, list | tuple | np.ndarray) else [values]
    good = [v for v in given if isinstance(v, int | float | np.number) and not isinstance(v, bool) and np.isfinite(v)]
    if not good or len(good) != len(given) or len(set(good)) != len(good):
        raise CountError(f"{what} takes different numbers: [300, 500, 1000], not {values!r}.")
    return tuple(sorted(float(value) for value in good))
