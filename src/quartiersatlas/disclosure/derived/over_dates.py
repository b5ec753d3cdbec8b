"""Changes, comparisons of lists and of funded areas, and twins, as they may be known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from quartiersatlas.base.checks import choice
from quartiersatlas.charts import Charted
from quartiersatlas.disclosure.derived.sealed import Sealed
from quartiersatlas.monitoring.changes.drawn import change_chart
from quartiersatlas.monitoring.changes.record import ChangeRecord
from quartiersatlas.monitoring.changes.words import change_sentences
from quartiersatlas.monitoring.comparisons.funded import FundedComparison
from quartiersatlas.monitoring.comparisons.twins import Twins
from quartiersatlas.monitoring.lists.compare import ListComparison

if TYPE_CHECKING:
    import pandas as pd

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts import Chart

KINDS = (None, "caterpillar", "dumbbell", "course")


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ReleasedChange(ChangeRecord, Charted):
    """A change as it may be known: areas that are withheld at one of two dates have no row of numbers.

    ``reason`` is ``"withheld"`` there. They count in the city, whose values are those that are printed.
    """

    table: Sealed[pd.DataFrame] = Sealed()
    city: Sealed[pd.DataFrame] = Sealed()
    levels: Sealed[pd.DataFrame] = Sealed()
    names: Sealed[pd.Series[str]] = Sealed()

    def sentences(self, lang: Lang = "de") -> list[str]:
        """Return the change from the first to the last date, a paragraph per indicator."""
        return change_sentences(self, lang)

    def text(self, lang: Lang = "de") -> str:
        """Return the change in sentences, size before chance."""
        return "\n".join(self.sentences(lang))

    def chart(self, kind: str | None = None, lang: Lang = "de", *, indicator: str = "", most: int = 25) -> Chart:
        """Return a chart of one indicator, the kinds of :meth:`Change.chart`."""
        choice(kind, KINDS, "kind")
        return change_chart(self, kind or "caterpillar", lang, indicator, ("", ""), most)


@dataclass(frozen=True, eq=False, repr=False)
class ReleasedLists(ListComparison):
    """A comparison of lists as it may be known: where an outcome is withheld at one date, the state is unknown."""

    table: Sealed[pd.DataFrame] = Sealed()
    conditions: Sealed[pd.DataFrame] = Sealed()
    gone: tuple[str, ...] = ()
    factors: tuple[str, ...] = ()
    before: None = field(default=None, init=False)
    after: None = field(default=None, init=False)
    predecessors: None = field(default=None, init=False)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ReleasedTwins(Twins):
    """Twins as they may be known: areas with a withheld count have none, and are none."""

    table: Sealed[pd.DataFrame] = Sealed()
    near: Sealed[pd.DataFrame] = Sealed()
    reliability: Sealed[pd.Series[float]] = Sealed()
    names: Sealed[pd.Series[str]] = Sealed()


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ReleasedFunded(FundedComparison):
    """A comparison of funded areas as it may be known: areas withheld in one of the years are in neither group."""

    table: Sealed[pd.DataFrame] = Sealed()
    curves: Sealed[pd.DataFrame] = Sealed()
