# SPDX-License-Identifier: GPL-2.0-or-later
"""What a run has written, seen from the folder: which page is the map, which layers a GeoPackage has to show."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PAGE = re.compile(rb'<meta name="quartiersatlas" content="(map|report) ')
HEAD = 16384  # bytes in which a page says what it is
GEOPACKAGE = b"SQLite format 3\0"


class Outputs(NamedTuple):
    """Maps, reports and GeoPackages among some files."""

    maps: list[Path]
    reports: list[Path]
    geopackages: list[Path]


def outputs_of(files: Iterable[Path]) -> Outputs:
    """Sort files by what they say of themselves; those that this library did not write are left out."""
    found = Outputs([], [], [])
    for file in files:
        if not file.is_file():
            continue
        with file.open("rb") as opened:
            head = opened.read(HEAD)
        page = PAGE.search(head)
        if page is not None:
            (found.maps if page[1] == b"map" else found.reports).append(file)
        elif head.startswith(GEOPACKAGE) and "fingerprint" in _tables(file):
            found.geopackages.append(file)
    return found


def layers_of(geopackage: Path) -> list[str]:
    """Return the layers of a GeoPackage that have a geometry, in the order in which they lie on one another."""
    return [name for name, kind in _tables(geopackage).items() if kind == "features"]


def _tables(geopackage: Path) -> dict[str, str]:
    """Return the tables of a GeoPackage with their kinds; none where it is no GeoPackage."""
    try:
        with closing(sqlite3.connect(f"{geopackage.resolve().as_uri()}?mode=ro", uri=True)) as database:
            return dict(database.execute("SELECT table_name, data_type FROM gpkg_contents ORDER BY rowid").fetchall())
    except sqlite3.Error:
        return {}
