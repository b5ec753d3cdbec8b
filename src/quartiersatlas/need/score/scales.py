"""Values of areas on one scale, skew and outliers treated before; on the last axis, so that replicates are one call."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import prod
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from quartiersatlas.base.checks import count_noun
from quartiersatlas.base.equal import tolerance, whole_places
from quartiersatlas.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from quartiersatlas.need.spec.steps import Normalise

Ties = Literal["average", "min", "max"]

DECAY = 23.0  # constant of the exponential transformation of the English, Welsh and Scottish indices
FULL = 100.0
ROUNDING = 1e-12  # values that differ by less of their size are the same
MIDDLE = 0.5
CELLS = 2_000_000  # numbers ranked at a time


@dataclass(frozen=True, eq=False)
class Scale:
    """What a step needs to know beside the values: residents of the areas, city value and constants of the member.

    ``units`` holds for every higher level the number of the unit that each area lies in. Strict, values that do not
    tell areas apart are refused; otherwise nobody differs, see :func:`normalise`.
    """

    name: str
    residents: NDArray[np.float64] | None = None
    city: float | NDArray[np.float64] | None = None
    centre: float | None = None
    scale: float | None = None
    low: float | None = None
    high: float | None = None
    limit: float | None = None
    units: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    strict: bool = True


def normalise(
    values: NDArray[np.float64], rule: Normalise, scale: Scale, among: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Put values on the scale of a rule.

    Parameters
    ----------
    values : array of float, shape (..., n_areas)
        Higher is more need; NaN where unknown.
    rule : Normalise
        The scale.
    scale : Scale
        What the rule needs beside the values.
    among : array of float, shape (n_areas,), optional
        The values that means, deviations, extremes and ranks come from, if they are not the values themselves: each
        value is put on the scale as if its area alone had changed from ``among`` to it and the scale had stayed.

    Returns
    -------
    array of float, shape (..., n_areas)
        NaN where the value is. Where the scale is not strict, a set of values that are all the same gives a z-score
        of 0, the middle between the ends of ``minmax`` and of percentile ranks, and what the rule says elsewhere.

    Raises
    ------
    SpecError
        The scale is strict, and the values are the same in all areas or known in fewer than two.
    """
    scaled = _within(values, rule, scale, among) if rule.by else _scaled(values, rule, scale, among)
    return scaled if rule.digits is None else rounded(scaled, rule.digits)


def rounded(values: NDArray[np.float64], digits: int) -> NDArray[np.float64]:
    """Round half away from 0, as published tables do; a half that lost its last bit is a half.

    Examples
    --------
    >>> rounded(np.array([0.125, -2.5, 1.005]), 2).tolist()
    [0.13, -2.5, 1.01]
    """
    places = np.abs(values) * 10.0**digits
    whole: NDArray[np.float64] = np.floor(whole_places(places + MIDDLE))
    return np.sign(values) * whole / 10.0**digits + 0.0


