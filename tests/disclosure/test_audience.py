from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ReleaseError, SpecError

RATE = {"poverty": ("poor", "residents")}
AXIS = {
    "id": "status",
    "label_de": "Status",
    "label_en": "Status",
    "indicators": [{"id": "poverty"}],
    "classes": [
        {"id": "low", "upper": 0.0, "label_de": "gering", "label_en": "low"},
        {"id": "high", "label_de": "hoch", "label_en": "high"},
    ],
}


@pytest.fixture
def parts(joined):
    poor = [*np.arange(50.0, 350, 15)]
    data = qa.add_rates(joined({"poor": poor, "residents": [1000.0] * 20}), RATE)
    names = [f"Gebiet {i}" for i in range(18, 0, -1)]
    data.areas["name"] = ["Öst", "Ost", *names]
    need = qa.need_index(data, qa.NeedSpec.from_dict({"id": "t", "source": "t", "axes": [AXIS]}))
    shortlist = qa.screen(data, qa.worst_share("poverty", 0.25), need=need)
    return {"data": data, "need": need, "shortlist": shortlist}


def test_in_public_areas_stand_by_name_and_have_no_rank(parts):
    released = qa.release(**parts)
    assert released.is_public
    names = released.areas.loc[released.order, "name"].tolist()
    assert names[-2:] == ["Ost", "Öst"] or names[-2:] == ["Öst", "Ost"]
    assert names[:-2] == sorted(names[:-2])
    assert released.ranks.empty


def test_inside_the_house_the_highest_need_comes_first(parts):
    released = qa.release(**parts, audience="internal")
    scores = released.values.loc[released.order, "need_status"].astype(float)
    assert scores.is_monotonic_decreasing
    assert released.ranks.loc["t0", "need_status_rank"] == 1


def test_a_report_lists_in_the_order_of_its_audience(parts, tmp_path):
    pages = {}
    for audience in ("public", "internal"):
        released = qa.release(**parts, audience=audience)
        page = qa.report(released, tmp_path / f"{audience}.html").read_text(encoding="utf-8")
        chosen = released.areas.loc[[key for key in released.order if released.selected[key]], "name"]
        places = [page.index(f"{name}<") if f"{name}<" in page else page.index(name) for name in chosen]
        assert len(places) == 5
        pages[audience] = list(chosen)
    assert pages["public"] == sorted(pages["public"])
    assert pages["internal"] == ["Gebiet 1", "Gebiet 2", "Gebiet 3", "Gebiet 4", "Gebiet 5"]


def test_a_protected_area_has_no_rank(parts):
    data = parts["data"]
    data.values.loc["c0", "poor"] = 2.0
    again = qa.add_rates(replace(data, values=data.values.drop(columns="poverty"), rates={}), RATE)
    need = qa.need_index(again, parts["need"].spec)
    released = qa.release(again, need=need, audience="internal")
    assert np.isnan(released.ranks.loc["c0", "need_status_rank"])
    assert released.order[-1] in set(released.values.index[released.values["need_status"].isna()])


RANKS = ["rank_lower", "rank_median", "rank_upper"]


def test_ranks_of_the_runs_leave_inside_the_house_only(parts):
    stable = parts["shortlist"].stability(n=50, seed=1)
    inside = qa.release(**parts, stability=stable, audience="internal").stability.table
    assert list(inside) == ["label", "p_selected", *RANKS]
    assert inside[RANKS].equals(stable.table[RANKS])  # every score is shown
    assert list(qa.release(**parts, stability=stable).stability.table) == ["label", "p_selected"]
    alone = {"data": parts["data"], "need": parts["need"]}
    of_need = parts["need"].stability(n=5, seed=1)
    assert "rank_upper" in qa.release(**alone, stability=of_need, audience="internal").stability.table
    without_index = {"data": parts["data"], "shortlist": parts["shortlist"]}
    assert "rank_upper" not in qa.release(**without_index, stability=stable, audience="internal").stability.table


@pytest.mark.filterwarnings("ignore:1 area has another class, selection or area for review:UserWarning")
def test_a_withheld_score_leaves_no_gap_in_the_ranks_of_the_runs(parts):
    data = parts["data"]
    values = data.values.drop(columns="poverty")
    values.loc["c0", ["poor", "residents"]] = [998.0, 1000.0]  # two are not poor: protected, and the highest score
    again = qa.add_rates(replace(data, values=values, rates={}), RATE)
    need = qa.need_index(again, parts["need"].spec)
    shortlist = qa.screen(again, qa.worst_share("poverty", 0.25), need=need)
    stable = shortlist.stability(n=3, vary=[])
    released = qa.release(again, need=need, shortlist=shortlist, stability=stable, audience="internal")
    assert stable.table.loc["c0", "rank"] == 1
    shown = released.values["need_status"].notna()
    assert not shown["c0"]
    for name in RANKS:
        assert stable.table.loc[shown, name].min() == 2
        ranks = released.stability.table[name]
        assert ranks.isna().tolist() == (~shown).tolist()
        assert ranks.equals(released.ranks["need_status_rank"].rename(name))


def test_what_is_made_of_released_columns_is_protected_with_them(joined):
    data = qa.add_rates(joined({"poor": [2.0, 20, 60, 90], "residents": [1000.0] * 4}), RATE)
    released = qa.release(data)
    labels = pd.Series(["high", "low", "high", "low"], index=data.areas.index)
    hidden = released.values["poverty"].isna()
    assert hidden["a0"]
    assert hidden.sum() == 2
    assert released.protect(labels, "poverty").isna().tolist() == hidden.tolist()
    with pytest.raises(ReleaseError, match="made of 'secret' cannot leave"):
        released.protect(labels, "poverty", "secret")


def test_an_unknown_audience_is_refused(parts):
    with pytest.raises(SpecError, match="audience must be one of 'public', 'internal', not 'council'"):
        qa.release(**parts, audience="council")


# the draft of the comment


def test_the_draft_of_a_comment_tells_areas_residents_shares_and_rule(parts):
    released = qa.release(**parts, as_of="31.12.2024")
    draft = released.comment_draft("de")
    poor = parts["data"].values["poor"]
    assert "20 Gebiete, Stand 31.12.2024." in draft
    assert "5 von 20 bewerteten Gebieten sind ausgewählt. Dort leben 5.000 Menschen, 25,0" in draft
    assert f"{100 * poor[-5:].sum() / poor.sum():.0f} % der ausgewiesenen Personen dieser Gruppe" in draft.replace(
        "\u202f", " "
    )
    assert "30,5" in draft  # 1525 of 5000 in the selected areas
    assert "19,3" in draft or "19,2" in draft  # 3850 of 20000 in the city
    english = released.comment_draft("en")
    assert "5 of 20 assessed areas are selected" in english
    assert len(english.splitlines()) == len(draft.splitlines())


def test_the_draft_without_a_shortlist_tells_the_city(joined):
    data = qa.add_rates(joined({"poor": [50.0, 60], "residents": [1000.0] * 2}), RATE)
    assert "5.5" in qa.release(data).comment_draft("en")


def test_the_draft_tells_nothing_that_the_release_does_not_show(joined):
    def draft(count):
        values = {"poor": [count, 900.0, 600, 500, 40, 30], "residents": [1000.0] * 6}
        data = qa.add_rates(joined(values), RATE)
        return qa.release(data, shortlist=qa.screen(data, qa.worst_share("poverty", 0.5))).comment_draft("de")

    assert draft(1.0) == draft(2.0)
