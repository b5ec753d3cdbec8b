"""Every export says of each area whether it is selected, how sure that is, and why it is not said where it is not."""

from __future__ import annotations

import csv
from dataclasses import replace

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.disclosure.release import ReleasedStability
from quartiersatlas.present.files.tables import area_table, columns_table

# README of the sample city and its table: 0212 is a forest, 0809 has fewer than 300 residents, 0804 hides few cases,
# 0213, 0408, 0607 and 0608 have a point in a column of the index, 0209, 0406 and 0602 are hidden beside them
FOREST, HIDDEN = "0212", ["0209", "0213", "0406", "0408", "0602", "0607", "0608", "0804", "0809"]


def read(path):
    """Return code and share of runs by area, as a program reads them; None where nothing is said."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = pd.DataFrame(list(csv.DictReader(file, delimiter=";"))).set_index("key")
        table["p_selected"] = pd.to_numeric(table["p_selected"].str.replace(",", "."))
    elif path.suffix == ".xlsx":
        _, head, *body = openpyxl.load_workbook(path)["Gebiete"].iter_rows(values_only=True)
        table = pd.DataFrame(body, columns=head).set_index("key")
    elif path.suffix == ".parquet":
        table = gpd.read_parquet(path).set_index("key")
    else:
        table = gpd.read_file(path, **({"layer": "areas"} if path.suffix == ".gpkg" else {})).set_index("key")
    codes = {key: None if pd.isna(code) or code == "" else code for key, code in table["selection"].items()}
    return codes, pd.to_numeric(table["p_selected"], errors="coerce")


WORDS = {
    "sure": "ausgewählt, sicher",
    "open": "ausgewählt, Grenzfall",
    "near": "nicht ausgewählt, Grenzfall",
    "out": "nicht ausgewählt",
    "not_assessed": "nicht beurteilbar (Wert fehlt)",
}


@pytest.mark.parametrize("ending", [".gpkg", ".geojson", ".parquet", ".csv", ".xlsx"])
def test_every_format_has_selection_and_share_of_runs(sample, tmp_path, ending):
    release = sample.release
    codes, share = read(qa.export(release, tmp_path / f"a{ending}"))
    table = release.stability.table
    expected = {}
    for key, label in table["label"].items():
        yes = release.selected[key]
        code = (
            {"certain": "sure", "borderline": "open"}[label]
            if yes
            else {"borderline": "near", "certain": "near"}.get(label, "out")
        )
        if key == FOREST:
            code = "not_assessed"
        if key in HIDDEN:
            code = None if ending != ".xlsx" else "nicht ausgewiesen"
        expected[key] = WORDS.get(code, code) if ending == ".xlsx" else code
    assert {**codes} == expected
    known = table["p_selected"].dropna()
    assert share.dropna().to_dict() == pytest.approx(known.to_dict())
    assert sorted(share.index[share.isna()]) == sorted([FOREST, *HIDDEN])


def test_a_withheld_outcome_says_why_beside_it(exported):
    notes = exported["selection_note"].fillna("")
    assert notes[notes.ne("")].to_dict() == {
        **dict.fromkeys(HIDDEN, "Grundlage nicht ausgewiesen"),
        "0804": "geschützt",
        "0809": "zu wenige Einwohner",
    }


def test_codes_are_explained_in_both_languages(sample):
    for lang, words in (("de", WORDS["open"]), ("en", "selected, borderline")):
        table = columns_table(sample.release, lang)
        row = table[table["column"].eq("selection")].iloc[0]
        assert f"open = {words}" in row["values"]
        assert "selected = " not in row["values"]  # only without stability
        assert [pair.split(" = ")[0] for pair in row["values"].split("; ")] == list(WORDS)
        states = table[table["column"].eq("selected")].iloc[0]["values"]
        assert states == {"de": "True = ja; False = nein", "en": "True = yes; False = no"}[lang]


def test_without_stability_nothing_is_called_sure(town):
    shortlist = qa.screen(town, qa.worst_share("sgb2_rate", 0.25))
    table = area_table(qa.release(town, shortlist=shortlist), "de")
    assert table["selection"].value_counts().to_dict() == {"selected": 3, "out": 9}
    assert "p_selected" not in table


def test_without_a_screening_there_is_no_selection(town):
    assert "selection" not in area_table(qa.release(town), "de")


def test_a_selected_area_that_few_runs_select_stays_selected(town):
    """An area of the list may be selected in few of the runs, and one beside it in most."""
    release = qa.release(town, shortlist=qa.screen(town, qa.worst_share("sgb2_rate", 0.25)))
    selected = release.selected.index[release.selected]
    labels = pd.DataFrame({"label": "not_selected", "p_selected": 0.05}, index=release.areas.index)
    other = release.selected.index[~release.selected][0]
    labels.loc[other, ["label", "p_selected"]] = ["certain", 0.95]
    notes = {"de": (), "en": ()}
    table = area_table(replace(release, stability=ReleasedStability(labels, notes)), "de")
    assert table["selection"][selected].eq("open").all()
    assert table["selection"][other] == "near"


def test_a_missing_value_is_not_assessed_and_a_hidden_one_is_not_said(make_city):
    """Area a has no value at all; area b hides two cases, and c is hidden beside it."""
    poor = [float("nan"), 2.0, 130, 200, 300, 400]
    table = pd.DataFrame({"residents": [1000.0] * 6, "poor": poor}, index=list("abcdef"))
    data = qa.add_rates(make_city(table), {"rate": ("poor", "residents")})
    release = qa.release(data, shortlist=qa.screen(data, qa.above("rate", 25)), protection=qa.Protection(min_count=3))
    found = area_table(release, "en")
    assert found["selection"]["a"] == "not_assessed"
    assert pd.isna(found["selection"]["b"])
    assert found["selection_note"].loc[["a", "b"]].tolist() == ["", "protected"]
    assert found["selection"].loc[["e", "f"]].tolist() == ["selected", "selected"]
