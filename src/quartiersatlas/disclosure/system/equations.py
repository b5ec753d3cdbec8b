"""All counts of a date as cells, and every equation a reader can set up between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quartiersatlas.disclosure.system.feasibility import UNKNOWN, System

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from quartiersatlas.disclosure.system.relations import Relations

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.intp]

SMALL_WHOLE = 30  # a larger whole leaves any count that is protected as wide as it needs
CITY = "city"  # the level that has all areas


@dataclass(frozen=True, eq=False)
class Unit:
    """Areas whose total is known: the level (a column of parents, or the city), its name, the places of the areas."""

    level: str
    name: str
    members: Ints


@dataclass(frozen=True, eq=False)
class CountTable:
    """Every count of a date.

    Parameters
    ----------
    keys : Index
        The areas.
    columns : tuple of str
        The columns.
    x : ndarray, shape (n_areas, n_columns)
        Counts; NaN where nobody has told them.
    small_area : ndarray of bool, shape (n_areas,)
        Areas that show no indicator: their zeros are not shown either.
    people : int
        The column of the residents; -1 where there is none. It is known anyway.
    units : tuple of Unit
        Whose totals are known.
    relations : Relations
        Sums and parts among the columns.
    secret : ndarray of bool, shape (n_areas, n_columns)
        Suppressed in the source, also where the value follows.
    spread : tuple of two ndarray, shape (n_areas, n_columns)
        Of cells that nobody has told but that must be protected: by how much each value has to be able to be off,
        downwards and upwards; NaN elsewhere.
    marks : tuple of two ndarray
        Least and greatest value that the mark of a secret cell allows; NaN where it says nothing.
    outside_totals : ndarray of bool, optional
        Cells that nobody delivered but that follow from a sum: totals are over the delivered ones.
    follows : ndarray, shape (n_areas, n_columns), optional
        Values of cells that nobody has told and that follow from what was told; NaN elsewhere. Where a sum is off they
        are wrong, and who knows the cell knows by how much: they keep no other cell company, so ``x`` does not have
        them.
    """

    keys: pd.Index
    columns: tuple[str, ...]
    x: Floats
    small_area: Bools
    people: int
    units: tuple[Unit, ...]
    relations: Relations
    secret: Bools
    spread: tuple[Floats, Floats]
    marks: tuple[Floats, Floats] = field(repr=False)
    outside_totals: Bools | None = None
    follows: Floats | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Areas and columns."""
        return len(self.keys), len(self.columns)

    @cached_property
    def values(self) -> Floats:
        """The counts with those that follow from others."""
        return self.x if self.follows is None else np.where(np.isfinite(self.x), self.x, self.follows)

    @property
    def is_unsure(self) -> Bools:
        """The cells that nobody has told and that must be protected."""
        return np.isfinite(self.spread[0])

    @cached_property
    def equations(self) -> Equations:
        """Every row between these cells."""
        return Equations.of(self)

    @cached_property
    def unit_of(self) -> list[Ints]:
        """For each level with known totals the number of the unit of each area; -1 where it has none."""
        levels = dict.fromkeys(unit.level for unit in self.units)
        found = []
        for level in levels:
            codes = np.full(len(self.keys), -1)
            for number, unit in enumerate(self.units):
                if unit.level == level:
                    codes[unit.members] = number
            found.append(codes)
        return found

    @cached_property
    def _seen(self) -> Ints:
        """Pairs of a part and its whole that are seen in the numbers, shape (pairs, 2)."""
        return np.array(self.relations.seen_parts, dtype=np.intp).reshape(-1, 2)

    @cached_property
    def _seen_ends(self) -> tuple[Floats, Floats]:
        """What a whole that is shown leaves its part at most, and a part its whole at least, shape (areas, pairs)."""
        parts, wholes = (self.x[:, columns] for columns in self._seen.T)
        holds = parts <= wholes
        return np.where(holds, wholes, np.inf), np.where(holds, parts, 0.0)

    def bounds(self, withheld: Bools) -> tuple[Floats, Floats]:
        """Return what a reader knows of each withheld count beforehand.

        Zeros are shown, so a withheld count is at least 1; not in small areas, and not in a unit and column in which
        a zero is withheld. Marks of the source, such as ``<3``, hold for their cells.
        """
        lower = np.where(self.small_area[:, None], 0.0, np.minimum(1.0, np.nan_to_num(self.x)))
        zeros = withheld & (self.x == 0) & ~self.small_area[:, None] & ~self.secret
        for codes in self.unit_of:
            for number in np.unique(codes[zeros.any(axis=1)]) if zeros.any() else ():
                members = codes == number
                lower[np.ix_(members, zeros[members].any(axis=0))] = 0.0
        if not self.units and zeros.any():
            lower[:, zeros.any(axis=0)] = 0.0
        upper = np.maximum(UNKNOWN, np.nan_to_num(self.x))
        if len(self._seen):
            parts, wholes = self._seen.T
            most = np.where(withheld[:, wholes], np.inf, self._seen_ends[0])
            least = np.where(withheld[:, parts], 0.0, self._seen_ends[1])
            for bound, columns, ends, narrower in (
                (upper, parts, most, np.minimum),
                (lower, wholes, least, np.maximum),
            ):
                order = np.argsort(columns, kind="stable")
                named, starts = np.unique(columns[order], return_index=True)
                bound[:, named] = narrower(bound[:, named], narrower.reduceat(ends[:, order], starts, axis=1))
        least, greatest = self.marks
        known = np.isfinite(self.x)
        fits = ~(known & ((self.x < least) | (self.x > greatest)))  # a value that contradicts its mark keeps no mark
        lower = np.where(
            fits & np.isfinite(least), np.minimum(np.fmax(lower, least), np.nan_to_num(self.x, nan=np.inf)), lower
        )
        lower = np.where(self.is_unsure & known, least, lower)  # a secret cell, as far as it has to be able to be off
        upper = np.where(fits & np.isfinite(greatest), np.fmin(upper, greatest), upper)
        return lower, upper


