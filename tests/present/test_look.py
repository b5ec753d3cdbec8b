"""The look of an office is checked before anything wears it."""

from __future__ import annotations

import pytest

import quartiersatlas as qa
from quartiersatlas.charts.widths import FONTS
from quartiersatlas.errors import InputError, SpecError

TTFont = pytest.importorskip("fontTools.ttLib").TTFont
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20
DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{}</svg>'


def test_the_accent_of_the_library_passes():
    assert qa.Look().accent == "#b3005e"


@pytest.mark.parametrize(
    ("accent", "why"),
    [
        ("red", "is not a colour"),
        ("#b3005", "is not a colour"),
        ("#ffee00", "contrast"),
        ("#777777", "contrast of 4.4 to white"),  # 4.48, just below
        ("#253494", "class colour #253494"),
        ("#5e3c99", "class colour"),
        ("#7d4300", "class colour #7d4300"),
        ("#006d2c", "class colour"),
    ],
)
def test_an_accent_that_does_harm_is_refused(accent, why):
    with pytest.raises(SpecError, match=why):
        qa.Look(accent=accent)


def test_a_logo_that_draws_is_taken(tmp_path):
    drawing = tmp_path / "wappen.svg"
    drawing.write_text(DRAWING.format('<defs><path id="a" d="M0 0h9v9z"/></defs><use href="#a" fill="url(#b)"/>'))
    look = qa.Look(logo=drawing, logo_alt="Wappen")
    assert look.logo_file == ("svg", drawing.read_bytes())
    assert look.logo_address().startswith("data:image/svg+xml;base64,")
    photo = tmp_path / "wappen.png"
    photo.write_bytes(PNG)
    assert qa.Look(logo=str(photo), logo_alt="Wappen").logo_file == ("png", PNG)


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<foreignObject><p xmlns="http://www.w3.org/1999/xhtml">x</p></foreignObject>',
        '<a href="https://example.org"><path d="M0 0h9"/></a>',
        '<path d="M0 0h9" onload="alert(1)"/>',
        '<image href="https://example.org/x.png"/>',
        '<use href="other.svg#a"/>',
        '<rect fill="url(https://example.org/x.svg#a)"/>',
        "<style>@import 'x.css';</style>",
        "<style>rect { fill: url( 'https://example.org/x' ) }</style>",
        "<style>rect { fill: u\\72l(https://example.org/x) }</style>",
        '<animate attributeName="href" to="https://example.org"/>',
        '<path style="background: URL(https://example.org)"/>',
    ],
)
def test_a_logo_that_does_more_than_draw_is_refused(tmp_path, inside):
    drawing = tmp_path / "logo.svg"
    drawing.write_text(DRAWING.format(inside))
    with pytest.raises(InputError, match=r"does more than draw|refers to other files"):
        qa.Look(logo=drawing, logo_alt="Wappen")


@pytest.mark.parametrize(
    "content",
    [
        b"<!DOCTYPE svg [<!ENTITY a 'b'>]><svg xmlns='http://www.w3.org/2000/svg'/>",
        b"GIF89a",
        b"<html/>",
        b"",
        DRAWING.format("").encode("utf-16"),
    ],
)
def test_another_file_is_no_logo(tmp_path, content):
    file = tmp_path / "logo.svg"
    file.write_bytes(content)
    with pytest.raises(InputError, match="logo"):
        qa.Look(logo=file, logo_alt="Wappen")


def test_a_logo_needs_words_and_is_small(tmp_path):
    photo = tmp_path / "wappen.png"
    photo.write_bytes(PNG)
    with pytest.raises(SpecError, match="logo_alt"):
        qa.Look(logo=photo)
    photo.write_bytes(PNG + b"\x00" * 100_000)
    with pytest.raises(InputError, match="at most 100 KB"):
        qa.Look(logo=photo, logo_alt="Wappen")
    with pytest.raises(InputError, match="cannot be read"):
        qa.Look(logo=tmp_path / "nothing.png", logo_alt="Wappen")


def test_fonts_are_fonts_and_small(tmp_path):
    face = tmp_path / "face.ttf"
    face.write_bytes((FONTS / "NotoSans-Regular.ttf").read_bytes() + bytes(200_000))
    look = qa.Look(font=face)
    assert list(look.font_files) == ["face.ttf"]
    assert look.family == "Noto Sans"
    bold = tmp_path / "bold.otf"
    bold.write_bytes(b"OTTO" + bytes(200_000))
    with pytest.raises(InputError, match="476 KB together"):
        qa.Look(font=(face, bold))
    with pytest.raises(InputError, match=r"'bold\.otf' cannot be read as a font"):
        qa.Look(font=bold)
    bold.write_bytes(b"wOF2")
    with pytest.raises(InputError, match="not a TTF or OTF"):
        qa.Look(font=[bold])


def test_a_font_that_does_not_say_its_name_is_refused(tmp_path):
    font = TTFont(FONTS / "NotoSans-Bold.ttf")
    font["name"].names = []
    font.save(tmp_path / "a.ttf")
    with pytest.raises(InputError, match=r"'a\.ttf' does not say what it is called"):
        qa.Look(font=tmp_path / "a.ttf")


def test_the_name_of_a_font_ends_no_style_and_no_script(tmp_path, sample):
    font = TTFont(FONTS / "NotoSans-Regular.ttf")
    for record in font["name"].names:
        record.string = """A";}</style><script>alert(1)</script>'\\{"""
    font.save(tmp_path / "a.ttf")
    look = qa.Look(font=tmp_path / "a.ttf")
    assert look.family_first == '"Astylescriptalert1script", '
    for page in (qa.atlas_map(sample.release, look=look).html(), qa.profile(sample.release, "0404", look=look).html()):
        assert "<script>alert" not in page
        assert '"Astylescriptalert1script", system-ui' in page
    assert qa.figure(sample.release, look=look).save(tmp_path / "a.pdf").stat().st_size > 10_000


def test_words_are_short():
    with pytest.raises(SpecError, match="301 letters"):
        qa.Look(footer="x" * 301)


def test_the_map_wears_the_look(sample, tmp_path):
    drawing = tmp_path / "wappen.svg"
    drawing.write_text(DRAWING.format('<path d="M0 0h9v9z"/>'))
    look = qa.Look(
        accent="#8a1c1c", logo=drawing, logo_alt='Wappen "<b>"', office="Amt <script>", contact="a@b.example"
    )
    page = qa.atlas_map(sample.release, look=look).html()
    assert "#b3005e" not in page
    assert "--accent:#8a1c1c" in page.replace(" ", "")
    assert 'alt="Wappen &#34;&lt;b&gt;&#34;"' in page
    assert "Amt &lt;script&gt; · a@b.example" in page
    assert "#8a1c1c" not in qa.atlas_map(sample.release).html()


def test_the_pictures_of_a_report_wear_the_accent(sample, tmp_path):
    path = qa.report(sample.release, tmp_path / "a.html", look=qa.Look(accent="#8a1c1c"))
    page = path.read_text(encoding="utf-8")
    assert "#b3005e" not in page
    assert page.count("#8a1c1c") > 5
