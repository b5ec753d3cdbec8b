"""What is due: how often periods, the state of measures and the whole approach are looked at again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd

from quartiersatlas.catalogue import text
from quartiersatlas.catalogue.texts import pick
from quartiersatlas.errors import SpecError
from quartiersatlas.indicators.periods import period_span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quartiersatlas.catalogue import Lang

TASKS = ("core", "status", "review")  # the core indicators, the state of measures, the whole approach
EVERY = re.compile(r"(\d+)\s*(years?|months?|jahre?|monate?)", re.IGNORECASE)
GRACE = 90  # days after the due date in which something is due and not yet overdue: data need their time
RHYTHM = {"core": "1 year", "status": "6 months", "review": "5 years"}

DueState = Literal["ok", "due", "overdue", "never"]


@dataclass(frozen=True, kw_only=True)
class Due:
    """When a task is due.

    Parameters
    ----------
    task : {"core", "status", "review"}
        New core indicators, the state of measures, a review of the whole approach.
    every : str
        How often, such as ``"1 year"``.
    last : str
        When it was done last; empty where it never was.
    due : str
        When it is due next.
    state : {"ok", "due", "overdue", "never"}
        ``"due"`` from the day on, ``"overdue"`` 90 days later.
    """

    task: str
    every: str
    last: str
    due: str
    state: DueState

    def text(self, lang: Lang = "de") -> str:
        """Return it as a sentence."""
        name = text(f"rhythm_{self.task}", lang)
        return text(f"due_{self.state}", lang, task=name, last=written(self.last, lang), due=written(self.due, lang))


def written(day: str, lang: Lang) -> str:
    """Return a day as the language writes it.

    Examples
    --------
    >>> written("2024-12-31", "de")
    '31.12.2024'
    """
    return f"{pd.Timestamp(day):%d.%m.%Y}" if day and pick(lang, "de", "en") == "de" else day


def checked_rhythm(rhythm: Mapping[str, str]) -> dict[str, str]:
    """Return a rhythm whose tasks and spans are known.

    Raises
    ------
    SpecError
        A task is not known, or a span is none.
    """
    for task, every in rhythm.items():
        if task not in TASKS:
            raise SpecError(f"The rhythm knows no {task!r}; there are: {', '.join(TASKS)}.", key=task)
        _offset(every)
    return {task: rhythm[task] for task in TASKS if task in rhythm}


def _offset(every: str) -> pd.DateOffset:
    found = EVERY.fullmatch(str(every).strip())
    if not found or int(found[1]) == 0:
        raise SpecError(f"{every!r} is no rhythm: write '1 year', '6 months', '5 years'.")
    number = int(found[1])
    return pd.DateOffset(years=number) if found[2].lower()[0] in "yj" else pd.DateOffset(months=number)


def day(words: str, what: str) -> pd.Timestamp:
    """Return a day; the last one of a year or span.

    Raises
    ------
    SpecError
        It is no date.
    """
    span = period_span(str(words))
    if span is None:
        raise SpecError(f"{what}: {words!r} is no date: write '2024-12-31', '31.12.2024', '2024' or '2023/24'.")
    return span[1]


def due_tasks(rhythm: Mapping[str, str], last: Mapping[str, str], on: str) -> tuple[Due, ...]:
    """Return when each task of a rhythm is due, as seen on a day.

    Examples
    --------
    >>> [one.state for one in due_tasks({"core": "1 year", "review": "5 years"}, {"core": "2023-12-31"}, "2025-06-01")]
    ['overdue', 'never']
    """
    today, found = day(on, "on"), []
    for task, every in rhythm.items():
        if not last.get(task):
            found.append(Due(task=task, every=every, last="", due="", state="never"))
            continue
        due = day(last[task], task) + _offset(every)
        late = (today - due).days
        state: DueState = "ok" if late < 0 else "due" if late <= GRACE else "overdue"
        found.append(Due(task=task, every=every, last=last[task], due=f"{due:%Y-%m-%d}", state=state))
    return tuple(found)
