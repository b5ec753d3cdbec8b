from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quartiersatlas.errors import SpecError
from quartiersatlas.need.classes import class_number
from quartiersatlas.need.normalise import z_score


def test_a_score_on_a_break_belongs_to_the_class_nearer_to_the_mean():
    assert class_number([-1.00001, -1.0, 1.0, 1.00001, 1.5, 1.50001], [-1, 1, 1.5]).tolist() == [0, 1, 1, 2, 2, 3]


def test_z_scores_of_a_table_worked_by_hand():
    # 2, 4, 4, 4, 5, 5, 7, 9: mean 5, population standard deviation 2
    values = pd.Series([2.0, 4, 4, 4, 5, 5, 7, 9], name="x")
    assert z_score(values).tolist() == [-1.5, -0.5, -0.5, -0.5, 0.0, 0.0, 1.0, 2.0]


def test_equal_values_cannot_be_standardised():
    with pytest.raises(SpecError, match="'x' is the same in all 3 areas"):
        z_score(pd.Series([0.1 + 0.2, 0.3, 0.3], name="x"))


@given(st.lists(st.floats(-100, 100), min_size=3, max_size=30).filter(lambda v: max(v) - min(v) > 1e-3))
def test_z_scores_have_mean_0_and_deviation_1_and_ignore_the_unit(values):
    column = pd.Series(values, name="x")
    z = z_score(column)
    assert z.mean() == pytest.approx(0, abs=1e-8)
    assert z.std(ddof=0) == pytest.approx(1, abs=1e-8)
    assert z_score(3 * column + 7).tolist() == pytest.approx(z.tolist(), abs=1e-6)
