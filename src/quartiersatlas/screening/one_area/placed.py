"""Among the worst, while the counts of one area change: the others decide what is enough, and one may give way."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.base.equal import PLACE
from quartiersatlas.screening.evaluation.evaluate import worse_side
from quartiersatlas.screening.evaluation.exact import EQUAL, nearly
from quartiersatlas.screening.evaluation.in_order import wanted_areas
from quartiersatlas.screening.one_area.answers import Answer, Others
from quartiersatlas.screening.one_area.turns import Turns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quartiersatlas.screening.language.rules import Worst

    Array = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]


class Placed(Answer):
    """The answers of "among the worst".

    Everything is turned so that the worst values are the lowest: the first places in ascending order are taken.
    """

    condition: Worst

    def judged(self, rows: Ints, d: Ints) -> tuple[Bools, Bools]:
        """Return who has less than is enough, or just that where ties are in."""
        _, n, values = self.counts(rows, d)
        enough, tied = (part[rows][:, None] for part in self._enough)
        inside = (self._units >= 0)[rows][:, None]
        where = nearly(self._turn * values, np.where(np.isfinite(enough), enough, 0.0), self.measured.terms)
        return (where < 0) | ((where == 0) & tied) | np.isposinf(enough), (n > 0) & inside

    def turns(self, low: Ints, high: Ints, upto: Array | None = None) -> Turns:  # noqa: ARG002 - one signature
        """Return where the value is just enough."""
        found = self.ratio.persons(self._turn * self._enough[0])
        return Turns([(found, found)])

    def displaced(self, rows: Ints, values: Array) -> tuple[Ints, Ints]:
        """Return whose answer turns when some areas get other values, each alone: places in ``rows``, and other areas.

        Parameters
        ----------
        rows : array of int, shape (k,)
            The areas that change.
        values : array of float, shape (k,)
            Their new values.
        """
        runs, others = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        for members, unit in self._each_unit:
            mine = np.flatnonzero(np.isin(rows, members))
            ends = self._ends(unit, np.searchsorted(members, rows[mine]), self._turn * values[mine])
            now = int(self.one.judged.yes[0][members].sum())
            for run, end in zip(mine.tolist(), ends.tolist(), strict=True):
                between = members[unit.order[min(now, end) : max(now, end)]]
                between = between[between != rows[run]]
                runs.append(np.full(len(between), run))
                others.append(between)
        return np.concatenate(runs), np.concatenate(others)

    @property
    def _turn(self) -> int:
        return -worse_side(self.condition, self.measured)

    @property
    def _units(self) -> Ints:
        by = self.condition.by
        return self.evidence.levels[by] if by else np.zeros(self.evidence.n_areas, dtype=np.int64)

    @cached_property
    def _each_unit(self) -> list[tuple[Ints, Others]]:
        """The areas of each unit, in ascending order, and their values."""
        values = self._turn * self.measured.values[0]
        units = [np.flatnonzero(self._units == unit) for unit in range(int(self._units.max(initial=-1)) + 1)]
        return [(members, Others(values[members])) for members in units]

    @cached_property
    def _enough(self) -> tuple[Array, Bools]:
        """The value that an area has to be below, and whether to have it is enough.

        Of w areas wanted, it is that of the w-th of the others: who is before it is in, who is behind it is not.
        """
        limit, tied = np.full(self.evidence.n_areas, np.inf), np.zeros(self.evidence.n_areas, dtype=bool)
        for members, unit in self._each_unit:
            rows, m = np.arange(len(members)), unit.m[:, None]
            wanted = self._wanted(m)
            at = unit.at(rows, wanted - 1)  # infinite where there are not so many: any value is enough
            number = self._upto(unit, rows, at) + 1
            limit[members], tied[members] = at[:, 0], self._tie_in(wanted, number, unit.at(rows, m - 1), at)[:, 0]
        return limit, tied

    def _ends(self, unit: Others, rows: Ints, values: Array) -> Ints:
        """Return how many of the areas, in their old order, are among the worst beside new values of some of them."""
        own, m = values[:, None], unit.m[rows][:, None]
        wanted = self._wanted(m)
        limit = np.clip(own, unit.at(rows, wanted - 2), unit.at(rows, wanted - 1))
        number = self._upto(unit, rows, limit) + (nearly(own, limit, self.measured.terms) <= 0)
        taken = (number <= wanted) | self._tie_in(wanted, number, np.maximum(unit.at(rows, m - 1), own), limit)
        step = self._step(limit)
        before = np.searchsorted(unit.ordered, limit - step, side="left")
        return np.where(taken, np.searchsorted(unit.ordered, limit + step, side="right"), before)[:, 0]

    def _wanted(self, m: Ints) -> Ints:
        return wanted_areas(self.condition, m + 1, np.zeros((1, 1)))

    def _step(self, limit: Array) -> Array:
        return EQUAL * np.maximum(np.abs(np.where(np.isfinite(limit), limit, 0.0)), self.measured.terms)

    def _upto(self, unit: Others, rows: Ints, limit: Array) -> Ints:
        """Return how many others are before a limit or at it."""
        end = limit + self._step(limit)
        own = unit.known[rows][:, None] & (unit.values[rows][:, None] <= end)
        return np.searchsorted(unit.ordered, end, side="right") - own

    def _tie_in(self, wanted: Ints, number: Ints, best: Array, limit: Array) -> Bools:
        """Return whether all at the limit are in, though they are more than wanted."""
        most = np.floor(float(self.condition.most) * wanted + PLACE)
        apart = nearly(best, limit, self.measured.terms) != 0
        found: Bools = (self.condition.ties == "in") & (number <= most) & apart
        return found
