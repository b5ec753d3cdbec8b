"""Distances along ways: from people to facilities, each set on the nearest point of the nearest way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import shapely

from quartiersatlas.base.checks import count_noun
from quartiersatlas.catalogue import Message
from quartiersatlas.errors import GeometryError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quartiersatlas.intake.networks import Network

    Floats: TypeAlias = NDArray[np.float64]
    Ints: TypeAlias = NDArray[np.intp]
    Shapes: TypeAlias = NDArray[np.object_]

FARTHEST_SNAP = 200.0  # metres from the nearest way
INCLUSIVE = 1e-6
NO_LENGTH = 1e-9  # a way of no length is one all the same: 0 stands for no way in a sparse matrix


@dataclass(frozen=True, eq=False)
class Walks:
    """People and facilities on a network whose segments are split where facilities are.

    Parameters
    ----------
    graph : csr_array
        Lengths between nodes.
    ends : ndarray of int, shape (n_people, 2)
        Nodes at both ends of the segment on which a person starts.
    starts : ndarray of float, shape (n_people, 2)
        Metres to these.
    off_way : ndarray of float
        Metres from each person to the way.
    goals : ndarray of int
        Node of each facility.
    goal_off_way : ndarray of float
        Metres from each facility to the way.
    said : tuple of Message
        What the network has to say.
    """

    graph: object
    ends: Ints
    starts: Floats
    off_way: Floats
    goals: Ints
    goal_off_way: Floats
    said: tuple[Message, ...] = ()

    @classmethod
    def between(cls, network: Network, people: Floats, facilities: Floats) -> Walks:
        """Set people and facilities on the ways.

        Raises
        ------
        GeometryError
            A facility lies more than 200 m from any way.
        """
        segment, along, off = _on_ways(network.nodes, network.ends, facilities)
        far = off > FARTHEST_SNAP
        if far.any():
            raise GeometryError(
                f"access: {count_noun(int(far.sum()), 'facility lies', 'facilities lie')} more than 200 m from any "
                f"way: up to {off.max():,.0f} m. Does the network cover them? Leave them out, or add the ways."
            )
        nodes, ends, goals = _split(network, segment, along)
        line, place, off_way = _on_ways(nodes, ends, people)
        length = np.hypot(*(nodes[ends[line, 1]] - nodes[ends[line, 0]]).T)
        starts = np.stack([place * length, (1 - place) * length], axis=1)
        return cls(_graph(nodes, ends), ends[line], starts, off_way, goals, off, network.notes)

    def notes(self, missing: str) -> list[Message]:
        """Say how far people are from the ways; refuse or report those more than 200 m away."""
        far = self.off_way > FARTHEST_SNAP
        if far.any() and missing == "raise":
            raise GeometryError(
                f"access: {count_noun(int(far.sum()), 'cell lies', 'cells lie')} more than 200 m from any way, up to "
                f"{self.off_way.max():,.0f} m. Does the network cover the city? Or pass missing='report' to count them "
                f"as not in reach."
            )
        found = {"median": round(float(np.median(self.off_way))), "most": round(float(self.off_way.max()))}
        far_note = [Message("network_far", {"count": int(far.sum())})] if far.any() else []
        return [*self.said, Message("network_snapped", found), *far_note]

    def nearest(self) -> tuple[Floats, Ints]:
        """Return metres to the nearest facility, infinite without one, and which it is."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import dijkstra

        n, k = self.graph.shape[0], len(self.goals)  # type: ignore[attr-defined]
        ways = self.graph.tocoo()  # type: ignore[attr-defined]
        # facilities stand beside the way: a node of its own for each, from which one leads there
        rows, columns = np.concatenate([ways.row, n + np.arange(k)]), np.concatenate([ways.col, self.goals])
        lengths = np.concatenate([ways.data, np.maximum(self.goal_off_way, NO_LENGTH)])
        graph = coo_array((lengths, (rows, columns)), shape=(n + k, n + k)).tocsr()
        distance, _, source = dijkstra(graph, indices=n + np.arange(k), min_only=True, return_predecessors=True)
        both = distance[self.ends] + self.starts
        side = both.argmin(axis=1)
        each = np.arange(len(side))
        found = both[each, side] + self.off_way
        found[self.off_way > FARTHEST_SNAP] = np.inf
        origin = source[self.ends[each, side]]
        return found, np.where(origin >= n, origin - n, 0).astype(np.intp)

    def pairs(self, radius: float) -> tuple[Ints, Ints]:
        """Return who reaches which facility: one search per facility, so nothing is as large as people x facilities."""
        from scipy.sparse.csgraph import dijkstra

        cells, goals = [], []
        for number, (node, off) in enumerate(zip(self.goals, self.goal_off_way, strict=True)):
            distance = dijkstra(self.graph, indices=int(node), limit=radius + 1)
            metres = (distance[self.ends] + self.starts).min(axis=1) + self.off_way + off
            near = np.flatnonzero((metres <= radius + INCLUSIVE) & (self.off_way <= FARTHEST_SNAP))
            cells.append(near)
            goals.append(np.full(len(near), number))
        return np.concatenate(cells), np.concatenate(goals)


