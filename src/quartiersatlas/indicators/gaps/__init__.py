"""How the situation of a group differs from that of the others: counts, intervals, where from, what changed."""

from quartiersatlas.indicators.gaps.gap import GroupGap, group_gap
from quartiersatlas.indicators.gaps.tables import ReferenceGroup, area_table

__all__ = ["GroupGap", "ReferenceGroup", "area_table", "group_gap"]
