"""Totals are found by word, by sum and by level; what is no total stays a row without an area."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.errors import JoinError
from quartiersatlas.intake.joining.match import on_two_levels
from quartiersatlas.intake.joining.totals import totals_rows


def frame(rows, *columns):
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns or ["residents"]).astype(float)


def described(*keys, **parents):
    return pd.DataFrame({"name": keys, **parents}, index=pd.Index(keys, dtype=object))


AREAS = ("101", "102", "201", "202", "203")
COUNTS = {"101": (100, 10), "102": (250, 40), "201": (300, 20), "202": (75, 5), "203": (410, 33)}


@pytest.mark.parametrize("key", ["001", "1", "100"])
def test_a_district_is_told_by_its_key_and_its_sums(key):
    found = totals_rows(frame(COUNTS | {key: (350, 50)}, "residents", "mh"), described(*AREAS))
    assert found == {key: "its values are the sums of 2 areas whose keys begin with '1'"}


def test_a_district_is_told_by_its_name_and_its_sums():
    areas = described(*AREAS, bezirk=["Nord", "Nord", "Süd", "Süd", "Süd"])
    found = totals_rows(frame(COUNTS | {"Süd": (785, 58)}, "residents", "mh"), areas)
    assert found == {"Süd": "its values are the sums of 3 areas of bezirk 'Süd'"}


def test_a_district_without_a_telling_key_is_told_by_two_exact_sums():
    found = totals_rows(frame(COUNTS | {"S": (785, 58)}, "residents", "mh"), described(*AREAS))
    assert found == {"S": "its values are the sums of 3 areas whose keys begin with '2'"}


def test_one_sum_without_a_telling_key_may_be_chance():
    values = frame({key: counts[:1] for key, counts in COUNTS.items()} | {"S": (785,)})
    assert totals_rows(values, described(*AREAS)) == {}
    assert totals_rows(frame(COUNTS | {"S": (785, 57)}, "residents", "mh"), described(*AREAS)) == {}


def test_shares_beside_the_counts_do_not_hide_a_total():
    values = frame(COUNTS, "residents", "mh")
    values.loc["S"] = [785, 58]
    values["share"] = values["mh"] / values["residents"]
    assert list(totals_rows(values, described(*AREAS))) == ["S"]


def test_a_district_in_a_table_of_shares_is_told_by_its_shorter_key():
    shares = {key: (mh / all_,) for key, (all_, mh) in COUNTS.items()} | {"2": (58 / 785,)}
    found = totals_rows(frame(shares, "share"), described(*AREAS))
    assert found == {"2": "its key is that of a higher level: 3 areas whose keys begin with '2'"}


def test_a_short_key_that_lost_its_zeros_is_no_district():
    # "10" is the beginning of 101 and 102, but also 010 without its zero
    values = frame({"10": (50,), "101": (10,), "102": (20,), "201": (30,)})
    assert totals_rows(values, described("010", "101", "102", "201")) == {}
    assert list(totals_rows(values, described("101", "102", "201"))) == ["10"]


def test_secret_cells_make_sums_fall_short_a_little():
    values = frame(COUNTS | {"101": (100, 200), "102": (250, 2), "001": (350, 202)}, "residents", "mh")
    values.loc["102", "mh"] = np.nan
    assert list(totals_rows(values, described(*AREAS))) == ["001"]


def test_a_key_of_a_district_with_other_numbers_is_no_total():
    assert totals_rows(frame(COUNTS | {"001": (500, 90)}, "residents", "mh"), described(*AREAS)) == {}


def test_totals_are_set_aside_by_the_join_and_do_not_count_as_residents(row):
    rows = COUNTS | {"001": (350, 50), "002": (785, 58), "000": (1135, 108)}
    data = qa.join(row(*AREAS), frame(rows, "residents", "mh"))
    assert [key for key, _ in data.report.totals_rows] == ["000", "001", "002"]
    assert data.report.complete
    assert data.report.share_residents == 1.0
    assert data.values["residents"].sum() == 1135


# by a name that is no key, and all at once


DISTRICTS = {"D-7": (350, 50), "D-9": (785, 58)}


@pytest.mark.parametrize("level", ["of the areas", "of the table"])
def test_a_district_is_told_by_a_word_of_its_row_and_its_sums(level):
    bezirk = ["Nord-Ost", "Nord-Ost", "Süd", "Süd", "Süd"]
    values = frame({key: row[:1] for key, row in (COUNTS | DISTRICTS).items()})
    if level == "of the table":
        values["Bezirk"] = [*bezirk, "Nordost".replace("o", "-o"), "SUED"]
        found = totals_rows(values, described(*AREAS))
    else:
        values["Name"] = [*"vwxyz", "Nord Ost", "Süd"]
        found = totals_rows(values, described(*AREAS, stadtbezirk=bezirk))
    assert list(found) == ["D-7", "D-9"]
    assert all("sums of" in why for why in found.values())


def test_a_row_of_a_district_that_is_not_its_sum_stays_a_row_without_an_area():
    values = frame({key: row[:1] for key, row in COUNTS.items()} | {"104": (120,)})
    values["Bezirk"] = ["Nord", "Nord", "Süd", "Süd", "Süd", "Nord"]  # an area of the north that has no outline
    assert totals_rows(values, described(*AREAS)) == {}


def test_all_districts_of_a_level_without_telling_names_are_no_chance():
    values = frame({key: row[:1] for key, row in (COUNTS | DISTRICTS).items()})
    areas = described(*AREAS, bezirk=["Nord", "Nord", "Süd", "Süd", "Süd"])
    assert list(totals_rows(values, areas)) == ["D-7", "D-9"]
    assert totals_rows(values.drop(index="D-9"), areas) == {}


# the values that a table publishes for the whole city


def test_the_city_row_of_a_table_with_shares_is_told_and_kept(row):
    values = frame(COUNTS, "residents", "mh")
    values["quote"] = [5.1, 7.9, 4.4, 6.0, 3.2]
    values["alter"] = [40.2, 44.1, 39.0, 47.5, 42.2]
    values.loc["X"] = [1135, 108, 5.55, 42.9]
    values["name"] = [*"vwxyz", "Stadt"]
    report = qa.join(row(*AREAS), values[["residents", "quote", "alter", "name"]]).report
    assert report.city_key == "X"
    assert report.city_totals.to_dict() == {"residents": 1135, "quote": 5.55, "alter": 42.9}
    assert report.totals.loc["X", "name"] == "Stadt"


def test_the_city_row_of_a_table_of_shares_is_told_by_its_word(row):
    values = frame({"101": (5.5,), "102": (7.5,), "201": (4.0,), "202": (6.5,), "203": (3.0,)}, "quote")
    report = qa.join(row(*AREAS), pd.concat([values, frame({"Insgesamt": (5.25,)}, "quote")])).report
    assert report.city_totals.to_dict() == {"quote": 5.25}
    above = qa.join(row(*AREAS), pd.concat([values, frame({"Insgesamt": (9.25,)}, "quote")])).report
    assert above.totals.index.tolist() == ["Insgesamt"]
    assert above.city_totals.empty  # no mean of the areas


def test_of_several_totals_the_one_of_all_areas_is_the_city(row):
    rows = COUNTS | {"Nord zusammen": (350, 50), "Süd zusammen": (785, 58), "Gesamt": (1135, 108)}
    report = qa.join(row(*AREAS), frame(rows, "residents", "mh")).report
    assert report.city_key == "Gesamt"
    assert report.totals.index.tolist() == ["Gesamt", "Nord zusammen", "Süd zusammen"]


def test_without_totals_there_is_no_published_city_value(row):
    report = qa.join(row(*AREAS), frame(COUNTS, "residents", "mh")).report
    assert report.totals.empty
    assert report.city_totals.empty


def test_a_row_of_shares_alone_is_not_taken_for_a_sum():
    values = frame({"101": (5.5, 90), "102": (7.5, 80), "201": (4.0, 85), "X": (5.0, 84)}, "quote", "index")
    assert totals_rows(values, described("101", "102", "201")) == {}


# an area and a district of the same name


@pytest.fixture
def hamburg(row):
    """Build a district 'Wandsbek' of four quarters, one of which is called Wandsbek as well."""
    return row("Wandsbek", "Marienthal", "Jenfeld", "Tonndorf", "Horn").assign(bezirk=["Wandsbek"] * 4 + ["Mitte"])


QUARTERS = {
    "Marienthal": (13_000, 900),
    "Jenfeld": (26_000, 9_000),
    "Tonndorf": (15_000, 3_000),
    "Horn": (38_000, 9_500),
}


@pytest.mark.parametrize("missing", ["raise", "report"])
def test_the_row_of_the_district_is_not_taken_for_that_of_the_quarter(hamburg, missing):
    rows = frame(QUARTERS | {"Wandsbek": (89_000, 21_000)}, "residents", "foreigners")
    with pytest.raises(JoinError, match=r"1 key is the name of an area and of a bezirk at once: 'Wandsbek'") as caught:
        qa.join(hamburg, rows, missing=missing)
    assert caught.value.report.two_levels == (("Wandsbek", "bezirk"),)
    assert not caught.value.report.usable


def test_the_row_of_the_quarter_is_taken(hamburg):
    rows = frame(QUARTERS | {"Wandsbek": (35_000, 8_000)}, "residents", "foreigners")
    assert qa.join(hamburg, rows).report.complete


def test_both_rows_are_refused_with_the_cause(hamburg):
    quarters = frame(QUARTERS | {"Wandsbek": (35_000, 8_000)}, "residents", "foreigners")
    rows = pd.concat([quarters, frame({"Wandsbek": (89_000,)})])
    with pytest.raises(JoinError, match=r"1 key has more than one row: 'Wandsbek'.*is also a higher level"):
        qa.join(hamburg, rows)


def test_without_higher_levels_the_cause_is_asked_for(row):
    rows = pd.concat([frame({"Wandsbek": (35_000,), "Horn": (38_000,)}), frame({"Wandsbek": (89_000,)})])
    with pytest.raises(JoinError, match="Are areas and districts of the same name in one column"):
        qa.join(row("Wandsbek", "Horn"), rows)


def test_a_district_of_two_quarters_proves_nothing():
    areas = described("Nord", "Hafen", "Horn", bezirk=["Nord", "Nord", "Mitte"])
    assert on_two_levels(frame({"Nord": (900,), "Hafen": (10,), "Horn": (100,)}), areas) == {}


# what holds for all tables


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 500), st.integers(0, 50)), min_size=4, max_size=9),
    st.integers(1, 3),
    st.randoms(use_true_random=False),
)
def test_sums_are_found_in_every_order_of_rows_and_areas(counts, split, random):
    keys = [f"{1 + (i >= split)}{i:02d}" for i in range(len(counts))]
    rows = dict(zip(keys, counts, strict=True))
    total = tuple(np.sum(counts, axis=0))
    values = frame(rows | {"T": total}, "residents", "mh")
    shuffled = values.sample(frac=1, random_state=random.randint(0, 9999))
    areas = described(*keys)
    found = totals_rows(values, areas)
    assert totals_rows(shuffled, areas.sample(frac=1, random_state=random.randint(0, 9999))) == found
    if total[0] and total[1]:
        assert list(found) == ["T"]


@settings(deadline=None)
@given(st.lists(st.integers(1, 10**6), min_size=3, max_size=12, unique=True))
def test_a_single_row_too_many_is_a_total_only_where_it_is_the_sum(counts):
    *areas, extra = counts
    keys = [f"a{i}" for i in range(len(areas))]
    values = frame(dict(zip([*keys, "x"], [(c,) for c in counts], strict=True)))
    near = abs(extra - sum(areas)) <= 0.02 * sum(areas)
    assert (list(totals_rows(values, described(*keys))) == ["x"]) == near
