from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, SpecError

RATE = {"poverty": ("mh", "residents")}
EXACT = qa.Protection(derived="exact")


@pytest.fixture
def data(joined):
    values = {
        "mh": [240.0, 2, 100, 50, 60, 0, np.nan],
        "secret": [123456.0] * 7,
        "residents": [1000.0, 1000, 250, 800, 900, 0, 700],
    }
    return qa.add_rates(joined(values), RATE)


def test_only_named_columns_leave(data):
    released = qa.release(data, columns=["poverty"])
    assert set(released.values.columns) == {"poverty", "poverty_numerator", "poverty_denominator"}
    assert list(released.areas.columns) == ["name", "geometry"]


def test_protected_cells_are_absent_with_their_counts_and_say_so(data):
    released = qa.release(data)
    # b0: 2 of 1000; c0: below 300 residents
    for column in released.values.columns:
        assert released.values.loc[["b0", "c0"], column].isna().all()
        assert released.status.loc[["b0", "c0"], column].eq("suppressed").all()
    assert released.state.to_dict()["c0"] == "small"
    assert released.state.to_dict()["f0"] == "uninhabited"
    assert released.status.loc["g0", "poverty"] == "missing"
    assert released.values.loc["a0", "poverty"] == 24.0


def test_rates_leave_rounded(data):
    released = qa.release(data)
    assert released.values.loc["d0", "poverty"] == 6.2  # 6.25 rounds half to even
    assert released.values.loc["e0", "poverty"] == 6.7


def test_the_city_value_is_from_all_counts_also_the_protected(data):
    # (240 + 2 + 100 + 50 + 60 + 0) of (1000 + 1000 + 250 + 800 + 900 + 0)
    assert qa.release(data).column("poverty").city == pytest.approx(11.4)


PARTS = {"title": "T", "source": "S", "as_of": "2024", "comment": "C"}


@pytest.fixture
def defined(data):
    """Give the data with a definition of their indicator, in both languages."""
    words = {"label_de": "Armut", "label_en": "Poverty", "numerator_de": "Arme", "numerator_en": "Poor persons"}
    return replace(data, catalogue=data.catalogue.add(qa.Indicator(id="poverty", **words)))


@pytest.mark.parametrize(("part", "name"), [("title", "title"), ("source", "source"), ("as_of", "date")])
def test_a_missing_part_makes_a_draft(defined, part, name):
    released = qa.release(defined, **{**PARTS, part: ""})
    assert [reason.name for reason in released.draft_reasons] == [f"draft_without_{name}"]


def test_a_missing_comment_makes_a_draft(defined):
    assert qa.release(defined, **{**PARTS, "comment": " "}).is_draft
    assert not qa.release(defined, **PARTS).is_draft


def test_an_indicator_without_a_definition_makes_a_draft(data, defined):
    with pytest.warns(UserWarning, match=r"Only the definition of 'poverty' .* catalogue\.add"):
        released = qa.release(data, **PARTS)
    assert [reason.name for reason in released.draft_reasons] == ["draft_without_definition"]
    without_numerator = qa.Indicator(id="poverty", label_de="Armut", label_en="Poverty", denominator_de="Einwohner")
    with pytest.warns(UserWarning, match="Only the definition of 'poverty'"):
        assert qa.release(replace(data, catalogue=data.catalogue.add(without_numerator)), **PARTS).is_draft
    one_language = qa.Indicator(id="poverty", label_de="Armut", label_en="Poverty", numerator_de="Arme")
    assert not qa.release(replace(data, catalogue=data.catalogue.add(one_language)), **PARTS).is_draft  # serves both
    assert not qa.release(defined, **PARTS).is_draft


