"""Which conditions speak for an outcome: a rule without "not" in front of brackets, walked from its outcome down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.screening.evaluation.truth import Truth, k_true
from quartiersatlas.screening.language.rules import Condition, KOf, Not, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Leaf:
    """A condition of a rule: its place among ``rule.conditions``, and whether it has to hold, or not to hold."""

    place: int
    condition: Condition
    holds: bool = True

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """Itself."""
        return (self,)


@dataclass(frozen=True)
class PartGroup:
    """At least k of its parts: all of them, one of them, or some."""

    k: int
    parts: tuple[Leaf | PartGroup, ...]

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """The conditions in it."""
        return tuple(leaf for part in self.parts for leaf in part.leaves)

    @property
    def is_all(self) -> bool:
        """Whether all parts have to hold."""
        return self.k == len(self.parts)

    @property
    def is_some(self) -> bool:
        """Whether it is neither "all" nor "one of"."""
        return 1 < self.k < len(self.parts)


def without_not(rule: Rule) -> Leaf | PartGroup:
    """Return a rule with every "not" at its conditions: not (a and b) is (not a) or (not b).

    Not "at least k of m" is "at least m - k + 1 of the negated ones", for unknown ones too.

    Examples
    --------
    >>> from quartiersatlas.screening.language.rule_text import parse_rule
    >>> found = without_not(parse_rule('~(above("a", 1) & above("b", 1)) | above("c", 1)'))
    >>> found.k, [leaf.holds for leaf in found.leaves]
    (1, [False, False, True])
    """
    return _form(rule, iter(range(len(rule.conditions))), holds=True)


def _form(rule: Rule, places: Iterator[int], *, holds: bool) -> Leaf | PartGroup:
    if isinstance(rule, Not):
        return _form(rule.part, places, holds=not holds)
    if isinstance(rule, KOf):
        parts = [_form(part, places, holds=holds) for part in rule.parts]
        k = rule.k if holds else len(parts) - rule.k + 1
        flat: list[Leaf | PartGroup] = []
        for part in parts:
            alike = isinstance(part, PartGroup) and ((k == 1 and part.k == 1) or (k == len(parts) and part.is_all))
            flat += part.parts if isinstance(part, PartGroup) and alike else (part,)
        return PartGroup(1 if k == 1 else k + len(flat) - len(parts), tuple(flat))
    assert isinstance(rule, Condition)  # noqa: S101 - there is nothing else
    return Leaf(next(places), rule, holds)


@dataclass(frozen=True, eq=False)
class Voices:
    """Which conditions speak for the outcome of each area, arrays of shape (conditions, areas).

    Parameters
    ----------
    selecting : array of bool
        Met, in a part of the rule that is met, where the rule is.
    refusing : array of bool
        Not met, in a part of the rule that is not met, where the rule is not.
    unknown : array of bool
        Cannot be judged, in a part of the rule that cannot, where the rule cannot.
    counts : list of (PartGroup, array, array, array)
        For each "at least k of" with 1 < k < m: how many of its parts are met, are not met, cannot be judged.
    """

    selecting: Bools
    refusing: Bools
    unknown: Bools
    counts: list[tuple[PartGroup, NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]


def voices(form: Leaf | PartGroup, truths: Sequence[Truth]) -> Voices:
    """Walk from the outcome of a rule to the conditions that made it.

    Parameters
    ----------
    form : Leaf or PartGroup
        The rule, as :func:`without_not` gives it.
    truths : list of Truth
        Where each of its conditions holds, one run.
    """
    shape = (len(truths), truths[0].yes.shape[-1])
    found = Voices(np.zeros(shape, bool), np.zeros(shape, bool), np.zeros(shape, bool), [])
    everywhere = np.ones(shape[1], dtype=bool)
    _walk(form, truths, (everywhere, everywhere, everywhere), found)
    return found


def _truth(form: Leaf | PartGroup, truths: Sequence[Truth]) -> Truth:
    if isinstance(form, Leaf):
        return truths[form.place] if form.holds else ~truths[form.place]
    return k_true(form.k, [_truth(part, truths) for part in form.parts])


def _walk(form: Leaf | PartGroup, truths: Sequence[Truth], inside: tuple[Bools, Bools, Bools], found: Voices) -> None:
    own = _truth(form, truths)
    yes, no, unknown = inside[0] & own.yes[0], inside[1] & own.no[0], inside[2] & ~own.known[0]
    if isinstance(form, Leaf):
        found.selecting[form.place] |= yes
        found.refusing[form.place] |= no
        found.unknown[form.place] |= unknown
        return
    if form.is_some:
        parts = [_truth(part, truths) for part in form.parts]
        met = np.array([part.yes[0] for part in parts], dtype=np.int64).sum(axis=0)
        unmet = np.array([part.no[0] for part in parts], dtype=np.int64).sum(axis=0)
        found.counts.append((form, met, unmet, len(parts) - met - unmet))
    for part in form.parts:
        _walk(part, truths, (yes, no, unknown), found)
