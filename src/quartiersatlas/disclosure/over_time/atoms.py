"""Several sets of areas laid over each other: the smallest parts of which all of them are sums."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse import csr_array

from quartiersatlas.catalogue import Message
from quartiersatlas.errors import SpecError
from quartiersatlas.intake.areas.area_columns import parent_columns
from quartiersatlas.space.fit import check_polygons

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray
    from pyproj import CRS

    Shapes = NDArray[np.object_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]

SLIVER = 0.001  # share of an area below which a part of it is no more than two drawings of one border
NAMED = 5  # pairs of areas in the message
NONE = -1  # no area of this layer: outside of it
HALF = 0.5


@dataclass(frozen=True, eq=False)
class Atoms:
    """The common refinement of several sets of areas.

    Parameters
    ----------
    n : int
        Number of atoms. Nothing is known of the count of an atom but that it is not negative.
    incidence : tuple of csr_array
        For each set of areas a matrix area by atom, in the order of the areas given: 1 where the atom is part of the
        area. The count of an area is the sum over its atoms.
    crossing : tuple of tuple of str
        Pairs of areas that overlap although neither lies in the other.
    messages : tuple of Message
        That borders cross, naming the areas.
    """

    n: int
    incidence: tuple[csr_array, ...]
    crossing: tuple[tuple[str, str], ...] = ()
    messages: tuple[Message, ...] = ()


def common_atoms(layers: Sequence[gpd.GeoDataFrame]) -> Atoms:
    """Lay sets of areas over each other.

    Parameters
    ----------
    layers : sequence of GeoDataFrame
        Keyed polygons in metres; further columns name higher levels.

    Returns
    -------
    Atoms
        An area that lies in another one to 99.9 % of its surface is a part of it, and an area is the sum of its parts
        if their surfaces sum to 99.9 % of its own. What remains otherwise is an atom of its own, and so is every part
        that two areas have in common if neither lies in the other.

    Raises
    ------
    GeometryError
        Shapes are no valid polygons, or in degrees.
    KeyColumnError
        Keys are duplicate or not text.
    SpecError
        There are no layers.

    Notes
    -----
    Where a column of one layer names the areas of another (by key or by name), that is what counts, not the outlines,
    unless most of an area's surface lies elsewhere: then the column means something else.

    Examples
    --------
    >>> import geopandas as gpd
    >>> halves = gpd.GeoDataFrame(
    ...     index=["1", "2"], geometry=[shapely.box(0, 0, 50, 100), shapely.box(50, 0, 100, 100)], crs="EPSG:25832"
    ... )
    >>> whole = gpd.GeoDataFrame(index=["A"], geometry=[shapely.box(0, 0, 100, 100)], crs="EPSG:25832")
    >>> atoms = common_atoms([halves, whole])
    >>> [matrix.toarray().tolist() for matrix in atoms.incidence]
    [[[1, 0], [0, 1]], [[1, 1]]]
    """
    if not layers:
        raise SpecError("common_atoms needs at least one layer of areas.")
    system = check_polygons(layers[0], "common_atoms", "layers")
    known = [_Layer.of(layer, system) for layer in layers]
    # the finest first: the higher levels that it declares come after it
    order = sorted(range(len(known)), key=lambda n: (-len(known[n].shapes), n))
    pieces = _Pieces(np.empty(0, dtype=object), {})
    for place, n in enumerate(order):
        before = order[:place]
        same = next((m for m in before if known[m].same_as(known[n])), None)
        if same is not None:
            rows = [known[same].rows[key] for key in known[n].rows]
            pieces.incidence[n] = pieces.incidence[same][rows]
            continue
        for part in known[n].without_overlaps():
            declared = _declared(pieces, known, before, n, part)
            pieces = _refined(pieces, known[n], n, part, declared)
    incidence = tuple(pieces.incidence[n] for n in range(len(known)))
    pairs = tuple(dict.fromkeys(_crossing(known, incidence)))
    return Atoms(len(pieces.shapes), incidence, pairs, _messages(pairs))


@dataclass(frozen=True, eq=False)
class _Layer:
    """A set of areas: key -> row, names, outlines, and the areas of higher levels that its columns name."""

    rows: dict[str, int]
    names: list[str]
    shapes: Shapes
    outlines: list[bytes]
    parents: dict[str, list[str | None]]

    @classmethod
    def of(cls, areas: gpd.GeoDataFrame, system: CRS) -> _Layer:
        check_polygons(areas, "common_atoms", "layers")
        shapes = shapely.normalize(shapely.force_2d(areas.geometry.to_crs(system).to_numpy()))
        columns = parent_columns(areas.drop(columns=areas.geometry.name))
        return cls(
            rows={str(key): n for n, key in enumerate(areas.index)},
            names=areas["name"].astype(str).tolist() if "name" in areas else [],
            shapes=shapes,
            outlines=list(shapely.to_wkb(shapes)),
            parents={c: areas[c].astype(object).where(areas[c].notna(), None).tolist() for c in columns},
        )

    def same_as(self, other: _Layer) -> bool:
        """Return True if it has the same keys with the same outlines, in any order."""
        return dict(zip(self.rows, self.outlines, strict=True)) == dict(zip(other.rows, other.outlines, strict=True))

    def without_overlaps(self) -> list[Ints]:
        """Return the areas in groups within which none overlap: one group, as a rule."""
        everything = np.arange(len(self.shapes))
        if shapely.coverage_is_valid(self.shapes):
            return [everything]
        found = _overlaps(self.shapes, self.shapes)
        one, other = found.one[found.kept], found.other[found.kept]
        group = np.zeros(len(self.shapes), dtype=np.intp)
        for area in everything:
            taken = set(group[other[(one == area) & (other < area)]].tolist())
            group[area] = next(n for n in range(len(taken) + 1) if n not in taken)
        return [everything[group == n] for n in range(int(group.max()) + 1)]

    def declared_by(self, finer: _Layer) -> Ints | None:
        """Return for each area of a finer layer the row of the area here that it names; None where it names none.

        A column that names areas by chance is not believed: most of every area's surface lies in its parent.
        """
        for named in (list(self.rows), self.names):
            row = {name: n for n, name in enumerate(named)}
            if len(row) < len(self.rows):
                continue  # names that are not unique name nothing
            for column in finer.parents.values():
                if all(str(cell) in row for cell in column):
                    parent = np.array([row[str(cell)] for cell in column])
                    inside = shapely.area(shapely.intersection(finer.shapes, self.shapes[parent]))
                    if (inside > HALF * shapely.area(finer.shapes)).all():
                        return parent
        return None


@dataclass(frozen=True, eq=False)
class _Pieces:
    """Atoms while they are made: outlines, and for each layer the matrix area by atom."""

    shapes: Shapes
    incidence: dict[int, csr_array]


def _declared(pieces: _Pieces, known: list[_Layer], before: list[int], n: int, part: Ints) -> Ints:
    """Return for each atom the area that a finer layer declares it to be part of; NONE where no layer does."""
    found = np.full(len(pieces.shapes), NONE)
    for m in before:
        parent = known[n].declared_by(known[m])
        if parent is None:
            continue
        area, atom = pieces.incidence[m].nonzero()
        new = np.isin(parent[area], part) & (found[atom] == NONE)  # of two that contradict each other, the finer one
        found[atom[new]] = parent[area[new]]
    return found


def _refined(pieces: _Pieces, layer: _Layer, n: int, part: Ints, declared: Ints) -> _Pieces:
    """Split the atoms along the outlines of further areas that do not overlap each other."""
    open_atoms = np.flatnonzero(declared == NONE)
    open_areas = np.setdiff1d(part, declared)  # what is the sum of declared parts is cut by no outline
    atoms, areas = pieces.shapes[open_atoms], layer.shapes[open_areas]
    found = _overlaps(atoms, areas)
    kept = found.kept
    shape = np.where(found.of_one >= 1 - SLIVER, atoms[found.one], found.common)
    shape = np.where(found.of_other >= 1 - SLIVER, areas[found.other], shape)
    atom_rest, atom_rest_shape = _remainders(atoms, areas, found.one, found.other, found.of_one)
    area_rest, area_rest_shape = _remainders(areas, atoms, found.other, found.one, found.of_other)
    by_declaration = np.flatnonzero(declared != NONE)
    nothing = np.full(len(area_rest), NONE)
    origin = np.concatenate([by_declaration, open_atoms[found.one[kept]], open_atoms[atom_rest], nothing])
    outside = np.full(len(atom_rest), NONE)
    area = np.concatenate([declared[by_declaration], open_areas[found.other[kept]], outside, open_areas[area_rest]])
    shapes = np.concatenate([pieces.shapes[by_declaration], shape[kept], atom_rest_shape, area_rest_shape])
    split = _ones(origin, len(pieces.shapes))
    incidence = {m: matrix @ split for m, matrix in pieces.incidence.items()}
    own = _ones(area, len(layer.shapes))
    return _Pieces(shapes, incidence | {n: incidence[n] + own if n in incidence else own})


def _ones(rows: Ints, height: int) -> csr_array:
    """Return the matrix with a 1 in the given row of each column; in none where that is NONE."""
    columns = np.flatnonzero(rows != NONE)
    ones = np.ones(len(columns), dtype=np.int8)
    return csr_array((ones, (rows[columns], columns)), shape=(height, len(rows)))


@dataclass(frozen=True, eq=False)
class _Overlaps:
    """Pairs of outlines with a common surface: rows, the common part, and its share of either."""

    one: Ints
    other: Ints
    common: Shapes
    of_one: Floats
    of_other: Floats

    @property
    def kept(self) -> NDArray[np.bool_]:
        """Pairs that have more in common than two drawings of one border."""
        return (self.of_one >= SLIVER) | (self.of_other >= SLIVER)


def _overlaps(ones: Shapes, others: Shapes) -> _Overlaps:
    """Return all pairs with a common surface, in the order of their rows."""
    one, other = shapely.STRtree(others).query(ones, predicate="intersects")
    order = np.lexsort((other, one))
    one, other = one[order], other[order]
    common = shapely.intersection(ones[one], others[other])
    surface = shapely.area(common)
    real = surface > 0
    one, other, common, surface = one[real], other[real], common[real], surface[real]
    return _Overlaps(one, other, common, surface / shapely.area(ones[one]), surface / shapely.area(others[other]))


def _remainders(shapes: Shapes, others: Shapes, one: Ints, other: Ints, share: Floats) -> tuple[Ints, Shapes]:
    """Return which outlines are not covered by the others, and what is left of them."""
    covered = np.bincount(one, share, len(shapes))
    rows = np.flatnonzero(covered < 1 - SLIVER)
    left = np.array(
        [shapely.difference(shapes[row], shapely.union_all(others[other[one == row]])) for row in rows], dtype=object
    )
    return rows, left


def _crossing(known: list[_Layer], incidence: tuple[csr_array, ...]) -> Iterator[tuple[str, str]]:
    """Yield the pairs of areas of two layers that have atoms in common, and both have others as well."""
    keys = [list(layer.rows) for layer in known]
    for n, m in combinations(range(len(known)), 2):
        common = (incidence[n].astype(np.intp) @ incidence[m].astype(np.intp).T).tocoo()
        size, other_size = (incidence[k].astype(np.intp).sum(axis=1) for k in (n, m))
        cross = (common.data < size[common.row]) & (common.data < other_size[common.col])
        for row, column in sorted(zip(common.row[cross].tolist(), common.col[cross].tolist(), strict=True)):
            yield keys[n][row], keys[m][column]


def _messages(pairs: tuple[tuple[str, str], ...]) -> tuple[Message, ...]:
    if not pairs:
        return ()
    named = ", ".join(f"{one} / {other}" for one, other in pairs[:NAMED]) + (", …" if len(pairs) > NAMED else "")
    return (Message("warning_borders_cross", {"pairs": named, "count": len(pairs)}),)
