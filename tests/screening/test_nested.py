"""Rules inside conditions: the worst among some areas, a cap by persons, neighbours; against loops and fractions."""

from __future__ import annotations

import itertools
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

import drawn_rules
import numpy as np
import plain_rules
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, SpecError
from quartiersatlas.screening.evaluation.evaluate import evaluate
from quartiersatlas.screening.evaluation.evidence import Evidence, Measured, rate
from quartiersatlas.screening.missing_persons import missing_persons

ORDERS = ("poverty", "jobs", "score")


@st.composite
def closed(draw):
    """Draw a rule that is yes or no everywhere."""
    leaves = drawn_rules.leaves.map(lambda one: one if one.unknown != "unknown" else _decided(one))
    one = draw(leaves)
    return draw(st.sampled_from([one, ~one, one | draw(leaves), one & draw(leaves)]))


def _decided(condition):
    from dataclasses import replace

    return replace(condition, unknown="no")


levels = st.sampled_from(["", *drawn_rules.LEVELS])
caps = st.one_of(
    st.fixed_dictionaries(
        {"share": st.sampled_from([Decimal(s) for s in ("0.05", "0.2", "0.29", "0.5", "0.75", "1")])},
        optional={"count": st.sampled_from(["floor", "half_up", "ceil"])},
    ),
    st.fixed_dictionaries({"number_of": st.integers(1, 40).map(Decimal)}),
)
capped = st.builds(
    lambda rule, order, by, beyond, highest, cap: qa.capped(
        rule, order=order, of="people", by=by, beyond=beyond, highest=highest, **cap
    ),
    closed(),
    st.sampled_from(ORDERS),
    levels,
    st.sampled_from(["stop", "skip", "in"]),
    st.booleans(),
    caps,
)
among = st.builds(
    lambda rule, name, share, by, more: qa.worst_share(name, share, by=by, among=rule, **more),
    closed(),
    st.sampled_from(ORDERS),
    drawn_rules.shares,
    levels,
    st.fixed_dictionaries(
        {"highest": st.booleans()},
        optional={"ties": st.sampled_from(["in", "out"]), "count": st.sampled_from(["half_up", "floor", "ceil"])},
    ),
)
beside = st.builds(
    lambda rule, other, number: qa.adjacent_to(rule, **other, **number),
    closed(),
    st.one_of(
        st.just({}),
        st.fixed_dictionaries(
            {
                "indicator": st.sampled_from([*ORDERS, "rent"]),
                "compare": st.sampled_from(["above", "at_least", "below", "at_most"]),
                "factor": drawn_rules.factors,
            }
        ),
    ),
    st.one_of(
        st.fixed_dictionaries({}, optional={"n": st.integers(1, 3)}),
        st.fixed_dictionaries({"share": st.sampled_from([Decimal("0.5"), Decimal(1), Decimal("0.34")])}),
    ),
)


@st.composite
def places(draw):
    """Draw a town with residents and neighbours."""
    town = draw(drawn_rules.towns())
    some = st.sampled_from([None, 0, 1, 2, 3, 5, 5, 8, 13])
    people = draw(st.lists(some, min_size=town.size, max_size=town.size))
    every = list(itertools.combinations(range(town.size), 2))
    pairs = draw(st.lists(st.sampled_from(every), unique=True)) if every else []
    return town, people, pairs


def evidence_of(town, people, pairs):
    from dataclasses import replace

    found = town.evidence()
    row = plain_rules.floats([people])
    counted = Measured(row, row, np.where(np.isnan(row), np.nan, 1.0), kind="count", columns=("people", ""))
    one, other = (np.array([pair[side] for pair in pairs], dtype=np.intp) for side in (0, 1))
    return replace(
        found,
        measured={**found.measured, "people": counted},
        neighbours=lambda contact="border": (one, other),  # noqa: ARG005 - the same pairs
    )


def ours(rule, evidence):
    truth, _ = evaluate(rule, evidence)
    yes, no = (np.broadcast_to(part, (1, evidence.n_areas))[0] for part in (truth.yes, truth.no))
    return [True if a else False if b else None for a, b in zip(yes, no, strict=True)]


# --- among ------------------------------------------------------------------------------------------------------------


