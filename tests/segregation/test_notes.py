"""Every note of a table can be said in both languages, and nothing of it is lost."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.segregation.explain import note_text, said

FRAME = pd.DataFrame(
    {
        "x": [10.0, 5, np.nan, 0, 3, 9],
        "nobody": [0.0] * 6,
        "total": [30.0, 20, 40, 0, 5, 30],
        "place": ["A", "A", "A", "A", "A", "B"],
    }
)


def test_every_part_of_every_note_is_known():
    tables = [
        qa.measure_segregation(
            FRAME, ["x", "nobody"], "total", by="place", min_population=10, missing="drop", indices=index
        )
        for index in ("all", ["dissimilarity", "gorard", "isolation"])
    ]
    for note in pd.concat(table.table for table in tables)["note"]:
        assert len(said(note)) == len(note.split("; "))
        assert note_text(note, "en") == note


def test_a_note_tells_reason_then_who_is_left_out_then_what_was_not_asked_for():
    table = qa.measure_segregation(
        FRAME, "x", "total", by="place", min_population=10, missing="drop", indices="gorard"
    ).table
    assert note_text(table.loc[0, "note"], "de") == (
        "ohne Angabe ausgelassene Gebiete: 1; unbewohnte, ausgelassene Gebiete: 1; "
        "ausgelassene Gebiete unter 10 Einwohnern: 1; kein Erwartungswert bekannt; kein Intervall verlangt"
    )
    assert note_text(table.loc[1, "note"], "de") == "nur ein bewohntes Gebiet"


@pytest.mark.parametrize(("lang", "reason"), [("de", "niemand gehört zur Gruppe"), ("en", "nobody is in the group")])
def test_reasons_alone_leave_out_the_rest(lang, reason):
    table = qa.measure_segregation(FRAME, "nobody", "total", missing="drop", indices="gini").table
    assert "uninhabited" in table.loc[0, "note"]
    assert note_text(table.loc[0, "note"], lang, reasons_only=True) == reason
