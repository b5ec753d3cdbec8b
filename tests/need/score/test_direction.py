"""Direction -1 on every scale, with every aggregation: turn the sign of the data and the direction, same score."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.errors import SpecError
from quartiersatlas.need.score.scores import ScoringContext, axis_score

# every rule by which values are put on a scale, with the constants of a member where it needs them
FIXED = {"centre": 2.0, "scale": 4.0}
GOALPOSTS = {"low": -10.0, "high": 30.0}
SCALES = {
    "z": ({"method": "z"}, {}),
    "z, sample": ({"method": "z", "ddof": 1}, {}),
    "z, weighted": ({"method": "z", "weighting": "population"}, {}),
    "z, city": ({"method": "z", "reference": "city"}, {}),
    "z, fixed": ({"method": "z", "reference": "fixed"}, FIXED),
    "z, shown around 100": ({"method": "z", "centre": 100.0, "spread": 10.0}, {}),
    "minmax": ({"method": "minmax"}, {}),
    "minmax above 0": ({"method": "minmax", "low": 1.0, "high": 100.0}, {}),
    "goalposts": ({"method": "goalposts"}, GOALPOSTS),
    "goalposts, capped": ({"method": "goalposts", "beyond": "cap"}, GOALPOSTS),
    "minmax, rounded": ({"method": "minmax", "high": 10.0, "digits": 1}, {}),
    "exponential, half a shift": ({"method": "exponential", "shift": 0.5}, {}),
    "goalposts above 0": ({"method": "goalposts", "low": 50.0, "high": 100.0}, GOALPOSTS),
    "percentile": ({"method": "percentile"}, {}),
    "percentile, ties min": ({"method": "percentile", "ties": "min"}, {}),
    "percentile, ties max": ({"method": "percentile", "ties": "max"}, {}),
    "rank": ({"method": "rank"}, {}),
    "rank, ties min": ({"method": "rank", "ties": "min"}, {}),
    "exponential": ({"method": "exponential"}, {}),
    "exponential, shift 0": ({"method": "exponential", "shift": 0}, {}),
    "above": ({"method": "above"}, {}),
    "above, city": ({"method": "above", "reference": "city"}, {}),
    "none": ({"method": "none"}, {}),
}
AGGREGATIONS = ("sum", "arithmetic", "geometric", "harmonic", "product", "mazziotta_pareto", "copeland", "count")
ABOVE_0 = ("geometric", "harmonic", "product", "mazziotta_pareto")
N = 12


def axis_of(scale, aggregation, directions, turned=()):
    """Build an axis of two indicators; of those that are turned, direction and constants have changed their sign."""
    rule, constants = SCALES[scale]
    members = []
    for name, direction in zip("ab", directions, strict=True):
        own, sign = dict(constants), -1 if name in turned else 1
        if name in turned:
            own = {key: value if key == "scale" else -value for key, value in constants.items()}
            own = {"low": own["high"], "high": own["low"]} if "low" in own else own
        weight = {} if aggregation == "count" else {"weight": 2.0 if name == "a" else 1.0}
        members.append({"id": name, "direction": sign * direction, **weight, **own})
    classes = [{"id": "all", "label_de": "alle", "label_en": "all"}]
    axis = {"id": "need", "normalise": rule, "aggregate": aggregation, "indicators": members, "classes": classes}
    return qa.NeedSpec.from_dict({"id": "t", "source": "t", "min_population": 0, "axes": [axis]}).axes[0]


def combinations():
    """Yield every scale with every aggregation that a spec allows."""
    found = []
    for scale in SCALES:
        for aggregation in AGGREGATIONS:
            if scale in ("none", "goalposts, capped") and aggregation in ABOVE_0:
                continue  # these data have values below 0 and at the goalpost
            try:
                axis_of(scale, aggregation, (1, 1))
            except SpecError:
                continue
            found.append((scale, aggregation))
    return found


COMBINATIONS = combinations()
WHOLE = st.lists(st.integers(-9, 29), min_size=N, max_size=N).filter(lambda values: len(set(values)) > 1)


def score(axis, a, b, turned=()):
    columns = {name: np.array(v, dtype=float) * (-1 if name in turned else 1) for name, v in (("a", a), ("b", b))}
    city = {"a": -5.5 if "a" in turned else 5.5, "b": -6.5 if "b" in turned else 6.5}
    return axis_score(axis, columns, ScoringContext(np.arange(1.0, N + 1), city))


def test_scales_and_aggregations_are_all_there():
    assert {scale for scale, _ in COMBINATIONS} == set(SCALES)
    assert {aggregation for _, aggregation in COMBINATIONS} == set(AGGREGATIONS)
    assert len(COMBINATIONS) > 60


@pytest.mark.parametrize(
    ("rule", "constants", "expected"),
    [
        # jobs in percent, 100 is no need: 20 % is 0.8 of the way
        ({"method": "goalposts"}, {"low": 0.0, "high": 100.0}, [0.8, 0.3, 0.0, 1.2]),
        ({"method": "goalposts", "low": 1.0, "high": 11.0}, {"low": 0.0, "high": 100.0}, [9.0, 4.0, 1.0, 13.0]),
        ({"method": "z", "reference": "fixed"}, {"centre": 60.0, "scale": 20.0}, [2.0, -0.5, -2.0, 4.0]),
        ({"method": "minmax"}, {}, [80 / 120, 30 / 120, 0.0, 1.0]),
        ({"method": "rank"}, {}, [3.0, 2.0, 1.0, 4.0]),
        ({"method": "percentile"}, {}, [2 / 3, 1 / 3, 0.0, 1.0]),
        ({"method": "none"}, {}, [-20.0, -70.0, -100.0, 20.0]),
    ],
)
def test_direction_minus_1_on_a_table_worked_by_hand(rule, constants, expected):
    classes = [{"id": "all", "label_de": "alle", "label_en": "all"}]
    axis = {"id": "need", "normalise": rule, "indicators": [{"id": "jobs", "direction": -1, **constants}]}
    spec = qa.NeedSpec.from_dict(
        {"id": "t", "source": "t", "min_population": 0, "axes": [{**axis, "classes": classes}]}
    )
    frame = pd.DataFrame({"jobs": [20.0, 70.0, 100.0, -20.0]}, index=list("abcd"))
    with pytest.warns(UserWarning, match="over 4 areas|4 areas"):
        need = qa.need_index(frame, spec)
    assert need.scores["need"].tolist() == pytest.approx(expected)


@pytest.mark.parametrize("reference", ["areas", "city"])
def test_a_condition_of_direction_minus_1_counts_areas_below(reference):
    counts = {"numerator": "x", "denominator": "n"}
    axis = {
        "id": "need",
        "normalise": {"method": "above", "reference": reference},
        "aggregate": "count",
        "indicators": [{"id": "jobs", "direction": -1, **counts}],
        "classes": [{"id": "all", "label_de": "alle", "label_en": "all"}],
    }
    # shares 10, 20, 40 %; unweighted mean 23.3 %, city 190 / 600 = 31.7 %
    frame = pd.DataFrame({"x": [10.0, 20.0, 160.0], "n": [100.0, 100.0, 400.0]}, index=list("abc"))
    spec = qa.NeedSpec.from_dict({"id": "t", "source": "t", "min_population": 0, "axes": [axis]})
    with pytest.warns(UserWarning, match="3 areas"):
        assert qa.need_index(frame, spec).scores["need"].tolist() == [1.0, 1.0, 0.0]
    # exactly at the reference is neither above nor below it
    even = pd.DataFrame({"x": [10.0, 20.0, 30.0], "n": [100.0] * 3}, index=list("abc"))
    with pytest.warns(UserWarning, match="3 areas"):
        assert qa.need_index(even, spec).scores["need"].tolist() == [1.0, 0.0, 0.0]


@pytest.mark.parametrize("transform", ["log", "log1p", "sqrt", "winsorise"])
def test_a_transform_comes_before_the_direction(transform):
    functions = {"log": np.log, "log1p": np.log1p, "sqrt": np.sqrt}
    values = np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 99])
    treated = np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 8]) if transform == "winsorise" else functions[transform](values)
    members = [{"id": "a", "direction": -1, "transform": transform}]
    axis = {"id": "need", "normalise": {"method": "none"}, "indicators": members}
    axis["classes"] = [{"id": "all", "label_de": "alle", "label_en": "all"}]
    spec = qa.NeedSpec.from_dict({"id": "t", "source": "t", "min_population": 0, "axes": [axis]})
    assert axis_score(spec.axes[0], {"a": values}, ScoringContext()).tolist() == pytest.approx((-treated).tolist())


@pytest.mark.parametrize(("scale", "aggregation"), COMBINATIONS)
@settings(max_examples=5, deadline=None)
@given(a=WHOLE, b=WHOLE, directions=st.tuples(st.sampled_from([1, -1]), st.sampled_from([1, -1])))
def test_the_sign_of_data_and_direction_turned_together_changes_no_score(scale, aggregation, a, b, directions):
    plain = score(axis_of(scale, aggregation, directions), a, b)
    for turned in ("a", "b", "ab"):
        other = score(axis_of(scale, aggregation, directions, turned), a, b, turned)
        assert other.tolist() == pytest.approx(plain.tolist(), rel=1e-9, abs=1e-9)


# the mean of Mazziotta and Pareto adds to uneven profiles: the worst area of all may be too even for the highest score
MONOTONE = [pair for pair in COMBINATIONS if pair[1] != "mazziotta_pareto"]


@pytest.mark.parametrize(("scale", "aggregation"), MONOTONE)
@settings(max_examples=5, deadline=None)
@given(a=WHOLE, b=WHOLE, direction=st.sampled_from([1, -1]))
def test_an_area_worse_in_every_indicator_has_no_lower_score(scale, aggregation, a, b, direction):
    a = [*a[:-1], (min(a) if direction < 0 else max(a))]
    b = [*b[:-1], (min(b) if direction < 0 else max(b))]
    assume(len(set(a)) > 1)
    assume(len(set(b)) > 1)
    found = score(axis_of(scale, aggregation, (direction, direction)), a, b)
    assert found[-1] >= found[:-1].max() - 1e-9
