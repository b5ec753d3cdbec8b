"""Pages by typst: tagged, the same bytes twice, words from data as words, letters that no font has as boxes."""

from __future__ import annotations

import sys
from io import BytesIO

import pytest

import quartiersatlas as qa
from quartiersatlas.errors import DependencyError
from quartiersatlas.present.paper import typeset as press_room
from quartiersatlas.present.paper.typeset import missing_letters, settable, svg_png

pytest.importorskip("typst")
pikepdf = pytest.importorskip("pikepdf")
HOSTILE = '#panic("x") *fett* $x$ @ref // \\u{41} <label> ~ -- `code` = Titel'
TEXT_HOLDERS = {"P", "H1", "H2", "H3", "L", "LI", "Lbl", "LBody", "Caption", "TH", "TD", "Figure", "Artifact"}
PAGE = '#import "base.typ": *\n#show: paper\n#set page(width: 90mm, height: 60mm, margin: 5mm)\n'
PLAIN = PAGE + "#heading(level: 1, doc.title)\n#for words in doc.words { par(words) }\n"


@pytest.fixture
def template(tmp_path, monkeypatch):
    """Return a function: the text of a template -> its name, beside the base of all templates."""
    base = press_room.TEMPLATES / "base.typ"
    (tmp_path / "base.typ").write_bytes(base.read_bytes())
    monkeypatch.setattr(press_room, "TEMPLATES", tmp_path)

    def written(text):
        (tmp_path / "test.typ").write_text(text, encoding="utf-8")
        return "test.typ"

    return written


def set_page(name, words=(), pictures=None, **options):
    given = {"lang": "de", "title": "Titel", **options}
    as_of = given.pop("as_of", "31.12.2024")
    with press_room.press(name, {"words": list(words)}, pictures or {}, **given) as job:
        return job.pdf(as_of)


def text_of(pdf):
    from pypdf import PdfReader

    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


def walk(element, above=()):
    """Give each element of a structure tree with the kinds of those around it."""
    kids = element.get("/K", [])
    kids = list(kids) if isinstance(kids, pikepdf.Array) else [kids]
    kind = str(element.get("/S", "/Root"))[1:]
    yield kind, element, above, any(not isinstance(kid, pikepdf.Dictionary) or "/S" not in kid for kid in kids)
    for kid in kids:
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            yield from walk(kid, (*above, kind))


def structure(pdf):
    with pikepdf.open(BytesIO(pdf)) as document:
        root = document.Root
        marked = bool(root.MarkInfo.Marked)
        found = [
            (kind, str(element.get("/Alt", "")), above, holds)
            for kind, element, above, holds in walk(root.StructTreeRoot)
        ]
        return marked, str(root.Lang), bool(root.ViewerPreferences.DisplayDocTitle), found


def test_words_from_data_are_no_markup(template):
    assert " ".join(HOSTILE.split()) in text_of(set_page(template(PLAIN), [HOSTILE], title=HOSTILE))


@pytest.mark.parametrize(
    ("words", "shown"),
    [("漢字", "□□"), ("a😀b", "a□b"), ("Łódź Řež Ķ", "Łódź Řež Ķ"), ("Ελλάδα Київ", "Ελλάδα Київ"), ("→ ≥ ✓", "→ ≥ ✓")],
)  # fmt: skip
def test_a_letter_that_no_font_has_becomes_a_box_and_stops_nothing(template, words, shown):
    assert shown in text_of(set_page(template(PLAIN), [words]))
    assert set(missing_letters(words)) == {letter for letter in words if letter not in shown}


def test_whatever_is_left_can_be_set(template):
    """Every letter that stays is in some font: under PDF/UA typst refuses to set others."""
    everything = [chr(code) for code in range(0x20, 0x3000) if not 0xD800 <= code <= 0xDFFF]
    kept = sorted({letter for letter in map(settable, everything) if letter.strip()})
    assert len(kept) > 2500
    assert set_page(template(PLAIN), ["".join(kept)]).startswith(b"%PDF")


def test_right_to_left_marks_and_control_letters_are_left_out():
    assert settable("a\u202eb\x07c\u200dd\ufeff") == "abcd"
    assert settable("x\ty\nz") == "x\ty\nz"


def test_the_same_data_give_the_same_bytes(template):
    first, second = (set_page(template(PLAIN), ["Wort"]) for _ in range(2))
    assert first == second
    assert b"2024" in first
    assert set_page(template(PLAIN), ["Wort"], as_of="kein Datum") != first
    assert set_page(template(PLAIN), ["Wort"], as_of="Ende 2024") == set_page(template(PLAIN), ["Wort"], as_of="??")


def test_a_page_says_its_language_and_title(template):
    marked, lang, shows_title, found = structure(set_page(template(PLAIN), ["Wort"], lang="en"))
    assert (marked, lang, shows_title) == (True, "en", True)
    assert [kind for kind, *_ in found if kind.startswith("H")] == ["H1"]


