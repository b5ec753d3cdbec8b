"""Notes are codes: each is shown in both languages, and nothing of it is lost."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.catalogue import Message
from quartiersatlas.errors import SpecError
from quartiersatlas.segregation.explain import OMISSIONS, REASONS, REMARKS, note_text, reasons_among

FRAME = pd.DataFrame(
    {
        "x": [10.0, 5, np.nan, 0, 3, 9],
        "nobody": [0.0] * 6,
        "total": [30.0, 20, 40, 0, 5, 30],
        "place": ["A", "A", "A", "A", "A", "B"],
    }
)


def measured(groups, **options):
    return qa.measure_segregation(
        FRAME, groups, **{"population": "total", "min_population": 10, "missing": "report"} | options
    )


@pytest.mark.parametrize("indices", ["all", ["dissimilarity", "gorard", "isolation"]])
def test_the_note_of_the_table_is_its_codes_in_english(indices):
    result = measured(["x", "nobody"], by="place", indices=indices)
    assert result.note_codes.index.equals(result.table.index)
    for note, codes in zip(result.table["note"], result.note_codes, strict=True):
        assert note_text(codes, "en") == note
        assert {code.name for code in codes} <= {*REASONS, *REMARKS, *OMISSIONS}


def test_a_note_says_the_reason_then_who_is_left_out_then_what_was_not_asked_for():
    result = measured("x", by="place", indices="gorard")
    assert note_text(result.note_codes[0], "de") == (
        "ohne Angabe ausgelassene Gebiete: 1; unbewohnte, ausgelassene Gebiete: 1; "
        "ausgelassene Gebiete unter 10 Einwohnern: 1; kein Erwartungswert bekannt; kein Intervall angefordert"
    )
    assert note_text(result.note_codes[1], "de") == "nur ein bewohntes Gebiet"


def test_the_codes_hold_the_numbers_of_the_note():
    codes = {code.name: dict(code.values) for code in measured("x", indices="gorard").note_codes[0]}
    assert codes["note_small"] == {"n": 1, "minimum": "10"}
    assert codes["note_unknown"] == codes["note_uninhabited"] == {"n": 1}


@pytest.mark.parametrize(("lang", "reason"), [("de", "niemand gehört zur Gruppe"), ("en", "nobody is in the group")])
def test_reasons_alone_leave_out_the_rest(lang, reason):
    result = measured("nobody", min_population=0, indices="gini")
    assert "uninhabited" in result.table.loc[0, "note"]
    assert note_text(reasons_among(result.note_codes[0]), lang) == reason


def test_a_group_with_a_semicolon_in_its_name_keeps_its_note():
    data = FRAME.rename(columns={"x": "a; b"})
    result = qa.measure_segregation(data, ["a; b", "nobody"], population="total", indices="gini", missing="report")
    assert "unbewohnte, ausgelassene Gebiete: 1" in note_text(result.note_codes[0], "de")


def test_the_codes_of_a_changed_table_still_say_why():
    result = measured("nobody", indices="gini")
    result.table["note"] = "my own words"
    assert "niemand gehört zur Gruppe" in result.explain("gini", "de")


def test_notes_of_a_decomposition_are_codes_too():
    frame = pd.DataFrame({"a": [1, 2, 3], "b": [3, 2, 1], "bezirk": ["1", "1", "2"]})
    found = qa.decompose(frame, ["a", "b"], "bezirk")
    alone = found.table.index[found.table["note"].eq("one area only")]
    assert len(alone) == 2  # district 2 for M and for H
    assert note_text(found.note_codes[alone[0]], "de") == "nur eine Einheit (Gebiet)"


def test_notes_of_a_change_are_codes_too():
    earlier = pd.DataFrame({"a": [1, 2], "b": [3, 2], "c": [1, 0]}, index=["1", "2"])
    later = pd.DataFrame({"a": [2, 2], "b": [3, 1], "c": [0, 0]}, index=["1", "2"])
    found = qa.segregation_change(earlier, later, ["a", "b", "c"], index="mutual_information")
    row = found.table.index[found.table["part"] == "removals"][0]
    assert found.note_codes[row] == (Message("note_groups_of_one_date", {"groups": "'c'"}),)
    assert found.table.loc[row, "note"] == "with groups that have members at this date only: 'c'"


def test_an_index_that_is_not_there_is_refused_with_the_closest_one():
    with pytest.raises(SpecError, match=r"no index 'dissimilarty'\. Did you mean 'dissimilarity'"):
        measured("x").explain("dissimilarty")
