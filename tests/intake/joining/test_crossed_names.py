"""Rows that changed places: the name of a row is that of another area than its key."""

from __future__ import annotations

import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import JoinError

KEYS = ["1010", "1020", "1030", "1040", "1050"]
NAMES = ["Große Straße", "Sankt Georg", "Müllhöhe", "Alt-Weiler", "Neu-Weiler"]


@pytest.fixture
def areas(row):
    return row(*KEYS).assign(name=NAMES, bezirk=["Nord", "Nord", "Süd", "Süd", "Süd"])


def table(names, keys=KEYS, **columns):
    return pd.DataFrame({"n": [float(i) for i in range(len(keys))], "Name": names, **columns}, index=list(keys))


def test_two_rows_that_changed_places_are_refused_as_a_pair(areas):
    changed = table([NAMES[0], NAMES[2], NAMES[1], *NAMES[3:]])
    with pytest.raises(JoinError, match="2 rows bear the names of other areas in 'Name'") as caught:
        qa.join(areas, changed)
    assert "'1020' and '1030' have each other's names" in str(caught.value)
    assert [(one.key, one.called, one.other) for one in caught.value.report.crossed_names] == [
        ("1020", "Müllhöhe", "1030"),
        ("1030", "Sankt Georg", "1020"),
    ]


def test_other_spellings_do_not_hide_it(areas):
    changed = table(["GROSSE STR.", "Muellhoehe", "St. Georg", "Altweiler", "Neu Weiler"])
    with pytest.raises(JoinError, match="2 rows bear"):
        qa.join(areas, changed)


def test_one_row_with_the_name_of_another_area_is_enough(areas):
    with pytest.raises(JoinError, match="1 row bears the name of another area") as caught:
        qa.join(areas, table([NAMES[1], *NAMES[1:]]))
    assert "each other's" not in str(caught.value)


def test_names_that_are_all_in_another_order_are_refused(areas):
    with pytest.raises(JoinError, match="5 rows bear"):
        qa.join(areas, table([*NAMES[1:], NAMES[0]]))


@pytest.mark.parametrize(
    "names",
    [
        ["Grosse Str.", "St. Georg", "MÜLLHÖHE", "Alt Weiler", "Neuweiler"],  # written differently
        ["Große Straße", "St. Georg (neu)", "Höhe", "Weiler, alt", "anders"],  # called differently
        ["Große Straße", "Sankt Georg", "Müllhöhe", "Weiler", "Weiler"],  # cut short
        ["Große Straße", None, "", "Alt-Weiler", "Neu-Weiler"],
        ["Kita A", "Kita B", "Kita C", "Kita D", "Kita E"],  # names of something else
        ["Sankt Georg"] * 4 + ["Große Straße"],  # which district it belongs to
    ],
)
def test_names_that_do_not_contradict_are_no_alarm(areas, names):
    data = qa.join(areas, table(names))
    assert data.report.crossed_names == ()
    assert data.values["n"].tolist() == [0, 1, 2, 3, 4]


def test_another_column_of_names_beside_the_right_one_is_no_alarm(areas):
    assert qa.join(areas, table(NAMES, twin=[*NAMES[1:], NAMES[0]])).report.crossed_names == ()


def test_a_part_of_the_own_name_may_be_the_name_of_another_area(row):
    areas = row("1", "2", "3").assign(name=["Weiler", "Weiler Nord", "Berg"])
    names = ["Weiler", "Weiler", "Berg"]
    assert qa.join(areas, table(names, keys=["1", "2", "3"])).report.crossed_names == ()


def test_two_areas_of_one_name_are_no_contradiction(row):
    areas = row("1", "2", "3").assign(name=["Ring", "Ring", "Berg"])
    names = ["Ring", "Ring", "Berg"]
    assert qa.join(areas, table(names, keys=["1", "2", "3"])).report.crossed_names == ()


def test_areas_without_names_have_none_to_compare(row):
    areas = row("1", "2", "3").assign(name=["1", "2", "3"])
    assert qa.join(areas, table(["2", "1", "3"], keys=["1", "2", "3"])).report.crossed_names == ()


def test_whoever_trusts_the_keys_can_go_on(areas):
    changed = table([NAMES[0], NAMES[2], NAMES[1], *NAMES[3:]], residents=[100.0] * 5)
    data = qa.join(areas, changed, missing="report")
    assert len(data.report.crossed_names) == 2
    assert "'1020' is called 'Müllhöhe', which is the name of '1030'" in repr(data.report)
    assert "Zeilen mit dem Namen eines anderen Gebiets (2): 1020, 1030." in data.report.verdict()
    assert any(fact.name == "fact_crossed" for fact in qa.release(data, columns=["residents"]).facts)
    assert qa.join(areas, changed.drop(columns=["Name"])).report.crossed_names == ()


def test_the_offered_columns_are_those_without_the_names(read, areas):
    content = "key;n;Name\n" + "".join(
        f"{key};{i};{name}\n" for i, (key, name) in enumerate(zip(KEYS, [*NAMES[1:], NAMES[0]], strict=True))
    )
    with pytest.raises(JoinError, match=r"of a file with columns=\['n'\]"):
        qa.join(areas, read(content))
    assert qa.join(areas, read(content, columns=["n"])).report.complete


def test_names_of_rows_without_an_area_do_not_count(areas):
    extra = table([*NAMES, "Sankt Georg"], keys=[*KEYS, "9999"])
    assert qa.join(areas, extra, exclude="9999").report.crossed_names == ()
