"""An office's own font is measured as fontTools measures it, and charts are laid out by it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import matplotlib as mpl
import pytest

from quartiersatlas.charts import widths
from quartiersatlas.charts.typeface import read_typeface

TTFont = pytest.importorskip("fontTools.ttLib").TTFont
FILES = sorted((Path(mpl.get_data_path()) / "fonts" / "ttf").glob("DejaVu*.ttf"))


@pytest.mark.parametrize("file", [*FILES, widths.FONTS / "NotoSans-Italic.ttf"], ids=lambda file: file.stem)
def test_a_face_is_read_as_fonttools_reads_it(file):
    (face,) = read_typeface([file.read_bytes()]).faces
    with TTFont(file) as font:
        per_em, metrics = font["head"].unitsPerEm, font["hmtx"].metrics
        measured = {code: metrics[glyph][0] / per_em for code, glyph in font.getBestCmap().items()}
        assert face.family == font["name"].getBestFamilyName()
        assert (face.weight, face.italic) == (font["OS/2"].usWeightClass, bool(font["head"].macStyle & 2))
    assert face.widths == pytest.approx(measured)


def test_each_face_is_taken_where_it_is_asked_for():
    faces = ["NotoSans-Regular.ttf", "NotoSans-Bold.ttf", "NotoSans-Italic.ttf"]
    font = read_typeface([(widths.FONTS / name).read_bytes() for name in faces])
    regular, bold, italic = font.faces
    assert font.face(bold=False, italic=False) is regular
    assert font.face(bold=True, italic=False) is bold
    assert font.face(bold=False, italic=True) is italic
    assert font.face(bold=True, italic=True) is italic  # there is no other that leans


def test_words_are_measured_in_the_font_that_is_worn_and_only_then():
    mono = read_typeface([next(file for file in FILES if file.stem == "DejaVuSansMono").read_bytes()])
    before = widths.text_width("Wil漢", 10)
    with widths.set_in(mono):
        assert widths.text_width("Wil", 10) == pytest.approx(3 * 6.02, rel=1e-3)
        with widths.set_in(None):
            assert widths.text_width("Wil漢", 10) == before
    assert widths.text_width("Wil漢", 10) == before


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x00\x00" + bytes(200), b"OTTO\x00\x09" + b"\xff" * 300])
def test_what_is_no_font_is_named_by_its_place(content):
    with pytest.raises(ValueError, match="1"):
        read_typeface([(widths.FONTS / "NotoSans-Bold.ttf").read_bytes(), content])


def test_a_font_that_is_cut_off_anywhere_is_refused_and_nothing_else_happens():
    content = (widths.FONTS / "NotoSans-Regular.ttf").read_bytes()
    for length in range(0, len(content), 997):
        with suppress(ValueError):  # and nothing else
            assert read_typeface([content[:length]]).family in ("", "Noto Sans")
