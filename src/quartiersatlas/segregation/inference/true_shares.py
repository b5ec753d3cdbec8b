"""Which shares may the areas truly have? Draws from models of the shares, fitted to all areas of a place.

Areas of few persons are uneven by chance, so that D and G of what was found, and of resamples from it, are too high. A
model keeps both apart: areas have true shares, and the persons found are drawn with them. Three models of the true
shares are weighed against one another in each place:

- they are the same everywhere (probability beforehand one in ten);
- they spread around the place's shares by a Dirichlet distribution, with two groups a beta distribution; how far is not
  known either, and every spread is as probable beforehand;
- there are two kinds of areas with shares of their own.

The weight of the third is its likelihood less a penalty of log(areas)/2 for each of its additional parameters (BIC);
its parameters are drawn by a Gibbs sampler. benchmarks/calibration_segregation.py shows how often the intervals hold
the truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.segregation.counts import share
from quartiersatlas.segregation.inference.resampling import as_people, as_table, portions, whole_persons

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from quartiersatlas.segregation.counts import Places
    from quartiersatlas.segregation.inference.resampling import People

    Floats = NDArray[np.float64]

PRIOR = (0.1, 0.45, 0.45)  # of the three models
LEAST, MOST = 1e-3, 0.99  # of the spread r: the variance of a share p is r^2 p (1 - p)
COARSE, FINE = 40, 60  # grid points: to find where the likelihood is, and to weigh it
NEGLIGIBLE = 15.0  # log-likelihood below the highest; exp(-15) = 3e-7
STARTS, ROUNDS = (0.5, 0.8, 0.2), 60  # where the two kinds part at first, and rounds to part them better
WARM_UP = 30  # sweeps of the sampler that are not used
NEVER = 1e-4  # probability of a model below which it is not drawn from
HALF = 0.5  # persons that each kind has beforehand of each group


@dataclass(frozen=True)
class PersonsFound:
    """The persons found: areas x groups, their places, and the shares of the groups in each place."""

    table: Floats
    places: Places

    @property
    def sizes(self) -> Floats:
        """Persons per area."""
        return np.asarray(self.table.sum(axis=1))

    @property
    def of_place(self) -> Floats:
        """Shares of the groups per place."""
        sums = self.places.sum(self.table)
        return share(sums, sums.sum(axis=1, keepdims=True))

    @property
    def city(self) -> Floats:
        """Shares of the groups in the place of each area."""
        return np.repeat(self.of_place, self.places.sizes, axis=0)


def true_populations(people: People, n: int, rng: np.random.Generator) -> Iterator[tuple[int, People]]:
    """Draw the populations that the true shares of the areas may give, n in all, a few at a time.

    Parameters
    ----------
    people : Pair or Composition
        The persons found.
    n : int
        Number of draws.
    rng : Generator
        Source of randomness.

    Yields
    ------
    tuple of (int, Pair or Composition)
        How many draws, and their areas: all places of the first draw, of the second, ... Areas keep their size, persons
        have fractions.

    Raises
    ------
    CountError
        The sizes of areas are not whole persons.
    """
    found = PersonsFound(as_table(people), people.places)
    whole_persons(found.sizes, "persons")
    grid, logs = _spreads(found)
    weight, kinds = _two_kinds(found)
    best = logs.max(axis=0)
    parameters = (found.of_place > 0).sum(axis=1)
    models = (
        np.stack(
            [
                found.places.sum((found.table * np.log(np.where(found.city > 0, found.city, 1))).sum(axis=1)),
                best + np.log(np.exp(logs - best).sum(axis=0)),
                _log_likelihood_of_kinds(found, weight, kinds)[0]
                - parameters * np.log(np.maximum(found.places.sizes, 1)) / 2,
            ]
        )
        + np.log(PRIOR)[:, None]
    )
    models = _probabilities(models)
    chain = _kinds_drawn(found, weight, kinds, n, rng) if models[2].max() > NEVER else None
    start = 0
    for count in portions(n, len(found.table)):
        chosen = _chosen(models, count, rng)
        shares = _spread_shares(
            found, np.take_along_axis(grid, _chosen(_probabilities(logs), count, rng), axis=0), chosen, rng
        )
        if chain is not None:
            weights, kinds = (part[start : start + count] for part in chain)
            of_kinds = _shares_of_kinds(found, weights, kinds, rng)
            shares = np.where((chosen == 2)[:, found.places.codes, None], of_kinds, shares)  # noqa: PLR2004 - the third
        yield count, as_people(people, shares * found.sizes[:, None], count)
        start += count


def _probabilities(logs: Floats) -> Floats:
    """Return probabilities from their logarithms, which add up to 1 in each place."""
    relative = np.exp(logs - logs.max(axis=0))
    return np.asarray(relative / relative.sum(axis=0))


def _chosen(probability: Floats, n: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Draw which of the possibilities holds, n times for each place."""
    drawn = rng.random((n, 1, probability.shape[1]))
    return np.asarray((drawn > np.cumsum(probability, axis=0)[:-1]).sum(axis=1))


