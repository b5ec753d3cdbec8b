"""Lists of one are their element, in tables and in areas; longer ones are refused with the cause."""

from __future__ import annotations

import json

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import InputError
from quartiersatlas.intake.files.nested import without_lists


@pytest.fixture
def geojson(tmp_path):
    """Write squares in Ottawa with the properties given."""

    def write(*properties):
        features = []
        for n, row in enumerate(properties):
            x = -75.7 + 0.01 * n
            ring = [[x, 45.4], [x + 0.01, 45.4], [x + 0.01, 45.41], [x, 45.41], [x, 45.4]]
            features.append(
                {"type": "Feature", "properties": row, "geometry": {"type": "Polygon", "coordinates": [ring]}}
            )
        file = tmp_path / "wards.geojson"
        file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
        return file

    return write


def test_keys_names_and_parents_in_lists_of_one_are_read_with_a_notice(geojson):
    file = geojson({"w": ["07"], "n": ["Kanata"], "c": ["35"]}, {"w": ["08"], "n": ["Orléans"], "c": ["35"]})
    areas = qa.read_areas(file, key="w", name="n", parents={"county": "c"}, to_crs="EPSG:32618")
    assert areas["name"].to_dict() == {"07": "Kanata", "08": "Orléans"}
    assert areas["county"].tolist() == ["35", "35"]
    assert areas["read_notes"].iloc[0] == (
        "'w': 2 lists of one value read as the value; 'n': 2 lists of one value read as the value; "
        "'c': 2 lists of one value read as the value"
    )


def test_numbers_in_lists_are_keys_without_a_decimal_point(geojson):
    assert qa.read_areas(geojson({"w": [7]}, {"w": [8]}), key="w", to_crs="EPSG:32618").index.tolist() == ["7", "8"]


def test_the_same_file_is_a_table_with_the_same_keys(geojson):
    file = geojson({"w": ["07"], "residents": [1200]}, {"w": ["08"], "residents": []})
    table = qa.read_table(file, key="w")
    assert table.values["residents"].iloc[0] == 1200
    assert table.status["residents"].tolist() == ["value", "missing"]
    assert "'residents': 1 empty list read as missing" in table.notes


def test_a_list_of_several_is_refused_with_the_cause(geojson):
    file = geojson({"w": ["07", "08"], "n": "Kanata"}, {"w": ["09"], "n": "Orléans"})
    for read, options in ((qa.read_areas, {"to_crs": "EPSG:32618"}), (qa.read_table, {})):
        with pytest.raises(
            InputError, match=r"1 cell of 'w' holds a list of several values, such as '\[\"07\", \"08\"\]'"
        ):
            read(file, key="w", **options)


def test_a_list_of_several_in_a_column_that_is_not_taken_along_does_no_harm(geojson):
    file = geojson({"w": "07", "pages": ["a", "b"], "residents": 5}, {"w": "08", "pages": [], "residents": 6})
    assert qa.read_areas(file, key="w", to_crs="EPSG:32618").index.tolist() == ["07", "08"]
    table = qa.read_table(file, key="w", columns=["residents"])
    assert table.values["residents"].tolist() == [5.0, 6.0]
    assert "column 'pages' holds lists of several values and was left out" in table.notes


def test_an_object_for_a_name_is_refused(geojson):
    file = geojson({"w": "07", "n": {"en": "Kanata", "fr": "Kanata"}})
    with pytest.raises(InputError, match=r"1 cell of 'n' holds an object with names and values"):
        qa.read_areas(file, key="w", name="n", to_crs="EPSG:32618")


def test_lists_that_a_file_without_lists_holds_as_text_are_lists(tmp_path):
    shapes = [shapely.box(447_000 + x, 5_030_000, 447_100 + x, 5_030_100) for x in (0, 100)]
    for cells in (['["07"]', '[ "08" ]'], ["['07']", "['08']"], ["(1:07)", "(1:08)"]):
        file = tmp_path / "wards.gpkg"
        gpd.GeoDataFrame({"w": cells, "residents": [5, 6]}, geometry=shapes, crs="EPSG:32618").to_file(file)
        assert qa.read_areas(file, key="w").index.tolist() == ["07", "08"]
        assert qa.read_table(file, key="w").values["residents"].to_dict() == {"07": 5.0, "08": 6.0}


@pytest.mark.parametrize(
    "cells",
    [
        ["[07]", "08"],
        ["(07)", "(08)"],
        ["[c]", "[z]"],
        ["[Nord]", "[Süd]"],
        ["(1) Nord", "(2) Süd"],
        ["[]07", "[]08"],
        [None, float("nan")],
        ["07", "08"],
        [7, 8],
    ],
)
def test_marks_and_words_in_brackets_are_no_lists(cells):
    values, notes = without_lists(cells, "w", "table")
    assert notes == []
    assert pd.Series(values, dtype=object).equals(pd.Series(cells, dtype=object))


def test_lists_in_lists_are_taken_out_too():
    assert without_lists([[["07"]], ["08"]], "w", "table")[0] == ["07", "08"]


def test_lists_in_parquet_are_their_element(tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow (extra parquet) is not installed")
    pd.DataFrame({"w": [["07"], ["08"]], "r": [[5], [6]], "x": [[1, 2], [3]]}).to_parquet(tmp_path / "t.parquet")
    table = qa.read_table(tmp_path / "t.parquet", key="w")
    assert table.values["r"].to_dict() == {"07": 5.0, "08": 6.0}
    assert "column 'x' holds lists of several values and was left out" in table.notes
