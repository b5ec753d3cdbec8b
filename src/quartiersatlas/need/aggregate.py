"""Several members of a group as one value. All functions work on arrays of shape (members, ..., n_areas)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.errors import SpecError

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK = 4_000_000  # comparisons of areas held at a time


def aggregated(parts: NDArray[np.float64], weights: NDArray[np.float64], method: str, name: str) -> NDArray[np.float64]:
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

    Returns
    -------
    array of float, shape (..., n_areas)
        NaN where no member is known.
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
        _need_positive(parts, name)
        logs: NDArray[np.float64] = np.exp(np.nansum(shares * np.log(parts), axis=0))
        return np.where(known.any(axis=0), logs, np.nan)
    mean: NDArray[np.float64] = np.where(known.any(axis=0), np.nansum(shares * parts, axis=0), np.nan)
    if method == "arithmetic":
        return mean
    _need_positive(mean, name)
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
    """Return how many areas an area outranks, minus how many outrank it.

    Area i outranks j where the weights of the members in which i is higher exceed those in which it is lower. An area
    in which a member is unknown is NaN and is compared with no other.
    """
    n = parts.shape[-1]
    known = ~np.isnan(parts).any(axis=0)
    parts = np.where(known, parts, np.nan)
    score = np.empty(parts.shape[1:])
    others = parts[..., None, :]
    rows = max(1, BLOCK // max(1, parts.size // n * n))
    for start in range(0, n, rows):
        own = parts[..., start : start + rows, None]
        ahead = np.nansum(weights[..., None] * np.sign(own - others), axis=0)
        # equal weights such as three times 1/3 must tie exactly
        ahead[np.abs(ahead) < 1e-12 * np.abs(weights).sum(axis=0)[..., None]] = 0.0
        score[..., start : start + rows] = np.sign(ahead).sum(axis=-1)
    return np.where(known, score, np.nan)


def _need_positive(values: NDArray[np.float64], name: str) -> None:
    if np.any(values <= 0):
        raise SpecError(
            f"{name!r}: {int(np.sum(values <= 0))} values are not above 0 and cannot be aggregated this way. "
            f"Take a scale above 0."
        )
