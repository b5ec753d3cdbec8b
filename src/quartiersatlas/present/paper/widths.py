"""How wide the columns of a table are: no word is broken as long as letters stay large enough to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from quartiersatlas.present.paper.document import Table

CELL_SIZE, SMALLEST = 7.5, 4.5  # points
PADDING = 3.0  # left and right of a cell
SLACK = 0.5


def column_widths(
    table: Table, width: float, length: Callable[[str, bool], float], padding: float = PADDING
) -> tuple[list[float], float]:
    """Return the widths of the columns and the size of letters, in points.

    Parameters
    ----------
    table : Table
        What is set.
    width : float
        Width of the page between its margins.
    length : callable
        Length of a text at ``CELL_SIZE``, plain or bold.
    padding : float
        Room left and right of a cell's text.

    Returns
    -------
    (list of float, float)
        The widths add up to ``width``. Each column gets its longest word (numbers are not broken at all); the room left
        goes to the columns that would need more lines, in proportion.
    """
    natural, least = _needs(table, length)
    room = width - 2 * padding * len(table.head)
    size = min(CELL_SIZE, max(SMALLEST, CELL_SIZE * room / max(sum(least), 1.0)))
    natural, least = ([part * size / CELL_SIZE for part in parts] for parts in (natural, least))
    if sum(least) > room - SLACK:
        shares = [room * part / sum(least) for part in least]
    elif sum(natural) <= room:
        shares = [part + (room - sum(natural)) / len(natural) for part in natural]
    else:
        more = [full - small for full, small in zip(natural, least, strict=True)]
        shares = [small + (room - sum(least)) * part / sum(more) for small, part in zip(least, more, strict=True)]
    return [share + 2 * padding for share in shares], size


def _needs(table: Table, length: Callable[[str, bool], float]) -> tuple[list[float], list[float]]:
    """Return for each column the length of its longest line, and of its longest word."""
    natural, least = [0.0] * len(table.head), [0.0] * len(table.head)
    rows: list[tuple[tuple[tuple[str, ...], ...], bool]] = [(tuple((word,) for word in table.head), True)]
    rows += [(row.cells, False) for row in table.rows if not row.is_heading]
    for cells, bold in rows:
        for column, lines in enumerate(cells):
            for line in lines:
                words = [line] if column in table.numeric and not bold else line.split(" ")
                natural[column] = max(natural[column], length(line, bold) + SLACK)
                least[column] = max([least[column], *(length(word, bold) + SLACK for word in words)])
    return natural, least
