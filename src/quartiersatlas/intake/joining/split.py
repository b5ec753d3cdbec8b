"""One town out of many: joined data of several units of a level, taken apart into data that stand by themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.base.checks import expects
from quartiersatlas.catalogue import Message
from quartiersatlas.catalogue.references import CITY, TOTALS, Reference
from quartiersatlas.errors import ColumnError, list_some
from quartiersatlas.intake.areas.area_columns import parent_columns
from quartiersatlas.intake.joining.data import AreaData

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quartiersatlas.intake.joining.join_report import JoinReport


def split(data: AreaData, by: str) -> dict[str, AreaData]:
    """Return the data of each unit of a level: every town with its own areas, totals and city values.

    Parameters
    ----------
    data : AreaData
        Joined data of several towns or districts.
    by : str
        A higher level of the areas, such as the municipality.

    Returns
    -------
    dict of str to AreaData
        Unit -> its data, in the order of the names. The city value of a unit is made of its own counts. Values that
        were published for the whole are left out, with a note; those that were published for the unit stay.

    Raises
    ------
    ColumnError
        The areas have no such level, or some of them no unit.
    ArgumentError
        No joined data were given.

    Notes
    -----
    Each of them goes through :func:`need_index`, :func:`screen` and :func:`release` by itself. To compare areas with
    their own town in one result instead, name the level there: ``above(..., than=level)``,
    ``worst_share(..., by=level)`` and ``by`` of a normalisation in a need spec.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> import shapely
    >>> import quartiersatlas as qa
    >>> shapes = [shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000, 2000)]
    >>> areas = gpd.GeoDataFrame(
    ...     {"name": ["A", "B", "C"], "town": ["X", "X", "Y"]}, index=["1", "2", "3"], geometry=shapes, crs="EPSG:25832"
    ... )
    >>> table = pd.DataFrame({"poor": [300.0, 260, 90], "residents": [1000.0] * 3}, index=areas.index)
    >>> data = qa.add_rates(qa.join(areas, table), {"poverty": ("poor", "residents")})
    >>> {town: qa.city_value(one.counts("poor"), one.residents()) for town, one in qa.split(data, "town").items()}
    {'X': 0.28, 'Y': 0.09}
    """
    expects(data, AreaData, "split", "data = qa.join(areas, table)")
    return {unit: part_of(data, by, unit) for unit in units_of(data, by)}


def units_of(data: AreaData, by: str) -> list[str]:
    """Return the units of a level in the order of their names.

    Raises
    ------
    ColumnError
        The areas have no such level, or some of them no unit.
    """
    expects(by, str, "split: by", 'qa.split(data, "gemeinde")')
    levels = parent_columns(data.areas)
    if by not in levels:
        raise ColumnError.not_found(by, levels, "split: by, the table of areas")
    nowhere = data.areas.index[data.areas[by].isna()]
    if len(nowhere):
        raise ColumnError(f"split: areas have no {by!r}: {list_some(nowhere)}. Fill the column in.")
    return sorted(set(data.areas[by].astype(str)))


def part_of(data: AreaData, by: str, unit: str) -> AreaData:
    """Return the data of one unit of a level."""
    areas = data.areas[data.areas[by].astype(str).eq(unit)]
    if not len(areas):
        raise ColumnError(f"No area has {by!r} = {unit!r}. There are {list_some(units_of(data, by), 10)}.")
    names = {str(name) for level in parent_columns(areas) for name in areas[level].dropna()}
    references = {name: _of_part(name, reference, names) for name, reference in data.references.items()}
    fewer = any(len(references[name].values) < len(reference.values) for name, reference in data.references.items())
    notes = [Message("note_part", {"unit": unit, "level": by, "count": len(areas), "of": len(data.areas)})]
    notes += [Message("note_part_published")] if fewer else []
    return replace(
        data,
        areas=areas,
        values=data.values.loc[areas.index],
        status=data.status.loc[areas.index],
        bounds=data.bounds[data.bounds.index.get_level_values("key").isin(areas.index)],
        reports=tuple(_report_of(report, areas.index) for report in data.reports),
        references={name: reference for name, reference in references.items() if reference.values},
        changes={name: (base, part_of(earlier, by, unit)) for name, (base, earlier) in data.changes.items()},
        notes=(*data.notes, *notes),
    )


def _of_part(name: str, reference: Reference, units: set[str]) -> Reference:
    """Return what is published of a unit: a number of the whole city is none of it, nor are those of other units."""
    is_whole = name == CITY or name.startswith(TOTALS)
    kept: dict[str, float | Mapping[str, float]] = {}
    for column, value in reference.values.items():
        if isinstance(value, float | int):
            kept |= {} if is_whole else {column: value}
        elif own := {unit: number for unit, number in value.items() if unit in units}:
            kept[column] = own
    return replace(reference, values=kept)


def _report_of(report: JoinReport, keys: pd.Index) -> JoinReport:
    """Return a report of the areas of a unit; rows without an area are those of the whole table."""
    there = set(keys)
    without = tuple(key for key in report.only_in_areas if key in there)
    return replace(
        report,
        n_areas=len(keys),
        n_matched=len(keys) - len(without),
        only_in_areas=without,
        totals=pd.DataFrame(),
        totals_rows=(),
        city_key="",
        residents=None,
        cut_off=report.cut_off and bool(without),
        moved=tuple(one for one in report.moved if one[0] in there),
        crossed_names=tuple(one for one in report.crossed_names if one.key in there),
    )
