"""A gap leaves without telling a withheld count: towns of 3, 4, 6 and 14 areas, the group beside others and all."""

from __future__ import annotations

import warnings
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.optimize import linprog

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, SpecError
from quartiersatlas.indicators.gaps import area_table

GROUP, ALL = ("foreign_sgb2", "foreign"), ("sgb2", "residents")
HIDDEN = "01"
OPEN = {"open", "few", "limit", "marked"}


def town(k, seed=1, *, kind="", named=False, period="2024"):
    """Make joined data; in the first area the cases of the group are small, or secret in the source."""
    rng = np.random.default_rng(seed)
    keys = [f"{number + 1:02}" for number in range(k)]
    shapes = [shapely.box(1000 * n, 0, 1000 * n + 1000, 1000) for n in range(k)]
    areas = gpd.GeoDataFrame({"name": keys}, index=keys, geometry=shapes, crs="EPSG:25832")
    foreign, others = rng.integers(90, 900, k), rng.integers(700, 3000, k)
    base = rng.beta(4, 20, k)
    x, y = rng.binomial(foreign, 1.6 * base), rng.binomial(others, base)
    x[0] = 2 if kind == "small" else x[0]
    table = {"residents": foreign + others, "sgb2": x + y, "foreign": foreign, "foreign_sgb2": x}
    if named:
        table |= {"german_sgb2": y, "german": others}
    if k == 14:  # nine count columns and more: sums cannot be told from the numbers
        for column in ("residents", "sgb2", "foreign"):
            women = rng.binomial(table[column], 0.5)
            table |= {f"{column}_f": women, f"{column}_m": table[column] - women}
    frame = pd.DataFrame(table, index=keys).astype(float)
    data = qa.join(areas, frame, population="residents", period=period)
    data = qa.add_rates(data, {"sgb2_rate": ALL})
    if kind == "source":
        values, status = data.values.copy(), data.status.copy()
        values.loc[HIDDEN, "foreign_sgb2"] = np.nan
        status.loc[HIDDEN, "foreign_sgb2"] = "suppressed"
        data = replace(data, values=values, status=status)
    return data, frame