@given(places(), among)
def test_the_worst_among_some_areas_are_the_worst_of_a_town_of_these_alone(place, rule):
    town, people, pairs = place
    inside = plain_rules.said(rule.among, town)
    column = town.columns[rule.indicator]
    kept = [value if there else None for value, there in zip(column.values, inside, strict=True)]
    alone = plain_rules.Town({**town.columns, rule.indicator: plain_rules.Column(kept, direction=column.direction)})
    alone.units = town.units
    expected = plain_rules.among_worst(rule, alone.columns[rule.indicator], alone)
    units = town.units[rule.by] if rule.by else [0] * town.size
    expected = [
        None if value is None or unit < 0 else bool(there and one)
        for value, unit, there, one in zip(column.values, units, inside, expected, strict=True)
    ]
    assert ours(rule, evidence_of(town, people, pairs)) == expected


# --- a cap ------------------------------------------------------------------------------------------------------------


def plain_cap(condition, town, people):
    """Take areas one after the other, those of the same value together; None where something is not known."""
    inside = plain_rules.said(condition.rule, town)
    values = town.columns[condition.order].values
    units = town.units[condition.by] if condition.by else [0] * town.size
    found = [None if there else False for there in inside]
    for unit in set(units) - {-1}:
        here = [i for i in range(town.size) if units[i] == unit]
        chosen = [i for i in here if inside[i]]
        if any(values[i] is None or people[i] is None for i in chosen):
            continue
        most = most_of(condition, sum(people[i] or 0 for i in here))
        total, is_over = 0, False
        for value in sorted({values[i] for i in chosen}, reverse=bool(condition.highest)):
            block = [i for i in chosen if values[i] == value]
            more = sum(people[i] for i in block)
            if condition.beyond == "in":
                taken = total < most
                is_over = is_over or not taken
            else:
                taken = total + more <= most and not (is_over and condition.beyond == "stop")
                is_over = is_over or not taken
            total += more if taken or condition.beyond != "skip" else 0
            for i in block:
                found[i] = taken
    return found


def most_of(condition, total):
    if condition.share is None:
        return Fraction(condition.number_of)
    exact = Fraction(condition.share) * total
    return {"floor": floor(exact), "ceil": ceil(exact), "half_up": floor(exact + Fraction(1, 2))}[condition.count]


@given(places(), capped)
def test_a_cap_takes_areas_one_after_the_other(place, rule):
    town, people, pairs = place
    found, expected = ours(rule, evidence_of(town, people, pairs)), plain_cap(rule, town, people)
    for one, other in zip(found, expected, strict=True):
        assert one == other or other is None


@settings(max_examples=60)
@given(places(), capped, st.data())
def test_a_cap_decides_only_what_no_unknown_number_can_turn(place, rule, data):
    town, people, pairs = place
    found = ours(rule, evidence_of(town, people, pairs))
    people = [data.draw(st.integers(0, 20)) if one is None else one for one in people]
    if rule.share is not None:  # an unknown number is in no total: hold that
        return
    filled = plain_cap(rule, town, people)
    for one, other in zip(found, filled, strict=True):
        assert one is None or other is None or one == other


def test_a_cap_by_hand():
    """Poverty 30, 28, 26, 24 of 1,000, 400, 300, 300 persons of 4,000: 20 % are 800."""
    people = [1000, 400, 300, 300, 2000]
    poverty = rate([300, 112, 78, 72, 100], people, columns=("poor", "people"))
    row = np.array([people], dtype=float)
    counted = Measured(row, row, np.ones((1, 5)), kind="count", columns=("people", ""))
    evidence = Evidence({"poverty": poverty, "people": counted}, 5)
    taken = {
        beyond: ours(
            qa.capped(qa.above("poverty", 20), order="poverty", share=0.2, of="people", beyond=beyond), evidence
        )
        for beyond in ("stop", "skip", "in")
    }
    assert taken == {
        "stop": [False] * 5,
        "skip": [False, True, True, False, False],
        "in": [True, False, False, False, False],
    }


# --- neighbours -------------------------------------------------------------------------------------------------------


def plain_beside(condition, town, pairs):
    inside = plain_rules.said(condition.rule, town)
    found = []
    for i in range(town.size):
        others = [b if a == i else a for a, b in pairs if i in (a, b)]
        said = [both(inside[j], side(condition, town, i, j)) for j in others]
        needed = condition.n if condition.share is None else max(Fraction(condition.share) * len(others), 1)
        sure, possible = said.count(True), said.count(True) + said.count(None)
        found.append(True if sure >= needed else False if possible < needed else None)
    return found


def both(one, other):
    return False if one is False or other is False else None if other is None else one


