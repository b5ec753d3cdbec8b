"""Rules said once more, with fractions and plain loops: one area at a time, None is unknown. Slow, easy to check."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from fractions import Fraction
from math import ceil, floor

import numpy as np

from quartiersatlas.screening.evaluation.evidence import Evidence, Measured
from quartiersatlas.screening.language.rules import Compare, InClass, KOf, Not, WorseThanCity, Worst

ALMOST = Fraction(1, 10**12)  # computed numbers this close are equal


@dataclass
class Column:
    """One indicator: ready-made numbers as printed, or counts with their unit."""

    values: list[Fraction | None] = field(default_factory=list)
    x: list[int | None] = field(default_factory=list)
    n: list[int | None] = field(default_factory=list)
    per: int = 100
    direction: int = 1
    half: Fraction = Fraction(0)

    def __post_init__(self):
        if self.n:
            pairs = zip(self.x, self.n, strict=True)
            self.values = [None if x is None or not n else Fraction(self.per * x, n) for x, n in pairs]

    @property
    def known(self):
        return [value for value in self.values if value is not None]


@dataclass
class Town:
    """Areas with what rules look at; units are numbers, -1 is none."""

    columns: dict[str, Column]
    units: dict[str, list[int]] = field(default_factory=dict)
    published: dict[str, list[Fraction | None]] = field(default_factory=dict)
    classes: dict[str, list[str | None]] = field(default_factory=dict)

    @property
    def size(self):
        return len(next(iter(self.columns.values())).values)

    def ordered(self, order):
        """Return the areas in another order."""
        columns = {}
        for name, one in self.columns.items():
            x, n = ([part[i] for i in order] if part else [] for part in (one.x, one.n))
            columns[name] = Column([one.values[i] for i in order], x, n, one.per, one.direction, one.half)
        found = [{k: [v[i] for i in order] for k, v in part.items()} for part in (self.units, self.published)]
        return Town(columns, *found, {k: [v[i] for i in order] for k, v in self.classes.items()})

    def evidence(self):
        """Return the same for the arrays."""
        return stacked([self])


def stacked(towns):
    """Return towns that differ in their numbers as runs of one evidence."""
    first = towns[0]
    measured = {}
    for name, one in first.columns.items():
        rows = [town.columns[name] for town in towns]
        counts = {key: floats([getattr(row, key) for row in rows]) for key in ("x", "n")} if one.n else {}
        values = floats([row.values for row in rows])
        measured[name] = Measured(
            values, **counts, per=float(one.per), direction=one.direction, half=float(one.half), kind="share"
        )
    ids = sorted({name for column in first.classes.values() for name in column if name})
    classes = {
        axis: (np.array([[-1 if k is None else ids.index(k) for k in column]]), ids)
        for axis, column in first.classes.items()
    }
    published = {
        (name, column): [None if v is None else Decimal(v.numerator) / v.denominator for v in values]
        for name, values in first.published.items()
        for column in first.columns
    }
    levels = {name: np.array(units, dtype=np.int64) for name, units in first.units.items()}
    return Evidence(measured, first.size, classes, levels, published)


def floats(rows):
    return np.array([[np.nan if v is None else float(v) for v in row] for row in rows], dtype=float)


def said(rule, town):
    """Return what a rule says of each area: True, False or None."""
    if isinstance(rule, Not):
        return [None if one is None else not one for one in said(rule.part, town)]
    if isinstance(rule, KOf):
        columns = zip(*(said(part, town) for part in rule.parts), strict=True)
        return [at_least_k(rule.k, list(outcomes)) for outcomes in columns]
    by_itself = {"unknown": None, "no": False, "yes": True}[rule.unknown]
    return [by_itself if one is None else one for one in judged(rule, town)]


def at_least_k(k, outcomes):
    """Say it only if it is so whatever the unknown ones are."""
    if outcomes.count(True) >= k:
        return True
    return False if outcomes.count(True) + outcomes.count(None) < k else None


def judged(condition, town):
    """Return what one condition says before its own rule for unknown values."""
    if isinstance(condition, InClass):
        return [None if one is None else one in condition.classes for one in town.classes[condition.axis]]
    column = town.columns[condition.indicator]
    if isinstance(condition, Worst):
        return among_worst(condition, column, town)
    if isinstance(condition, WorseThanCity):
        limits = [from_counts(column, range(town.size)) for _ in column.values]
        return [
            None if value is None or limit is None else (value - limit) * column.direction > 0
            for value, limit in zip(column.values, limits, strict=True)
        ]
    assert isinstance(condition, Compare)
    return [compared(condition, column, town, i) for i in range(town.size)]


def compared(condition, column, town, i):
    value, limit = column.values[i], limit_of(condition, column, town, i)
    if value is None or limit is None:
        return None
    if condition.min_denominator is not None and column.n[i] < condition.min_denominator:
        return None
    if condition.printed == "interval" and abs(value - limit) < column.half:
        return None
    if condition.limit.sd and abs(value - limit) <= ALMOST * max(abs(value), abs(limit)):
        value = limit  # a square root is no fraction
    return {
        "above": value > limit,
        "at_least": value >= limit,
        "below": value < limit,
        "at_most": value <= limit,
    }[condition.word]


def limit_of(condition, column, town, i):
    limit = condition.limit
    if isinstance(limit.than, Decimal):
        found = Fraction(limit.than)
    elif isinstance(limit.than, str):
        found = named(limit.than, limit, column, town, i)
    else:
        parts = [(Fraction(weight), named(name, limit, column, town, i)) for weight, name in limit.than]
        found = None if any(part is None for _, part in parts) else sum(weight * part for weight, part in parts)
    if found is None:
        return None
    found = Fraction(limit.factor) * found + Fraction(limit.plus)
    return found if limit.digits is None else rounded(found, limit.digits)


def named(name, limit, column, town, i):
    if name in town.published:
        return town.published[name][i]
    if name in town.units:
        unit = town.units[name][i]
        return None if unit < 0 else from_counts(column, [j for j, u in enumerate(town.units[name]) if u == unit])
    if name in ("city", "rest"):
        return from_counts(column, [j for j in range(town.size) if name == "city" or j != i])
    known = column.known
    if not known:
        return None
    if name == "mean":
        return mean_and_deviations(known, Fraction(limit.sd), limit.ddof)
    q, kind = (Fraction(1, 2), 7) if name == "median" else (Fraction(limit.q), limit.quantile_type)
    return quantile(known, q, kind)


def from_counts(column, areas):
    """Return the rate of some areas together; those without a value count in neither sum."""
    inside = [j for j in areas if column.values[j] is not None]
    n = sum(column.n[j] for j in inside)
    return Fraction(column.per * sum(column.x[j] for j in inside), n) if n else None


def mean_and_deviations(known, sd, ddof):
    mean = sum(known) / len(known)
    if not sd:
        return mean
    if len(known) <= ddof:
        return None
    variance = sum((v - mean) ** 2 for v in known) / (len(known) - ddof)
    with localcontext() as context:
        context.prec = 60
        root = (Decimal(variance.numerator) / Decimal(variance.denominator)).sqrt()
    return mean + sd * Fraction(root)


def quantile(known, q, kind):
    """Hyndman & Fan 1996, table 1: p(k) = (k - alpha) / (m + 1 - alpha - beta)."""
    alpha, beta = {
        4: (0, 1),
        5: (Fraction(1, 2), Fraction(1, 2)),
        6: (0, 0),
        7: (1, 1),
        8: (Fraction(1, 3), Fraction(1, 3)),
        9: (Fraction(3, 8), Fraction(3, 8)),
    }[kind]
    x, m = sorted(known), len(known)
    place = min(max(alpha + q * (m + 1 - alpha - beta), 1), m)
    k = floor(place)
    return x[k - 1] if k == m else x[k - 1] + (place - k) * (x[k] - x[k - 1])


def rounded(number, digits):
    """Round half up, away from 0."""
    step = Fraction(1, 10**digits) if digits >= 0 else Fraction(10**-digits)
    size = floor(abs(number) / step + Fraction(1, 2)) * step
    return size if number >= 0 else -size


def among_worst(condition, column, town):
    highest = column.direction != -1 if condition.highest is None else condition.highest
    units = town.units[condition.by] if condition.by else [0] * town.size
    found = [None] * town.size
    for unit in set(units) - {-1}:
        inside = [i for i in range(town.size) if units[i] == unit and column.values[i] is not None]
        if inside:
            need = {i: column.values[i] if highest else -column.values[i] for i in inside}
            found = [
                need[i] in worst_values(condition, list(need.values())) if i in need else v for i, v in enumerate(found)
            ]
    return found


def worst_values(condition, need):
    """Return the values that are among the worst."""
    m = len(need)
    if condition.share is None:
        wanted = min(condition.n, m)
    else:
        exact = Fraction(condition.share) * m
        wanted = {"floor": floor(exact), "ceil": ceil(exact), "half_up": floor(exact + Fraction(1, 2))}[condition.count]
        wanted = max(wanted, 1)
    limit = sorted(need, reverse=True)[wanted - 1]
    in_all = [v for v in need if v >= limit]
    if len(in_all) <= wanted:
        return in_all
    fits = condition.ties == "in" and len(in_all) <= Fraction(condition.most) * wanted and limit > min(need)
    return in_all if fits else [v for v in need if v > limit]
