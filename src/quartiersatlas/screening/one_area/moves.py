"""What the persons of one area can change: which counts, by how many, and what the conditions then say.

Counts are the same where their column is: two rates of the same numerator change together, and so do a rate and the
count that is its denominator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from quartiersatlas.errors import SpecError
from quartiersatlas.screening.evaluation.evaluate import worse_as_comparison
from quartiersatlas.screening.language.rules import Compare, Hotspot, InClass, WorseThanCity, Worst
from quartiersatlas.screening.one_area.answers import CELLS, Answer, Evaluated, Step, codes
from quartiersatlas.screening.one_area.compared import Compared
from quartiersatlas.screening.one_area.inside import Inside
from quartiersatlas.screening.one_area.placed import Placed
from quartiersatlas.screening.one_area.scored import Rescored, Scored
from quartiersatlas.screening.one_area.tested import Tested

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from quartiersatlas.screening.evaluation.evaluate import Held
    from quartiersatlas.screening.evaluation.evidence import Evidence, Measured
    from quartiersatlas.screening.language.rules import Condition
    from quartiersatlas.screening.one_area.scored import Rescored
    from quartiersatlas.screening.one_area.turns import Span

    Array = NDArray[np.float64]
    Ints = NDArray[np.int64]

How = Literal["status", "moving"]
MOST_TOGETHER = 30  # conditions on the same counts
FARTHEST = 10**7  # persons more
WIDEST = 2**15  # persons on either side that are asked one by one, where a rounded limit moves with the area
NO, YES, UNKNOWN = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Mover:
    """A column of counts that can change.

    Parameters
    ----------
    name : str
        The column.
    steps : dict of str to Step
        Indicator -> what one person more adds to it.
    low, high : array of int, shape (n_areas,)
        How many persons fewer, and more, there can be.
    """

    name: str
    steps: Mapping[str, Step]
    low: Ints
    high: Ints


@dataclass(frozen=True, eq=False)
class Group:
    """Conditions that are changed by the same counts.

    Parameters
    ----------
    places : list of int
        The conditions.
    movers : list of Mover
        The counts. Where there are several (of one denominator, say), only one of them changes: the same persons may
        be in both.
    """

    places: Sequence[int]
    movers: Sequence[Mover]


def grouped(held: Sequence[Held], evidence: Evidence, how: How, rescored: Rescored | None = None) -> list[Group]:
    """Return the conditions that persons can change, those together that share a count.

    Parameters
    ----------
    held : list of Held
        The conditions of a rule, each once.
    evidence : Evidence
        What they look at.
    how : {"status", "moving"}
        Whether denominators stay, or persons come and go.
    rescored : Rescored, optional
        The need index, if the rule looks at one.
    """
    looks = [looked_at(one.condition, rescored) for one in held]
    # in one order: among equally small changes the first one found is told
    named = list(dict.fromkeys(name for names in looks for name in sorted(names)))
    measured = {name: evidence.measured[name] for name in named if name in evidence.measured}
    if rescored is not None:
        measured = {**{name: rescored.measured[name] for name in named if name not in measured}, **measured}
    groups: list[Group] = []
    for mover in _movers(measured, how):
        mine = {place for place, names in enumerate(looks) if names & set(mover.steps)}
        joined = [group for group in groups if mine & set(group.places)]
        places = sorted(mine.union(*(group.places for group in joined)))
        others = [other for group in joined for other in group.movers]
        groups = [group for group in groups if group not in joined] + [Group(places, [*others, mover])]
    return groups


def looked_at(condition: Condition, rescored: Rescored | None) -> set[str]:
    """Return the indicators that a condition and the rule inside it look at, those behind a need index too."""
    found: set[str] = set()
    for one in condition.every:
        behind = set() if rescored is None else rescored.behind(one)
        found |= behind or (set() if isinstance(one, InClass) else set(one.own_indicators))
    return found


def _movers(measured: Mapping[str, Measured], how: How) -> Iterator[Mover]:
    """Return the counts that can change.

    Where persons change their status, a count moves alone, and the denominators stay. Where they come and go, they are
    also in every count that theirs is a part of.
    """
    countable = {name: one for name, one in measured.items() if one.x is not None and one.columns[0]}
    below = {one.columns[1] for one in measured.values()} - {""}
    for column in dict.fromkeys(one.columns[0] for one in countable.values()):
        if how == "status" and column in below:
            continue
        moved = {column}
        while how == "moving":
            more = {one.columns[1] for one in countable.values() if one.part and one.columns[0] in moved} - {"", *moved}
            if not more:
                break
            moved |= more
        steps = {
            name: Step(int(one.columns[0] in moved), int(one.columns[1] in moved)) for name, one in countable.items()
        }
        steps = {name: step for name, step in steps.items() if step.x or step.n}
        yield Mover(column, steps, *_reach(column, {name: (countable[name], step) for name, step in steps.items()}))


def _reach(column: str, moved: Mapping[str, tuple[Measured, Step]]) -> tuple[Ints, Ints]:
    """Return how many persons fewer and more there can be: no count below 0, no part above its whole, nobody left."""
    shape = next(iter(moved.values()))[0].values.shape[-1]
    low, high, own = np.full(shape, -np.inf), np.full(shape, float(FARTHEST)), np.zeros(shape, dtype=bool)
    for one, step in moved.values():
        assert one.x is not None  # noqa: S101 - only those with counts are moved
        assert one.n is not None  # noqa: S101 - likewise
        x, n = one.x[0], one.n[0]
        there = ~np.isnan(x) & ~np.isnan(n)
        own |= there & (one.columns[0] == column)
        if step.x:
            low = np.where(there, np.maximum(low, np.ceil(-x)), low)
        if step.n:
            low = np.where(there, np.maximum(low, np.where(n > 0, np.floor(-n) + 1, 0)), low)
        if one.part and step.x > step.n:
            high = np.where(there, np.minimum(high, np.floor(n - x)), high)
        if one.part and step.n > step.x:
            low = np.where(there, np.maximum(low, np.ceil(x - n)), low)
    return tuple(np.where(own, end, 0).astype(np.int64) for end in (np.minimum(low, 0), np.maximum(high, 0)))  # type: ignore[return-value]


@dataclass(frozen=True, eq=False)
class Way:
    """One set of answers of the conditions of a group, and the fewest persons that bring it about in each area.

    Parameters
    ----------
    answers : array of int, shape (conditions of the group,)
        1 for yes, 0 for no, 2 for unknown.
    persons : array of float, shape (n_areas,)
        How many; infinite where it cannot be.
    d : array of int
        With their sign.
    mover : array of int
        Which of the group's counts.
    """

    answers: Ints
    persons: Array
    d: Ints
    mover: Ints


def ways_of(
    group: Group,
    held: Sequence[Held],
    now: Ints,
    evidence: Evidence,
    rescored: Rescored | None = None,
    upto: Array | None = None,
) -> tuple[list[Way], Array]:
    """Return every set of answers that persons can bring about, in the order of how few of them it takes.

    With them comes up to how many persons no other set can be: infinite where all numbers were asked, or a formula
    tells where answers turn.

    Parameters
    ----------
    group : Group
        Conditions and counts.
    held : list of Held
        All conditions of the rule, each once.
    now : array of int, shape (n_areas, conditions of the rule)
        Their answers as they are.
    evidence : Evidence
        What they look at.
    rescored : Rescored, optional
        The need index, if the rule looks at one.
    upto : array of float, optional
        How far each area is asked person by person, where no formula tells.

    Raises
    ------
    SpecError
        Too many conditions share their counts.
    """
    if len(group.places) > MOST_TOGETHER:
        raise SpecError(
            f"missing: {len(group.places)} conditions are changed by the same counts, {group.movers[0].name!r} among "
            f"them; it can be computed for up to {MOST_TOGETHER}."
        )
    n = evidence.n_areas
    found: dict[int, tuple[Array, Ints, Ints]] = {}
    sure = np.full(n, np.inf)
    for number, mover in enumerate(group.movers):
        answers = {
            place: answer_of(held[place], evidence, mover.steps, rescored)
            for place in group.places
            if looked_at(held[place].condition, rescored) & set(mover.steps)
        }
        turns = [answer.turns(mover.low, mover.high, upto) for answer in answers.values()]
        spans = [span for one in turns for span in one.spans]
        for first, last in spans:
            cut = (last > first) & (np.fmax(np.abs(first), np.abs(last)) > WIDEST)
            sure = np.where(cut, np.minimum(sure, WIDEST), sure)
        sure = np.minimum.reduce([sure, *(one.sure + np.zeros(n) for one in turns)])
        starts, widths = _windows(spans, mover)
        block = max(1, CELLS // (sum(widths) + 1))
        for rows in (np.arange(start, min(start + block, n)) for start in range(0, n, block)):
            d = _persons(rows, starts, widths, mover)
            said = np.zeros(d.shape, dtype=np.int64)
            for power, place in enumerate(group.places):
                one = codes(answers[place].at(rows, d)) if place in answers else now[rows, place][:, None]
                said += 3**power * one
            _keep_cheapest(found, rows, d, said, number, n)
    powers = 3 ** np.arange(len(group.places))
    ways = [Way(code // powers % 3, *best) for code, best in found.items()]
    return sorted(ways, key=lambda way: float(way.persons.min(initial=np.inf))), sure


def answer_of(one: Held, evidence: Evidence, steps: Mapping[str, Step], rescored: Rescored | None) -> Answer:
    """Return the answers of a condition that looks at counts that change."""
    condition = one.condition
    if condition.inner is not None:
        return Inside(one, evidence, rescored, steps)
    if rescored is not None and rescored.behind(condition):
        return Scored(one, evidence, rescored, steps)
    step = steps[condition.looks_at]
    measured = evidence.measured[condition.looks_at]
    if isinstance(condition, WorseThanCity):
        condition = worse_as_comparison(condition, measured)
    if measured.is_open and getattr(condition, "printed", "exact") == "interval":
        return Evaluated(one, condition, evidence, step)  # what is open between two ends has no formula
    if isinstance(condition, Worst):
        return Placed(one, condition, evidence, step)
    if isinstance(condition, Hotspot):
        return Evaluated(one, condition, evidence, step)
    return _compared(one, condition, evidence, step)


def _compared(one: Held, condition: Condition, evidence: Evidence, step: Step) -> Answer:
    """Return the answers of a comparison: a test that is corrected with others moves them too."""
    assert isinstance(condition, Compare)  # noqa: S101 - classes have no counts
    compared = Compared(one, condition, evidence, step)
    if condition.significant is None or condition.correction == "none" or not compared.moves_others:
        return compared
    if compared.against_the_rest and compared.measured.part:
        return Tested(one, condition, evidence, step)
    return Evaluated(one, condition, evidence, step)


def _windows(spans: Sequence[Span], mover: Mover) -> tuple[list[Ints], list[int]]:
    """Return where to begin to ask each area, and how many numbers of persons from there on, span by span."""
    starts, widths = [], []
    for first, last in spans:
        near = np.where(last > first, np.clip(first, -WIDEST, WIDEST), first)
        far = np.where(last > first, np.clip(last, -WIDEST, WIDEST), last)
        near, far = (np.nan_to_num(np.clip(end, mover.low - 4.0, mover.high + 4.0)) for end in (near, far))
        starts.append(np.floor(near).astype(np.int64) - 1)
        widths.append(int((np.ceil(far) - np.floor(near)).max(initial=0)) + 4)
    return starts, widths


def _persons(rows: Ints, starts: Sequence[Ints], widths: Sequence[int], mover: Mover) -> Ints:
    """Return the numbers of persons to ask some areas about; 0 among them, none beyond what there can be."""
    asked = [np.zeros((len(rows), 1), dtype=np.int64)]
    asked += [start[rows][:, None] + np.arange(width) for start, width in zip(starts, widths, strict=True)]
    return np.clip(np.concatenate(asked, axis=1), mover.low[rows][:, None], mover.high[rows][:, None])


def _keep_cheapest(
    found: dict[int, tuple[Array, Ints, Ints]], rows: Ints, d: Ints, said: Ints, mover: int, n: int
) -> None:
    """Keep for each set of answers the fewest persons of each area."""
    for code in np.unique(said).tolist():
        persons = np.where(said == code, np.abs(d), np.inf)
        place = persons.argmin(axis=1)[:, None]
        least, signed = (np.take_along_axis(part, place, axis=1)[:, 0] for part in (persons, d))
        best = found.setdefault(code, (np.full(n, np.inf), np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)))
        fewer = least < best[0][rows]
        for kept, new in zip(best, (least, signed, np.full(len(rows), mover)), strict=True):
            kept[rows[fewer]] = new[fewer]
