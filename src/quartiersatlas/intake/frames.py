"""Frames in memory pass the same door as files: the key may be a column or the index, what is no cell is left out."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
from pandas.api.types import is_extension_array_dtype, is_float_dtype, is_numeric_dtype

from quartiersatlas.base.checks import count_noun
from quartiersatlas.base.keys import whole_keys
from quartiersatlas.base.letters import composed
from quartiersatlas.errors import InputError, KeyColumnError, SpecError, list_some
from quartiersatlas.intake.areas.area_columns import keys_as_text
from quartiersatlas.intake.areas.key_parts import key_widths
from quartiersatlas.intake.tables.values.cells import DATES, LARGEST_EXACT, NumberCells, RawTable, TypedCells

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quartiersatlas.intake.areas.key_parts import KeyColumns
    from quartiersatlas.intake.tables.values.cells import Cells

KEY = "key"  # what an index without a name is called


def raw_table_of(frame: pd.DataFrame, key: KeyColumns | None, for_files: Mapping[str, object]) -> tuple[RawTable, Any]:
    """Return the cells of a frame as those of a file, and the column (or columns) of the key.

    Parameters
    ----------
    frame : DataFrame
        The key in one of its columns or in the index.
    key : str, list of str, mapping or None
        As in ``read_table``; the index, if None.
    for_files : mapping of str to object
        Options that only files have; each must be None.

    Raises
    ------
    SpecError
        An option for files is given.
    InputError
        The frame is empty, or has several levels of columns.
    KeyColumnError
        No key is named and the index holds row numbers, or several levels.
    """
    refuse_file_options(for_files, "read_table")
    frame, key, notes = keyed_frame(frame, key, "read_table", "table")
    held = [not _holds_no_cells(frame.iloc[:, position]) for position in range(frame.shape[1])]
    notes += [
        f"column {str(name)!r} holds no numbers or text and was left out"
        for name, kept in zip(frame.columns, held, strict=True)
        if not kept
    ]
    frame = frame.loc[:, held]
    cells = [_cells(frame.iloc[:, position]) for position in range(frame.shape[1])]
    lines = np.arange(1, len(frame) + 1)
    return RawTable("table", list(frame.columns), cells, lines, "frame in memory", notes=notes), key


def features_of(
    frame: gpd.GeoDataFrame, key: KeyColumns | None, for_files: Mapping[str, object]
) -> tuple[gpd.GeoDataFrame, Any]:
    """Return a frame of areas as one read from a file, with its geometry in ``geometry``, and the column of the key.

    Raises
    ------
    SpecError
        An option for files is given.
    InputError
        The frame has no geometry, or several levels of columns.
    KeyColumnError
        No key is named and the index holds row numbers, or several levels.
    """
    refuse_file_options(for_files, "read_areas")
    frame = with_geometry(frame)
    keyed, key, _ = keyed_frame(frame, key, "read_areas", "areas")
    others = [column for column in keyed.columns.drop("geometry") if is_geometry(keyed[column])]
    return gpd.GeoDataFrame(keyed.drop(columns=others), geometry="geometry"), key


def with_geometry(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a frame whose active geometry is called ``geometry``; refuse one without.

    Raises
    ------
    InputError
        No geometry is active; the message names the call that makes it so.
    """
    active = frame.active_geometry_name
    if active is None or active not in frame.columns:
        found = [str(column) for column in frame.columns if isinstance(frame[column].dtype, gpd.array.GeometryDtype)]
        hint = (
            f"Name it: areas.set_geometry({found[0]!r})."
            if found
            else "It was lost when the frame was built: start from the areas, as in areas.merge(table, on='id')."
        )
        raise InputError(f"The areas have no active geometry column. {hint}")
    if active == "geometry":
        return frame
    return frame.drop(columns=[column for column in frame.columns if column == "geometry"]).rename_geometry("geometry")


def keyed_frame(
    frame: pd.DataFrame, key: KeyColumns | None, call: str, what: str
) -> tuple[pd.DataFrame, KeyColumns, list[str]]:
    """Return a frame whose key stands in columns with names of text, the key, and what is to be noted."""
    _refuse_levels(frame, call, what)
    if frame.empty:
        raise InputError(f"{call}: the frame has no rows or no columns.")
    if key is None:
        frame, key = _from_index(frame, call)
        return _named(frame), key, []
    wanted = [key] if isinstance(key, str) else list(key_widths(key, call) or ())
    levels = [name for name in frame.index.names if name is not None]
    if set(wanted) - set(frame.columns) and set(wanted) & set(levels):
        unnamed = [level for level, name in enumerate(frame.index.names) if name is None or name in frame.columns]
        frame = frame.reset_index(level=unnamed, drop=True) if unnamed else frame
        return _named(frame.reset_index()), key, []
    left_out = [name for name in levels if name not in frame.columns]
    return (
        _named(frame.reset_index(drop=True)),
        key,
        [f"index {str(name)!r} of the frame left out" for name in left_out],
    )


def _from_index(frame: pd.DataFrame, call: str) -> tuple[pd.DataFrame, str]:
    """Return the frame with its index as the column of the key."""
    if isinstance(frame.index, pd.MultiIndex):
        levels = [str(name) for name in frame.index.names]
        raise KeyColumnError(
            f"{call}: the index of the frame has {len(levels)} levels ({list_some(levels)}). "
            f"Name those that make up the key, such as key={levels!r}."
        )
    if isinstance(frame.index, pd.RangeIndex):
        unique = unique_columns(frame)
        hint = f" Of its columns {list_some(unique)} could be it." if unique else ""
        example = unique[0] if unique else "id"
        raise KeyColumnError(
            f"{call}: the index of the frame holds row numbers, no keys. Name the column of the key, such as "
            f"key={example!r}.{hint}"
        )
    name = frame.index.name
    free = name if isinstance(name, str) and name not in frame.columns else KEY
    while free in frame.columns:
        free += "_"
    return frame.rename_axis(free).reset_index(), free


