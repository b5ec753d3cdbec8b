"""Charts of indicators as plain data: distribution, course over time, two indicators, an area beside its city, ages."""

from quartiersatlas.indicators.pictures.distribution import Classes, Measure, histogram_chart
from quartiersatlas.indicators.pictures.gaps import GapRow, dumbbell_chart, gap_lines_chart
from quartiersatlas.indicators.pictures.pyramid import Ages, age_pyramid_chart
from quartiersatlas.indicators.pictures.scatter import Marked, scatter_chart
from quartiersatlas.indicators.pictures.spine import SpineRow, spine_chart
from quartiersatlas.indicators.pictures.time_line import time_line_chart

__all__ = [
    "Ages",
    "Classes",
    "GapRow",
    "Marked",
    "Measure",
    "SpineRow",
    "age_pyramid_chart",
    "dumbbell_chart",
    "gap_lines_chart",
    "histogram_chart",
    "scatter_chart",
    "spine_chart",
    "time_line_chart",
]
