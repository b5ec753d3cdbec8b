"""A project and its store: the command adds a period and writes the report, and says what is open."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from quartiersatlas.cli import main, sample_data
from quartiersatlas.project.monitor_part import add_all_to_monitor

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


SMALL = """
title = "T"
source = "S"
as_of = "2023-06-30"
population = "residents"
period = "30.06.2023"
[areas]
path = "areas.gpkg"
key = "key"
name = "name"
[[tables]]
path = "later.csv"
key = "key"
period = "30.06.2023"
[[tables]]
path = "earlier.csv"
key = "key"
period = "31.12.2022"
[indicators]
sgb2_rate = ["poor", "residents"]
[monitor]
folder = "monitoring"
format = "csv"
"""


def test_all_periods_come_in_by_their_dates_however_they_are_written(tmp_path):
    keys = [f"{number:02d}" for number in range(1, 7)]
    shapes = [shapely.box(4e5 + 1000 * n, 5.6e6, 4.01e5 + 1000 * n, 5.601e6) for n in range(6)]
    areas = gpd.GeoDataFrame({"key": keys, "name": keys}, geometry=shapes, crs="EPSG:25832")
    areas.to_file(tmp_path / "areas.gpkg")
    for name, poor in (("earlier", 100), ("later", 110)):
        rows = "".join(f"{key};{poor};1000\n" for key in keys)
        (tmp_path / f"{name}.csv").write_text(f"key;poor;residents\n{rows}", encoding="utf-8")
    path = tmp_path / "projekt.toml"
    path.write_text(SMALL, encoding="utf-8")
    assert [found.stored for found in add_all_to_monitor(path)] == ["2022-12-31", "2023-06-30"]
    path.write_text(SMALL.replace("31.12.2022", "2022"), encoding="utf-8")
    assert add_all_to_monitor(path) == []  # the same dates in other words


def test_a_project_without_a_store(project, capsys):
    project.write_text(project.read_text(encoding="utf-8").replace(PART, ""), encoding="utf-8")
    assert main(["monitor", "add", str(project)]) == 2
    assert "names no store" in capsys.readouterr().err


def test_targets_and_forecasts_of_the_register_come_along(project, capsys):
    """Those of the sample city, and one that the council resolves after the period is stored."""
    register = project.parent / "massnahmen"
    register.mkdir(exist_ok=True)
    for file in (sample_data() / "massnahmen").iterdir():
        (register / file.name).write_bytes(file.read_bytes())
    row = "child_poverty_u15;Gesamtstadt;31.12.2024;{target};2030;child_poverty_u15;Rat 12.03.2025\r\n"
    head = "Indikator;Gebiet;Ausgangsdatum;Zielwert;Zieldatum;Definition;Beschluss\r\n"
    (register / "zielwerte.csv").write_text(head + row.format(target=16), encoding="utf-8", newline="")
    text = project.read_text(encoding="utf-8") + '\n[measures]\npath = "massnahmen"\n'
    project.write_text(text, encoding="utf-8")
    assert main(["monitor", "add", str(project), "--by", "Statistikstelle"]) == 0
    assert "1 new target, 4 new forecasts" in capsys.readouterr().out
    rows = head + row.format(target=16) + row.format(target=15)
    (register / "zielwerte.csv").write_text(rows, encoding="utf-8", newline="")
    assert main(["monitor", "add", "--all", str(project), "--accept", "geprüft", "--by", "Statistikstelle"]) == 0
    assert "1 new target, 0 new forecasts" in capsys.readouterr().out
    assert main(["monitor", "add", "--all", str(project)]) == 0
    assert "new" not in capsys.readouterr().out
    report = project.parent / "jahresbericht.html"
    assert main(["monitor", "report", str(project), str(report)]) == 0
    written = report.read_text(encoding="utf-8")
    for words in ("Rat 12.03.2025", "Szenario, mehr Arbeitsplätze", "17,9", "stroke-dasharray"):
        assert words in written
    (register / "zielwerte.csv").write_text(head + row.format(target=99), encoding="utf-8", newline="")
    assert main(["monitor", "add", "--all", str(project)]) == 2
    assert "Traceback" not in capsys.readouterr().err
