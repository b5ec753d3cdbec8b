"""Ordinal segregation: published tables, tables by hand and what must hold for every city."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from quartiersatlas.errors import CountError
from quartiersatlas.segregation.counts import Composition, Places, as_composition
from quartiersatlas.segregation.indices.ordered import (
    _ordinal_absolute,
    _ordinal_information_theory,
    _ordinal_square_root,
    _ordinal_variation_ratio,
    ordinal_absolute,
    ordinal_information_theory,
    ordinal_square_root,
    ordinal_variation_ratio,
)

INDICES = [ordinal_information_theory, ordinal_variation_ratio, ordinal_square_root, ordinal_absolute]
STRICT = INDICES[:3]  # the fourth does not see every difference
VARIATION = {
    ordinal_information_theory: lambda c: -sum(p * math.log2(p) for p in (c, 1 - c) if p > 0),
    ordinal_variation_ratio: lambda c: 4 * c * (1 - c),
    ordinal_square_root: lambda c: 2 * math.sqrt(c * (1 - c)),
    ordinal_absolute: lambda c: 1 - abs(2 * c - 1),
}

tables = st.lists(st.lists(st.integers(0, 60), min_size=4, max_size=4), min_size=2, max_size=12).map(np.array)


def peopled(table):
    table = table[table.sum(axis=1) > 0]
    assume(len(table) > 1)
    assume((table.sum(axis=0) > 0).sum() > 1)
    return table


def by_hand(index, table):
    """Sum area by area and border by border, straight from the definition."""
    f = VARIATION[index]

    def variation(row):
        borders = range(1, len(row))
        return sum(f(sum(row[:m]) / sum(row)) for m in borders) / len(borders)

    city = table.sum(axis=0).tolist()
    v = variation(city)
    return sum(sum(row) / (sum(city) * v) * (v - variation(row)) for row in table.tolist() if sum(row))


# Example of the function ordinalseg in the R package OasisR (all four indices): .75 and .625
@pytest.mark.parametrize("index", INDICES)
def test_the_index_is_as_published_for_the_example_of_oasisr(index):
    first = [[0, 0, 30], [0, 20, 10], [10, 20, 0], [30, 0, 0]]
    second = [[0, 30, 0], [0, 10, 20], [10, 0, 20], [30, 0, 0]]
    assert index(first) == pytest.approx(0.75, abs=1e-12)
    assert index(second) == pytest.approx(0.625, abs=1e-12)


def test_two_areas_of_three_classes_worked_out_by_hand():
    table = [[6, 2, 0], [2, 2, 4]]
    # cumulated shares: area 1 (.75, 1), area 2 (.25, .5), city (.5, .75)
    # 4 c (1-c): area 1 .75 + 0, area 2 .75 + 1, city 1 + .75; mean of the areas 1.25 -> 1 - 1.25/1.75 = 2/7
    assert ordinal_variation_ratio(table) == pytest.approx(2 / 7, abs=1e-12)
    # 1 - |2c-1|: area 1 .5 + 0, area 2 .5 + 1, city 1 + .5; mean of the areas 1 -> 1 - 1/1.5 = 1/3
    assert ordinal_absolute(table) == pytest.approx(1 / 3, abs=1e-12)
    # entropy of .25 is 2 - .75 log2 3 = .811278: area 1 .811278 + 0, area 2 .811278 + 1, city 1 + .811278;
    # mean of the areas 1.311278 -> 1 - 1.311278/1.811278 = .276048
    assert ordinal_information_theory(table) == pytest.approx(0.276048, abs=1e-6)
    # 2 sqrt(c (1-c)) of .25 is sqrt(3)/2 = .866025: mean of the areas 1.366025, city 1.866025 -> .267949
    assert ordinal_square_root(table) == pytest.approx(2 - math.sqrt(3), abs=1e-12)


@pytest.mark.parametrize("index", INDICES)
@given(table=tables)
def test_the_index_is_the_sum_over_areas_and_borders(index, table):
    table = peopled(table)
    assert index(table) == pytest.approx(by_hand(index, table), abs=1e-9)


@given(tables)
def test_with_two_classes_it_is_theils_h_and_the_correlation_ratio(table):
    table = peopled(table)[:, :2]
    assume((table.sum(axis=1) > 0).all())
    assume((table.sum(axis=0) > 0).all())
    t, x = table.sum(axis=1), table[:, 0]
    total, p = t.sum(), x.sum() / t.sum()

    def entropy(q):
        return -sum(s * math.log(s) for s in (q, 1 - q) if s > 0)

    h = sum(n * (entropy(p) - entropy(k / n)) for n, k in zip(t, x, strict=True)) / (total * entropy(p))
    eta = sum(n * (k / n - p) ** 2 for n, k in zip(t, x, strict=True)) / (total * p * (1 - p))
    assert ordinal_information_theory(table) == pytest.approx(h, abs=1e-9)
    assert ordinal_variation_ratio(table) == pytest.approx(eta, abs=1e-9)


@pytest.mark.parametrize("index", INDICES)
@given(table=tables)
def test_the_index_lies_between_0_and_1_and_the_direction_of_the_classes_does_not_matter(index, table):
    table = peopled(table)
    assert -1e-9 <= index(table) <= 1 + 1e-9
    assert index(table[:, ::-1]) == pytest.approx(index(table), abs=1e-9)


@pytest.mark.parametrize("index", INDICES)
@given(table=tables)
def test_splitting_an_area_evenly_and_the_order_of_areas_change_nothing(index, table):
    table = peopled(table)
    assert index(np.repeat(table, 2, axis=0)[::-1] / 2) == pytest.approx(index(table), abs=1e-9)


@pytest.mark.parametrize("index", INDICES)
@given(table=tables)
def test_merging_areas_never_raises_the_index(index, table):
    table = peopled(table)
    merged = np.vstack([table[:2].sum(axis=0), table[2:]])
    assume(len(merged) > 1)
    assert index(merged) <= index(table) + 1e-9


@pytest.mark.parametrize("index", INDICES)
@given(table=tables)
def test_an_empty_class_at_an_end_changes_nothing(index, table):
    table = peopled(table)
    empty = np.zeros((len(table), 1))
    assert index(np.hstack([empty, table, empty, empty])) == index(table)


@pytest.mark.parametrize("index", STRICT)
def test_an_empty_class_within_the_order_doubles_its_border(index):
    table = np.array([[6, 2, 0], [2, 2, 4]])
    spread = np.insert(table, 1, 0, axis=1)
    assert index(spread) == pytest.approx(by_hand(index, spread), abs=1e-12)
    assert index(spread) != pytest.approx(index(table), abs=1e-3)


@pytest.mark.parametrize("index", STRICT)
def test_the_order_of_the_classes_matters(index):
    table = np.array([[30, 20, 10, 0], [0, 10, 20, 30]])
    assert index(table) > index(table[:, [1, 0, 3, 2]]) + 0.01
    assert index(table) > index(table[:, [3, 1, 2, 0]]) + 0.01


@pytest.mark.parametrize("index", INDICES)
def test_one_class_per_area_gives_1_and_the_citys_mix_everywhere_0(index):
    assert index([[9, 0, 0], [0, 0, 4], [0, 7, 0], [0, 5, 0]]) == pytest.approx(1, abs=1e-12)
    assert index([[1, 2, 3], [10, 20, 30], [5, 10, 15]]) == pytest.approx(0, abs=1e-12)


def test_the_absolute_index_does_not_see_areas_that_share_their_middle_class():
    table = [[10, 80, 10], [30, 40, 30]]
    assert ordinal_absolute(table) == pytest.approx(0, abs=1e-12)
    assert min(index(table) for index in STRICT) > 0.01


@pytest.mark.parametrize(
    "index", [_ordinal_information_theory, _ordinal_variation_ratio, _ordinal_square_root, _ordinal_absolute]
)
def test_many_places_at_once_are_each_place_by_itself(index):
    random = np.random.default_rng(1)
    sizes = np.array([3, 9, 2, 0, 1, 40])
    counts = random.integers(0, 30, (sizes.sum(), 5)) + np.eye(5)[0]
    counts[12:14, 1:] = 0  # one class only in the third place
    composition = Composition(counts, Places(sizes))
    together = index(composition)
    for place, start in enumerate(np.cumsum(sizes) - sizes):
        if composition.reasons[place] == "":
            assert together[place] == pytest.approx(
                index(as_composition(counts[start : start + sizes[place]]))[0], rel=1e-12
            )
    assert math.isnan(together[2])


@pytest.mark.parametrize("index", INDICES)
def test_empty_areas_do_not_count(index):
    assert index([[6, 2, 0], [0, 0, 0], [2, 2, 4]]) == index([[6, 2, 0], [2, 2, 4]])


@pytest.mark.parametrize("index", INDICES)
@pytest.mark.parametrize("table", [[[3, 0], [4, 0]], [[3, 4]], [[0, 0], [3, 4]], np.zeros((0, 3)), [[3], [4]]])
def test_with_one_class_or_one_area_there_is_no_value(index, table):
    assert math.isnan(index(table))


@pytest.mark.parametrize("index", INDICES)
def test_negative_and_unknown_counts_are_refused(index):
    with pytest.raises(CountError):
        index([[1, -1], [2, 2]])
    with pytest.raises(CountError):
        index([[1, np.nan], [2, 2]])
