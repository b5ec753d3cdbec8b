"""The parts of a sheet: the map with what lies over it, the legend, and how marks look."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import shapely

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.present.map.payload import map_columns
from quartiersatlas.present.paper.document import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release, ReleasedColumn

from dataclasses import field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.disclosure.words import label, unit, value_text
from quartiersatlas.present.map.classes import class_labels, column_colors, quantile_breaks
from quartiersatlas.present.map.payload import GAPS
from quartiersatlas.present.map.topology import simplified
from quartiersatlas.present.words import gap_kind, on_areas

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release, ReleasedColumn


SMALLEST = 5.5  # points: smaller letters cannot be read on paper


class Paper:
    """A matplotlib figure that is written on in millimetres from the upper left corner."""

    def __init__(self, layout: Layout) -> None:
        from matplotlib.figure import Figure

        self.layout = layout
        self.figure = Figure(figsize=(layout.width / 25.4, layout.height / 25.4), facecolor="white")
        self.ground = self.figure.add_axes((0.0, 0.0, 1.0, 1.0))
        self.ground.set_xlim(0, layout.width)
        self.ground.set_ylim(layout.height, 0)
        self.ground.set_axis_off()

    def write(self, words: list[str], x: float, y: float, size: float, **options: Any) -> float:  # noqa: ANN401
        """Write lines below each other; return where the next line would start."""
        for line in words:
            # text from data is text: a dollar sign starts no formula
            self.ground.text(
                x, y + size * POINT * (LEADING + 0.7) / 2, line, fontsize=size, parse_math=False,
                **{"color": INK, "va": "baseline", **options},
            )  # fmt: skip
            y += line_height(size)
        return y

    def box(self, box: Box, **options: Any) -> None:  # noqa: ANN401
        """Draw a rectangle."""
        from matplotlib.patches import Rectangle

        self.ground.add_patch(Rectangle((box.x, box.y), box.width, box.height, **options))


SIZES = {"A4": (297.0, 210.0), "A3": (420.0, 297.0)}


MARGIN = 12.0


POINT = 25.4 / 72  # millimetres


LEADING = 1.32


@dataclass(frozen=True)
class Box:
    """A rectangle: left and upper edge, width and height."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Layout:
    """The parts of a sheet.

    Parameters
    ----------
    width, height : float
        Of the paper.
    zoom : float
        Size of letters and legend, 1 on A4.
    """

    width: float
    height: float
    zoom: float

    @classmethod
    def of(cls, size: str) -> Layout:
        """Return the layout of a paper size; letters grow by less than the paper."""
        width, height = SIZES[size]
        return cls(width, height, 1.0 if size == "A4" else 1.25)

    @property
    def side(self) -> float:
        """Width of the column with legend and comment."""
        return 72.0 * self.zoom


@cache
def _advance(letter: str, *, bold: bool) -> float:
    """Return the width of a letter in parts of its size."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

    font = FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal", size=100)
    width, _, _ = TextToPath().get_text_width_height_descent(f"|{letter}|", font, ismath=False)
    bars, _, _ = TextToPath().get_text_width_height_descent("||", font, ismath=False)
    return float(width - bars) / 100


def text_width(words: str, size: float, *, bold: bool = False) -> float:
    """Return the width of a text in millimetres, set in the sheet's font at a size in points; no kerning."""
    return sum(_advance(letter, bold=bold) for letter in words) * size * POINT


def lines(words: str, width: float, size: float, *, bold: bool = False) -> list[str]:
    """Break a text into lines no wider than a width in millimetres; a word that is too long is broken too."""
    found = []
    for paragraph in printable(words).splitlines():
        line = ""
        for word in _pieces(paragraph, width, size, bold=bold):
            longer = f"{line} {word}" if line else word
            if line and text_width(longer, size, bold=bold) > width:
                found.append(line)
                line = word
            else:
                line = longer
        found.append(line)
    return found


