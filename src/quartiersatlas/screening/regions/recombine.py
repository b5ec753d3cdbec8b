"""Many regions made better: neighbouring ones are taken together and cut anew, single areas change sides.

The idea of cutting neighbouring regions anew along random spanning trees is that of ReCom [1]_.

References
----------
.. [1] DeFord, D., Duchin, M. & Solomon, J. (2021). Recombination: a family of Markov chains for redistricting. Harvard
       Data Science Review 3(1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quartiersatlas.screening.regions.graph import AreaGraph, uniform_numbers
from quartiersatlas.screening.regions.trees import RegionRule, random_cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np

Measures = tuple[float, int, float]

TREES = 12  # to begin with, the best of them
GATHER, POLISH = 16, 24  # recombinations per region of either phase
LEAST_REGIONS = 15  # the search takes at least as many steps as for so many
TOGETHER = 5  # regions at most that are cut anew together; two or three where only borders are at stake
HOPEFUL = 6  # trees where there may be one region more, or one less
TOWARDS = 0.7  # how often the neighbour is taken that has most to give
ANYWAY = 0.1  # of the recombinations that are no gain are made all the same: the search leaves its dead ends


def regionalise(
    graph: AreaGraph,
    areas: Iterable[int],
    rule: RegionRule,
    *,
    seed: int | np.random.Generator = 0,
    effort: float = 1,
) -> list[list[int]]:
    """Divide areas into connected regions with a floor and a ceiling of residents.

    Parameters
    ----------
    graph : AreaGraph
        All areas.
    areas : iterable of int
        Those that are to be divided.
    rule : RegionRule
        Floor, ceiling and whether few or many regions are wanted.
    seed : int or Generator, default 0
        Source of the random numbers.
    effort : float, default 1
        How many times the usual number of steps; the search is limited by steps, never by time.

    Returns
    -------
    list of list of int
        The regions, each ascending, in the order of their first areas. A connected group below the floor is in none.
        An area that alone is above the ceiling is a region of its own. A region is above the ceiling only where
        somebody would stay outside otherwise.

    Notes
    -----
    Objective, in this order: nobody outside who could be inside; residents above the ceiling; the number of regions;
    the length of the borders between them. It is a search by chance: the best result is not guaranteed.

    Examples
    --------
    >>> row = AreaGraph.of([600.0] * 6, range(5), range(1, 6), [100.0] * 5)
    >>> regionalise(row, range(6), RegionRule(1000, objective="most"))
    [[0, 1], [2, 3], [4, 5]]
    >>> regionalise(row, range(6), RegionRule(1000, 1800))
    [[0, 1, 2], [3, 4, 5]]
    """
    draws, found = uniform_numbers(seed), []
    inside = list(areas)
    alone = [i for i in inside if graph.people[i] > rule.ceiling]
    found += [[i] for i in alone]
    for group in graph.groups(set(inside).difference(alone)):
        people = graph.total(group)
        if people < rule.floor:
            continue
        if rule.objective == "fewest" and people <= rule.ceiling:
            found.append(group)
        else:
            found += _divided(graph, group, rule, draws, effort)
    return sorted(sorted(region) for region in found)


def _divided(
    graph: AreaGraph, group: list[int], rule: RegionRule, draws: Iterator[float], effort: float
) -> list[list[int]]:
    """Divide a connected group: the best of some trees, then recombination, then single areas.

    First what exceeds the floor (or is free below the ceiling) is gathered in few regions, until one more fits in or
    one less will do; then the borders are made short.
    """
    cuts = [random_cut(graph, group, rule, draws) for _ in range(TREES)]
    plan = _Plan.of(graph, min(cuts, key=lambda cut: _measured(graph, cut, rule, gather=False)))
    steps = effort * max(LEAST_REGIONS, len(plan.members))
    for gather, times in ((True, GATHER), (False, POLISH)):
        for _ in range(round(times * steps)):
            start = plan.region[group[int(next(draws) * len(group))]]
            _recombine(plan, _some_regions(plan, start, rule, draws, gather=gather), rule, draws, gather=gather)
    _shorten(plan, group, rule)
    return list(plan.members.values())


def _measured(graph: AreaGraph, region: dict[int, int], rule: RegionRule, *, gather: bool) -> Measures:
    """Return what is to be small of some areas that are divided among regions.

    Residents above the ceiling; the number of regions, negative where most are wanted; and while surplus is gathered
    minus the sum of the squares of their residents, which is small where some are large and some small, else the length
    of the borders between them.
    """
    people: dict[int, float] = {}
    for i, own in region.items():
        people[own] = people.get(own, 0.0) + graph.people[i]
    above = sum(size - rule.ceiling for size in people.values() if size > rule.ceiling)
    number = len(people) if rule.objective == "fewest" else -len(people)
    if gather:
        return above, number, -sum(size * size for size in people.values())
    border = 0.0
    for i, own in region.items():
        for j, length in graph.near[i]:
            if region.get(j, own) != own:
                border += length
    return above, number, round(border / 2, 3)


@dataclass(eq=False)
class _Plan:
    """Regions that change: the region of each area, the areas and the residents of each region."""

    graph: AreaGraph
    region: dict[int, int]
    members: dict[int, list[int]]
    people: dict[int, float]
    number: int = 0  # of the latest region: none is used twice

    @classmethod
    def of(cls, graph: AreaGraph, region: dict[int, int]) -> _Plan:
        plan = cls(graph, {}, {}, {})
        plan.replace((), region)
        return plan

    def replace(self, old: Iterable[int], region: dict[int, int]) -> None:
        """Put new regions in the place of old ones that had the same areas."""
        for one in old:
            del self.members[one], self.people[one]
        new: dict[int, int] = {}
        for i, label in region.items():
            if label not in new:
                self.number = new[label] = self.number + 1
                self.members[self.number], self.people[self.number] = [], 0.0
            self.region[i] = new[label]
            self.members[new[label]].append(i)
            self.people[new[label]] += self.graph.people[i]

    def move(self, area: int, to: int) -> None:
        """Let one area change sides."""
        own = self.region[area]
        self.members[own].remove(area)
        self.members[to].append(area)
        self.people[own] -= self.graph.people[area]
        self.people[to] += self.graph.people[area]
        self.region[area] = to

    def beside(self, chosen: list[int]) -> list[int]:
        """Return the regions that touch one of the chosen, ascending."""
        region, near = self.region, self.graph.near
        found = {region[j] for one in chosen for i in self.members[one] for j, _ in near[i] if j in region}
        return sorted(found.difference(chosen))


def _some_regions(plan: _Plan, start: int, rule: RegionRule, draws: Iterator[float], *, gather: bool) -> list[int]:
    """Return a region and some around it, often those with the most residents, or the fewest where few are wanted."""
    sign = 1 if rule.objective == "most" else -1
    chosen, wanted = [start], 2 + int(next(draws) * (TOGETHER - 1 if gather else 2))
    while len(chosen) < wanted and (beside := plan.beside(chosen)):
        if gather and next(draws) < TOWARDS:
            chosen.append(max(beside, key=lambda one: (sign * plan.people[one], one)))
        else:
            chosen.append(beside[int(next(draws) * len(beside))])
    return chosen


def _recombine(plan: _Plan, chosen: list[int], rule: RegionRule, draws: Iterator[float], *, gather: bool) -> None:
    """Take some regions together and cut them anew, if that is a gain."""
    graph = plan.graph
    areas = [i for one in chosen for i in plan.members[one]]
    people = sum(plan.people[one] for one in chosen)
    more, less = (len(chosen) + 1) * rule.floor, (len(chosen) - 1) * rule.ceiling
    before = _measured(graph, {i: plan.region[i] for i in areas}, rule, gather=gather)
    hopeful = before[0] > 0 or (people >= more if rule.objective == "most" else people <= less)
    best: tuple[Measures, dict[int, int]] | None = None
    for _ in range(HOPEFUL if hopeful else 1):
        cut = random_cut(graph, areas, rule, draws)
        found = _measured(graph, cut, rule, gather=gather)
        if best is None or found < best[0]:
            best = found, cut
    assert best is not None  # noqa: S101 - there was at least one tree
    after, new = best
    if after < before or (gather and after[:2] == before[:2] and next(draws) < ANYWAY):
        plan.replace(chosen, new)


def _shorten(plan: _Plan, group: list[int], rule: RegionRule) -> None:
    """Let single areas change sides while that shortens the borders between regions."""
    waiting = set(group)
    while waiting:
        for i in sorted(waiting):
            waiting.discard(i)
            host = _better_side(plan, i, rule)
            if host is not None:
                plan.move(i, host)
                waiting.update(j for j, _ in plan.graph.near[i] if j in plan.region)


def _better_side(plan: _Plan, area: int, rule: RegionRule) -> int | None:
    """Return the region with which an area has the longest border, if it may go there and its own can do without."""
    own, people = plan.region[area], plan.graph.people[area]
    border = {own: 0.0}
    for j, length in plan.graph.near[area]:
        if j in plan.region:
            border[plan.region[j]] = border.get(plan.region[j], 0.0) + length
    host = min(border, key=lambda one: (-border[one], one))
    if round(border[host] - border[own], 3) <= 0 or plan.people[own] - people < rule.floor:
        return None
    if plan.people[host] + people > rule.ceiling or not plan.graph.holds_without(set(plan.members[own]), area):
        return None
    return host
