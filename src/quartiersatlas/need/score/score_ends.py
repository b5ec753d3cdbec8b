"""The lowest and the highest score and class that indicators leave possible which lie between two ends.

Each step is followed by bounds: what it returns for the true values lies between them, whatever these are.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.base.equal import PLACE
from quartiersatlas.errors import SpecError
from quartiersatlas.need.score.scales import ROUNDING, Scale, normalise, quantiles, ranks_among, rounded
from quartiersatlas.need.score.scores import aggregated, class_numbers, present_share, scale_of, treated
from quartiersatlas.need.spec.records import NeedGroup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from quartiersatlas.need.score.scores import ScoringContext
    from quartiersatlas.need.spec.records import NeedAxis, NeedIndicator
    from quartiersatlas.need.spec.steps import Normalise

    Array = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Ends = tuple[Array, Array]

MONOTONE = ("sum", "arithmetic", "geometric", "harmonic", "product", "count")  # grow with each part


class NotFollowedError(SpecError):
    """A step of an index has no bounds here."""


def score_ends(axis: NeedAxis, columns: Mapping[str, Ends], city: Mapping[str, Ends], context: ScoringContext) -> Ends:
    """Return the lowest and the highest score of each area.

    Parameters
    ----------
    axis : NeedAxis
        The rules.
    columns : mapping of str to (array, array), each of shape (..., n_areas)
        Lowest and highest value of every indicator, in its own unit and direction.
    city : mapping of str to (array, array), each of shape () or (..., 1)
        Lowest and highest city value of those that have one.
    context : ScoringContext
        Residents, which are taken as they are, and higher levels.

    Returns
    -------
    tuple of two arrays, shape (..., n_areas)

    Raises
    ------
    NotFollowedError
        A step does not grow with each value, and has no bounds here: winsorising, Copeland and Mazziotta-Pareto, ranks
        among values above 0, gaps that are rescaled; or an end is infinite.
    """
    found = _scaled(_group(axis, columns, city, context), axis.standardise, *[context.scale(axis.id)] * 2)
    if any(bool(np.isinf(end).any()) for end in found):
        raise NotFollowedError(f"{axis.id!r}: the bounds of a score are infinite.")
    return found


def _group(group: NeedGroup, columns: Mapping[str, Ends], city: Mapping[str, Ends], context: ScoringContext) -> Ends:
    """Return the ends of the aggregated value of a group."""
    parts = [_part(member, group.normalise, columns, city, context) for member in group.members]
    shares = np.array([member.weight for member in group.members])
    if group.aggregate not in MONOTONE:
        raise NotFollowedError(f"{group.id!r}: {group.aggregate} does not grow with each part.")
    if group.incomplete == "rescale" and any(bool(np.isnan(low).any()) for low, _ in parts):
        raise NotFollowedError(f"{group.id!r}: gaps are rescaled by what the complete areas have.")
    found = []
    for end, worst in ((0, -np.inf), (1, np.inf)):
        every = np.stack([part[end] for part in parts])
        value = aggregated(every, shares, group.aggregate, group.id, strict=False)
        known = present_share(group, every) >= group.min_present - 1e-12
        found.append(np.where(known, np.where(np.isnan(value), worst, value), np.nan))
    return found[0], found[1]


def _part(
    member: NeedIndicator | NeedGroup,
    rule: Normalise,
    columns: Mapping[str, Ends],
    city: Mapping[str, Ends],
    context: ScoringContext,
) -> Ends:
    """Return the ends of a member on the scale of its group."""
    if isinstance(member, NeedGroup):
        return _scaled(_group(member, columns, city, context), rule, *[context.scale(member.id)] * 2)
    if member.transform == "winsorise":
        raise NotFollowedError(f"{member.id!r}: which values are pulled in depends on all of them.")
    ends = [member.direction * treated(member, end, strict=False) for end in columns[member.id]]
    cities = city.get(member.id, (None, None))
    scales = [
        scale_of(member, replace(context, strict=False, city={} if one is None else {member.id: one})) for one in cities
    ]
    step = member.direction
    low, high = ends[::step]
    return _scaled((low, high), rule, *scales[::step])


def _scaled(ends: Ends, rule: Normalise, low_scale: Scale, high_scale: Scale) -> Ends:
    """Return the ends of values on a scale, each compared with the other ends of all others."""
    low_scale, high_scale = (replace(scale, strict=False) for scale in (low_scale, high_scale))
    if not rule.by:
        return _scaled_among(ends, rule, low_scale, high_scale)
    units = low_scale.units[rule.by]
    found = np.full(ends[0].shape, np.nan), np.full(ends[0].shape, np.nan)
    for unit in np.unique(units):
        inside = np.flatnonzero(units == unit)
        scales = [
            replace(one, units={}, residents=None if one.residents is None else one.residents[inside])
            for one in (low_scale, high_scale)
        ]
        some = _scaled_among((ends[0][..., inside], ends[1][..., inside]), replace(rule, by=""), *scales)
        for whole, part in zip(found, some, strict=True):
            whole[..., inside] = part
    return found


def _scaled_among(ends: Ends, rule: Normalise, low_scale: Scale, high_scale: Scale) -> Ends:
    low, high = ends
    if np.isinf(low).any() or np.isinf(high).any():
        raise NotFollowedError(f"{low_scale.name!r}: the bounds are infinite.")
    if rule.among == "positive":
        raise NotFollowedError(f"{low_scale.name!r}: how many values are above 0 is open.")
    if rule.method == "z" and rule.reference != "fixed":
        found = _z_ends(ends, rule, low_scale, high_scale)
        if np.isinf(found[0]).any() or np.isinf(found[1]).any():
            raise NotFollowedError(f"{low_scale.name!r}: values may all be the same.")
        return found if rule.digits is None else (rounded(found[0], rule.digits), rounded(found[1], rule.digits))
    found = _normalised(low, rule, high_scale, high), _normalised(high, rule, low_scale, low)
    ends_of = {"minmax": (rule.low, rule.high), "percentile": (0.0, 1.0), "maximum": (-np.inf, rule.high)}
    if rule.method not in ends_of or rule.n is not None:
        return found
    least, most = ends_of[rule.method]
    same = [np.nanmax(end, axis=-1, keepdims=True) <= np.nanmin(end, axis=-1, keepdims=True) for end in (high, low)]
    bottom, top = (  # at an end where all are the same there is nothing to compare with
        np.where(all_same, np.where(np.isnan(low), np.nan, worst), np.clip(end, least, most))
        for all_same, worst, end in zip(same, (least, most), found, strict=True)
    )
    return bottom, top


def _normalised(values: Array, rule: Normalise, scale: Scale, among: Array) -> Array:
    """Put values on a scale that comes from others, row by row where it is one of ranks."""
    if rule.method == "none":
        return normalise(values, rule, scale)
    if values.ndim == 1 or rule.method not in ("rank", "percentile", "exponential"):
        return normalise(values, rule, scale, among)
    return np.stack([normalise(row, rule, scale, others) for row, others in zip(values, among, strict=True)])


def _z_ends(ends: Ends, rule: Normalise, low_scale: Scale, high_scale: Scale) -> Ends:
    """Return bounds of z-scores: those of the distance from the centre, by those of the deviation.

    The own value is a part w of a mean of areas: the distance is ``(1 - w) x`` less the parts of all others.
    """
    low, high = ends
    known = ~np.isnan(low)
    people = np.where(known, 1.0 if rule.weighting == "none" else np.asarray(low_scale.residents, dtype=float), 0.0)
    share = people / people.sum(axis=-1, keepdims=True)
    wide = high - low
    if rule.reference == "city":
        centre = _city_of(low_scale), _city_of(high_scale)
        apart = low - centre[1], high - centre[0]
        far = np.fmax(np.abs(apart[0]), np.abs(apart[1]))
        least, most = _deviation(_beyond(low, high, centre), share, rule.ddof), _deviation(far, share, rule.ddof)
    else:
        centre, (least, most) = spread_ends(low, high, rule.ddof, share)
        apart = low - centre[1] + share * wide, high - centre[0] - share * wide
    with np.errstate(divide="ignore", invalid="ignore"):
        z = apart[0] / np.where(apart[0] < 0, least, most), apart[1] / np.where(apart[1] > 0, least, most)
    largest = np.where(known, np.abs(high), 0.0).max(axis=-1, keepdims=True)
    same = known & (most <= ROUNDING * largest)  # all of them, whatever they are
    z = np.where(same, 0.0, z[0]), np.where(same, 0.0, z[1])
    return rule.centre + rule.spread * z[0], rule.centre + rule.spread * z[1]


def spread_ends(low: Array, high: Array, ddof: int, share: Array | None = None) -> tuple[Ends, Ends]:
    """Return the lowest and highest mean of values between two ends, and bounds of their standard deviation.

    ``share`` has the weights of the values, which add up to 1; without them all count alike.

    Notes
    -----
    A sum of squares around the mean is the smallest of those around any number t. So it is at most that of the farther
    ends around one t, and at least that of what is left of all distances once t may be another one for each value.

    Examples
    --------
    >>> means, deviations = spread_ends(np.array([[1.0, 4.0]]), np.array([[1.0, 6.0]]), 0)
    >>> [round(float(end[0, 0]), 3) for end in (*means, *deviations)]
    [2.5, 3.5, 1.118, 2.55]
    """
    known = ~np.isnan(low)
    with np.errstate(all="ignore"):  # where there are no values, there is no mean
        share = known / known.sum(axis=-1, keepdims=True) if share is None else share
        means = _sum(share * low), _sum(share * high)
        middle = (means[0] + means[1]) / 2
        far = np.fmax(np.abs(low - middle), np.abs(high - middle))
        return means, (_deviation(_beyond(low, high, means), share, ddof), _deviation(far, share, ddof))


def _beyond(low: Array, high: Array, centre: Ends) -> Array:
    """Return how far each value lies from a centre at least."""
    return np.asarray(np.fmax(np.fmax(low - centre[1], centre[0] - high), 0.0))


def _deviation(apart: Array, share: Array, ddof: int) -> Array:
    """Return the standard deviation of values that lie so far from their centre."""
    number = (~np.isnan(apart)).sum(axis=-1, keepdims=True)
    return np.asarray(np.sqrt(_sum(share * apart**2) * number / np.where(number > ddof, number - ddof, np.nan)))


def _sum(parts: Array) -> Array:
    return np.asarray(np.nansum(parts, axis=-1, keepdims=True))


def _city_of(scale: Scale) -> Array:
    if scale.city is None:
        raise NotFollowedError(f"{scale.name!r} has no city value.")
    return np.asarray(scale.city, dtype=float)


def class_ends(axis: NeedAxis, ends: Ends) -> tuple[Ints, Ints]:
    """Return the lowest and the highest class number of each area; -1 where it has no score."""
    low, high = ends
    uppers = np.asarray(axis.uppers, dtype=float).reshape(-1, *(1,) * low.ndim)
    method = axis.breaks.method
    if method == "rank_share":
        rows = [one.reshape(-1, one.shape[-1]) for one in ends]
        found = [[_rank_class(a, b, axis) for a, b in zip(*pair, strict=True)] for pair in (rows, rows[::-1])]
        return np.array(found[0]).reshape(low.shape), np.array(found[1]).reshape(low.shape)
    limits = uppers, uppers
    if method == "quantile":
        limits = quantiles(low, uppers, axis.breaks.type), quantiles(high, uppers, axis.breaks.type)
    elif method == "sd":
        mean, (least, most) = spread_ends(low, high, 0)
        limits = (
            mean[0] + uppers * np.where(uppers > 0, least, most),
            mean[1] + uppers * np.where(uppers > 0, most, least),
        )
    return class_numbers(low, axis, limits=limits[1]), class_numbers(high, axis, limits=limits[0])


def _rank_class(own: Array, others: Array, axis: NeedAxis) -> Ints:
    """Return the class by the rank that each score has among the others'."""
    n, shares = int((~np.isnan(own)).sum()), np.asarray(axis.uppers, dtype=float)[:, None]
    if axis.breaks.closed == "upper":
        beyond = ranks_among(own, others, "min") > n * shares + PLACE
    else:
        beyond = ranks_among(-own, -others, "min") <= n * (1 - shares) + PLACE
    return np.where(np.isnan(own), -1, beyond.sum(axis=0, dtype=np.int64))
