"""The register of measures with what can be asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.base.checks import count_noun, expects
from quartiersatlas.errors import ColumnError
from quartiersatlas.intake import AreaData
from quartiersatlas.intake.areas.area_columns import parent_columns
from quartiersatlas.intake.registers.read import RegisterTables, read_tables
from quartiersatlas.intake.registers.write import write_register
from quartiersatlas.monitoring.measures.money_and_status import Money, Priorities, Status, money, priorities, status
from quartiersatlas.monitoring.measures.participation import Annotation, Participation, participation_matrix
from quartiersatlas.monitoring.measures.standing import LIVE, OVERDUE, day_of, standing

if TYPE_CHECKING:
    from datetime import date

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.monitoring.measures.coverage import Coverage


def read_measures(source: str | Path | Mapping[str, pd.DataFrame], data: AreaData | None = None) -> Measures:
    """Read a register of measures that a town keeps as a workbook.

    Parameters
    ----------
    source : str, Path or mapping of str to DataFrame
        A workbook (XLSX, ODS) with the sheets Maßnahmen, Förderung, Ziele, Zielwerte, Beteiligung and Ortswissen, a
        folder of CSV files, one CSV file of measures, or frames by the name of their sheet. Only the measures have to
        be there. Headings in German or English, in any order; columns that nobody knows are kept.
    data : AreaData, optional
        The areas: their names become keys, lost zeros are put back, and unknown areas are refused.

    Returns
    -------
    Measures
        With ``.measures``, ``.funding`` and the other tables, and ``.problems``: what was repaired.

    Raises
    ------
    RegisterError
        Cells cannot be read in one way only, are empty where each row needs them, or contradict each other: numbers
        twice, an end before its begin, unknown fields, aims that go in a circle, e-mail addresses and telephone
        numbers in texts. ``problems`` lists all of them.
    ColumnError
        A column is missing or there twice.
    InputError
        There is no such file, or no table of measures in it.

    Examples
    --------
    >>> import pandas as pd
    >>> import quartiersatlas as qa
    >>> row = {"Nr.": "M1", "Name der Maßnahme": "Sprachcafé", "Federführung/Verantwortlich": "Volkshochschule",
    ...        "Handlungsfelder": "Bildung", "Ziel": "Begegnung", "Aktueller Stand": "läuft", "Wirkungsraum": "Gebiet",
    ...        "Gebiete": "N1", "Kosten": "24 Tsd. €", "Stand der Angabe": "31.01.2026"}
    >>> reg = qa.read_measures({"Maßnahmen": pd.DataFrame([row])})
    >>> reg.measures["status"].tolist(), reg.measures["cost"].tolist()
    (['running'], [24000.0])
    """
    if data is not None:
        expects(data, AreaData, "read_measures: data", "data = qa.join(areas, table)")
    expects(source, (str, Path, Mapping), "read_measures", 'qa.read_measures("massnahmen.xlsx")')
    tables = read_tables(source, data)
    return Measures(**{name: getattr(tables, name) for name in tables.__dataclass_fields__})


class Measures(RegisterTables):  # noqa: D101 - the docstring is that of the record
    __doc__ = RegisterTables.__doc__

    def save(self, path: str | Path, lang: Lang = "de") -> Path:
        """Write the register as a workbook with drop-downs, or as CSV files into a folder; read again it is equal.

        Parameters
        ----------
        path : str or Path
            A name that ends in ``.xlsx``, or a folder that is there.
        lang : {"de", "en"}, default "de"
            Language of headings and drop-downs.

        Returns
        -------
        Path
            The file or folder.
        """
        return write_register(self, path, lang)

    def standing(self, on: str | date) -> pd.Series:
        """Return per measure ``live``, ``overdue``, or its status.

        Parameters
        ----------
        on : str or date
            The day. An end on the day itself is not past.

        Returns
        -------
        Series
            On the number of the measure.
        """
        found = standing(self.measures, day_of(on))
        return found.set_axis(pd.Index(self.measures["measure_id"], name="measure_id"))

    def live(self, on: str | date) -> list[str]:
        """Return the numbers of measures that are planned or running and have not ended.

        Parameters
        ----------
        on : str or date
            The day.

        Returns
        -------
        list of str
            In the order of the register.
        """
        state = self.standing(on)
        return list(state.index[state.eq(LIVE)])

    def overdue(self, on: str | date) -> list[str]:
        """Return the numbers of measures that are said to be planned or running though their end is past.

        Parameters
        ----------
        on : str or date
            The day.

        Returns
        -------
        list of str
            In the order of the register.
        """
        state = self.standing(on)
        return list(state.index[state.eq(OVERDUE)])

    def money(self, on: str | date) -> Money:
        """Return what live measures are paid from, and when that ends.

        Parameters
        ----------
        on : str or date
            The day.

        Returns
        -------
        Money
            With ``.table`` and ``.text(lang)``.
        """
        return money(self, on)

    def status(self, on: str | date, *, rhythm: str = "6 months") -> Status:
        """Return how far the measures of each lead office are.

        Parameters
        ----------
        on : str or date
            The day.
        rhythm : str, default "6 months"
            How often the office says where it stands: what is older is outdated.

        Returns
        -------
        Status
            With ``.table`` and ``.text(lang)``.
        """
        return status(self, on, rhythm=rhythm)

    def priorities(self, covered: Coverage) -> Priorities:
        """Return the priorities that people set beside the evidence of need; no score, no rank.

        Parameters
        ----------
        covered : Coverage
            Result of :func:`quartiersatlas.coverage`.

        Returns
        -------
        Priorities
            With ``.table``, ``.counts`` and ``.text(lang)``, which names both conflicts.
        """
        return priorities(self, covered)

    def participation_matrix(self, on: str | date, *, data: AreaData | None = None, level: str = "") -> Participation:
        """Return what people said, by area and field, up to a day.

        Parameters
        ----------
        on : str or date
            The day.
        data : AreaData, optional
            The areas, whose districts stand for them where fewer than 10 people took part in an event.
        level : str, optional
            Which level of the areas is meant; the only one, if not given. Without any it is the city.

        Returns
        -------
        Participation
            With ``.table``, ``.matrix`` (statements, not persons), ``.unanswered`` and ``.corrections``.
        """
        parents: dict[str, str] = {}
        if data is not None and (levels := parent_columns(data.areas)):
            if level and level not in levels:
                raise ColumnError.not_found(level, levels, "The areas")
            named = level or levels[0]
            parents = {str(key): f"{named}:{value}" for key, value in data.areas[named].dropna().items()}
        return participation_matrix(self, on, parents)

    def with_notes(self, *notes: Annotation) -> Measures:
        """Return the register with further local knowledge; this one stays as it is.

        Parameters
        ----------
        *notes : Annotation
            Results of :func:`quartiersatlas.annotate`.

        Returns
        -------
        Measures
            With the notes below the others.
        """
        for note in notes:
            expects(note, Annotation, "with_notes", 'qa.annotate("N1", "note", "office", "2026-10-01")')
        added = pd.DataFrame([asdict(note) for note in notes])
        if not len(added):
            return self
        joined = pd.concat([self.knowledge, added], ignore_index=True) if len(self.knowledge) else added
        joined = joined.reindex(columns=[*self.knowledge.columns])
        return replace(self, knowledge=joined.astype({"date": "datetime64[s]"}))

    def __repr__(self) -> str:
        states = self.measures["status"].value_counts()
        said = ", ".join(f"{n} {name}" for name, n in states.items())
        notes = f"; {count_noun(len(self.problems), 'remark')}: .problems" if len(self.problems) else ""
        return f"Measures: {count_noun(len(self.measures), 'measure')} ({said or 'an empty register'}){notes}"

    def _repr_html_(self) -> str:
        return f"<pre>{self!r}</pre>" + str(self.measures.head(20).to_html(index=False))
