"""The decision of a rule on values of one date and limits of another: what would the list be if only one had moved?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.errors import QuartiersatlasError, SpecError
from quartiersatlas.monitoring.lists.minimal_sets import UNKNOWN, subsets
from quartiersatlas.need.robustness.redraw import Replicates
from quartiersatlas.need.robustness.replicates import ReplicateRuns, score_replicates
from quartiersatlas.screening.evaluation.collected import collect_evidence
from quartiersatlas.screening.evaluation.evaluate import (
    combine,
    compared_with,
    held,
    limit_ends,
    limit_of,
    worse_as_comparison,
)
from quartiersatlas.screening.evaluation.truth import Truth as Outcome
from quartiersatlas.screening.language.rules import CITY, NEED, Compare, InClass, WorseThanCity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from quartiersatlas.need import NeedIndex
    from quartiersatlas.screening.evaluation.evidence import Evidence, Measured
    from quartiersatlas.screening.language.rules import Condition, Rule
    from quartiersatlas.screening.shortlist import Shortlist

    Array = NDArray[np.float64]
    Ints = NDArray[np.intp]
    Decided = NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class Worlds:
    """The lists at both dates, on the boundaries of both.

    Parameters
    ----------
    before, after : Shortlist
        As they were decided.
    carried, carried_back : Shortlist, optional
        The earlier counts on the later boundaries, and the later counts on the earlier ones.
    keys : DataFrame
        ``earlier`` and ``later`` key of each area that is asked about.
    """

    before: Shortlist
    after: Shortlist
    carried: Shortlist | None
    carried_back: Shortlist | None
    keys: pd.DataFrame

    def at(self, *, later_date: bool, later_boundaries: bool) -> Shortlist | None:
        """Return a date on the boundaries of one; None where it was not carried there."""
        if self.carried is None:
            return self.after if later_date else self.before
        if later_boundaries:
            return self.after if later_date else self.carried
        return self.carried_back if later_date else self.before

    def decisions(self, factors: Sequence[str]) -> dict[tuple[str, ...], Decided]:
        """Return the decision on each area for every set of factors that is moved to the later date.

        Parameters
        ----------
        factors : sequence of str
            Out of ``"own"``, ``"city"``, ``"rule"``, ``"boundaries"``: those that differ at all.

        Returns
        -------
        dict of tuple of str to array of int
            1, 0, or -1 where it cannot be told: a value is unknown, or the rule of one date cannot be applied to the
            other.
        """
        found = {}
        for moved in subsets(factors):
            if not moved or len(moved) == len(factors):  # as it was decided
                side, keys = (self.after, "later") if moved else (self.before, "earlier")
                found[moved] = _as_decided(side, self.keys[keys])
            else:
                found[moved] = self._decided(frozenset(moved))
        return found

    def _decided(self, moved: frozenset[str]) -> Decided:
        boundaries = "boundaries" in moved
        values, limits = (self.at(later_date=name in moved, later_boundaries=boundaries) for name in ("own", "city"))
        unknown = np.full(len(self.keys), UNKNOWN, dtype=np.int8)
        if values is None or limits is None:
            return unknown
        rule = self.after if "rule" in moved else self.before
        keys = self.keys["later" if boundaries or self.carried is None else "earlier"]
        try:
            return decide(rule, values, limits, keys)
        except QuartiersatlasError:  # the rule of one date asks for what the other has not
            return unknown


def _as_decided(side: Shortlist, keys: pd.Series[str]) -> Decided:
    selected = side.selected.loc[keys].to_numpy(dtype=bool)
    return np.where(side.assessed.loc[keys].to_numpy(dtype=bool), selected, UNKNOWN).astype(np.int8)


def decide(rule_of: Shortlist, values: Shortlist, limits: Shortlist, keys: pd.Series[str]) -> Decided:
    """Return the decision of a list's rule on the own values of one list and the limits of another.

    Parameters
    ----------
    rule_of, values, limits : Shortlist
        Whose rule, whose own values, whose city and other areas.
    keys : Series of str
        The areas; the same in both lists.

    Returns
    -------
    array of int
        1, 0, or -1 where it cannot be told.

    Notes
    -----
    A comparison takes its limit from the other list as it is. A condition that places an area among others (the worst,
    caps, neighbours, tests, hotspots, scores of a need index) puts the area's own values among the areas of the other
    list, each area by itself. So does the rule inside such a condition: it is asked of the area's own values and of the
    other areas as they are in the other list.
    """
    rule = rule_of.rule
    own, other = (_evidence(side, rule, rule_of) for side in (values, limits))
    rows = limits.selected.index.get_indexer(pd.Index(keys))
    taken = np.full(other.n_areas, -1, dtype=np.intp)
    taken[rows] = values.selected.index.get_indexer(pd.Index(keys))
    mixed = _Mixed(own, other, AreaRows(rows, taken), values.need, limits.need)
    outcome = combine(rule, [mixed.outcome(one) for one in rule.conditions])
    found: Decided = np.where(outcome.known, outcome.yes, UNKNOWN)[0].astype(np.int8)
    return found


@dataclass(frozen=True, eq=False)
class AreaRows:
    """Where the areas are: their rows among the other list's areas, and the own row of each of those; -1 for none."""

    rows: Ints
    taken: Ints


