"""A run writes all of its outputs or none, the same bytes each time, and says where they come from."""

from __future__ import annotations

import csv
import hashlib
import hmac
import json
import re
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

import quartiersatlas as qa
from quartiersatlas.errors import (
    ColumnError,
    GeometryError,
    InputError,
    JoinError,
    NumberError,
    QuartiersatlasError,
    ReleaseError,
    SpecError,
)
from quartiersatlas.project import check_project, run_project

NOTICE = "Synthetische Daten - keine reale Stadt"
BESIDE = {"segregation.columns.csv", "segregation.notes.txt"}
OUTPUTS = {"atlas.html", "bericht.html", "atlas.gpkg", "segregation.csv", "manifest.json", *BESIDE}


# check


def test_a_check_writes_nothing(city, listing):
    before = listing(city)
    result = check_project(city / "projekt.toml")
    assert listing(city) == before
    assert result.files == ()


def test_a_check_says_what_was_read_and_what_came_of_it(outcome):
    said = repr(replace(outcome[0], files=()))  # a check is a run that wrote nothing
    assert "Table indikatoren_2024.csv: 91 rows" in said  # 90 rows of districts and the totals row
    assert "JoinReport indikatoren_2024.csv: 90 of 90 areas have a row" in said
    assert "totals row set aside: '0000'" in said
    assert f"notice: {NOTICE}" in said
    assert "NeedIndex beispielstadt-2024" in said
    assert "Shortlist: " in said
    assert "1000 runs over data, weights, normalisation, aggregation, threshold" in said


# outputs


def test_a_run_writes_exactly_its_outputs(outcome):
    result, folder = outcome
    assert {file.name for file in folder.iterdir()} == OUTPUTS
    assert {file.name for file in result.files} == OUTPUTS
    assert all(file.stat().st_size > 0 for file in result.files)


def test_outputs_go_into_the_project_s_own_folder_unless_told_otherwise(city):
    result = run_project(city / "projekt.toml")
    assert {file.parent for file in result.files} == {city / "ergebnis"}


def test_an_empty_name_leaves_an_output_out(city, edit, tmp_path):
    edit(city / "projekt.toml", 'geopackage = "atlas.gpkg"', 'geopackage = ""')
    edit(city / "projekt.toml", 'report = "bericht.html"', 'report = ""')
    run_project(city / "projekt.toml", folder=tmp_path / "out")
    assert {file.name for file in (tmp_path / "out").iterdir()} == OUTPUTS - {"atlas.gpkg", "bericht.html"}


def test_two_runs_give_the_same_bytes(outcome, sample, tmp_path, listing):
    run_project(sample / "projekt.toml", folder=tmp_path)
    assert listing(tmp_path) == listing(outcome[1])


def test_a_second_run_replaces_the_outputs_of_the_first(outcome, city, edit):
    shutil.copytree(outcome[1], city / "ergebnis")
    edit(city / "projekt.toml", "Bedarfslagen in der Beispielstadt", "Zweite Fassung")
    run_project(city / "projekt.toml")
    assert {file.name for file in (city / "ergebnis").iterdir()} == OUTPUTS
    assert "Zweite Fassung" in (city / "ergebnis" / "bericht.html").read_text(encoding="utf-8")


def test_the_manifest_names_every_input_with_its_digest(outcome, sample):
    manifest = json.loads((outcome[1] / "manifest.json").read_text(encoding="utf-8"))
    inputs = {
        "stadtteile.geojson",
        "indikatoren_2024.csv",
        "indikatoren_2022.csv",
        "programmgebiete.geojson",
        "einrichtungen.geojson",
        *("fluss.geojson", "gruen.geojson", "bahn.geojson", "hauptstrassen.geojson", "ortsnamen.geojson"),
        "strassen.csv",
    }
    assert manifest["inputs"].keys() == inputs
    tables = {"indikatoren_2024.csv", "indikatoren_2022.csv"}
    for name, digest in {**manifest["inputs"], **manifest["project"]}.items():
        plain = hashlib.sha256((sample / name).read_bytes()).hexdigest()
        assert digest == (None if name in tables else plain)
    assert manifest["project"].keys() == {"projekt.toml"}
    assert manifest["need_spec"] == outcome[0].need.spec.hash
    assert manifest["rule"] == 'above_city("sgb2_rate") & above_city("child_poverty_u15") & worst_share("need", 0.2)'
    assert manifest["stability"] == {"runs": 1000, "seed": 1}