def side(condition, town, i, j):
    if not condition.compare:
        return True
    column = town.columns[condition.indicator]
    own, other = column.values[i], column.values[j]
    if own is None or other is None:
        return None
    factor = Fraction(condition.factor)
    said = {compare(condition.compare, own + a * column.half, factor * (other + b * column.half)) for a, b in
            itertools.product((-1, 1), (-1, 1))}  # fmt: skip
    return said.pop() if len(said) == 1 else None


def compare(word, one, other):
    return {"above": one > other, "at_least": one >= other, "below": one < other, "at_most": one <= other}[word]


@given(places(), beside)
def test_neighbours_are_counted_one_by_one(place, rule):
    town, people, pairs = place
    assert ours(rule, evidence_of(town, people, pairs)) == plain_beside(rule, town, pairs)


# --- what is not known ------------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(
    places(),
    st.sampled_from(["worst", "stop", "skip", "in", "beside", "surrounded"]),
    st.sampled_from(ORDERS),
    st.sampled_from([Decimal("0.2"), Decimal("0.5")]),
)
def test_what_is_decided_stays_so_whatever_the_undecided_areas_of_the_rule_are(place, kind, order, share):
    town, people, pairs = place
    inner = qa.in_class("status", "low")
    rule = {
        "worst": lambda: qa.worst_share(order, share, among=inner, highest=True),
        "beside": lambda: qa.adjacent_to(inner, order, compare="at_most", factor=2),
        "surrounded": lambda: qa.adjacent_to(inner, share=1),
    }.get(kind, lambda: qa.capped(inner, order=order, of="people", share=share, beyond=kind, highest=True))()
    found = ours(rule, evidence_of(town, people, pairs))
    open_ = [i for i, one in enumerate(town.classes["status"]) if one is None][:4]
    for filled in itertools.product(("low", "high"), repeat=len(open_)):
        classes = [*town.classes["status"]]
        for i, one in zip(open_, filled, strict=True):
            classes[i] = one
        town_ = plain_rules.Town(town.columns, town.units, town.published, {"status": classes})
        then = ours(rule, evidence_of(town_, people, pairs))
        for one, other in zip(found, then, strict=True):
            assert one is None or other is None or one == other


# --- many runs, and how many persons are missing ----------------------------------------------------------------------


@settings(max_examples=40)
@given(st.lists(drawn_rules.towns(6), min_size=2, max_size=4), st.one_of(among, capped, beside))
def test_many_runs_are_single_runs(towns, rule):
    from dataclasses import replace

    first = towns[0]
    others = [
        replace(
            town,
            columns={name: replace(one, direction=first.columns[name].direction) for name, one in town.columns.items()},
            units=first.units,
            published=first.published,
            classes=first.classes,
        )
        for town in towns
    ]
    people, pairs = [3, 1, 4, 1, 5, 9], [(0, 1), (1, 2), (2, 3), (4, 5)]
    several = evidence_of(first, people, pairs)
    several = replace(several, measured={**several.measured, **plain_rules.stacked(others).measured})
    truth, _ = evaluate(rule, several)
    for run, town in enumerate(others):
        single, _ = evaluate(rule, evidence_of(town, people, pairs))
        for many, one in ((truth.yes, single.yes), (truth.no, single.no)):
            assert np.array_equal(np.broadcast_to(many, (len(towns), 6))[run], np.broadcast_to(one, (1, 6))[0])


nested = st.sampled_from(
    [
        qa.worst_n("poverty", 2, among=qa.below("poverty", 60)),
        qa.worst_share("poverty", 0.5, among=qa.above("poverty", 20), ties="out"),
        qa.capped(qa.above("poverty", 20), order="poverty", number_of=8, of="people"),
        qa.capped(qa.above("poverty", than="city"), order="poverty", share=0.4, of="people", beyond="skip"),
        qa.capped(qa.above("poverty", 20), order="poverty", number_of=6, of="people", beyond="in"),
        qa.adjacent_to(qa.above("poverty", than="city"), "poverty", compare="at_most", factor=0.8),
        ~qa.above("poverty", 50) & qa.adjacent_to(qa.above("poverty", than="city")),
    ]
)


@settings(max_examples=25)
@given(nested, st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), min_size=3, max_size=6))
def test_the_smallest_change_is_that_of_all_there_are(rule, counts):
    x, n = [min(pair) for pair in counts], [max(pair) for pair in counts]
    evidence = of_counts([x], [n])
    found = missing_persons(rule, evidence)
    now = ours(rule, evidence)
    for area, outcome in enumerate(now):
        if outcome is None:
            continue
        turned = []
        for d in range(-x[area], n[area] - x[area] + 1):
            other = [*x]
            other[area] += d
            if ours(rule, of_counts([other], [n]))[area] == (not outcome):
                turned.append(abs(d))
        assert found.persons[area] == min(turned) if turned else np.isnan(found.persons[area])


