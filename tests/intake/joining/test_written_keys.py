"""Keys written as numbers at each door: files, frames, geometry, results of another table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import JoinError, KeyColumnError
from quartiersatlas.intake.areas.area_columns import area_facts
from quartiersatlas.intake.joining.keys import fitting_rule


def test_keys_with_a_decimal_point_in_a_file_are_whole_with_a_line(read, row):
    table = read("key;n\n9162000.0;4\n9184112.0;5\n")
    assert table.values.index.tolist() == ["9162000", "9184112"]
    (note,) = (note for note in table.notes if "decimal point" in note)
    assert note.startswith("2 keys of column 'key' were written with a decimal point, such as '9162000.0'")
    assert qa.join(row("9162000", "9184112"), table).report.complete


def test_keys_in_powers_of_ten_in_a_file_are_refused(read):
    with pytest.raises(KeyColumnError, match=r"keys of column 'key' are written in powers of ten: '9,16E\+06'"):
        read("key;n\n9,16E+06;4\n9,18E+06;5\n")


@pytest.mark.parametrize("index", [["9162000.0", "9184112.0"], [9162000.0, 9184112.0]])
def test_keys_of_a_frame_are_whole(row, index):
    data = qa.join(row("9162000", "9184112"), pd.DataFrame({"n": [4.0, 5.0]}, index=index))
    assert data.values["n"].tolist() == [4.0, 5.0]
    assert len(data.report.notes) == isinstance(index[0], str)
    assert all(note in repr(data.report) for note in data.report.notes)


def test_decimal_keys_of_more_digits_than_they_hold_are_refused(row):
    frame = pd.DataFrame({"n": [4.0, 5.0]}, index=[2.0**53, 2.0**53 + 2])
    with pytest.raises(KeyColumnError, match="more digits than these hold"):
        qa.join(row("9007199254740992", "9007199254740993"), frame)


def test_keys_of_areas_are_whole_and_the_file_s_are_kept(write):
    areas = qa.read_areas(write(AGS=["9162000.0", "9184112.0"], GEN=["A", "B"]), key="AGS", name="GEN")
    assert areas.index.tolist() == ["9162000", "9184112"]
    assert areas["key_in_file"].tolist() == ["9162000.0", "9184112.0"]
    assert "9162000.0 is 9162000" in " ".join(map(str, area_facts(areas)))
    assert qa.join(areas, pd.DataFrame({"n": [4.0, 5.0]}, index=areas.index)).report.complete
    plain = qa.read_areas(write(AGS=["9162000", "9184112"]), key="AGS")
    assert "key_in_file" not in plain.columns


def test_names_taken_from_the_keys_are_whole_too(write):
    assert qa.read_areas(write(AGS=["7.0", "8.0"]), key="AGS")["name"].tolist() == ["7", "8"]


def test_keys_of_areas_in_powers_of_ten_are_refused(write):
    with pytest.raises(KeyColumnError, match="column 'AGS', are written in powers of ten"):
        qa.read_areas(write(AGS=["9.16E+06", "9.18E+06"]), key="AGS")


# integers beside text, in every verb that brings two sides together


def counts(index):
    return pd.DataFrame({"a": [30.0, 20, 40], "b": [70.0, 80, 10]}, index=index)


def test_whole_numbers_as_keys_are_refused_by_the_join_and_never_give_gaps(row):
    for missing in ("raise", "report"):
        with pytest.raises(JoinError, match="leading zeros were probably lost"):
            qa.join(row("0101", "0102", "1101"), counts([101, 102, 1101]), missing=missing)


def test_two_dates_of_which_one_lost_its_zeros_are_refused():
    whole, short = counts(["0101", "0102", "1101"]), counts(["101", "102", "1101"])
    for earlier, later, name in ((short, whole, "earlier"), (whole, short, "later")):
        with pytest.raises(KeyColumnError, match=rf"of the {name} data .*Make the index of both tables text"):
            qa.segregation_change(earlier, later, ["a", "b"])
    with pytest.raises(JoinError, match="the same keys in the index, as text"):
        qa.segregation_change(counts([101, 102, 1101]), whole, ["a", "b"])
    assert len(qa.segregation_change(whole, whole, ["a", "b"]).table)


def test_a_need_index_of_whole_numbers_is_refused_by_the_screen(row):
    keys = [f"{i:02d}" for i in range(1, 21)]
    classes = [{"id": "all", "label_de": "alle", "label_en": "all"}]
    axis = {"id": "status", "label_de": "Status", "label_en": "status", "indicators": [{"id": "a"}], "classes": classes}
    spec = qa.NeedSpec.from_dict({"id": "own", "source": "own", "axes": [axis]})
    values = pd.DataFrame({"a": np.linspace(3, 40, 20), "residents": 900.0}, index=keys)
    data = qa.join(row(*keys), values)
    need = qa.need_index(values.set_axis(range(1, 21)), spec, population="residents")
    with pytest.raises(KeyColumnError, match=r"20 keys of the need index are numbers: '1', '2', '3'"):
        qa.screen(data, qa.worst_share("need", 0.2), need=need)


@pytest.mark.parametrize("missing", ["raise", "report"])
def test_a_crosswalk_of_keys_without_zeros_is_refused(missing):
    pairs = pd.DataFrame({"from": ["101", "102", "1101"], "to": ["1", "1", "2"], "weight": 1.0})
    table = counts(["0101", "0102", "1101"])
    with pytest.raises(KeyColumnError, match="2 keys of the crosswalk have lost leading zeros: '101', '102'"):
        qa.transfer(table, pairs, missing=missing)
    whole = pairs.assign(**{"from": ["0101", "0102", "1101"]})
    assert qa.transfer(table, whole).table["a"].to_dict() == {"1": 50.0, "2": 40.0}


# rules that are offered


def test_zeros_are_not_offered_where_a_key_would_stay_without_an_area(row):
    table = pd.DataFrame({"n": [1.0, 2, 3]}, index=["0", "1", "2"])
    for missing in ("raise", "report"):
        with pytest.raises(JoinError, match=r"with zeros before them 2 of 3 would fit") as caught:
            qa.join(row("01", "02", "03"), table, missing=missing)
        assert "zero_pad" not in str(caught.value)


def test_the_last_digits_are_not_offered_where_those_before_them_differ():
    areas = pd.Index(["01", "02", "03"], dtype=object)
    assert fitting_rule(pd.Index(["1101", "1202", "1303"], dtype=object), areas) is None
    assert fitting_rule(pd.Index(["1101", "1102", "1103"], dtype=object), areas) == ("last:2", 3)


@pytest.mark.parametrize("keys", [["2024-01-01", "2024-01-02", "2024-01-03"], ["01.02.2024", "02.02.2024"]])
def test_nothing_is_offered_for_dates(keys):
    areas = pd.Index(["01", "02", "03"], dtype=object)
    assert fitting_rule(pd.Index(keys, dtype=object), areas) is None
