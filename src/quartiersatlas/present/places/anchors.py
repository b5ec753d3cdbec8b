"""Names on a map: what is written, how important it is, and where in its surface it stands best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from quartiersatlas.disclosure import Release

    Bounds = tuple[float, float, float, float]
    Shapes = NDArray[np.object_]

RANKS: Mapping[str, int] = {
    "district": 100,
    "water": 95,
    "place": 90,
    "station": 70,
    "green": 60,
    "road": 40,
    "area": 10,
}

SURFACE = 2  # dimensions


@dataclass(frozen=True)
class PlaceName:
    """A name on the map.

    Parameters
    ----------
    text : str
        The name, as it was given: hostile text until it is escaped.
    kind : {"district", "water", "place", "station", "green", "road", "area"}
        What bears it.
    rank : float
        Names of higher rank are placed first.
    x, y : float
        Where it stands, in the coordinates of the areas.
    line : tuple of (float, float), optional
        The course along which it is written.
    bounds : tuple of float, optional
        Left, lower, right and upper end of the surface that bears it; None for a point.
    """

    text: str
    kind: str
    rank: float
    x: float
    y: float
    line: tuple[tuple[float, float], ...] | None = None
    bounds: Bounds | None = None


def release_names(release: Release) -> tuple[PlaceName, ...]:
    """Return the names of the districts (the first level above the areas) and of the areas, in their order.

    Parameters
    ----------
    release : Release
        What is shown.

    Returns
    -------
    tuple of PlaceName
        Districts first. An area that is a district of its own is named once, as a district.
    """
    shapes = release.areas.geometry.to_numpy()
    districts = district_shapes(release.areas)
    names = surface_names(list(districts), np.array(list(districts.values()), dtype=object), "district")
    areas = surface_names([str(name) for name in release.areas["name"]], shapes, "area")
    return (*names, *(name for name in areas if name.text not in districts))


def district_shapes(areas: gpd.GeoDataFrame) -> dict[str, shapely.Geometry]:
    """Return the surface of each district by its name, in the order of the areas; none where there is no such level."""
    levels = [column for column in areas.columns if column not in ("name", "geometry")]
    if not levels:
        return {}
    of_area = areas[levels[0]].astype(object)
    shapes = areas.geometry.to_numpy()
    return {str(name): united(shapes[(of_area == name).to_numpy()]) for name in of_area.dropna().unique()}


def united(shapes: Shapes) -> shapely.Geometry:
    """Return the surface of shapes that mostly lie side by side."""
    try:
        return shapely.coverage_union_all(shapes)
    except shapely.errors.GEOSException:
        return shapely.union_all(shapely.make_valid(shapes))


def surface_names(names: list[str], shapes: Shapes, kind: str) -> list[PlaceName]:
    """Return one name per shape; none for a blank name or a shape without a surface, line or point."""
    parts = largest_parts(shapes)
    at = anchors(parts)
    bounds = shapely.bounds(parts)
    found = []
    for text, part, (x, y), box in zip(names, parts, at, bounds.tolist(), strict=True):
        if not text.strip() or not np.isfinite(x):
            continue
        dimension = shapely.get_dimensions(part)
        line = tuple(map(tuple, shapely.get_coordinates(part).tolist())) if dimension == 1 else None
        found.append(
            PlaceName(
                text.strip(), kind, RANKS[kind], float(x), float(y), line, tuple(box) if dimension == SURFACE else None
            )
        )
    return found


def largest_parts(shapes: Shapes) -> Shapes:
    """Return the largest part of each shape: of two far parts the larger one is named."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    size = np.where(shapely.get_dimensions(parts) == SURFACE, shapely.area(parts), shapely.length(parts))
    found = np.full(len(shapes), None, dtype=object)
    order = np.lexsort((-np.arange(len(parts)), size, owner))
    found[owner[order]] = parts[order]  # the last of its owner is the largest, of equal ones the first
    found[found == None] = shapely.Point()  # noqa: E711 - element by element
    return found


def anchors(parts: Shapes) -> NDArray[np.float64]:
    """Return where a name stands: in the middle of the largest circle within a surface, halfway along a line."""
    at = np.full((len(parts), 2), np.nan)
    dimension = shapely.get_dimensions(parts)
    has = ~shapely.is_empty(parts)
    for number in np.flatnonzero(has & (dimension == SURFACE)):
        at[number] = _middle(parts[number])
    lines = np.flatnonzero(has & (dimension == 1))
    at[lines] = shapely.get_coordinates(shapely.line_interpolate_point(parts[lines], 0.5, normalized=True))
    points = np.flatnonzero(has & (dimension == 0))
    at[points] = shapely.get_coordinates(shapely.centroid(parts[points]))
    return at


def _middle(polygon: shapely.Polygon) -> tuple[float, float]:
    """Return the centre of the largest circle within a polygon, to a hundredth of its width."""
    left, low, right, high = polygon.bounds
    try:
        circle = shapely.maximum_inscribed_circle(polygon, tolerance=max(right - left, high - low) / 100 or None)
        x, y = shapely.get_coordinates(circle)[0]
    except shapely.errors.GEOSException:  # an outline that crosses itself
        x, y = shapely.get_coordinates(polygon.representative_point())[0]
    return float(x), float(y)
