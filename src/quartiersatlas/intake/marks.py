"""Marks on the areas: columns that say what was done to them at the intake, and stay with everything made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quartiersatlas.catalogue import Message

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd

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
