"""One way to cut connected areas into regions by chance: a spanning tree of long borders, cut from its leaves."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Literal

from quartiersatlas.screening.regions.graph import SHORTEST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quartiersatlas.screening.regions.graph import AreaGraph

Objective = Literal["fewest", "most"]


@dataclass(frozen=True)
class RegionRule:
    """What a region has to be.

    Parameters
    ----------
    floor, ceiling : float
        Least and most residents of a region; the ceiling may be infinite.
    objective : {"fewest", "most"}
        Whether few large regions are wanted or many small ones.
    """

    floor: float
    ceiling: float = float("inf")
    objective: Objective = "fewest"


def random_cut(graph: AreaGraph, areas: list[int], rule: RegionRule, draws: Iterator[float]) -> dict[int, int]:
    """Cut a connected set of areas along a random spanning tree.

    Parameters
    ----------
    graph : AreaGraph
        All areas.
    areas : list of int
        A connected set of them that has the floor.
    rule : RegionRule
        What a region has to be.
    draws : iterator of float
        Random numbers in [0, 1).

    Returns
    -------
    dict of int to int
        Area -> number of its region. All regions are connected and have the floor; one that could not be kept below
        the ceiling is above it.

    Notes
    -----
    For a given tree, cutting a part off as soon as it has the floor gives the most parts, and cutting the heaviest
    branches off where a node with all its branches passes the ceiling gives the fewest [1]_.

    References
    ----------
    .. [1] Kundu, S. & Misra, J. (1977). A linear tree partitioning algorithm. SIAM Journal on Computing 6(1), 151-154.
    """
    order, parent = _spanning_tree(graph, areas, draws)
    tops, small = _cut_branches(graph, order, parent, rule)
    region: dict[int, int] = {}
    for i in order:  # from the root on: a part begins at its top
        region[i] = i if i in tops else region[parent[i]]
    return _joined(graph, region, small, rule)


def _spanning_tree(graph: AreaGraph, areas: list[int], draws: Iterator[float]) -> tuple[list[int], dict[int, int]]:
    """Return the areas in the order in which Prim's algorithm reaches them, and from where each was reached.

    The weight of a link is a random number by the length of the border: long borders are kept inside.
    """
    near, left = graph.near, set(areas)
    root = areas[int(next(draws) * len(areas))]
    left.remove(root)
    order, parent = [root], {root: root}
    heap: list[tuple[float, int, int]] = []
    newest = root
    while left:
        for j, length in near[newest]:
            if j in left:
                heappush(heap, (next(draws) / (length or SHORTEST), j, newest))
        _, newest, before = heappop(heap)
        while newest not in left:
            _, newest, before = heappop(heap)
        left.remove(newest)
        order.append(newest)
        parent[newest] = before
    return order, parent


def _cut_branches(
    graph: AreaGraph, order: list[int], parent: dict[int, int], rule: RegionRule
) -> tuple[set[int], set[int]]:
    """Return the tops of the parts of a tree, and those of them whose parts are below the floor."""
    weight = {i: graph.people[i] for i in order}
    branches: dict[int, list[int]] = {i: [] for i in order}
    tops: set[int] = set()
    cut_early = rule.objective == "most"
    for i in reversed(order):  # from the leaves on
        size = weight[i] + sum(weight[j] for j in branches[i])
        if size > rule.ceiling:
            for j in sorted(branches[i], key=lambda branch: (-weight[branch], branch)):
                tops.add(j)
                size -= weight[j]
                if size <= rule.ceiling:
                    break
        weight[i] = size
        if i == order[0] or (cut_early and size >= rule.floor):
            tops.add(i)
        else:
            branches[parent[i]].append(i)
    return tops, {i for i in tops if weight[i] < rule.floor}


def _joined(graph: AreaGraph, region: dict[int, int], small: set[int], rule: RegionRule) -> dict[int, int]:
    """Let every part below the floor join the neighbour with the longest common border, below the ceiling if possible.

    The smallest part comes first; two small ones may become a region together.
    """
    if not small:
        return region
    members: dict[int, list[int]] = {}
    for i, top in region.items():
        members.setdefault(top, []).append(i)
    people = {top: graph.total(areas) for top, areas in members.items()}
    heap = [(people[top], top) for top in small]
    heapify(heap)
    while heap:
        size, top = heappop(heap)
        if size != people.get(top):
            continue  # has joined, or has been joined
        border = _borders_of(graph, members[top], top, region)
        if not border:
            break  # it is all there is
        host = min(border, key=lambda one: (max(0.0, people[one] + size - rule.ceiling), -border[one], one))
        for i in members[top]:
            region[i] = host
        members[host] += members.pop(top)
        people[host] += people.pop(top)
        if people[host] < rule.floor:
            heappush(heap, (people[host], host))
    return region


def _borders_of(graph: AreaGraph, areas: list[int], own: int, region: dict[int, int]) -> dict[int, float]:
    """Return the regions that touch some areas of one region, with the length of the common border."""
    border: dict[int, float] = {}
    for i in areas:
        for j, length in graph.near[i]:
            if region.get(j, own) != own:
                border[region[j]] = border.get(region[j], 0.0) + length
    return border
