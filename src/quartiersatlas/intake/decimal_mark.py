"""The decimal mark of a file, decided once from all its cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.errors import NumberError, list_some
from quartiersatlas.intake.cell import read_cell

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quartiersatlas.intake.grid import Cells, Decimal
    from quartiersatlas.intake.symbols import Profile

EXAMPLES = 3


def decide_decimal(columns: Iterable[Cells], profile: Profile) -> Decimal:
    """Decide the decimal mark of a file: one cell such as ``41,14`` tells it for all.

    Raises
    ------
    NumberError
        Cells such as ``18.217`` may be thousands or decimals and nothing in the file tells which.
    """
    has_point, unclear, examples = False, 0, list[str]()
    for cells in columns:
        scan = cells.scan
        only_comma, only_point = bool(scan.only_decimal(",").any()), bool(scan.only_decimal(".").any())
        either = scan.may_be_grouped
        unclear += int(either.sum())
        examples += list(cells.texts(np.flatnonzero(either)[:EXAMPLES]))
        for text in cells.rest.texts:
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
            f"{unclear} cells such as {list_some(examples[:EXAMPLES])} may be thousands or decimals, and no other cell "
            f"of the file tells which. Pass decimal=',' (18.217 is eighteen thousand, 18,217 is eighteen) or "
            f"decimal='.' (18.217 is eighteen, 18,217 is eighteen thousand)."
        )
    return "."


def _is_number(text: str, decimal: Decimal, profile: Profile) -> bool:
    if "," not in text and "." not in text:
        return False
    cell = read_cell(text, decimal, profile)
    return cell.number is not None and not cell.is_mark
