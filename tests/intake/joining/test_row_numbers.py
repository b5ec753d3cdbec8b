"""A table on the numbers of its rows is said to be that, whichever of them are keys by chance."""

from __future__ import annotations

import re

import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import JoinError

ZONES = ["01", "02", "03", "04", "05", "06", "07", "08", "09", "10"]
PLAIN = [zone.lstrip("0") for zone in ZONES]


def frame(column, **options):
    return pd.DataFrame({"persons": [float(100 + i) for i in range(len(column))], "zone": column}, **options)


@pytest.mark.parametrize("missing", ["raise", "report"])
@pytest.mark.parametrize("keys", [ZONES, PLAIN])
@pytest.mark.parametrize("start", [0, 1])
def test_the_column_of_the_keys_is_named_and_the_advice_works(row, keys, missing, start):
    areas, table = row(*keys), frame(keys[::-1], index=pd.RangeIndex(start, start + len(keys)))
    with pytest.raises(JoinError, match=rf"the row number \({start} to {start + 9}\); column 'zone' holds") as caught:
        qa.join(areas, table, missing=missing)
    assert "zero_pad" not in str(caught.value)
    (advice,) = re.findall(r"use (table\.set_index\('zone'\))\.", str(caught.value))
    assert advice == "table.set_index('zone')"
    data = qa.join(areas, table.set_index("zone"), missing=missing)
    assert data.values["persons"].tolist() == [float(109 - i) for i in range(10)]


def test_rows_that_were_filtered_keep_their_numbers(row):
    table = frame(ZONES)[lambda rows: rows["persons"] != 104]
    with pytest.raises(JoinError, match="column 'zone' holds the areas' keys: use"):
        qa.join(row(*ZONES), table, missing="report")


def test_keys_without_their_zeros_are_made_text_by_the_advice(row):
    table = frame([int(zone) for zone in ZONES])
    with pytest.raises(JoinError, match="without their leading zeros") as caught:
        qa.join(row(*ZONES), table)
    (advice,) = re.findall(r"use (table\.set_index\(.*\))\.", str(caught.value))
    assert advice == "table.set_index(table['zone'].astype(str).str.zfill(2))"
    data = qa.join(row(*ZONES), table.set_index(table["zone"].astype(str).str.zfill(2)))
    assert data.report.complete


def test_keys_that_became_decimal_numbers_are_made_text_by_the_advice(row):
    table = frame([float(zone) for zone in ZONES])
    with pytest.raises(JoinError, match=r"use table\.set_index\(table\['zone'\]\.astype\('Int64'\)"):
        qa.join(row(*ZONES), table)
    index = table["zone"].astype("Int64").astype(str).str.zfill(2)
    assert qa.join(row(*ZONES), table.set_index(index)).report.complete


def test_several_rows_of_each_area_are_found_too(row):
    table = frame(PLAIN * 2)
    with pytest.raises(JoinError, match="column 'zone' holds the areas' keys: use"):
        qa.join(row(*PLAIN), table, missing="report")


def test_repeated_small_numbers_are_no_keys(row):
    table = pd.DataFrame({"rooms": [1, 2, 3, 4, 5] * 2, "level": ["1", "2"] * 5}, index=range(1, 11))
    assert qa.join(row(*PLAIN), table).values["rooms"].tolist() == [1, 2, 3, 4, 5] * 2


def test_row_numbers_from_0_are_refused_even_where_no_column_holds_the_keys(row):
    table = pd.DataFrame({"persons": [100.0 + i for i in range(10)]})
    with pytest.raises(JoinError, match=r"row number \(0 to 9\), counted from 0, and no area has the key '0'"):
        qa.join(row(*PLAIN), table, missing="report")
    assert qa.join(row(*map(str, range(10))), table).report.complete


def test_a_file_read_by_its_numbering_is_told_the_other_column(row, read):
    content = "key;zone;persons\n" + "".join(f"{i};{zone};{100 + i}\n" for i, zone in enumerate(ZONES))
    with pytest.raises(JoinError, match=r"use read_table\(\.\.\., key='zone'\)"):
        qa.join(row(*ZONES), read(content))
    assert qa.join(row(*ZONES), read(content, key="zone", columns=["persons"])).report.complete


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"rank": range(10, 0, -1)}, index=range(1, 11)),  # the index is that of the areas
        pd.DataFrame({"zone": PLAIN, "n": 1.0}, index=range(1, 11)),  # and a column says the same
        pd.DataFrame({"zone": PLAIN[::-1], "n": 1.0}, index=pd.RangeIndex(1, 11, name="key")),  # named by the caller
        pd.DataFrame({"share": [i / 2 for i in range(10)]}, index=PLAIN),
    ],
)
def test_other_tables_are_joined_as_they_are(row, table):
    data = qa.join(row(*PLAIN), table)
    assert data.values.iloc[:, 0].tolist() == table.iloc[:, 0].tolist()
