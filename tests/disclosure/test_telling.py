"""Exact results of rules with a rule inside: whose outcome would tell of a protected count stays inside, no other."""

from __future__ import annotations

import warnings

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.disclosure.selection import screened

WORDS = {"title": "t", "source": "s", "as_of": "2024-12-31", "comment": "c"}
EXACT = qa.Protection(derived="exact", effort="fast")
RULES = {
    "capped": qa.capped(qa.above("poverty", 12), order="poverty", number_of=5000, highest=True),
    "skipping": qa.capped(qa.above("poverty", 0.1), order="poverty", share=0.5, beyond="skip", highest=True),
    "few in each district": qa.capped(qa.above("poverty", 2), order="poverty", share=0.6, by="district", highest=True),
    "among": qa.worst_n("poverty", 6, among=qa.below("poverty", 20), highest=True),
    "beside": ~qa.above("poverty", 15) & qa.adjacent_to(qa.above("poverty", 15)),
    "beside the lowest": qa.adjacent_to(qa.worst_n("poverty", 3, among=qa.below("poverty", 10), highest=False)),
}
CLOSE = ("skipping", "beside the lowest")  # where nearly every outcome goes by the lowest values
TELLING = ("capped", "among")


def town(poor):
    """Build sixteen squares in two districts with a thousand residents each."""
    keys = [f"{place:02}" for place in range(16)]
    corners = [(1000 * (place % 4), 1000 * (place // 4)) for place in range(16)]
    shapes = [shapely.box(x, y, x + 1000, y + 1000) for x, y in corners]
    districts = ["N" if place < 8 else "S" for place in range(16)]
    areas = gpd.GeoDataFrame({"name": keys, "district": districts}, geometry=shapes, crs="EPSG:25832", index=keys)
    table = pd.DataFrame({"poor": np.asarray(poor, dtype=float), "residents": 1000.0}, index=keys)
    return qa.add_rates(qa.join(areas, table, population="residents"), {"poverty": ("poor", "residents")})


def counts(seed):
    draws = np.random.default_rng(seed)
    poor = draws.integers(20, 260, 16)
    poor[draws.choice(16, 3, replace=False)] = draws.integers(1, 3, 3)
    return poor


def released(data, shortlist, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return qa.release(data, shortlist=shortlist, columns=["poverty"], protection=EXACT, **WORDS, **options)


def screened_by(data, rule):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return qa.screen(data, rule)


def other_towns(poor, release):
    """Yield counts that look the same: those of a district that are not shown have their sum, each is at least 1."""
    hidden = release.values["poverty"].isna().to_numpy()
    draws = np.random.default_rng(0)
    for _ in range(6):
        found = np.array(poor)
        for district in (range(8), range(8, 16)):
            places = [place for place in district if hidden[place]]
            total = int(found[places].sum())
            if len(places) > 1:
                cuts = np.sort(draws.choice(np.arange(1, total), len(places) - 1, replace=False))
                found[places] = np.diff([0, *cuts, total])
        yield found


def told(rule):
    """Return how many outcomes differ between towns that look the same, and how many are shown."""
    poor = counts(0)
    shortlist = screened_by(town(poor), rule)
    release = released(shortlist.data, shortlist)
    differ = 0
    for other in other_towns(poor, release):
        then = screened_by(town(other), rule)
        apart = then.selected.ne(shortlist.selected) | then.assessed.ne(shortlist.assessed)
        differ += int((apart & release.assessed).sum())
    return differ, int(release.assessed.sum())


@pytest.mark.parametrize("name", RULES)
def test_shown_outcomes_are_those_of_all_towns_that_look_the_same(name, monkeypatch):
    differ, shown = told(RULES[name])
    assert differ == 0
    assert shown >= (0 if name in CLOSE else 7)  # of 11 that show their value: not everything stays inside
    if name in TELLING:
        monkeypatch.setattr(screened, "told_by_outcomes", lambda _shortlist, _cells, pattern: pattern.hidden & False)
        assert told(RULES[name])[0] > 0


def test_in_how_many_runs_an_area_is_selected_is_told_of_none_of_them():
    data = town(counts(0))
    shortlist = screened_by(data, RULES["capped"])
    release = released(data, shortlist, stability=shortlist.stability(n=20, seed=1))
    assert release.assessed.any()
    assert release.stability.table["p_selected"].isna().all()
