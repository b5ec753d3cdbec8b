from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import rankdata

from quartiersatlas.errors import SpecError
from quartiersatlas.need.score.scales import Scale, normalise, ranks, ranks_among
from quartiersatlas.need.spec.steps import Normalise

# mean 5, population standard deviation 2, sample standard deviation sqrt(32 / 7)
VALUES = np.array([2.0, 4, 4, 4, 5, 5, 7, 9])
COLUMNS = st.lists(st.floats(-100, 100), min_size=3, max_size=30).filter(lambda v: max(v) - min(v) > 1e-3)


def on_scale(values, scale=None, **rule):
    return normalise(np.asarray(values, dtype=float), Normalise(**rule), scale or Scale("x"))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"method": "none"}, [2, 4, 4, 4, 5, 5, 7, 9]),
        ({"method": "z"}, [-1.5, -0.5, -0.5, -0.5, 0, 0, 1, 2]),
        ({"method": "z", "centre": 100.0, "spread": 10.0}, [85, 95, 95, 95, 100, 100, 110, 120]),
        ({"method": "z", "ddof": 1}, [x * (7 / 32) ** 0.5 for x in (-3, -1, -1, -1, 0, 0, 2, 4)]),
        ({"method": "minmax"}, [0, 2 / 7, 2 / 7, 2 / 7, 3 / 7, 3 / 7, 5 / 7, 1]),
        ({"method": "minmax", "low": 70.0, "high": 140.0}, [70, 90, 90, 90, 100, 100, 120, 140]),
        ({"method": "rank"}, [1, 3, 3, 3, 5.5, 5.5, 7, 8]),
        ({"method": "rank", "ties": "min"}, [1, 2, 2, 2, 5, 5, 7, 8]),
        ({"method": "rank", "ties": "max"}, [1, 4, 4, 4, 6, 6, 7, 8]),
        # PERCENTRANK.INC of spreadsheets: the share of the other values that is smaller
        ({"method": "percentile", "ties": "min"}, [0, 1 / 7, 1 / 7, 1 / 7, 4 / 7, 4 / 7, 6 / 7, 1]),
        ({"method": "above"}, [0, 0, 0, 0, 0, 0, 1, 1]),
    ],
)
def test_each_scale_on_a_table_worked_by_hand(rule, expected):
    assert on_scale(VALUES, **rule).tolist() == pytest.approx(expected, abs=1e-12)


def test_constants_of_a_reference_year_replace_mean_and_deviation():
    scale = Scale("x", centre=4.0, scale=0.5)
    assert on_scale([4, 5, 3], scale, method="z", reference="fixed").tolist() == [0.0, 2.0, -2.0]


def test_around_the_city_value_the_deviation_is_taken_from_it_too():
    scale = Scale("x", city=3.0)
    deviation = sum((v - 3) ** 2 for v in VALUES) / 8
    expected = [(v - 3) / deviation**0.5 for v in VALUES]
    assert on_scale(VALUES, scale, method="z", reference="city").tolist() == pytest.approx(expected)


def test_weighted_by_residents_an_area_counts_as_often_as_it_has_residents():
    residents = np.array([1.0, 2, 3])
    weighted = on_scale([1, 2, 6], Scale("x", residents), method="z", weighting="population")
    each = on_scale([1, 2, 2, 6, 6, 6], method="z")
    assert weighted.tolist() == pytest.approx(each[[0, 1, 3]].tolist())


def test_goalposts_may_be_passed():
    scale = Scale("x", low=0.0, high=10.0)
    assert on_scale([0, 5, 12], scale, method="goalposts").tolist() == [0.0, 0.5, 1.2]


def test_above_the_city_value_excludes_the_value_itself():
    assert on_scale([3, 4, 5], Scale("x", city=4.0), method="above", reference="city").tolist() == [0, 0, 1]


def test_the_exponential_scale_starts_at_the_most_deprived_area():
    # R = (4 - rank + 1) / 4; X = -23 ln(1 - R (1 - exp(-100 / 23)))
    expected = [-23 * np.log(1 - r * (1 - np.exp(-100 / 23))) for r in (0.25, 0.5, 0.75, 1.0)]
    assert on_scale([1, 2, 3, 4], method="exponential").tolist() == pytest.approx(expected)
    assert on_scale([1, 2, 3, 4], method="exponential", shift=0).tolist() == pytest.approx([0, *expected[:3]])
    assert expected[3] == pytest.approx(100)


def test_the_worst_tenth_takes_the_upper_half_of_the_exponential_scale():
    scale = on_scale(np.arange(1000.0), method="exponential")
    assert (scale > 50).mean() == pytest.approx(0.1, abs=0.005)


@pytest.mark.parametrize("method", ["z", "minmax", "rank", "percentile", "exponential", "above"])
def test_unknown_values_stay_unknown_and_do_not_matter(method):
    values = np.array([5.0, np.nan, 1, 3, np.nan, 4])
    scaled = on_scale(values, method=method)
    assert np.isnan(scaled).tolist() == np.isnan(values).tolist()
    known = ~np.isnan(values)
    assert scaled[known].tolist() == pytest.approx(on_scale(values[known], method=method).tolist())


@pytest.mark.parametrize("method", ["z", "minmax", "rank", "percentile", "exponential", "above"])
def test_many_replications_at_once_are_each_replication_alone(method):
    values = np.random.default_rng(1).normal(size=(4, 3, 9))
    together = on_scale(values, method=method)
    for i in np.ndindex(4, 3):
        assert together[i].tolist() == pytest.approx(on_scale(values[i], method=method).tolist(), abs=1e-12)


