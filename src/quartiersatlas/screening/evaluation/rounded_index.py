"""What a need index may be where counts behind it came rounded or changed at random."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from quartiersatlas.need.score.score_ends import NotFollowedError, class_ends, score_ends
from quartiersatlas.screening.evaluation.evidence import rate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quartiersatlas.intake import AreaData
    from quartiersatlas.need import NeedIndex
    from quartiersatlas.need.score.inputs import Counts
    from quartiersatlas.screening.evaluation.evidence import Measured

    Array = NDArray[np.float64]
    Ints = NDArray[np.int64]

Number = TypeVar("Number", np.float64, np.int64)


@dataclass(frozen=True, eq=False)
class RoundedIndex:
    """Bounds of the scores and classes of an index, on the keys of the areas.

    Parameters
    ----------
    scores, classes : dict of str to (array, array), each of shape (1, n_areas)
        Axis -> lowest and highest score, and class number; -1 where there is none.
    not_followed : list of str
        The axes that have no bounds: their scores are taken as they are.
    """

    scores: dict[str, tuple[Array, Array]] = field(default_factory=dict)
    classes: dict[str, tuple[Ints, Ints]] = field(default_factory=dict)
    not_followed: list[str] = field(default_factory=list)


def rounded_index(data: AreaData, need: NeedIndex) -> RoundedIndex:
    """Return bounds of the axes that have rounded counts behind them; of no other axis."""
    measured = {name: _measured(data, counts, name) for name, counts in need.inputs.counts.items()}
    rounded = {name: one for name, one in measured.items() if one.slack is not None}
    inside = np.asarray(need.scores.index.isin(need.scored_keys))
    columns = {name: (column, column) for name, column in need.columns.items()}
    columns |= {name: (one.ends[0].values[0][inside], one.ends[1].values[0][inside]) for name, one in rounded.items()}
    city = {name: (np.asarray(value),) * 2 for name, value in need.context.city.items()}
    city |= {name: tuple(city_of(end)[0, 0] for end in one.ends) for name, one in rounded.items()}
    found = RoundedIndex()
    weighed = data.population is not None and bool(data.off_by.get(data.population))
    for axis in need.spec.axes:
        names = {leaf.id for leaf in axis.indicators} & set(rounded)
        rules = [axis.standardise, *(group.normalise for group in axis.groups())]
        by_residents = weighed and any(rule.weighting != "none" for rule in rules)
        if not names and not by_residents:
            continue
        try:
            ends = (
                None if by_residents or names & need.inputs.shrunken else score_ends(axis, columns, city, need.context)
            )
        except NotFollowedError:
            ends = None
        if ends is None:
            found.not_followed.append(axis.id)
            continue
        found.scores[axis.id] = on_all_areas(ends[0], inside, np.nan), on_all_areas(ends[1], inside, np.nan)
        low, high = class_ends(axis, ends)
        found.classes[axis.id] = on_all_areas(low, inside, -1), on_all_areas(high, inside, -1)
    return found


def on_all_areas(values: NDArray[Number], inside: NDArray[np.bool_], none: float) -> NDArray[Number]:
    """Return values of the scored areas as those of all, one row per run."""
    values = np.atleast_2d(values)
    found = np.full((len(values), len(inside)), none, dtype=values.dtype)
    found[:, inside] = values
    return found


def _measured(data: AreaData, counts: Counts, name: str) -> Measured:
    """Return the counts of an indicator with what they are off by."""
    off = [data.off_by.get(str(part.name), 0.0) for part in (counts.numerator, counts.denominator)]
    pair = counts.numerator.astype(float).tolist(), counts.denominator.astype(float).tolist()
    one = rate(*pair, per=counts.per, part=True)
    if counts.earlier is None:
        return replace(one, slack=(off[0], off[1])) if any(off) else one
    before = data.changes[name][1].off_by if name in data.changes else data.off_by
    x, n = (np.asarray(part, dtype=float)[None, :] for part in counts.earlier)
    then = [before.get(str(part.name), 0.0) for part in counts.earlier]
    values = one.values - rate(x[0].tolist(), n[0].tolist(), per=counts.per).values
    slack = (off[0], off[1]) if any([*off, *then]) else None
    return replace(one, values=values, earlier=(x, n), slack=slack, earlier_slack=(then[0], then[1]))


def city_of(one: Measured) -> Array:
    """Return the city value of each run."""
    assert one.x is not None  # noqa: S101 - only indicators with counts are changed
    assert one.n is not None  # noqa: S101 - likewise
    found = _share(one.x, one.n) if one.earlier is None else _share(one.x, one.n) - _share(*one.earlier)
    return np.asarray(one.per * found)


def _share(x: Array, n: Array) -> Array:
    both = ~np.isnan(x) & ~np.isnan(n)
    cases, people = (np.where(both, part, 0.0).sum(axis=-1, keepdims=True) for part in (x, n))
    return np.asarray(np.divide(cases, people, out=np.full(cases.shape, np.nan), where=people > 0))
