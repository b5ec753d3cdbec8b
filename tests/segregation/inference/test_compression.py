"""Merging areas: every step against a search of all pairs with the index itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from quartiersatlas import segregation as s
from quartiersatlas.errors import CountError, GeometryError, SpecError

RANDOM = np.random.default_rng(2)
COUNTS = pd.DataFrame(RANDOM.integers(1, 60, (9, 3)), index=list("abcdefghi"), columns=["x", "y", "z"])
ROW = np.arange(8), np.arange(1, 9)


def by_search(table, pairs):
    """Merge the two groups of areas whose merger leaves most of M, until no pair is left; return M after each step."""
    parts, left = [{i} for i in range(len(table))], [s.mutual_information(table)]
    while True:
        able = [
            (a, b)
            for n, a in enumerate(parts)
            for b in parts[n + 1 :]
            if any((i in a and j in b) or (i in b and j in a) for i, j in pairs)
        ]
        if not able:
            return left

        def merged(pair, parts=parts):
            groups = [p for p in parts if p not in pair] + [pair[0] | pair[1]]
            sums = np.array([table[sorted(group)].sum(axis=0) for group in groups])
            return 0.0 if len(groups) == 1 else s.mutual_information(sums)

        best = max(able, key=merged)
        left.append(merged(best))
        parts = [p for p in parts if p not in best] + [best[0] | best[1]]


@pytest.mark.parametrize(
    "pairs", [None, list(zip(*ROW, strict=True)), [(0, 1), (1, 2), (0, 2), (4, 7), (7, 8), (3, 5)]]
)
def test_every_step_loses_least(pairs):
    every = [(i, j) for i in range(9) for j in range(i)]
    found = s.compress(COUNTS, *(() if pairs is None else np.array(pairs).T))
    expected = by_search(COUNTS.to_numpy(dtype=float), pairs or every)
    assert found.path["mutual_information"].tolist() == pytest.approx(expected, abs=1e-12)


def test_the_crosswalk_keeps_the_share_that_was_asked_for():
    found = s.compress(COUNTS, *ROW)
    for share in (1, 0.9, 0.5, 0):
        areas = COUNTS.groupby(found.crosswalk(share=share)).sum()
        kept = s.mutual_information(areas) if len(areas) > 1 else 0
        assert kept >= share * s.mutual_information(COUNTS) - 1e-12
        more = COUNTS.groupby(found.crosswalk(n_areas=max(len(areas) - 1, 1))).sum()
        assert len(more) == 1 or s.mutual_information(more) < share * s.mutual_information(COUNTS) or share == 0
    assert found.crosswalk(n_areas=4).nunique() == 4
    assert found.crosswalk(share=1).tolist() == list("abcdefghi")


def test_areas_composed_alike_are_merged_at_no_loss_and_empty_ones_with_none():
    table = pd.DataFrame({"x": [10, 20, 0, 5], "y": [30, 60, 0, 90]}, index=list("abcd"))
    found = s.compress(table)
    assert found.path["loss"].tolist()[:2] == pytest.approx([0, 0], abs=1e-15)
    assert found.crosswalk(share=1).to_dict() == {"a": "a", "b": "a", "c": "c", "d": "d"}
    assert found.path["n_areas"].tolist() == [3, 2, 1]


def test_impossible_requests_are_refused():
    with pytest.raises(GeometryError, match="9-0"):
        s.compress(COUNTS, [9], [0])
    with pytest.raises(SpecError, match="both lists"):
        s.compress(COUNTS, [1])
    with pytest.raises(SpecError, match="2,001 areas are too many"):
        s.compress(np.ones((2001, 2)))
    with pytest.raises(CountError, match="named twice: 'a'"):
        s.compress(COUNTS.rename({"b": "a"}))
    with pytest.raises(CountError, match="negative"):
        s.compress(-COUNTS)
    found = s.compress(COUNTS)
    with pytest.raises(SpecError, match="either share"):
        found.crosswalk()
    with pytest.raises(SpecError, match="from 0 to 1"):
        found.crosswalk(share=95)


@pytest.mark.parametrize(
    ("lang", "words"), [("de", "99\u202f% bleiben mit 3 Gebieten"), ("en", "99% are left with 3 areas")]
)
def test_the_picture_says_how_few_areas_keep_how_much(lang, words):
    """Three kinds of areas, two alike of each: three areas keep everything."""
    found = s.compress(np.array([[40, 10], [80, 20], [25, 25], [50, 50], [5, 45], [10, 90]]))
    chart = found.chart("path", lang)
    assert chart.alt.replace("\u00a0", "\u202f").startswith(words)
    line = next(mark for mark in chart.marks if mark.kind == "line")
    assert line.points[0] == (6, pytest.approx(1))
    assert line.points[-1] == (1, pytest.approx(0, abs=1e-12))
    assert "<figure" in found._repr_html_()


def test_a_picture_of_another_kind_is_refused():
    with pytest.raises(SpecError, match="kind"):
        s.compress(np.array([[1, 2], [2, 1]])).chart("curve")


def test_a_city_without_segregation_has_a_picture_without_a_line():
    assert s.compress(np.array([[1, 2], [2, 4]])).chart().rows == ()
