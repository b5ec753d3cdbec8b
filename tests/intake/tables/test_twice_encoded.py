"""Letters that were encoded twice are put right where all of them can be, refused where not, and never imagined."""

from __future__ import annotations

import json

import pytest

from quartiersatlas.errors import InputError

NAMES = ["Müggelheim", "Großgörschen", "Überlingen", "Öjendorf", "Ärztehaus", "Weiß–Blau"]


def twice(text, taken_for="cp1252"):
    """Read UTF-8 as something else; the bytes that Windows leaves open are control characters then."""
    return "".join(bytes([byte]).decode(taken_for, "ignore") or chr(byte) for byte in text.encode("utf-8"))


def table(names):
    return "key;Größe;name\n" + "".join(f"{i:02d};5;{name}\n" for i, name in enumerate(names))


@pytest.mark.parametrize("taken_for", ["cp1252", "latin-1", "cp850", "mac_roman", "cp437"])
def test_letters_of_every_wrong_reading_are_put_right_with_a_note(read, taken_for):
    result = read(table([twice(name, taken_for) for name in NAMES]))
    assert result.values["name"].tolist() == NAMES
    assert any(
        note.startswith("column 'name': 6 texts whose letters were encoded twice were put right")
        for note in result.notes
    )


def test_headers_and_keys_are_put_right_too(read):
    result = read("key;" + twice("Größe") + "\n" + twice("Süd") + ";5\nNord;6\n")
    assert result.values["Größe"].to_dict() == {"Süd": 5.0, "Nord": 6.0}
    assert any(
        note == "the header: 1 text whose letters were encoded twice was put right: 'GrÃ¶ÃŸe is Größe'"
        for note in result.notes
    )


def test_three_times_is_put_right(read):
    assert read(table([twice(twice("Köpenick"))])).values["name"].tolist() == ["Köpenick"]


def test_polish_and_czech_names_are_put_right(read):
    names = ["Wałbrzych", "Plzeň", "Třebíč"]
    assert read(table(list(map(twice, names)))).values["name"].tolist() == names


def test_rows_of_both_kinds_in_one_file_are_read_each_as_it_is_meant(read):
    assert read(table([twice("Süd"), "Höhe"])).values["name"].tolist() == ["Süd", "Höhe"]


def test_a_cell_with_both_kinds_is_refused_with_its_line(read):
    with pytest.raises(InputError, match=r"1 text with letters that were encoded twice.*'SÃ¼d und Höhe' in line 3"):
        read(table([twice("Mürwik"), twice("Süd") + " und Höhe"]))


@pytest.mark.parametrize(
    "names",
    [
        ["SÃO PAULO", "AMANHÃ", "“IRMÔ", "Maranhão"],
        ["Âge d'or", "CHÂTEAU", "«PÂTÉ»"],
        ["Buchstabe Ä…", "Ä. und Ö.", "ÄÖÜ", "Ängste – Öfen"],
        ["ÅRHUS", "Å", "Ærø"],
        ["10 °C", "m² · a", "5 €", "½"],
        ["Łódź", "Škofja Loka", "Győr"],
    ],
)
def test_genuine_names_are_never_changed(read, names):
    result = read(table(names))
    assert result.values["name"].tolist() == names
    assert not any("encoded twice" in note for note in result.notes)


def test_signs_are_put_right(read):
    assert read("key;" + twice("Temperatur in °C") + "\n01;5\n").values.columns.tolist() == ["Temperatur in °C"]


def test_json_is_put_right_too(read):
    records = [{"key": "01", "name": twice("Süd")}, {"key": "02", "name": "Nord"}]
    result = read(json.dumps(records, ensure_ascii=False), name="table.json")
    assert result.values["name"].tolist() == ["Süd", "Nord"]
