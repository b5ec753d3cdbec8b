"""The exact posterior of the worlds of `calibration.py`: rates of areas given their counts, by the prior of the world.

A stated P is right on average if it is that of the distribution which the rates were drawn from. So the mean exact P of
the sure areas is the share of them that belongs to the selection, without the chance of the few areas of a benchmark.
Levels and causes are drawn from grids, factors and levels uniformly within their cells; where the same persons stand
behind all counts, rates are weighted draws (importance sampling).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from calibration import World

LEVELS, FACTORS, CAUSES = 600, 41, 201
WIDE = 5.0  # deviations of a cause, on either side
PROPOSED = 20  # weighted draws for each one taken


def exact_rates(world: World, x: Any, n: Any, random: np.random.Generator, draws: int, *, together: bool) -> Any:
    """Return draws of the rates given the counts, shape (3, draws, areas)."""
    if world.behind == "a second cause":
        return _of_two_causes(x, n, random, draws)
    if world.behind == "same":
        return _of_the_same(world, x, random, draws, together=together)
    size = 3 if world.behind == "households" else 1
    x, n = x // size, n // size
    if together:
        return _of_levels(world, x, n, random, draws)
    a, b = world.rates
    return random.beta((x + a)[:, None], (n - x + b)[:, None], (3, draws, x.shape[1]))


def _levels(world: World) -> tuple[Any, Any, float]:
    """Return levels on a grid, the share of areas at each, and the width of a cell."""
    from scipy.stats import beta

    prior = beta(*world.rates)
    edges = np.linspace(prior.ppf(1e-7), prior.isf(1e-9), LEVELS + 1)
    return (edges[1:] + edges[:-1]) / 2, np.diff(prior.cdf(edges)), float(edges[1] - edges[0])


def _picked(weights: Any, random: np.random.Generator, draws: int) -> Any:
    """Return cells drawn by their weights, for each row, shape (rows, draws)."""
    sums = np.cumsum(weights, axis=1)
    at = random.random((len(weights), draws)) * sums[:, -1:]
    return np.stack([np.searchsorted(row, some) for row, some in zip(sums, at, strict=True)])


def _likelihood(x: Any, n: Any, rates: Any) -> Any:
    """Return the likelihood of each count at each rate, up to a factor of each count."""
    logs = x[:, None] * np.log(rates) + (n - x)[:, None] * np.log1p(-rates)
    return np.exp(logs - logs.max(axis=1, keepdims=True))


def _of_levels(world: World, x: Any, n: Any, random: np.random.Generator, draws: int) -> Any:
    levels, weights, step = _levels(world)
    factors = 0.8 + 0.4 * (np.arange(FACTORS) + 0.5) / FACTORS
    rates = np.clip(np.outer(levels, factors), 1e-4, 0.95)
    found = [_likelihood(x[k], n[k], rates.ravel()).reshape(-1, LEVELS, FACTORS) for k in range(3)]
    of_level = weights * np.prod([part.mean(axis=2) for part in found], axis=0)
    level = _picked(of_level, random, draws)
    shaken = levels[level] + (random.random(level.shape) - 0.5) * step
    drawn = []
    for part in found:
        given = np.cumsum(np.take_along_axis(part, level[:, :, None], axis=1), axis=2)
        cell = (random.random(level.shape)[:, :, None] * given[:, :, -1:] > given).sum(axis=2)
        factor = 0.8 + 0.4 * (cell + random.random(level.shape)) / FACTORS
        drawn.append(np.clip(shaken * factor, 1e-4, 0.95).T)
    return np.stack(drawn)


def _of_two_causes(x: Any, n: Any, random: np.random.Generator, draws: int) -> Any:
    from calibration import odds_of_causes

    places = np.linspace(-WIDE, WIDE, CAUSES)
    need, other = (part.ravel() for part in np.meshgrid(places, places))
    odds = odds_of_causes(need, other)
    weights = (x.T @ odds - n.T @ np.logaddexp(0, odds)) - (need**2 + other**2) / 2
    cell = _picked(np.exp(weights - weights.max(axis=1, keepdims=True)), random, draws)
    shaken = [cause[cell] + (random.random(cell.shape) - 0.5) * (places[1] - places[0]) for cause in (need, other)]
    return 1 / (1 + np.exp(-np.swapaxes(odds_of_causes(*shaken), 1, 2)))


def _of_the_same(world: World, x: Any, random: np.random.Generator, draws: int, *, together: bool) -> Any:
    """Persons have one uniform number each: sorted rates cut them into four kinds, whose numbers are the counts."""
    a, b = world.rates
    people, size = world.residents[0], PROPOSED * draws
    levels, weights, _ = _levels(world)
    density = np.concatenate([[0], np.cumsum(weights * levels**-3.0)])
    taken = np.empty((3, draws, x.shape[1]))
    for i, counts in enumerate(x.T):
        one, two, three = np.sort(counts)
        kinds = random.dirichlet([one + 1, two - one + 1, three - two + 1, people - three + 1], size)
        order = np.argsort(counts + 0.5 * random.random((size, 3)), axis=1)  # equal counts in either order
        rates = np.empty((size, 3))
        np.put_along_axis(rates, order, np.cumsum(kinds[:, :3], axis=1), axis=1)
        if together:  # one level, and three factors that are uniform: all levels that can have these rates
            first, last = np.searchsorted(levels, (rates.max(axis=1) / 1.2, rates.min(axis=1) / 0.8))
            weight = density[np.maximum(first, last)] - density[first]
        else:
            logs = ((a - 1) * np.log(np.maximum(rates, 1e-300)) + (b - 1) * np.log1p(-rates)).sum(axis=1)
            weight = np.exp(logs - logs.max())
        taken[:, :, i] = rates[random.choice(size, draws, p=weight / weight.sum())].T
    return taken
