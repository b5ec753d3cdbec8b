"""What a rule looks at in one part: rates of cells in whole numbers, sums of municipalities, where the rule holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from quartiersatlas.intake.cells.read import HIDDEN
from quartiersatlas.nation.levels import MUNICIPALITY, level_groups
from quartiersatlas.screening.evaluation.exact import FITS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from quartiersatlas.nation.cells import CellPart
    from quartiersatlas.nation.task import ScreenSpec
    from quartiersatlas.screening.evaluation.whole_numbers import CellCondition, WholeRule

    Ints = NDArray[np.int64]
    Mask = NDArray[np.bool_]
    Limits = list[tuple[NDArray[Any], NDArray[Any]]]  # per condition p and q, per municipality


@dataclass(frozen=True, eq=False)
class PartValues:
    """The cells of one part with what the rule needs.

    Parameters
    ----------
    part : CellPart
        The cells.
    rule : WholeRule
        The rule.
    population, group : ndarray of int
        Residents and members of the group per cell; 0 where nobody knows.
    residents, sizes : ndarray of int
        Residents per municipality: the sum of its cells, and the official number where there is one.
    counts : mapping of str to (x, n, known)
        Of each rate and count of the rule; x and n are 0 where they are not known, known is None if all are.
    clipped, hidden : int
        Cells in which a part was larger than its whole; in which a count of the rule is not known.
    screened : ndarray of bool
        Municipalities that are large enough.
    """

    part: CellPart
    rule: WholeRule
    population: Ints
    group: Ints
    residents: Ints
    sizes: Ints
    counts: dict[str, tuple[Ints, Ints | None, Mask | None]]
    clipped: int
    hidden: int
    screened: Mask

    def sums(self, name: str) -> tuple[Ints, Ints]:
        """Return numerator and denominator of a rate per municipality, of cells in which both are known."""
        x, n, _ = self.counts[name]
        return self.part.sums(x), self.part.sums(x if n is None else n)

    def reference_limits(self, reference: Mapping[str, Mapping[str, Mapping[str, tuple[int, int]]]]) -> Limits:
        """Return the limit of each condition for each municipality.

        Parameters
        ----------
        reference : mapping
            Level -> group -> key of the condition -> numerator and denominator. What it does not hold of the
            municipality itself is the sum of its cells.
        """
        return [self._limit(one, reference) for one in self.rule.conditions]

    def _limit(
        self, one: CellCondition, reference: Mapping[str, Mapping[str, Mapping[str, tuple[int, int]]]]
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        if not one.level:
            return np.array([one.number.numerator]), np.array([one.number.denominator])
        if one.level == MUNICIPALITY and one.ranked is None:
            x, n = self.sums(one.name)
        else:
            x, n = np.zeros((2, len(self.part.keys)), np.int64)
        known = reference.get(one.level, {})
        if not known:
            return one.limit(x, n)
        found = list(zip(x.tolist(), n.tolist(), strict=True))
        for k, group in enumerate(self.groups(one.level)):
            found[k] = known.get(group, {}).get(one.key, found[k])
        largest = max((number for pair in found for number in pair), default=0)
        both = np.array(found, np.int64 if largest < FITS else object).reshape(-1, 2)
        return one.limit(both[:, 0], both[:, 1])

    def groups(self, level: str) -> list[str]:
        """Return the group of each municipality at a level."""
        pairs = zip(self.part.keys, self.sizes.tolist(), strict=True)
        return [level_groups(ags, size, (level,))[level] for ags, size in pairs]

    def selected(self, limits: Limits) -> Mask:
        """Return the cells in which the rule holds, in municipalities that are large enough."""
        cells = np.diff(self.part.starts)
        truths = []
        for one, (p, q) in zip(self.rule.conditions, limits, strict=True):
            x, n, known = self.counts[one.name]
            of_each = cells if len(p) > 1 or one.level else None
            truths.append(one.holds(x[None], None if n is None else n[None], known, p[None], q[None], of_each))
        found: Mask = self.rule.holds(truths)[0] & np.repeat(self.screened, cells)
        return found


def _known(*counts: Ints) -> Mask | None:
    """Return where all counts are known, as one row; None if everywhere."""
    if all(int(one.min(initial=0)) > HIDDEN for one in counts):
        return None
    known: Mask = np.logical_and.reduce([one != HIDDEN for one in counts])
    return known[None]


def _or_nobody(counts: Ints) -> Ints:
    """Return counts with 0 where nobody knows them."""
    return counts if int(counts.min(initial=0)) > HIDDEN else np.maximum(counts, 0)


def part_values(part: CellPart, spec: ScreenSpec, official: Mapping[str, int]) -> PartValues:
    """Return what a rule needs of the cells of one part; ``official`` are residents of municipalities, where known."""
    rule = spec.rule
    counts: dict[str, tuple[Ints, Ints | None, Mask | None]] = {}
    clipped, hidden = np.zeros(len(part.key), bool), np.zeros(len(part.key), bool)
    for one in rule.conditions:
        if one.rate is None:
            x = part.counts[one.column]
            known = _known(x)
            counts[one.name] = (_or_nobody(x), None, known)
        else:
            x, n = part.counts[one.rate.numerator], part.counts[one.rate.denominator]
            known = _known(x, n)
            if known is not None:
                x, n = np.where(known[0], x, 0), np.where(known[0], n, 0)
            over = x > n if one.rate.drawn else np.zeros(1, bool)
            if over.any():
                clipped |= over
                x = np.minimum(x, n)
            counts[one.name] = (x, n, known)
        if known is not None:
            hidden |= ~known[0]
    population = _or_nobody(part.counts[spec.population])
    group = _or_nobody(part.counts[spec.group]) if spec.group else np.zeros(len(part.key), np.int64)
    residents = part.sums(population)
    sizes = np.array([official.get(ags, int(own)) for ags, own in zip(part.keys, residents, strict=True)], np.int64)
    return PartValues(
        part=part,
        rule=rule,
        population=population,
        group=group,
        residents=residents,
        sizes=sizes,
        counts=counts,
        clipped=int(clipped.sum()),
        hidden=int(hidden.sum()),
        screened=sizes >= spec.min_municipality,
    )
