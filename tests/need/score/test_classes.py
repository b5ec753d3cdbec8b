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


def axis_with(method, uppers, **breaks):
    classes = [{"id": f"c{i}", "upper": upper, "label_de": "x", "label_en": "x"} for i, upper in enumerate(uppers)]
    classes.append({"id": "last", "label_de": "x", "label_en": "x"})
    axis = {"id": "need", "standardise": {"method": "z"}, "breaks": {"method": method, **breaks}, "classes": classes}
    spec = {"id": "t", "source": "t", "axes": [{**axis, "indicators": [{"id": "a"}, {"id": "b"}]}]}
    return qa.NeedSpec.from_dict(spec).axes[0]


@pytest.mark.parametrize(
    ("upper", "below", "at", "above"),
    [(-1.5, 0, 1, 1), (-1e-9, 0, 1, 1), (0.0, 0, 0, 1), (1e-9, 0, 0, 1), (1.5, 0, 0, 1)],
)
def test_a_score_on_a_fixed_limit_belongs_to_the_class_nearer_to_the_middle(upper, below, at, above):
    # by more than rounding: 1e-10 of a range of 20
    scores = np.array([upper - 1e-10, upper, upper + 1e-10, 10.0, -10.0])
    assert class_numbers(scores, axis_with("fixed", [upper]))[:3].tolist() == [below, at, above]


def test_a_score_on_a_limit_in_standard_deviations_belongs_to_the_class_nearer_to_the_middle():
    # mean 5, population standard deviation 2: limits 2, 4, 5, 7 and 9
    scores = np.array([2.0, 4, 4, 4, 5, 5, 7, 9])
    axis = axis_with("sd", [-1.5, -0.5, 0.0, 1.0, 2.0])
    assert class_numbers(scores, axis).tolist() == [1, 2, 2, 2, 2, 2, 3, 4]
    tighter = axis_with("sd", [-1.5 + 1e-9, -0.5, 0.0, 1.0 - 1e-9, 2.0 - 1e-9])
    assert class_numbers(scores, tighter).tolist() == [0, 2, 2, 2, 2, 2, 4, 5]


def test_a_score_on_a_quantile_belongs_to_the_higher_class():
    # five areas: the quartiles of type 7 are scores that occur
    scores = np.array([10.0, 20.0, 30.0, 40.0, 50.0])
    assert class_numbers(scores, axis_with("quantile", [0.25, 0.5, 0.75])).tolist() == [0, 1, 2, 3, 3]
    assert class_numbers(-scores, axis_with("quantile", [0.25, 0.5, 0.75])).tolist() == [3, 3, 2, 1, 0]


def test_equal_scores_are_in_one_class_whatever_the_limits():
    scores = np.array([1.0, 2.0, 2.0, 2.0, 2.0, 3.0])
    for axis in (axis_with("quantile", [0.2, 0.4, 0.6]), axis_with("sd", [-1.0, 0.0, 1.0])):
        assert len(set(class_numbers(scores, axis)[1:5])) == 1


@pytest.mark.parametrize(("kind", "n", "share", "place"), [(4, 50, 0.58, 29), (7, 6, 0.6, 4), (7, 31, 0.1, 4)])
def test_a_limit_at_a_whole_place_is_the_score_at_that_place(kind, n, share, place):
    # the place is 28.999999999999996, 3.9999999999999996 in computed numbers: between two scores by the last bit
    scores = np.arange(1.0, n + 1) ** 3 / 7
    axis = axis_with("quantile", [share], type=kind)
    assert class_limits(scores, [share], axis.breaks).ravel().tolist() == [scores[place - 1]]
    assert class_numbers(scores, axis).tolist() == [0] * (place - 1) + [1] * (n - place + 1)


def test_an_area_without_a_score_is_in_no_class_and_moves_no_limit():
    scores = np.array([10.0, np.nan, 20.0, 30.0, np.nan, 40.0, 50.0])
    known = ~np.isnan(scores)
    for axis in (axis_with("quantile", [0.25, 0.5]), axis_with("sd", [-1.0, 1.0]), axis_with("fixed", [15.0, 45.0])):
        numbers = class_numbers(scores, axis)
        assert numbers[~known].tolist() == [-1, -1]
        assert numbers[known].tolist() == class_numbers(scores[known], axis).tolist()


def test_a_quantile_before_the_second_score_lies_between_the_first_two():
    # type 7: h = 1 + (n - 1) p = 1.3 for p = 0.1 of four scores; type 6: h = (n + 1) p = 0.5, below the first place
    scores = np.array([1.0, 2, 3, 4])
    assert class_limits(scores, [0.1], Breaks(method="quantile", type=7)).ravel() == pytest.approx([1.3])
    assert class_limits(scores, [0.1], Breaks(method="quantile", type=6)).ravel().tolist() == [1.0]


def test_limits_in_deviations_of_many_runs_are_those_of_each():
    # 1, 3, 1, 3: mean 2, deviation 1; 8, 20, 32: mean 20, deviation sqrt((144 + 0 + 144) / 3)
    scores = np.array([[1.0, 3, 1, 3], [8.0, 20, 32, np.nan]])
    limits = class_limits(scores, [1.0], Breaks(method="sd"))
    assert limits.shape == (1, 2, 1)
    assert limits.ravel() == pytest.approx([3.0, 20 + 96**0.5])