def test_the_plain_digest_of_a_table_stands_in_an_internal_manifest_only(city, edit):
    edit(city / "projekt.toml", 'lang = "de" #', 'audience = "internal"\nlang = "de" #')
    run_project(city / "projekt.toml")
    manifest = json.loads((city / "ergebnis" / "manifest.json").read_text(encoding="utf-8"))
    digest = hashlib.sha256((city / "indikatoren_2024.csv").read_bytes()).hexdigest()
    assert manifest["inputs"]["indikatoren_2024.csv"] == digest


@pytest.mark.filterwarnings("ignore:Compared with Bedarfslagen")  # two dates of one city come close to each other
def test_a_project_with_a_ledger_has_keyed_digests_and_enters_its_release_once(two_dates, edit):
    city = two_dates
    edit(city / "projekt.toml", 'lang = "de" #', 'ledger = "freigaben.json"\nlang = "de" #')
    assert check_project(city / "projekt.toml").ledger is not None
    assert not (city / "freigaben.json").exists()  # a check writes nothing
    assert not (city / "freigaben.key").exists()
    run_project(city / "projekt.toml")
    first = (city / "freigaben.json").read_bytes()
    manifest = (city / "ergebnis" / "manifest.json").read_bytes()
    result = run_project(city / "projekt.toml")
    assert (city / "freigaben.json").read_bytes() == first
    assert (city / "ergebnis" / "manifest.json").read_bytes() == manifest
    key = (city / "freigaben.key").read_text(encoding="ascii").strip()
    content = (city / "indikatoren_2024.csv").read_bytes()
    keyed = hmac.new(bytes.fromhex(key), content, "sha256").hexdigest()
    assert json.loads(manifest)["inputs"]["indikatoren_2024.csv"] == keyed
    ledger = qa.Ledger.read(city / "freigaben.json")
    assert [(entry.date, entry.state) for entry in ledger.entries] == [
        ("2024", "done"),
        ("2022", "done"),
        ("2022", "done"),
    ]
    for entry in ledger.entries:
        digests = {f"ergebnis/{file.name}": hashlib.sha256(file.read_bytes()).hexdigest() for file in result.files}
        assert entry.files == digests
    assert key not in manifest.decode() + first.decode()


def test_the_summary_counts_what_the_geopackage_holds(outcome):
    result, folder = outcome
    with closing(sqlite3.connect(folder / "atlas.gpkg")) as database:
        (selected,) = database.execute("SELECT count(*) FROM areas WHERE selected").fetchone()
        (candidates,) = database.execute("SELECT count(*) FROM candidates").fetchone()
    assert selected > 0
    assert result.summary[0].startswith(f"{selected} von ")
    assert result.summary[1] == f"Sie bilden {candidates} zusammenhängende Prüfgebiete."


# other dates on the map


def test_an_earlier_period_is_on_the_map_with_its_own_numbers(outcome, city):
    result, folder = outcome
    (then,) = result.atlas.earlier
    assert then.as_of == "31.12.2022"
    rates = [column.id for column in result.release.columns if column.kind == "rate"]
    assert [column.id for column in then.columns if column.kind == "rate"] == rates
    table = (city / "indikatoren_2022.csv").read_text(encoding="cp1252").splitlines()
    row = dict(
        zip(table[0].split(";"), next(line for line in table if line.startswith("0305;")).split(";"), strict=True)
    )
    share = 100 * int(row["SGB2_Personen"].replace(".", "")) / int(row["Unter_65"].replace(".", ""))
    assert then.values["sgb2_rate"]["0305"] == pytest.approx(share, abs=0.05)
    assert then.values["sgb2_rate"]["0305"] != result.release.values["sgb2_rate"]["0305"]
    page = (folder / "atlas.html").read_text(encoding="utf-8")
    assert '"year":"31.12.2022"' in page
    assert "Stand 31.12.2022: Quelle" in page


