"""The guide's checklist, filled in as far as results answer it; and the text of a tender with its gaps visible."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from types import NoneType
from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.base.checks import expects
from quartiersatlas.catalogue import check_lang, text
from quartiersatlas.catalogue.texts import pick
from quartiersatlas.errors import SpecError
from quartiersatlas.intake import AreaData
from quartiersatlas.monitoring.measures.coverage import Coverage, day_text
from quartiersatlas.monitoring.measures.register import Measures
from quartiersatlas.monitoring.measures.standing import rows_of
from quartiersatlas.monitoring.stock.stocktaking import Stocktaking

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang

GAP = "[ ]"
MOST = 1_000_000  # persons, as for counts in a release
STOCK_QUESTIONS = {"4-Q1": "level", "4-Q2": "gap", "4-Q3": "structures", "4-Q6": "concentration"}


@cache
def guide_questions() -> tuple[dict[str, str], ...]:
    """Return the questions of the guide: id, chapter, words, kind, and what answers them.

    Examples
    --------
    >>> len(guide_questions()), sum(row["kind"] == "process" for row in guide_questions())
    (27, 8)
    """
    written = files("quartiersatlas.monitoring.stock").joinpath("checklist_guide.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(written.splitlines()))


@dataclass(frozen=True, eq=False, repr=False)
class Checklist:
    """The guide's questions with their answers.

    Parameters
    ----------
    table : DataFrame
        ``chapter``, ``question``, ``kind`` (software, part, process), ``answer``; an answer that is not there yet is
        empty.
    lang : {"de", "en"}
        Language.
    """

    table: pd.DataFrame
    lang: Lang

    def text(self) -> str:
        """Return questions and answers, a blank line between them."""
        blocks = []
        for row in rows_of(self.table):
            name = "checklist_process" if row.kind == "process" else "checklist_open"
            blocks.append(f"{row.chapter}  {row.question}\n{row.answer or text(name, self.lang)}")
        return "\n\n".join(blocks)

    def __repr__(self) -> str:
        return f"Checklist: {len(self.table)} questions, {int(self.table['answer'].ne('').sum())} answered"

    def _repr_html_(self) -> str:
        return str(self.table.to_html(index=False))


def checklist(
    lang: Lang = "de",
    *,
    stocktaking: Stocktaking | None = None,
    coverage: Coverage | None = None,
    measures: Measures | None = None,
    on: str | date | None = None,
) -> Checklist:
    """Return the guide's checklist, answered as far as results do.

    Questions about the process are printed and never answered.

    Parameters
    ----------
    lang : {"de", "en"}, default "de"
        Language.
    stocktaking : Stocktaking, optional
        Answers the questions of the guide's box on stocktaking.
    coverage : Coverage, optional
        Answers whether measures meet the need.
    measures : Measures, optional
        Answers who is in charge, what it is paid from, aims and participation.
    on : str or date, optional
        The day of these answers; that of the coverage or stocktaking, if not given.

    Returns
    -------
    Checklist
        With ``.table`` and ``.text()``.

    Raises
    ------
    ArgumentError
        Something is of another type.

    Examples
    --------
    >>> import quartiersatlas as qa
    >>> qa.checklist("en")
    Checklist: 27 questions, 0 answered
    """
    check_lang(lang)
    for name, value, kind, how in (
        ("stocktaking", stocktaking, Stocktaking, "qa.stocktaking(data, on=...)"),
        ("coverage", coverage, Coverage, "qa.coverage(reg, need, on=...)"),
        ("measures", measures, Measures, 'qa.read_measures("massnahmen.xlsx")'),
    ):
        if value is not None:
            expects(value, kind, f"checklist: {name}", how)
    expects(on, (str, date, NoneType), "checklist: on", 'on="2024-12-31"')
    dated = on or next((one.on for one in (coverage, stocktaking) if one is not None), None)
    answers: dict[str, str] = {}
    if stocktaking is not None:
        answers |= _of_stock(stocktaking, lang)
    if coverage is not None:
        answers["4-Q4"] = answers["6.2-1"] = coverage.text(lang)
    if measures is not None:
        answers |= _of_measures(measures, dated, lang)
    rows = [
        (row["id"], row["chapter"], row[f"question_{lang}"], row["kind"], answers.get(row["id"], ""))
        for row in guide_questions()
    ]
    return Checklist(pd.DataFrame(rows, columns=["id", "chapter", "question", "kind", "answer"]), lang)


def _of_stock(stock: Stocktaking, lang: Lang) -> dict[str, str]:
    told = stock.answers(lang)
    found = {number: "\n".join(told[name]) for number, name in STOCK_QUESTIONS.items()}
    unclear = "\n".join(stock.unclear(lang)) or text("stock_nothing_open", lang)
    return {**found, "4-Q5": unclear, "4.1-1": text("checklist_stock", lang, day=day_text(stock.on, lang))}


def _of_measures(measures: Measures, on: str | date | None, lang: Lang) -> dict[str, str]:
    register = measures.measures
    found = {}
    if len(register):
        leads = ", ".join(sorted(register["lead"].unique()))
        found["3.3-2"] = text("checklist_leads", lang, n=register["lead"].nunique(), leads=leads)
    if len(measures.aims):
        aims = "; ".join(measures.aims["text_de"])
        found["3.4-2"] = found["6.1-1"] = text("checklist_aims", lang, n=len(measures.aims), aims=aims)
    if on is not None and len(register):
        found["6.2-2"], found["6.2-3"] = measures.money(on).text(lang), measures.status(on).text(lang)
    if on is not None and len(measures.participation):
        found["5.3-1"] = measures.participation_matrix(on).text(lang)
    return found


def tender_text(
    data: AreaData | None = None,
    *,
    lang: Lang = "de",
    town: str = "",
    aims: str = "",
    dates: Mapping[str, str] | None = None,
    min_count: int = 3,
    deadline: str = "",
    participation: str = "",
) -> str:
    """Return the text of a tender for a stocktaking, as the guide asks for it; what is not known is a visible gap.

    Parameters
    ----------
    data : AreaData, optional
        The data that are there: their indicators are listed with definition and date, the areas as units.
    lang : {"de", "en"}, default "de"
        Language.
    town, aims : str
        The town, and what the work is for.
    dates : mapping of str to str, optional
        Column -> the date of its data.
    min_count : int, default 3
        Counts of fewer persons do not leave the house.
    deadline, participation : str
        Until when, and the budget of participation.

    Returns
    -------
    str
        Paragraphs, each with a heading; ``[ ]`` where something is to be filled in.

    Raises
    ------
    ArgumentError
        The data are none.

    Examples
    --------
    >>> import quartiersatlas as qa
    >>> qa.tender_text(lang="en").splitlines()[0]
    'Specification of services: stocktaking for [ ]'
    """
    check_lang(lang)
    told = {"town": town, "aims": aims, "deadline": deadline, "participation": participation}
    for name, value in told.items():
        expects(value, str, f"tender_text: {name}", f'{name}="..."')
    expects(min_count, int, "tender_text: min_count", "min_count=3")
    if not 1 <= min_count <= MOST:
        raise SpecError(f"tender_text: min_count must be a whole number from 1 to {MOST:,}.")
    dates = {} if dates is None else dates
    expects(dates, Mapping, "tender_text: dates", 'dates={"mh_share": "2023"}')
    lines = [text("tender_title", lang, town=town or GAP)]
    listed = [text("tender_no_data", lang)]
    units = GAP
    if data is not None:
        expects(data, AreaData, "tender_text", "data = qa.join(areas, table)")
        units = text("tender_units_of", lang, n=len(data.areas), vintage=data.vintage or data.period or GAP)
        listed = [
            _listed(data, name, dates.get(name, ""), lang)
            for name in data.values.columns
            if name in data.catalogue and name not in data.changes
        ] or listed
    bodies = {
        "aims": [aims or GAP],
        "data": listed,
        "units": [units],
        "protection": [text("tender_protection_body", lang, min_count=min_count)],
        "methods": [text("tender_methods_body", lang)],
        "deliverables": [text("tender_deliverables_body", lang, deadline=deadline or GAP)],
        "references": [text("tender_references_body", lang)],
        "participation": [text("tender_participation_body", lang, budget=participation or GAP)],
    }
    for number, (name, body) in enumerate(bodies.items(), start=1):
        lines += ["", f"{number}. {text(f'tender_{name}', lang)}", *body]
    return "\n".join(lines)


def _listed(data: AreaData, name: str, dated: str, lang: Lang) -> str:
    indicator = data.catalogue[name]
    numerator = pick(lang, indicator.numerator_de, indicator.numerator_en) or GAP
    denominator = pick(lang, indicator.denominator_de, indicator.denominator_en) or GAP
    date_text = dated or data.period or GAP
    return text(
        "tender_indicator",
        lang,
        label=indicator.label(lang),
        numerator=numerator,
        denominator=denominator,
        date=date_text,
    )
