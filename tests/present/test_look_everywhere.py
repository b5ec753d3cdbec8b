"""Every output of an office wears its look: one table of outputs and properties."""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from contextlib import closing
from types import SimpleNamespace
from zipfile import ZipFile

import pytest
from pypdf import PdfReader

import quartiersatlas as qa
from quartiersatlas.charts.layout import GAP, frame_of
from quartiersatlas.charts.widths import FONTS, set_in
from quartiersatlas.present import pictures

TTFont = pytest.importorskip("fontTools.ttLib").TTFont
pikepdf = pytest.importorskip("pikepdf")

ACCENT, FAMILY = "#8a1c1c", "Amt Sans"
OFFICE, CONTACT, FOOTER = "Amt für Stadtplanung", "planung@stadt.example", "Nachdruck erlaubt"
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z" fill="#123456"/></svg>'
ALT = "Wappen von Beispielstadt"


def office_font(path, face, wider=1.0):
    """Write a face of the library under another name, its letters wider."""
    font = TTFont(FONTS / f"NotoSans-{face}.ttf")
    for record in font["name"].names:
        record.string = {2: face, 6: f"AmtSans-{face}"}.get(record.nameID, FAMILY)
    for name, (advance, side) in font["hmtx"].metrics.items():
        font["hmtx"].metrics[name] = (round(advance * wider), side)
    font.save(path)
    return path


@pytest.fixture(scope="module")
def look(tmp_path_factory):
    """Return a look with everything in it."""
    folder = tmp_path_factory.mktemp("look")
    (folder / "wappen.svg").write_text(LOGO)
    fonts = [office_font(folder / f"{face}.ttf", face, 1.2) for face in ("Regular", "Bold", "Italic")]
    words = {"office": OFFICE, "contact": CONTACT, "footer": FOOTER}
    return qa.Look(accent=ACCENT, font=fonts, logo=folder / "wappen.svg", logo_alt=ALT, **words)


def of_pdf(path):
    """Return words, fonts, and whether something is drawn in the colour of the accent and of the logo."""
    with pikepdf.open(path) as pdf:
        fonts, alts, drawn = set(), [], b""
        for thing in pdf.objects:
            if isinstance(thing, pikepdf.Dictionary) and "/BaseFont" in thing:
                fonts.add(str(thing.BaseFont).split("+")[-1])
            if isinstance(thing, pikepdf.Dictionary) and "/Alt" in thing:
                alts.append(str(thing.Alt))
            if isinstance(thing, pikepdf.Stream) and "/Image" not in str(thing.get("/Subtype", "")):
                drawn += thing.read_bytes()
    named = re.findall(rb"([\d.]+) ([\d.]+) ([\d.]+) scn?", drawn)
    colors = {tuple(round(255 * float(part)) for part in one) for one in named}
    return SimpleNamespace(fonts=fonts, alts=alts, colors=colors)


