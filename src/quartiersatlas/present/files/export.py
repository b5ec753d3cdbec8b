"""Files for other programs: GeoPackage, GeoParquet, GeoJSON, Excel and CSV."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from quartiersatlas.catalogue import check_lang
from quartiersatlas.errors import ReleaseError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release

FORMATS = (".gpkg", ".parquet", ".geojson", ".xlsx", ".csv")
WHOLE = (".gpkg", ".xlsx")  # hold every table at once


def export(
    release: Release,
    path: str | Path,
    *,
    table: Literal["areas", "candidates", "segregation"] = "areas",
    lang: Lang = "de",
    manifest: Mapping[str, Any] | None = None,
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
          ``columns``, ``notes``, ``manifest``; and ``layer_styles``, from which QGIS takes one style per indicator,
          with the classes, colours and words of the map. The first one is used when the layer is opened.
        - ``.xlsx``: a sheet for each table, the notes first; labels in the first row, names of columns in the second.
        - ``.geojson`` (RFC 7946: degrees, WGS 84): one table; notes, columns and manifest as further members.
        - ``.parquet`` (GeoParquet, needs ``pip install "quartiersatlas[parquet]"``): one table; notes, columns and
          manifest as JSON under the key ``quartiersatlas`` of the file's metadata.
        - ``.csv``: one table; beside ``name.csv`` stand ``name.columns.csv`` (what the columns mean) and
          ``name.notes.txt`` (notes and manifest).
    table : {"areas", "candidates", "segregation"}, default "areas"
        Which table a file of one table holds; a GeoPackage and a workbook hold all.
    lang : {"de", "en"}, default "de"
        Language of labels and notes, and of the numbers of a CSV: decimal comma or point, both with semicolons.
    manifest : mapping, optional
        Where the release comes from, as far as the caller knows: hashes of inputs, versions, seeds. The version of the
        library and the fingerprint of the need spec are added.
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
        The ending is not known, or the release has no such table.
    InputError
        The folder is not there, or a file of that name cannot be replaced.
    DependencyError
        A workbook without openpyxl, GeoParquet without pyarrow, or a progress bar without tqdm.

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
    path = Path(path)
    check_lang(lang)
    if path.suffix not in FORMATS:
        raise ReleaseError(f"{path.name}: releases are exported to {', '.join(FORMATS)}.")
    if path.suffix in WHOLE and table != "areas":
        raise ReleaseError(f"{path.name}: a {path.suffix} holds every table; table={table!r} is for the other formats.")
    if path.suffix == ".xlsx":
        from quartiersatlas.present.files.excel import write_excel

        write_excel(release, path, lang, manifest, progress=progress)
    elif path.suffix == ".gpkg":
        from quartiersatlas.present.files.geo import write_geopackage

        write_geopackage(release, path, lang, manifest)
    elif path.suffix == ".geojson":
        from quartiersatlas.present.files.geo import write_geojson

        write_geojson(release, path, table, lang, manifest)
    elif path.suffix == ".parquet":
        from quartiersatlas.present.files.geo import write_geoparquet

        write_geoparquet(release, path, table, lang, manifest)
    else:
        from quartiersatlas.present.files.tables import write_csv

        write_csv(release, path, table, lang, manifest)
    return path
