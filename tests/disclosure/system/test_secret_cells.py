"""Cells that are secret in the source, or missing: what follows is protected, what nobody has hides nobody."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from towns import frame, with_counts

import quartiersatlas as qa
from quartiersatlas.disclosure import suppression

RATE = {"a_share": ("a", "residents")}
OPEN = {"min_population": 0, "protect_remainder": False}


@pytest.fixture
def delivered(grid):
    """Join a table as it comes, with signs; the rate of a is added."""

    def build(values, rows=1, parents=None, absent=(), totals=None, **options):
        n = len(next(iter(values.values())))
        areas = grid(n // rows, rows)
        for level, names in (parents or {}).items():
            areas[level] = names
        cells = pd.DataFrame(values, index=areas.index).astype(str).drop(index=list(absent))
        city = {}
        if totals:
            city["references"] = {"city": qa.Reference(values=totals, source="Office")}
        table = qa.read_table(cells.rename_axis("key").reset_index(), key="key", **options)
        return qa.add_rates(qa.join(areas, table, population="residents", missing="report", **city), RATE)

    return build


def states(data, **options):
    release = qa.release(data, protection=qa.Protection(**{**OPEN, **options}))
    return release.status["a_share"].tolist(), release


def test_a_secret_cell_that_a_sum_tells_is_protected_like_any_other_count():
    """The frame of twelve areas: 02/a is secret in the source, but all less b and c is 2."""
    release = frame("T4").release()
    table = release.audit().table.set_index(["column", "key"])
    withheld = release.values[[f"{column}_share_numerator" for column in ("a", "b", "c", "all")]].isna()
    assert withheld.to_numpy().sum() == 4
    low, high = table.loc[("a", "02"), ["low", "high"]]
    assert low <= 2 <= high
    assert high - low >= 3


@pytest.mark.parametrize("variant", ["T1", "T2", "T3", "T4"])
def test_the_cheapest_company_by_given_costs_and_what_it_leaves_open(variant, monkeypatch):
    """With 1 for a cell, .5 more for a whole and .004 for a person: 02 and 06 hide a and c, and 9 persons are in 02."""

    def costs(_data, table, _protection):
        return 1 + 0.5 * (np.array(table.columns) == "all") + 0.004 * np.nan_to_num(table.x)

    monkeypatch.setattr(suppression, "_costs", costs)
    release = frame(variant).release()
    columns = {f"{column}_share_numerator": column for column in ("a", "b", "c", "all")}
    hidden = release.values[list(columns)].isna().rename(columns=columns).stack()  # noqa: PD013 - pairs of a key and a column
    assert set(hidden.index[hidden]) == {("02", "a"), ("02", "c"), ("06", "a"), ("06", "c")}
    if variant != "T4":  # there the certificate promises no more than what the mark of the source leaves open
        row = release.audit().table.set_index(["column", "key"]).loc[("a", "02")]
        assert (row["low"], row["high"]) == (1, 8)


def test_what_a_cell_costs_does_not_tell_its_count(monkeypatch):
    """Else who knows the method would learn of counts by what was withheld beside them."""
    seen, plain = [], suppression.protect
    monkeypatch.setattr(suppression, "protect", lambda task, *rest: (seen.append(task.cost), plain(task, *rest))[1])
    one = frame("T1")
    one.release()
    other = one.known.counts.copy()
    other[["a", "b", "c"]] = other[["a", "b", "c"]].to_numpy()[::-1]
    other["all"] = other[["a", "b", "c"]].sum(axis=1)
    with_counts(one, other).release()
    assert (seen[0] == seen[-1]).all()


@pytest.mark.parametrize("unit", [["A", "A", "A", "B", "B"], None])
def test_two_secret_cells_alone_are_no_company_of_each_other(delivered, unit):
    """With the minimum of 3 the two are 1 or 2 each: their sum 2 or 4 tells both. A third cell has to help."""
    values = {"a": [".", ".", 40, 50, 60], "residents": [1000] * 5}
    found, release = states(delivered(values, parents={"bezirk": unit} if unit else None), m_source=3)
    assert found[:2] == ["suppressed", "suppressed"]
    assert found.count("suppressed") == 3
    assert unit is None or found[2] == "suppressed"
    assert release.audit().table.set_index("key").loc[["a0", "b0"], "verdict"].eq("marked").all()


def test_one_missing_cell_withholds_nothing(delivered):
    found, _ = states(delivered({"a": ["...", 40, 50, 60], "residents": [1000] * 4}))
    assert found == ["missing", "value", "value", "value"]


def test_a_missing_cell_keeps_no_company(delivered):
    """Somebody else may have it: the two persons need a partner that nobody has."""
    found, _ = states(delivered({"a": [2, "...", 50, 60], "residents": [1000] * 4}))
    assert found[:2] == ["suppressed", "missing"]
    assert found.count("suppressed") == 2


@pytest.mark.parametrize(
    ("total", "hidden"),
    [
        (152, True),  # the missing one is 2
        (150, False),  # or nobody: a true zero
        (190, False),  # 40 are no secret
    ],
)
def test_an_absent_row_hides_nobody_unless_a_known_total_gives_a_small_count_away(delivered, total, hidden):
    values = {"a": [0, 40, 50, 60], "residents": [1000] * 4}
    data = delivered(values, absent=["a0"], totals={"a": float(total)})
    found, _ = states(data)
    assert found[0] in (("missing", "suppressed") if hidden else ("missing",))
    assert ("suppressed" in found[1:]) == hidden
    without, _ = states(delivered(values, absent=["a0"]))
    assert without == ["missing", "value", "value", "value"]


def test_two_missing_cells_of_two_persons_are_not_left_to_a_reader(delivered):
    """By a published total they are 0, 1 or 2 each, and the residents are known: a third cell opens them."""
    values = {"a": ["...", "...", 50, 60], "residents": [1000] * 4}
    data = delivered(values, totals={"a": 112.0})
    found, _ = states(data)
    assert found[:2] == ["missing", "missing"]
    assert found[2:].count("suppressed") >= 1


@pytest.mark.parametrize(("mark", "low", "high"), [("<3", 0, 2), ("1-4", 1, 4), ("<5", 0, 4)])
def test_every_value_that_a_mark_allows_stays_possible(delivered, mark, low, high):
    """Of two cells with such a mark, alone in the city, any sum but the middle one narrows both down."""
    data = delivered({"a": [mark, mark, 40, 50, 60], "residents": [1000] * 5})
    assert data.bounds.loc[("a0", "a"), ["lower", "upper"]].tolist() in ([low, high], [max(low, 1), high])
    found, release = states(data)
    assert found[:2] == ["suppressed", "suppressed"]
    assert found.count("suppressed") >= 3
    verdicts = release.audit().table.set_index("key").loc[["a0", "b0"]]
    assert verdicts["verdict"].eq("marked").all()


def test_a_large_secret_cell_is_its_partners_business_too(delivered):
    """One secret cell: whoever has the total has it. With one partner, it is as open as that."""
    found, _ = states(delivered({"a": [".", 40, 50, 60], "residents": [1000] * 4}))
    assert found[0] == "suppressed"
    assert found.count("suppressed") == 2


def test_uninhabited_areas_and_what_does_not_apply_are_no_secrets(delivered):
    values = {"a": ["x", 0, 50, 60], "residents": [1000, 0, 1000, 1000]}
    found, _ = states(delivered(values, symbols={"x": "not_applicable"}))
    assert found[0] == "not_applicable"
    assert "suppressed" not in found


def test_without_secondary_protection_secret_cells_get_no_partners(delivered):
    found, _ = states(delivered({"a": [".", ".", 40, 50], "residents": [1000] * 4}), secondary=False)
    assert found == ["suppressed", "suppressed", "value", "value"]


def test_a_total_that_came_with_an_earlier_release_holds_in_later_ones(delivered):
    """152 in all: who has read it then knows that the area without a row has 2, though nobody says so now."""
    values = {"a": [0, 40, 50, 60], "b": [20, 30, 40, 50], "residents": [1000] * 4}
    options = {"title": "T", "source": "S", "as_of": "2024", "comment": "K"}
    options["protection"] = qa.Protection(**OPEN, plan="leaving")
    book = qa.Ledger()
    words = {"numerator_de": "A", "numerator_en": "A", "denominator_de": "B", "denominator_en": "B"}
    meant = [qa.Indicator(id=f"{name}_share", label_de=name, label_en=name, unit="percent", **words) for name in "ab"]
    first = qa.add_rates(delivered(values, absent=["a0"], totals={"a": 152.0}), {"b_share": ("b", "residents")})
    qa.release(first.with_indicators(*meant), columns=["b_share"], ledger=book, **options)
    assert book.entries[0].totals == {"a": {"": 152.0}}
    later = delivered(values, absent=["a0"]).with_indicators(*meant)
    assert "suppressed" in qa.release(later, columns=["a_share"], ledger=book, **options).status["a_share"].tolist()
    alone = qa.release(later, columns=["a_share"], ledger=qa.Ledger(), **options)
    assert "suppressed" not in alone.status["a_share"].tolist()
