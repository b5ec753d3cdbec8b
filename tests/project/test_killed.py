"""Runs that are killed, and runs into one folder at the same time."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import subprocess
import sys

import pytest

from quartiersatlas.base.files import PREFIX
from quartiersatlas.project import run_project

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="nothing there is killed at once")

# runs a project and halts in front of the n-th call of a method of paths inside its folder: seven files are written
# beside their places and moved there (eight times), then all are moved into the folder
RUNNER = """
import pathlib, sys, time
from quartiersatlas.project import run_project
project, folder, method, halt = sys.argv[1:]
halt = int(halt)
step = 0
original = getattr(pathlib.Path, method)
def halting(path, *args, **options):
    global step
    if step == halt:
        print("halted", flush=True)
        time.sleep(600)
    step += pathlib.Path(folder) in path.parents
    return original(path, *args, **options)
if halt >= 0:
    setattr(pathlib.Path, method, halting)
run_project(project, folder=folder)
print("done", flush=True)
"""


def start(city, folder, method="replace", halt=-1):
    """Start a run in another process."""
    words = [sys.executable, "-W", "ignore", "-c", RUNNER, city / "projekt.toml", folder, method, str(halt)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def agrees(folder):
    """Return True if the manifest names all other files with the digest that they have."""
    named = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["outputs"]
    there = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}
    there.pop("manifest.json")
    return named == there


def leftovers(folder):
    return [file for file in folder.iterdir() if file.name.startswith(PREFIX)]


def test_the_manifest_names_every_file_with_its_digest(outcome):
    _, folder = outcome
    assert agrees(folder)


@pytest.mark.parametrize(("method", "halt"), [("write_bytes", 2), ("replace", 11), ("replace", 14)])
def test_a_killed_run_leaves_no_manifest_beside_other_files_and_the_next_run_clears_up(
    outcome, city, edit, tmp_path, method, halt
):
    folder = shutil.copytree(outcome[1], tmp_path / "out")
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    edit(city / "projekt.toml", 'lang = "de"', 'lang = "en"')  # every file is another one now
    process = start(city, folder, method, halt)
    assert process.stdout.readline() == "halted\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert leftovers(folder)
    now = {file.name: file.read_bytes() for file in folder.iterdir() if file not in leftovers(folder)}
    assert "manifest.json" not in now or now == before
    assert now.keys() >= before.keys() - {"manifest.json"}
    run_project(city / "projekt.toml", folder=folder)
    assert leftovers(folder) == []
    assert agrees(folder)


def test_two_runs_at_once_leave_the_files_of_one_of_them(city, edit, tmp_path):
    folder, other = tmp_path / "out", tmp_path / "other"
    other.mkdir()
    shutil.copytree(city, other, dirs_exist_ok=True)
    edit(other / "projekt.toml", 'lang = "de"', 'lang = "en"')
    both = [start(city, folder), start(other, folder)]
    assert [process.communicate()[0] for process in both] == ["done\n", "done\n"]
    assert leftovers(folder) == []
    assert agrees(folder)
