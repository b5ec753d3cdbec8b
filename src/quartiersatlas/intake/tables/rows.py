"""Rows that are not wanted: named by line, by value or by their missing key; and cells that stand once for a block."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import count_noun
from quartiersatlas.base.keys import whole_keys
from quartiersatlas.base.letters import same_text
from quartiersatlas.errors import InputError, KeyColumnError, SpecError, list_some
from quartiersatlas.intake.areas.key_parts import joined_parts, key_label
from quartiersatlas.intake.tables.garbled import mended_texts
from quartiersatlas.intake.tables.headers import Problem, find_column
from quartiersatlas.intake.tables.values.cells import TextCells
from quartiersatlas.intake.tables.values.typed import refuse_faulty_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from quartiersatlas.intake.tables.headers import RawRow
    from quartiersatlas.intake.tables.values.cells import Cells, RawTable

WithoutKey = Literal["raise", "skip"]
BLOCKS = 0.25  # share of rows without a key from which the key seems to stand in the first row of a block only


@dataclass(frozen=True)
class Body:
    """The rows that are read: their keys, their lines in the file, their cells by column without the key."""

    key: str
    keys: NDArray[np.object_]
    rows: NDArray[Any]
    cells: dict[str, Cells]
    parts: tuple[str, ...] = ()  # columns that make up the key

    def take(self, keep: NDArray[np.bool_]) -> Body:
        """Return the body with some of its rows."""
        where = np.flatnonzero(keep)
        cells = {name: column.take(where) for name, column in self.cells.items()}
        return Body(self.key, self.keys[keep], self.rows[keep], cells, self.parts)


def without_lines(rows: Sequence[RawRow], skip: Iterable[int], source: str) -> tuple[list[RawRow], list[Problem]]:
    """Set aside the rows of some lines, before anything in them is read; a line that is blank is none."""
    named = set(skip)
    if not named:
        return list(rows), []
    last = rows[-1][0] if rows else 0
    beyond = sorted(line for line in named if not 1 <= line <= last)
    if beyond:
        raise SpecError(
            f"{source}: skip_rows names {count_noun(len(beyond), 'line')} that the file does not have: "
            f"{list_some(beyond)}. Its lines are 1 to {last}."
        )
    aside = [
        Problem(line, "", " ".join(cell.strip() for cell in cells if cell.strip()), "row set aside: skip_rows")
        for line, cells in rows
        if line in named
    ]
    return [row for row in rows if row[0] not in named], aside


def without_records(raw: RawTable, skip: Iterable[int]) -> RawTable:
    """Set aside the rows of some numbers of a source that has no lines: records are counted from 1."""
    named = set(skip)
    if not named:
        return raw
    texts = [cells.texts() for cells in raw.columns]
    rows = [(int(line), [str(column[at]) for column in texts]) for at, line in enumerate(raw.rows)]
    _, aside = without_lines(rows, named, raw.source)
    keep = np.flatnonzero([line not in named for line, _ in rows])
    if not len(keep):
        raise InputError(f"{raw.source}: skip_rows names every row of the table.")
    columns = [cells.take(keep) for cells in raw.columns]
    return replace(raw, columns=columns, rows=raw.rows[keep], problems=[*raw.problems, *aside])


def filled_down(
    cells: dict[str, Cells], columns: Sequence[str], text: Sequence[str], key: str, source: str
) -> tuple[dict[str, Cells], list[str]]:
    """Fill empty cells of some columns with the cell above, as names of districts stand once for a block of rows.

    Raises
    ------
    InputError
        A column holds numbers, or has nothing above its first row.
    """
    filled, notes = dict(cells), list[str]()
    blank = _blank_rows(cells)
    known = list(cells)
    as_text = {find_column(name, known, source) for name in [*text, key] if name in known or name == key}
    for column in columns:
        name = find_column(column, known, source)
        if name not in as_text and _holds_numbers(cells[name]):
            raise InputError(
                f"{source}: fill_down is for names and codes, and {name!r} holds numbers: an empty cell of it is a "
                f"missing value. If it holds codes, name it in text=[{name!r}] too."
            )
        texts = np.array([cell.strip() for cell in cells[name].texts()], dtype=object)
        empty = (texts == "") & ~blank
        if empty.any() and not (texts != "")[: np.flatnonzero(empty)[0]].any():
            raise InputError(f"{source}: fill_down={column!r}: there is no {name!r} above the first row to fill down.")
        last = np.maximum.accumulate(np.where(texts != "", np.arange(len(texts)), 0))
        filled[name] = TextCells(np.where(empty, texts[last], texts))
        notes.append(f"{name}: {count_noun(int(empty.sum()), 'empty cell')} filled with the cell above")
    return filled, notes


def _blank_rows(cells: Mapping[str, Cells]) -> NDArray[np.bool_]:
    blank = np.ones(len(next(iter(cells.values()))), bool)
    for column in cells.values():
        blank &= np.array([not text.strip() for text in column.texts()], dtype=bool)
    return blank


def _holds_numbers(cells: Cells) -> bool:
    filled = np.array([bool(text.strip()) for text in cells.texts()], dtype=bool)
    return bool(filled.any()) and bool(cells.scan.plain[filled].mean() > 0.5)  # noqa: PLR2004 - most of them


def with_joined_key(
    cells: dict[str, Cells], widths: Mapping[str, int | None], source: str
) -> tuple[dict[str, Cells], str, tuple[str, ...], str]:
    """Put a key of several columns together as a further column; return the cells, its name, its parts and a note."""
    found = {find_column(part, list(cells), source): width for part, width in widths.items()}
    parts = {column: np.array(list(map(str.strip, cells[column].texts())), dtype=object) for column in found}
    label, joined = key_label(found), joined_parts(parts, found, source)
    note = f"key put together from {', '.join(map(repr, found))}, such as {next(filter(None, joined), '')!r}"
    return {**cells, label: TextCells(joined)}, label, tuple(parts), note


def keyed(
    raw: RawTable,
    cells: dict[str, Cells],
    key: str,
    without_key: WithoutKey,
    problems: list[Problem],
    parts: tuple[str, ...] = (),
) -> tuple[Body, list[str]]:
    """Return the rows with their keys as text in one form, and notes; rows without any cell are no rows.

    Raises
    ------
    KeyColumnError
        Rows have cells and no key, and ``without_key`` is ``"raise"``.
    """
    name = find_column(key, list(cells), raw.source)
    if name != key:
        problems.append(Problem("", name, "", f"taken for the requested key column {key!r}"))
    shown = cells[name].as_shown()
    shown_texts = shown.texts()
    are_plain = _are_plain(shown_texts)
    own_texts = shown_texts if shown is cells[name] else None
    refuse_faulty_keys(name, cells[name], raw.rows, raw.source, own_texts, are_plain=are_plain)
    keys, notes = shown_texts, list[str]()
    if not are_plain:
        texts, notes = _as_meant(shown_texts, name, raw)
        keys = np.array(texts, dtype=object)
    body = Body(name, keys, raw.rows, {other: column for other, column in cells.items() if other != name}, parts)
    if are_plain or all(keys):
        return body, notes
    if body.cells:
        body = body.take(~(_blank_rows(body.cells) & (keys == "")))
    without = body.keys == ""
    if without.any() and without_key == "raise":
        raise _no_key(body, key, raw.source)
    problems += [
        Problem(body.rows[at], "", _cells_of(body, int(at)), "row without a key set aside")
        for at in np.flatnonzero(without)
    ]
    if without.all():
        raise KeyColumnError(f"{raw.source}: no row has a key in {key!r}.")
    return body.take(~without), notes


PLAIN = (string.ascii_letters + string.digits).encode()


def _are_plain(keys: Iterable[str]) -> bool:
    """Return True if all keys are letters and digits of ASCII and nothing else: there is nothing to mend in them."""
    keys = list(keys)
    together = "\n".join(keys)  # one look at all of them
    if not together.isascii():
        return False
    others = together.encode("ascii").translate(None, PLAIN)
    return len(others) == len(keys) - 1 and not others.strip(b"\n") and all(keys)


def _as_meant(keys: Iterable[str], name: str, raw: RawTable) -> tuple[list[str], list[str]]:
    """Return keys without blanks around them, with the letters and in the form that are meant, and notes."""
    texts, notes = mended_texts(list(map(str.strip, keys)), f"the key {name!r}", raw.source, lambda at: raw.rows[at])
    texts, signs = _without_signs_of_text(texts, name)
    texts, form = whole_keys(texts, f"column {name!r}")
    return texts, notes + [note for note in (signs, form) if note]


# how programs write a key into a text file so that a spreadsheet takes it for text: ="01" and '01
MADE_TEXT = re.compile(r'="([^"]+)"|\'([^"\']+)')


def _without_signs_of_text(keys: list[str], name: str) -> tuple[list[str], str]:
    """Return keys without the signs that make them text in a spreadsheet, if all of them have these; and a note."""
    first = next(filter(None, keys), "")
    if not MADE_TEXT.fullmatch(first):
        return keys, ""
    found = [MADE_TEXT.fullmatch(key) for key in keys if key]
    if not found or not all(found):
        return keys, ""
    plain = [(made[1] or made[2]).strip() if (made := MADE_TEXT.fullmatch(key)) else key for key in keys]
    example = next(key for key in keys if key)
    were = count_noun(len(found), f"key of column {name!r} was", f"keys of column {name!r} were")
    return plain, f"{were} marked as text for a spreadsheet, such as {example}: the marks were left out"


def _no_key(body: Body, key: str, source: str) -> KeyColumnError:
    without = body.keys == ""
    lines, n = body.rows[without], int(without.sum())
    one = n == 1
    in_blocks = not without[0] and n >= BLOCKS * len(without) and not without[: len(without) - n].all()
    in_blocks = in_blocks and bool(without[:-1].any()) and n > 1
    columns = list(body.parts or (key,))
    block = (
        f" Does a key stand for the rows below it? Pass fill_down={columns!r}, which gives them the key above."
        if in_blocks
        else ""
    )
    is_first = bool(without[0]) and body.rows[0] != 1  # records have no header
    header = " Is it a second header row? Pass header_rows=2." if is_first else ""
    return KeyColumnError(
        f"{source}: {count_noun(n, 'row has', 'rows have')} no key in {key!r}, in "
        f"{'line' if one else 'lines'} {list_some(lines)}. "
        f"Give {'it' if one else 'them'} a key, or leave {'it' if one else 'them'} out: without_key='skip'."
        f"{block}{header}"
    )


def _cells_of(body: Body, at: int) -> str:
    where = np.array([at])
    texts = [body.keys[at], *(column.texts(where)[0] for column in body.cells.values())]
    return " ".join(text.strip() for text in texts if text.strip())


def without_values(
    body: Body, drop: Mapping[str, object], source: str, problems: list[Problem]
) -> tuple[Body, list[str]]:
    """Set aside rows by the value of a column, each with a line, and return a note per column.

    Raises
    ------
    InputError
        No row has a value, or every row would be set aside; the message lists what there is.
    """
    notes = []
    for column, unwanted in drop.items():
        name, texts = _texts_of(body, column, source)
        values = _as_texts(unwanted)
        there = set(texts)
        absent = [value for value in values if value not in there]
        if absent:
            known = list_some(pd.unique(texts), 10)
            raise InputError(f"{source}: drop: no row has {name!r} = {absent[0]!r}. There are {known}.")
        hit = np.isin(texts, np.array(values, dtype=object))
        if hit.all():
            raise InputError(f"{source}: drop={{{column!r}: {unwanted!r}}} names every row of the table.")
        problems += [
            Problem(body.rows[at], name, texts[at], f"row set aside: drop ({_cells_of(body, int(at))})")
            for at in np.flatnonzero(hit)
        ]
        notes.append(f"drop {name} = {unwanted}: {count_noun(int(hit.sum()), 'row')} set aside")
        body = body.take(~hit)
    return body, notes


def _texts_of(body: Body, column: str, source: str) -> tuple[str, NDArray[np.object_]]:
    columns = {**body.cells, body.key: TextCells(body.keys)}
    name = find_column(column, list(columns), source)
    return name, np.array([same_text(text) for text in columns[name].texts()], dtype=object)


def _as_texts(wanted: object) -> list[str]:
    values = list(wanted) if isinstance(wanted, Iterable) and not isinstance(wanted, str) else [wanted]
    return [same_text(str(value)) for value in values]


def selected_rows(
    body: Body, filters: Mapping[str, object] | None, key_pattern: int | str | None, source: str
) -> tuple[Body, list[str]]:
    """Return the rows that are wanted, and a note for each reason that sets rows aside.

    Raises
    ------
    InputError
        No row is left; the message lists what there is.
    """
    keep, notes, keys = np.ones(len(body.keys), bool), [], body.keys
    for column, wanted in (filters or {}).items():
        name, texts = _texts_of(body, column, source)
        fits = np.isin(texts, np.array(_as_texts(wanted), dtype=object))
        if not (keep & fits).any():
            known = list_some(pd.unique(texts[keep]), 10)
            raise InputError(f"{source}: no row has {name!r} = {wanted!r}. There are {known}.")
        notes.append(f"filter {name} = {wanted}: {count_noun(int((keep & ~fits).sum()), 'row')} set aside")
        keep &= fits
    if key_pattern is not None:
        fits = _matching_keys(keys, key_pattern)
        if not (keep & fits).any():
            raise InputError(
                f"{source}: no key fits key_pattern={key_pattern!r}; there are {list_some(pd.unique(keys[keep]), 10)}."
            )
        aside = pd.unique(keys[keep & ~fits])
        rows, others = (
            count_noun(n, f"{what}") for n, what in ((int((keep & ~fits).sum()), "row"), (len(aside), "other key"))
        )
        notes.append(f"key pattern {key_pattern}: {rows} of {others} set aside ({list_some(aside)})")
        keep &= fits
    return body.take(keep), notes


def _matching_keys(keys: NDArray[np.object_], key_pattern: int | str) -> NDArray[np.bool_]:
    if isinstance(key_pattern, int):
        return np.array([len(key) == key_pattern for key in keys], dtype=bool)
    try:
        pattern = re.compile(key_pattern)
    except re.error as error:
        raise SpecError(
            f"key_pattern={key_pattern!r} is neither a number of characters nor a regular expression: {error}."
        ) from error
    return np.array([pattern.fullmatch(key) is not None for key in keys], dtype=bool)
