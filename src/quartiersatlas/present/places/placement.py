"""Where names stand on a map so that none covers another: the same steps as ``labels.js`` takes in the page."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from quartiersatlas.charts.widths import text_width

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from quartiersatlas.present.places.anchors import PlaceName

    Box = tuple[float, float, float, float]
    Point = tuple[float, float]
    Spot = tuple[float, float, float]  # centre and angle in degrees, clockwise as y grows downwards

GAP = 0.25  # of a line: around every name
AREA_ROOM = 0.92  # of the width of an area: wider names are left out
SURFACE_ROOM = 2.0  # of the width of a park or lake, over whose edge its name may run
DISTRICT_ROOM = 1.3  # of the width of a district: the first form that is no wider is tried first
SMALLER = 0.8
APART = 33.0  # times the size of the letters from one name along a line to the next: 400 px at 12 px
STRAIGHT = 0.97  # of its length: how far the ends of a stretch are apart on which a name stands
STEPS = 4  # stretches are looked for at every fourth of a word
MOST = 400
MIDDLE: tuple[Point, ...] = ((0, 0), (0, -0.8), (0, 0.8))
SURFACE, AROUND_A_POINT = "surface", "point"
HIGH: tuple[Point, ...] = (*MIDDLE, (0, -1.8), (0, 1.8))
WIDELY: tuple[Point, ...] = (
    *HIGH,
    *((side, line) for line in (0, -0.8, 0.8) for side in (-0.35, 0.35)),
)
GRID = 5  # places across and down a district, where none of the others is free


@dataclass(frozen=True)
class Letters:
    """How the names of a kind are written on paper.

    Parameters
    ----------
    size : float
        Of the letters in points.
    bold, italic, capitals : bool
        What they look like.
    spacing : float
        Between letters, as a part of their size.
    """

    size: float
    bold: bool = False
    italic: bool = False
    capitals: bool = False
    spacing: float = 0.0


LETTERS: Mapping[str, Letters] = {
    "district": Letters(7.0, bold=True, capitals=True, spacing=0.08),
    "place": Letters(6.5, bold=True),
    "station": Letters(6.0, bold=True),
    "water": Letters(6.5, italic=True),
    "green": Letters(6.0, italic=True),
    "road": Letters(5.5),
    "area": Letters(5.5),
}
POINT = 25.4 / 72  # millimetres


@dataclass(frozen=True)
class MapFrame:
    """The part of the city that a map on paper shows.

    Parameters
    ----------
    left, top : float
        The upper left corner in metres, in the coordinates of the areas.
    width, height : float
        Of the map in millimetres.
    metres : float
        Metres of one millimetre.
    """

    left: float
    top: float
    width: float
    height: float
    metres: float

    def at(self, x: float, y: float) -> Point:
        """Return a place in millimetres from the upper left corner, downwards."""
        return (x - self.left) / self.metres, (self.top - y) / self.metres


@dataclass(frozen=True)
class Form:
    """One way to write a name: its lines, and how large they are together.

    Parameters
    ----------
    lines : tuple of str
        One, or two from a hyphen or blank on.
    width, height : float
        Of all lines.
    scale : float
        Of the letters.
    """

    lines: tuple[str, ...]
    width: float
    height: float
    scale: float = 1.0


@dataclass(frozen=True)
class Label:
    """A name that asks for a place, in the units of the map (millimetres, pixels), y downwards.

    Parameters
    ----------
    forms : tuple of Form
        Ways to write it, the best first.
    x, y : float
        Its anchor.
    rank : float
        The higher, the earlier.
    way : {"area", "surface", "point", "district", "line"}
        How places are looked for.
    box : tuple of float, optional
        Left, upper, right and lower end of what bears the name.
    line : tuple of (float, float), optional
        The course along which it is written.
    was_there : bool
        It stood on the map before and comes first among those of its rank.
    """

    forms: tuple[Form, ...]
    x: float
    y: float
    rank: float
    way: str
    box: Box | None = None
    line: tuple[Point, ...] | None = None
    was_there: bool = False


@dataclass(frozen=True)
class PlacedLabel:
    """A name in its place.

    Parameters
    ----------
    label : int
        Position among the labels.
    form : Form
        How it is written.
    x, y : float
        Its centre.
    angle : float
        In degrees, clockwise.
    """

    label: int
    form: Form
    x: float
    y: float
    angle: float = 0.0


@dataclass(frozen=True)
class PlacedName:
    """A name in its place on paper.

    Parameters
    ----------
    name : PlaceName
        What is written.
    lines : tuple of str
        Its lines, in capitals where its kind is written so.
    x, y : float
        Its centre in millimetres from the upper left corner.
    width, height : float
        In millimetres.
    letters : Letters
        How it is written, with the size in points that it has here.
    angle : float
        In degrees, clockwise.
    dot : tuple of float, optional
        Where a point of this name is marked, in millimetres.
    """

    name: PlaceName
    lines: tuple[str, ...]
    x: float
    y: float
    width: float
    height: float
    letters: Letters
    angle: float = 0.0
    dot: Point | None = None


def place_names(
    names: Sequence[PlaceName],
    frame: MapFrame,
    *,
    taken: Iterable[Box] = (),
    marks: Iterable[Box] = (),
    zoom: float = 1.0,
    measure: Callable[[str, Letters], float] | None = None,
) -> tuple[PlacedName, ...]:
    """Place names on a map on paper.

    Parameters
    ----------
    names : sequence of PlaceName
        Those of the release and of the context.
    frame : MapFrame
        What the map shows.
    taken : iterable of tuple of float
        Boxes on which no name may stand: left, upper, right and lower end in millimetres from the upper left corner.
    marks : iterable of tuple of float
        Boxes on which no name but that of a district may stand, such as facilities.
    zoom : float, default 1
        Of all letters.
    measure : callable, optional
        Words and letters -> width in points; that of the font of the sheets, if not given.

    Returns
    -------
    tuple of PlacedName
        Those that have a place, in the order in which they were placed.
    """
    width_of = measure or _width
    labels = [_label(name, frame, zoom, width_of) for name in names]
    found = []
    for placed in place(labels, frame.width, frame.height, taken, marks=marks, cell=12.0):
        name, label = names[placed.label], labels[placed.label]
        look = LETTERS[name.kind]
        letters = Letters(look.size * zoom * placed.form.scale, look.bold, look.italic, look.capitals, look.spacing)
        dot = (label.x, label.y) if label.way == AROUND_A_POINT else None
        form = placed.form
        found.append(
            PlacedName(name, form.lines, placed.x, placed.y, form.width, form.height, letters, placed.angle, dot)
        )
    return tuple(found)


def _width(words: str, letters: Letters) -> float:
    return text_width(words, letters.size, bold=letters.bold) + len(words) * letters.spacing * letters.size


def _label(name: PlaceName, frame: MapFrame, zoom: float, width_of: Callable[[str, Letters], float]) -> Label:
    """Return a name as it asks for a place on paper."""
    look = LETTERS[name.kind]
    words = name.text.upper() if look.capitals else name.text

    def measured(lines: tuple[str, ...]) -> float:
        return max(width_of(line, look) for line in lines) * zoom * POINT

    forms = forms_of(words, name.kind, look.size * zoom * POINT, measured)
    x, y = frame.at(name.x, name.y)
    box = None
    if name.bounds is not None:
        left, low, right, high = name.bounds
        box = (*frame.at(left, high), *frame.at(right, low))
    line = tuple(frame.at(*point) for point in name.line) if name.line else None
    return Label(forms, x, y, name.rank, way_of(name), box, line)


def way_of(name: PlaceName) -> str:
    """Return how places are looked for."""
    if name.line:
        return "line"
    if name.kind == "district":
        return "district"
    if name.kind == "area":
        return "area"
    return SURFACE if name.bounds is not None else AROUND_A_POINT


def forms_of(words: str, kind: str, size: float, measured: Callable[[tuple[str, ...]], float]) -> tuple[Form, ...]:
    """Return the ways to write a name: districts in one line, in two, and both smaller; everything else in one."""
    line = 1.2 * size
    forms = [Form((words,), measured((words,)), line)]
    if kind == "district":
        halves = two_lines(words)
        if halves:
            forms.append(Form(halves, measured(halves), 2 * line))
        forms += [Form(form.lines, form.width * SMALLER, form.height * SMALLER, SMALLER) for form in tuple(forms)]
    return tuple(forms)


def two_lines(words: str) -> tuple[str, str] | None:
    """Return the two lines of a name, cut at the hyphen or blank nearest to its middle.

    Examples
    --------
    >>> two_lines("Marzahn-Hellersdorf"), two_lines("Bad Cannstatt"), two_lines("Mitte")
    (('Marzahn-', 'Hellersdorf'), ('Bad', 'Cannstatt'), None)
    """
    cuts = [i + 1 for i, letter in enumerate(words) if letter in "- " and 0 < i < len(words) - 1]
    if not cuts:
        return None
    cut = min(cuts, key=lambda at: abs(at - len(words) / 2))
    return words[:cut].strip(), words[cut:].strip()


def place(
    labels: Sequence[Label],
    width: float,
    height: float,
    taken: Iterable[Box] = (),
    *,
    marks: Iterable[Box] = (),
    cell: float = 48.0,
) -> list[PlacedLabel]:
    """Place labels in the order of their rank, each at the first of its places that is free.

    Parameters
    ----------
    labels : sequence of Label
        Names with their anchors in the units of the map.
    width, height : float
        Of the map.
    taken : iterable of tuple of float
        Left, upper, right and lower ends of boxes that are not free.
    marks : iterable of tuple of float
        Boxes that are not free for any but districts, which always appear.
    cell : float, default 48
        Side of the cells in which boxes are looked up.

    Returns
    -------
    list of PlacedLabel
        At most 400, the highest ranks first.
    """
    free = _Free(width, height, cell, taken)
    found: list[PlacedLabel] = []
    order = sorted(range(len(labels)), key=lambda i: (-labels[i].rank, not labels[i].was_there, i))
    for number in order:
        label = labels[number]
        if len(found) >= MOST:
            break
        if label.way != "district":
            free.add_all(marks)
            marks = ()
        if label.way == "line":
            found += _along(number, label, free)
            continue
        if not (0 <= label.x <= width and 0 <= label.y <= height):
            continue
        spot = next((spot for spot in _tries(label) if free.takes(spot[0], spot[1:])), None)
        if spot is not None:
            form, x, y, angle = spot
            found.append(PlacedLabel(number, form, x, y, angle))
    return found[:MOST]


def _tries(label: Label) -> Iterator[tuple[Form, float, float, float]]:
    """Yield the places of a label, the best first."""
    if label.way == "district":
        yield from _of_district(label)
        return
    form = label.forms[0]
    if label.way == AROUND_A_POINT:
        gap = GAP * form.height
        beside, above = form.width / 2 + 2 * gap, form.height / 2 + 2 * gap
        corners = [(x, y) for x in (beside, -beside) for y in (-above, above)]
        for x, y in ((beside, 0.0), (-beside, 0.0), (0.0, -above), (0.0, above), *corners):
            yield form, label.x + x, label.y + y, 0.0
    elif form.width <= (SURFACE_ROOM if label.way == SURFACE else AREA_ROOM) * _room(label):
        for _, down in HIGH if label.way == SURFACE else MIDDLE:
            yield form, label.x, label.y + down * form.height, 0.0


def _of_district(label: Label) -> Iterator[tuple[Form, float, float, float]]:
    """Yield the places of a district: each form widely around the anchor, then the narrowest all over the district.

    Those near the anchor come first: what bounds a district holds parts of its neighbours too.
    """
    widest = DISTRICT_ROOM * _room(label)
    others = sorted((form for form in label.forms if form.width > widest), key=lambda form: form.width)
    forms = [*(form for form in label.forms if form.width <= widest), *others]
    for form in forms:
        line = form.height / len(form.lines)
        for side, down in WIDELY:
            yield form, label.x + side * form.width, label.y + down * line, 0.0
    if label.box:
        left, top, right, low = label.box
        steps = [(number + 0.5) / GRID for number in range(GRID)]
        places = [(left + (right - left) * across, top + (low - top) * down) for down in steps for across in steps]
        for x, y in sorted(places, key=lambda place: (place[0] - label.x) ** 2 + (place[1] - label.y) ** 2):
            yield forms[-1], x, y, 0.0


def _room(label: Label) -> float:
    return label.box[2] - label.box[0] if label.box else math.inf


def _along(number: int, label: Label, free: _Free) -> list[PlacedLabel]:
    """Place a name along its line, again and again at a distance."""
    form = label.forms[0]
    line = label.line or ()
    spots = straight_spots(line, form.width, APART * form.height / 1.2)
    return [PlacedLabel(number, form, *spot) for spot in spots if free.takes(form, spot)]


def straight_spots(line: Sequence[Point], width: float, apart: float) -> list[Spot]:
    """Return where a word stands along a line: in each stretch of a length, where it is straightest.

    Parameters
    ----------
    line : sequence of (float, float)
        Corners.
    width : float
        Of the word.
    apart : float
        Length of the stretches that get a word each.

    Returns
    -------
    list of (float, float, float)
        Centre and angle in degrees, upright.
    """
    along = [0.0]
    for (x, y), (x1, y1) in pairwise(line):
        along.append(along[-1] + math.hypot(x1 - x, y1 - y))
    total = along[-1]
    if width <= 0 or total < width:
        return []
    n_words = max(1, math.floor(total / max(apart, width)))
    step, found = width / STEPS, []
    for word in range(n_words):
        begin, end = total * word / n_words, total * (word + 1) / n_words - width
        best, spot = STRAIGHT, None
        for k in range(max(0, math.floor((end - begin) / step)) + 1):
            start = begin + k * step
            (x, y), (x1, y1) = point_along(line, along, start), point_along(line, along, start + width)
            straight = math.hypot(x1 - x, y1 - y) / width
            if straight > best + 1e-9:
                turn = math.degrees(math.atan2(y1 - y, x1 - x))
                turn += -180 if turn > 90 else 180 if turn <= -90 else 0  # noqa: PLR2004
                best, spot = straight, ((x + x1) / 2, (y + y1) / 2, turn)
        if spot:
            found.append(spot)
    return found


def point_along(line: Sequence[Point], along: Sequence[float], at: float) -> Point:
    """Return the point of a line at a length from its start."""
    low, high = 0, len(along) - 2
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if along[middle] <= at else (low, middle - 1)
    length = along[low + 1] - along[low]
    share = min(1.0, (at - along[low]) / length) if length else 0.0
    (x, y), (x1, y1) = line[low], line[low + 1]
    return x + share * (x1 - x), y + share * (y1 - y)


def boxes_of(form: Form, spot: Spot) -> list[Box]:
    """Return the boxes that a name covers: one, or a row of small ones where it is turned."""
    x, y, angle = spot
    gap = GAP * form.height / len(form.lines)
    if not angle:
        half, high = form.width / 2 + gap, form.height / 2 + gap / 2
        return [(x - half, y - high, x + half, y + high)]
    n_boxes = max(1, math.ceil(form.width / form.height))
    reach, cos, sin = form.height / 2 + gap, math.cos(math.radians(angle)), math.sin(math.radians(angle))
    offsets = [form.width * ((k + 0.5) / n_boxes - 0.5) for k in range(n_boxes)]
    return [(x + d * cos - reach, y + d * sin - reach, x + d * cos + reach, y + d * sin + reach) for d in offsets]


class _Free:
    """What is free of a map: boxes in the cells that they touch."""

    def __init__(self, width: float, height: float, cell: float, taken: Iterable[Box]) -> None:
        self.width, self.height, self.cell = width, height, cell
        self.cells: dict[tuple[int, int], list[Box]] = defaultdict(list)
        self.add_all(taken)

    def add_all(self, boxes: Iterable[Box]) -> None:
        """Take boxes, whatever is there."""
        for box in boxes:
            for cell in self._cells(box):
                self.cells[cell].append(box)

    def takes(self, form: Form, spot: Spot) -> bool:
        """Take the boxes of a name, if all of them are free and on the map."""
        boxes = boxes_of(form, spot)
        if not all(self._is_free(box) for box in boxes):
            return False
        self.add_all(boxes)
        return True

    def _is_free(self, box: Box) -> bool:
        left, top, right, low = box
        if left < 0 or top < 0 or right > self.width or low > self.height:
            return False
        return not any(
            left < r and l < right and top < b and t < low
            for cell in self._cells(box)
            for l, t, r, b in self.cells.get(cell, ())  # noqa: E741
        )

    def _cells(self, box: Box) -> Iterator[tuple[int, int]]:
        left, top, right, low = (math.floor(side / self.cell) for side in box)
        for column in range(max(left, 0), min(right, math.floor(self.width / self.cell)) + 1):
            for row in range(max(top, 0), min(low, math.floor(self.height / self.cell)) + 1):
                yield column, row