def _spreads(found: PersonsFound) -> tuple[Floats, Floats]:
    """Return a grid of spreads for each place, and the logarithm of likelihood times prior of each."""
    points = np.geomspace(LEAST, MOST, COARSE)
    coarse = _log_likelihood(found, np.repeat(points[:, None], found.places.n_places, axis=1))
    near = coarse > coarse.max(axis=0) - NEGLIGIBLE
    first, last = near.argmax(axis=0) - 1, COARSE - near[::-1].argmax(axis=0)
    low, high = (points[np.clip(i, 0, COARSE - 1)] for i in (first, last))
    grid = np.geomspace(low, high, FINE)
    prior = np.log(high / low) / (FINE - 1) * grid / (MOST - LEAST)  # every r is as probable beforehand
    return grid, _log_likelihood(found, grid) + np.log(prior)


def _log_likelihood(found: PersonsFound, spread: Floats) -> Floats:
    """Return the log-likelihood of each spread in each place: Dirichlet-multinomial, less what no model changes."""
    from scipy.special import gammaln

    places, city, sizes = found.places, found.city, found.sizes
    logs = np.empty(spread.shape)
    for k, r in enumerate(spread):
        precision = (1 / r**2 - 1)[places.codes]
        mean = np.where(city > 0, precision[:, None] * city, 1)
        terms = np.where(city > 0, gammaln(mean + found.table) - gammaln(mean), 0).sum(axis=1)
        logs[k] = places.sum(gammaln(precision) - gammaln(precision + sizes) + terms)
    return logs


def _spread_shares(found: PersonsFound, spread: Floats, chosen: NDArray[np.intp], rng: np.random.Generator) -> Floats:
    """Draw the shares of all areas by the first two models: draws x areas x groups."""
    places, codes = found.places, found.places.codes
    alike = chosen == 0
    r = np.where(alike, 0, spread)
    told = found.sizes / (
        1 + np.maximum(found.sizes - 1, 0) * r[:, codes] ** 2
    )  # persons who tell of the place's share
    told = np.stack([places.sum(one) for one in told])
    city = rng.standard_gamma(told[..., None] * found.of_place)
    city = share(city, city.sum(axis=2, keepdims=True))[:, codes]
    precision = (1 / np.where(alike, 1, r) ** 2 - 1)[:, codes, None]
    drawn = rng.standard_gamma(precision * city + found.table)
    return np.where(alike[:, codes, None], city, share(drawn, drawn.sum(axis=2, keepdims=True)))


