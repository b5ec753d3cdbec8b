"""HTML, DOCX, PDF and Markdown of one document say the same, keep text from data as text, and are the same bytes."""

from __future__ import annotations

import re
import sys
import zipfile
from collections import Counter
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, DependencyError, InputError, ReleaseError, SpecError
from quartiersatlas.present.paper import (
    Bullets,
    Document,
    DocumentTable,
    Figure,
    Heading,
    Paragraph,
    TableRow,
    fit_to_paper,
    markdown_text,
    save_document,
)
from quartiersatlas.present.paper.document import LINE, PADDING, SMALLEST, column_widths, fitting_tables
from quartiersatlas.present.report import report_document

DRAFT = "Entwurf – unkommentiert, ohne Quelle, ohne Stand"

HOSTILE = ["<script>alert(1)</script>", "a|b *c* _d_ `e` [x](http://y) # z", "<b>&amp;", "q\x00r\x07s", "ä ß „x“ − Łş"]


ASIDE = ("svg", "footer", "details")  # pictures and the tables below them have words of their own


def squeezed(texts):
    return re.sub(r"\s+", "", "".join(texts))


def html_texts(content):
    class Texts(HTMLParser):
        inside, found = False, ()

        def handle_starttag(self, tag, _):
            self.inside = (self.inside or tag == "body") and tag not in ASIDE

        def handle_endtag(self, tag):
            self.inside = self.inside or tag in ASIDE

        def handle_data(self, data):
            if self.inside:
                self.found = (*self.found, data)

    parser = Texts()
    parser.feed(content)
    return parser.found


def docx_texts(path):
    """Give paragraphs and cells in reading order, without the list of contents; a merged cell once."""
    import docx
    from docx.table import Table as Grid

    for block in docx.Document(path).iter_inner_content():
        if isinstance(block, Grid):
            for row in block.rows:
                yield from {cell._tc: cell.text for cell in row.cells}.values()
        elif not block.style.name.startswith("toc") and block.text not in ("Inhalt", "Contents"):
            yield block.text


def pdf_texts(path, foot):
    """Give the text of the pages, words that a line breaks put together, without the line below each."""
    pages = PdfReader(path).pages
    for number, page in enumerate(pages, start=1):
        text = whole(squeezed([page.extract_text()]))
        below = whole(squeezed([foot, f"Seite {number} von {len(pages)}"]))
        assert below in text
        yield text.replace(below, "", 1)


def whole(words):
    """Return words without hyphens: a line may end within one."""
    return re.sub("[-\u00ad\u2010]", "", words)


@pytest.fixture(scope="module")
def full(sample):
    """Return the release of the sample city with stability and dates."""
    index = sample.release.areas.index
    labels = pd.Series(np.where(sample.release.selected, "certain", "not_selected"), index=index).where(
        sample.release.assessed
    )
    shares = sample.release.selected.astype(float).where(sample.release.assessed)
    table = pd.DataFrame({"label": labels, "p_selected": shares})
    from dataclasses import replace

    from quartiersatlas.disclosure.release import ReleasedStability

    stability = ReleasedStability(table=table, notes={"de": ("Hundert Durchläufe.",), "en": ("A hundred runs.",)})
    return replace(sample.release, stability=stability, dates={"mh_share": "31.12.2021"})


@pytest.fixture(scope="module")
def files(full, tmp_path_factory):
    folder = tmp_path_factory.mktemp("formats")
    return {ending: qa.report(full, folder / f"bericht.{ending}") for ending in ("html", "docx", "pdf")}


def test_html_and_docx_say_what_the_document_says_in_its_order(full, files):
    said = squeezed(report_document(full, "de").texts())
    assert len(said) > 5000
    assert squeezed(html_texts(files["html"].read_text(encoding="utf-8"))) == said
    assert squeezed(docx_texts(files["docx"])) == said


def test_pdf_says_what_the_document_says_in_its_order(full, files):
    text = "".join(pdf_texts(files["pdf"], f"Quelle: {full.source}"))
    place = 0
    for block in report_document(full, "de").flat():
        part = whole(squeezed(block.head)) if isinstance(block, DocumentTable) else ""
        for words in Document("", "de", (block,)).texts():
            said = whole(squeezed([words]))
            found = text.find(said, place)
            if found < 0:  # a table goes on: its head stands once more
                text = text[:place] + text[place:].replace(part, "", 1)
                found = text.find(said, place)
            assert found >= 0, words
            place = found + len(said)


