"""Candidate areas leave as they were given; they are made again only where protection changes what they are made of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import SpecError

RATE = {"poverty": ("poor", "residents")}
OPEN = qa.Protection(min_count=1, min_population=0)
ONLY_SMALL = qa.Protection(secondary=False)


@pytest.fixture
def row(joined):
    """Give six selected areas in a row, all shown."""
    return qa.add_rates(joined({"poor": [400.0] * 6, "residents": [1000.0] * 6}), RATE)


def by_hand(data, shortlist, groups):
    """Group the selected areas otherwise than by contact: as quarters that somebody has drawn."""
    found = qa.candidate_areas(data, shortlist, min_population=0)
    members = pd.Series(groups, index=found.members.index, dtype=object)
    union = data.areas.loc[members.index].dissolve(members)
    table = union[["geometry"]].assign(
        name=data.areas["name"].groupby(members).first(),
        n_areas=members.value_counts(),
        residents=data.residents().groupby(members).sum(),
        hectares=union.area / 1e4,
    )
    table = table.assign(
        key=[members.index[members.eq(group)][0] for group in table.index],
        above=False,
        corner=False,
        compactness=np.nan,
    )[[*found.table.columns.drop(list(RATE))]]
    return replace(found, table=table, members=members)


def test_quarters_drawn_by_hand_leave_as_they_were_drawn(row):
    shortlist = qa.screen(row, qa.above("poverty", 10))
    given = by_hand(row, shortlist, ["P1", "P1", "P2", "P3", "P3", "P3"])
    released = qa.release(row, shortlist=shortlist, candidates=given)
    assert released.members.to_dict() == given.members.to_dict()
    assert released.candidates["residents"].to_dict() == {"P1": 2000, "P2": 1000, "P3": 3000}
    assert released.candidates["poverty"].tolist() == [40.0] * 3


def test_quarters_drawn_by_hand_are_refused_where_protection_changes_the_selection(joined):
    data = qa.add_rates(joined({"poor": [400.0, 380, 2, 420], "residents": [1000.0, 1000, 100, 1000]}), RATE)
    shortlist = qa.screen(data, qa.above("poverty", 1))
    given = by_hand(data, shortlist, ["P1", "P2", "P2", "P2"])
    with pytest.raises(
        SpecError, match=r"\d areas? (is|are) grouped otherwise .*qa.candidate_areas\(data, shortlist\)"
    ):
        qa.release(data, shortlist=shortlist, candidates=given, protection=ONLY_SMALL)


def test_candidates_of_their_call_are_made_again_where_protection_changes_the_selection(joined):
    data = qa.add_rates(joined({"poor": [400.0, 380, 2, 420], "residents": [1000.0, 1000, 100, 1000]}), RATE)
    shortlist = qa.screen(data, qa.above("poverty", 1))
    given = qa.candidate_areas(data, shortlist, min_population=0)
    assert set(given.members) == {"P1"}
    released = qa.release(data, shortlist=shortlist, candidates=given, protection=ONLY_SMALL)
    assert "c0" not in released.members  # too few residents to be shown
    assert released.members["a0"] == released.members["b0"] != released.members["d0"]


def test_candidates_of_smaller_areas_than_those_of_the_release_are_refused(row):
    shortlist = qa.screen(row, qa.above("poverty", 10))
    found = qa.candidate_areas(row, shortlist, min_population=0)
    cells = replace(found, members=found.members.set_axis([f"cell-{key}" for key in found.members.index]))
    with pytest.raises(SpecError, match="6 members that the release has not among its areas: 'cell-a0'"):
        qa.release(row, shortlist=shortlist, candidates=cells, protection=OPEN)
