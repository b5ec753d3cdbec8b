from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, CountError, SpecError
from quartiersatlas.screening.summary import check_rounded, leading


@pytest.fixture
def towns(joined):
    """Two towns of two areas each; the first of each is poor."""
    data = joined({"poor": [300.0, 100, 400, 50], "mh": [200.0, 50, 150, 100], "residents": [1000.0] * 4})
    data.areas["gemeinde"] = ["A", "A", "B", "B"]
    return qa.add_rates(data, {"poverty": ("poor", "residents")})


def screened(data, rule):
    with pytest.warns(UserWarning, match="gemeinde"):
        return qa.screen(data, rule)


def test_the_study_in_numbers_and_in_a_sentence(towns):
    summary = screened(towns, qa.above_city("poverty")).summarise("mh", by="gemeinde")  # city: 21.25 %
    assert (summary.areas, summary.municipalities, summary.residents, summary.members) == (2, 2, 2000, 350)
    assert summary.share_of_group == pytest.approx(0.7)
    assert summary.group_inside == pytest.approx(0.175)
    assert summary.sentence("de") == (
        "In 2 Gebieten in 2 Kommunen leben 2.000 Menschen, darunter 350 mh, das sind 70,0 % aller mh."
    )
    assert summary.sentence("en", rounded=True) == (
        "2,000 residents live in 2 areas of 2 municipalities, among them 350 mh, which is 70% of all mh."
    )


def test_one_municipality_is_left_out_of_the_sentence(towns):
    one = screened(towns, qa.above("poverty", than="city", factor=1.6)).summarise("mh", by="gemeinde")
    assert "Kommunen" not in one.sentence("de")
    assert one.sentence("de").startswith("In einem Gebiet leben 1.000 Menschen")


def test_sure_and_borderline_areas_are_told_apart(towns):
    shortlist = screened(towns, qa.above_city("poverty"))
    summary = shortlist.summarise(stability=shortlist.stability(n=200))
    assert (summary.sure, summary.borderline) == (2, 0)
    assert summary.sentence("de").endswith("Davon 2 sicher, 0 Grenzfälle.")


def test_nobody_selected_is_said(towns):
    assert screened(towns, qa.above_city("poverty") & qa.above("poverty", 99)).summary.sentence("en") == (
        "No area is selected."
    )


def test_a_rate_is_no_group_and_an_unknown_level_is_named(towns):
    shortlist = screened(towns, qa.above_city("poverty"))
    with pytest.raises(CountError, match="its numerator, group='poor'"):
        shortlist.summarise("poverty")
    with pytest.raises(ColumnError, match="'gemeinde'"):
        shortlist.summarise(by="gemeinden")


@given(st.floats(1, 1e12))
def test_a_rounded_figure_keeps_two_leading_digits_and_is_near(number):
    rounded = leading(number)
    digits = f"{rounded:.0f}".rstrip("0")
    assert len(digits) <= max(2, len(f"{rounded:.0f}") if rounded < 100 else 2)
    assert abs(rounded - number) <= max(0.5, 0.05 * number) + 1e-9


def test_figures_that_cannot_belong_together_are_found():
    # the study of 2011: 5,000 quarters, 6 million residents; a thousand each would be 5 million
    assert "5000000, not 6000000" in check_rounded(5000, 1000, 6_000_000)
    assert check_rounded(5000, 1200, 6_000_000) == ""
    with pytest.raises(SpecError, match="areas is 0"):
        check_rounded(0, 1, 1)


# --- the ranked table -------------------------------------------------------------------------------------------------


def test_the_table_is_sorted_and_says_why(towns):
    table = screened(towns, qa.above_city("poverty")).table
    assert table.index.tolist()[:2] in (["a0", "c0"], ["c0", "a0"])
    assert table["selected"].tolist() == [True, True, False, False]
    assert table.loc["c0", "reasons"] == ["poverty_above_city"]
    assert table.loc["b0", "reasons"] == []
    assert table["p_selected"].between(0, 1).all()


def test_the_table_has_score_rank_and_its_interval(joined):
    rng = np.random.default_rng(4)
    data = joined({"poor": (20.0 + 9 * rng.permutation(20)), "residents": [1000.0] * 20}, population="residents")
    data = qa.add_rates(data, {"poverty": ("poor", "residents")})
    axis = {
        "id": "status",
        "indicators": [{"id": "poverty"}],
        "classes": [{"id": "all", "label_de": "a", "label_en": "a"}],
    }
    need = qa.need_index(data, qa.NeedSpec.from_dict({"id": "t", "source": "t", "min_population": 0, "axes": [axis]}))
    table = qa.screen(data, qa.worst_share("need", 0.2), need=need).table
    chosen = table[table["selected"]]
    assert chosen["rank"].tolist() == sorted(chosen["rank"])
    assert chosen["rank"].tolist() == [1, 2, 3, 4]
    assert (table["rank_lower"] <= table["rank_upper"]).all()
    assert table.loc[chosen.index[0], "score"] == need.scores["status"].max()


