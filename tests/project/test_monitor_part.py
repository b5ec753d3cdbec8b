"""A project and its store: the command adds a period and writes the report, and says what is open."""

from __future__ import annotations

from pathlib import Path

import pytest

from quartiersatlas.cli import main, sample_data

PART = '\n[monitor]\nfolder = "monitoring"\nformat = "csv"\n'


@pytest.fixture
def project(tmp_path):
    for file in sample_data().iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    path = tmp_path / "projekt.toml"
    path.write_text(path.read_text(encoding="utf-8") + PART, encoding="utf-8")
    return path


def test_add_and_report(project, capsys):
    assert main(["monitor", "add", str(project), "--by", "Statistikstelle"]) == 0
    assert "stored as 2024-12-31" in capsys.readouterr().out
    assert main(["monitor", "add", str(project)]) == 1
    assert "period_exists" in capsys.readouterr().out
    report = project.parent / "jahresbericht.html"
    assert main(["monitor", "report", str(project), str(report), "--on", "2026-05-01"]) == 0
    assert "überfällig seit 31.12.2025" in report.read_text(encoding="utf-8")
    inside = project.parent / "monitoring" / "a.html"
    assert main(["monitor", "report", str(project), str(inside)]) == 2
    assert main(["run", str(project), "--folder", str(Path(inside).parent)]) == 2
    assert not inside.exists()


def test_a_project_without_a_store(project, capsys):
    project.write_text(project.read_text(encoding="utf-8").replace(PART, ""), encoding="utf-8")
    assert main(["monitor", "add", str(project)]) == 2
    assert "names no store" in capsys.readouterr().err