def test_the_english_report_is_english_in_every_format(full, tmp_path):
    said = squeezed(report_document(full, "en").texts())
    assert "Stocktaking" in said
    assert "Spannweite" not in said
    assert squeezed(docx_texts(qa.report(full, tmp_path / "a.docx", lang="en"))) == said


def test_stability_and_outdated_data_stand_in_the_report(full):
    document = report_document(full, "de")
    headings = [block.text for block in document.blocks if isinstance(block, Heading)]
    assert headings.index("Wie stabil ist die Auswahl?") < headings.index("Zusammenhängende Prüfgebiete")
    texts = list(document.texts())
    assert "31.12.2021 (veraltet)" in texts
    n_out = int((full.assessed & ~full.selected).sum())
    assert f"sicher: {full.selected.sum()}; Grenzfall: 0; nicht ausgewählt: {n_out}" in texts


@pytest.fixture(scope="module")
def many_indices(town):
    """Return a release with every index of two groups: far more columns than a page has room for."""
    words = {"title": "Viele Maße", "source": "Amt", "as_of": "2024", "comment": "Ein Kommentar."}
    indices = list(qa.segregation_indices().query("applies_to == 'group'").index)
    segregation = qa.measure_segregation(town, ["recipients", "under_65"], indices=indices, radii=[1000])
    return qa.release(town, segregation=segregation, **words)


@pytest.mark.parametrize("ending", ["html", "docx", "pdf"])
def test_a_wide_table_becomes_a_long_one_and_loses_no_figure(many_indices, tmp_path, ending):
    table = many_indices.segregation
    written = [f"{value:.3f}".replace(".", ",").replace("-", "−") for value in table["value"].dropna()]
    assert len(written) > 30
    path = qa.report(many_indices, tmp_path / f"a.{ending}")
    if ending == "pdf":
        said = "".join(pdf_texts(path, "Quelle: Amt"))
    else:
        said = squeezed(html_texts(path.read_text(encoding="utf-8")) if ending == "html" else docx_texts(path))
    for number, count in Counter(written).items():
        assert said.count(number) >= count, number
    grid = next(block for block in report_document(many_indices, "de").blocks if "Wert" in getattr(block, "head", ()))
    assert grid.head == ("Gruppe", "Wert")
    assert [row.cells[0][0].split(" (")[0] for row in grid.rows if row.is_heading] == ["recipients", "under 65"]
    assert sum(len(row.cells) == 2 for row in grid.rows) >= len(written)


@pytest.mark.parametrize("letters", [LINE - 1, LINE, LINE + 1])
def test_a_table_is_long_where_its_lines_are_longer_than_a_page_is_wide(letters):
    first = "a" * (letters - 30 - 4)  # with three columns of ten letters, and a blank after each of the four
    table = DocumentTable(
        (first, "b" * 10, "c" * 10, "d" * 10), (TableRow.of("x", "1", "2", "3"), TableRow.of("y", "4", "", "6"))
    )
    found = fit_to_paper(table, "en")
    if letters <= LINE:
        assert found is table
        return
    assert found.head == (first, "Value")
    cells = [[" ".join(lines) for lines in row.cells] for row in found.rows]
    assert cells == [
        *(["x"], ["b" * 10, "1"], ["c" * 10, "2"], ["d" * 10, "3"]),
        *(["y"], ["b" * 10, "4"], ["d" * 10, "6"]),
    ]


@pytest.mark.parametrize("ending", ["html", "docx", "pdf"])
def test_the_same_release_gives_the_same_bytes_without_a_date(town_release, tmp_path, ending):
    first, second = (qa.report(town_release, tmp_path / f"{name}.{ending}").read_bytes() for name in "ab")
    assert first == second
    assert not re.search(rb"CreationDate \(D:20(0[1-9]|[1-9]\d)", first)


