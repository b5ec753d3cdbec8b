"""A map on paper as SVG, drawn in millimetres: the same picture in sheet, report, profile and HTML."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
import shapely

from quartiersatlas.catalogue import check_lang, text
from quartiersatlas.errors import ColumnError, SpecError
from quartiersatlas.present.look import ACCENT, CHOSEN
from quartiersatlas.present.map.classes import darker, map_columns
from quartiersatlas.present.map.topology import tolerance
from quartiersatlas.present.paper.legend import map_entries
from quartiersatlas.present.paper.legend_svg import legend_parts
from quartiersatlas.present.paper.map_furniture import (
    captioned,
    facility_boxes,
    names_on,
    north,
    number_labels,
    scale_bar,
)
from quartiersatlas.present.paper.sheet_inset import fitted_insets, lower_left, scale_of
from quartiersatlas.present.paper.sheet_page import INK, SheetBox
from quartiersatlas.present.paper.svg_marks import (
    BORDER,
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
from quartiersatlas.present.statements import check_area, check_release, label_with_unit, on_areas
from quartiersatlas.screening import running_programmes
from quartiersatlas.space.exclaves import CityExtent, city_extent

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd
    from numpy.typing import NDArray

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release, ReleasedColumn
    from quartiersatlas.present.look import Look
    from quartiersatlas.present.paper.legend import LegendEntry
    from quartiersatlas.present.places import Context, FittedContext
    from quartiersatlas.space.exclaves import Bounds

    Shapes = NDArray[np.object_]

FONTS = "Noto Sans, Open Sans, Segoe UI, Arial, Helvetica, sans-serif"
EXACT = 0.12  # millimetres: borders are simplified by no more than the eye sees on paper
SMALL = 1.6  # millimetres: smaller selected areas get a ring
RING = 11.2  # square millimetres that a ring takes
FEW_RINGS, FEW_DOTS = 0.1, 0.4  # of the city's surface on paper: beyond, dots instead of rings; beyond, a darker tint
LEGEND = 58.0  # millimetres, of a legend beside the map
SEEN = 2.5  # square millimetres: of less inhabited surface the area keeps its whole colour
AROUND = 0.12  # around the district of an area, as a part of its extent
SURFACES = {"green": "#cfe3c0", "water": "#a9cfe8"}
PALE, PAPER = 0.86, "#ffffff"  # where nobody lives: the paper over the colour


def map_svg(
    release: Release,
    column: str | None = None,
    lang: Lang = "de",
    *,
    width_mm: float,
    height_mm: float,
    area: str | None = None,
    context: Context | FittedContext | None = None,
    names: bool = True,
    legend: bool = False,
    mark_numbers: bool = True,
    circles: bool = False,
    zoom: float = 1.0,
    look: Look | None = None,
) -> str:
    """Return a map of a release as SVG.

    Parameters
    ----------
    release : Release
        What is shown.
    column : str, optional
        The column that colours the areas; the first one of the map, if not given.
    lang : {"de", "en"}, default "de"
        Language of the words on it.
    width_mm, height_mm : float
        Of the picture, in millimetres.
    area : str, optional
        The key of an area: the map shows its district alone, and the area outlined in yellow over black.
    context : Context, optional
        Water, green, rail, roads, names, see :func:`quartiersatlas.context`.
    names : bool, default True
        Write the names of districts and places, and of areas where there is room.
    legend : bool, default False
        Draw the legend at the right of the map.
    mark_numbers : bool, default True
        Write the keys of candidate areas (P1, P2, ...) on them.
    circles : bool, default False
        Draw a count or an amount as circles whose surface is the number.
    zoom : float, default 1
        Size of letters and marks.
    look : Look, optional
        Its accent outlines the candidate areas.

    Returns
    -------
    str
        An SVG document with a title and a description; words stay words. The same release gives the same text.

    Raises
    ------
    ColumnError
        The release has no such column to draw.
    AreaError
        It has no such area.
    SpecError
        Nothing is released that could be drawn, or circles are asked for of something else than a count or an amount.
    """
    check_release(release, "map_svg")
    check_lang(lang)
    chosen = map_column(release, column)
    if area is not None:
        check_area(release, area)
    entries = map_entries(release, chosen, lang, zoom, circles=circles)
    asked = f"{chosen.id} {width_mm} {height_mm} {area} {zoom} {legend} {circles} {lang}"
    accent = ACCENT if look is None else look.accent
    drawing = Drawing(release, chosen, entries, lang, zoom, accent, f"m{crc32(asked.encode(errors='replace')):08x}")
    side = LEGEND * zoom if legend else 0.0
    frame = SheetBox(0.0, 0.0, width_mm - side - (4.0 * zoom if legend else 0.0), height_mm)
    fitted = context.fitted(release) if hasattr(context, "fitted") else context
    body = drawing.map(frame, area, fitted, names=names, mark_numbers=mark_numbers)
    if legend:
        body += legend_parts(entries, release, chosen, lang, SheetBox(width_mm - side, 0.0, side, height_mm), zoom)[0]
    label = label_with_unit(chosen, lang)
    return document(body, width_mm, height_mm, f"{release.title}: {label}", alt_text(release, chosen, entries, lang))


def map_column(release: Release, column: str | None) -> ReleasedColumn:
    """Return a column of the map, or the first one.

    Raises
    ------
    ColumnError
        The release has no such column to draw.
    SpecError
        It has none at all.
    """
    columns = {c.id: c for c in map_columns(release)}
    if not columns:
        raise SpecError("The release has no column to draw: release(..., columns=[...]) or need=...")
    if column is not None and column not in columns:
        raise ColumnError.not_found(column, columns, "The map of the release")
    return columns[column] if column is not None else next(iter(columns.values()))


def alt_text(release: Release, column: ReleasedColumn, entries: Iterable[LegendEntry], lang: Lang) -> str:
    """Return what a map shows, for who does not see it."""
    found = "; ".join(entry.in_full for entry in entries if entry.symbol != "circle")
    return text("map_alt", lang, label=label_with_unit(column, lang), count=len(release.areas), entries=found)


def document(body: Iterable[str], width: float, height: float, title: str, alt: str) -> str:
    """Return parts as an SVG document in millimetres."""
    size = f'width="{num(width)}mm" height="{num(height)}mm" viewBox="0 0 {num(width)} {num(height)}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="{FONTS}">'
    words = [f"<title>{escape(title)}</title>", f"<desc>{escape(alt)}</desc>"]
    return "\n".join([head, *words, *body, "</svg>", ""])


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
class Drawing:
    """What is drawn, in as many frames as it takes."""

    release: Release
    column: ReleasedColumn
    entries: list[LegendEntry]
    lang: Lang
    zoom: float
    accent: str
    name: str  # of its clip paths: several maps may stand in one page

    def map(
        self,
        frame: SheetBox,
        area: str | None,
        context: FittedContext | None,
        *,
        names: bool,
        mark_numbers: bool,
    ) -> list[str]:
        """Return the map in its frame; far exclaves stand in insets."""
        release, zoom = self.release, self.zoom
        extent = city_extent(release.areas.geometry.to_numpy(), release.residents)
        if area is not None:
            extent = CityExtent(_around(release, area), (), extent.parts, extent.main_parts)
        room, metres, insets = fitted_insets(extent, release, frame, zoom, self.lang)
        left, low = lower_left(room, extent.main, metres)
        view = View(room, left, low + metres * room.height, metres, self.name)
        areas = _on_paper_exact(release.areas, metres)
        parts = self._city(view, areas, context, area)
        taken = [
            (inset.box.x, inset.box.y - inset.height + inset.box.height, inset.width, inset.height) for inset in insets
        ]
        keys, boxes = number_labels(view, release, self.accent, zoom) if mark_numbers else ([], [])
        boxes += [(x, y, x + width, y + height) for x, y, width, height in taken]
        bar, arrow = scale_bar(room, metres, zoom, self.lang), north(room, zoom)
        boxes += [bar.box, arrow.box, *facility_boxes(view, release, zoom)]
        parts += keys
        if names:
            parts += names_on(view, release, self.column, context, boxes, zoom, self.lang, area)
        parts += [*bar.parts, *arrow.parts]
        for number, inset in enumerate(insets, 1):
            left, low, right, high = inset.bounds
            around = (inset.box.width * inset.metres - (right - left)) / 2
            small = View(inset.box, left - around, high + around, inset.metres, f"{self.name}i{number}")
            parts += captioned(inset)
            parts += self._city(small, _on_paper_exact(release.areas, inset.metres), context, None)
            parts += number_labels(small, release, self.accent, zoom)[0] if mark_numbers else []
            box = shapely.box(inset.box.x, inset.box.y, inset.box.x + inset.box.width, inset.box.y + inset.box.height)
            parts += outlined([box], "#555555", 0.28)
        return parts

    def _city(self, view: View, areas: gpd.GeoDataFrame, context: FittedContext | None, area: str | None) -> list[str]:
        """Return everything that lies within a frame, from the colours up to the marks."""
        seen = shapely.box(*view.bounds)
        there = areas[shapely.intersects(areas.geometry.to_numpy(), seen)]
        if not len(there):
            return []
        shape_of = dict(zip(map(str, there.index), view.on_paper(there.geometry), strict=True))
        parts = self._fills(shape_of, bordered=context is None)
        if context is not None:
            parts += _context(view, context, shape_of)
            parts += self._borders(shape_of)
        parts += self._districts(view, there)
        parts += self._circles(shape_of)
        parts += self._selection(shape_of)
        parts += self._layers(view, seen)
        if area is not None and area in shape_of:
            parts += outlined([shape_of[area]], INK, 1.5 * self.zoom) + outlined(
                [shape_of[area]], CHOSEN, 0.9 * self.zoom
            )
        box = view.frame
        clip = f'<clipPath id="{view.name}"><rect x="{num(box.x)}" y="{num(box.y)}" width="{num(box.width)}" height="{num(box.height)}"/></clipPath>'
        return [clip, f'<g clip-path="url(#{view.name})">', *parts, "</g>"]

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

    def _districts(self, view: View, areas: gpd.GeoDataFrame) -> list[str]:
        return outlined(view.on_paper(district_shapes(areas).values()), "#555555", 0.28) if len(areas) else []

    def _circles(self, shape_of: dict[str, shapely.Geometry]) -> list[str]:
        parts = []
        for entry in self.entries:
            if entry.symbol == "circles":
                for key, radius in zip(entry.keys, entry.radii, strict=True):
                    if key in shape_of:
                        parts.append(
                            spot(
                                shape_of[key],
                                radius,
                                'fill="#2c7fb8" fill-opacity=".8" stroke="#fff" stroke-width=".2"',
                            )
                        )
        return parts

    def _selection(self, shape_of: dict[str, shapely.Geometry]) -> list[str]:
        """Return hatch and outlines of selected areas, dots around others that are borderline, rings around small ones."""
        parts: list[str] = []
        members = {entry.symbol: [shape_of[key] for key in entry.keys if key in shape_of] for entry in self.entries}
        sure, is_open, near = (members.get(symbol, []) for symbol in ("selected", "borderline", "near"))
        marks = small_marks(list(shape_of.values()), [*sure, *is_open])
        for shapes, broken in ((sure, False), (is_open, True)):
            if marks == "tint":
                parts += [part for shape in shapes for part in filled([shape], INK, opacity=0.45, border=None)]
                continue
            parts += hatched(shapes, broken=broken, zoom=self.zoom)
            parts += outlined(shapes, PAPER, 0.9 * self.zoom, opacity=0.75)
        parts += dots_along(near, self.zoom)
        for shapes, symbol in ((sure, "selected"), (is_open, "borderline")):
            if marks != "tint":
                parts += outlined(shapes, *LINE_LOOKS[symbol], zoom=self.zoom)
            for shape in shapes:
                if marks != "tint" and shape.area < SMALL**2:
                    parts += ring(shape, dashed=symbol == "borderline", tiny=marks == "dot")
        return parts

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
            points = on_areas(release.facilities, release.areas).representative_point()
            parts += [facility(point, zoom) for point in view.on_paper(points[points.intersects(seen)])]
        return parts


def _border(entry: LegendEntry) -> str:
    """Return the colour of the borders of areas of a class, or of those without a value."""
    return darker(entry.color) if entry.color.lower() != "#ffffff" and not entry.pattern else "#9a9a9a"


def small_marks(city: list[shapely.Geometry], marked: list[shapely.Geometry]) -> str:
    """Return how small marked areas are shown, so that marks do not bury the map: ring, dot, or a darker tint."""
    surface = sum(shape.area for shape in city) or 1.0
    share = RING * sum(shape.area < SMALL**2 for shape in marked) / surface
    return "ring" if share < FEW_RINGS else "dot" if share < FEW_DOTS else "tint"


def _on_paper_exact(areas: gpd.GeoDataFrame, metres: float) -> gpd.GeoDataFrame:
    """Return areas without the corners that nobody sees at a scale; shared borders stay shared."""
    within = max(EXACT * metres, tolerance(areas))
    return areas.set_geometry(shapely.coverage_simplify(areas.geometry.to_numpy(), within), crs=areas.crs)


def _around(release: Release, area: str) -> Bounds:
    """Return the extent of the district of an area, or of the area and as much around it."""
    areas = release.areas
    levels = [column for column in areas.columns if column not in ("name", "geometry")]
    same = areas[levels[0]].eq(areas.loc[area, levels[0]]) if levels else areas.index == area
    left, low, right, high = (
        areas[same].total_bounds.tolist() if np.any(same) else areas.loc[[area]].total_bounds.tolist()
    )
    beyond = (AROUND if levels else 1.0) * max(right - left, high - low)
    return left - beyond, low - beyond, right + beyond, high + beyond


def _context(view: View, context: FittedContext, shape_of: dict[str, shapely.Geometry]) -> list[str]:
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
        parts += outlined([surfaces["roads"]], "#8a8a8a", 0.5) + outlined([surfaces["roads"]], PAPER, 0.28)
    if "rail" in surfaces:
        parts += outlined([surfaces["rail"]], "#4d4d4d", 0.25, (1.6, 0.7))
    return parts
