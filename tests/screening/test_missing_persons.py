"""The smallest change of one area against all changes there are, each of them evaluated as a run of its own."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quartiersatlas.errors import SpecError
from quartiersatlas.screening import above, at_least, at_most, below, hotspot, in_class, k_of, worst_n, worst_share
from quartiersatlas.screening.evaluate import combine, evaluate
from quartiersatlas.screening.evidence import Evidence, Measured, numbers, rate
from quartiersatlas.screening.missing_persons import missing_persons
from quartiersatlas.screening.rules import InClass, Worst

WORDS = {"above": above, "at_least": at_least, "below": below, "at_most": at_most}
RATES = {  # indicator -> numerator, denominator; two share a numerator, one denominator is a numerator too
    "ra": ("a", "n"),
    "rb": ("b", "m"),
    "rb_n": ("b", "n"),
    "ra_m": ("a", "m"),
    "rm": ("m", "big"),
}
FARTHEST = 24  # persons more that are tried out where there is no whole that ends them


@dataclass
class City:
    """Columns of counts of a few areas, and what else a rule may name."""

    columns: dict[str, list[float]]
    ready: list[float]
    kinds: list[int]
    units: list[int]
    earlier: list[float]
    published: list

    @property
    def n(self):
        return len(self.ready)

    def evidence(self, columns=None):
        """Build it from columns that have one row per run."""
        columns = columns or {name: np.array([column]) for name, column in self.columns.items()}
        measured = {name: rate(columns[x], columns[n], columns=(x, n), part=True) for name, (x, n) in RATES.items()}
        for name in ("a", "m"):
            values = columns[name]
            one = np.where(np.isnan(values), np.nan, 1.0)
            measured[f"count_{name}"] = Measured(values, values, one, columns=(name, ""), kind="count")
        now, before = measured["rb"], np.array([self.earlier])
        wholes = np.full_like(before, 6.0)
        values = now.values - 100 * before / wholes
        measured["rise"] = Measured(
            values, now.x, now.n, earlier=(before, wholes), per=100.0, columns=("b", "m"), part=True
        )
        measured["ready"] = numbers(self.ready)
        ring = np.arange(self.n)
        return Evidence(
            measured,
            self.n,
            classes={"kind": (np.array([self.kinds]), ["low", "high"])},
            levels={"unit": np.array(self.units)},
            published={("nation", name): self.published for name in measured},
            neighbours=lambda: (ring[:-1], ring[1:]),
        )


def numbered(units):
    """Return units without gaps in their numbers, as those of a level are."""
    there = sorted({unit for unit in units if unit >= 0})
    return [there.index(unit) if unit in there else -1 for unit in units]


small = st.integers(0, 6).map(float)


@st.composite
def cities(draw):
    n = draw(st.integers(3, 6))
    columns = {name: [draw(small) for _ in range(n)] for name in ("n", "m")}
    columns["big"] = [m + draw(st.integers(0, 2)) for m in columns["m"]]
    for name in ("a", "b"):
        most = [min(pair) for pair in zip(columns["n"], columns["m"], strict=True)]
        columns[name] = [draw(st.integers(0, int(one)).map(float)) for one in most]
    for name in ("a", "b", "n", "m"):
        if draw(st.integers(0, 3)) == 0:
            columns[name][draw(st.integers(0, n - 1))] = np.nan
    return City(
        columns,
        ready=[draw(st.sampled_from([1.0, 2.0, 3.0, np.nan])) for _ in range(n)],
        kinds=[draw(st.integers(-1, 1)) for _ in range(n)],
        units=numbered([draw(st.integers(-1, 1)) if draw(st.booleans()) else 0 for _ in range(n)]),
        earlier=[draw(small) for _ in range(n)],
        published=draw(
            st.lists(st.sampled_from([Decimal(20), Decimal("33.3"), Decimal(50), None]), min_size=n, max_size=n)
            | st.just([Decimal(40)])
        ),
    )


numeric = st.sampled_from([0, 10, 20, 25, 33.3, 40, 50, 60, 75, 100])
unknown = st.sampled_from(["unknown", "unknown", "no", "yes"])


@st.composite
def limits(draw, indicator):
    """Draw what a value is compared with."""
    if indicator.startswith("count"):
        return {"limit": draw(st.integers(0, 8))}
    if indicator == "ready":
        return {"limit": draw(st.integers(1, 3))}
    kind = draw(st.sampled_from(["number", "city", "unit", "rest", "mean", "sd", "median", "quantile", "nation", "mix"]))
    if kind == "number":
        found = {"limit": draw(numeric)}
    elif kind == "mix":
        names = draw(st.lists(st.sampled_from(["city", "unit", "rest", "mean", "median", "nation"]), min_size=1, max_size=2))
        found = {"than": [[draw(st.sampled_from([0.3, 0.5, 1])), name] for name in names]}
    elif kind == "sd":
        found = {"than": "mean", "sd": draw(st.sampled_from([0.5, -0.5, 1, 1.5])), "ddof": draw(st.integers(0, 1))}
    elif kind == "quantile":
        q = draw(st.sampled_from([0, 0.25, 0.5, 0.75, 0.8, 1]))
        found = {"than": "quantile", "q": q, "type": draw(st.integers(4, 9))}
    else:
        found = {"than": kind}
    if draw(st.integers(0, 2)) == 0:
        found |= {"factor": draw(st.sampled_from([0.5, 1.5, 2, 3])), "plus": draw(st.sampled_from([0, -10, 5, 0.5]))}
    if draw(st.integers(0, 4)) == 0:
        found["digits"] = draw(st.sampled_from([0, 1, -1]))
    return found


INDICATORS = ["ra", "rb", "rb_n", "ra_m", "rm", "rise", "count_a", "count_m", "ready"]


@st.composite
def conditions(draw):
    kind = draw(st.sampled_from(["compare"] * 6 + ["worst"] * 3 + ["class", "test"]))
    indicator = draw(st.sampled_from(INDICATORS))
    if kind == "class":
        return in_class("kind", "high", unknown=draw(unknown))
    if kind == "worst":
        options = {
            "by": draw(st.sampled_from(["", "unit"])),
            "ties": draw(st.sampled_from(["in", "out"])),
            "most": draw(st.sampled_from([1, 1.5, 2])),
            "highest": draw(st.booleans()),
            "unknown": draw(unknown),
        }
        if draw(st.booleans()):
            return worst_n(indicator, draw(st.integers(1, 4)), **options)
        count = draw(st.sampled_from(["half_up", "floor", "ceil"]))
        return worst_share(indicator, draw(st.sampled_from([0.1, 0.3, 0.5, 0.75, 1])), count=count, **options)
    if kind == "test":
        indicator = draw(st.sampled_from(["ra", "rb", "rb_n", "ra_m", "rm"]))
        limit = draw(st.sampled_from([{"limit": 10}, {"limit": 40}, {"than": "city"}, {"than": "unit"}, {"than": "rest"}]))
        level, correction = draw(st.sampled_from([0.05, 0.2, 0.5])), draw(st.sampled_from(["bh", "none"]))
        return above(indicator, **limit, significant=level, correction=correction, unknown=draw(unknown))
    options = draw(limits(indicator)) | {"unknown": draw(unknown)}
    if indicator.startswith("r") and indicator != "ready" and draw(st.integers(0, 5)) == 0:
        options["min_denominator"] = draw(st.integers(1, 5))
    return draw(st.sampled_from(list(WORDS.values())))(indicator, **options)


def grown(inner):
    return st.one_of(
        st.builds(lambda one, other: one & other, inner, inner),
        st.builds(lambda one, other: one | other, inner, inner),
        st.builds(lambda one: ~one, inner),
        st.lists(inner, min_size=3, max_size=4).flatmap(lambda some: st.integers(1, len(some)).map(lambda k: k_of(k, *some))),
    )


rules = st.recursive(conditions(), grown, max_leaves=4)


def columns_of(rule):
    """Return the numerators and denominators that a rule names, indicator by indicator."""
    counts = {"count_a": ("a", ""), "count_m": ("m", ""), "rise": ("b", "m"), **RATES}
    names = {one.looks_at for one in rule.conditions if not isinstance(one, InClass)}
    return {name: counts[name] for name in names if name in counts}


def moved_with(rule, how):
    """Return each column that can change, with the columns that change with it."""
    pairs = columns_of(rule)
    numerators = dict.fromkeys(x for x, _ in pairs.values())
    if how == "status":
        return {x: {x} for x in numerators if x not in {n for _, n in pairs.values()}}
    found = {}
    for column in numerators:
        moved = {column}
        for _ in pairs:
            moved |= {n for x, n in pairs.values() if x in moved and n}
        found[column] = moved
    return found


def together(rule, moved):
    """Return for each column that can change a mark; those with the same one change the same conditions."""
    pairs = columns_of(rule)
    mark = {column: {name for name, pair in pairs.items() if set(pair) & moved[column]} for column in moved}
    for _ in mark:
        for one, other in itertools.permutations(mark, 2):
            if mark[one] & mark[other]:
                mark[one] |= mark[other]
    return mark


def possible(city, rule, moved, area, changes):
    """Return the columns of one area after changes; None where they cannot be."""
    after = {name: column[area] for name, column in city.columns.items()}
    touched = set()
    for column, d in changes.items():
        for name in moved[column] if d else ():
            after[name] += d
            touched.add(name)
    pairs = columns_of(rule)
    for x, n in pairs.values():
        if not touched & {x, n} or np.isnan(after[x]) or (n and np.isnan(after[n])):
            continue
        if after[x] < 0:
            return None
        if n and (after[x] > after[n] or (after[n] < 1 and n in touched)):
            return None
    return after


def alternatives(city, rule, how, area):
    """Return all changes of one area that there can be."""
    moved = moved_with(rule, how)
    marks = together(rule, moved)
    known = {x for x, n in columns_of(rule).values() if not n or not np.isnan(city.columns[n][area])}
    free = [x for x in moved if x in known and not np.isnan(city.columns[x][area])]
    found = []
    for some in itertools.product(*(range(-8, FARTHEST + 1) if how == "moving" or x == "m" else range(-6, 10) for x in free)):
        changes = dict(zip(free, some, strict=True))
        if any(changes[a] and changes[b] and marks[a] & marks[b] for a, b in itertools.combinations(free, 2)):
            continue
        after = possible(city, rule, moved, area, changes)
        if after is not None:
            found.append((changes, after))
    return found


def runs(city, area, afters):
    """Return the evidence of many runs in which one area has other counts."""
    columns = {}
    for name, column in city.columns.items():
        columns[name] = np.repeat(np.array([column]), len(afters), axis=0)
        columns[name][:, area] = [after[name] for after in afters]
    return city.evidence(columns)


def outcome_of(rule, evidence, area):
    truth, _ = evaluate(rule, evidence)
    shape = (max(len(truth.yes), len(truth.no)), evidence.n_areas)
    return [np.broadcast_to(side, shape)[:, area] for side in (truth.yes, truth.no)]


def check(city, rule, how, *, exact=True):
    evidence = city.evidence()
    found = missing_persons(rule, evidence, how)
    for area in range(city.n):
        yes, no = (bool(side[0]) for side in outcome_of(rule, evidence, area))
        assert bool(found.enters[area]) == no
        if not yes and not no:
            assert np.isnan(found.persons[area])
            assert found.why_not[area] in ("missing", "few")
            continue
        every = alternatives(city, rule, how, area)
        there = outcome_of(rule, runs(city, area, [after for _, after in every]), area)[0 if no else 1]
        there = np.broadcast_to(there, (len(every),))
        least = min((sum(map(abs, d.values())) for (d, _), ok in zip(every, there, strict=True) if ok), default=None)
        persons = found.persons[area]
        if np.isnan(persons):
            assert found.why_not[area] in ("fixed", "beyond")
            assert least is None or not exact, (area, least)
            continue
        assert found.why_not[area] == ""
        if exact and (least is not None or persons <= 8):
            assert persons == least, (area, persons, least)
        named = {name: int(d[area]) for name, d in found.changes.items()}
        assert sum(map(abs, named.values())) == persons
        flips(city, rule, how, area, named, found, upwards=no)


def flips(city, rule, how, area, named, found, *, upwards):
    """Check that the named change does what is said of it."""
    after = possible(city, rule, moved_with(rule, how), area, named)
    assert after is not None
    changed = runs(city, area, [after])
    assert outcome_of(rule, changed, area)[0 if upwards else 1].all()
    (before, now), (_, then) = (evaluate(rule, one) for one in (city.evidence(), changed))
    order = [two if isinstance(two.condition, Worst) else one for one, two in zip(now, then, strict=True)]
    after = combine(rule, [one.truth for one in order])
    turned = (after.yes != before.yes) | (after.no != before.no)
    assert found.also_moves[area].tolist() == [place for place in np.flatnonzero(turned[0]) if place != area]
    for place, condition in enumerate(found.conditions):
        said = [outcome_of(condition, one, area) for one in (city.evidence(), changed)]
        assert found.flips[area, place] == (said[0] != said[1]), (area, condition)


@settings(max_examples=150)
@given(cities(), rules)
def test_fewest_persons_who_change_their_status(city, rule):
    check(city, rule, "status")


@settings(max_examples=100)
@given(cities(), rules)
def test_fewest_persons_who_come_or_go(city, rule):
    check(city, rule, "moving")
