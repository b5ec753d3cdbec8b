"""What the rates of all areas say about the rate of one: a prior fitted to the areas, and the posterior it leads to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Bools = NDArray[np.bool_]

FEWEST = 10  # areas: of fewer, the spread between areas is a guess
JEFFREYS = (0.5, 0.5)
MOST_ALIKE = 1000.0  # a prior that weighs this many times the largest area: all rates are the same
HIGHEST = 0.98  # correlation of two indicators over the areas: they are never the same
SPARSE = 2.0  # below, the normal place of a rate is looked up and not approximated
NOBODY = 1e-6
NODES = np.linspace(-4.5, 4.5, 73)


class Prior(NamedTuple):
    """``Beta(a, b)`` of the rates of an indicator, and whether it was fitted to the areas."""

    a: float
    b: float
    fitted: bool


def fit_prior(count: Array, total: Array) -> Prior:
    """Fit a beta distribution to the rates of areas, of which the counts are binomial draws.

    Parameters
    ----------
    count, total : array of float, shape (n_areas,)
        Known counts, totals above 0.

    Returns
    -------
    Prior
        The maximum of the beta-binomial likelihood ``prod_i B(x_i + a, n_i - x_i + b) / B(a, b)``; ``Beta(1/2, 1/2)``
        where there are fewer than ten areas, no case or no other person, or the search comes to no end.

    References
    ----------
    .. [1] Griffiths, D. A. (1973). Maximum likelihood estimation for the beta-binomial distribution and an application
           to the household distribution of the total number of cases of a disease. Biometrics 29(4), 637-648.
    """
    from scipy.optimize import minimize
    from scipy.special import betaln, expit, logit

    cases, people = count.sum(), total.sum()
    if len(count) < FEWEST or cases <= 0 or cases >= people:
        return Prior(*JEFFREYS, fitted=False)
    most = np.log(MOST_ALIKE * total.max())

    def parameters(place: Array) -> tuple[float, float]:
        size = np.exp(np.clip(place[1], -3.0, most))
        return float(expit(place[0]) * size), float(expit(-place[0]) * size)

    def loss(place: Array) -> float:
        a, b = parameters(place)
        return float((betaln(a, b) - betaln(count + a, total - count + b)).sum())

    start = np.array([logit(cases / people), np.log(20.0)])
    found = minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-4, "maxiter": 400})
    a, b = parameters(found.x)
    if not found.success or not (a > 0 and b > 0):
        return Prior(*JEFFREYS, fitted=False)
    return Prior(a, b, fitted=True)


@dataclass(frozen=True, eq=False)
class Posterior:
    """The rates of all areas, given their counts: place by place a beta distribution, joined by normal places.

    Parameters
    ----------
    a, b : array of float, shape (columns, n_areas)
        The rate of an area in a column of counts is ``Beta(a, b)``.
    shift : array of float, shape (columns, n_areas), optional
        Mean of the normal places, where the columns know of each other.
    root : array of float, shape (columns, columns, n_areas), optional
        Lower triangle whose square is the covariance of the normal places.
    """

    a: Array
    b: Array
    shift: Array | None = None
    root: Array | None = None

    def rates(self, normal: Array) -> Array:
        """Return rates, shape (columns, ..., n_areas), from independent standard normal numbers of that shape."""
        places = normal
        if self.root is not None and self.shift is not None:
            places = np.empty_like(normal)
            for k, row in enumerate(self.root):
                places[k] = self.shift[k]
                for j in range(k + 1):
                    if row[j].any():
                        places[k] += row[j] * normal[j]
        return np.stack([self._at(k, place) for k, place in enumerate(places)])

    def _at(self, k: int, place: Array) -> Array:
        rates = _beta_at(self.a[k], self.b[k], place)
        for areas, nodes in self._looked_up[k]:
            at = np.clip((place[..., areas] - NODES[0]) / (NODES[1] - NODES[0]), 0, len(NODES) - 1 - 1e-9)
            lower = at.astype(np.int64)
            columns = np.arange(len(areas))
            low, high = nodes[lower, columns], nodes[lower + 1, columns]
            log_odds = low + (at - lower) * (high - low)
            rates[..., areas] = 1 / (1 + np.exp(-log_odds))
        return rates

    @cached_property
    def _looked_up(self) -> list[list[tuple[NDArray[np.intp], Array]]]:
        return [_nodes(a, b) for a, b in zip(self.a, self.b, strict=True)]


def _nodes(a: Array, b: Array) -> list[tuple[NDArray[np.intp], Array]]:
    """Return the areas with few cases, and the log odds of their rates at the nodes, shape (nodes, areas)."""
    from scipy.special import betaincinv, ndtr

    areas = np.flatnonzero(np.minimum(a, b) < SPARSE)
    if not len(areas):
        return []
    pairs, back = np.unique(np.stack([a[areas], b[areas]]), axis=1, return_inverse=True)
    below = betaincinv(pairs[0], pairs[1], ndtr(NODES)[:, None])
    above = betaincinv(pairs[1], pairs[0], ndtr(-NODES)[:, None])  # 1 - below, without the loss of digits
    tiny = np.finfo(float).tiny
    return [(areas, (np.log(np.maximum(below, tiny)) - np.log(np.maximum(above, tiny)))[:, back.ravel()])]


def _beta_at(a: Array, b: Array, place: Array) -> Array:
    """Return the quantile of Beta(a, b) at the normal place, by the cube root of its odds (Paulson 1942).

    With ``F = (P / a) / ((1 - P) / b)``, the place is
    ``((1 - 1/9b) F^(1/3) - (1 - 1/9a)) / sqrt(F^(2/3) / 9b + 1/9a)``; solved for F.
    """
    by_a, by_b = 1 / (9 * a), 1 / (9 * b)
    mean_a, mean_b = 1 - by_a, 1 - by_b
    square = place * place
    root = (mean_a * mean_a * by_b + mean_b * mean_b * by_a) - (by_a * by_b) * square
    np.sqrt(np.maximum(root, 0.0, out=root), out=root)
    root *= place
    root += mean_a * mean_b
    np.maximum(root, 0.0, out=root)
    square *= -by_b
    square += mean_b * mean_b
    root /= square
    odds = root * root
    odds *= root
    odds *= a / b
    return np.asarray(odds / (1 + odds))


def posterior(
    counts: Array,
    totals: Array,
    known: Bools,
    noise: Sequence[Sequence[float]],
    sample: NDArray[np.intp] | None = None,
) -> tuple[Posterior, Bools]:
    """Return the rates of all areas given their counts, and which columns had a prior of their own.

    Parameters
    ----------
    counts, totals : array of float, shape (columns, n_areas)
        Already divided by the design effect.
    known : array of bool, shape (columns, n_areas)
        Where there is something to draw.
    noise : list of list of float
        For each pair of columns, the share of the persons behind the smaller one who are behind both, and for whom one
        chance decides.
    sample : array of int, optional
        Areas to fit the prior to, each as often as it is there; all of them, if not given.

    Returns
    -------
    Posterior, array of bool
        The second of shape (columns,).

    Notes
    -----
    The rate of each column has a beta prior; a rate has a normal place in it. Places of an area are taken as normal:
    true ones with the correlation R over the areas. What the counts of a column alone say of its place is a normal
    distribution too, read off its beta posterior: mean z, deviation s. So its counts are worth an observed place
    ``y = z / (1 - s^2)`` with the chance ``v = s^2 / (1 - s^2)``: where a rate is high and the prior skewed, both are
    far from what they are in the middle. Chance has the covariance S, the root of whose variances is that of v and
    whose correlations are ``noise * exp(-(|difference of log odds| + |difference of log n|) / 2)``: that of counts made
    by one uniform number per person. The posterior has the mean ``R (R + S)^-1 y`` and the covariance
    ``S (R + S)^-1 R``; where R and S are diagonal, these are z and s of each column, and its beta distribution.

    R is found by moments, of ``(x / n - c) / sd`` with mean c and deviation sd of the prior and chance ``(1 - w) / w``,
    ``w = n / (n + a + b)``: without the part that chance makes, over deviations found likewise.
    """
    safe = np.where(known, totals, NOBODY)  # which says nothing
    cases = np.where(known, counts, NOBODY / 2)
    at = np.arange(counts.shape[1]) if sample is None else sample
    priors = [fit_prior(x[at][inside[at]], n[at][inside[at]]) for x, n, inside in zip(cases, safe, known, strict=True)]
    a0, b0 = (np.array([getattr(prior, name) for prior in priors])[:, None] for name in "ab")
    a, b = cases + a0, safe - cases + b0
    fitted = np.array([prior.fitted for prior in priors])
    if len(a) == 1:
        return Posterior(a, b), fitted
    size = a0 + b0
    centre = a0 / size
    weight = safe / (safe + size)
    place = np.where(known, (cases / safe - centre) / np.sqrt(centre * (1 - centre) / (size + 1)), 0.0)
    chance = _chance(a, b, safe, (1 - weight) / weight, np.asarray(noise, dtype=float))
    together = _correlation(place[:, at], chance[at], known[:, at], fitted)
    if np.array_equal(together, np.eye(len(a))) and not np.triu(noise, 1).any():
        return Posterior(a, b), fitted
    place, weight = _on_normal_scale(a0, b0, a, b, place, weight, known)
    chance = _chance(a, b, safe, (1 - weight) / weight, np.asarray(noise, dtype=float))
    shift, root = np.empty_like(a), np.zeros((len(a), *a.shape))
    for start in range(0, a.shape[1], AREAS):
        some = slice(start, start + AREAS)
        shift[:, some], root[:, :, some] = _joined(place[:, some], weight[:, some], chance[some], together)
    _tie_the_same(a, b, np.asarray(noise), shift, root)
    return Posterior(a, b, shift, root), fitted


AREAS = 4096  # areas solved at a time
WIDEST = 1 - 1e-6  # variance of a place given its counts: less than without them


def _on_normal_scale(
    a0: Array, b0: Array, a: Array, b: Array, place: Array, weight: Array, known: Bools
) -> tuple[Array, Array]:
    """Return what counts say of the normal places of rates in their prior: the place observed, and its weight.

    The place of a rate in the prior has a standard normal distribution, in a rate's own posterior nearly a normal one:
    median z and deviation s are read off at its normal places -1, 0 and 1. As a mean weighted by ``w = 1 - s^2`` it is
    ``z = w y``. Where there are no counts, what was found before stays.
    """
    low, middle, high = (_normal_place(a0, b0, _quantile(a, b, at)) for at in (-1.0, 0.0, 1.0))
    variance = np.clip(((high - low) / 2) ** 2, TINY, WIDEST)
    return np.where(known, middle / (1 - variance), place), np.where(known, 1 - variance, weight)


def _quantile(a: Array, b: Array, place: float) -> Array:
    """Return the quantile of Beta(a, b) at a normal place."""
    from scipy.special import betaincinv, ndtr

    found = _beta_at(a, b, np.full_like(a, place))
    few = np.minimum(a, b) < SPARSE
    found[few] = betaincinv(a[few], b[few], ndtr(place))
    return found


def _normal_place(a: Array, b: Array, rate: Array) -> Array:
    """Return the normal place of rates in Beta(a, b), from the nearer end."""
    from scipy.special import betainc, ndtri

    below, above = betainc(a, b, rate), betainc(b, a, 1 - rate)
    tiny = np.finfo(float).tiny
    return np.asarray(np.where(below < above, ndtri(np.maximum(below, tiny)), -ndtri(np.maximum(above, tiny))))


def _chance(a: Array, b: Array, n: Array, variance: Array, noise: Array) -> Array:
    """Return the covariance of chance between the columns of each area, shape (n_areas, columns, columns)."""
    odds, size = np.log(a / b), np.log(n)
    deviation = np.sqrt(variance)
    found = np.empty((a.shape[1], len(a), len(a)))
    for k in range(len(a)):
        for j in range(len(a)):
            apart = np.abs(odds[k] - odds[j]) + np.abs(size[k] - size[j])
            found[:, k, j] = (1.0 if j == k else noise[k, j] * np.exp(-apart / 2)) * deviation[k] * deviation[j]
    return found


def _correlation(place: Array, chance: Array, known: Bools, fitted: Bools) -> Array:
    """Return the correlation of the true rates of the columns over the areas; 0 with a column that has no prior.

    The covariance of the places without what chance makes of it, over their deviations found in the same way. These are
    those of the prior, 1, only where its shape is that of the rates: a few areas far out make them larger.
    """
    k = len(place)
    found = np.eye(k)
    for i in range(k):
        for j in range(i):
            both = known[i] & known[j]
            if not (fitted[i] and fitted[j]) or both.sum() < FEWEST:
                continue
            y, noise = place[:, both], chance[both]
            weight = 1 / ((1 + noise[:, i, i]) * (1 + noise[:, j, j]))
            covariance, one, other = (
                np.average(y[a] * y[b] - noise[:, a, b], weights=weight) for a, b in ((i, j), (i, i), (j, j))
            )
            found[i, j] = covariance / np.sqrt(max(one, 1.0) * max(other, 1.0))
            found[i, j] = found[j, i] = np.clip(found[i, j], -HIGHEST, HIGHEST)
    values, vectors = np.linalg.eigh(found)
    if values.min() >= 1 - HIGHEST - 1e-9:
        return found
    mended = (vectors * np.maximum(values, 1 - HIGHEST)) @ vectors.T
    spread = np.sqrt(np.diag(mended))
    return np.asarray(mended / spread / spread[:, None])


def _joined(place: Array, weight: Array, chance: Array, together: Array) -> tuple[Array, Array]:
    """Return mean and root of the covariance of the normal places in the beta distributions of some areas."""
    spread = np.sqrt(1 - weight)
    share = np.linalg.solve(together + chance, chance)  # (R + S)^-1 S
    covariance = together @ share
    mean = np.einsum("alk,la->ka", share, place)  # S (R + S)^-1 y, what the prior takes away
    shift = ((1 - weight) * place - mean) / spread
    scaled = covariance / (spread.T[:, :, None] * spread.T[:, None, :])
    return shift, np.moveaxis(_triangle(scaled), 0, -1)


def _triangle(square: Array) -> Array:
    """Return the lower triangle of which each matrix is the square; a column that others decide has no part itself."""
    root = np.zeros_like(square)
    for k in range(square.shape[1]):
        for j in range(k + 1):
            left = square[:, k, j] - (root[:, k, :j] * root[:, j, :j]).sum(axis=1)
            if j == k:
                root[:, k, k] = np.sqrt(np.where(left > TINY * square[:, k, k], left, 0.0))
            else:
                root[:, k, j] = np.divide(left, root[:, j, j], out=np.zeros_like(left), where=root[:, j, j] > 0)
    return root


TINY = 1e-10


def _tie_the_same(a: Array, b: Array, noise: Array, shift: Array, root: Array) -> None:
    """Give columns of the same counts and the same persons the same place to the last digit."""
    for k in range(len(a)):
        for j in range(k):
            if noise[k, j] == 1:
                same = (a[k] == a[j]) & (b[k] == b[j])
                shift[k, same] = shift[j, same]
                root[k][:, same] = root[j][:, same]
