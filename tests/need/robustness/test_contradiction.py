"""Areas whose selection the runs contradict: which ones, by which value, and in which words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.need.robustness.contradiction import DrawnMeans
from quartiersatlas.need.robustness.redraw import Replicates


@pytest.fixture
def frame(counted):
    """Give forty areas; 007 is third in two indicators of many persons and has 0 of 14 in the third."""
    frame = counted.frame()
    frame.loc["007", ["x_a", "n_a", "x_b", "n_b"]] = [900.0, 2800, 860, 2600]
    frame.loc["007", ["x_c", "n_c"]] = [0.0, 14]
    return frame


def test_an_area_that_one_small_number_keeps_off_the_list_is_borderline_and_says_so(counted, frame):
    need = qa.need_index(frame, counted.spec())
    stable = need.stability(400, 1, select=6, vary=["data"], limits=(0.1, 0.7))
    assert stable.table.loc["007", ["selected", "label"]].tolist() == [False, "borderline"]
    assert stable.table.loc["007", "p_selected"] >= 0.7
    assert list(stable.contradictions.index) == ["007"]
    found = stable.contradictions.loc["007"]
    assert found[["indicator", "value", "persons"]].tolist() == ["c", 0.0, 14.0]
    # between the rate as counted and what two indicators of the same cause say
    assert 0.3 * 100 * 900 / 2800 < found["drawn"] < 100 * 900 / 2800
    assert stable.why_contradicted("en")[0].startswith("007: not selected, but selected in ")
    assert "c: the value 0.0 rests on 14 persons; in the runs" in stable.why_contradicted("en")[0]
    assert "c: Der Wert 0,0 beruht auf 14 Personen; in den Durchläufen" in stable.why_contradicted("de")[0]
    assert stable.why_contradicted("en")[0] in repr(stable)
    assert not any("007" in note for note in stable.notes("de"))  # notes are published


def test_where_nothing_is_redrawn_no_indicator_is_named(counted, frame):
    need = qa.need_index(frame, counted.spec())
    stable = need.stability(200, 1, select=6, vary=["weights"], limits=(0.98, 0.99))
    assert (stable.table.loc[stable.contradictions.index, "p_selected"] < 0.98).all()
    assert len(stable.contradictions) > 0
    assert stable.contradictions["indicator"].isna().all()
    assert stable.why_contradicted("en")[0].endswith("of the runs.")


@pytest.mark.parametrize(("deciding", "named", "mean"), [("ab", "a", 1.0), ("abc", "c", 3.0), ("b", None, np.nan)])
def test_the_value_that_moves_most_among_those_that_decide_is_named_with_its_mean(counted, deciding, named, mean):
    """Two blocks of runs by hand: in 000, a moves by 1 deviation, c by 3, and b is not redrawn."""
    inputs = qa.need_index(counted.frame(), counted.spec()).inputs
    values = inputs.values["a"].to_numpy()
    spread = values.std()
    moved = {name: np.array([values] * 3) for name in "ac"}
    moved["c"] = np.array([inputs.values["c"].to_numpy()] * 3)
    of_c = moved["c"][0].std()
    moved["a"][:, 0] += spread * np.array([0.5, 1.0, 1.5])
    moved["c"][:, 0] += of_c * np.array([1.0, 3.0, 5.0])
    means = DrawnMeans(inputs, inputs.values.index, set(deciding))
    for rows in (slice(0, 1), slice(1, 3)):
        columns = {name: column[rows] for name, column in moved.items()} | {"b": np.zeros((1, 40))}
        means.add(Replicates(columns, {}, {name: (columns[name], None) for name in "ac"}), len(columns["a"]))
    table = pd.DataFrame({"selected": False, "p_selected": 0.0}, index=inputs.values.index)
    table.loc["000", "p_selected"] = 0.9
    found = means.contradictions(table, (0.1, 0.9))
    assert list(found.index) == ["000"]
    assert found.loc["000", "indicator"] == named
    if named is not None:
        column, sd = inputs.values[named], {"a": spread, "c": of_c}[named]
        assert found.loc["000", "drawn"] == pytest.approx(column.iloc[0] + mean * sd)