@given(COLUMNS)
def test_z_scores_have_mean_0_and_deviation_1_and_ignore_the_unit(values):
    z = on_scale(values, method="z")
    assert z.mean() == pytest.approx(0, abs=1e-8)
    assert z.std() == pytest.approx(1, abs=1e-8)
    assert on_scale(3 * np.array(values) + 7, method="z").tolist() == pytest.approx(z.tolist(), abs=1e-6)


@given(COLUMNS)
def test_ranks_count_smaller_and_half_of_equal_values(values):
    apart = np.diff(sorted(values))
    assume(apart[apart > 0].min() > 1e-9)  # rounding is tested by itself
    expected = [1 + sum(w < v for w in values) + (sum(w == v for w in values) - 1) / 2 for v in values]
    assert ranks(np.array(values)).tolist() == expected


@pytest.mark.parametrize("method", ["z", "minmax", "percentile", "rank", "exponential", "above", "goalposts"])
@pytest.mark.parametrize("values", [[0.3, 0.3, 0.3], [0.1 + 0.2, 0.3, 0.3], [np.nan, 0.3, 0.3]])
def test_values_that_are_all_equal_have_no_scale(method, values):
    with pytest.raises(SpecError, match="'x' is the same in all 3 areas"):
        on_scale(values, Scale("x", low=0.0, high=1.0), method=method)


@pytest.mark.parametrize("method", ["none", "z", "minmax", "percentile", "rank", "exponential", "above", "goalposts"])
@pytest.mark.parametrize("values", [[np.nan, 0.3, np.nan], [np.nan] * 3])
def test_values_known_in_fewer_than_two_areas_are_compared_with_nothing(method, values):
    with pytest.raises(SpecError, match=r"'x' is known in [01] of the 3 areas that are scored: there is nothing to"):
        on_scale(values, Scale("x", low=0.0, high=1.0), method=method)


@pytest.mark.parametrize(
    ("rule", "same"),
    [
        ({"method": "z"}, 0.0),
        ({"method": "z", "ddof": 1}, 0.0),
        ({"method": "z", "centre": 100.0, "spread": 10.0}, 100.0),
        ({"method": "z", "reference": "city"}, 0.0),
        ({"method": "z", "weighting": "population"}, 0.0),
        ({"method": "minmax", "low": 1.0, "high": 100.0}, 50.5),
        ({"method": "percentile"}, 0.5),
        ({"method": "above"}, 0.0),
    ],
)
def test_among_many_replications_nobody_differs_in_one_that_is_constant(rule, same):
    scale = Scale("x", residents=np.array([1.0, 2, 3, 4]), city=3.5, strict=False)
    values = np.array([[1.0, 2, 5, 9], [3, 3, 3, 3], [np.nan, 3, np.nan, np.nan], [np.nan] * 4])
    found = on_scale(values, scale, **rule)
    assert found[0].tolist() == pytest.approx(on_scale(values[0], scale, **rule).tolist())
    assert found[1].tolist() == [same] * 4
    assert found[2].tolist() == pytest.approx([np.nan, same, np.nan, np.nan], nan_ok=True)
    assert np.isnan(found[3]).all()


def test_weighted_by_residents_areas_that_differ_where_nobody_lives_are_the_same():
    scale = Scale("x", residents=np.array([0.0, 2, 3]))
    with pytest.raises(SpecError, match="'x' is the same in all 3 areas"):
        on_scale([9, 3, 3], scale, method="z", weighting="population")
    lenient = Scale("x", residents=scale.residents, strict=False)
    assert on_scale([9, 3, 3], lenient, method="z", weighting="population").tolist() == [0.0, 0.0, 0.0]


def test_a_city_value_needs_counts_and_weights_need_residents():
    with pytest.raises(SpecError, match="'x' has no counts, so there is no city value"):
        on_scale([1, 2, 3], method="above", reference="city")
    with pytest.raises(SpecError, match="weighs areas by residents"):
        on_scale([1, 2, 3], method="z", weighting="population")


@pytest.mark.parametrize("ties", ["average", "min", "max"])
def test_a_rank_among_the_others_is_the_rank_after_one_value_is_replaced(ties):
    among = np.array([3.0, 1.0, np.nan, 3.0, 7.0, 1.0])
    values = np.array([[1.0, 5.0, np.nan, 3.0, 0.0, 9.0], among])
    for row, ranked in zip(values, ranks_among(values, among, ties), strict=True):
        for i in range(6):
            replaced = among.copy()
            replaced[i] = row[i]
            assert ranked[i] == pytest.approx(rankdata(replaced, method=ties, nan_policy="omit")[i], nan_ok=True)


@pytest.mark.parametrize("method", ["z", "minmax", "above", "percentile", "rank", "exponential"])
def test_values_among_themselves_are_on_the_same_scale(method):
    values = np.array([3.0, 1.0, np.nan, 3.0, 7.0, 2.0])
    rule, scale = Normalise(method=method), Scale("a")
    assert normalise(values, rule, scale, values).tolist() == pytest.approx(
        normalise(values, rule, scale).tolist(), nan_ok=True
    )


def test_a_value_among_others_does_not_move_their_scale():
    among = np.array([0.0, 5.0, 10.0])
    assert normalise(np.array([20.0, 20.0, 20.0]), Normalise(method="minmax"), Scale("a"), among).tolist() == [2, 2, 2]
