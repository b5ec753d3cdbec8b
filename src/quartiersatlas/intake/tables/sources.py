"""Parquet, dBASE and the columns of geometry files as one and the same raw table of cells."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import DependencyError, InputError
from quartiersatlas.intake.files.answers import refuse_cut_file
from quartiersatlas.intake.files.contents import what_it_is
from quartiersatlas.intake.files.layers import read_attributes, refuse_cut_dbf
from quartiersatlas.intake.files.nested import without_lists
from quartiersatlas.intake.tables.encodings import encoded, fits_words
from quartiersatlas.intake.tables.headers import folded
from quartiersatlas.intake.tables.values.cells import Cells, NumberCells, RawTable, TypedCells

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    import pandas as pd


def read_parquet(path: Path, named: Collection[str] | None = None) -> RawTable:
    """Read a Parquet file; a geometry column is left out."""
    try:
        import pyarrow.parquet as pq
    except ImportError as error:
        raise DependencyError(
            "Reading Parquet needs an extra: pip install 'quartiersatlas[parquet]' (in a checkout: '.[parquet]')."
        ) from error
    try:
        # an index that pandas wrote is a column of the file like any other
        frame = pq.read_table(path).to_pandas(integer_object_nulls=True, ignore_metadata=True)
    except Exception as error:  # a damaged file may fail anywhere in the reader
        contents = what_it_is(path)
        what = "it is damaged" if contents.kind == "parquet" else f"it is {contents.name}"
        raise InputError(f"{path.name} cannot be read as Parquet: {what}. Fetch it again.") from error
    return _raw_table(frame, path, "Parquet", named)


def read_dbf(path: Path, encoding: str | None) -> RawTable:
    """Read a dBASE table, with the encoding that a .cpg file beside it or the table itself names."""
    import warnings

    import pyogrio

    refuse_cut_dbf(path)
    encoding, notes = (encoding, []) if encoding else _encoding_of_dbf(path)
    encoding = OTHER_NAMES.get(encoding or "", encoding)
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            frame = pyogrio.read_dataframe(path, read_geometry=False, encoding=encoding)
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name} cannot be read as a dBASE table: {error}. Is it encoding='cp1252'?") from error
    except Exception as error:  # a damaged file may fail anywhere in the reader
        raise InputError(
            f"{path.name} cannot be read as a dBASE table: it is damaged, of another kind, or its words have another "
            f"encoding. Fetch it again, or pass encoding='cp1252', 'cp850' or 'utf-8'."
        ) from error
    if warned:  # letters that could not be decoded, numbers read in part
        raise InputError(
            f"{path.name} is damaged or has another encoding: {warned[0].message} "
            f"({count_noun(len(warned), 'such cell')})."
        )
    table = _raw_table(frame, path, "dBASE")
    return replace(table, notes=notes + table.notes)


# what the byte for the language of a dBASE table stands for
LANGUAGES = {1: "cp437", 2: "cp850", 3: "cp1252", 4: "mac_roman", 0x57: "cp1252", 0x64: "cp852", 0xC8: "cp1250"}
OTHER_NAMES = {"mac_roman": "macintosh"}  # as the reader of the tables calls them
LANGUAGE_AT, FIELDS_AT, FIELD_LENGTH, TYPE_AT, WIDTH_AT = 29, 32, 32, 11, 16
TEXT = ord("C")


def _encoding_of_dbf(path: Path) -> tuple[str | None, list[str]]:
    """Find the encoding of a table whose words do not fit what it says of itself; None where there is nothing to do.

    A .cpg file beside it is believed.
    """
    raw = path.read_bytes()
    rows = _texts_of_dbf(raw)
    if rows.isascii() or any(path.with_suffix(ending).is_file() for ending in (".cpg", ".CPG")):
        return None, []
    said = LANGUAGES.get(raw[LANGUAGE_AT], "")
    if said and fits_words(rows, said):
        return None, []
    found = encoded(rows, None)
    contradicts = [f"the table says of itself that it is {said}, and its words are none in it"] if said else []
    return found.encoding, contradicts + found.notes


def _texts_of_dbf(raw: bytes) -> bytes:
    """Return the cells of text of a dBASE table, one on each line."""
    start, length = int.from_bytes(raw[8:10], "little"), int.from_bytes(raw[10:12], "little")
    places, at = [], 1  # the first byte of a record says whether it was deleted
    for field in range(FIELDS_AT, min(start, len(raw)) - FIELD_LENGTH, FIELD_LENGTH):
        width = raw[field + WIDTH_AT]
        if raw[field + TYPE_AT] == TEXT:
            places.append((at, at + width))
        at += width
    records = range(start, len(raw), length) if length else range(0)
    cells = [raw[record + first : record + end] for record in records for first, end in places]
    return b"\n".join(cells).replace(b"\0", b" ")


def read_layer(path: Path, layer: str | None, encoding: str | None, named: Collection[str] | None = None) -> RawTable:
    """Read the columns of a geometry file: one layer of it, as a table."""
    if path.is_file() and what_it_is(path).kind == "gml":
        refuse_cut_file(path)
    notes: list[str] = []
    words = path.with_suffix(".dbf")
    if encoding is None and path.suffix.lower() == ".shp" and words.is_file():
        encoding, notes = _encoding_of_dbf(words)
        encoding = OTHER_NAMES.get(encoding or "", encoding)
    table = _raw_table(read_attributes(path, layer, encoding), path, "geometry file", named)
    return replace(table, notes=notes + table.notes)


def frame_table(frame: pd.DataFrame, where: str) -> RawTable:
    """Return the columns of a frame as a raw table."""
    from pathlib import Path

    return _raw_table(frame, Path(where), "frame")


def _raw_table(frame: pd.DataFrame, path: Path, description: str, named: Collection[str] | None = None) -> RawTable:
    frame = frame.set_axis(list(map(str, frame.columns)), axis=1)
    notes: list[str] = []
    cells: dict[int, Cells] = {}
    for position, name in enumerate(frame.columns):
        column = frame.iloc[:, position]
        values, single = _without_lists(column, name, path.name, named)
        notes += single
        if values is None or _is_binary(values):
            notes += [] if values is None else [f"column {name!r} holds no numbers or text and was left out"]
        else:
            cells[position] = _cells(values)
    if frame.empty or not cells:
        raise InputError(f"{path.name} has no rows or no columns.")
    names = [frame.columns[position] for position in cells]
    return RawTable(path.name, names, list(cells.values()), np.arange(1, len(frame) + 1), description, notes=notes)


def _without_lists(
    column: pd.Series, name: str, where: str, named: Collection[str] | None
) -> tuple[pd.Series | None, list[str]]:
    """Return a column with lists of one as their element; None for longer lists in a column that was not asked for."""
    import pandas as pd

    if column.dtype != object and not isinstance(column.dtype, pd.StringDtype):
        return column, []
    try:
        values, notes = without_lists(column.tolist(), name, where)
    except InputError:
        if named is not None and (name in named or folded(name) in map(folded, named)):
            raise
        return None, [f"column {name!r} holds lists of several values and was left out"]
    return (pd.Series(values, dtype=object) if notes else column), notes


def _cells(column: pd.Series) -> Cells:
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf":
        return NumberCells(column.to_numpy())
    return TypedCells(list(column.astype(object)))


def _is_binary(column: pd.Series) -> bool:
    """Return True if a column holds geometry or other things that no cell of a table can hold."""
    if column.dtype != object:
        return False
    return any(isinstance(value, bytes | bytearray | dict | list | np.ndarray) for value in column)
