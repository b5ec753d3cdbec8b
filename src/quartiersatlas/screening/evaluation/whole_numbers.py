"""A rule on counts in whole numbers alone: the same areas whatever the order of sums and the number of parts.

``x / n > f X / N`` with ``f = p / q`` is ``x q N > n p X``. The rule language is that of
:mod:`quartiersatlas.screening.language`; what cannot be said with counts of one unit and sums of its level is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from quartiersatlas.errors import SpecError, list_some, near_names
from quartiersatlas.screening.evaluation.exact import FITS, Fractions
from quartiersatlas.screening.language.rules import CITY, MEDIAN, QUANTILE, Compare, Rule, Worst

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    Whole = NDArray[Any]
    Mask = NDArray[np.bool_]

RESIDENTS = "residents"  # in a rule: the population column
PERCENT = Fraction(100)
RANKED = (MEDIAN, QUANTILE)  # limits made of the order of all areas


@dataclass(frozen=True)
class CountRate:
    """A rate of two columns of whole numbers: ``per * numerator / denominator``.

    Parameters
    ----------
    numerator, denominator : str
        The columns.
    per : Fraction
        100 for a rate in per cent; 1/100 for a mean, whose numerator is the sum of hundredths over the denominator.
    drawn : bool
        Whether the numerator counts some of the denominator, so that it can be drawn again; a mean is not.
    """

    numerator: str
    denominator: str
    per: Fraction = PERCENT
    drawn: bool = True


class WholeTruth(NamedTuple):
    """Where a rule holds for sure, and where it may hold; the two are one array where everything is known."""

    yes: Mask
    maybe: Mask


@dataclass(frozen=True)
class CellCondition:
    """A comparison of one rate or count with a number, with the value of a level, or with the order of all areas.

    ``ranked`` is the condition as it was written where its limit comes from an order: whoever knows all areas gives it
    as a fraction of numerator and denominator.
    """

    word: str
    name: str
    rate: CountRate | None
    column: str
    level: str
    number: Fraction
    factor: Decimal
    plus: Decimal
    digits: int | None
    min_denominator: Fraction
    unknown: str
    ranked: Compare | Worst | None = None

    @property
    def key(self) -> str:
        """What its limit is called among those of its level."""
        return self.name if self.ranked is None else str(self.ranked)

    @property
    def upwards(self) -> bool:
        """Whether high values fulfil it."""
        return self.word in ("above", "at_least")

    @property
    def closed(self) -> bool:
        """Whether the limit itself fulfils it."""
        return self.word in ("at_least", "at_most")

    def limit(self, x: Whole, n: Whole) -> tuple[Whole, Whole]:
        """Return the limit as p and q of a fraction, from the sums of the level; q is 0 where there is none.

        Without ``plus`` and ``digits`` the scale of the rate is left out on both sides.
        """
        top, bottom = Fraction(self.factor).as_integer_ratio()
        if not self.plus and self.digits is None:
            return _times(x, top), np.where(n > 0, _times(n, bottom), 0)
        a, b = self.per.as_integer_ratio()
        found = Fractions(_times(x, a), _times(np.maximum(n, 1), b), n > 0).scaled(self.factor, self.plus)
        found = found if self.digits is None else found.rounded(self.digits)
        p, q = (np.broadcast_to(one, (1, n.size)).reshape(n.shape) for one in (found.p, found.q))
        return p, np.where(n > 0, q, 0)

    @property
    def per(self) -> Fraction:
        """The scale of the value."""
        return Fraction(1) if self.rate is None else self.rate.per

    def holds(
        self, x: Whole, n: Whole | None, known: Mask | None, p: Whole, q: Whole, cells: Whole | None = None
    ) -> WholeTruth:
        """Compare values with limits.

        Parameters
        ----------
        x, n : array of int, shape (runs, n_cells) or (1, n_cells)
            Numerator and denominator, neither below 0; of a count ``n`` is None.
        known : array of bool, shape (1, n_cells), optional
            Where there is a value; None if everywhere.
        p, q : array of int, shapes that fit
            The limits, from :meth:`limit` or as a number.
        cells : array of int, optional
            How many cells each limit is for, in their order; then there are as many limits.
        """

        def on_cells(limits: Whole) -> Whole:
            return limits if cells is None else np.repeat(limits, cells, axis=-1)

        a, b = (1, 1) if self.level and not self.plus and self.digits is None else self.per.as_integer_ratio()
        whole = np.ones((1, 1), np.int64) if n is None else n
        most = int((x if n is None else n).max(initial=0))  # no part is larger than its whole
        if n is not None and self.rate is not None and not self.rate.drawn:
            most = max(most, int(x.max(initial=0)))
        left = x * on_cells(_fitting(q, a, most))
        right = whole * on_cells(_fitting(p, b, max(most, 1)))
        if self.upwards:
            yes = left >= right if self.closed else left > right
        else:
            yes = left <= right if self.closed else left < right
        judged = known if n is None else _both(known, n > 0)
        there = q > 0
        judged = judged if there.all() else _both(judged, on_cells(there))
        if self.min_denominator and n is not None:
            judged = _both(judged, n * self.min_denominator.denominator >= self.min_denominator.numerator)
        if judged is None:
            return WholeTruth(yes, yes)
        sure = yes & judged
        return {
            "unknown": WholeTruth(sure, yes | ~judged),
            "no": WholeTruth(sure, sure),
            "yes": WholeTruth(yes | ~judged, yes | ~judged),
        }[self.unknown]


def _both(one: Mask | None, other: Mask) -> Mask | None:
    """Return where both hold; None stands for everywhere."""
    if other.all():
        return one
    return other if one is None else one & other


def _size(numbers: Whole) -> int:
    """Return the largest absolute value."""
    return max(int(numbers.max(initial=0)), -int(numbers.min(initial=0)))


def _times(numbers: Whole, factor: int) -> Whole:
    if factor == 1:
        return numbers
    if numbers.dtype != object and _size(numbers) * abs(factor) < FITS:
        return numbers * factor
    product: Whole = numbers.astype(object) * factor
    return product


def _fitting(limits: Whole, factor: int, most: int) -> Whole:
    """Return ``limits * factor`` in int64 if numbers up to ``most`` times it fit, else in Python's own numbers."""
    found = _times(limits, factor)
    fits = found.dtype != object and most * _size(found) < FITS
    return found.astype(np.int64 if fits else object, copy=False)


