"""The join: by key and completely, or refused, or reported; never silently."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, InputError, JoinError, KeyColumnError, SpecError


def test_a_complete_join_has_every_value_on_its_area(row, residents):
    data = qa.join(row("01", "02", "03"), residents(k03=30, k01=10, k02=20))
    assert data.values["residents"].to_dict() == {"01": 10, "02": 20, "03": 30}
    assert data.values.index.equals(data.areas.index)
    assert data.report.complete
    assert data.report.n_matched == data.report.n_areas == 3


def test_areas_without_a_row_and_rows_without_an_area_are_refused_and_listed(row, residents):
    with pytest.raises(JoinError) as caught:
        qa.join(row("01", "02", "03"), residents(k01=10, k02=20, k77=7, k88=8))
    message, report = str(caught.value), caught.value.report
    assert "2 of 3 areas fit" in message
    assert "1 area has no row: '03'" in message
    assert "2 rows have no area: '77', '88'" in message
    assert "missing='report'" in message
    assert report.only_in_areas == ("03",)
    assert report.only_in_table == ("77", "88")


def test_with_missing_report_such_areas_are_missing_and_never_zero(row, residents):
    data = qa.join(row("01", "02", "03"), residents(k01=10, k02=20, k77=7), missing="report")
    assert np.isnan(data.values["residents"]["03"])
    assert data.status["residents"].to_dict() == {"01": "value", "02": "value", "03": "missing"}
    assert "77" not in data.values.index
    assert data.report.only_in_areas == ("03",)
    assert data.report.only_in_table == ("77",)


@pytest.mark.parametrize("missing", ["raise", "report"])
def test_doubled_keys_are_always_refused_also_where_the_row_count_is_right(row, missing):
    # the pre-2021 planning areas of Berlin: one key twice, one lacking, 448 rows for 448 areas
    table = pd.DataFrame({"residents": [1.0, 2.0, 3.0]}, index=["01", "02", "02"])
    with pytest.raises(JoinError, match="1 key has more than one row: '02'") as caught:
        qa.join(row("01", "02", "03"), table, missing=missing)
    assert caught.value.report.duplicates == ("02",)
    assert caught.value.report.only_in_areas == ("03",)


@pytest.mark.parametrize("missing", ["raise", "report"])
def test_no_key_in_common_is_always_refused_with_examples_of_both(row, residents, missing):
    with pytest.raises(JoinError, match=r"no key in common. Areas: 'A1', 'A2'; table: '7', '8'"):
        qa.join(row("A1", "A2"), residents(k7=7, k8=8), missing=missing)


# totals rows


@pytest.mark.parametrize("word", ["Stadt insgesamt", "Summe", "Gesamtstadt", "zusammen", "Total"])
def test_a_totals_row_is_told_by_its_word_and_set_aside(row, word):
    table = pd.DataFrame({"name": ["A", "B", word], "residents": [10.0, 20.0, 99.0]}, index=["01", "02", "00"])
    data = qa.join(row("01", "02"), table)
    assert data.report.totals_rows == (("00", "its name says so"),)
    assert data.report.complete
    assert data.values["residents"].sum() == 30.0


def test_a_totals_row_may_be_told_by_its_key(row):
    table = pd.DataFrame({"residents": [10.0, 20.0, 99.0]}, index=["01", "02", "insgesamt"])
    assert qa.join(row("01", "02"), table).report.totals_rows == (("insgesamt", "its name says so"),)


def test_a_totals_row_is_told_by_its_sums(row):
    table = pd.DataFrame(
        {"residents": [10.0, 20.0, 30.0, 60.0], "mh": [1.0, 2.0, np.nan, 3.0], "share": [10.0, 10.0, np.nan, 11.0]},
        index=["01", "02", "03", "XX"],
    )
    data = qa.join(row("01", "02", "03"), table)
    assert data.report.totals_rows == (("XX", "its values are the sums of the areas"),)
    assert list(data.values.index) == ["01", "02", "03"]


def test_a_row_that_is_no_total_stays_a_row_without_an_area(row):
    table = pd.DataFrame({"name": ["A", "B", "C"], "residents": [10.0, 20.0, 25.0]}, index=["01", "02", "XX"])
    with pytest.raises(JoinError, match="1 row has no area: 'XX'"):
        qa.join(row("01", "02"), table)


def test_a_row_like_the_only_matched_area_is_no_total(row, residents):
    with pytest.raises(JoinError, match="1 row has no area: '02'"):
        qa.join(row("01"), residents(k01=100, k02=100))


# leading zeros


@pytest.mark.parametrize("missing", ["raise", "report"])
def test_zeros_lost_in_the_table_are_always_refused_with_the_repair(row, residents, missing):
    with pytest.raises(JoinError) as caught:
        qa.join(row("0101", "0102", "1101"), residents(k101=1, k102=2, k1101=3), missing=missing)
    message = str(caught.value)
    assert "2 keys have no area: '101', '102'" in message
    assert "They have 3 characters, the areas' keys have 4: leading zeros were probably lost" in message
    assert "repair='zero_pad'" in message
    assert caught.value.report.only_in_table == ("101", "102")


@pytest.mark.parametrize("missing", ["raise", "report"])
def test_zeros_lost_in_the_areas_are_always_refused(row, residents, missing):
    with pytest.raises(JoinError, match="The table's keys have 4 characters: the areas' keys have probably lost"):
        qa.join(row("101", "102", "1101"), residents(k0101=1, k0102=2, k1101=3), missing=missing)


def test_zero_pad_repairs_the_keys_and_says_so(row, residents):
    data = qa.join(row("0101", "0102", "1101"), residents(k101=1, k102=2, k1101=3), repair="zero_pad")
    assert data.values["residents"].to_dict() == {"0101": 1, "0102": 2, "1101": 3}
    assert data.report.repairs == ("zero_pad: 2 keys padded to 4 digits",)
    assert "repaired: zero_pad: 2 keys padded to 4 digits" in repr(data.report)


def test_zero_pad_without_need_leaves_no_repair_in_the_report(row, residents):
    assert qa.join(row("01", "02"), residents(k01=1, k02=2), repair="zero_pad").report.repairs == ()


def test_zero_pad_that_makes_keys_double_is_refused(row):
    table = pd.DataFrame({"residents": [1.0, 2.0, 3.0]}, index=["1", "01", "02"])
    with pytest.raises(JoinError, match="1 key has more than one row: '01'"):
        qa.join(row("01", "02"), table, repair="zero_pad")


def test_zero_pad_needs_areas_of_one_width(row, residents):
    with pytest.raises(SpecError, match="same number of digits"):
        qa.join(row("01", "002"), residents(k1=1, k2=2), repair="zero_pad")


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"repair": "zeros"}, "repair must be one of 'zero_pad', .*not 'zeros'"),
        ({"missing": "ignore"}, "missing must be one of 'raise', 'report', not 'ignore'"),
    ],
)
def test_unknown_options_are_refused(row, residents, option, message):
    with pytest.raises(SpecError, match=message):
        qa.join(row("01"), residents(k01=1), **option)


# keys of plain frames


@pytest.mark.parametrize("index", [[1101, 1102], [1101.0, 1102.0], ["1101 ", "1102"]])
def test_keys_of_a_plain_frame_become_text(row, index):
    data = qa.join(row("1101", "1102"), pd.DataFrame({"residents": [10.0, 20.0]}, index=index))
    assert data.values["residents"].to_dict() == {"1101": 10.0, "1102": 20.0}


def test_integer_keys_that_lost_their_zeros_are_refused_and_can_be_repaired(row):
    table = pd.DataFrame({"residents": [10.0, 20.0]}, index=[101, 102])
    with pytest.raises(JoinError, match="leading zeros were probably lost"):
        qa.join(row("0101", "0102"), table)
    data = qa.join(row("0101", "0102"), table, repair="zero_pad")
    assert data.values["residents"].tolist() == [10.0, 20.0]


@pytest.mark.parametrize("gap", [None, np.nan, " "])
def test_rows_without_a_key_are_refused(row, gap):
    table = pd.DataFrame({"residents": [10.0, 20.0, 30.0]}, index=pd.Index(["01", "02", gap], dtype=object))
    with pytest.raises(KeyColumnError, match="1 row of the table has no key"):
        qa.join(row("01", "02"), table)


def test_areas_with_number_keys_are_refused(row, residents):
    areas = row("1", "2").set_axis([1, 2])
    with pytest.raises(InputError, match="unique text keys as index"):
        qa.join(areas, residents(k1=1, k2=2))
    assert qa.join(areas.set_axis(areas.index.astype(str)), residents(k1=1, k2=2)).report.complete


def test_a_plain_frame_of_areas_is_refused(row, residents):
    with pytest.raises(
        ArgumentError, match=r"join takes a GeoDataFrame or an AreaData, not a DataFrame: areas = qa.read_ar"
    ):
        qa.join(pd.DataFrame(row("01")[["name"]]), residents(k01=1))


def test_an_empty_frame_is_refused(row):
    with pytest.raises(InputError, match="no rows or no columns"):
        qa.join(row("01"), pd.DataFrame(index=["01"]))


# values and status


def test_a_plain_frame_with_text_columns_keeps_them_and_their_gaps(row):
    table = pd.DataFrame({"name": ["A", None, "C"], "mh": [0.0, np.nan, 5.0]}, index=["01", "02", "03"])
    data = qa.join(row("01", "02", "03"), table)
    assert data.status["name"].tolist() == ["value", "missing", "value"]
    assert data.status["mh"].tolist() == ["zero", "missing", "value"]


def test_gaps_in_text_do_not_hinder_the_search_for_totals(row):
    table = pd.DataFrame({"name": [None, "B", "Stadt insgesamt"], "a": [1.0, 2.0, 9.0]}, index=["01", "02", "00"])
    assert qa.join(row("01", "02"), table).report.totals_rows == (("00", "its name says so"),)


def test_a_gap_stays_a_gap_and_a_zero_a_zero(row, read):
    data = qa.join(row("01", "02", "03"), read("key;mh\n01;-\n02;.\n03;5\n"))
    assert data.values["mh"]["01"] == 0.0
    assert np.isnan(data.values["mh"]["02"])
    assert data.status["mh"].tolist() == ["zero", "suppressed", "value"]


def test_the_given_frames_stay_as_they_are(row, residents):
    areas, table = row("01", "02"), residents(k01=10, k02=20)
    before = areas.copy(), table.copy()
    qa.join(areas, table)
    pd.testing.assert_frame_equal(table, before[1])
    pd.testing.assert_frame_equal(pd.DataFrame(areas), pd.DataFrame(before[0]))


def test_the_column_of_the_outlines_may_have_any_name(grid):
    areas = grid(3).rename_geometry("shape")
    data = qa.join(areas, pd.DataFrame({"residents": [10.0, 20, 30]}, index=areas.index))
    assert data.areas.geometry.name == "geometry"
    assert data.residents().tolist() == [10, 20, 30]
    with pytest.raises(InputError, match="columns of numbers: 'rank'"):
        qa.join(areas.assign(rank=[1, 2, 3]), data.values)