def test_a_new_page_of_a_docx_is_begun_by_what_stands_on_it(town_release, tmp_path):
    """A break of its own behind a full page would leave an empty one."""
    qa.report(town_release, tmp_path / "a.docx")
    body = zipfile.ZipFile(tmp_path / "a.docx").read("word/document.xml").decode("utf-8")
    assert 'w:br w:type="page"' not in body
    (paragraph,) = [part for part in re.findall(r"<w:p>.*?</w:p>", body, re.DOTALL) if "<w:pageBreakBefore/>" in part]
    assert "Inhalt" in paragraph


def test_docx_parts_and_properties_have_a_fixed_date(town_release, tmp_path):
    import docx

    path = qa.report(town_release, tmp_path / "a.docx")
    with zipfile.ZipFile(path) as archive:
        assert {part.date_time for part in archive.infolist()} == {(2000, 1, 1, 0, 0, 0)}
    properties = docx.Document(path).core_properties
    assert (properties.title, properties.author, properties.language) == ("Bedarfslagen", "", "de-DE")
    assert properties.created.year == properties.modified.year == 2000


@pytest.mark.parametrize("length", [254, 255, 256, 5000])
def test_a_long_title_stands_in_the_docx_and_its_property_ends_visibly(town, tmp_path, length):
    """A property holds 255 characters."""
    import docx

    words = {"title": "T" * length, "subtitle": "U" * length, "source": "S" * length, "comment": "C" * length}
    release = qa.release(town, as_of="2024", **words)
    file = docx.Document(qa.report(release, tmp_path / "r.docx"))
    said = squeezed([*docx_texts(tmp_path / "r.docx"), file.sections[0].footer.paragraphs[0].text])
    assert all(word in said for word in words.values())
    assert file.core_properties.title == ("T" * length if length < 256 else f"{'T' * 254}…")
    profile = docx.Document(qa.profile(release, "01").save(tmp_path / "p.docx"))
    assert profile.core_properties.title == f"Gebiet 01 – {'T' * 242}…"


def test_fonts_are_in_the_pdf(files):
    page = PdfReader(files["pdf"]).pages[0]
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
    below = [font["/DescendantFonts"][0].get_object()["/FontDescriptor"] for font in fonts]
    assert len(below) >= 2
    assert all({"/FontFile2", "/FontFile3"} & set(descriptor) for descriptor in below)


@pytest.mark.parametrize("text", HOSTILE, ids=repr)
def test_text_from_data_is_text_in_every_format(make_hostile, tmp_path, text):
    release = make_hostile(text)
    document = report_document(release, "de")
    said = squeezed(document.texts())
    shown = re.sub(r"[\x00-\x1f]", "", text)
    assert said.count(squeezed([shown])) > 10
    assert squeezed(html_texts(qa.report(release, tmp_path / "a.html").read_text(encoding="utf-8"))) == said
    assert squeezed(docx_texts(qa.report(release, tmp_path / "a.docx"))) == said
    pages = "".join(pdf_texts(qa.report(release, tmp_path / "a.pdf"), f"Quelle: {shown}"))
    assert pages.count(whole(squeezed([shown]))) > 10
    parts = [(b, Paragraph(b.alt)) if isinstance(b, Figure) else (b,) for b in document.flat()]
    with_alt = Document("", "de", tuple(part for pair in parts for part in pair))  # a picture is what it shows
    assert squeezed(markdown_texts(markdown_text(document))) == squeezed(with_alt.texts())


def markdown_texts(content):
    """Give the texts of Markdown as another program reads it: there is no link, emphasis, code or markup in them."""
    from markdown_it import MarkdownIt

    ours = {"strong_open", "strong_close", "hardbreak", "softbreak", "text", "html_inline", "text_special"}
    for token in MarkdownIt("commonmark").enable("table").enable("strikethrough").parse(content):
        assert token.type not in ("fence", "code_block", "html_block", "hr")
        for part in token.children or []:
            assert part.type in ours
            assert part.type != "html_inline" or part.content == "<br>"
            if part.type in ("text", "text_special"):
                yield part.content


