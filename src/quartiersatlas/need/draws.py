"""Data noise: indicators redrawn from the counts behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.progress import with_progress

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from quartiersatlas.need.inputs import Counts, NeedInputs

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Draws:
    """Indicators of many replications.

    Parameters
    ----------
    columns : dict of str to array, shape (replications, n_areas)
        Values of the scored areas in the indicator's unit; of shape (1, n_areas) where there are no counts.
    city : dict of str to array, shape (replications, 1)
        City values from the redrawn counts.
    """

    columns: dict[str, Array]
    city: dict[str, Array]


def drawn(
    inputs: NeedInputs,
    scored: pd.Index,
    n: int,
    random: np.random.Generator,
    persistence: float,
    *,
    progress: bool = False,
) -> Draws:
    """Redraw every indicator that has counts.

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
    persistence : float
        Share of the persons of an earlier date who are counted again, with the same circumstances, in [0, 1].
    progress : bool, default False
        Show a progress bar.

    Returns
    -------
    Draws
        Indicators that share their counts share their draws.

    Notes
    -----
    A count x of n becomes ``Binomial(n, x / n)``. For two dates the smaller of the two denominators times the
    persistence are the same persons: each has one uniform number u and is counted at a date where ``u < x / n`` of that
    date, so that circumstances that do not change make no change.
    """
    inside = np.asarray(inputs.values.index.isin(scored))
    pairs: dict[bytes, Array] = {}
    columns: dict[str, Array] = {}
    city: dict[str, Array] = {}
    by_change = sorted(inputs.counts, key=lambda name: inputs.counts[name].earlier is None)
    for name in with_progress(by_change, progress=progress, unit="indicator"):
        counts = inputs.counts[name]
        later, earlier = _shared_draws(counts, inside, n, random, persistence, pairs)
        now = np.asarray(counts.denominator, dtype=float)
        values, whole = _rate(later, now), _city(later, now)
        if counts.earlier is not None and earlier is not None:
            before = np.asarray(counts.earlier[1], dtype=float)
            values, whole = values - _rate(earlier, before), whole - _city(earlier, before)
        columns[name] = counts.per * values[:, inside]
        city[name] = counts.per * whole
    for name in map(str, inputs.values):
        if name not in columns:
            columns[name] = np.asarray(inputs.values.loc[scored, name], dtype=float)[None, :]
    return Draws(columns, city)


def _shared_draws(
    counts: Counts,
    inside: NDArray[np.bool_],
    n: int,
    random: np.random.Generator,
    persistence: float,
    known: dict[bytes, Array],
) -> tuple[Array, Array | None]:
    """Return numerators of the later and the earlier date, shape (replications, all areas)."""
    later, total = np.asarray(counts.numerator, dtype=float), np.asarray(counts.denominator, dtype=float)
    mark = later.tobytes() + total.tobytes()
    if counts.earlier is None:
        if mark not in known:
            known[mark] = _binomial(later, total, inside, n, random)
        return known[mark], None
    first, before = (np.asarray(column, dtype=float) for column in counts.earlier)
    both = mark + first.tobytes() + before.tobytes()
    if both not in known:
        known[mark], known[both] = _two_dates((later, total), (first, before), inside, n, random, persistence)
    return known[mark], known[both]


def _binomial(count: Array, total: Array, inside: NDArray[np.bool_], n: int, random: np.random.Generator) -> Array:
    """Redraw a count in the areas inside; unknown counts stay NaN, other areas keep theirs."""
    trials, share, open_ = _trials(count, total, inside)
    sizes = random.binomial(trials[:, None], share[:, None], size=(len(count), n)).T
    return _kept(sizes, count, total, trials, open_)


def _two_dates(
    later: tuple[Array, Array],
    earlier: tuple[Array, Array],
    inside: NDArray[np.bool_],
    n: int,
    random: np.random.Generator,
    persistence: float,
) -> tuple[Array, Array]:
    """Redraw two counts of which a part are the same persons."""
    trials, share, open_ = _trials(*later, inside)
    trials_before, share_before, open_before = _trials(*earlier, inside)
    same = np.floor(persistence * np.minimum(trials, trials_before) + 0.5).astype(np.int64)
    low, high = np.minimum(share, share_before), np.maximum(share, share_before)
    more = np.divide(high - low, 1 - low, out=np.zeros_like(low), where=low < 1)
    size = (len(share), n)
    at_both = random.binomial(same[:, None], low[:, None], size=size)
    at_one = random.binomial(same[:, None] - at_both, more[:, None])
    rest = random.binomial((trials - same)[:, None], share[:, None], size=size)
    rest_before = random.binomial((trials_before - same)[:, None], share_before[:, None], size=size)
    rising = (share >= share_before)[:, None]
    now = rest + at_both + np.where(rising, at_one, 0)
    before = rest_before + at_both + np.where(rising, 0, at_one)
    return _kept(now.T, *later, trials, open_), _kept(before.T, *earlier, trials_before, open_before)


def _trials(
    count: Array, total: Array, inside: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], Array, NDArray[np.bool_]]:
    """Return whole numbers of persons, the share among them, and where there is something to draw."""
    open_ = inside & ~np.isnan(count) & (total > 0)
    trials = np.where(open_, np.floor(np.nan_to_num(total) + 0.5), 0).astype(np.int64)
    share = np.divide(count, total, out=np.zeros_like(total), where=open_)
    return trials, share, open_ & (trials > 0)


def _kept(
    sizes: NDArray[np.int64], count: Array, total: Array, trials: NDArray[np.int64], open_: NDArray[np.bool_]
) -> Array:
    """Return draws on the scale of the counts (which need not be whole numbers), and counts where none were made."""
    scale = np.divide(total, trials, out=np.ones_like(total), where=open_)
    redrawn: Array = np.where(open_, sizes * scale, count)
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
