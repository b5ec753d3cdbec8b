"""Measures leave through a release alone: what is for the house stays there; dossier, report and panel of the map."""

from __future__ import annotations

import warnings
import zipfile
from dataclasses import fields

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, RegisterError, ReleaseError, SpecError
from quartiersatlas.present.map.measure_layer import measure_layer
from quartiersatlas.present.paper.measure_signs import area_kinds

SECRETS = ("NURIMHAUS", "4711", "Selbstkritik")
SPEC = {
    "id": "t",
    "source": "t",
    "axes": [
        {
            "id": "status",
            "label_de": "Status",
            "label_en": "Status",
            "classes": [
                {"id": "low", "upper": 0, "label_de": "niedrig", "label_en": "low"},
                {"id": "high", "label_de": "hoch", "label_en": "high"},
            ],
            "indicators": [{"id": "sgb2_rate"}],
        }
    ],
}


@pytest.fixture(scope="module")
def town():
    keys = [f"{n:02}" for n in range(1, 7)]
    shapes = [shapely.box(1000 * n, 0, 1000 * n + 1000, 1000) for n in range(6)]
    names = [f"<b>Ort</b> {key}" for key in keys]
    areas = gpd.GeoDataFrame({"name": names}, index=keys, geometry=shapes, crs="EPSG:25832")
    table = pd.DataFrame({"poor": [300.0, 260, 90, 80, 2, 70], "residents": [1000.0] * 6}, index=keys)
    return qa.add_rates(qa.join(areas, table, population="residents"), {"sgb2_rate": ("poor", "residents")})


@pytest.fixture(scope="module")
def register():
    row = {
        "measure_id": "M1", "name": "Café <script>", "lead": "VHS", "fields": "social", "aim": "Teilhabe",
        "status": "running", "scope": "area", "areas": "01", "updated": "2024-06-30", "end": "dauerhaft",
        "cost": 4711, "result": "Selbstkritik", "uptake": 2, "Vermerk": "NURIMHAUS",
    }  # fmt: skip
    later = {**row, "measure_id": "M2", "name": "Vorbei", "end": "2023", "areas": "02"}
    reg = qa.read_measures({"massnahmen": pd.DataFrame([row, later])})
    return reg.with_notes(
        qa.annotate("01", "Neubau bezogen", "QM", "2024-10-01", visible="public"),
        qa.annotate("01", "NURIMHAUS", "QM", "2024-10-01"),
    )


@pytest.fixture(scope="module")
def results(town):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        need = qa.need_index(town, qa.NeedSpec.from_dict(SPEC))
        shortlist = qa.screen(town, qa.above_city("sgb2_rate"))
        return {"need": need, "shortlist": shortlist, "candidates": qa.candidate_areas(town, shortlist)}


def released(town, register, results, **more):
    given = {"title": "T", "source": "S", "as_of": "2024-12-31", "comment": "K", **results, **more}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return qa.release(town, measures=register, **given)


def words_of(folder):
    """Return everything that files of a folder hold, those in archives too."""
    said = b""
    for file in folder.rglob("*"):
        if file.is_file():
            said += file.read_bytes()
            if zipfile.is_zipfile(file):
                with zipfile.ZipFile(file) as archive:
                    said += b"".join(archive.read(name) for name in archive.namelist())
    return said.decode("utf-8", "replace")


def test_what_is_for_the_house_is_in_no_output(town, register, results, tmp_path):
    rel = released(town, register, results)
    qa.report(rel, tmp_path / "bericht.html")
    qa.report(rel, tmp_path / "bericht.docx")
    qa.atlas_map(rel).save(tmp_path / "atlas.html")
    for kind in ("docx", "html"):
        qa.dossier(rel, str(rel.candidates.index[0]), tmp_path / kind, document=kind)
    said = words_of(tmp_path)
    assert [word for word in SECRETS if word in said] == []
    assert "Neubau bezogen" in said
    assert "<script> (VHS" not in said  # hostile text is escaped wherever it is shown


def test_the_house_reads_more_but_never_small_counts(town, register, results):
    rel = released(town, register, results, audience="internal")
    table = rel.measures.table.set_index("measure_id")
    assert table.loc["M1", "cost"] == 4711
    assert table["uptake"].isna().all()  # 2 persons
    assert len(rel.measures.knowledge) == 2
    assert "Vermerk" not in table.columns


