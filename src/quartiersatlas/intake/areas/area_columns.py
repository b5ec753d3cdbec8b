"""The columns that areas carry: key, name, higher levels, notices, and flags of what was done to the areas."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.base.checks import names
from quartiersatlas.base.letters import same_text
from quartiersatlas.catalogue import Message, number_text

if TYPE_CHECKING:
    import geopandas as gpd


def optional_names(value: str | Iterable[str], what: str) -> tuple[str, ...]:
    """Return names of columns or keys; one name alone is one name, and there may be none."""
    value = tuple(value) if isinstance(value, Iterable) and not isinstance(value, str) else value
    return names(value, what) if value != () else ()


def keys_as_text(keys: pd.Series | pd.Index) -> pd.Series:
    """Return keys as stripped text in one form of letters; whole numbers without a decimal point."""
    return pd.Series([_as_text(key) for key in keys], dtype=object)


def _as_text(key: str | float | None) -> str | None:
    if pd.isna(key):
        return None
    if isinstance(key, float) and key.is_integer():
        return str(int(key))
    return same_text(str(key))


def other_form(before: Iterable[object], after: Iterable[object]) -> list[bool]:
    """Return which keys or names had letters in two parts, or characters that nobody sees."""
    return [
        isinstance(old, str) and not old.isascii() and old.strip() != new
        for old, new in zip(before, after, strict=True)
    ]


def key_width(keys: pd.Index) -> int | None:
    """Return the number of characters that all keys made of digits have, or None where they differ."""
    widths = {len(key) for key in keys if key.isdigit()}
    return widths.pop() if len(widths) == 1 else None


def parent_columns(areas: pd.DataFrame) -> list[str]:
    """Return the higher levels that the areas name."""
    own = {"name", "geometry", *AREA_FLAGS}
    return [column for column in areas.columns if column not in own and not is_notice(column)]


NOTICE_COLUMNS = ("hinweis", "notice")


def is_notice(column: object) -> bool:
    """Return True if a column carries a notice that stays with the data: ``Hinweis`` or ``notice``."""
    return str(column).strip().lower() in NOTICE_COLUMNS


def read_notices(values: pd.DataFrame) -> tuple[str, ...]:
    """Return the notices that are the same in every row: they stay with the data."""
    found = []
    for column in filter(is_notice, values.columns):
        texts = values[column].dropna().astype(str).unique()
        if len(texts) == 1 and texts[0].strip():
            found.append(texts[0].strip())
    return tuple(found)


SAMPLE = 20  # cells that tell what a column holds
GEOMETRY_WORDS = "POINT|LINESTRING|LINEARRING|POLYGON|MULTIPOINT|MULTILINESTRING|MULTIPOLYGON|GEOMETRYCOLLECTION"
GEOMETRY_TEXT = re.compile(
    rf"0[01][0-9A-Fa-f]{{16,}}"  # well-known binary, written as hexadecimal digits
    rf"|\s*(SRID=\d+;\s*)?({GEOMETRY_WORDS})\s*((ZM?|M)\s*)?(\(.*|EMPTY\s*)"  # well-known text
    rf'|\s*\{{.*"coordinates"\s*:.*',  # GeoJSON
    re.IGNORECASE | re.DOTALL,
)


def holds_geometry(column: pd.Series) -> bool:
    """Return True if a column of words holds geometry once more: hexadecimal WKB, WKT or GeoJSON.

    Examples
    --------
    >>> import pandas as pd
    >>> holds_geometry(pd.Series(["POINT (1 2)", None])), holds_geometry(pd.Series(["Polygonweg"]))
    (True, False)
    """
    cells = column.dropna().head(SAMPLE)
    return bool(len(cells)) and all(
        isinstance(cell, bytes | bytearray) or (isinstance(cell, str) and GEOMETRY_TEXT.fullmatch(cell) is not None)
        for cell in cells
    )


COMPOSED = "composed"  # bool: the key or the name was written with letters in two parts, or invisible ones
REPAIRED = "repaired"  # bool: the outline was invalid and made valid
SNAPPED = "snapped"  # bool: the outline was moved onto those of the neighbours
SNAPPED_SIZE = "snapped_m2"  # float: surface that changed hands by that, in square metres
GAPS = "gaps"  # bool: a narrow gap or an overlap at the outline
QUICKLY_CHECKED = 20_000  # areas
PARTS = "parts"  # int: features of the file that were put together
MERGED_FROM = "merged_from"  # text: keys of the areas that are reported as one
RENAMED_FROM = "renamed_from"  # text: the key that the file gives the area
LEFT_OUT = "left_out"  # text, the same for all: features and columns of the file that were not taken along
KEY_IN_FILE = "key_in_file"  # text: the key as the file writes it, where that is a decimal number
READ_NOTES = "read_notes"  # text, the same for all: what was decided while the file was read
OFF_BY = "off_by"  # float, the same for all: metres that the areas may lie beside their true place
AREA_FLAGS = (
    COMPOSED,
    REPAIRED,
    SNAPPED,
    SNAPPED_SIZE,
    GAPS,
    PARTS,
    MERGED_FROM,
    RENAMED_FROM,
    LEFT_OUT,
    KEY_IN_FILE,
    READ_NOTES,
    OFF_BY,
)


def read_notes(notes: Iterable[str]) -> dict[str, str]:
    """Return the flag that says what was decided while a file was read; none where that is nothing."""
    said = "; ".join(dict.fromkeys(notes))
    return {READ_NOTES: said} if said else {}


def with_left_out(areas: gpd.GeoDataFrame, what: Iterable[str]) -> gpd.GeoDataFrame:
    """Return the areas flagged with what was not taken along from the file; unchanged where that is nothing."""
    earlier = list(areas[LEFT_OUT].unique()) if LEFT_OUT in areas.columns else []
    named = ", ".join(dict.fromkeys([*(part for part in earlier if part), *what]))
    return areas.assign(**{LEFT_OUT: named}) if named else areas


def area_facts(areas: gpd.GeoDataFrame) -> list[Message]:
    """Return what the flags say, for the method box and for reports."""
    facts = []
    if COMPOSED in areas.columns:
        facts.append(Message("fact_composed", {"count": int(areas[COMPOSED].sum())}))
    if MERGED_FROM in areas.columns:
        merged = areas.loc[areas[MERGED_FROM].ne(""), ["name", MERGED_FROM]]
        facts += [Message("fact_merged", {"name": name, "parts": parts}) for name, parts in merged.to_numpy()]
    if RENAMED_FROM in areas.columns:
        corrected = areas.loc[areas[RENAMED_FROM].ne("")]
        facts += [
            Message("fact_renamed", {"name": name, "key": key, "before": before})
            for key, name, before in zip(corrected.index, corrected["name"], corrected[RENAMED_FROM], strict=True)
        ]
    facts += _outline_facts(areas)
    if KEY_IN_FILE in areas.columns:
        facts.append(Message("fact_keys_written", {"example": areas[KEY_IN_FILE].iloc[0], "key": areas.index[0]}))
    if OFF_BY in areas.columns and len(areas):
        facts.append(Message("fact_off_by", {"metres": f"{areas[OFF_BY].max():.0f}"}))
    if LEFT_OUT in areas.columns:
        facts += [Message("fact_left_out", {"what": what}) for what in areas[LEFT_OUT].unique() if what]
    return facts


def _outline_facts(areas: gpd.GeoDataFrame) -> list[Message]:
    """Return what was done to the outlines, and where they do not fit together."""
    facts = []
    if REPAIRED in areas.columns and areas[REPAIRED].any():
        facts.append(Message("fact_geometry", {"names": _names(areas, areas.index[areas[REPAIRED]])}))
    if PARTS in areas.columns:
        several = areas.index[areas[PARTS] > 1]
        facts.append(Message("fact_parts", {"names": _names(areas, several), "count": len(several)}))
    if SNAPPED in areas.columns:
        facts.append(_snapped_fact(areas))
    # frames that did not come from a file are looked at here, unless that takes long
    if areas[GAPS].any() if GAPS in areas.columns else len(areas) <= QUICKLY_CHECKED:
        from quartiersatlas.intake.areas.gaps import misfit_fact

        fact = misfit_fact(areas.geometry)
        facts += [fact] if fact is not None else []
    return facts


def _snapped_fact(areas: gpd.GeoDataFrame) -> Message:
    """Return how many outlines were moved, and how much land that is."""
    changed = areas[SNAPPED_SIZE] if SNAPPED_SIZE in areas.columns else areas[SNAPPED] * float("nan")
    if changed.isna().all():
        return Message("fact_snapped", {"count": int(areas[SNAPPED].sum())})
    most = str(changed.idxmax())
    values = {"count": int(areas[SNAPPED].sum()), "name": f"{areas['name'][most]} ({most})"}
    for name, size in (("size", changed.sum()), ("largest", changed[most])):
        values[name] = number_text(size, 1, "de"), number_text(size, 1, "en")
    share = 100 * changed[most] / areas.geometry.area[most]
    return Message("fact_snapped_size", values | {"share": (number_text(share, 2, "de"), number_text(share, 2, "en"))})


def _names(areas: gpd.GeoDataFrame, keys: Iterable[str]) -> str:
    return ", ".join(f"{areas['name'][key]} ({key})" for key in keys)
