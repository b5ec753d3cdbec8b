"""Exactly at each limit, just above and just below; no more cells than needed; what is unknown stays unknown."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from system.tables import Counts, task

import quartiersatlas as qa
from quartiersatlas.disclosure.columns import fitting_numerators
from quartiersatlas.disclosure.system.suppress import suppress

EXACT = qa.Protection(derived="exact")
RATE = {"poverty": ("poor", "residents")}
ALONE = {"secondary": False, "min_population": 0}


def shown(joined, values, **options):
    """Give which areas show the rate of poor among residents."""
    data = qa.add_rates(joined(values), RATE)
    return qa.release(data, protection=qa.Protection(**{**ALONE, **options})).values["poverty"].notna().tolist()


@pytest.mark.parametrize("min_count", [1, 2, 5])
def test_a_count_is_shown_from_the_minimum_on_and_so_is_the_remainder(joined, min_count):
    edges = [min_count - 1, min_count, min_count + 1]
    poor = [float(count) for count in (*edges, *(100 - count for count in edges))]
    at_limit = [min_count == 1, True, True]  # 0 of 100 is a true zero
    values = {"poor": poor, "residents": [100.0] * 6}
    alone = shown(joined, values, min_count=min_count, protect_remainder=False)
    assert alone == [*at_limit, True, True, True]
    # nobody left over tells something about everybody
    assert shown(joined, values, min_count=min_count) == [*at_limit, False, True, True]


def test_a_rate_is_shown_from_the_smallest_denominator_on(joined):
    values = {"poor": [10.0, 10, 10], "residents": [29.0, 30, 31]}
    assert shown(joined, values, min_denominator=30) == [False, True, True]


def test_an_area_is_shown_from_the_smallest_population_on(joined):
    values = {"poor": [50.0, 50, 50], "residents": [299.0, 300, 301]}
    assert shown(joined, values, min_population=300) == [False, True, True]


def is_safe(hidden, counts, width):
    """Tell by enumeration whether each small hidden count keeps enough values; nobody knows more than their total."""
    x = [counts[i] for i in hidden]
    least = 0 if 0 in x else 1  # zeros are shown, unless one is hidden
    solutions = [s for s in product(*(range(least, sum(x) + 1) for _ in hidden)) if sum(s) == sum(x)]
    spans = [max(column) - min(column) for column in zip(*solutions, strict=True)]
    return all(span >= width for span, count in zip(spans, x, strict=True) if 0 < count < width)


@settings(max_examples=60)
@given(st.lists(st.integers(0, 9), min_size=2, max_size=5), st.integers(2, 4))
def test_no_cell_can_be_published_again_without_giving_one_away(counts, width):
    one = task(Counts(np.array(counts, dtype=float)[:, None], units=(tuple(range(len(counts))),)), width)
    withheld, need = suppress(one)
    hidden = np.flatnonzero(withheld).tolist()
    small = np.flatnonzero(one.withheld).tolist()
    if not small:
        assert hidden == []
        return
    if (need == one.need).all():  # nothing is at its limit
        assert is_safe(hidden, counts, width)
        for cell in set(hidden) - set(small):
            assert not is_safe([i for i in hidden if i != cell], counts, width)


def test_a_sum_with_an_unknown_part_hides_nothing_and_gives_nothing_away(joined):
    """Of a column that is unknown somewhere the total of the known areas is known: company must be one of them."""
    values = {"poor": [2.0, np.nan, 20, 50], "residents": [1000.0] * 4}
    data = qa.add_rates(joined(values), RATE)
    released = qa.release(data, protection=qa.Protection(min_population=0))
    assert released.status["poverty"].tolist() == ["suppressed", "missing", "suppressed", "value"]


def test_columns_that_add_up_are_linked_although_a_part_is_unknown_somewhere(joined):
    """In the first area a part is unknown: the sum tells nothing there, in all others it does."""
    random = np.random.default_rng(1)
    women, men = random.integers(40, 90, (2, 12)).astype(float)
    women[1] = 2
    values = {"women": women, "men": men, "both": women + men, "residents": [1000.0] * 12}
    values["men"][0] = np.nan
    rates = {f"{name}_share": (name, "residents") for name in ("women", "men", "both")}
    hidden = qa.release(qa.add_rates(joined(values), rates)).status.eq("suppressed")
    assert hidden["women_share"].sum() >= 2
    assert hidden.loc["b0", ["men_share", "both_share"]].any()  # women would follow from the two others
    assert hidden["men_share"].sum() != 1
    assert hidden["both_share"].sum() != 1


@pytest.mark.parametrize("base", [2, 4, 5, 10])
def test_halves_are_rounded_upwards(base):
    counts = pd.Series([0.0, base / 2 - 0.5, base / 2, base / 2 + 0.5, 1.5 * base, 2.5 * base])
    rounded = qa.Protection(round_base=base).rounded(counts)
    assert (rounded / base).tolist() == [0, 0, 1, 1, 2, 3]
    assert qa.Protection().rounded(counts).equals(counts)


def test_rates_of_rounded_counts_are_those_of_the_counts_shown(joined):
    values = {"poor": [12.0, 13, 17, 18], "residents": [100.0, 102, 103, 1000]}
    protection = qa.Protection(round_base=5, **ALONE, decimals=2)
    released = qa.release(qa.add_rates(joined(values), RATE), protection=protection).values
    assert released["poverty_numerator"].tolist() == [10, 15, 15, 20]
    assert released["poverty_denominator"].tolist() == [100, 100, 105, 1000]
    assert released["poverty"].tolist() == [10.0, 15.0, 14.29, 2.0]


def test_a_rounded_city_value_leaves_out_numerators_at_the_half():
    """12.5 % of 8 is one person; 0.25 and 0.35 are the edges of 0.3: neither is a safe second numerator."""
    assert fitting_numerators(12.5, 8, 100, 1).tolist() == [1.0]
    assert fitting_numerators(0.3, 2000, 100, 1).tolist() == [6.0]  # 5 is 0.25 %, 7 is 0.35 %


@pytest.mark.parametrize("side", ["poor", "residents"])
@pytest.mark.parametrize("status", ["suppressed", "missing"])
def test_a_rate_of_a_suppressed_or_a_missing_count_has_its_status_and_no_value(joined, side, status):
    values = {"poor": [40.0, 50, 60, 70], "kids": [50.0, 60, 70, 80], "residents": [1000.0] * 4}
    values["kids" if side == "residents" else side][1] = np.nan
    data = joined(values)
    data.status.loc["b0", "kids" if side == "residents" else side] = status
    released = qa.release(qa.add_rates(data, {"rate": ("poor", "kids")}), protection=qa.Protection(secondary=False))
    assert released.status.loc["b0", "rate"] == status
    assert np.isnan(released.values.loc["b0", "rate"])
    assert released.values["rate"].notna().tolist() == [True, False, True, True]


@pytest.mark.parametrize("elsewhere", [40.0, np.nan])
def test_the_denominator_is_a_limit_also_where_all_are_in_the_group_or_the_group_is_unknown(joined, elsewhere):
    """Of the 2 + 20 poor, all 20 children of the second area can be poor, so that the first has 2, 3 or 4 of its 4.

    Three values are too few: the third area has to be company.
    """
    values = {"poor": [2.0, 20, 30, elsewhere], "kids": [4.0, 20, 60, 80], "residents": [1000.0] * 4}
    data = qa.add_rates(joined(values), {"rate": ("poor", "kids")})
    status = qa.release(data, protection=qa.Protection(protect_remainder=False)).status["rate"]
    assert status.eq("suppressed").tolist() == [True, False, True, False]


def test_residents_are_no_limit_of_a_count_that_is_no_part_of_them(joined):
    """There are more jobs than residents in the last area: of the 2 + 20 jobs each of the two can have 1 to 21."""
    data = joined({"jobs": [2.0, 20, 30, 5000], "residents": [4.0, 20, 60, 1000]})
    protection = qa.Protection(min_population=0, protect_remainder=False)
    status = qa.release(data, columns=["jobs"], protection=protection).status["jobs"]
    assert status.eq("suppressed").tolist() == [True, True, False, False]


@pytest.mark.parametrize(("min_count", "poor", "kids"), [(3, [2.0, 2], [3.0, 4]), (1, [1.0, 2], [1.0, 2])])
def test_a_denominator_that_leaves_no_more_values_than_the_minimum_is_hidden_too(joined, min_count, poor, kids):
    """Of 3 children 1 to 3 can be poor, of 4 there are four values; the only child must be, of two it can be one."""
    data = qa.add_rates(joined({"poor": poor, "kids": kids, "residents": [1000.0] * 2}), {"rate": ("poor", "kids")})
    protection = qa.Protection(min_count=min_count, secondary=False)
    status = qa.release(data, columns=["rate", "kids"], protection=protection).status
    assert status["rate"].tolist() == ["suppressed", "suppressed"]
    assert status["kids"].tolist() == ["suppressed", "value"]


def test_a_denominator_that_is_hidden_last_has_company_too(joined):
    """The 0 of 3 children is company of the 2: their number tells too much of it, and the 100 tell their number."""
    data = joined({"poor": [2.0, 0], "kids": [100.0, 3], "residents": [1000.0, 1000]})
    released = qa.release(qa.add_rates(data, {"rate": ("poor", "kids")}), columns=["rate", "kids"])
    assert released.status["kids"].tolist() == ["suppressed", "suppressed"]


@pytest.mark.parametrize(
    ("poor", "options", "city", "decimals"),
    [
        (2.0, {}, 0.1, 1),  # 2, 3 and 4 of 3000 are 0.1 percent
        (2.0, {"decimals": 2}, 0.07, 2),  # as asked for, although no other number than 2 is
        (2.0, {"round_base": 5}, 0.0, 1),  # of the rounded count
        (3.0, {"round_base": 5}, 0.2, 1),
    ],
)
def test_a_small_city_value_is_coarser_unless_decimals_or_rounded_counts_are_asked_for(
    joined, poor, options, city, decimals
):
    data = qa.add_rates(joined({"poor": [poor, 0, 0], "residents": [1000.0] * 3}), RATE)
    column = qa.release(data, protection=qa.Protection(**options)).column("poverty")
    assert (column.city, column.decimals) == (city, decimals)


@pytest.mark.filterwarnings("ignore:Need index:UserWarning")
@pytest.mark.parametrize(("width", "decimals", "score"), [(5, 1, 2.8), (10, 1, 5.5), (10.5, 0, 6), (100, 0, 55)])
def test_scores_of_rounded_counts_have_steps_of_a_tenth_and_on_scales_wider_than_ten_of_one(
    joined, width, decimals, score
):
    data = qa.add_rates(joined({"poor": [100.0, 200, 300, 212], "residents": [1000.0] * 4}), RATE)
    axis = {
        "id": "status",
        "label_de": "S",
        "label_en": "S",
        "normalise": {"method": "minmax", "low": 0, "high": width},
        "classes": [{"id": "all", "label_de": "alle", "label_en": "all"}],
        "indicators": [{"id": "poverty"}],
    }
    need = qa.need_index(data, qa.NeedSpec.from_dict({"id": "t", "source": "t", "axes": [axis]}))
    released = qa.release(data, need=need, protection=qa.Protection(round_base=5))
    assert released.column("need_status").decimals == decimals
    assert released.values["need_status"].iloc[3] == score  # 110 / 200 of the width: 212 leaves as 210
    assert qa.release(data, need=need).column("need_status").decimals == 2


@pytest.mark.filterwarnings("ignore:Need index:UserWarning")
@pytest.mark.parametrize("of", [["poverty"], ["poverty_change"], ["noise", "poverty"]])
def test_four_rates_of_an_exact_index_are_hidden_or_none(joined, of):
    """Mean and spread of the scores and the total are three equations: they give three hidden rates away, not four."""
    values = {"poor": [2.0, *range(20, 240, 20)], "noise": range(12), "residents": [1000.0] * 12}
    later = qa.add_rates(joined(values, period="2024"), RATE)
    earlier = qa.add_rates(joined({**values, "poor": [100.0 + 7 * i % 5 for i in range(12)]}, period="2023"), RATE)
    noise = qa.Indicator(id="noise", label_de="Lärm", label_en="Noise")
    data = qa.add_change(replace(later, catalogue=later.catalogue.add(noise)), earlier, ["poverty"])
    axis = {"id": "status", "label_de": "S", "label_en": "S", "indicators": [{"id": name} for name in of]}
    axis["classes"] = [{"id": "all", "label_de": "alle", "label_en": "all"}]
    need = qa.need_index(data, qa.NeedSpec.from_dict({"id": "t", "source": "t", "axes": [axis]}))
    hidden = qa.release(data, columns=["poverty"], need=need, protection=EXACT).status["poverty"].eq("suppressed")
    assert hidden.sum() == 4
    assert hidden.iloc[0]
    assert qa.release(data, columns=["poverty"]).status["poverty"].eq("suppressed").sum() == 2
    more = qa.release(data, columns=["poverty"], need=need, protection=replace(EXACT, min_count=90))
    assert more.status["poverty"].eq("suppressed").tolist() == [True] * 5 + [False] * 7  # 2, 20, 40, 60 and 80


def test_residents_are_known_and_hide_no_part_of_them(joined):
    """The number with work would follow from that without: it is hidden in the same two areas."""
    with_work = np.array([2.0, 20, 300, 410, 330, 290, 380, 440])
    data = joined({"with_work": with_work, "without_work": 1000 - with_work, "residents": [1000.0] * 8})
    rates = {"work": ("with_work", "residents"), "no_work": ("without_work", "residents")}
    released = qa.release(qa.add_rates(data, rates), protection=qa.Protection(protect_remainder=False))
    assert released.residents.notna().all()
    hidden = released.status[list(rates)].eq("suppressed")
    assert hidden["work"].equals(hidden["no_work"])
    assert hidden["work"].iloc[0]
    assert hidden["work"].sum() == 2


@pytest.mark.parametrize("parent", ["bezirk", "ward"])
def test_company_is_in_the_same_parent_area_whose_total_is_known_elsewhere(grid, parent):
    areas = grid(4)
    areas[parent] = ["A", "A", "B", "B"]
    values = pd.DataFrame({"poor": [2.0, 50, 20, 30], "residents": [1000.0] * 4}, index=areas.index)
    status = qa.release(qa.add_rates(qa.join(areas, values), RATE)).status["poverty"]
    assert status.eq("suppressed").tolist() == [True, True, False, False]