def _on_ways(nodes: Floats, ends: Ints, points: Floats) -> tuple[Ints, Floats, Floats]:
    """Return for each point the nearest segment, how far along it (0 to 1), and how far from it."""
    long = np.flatnonzero((nodes[ends[:, 0]] != nodes[ends[:, 1]]).any(axis=1))
    ways: Shapes = np.asarray(shapely.linestrings(nodes[ends[long]]), dtype=object)
    tree = shapely.STRtree(ways)
    _, nearest = tree.query_nearest(shapely.points(points), all_matches=False)
    segment = long[nearest]
    start, way = nodes[ends[segment, 0]], nodes[ends[segment, 1]] - nodes[ends[segment, 0]]
    along = np.clip(((points - start) * way).sum(axis=1) / (way**2).sum(axis=1), 0, 1)
    return segment, along, np.hypot(*(points - start - along[:, None] * way).T)


def _split(network: Network, segment: Ints, along: Floats) -> tuple[Floats, Ints, Ints]:
    """Return nodes and segments with a node at each facility, and these nodes."""
    first, last = (network.nodes[network.ends[segment, side]] for side in (0, 1))
    n = len(network.nodes)
    nodes = np.concatenate([network.nodes, first + along[:, None] * (last - first)])
    new = n + np.arange(len(segment))
    order = np.lexsort((along, segment))
    lines, kept = [], np.ones(len(network.ends), dtype=bool)
    kept[segment] = False
    for line in np.unique(segment):
        inner = new[order][segment[order] == line]
        chain = np.concatenate([network.ends[line, :1], inner, network.ends[line, 1:]])
        lines.append(np.stack([chain[:-1], chain[1:]], axis=1))
    return nodes, np.concatenate([network.ends[kept], *lines]), new


def _graph(nodes: Floats, ends: Ints) -> object:
    """Return the lengths both ways as a sparse matrix; of parallel ways the shortest, where a matrix would add them."""
    from scipy.sparse import coo_array

    lengths = np.maximum(np.hypot(*(nodes[ends[:, 1]] - nodes[ends[:, 0]]).T), NO_LENGTH)
    rows, columns = np.concatenate([ends[:, 0], ends[:, 1]]), np.concatenate([ends[:, 1], ends[:, 0]])
    both = np.concatenate([lengths, lengths])
    order = np.lexsort((both, columns, rows))
    rows, columns, both = rows[order], columns[order], both[order]
    first = np.ones(len(rows), dtype=bool)
    first[1:] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
    return coo_array((both[first], (rows[first], columns[first])), shape=(len(nodes), len(nodes))).tocsr()
