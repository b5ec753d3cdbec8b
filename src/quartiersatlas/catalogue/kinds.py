"""Kinds of numbers and their units: what may be summed, what a city value is made of, what a unit is called.

The kind of a column decides what is done with it, from the file to the map. What nobody has declared is asked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from quartiersatlas.catalogue.texts import number_text, pick, text, texts

if TYPE_CHECKING:
    from quartiersatlas.catalogue.texts import Lang

Kind = Literal[
    "count",
    "share",
    "rate",
    "mean",
    "median",
    "amount",
    "density",
    "balance",
    "balance_rate",
    "score",
    "class",
]
KINDS: tuple[Kind, ...] = get_args(Kind)


def a_kind(kind: str) -> str:
    """Return a kind with its article, for a sentence.

    Examples
    --------
    >>> a_kind("amount"), a_kind("balance_rate")
    ('an amount', 'a balance rate')
    """
    return f"{'an' if kind == 'amount' else 'a'} {kind.replace('_', ' ')}"


@dataclass(frozen=True)
class KindRules:
    """What a kind of number may do.

    Parameters
    ----------
    summed : bool
        Whether areas are added up: the city value is the sum.
    ratio : bool
        Whether it can be computed from a numerator and a denominator, and the city value from their sums.
    part_of_whole : bool
        Whether the numerator is a part of the denominator: no share is above 100 percent.
    signed : bool
        Whether negative numbers are values.
    asks_unit : bool
        Whether a number without a unit says nothing: euros, years, square metres?
    """

    summed: bool = False
    ratio: bool = False
    part_of_whole: bool = False
    signed: bool = False
    asks_unit: bool = False


RULES: dict[Kind, KindRules] = {
    "count": KindRules(summed=True),
    "share": KindRules(ratio=True, part_of_whole=True),
    "rate": KindRules(ratio=True, part_of_whole=True, asks_unit=True),
    "mean": KindRules(ratio=True, signed=True, asks_unit=True),
    "median": KindRules(signed=True, asks_unit=True),
    "amount": KindRules(summed=True, signed=True, asks_unit=True),
    "density": KindRules(ratio=True, asks_unit=True),
    "balance": KindRules(summed=True, signed=True),
    "balance_rate": KindRules(ratio=True, signed=True, asks_unit=True),
    "score": KindRules(signed=True),
    "class": KindRules(),
}
PERCENT, FRACTION, POINTS = "percent", "fraction", "points"
PERCENTAGE_POINTS = "percentage points"
NAMED_UNITS = (  # those that have words of their own in both languages
    PERCENT,
    "per 100",
    "per 100 per year",
    "per 1000",
    "per 10000",
    "m2 per person",
    POINTS,
    PERCENTAGE_POINTS,
)
PERCENT_WORDS = {
    "%",
    "percent",
    "per cent",
    "pct",
    "prozent",
    "in %",
    "in percent",
    "in prozent",
    "v.h.",
    "v. h.",
    "vh",
}
POINT_WORDS = {"percentage points", "%-points", "prozentpunkte", "%-punkte"}
FRACTION_WORDS = {"fraction", "proportion", "anteil (0-1)", "0-1"}
THOUSANDTHS = {"‰", "per mille", "promille", "per thousand"}
PER_NUMBER = re.compile(r"(?:per|je|pro)\s+(\d{1,3}(?:[.,\u202f\u00a0 ]\d{3})+|\d+)(?![\d.,])\s*(.*)", re.DOTALL)


def plain_unit(unit: str) -> str:
    """Return a unit as the library writes it; units in free words stay as they are.

    Examples
    --------
    >>> [plain_unit(unit) for unit in ("%", "Prozent", "je 1.000", "per 1,000 households", "EUR")]
    ['percent', 'percent', 'per 1000', 'per 1000 households', 'EUR']
    """
    words = unit.strip()
    lower = words.casefold()
    if lower in PERCENT_WORDS:
        return PERCENT
    if lower in POINT_WORDS:
        return PERCENTAGE_POINTS
    if lower in FRACTION_WORDS:
        return FRACTION
    if lower in THOUSANDTHS:
        return "per 1000"
    found = PER_NUMBER.fullmatch(words)
    return f"per {re.sub(r'[^0-9]', '', found[1])} {found[2]}".strip() if found else words


def per_of(unit: str) -> float:
    """Return the factor from a plain ratio to the unit: 100 for percent, 1000 for per 1000, 1 for all others.

    Examples
    --------
    >>> [per_of(unit) for unit in ("percent", "per 1000 households", "percentage points", "m2 per person", "fraction")]
    [100.0, 1000.0, 100.0, 1.0, 1.0]
    """
    if unit in (PERCENT, PERCENTAGE_POINTS):
        return 100.0
    found = PER_NUMBER.fullmatch(unit)
    return float(found[1]) if found else 1.0


def kind_of_unit(unit: str) -> Kind | None:
    """Return the kind that a unit alone shows; None where it shows none.

    Examples
    --------
    >>> [kind_of_unit(unit) for unit in ("percent", "per 1000", "points", "EUR")]
    ['share', 'rate', 'score', None]
    """
    if unit in (PERCENT, FRACTION, PERCENTAGE_POINTS):
        return "share"
    if unit == POINTS:
        return "score"
    if unit == "m2 per person":
        return "mean"
    return "rate" if PER_NUMBER.fullmatch(unit) else None


def unit_words(unit: str, lang: Lang) -> str:
    """Return a unit as a reader sees it.

    Examples
    --------
    >>> [unit_words(unit, "de") for unit in ("percent", "per 1000", "per 100000 persons", "EUR")]
    ['%', 'je 1.000', 'je 100.000 persons', 'EUR']
    """
    known = f"unit_{unit.replace(' ', '_')}"
    if known in texts():
        return text(known, lang)
    found = PER_NUMBER.fullmatch(unit)
    if not found:
        return unit
    return f"{pick(lang, 'je', 'per')} {number_text(float(found[1]), 0, lang)} {found[2]}".strip()
