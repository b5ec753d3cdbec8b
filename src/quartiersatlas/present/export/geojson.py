"""GeoJSON as RFC 7946 has it: degrees of WGS 84, longitude first, outer rings to the left, no system of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from quartiersatlas.errors import ReleaseError
from quartiersatlas.files import write_text
from quartiersatlas.present.export.meaning import columns_table
from quartiersatlas.present.export.tables import full_manifest, json_text, notes_table, table_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.release import Release

DECIMALS = 7  # of a degree: about a centimetre


def write(release: Release, path: Path, table: str, lang: Lang, manifest: Mapping[str, Any] | None) -> None:
    """Write a feature collection, with notes, columns and manifest as further members."""
    frame = table_of(release, table, lang)
    if "geometry" not in frame:
        raise ReleaseError(f"{path.name}: the table {table!r} has no geometry; export it as .csv or .xlsx.")
    members = {
        "title": release.title,
        "notes": records(notes_table(release, lang)),
        "columns": records(columns_table(release, lang, {table: frame})),
        "manifest": full_manifest(release, manifest),
    }
    head = ",\n".join(f"{json_text(name)}: {json_text(value)}" for name, value in members.items())
    features = ",\n".join(json_text(feature) for feature in _features(frame))
    write_text(path, f'{{"type": "FeatureCollection",\n{head},\n"features": [\n{features}\n]}}\n')


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows for JSON: whole numbers without a decimal point, nothing where nothing is known."""
    return [{str(name): _plain(cell) for name, cell in row.items()} for row in frame.to_dict("records")]


def _plain(cell: Any) -> Any:  # noqa: ANN401 - a cell of any column
    if pd.isna(cell):
        return None
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    return cell


def _features(frame: pd.DataFrame) -> list[dict[str, Any]]:
    properties = records(pd.DataFrame(frame.drop(columns="geometry")))
    outlines = [shapely.geometry.mapping(shape) for shape in _degrees(gpd.GeoDataFrame(frame).geometry)]
    keys = frame.iloc[:, 0]
    return [
        {"type": "Feature", "id": key, "properties": row, "geometry": outline}
        for key, row, outline in zip(keys, properties, outlines, strict=True)
    ]


def _degrees(shapes: gpd.GeoSeries) -> Any:  # noqa: ANN401 - an array of outlines
    """Return outlines in rounded degrees; shared borders stay shared, since each point is rounded by itself."""
    flat = shapely.force_2d(shapes.to_crs("EPSG:4326").to_numpy())
    rounded = shapely.transform(flat, lambda points: np.round(points, DECIMALS))
    return shapely.orient_polygons(rounded, exterior_cw=False)
