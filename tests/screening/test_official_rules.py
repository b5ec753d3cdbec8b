"""Official rules against the lists that were published: to the last area, through the public door."""

from __future__ import annotations

import importlib.util
import json
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest

import quartiersatlas as qa

SCRIPT = Path(__file__).parents[2] / "scripts" / "verify_rules.py"

pytestmark = pytest.mark.shared_data


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("verify_rules", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["verify_rules"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def laws(shared):
    return shared / "laws"


@pytest.fixture(scope="module")
def berlin(shared):
    return shared / "indices" / "mss_berlin" / "mss2021_plr.csv"


@pytest.fixture(scope="module")
def proofs(script, laws, berlin):
    return {(row.rule, row.compared): row for row in script.rule_proofs(laws, berlin)}


@pytest.mark.parametrize(
    ("rule", "compared", "of", "remark"),
    [
        ("mtc-epc-2018", "flags of eight conditions", 8 * 1588, ""),
        ("mtc-epc-2018", "selection", 1588, "339 selected"),
        ("mtc-epc-2018", "classes High, Higher, Highest", 1588, ""),
        ("mtc-epc-2022", "flags of eight conditions", 8 * 1772, ""),
        ("mtc-epc-2022", "selection", 1772, "353 selected"),
        ("mtc-epc-2022", "classes High, Higher, Highest", 1772, ""),
        ("massachusetts-ej", "selection", 5116, "2,642 selected, 670 by the income of the municipality alone"),
        ("massachusetts-ej", "three criteria by name", 3 * 5116, ""),
        ("usda-food-desert", "low access", 1467, ""),
        ("usda-food-desert", "low income and low access", 1467, "112 selected"),
        ("svi-flags-2018", "flags from published percentiles", 15 * 67, ""),
        ("svi-flags-2018", "number of flags", 67, ""),
        ("svi-flags-2018", "flags from raw percentages", 15 * 67, ""),
        ("svi-flags-2020", "flags from published percentiles", 16 * 67, ""),
        ("svi-flags-2020", "number of flags", 67, ""),
        ("svi-flags-2020", "flags from raw percentages", 16 * 67, ""),
        ("toronto-nia-2014", "number of areas", 31, "the next score above the benchmark is 43.07"),
        ("berlin-attention-2021", "classes 4+, 4+/-, 4-, 3- of the table", 534, "56 selected"),
    ],
)
def test_every_published_outcome_is_met(proofs, rule, compared, of, remark):
    row = proofs[rule, compared]
    assert (row.met, row.of) == (of, of)
    assert remark in row.remark


def test_the_rules_that_say_they_are_verified_are_those_that_were_compared(proofs):
    """And are unchanged since: the fingerprint in the file is that of the rule."""
    said = {name for name in qa.rule_presets() if qa.RuleSpec.preset(name).is_verified}
    assert said == {rule for rule, _ in proofs}
    assert all(row.met == row.of for row in proofs.values())
    assert "| 5,116 | 5,116 | 2,642 selected, 670 by" in "\n".join(script_lines(proofs))


def script_lines(proofs):
    return sys.modules["verify_rules"].rules_text(list(proofs.values()))


# --- on the closed side and on rounding an official list hangs --------------------------------------------------------


def flags_wrong(script, table, **changed):
    """Return how many flags differ where all conditions of the rule of 2022 are changed alike."""
    conditions = qa.RuleSpec.preset("mtc-epc-2022").conditions
    rule = qa.k_of(1, *(replace(one, **changed) for one in conditions.values()))
    held = script.held_by_condition(qa.screen(script.bay_area_data(table), rule))
    return sum(int(held[name].ne(table[f"flag_{name}"].eq(1)).sum()) for name in conditions)


def test_the_limit_itself_gives_one_flag_wrong_in_2022(script, laws):
    table = script.read(laws / "mtc_epc_2022.csv.gz", "county", "official_class")
    assert flags_wrong(script, table) == 0
    assert flags_wrong(script, table, word="at_least") == 1


def test_low_income_alone_gives_other_classes(script, laws):
    table = script.read(laws / "mtc_epc_2022.csv.gz", "county", "official_class")
    spec = qa.RuleSpec.preset("mtc-epc-2022")
    by_income = {level: {"low_income": limits["low_income"]} for level, limits in spec.levels.items() if limits}
    shortlist = qa.screen(script.bay_area_data(table), replace(spec, levels={"High": {}, **by_income}))
    assert int(shortlist.levels.fillna("none").ne(table["official_class"]).sum()) == 114


def test_percentiles_that_are_not_rounded_first_are_the_same_here_but_differ_from_the_published(script, laws):
    table = script.read(laws / "svi_pennsylvania_2018.csv.gz")
    raw = script.percentiles(table[[name for name in table if name.startswith("ep_")]], 2018)
    published = table[[name.replace("ep_", "epl_") for name in raw]]
    assert int((raw.to_numpy() != published.to_numpy()).sum()) == 2  # raw percentages have one decimal


# --- Berlin 2021 ------------------------------------------------------------------------------------------------------

SHARES = {
    "unemployment_share_sgb2": "s1_percentage_unemployed",
    "transfer_rate": "s3_percentage_transfer_payments_recipients",
    "child_poverty_u15": "s4_percentage_transfer_payments_recipients_below_15_years",
}


@pytest.fixture(scope="module")
def shares_of_berlin(script, berlin):
    """Give the data of 2021 with the city values of the residents, made of the written decimals."""
    written = pd.read_csv(berlin, dtype=str).set_index("id")
    people = written["inhabitants"].map(Fraction)
    city = {name: float((written[c].map(Fraction) * people).sum() / people.sum()) for name, c in SHARES.items()}
    frame = pd.DataFrame({name: written[column].astype(float) for name, column in SHARES.items()})
    frame["residents"] = people.astype(float)
    references = {"city": qa.Reference(values=city, source="own sum over residents")}
    return qa.join(script.squares(frame.index), frame, references=references)


@pytest.mark.parametrize(("than", "expected"), [("city", (242, 213, 184)), ("mean", (255, 226, 194))])
def test_areas_above_the_city_in_one_two_and_three_of_three(shares_of_berlin, than, expected):
    conditions = [qa.above(name, than=than) for name in SHARES]
    found = [qa.screen(shares_of_berlin, qa.k_of(k, *conditions)) for k in (1, 2, 3)]
    assert tuple(int(one.selected.sum()) for one in found) == expected
    assert all(one.assessed.all() for one in found)


def test_areas_of_low_and_very_low_status(script, berlin):
    table = pd.read_csv(berlin, dtype={"id": str}).set_index("id")
    data = qa.join(
        script.squares(table.index), pd.DataFrame({"status": table["status_index"], "residents": table["inhabitants"]})
    )
    counts = {k: int(qa.screen(data, qa.in_class("status", k)).selected.sum()) for k in ("3", "4")}
    assert counts == {"3": 46, "4": 49}
    assert int(qa.screen(data, qa.in_class("status", "3", "4")).selected.sum()) == 95


# --- Scotland ---------------------------------------------------------------------------------------------------------


def test_the_worst_fifth_of_scotland_by_the_index_and_by_the_published_ranks(script, laws):
    table = script.read(laws / "simd_2016_ranks.csv.gz", "council")
    rule = qa.RuleSpec.preset("simd-worst-20")
    ranks = table.drop(columns=["council", "official_rank"])
    data = qa.join(script.squares(table.index), ranks)
    need = qa.need_index(data, qa.NeedSpec.preset("simd-2016"))
    by_index = qa.screen(data, rule, need=need)
    frame = pd.DataFrame({"deprivation": -table["official_rank"], "residents": table["residents"]})
    by_rank = qa.screen(qa.join(script.squares(table.index), frame), rule)
    worst = table["official_rank"].le(1395)  # 20 % of 6,976 is 1,395.2
    assert by_index.selected.tolist() == by_rank.selected.tolist() == worst.tolist()


# --- five rules with known answers ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def known(laws):
    return json.loads((laws / "known_answers.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def five(script, laws, known):
    """Give the table and the five shortlists."""
    table = script.read(laws / known["table"], "county", "official_class")
    data = script.bay_area_data(table)
    rules = {name: one["rule"] for name, one in known["rules"].items()} | {"epc": None}
    found = {
        name: qa.screen(data, qa.RuleSpec.preset("mtc-epc-2022") if text is None else qa.parse_rule(text))
        for name, text in rules.items()
    }
    return table, found


@pytest.mark.parametrize("name", ["epc", "nap_region", "nap_county", "worst_20", "worst_20_county"])
def test_five_rules_with_known_answers(five, known, name):
    table, found = five
    shortlist, expected = found[name], known["rules"][name]
    inside = table[shortlist.selected]
    residents, group = table[known["residents"]], table[known["group"]]
    assert int(shortlist.selected.sum()) == expected["areas"]
    assert int((~shortlist.assessed).sum()) == expected["unknown"]
    assert shortlist.summary.table.loc["selected", ["areas", "residents"]].tolist() == [
        expected["areas"],
        expected["residents"],
    ]
    assert int(inside[known["group"]].sum()) == expected["group"]
    assert inside[known["group"]].sum() / inside[known["residents"]].sum() == pytest.approx(
        expected["group_inside"], abs=5e-5
    )
    assert inside[known["group"]].sum() / group.sum() == pytest.approx(expected["share_of_group"], abs=5e-5)
    if "counties" in expected:
        assert inside[known["parent"]].nunique() == expected["counties"]
        assert inside[known["residents"]].sum() / residents.sum() == pytest.approx(
            expected["share_of_residents"], abs=5e-5
        )
    others = pd.concat([one.selected for key, one in found.items() if key != name], axis=1).any(axis=1)
    assert int((shortlist.selected & ~others).sum()) == expected["only_here"]
    if "jaccard_epc" in expected:
        either, both = (getattr(shortlist.selected, how)(found["epc"].selected).sum() for how in ("__or__", "__and__"))
        assert both / either == pytest.approx(expected["jaccard_epc"], abs=5e-4)


def test_how_many_of_the_five_select_each_tract(five, known):
    _, found = five
    by_number = pd.concat([one.selected for one in found.values()], axis=1).sum(axis=1).value_counts()
    assert by_number.sort_index().tolist() == known["selected_by_k_of_5"]
