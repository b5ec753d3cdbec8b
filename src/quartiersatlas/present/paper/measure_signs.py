"""Measures on a map: the sign of each area, its shape, and where it stands on paper; the page draws the same shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from quartiersatlas.present.paper.svg_marks import num

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quartiersatlas.disclosure import Release
    from quartiersatlas.disclosure.derived.measures import ReleasedMeasures

# the first one that an area has in any field of action is its sign: what lacks comes before what is there
KINDS = ("need_without_measure", "city_wide_only", "covered", "measure_without_need", "measure")
SIDE = 14.0  # units of the shapes: they survive a grey print, and are those of ``measures.js`` and the coverage matrix
SHAPES = {
    "covered": "M7 2a5 5 0 1 0 .01 0Z",
    "city_wide_only": "M7 2a5 5 0 1 0 .01 0Z",
    "need_without_measure": "M7 0 14 7 7 14 0 7Z",
    "measure_without_need": "M0 2H14L7 13Z",
    "measure": "M2 2H12V12H2Z",
}
LOOKS = {
    "covered": ("#1a1a1a", "#ffffff", 1.5),
    "city_wide_only": ("#ffffff", "#1a1a1a", 2.0),
    "need_without_measure": ("", "#ffffff", 1.5),  # the accent
    "measure_without_need": ("#ffffff", "#555555", 2.0),
    "measure": ("#1a1a1a", "#ffffff", 1.5),
}
MOST_AREAS = 2000  # of more areas the signs would bury a map on paper
PART, SMALLEST, LARGEST = 0.45, 1.0, 2.8  # of the side of a usual area; millimetres
BELOW = 1.2  # millimetres from the middle of an area, where its name stands, to its sign


def area_kinds(measures: ReleasedMeasures, keys: list[str]) -> dict[str, str]:
    """Return the sign of each area that has one: by coverage, or that it has a live measure at all."""
    covered = measures.coverage
    states = covered.groupby("area")["state"].agg(set).to_dict() if len(covered) else {}
    table = measures.table
    live = set(table.loc[table["standing"].eq("live"), "measure_id"])
    with_measure = set(measures.places.loc[measures.places["measure_id"].isin(live), "area"])
    found = {}
    for key in keys:
        own = next((kind for kind in KINDS if kind in states.get(key, ())), "")
        if own or key in with_measure:
            found[key] = own or "measure"
    return found


def signed_areas(release: Release) -> dict[str, tuple[str, ...]]:
    """Return the areas of each sign that occurs on paper; none of too many areas, as :func:`is_crowded` says."""
    if release.measures is None or is_crowded(release):
        return {}
    kinds = area_kinds(release.measures, list(map(str, release.areas.index)))
    found = {kind: tuple(key for key, own in kinds.items() if own == kind) for kind in KINDS}
    return {kind: keys for kind, keys in found.items() if keys}


def is_crowded(release: Release) -> bool:
    """Return whether a release has measures, and too many areas for their signs on paper."""
    return release.measures is not None and len(release.areas) > MOST_AREAS


def sign(kind: str, x: float, y: float, side: float, accent: str) -> str:
    """Return the sign of a kind around a point, sizes in millimetres."""
    fill, stroke, width = LOOKS[kind]
    scale = side / SIDE
    where = f"translate({num(x - side / 2)} {num(y - side / 2)}) scale({scale:.4f})"
    look = f'fill="{fill or accent}" stroke="{stroke}" stroke-width="{num(width)}"'
    return f'<path d="{SHAPES[kind]}" {look} transform="{where}"/>'


def sign_side(shapes: Mapping[str, shapely.Geometry], zoom: float) -> float:
    """Return the side of the signs on areas in millimetres: they leave the colours of usual areas to be seen."""
    usual = float(np.median(shapely.area(list(shapes.values())))) if shapes else 0.0
    return float(np.clip(PART * np.sqrt(usual), SMALLEST * zoom, LARGEST * zoom))


def sign_place(shape: shapely.Geometry, side: float, zoom: float, others: shapely.STRtree) -> tuple[float, float]:
    """Return the middle of the sign of an area, within the largest circle in it: below its middle, where its name is.

    Above, at the left or at the right instead, where points of other layers would be covered.
    """
    parts = shapely.get_parts(shape)
    radius = shapely.maximum_inscribed_circle(parts[np.argmax(shapely.area(parts))], tolerance=0.05)
    x, y = shapely.get_coordinates(radius)[0].tolist()
    off = max(min(BELOW * zoom + side / 2, float(shapely.length(radius)) - side / 2), 0.0)
    spots = [(x, y + off), (x, y - off), (x - off, y), (x + off, y)]
    return next((spot for spot in spots if not len(others.query(_square(*spot, side)))), spots[0])


def _square(x: float, y: float, side: float) -> shapely.Geometry:
    return shapely.box(x - side / 2, y - side / 2, x + side / 2, y + side / 2)
