"""A rule follows what a number is: the direction of a change is that of its base, a sum is no limit for an area."""

from __future__ import annotations

import re

import pytest

import quartiersatlas as qa
from quartiersatlas.errors import SpecError

INCOME = qa.Indicator(id="income", label_de="Einkommen", label_en="Income", kind="median", unit="EUR", direction=-1)
NET = qa.Indicator(id="net", kind="balance", direction=-1)
SPENT = qa.Indicator(id="spent", kind="amount", unit="EUR")
RESIDENTS = [700.0, 900, 1100, 1300]


def data_of(joined, year, *indicators, **columns):
    catalogue = qa.Catalogue.builtin().add(*indicators)
    return joined({**columns, "residents": RESIDENTS}, catalogue=catalogue, period=year)


@pytest.fixture
def poorer(joined):
    """Incomes fall in the first area only."""
    now = data_of(joined, "2024", INCOME, income=[1700.0, 2350, 2100, 1999])
    return qa.add_change(now, data_of(joined, "2020", INCOME, income=[1900.0, 2000, 2100, 1990]), "income")


def test_where_less_is_more_need_the_worst_changes_are_the_lowest(poorer):
    shortlist = qa.screen(poorer, qa.worst_share("income_change", 0.25))
    assert shortlist.keys == ["a0"]
    assert shortlist.stability(n=5).table["p_selected"].tolist() == [1.0, 0.0, 0.0, 0.0]
    (reason,) = shortlist.reasons[shortlist.reasons["key"] == "a0"].itertuples()
    assert (reason.value, reason.limit, reason.distance) == (-200.0, -200.0, 0.0)


def test_a_rule_on_high_changes_of_what_less_of_is_need_is_warned_of(joined):
    rate = qa.Indicator(id="jobs", direction=-1)
    now, before = (
        qa.add_rates(data_of(joined, year, rate, work=[x, 500.0, 600, 700]), {"jobs": ("work", "residents")})
        for year, x in (("2024", 300.0), ("2020", 350.0))
    )
    data = qa.add_change(now, before, "jobs")
    with pytest.warns(UserWarning, match="the side that means less need"):
        assert qa.screen(data, qa.above_city("jobs_change")).keys == ["b0", "c0", "d0"]
    assert qa.screen(data, qa.worse_than_city("jobs_change")).keys == ["a0"]


def test_the_highest_changes_stay_the_worst_without_a_direction(joined):
    plain = qa.Indicator(id="income", kind="median", unit="EUR")
    now, before = (
        data_of(joined, year, plain, income=[x, 2000.0, 2100, 1990]) for year, x in (("2024", 2200.0), ("2020", 1900.0))
    )
    assert qa.screen(qa.add_change(now, before, "income"), qa.worst_share("income_change", 0.25)).keys == ["a0"]


def test_equal_changes_of_published_numbers_are_equal(joined):
    """All four are -0.1 but for the last bit: they are tied at the best value, and none of them is selected."""
    score = qa.Indicator(id="score", kind="score", direction=-1)
    now = data_of(joined, "2024", score, score=[12.2, 5.2, 0.1, -3.0])
    before = data_of(joined, "2020", score, score=[12.3, 5.3, 0.2, -2.9])
    shortlist = qa.screen(qa.add_change(now, before, "score"), qa.worst_share("score_change", 0.25))
    assert shortlist.keys == []
    (tie,) = [message for message in shortlist.warnings if message.name == "warning_rule_tie_out"]
    assert tie.values["count"] == 4


@pytest.mark.parametrize(("indicator", "first"), [(NET, -40.0), (SPENT, 40.0), (None, 40.0)])
def test_a_sum_is_no_limit_nor_is_its_change_and_the_rate_it_offers_can_be_pasted(joined, indicator, first):
    indicator = indicator or qa.Indicator(id="poor", kind="count")
    name = indicator.id
    now, before = (
        data_of(joined, year, indicator, **{name: [x, 20.0, 30.0, 10.0]}) for year, x in (("2024", first), ("2020", 7))
    )
    data = qa.add_change(now, before, name)
    with pytest.raises(SpecError, match=f"the city value of '{name}_change' is the sum of all areas"):
        qa.screen(data, qa.above_city(f"{name}_change"))
    with pytest.raises(SpecError, match=f"the city value of '{name}' is the sum of all areas") as error:
        qa.screen(data, qa.above_city(name))
    recipe = re.search(r"data = (qa\.add_rates\(.*\))\.$", str(error.value))[1]
    made = eval(recipe, {"qa": qa, "data": data})  # noqa: S307 - as a user would paste it
    column = made.values[f"{name}_rate"]
    per = {"net": 1000, "spent": 1, "poor": 100}[name]
    assert column.tolist() == pytest.approx([x / n * per for x, n in zip([first, 20, 30, 10], RESIDENTS, strict=True)])


def test_a_balance_ranks_by_size_of_area_as_counts_do(joined):
    data = data_of(joined, "2024", NET, net=[-40.0, 20, 300, 10])
    with pytest.warns(UserWarning, match="net"):
        names = [warning.name for warning in qa.screen(data, qa.worst_share("net", 0.25)).warnings]
    assert "warning_rule_counts" in names
