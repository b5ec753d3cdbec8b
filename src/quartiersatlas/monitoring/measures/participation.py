"""What people said at events, area by field; what became of it; and what an office knows of an area."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quartiersatlas.base.checks import choice, expects
from quartiersatlas.catalogue import text
from quartiersatlas.errors import SpecError
from quartiersatlas.intake.registers.cells import EMAIL, PHONE
from quartiersatlas.monitoring.measures.money_and_status import Told
from quartiersatlas.monitoring.measures.standing import day_of

if TYPE_CHECKING:
    from datetime import date
    from typing import Literal

    import pandas as pd

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.intake.registers.read import RegisterTables

FEW = 10  # participants of an event below which no single area is named


class Participation(Told):
    """What people said, area by field: see :meth:`Measures.participation_matrix`."""

    @property
    def unanswered(self) -> pd.DataFrame:
        """The rows that the administration has not answered and no measure has taken up."""
        return self.table[self.table["answer"].eq("") & self.table["measure_id"].eq("")]

    @property
    def corrections(self) -> pd.DataFrame:
        """The rows in which people doubt a number: they stand beside it."""
        return self.table[self.table["kind"].eq("correction")]

    @property
    def matrix(self) -> pd.DataFrame:
        """How many statements were made, a row per area and a column per field; statements are not persons."""
        return self.table.pivot_table(
            index="area", columns="field", values="mentions", aggfunc="sum", fill_value=0, sort=False
        ).astype(int)

    def _lines(self, lang: Lang) -> list[str]:
        lines = [text("participation_ground", lang, n=len(self.table), events=self.table["event_id"].nunique())]
        hidden = int(self.table["is_raised"].sum())
        if hidden:
            lines.append(text("participation_few", lang, n=hidden, few=FEW))
        if len(self.unanswered):
            lines.append(text("participation_unanswered", lang, n=len(self.unanswered)))
        if len(self.corrections):
            lines.append(text("participation_corrections", lang, n=len(self.corrections)))
        return lines if len(self.table) else []


def participation_matrix(register: RegisterTables, on: str | date, parents: dict[str, str]) -> Participation:
    """Return what was said up to a day; events of few people are told of their district, or of the city."""
    day = day_of(on)
    rows = register.participation[~register.participation["date"].gt(day)].copy()
    is_few = rows["participants"].lt(FEW) & rows["area"].ne("city")
    rows["area"] = rows["area"].mask(is_few, rows["area"].map(lambda area: parents.get(area, "city")))
    return Participation(rows.assign(is_raised=is_few).reset_index(drop=True), day)


@dataclass(frozen=True)
class Annotation:
    """What an office knows of an area; it changes no number.

    Parameters
    ----------
    area, note, author : str
        The area, what is known, and the office that knows it.
    date : Timestamp
        When it was noted.
    indicator : str
        The number that it is about; empty for the area as a whole.
    visible : {"internal", "public"}
        Who may read it.
    """

    area: str
    note: str
    author: str
    date: pd.Timestamp
    indicator: str = ""
    visible: Literal["internal", "public"] = "internal"


def annotate(
    area: str,
    note: str,
    author: str,
    date: str | date,
    *,
    indicator: str = "",
    visible: Literal["internal", "public"] = "internal",
) -> Annotation:
    """Note what an office knows of an area.

    Parameters
    ----------
    area : str
        Key of the area.
    note : str
        What is known. Names of persons and contact details do not belong here.
    author : str
        The office, not a person.
    date : str or date
        The day.
    indicator : str, optional
        The number that the note stands beside.
    visible : {"internal", "public"}, default "internal"
        Who may read it. What is internal leaves in a release for the house only.

    Returns
    -------
    Annotation
        For :meth:`Measures.with_notes`.

    Raises
    ------
    SpecError
        Area, note, author or date is empty, or the note holds contact details.

    Examples
    --------
    >>> import quartiersatlas as qa
    >>> qa.annotate("N1", "New flats occupied since 2024", "Neighbourhood office North", "2026-10-01").visible
    'internal'
    """
    for name, words in (("area", area), ("note", note), ("author", author)):
        expects(words, str, f"annotate: {name}", 'qa.annotate("N1", "note", "office", "2026-10-01")')
        if not words.strip():
            raise SpecError(f"annotate: {name} is empty. A note says where, what, which office and when.")
    if found := EMAIL.search(note) or PHONE.search(note):
        raise SpecError(f"annotate: the note holds contact details ({found.group()!r}): leave them out.")
    choice(visible, ("internal", "public"), "visible")
    return Annotation(area, note.strip(), author.strip(), day_of(date), indicator, visible)
