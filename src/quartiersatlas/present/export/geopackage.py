"""GeoPackage for geographic information systems; QGIS opens its layers with the classes and colours of the map."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pandas as pd

from quartiersatlas.errors import ReleaseError, list_some
from quartiersatlas.files import written_whole
from quartiersatlas.present.export.meaning import columns_table
from quartiersatlas.present.export.qgis_styles import styles_table
from quartiersatlas.present.export.tables import manifest_table, notes_table, tables_of, with_notice
from quartiersatlas.present.plain_text import visible, with_visible_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.release import Release

WRITTEN = "2000-01-01T00:00:00.000Z"  # instead of the time of writing: the same release must give the same bytes


def write(release: Release, path: Path, lang: Lang, manifest: Mapping[str, Any] | None) -> None:
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
        styles = styles_table(release, lang, tables["areas"]).assign(update_time=pd.Timestamp(WRITTEN))
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
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE gpkg_contents SET last_change = ?", (WRITTEN,))