def of_counts(x, n):
    size = len(x[0])
    people = np.array([[3.0, 1, 4, 1, 5, 9][:size]])
    ring = np.arange(size)
    return Evidence(
        {
            "poverty": rate(x, n, columns=("poor", "all"), part=True),
            "people": Measured(people, people, np.ones_like(people), kind="count", columns=("all", "")),
        },
        size,
        neighbours=lambda contact="border": (ring[:-1], ring[1:]),  # noqa: ARG005 - the same pairs
    )


# --- the three forms --------------------------------------------------------------------------------------------------


@given(st.one_of(among, capped, beside), closed())
def test_text_and_rule_files_read_back(rule, other):
    both = qa.adjacent_to(rule & other) | ~rule
    assert qa.parse_rule(str(both)) == both
    spec = qa.RuleSpec(id="nested", rule=both)
    again = qa.RuleSpec.from_text(spec.to_toml())
    assert again.rule == both
    assert again.hash == spec.hash


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: qa.capped(qa.above("p", 1), order="p"), "give one of share= and number_of="),
        (lambda: qa.capped(qa.above("p", 1), order="p", share=0.2, number_of=5), "give one of share= and number_of="),
        (lambda: qa.capped(qa.above("p", 1), order="p", share=20), "up to 1, such as 0.2"),
        (lambda: qa.capped(qa.above("p", 1), order="p", number_of=0), "above 0"),
        (lambda: qa.adjacent_to(qa.above("p", 1), "p"), "indicator and compare go together"),
        (lambda: qa.adjacent_to(qa.above("p", 1), n=2, share=0.5), "give one of them"),
        (lambda: qa.adjacent_to(qa.above("p", 1), factor=2), "only for compare"),
    ],
)
def test_what_cannot_be_meant_is_refused(make, says):
    with pytest.raises(SpecError, match=says):
        make()


def test_a_rule_inside_has_to_be_one():
    for make in (
        lambda: qa.worst_n("p", 2, among="urban"),
        lambda: qa.capped("urban", order="p", share=0.2),
        lambda: qa.adjacent_to("urban"),
    ):
        with pytest.raises(ArgumentError):
            make()


def test_a_condition_cannot_be_made_of_itself():
    source = 'id = "x"\nselect = "a"\n[conditions]\na = { adjacent_to = "b" }\nb = { adjacent_to = "a" }\n'
    with pytest.raises(SpecError, match="line 4: condition 'a' is made of itself: a -> b -> a"):
        qa.RuleSpec.from_text(source)


# --- in a town: neighbours by outlines, release, official rules -------------------------------------------------------


def town(**columns):
    """Return sixteen squares in four rows, in four districts."""
    import geopandas as gpd
    import pandas as pd
    import shapely

    shapes = [shapely.box(x, y, x + 1000, y + 1000) for y in range(0, 4000, 1000) for x in range(0, 4000, 1000)]
    keys = [f"{i:02d}" for i in range(16)]
    named = {"name": keys, "district": list("AABBAABBCCDDCCDD")}
    areas = gpd.GeoDataFrame(named, index=keys, geometry=shapes, crs="EPSG:25832")
    kinds = {"family_income": "median"} if "family_income" in columns else None
    units = dict.fromkeys(kinds or (), "USD")
    return qa.join(areas, pd.DataFrame(columns, index=keys), kinds=kinds, units=units)


POOR = [222, 105, 109, 134, 233, 150, 141, 128, 245, 120, 110, 238, 101, 104, 118, 388]


@pytest.fixture
def data():
    return qa.add_rates(town(poor=map(float, POOR), residents=[1000.0] * 16), {"poverty": ("poor", "residents")})


def test_neighbours_are_those_of_the_outlines(data):
    corner = qa.worst_n("poverty", 1, highest=True)  # area 15, in the corner
    assert qa.screen(data, qa.adjacent_to(corner)).keys == ["11", "14"]
    assert qa.screen(data, qa.adjacent_to(corner, contact="corner")).keys == ["10", "11", "14"]
    assert qa.screen(data, qa.adjacent_to(corner, "poverty", compare="at_least", factor=0.5)).keys == ["11"]


