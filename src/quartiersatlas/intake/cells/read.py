"""Tables of grid cells: streamed from published files, every mark decided, values as whole numbers or as refused."""

from __future__ import annotations

import codecs
import re
import zipfile
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import count_noun, existing_file
from quartiersatlas.errors import ColumnError, CountError, InputError, KeyColumnError, NumberError, SpecError, list_some
from quartiersatlas.intake.cells.layouts import SIZES, CellLayout
from quartiersatlas.intake.tables.encodings import wide_encoding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

HIDDEN = -1
BLOCK = 8 << 20  # bytes of a file in memory
HEAD = 1 << 16  # bytes in which the header stands
TABLES = (".csv", ".txt", ".tsv")
STATES = ("value", "zero", "suppressed", "missing", "unreliable")
VALUE, ZERO, SUPPRESSED, MISSING, UNRELIABLE = range(len(STATES))
CODE = r"^(?:CRS3035RES(?P<metres>\d{1,6})m|(?P<side>\d{1,3})(?P<unit>k?m))N(?P<y>\d{1,8})E(?P<x>\d{1,8})$"
WHOLE = r"^\s*[+-]?\d{1,15}\s*$"
DECIMAL = r"^\s*[+-]?\d{1,12}(?:\.\d{1,15})?\s*$"
MARKS = 6  # that a message names


@dataclass(frozen=True, eq=False)
class CellTable:
    """Cells of one source.

    Parameters
    ----------
    x, y : ndarray of int
        Lower left corner in steps of the cell size.
    values : mapping of str to ndarray
        Counts as int64, -1 where nobody knows them; means as float64, NaN where nobody knows them.
    states : mapping of str to ndarray of int8
        For each value its number in :data:`STATES`.
    ags : ndarray of str, optional
        The municipality, where the source names it.
    source : str
        The file.
    notes : list of str
        What was decided.
    """

    x: Ints
    y: Ints
    values: dict[str, NDArray[Any]]
    states: dict[str, NDArray[np.int8]]
    ags: NDArray[np.object_] | None = None
    source: str = ""
    notes: list[str] = field(default_factory=list)

    def is_mean(self, name: str) -> bool:
        """Return whether a column holds means."""
        return self.values[name].dtype.kind == "f"

    def counts_of_states(self, name: str) -> dict[str, int]:
        """Return how many cells of a column have each state."""
        found = np.bincount(self.states[name], minlength=len(STATES))
        return {state: int(k) for state, k in zip(STATES, found, strict=True) if k}


def read_cell_file(
    path: str | Path, layout: CellLayout, size: int, columns: Mapping[str, str | Sequence[str]] | None
) -> CellTable:
    """Read the cells of one size from a published file, or from the member of an archive.

    Parameters
    ----------
    path : str or Path
        ``.csv``, or ``.zip`` with one of that size.
    layout : CellLayout
        How it is written; see :func:`quartiersatlas.intake.cells.layouts.cell_layout`.
    size : int
        Side of a cell in metres.
    columns : mapping, optional
        Name -> column of the file, or columns whose sum it is; what the layout names, if not given.

    Raises
    ------
    InputError
        The file is missing, damaged or empty; the archive has no member, or several, of this size.
    ColumnError
        A column is not there.
    KeyColumnError
        A code is none, or of another size; a cell is there twice.
    NumberError
        There are words or marks among the numbers that the layout does not know.
    """
    path = existing_file(path, "cell table")
    layout = layout.at(size)
    with _opened(path, size) as (file, name):
        wide = wide_encoding(file.read(HEAD))
        file.seek(0)
        layout = replace(layout, encoding=wide or layout.encoding)
        header, delimiter = _header(file, layout, name)
        source = _Source(name, header, delimiter)
        if layout.labels:
            found = _read_long(file, layout, size, columns, source)
        else:
            found = _read_wide(file, layout, size, wanted_columns(header, layout, columns, name), source)
    if wide:
        found.notes.append(f"{found.source}: read as {wide}")
    return found


@dataclass(frozen=True)
class _Source:
    """A file that is open: its name, its columns, what stands between them."""

    name: str
    header: list[str]
    delimiter: str


