"""The fonts that come with the package: as they were released, free to be cut down, and measured as they are."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest

from quartiersatlas.charts.widths import FONTS, text_width

TTFont = pytest.importorskip("fontTools.ttLib").TTFont
FACES = ("Regular", "Italic", "SemiBold", "Bold")
HASHES = {
    "Regular": "0448c35c3749b73f74c46c8c198f74d1e13ee79e18ad603ebef8c3eaaac97b25",
    "Italic": "958fafcbf2f01f3c23569d7dbfe8d5782ffd13de7ef12f9fc8846891583ffbdb",
    "SemiBold": "8e4d9af5765ed6bfe0ef078be2dd1cbab1cade9145671f90e44fd41fb5d8cbf6",
    "Bold": "11e9be23632d58425d64bf8d61d49285d173253b661826fcf71d0d3a1974f7e2",
}


@pytest.mark.parametrize("face", FACES)
def test_a_face_is_the_one_that_was_written(face):
    """Written by scripts/write_fonts.py from Noto Sans of @expo-google-fonts/noto-sans 0.4.2."""
    assert sha256((FONTS / f"NotoSans-{face}.ttf").read_bytes()).hexdigest() == HASHES[face]


@pytest.mark.parametrize("face", FACES)
def test_the_widths_are_those_of_the_face(face):
    table = json.loads((FONTS / "widths.json").read_text(encoding="ascii"))
    font = TTFont(FONTS / f"NotoSans-{face}.ttf")
    names, metrics = font.getBestCmap(), font["hmtx"].metrics
    assert font["head"].unitsPerEm == 1000
    assert table[face] == [metrics[names[code]][0] for code in table["letters"]]
    assert set(table["letters"]) == set(names)
    assert len({metrics[names[ord(digit)]][0] for digit in "0123456789"}) == 1  # numbers stand below each other


def test_the_faces_have_the_letters_of_european_names():
    table = json.loads((FONTS / "widths.json").read_text(encoding="ascii"))
    letters = "AZaz09 ÄÖÜäöüßẞéèêñçåøæœłŁńśźżčřšžůőűțșğİıđðþħŧ€§%‰°²³„“”‚‘’»«›‹–—…·×−½\u202f\u00a0"
    assert {letter for letter in letters if ord(letter) not in set(table["letters"])} == set()


def test_the_licence_lies_beside_the_fonts_and_reserves_no_name():
    licence = (FONTS / "OFL.txt").read_text(encoding="utf-8")
    assert "SIL Open Font License, Version 1.1" in licence
    assert "Noto Project Authors" in licence
    assert "with Reserved Font Name" not in licence.split("-----")[0]


def test_bold_words_are_wider_and_unknown_letters_take_room():
    assert text_width("Nordstadt", 8) < text_width("Nordstadt", 8, bold=True)
    assert text_width("漢", 10) == pytest.approx(6.02)
