"""Where a rule holds: every condition in three-valued logic, for one run or many with the same code."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.base.equal import PLACE
from quartiersatlas.catalogue.kinds import a_kind
from quartiersatlas.errors import SpecError
from quartiersatlas.need.score.score_ends import spread_ends
from quartiersatlas.screening.evaluation.beside import BothWays, beside_values
from quartiersatlas.screening.evaluation.chance_tests import (
    hotspot_p_value_ends,
    hotspot_p_values,
    p_value_ends,
    p_values,
    passing,
)
from quartiersatlas.screening.evaluation.evidence import (
    Evidence,
    Measured,
    exact_per,
    no_counts,
    refuse_sums,
    unit_sums,
)
from quartiersatlas.screening.evaluation.exact import Fractions, nearly, rate_side, round_half_up, times, whole
from quartiersatlas.screening.evaluation.in_order import CappedAreas, members, open_places, within_cap, worst_by_unit
from quartiersatlas.screening.evaluation.precision import open_classes
from quartiersatlas.screening.evaluation.truth import Truth, k_true
from quartiersatlas.screening.language.rules import (
    CITY,
    MEAN,
    MEDIAN,
    QUANTILE,
    REST,
    Adjacent,
    Capped,
    Compare,
    Condition,
    Hotspot,
    InClass,
    Limit,
    Rule,
    WorseThanCity,
    Worst,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Held:
    """One condition as applied.

    Parameters
    ----------
    condition : Condition
        The condition.
    truth : Truth
        Where it holds, after its own rule for unknown values.
    values : array, shape (runs, n_areas)
        What was compared: numbers, NaN where unknown; or numbers of classes, -1 where unknown.
    limit : array of float, broadcastable to (runs, n_areas)
        What it was compared with; NaN where there is none, as for classes.
    judged : Truth
        Where it holds before its own rule for unknown values.
    undecided : array of bool
        Where the printed digits of the value leave open on which side of the limit it lies.
    class_ids : list of str
        The ids of the classes in the order of their numbers; empty where values are no classes.
    tied : tuple of (number, wanted, taken, value)
        Of worst areas: how many lie at the limit, how many were wanted, whether they are in, and their value.
    """

    condition: Condition
    truth: Truth
    values: Array | NDArray[np.int64]
    limit: Array
    judged: Truth
    undecided: Bools
    class_ids: Sequence[str] = ()
    tied: tuple[int, int, bool, float] | None = None


def evaluate(rule: Rule, evidence: Evidence) -> tuple[Truth, list[Held]]:
    """Return where a rule holds, and each of its conditions as applied.

    Raises
    ------
    SpecError
        A condition asks for what its indicator cannot have, such as a city value of a median.
    """
    known: dict[Condition, Held] = {}
    for condition in rule.conditions:
        if condition not in known:
            known[condition] = held(condition, evidence)
    found = [known[condition] for condition in rule.conditions]
    return combine(rule, [one.truth for one in found]), found


def combine(rule: Rule, truths: Sequence[Truth]) -> Truth:
    """Combine the outcomes of the conditions of a rule."""
    return rule.combine(truths, k_true, lambda part: ~part)


def held(condition: Condition, evidence: Evidence) -> Held:
    """Apply one condition."""
    if isinstance(condition, InClass):
        numbers, ids = evidence.classes[condition.axis]
        holds = np.isin(numbers, [list(ids).index(name) for name in condition.classes if name in ids])
        undecided = np.zeros_like(holds)
        if condition.axis in evidence.class_ends and condition.printed == "interval":
            wanted = np.isin(np.arange(len(ids)), [list(ids).index(name) for name in condition.classes])
            undecided = (numbers >= 0) & open_classes(wanted, *evidence.class_ends[condition.axis])
        truth = Truth.where(holds, (numbers >= 0) & ~undecided)
        return _held(condition, truth, numbers, np.full((1, 1), np.nan), undecided=undecided, class_ids=ids)
    if isinstance(condition, Adjacent):
        return _adjacent(condition, evidence)
    return _measured(condition, evidence.measured[condition.looks_at], evidence)


def _measured(condition: Condition, measured: Measured, evidence: Evidence) -> Held:
    """Apply a condition on an indicator."""
    match condition:
        case WorseThanCity():
            return _worse(condition, measured, evidence)
        case Compare():
            return _compared(condition, measured, evidence)
        case Worst():
            return _worst(condition, measured, evidence)
        case Hotspot():
            return _hotspots(condition, measured, evidence)
    assert isinstance(condition, Capped)  # noqa: S101 - there is nothing else
    return _capped(condition, measured, evidence)


def _held(
    condition: Condition,
    judged: Truth,
    values: Array | NDArray[np.int64],
    limit: Array,
    *,
    undecided: Bools | None = None,
    class_ids: Sequence[str] = (),
    tied: tuple[int, int, bool, float] | None = None,
) -> Held:
    unknown = ~judged.known
    truth = judged
    if condition.unknown == "yes":
        truth = Truth(judged.yes | unknown, judged.no)
    elif condition.unknown == "no":
        truth = Truth(judged.yes, judged.no | unknown)
    open_ = np.zeros_like(unknown) if undecided is None else undecided
    return Held(condition, truth, values, limit, judged, open_, class_ids, tied)


# --- a value and a limit ----------------------------------------------------------------------------------------------


def _worse(condition: WorseThanCity, measured: Measured, evidence: Evidence) -> Held:
    found = _compared(worse_as_comparison(condition, measured), measured, evidence)
    return Held(condition, found.truth, found.values, found.limit, found.judged, found.undecided)


def worse_as_comparison(condition: WorseThanCity, measured: Measured) -> Compare:
    """Return what "on the worse side of the city value" means for an indicator."""
    if measured.direction == 0:
        name = condition.indicator
        raise SpecError(
            f"{condition}: the catalogue says of no side of {name!r} that it is the worse one. Say it in the rule: "
            f"above({name!r}, than='city') or below({name!r}, than='city')."
        )
    word = "above" if measured.direction == 1 else "below"
    return Compare(word=word, indicator=condition.indicator, limit=Limit(CITY), unknown=condition.unknown)


def _compared(condition: Compare, measured: Measured, evidence: Evidence) -> Held:
    limit = limit_of(condition, measured, evidence)
    return compared_with(condition, measured, limit, evidence, limit_ends(condition, measured, evidence))


def compared_with(
    condition: Compare,
    measured: Measured,
    limit: Fractions | Array,
    evidence: Evidence,
    limits: tuple[Fractions | Array, Fractions | Array] | None = None,
) -> Held:
    """Compare an indicator with a limit, wherever that and its ends (:func:`limit_ends`) come from."""
    floats = limit.floats if isinstance(limit, Fractions) else limit
    known = measured.known & ~np.isnan(floats)
    if condition.min_denominator is not None:
        if measured.n is None or measured.summed:
            raise SpecError(f"{condition}: min_denominator needs a denominator, and {condition.indicator!r} has none.")
        known = known & (measured.n >= float(condition.min_denominator))
    is_open = measured.is_open and condition.printed == "interval"
    sides = (
        _sides(condition, measured, limits or (limit, limit)) if is_open else [_holds(condition, measured, limit)] * 2
    )
    if condition.significant is not None:
        p = p_values(condition, measured, evidence, floats)
        ends = p_value_ends(condition, measured, evidence, floats) if is_open else [p, p]
        level = float(condition.significant)
        sides = [holds & passing(p, known, level, condition.correction) for holds, p in zip(sides, ends, strict=True)]
    half = measured.half if condition.printed == "interval" else 0.0
    undecided = known & ((sides[0] != sides[1]) | (np.abs(measured.values - floats) < half * (1 - PLACE)))
    if is_open and condition.min_denominator is not None:
        enough = [np.asarray(end.n) >= float(condition.min_denominator) for end in measured.ends]
        undecided, known = undecided | (measured.known & (enough[0] != enough[1])), known | undecided
    return _held(condition, Truth.where(sides[0], known & ~undecided), measured.values, floats, undecided=undecided)


def _sides(condition: Compare, measured: Measured, limits: tuple[Fractions | Array, Fractions | Array]) -> list[Bools]:
    """Return what a comparison says where all counts speak against it, and where all speak for it."""
    found = [_holds(condition, end, one) for end, one in zip(measured.ends, limits[::-1], strict=True)]
    return found if condition.upwards else found[::-1]


def limit_ends(
    condition: Compare, measured: Measured, evidence: Evidence
) -> tuple[Fractions | Array, Fractions | Array] | None:
    """Return the lowest and the highest limit that the true counts may make; None where they are those that came.

    City, level, rest, mean, median and quantile grow with each numerator, and fall with each denominator.
    """
    if not measured.is_open or condition.printed == "exact" or isinstance(condition.limit.than, Decimal):
        return None
    limit = condition.limit
    if limit.sd:
        means, deviations = spread_ends(measured.ends[0].values, measured.ends[1].values, limit.ddof)
        by = float(limit.sd)
        low, high = (
            _finished(limit, mean + by * deviation)
            for mean, deviation in zip(means, deviations if by > 0 else deviations[::-1], strict=True)
        )
        return low, high
    parts = limit.than if isinstance(limit.than, tuple) else ((Decimal(1), str(limit.than)),)
    low, high = (
        _finished(limit, _mixed([(w, _named(name, condition, ends[0 if w > 0 else 1], evidence)) for w, name in parts]))
        for ends in (measured.ends, measured.ends[::-1])
    )
    return low, high


def _holds(condition: Compare, measured: Measured, limit: Fractions | Array) -> Bools:
    """Return where a value is on the side of its limit that fulfils the comparison."""
    if measured.whole and isinstance(limit, Fractions):
        assert measured.x is not None  # noqa: S101 - what whole says
        assert measured.n is not None  # noqa: S101 - likewise
        where = rate_side(whole(measured.x), whole(measured.n), exact_per(measured), limit)
    else:
        floats = limit.floats if isinstance(limit, Fractions) else limit
        where = nearly(measured.values, floats, size_of_terms(condition.limit, measured))
    upwards = where if condition.upwards else -where
    return np.asarray(upwards >= 0 if condition.closed else upwards > 0)


def limit_of(condition: Compare, measured: Measured, evidence: Evidence) -> Fractions | Array:
    """Return the limit of a comparison: fractions where it is made of counts or written, floats where it is computed.

    Both have a shape that broadcasts to (runs, n_areas).
    """
    return limit_from(condition.limit, lambda name: _named(name, condition, measured, evidence))


def size_of_terms(limit: Limit, measured: Measured) -> float | Array:
    """Return how large the numbers are that value and limit are sums of: a mean near 0, 0.5 median - 10."""
    size: float | Array = abs(float(limit.plus)) + measured.terms
    if MEAN in limit.names:
        values = np.where(measured.known, np.abs(measured.values), 0.0)
        size = size + values.max(axis=-1, keepdims=True, initial=0.0)
    return size


def limit_from(limit: Limit, named: Callable[[str], Fractions | Array]) -> Fractions | Array:
    """Return a limit, given what the names in it stand for."""
    if isinstance(limit.than, Decimal):
        base: Fractions | Array = Fractions.of(limit.than)
    elif isinstance(limit.than, str):
        base = named(limit.than)
    else:
        base = _mixed([(weight, named(name)) for weight, name in limit.than])
    return _finished(limit, base)


def _finished(limit: Limit, base: Fractions | Array) -> Fractions | Array:
    """Return what a limit is made of, times its factor, plus its number, rounded."""
    if isinstance(base, Fractions):
        found = base.scaled(limit.factor, limit.plus)
        return found if limit.digits is None else found.rounded(limit.digits)
    floats = float(limit.factor) * base + float(limit.plus)
    return floats if limit.digits is None else round_half_up(floats, limit.digits)


def _mixed(found: Sequence[tuple[Decimal, Fractions | Array]]) -> Fractions | Array:
    """Return the weighted sum of several limits."""
    exact = [one.scaled(weight, Decimal(0)) for weight, one in found if isinstance(one, Fractions)]
    if len(exact) == len(found):
        total = exact[0]
        for one in exact[1:]:
            total = total + one
        return total
    floats = [float(weight) * (one.floats if isinstance(one, Fractions) else one) for weight, one in found]
    return np.asarray(sum(floats[1:], start=floats[0]))


def _named(name: str, condition: Compare, measured: Measured, evidence: Evidence) -> Fractions | Array:
    """Return the limit that a name stands for."""
    if (name, condition.indicator) in evidence.published:
        return per_area(evidence.published[name, condition.indicator])
    if name in (MEAN, MEDIAN, QUANTILE):
        return _of_values(name, condition.limit, measured.values)
    refuse_sums(measured, condition.indicator, condition)
    if name == CITY and measured.published is not None:
        return Fractions.of(measured.published)
    if measured.x is None or measured.n is None:
        raise no_counts(measured, condition.indicator, name)
    if name in (CITY, REST):
        return city_limit(measured, np.zeros(evidence.n_areas, dtype=np.int64), rest=name == REST)
    return city_limit(measured, evidence.levels[name], rest=False)


def per_area(published: Sequence[Decimal | None]) -> Fractions:
    """Return published values, one for all or one per area, over one power of ten."""
    known = [value for value in published if value is not None]
    digits = max((max(0, -int(value.as_tuple().exponent)) for value in known), default=0)
    p = [0 if value is None else int(value * 10**digits) for value in published]
    there = np.array([[value is not None for value in published]])
    return Fractions(times(np.array([p], dtype=object), 1), times(10**digits, 1), there)


def city_limit(measured: Measured, units: NDArray[np.int64], *, rest: bool) -> Fractions | Array:
    """Return the value of the unit that each area lies in, from the counts of its areas; without its own, if rest.

    Areas without a value are in neither sum.
    """
    assert measured.x is not None  # noqa: S101 - checked by the caller
    assert measured.n is not None  # noqa: S101 - likewise
    inside = measured.known & (units >= 0)[None, :]
    if measured.whole:
        x, n = (np.where(inside, part, 0.0) for part in (measured.x, measured.n))
        cases, people = (whole(unit_sums(part, units)) for part in (x, n))
        if rest:
            cases, people = cases - whole(x), people - whole(n)
        a, b = Fraction(measured.per).as_integer_ratio()
        return Fractions(times(cases, a), times(people, b), (people > 0) & (units >= 0)[None, :])
    pairs = [(measured.x, measured.n), *([] if measured.earlier is None else [measured.earlier])]
    ratios = []
    for cases, people in pairs:
        x, n = np.where(inside, cases, 0.0), np.where(inside, people, 0.0)
        sums = [unit_sums(part, units) - (part if rest else 0) for part in (x, n)]
        there = (sums[1] > 0) & (units >= 0)[None, :]
        ratios.append(np.divide(sums[0], sums[1], out=np.full(sums[0].shape, np.nan), where=there))
    return np.asarray(measured.per * (ratios[0] if len(ratios) == 1 else ratios[0] - ratios[1]))


def _of_values(name: str, limit: Limit, values: Array) -> Array:
    """Return a mean, median or quantile of the known values of each run, shape (runs, 1)."""
    n = (~np.isnan(values)).sum(axis=-1, keepdims=True)
    if name == MEAN:
        x = np.where(np.isnan(values), 0.0, values)
        mean = np.divide(x.sum(axis=-1, keepdims=True), n, out=np.full(n.shape, np.nan), where=n > 0)
        if not limit.sd:
            return np.asarray(mean)
        squares = np.where(np.isnan(values), 0.0, (values - mean) ** 2).sum(axis=-1, keepdims=True)
        free = n - limit.ddof
        variance = np.divide(squares, free, out=np.full(n.shape, np.nan), where=free > 0)
        return np.asarray(mean + float(limit.sd) * np.sqrt(variance))
    if name == MEDIAN:
        return quantile(values, Fraction(1, 2), 7)
    assert limit.q is not None  # noqa: S101 - the door asks for it
    return quantile(values, Fraction(limit.q), limit.quantile_type)


PLACES = {4: (0, 1), 5: (0.5, 0.5), 6: (0, 0), 7: (1, 1), 8: (1 / 3, 1 / 3), 9: (3 / 8, 3 / 8)}  # alpha, beta


def quantile(values: Array, q: Fraction, kind: int) -> Array:
    """Return a quantile of Hyndman & Fan of the known values of each row, shape (rows, 1).

    The place is ``alpha + q (m + 1 - alpha - beta)``, with 1 <= place <= m; a place within 1e-9 of a whole number is
    that number.
    """
    ordered = np.sort(values, axis=-1)  # NaN last
    m = (~np.isnan(values)).sum(axis=-1, keepdims=True)
    lower, share = quantile_place(m, q, kind)
    first = np.take_along_axis(ordered, lower - 1, axis=-1)
    second = np.take_along_axis(ordered, np.minimum(lower, np.maximum(m, 1) - 1), axis=-1)
    found = np.where(share > 0, first + share * (second - first), first)
    return np.where(m > 0, found, np.nan)


def quantile_place(m: NDArray[np.int64], q: Fraction, kind: int) -> tuple[NDArray[np.int64], Array]:
    """Return the place of a quantile among m values in ascending order, counted from 1: its whole part and the rest."""
    alpha, beta = PLACES[kind]
    place = alpha + float(q) * (m + 1 - alpha - beta)
    place = np.where(np.abs(place - np.rint(place)) < PLACE, np.rint(place), place).clip(1, np.maximum(m, 1))
    lower = np.floor(place).astype(np.int64)
    return lower, place - lower


# --- the worst of the areas -------------------------------------------------------------------------------------------


def _worst(condition: Worst, measured: Measured, evidence: Evidence) -> Held:
    sign = worse_side(condition, measured)
    inside = _inner(condition, evidence)
    runs = max(len(measured.values), len(evidence.shift), 1 if inside is None else len(inside.yes))
    values = np.broadcast_to(sign * measured.values, (runs, evidence.n_areas))
    units = evidence.units(condition.by)
    sure, possible = members(values, units, inside)
    compared = np.where(sure, values, np.nan)
    holds, limit, tied = worst_by_unit(condition, compared, units, evidence.shift, measured.terms)
    rounded = measured.is_open and condition.printed == "interval"
    undecided = np.zeros(values.shape, dtype=bool)
    if rounded or (sure != possible).any():
        ends = [sign * end.values for end in measured.ends[::sign]] if rounded else [values, values]
        undecided = possible & open_places(condition, ends, (sure, possible), units, evidence.shift)
    if tied is not None:
        tied = (*tied[:3], sign * tied[3])
    if inside is not None:  # others are compared with nothing
        limit = np.where(possible, limit, np.nan)
    known = ~np.isnan(values) & (units >= 0)[None, :]
    no = known & ~possible  # not among those that are compared
    truth = Truth(sure & holds & ~undecided, no | (sure & ~holds & ~undecided))
    return _held(condition, truth, sign * values, sign * limit, undecided=undecided & rounded, tied=tied)


def _inner(condition: Condition, evidence: Evidence) -> Truth | None:
    """Return where the rule inside a condition holds; None where there is none."""
    if condition.inner is None:
        return None
    settled = evidence.inside.get(condition.inner)
    return evaluate(condition.inner, evidence)[0] if settled is None else settled


def worse_side(condition: Worst | Hotspot | Capped, measured: Measured) -> int:
    """Return 1 where the highest values are the worst, -1 where the lowest are."""
    if condition.highest is not None:
        return 1 if condition.highest else -1
    if not measured.valued:
        raise SpecError(
            f"{condition}: the catalogue values neither side of {condition.looks_at!r}, which describes the "
            f"population and is no need. Say which values you look for: highest=True or highest=False."
        )
    return -1 if measured.direction == -1 else 1


# --- as many as there may be, and beside others ----------------------------------------------------------------------


def _capped(condition: Capped, measured: Measured, evidence: Evidence) -> Held:
    """Hold where an area of a rule comes before there are too many persons."""
    people, sign, inside = evidence.measured[condition.of], worse_side(condition, measured), _inner(condition, evidence)
    if people.kind != "count":
        kind = a_kind(people.kind) if people.kind else "no count"
        raise SpecError(
            f"{condition}: {condition.of!r} is {kind}; a cap adds up persons: of= takes a column of counts."
        )
    assert inside is not None  # noqa: S101 - it has a rule
    rounded = condition.printed == "interval"
    order = (
        [sign * end.values for end in measured.ends[::sign]]
        if rounded and measured.is_open
        else [sign * measured.values] * 2
    )
    persons = [end.values for end in people.ends] if rounded and people.is_open else [people.values] * 2
    shape = (max(map(len, (inside.yes, evidence.shift, *order, *persons))), evidence.n_areas)
    units = evidence.units(condition.by)
    found = within_cap(
        condition,
        CappedAreas(
            sure=np.broadcast_to(inside.yes, shape),
            possible=np.broadcast_to(~inside.no, shape),
            order=[np.broadcast_to(one, shape) for one in order],
            persons=[np.broadcast_to(one, shape) for one in persons],
        ),
        units,
        evidence.shift,
    )
    truth = Truth(found.yes, found.no)
    undecided = ~truth.known & ((order[0] != order[1]) | (persons[0] != persons[1]) | measured.is_open | people.is_open)
    undecided &= rounded & measured.known & people.known & inside.known
    return _held(condition, truth, measured.values, sign * found.last, undecided=undecided)


def _adjacent(condition: Adjacent, evidence: Evidence) -> Held:
    """Hold where enough neighbours meet a rule."""
    assert evidence.neighbours is not None  # noqa: S101 - screen() brings them
    inside = _inner(condition, evidence)
    assert inside is not None  # noqa: S101 - it has a rule
    pairs = evidence.neighbours() if condition.contact == "border" else evidence.neighbours(condition.contact)
    ends = BothWays.of(pairs, evidence.n_areas)
    yes, no = inside.yes[:, ends.other], inside.no[:, ends.other]
    undecided = np.zeros((1, evidence.n_areas), dtype=bool)
    if condition.compare:
        sure, never, is_open = beside_values(condition, evidence.measured[condition.indicator], ends)
        undecided = ends.count(is_open & ~no) > 0
        yes, no = yes & sure, no | never
    enough = ends.enough(ends.count(yes), condition)
    possible = ends.enough(ends.degree - ends.count(np.broadcast_to(no, yes.shape)), condition)
    truth = Truth(enough, ~possible)
    value = ends.count(yes).astype(float) if condition.share is None else ends.share_of(ends.count(yes))
    limit = np.full((1, 1), float(condition.n if condition.share is None else 100 * condition.share))
    return _held(condition, truth, value, limit, undecided=undecided & ~truth.known)


# --- clusters ---------------------------------------------------------------------------------------------------------


def _hotspots(condition: Hotspot, measured: Measured, evidence: Evidence) -> Held:
    assert evidence.neighbours is not None  # noqa: S101 - screen() brings them
    sign, pairs = worse_side(condition, measured), evidence.neighbours()
    p = hotspot_p_values(condition, sign * measured.values, *pairs)
    known = ~np.isnan(p)
    holds = passing(p, known, float(condition.fdr), "bh")
    undecided = np.zeros_like(holds)
    if measured.is_open and condition.printed == "interval":
        least, most = (sign * end.values for end in measured.ends[::sign])
        ends = hotspot_p_value_ends(condition, least, most, *pairs)
        sure, possible = (passing(one, known, float(condition.fdr), "bh") for one in ends)
        undecided = known & (sure != possible)
    limit = np.full((1, 1), np.nan)
    return _held(condition, Truth.where(holds, known & ~undecided), measured.values, limit, undecided=undecided)
