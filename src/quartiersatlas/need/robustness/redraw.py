"""Redraw the counts behind indicators: rates that the counts leave possible, or the chance of the counts once more."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.errors import SpecError
from quartiersatlas.need.robustness.prior import Posterior, posterior
from quartiersatlas.need.score.inputs import shrunken_values

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from quartiersatlas.need.robustness.options import RunOptions
    from quartiersatlas.need.score.inputs import Counts, NeedInputs

    Array = NDArray[np.float64]

MOST_RESAMPLED = 2000  # areas: of more, the prior is known well enough
PRIORS = 12  # fitted to as many resamples of the areas
TILE = 16  # runs that share a stream of random numbers; blocks are whole tiles, so that their size changes no result


@dataclass(frozen=True, eq=False)
class Replicates:
    """Indicators of many replications.

    Parameters
    ----------
    columns : dict of str to array, shape (replications, n_areas)
        Values of the scored areas in the indicator's unit; of shape (1, n_areas) where there are no counts.
    city : dict of str to array, shape (replications, 1)
        City values from the redrawn counts.
    numerators : dict of str to (array, array or None), shape (replications, all areas)
        The redrawn counts of the later and of the earlier date.
    is_posterior : bool
        Whether the rates are possible true ones, which nothing has to be drawn towards.
    """

    columns: dict[str, Array]
    city: dict[str, Array]
    numerators: dict[str, tuple[Array, Array | None]] = field(default_factory=dict)
    is_posterior: bool = False


def draw_replicates(
    inputs: NeedInputs, scored: pd.Index, n: int, random: np.random.Generator, options: RunOptions
) -> Replicates:
    """Redraw every indicator that has counts n times; see :class:`Redraws`."""
    return Redraws(inputs, scored, n, random, options).part(0, n)


class Redraws:
    """Every indicator that has counts, to be drawn again in blocks of runs.

    Parameters
    ----------
    inputs : NeedInputs
        Values and counts.
    scored : Index
        Keys of the scored areas; counts of other areas stay as they are.
    n : int
        Replications.
    random : Generator
        Source of the draws.
    options : RunOptions
        How to redraw.

    Notes
    -----
    ``"posterior"``: see :func:`quartiersatlas.need.robustness.prior.posterior`. ``"raw"``: a count x of n becomes
    ``Binomial(n, x / n)``. For two dates the smaller of the two denominators times the persistence are the same
    persons: each has one uniform number u and is counted at a date where ``u < x / n`` of that date, so that
    circumstances that do not change make no change. Indicators that share their counts share their draws.
    """

    def __init__(
        self, inputs: NeedInputs, scored: pd.Index, n: int, random: np.random.Generator, options: RunOptions
    ) -> None:
        self.inputs, self.options, self.n = inputs, options, n
        self.inside = np.asarray(inputs.values.index.isin(scored))
        self.streams = random.spawn(-(-n // TILE))
        self.columns: list[CountColumn] = []
        options.check_clusters(inputs.counts)
        self.places: dict[str, tuple[int, int | None]] = {}
        known: dict[tuple[bytes, float], int] = {}
        for name, counts in inputs.counts.items():
            self.places[name] = self._placed(counts, options.cluster_of(name), known)
        self.posteriors: list[Posterior] = []
        self.unfitted: tuple[str, ...] = ()
        if options.redraw == "posterior" and self.columns:
            self.posteriors, fitted = self._posteriors(random.spawn(1)[0])
            self.unfitted = tuple(
                name for name, pair in self.places.items() if not all(fitted[k] for k in pair if k is not None)
            )

    def _placed(self, counts: Counts, cluster: float, known: dict[tuple[bytes, float], int]) -> tuple[int, int | None]:
        """Return the numbers of the columns of the later and the earlier date; the same counts are the same column."""
        later = CountColumn.of(counts.numerator, counts.denominator, self.inside, cluster)
        mark = later.count.tobytes() + later.total.tobytes()
        if (mark, cluster) not in known:
            known[mark, cluster] = len(self.columns)
            self.columns.append(later)
        place = known[mark, cluster]
        if counts.earlier is None:
            return place, None
        before = CountColumn.of(*counts.earlier, self.inside, cluster)
        both = mark + before.count.tobytes() + before.total.tobytes()
        if (both, cluster) not in known:
            known[both, cluster] = len(self.columns)
            before.after = place
            self.columns.append(before)
        return place, known[both, cluster]

    def _posteriors(self, random: np.random.Generator) -> tuple[list[Posterior], NDArray[np.bool_]]:
        """Return posteriors under priors fitted to resamples of the areas, so that no prior is taken as exact."""
        counts = np.stack([column.count / column.cluster for column in self.columns])
        totals = np.stack([column.total / column.cluster for column in self.columns])
        known = np.stack([column.open for column in self.columns])
        persons = [[self._shared(one, other) for other in self.columns] for one in self.columns]
        areas = np.flatnonzero(known.any(axis=0))
        whole, fitted = posterior(counts, totals, known, persons)
        if not fitted.any() or len(areas) > MOST_RESAMPLED:
            return [whole], fitted
        samples = [random.choice(areas, len(areas)) for _ in range(min(PRIORS, len(self.streams)))]
        return [posterior(counts, totals, known, persons, sample)[0] for sample in samples], fitted

    def _shared(self, one: CountColumn, other: CountColumn) -> float:
        """Return the share of persons for whom one chance decides in both columns."""
        if one is other:
            return 1.0
        first, second = (self.columns[c.after] if c.after is not None else c for c in (one, other))
        share = 1.0 if first is second else self.options.shared
        if (one.after is None) != (other.after is None):
            share *= self.options.persistence
        elif one.after is not None and first is second:
            share *= self.options.persistence**2  # two earlier dates, each compared with the later one
        return share

    def part(self, start: int, stop: int) -> Replicates:
        """Return the runs from ``start``, a whole number of tiles, to ``stop``."""
        if start % TILE:
            raise SpecError(f"Runs are drawn {TILE} at a time: {start} is no start of a block.")
        drawn = [
            self._tile(number)[:, : min(TILE, stop - number * TILE)]
            for number in range(start // TILE, -(-stop // TILE))
        ]
        return self._replicates(np.concatenate(drawn, axis=1) if self.columns else np.empty((0, stop - start, 0)))

    def _tile(self, number: int) -> Array:
        """Return the counts of some runs, shape (columns, runs, all areas)."""
        random = deepcopy(self.streams[number])
        if not self.columns:
            return np.empty((0, TILE, 0))
        if self.posteriors:
            rates = self.posteriors[number % len(self.posteriors)].rates(
                random.standard_normal((len(self.columns), TILE, len(self.inside)))
            )
            for k, column in enumerate(self.columns):
                rates[k] *= column.total
                rates[k][:, ~column.open] = column.count[~column.open]
            return rates
        drawn: list[Array] = []
        for column in self.columns:
            if column.after is None:
                drawn.append(column.binomial(random))
            else:
                drawn.append(column.earlier(drawn[column.after], self.columns[column.after], random, self.options))
        return np.stack(drawn)

    def _replicates(self, drawn: Array) -> Replicates:
        columns: dict[str, Array] = {}
        city: dict[str, Array] = {}
        numerators: dict[str, tuple[Array, Array | None]] = {}
        for name, (k, before) in self.places.items():
            counts = self.inputs.counts[name]
            later, earlier = drawn[k], None if before is None else drawn[before]
            now = self.columns[k].total
            values, whole = _rate(later, now), _city(later, now)
            if before is not None and earlier is not None:
                total = self.columns[before].total
                values, whole = values - _rate(earlier, total), whole - _city(earlier, total)
            numerators[name] = (later, earlier)
            columns[name] = counts.per * np.ascontiguousarray(values[:, self.inside])
            if name in self.inputs.shrunken and not self.posteriors:
                columns[name] = np.ascontiguousarray(shrunken_values(counts, later)[:, self.inside])
            city[name] = counts.per * whole
        for name in map(str, self.inputs.values):
            if name not in columns:
                columns[name] = np.asarray(self.inputs.values[name], dtype=float)[None, self.inside]
        return Replicates(columns, city, numerators, bool(self.posteriors))


@dataclass(eq=False)
class CountColumn:
    """Counts of one date.

    Parameters
    ----------
    count, total : array of float, shape (all areas,)
        Numerator and denominator.
    trials : array of int
        Whole numbers of persons, or of clusters of them.
    share : array of float
        What share of them is counted.
    open : array of bool
        Where there is something to draw.
    cluster : float
        Persons whom one chance decides about.
    after : int, optional
        Of an earlier date: the number of the column of the later one.
    """

    count: Array
    total: Array
    trials: NDArray[np.int64]
    share: Array
    open: NDArray[np.bool_]
    cluster: float = 1.0
    after: int | None = None

    @classmethod
    def of(
        cls, numerator: pd.Series[float], denominator: pd.Series[float], inside: NDArray[np.bool_], cluster: float
    ) -> CountColumn:
        """Take counts of the areas inside."""
        count, total = (np.asarray(part, dtype=float) for part in (numerator, denominator))
        able = inside & ~np.isnan(count) & (total > 0)
        least = 1.0 if cluster > 1 else 0.0
        persons = np.where(able, np.floor(np.nan_to_num(total) / cluster + 0.5).clip(min=least), 0).astype(np.int64)
        share = np.divide(count, total, out=np.zeros_like(total), where=able)
        return cls(count, total, persons, share, able & (persons > 0), cluster)

    def binomial(self, random: np.random.Generator) -> Array:
        """Redraw the counts; unknown ones stay NaN, other areas keep theirs."""
        sizes = random.binomial(self.trials[:, None], self.share[:, None], size=(len(self.count), TILE)).T
        return self._kept(sizes)

    def earlier(
        self, drawn_later: Array, later: CountColumn, random: np.random.Generator, options: RunOptions
    ) -> Array:
        """Redraw the count of an earlier date, of which a part are the same persons, given that of the later date.

        Of the persons who are the same, those counted later are a sample without replacement. Where the share falls,
        all of them were counted before, and others too; where it rises, each of them with the chance
        ``before / later``.
        """
        scale = np.divide(later.trials, later.total, out=np.zeros_like(later.total), where=later.open)
        sizes = np.floor(np.where(later.open, np.nan_to_num(drawn_later), 0) * scale + 0.5).astype(np.int64)
        same = np.floor(options.persistence * np.minimum(later.trials, self.trials) + 0.5).astype(np.int64)
        counted = random.hypergeometric(sizes, later.trials - sizes, same)
        falls = np.divide(self.share, later.share, out=np.zeros_like(self.share), where=later.share > 0).clip(max=1.0)
        rest = np.divide(
            self.share - later.share, 1 - later.share, out=np.zeros_like(self.share), where=later.share < 1
        ).clip(min=0.0)
        before = random.binomial(counted, falls) + random.binomial(same - counted, rest)
        before += random.binomial(self.trials - same, self.share, size=before.shape)
        return self._kept(before)

    def _kept(self, sizes: NDArray[np.int64]) -> Array:
        """Return draws on the scale of the counts (which need not be whole), and counts where none were made."""
        scale = np.divide(self.total, self.trials, out=np.ones_like(self.total), where=self.open)
        redrawn: Array = np.where(self.open, sizes * scale, self.count)
        return redrawn


def _rate(count: Array, total: Array) -> Array:
    rate: Array = np.divide(count, total, out=np.full(count.shape, np.nan), where=total > 0)
    return rate


def _city(count: Array, total: Array) -> Array:
    """Return the city value, from the areas where both counts are known; NaN if nobody is."""
    known = ~np.isnan(count) & ~np.isnan(total)
    people = np.where(known, total, 0.0).sum(axis=-1, keepdims=True)
    cases = np.where(known, count, 0.0).sum(axis=-1, keepdims=True)
    value: Array = np.divide(cases, people, out=np.full(people.shape, np.nan), where=people > 0)
    return value
