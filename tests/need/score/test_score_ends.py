"""Scores and classes of rounded counts lie between their bounds, whatever the true counts are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.need.score.score_ends import NotFollowedError, class_ends, score_ends
from quartiersatlas.need.score.scores import ScoringContext, axis_score, class_numbers
from quartiersatlas.need.spec.records import NeedAxis, NeedClass, NeedGroup, NeedIndicator
from quartiersatlas.need.spec.steps import Breaks, Normalise

NAMES = {"id": "need", "label_de": "Bedarf", "label_en": "need"}
A_CLASS = NeedClass(id="x", label_de="Klasse", label_en="class")
CLASSES = {
    "fixed": (Breaks(), (-0.5, 0.5)),
    "sd": (Breaks(method="sd"), (-0.5, 0.7)),
    "quantile": (Breaks(method="quantile"), (0.3, 0.8)),
    "rank_share": (Breaks(method="rank_share"), (0.3, 0.8)),
}
SCALES = [
    (Normalise(), "sum"),
    (Normalise(ddof=1, digits=1), "arithmetic"),
    (Normalise(reference="city"), "sum"),
    (Normalise(weighting="population"), "sum"),
    (Normalise(by="half"), "sum"),
    (Normalise(centre=100.0, spread=10.0), "geometric"),
    (Normalise(method="minmax", low=1.0, high=10.0), "harmonic"),
    (Normalise(method="minmax"), "product"),
    (Normalise(method="maximum"), "sum"),
    (Normalise(method="percentile"), "sum"),
    (Normalise(method="rank", ties="max"), "sum"),
    (Normalise(method="exponential"), "sum"),
    (Normalise(method="above"), "count"),
    (Normalise(method="above", reference="city"), "count"),
    (Normalise(method="above", reference="quantile", q=0.6), "count"),
    (Normalise(method="none"), "sum"),
]


def an_axis(rule, aggregate, breaks, standardise):
    method, uppers = CLASSES[breaks]
    classes = [
        *(NeedClass(id=str(k), label_de="K", label_en="C", upper=u) for k, u in enumerate(uppers)),
        NeedClass(id="last", label_de="K", label_en="C"),
    ]
    low = NeedIndicator(id="b", direction=1 if rule.method == "maximum" else -1)
    members = (NeedIndicator(id="a", weight=1.0 if aggregate == "count" else 2.0), low)
    if rule.method == "z" and aggregate == "sum" and rule == Normalise():  # a domain in it
        members = (NeedGroup(id="g", members=members), NeedIndicator(id="c"))
    return NeedAxis(
        **NAMES, normalise=rule, aggregate=aggregate, members=members, breaks=method, classes=tuple(classes),
        standardise=standardise,
    )  # fmt: skip


@pytest.mark.parametrize(("rule", "aggregate"), SCALES, ids=lambda part: getattr(part, "method", part))
@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), breaks=st.sampled_from([*CLASSES]), again=st.booleans())
def test_true_counts_give_scores_and_classes_between_the_bounds(rule, aggregate, seed, breaks, again):
    random = np.random.default_rng(seed)
    again = again or (breaks == "fixed" and rule.method == "z")  # such a sum has no scale
    axis = an_axis(rule, aggregate, breaks, Normalise() if again else Normalise(method="none"))
    n, off = 6, int(random.integers(1, 4))
    people = random.integers(50, 90, n)
    seen = {name: random.integers(5, 45, n) for name in "abc"}
    # any of the true counts, most of them at an end
    shifts = random.choice([-off, off, 0], size=(40, 3, n), p=[0.45, 0.45, 0.1])
    true = {name: seen[name] + shifts[:, k] for k, name in enumerate("abc")}
    units = {"half": np.arange(n) % 2}
    residents = people.astype(float)
    city = {name: 100 * part.sum(axis=-1, keepdims=True) / people.sum() for name, part in true.items()}
    context = ScoringContext(residents, city, strict=False, units=units)
    exact = axis_score(axis, {name: 100 * part / people for name, part in true.items()}, context)
    columns = {name: (100 * (part - off) / people, 100 * (part + off) / people) for name, part in seen.items()}
    cities = {
        name: tuple(np.asarray(100 * (part + by).sum() / people.sum()) for by in (-off, off))
        for name, part in seen.items()
    }
    try:
        low, high = score_ends(axis, columns, cities, ScoringContext(residents, units=units))
    except NotFollowedError:
        return  # nothing is said then
    settled = np.nan_to_num(exact, nan=0.0) if np.isnan(exact).any() else exact
    inside = np.isnan(exact) | ((settled >= low - 1e-9) & (settled <= high + 1e-9))
    assert inside.all()
    least, most = class_ends(axis, (low, high))
    numbers = class_numbers(exact, axis)
    assert ((numbers < 0) | ((numbers >= least) & (numbers <= most))).all()


@pytest.mark.parametrize(("rule", "aggregate"), SCALES[:6] + SCALES[9:11])
def test_bounds_of_exact_values_are_the_scores(rule, aggregate):
    values = {"a": np.array([3.0, 9, 4, 7, 1, 8]), "b": np.array([2.0, 2, 5, 9, 1, 4]), "c": np.arange(6.0)}
    axis = an_axis(rule, aggregate, "sd", Normalise())
    context = ScoringContext(np.arange(10.0, 16), dict.fromkeys("abc", 4.0), units={"half": np.arange(6) % 2})
    ends = score_ends(axis, {k: (v, v) for k, v in values.items()}, {k: (np.asarray(4.0),) * 2 for k in "abc"}, context)
    exact = axis_score(axis, values, context)
    assert np.allclose(ends[0], exact)
    assert np.allclose(ends[1], exact)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"aggregate": "copeland"}, "copeland does not grow"),
        ({"members": (NeedIndicator(id="a", transform="winsorise"),)}, "which values are pulled in"),
        ({"normalise": Normalise(method="percentile", among="positive")}, "how many values are above 0"),
    ],
)
def test_what_has_no_bounds_is_said(changed, message):
    given_ = {
        "id": "need",
        "label_de": "Bedarf",
        "label_en": "need",
        "normalise": Normalise(),
        "members": (NeedIndicator(id="a"),),
        "classes": (A_CLASS,),
    }
    axis = NeedAxis(**{**given_, **changed})
    with pytest.raises(NotFollowedError, match=message):
        score_ends(axis, {"a": (np.arange(4.0), np.arange(4.0) + 1)}, {}, ScoringContext())


SPEC = """
id = "two"
source = "test"
min_population = 0
[[axes]]
id = "status"
label_de = "Status"
label_en = "status"
normalise = { method = "z" }
breaks = { method = "sd" }
[[axes.classes]]
id = "low"
label_de = "gering"
label_en = "low"
upper = -0.5
[[axes.classes]]
id = "middle"
label_de = "mittel"
label_en = "middle"
upper = 1.0
[[axes.classes]]
id = "high"
label_de = "hoch"
label_en = "high"
[[axes.indicators]]
id = "share"
[[axes.indicators]]
id = "other"
"""


def test_a_rule_on_an_index_of_rounded_counts_is_open_near_its_limits(joined, tmp_path):
    path = tmp_path / "two.toml"
    path.write_text(SPEC, encoding="utf-8")
    poor = [100.0, 150, 200, 250, 300, 350, 400, 405, 450, 500, 550, 600, 650, 700, 750, 800]
    columns = {"poor": poor, "old": poor[::-1], "residents": [1000.0] * 16}
    data = qa.add_rates(
        joined(columns, rounded={"poor": 5}), {"share": ("poor", "residents"), "other": ("old", "residents")}
    )
    plain = qa.add_rates(joined(columns), {"share": ("poor", "residents"), "other": ("old", "residents")})
    spec = qa.NeedSpec.from_toml(path)
    need = qa.need_index(data, spec)
    rules = [qa.worst_n("need", 3), qa.above("need", than="mean", sd=0.5), qa.in_class("status", "middle", "high")]
    for rule in rules:
        found, exact = qa.screen(data, rule, need=need), qa.screen(plain, rule, need=qa.need_index(plain, spec))
        assert exact.assessed.all()
        assert not found.assessed.all()
        assert found.assessed.any()
        known = found.assessed
        assert (found.selected[known] == exact.selected[known]).all()
        assert set(found.missing()["why_not"]) == {"precision"}
        exactly = replace(rule, printed="exact")
        assert qa.screen(data, exactly, need=need).selected.equals(exact.selected)


def test_an_index_that_cannot_be_followed_is_said_to_be_taken_as_computed(joined, tmp_path):
    path = tmp_path / "two.toml"
    path.write_text(SPEC.replace('id = "status"\n', 'id = "status"\naggregate = "copeland"\n'), encoding="utf-8")
    columns = {
        "poor": [100.0 + 5 * k for k in range(16)],
        "old": [50.0 + k for k in range(16)],
        "residents": [500.0] * 16,
    }
    data = qa.add_rates(
        joined(columns, rounded={"poor": 5}), {"share": ("poor", "residents"), "other": ("old", "residents")}
    )
    found = qa.screen(data, qa.worst_n("need", 3), need=qa.need_index(data, qa.NeedSpec.from_toml(path)))
    assert found.assessed.all()
    assert "warning_rule_rounded_index" in [message.name for message in found.warnings]
