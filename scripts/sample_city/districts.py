"""From cells to named districts: Stadtbezirke, keys, names and the few special areas."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sample_city.names import BEZIRK_NAMES, DISTRICT_NAMES, FOREST_NAME, HARBOUR_NAMES, WORKS_NAME

if TYPE_CHECKING:
    from sample_city.geometry import Cell
    from sample_city.mesh import Point

BEZIRK_CENTRES: dict[str, Point] = {
    "01": (0, 1200),
    "02": (-500, 4300),
    "03": (-4300, 1500),
    "04": (4300, 1400),
    "05": (300, -1200),
    "06": (600, -4300),
    "07": (-4300, -2700),
    "08": (4200, -2300),
}
HARBOUR_BEZIRK = "04"
HARBOUR_PLACE: Point = (3000, -300)
FOREST_BEZIRK = "02"
FOREST_PLACE: Point = (-1500, 6500)
WORKS_BEZIRK = "08"
WORKS_PLACE: Point = (6500, -1500)


@dataclass(frozen=True)
class District:
    """One polygon of ``stadtteile.geojson``.

    Attributes
    ----------
    key
        Four digits: Stadtbezirk and running number.
    name
        Invented name, unique in the city.
    bezirk
        Two digits.
    cell
        Where it lies.
    """

    key: str
    name: str
    bezirk: str
    cell: Cell = field(repr=False)


@dataclass(frozen=True)
class City:
    """The districts in key order and the areas that need special care.

    Attributes
    ----------
    districts
        All polygons.
    harbour
        Keys of the two polygons that the tables merge into one row.
    forest
        Key of the uninhabited area.
    works
        Key of the area with fewer than 300 inhabitants.
    """

    districts: tuple[District, ...]
    harbour: tuple[str, str]
    forest: str
    works: str


def build_city(cells: list[Cell]) -> City:
    """Group the cells into Stadtbezirke, number and name them.

    Parameters
    ----------
    cells : list of Cell
        The mesh.

    Returns
    -------
    City
        Named districts.
    """
    bezirke = _grow_bezirke(cells)
    members = {b: [i for i, of in bezirke.items() if of == b] for b in BEZIRK_NAMES}
    forest = _closest(cells, members[FOREST_BEZIRK], FOREST_PLACE)
    works = _closest(cells, members[WORKS_BEZIRK], WORKS_PLACE)
    harbour = _harbour(cells, members[HARBOUR_BEZIRK])
    special = {forest: FOREST_NAME, works: WORKS_NAME, **dict(zip(harbour, HARBOUR_NAMES, strict=True))}
    districts = {}
    for bezirk, cell_numbers in members.items():
        ordered = _running_order(cells, cell_numbers, harbour)
        names = iter(DISTRICT_NAMES[bezirk])
        for running, i in enumerate(ordered, start=1):
            name = special[i] if i in special else next(names)
            districts[i] = District(f"{bezirk}{running:02d}", name, bezirk, cells[i])
    return City(
        districts=tuple(sorted(districts.values(), key=lambda d: d.key)),
        harbour=(districts[harbour[0]].key, districts[harbour[1]].key),
        forest=districts[forest].key,
        works=districts[works].key,
    )


def _grow_bezirke(cells: list[Cell]) -> dict[int, str]:
    """Contiguous groups: the smallest group always takes the free neighbour next to its centre."""
    of: dict[int, str] = {}
    for bezirk, place in BEZIRK_CENTRES.items():
        of[_closest(cells, [i for i in range(len(cells)) if i not in of], place)] = bezirk
    while len(of) < len(cells):
        borders = {
            bezirk: {j for i in of if of[i] == bezirk for j in cells[i].neighbours if j not in of}
            for bezirk in BEZIRK_CENTRES
        }
        sizes = {bezirk: list(of.values()).count(bezirk) for bezirk in borders if borders[bezirk]}
        smallest = min(sizes, key=lambda bezirk: (sizes[bezirk], bezirk))
        place = BEZIRK_CENTRES[smallest]
        of[_closest(cells, sorted(borders[smallest]), place)] = smallest
    return of


def _closest(cells: list[Cell], among: list[int], place: Point) -> int:
    return min(among, key=lambda i: (math.dist(cells[i].site, place), i))


def _harbour(cells: list[Cell], among: list[int]) -> tuple[int, int]:
    """Two neighbouring areas on the river."""
    on_river = [i for i in among if cells[i].on_river]
    first = _closest(cells, on_river, HARBOUR_PLACE)
    beside = [i for i in on_river if i in cells[first].neighbours]
    return first, _closest(cells, beside, HARBOUR_PLACE)


def _running_order(cells: list[Cell], members: list[int], harbour: tuple[int, int]) -> list[int]:
    """From the city centre outwards; the two harbour areas get consecutive numbers."""
    ordered = sorted(members, key=lambda i: (math.hypot(*cells[i].site), i))
    if harbour[0] in ordered:
        ordered.remove(harbour[1])
        ordered.insert(ordered.index(harbour[0]) + 1, harbour[1])
    return ordered
