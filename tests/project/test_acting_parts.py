"""Gaps, surveys, reach, burdens, lists and funded areas of a project file: what they give, and their faults by line."""

from __future__ import annotations

import builtins
import json
import re
import shutil

import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.cli import main
from quartiersatlas.errors import QuartiersatlasError, SpecError
from quartiersatlas.present.files.tables import tables_of
from quartiersatlas.present.map.payload import map_json
from quartiersatlas.present.pictures import burden_matrix as release_matrix
from quartiersatlas.project.acting import acted, with_acting_columns
from quartiersatlas.project.inputs import own_data, read_inputs
from quartiersatlas.project.schema import read_project

EXTRAS = {"xlsxwriter", "python_calamine", "matplotlib", "docx", "typst", "osmium"}


@pytest.fixture(scope="module")
def run(sample_data, tmp_path_factory):
    """Keep the years, then run the second project of the sample city, with none of the extras installed."""
    folder = shutil.copytree(sample_data, tmp_path_factory.mktemp("years") / "city")
    project = folder / "projekt_monitoring.toml"
    real = builtins.__import__

    def without(name, *args, **options):
        if name.split(".")[0] in EXTRAS:
            raise ImportError(name)
        return real(name, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(builtins, "__import__", without)
        assert main(["monitor", "add", "--all", str(project), "--accept", "synthetisch", "--by", "Statistik"]) == 0
        result = qa.run_project(project)
    assert not list((folder / "speicher").rglob("*.parquet"))
    return result


@pytest.fixture
def file(sample_data, tmp_path):
    return shutil.copytree(sample_data, tmp_path / "city") / "projekt_monitoring.toml"


def test_what_leaves_stands_in_the_release_and_what_does_not_stays(run):
    ids = [column.id for column in run.release.columns]
    named = ["stop_share_500", "family_centre_share_1000", "noise_share_55", "likes_living_here", "sgb2_gap"]
    assert set(named) <= set(ids)
    assert run.release.audit().ok
    assert [gap.text("de") for gap in run.release.group_gaps]
    assert run.acted.lists.periods == ("2022", "2024")
    assert run.release.change.periods == ("2022", "2023", "2024")
    assert "Benjamini" in run.files[1].read_text(encoding="utf-8")
    assert (len(run.acted.funded.funded), run.acted.funded.selected) == (11, 2020)
    assert len(run.release.funded.funded) == 11
    assert len(run.release.funded.others) >= 60
    assert set(run.release.certificate.earlier) == {str(year) for year in range(2017, 2024)}
    said = repr(run)
    assert all(one in said for one in ("GroupGap 'sgb2_gap'", "ListComparison 2022 -> 2024", "FundedComparison"))


def test_funded_areas_and_uncertain_answers_stand_in_the_report(run):
    report = run.files[1].read_text(encoding="utf-8")
    assert "11 geförderte mit" in report
    assert {"lists", "funded"} <= tables_of(run.release, "de").keys()
    answers = pd.read_csv(run.project.file("befragung.csv"), sep=";", dtype={"Stadtteil": str})
    n = answers.dropna(subset="Wohnt_gern_hier").groupby("Stadtteil").size().reindex(run.release.areas.index)
    status, values = run.release.status["likes_living_here"], run.release.values["likes_living_here"]
    firm, unsure, not_there = status.eq("value"), status.eq("unreliable") & values.notna(), values.isna()
    assert (firm.sum() >= 12, unsure.sum() >= 30, not_there.sum() >= 15) == (True, True, True)
    assert n[firm].min() >= 0.25 / 0.1**2 * 3  # half of a 95 % interval at most 10 points, a share near three quarters
    assert n[n.lt(10)].index.isin(not_there[not_there].index).all()
    in_brackets = {f"({value:.1f}".replace(".", ",") for value in values[unsure]}
    assert all(one in report for one in in_brackets)
    asked = report[report.index("Befragungen</h2>") :]
    assert not any(
        f"({value:.1f}".replace(".", ",") in asked.split("</table>")[0]
        for value in set(values[firm]) - set(values[unsure])
    )
    page = json.loads(map_json(run.release, "de"))
    column = next(one for one in page["columns"] if one["id"] == "likes_living_here")
    assert sum(gap == "unreliable" for gap in column["gaps"].values()) >= unsure.sum()


def test_columns_are_those_of_the_calls(run, sample_data):
    """The same as by hand: distances on the network from cells, exposed persons, the survey."""
    data = run.data
    cells = qa.read_points(
        sample_data / "einwohnerraster.csv", x="X", y="Y", columns=["Einwohner"], crs="EPSG:25832", to_crs="EPSG:25832"
    )
    stops = qa.departures(sample_data / "fahrplan_gtfs.zip", to_crs="EPSG:25832")
    reach = qa.access(
        cells,
        stops[stops["departures"] >= 56],
        [300, 500],
        population="Einwohner",
        areas=data.areas,
        network=qa.read_network(sample_data / "wege.geojson"),
        missing="report",
    )
    pd.testing.assert_series_equal(data.values["stop_within_500"], reach.table["within_500"], check_names=False)
    assert data.values["noise_mapped"].sum() == data.values["Einwohner"].sum()


def test_the_manifest_names_the_files_but_has_no_digest_of_counted_ones(run):
    inputs = json.loads((run.files[-1]).read_text(encoding="utf-8"))["inputs"]
    for name in ("einwohnerraster.csv", "befragung.csv", "massnahmen/massnahmen.csv"):
        assert inputs[name] is None
    for name in ("fahrplan_gtfs.zip", "laerm.geojson", "wege.geojson", "stadtteilbudget.csv"):
        assert len(inputs[name]) == 64


def test_the_store_has_the_years_once(run):
    store = qa.monitor(run.project.file("speicher"))
    assert store.periods == [f"{year}-12-31" for year in range(2017, 2025)]
    assert "child_poverty_u15" not in store.data("2021-12-31").values  # not counted then
    assert main(["monitor", "add", "--all", str(run.project.path)]) == 0  # nothing is left to add


FAULTS = [
    ('reference = "others"', 'reference = "rest"', "gaps.sgb2_gap", "reference"),
    ('group = ["SGB2_MH", "Unter_65_MH"]', 'group = ["SGB2_MH"]', "gaps.sgb2_gap", "group takes two columns"),
    ('group = ["SGB2_MH", "Unter_65_MH"]', 'group = ["SGB_MH", "Unter_65_MH"]', "gaps.sgb2_gap", "SGB_MH"),
    ('persons = "Einwohner"\nx', 'persons = "Leute"\nx', "access.stop", "Leute"),
    ("min_departures = 56", "min_departures = 5600", "access.stop", "no stop has 5600"),
    ('network = "wege.geojson"', 'network = "weg.geojson"', "access.stop", "weg.geojson"),
    ("within = [1000]", "within = [-1]", "access.family_centre", "above 0"),
    ('only = ["Familienzentrum"]', 'only = ["Kita"]', "access.family_centre", "no 'Kita'"),
    ('kind = "ART"\nonly', "only", "access.family_centre", "go together"),
    ('polygons = "laerm.geojson"', 'polygons = "lärm.geojson"', "exposure.noise", "lärm.geojson"),
    ('level = "AB_DBA"', 'level = "DBA"', "exposure.noise", "DBA"),
    ("cell = 250", "cel = 250", "exposure.noise", "'cell'"),
    ('answer = "Wohnt_gern_hier"', 'answer = "Wohnt_gern"', "surveys.likes_living_here", "Wohnt_gern"),
    ('weight = "Gewicht"', 'weight = "Gewicht"\nyes = ["ja"]', "surveys.likes_living_here", "nobody answered"),
    ('covariates = ["sgb2_rate"]', 'covariates = ["sgb_rate"]', "surveys.likes_living_here", "sgb_rate"),
    ('[lists]\nsince = "2022"', '[lists]\nsince = "2012"', "lists", "2012"),
    ("[exposure.noise]", "[exposure.stop]", "exposure", "same columns"),
    ('path = "stadtteilbudget.csv"\n', "", "funded", "areas = "),
    ("selected = 2020", "selected = 2020\n[gaps]\nx = 1", "gaps", "one table for each name"),
]


def computed(file):
    project = read_project(file)
    inputs = read_inputs(project)
    return acted(project, inputs.joined, own_data(project, inputs), None, lambda _: None, lambda: None)


def light(content, place):
    """Leave out the other parts and the years of the store: a fault shows as well."""
    parts = re.split(r"(?m)^(?=\[)", content)
    section = place.split(".")[0]
    kept = [
        part
        for part in parts
        if not re.match(r"\[(gaps|access|exposure|surveys|lists|funded)", part)
        or part.startswith(f"[{place}]" if "." in place else f"[{section}")
        or (place == "exposure" and part.startswith("[access.stop]"))
    ]
    said = "".join(part for part in kept if "zeitreihe.csv" not in part and "_2023.csv" not in part)
    return re.sub(r"(?m)^(tested|between) = .*\n", "", said)


@pytest.mark.parametrize(("old", "new", "place", "said"), FAULTS, ids=[f"{f[2]}: {f[3]}" for f in FAULTS])
def test_a_fault_names_its_file_line_and_part(file, old, new, place, said):
    content = file.read_text(encoding="utf-8")
    assert old in content
    file.write_text(light(content.replace(old, new, 1), place), encoding="utf-8")
    with pytest.raises(QuartiersatlasError) as caught:
        computed(file)
    message = str(caught.value)
    assert message.startswith("projekt_monitoring.toml, line ")
    assert said in message
    line = int(message.split("line ")[1].split(":", maxsplit=1)[0])
    lines = file.read_text(encoding="utf-8").splitlines()
    heads = [number for number, one in enumerate(lines, 1) if one.startswith(f"[{place}") and number <= line]
    assert heads  # at the head of the part or inside it
    assert not any(one.startswith("[") for one in lines[heads[-1] : line - 1])


def test_funded_areas_need_the_store_and_say_how_to_fill_it(file):
    file.write_text(light(file.read_text(encoding="utf-8"), "funded"), encoding="utf-8")
    with pytest.raises(SpecError, match=r"line \d+: \[funded\]: the store has no period yet.*monitor add --all"):
        qa.check_project(file)


def test_lists_of_a_rule_with_need_are_compared_by_the_need_of_both_dates(file):
    content = light(file.read_text(encoding="utf-8"), "lists")
    rule = next(line for line in content.splitlines() if line.startswith("rule = "))
    content = content.replace(rule, "rule = 'worst_share(\"need\", 0.2)'")
    indicators = (
        'indicators = [{ id = "sgb2_rate" }, { id = "child_poverty_u15" }, { id = "unemployment_share_total" }]'
    )
    assert indicators in content
    file.write_text(content.replace(indicators, 'indicators = [{ id = "sgb2_rate" }]'), encoding="utf-8")
    lists = qa.check_project(file).acted.lists
    # one indicator alone: the same as its worst fifth at both dates
    inputs = read_inputs(read_project(file))
    worst = [qa.screen(inputs.joined[year], qa.worst_share("sgb2_rate", 0.2)) for year in ("2022", "2024")]
    moved = ["entered", "left", "stayed"]  # one area more is not assessed: the index needs residents
    assert lists.counts[moved].to_dict() == qa.compare_lists(*worst).counts[moved].to_dict()


def test_a_project_without_these_parts_is_as_before(sample_data):
    project = read_project(sample_data / "projekt.toml")
    data = read_inputs(project).data(project)
    assert with_acting_columns(project, data) is data


def test_a_burden_of_the_project_stands_beside_its_need(run):
    """Counted by hand: the share at the highest level from 10 per cent on, of areas that show it and have a class."""
    release = run.release
    assert release.burden.columns == ("noise_share_65",)
    assert release.burden.limits == ((10.0, ""),)
    shares, classes = release.values["noise_share_65"], release.values["need_status_class"]
    known = shares.notna() & classes.notna()
    loud = pd.crosstab((shares[known] >= 10).astype(int), classes[known]).loc[[1, 0], ["high", "medium", "low"]]
    found = release_matrix(release)
    assert [list(map(int, row[1:])) for row in found.rows] == loud.to_numpy().tolist()
