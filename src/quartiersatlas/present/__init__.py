"""How is it shown? Map, sheets, profiles, report and files, each made of a release and of nothing else."""

from quartiersatlas.present.area_profile.booklet import profiles
from quartiersatlas.present.area_profile.profile import Profile, profile
from quartiersatlas.present.files.export import export
from quartiersatlas.present.map.atlas import Atlas, atlas_map, choropleth
from quartiersatlas.present.paper.sheet import Sheet, figure
from quartiersatlas.present.places import Context, FittedContext, context
from quartiersatlas.present.report import report

__all__ = [
    "Atlas",
    "Context",
    "FittedContext",
    "Profile",
    "Sheet",
    "atlas_map",
    "choropleth",
    "context",
    "export",
    "figure",
    "profile",
    "profiles",
    "report",
]