def _pieces(paragraph: str, width: float, size: float, *, bold: bool) -> Iterator[str]:
    """Give the words of a paragraph, those that are wider than a line in parts."""
    for word in paragraph.replace("\t", " ").split(" "):
        rest = word
        while len(rest) > 1 and text_width(rest, size, bold=bold) > width:
            fits = next(
                n for n in range(len(rest) - 1, 0, -1) if n == 1 or text_width(rest[:n], size, bold=bold) <= width
            )
            yield rest[:fits]
            rest = rest[fits:]
        if rest:
            yield rest


def line_height(size: float) -> float:
    """Return the distance of two lines in millimetres."""
    return size * POINT * LEADING


ROOM = 0.03  # around the areas, as a part of their extent
BAR_ROOM = 9.0  # millimetres below the areas for the scale bar
SMALL = 1.6  # millimetres: smaller selected areas get a ring
HATCH = 2.2  # millimetres from line to line across the page
BAR = 0.25  # the scale bar takes at most this part of the map's width


def draw_map(paper: Paper, place: Box, release: Release, entries: list[Entry], marks: list[Entry], lang: Lang) -> None:
    """Draw the areas in their classes, then outlines, marks, scale bar and north arrow."""
    layout = paper.layout
    zoom = layout.zoom
    axes = paper.figure.add_axes(
        (
            place.x / layout.width,
            1 - (place.y + place.height) / layout.height,
            place.width / layout.width,
            place.height / layout.height,
        )
    )
    axes.set_axis_off()
    metres = _extent(axes, place, release.areas.total_bounds)
    areas = simplified(release.areas)
    for entry in entries:
        shapes = areas.loc[list(entry.keys)].geometry
        edge = _darker(entry.color) if entry.color.lower() != "#ffffff" and not entry.hatch else "#9a9a9a"
        _draw(axes, shapes, facecolor=entry.color, edgecolor=edge, linewidth=0.3, hatch=entry.hatch)
    parents = [column for column in areas.columns if column not in ("name", "geometry")]
    if parents:
        _draw(axes, areas.dissolve(by=parents[0]).geometry, facecolor="none", edgecolor="#555555", linewidth=0.8)
    for mark in marks:
        _draw_mark(axes, release, areas, mark, metres)
    if release.candidates is not None and len(release.candidates):
        _label(axes, release.candidates, metres, zoom)
    _scale_bar(axes, metres, zoom, lang)
    _north(axes, place, zoom)


def _extent(axes: Any, place: Box, bounds: np.ndarray) -> float:  # noqa: ANN401
    """Fit the areas into the place, with room for the scale bar; return the metres of one millimetre."""
    left, low, right, high = bounds
    width, height = max(right - left, 1.0), max(high - low, 1.0)
    metres = max(width * (1 + 2 * ROOM) / place.width, height * (1 + 2 * ROOM) / (place.height - BAR_ROOM))
    across, along = metres * place.width, metres * place.height
    middle = (left + right) / 2
    lower = (low + high) / 2 - (along + metres * BAR_ROOM) / 2
    axes.set_xlim(middle - across / 2, middle + across / 2)
    axes.set_ylim(lower, lower + along)
    return float(metres)


