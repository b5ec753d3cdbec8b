"""GeoParquet for data science: one table, with notes, columns and manifest in the metadata of the file."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from quartiersatlas.errors import DependencyError
from quartiersatlas.files import written_whole
from quartiersatlas.present.export.geojson import records
from quartiersatlas.present.export.meaning import columns_table
from quartiersatlas.present.export.tables import full_manifest, json_text, notes_table, table_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.release import Release


def write(release: Release, path: Path, table: str, lang: Lang, manifest: Mapping[str, Any] | None) -> None:
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
