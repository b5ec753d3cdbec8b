"""Several projects in one run, and one project for each of many towns: on any executor the same bytes."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
from dying import died, died_once, same

import quartiersatlas as qa
from quartiersatlas.base.executors import DIED
from quartiersatlas.cli import SOME_FAILED, main
from quartiersatlas.errors import ArgumentError, ColumnError, SpecError
from quartiersatlas.project import check_project, run_project, run_projects
from quartiersatlas.project.executors import results
from quartiersatlas.project.parts import folder_name, part_project
from quartiersatlas.project.schema import read_project

PROJECT = """
title = "Atlas"
source = "Register"
as_of = "2024"
period = "2024"
by = "town"
ledger = "ledger.json"

[areas]
path = "areas.geojson"
key = "nr"
name = "name"
parents = { town = "town" }

[[tables]]
path = "table.csv"
key = "nr"
period = "2024"

[indicators]
poverty = ["poor", "residents"]

[shortlist]
rule = 'above_city("poverty")'

[candidates]
min_population = 0

[comments]
"Nord/Süd" = "Checked."

[notes]
"a0" = "A new school."

[outputs]
folder = "out"
map = "atlas.html"
report = ""
geopackage = ""
segregation = ""
manifest = ""
"""


@pytest.fixture
def towns(tmp_path, grid):
    """Write a project of two towns of six areas; give its file."""
    areas = grid(6, 2).reset_index().rename(columns={"key": "nr"})
    areas = areas.set_geometry(areas.translate(500_000, 5_500_000))
    areas["town"] = ["Nord/Süd" if nr.endswith("0") else "West" for nr in areas["nr"]]
    folder = tmp_path / "towns"
    folder.mkdir()
    areas.to_file(folder / "areas.geojson")
    table = pd.DataFrame({"nr": areas["nr"], "poor": range(100, 340, 20), "residents": 1000})
    table.to_csv(folder / "table.csv", index=False, sep=";")
    (folder / "projekt.toml").write_text(PROJECT, encoding="utf-8")
    return folder / "projekt.toml"


def written(folder):
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


# --- one project, many towns ---


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_each_town_has_a_folder_a_title_and_a_comment_of_its_own(towns):
    found = run_projects(towns)
    assert [(run.part, run.error) for run in found.runs] == [("Nord/Süd", ""), ("West", "")]
    assert set(written(towns.parent / "out")) == {"Nord_Süd/atlas.html", "West/atlas.html"}
    page = (towns.parent / "out" / "Nord_Süd" / "atlas.html").read_text(encoding="utf-8")
    assert "Atlas – Nord/Süd" in page
    assert "A new school." in page  # a note of the other town would be refused
    assert "Gebiet a1" not in page
    assert "Checked." in page
    assert "Checked." not in (towns.parent / "out" / "West" / "atlas.html").read_text(encoding="utf-8")
    assert found.table["files"].tolist() == [1, 1]
    assert not found.failed


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_executors_and_their_number_change_no_byte(towns, tmp_path):
    run_projects(towns, folder=tmp_path / "one")
    known = written(tmp_path / "one")
    with ThreadPoolExecutor(1) as pool:
        run_projects(towns, folder=tmp_path / "threads", executor=pool)
    run_projects(towns, folder=tmp_path / "two", executor=2)
    for name in ("threads", "two"):
        assert written(tmp_path / name) == known, name


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_town_is_selected_by_its_own_city_value(towns):
    summary = [run.summary[0] for run in run_projects(towns).runs]
    # rates rise from west to east in either row: three of six areas are above their own mean
    assert all(line.startswith("3 von 6") for line in summary)


def test_a_project_of_many_towns_is_never_run_as_one(towns):
    with pytest.raises(SpecError, match=r'by = "town" makes a run of each unit.*qa\.run_projects'):
        run_project(towns)
    with pytest.raises(SpecError, match=r"look at one: part="):
        check_project(towns)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_one_town_can_be_looked_at(towns):
    result = check_project(towns, part="West")
    assert set(result.release.areas["town"]) == {"West"}
    with pytest.raises(ColumnError, match=r"No area has 'town' = 'Ost'\. There are 'Nord/Süd', 'West'"):
        check_project(towns, part="Ost")


def test_a_project_without_towns_has_no_part(towns, edit):
    edit(towns, 'by = "town"\n', "")
    edit(towns, '[comments]\n"Nord/Süd" = "Checked."\n', "")
    with pytest.raises(SpecError, match="has no parts, and part='West' names one"):
        check_project(towns, part="West")


@pytest.mark.parametrize(("unit", "name"), [("Nord/Süd", "Nord_Süd"), ("..", "_"), ("a\\b:c", "a_b_c"), (" ", "_")])
def test_names_of_towns_are_safe_as_folders(unit, name):
    assert folder_name(unit) == name


def test_a_comment_speaks_of_one_town(towns, edit):
    edit(towns, 'by = "town"', 'by = "town"\ncomment = "Need is highest by the harbour."')
    with pytest.raises(SpecError, match=r"comment speaks of all units together.*\[comments\]"):
        check_project(towns, part="West")


def test_a_comment_of_no_town_is_refused(towns, edit):
    edit(towns, '"Nord/Süd" =', '"Nord" =')
    (failed,) = run_projects(towns).failed
    assert "[comments] names 'Nord', which no area has in 'town'" in failed.error


def test_comments_without_towns_are_refused(towns, edit):
    edit(towns, 'by = "town"\n', "")
    with pytest.raises(SpecError, match=r"\[comments\] are for the units of by"):
        check_project(towns)


def test_each_town_has_a_ledger_of_its_own(towns):
    project = part_project(read_project(towns), "Nord/Süd", "Nord_Süd")
    assert (project.ledger.path, project.title, project.comment) == (
        "ledger-Nord_Süd.json",
        "Atlas – Nord/Süd",
        "Checked.",
    )


def test_two_towns_of_one_folder_are_refused(towns, edit):
    edit(towns.parent / "areas.geojson", '"West"', '"Nord_Süd"')
    (failed,) = run_projects(towns).failed
    assert "'Nord/Süd' and 'Nord_Süd' would be written to one folder" in failed.error


def test_a_level_that_the_areas_do_not_have_is_named(towns, edit, capsys):
    edit(towns, 'by = "town"', 'by = "region"')
    assert main(["run", str(towns)]) == SOME_FAILED
    assert "by: Die Gebiete haben keine Ebene „region“." in capsys.readouterr().err


# --- several projects ---


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_one_that_fails_keeps_no_other_from_its_run(towns, edit, capsys):
    other = shutil.copytree(towns.parent, towns.parent.with_name("other")) / "projekt.toml"
    edit(other, "poverty = [", "poverty = [")
    edit(other, '"poor", "residents"', '"rich", "residents"')
    assert main(["run", str(other), str(towns)]) == SOME_FAILED
    said = capsys.readouterr()
    assert f"nicht gelungen: {other}:" in said.err
    assert "„rich“" in said.err
    assert set(written(towns.parent / "out")) == {"Nord_Süd/atlas.html", "West/atlas.html"}


def test_two_projects_that_write_the_same_files_are_refused(towns):
    again = shutil.copy(towns, towns.with_name("again.toml"))
    with pytest.raises(SpecError, match="would both write"):
        run_projects([towns, again])


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"executor": 0}, SpecError, "executor=0: None computes in this process"),
        ({"executor": "4"}, SpecError, "executor='4'"),
        ({"executor": True}, SpecError, "executor=True"),
        ({"executor": ThreadPoolExecutor}, SpecError, "executor="),
    ],
)
def test_what_is_no_executor_is_refused(towns, options, error, said):
    with pytest.raises(error, match=said):
        run_projects(towns, **options)


def test_a_folder_is_for_one_project(towns):
    with pytest.raises(SpecError, match="folder is for one project file"):
        run_projects([towns, towns], folder=towns.parent)
    with pytest.raises(ArgumentError, match="run_projects"):
        run_projects([3])


def test_public():
    assert qa.run_projects is run_projects


# --- processes that die ---


def test_a_run_that_kills_its_process_is_named_and_the_others_are_done():
    found = results(died, ["a"], 1)
    assert found[0].startswith(DIED)


def test_a_process_that_was_killed_once_is_tried_again(tmp_path):
    marks = [str(tmp_path / name) for name in ("a", "b", "c")]
    Path(marks[0]).touch()
    Path(marks[2]).touch()
    assert results(died_once, marks, 1) == ["alive"] * 3


def test_results_stand_in_the_order_of_the_tasks():
    with ThreadPoolExecutor(2) as pool:
        assert results(same, [3, 1, 2], pool) == [3, 1, 2]
    assert results(same, [], 2) == []
