"""Burdens beside need: counted of what is shown alone, on the map as a matrix, in the report as a chart."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, SpecError
from quartiersatlas.present import pictures
from quartiersatlas.present.map.payload import map_json

pytestmark = pytest.mark.filterwarnings("ignore:Need index 't'. Compared over 12 areas")
KEYS = [f"{i:02d}" for i in range(1, 13)]
NOISY = [300, 50, 299, 0, 400, 310, 20, 10, 30, 500, 1, 350]  # of 1000; 1 is a small count


@pytest.fixture(scope="module")
def noisy(make_city, need_rules):
    """Return twelve areas in which need rises from area to area (the mean between the sixth and the seventh)."""
    table = pd.DataFrame({"residents": 1000.0, "poor": [100.0 + 20 * i for i in range(12)], "loud": NOISY}, index=KEYS)
    data = make_city(table)
    data = qa.add_rates(data, {"sgb2_rate": ("poor", "residents"), "noise_share": ("loud", "residents")})
    need = qa.need_index(data, qa.NeedSpec.from_dict(need_rules))
    return SimpleNamespace(data=data, need=need)


def released(noisy, limits=None, **options):
    burden = qa.burden(noisy.need, {"Lärm": noisy.data.values["noise_share"]}, limits=limits)
    return qa.release(noisy.data, need=noisy.need, burden=burden, title="T", **options)


def test_areas_are_counted_of_what_is_shown(noisy):
    """From 30 % on: 01, 05, 06 of low need; 10 and 12 of high need; 03 is just below.

    11 is withheld, and with it a partner without which it could be computed.
    """
    release = released(noisy, {"Lärm": (30, "Richtwert")})
    hidden = release.values["noise_share"].isna()
    assert hidden["11"]
    chart = pictures.burden_matrix(release)
    assert chart.head == ("Zahl der Belastungen", "niedrig", "hoch")
    cells = [["01", "05", "06"], ["10", "12"], ["02", "03", "04"], ["07", "08", "09"]]
    loud_low, loud_high, low, high = (str(sum(not hidden[key] for key in cell)) for cell in cells)
    assert chart.rows == (("1", loud_low, loud_high), ("0", low, high))
    assert "belastet ab 30 (Richtwert)" in chart.note
    assert f"nicht ausgewiesen ist: {hidden.sum()}." in chart.note


def test_a_limit_by_quantile_is_that_of_the_values_shown(noisy):
    release = released(noisy)
    shown = release.values["noise_share"].dropna()
    found = pictures.of_need.shown_burden(release, "de")
    assert found.limits["limit"].tolist() == [shown.quantile(0.75)]
    assert noisy.data.values["noise_share"].quantile(0.75) != shown.quantile(0.75)  # the withheld one would tell


def test_the_map_has_the_matrix_and_says_why_areas_are_in_no_cell(noisy):
    release = released(noisy, {"Lärm": 30})
    columns = {column["id"]: column for column in json.loads(map_json(release, "de"))["columns"]}
    burdens, matrix = columns["burdens"], columns["burden_matrix"]
    assert burdens["classes"] == ["keine", "1"]
    expected = [None if pd.isna(share) else int(share >= 30) for share in release.values["noise_share"]]
    assert burdens["values"] == expected
    assert burdens["values"][10] is None
    assert burdens["gaps"]["10"] == "protected"
    places = [list(columns)[place] for place in matrix["matrix"]]
    assert places == ["need_status_class", "burdens"]
    assert [axis["classes"] for axis in matrix["axes"]] == [["niedrig", "hoch"], ["keine", "1"]]
    assert len(set(matrix["schemes"]["class"]["colors"])) == 4


def test_report_and_panel_name_burdens(noisy, tmp_path):
    page = qa.report(released(noisy, {"Lärm": 30}), tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Belastungen und Bedarf" in page
    bare = qa.release(noisy.data, need=noisy.need, title="T")
    assert "Belastungen und Bedarf" not in qa.report(bare, tmp_path / "b.html").read_text(encoding="utf-8")
    assert not {"burdens", "burden_matrix"} & {c["id"] for c in json.loads(map_json(bare, "de"))["columns"]}


def test_what_does_not_leave_is_no_burden_of_a_release(noisy):
    with pytest.raises(ColumnError, match="burden: what leaves has no column 'noise_share'"):
        released(noisy, columns=["sgb2_rate"])
    nameless = qa.burden(noisy.need, {"Lärm": noisy.data.values["noise_share"].rename(None)})
    with pytest.raises(SpecError, match="'Lärm' is no column of the data"):
        qa.release(noisy.data, need=noisy.need, burden=nameless)
    burden = qa.burden(noisy.need, {"Lärm": noisy.data.values["noise_share"]})
    with pytest.raises(SpecError, match="stands beside classes of need"):
        qa.release(noisy.data, burden=burden)
    with pytest.raises(SpecError, match="has no burdens"):
        pictures.burden_matrix(qa.release(noisy.data, need=noisy.need))
