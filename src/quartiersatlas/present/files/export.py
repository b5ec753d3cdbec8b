"""A release as files for other programs: the verb, GeoPackage, GeoJSON, GeoParquet and CSV."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from errno import EIO, ENOSPC
from io import BytesIO
from os import PathLike
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from quartiersatlas.base.checks import choice, expects, known_parameters
from quartiersatlas.base.files import WRITTEN, write_text, written_together, written_whole
from quartiersatlas.catalogue import check_lang, text
from quartiersatlas.errors import DependencyError, ReleaseError, list_some
from quartiersatlas.present.files.excel import write_excel
from quartiersatlas.present.files.fingerprint import fingerprint_of
from quartiersatlas.present.files.qgis import package_styles, styles_table
from quartiersatlas.present.files.qgis_context import context_layers
from quartiersatlas.present.files.qgis_project import project_groups, write_project
from quartiersatlas.present.files.seal import TABLE as FINGERPRINT
from quartiersatlas.present.files.seal import fingerprint_table
from quartiersatlas.present.files.tables import (
    TABLES,
    columns_table,
    full_manifest,
    json_text,
    layers_of,
    manifest_table,
    notes_table,
    table_of,
    tables_of,
)
from quartiersatlas.present.look import Look, check_look
from quartiersatlas.present.places.context import Context
from quartiersatlas.present.statements import check_release, no_formula, visible

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release
    from quartiersatlas.present.places import FittedContext

FORMATS = (".gpkg", ".parquet", ".geojson", ".xlsx", ".csv")
WHOLE = (".gpkg", ".xlsx")  # hold every table at once
LAST_CHANGE = f"{WRITTEN.isoformat(timespec='milliseconds')}Z"  # as a GeoPackage writes dates
MOST_EXACT = 2**53  # a larger number may not be whole
DECIMALS = 7  # of a degree: about a centimetre


@known_parameters
def export(
    release: Release,
    path: str | Path,
    *,
    table: Literal["areas", "candidates", "segregation", "rules", "lists", "funded", "measures", "coverage"] = "areas",
    lang: Lang = "de",
    manifest: Mapping[str, Any] | None = None,
    context: Context | None = None,
    look: Look | None = None,
    progress: bool = False,
) -> Path:
    """Write a release for other programs.

    Parameters
    ----------
    release : Release
        What leaves.
    path : str or Path
        The ending says the format:

        - ``.gpkg``: layers ``areas``, ``candidates``, ``programmes``, ``facilities``; tables ``segregation``,
          ``rules``, ``lists``, ``funded``, ``measures``, ``coverage``, ``columns``, ``notes``, ``manifest``,
          ``fingerprint``; and ``layer_styles``, from which QGIS takes one style per indicator, with the classes,
          colours and words of the map. The first one is used when the layer is opened.
        - ``.xlsx``: the notes, the selected areas as a page to read, their reasons and charts; then a sheet for each
          table, with labels in the first row and names of columns in the second.
        - ``.geojson`` (RFC 7946: degrees, WGS 84): one table; notes, columns and manifest as further members.
        - ``.parquet`` (GeoParquet, needs ``pip install "quartiersatlas[parquet]"``): one table; notes, columns and
          manifest as JSON under the key ``quartiersatlas`` of the file's metadata.
        - ``.csv``: one table; beside ``name.csv`` stand ``name.columns.csv`` (what the columns mean) and
          ``name.notes.txt`` (notes and manifest).
    table : {"areas", "candidates", "segregation", "rules", "lists", "funded", "measures", "coverage"}, default "areas"
        Which table a file of one table holds; a GeoPackage and a workbook hold all.
    lang : {"de", "en"}, default "de"
        Language of labels and notes, and of a CSV: semicolons with decimal commas, or commas with decimal points.
    manifest : mapping, optional
        Where the release comes from, as far as the caller knows: hashes of inputs, versions, seeds. The version of the
        library and the fingerprint of the need spec are added.
    context : Context, optional
        Water, green, rail, roads and names for a GeoPackage, see :func:`quartiersatlas.context`: layers
        ``uninhabited``, ``green``, ``water``, ``roads``, ``rail``, ``place_names`` with their styles, and a project of
        QGIS in which all layers lie and are grouped as on the map. QGIS finds it under the file in its browser, and its
        layers by the name of the file, which therefore stays as it is.
    look : Look, optional
        Office, contact and footer stand in the notes of every format. A workbook also has logo, accent, font and a foot
        below its pages; the styles of a GeoPackage have the accent, and the font for their labels.
    progress : bool, default False
        Show a progress bar while the rows of a workbook are written (5,000 areas: some seconds); every other format
        takes under two seconds. Needs ``pip install "quartiersatlas[progress]"``.

    Returns
    -------
    Path
        The file. It is written whole or not at all (a CSV together with the files beside it), and the same release
        gives the same bytes.

    Raises
    ------
    ReleaseError
        The ending is not known, the release has no such table, or a context is given to a file without layers.
    ArgumentError
        What is exported is no release; the message says how to get one.
    SpecError
        The table or the language is none of those above.
    InputError
        The folder is not there, or a file of that name cannot be replaced.
    DependencyError
        A workbook without XlsxWriter, GeoParquet without pyarrow, or a progress bar without tqdm.

    Notes
    -----
    Text stays text: no cell of a workbook or a CSV is read as a formula (a CSV puts an apostrophe before it), and
    characters that a file cannot hold are replaced by a visible sign.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> import shapely
    >>> import quartiersatlas as qa
    >>> shapes = [shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000)]
    >>> areas = gpd.GeoDataFrame({"name": ["A", "B"]}, index=["1", "2"], geometry=shapes, crs="EPSG:25832")
    >>> table = pd.DataFrame({"poor": [300.0, 260], "residents": [1000.0] * 2}, index=areas.index)
    >>> data = qa.add_rates(qa.join(areas, table), {"poverty": ("poor", "residents")})
    >>> with TemporaryDirectory() as folder:
    ...     _ = qa.export(qa.release(data), f"{folder}/poverty.csv", lang="en")
    ...     sorted(file.name for file in Path(folder).iterdir())
    ['poverty.columns.csv', 'poverty.csv', 'poverty.notes.txt']
    """
    check_release(release, "export")
    expects(path, (str, PathLike), "export: path", 'qa.export(rel, "atlas.gpkg")')
    expects(manifest, (Mapping, NoneType), "export: manifest", '{"inputs": {...}}, or none')
    expects(context, (Context, NoneType), "export: context", "qa.context(water=..., green=...)")
    check_look(look, "export")
    check_lang(lang)
    choice(table, TABLES, "table")
    path = Path(path)
    if path.suffix not in FORMATS:
        raise ReleaseError(f"{path.name}: releases are exported to {', '.join(FORMATS)}.")
    if path.suffix in WHOLE and table != "areas":
        raise ReleaseError(f"{path.name}: a {path.suffix} holds every table; table={table!r} is for the other formats.")
    if context is not None and path.suffix != ".gpkg":
        raise ReleaseError(f"{path.name}: water, green and roads stand in a .gpkg alone; leave context= out.")
    if path.suffix == ".xlsx":
        write_excel(release, path, lang, manifest, look=look, progress=progress)
    elif path.suffix == ".gpkg":
        fitted = None if context is None else context.fitted(release)
        _write_geopackage(release, path, lang, manifest, look or Look(), fitted)
    elif path.suffix == ".geojson":
        _write_geojson(release, path, table, lang, manifest, look)
    elif path.suffix == ".parquet":
        _write_geoparquet(release, path, table, lang, manifest, look)
    else:
        _write_csv(release, path, table, lang, manifest, look)
    return path


def _write_geopackage(
    release: Release,
    path: Path,
    lang: Lang,
    manifest: Mapping[str, Any] | None,
    look: Look,
    context: FittedContext | None,
) -> None:
    """Write every layer and table of a release, the styles, and with a context the project that puts them in order."""
    first, *others = tables_of(release, lang).items()
    # as they lie on one another: the base map above the colours, and everything else above it
    tables = dict([first, *context_layers(release, context, lang).items(), *others, *layers_of(release, lang).items()])
    meaning = columns_table(release, lang, tables)
    layers = {
        **tables,
        "columns": meaning,
        "notes": notes_table(release, lang, look),
        "manifest": manifest_table(release, manifest),
    }
    about = visible("\n".join(filter(None, (release.title, release.source, release.as_of, release.comment))))
    with written_whole(path) as file:
        for name, frame in layers.items():
            _layer(frame, file, name, **({"DESCRIPTION": about} if "geometry" in frame else {}))
        styles = package_styles(release, lang, meaning, look)
        rows = styles_table(styles).assign(update_time=pd.Timestamp(LAST_CHANGE))
        # as QGIS itself creates the table: through the same driver, with a key "id"
        _layer(rows, file, "layer_styles", FID="id")
        _layer(fingerprint_table(fingerprint_of(release, "geopackage", lang), file), file, FINGERPRINT)
        if context is not None:
            write_project(file, path.name, release, project_groups(styles, lang))
        _undate(file)


def write_layers(file: Path, layers: Mapping[str, pd.DataFrame], about: str) -> None:
    """Write layers and tables into a GeoPackage; the same content gives the same bytes."""
    for name, frame in layers.items():
        _layer(frame, file, name, **({"DESCRIPTION": visible(about)} if "geometry" in frame else {}))
    _undate(file, has_styles=False)


def _layer(frame: pd.DataFrame, file: Path, name: str, **options: str) -> None:
    import pyogrio

    same = pd.Series(["fid", "geom", *frame.columns.drop("geometry", errors="ignore")]).astype(str)
    twice = same[same.str.lower().duplicated(keep=False)].tolist()
    if twice:
        raise ReleaseError(
            f"{file.name}: a GeoPackage does not tell small letters from capitals, and has its own 'fid' and 'geom': "
            f"{list_some(twice)} in {name!r}. Rename columns in the table before join(), or export to another format."
        )
    try:
        pyogrio.write_dataframe(frame, file, layer=name, driver="GPKG", append=file.exists(), layer_options=options)
    except RuntimeError as error:  # the driver's word for everything that fails on the disk
        is_full = "disk is full" in str(error)
        raise OSError(ENOSPC if is_full else EIO, "disk full" if is_full else "the driver failed") from error
    info = pyogrio.read_info(file, layer=name, force_feature_count=True)
    if info["features"] != len(frame):  # and it does not always say it
        raise OSError(EIO, "not every row arrived")


def _undate(file: Path, *, has_styles: bool = True) -> None:
    """Take out the time of writing, and how often the driver saved, which depends on the time too."""
    undated = file.with_suffix(".undated")
    with closing(sqlite3.connect(file)) as database:
        with database:
            database.execute("UPDATE gpkg_contents SET last_change = ?", (LAST_CHANGE,))
            if has_styles:
                database.execute("UPDATE layer_styles SET update_time = ?", (LAST_CHANGE,))  # with its milliseconds
        database.execute("VACUUM INTO ?", (str(undated),))  # a new file, made in one go
    undated.replace(file)


def _write_geojson(
    release: Release, path: Path, table: str, lang: Lang, manifest: Mapping[str, Any] | None, look: Look | None
) -> None:
    """Write a feature collection, with notes, columns and manifest as further members."""
    frame = table_of(release, table, lang)
    if "geometry" not in frame:
        raise ReleaseError(f"{path.name}: the table {table!r} has no geometry; export it as .csv or .xlsx.")
    members = {
        "title": release.title,
        "notes": _json_rows(notes_table(release, lang, look)),
        "columns": _json_rows(columns_table(release, lang, {table: frame})),
        "manifest": full_manifest(release, manifest),
    }
    head = ",\n".join(f"{json_text(name)}: {json_text(value)}" for name, value in members.items())
    features = ",\n".join(json_text(feature) for feature in _features(frame))
    write_text(path, f'{{"type": "FeatureCollection",\n{head},\n"features": [\n{features}\n]}}\n')


def _json_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows for JSON: whole numbers without a decimal point, nothing where nothing is known."""
    return [{str(name): _plain(cell) for name, cell in row.items()} for row in frame.to_dict("records")]


