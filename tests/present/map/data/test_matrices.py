"""Two conditions of a rule as one map: the cells beyond both limits are the areas that meet both."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.errors import ReleaseError
from quartiersatlas.present.map.classes import map_columns
from quartiersatlas.present.map.matrices import PAIR_COLORS, shown_conditions
from quartiersatlas.present.map.payload import map_json

PEOPLE = 1000.0


@pytest.fixture(scope="module")
def make_data(make_city):
    """Return a function: counts of two or three groups, bases -> a city with their rates."""

    def data(counts, base=None, catalogue=None):
        n = len(next(iter(counts.values())))
        keys = pd.Index([f"{i:02d}" for i in range(n)], name="key")
        numbers = {name: np.array(values, dtype=float) for name, values in counts.items()}
        table = pd.DataFrame({**numbers, "base": base or [PEOPLE] * n, "residents": [PEOPLE] * n}, index=keys)
        options = {} if catalogue is None else {"catalogue": catalogue}
        return qa.add_rates(make_city(table, **options), {f"{name}_rate": (name, "base") for name in counts})

    return data


def released(data, rule, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # rules on context alone
        return qa.release(data, shortlist=qa.screen(data, rule), **options)


def page(release, lang="de"):
    return json.loads(map_json(release, lang))


def pair_of(content):
    return next((column for column in content["columns"] if column["id"] == "condition_matrix"), None)


def classes_on_the_page(content, drawn):
    """Return the two classes of each area as the page finds them: by limits, unless an area is named beside them."""
    pair = pair_of(content)
    values = {column["id"]: column["values"] for column in drawn(content)}
    found = {}
    for place, axis in zip(pair["matrix"], pair["axes"], strict=True):
        name = content["columns"][place]["id"]
        found[name] = [None if v is None else sum(v >= limit for limit in axis["breaks"]) for v in values[name]]
        for area, (value, moved) in axis["moved"].items():
            assert values[name][int(area)] == value
            found[name][int(area)] = moved
    return pd.DataFrame(found, index=content["areas"]["keys"]).astype(float)


def test_the_sample_city_has_the_areas_above_both_city_values_as_read_by_hand(sample, counts, pairs, drawn):
    content = page(sample.release)
    found = classes_on_the_page(content, drawn).dropna()
    above = {}
    for name in ("sgb2_rate", "child_poverty_u15"):
        x, n = (counts[column] for column in pairs[name])
        both = x.notna() & n.notna()
        above[name] = (x / n > x[both].sum() / n[both].sum())[found.index]
    assert list(found.columns) == list(above)
    assert found.gt(0).equals(pd.DataFrame(above))
    selected = sample.release.selected
    assert found.loc[selected.index[selected]].gt(0).all(axis=None)
    assert pair_of(content)["label"] == "Zwei Bedingungen: SGB-II-Quote und Kinderarmut (SGB II unter 15)"
    assert pair_of(content)["both"] == [4, 5, 7, 8]


def test_far_beyond_is_above_the_median_of_the_shown_values_beyond_the_limit(sample, drawn):
    found = classes_on_the_page(page(sample.release), drawn)
    for name, classes in found.items():
        values = sample.release.values[name]
        beyond = values[classes > 0]
        assert (classes[beyond.index] == 2).equals(beyond > np.percentile(beyond, 50, method="lower"))


counts_of_areas = st.lists(st.integers(0, 60), min_size=5, max_size=9)
protections = st.sampled_from(
    [
        qa.Protection(),
        qa.Protection(decimals=0),
        qa.Protection(min_count=1, protect_remainder=False, decimals=0),
        qa.Protection(round_base=5),
        qa.Protection(min_count=1, protect_remainder=False, round_base=10),
    ]
)
rules = st.sampled_from(
    [
        qa.above_city("a_rate", "b_rate"),
        qa.above_city("a_rate") & qa.worst_share("b_rate", 0.5),
        qa.worst_share("b_rate", 0.6) & qa.worst_share("a_rate", 0.5),
        qa.above_city("a_rate") | qa.above_city("b_rate"),
        qa.worst_share("a_rate", 0.3) | qa.above_city("b_rate"),
    ]
)


@settings(max_examples=15)
@given(counts_of_areas, st.randoms(use_true_random=False), protections, rules)
def test_the_picture_agrees_with_the_shortlist_in_every_small_city(make_data, drawn, first, random, protection, rule):
    second = [random.randint(0, 60) for _ in first]
    try:
        release = released(make_data({"a": first, "b": second}, [200.0] * len(first)), rule, protection=protection)
    except ReleaseError:
        assume(protection.round_base is None)  # rounding alone may leave too little open: then nothing leaves
        raise
    content = page(release)
    assume(pair_of(content) is not None)
    found = classes_on_the_page(content, drawn).dropna()
    told = found.index[release.assessed[found.index]]
    beyond = found.loc[told].gt(0)
    meets = beyond.any(axis=1) if "|" in str(rule) else beyond.all(axis=1)
    assert meets.equals(release.selected[told].rename(None))
    assert release.selected.drop(found.index).sum() == (release.selected.sum() - release.selected[told].sum())
    for row in release.reasons[release.reasons["key"].isin(found.index)].itertuples():
        assert found.loc[row.key, row.column] > 0


@settings(max_examples=12)
@given(counts_of_areas, st.randoms(use_true_random=False), st.sampled_from([0, 1]))
def test_with_a_third_condition_the_picture_holds_every_reason_of_the_first_two(
    make_data, drawn, first, random, decimals
):
    other = {name: [random.randint(0, 60) for _ in first] for name in "bc"}
    data = make_data({"a": first, **other}, [200.0] * len(first))
    release = released(data, qa.above_city("a_rate", "b_rate", "c_rate"), protection=qa.Protection(decimals=decimals))
    content = page(release)
    assume(pair_of(content) is not None)
    found = classes_on_the_page(content, drawn).dropna()
    for row in release.reasons.itertuples():
        if row.column in found and row.key in found.index:
            assert found.loc[row.key, row.column] > 0
    # nobody is shown beyond a limit who is not: rounding never turns the order around
    for name in found:
        exact = data.values[name][found.index]
        city = 100 * data.counts(name.removesuffix("_rate")).sum() / data.counts("base").sum()
        assert (exact[found[name] > 0] >= city - 1e-9).all()


def test_equal_to_the_rounded_limit_the_outcome_tells_the_side(make_data, drawn):
    # the city has 10.2 %; with no decimal an area of 10.4 % and one of 10.0 % are both written as 10
    data = make_data({"a": [104, 100, 100, 104], "b": [300, 300, 100, 100]})
    release = released(data, qa.above_city("a_rate", "b_rate"), protection=qa.Protection(decimals=0))
    assert release.values["a_rate"].tolist() == [10.0] * 4
    assert release.column("a_rate").city == 10.0
    assert release.selected.tolist() == [True, False, False, False]
    content = page(release)
    assert classes_on_the_page(content, drawn)["a_rate"].tolist() == [1, 0, 0, 0]
    axis = pair_of(content)["axes"][0]
    assert (axis["breaks"], axis["moved"]) == ([11.0], {"0": [10.0, 1]})
    assert axis["classes"] == ["bis 10\u202f%", "über 10\u202f%"]
    assert "gilt die Auswahl (Gebiete: 1)." in pair_of(content)["hint"]
    assert "gilt die Auswahl" not in pair_of(page(released(data, qa.above_city("a_rate", "b_rate"))))["hint"]


def test_an_area_that_is_not_selected_is_not_beyond_a_limit_its_rounded_value_reaches(make_data, drawn):
    # 25.4 % and 25.0 % are both written as 25: the first is among the highest half, the second is not
    data = make_data({"a": [300, 400, 100, 300], "b": [254, 400, 100, 250]})
    rule = qa.above_city("a_rate") & qa.worst_share("b_rate", 0.5)
    release = released(data, rule, protection=qa.Protection(decimals=0))
    assert release.selected.tolist() == [True, True, False, False]
    found = classes_on_the_page(page(release), drawn)
    assert found["a_rate"].tolist() == [1, 2, 0, 1]  # its first condition is met
    assert found["b_rate"].tolist() == [1, 2, 0, 0]


def test_where_one_condition_is_enough_an_area_that_is_not_selected_meets_neither(make_data, drawn):
    data = make_data({"a": [304, 100, 300, 100], "b": [100, 304, 300, 100]})
    rule = qa.worst_share("a_rate", 0.25) | qa.worst_share("b_rate", 0.25)
    release = released(data, rule, protection=qa.Protection(decimals=0))
    assert release.selected.tolist() == [True, True, False, False]
    found = classes_on_the_page(page(release), drawn)
    assert found["a_rate"].tolist() == [1, 0, 0, 0]
    assert found["b_rate"].tolist() == [0, 1, 0, 0]


def test_ties_at_the_top_leave_no_class_far_beyond(make_data):
    data = make_data({"a": [100, 100, 300, 300], "b": [100, 200, 300, 400]})
    pair = pair_of(page(released(data, qa.above_city("a_rate", "b_rate"))))
    assert pair["axes"][0]["classes"] == ["bis 20,0\u202f%", "über 20,0\u202f%"]
    assert pair["axes"][1]["classes"] == ["bis 25,0\u202f%", "über 25,0 bis 30,0\u202f%", "über 30,0\u202f%"]
    assert pair["schemes"]["class"]["colors"] == [
        *("#f6f3c0", "#c2c791", "#749648"),
        *("#6c7ec7", "#545872", "#283534"),
    ]
    assert pair["both"] == [4, 5]


def test_the_limit_of_a_share_is_the_lowest_value_selected_and_no_protected_one(make_city):
    # six of twelve: the sixth highest value is that of a small area, which shows no indicator
    keys = pd.Index([f"{i:02d}" for i in range(12)], name="key")
    table = pd.DataFrame(
        {
            "a": [400.0, 380, 360, 340, 320, 62, 200, 180, 160, 140, 120, 100],
            "b": [400.0] * 6 + [100.0] * 6,
            "base": [PEOPLE] * 5 + [205] + [PEOPLE] * 6,
            "residents": [PEOPLE] * 5 + [210] + [PEOPLE] * 6,
        },
        index=keys,
    )
    table.loc["05", "b"] = 80
    data = qa.add_rates(make_city(table), {"a_rate": ("a", "base"), "b_rate": ("b", "base")})
    shortlist = qa.screen(data, qa.worst_share("a_rate", 0.5) & qa.above_city("b_rate"))
    assert shortlist.keys == ["00", "01", "02", "03", "04", "05"]
    raw = shortlist.reasons["limit"].iloc[0]
    assert raw == pytest.approx(100 * 62 / 205)
    source = map_json(qa.release(data, shortlist=shortlist), "de")
    axis = pair_of(json.loads(source))["axes"][0]
    assert axis["breaks"][0] == 32.0
    assert axis["classes"][0] == "unter 32,0\u202f%"
    assert axis["head"] == "a_rate (Grenze: niedrigster ausgewählter Wert)"
    assert "30,2" not in source
    assert "30.2" not in source


@pytest.mark.parametrize(
    "rule",
    [
        qa.above_city("a_rate"),
        qa.above_city("a_rate") & qa.worst_share("a_rate", 0.2),
        qa.above_city("a_rate") & qa.above_city("c_rate"),
    ],
    ids=["one condition", "one column twice", "a column that does not leave"],
)
def test_less_than_two_conditions_on_columns_of_the_map_make_no_map_of_two(make_data, rule):
    counts = {name: [100, 200, 300, 400] for name in "abc"}
    release = released(make_data(counts), rule, columns=["a_rate", "b_rate"])
    assert pair_of(page(release)) is None


def test_of_two_conditions_on_one_column_the_first_is_shown(make_data):
    data = make_data({"a": [100 + 10 * i for i in range(20)], "b": [100 + 5 * i for i in range(20)]})
    rule = qa.above_city("a_rate") & qa.worst_share("a_rate", 0.25) & qa.above_city("b_rate")
    release = released(data, rule)
    assert release.selected.any()
    first, second = shown_conditions(release, map_columns(release))
    assert [(c.column.id, c.where) for c in (first, second)] == [("a_rate", "city"), ("b_rate", "city")]
    assert first.limit == release.column("a_rate").city


def test_without_a_rule_there_is_no_map_of_two(make_data):
    assert pair_of(page(qa.release(make_data({"a": [100, 200], "b": [100, 200]})))) is None


def test_conditions_on_scores_and_classes_are_left_out(sample):
    kinds = [(c.where, c.column.id) for c in shown_conditions(sample.release, map_columns(sample.release))]
    assert kinds == [("city", "sgb2_rate"), ("city", "child_poverty_u15")]


def test_a_share_nobody_is_selected_by_has_no_limit_to_show(make_data):
    data = make_data({"a": [100, 100, 300, 300], "b": [300, 300, 100, 100]})
    release = released(data, qa.above_city("a_rate") & qa.worst_share("b_rate", 0.5))
    assert release.selected.sum() == 0
    assert pair_of(page(release)) is None


def test_a_rule_on_context_alone_is_shown_without_a_word_of_need(make_data):
    catalogue = qa.Catalogue.builtin()
    for name in ("a_rate", "b_rate"):
        words = {"label_de": f"Anteil {name[0]}", "label_en": f"Share {name[0]}"}
        catalogue = catalogue.add(qa.Indicator(id=name, role="context", **words))
    data = make_data({"a": [100, 200, 300, 400], "b": [100, 200, 300, 400]}, catalogue=catalogue)
    release = released(data, qa.above_city("a_rate", "b_rate"))
    assert release.context_only
    for lang, title, words in (
        ("de", "Zwei Bedingungen: Anteil a und Anteil b", ("bedarf", "bedürf", "belast")),
        ("en", "Two conditions: Share a and Share b", ("need", "burden", "depriv")),
    ):
        pair = pair_of(page(release, lang))
        assert pair["label"] == title
        assert not any(word in json.dumps(pair, ensure_ascii=False).lower() for word in words)
    reddish = [c for row in PAIR_COLORS for c in row if int(c[1:3], 16) > 1.1 * max(int(c[3:5], 16), int(c[5:7], 16))]
    assert reddish == []
