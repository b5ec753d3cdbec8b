"""Areas that the tables report as one: counts cannot be split, shapes can be joined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from quartiersatlas.errors import SpecError, list_some
from quartiersatlas.intake.marks import MERGED_FROM, PARTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


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
