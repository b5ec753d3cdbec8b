"""Charts of a release as plain data: what the page draws too, and what paper draws of the same numbers."""

from quartiersatlas.present.pictures.of_columns import (
    legend_histogram,
    profile_columns,
    scatter,
    second_column,
    spine_profile,
    time_line,
)
from quartiersatlas.present.pictures.of_need import burden_matrix, certainty, class_moves, contributions, rank_interval

__all__ = [
    "burden_matrix",
    "certainty",
    "class_moves",
    "contributions",
    "legend_histogram",
    "profile_columns",
    "rank_interval",
    "scatter",
    "second_column",
    "spine_profile",
    "time_line",
]