@given(text=st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1))
def test_any_text_survives_markdown(text):
    document = Document(
        "t",
        "de",
        (
            Heading(text),
            Paragraph(text),
            Paragraph(text, "aid"),
            Bullets((text, "x")),
            DocumentTable(("a", "b"), (TableRow.of(text, (text, text)), TableRow.of(f"x{text}"))),
        ),
    )
    said, read = squeezed(document.texts()), squeezed(markdown_texts(markdown_text(document)))
    assert read == said


def test_masked_counts_are_in_no_format(make_city, tmp_path):
    table = pd.DataFrame(
        {"residents": [98_301.0] * 6, "x": [48_611.0, 48_612, 61_000, 62_000, 63_000, 64_000]},
        index=[f"A{i}" for i in range(6)],
    )
    data = qa.add_rates(make_city(table), {"sgb2_rate": ("x", "residents")})
    release = qa.release(data, title="T", protection=qa.Protection(min_count=50_000, protect_remainder=False))
    texts = {
        "docx": squeezed(docx_texts(qa.report(release, tmp_path / "a.docx"))),
        "pdf": "".join(pdf_texts(qa.report(release, tmp_path / "a.pdf"), DRAFT)),
    }
    for text in texts.values():
        assert "62,1%" in text  # the lowest shown rate: 61000 of 98301
        for secret in ("48611", "48.611", "49,5%"):
            assert secret not in text


def test_a_draft_carries_its_band_in_every_format(town, tmp_path):
    draft = qa.release(town, title="T")
    assert list(docx_texts(qa.report(draft, tmp_path / "a.docx")))[:3] == ["Bericht", "T", DRAFT]
    pages = list(pdf_texts(qa.report(draft, tmp_path / "a.pdf"), DRAFT))  # below each page, too
    assert pages[0].startswith("BerichtTEntwurf–unkommentiert,ohneQuelle,ohneStand")


def test_the_scale_table_has_a_row_per_group_and_level(town):
    scale = qa.scale_table(town, "recipients", ["bezirk"], population="residents", indices=["dissimilarity"])
    document = report_document(qa.release(town, scale=scale), "de")
    table = next(b for b in document.blocks if isinstance(b, DocumentTable) and b.head[1] == "Ebene")
    rows = [[cell[0] for cell in row.cells] for row in table.rows]
    x, n = (town.values[column] for column in ("recipients", "residents"))
    rest = n - x
    fine = 0.5 * (x / x.sum() - rest / rest.sum()).abs().sum()
    coarse = 0.5 * (
        x.groupby(town.areas["bezirk"]).sum() / x.sum() - rest.groupby(town.areas["bezirk"]).sum() / rest.sum()
    )
    assert [row[:3] for row in rows] == [["recipients", "bezirk", "2"], ["recipients", "Gebiete", "12"]]
    assert rows[0][4].startswith(f"{coarse.abs().sum():.3f}".replace(".", ","))
    assert rows[1][4].startswith(f"{fine:.3f}".replace(".", ","))


def test_dates_are_those_of_released_columns(town):
    with pytest.raises(ColumnError, match="has no column 'sgb2'"):
        qa.release(town, dates={"sgb2": "2020"})
    release = qa.release(town, as_of="2024", dates={"sgb2_rate": "2024"})
    assert not any("veraltet" in words for words in report_document(release, "de").texts())


@given(
    words=st.lists(st.lists(st.text("abc xyz", max_size=60), min_size=3, max_size=3), min_size=1, max_size=5),
    width=st.floats(100, 600),
)
def test_columns_fill_the_page_and_break_no_word_that_fits(words, width):
    table = DocumentTable(("a", "b", "c"), tuple(TableRow.of(*row) for row in words), frozenset({1}))
    widths, size = column_widths(table, width, lambda line, bold: 4.0 * len(line) * (1.1 if bold else 1.0))
    assert sum(widths) == pytest.approx(width)
    assert SMALLEST <= size <= 7.5
    if size > SMALLEST:
        for column in range(3):
            cells = [row[column] for row in words]
            parts = cells if column == 1 else [part for cell in cells for part in cell.split(" ")]
            assert max(map(len, parts)) * 4.0 * size / 7.5 <= widths[column] - 2 * PADDING + 1e-6


