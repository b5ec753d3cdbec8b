"""Doors through which protected values could leave: each was open once, or is where one would look first."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.disclosure.words import summary_texts
from quartiersatlas.errors import ArgumentError, ColumnError, InputError, SpecError
from quartiersatlas.present.statements import method_texts, reason_texts

RATE = {"poverty": ("poor", "residents")}
ONLY_SMALL = qa.Protection(secondary=False)


def spec(*names, min_population=300):
    classes = [
        {"id": "low", "upper": 0.0, "label_de": "gering", "label_en": "low"},
        {"id": "high", "label_de": "hoch", "label_en": "high"},
    ]
    axis = {"id": "status", "label_de": "Status", "label_en": "Status", "classes": classes}
    axis["indicators"] = [{"id": name} for name in names]
    return qa.NeedSpec.from_dict({"id": "t", "source": "t", "min_population": min_population, "axes": [axis]})


def test_columns_of_numbers_in_the_areas_are_refused(grid):
    areas = grid(2).assign(secret=[1, 2])
    with pytest.raises(InputError, match="columns of numbers: 'secret'"):
        qa.join(areas, pd.DataFrame({"residents": [1000.0, 900]}, index=areas.index))


def test_the_limit_of_the_worst_share_is_not_the_value_of_a_protected_area(joined):
    data = joined({"poor": [30.0, 2, 10, 5, 9, 7], "kids": [40.0, 4, 100, 100, 100, 100], "residents": [1000.0] * 6})
    data = qa.add_rates(data, {"child_rate": ("poor", "kids")})
    shortlist = qa.screen(data, qa.worst_share("child_rate", 0.34))
    assert shortlist.keys == ["a0", "b0"]  # the limit is b0's rate: 2 of 4
    released = qa.release(data, shortlist=shortlist, protection=ONLY_SMALL)
    assert released.reasons["limit"].tolist() == [75.0]
    assert "50,0" not in reason_texts(released, "de")["a0"][0]


def test_a_change_is_protected_where_one_of_its_two_dates_is(joined):
    later = qa.add_rates(joined({"poor": [240.0, 2, 50, 40], "residents": [1000.0] * 4}, period="2"), RATE)
    earlier = qa.add_rates(joined({"poor": [2.0, 240, 50, 40], "residents": [1000.0] * 4}, period="1"), RATE)
    data = qa.add_change(later, earlier, ["poverty"])
    released = qa.release(data, columns=["poverty", "poverty_change"], protection=ONLY_SMALL)
    assert released.values["poverty_change"].isna().tolist() == [True, True, False, False]
    meaning = released.column("poverty_change").indicator
    assert meaning.unit == "percentage points"
    assert meaning.label_de == "Veränderung poverty"


def test_a_score_is_protected_although_its_indicator_does_not_leave(joined):
    random = np.random.default_rng(3)
    poor = [2.0, 999, *random.integers(50, 400, 18)]
    data = qa.add_rates(joined({"poor": poor, "ok": [500.0] * 20, "residents": [1000.0] * 20}), RATE)
    need = qa.need_index(data, spec("poverty"))
    released = qa.release(data, columns=["ok"], need=need)
    assert released.values.loc[["a0", "b0"], "need_status"].isna().all()
    assert released.status.loc[["a0", "b0"], "need_status_class"].eq("suppressed").all()
    assert released.values["need_status"].notna().sum() == 18  # made of what is shown, they give nothing away
    assert not any("mean" in str(fact.values) for fact in released.facts)


@pytest.mark.filterwarnings("ignore:1 area has another class")
def test_whether_a_withheld_area_meets_the_rule_cannot_be_told(joined):
    """Persons move between the small area and the one that keeps it company: the total of the city is known."""
    company = [7]

    def texts(moved):
        random = np.random.default_rng(3)
        poor = np.array([4.0, *random.integers(200, 400, 19)])
        poor[[0, company[0]]] += [moved, -moved]
        data = qa.add_rates(joined({"poor": poor, "residents": [250.0, *[1000.0] * 19]}), RATE)
        need = qa.need_index(data, spec("poverty"))
        shortlist = qa.screen(data, qa.above_city("poverty") & qa.worst_share("need", 0.2), need=need)
        released = qa.release(data, need=need, shortlist=shortlist)
        lines = [line for line in method_texts(released, "de") if line.startswith("Ohne Bewertung")]
        company[0] = int(np.flatnonzero(released.values["poverty"].isna())[-1])
        return lines, summary_texts(released, "de"), released.selected.tolist()

    before = texts(0)
    assert company[0] > 0
    assert texts(100) == before


def test_candidates_of_another_selection_are_refused(joined):
    data = qa.add_rates(joined({"poor": [400.0, 100, 300, 350], "residents": [1000.0, 250, 1000, 900]}), RATE)
    everything = qa.candidate_areas(data.areas, qa.screen(data, qa.worst_share("poverty", 1.0)), min_population=0)
    shortlist = qa.screen(data, qa.worst_share("poverty", 0.25))
    with pytest.raises(SpecError, match=r"of another selection: .* does not select \d areas? .*qa.candidate_areas\("):
        qa.release(data, shortlist=shortlist, candidates=everything, protection=ONLY_SMALL)


@pytest.mark.parametrize("rule", [qa.worst_share("need", 0.3), qa.in_class("status", "high")])
@pytest.mark.parametrize("derived", ["released", "exact"])
def test_a_shortlist_by_an_index_needs_the_index_to_be_released(joined, rule, derived):
    data = qa.add_rates(joined({"poor": [*range(20, 220, 10)], "residents": [1000.0] * 20}), RATE)
    shortlist = qa.screen(data, rule, need=qa.need_index(data, spec("poverty")))
    with pytest.raises(SpecError, match=r"looks at '(need|status)' of a need index: release\(\.\.\., need=need\)"):
        qa.release(data, shortlist=shortlist, protection=qa.Protection(derived=derived))


def test_what_a_column_holds_is_declared_not_guessed(joined):
    data = joined({"w": [1.0, 2, 40.5, 300], "jobs": [5000.0, 40, 30, 2], "residents": [1000.0] * 4})
    with pytest.raises(ColumnError, match="holds numbers with decimals and the catalogue does not know it"):
        qa.release(data, columns=["w"])
    released = qa.release(data, columns=["jobs"], protection=ONLY_SMALL)
    assert released.values["jobs"].isna().tolist() == [False, False, False, True]  # more jobs than residents is fine


def test_an_uninhabited_area_with_counts_shows_none(joined):
    data = joined({"poor": [40.0, 100, 90], "kids": [60.0, 400, 300], "residents": [0.0, 1000, 900]})
    released = qa.release(qa.add_rates(data, {"child_rate": ("poor", "kids")}), protection=ONLY_SMALL)
    assert released.values.loc["a0"].isna().all()
    assert released.state["a0"] == "uninhabited"


@pytest.mark.filterwarnings("ignore:.*another class")
def test_unknown_residents_are_not_few_residents(joined):
    values = {"poor": [40.0, *np.arange(50.0, 240, 10)], "residents": [np.nan, *[1000.0] * 19]}
    data = qa.add_rates(joined(values), {"rate": ("poor", "residents")})
    need = qa.need_index(data, spec("rate"))
    assert need.excluded.loc["a0", "reason"] == "missing"
    assert qa.release(data, need=need).state["a0"] == "unknown"


def test_the_second_cell_is_chosen_among_the_cells_of_the_city_value(joined):
    data = joined({"poor": [7.0, np.nan, 70, 80], "residents": [1000.0] * 4})
    data.status.loc["b0", "poor"] = "suppressed"
    released = qa.release(qa.add_rates(data, RATE), protection=qa.Protection(min_count=10))
    assert released.values["poverty"].isna().tolist() == [True, True, True, False]


def test_the_second_cell_does_not_depend_on_the_order_of_rows(joined):
    data = joined({"poor": [2.0, 20, 20, 50], "residents": [1000.0] * 4})
    turned = qa.join(data.areas.iloc[::-1], data.values)
    hidden = [
        set(frame.index[frame["poverty"].isna()])
        for frame in (qa.release(qa.add_rates(d, RATE)).values for d in (data, turned))
    ]
    assert hidden[0] == hidden[1]
    assert len(hidden[0]) == 2
    assert "a0" in hidden[0]


def test_a_single_hole_among_zeros_takes_a_zero_with_it(joined):
    released = qa.release(qa.add_rates(joined({"poor": [2.0, 0, 0, 0], "residents": [1000.0] * 4}), RATE))
    hidden = released.values["poverty"].isna()
    assert hidden["a0"]
    assert hidden.sum() == 2


def test_two_columns_of_one_name_are_refused(joined):
    values = {"poor": [50.0, 60], "poverty_numerator": [1.0, 2], "residents": [1000.0] * 2}
    data = qa.add_rates(joined(values), RATE)
    with pytest.raises(SpecError, match="two columns 'poverty_numerator'"):
        qa.release(data, columns=["poverty", "poverty_numerator"])
    assert qa.release(data, columns=["poverty", "poverty"]).values.columns.is_unique


def test_a_rule_on_context_alone_warns_and_is_not_called_need(joined, tmp_path):
    data = joined({"mh": [400.0, 100, 90, 80], "residents": [1000.0] * 4})
    data = qa.add_rates(data, {"mh_share": ("mh", "residents")})
    with pytest.warns(UserWarning, match="context indicators alone"):
        shortlist = qa.screen(data, qa.above_city("mh_share"))
    released = qa.release(data, shortlist=shortlist, title="T", source="S", as_of="2024", comment="C")
    page = qa.report(released, tmp_path / "bericht.html").read_text(encoding="utf-8")
    assert "Gebiete mit erhöhtem Unterstützungsbedarf" not in page
    assert "sind kein Maß für Bedarf" in page
    assert "Unterstützungsbedarf" not in qa.atlas_map(released).html()


def test_a_draft_says_so_in_every_row_of_a_table(joined, tmp_path):
    data = qa.add_rates(joined({"poor": [50.0, 60], "residents": [1000.0] * 2}), RATE)
    text = qa.export(qa.release(data), tmp_path / "a.csv").read_text(encoding="utf-8-sig")
    assert all("Entwurf" in line for line in text.splitlines()[1:])


def test_a_table_says_why_a_cell_is_empty(joined, tmp_path):
    data = qa.add_rates(joined({"poor": [2.0, 60, np.nan, 90], "residents": [1000.0] * 4}), RATE)
    path = qa.export(qa.release(data, protection=ONLY_SMALL), tmp_path / "a.csv", lang="de")
    table = pd.read_csv(path, sep=";", decimal=",", keep_default_na=False)
    assert table["poverty_note"].tolist() == ["geschützt", "", "keine Angabe", ""]


def test_an_area_left_out_by_hand_is_not_called_missing(joined):
    data = qa.add_rates(joined({"poor": np.arange(50.0, 250, 10), "residents": [1000.0] * 20}), RATE)
    need = qa.need_index(data, spec("poverty"), exclude={"c0": "Gewerbegebiet"})
    assert qa.release(data, need=need).status.loc["c0", "need_status_class"] == "excluded"


def test_a_small_area_is_not_listed_by_a_rule_on_its_residents_either(joined):
    data = qa.add_rates(joined({"poor": [50.0, 60, 70], "residents": [250.0, 1000, 900]}), RATE)
    with pytest.warns(UserWarning, match="compares counts"):
        shortlist = qa.screen(data, qa.worst_share("residents", 1.0))
    assert qa.release(data, shortlist=shortlist).selected.tolist() == [False, True, True]


def test_only_joined_data_are_released(joined):
    data = qa.add_rates(joined({"poor": [50.0, 60], "residents": [1000.0] * 2}), RATE)
    with pytest.raises(ArgumentError, match=r"release takes an AreaData, not a Release: qa.release\(qa.join"):
        qa.release(qa.release(data))