def test_notes_stand_on_the_map_and_those_on_unknown_areas_are_refused(outcome, city, edit):
    result, folder = outcome
    assert list(result.atlas.notes) == ["0305", "0404"]
    for (note,) in result.atlas.notes.values():
        assert note in (folder / "atlas.html").read_text(encoding="utf-8")
    edit(city / "projekt.toml", '"0404" = "', '"404" = "')
    with pytest.raises(ReleaseError, match=r"has no area '404'\. Did you mean '0404'"):
        check_project(city / "projekt.toml")


def test_two_dates_that_are_the_same_are_refused(two_dates, edit):
    edit(two_dates / "projekt.toml", 'as_of = "31.12.2022"', 'as_of = "31.12.2024"')
    with pytest.raises(SpecError, match=r"the dates are '31\.12\.2024', '31\.12\.2024'"):
        check_project(two_dates / "projekt.toml")


def test_an_earlier_period_is_entered_into_the_ledger_which_says_how_close_the_dates_come(two_dates, edit):
    city = two_dates
    edit(city / "projekt.toml", 'as_of = "31.12.2024"', 'as_of = "31.12.2024"\nledger = "freigaben.json"')
    with pytest.warns(UserWarning, match=r"Compared with Bedarfslagen .*2024.* differs by less than 3"):
        run_project(city / "projekt.toml")
    entries = json.loads((city / "freigaben.json").read_text(encoding="utf-8"))["releases"]
    assert [entry["date"] for entry in entries] == ["2024", "2022", "2022"]  # that of the changes, and the release


# how stable the selection is


def test_the_stability_of_a_project_is_that_of_the_call(outcome):
    result, _ = outcome
    table = result.shortlist.stability(n=1000, seed=1).table
    shown = result.release.stability.table
    told = shown["label"].notna()
    assert told.sum() == result.release.n_assessed
    assert result.stability.table.equals(table)
    # run again on what is shown: other draws, three deviations of the difference between two shares of 1000 runs
    apart = (shown["p_selected"][told] - table["p_selected"][told].astype(float)).abs()
    assert apart.max() <= 3 * (2 * 0.25 / 1000) ** 0.5 + 0.005
    assert set(shown["label"][told & result.release.selected]) == {"certain", "borderline"}  # the sample city has both


def test_runs_and_seed_are_those_of_the_project_file(city, edit):
    before = check_project(city / "projekt.toml")
    edit(city / "projekt.toml", "runs = 20", "runs = 40")
    edit(city / "projekt.toml", "seed = 1 ", "seed = 7 ")
    result = check_project(city / "projekt.toml")
    assert (result.stability.n, result.stability.settings["seed"]) == (40, 7)
    assert any("40 Durchläufe" in note and "Startzahl 7" in note for note in result.release.stability.notes["de"])
    assert not result.release.stability.table.equals(before.release.stability.table)


def test_without_the_part_nothing_is_drawn_at_random(city, edit, tmp_path):
    content = (city / "projekt.toml").read_text(encoding="utf-8")
    part = content[content.index("[stability]") : content.index("# --- Weitere Ebenen")]
    edit(city / "projekt.toml", part, "")
    result = run_project(city / "projekt.toml", folder=tmp_path / "out")
    assert result.stability is result.release.stability is None
    assert json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))["stability"] == {}
    assert "Wie stabil" not in (tmp_path / "out" / "bericht.html").read_text(encoding="utf-8")


