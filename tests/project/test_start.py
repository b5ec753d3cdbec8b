"""new: fourteen lines that run, every further section valid when uncommented, and what two files tell of themselves."""

from __future__ import annotations

import re
import tomllib

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from quartiersatlas.cli import main
from quartiersatlas.errors import InputError
from quartiersatlas.project.acting_parts import SECTIONS
from quartiersatlas.project.beginning.start import blank_start, start_from
from quartiersatlas.project.schema import Project, read_project

N = 8


def outlines(**columns):
    shapes = [shapely.box(6e5 + 1000 * x, 5.7e6, 6.01e5 + 1000 * x, 5.701e6) for x in range(N)]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:25832")


KEYS = [f"{number:02}" for number in range(1, N + 1)]
NAMES = [f"Ort {letter}" for letter in "ABCDEFGH"]
COUNTS = {
    "Einwohner": [1000 + 37 * x for x in range(N)],
    "Unter 65": [800 + 21 * x for x in range(N)],
    "Leistungen SGB II": [60 + 17 * x for x in range(N)],
    "Ausländer/innen": [100 + 31 * x for x in range(N)],
    "Vereine": [3 + x for x in range(N)],
}


@pytest.fixture
def town(tmp_path):
    """Give the two files of a small town: keys with leading zeros, numbers as a spreadsheet writes them."""
    outlines(GEB=KEYS, BEZEICHN=NAMES, ORTSBEZIRK=["Nord", "Süd"] * 4).to_file(tmp_path / "gebiete.gpkg")
    pd.DataFrame({"Nr": KEYS, **COUNTS}).to_csv(tmp_path / "zahlen.csv", sep=";", index=False)
    return tmp_path


def test_fourteen_lines_run_on_files_of_these_names(tmp_path, capsys):
    for lang, counts in (
        ("de", ("einwohner", "unter_65", "sgb2_personen")),
        ("en", ("residents", "foreign_nationals")),
    ):
        file = tmp_path / f"{lang}.toml"
        assert main(["new", str(file), "--lang", lang]) == 0
        content = file.read_text(encoding="utf-8")
        lines = [line for line in content.splitlines() if line and not line.startswith("#")]
        assert len(lines) == 14
        parts = tomllib.loads(content)
        key = parts["areas"]["key"]
        outlines(**{key: KEYS, "name": NAMES}).to_file(tmp_path / parts["areas"]["path"])
        table = pd.DataFrame({key: KEYS, **{name: [1000 - 300 * k] * N for k, name in enumerate(counts)}})
        table.to_csv(tmp_path / parts["tables"][0]["path"], index=False)
        assert main(["run", str(file), "--folder", str(tmp_path / f"out_{lang}")]) == 0, capsys.readouterr().err


@pytest.mark.parametrize("lang", ["de", "en"])
def test_every_further_section_is_there_and_valid_when_uncommented(tmp_path, lang):
    content = blank_start(lang).to_toml()
    opened = re.sub(r"(?m)^# ", "", content)
    file = tmp_path / "projekt.toml"
    file.write_text(opened, encoding="utf-8")
    project = read_project(file)
    # "by" with its comments excludes "comment"; "acting" stands for sections of what comes after the first map
    left_out = {"path", "part", "by", "comments", "acting", "programmes", "facilities"}
    assert all(getattr(project.acting, name) for name in SECTIONS)
    for name in set(Project.__dataclass_fields__) - left_out - {"title", "subtitle", "source", "as_of", "comment"}:
        assert re.search(rf"(?m)^(# )?(\[+{name}\b|{name} = )", content), name
    assert project.programmes
    assert project.facilities
    # and each by itself
    blocks = [block for block in content.split("\n\n") if re.search(r"(?m)^# \[", block)]
    rule = next(block for block in blocks if "[shortlist]" in block)
    table = next(block for block in blocks if "[[tables]]" in block)
    for block in blocks:
        needed = [rule] if re.search(r"\[(candidates|stability|shortlist\.compare)\]", block) else []
        needed += [table] if re.search(r"\[+(change|earlier|lists)\]", block) else []
        alone = "\n".join([content, *(re.sub(r"(?m)^# ", "", one) for one in [*needed, block])])
        file.write_text(alone, encoding="utf-8")
        read_project(file)


def test_no_sentence_of_the_sample_city_is_in_a_new_file(sample_data):
    sample = tomllib.loads((sample_data / "projekt.toml").read_text(encoding="utf-8"))
    said = [
        sample["title"],
        sample["subtitle"],
        sample["source"],
        *sample["comment"].split(". "),
        *sample["notes"].values(),
    ]
    for lang in ("de", "en"):
        content = blank_start(lang).to_toml()
        assert not [sentence for sentence in said if sentence.strip() in content]
        assert "Beispielstadt" not in content
        opened = tomllib.loads(content)
        assert (opened["title"], opened["source"], opened["as_of"]) == ("", "", "")


def test_a_file_is_filled_in_from_a_table_and_areas(town, capsys):
    file = town / "projekt.toml"
    assert main(["new", str(file), "--from", str(town / "zahlen.csv"), str(town / "gebiete.gpkg")]) == 0
    content = file.read_text(encoding="utf-8")
    parts = tomllib.loads(content)
    assert parts["areas"] == {
        "path": "gebiete.gpkg", "key": "GEB", "name": "BEZEICHN", "parents": {"bezirk": "ORTSBEZIRK"}
    }  # fmt: skip
    assert parts["tables"] == [{"path": "zahlen.csv", "key": "Nr"}]
    assert parts["population"] == "Einwohner"
    assert parts["indicators"] == {
        "sgb2_rate": ["Leistungen SGB II", "Unter 65"], "foreign_share": ["Ausländer/innen", "Einwohner"]
    }  # fmt: skip
    for line in ("population", "name", "sgb2_rate", "foreign_share"):
        assert re.search(rf"(?m)^{line} = .* # \? ", content), line
    assert not re.search(r"(?m)^key = .*\?", content)  # all keys were found: nothing is guessed
    assert '# vereine = ["Vereine", "Einwohner"] # ?' in content
    capsys.readouterr()
    assert main(["check", str(file)]) == 0


