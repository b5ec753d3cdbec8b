"""Cells of a hundred thousand characters are read or refused like others: no search tries every one of them again."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import JoinError, QuartiersatlasError

LONG = 100_000


@pytest.mark.parametrize("piece", [" ", "\u00a0", "0", "9", ".", ",", "a", "-", "(", "*", "1 ", "²", "Ã", "ä", "1."])
@pytest.mark.parametrize(("before", "after"), [("a", "b"), ("1", "x"), ("1", "1)")])
def test_a_long_cell_among_numbers_is_read_as_text_or_refused(read, piece, before, after):
    cell = before + piece * LONG + after
    try:
        table = read(f"key;n;a\n01;{cell};5\n02;x;6\n", decimal=".")
    except QuartiersatlasError:
        return
    assert table.values["a"].tolist() == [5.0, 6.0]


def test_a_number_before_many_blanks_and_a_footnote_keeps_its_value(read):
    table = read("key;a\n01;12" + " " * LONG + "1)\n02;7\n")
    assert table.values["a"].tolist() == [12.0, 7.0]
    assert table.problems["done"].tolist() == ["read as 12, footnote '1)' set aside"]


def test_a_number_with_more_digits_than_can_be_held_is_no_number(read):
    assert read("key;a\n01;" + "0" * LONG + "1\n").values["a"].tolist() == ["0" * LONG + "1"]


def test_a_long_name_of_a_column_and_a_long_title_are_read(read):
    name = "Einwohner" + " " * LONG + "2021"
    assert read(f"Titel{' ' * LONG}.\nkey;{name}\n01;5\n", years=2021).values["Einwohner"].tolist() == [5.0]


def test_long_keys_that_fit_nothing_are_refused():
    shapes = [shapely.box(0, 0, 1000, 1000), shapely.box(1000, 0, 2000, 1000)]
    areas = gpd.GeoDataFrame({"name": ["a", "b"]}, index=["a", "b"], geometry=shapes, crs="EPSG:25832")
    table = pd.DataFrame({"ew": [5.0, 6.0]}, index=["a", "b" + " " * LONG + "und"])
    with pytest.raises(JoinError):
        qa.join(areas, table)


def test_a_column_of_areas_that_only_begins_like_geometry_is_no_geometry():
    from quartiersatlas.intake.areas.area_columns import holds_geometry

    assert not holds_geometry(pd.Series([" " * LONG + "x", "POINT" + " " * LONG + "x"]))
    assert holds_geometry(pd.Series([" SRID=25832; POINT Z (1 2 3)", "POLYGON EMPTY", "point m(1 2 3)"]))