def _plain(cell: Any) -> Any:  # noqa: ANN401 - a cell of any column
    if pd.isna(cell):
        return None
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    return cell


def _features(frame: pd.DataFrame) -> list[dict[str, Any]]:
    properties = _json_rows(pd.DataFrame(frame.drop(columns="geometry")))
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


def _write_geoparquet(
    release: Release, path: Path, table: str, lang: Lang, manifest: Mapping[str, Any] | None, look: Look | None
) -> None:
    """Write one table; plain Parquet where it has no geometry."""
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise DependencyError('GeoParquet needs pyarrow: pip install "quartiersatlas[parquet]".') from error
    frame = table_of(release, table, lang)
    about = {
        "title": release.title,
        "notes": _json_rows(notes_table(release, lang, look)),
        "columns": _json_rows(columns_table(release, lang, {table: frame})),
        "manifest": full_manifest(release, manifest),
    }
    buffer = BytesIO()  # geopandas writes the metadata of the geometry, and takes no further ones
    frame.to_parquet(buffer, index=False)
    content = parquet.read_table(buffer)
    content = content.replace_schema_metadata({**content.schema.metadata, b"quartiersatlas": json_text(about).encode()})
    with written_whole(path) as file:
        parquet.write_table(content, file, compression="snappy")


