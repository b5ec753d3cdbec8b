"""Report, profile and booklet as pages: tagged PDF, pictures with words in every format, German without English."""

from __future__ import annotations

import re
from itertools import pairwise

import pandas as pd
import pikepdf
import pytest

import quartiersatlas as qa
from quartiersatlas.present.paper import Figure, Heading
from quartiersatlas.present.report import report_document

# what text may stand in; within these a list item, a line or a word of another weight has a tag of its own
OF_TEXT = {"/P", "/H1", "/H2", "/H3", "/H4", "/Lbl", "/LBody", "/Caption", "/TH", "/TD", "/Figure", "/TOCI"}
TEXTS = {"title": "T", "source": "Q", "as_of": "2024", "comment": "K"}
# words of the library's own code, and of an English table: none is a German word
ENGLISH = (
    "the|and|of|with|without|area|areas|share|rate|count|value|class|score|need|selected|certain|borderline|residents|city|"
    "district|missing|suppressed|protected|status_class|index_option|numerator|denominator|column|row|none|null|true|false"
)
TOLERATED = "Status|Index|Moran"


@pytest.fixture(scope="module")
def files(sample, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    made = {ending: qa.report(sample.release, folder / f"r.{ending}", earlier=sample.earlier) for ending in ENDINGS}
    profile = qa.profile(sample.release, "0404", earlier=sample.earlier, notes="Notiz")
    return {**made, **{f"profile.{ending}": profile.save(folder / f"p.{ending}") for ending in ENDINGS}}


ENDINGS = ("pdf", "docx", "html")


class Tags:
    """The structure of a tagged PDF: the tags, and under which tags text and pictures stand."""

    def __init__(self, path):
        self.pdf = pikepdf.open(path)
        self.names, self.figures, self.paths, self.titles = [], [], [], []
        self._walk(self.pdf.Root.StructTreeRoot.K, ())

    def _walk(self, node, path):
        if isinstance(node, pikepdf.Array):
            for child in node:
                self._walk(child, path)
        elif not isinstance(node, pikepdf.Dictionary):
            self.paths.append(path)  # a number: text or a picture of a page
        elif "/S" in node:
            tag = str(node.S)
            self.names.append(tag)
            if tag == "/Figure":
                self.figures.append(str(node.get("/Alt", "")))
            if "/K" in node:
                self._walk(node.K, (*path, tag))
        elif "/MCID" in node:
            self.paths.append(path)


@pytest.mark.parametrize("name", ["pdf", "profile.pdf"])
def test_a_pdf_is_tagged_throughout(files, name):
    tags = Tags(files[name])
    root = tags.pdf.Root
    assert bool(root.MarkInfo.Marked)
    assert str(root.Lang) == "de"
    assert tags.names[0] == "/Document"
    assert tags.names.count("/H1") == 1
    assert tags.names.count("/H2") > 5
    assert tags.figures
    assert all(alt.strip() for alt in tags.figures)
    assert len(tags.figures) >= 4
    for tag in ("/Table", "/THead", "/TH", "/Caption", "/LI"):
        assert tag in tags.names
    assert [path for path in tags.paths if not OF_TEXT & set(path)] == []
    with tags.pdf.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"
        assert "Bedarfslagen in der Beispielstadt" in metadata["dc:title"]


def test_levels_of_headings_are_not_skipped(files):
    levels = [int(name[2]) for name in Tags(files["pdf"]).names if re.fullmatch(r"/H\d", name)]
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


def test_every_page_has_its_number_and_the_source(files):
    from pypdf import PdfReader

    pages = PdfReader(files["pdf"]).pages
    for number, page in enumerate(pages, start=1):
        words = " ".join(page.extract_text().split())
        assert f"Seite {number} von {len(pages)}" in words
        assert "Quelle: Statistikstelle der Beispielstadt" in words


def test_a_profile_begins_with_one_page_and_a_report_with_another(files):
    """The reading aid is the end of the first page of both."""
    from pypdf import PdfReader

    for name in ("pdf", "profile.pdf"):
        first = " ".join(PdfReader(files[name]).pages[0].extract_text().split())
        assert "lässt sich nicht allein aus diesen Daten entscheiden" in first


@pytest.mark.parametrize("name", ["docx", "profile.docx"])
def test_every_picture_of_a_docx_has_words_and_captions_are_numbered(files, name):
    import docx

    file = docx.Document(files[name])
    body = file.element.body
    described = body.xpath(".//wp:docPr/@descr")
    assert len(described) == len(body.xpath(".//w:drawing")) >= 4
    assert all(words.strip() for words in described)
    captions = [p for p in body.xpath(".//w:p") if p.xpath("./w:pPr/w:pStyle[@w:val='Caption']")]
    fields = [p for p in captions if "SEQ Abbildung" in "".join(p.xpath(".//w:instrText/text()"))]
    said = ["".join(p.xpath(".//w:t/text()")) for p in captions]
    assert len(fields) == len(captions)
    assert [words.split(":")[0] for words in said] == [f"Abb. {n}" for n in range(1, len(captions) + 1)]


def test_contents_of_a_docx_are_written_in_and_lead_to_their_headings(files):
    import docx

    body = docx.Document(files["docx"]).element.body
    links = body.xpath(".//w:hyperlink")
    marks = {mark.get(mark.nsmap and f"{{{mark.nsmap['w']}}}name"): mark for mark in body.xpath(".//w:bookmarkStart")}
    headings = [p for p in body.xpath(".//w:p") if p.xpath("./w:pPr/w:pStyle[@w:val='Heading2']")]
    said = ["".join(link.xpath(".//w:t/text()")) for link in links]
    assert said == ["".join(p.xpath(".//w:t/text()")) for p in headings]
    for link, words in zip(links, said, strict=True):
        target = marks[link.xpath("./@w:anchor")[0]].getparent()
        assert "".join(target.xpath(".//w:t/text()")) == words
    kinds = body.xpath(".//w:fldChar/@w:fldCharType")
    assert kinds.count("begin") == kinds.count("separate") == kinds.count("end")


def test_rows_of_a_docx_stay_whole_and_heads_are_repeated(files):
    import docx

    for table in docx.Document(files["docx"]).tables:
        rows = table._tbl.tr_lst
        if table._tbl.xpath("./w:tblPr/w:tblBorders"):
            assert all(row.xpath("./w:trPr/w:cantSplit") for row in rows)
            assert rows[0].xpath("./w:trPr/w:tblHeader")


@pytest.mark.parametrize("name", ["html", "profile.html"])
def test_pictures_stand_in_the_page_and_no_two_parts_have_one_name(files, name):
    page = files[name].read_text(encoding="utf-8")
    assert page.count("<figure") >= 4
    pictures = re.findall(r"<figure[^>]*><svg\b[^>]*>", page)
    assert len(pictures) == page.count("<figure")
    assert all('role="img" aria-label="' in start for start in pictures)
    names = re.findall(r'\sid="([^"]+)"', page)
    assert len(names) == len(set(names))
    assert set(re.findall(r"url\(#([^)]+)\)", page)) <= set(names)


@pytest.mark.parametrize("name", ["html", "profile.html"])
def test_a_german_document_has_no_column_name_and_no_english_word(sample, files, name):
    page = files[name].read_text(encoding="utf-8").split("<body>")[1]
    words = re.sub(r"<[^>]+>", " ", re.sub(r"<svg.*?>|</svg>", " ", page))
    columns = [column.id for column in sample.release.columns] + ["need_status", "sgb2", "mh_share"]
    assert [column for column in columns if re.search(rf"\b{re.escape(column)}\b", words)] == []
    found = re.findall(rf"\b(?!(?:{TOLERATED})\b)(?:{ENGLISH})\b", words, flags=re.IGNORECASE)
    assert found == []


def test_figures_are_numbered_in_reading_order(sample):
    document = report_document(sample.release, "de", earlier=sample.earlier)
    numbers = [block.number for block in document.flat() if isinstance(block, Figure) and block.caption]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 6


@pytest.mark.parametrize("length", [70, 200])
def test_a_long_title_is_whole_in_the_properties(town, tmp_path, length):
    title = ("Bedarfslagen " * 20)[:length].strip()
    release = qa.release(town, **{**TEXTS, "title": title})
    with pikepdf.open(qa.report(release, tmp_path / "a.pdf")).open_metadata() as metadata:
        assert metadata["dc:title"] == title


def test_a_letter_that_no_font_has_stops_nothing(make_city, tmp_path):
    table = pd.DataFrame({"residents": 1000.0, "poor": [50.0, 60, 70]}, index=["1", "2", "3"])
    names = ["漢字", "عربي", "A\u202eB 😀"]
    data = qa.add_rates(make_city(table, names=names), {"sgb2_rate": ("poor", "residents")})
    release = qa.release(data, **{**TEXTS, "title": "漢"})
    for ending in ENDINGS:
        assert qa.report(release, tmp_path / f"a.{ending}").stat().st_size > 3000
        assert qa.profile(release, "1").save(tmp_path / f"p.{ending}").stat().st_size > 3000


@pytest.mark.parametrize("n_areas", [1, 2, 6])
def test_a_small_town_of_one_date_has_a_report_without_what_it_lacks(make_city, tmp_path, n_areas):
    index = [f"A{i}" for i in range(n_areas)]
    table = pd.DataFrame({"residents": 1000.0, "poor": [50.0 + 10 * i for i in range(n_areas)]}, index=index)
    data = qa.add_rates(make_city(table), {"sgb2_rate": ("poor", "residents")})
    release = qa.release(data, **TEXTS)
    headings = [block.text for block in report_document(release, "de").flat() if isinstance(block, Heading)]
    assert not {"Entwicklung", "Wie stabil ist die Auswahl?", "Gebiete mit erhöhtem Unterstützungsbedarf"} & set(
        headings
    )
    assert Tags(qa.report(release, tmp_path / "a.pdf")).names.count("/H1") == 1


def test_a_release_without_any_value_has_a_report(make_city, tmp_path):
    data = make_city(pd.DataFrame({"residents": [1000.0, 2000.0]}, index=["1", "2"]))
    release = qa.release(data, columns=[], **TEXTS)
    for ending in ENDINGS:
        files = (qa.report(release, tmp_path / f"a.{ending}"), qa.profile(release, "1").save(tmp_path / f"p.{ending}"))
        assert all(file.stat().st_size > 500 for file in files)


def test_without_typst_pictures_are_words(town_release, tmp_path, monkeypatch):
    import sys

    import docx

    monkeypatch.setitem(sys.modules, "typst", None)
    file = docx.Document(qa.report(town_release, tmp_path / "a.docx"))
    assert not file.element.body.xpath(".//w:drawing")
    said = "".join(file.element.body.xpath(".//w:t/text()"))
    assert "Karte: SGB-II-Quote" in said
    assert "<svg" in qa.report(town_release, tmp_path / "a.html").read_text(encoding="utf-8")


def test_a_booklet_has_a_profile_per_area_and_definitions_once(sample, tmp_path):
    from pypdf import PdfReader

    keys = ["0404", "0101", "0403" if "0403" in sample.release.areas.index else "0405"]
    first, second = (
        qa.profiles(sample.release, tmp_path / f"{name}.pdf", keys=keys, notes={"0404": "Eine Notiz."}) for name in "ab"
    )
    assert first.read_bytes() == second.read_bytes()
    tags = Tags(first)
    assert tags.names.count("/H1") == 1
    assert all(alt.strip() for alt in tags.figures)
    titles = [str(item.title) for item in PdfReader(first).outline[1] if not isinstance(item, list)]
    names = [str(sample.release.areas["name"][key]) for key in keys]
    assert titles[:3] == names
    words = " ".join(page.extract_text() for page in PdfReader(first).pages)
    assert words.count("Eine Notiz.") == 1
    assert words.count("Methode und Einschränkungen") == 2  # in the contents, and at the end


def test_a_booklet_holds_everyone_by_name(town_release, tmp_path):
    page = qa.profiles(town_release, tmp_path / "a.html").read_text(encoding="utf-8")
    names = re.findall(r"<h2>(Gebiet \d+)</h2>", page)
    assert names == sorted(town_release.areas["name"])


def test_a_logo_has_its_words_in_every_format(town_release, tmp_path):
    import docx

    logo = tmp_path / "logo.svg"
    logo.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20"/></svg>'
    )
    look = qa.Look(accent="#8a1c1c", logo=logo, logo_alt="Wappen von Beispiel", office="Amt", contact="a@b.example")
    made = {ending: qa.report(town_release, tmp_path / f"r.{ending}", look=look) for ending in ENDINGS}
    assert "Wappen von Beispiel" in Tags(made["pdf"]).figures
    assert "Wappen von Beispiel" in docx.Document(made["docx"]).element.body.xpath(".//wp:docPr/@descr")
    page = made["html"].read_text(encoding="utf-8")
    assert 'alt="Wappen von Beispiel"' in page
    assert "#8a1c1c" in page
    assert "Amt · a@b.example" in page
