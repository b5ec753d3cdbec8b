"""The sheets of a workbook that people read: the selection on one page, reasons, charts; fonts, heights, bars, look."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import matplotlib as mpl
import openpyxl
import pandas as pd
import pytest
from fontTools.agl import AGL2UV
from python_calamine import CalamineWorkbook

import quartiersatlas as qa
from quartiersatlas import export
from quartiersatlas.errors import ArgumentError
from quartiersatlas.present.look import Look

CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
DRAWN = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
PLACED = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"
CELLS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture(scope="module", params=["de", "en"])
def written(request, sample, tmp_path_factory):
    return export(sample.release, tmp_path_factory.mktemp("book") / f"{request.param}.xlsx", lang=request.param)


@pytest.fixture(scope="module")
def path(sample, tmp_path_factory):
    return export(sample.release, tmp_path_factory.mktemp("book") / "a.xlsx")


@pytest.fixture(scope="module")
def book(path):
    return openpyxl.load_workbook(path)


def parts(path, pattern):
    """Return the parts of a workbook whose names match, parsed, by name."""
    with ZipFile(path) as packed:
        names = [name for name in packed.namelist() if re.fullmatch(pattern, name)]
        return {name: ET.fromstring(packed.read(name)) for name in sorted(names)}  # noqa: S314 - our own file


# fonts and heights


def test_every_font_of_a_workbook_has_a_name_and_a_size(written):
    (styles,) = parts(written, "xl/styles.xml").values()
    fonts = styles.findall(f"{CELLS}fonts/{CELLS}font")
    assert len(fonts) > 5
    for font in fonts:
        assert font.find(f"{CELLS}name").get("val") == "Arial"
        assert float(font.find(f"{CELLS}sz").get("val")) >= 8
    used = {int(cell.get("fontId")) for cell in styles.findall(f"{CELLS}cellXfs/{CELLS}xf")}
    assert used <= set(range(len(fonts)))
    for chart in parts(written, r"xl/charts/chart\d+\.xml").values():
        sized = [*chart.iter(f"{DRAWN}defRPr"), *chart.iter(f"{DRAWN}rPr")]
        assert len(sized) > 3
        for words in sized:
            assert words.find(f"{DRAWN}latin").get("typeface") == "Arial"
            assert int(words.get("sz")) >= 800


def metrics(*, bold):
    """Return the widths of Helvetica, after which Arial was made, as Adobe published them."""
    file = Path(mpl.get_data_path()) / "fonts" / "afm" / ("phvb8a.afm" if bold else "phvr8a.afm")
    found = re.findall(r"WX (\d+) ; N (\w+)", file.read_text(encoding="latin-1"))
    return {chr(AGL2UV[name]): int(width) / 1000 for width, name in found if name in AGL2UV}


def lines_of(words, points, size, widths):
    """Return how many lines words take, word by word."""
    count = 0
    for paragraph in words.split("\n"):
        count, used = count + 1, 0.0
        for word in paragraph.split(" "):
            wide = size * sum(widths.get(letter, 0.6) for letter in word)
            blank = size * widths[" "] if used else 0.0
            if used and used + blank + wide > points:
                count, used, blank = count + 1, 0.0, 0.0
            used += blank + wide
    return count


def test_no_wrapped_row_is_lower_than_its_text(written):
    faces = {bold: metrics(bold=bold) for bold in (False, True)}
    checked = 0
    for sheet in openpyxl.load_workbook(written):
        merged = {area.min_row: area for area in sheet.merged_cells.ranges}
        widths = {c: one.width for one in sheet.column_dimensions.values() for c in range(one.min, one.max + 1)}
        for row in sheet.iter_rows():
            for cell in row:
                if not isinstance(cell.value, str) or not cell.alignment.wrap_text:
                    continue
                area = merged.get(cell.row)
                columns = [cell.column] if area is None else range(area.min_col, area.max_col + 1)
                pixels = sum(widths[c] * 7 + 5 for c in columns) - 5 - 9 * cell.alignment.indent
                count = lines_of(cell.value, pixels * 0.75, cell.font.size, faces[bool(cell.font.bold)])
                height = sheet.row_dimensions[cell.row].height
                assert height >= min(409, 1.15 * count * cell.font.size), (sheet.title, cell.coordinate)
                assert height <= max(20, 1.5 * cell.font.size * (count + 8)), (sheet.title, cell.coordinate)
                checked += 1
    assert checked > 200


def test_two_readers_open_every_sheet_and_find_the_same(written):
    book, other = openpyxl.load_workbook(written), CalamineWorkbook.from_path(written)
    assert other.sheet_names == book.sheetnames
    for name in book.sheetnames:
        rows = [[("" if v is None else v) for v in row] for row in book[name].iter_rows(values_only=True)]
        read = other.get_sheet_by_name(name).to_python(skip_empty_area=False)
        width = max(map(len, read), default=0)
        assert [row[:width] for row in rows[: len(read)]] == read


# the page to read


def page(sheet):
    """Return title, head, city row, rows and foot of the sheet of the selection."""
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    head = next(i for i, row in enumerate(rows) if row[-1] is not None and row[0] is not None)
    body = [row for row in rows[head + 2 :] if row[1] is not None]
    return rows[:head], rows[head], rows[head + 1], body, rows[head + 2 + len(body) :]


def test_the_selection_is_a_page_of_nine_columns_at_most_with_the_areas_by_candidate_and_name(book, sample):
    sheet, release = book["Auswahl"], sample.release
    title, head, city, body, foot = page(sheet)
    assert head == [
        *("Prüfgebiet", "Schlüssel", "Gebiet", "Bezirk", "Einw.", "SGB-II-Quote (%)"),
        *("Kinderarmut (SGB II unter 15) (%)", "Auswahl", "Sozialer Status (Klasse)"),
    ]
    assert city == [None, None, "Stadt", None, None, 12.1, 18.2, None, None]  # README of the sample city
    keys = [row[1] for row in body]
    assert sorted(keys) == sorted(release.selected.index[release.selected])
    assert [row[0] for row in body] == sorted(release.members[key] for key in keys)
    for _, rows in pd.DataFrame(body).groupby(0):
        assert rows[2].tolist() == sorted(rows[2])
    for key, *cells in [row[1:] for row in body]:
        assert cells[0] == release.areas["name"][key]
        assert cells[2:5] == [release.residents[key], *release.values.loc[key, ["sgb2_rate", "child_poverty_u15"]]]
        assert cells[5] in ("ausgewählt, sicher", "ausgewählt, Grenzfall")
    said = [row[0] for row in title]
    assert said[0] == "Synthetische Daten - keine reale Stadt"
    assert said[1] == "Bedarfslagen in der Beispielstadt"
    sure, near = standing(sample)
    assert f"Ausgewählt: 16 von 80 bewerteten Gebieten, davon {sure} sicher und {near} als Grenzfall." in said
    assert foot[0][0].startswith("Ob tatsächlich Handlungsbedarf besteht")


def test_the_selection_is_printed_across_one_page_wide_with_rows_of_one_line(book):
    sheet = book["Auswahl"]
    assert sheet.page_setup.orientation == "landscape"
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (None, 0)  # 1, and as many as it takes
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    keys = [cell.row for cell in sheet["B"] if cell.value is not None][1:]
    assert len(keys) == 16
    assert all(sheet.row_dimensions[row].height == pytest.approx(10 * 1.32 + 4, abs=0.4) for row in keys)


def test_bars_are_solid_begin_at_zero_and_leave_room_for_the_number(path, sample):
    (sheet,) = (s for s in parts(path, r"xl/worksheets/sheet2\.xml").values())
    bars = [
        [value.text for value in bar.iter() if value.tag.endswith("}f")]
        for bar in sheet.iter()
        if bar.tag.endswith("/2009/9/main}dataBar") and bar.get("gradient") == "0"
    ]
    selected = sample.release.values[sample.release.selected]
    ends = [(0.0, 1.4 * selected[name].max()) for name in ("sgb2_rate", "child_poverty_u15")]
    assert [tuple(map(float, bar)) for bar in bars] == [pytest.approx(pair) for pair in ends]


def test_reasons_stand_on_their_own_sheet(book, exported):
    _, head, *_ = page(book["Gründe"])
    assert head[-1] == "Gründe"
    rows = {row[1]: row for row in book["Gründe"].iter_rows(values_only=True) if row[1] in exported.index}
    assert len(rows) == 16
    for key, row in rows.items():
        assert row[-1].split("\n") == exported["reasons"][key].split("; ")
        assert 0 <= row[4] <= 1  # the share of runs


@pytest.mark.parametrize("lang", ["de", "en"])
def test_a_selected_area_without_a_value_says_so(make_city, tmp_path, lang):
    """Area a has no poverty rate, and is selected by unemployment."""
    table = pd.DataFrame(
        {"residents": [1000.0] * 4, "poor": [float("nan"), 100, 200, 300], "out": [90.0, 10, 20, 80]},
        index=list("abcd"),
    )
    data = qa.add_rates(make_city(table), {"poverty": ("poor", "residents"), "jobless": ("out", "residents")})
    shortlist = qa.screen(data, qa.above("poverty", 25) | qa.above("jobless", 5))
    release = qa.release(data, shortlist=shortlist, protection=qa.Protection(min_count=1))
    book = openpyxl.load_workbook(export(release, tmp_path / "a.xlsx", lang=lang))
    sheet = book[{"de": "Auswahl", "en": "Selection"}[lang]]
    rows = {row[0]: row for row in sheet.iter_rows(values_only=True)}
    assert {"de": "keine Angabe", "en": "no data"}[lang] in rows["a"]
    assert {"de": "ausgewählt", "en": "selected"}[lang] in rows["a"]  # without stability nothing is sure
    data = book[{"de": "Diagrammdaten", "en": "Chart data"}[lang]]
    names = [row[0] for row in data.iter_rows(values_only=True)]
    assert names.count("Gebiet a") == 0
    assert names.count("Gebiet d") == 2  # as a bar and as a point


# charts


def chart_cells(path, chart):
    """Return for each series its names or places and its values, as its references find them in the sheets."""
    book = openpyxl.load_workbook(path)
    found = []
    for series in chart.iter(f"{CHART}ser"):
        pair = []
        for side in (("cat", "val"), ("xVal", "yVal")):
            references = [series.find(f"{CHART}{name}//{CHART}f") for name in side]
            if None not in references:
                for reference in references:
                    sheet, cells = reference.text.rsplit("!", 1)
                    area = book[sheet.strip("'")][cells.replace("$", "")]
                    pair.append([cell.value for row in area for cell in row])
        found.append(pair)
    return found


def standing(sample):
    """Give how many selected areas are sure, and how many borderline."""
    labels = sample.release.stability.table["label"][sample.release.selected]
    return int(labels.eq("certain").sum()), int(labels.ne("certain").sum())


def test_bars_are_the_selected_areas_and_the_city(path, sample):
    bars, _ = parts(path, r"xl/charts/chart\d+\.xml").values()
    ((names, values),) = chart_cells(path, bars)
    selected = sample.release.values["sgb2_rate"][sample.release.selected]
    assert names[-1] == "Stadt"
    assert values[-1] == 12.1
    assert dict(zip(names[:-1], values[:-1], strict=True)) == dict(
        zip(sample.release.areas["name"][selected.index], selected, strict=True)
    )
    patterns = bars.findall(f".//{CHART}dPt//{DRAWN}pattFill")
    assert len(patterns) == standing(sample)[1]  # the borderline areas


def test_points_are_the_areas_with_both_values_by_their_selection(path, sample):
    _, points = parts(path, r"xl/charts/chart\d+\.xml").values()
    series = chart_cells(path, points)
    values = sample.release.values[["sgb2_rate", "child_poverty_u15"]].dropna()
    sizes = [len(x) for x, _ in series]
    labels, selected = sample.release.stability.table["label"], sample.release.selected
    near = int((labels.isin(["certain", "borderline"]) & ~selected).sum())
    sure, borderline = standing(sample)
    assert sizes == [len(values) - 16 - near, near, borderline, sure, 2, 2]  # the last are two lines
    drawn = sorted((x, y) for xs, ys in series[:4] for x, y in zip(xs, ys, strict=True))
    assert drawn == sorted(values.itertuples(index=False, name=None))
    assert series[4][0] == [12.1, 12.1]
    assert series[5][1] == [18.2, 18.2]
    names = [name.text for name in points.findall(f".//{CHART}ser/{CHART}tx//{CHART}v")]
    assert names == [
        *("übrige Gebiete", "nicht ausgewählt, Grenzfall", "ausgewählt, Grenzfall", "ausgewählt, sicher"),
        *("Stadt", "Stadt"),
    ]


def test_charts_are_described_and_stand_on_one_page(written, book):
    (drawing,) = parts(written, r"xl/drawings/drawing\d+\.xml").values()
    described = [frame.get("descr") for frame in drawing.iter(f"{PLACED}cNvPr")]
    assert len(described) == 2
    start = {
        "de": ("Balkendiagramm. SGB-II-Quote (%)", "Punktdiagramm"),
        "en": ("Bar chart. SGB II benefit", "Scatter"),
    }
    for words, expected in zip(described, start[written.stem], strict=True):
        assert words.startswith(expected)
    sheet = book["Diagramme"]
    assert sheet.page_setup.orientation == "landscape"
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (None, None)  # the format's word for 1 and 1
    assert sheet.sheet_properties.pageSetUpPr.fitToPage


def test_more_bars_than_can_be_read_are_not_drawn(make_city, tmp_path):
    keys = [f"a{i:02d}" for i in range(60)]
    table = pd.DataFrame({"residents": [1000.0] * 60, "x": [100.0 + i for i in range(60)]}, index=keys)
    table["y"] = table["x"].to_numpy()[::-1]
    data = qa.add_rates(make_city(table), {"rate": ("x", "residents"), "other": ("y", "residents")})
    release = qa.release(data, shortlist=qa.screen(data, qa.above("rate", 11) & qa.above("other", 0)))
    kinds = [
        [kind for kind in ("barChart", "scatterChart") if chart.find(f".//{CHART}{kind}") is not None]
        for chart in parts(export(release, tmp_path / "a.xlsx"), r"xl/charts/chart\d+\.xml").values()
    ]
    assert kinds == [["scatterChart"]]


def test_without_a_selection_there_is_nothing_to_read(town, tmp_path):
    book = openpyxl.load_workbook(export(qa.release(town), tmp_path / "a.xlsx"))
    assert book.sheetnames == ["Hinweise", "Gebiete", "Spalten", "Nachweis"]


@pytest.mark.parametrize("text", ["=1+1", "=Sheet1!$A$1", "Blatt!A1", "@SUM(A1)", "a & b"])
def test_no_word_of_the_data_becomes_a_reference_of_a_chart(make_hostile, tmp_path, text):
    path = export(make_hostile(text), tmp_path / "a.xlsx")
    charts = parts(path, r"xl/charts/chart\d+\.xml").values()
    assert charts
    for chart in charts:
        references = [reference.text for reference in chart.iter(f"{CHART}f")]
        assert references
        assert all(re.fullmatch(r"Diagrammdaten!\$[A-C]\$\d+:\$[A-C]\$\d+", reference) for reference in references)
        words = [words.text for words in chart.iter(f"{DRAWN}t")]
        assert any(text in one.replace("\u2060", "") for one in words)


# the look


def test_a_workbook_wears_the_look_of_an_office(sample, tmp_path):
    look = Look(accent="#8a1c1c", office="Stadt A & B", contact="plan@stadt.example", footer="2024/7")
    path = export(sample.release, tmp_path / "a.xlsx", look=look)
    book = openpyxl.load_workbook(path)
    title = next(row[0] for row in book["Auswahl"].iter_rows() if row[0].value == sample.release.title)
    assert title.font.color.rgb == "FF8A1C1C"
    for sheet in parts(path, r"xl/worksheets/sheet\d+\.xml").values():
        foot = sheet.find(f"{CELLS}headerFooter/{CELLS}oddFooter").text
        assert foot == '&L&"Arial,Regular"&8 Stadt A && B · plan@stadt.example · 2024/7&R&"Arial,Regular"&8 &P / &N'
    with ZipFile(path) as packed:
        assert "8A1C1C" in packed.read("xl/charts/chart2.xml").decode()
    with pytest.raises(ArgumentError, match="look"):
        export(sample.release, tmp_path / "b.xlsx", look="#8a1c1c")


def test_the_font_of_a_look_is_named_everywhere(town_release, tmp_path):
    font = Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSansMono.ttf"
    path = export(town_release, tmp_path / "a.xlsx", look=Look(font=font))
    (styles,) = parts(path, "xl/styles.xml").values()
    assert {font.get("val") for font in styles.iter(f"{CELLS}name")} == {"DejaVu Sans Mono"}


def test_long_words_of_an_office_fit_the_foot_of_a_page(town_release, tmp_path):
    path = export(town_release, tmp_path / "a.xlsx", look=Look(office="&" * 200, footer="Amt " * 40))
    for sheet in parts(path, r"xl/worksheets/sheet\d+\.xml").values():
        foot = sheet.find(f"{CELLS}headerFooter/{CELLS}oddFooter").text
        assert len(foot) <= 255
        assert foot.endswith("&P / &N")


def test_a_draft_says_so_above_the_selection(sample, tmp_path):
    book = openpyxl.load_workbook(export(replace(sample.release, comment=""), tmp_path / "a.xlsx"))
    for name in ("Auswahl", "Gründe", "Diagramme"):
        first = [row[0] for row in book[name].iter_rows(values_only=True)][:2]
        assert "Entwurf – unkommentiert" in first