def _scaled(
    values: NDArray[np.float64], rule: Normalise, scale: Scale, among: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """Put values on the scale of a rule that compares all areas, before rounding."""
    reference = values if among is None else among
    known = (~np.isnan(reference)).sum(axis=-1, keepdims=True)
    varies = _varies(reference)
    if scale.strict:
        _refuse_same(known, varies, rule, scale.name, values.shape[-1])
    if rule.method == "none":
        return values
    with np.errstate(invalid="ignore", divide="ignore"):  # what does not vary is replaced
        if rule.method == "z":
            return _z_scores(values, reference, rule, scale, varies)
        if rule.method in ("minmax", "maximum", "goalposts"):
            return _stretched(values, reference, rule, scale, varies)
        if rule.method == "above":
            limit = _threshold(reference, rule, scale)
            return _above(values, limit, tolerance(reference), closed=rule.compare == "at_least")
        return _ranked(values, rule, scale, among)


def _ranked(
    values: NDArray[np.float64], rule: Normalise, scale: Scale, among: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """Put values on a scale of ranks: published ones, those among the values above 0, or those of all."""
    if rule.n is not None:
        return _given(values, rule, scale)
    if rule.among == "positive":
        return _among_positive(values, rule, scale, among)
    reference = values if among is None else among
    known = (~np.isnan(reference)).sum(axis=-1, keepdims=True)
    rising = ranks(values, cast("Ties", rule.ties)) if among is None else ranks_among(values, among, rule.ties)
    return _by_rank(rising, known, rule, _varies(reference))


def _within(
    values: NDArray[np.float64], rule: Normalise, scale: Scale, among: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """Put the areas of each unit of a higher level on a scale of their own."""
    units = scale.units[rule.by]
    if (units < 0).any():
        has = count_noun(int((units < 0).sum()), "area that is scored has", "areas that are scored have")
        raise SpecError(f"{scale.name!r}: {has} no {rule.by!r}. Exclude them with their reason.")
    result = np.full(values.shape, np.nan)
    for unit in np.unique(units):
        inside = np.flatnonzero(units == unit)
        own = None if scale.residents is None else scale.residents[inside]
        here = replace(scale, residents=own, units={}, name=f"{scale.name} within {rule.by}")
        others = None if among is None else among[..., inside]
        result[..., inside] = _scaled(values[..., inside], replace(rule, by=""), here, others)
    return result


def _varies(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return whether the known values differ by more than rounding, shape (..., 1); False where none is known."""
    low, high = np.fmin.reduce(values, axis=-1, keepdims=True), np.fmax.reduce(values, axis=-1, keepdims=True)
    differ: NDArray[np.bool_] = high - low > ROUNDING * np.fmax(np.abs(low), np.abs(high))
    return differ


def _refuse_same(known: NDArray[np.int64], varies: NDArray[np.bool_], rule: Normalise, name: str, n: int) -> None:
    """Refuse values that are known in fewer than two areas, or that a scale cannot tell apart."""
    if known.min() < 2:  # noqa: PLR2004 - a single value is compared with nothing
        raise SpecError(
            f"{name!r} is known in {known.min()} of the {n} areas that are scored: there is nothing to compare. Leave "
            f"it out of the spec, or complete the data."
        )
    if rule.method != "none" and not varies.all():
        raise SpecError(_same(name, n))


def _same(name: str, n: int) -> str:
    return f"{name!r} is the same in all {n} areas: it cannot tell them apart. Leave it out."


def _z_scores(
    values: NDArray[np.float64],
    reference: NDArray[np.float64],
    rule: Normalise,
    scale: Scale,
    varies: NDArray[np.bool_],
) -> NDArray[np.float64]:
    centre, deviation = _centre_and_deviation(reference, rule, scale)
    if rule.reference != "fixed":
        # weighted by residents, areas may differ where nobody lives
        varies = varies & (deviation > np.abs(centre) * ROUNDING)
        if scale.strict and not varies.all():
            raise SpecError(_same(scale.name, values.shape[-1]))
        deviation = np.where(varies, deviation, np.nan)
        z = np.where(varies, (values - centre) / deviation, 0.0 * values)
    else:
        z = (values - centre) / deviation
    scaled: NDArray[np.float64] = rule.centre + rule.spread * z
    return scaled


def _centre_and_deviation(
    values: NDArray[np.float64], rule: Normalise, scale: Scale
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and standard deviation of the reference."""
    if rule.reference == "fixed":
        assert scale.centre is not None  # noqa: S101 - checked when the spec is read
        assert scale.scale is not None  # noqa: S101 - checked when the spec is read
        return np.asarray(scale.centre), np.asarray(scale.scale)
    weights = _weights(values, rule, scale)
    total = weights.sum(axis=-1, keepdims=True)
    mean = np.nansum(weights * values, axis=-1, keepdims=True) / total
    centre = np.asarray(_city(scale)) if rule.reference == "city" else mean
    squares = np.nansum(weights * (values - centre) ** 2, axis=-1, keepdims=True)
    known = (~np.isnan(values)).sum(axis=-1, keepdims=True)
    # with ddof 1 the weights count as if they summed to the number of areas
    return centre, np.sqrt(squares / total * known / (known - rule.ddof))


def _weights(values: NDArray[np.float64], rule: Normalise, scale: Scale) -> NDArray[np.float64]:
    if rule.weighting == "none":
        return (~np.isnan(values)).astype(float)
    if scale.residents is None:
        raise SpecError(
            f"{scale.name!r}: the spec weighs areas by residents. Name their column: "
            f"need_index(..., population='residents')."
        )
    unknown = int(np.isnan(scale.residents).sum())
    if unknown:
        raise SpecError(
            f"{scale.name!r}: the spec weighs areas by residents, and their number is unknown in "
            f"{unknown} of {len(scale.residents)} areas. Exclude these areas with their reason, or fill in the number."
        )
    if not scale.residents.sum() > 0:
        raise SpecError(f"{scale.name!r}: the spec weighs areas by residents, and nobody lives in any of them.")
    return np.where(np.isnan(values), 0.0, scale.residents)


def _city(scale: Scale) -> float | NDArray[np.float64]:
    if scale.city is None:
        raise SpecError(
            f"{scale.name!r} has no counts, so there is no city value to compare with. Add it from counts: "
            f"add_rates(data, {{{scale.name!r}: (numerator, denominator)}}), or name them in the spec."
        )
    return scale.city


def _above(
    values: NDArray[np.float64], limit: NDArray[np.float64], same: NDArray[np.float64], *, closed: bool
) -> NDArray[np.float64]:
    """Return 1 beyond the threshold, and at it if closed; numbers that differ by rounding alone are equal."""
    equal = np.abs(values - limit) <= np.fmax(same, ROUNDING * np.fmax(np.abs(values), np.abs(limit)))
    beyond = (values > limit) & ~equal | (equal & closed)
    return np.where(np.isnan(values), np.nan, beyond)


def _threshold(values: NDArray[np.float64], rule: Normalise, scale: Scale) -> NDArray[np.float64]:
    if rule.reference == "city":
        return np.asarray(_city(scale))
    if rule.reference == "fixed":
        assert scale.limit is not None  # noqa: S101 - checked when the spec is read
        return np.asarray(scale.limit)
    if rule.reference == "quantile":
        limits: NDArray[np.float64] = quantiles(values, np.full((1,) * (values.ndim + 1), float(rule.q or 0)), NUMPY)
        return np.asarray(limits[0], dtype=float)
    known = ~np.isnan(values)
    mean: NDArray[np.float64] = np.nansum(values, axis=-1, keepdims=True) / known.sum(axis=-1, keepdims=True)
    return mean


def _stretched(
    values: NDArray[np.float64],
    reference: NDArray[np.float64],
    rule: Normalise,
    scale: Scale,
    varies: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Stretch between the extremes of the reference, or between goalposts, to the ends of the scale."""
    if rule.method == "goalposts":
        assert scale.low is not None  # noqa: S101 - checked when the spec is read
        assert scale.high is not None  # noqa: S101 - checked when the spec is read
        share = (values - np.asarray(scale.low)) / (np.asarray(scale.high) - np.asarray(scale.low))
        share = np.clip(share, 0.0, 1.0) if rule.beyond == "cap" else share
    elif rule.method == "maximum":
        return _of_maximum(values, reference, rule, scale)
    else:
        low = np.fmin.reduce(reference, axis=-1, keepdims=True)
        high = np.fmax.reduce(reference, axis=-1, keepdims=True)
        share = np.where(varies, (values - low) / (high - low), MIDDLE + 0.0 * values)
    result: NDArray[np.float64] = rule.low + (rule.high - rule.low) * share
    return result


def _of_maximum(
    values: NDArray[np.float64], reference: NDArray[np.float64], rule: Normalise, scale: Scale
) -> NDArray[np.float64]:
    """Return values as parts of the highest one, which gets the high end of the scale."""
    highest = np.fmax.reduce(reference, axis=-1, keepdims=True)
    if scale.strict and not (highest > 0).all():
        raise SpecError(f"{scale.name!r}: no value is above 0, so there is no maximum to divide by.")
    parts: NDArray[np.float64] = np.where(highest > 0, rule.high * values / highest, np.nan)
    return parts


def _given(values: NDArray[np.float64], rule: Normalise, scale: Scale) -> NDArray[np.float64]:
    """Return the scale of published ranks among n areas, of which these may be a part; turned ranks are negative."""
    n = float(rule.n or 0)
    ordered = np.where(values < 0, n + 1 + values, values)  # counted from least need
    odd = np.isfinite(values) & ~((ordered >= 1) & (ordered <= n))
    if scale.strict and odd.any():
        worst = float(np.abs(values[odd]).max())
        raise SpecError(
            f"{scale.name!r}: {count_noun(int(odd.sum()), 'value is', 'values are')} no rank among {rule.n} areas "
            f"(such as {worst:g}). Published ranks lie between 1 and n; without n, areas are ranked by the values."
        )
    return _by_rank(np.where(odd, np.nan, ordered), np.asarray(n), rule, np.asarray(True))  # noqa: FBT003 - an array


def _among_positive(
    values: NDArray[np.float64], rule: Normalise, scale: Scale, among: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """Return percentile ranks among the values above 0; a value of 0 gets 0."""
    if scale.strict and (values < 0).any():
        raise SpecError(f"{scale.name!r}: a value is below 0; among = 'positive' is for amounts, from 0 on.")
    above = np.where(values > 0, values, np.nan)
    plain = replace(rule, among="all")
    if among is not None:
        among = np.where(among > 0, among, np.nan)
    reference = above if among is None else among
    counted = (~np.isnan(reference)).sum(axis=-1, keepdims=True)
    if scale.strict and counted.min() < 2:  # noqa: PLR2004 - a single value is compared with nothing
        raise SpecError(f"{scale.name!r} is above 0 in {counted.min()} areas: there is nothing to compare.")
    with np.errstate(invalid="ignore", divide="ignore"):
        rising = ranks(above, cast("Ties", rule.ties)) if among is None else ranks_among(above, among, rule.ties)
        scaled = _by_rank(rising, counted, plain, _varies(reference))
    return np.where(values == 0, 0.0, scaled)


def _by_rank(
    rising: NDArray[np.float64], n: NDArray[np.int64] | NDArray[np.float64], rule: Normalise, varies: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return rank, percentile rank or the exponential transformation of the rank; the highest rank is most need."""
    if rule.method == "rank":
        return rising
    if rule.method == "percentile":
        percent: NDArray[np.float64] = np.where(varies, (rising - 1) / (n - 1), MIDDLE + 0.0 * rising)
        return percent
    # counted from the most deprived area (rank 1), R = (n - rank + shift) / n
    falling = n + 1 - rising
    shares: NDArray[np.float64] = (n - falling + rule.shift) / n
    return exponential(shares)


def ranks_among(values: NDArray[np.float64], among: NDArray[np.float64], ties: str = "average") -> NDArray[np.float64]:
    """Return the rank each area would have if it alone had another value and all others kept theirs.

    Parameters
    ----------
    values : array of float, shape (..., n_areas)
        The other values; NaN keeps NaN.
    among : array of float, shape (n_areas,)
        The values of all areas.
    ties : {"average", "min", "max"}
        Rank of equal values.

    Returns
    -------
    array of float, shape (..., n_areas)
        From 1 (lowest); the ranks of ``among`` where the value is the area's own.

    Examples
    --------
    >>> ranks_among(np.array([3.0, 9.0, 2.0]), np.array([3.0, 1.0, 3.0])).tolist()
    [2.5, 3.0, 2.0]
    """
    same = tolerance(among)
    ordered = np.sort(among[~np.isnan(among)])
    # the area itself is not among the others
    lower = np.searchsorted(ordered, values - same, side="left") - (among < values - same)
    up_to = np.searchsorted(ordered, values + same, side="right") - (among <= values + same)
    rank = {"average": 1 + (lower + up_to) / 2, "min": 1.0 + lower, "max": 1.0 + up_to}[ties]
    return np.where(np.isnan(values), np.nan, rank)


def exponential(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return -23 ln(1 - R (1 - exp(-100 / 23))): the worst tenth of the areas gets half of the scale.

    Parameters
    ----------
    share : array of float
        R in [0, 1]; 1 is the most deprived area.

    Returns
    -------
    array of float
        In [0, 100].

    References
    ----------
    .. [1] Ministry of Housing, Communities and Local Government (2019). The English Indices of Deprivation 2019:
           technical report.

    Examples
    --------
    >>> exponential(np.array([0.0, 0.9, 1.0])).round(3).tolist()
    [0.0, 50.427, 100.0]
    """
    transformed: NDArray[np.float64] = -DECAY * np.log(1 - share * (1 - np.exp(-FULL / DECAY)))
    return transformed + 0.0  # no negative zero


def ranks(values: NDArray[np.float64], ties: Ties = "average") -> NDArray[np.float64]:
    """Return ranks from 1 (lowest) along the last axis; values that differ by rounding alone tie, NaN keeps NaN.

    Examples
    --------
    >>> ranks(np.array([0.1 + 0.2 + 0.3, 0.1, 0.6])).tolist()
    [2.5, 1.0, 2.5]
    """
    n = values.shape[-1]
    rows = values.reshape(prod(values.shape[:-1]), n)
    ranked = np.empty(rows.shape)
    step = max(1, CELLS // max(n, 1))
    for start in range(0, len(rows), step):
        ranked[start : start + step] = _ranks_of_rows(rows[start : start + step], ties)
    return ranked.reshape(values.shape)


def _ranks_of_rows(rows: NDArray[np.float64], ties: Ties) -> NDArray[np.float64]:
    """Return the ranks of each row from a single sort of it."""
    n = rows.shape[1]
    order = np.argsort(rows, axis=1)  # NaN last
    ordered = np.take_along_axis(rows, order, axis=1)
    with np.errstate(invalid="ignore"):  # NaN is close to nothing
        same = (np.diff(ordered, axis=1) <= tolerance(rows)) | (ordered[:, 1:] == ordered[:, :-1])
    places = np.broadcast_to(np.arange(1.0, n + 1), rows.shape)
    if same.any():
        edge = np.ones((len(rows), 1), dtype=bool)
        first = np.maximum.accumulate(np.where(np.hstack([edge, ~same]), places, 0), axis=1)
        last = np.minimum.accumulate(np.where(np.hstack([~same, edge]), places, n)[:, ::-1], axis=1)[:, ::-1]
        places = {"min": first, "max": last}.get(ties, (first + last) / 2)
    ranked = np.empty(rows.shape)
    np.put_along_axis(ranked, order, places, axis=1)
    ranked[np.isnan(rows)] = np.nan
    return ranked


PLOTTING = {4: (0, 1), 5: (0.5, 0.5), 6: (0, 0), 7: (1, 1), 8: (1 / 3, 1 / 3), 9: (3 / 8, 3 / 8)}
"""Type of Hyndman and Fan -> (a, b) of its plotting positions."""
NUMPY = 7  # the type of numpy and spreadsheets


def quantiles(scores: NDArray[np.float64], shares: NDArray[np.float64], kind: int) -> NDArray[np.float64]:
    """Return quantiles along the last axis, of types 4 to 9 of Hyndman and Fan [1]_; NaN is left out.

    Parameters
    ----------
    scores : array of float, shape (..., n_areas)
        NaN where unknown.
    shares : array of float, shape (limits, ..., 1)
        In (0, 1); may differ from one set of scores to the next.
    kind : int
        Type 4 to 9; 7 is that of numpy and spreadsheets.

    Returns
    -------
    array of float, shape (limits, ..., 1)

    Notes
    -----
    With ``h = n p + a + p (1 - a - b)`` and ``j = floor(h)``: ``(1 - (h - j)) x_(j) + (h - j) x_(j + 1)``.

    References
    ----------
    .. [1] Hyndman, R. J. & Fan, Y. (1996). Sample quantiles in statistical packages. The American Statistician 50(4),
           361-365.

    Examples
    --------
    >>> quantiles(np.array([1.0, 2.0, 3.0, 10.0]), np.array([[0.5]]), 7).tolist()
    [[2.5]]
    """
    a, b = PLOTTING[kind]
    n = (~np.isnan(scores)).sum(axis=-1, keepdims=True)
    ordered = np.broadcast_to(np.sort(scores, axis=-1), np.broadcast_shapes((*shares.shape[:-1], 1), scores.shape))
    # 0.6 of 6 areas must not miss a whole place by the last bit
    place = np.clip(whole_places(n * shares + a + shares * (1 - a - b)), 1, n)
    below = np.floor(place).astype(np.int64)
    low = np.take_along_axis(ordered, below - 1, axis=-1)
    high = np.take_along_axis(ordered, np.minimum(below, n - 1), axis=-1)
    limits: NDArray[np.float64] = low + (place - below) * (high - low)
    return limits
