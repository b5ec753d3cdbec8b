"""Strict reading of columns as cities write them: decimal comma, grouped thousands, symbols instead of values."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import SHOWN, NumberError, list_some
from quartiersatlas.intake.tables.values.cells import DATES, Percent
from quartiersatlas.intake.tables.values.codes import STATUSES, refuse_sentinels, written_like_codes
from quartiersatlas.intake.tables.values.marks import advice_for, arrays_of, hyphened
from quartiersatlas.intake.tables.values.one_cell import (
    BLANKS,
    BLANKS_AND_BREAKS,
    UNITS,
    ReadCell,
    number_codes,
    read_cell,
    symbol_cell,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray
    from pandas.api.extensions import ExtensionArray

    from quartiersatlas.intake.tables.values.cells import Cells, Unparsed
    from quartiersatlas.intake.tables.values.codes import SymbolProfile
    from quartiersatlas.intake.tables.values.scan import Decimal

VALUE, ZERO, MISSING = (STATUSES.index(status) for status in ("value", "zero", "missing"))
NUMERIC_SHARE = 0.5  # a column with at least this share of numbers is meant to be numeric
MOSTLY = 0.5
SEVERAL = 2
GROUPS_FROM = 1000
EXAMPLES = 3
LEADING_ZERO = re.compile(r"0[0-9]+")
DAY_OR_HEADING = re.compile(r"[0-9]{1,2}\.[0-9]{1,2}")
WHOLE_PERCENT = 100  # a number above it, beside percent signs, may be a count
# columns in which whole numbers are rounded ones, so that "<3" may be 2.9
RATE_NAMES = re.compile(
    r"anteil|quote|rate|share|prozent|percent|%|‰|index|mittel|durchschn|mean|median|average", re.IGNORECASE
)
UPPER_ONLY = re.compile(r"[<≤⩽]")
FEW_MARKS = 2  # different marks with limits in a column of numbers: a lowest and a highest; classes have more
BLANK_NAMES = {" ": "blank", "\u00a0": "U+00A0", "\u2007": "U+2007", "\u2009": "U+2009", "\u202f": "U+202F"}


@dataclass(frozen=True)
class Column:
    """One column as read: values and status per cell, what is to be listed, and what holds for the whole column.

    ``status`` are positions in :data:`STATUSES`; ``unit`` is the one that is written in all cells; ``bounds`` are lower
    and upper limits by row, NaN where a cell has none.
    """

    values: NDArray[np.float64] | ExtensionArray
    status: NDArray[np.uint8]
    is_number: bool
    problems: pd.DataFrame | None = None
    notes: list[str] = field(default_factory=list)
    unit: str = ""
    bounds: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class ColumnDraft:
    """A column between scan and decision: plain numbers, and what each distinct text of the other cells says.

    ``numbers`` and ``grouped`` hold where ``plain`` is true; ``unparsed`` are the other cells, read in ``read``.
    """

    name: str
    cells: Cells
    rows: NDArray[Any]
    decimal: Decimal
    plain: NDArray[np.bool_]
    numbers: NDArray[np.float64]
    grouped: NDArray[np.bool_]
    unparsed: Unparsed
    read: list[ReadCell]

    def where(self, of: Callable[[str, ReadCell], object]) -> NDArray[np.bool_]:
        """Return which of the unparsed cells have a text and a reading that are of some kind."""
        kinds = np.array(
            [bool(of(text, cell)) for text, cell in zip(self.unparsed.texts, self.read, strict=True)], bool
        )
        return kinds[self.unparsed.codes] if len(kinds) else np.zeros(0, bool)

    def count(self, of: Callable[[str, ReadCell], object]) -> int:
        """Count the unparsed cells whose text and reading are of some kind."""
        return int(self.where(of).sum())


def decide_decimal(columns: Iterable[Cells], profile: SymbolProfile) -> Decimal:
    """Decide the decimal mark of a file: one cell such as ``41,14`` decides for all.

    Raises
    ------
    NumberError
        Cells such as ``18.217`` may be thousands or decimals and nothing in the file says which.
    """
    has_point, unclear, examples = False, 0, list[str]()
    for cells in columns:
        scan = cells.scan
        only_comma, only_point = bool(scan.only_decimal(",").any()), bool(scan.only_decimal(".").any())
        either = scan.may_be_grouped
        unclear += int(either.sum())
        examples += list(cells.texts(np.flatnonzero(either)[:EXAMPLES]))
        for text in cells.unparsed.texts:
            with_comma, with_point = (_is_number(text, mark, profile) for mark in (",", "."))
            only_comma |= with_comma and not with_point
            only_point |= with_point and not with_comma
            if with_comma and with_point and ("," in text or "." in text):
                unclear += 1
                examples.append(text)
        if only_comma:
            return ","
        has_point |= only_point
    if unclear and not has_point:
        raise NumberError(
            f"{count_noun(unclear, 'cell')} such as {list_some(examples[:EXAMPLES])} may be thousands or decimals, and "
            f"no other cell of the file says which. Pass decimal=',' (18.217 is eighteen thousand, 18,217 is eighteen) "
            f"or decimal='.' (18.217 is eighteen, 18,217 is eighteen thousand)."
        )
    return "."


def _is_number(text: str, decimal: Decimal, profile: SymbolProfile) -> bool:
    if "," not in text and "." not in text:
        return False
    cell = read_cell(text, decimal, profile)
    return cell.number is not None and not cell.is_symbol


def read_column(
    name: str,
    cells: Cells,
    rows: NDArray[Any],
    decimal: Decimal,
    profile: SymbolProfile,
    *,
    as_text: bool = False,
    decided: bool = False,
) -> Column:
    """Read one column of cells as numbers with status, or leave it text.

    ``decided`` says that the caller named the decimal mark, so that grouped and ungrouped thousands may be mixed.

    Raises
    ------
    NumberError
        Most cells are numbers and some are neither numbers nor known symbols, or the cells contradict each other.
    """
    if as_text:
        return _text(cells)
    draft = _draft(name, cells, rows, decimal, profile)
    if _is_text(draft):
        refuse_other_decimal(draft)
        return _text(cells)
    refuse_unreadable(draft)
    refuse_mixed_units(draft)
    draft = replace(draft, read=_with_signs_listed(draft))
    if not decided:
        refuse_mixed_groups(draft)
        refuse_likely_groups(draft)
    values, status = _filled(draft)
    refuse_sentinels(name, values, rows, [code for code, _ in number_codes(profile, decimal)])
    return Column(
        values,
        status,
        is_number=True,
        problems=_problems(draft),
        notes=_notes(draft, profile),
        unit=_unit(draft),
        bounds=_bounds(draft),
    )


def _unit(draft: ColumnDraft) -> str:
    """Return the unit that is written in every cell but zeros and symbols; empty where there is none."""
    units = {cell.unit for cell in draft.read if cell.unit}
    return units.pop() if len(units) == 1 and not len(_sizes_without_unit(draft)) else ""


def _bounds(draft: ColumnDraft) -> NDArray[np.float64] | None:
    """Return lower and upper limits of every cell; None where no cell has any."""
    ranges = [cell.range for cell in draft.read]
    if not any(ranges):
        return None
    return arrays_of(ranges, draft.unparsed.codes, draft.unparsed.where, len(draft.plain))


def _draft(name: str, cells: Cells, rows: NDArray[Any], decimal: Decimal, profile: SymbolProfile) -> ColumnDraft:
    plain, numbers, grouped = cells.scan.read(decimal)
    named = [code for code, status in number_codes(profile, decimal) if status != "value"]
    plain = plain & ~np.isin(numbers, named) if named else plain
    unparsed = cells.unparsed if len(cells.unparsed.where) == len(plain) - plain.sum() else cells.all_but(plain)
    read = [read_cell(text, decimal, profile) for text in unparsed.texts]
    draft = ColumnDraft(name, cells, rows, decimal, plain, numbers, grouped, unparsed, read)
    return replace(draft, read=_with_limits(draft))


def _with_limits(draft: ColumnDraft) -> list[ReadCell]:
    """Return the cells with closed limits: what ``<3`` and ``1-4`` mean depends on the other cells of the column."""
    read = list(draft.read)
    stripped = [text.strip(BLANKS_AND_BREAKS) for text in draft.unparsed.texts]
    spans = [n for n, text in enumerate(stripped) if read[n].number is None and hyphened(text) is not None]
    if len(spans) == 1 and (draft.unparsed.codes == spans[0]).sum() >= SEVERAL:  # dates and classes would differ
        read[spans[0]] = replace(symbol_cell("suppressed"), is_doubtful=True, range=hyphened(stripped[spans[0]]))
    if not any(cell.range for cell in read):
        return read
    numbers = np.append(draft.numbers[draft.plain], [cell.number for cell in read if cell.number is not None])
    numbers = numbers[np.isfinite(numbers)]
    limits = [limit for cell in read if cell.range for limit in cell.range[:2] if math.isfinite(limit)]
    words = [draft.name, *(text for text in stripped if text[-1:] in UNITS)]
    are_rates = any(RATE_NAMES.search(word) for word in words)
    whole = len(numbers) > 0 and not are_rates and bool((np.append(numbers, limits) % 1 == 0).all())
    least = -math.inf if (numbers < 0).any() else 0.0
    for n, cell in enumerate(read):
        if cell.range is not None:
            closed = cell.range.closed(whole=whole, least=least)
            read[n] = replace(cell, range=closed, done=f"read as suppressed: {closed}")
    return read


def _is_text(draft: ColumnDraft) -> bool:
    """Return True if a column holds words or codes: leading zeros, or hardly any number."""
    unknown = draft.count(lambda _, cell: cell.number is None)
    numbers = len(draft.plain) - draft.count(lambda _, cell: cell.is_symbol) - unknown
    read = zip(draft.unparsed.texts, draft.read, strict=True)
    doubtful = {cell.range or text: text.lstrip(BLANKS + "([") for text, cell in read if cell.is_doubtful}
    if doubtful and not numbers:
        return len(doubtful) > 1 or unknown > 0 or not all(map(UPPER_ONLY.match, doubtful.values()))
    if len(doubtful) > FEW_MARKS:
        unknown += draft.count(lambda _, cell: cell.is_doubtful)
    if not numbers + unknown:
        return draft.count(lambda text, _: not text.strip(BLANKS_AND_BREAKS)) == len(draft.plain)
    if numbers < NUMERIC_SHARE * (numbers + unknown):
        return True
    zeros = draft.where(lambda text, _: LEADING_ZERO.fullmatch(text.strip(BLANKS_AND_BREAKS)))
    if not zeros.any():
        return False
    if zeros.sum() < NUMERIC_SHARE * numbers and not _one_width(draft):
        refuse_stray_zeros(draft, zeros)
    return True


def _one_width(draft: ColumnDraft) -> bool:
    """Return True if all cells but the symbols have the same number of characters, as codes have."""
    widths = {
        len(text.strip(BLANKS))
        for text, cell in zip(draft.unparsed.texts, draft.read, strict=True)
        if not cell.is_symbol
    }
    widths |= set(map(len, draft.cells.texts(np.flatnonzero(draft.plain))))
    return len(widths) == 1


def _text(cells: Cells) -> Column:
    """Leave a column text: every distinct text is stripped once."""
    unparsed = cells.unparsed
    codes = np.zeros(len(cells), np.int64)
    codes[unparsed.where] = unparsed.codes
    texts = [text.strip(BLANKS_AND_BREAKS) for text in unparsed.texts]
    if len(unparsed.where) < len(cells):
        plain = np.flatnonzero(cells.scan.plain)
        _, more, distinct = cells.all_but(~cells.scan.plain)
        codes[plain] = more + len(texts)
        texts += distinct
    empty = np.array([not text for text in texts], dtype=bool)[codes]
    values = pd.Series(texts, dtype="str").array.take(codes)
    return Column(values, np.where(empty, MISSING, VALUE).astype(np.uint8), is_number=False)


def refuse_stray_zeros(draft: ColumnDraft, zeros: NDArray[np.bool_]) -> NoReturn:
    """Refuse numbers of which few begin with a zero and that are no codes of one width."""
    _refuse(
        draft,
        draft.unparsed.where[zeros],
        "begin with a zero and the others do not",
        f"If the column holds codes, pass text=[{draft.name!r}]; if it holds numbers, correct the file",
        one="begins with a zero and the others do not",
    )


def refuse_other_decimal(draft: ColumnDraft) -> None:
    """Refuse to take a column for text whose numbers have the other decimal mark than the rest of the file."""
    other: Decimal = "." if draft.decimal == "," else ","
    decimals = draft.cells.scan.only_decimal(other)
    n_numbers = len(draft.plain) - draft.count(lambda _, cell: cell.is_symbol)
    if not decimals.any() or (decimals | draft.plain).sum() < MOSTLY * n_numbers:
        return
    if all(DAY_OR_HEADING.fullmatch(text.strip(BLANKS_AND_BREAKS)) for text in draft.cells.texts(decimals)):
        return
    _refuse(
        draft,
        np.flatnonzero(decimals),
        f"have the decimal mark {other!r}, and the file's is {draft.decimal!r}",
        f"Correct the file, leave the column out with columns=[...], or read it as text with text=[{draft.name!r}]",
        one=f"has the decimal mark {other!r}, and the file's is {draft.decimal!r}",
    )


def refuse_unreadable(draft: ColumnDraft) -> None:
    """Refuse cells that are neither numbers nor symbols."""
    refused = draft.where(lambda _, cell: cell.number is None)
    if refused.any():
        where = draft.unparsed.where[refused]
        _refuse(draft, where, "are not numbers", _repair(draft, where, refused), one="is not a number")


def _repair(draft: ColumnDraft, where: NDArray[Any], refused: NDArray[np.bool_]) -> str:
    """Say what to do about cells that are no numbers: dates, marks."""
    if draft.cells.holding(DATES)[where].any():
        return "A spreadsheet turned an entry such as 5-10 into a date. Correct the file"
    symbol = draft.unparsed.texts[draft.unparsed.codes[refused][0]].strip(BLANKS_AND_BREAKS)
    return f"The decimal mark is {draft.decimal!r}. {advice_for(symbol, draft.name)}"


def refuse_mixed_units(draft: ColumnDraft) -> None:
    """Refuse percent signs beside numbers that may be something else: fractions, or counts above 100."""
    units = {cell.unit for cell in draft.read if cell.unit}
    if not units:
        return
    bare = _sizes_without_unit(draft)
    are_percentages = units == {"percent"} and 1 < bare.max(initial=0.0) <= WHOLE_PERCENT and bare.min(initial=1.0) >= 1
    if len(units) == 1 and (not len(bare) or are_percentages):
        return
    _refuse(
        draft,
        draft.unparsed.where[draft.where(lambda _, cell: cell.unit)],
        "have a unit beside numbers that may be of another one",
        "Correct the file: write all cells of the column in the same way, with or without the sign",
        one="has a unit beside numbers that may be of another one",
    )


def _sizes_without_unit(draft: ColumnDraft) -> NDArray[np.float64]:
    """Return the sizes of the numbers that have no unit after them, but for zeros."""
    beside = [cell.number for cell in draft.read if cell.number and not cell.unit and not cell.is_symbol]
    plain = draft.plain & ~draft.cells.holding(Percent)  # a percent format is a sign too
    bare: NDArray[np.float64] = np.abs(np.append(draft.numbers[plain], beside))
    return bare[bare > 0]


def _with_signs_listed(draft: ColumnDraft) -> list[ReadCell]:
    """Return the cells; those with a percent sign are listed where others have none."""
    if not any(cell.unit for cell in draft.read) or not len(_sizes_without_unit(draft)):
        return draft.read
    return [
        replace(cell, done=f"read as {cell.number:.15g}, {cell.unit} sign set aside")
        if cell.unit and not cell.done
        else cell
        for cell in draft.read
    ]


def refuse_mixed_groups(draft: ColumnDraft) -> None:
    """Refuse ``18.217`` beside ``2345``: a column that groups its thousands does so in every cell."""
    if not draft.grouped.any():
        return
    ungrouped = draft.plain & ~draft.grouped & (np.abs(draft.numbers) >= GROUPS_FROM)
    ungrouped &= ~written_like_codes(draft.numbers)
    if ungrouped.any():
        example = draft.cells.texts(np.flatnonzero(ungrouped)[:1])[0]
        _refuse(
            draft,
            np.flatnonzero(draft.grouped),
            f"would be thousands with a mark, and others such as {example!r} have none",
            f"Pass decimal={draft.decimal!r} if they are thousands; if not, correct the file",
        )


def refuse_likely_groups(draft: ColumnDraft) -> None:
    """Refuse a column of ``80.934``, ``18.714``, ... in a file with decimal points: all of them have three places.

    They may be decimals to three places as well as thousands in the German way. With a decimal comma there is no such
    doubt: nobody groups thousands with commas in a file that has decimal commas.
    """
    if draft.decimal == ",":
        return
    scan = draft.cells.scan
    unclear = scan.may_be_grouped & draft.plain & ~draft.grouped
    if unclear.sum() >= SEVERAL and not scan.only_decimal(draft.decimal).any():
        _refuse(
            draft,
            np.flatnonzero(unclear),
            "may be thousands or decimals: all of them have three places, and other columns have decimal points",
            "Pass decimal='.' if they are decimals; if they are thousands, write them without the point, "
            "as the file contradicts itself",
        )


def _refuse(draft: ColumnDraft, where: NDArray[Any], fault: str, repair: str, *, one: str = "") -> NoReturn:
    """Raise the error for some cells of a column: which, where, how many, and what to do."""
    raw = [text.strip(BLANKS_AND_BREAKS) for text in draft.cells.texts(where)]
    problems = pd.DataFrame({"row": draft.rows[where], "column": draft.name, "raw": raw})
    shown = ", ".join(f"{raw!r} in line {row}" for row, raw in zip(problems["row"][:SHOWN], raw, strict=False))
    more = f" and {len(raw) - SHOWN} more" if len(raw) > SHOWN else ""
    raise NumberError(
        f"{count_noun(len(raw), 'cell')} of column {draft.name!r} {one if one and len(raw) == 1 else fault}: "
        f"{shown}{more}. {repair}. All of them: err.problems",
        problems,
    )


def _filled(draft: ColumnDraft) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Return the numbers and the status of every cell."""
    values = draft.numbers.astype(float, copy=False)
    where, codes, _ = draft.unparsed
    if len(where):
        values[where] = np.array([cell.number for cell in draft.read], dtype=float)[codes]
    status = np.where(values == 0, np.uint8(ZERO), np.uint8(VALUE))
    if len(where):
        states = np.array([STATUSES.index(cell.status) if cell.status else VALUE for cell in draft.read], np.uint8)[
            codes
        ]
        status[where] = np.where(states == VALUE, status[where], states)
    return values, status


