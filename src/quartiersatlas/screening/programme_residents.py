"""Where people live: in whole areas, at points or in cells, and how many of them are in which programme."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from quartiersatlas.base.checks import expects
from quartiersatlas.catalogue import Message, number_text
from quartiersatlas.errors import GeometryError, SpecError
from quartiersatlas.intake.areas.crs import converted
from quartiersatlas.intake.areas.outlines import without_a_place
from quartiersatlas.screening.programme_areas import reprojected
from quartiersatlas.space.fit import check_polygons
from quartiersatlas.space.overlay import TOUCH, numbers_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quartiersatlas.screening.programme_areas import ProgrammeAreas

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]
    Shapes = NDArray[np.object_]

ROUNDING = 1e-9  # of all people: fewer outside all areas are rounding


@dataclass(frozen=True, eq=False)
class Pieces:
    """The smallest pieces that people (or surface) are counted in: areas, points, or parts of cells in one area."""

    shapes: Shapes
    area: Ints  # position of the area each is in
    number: Floats

    @classmethod
    def of_areas(cls, areas: gpd.GeoDataFrame, number: NDArray[Any] | None = None) -> Pieces:
        """Return whole areas with a number each; with their surface, if none is given."""
        shapes = areas.geometry.to_numpy()
        return cls(shapes, np.arange(len(shapes)), np.asarray(shapely.area(shapes)) if number is None else number)

    def inside(self, shapes: Shapes) -> tuple[Ints, Ints, Floats]:
        """Return shape, atom and the share of the atom in the shape, for every pair with one above 0."""
        shape, atom = shapely.STRtree(self.shapes).query(shapes, predicate="intersects")
        share = np.ones(len(atom))
        flat = shapely.get_dimensions(self.shapes[atom]) == 2  # noqa: PLR2004 - polygons
        common = shapely.area(shapely.intersection(self.shapes[atom[flat]], shapes[shape[flat]]))
        share[flat] = np.minimum(common / shapely.area(self.shapes[atom[flat]]), 1.0)
        real = share > TOUCH
        return shape[real], atom[real], share[real]

    def counted(self, shapes: Shapes, n_areas: int) -> pd.DataFrame:
        """Return the number in each shape by area: one row per pair with shape, area, number."""
        shape, atom, share = self.inside(shapes)
        pair, which = np.unique(shape * n_areas + self.area[atom], return_inverse=True)
        number = np.bincount(which, self.number[atom] * share, len(pair))
        return pd.DataFrame({"shape": pair // max(n_areas, 1), "area": pair % max(n_areas, 1), "number": number})


class CityPieces:
    """The areas with their surface and people, all in all and in running programmes."""

    def __init__(self, areas: gpd.GeoDataFrame, programmes: ProgrammeAreas, people: Pieces, surface: Pieces) -> None:
        self.areas, self.programmes = areas, programmes
        self.people, self.surface = people, surface
        n = len(areas)
        running = programmes.running.geometry
        self.union = running.union_all() if len(running) else shapely.Polygon()
        total = np.bincount(people.area, people.number, n)
        self.residents = pd.Series(total, index=areas.index)
        self.covered = self._in_union(people)
        with np.errstate(invalid="ignore", divide="ignore"):
            by_people = self.covered / self.residents.where(self.residents > 0)
        by_surface = self._in_union(surface) / surface.number
        self.share = by_people.fillna(by_surface)  # of each area, by residents where there are any

    def _in_union(self, atoms: Pieces) -> pd.Series[float]:
        found = atoms.counted(np.array([self.union], dtype=object), len(self.areas))
        return pd.Series(np.bincount(found["area"], found["number"], len(self.areas)), index=self.areas.index)

    def by_programme(self, atoms: Pieces) -> pd.DataFrame:
        """Return what is in each programme, of any state, by area."""
        found = atoms.counted(self.programmes.table.geometry.to_numpy(), len(self.areas))
        return found.assign(key=self.areas.index.to_numpy()[found["area"]])


def where_people_live(
    areas: gpd.GeoDataFrame, residents: pd.Series[float], layer: gpd.GeoDataFrame | None, column: str | None
) -> tuple[Pieces, str, list[Message]]:
    """Return where people live, how that is known, and notes."""
    if layer is None:
        if column is not None:
            raise SpecError("programme_overlap: residents_column names a column of residents=, which is not given.")
        number = residents.reindex(areas.index).to_numpy(dtype=np.float64)
        return Pieces.of_areas(areas, number), "surface", [Message("programme_by_surface")]
    expects(layer, gpd.GeoDataFrame, "programme_overlap: residents", 'residents = gpd.read_file("addresses.gpkg")')
    if layer.crs is None or areas.crs is None:
        raise GeometryError(
            "programme_overlap: residents has no coordinate reference system. Name the one it is in: "
            "residents.set_crs('EPSG:25832')."
        )
    number, shapes, notes = numbers_of(layer, column, "residents"), layer.geometry.to_numpy(), list[Message]()
    if layer.crs != areas.crs:
        notes.append(reprojected("Einwohner-Ebene", "Layer of residents", layer.crs, areas.crs))
    kept = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes) | without_a_place(shapes))
    if not kept.all():
        notes.append(
            Message("residents_without_place", {"rows": int((~kept).sum()), "n": whole_texts(number[~kept].sum())})
        )
    placed = gpd.GeoDataFrame(geometry=shapes[kept], crs=layer.crs)
    placed = converted(placed, areas.crs, "residents") if layer.crs != areas.crs else placed
    is_points = placed.geom_type.eq("Point").all()
    atoms = _points_in(areas, placed, number[kept]) if is_points else _cells_in(areas, placed, number[kept])
    elsewhere = number[kept].sum() - atoms.number.sum()
    if elsewhere > ROUNDING * number.sum():
        notes.append(Message("residents_elsewhere", {"n": whole_texts(elsewhere)}))
    return atoms, "points" if is_points else "cells", [Message("programme_by_layer"), *notes]


def whole_texts(number: float) -> tuple[str, str]:
    """Return a number of people as each language writes it."""
    return number_text(float(number), 0, "de"), number_text(float(number), 0, "en")


def _points_in(areas: gpd.GeoDataFrame, points: gpd.GeoDataFrame, number: Floats) -> Pieces:
    """Return points with the area each lies in; on a border the first one."""
    shapes = points.geometry.to_numpy()
    area, point = shapely.STRtree(shapes).query(areas.geometry.to_numpy(), predicate="intersects")
    order = np.lexsort((area, point))
    point, first = np.unique(point[order], return_index=True)
    return Pieces(shapes[point], area[order][first], number[point])


def _cells_in(areas: gpd.GeoDataFrame, cells: gpd.GeoDataFrame, number: Floats) -> Pieces:
    """Return the parts of cells in each area, with their people by surface."""
    check_polygons(cells.set_axis(cells.index.astype(str)), "programme_overlap", "residents")
    shapes = cells.geometry.to_numpy()
    area, cell = shapely.STRtree(shapes).query(areas.geometry.to_numpy(), predicate="intersects")
    parts = shapely.intersection(shapes[cell], areas.geometry.to_numpy()[area])
    share = shapely.area(parts) / shapely.area(shapes[cell])
    real = share > TOUCH
    return Pieces(parts[real], area[real], (number[cell] * share)[real])
