"""The command line: what it writes and prints, and one clear message where something is wrong."""

from __future__ import annotations

import csv
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pytest

from quartiersatlas.cli import main
from quartiersatlas.screening import RuleSpec, rule_presets
from quartiersatlas.segregation import segregation_indices
from quartiersatlas.version import __version__

BESIDE = {"segregation.columns.csv", "segregation.notes.txt"}
OUTPUTS = {"atlas.html", "bericht.html", "atlas.gpkg", "segregation.csv", "manifest.json", *BESIDE}


@pytest.fixture
def city(light_city, tmp_path):
    """Give a copy of the sample city with a light project that a test may spoil."""
    return shutil.copytree(light_city[1], tmp_path / "city")


@pytest.fixture
def refused(city, capsys):
    """Check and run a spoiled project: both fail with one message and write nothing; give the message."""

    def refused() -> str:
        replace(city / "projekt.toml", 'lang = "de"', 'lang = "en"')  # German: tests/project/test_faults.py
        before = {file: file.read_bytes() for file in city.rglob("*") if file.is_file()}
        messages = set()
        for command in ("check", "run"):
            assert main([command, str(city / "projekt.toml")]) == 2
            printed = capsys.readouterr()
            assert printed.out == ""
            assert printed.err.count("\n") == 1
            assert printed.err.startswith("quartiersatlas: ")
            assert "Traceback" not in printed.err
            messages.add(printed.err)
        assert {file: file.read_bytes() for file in city.rglob("*") if file.is_file()} == before
        assert not (city / "ergebnis").exists()
        assert len(messages) == 1
        return messages.pop()

    return refused


def replace(file, pattern, new, encoding="utf-8", count=1):
    content, n = re.subn(pattern, new, file.read_bytes().decode(encoding), count=count)
    assert n >= 1
    file.write_bytes(content.encode(encoding))


# what works


def test_the_demo_writes_the_sample_city_and_its_atlas(tmp_path, capsys):
    assert main(["demo", str(tmp_path / "demo")]) == 0
    printed = capsys.readouterr()
    for name in OUTPUTS:
        file = tmp_path / "demo" / name
        assert file.stat().st_size > 0
        assert f"  {file}\n" in printed.out
    assert (tmp_path / "demo" / "daten" / "stadtteile.geojson").is_file()
    assert "Synthetische Daten - keine reale Stadt" in printed.out
    assert re.search(
        r"^\d+ von \d+ bewerteten Gebieten sind ausgewählt\. Dort leben [\d.]+ Menschen", printed.out, re.MULTILINE
    )
    assert printed.err == ""


def test_the_english_demo_is_english_throughout(tmp_path, capsys):
    assert main(["demo", str(tmp_path / "demo"), "--lang", "en"]) == 0
    printed = capsys.readouterr()
    assert "The sample city (Synthetic data - not a real city) is in" in printed.out
    assert printed.err == ""
    folder = tmp_path / "demo"
    data = (folder / "data" / "indikatoren_2024.csv").read_text(encoding="utf-8").splitlines()
    assert data[0].startswith("code,name,district,residents,")
    assert ";" not in "".join(data)
    rows = list(csv.DictReader((folder / "segregation.csv").read_text("utf-8-sig").splitlines()))
    assert float(rows[0]["value"]) > 0
    for name in ("atlas.html", "report.html"):
        page = (folder / name).read_text(encoding="utf-8")
        assert '<html lang="en"' in page
        words = set(re.findall(r"\b(?:und|nicht|Gebiete|Einwohner|Anteil|Synthetische|Quelle|Stadt)\b", page))
        assert words == set()
        assert re.search(r"\d\.\d%", page)
    assert '"legend_city":"Beispielstadt: {value}"' in (folder / "atlas.html").read_text(encoding="utf-8")


def test_a_new_project_file_never_overwrites_another(tmp_path, capsys):
    file = tmp_path / "projekt.toml"
    file.write_text("mine")
    assert main(["new", str(file)]) == 2
    assert "already exists and was not changed" in capsys.readouterr().err
    assert file.read_text() == "mine"


