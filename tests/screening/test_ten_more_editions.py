"""Ten official methods that the library does not ship, in Python and as files, on made data against plain pandas.

Written from their public texts as far as these were at hand; what is tested is the language, not the lists.
"""

from __future__ import annotations

from math import ceil, floor

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.screening.language.rule_text import parse_rule

N = 90
EXACT = {"printed": "exact", "unknown": "no"}


def frame():
    random = np.random.default_rng(17)
    found = pd.DataFrame(index=pd.Index([f"{k:03}" for k in range(N)], name="key"))
    found["residents"] = random.integers(80, 4000, N).astype(float)
    for name, share in (("poor", 0.2), ("young", 0.3), ("foreign", 0.25), ("single", 0.1), ("carless", 0.15)):
        found[name] = random.binomial(found["residents"].astype(int), random.beta(2, 2 / share, N)).astype(float)
    found["score"] = random.integers(0, 40, N).astype(float)  # many ties
    found["income"] = random.integers(18, 90, N) * 1000.0
    found["old_index"] = random.integers(60, 140, N).astype(float)
    found["status"] = random.choice(["1", "2", "3", "4"], N)
    found["dynamics"] = random.choice(["+", "+/-", "-"], N)
    for name in ("score", "income"):
        found.loc[random.choice(found.index, 7, replace=False), name] = np.nan
    found.loc[found.index[5], ["residents", "poor", "young", "foreign", "single", "carless"]] = 0.0
    return found


TABLE = frame()
REGION = pd.Series(np.array(["N", "S", "W"])[np.arange(N) % 3], index=TABLE.index)
RATES = ("poor", "young", "foreign", "single", "carless")
COUNTIES = {"N": 40_000, "S": 61_000}  # none for W
MORE = qa.Reference(values={"income": COUNTIES}, source="made up")
STATE = qa.Reference(values={"income": 60_000}, source="made up")
BARCELONA = qa.Reference(values={"old_index": 100.0}, source="made up")


