"""What a result hangs on: single indicators, single areas, and how far a weight must move to change an area."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quartiersatlas.errors import SpecError, list_some
from quartiersatlas.need.classes import class_numbers
from quartiersatlas.need.evaluate import axis_score
from quartiersatlas.need.normalise import ranks
from quartiersatlas.need.runs import CELLS, Runs, as_published, groups_with_a_choice, outcomes
from quartiersatlas.need.selection import selection_of
from quartiersatlas.need.variants import variant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from quartiersatlas.need.result import NeedIndex
    from quartiersatlas.need.runs import Outcomes
    from quartiersatlas.need.selection import Choice
    from quartiersatlas.need.spec import NeedAxis, NeedGroup

    Array = NDArray[np.float64]

LEFT_OUT = ["axis", "without", "n_selected", "kept", "lost", "gained", "n_classes_changed", "rank_correlation"]
STEPS = 1000  # of a weight between 0 and all of its group: a tenth of a percentage point


def leave_one_out(need: NeedIndex, select: Choice) -> pd.DataFrame:
    """Compute the index without each indicator; see :meth:`quartiersatlas.need.NeedIndex.leave_one_out`."""
    selection = selection_of(need.spec, select)
    cases = [(axis, leaf.id) for axis in need.spec.axes for leaf in axis.indicators if len(axis.indicators) > 1]
    base, _ = _base(need)
    published = {axis.id: class_numbers(base[axis.id], axis) for axis in need.spec.axes}
    before = selection.selected(base, published)
    rows = []
    for axis, name in cases:
        reduced = variant(axis, without=name) or axis
        score = axis_score(reduced, need.columns, need.ground)
        classes = class_numbers(score, axis)
        after = selection.selected({**base, axis.id: score}, {**published, axis.id: classes})
        rows.append(
            {
                "axis": axis.id,
                "without": name,
                "n_selected": int(after.sum()),
                "kept": int((before & after).sum()),
                "lost": list(need.scored[before & ~after]),
                "gained": list(need.scored[after & ~before]),
                "n_classes_changed": int((classes != published[axis.id]).sum()),
                "rank_correlation": _correlation(ranks(score), ranks(base[axis.id])),
            }
        )
    return pd.DataFrame(rows, columns=LEFT_OUT)


def influence(need: NeedIndex) -> pd.DataFrame:
    """Compute the index without each area; see :meth:`quartiersatlas.need.NeedIndex.influence`."""
    keys = need.scored
    frames = []
    for axis in need.spec.axes:
        base = axis_score(axis, need.columns, need.ground)
        published = class_numbers(base, axis)
        rows = []
        for out, score in _without_each(need, axis):
            moved = class_numbers(score, axis) != published
            moved[np.arange(len(out)), out] = False
            shift = np.nanmax(np.abs(score - base), axis=1)
            rows += [
                {"key": keys[area], "axis": axis.id, "n_moved": int(row.sum()), "moved": list(keys[row]), "shift": by}
                for area, row, by in zip(out, moved, shift, strict=True)
            ]
        frames.append(pd.DataFrame(rows))
    table = pd.concat(frames, ignore_index=True)
    return table.sort_values(["n_moved", "shift"], ascending=False, kind="stable", ignore_index=True)


def _without_each(need: NeedIndex, axis: NeedAxis) -> Iterator[tuple[NDArray[np.int64], Array]]:
    """Yield blocks of areas left out, and the scores of all areas without each, shape (block, n_areas)."""
    columns = {leaf.id: need.columns[leaf.id] for leaf in axis.indicators}
    n = len(need.scored)
    step = max(1, CELLS // (n * len(columns)))
    for start in range(0, n, step):
        out = np.arange(start, min(n, start + step))
        gone = np.zeros((len(out), n), dtype=bool)
        gone[np.arange(len(out)), out] = True
        without = {k: np.where(gone, np.nan, v) for k, v in columns.items()}
        try:
            yield out, axis_score(axis, without, need.ground)
        except SpecError as error:
            raise SpecError(
                f"The index cannot be computed without one of the areas {list_some(need.scored[out])} (axis "
                f"{axis.id!r}): {error} An indicator that differs from the others in a single area has this effect."
            ) from None


def smallest_weight_change(need: NeedIndex, select: Choice) -> pd.DataFrame:
    """Return how far one weight must move; see :meth:`quartiersatlas.need.NeedIndex.smallest_weight_change`."""
    selection = selection_of(need.spec, select)
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