@contextmanager
def _opened(path: Path, size: int) -> Iterator[tuple[IO[bytes], str]]:
    """Give the bytes of a table, out of an archive without unpacking it."""
    if path.suffix.lower() != ".zip":
        with path.open("rb") as file:
            yield file, path.name
        return
    try:
        with zipfile.ZipFile(path) as archive:
            member = _member(archive, path.name, size)
            with archive.open(member) as inner:
                yield inner, f"{Path(member.filename).name} in {path.name}"
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise InputError(f"{path.name} is a damaged or protected zip archive: fetch it again.") from error


def _member(archive: zipfile.ZipFile, where: str, size: int) -> zipfile.ZipInfo:
    """Return the one table of an archive that has cells of a size."""
    tables = [
        entry
        for entry in archive.infolist()
        if not entry.is_dir() and entry.filename.lower().endswith(TABLES) and "__MACOSX" not in entry.filename
    ]
    text = SIZES.get(size, f"{size}m")
    fitting = [
        entry for entry in tables if re.search(rf"(?<![0-9a-z]){text}(?![0-9a-z])", Path(entry.filename).name.lower())
    ]
    others = rf"(?<![0-9a-z])({'|'.join(SIZES.values())})(?![0-9a-z])"
    unnamed = [entry for entry in tables if not re.search(others, Path(entry.filename).name.lower())]
    found = fitting or unnamed
    if len(found) == 1:
        return found[0]
    listed = list_some(sorted(entry.filename for entry in tables), 20)
    if not tables:
        raise InputError(f"{where} holds no table ({', '.join(TABLES)}).")
    many = "several members" if len(found) > 1 else "no member"
    raise InputError(f"{where} has {many} with cells of {size} m; it holds {listed}. Unpack it and pass the one meant.")


def _header(file: IO[bytes], layout: CellLayout, name: str) -> tuple[list[str], str]:
    """Return the columns of a file and what stands between them, and go back to its start."""
    head = codecs.getincrementaldecoder(layout.encoding)("replace").decode(file.read(HEAD))
    first = head.lstrip("\ufeff").split("\n", 1)[0].rstrip("\r")
    file.seek(0)
    if not first:
        raise InputError(f"{name} is empty.")
    delimiter = max(";,\t", key=first.count)
    header = [one.strip().strip('"') for one in first.split(delimiter)]
    if layout.id not in header:
        raise ColumnError.not_found(layout.id, header, f"{name} (layout {layout.name})")
    return header, delimiter


def wanted_columns(
    header: Sequence[str], layout: CellLayout, columns: Mapping[str, str | Sequence[str]] | None, name: str
) -> dict[str, tuple[str, ...]]:
    """Return name -> columns of the file whose sum it is.

    Without a choice: those that the layout names, and all others that hold values under their own names.
    """
    given = {k: (v,) if isinstance(v, str) else tuple(v) for k, v in (columns or layout.columns).items()}
    there = {new: olds for new, olds in given.items() if all(old in header for old in olds)}
    if columns is None:
        known = {old for olds in there.values() for old in olds}
        no_values = {layout.id, layout.flag, *layout.places, ""}
        there |= {old: (old,) for old in header if old not in known | no_values}
    if not there:
        raise ColumnError(f"{name} has none of the columns {list_some(given, 20)}; it has {list_some(header, 20)}.")
    return there