def test_every_sheet_is_tagged_and_every_picture_has_words(sample, tmp_path):
    pdf = qa.figure(sample.release).save(tmp_path / "a.pdf").read_bytes()
    marked, lang, shows_title, found = structure(pdf)
    assert marked
    assert lang == "de"
    assert shows_title
    kinds = [kind for kind, *_ in found]
    assert kinds.count("Document") == 1
    assert kinds.count("H1") == 1
    assert kinds.count("H2") == 2
    figures = [alt for kind, alt, *_ in found if kind == "Figure"]
    assert len(figures) == 1
    assert "Gebiet mit erhöhtem Unterstützungsbedarf, Grenzfall" in figures[0]
    astray = [(kind, above) for kind, _, above, holds in found if holds and not {kind, *above} & TEXT_HOLDERS]
    assert astray == []


def test_the_look_of_an_office_stands_on_the_sheet(sample, tmp_path):
    logo = tmp_path / "logo.svg"
    logo.write_text('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><rect width="4" height="4"/></svg>')
    look = qa.Look(
        accent="#8a1c1c", logo=logo, logo_alt="Wappen", office="Stadt Beispiel", contact="post@stadt.example"
    )
    pdf = qa.figure(sample.release, look=look).save(tmp_path / "a.pdf").read_bytes()
    assert "Stadt Beispiel · post@stadt.example" in text_of(pdf)
    assert next(alt for kind, alt, *_ in structure(pdf)[3] if kind == "Figure") == "Wappen"
    svg = qa.figure(sample.release, look=look).save(tmp_path / "a.svg").read_text(encoding="utf-8")
    assert "#8a1c1c" in svg
    assert "#b3005e" not in svg


def test_fonts_of_an_office_set_the_page(template):
    from matplotlib import get_data_path

    look = qa.Look(font=f"{get_data_path()}/fonts/ttf/cmr10.ttf")
    pdf = set_page(template(PLAIN), ["Wort"], look=look)
    assert b"Cmr10" in pdf or b"cmr10" in pdf
    assert b"NotoSans" in set_page(template(PLAIN), ["Wort"])


def test_each_word_of_a_picture_is_there_once(template):
    edge = 'paint-order="stroke" stroke="#fff" stroke-width="2" stroke-linejoin="round"'
    word = f'<text x="5" y="12" font-size="9" fill="#000" {edge}>Nordwall</text>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="80" height="20">{word}</svg>'
    page = PAGE + '#heading(level: 1, "T")\n#figure(image("pictures/map.svg", alt: "Karte"))\n'
    assert text_of(set_page(template(page), pictures={"map": svg})).count("Nordwall") == 1


def test_a_picture_is_as_large_as_it_says_and_the_same_twice():
    from PIL import Image

    size = 'width="50.8mm" height="25.4mm" viewBox="0 0 2 1"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size}><rect width="1" height="1" fill="red"/></svg>'
    png = svg_png(svg, 100)
    assert png == svg_png(svg, 100)
    with Image.open(BytesIO(png)) as image:
        assert image.size == (200, 100)
        pixels = image.convert("RGB")
        assert pixels.getpixel((50, 50)) == (255, 0, 0)
        assert pixels.getpixel((150, 50)) == (255, 255, 255)


def test_without_typst_the_error_names_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(DependencyError, match=r'pip install "quartiersatlas\[paper\]"'):
        svg_png("<svg/>")
    with pytest.raises(DependencyError, match="typst"):
        set_page("sheet.typ")


def test_the_light_edge_of_a_letter_covers_no_other_letter(template, tmp_path):
    import shutil
    import subprocess

    if shutil.which("pdftoppm") is None:
        pytest.skip("pdftoppm of poppler-utils is not here")
    from PIL import Image

    dark = []
    for edge in ("", 'paint-order="stroke" stroke="#fff" stroke-width="4" stroke-linejoin="round"'):
        word = f'<text x="5" y="14" font-size="12" fill="#000" {edge}>Nordwall</text>'
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="80" height="20">{word}</svg>'
        page = PAGE + '#heading(level: 1)[.]\n#figure(image("pictures/map.svg", alt: "Karte"))\n'
        (tmp_path / "a.pdf").write_bytes(set_page(template(page), pictures={"map": svg}))
        subprocess.run(["pdftoppm", "-r", "300", "-png", "-singlefile", "a.pdf", "a"], cwd=tmp_path, check=True)  # noqa: S607
        with Image.open(tmp_path / "a.png") as image:
            dark.append(sum(image.convert("L").histogram()[:100]))
    assert dark[1] == pytest.approx(dark[0], rel=0.02)


def test_a_few_lines_do_not_stand_alone_on_the_last_page(monkeypatch):
    """Rows stand closer where that saves the page, and only there."""
    from pypdf import PdfReader

    from quartiersatlas.present.paper import Document, DocumentTable, TableRow, pdf

    def pages(n_rows):
        rows = tuple(TableRow.of(f"Zeile {row}", "1") for row in range(n_rows))
        found = pdf.pdf_bytes(Document("Titel", "de", (DocumentTable(("Gebiet", "Wert"), rows),)))
        return len(PdfReader(BytesIO(found)).pages), found

    closer = pdf.TIGHTER
    monkeypatch.setattr(pdf, "TIGHTER", ())
    n_rows = next(n for n in range(30, 80) if pages(n)[0] == 2)
    loose, long = pages(n_rows + 1)[0], pages(n_rows + 20)
    monkeypatch.setattr(pdf, "TIGHTER", closer)
    assert (loose, pages(n_rows + 1)[0]) == (2, 1)
    assert pages(n_rows + 20) == long  # a page that is half full stays as it is
