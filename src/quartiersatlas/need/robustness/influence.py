"""What a result hangs on: single indicators, single areas, and how far a weight must move to change an area."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quartiersatlas.errors import SpecError, list_some
from quartiersatlas.need.robustness.replicates import CELLS, Runs, as_published, groups_with_a_choice, outcomes
from quartiersatlas.need.robustness.stability import selection_of
from quartiersatlas.need.robustness.variants import removable, variant
from quartiersatlas.need.score.aggregate import class_numbers
from quartiersatlas.need.score.scales import ranks
from quartiersatlas.need.score.scores import axis_score

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from quartiersatlas.need.result import NeedIndex
    from quartiersatlas.need.robustness.replicates import Outcomes
    from quartiersatlas.need.robustness.stability import Choice
    from quartiersatlas.need.spec.spec import NeedAxis, NeedGroup

    Array = NDArray[np.float64]

LEFT_OUT = ["axis", "without", "n_selected", "kept", "lost", "gained", "unscored"]
LEFT_OUT += ["n_classes_changed", "rank_correlation"]
MOST_AREAS = 5000  # without each of which in turn the index is computed, unless they are named
STEPS = 1000  # of a weight between 0 and all of its group: a tenth of a percentage point


def leave_one_out(need: NeedIndex, select: Choice) -> pd.DataFrame:
    """Compute the index without each indicator; see :meth:`quartiersatlas.need.NeedIndex.leave_one_out`."""
    selection = selection_of(need.spec, select, len(need.scored))
    cases = [(axis, name) for axis in need.spec.axes for name in removable(axis)]
    base, _ = _base(need)
    published = {axis.id: class_numbers(base[axis.id], axis) for axis in need.spec.axes}
    before = selection.selected(base, published)
    rows = []
    for axis, name in cases:
        reduced = variant(axis, without=name) or axis
        score = axis_score(reduced, need.columns, need.ground)
        classes = class_numbers(score, axis)
        after = selection.selected({**base, axis.id: score}, {**published, axis.id: classes})
        known = ~np.isnan(score)
        rows.append(
            {
                "axis": axis.id,
                "without": name,
                "n_selected": int(after.sum()),
                "kept": int((before & after).sum()),
                "lost": list(need.scored[before & ~after & known]),
                "gained": list(need.scored[after & ~before]),
                "unscored": list(need.scored[~known]),
                "n_classes_changed": int(((classes != published[axis.id]) & known).sum()),
                "rank_correlation": _correlation(ranks(score), ranks(base[axis.id])),
            }
        )
    return pd.DataFrame(rows, columns=LEFT_OUT)


def influence(need: NeedIndex, areas: Sequence[str] | None) -> pd.DataFrame:
    """Compute the index without each area; see :meth:`quartiersatlas.need.NeedIndex.influence`."""
    left_out = _places(need, areas)
    rows = []
    for axis in need.spec.axes:
        base = axis_score(axis, need.columns, need.ground)
        published = class_numbers(base, axis)
        for out, score, note in _without_each(need, axis, left_out):
            rows += _moves(need.scored, out, score, (base, published), axis) if not note else []
            rows += [{"key": need.scored[area], "axis": axis.id, "moved": [], "note": note} for area in out if note]
    table = pd.DataFrame(rows, columns=["key", "axis", "n_moved", "moved", "shift", "note"])
    table = table.astype({"n_moved": "Int64", "shift": float})
    return table.sort_values(["n_moved", "shift"], ascending=False, kind="stable", ignore_index=True)


def _places(need: NeedIndex, areas: Sequence[str] | None) -> NDArray[np.int64]:
    """Return the places of the areas to leave out among those that are scored."""
    n = len(need.scored)
    if areas is None and n > MOST_AREAS:
        raise SpecError(
            f"influence: the index is computed anew without each of {n:,} areas, and the time grows with their square: "
            f"above {MOST_AREAS:,}, name those to leave out, such as influence(areas=need.scored[:100]), or the ones "
            f"with the highest scores."
        )
    if areas is None:
        return np.arange(n)
    if isinstance(areas, str):
        raise SpecError(f"influence: areas is the text {areas!r}; give a list of keys: areas=[{areas!r}].")
    keys = list(dict.fromkeys(areas))
    unknown = [key for key in keys if key not in need.scored]
    if unknown:
        raise SpecError(f"influence: {len(unknown)} of the areas named have no score: {list_some(unknown)}.")
    return np.asarray(need.scored.get_indexer(pd.Index(keys)), dtype=np.int64)


def _moves(
    keys: pd.Index, out: NDArray[np.int64], score: Array, before: tuple[Array, NDArray[np.int64]], axis: NeedAxis
) -> list[dict[str, object]]:
    """Say for each area left out whose class changes, and by how much a score changes most."""
    base, published = before
    moved = class_numbers(score, axis) != published
    moved[np.arange(len(out)), out] = False
    shift = np.fmax.reduce(np.abs(score - base), axis=1)
    return [
        {"key": keys[area], "axis": axis.id, "n_moved": row.sum(), "moved": list(keys[row]), "shift": by, "note": ""}
        for area, row, by in zip(out, moved, shift, strict=True)
    ]


def _without_each(
    need: NeedIndex, axis: NeedAxis, areas: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], Array, str]]:
    """Yield blocks of areas left out, the scores of all areas, shape (block, n_areas), and why there are none.

    Where the index cannot be computed without one of a block, its areas are left out one by one.
    """
    columns = {leaf.id: need.columns[leaf.id] for leaf in axis.indicators}
    n = len(need.scored)
    step = max(1, CELLS // (n * len(columns)))
    for start in range(0, len(areas), step):
        out = areas[start : start + step]
        try:
            yield out, _score_without(columns, axis, need, out), ""
        except SpecError:
            for one in out[:, None]:
                try:
                    yield one, _score_without(columns, axis, need, one), ""
                except SpecError as error:
                    yield one, np.full((1, n), np.nan), str(error)


def _score_without(columns: Mapping[str, Array], axis: NeedAxis, need: NeedIndex, out: NDArray[np.int64]) -> Array:
    gone = np.zeros((len(out), len(need.scored)), dtype=bool)
    gone[np.arange(len(out)), out] = True
    return axis_score(axis, {name: np.where(gone, np.nan, v) for name, v in columns.items()}, need.ground)


def smallest_weight_change(need: NeedIndex, select: Choice) -> pd.DataFrame:
    """Return how far one weight must move; see :meth:`quartiersatlas.need.NeedIndex.smallest_weight_change`."""
    selection = selection_of(need.spec, select, len(need.scored))
    base, spread = _base(need)
    published = {axis.id: class_numbers(base[axis.id], axis) for axis in need.spec.axes}
    before = selection.selected(base, published)
    nearest = np.full(len(before), np.inf)
    found = pd.DataFrame({"selected": before, "change": np.nan}, index=need.scored)
    found[["axis", "group", "member"]] = None
    found[["share", "to"]] = np.nan
    for axis, group, k in _choices(need, selection.axes):
        share, path = _path(group, k)
        moved = _outcomes_on(path, need, axis, group, k, spread)
        chosen = selection.selected(
            {**_repeated(base, len(path)), **moved.scores}, {**_repeated(published, len(path)), **moved.classes}
        )
        known = ~np.isnan(moved.scores[axis.id])  # where all the weight is on an unknown value, nothing is said
        distance = np.where(known & (chosen != before), np.abs(path - share)[:, None], np.inf)
        first = distance.argmin(axis=0)
        change = distance[first, np.arange(len(before))]
        closer = change < nearest
        nearest[closer] = change[closer]
        found.loc[closer, "change"] = change[closer]
        found.loc[closer, ["axis", "group", "member"]] = [axis.id, group.id, group.members[k].id]
        found.loc[closer, "share"] = share
        found.loc[closer, "to"] = path[first[closer]]
    return found.reindex(need.scores.index)


def _choices(need: NeedIndex, axes: tuple[str, ...]) -> Iterator[tuple[NeedAxis, NeedGroup, int]]:
    """Yield every weight that can be moved in the axes a selection looks at."""
    for axis in need.spec.axes:
        if axis.id in axes:
            for group in groups_with_a_choice(axis):
                for k in range(len(group.members)):
                    yield axis, group, k


def _outcomes_on(
    path: Array, need: NeedIndex, axis: NeedAxis, group: NeedGroup, k: int, spread: dict[str, float]
) -> Outcomes:
    """Compute an axis for every share of a path."""
    runs = Runs(
        draws=as_published(need),
        shift=np.zeros(len(path)),
        weights={(axis.id, group.id): _moved(group, k, path)},
    )
    return outcomes(need.spec, [axis.id], runs, need.ground, spread)


def _repeated(values: Mapping[str, NDArray[Any]], n: int) -> dict[str, NDArray[Any]]:
    return {name: np.broadcast_to(row, (n, len(row))) for name, row in values.items()}


def _path(group: NeedGroup, k: int) -> tuple[float, Array]:
    """Return the share of a member in the weights of its group, and the shares to try."""
    weights = np.array([member.weight for member in group.members])
    return float(weights[k] / weights.sum()), np.linspace(0.0, 1.0, STEPS + 1)


def _moved(group: NeedGroup, k: int, path: Array) -> Array:
    """Return weights in which a member has the shares of a path, and the others share the rest as before."""
    weights = np.array([member.weight for member in group.members])
    rest = np.delete(weights, k).sum()
    moved = weights[:, None] / rest * (1 - path)[None, :]
    moved[k] = path
    result: Array = moved * weights.sum()
    return result


def _base(need: NeedIndex) -> tuple[dict[str, Array], dict[str, float]]:
    """Return the published scores of the scored areas, and their standard deviations."""
    scores = {axis.id: np.asarray(need.scores.loc[need.scored, axis.id], dtype=float) for axis in need.spec.axes}
    return scores, {name: float(np.nanstd(score)) for name, score in scores.items()}


def _correlation(a: Array, b: Array) -> float:
    known = ~np.isnan(a) & ~np.isnan(b)
    return float(np.corrcoef(a[known], b[known])[0, 1])
