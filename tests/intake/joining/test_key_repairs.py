"""Keys are changed by named rules only, and every changed key is listed."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.errors import JoinError, SpecError
from quartiersatlas.intake.joining.keys import fitting_rule, repaired_keys


def table(*keys):
    return pd.DataFrame({"residents": [float(10 + i) for i in range(len(keys))]}, index=pd.Index(keys, name="key"))


@pytest.mark.parametrize(
    ("rule", "areas", "keys"),
    [
        ("zero_pad", ["0101", "1101"], ["101", "1101"]),
        ("90000 + ZBEZ", ["90101", "90102"], ["101", "102"]),  # statistical districts of Vienna
        ("key + 90000", ["90101", "90102"], ["101", "102"]),
        ("key - 100", ["1", "2"], ["101", "102"]),
        ("strip_prefix:DE", ["11", "12"], ["DE11", "DE12"]),
        ("add_prefix:04011", ["04011111", "04011112"], ["111", "112"]),  # the key of Bremen inside a longer one
        ("last:3", ["111", "112"], ["04011111", "04011112"]),
        # state, region, district, association of municipalities (4 digits, left out), municipality
        ("ags_from_ars", ["05315000", "07131001"], ["053150000000", "071315001001"]),
    ],
)
def test_a_rule_gives_every_row_its_area_and_lists_what_it_did(row, rule, areas, keys):
    data = qa.join(row(*areas), table(*keys), repair=rule)
    assert data.values["residents"].to_dict() == {area: 10.0 + i for i, area in enumerate(areas)}
    changed = [(rule, old, new) for old, new in zip(keys, areas, strict=True) if old != new]
    assert [tuple(repair) for repair in data.report.repaired] == changed
    (line,) = data.report.repairs
    assert line.startswith(f"{rule.replace(':', ' ')}: {len(changed)} key")
    assert set(data.report.table["key"]) == {old for _, old, _ in changed}


def test_rules_are_applied_in_their_order(row):
    data = qa.join(row("0101", "0102"), table("Q-101", "Q-102"), repair=["strip_prefix:Q-", "zero_pad"])
    assert data.report.complete
    assert [repair.after for repair in data.report.repaired] == ["101", "102", "0101", "0102"]
    assert data.report.repairs == (
        "strip_prefix Q-: 2 keys changed, such as 'Q-101' to '101'",
        "zero_pad: 2 keys padded to 4 digits",
    )
    with pytest.raises(JoinError, match="no key in common"):
        qa.join(row("0101", "0102"), table("Q-101", "Q-102"), repair=["zero_pad"])


def test_repaired_keys_are_in_the_facts_by_their_rule(row):
    data = qa.join(row("90101", "90102"), table("101", "102"), repair="90000 + key")
    assert "Keys repaired as instructed: 90000 + key." in [str(fact) for fact in qa.release(data).facts]


def test_keys_that_a_rule_is_not_made_for_stay(row):
    data = qa.join(row("90101", "A"), table("101", "A"), repair="90000 + key")
    assert [repair.before for repair in data.report.repaired] == ["101"]
    data = qa.join(row("05315000"), table("05315000"), repair="ags_from_ars")
    assert data.report.repaired == ()


def test_a_prefix_that_is_the_whole_key_is_not_taken_away(row):
    assert qa.join(row("11", "1"), table("11", "111"), repair="strip_prefix:11").report.n_matched == 2


@pytest.mark.parametrize(
    ("rule", "keys", "said"),
    [
        ("zero_pad", ["1", "01", "02"], r"repair made keys equal: '1', '01' to '01'"),
        ("last:2", ["101", "201", "02"], r"repair made keys equal: '101', '201' to '01'"),
    ],
)
@pytest.mark.parametrize("missing", ["raise", "report"])
def test_a_rule_that_makes_two_keys_equal_is_refused_and_both_are_named(row, rule, keys, said, missing):
    with pytest.raises(JoinError, match=rf"1 key has more than one row: '01'.*{said}"):
        qa.join(row("01", "02"), table(*keys), repair=rule, missing=missing)


@pytest.mark.parametrize(
    "rule", ["zeros", "strip_prefix", "strip_prefix:", "last:0", "last:x", "+ 5", "90000", "key * 2", ""]
)
def test_unknown_rules_are_refused_with_those_there_are(row, rule):
    with pytest.raises(SpecError, match=r"repair must be one of 'zero_pad', 'ags_from_ars', .*'90000 \+ key'"):
        qa.join(row("01"), table("01"), repair=rule)


# renaming


def test_renamed_keys_are_listed_like_every_repair(row):
    data = qa.join(row("Eimsbüttel", "Lurup"), table("Eimsbuettel", "Lurup"), rename={"Eimsbuettel": "Eimsbüttel"})
    assert data.report.complete
    assert [tuple(repair) for repair in data.report.repaired] == [("rename", "Eimsbuettel", "Eimsbüttel")]


@pytest.mark.parametrize(
    ("rename", "said"),
    [
        ({"C": "A"}, "rename names 1 key that is not in the table: 'C'"),
        ({"X": "C"}, "rename names 1 key that no area has: 'C'"),
    ],
)
def test_renaming_from_or_to_nowhere_is_refused(row, rename, said):
    with pytest.raises(SpecError, match=said):
        qa.join(row("A", "B"), table("A", "X"), rename=rename)


def test_renaming_to_a_key_that_has_its_row_is_refused(row):
    with pytest.raises(JoinError, match=r"1 key has more than one row: 'A'.*repair made keys equal: 'X', 'A' to 'A'"):
        qa.join(row("A", "B"), table("A", "X"), rename={"X": "A"})


# rows to ignore


def test_rows_that_are_known_to_be_extra_are_set_aside_and_listed(row):
    data = qa.join(row("90101", "90102"), table("101", "102", "199"), repair="90000 + key", exclude=["199"])
    assert data.report.complete
    assert data.report.excluded == ("90199",)
    assert data.report.table.to_numpy().tolist()[0] == ["90199", "table", "excluded on request"]
    assert "Rows not used as instructed: 90199." in [str(fact) for fact in qa.release(data).facts]


def test_rows_may_be_ignored_by_their_repaired_key(row):
    data = qa.join(row("90101", "90102"), table("101", "102", "199"), repair="90000 + key", exclude=["90199", "90299"])
    assert data.report.excluded == ("90199",)


def test_the_row_of_an_area_cannot_be_excluded(row):
    with pytest.raises(SpecError, match="1 of them is that of an area: '02'"):
        qa.join(row("01", "02"), table("01", "02", "99"), exclude=["02", "99"])
    assert qa.join(row("01", "02"), table("01", "02", "99"), exclude="99").report.excluded == ("99",)


# which rule would help


@pytest.mark.parametrize(
    ("areas", "keys", "rule"),
    [
        (["90101", "90102", "91001"], ["101", "102", "1001", "1099"], "90000 + key"),
        (["1", "2", "13"], ["101", "102", "113", "199"], "key - 100"),
        (["04011111", "04011112", "04011121"], ["111", "112", "121"], "add_prefix:04011"),
        (["111", "112", "121"], ["X111", "X112", "X121"], "last:3"),
        (["11", "1200"], ["DE-11", "DE-1200"], "strip_prefix:DE-"),
        (["05315000", "05334002"], ["053150000000", "053340002002"], "ags_from_ars"),
    ],
)
def test_the_rule_that_fits_is_proposed_and_works(row, areas, keys, rule):
    with pytest.raises(JoinError) as caught:
        qa.join(row(*areas), table(*keys))
    assert f"repair={rule!r} would give {len(areas)} of {len(keys)} rows an area" in str(caught.value)
    assert qa.join(row(*areas), table(*keys), repair=rule, missing="report").report.n_matched == len(areas)


def test_no_rule_is_proposed_where_less_than_half_would_fit():
    assert fitting_rule(pd.Index(["7", "9", "50", "77", "91"]), pd.Index(["107", "109", "130"])) is None
    assert fitting_rule(pd.Index([]), pd.Index(["1"])) is None


# what holds for all keys

KEYS = st.lists(st.text("0123456789AB", min_size=1, max_size=5), min_size=1, max_size=12, unique=True)
RULE = st.sampled_from(["zero_pad", "last:2", "strip_prefix:0", "add_prefix:0", "10 + key", "key - 3", "ags_from_ars"])


@settings(deadline=None)
@given(KEYS, st.lists(RULE, max_size=3))
def test_repairs_never_merge_two_keys_silently(keys, rules):
    areas = pd.Index(["00000", "00001"], dtype=object)
    after, changed = repaired_keys(pd.Index(keys, dtype=object), areas, rules, {})
    assert len(after) == len(keys)
    listed = {(repair.rule, repair.before) for repair in changed}
    for before, now in zip(keys, after, strict=True):
        if before != now:  # a key that changed is listed by the first rule that changed it
            assert any(key == before for _, key in listed)
    merged = after[after.duplicated()].unique()
    if len(merged):
        frame = pd.DataFrame({"residents": 1.0}, index=pd.Index(keys, dtype=object))
        squares = _squares(["00000", "00001"])
        for missing in ("raise", "report"):
            with pytest.raises(JoinError) as caught:
                qa.join(squares, frame, repair=rules, missing=missing)
            assert set(caught.value.report.duplicates) == set(merged)


def _squares(keys):
    import geopandas as gpd
    import shapely

    shapes = [shapely.box(500_000 + 100 * i, 5_700_000, 500_100 + 100 * i, 5_700_100) for i in range(len(keys))]
    return gpd.GeoDataFrame({"name": keys}, index=pd.Index(keys, dtype=object), geometry=shapes, crs="EPSG:25832")
