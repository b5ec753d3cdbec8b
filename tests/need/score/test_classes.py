from __future__ import annotations

import numpy as np
import pytest

import quartiersatlas as qa
from quartiersatlas.need.score.scores import class_limits, class_numbers
from quartiersatlas.need.spec.steps import Breaks


def test_a_score_on_a_break_belongs_to_the_class_nearer_to_the_mean():
    status = qa.NeedSpec.preset("berlin-mss-2019").axis("status")
    scores = np.array([-1.00001, -1.0, 1.0, 1.00001, 1.5, 1.50001, np.nan])
    assert class_numbers(scores, status).tolist() == [0, 1, 1, 2, 2, 3, -1]


# quantile(c(1, 2, 4, 7, 11, 16, 22, 29, 37, 46), c(0.2, 0.5, 0.9), type = t) in R 4.2.2
R_QUANTILES = {
    4: [2.0, 11.0, 37.0],
    5: [3.0, 13.5, 41.5],
    6: [2.4, 13.5, 45.1],
    7: [3.6, 13.5, 37.9],
    8: [2.8, 13.5, 42.7],
    9: [2.85, 13.5, 42.4],
}


@pytest.mark.parametrize("kind", R_QUANTILES)
def test_quantile_limits_are_those_of_r(kind):
    values = np.array([1.0, 2, 4, 7, 11, 16, 22, 29, 37, 46])
    limits = class_limits(values, [0.2, 0.5, 0.9], Breaks(method="quantile", type=kind))
    assert limits.ravel().tolist() == pytest.approx(R_QUANTILES[kind], abs=1e-12)


def test_limits_in_standard_deviations_refer_to_the_mean_of_the_scores():
    # 2, 4, 4, 4, 5, 5, 7, 9: mean 5, population standard deviation 2
    limits = class_limits(np.array([2.0, 4, 4, 4, 5, 5, 7, 9]), [-1.0, 1.5], Breaks(method="sd"))
    assert limits.ravel().tolist() == [3.0, 8.0]