@pytest.mark.filterwarnings("ignore:Need index:UserWarning")
def test_derived_scores_inherit_protection(data):
    axis = {
        "id": "status",
        "label_de": "Status",
        "label_en": "Status",
        "indicators": [{"id": "poverty"}],
        "classes": [{"id": "all", "label_de": "alle", "label_en": "all"}],
    }
    spec = qa.NeedSpec.from_dict({"id": "t", "source": "t", "axes": [axis]})
    need = qa.need_index(data, spec)
    released = qa.release(data, need=need)
    assert not np.isnan(need.scores.loc["b0", "status"])
    assert np.isnan(released.values.loc["b0", "need_status"])
    assert (
        released.values.loc["b0", "need_status_class"] is None or released.values.isna().loc["b0", "need_status_class"]
    )
    assert released.status.loc["b0", "need_status_class"] == "suppressed"


@pytest.mark.filterwarnings("ignore:2 of 7 areas cannot be assessed")
def test_a_protected_area_is_not_listed_and_stands_with_those_that_cannot_be_assessed(data):
    shortlist = qa.screen(data, qa.worst_share("poverty", 1.0))
    released = qa.release(data, shortlist=shortlist)
    assert shortlist.selected["b0"]
    assert not released.selected["b0"]
    assert "b0" not in set(released.reasons["key"])
    line = next(fact for fact in released.facts if fact.name == "fact_unassessed")
    assert line.values["count"] == 4  # b0: 2 persons, c0: small, f0: uninhabited, g0: unknown
    assert released.n_assessed == 3


def test_candidates_with_a_protected_member_show_no_rate(data):
    with pytest.warns(UserWarning, match="compares counts"):
        shortlist = qa.screen(data, qa.worst_share("residents", 1.0))
    candidates = qa.candidate_areas(data.areas, shortlist, min_population=0)
    released = qa.release(data, shortlist=shortlist, candidates=candidates)
    assert released.candidates["poverty"].isna().all()


def test_candidates_need_their_shortlist(data):
    with pytest.warns(UserWarning, match="compares counts"):
        shortlist = qa.screen(data, qa.worst_share("residents", 1.0))
    with pytest.raises(SpecError, match="shortlist"):
        qa.release(data, candidates=qa.candidate_areas(data.areas, shortlist))


def test_unknown_and_text_columns_are_refused(data, joined):
    with pytest.raises(ColumnError, match="Did you mean 'poverty'"):
        qa.release(data, columns=["povertys"])
    words = joined({"residents": [1000.0], "word": ["x"]})
    with pytest.raises(ColumnError, match="holds text"):
        qa.release(words, columns=["word"])


def test_counts_of_people_are_protected_against_the_population(joined):
    data = joined({"residents": [1000.0, 1000, 1000, 1000], "pupils": [999.0, 1, 100, 40]})
    released = qa.release(data, columns=["pupils"])
    assert released.values["pupils"].isna().tolist() == [True, True, False, False]


def test_segregation_values_leave_rounded(joined):
    data = joined({"mh": [240.0, 120, 100, 50], "residents": [1000.0, 1000, 900, 800]})
    result = qa.measure_segregation(data, ["mh"])
    released = qa.release(data, columns=[], segregation=result)
    assert released.segregation["value"].tolist() == [round(v, 4) for v in result.table["value"]]


def test_segregation_of_a_group_with_a_small_count_leaves_with_fewer_digits(data):
    result = qa.measure_segregation(data, ["mh"], missing="report")  # 452 persons, 2 of them in one area
    released = qa.release(data, segregation=result, protection=EXACT)
    pairs = zip(released.segregation["value"], result.table["value"], strict=True)
    assert all(shown in {round(exact, digits) for digits in (0, 1, 2)} for shown, exact in pairs)