def test_coverage_is_that_of_the_need_that_is_shown(town, register, results):
    rel = released(town, register, results)
    covered = rel.measures.coverage.set_index(["area", "field"])
    assert covered.loc[("01", "social"), "state"] == "covered"
    assert covered.loc[("02", "social"), "state"] == "need_without_measure"  # M2 is over
    hidden = rel.values.index[rel.values["need_status_class"].isna()]
    assert len(hidden)  # 2 of 1,000 are withheld
    assert set(covered.loc[hidden, "state"]) == {"need_unknown"}
    assert "per_1000" not in covered.columns  # a known number over a rate gives the count of persons back


def test_the_record_cannot_be_written_into(town, register, results):
    measures = released(town, register, results).measures
    taken = measures.table
    taken.loc[0, "name"] = "anders"
    assert measures.table["name"].tolist() == ["Café <script>", "Vorbei"]
    assert all(isinstance(getattr(measures, one.name), (tuple, pd.Timestamp)) for one in fields(measures))


def test_the_panel_of_an_area_names_live_measures_only(town, register, results):
    from quartiersatlas.present.acting.measures import area_measure_lines

    lines = area_measure_lines(released(town, register, results), "de")
    assert lines == {"01": ("Maßnahme M1: Café <script> (VHS, läuft, Ende: dauerhaft)",)}


def test_the_map_carries_symbols_and_their_script_where_there_are_measures_alone(town, register, results):
    rel = released(town, register, results)
    page = qa.atlas_map(rel).html()
    assert "QuartiersMeasures=" in page
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain = qa.release(town, title="T", source="S", as_of="2024-12-31", comment="K", **results)
    assert "QuartiersMeasures=" not in qa.atlas_map(plain).html()
    kinds = area_kinds(rel.measures, list(rel.areas.index))
    states = rel.measures.coverage.groupby("area")["state"].agg(set)
    assert {key for key, own in states.items() if "need_without_measure" in own} == {
        key for key, kind in kinds.items() if kind == "need_without_measure"
    }
    content = measure_layer(rel, "de")["measures"]
    assert sum(int(sign["count"]) for sign in content["signs"]) == len(kinds)
    assert content["lines"][0] == ["Maßnahme M1: Café <script> (VHS, läuft, Ende: dauerhaft)"]
    assert measure_layer(plain, "de") == {}


def test_a_measure_without_an_index_has_a_symbol_of_its_own(town, register):
    rel = released(town, register, {})
    assert area_kinds(rel.measures, list(rel.areas.index)) == {"01": "measure"}


