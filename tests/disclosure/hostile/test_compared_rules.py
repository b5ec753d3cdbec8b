"""A comparison of rules and the hostile reader: its sums are equations over areas, and no withheld count follows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from attack import leaks
from attack_derived import attack_derived
from test_missing import small_town, withheld

import quartiersatlas as qa
from quartiersatlas.disclosure.selection import compared_rules
from quartiersatlas.errors import ReleaseError, SpecError
from quartiersatlas.screening import comparison_of

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # of few areas
COUNTS = [2.0, 9, 40, 55, 30, 44, 61, 25, 38, 33, 29, 47]  # of 1,000; the 2 is withheld, and the 25 with it
OTHERS = [80.0, 70, 60, 50, 41, 33, 25, 64, 72, 58, 49, 90]
RULES = {"few": qa.above("g1_share", 6), "many": qa.above("g1_share", 4), "city": qa.above_city("g1_share")}


@pytest.fixture
def town():
    return small_town(COUNTS, {"g1": OTHERS})


def compared(town, **options):
    return qa.compare_rules(town.data, RULES, group="g0", **options)


def same_sums(table, counts, limits):
    """Return whether the printed sums of the group are those of some counts; everybody sees where a rule holds."""
    share = 100 * counts["g1"] / counts["residents"]
    limits = {**limits, "city": 100 * counts["g1"].sum() / counts["residents"].sum()}
    told = table["group"].dropna()
    sums = {name: counts["g0"][share > limits[name]].sum() for name in told.index}
    return bool(len(told)) and all(abs(told[name] - sums[name]) < 0.5 for name in told.index)


def attacked(town, release, folder, limits=None):
    folder.mkdir()
    qa.export(release, folder / "areas.csv", lang="en")
    qa.export(release, folder / "rules.csv", table="rules", lang="en")
    table = pd.read_csv(folder / "rules.csv").set_index("rule")
    cells = [one for one in withheld(release, town) if one[1] == "g0"]
    limits = limits or {"few": 6, "many": 4}
    found = attack_derived(folder / "areas.csv", town.known, cells, lambda _, counts: same_sums(table, counts, limits))
    return leaks(found), cells


def test_no_sum_of_a_group_tells_a_withheld_count(town, tmp_path):
    release = town.release(comparison=compared(town))
    leaked, cells = attacked(town, release, tmp_path / "f")
    assert {"00", "07"} <= {key for key, _ in cells}
    assert leaked == set()


def test_with_the_counts_of_the_house_the_reader_would_have_them(town, tmp_path, monkeypatch):
    """One rule selects 00 and 11: of their sum, 2 + 47, everybody knows the 47."""
    house = qa.compare_rules(town.data, {"few": qa.above("g1_share", 7.5)}, group="g0")
    assert house.shortlists["few"].keys == ["00", "11"]
    release = town.release(comparison=house)
    assert attacked(town, release, tmp_path / "protected", {"few": 7.5})[0] == set()
    monkeypatch.setattr(compared_rules, "comparison_of", lambda _, **call: comparison_of(house.shortlists, **call))
    release = town.release(comparison=house)
    assert ("00", "g0") in attacked(town, release, tmp_path / "open", {"few": 7.5})[0]


def test_random_towns(tmp_path):
    for seed in range(6):
        random = np.random.default_rng(seed)
        counts = random.integers(5, 90, 10).astype(float)
        counts[random.integers(10)] = random.integers(1, 3)
        town = small_town(counts, {"g1": random.integers(5, 90, 10).astype(float)})
        leaked, _ = attacked(town, town.release(comparison=compared(town)), tmp_path / str(seed))
        assert leaked == set(), seed


def test_figures_are_those_of_the_rules_where_nothing_is_withheld(tmp_path):
    town = small_town([20.0, 9, 40, 55, 30, 44, 61, 25, 38, 33, 29, 47], {"g1": OTHERS})
    release = town.release(comparison=compared(town, runs=20))
    table = release.comparison.table
    g1, g0 = np.array(OTHERS), town.known.counts["g0"].to_numpy()
    few, many = g1 > 60, g1 > 40
    assert table["areas"].tolist() == [few.sum(), many.sum(), (g1 > g1.mean()).sum()]
    assert table["group"].tolist()[:2] == [g0[few].sum(), g0[many].sum()]
    assert table["share_of_group"]["many"] == round(g0[many].sum() / g0.sum(), 3)
    assert table["jaccard"]["many"] == round((few & many).sum() / (few | many).sum(), 3)
    assert release.comparison.overlaps.loc["few", "many"] == (few & many).sum()
    assert sum(release.comparison.selected_by) == len(g1)
    qa.report(release, tmp_path / "report.html", lang="de")
    said = (tmp_path / "report.html").read_text()
    assert "Regeln im Vergleich" in said
    assert f"{100 * g0[many].sum() / g0.sum():.1f} %".replace(".", ",") in said
    qa.export(release, tmp_path / "all.xlsx")
    sheet = pd.read_excel(tmp_path / "all.xlsx", sheet_name="Regelvergleich", header=1, engine="openpyxl")
    assert sheet["areas"].tolist() == table["areas"].tolist()


def test_an_area_whose_outcome_is_withheld_counts_for_no_rule(town):
    rules = {"all": qa.above("g0_share", 0.1), "most": qa.above("g0_share", 1)}
    table = town.release(comparison=qa.compare_rules(town.data, rules)).comparison.table
    assert table["areas"].tolist() == [10, 9]  # without 00 (2) and 07, its company; 9 of 1,000 is not above 1 %
    assert table["unknown"].tolist() == [2, 2]


def test_small_sums_are_not_told_and_rounded_counts_leave_rounded(town):
    one = {"one": qa.above("g1_share", 8.5), "two": qa.above("g1_share", 3.0)}
    found = qa.compare_rules(town.data, one, group="g0")
    rounded = town.release(comparison=found, protection=qa.Protection(round_base=5)).comparison.table
    assert (rounded["group"] % 5).eq(0).all()
    assert (rounded["residents"] % 5).eq(0).all()


def test_what_cannot_leave_says_why(town):
    with pytest.raises(SpecError, match=r"a comparison is made of what is shown.*derived='released'"):
        town.release(comparison=compared(town), protection=qa.Protection(derived="exact"))
    with pytest.raises(ReleaseError, match=r"compares no rules: release\(..., comparison="):
        qa.export(town.release(), "rules.csv", table="rules")
    with pytest.raises(qa.errors.ArgumentError, match=r"comparison = qa\.compare_rules"):
        town.release(comparison={"few": 1})