def _evidence(side: Shortlist, rule: Rule, rule_of: Shortlist) -> Evidence:
    """Collect what a rule looks at from a list's data; references that only the rule's own list has come with it.

    So do barriers, where the list itself does not go by neighbours.
    """
    if side.data is None:
        raise SpecError("This shortlist does not hold the data it was made of: make it with screen(data, rule).")
    brought = {name: one for name, one in rule_of.references.items() if name != CITY}
    cut = side if side.barriers is not None else rule_of
    barriers = (cut.barriers, cut.crossings)
    return collect_evidence(side.data, rule, side.need, {**brought, **side.references}, barriers)


@dataclass(frozen=True, eq=False)
class _Mixed:
    """Own values of one list among the areas and limits of another; of need indices, those of both."""

    own: Evidence
    other: Evidence
    places: AreaRows
    own_need: NeedIndex | None
    other_need: NeedIndex | None

    def outcome(self, condition: Condition) -> Outcome:
        """Return where a condition holds, shape (1, areas asked about)."""
        if not self._by_itself(condition):
            return _picked(condition, self._placed(condition), self.places)
        own_rows = self.places.taken[self.places.rows]
        if isinstance(condition, InClass):
            found = held(condition, self.own).truth
            return Outcome(found.yes[:, own_rows], found.no[:, own_rows])
        there = self.other.measured[condition.looks_at]
        if isinstance(condition, WorseThanCity):
            condition = worse_as_comparison(condition, there)
        assert isinstance(condition, Compare)  # noqa: S101 - there is nothing else that needs no other areas
        limit, limits = limit_of(condition, there, self.other), limit_ends(condition, there, self.other)
        own = _aligned(self.own.measured[condition.looks_at], self.places.taken)
        found = compared_with(condition, own, limit, self.other, limits).truth
        shape = (1, self.other.n_areas)
        return Outcome(*(np.broadcast_to(part, shape)[:, self.places.rows] for part in (found.yes, found.no)))

    def _by_itself(self, condition: Condition) -> bool:
        """Return True for a comparison or a class, which the other areas enter as a limit at most."""
        if _scored(condition.own_indicators, self.other_need):
            return False
        is_plain = isinstance(condition, Compare) and condition.significant is None
        return is_plain or isinstance(condition, InClass | WorseThanCity)

    def _placed(self, condition: Condition) -> Evidence:
        """Return one run per area: the other list's areas, with what the condition looks at of its own in its place."""
        found = self.other
        if _scored(condition.own_indicators, self.other_need):
            if self.own_need is None or self.other_need is None or self.own_need.spec.hash != self.other_need.spec.hash:
                raise SpecError("The need index is made by another spec.")
            found = _with_scores(found, self.own_need, self.other_need, self.places)
        measured = dict(found.measured)
        for name in condition.own_indicators:
            if not _scored((name,), self.other_need):
                own = _aligned(self.own.measured[name], self.places.taken)
                measured[name] = _substituted(self.other.measured[name], own, self.places.rows)
        inner = condition.inner
        inside = {} if inner is None else {inner: combine(inner, [self._everywhere(one) for one in inner.conditions])}
        return replace(found, measured=measured, inside=inside)

    def _everywhere(self, condition: Condition) -> Outcome:
        """Return where a condition inside another one holds, shape (areas asked about, areas): each run has one."""
        shape = (len(self.places.rows), self.other.n_areas)
        if not self._by_itself(condition):
            found = held(condition, self._placed(condition)).truth
            return Outcome(*(np.broadcast_to(part, shape) for part in (found.yes, found.no)))
        there, own = held(condition, self.other).truth, self.outcome(condition)
        sides = [np.broadcast_to(part, shape).copy() for part in (there.yes, there.no)]
        for side, mine in zip(sides, (own.yes, own.no), strict=True):
            side[np.arange(shape[0]), self.places.rows] = mine[0]
        return Outcome(*sides)