def indexed_frame(table: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return the numbers and words of a frame on its index as text, and what is to be noted.

    Shapes are left out, numbers that are held as objects (``Decimal`` of a database, or ``None`` among them) become
    numbers.

    Raises
    ------
    InputError
        The columns have several levels, or two of them one name.
    KeyColumnError
        The index has several levels, or holds dates, empty keys or numbers of too many digits.
    """
    _refuse_levels(table, "join", "table")
    twice = list(dict.fromkeys(table.columns[table.columns.duplicated()]))
    if twice:
        raise InputError(
            f"join: the table has several columns called {list_some(twice)}. Give each its own name, or keep the first "
            f"ones: table.loc[:, ~table.columns.duplicated()]."
        )
    keys = _keys_of_index(table.index)
    whole, note = whole_keys(keys.tolist(), "the index")
    shapes = [name for name in table.columns if is_geometry(table[name])]
    values = pd.DataFrame(table.drop(columns=shapes)).set_axis(pd.Index(whole, name="key", dtype=object))
    if values.empty:
        raise InputError("join: the table has no column besides its shapes.")
    values = values.rename(columns={name: composed(name) for name in values.columns if isinstance(name, str)})
    for name in values.columns:
        column = values[name]
        is_nullable = is_extension_array_dtype(column.dtype) and is_numeric_dtype(column.dtype)
        if is_nullable or (column.dtype == object and _are_numbers(column)):
            values[name] = column.astype(object).where(column.notna(), np.nan).to_numpy(dtype=float)
    left_out = f"{count_noun(len(shapes), 'column')} of shapes left out: {list_some(shapes)}" if shapes else ""
    return values, "; ".join(filter(None, [note, left_out]))


def _keys_of_index(index: pd.Index) -> pd.Series:
    """Return the keys as text; refuse what can be none."""
    if isinstance(index, pd.MultiIndex):
        raise KeyColumnError(
            f"join: the index of the table has {index.nlevels} levels, and a key is one value. Make the level of the "
            f"keys a column and name it: join(areas, table.reset_index(), key='column of the key')."
        )
    keys = keys_as_text(index)
    if keys.isna().any() or keys.eq("").any():
        without = count_noun(int((keys.isna() | keys.eq("")).sum()), "row of the table has", "rows of the table have")
        raise KeyColumnError(f"{without} no key in the index.")
    dates = [str(key) for key in index if isinstance(key, DATES)]
    if dates:
        raise KeyColumnError(
            f"join: {count_noun(len(dates), 'key of the table is a date', 'keys of the table are dates')}: "
            f"{list_some(dates)}. If a spreadsheet turned keys such as 1-2 into dates, what they were cannot be told "
            f"from them: take the file as it was published. If a row is a point in time, make the areas' key the index."
        )
    if is_float_dtype(index.dtype) and len(index) and np.abs(index).max() >= LARGEST_EXACT:
        raise KeyColumnError("The keys in the index are decimal numbers of more digits than these hold: use text.")
    return keys


def _are_numbers(column: pd.Series) -> bool:
    """Return True if objects are numbers, or nothing, and at least one is a number."""
    known = [value for value in column if value is not None and value is not pd.NA and value is not pd.NaT]
    kinds = (int, float, Decimal, np.number)
    return bool(known) and all(isinstance(value, kinds) and not isinstance(value, bool) for value in known)


def _refuse_levels(frame: pd.DataFrame, call: str, what: str) -> None:
    if isinstance(frame.columns, pd.MultiIndex):
        raise InputError(
            f"{call}: the columns of the frame have {frame.columns.nlevels} levels. Make one name of each first: "
            f"{what}.columns = ['_'.join(map(str, column)) for column in {what}.columns]."
        )


def unique_columns(frame: pd.DataFrame) -> list[str]:
    """Return the columns of words, then of whole numbers, in which no value is there twice or missing."""
    found: dict[str, bool] = {}
    for position, name in enumerate(frame.columns):
        column = frame.iloc[:, position]
        if is_geometry(column) or pd.api.types.is_float_dtype(column.dtype):
            continue
        try:
            if not column.isna().any() and column.is_unique:
                found[str(name)] = pd.api.types.is_numeric_dtype(column.dtype)
        except TypeError:  # lists and other things that cannot be compared
            continue
    return sorted(found, key=lambda name: found[name])


def refuse_file_options(for_files: Mapping[str, object], call: str) -> None:
    """Refuse options that say how a file is written, where a frame is given."""
    given = [name for name, value in for_files.items() if value is not None]
    if given:
        verb = "is" if len(given) == 1 else "are"
        raise SpecError(f"{call}: {list_some(given)} {verb} for files; a frame in memory is read already.")


def is_geometry(column: pd.Series) -> bool:
    """Return True if a column holds shapes."""
    return isinstance(column.dtype, gpd.array.GeometryDtype)


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with names of text; years as names are numbers in many frames."""
    return frame if all(isinstance(name, str) for name in frame.columns) else frame.rename(columns=str)


def _holds_no_cells(column: pd.Series) -> bool:
    if is_geometry(column):
        return True
    is_thing = column.dtype == object
    return is_thing and any(isinstance(value, bytes | bytearray | dict | list | set | np.ndarray) for value in column)


def _cells(column: pd.Series) -> Cells:
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf":
        return NumberCells(column.to_numpy(), declared=True)
    if pd.api.types.is_numeric_dtype(column.dtype) and column.isna().all():
        return NumberCells(np.full(len(column), np.nan), declared=True)
    return TypedCells(list(column.astype(object)))
