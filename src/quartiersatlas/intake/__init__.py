"""Is the file what it says? The one door in: tables, numbers, symbols, areas, keys and the join."""

from quartiersatlas.intake.areas import read_areas
from quartiersatlas.intake.data import AreaData
from quartiersatlas.intake.features import read_features
from quartiersatlas.intake.join import join
from quartiersatlas.intake.merging import merge_areas
from quartiersatlas.intake.queries import read_query
from quartiersatlas.intake.report import JoinReport
from quartiersatlas.intake.tables import Table, read_table
from quartiersatlas.intake.vintages import check_vintages

__all__ = [
    "AreaData",
    "JoinReport",
    "Table",
    "check_vintages",
    "join",
    "merge_areas",
    "read_areas",
    "read_features",
    "read_query",
    "read_table",
]