@dataclass(frozen=True)
class WholeRule:
    """A rule that is decided in whole numbers.

    Parameters
    ----------
    rule : Rule
        As it was written.
    conditions : tuple of CellCondition
        From left to right.
    """

    rule: Rule
    conditions: tuple[CellCondition, ...]

    @property
    def rates(self) -> dict[str, CountRate]:
        """The rates it looks at, by name."""
        return {one.name: one.rate for one in self.conditions if one.rate is not None}

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of counts it needs."""
        found = [name for rate in self.rates.values() for name in (rate.numerator, rate.denominator)]
        return tuple(dict.fromkeys([*found, *(one.column for one in self.conditions if one.rate is None)]))

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels whose sums it needs."""
        return tuple(dict.fromkeys(one.level for one in self.conditions if one.level and one.ranked is None))

    @property
    def ranked(self) -> tuple[CellCondition, ...]:
        """The conditions whose limits come from the order of all areas, each once."""
        return tuple({one.key: one for one in self.conditions if one.ranked is not None}.values())

    def holds(self, truths: list[WholeTruth]) -> Mask:
        """Combine the truths of the conditions; True where the rule holds for sure."""
        return self.rule.combine(truths, _k_of, lambda one: WholeTruth(~one.maybe, ~one.yes)).yes


def _k_of(k: int, truths: list[WholeTruth]) -> WholeTruth:
    yes = _at_least(k, [one.yes for one in truths])
    if all(one.yes is one.maybe for one in truths):
        return WholeTruth(yes, yes)
    return WholeTruth(yes, _at_least(k, [one.maybe for one in truths]))


def _at_least(k: int, parts: list[Mask]) -> Mask:
    if k == len(parts):
        found = parts[0]
        for part in parts[1:]:
            found = found & part
        return found
    if k == 1:
        found = parts[0]
        for part in parts[1:]:
            found = found | part
        return found
    count = np.zeros(np.broadcast_shapes(*(part.shape for part in parts)), np.int16)
    for part in parts:
        count += part
    enough: Mask = count >= k
    return enough