def wide_table(columns):
    """Return a table whose every cell is a word or a number of its own, with a heading among its rows."""
    rows = [TableRow.of(f"area{r}", *(f"{c:02d}{r}.000,5" for c in range(1, columns))) for r in range(1, 4)]
    head = ("Gebiet", *(f"Spalte{c:02d}" for c in range(1, columns)))
    return DocumentTable(head, (TableRow.of("Bezirk Mitte"), *rows), frozenset(range(1, columns)))


@pytest.mark.parametrize("columns", [2, 12, 30, 120])
def test_no_cell_of_a_wide_table_is_lost_or_broken(tmp_path, columns):
    table = wide_table(columns)
    document = Document("T", "de", (table,))
    cells = [*table.head, *(cell[0] for row in table.rows for cell in row.cells)]
    for ending in ("docx", "pdf", "html", "md"):
        path = save_document(document, tmp_path / f"a.{ending}")
        texts = {
            "docx": lambda path: list(docx_texts(path)),
            "pdf": lambda path: " ".join(page.extract_text() for page in PdfReader(path).pages).split(),
            "html": lambda path: [part.strip() for part in html_texts(path.read_text(encoding="utf-8"))],
            "md": lambda path: re.split(r"[|\n* ]+", path.read_text(encoding="utf-8").replace("\\", "")),
        }[ending](path)
        assert [cell for cell in cells if not set(cell.split()) <= {w for text in texts for w in text.split()}] == []


def test_a_table_as_wide_as_the_page_stays_one_and_a_wider_one_repeats_its_first_column():
    def length(line, _):
        return 10.0 * len(line)

    table = DocumentTable(("a", "bb", "cc"), (TableRow.of("x", "yy", "zz"), TableRow.of("head")), frozenset({2}))
    # in the smallest letters: 0.6 of 10, 20 and 20 with half a point each, and 6 left and right of each of the three
    whole = 0.6 * (10.5 + 20.5 + 20.5) + 3 * 6 + 0.5
    assert fitting_tables(table, whole + 1e-9, length) == [table]
    first, second = fitting_tables(table, whole - 1e-3, length)
    assert (first.head, first.rows[0].cells, first.numeric) == (("a", "bb"), (("x",), ("yy",)), frozenset())
    assert (second.head, second.rows[0].cells, second.numeric) == (("a", "cc"), (("x",), ("zz",)), frozenset({1}))
    assert first.rows[1] == second.rows[1] == table.rows[1]


@given(n=st.integers(1, 12), longest=st.integers(1, 30), width=st.floats(40, 600))
def test_parts_of_a_table_fit_and_hold_every_column(n, longest, width):
    head = tuple(f"{c}" * (1 + c * 7 % longest) for c in range(n))
    parts = fitting_tables(DocumentTable(head, ()), width, lambda line, _: 6.0 * len(line))
    columns = [column for part in parts for column in (part.head if part is parts[0] else part.head[1:])]
    assert columns == list(head)
    for part in parts:
        needed = sum(6.0 * len(word) + 0.5 for word in part.head) * 4.5 / 7.5 + 6 * len(part.head)
        assert len(part.head) <= 2 or needed <= width


def test_other_endings_are_refused_and_nothing_is_written(town_release, tmp_path):
    with pytest.raises(ReleaseError, match=r"'a.odt': it can be written as .html, .md, .docx and .pdf"):
        qa.report(town_release, tmp_path / "a.odt")
    with pytest.raises(ReleaseError, match="can be written as"):
        qa.report(town_release, tmp_path / "a.txt")
    with pytest.raises(InputError, match="There is no folder"):
        qa.report(town_release, tmp_path / "no" / "a.pdf")
    with pytest.raises(SpecError, match="lang must be one of"):
        qa.report(town_release, tmp_path / "a.pdf", lang="fr")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("ending", "package"), [("docx", "docx"), ("pdf", "typst")])
def test_without_its_package_the_error_names_what_to_install(town_release, tmp_path, monkeypatch, ending, package):
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(DependencyError, match=r'pip install "quartiersatlas\[paper\]"'):
        qa.report(town_release, tmp_path / f"a.{ending}")
    assert list(tmp_path.iterdir()) == []
