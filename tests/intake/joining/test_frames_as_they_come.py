"""Plain frames on their index: what pandas, databases and divisions leave in them is read, or refused by name."""

from __future__ import annotations

from decimal import Decimal

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import InputError, KeyColumnError, NumberError

KEYS = ["511", "512", "513", "514"]


@pytest.fixture
def areas(row):
    return row(*KEYS)


def on_keys(**columns):
    return pd.DataFrame(columns, index=pd.Index(KEYS, dtype=object))


def test_columns_of_one_name_are_refused_and_the_repair_works(areas):
    table = pd.concat([on_keys(Kinder=[4.0, 5, 6, 7]), on_keys(Kinder=[1.0, 2, 3, 4])], axis=1)
    with pytest.raises(InputError, match=r"several columns called 'Kinder'.*table\.loc\[:, ~table\.columns\.dupli"):
        qa.join(areas, table)
    first = table.loc[:, ~table.columns.duplicated()]
    assert qa.join(areas, first).values["Kinder"].tolist() == [4, 5, 6, 7]


def test_columns_in_levels_are_refused_and_the_repair_works(areas):
    table = on_keys(a=[4.0, 5, 6, 7], b=[1.0, 2, 3, 4]).set_axis(
        pd.MultiIndex.from_product([["Alter"], ["jung", "alt"]]), axis=1
    )
    with pytest.raises(InputError, match="2 levels"):
        qa.join(areas, table)
    table.columns = ["_".join(map(str, column)) for column in table.columns]
    assert qa.join(areas, table).values["Alter_alt"].tolist() == [1, 2, 3, 4]


def test_an_index_of_levels_is_refused_and_offers_no_part_of_its_text(areas):
    levels = pd.MultiIndex.from_product([[2024], KEYS], names=["Jahr", "Bezirk"])
    table = on_keys(n=[4.0, 5, 6, 7]).set_axis(levels)
    with pytest.raises(KeyColumnError, match=r"2 levels.*table\.reset_index\(\), key=") as error:
        qa.join(areas, table)
    assert "chars:" not in str(error.value)
    assert qa.join(areas, table.reset_index(), key="Bezirk").values["n"].tolist() == [4, 5, 6, 7]


def test_dates_as_index_are_refused_as_dates(areas):
    table = on_keys(n=[4.0, 5, 6, 7]).set_axis(pd.date_range("2023-02-01", periods=4))
    with pytest.raises(KeyColumnError, match="4 keys of the table are dates"):
        qa.join(areas, table)


def test_shapes_of_a_frame_of_numbers_are_left_out_with_a_note(areas):
    table = gpd.GeoDataFrame(on_keys(n=[4.0, 5, 6, 7]), geometry=areas.geometry.to_numpy(), crs=areas.crs)
    data = qa.join(areas, table)
    assert list(data.values.columns) == ["n"]
    assert "1 column of shapes left out: 'geometry'" in repr(data.report)
    assert len(data.to_geodataframe()) == 4


@pytest.mark.parametrize(
    ("cells", "read"),
    [
        ([Decimal("1.5"), Decimal(20), None, Decimal(40)], [1.5, 20, np.nan, 40]),
        ([30, None, 50, 60.5], [30, np.nan, 50, 60.5]),
        (pd.array([30, None, 50, 60], dtype="Int64"), [30, np.nan, 50, 60]),
    ],
)
def test_numbers_held_as_objects_are_numbers(areas, cells, read):
    data = qa.join(areas, on_keys(n=cells if not isinstance(cells, list) else pd.Series(cells, KEYS, dtype=object)))
    np.testing.assert_array_equal(data.values["n"].to_numpy(dtype=float), read)
    assert data.values["n"].dtype == float
    assert data.status["n"].eq("missing").tolist() == list(np.isnan(read))


def test_words_and_truths_stay_what_they_are(areas):
    truths = pd.Series([True, False, True, True], KEYS, dtype=object)
    data = qa.join(areas, on_keys(typ=["A", "B", None, "A"], ja=truths))
    assert data.values["typ"].tolist()[:2] == ["A", "B"]
    assert data.values["ja"].tolist() == [True, False, True, True]


def test_infinite_numbers_are_refused_and_the_repair_works(areas):
    table = on_keys(Quote=[np.inf, 12.5, 3.0, -np.inf])
    with pytest.raises(NumberError, match=r"'Quote' has 2 infinite numbers, in rows '511', '514'.*symbols=") as error:
        qa.join(areas, table)
    assert "symbols={'inf': 'missing', '-inf': 'missing'}" in str(error.value)
    data = qa.join(areas, table, symbols={"inf": "missing", "-inf": "missing"})
    assert data.values["Quote"].tolist()[1:3] == [12.5, 3.0]
    assert data.status["Quote"].tolist() == ["missing", "value", "value", "missing"]


def test_codes_among_objects_are_refused_like_others(areas):
    with pytest.raises(NumberError, match="-9999"):
        qa.join(areas, on_keys(n=pd.Series([-9999, 5, 6, 7], KEYS, dtype=object)))
