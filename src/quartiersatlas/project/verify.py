"""Is a file what was written, and does the project still give it? Finds accidents, not forgers."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal

from quartiersatlas.base.checks import existing_file, expects
from quartiersatlas.catalogue import Message, text
from quartiersatlas.present import export
from quartiersatlas.present.files.fingerprint import fingerprint_of
from quartiersatlas.present.files.seal import Fingerprint, changed_parts, read_geopackage, read_page, table_rows
from quartiersatlas.present.paper.write import html_text
from quartiersatlas.present.report import report_document
from quartiersatlas.project.manifest import manifest_of
from quartiersatlas.project.run import checked_project

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.present.files.seal import FileContent
    from quartiersatlas.project.run import ProjectResult

State = Literal["unaltered", "same", "not_same", "altered"]
GEOPACKAGE = b"SQLite format 3\0"


@dataclass(frozen=True)
class FileCheck:
    """What a file is beside what was written, and beside what its project gives today.

    Parameters
    ----------
    file : Path
        The file.
    state : {"unaltered", "same", "not_same", "altered"}
        As it was written; also what the project gives; not what the project gives; changed since it was written.
    fingerprint : Fingerprint
        What the file carries.
    differences : tuple of Message
        What was altered, or is not the same.
    """

    file: Path
    state: State
    fingerprint: Fingerprint
    differences: tuple[Message, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return self.state in ("unaltered", "same")

    def texts(self, lang: Lang | None = None) -> list[str]:
        """Return what was found as sentences, in the language of the file unless another is asked for."""
        lang = lang or self.fingerprint.lang
        head = text(f"verify_{self.state}", lang, file=self.file.name)
        known = {"release": self.fingerprint.release, "version": self.fingerprint.version}
        found = [f"  {text(part.name, lang, **part.values)}" for part in self.differences]
        return [head, *found, text("verify_release", lang, **known), text("verify_limits", lang)]

    def __repr__(self) -> str:
        return "\n".join(self.texts())


def verify_file(path: str | Path, project: str | Path | None = None) -> FileCheck:
    """Compare a map, a report or a GeoPackage with its own fingerprint, and with what its project gives today.

    Parameters
    ----------
    path : str or Path
        An ``.html`` map or report, or a ``.gpkg``. A page is compared byte by byte; a GeoPackage by the content of its
        tables, so that opening it in QGIS changes nothing.
    project : str or Path, optional
        The project file: everything is computed again from its inputs, and nothing is written.

    Returns
    -------
    FileCheck
        ``ok``, ``state``, ``differences``; its ``repr`` says it in the language of the file.

    Raises
    ------
    InputError
        The file is missing, cannot be read, or carries no fingerprint.
    QuartiersatlasError
        Whatever is wrong with the project or its inputs.

    Notes
    -----
    It finds accidents (a file cut off, edited, mixed up, made of older data). Whoever changes a file on purpose can
    write a new fingerprint into it.
    """
    expects(path, (str, Path), "verify_file", 'qa.verify_file("atlas.html")')
    file = existing_file(path, "output")
    with file.open("rb") as opened:
        is_geopackage = opened.read(len(GEOPACKAGE)) == GEOPACKAGE
    found = read_geopackage(file) if is_geopackage else read_page(file.read_bytes(), file.name)
    if found.altered:
        told = [_altered(part) for part in found.altered]
        return FileCheck(file, "altered", found.fingerprint, tuple(told))
    if project is None:
        return FileCheck(file, "unaltered", found.fingerprint)
    result = checked_project(project)
    differences = _of_geopackage(file, found, result) if is_geopackage else _of_page(found, result)
    return FileCheck(file, "not_same" if differences else "same", found.fingerprint, tuple(differences))


def _altered(part: str) -> Message:
    return Message("verify_altered_page") if part == "page" else Message("verify_altered_table", {"table": part})


def _of_page(found: FileContent, result: ProjectResult) -> list[Message]:
    """Return in what a page differs from the one that the project gives."""
    mine = found.fingerprint
    release, atlas = result.release, result.atlas
    fresh = fingerprint_of(release, mine.kind, result.project.lang, atlas.earlier)
    differences = _of_release(mine, fresh, result)
    if differences:
        return differences
    if mine.kind == "map":
        page = atlas.html()
    else:
        report = report_document(release, atlas.lang, earlier=atlas.earlier, context=atlas.context, look=atlas.look)
        page = html_text(report)
    same = read_page(page.encode(), mine.kind).body == found.body
    return [] if same else [Message("verify_beside")]


def _of_release(mine: Fingerprint, fresh: Fingerprint, result: ProjectResult) -> list[Message]:
    """Return in what two releases differ."""
    columns = ["residents", *(column.id for column in result.release.columns)]
    found = []
    for name, names in changed_parts(mine, fresh, columns):
        found.append(Message("verify_columns", {"names": names}) if names else Message(f"verify_part_{name}"))
    if mine.version != fresh.version:
        found.append(Message("verify_version", {"mine": mine.version, "fresh": fresh.version}))
    if mine.lang != fresh.lang:
        found.append(Message("verify_lang", {"mine": mine.lang, "fresh": fresh.lang}))
    return found


def _of_geopackage(file: Path, found: FileContent, result: ProjectResult) -> list[Message]:
    """Return in what a GeoPackage differs from the one that the project gives: its release, its tables, its origin."""
    fresh = fingerprint_of(result.release, "geopackage", result.project.lang)
    differences = _of_release(found.fingerprint, fresh, result)
    with TemporaryDirectory() as folder:
        other = Path(folder) / "fresh.gpkg"
        manifest = manifest_of(result.project, result.release, result.ledger)
        worn, lang = result.atlas.look, result.project.lang
        export(result.release, other, lang=lang, manifest=manifest, context=result.atlas.context, look=worn)
        here, there = table_rows(file), table_rows(other)
        origin = _entries(file), _entries(other)
    for name in sorted({*here, *there}):
        if name != "manifest" and name in there and here.get(name) != there[name]:
            differences.append(Message("verify_table", {"table": name}))
    for name in sorted(entry for entry in {*origin[0], *origin[1]} if origin[0].get(entry) != origin[1].get(entry)):
        differences.append(Message("verify_origin", {"entry": name}))
    return differences


def _entries(file: Path) -> dict[str, str]:
    """Return the manifest of a GeoPackage."""
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as database:
        try:
            return dict(database.execute("SELECT entry, value FROM manifest").fetchall())
        except sqlite3.Error:
            return {}