def whole_rule(
    rule: Rule, rates: Mapping[str, CountRate], columns: Iterable[str], population: str, levels: Iterable[str]
) -> WholeRule:
    """Return a rule as comparisons of whole numbers.

    Parameters
    ----------
    rule : Rule
        Made of ``above``, ``at_least``, ``below``, ``at_most``, ``worst_share`` and ``worst_n`` of rates and counts.
    rates : mapping of str to CountRate
        What the names of rates stand for.
    columns : iterable of str
        The columns of counts.
    population : str
        The column that ``"residents"`` stands for.
    levels : iterable of str
        What ``than`` may name.

    Raises
    ------
    SpecError
        A name is unknown, or a condition cannot be said in whole numbers.
    """
    known, levels = tuple(columns), tuple(levels)
    found = []
    for one in rule.conditions:
        if not isinstance(one, Compare | Worst) or one.inner is not None:
            raise SpecError(
                f"{one}: cells are compared with a number, with a value of {list_some(levels)}, or with the order of "
                f"all cells; classes, clusters and other areas that meet a rule are not known in parts. Use "
                f"above(..., than='municipality')."
            )
        named = _named(one, rates, known, population)
        found.append(_worst(one, named, levels) if isinstance(one, Worst) else _condition(one, named, levels))
    return WholeRule(rule, tuple(found))


Named = tuple[str, "CountRate | None", str]  # name of the rate or count, the rate, the column of the count


def _named(one: Compare | Worst, rates: Mapping[str, CountRate], columns: tuple[str, ...], population: str) -> Named:
    """Return what a condition looks at."""
    name, rate = one.indicator, rates.get(one.indicator)
    column = population if name == RESIDENTS and name not in columns else name
    if rate is None and column not in columns:
        close = near_names(name, [*rates, *columns])
        hint = f" Did you mean {list_some(close)}?" if close else ""
        have = f"Rates: {list_some(rates, 20)}; counts: {list_some(columns, 20)}." if rates else ""
        raise SpecError(f"{one}: the cells have no {name!r}.{hint} {have}".strip())
    return name, rate, "" if rate is not None else column


def _worst(one: Worst, named: Named, levels: tuple[str, ...]) -> CellCondition:
    """Return "among the worst" as a comparison with the value of the last that is wanted, itself included."""
    name, rate, column = named
    if one.by and one.by not in levels:
        raise SpecError(f"{one}: by must be one of {list_some(levels)}, or left out for all of them, not {one.by!r}.")
    if one.highest is None:
        raise SpecError(f"{one}: say which cells are the worst: highest=True or highest=False.")
    return CellCondition(
        word="at_least" if one.highest else "at_most",
        name=name,
        rate=rate,
        column=column,
        level=one.by or CITY,
        number=Fraction(0),
        factor=Decimal(1),
        plus=Decimal(0),
        digits=None,
        min_denominator=Fraction(0),
        unknown=one.unknown,
        ranked=one,
    )


def _condition(one: Compare, named: Named, levels: tuple[str, ...]) -> CellCondition:
    name, rate, column = named
    limit = one.limit
    is_number, is_ranked = isinstance(limit.than, Decimal), limit.than in RANKED
    if not is_number and not is_ranked and limit.than not in levels:
        raise SpecError(
            f"{one}: than must be a number or one of {list_some([*levels, *RANKED], 20)}, not {limit.than!r}."
        )
    if not is_number and not is_ranked and rate is None:
        raise SpecError(
            f"{one}: {name!r} is a count, and a count of a cell says nothing beside that of a {limit.than}: compare a "
            f"rate, or a number."
        )
    if one.significant is not None:
        raise SpecError(f"{one}: significant= is not for cells; the share of runs says how sure a quarter is.")
    value = Fraction(limit.than) if is_number else Fraction(0)  # type: ignore[arg-type]
    if is_number:
        value = value * Fraction(limit.factor) + Fraction(limit.plus)
        if limit.digits is not None:
            rounded = Fractions.of(value).rounded(limit.digits)
            value = Fraction(int(rounded.p.item()), int(rounded.q.item()))
    return CellCondition(
        word=one.word,
        name=name,
        rate=rate,
        column=column,
        level="" if is_number else CITY if is_ranked else str(limit.than),
        number=value,
        factor=limit.factor,
        plus=limit.plus,
        digits=None if is_number else limit.digits,
        min_denominator=Fraction(one.min_denominator or 0),
        unknown=one.unknown,
        ranked=one if is_ranked else None,
    )


LEVELS = ("municipality", "land", "size_class", CITY)
