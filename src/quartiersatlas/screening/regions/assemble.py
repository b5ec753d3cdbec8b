"""From selected areas to candidate regions: holes filled, small groups bridged, large ones divided, the rest left."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isnan
from typing import TYPE_CHECKING

from quartiersatlas.screening.regions.grow import bridges, given_back, holes
from quartiersatlas.screening.regions.recombine import regionalise

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import numpy as np

    from quartiersatlas.screening.regions.graph import AreaGraph
    from quartiersatlas.screening.regions.trees import RegionRule


@dataclass(frozen=True)
class Additions:
    """Which areas may be added to the selected ones.

    Parameters
    ----------
    hole : float
        Most residents of a hole that is filled.
    bridge : float
        Most residents of a path between groups that are too small alone; 0 for none.
    barred : frozenset of int
        Areas that are never added.
    """

    hole: float = 1000
    bridge: float = 0
    barred: frozenset[int] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Assembly:
    """Candidate regions, what was added to them, and what is left over.

    Parameters
    ----------
    regions : list of list of int
        Areas of each region, ascending.
    holes, bridges : frozenset of int
        Areas in regions that are not selected.
    left : list of list of int
        Connected groups of selected areas in no region, with the holes that were filled in them.
    """

    regions: list[list[int]]
    holes: frozenset[int]
    bridges: frozenset[int]
    left: list[list[int]]


def assemble(
    graph: AreaGraph,
    selected: Collection[int],
    outer: Sequence[bool],
    rule: RegionRule,
    additions: Additions,
    seed: int | np.random.Generator = 0,
) -> Assembly:
    """Make candidate regions of selected areas.

    Parameters
    ----------
    graph : AreaGraph
        All areas; an unknown number of residents is NaN.
    selected : collection of int
        The selected areas.
    outer : sequence of bool
        Of each area whether some of its outline is no border with another area.
    rule : RegionRule
        What a region has to be.
    additions : Additions
        What may be added.
    seed : int or Generator, default 0
        Source of the random numbers where a group is divided.

    Returns
    -------
    Assembly
        A group with an unknown number of residents is left over as a whole: nobody knows whether it has the floor. An
        area that alone is above the ceiling is a region of its own and connects nobody.

    Examples
    --------
    >>> from quartiersatlas.screening.regions.graph import AreaGraph
    >>> from quartiersatlas.screening.regions.trees import RegionRule
    >>> row = AreaGraph.of([1500, 900, 300, 900, 1500], range(4), range(1, 5), [1.0] * 4)
    >>> found = assemble(row, [0, 1, 3, 4], [True] * 5, RegionRule(3000), Additions(bridge=400))
    >>> found.regions, sorted(found.bridges), found.left
    ([[0, 1, 2, 3, 4]], [2], [])
    """
    filled = set(holes(graph, selected, outer, additions.hole, additions.barred))
    inside = filled.union(selected)
    large = {i for i, people in enumerate(graph.people) if people > rule.ceiling}
    groups = graph.groups(inside - large)
    unknown = {i for group in groups if isnan(graph.total(group)) for i in group}
    spans: set[int] = set()
    if additions.bridge > 0:
        known = [group for group in groups if group[0] not in unknown]
        spans = set(bridges(graph, known, rule.floor, additions.bridge, additions.barred | unknown | large))
        inside |= spans
        closed = holes(graph, inside, outer, additions.hole, additions.barred)  # bridges may close a ring
        filled.update(closed)
        inside.update(closed)
    chosen = set(selected)
    regions = [
        given_back(graph, region, spans, rule.floor)
        for region in regionalise(graph, sorted(inside - unknown), rule, seed=seed)
        if not chosen.isdisjoint(region)
    ]
    covered = {i for region in regions for i in region}
    left = [group for group in graph.groups((inside - spans) - covered) if not chosen.isdisjoint(group)]
    return Assembly(regions, frozenset(filled & covered), frozenset(spans & covered), left)
