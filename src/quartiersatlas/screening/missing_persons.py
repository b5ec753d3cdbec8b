"""How many people are missing: the smallest change in the counts of one area that brings it on the list, or off it.

All other areas stay as they are. Each condition is asked at every number of persons at which its answer may turn; a
recursion over the rule then adds up the cheapest ways: "at least k of" costs its k cheapest parts. Counts that stand in
several conditions are tried out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.base.checks import choice
from quartiersatlas.errors import SpecError, list_some
from quartiersatlas.screening.evaluation.evaluate import Held, combine, evaluate
from quartiersatlas.screening.evaluation.reasons import unknown_because
from quartiersatlas.screening.evaluation.truth import Truth
from quartiersatlas.screening.language.rules import Hotspot, InClass, Worst
from quartiersatlas.screening.one_area.answers import Step, codes, own_values
from quartiersatlas.screening.one_area.inside import turned_inside
from quartiersatlas.screening.one_area.moves import NO, UNKNOWN, YES, Group, How, Way, grouped, looked_at, ways_of
from quartiersatlas.screening.one_area.placed import Placed
from quartiersatlas.screening.one_area.scored import Rescored

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from quartiersatlas.need import NeedIndex
    from quartiersatlas.screening.evaluation.evidence import Evidence
    from quartiersatlas.screening.language.rules import Condition, Rule

    Array = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

MOST_SHARED = 5  # groups of conditions on the same counts that are tried out together


@dataclass(frozen=True, eq=False)
class Missing:
    """The smallest changes that bring areas on the list or off it.

    Parameters
    ----------
    persons : array of float, shape (n_areas,)
        Sum of all changes without their sign; NaN where there is none.
    enters : array of bool
        Whether the area would come on the list; else it would leave it.
    changes : dict of str to array of int
        Column of counts -> persons more, or fewer (below 0).
    conditions : list of Condition
        The conditions of the rule, each once.
    flips : array of bool, shape (n_areas, conditions)
        Which of them come out the other way.
    why_not : array of str
        Empty where there is a number; else ``"missing"``, ``"precision"``, ``"few"`` or ``"others"`` where a condition
        cannot be judged (``"precision"`` also for all areas where a need index is made of rounded counts),
        ``"fixed"`` where persons change no condition, ``"beyond"`` where no possible number of them does it,
        ``"not_found"`` where none of those that were tried out does.
    also_moves : list of array of int
        The places of other areas that come or go with it, where the rule asks for the worst of the areas, caps them,
        or goes by neighbours.
    smallest : array of str
        What is known of the number: ``"exact"``, there is no smaller one; ``"one_count"``, there is none if only one of
        the counts that act together changes; ``"found"``, it does what is said, and a smaller one may exist. Empty
        where there is no number.
    """

    persons: Array
    enters: Bools
    changes: Mapping[str, Ints]
    conditions: Sequence[Condition]
    flips: Bools
    why_not: NDArray[np.object_]
    also_moves: Sequence[Ints]
    smallest: NDArray[np.object_]


def missing_persons(rule: Rule, evidence: Evidence, how: How = "status", need: NeedIndex | None = None) -> Missing:
    """Return the smallest change in the counts of each area after which it enters or leaves the list.

    Parameters
    ----------
    rule : Rule
        The rule.
    evidence : Evidence
        What it looks at: one run. Indicators name their columns of counts; those of the same name change together.
    how : {"status", "moving"}
        Persons change their status, and denominators stay; or persons come and go, and are in both.

    need : NeedIndex, optional
        The index that the rule looks at, on the keys of the areas: it is computed anew for each change.

    Returns
    -------
    Missing
        One change per area, and the reason where there is none.

    Raises
    ------
    SpecError
        More than five counts stand in several conditions each.

    Notes
    -----
    The cost of "at least k of m" is the sum of the k smallest costs of its parts; that of its opposite the sum of the
    m - k + 1 smallest costs of theirs; "not" swaps the two. This is exact where each count stands in one condition.
    The answers of conditions that share a count are constant between the numbers of persons at which one of them turns,
    so that it is enough to try the smallest number of each set of answers.

    Tests that are corrected together against counts of all areas may turn several times, as others pass while the area
    falls; the first turn is found because p-value and level each move in one direction. Scores of a need index are
    searched by halves; bounds of the scores then rule out stretches of smaller numbers, and what they leave is asked
    one by one, as far as 2 million values allow; ``smallest`` says where that was not enough.

    Examples
    --------
    >>> from quartiersatlas.screening import above
    >>> from quartiersatlas.screening.evaluation.evidence import Evidence, rate
    >>> poverty = rate([30, 19, 5], [100, 100, 100], columns=("poor", "residents"))
    >>> found = missing_persons(above("poverty", 20), Evidence({"poverty": poverty}, 3))
    >>> found.changes["poor"].tolist()
    [-10, 2, 16]
    """
    choice(how, ("status", "moving"), "missing: how")
    outcome, every = evaluate(rule, evidence)
    held = list({one.condition: one for one in every}.values())
    places = {one.condition: place for place, one in enumerate(held)}
    leaves = [places[condition] for condition in rule.conditions]
    n = evidence.n_areas
    now = np.stack([_row(codes(one.truth), n) for one in held], axis=1)
    rescored = None if need is None else Rescored.of(need)
    groups = grouped(held, evidence, how, rescored)
    said = _row(codes(outcome), n)
    target = np.where(said == YES, NO, np.where(said == NO, YES, UNKNOWN))
    if any(_by_rounded_index(one.condition, evidence) for one in held):  # to follow all bounds anew is too dear
        target[:] = UNKNOWN
    upto: Array | None = None
    for _ in range(2):  # once more, person by person up to the number found, where that is not known to be the smallest
        found = [ways_of(group, held, now, evidence, rescored, upto) for group in groups]
        search = Search(rule, leaves, groups, [ways for ways, _ in found], now, target)
        search.run()
        sure = np.min([np.full(n, np.inf), *(far for _, far in found)], axis=0)
        upto = np.where(np.isfinite(search.best) & (search.best > sure + 1), search.best - 1, 0.0)
        if not upto.any() or rescored is not None:  # to score all areas anew is dear, and was asked as far as allowed
            break
    changes, indicators, flips = search.result()
    persons = np.where(np.isfinite(search.best), search.best, np.nan)
    return Missing(
        persons=persons,
        enters=said == NO,
        changes=changes,
        conditions=list(places),
        flips=flips,
        why_not=_why_not(persons, held, groups, evidence, sure),
        also_moves=_also_moves(rule, held, evidence, indicators, said, rescored),
        smallest=_smallest(persons, sure, groups),
    )


def _by_rounded_index(condition: Condition, evidence: Evidence) -> bool:
    """Return True where a condition looks at an index whose counts came rounded or changed at random."""
    if getattr(condition, "printed", "interval") == "exact":
        return False
    if isinstance(condition, InClass):
        return condition.axis in evidence.class_ends
    if condition.inner is not None and any(_by_rounded_index(one, evidence) for one in condition.inner.every):
        return True
    return any(evidence.measured[name].around is not None for name in condition.own_indicators)


def _row(values: Ints, n: int) -> Ints:
    """Return the first run, one value per area."""
    return np.asarray(np.broadcast_to(values[:1], (1, n))[0])


# --- the cheapest way through the rule --------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Costs:
    """Fewest persons for yes and for no, shape (k,), and which leaves have to come out how, shape (k, leaves)."""

    yes: Array
    no: Array
    yes_by: Ints
    no_by: Ints


def _at_least(k: int, parts: list[_Costs]) -> _Costs:
    yes, yes_by = _cheapest(k, [part.yes for part in parts], [part.yes_by for part in parts])
    no, no_by = _cheapest(len(parts) - k + 1, [part.no for part in parts], [part.no_by for part in parts])
    return _Costs(yes, no, yes_by, no_by)


def _cheapest(k: int, costs: list[Array], by: list[Ints]) -> tuple[Array, Ints]:
    """Return the sum of the k smallest costs, and the leaves behind them."""
    every = np.stack(costs)
    taken = np.argsort(np.argsort(every, axis=0, kind="stable"), axis=0) < k
    leaves = np.zeros_like(by[0])
    for one, mine in zip(by, taken, strict=True):
        leaves = np.where(mine[:, None], np.maximum(leaves, one), leaves)
    return np.where(taken, every, 0.0).sum(axis=0), leaves


def _opposite(part: _Costs) -> _Costs:
    return _Costs(part.no, part.yes, part.no_by, part.yes_by)


class Search:
    """The search for the cheapest way of each area to the other outcome.

    Parameters
    ----------
    rule : Rule
        The rule.
    leaves : list of int
        The condition of each leaf of the rule, from left to right.
    groups, ways : list
        Conditions on the same counts, and what can be made of each of them.
    now : array of int, shape (n_areas, conditions)
        The answers as they are.
    target : array of int, shape (n_areas,)
        The other outcome; unknown where there is none.
    """

    def __init__(
        self,
        rule: Rule,
        leaves: Sequence[int],
        groups: Sequence[Group],
        ways: Sequence[Sequence[Way]],
        now: Ints,
        target: Ints,
    ) -> None:
        self.rule, self.leaves, self.groups, self.ways, self.now, self.target = rule, leaves, groups, ways, now, target
        alone = [len(group.places) == 1 and leaves.count(group.places[0]) == 1 for group in groups]
        self.single = [place for place, one in enumerate(alone) if one]
        self.shared = [place for place, one in enumerate(alone) if not one]
        if len(self.shared) > MOST_SHARED:
            names = [groups[place].movers[0].name for place in self.shared]
            raise SpecError(
                f"missing: {len(self.shared)} counts stand in several conditions each ({list_some(names, 10)}); it can "
                f"be computed for up to {MOST_SHARED}."
            )
        self.best: Array = np.full(len(now), np.inf)
        self.chosen: Ints = np.full((len(now), len(groups)), -1)
        self.by: Ints = np.zeros((len(now), len(leaves)), dtype=np.int64)
        self.costs = [
            [np.where(now[:, place] == answer, 0.0, np.inf) for answer in (NO, YES)] for place in range(now.shape[1])
        ]
        for number in self.single:
            for way in ways[number]:
                if way.answers[0] != UNKNOWN:
                    self.costs[groups[number].places[0]][way.answers[0]] = way.persons

    def run(self) -> None:
        """Try all ways of the shared counts, area by area at once, leaving off what is dearer than the best."""
        self._descend([], np.flatnonzero(self.target != UNKNOWN), np.zeros(len(self.now)))

    def _descend(self, taken: list[int], rows: Ints, spent: Array) -> None:
        rows = rows[spent[rows] < self.best[rows]]
        if not len(rows):
            return
        if len(taken) == len(self.shared):
            self._finish(taken, rows, spent)
            return
        for place, way in enumerate(self.ways[self.shared[len(taken)]]):
            self._descend([*taken, place], rows, spent + way.persons)

    def _finish(self, taken: list[int], rows: Ints, spent: Array) -> None:
        costs = [[one[rows] for one in pair] for pair in self.costs]
        for number, place in zip(self.shared, taken, strict=True):
            for condition, answer in zip(self.groups[number].places, self.ways[number][place].answers, strict=True):
                costs[condition] = [np.full(len(rows), 0.0 if answer == side else np.inf) for side in (NO, YES)]
        outcomes = []
        for leaf, condition in enumerate(self.leaves):
            by = np.zeros((2, len(rows), len(self.leaves)), dtype=np.int64)
            by[:, :, leaf] = np.array([[1 + NO], [1 + YES]])
            outcomes.append(_Costs(costs[condition][YES], costs[condition][NO], by[YES], by[NO]))
        found = self.rule.combine(outcomes, _at_least, _opposite)
        upwards = self.target[rows] == YES
        persons = spent[rows] + np.where(upwards, found.yes, found.no)
        fewer = persons < self.best[rows]
        better = rows[fewer]
        self.best[better] = persons[fewer]
        self.by[better] = np.where(upwards[:, None], found.yes_by, found.no_by)[fewer]
        self.chosen[better[:, None], self.shared] = taken

    def result(self) -> tuple[dict[str, Ints], dict[str, tuple[Ints, Ints]], Bools]:
        """Return the changes of counts, those of numerators and denominators of indicators, and who flips."""
        n = len(self.now)
        changes = {mover.name: np.zeros(n, dtype=np.int64) for group in self.groups for mover in group.movers}
        indicators: dict[str, tuple[Ints, Ints]] = {}
        flips = np.zeros(self.now.shape, dtype=bool)
        for number, group in enumerate(self.groups):
            for place, way in enumerate(self.ways[number]):
                rows = np.flatnonzero(self._takes(number, place) & np.isfinite(self.best))
                for condition, answer in zip(group.places, way.answers.tolist(), strict=True):
                    flips[rows, condition] = self.now[rows, condition] != answer
                for mine, mover in enumerate(group.movers):
                    d = np.zeros(n, dtype=np.int64)
                    d[rows] = np.where(way.mover[rows] == mine, way.d[rows], 0)
                    changes[mover.name] += d
                    for name, step in mover.steps.items():
                        x, more = indicators.get(name, (0, 0))
                        indicators[name] = (x + step.x * d, more + step.n * d)
        return changes, indicators, flips

    def _takes(self, number: int, place: int) -> Bools:
        """Return which areas take one way of a group."""
        if number in self.shared:
            return np.asarray(self.chosen[:, number] == place)
        leaf = self.leaves.index(self.groups[number].places[0])
        return np.asarray(self.by[:, leaf] == 1 + self.ways[number][place].answers[0])


# --- what else there is to say ----------------------------------------------------------------------------------------


def _smallest(persons: Array, sure: Array, groups: Sequence[Group]) -> NDArray[np.object_]:
    """Return what is known of each number; all up to ``sure`` persons were looked at."""
    several = np.zeros(len(persons), dtype=bool)
    for group in groups:
        several |= np.sum([mover.low < mover.high for mover in group.movers], axis=0) > 1
    proved = persons <= sure + 1
    found = np.where(proved, np.where(several, "one_count", "exact"), "found").astype(object)
    found[np.isnan(persons)] = ""
    return found


def _why_not(
    persons: Array, held: Sequence[Held], groups: Sequence[Group], evidence: Evidence, sure: Array
) -> NDArray[np.object_]:
    """Return why there is no number."""
    n = len(persons)
    found = np.full(n, "", dtype=object)
    none = np.isnan(persons)
    for code in ("missing", "few", "others", "precision"):  # the last one says most
        for one in held:
            measured = None if isinstance(one.condition, InClass) else evidence.measured.get(one.condition.looks_at)
            because = np.broadcast_to(unknown_because(one, measured), (n,))
            found[none & (_row(codes(one.truth), n) == UNKNOWN) & (because == code)] = code
    can = np.zeros(n, dtype=bool)
    for group in groups:
        for mover in group.movers:
            can |= mover.low < mover.high
    found[none & (found == "")] = np.where(can, "beyond", "fixed")[none & (found == "")]
    if any(_by_rounded_index(one.condition, evidence) for one in held):
        found[none & np.isin(found, ("fixed", "beyond"))] = "precision"
    if not any(isinstance(one.condition, Hotspot) for one in held):  # that stays by definition
        found[(found == "beyond") & np.isfinite(sure)] = "not_found"
    return found


def _also_moves(
    rule: Rule,
    held: Sequence[Held],
    evidence: Evidence,
    indicators: Mapping[str, tuple[Ints, Ints]],
    said: Ints,
    rescored: Rescored | None,
) -> list[Ints]:
    """Return which other areas come on the list or leave it with each area, because the order of the worst changes."""
    n = len(said)
    turned = {one.condition: np.zeros(0, dtype=np.int64) for one in held}  # area * n + other area
    for one in held:
        names = looked_at(one.condition, rescored) & set(indicators)
        if (isinstance(one.condition, Worst) or one.condition.inner is not None) and names:
            rows = np.flatnonzero(np.any([part != 0 for name in names for part in indicators[name]], axis=0))
            changes = {name: (x[rows], more[rows]) for name, (x, more) in indicators.items()}
            if one.condition.inner is not None:
                runs, others = turned_inside(one, evidence, rescored, rows, changes)
            elif rescored is not None and rescored.behind(one.condition):
                runs, others = rescored.displaced(one, evidence, rows, changes)
            elif isinstance(one.condition, Worst):
                values = own_values(evidence.measured[one.condition.indicator], rows, *changes[one.condition.indicator])
                runs, others = Placed(one, one.condition, evidence, Step(1, 0)).displaced(rows, values)
            turned[one.condition] = rows[runs] * n + others
    pairs = np.unique(np.concatenate(list(turned.values())))
    truths = {}
    for one in held:
        turns, other = np.isin(pairs, turned[one.condition]), pairs % n
        yes, no = (np.broadcast_to(side[:1], (1, n))[0][other] for side in (one.truth.yes, one.truth.no))
        truths[one.condition] = Truth(np.where(turns, no, yes), np.where(turns, yes, no))
    outcome = combine(rule, [truths[condition] for condition in rule.conditions])
    pairs = pairs[codes(outcome) != said[pairs % n]]
    return np.split(pairs % n, np.searchsorted(pairs // n, np.arange(1, n)))
