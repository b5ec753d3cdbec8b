"""Two indices of the same areas side by side: which ranks and classes differ, and how much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import count_noun, expects
from quartiersatlas.base.keys import refuse_number_keys
from quartiersatlas.errors import SpecError
from quartiersatlas.need.score.need_scores import NeedScores

if TYPE_CHECKING:
    from quartiersatlas.need.spec.records import NeedAxis

SUMMARY = ["axis", "areas", "same_class", "higher_class", "lower_class", "rank_correlation", "largest_rank_change"]


def compare(need: NeedScores, other: NeedScores) -> NeedComparison:
    """Compare with another index of the same areas, such as that of a changed spec.

    Parameters
    ----------
    other : NeedIndex
        By other rules, weights or data. Axes with the same id are compared.

    Returns
    -------
    NeedComparison
        Scores, ranks and classes of both, by area, and a summary per axis.

    Raises
    ------
    SpecError
        The two have no axis or fewer than two scored areas in common.

    Examples
    --------
    >>> import pandas as pd
    >>> import quartiersatlas as qa
    >>> frame = pd.DataFrame({"a": range(20), "b": [*range(10), *range(10)]}, dtype=float)
    >>> frame.index = [f"{i:02d}" for i in frame.index]
    >>> spec = qa.NeedSpec.simple(["a", "b"], min_population=0)
    >>> change = qa.need_index(frame, spec).compare(qa.need_index(frame, spec.with_weights({"a": 3})))
    >>> change.summary[["same_class", "higher_class", "lower_class"]].iloc[0].tolist()
    [18, 1, 1]
    """
    expects(other, NeedScores, "NeedIndex.compare", "need.compare(qa.need_index(data, other_spec))")
    axes = [axis for axis in need.spec.axes if axis.id in other.scores.columns]
    if not axes:
        raise SpecError(
            f"compare: {need.spec.id!r} and {other.spec.id!r} have no axis in common; they have "
            f"{', '.join(need.scores.columns)} and {', '.join(other.scores.columns)}."
        )
    keys = need.scored_keys.intersection(other.scored_keys, sort=False)
    if len(keys) < 2:  # noqa: PLR2004 - one area has no order
        refuse_number_keys(need.scores.index, other.scores.index, "the other index", "Make its keys text")
        raise SpecError(f"compare: {count_noun(len(keys), 'area is', 'areas are')} scored in both indices.")
    tables = {axis.id: _table(need, other, axis.id, keys) for axis in axes}
    every = need.scores.index.union(other.scores.index, sort=False)
    return NeedComparison(
        names=(f"{need.spec.id} ({need.spec.hash})", f"{other.spec.id} ({other.spec.hash})"),
        table=pd.concat(tables, axis=1, names=["axis", "statistic"]),
        summary=pd.DataFrame([_summary(axis, other.spec.axis(axis.id), tables[axis.id]) for axis in axes]),
        only_in_one=every.difference(keys, sort=False),
    )


def _table(need: NeedScores, other: NeedScores, axis: str, keys: pd.Index) -> pd.DataFrame:
    rank, other_rank = need.ranks.loc[keys, axis], other.ranks.loc[keys, axis]
    before, after = need.classes.loc[keys, axis], other.classes.loc[keys, axis]
    return pd.DataFrame(
        {
            "score": need.scores.loc[keys, axis],
            "other_score": other.scores.loc[keys, axis],
            "rank": rank,
            "other_rank": other_rank,
            "rank_change": other_rank - rank,
            "class": before,
            "other_class": after,
            "class_changed": before != after,
        }
    )


def _summary(axis: NeedAxis, other: NeedAxis, table: pd.DataFrame) -> dict[str, object]:
    """Count moves between classes where both have the same ones, and say how alike the orders are."""
    ids = [c.id for c in axis.classes]
    if ids == [c.id for c in other.classes]:
        step = table["other_class"].map(ids.index) - table["class"].map(ids.index)
        moves = [int((step == 0).sum()), int((step > 0).sum()), int((step < 0).sum())]
    else:
        moves = [np.nan, np.nan, np.nan]  # type: ignore[list-item] # classes that are not the same ones
    correlation = table["rank"].corr(table["other_rank"])
    largest = float(table["rank_change"].abs().max())
    return dict(zip(SUMMARY, [axis.id, len(table), *moves, correlation, largest], strict=True))


@dataclass(frozen=True, eq=False, repr=False)
class NeedComparison:
    """Two need indices side by side.

    Parameters
    ----------
    names : tuple of (str, str)
        Spec and fingerprint of both.
    table : DataFrame
        On the keys scored in both; columns (axis, statistic): ``score``, ``rank`` and ``class`` of the one,
        ``other_score``, ``other_rank`` and ``other_class`` of the other, ``rank_change`` (above 0: less need in the
        other) and ``class_changed``. Ranks are those among all scored areas of each.
    summary : DataFrame
        One row per axis: areas compared, how many keep their class, are in a class of more need (``higher_class``) or
        less need in the other; correlation of the ranks, largest change of a rank. Moves are missing where the two have
        other classes.
    only_in_one : Index
        Keys that are not scored in both.
    """

    names: tuple[str, str]
    table: pd.DataFrame
    summary: pd.DataFrame
    only_in_one: pd.Index

    def __repr__(self) -> str:
        lines = [f"NeedComparison: {self.names[0]} and {self.names[1]}"]
        for row in self.summary.to_dict("records"):
            changed = row["areas"] - row["same_class"]
            lines.append(
                f"  {row['axis']}: {row['areas']} areas, {changed:g} in another class "
                f"({row['higher_class']:g} higher, {row['lower_class']:g} lower), rank correlation "
                f"{row['rank_correlation']:.3f}, largest change of a rank {row['largest_rank_change']:g}"
            )
        if len(self.only_in_one):
            lines.append(f"  scored in one of the two only: {count_noun(len(self.only_in_one), 'area', 'areas')}")
        return "\n".join(lines)