def _batches(file: IO[bytes], source: _Source, layout: CellLayout, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Give the wanted columns of a file as text, block by block."""
    import pyarrow as pa
    from pyarrow import csv

    try:
        reader = csv.open_csv(
            file,
            read_options=csv.ReadOptions(block_size=BLOCK, encoding=layout.encoding, use_threads=False),
            parse_options=csv.ParseOptions(delimiter=source.delimiter),
            convert_options=csv.ConvertOptions(
                include_columns=list(dict.fromkeys(columns)),
                column_types=dict.fromkeys(columns, pa.string()),
                strings_can_be_null=False,
            ),
        )
        yield from reader
    except (pa.ArrowInvalid, pa.ArrowKeyError, OSError, zipfile.BadZipFile) as error:
        raise InputError(f"{source.name} cannot be read: {str(error).partition(chr(10))[0]}.") from error


@dataclass
class _CellColumn:
    """One column while a file is read."""

    name: str
    is_mean: bool
    values: list[NDArray[Any]] = field(default_factory=list)
    states: list[NDArray[np.int8]] = field(default_factory=list)

    def done(self) -> tuple[NDArray[Any], NDArray[np.int8]]:
        kind = np.float64 if self.is_mean else np.int64
        return (
            np.concatenate([np.empty(0, kind), *self.values]).astype(kind),
            np.concatenate([np.empty(0, np.int8), *self.states]),
        )


def _read_wide(
    file: IO[bytes], layout: CellLayout, size: int, wanted: dict[str, tuple[str, ...]], source: _Source
) -> CellTable:
    """Read a table with one row per cell."""
    olds = list(dict.fromkeys(old for group in wanted.values() for old in group))
    alone = {group[0] for name, group in wanted.items() if len(group) == 1 and name in layout.means}
    columns = {old: _CellColumn(old, old in alone) for old in olds}
    flag = layout.flag if layout.flag in source.header else ""
    places: list[tuple[Ints, Ints]] = []
    first = 2  # line of the file
    for batch in _batches(file, source, layout, [layout.id, *olds, *([flag] if flag else [])]):
        places.append(_places(batch.column(layout.id), size, first, source.name))
        marked = _flagged(batch.column(flag), layout, source.name) if flag else None
        for column in columns.values():
            _add(column, batch.column(column.name), layout, first, source.name)
            if marked is not None:
                state = column.states[-1]
                state[marked & ((state == VALUE) | (state == ZERO))] = UNRELIABLE
        first += batch.num_rows
    read = {old: column.done() for old, column in columns.items()}
    x, y = (np.concatenate([np.empty(0, np.int64), *(place[k] for place in places)]) for k in (0, 1))
    values, states = {}, {}
    for name, group in wanted.items():
        values[name], states[name] = read[group[0]] if len(group) == 1 else _summed([read[old] for old in group])
    found = CellTable(x, y, values, states, source=source.name)
    _refuse_duplicates(found)
    return _without_empty(found)


def _places(codes: pa.Array, size: int, first: int, name: str) -> tuple[Ints, Ints]:
    """Return the lower left corners in steps from the codes of cells."""
    import pyarrow as pa
    import pyarrow.compute as pc

    parts = pc.extract_regex(codes, pattern=CODE)
    if parts.null_count:
        row = int(np.flatnonzero(parts.is_null().to_numpy(zero_copy_only=False))[0])
        text = codes[row].as_py()
        raise KeyColumnError(f"{name}: line {first + row} has {text!r}, which is no code of a cell.", [text])

    def numbers(field: str) -> Ints:
        texts = parts.field(field)
        filled = pc.if_else(pc.equal(texts, ""), pa.scalar("0"), texts)
        return np.asarray(pc.cast(filled, pa.int64()).to_numpy(zero_copy_only=False))

    metres, side = numbers("metres"), numbers("side")
    kilometres = np.asarray(pc.equal(parts.field("unit"), "km").to_numpy(zero_copy_only=False))
    own = np.where(metres > 0, metres, side * np.where(kilometres, 1000, 1))
    wrong = np.flatnonzero(own != size)
    if len(wrong):
        row = int(wrong[0])
        raise SpecError(
            f"{name}: line {first + row} has {codes[row].as_py()!r}, a cell of {own[row]} m, and size is {size}: "
            "one size at a time."
        )
    y, x = numbers("y"), numbers("x")
    long = metres > 0
    off = np.flatnonzero(long & ((x % size != 0) | (y % size != 0)))
    if len(off):
        row = int(off[0])
        raise KeyColumnError(
            f"{name}: line {first + row} has {codes[row].as_py()!r}, which is not the lower left corner of a cell "
            f"of {size} m."
        )
    return np.where(long, x // size, x), np.where(long, y // size, y)


def _flagged(marks: pa.Array, layout: CellLayout, name: str) -> NDArray[np.bool_]:
    """Return which rows have a flag; an unknown one is refused."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pc.utf8_trim_whitespace(marks)
    counts = {one["values"]: one["counts"] for one in pc.value_counts(texts).to_pylist()}
    unknown = Counter({mark: n for mark, n in counts.items() if mark not in ("", "0", *layout.flags)})
    if unknown:
        raise NumberError(
            f"{name}: {layout.flag!r} has {_listed(unknown)}; the layout knows {list_some(layout.flags)}. Add them "
            "to its flags."
        )
    found: NDArray[np.bool_] = pc.is_in(texts, pa.array(list(layout.flags))).to_numpy(zero_copy_only=False)
    return found


def _listed(marks: Counter[str]) -> str:
    shown = ", ".join(f"{mark!r} ({count_noun(n, 'cell')})" for mark, n in marks.most_common(MARKS))
    return shown + (f" and {len(marks) - MARKS} more" if len(marks) > MARKS else "")


def _add(column: _CellColumn, texts: pa.Array, layout: CellLayout, first: int, name: str) -> None:
    """Read the cells of a block as numbers or as marks that the layout knows."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pc.utf8_trim_whitespace(texts)
    state = np.full(len(texts), VALUE, np.int8)
    meanings = {"zero": ZERO, "suppressed": SUPPRESSED, "missing": MISSING}
    is_mark = np.zeros(len(texts), bool)
    for mark, meaning in layout.symbols.items():
        written = [mark, f"{mark},0", f"{mark}.0"] if mark.startswith("-") and len(mark) > 1 else [mark]
        hit = pc.is_in(texts, pa.array(written)).to_numpy(zero_copy_only=False)
        if hit.any():
            state[hit] = meanings[meaning]
            is_mark |= hit
    plain = pc.replace_substring(texts, ",", ".") if layout.decimal == "," else texts
    plain = pc.if_else(pa.array(is_mark), pa.scalar("0"), plain)
    try:
        numbers = np.asarray(
            pc.cast(plain, pa.float64() if column.is_mean else pa.int64()).to_numpy(zero_copy_only=False)
        )
    except pa.ArrowInvalid:
        column.is_mean = column.is_mean or _only_decimals(plain, texts, first, name, column.name)
        column.values = [np.where(np.asarray(one) == HIDDEN, np.nan, one) for one in column.values]
        numbers = np.asarray(pc.cast(plain, pa.float64()).to_numpy(zero_copy_only=False))
    if not np.isfinite(numbers).all() or (numbers[~is_mark] < 0).any():
        found = Counter(texts.filter(pa.array((numbers < 0) | ~np.isfinite(numbers))).to_pylist())
        raise CountError(
            f"{name}: column {column.name!r} holds negative numbers: {_listed(found)}. They are codes, not counts. "
            "Say what "
            f'each stands for: symbols={{"-1": "missing"}} (or "zero", "suppressed").'
        )
    unknown = (state == SUPPRESSED) | (state == MISSING)
    state[(state == VALUE) & (numbers == 0)] = ZERO
    column.values.append(np.where(unknown, np.nan if column.is_mean else HIDDEN, numbers))
    column.states.append(state)


def _only_decimals(plain: pa.Array, texts: pa.Array, first: int, name: str, column: str) -> bool:
    """Return True for numbers with decimals; refuse words and marks."""
    import pyarrow.compute as pc

    wrong = np.flatnonzero(~pc.match_substring_regex(plain, DECIMAL).to_numpy(zero_copy_only=False))
    if len(wrong):
        marks = Counter(texts.take(wrong).to_pylist())
        problems = pd.DataFrame({"row": wrong + first, "column": column, "raw": texts.take(wrong).to_pylist()})
        raise NumberError(
            f"{name}: column {column!r} has {_listed(marks)} that are no numbers, first in line "
            f"{first + int(wrong[0])}. Say "
            f'what each stands for: symbols={{{texts[int(wrong[0])].as_py()!r}: "suppressed"}} (or "zero", '
            '"missing"), or '
            f"leave the column out by columns=.",
            problems,
        )
    return True


def _summed(parts: list[tuple[NDArray[Any], NDArray[np.int8]]]) -> tuple[NDArray[Any], NDArray[np.int8]]:
    """Return sums of columns; one is known where all parts are."""
    values, states = np.array([one[0] for one in parts]), np.array([one[1] for one in parts])
    state = np.where((states == ZERO).all(axis=0), ZERO, VALUE).astype(np.int8)
    for weaker in (UNRELIABLE, MISSING, SUPPRESSED):
        state[(states == weaker).any(axis=0)] = weaker
    total = values.sum(axis=0)
    return np.where((state == MISSING) | (state == SUPPRESSED), HIDDEN, total), state


def _refuse_duplicates(table: CellTable) -> None:
    key = (table.y << 32) | table.x
    order = np.argsort(key, kind="stable")
    again = order[1:][np.diff(key[order]) == 0]
    if len(again):
        row = int(again.min())
        raise KeyColumnError(
            f"{table.source}: {count_noun(len(again), 'cell is', 'cells are')} there more than once, such as "
            f"N{table.y[row]}E{table.x[row]} (in steps of the cell size) in line {row + 2}."
        )


def _without_empty(table: CellTable) -> CellTable:
    """Leave out cells in which every value is missing: uninhabited ones have rows in 2011."""
    if not len(table.x) or not table.states:
        return table
    kept = ~np.all([state == MISSING for state in table.states.values()], axis=0)
    if kept.all():
        return table
    n = int((~kept).sum())
    note = f"{table.source}: {count_noun(n, 'cell')} without any value left out"
    return CellTable(
        table.x[kept],
        table.y[kept],
        {name: value[kept] for name, value in table.values.items()},
        {name: state[kept] for name, state in table.states.items()},
        source=table.source,
        notes=[*table.notes, note],
    )


def _read_long(
    file: IO[bytes],
    layout: CellLayout,
    size: int,
    columns: Mapping[str, str | Sequence[str]] | None,
    source: _Source,
) -> CellTable:
    """Read a table with one row per cell and label; a label is the texts of its columns with a blank between."""
    import pyarrow.compute as pc

    for name in (*layout.labels, layout.value):
        if name not in source.header:
            raise ColumnError.not_found(name, source.header, source.name)
    olds = {k: (v,) if isinstance(v, str) else tuple(v) for k, v in (columns or {}).items()}
    asked = {label for group in olds.values() for label in group}
    flag = [layout.flag] if layout.flag in source.header else []
    found: dict[str, list[tuple[Ints, _CellColumn]]] = {}
    first = 2
    for batch in _batches(file, source, layout, [layout.id, *layout.labels, layout.value, *flag]):
        parts = [pc.utf8_trim_whitespace(batch.column(name)) for name in layout.labels]
        labels = pc.binary_join_element_wise(*parts, " ").dictionary_encode()
        x, y = _places(batch.column(layout.id), size, first, source.name)
        marked = _flagged(batch.column(layout.flag), layout, source.name) if flag else np.zeros(len(x), bool)
        column = _CellColumn(layout.value, is_mean=False)
        _add(column, batch.column(layout.value), layout, first, source.name)
        state = column.states[0]
        state[marked & ((state == VALUE) | (state == ZERO))] = UNRELIABLE
        codes = labels.indices.to_numpy(zero_copy_only=False)
        for code, label in enumerate(labels.dictionary.to_pylist()):
            if columns is None or label in asked:
                rows = np.flatnonzero(codes == code)
                part = _CellColumn(label, is_mean=False, values=[column.values[0][rows]], states=[state[rows]])
                found.setdefault(label, []).append(((y[rows] << 32) | x[rows], part))
        first += batch.num_rows
    absent = sorted(asked - set(found))
    if absent:
        raise ColumnError.not_found(absent[0], sorted(found), source.name)
    wide = _spread(found, source.name)
    if columns is None:
        return wide
    read = {name: (wide.values[name], wide.states[name]) for name in wide.values}
    summed = {name: read[g[0]] if len(g) == 1 else _summed([read[one] for one in g]) for name, g in olds.items()}
    values, states = ({name: one[k] for name, one in summed.items()} for k in (0, 1))
    return CellTable(wide.x, wide.y, values, states, source=source.name)


def _spread(found: dict[str, list[tuple[Ints, _CellColumn]]], name: str) -> CellTable:
    """Return one column per label; a cell without a row of a label is missing there."""
    keys = np.unique(np.concatenate([np.empty(0, np.int64), *(key for parts in found.values() for key, _ in parts)]))
    table = CellTable(keys & ((1 << 32) - 1), keys >> 32, {}, {}, source=name)
    for label, parts in found.items():
        key = np.concatenate([one for one, _ in parts])
        values, states = (np.concatenate([getattr(one, kind)[0] for _, one in parts]) for kind in ("values", "states"))
        if len(np.unique(key)) < len(key):
            raise KeyColumnError(f"{name}: a cell has {label!r} in several rows.")
        at = np.searchsorted(keys, key)
        table.values[label] = np.full(len(keys), HIDDEN, np.int64)
        table.states[label] = np.full(len(keys), MISSING, np.int8)
        table.values[label][at], table.states[label][at] = values, states
    return table


def cells_of_frame(
    frame: pd.DataFrame, size: int, columns: Mapping[str, str | Sequence[str]] | None, key: str, means: Sequence[str]
) -> CellTable:
    """Return the cells of a frame with ``x`` and ``y``, the lower left corners in metres, and perhaps a municipality.

    Raises
    ------
    SpecError
        Coordinates are not on the grid, or are centres.
    ColumnError, CountError
        A column is missing, or holds no counts.
    """
    for name in ("x", "y"):
        if name not in frame:
            raise ColumnError.not_found(name, frame.columns, "The cells (layout 'plain')")
    corners = {name: frame[name].to_numpy(dtype=float) for name in ("x", "y")}
    steps = {name: corner / size for name, corner in corners.items()}
    if len(frame) and all(np.all(step % 1 == 0.5) for step in steps.values()):  # noqa: PLR2004 - the middle
        raise SpecError(f"The coordinates are the centres of cells of {size} m: give the lower left corners.")
    if not all(np.all(step % 1 == 0) for step in steps.values()):
        raise SpecError(f"The coordinates are not on one grid of {size} m: is size right, and are they in EPSG:3035?")
    given = columns or {name: name for name in frame.columns if name not in ("x", "y", key)}
    values, states = {}, {}
    for name, olds in given.items():
        parts = [_counts_of(frame, old, is_mean=name in means) for old in ([olds] if isinstance(olds, str) else olds)]
        values[name], states[name] = parts[0] if len(parts) == 1 else _summed(parts)
    ags = frame[key].to_numpy(dtype=object) if key in frame else None
    x, y = (steps[name].astype(np.int64) for name in ("x", "y"))
    found = CellTable(x, y, values, states, ags=ags, source="the frame")
    _refuse_duplicates(found)
    return found


def _counts_of(frame: pd.DataFrame, name: str, *, is_mean: bool) -> tuple[NDArray[Any], NDArray[np.int8]]:
    if name not in frame:
        raise ColumnError.not_found(name, frame.columns, "The cells")
    if not pd.api.types.is_numeric_dtype(frame[name].dtype):
        raise CountError(f"The column {name!r} of the cells holds text: name the columns of counts by columns=.")
    numbers = frame[name].to_numpy(dtype=float, na_value=np.nan)
    known = ~np.isnan(numbers)
    if (numbers[known] < 0).any() or not np.isfinite(numbers[known]).all():
        raise CountError(f"The column {name!r} of the cells has numbers below 0 or without an end: they are no counts.")
    if not is_mean and (numbers[known] % 1 != 0).any():
        raise CountError(
            f"The column {name!r} of the cells has decimals: a mean or a share is summed only with the count it is "
            f"the mean of, means={{{name!r}: 'count'}}."
        )
    state = np.where(known, np.where(numbers == 0, ZERO, VALUE), MISSING).astype(np.int8)
    return (numbers if is_mean else np.where(known, numbers, HIDDEN).astype(np.int64)), state