def released(data, gaps=None, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # no definitions
        return qa.release(data, gaps=gaps, title="T", source="S", as_of="2024", comment="C", **options)


def compute(data, reference="others", **options):
    return qa.group_gap(data, GROUP, ALL, reference=reference, **options)


def reader_interval(release, truth, columns):
    """Return what a reader knows of the hidden cell: shown cells, all = group + others, the totals of the city."""
    k = len(truth)
    exact = [truth["foreign_sgb2"], truth["sgb2"] - truth["foreign_sgb2"], truth["sgb2"]]
    bounds, rows, right = [], [], []
    for names, numbers in zip(columns, exact, strict=True):
        shown = pd.Series(np.nan, index=truth.index)
        for name in names:
            if name in release.values:
                shown = shown.fillna(release.values[name])
        bounds += [(0, None) if pd.isna(cell) else (cell, cell) for cell in shown]
        row = np.zeros(3 * k)
        row[len(rows) * k : (len(rows) + 1) * k] = 1
        rows.append(row)
        right.append(numbers.sum())
    for area in range(k):
        row = np.zeros(3 * k)
        row[[area, k + area]], row[2 * k + area] = 1, -1
        rows.append(row)
        right.append(0.0)
    goal = np.zeros(3 * k)
    goal[0] = 1
    ends = [sign * linprog(sign * goal, A_eq=rows, b_eq=right, bounds=bounds).fun for sign in (1, -1)]
    return float(ends[0]), float(ends[1])


COUNTS = (
    ["foreign_sgb2_gap_group_numerator", "g_numerator"],
    ["foreign_sgb2_gap_others_numerator", "german_sgb2", "o_numerator"],
    ["sgb2_rate_numerator"],
)


@pytest.mark.parametrize(
    ("k", "kind", "named", "reference"),
    [
        (3, "small", False, "others"),
        (3, "source", True, "all"),
        (3, "source", True, "others"),
        (4, "small", True, "all"),
        (4, "source", False, "others"),
        (6, "small", True, "others"),
        (6, "source", False, "all"),
        (6, "source", True, "others"),
        (14, "small", True, "all"),
        (14, "source", True, "others"),
    ],
)
def test_a_hidden_group_does_not_follow_from_others_and_all(k, kind, named, reference):
    data, truth = town(k, kind=kind, named=named)
    release = released(data, compute(data, reference))
    audit = release.audit()
    assert audit.ok
    asked = audit.table[audit.table["need"] > 0]
    assert set(asked["verdict"]) <= OPEN
    assert sum("(declared)" in relation for relation in audit.relations) == 2
    low, high = reader_interval(release, truth, COUNTS)
    assert low <= truth.loc[HIDDEN, "foreign_sgb2"] <= high
    assert high - low >= 3
    assert release.values.loc[HIDDEN, ["foreign_sgb2_gap", "foreign_sgb2_gap_direct"]].isna().all()
    assert pd.isna(release.group_gaps[0].areas.loc[HIDDEN, "difference"])


def test_without_the_declared_sum_the_hidden_cell_comes_out():
    """The leak that declaring closes: three areas, the group beside others and all, nothing declared."""
    data, truth = town(3, kind="source", named=True)
    data = qa.add_rates(data, {"g": GROUP})
    release = released(data, columns=["sgb2_rate", "g", "german_sgb2"])
    low, high = reader_interval(release, truth, COUNTS)
    assert high - low < 1e-6


def test_a_column_that_is_the_rest_is_declared_under_its_own_name():
    data, _ = town(6, kind="source", named=True)
    relations = released(data, compute(data)).audit().relations
    assert "'sgb2' = 'foreign_sgb2' + 'german_sgb2' (declared)" in relations
    assert "'residents' = 'foreign' + 'german' (declared)" in relations


def test_a_whole_that_adds_up_in_two_ways_keeps_both():
    data, _ = town(14)
    data = qa.add_relations(data, sums={"sgb2": ["sgb2_f", "sgb2_m"]})
    relations = released(data, compute(data)).audit().relations
    declared = [relation for relation in relations if relation.startswith("'sgb2' =")]
    assert len([relation for relation in declared if "declared" in relation]) == 2


@pytest.mark.parametrize("reference", ["others", "all"])
@pytest.mark.parametrize("seed", range(4))
def test_what_is_shown_of_areas_is_made_of_the_counts_that_are_shown(seed, reference):
    """Independent: the same numbers from the released values alone, whatever the hidden cells are."""
    data, _ = town(14, seed, kind="small")
    release = released(data, compute(data, reference))
    gap = release.group_gaps[0]
    x1, n1, x2, n2 = (
        release.values[f"{rate}_{part}"] for rate in (gap.group, gap.compared) for part in ("numerator", "denominator")
    )
    direct = (100 * (x1 / n1 - x2 / n2)).round(1)
    pd.testing.assert_series_equal(release.values["foreign_sgb2_gap_direct"], direct, check_names=False, atol=0.051)
    table = gap.areas[["x_group", "n_group", "x_others", "n_others"]]
    again = area_table(table, pd.Series("", index=table.index), reference)["shrunken"]
    np.testing.assert_allclose(release.values["foreign_sgb2_gap"], 100 * again, atol=0.051)


def test_hidden_cells_change_nothing_that_is_shown():
    """Two towns that differ in withheld cells alone, with equal totals, release the same gaps."""
    data, _ = town(6, kind="small")
    first = released(data, compute(data))
    hidden = first.values.index[first.values["foreign_sgb2_gap_direct"].isna()]
    assert len(hidden) >= 2
    one, other = hidden[:2]
    values = data.values.copy()
    values.loc[one, "foreign_sgb2"] -= 1
    values.loc[other, "foreign_sgb2"] += 1
    values["sgb2_rate"] = 100 * values["sgb2"] / values["residents"]
    moved = replace(data, values=values)
    second = released(moved, compute(moved))
    pd.testing.assert_frame_equal(first.values, second.values)
    pd.testing.assert_frame_equal(first.group_gaps[0].areas, second.group_gaps[0].areas)
    assert first.group_gaps[0].text("de") == second.group_gaps[0].text("de")


def test_the_city_is_told_from_totals_only_where_all_counts_are_known():
    data, _ = town(6)
    shown = released(data, compute(data)).group_gaps[0]
    assert shown.where is not None
    assert np.isfinite(shown.city["difference_lower"]).all()
    secret, _ = town(6, kind="source")
    hidden = released(secret, compute(secret)).group_gaps[0]
    assert hidden.where is None
    assert hidden.city["difference_lower"].isna().all()
    assert np.isfinite(hidden.city.set_index("reference").loc["others", "difference"])
    assert "Prozentpunkte" in hidden.text("de")
    assert "n. a." not in hidden.text("de")


def test_strata_leave_only_where_none_is_small():
    strata = pd.DataFrame(
        {"foreign_sgb2": [70.0, 30], "foreign": [220.0, 150], "sgb2": [160.0, 75], "residents": [820.0, 600]},
        index=["0-14", "15-64"],
    )
    data, _ = town(6)
    assert released(data, compute(data, strata=strata)).group_gaps[0].standardised is not None
    small = strata.assign(foreign_sgb2=[70.0, 2.0])
    assert released(data, compute(data, strata=small)).group_gaps[0].standardised is None


def test_rounded_counts_give_rounded_gaps():
    data, _ = town(6)
    release = released(data, compute(data), protection=qa.Protection(round_base=5))
    table = release.group_gaps[0].areas[["x_group", "n_group", "x_others", "n_others"]]
    assert (table.dropna() % 5 == 0).all().all()
    city = release.group_gaps[0].city
    assert (city[["x_group", "n_group"]] % 5 == 0).all().all()
    assert release.group_gaps[0].where is None


def test_the_change_leaves_with_its_parts():
    now, _ = town(6)
    before, _ = town(6, 2, period="2021")
    gap = released(now, compute(now, "all", earlier=before)).group_gaps[0]
    assert "seit 2021" in gap.text("de")
    secret, _ = town(6, 2, kind="source", period="2021")
    assert released(now, compute(now, "all", earlier=secret)).group_gaps[0].change is None


def test_labels_names_and_definitions_are_those_of_the_gap():
    data, _ = town(6)
    release = released(data, [compute(data, name="gap_sgb2"), compute(data, "all", name="gap_to_all")])
    columns = {column.id: column for column in release.columns}
    assert {"gap_sgb2", "gap_sgb2_direct", "gap_to_all", "gap_to_all_direct"} <= set(columns)
    assert columns["gap_sgb2"].indicator.role == "group_gap"
    assert columns["gap_sgb2"].indicator.label("en").endswith("gap to the others (smoothed)")
    assert columns["gap_sgb2"].indicator.unit == "percentage points"
    assert not any("gap_sgb2_direct" in str(reason) for reason in release.draft_reasons)
    assert "fact_group_gap" in [fact.name for fact in release.facts]
    assert "Miettinen" in " ".join(map(str, release.facts))


def test_what_is_no_gap_is_refused():
    data, _ = town(6)
    other, _ = town(6, 2)
    with pytest.raises(SpecError, match="computed from other data"):
        released(data, compute(other))
    with pytest.raises(SpecError, match="two gaps are called"):
        released(data, [compute(data), compute(data, "all")])
    with pytest.raises(SpecError, match="is a column"):
        released(data, compute(data, name="sgb2"))
    with pytest.raises(ArgumentError, match="gaps"):
        released(data, 3)
    with pytest.raises(ArgumentError, match="gaps"):
        released(data, ["sgb2_rate"])


def test_outputs_carry_the_gap(tmp_path):
    data, _ = town(6, kind="small")
    release = released(data, compute(data))
    report = qa.report(release, tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Abstand von Gruppen" in report
    assert release.group_gaps[0].sentences("de")[1].split(" (")[0] in report
    chart = release.group_gaps[0].chart(lang="de", area="02")
    assert HIDDEN not in chart.order
    assert "foreign_sgb2_gap" in qa.atlas_map(release).html()
