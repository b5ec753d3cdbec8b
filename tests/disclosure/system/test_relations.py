"""Columns that add up, repeat or bound each other: declared, found in spite of faults, and hardly any by chance."""

from __future__ import annotations

import numpy as np
import pytest

from quartiersatlas.disclosure.system.relations import EarlierRelations, Sum, find_relations, found_parts, found_sums


def town(seed, n_areas, off=0):
    """Give five groups of very different sizes, their sum, and two columns that have nothing to do with them."""
    random = np.random.default_rng(seed)
    people = random.integers(500, 4000, n_areas)
    shares = random.choice([0.004, 0.02, 0.08, 0.15], 5) * random.uniform(0.3, 1.7, (n_areas, 5))
    groups = random.poisson(people[:, None] * shares)
    whole = groups.sum(axis=1)
    if off:
        whole[-1] += off
    others = random.poisson(people[:, None] * [0.3, 0.05])
    return np.column_stack([groups, whole, others]).astype(float)


def sums_of(counts, **options):
    names = [str(k) for k in range(counts.shape[1])]
    return find_relations(counts, names, {}, {}, **options).sums


TRUE = Sum(5, (0, 1, 2, 3, 4))


@pytest.mark.parametrize("n_areas", [5, 8, 11, 20, 40])
def test_a_sum_is_found_although_the_last_row_is_off_by_one(n_areas):
    chance = 0
    for seed in range(20):
        found = sums_of(town(seed, n_areas, off=1)[:, :6])
        assert TRUE in found, (n_areas, seed)
        chance += len(found) - 1
    assert chance <= 14  # 0.7 a town: more would cost cells for nothing


@pytest.mark.parametrize("rows", [(3,), (0, 7), (1, 5, 11)])
def test_a_few_bad_rows_hide_no_sum(rows):
    """A total of the city between the areas, a typing error by a factor of ten: up to a fifth of the rows."""
    counts = town(3, 20)
    counts[list(rows), 5] *= 10
    assert TRUE in sums_of(counts)


def test_more_bad_rows_than_a_fifth_are_no_sum_any_more():
    counts = town(3, 20)
    counts[:9, 5] += 100 + 37 * np.arange(9)
    assert all(one.whole != 5 for one in sums_of(counts))


def test_a_row_with_an_unknown_part_counts_for_nothing():
    counts = town(4, 12)
    counts[[0, 3, 8], [0, 2, 5]] = np.nan
    assert TRUE in sums_of(counts)


@pytest.mark.parametrize(("more", "is_sum"), [(0, True), (300, False)])
def test_a_sum_is_found_although_a_part_is_secret_wherever_there_is_somebody(more, is_sum):
    """What its whole lacks is one or two persons in each row, as it must be if the secret ones are the rest."""
    counts = town(7, 10)
    counts[:, 0] = [1, 2, 1, 0, 2, 1, 1, 2, 0, 1]
    counts[:, 5] = counts[:, :5].sum(axis=1) + more * (counts[:, 0] > 0)
    secret = (counts[:, [0]] > 0) & (np.arange(8) == 0)
    told = np.where(secret, np.nan, counts)[:, :6]
    found = sums_of(told, most=np.where(secret, 2.0, np.nan)[:, :6])
    assert (TRUE in found) == is_sum
    assert TRUE not in sums_of(told)  # only two rows are whole, and nobody is in the first column


def test_a_sum_that_nearly_holds_is_one_too():
    """Each whole is off by one or two persons, as where rounding or late changes are in it."""
    counts = town(5, 30)
    counts[:, 5] += np.tile([1, -1, 2, 0, -2], 6)
    assert TRUE in sums_of(counts)


def test_equal_columns_are_equal_and_hide_no_sum():
    """Of a column that is there twice the half of each would add up as well: no relation is made of halves."""
    counts = town(6, 15)
    doubled = np.column_stack([counts, counts[:, 1]])
    found = sums_of(doubled)
    assert TRUE in found
    assert Sum(8, (1,)) in found
    nearly = doubled.copy()
    nearly[2, 8] += 4
    assert Sum(8, (1,)) in sums_of(nearly)


@pytest.mark.parametrize(("others", "n_relations"), [((7, 4, 9), 1), ((7, 5, 8), 0)])
def test_columns_are_equal_where_there_is_somebody_or_not_at_all(others, n_relations):
    """Nobody is in nine of twelve areas, in either column: that alone is no relation."""
    counts = np.zeros((12, 2))
    counts[:3, 0], counts[:3, 1] = (7, 4, 9), others
    assert len(sums_of(counts)) == n_relations


def test_two_ways_to_add_up_to_the_same_whole_are_both_found():
    random = np.random.default_rng(7)
    a, b, c = random.integers(10, 300, (3, 25))
    whole = a + b + c
    women = random.binomial(whole, 0.5)
    counts = np.column_stack([a, b, c, women, whole - women, whole]).astype(float)
    found = {one.parts for one in sums_of(counts) if one.whole == 5}
    assert {(0, 1, 2), (3, 4)} <= found


