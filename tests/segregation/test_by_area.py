"""Columns that name their areas are aligned by them."""

from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
import pytest

from quartiersatlas import segregation as s
from quartiersatlas.errors import JoinError

GROUP = pd.Series({"01": 100, "02": 60, "03": 40, "04": 0})
REST = 100 - GROUP
BACKWARDS = REST[::-1]


def test_columns_in_another_order_give_the_same_index():
    assert s.dissimilarity(GROUP, BACKWARDS) == s.dissimilarity(GROUP, REST) == 0.6
    assert s.interaction(GROUP, BACKWARDS, population=pd.Series(100, ["03", "01", "04", "02"])) == pytest.approx(0.24)


def test_local_values_are_in_the_order_of_the_first_column():
    half = pd.Series({"01": 50, "02": 0})
    assert s.location_quotient(half, pd.Series({"02": 150, "01": 50})).tolist() == [4, 0]


def test_tables_and_points_are_aligned_too():
    table = pd.DataFrame({"a": GROUP, "b": REST})
    points = pd.DataFrame({"x": [0.0, 100, 200, 300], "y": 0.0}, index=GROUP.index)
    straight = s.spatial_dissimilarity(table.to_numpy(), points.to_numpy(), 150)
    assert s.spatial_dissimilarity(table, points[::-1], 150) == pytest.approx(straight, abs=1e-15)


def test_pairs_of_neighbours_stay_positions_of_the_first_column():
    one, other = pd.Series([0, 1, 2], index=[7, 8, 9]), [1, 2, 3]
    assert s.morrill(GROUP, BACKWARDS, one, other) == pytest.approx(0.6 - (0.4 + 0.2 + 0.4) / 3)


def test_columns_of_other_areas_are_refused():
    with pytest.raises(JoinError, match=r"'group' and 'rest' are not on the same areas: '05', '04' of one of them"):
        s.dissimilarity(GROUP, REST.rename({"04": "05"}))
    with pytest.raises(JoinError, match="not on the same areas"):
        s.dissimilarity(GROUP, REST.reset_index(drop=True))


def test_another_order_beside_a_plain_array_is_refused():
    with pytest.raises(JoinError, match=r"another order than 'group', and 'population' has no index"):
        s.interaction(GROUP, BACKWARDS, [100] * 4)
    assert s.interaction(GROUP, REST, [100] * 4) == pytest.approx(0.24)


def test_keys_that_appear_twice_are_refused_unless_the_columns_agree():
    double = GROUP.rename({"04": "03"})
    with pytest.raises(JoinError, match="'group' names areas twice: '03'"):
        s.dissimilarity(double, REST)
    assert s.dissimilarity(double, 100 - double) == 0.6


def test_every_function_of_several_columns_aligns_them():
    for name in s.__all__:
        function = getattr(s, name)
        if not inspect.isfunction(function):
            continue
        known = inspect.signature(function).parameters
        columns = [
            p
            for p in ("group", "rest", "other", "population", "area", "points", "distance", "weights", "counts")
            if p in known and not (p == "other" and "one" in known)
        ]
        if len(columns) < 2 or name in ("compare_segregation", "measure_segregation"):
            continue
        far = pd.Series(np.ones(3), index=["x", "y", "z"])
        near = pd.Series(np.ones(3), index=["x", "y", "w"])
        values = {column: far if i else near for i, column in enumerate(columns)}
        rest = {p.name: 1 for p in known.values() if p.default is p.empty and p.name not in values}
        with pytest.raises(JoinError, match="not on the same areas"):
            function(**values, **rest)
