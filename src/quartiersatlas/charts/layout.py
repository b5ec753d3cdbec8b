"""Where things lie in a chart of a given size: room for the words at its sides, and the frame of its marks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quartiersatlas.charts.widths import text_width

if TYPE_CHECKING:
    from quartiersatlas.charts.chart import Axis, Chart

SIZE = 8.0  # of ordinary words, in points
GAP = 4.0
MOST_LEFT = 0.42  # share of the width that names at the left may take


@dataclass(frozen=True)
class Frame:
    """The rectangle of the marks, in points from the upper left corner."""

    left: float
    top: float
    width: float
    height: float
    x: Axis
    y: Axis

    def px(self, value: float) -> float:
        """Return the place of an x value."""
        return self.left + self.width * self.x.place(value)

    def py(self, value: float) -> float:
        """Return the place of a y value; high values are above."""
        return self.top + self.height * (1 - self.y.place(value))


def frame_of(chart: Chart, width: float, height: float) -> Frame:
    """Return the frame of a chart on a page of this size."""
    names = chart.y.bands or tuple(words for _, words in chart.y.ticks)
    shown = chart.y.show and names
    left = min(max(text_width(words, SIZE) for words in names) + GAP, MOST_LEFT * width) if shown else 2 * GAP
    right = max((text_width(words, SIZE) for words in chart.right), default=2 * GAP) + GAP
    top = SIZE + 2 * GAP if chart.y.label or any(getattr(mark, "text", "") for mark in chart.marks) else GAP
    bottom = (SIZE + GAP if chart.x.show and (chart.x.ticks or chart.x.bands) else GAP) + (
        SIZE + GAP if chart.x.show and chart.x.label else 0.0
    )
    return Frame(left, top, max(width - left - right, 20.0), max(height - top - bottom, 20.0), chart.x, chart.y)
