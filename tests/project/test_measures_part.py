"""``[measures]`` of a project file: the register of the sample city as its lines say, once they are no comment."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import quartiersatlas as qa
from quartiersatlas.errors import InputError, RegisterError

SAMPLE = Path(__file__).parents[2] / "sample_data"
LINES = '# [measures]\n# path = "massnahmen.xlsx"'


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "stadt"
    shutil.copytree(SAMPLE, folder)
    file = folder / "projekt.toml"
    content = file.read_text(encoding="utf-8")
    assert content.count(LINES) == 1
    file.write_text(
        content.replace(LINES, LINES.replace("# ", "")).replace("runs = 1000", "runs = 20"), encoding="utf-8"
    )
    return file


def test_the_register_of_the_sample_city_is_on_its_map_and_in_its_report(project):
    result = qa.run_project(project)
    files = {file.name: file for file in result.files}
    atlas, report = (files[name].read_text(encoding="utf-8") for name in ("atlas.html", "bericht.html"))
    for said in (atlas, report):
        assert "Sprachcafé am Hafen" in said
        assert "240000" not in said  # costs stay in the house
    assert "Der Neubau am Rand" in atlas
    assert result.release.measures.table.set_index("measure_id")["standing"].to_dict() == {
        "M01": "live",
        "M02": "live",
        "M03": "live",
        "M04": "done",
        "M05": "overdue",
        "M06": "live",
        "M07": "idea",
    }


def test_the_register_may_be_a_folder_of_csv_files(project):
    folder = project.parent / "register"
    folder.mkdir()
    qa.read_measures(project.parent / "massnahmen.xlsx").save(folder)
    project.write_text(project.read_text(encoding="utf-8").replace("massnahmen.xlsx", "register"), encoding="utf-8")
    assert len(qa.check_project(project).release.measures.table) == 7


def test_a_register_that_is_not_there_or_names_other_areas_is_refused(project):
    register = qa.read_measures(project.parent / "massnahmen.xlsx")
    register.measures.at[0, "areas"] = ("9999",)
    register.save(project.parent / "massnahmen.xlsx")
    with pytest.raises(RegisterError, match="no such area"):
        qa.check_project(project)
    (project.parent / "massnahmen.xlsx").unlink()
    with pytest.raises(InputError, match=r"massnahmen\.xlsx"):
        qa.check_project(project)