def test_segregation_of_a_tiny_group_does_not_leave(joined):
    data = joined({"few": [40.0, 30, 20, 9], "mh": [300.0, 200, 100, 90], "residents": [1000.0] * 4})
    result = qa.measure_segregation(data, ["few", "mh"], indices="all")
    released = qa.release(data, columns=[], segregation=result, protection=EXACT)
    numbers = ["value", "adjusted", "expected", "lower", "upper"]
    few = released.segregation["group"].eq("few") | released.segregation["group"].str.contains("few")
    assert few.any()
    assert released.segregation.loc[few, numbers].isna().all(axis=None)
    assert released.segregation.loc[few, "note"].str.contains("fewer than 100 persons").all()
    assert {code.name for codes in released.segregation.loc[few, "note_codes"] for code in codes} == {"note_protected"}
    assert released.segregation.loc[released.segregation["group"].eq("mh"), "value"].notna().any()


def test_segregation_is_protected_place_by_place(joined):
    """The group has 420 persons in A and 54 in B: what it is in A does not open B."""
    values = {"few": [100.0, 90, 200, 30, 15, 16, 14, 9], "residents": [1000.0] * 8, "place": [*"AAAABBBB"]}
    data = joined(values)
    result = qa.measure_segregation(data, ["few"], by="place", indices=["dissimilarity"])
    shown = qa.release(data, columns=[], segregation=result, protection=EXACT).segregation.set_index("by")["value"]
    assert shown.notna().to_dict() == {"A": True, "B": False}


def test_where_the_groups_are_all_residents_nobody_is_left_to_be_protected(joined):
    data = joined({"a": [240.0, 120, 100, 50], "b": [60.0, 280, 200, 350], "residents": [300.0, 400, 300, 400]})
    result = qa.measure_segregation(data, ["a", "b"], indices=["multigroup_dissimilarity"])
    shown = qa.release(data, columns=[], segregation=result).segregation["value"]
    assert shown.notna().tolist() == [True]


def test_the_release_says_what_it_is(data):
    words = repr(qa.release(data, title="Atlas"))
    assert "draft" in words
    assert "7 areas" in words


@pytest.mark.filterwarnings("ignore:2 of 7 areas cannot be assessed")
def test_a_condition_on_a_column_that_does_not_leave_tells_no_value(data):
    shortlist = qa.screen(data, qa.above_city("poverty"))
    released = qa.release(data, columns=["residents"], shortlist=shortlist)
    assert shortlist.keys == ["a0", "c0"]
    assert released.reasons["key"].tolist() == ["a0"]  # c0 has 250 residents
    assert released.reasons["column"].eq("").all()
    assert released.reasons[["value", "limit"]].isna().all().all()


def test_a_secret_cell_of_the_source_has_company_that_no_city_value_gives_away(joined):
    """Whoever knows the total of the city has the secret one otherwise: by the others, or by their mean."""
    data = joined({"mh": [40.0, np.nan, 30, 50], "residents": [1000.0] * 4})
    data.status.loc["b0", "mh"] = "suppressed"
    released = qa.release(qa.add_rates(data, RATE))
    withheld = released.values["poverty"].isna()
    assert withheld["b0"]
    partners = data.values["mh"][withheld & data.values["mh"].notna()]
    assert len(partners) >= 1
    city, n = released.column("poverty").city, 3000
    if len(partners) == 1 and not np.isnan(city):  # then the mean of the known ones has to leave three values
        fits = [k for k in range(n) if abs(100 * k / n - city) < 0.05]
        assert len(fits) >= 3


@pytest.mark.parametrize(("told", "city"), [(458, 5.1), (456, 5.0)])
def test_a_secret_cell_that_may_be_all_the_company_of_others_stays_as_open_to_the_city_value(joined, told, city):
    """5.1 % of 9,000 are 455 to 463 persons: who knows 456 + x of the whole city is left with x - 7 to x + 1."""
    counts = [np.nan, 60.0, 50, 40, 55, 45, 70, 66, 32, told - 418]
    data = joined({"mh": counts, "residents": [1000.0] * 10})
    data.status.loc["a0", "mh"] = "suppressed"
    column = qa.release(qa.add_rates(data, RATE)).column("poverty")
    assert column.city == city
    assert column.decimals == 1  # of the areas, whose counts stand beside their rates
    decimals = column.of_city.decimals
    assert decimals == (1 if city == 5.1 else 0)
    fits = [k for k in range(9000) if abs(100 * k / 9000 - city) < 0.5 * 10**-decimals]
    assert {told - 3, told + 3} <= set(fits)