def _draw_mark(axes: Any, release: Release, areas: gpd.GeoDataFrame, mark: Entry, metres: float) -> None:  # noqa: ANN401
    if mark.mark in ("selected", "open"):
        shapes = areas.loc[list(mark.keys)].geometry
        hatch(axes, shapes, HATCH * metres)
        _draw(axes, shapes, facecolor="none", **LOOKS[mark.mark])
        points = shapes.representative_point()[shapes.area < (SMALL * metres) ** 2]
        look = {"marker": "o", "markersize": 9, "color": "none", "markeredgecolor": INK, "markeredgewidth": 1.0}
        axes.plot(points.x, points.y, linestyle="none", **look)
    elif mark.mark == "candidate" and release.candidates is not None:
        _draw(axes, release.candidates.geometry, facecolor="none", edgecolor="#ffffff", linewidth=3.6)
        _draw(axes, release.candidates.geometry, facecolor="none", **LOOKS["candidate"])
    elif mark.mark == "programme" and release.programmes is not None:
        _draw(axes, on_areas(release.programmes, areas).geometry, facecolor="none", **LOOKS["programme"])
    elif mark.mark == "facility" and release.facilities is not None:
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
                  for x, y in _places(shape, width, height)]  # fmt: skip
        free = [box for box in places if not any(box.intersects(other) for other in taken)]
        chosen = free[0] if free else min(places, key=lambda box: sum(box.intersection(other).area for other in taken))
        taken.append(chosen)
        middle = chosen.centroid
        back = {"facecolor": "#ffffff", "edgecolor": "none", "alpha": 0.85, "pad": 0.6}
        look = {"fontsize": size, "weight": "bold", "color": "#b3005e", "ha": "center", "va": "center", "zorder": 9}
        axes.text(middle.x, middle.y, words, parse_math=False, bbox=back, **look)


def _places(shape: Any, width: float, height: float) -> list[tuple[float, float]]:  # noqa: ANN401
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


def _darker(color: str) -> str:
    """Return a colour at 60 % of its lightness, for its border."""
    return "#" + "".join(f"{round(int(color[i : i + 2], 16) * 0.6):02x}" for i in (1, 3, 5))


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


