"""The map: one offline page, one geometry, all indicators."""

from quartiersatlas.present.map.atlas import Atlas, AtlasLayer, atlas_map, choropleth

__all__ = ["Atlas", "AtlasLayer", "atlas_map", "choropleth"]
