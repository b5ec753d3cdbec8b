"""What an index needs to know of the areas' geometry, and the input of one index in one place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, cast

import numpy as np
import shapely

from quartiersatlas.errors import GeometryError, list_some
from quartiersatlas.segregation.counts import Composition, Pair, Places
from quartiersatlas.segregation.indices.clustering import WITHIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import geopandas as gpd
    from numpy.typing import NDArray

    from quartiersatlas.segregation.prepared import StudySpec
    from quartiersatlas.space.neighbours import Borders

    Floats = NDArray[np.float64]

METRES = {"m": 1.0, "km": 1000.0}


@dataclass(frozen=True)
class Ground:
    """The ground on which people live; distances and borders count within a place only.

    Parameters
    ----------
    shapes : ndarray of geometries, shape (n_areas,)
        Polygons or points in metres, place after place.
    places : Places
        Which areas belong to which place.
    people : ndarray of float, shape (n_areas, n_columns)
        Persons per area: one column per group, the last one all residents.
    radii : tuple of float
        Radii of the surroundings, in metres.
    kernel : str
        How the weight of others falls with distance.
    unit : float
        The unit of distance decay, in metres.
    """

    shapes: NDArray[np.object_]
    places: Places
    people: Floats
    radii: tuple[float, ...]
    kernel: str
    unit: float

    @cached_property
    def points(self) -> Floats:
        """Centroids, in metres."""
        return np.asarray(shapely.get_coordinates(shapely.centroid(self.shapes)))

    @cached_property
    def area(self) -> Floats:
        """Land of each area, in square metres."""
        return np.asarray(shapely.area(self.shapes))

    @property
    def is_polygons(self) -> bool:
        """Whether every area has land."""
        return bool((self.area > 0).all())

    @cached_property
    def within(self) -> Floats:
        """Mean distance of the persons of each area from one another, in metres."""
        return np.sqrt(WITHIN * self.area)

    @cached_property
    def borders(self) -> Borders:
        """Shared borders of the areas, of a single place."""
        from quartiersatlas.space.neighbours import borders

        return borders(self.shapes)

    def slices(self) -> Iterator[slice]:
        """Give the rows of each place."""
        for start, size in zip(self.places.starts, self.places.sizes, strict=True):
            if size:
                yield slice(int(start), int(start + size))

    @cached_property
    def surroundings(self) -> Floats:
        """Persons around each area, weighted by the kernel: radii x areas x columns of people."""
        return self.around(self.people)

    def around(self, people: Floats) -> Floats:
        """Return the weighted sums of any columns within each radius of each area."""
        from quartiersatlas.space.surroundings import surrounding_sums

        return self._joined(
            lambda rows: surrounding_sums(self.points[rows], people[rows], self.radii, kernel=self.kernel)
        )

    @cached_property
    def nearness(self) -> Floats:
        """Persons near each area, weighted by exp(-distance): areas x columns of people and, last, the areas."""
        return self.near(np.column_stack([self.people, np.ones(len(self.people))]))

    def near(self, people: Floats) -> Floats:
        """Return the sums of any columns over all areas of a place, weighted by exp(-distance)."""
        from quartiersatlas.space.surroundings import decay_sums

        return self._joined(lambda rows: decay_sums(self.points[rows], people[rows], self.unit, self.within[rows]))

    def _joined(self, weigh: Callable[[slice], Floats]) -> Floats:
        """Weigh place by place and put the areas together again."""
        return np.concatenate([weigh(rows) for rows in self.slices()], axis=-2)

    def part(self, rows: slice) -> Ground:
        """Return the ground of one place, with what is already known of it."""
        from quartiersatlas.segregation.counts import Places

        size = rows.stop - rows.start
        part = Ground(self.shapes[rows], Places.one(size), self.people[rows], self.radii, self.kernel, self.unit)
        for name in ("points", "area", "within", "nearness"):
            if name in vars(self):
                vars(part)[name] = vars(self)[name][rows]
        if "surroundings" in vars(self):
            vars(part)["surroundings"] = self.surroundings[:, rows]
        return part


def checked_geometry(shapes: gpd.GeoSeries) -> None:
    """Refuse degrees, other units than metres and missing geometry."""
    crs = shapes.crs
    if crs is not None and "Pseudo-Mercator" in crs.name:
        raise GeometryError(
            f"The areas are in {crs.name}, the system of web maps, whose metres are none: "
            f"frame.to_crs(frame.estimate_utm_crs()), in Germany 'EPSG:25832' or 'EPSG:25833'."
        )
    if crs is not None and crs.is_geographic:
        raise GeometryError(
            f"The areas are in degrees ({crs.name}); distances and land need metres: "
            f"frame.to_crs(frame.estimate_utm_crs()), in Germany 'EPSG:25832' or 'EPSG:25833'."
        )
    if crs is not None and any(axis.unit_conversion_factor != 1 for axis in crs.axis_info):
        raise GeometryError(f"The unit of {crs.name} is not the metre: convert with frame.to_crs(...) first.")
    missing = shapes.index[shapes.isna() | shapes.is_empty]
    if len(missing):
        raise GeometryError(f"{len(missing)} areas have no geometry: {list_some(missing)}.")
    invalid = shapes.index[~shapes.is_valid]
    if len(invalid):
        raise GeometryError(
            f"The outlines of {len(invalid)} areas are invalid: {list_some(invalid)}. Repair them with "
            f"frame.geometry.make_valid() or qa.read_areas(..., repair=True)."
        )


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
