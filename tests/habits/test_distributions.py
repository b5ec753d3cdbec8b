"""The wheel and the source distribution hold what they must, pass twine, and run."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CARRIED = ("src", "tests", "scripts", "benchmarks", "sample_data", "notebooks", "docs", "packaging")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build both from the source, the wheel from the source distribution as installers do."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(out.glob("*.whl")), next(out.glob("*.tar.gz"))


def test_twine_has_nothing_to_say(built):
    command = [sys.executable, "-m", "twine", "check", "--strict", *map(str, built)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("PASSED") == 2


def test_the_wheel_holds_the_library_and_the_sample_city(built):
    with zipfile.ZipFile(built[0]) as wheel:
        names = wheel.namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top.split("-")[0] for top in tops} == {"quartiersatlas"}
    source = {
        file.relative_to(ROOT / "src").as_posix()
        for file in (ROOT / "src/quartiersatlas").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert source <= set(names)
    assert "quartiersatlas/sample_data/projekt.toml" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_source_distribution_can_test_itself(built, tmp_path):
    with tarfile.open(built[1]) as archive:
        archive.extractall(tmp_path, filter="data")
    (inside,) = tmp_path.iterdir()
    held = {file.relative_to(inside).as_posix() for file in inside.rglob("*") if file.is_file()}
    wanted = {
        file.relative_to(ROOT).as_posix()
        for folder in CARRIED
        for file in (ROOT / folder).rglob("*")
        if file.is_file()
        and not {"__pycache__", "node_modules", ".ipynb_checkpoints", "_build"} & set(file.parts)
        and not any(part.startswith("ergebnis") for part in file.parts)
    }
    assert {name for name in wanted - held if not name.endswith(".pyc")} == set()
    command = [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", "tests/base/test_letters.py"]
    done = subprocess.run(command, cwd=inside, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_wheel_runs_alone(built, tmp_path):
    with zipfile.ZipFile(built[0]) as wheel:
        for name in wheel.namelist():
            wheel.extract(name, tmp_path)
    code = "import sys; from quartiersatlas import cli; print(cli.__file__); sys.exit(cli.main(['new', 'p.toml']))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert str(tmp_path) in done.stdout
    assert (tmp_path / "p.toml").is_file()
