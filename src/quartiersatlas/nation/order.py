"""Limits made of the order of all cells: the worst share of them, their median, their quantiles.

Each part tells which values it has and how often. They are merged before a limit is decided, so the limit is that of
all cells in one list, whatever the parts. A rate ``x / n`` travels as a float: below :data:`DISTINCT` different rates
are different floats in the same order, and the fraction is found again from the float.
"""

from __future__ import annotations

from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from quartiersatlas.base.equal import PLACE
from quartiersatlas.errors import CountError
from quartiersatlas.screening.evaluation.evaluate import PLACES
from quartiersatlas.screening.evaluation.in_order import wanted_areas
from quartiersatlas.screening.language.rules import MEDIAN, Compare, Worst

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from quartiersatlas.nation.values import PartValues
    from quartiersatlas.screening.evaluation.whole_numbers import CellCondition, WholeRule

DISTINCT = 2**52  # the largest rate times the largest denominator squared: two rates are 1 / (n m) apart at least


class Values(NamedTuple):
    """Different values in ascending order, and how many cells have each."""

    value: NDArray[np.float64]
    cells: NDArray[np.int64]

    @classmethod
    def merged(cls, parts: Iterable[Values]) -> Values:
        """Return those of several parts together."""
        parts = list(parts)
        value, place = np.unique(np.concatenate([one.value for one in parts]), return_inverse=True)
        cells = np.zeros(len(value), np.int64)
        np.add.at(cells, place, np.concatenate([one.cells for one in parts]))
        return cls(value, cells)


class Order(NamedTuple):
    """The values of one condition: of each group of its level, with the largest denominator."""

    groups: dict[str, Values]
    largest: int


def part_orders(values: PartValues) -> dict[str, Order]:
    """Return for each condition that needs it the values of the cells of one part."""
    return {one.key: _part_order(values, one) for one in values.rule.ranked}


def _part_order(values: PartValues, one: CellCondition) -> Order:
    x, n, known = values.counts[one.name]
    inside = np.ones(len(x), bool) if known is None else known[0].copy()
    if n is not None:
        inside &= n > 0
    whole = np.ones(1, np.int64) if n is None else n[inside]
    rates = x[inside] / whole
    names, number = np.unique(np.array(values.groups(one.level), dtype=object).astype(str), return_inverse=True)
    group = number[values.part.unit[inside]]
    order = np.lexsort((rates, group))
    rates, group = rates[order], group[order]
    is_new = np.ones(len(rates), bool)
    is_new[1:] = (rates[1:] != rates[:-1]) | (group[1:] != group[:-1])
    first = np.flatnonzero(is_new)
    cells = np.diff(np.append(first, len(rates)))
    bounds = np.searchsorted(group[first], np.arange(len(names) + 1))
    found = {
        str(name): Values(rates[first[start:end]], cells[start:end])
        for name, start, end in zip(names, bounds, bounds[1:], strict=False)
    }
    return Order(found, int(whole.max(initial=1)))


class OrderLimits(NamedTuple):
    """Level -> group -> key -> the limit as numerator and denominator; and what is to be said about ties."""

    reference: dict[str, dict[str, dict[str, tuple[int, int]]]]
    notes: tuple[str, ...]


def order_limits(rule: WholeRule, parts: Iterable[Mapping[str, Order]]) -> OrderLimits:
    """Return the limits that the values of all parts give.

    Parameters
    ----------
    rule : WholeRule
        The rule.
    parts : list of mappings
        From :func:`part_orders`, in any order.

    Raises
    ------
    CountError
        Counts are too large for floats to tell their rates apart.
    """
    parts = list(parts)
    reference: dict[str, dict[str, dict[str, tuple[int, int]]]] = {}
    notes = []
    for one in rule.ranked:
        orders = [part[one.key] for part in parts]
        largest = max((order.largest for order in orders), default=1)
        tied = {True: 0, False: 0}
        for group in sorted({name for order in orders for name in order.groups}):
            values = Values.merged(order.groups[group] for order in orders if group in order.groups)
            if not len(values.value):
                continue
            if values.value[-1] * largest**2 >= DISTINCT:
                raise CountError(f"{one.key}: counts up to {largest:,} are too large to be put in order exactly.")
            if isinstance(one.ranked, Worst):
                limit, taken, at = worst_limit(one.ranked, values, largest)
                tied[taken] += at
            else:
                assert isinstance(one.ranked, Compare)  # noqa: S101 - there is nothing else
                limit = quantile_limit(one.ranked, values, largest)
            reference.setdefault(one.level, {}).setdefault(group, {})[one.key] = limit.as_integer_ratio()
        if any(tied.values()):
            notes.append(f"{one.key}: of cells tied at the limit {tied[True]:,} are in and {tied[False]:,} are out")
    return OrderLimits(reference, tuple(notes))


def worst_limit(condition: Worst, values: Values, largest: int) -> tuple[Fraction, bool, int]:
    """Return the limit of the worst cells, which is one of them, whether cells tied at it are in, and how many tie.

    Parameters
    ----------
    condition : Worst
        With the share or number, and what becomes of ties.
    values : Values
        Of all cells; one at least.
    largest : int
        The largest denominator of all cells.

    Notes
    -----
    The limit is the value v of the last cell that is wanted. Where all at v are out, it is the next fraction beyond:
    ``x / n > p / q`` is ``x / n >= (p K + 1) / (q K)`` for all ``n < K``.
    """
    side = -1 if condition.highest else 1  # the worst first
    value, beyond = values.value[::side], np.cumsum(values.cells[::side])
    m = int(beyond[-1])
    wanted = int(wanted_areas(condition, np.full((1, 1), m), np.zeros((1, 1))).item())
    at = int(np.searchsorted(beyond, wanted))
    reached = int(beyond[at])
    is_best = at == len(value) - 1
    fits = condition.ties == "in" and reached <= floor(Fraction(condition.most) * wanted) and not is_best
    taken = reached <= wanted or fits
    limit = _fraction(value[at], largest)
    if not taken:
        bound = 2 * largest + 64  # above the denominator of every cell, also of one that is changed for secrecy
        limit -= side * Fraction(1, limit.denominator * bound)
    return limit, taken, int(values.cells[::side][at]) if reached > wanted else 0


def quantile_limit(condition: Compare, values: Values, largest: int) -> Fraction:
    """Return a median or a quantile of Hyndman & Fan exactly: ``alpha + q (m + 1 - alpha - beta)`` is its place."""
    is_median = condition.limit.than == MEDIAN
    q = Fraction(1, 2) if is_median else Fraction(condition.limit.q or 0)
    kind = 7 if is_median else condition.limit.quantile_type
    alpha, beta = (Fraction(one).limit_denominator(8) for one in PLACES[kind])
    up_to = np.cumsum(values.cells)
    m = int(up_to[-1])
    place = alpha + q * (m + 1 - alpha - beta)
    if abs(place - round(place)) < PLACE:
        place = Fraction(round(place))
    place = min(max(place, Fraction(1)), Fraction(m))
    lower = floor(place)
    first, second = (
        _fraction(values.value[np.searchsorted(up_to, min(number, m))], largest) for number in (lower, lower + 1)
    )
    return first + (place - lower) * (second - first)


def _fraction(value: float, largest: int) -> Fraction:
    """Return the rate of counts, no larger than the largest, whose float this is."""
    return Fraction(float(value)).limit_denominator(largest)
