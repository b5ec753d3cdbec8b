"""Many runs of a need index at once: other data, weights, methods and limits, the same areas."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from quartiersatlas.errors import SpecError
from quartiersatlas.need.classes import class_numbers
from quartiersatlas.need.draws import Draws
from quartiersatlas.need.evaluate import Ground, axis_score
from quartiersatlas.need.variants import OWN, variant
from quartiersatlas.progress import with_progress

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from quartiersatlas.need.result import NeedIndex
    from quartiersatlas.need.spec import NeedAxis, NeedGroup, NeedSpec

    Array = NDArray[np.float64]

CELLS = 4_000_000  # areas x indicators x replications computed at a time


class Method(NamedTuple):
    """A scale, an aggregation and an indicator left out (empty: none)."""

    normalisation: str = OWN
    aggregation: str = OWN
    without: str = ""


@dataclass(frozen=True)
class Runs:
    """What differs from run to run.

    Parameters
    ----------
    draws : Draws
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

    draws: Draws
    shift: Array
    row: NDArray[np.int64] | None = None
    weights: Mapping[tuple[str, str], Array] = field(default_factory=dict)
    methods: tuple[Method, ...] = (Method(),)
    method: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.shift)


def as_published(need: NeedIndex) -> Draws:
    """Return the indicators of the scored areas as they are, in one row."""
    return Draws({name: values[None, :] for name, values in need.columns.items()}, {})


@dataclass(frozen=True)
class Outcomes:
    """Scores and class numbers of runs: axis -> shape (runs, n_areas)."""

    scores: dict[str, Array]
    classes: dict[str, NDArray[np.int64]]


def outcomes(
    spec: NeedSpec,
    axes: Iterable[str],
    runs: Runs,
    ground: Ground,
    spread: Mapping[str, float],
    *,
    progress: bool = False,
) -> Outcomes:
    """Compute the axes of a spec in all runs.

    Parameters
    ----------
    spec : NeedSpec
        The rules.
    axes : list of str
        The axes that are needed.
    runs : Runs
        What differs.
    ground : Ground
        Residents of the scored areas, and city values where they do not differ.
    spread : mapping of str to float
        Standard deviation of each axis' score as published: the unit of a shift of fixed limits.
    progress : bool
        Whether to show a bar per axis.

    Returns
    -------
    Outcomes
    """
    found: dict[str, Array] = {}
    classes: dict[str, NDArray[np.int64]] = {}
    for name in axes:
        axis = spec.axis(name)
        found[name] = _scores(axis, runs, ground, progress=progress)
        classes[name] = class_numbers(found[name], axis, moved_limits(axis, runs.shift, spread[name]))
    return Outcomes(found, classes)


def share_of_runs(yes: NDArray[np.bool_], told: NDArray[np.bool_]) -> Array:
    """Return the share of the runs in which something holds, among those in which it can be told; NaN where in none.

    Both have the shape (runs, ...).
    """
    runs = told.sum(axis=0)
    share: Array = np.divide((yes & told).sum(axis=0), runs, out=np.full(runs.shape, np.nan), where=runs > 0)
    return share


def count_failed(told: NDArray[np.bool_], what: str) -> int:
    """Return in how many runs an area has no score, of shape (runs, n_areas); refuse that no run has any."""
    if not told.any():
        raise SpecError(
            f"{what}: none of the {len(told)} runs could be computed, though the index as published can: with other "
            f"data or methods no value is in the range of a transform or mean. Leave 'data' out of what varies, take "
            f"a transform that allows 0, or a larger denominator."
        )
    return int((~told).any(axis=1).sum())


def _scores(axis: NeedAxis, runs: Runs, ground: Ground, *, progress: bool) -> Array:
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
            around = replace(ground, city={**ground.city, **city}, strict=False)
            scores[rows] = axis_score(changed, columns, around, _weights(axis, changed, runs, rows))
    return scores


def _blocks(rows: NDArray[np.int64], cells: int) -> list[NDArray[np.int64]]:
    step = max(1, CELLS // cells)
    return [rows[start : start + step] for start in range(0, len(rows), step)]


def _rows(values: Array, rows: NDArray[np.int64]) -> Array:
    """Return rows of an array, which may have a single row for all."""
    return values if len(values) == 1 else values[rows]


def _weights(axis: NeedAxis, changed: NeedAxis, runs: Runs, rows: NDArray[np.int64]) -> dict[str, Array]:
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
    if axis.breaks.method == "quantile":
        moved: Array = limits - by * np.minimum(limits, 1 - limits)
        return moved
    if axis.aggregate == "count" and axis.breaks.method == "fixed" and axis.standardise.method == "none":
        return np.broadcast_to(limits, (len(limits), len(shift), 1))
    return limits - by * (spread if axis.breaks.method == "fixed" else 1.0)


def drawn_weights(
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