def test_the_geodataframe_has_the_outlines_in_the_order_of_the_table(towns):
    shortlist = screened(towns, qa.above_city("poverty"))
    frame = shortlist.to_geodataframe()
    assert frame.index.equals(shortlist.table.index)
    assert frame.crs == towns.areas.crs
    assert frame.geometry["c0"].equals(towns.areas.geometry["c0"])


def test_markdown_takes_no_mark_from_a_name(towns):
    towns.areas.loc["a0", "name"] = "Nord | <b>*Süd*</b>"
    text = screened(towns, qa.above_city("poverty")).to_markdown("en")
    assert "Nord \\| &lt;b&gt;\\*Süd\\*&lt;/b&gt;" in text
    assert "poverty 30.0% \\(limit: 21." in text  # 850 of 4000
    assert len(text.splitlines()) == 2 + 2
    with pytest.raises(SpecError, match="lang"):
        screened(towns, qa.above_city("poverty")).to_markdown("fr")


# --- several rules ----------------------------------------------------------------------------------------------------


def test_rules_are_compared_by_whom_they_reach(towns):
    rules = {
        "city": qa.above("poverty", 20),
        "town": qa.above("poverty", than="gemeinde"),
        "none": qa.above("poverty", 90),
    }
    found = qa.compare_rules(towns, rules, group="mh", by="gemeinde", runs=50)
    table = found.table
    assert table["areas"].tolist() == [2, 2, 0]
    assert table["municipalities"].tolist() == [2, 2, 0]
    assert table["only_here"].tolist() == [0, 0, 0]
    assert table["jaccard"].tolist() == [1, 1, 0]
    assert table["share_of_group"].tolist() == pytest.approx([0.7, 0.7, 0])
    assert math.isnan(table.loc["none", "group_inside"])
    assert found.overlaps.to_numpy().tolist() == [[2, 2, 0], [2, 2, 0], [0, 0, 0]]
    assert found.selected_by.tolist() == [2, 0, 2, 0]
    assert table["sure"].tolist()[2] == 0


def test_comparing_needs_rules_and_a_count(towns):
    with pytest.raises(SpecError, match="no rule is given"):
        qa.compare_rules(towns, {})
    with pytest.raises(CountError, match="group='poor'"):
        qa.compare_rules(towns, {"a": qa.above("poverty", 20)}, group="poverty")


@pytest.mark.shared_data
def test_five_rules_on_the_tracts_of_the_bay_area_reach_whom_a_second_program_says(shared, grid):
    """Figures of another program, on the published counts of 2022."""
    answers = json.loads((shared / "laws" / "known_answers.json").read_text(encoding="utf-8"))
    table = pd.read_csv(shared / "laws" / "mtc_epc_2022.csv.gz", dtype={0: str})
    spec = qa.RuleSpec.preset("mtc-epc-2022")
    areas = grid(26, 69).iloc[: len(table)]
    keys = areas.index
    areas["county"] = table["county"].astype(str).to_numpy()
    counts = table[[f"{name}_{part}" for name in spec.conditions for part in ("n", "of")]].astype(float).set_index(keys)
    data = qa.join(areas, counts, population="people_of_color_of")
    data = qa.add_rates(data, {name: (f"{name}_n", f"{name}_of") for name in spec.conditions})
    rules = {
        "epc": spec,
        "nap_region": qa.above("people_of_color", than="city") & qa.above("low_income", than="city"),
        "nap_county": qa.above("people_of_color", than="county") & qa.above("low_income", than="county"),
        "worst_20": qa.worst_share("low_income", 0.2),
        "worst_20_county": qa.worst_share("low_income", 0.2, by="county"),
    }
    found = qa.compare_rules(data, rules, group="people_of_color_n", by="county")
    for name, expected in answers["rules"].items():
        row = found.table.loc[name]
        assert row["areas"] == expected["areas"], name
        assert row["unknown"] == expected["unknown"], name
        assert row["residents"] == expected["residents"], name
        assert row["group"] == expected["group"], name
        assert row["group_inside"] == pytest.approx(expected["group_inside"], abs=5e-5)
        assert row["share_of_group"] == pytest.approx(expected["share_of_group"], abs=5e-5)
        assert row["only_here"] == expected["only_here"], name
        assert row["jaccard"] == pytest.approx(expected.get("jaccard_epc", 1), abs=5e-4)
    assert found.table.loc["epc", "municipalities"] == answers["rules"]["epc"]["counties"]
    assert found.selected_by.tolist() == answers["selected_by_k_of_5"]
