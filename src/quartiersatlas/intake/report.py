"""What the join of areas and table found: matched, left over, doubled, totals."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import pandas as pd

from quartiersatlas.errors import list_some


@dataclass(frozen=True)
class JoinReport:
    """What fitted and what did not.

    Parameters
    ----------
    source : str
        Name of the joined table.
    n_areas, n_matched : int
        Areas, and areas with exactly one row of the table.
    only_in_areas : tuple of str
        Areas without a row.
    only_in_table : tuple of str
        Rows without an area that are not totals; they are not used.
    duplicates : tuple of str
        Keys with more than one row.
    totals_rows : tuple of (str, str)
        Key and reason of rows that are totals, set aside.
    repairs : tuple of str
        What was done to keys, because it was asked for.
    """

    source: str
    n_areas: int
    n_matched: int
    only_in_areas: tuple[str, ...] = ()
    only_in_table: tuple[str, ...] = ()
    duplicates: tuple[str, ...] = ()
    totals_rows: tuple[tuple[str, str], ...] = ()
    repairs: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Every area has its row and every row its area (totals set aside)."""
        return not (self.only_in_areas or self.only_in_table or self.duplicates)

    @property
    def table(self) -> pd.DataFrame:
        """One row per key that did not simply match: key, where, note."""
        rows = [
            *((key, "areas", "no row in the table") for key in self.only_in_areas),
            *((key, "table", "no area") for key in self.only_in_table),
            *((key, "table", "more than one row") for key in self.duplicates),
            *((key, "table", f"totals row: {why}") for key, why in self.totals_rows),
        ]
        return pd.DataFrame(rows, columns=["key", "where", "note"])

    def __repr__(self) -> str:
        lines = [f"JoinReport {self.source}: {self.n_matched} of {self.n_areas} areas have a row"]
        if self.only_in_areas:
            lines.append(f"  without a row ({len(self.only_in_areas)}): {list_some(self.only_in_areas, 10)}")
        if self.only_in_table:
            lines.append(f"  rows without an area ({len(self.only_in_table)}): {list_some(self.only_in_table, 10)}")
        if self.duplicates:
            lines.append(f"  doubled rows ({len(self.duplicates)}): {list_some(self.duplicates, 10)}")
        lines += [f"  totals row set aside: {key!r} ({why})" for key, why in self.totals_rows]
        lines += [f"  repaired: {repair}" for repair in self.repairs]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(repr(self))}</pre>"
