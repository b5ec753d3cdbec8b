"""What a picture is, whatever it shows: axes, marks, a sentence, a table; drawn as SVG or on matplotlib Axes."""

from quartiersatlas.charts.chart import Chart, Charted, figure_html
from quartiersatlas.charts.marks import Axis, Bar, Dot, HRule, Line, Strip, Text, VRule, axis, count_axis, spread, ticks
from quartiersatlas.charts.on_axes import chart_png, draw
from quartiersatlas.charts.svg import chart_svg

__all__ = [
    "Axis",
    "Bar",
    "Chart",
    "Charted",
    "Dot",
    "HRule",
    "Line",
    "Strip",
    "Text",
    "VRule",
    "axis",
    "chart_png",
    "chart_svg",
    "count_axis",
    "draw",
    "figure_html",
    "spread",
    "ticks",
]
