"""What is added to selected areas: holes that a group surrounds, and bridges from groups that are too small alone."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from quartiersatlas.screening.regions.graph import AreaGraph

FAR = (float("inf"), 0)  # residents and areas of no path
HOLE_SHARE = 0.25  # of the residents of the group around it


def holes(
    graph: AreaGraph, selected: Collection[int], outer: Sequence[bool], limit: float, barred: Collection[int] = ()
) -> list[int]:
    """Return the areas of the holes that one group of selected areas surrounds.

    Parameters
    ----------
    graph : AreaGraph
        All areas; an unknown number of residents is NaN.
    selected : collection of int
        The selected areas.
    outer : sequence of bool
        Of each area whether some of its outline is no border with another area.
    limit : float
        Most residents of a hole; it also has at most a quarter of those of the group. Where nobody lives, any size is
        filled.
    barred : collection of int, optional
        Areas that must not be added, nor the holes that they are part of.

    Examples
    --------
    >>> from quartiersatlas.screening.regions.graph import AreaGraph
    >>> ring = AreaGraph.of([900, 900, 900, 400], [0, 0, 1, 3, 3, 3], [1, 2, 2, 0, 1, 2], [1.0] * 6)
    >>> holes(ring, [0, 1, 2], [True, True, True, False], limit=1000)
    [3]
    """
    inside = set(selected)
    group = {i: number for number, areas in enumerate(graph.groups(inside)) for i in areas}
    people = [graph.total(areas) for areas in graph.groups(inside)]
    found: list[int] = []
    for areas in graph.groups(i for i in range(len(graph.people)) if i not in inside):
        around = {group[j] for i in areas for j, _ in graph.near[i] if j in inside}
        if len(around) != 1 or any(outer[i] or i in barred for i in areas):
            continue
        living = graph.total(areas)
        if living == 0 or living <= min(limit, HOLE_SHARE * people[around.pop()]):  # never where it is unknown
            found += areas
    return sorted(found)


def bridges(
    graph: AreaGraph, groups: list[list[int]], floor: float, most: float, barred: Collection[int] = ()
) -> list[int]:
    """Return the areas of the paths that connect groups below the floor with other groups.

    Parameters
    ----------
    graph : AreaGraph
        All areas; an unknown number of residents is NaN.
    groups : list of list of int
        The connected groups.
    floor : float
        Residents from which a group needs no bridge.
    most : float
        Residents of a path at most. One from nobody to nobody is taken where this is 0.
    barred : collection of int, optional
        Areas that are no part of a path.

    Notes
    -----
    The path with the fewest residents comes first, then with the fewest areas, then to the group with the most
    residents. Groups that are connected are one from then on, and the search goes on until no small one has a path.

    Examples
    --------
    >>> from quartiersatlas.screening.regions.graph import AreaGraph
    >>> row = AreaGraph.of([900, 300, 900], [0, 1], [1, 2], [1.0, 1.0])
    >>> bridges(row, [[0], [2]], floor=2000, most=400), bridges(row, [[0], [2]], floor=2000, most=200)
    ([1], [])
    """
    members = {number: list(areas) for number, areas in enumerate(groups)}
    owner = {i: number for number, areas in members.items() for i in areas}
    people = {number: graph.total(areas) for number, areas in members.items()}
    search = _PathSearch(graph, owner, people, most, barred)
    added: list[int] = []
    paths = {number: search.nearest(members[number]) for number in members if people[number] < floor}
    while True:
        ready = [(path.rank, number) for number, path in paths.items() if path.areas is not None]
        if not ready:
            return sorted(added)
        number = min(ready)[1]
        path, target = paths[number], paths[number].target
        assert path.areas is not None  # noqa: S101 - those without a path are not ready
        added += path.areas
        gone = members.pop(number) + path.areas
        members[target] += gone
        people[target] = people.pop(number) + people[target] + graph.total(path.areas)
        owner.update(dict.fromkeys(gone, target))
        del paths[number]
        changed = set(path.areas)
        for other in sorted(paths):
            if other == target or paths[other].target in (number, target) or not changed.isdisjoint(paths[other].seen):
                if people[other] < floor:
                    paths[other] = search.nearest(members[other])
                else:
                    del paths[other]


class _Path(NamedTuple):
    """The cheapest path from a group, if there is one, and the areas that were looked at."""

    areas: list[int] | None
    target: int
    rank: tuple[float, int, float, int]
    seen: set[int]


class _PathSearch:
    """Dijkstra's algorithm over areas in no group, by residents, then by number of areas."""

    def __init__(
        self,
        graph: AreaGraph,
        owner: dict[int, int],
        people: dict[int, float],
        most: float,
        barred: Collection[int],
    ) -> None:
        self.graph, self.owner, self.people, self.most, self.barred = graph, owner, people, most, set(barred)

    def nearest(self, start: Iterable[int]) -> _Path:
        """Return the cheapest path from the areas of a group to any other group."""
        own = set(start)
        before: dict[int, int] = {}
        cost = dict.fromkeys(own, (0.0, 0))
        heap = [(0.0, 0, i) for i in sorted(own)]
        ends: list[tuple[tuple[float, int, float, int], int, int]] = []  # rank, last area of the path, target
        while heap:
            living, steps, i = heappop(heap)
            if (living, steps) != cost[i]:
                continue
            if ends and (living, steps) > min(ends)[0][:2]:
                break
            for j, _ in self.graph.near[i]:
                if j in self.owner and j not in own:
                    target = self.owner[j]
                    ends.append(((living, steps, -self.people[target], j), i, target))
                elif j not in own and j not in self.barred:
                    there = living + self.graph.people[j], steps + 1
                    if there[0] <= self.most and there < cost.get(j, FAR):  # never through unknown numbers
                        cost[j], before[j] = there, i
                        heappush(heap, (*there, j))
        seen = set(cost) - own
        if not ends:
            return _Path(None, -1, (*FAR, 0.0, 0), seen)
        rank, i, target = min(ends)
        areas = []
        while i not in own:
            areas.append(i)
            i = before[i]
        return _Path(areas, target, rank, seen)


def given_back(graph: AreaGraph, region: list[int], added: Collection[int], floor: float) -> list[int]:
    """Return a region without the added areas that it can do without: connected all the same, and above the floor.

    The area with the most residents goes first.

    Examples
    --------
    >>> from quartiersatlas.screening.regions.graph import AreaGraph
    >>> row = AreaGraph.of([900, 1100, 300], [0, 1], [1, 2], [1.0, 1.0])
    >>> given_back(row, [0, 1, 2], [2], floor=2000)
    [0, 1]
    """
    kept, people = set(region), graph.total(region)
    while True:
        free = [i for i in kept if i in added and people - graph.people[i] >= floor and graph.holds_without(kept, i)]
        if not free:
            return sorted(kept)
        gone = min(free, key=lambda i: (-graph.people[i], i))
        kept.discard(gone)
        people -= graph.people[gone]
