"""Programmes that the library does not ship, written from their public texts, against plain pandas on made data."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import CountError
from quartiersatlas.screening.language.rule_text import parse_rule

SIDE = 10
FACTORS = ("low_income", "minority", "english", "vehicle", "seniors", "disability", "single_parent", "rent")
LIMITS = (30, 70, 20, 10, 10, 25, 20, 15)
SIX = "english, vehicle, seniors, disability, single_parent, rent"


def conditions(names, limits):
    return "\n".join(
        f'{name} = {{ indicator = "{name}", above = {limit}, unknown = "no" }}'
        for name, limit in zip(names, limits, strict=True)
    )


# MTC Resolution 4217 (2016): tracts that exceed the concentration of low-income residents, and that of minority
# residents or those of three or more of six other factors
BAY_2016 = f"""
id = "communities-of-concern-2016"
source = "MTC Resolution 4217, Plan Bay Area 2040, ACS 2012-2016"
select = "low_income & (minority | k_of(3, {SIX}))"
[conditions]
{conditions(FACTORS, LIMITS)}
"""
# their edition of ACS 2005-2009: beyond the threshold in four or more of the eight
BAY_2009 = f"""
id = "communities-of-concern-2009"
source = "MTC, Plan Bay Area 2013, ACS 2005-2009"
select = "k_of(4, low_income, minority, {SIX})"
[conditions]
{conditions(FACTORS, LIMITS)}
"""
# Décret n° 2014-767, articles 2 and 4: urban units of 10,000 residents, their number rounded up to the next hundred;
# 1,000 residents; below 60 % of a mix of the median incomes of nation and unit, which weighs more beyond 5 million
QPV_2014 = """
id = "qpv-2014"
source = "Décret n° 2014-767 du 3 juillet 2014, articles 2 et 4"
select = "urban & inhabited & ((metropolis & poor_there) | (~metropolis & poor))"
[conditions]
urban = { indicator = "unit_residents", above = 9900 }
inhabited = { indicator = "residents", at_least = 1000 }
metropolis = { indicator = "unit_residents", above = 5000000 }
poor = { indicator = "income", below = [[0.7, "nation"], [0.3, "urban_unit"]], factor = 0.6, printed = "exact" }
poor_there = { indicator = "income", below = [[0.3, "nation"], [0.7, "urban_unit"]], factor = 0.6, printed = "exact" }
[references.nation]
source = "INSEE"
values = { income = 18749 }
[references.urban_unit]
source = "INSEE"
values = { income = { N = 22000, S = 17000, W = 19001 } }
"""
# Ordonnance organique de la revitalisation urbaine (Brussels 2016), articles 5 and 6: median income below, unemployment
# and density above the values of the region, all three; and sectors that such ones surround
ZRU_2016 = """
id = "zru-2016"
source = "Ordonnance organique de la revitalisation urbaine, 6 octobre 2016"
select = "(poor & jobless & dense) | enclosed"
[conditions]
poor = { indicator = "income", below = "region_bc", printed = "exact" }
jobless = { indicator = "low_income", above = "city", unknown = "no" }
dense = { indicator = "density", above = "city", unknown = "no" }
enclosed = { adjacent_to = "poor & jobless & dense", share = 1 }
[references.region_bc]
source = "IBSA"
values = { income = 45000 }
"""
# Climate and economic justice screening tool (2022): a burden at the 90th percentile or above in any category and low
# income at the 65th; or surrounded by such tracts and at the 50th
CEJST = """
id = "cejst"
source = "Council on Environmental Quality, CEJST methodology"
select = "(burden & low_income) | (between & half)"
[conditions]
burden = { indicator = "worst_percentile", at_least = 90, printed = "exact" }
low_income = { indicator = "income_percentile", at_least = 65, printed = "exact" }
half = { indicator = "income_percentile", at_least = 50, printed = "exact" }
between = { adjacent_to = "burden & low_income", share = 1 }
"""
# 12 CFR 345.12, distressed middle-income tracts: income of 80 to 120 % of the area's, in a county with an unemployment
# of 1.5 times the nation's, a poverty of 20 %, or a loss of residents of 10 %
CRA = """
id = "cra-distressed"
source = "12 CFR 345.12(g)(4)(iii)"
select = "~low & ~high & (jobless | poor | shrinking)"
[conditions]
low = { indicator = "income", below = "area", factor = 0.8, printed = "exact" }
high = { indicator = "income", at_least = "area", factor = 1.2, printed = "exact" }
jobless = { indicator = "county_unemployment", at_least = "nation_u", factor = 1.5, printed = "exact" }
poor = { indicator = "county_poverty", at_least = 20, printed = "exact" }
shrinking = { indicator = "county_loss", at_least = 10, printed = "exact" }
[references.area]
source = "FFIEC"
values = { income = 52000 }
[references.nation_u]
source = "BLS"
values = { county_unemployment = 5.2 }
"""


def table():
    random, n = np.random.default_rng(61), SIDE * SIDE
    found = pd.DataFrame(index=pd.Index([f"{k:03}" for k in range(n)], name="key"))
    found["residents"] = random.integers(300, 4000, n).astype(float)
    for name, limit in zip(FACTORS, LIMITS, strict=True):
        shares = np.clip(limit / 100 * random.gamma(4, 0.27, n), 0, 0.97)
        found[f"{name}_x"] = random.binomial(found["residents"].astype(int), shares).astype(float)
    found["income"] = np.where(random.random(n) < 0.3, random.integers(5, 14, n), random.integers(14, 80, n)) * 1000.0
    found.loc[["013", "077"], "income"] = np.nan
    found["km2"] = random.integers(5, 60, n) / 100
    west = found.index[2::3]
    found["unit_residents"] = np.where(
        found.index.isin(west), 10_500_000.0, np.where(np.arange(n) < 60, 9_901.0, 9_900.0)
    )
    found["worst_percentile"], found["income_percentile"] = (random.integers(30, 100, n).astype(float) for _ in (0, 1))
    ring = [f"{k:03}" for k in (33, 35, 24, 44)]
    found.loc[ring, ["worst_percentile", "income_percentile"]] = 95.0
    found.loc["034", ["worst_percentile", "income_percentile"]] = [40.0, 50.0]
    for name in ("county_unemployment", "county_poverty", "county_loss"):
        found[name] = random.integers(0, 300, n) / 10
    return found


TABLE = table()
UNIT = pd.Series(np.array(["N", "S", "W"])[np.arange(SIDE * SIDE) % 3], index=TABLE.index)


@pytest.fixture(scope="module")
def data():
    shapes = [shapely.box(k % SIDE, k // SIDE, k % SIDE + 1, k // SIDE + 1) for k in range(SIDE * SIDE)]
    shapes = shapely.transform(np.array(shapes), lambda xy: xy * 500 + [4e5, 5.5e6])
    areas = gpd.GeoDataFrame({"name": TABLE.index, "unit": UNIT}, geometry=shapes, crs="EPSG:25832", index=TABLE.index)
    kinds = dict.fromkeys(("worst_percentile", "income_percentile"), "score")
    kinds |= {"income": "median", "unit_residents": "score"} | dict.fromkeys(
        ("county_unemployment", "county_poverty", "county_loss"), "share"
    )
    joined = qa.join(areas, TABLE, kinds=kinds, units={"income": "EUR"}, population="residents")
    joined = qa.add_rates(joined, {name: (f"{name}_x", "residents") for name in FACTORS})
    with pytest.raises(CountError, match=r"kinds=\{'density': 'density'\}, units="):
        qa.add_rates(joined, {"density": ("residents", "km2")})
    return qa.add_rates(
        joined, {"density": ("residents", "km2")}, kinds={"density": "density"}, units={"density": "per km²"}
    )


def beyond(name):
    return 100 * TABLE[f"{name}_x"] > dict(zip(FACTORS, LIMITS, strict=True))[name] * TABLE["residents"]


def number_of(names):
    return sum(beyond(name).astype(int) for name in names)


def beside(inside):
    grid = inside.to_numpy().reshape(SIDE, SIDE)
    padded = np.pad(grid.astype(float), 1, constant_values=1)
    around = padded[:-2, 1:-1] * padded[2:, 1:-1] * padded[1:-1, :-2] * padded[1:-1, 2:]
    return pd.Series(around.ravel() > 0, index=inside.index)


def qpv():
    income, paris = TABLE["income"], TABLE["unit_residents"].gt(5_000_000)
    unit = UNIT.map({"N": 22000, "S": 17000, "W": 19001})
    limit = 0.6 * (0.7 * 18749 + 0.3 * unit).where(~paris, 0.3 * 18749 + 0.7 * unit)
    return TABLE["unit_residents"].gt(9900) & TABLE["residents"].ge(1000) & income.lt(limit)


def zru():
    people, area = TABLE["residents"], TABLE["km2"]
    dense = people * area.sum() > people.sum() * area
    jobless = TABLE["low_income_x"] * people.sum() > TABLE["low_income_x"].sum() * people
    three = TABLE["income"].lt(45_000) & jobless & dense
    return three | beside(three)


def cejst():
    poor, burden = TABLE["income_percentile"], TABLE["worst_percentile"].ge(90)
    first = burden & poor.ge(65)
    return first | (beside(first) & poor.ge(50))


def cra():
    income = TABLE["income"]
    county = TABLE["county_unemployment"].ge(7.8) | TABLE["county_poverty"].ge(20) | TABLE["county_loss"].ge(10)
    return income.ge(0.8 * 52_000) & income.lt(1.2 * 52_000) & county


TEXTS = {
    "bay 2016": (BAY_2016, lambda: beyond("low_income") & (beyond("minority") | number_of(FACTORS[2:]).ge(3))),
    "bay 2009": (BAY_2009, lambda: number_of(FACTORS).ge(4)),
    "qpv 2014": (QPV_2014, qpv),
    "zru 2016": (ZRU_2016, zru),
    "cejst": (CEJST, cejst),
    "cra": (CRA, cra),
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", TEXTS)
def test_it_selects_what_its_text_says(data, name):
    text, expected = TEXTS[name][0], TEXTS[name][1]()
    spec = qa.RuleSpec.from_text(text)
    assert 3 <= expected.sum() <= 80
    assert qa.screen(data, spec).keys == list(expected.index[expected])
    assert qa.RuleSpec.from_text(spec.to_toml()) == spec
    assert parse_rule(str(spec.rule)) == spec.rule
