"""What a reader of a shortlist has to know: what is said, and where nothing is."""

from __future__ import annotations

import json
import re
import warnings

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa

N = 20


@pytest.fixture
def data(joined):
    """Give 20 areas with counts, a ready-made share, a text and a context indicator."""
    k = np.arange(N)
    values = {
        "poor": 100.0 + 10 * k,
        "mh": 200.0 + 5 * k[::-1],
        "work": 700.0 - 4 * k,
        "people": np.full(N, 1000.0),
        "residents": np.full(N, 1000.0),
        "printed": 20.0 + k / 2,
        "score": k.astype(float),
        "tied": np.where(k < 13, 0.0, k),
    }
    data = joined(values, units={"printed": "percent"})
    pairs = {"child_poverty_u15": ("poor", "residents"), "mh_share": ("mh", "residents")}
    return qa.add_rates(data, {**pairs, "employment_rate": ("work", "residents"), "poverty": ("poor", "people")})


def said(data, rule, **options):
    """Return what is said by name, whether aloud or not."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        messages = qa.screen(data, rule, **options).warnings
    aloud = [str(one.message) for one in caught]
    return {message.name: message for message in messages}, aloud


PLAIN = [
    qa.above_city("child_poverty_u15"),
    qa.worse_than_city("employment_rate"),
    qa.below("employment_rate", than="city"),
    qa.above("child_poverty_u15", 24),
    qa.worst_share("child_poverty_u15", 0.2),
    qa.at_least("residents", 1000) & qa.above("child_poverty_u15", 24),
    qa.above_city("mh_share") & qa.above("child_poverty_u15", 14.4),
    qa.above("printed", 26.3),
    qa.above("child_poverty_u15", than="quantile", q=0.8),
]


@pytest.mark.parametrize("rule", PLAIN, ids=str)
def test_a_plain_rule_is_answered_without_a_warning(data, rule):
    assert said(data, rule) == ({}, [])


@pytest.mark.parametrize(
    ("rule", "name", "words"),
    [
        (qa.above_city("mh_share"), "warning_rule_context", "context indicators alone (mh_share)"),
        (qa.worst_n("poor", 3), "warning_rule_counts", "compares counts (poor)"),
        (qa.above("poor", than="mean"), "warning_rule_counts", "compares counts (poor)"),
        (qa.above_city("employment_rate"), "warning_rule_direction", 'worse_than_city("employment_rate")'),
        (qa.below("child_poverty_u15", than="city"), "warning_rule_direction", 'worse_than_city("child_poverty_u15")'),
        (qa.above("child_poverty_u15", 0.24), "warning_rule_fraction", "Perhaps 24% was meant"),
        (qa.above("printed", 0.5), "warning_rule_fraction", "Perhaps 50% was meant"),
        (qa.above("child_poverty_u15", 240), "warning_rule_beyond", "outside 0 to 100%"),
        (qa.above("child_poverty_u15", 60, factor=2), "warning_rule_beyond", "outside 0 to 100%"),
    ],
    ids=str,
)
def test_a_rule_that_is_probably_not_meant_is_warned_of_aloud(data, rule, name, words):
    messages, aloud = said(data, rule)
    assert name in messages
    assert any(words in one for one in aloud)
    assert words in str(messages[name])


@pytest.mark.parametrize(
    ("rule", "name", "words"),
    [
        (qa.above("child_poverty_u15", 99), "warning_rule_none", "selects no area"),
        (qa.above("child_poverty_u15", 1), "warning_rule_all", "selects all areas"),
        (qa.above("child_poverty_u15", 12), "warning_rule_most", "85% of the residents"),
        (
            qa.above("printed", 24),
            "warning_rule_precision",
            "printed too coarsely to tell on which side of the limit it lies (areas: 1)",
        ),
        (qa.worst_share("tied", 0.4), "warning_rule_tie_out", "13 areas are tied; none of them is in, 8 were wanted"),
    ],
    ids=str,
)
def test_what_a_reader_has_to_know_stands_in_the_shortlist(data, rule, name, words):
    messages, aloud = said(data, rule)
    assert name in messages
    assert words in str(messages[name])
    assert aloud == []


def test_a_tie_that_fits_is_in_and_said(joined):
    values = [9.0, 8, 7, 7, 1, 2, 3, 4, 5, 6, 0, 0.5, 0.6, 0.7, 0.8, 0.9]
    data = joined({"x": values, "residents": [10.0] * 16})
    messages, _ = said(data, qa.worst_n("x", 3))
    assert (
        str(messages["warning_rule_tie_in"])
        == "At the limit 7 of “x” 2 areas are tied; all of them are in, 3 were wanted."
    )
    assert said(data, qa.worst_n("x", 4)) == ({}, [])


@pytest.mark.parametrize(("missing", "there"), [(2, False), (3, True)])
def test_more_than_a_tenth_unknown_is_said_with_its_cause(joined, missing, there):
    x = [np.nan] * missing + [5.0] * (N - missing)
    data = joined({"x": x, "y": np.arange(float(N)), "residents": [10.0] * N})
    messages, _ = said(data, qa.above("x", 3) & qa.above("y", -1))
    assert ("warning_rule_unknown" in messages) == there
    if there:
        assert str(messages["warning_rule_unknown"]) == "3 of 20 areas cannot be assessed, most often because of “x”."


def in_towns(grid, sizes, **columns):
    """Return a row of areas in towns of these sizes."""
    names = [town for town, size in zip("ABCDEF", sizes, strict=False) for _ in range(size)]
    areas = grid(len(names)).assign(gemeinde=names)
    table = {"poor": 10.0 + np.arange(len(names)), "residents": [100.0] * len(names), **columns}
    data = qa.join(areas, pd.DataFrame(table, index=areas.index))
    return qa.add_rates(data, {"poverty": ("poor", "residents")})


def test_several_municipalities_together_are_said_unless_the_rule_looks_inside(grid):
    data = in_towns(grid, [9, 9])
    messages, aloud = said(data, qa.above_city("poverty"))
    assert messages["warning_rule_several"].values == {"level": "gemeinde", "count": 2}
    assert len(aloud) == 1
    assert "warning_rule_several" not in said(data, qa.above("poverty", than="gemeinde"))[0]
    assert "warning_rule_several" not in said(in_towns(grid, [18]), qa.above_city("poverty"))[0]


def test_the_worst_of_a_few_areas_is_said(grid):
    data = in_towns(grid, [16, 4])
    messages, _ = said(data, qa.worst_share("poverty", 0.3, by="gemeinde"))
    assert messages["warning_rule_small_groups"].values["count"] == 1
    assert messages["warning_small_town"].values["count"] == 4
    assert said(data, qa.worst_share("poverty", 0.3))[0] == {}


@pytest.mark.parametrize("n", [2, 3, 14, 15])
def test_three_to_fourteen_areas_are_a_small_town(joined, n):
    data = joined({"poor": np.arange(1.0, n + 1), "residents": [100.0] * n})
    messages, _ = said(data, qa.worst_n("poor", 1))
    assert ("warning_small_town" in messages) == (3 <= n <= 14)


def test_a_column_whose_unit_alone_is_said_is_not_called_context(joined):
    data = joined(
        {"income": [20.0, 30, 40], "residents": [10.0] * 3}, units={"income": "EUR"}, kinds={"income": "mean"}
    )
    assert "warning_rule_context" not in said(data, qa.below("income", 25))[0]
    declared = qa.Indicator(id="income", label_en="Income", kind="mean", unit="EUR", role="context")
    catalogue = qa.Catalogue.builtin().add(declared)
    data = joined({"income": [20.0, 30, 40], "residents": [10.0] * 3}, catalogue=catalogue)
    assert "warning_rule_context" in said(data, qa.below("income", 25))[0]


def test_what_nobody_describes_is_asked_for_and_the_advice_helps(joined):
    values = {"income": [20000.0 + 500 * i for i in range(20)], "residents": [1000.0] * 20}
    rule = qa.worst_n("income", 3, highest=False)
    with pytest.warns(UserWarning, match="Nothing says what “income” is") as caught:
        found = qa.screen(joined(values), rule)
    assert [message.name for message in found.warnings] == ["warning_rule_no_kind"]
    advice = re.search(r"(kinds=.*?}), (units=.*?})", str(caught[0].message))
    said = {part.partition("=")[0]: json.loads(part.partition("=")[2]) for part in advice.groups()}
    again = qa.screen(joined(values, **said), rule)  # without a warning
    assert again.keys == found.keys == ["a0", "b0", "c0"]
