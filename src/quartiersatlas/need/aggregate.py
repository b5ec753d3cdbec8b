"""Several members of a group as one value. All functions work on arrays of shape (members, ..., n_areas)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.errors import SpecError

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK = 100_000  # comparisons of areas held at a time


def aggregated(
    parts: NDArray[np.float64], weights: NDArray[np.float64], method: str, name: str, *, strict: bool = True
) -> NDArray[np.float64]:
    """Aggregate the members of a group.

    Parameters
    ----------
    parts : array of float, shape (members, ..., n_areas)
        On one scale, higher is more need; NaN where unknown: the other members share the weight.
    weights : array of float, shape (members,) or (members, replications)
        Above 0.
    method : {"sum", "arithmetic", "geometric", "mazziotta_pareto", "copeland", "count"}
        How.
    name : str
        Name of the group, for the message.
    strict : bool
        Whether values that a geometric or Mazziotta-Pareto mean cannot take are refused; if not, the areas have NaN.

    Returns
    -------
    array of float, shape (..., n_areas)
        NaN where no member is known.

    Raises
    ------
    SpecError
        Strict, and the mean needs values above 0.
    """
    weights = weights.reshape(weights.shape + (1,) * (parts.ndim - weights.ndim))
    known = ~np.isnan(parts)
    if method in ("sum", "count"):
        total = np.nansum(weights * parts, axis=0)
        present = (weights * known).sum(axis=0)
        # a sum over fewer members is brought to the weight of all of them
        complete = known.all(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            whole: NDArray[np.float64] = np.where(complete, total, total * weights.sum(axis=0) / present)
        return whole
    if method == "copeland":
        return copeland(parts, weights)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = weights * known / (weights * known).sum(axis=0)
    if method == "geometric":
        able = _above_zero(parts, name, strict=strict)
        logs: NDArray[np.float64] = np.exp(np.nansum(shares * np.log(np.where(able, parts, np.nan)), axis=0))
        return np.where(known.any(axis=0) & able.all(axis=0), logs, np.nan)
    mean: NDArray[np.float64] = np.where(known.any(axis=0), np.nansum(shares * parts, axis=0), np.nan)
    if method == "arithmetic":
        return mean
    mean = np.where(_above_zero(mean, name, strict=strict), mean, np.nan)
    # Mazziotta-Pareto with plus: M + S^2 / M; uneven profiles count as more need
    variance = np.nansum(shares * (parts - mean) ** 2, axis=0)
    uneven: NDArray[np.float64] = mean + variance / mean
    return uneven


def effective_weights(parts: NDArray[np.float64], weights: NDArray[np.float64], method: str) -> NDArray[np.float64]:
    """Return the weight with which each known member enters a mean or a sum, shape (members, n_areas); else 0."""
    known = ~np.isnan(parts)
    present = np.where(known.any(axis=0), (weights[:, None] * known).sum(axis=0), np.nan)
    total = weights.sum() if method in ("sum", "count") else 1.0
    return np.nan_to_num(weights[:, None] * known / present * total)


def copeland(parts: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how many areas an area outranks, minus how many outrank it, shape (..., n_areas).

    Area i outranks j where the weights of the members in which i is higher exceed those in which it is lower; an
    unknown value is neither. Weights have the shape (members, ..., 1).
    """
    k, n = len(parts), parts.shape[-1]
    shape = np.broadcast_shapes(parts.shape, weights.shape)
    sets = np.broadcast_to(parts, shape).reshape(k, -1, n)
    shares = np.broadcast_to(weights, (*shape[:-1], 1)).reshape(k, -1)
    scores = [_copeland_of_one(sets[:, run], shares[:, run]) for run in range(sets.shape[1])]
    return np.stack(scores).reshape(shape[1:])


def _copeland_of_one(parts: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compare all pairs of areas, some rows at a time, so that they stay in the cache."""
    n = parts.shape[-1]
    tiny = 1e-12 * weights.sum()  # equal weights such as three times 1/3 must tie exactly
    score = np.empty(n)
    rows = max(1, BLOCK // n)
    for start in range(0, n, rows):
        mine = parts[:, start : start + rows, None]
        ahead = np.zeros((mine.shape[1], n))
        for own, others, weight in zip(mine, parts, weights, strict=True):
            ahead += weight * ((own > others).view(np.int8) - (own < others).view(np.int8))
        score[start : start + rows] = (ahead > tiny).sum(axis=-1) - (ahead < -tiny).sum(axis=-1)
    return score


def _above_zero(values: NDArray[np.float64], name: str, *, strict: bool) -> NDArray[np.bool_]:
    """Return where values are above 0 or unknown; others are refused, if strict."""
    if strict and np.any(values <= 0):
        raise SpecError(
            f"{name!r}: {int(np.sum(values <= 0))} values are not above 0 and cannot be aggregated this way. "
            f"Take a scale above 0."
        )
    able: NDArray[np.bool_] = ~(values <= 0)
    return able
