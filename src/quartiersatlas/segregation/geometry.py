"""What an index needs to know of the areas' geometry: land, distances, borders, the people around."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import GeometryError, list_some
from quartiersatlas.segregation.counts import Places
from quartiersatlas.segregation.indices.clustering import WITHIN
from quartiersatlas.segregation.indices.own_distances import sums_by_distances

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import geopandas as gpd
    from numpy.typing import NDArray

    from quartiersatlas.catalogue import Message
    from quartiersatlas.segregation.indices.boundary import Contacts
    from quartiersatlas.space.neighbours import Borders

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class AreaGeometry:
    """The areas on which people live; distances and borders count within a place only.

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
    decay : float
        Metres over which nearness falls to 1/e.
    tolerance : float, optional
        Gap in metres between outlines that touch; None for the default of :func:`quartiersatlas.neighbours`.
    barriers, crossings : GeoDataFrame, optional
        What cuts surroundings and contact, and what opens it, as for :func:`quartiersatlas.neighbours`.
    distances : Contacts, optional
        Distances between areas of a place, in place of straight lines, for the decay.
    """

    shapes: NDArray[np.object_]
    places: Places
    people: Floats
    radii: tuple[float, ...]
    kernel: str
    decay: float
    tolerance: float | None = None
    barriers: gpd.GeoDataFrame | None = None
    crossings: gpd.GeoDataFrame | None = None
    distances: Contacts | None = None

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
    def touching(self) -> Borders:
        """Shared borders of the areas, of a single place, whatever lies along them."""
        from quartiersatlas.space.neighbours import borders

        return borders(self.shapes, tolerance=self.tolerance)

    @cached_property
    def borders(self) -> Borders:
        """Shared borders that no barrier cuts."""
        return self.touching.beside(self.shapes, self.barriers, self.crossings, self.tolerance)

    @property
    def apart(self) -> Message | None:
        """That outlines do not touch which were meant to; None where all is well, or there are no outlines."""
        from quartiersatlas.space.apart import outlines_apart

        if not self.is_polygons:
            return None
        return outlines_apart(self.shapes, *self.touching.queen, self.tolerance)

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
            lambda rows: surrounding_sums(
                self.points[rows],
                people[rows],
                self.radii,
                kernel=self.kernel,
                barriers=self.barriers,
                crossings=self.crossings,
            )
        )

    @cached_property
    def nearness(self) -> Floats:
        """Persons near each area, weighted by exp(-distance): areas x columns of people and, last, the areas."""
        return self.near(np.column_stack([self.people, np.ones(len(self.people))]))

    def near(self, people: Floats) -> Floats:
        """Return the sums of any columns over all areas of a place, weighted by exp(-distance)."""
        from quartiersatlas.space.surroundings import decay_sums

        if self.distances is not None:
            return sums_by_distances(self.distances, people, self.decay, self.within)
        return self._joined(lambda rows: decay_sums(self.points[rows], people[rows], self.decay, self.within[rows]))

    def _joined(self, weigh: Callable[[slice], Floats]) -> Floats:
        """Weigh place by place and put the areas together again."""
        return np.concatenate([weigh(rows) for rows in self.slices()], axis=-2)

    def part(self, rows: slice) -> AreaGeometry:
        """Return the geometry of one place, with what is already computed."""
        size = rows.stop - rows.start
        people = self.people[rows]
        shapes, places = self.shapes[rows], Places.one(size)
        cut = (self.tolerance, self.barriers, self.crossings)
        inside = np.zeros(len(self.shapes), dtype=bool)
        inside[rows] = True
        distances = None if self.distances is None else self.distances.among(inside)
        part = AreaGeometry(shapes, places, people, self.radii, self.kernel, self.decay, *cut, distances)
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
            f"The areas are in {crs.name}, the system of web maps, which distorts distances and areas: "
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
        raise GeometryError(f"{count_noun(len(missing), 'area has', 'areas have')} no geometry: {list_some(missing)}.")
    invalid = shapes.index[~shapes.is_valid]
    if len(invalid):
        raise GeometryError(
            f"{count_noun(len(invalid), 'area has an invalid outline', 'areas have invalid outlines')}: "
            f"{list_some(invalid)}. Repair with frame.geometry.make_valid() or qa.read_areas(..., repair=True)."
        )
