"""Keys of which one side has only a part, and keys that stand in several columns."""

from __future__ import annotations

import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, ColumnError, JoinError, KeyColumnError, SpecError
from quartiersatlas.intake.joining.keys import fitting_rule, part_rule


def frame(*keys):
    return pd.DataFrame({"n": [float(i) for i in range(len(keys))]}, index=list(keys))


def index(*keys):
    return pd.Index(keys, dtype=object)


@pytest.mark.parametrize(
    ("rule", "keys", "areas"),
    [
        ("first:4", ["41051", "41062", "41077"], ["4105", "4106", "4107"]),
        ("last:2", ["X-41", "X-42", "X-57"], ["41", "42", "57"]),
        ("chars:3-5", ["DE101x", "DE102x", "DE209y"], ["101", "102", "209"]),
    ],
)
def test_a_part_of_a_key_is_offered_and_works(row, rule, keys, areas):
    with pytest.raises(JoinError, match=f"repair='{rule}' would give 3 of 3 rows an area") as caught:
        qa.join(row(*areas), frame(*keys))
    assert caught.value.report.n_matched == 0
    joined = qa.join(row(*areas), frame(*keys), repair=rule)
    assert joined.values["n"].tolist() == [0, 1, 2]
    assert joined.report.rules == (rule,)


@pytest.mark.parametrize(
    ("keys", "areas"),
    [
        (["41051", "41062", "42077"], ["4105", "4106", "4107"]),  # one row stays without an area
        (["41051", "41052", "41077"], ["4105", "4107", "4109"]),  # two rows for one area
        (["41051", "4106A", "41077"], ["4105", "4106", "4107"]),  # keys of two sorts
        (["41051", "41062"], ["4105", "4106"]),  # two rows fit by chance
        (["41051", "52062", "63077"], ["105", "206", "307"]),  # what stands before distinguishes
        (["2024-01-01", "2024-01-02", "2024-01-03"], ["2024-01-0", "2024-01-1", "2024-01-2"]),  # dates
        (["09110", "09120", "09130"], ["09001", "09003", "09005"]),  # another list of areas
    ],
)
def test_a_part_that_does_not_fit_everywhere_is_not_offered(keys, areas):
    assert part_rule(index(*keys), index(*areas)) is None
    rule = fitting_rule(index(*keys), index(*areas))
    assert rule is None or not rule[0].startswith(("first", "chars"))


def test_areas_with_longer_keys_are_offered_as_a_mapping(row):
    areas = row("355030", "355031", "330455")
    with pytest.raises(JoinError, match=r"parts of those of the areas \(first:5\)") as caught:
        qa.join(areas.set_axis(index("35503x", "35504x", "33045x")), frame("35503", "35504", "33045"))
    assert caught.value.report.rename == {"33045": "33045x", "35503": "35503x", "35504": "35504x"}
    renamed = qa.join(
        areas.set_axis(index("35503x", "35504x", "33045x")),
        frame("35503", "35504", "33045"),
        rename=caught.value.report.rename,
    )
    assert renamed.values["n"].tolist() == [0, 1, 2]


@pytest.mark.parametrize("rule", ["first:0", "first:", "first:x", "chars:3-2", "chars:0-2", "chars:2", "chars:-2"])
def test_a_part_that_is_none_is_refused(row, rule):
    with pytest.raises(SpecError, match=r"repair must be one of .*'first:6', 'last:3', 'chars:2-3'"):
        qa.join(row("1"), frame("1"), repair=rule)


# keys in several columns


@pytest.fixture
def parts():
    return pd.DataFrame({"district": [7, 7, 11], "nr": [3, 12, 1], "n": [5.0, 6, 7]})


def test_parts_are_put_together_with_the_widths_that_are_named(read, parts):
    keys = ["0703", "0712", "1101"]
    assert qa.read_table(parts, key={"district": 2, "nr": 2}).values.index.tolist() == keys
    table = read("district;nr;n\n7;3;5\n7;12;6\n11;1;7\n", key={"district": 2, "nr": 2})
    assert table.values.index.tolist() == keys
    assert table.values.columns.tolist() == ["n"]
    assert "key put together from 'district', 'nr', such as '0703'" in table.notes


def test_parts_that_stand_as_they_are_stay_as_they_are(read):
    table = read("district;nr;n\n07;003;5\n11;001;7\n", key=["district", "nr"])
    assert table.values.index.tolist() == ["07003", "11001"]
    assert read("d;nr;n\na;1;5\nb;1;7\n", key=["d", "nr"]).values.index.tolist() == ["a1", "b1"]


def test_a_part_can_be_read_and_filtered_all_the_same(read):
    content = "d;nr;n\n07;1;5\n11;1;7\n"
    assert read(content, key=["d", "nr"], columns=["d", "n"]).values.columns.tolist() == ["d", "n"]
    assert read(content, key=["d", "nr"], filters={"d": "11"}).values.index.tolist() == ["111"]


