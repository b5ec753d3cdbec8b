"""Whether a difference is more than chance: exact tests of one area, many tests at once, local clusters."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import SpecError
from quartiersatlas.need.score.score_ends import spread_ends
from quartiersatlas.screening.evaluation.evidence import unit_sums
from quartiersatlas.screening.evaluation.exact import EQUAL
from quartiersatlas.screening.language.rules import CITY, COMPUTED, REST, Compare, Hotspot

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quartiersatlas.screening.evaluation.evidence import Evidence, Measured

    Array = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.intp]


def p_values(condition: Compare, measured: Measured, evidence: Evidence, limit: Array) -> Array:
    """Return the one-sided p-value of each area against "not beyond the limit", shape (runs, n_areas).

    Notes
    -----
    Against a fixed limit p0 the count is Binomial(n, p0). Against the city (or a higher level) that the area belongs
    to, it is hypergeometric: x of n among X of N, which is Fisher's exact test against the rest.
    """
    _refuse_parts_of_persons(condition, measured)
    if not measured.whole or measured.x is None or measured.n is None or measured.summed:
        raise SpecError(
            f"{condition}: significant needs the counts of a rate, and {condition.indicator!r} has none. Compute it "
            f"from counts: add_rates(data, {{{condition.indicator!r}: (numerator, denominator)}})."
        )
    x, n = measured.x, np.where(measured.known, measured.n, 0)
    made = _made_of(condition, evidence)
    if made and (made[0] in COMPUTED[2:] or not isinstance(condition.limit.than, str)):
        raise SpecError(
            f"{condition}: significant has an exact test against a number, published values, the city, its rest and "
            f"higher levels, not against {made[0]!r} here. Leave it out, or compare with one of these."
        )
    if made:
        return _against_the_rest(condition, measured, evidence)
    found = binomial_tail(x, n, np.clip(limit / measured.per, 0, 1), upwards=condition.upwards)
    return np.asarray(np.where(measured.known & ~np.isnan(limit), found, np.nan), dtype=float)


def _refuse_parts_of_persons(condition: Compare, measured: Measured) -> None:
    """Refuse counts that are not whole: an exact test draws persons."""
    for name, part in zip(measured.columns, (measured.x, measured.n), strict=True):
        odd = [] if part is None else part[~np.isnan(part) & (part != np.rint(part))]
        if len(odd) and measured.earlier is None:
            raise SpecError(
                f"{condition}: an exact test draws whole persons, and {name or 'a count'!r} holds {odd[0]:.10g} "
                f"({count_noun(len(odd), 'area')} with decimals). Test the counts on the boundaries on which they were "
                f"counted, or leave out significant=."
            )


def _made_of(condition: Compare, evidence: Evidence) -> list[str]:
    """Return the names in a limit that are not published."""
    return [name for name in condition.limit.names if (name, condition.indicator) not in evidence.published]


def p_value_ends(condition: Compare, measured: Measured, evidence: Evidence, limit: Array) -> list[Array]:
    """Return the highest and the lowest p-value that counts leave possible which may be others than those that came.

    Both tests have a lower p-value with one case more and with one other person less in the area, and that against the
    rest with one case less and one other person more there.
    """
    low, high = measured.ends if condition.upwards else measured.ends[::-1]
    found = []
    for own, others in ((low, high), (high, low)):
        if _made_of(condition, evidence):
            found.append(_against_the_rest(condition, own, evidence, others))
        else:
            found.append(p_values(condition, own, evidence, limit))
    return found


def binomial_tail(x: Array, n: Array, share: Array, *, upwards: bool) -> Array:
    """Return the chance of at least (or at most) x of n at a fixed share."""
    from scipy.stats import binom

    return np.asarray(binom.sf(x - 1, n, share) if upwards else binom.cdf(x, n, share), dtype=float)


def tail(x: Array, people: Array, cases: Array, n: Array, *, upwards: bool) -> Array:
    """Return the chance of at least (or at most) x cases among n people of all, who have so many cases."""
    from scipy.stats import hypergeom

    found = hypergeom.sf(x - 1, people, cases, n) if upwards else hypergeom.cdf(x, people, cases, n)
    return np.asarray(found, dtype=float)


def _against_the_rest(
    condition: Compare, measured: Measured, evidence: Evidence, others: Measured | None = None
) -> Array:
    limit = condition.limit
    if limit.factor != 1 or limit.plus or limit.digits is not None:
        raise SpecError(
            f"{condition}: significant asks whether the area differs from {limit.than!r}; with factor, plus or digits "
            f"there is no exact test. Leave these out, or compare with a number."
        )
    if measured.published is not None:
        raise SpecError(f"{condition}: significant needs the counts of the city, and only its value is published.")
    everywhere = np.zeros(evidence.n_areas, dtype=np.int64)
    units = everywhere if limit.than in (CITY, REST) else evidence.levels[str(limit.than)]
    known = measured.known & (units >= 0)[None, :]
    x, n = (np.where(known, part, 0.0) for part in (measured.x, measured.n) if part is not None)
    cases, people = unit_sums(x, units), unit_sums(n, units)
    if others is not None:
        more = [np.where(known, part, 0.0) for part in (others.x, others.n) if part is not None]
        cases, people = (unit_sums(part, units) - part + own for part, own in zip(more, (x, n), strict=True))
    test = tail(x, people, cases, n, upwards=condition.upwards)
    return np.asarray(np.where(known, test, np.nan), dtype=float)


def passing(p: Array, tested: Bools, level: float, correction: str) -> Bools:
    """Return which tests reject, run by run: each alone, or with Benjamini & Hochberg over the areas tested.

    Of m p-values in ascending order the first k reject, with the largest k such that ``p_k <= level k / m``.
    """
    p = np.where(tested & ~np.isnan(p), p, np.inf)
    level = level * (1 + EQUAL)
    if correction == "none":
        return np.asarray(p <= level)
    m = np.isfinite(p).sum(axis=-1, keepdims=True)
    ordered = np.sort(p, axis=-1)
    place = np.arange(1, p.shape[-1] + 1)[None, :]
    below = np.where(ordered <= level * place / np.maximum(m, 1), ordered, -np.inf)
    return np.asarray(p <= below.max(axis=-1, keepdims=True, initial=-np.inf))


def hotspot_p_values(condition: Hotspot, values: Array, one: Ints, other: Ints) -> Array:
    """Return the one-sided p-value of each area for a cluster of high values; NaN without a value or neighbours."""
    found = [_clusters(condition, row, row, (_spread(row), _spread(row)), one, other) for row in values]
    return np.array(found)


def hotspot_p_value_ends(condition: Hotspot, low: Array, high: Array, one: Ints, other: Ints) -> tuple[Array, Array]:
    """Return bounds of the p-values of values between two ends: the highest, where clusters are low, and the lowest."""
    _, (least, most) = spread_ends(low, high, 0)
    pairs = list(zip(least[:, 0].tolist(), most[:, 0].tolist(), strict=True))
    highest = [_clusters(condition, a, b, pair[::-1], one, other) for a, b, pair in zip(low, high, pairs, strict=True)]
    lowest = [_clusters(condition, b, a, pair, one, other) for a, b, pair in zip(low, high, pairs, strict=True)]
    return np.array(highest), np.array(lowest)


def _spread(values: Array) -> float:
    known = values[~np.isnan(values)]
    return float(known.std()) if len(known) else np.nan


def _clusters(
    condition: Hotspot, values: Array, background: Array, spread: tuple[float, float], one: Ints, other: Ints
) -> Array:
    """Return the p-values of clusters: values of each area and its neighbours, against the background of all others.

    Values and background differ where both are ends of what the values may be; so do the spreads that divide what is
    above the mean, and what is below it.
    """
    from scipy.stats import norm

    known = ~np.isnan(values)
    both = known[one] & known[other]
    first, second = np.concatenate([one[both], other[both]]), np.concatenate([other[both], one[both]])
    degree = np.bincount(first, minlength=len(values))
    sums, under = (
        np.asarray(np.bincount(first, part[second], minlength=len(values)), dtype=np.float64)
        for part in (values, background)
    )
    alone = ~known | (degree == 0)
    n = int(known.sum())
    least = ceil(n / Fraction(condition.fdr)) - 1  # the smallest p-value is 1 / (permutations + 1)
    if 0 < condition.permutations < least:
        raise SpecError(
            f"{condition}: with {n} areas and fdr={condition.fdr}, no single area could pass fewer than "
            f"{least:,} permutations."
        )
    every = np.concatenate([values[known], background[known]])
    if n < 2 or np.ptp(every) <= EQUAL * np.abs(every).max():  # noqa: PLR2004 - two areas can differ
        return np.where(alone, np.nan, 1.0)
    if condition.permutations:
        return np.where(alone, np.nan, _by_permutation(condition, values, background, degree, sums))
    # Gi*: the sum over the area itself and its neighbours, against the mean of all (Ord & Getis 1995)
    weight = degree + 1
    star, beneath = sums + np.where(known, values, 0), under + np.where(known, background, 0)
    above = star - weight * (background[known].mean() + (star - beneath) / n)
    scale = np.sqrt(np.maximum(n * weight - weight**2, 0) / (n - 1))
    error = scale * np.where(above > 0, *spread)
    without = np.where((scale > 0) & (above != 0), np.copysign(np.inf, above), 0.0)  # no spread is possible
    z = np.divide(above, error, out=without, where=error > 0)
    return np.where(alone, np.nan, norm.sf(z))


def _by_permutation(condition: Hotspot, values: Array, background: Array, degree: Ints, sums: Array) -> Array:
    """Return p-values from random neighbours: each area keeps its value, its neighbours are drawn from all others.

    All areas share the draws, from values in their order, so that the order of the areas changes nothing.
    """
    keys = np.flatnonzero(~np.isnan(values))
    pool = np.sort(background[keys])
    mean = pool.mean()
    found = np.ones(len(values))
    draws = _draws(condition.permutations, int(degree.max(initial=0)), len(pool) - 1)
    for i in keys:
        if not degree[i]:
            continue
        others = np.delete(pool, np.searchsorted(pool, background[i]))
        drawn = others[draws[:, : degree[i]]].sum(axis=1)
        beyond = (1 + (drawn >= sums[i] - 1e-12 * abs(sums[i])).sum()) / (condition.permutations + 1)
        high = values[i] > mean and sums[i] > mean * degree[i]
        found[i] = 1.0 if condition.statistic == "moran" and not high else beyond
    return found


def _draws(rows: int, many: int, of: int) -> Ints:
    """Return in each row so many different numbers below ``of``: rows in which two are equal are drawn again."""
    random = np.random.default_rng(0)
    if many**2 > of:  # equal ones are the rule
        return np.array([random.permutation(of)[:many] for _ in range(rows)], dtype=np.intp).reshape(rows, many)
    found = random.integers(of, size=(rows, many))
    again = np.arange(rows)
    while again.size:
        drawn = np.sort(found[again], axis=1)
        again = again[(drawn[:, 1:] == drawn[:, :-1]).any(axis=1)]
        found[again] = random.integers(of, size=(len(again), many))
    return found
