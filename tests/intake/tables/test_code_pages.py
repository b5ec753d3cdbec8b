"""Files that do not say their encoding: read by their words, or refused with what each encoding makes of them."""

from __future__ import annotations

import json
import re

import pytest

from quartiersatlas.errors import InputError

GERMAN = ["Bückeburg-Süd", "Große Höfe", "Überlingen", "Am Märkt", "Ölmühle"]
CZECH = ["Děčín", "Třebíč", "Ústí nad Labem", "České Budějovice"]
POLISH = ["Wałbrzych", "Łęknica", "Świnoujście", "Gdańsk"]
SORBIAN = ["Chóśebuz", "Běła Woda", "Wórjejce"]
DANISH = ["Tønder", "Sønderborg", "Åbenrå"]
ABROAD = ["Türkei", "Côte d'Ivoire", "São Tomé und Príncipe", "Åland", "Curaçao", "Österreich"]


def table(names, encoding, end="\r\n"):
    """Write names and numbers in an encoding."""
    rows = [f"{i:02d};{name};{100 + i}" for i, name in enumerate(names, start=1)]
    return end.join(["key;name;ew", *rows, ""]).encode(encoding)


def told(result, encoding):
    return [note for note in result.notes if f"read as {encoding}" in note]


@pytest.mark.parametrize("encoding", ["cp850", "mac_roman"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_german_names_of_a_dos_program_or_a_macintosh_are_read_and_a_word_is_shown(read, encoding, end):
    result = read(table(GERMAN, encoding, end))
    assert result.values["name"].tolist() == GERMAN
    assert result.values["ew"].tolist() == [101.0, 102.0, 103.0, 104.0, 105.0]
    assert len(told(result, encoding)) == 1
    assert re.search(r"words such as '(Bückeburg-Süd|Große|Höfe|Ölmühle)'", told(result, encoding)[0])
    assert result.written.startswith(encoding)


@pytest.mark.parametrize("encoding", ["cp437", "cp858"])
def test_the_other_code_pages_of_dos_have_the_same_umlauts(read, encoding):
    assert read(table(GERMAN, encoding)).values["name"].tolist() == GERMAN


@pytest.mark.parametrize(
    ("names", "encoding"),
    [(CZECH, "cp1250"), (POLISH, "cp1250"), (POLISH, "iso8859-2"), (SORBIAN, "cp1250"), (DANISH, "cp850")],
)
def test_names_of_the_neighbours_are_read_in_the_encoding_that_has_their_letters(read, names, encoding):
    result = read(table(names, encoding))
    assert result.values["name"].tolist() == names
    assert told(result, encoding)


def test_a_number_after_a_name_is_no_odd_sign(read):
    names = ["Süd1", "Weiß22", "Große Höfe3"]
    assert read(table(names, "cp850")).values["name"].tolist() == names


def test_the_sign_of_the_euro_decides_between_code_pages(read):
    result = read("key;Miete in € je Gerät;Höhe\n01;5;6\n".encode("cp858"))
    assert list(result.values.columns) == ["Miete in € je Gerät", "Höhe"]
    result = read("key;Miete in €;Höhe\n01;5;6\n".encode("iso8859-15"))
    assert list(result.values.columns) == ["Miete in €", "Höhe"]


@pytest.mark.parametrize(
    "names",
    [GERMAN, DANISH, ABROAD, ["Málaga"], ["Genève", "Liège"], ["„Gruß“ – 5 €", "Weg³", "Fläche in m²"], ["1\u00a0234"]],
)
def test_a_windows_file_is_read_as_before_and_without_a_note(read, names):
    result = read(table(names, "cp1252"), text="name")
    assert result.values["name"].tolist() == names
    assert result.written.startswith("cp1252")
    assert not any("does not say its encoding" in note for note in result.notes)


@pytest.mark.parametrize(
    ("word", "encoding", "other", "wrong"),
    [
        ("Straße", "cp850", "cp1252", "Straáe"),
        ("Plzeň", "cp1250", "cp1252", "Plzeò"),
        ("Košice", "iso8859-2", "cp1250", "Koąice"),
    ],
)
def test_two_encodings_that_both_give_words_are_refused_and_each_can_be_passed(read, word, encoding, other, wrong):
    content = table([word], encoding)
    with pytest.raises(InputError) as caught:
        read(content)
    for name, gives in ((encoding, word), (other, wrong)):
        advice = f"encoding={name!r}"
        assert f"{advice} gives {gives!r}" in str(caught.value)
        assert read(content, encoding=name).values["name"].tolist() == [gives]


def test_utf_8_that_is_declared_to_be_something_else_is_refused_with_the_word_in_both(read):
    content = table(["Südend"], "utf-8")
    with pytest.raises(InputError, match=r"it is UTF-8: encoding='utf-8' gives 'Südend', .*'SÃ¼dend'"):
        read(content, encoding="cp1252")
    assert read(content, encoding="utf-8").values["name"].tolist() == ["Südend"]


def test_a_declared_encoding_that_fits_is_taken_without_asking_the_words(read):
    assert read(table(["Straße"], "cp850"), encoding="cp850").values["name"].tolist() == ["Straße"]
    assert read(b"key;name;ew\n01;S\xfcd;1\n", encoding="latin-1").values["name"].tolist() == ["Süd"]


def test_the_end_mark_of_dos_is_no_row(read):
    assert read(table(GERMAN, "cp850") + b"\x1a").values["ew"].tolist() == [101.0, 102.0, 103.0, 104.0, 105.0]


def test_json_is_read_in_a_code_page_too(read):
    records = [{"key": f"{i:02d}", "name": name, "ew": i} for i, name in enumerate(GERMAN)]
    result = read(json.dumps(records, ensure_ascii=False).encode("mac_roman"), name="table.json")
    assert result.values["name"].tolist() == GERMAN
    assert told(result, "mac_roman")


def test_a_large_file_is_decided_by_its_first_words_and_read_whole(read):
    names = ["Große Höfe", "Märkte"] * 20_000
    assert read(table(names, "cp850")).values["name"].tolist() == names


def dbase(rows, language=0):
    """Write a dBASE table of a key and a name; the byte for the language says its encoding, or nothing."""
    fields = b"".join(
        name.ljust(11, b"\0") + b"C" + b"\0" * 4 + bytes([width, 0]) + b"\0" * 14
        for name, width in ((b"key", 2), (b"name", 20))
    )
    head = b"\x03\x7c\x01\x01" + len(rows).to_bytes(4, "little") + (32 + len(fields) + 1).to_bytes(2, "little")
    head += (23).to_bytes(2, "little") + b"\0" * 17 + bytes([language]) + b"\0\0"
    body = b"".join(b" " + f"{i:02d}".encode() + name.ljust(20) for i, name in enumerate(rows, start=1))
    return head + fields + b"\r" + body + b"\x1a"


@pytest.mark.parametrize("encoding", ["cp850", "mac_roman", "cp1252", "utf-8"])
def test_a_dbase_table_that_says_nothing_is_read_by_its_words(read, encoding):
    content = dbase([name.encode(encoding) for name in GERMAN])
    assert read(content, name="table.dbf").values["name"].tolist() == GERMAN


def test_a_dbase_table_is_believed_where_its_words_fit(read):
    content = dbase([name.encode("cp850") for name in ["Straße"]], language=2)
    assert read(content, name="table.dbf").values["name"].tolist() == ["Straße"]
    content = dbase([name.encode("cp1252") for name in ["Málaga", "Liège"]], language=0x57)
    assert read(content, name="table.dbf").values["name"].tolist() == ["Málaga", "Liège"]


def test_a_dbase_table_that_says_the_wrong_encoding_is_read_by_its_words_and_told(read):
    result = read(dbase([name.encode("cp850") for name in GERMAN], language=0x57), name="table.dbf")
    assert result.values["name"].tolist() == GERMAN
    assert "the table says of itself that it is cp1252, and its words are none in it" in result.notes
    assert told(result, "cp850")


def test_a_file_beside_a_dbase_table_that_names_its_encoding_is_believed(read, tmp_path):
    (tmp_path / "table.cpg").write_text("ISO-8859-1")
    content = dbase([name.encode("cp1252") for name in GERMAN])
    assert read(content, name="table.dbf").values["name"].tolist() == GERMAN


TURKISH = ["Bağcılar", "Eyüpsultan", "Beyoğlu", "Kâğıthane"]
ICELANDIC = ["Þingeyri", "Ísafjörður", "Garðabær", "Sauðárkrókur"]


@pytest.mark.parametrize("encoding", ["cp1254", "cp857"])
def test_turkish_names_are_read_with_a_note(read, encoding):
    result = read(table(TURKISH, encoding))
    assert result.values["name"].tolist() == TURKISH
    assert len(told(result, encoding)) == 1


def test_turkish_names_that_could_be_icelandic_ones_are_refused_and_the_proposal_works(read):
    names = ["Şişhane", "Kadıköy", "Beşiktaş"]
    with pytest.raises(InputError, match=r"encoding='cp1254' gives '[^']*[ışŞ]"):
        read(table(names, "cp1254"))
    assert read(table(names, "cp1254"), encoding="cp1254").values["name"].tolist() == names


def test_icelandic_and_czech_names_of_windows_stay_what_they_are(read):
    assert read(table(ICELANDIC, "cp1252")).values["name"].tolist() == ICELANDIC
    assert read(table(CZECH, "cp1250")).values["name"].tolist() == CZECH


@pytest.mark.parametrize("more", [b"", b"\x00\x0a"])
def test_utf_16_that_lost_a_byte_is_damaged_and_says_from_where(read, more):
    raw = table(["Marktviertel", "Am Wall"] * 10, "utf-16")
    at = len(raw) // 2
    damaged = (raw[:at] + raw[at + 1 :] + more)[: len(raw) - 2 + len(more)]
    with pytest.raises(
        InputError, match=r"The file is damaged: in line 1\d a byte of its UTF-16 is missing or too many"
    ):
        read(damaged)
    assert len(read(raw).values) == 20
