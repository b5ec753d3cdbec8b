"""Relations that hold by chance: no cell is left narrow for them that could be wide, whoever knows which of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import block_diag, csr_array
from system.tables import Counts, spread_costs, task

import quartiersatlas as qa
from quartiersatlas.disclosure import suppression
from quartiersatlas.disclosure.system import chance
from quartiersatlas.disclosure.system.relations import find_relations

SMALL = 3
WORDS = {"title": "T", "source": "S", "as_of": "2024", "comment": "K"}


def chance_frame(seed):
    """Give two columns of one or two persons that agree but for an exception, and others that may hang on them.

    All rows of the exception's column could be helped by it; those of the other column by nothing.
    """
    random = np.random.default_rng(seed)
    few = random.integers(1, SMALL, random.integers(4, 7))
    if random.random() < 0.5:
        few[:] = 1
    zeros = np.zeros(random.integers(0, 3))
    alike = np.concatenate([few, zeros, [0]]).astype(float)
    other = np.concatenate([few, zeros, [random.integers(20, 40)]]).astype(float)
    columns = [alike, other]
    if random.random() < 0.6:
        columns.append(random.integers(4, 30, len(alike)).astype(float))
        if random.random() < 0.6:
            columns.append(columns[-1] + other)
    return np.column_stack(columns)


def widths(counts, withheld, cells):
    """Give the widths that totals and sums leave some cells: one linear programme with a copy for each end."""
    least = counts.least(withheld)
    place = {one: k for k, one in enumerate(least)}
    rows, right = [], []
    for row, total, _ in counts.rows():
        inside = {place[one]: sign for one, sign in row.items() if one in place}
        if inside:
            rows.append([inside.get(k, 0) for k in range(len(place))])
            right.append(total - sum(sign * counts.x[one] for one, sign in row.items() if one not in place))
    goals = np.zeros((len(cells), 2, len(place)))
    for k, cell in enumerate(cells):
        goals[k, :, place[cell]] = 1, -1
    copies = 2 * len(cells)
    matrix, sides = block_diag([csr_array(rows)] * copies, format="csr"), np.tile(right, copies)
    bounds = [(low, 1000) for low in least.values()] * copies
    ends = linprog(goals.ravel(), A_eq=matrix, b_eq=sides, bounds=bounds).x.reshape(goals.shape)
    return np.round(-(ends * goals).sum(axis=(1, 2)), 6)


def narrow_cells(x, sums, one, withheld):
    """Give the cells that one who knows these sums confines, though with everything withheld he would less."""
    counts = Counts(x, (tuple(range(len(x))),), tuple((some.whole, some.parts) for some in sums))
    cells = [tuple(cell) for cell in np.argwhere(one.need > 0)]
    now = widths(counts, withheld, cells)
    if (now >= SMALL).all():
        return []
    most = widths(counts, one.withheld | (one.may_hide & ((x > 0) | one.zeros)), cells)
    return [cell for cell, width, widest in zip(cells, now, most, strict=True) if width < min(SMALL, widest)]


def the_task(x, *, zeros, seed=0):
    names = "abcdefgh"[: x.shape[1]]
    one = task(Counts(x, (tuple(range(len(x))),)), cost=spread_costs(x.shape, seed), zeros=zeros)
    return replace(one, table=replace(one.table, relations=find_relations(x, names, {}, {})))


@settings(max_examples=8)
@given(st.integers(0, 10**6), st.booleans())
def test_no_small_count_is_narrow_for_any_reader_of_the_found_relations(seed, zeros):
    """He may know all of them, some, or none: a cell at its limit for one is wide for the next."""
    x = chance_frame(seed)
    one = the_task(x, zeros=zeros, seed=seed)
    withheld, _ = chance.protect(one, "auto")
    assert (withheld | ~one.withheld).all()
    sums = one.table.relations.sums
    for known in chain.from_iterable(
        combinations(sums, size) for size in {0, 1, len(sums) - 1, len(sums)} if size >= 0
    ):
        assert narrow_cells(x, known, one, withheld) == [], known


def test_without_the_second_plan_they_would_be():
    """The frames above would not find a leak that is not there: planned with all relations alone, some are narrow."""
    leaking = 0
    for seed in range(6):
        one = the_task(chance_frame(seed), zeros=False)
        withheld, _ = chance._protected(one, "auto")
        leaking += bool(narrow_cells(one.table.x, (), one, withheld))
    assert leaking >= 2


def released(grid, **options):
    """Release a column of single persons and thirty elsewhere, beside one that has the same single persons alone."""
    areas = grid(6)
    frame = pd.DataFrame({"a": [1, 1, 1, 1, 30, 0], "b": [1, 1, 1, 1, 0, 0]}, index=areas.index, dtype=float)
    data = qa.add_rates(
        qa.join(areas, frame.assign(residents=1000.0)), {f"{name}_share": (name, "residents") for name in frame}
    )
    protection = qa.Protection(min_population=0, protect_remainder=False, zeros="shown", **options)
    return qa.release(data, protection=protection, **WORDS)


@pytest.mark.filterwarnings("ignore:Only the definition")
def test_the_thirty_keep_the_single_persons_company_though_the_columns_agree(grid):
    """34 in a, of which nobody knows more than that each of the four has one at least: 1 to 30 with the fifth."""
    release = released(grid)
    shown = release.values["a_share_numerator"]
    assert shown.notna().tolist() == [False] * 5 + [True]
    rows = release.audit().table.set_index(["column", "key"])
    assert rows.loc["a"].query("need > 0")["verdict"].eq("limit").all()
    assert (
        rows.loc["a"].query("need > 0")["because"].str.endswith("open without the relations found in the numbers").all()
    )
    assert rows.loc["b"]["verdict"].eq("limit").all()  # four persons in four areas, and zeros are shown
    assert not rows.loc["b"]["because"].str.contains("without").any()
    alone = released(grid, find_sums=False)
    assert alone.values["a_share_numerator"].isna().equals(shown.isna())
    assert alone.audit().table.set_index(["column", "key"]).loc[("a", "a0"), ["low", "high"]].tolist() == [1, 30]


def test_a_pattern_that_rests_on_chance_does_not_leave(grid, monkeypatch):
    """The certificate is no part of the plan: it asks again what those know who do not know the relations."""
    monkeypatch.setattr(suppression, "protect", chance._protected)
    with pytest.raises(
        qa.errors.ReleaseError, match="without relations found in the numbers it could be wider"
    ) as caught:
        released(grid)
    assert set(caught.value.report["column"]) == {"a"}
