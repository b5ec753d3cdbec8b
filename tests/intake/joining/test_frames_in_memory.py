"""Frames that an analyst has already pass the same door as files: the natural first calls work, or say the next one."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import (
    ArgumentError,
    ColumnError,
    GeometryError,
    InputError,
    KeyColumnError,
    NumberError,
    QuartiersatlasError,
    SpecError,
)

CODES = ["W06000011", "W06000015", "W06000016", "W06000018"]
NAMES = ["Swansea", "Cardiff", "Rhondda", "Caerphilly"]


@pytest.fixture
def wards():
    shapes = [shapely.box(450_000 + 800 * i, 5_650_000, 450_800 + 800 * i, 5_650_900) for i in range(4)]
    words = {"WD22CD": CODES, "WD22NM": NAMES, "region": ["south", "south", "valleys", "valleys"]}
    return gpd.GeoDataFrame(words, geometry=shapes, crs="EPSG:25830")


@pytest.fixture
def numbers():
    rows = {"WD22CD": CODES[::-1], "people": [180, 240, 362, 238], "rate": [4.5, None, 0.0, 12.25]}
    return pd.DataFrame(rows)


def test_two_frames_with_a_common_column_are_joined_by_it(wards, numbers):
    data = qa.join(wards, numbers, key="WD22CD", name="WD22NM", population="people")
    assert data.residents().to_dict() == {CODES[3]: 180, CODES[2]: 240, CODES[1]: 362, CODES[0]: 238}
    assert data.areas["name"].tolist() == NAMES
    assert data.status.loc[CODES[2], "rate"] == "missing"
    assert data.status.loc[CODES[1], "rate"] == "zero"


def test_columns_of_two_names_are_a_pair_and_the_index_is_none_of_them(wards, numbers):
    other = numbers.rename(columns={"WD22CD": "code"})
    assert qa.join(wards, other, key=("WD22CD", "code")).report.complete
    assert qa.join(wards, other.set_index("code"), key=("WD22CD", None)).report.complete


@pytest.mark.parametrize("areas_by_index", [True, False])
@pytest.mark.parametrize("table_by_index", [True, False])
def test_the_key_may_be_a_column_or_the_index_on_either_side(wards, numbers, areas_by_index, table_by_index):
    areas = wards.set_index("WD22CD") if areas_by_index else wards
    table = numbers.set_index("WD22CD") if table_by_index else numbers
    data = qa.join(areas, table, key="WD22CD", name="WD22NM")
    assert data.values["people"].to_dict() == dict(zip(CODES[::-1], [180, 240, 362, 238], strict=True))


def test_keys_that_are_whole_numbers_are_the_same_keys_as_numbers_with_a_point(wards, numbers):
    areas, table = wards.assign(nr=[11, 12, 13, 14]), numbers.assign(nr=[14.0, 13.0, 12.0, 11.0])
    data = qa.join(areas, table.drop(columns="WD22CD"), key="nr")
    assert data.values["people"].to_dict() == {"11": 238, "12": 362, "13": 240, "14": 180}


def test_a_merged_frame_is_joined_in_one_call(wards, numbers):
    merged = wards.merge(numbers, on="WD22CD")
    data = qa.join(merged, key="WD22CD", name="WD22NM", parents={"region": "region"}, population="people")
    assert data.values.columns.tolist() == ["people", "rate"]
    assert data.areas["region"].tolist() == ["south", "south", "valleys", "valleys"]
    assert data.values.loc[CODES[0]].tolist() == [238, 12.25]


def test_a_frame_with_keys_and_names_gives_its_own_numbers(wards, numbers):
    merged = wards.merge(numbers, on="WD22CD").set_index("WD22CD").rename(columns={"WD22NM": "name"})
    data = qa.join(merged)
    assert data.values.columns.tolist() == ["people", "rate"]
    assert "people" not in data.areas.columns


def test_areas_in_degrees_are_converted_or_refused_with_the_option(wards, numbers):
    degrees = wards.to_crs("EPSG:4326")
    with pytest.raises(GeometryError, match=r"Pass to_crs='(EPSG:\d+)', or .*areas\.to_crs\('\1'\)"):
        qa.join(degrees, numbers, key="WD22CD")
    data = qa.join(degrees, numbers, key="WD22CD", to_crs="EPSG:25830")
    assert data.areas.area.round().tolist() == [720_000] * 4
    assert qa.join(degrees.to_crs("EPSG:25830"), numbers, key="WD22CD").report.complete


def test_areas_read_before_are_joined_with_a_frame_by_its_column(wards, numbers):
    areas = qa.read_areas(wards, key="WD22CD", name="WD22NM")
    data = qa.join(areas, numbers[["WD22CD", "people"]], key="WD22CD")
    data = qa.join(data, numbers[["WD22CD", "rate"]], key="WD22CD")
    assert data.values.columns.tolist() == ["people", "rate"]
    assert len(data.reports) == 2


def test_a_frame_is_read_like_a_file(wards, numbers):
    table = qa.read_table(numbers.assign(cases=["1,5", "-", ".", "12"], old=[1, 2, 3, 4]), key="WD22CD")
    assert table.status["cases"].tolist() == ["value", "zero", "suppressed", "value"]
    assert qa.read_table(numbers.set_index("WD22CD")).values["people"].tolist() == [180, 240, 362, 238]
    coded = numbers.assign(people=[5, -9999, -9999, 8])
    with pytest.raises(NumberError, match=r"symbols=\{'-9999': 'missing'\}") as caught:
        qa.join(wards, coded, key="WD22CD")
    assert caught.value.problems["raw"].tolist() == ["-9999", "-9999"]
    data = qa.join(wards, coded, key="WD22CD", symbols={"-9999": "suppressed"})
    assert data.status["people"].tolist() == ["value", "suppressed", "suppressed", "value"]


def test_an_option_of_reading_is_advised_with_the_call_that_has_it(wards, numbers):
    with pytest.raises(KeyColumnError, match=r"dissolve=True.*qa\.read_areas\(areas, key='WD22CD', \.\.\.\)"):
        qa.join(pd.concat([wards, wards.head(1)]), numbers, key="WD22CD")


def test_what_was_decided_about_a_frame_is_in_the_report(wards, numbers):
    table = numbers.assign(parts=[[1], [2], [3], [4]], note=["a", "b", "c", "d"])
    report = qa.join(wards, table, key="WD22CD").report
    assert "column 'parts' holds no numbers or text and was left out" in report.notes
    assert "read as text: 'note'" in report.notes
    assert "read as missing (1 cell)" in repr(report)


def test_areas_of_a_frame_are_checked_like_those_of_a_file(wards):
    areas = qa.read_areas(wards.rename_geometry("shape"), key="WD22CD", name="WD22NM", parents={"part": "region"})
    assert areas.index.tolist() == CODES
    assert areas.columns.tolist() == ["name", "part", "geometry"]
    assert qa.read_areas(wards.set_index("WD22CD")).index.tolist() == CODES
    with pytest.raises(KeyColumnError, match="dissolve=True"):
        qa.read_areas(pd.concat([wards, wards.head(1)]), key="WD22CD")
    with pytest.raises(SpecError, match="'layer' is for files"):
        qa.read_areas(wards, key="WD22CD", layer="wards")
    with pytest.raises(GeometryError, match="not polygons"):
        qa.read_areas(wards.set_geometry(wards.centroid), key="WD22CD")


@pytest.mark.parametrize(
    ("call", "error", "answer"),
    [
        (qa.join, InputError, r"row numbers.*join\(areas, table, key='WD22CD'\)"),
        (lambda w, n: qa.join(w, n.set_index("WD22CD")), InputError, r"key=\('WD22CD', None\)"),
        (lambda w, n: qa.join(w.merge(n, on="WD22CD")), InputError, r"join\(areas, key='WD22CD'\)"),
        (lambda w, n: qa.join(w.set_index("WD22CD"), n), InputError, r"no column 'name'.*name='WD22NM'"),
        (lambda w, n: qa.join(n, w, key="WD22CD"), ArgumentError, "the areas come first"),
        (lambda w, n: qa.join(w, n["people"], key="WD22CD"), ArgumentError, r"table\.to_frame\('people'\)"),
        (
            lambda w, n: qa.join(pd.DataFrame(w), n, key="WD22CD"),
            ArgumentError,
            r"geopandas\.GeoDataFrame\(areas, geometry='geometry'\)",
        ),
        (
            lambda w, n: qa.join(w, n.rename(columns={"WD22CD": "c"}), key="WD22CD"),
            ColumnError,
            r"key=\('WD22CD', 'column of the table'\)",
        ),
        (
            lambda w, n: qa.join(w, n.set_index("WD22CD").rename_axis(None), key="WD22CD"),
            ColumnError,
            r"table\.rename_axis\('WD22CD'\)",
        ),
        (lambda w, n: qa.join(w.set_crs(None, allow_override=True), n, key="WD22CD"), GeometryError, "set_crs"),
        (lambda w, _: qa.join(w[["WD22CD", "geometry"]], key="WD22CD"), ArgumentError, "no column of numbers"),
        (lambda w, n: qa.join(qa.join(w, n, key="WD22CD")), ArgumentError, r"join\(data, table\)"),
        (lambda w, n: qa.join(qa.join(w, n, key="WD22CD"), n, name="x"), SpecError, "'name' is for areas"),
        (lambda w, n: qa.join(w, n.head(0), key="WD22CD"), InputError, "no rows"),
        (lambda w, n: qa.join(w.head(0), n, key="WD22CD"), InputError, "no rows"),
        (lambda _, n: qa.read_table(n), KeyColumnError, "row numbers, no keys.*key='WD22CD'"),
        (lambda _, n: qa.read_table(n.set_index(["WD22CD", "people"])), KeyColumnError, r"key=\['WD22CD', 'people'\]"),
        (lambda _, n: qa.read_table(n, key="WD22CD", sheet="a"), SpecError, "'sheet' is for files"),
        (lambda w, _: qa.read_areas(w), KeyColumnError, "key='WD22CD'"),
        (lambda w, _: qa.read_areas(pd.DataFrame(w), key="WD22CD"), ArgumentError, "geopandas.GeoDataFrame"),
    ],
)
def test_a_first_call_that_cannot_work_says_the_one_that_does(wards, numbers, call, error, answer):
    with pytest.raises(error, match=answer):
        call(wards, numbers)


def test_the_offered_calls_work(wards, numbers):
    with pytest.raises(QuartiersatlasError, match="both sides") as caught:
        qa.join(wards, numbers.rename(columns={"WD22CD": "code"}))
    offered = str(caught.value).split(" in ")[-1].rstrip(".")
    table = numbers.rename(columns={"WD22CD": "code"})
    assert eval(offered, {"join": qa.join, "areas": wards, "table": table}).report.complete  # noqa: S307 - our own words


def test_numbers_beside_a_table_are_refused_with_calls_that_work(wards, numbers):
    areas = qa.read_areas(wards, key="WD22CD", name="WD22NM").assign(rank=[1, 2, 3, 4])
    table = qa.read_table(numbers, key="WD22CD")
    with pytest.raises(InputError, match=r"areas\.drop\(columns=\['rank'\]\)"):
        qa.join(areas, table)
    assert qa.join(areas.drop(columns=["rank"]), table).values.columns.tolist() == ["people", "rate"]
    assert qa.join(qa.join(areas), table).values.columns.tolist() == ["rank", "people", "rate"]


def test_data_go_back_into_a_frame(wards, numbers):
    data = qa.join(wards, numbers, key="WD22CD", name="WD22NM", population="people")
    frame = data.to_geodataframe(status=True)
    assert frame.columns.tolist() == ["name", "people", "people_status", "rate", "rate_status", "geometry"]
    assert frame.crs == wards.crs
    assert frame.index.tolist() == CODES
    again = qa.join(data.to_geodataframe(), population="people")
    pd.testing.assert_frame_equal(again.values, data.values)


def test_a_column_gets_a_meaning_on_the_data(wards, numbers):
    data = qa.join(wards, numbers, key="WD22CD")
    known = data.with_indicators(qa.Indicator(id="rate", label_de="Quote", label_en="Rate", unit="per 1000"))
    assert known.catalogue["rate"].per == 1000
    assert "rate" not in data.catalogue
    assert set(data.catalogue) < set(known.catalogue)


def test_a_column_of_numbers_that_are_all_missing_is_one_of_numbers(numbers):
    empty = numbers.assign(a=float("nan"), b=pd.array([None] * 4, dtype="Int64"), c=None)
    values = qa.read_table(empty, key="WD22CD").values
    assert values.dtypes[["a", "b"]].tolist() == [float, float]
    assert values[["a", "b"]].isna().all(axis=None)
    assert values["c"].dtype != float  # nothing says that these were numbers
