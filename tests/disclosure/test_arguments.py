"""Every wrong object is answered with one sentence: what is taken, and how to get it."""

from __future__ import annotations

import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, ColumnError, QuartiersatlasError, SpecError

FRAME = pd.DataFrame({"residents": [1.0, 2.0]}, index=["01", "02"])


@pytest.fixture
def data(joined):
    values = {"poor": [50.0, 60, 70], "kids": [200.0, 100, 300], "residents": [1000.0] * 3}
    return qa.add_rates(joined(values), {"poverty": ("poor", "residents"), "kids_share": ("kids", "residents")})


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"shortlist": qa.above_city("poverty")}, r"release: shortlist takes a Shortlist, not an? \w+: .*qa\.screen\("),
        ({"need": 3}, r"release: need takes a NeedIndex, not an int: .*qa\.need_index\("),
        ({"candidates": ["a0"]}, r"release: candidates takes a Candidates, not a list: .*qa\.candidate_areas\("),
        ({"segregation": 0.3}, r"release: segregation takes a SegregationResult, .*qa\.measure_segregation\("),
        (
            {"programmes": "a.gpkg"},
            r"release: programmes takes a GeoDataFrame or a P.*, not a str: .*qa\.read_features\(",
        ),
        ({"facilities": []}, r"release: facilities takes a GeoDataFrame, not a list"),
        ({"protection": 5}, r"release: protection takes a Protection, not an int: .*qa\.Protection\("),
        ({"scale": [1]}, r"release: scale takes a DataFrame or a mapping, not a list: .*qa\.scale_table\("),
        ({"dates": "2023"}, r"release: dates takes a mapping, not a str"),
        ({"stability": 0.9}, r"release: stability takes a Stability, not a float: .*\.stability\(\)"),
        ({"as_of": 2024}, r"release: as_of takes a str, not an int: text in quotation marks"),
        ({"comment": ["a"]}, r"release: comment takes a str, not a list"),
        ({"ledger": 1}, r"release: ledger takes a Ledger or a str or a Path, not an int"),
        ({"columns": 3}, r"release: columns takes a name or a list of names, not an int"),
        ({"columns": [3]}, r"release: columns: names are text"),
    ],
)
def test_a_wrong_object_is_answered_with_how_to_get_the_right_one(data, arguments, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        qa.release(data, **arguments)


def test_areas_and_releases_are_no_joined_data(data, grid):
    for wrong in (grid(2), data.values, qa.release(data), None):
        with pytest.raises(ArgumentError, match=r"release takes an AreaData, not (an? )?\w+: qa\.release\(qa\.join\("):
            qa.release(wrong)


def test_one_column_by_its_name_is_one_column(data):
    assert list(qa.release(data, columns="poverty").values) == ["poverty_numerator", "poverty_denominator", "poverty"]
    assert list(qa.release(data, columns=()).values) == []
    assert len(qa.release(data, columns=(name for name in ["poverty"])).columns) == 3
    with pytest.raises(ColumnError, match="Did you mean 'poverty'"):
        qa.release(data, columns="povert")


def test_an_unknown_audience_is_answered_with_the_known_ones(data):
    with pytest.raises(SpecError, match="audience must be one of 'public', 'internal', not 'all'"):
        qa.release(data, audience="all")


def test_protection_takes_numbers_and_answers_its_former_parameter():
    with pytest.raises(ArgumentError, match="Protection: min_count takes an int or a float, not a str"):
        qa.Protection(min_count="3")
    with pytest.raises(ArgumentError, match="the parameter 'complement' is called 'protect_remainder' now"):
        qa.Protection(complement=False)


def test_what_a_release_no_longer_does_is_answered_with_what_does_it(data):
    release = qa.release(data)
    with pytest.raises(
        AttributeError, match=r"Release\.figure of the first edition is qa\.figure\(release, column\) now"
    ):
        release.figure()
    with pytest.raises(AttributeError, match=r"release\.draft_reasons"):
        _ = release.lacks
    with pytest.raises(ArgumentError, match=r"Release\.protect takes a Series, not a list"):
        release.protect([1, 2, 3], "poverty")


def test_the_ledger_and_the_check_of_words_take_what_they_say():
    with pytest.raises(ArgumentError, match=r"Ledger\.read takes a str or a Path, not an int"):
        qa.Ledger.read(3)
    with pytest.raises(ArgumentError, match=r"Ledger\.save takes a str or a Path, not None"):
        qa.Ledger().save(None)
    with pytest.raises(ArgumentError, match=r"Ledger\.add takes a LedgerEntry, not a str: qa\.release\("):
        qa.Ledger().add("x")
    with pytest.raises(ArgumentError, match=r"Ledger\.fingerprint takes a bytes, not a str"):
        qa.Ledger().fingerprint("x")
    with pytest.raises(ArgumentError, match="check_wording takes a str, not a list"):
        qa.check_wording(["Problemviertel"])


@pytest.mark.parametrize("name", ["title", "subtitle", "source", "as_of", "comment"])
def test_a_text_that_no_file_can_hold_is_refused_before_anything_is_drawn(data, name):
    with pytest.raises(SpecError, match=rf"release: {name} holds an invalid character: 'Ost\\ud83c'"):
        qa.release(data, **{name: "Ost\ud83c"})
    qa.release(data, **{name: "Łódź 🏘 „Ost“"})


@pytest.mark.parametrize("day", ["31.02.2024", "31. 4. 2023", "2023-02-29", "2024-13-01", "0.1.2024", "2024-6-31"])
def test_a_day_that_no_calendar_has_is_refused(data, day):
    with pytest.raises(SpecError, match=rf"as_of is '{day}', and there is no such day"):
        qa.release(data, as_of=day)


@pytest.mark.parametrize(
    "date", ["29.02.2024", "2024-02-29", "2024", "Ende 2023", "31.12.2023/24", "99.99", "Q4 2024", ""]
)
def test_other_words_for_a_date_stay_free(data, date):
    assert qa.release(data, as_of=date).as_of == date


@pytest.mark.parametrize(
    "call",
    [
        lambda junk: qa.Protection(decimals=junk),
        lambda junk: qa.Protection(totals=junk),
        lambda junk: qa.Protection(zeros=junk),
        lambda junk: qa.audit(FRAME, sums=junk),
        lambda junk: qa.audit(FRAME, sums={"residents": junk}),
        lambda junk: qa.audit(FRAME, zeros_shown=junk),
        lambda junk: qa.audit(FRAME, find_sums=junk),
        lambda junk: qa.audit(FRAME, min_count=junk),
        lambda junk: qa.Look(font=junk),
        lambda junk: qa.Look(font=[junk]),
        lambda junk: qa.Look(logo=junk, logo_alt="x"),
        lambda junk: qa.monitor("nowhere", rhythm=junk),
        qa.read_measures,
        lambda junk: qa.annotate("01", "n", "a", junk),
        lambda junk: qa.tender_text(town=junk),
        lambda junk: qa.tender_text(dates=junk),
        lambda junk: qa.check_wording("text", junk),
    ],
)
@pytest.mark.parametrize("junk", [10**400, b"x", FRAME, FRAME["residents"].to_numpy(), pd.NA, pd.NaT])
def test_what_is_neither_equal_nor_unequal_is_refused_by_name(call, junk):
    with pytest.raises(QuartiersatlasError):
        call(junk)
