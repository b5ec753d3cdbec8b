"""Many runs of a need index at once: other data, weights, methods and limits, the same areas."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from quartiersatlas.base.progress import with_progress
from quartiersatlas.errors import SpecError
from quartiersatlas.need.robustness.options import SOURCES, RandomSource, RunOptions
from quartiersatlas.need.robustness.variants import OWN, aggregations, normalisations, variant
from quartiersatlas.need.score.inputs import shrunken_values
from quartiersatlas.need.score.scores import ScoringContext, axis_score, class_numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from quartiersatlas.need.score.inputs import Counts, NeedInputs
    from quartiersatlas.need.score.need_scores import NeedScores
    from quartiersatlas.need.spec.records import NeedAxis, NeedGroup
    from quartiersatlas.need.spec.spec import NeedSpec

    Array = NDArray[np.float64]

CELLS = 4_000_000  # areas x indicators x replications computed at a time


class Method(NamedTuple):
    """A scale, an aggregation and an indicator left out (empty: none)."""

    normalisation: str = OWN
    aggregation: str = OWN
    without: str = ""


@dataclass(frozen=True, eq=False)
class ReplicateRuns:
    """What differs from run to run.

    Parameters
    ----------
    draws : Replicates
        Indicators and city values, one row per run, or a single row where they do not differ.
    row : array of int, shape (runs,), optional
        The row of the draws that each run uses, where it is not its own.
    shift : array of float, shape (runs,)
        By how much the limits of classes, or the number of areas taken, are moved.
    weights : dict of (str, str) to array, shape (members, runs)
        Axis and group -> weights of its members; those of the spec, if not given.
    methods : tuple of Method
        Methods that occur.
    method : array of int, shape (runs,), optional
        The method of each run; the first one, if not given.
    """

    draws: Replicates
    shift: Array
    row: NDArray[np.int64] | None = None
    weights: Mapping[tuple[str, str], Array] = field(default_factory=dict)
    methods: tuple[Method, ...] = (Method(),)
    method: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.shift)


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
    """

    columns: dict[str, Array]
    city: dict[str, Array]
    numerators: dict[str, tuple[Array, Array | None]] = field(default_factory=dict)


def as_published(need: NeedScores) -> Replicates:
    """Return the indicators of the scored areas as they are, in one row."""
    return Replicates({name: values[None, :] for name, values in need.columns.items()}, {})


def replicate_runs(
    need: NeedScores, draws: Replicates, n: int, streams: Mapping[str, np.random.Generator], options: RunOptions
) -> ReplicateRuns:
    """Draw weights, methods and limits for runs whose data are drawn."""
    scales, ways = methods_to_try(need, options.vary)
    scale = streams["normalisation"].integers(len(scales), size=n)
    way = streams["aggregation"].integers(len(ways), size=n)
    weights = {}
    if "weights" in options.vary:
        weights = draw_weights(need.spec.axes, n, streams["weights"], options.concentration)
    return ReplicateRuns(
        draws=draws,
        shift=shifts(n, streams["threshold"], options),
        weights=weights,
        methods=tuple(Method(a, b) for a in scales for b in ways),
        method=scale * len(ways) + way,
    )


def random_streams(seed: RandomSource) -> dict[str, np.random.Generator]:
    """Give each source random numbers of its own, so that what one draws does not depend on the others."""
    return dict(zip(SOURCES, np.random.default_rng(seed).spawn(len(SOURCES)), strict=True))


def shifts(n: int, random: np.random.Generator, options: RunOptions) -> Array:
    """Draw by how much the limits of every run are moved; 0 where they do not vary."""
    if "threshold" not in options.vary:
        return np.zeros(n)
    return random.uniform(-options.threshold, options.threshold, n)


