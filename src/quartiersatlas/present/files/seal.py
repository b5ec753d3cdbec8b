"""The fingerprint that map, report and GeoPackage carry: what was released, by which rules, and the file as written.

It is made of what the files show and of nothing else, so it answers no guess about what is withheld. It finds
accidents: whoever forges a file can compute its fingerprint anew.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Literal, NamedTuple

import pandas as pd

from quartiersatlas.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from quartiersatlas.catalogue import Lang

Kind = Literal["map", "report", "geopackage"]
SHORT, COLUMN, BODY = 8, 6, 32  # letters of the digests of a part, of a column, of the whole file
TABLE = "fingerprint"
NO_BODY = "0" * BODY
META = re.compile(
    rb'<meta name="quartiersatlas" content="(map|report) (de|en) (\S+)((?: \w+=[0-9a-f]*)+) body=([0-9a-f]{32})">'
)
# what programs write into a GeoPackage when they open it, and what belongs to its format
OF_THE_FORMAT = ("gpkg_", "rtree_", "sqlite_", "qgis_")


@dataclass(frozen=True)
class Fingerprint:
    """What a file says of itself.

    Parameters
    ----------
    kind : {"map", "report", "geopackage"}
        What the file is.
    lang : {"de", "en"}
        Its language.
    version : str
        The version of the library that wrote it.
    parts : mapping of str to str
        Digests of what was released: areas, values (one digest per column), words, method, need, protection, earlier.
    """

    kind: Kind
    lang: Lang
    version: str
    parts: Mapping[str, str] = field(default_factory=dict)

    @property
    def release(self) -> str:
        """What map, report and GeoPackage of one release have in common: four groups of four letters."""
        shared = [f"{name}={digest}" for name, digest in self.parts.items() if name != "earlier"]
        found = digest([self.version, *shared], 16)
        return "-".join(found[at : at + 4] for at in range(0, 16, 4))

    def __str__(self) -> str:
        parts = "".join(f" {name}={digest}" for name, digest in self.parts.items())
        return f"{self.kind} {self.lang} {self.version}{parts}"


class FileContent(NamedTuple):
    """The fingerprint that a file carries, and in which of its parts the file is not what it was."""

    fingerprint: Fingerprint
    altered: tuple[str, ...]
    body: str = ""


def changed_parts(mine: Fingerprint, other: Fingerprint, columns: Sequence[str]) -> list[tuple[str, str]]:
    """Return in which parts two fingerprints differ, each with the columns that are meant where that can be told."""
    found = []
    for name in dict.fromkeys([*mine.parts, *other.parts]):
        here, there = mine.parts.get(name, ""), other.parts.get(name, "")
        if here == there:
            continue
        named = ""
        if name == "values" and len(here) == len(there) == COLUMN * len(columns):
            steps = [slice(at, at + COLUMN) for at in range(0, len(here), COLUMN)]
            named = ", ".join(one for one, step in zip(columns, steps, strict=True) if here[step] != there[step])
        found.append((name, named))
    return found


# pages


def sealed(page: str, fingerprint: Fingerprint | None) -> str:
    """Return a page that carries its fingerprint, and the digest of all its bytes with the digest left blank."""
    if fingerprint is None:
        return page
    blank = page.replace("<title>", f'<meta name="quartiersatlas" content="{fingerprint} body={NO_BODY}"><title>', 1)
    return blank.replace(f"body={NO_BODY}", f"body={_body(blank.encode())}", 1)


def read_page(content: bytes, name: str) -> FileContent:
    """Read the fingerprint of a page.

    Raises
    ------
    InputError
        The page carries none.
    """
    found = META.search(content)
    if found is None:
        raise InputError(
            f"{name} carries no fingerprint: it was written by something else or by an earlier version, or was altered "
            f"where the fingerprint stood."
        )
    kind, lang, version, parts, body = (group.decode() for group in found.groups())
    named = dict(part.split("=", 1) for part in parts.split())
    blank = b"%s%s%s" % (content[: found.start(5)], NO_BODY.encode(), content[found.end(5) :])
    altered = () if _body(blank) == body else ("page",)
    return FileContent(Fingerprint(kind, lang, version, named), altered, body)  # type: ignore[arg-type]


def _body(page: bytes) -> str:
    return sha256(page).hexdigest()[:BODY]


# GeoPackages


def fingerprint_table(fingerprint: Fingerprint, file: Path) -> pd.DataFrame:
    """Return the fingerprint as a table of a GeoPackage, with the digest of each table that is in it."""
    head = {"kind": fingerprint.kind, "lang": fingerprint.lang, "version": fingerprint.version}
    rows = {**head, **fingerprint.parts, **{f"table {name}": one for name, one in table_digests(file).items()}}
    return pd.DataFrame({"part": list(rows), "digest": list(rows.values())}, dtype=object)


def table_digests(file: Path) -> dict[str, str]:
    """Return a digest of the content of each table: what is in its rows, not how the file keeps them."""
    return {name: digest(rows, BODY) for name, rows in table_rows(file).items()}


def table_rows(file: Path) -> dict[str, list[str]]:
    """Return the rows of each table of a GeoPackage, the names of the columns first.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as database:
            names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            own = sorted(name for name in names if not name.startswith(OF_THE_FORMAT) and name != TABLE)
            return {name: _rows(database, name) for name in own}
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise InputError(f"{file.name} cannot be read as a GeoPackage ({error}).") from error


def _rows(database: sqlite3.Connection, name: str) -> list[str]:
    columns = [column[1] for column in database.execute(f"PRAGMA table_info({_quoted(name)})")]
    kept = ", ".join(_quoted(column) for column in columns if column != "update_time")  # of a style
    found = database.execute(f"SELECT {kept} FROM {_quoted(name)} ORDER BY 1")  # noqa: S608 - the names are quoted
    return [repr([column[0] for column in found.description]), *(repr(row) for row in found)]


def _quoted(name: str) -> str:
    """Return a name of a table or a column, which may hold anything, as SQL writes it."""
    return '"{}"'.format(name.replace('"', '""'))


def read_geopackage(file: Path) -> FileContent:
    """Read the fingerprint of a GeoPackage, and which of its tables are not what they were.

    Raises
    ------
    InputError
        The file cannot be read or carries none.
    """
    digests = table_digests(file)
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as database:
        try:
            said = dict(database.execute(f"SELECT part, digest FROM {TABLE}").fetchall())  # noqa: S608 - our own name
        except sqlite3.Error:
            said = {}
    if said.get("kind") != "geopackage":
        raise InputError(
            f"{file.name} carries no fingerprint: it was not written by this library, or by an earlier one."
        )
    tables = {name.removeprefix("table "): digest for name, digest in said.items() if name.startswith("table ")}
    altered = tuple(name for name, digest in tables.items() if digests.get(name) != digest)
    head = ("kind", "lang", "version")
    parts = {name: digest for name, digest in said.items() if name not in head and not name.startswith("table ")}
    return FileContent(Fingerprint("geopackage", said.get("lang", "de"), said.get("version", ""), parts), altered)


# digests


def digest(texts: Iterable[str], length: int = SHORT) -> str:
    """Return the first letters of the SHA-256 of texts."""
    whole = "\x1d".join(texts)
    return sha256(whole.encode("utf-8", "backslashreplace")).hexdigest()[:length]
