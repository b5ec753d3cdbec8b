"""How far can a reader narrow an unknown amount down? Real numbers whose sums over units are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Amounts:
    """Amounts of areas: each is a value (a mean) times its weight (the persons it is taken over).

    Parameters
    ----------
    values : ndarray, shape (n_areas,)
        The values; NaN where there is none.
    weights : ndarray, shape (n_areas,)
        Above 0: known to the reader.
    printed : tuple of two ndarray
        Between which values a reader of the printed value knows the true one to be.
    least, greatest : float
        Between which values everybody knows each value to be beforehand.
    fixed : ndarray of bool, shape (n_areas,)
        Values that we do not know and somebody else may: they keep nobody company.
    units : tuple of ndarray of int
        The areas of each unit whose total, value times weight, is known.
    """

    values: Floats
    weights: Floats
    printed: tuple[Floats, Floats]
    least: float
    greatest: float
    fixed: Bools
    units: tuple[Ints, ...]

    def rooms(self, withheld: Bools) -> tuple[Floats, Floats]:
        """Return how far each amount could lie below and above its true one, for all that is known of it alone."""
        low = np.where(withheld, self.least, self.printed[0])
        high = np.where(withheld, self.greatest, self.printed[1])
        known = np.isfinite(self.values) & ~self.fixed
        down, up = ((self.values - low) * self.weights, (high - self.values) * self.weights)
        return np.where(known, np.maximum(down, 0.0), 0.0), np.where(known, np.maximum(up, 0.0), 0.0)

    def interval(self, withheld: Bools, cell: int) -> tuple[float, float]:
        """Return the least and the greatest value that the totals leave a withheld cell.

        Notes
        -----
        With ``d`` the deviations from the true amounts: ``max d_k`` and ``min d_k`` subject to ``sum_unit d = 0`` in
        each unit and ``-down <= d <= up``. Where no area is in two units that is a closed form; where units cross, a
        linear programme over the reals gives the same.

        Examples
        --------
        Of 2 and 100 persons with the means 40 and 50, both withheld, the first can be anything; the second is known
        up to what the first could take over.

        >>> x, n = np.array([40.0, 50.0]), np.array([2.0, 100.0])
        >>> amounts = Amounts(x, n, (x, x), 0, 100, np.zeros(2, dtype=bool), (np.array([0, 1]),))
        >>> amounts.interval(np.ones(2, dtype=bool), 0)
        (0.0, 100.0)
        >>> amounts.interval(np.ones(2, dtype=bool), 1)
        (48.8, 50.8)
        """
        down, up = self.rooms(withheld)
        x, n = self.values[cell], self.weights[cell]
        down[cell], up[cell] = (x - self.least) * n, (self.greatest - x) * n
        ends = self._by_programme(down, up, cell) if self._cross else self._by_rows(down, up, cell)
        return float(x - ends[0] / n), float(x + ends[1] / n)

    @property
    def _cross(self) -> bool:
        areas = np.concatenate(self.units) if self.units else np.zeros(0, dtype=np.intp)
        return len(np.unique(areas)) < len(areas)

    def _by_rows(self, down: Floats, up: Floats, cell: int) -> tuple[float, float]:
        lowest, highest = down[cell], up[cell]
        for unit in self.units:
            if cell in unit:
                lowest = min(lowest, float(up[unit].sum() - up[cell]))
                highest = min(highest, float(down[unit].sum() - down[cell]))
        return lowest, highest

    def _by_programme(self, down: Floats, up: Floats, cell: int) -> tuple[float, float]:
        from scipy.optimize import linprog
        from scipy.sparse import csr_array

        scale = max(float(down[cell]), float(up[cell]), 1e-300)  # of the order of one
        numbers = np.repeat(np.arange(len(self.units)), [len(unit) for unit in self.units])
        cells = np.concatenate(self.units)
        rows = csr_array((np.ones(len(cells)), (numbers, cells)), shape=(len(self.units), len(self.values)))
        bounds = np.column_stack([-down, up]) / scale
        goal = np.zeros(len(self.values))
        goal[cell] = 1.0
        ends = [
            linprog(sign * goal, A_eq=rows, b_eq=np.zeros(len(self.units)), bounds=bounds, method="highs")
            for sign in (1, -1)
        ]
        return float(-ends[0].x[cell] * scale), float(ends[1].x[cell] * scale)

    def is_narrow(self, withheld: Bools, cell: int, need: float) -> bool:
        """Return True if a withheld value is known more closely than to plus or minus what it needs."""
        low, high = self.interval(withheld, cell)
        slack = 1e-9 * max(1.0, abs(float(self.values[cell])))
        return bool(self.values[cell] - low < need - slack or high - self.values[cell] < need - slack)

    def company(self, withheld: Bools, cell: int, need: float, order: Sequence[int]) -> Bools:
        """Return the withheld cells with as many more as a cell needs, or with all that could help.

        Parameters
        ----------
        withheld : ndarray of bool
            The cells that are not shown.
        cell : int
            The one that must not be known to better than plus or minus ``need``.
        need : float
            In the unit of the values.
        order : sequence of int
            The cells that may be withheld, those first that are taken first where one alone is enough.
        """
        found = withheld.copy()
        while self.is_narrow(found, cell, need):
            near = {int(area) for unit in self.units if cell in unit for area in unit}
            choice = [area for area in order if area in near and not found[area]]
            if not choice:
                return found
            alone = (area for area in choice if not self.is_narrow(found | _only(area, len(found)), cell, need))
            found[next(alone, max(choice, key=lambda area: float(self.weights[area])))] = True
        return found


def _only(place: int, n: int) -> Bools:
    """Return False everywhere but at one place."""
    found = np.zeros(n, dtype=bool)
    found[place] = True
    return found