def _north(axes: Any, place: Box, zoom: float) -> None:  # noqa: ANN401
    """Draw an arrow to the north of the projection in the upper right corner."""
    x, top = 1 - 5 * zoom / place.width, 1 - 1 / place.height
    tail = 1 - 12 * zoom / place.height
    arrow = {"arrowstyle": "-|>", "color": "#1a1a1a", "linewidth": 1.0, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", (x, top), (x, tail), xycoords="axes fraction", textcoords="axes fraction", arrowprops=arrow)
    axes.text(x, tail, "N", transform=axes.transAxes, fontsize=8 * zoom, weight="bold", ha="center", va="top")


Mark = Literal["fill", "selected", "open", "candidate", "programme", "facility"]

# fill and hatch of areas without a value, as on the map: every pattern differs, not the grey alone
GAP_LOOKS = {
    "missing": ("#dddddd", ""),
    "unreliable": ("#dddddd", ""),
    "not_applicable": ("#dddddd", ""),
    "excluded": ("#dddddd", "||"),
    "suppressed": ("#ffffff", "..."),
    "small": ("#ededed", "||"),
    "unknown": ("#ededed", "--"),
    "uninhabited": ("#ffffff", ""),
}


@dataclass(frozen=True)
class Entry:
    """One line of the legend, and the areas it stands for."""

    words: str
    mark: Mark = "fill"
    color: str = "#ffffff"
    hatch: str = ""
    keys: tuple[str, ...] = field(default=(), repr=False)


def class_entries(release: Release, column: ReleasedColumn, lang: Lang) -> list[Entry]:
    """Return one entry per class, from low to high, with the number of areas in brackets."""
    values = release.values[column.id]
    if column.kind == "class":
        members = [(c.label(lang), values.eq(c.id).fillna(value=False)) for c in column.classes]
    else:
        members = _ranges(values.astype(float), column, lang)
    colors = column_colors(column, len(members), first_axis=_is_first_axis(release, column))
    return [
        _entry(words, chosen, color=color, lang=lang) for (words, chosen), color in zip(members, colors, strict=True)
    ]


def _is_first_axis(release: Release, column: ReleasedColumn) -> bool:
    classes = [c.id for c in map_columns(release) if c.kind == "class"]
    return classes[:1] == [column.id]


def _ranges(values: pd.Series[float], column: ReleasedColumn, lang: Lang) -> list[tuple[str, pd.Series[bool]]]:
    """Return the ranges between the limits of the classes in words, and the areas in each."""
    known = values.dropna()
    if known.empty:
        return []
    limits = [float(known.min()), *quantile_breaks(values), float("inf")]
    members = [values.ge(lower) & values.lt(upper) for lower, upper in pairwise(limits)]
    return list(zip(class_labels(column, values, lang), members, strict=True))


def gap_entries(release: Release, column: ReleasedColumn, lang: Lang) -> list[Entry]:
    """Return one entry per reason for which areas have no value."""
    values = release.values[column.id]
    gaps = pd.Series({key: gap_kind(release, str(key), column) for key in values.index[values.isna()]}, dtype=object)
    entries = []
    for gap, name in GAPS.items():
        chosen = gaps.eq(gap)
        if chosen.any():
            color, hatch = GAP_LOOKS[gap]
            entries.append(_entry(text(name, lang), chosen, color=color, hatch=hatch, lang=lang))
    return entries


def mark_entries(release: Release, lang: Lang) -> list[Entry]:
    """Return the entries of what is drawn over the areas, where there is any."""
    entries = []
    words = text("legend_selected_context" if release.context_only else "legend_selected", lang)
    is_open = borderline(release)
    sure = release.selected & ~is_open
    if sure.any():
        entries.append(_entry(words, sure, mark="selected", hatch="/", lang=lang))
    if is_open.any():
        border = text("legend_open", lang, label=words)
        entries.append(_entry(border, is_open, mark="open", hatch="/", lang=lang))
    if release.candidates is not None and len(release.candidates):
        entries.append(Entry(f"{text('legend_candidate', lang)} ({len(release.candidates)})", "candidate"))
    for frame, mark in ((release.programmes, "programme"), (release.facilities, "facility")):
        if frame is not None and len(frame):
            words = f"{text(f'legend_{mark}', lang)} ({len(frame)})"
            entries.append(Entry(words, "programme" if mark == "programme" else "facility"))
    return entries


def borderline(release: Release) -> pd.Series[bool]:
    """Return the selected areas that are borderline: another run of chance or choices would leave them out."""
    if release.stability is None:
        return release.selected & False
    return release.selected & release.stability.table["label"].eq("borderline")


def heading(column: ReleasedColumn, lang: Lang) -> str:
    """Return the label of the column with its unit."""
    sign = unit(column, lang)
    return f"{label(column, lang)} ({sign})" if sign else label(column, lang)


def hints(release: Release, column: ReleasedColumn, lang: Lang) -> list[str]:
    """Return what helps to read the classes: which way the need index runs, the city value, what is in brackets."""
    words = [text("legend_need", lang)] if _is_first_axis(release, column) else []
    if pd.notna(column.city):
        words.append(text("legend_city", lang, value=value_text(column.city, column, lang)))
    return [*words, text("legend_areas", lang)]


def _entry(
    words: str, chosen: pd.Series[bool], *, lang: Lang, mark: Mark = "fill", color: str = "#ffffff", hatch: str = ""
) -> Entry:
    keys = tuple(map(str, chosen.index[chosen]))
    return Entry(f"{words} ({number_text(len(keys), 0, lang)})", mark, color, hatch, keys)


INK, GREY = "#1a1a1a", "#555555"
LOOKS: dict[str, dict[str, Any]] = {
    "selected": {"edgecolor": INK, "linewidth": 1.3},
    "open": {"edgecolor": INK, "linewidth": 1.3, "linestyle": (0, (3, 1.5))},
    "candidate": {"edgecolor": "#b3005e", "linewidth": 1.8},
    "programme": {"edgecolor": "#333333", "linewidth": 1.2, "linestyle": (0, (6, 2, 1, 2))},
}
FACILITY: dict[str, Any] = {
    "marker": "o",
    "markersize": 3.5,
    "color": "#ffffff",
    "markeredgecolor": INK,
    "markeredgewidth": 0.9,
    "linestyle": "none",
}