def methods_to_try(need: NeedScores, vary: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the scales and the aggregations to try, those of the spec first.

    An aggregation that the data does not allow on every scale (values at or below 0) is left out.
    """
    axes = need.spec.axes
    scales = _all_of([normalisations(axis) for axis in axes]) if "normalisation" in vary else [OWN]
    ways = _all_of([aggregations(axis) for axis in axes]) if "aggregation" in vary else [OWN]
    able = [way for way in ways if way == OWN or all(_computes(need, scale, way) for scale in scales)]
    return scales, able


def _all_of(lists: list[list[str]]) -> list[str]:
    """Return every name that occurs, in order; an axis that may not vary keeps its own method."""
    return list(dict.fromkeys(name for names in lists for name in names))


def _computes(need: NeedScores, scale: str, way: str) -> bool:
    try:
        for axis in need.spec.axes:
            axis_score(variant(axis, scale, way) or axis, need.columns, need.context)
    except SpecError:
        return False
    return True


def draw_weights(
    axes: Iterable[NeedAxis], n: int, random: np.random.Generator, concentration: float
) -> dict[tuple[str, str], Array]:
    """Draw weights around those of the spec: axis and group -> shape (members, n).

    ``w ~ sum(w0) Dirichlet(concentration K w0 / sum(w0))`` for the K members of a group, so that each has the
    concentration where weights are equal. Groups that count conditions keep theirs.
    """
    found: dict[tuple[str, str], Array] = {}
    for axis in axes:
        for group in groups_with_a_choice(axis):
            nominal = np.array([member.weight for member in group.members])
            shares = nominal / nominal.sum()
            drawn = random.dirichlet(concentration * len(shares) * shares, size=n).T
            found[axis.id, group.id] = nominal.sum() * drawn
    return found


def groups_with_a_choice(axis: NeedAxis) -> list[NeedGroup]:
    """Return the groups in which weights can be shifted between members."""
    return [group for group in axis.groups() if len(group.members) > 1 and group.aggregate != "count"]


def draw_replicates(
    inputs: NeedInputs, scored: pd.Index, n: int, random: np.random.Generator, persistence: float
) -> Replicates:
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

    Returns
    -------
    Replicates
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
    numerators: dict[str, tuple[Array, Array | None]] = {}
    for name, counts in inputs.counts.items():
        later, earlier = _shared_draws(counts, inside, n, random, persistence, pairs)
        now = np.asarray(counts.denominator, dtype=float)
        values, whole = _rate(later, now), _city(later, now)
        if counts.earlier is not None and earlier is not None:
            before = np.asarray(counts.earlier[1], dtype=float)
            values, whole = values - _rate(earlier, before), whole - _city(earlier, before)
        numerators[name] = (later, earlier)
        columns[name] = counts.per * values[:, inside]
        if name in inputs.shrunken:
            columns[name] = shrunken_values(counts, later)[:, inside]
        city[name] = counts.per * whole
    for name in map(str, inputs.values):
        if name not in columns:
            columns[name] = np.asarray(inputs.values.loc[scored, name], dtype=float)[None, :]
    return Replicates(columns, city, numerators)


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
    if mark not in known:
        known[mark] = _binomial(later, total, inside, n, random)
    if counts.earlier is None:
        return known[mark], None
    first, before = (np.asarray(column, dtype=float) for column in counts.earlier)
    both = mark + first.tobytes() + before.tobytes()
    if both not in known:
        known[both] = _earlier(known[mark], (later, total), (first, before), inside, random, persistence)
    return known[mark], known[both]


def _binomial(count: Array, total: Array, inside: NDArray[np.bool_], n: int, random: np.random.Generator) -> Array:
    """Redraw a count in the areas inside; unknown counts stay NaN, other areas keep theirs."""
    trials, share, open_ = _trials(count, total, inside)
    sizes = random.binomial(trials[:, None], share[:, None], size=(len(count), n)).T
    return _kept(sizes, count, total, trials, open_)


def _earlier(
    drawn_later: Array,
    later: tuple[Array, Array],
    earlier: tuple[Array, Array],
    inside: NDArray[np.bool_],
    random: np.random.Generator,
    persistence: float,
) -> Array:
    """Redraw the count of an earlier date, of which a part are the same persons, given that of the later date.

    Of the persons who are the same, those counted later are a sample without replacement. Where the share falls, all of
    them were counted before, and others too; where it rises, each of them with the chance ``before / later``.
    """
    trials, share, open_ = _trials(*later, inside)
    trials_before, share_before, open_before = _trials(*earlier, inside)
    sizes = np.where(open_, np.floor(np.nan_to_num(drawn_later) * trials / np.where(open_, later[1], 1) + 0.5), 0)
    same = np.floor(persistence * np.minimum(trials, trials_before) + 0.5).astype(np.int64)
    counted = random.hypergeometric(sizes.astype(np.int64), trials - sizes.astype(np.int64), same)
    falls = np.divide(share_before, share, out=np.zeros_like(share), where=share > 0).clip(max=1.0)
    rest = np.divide(share_before - share, 1 - share, out=np.zeros_like(share), where=share < 1).clip(min=0.0)
    before = random.binomial(counted, falls) + random.binomial(same - counted, rest)
    before += random.binomial(trials_before - same, share_before, size=before.shape)
    return _kept(before, *earlier, trials_before, open_before)


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


def score_replicates(
    spec: NeedSpec,
    axes: Iterable[str],
    runs: ReplicateRuns,
    context: ScoringContext,
    spread: Mapping[str, float],
    *,
    progress: bool = False,
) -> ReplicateScores:
    """Compute the axes of a spec in all runs.

    Parameters
    ----------
    spec : NeedSpec
        The rules.
    axes : list of str
        The axes that are needed.
    runs : ReplicateRuns
        What differs.
    context : ScoringContext
        Residents of the scored areas, and city values where they do not differ.
    spread : mapping of str to float
        Standard deviation of each axis' score as published: the unit of a shift of fixed limits.
    progress : bool
        Whether to show a bar per axis.

    Returns
    -------
    ReplicateScores
    """
    found: dict[str, Array] = {}
    classes: dict[str, NDArray[np.int64]] = {}
    for name in axes:
        axis = spec.axis(name)
        found[name] = _scores(axis, runs, context, progress=progress)
        classes[name] = class_numbers(found[name], axis, moved_limits(axis, runs.shift, spread[name]))
    return ReplicateScores(found, classes)


@dataclass(frozen=True, eq=False)
class ReplicateScores:
    """Scores and class numbers of runs: axis -> shape (runs, n_areas)."""

    scores: dict[str, Array]
    classes: dict[str, NDArray[np.int64]]


def _scores(axis: NeedAxis, runs: ReplicateRuns, context: ScoringContext, *, progress: bool) -> Array:
    """Return the score of every run; runs of one method are computed together."""
    n_areas = next(iter(runs.draws.columns.values())).shape[-1]
    scores = np.empty((len(runs), n_areas))
    method_of = np.zeros(len(runs), dtype=np.int64) if runs.method is None else runs.method
    for number in with_progress(np.unique(method_of), progress=progress, unit="method"):
        mine = np.flatnonzero(method_of == number)
        changed = variant(axis, *runs.methods[number]) or axis
        for rows in _blocks(mine, n_areas * len(axis.indicators)):
            row = rows if runs.row is None else runs.row[rows]
            columns = {leaf.id: _rows(runs.draws.columns[leaf.id], row) for leaf in axis.indicators}
            city: dict[str, Array | float] = {name: _rows(value, row) for name, value in runs.draws.city.items()}
            around = replace(context, city={**context.city, **city}, strict=False)
            scores[rows] = axis_score(changed, columns, around, _weights(axis, changed, runs, rows))
    return scores


def _blocks(rows: NDArray[np.int64], cells: int) -> list[NDArray[np.int64]]:
    step = max(1, CELLS // cells)
    return [rows[start : start + step] for start in range(0, len(rows), step)]


def _rows(values: Array, rows: NDArray[np.int64]) -> Array:
    """Return rows of an array, which may have a single row for all."""
    return values if len(values) == 1 else values[rows]


def _weights(axis: NeedAxis, changed: NeedAxis, runs: ReplicateRuns, rows: NDArray[np.int64]) -> dict[str, Array]:
    """Return the weights of the members that are left, scaled to the sum of all members of their group."""
    kept = {group.id: {member.id for member in group.members} for group in changed.groups()}
    found: dict[str, Array] = {}
    for group in axis.groups():
        if (axis.id, group.id) in runs.weights and group.id in kept:
            drawn = runs.weights[axis.id, group.id][:, rows]
            left = drawn[[member.id in kept[group.id] for member in group.members]]
            found[group.id] = left * drawn.sum(axis=0) / left.sum(axis=0) if len(left) < len(drawn) else left
    return found


def moved_limits(axis: NeedAxis, shift: Array, spread: float) -> Array:
    """Return the classes' limits of every run, shape (limits, runs, 1).

    Fixed limits move by ``shift`` standard deviations of the score, SD limits likewise; a quantile moves by ``shift``
    times its distance from the nearer end. A number of conditions is a whole number: its limits stay where they are.
    """
    limits = np.asarray(axis.uppers, dtype=float)[:, None, None]
    by = shift[None, :, None]
    if axis.breaks.in_shares:
        moved: Array = limits - by * np.minimum(limits, 1 - limits)
        return moved
    if axis.aggregate == "count" and axis.breaks.method == "fixed" and axis.standardise.method == "none":
        return np.broadcast_to(limits, (len(limits), len(shift), 1))
    return limits - by * (spread if axis.breaks.method == "fixed" else 1.0)


def published_scores(need: NeedScores) -> tuple[dict[str, Array], dict[str, float]]:
    """Return the published scores of the scored areas by axis, and their standard deviations."""
    scores = {axis.id: np.asarray(need.scores.loc[need.scored_keys, axis.id], dtype=float) for axis in need.spec.axes}
    return scores, {name: float(np.nanstd(score)) for name, score in scores.items()}


def share_of_runs(yes: NDArray[np.bool_], known: NDArray[np.bool_]) -> Array:
    """Return the share of the runs in which something holds, among those in which it is known; NaN where in none.

    Both have the shape (runs, ...).
    """
    runs = known.sum(axis=0)
    share: Array = np.divide((yes & known).sum(axis=0), runs, out=np.full(runs.shape, np.nan), where=runs > 0)
    return share


def count_failed(known: NDArray[np.bool_], what: str) -> int:
    """Return in how many runs an area has no score, of shape (runs, n_areas); refuse that no run has any."""
    if not known.any():
        raise SpecError(
            f"{what}: none of the {len(known)} runs could be computed, though the index as published can: with other "
            f"data or methods no value is in the range of a transform or mean. Leave 'data' out of what varies, take "
            f"a transform that allows 0, or a larger denominator."
        )
    return int((~known).any(axis=1).sum())


def unused_sources(vary: Sequence[str], runs: ReplicateRuns, *, has_counts: bool) -> tuple[str, ...]:
    """Return the sources that were asked for and cannot vary."""
    varies = {
        "data": has_counts,
        "weights": bool(runs.weights),
        "normalisation": len({method.normalisation for method in runs.methods}) > 1,
        "aggregation": len({method.aggregation for method in runs.methods}) > 1,
        "indicators": any(method.without for method in runs.methods),
    }
    return tuple(name for name in dict.fromkeys(vary) if not varies.get(name, True))
