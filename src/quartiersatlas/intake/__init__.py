"""Is the file what it says? The one door in: tables, numbers, symbols, areas, keys and the join."""

from quartiersatlas.intake.areas.points import read_points
from quartiersatlas.intake.areas.read import merge_areas, read_areas, read_features
from quartiersatlas.intake.joining.data import AreaData
from quartiersatlas.intake.joining.join import check_vintages, join
from quartiersatlas.intake.joining.join_report import JoinReport
from quartiersatlas.intake.joining.split import split
from quartiersatlas.intake.joining.sums import sum_columns
from quartiersatlas.intake.tables.queries import read_query
from quartiersatlas.intake.tables.read import Table, read_table

__all__ = [
    "AreaData",
    "JoinReport",
    "Table",
    "check_vintages",
    "join",
    "merge_areas",
    "read_areas",
    "read_features",
    "read_points",
    "read_query",
    "read_table",
    "split",
    "sum_columns",
]
