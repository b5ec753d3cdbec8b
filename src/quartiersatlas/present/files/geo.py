"""Layers for GIS: GeoPackage, GeoJSON and GeoParquet."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from io import BytesIO
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from quartiersatlas.base.files import WRITTEN, write_text, written_whole
from quartiersatlas.errors import DependencyError, ReleaseError, list_some
from quartiersatlas.present.files.qgis import styles_table
from quartiersatlas.present.files.tables import (
    columns_table,
    full_manifest,
    json_text,
    manifest_table,
    notes_table,
    table_of,
    tables_of,
    with_notice,
)
from quartiersatlas.present.words import visible, with_visible_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release

DATE = f"{WRITTEN.isoformat(timespec='milliseconds')}Z"  # as the format has it


def write_geopackage(release: Release, path: Path, lang: Lang, manifest: Mapping[str, Any] | None) -> None:
    """Write every layer and table of a release, and the styles."""
    tables = tables_of(release, lang)
    layers = {
        **tables,
        **{
            name: with_visible_text(with_notice(frame, release, lang))
            for name, frame in (("programmes", release.programmes), ("facilities", release.facilities))
            if frame is not None and len(frame)
        },
        "columns": columns_table(release, lang, tables),
        "notes": notes_table(release, lang),
        "manifest": manifest_table(release, manifest),
    }
    about = visible("\n".join(filter(None, (release.title, release.source, release.as_of, release.comment))))
    with written_whole(path) as file:
        for name, frame in layers.items():
            _layer(frame, file, name, **({"DESCRIPTION": about} if "geometry" in frame else {}))
        styles = styles_table(release, lang, tables["areas"]).assign(update_time=pd.Timestamp(DATE))
        # as QGIS itself creates the table: through the same driver, with a key "id"
        _layer(styles, file, "layer_styles", FID="id")
        _undate(file)


def _layer(frame: pd.DataFrame, file: Path, name: str, **options: str) -> None:
    import pyogrio

    same = pd.Series(["fid", "geom", *frame.columns.drop("geometry", errors="ignore")]).astype(str)
    twice = same[same.str.lower().duplicated(keep=False)].tolist()
    if twice:
        raise ReleaseError(
            f"{file.name}: a GeoPackage does not tell small letters from capitals, and has its own 'fid' and 'geom': "
            f"{list_some(twice)} in {name!r}. Rename columns in the table before join(), or export to another format."
        )
    pyogrio.write_dataframe(frame, file, layer=name, driver="GPKG", append=file.exists(), layer_options=options)


def _undate(file: Path) -> None:
    """Take out the time of writing, and how often the driver saved, which depends on the time too."""
    undated = file.with_suffix(".undated")
    with closing(sqlite3.connect(file)) as database:
        with database:
            database.execute("UPDATE gpkg_contents SET last_change = ?", (DATE,))
        database.execute("VACUUM INTO ?", (str(undated),))  # a new file, made in one go
    undated.replace(file)


DECIMALS = 7  # of a degree: about a centimetre


def write_geojson(release: Release, path: Path, table: str, lang: Lang, manifest: Mapping[str, Any] | None) -> None:
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


def write_geoparquet(release: Release, path: Path, table: str, lang: Lang, manifest: Mapping[str, Any] | None) -> None:
    """Write one table; plain Parquet where it has no geometry."""
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise DependencyError('GeoParquet needs pyarrow: pip install "quartiersatlas[parquet]".') from error
    frame = table_of(release, table, lang)
    about = {
        "title": release.title,
        "notes": records(notes_table(release, lang)),
        "columns": records(columns_table(release, lang, {table: frame})),
        "manifest": full_manifest(release, manifest),
    }
    buffer = BytesIO()  # geopandas writes the metadata of the geometry, and takes no further ones
    frame.to_parquet(buffer, index=False)
    content = parquet.read_table(buffer)
    content = content.replace_schema_metadata({**content.schema.metadata, b"quartiersatlas": json_text(about).encode()})
    with written_whole(path) as file:
        parquet.write_table(content, file, compression="snappy")
