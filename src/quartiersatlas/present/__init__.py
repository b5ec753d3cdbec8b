"""How is it shown? Map, sheets, profiles, report and files, each made of a release and of nothing else."""

from quartiersatlas.present.export import export
from quartiersatlas.present.figure import Sheet, figure
from quartiersatlas.present.map import Atlas, atlas_map, choropleth
from quartiersatlas.present.profile import Profile, profile
from quartiersatlas.present.report import report

__all__ = ["Atlas", "Profile", "Sheet", "atlas_map", "choropleth", "export", "figure", "profile", "report"]