@pytest.fixture(scope="module")
def data():
    shapes = [shapely.box(k % 10, k // 10, k % 10 + 1, k // 10 + 1) for k in range(N)]
    shapes = shapely.transform(np.array(shapes), lambda xy: xy * 500 + [4e5, 5.5e6])
    areas = gpd.GeoDataFrame(
        {"name": TABLE.index, "region": REGION}, geometry=shapes, crs="EPSG:25832", index=TABLE.index
    )
    kinds = {"income": "median", "score": "score", "old_index": "score"}
    units = {"income": "EUR"}
    joined = qa.join(areas, TABLE, kinds=kinds, units=units, population="residents")
    return qa.add_rates(joined, {f"{name}_share": (name, "residents") for name in RATES})


def share(name):
    return 100 * TABLE[name] / TABLE["residents"]  # NaN where nobody lives


def at_least_of(k, conditions):
    return sum(one.astype(int) for one in conditions) >= k


def worst(values, number):
    """Return the worst so many (high values); ties are all in while they are no more than half as many again."""
    known = values.dropna().sort_values(ascending=False)
    limit = known.iloc[number - 1]
    inside = values.ge(limit)
    return inside if inside.sum() <= floor(1.5 * number) else values.gt(limit)


# Hamburg, Sozialmonitoring: status beyond a deviation of the mean; or half a deviation with falling dynamics; from 300
# residents on
def hamburg_rule():
    far = qa.below("old_index", than="mean", sd=-1, ddof=0, name="far", **EXACT)
    near = qa.below("old_index", than="mean", sd=-0.5, ddof=0, name="near", **EXACT)
    falling, people = qa.in_class("dynamics", "-", name="falling"), qa.at_least("residents", 300, name="people")
    return people & (far | (near & falling))


def hamburg():
    index, spread = TABLE["old_index"], TABLE["old_index"].std(ddof=0)
    far, near = index.lt(index.mean() - spread), index.lt(index.mean() - 0.5 * spread)
    return TABLE["residents"].ge(300) & (far | (near & TABLE["dynamics"].eq("-")))


# Berlin: status very low, or low with negative dynamics
def berlin_rule():
    return qa.in_class("status", "4", name="a") | qa.typology(status=["3"], dynamics=["-"])


def berlin():
    return TABLE["status"].eq("4") | (TABLE["status"].eq("3") & TABLE["dynamics"].eq("-"))


# Bay Area, communities of concern 2013: minority and low income both beyond fixed shares, or four of the eight factors
# beyond mean and half a deviation in whole percent (five factors here, three of them)
def bay_area_rule():
    both = qa.at_least("foreign_share", 30, name="minority", unknown="no") & qa.at_least(
        "poor_share", 25, name="low_income", unknown="no"
    )
    some = [qa.above(f"{x}_share", than="mean", sd=0.5, digits=0, name=f"much_{x}", unknown="no") for x in RATES]
    return both | qa.k_of(3, *some)


def bay_area():
    both = share("foreign").ge(30) & share("poor").ge(25)
    limits = {x: floor(share(x).mean() + 0.5 * share(x).std(ddof=1) + 0.5) for x in RATES}
    return both | at_least_of(3, [share(x).gt(limits[x]) for x in RATES])


# Massachusetts, edition of 2017: 25 % minority, or 65 % of the state's income, or 25 % isolated
def massachusetts_rule():
    low = qa.at_most("income", than="state", factor="0.65", name="low", **EXACT)
    return qa.at_least("foreign_share", 25, name="m", unknown="no") | low | qa.at_least("single_share", 25, name="e")


def massachusetts():
    people = TABLE["residents"].gt(0)
    minority, single = (4 * TABLE[name] >= TABLE["residents"] for name in ("foreign", "single"))
    return (minority & people) | TABLE["income"].le(39_000) | (single & people)


# California, AB 1550: income of at most 80 % of the state's, or of the county's limit
def california_rule():
    state = qa.at_most("income", than="state", factor=0.8, name="s", **EXACT)
    return state | qa.at_most("income", than="county", name="c", **EXACT)


def california():
    return TABLE["income"].le(48_000) | TABLE["income"].le(REGION.map(COUNTIES))


# New York, disadvantaged communities: the highest 35 % of scores within the region, or 19 % of all, or low income
def new_york_rule():
    within = qa.worst_share("score", 0.35, by="region", highest=True, name="within", unknown="no")
    return (
        within
        | qa.worst_share("score", 0.19, highest=True, name="all", unknown="no")
        | qa.below("income", 25_000, name="low", **EXACT)
    )


def new_york():
    rounded = lambda number: max(1, floor(number + 0.5))  # noqa: E731
    inside = pd.Series(data=False, index=TABLE.index)
    for region in "NSW":
        here = TABLE.loc[REGION.eq(region), "score"]
        inside |= worst(here, rounded(0.35 * here.notna().sum())).reindex(TABLE.index, fill_value=False)
    overall = worst(TABLE["score"], rounded(0.19 * TABLE["score"].notna().sum()))
    return inside | overall | TABLE["income"].lt(25_000)


# Scotland: the 15 % most deprived, the lowest ranks, in whole areas; ties are broken by leaving out
def scotland_rule():
    return qa.worst_share("score", 0.15, count="floor", ties="out", highest=False, unknown="no")


def scotland():
    number, known = floor(0.15 * TABLE["score"].notna().sum()), TABLE["score"].dropna().sort_values()
    limit = known.iloc[number - 1]
    return TABLE["score"].le(limit) if known.le(limit).sum() <= number else TABLE["score"].lt(limit)


# England: in the most deprived tenth, and not improving; the tenth has every area that begins in it
def england_rule():
    return qa.worst_share("score", 0.1, count="ceil", highest=True, most=2, unknown="no") & ~qa.in_class(
        "dynamics", "+", name="better"
    )


def england():
    number = ceil(0.1 * TABLE["score"].notna().sum())
    limit = TABLE["score"].dropna().sort_values(ascending=False).iloc[number - 1]
    inside = TABLE["score"].ge(limit)
    inside = inside if inside.sum() <= 2 * number else TABLE["score"].gt(limit)
    return inside & TABLE["dynamics"].ne("+")


# Barcelona, Pla de Barris: an index of income below 80 % of the city's, or two of three shares 1.5 times the city's
def barcelona_rule():
    low = qa.below("old_index", than="barcelona", factor=0.8, name="low", **EXACT)
    names = ("poor", "single", "carless")
    return low | qa.k_of(2, *[qa.above(f"{x}_share", than="city", factor="1.5", name=x, unknown="no") for x in names])


def barcelona():
    people, names = TABLE["residents"], ("poor", "single", "carless")
    much = [2 * TABLE[x] * people.sum() > 3 * TABLE[x].sum() * people for x in names]
    return TABLE["old_index"].lt(80) | at_least_of(2, much)


# Dortmund and Bremen: worse than the rest of the own region in both, and among the ten with most need, of 500 residents
def dortmund_rule():
    poor, young = (qa.above(f"{name}_share", than="region", name=name, unknown="no") for name in ("poor", "young"))
    most = qa.worst_n("poor_share", 25, highest=True, name="most", unknown="no")
    return poor & young & most & ~qa.below("residents", 500, name="small")


def dortmund():
    people = TABLE["residents"]
    beyond = [
        TABLE[name] * people.groupby(REGION).transform("sum") > TABLE[name].groupby(REGION).transform("sum") * people
        for name in ("poor", "young")
    ]
    return beyond[0] & beyond[1] & worst(share("poor"), 25) & people.ge(500)


EDITIONS = {
    "hamburg": (hamburg_rule, hamburg),
    "berlin": (berlin_rule, berlin),
    "bay_area": (bay_area_rule, bay_area),
    "massachusetts": (massachusetts_rule, massachusetts),
    "california": (california_rule, california),
    "new_york": (new_york_rule, new_york),
    "scotland": (scotland_rule, scotland),
    "england": (england_rule, england),
    "barcelona": (barcelona_rule, barcelona),
    "dortmund": (dortmund_rule, dortmund),
}
REFERENCES = {"state": STATE, "county": MORE, "barcelona": BARCELONA}


@pytest.mark.filterwarnings("ignore::UserWarning")  # context, counts: what is asked is asked
@pytest.mark.parametrize("name", EDITIONS)
def test_it_selects_what_plain_pandas_selects(data, name, tmp_path):
    rule, expected = EDITIONS[name][0](), EDITIONS[name][1]()
    used = {one for c in rule.conditions for one in getattr(getattr(c, "limit", None), "names", ())}
    references = {key: one for key, one in REFERENCES.items() if key in used}
    found = qa.screen(data, rule, references=references)
    assert 3 <= expected.sum() <= 80
    assert found.keys == list(expected.index[expected])
    # as text, and as a file with its references
    assert parse_rule(str(rule)) == rule
    spec = qa.RuleSpec(id=name.replace("_", "-"), rule=rule, source="made up", references=references)
    path = tmp_path / "rule.toml"
    path.write_text(spec.to_toml(), encoding="utf-8")
    again = qa.RuleSpec.from_toml(path)
    assert again.rule == rule
    assert qa.screen(data, again).keys == found.keys
    assert (found.stability(n=40, seed=1).table["p_selected"].dropna().between(0, 1)).all()