def test_varying_lengths_are_refused_with_widths_that_work(parts):
    with pytest.raises(KeyColumnError, match="'district' of the key has 1 and 2 digits") as caught:
        qa.read_table(parts, key=["district", "nr"])
    recipe = str(caught.value).split("part is: key=")[1].split(" (0")[0]
    assert recipe == "{'district': 2, 'nr': 2}"
    assert qa.read_table(parts, key=eval(recipe)).values.index.tolist() == ["0703", "0712", "1101"]  # noqa: S307


def test_parts_that_give_one_key_are_refused():
    table = pd.DataFrame({"a": ["1", "11"], "b": ["12", "2"], "n": [1, 2]})
    with pytest.raises(KeyColumnError, match=r"different parts give the same key '112': 1 \+ 12 and 11 \+ 2"):
        qa.read_table(table, key={"a": 0, "b": 0})


@pytest.mark.parametrize(
    ("key", "error", "answer"),
    [
        ({"district": 1, "nr": 2}, KeyColumnError, "1 cell of 'district' has more than the 1 character"),
        ({"district": 2, "number": 2}, ColumnError, "no column 'number'"),
        ({"district": 2, "nr": "2"}, SpecError, "that of 'nr' is '2'"),
        ({"district": 2, "nr": -2}, SpecError, "that of 'nr' is -2"),
        ([], SpecError, "key is empty"),
        (["district", 5], ArgumentError, "names are text"),
    ],
)
def test_parts_that_cannot_be_a_key_are_refused(parts, key, error, answer):
    with pytest.raises(error, match=answer):
        qa.read_table(parts, key=key)


def test_areas_and_table_are_joined_by_keys_in_several_columns(write, parts, row):
    file = write(BEZ=["7", "7", "11"], NR=["1", "2", "1"])
    areas = qa.read_areas(file, key={"BEZ": 2, "NR": 3}, name="NR")
    assert areas.index.tolist() == ["07001", "07002", "11001"]
    frame = row("x", "y", "z").reset_index(drop=True).assign(district=[11, 7, 7], nr=[1, 12, 3])
    data = qa.join(frame, parts, key={"district": 2, "nr": 2}, name="name")
    assert data.values["n"].to_dict() == {"1101": 7, "0712": 6, "0703": 5}
    with pytest.raises(ColumnError, match="no column 'BZ'"):
        qa.read_areas(file, key=["BZ", "NR"])


# single wrong keys of areas


def test_the_wrong_key_of_an_area_is_corrected_and_listed(write):
    file = write(id=["01", "02", "99"], nm=["Alt", "Berg", "Cala"])
    areas = qa.read_areas(file, key="id", name="nm", rename={"99": "03"})
    assert areas.index.tolist() == ["01", "02", "03"]
    assert areas["renamed_from"].tolist() == ["", "", "99"]
    table = frame("01", "02", "03").assign(residents=[100.0, 200, 300])
    released = qa.release(qa.join(areas, table), columns=["residents"])
    facts = [fact for fact in released.facts if fact.name == "fact_renamed"]
    assert [fact.values for fact in facts] == [{"name": "Cala", "key": "03", "before": "99"}]
    assert "renamed_from" not in released.areas.columns


def test_one_of_two_areas_with_the_same_key_is_named_with_its_name_or_its_place(write):
    file = write(id=["01", "02", "02"], nm=["Alt", "Berg", "Cala"])
    with pytest.raises(SpecError, match="'02' is the key of 2 features") as caught:
        qa.read_areas(file, key="id", name="nm", rename={"02": "03"})
    recipe = str(caught.value).split(" or rename=")[1].rstrip(".")
    assert recipe == "{'02 (Cala)': '03'}"
    for rename in ({"02 (Cala)": "03"}, {"02 (2)": "03"}):
        areas = qa.read_areas(file, key="id", name="nm", rename=rename)
        assert areas["name"].to_dict() == {"01": "Alt", "02": "Berg", "03": "Cala"}


def test_areas_of_the_same_key_and_name_are_told_apart_by_their_place(write):
    file = write(id=["01", "02", "02"], nm=["Alt", "Ring", "Ring"])
    with pytest.raises(SpecError, match=r"counted in the order of the file: rename={'02 \(1\)': '03'}"):
        qa.read_areas(file, key="id", name="nm", rename={"02": "03"})
    areas = qa.read_areas(file, key="id", name="nm", rename={"02 (1)": "03"})
    assert areas.index.tolist() == ["01", "03", "02"]


@pytest.mark.parametrize(
    ("rename", "error", "answer"),
    [
        ({"77": "03"}, SpecError, "rename names 1 key that is not there: '77'"),
        ({"02": 3}, ArgumentError, "names are text, but '3' are not"),
        ("02", ArgumentError, "rename takes a mapping, not a str"),
        ({"02": "01"}, KeyColumnError, "more than one area"),
    ],
)
def test_a_correction_that_cannot_be_meant_is_refused(write, rename, error, answer):
    with pytest.raises(error, match=answer):
        qa.read_areas(write(id=["01", "02"]), key="id", rename=rename)


def test_without_a_correction_nothing_is_flagged(write):
    assert "renamed_from" not in qa.read_areas(write(id=["01", "02"]), key="id").columns