def test_a_new_project_file_in_a_missing_folder_is_one_message(tmp_path, capsys):
    assert main(["new", str(tmp_path / "nowhere" / "a.toml")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_check_reports_on_the_inputs_and_writes_nothing(city, capsys):
    before = sorted(city.rglob("*"))
    assert main(["check", str(city / "projekt.toml")]) == 0
    printed = capsys.readouterr().out
    assert "indikatoren_2024.csv: vollständig. Alle 90 Gebiete haben ihre Zeile." in printed
    assert "Summenzeile beiseitegelegt: 0000." in printed
    assert not re.search(r"Report|AreaData|Shortlist|Release|areas", printed)
    assert sorted(city.rglob("*")) == before


def test_run_writes_into_the_folder_that_is_named(city, tmp_path, capsys):
    assert main(["run", str(city / "projekt.toml"), "--folder", str(tmp_path / "out")]) == 0
    assert {file.name for file in (tmp_path / "out").iterdir()} == OUTPUTS
    assert "Prüfgebiete" in capsys.readouterr().out


def test_indices_lists_every_index_with_formula_and_source(capsys):
    assert main(["indices"]) == 0
    printed = capsys.readouterr().out
    for name, index in segregation_indices().iterrows():
        assert name in printed
        assert index["formula"] in printed
        assert index["source"] in printed


def test_the_official_rules_are_listed_with_what_they_were_compared_with(capsys):
    assert main(["rules"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == rule_presets()
    (bay,) = [line for line in lines if line.startswith("mtc-epc-2022")]
    assert "Equity Priority Communities 2022, San Francisco Bay; verified: published table of 1,772 tracts" in bay
    (qpv,) = [line for line in lines if line.startswith("qpv-2024")]
    assert qpv.endswith("Priority quarters, France 2024; compared with no official list")


@pytest.mark.parametrize("name", rule_presets())
def test_an_official_rule_is_printed_as_a_sentence_and_as_a_file_to_start_from(name, capsys):
    assert main(["rules", name]) == 0
    words, _, rest = capsys.readouterr().out.partition("\nid = ")
    spec = RuleSpec.preset(name)
    assert RuleSpec.from_text(f"id = {rest}") == spec
    assert f"{spec.title_en} / {spec.title_de}\n" in words
    assert spec.source in words
    assert spec.sentence in words


def test_a_rule_in_words():
    assert RuleSpec.preset("mtc-epc-2022").sentence == (
        "An area is selected where low_income and (people_of_color or (at least 3 of these 6: over_75, single_parent, "
        "limited_english, disability, rent_burden, no_vehicle))."
    )


def test_an_official_rule_that_does_not_exist_is_one_message(capsys):
    assert main(["rules", "mtc-epc-2023"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "mtc-epc-2022" in printed.err


def test_the_version_is_printed(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out.strip() == __version__


@pytest.mark.parametrize("arguments", [[], ["fly"], ["run"]])
def test_an_impossible_command_line_shows_the_usage(arguments, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "usage: quartiersatlas" in capsys.readouterr().err


def test_warnings_are_printed_and_are_no_failure(city, capsys):
    replace(city / "projekt.toml", r'  \{ id = "sgb2_rate" \},\n', '  { id = "mh_share", weight = 9 },\n')
    assert main(["check", str(city / "projekt.toml")]) == 0
    assert re.fullmatch(r"Hinweis: .*Kontext.*\n", capsys.readouterr().err)


def test_the_installed_command_runs():
    command = Path(sys.executable).with_name("quartiersatlas")
    done = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == __version__
    module = subprocess.run([sys.executable, "-m", "quartiersatlas", "--version"], capture_output=True, text=True)  # noqa: PLW1510
    assert (module.returncode, module.stdout) == (0, done.stdout)
    done = subprocess.run([command, "check", "nowhere.toml"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "quartiersatlas: The project file 'nowhere.toml' is missing.\n"


# the audit


def test_an_audit_prints_a_certificate_for_every_release_and_writes_nothing(small_project, capsys):
    file = small_project(earlier="a b c all")
    before = set(file.parent.rglob("*"))
    assert main(["audit", str(file)]) == 0
    blocks = capsys.readouterr().out.split("\n\n")
    assert [block.split("\n")[0] for block in blocks] == ["Rahmen, 31.12.2024", "Rahmen, 31.12.2022"]
    assert all("1 withheld count" in block and "(a in 02" in block and "loss: " in block for block in blocks)
    assert set(file.parent.rglob("*")) == before


def test_the_rows_of_an_audit_are_a_file_for_its_owner_alone(small_project, tmp_path, capsys):
    target = tmp_path / "pruefung.csv"
    target.write_text("earlier")
    target.chmod(0o644)
    rates = [f'{name}_share = ["{name}", "residents"]' for name in ("a", "b", "c", "all")]
    file = small_project("\n".join(["[indicators]", *rates]))
    assert main(["audit", str(file), "--csv", str(target)]) == 0
    assert f"Wrote {target}, which tells small counts: for the house only" in capsys.readouterr().out
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    rows = list(csv.DictReader(target.read_text("utf-8-sig").splitlines(), delimiter=";"))
    (small,) = [row for row in rows if row["kind"] == "small"]
    assert (small["release"], small["column"], small["key"]) == ("Rahmen, 31.12.2024", "a", "02")
    assert int(float(small["low"].replace(",", "."))) <= 2 <= int(float(small["high"].replace(",", ".")))
    assert {row["column"] for row in rows if row["key"] == "02"} > {"a"}  # 'all' is the sum of the others


def test_an_audit_that_is_not_ok_says_so(small_project, capsys):
    assert main(["audit", str(small_project("[protection]\nsecondary = false"))]) == 1
    printed = capsys.readouterr().out
    assert "1 EXACT" in printed
    assert "NOT OK" in printed


def test_an_audit_that_fails_prints_the_cells_and_leaves_its_file_alone(small_project, tmp_path, capsys):
    target = tmp_path / "pruefung.csv"
    target.write_text("earlier")
    rounded = "[protection]\nround_base = 3\nmin_count = 1\nfind_sums = false\n"
    file = small_project(rounded, areas='parents = { district = "district" }')
    assert main(["audit", str(file), "--csv", str(target)]) == 1
    printed = capsys.readouterr()
    assert printed.err.startswith("quartiersatlas: ")
    assert printed.err.count("\n") == 1
    assert re.search(r"^ *02 +a +rounded +2\.0 +2\.0 +1 +2 +exact +total of Nord$", printed.out, re.MULTILINE)
    assert target.read_text() == "earlier"


@pytest.mark.parametrize("name", ["ergebnis/pruefung.csv", "projekt.toml", "nowhere/pruefung.csv"])
def test_an_audit_is_written_nowhere_where_it_could_do_harm(small_project, name, capsys):
    file = small_project()
    before = {one: one.read_bytes() for one in file.parent.iterdir()}
    assert main(["audit", str(file), "--csv", str(file.parent / name)]) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("quartiersatlas: ")
    assert printed.out == ""
    assert {one: one.read_bytes() for one in file.parent.iterdir()} == before


def test_an_audit_of_nothing_is_one_message(tmp_path, capsys):
    assert main(["audit", str(tmp_path / "projekt.toml")]) == 2
    assert "is missing" in capsys.readouterr().err


# what is refused


def test_a_missing_project_file(tmp_path, capsys):
    assert main(["run", str(tmp_path / "projekt.toml"), "--folder", str(tmp_path / "out")]) == 2
    assert re.fullmatch(r"quartiersatlas: The project file '.*projekt\.toml' is missing\.\n", capsys.readouterr().err)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file(city, refused):
    (city / "indikatoren_2024.csv").rename(city / "indikatoren_2021.csv")
    assert "The table file" in (message := refused())
    assert "is missing. Did you mean " in message
    assert "'indikatoren_2021.csv'" in message


def test_a_wrong_key_column_of_the_table(city, refused):
    replace(city / "projekt.toml", 'key = "Stadtteil"', 'key = "Stadteil"')
    assert "no column 'Stadteil'. Did you mean 'Stadtteil'" in refused()


def test_a_wrong_key_column_of_the_areas(city, refused):
    replace(city / "projekt.toml", 'key = "STADTTEIL"', 'key = "STADTEIL"')
    assert "stadtteile.geojson has no column 'STADTEIL'. Did you mean 'STADTTEIL'" in refused()


def test_no_reference_system(city, refused):
    frame = gpd.read_file(city / "stadtteile.geojson").rename(columns={"BEZIRK_NAME": "BEZNAME"})
    frame.to_file(city / "stadtteile.shp", encoding="utf-8")
    (city / "stadtteile.prj").unlink()
    replace(city / "projekt.toml", "stadtteile.geojson", "stadtteile.shp")
    replace(city / "projekt.toml", "BEZIRK_NAME", "BEZNAME")
    assert 'does not say its coordinate reference system. Pass it, such as crs = "EPSG:25832"' in refused()


def test_a_reference_system_in_degrees(city, refused):
    frame = gpd.read_file(city / "stadtteile.geojson").to_crs("EPSG:4326")
    frame.to_file(city / "stadtteile.geojson")
    assert 'Pass to_crs = "EPSG:25832"' in refused()


def test_the_repair_for_degrees_works(city):
    gpd.read_file(city / "stadtteile.geojson").to_crs("EPSG:4326").to_file(city / "stadtteile.geojson")
    replace(city / "projekt.toml", 'key = "STADTTEIL"', 'key = "STADTTEIL"\nto_crs = "EPSG:25832"')
    assert main(["check", str(city / "projekt.toml")]) == 0


def test_duplicate_keys_of_the_areas(city, refused):
    replace(city / "stadtteile.geojson", '"0102"', '"0101"')
    assert "1 key of 'STADTTEIL' has more than one area: '0101'" in refused()


def test_duplicate_keys_of_the_table(city, refused):
    replace(city / "indikatoren_2024.csv", "\n0102;", "\n0101;", "cp1252")
    assert "1 key has more than one row: '0101'" in refused()


def test_no_key_in_common(city, refused):
    replace(city / "indikatoren_2024.csv", r"\n(\d{4}|0402\+0403);", r"\nX\1;", "cp1252", count=0)
    assert "no key in common. Areas: '0101', '0102', '0103' and" in refused()


def test_a_word_in_a_count_column(city, refused):
    replace(city / "indikatoren_2024.csv", ";1.893;", ";viele;", "cp1252")
    assert "1 cell of column 'Einwohner' is not a number: 'viele' in line 2" in refused()


def test_a_column_of_words_as_a_count(city, refused):
    replace(city / "projekt.toml", r'mh_share = \["Mit_Migrationshintergrund"', 'mh_share = ["Name"')
    assert "Column 'Name' holds text, not counts" in refused()


def test_negative_counts(city, refused):
    replace(city / "indikatoren_2024.csv", ";1.893;", ";-1.893;", "cp1252")
    assert "1 count in 'Einwohner' is negative or infinite ('0101': -1893)" in refused()


def test_codes_for_missing_values_in_a_count_column(city, refused):
    replace(city / "indikatoren_2024.csv", r";(1\.893|3\.097);", ";-9999;", "cp1252", count=2)
    assert 'symbols = { "-9999" = "missing" }' in refused()


@pytest.mark.parametrize(
    ("content", "message"), [("", "indikatoren_2024.csv is empty"), ("Stadtteil;Einwohner\n", "a header and no rows")]
)
def test_an_empty_table(city, refused, content, message):
    (city / "indikatoren_2024.csv").write_text(content)
    assert message in refused()


def test_an_empty_layer(city, refused):
    empty = gpd.read_file(city / "stadtteile.geojson").head(0)
    empty.to_file(city / "stadtteile.gpkg")
    replace(city / "projekt.toml", "stadtteile.geojson", "stadtteile.gpkg")
    assert "stadtteile.gpkg has no areas" in refused()


def test_an_unknown_word_in_the_project_file(city, refused):
    replace(city / "projekt.toml", "\ntitle = ", "\ntitel = ")
    assert "projekt.toml, line 9: In the project file: 'titel' is not known. Did you mean 'title'?" in refused()


def test_a_date_without_quotation_marks(city, refused):
    replace(city / "projekt.toml", 'as_of = "31.12.2024"', "as_of = 2024-12-31")
    assert "as_of = 2024-12-31 should be text in quotation marks" in refused()


def test_a_reader_that_has_seen_enough():
    with subprocess.Popen(
        [sys.executable, "-m", "quartiersatlas", "rules"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as started:
        started.stdout.readline()
        started.stdout.close()
        assert (started.stderr.read(), started.wait()) == (b"", 141)