def test_a_barrier_cuts_neighbours(data):
    import geopandas as gpd
    import shapely

    river = gpd.GeoDataFrame(geometry=[shapely.LineString([(3000, 2500), (3000, 4000)])], crs="EPSG:25832")
    rule = qa.adjacent_to(qa.worst_n("poverty", 1, highest=True))
    assert qa.screen(data, rule, barriers=river).keys == ["11"]


def test_reasons_are_numbers_of_neighbours(data):
    found = qa.screen(data, qa.adjacent_to(qa.above("poverty", 20), n=2)).reasons.set_index("key")
    assert found["value"]["15"] == 1
    assert found["limit"]["15"] == 2
    assert not found["held"]["15"]


@pytest.mark.filterwarnings("ignore:.* in the release than in the house", "ignore:Only the definition")
@pytest.mark.parametrize("derived", ["released", "exact"])
def test_released_words_say_the_rule_inside_and_no_protected_outcome(derived):
    """In exact results who is beside whom would tell of the secret area (2 of 1,000) and of those it hides behind."""
    from quartiersatlas.disclosure.selection.reason_words import reason_text
    from quartiersatlas.disclosure.selection.rule_words import rule_words

    poor = [2.0 if place == 5 else float(one) for place, one in enumerate(POOR)]
    secret = qa.add_rates(town(poor=poor, residents=[1000.0] * 16), {"poverty": ("poor", "residents")})
    inner = qa.above("poverty", 15)
    rule = qa.capped(inner, order="poverty", highest=True, share=0.3, by="district") | (~inner & qa.adjacent_to(inner))
    release = qa.release(
        secret,
        shortlist=qa.screen(secret, rule),
        columns=["poverty"],
        title="t",
        source="s",
        as_of="2024-12-31",
        comment="c",
        protection=qa.Protection(derived=derived),
    )
    german, english = (rule_words(release, rule, lang).sentence for lang in ("de", "en"))
    assert "zusammen bis 30 % aller Einwohnerinnen und Einwohner innerhalb" in german
    assert "angrenzend an ein Gebiet, für das gilt: (poverty über 15" in german
    assert "up to 30% of the total (Residents) within" in english
    assert "beside an area where (poverty above 15" in english
    said = [reason_text(release, row, "en") for row in release.reasons.itertuples()]
    if (
        derived == "exact"
    ):  # 01 and 09 lie beside 00 and 08, which are poor whatever 05 is; 04 shares its cap, 06 has no other
        assert not release.assessed[["04", "05", "06"]].any()
        assert release.assessed[["01", "09"]].all()
    else:
        assert any("within the cap (30% of the total (Residents)" in one for one in said)
        assert any("beside an area where (poverty above 15" in one for one in said)


def test_tracts_of_a_region_have_at_most_a_fifth_of_its_residents():
    """Of 8,000 in each region 1,600 may be in: one tract of 1,000 in each, the one that comes first."""
    columns = {"below_60_amgi": [55.0] * 16, "poverty": [30.0] * 16, "order_of_need": [float(i) for i in range(16)]}
    found = town(**columns, residents=[1000.0] * 16)
    found.areas["region"] = list("AB" * 8)
    assert qa.screen(found, qa.RuleSpec.preset("hud-qct")).keys == ["00", "01"]


def test_tracts_beside_poor_ones_have_at_most_five_quarters_of_their_income():
    """The poor tract 05 has 40,000: 50,000 at its corner is enough, 50,001 beside it is not."""
    income = [60_000.0] * 16
    income[5], income[0], income[6] = 40_000, 50_000, 50_001
    rates = [25.0 if place == 5 else 10.0 for place in range(16)]
    found = town(poverty_rate=rates, income_percent=[90.0] * 16, family_income=income, residents=[1000.0] * 16)
    assert qa.screen(found, qa.RuleSpec.preset("us-opportunity-zones")).keys == ["00", "05"]


def test_printed_digits_of_both_neighbours_leave_the_comparison_open():
    """10.1 may be 10.05, and twice a printed 5.0 may be 10.1; twice 4.9 is below 9.95 at most."""
    rent = Measured(np.array([[10.1, 5.0, 4.9]]), half=0.05)
    ring = np.array([0, 0]), np.array([1, 2])
    for n, expected in ((1, None), (2, False)):
        rule = qa.adjacent_to(qa.at_least("rent", 0), "rent", compare="at_most", factor=2, n=n)
        evidence = Evidence({"rent": rent}, 3, neighbours=lambda contact="border": ring)  # noqa: ARG005 - the same pairs
        assert ours(rule, evidence)[0] is expected
