"""The notebooks run from top to bottom and write what they say."""

from __future__ import annotations

import shutil
from base64 import b64decode
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the kernel's own libraries
def test_notebook_runs(notebook, sample_data, tmp_path):
    shutil.copytree(sample_data, tmp_path / "sample_data")
    folder = tmp_path / "notebooks"
    folder.mkdir()
    content = nbformat.read(notebook, as_version=4)
    NotebookClient(content, timeout=300, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()
    results = next(folder.glob("ergebnis*"))
    written = {file.name for file in results.iterdir()}
    assert {"atlas.html", "bericht.html", "atlas.gpkg"} <= written
    assert ("segregation.csv" in written) == ("segregation.csv" in notebook.read_text(encoding="utf-8"))
    last = content.cells[-1].outputs[0]["data"]
    assert "iframe" in last["text/html"]
    assert "Synthetische Daten" in last["text/html"]
    assert last["text/plain"].startswith("Atlas of Release")
    assert b64decode(last["image/png"], validate=True).startswith(b"\x89PNG")


def test_there_is_a_notebook():
    assert [path.stem for path in NOTEBOOKS] == [
        "01_bestandsaufnahme",
        "02_segregation",
        "03_bedarfsindex",
        "04_foerderkulisse",
        "05_monitoring",
    ]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_committed_without_outputs(notebook):
    content = nbformat.read(notebook, as_version=4)
    assert all(not cell.outputs and cell.execution_count is None for cell in content.cells if cell.cell_type == "code")
