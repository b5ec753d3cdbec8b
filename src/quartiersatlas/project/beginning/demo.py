"""The sample city as files to run: as it is, or with its words in English."""

from __future__ import annotations

import csv
import io
import re
from importlib.resources import files
from typing import TYPE_CHECKING

from quartiersatlas.base.files import write_bytes

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from quartiersatlas.catalogue import Lang

THOUSANDS, DECIMAL = re.compile(r"-?\d{1,3}(\.\d{3})+"), re.compile(r"-?\d+,\d+")
TABLES = re.compile(r"(indikatoren_\d+|strassen)\.csv")
REGISTER = "massnahmen"  # other folders beside the files of the city are outputs
WORD = re.compile(r'"([^"]*)"')


def write_demo(city: Traversable, folder: Path, lang: Lang) -> Path:
    """Copy the sample city into a folder; return its project file."""
    named = {file.name: file for file in city.iterdir() if file.is_file()}
    if lang == "de":
        for name, file in named.items():
            write_bytes(folder / name, file.read_bytes())
        (folder / REGISTER).mkdir(exist_ok=True)
        for file in city.joinpath(REGISTER).iterdir():
            write_bytes(folder / REGISTER / file.name, file.read_bytes())
        return folder / "projekt.toml"
    own = files("quartiersatlas.project.beginning")
    words = dict(csv.reader(own.joinpath("demo_en.csv").read_text(encoding="utf-8").splitlines()[1:], delimiter=";"))
    for name, file in named.items():
        if TABLES.fullmatch(name):
            write_bytes(folder / name, _table(file.read_bytes(), words))
        elif name.endswith(".geojson"):
            write_bytes(folder / name, _layer(file.read_text(encoding="utf-8"), words).encode())
    project = folder / "project.toml"
    write_bytes(project, own.joinpath("demo_en.toml").read_bytes())
    return project


def _table(raw: bytes, words: dict[str, str]) -> bytes:
    """Return a table with commas between cells, points in numbers and English words."""
    try:
        content = raw.decode("utf-8")
    except UnicodeDecodeError:
        content = raw.decode("cp1252")
    made = io.StringIO()
    rows = csv.reader(content.splitlines(), delimiter=";")
    csv.writer(made, lineterminator="\n").writerows([_cell(cell, words) for cell in row] for row in rows)
    return made.getvalue().encode()


def _cell(cell: str, words: dict[str, str]) -> str:
    if THOUSANDS.fullmatch(cell):
        return cell.replace(".", "")
    return cell.replace(",", ".") if DECIMAL.fullmatch(cell) else words.get(cell, cell)


def _layer(content: str, words: dict[str, str]) -> str:
    """Return a layer with names of columns, kinds and notices in English."""
    return WORD.sub(lambda found: f'"{words.get(found[1], found[1])}"', content)
