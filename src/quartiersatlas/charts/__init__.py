"""What a picture is, whatever it shows: axes, marks, a sentence, a table; drawn as SVG or on matplotlib Axes."""

from quartiersatlas.charts.chart import Axis, Bar, Chart, Dot, HRule, Line, Strip, Text, VRule, axis, ticks
from quartiersatlas.charts.on_axes import draw
from quartiersatlas.charts.svg import chart_svg

__all__ = [
    "Axis",
    "Bar",
    "Chart",
    "Dot",
    "HRule",
    "Line",
    "Strip",
    "Text",
    "VRule",
    "axis",
    "chart_svg",
    "draw",
    "ticks",
]
