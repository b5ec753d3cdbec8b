"""Areas as a graph: who touches whom and along how many metres, how many people live in each, what hangs together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from numpy.typing import ArrayLike

SHORTEST = 1e-3  # metres: a contact in a corner has no length, and still connects
DRAWS = 4096  # random numbers that are drawn at once


@dataclass(frozen=True, eq=False)
class AreaGraph:
    """Areas 0 to n - 1, their residents and their neighbours.

    Parameters
    ----------
    people : list of float
        Residents of each area, >= 0.
    near : list of list of (int, float)
        For each area its neighbours, ascending, with the length of the common border in metres; 0 for a corner.
    """

    people: list[float]
    near: list[list[tuple[int, float]]]

    @classmethod
    def of(cls, people: ArrayLike, one: ArrayLike, other: ArrayLike, length: ArrayLike) -> AreaGraph:
        """Make a graph of pairs of areas, each named once; their order does not matter.

        Examples
        --------
        >>> AreaGraph.of([500, 700, 900], [0, 1], [1, 2], [80.0, 0.0]).near
        [[(1, 80.0)], [(0, 80.0), (2, 0.0)], [(1, 0.0)]]
        """
        residents = np.asarray(people, dtype=float).tolist()
        near: list[list[tuple[int, float]]] = [[] for _ in residents]
        pairs = zip(*(np.asarray(column).tolist() for column in (one, other, length)), strict=True)
        for i, j, metres in pairs:
            near[i].append((j, metres))
            near[j].append((i, metres))
        return cls(residents, [sorted(links) for links in near])

    def total(self, areas: Iterable[int]) -> float:
        """Return the residents of some areas together."""
        return sum(self.people[i] for i in areas)

    def groups(self, areas: Iterable[int]) -> list[list[int]]:
        """Return the connected groups among some areas, each ascending, in the order of their first areas."""
        left, found = set(areas), []
        for start in sorted(left):
            if start in left:
                left.remove(start)
                group = [start]
                for i in group:  # grows while it is walked
                    for j, _ in self.near[i]:
                        if j in left:
                            left.remove(j)
                            group.append(j)
                found.append(sorted(group))
        return found

    def holds_without(self, areas: Collection[int], gone: int) -> bool:
        """Return True if a connected set of areas stays connected, and is not empty, without one of them."""
        ends = {j for j, _ in self.near[gone] if j in areas}
        if len(ends) < 2:  # noqa: PLR2004 - the last one, or one at the end of a chain
            return bool(ends)
        start = min(ends)
        seen, walk = {gone, start}, [start]
        ends.discard(start)
        for i in walk:
            for j, _ in self.near[i]:
                if j in areas and j not in seen:
                    seen.add(j)
                    walk.append(j)
                    ends.discard(j)
            if not ends:
                return True
        return False


def uniform_numbers(seed: int | np.random.Generator) -> Iterator[float]:
    """Give random numbers in [0, 1) without end; the same seed gives the same ones."""
    random = np.random.default_rng(seed)
    while True:
        yield from random.random(DRAWS).tolist()
