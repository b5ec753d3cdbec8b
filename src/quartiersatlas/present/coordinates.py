"""Layers in the coordinates of the areas."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import geopandas as gpd


def on_areas(frame: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a layer in the coordinates of the areas."""
    return frame if frame.crs is None or areas.crs is None or frame.crs == areas.crs else frame.to_crs(areas.crs)
