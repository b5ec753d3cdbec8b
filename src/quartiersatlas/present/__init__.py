"""How is it shown? Map, report and files, each made of a release and of nothing else."""

from quartiersatlas.present.export import export
from quartiersatlas.present.map import Atlas, atlas_map, choropleth
from quartiersatlas.present.report import report

__all__ = ["Atlas", "atlas_map", "choropleth", "export", "report"]