def test_workbook_and_tables_hold_measures_and_coverage(town, register, results, tmp_path):
    rel = released(town, register, results)
    qa.export(rel, tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    cells = [cell.value for row in book["Maßnahmen"].iter_rows() for cell in row]
    assert {"M1", "läuft", "dauerhaft", "Laufzeit überschritten"} <= set(cells)
    assert "Bedarf und Maßnahmen" in book.sheetnames
    qa.export(rel, tmp_path / "c.csv", table="coverage")
    table = pd.read_csv(tmp_path / "c.csv", sep=";", dtype=str, encoding="utf-8-sig")
    own = table[table["key"].eq("02") & table["field"].eq("Soziales")]
    assert own["state"].tolist() == ["Bedarf ohne Maßnahme"]
    assert [word for word in SECRETS if word in words_of(tmp_path)] == []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain = qa.release(town, columns=["sgb2_rate"])
    with pytest.raises(ReleaseError, match="no measures"):
        qa.export(plain, tmp_path / "d.csv", table="measures")


def test_a_profile_names_the_measures_of_its_area(town, register, results, tmp_path):
    rel = released(town, register, results)
    qa.profile(rel, "02").save(tmp_path / "p.html")
    said = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert "Für dieses Gebiet steht keine geplante oder laufende Maßnahme im Register." in said
    assert "Bedarf ohne Maßnahme vor Ort: Soziales" in said


def test_measures_need_a_day_areas_that_are_there_and_a_register(town, register, results):
    with pytest.raises(SpecError, match="which measures are live depends on the day"):
        released(town, register, results, as_of="Herbst")
    with pytest.raises(ArgumentError, match="read_measures"):
        released(town, 3, results)
    row = dict(zip(register.measures.columns, register.measures.iloc[0], strict=True))
    elsewhere = qa.read_measures({"massnahmen": pd.DataFrame([{**row, "areas": ("99",)}])})
    with pytest.raises(RegisterError, match="'99', and there is no such area"):
        released(town, elsewhere, results)


def test_a_dossier_is_of_a_candidate_of_a_release_and_the_same_twice(town, register, results, tmp_path):
    rel = released(town, register, results)
    key = str(rel.candidates.index[0])
    for name in ("a", "b"):
        qa.dossier(rel, key, tmp_path / name)
    for file in ("dossier.docx", "gebiete.gpkg", "tabellen.xlsx"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    inside = gpd.read_file(tmp_path / "a" / "gebiete.gpkg", layer="areas")
    assert inside["key"].tolist() == list(rel.members.index[rel.members.eq(key)])
    outline = gpd.read_file(tmp_path / "a" / "gebiete.gpkg", layer="outline")
    assert outline.geometry.iloc[0].equals(inside.union_all())
    with pytest.raises(ReleaseError, match="no candidate area 'nix'"):
        qa.dossier(rel, "nix", tmp_path / "c")
    with pytest.raises(ArgumentError, match=r"qa\.release"):
        qa.dossier(town, key, tmp_path / "c")


def test_the_dossier_says_who_resolves(town, register, results, tmp_path):
    rel = released(town, register, results)
    qa.dossier(rel, str(rel.candidates.index[0]), tmp_path / "d", document="html")
    said = (tmp_path / "d" / "dossier.html").read_text(encoding="utf-8")
    assert "Prüfgebiet, kein Fördergebiet" in said
    assert "171e BauGB" in said


def test_the_dossier_has_a_map_around_its_area_and_the_programmes_there(outcome, tmp_path):
    """A candidate of the sample city that is partly in a programme area."""
    result, _ = outcome
    rel = result.release
    row = rel.candidates[rel.candidates["cover"].eq("partly")].iloc[0]
    qa.dossier(rel, str(row.name), tmp_path / "d", document="html")
    said = (tmp_path / "d" / "dossier.html").read_text(encoding="utf-8")
    assert said.count("<svg") >= 1
    assert f"Das Prüfgebiet {row.name} {row['name']} und seine Umgebung" in said
    assert f"teilweise Programmgebiet: {row['programmes']}" in said
    assert "seit 2021" in said or "seit 2017" in said


def blocks_of(shares):
    """Make joined blocks: four squares of 250 persons in each area, with the cases that are given."""
    keys = [f"{area}-{n}" for area in shares for n in range(4)]
    shapes = [shapely.box(250 * n, 0, 250 * n + 250, 1000) for n in range(len(keys))]
    frame = gpd.GeoDataFrame(
        {"name": keys, "district": [key[:2] for key in keys]}, index=keys, geometry=shapes, crs="EPSG:25832"
    )
    poor = [float(x) for cases in shares.values() for x in cases]
    table = pd.DataFrame({"poor": poor, "residents": 250.0}, index=keys)
    joined = qa.join(frame, table, population="residents", period="2024")
    return qa.add_rates(joined, {"sgb2_rate": ("poor", "residents")})


BLOCKS = {
    "01": [200, 80, 15, 5],
    "02": [65] * 4,
    "03": [90, 0, 0, 0],
    "04": [20] * 4,
    "05": [2, 0, 0, 0],
    "06": [18] * 4,
}


def test_a_dossier_says_whether_areas_contain_both_and_no_value_of_a_block(town, register, results, tmp_path):
    within = qa.within_area(blocks_of(BLOCKS), "sgb2_rate", area="district")
    assert within.table["verdict"].to_dict()["01"] == "both"
    rel = released(town, register, results, within=within)
    # of 05 the rate is withheld, and its partner: no verdict of theirs leaves
    assert set(rel.within.table.index) == set(rel.values.index[rel.values["sgb2_rate"].notna()]) < set(BLOCKS)
    key = str(rel.members.dropna().loc["01"])
    qa.dossier(rel, key, tmp_path, document="html")
    said = (tmp_path / "dossier.html").read_text(encoding="utf-8")
    assert "Ort&lt;/b&gt; 01: enthält beides (Blöcke: 4)." in said
    assert "80,0" not in said  # the share of the highest block
    assert "Ort&lt;/b&gt; 03: enthält beides" not in said.split("Blöcke")[0]
    pair = qa.within_area(blocks_of(BLOCKS).values.assign(d="01"), ("poor", "residents"), area="d")
    with pytest.raises(SpecError, match="does not leave with this release"):
        released(town, register, results, within=pair)
    elsewhere = qa.within_area(blocks_of({"77": [9] * 4}), "sgb2_rate", area="district")
    with pytest.raises(SpecError, match="no areas '77'"):
        released(town, register, results, within=elsewhere)


def test_money_stands_in_a_dossier_for_the_house_alone(town, results, tmp_path):
    rows = [("M1", "Soziale Stadt", "bund", 120000.0, "2025-06-30"), ("M2", "Vorbei-Topf", "eu", 5000.0, "2023-12-31")]
    funding = pd.DataFrame(rows, columns=["measure_id", "programme", "funder", "sum_eur", "end"])
    funding["state"] = "granted"
    table = {
        "measure_id": "M1", "name": "Café", "lead": "VHS", "fields": "social", "aim": "Teilhabe", "status": "running",
        "scope": "area", "areas": "01", "updated": "2024-06-30", "end": "dauerhaft",
    }  # fmt: skip
    over = {**table, "measure_id": "M2", "name": "Vorbei", "end": "2023", "areas": "02"}
    paid = qa.read_measures({"massnahmen": pd.DataFrame([table, over]), "foerderung": funding})
    for audience in ("public", "internal"):
        rel = released(town, paid, results, audience=audience)
        qa.dossier(rel, str(rel.members.dropna().loc["01"]), tmp_path / audience, document="html")
    public, internal = ((tmp_path / one / "dossier.html").read_text("utf-8") for one in ("public", "internal"))
    assert "Soziale Stadt" not in public
    assert "120.000" not in public
    assert "120.000 EUR aus Soziale Stadt enden am 30.06.2025 (Maßnahme M1)." in internal
    assert "Vorbei-Topf" not in internal  # its measure is over


@pytest.mark.parametrize("ending", ["html", "md"])
def test_offices_priorities_money_and_participation_stand_in_the_report_of_the_house(town, results, tmp_path, ending):
    """What the register says of offices, of priorities against what is shown, and how often something was said."""
    row = {
        "measure_id": "M1", "name": "Café", "lead": "VHS", "fields": "social", "aim": "Teilhabe", "status": "running",
        "scope": "area", "areas": "04", "updated": "2023-06-30", "end": "dauerhaft", "priority": "high",
    }  # fmt: skip
    more = {**row, "measure_id": "M2", "name": "Laden", "areas": "01", "priority": "low", "updated": "2024-11-30"}
    hidden = {**more, "measure_id": "M3", "areas": "05", "name": "Hof"}  # need there is withheld: no evidence
    funding = {"measure_id": "M1", "programme": "Topf", "sum_eur": 120000.0, "end": "2025-06-30", "state": "granted"}
    said = [
        ("V1", "2024-05-01", "01", "social", "GEHEIM-A", "need", 14, 42, "", ""),
        ("V1", "2024-05-01", "01", "social", "GEHEIM-B", "idea", 3, 42, "M1", ""),
        ("V2", "2024-06-01", "02", "education", "GEHEIM-C", "correction", 2, 8, "", ""),  # 8 took part: not told of 02
        ("V3", "2025-01-01", "01", "social", "GEHEIM-D", "need", 99, 99, "", ""),  # later than the release
    ]
    head = ["event_id", "date", "area", "field", "result", "kind", "mentions", "participants", "measure_id", "answer"]
    reg = qa.read_measures(
        {
            "massnahmen": pd.DataFrame([row, more, hidden]),
            "foerderung": pd.DataFrame([funding]),
            "beteiligung": pd.DataFrame(said, columns=head),
        }
    )
    told = {}
    for audience in ("public", "internal"):
        rel = released(town, reg, results, audience=audience)
        told[audience] = qa.report(rel, tmp_path / f"{audience}.{ending}").read_text("utf-8")
    inside = (
        "VHS: Maßnahmen 3, davon geplant oder laufend 3.",
        "120.000 EUR aus Topf enden am 30.06.2025",
        "Maßnahme M1 (Café) hat hohe Priorität",
        "Maßnahme M2 (Laden) hat niedrige Priorität",
        "Ergebnisse der Beteiligung: 3, Veranstaltungen: 2.",
        "Noch ohne Antwort der Verwaltung: 2.",
    )
    assert [words for words in inside if words not in told["internal"]] == []
    assert "Maßnahme M3" not in told["internal"]
    for words in ("Stand je Amt", "Topf", "Priorität", "Beteiligung"):
        assert words not in told["public"]
    assert not [words for words in told.values() if "GEHEIM" in words]
    if ending == "md":
        rows = told["internal"][told["internal"].index("Ergebnisse der Beteiligung") :].splitlines()
        cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in rows if line.startswith("|")]
        assert cells[0][1:] == ["Soziales", "Bildung"]
        assert [line[1:] for line in cells if line[1:] in (["17", "–"], ["–", "2"])] == [["17", "–"], ["–", "2"]]
