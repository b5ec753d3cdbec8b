"""What the join of areas and table found: matched, left over, doubled, totals, repaired, and what is likely meant."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.errors import list_some

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.intake.keys import Repair
    from quartiersatlas.intake.suggestions import Suggestion


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
    duplicate_areas : tuple of str
        Keys with more than one area.
    totals_rows : tuple of (str, str)
        Key and reason of rows that are totals, set aside.
    two_levels : tuple of (str, str)
        Areas whose row is that of a district of the same name, and the higher level.
    ignored : tuple of str
        Rows set aside because it was asked for.
    repairs : tuple of str
        What was done to keys, because it was asked for: one line per rule.
    repaired : tuple of Repair
        Every key that was changed: ``rule``, ``before``, ``after``.
    suggestions : tuple of Suggestion
        Rows without an area and the areas that could be meant: ``key``, ``areas``, ``alike`` in per cent.
    cut_off : bool
        Whether the areas without a row are the last ones in order: the table probably stops too early.
    residents : tuple of (float, float), optional
        Residents that found an area, and all, in the column of the population; without totals.
    """

    source: str
    n_areas: int
    n_matched: int
    only_in_areas: tuple[str, ...] = ()
    only_in_table: tuple[str, ...] = ()
    duplicates: tuple[str, ...] = ()
    duplicate_areas: tuple[str, ...] = ()
    totals_rows: tuple[tuple[str, str], ...] = ()
    two_levels: tuple[tuple[str, str], ...] = ()
    ignored: tuple[str, ...] = ()
    repairs: tuple[str, ...] = ()
    repaired: tuple[Repair, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    cut_off: bool = False
    residents: tuple[float, float] | None = None

    @property
    def complete(self) -> bool:
        """Every area has its row and every row its area (totals and ignored rows set aside)."""
        return self.usable and not (self.only_in_areas or self.only_in_table)

    @property
    def usable(self) -> bool:
        """No key stands for two rows, two areas or two levels."""
        return not (self.duplicates or self.duplicate_areas or self.two_levels)

    @property
    def share_areas(self) -> float:
        """Share of the areas with a row, in [0, 1]; NaN without areas."""
        return self.n_matched / self.n_areas if self.n_areas else float("nan")

    @property
    def share_residents(self) -> float:
        """Share of the residents that found an area, in [0, 1]; NaN where no population is known."""
        if self.residents is None or not self.residents[1]:
            return float("nan")
        return self.residents[0] / self.residents[1]

    @property
    def rename(self) -> dict[str, str]:
        """The suggestions of one area as ``join(..., rename=...)`` takes them; read them before using them."""
        return {row.key: row.areas[0] for row in self.suggestions if len(row.areas) == 1}

    @property
    def merge(self) -> dict[str, list[str]]:
        """The suggestions of several areas as :func:`merge_areas` takes them; read them before using them."""
        return {row.key: list(row.areas) for row in self.suggestions if len(row.areas) > 1}

    @property
    def table(self) -> pd.DataFrame:
        """One row per key that did not simply match: key, where, note."""
        rows = [
            *((key, "areas", "no row in the table") for key in self.only_in_areas),
            *((key, "table", "no area") for key in self.only_in_table),
            *((key, "table", "more than one row") for key in self.duplicates),
            *((key, "areas", "more than one area") for key in self.duplicate_areas),
            *((key, "table", f"totals row: {why}") for key, why in self.totals_rows),
            *((key, "table", f"row of the {level} of the same name") for key, level in self.two_levels),
            *((key, "table", "ignored as asked for") for key in self.ignored),
            *((before, "table", f"{rule}: {after}") for rule, before, after in self.repaired),
        ]
        return pd.DataFrame(rows, columns=["key", "where", "note"])

    def verdict(self, lang: Lang = "de") -> str:
        """Say in words whether the join can be used, German or English."""
        counts = {"source": self.source, "matched": self.n_matched, "areas": self.n_areas}
        if not self.usable:
            twice = sorted({*self.duplicates, *self.duplicate_areas, *(key for key, _ in self.two_levels)})
            return text("join_unusable", lang, source=self.source, keys=_listed(twice))
        share = number_text(100 * self.share_areas, 1, lang)
        says = [text("join_complete" if self.complete else "join_incomplete", lang, **counts, share=share)]
        if self.only_in_areas:
            says.append(text("join_without_row", lang, count=len(self.only_in_areas), keys=_listed(self.only_in_areas)))
        if self.only_in_table:
            says.append(
                text("join_without_area", lang, count=len(self.only_in_table), keys=_listed(self.only_in_table))
            )
        if self.cut_off:
            says.append(text("join_cut_off", lang, key=self.only_in_areas[0]))
        if self.residents is not None and self.residents[1]:
            says.append(text("join_residents", lang, share=number_text(100 * self.share_residents, 1, lang)))
        if self.totals_rows:
            says.append(text("join_totals", lang, count=len(self.totals_rows)))
        return " ".join(says)

    def __repr__(self) -> str:
        lines = [f"JoinReport {self.source}: {self.n_matched} of {self.n_areas} areas have a row"]
        if self.residents is not None and self.share_residents < 1:
            lines.append(f"  residents that found an area: {100 * self.share_residents:.1f} %")
        for what, keys in (
            ("without a row", self.only_in_areas),
            ("rows without an area", self.only_in_table),
            ("doubled rows", self.duplicates),
            ("doubled areas", self.duplicate_areas),
            ("ignored rows", self.ignored),
        ):
            if keys:
                lines.append(f"  {what} ({len(keys)}): {list_some(keys, 10)}")
        if self.cut_off:
            lines.append(f"  the table stops before {self.only_in_areas[0]!r}: probably cut off")
        lines += [f"  totals row set aside: {key!r} ({why})" for key, why in self.totals_rows]
        lines += [f"  row of the {level} of the same name: {key!r}" for key, level in self.two_levels]
        lines += [f"  repaired: {repair}" for repair in self.repairs]
        lines += [f"  {row.key!r} could be {' + '.join(row.areas)!r}" for row in self.suggestions]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(repr(self))}</pre>"


def _listed(keys: tuple[str, ...] | list[str], shown: int = 10) -> str:
    return ", ".join(keys[:shown]) + (" ..." if len(keys) > shown else "")
