"""What an analyst may do to a workbook, and what is refused with sheet, row and column."""

from __future__ import annotations

import datetime as dt
import sys

import openpyxl
import pytest

from quartiersatlas.errors import DependencyError, InputError, SpecError
from quartiersatlas.need.spec.records import NeedAxis, NeedClass, NeedGroup, NeedIndicator
from quartiersatlas.need.spec.spec import NeedSpec
from quartiersatlas.need.spec.steps import Breaks

CLASSES = (
    NeedClass(id="low", label_de="gering", label_en="low", upper=0.5),
    NeedClass(id="high", label_de="hoch", label_en="high"),
)
SPEC = NeedSpec(
    id="t",
    source="a text",
    axes=(
        NeedAxis(
            id="need",
            breaks=Breaks(method="quantile"),
            members=(
                NeedGroup(id="work", members=(NeedIndicator(id="a"), NeedIndicator(id="b", weight=2))),
                NeedGroup(id="home", members=(NeedIndicator(id="c"),)),
            ),
            classes=CLASSES,
        ),
    ),
    exclude={"01100101": "industrial estate"},
)


@pytest.fixture
def edited(tmp_path):
    """Write the spec, let the test edit the workbook, and read it again."""

    def edit(change):
        path = SPEC.to_excel(tmp_path / "need.xlsx")
        book = openpyxl.load_workbook(path)
        change(book)
        book.save(path)
        return NeedSpec.from_excel(path)

    return edit


def setting(sheet, **cells):
    def change(book):
        for name, value in cells.items():
            cell = book[sheet][name]
            cell.value = value
            cell.number_format = "yyyy-mm-dd" if isinstance(value, dt.date) else "General"

    return change


def test_the_workbook_as_written_is_read(edited):
    assert edited(lambda _: None) == SPEC


def shuffled(book):
    for name in ("indicators", "groups", "classes"):
        page = book[name]
        rows = [list(row) for row in page.values]
        page.delete_rows(1, page.max_row)
        # columns in reverse, an empty row before the header and in between, children above their parents
        order = rows[:1] + ([] if name == "groups" else rows[1:])
        order += [row for row in rows[1:] if name == "groups" and row[1]]
        order += [row for row in rows[1:] if name == "groups" and not row[1]]
        for i, row in enumerate(order):
            for place, value in enumerate(reversed(row)):
                page.cell(2 * i + 3, place + 1).value = value


def blanks(book):
    for page in book:
        page.cell(page.max_row + 5, page.max_column + 4).value = "  "
    for row in book["indicators"].iter_rows(max_row=4, max_col=2):
        for cell in row:
            cell.value = f"  {cell.value}\n"


def sheets_in_another_order(book):
    book.move_sheet("spec", 4)


@pytest.mark.parametrize("change", [shuffled, blanks, sheets_in_another_order])
def test_order_blanks_and_empty_rows_and_columns_do_not_matter(edited, change):
    assert edited(change) == SPEC


@pytest.mark.parametrize("value", ["0,25", "0.25", " 0,25 ", "2.5e-1", 0.25])
def test_a_number_may_be_stored_as_text(edited, value):
    assert edited(setting("indicators", C2=value)).axes[0].indicators[0].weight == 0.25


@pytest.mark.parametrize(
    ("value", "number"), [("1.234,5", 1234.5), ("12 000", 12000.0), ("300", 300.0), ("1000", 1000)]
)
def test_grouped_thousands_are_read(edited, value, number):
    assert edited(setting("spec", B4=value)).min_population == number


def test_ids_that_became_numbers_are_read_as_text(edited):
    spec = edited(
        lambda book: [
            setting("groups", A2=2021, B3=2021, B4=" 2021 ")(book),
            setting("classes", A2=2021, A3="2021", B2=1.0, C2=1)(book),
            setting("indicators", A2=11)(book),
            setting("exclude", A2=1100101, B2=7)(book),
            setting("spec", B2=2024)(book),
        ]
    )
    assert (spec.id, spec.axes[0].id, spec.exclude) == ("2024", "2021", {"1100101": "7"})
    assert [leaf.id for leaf in spec.axes[0].indicators] == ["11", "b", "c"]
    assert (spec.axes[0].classes[0].id, spec.axes[0].classes[0].label_de) == ("1", "1")