def test_the_report_says_which_areas_are_borderline_and_whether_they_are_on_the_list(outcome):
    result, folder = outcome
    page = (folder / "bericht.html").read_text(encoding="utf-8")
    labels, selected = result.release.stability.table["label"], result.release.selected
    for group, cells in (
        (labels.eq("borderline") & selected, "<td>Grenzfall<br>"),
        (labels.eq("certain") & selected, "<td>sicher<br>"),
    ):
        assert group.any()
        assert page.count(cells) == group.sum()
    near = result.release.areas["name"][labels.isin(["certain", "borderline"]) & ~selected]
    (named,) = re.findall(r"Knapp unter der Auswahl liegen: (.*)\.</p>", page)
    assert {word.split(" (")[0] for word in named.split(", ")} == set(near)


# the notice goes with every output


@pytest.mark.parametrize("name", ["atlas.html", "bericht.html"])
def test_every_page_carries_the_notice_as_a_band(outcome, name):
    page = (outcome[1] / name).read_text(encoding="utf-8")
    assert f'<p class="qa-band" role="note">{NOTICE}</p>' in page


def test_every_row_of_the_geopackage_carries_the_notice(outcome):
    with closing(sqlite3.connect(outcome[1] / "atlas.gpkg")) as database:
        for layer in ("areas", "candidates"):
            assert database.execute(f"SELECT DISTINCT notice FROM {layer}").fetchall() == [(NOTICE,)]  # noqa: S608
        assert database.execute("SELECT text FROM notes WHERE what = 'notice'").fetchall() == [(NOTICE,)]


def test_every_row_of_the_segregation_table_carries_the_notice(outcome):
    text = (outcome[1] / "segregation.csv").read_text(encoding="utf-8-sig")
    assert {row["notice"] for row in csv.DictReader(text.splitlines(), delimiter=";")} == {NOTICE}


def test_the_manifest_carries_the_notice(outcome):
    assert json.loads((outcome[1] / "manifest.json").read_text(encoding="utf-8"))["notices"] == [NOTICE]


# a run that fails


