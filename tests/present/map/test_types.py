"""The types written beside the page's modules hold, as the TypeScript compiler sees it."""

from __future__ import annotations

import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

ASSETS = Path(str(files("quartiersatlas.present.map") / "assets"))


@pytest.fixture(scope="module")
def compiler(node_modules):
    """Return a function that runs the compiler on a settings file and returns how it ended and what it said."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("node is needed to check the types of the page's modules; it is not on the PATH.")

    def check(settings, *options):
        command = [program, str(node_modules / "typescript" / "bin" / "tsc"), "--project", str(settings), *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.splitlines()

    return check


@pytest.fixture(scope="module")
def settings():
    return Path(__file__).with_name("tsconfig.json")


def test_types_hold(compiler, settings):
    assert compiler(settings) == (0, [])


def test_every_module_is_checked(compiler, settings):
    _, listed = compiler(settings, "--listFilesOnly")
    checked = {Path(line).resolve() for line in listed}
    modules = {module.resolve() for module in ASSETS.glob("*.js")}
    assert len(modules) > 10
    assert modules <= checked
    assert all("// @ts-check" in module.read_text(encoding="utf-8").splitlines()[0] for module in modules)


def test_a_wrong_type_is_found(compiler, settings, tmp_path):
    (tmp_path / "wrong.js").write_text("/** @param {number} n */\nexport const double = (n) => 2 * n.length;\n")
    content = settings.read_text(encoding="utf-8").replace(
        "../../../src/quartiersatlas/present/map/assets/*.js", "wrong.js"
    )
    (tmp_path / "tsconfig.json").write_text(content.replace('["leaflet"]', "[]"))
    code, said = compiler(tmp_path / "tsconfig.json")
    assert code != 0
    assert "'length' does not exist on type 'number'" in said[0]
