"""What breaks on other systems and can be tried on this one: names of files, line ends, folders with umlauts."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from quartiersatlas.cli import main

ROOT = Path(__file__).parents[2]
RESERVED = {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10))}
TEXT_ENDS = {".toml", ".csv", ".geojson"}


@pytest.fixture(scope="module")
def city(light_city, tmp_path_factory):
    """Run the sample city in a folder that is hard to name, from files with Windows line ends."""
    folder = tmp_path_factory.mktemp("Städte & Pläne") / "Größe 1 (Entwurf) #2 – 100 %"
    shutil.copytree(light_city[2], folder)
    for file in folder.rglob("*"):
        if file.suffix in TEXT_ENDS:
            file.write_bytes(re.sub(rb"\r?\n", b"\r\n", file.read_bytes()))
    plain = tmp_path_factory.mktemp("plain") / "city"
    shutil.copytree(light_city[2], plain)
    for each in (folder, plain):
        assert main(["run", str(each / "projekt.toml"), "--folder", str(each / "Ergebnis ä")]) == 0
    return folder / "Ergebnis ä", plain / "Ergebnis ä"


def test_folder_names_and_line_ends_change_nothing(city):
    hard, plain = city
    names = sorted(file.name for file in hard.iterdir())
    assert names == sorted(file.name for file in plain.iterdir())
    for name in names:
        assert without_digests(hard / name) == without_digests(plain / name), name


def without_digests(file):
    """Give the bytes of a file without the digests of the inputs, whose line ends differ."""
    return re.sub(rb"[0-9a-f]{16,64}", b"digest", file.read_bytes())


def test_no_path_of_the_machine_leaves(city):
    hard, _ = city
    for file in hard.iterdir():
        assert b"Entwurf) #2" not in file.read_bytes(), file.name


def names_of_the_project():
    """Give the files of the project as git knows them, or as they lie there."""
    git = shutil.which("git")
    if git and (ROOT / ".git").exists():
        listed = subprocess.run(
            [git, "-c", "core.quotepath=off", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        return listed.stdout.splitlines()
    return [
        file.relative_to(ROOT).as_posix()
        for folder in ("src", "tests", "docs", "sample_data", "notebooks", "scripts", "benchmarks")
        for file in (ROOT / folder).rglob("*")
        if file.is_file() and not {"__pycache__", "node_modules"} & set(file.parts)
    ]


def problems(names):
    """Give the names that another file system cannot keep, or keeps as one with another."""
    seen, found = {}, []
    for name in names:
        parts = name.split("/")
        if any(
            re.search(r'[<>:"\\|?*\x00-\x1f]', part)
            or part.rstrip(". ") != part
            or part.split(".")[0].lower() in RESERVED
            for part in parts
        ):
            found.append(name)
        if seen.setdefault(name.casefold(), name) != name:
            found.append(name)
    return found


def test_file_names_can_be_kept_everywhere(city):
    assert problems(names_of_the_project()) == []
    assert problems([file.name for file in city[0].iterdir()]) == []
    assert max(map(len, names_of_the_project())) < 140


def test_a_bad_name_would_be_found():
    assert problems(["a/b.py", "A/b.py", "aux.py", "x/what?.md", "end. "]) == [
        "A/b.py",
        "aux.py",
        "x/what?.md",
        "end. ",
    ]


def test_no_module_is_chosen_by_the_case_of_its_letters():
    for folder in {Path(name).parent for name in names_of_the_project() if name.startswith("src/")}:
        stems = [Path(name).name.casefold() for name in names_of_the_project() if Path(name).parent == folder]
        assert len(stems) == len(set(stems)), folder
