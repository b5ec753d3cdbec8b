"""Rules and towns drawn at random, with every option of the language."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from random import Random

import plain_rules
from hypothesis import strategies as st

import quartiersatlas as qa

WORDS = (qa.above, qa.at_least, qa.below, qa.at_most)
RATES = ("poverty", "jobs", "crowd")  # counts; a lower share of jobs is the worse one, the crowd counts in billions
NUMBERS = ("rent", "score")  # ready-made, rent as printed
LEVELS = ("town", "ward")
CLASSES = ("low", "middle", "high")

decimals = st.decimals(-60, 160, places=1) | st.integers(-5, 120).map(Decimal) | st.just(Decimal("33.3333333333"))
factors = st.sampled_from([Decimal(1), Decimal("0.5"), Decimal("1.5"), Decimal(2), Decimal("0.65")])
shares = st.sampled_from([Decimal(s) for s in ("0.05", "0.2", "0.29", "0.35", "0.5", "0.58", "0.75", "1")])
unknown = st.sampled_from(["unknown", "no", "yes"])
WITHOUT_COUNTS = ("mean", "median", "quantile", "nation", "published")
WITH_COUNTS = ("city", "rest", *LEVELS)


@st.composite
def options_of_a_limit(draw, counts):
    """Draw what a value is compared with."""
    names = (*WITHOUT_COUNTS, *(WITH_COUNTS if counts else ()))
    kind = draw(st.sampled_from(["number", "mix", *names]))
    found = {}
    if kind == "number":
        found["limit"] = draw(decimals)
    elif kind == "mix":
        plain = st.sampled_from([name for name in names if name != "quantile"])
        found["than"] = draw(st.lists(st.tuples(factors, plain).map(list), min_size=1, max_size=3))
    else:
        found["than"] = kind
    if kind == "mean" and draw(st.booleans()):
        found |= {
            "sd": draw(st.sampled_from([Decimal("0.5"), Decimal(1), Decimal(-1)])),
            "ddof": draw(st.integers(0, 1)),
        }
    if kind == "quantile":
        found |= {"q": draw(st.decimals(0, 1, places=2)), "type": draw(st.integers(4, 9))}
    found |= draw(
        st.fixed_dictionaries(
            {},
            optional={
                "factor": factors,
                "plus": st.decimals(-20, 20, places=1),
                "digits": st.integers(-1, 3),
                "unknown": unknown,
                "printed": st.sampled_from(["interval", "exact"]),
                **({"min_denominator": st.integers(0, 20)} if counts else {}),
            },
        )
    )
    return found


@st.composite
def comparisons(draw):
    """Draw a comparison with one of the columns."""
    column = draw(st.sampled_from([*RATES, *NUMBERS]))
    word = draw(st.sampled_from(WORDS))
    return word(column, **draw(options_of_a_limit(column in RATES)))


def worst(columns=(*RATES, *NUMBERS)):
    """Draw "among the worst"."""
    tail = {
        "by": st.sampled_from(LEVELS),
        "ties": st.sampled_from(["in", "out"]),
        "most": st.sampled_from([Decimal(1), Decimal("1.5"), Decimal(3)]),
        "highest": st.booleans(),
        "unknown": unknown,
    }
    column = st.sampled_from(columns)
    share = st.fixed_dictionaries({}, optional={**tail, "count": st.sampled_from(["half_up", "floor", "ceil"])})
    number = st.fixed_dictionaries({}, optional=tail)
    return st.one_of(
        st.builds(lambda name, s, more: qa.worst_share(name, s, **more), column, shares, share),
        st.builds(lambda name, n, more: qa.worst_n(name, n, **more), column, st.integers(1, 6), number),
    )


classes = st.builds(
    lambda some, by_itself: qa.in_class("status", *some, unknown=by_itself),
    st.lists(st.sampled_from(CLASSES), min_size=1, max_size=2),
    unknown,
)
worse = st.builds(lambda name, u: qa.worse_than_city(name, unknown=u), st.sampled_from(RATES), unknown)
leaves = st.one_of(comparisons(), comparisons(), worst(), classes, worse)


def trees(of):
    """Draw rules three brackets deep."""

    def above(inner):
        some = st.lists(inner, min_size=1, max_size=4)
        k_of = some.flatmap(lambda parts: st.integers(1, len(parts)).map(lambda k: qa.k_of(k, *parts)))
        return st.one_of(
            st.builds(lambda a, b: a & b, inner, inner),
            st.builds(lambda a, b: a | b, inner, inner),
            k_of,
            inner.map(lambda a: ~a),
        )

    one = of | above(of)
    two = one | above(one)
    return two | above(two)


rules = trees(leaves)


def counts(random, size, people, per=100, direction=1):
    """Return numerators and denominators; some unknown, some 0, some all of them."""
    n = [random.choice(people) for _ in range(size)]
    x = [random.choice([random.randint(0, one), random.randint(0, one), one, 0]) for one in n]
    x = [None if random.random() < 0.1 else one for one in x]
    return plain_rules.Column(x=x, n=n, per=per, direction=direction)


def town_of(random, size):
    """Return a town in which values are often equal, and often unknown."""

    def column(cells):
        return [random.choice(cells) for _ in range(size)]

    few, billions = [0, 1, 2, 3, 4, 6, 12], [0, 3_999_999_999, 4_000_000_000, 4_000_000_001]
    tenths = [None, *(Fraction(k, 10) for k in range(-20, 121, random.choice([1, 5, 20])))]
    whole = [None, *map(Fraction, range(-3, 5))]
    return plain_rules.Town(
        columns={
            "poverty": counts(random, size, few),
            "jobs": counts(random, size, few, per=1000, direction=-1),
            "crowd": counts(random, size, billions),
            "rent": plain_rules.Column(column(tenths), half=Fraction(1, 20)),
            "score": plain_rules.Column(column(whole), direction=random.choice([1, -1])),
        },
        units={level: column([-1, 0, 0, 1, 2]) for level in LEVELS},
        published={
            "nation": [Fraction(random.randint(-100, 1100), 10)] * size,
            "published": column([None, *(Fraction(k, 5) for k in range(-20, 500, 7))]),
        },
        classes={"status": column([None, *CLASSES])},
    )


def towns(size=None):
    """Draw a town of up to eight areas."""
    return st.builds(town_of, st.integers(0, 2**40).map(Random), st.just(size) if size else st.integers(1, 8))
