"""What a result hangs on: single indicators, single areas, and how far a weight must move to change an area."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import count_noun, expects
from quartiersatlas.errors import SpecError, list_some
from quartiersatlas.need.robustness.replicates import (
    CELLS,
    ReplicateRuns,
    as_published,
    groups_with_a_choice,
    published_scores,
    score_replicates,
)
from quartiersatlas.need.robustness.selection import selection_of
from quartiersatlas.need.robustness.variants import removable, variant
from quartiersatlas.need.score.scales import ranks
from quartiersatlas.need.score.scores import axis_score, class_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from quartiersatlas.need.robustness.replicates import ReplicateScores
    from quartiersatlas.need.robustness.selection import Choice
    from quartiersatlas.need.score.need_scores import NeedScores
    from quartiersatlas.need.spec.records import NeedAxis, NeedGroup

    Array = NDArray[np.float64]

LEFT_OUT = ["axis", "without", "n_selected", "kept", "lost", "gained", "unscored"]
LEFT_OUT += ["n_classes_changed", "rank_correlation"]
MOST_AREAS = 5000  # without each of which in turn the index is computed, unless they are named
MOST_COMPARED = 200_000_000  # pairs of areas that Copeland scores compare in all
STEPS = 1000  # of a weight between 0 and all of its group: a tenth of a percentage point


def leave_one_out(need: NeedScores, select: Choice = None) -> pd.DataFrame:
    """Compute the index without each of its indicators in turn.

    Parameters
    ----------
    select : float, int, mapping or list of mappings, optional
        Who is on the shortlist, as in :meth:`stability`.

    Returns
    -------
    DataFrame
        One row per axis and indicator left out: ``n_selected`` areas, ``kept`` of the published ones, keys ``lost``
        and ``gained``, keys ``unscored`` (areas known through this indicator alone), ``n_classes_changed`` on the
        axis, ``rank_correlation`` (Spearman) with the published score. No rows for axes of one indicator, nor for
        the conditions of a rule that counts them. The weights left in a group bear the sum of all.
    """
    selection = selection_of(need.spec, select, len(need.scored_keys))
    cases = [(axis, name) for axis in need.spec.axes for name in removable(axis)]
    base, _ = published_scores(need)
    published = {axis.id: class_numbers(base[axis.id], axis) for axis in need.spec.axes}
    before = selection.selected(base, published)
    rows = []
    for axis, name in cases:
        reduced = variant(axis, without=name) or axis
        score = axis_score(reduced, need.columns, need.context)
        classes = class_numbers(score, axis)
        after = selection.selected({**base, axis.id: score}, {**published, axis.id: classes})
        known = ~np.isnan(score)
        rows.append(
            {
                "axis": axis.id,
                "without": name,
                "n_selected": int(after.sum()),
                "kept": int((before & after).sum()),
                "lost": list(need.scored_keys[before & ~after & known]),
                "gained": list(need.scored_keys[after & ~before]),
                "unscored": list(need.scored_keys[~known]),
                "n_classes_changed": int(((classes != published[axis.id]) & known).sum()),
                "rank_correlation": _correlation(ranks(score), ranks(base[axis.id])),
            }
        )
    return pd.DataFrame(rows, columns=LEFT_OUT)


def influence(need: NeedScores, areas: Sequence[str] | None = None) -> pd.DataFrame:
    """Compute the index without each area in turn: which areas move the classes of others?

    Parameters
    ----------
    areas : sequence of str, optional
        Keys of the scored areas to leave out; all, if not given.

    Returns
    -------
    DataFrame
        One row per axis and area left out, those that move most first: ``n_moved`` other areas whose class
        changes, ``moved`` (their keys), ``shift`` (largest change of another area's score, on its scale), ``note``.
        Where there is no index without an area (the only one in which an indicator differs, say), ``n_moved`` and
        ``shift`` are missing and ``note`` says why.

    Raises
    ------
    SpecError
        There are more than 5,000 areas and ``areas`` is not given, one of them has no score, or Copeland scores would
        compare more than 200 million pairs of areas.

    Notes
    -----
    Limits that refer to the areas, means, deviations and ranks are computed anew; the value of the city is not, for
    the persons still live there. Each area costs one computation of the index: time grows with their square, and with
    their cube where Copeland scores compare all pairs of areas.
    """
    left_out = _positions(need, areas)
    _check_pairs(need, len(left_out))
    rows = []
    for axis in need.spec.axes:
        base = axis_score(axis, need.columns, need.context)
        published = class_numbers(base, axis)
        for out, score, note in _without_each(need, axis, left_out):
            rows += _moves(need.scored_keys, out, score, (base, published), axis) if not note else []
            rows += [
                {"key": need.scored_keys[area], "axis": axis.id, "moved": [], "note": note} for area in out if note
            ]
    table = pd.DataFrame(rows, columns=["key", "axis", "n_moved", "moved", "shift", "note"])
    table = table.astype({"n_moved": "Int64", "shift": float})
    return table.sort_values(["n_moved", "shift"], ascending=False, kind="stable", ignore_index=True)


def _positions(need: NeedScores, areas: Sequence[str] | None) -> NDArray[np.int64]:
    """Return the positions of the areas to leave out among those that are scored."""
    n = len(need.scored_keys)
    if areas is None and n > MOST_AREAS:
        raise SpecError(
            f"influence: the index is computed anew without each of {n:,} areas, and the time grows with their square: "
            f"above {MOST_AREAS:,}, name those to leave out, such as influence(areas=need.scored_keys[:100]), or the "
            f"ones with the highest scores."
        )
    if areas is None:
        return np.arange(n)
    expects(areas, Iterable, "influence: areas", "a key or a list of keys, such as areas=need.scored_keys[:100]")
    keys = [areas] if isinstance(areas, str) else list(dict.fromkeys(areas))
    unknown = [key for key in keys if key not in need.scored_keys]
    if unknown:
        raise SpecError(
            f"influence: {count_noun(len(unknown), 'area that is named has', 'areas that are named have')} no score: "
            f"{list_some(unknown)}."
        )
    return np.asarray(need.scored_keys.get_indexer(pd.Index(keys)), dtype=np.int64)


def _check_pairs(need: NeedScores, left_out: int) -> None:
    """Refuse Copeland scores of so many areas, so many times, that they would take hours."""
    n = len(need.scored_keys)
    pairs = any(group.aggregate == "copeland" for axis in need.spec.axes for group in axis.groups())
    most = MOST_COMPARED // max(n * n, 1)
    if pairs and left_out > most:
        often = f"{left_out:,} times over: the time grows with the cube" if most else "which takes too long even once"
        named = f"Name up to {most}, such as influence(areas=need.scored_keys[:{most}]), or take" if most else "Take"
        raise SpecError(
            f"influence: Copeland scores compare all pairs of {n:,} areas, {often}. {named} another aggregation."
        )


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
    need: NeedScores, axis: NeedAxis, areas: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], Array, str]]:
    """Yield blocks of areas left out, the scores of all areas, shape (block, n_areas), and why there are none.

    Where the index cannot be computed without one of a block, its areas are left out one by one.
    """
    columns = {leaf.id: need.columns[leaf.id] for leaf in axis.indicators}
    n = len(need.scored_keys)
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


def _score_without(columns: Mapping[str, Array], axis: NeedAxis, need: NeedScores, out: NDArray[np.int64]) -> Array:
    gone = np.zeros((len(out), len(need.scored_keys)), dtype=bool)
    gone[np.arange(len(out)), out] = True
    return axis_score(axis, {name: np.where(gone, np.nan, v) for name, v in columns.items()}, need.context)


def smallest_weight_change(need: NeedScores, select: Choice = None) -> pd.DataFrame:
    """Return the smallest shift of a single weight that brings an area onto the shortlist, or off it.

    Needs about 60 KB of memory for each scored area: 600 MB for 10,000.

    Parameters
    ----------
    select : float, int, mapping or list of mappings, optional
        Who is on the shortlist, as in :meth:`stability`.

    Returns
    -------
    DataFrame
        On the district key: ``selected`` as published; ``change``, the smallest difference between a member's
        ``share`` of the weights of its group and the share ``to`` at which the area changes sides, the other
        members sharing the rest as before; ``axis``, ``group`` and ``member`` it happens at. Shares in [0, 1], in
        steps of 0.001. NaN where no single weight changes anything, and for areas without a score.
    """
    selection = selection_of(need.spec, select, len(need.scored_keys))
    base, spread = published_scores(need)
    published = {axis.id: class_numbers(base[axis.id], axis) for axis in need.spec.axes}
    before = selection.selected(base, published)
    nearest = np.full(len(before), np.inf)
    found = pd.DataFrame({"selected": before, "change": np.nan}, index=need.scored_keys)
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


def _choices(need: NeedScores, axes: tuple[str, ...]) -> Iterator[tuple[NeedAxis, NeedGroup, int]]:
    """Yield every weight that can be moved in the axes a selection looks at."""
    for axis in need.spec.axes:
        if axis.id in axes:
            for group in groups_with_a_choice(axis):
                for k in range(len(group.members)):
                    yield axis, group, k


def _outcomes_on(
    path: Array, need: NeedScores, axis: NeedAxis, group: NeedGroup, k: int, spread: dict[str, float]
) -> ReplicateScores:
    """Compute an axis for every share of a path."""
    runs = ReplicateRuns(
        draws=as_published(need),
        shift=np.zeros(len(path)),
        weights={(axis.id, group.id): _moved(group, k, path)},
    )
    return score_replicates(need.spec, [axis.id], runs, need.context, spread)


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


def _correlation(a: Array, b: Array) -> float:
    known = ~np.isnan(a) & ~np.isnan(b)
    return float(np.corrcoef(a[known], b[known])[0, 1])
