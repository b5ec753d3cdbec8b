"""Several rules beside each other as they leave: a record of figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quartiersatlas.catalogue import Reference
    from quartiersatlas.screening import Rule


@dataclass(frozen=True, eq=False)
class ReleasedComparison:
    """Rules beside each other as they leave.

    Parameters
    ----------
    names : tuple of str
        The rules, the one that the others are compared with first.
    rules : tuple of Rule
        What they say.
    references : tuple of mapping
        The published values that each of them names.
    population : str
        The column of the residents.
    rows : tuple of tuple
        For each rule the figures of ``columns``; None where a figure is not told.
    columns : tuple of str
        As in :class:`RuleComparison`: ``areas``, ``unknown``, ``residents``, ``jaccard`` and others.
    shared : tuple of tuple of int
        How many areas each two of the rules select.
    selected_by : tuple of int
        How many areas no rule selects, one rule, two, and so on.
    group : (str, str)
        Whom they are asked about, in German and English; empty if nobody.
    """

    names: tuple[str, ...]
    rules: tuple[Rule, ...]
    references: tuple[Mapping[str, Reference], ...]
    population: str
    rows: tuple[tuple[float | None, ...], ...]
    columns: tuple[str, ...]
    shared: tuple[tuple[int, ...], ...]
    selected_by: tuple[int, ...]
    group: tuple[str, str] = ("", "")

    @property
    def table(self) -> pd.DataFrame:
        """A row per rule."""
        frame = pd.DataFrame(self.rows, columns=list(self.columns), index=pd.Index(self.names, name="rule"))
        return frame.astype(float)

    @property
    def overlaps(self) -> pd.DataFrame:
        """How many areas each two of the rules select."""
        return pd.DataFrame(self.shared, columns=list(self.names), index=pd.Index(self.names, name="rule"))