def _problems(draft: ColumnDraft) -> pd.DataFrame:
    """List every cell of a numeric column that is not a plain number."""
    listed = draft.where(lambda _, cell: cell.done)
    where, codes = draft.unparsed.where[listed], draft.unparsed.codes[listed]
    raw = np.array([*draft.unparsed.texts, ""], dtype=object)[codes]
    done = np.array([*(cell.done for cell in draft.read), ""], dtype=object)[codes]
    rows = draft.rows[where].astype(object)
    return pd.DataFrame({"row": rows, "column": draft.name, "raw": raw, "done": done})


def _notes(draft: ColumnDraft, profile: SymbolProfile) -> list[str]:
    """Return what holds for the whole column: grouping, percent, minus signs, what a zero means."""
    notes = []
    groups = {cell.grouped_by for cell in draft.read if cell.grouped_by}
    if draft.grouped.any():
        groups.add("." if draft.decimal == "," else ",")
    for group in sorted(groups):
        cells = draft.count(lambda _, cell, group=group: cell.grouped_by == group)  # type: ignore[misc]
        cells += int(draft.grouped.sum()) if group in ".," else 0
        notes.append(
            f"{draft.name}: {BLANK_NAMES.get(group, repr(group))} groups the thousands in {count_noun(cells, 'cell')}"
        )
    for sign, unit in UNITS.items():
        if cells := draft.count(lambda _, cell, unit=unit: cell.unit == unit):  # type: ignore[misc]
            note = f"{draft.name}: {unit} signs in {count_noun(cells, 'cell')}; 12 {sign} is read as 12"
            mixed = len(_sizes_without_unit(draft)) > 0
            notes.append(note + (", and the numbers without a sign are taken for percent too" if mixed else ""))
    notes += _notes_of_limits(draft)
    if minus := draft.count(lambda _, cell: cell.odd_minus):
        written = count_noun(minus, "negative number is", "negative numbers are")
        notes.append(f"{draft.name}: {written} written with a blank or with another sign than '-'")
    unclear = draft.cells.scan.may_be_grouped & draft.plain & ~draft.grouped
    if unclear.any() and not draft.cells.scan.only_decimal(draft.decimal).any():
        example = draft.cells.texts(np.flatnonzero(unclear)[:1])[0]
        notes.append(
            f"{draft.name}: {count_noun(int(unclear.sum()), 'cell')} such as {example!r} "
            f"{'is' if unclear.sum() == 1 else 'are'} read as decimals, "
            f"as the file's decimal mark is {draft.decimal!r}"
        )
    if len(draft.read) == 1 and not draft.plain.any() and draft.read[0].status == "zero":
        symbol = draft.unparsed.texts[0].strip()
        notes.append(
            f"{draft.name}: every cell is {symbol!r}, which is read as zero; if the column was not collected, pass "
            f"symbols={{{symbol!r}: 'missing'}}"
        )
    zeros = int((draft.plain & (draft.numbers == 0)).sum()) if profile.zero else 0
    if zeros:
        notes.append(f"{draft.name}: a printed 0 means {profile.zero} in {count_noun(zeros, 'cell')}")
    return notes


def _notes_of_limits(draft: ColumnDraft) -> list[str]:
    """Return a note per mark that hides a number between limits."""
    named = ((n, cell.range) for n, cell in enumerate(draft.read) if cell.range is not None)
    return [
        f"{draft.name}: {count_noun(int((draft.unparsed.codes == n).sum()), 'cell')} "
        f"{draft.unparsed.texts[n].strip(BLANKS_AND_BREAKS)!r} read as suppressed, with the limits {limits} in .bounds"
        for n, limits in named
    ]
