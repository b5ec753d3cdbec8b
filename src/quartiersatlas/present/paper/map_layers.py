"""The layers of a map on paper, from the colours of areas up to facilities, within one frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from quartiersatlas.catalogue import text
from quartiersatlas.present.look import CHOSEN
from quartiersatlas.present.map.classes import darker
from quartiersatlas.present.paper.measure_signs import sign, sign_place, sign_side
from quartiersatlas.present.paper.sheet_page import INK, SheetBox
from quartiersatlas.present.paper.svg_marks import (
    BORDER,
    CIRCLE,
    LINE_LOOKS,
    dots_along,
    facility,
    filled,
    hatched,
    num,
    outlined,
    patterned,
    ring,
    spot,
)
from quartiersatlas.present.places.anchors import district_shapes
from quartiersatlas.present.statements import on_areas
from quartiersatlas.screening import running_programmes

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd
    from numpy.typing import NDArray

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release, ReleasedColumn
    from quartiersatlas.present.paper.legend import LegendEntry
    from quartiersatlas.present.places import FittedContext
    from quartiersatlas.space.exclaves import Bounds

    Box = tuple[float, float, float, float]
    Shapes = NDArray[np.object_]

EXACT = 0.12  # millimetres: borders are simplified by no more than the eye sees on paper
FACILITY = 0.75  # millimetres: the radius that the sign of a facility takes
SMALL = 1.6  # millimetres: smaller selected areas get a ring
RING = 11.2  # square millimetres that a ring takes
FEW_RINGS, FEW_DOTS = 0.1, 0.4  # of the city's surface on paper: beyond, dots instead of rings; beyond, a darker tint
SEEN = 2.5  # square millimetres: of less inhabited surface the area keeps its whole colour
SURFACES = {"green": "#cfe3c0", "water": "#a9cfe8"}
PALE, PAPER = 0.86, "#ffffff"  # where nobody lives: the paper over the colour
ROAD = (("#8a8a8a", 0.5), (PAPER, 0.28))  # from below
RAIL = ("#4d4d4d", 0.25, (1.6, 0.7))


@dataclass(frozen=True)
class View:
    """A frame on paper and what it shows: millimetres from metres.

    Parameters
    ----------
    frame : SheetBox
        On the picture.
    left, top : float
        The coordinates of its upper left corner in metres.
    metres : float
        Metres of one millimetre.
    name : str
        Of its clip path.
    """

    frame: SheetBox
    left: float
    top: float
    metres: float
    name: str

    @property
    def bounds(self) -> Bounds:
        """What it shows, in metres."""
        width, height = self.frame.width * self.metres, self.frame.height * self.metres
        return self.left, self.top - height, self.left + width, self.top

    def on_paper(self, shapes: Iterable[shapely.Geometry]) -> Shapes:
        """Return shapes in millimetres, downwards."""
        found = np.asarray(list(shapes), dtype=object)
        start = np.array([self.frame.x, self.frame.y])
        placed: Shapes = shapely.transform(
            shapely.force_2d(found), lambda xy: (xy - [self.left, self.top]) * [1, -1] / self.metres + start
        )
        return placed


@dataclass(frozen=True)
class Drawn:
    """Parts of an SVG, what has to be said of them beside the scale bar, and where no word may stand."""

    parts: list[str]
    note: str = ""
    taken: tuple[Box, ...] = ()


@dataclass(frozen=True)
class Layers:
    """What is drawn, in as many frames as it takes.

    Parameters
    ----------
    release : Release
        What is shown.
    column : ReleasedColumn
        The column that colours the areas.
    entries : list of LegendEntry
        What there is, and where.
    context : FittedContext or None
        What else is drawn of the city.
    lang : {"de", "en"}
        Language.
    zoom : float
        Size of letters and marks.
    accent : str
        Colour of candidate areas.
    """

    release: Release
    column: ReleasedColumn
    entries: list[LegendEntry]
    context: FittedContext | None
    lang: Lang
    zoom: float
    accent: str

    def drawn(self, view: View, areas: gpd.GeoDataFrame, area: str | None) -> Drawn:
        """Return everything that lies within a frame; the chosen area, if any, has a ring."""
        seen = shapely.box(*view.bounds)
        there = areas[shapely.intersects(areas.geometry.to_numpy(), seen)]
        if not len(there):
            return Drawn([])
        shape_of = dict(zip(map(str, there.index), view.on_paper(there.geometry), strict=True))
        parts = self._fills(shape_of, bordered=self.context is None)
        if self.context is not None:
            parts += _surroundings(view, self.context, shape_of) + self._borders(shape_of)
        parts += outlined(view.on_paper(district_shapes(there).values()), "#555555", 0.28)
        parts += self._circles(shape_of)
        marks, selection = self._selection(shape_of)
        parts += selection + self._layers(view, seen)
        if area in shape_of:
            chosen = [shape_of[area]]
            parts += outlined(chosen, INK, 1.5 * self.zoom) + outlined(chosen, CHOSEN, 0.9 * self.zoom)
        signs, taken = self._signs(view, shape_of)
        parts += signs
        box = view.frame
        size = f'x="{num(box.x)}" y="{num(box.y)}" width="{num(box.width)}" height="{num(box.height)}"'
        clip = f'<clipPath id="{view.name}"><rect {size}/></clipPath>'
        note = text("note_tint", self.lang) if marks == "tint" else ""
        return Drawn([clip, f'<g clip-path="url(#{view.name})">', *parts, "</g>"], note, taken)

    def _fills(self, shape_of: dict[str, shapely.Geometry], *, bordered: bool) -> list[str]:
        """Return the colours and patterns of the areas."""
        parts = []
        for entry, shapes in self._surfaces(shape_of):
            parts += filled(shapes, entry.color, border=_border(entry) if bordered else "")
            parts += patterned(shapes, entry.pattern)
        return parts

    def _borders(self, shape_of: dict[str, shapely.Geometry]) -> list[str]:
        found = self._surfaces(shape_of)
        return [part for entry, shapes in found for part in outlined(shapes, _border(entry), BORDER)]

    def _surfaces(self, shape_of: dict[str, shapely.Geometry]) -> list[tuple[LegendEntry, list[shapely.Geometry]]]:
        """Return the classes and gaps that occur, with their areas."""
        found = [
            (entry, [shape_of[key] for key in entry.keys if key in shape_of])
            for entry in self.entries
            if entry.symbol == "fill"
        ]
        return [(entry, shapes) for entry, shapes in found if shapes]

    def _circles(self, shape_of: dict[str, shapely.Geometry]) -> list[str]:
        circles = [entry for entry in self.entries if entry.symbol == "circles"]
        return [
            spot(shape_of[key], radius, CIRCLE)
            for entry in circles
            for key, radius in zip(entry.keys, entry.radii, strict=True)
            if key in shape_of
        ]

    def _selection(self, shape_of: dict[str, shapely.Geometry]) -> tuple[str, list[str]]:
        """Return hatch and outlines of selected areas, dots around others that are borderline, and how small ones look.

        All casings lie below all lines, so that the lines of neighbours stay whole.
        """
        members = {entry.symbol: [shape_of[key] for key in entry.keys if key in shape_of] for entry in self.entries}
        near, lists = members.get("near", []), {name: members.get(name, []) for name in ("selected", "borderline")}
        both = [shape for shapes in lists.values() for shape in shapes]
        marks = small_marks(list(shape_of.values()), both)
        parts: list[str] = []
        if marks == "tint":
            return marks, filled(both, INK, opacity=0.45, border=None) + dots_along(near, self.zoom)
        for name, shapes in lists.items():
            parts += hatched(shapes, broken=name == "borderline", zoom=self.zoom)
            parts += outlined(shapes, PAPER, 0.9 * self.zoom, opacity=0.75)
        parts += dots_along(near, self.zoom)
        for name, shapes in lists.items():
            parts += outlined(shapes, *LINE_LOOKS[name], zoom=self.zoom)
            for shape in (shape for shape in shapes if float(shapely.area(shape)) < SMALL**2):
                parts += ring(shape, dashed=name == "borderline", tiny=marks == "dot")
        return marks, parts

    def _signs(self, view: View, shape_of: dict[str, shapely.Geometry]) -> tuple[list[str], tuple[Box, ...]]:
        """Return the signs of measures, and the squares that they take."""
        side = sign_side(shape_of, self.zoom)
        facilities = self.release.facilities
        points = view.on_paper(() if facilities is None else self._facilities(facilities))
        others = shapely.STRtree(shapely.buffer(points, FACILITY * self.zoom))
        found = [
            (entry.kind, *sign_place(shape_of[key], side, self.zoom, others))
            for entry in self.entries
            if entry.symbol == "measure"
            for key in entry.keys
            if key in shape_of
        ]
        half = side / 2
        parts = [sign(kind, x, y, side, self.accent) for kind, x, y in found]
        return parts, tuple((x - half, y - half, x + half, y + half) for _, x, y in found)

    def _layers(self, view: View, seen: shapely.Geometry) -> list[str]:
        """Return programmes, candidate areas and facilities."""
        release, zoom, parts = self.release, self.zoom, []
        if release.programmes is not None:
            shapes = view.on_paper(on_areas(release.programmes, release.areas).geometry)
            runs = running_programmes(release.programmes).to_numpy()
            for symbol, chosen in (("programme", shapes[runs]), ("programme_other", shapes[~runs])):
                parts += outlined(chosen, PAPER, 1.0 * zoom, opacity=0.75)
                parts += outlined(chosen, *LINE_LOOKS[symbol], zoom=zoom)
        if release.candidates is not None:
            whole = view.on_paper(release.candidates.geometry[release.candidates.intersects(seen)])
            shapes = shapely.simplify(whole, EXACT / 2)
            parts += outlined(shapes, PAPER, 1.25 * zoom) + outlined(shapes, self.accent, 0.62 * zoom)
        if release.facilities is not None:
            points = self._facilities(release.facilities)
            parts += [facility(point, zoom) for point in view.on_paper(points[points.intersects(seen)])]
        return parts

    def _facilities(self, facilities: gpd.GeoDataFrame) -> gpd.GeoSeries:
        """Return the points of facilities in the coordinates of the areas."""
        return on_areas(facilities, self.release.areas).representative_point()


def _border(entry: LegendEntry) -> str:
    """Return the colour of the borders of areas of a class, or of those without a value."""
    return darker(entry.color) if entry.color.lower() != "#ffffff" and not entry.pattern else "#9a9a9a"


def small_marks(city: list[shapely.Geometry], marked: list[shapely.Geometry]) -> str:
    """Return how small marked areas are shown, so that marks do not bury the map: ring, dot, or a darker tint."""
    surface = float(shapely.area(city).sum()) or 1.0
    share = RING * int((shapely.area(marked) < SMALL**2).sum()) / surface
    return "ring" if share < FEW_RINGS else "dot" if share < FEW_DOTS else "tint"


def _surroundings(view: View, context: FittedContext, shape_of: dict[str, shapely.Geometry]) -> list[str]:
    """Return what lies above the colours and below the borders: a pale cover where nobody lives, green, water, ways."""
    parts: list[str] = []
    surfaces = dict(zip(context.surfaces, view.on_paper(context.surfaces.values()), strict=True))
    frame = shapely.box(view.frame.x, view.frame.y, view.frame.x + view.frame.width, view.frame.y + view.frame.height)
    surfaces = {name: shapely.intersection(shapely.make_valid(shape), frame) for name, shape in surfaces.items()}
    if "inhabited" in surfaces:
        shapes = np.array(list(shape_of.values()), dtype=object)
        inside = shapely.intersection(shapely.make_valid(shapes), surfaces["inhabited"])
        kept = shapes[shapely.area(inside) >= SEEN]
        pale = shapely.difference(shapely.union_all(shapely.make_valid(kept)), surfaces["inhabited"])
        parts += filled([pale], PAPER, opacity=PALE, border=None)
    for name, color in SURFACES.items():
        if name in surfaces:
            parts += filled([surfaces[name]], color, border=None)
    if "roads" in surfaces:
        parts += [part for line in ROAD for part in outlined([surfaces["roads"]], *line)]
    if "rail" in surfaces:
        parts += outlined([surfaces["rail"]], *RAIL)
    return parts