FAULTS = {
    "a table that is missing": ("projekt.toml", "indikatoren_2024.csv", "indikatoren_2021.csv", InputError),
    "a wrong key column": ("projekt.toml", 'key = "Stadtteil"', 'key = "Stadteil"', ColumnError),
    "a cell that is no number": ("indikatoren_2024.csv", ";1.893;", ";viele;", NumberError),
    "a key that is no area": ("indikatoren_2024.csv", "0101;", "9999;", JoinError),
    "an unknown rate in the rule": ("projekt.toml", 'above_city("sgb2_rate"', 'above_city("sgb_rate"', ColumnError),
    "an unknown population": ("projekt.toml", 'population = "Einwohner"', 'population = "EW"', QuartiersatlasError),
    "a layer without names": ("projekt.toml", 'kind = "ART"', 'kind = "TYP"', ColumnError),
    "an output of unknown kind": ("projekt.toml", '"segregation.csv"', '"segregation.docx"', QuartiersatlasError),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_run_that_fails_leaves_nothing_behind_and_earlier_outputs_untouched(city, edit, listing, fault):
    out = city / "ergebnis"
    out.mkdir()
    (out / "atlas.html").write_text("an earlier map")
    name, old, new, error = FAULTS[fault]
    edit(city / name, old, new, "cp1252" if name.endswith(".csv") else "utf-8")
    before = listing(city)
    with pytest.raises(QuartiersatlasError) as caught:
        run_project(city / "projekt.toml")
    assert isinstance(getattr(caught.value, "faults", (caught.value,))[0], error)  # what follows from it comes after
    assert listing(city) == before


def test_a_run_that_fails_makes_no_folder_for_outputs(city, edit, tmp_path):
    edit(city / "indikatoren_2024.csv", ";1.893;", ";viele;", "cp1252")
    with pytest.raises(NumberError, match="'viele' in line 2"):
        run_project(city / "projekt.toml", folder=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_failure_while_writing_leaves_no_half_of_the_outputs(outcome, city, edit, listing):
    shutil.copytree(outcome[1], city / "ergebnis")
    before = listing(city / "ergebnis")
    edit(city / "projekt.toml", "segregation.csv", "segregation.docx")
    edit(city / "projekt.toml", "Bedarfslagen in der Beispielstadt", "Zweite Fassung")
    with pytest.raises(QuartiersatlasError, match=r"segregation\.docx"):
        run_project(city / "projekt.toml")
    assert listing(city / "ergebnis") == before


def test_an_output_that_cannot_be_replaced_leaves_all_earlier_ones(outcome, city, edit, listing, monkeypatch):
    """As where a spreadsheet holds the table open."""
    shutil.copytree(outcome[1], city / "ergebnis")
    before = listing(city / "ergebnis")
    edit(city / "projekt.toml", "Bedarfslagen in der Beispielstadt", "Zweite Fassung")
    replace = Path.replace

    def refuse(path, target):
        if Path(target) == city / "ergebnis" / "segregation.csv":
            raise PermissionError(13, "Permission denied")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(InputError, match=r"'segregation\.csv' cannot be written.*open in another program"):
        run_project(city / "projekt.toml")
    assert listing(city / "ergebnis") == before


def test_areas_without_outline_are_named(city, edit):
    edit(city / "stadtteile.geojson", _first_outline(city / "stadtteile.geojson"), "null")
    with pytest.raises(GeometryError, match=r"1 area has no geometry: '0101'"):
        run_project(city / "projekt.toml")


def _first_outline(file):
    """Return the text of the first feature's geometry."""
    text = file.read_text(encoding="utf-8")
    start = text.index("{", text.index('"geometry"'))
    depth = 0
    for end, sign in enumerate(text[start:], start=start):
        depth += {"{": 1, "}": -1}.get(sign, 0)
        if depth == 0:
            return text[start : end + 1]
    raise AssertionError


def test_segregation_can_be_that_of_each_district_and_of_large_areas_against_a_named_group(city, edit):
    edit(city / "projekt.toml", "# by =", "by =")
    edit(city / "projekt.toml", '# reference = ["Deutsche"]', 'reference = ["Alter_65plus"]')
    edit(city / "projekt.toml", "# min_population = 500", "min_population = 500")
    edit(city / "projekt.toml", '"Alter_65plus",\n]', '"Herkunft_Übrige",\n]')
    result = run_project(city / "projekt.toml")
    table = result.release.segregation
    assert table["by"].nunique() == 8
    assert set(table["reference"]) == {"rest", "total", "Alter_65plus"}
    assert table["note"].str.contains("areas below 500 residents left out").any()
    page = (city / "ergebnis" / "bericht.html").read_text(encoding="utf-8")
    assert "Altstadt: Herkunft Türkei – verglichen mit: Alter 65plus" in page


def test_a_long_table_gives_the_same_results_as_a_wide_one(city, edit):
    same = check_project(city / "projekt.toml")
    wide = (city / "indikatoren_2024.csv").read_text(encoding="cp1252").splitlines()
    header, *rows = [line.split(";") for line in wide]
    long = ["Jahr;Stadtteil;Merkmal;Wert;Hinweis"]
    long += [
        f"{year};{row[0]};{name};{cell};{row[-1]}"
        for year in ("2023", "2024")
        for row in rows
        for name, cell in zip(header[3:-1], row[3:-1], strict=True)
    ]
    (city / "lang.csv").write_text("\n".join(long), encoding="utf-8")
    edit(
        city / "projekt.toml",
        'path = "indikatoren_2024.csv"\nkey = "Stadtteil"\n',
        'path = "lang.csv"\nkey = "Stadtteil"\ndecimal = ","\nkey_pattern = ".{4,}"\n'
        'filters = { Jahr = 2024 }\npivot = ["Merkmal", "Wert"]\n',
    )
    result = check_project(city / "projekt.toml")
    assert result.data.values["sgb2_rate"].equals(same.data.values["sgb2_rate"])
    assert result.need.scores.equals(same.need.scores)
    assert result.data.notices == same.data.notices
