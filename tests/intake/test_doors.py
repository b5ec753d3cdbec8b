"""A wrong object is answered with one sentence: what is taken, and how to get it."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError

import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, InputError, QuartiersatlasError, SpecError


@pytest.fixture
def areas(row):
    return row("01", "02")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("key;a;label;number\n01;5;x;1\n02;6;x;2\n", encoding="utf-8")
    return path


FRAME = pd.DataFrame({"residents": [1.0, 2.0]}, index=["01", "02"])
GET_AREAS = r'areas = qa\.read_areas\("areas\.gpkg", key="id"\)\.$'


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (
            lambda _areas, _file: qa.read_table(5, key="key"),
            "read_table takes a str or a Path or a DataFrame, not an int: qa",
        ),
        (lambda _areas, file: qa.read_table(file, key=5), "key takes a str or a list or .*, not an int: key="),
        (lambda _areas, file: qa.read_table(file), "key takes a str or a list or .*, not None: key="),
        (lambda _areas, file: qa.read_table(file, key="key", columns=5), "columns takes a name or a list of names"),
        (lambda _areas, file: qa.read_table(file, key="key", text=5), "text takes a name or a list of names"),
        (lambda _areas, file: qa.read_table(file, key="key", columns=[5]), "columns: names are text, but '5' are not"),
        (
            lambda _areas, file: qa.read_table(file, key="key", symbols=5),
            "symbols takes a str or a mapping, not an int",
        ),
        (
            lambda _areas, file: qa.read_table(file, key="key", filters=[("a", 5)]),
            "filters takes a mapping, not a list",
        ),
        (lambda _areas, file: qa.read_table(file, key="key", key_pattern=2.0), "key_pattern takes an int or a str"),
        (lambda _areas, file: qa.read_table(file, key="key", header_rows="2"), "header_rows takes an int, not a str"),
        (
            lambda _areas, file: qa.read_query(file, None, key="key"),
            "read_query takes a str, not a PosixPath: qa.read_q",
        ),
        (lambda _areas, _file: qa.read_query("SELECT 1", None, key="key"), "connection takes .* not 'NoneType'"),
        (lambda _areas, _file: qa.read_areas(5, key="id"), "read_areas takes a str or .* GeoDataFrame, not an int: qa"),
        (lambda _areas, _file: qa.read_areas(FRAME, key="id"), "read_areas takes .*, not a DataFrame: qa"),
        (lambda _areas, _file: qa.read_areas("a.gpkg", key=5), "read_areas: key takes a str or .*, not an int"),
        (lambda _areas, _file: qa.read_areas("a.gpkg"), "read_areas: key takes a str or .*, not None: key="),
        (lambda _areas, _file: qa.read_areas("a.gpkg", key="id", parents="B"), "parents takes a mapping, not a str"),
        (lambda _areas, _file: qa.read_areas("a.gpkg", key="id", exclude=5), "exclude takes a name or a list of names"),
        (
            lambda areas, _file: qa.read_features(areas, name="N", crs=25832),
            "read_features takes a str or a Path, not a G",
        ),
        (
            lambda _areas, _file: qa.read_features("a.gpkg", name=5, crs=25832),
            "read_features: name takes a str, not an",
        ),
        (
            lambda _areas, _file: qa.merge_areas(FRAME, {"x": ["01"]}),
            f"merge_areas takes a GeoDataFrame, .*{GET_AREAS}",
        ),
        (lambda areas, _file: qa.merge_areas(areas, ["01", "02"]), "merge_areas: merged takes a mapping, not a list"),
        (
            lambda areas, _file: qa.merge_areas(areas, {"x": "01"}),
            "merge_areas: 'x' takes a list or a tuple, not a str",
        ),
        (
            lambda _areas, _file: qa.join("areas.gpkg", FRAME),
            f"join takes a GeoDataFrame or an AreaData, .*{GET_AREAS}",
        ),
        (
            lambda areas, _file: qa.join(areas, "t.csv"),
            r'table takes a Table or a DataFrame, .*qa.read_table\("table.csv"',
        ),
        (lambda areas, _file: qa.join(areas, areas.name), "join: table takes a Table or a DataFrame, not a Series"),
        (lambda areas, _file: qa.join(areas, FRAME, catalogue={}), "join: catalogue takes a Catalogue, not a dict"),
        (lambda areas, _file: qa.join(areas, FRAME, population=5), "join: population takes a str, not an int"),
        (lambda areas, _file: qa.join(areas, FRAME, rename=["01"]), "join: rename takes a mapping, not a list"),
        (lambda areas, _file: qa.join(areas, FRAME, repair=5), "repair takes a name or a list of names, not an int"),
        (lambda areas, _file: qa.join(areas, FRAME, exclude=5), "exclude takes a name or a list of names, not an int"),
        (lambda areas, _file: qa.check_vintages(areas, 2021), "check_vintages takes a list, not an int: check_v"),
        (lambda _areas, _file: qa.check_vintages(None, ["01"]), "check_vintages takes a list, not None"),
    ],
)
def test_a_wrong_object_is_answered_with_what_is_taken_and_how_to_get_it(areas, file, call, answer):
    with pytest.raises(ArgumentError, match=answer) as caught:
        call(areas, file)
    assert str(caught.value).count("\n") == 0


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (lambda _areas, file: qa.read_table(file, key="key", decimal=";"), "decimal must be one of ',', '.', not ';'"),
        (lambda _areas, file: qa.read_table(file, key="key", pivot=("label",)), "pivot takes the column"),
        (lambda _areas, file: qa.read_table(file, key="key", pivot=("label", 5)), "pivot takes the column"),
        (
            lambda _areas, file: qa.read_table(file, key="key", years="2024"),
            "years must be a year such as 2024, or 'long'",
        ),
        (
            lambda areas, _file: qa.join(areas, FRAME, missing="drop"),
            "missing must be one of 'raise', 'report', not 'd",
        ),
        (lambda areas, _file: qa.join(areas, FRAME, repair="zero"), "repair must be one of 'zero_pad', .*, not 'zero'"),
        (lambda areas, _file: qa.merge_areas(areas, {"x": [], "y": []}), "'x', 'y' have no parts"),
        (lambda areas, _file: qa.merge_areas(areas, {"x": []}), "'x' has no parts"),
    ],
)
def test_a_wrong_choice_is_answered_with_those_there_are(areas, file, call, answer):
    with pytest.raises(SpecError, match=answer):
        call(areas, file)


@pytest.mark.parametrize(
    ("call", "old", "new"),
    [
        (lambda: qa.read_table("t.csv", key="key", level=8), "level", "key_pattern"),
        (lambda: qa.read_table("t.csv", key="key", spread=("a", "b")), "spread", "pivot"),
        (lambda: qa.read_query("SELECT 1", None, key="key", level=8), "level", "key_pattern"),
        (lambda: qa.read_query("SELECT 1", None, key="key", spread=("a", "b")), "spread", "pivot"),
        (lambda: qa.read_areas("a.gpkg", key="id", ignore=["XX"]), "ignore", "exclude"),
        (lambda: qa.join(None, None, ignore=["99"]), "ignore", "exclude"),
    ],
)
def test_a_name_of_the_first_edition_answers_with_the_new_one(call, old, new):
    with pytest.raises(ArgumentError, match=f"the parameter '{old}' is called '{new}' now"):
        call()


def test_one_name_is_one_name_and_no_letters(areas, file):
    long = qa.read_table(file, key="key", pivot=("label", "number"), columns="x")
    assert long.values.to_dict() == {"x": {"01": 1.0, "02": 2.0}}
    assert qa.read_table(file, key="key", columns="a", text="a").values["a"].tolist() == ["5", "6"]
    with pytest.raises(QuartiersatlasError, match=r"codes are of LOR 2021: '01100101'\."):  # one key of eight digits
        qa.check_vintages("01100101", "01100101", left_vintage="2006")
    assert qa.join(areas, FRAME.rename({"02": "X02"}), repair="strip_prefix:X").report.complete


def test_results_cannot_be_changed_and_are_compared_by_identity(areas, file):
    table = qa.read_table(file, key="key")
    data = qa.join(areas, table)
    for result in (table, data, data.report):
        with pytest.raises(FrozenInstanceError):
            result.values = None
        copy = pickle.loads(pickle.dumps(result))  # noqa: S301 - our own bytes
        assert repr(copy) == repr(result)
        assert copy != result
        assert len({result, copy}) == 2


def test_a_table_on_a_page_loses_no_column_no_letter_and_no_digit(tmp_path):
    columns = [f"column_{i}" for i in range(40)]
    long = "x" * 80
    file = tmp_path / "wide.csv"
    cells = [f"{1234567 + i}.1234567" for i in range(39)] + [long]
    file.write_text(f"key;{';'.join(columns)}\n01;{';'.join(cells)}\n", encoding="utf-8")
    page = qa.read_table(file, key="key", decimal=".")._repr_html_()
    assert all(f">{name}<" in page for name in columns)
    assert all(f">{cell}<" in page for cell in cells)
    assert "..." not in page


def test_the_kinds_of_cells_are_all_counted(read):
    cells = [f"({i})" for i in range(12)]  # twelve kinds: each says its number
    table = read("key;a\n" + "\n".join(f"{i:02d};{cell}" for i, cell in enumerate(cells)))
    assert "read as 9, in brackets: unreliable (1), 2 further cells in .problems" in repr(table)
    assert "The first of 12 rows of <code>.problems</code>" in table._repr_html_()


@pytest.mark.parametrize(
    "read",
    [
        lambda name: qa.read_areas(f"{name}.gdb", key="id"),
        lambda name: qa.read_table(f"{name}.gdb", key="id"),
        qa.read_measures,
        qa.departures,
    ],
)
def test_a_folder_may_be_read_but_a_name_that_no_system_takes_is_missing(read):
    with pytest.raises(InputError, match="is missing"):
        read("x" * 300)
