"""Flags of areas: what was done to them at the intake, and notices that stay with everything made of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from quartiersatlas.catalogue import Message
from quartiersatlas.errors import SpecError, list_some

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

REPAIRED = "repaired"  # bool: the outline was invalid and made valid
SNAPPED = "snapped"  # bool: the outline was moved onto those of the neighbours
PARTS = "parts"  # int: features of the file that were put together
MERGED_FROM = "merged_from"  # text: keys of the areas that are reported as one
LEFT_OUT = "left_out"  # text, the same for all: features and columns of the file that were not taken along
MARKS = (REPAIRED, SNAPPED, PARTS, MERGED_FROM, LEFT_OUT)


def area_facts(areas: gpd.GeoDataFrame) -> list[Message]:
    """Say what the marks say, for the method box and for reports."""
    facts = []
    if MERGED_FROM in areas.columns:
        merged = areas.loc[areas[MERGED_FROM].ne(""), ["name", MERGED_FROM]]
        facts += [Message("fact_merged", {"name": name, "parts": parts}) for name, parts in merged.to_numpy()]
    if REPAIRED in areas.columns and areas[REPAIRED].any():
        facts.append(Message("fact_geometry", {"names": _names(areas, areas.index[areas[REPAIRED]])}))
    if PARTS in areas.columns:
        several = areas.index[areas[PARTS] > 1]
        facts.append(Message("fact_parts", {"names": _names(areas, several), "count": len(several)}))
    if SNAPPED in areas.columns:
        facts.append(Message("fact_snapped", {"count": int(areas[SNAPPED].sum())}))
    if LEFT_OUT in areas.columns:
        facts += [Message("fact_left_out", {"what": what}) for what in areas[LEFT_OUT].unique() if what]
    return facts


def leave_out(areas: gpd.GeoDataFrame, what: Iterable[str]) -> gpd.GeoDataFrame:
    """Return the areas with the mark that something of the file was not taken along; as they are for nothing."""
    earlier = list(areas[LEFT_OUT].unique()) if LEFT_OUT in areas.columns else []
    named = ", ".join(dict.fromkeys([*(part for part in earlier if part), *what]))
    return areas.assign(**{LEFT_OUT: named}) if named else areas


def _names(areas: gpd.GeoDataFrame, keys: Iterable[str]) -> str:
    return ", ".join(f"{areas['name'][key]} ({key})" for key in keys)


NOTICE_COLUMNS = ("hinweis", "notice")


def is_notice(column: object) -> bool:
    """Tell whether a column carries a notice that stays with the data: ``Hinweis`` or ``notice``."""
    return str(column).strip().lower() in NOTICE_COLUMNS


def read_notices(values: pd.DataFrame) -> tuple[str, ...]:
    """Return the texts of notice columns that say the same in every row: they stay with the data."""
    found = []
    for column in filter(is_notice, values.columns):
        texts = values[column].dropna().astype(str).unique()
        if len(texts) == 1 and texts[0].strip():
            found.append(texts[0].strip())
    return tuple(found)


def merge_areas(areas: gpd.GeoDataFrame, merged: Mapping[str, Sequence[str]]) -> gpd.GeoDataFrame:
    """Merge areas that the tables report as one (counts cannot be split, shapes can be joined).

    Parameters
    ----------
    areas : GeoDataFrame
        As :func:`read_areas` returns it.
    merged : mapping of str to list of str
        New key -> the keys it is made of.

    Returns
    -------
    GeoDataFrame
        On the new keys; the column ``merged_from`` names the parts.

    Raises
    ------
    SpecError
        A part is not there, is used twice, or a new key is taken or has no parts.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import shapely
    >>> import quartiersatlas as qa
    >>> shapes = [shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000, 2000)]
    >>> areas = gpd.GeoDataFrame({"name": ["A", "B", "C"]}, index=["1", "2", "3"], geometry=shapes, crs="EPSG:25832")
    >>> qa.merge_areas(areas, {"1+2": ["1", "2"]})[["name", "merged_from"]].to_dict("index")["1+2"]
    {'name': 'A / B', 'merged_from': '1, 2'}
    """
    without = [new for new, group in merged.items() if not group]
    if without:
        raise SpecError(f"merge_areas: {list_some(without)} has no parts.")
    parts = [part for group in merged.values() for part in group]
    absent = [part for part in parts if part not in areas.index]
    if absent:
        raise SpecError(f"merge_areas: {len(absent)} keys are not among the areas: {list_some(absent)}.")
    if len(set(parts)) < len(parts):
        raise SpecError("merge_areas: an area is named as part of two merged areas.")
    kept = areas.drop(index=parts)
    taken = [new for new in merged if new in kept.index]
    if taken:
        raise SpecError(f"merge_areas: the new keys {list_some(taken)} are keys of other areas.")
    result = kept if MERGED_FROM in kept.columns else kept.assign(merged_from="")
    for new, group in merged.items():
        members = areas.loc[list(group)]
        row = members.dissolve().set_axis([new])
        told: dict[str, Any] = {
            column: _together(members[column]) for column in members.columns if column not in ("geometry", MERGED_FROM)
        }
        row = row.assign(**told, merged_from=", ".join(group))
        result = gpd.GeoDataFrame(pd.concat([result, row]), crs=areas.crs)
    result.index.name = "key"
    return result.sort_index()


def _together(column: pd.Series) -> object:
    """Return what is true of the merged area: all words, every mark."""
    if column.name == PARTS or column.dtype == bool:
        return column.max()
    return " / ".join(dict.fromkeys(column))
