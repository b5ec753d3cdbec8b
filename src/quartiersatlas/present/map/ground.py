"""What the page shows below and above its areas, as data: context layers, names with their places, streets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.present.map.topology import STEP, encode_topology, in_degrees, simplified, varint_text, zigzag
from quartiersatlas.present.places.anchors import RANKS, anchors, district_shapes, largest_parts
from quartiersatlas.present.places.context import LINES, Context, FittedContext, fitted_context
from quartiersatlas.present.places.gazetteer import Gazetteer, gazetteer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release
    from quartiersatlas.present.places.anchors import PlaceName
    from quartiersatlas.present.places.gazetteer import Streets

    Points = NDArray[np.float64]

GROUND_WORDS = (
    "label_context",
    "label_names",
    "legend_inhabited",
    "search_areas",
    "search_found",
    "search_kind_area",
    "search_kind_candidate",
    "search_kind_facility",
    "search_kind_place",
    "search_kind_street",
    "search_n_areas",
    "search_pick",
)


@dataclass(frozen=True, eq=False)
class Ground:
    """What a map shows besides its areas.

    Parameters
    ----------
    release : Release
        What is shown.
    context : FittedContext or None
        Layers of the city.
    streets : Gazetteer or None
        What the search finds besides what is on the map.
    names : bool
        Whether names are written on the map.
    """

    release: Release
    context: FittedContext | None = None
    streets: Gazetteer | None = None
    names: bool = True

    def content(self, lang: Lang) -> dict[str, Any]:
        """Return the data of the page."""
        found: dict[str, Any] = {"groundWords": {name: text(name, lang) for name in GROUND_WORDS}}
        if self.context is not None:
            found |= {"context": _layers(self.release, self.context), "places": _places(self.release, self.context)}
        if self.streets is not None:
            found["streets"] = _streets(self.streets)
        if self.names:
            found["anchors"] = _anchors(self.release)
        return found

    def notes(self, lang: Lang) -> list[str]:
        """Return what the method box says, with the bytes of the page that are no numbers of the release."""
        lines = []
        if self.context is not None:
            content = self.content(lang)
            size = number_text((_size(content["context"]) + _size(content["places"])) / 1000, 0, lang)
            lines += [*self.context.notes(lang), text("fact_context_size", lang, size=size)]
        if self.streets is not None:
            lines.append(self.streets.note(_size(_streets(self.streets)), lang))
        return lines


def ground_of(release: Release, context: Context | None, streets: Streets | None, *, names: bool) -> Ground:
    """Return what a map shows besides its areas, checked and cut to them."""
    fitted = fitted_context(context, release, "atlas_map")
    return Ground(release, fitted, None if streets is None else gazetteer(streets, release), names)


def _size(content: Any) -> int:  # noqa: ANN401 - any part of the data
    """Return about how many bytes a part of the data takes."""
    if isinstance(content, dict):
        return sum(len(name) + 4 + _size(part) for name, part in content.items())
    if isinstance(content, list):
        return sum(1 + _size(part) for part in content)
    return len(str(content).encode())


def _layers(release: Release, context: FittedContext) -> dict[str, Any]:
    """Return the layers as arcs; the inhabited surface in one piece per area, in their order."""
    found: dict[str, Any] = {}
    for name, shape in context.surfaces.items():
        if name in LINES:
            lines = shapely.get_parts(np.array([shape], dtype=object))
            found[name] = encode_lines(gpd.GeoSeries(lines, crs=release.areas.crs))
        else:
            pieces = _by_area(release, shape) if name == "inhabited" else [shape]
            found[name] = encode_topology(gpd.GeoDataFrame(geometry=pieces, crs=release.areas.crs))
    return found


def _by_area(release: Release, surface: shapely.Geometry) -> list[shapely.Geometry]:
    """Return the part of a surface in each area."""
    areas = shapely.make_valid(simplified(release.areas).geometry.to_numpy())
    parts = shapely.get_parts(np.array([surface], dtype=object))
    area, part = shapely.STRtree(parts).query(areas, predicate="intersects")
    pieces, owner = shapely.get_parts(shapely.intersection(areas[area], parts[part]), return_index=True)
    solid = shapely.get_dimensions(pieces) == shapely.get_dimensions(shapely.box(0, 0, 1, 1))
    pieces, of_area = pieces[solid], area[owner[solid]]
    return [shapely.multipolygons(list(pieces[of_area == number])) for number in range(len(areas))]


def encode_lines(lines: gpd.GeoSeries) -> dict[str, str]:
    """Return lines as text: the points of each, and the steps from point to point through all of them."""
    shapes = in_degrees(lines).to_numpy()
    degrees, line = shapely.get_coordinates(shapes, return_index=True)
    xy = np.rint(degrees / STEP).astype(np.int64)
    steps = np.diff(xy, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    return {
        "lengths": varint_text(np.bincount(line, minlength=len(shapes)).astype(np.int64)),
        "points": varint_text(zigzag(steps.ravel())),
    }


def encode_places(points: Points, release: Release) -> str:
    """Return places, in the coordinates of the areas, as text: the steps from one to the next."""
    if not len(points):
        return ""
    return encode_lines(gpd.GeoSeries([shapely.MultiPoint(points)], crs=release.areas.crs))["points"]


def _anchors(release: Release) -> dict[str, Any]:
    """Return where the names of areas and of districts stand."""
    areas = anchors(largest_parts(release.areas.geometry.to_numpy()))
    middle = np.nanmean(areas, axis=0) if np.isfinite(areas).any() else np.zeros(2)
    districts = district_shapes(release.areas)
    at = anchors(largest_parts(np.array(list(districts.values()), dtype=object))) if districts else np.zeros((0, 2))
    return {
        "areas": encode_places(np.where(np.isfinite(areas), areas, middle), release),
        "districts": list(districts),
        "at": encode_places(np.where(np.isfinite(at), at, middle), release),
    }


def _places(release: Release, context: FittedContext) -> dict[str, Any]:
    """Return the names of the context: what they are called, what bears them, where they stand, in which area."""
    names = context.names
    crs = release.areas.crs
    kinds = list(RANKS)
    lines = [shapely.LineString(name.line) if name.line else shapely.LineString() for name in names]
    widths = [name.bounds[2] - name.bounds[0] if name.bounds else 0.0 for name in names]
    at = np.array([(name.x, name.y) for name in names], dtype=float).reshape(-1, 2)
    return {
        "texts": [name.text for name in names],
        "kinds": [kinds.index(name.kind) for name in names],
        "ranks": [round(name.rank, 2) for name in names],
        "at": encode_places(at, release),
        "widths": [round(width) for width in widths],
        "lines": encode_lines(gpd.GeoSeries(lines, crs=crs)) if any(name.line for name in names) else None,
        "areas": _area_of(release, names),
    }


def _area_of(release: Release, names: Sequence[PlaceName]) -> list[int]:
    """Return the number of the area in which each name stands; -1 outside of all of them."""
    found = np.full(len(names), -1)
    points = shapely.points([(name.x, name.y) for name in names]) if names else np.array([], dtype=object)
    name, area = release.areas.sindex.query(points, predicate="intersects")
    found[name[::-1]] = area[::-1]
    return [int(number) for number in found]


def _streets(streets: Gazetteer) -> dict[str, str]:
    return {"names": streets.front_coded, "areas": varint_text(np.array(streets.steps, dtype=np.int64))}