@dataclass(frozen=True, eq=False)
class Equations:
    """Rows over all cells of a table, shown or not: ``matrix @ x`` is, or is at most, ``right``.

    Parameters
    ----------
    table : CountTable
        The cells; cell ``(area, column)`` has the number ``area * n_columns + column``.
    matrix : csr_array
        Coefficients, 1 and -1.
    equal : ndarray of bool
        Equations; the other rows are "at most".
    right : ndarray
        Right sides: with the true residual of a sum that does not hold exactly.
    kind, one, other : ndarray of int
        What a row says: total of unit ``one`` in column ``other``; sum ``one`` in area ``other``; part ``one`` in area
        ``other``.
    """

    table: CountTable
    matrix: csr_array
    equal: Bools
    right: Floats
    kind: Ints
    one: Ints
    other: Ints

    @classmethod
    def of(cls, table: CountTable) -> Equations:
        """Set up the rows: totals of units, sums of columns, parts that are at most their wholes."""
        from scipy.sparse import csr_array

        n, c = table.shape
        rows, cells, values = [], [], []
        kinds, ones, others, n_rows = [], [], [], 0
        columns = np.arange(c)
        counted = np.ones((n, c)) if table.outside_totals is None else (~table.outside_totals).astype(float)
        for number, unit in enumerate(table.units):
            members = unit.members
            rows.append(n_rows + np.tile(columns, len(members)))
            cells.append((members[:, None] * c + columns).ravel())
            values.append(counted[members].ravel())
            kinds.append(np.full(c, TOTAL))
            ones.append(np.full(c, number))
            others.append(columns)
            n_rows += c
        areas = np.arange(n)
        for number, one in enumerate(table.relations.sums):
            members = np.array([one.whole, *one.parts])
            signs = np.array([1.0] + [-1.0] * len(one.parts))
            rows.append(n_rows + np.repeat(areas, len(members)))
            cells.append((areas[:, None] * c + members).ravel())
            values.append(np.tile(signs, n))
            kinds.append(np.full(n, SUM))
            ones.append(np.full(n, number))
            others.append(areas)
            n_rows += n
        for number, (parts, whole) in enumerate(table.relations.known_parts):
            holds = areas[table.values[:, parts].sum(axis=1) <= table.values[:, whole]]
            members = np.array([*parts, whole])
            rows.append(np.repeat(n_rows + np.arange(len(holds)), len(members)))
            cells.append((holds[:, None] * c + members).ravel())
            values.append(np.tile([1.0] * len(parts) + [-1.0], len(holds)))
            kinds.append(np.full(len(holds), PART))
            ones.append(np.full(len(holds), number))
            others.append(holds)
            n_rows += len(holds)

        def joined(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
            return np.concatenate(arrays) if arrays else np.zeros(0, dtype=np.intp)

        kind = joined(kinds).astype(np.intp)
        matrix = csr_array((joined(values), (joined(rows), joined(cells))), shape=(n_rows, n * c), dtype=float)
        matrix.eliminate_zeros()
        right = np.where(kind == PART, 0.0, matrix @ np.nan_to_num(table.values).ravel())
        return cls(table, matrix, kind != PART, right, kind, joined(ones), joined(others))

    def system(self, unknown: Bools, lower: Floats, upper: Floats) -> tuple[System, Ints, Ints]:
        """Return what is left of the rows for some cells, all others being constants; with their cells and rows.

        Parameters
        ----------
        unknown : ndarray of bool, shape (n_areas, n_columns)
            The cells that the reader does not see.
        lower, upper : ndarray, shape (n_areas, n_columns)
            What is known of them beforehand.
        """
        flat = unknown.ravel()
        cells = np.flatnonzero(flat)
        part = self.columnwise[:, cells].tocsr()
        rows = np.flatnonzero(np.diff(part.indptr))
        constants = np.where(flat, 0.0, np.nan_to_num(self.table.values).ravel())
        right = (self.right - self.matrix @ constants)[rows]
        system = System(part[rows], right, self.equal[rows], lower.ravel()[cells], upper.ravel()[cells])
        return system, cells, rows

    @cached_property
    def columnwise(self) -> csr_array:
        """The matrix by columns: its cells are chosen again and again."""
        return self.matrix.tocsc()

    @cached_property
    def components(self) -> Ints:
        """The number of the part of the table that each cell is in: what no equation ties together is apart."""
        from scipy.sparse import block_array
        from scipy.sparse.csgraph import connected_components

        matrix = self.matrix[np.flatnonzero(self.equal | self._binding_parts())]
        _, label = connected_components(block_array([[None, matrix], [matrix.T, None]], format="csr"), directed=False)
        found: Ints = label[matrix.shape[0] :]
        return found

    def _binding_parts(self) -> Bools:
        """Return the rows of parts that move together with their whole: several parts, or a whole that is small.

        All others would tie everything to the residents and bind nothing.
        """
        table, wholes = self.table, np.array([whole for _, whole in self.table.relations.known_parts], dtype=np.intp)
        binds: Bools = (self.kind == PART) & (np.diff(self.matrix.indptr) > 2)  # noqa: PLR2004 - one part and its whole
        rows = np.flatnonzero((self.kind == PART) & ~binds)
        of_row = wholes[self.one[rows]]
        small = (table.x[self.other[rows], of_row] <= SMALL_WHOLE) & (of_row != table.people)
        binds[rows[small]] = True
        return binds

    def describe(self, row: int) -> str:
        """Say in English what a row of the matrix is, for the house."""
        kind, one, other = int(self.kind[row]), int(self.one[row]), int(self.other[row])
        table = self.table
        if kind == TOTAL:
            unit = table.units[one]
            return f"total of {unit.name if unit.level != CITY else 'the city'}"
        if kind == SUM:
            found = table.relations.sums[one]
            return f"{table.columns[found.whole]!r} as a sum in {table.keys[other]}"
        parts, whole = table.relations.known_parts[one]
        names = " and ".join(repr(table.columns[part]) for part in parts)
        return f"{names} as part of {table.columns[whole]!r} in {table.keys[other]}"


TOTAL, SUM, PART = 0, 1, 2


def known_units(areas: pd.DataFrame, levels: Sequence[str]) -> tuple[Unit, ...]:
    """Return the areas with known totals: of the smallest units where levels are nested, of all where they cross.

    Parameters
    ----------
    areas : DataFrame
        With the columns of parents.
    levels : sequence of str
        Columns of parents whose totals are known, and ``"city"``. Areas without a parent are a unit too, if the total
        of the city is known: it is what is left of it.
    """
    coded: dict[str, tuple[Ints, list[str]]] = {}
    for level in levels:
        if level == CITY:
            coded[level] = (np.zeros(len(areas), dtype=np.intp), [""])
        else:
            codes, names = pd.factorize(areas[level].mask(areas[level].eq("")), sort=True)
            codes = np.where(codes < 0, len(names) if CITY in levels else -1, codes)
            coded[level] = (codes, [*map(str, names), "no parent area"])
    kept = [
        level
        for position, level in enumerate(coded)
        if not any(
            _refines(coded[other][0], coded[level][0])
            and not (_refines(coded[level][0], coded[other][0]) and number > position)
            for number, other in enumerate(coded)
            if other != level
        )
    ]
    return tuple(
        Unit(level, coded[level][1][code], np.flatnonzero(coded[level][0] == code))
        for level in kept
        for code in np.unique(coded[level][0])
        if code >= 0
    )


def _refines(fine: Ints, coarse: Ints) -> bool:
    """Return True if no unit of the fine level lies in two of the coarse one: then its totals say everything."""
    if (fine < 0).any():
        return False
    pairs = np.unique(np.column_stack([fine, coarse]), axis=0)
    return len(pairs) == len(np.unique(fine))
