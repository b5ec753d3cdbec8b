"""Where things lie in a chart of a given size: room for the words at its sides, and the frame of its marks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quartiersatlas.charts.marks import HRule, Text, VRule
from quartiersatlas.charts.widths import text_width, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from quartiersatlas.charts.marks import Axis
    from quartiersatlas.charts.record import ChartRecord

SIZE = 8.0  # of ordinary words, in points
GAP = 4.0
ROW = SIZE + GAP
LINE = SIZE + 2  # from one line of a name to the next
MOST_LINES = 5
LEAST_PART = 3  # letters of a word on a line of their own
MOST_LEFT = 0.42  # share of the width that names at the left may take
SWATCH = 9.0


@dataclass(frozen=True)
class KeyEntry:
    """A colour and its words: the left end of the swatch and the baseline of the words, in points."""

    x: float
    y: float
    color: str
    words: str


@dataclass(frozen=True)
class Frame:
    """The rectangle of the marks, in points from the upper left corner, and what stands above it."""

    left: float
    top: float
    width: float
    height: float
    right: float
    x: Axis
    y: Axis
    key: tuple[KeyEntry, ...] = ()
    label_at: float = 0.0
    names: tuple[tuple[str, ...], ...] = ()  # below it, each in its lines
    aside: bool = False  # words stand above its corner: those of upright lines make room

    def px(self, value: float) -> float:
        """Return the place of an x value."""
        return self.left + self.width * self.x.place(value)

    def py(self, value: float) -> float:
        """Return the place of a y value; high values are above."""
        return self.top + self.height * (1 - self.y.place(value))

    def along(self, rule: HRule, dots: Sequence[tuple[float, float]]) -> tuple[float, float]:
        """Return left end and baseline of the words of a level line, where they cover fewest dots."""
        wide, y = text_width(rule.text, SIZE), self.py(rule.y)
        ends = self.left + self.width - wide, self.left + 2
        places = [(x, y + down) for down in (-3, SIZE + 1) for x in ends]

        def covered(place: tuple[float, float]) -> int:
            x, base = place
            return sum(x - 5 < a < x + wide + 5 and base - SIZE - 3 < b < base + 4 for a, b in dots)

        return min(places, key=covered)

    def beside(self, rule: VRule) -> float:
        """Return the middle of the words of an upright line, moved so far that they stay within the picture."""
        half = text_width(rule.text, SIZE) / 2
        if self.aside and self.px(rule.x) > 2 * half:
            return self.px(rule.x) - half
        lowest, highest = half + 2, self.left + self.width + self.right - half - 2
        return min(max(self.px(rule.x), lowest), max(highest, lowest))


def frame_of(chart: ChartRecord, width: float, height: float, wider: float = 1.0) -> Frame:
    """Return the frame of a chart on a page of this size; names at the left may be set so many times wider."""
    x, y = chart.x, chart.y
    names = y.bands or tuple(words for _, words in y.ticks)
    room = min(wider * _widest(names) + GAP + 2, MOST_LEFT * width) if y.show and names else 2 * GAP
    left, right = max(room, _beyond(chart, width, first=True)), _right(chart, width)
    key = _key(chart.key, width)
    top = (key[-1].y + GAP if key else 0.0) + GAP
    label_at = top + SIZE - 1
    top += ROW if y.show and y.label else 0.0
    top += ROW if any(isinstance(mark, VRule) and mark.text for mark in chart.marks) else 0.0
    wide = max(width - left - right, 20.0)
    under = _names_below(x.bands, wide / len(x.bands), (left, right)) if x.show and x.bands else ()
    high = max(height - top - room_below(x, under), 20.0)
    above = [mark for mark in chart.marks if isinstance(mark, Text) and mark.dy < 0 and chart.y.place(mark.y) >= 1]
    return Frame(left, top, wide, high, right, x, y, key, label_at, under, bool(above))


def room_below(x: Axis, names: tuple[tuple[str, ...], ...] = ()) -> float:
    """Return the height of the ticks, or of names in their lines, and the label of an x axis."""
    more = LINE * (max(map(len, names), default=1) - 1)
    return more + (ROW if x.show and (x.ticks or x.bands) else GAP) + (ROW + 2 if x.show and x.label else 0.0)


def _names_below(bands: tuple[str, ...], step: float, sides: tuple[float, float]) -> tuple[tuple[str, ...], ...]:
    """Return names in lines as wide as their columns; on one line where narrower names beside it leave it the room."""
    wide = [text_width(name, SIZE) for name in bands]
    found = []
    for column, name in enumerate(bands):
        # what the neighbours leave, at the ends what lies beside the frame; the same at both sides
        before = step - (wide[column - 1] + GAP) / 2 if column else sides[0] + step / 2
        after = step - (wide[column + 1] + GAP) / 2 if column < len(bands) - 1 else sides[1] + step / 2
        alone = wide[column] <= max(step - GAP, 2 * min(before, after))
        found.append((name,) if alone else tuple(wrapped(_divided(name, step - GAP), step - GAP, SIZE, MOST_LINES)))
    return tuple(found)


def _divided(name: str, width: float) -> str:
    """Return a name whose long words are divided to fit a width, after the s between parts of a German word if so."""
    parts = []
    for word in name.split():
        rest = word
        while text_width(rest, SIZE) > width and len(rest) > 2 * LEAST_PART:
            fits = next(n for n in range(len(rest), 0, -1) if n == 1 or text_width(f"{rest[:n]}-", SIZE) <= width)
            fits = max(LEAST_PART, min(fits, len(rest) - LEAST_PART))
            joint = rest.rfind("s", 2 * fits // 3, fits) + 1
            parts.append(f"{rest[: joint or fits]}-")
            rest = rest[joint or fits :]
        parts.append(rest)
    return " ".join(parts)


def _beyond(chart: ChartRecord, width: float, *, first: bool) -> float:
    """Return how far the words of the first or the last tick stand out of the frame."""
    if not (chart.x.show and chart.x.ticks):
        return 0.0
    value, words = chart.x.ticks[0 if first else -1]
    place = chart.x.place(value) if first else 1 - chart.x.place(value)
    return text_width(words, SIZE) / 2 - 0.75 * width * max(place, 0.0)  # the frame is about that wide


def _right(chart: ChartRecord, width: float) -> float:
    """Return the room at the right: for the words of rows, for words that start at the end, for the last tick."""
    ends = [
        mark.dx + text_width(mark.text, mark.size, bold=mark.bold)
        for mark in chart.marks
        if isinstance(mark, Text) and mark.anchor == "start" and chart.x.place(mark.x) >= 1
    ]
    words = _widest(chart.right) + GAP if chart.right else 0.0
    return max([words, *ends, _beyond(chart, width, first=False), GAP]) + GAP


def _widest(words: Iterable[str]) -> float:
    return max((text_width(one, SIZE) for one in words), default=0.0)


def _key(entries: Iterable[tuple[str, str]], width: float) -> tuple[KeyEntry, ...]:
    """Set the entries of a key one after the other, in as many rows as they need."""
    placed: list[KeyEntry] = []
    x, y = 2.0, SIZE + 1
    for color, words in entries:
        wide = SWATCH + GAP + text_width(words, SIZE)
        if placed and x + wide > width - 2:
            x, y = 2.0, y + ROW
        placed.append(KeyEntry(x, y, color, words))
        x += wide + 3 * GAP
    return tuple(placed)
