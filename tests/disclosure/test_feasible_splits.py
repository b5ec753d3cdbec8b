from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.disclosure.derived.feasible_splits import WithheldUnit, digits_kept, feasible_splits


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 6)), min_size=1, max_size=4), st.integers(0, 20))
def test_all_splits_are_those_found_by_trying_everything(bounds, total):
    low, high = [a for a, _ in bounds], [a + b for a, b in bounds]
    tried = [s for s in product(*(range(a, b + 1) for a, b in zip(low, high, strict=True))) if sum(s) == total]
    assert feasible_splits([0] * len(low), low, high, total).tolist() == [list(s) for s in tried]


def test_where_there_are_too_many_persons_move_between_two_cells():
    splits = feasible_splits([5, 5, 5], [0, 0, 0], [15, 15, 15], 15, limit=20)  # of 136
    assert len(splits) == 20
    assert (splits.sum(axis=1) == 15).all()
    assert splits[0].tolist() == [5, 5, 5]
    assert (np.count_nonzero(splits - 5, axis=1) <= 2).all()


def cells(splits, **options):
    return [WithheldUnit("x", pd.Index(["a", "b"]), np.array(splits), **options)]


COUNTS = pd.DataFrame({"x": [1.0, 9.0]}, index=["a", "b"])
TEN = [[n, 10 - n] for n in range(11)]


def share_of_first(counts):
    return np.array([counts.loc["a", "x"] / 100, 0.5])


def test_an_index_keeps_the_digits_that_leave_enough_values_open():
    # 0.00 ... 0.10 in steps of 0.01: with two digits each is alone, with one 0.00 to 0.05 and 0.06 to 0.10 are
    assert digits_kept(share_of_first, COUNTS, cells(TEN), 3, [4, 4]) == [1, 4]
    assert digits_kept(share_of_first, COUNTS, cells(TEN), 4, [4, 4]) == [1, 4]  # five values of the second half
    assert digits_kept(share_of_first, COUNTS, cells(TEN), 5, [4, 4]) == [0, 4]
    # ten values are more than five or six: none is left
    assert digits_kept(share_of_first, COUNTS, cells(TEN), 9, [4, 4]) == [0, 4]


def test_numbers_of_one_label_keep_the_same_digits():
    assert digits_kept(share_of_first, COUNTS, cells(TEN), 3, [4, 4], labels=["row", "row"]) == [1, 1]


def test_a_number_that_tells_at_all_digits_is_not_shown():
    def larger(counts):
        return np.array([float(counts.loc["a", "x"] > 9)])  # alone where all ten are in a

    assert digits_kept(larger, COUNTS, cells(TEN), 3, [4]) == [-1]
    assert digits_kept(larger, COUNTS, cells(TEN), 3, [4], share=0.9) == [4]  # ten of eleven splits share theirs
    assert digits_kept(larger, COUNTS, cells(TEN, true=10), 3, [4], share=0.9) == [-1]  # and the true one does not


def test_a_cell_with_few_possible_values_keeps_all_of_them():
    assert digits_kept(share_of_first, COUNTS, cells([[1, 2], [2, 1]]), 3, [4, 4]) == [1, 4]


def test_numbers_that_are_not_there_are_alike():
    def nothing(counts):  # noqa: ARG001 - one signature
        return np.array([np.nan])

    assert digits_kept(nothing, COUNTS, cells(TEN), 3, [4]) == [4]


def test_exact_results_leave_as_they_are_in_the_house(joined):
    random = np.random.default_rng(3)
    poor = [2.0, 9, *random.integers(50, 400, 18)]
    data = qa.add_rates(joined({"poor": poor, "residents": [1000.0] * 20}), {"poverty": ("poor", "residents")})
    shortlist = qa.screen(data, qa.worst_share("poverty", 0.3))
    stable = shortlist.stability(n=20, seed=1)
    released = qa.release(data, shortlist=shortlist, stability=stable, protection=qa.Protection(derived="exact"))
    shown = released.assessed
    assert released.selected[shown].tolist() == shortlist.selected[shown].tolist()
    expected = stable.table["p_selected"].astype(float).round(2).where(shown)
    assert released.stability.table["p_selected"].tolist() == pytest.approx(expected.tolist(), nan_ok=True)


def test_an_exact_index_of_segregation_leaves_with_so_few_digits_that_counts_stay_open(joined):
    """Two withheld cells of together 11 persons: every printed table must hold for four values of each."""
    values = {"few": [2.0, 9, 300, 500, 290], "residents": [1000.0, 14, 1000, 1000, 1000]}  # 1 in 1000 a person
    data = joined(values)
    result = qa.measure_segregation(data, "few", indices=["isolation", "dissimilarity"])
    protection = qa.Protection(derived="exact", min_population=0)
    shown = qa.release(data, columns=["few"], segregation=result, protection=protection)
    assert shown.values["few"].isna().tolist() == [True, True, False, False, False]
    decimals = [len(f"{value:.4f}".rstrip("0").split(".")[1]) for value in shown.segregation["value"]]
    fits = []
    for n in range(1, 11):
        again = joined({**values, "few": [float(n), 11.0 - n, 300, 500, 290]})
        table = qa.measure_segregation(again, "few", indices=["isolation", "dissimilarity"]).table["value"]
        fits.append([round(v, d) for v, d in zip(table, decimals, strict=True)] == shown.segregation["value"].tolist())
    assert sum(fits) >= 4