def test_a_count_is_a_part_of_the_smallest_one_that_may_hold_it(town):
    """Children on benefits are a part of the children, whatever comes first in the name; dogs are a part of nothing."""
    counts = {
        **COUNTS,
        "Kinder unter 15": [150 + 9 * x for x in range(N)],
        "Kinder SGB II": [20 + 5 * x for x in range(N)],
        "Haushalte": [500 + 15 * x for x in range(N)],
        "Haushalte mit Kindern": [90 + 7 * x for x in range(N)],
        "Hunde": [60 + 3 * x for x in range(N)],
    }
    pd.DataFrame({"Nr": KEYS, **counts}).to_csv(town / "zahlen.csv", sep=";", index=False)
    start = start_from(town / "zahlen.csv", town / "gebiete.gpkg", folder=town)
    assert start.indicators["child_poverty_u15"] == ("Kinder SGB II", "Kinder unter 15")
    assert start.left["Haushalte mit Kindern"] == "Haushalte"
    assert start.left["Hunde"] == "Einwohner"
    assert '# haushalte_mit_kindern = ["Haushalte mit Kindern", "Haushalte"] # ?' in start.to_toml()


def test_keys_that_lost_their_zeros_are_no_row_numbers(town, capsys):
    """Counts from 3 to 10 are not the keys 03 to 10: said is that zeros were lost, and the line that mends it."""
    frame = pd.DataFrame({"Nr": [int(key) for key in KEYS], **COUNTS})
    frame.to_csv(town / "zahlen.csv", sep=";", index=False)
    content = start_from(town / "zahlen.csv", town / "gebiete.gpkg", folder=town).to_toml()
    (town / "projekt.toml").write_text(re.sub("repair = .*\n", "", content), encoding="utf-8")
    assert main(["check", str(town / "projekt.toml")]) == 2
    printed = capsys.readouterr().err
    assert "gingen führende Nullen verloren. Die Zeile repair = " in printed
    assert '"zero_pad"' in printed


def test_lost_zeros_and_degrees_are_lines_with_a_question_mark(town, capsys):
    frame = pd.DataFrame({"Nr": [int(key) for key in KEYS], **COUNTS})
    frame.to_csv(town / "zahlen.csv", sep=";", index=False)
    gpd.read_file(town / "gebiete.gpkg").to_crs("EPSG:4326").to_file(town / "grad.geojson")
    start = start_from(town / "zahlen.csv", town / "grad.geojson", folder=town)
    content = start.to_toml()
    assert 'repair = "zero_pad" # ? ' in content
    assert 'to_crs = "EPSG:25832" # ? ' in content
    (town / "projekt.toml").write_text(content, encoding="utf-8")
    assert main(["check", str(town / "projekt.toml")]) == 0, capsys.readouterr().err


def test_files_that_have_nothing_to_do_with_each_other_are_refused(town):
    pd.DataFrame({"Nr": [f"X{key}" for key in KEYS], **COUNTS}).to_csv(town / "andere.csv", index=False)
    with pytest.raises(InputError, match="have their keys in common"):
        start_from(town / "andere.csv", town / "gebiete.gpkg")


def test_names_with_quotation_marks_stay_valid_toml(tmp_path):
    outlines(**{'a"b': KEYS, "name": NAMES}).to_file(tmp_path / "g.gpkg")
    pd.DataFrame({'k"\\': KEYS, 'Ein"wohner': COUNTS["Einwohner"]}).to_csv(tmp_path / "z.csv", index=False)
    content = start_from(tmp_path / "z.csv", tmp_path / "g.gpkg", folder=tmp_path).to_toml()
    assert tomllib.loads(content)["areas"]["key"] == 'a"b'


def test_titles_thousands_and_rows_without_a_key_are_found(town, capsys):
    rows = [
        "Stadt Musterhausen – Sozialdaten;;;",
        "Stand: 31.12.2024;;;",
        "Nr;Ort;Einwohner gesamt;SGB II Personen",
        *(f"{n};{name};{n}.{100 + n};{90 + n}" for n, name in enumerate(NAMES, 1)),
        ";Insgesamt;36.836;756",
        "Quelle: Melderegister;;;",
    ]
    (town / "zahlen.csv").write_bytes("\r\n".join(rows).encode("cp1252"))
    file = town / "projekt.toml"
    assert main(["new", str(file), "--from", str(town / "zahlen.csv"), str(town / "gebiete.gpkg")]) == 0
    content = file.read_text(encoding="utf-8")
    for line in ('key = "Nr"', 'decimal = "," # ?', 'without_key = "skip" # ?', 'repair = "zero_pad" # ?'):
        assert line in content, line
    assert main(["check", str(file)]) == 0, capsys.readouterr().err


def test_new_refuses_in_the_language_that_was_asked_for(town, capsys):
    (town / "other.csv").write_text("Nr;a\nx;1\ny;2\n", encoding="utf-8")
    files = [str(town / "other.csv"), str(town / "gebiete.gpkg")]
    assert main(["new", str(town / "p.toml"), "--from", *files]) == 2
    assert "gemeinsam" in capsys.readouterr().err
    assert main(["new", str(town / "p.toml"), "--lang", "en", "--from", *files]) == 2
    assert "have their keys in common" in capsys.readouterr().err
