"""A map on paper as SVG, drawn in millimetres: the same picture in sheet, report, profile and HTML."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from zlib import crc32

import shapely

from quartiersatlas.catalogue import check_lang, text
from quartiersatlas.errors import ColumnError, SpecError
from quartiersatlas.present.look import ACCENT
from quartiersatlas.present.map.classes import map_columns
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
from quartiersatlas.present.paper.map_layers import EXACT, Layers, View
from quartiersatlas.present.paper.sheet_inset import fitted_insets, lower_left
from quartiersatlas.present.paper.sheet_page import SheetBox
from quartiersatlas.present.paper.svg_marks import num, outlined
from quartiersatlas.present.paper.typeset import settable
from quartiersatlas.present.places import Context
from quartiersatlas.present.statements import check_area, check_release, label_with_unit
from quartiersatlas.space.exclaves import CityExtent, city_extent

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release, ReleasedColumn
    from quartiersatlas.present.look import Look
    from quartiersatlas.present.paper.legend import LegendEntry
    from quartiersatlas.present.paper.sheet_inset import Inset
    from quartiersatlas.present.places import FittedContext
    from quartiersatlas.space.exclaves import Bounds

FONTS = "Noto Sans, Open Sans, Segoe UI, Arial, Helvetica, sans-serif"
LEGEND, BESIDE = 58.0, 4.0  # millimetres: width of a legend beside the map, and the room before it
AROUND = 0.12  # around the district of an area, as a part of its extent


def map_svg(
    release: Release,
    column: str | None = None,
    lang: Lang = "de",
    *,
    width_mm: float,
    height_mm: float,
    area: str | None = None,
    around: Bounds | None = None,
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
    around : (float, float, float, float), optional
        The map shows this extent alone: west, south, east, north in the system of the areas.
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
    asked = f"{chosen.id} {width_mm} {height_mm} {area if around is None else around} {zoom} {legend} {circles} {lang}"
    name = f"m{crc32(asked.encode(errors='replace')):08x}"  # several maps may stand in one page
    accent = ACCENT if look is None else look.accent
    fitted = context.fitted(release) if isinstance(context, Context) else context
    layers = Layers(release, chosen, entries, fitted, lang, zoom, accent)
    side = LEGEND * zoom if legend else 0.0
    frame = SheetBox(0.0, 0.0, width_mm - side - (BESIDE * zoom if legend else 0.0), height_mm)
    body = _map(layers, frame, name, area, around, names=names, mark_numbers=mark_numbers)
    if legend:
        body += legend_parts(layers, SheetBox(width_mm - side, 0.0, side, height_mm))[0]
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
    words = [f"<title>{escape(settable(title))}</title>", f"<desc>{escape(settable(alt))}</desc>"]
    return "\n".join([head, *words, *body, "</svg>", ""])


def _map(
    layers: Layers,
    frame: SheetBox,
    name: str,
    area: str | None,
    around: Bounds | None,
    *,
    names: bool,
    mark_numbers: bool,
) -> list[str]:
    """Return the map in its frame; far exclaves stand in insets."""
    release, zoom, lang = layers.release, layers.zoom, layers.lang
    extent = city_extent(release.areas.geometry.to_numpy(), release.residents)
    if area is not None and around is None:
        around = _around(release, area)
    if around is not None:
        extent = CityExtent(around, (), extent.parts, extent.main_parts)
    room, metres, insets = fitted_insets(extent, release, frame, zoom, lang)
    left, low = lower_left(room, extent.main, metres)
    view = View(room, left, low + metres * room.height, metres, name)
    drawn = layers.drawn(view, _exact_on_paper(release.areas, metres), area)
    keys, taken = number_labels(view, release, layers.accent, zoom, drawn.taken) if mark_numbers else ([], [])
    bar, arrow = scale_bar(room, metres, zoom, lang, drawn.note), north(room, zoom)
    taken += [*drawn.taken, bar.box, arrow.box, *map(_box, insets), *facility_boxes(view, release, zoom)]
    written = names_on(view, layers, taken, area) if names else []
    parts = [*drawn.parts, *keys, *written, *bar.parts, *arrow.parts]
    for number, inset in enumerate(insets):
        parts += _inset(layers, inset, f"{name}i{number}", mark_numbers=mark_numbers)
    return parts


def _box(inset: Inset) -> tuple[float, float, float, float]:
    """Return the ends of an inset with its words."""
    box = inset.box
    return box.x, box.y + box.height - inset.height, box.x + inset.width, box.y + box.height


def _inset(layers: Layers, inset: Inset, name: str, *, mark_numbers: bool) -> list[str]:
    """Return an exclave in its frame, with its name and the note that it lies elsewhere."""
    left, _, right, high = inset.bounds
    box, release = inset.box, layers.release
    around = (box.width * inset.metres - (right - left)) / 2
    view = View(box, left - around, high + around, inset.metres, name)
    drawn = layers.drawn(view, _exact_on_paper(release.areas, inset.metres), None)
    parts = captioned(inset) + drawn.parts
    if mark_numbers:
        parts += number_labels(view, release, layers.accent, layers.zoom, drawn.taken)[0]
    return parts + outlined([shapely.box(box.x, box.y, box.x + box.width, box.y + box.height)], "#555555", 0.28)


def _exact_on_paper(areas: gpd.GeoDataFrame, metres: float) -> gpd.GeoDataFrame:
    """Return areas without the corners that nobody sees at a scale; shared borders stay shared."""
    within = max(EXACT * metres, tolerance(areas))
    return areas.set_geometry(shapely.coverage_simplify(areas.geometry.to_numpy(), within), crs=areas.crs)


def _around(release: Release, area: str) -> Bounds:
    """Return the extent of the district of an area, or of the area and as much around it."""
    areas = release.areas
    levels = [column for column in areas.columns if column not in ("name", "geometry")]
    own = areas.index == area
    same = areas[levels[0]].eq(areas[levels[0]][own].iloc[0]).to_numpy() if levels else own
    has_district = bool(levels) and bool(same.any())
    left, low, right, high = areas[same if has_district else own].total_bounds.tolist()
    beyond = (AROUND if has_district else 1.0) * max(right - left, high - low)
    return left - beyond, low - beyond, right + beyond, high + beyond
