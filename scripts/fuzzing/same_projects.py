"""The same project, written otherwise: order, sections, quotation marks, comments, line ends; results are the same."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pandas as pd

from fuzzing.faults import dice
from fuzzing.toml_text import Style, toml_text
from fuzzing.verdict import BrokenPromiseError, ending
from quartiersatlas.project import run_project

if TYPE_CHECKING:
    import random

    from quartiersatlas.project import ProjectResult

OUTPUTS = ("atlas.html", "bericht.html", "segregation.csv")  # the others carry the digest of the project file


def run_same(seed: int, folder: Path, content: dict[str, Any], sample: Path) -> str:
    """Run a project as it is and written otherwise; values, status, selection and every output are the same."""
    rng = dice(seed)
    city = shutil.copytree(sample, folder / "otherwise")
    (city / "projekt.toml").write_bytes(written_otherwise(content, rng))
    write_inputs_otherwise(city, rng)
    end = ending(lambda: run_project(city / "projekt.toml"))
    if end.how != "done":
        raise BrokenPromiseError(f"a good project is refused: {end.message}")
    plain, outputs = _as_it_is(toml_text(content), sample)
    refuse_difference(plain, end.value)
    for output in OUTPUTS:
        if (city / "ergebnis" / output).read_bytes() != outputs[output]:
            raise BrokenPromiseError(f"{output} differs though the projects say the same")
    return "same"


@cache
def _as_it_is(text: str, sample: Path) -> tuple[ProjectResult, dict[str, bytes]]:
    """Return the result and the outputs of a project as it is; every case is compared with the same one."""
    with TemporaryDirectory() as folder:
        city = shutil.copytree(sample, Path(folder) / "plain")
        (city / "projekt.toml").write_text(text, encoding="utf-8")
        result = run_project(city / "projekt.toml")
        return result, {output: (city / "ergebnis" / output).read_bytes() for output in OUTPUTS}


def written_otherwise(content: dict[str, Any], rng: random.Random) -> bytes:
    """Return the project file in another form."""
    style = Style(
        inline=rng.choice([0, 0.5, 1]),
        literal=rng.choice([0, 0.5, 1]),
        comments=rng.choice([0, 0.3]),
        shuffled=False,
        ends=rng.choice(["\n", "\r\n"]),
        rng=rng,
    )
    entries = list(content.items())
    rng.shuffle(entries)  # of the sections; the order of indicators and axes is that of the tables and the map
    return toml_text(dict(entries), style).encode(rng.choice(["utf-8", "utf-8-sig"]))


def write_inputs_otherwise(city: Path, rng: random.Random) -> None:
    """Write the tables of a city in another dialect, with rows and columns in another order."""
    for file in city.glob("indikatoren_*.csv"):
        rows = [line.split(";") for line in file.read_bytes().decode("cp1252").splitlines()]
        order = list(range(len(rows[0])))
        header, *body = rows
        if rng.random() < 0.5:
            rng.shuffle(body)
        if rng.random() < 0.5:
            rng.shuffle(order)
        delimiter = rng.choice([";", "\t", "|"])
        lines = [delimiter.join(row[position] for position in order) for row in (header, *body)]
        ends = rng.choice(["\n", "\r\n"])
        text = ends.join(lines) + ends * rng.choice([0, 1, 3])
        file.write_bytes(text.encode(rng.choice(["cp1252", "utf-8", "utf-8-sig", "utf-16"])))


def refuse_difference(one: ProjectResult, other: ProjectResult) -> None:
    """Refuse two results that differ in a value, a status, a class or the selection."""
    pd.testing.assert_frame_equal(one.data.values, other.data.values, check_exact=True, check_like=True)
    pd.testing.assert_frame_equal(one.data.status, other.data.status, check_like=True)
    if one.need is not None and other.need is not None:
        pd.testing.assert_frame_equal(one.need.scores, other.need.scores, check_exact=True)
        pd.testing.assert_frame_equal(one.need.classes, other.need.classes)
    if one.shortlist is not None and other.shortlist is not None:
        pd.testing.assert_series_equal(one.shortlist.selected, other.shortlist.selected)
    if one.summary != other.summary:
        raise BrokenPromiseError(f"other sentences: {one.summary} and {other.summary}")
