"""Quarters: selected cells that hang together inside one municipality and hold enough residents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.space.cell_keys import cell_outlines, connected_cells, forward_neighbours

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quartiersatlas.nation.task import ScreenSpec
    from quartiersatlas.nation.values import PartValues

    Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Quarters:
    """The quarters of one part, in the order of their lowest cells.

    Parameters
    ----------
    names : list of str
        ``<municipality>-N<y>E<x>`` of the lowest cell (from south to north, then from west to east), in steps of the
        cell size: no number that depends on which other quarters there are.
    unit : ndarray of int
        The number of the municipality.
    cells, residents, group : ndarray of int
        How many.
    member, of : ndarray of int
        The cells of all quarters, and the quarter of each.
    outlines : ndarray of Polygon or MultiPolygon
        The outlines.
    """

    names: list[str]
    unit: Ints
    cells: Ints
    residents: Ints
    group: Ints
    member: Ints
    of: Ints
    outlines: NDArray[np.object_]


def quarters_of(values: PartValues, selected: NDArray[np.bool_], spec: ScreenSpec) -> Quarters:
    """Return the quarters that selected cells make."""
    part = values.part
    members = np.flatnonzero(selected)  # only these can touch each other
    neighbours = forward_neighbours(part.key[members], spec.contiguity)
    label = connected_cells(np.ones((1, len(members)), bool), neighbours).label
    n = int(label.max(initial=-1)) + 1
    residents = np.zeros(n, np.int64)
    np.add.at(residents, label, values.population[members])
    lowest = np.full(n, len(part.key))
    lowest[label[::-1]] = members[::-1]  # members ascend: what is written last is the lowest
    large = np.flatnonzero(residents >= spec.min_population)
    large = large[np.argsort(lowest[large], kind="stable")]
    number = np.full(n, -1)
    number[large] = np.arange(len(large))
    inside = number[label] >= 0 if n else np.empty(0, bool)
    member, of = members[inside], number[label[inside]]
    first = lowest[large]
    unit = np.searchsorted(part.starts, first, side="right") - 1
    group = np.zeros(len(large), np.int64)
    np.add.at(group, of, values.group[member])
    return Quarters(
        names=[f"{part.keys[own]}-N{part.y[k]}E{part.x[k]}" for own, k in zip(unit, first, strict=True)],
        unit=unit,
        cells=np.bincount(of, minlength=len(large)),
        residents=residents[large],
        group=group,
        member=member,
        of=of,
        outlines=cell_outlines(part.x[member], part.y[member], of, spec.size),
    )
