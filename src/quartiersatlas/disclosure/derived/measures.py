"""What leaves of a register of measures: what a council may read, and coverage of the need that is shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.catalogue import text
from quartiersatlas.disclosure.protection import Protection
from quartiersatlas.errors import SpecError
from quartiersatlas.monitoring.measures.coverage import Coverage, coverage
from quartiersatlas.monitoring.measures.money_and_status import Money, Priorities, Status, money, priorities, status
from quartiersatlas.monitoring.measures.need_by_field import need_by_field
from quartiersatlas.monitoring.measures.participation import Participation
from quartiersatlas.monitoring.measures.standing import day_of, reach, standing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.intake import AreaData
    from quartiersatlas.monitoring.measures.register import Measures
    from quartiersatlas.need import NeedIndex

# what a register says in public: no assessments of people, no effort, no counts of users, nothing that nobody declared
PUBLIC = (
    "measure_id",
    "name",
    "lead",
    "description",
    "fields",
    "aim",
    "status",
    "begin",
    "end",
    "scope",
    "areas",
    "source",
)
INTERNAL = (*PUBLIC, "priority", "cost", "risk", "result", "capacity", "uptake", "updated")
MONEY = ("measure_id", "programme", "funder", "sum_eur", "end", "state")
NOTE = ("area", "indicator", "note", "author", "date")
OFFICE = ("lead", "n", "live", "overdue", "outdated", "overdue_ids", "outdated_ids")
PRIORITY = ("measure_id", "name", "priority", "evidence", "conflict")
SAID = ("event_id", "area", "field", "kind", "mentions", "measure_id", "answer", "is_raised")  # not what was said
SHOWN_COVERAGE = ["area", "field", "need", "measures", "city_wide", "state"]
Rows = tuple[tuple[object, ...], ...]


@dataclass(frozen=True, eq=False)
class ReleasedMeasures:
    """Measures, coverage and notes as they leave: rows that nobody can write into.

    Parameters
    ----------
    columns : tuple of str
        What is told of each measure.
    rows, reached, covered, notes : tuple of tuples
        Measures; where each is (measure, area, field); coverage by area and field; notes of offices.
    paid, offices, ranked, said : tuple of tuples
        For the house alone: what live measures are paid from; how far each office is; priorities beside the evidence of
        need; how often something was said at events, by area and field.
    grounds : (str, str)
        What decides where need is, in German and English.
    on : Timestamp
        The day.
    """

    columns: tuple[str, ...]
    rows: Rows
    reached: Rows
    covered: Rows
    notes: Rows
    grounds: tuple[str, str]
    on: pd.Timestamp
    paid: Rows = ()
    offices: Rows = ()
    ranked: Rows = ()
    said: Rows = ()

    @property
    def money(self) -> Money:
        """What live measures are paid from, and when that ends; empty outside the house."""
        return Money(pd.DataFrame(self.paid, columns=list(MONEY)), self.on)

    @property
    def status(self) -> Status:
        """How far the measures of each office are; empty outside the house."""
        return Status(pd.DataFrame(self.offices, columns=list(OFFICE)), self.on)

    @property
    def priorities(self) -> Priorities:
        """Priorities that people set, beside the evidence that is shown; empty outside the house."""
        return Priorities(pd.DataFrame(self.ranked, columns=list(PRIORITY)), self.on)

    @property
    def participation(self) -> Participation:
        """How often something was said, area by field; empty outside the house."""
        return Participation(pd.DataFrame(self.said, columns=list(SAID)), self.on)

    @property
    def table(self) -> pd.DataFrame:
        """The measures, with where they stand on the day."""
        return pd.DataFrame(self.rows, columns=list(self.columns))

    @property
    def places(self) -> pd.DataFrame:
        """A row per measure, area and field; the area of a city-wide one is ``"city"``."""
        return pd.DataFrame(self.reached, columns=["measure_id", "area", "field"])

    @property
    def coverage(self) -> pd.DataFrame:
        """A row per area and field: need, live measures, city-wide ones, state. No ratios: they tell who is in need."""
        return pd.DataFrame(self.covered, columns=SHOWN_COVERAGE)

    @property
    def knowledge(self) -> pd.DataFrame:
        """What offices know of areas."""
        return pd.DataFrame(self.notes, columns=list(NOTE))

    def caption(self, lang: Lang) -> str:
        """Return what decides where need is."""
        return self.grounds[0] if lang == "de" else self.grounds[1]


def released_measures(
    given: Mapping[str, Any], data: AreaData, need: NeedIndex | None, classes: Mapping[str, Any]
) -> ReleasedMeasures | None:
    """Return what may leave of the register that a release was given.

    Coverage is made of the need index as the release shows it, and unknown where a class is withheld. What people wrote
    for the house (notes, assessments, money, counts of users) leaves for the house alone, small counts never.

    Raises
    ------
    SpecError
        The release has no day, on which it depends what is live.
    """
    measures: Measures | None = given["measures"]
    if measures is None:
        return None
    try:
        day = day_of(given["as_of"])
    except SpecError as error:
        raise SpecError(
            f"release: which measures are live depends on the day: as_of='2024-12-31', not {given['as_of']!r}."
        ) from error
    is_internal, register = given["audience"] == "internal", measures.measures
    shown = register[list(INTERNAL if is_internal else PUBLIC)].assign(standing=standing(register, day).to_numpy())
    if "uptake" in shown.columns:
        least = (given["protection"] or Protection()).min_count
        shown["uptake"] = shown["uptake"].mask(shown["uptake"].gt(0) & shown["uptake"].lt(least))
    notes = measures.knowledge
    notes = notes[notes["visible"].eq("public") | is_internal]
    covered = _covered(measures, data, need, _withheld(classes, data), day)
    return ReleasedMeasures(
        columns=tuple(shown.columns),
        rows=_rows(shown),
        reached=_rows(reach(register, data.areas.index, data)),
        covered=() if covered is None else _rows(covered.table[SHOWN_COVERAGE]),
        notes=_rows(notes[list(NOTE)]),
        grounds=("", "") if covered is None else (covered.need.caption("de"), covered.need.caption("en")),
        on=day,
        **(_of_the_house(measures, covered, day, data) if is_internal else {}),
    )


def _of_the_house(measures: Measures, covered: Coverage | None, day: pd.Timestamp, data: AreaData) -> dict[str, Rows]:
    """Return what offices read of the register; of what people said only where, on what and how often."""
    said = measures.participation_matrix(day, data=data).table
    said = said.assign(answer=said["answer"].mask(said["answer"].ne(""), "x"))
    return {
        "paid": _rows(money(measures, day).table[list(MONEY)]),
        "offices": _rows(status(measures, day).table[list(OFFICE)]),
        "ranked": () if covered is None else _rows(priorities(measures, covered).table[list(PRIORITY)]),
        "said": _rows(said[list(SAID)]),
    }


def _withheld(classes: Mapping[str, Any], data: AreaData) -> pd.Series[bool]:
    """Return the areas of which a class does not leave; all where none does."""
    hidden = [pd.Series(values, index=data.areas.index).isna() for values in classes.values()]
    return pd.concat(hidden, axis=1).any(axis=1) if hidden else pd.Series(data=True, index=data.areas.index)


def _covered(
    measures: Measures, data: AreaData, need: NeedIndex | None, withheld: pd.Series, day: pd.Timestamp
) -> Coverage | None:
    """Return coverage by what is shown of the index; None where no index with classes is."""
    if need is None or not any(axis.classes for axis in need.spec.axes):
        return None
    found = need_by_field(need, None)
    is_withheld = found.table["area"].map(withheld).astype(bool)
    table = found.table.assign(need=found.table["need"].mask(is_withheld))
    return replace(coverage(measures, table, on=day, data=data), need=found)


def _rows(frame: pd.DataFrame) -> Rows:
    return tuple(
        tuple(None if value is pd.NA else value for value in row) for row in frame.itertuples(index=False, name=None)
    )


def coverage_counts(released: ReleasedMeasures, lang: Lang) -> Mapping[str, int]:
    """Return how many areas and fields are in each state, in words."""
    counts = released.coverage["state"].value_counts()
    states = ("covered", "city_wide_only", "need_without_measure", "measure_without_need", "need_unknown")
    return {text(f"coverage_{state}", lang): int(counts.get(state, 0)) for state in states}
