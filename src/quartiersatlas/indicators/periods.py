"""Dates and spans of years as data name them: which days they are, and whether several rise without overlap."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quartiersatlas.catalogue import Lang

YEARS = re.compile(r"(?P<first>[12]\d{3})(?:\s*(?:-|–|/|bis|to)\s*(?P<last>[12]\d{3}))?")
SCHOOL_YEAR = re.compile(r"(?P<first>[12]\d{3})\s*/\s*(?:[12]\d)?(?P<last>\d{2})")
GERMAN_DAY = re.compile(r"(\d{1,2})\.\s*(\d{1,2})\.\s*(\d{4})")
DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
DAYS_IN_YEAR = 365.25


def period_span(period: str) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """Return the first and the last day of a period; None where it is written in other words, or ends before it begins.

    A school year such as ``"2023/24"`` or ``"2023/2024"`` runs from August to July.

    Examples
    --------
    >>> [str(day.date()) for day in period_span("2019-2021")], period_span("winter")
    (['2019-01-01', '2021-12-31'], None)
    >>> [str(day.date()) for day in period_span("2023/24")]
    ['2023-08-01', '2024-07-31']
    """
    school = SCHOOL_YEAR.fullmatch(period.strip())
    if school and int(school["last"]) == (int(school["first"]) + 1) % 100:
        return pd.Timestamp(int(school["first"]), 8, 1), pd.Timestamp(int(school["first"]) + 1, 7, 31)
    years = YEARS.fullmatch(period.strip())
    if years:
        first, last = int(years["first"]), int(years["last"] or years["first"])
        return (pd.Timestamp(first, 1, 1), pd.Timestamp(last, 12, 31)) if first <= last else None
    german = GERMAN_DAY.fullmatch(period.strip())
    words = "-".join(reversed(german.groups())) if german else period.strip()
    try:
        day = pd.to_datetime(words, format="%Y-%m-%d")
    except ValueError:
        return None
    return None if pd.isna(day) else (day, day)


def period_text(period: str, lang: Lang) -> str:
    """Return a period as the language writes it: a day in German with dots, everything else as it is.

    Examples
    --------
    >>> period_text("2024-12-31", "de"), period_text("2024-12-31", "en"), period_text("2019-2021", "de")
    ('31.12.2024', '2024-12-31', '2019-2021')
    """
    found = DAY.fullmatch(period)
    return ".".join(reversed(found.groups())) if found and lang == "de" else period


def refuse_no_course(periods: Sequence[str], call: str) -> None:
    """Refuse dates that are equal, reversed or overlap; what is written in other words is not judged.

    Raises
    ------
    SpecError
        Two of them are no change; the message names both.
    """
    for earlier, later in pairwise(periods):
        if earlier and earlier == later:
            raise SpecError(f"{call}: both dates are {later!r}: a change needs two.")
        before, after = period_span(earlier), period_span(later)
        if before is None or after is None:
            continue
        if before[0] > after[1]:
            raise SpecError(
                f"{call}: {earlier!r} lies after {later!r}: exchange the two, the earliest date comes first."
            )
        if before[1] >= after[0]:
            raise SpecError(
                f"{call}: {earlier!r} and {later!r} overlap: some persons are in both counts by definition. Take "
                f"dates, or spans of years, that do not."
            )


def years_between(earlier: str, later: str, call: str) -> float:
    """Return the years between the ends of two periods, by days.

    Raises
    ------
    SpecError
        One of them is no date.

    Examples
    --------
    >>> years_between("31.12.2021", "31.12.2024", "change").__round__(4)
    3.0007
    """
    ends = []
    for period in (earlier, later):
        span = period_span(period)
        if span is None:
            raise SpecError(
                f"{call}: the period {period!r} is no date, so nothing can be told per year. Name the date in the "
                f"join: join(..., period='2024-12-31'), '31.12.2024', '2024', '2022-2024' or '2023/24'."
            )
        ends.append(span[1])
    return float((ends[1] - ends[0]).days) / DAYS_IN_YEAR
