"""Lists in the place of values: a list of one is its element, a longer one is no value."""

from __future__ import annotations

import ast
import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import InputError, list_some

if TYPE_CHECKING:
    from collections.abc import Sequence

LIST_TEXT = re.compile(r"\[.*\]", re.DOTALL)
LONGEST = 500  # letters of a list that is read as Python prints it
COUNTED = re.compile(r"\((\d+):(.*)\)", re.DOTALL)  # (1:48), as a list is written where a file knows no lists


def without_lists(values: Sequence[Any], column: str, where: str) -> tuple[list[Any], list[str]]:
    """Return the values of a column with lists of one replaced by their element, and a note where there were any.

    Lists that a file without lists holds as text, such as ``["48"]`` or ``(1:48)``, are lists where all cells of the
    column are.

    Parameters
    ----------
    values : sequence
        The cells of a column.
    column, where : str
        The column and the file, for notes and messages.

    Returns
    -------
    list, list of str
        The cells; and a note, or none.

    Raises
    ------
    InputError
        Cells hold lists of several values; the message shows the first.

    Examples
    --------
    >>> without_lists([["48"], [], "47"], "code", "areas.geojson")[0]
    ['48', None, '47']
    """
    cells = [cell.tolist() if isinstance(cell, np.ndarray) else cell for cell in values]
    if not any(isinstance(cell, list | tuple) for cell in cells):
        from_text = _lists_as_text(cells)
        if from_text is None:
            return list(values), []
        cells = from_text
    cells = list(map(_unwrapped, cells))
    longer = [cell for cell in cells if isinstance(cell, list | tuple) and len(cell) > 1]
    if longer:
        raise InputError(
            f"{where}: {count_noun(len(longer), f'cell of {column!r} holds a list', f'cells of {column!r} hold lists')}"
            f" of several values, such as {list_some(map(_written, longer), 1)}, and a cell has one value. "
            f"Split {column!r} into one column or one row per value where the file is made."
        )
    single = sum(isinstance(cell, list | tuple) and len(cell) == 1 for cell in cells)
    empty = sum(isinstance(cell, list | tuple) and not cell for cell in cells)
    plain = [(cell[0] if cell else None) if isinstance(cell, list | tuple) else cell for cell in cells]
    notes = [f"{column!r}: {count_noun(single, 'list')} of one value read as the value"] if single else []
    if empty:
        notes.append(f"{column!r}: {count_noun(empty, 'empty list')} read as missing")
    return plain, notes


def _unwrapped(cell: Any) -> Any:  # noqa: ANN401
    """Return a list of one list as the inner one."""
    while isinstance(cell, list | tuple) and len(cell) == 1 and isinstance(cell[0], list | tuple):
        cell = cell[0]
    return cell


def _written(cell: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    text = json.dumps(cell, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004 - enough to recognise it


def _lists_as_text(cells: list[Any]) -> list[Any] | None:
    """Return lists that were written as text; None where not all cells are such texts."""
    held = [cell for cell in cells if isinstance(cell, str) and cell.strip()]
    if not held or len(held) < sum(not _is_gap(cell) for cell in cells):
        return None
    if not all(cell.lstrip().startswith(("[", "(")) for cell in held):
        return None
    read = [_list_of(cell) if isinstance(cell, str) and cell.strip() else None for cell in cells]
    return read if all((cell is not None) == _holds(raw) for cell, raw in zip(read, cells, strict=True)) else None


def _is_gap(cell: Any) -> bool:  # noqa: ANN401
    return cell is None or (isinstance(cell, float) and cell != cell) or cell == ""  # noqa: PLR0124 - NaN is a gap


def _holds(cell: Any) -> bool:  # noqa: ANN401
    return isinstance(cell, str) and bool(cell.strip())


def _list_of(text: str) -> list[Any] | None:
    """Return the list that a text is; None where it is none."""
    text = text.strip()
    if counted := COUNTED.fullmatch(text):
        number = int(counted[1])
        elements = [counted[2]] if number == 1 else counted[2].split(",")
        return elements if len(elements) == number else None
    if not LIST_TEXT.fullmatch(text):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = _python_list(text)
    scalars = isinstance(found, list) and all(isinstance(entry, str | int | float | None) for entry in found)
    return found if scalars else None


def _python_list(text: str) -> list[Any] | None:
    """Return a list as Python prints it, ``['48']``, which some programs write into files."""
    if len(text) > LONGEST:
        return None
    try:
        return ast.literal_eval(text)  # type: ignore[no-any-return]
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