def test_columns_without_a_relation_have_none():
    for seed in range(10):
        counts = np.random.default_rng(seed).integers(0, 400, (30, 6)).astype(float)
        assert sums_of(counts) == ()


def test_two_rows_add_up_by_chance_and_show_nothing():
    assert found_sums(np.array([[1.0, 2, 3], [2, 5, 7]])) == []
    assert found_sums(np.array([[1.0, 2, 3], [2, 5, 7], [4, 1, 5]])) == [Sum(2, (0, 1))]


def test_declared_sums_are_used_without_a_search_and_whatever_the_rows_say():
    counts = np.array([[1.0, 2, 9], [2, 5, 1], [3, 3, 3]])
    found = find_relations(counts, ["a", "b", "all"], {"all": ("a", "b")}, {}, search=False)
    assert found.sums == (Sum(2, (0, 1), is_declared=True),)
    assert find_relations(counts, ["a", "b"], {"all": ("a", "b")}, {}, search=False).sums == ()


def test_a_declared_sum_is_not_found_again():
    counts = town(8, 12)
    names = [str(k) for k in range(8)]
    found = find_relations(counts, names, {"5": ("0", "1", "2", "3", "4")}, {})
    assert [one for one in found.sums if one.whole == 5] == [Sum(5, (0, 1, 2, 3, 4), is_declared=True)]


def test_declared_parts_are_together_a_part_only_where_they_share_nobody():
    apart = np.array([[2.0, 3, 9], [4, 1, 5]])
    shared = np.array([[2.0, 3, 9], [4, 3, 5]])
    parts = {"all": ("a", "b")}
    assert find_relations(apart, ["a", "b", "all"], {}, parts).known_parts == (((0,), 2), ((1,), 2), ((0, 1), 2))
    assert find_relations(shared, ["a", "b", "all"], {}, parts).known_parts == (((0,), 2), ((1,), 2))


def test_a_pair_is_seen_where_it_holds_in_every_row_and_rows_are_many():
    whole = np.arange(5.0, 17)
    part = whole - np.arange(12) % 3
    assert found_parts(np.column_stack([part, whole])) == [(0, 1)]
    assert found_parts(np.column_stack([part, whole])[:11]) == []  # eleven may be chance
    part[4] = whole[4] + 1
    assert found_parts(np.column_stack([part, whole])) == []


def test_a_search_that_is_switched_off_finds_nothing():
    found = find_relations(town(1, 20), [str(k) for k in range(8)], {}, {}, [("0", "5")], search=False)
    assert (found.sums, found.known_parts, found.seen_parts) == ((), (((0,), 5),), ())


# what an earlier release was planned with


def earlier(counts, names):
    """Give what a ledger keeps of the relations of these columns."""
    found = find_relations(counts, names, {}, {})
    sums = tuple(tuple(names[column] for column in (one.whole, *one.parts)) for one in found.sums)
    wholes = {name: tuple(names[whole] for part, whole in found.seen_parts if names[part] == name) for name in names}
    return EarlierRelations(sums, (), wholes)


def test_numbers_that_changed_since_find_and_lose_no_relation():
    counts, names = town(3, 20)[:, :6], list("abcdef")
    before = earlier(counts, names)
    assert before.sums == (("f", "a", "b", "c", "d", "e"),)
    moved = counts.copy()
    moved[:9, 5] += 100 + 37 * np.arange(9)  # alone it would be no sum any more
    moved[:, 4] = moved[:, 0] + moved[:, 1]  # and this would be one
    assert find_relations(moved, names, {}, {}, earlier=[before]) == find_relations(counts, names, {}, {})
    assert find_relations(moved, names, {}, {}) != find_relations(counts, names, {}, {})


def test_what_a_new_column_has_to_do_with_the_others_is_looked_for():
    counts = town(3, 20)
    before = earlier(counts[:, :5], list("abcde"))
    assert before.sums == ()
    assert TRUE in find_relations(counts, list("abcdefgh"), {}, {}, earlier=[before]).sums
    apart = [earlier(counts[:, [0, 1, 2]], list("abc")), earlier(counts[:, [3, 4, 5]], list("def"))]
    assert TRUE in find_relations(counts[:, :6], list("abcdef"), {}, {}, earlier=apart).sums


def test_parts_that_were_apart_stay_so_and_those_declared_since_are_looked_at():
    counts = np.array([[2.0, 3, 9], [4, 4, 8], [1, 2, 4]])
    parts, both = {"w": ["a", "b"]}, ((0, 1), 2)
    assert both in find_relations(counts, list("abw"), {}, parts).known_parts
    single = (("a", "w"), ("b", "w"))
    wholes = {"a": (), "b": (), "w": ()}
    not_apart, undeclared = EarlierRelations((), single, wholes), EarlierRelations((), (), wholes)
    assert both not in find_relations(counts, list("abw"), {}, parts, earlier=[not_apart]).known_parts
    assert both in find_relations(counts, list("abw"), {}, parts, earlier=[undeclared]).known_parts
