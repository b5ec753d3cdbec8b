"""The map of a sheet: areas in their classes, outlines and overlays, labels, scale bar and north arrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from quartiersatlas.catalogue import number_text
from quartiersatlas.present.map.classes import darker
from quartiersatlas.present.map.topology import simplified
from quartiersatlas.present.paper.document import printable
from quartiersatlas.present.paper.sheet_circles import CIRCLE, circles_of
from quartiersatlas.present.paper.sheet_inset import fitted_insets, lower_left
from quartiersatlas.present.paper.sheet_page import FACILITY, GREY, INK, LOOKS, line_height, text_width
from quartiersatlas.present.statements import on_areas
from quartiersatlas.screening import running_programmes
from quartiersatlas.space.exclaves import city_extent

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release
    from quartiersatlas.present.paper.sheet_inset import Inset
    from quartiersatlas.present.paper.sheet_page import LegendEntry, SheetBox, SheetPaper
    from quartiersatlas.space.exclaves import Bounds


SMALL = 1.6  # millimetres: smaller selected areas get a ring
HATCH = 2.2  # millimetres from line to line across the page
BAR = 0.25  # the scale bar takes at most this part of the map's width


def draw_map(
    paper: SheetPaper,
    frame: SheetBox,
    release: Release,
    entries: list[LegendEntry],
    overlays: list[LegendEntry],
    lang: Lang,
) -> None:
    """Draw the areas in their classes, then outlines, overlays, scale bar and north arrow; far exclaves in insets."""
    extent = city_extent(release.areas.geometry.to_numpy(), release.residents)
    areas = simplified(release.areas)
    zoom = paper.layout.zoom
    frame, metres, insets = fitted_insets(extent, release, frame, zoom, lang)
    axes = _axes(paper, frame)
    _extent(axes, frame, extent.main, metres)
    _draw_city(axes, release, areas, entries, overlays, metres, zoom)
    _scale_bar(axes, metres, zoom, lang)
    _north(axes, frame, zoom)
    for inset in insets:
        _draw_inset(paper, inset, release, areas, entries, overlays)


def _axes(paper: SheetPaper, frame: SheetBox) -> Any:  # noqa: ANN401
    layout = paper.layout
    axes = paper.figure.add_axes(
        (
            frame.x / layout.width,
            1 - (frame.y + frame.height) / layout.height,
            frame.width / layout.width,
            frame.height / layout.height,
        )
    )
    axes.set_axis_off()
    return axes


def _draw_city(
    axes: Any,  # noqa: ANN401
    release: Release,
    areas: gpd.GeoDataFrame,
    entries: list[LegendEntry],
    overlays: list[LegendEntry],
    metres: float,
    zoom: float,
) -> None:
    """Draw everything that lies within the limits of the axes."""
    for entry in entries:
        if entry.symbol != "fill":
            continue
        shapes = areas.loc[list(entry.keys)].geometry
        edge = darker(entry.color) if entry.color.lower() != "#ffffff" and not entry.hatch else "#9a9a9a"
        _draw(axes, shapes, facecolor=entry.color, edgecolor=edge, linewidth=0.3, hatch=entry.hatch)
    parents = [column for column in areas.columns if column not in ("name", "geometry")]
    if parents:
        valid = areas.set_geometry(areas.geometry.make_valid())  # an outline that crosses itself cannot be united
        _draw(axes, valid.dissolve(by=parents[0]).geometry, facecolor="none", edgecolor="#555555", linewidth=0.8)
    for entry in entries:
        if entry.symbol == "circles":
            _draw(axes, circles_of(areas, entry, metres), **CIRCLE)
    for overlay in overlays:
        _draw_overlay(axes, release, areas, overlay, metres)
    if release.candidates is not None and len(release.candidates):
        (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
        there = release.candidates.intersects(shapely.box(left, low, right, high))
        _label(axes, release.candidates[there], metres, zoom)


def _extent(axes: Any, frame: SheetBox, bounds: Bounds, metres: float) -> None:  # noqa: ANN401
    """Show the areas in the middle of the frame, above the scale bar."""
    left, low = lower_left(frame, bounds, metres)
    axes.set_xlim(left, left + metres * frame.width)
    axes.set_ylim(low, low + metres * frame.height)


def _draw_inset(
    paper: SheetPaper,
    inset: Inset,
    release: Release,
    areas: gpd.GeoDataFrame,
    entries: list[LegendEntry],
    overlays: list[LegendEntry],
) -> None:
    """Draw an exclave in its frame, with its name and the note that it lies elsewhere."""
    box = inset.box
    top = box.y - len(inset.caption) * line_height(inset.size)
    paper.write(inset.caption, box.x, top, inset.size, color=GREY)
    axes = _axes(paper, box)
    left, low, right, high = inset.bounds
    around = (box.width * inset.metres - (right - left)) / 2
    axes.set_xlim(left - around, right + around)
    axes.set_ylim(low - around, high + around)
    _draw_city(axes, release, areas, entries, overlays, inset.metres, paper.layout.zoom)
    look: dict[str, Any] = {"facecolor": "none", "edgecolor": "#555555", "linewidth": 0.8}
    paper.box(box, **look)


def _draw(axes: Any, shapes: Iterable[shapely.Geometry], **look: Any) -> None:  # noqa: ANN401
    """Draw polygons with their holes as one collection."""
    from matplotlib.collections import PathCollection

    paths = [path for path in map(_path, shapes) if path is not None]
    if paths:
        axes.add_collection(PathCollection(paths, **look), autolim=False)


def _path(shape: shapely.Geometry) -> Any:  # noqa: ANN401 - a matplotlib Path
    """Return a polygon as a path: shells counter-clockwise, holes clockwise, so that holes stay open."""
    from matplotlib.path import Path

    polygons = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and not part.is_empty]
    rings = [
        ring
        for polygon in shapely.orient_polygons(np.array(polygons, dtype=object))
        for ring in (polygon.exterior, *polygon.interiors)
    ]
    if not rings:
        return None
    points = [shapely.get_coordinates(ring) for ring in rings]
    codes = [[Path.MOVETO, *[Path.LINETO] * (len(ring) - 2), Path.CLOSEPOLY] for ring in points]
    return Path(np.concatenate(points), np.concatenate(codes))


def _draw_overlay(axes: Any, release: Release, areas: gpd.GeoDataFrame, overlay: LegendEntry, metres: float) -> None:  # noqa: ANN401
    if overlay.symbol in ("selected", "borderline"):
        shapes = areas.loc[list(overlay.keys)].geometry
        hatch(axes, shapes, HATCH * metres)
        _draw(axes, shapes, facecolor="none", **LOOKS[overlay.symbol])
        points = shapes.representative_point()[shapes.area < (SMALL * metres) ** 2]
        look = {"marker": "o", "markersize": 9, "color": "none", "markeredgecolor": INK, "markeredgewidth": 1.0}
        axes.plot(points.x, points.y, linestyle="none", **look)
    elif overlay.symbol == "candidate" and release.candidates is not None:
        _draw(axes, release.candidates.geometry, facecolor="none", edgecolor="#ffffff", linewidth=3.6)
        _draw(axes, release.candidates.geometry, facecolor="none", **LOOKS["candidate"])
    elif overlay.symbol in ("programme", "programme_other") and release.programmes is not None:
        shapes = on_areas(release.programmes, areas).geometry
        runs = running_programmes(release.programmes)
        _draw(axes, shapes[runs if overlay.symbol == "programme" else ~runs], facecolor="none", **LOOKS[overlay.symbol])
    elif overlay.symbol == "facility" and release.facilities is not None:
        points = on_areas(release.facilities, areas).representative_point()
        axes.plot(points.x, points.y, **FACILITY)


def hatch(axes: Any, shapes: Iterable[shapely.Geometry], step: float, *, rising: bool = True) -> None:  # noqa: ANN401
    """Draw thin dark lines with a light casing, so that the class below stays to be seen, be it light or dark."""
    from matplotlib.collections import LineCollection

    whole = shapely.union_all(list(shapes))
    if whole.is_empty:
        return
    left, low, right, high = whole.bounds
    height = high - low
    starts = np.arange(left - height, right, step)
    ends = [[(x, low), (x + height, high)] if rising else [(x, high), (x + height, low)] for x in starts]
    cut = shapely.intersection(shapely.linestrings(ends), whole)
    found = [shapely.get_coordinates(part) for line in cut for part in shapely.get_parts(line)]
    pieces = [piece for piece in found if len(piece) > 1]  # a line that only touches a corner gives a point
    for color, width in (("#ffffffb0", 1.3), (INK, 0.5)):
        axes.add_collection(LineCollection(pieces, colors=color, linewidths=width, zorder=1), autolim=False)


def _label(axes: Any, candidates: gpd.GeoDataFrame, metres: float, zoom: float) -> None:  # noqa: ANN401
    """Write the key of each candidate area on it, or beside it where it is too small or another label is there."""
    size = 7 * zoom
    taken: list[shapely.Polygon] = []
    for key, shape in zip(candidates.index, candidates.geometry.to_numpy(), strict=True):
        words = printable(str(key))
        width = (text_width(words, size, bold=True) + 1.2) * metres
        height = (line_height(size) + 0.4) * metres
        places = [shapely.box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
                  for x, y in _label_positions(shape, width, height)]  # fmt: skip
        free = [box for box in places if not any(box.intersects(other) for other in taken)]
        chosen = free[0] if free else min(places, key=lambda box: sum(box.intersection(other).area for other in taken))
        taken.append(chosen)
        middle = chosen.centroid
        back = {"facecolor": "#ffffff", "edgecolor": "none", "alpha": 0.85, "pad": 0.6}
        look = {"fontsize": size, "weight": "bold", "color": "#b3005e", "ha": "center", "va": "center", "zorder": 9}
        axes.text(middle.x, middle.y, words, parse_math=False, bbox=back, **look)


def _label_positions(shape: Any, width: float, height: float) -> list[tuple[float, float]]:  # noqa: ANN401
    """Return where a label may stand, best first: inside if there is room, else around."""
    left, low, right, high = shape.bounds
    inner = shape.representative_point()
    x, y = (left + right) / 2, (low + high) / 2
    around = [
        (right + width * 0.6, y), (left - width * 0.6, y), (x, high + height * 0.7), (x, low - height * 0.7),
        (right + width * 0.6, high), (right + width * 0.6, low), (left - width * 0.6, high), (left - width * 0.6, low),
    ]  # fmt: skip
    is_roomy = shape.area > 3 * width * height
    return [(inner.x, inner.y), *around] if is_roomy else [*around, (inner.x, inner.y)]


def _scale_bar(axes: Any, metres: float, zoom: float, lang: Lang) -> None:  # noqa: ANN401
    """Draw a bar of a round length with its half, labelled in metres or kilometres."""
    from matplotlib.patches import Rectangle

    left, right = axes.get_xlim()
    low, _ = axes.get_ylim()
    length = round_length((right - left) * BAR)
    sign, per = ("km", 1000.0) if length >= 1000 else ("m", 1.0)  # noqa: PLR2004 - a kilometre
    x, y, height = left + 2 * metres, low + 5.5 * metres * zoom, 1.2 * metres * zoom
    for start, fill in ((x, "#1a1a1a"), (x + length / 2, "#ffffff")):
        look: dict[str, Any] = {"facecolor": fill, "edgecolor": INK, "linewidth": 0.6, "zorder": 10}
        axes.add_patch(Rectangle((start, y), length / 2, height, **look))
    for part in (0.0, 0.5, 1.0):
        number = length * part / per
        words = number_text(number, 0 if float(number).is_integer() else 1, lang)
        words = f"{words} {sign}" if part == 1 else words
        axes.text(x + length * part, y - 0.8 * metres, words, fontsize=6.5 * zoom, ha="center", va="top", zorder=10)


def round_length(most: float) -> float:
    """Return the largest length of 1, 2 or 5 times a power of ten that is not above ``most``.

    Examples
    --------
    >>> [round_length(most) for most in (999.0, 1000.0, 4999.0, 70000.0)]
    [500.0, 1000.0, 2000.0, 50000.0]
    """
    power = 10.0 ** np.floor(np.log10(most))
    steps = (0.5, 1, 2, 5)  # the half, where rounding made the power a little too large
    return float(max(step * power for step in steps if step * power <= most))


def _north(axes: Any, frame: SheetBox, zoom: float) -> None:  # noqa: ANN401
    """Draw an arrow to the north of the projection in the upper right corner."""
    x, top = 1 - 5 * zoom / frame.width, 1 - 1 / frame.height
    tail = 1 - 12 * zoom / frame.height
    arrow = {"arrowstyle": "-|>", "color": "#1a1a1a", "linewidth": 1.0, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", (x, top), (x, tail), xycoords="axes fraction", textcoords="axes fraction", arrowprops=arrow)
    axes.text(x, tail, "N", transform=axes.transAxes, fontsize=8 * zoom, weight="bold", ha="center", va="top")
