"""Many runs of a need index at once: other data, weights, methods and limits, the same areas."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import numpy as np

from quartiersatlas.errors import SpecError
from quartiersatlas.need.robustness.options import SOURCES, RandomSource, RunOptions
from quartiersatlas.need.robustness.redraw import TILE, Replicates
from quartiersatlas.need.robustness.variants import OWN, aggregations, normalisations, variant
from quartiersatlas.need.score.scores import ScoringContext, axis_score, class_numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

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

    def part(self, start: int, stop: int, draws: Replicates) -> ReplicateRuns:
        """Return some of the runs, with draws of their own."""
        rows = slice(start, stop)
        return replace(
            self,
            draws=draws,
            shift=self.shift[rows],
            weights={name: weights[:, rows] for name, weights in self.weights.items()},
            method=None if self.method is None else self.method[rows],
        )


def blocks_of_runs(n: int, cells: int) -> list[tuple[int, int]]:
    """Return first and last run of blocks of whole tiles, each of at most ``CELLS`` numbers if a tile has so few."""
    step = TILE * max(1, CELLS // (TILE * max(cells, 1)))
    return [(start, min(start + step, n)) for start in range(0, n, step)]


class Tally:
    """What becomes of a yes or no in many runs, counted block by block; areas are the last axis."""

    def __init__(self, n_areas: int) -> None:
        self.yes, self.known = np.zeros(n_areas, dtype=np.int64), np.zeros(n_areas, dtype=np.int64)
        self.sizes: list[int] = []
        self.runs = self.failed = 0

    def add(self, yes: NDArray[np.bool_], known: NDArray[np.bool_], judged: NDArray[np.bool_] | None = None) -> None:
        """Count runs of shape (runs, n_areas); a run fails if a judged area, of all if not given, is not known."""
        self.yes += (yes & known).sum(axis=0)
        self.known += known.sum(axis=0)
        some = known.any(axis=1)
        self.sizes += yes[some].sum(axis=1).tolist()
        looked_at = known if judged is None else known[:, judged]
        self.failed += int((~looked_at).any(axis=1).sum())
        self.runs += len(yes)

    @property
    def share(self) -> Array:
        """Share of the runs in which it is yes, among those in which it is known; NaN where in none."""
        share: Array = np.divide(self.yes, self.known, out=np.full(len(self.yes), np.nan), where=self.known > 0)
        return share

    def check(self, judged: NDArray[np.bool_] | None = None) -> None:
        """Refuse that no run could be computed, where there is something to judge."""
        looked_at = self.known if judged is None else self.known[judged]
        if looked_at.size and not looked_at.any():
            refuse_no_run("stability", self.runs)


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


def score_replicates(
    spec: NeedSpec,
    axes: Iterable[str],
    runs: ReplicateRuns,
    context: ScoringContext,
    spread: Mapping[str, float],
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

    Returns
    -------
    ReplicateScores
    """
    found: dict[str, Array] = {}
    classes: dict[str, NDArray[np.int64]] = {}
    for name in axes:
        axis = spec.axis(name)
        found[name] = _scores(axis, runs, context)
        classes[name] = class_numbers(found[name], axis, moved_limits(axis, runs.shift, spread[name]))
    return ReplicateScores(found, classes)


@dataclass(frozen=True, eq=False)
class ReplicateScores:
    """Scores and class numbers of runs: axis -> shape (runs, n_areas)."""

    scores: dict[str, Array]
    classes: dict[str, NDArray[np.int64]]


def _scores(axis: NeedAxis, runs: ReplicateRuns, context: ScoringContext) -> Array:
    """Return the score of every run; runs of one method are computed together."""
    n_areas = next(iter(runs.draws.columns.values())).shape[-1]
    scores = np.empty((len(runs), n_areas))
    method_of = np.zeros(len(runs), dtype=np.int64) if runs.method is None else runs.method
    for number in np.unique(method_of):
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


def count_failed(known: NDArray[np.bool_], what: str) -> int:
    """Return in how many runs an area has no score, of shape (runs, n_areas); refuse that no run has any."""
    if not known.any():
        refuse_no_run(what, len(known))
    return int((~known).any(axis=1).sum())


def refuse_no_run(what: str, runs: int) -> NoReturn:
    """Say that no run has any score."""
    raise SpecError(
        f"{what}: none of the {runs} runs could be computed, though the index as published can: with other data or "
        f"methods no value is in the range of a transform or mean. Leave 'data' out of what varies, take a transform "
        f"that allows 0, or a larger denominator."
    )


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
