"""Which reader a table file needs: its content decides, its name is believed where the content leaves it open."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from quartiersatlas.base.checks import existing_file, is_folder
from quartiersatlas.errors import InputError
from quartiersatlas.intake.files.archives import GEOMETRY, TABLES, decompressed, unpacked
from quartiersatlas.intake.files.contents import Contents, refuse_stand_ins, refused, what_it_is
from quartiersatlas.intake.files.layers import FOLDERS
from quartiersatlas.intake.tables.pages import read_page
from quartiersatlas.intake.tables.rows import without_records
from quartiersatlas.intake.tables.services import read_json
from quartiersatlas.intake.tables.sources import read_dbf, read_layer, read_parquet
from quartiersatlas.intake.tables.text_files import read_text_file
from quartiersatlas.intake.tables.workbooks.sheets import read_sheet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quartiersatlas.intake.tables.values.cells import RawTable

WORKBOOKS = {".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"}
TEXT_FILES = {".csv", ".txt", ".tsv"}
JSON_FILES = {".json", ".geojson", ".jsonl", ".ndjson"}
PAGES = {".html", ".htm"}
ARCHIVES = {".zip", ".gz", ".kmz"}
PARQUET = {".parquet", ".geoparquet", ".pq"}
LAYERS = {ending for ending in GEOMETRY if ending not in PARQUET}
OTHERS = {".topojson", ".dbf", ".sqlite", ".db", ".xml"}
KNOWN = WORKBOOKS | TEXT_FILES | JSON_FILES | PAGES | ARCHIVES | PARQUET | LAYERS | OTHERS
IN_ARCHIVES = tuple(dict.fromkeys((*TABLES, *GEOMETRY)))
# the kinds of content, and the endings under which each is expected
USUAL = {
    "xlsx": {".xlsx", ".xlsm"},
    "xlsb": {".xlsb"},
    "xls": {".xls"},
    "ods": {".ods"},
    "json": JSON_FILES,
    "text": TEXT_FILES,
    "page": PAGES,
    "zip": {".zip", ".kmz"},
    "topojson": {".topojson", ".json"},
    "gzip": {".gz"},
    "parquet": PARQUET,
    "geopackage": {".gpkg", ".sqlite", ".db"},
    "shapefile": {".shp"},
    "flatgeobuf": {".fgb"},
    "gml": {".gml", ".xml"},
}
GEOMETRY_KINDS = {"topojson", "geopackage", "shapefile", "flatgeobuf", "gml"}
WORKBOOK_KINDS = {"xlsx", "xlsb", "xls", "ods"}


@dataclass(frozen=True, kw_only=True)
class FileOptions:
    """How a file is written and which part of it is the table; ``named`` are the columns that are asked for."""

    key: str
    sheet: str | None = None
    layer: str | None = None
    records: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header_rows: int | None = None
    named: frozenset[str] | None = None
    hidden: str | None = None
    skip_rows: tuple[int, ...] = ()


def existing_table(path: str | Path) -> Path:
    """Return the path of an existing file, or of a geodatabase, which is a folder."""
    path = Path(path)
    return path if path.suffix.lower() in FOLDERS and is_folder(path) else existing_file(path, "table")


def raw_table(path: Path, options: FileOptions) -> RawTable:
    """Read a file of any kind into a raw table of cells.

    Raises
    ------
    InputError
        The file is no table; the message says what it is and what to do.
    """
    ending = path.suffix.lower()
    if path.is_dir():
        return _read_layer(path, options)
    contents = what_it_is(path)
    if contents.kind == "page" and ending in WORKBOOKS | PAGES:
        return read_page(path, options.key, options.encoding, options.header_rows)
    contents = refuse_stand_ins(path, "table")
    if ending not in KNOWN:
        known = ", ".join(sorted(KNOWN))
        raise InputError(f"{path.name} is {contents.name} by its content; tables are read from {known}.")
    if contents.kind in ("zip", "gzip"):
        return _from_archive(path, contents, options)
    reader = _reader(path, ending, contents)
    raw = reader(path, options)
    if ending in USUAL.get(contents.kind, {ending}):
        return raw
    return replace(raw, notes=[f"{path.name} was read as what it is by its content: {contents.name}", *raw.notes])


Reader = Callable[[Path, FileOptions], "RawTable"]


def _reader(path: Path, ending: str, contents: Contents) -> Reader:
    """Return the reader for a content; text and unknown bytes are what the name says, if that can be."""
    kind = contents.kind
    if kind in WORKBOOK_KINDS:
        return _read_workbook
    if kind in GEOMETRY_KINDS or (kind == "xml" and ending in LAYERS) or (kind == "binary" and ending in LAYERS):
        return _read_layer
    if kind == "parquet":
        return _read_parquet
    if kind == "json" or (kind == "text" and ending in JSON_FILES):
        return _read_json
    if (kind in ("text", "binary") and ending in TEXT_FILES) or (kind == "text" and ending == ".xls"):
        return _read_text
    if kind == "binary" and ending == ".dbf":
        return _read_dbf
    raise _other_than_named(path, ending, contents)


def _other_than_named(path: Path, ending: str, contents: Contents) -> InputError:
    """Return the error of a file that is not what its name says."""
    called = (
        "a workbook"
        if ending in WORKBOOKS
        else "Parquet"
        if ending in PARQUET
        else "a dBASE table"
        if ending == ".dbf"
        else "a geometry file"
        if ending in LAYERS
        else ""
    )
    if not called:
        return refused(path.name, contents, "table")
    repair = "Rename it to end in .csv." if contents.kind == "text" else "Fetch it again."
    return InputError(f"{path.name} cannot be read as {called}: it is {contents.name}. {repair}")


def _read_workbook(path: Path, options: FileOptions) -> RawTable:
    with _named_as(path, what_it_is(path).kind) as file:
        return read_sheet(file, options.key, options.sheet, options.header_rows, options.hidden, options.skip_rows)


def _read_layer(path: Path, options: FileOptions) -> RawTable:
    return without_records(read_layer(path, options.layer, options.encoding, options.named), options.skip_rows)


def _read_parquet(path: Path, options: FileOptions) -> RawTable:
    return without_records(read_parquet(path, options.named), options.skip_rows)


def _read_json(path: Path, options: FileOptions) -> RawTable:
    raw = read_json(path, options.key, options.encoding, options.records, options.named)
    return without_records(raw, options.skip_rows)


def _read_text(path: Path, options: FileOptions) -> RawTable:
    return read_text_file(
        path, options.key, options.encoding, options.delimiter, options.header_rows, options.skip_rows
    )


def _read_dbf(path: Path, options: FileOptions) -> RawTable:
    return without_records(read_dbf(path, options.encoding), options.skip_rows)


@contextmanager
def _named_as(path: Path, kind: str) -> Iterator[Path]:
    """Give the file under a name that ends as its content is; readers of workbooks go by it."""
    if path.suffix.lower() in USUAL[kind]:
        yield path
        return
    with TemporaryDirectory(prefix="quartiersatlas-") as folder:
        file = Path(folder) / f"{path.stem}.{kind}"
        shutil.copyfile(path, file)
        yield file


def _from_archive(path: Path, contents: Contents, options: FileOptions) -> RawTable:
    """Read the one table of an archive."""
    if contents.kind == "gzip":
        with decompressed(path) as inner:
            raw = raw_table(inner if inner.suffix else inner.rename(inner.with_suffix(".csv")), options)
        return replace(raw, notes=[f"{path.name} is {contents.name}: it was unpacked and read", *raw.notes])
    with unpacked(path, IN_ARCHIVES, options.layer, "layer") as (inner, named):
        raw = raw_table(inner, replace(options, layer=None) if named else options)
    source = f"{inner.name} in {path.name}"
    return replace(raw, source=source, notes=[f"{inner.name} in the archive {path.name} was read", *raw.notes])
