"""What of the plugin needs no QGIS: the call of the command, what it finds in files, its words, its zip."""

from __future__ import annotations

import ast
import csv
import doctest
import io
import re
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest

import quartiersatlas as qa
from quartiersatlas.version import HOME, __version__

plugin = pytest.importorskip("quartiersatlas_qgis", reason="the plugin is no part of the source distribution")

import build_qgis_plugin  # noqa: E402 - after the skip
from quartiersatlas_qgis import command, outputs, words  # noqa: E402

FOLDER = Path(plugin.__file__).parent
ROOT = FOLDER.parents[1]


class Feedback:
    """Takes down what a call tells."""

    def __init__(self, cancelled=lambda: False):
        self.lines, self.faults, self.steps = [], [], []
        self.cancelled = cancelled

    def call(self, code, *arguments):
        told = {"said": self.lines.append, "faulted": self.faults.append, "progress": self.steps.append}
        return command.call([sys.executable, "-c", code, *arguments], cancelled=self.cancelled, **told)


def test_output_faults_and_steps_are_told_apart():
    seen = Feedback()
    code = (
        "import sys; print('Größe'); print('1/4\\nwrong: 1/4 \\n3/8 partitions, 2 M cells', file=sys.stderr); exit(2)"
    )
    assert seen.call(code) == (2, "Größe\n".encode())
    assert seen.lines == ["Größe"]
    assert seen.faults == ["wrong: 1/4 "]
    assert seen.steps == [25, 37.5]


def test_no_shell_reads_the_arguments(tmp_path):
    odd = f"; touch {tmp_path / 'made'} $(id) `id` \"'"
    seen = Feedback()
    assert seen.call("import sys; print(sys.argv[1])", odd)[0] == 0
    assert seen.lines == [odd]
    assert not (tmp_path / "made").exists()


def test_much_output_on_both_streams_does_not_block():
    seen = Feedback()
    code = "import sys\nfor n in range(20000): print('a' * 20); print('b' * 20, file=sys.stderr)"
    assert seen.call(code)[0] == 0
    assert (len(seen.lines), len(seen.faults)) == (20000, 20000)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_cancelled_call_ends_with_what_it_has_started(tmp_path):
    alive = tmp_path / "alive"
    child = f"import time\nwhile True: open({str(alive)!r}, 'a').write('x'); time.sleep(0.02)"
    code = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(60)"
    seen = Feedback(alive.exists)
    start = time.monotonic()
    assert seen.call(code)[0] is None
    assert time.monotonic() - start < 30
    size = alive.stat().st_size
    time.sleep(0.3)
    assert alive.stat().st_size == size
    assert threading.active_count() < 50


def test_the_environment_is_that_of_the_command(monkeypatch):
    monkeypatch.setenv("PYTHONHOME", "/nowhere")  # a Python with this one does not start
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    monkeypatch.setenv("PROJ_LIB", "/nowhere")
    monkeypatch.setenv("KEPT", "here")
    seen = Feedback()
    wanted = "[os.environ.get(n) for n in ('PYTHONHOME', 'PYTHONPATH', 'PROJ_LIB', 'KEPT')]"
    assert seen.call(f"import os; print({wanted})")[0] == 0, seen.faults
    assert seen.lines == ["[None, None, None, 'here']"]


def test_a_command_that_is_not_there_is_named(tmp_path, monkeypatch):
    with pytest.raises(command.NoCommandError, match="nothing here"):
        command.found_command(str(tmp_path / "nothing here"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(command.NoCommandError):
        command.found_command("")


def test_outputs_are_known_by_what_they_say_of_themselves(small_project, tmp_path):
    made = qa.run_project(small_project("[outputs]\nmap = 'a.html'\nreport = 'b.html'"), folder=tmp_path / "out")
    (tmp_path / "out/other.html").write_text("<html>", encoding="utf-8")
    found = outputs.outputs_of([*sorted((tmp_path / "out").iterdir()), tmp_path / "areas.gpkg", tmp_path / "none"])
    assert [[file.name for file in files] for files in found] == [["a.html"], ["b.html"], ["atlas.gpkg"]]
    assert outputs.layers_of(found.geopackages[0]) == ["areas"]
    said = "".join(f"  {file}\n" for file in made.files) + "3 areas.\n"
    assert command.written_files(said.encode()) == list(made.files)


def test_every_text_is_there_in_both_languages_and_used():
    rows = list(csv.DictReader((FOLDER / "texts.csv").read_text(encoding="utf-8").splitlines(), delimiter=";"))
    sources = "\n".join(file.read_text(encoding="utf-8") for file in FOLDER.glob("*.py"))
    for row in rows:
        assert all(row[lang] for lang in ("de", "en")), row["id"]
        assert None not in row, row["id"]
        assert re.findall(r"\{\w+\}", row["de"]) == re.findall(r"\{\w+\}", row["en"])
        assert f'"{row["id"].removesuffix("_help")}"' in sources, row["id"]
    asked = set(re.findall(r'\bwords\("(\w+)"', sources))
    assert asked <= {row["id"] for row in rows}


@pytest.mark.parametrize("module", [command, words], ids=lambda module: module.__name__)
def test_examples_of_the_plugin(module):
    assert doctest.testmod(module) == (0, doctest.testmod(module).attempted)
    assert doctest.testmod(module).attempted > 0


def test_every_file_says_its_licence():
    for file in build_qgis_plugin.files():
        if file.name not in ("LICENSE", "texts.csv"):  # a table of words has no place for it; metadata.txt says it
            assert "SPDX-License-Identifier: GPL-2.0-or-later" in file.read_text(encoding="utf-8")[:200], file
    licence = (FOLDER / "LICENSE").read_text(encoding="utf-8")
    assert "GNU GENERAL PUBLIC LICENSE" in licence
    assert "Version 2, June 1991" in licence


def test_nothing_of_the_library_is_imported_in_qgis():
    ours = {"algorithms", "command", "outputs", "plugin", "words"}
    for file in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"), feature_version=(3, 9))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0 or node.module in ours
                names = [] if node.level else [node.module]
            for name in names:
                top = name.split(".")[0]
                assert top in ("qgis", "processing") or top in sys.stdlib_module_names, (file, name)


def test_the_plugin_says_what_the_project_says():
    metadata = (FOLDER / "metadata.txt").read_text(encoding="utf-8")
    said = dict(re.findall(r"(?m)^(\S+?)=(.*)$", metadata))
    assert said["version"] == __version__
    assert (said["homepage"], said["repository"], said["tracker"]) == (HOME, HOME, f"{HOME}/issues")
    assert (FOLDER / said["icon"]).is_file()
    assert said["license"] == "GPL-2.0-or-later"


def test_the_zip_is_the_same_wherever_it_is_written(tmp_path, monkeypatch):
    first, second = tmp_path / "a.zip", tmp_path / "b.zip"
    build_qgis_plugin.write_zip(first)
    monkeypatch.setattr(time, "time", lambda: 2e9)
    build_qgis_plugin.write_zip(second)
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(io.BytesIO(first.read_bytes())) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
        for name in names:
            assert archive.read(name) == (FOLDER.parent / name).read_bytes()
    held = {file.name for file in FOLDER.iterdir() if file.name != "__pycache__"}
    assert set(names) == {f"quartiersatlas_qgis/{name}" for name in held}


def test_wheel_and_source_distribution_leave_the_plugin_out():
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lists = settings.split("[tool.hatch.build]")[1].split("[tool.pytest")[0]
    assert "qgis" not in lists