def _two_kinds(found: PersonsFound) -> tuple[Floats, Floats]:
    """Return how many areas are of the second kind, and the shares of both kinds, with the highest likelihood (EM)."""
    places, table = found.places, found.table
    even = found.sizes[:, None] * found.city
    uneven = places.sum(share((table - even) ** 2, even * (1 - found.city))).argmax(axis=1)  # the group that tells most
    level = share(table[np.arange(len(table)), uneven[places.codes]], found.sizes)
    rank = np.empty(len(table))
    rank[places.order(level)] = np.arange(len(table)) - np.repeat(places.starts, places.sizes)
    rank = (rank + HALF) / np.maximum(places.sizes, 1)[places.codes]
    best = np.full(places.n_places, -np.inf)
    weight, kinds = np.full(places.n_places, HALF), np.zeros((places.n_places, 2, table.shape[1]))
    for start in STARTS:
        second = np.where(rank > start, 0.95, 0.05)
        for _ in range(ROUNDS):
            part = share(places.sum(second), places.sizes.astype(float))
            shares = np.stack([_kind(found, 1 - second), _kind(found, second)], axis=1)
            logs, second = _log_likelihood_of_kinds(found, part, shares)
        better = logs > best
        best = np.where(better, logs, best)
        weight, kinds = np.where(better, part, weight), np.where(better[:, None, None], shares, kinds)
    return weight, kinds


def _kind(found: PersonsFound, belongs: Floats) -> Floats:
    """Return the shares of a kind in each place."""
    persons = found.places.sum(belongs[:, None] * found.table) + HALF * (found.of_place > 0)
    return share(persons, persons.sum(axis=1, keepdims=True))


def _log_likelihood_of_kinds(found: PersonsFound, weight: Floats, kinds: Floats) -> tuple[Floats, Floats]:
    """Return the log-likelihood of two kinds in each place, and how surely each area is of the second."""
    first, second = _logs_of_kinds(found, weight, kinds)
    both = np.logaddexp(first, second)
    return found.places.sum(both), np.exp(second - both)


def _logs_of_kinds(found: PersonsFound, weight: Floats, kinds: Floats) -> tuple[Floats, Floats]:
    """Return the log-likelihood of each area as one of the first and as one of the second kind."""
    codes = found.places.codes
    logs = np.log(np.where(kinds > 0, kinds, 1))
    part = np.log(np.clip(np.stack([1 - weight, weight]), 1e-300, 1))
    first, second = ((found.table * logs[codes, k]).sum(axis=1) + part[k, codes] for k in (0, 1))
    return first, second


def _kinds_drawn(
    found: PersonsFound, weight: Floats, kinds: Floats, n: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Draw weight (n, n_places) and shares (n, n_places, 2, n_groups) of the two kinds by a Gibbs sampler."""
    places, present = found.places, (found.of_place > 0).astype(float)
    weights, shares = np.empty((n, *weight.shape)), np.empty((n, *kinds.shape))
    for sweep in range(-WARM_UP, n):
        first, second = _logs_of_kinds(found, weight, kinds)
        is_second = (rng.random(len(first)) < np.exp(second - np.logaddexp(first, second))).astype(float)
        areas = places.sum(is_second)
        weight = rng.beta(areas + 1, places.sizes - areas + 1)
        persons = [places.sum(part[:, None] * found.table) + present for part in (1 - is_second, is_second)]
        drawn = rng.standard_gamma(np.stack(persons, axis=1))
        kinds = share(drawn, drawn.sum(axis=2, keepdims=True))
        if sweep >= 0:
            weights[sweep], shares[sweep] = weight, kinds
    return weights, shares


def _shares_of_kinds(found: PersonsFound, weights: Floats, kinds: Floats, rng: np.random.Generator) -> Floats:
    """Draw the kind of each area; return its shares: draws x areas x groups."""
    codes = found.places.codes
    result = np.empty((len(weights), *found.table.shape))
    for i, (weight, shares) in enumerate(zip(weights, kinds, strict=True)):
        first, second = _logs_of_kinds(found, weight, shares)
        is_second = rng.random(len(first)) < np.exp(second - np.logaddexp(first, second))
        result[i] = shares[codes, is_second.astype(np.intp)]
    return result
