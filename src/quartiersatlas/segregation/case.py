"""One case of an index: a group and whom it is compared with, or all groups, on their ground."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import numpy as np

from quartiersatlas.segregation.counts import Composition, Pair
from quartiersatlas.segregation.places import Places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from quartiersatlas.segregation.ground import Ground
    from quartiersatlas.segregation.study import StudySpec

    Floats = NDArray[np.float64]


REST_COLUMN = -1


@dataclass(frozen=True)
class Case:
    """What an index is computed from; each index uses the parts it needs.

    Parameters
    ----------
    spec : StudySpec
        Options such as the inequality aversion and the centre.
    people : Pair or Composition
        The counts, place by place.
    columns : tuple of int
        The groups among the columns of people of the ground; REST_COLUMN stands for everybody else.
    ground : Ground, optional
        The areas' geometry, in the same order.
    radius : int, default 0
        Which of the study's radii is meant.
    sums : ndarray, optional
        ``around`` or ``near`` of other people than those of the ground, where they are known already.
    """

    spec: StudySpec
    people: Pair | Composition
    columns: tuple[int, ...] = ()
    ground: Ground | None = None
    radius: int = 0
    sums: Floats | None = None

    @property
    def pair(self) -> Pair:
        """The group and whom it is compared with."""
        return cast("Pair", self.people)

    @property
    def composition(self) -> Composition:
        """All groups; of a pair, the two."""
        if isinstance(self.people, Pair):
            return Composition(np.column_stack([self.people.group, self.people.other]), self.people.places)
        return self.people

    @property
    def land(self) -> Ground:
        """The ground, of an index that needs one."""
        return cast("Ground", self.ground)

    @property
    def around(self) -> Floats:
        """Persons around each area, weighted by the kernel: own groups and, last, all residents."""
        return self.own(self.land.surroundings[self.radius]) if self.sums is None else self.sums

    @property
    def near(self) -> Floats:
        """Persons near each area, weighted by exp(-distance): own groups, all residents and, last, areas."""
        if self.sums is not None:
            return self.sums
        return np.column_stack([self.own(self.land.nearness[:, :-1]), self.land.nearness[:, -1]])

    def own(self, table: Floats) -> Floats:
        """Return the columns of the own groups and of all residents from a table of all groups."""
        total = table[:, -1]
        named = table[:, [c for c in self.columns if c != REST_COLUMN]]
        others = np.maximum(total - named.sum(axis=1), 0)
        own = [others if c == REST_COLUMN else table[:, c] for c in self.columns]
        return np.column_stack([*own, total])

    def redrawn(self, people: Pair | Composition, n: int, needs: str) -> Iterator[Case]:
        """Give n random populations on the same ground, one after the other; their surroundings from one sweep."""
        n_areas = len(self)
        tables = _own_and_total(people).reshape(n, n_areas, -1)
        sums = self._sums(tables, needs)
        for i in range(n):
            rows = slice(i * n_areas, (i + 1) * n_areas)
            one = _rows_of(people, rows, self.people.places)
            yield replace(self, people=one, sums=None if sums is None else sums[i])

    def _sums(self, tables: Floats, needs: str) -> Floats | None:
        """Return around or near of many populations, of shape n x areas x columns."""
        n, n_areas, n_columns = tables.shape
        side_by_side = np.moveaxis(tables, 0, 1).reshape(n_areas, n * n_columns)
        if needs == "radii":
            ground = replace(self.land, radii=(self.land.radii[self.radius],))
            return np.asarray(np.moveaxis(ground.around(side_by_side)[0].reshape(n_areas, n, n_columns), 1, 0))
        if needs == "decay":
            near = np.moveaxis(self.land.near(side_by_side).reshape(n_areas, n, n_columns), 1, 0)
            areas = np.broadcast_to(self.land.nearness[:, -1], (n, n_areas))[..., None]
            return np.concatenate([near, areas], axis=2)
        return None

    def by_place(self, compute: Callable[[Case], float]) -> Floats:
        """Compute an index place by place; NaN where a place has no area."""
        return np.array([compute(part) if len(part) else np.nan for part in self.parts()], dtype=float)

    def __len__(self) -> int:
        return int(self.people.places.sizes.sum())

    def parts(self) -> Iterator[Case]:
        """Give each place as a case of its own."""
        places = self.people.places
        if places.n_places == 1:
            yield self
            return
        for start, size in zip(places.starts, places.sizes, strict=True):
            rows = slice(int(start), int(start + size))
            ground = self.ground.part(rows) if self.ground is not None else None
            yield replace(self, people=part_of(self.people, rows), ground=ground)


def part_of(people: Pair | Composition, rows: slice) -> Pair | Composition:
    """Return the rows of one place."""
    return _rows_of(people, rows, Places.one(rows.stop - rows.start))


def _rows_of(people: Pair | Composition, rows: slice, places: Places) -> Pair | Composition:
    if isinstance(people, Pair):
        return Pair(people.group[rows], people.other[rows], people.total[rows], places)
    return Composition(people.counts[rows], places)


def _own_and_total(people: Pair | Composition) -> Floats:
    """Return the groups and, last, all residents."""
    if isinstance(people, Pair):
        return np.column_stack([people.group, people.other, people.total])
    return np.column_stack([people.counts, people.totals])
