"""Damaged project files: a slip is refused in one line, by library and command line alike, and nothing is written."""

from __future__ import annotations

import contextlib
import io
import shutil
import tomllib
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fuzzing.faults import HOSTILE, damaged, dice
from fuzzing.project_faults import CONTENT_FAULTS
from fuzzing.same_projects import run_same
from fuzzing.toml_text import Style, toml_text
from fuzzing.verdict import BrokenPromiseError, Ending, ending, refuse_message
from quartiersatlas.cli import FAILED, main
from quartiersatlas.project import check_project, run_project
from quartiersatlas.project.refused.refusals import project_lang, told

if TYPE_CHECKING:
    import random

SAMPLE = Path(__file__).parents[2] / "sample_data"
FILE = "projekt.toml"
RUNS = 5  # of the stability, instead of the thousand of the sample


def run(seed: int, folder: Path) -> str:
    """Run one case: mostly one or two faults of content, some of the text, some of the files beside it."""
    kind = dice(-seed - 1).choices(["content", "text", "beside", "same"], [12, 3, 3, 2])[0]
    if kind == "same":
        return run_same(seed, folder, sample_project(), SAMPLE)
    return f"{kind}: {run_damaged(seed, folder, kind)}"


@cache
def _sample() -> dict[str, Any]:
    content = tomllib.loads((SAMPLE / FILE).read_text(encoding="utf-8"))
    content["stability"]["runs"] = RUNS
    return content


def sample_project() -> dict[str, Any]:
    """Return the content of the sample city's project file, to be changed."""
    return deepcopy(_sample())


def run_damaged(seed: int, folder: Path, kind: str) -> str:
    """Damage a copy of the sample city and check or run it; then the same by the command line."""
    rng = dice(seed)
    shutil.copytree(SAMPLE, folder, dirs_exist_ok=True)
    file = folder / FILE
    content = sample_project()
    if kind == "content":
        for _ in range(rng.choice([1, 1, 1, 2])):
            rng.choice(CONTENT_FAULTS)(content, rng)
    text = toml_text(content, Style(inline=0.3, rng=rng)).encode("utf-8", "surrogatepass")
    if kind == "text":
        text = _other_bytes(text, rng)
    elif kind == "beside":
        _damage_inputs(folder, rng)
    file.write_bytes(text)
    before = _listing(folder)
    command = rng.choice(["check", "check", "run"])
    end = ending(lambda: check_project(file) if command == "check" else run_project(file))
    if end.how != "done":
        if _listing(folder) != before:
            made = sorted(_listing(folder) ^ before)
            raise BrokenPromiseError(f"{end.how}, and yet files were written or changed: {made[:5]}")
        if rng.random() < 0.3:
            _by_command(command, file, end)
    return f"{command} {end.how}"


def _other_bytes(text: bytes, rng: random.Random) -> bytes:
    """Damage a text, write it in another encoding, or put another file in its place."""
    choice = rng.choice(["bytes", "bytes", "bytes", "encoding", "twice", "other"])
    if choice == "encoding":
        coding = rng.choice(["cp1252", "utf-16", "utf-8-sig", "cp850", "utf-32"])
        return text.decode("utf-8", "replace").encode(coding, "replace")
    if choice == "twice":
        lines = text.split(b"\n")
        at = rng.randrange(len(lines))
        return b"\n".join([*lines[: at + 1], *lines[at:]])
    if choice == "other":
        others = [SAMPLE / "stadtteile.geojson", SAMPLE / "indikatoren_2024.csv"]
        return rng.choice([b"", b"\0" * 50, b"\x1b]0;x\x07", b"[" * 5000, *(other.read_bytes() for other in others)])
    return damaged(text, rng)


def _damage_inputs(folder: Path, rng: random.Random) -> None:
    """Damage, remove or exchange one or two of the files that the project reads."""
    for _ in range(rng.choice([1, 1, 2])):
        file = folder / rng.choice(
            ["indikatoren_2024.csv", "indikatoren_2022.csv", "stadtteile.geojson", "programmgebiete.geojson"]
        )
        choice = rng.choice(["bytes", "bytes", "bytes", "gone", "folder", "empty", "other", "line", "hostile"])
        if not file.is_file():
            continue
        raw = file.read_bytes()
        if choice in ("gone", "folder"):
            file.unlink()
            if choice == "folder":
                file.mkdir()
        elif choice == "empty":
            file.write_bytes(b"")
        elif choice == "other":
            file.write_bytes((folder / "README.md").read_bytes())
        elif choice == "line":
            lines = raw.split(b"\n")
            del lines[rng.randrange(len(lines))]
            file.write_bytes(b"\n".join(lines))
        elif choice == "hostile":
            name = rng.choice(HOSTILE).encode("cp1252", "replace")
            file.write_bytes(raw.replace(b"Marktviertel", name).replace(b"Obertor", b'"' + name + b'"'))
        else:
            file.write_bytes(damaged(raw, rng))


def _listing(folder: Path) -> set[tuple[str, int]]:
    return {
        (str(file.relative_to(folder)), file.stat().st_mtime_ns if file.is_file() else 0) for file in folder.rglob("*")
    }


def _by_command(command: str, file: Path, expected: Ending) -> None:
    """Refuse a command line that ends otherwise than with status 2 and the same faults, one in a line."""
    said, printed = io.StringIO(), io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(printed):
        status = main([command, str(file)])
    lines = [line for line in said.getvalue().splitlines() if line.strip()]
    faults = lines[1:] if len(lines) > 1 else lines
    numbered = all(line.startswith(f"  {number}. ") for number, line in enumerate(faults, 1)) or len(lines) == 1
    if status != FAILED or not faults or not numbered:
        raise BrokenPromiseError(f"the command ended with {status} and {len(lines)} lines: {said.getvalue()[:400]!r}")
    alone = told(expected.message, project_lang(file))
    if (alone not in lines[0]) if len(lines) == 1 else (f"({len(faults)}) " not in expected.message):
        raise BrokenPromiseError(f"the command says {lines!r}, the library {expected.message!r}")
    for line in faults:
        refuse_message(line, "the command")
