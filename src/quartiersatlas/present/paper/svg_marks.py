"""What a map on paper is drawn with, as parts of an SVG in millimetres: surfaces, hatch, outlines, signs, words."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np
import shapely

from quartiersatlas.present.paper.sheet_page import INK, POINT
from quartiersatlas.present.paper.typeset import settable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    Shapes = NDArray[np.object_]
    Floats = NDArray[np.float64]

CASING = "#ffffff"
BORDER = 0.1  # millimetres, of areas
STEP = 1.6  # millimetres from line to line of a hatch, across it
DASH, PAUSE = 0.8, 0.55  # of a broken hatch
DOTS = 1.5  # from dot to dot of a pattern
CIRCLE = 'fill="#2c7fb8" fill-opacity=".8" stroke="#fff" stroke-width=".2"'
LINE_LOOKS: dict[str, tuple[str, float, tuple[float, ...]]] = {
    "selected": (INK, 0.46, ()),
    "borderline": (INK, 0.46, (1.4, 0.7)),
    "programme": ("#333333", 0.42, (2.4, 0.8, 0.4, 0.8)),
    "programme_other": ("#6b6b6b", 0.34, (0.4, 0.7)),
}


def num(value: float) -> str:
    """Return a number with two decimals at most."""
    written = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if written in ("-0", "") else written


def path_of(shapes: Iterable[shapely.Geometry]) -> str:
    """Return polygons and lines as the data of a path; shells run one way and holes the other, so that holes stay open.

    What is smaller than a hundredth of a millimetre is left out: one malformed piece hides a whole path.
    """
    given = np.asarray(list(shapes), dtype=object)
    parts = shapely.get_parts(shapely.get_parts(given)) if len(given) else given
    found = []
    for part in parts:
        if part.is_empty:
            continue
        if part.geom_type == "Polygon":
            turned = shapely.orient_polygons(part)
            rings = (turned.exterior, *turned.interiors)
            found += [_course(shapely.get_coordinates(ring), closed=True) for ring in rings]
        elif part.geom_type in ("LineString", "LinearRing"):
            found.append(_course(shapely.get_coordinates(part), closed=False))
    return "".join(found)


def _course(points: Floats, *, closed: bool) -> str:
    """Return one ring or line in steps of hundredths."""
    grid = np.rint(points * 100).astype(np.int64)
    grid = grid[np.append(True, np.any(np.diff(grid, axis=0) != 0, axis=1))]
    if closed and len(grid) > 1 and (grid[0] == grid[-1]).all():
        grid = grid[:-1]
    if len(grid) < (3 if closed else 2):
        return ""
    steps = " ".join(f"{_hundredths(x)} {_hundredths(y)}" for x, y in np.diff(grid, axis=0).tolist())
    (x, y), end = grid[0].tolist(), "z" if closed else ""
    return f"M{_hundredths(x)} {_hundredths(y)}l{steps}{end}"


def _hundredths(value: int) -> str:
    sign, whole, rest = "-" if value < 0 else "", abs(value) // 100, abs(value) % 100
    if not rest:
        return f"{sign}{whole}" if whole else "0"
    return f"{sign}{whole or ''}.{f'{rest:02d}'.rstrip('0')}"


def filled(
    shapes: Iterable[shapely.Geometry], color: str, *, opacity: float = 1.0, border: str | None = ""
) -> list[str]:
    """Return surfaces of a colour with a border; without one, a hair of the colour closes what rounding leaves open."""
    path = path_of(shapes)
    if not path:
        return []
    width = BORDER if border else 0.06
    edge = "" if border is None else f' stroke="{border or color}" stroke-width="{num(width)}" stroke-linejoin="round"'
    pale = f' fill-opacity="{num(opacity)}"' if opacity < 1 else ""
    return [f'<path d="{path}" fill="{color}"{pale}{edge}/>']


def outlined(
    shapes: Iterable[shapely.Geometry],
    color: str,
    width: float,
    dash: tuple[float, ...] = (),
    *,
    opacity: float = 1.0,
    zoom: float = 1.0,
) -> list[str]:
    """Return the outlines of surfaces, or lines."""
    path = path_of(shapes)
    if not path:
        return []
    dashes = f' stroke-dasharray="{" ".join(num(length * zoom) for length in dash)}"' if dash else ""
    pale = f' stroke-opacity="{num(opacity)}"' if opacity < 1 else ""
    look = f'stroke="{color}" stroke-width="{num(width * zoom)}" stroke-linejoin="round"'
    return [f'<path d="{path}" fill="none" {look}{dashes}{pale}/>']


def patterned(shapes: Iterable[shapely.Geometry], pattern: str) -> list[str]:
    """Return the pattern of surfaces without a value."""
    if not pattern:
        return []
    whole = _whole(shapes)
    if shapely.is_empty(whole):
        return []
    if pattern == "dots":
        dots = "".join(f"M{num(x)} {num(y)}h.01" for x, y in _dots(whole))
        return (
            [f'<path d="{dots}" fill="none" stroke="#8a8a8a" stroke-width=".34" stroke-linecap="round"/>']
            if dots
            else []
        )
    left, low, right, high = shapely.bounds(whole).tolist()
    if pattern == "bars":
        grid = [[(x, low), (x, high)] for x in _steps(left, right, STEP)]
    else:
        grid = [
            [(x, y), (x + 1.2, y)]
            for row, y in enumerate(_steps(low, high, STEP))
            for x in _steps(left - 2.4, right, 2.4) + 1.2 * (row % 2)
        ]
    return outlined(_cut(grid, whole), "#9a9a9a", 0.16)


def hatched(shapes: Iterable[shapely.Geometry], *, broken: bool, zoom: float = 1.0) -> list[str]:
    """Return thin dark lines with a light casing, so that the class below stays to be seen, be it light or dark.

    The lines of all areas belong to one grid of the map, so that areas differ by what they are and not by where their
    lines begin.
    """
    whole = _whole(shapes)
    if shapely.is_empty(whole):
        return []
    left, low, right, high = shapely.bounds(whole).tolist()
    across = STEP * zoom * np.sqrt(2)  # from line to line along the page
    grid: list[list[tuple[float, float]]] = []
    for number in range(int(np.floor((left + low) / across)), int(np.ceil((right + high) / across)) + 1):
        start = number * across  # x + y of the line
        if broken:
            grid += _dashes(start, low, high, number, zoom)
        else:
            grid.append([(start - high, high), (start - low, low)])
    pieces = _cut(grid, whole)
    return outlined(pieces, CASING, 0.46, opacity=0.7, zoom=zoom) + outlined(pieces, INK, 0.18, zoom=zoom)


def _dashes(start: float, low: float, high: float, number: int, zoom: float) -> Iterator[list[tuple[float, float]]]:
    """Give the dashes of a line of the grid; those of the next line stand between them."""
    dash, period = DASH * zoom / np.sqrt(2), (DASH + PAUSE) * zoom / np.sqrt(2)
    shift = period / 2 * (number % 2)
    for y in _steps(low - period, high, period):
        yield [(start - y - shift, y + shift), (start - y - shift - dash, y + shift + dash)]


def _whole(shapes: Iterable[shapely.Geometry]) -> shapely.Geometry:
    found = np.asarray(list(shapes), dtype=object)
    whole = shapely.union_all(shapely.make_valid(found)) if len(found) else shapely.Polygon()
    shapely.prepare(whole)
    return whole


def _steps(low: float, high: float, step: float) -> Floats:
    """Return the multiples of a step within limits."""
    return step * np.arange(np.ceil(low / step), np.floor(high / step) + 1)


def _dots(whole: shapely.Geometry) -> list[list[float]]:
    """Return the places of a grid of dots that lie in a surface, clear of its border; every other row is shifted."""
    left, low, right, high = shapely.bounds(whole).tolist()
    rows = [
        np.column_stack(
            [xs := _steps(left - DOTS, right, DOTS) + DOTS / 2 * (round(y / DOTS * 2) % 2), np.full(len(xs), y)]
        )
        for y in _steps(low, high, DOTS / 2)
    ]
    if not rows:
        return []
    at = np.concatenate(rows)
    inner = shapely.buffer(whole, -0.3)
    found: list[list[float]] = at[shapely.contains_xy(inner, at)].tolist()
    return found


def _cut(grid: list[list[tuple[float, float]]], whole: shapely.Geometry) -> list[shapely.Geometry]:
    """Return the parts of lines that lie in a surface; a line that only touches it gives a point and is left out."""
    if not grid:
        return []
    drawn = shapely.linestrings(grid)
    inside = shapely.contains_properly(whole, drawn)
    crossing = ~inside & shapely.intersects(whole, drawn)
    pieces = shapely.get_parts(shapely.intersection(drawn[crossing], whole))
    return [*drawn[inside], *pieces[shapely.get_dimensions(pieces) == 1]]


def dots_along(shapes: Iterable[shapely.Geometry], zoom: float = 1.0) -> list[str]:
    """Return round dots along outlines, light around dark."""
    path = path_of(shapes)
    if not path:
        return []
    round_dots = f'fill="none" stroke-linecap="round" stroke-dasharray="0 {num(1.15 * zoom)}"'
    return [
        f'<path d="{path}" {round_dots} stroke="{color}" stroke-width="{num(width * zoom)}"/>'
        for color, width in ((CASING, 0.95), (INK, 0.58))
    ]


def ring(shape: shapely.Geometry, *, dashed: bool, tiny: bool) -> list[str]:
    """Return a mark around an area that is too small for a hatch."""
    if tiny:
        return [spot(shape, 0.48, f'fill="{CASING}"'), spot(shape, 0.27, f'fill="{INK}"')]
    dash = ' stroke-dasharray="1.4 .7"' if dashed else ""
    light = f'fill="none" stroke="{CASING}" stroke-width=".8"'
    return [spot(shape, 1.6, light), spot(shape, 1.6, f'fill="none" stroke="{INK}" stroke-width=".36"{dash}')]


def facility(point: shapely.Geometry, zoom: float = 1.0) -> str:
    """Return the sign of a facility."""
    return spot(point, 0.65 * zoom, f'fill="#fff" stroke="{INK}" stroke-width="{num(0.32 * zoom)}"')


def spot(shape: shapely.Geometry, radius: float, look: str) -> str:
    """Return a circle on a shape."""
    point = shapely.point_on_surface(shape)
    if shapely.is_empty(point):
        return ""
    return f'<circle cx="{num(shapely.get_x(point))}" cy="{num(shapely.get_y(point))}" r="{num(radius)}" {look}/>'


def words_at(
    words: str,
    x: float,
    y: float,
    points: float,
    *,
    anchor: str = "start",
    bold: bool = False,
    italic: bool = False,
    color: str = INK,
    halo: float = 0.0,
    spacing: float = 0.0,
    angle: float = 0.0,
) -> str:
    """Return words at the place of their baseline, sizes in points, everything else in millimetres.

    The light edge belongs to the same text: two texts would stand twice in what a reader copies or hears.
    """
    look = [f'x="{num(x)}" y="{num(y)}" font-size="{num(points * POINT)}" fill="{color}"']
    if anchor != "start":
        look.append(f'text-anchor="{anchor}"')
    if bold:
        look.append('font-weight="700"')
    if italic:
        look.append('font-style="italic"')
    if spacing:
        look.append(f'letter-spacing="{num(spacing)}"')
    if halo:
        look.append(f'paint-order="stroke" stroke="#fff" stroke-width="{num(halo)}" stroke-linejoin="round"')
    if angle:
        look.append(f'transform="rotate({num(angle)} {num(x)} {num(y)})"')
    flat = " ".join(settable(words).split())
    return f"<text {' '.join(look)}>{escape(flat)}</text>"