def words_of_pdf(path):
    """Return the words of a PDF, without the breaks of its lines."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(path).pages).split())


def parts_of(path):
    """Return the XML of a DOCX or XLSX file, and the names of its pictures."""
    with ZipFile(path) as file:
        xml = {name: file.read(name).decode("utf-8") for name in file.namelist() if name.endswith(".xml")}
        return xml, [name for name in file.namelist() if "/media/" in name]


@pytest.fixture(scope="module")
def written(sample, look, tmp_path_factory):
    """Return the path of each output of the sample city."""
    folder, release = tmp_path_factory.mktemp("worn"), sample.release
    key, candidate = str(release.order[0]), str(release.candidates.index[0])
    qa.atlas_map(release, look=look).save(folder / "map.html")
    for ending in ("html", "pdf", "docx"):
        qa.report(release, folder / f"report.{ending}", look=look)
        qa.profile(release, key, look=look).save(folder / f"profile.{ending}")
        qa.profiles(release, folder / f"booklet.{ending}", keys=[key], look=look)
    qa.figure(release, look=look).save(folder / "sheet.pdf")
    qa.dossier(release, candidate, folder / "dossier", look=look)
    for ending in ("xlsx", "gpkg", "geojson", "csv"):
        qa.export(release, folder / f"data.{ending}", look=look)
    return folder


PAGES = ["map.html", "report.html", "profile.html", "booklet.html"]
PAPER = ["report.pdf", "profile.pdf", "booklet.pdf", "sheet.pdf"]
DOCUMENTS = ["report.docx", "profile.docx", "booklet.docx", "dossier/dossier.docx"]
BOOKS = ["data.xlsx", "dossier/tabellen.xlsx"]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_wears_everything(written, name):
    page = (written / name).read_text(encoding="utf-8")
    for words in (OFFICE, CONTACT, FOOTER):
        assert words in page
    assert ACCENT in page
    assert "#b3005e" not in page
    assert f'alt="{ALT}"' in page
    assert re.search(rf'font:\s*15px/1\.[0-9]+ "{FAMILY}", ?system-ui', page)  # what stands first is taken where it is


@pytest.mark.parametrize("name", PAPER)
def test_paper_wears_everything(written, name):
    found = of_pdf(written / name)
    words = words_of_pdf(written / name)
    assert all(one in words for one in (OFFICE, CONTACT, FOOTER))
    assert ALT in found.alts
    assert (0x8A, 0x1C, 0x1C) in found.colors
    assert (0xB3, 0x00, 0x5E) not in found.colors
    assert (0x12, 0x34, 0x56) in found.colors
    # words, charts and maps alike; Noto Sans is left for letters that the font does not have, and it has all of them
    assert {font.split("-")[0] for font in found.fonts} == {"AmtSans"}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_wears_everything(written, name):
    xml, pictures = parts_of(written / name)
    everything = "".join(xml.values())
    assert all(one in everything for one in (OFFICE, CONTACT, FOOTER))
    assert ALT in xml["word/document.xml"]
    assert len(pictures) > 1
    assert ACCENT[1:].upper() in xml["word/styles.xml"]
    named = set(re.findall(r'w:ascii="([^"]*)"', xml["word/styles.xml"]))
    assert FAMILY in named
    assert "Arial" not in named


@pytest.mark.parametrize("name", BOOKS)
def test_a_workbook_wears_everything(written, name):
    xml, pictures = parts_of(written / name)
    everything = "".join(xml.values())
    assert all(one in everything for one in (OFFICE, CONTACT, FOOTER))
    assert f'descr="{ALT}"' in everything
    assert pictures == ["xl/media/image1.png"]
    assert f'<name val="{FAMILY}"/>' in xml["xl/styles.xml"]
    assert "Arial" not in xml["xl/styles.xml"]
    if name == "data.xlsx":  # the workbook of a dossier has no titles
        assert ACCENT[1:].upper() in xml["xl/styles.xml"]


def test_the_logo_of_a_workbook_stands_on_the_first_sheet_and_above_each_title(written):
    xml, _ = parts_of(written / "data.xlsx")
    first = xml["xl/worksheets/sheet1.xml"]
    assert "<drawing " in first
    drawn = [content for name, content in xml.items() if name.startswith("xl/drawings/")]
    assert sum(ALT in content for content in drawn) == 4  # notes, selection, reasons, charts


def test_data_say_who_publishes(written):
    notes = json.loads((written / "data.geojson").read_text(encoding="utf-8"))["notes"]
    with closing(sqlite3.connect(written / "data.gpkg")) as database:
        of_package = database.execute("SELECT what, label, text FROM notes").fetchall()
        styles = "".join(style for (style,) in database.execute("SELECT styleQML FROM layer_styles"))
    said = [tuple(note[name] for name in ("what", "label", "text")) for note in notes]
    for rows in (said, of_package):
        assert ("office", "Herausgegeben von", OFFICE) in rows
        assert ("contact", "Kontakt", CONTACT) in rows
        assert ("footer", "Hinweis", FOOTER) in rows
    beside = (written / "data.notes.txt").read_text(encoding="utf-8")
    assert f"Herausgegeben von: {OFFICE}\n" in beside
    assert "138,28,28,255" in styles
    assert "179,0,94,255" not in styles
    assert f'fontFamily="{FAMILY}"' in styles


def test_a_chart_leaves_the_room_that_the_words_of_the_font_take(sample, look):
    chart = pictures.certainty(sample.release, "de")
    plain = frame_of(chart, 480.0, 300.0)
    with set_in(look.typeface):
        worn = frame_of(chart, 480.0, 300.0)
    assert worn.left - GAP == pytest.approx(1.2 * (plain.left - GAP), rel=0.02)  # each letter is 1.2 times as wide
    assert worn.right > plain.right
    assert worn.width < plain.width


def test_what_a_font_lacks_is_said_and_set_in_that_of_the_library(town_release, tmp_path):
    from fontTools.subset import Subsetter

    font = TTFont(office_font(tmp_path / "all.ttf", "Regular"))
    cutter = Subsetter()
    cutter.populate(unicodes=[code for code in range(0x20, 0x180) if chr(code) not in "§ü"])
    cutter.subset(font)
    font.save(tmp_path / "few.ttf")
    look = qa.Look(font=tmp_path / "few.ttf")
    sheet = qa.figure(town_release, look=look).save(tmp_path / "b.pdf")
    for path in (qa.report(town_release, tmp_path / "a.pdf", look=look), sheet):
        words = words_of_pdf(path)
        assert "Die Schrift Amt Sans liegt ohne fetten Schnitt vor" in words
        said = re.search(r"Diese Zeichen hat die Schrift Amt Sans nicht, sie stehen in Noto Sans: (.*)", words)
        assert "ü" in said[1]
        assert any(font.startswith("NotoSans") for font in of_pdf(path).fonts)
    whole = qa.Look(font=[office_font(tmp_path / f"{face}.ttf", face) for face in ("Regular", "Bold")])
    assert "Amt Sans" not in words_of_pdf(qa.report(town_release, tmp_path / "c.pdf", look=whole))


def test_a_workbook_without_typst_has_the_words_of_the_logo(town_release, look, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "typst", None)
    xml, pictures = parts_of(qa.export(town_release, tmp_path / "a.xlsx", look=look))
    assert pictures == []
    assert ALT in xml["xl/sharedStrings.xml"]