def _scored(names: Sequence[str], need: NeedIndex | None) -> bool:
    """Return True if one of some names is an axis of a need index."""
    return need is not None and any(name == NEED or name in need.scores.columns for name in names)


def _picked(condition: Condition, evidence: Evidence, places: AreaRows) -> Outcome:
    """Return the outcome of each area in its own run."""
    found = held(condition, evidence).truth
    shape = (len(places.rows), evidence.n_areas)
    runs = np.arange(len(places.rows))
    return Outcome(*(np.broadcast_to(part, shape)[runs, places.rows][None, :] for part in (found.yes, found.no)))


def _aligned(measured: Measured, taken: Ints) -> Measured:
    """Return own values in the order of the other list's areas; NaN where an area has none."""

    def moved(part: Array) -> Array:
        return np.where(taken >= 0, part[:, np.maximum(taken, 0)], np.nan)

    return _each(moved, measured)


def _substituted(there: Measured, own: Measured, rows: Ints) -> Measured:
    """Return one run per area: the other list's areas, with the own values of this one in its place."""
    runs = np.arange(len(rows))

    def placed(part: Array, mine: Array) -> Array:
        found = np.repeat(part, len(rows), axis=0)
        found[runs, rows] = mine[0, rows]
        return found

    return _each(placed, there, own)


def _each(move: object, measured: Measured, own: Measured | None = None) -> Measured:
    """Apply a move to values and counts alike; of two, both must have them."""
    names: Mapping[str, object] = {"values": None, "x": None, "n": None}
    parts: dict[str, object] = {}
    for name in names:
        part, mine = getattr(measured, name), None if own is None else getattr(own, name)
        if part is not None:
            if own is not None and mine is None:
                raise SpecError("One of the two dates has no counts.")
            parts[name] = move(part) if own is None else move(part, mine)  # type: ignore[operator]
    if measured.earlier is not None:
        pairs = [
            (part,) if own is None else (part, mine) for part, mine in zip(measured.earlier, _earlier(own), strict=True)
        ]
        parts["earlier"] = tuple(move(*pair) for pair in pairs)  # type: ignore[operator]
    return replace(measured, **parts)  # type: ignore[arg-type]


def _earlier(own: Measured | None) -> tuple[Array | None, Array | None]:
    if own is None:
        return None, None
    if own.earlier is None:
        raise SpecError("One of the two dates has no earlier counts.")
    return own.earlier


def _with_scores(other: Evidence, own_need: NeedIndex, other_need: NeedIndex, places: AreaRows) -> Evidence:
    """Return one run per area, with the scores that its own indicators get among the other list's areas."""
    keys = other_need.scores.index
    inside = np.asarray(keys.isin(other_need.scored_keys))
    own_rows, n = places.taken[places.rows], len(places.rows)
    own_scored = np.asarray(own_need.scores.index.isin(own_need.scored_keys))[own_rows]
    at = np.cumsum(inside)[places.rows] - 1
    there = inside[places.rows] & own_scored
    runs = np.flatnonzero(there)
    columns = {}
    for name in other_need.inputs.values.columns:
        base = np.repeat(np.asarray(other_need.inputs.values[name], dtype=float)[None, inside], n, axis=0)
        mine = np.asarray(own_need.inputs.values[name], dtype=float)[own_rows]
        base[runs, at[runs]] = mine[runs]
        columns[str(name)] = base
    axes = [axis.id for axis in other_need.spec.axes]
    spread = {name: float(other_need.scores[name].std(ddof=0)) for name in axes}
    drawn = ReplicateRuns(Replicates(columns, {}), np.zeros(n))
    found = score_replicates(other_need.spec, axes, drawn, other_need.context, spread)
    measured, classes = dict(other.measured), dict(other.classes)
    for name in axes:
        scores = np.full((n, other.n_areas), np.nan)
        scores[:, inside] = found.scores[name]
        scores[~there, places.rows[~there]] = np.nan
        for called in (name, *([NEED] if name == axes[0] else [])):
            if called in measured:
                measured[called] = replace(measured[called], values=scores, around=None)
        if name in classes:
            numbers = np.full(scores.shape, -1, dtype=np.int64)
            numbers[:, inside] = found.classes[name]
            numbers[~there, places.rows[~there]] = -1
            classes[name] = (numbers, classes[name][1])
    return replace(other, measured=measured, classes=classes, class_ends={})