def test_no_number_of_decimals_makes_a_city_value_tell_a_secret_cell(joined):
    data = joined({"mh": [np.nan, 60.0, 50, 40], "residents": [1000.0] * 4})
    data.status.loc["a0", "mh"] = "suppressed"
    data = qa.add_rates(data, RATE)
    assert qa.release(data, protection=qa.Protection(decimals=0)).column("poverty").city == 5.0  # 150 of 3,000
    assert np.isnan(qa.release(data, protection=qa.Protection(decimals=3)).column("poverty").city)


def test_a_withheld_area_does_not_come_back_inside_a_candidate_area(joined):
    # all are selected; b0 lies between the others and shows nothing: 250 residents
    data = qa.add_rates(joined({"mh": [400.0, 100, 500, 450], "residents": [1000.0, 250, 1000, 900]}), RATE)
    shortlist = qa.screen(data, qa.worst_share("poverty", 1.0))
    candidates = qa.candidate_areas(data.areas, shortlist, min_population=0)
    assert candidates.members.to_dict() == {"a0": "P1", "b0": "P1", "c0": "P1", "d0": "P1"}
    only_small = qa.Protection(secondary=False)
    released = qa.release(data, shortlist=shortlist, candidates=candidates, protection=only_small)
    assert released.members.to_dict() == {"a0": "P2", "c0": "P1", "d0": "P1"}
    assert released.candidates["residents"].to_dict() == {"P1": 1900, "P2": 1000}
    assert not released.candidates.intersects(data.areas.geometry["b0"].buffer(-1)).any()


def test_areas_missing_from_the_city_value_are_counted_in_the_method(data):
    facts = [fact for fact in qa.release(data).facts if fact.name == "fact_city_without"]
    assert [fact.values["count"] for fact in facts] == [1]  # g0


@pytest.fixture
def small(joined):
    """Give areas of which the first has 2 poor, the fourth 200 residents; nothing else is protected."""
    values = {"poor": [2.0, 100, 300, 80, 250], "residents": [1000.0, 1000, 1000, 200, 1000]}
    return qa.add_rates(joined(values), {"poverty": ("poor", "residents")})


@pytest.mark.filterwarnings("ignore:Need index:UserWarning")
def test_labels_of_the_runs_leave_where_the_score_does(small):
    axis = {
        "id": "status",
        "label_de": "S",
        "label_en": "S",
        "classes": [{"id": "all", "label_de": "alle", "label_en": "all"}],
        "indicators": [{"id": "poverty"}],
    }
    spec = qa.NeedSpec.from_dict({"id": "t", "source": "t", "axes": [axis]})
    need = qa.need_index(small, spec, exclude={"e0": "harbour"})
    stable = need.stability(n=3, seed=1, select=1)
    assert stable.table["label"].notna().tolist() == [True, True, True, False, False]
    released = qa.release(small, need=need, stability=stable, protection=qa.Protection(secondary=False))
    assert released.stability.table["label"].notna().tolist() == [False, True, True, False, False]
    assert released.stability.table["p_selected"].notna().tolist() == [False, True, True, False, False]


@pytest.mark.filterwarnings("ignore:1 area has another class, selection or area for review:UserWarning")
def test_labels_of_the_runs_leave_where_the_outcome_of_the_rule_does(small):
    shortlist = qa.screen(small, qa.worst_share("poverty", 0.5))
    stable = shortlist.stability(n=3, seed=1)
    assert stable.table["label"].notna().all()
    released = qa.release(small, shortlist=shortlist, stability=stable, protection=qa.Protection(secondary=False))
    assert released.stability.table["label"].notna().tolist() == [False, True, True, False, True]
    assert released.stability.table["p_selected"].notna().tolist() == [False, True, True, False, True]
