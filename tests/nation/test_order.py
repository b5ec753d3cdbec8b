"""The worst share of all cells, and their quantiles: against fractions sorted in one list, and numpy."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from by_hand import size_class
from small_nation import digest, draw_nation

import quartiersatlas as qa
from quartiersatlas.errors import CountError, SpecError
from quartiersatlas.nation.order import Values, order_limits, quantile_limit, worst_limit
from quartiersatlas.nation.starters import as_decimal

ALL = {"min_population": 0, "min_municipality": 0}
GROUPS = {
    "": lambda _ags, _people: "",
    "municipality": lambda ags, _people: ags,
    "land": lambda ags, _people: ags[:2],
    "size_class": lambda ags, people: size_class(people[ags]),
}


def cells_selected(found):
    """Give how many cells of each municipality hold."""
    return found.municipalities["cells_selected"].to_dict()


def worst_by_hand(frame, share, by, *, highest, ties, most=Fraction(3, 2)):
    """Give the same from fractions in one sorted list per group, as the manual of the rules says it."""
    people = frame.groupby("ags")["pop"].sum()
    groups = defaultdict(list)
    for ags, pop, mig in frame[["ags", "pop", "mig"]].itertuples(index=False):
        if pop:
            groups[GROUPS[by](ags, people)].append((Fraction(min(mig, pop), pop), ags))
    found = dict.fromkeys(sorted(people.index), 0)
    for members in groups.values():
        ordered = sorted((rate for rate, _ in members), reverse=highest)
        wanted = max(1, int(Fraction(str(share)) * len(members) + Fraction(1, 2)))
        limit = ordered[wanted - 1]
        inside = [ags for rate, ags in members if (rate >= limit if highest else rate <= limit)]
        is_best = limit == ordered[-1]
        if len(inside) > wanted and not (ties == "in" and len(inside) <= most * wanted and not is_best):
            inside = [ags for rate, ags in members if (rate > limit if highest else rate < limit)]
        for ags in inside:
            found[ags] += 1
    return found


@pytest.mark.parametrize("by", GROUPS)
@pytest.mark.parametrize(("share", "highest", "ties"), [(0.2, True, "in"), (0.07, False, "in"), (0.5, True, "out")])
def test_the_worst_are_those_of_one_sorted_list_whatever_the_parts(write, by, share, highest, ties):
    frame = draw_nation(3, towns=6, side=9)
    frame["pop"] = frame["pop"] % 12  # few different rates: many ties, and cells without residents
    frame[["mig", "low"]] = frame[["mig", "low"]].clip(upper=frame["pop"], axis=0)
    frame.loc[frame["ags"] == frame["ags"].max(), "pop"] *= 40  # a town of another size class
    rule = qa.worst_share("mig_share", share, by=by, highest=highest, ties=ties)
    found = [qa.screen_cells(write(frame, rows_per_file=rows), rule, **ALL, n=2) for rows in (1, 10**6)]
    assert cells_selected(found[0]) == worst_by_hand(frame, share, by, highest=highest, ties=ties)
    assert digest(found[0]) == digest(found[1])
    assert "limits made of the order of cells are not drawn again" in " ".join(found[0].notes)


def test_other_executors_and_one_land_have_the_same_limit(write, nation, tmp_path):
    rule = qa.worst_n("mig_share", 150, highest=True) & qa.above("low_share", than="quantile", q=0.6)
    cells = write(nation)
    want = qa.screen_cells(cells, rule, min_population=100, min_municipality=0)
    with ThreadPoolExecutor(2) as threads:
        again = qa.screen_cells(
            cells, rule, min_population=100, min_municipality=0, executor=threads, out=tmp_path / "run"
        )
    assert len(want.quarters)
    assert digest(want) == digest(again)
    assert qa.plan_cells(cells, rule).passes == 2
    land = qa.screen_cells(cells, rule, min_population=100, min_municipality=0, only="02", out=tmp_path / "run")
    assert set(land.quarters.index) == set(want.quarters.index[want.quarters["ags"].str[:2] == "02"])


def values_of(rates):
    value, cells = np.unique([float(one) for one in rates], return_counts=True)
    return Values(value, cells), max(one.denominator for one in rates)


@pytest.mark.parametrize(
    ("rates", "share", "wanted"),
    [(range(50), 0.29, 15), (range(90), 0.35, 32), (range(25), 0.58, 15), ([0] * 7 + [1, 2, 3], 0.35, 3)],
    ids=["14.5 is 15", "31.5 is 32", "14.5 of 25 is 15", "seven zeros"],
)
def test_known_numbers_of_worst_cells(rates, share, wanted):
    rates = [Fraction(one) for one in rates]
    limit, taken, tied = worst_limit(qa.worst_share("a", share, highest=True), *values_of(rates))
    assert sum(one >= limit for one in rates) == wanted
    assert (taken, tied) == ((False, 7) if rates[1] == 0 else (True, 0))


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        (4, "interpolated_inverted_cdf"),
        (5, "hazen"),
        (6, "weibull"),
        (7, "linear"),
        (8, "median_unbiased"),
        (9, "normal_unbiased"),
    ],
)
def test_quantiles_are_those_of_numpy(kind, method):
    rng = np.random.default_rng(kind)
    rates = [Fraction(int(x), int(n)) for x, n in zip(rng.integers(0, 30, 83), rng.integers(30, 60, 83), strict=True)]
    for q in (0, 0.013, 0.25, 0.75, 0.9, 1):
        limit = quantile_limit(qa.above("a", than="quantile", q=q, type=kind), *values_of(rates))
        assert float(limit) == pytest.approx(np.quantile([float(one) for one in rates], q, method=method))
    median = quantile_limit(qa.above("a", than="median"), *values_of(rates))
    assert median == sorted(rates)[41]  # exactly


def test_a_quantile_is_scaled_and_rounded_as_the_rule_says(write):
    frame = pd.DataFrame({"ags": "03000001", "x": 200 * np.arange(5), "y": 0, "pop": 30, "mig": [1, 10, 20, 25, 30]})
    cells = write(frame, rates={"mig_share": ("mig", "pop")})
    for rule, wanted in (
        (qa.at_least("mig_share", than="median"), 3),  # 66.67 per cent: itself
        (qa.above("mig_share", than="median"), 2),
        (qa.above("mig_share", than="median", digits=0), 2),  # 67
        (qa.at_least("mig_share", than="median", digits=0), 2),
        (qa.above("mig_share", than="median", plus=-1), 3),
        (qa.above("mig_share", than="median", factor="1.25"), 1),  # 83.33: 25 of 30 is not above
        (qa.above("mig_share", than="quantile", q=0.75), 1),
        (qa.worst_n("mig", 2, highest=False), 2),
        (qa.worst_share("mig_share", 1, highest=True), 5),
    ):
        assert sum(cells_selected(qa.screen_cells(cells, rule, **ALL)).values()) == wanted, rule


def test_ties_at_the_limit_are_counted_in_a_note(write):
    frame = pd.DataFrame({"ags": "03000001", "x": 200 * np.arange(10), "y": 0, "pop": 30})
    cells = write(frame.assign(mig=[0] * 7 + [1, 2, 3]), rates={"mig_share": ("mig", "pop")})
    found = qa.screen_cells(cells, qa.worst_share("mig_share", 0.35, highest=True), **ALL)
    assert len(found.quarters) == 3
    assert "of cells tied at the limit 0 are in and 7 are out" in " ".join(found.notes)


def test_rules_on_the_order_that_cannot_be_are_refused(write, nation):
    cells = write(nation)
    for rule, message in (
        (qa.worst_share("mig_share", 0.2), "highest=True or highest=False"),
        (qa.worst_share("mig_share", 0.2, by="kreis", highest=True), "by must be one of 'municipality', 'land'"),
        (qa.worst_share("mig_shar", 0.2, highest=True), "Did you mean 'mig_share'"),
    ):
        with pytest.raises(SpecError, match=message):
            qa.screen_cells(cells, rule)
    huge = write(nation.assign(pop=nation["pop"] + 10**8, mig=nation["pop"] + 10**8))
    with pytest.raises(CountError, match="too large to be put in order"):
        qa.screen_cells(huge, qa.worst_share("mig_share", 0.2, highest=True))
    assert order_limits(qa.screen_cells(cells, qa.above("mig_share", 5)).spec.rule, []) == ({}, ())


@pytest.mark.parametrize("value", [Fraction(100, 3), Fraction(25, 2), Fraction(200, 7), Fraction(100)])
def test_a_limit_written_as_a_number_decides_as_the_limit(value):
    near = [value, value - Fraction(1, 10**8), value + Fraction(1, 10**8)]
    for word, holds in (
        ("above", lambda one, limit: one > limit),
        ("at_least", lambda one, limit: one >= limit),
        ("below", lambda one, limit: one < limit),
        ("at_most", lambda one, limit: one <= limit),
    ):
        decimal = Fraction(as_decimal(value, word))
        assert [holds(one, decimal) for one in near] == [holds(one, value) for one in near], word
    assert str(as_decimal(Fraction("12.25"), "above", 1)) == "12.3"