def _write_csv(
    release: Release, path: Path, table: str, lang: Lang, manifest: Mapping[str, Any] | None, look: Look | None
) -> None:
    """Write ``name.csv`` together with ``name.columns.csv`` and ``name.notes.txt``."""
    frame = table_of(release, table, lang).drop(columns="geometry", errors="ignore")
    meaning = columns_table(release, lang, {table: frame}).drop(columns="table")
    counts = meaning["column"][meaning["kind"].eq("count") | meaning["column"].eq("residents")]
    frame = frame.assign(**{name: _whole(frame[name]) for name in counts})
    with written_together([path, *sidecar_files(path)]) as (data, columns, notes):
        data.write_bytes(csv_bytes(frame, lang))
        columns.write_bytes(csv_bytes(meaning, lang))
        notes.write_bytes(_notes(release, lang, manifest, look).encode())


def sidecar_files(path: Path) -> list[Path]:
    """Return the files that stand beside a CSV."""
    return [path.with_suffix(".columns.csv"), path.with_suffix(".notes.txt")]


def csv_bytes(frame: pd.DataFrame, lang: Lang) -> bytes:
    """Write a table as spreadsheets of the language read it."""
    safe = frame.map(_safe).rename(columns=_safe)
    separator, decimal = (";", ",") if lang == "de" else (",", ".")
    content = safe.to_csv(sep=separator, decimal=decimal, index=False, lineterminator="\r\n")
    return content.encode("utf-8-sig")


def _whole(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return counts of persons without decimals: 148, not 148,0."""
    known = column.dropna()
    return column.astype("Int64") if known.eq(known.round()).all() and known.abs().lt(MOST_EXACT).all() else column


def _safe(cell: object) -> object:
    return no_formula(cell) if isinstance(cell, str) else cell


def _notes(release: Release, lang: Lang, manifest: Mapping[str, Any] | None, look: Look | None) -> str:
    notes = [
        f"{label}: {words}"
        for label, words in notes_table(release, lang, look)[["label", "text"]].itertuples(index=False)
    ]
    origin = [f"{entry}: {value}" for entry, value in manifest_table(release, manifest).itertuples(index=False)]
    return "\n".join([*notes, "", text("sheet_manifest", lang), *origin, ""])