def test_the_sheet_of_exclusions_may_be_missing_or_empty(edited):
    assert edited(lambda book: book.remove(book["exclude"])).exclude == {}
    assert edited(lambda book: book["exclude"].delete_rows(1, 9)).exclude == {}
    assert edited(lambda book: book["exclude"].delete_rows(2)).exclude == {}


def test_an_empty_cell_is_the_default(edited):
    spec = edited(setting("indicators", C3=None, D3=None, G3=None))
    assert spec.axes[0].indicators[1] == NeedIndicator(id="b")


def add_sheet(book):
    book.create_sheet("Notizen")


def column(book):
    book["groups"]["AZ3"] = "lost"


def unknown_column(book):
    book["groups"]["AZ1"] = "wieght"


def column_twice(book):
    book["indicators"]["Z1"] = "weight"


def column_missing(book):
    book["indicators"].delete_cols(2)


def sheet_missing(book):
    del book["classes"]


def sheet_empty(book):
    book["classes"].delete_rows(1, 9)


def no_groups(book):
    book["groups"].delete_rows(2, 9)


def row_missing(book):
    book["spec"].delete_rows(3)


def two(*changes):
    return lambda book: [change(book) for change in changes]


# columns: groups A id, B parent, E weight, F normalise.method; indicators A id, B parent, C weight, D direction;
# classes A axis, B id, C label_de, D label_en, E upper; rows of spec: 2 id, 3 source, 4 min_population
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (add_sheet, r"the workbook: 'Notizen' is not known\. There are: spec, groups"),
        (sheet_missing, r"the sheet 'classes' is missing; the workbook has 'spec', 'groups'"),
        (sheet_empty, r"sheet 'classes' is empty; it needs the columns 'axis', 'id'"),
        (no_groups, r"sheet 'groups' has no rows below its header"),
        (unknown_column, r"sheet 'groups', row 1: 'wieght' is not known\. Did you mean 'weight'"),
        (column_twice, r"sheet 'indicators', row 1, column 'weight': the column is there 2 times"),
        (column_missing, r"sheet 'indicators', row 1: the column 'parent' is missing"),
        (column, r"sheet 'groups', row 3, column 'AZ': 'lost' has no column name above it"),
        (setting("groups", B4="nede"), r"sheet 'groups', row 4, column 'parent': there is no group 'nede'; .* 'need'"),
        (setting("groups", B3="home", B4="work"), r"sheet 'groups', row 4, column 'parent': work -> home -> work is a"),
        (setting("groups", B2="need"), r"sheet 'groups', row 2, column 'parent': need -> need is a circle"),
        (setting("groups", A4="work"), r"sheet 'groups', row 4, column 'id': 'work' is a duplicate of row 3"),
        (setting("groups", A4=None), r"sheet 'groups', row 4, column 'id': the cell is empty"),
        (setting("groups", E4="x"), r"sheet 'groups', row 4, column 'weight': 'x' is not a number"),
        (
            setting("groups", F4="zz"),
            r"sheet 'groups', row 4, column 'normalise\.method': normalise: method must be one of",
        ),
        (setting("groups", G4=2), r"sheet 'groups', row 4, column 'normalise\.ddof': normalise: ddof must be one of"),
        (setting("groups", G4=0.5), r"sheet 'groups', row 4, column 'normalise\.ddof': .* a whole number"),
        (
            setting("groups", F4="rank", G4=1),
            r"sheet 'groups', row 4, column 'normalise\.ddof': normalise: 'rank' ignores ddof = 1",
        ),
        (
            setting("groups", W4="geometric"),
            r"sheet 'groups', row 4, column 'aggregate': Domain 'home': geometric needs values above",
        ),
        (
            setting("groups", AC3="z"),
            r"sheet 'groups', row 3, column 'standardise\.method': 'work' is a domain; only an axis has stand",
        ),
        (setting("groups", AA2=3), r"sheet 'groups', row 2, column 'breaks\.type': breaks: type must be one of"),
        (setting("indicators", B3=None), r"sheet 'indicators', row 3, column 'parent': the cell is empty"),
        (setting("indicators", B3="wrk"), r"sheet 'indicators', row 3, column 'parent': there is no group 'wrk'"),
        (
            setting("indicators", A3=" a"),
            r"sheet 'indicators', row 3, column 'id': 'a' is a duplicate of row 2 for the same axis 'need'",
        ),
        (
            setting("indicators", A4="a"),
            r"sheet 'indicators', row 4, column 'id': 'a' is a duplicate of row 2 for the same axis 'need'",
        ),
        (setting("indicators", C3=-2), r"sheet 'indicators', row 3, column 'weight': Indicator 'b': the weight is -2"),
        (
            setting("indicators", C3="1,234"),
            r"sheet 'indicators', row 3, column 'weight': the text '1,234' may be 1\.234 or 1234",
        ),
        (setting("indicators", C3="25 %"), r"sheet 'indicators', row 3, column 'weight': '25 %' is not a number"),
        (setting("indicators", C3="inf"), r"sheet 'indicators', row 3, column 'weight': 'inf' is not a number"),
        (setting("indicators", C3=True), r"sheet 'indicators', row 3, column 'weight': True is not a number"),
        (
            setting("indicators", C3=dt.date(2026, 5, 1)),
            r"sheet 'indicators', row 3, column 'weight': 2026-05-01 .*is a date or time",
        ),
        (setting("indicators", D3=2), r"sheet 'indicators', row 3, column 'direction': .* the direction is 2"),
        (
            setting("indicators", E3="x"),
            r"sheet 'indicators', row 3, column 'id': Indicator 'b': numerator and denominator belong",
        ),
        (setting("indicators", B4="work"), r"sheet 'groups', row 4, column 'id': Domain 'home' has no indicators"),
        (
            setting("indicators", N3=1),
            r"sheet 'indicators', row 3, column 'low': Domain 'work': 'b' has low, which z ignores",
        ),
        (setting("classes", A3="work"), r"sheet 'groups', row 2, column 'id': Axis 'need': classes need rising"),
        (setting("classes", A3="ned"), r"sheet 'classes', row 3, column 'axis': there is no axis or domain 'ned'"),
        (setting("classes", C3=None), r"sheet 'classes', row 3, column 'label_de': the cell is empty"),
        (
            setting("classes", B3="low"),
            r"sheet 'classes', row 3, column 'id': 'low' is a duplicate of row 2 for the same axis 'need'",
        ),
        (
            setting("classes", E2="1,5"),
            r"sheet 'groups', row 2, column 'breaks\.method': .* quantile breaks are shares",
        ),
        (setting("classes", E3=0.2), r"sheet 'groups', row 2, column 'id': Axis 'need': classes need rising"),
        (setting("spec", A4="min_popluation"), r"sheet 'spec', row 4, column 'key': 'min_popluation' is not known"),
        (setting("spec", A4="id"), r"sheet 'spec', row 4, column 'key': 'id' is a duplicate of row 2"),
        (setting("spec", B3=None), r"sheet 'spec', row 3, column 'value': source is empty"),
        (setting("spec", B4=-1), r"sheet 'spec', row 4, column 'value': min_population is -1"),
        (setting("spec", B4="viele"), r"sheet 'spec', row 4, column 'value': 'viele' is not a number"),
        (setting("spec", B5="both"), r"sheet 'spec', row 5, column 'value': min_population_in must be one of"),
        (row_missing, r"sheet 'spec', column 'key': the row 'source' is missing"),
        (setting("exclude", B2=None), r"sheet 'exclude', row 2, column 'reason': the cell is empty"),
        (
            setting("exclude", A3="01100101 ", B3="x"),
            r"sheet 'exclude', row 3, column 'key': '01100101' is a duplicate",
        ),
    ],
)
def test_a_mistake_is_refused_with_sheet_row_and_column(edited, change, message):
    with pytest.raises(SpecError, match=rf"^need\.xlsx, {message}"):
        edited(change)


def test_a_file_that_is_no_workbook_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"The need spec file '.*need\.xlsx' is missing"):
        NeedSpec.from_excel(tmp_path / "need.xlsx")
    (tmp_path / "need.xlsx").write_text("id;parent", encoding="utf-8")
    with pytest.raises(InputError, match=r"need\.xlsx cannot be read as a workbook"):
        NeedSpec.from_excel(tmp_path / "need.xlsx")


@pytest.mark.parametrize(("package", "verb"), [("xlsxwriter", "Writing"), ("python_calamine", "Reading")])
def test_a_missing_extra_names_the_install_command(tmp_path, monkeypatch, package, verb):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(DependencyError, match=rf"{verb} workbooks needs .*: pip install .quartiersatlas\[excel\]"):
        NeedSpec.from_excel(SPEC.to_excel(tmp_path / "need.xlsx"))
