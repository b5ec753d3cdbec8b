"""Many runs of a need index at once: other data, weights, methods and limits, the same areas."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

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
    progress : bool, default False
        Show a progress bar.

    Returns
    -------
    Outcomes
    """
    names = list(axes)
    n_areas = next(iter(runs.draws.columns.values())).shape[-1]
    found = {name: np.empty((len(runs), n_areas)) for name in names}
    method_of = np.zeros(len(runs), dtype=np.int64) if runs.method is None else runs.method
    parts = [(name, number) for name in names for number in np.unique(method_of)]
    for name, number in with_progress(parts, progress=progress, unit="method"):
        _fill(found[name], spec.axis(name), runs.methods[number], np.flatnonzero(method_of == number), runs, ground)
    classes = {
        name: class_numbers(found[name], spec.axis(name), moved_limits(spec.axis(name), runs.shift, spread[name]))
        for name in names
    }
    return Outcomes(found, classes)


def _fill(scores: Array, axis: NeedAxis, method: Method, mine: NDArray[np.int64], runs: Runs, ground: Ground) -> None:
    """Fill in the scores of the runs of one method."""
    changed = variant(axis, *method) or axis
    for rows in _blocks(mine, scores.shape[1] * len(axis.indicators)):
        row = rows if runs.row is None else runs.row[rows]
        columns = {leaf.id: _rows(runs.draws.columns[leaf.id], row) for leaf in axis.indicators}
        city: dict[str, Array | float] = {name: _rows(value, row) for name, value in runs.draws.city.items()}
        scores[rows] = axis_score(
            changed, columns, replace(ground, city={**ground.city, **city}), _weights(axis, changed, runs, rows)
        )


def _blocks(rows: NDArray[np.int64], cells: int) -> list[NDArray[np.int64]]:
    step = max(1, CELLS // cells)
    return [rows[start : start + step] for start in range(0, len(rows), step)]


def _rows(values: Array, rows: NDArray[np.int64]) -> Array:
    """Return rows of an array, which may have a single row for all."""
    return values if len(values) == 1 else values[rows]


def _weights(axis: NeedAxis, changed: NeedAxis, runs: Runs, rows: NDArray[np.int64]) -> dict[str, Array]:
    """Return the weights of the groups that are left, of the members that are left."""
    kept = {group.id: {member.id for member in group.members} for group in changed.groups()}
    return {
        group.id: runs.weights[axis.id, group.id][[member.id in kept[group.id] for member in group.members]][:, rows]
        for group in axis.groups()
        if (axis.id, group.id) in runs.weights and group.id in kept
    }


def moved_limits(axis: NeedAxis, shift: Array, spread: float) -> Array:
    """Return the classes' limits of every run, shape (limits, runs, 1).

    Fixed limits move by ``shift`` standard deviations of the score, SD limits likewise; a quantile moves by ``shift``
    times its distance from the nearer end.
    """
    limits = np.asarray(axis.uppers, dtype=float)[:, None, None]
    by = shift[None, :, None]
    if axis.breaks.method == "quantile":
        moved: Array = limits - by * np.minimum(limits, 1 - limits)
        return moved
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
