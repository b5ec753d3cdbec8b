"""``compare_lists``: known answers, brute force over every combination of factors, boundaries, and what it refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import chain, combinations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, BreakError, JoinError, SpecError
from quartiersatlas.monitoring.lists.minimal_sets import minimal_sufficient, subsets
from quartiersatlas.monitoring.lists.mixed import decide
from quartiersatlas.monitoring.lists.words import reason_words


@pytest.fixture(scope="module")
def town():
    """Build joined data of so many areas: poor and residents, and the rate of both."""

    def build(poor, residents, period, keys=None, **more):
        n = len(poor)
        keys = keys or [f"{k:02d}" for k in range(n)]
        shapes = [shapely.box(1000 * x, 0, 1000 * x + 1000, 1000) for x in range(n)]
        names = [f"Gebiet {key}" for key in keys]
        areas = gpd.GeoDataFrame({"name": names}, index=pd.Index(keys), geometry=shapes, crs="EPSG:25832")
        columns = {"poor": np.asarray(poor, float), "residents": np.asarray(residents, float), **more}
        data = qa.join(areas, pd.DataFrame(columns, index=areas.index), period=period, population="residents")
        return qa.add_rates(data, {"poverty": ("poor", "residents")})

    return build


def published(data, value):
    return {"city_value": qa.Reference(values={"poverty": value}, source="Statistisches Amt", as_of=data.period)}


@pytest.mark.shared_data
@pytest.mark.parametrize("number", range(8), ids="ABCDEFGH")
def test_known_answers_with_the_city_value_as_published(town, shared, number):
    case = json.loads((shared.parent / "reference" / "acting" / "reasons_known.json").read_text(encoding="utf-8"))[
        number
    ]
    rule, lists = qa.above("poverty", than="city_value"), []
    for side, period in (("1", "2021"), ("2", "2024")):
        data = town([10 * case[f"own{side}"]] * 3, [1000] * 3, period)
        lists.append(qa.screen(data, rule, references=published(data, case[f"city{side}"])))
    found = qa.compare_lists(*lists)
    assert [bool(one.selected.iloc[0]) for one in lists] == [case["before"], case["after"]]
    assert {tuple(sorted(one)) for one in found.table["reasons"].iloc[0]} == {tuple(one) for one in case["reasons"]}


@pytest.mark.parametrize(
    ("own", "city", "rules", "expected"),
    [
        ((40, 40), (30, 30), (1, 1.5), {("rule",)}),  # 40 > 30, and not above 45
        ((40, 40), (30, 36), (1, 1.2), {("city", "rule")}),  # above 36 either way; not above 43.2
        ((40, 20), (30, 30), (1, 1.5), {("own",), ("rule",)}),
        ((40, 44), (30, 50), (1, 1), {("city",)}),
    ],
)
def test_a_changed_rule_is_a_factor_like_the_others(town, own, city, rules, expected):
    lists = []
    for n, period in enumerate(("2021", "2024")):
        data = town([10 * own[n]] * 3, [1000] * 3, period)
        rule = qa.above("poverty", than="city_value", factor=rules[n])
        lists.append(qa.screen(data, rule, references=published(data, city[n])))
    found = qa.compare_lists(*lists)
    assert set(found.table["reasons"].iloc[0]) == expected


def powerset(factors):
    return list(chain.from_iterable(combinations(factors, k) for k in range(len(factors) + 1)))


def smallest_sets(outcome):
    """Give the sets that turn the outcome and hold no smaller one that does, by looking at all of them."""
    if outcome[frozenset(("own", "city", "rule", "boundaries"))] == outcome[frozenset()]:
        return set()
    enough = {one for one, value in outcome.items() if value != outcome[frozenset()]}
    return {one for one in enough if not any(other < one for other in enough)}


@settings(max_examples=100)
@given(st.lists(st.booleans(), min_size=16, max_size=16), st.lists(st.booleans(), min_size=16, max_size=16))
def test_minimal_sets_are_those_of_brute_force_over_all_sixteen_combinations(first, second):
    factors = ("own", "city", "rule", "boundaries")
    sets = powerset(factors)
    assert [set(one) for one in subsets(factors)] == [set(one) for one in sets]
    decided = {one: np.array([a, b], dtype=np.int8) for one, a, b in zip(sets, first, second, strict=True)}
    found, known = minimal_sufficient(decided)
    assert known.all()
    for place, row in enumerate((first, second)):
        outcome = dict(zip(map(frozenset, sets), row, strict=True))
        assert {frozenset(one) for one in found[place]} == smallest_sets(outcome)


def merged(pairs):
    """Give the areas with the first two of every three as one."""
    found = []
    for k in range(0, len(pairs), 3):
        found += [(pairs[k][0] + pairs[k + 1][0], pairs[k][1] + pairs[k + 1][1]), pairs[k + 2]]
    return found


@pytest.mark.parametrize("seed", range(3))
def test_reasons_are_those_of_the_formula_applied_to_all_sixteen_combinations(town, seed):
    """Own values, the city from the counts, the factor of the rule, and boundaries: 60 areas that become 40."""
    draws = np.random.default_rng(seed)
    tenths = draws.permutation([8, 10, 12])[:2]
    people = [draws.integers(60, 100, 60) for _ in (0, 1)]
    on = {
        ("old", n): list(zip(draws.binomial(people[n], 0.2).tolist(), people[n].tolist(), strict=True)) for n in (0, 1)
    }
    on |= {("new", n): merged(on["old", n]) for n in (0, 1)}
    keys = {"old": [f"{k:02d}" for k in range(60)]}
    keys["new"] = [f"{'m' if k % 3 == 0 else ''}{k:02d}" for k in range(60) if k % 3 != 1]
    rules = [qa.above("poverty", than="city", factor=tenth / 10) for tenth in tenths]
    lists = {}
    for (borders, n), pairs in on.items():
        data = town([x for x, _ in pairs], [m for _, m in pairs], ("2021", "2024")[n], keys[borders])
        lists[borders, n] = qa.screen(data, rules[n])
    predecessors = {key: key.removeprefix("m") for key in keys["new"]}
    more = {"carried": lists["new", 0], "carried_back": lists["old", 1], "predecessors": predecessors}
    found = qa.compare_lists(lists["old", 0], lists["new", 1], **more)
    assert len(found.gone) == 20
    factors, seen = ("own", "city", "rule", "boundaries"), set()
    for place, key in enumerate(keys["new"]):
        outcome = {}
        for moved in map(frozenset, powerset(factors)):
            borders = "new" if "boundaries" in moved else "old"
            at = place if borders == "new" else keys["old"].index(predecessors[key])
            x, n = on[borders, int("own" in moved)][at]
            cases, everybody = map(sum, zip(*on[borders, int("city" in moved)], strict=True))
            outcome[moved] = 10 * x * everybody > tenths[int("rule" in moved)] * cases * n
        assert found.table.loc[key, "reasons"] == () or outcome[frozenset(factors)] != outcome[frozenset()]
        expected = smallest_sets(outcome)
        assert {frozenset(one) for one in found.table.loc[key, "reasons"]} == expected, key
        seen |= expected
    assert len(seen) >= 6
    assert found.table["why_not"].eq("").all()


RULES = {
    "limit": qa.above("poverty", 30),
    "city": qa.above_city("poverty"),
    "rest": qa.above("poverty", than="rest"),
    "median": qa.above("poverty", than="median"),
    "worst": qa.worst_share("poverty", 0.3, highest=True),
    "significant": qa.above("poverty", than="city", significant=0.05),
    "mixed": qa.above_city("poverty") & ~qa.worst_n("poverty", 1, highest=True),
}


@pytest.mark.parametrize("name", RULES)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_rule_on_values_and_limits_of_one_date_is_the_list_of_that_date(town, name):
    draws = np.random.default_rng(4)
    people = draws.integers(300, 900, 16)
    sides = [town(draws.binomial(people, draws.uniform(0.1, 0.5, 16)), people, year) for year in ("2021", "2024")]
    lists = [qa.screen(data, RULES[name]) for data in sides]
    for one in lists:
        keys = pd.Series(one.selected.index)
        assert decide(one, one, one, keys).tolist() == one.selected.astype(int).tolist()
    found = qa.compare_lists(*lists)
    moved = found.table[found.table["state"].isin(["entered", "left"])]
    assert len(moved)
    assert moved["reasons"].map(len).gt(0).all()
    assert moved["why_not"].eq("").all()


def test_an_area_among_the_worst_is_placed_among_the_others_of_either_date(town):
    """The two worst of five: A keeps 30 of 100; the others rise above it (left: the city), B rises itself (entered)."""
    before = qa.screen(town([30, 20, 40, 10, 5, *[1] * 15], [100] * 20, "2021"), qa.worst_n("poverty", 2, highest=True))
    after = qa.screen(town([30, 50, 40, 10, 5, *[1] * 15], [100] * 20, "2024"), qa.worst_n("poverty", 2, highest=True))
    found = qa.compare_lists(before, after)
    assert found.table.loc["01", ["state", "reasons"]].tolist() == ["entered", (("own",),)]
    assert found.table.loc["00", ["state", "reasons"]].tolist() == ["left", (("city",),)]


def test_a_score_is_that_of_the_areas_own_values_among_the_others_of_either_date(town):
    """By computing the index anew for each area that moved, with its row alone exchanged."""
    classes = [
        {"id": "high", "upper": 1.0, "label_de": "hoch", "label_en": "high"},
        {"id": "low", "label_de": "niedrig", "label_en": "low"},
    ]
    axis = {"id": "status", "standardise": {"method": "z"}, "indicators": [{"id": "poverty"}], "classes": classes}
    spec = qa.NeedSpec.from_dict({"id": "one", "source": "test", "min_population": 0, "axes": [axis]})
    draws = np.random.default_rng(8)
    people, rule = draws.integers(200, 400, 40), qa.above("need", 0.8)
    level = draws.uniform(0.1, 0.4, 40)
    sides = [town(draws.binomial(people, level * by), people, year) for by, year in ((1, "2021"), (1.5, "2024"))]
    lists = [qa.screen(data, rule, need=qa.need_index(data, spec)) for data in sides]
    found = qa.compare_lists(*lists)
    moved = found.table.index[found.table["state"].isin(["entered", "left"])]
    assert len(moved) >= 3
    for key in moved:
        outcome = {}
        for set_ in map(frozenset, powerset(("own", "city"))):
            own, other = (sides[int(name in set_)].values[["poverty", "residents"]] for name in ("own", "city"))
            frame = other.copy()
            frame.loc[key] = own.loc[key]
            shares = frame["poverty"]
            score = (shares[key] - shares.mean()) / shares.std(ddof=0)
            outcome[set_] = bool(score > 0.8)
        outcome[frozenset(("own", "city", "rule", "boundaries"))] = outcome[frozenset(("own", "city"))]
        assert {frozenset(one) for one in found.table.loc[key, "reasons"]} == {
            one for one in smallest_sets(outcome) if len(one) < 3
        }


def test_areas_without_a_predecessor_are_new_and_unknown_ones_have_no_reason(town):
    before = qa.screen(town([30, 20, 10, np.nan], [100] * 4, "2021"), qa.above("poverty", 15))
    after = qa.screen(town([30, 10, 20, 40, 40], [100] * 5, "2024"), qa.above("poverty", 15))
    found = qa.compare_lists(before, after)
    assert found.table["state"].tolist() == ["stayed", "left", "entered", "unknown", "new_area"]
    assert found.counts.to_dict() == {
        "entered": 1, "left": 1, "stayed": 1, "outside": 0, "new_area": 1, "unknown": 1, "gone": 0,
    }  # fmt: skip
    words = found.text("de")
    assert "hinzugekommen 1, weggefallen 1, auf der Liste geblieben 1" in words
    assert "Neu geschnitten, ohne Vorgänger: 1." in words
    assert "Gebiet 02 kommt hinzu. Grund: eigener Wert." in words
    assert "poverty in %: von 10,0 auf 20,0; Grenze: von 15,0 auf 15,0." in words


def test_withheld_areas_are_counted_and_neither_explained_nor_shown(town):
    before = qa.screen(town([30, 20, 10], [100] * 3, "2021"), qa.above("poverty", 15))
    after = qa.screen(town([30, 10, 20], [100] * 3, "2024"), qa.above("poverty", 15))
    found = qa.compare_lists(before, after, withheld=["02"])
    assert found.counts["entered"] == 1
    assert found.table.loc["02", ["reasons", "why_not"]].tolist() == [(), "withheld"]
    assert found.conditions["key"].tolist() == ["01"]
    assert "Gebiet 02" not in found.text("de")
    assert "nicht ausgewiesen wird: 1" in found.text("de")


def test_leaving_by_the_city_alone_is_said_to_be_no_improvement(town):
    before = qa.screen(town([330, 300, 100, 100], [1000] * 4, "2021"), qa.above_city("poverty"))
    after = qa.screen(town([330, 900, 300, 100], [1000] * 4, "2024"), qa.above_city("poverty"))
    found = qa.compare_lists(before, after)
    assert found.table.loc["00", ["state", "reasons"]].tolist() == ["left", (("city",),)]
    assert "nicht der eigene Wert: 1. An der Lage dort muss sich deshalb nichts verbessert haben." in found.text("de")
    assert "left: city (1)" in repr(found)


def test_a_rule_that_the_other_date_cannot_answer_is_not_separated(town):
    before = qa.screen(town([30, 20, 10], [100] * 3, "2021"), qa.above("poverty", 25))
    later = town([30, 20, 10], [100] * 3, "2024", old_people=[10.0, 80, 10])
    after = qa.screen(later, qa.above("old_people", 50))
    found = qa.compare_lists(before, after)
    assert found.table.loc[["00", "01"], "why_not"].tolist() == ["not_separable"] * 2
    assert found.reason("00") == "Regel geändert, Gründe nicht trennbar"
    assert len(found.conditions) == 0


def test_boundaries_that_differ_are_refused_until_counts_are_carried(town):
    before = qa.screen(town([30, 20, 10], [100] * 3, "2021"), qa.above("poverty", 15))
    after = town([30, 30], [100, 200], "2024", ["00", "01"])
    wide = after.areas.copy()
    wide.loc["01", "geometry"] = shapely.box(1000, 0, 3000, 1000)
    later = qa.join(wide, after.values[["poor", "residents"]], period="2024", population="residents")
    later = qa.add_rates(later, {"poverty": ("poor", "residents")})
    rule = qa.above("poverty", 15)
    with pytest.raises(JoinError, match=r"1 area has another outline under the same key: '01'.*carried="):
        qa.compare_lists(before, qa.screen(later, rule))
    carried = qa.screen(town([30, 28], [100, 200], "2021", ["00", "01"]), rule)
    found = qa.compare_lists(before, qa.screen(later, rule), carried=carried)
    assert found.gone == ("02",)
    # 20 % on its own, 14 % with its neighbour, 15 % is not above 15: boundaries alone are enough
    assert found.table.loc["01", "state"] == "left"
    assert found.table.loc["01", "reasons"] == (("boundaries",),)
    assert found.table.loc["01", "why_not"] == "incomplete"


def test_lists_by_unlike_definitions_are_refused(town):
    one = town([30, 20, 10], [100] * 3, "2021")
    other = town([30, 20, 10], [100] * 3, "2024", mh=[50.0, 40, 30])
    rates = {**other.rates, "poverty": ("mh", "residents")}
    other = replace(other, values=other.values.assign(poverty=other.values["mh"]), rates=rates)
    rule = qa.above("poverty", 15)
    with pytest.raises(BreakError, match="numerator 'poor' and 'mh'"):
        qa.compare_lists(qa.screen(one, rule), qa.screen(other, rule))


@pytest.mark.parametrize(
    ("reasons", "words"),
    [
        ((("own",),), "eigener Wert"),
        ((("own",), ("city",)), "eigener Wert oder Stadtwert, jedes für sich"),
        ((("own", "city"),), "eigener Wert und Stadtwert, nur beides zusammen"),
        ((("own", "city", "rule"),), "eigener Wert und Stadtwert und Regel, nur alles zusammen"),
        ((("own",), ("city", "rule")), "eigener Wert oder Stadtwert und Regel, jede Kombination für sich"),
    ],
)
def test_reasons_in_words(reasons, words):
    assert reason_words(reasons, "", "de") == words


def test_what_is_no_list_or_no_course_is_refused(town):
    one = qa.screen(town([30, 20, 10], [100] * 3, "2021"), qa.above("poverty", 15))
    other = qa.screen(town([30, 20, 10], [100] * 3, "2024"), qa.above("poverty", 15))
    with pytest.raises(ArgumentError, match="compare_lists: after takes a Shortlist"):
        qa.compare_lists(one, other.data)
    with pytest.raises(SpecError, match="lies after"):
        qa.compare_lists(other, one)
    with pytest.raises(SpecError, match="a change needs two"):
        qa.compare_lists(one, one)
    with pytest.raises(JoinError, match="predecessors: 1 key is not in its list: 'zz'"):
        qa.compare_lists(one, other, predecessors={"00": "zz"})
    with pytest.raises(SpecError, match="carried_back alone"):
        qa.compare_lists(one, other, carried_back=one)
    with pytest.raises(SpecError, match="no state"):
        qa.compare_lists(one, other).keys("new")


NESTED = {
    "capped": qa.capped(qa.at_least("poverty", 20), order="poverty", number_of=350, highest=True),
    "skipping": ~qa.capped(qa.at_least("poverty", 15), order="poverty", share=0.3, beyond="skip", highest=True),
    "among": qa.worst_n("poverty", 3, among=qa.at_least("residents", 90), highest=True),
    "beside": qa.at_least("poverty", 5)
    & qa.adjacent_to(qa.worst_n("poverty", 3, among=qa.below("residents", 110), highest=True)),
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", NESTED)
def test_rules_with_a_rule_inside_are_separated_as_single_exchanges_of_an_area_say(town, name):
    """The list of one date with the own counts of one area of the other date: screened as it would be."""
    draws = np.random.default_rng(3)
    people = [draws.integers(60, 130, 16) for _ in (0, 1)]
    poor = [draws.binomial(one, 0.2) for one in people]
    rule = NESTED[name]
    lists = [qa.screen(town(poor[n], people[n], ("2021", "2024")[n]), rule) for n in (0, 1)]
    found = qa.compare_lists(*lists).table
    moved = found.index[found["state"].isin(["entered", "left"])]
    assert len(moved) >= 3
    for key in moved:
        place = found.index.get_loc(key)
        outcome = {(): bool(lists[0].selected[key]), ("own", "city"): bool(lists[1].selected[key])}
        for one, mine, others in (("own", 1, 0), ("city", 0, 1)):
            mixed = [np.where(np.arange(16) == place, side[mine], side[others]) for side in (poor, people)]
            outcome[one,] = bool(qa.screen(town(*mixed, "2021"), rule).selected[key])
        enough = {one for one, value in outcome.items() if value != outcome[()]}
        smallest = {one for one in enough if not any(set(other) < set(one) for other in enough)}
        assert (set(found.loc[key, "reasons"]), found.loc[key, "why_not"]) == (smallest, ""), key


def test_a_river_cuts_neighbours_in_every_mixture_of_the_dates(town):
    """01 has too few residents before; its poor neighbour 00 lies behind a river, 02 becomes poor: both are needed."""
    river = gpd.GeoDataFrame(geometry=[shapely.LineString([(1000, -9), (1000, 1009)])], crs="EPSG:25832")
    rule = qa.at_least("residents", 90) & qa.adjacent_to(qa.at_least("poverty", 30))
    before, after = (
        qa.screen(town([40, 8, poor, 9], [100, people, 100, 100], period), rule, barriers=river)
        for people, poor, period in ((80, 10, "2021"), (100, 50, "2024"))
    )
    found = qa.compare_lists(before, after)
    assert found.table.loc["01", ["state", "reasons", "why_not"]].tolist() == ["entered", (("own", "city"),), ""]
