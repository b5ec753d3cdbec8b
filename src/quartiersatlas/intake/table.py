"""The result of reading a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

SHOWN = 10


@dataclass(frozen=True)
class Table:
    """An indicator table as read.

    Parameters
    ----------
    values : DataFrame
        Numbers as float, words as text, on the district key.
    status : DataFrame
        The status of every cell: ``value``, ``zero``, ``suppressed``, ``missing``, ...
    problems : DataFrame
        One row per cell or column that was not simply read: row (line of the file), column, raw, done.
    path : Path
        The file; ``query`` for a database.
    written : str
        How the file is written: encoding, delimiter, decimal mark.
    notes : tuple of str
        What was decided for the whole file or a whole column: how it is written, header rows, thousands, percent,
        columns read as text, rows that were not asked for.
    """

    values: pd.DataFrame
    status: pd.DataFrame
    problems: pd.DataFrame
    path: Path
    written: str
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        rows, columns = self.values.shape
        done = self.problems["done"].value_counts()
        told = ", ".join(f"{what} ({count})" for what, count in done.head(SHOWN).items()) or "no cell with a note"
        more = f", and {len(done) - SHOWN} other kinds" if len(done) > SHOWN else ""
        lines = [f"Table {self.path.name}: {rows} rows, {columns} columns ({self.written}); {told}{more}"]
        return "\n".join(lines + [f"  {note}" for note in self.notes])

    def _repr_html_(self) -> str:
        from html import escape

        problems = self.problems.head(SHOWN).to_html(index=False) if len(self.problems) else ""
        listed = (
            f"<p>The first of {len(self.problems)} rows of <code>.problems</code>:</p>{problems}" if problems else ""
        )
        return f"<pre>{escape(repr(self))}</pre>{self.values.head(SHOWN).to_html()}{listed}"
