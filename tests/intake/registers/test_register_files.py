"""A register goes out and comes back equal; what a spreadsheet does to cells is repaired or refused by name."""

from __future__ import annotations

import datetime as dt

import openpyxl
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, InputError, RegisterError
from quartiersatlas.intake.registers.schema import TABLES

HEAD = [
    "Nr.", "Name der Maßnahme", "Federführung/Verantwortlich", "Handlungsfelder", "Ziel", "Aktueller Stand",
    "Laufzeit: Beginn", "Laufzeit: Ende", "Kosten", "Wirkungsraum", "Gebiete", "Stand der Angabe",
]  # fmt: skip
ROW = [
    "M1",
    "Sprachcafé",
    "VHS",
    "Bildung",
    "Begegnung",
    "läuft",
    "2024",
    "12/2026",
    24000,
    "Gebiet",
    "N1",
    "31.01.2026",
]


def workbook(tmp_path, changes=(), rows=1, more=None):
    """Write a workbook as a town keeps it, with some cells of its first row changed: {heading: value}."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Maßnahmen"
    sheet.append(["Maßnahmen der Stadt"])
    sheet.append(HEAD)
    for number in range(rows):
        row = dict(zip(HEAD, ROW, strict=True)) | {"Nr.": f"M{number + 1}"}
        row |= dict(changes) if number == 0 else {}
        sheet.append([row[name] for name in HEAD])
    if more:
        more(book, sheet)
    path = tmp_path / "massnahmen.xlsx"
    book.save(path)
    return path


def full():
    measures = pd.DataFrame([dict(zip(HEAD, ROW, strict=True))]).assign(eigene_Spalte="=1+1")
    measures["Handlungsfelder"] = "Bildung; Kultur, Freizeit, Sport"
    measures["Laufzeit: Ende"] = "dauerhaft"
    measures["Beschreibung"] = "-5 Plätze, @alle, +1"
    return {
        "Maßnahmen": measures,
        "Förderung": pd.DataFrame(
            [("M1", "Sozialer Zusammenhalt", "Bund", 12.5, "01.02.2025", "bewilligt")],
            columns=[
                "Nr. der Maßnahme",
                "Programm",
                "Mittelgeber",
                "Summe (EUR)",
                "Bewilligt ab",
                "Stand der Förderung",
            ],
        ),
        "Ziele": pd.DataFrame(
            [("Z1", "Leitbild", "", "Teilhabe"), ("Z2", "Ziel", "Z1", "Sprache")],
            columns=["Ziel-Nr.", "Ebene", "gehört zu", "Ziel"],
        ),
        "Zielwerte": pd.DataFrame(
            [("child_poverty_u15", "city", "31.12.2020", 20.125, "2030", "sgb2-u15", "StVV 12.03.2025")],
            columns=["Indikator", "Gebiet", "Ausgangsdatum", "Zielwert", "Zieldatum", "Definition", "Beschluss"],
        ),
        "Beteiligung": pd.DataFrame(
            [("V7", "04.05.2026", "N1", "Bildung", "Mehr Kurse", "Anregung", 42)],
            columns=["Veranstaltung", "Datum", "Gebiet", "Handlungsfeld", "Ergebnis/Anregung", "Art", "Teilnehmende"],
        ),
        "Ortswissen": pd.DataFrame(
            [("N1", "Neubau bezogen", "QM Nord", "01.10.2026")],
            columns=["Gebiet", "Hinweis", "Stelle", "Datum"],
        ),
    }


def assert_equal(one, other):
    for name in TABLES.values():
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize("lang", ["de", "en"])
def test_written_and_read_again_it_is_equal(tmp_path, lang):
    register = qa.read_measures(full())
    assert register.measures["fields"].tolist() == [("education", "culture_sport")]
    assert register.participation["mentions"].tolist() == [1]
    assert register.knowledge["visible"].tolist() == ["internal"]
    assert_equal(register, qa.read_measures(register.save(tmp_path / "r.xlsx", lang)))
    folder = tmp_path / "csv"
    folder.mkdir()
    assert_equal(register, qa.read_measures(register.save(folder, lang)))
    assert (folder / "massnahmen.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_the_same_content_gives_the_same_bytes_and_formulas_stay_text(tmp_path):
    register = qa.read_measures(full())
    first, second = register.save(tmp_path / "a.xlsx"), register.save(tmp_path / "b.xlsx")
    assert first.read_bytes() == second.read_bytes()
    book = openpyxl.load_workbook(first)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert [cell.coordinate for cell in cells if cell.data_type == "f"] == []
    assert "=1+1" in [cell.value for cell in cells]
    offered = {str(one.sqref): one.formula1 for one in book["Maßnahmen"].data_validations.dataValidation}
    assert any("Listen" in formula for formula in offered.values())


def test_columns_stand_in_any_order_and_language(tmp_path):
    english = qa.read_measures(qa.read_measures(full()).save(tmp_path / "r.xlsx", "en"))
    frame = pd.read_excel(
        tmp_path / "r.xlsx", sheet_name="Measures", dtype=object, keep_default_na=False, engine="calamine"
    )
    turned = qa.read_measures({"Measures": frame[list(frame.columns[::-1])]})
    pd.testing.assert_frame_equal(turned.measures[english.measures.columns], english.measures)


@pytest.mark.parametrize(
    ("heading", "value", "column", "wanted"),
    [
        ("Kosten", "24.000 €", "cost", 24000.0),
        ("Kosten", "24 Tsd. €", "cost", 24000.0),
        ("Kosten", "1,5 Mio. EUR", "cost", 1500000.0),
        ("Kosten", "24.000,50", "cost", 24000.5),
        ("Kosten", "24.000,- €", "cost", 24000.0),
        ("Laufzeit: Ende", "Q3/2026", "end", pd.Timestamp("2026-09-30")),
        ("Laufzeit: Beginn", "Q3/2026", "begin", pd.Timestamp("2026-07-01")),
        ("Laufzeit: Ende", dt.datetime(2026, 3, 1), "end", pd.Timestamp("2026-03-01")),  # noqa: DTZ001
        ("Laufzeit: Ende", 2026, "end", pd.Timestamp("2026-12-31")),
        ("Laufzeit: Ende", "02/2028", "end", pd.Timestamp("2028-02-29")),
        ("Aktueller Stand", "Running", "status", "running"),
        ("Nr.", 7, "measure_id", "7"),
    ],
)
def test_what_can_be_read_in_one_way_is_read(tmp_path, heading, value, column, wanted):
    register = qa.read_measures(workbook(tmp_path, {heading: value}))
    assert register.measures[column].iloc[0] == wanted


@pytest.mark.parametrize(
    ("heading", "value", "said"),
    [
        ("Nr.", dt.datetime(2026, 3, 1), r"Maßnahmen A3 .*turned something like 01-03 into a date"),  # noqa: DTZ001
        ("Nr.", 100000, r"A3 .*turned something like 1E5 or 1\.5 into a number"),
        ("Gebiete", dt.datetime(2026, 3, 1), r"K3 .*into a date"),  # noqa: DTZ001
        ("Kosten", "20.000-30.000 €", r"I3 .*'20\.000-30\.000 €': a range"),
        ("Kosten", "24,000", r"I3 .*24,000 is 24 in German"),
        ("Kosten", -5, r"I3 .*negative"),
        ("Kosten", "−5.000 €", r"I3 .*negative"),
        ("Kosten", "50 %", r"I3 .*a percentage where an amount"),
        ("Kosten", "k. A.", r"I3 .*no number.*leave the cell empty"),
        ("Laufzeit: Ende", "01.03.26", r"H3 .*two digits"),
        ("Laufzeit: Ende", 46023, r"H3 .*a number where a date belongs"),
        ("Laufzeit: Ende", "31.02.2026", r"H3 .*no such day"),
        ("Laufzeit: Ende", "2023", r"H3 .*before its begin, 2024-01-01"),
        ("Laufzeit: Ende", "offen", r'H3 .*or "dauerhaft" where it has no end'),
        ("Handlungsfelder", "Bildungg", r"D3 .*did you mean 'Bildung'"),
        ("Aktueller Stand", "laufend", r"F3 .*unknown: it is one of 'Idee', 'geplant', 'läuft'"),
        ("Ziel", "", r"E3 .*empty, and each row needs it"),
        ("Gebiete", "", r"K3 .*empty, though the measure reaches single areas"),
        ("Ziel", "Fragen an vhs@stadt.de", r"E3 .*contact details"),
        ("Ziel", "Tel. 030 1234567", r"E3 .*contact details"),
    ],
)
def test_what_could_mean_several_things_is_refused_with_sheet_and_cell(tmp_path, heading, value, said):
    with pytest.raises(RegisterError, match=said) as caught:
        qa.read_measures(workbook(tmp_path, {heading: value}))
    assert caught.value.problems["is_refused"].any()


def test_all_that_is_refused_is_said_at_once(tmp_path):
    with pytest.raises(RegisterError, match="2 cells") as caught:
        qa.read_measures(workbook(tmp_path, {"Kosten": "viel", "Laufzeit: Ende": "bald"}))
    assert caught.value.problems["row"].tolist() == ["H3", "I3"]


def test_a_number_of_the_register_is_never_used_twice(tmp_path):
    with pytest.raises(RegisterError, match=r"A4 .*there twice"):
        qa.read_measures(workbook(tmp_path, rows=2, more=lambda _, sheet: sheet.__setitem__("A4", "M1")))


def test_a_number_that_differs_in_case_alone_is_the_same():
    given = full()
    given["Maßnahmen"] = pd.concat([given["Maßnahmen"], given["Maßnahmen"].assign(**{"Nr.": " m1"})])
    with pytest.raises(RegisterError, match=r"A3 .*there twice"):
        qa.read_measures(given)


def test_money_shown_as_per_cent_is_refused(tmp_path):
    def share(_, sheet):
        sheet["I3"], sheet["I3"].number_format = 0.5, "0%"

    with pytest.raises(RegisterError, match=r"I3 .*a percentage where an amount"):
        qa.read_measures(workbook(tmp_path, more=share))


def test_forecasts_may_be_below_nought_and_written_with_their_sign():
    columns = ["Indikator", "Gebiet", "Stand", "Wert", "Art", "erstellt am", "Verfahren", "Quelle"]
    rows = [
        ("net_migration_u6", "Gesamtstadt", "2030", one, "Prognose", "01.02.2025", "V", "Q") for one in ("−2,5 %", -2)
    ]
    given = full() | {"Prognosen": pd.DataFrame(rows, columns=columns)}
    assert qa.read_measures(given).forecasts["value"].tolist() == [-2.5, -2]


def test_headings_with_a_unit_are_known_and_others_are_said(tmp_path):
    register = qa.read_measures(workbook(tmp_path, more=lambda _, sheet: sheet.__setitem__("I2", "Kosten in €")))
    assert register.measures["cost"].tolist() == qa.read_measures(workbook(tmp_path)).measures["cost"].tolist()
    register = qa.read_measures(workbook(tmp_path, more=lambda _, sheet: sheet.__setitem__("I2", "Gesamtkosten")))
    said = register.problems.set_index("row").loc["I2"]
    assert said["column"] == "Gesamtkosten"
    assert said["what"].startswith("no column of a register, kept as it is. Did you mean 'Kosten'")
    assert register.measures["cost"].isna().all()
    register = qa.read_measures(workbook(tmp_path, more=lambda _, sheet: sheet.__setitem__("I2", None)))
    assert register.problems.set_index("row").loc["I2", "what"] == "values without a heading: not read"


def test_a_heading_merged_across_columns_is_refused(tmp_path):
    with pytest.raises(RegisterError, match=r"G2:H2 .*'Laufzeit: Beginn': a heading merged across columns"):
        qa.read_measures(workbook(tmp_path, more=lambda _, sheet: sheet.merge_cells("G2:H2")))


def test_words_merged_over_rows_hold_for_each_and_numbers_are_refused(tmp_path):
    register = qa.read_measures(workbook(tmp_path, rows=2, more=lambda _, sheet: sheet.merge_cells("C3:C4")))
    assert register.measures["lead"].tolist() == ["VHS", "VHS"]
    assert "merged over rows" in register.problems["what"].iloc[0]
    with pytest.raises(RegisterError, match=r"I3:I4 .*merged over rows"):
        qa.read_measures(workbook(tmp_path, rows=2, more=lambda _, sheet: sheet.merge_cells("I3:I4")))


def test_a_person_as_lead_is_noted(tmp_path):
    register = qa.read_measures(workbook(tmp_path, {"Federführung/Verantwortlich": "Frau Meier"}))
    assert register.problems[["row", "what"]].iloc[0].tolist() == ["C3", "seems to be a person: name the office"]


def test_hidden_rows_are_read_and_noted(tmp_path):
    def hide(_, sheet):
        sheet.row_dimensions[4].hidden = True

    register = qa.read_measures(workbook(tmp_path, rows=2, more=hide))
    assert len(register.measures) == 2
    assert "1 hidden row was read" in register.problems["what"].tolist()


def test_money_above_the_cost_is_noted():
    given = full()
    given["Förderung"]["Summe (EUR)"] = 30000
    assert "more than the cost of M1, 24000" in qa.read_measures(given).problems["what"].iloc[0]


def test_aims_in_a_circle_and_unknown_measures_are_refused():
    given = full()
    given["Ziele"].loc[0, "gehört zu"] = "Z2"
    with pytest.raises(RegisterError, match="the aims go in a circle: Z1 > Z2 > Z1"):
        qa.read_measures(given)
    given = full()
    given["Förderung"]["Nr. der Maßnahme"] = "M11"
    with pytest.raises(RegisterError, match=r"no such measure. Did you mean 'M1'"):
        qa.read_measures(given)


def test_a_target_without_resolution_or_with_a_date_before_its_baseline_is_refused():
    given = full()
    given["Zielwerte"]["Beschluss"] = ""
    with pytest.raises(RegisterError, match=r"Beschluss.*empty"):
        qa.read_measures(given)
    given = full()
    given["Zielwerte"]["Zieldatum"] = "31.12.2020"
    with pytest.raises(RegisterError, match="before its begin"):
        qa.read_measures(given)


def test_missing_columns_sheets_and_files_are_named(tmp_path):
    with pytest.raises(ColumnError, match="no column 'Aktueller Stand'"):
        qa.read_measures({"Maßnahmen": full()["Maßnahmen"].drop(columns="Aktueller Stand")})
    with pytest.raises(InputError, match="A register has no table 'Projekte'"):
        qa.read_measures({"Projekte": pd.DataFrame()})
    with pytest.raises(InputError, match="register file"):
        qa.read_measures(tmp_path / "nichts.xlsx")
    with pytest.raises(InputError, match=r"no file massnahmen.csv"):
        qa.read_measures(tmp_path)


def test_areas_by_name_or_without_their_zeros_become_keys():
    import geopandas as gpd
    import shapely

    shapes = [shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000)]
    areas = gpd.GeoDataFrame(
        {"name": ["Nord", "Süd"], "bezirk": ["Mitte", "Mitte"]},
        index=["0101", "0102"],
        geometry=shapes,
        crs="EPSG:25832",
    )
    data = qa.join(areas, pd.DataFrame({"residents": [900.0, 800.0]}, index=areas.index))
    given = full()
    given["Maßnahmen"]["Gebiete"] = "Nord; 102; bezirk:Mitte"
    given["Zielwerte"]["Gebiet"], given["Beteiligung"]["Gebiet"], given["Ortswissen"]["Gebiet"] = (
        "Gesamtstadt",
        "0101",
        "101",
    )
    register = qa.read_measures(given, data)
    assert register.measures["areas"].tolist() == [("0101", "0102", "bezirk:Mitte")]
    assert register.targets["area"].tolist() == ["city"]
    need = pd.DataFrame({"area": ["0101", "0102"], "field": "education", "need": True})
    assert qa.coverage(register, need, on="2026-01-01", data=data).table["state"].tolist() == ["covered"] * 2
    given["Maßnahmen"]["Gebiete"] = "0101, 0102"
    assert qa.read_measures(given, data).measures["areas"].tolist() == [("0101", "0102")]
    given["Maßnahmen"]["Gebiete"] = "Nord und 102"
    assert qa.read_measures(given, data).measures["areas"].tolist() == [("0101", "0102")]
    given["Ortswissen"]["Gebiet"] = "Nordd"
    with pytest.raises(RegisterError, match=r"no such area. Did you mean 'Nord'"):
        qa.read_measures(given, data)
