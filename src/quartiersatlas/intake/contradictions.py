"""Columns whose cells contradict each other are refused: what is read must be what was meant."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import pandas as pd

from quartiersatlas.errors import SHOWN, NumberError
from quartiersatlas.intake.cell import BLANKS_AND_BREAKS
from quartiersatlas.intake.sentinels import written_like_codes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quartiersatlas.intake.grid import Decimal
    from quartiersatlas.intake.numbers import Draft

MOSTLY = 0.5
GROUPS_FROM = 1000
SEVERAL = 2
DAY_OR_HEADING = re.compile(r"[0-9]{1,2}\.[0-9]{1,2}")


def refuse_unknown(draft: Draft) -> None:
    """Refuse cells that are neither numbers nor marks, and percent signs that only some cells have."""
    refused = draft.where(lambda _, cell: cell.number is None)
    percent = draft.where(lambda _, cell: cell.is_percent)
    without = draft.where(lambda _, cell: cell.number and not cell.is_percent and not cell.is_mark)
    if percent.any() and ((draft.plain & (draft.numbers != 0)).any() or without.any()):
        refused |= percent
    if refused.any():
        mark = draft.rest.texts[draft.rest.codes[refused][0]].strip(BLANKS_AND_BREAKS)
        _refuse(
            draft,
            draft.rest.where[refused],
            "are not numbers",
            f"The decimal mark is {draft.decimal!r}. Correct the file, "
            f"or name the marks: symbols={{{mark!r}: 'missing'}}",
        )


def refuse_mixed_groups(draft: Draft) -> None:
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


def refuse_likely_groups(draft: Draft) -> None:
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


def refuse_stray_zeros(draft: Draft, zeros: NDArray[np.bool_]) -> NoReturn:
    """Refuse numbers of which few begin with a zero and that are no codes of one width."""
    _refuse(
        draft,
        draft.rest.where[zeros],
        "begin with a zero and the others do not",
        f"If the column holds codes, pass text=[{draft.name!r}]; if it holds numbers, correct the file",
    )


def refuse_other_decimal(draft: Draft) -> None:
    """Refuse to take a column for text whose numbers have the other decimal mark than the rest of the file."""
    other: Decimal = "." if draft.decimal == "," else ","
    decimals = draft.cells.scan.only_decimal(other)
    written = len(draft.plain) - draft.count(lambda _, cell: cell.is_mark)
    if not decimals.any() or (decimals | draft.plain).sum() < MOSTLY * written:
        return
    if all(DAY_OR_HEADING.fullmatch(text.strip(BLANKS_AND_BREAKS)) for text in draft.cells.texts(decimals)):
        return
    _refuse(
        draft,
        np.flatnonzero(decimals),
        f"have the decimal mark {other!r}, and the file's is {draft.decimal!r}",
        f"Correct the file, leave the column out with columns=[...], or read it as text with text=[{draft.name!r}]",
    )


def _refuse(draft: Draft, where: NDArray[Any], what: str, repair: str) -> NoReturn:
    """Raise the error for some cells of a column: which, where, how many, and what to do."""
    raw = [text.strip(BLANKS_AND_BREAKS) for text in draft.cells.texts(where)]
    problems = pd.DataFrame({"row": draft.rows[where], "column": draft.name, "raw": raw})
    shown = ", ".join(f"{raw!r} in line {row}" for row, raw in zip(problems["row"][:SHOWN], raw, strict=False))
    more = f" and {len(raw) - SHOWN} more" if len(raw) > SHOWN else ""
    raise NumberError(
        f"{len(raw)} cells of column {draft.name!r} {what}: {shown}{more}. {repair}. All of them: err.problems",
        problems,
    )
