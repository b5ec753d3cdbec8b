"""Official rules that the library does not ship, written from their public texts; and slips while writing them."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import SpecError
from quartiersatlas.screening.evaluation.evaluate import evaluate
from quartiersatlas.screening.evaluation.evidence import Evidence, numbers

# CalEPA (2022), Final designation of disadvantaged communities pursuant to SB 535: the highest 25 % of overall scores
# of CalEnviroScreen 4.0; tracts without one but in the highest 5 % of pollution burden; those designated in 2017; lands
# under control of federally recognized tribes
SB535_2022 = '''
id = "sb535-2022"
source = "CalEPA, Final designation of disadvantaged communities, May 2022"
select = """
    top
    | (~scored & polluted)
    | designated_2017 | tribal
"""
[conditions]
top = { indicator = "score", above = "quantile", q = 0.75, unknown = "no" }
scored = { indicator = "score", at_least = 0, unknown = "no" }
polluted = { indicator = "pollution", above = "quantile", q = 0.95, unknown = "no" }
designated_2017 = { indicator = "dac_2017", at_least = 1 }
tribal = { indicator = "tribal", at_least = 1 }
'''
# 26 USC 45D(e)(1): poverty of 20 % and more; or, in a metropolitan area, a median family income of at most 80 % of the
# greater of that of the state and of the metropolitan area; elsewhere of at most 80 % of that of the state
LOW_INCOME = """
id = "nmtc"
source = "26 USC 45D(e)(1)"
select = "poor | (metro & (low_for_state | low_for_metro)) | (~metro & low_for_state)"
[conditions]
poor = { indicator = "poverty", at_least = 20 }
metro = { indicator = "in_metro", at_least = 1 }
low_for_state = { indicator = "income", at_most = "state", factor = 0.8 }
low_for_metro = { indicator = "income", at_most = "metropolis", factor = 0.8, unknown = "no" }
[references.state]
source = "American Community Survey"
values = { income = 70000 }
[references.metropolis]
source = "American Community Survey"
values = { income = { M1 = 90000, M2 = 50000 } }
"""
# the three parts of the indicator of poverty or social exclusion of Europe 2030, each against the Union's value
EXCLUSION = """
id = "arope-towns"
source = "Eurostat, ilc_peps01n: at risk of poverty, materially and socially deprived, very low work intensity"
select = "k_of(2, poverty, deprived, workless) | very_poor"
[conditions]
poverty = { indicator = "poverty", above = "eu" }
deprived = { indicator = "deprived", above = "eu" }
workless = { indicator = "workless", above = "eu" }
very_poor = { indicator = "poverty", at_least = [[0.5, "eu"], [0.5, "land"]], factor = 1.5, digits = 1 }
[references.eu]
source = "Eurostat"
as_of = "2023"
values = { poverty = 16.2, deprived = 6.8, workless = 8.0 }
[references.land]
source = "IT.NRW"
as_of = "2023"
values = { poverty = 18.0 }
"""


def selected(text, columns, published=None):
    spec = qa.RuleSpec.from_text(text)
    assert qa.RuleSpec.from_text(spec.to_toml()) == spec
    evidence = Evidence({name: numbers(values) for name, values in columns.items()}, 6, published=published or {})
    truth, _ = evaluate(spec.rule, evidence)
    yes, no = (np.broadcast_to(side, (1, 6))[0] for side in (truth.yes, truth.no))
    return [True if one else False if other else None for one, other in zip(yes, no, strict=True)]


def test_disadvantaged_communities_of_california():
    columns = {
        "score": [80.0, 10, 20, 30, np.nan, np.nan],  # the quartile of 10 20 30 80 is 42.5
        "pollution": [1.0, 2, 3, 4, 99, 5],
        "dac_2017": [0.0, 1, 0, 0, 0, 0],
        "tribal": [0.0, 0, 1, 0, 0, 0],
    }
    assert selected(SB535_2022, columns) == [True, True, True, False, True, False]


def test_low_income_communities():
    columns = {
        "poverty": [20.0, 19.9, 5, 5, 5, 5],
        "in_metro": [0.0, 0, 1, 1, 0, 1],
        "income": [90e3, 56001, 72000, 72001, 56000, 56000],  # of 90,000: 72,000; of 70,000: 56,000
    }
    metropolis = [None, None, Decimal(90000), Decimal(90000), None, Decimal(50000)]
    published = {("state", "income"): [Decimal(70000)], ("metropolis", "income"): metropolis}
    assert selected(LOW_INCOME, columns, published) == [True, False, True, False, True, True]


def test_poverty_and_exclusion_against_the_union():
    columns = {
        "poverty": [16.3, 16.2, 16.3, 25.7, 25.6, 10],  # 1.5 (16.2 + 18) / 2 = 25.65, which is 25.7
        "deprived": [6.9, 6.9, 6.8, 1, 1, np.nan],
        "workless": [1.0, 8.1, 8.0, 1, 1, 9],
    }
    published = {("land", "poverty"): [Decimal(18)]}
    eu = {"poverty": "16.2", "deprived": "6.8", "workless": "8.0"}
    published |= {("eu", name): [Decimal(value)] for name, value in eu.items()}
    assert selected(EXCLUSION, columns, published) == [True, True, False, True, False, None]


SLIPS = [
    ("a and b", "'and' is & here"),
    ("a ODER b", "'ODER' is | here"),
    ("a && b", "'&&' is & here"),
    ("a || b", r"'\|\|' is \| here"),
    ("a & !b", "'!' is ~ here"),
    ("2 of (a, b)", r"'2 of' is k_of\(2, a, b, c\) here"),
    ("k_of(1, [a, b])", "without brackets inside"),
    ("any(a, b)", r"'any\(' is \| between the conditions here"),
]


@pytest.mark.parametrize(("select", "message"), SLIPS)
def test_words_of_other_languages_are_named(select, message):
    text = f'id = "x"\nselect = "{select}"\n[conditions]\na = {{ indicator = "p", above = 1 }}\n'
    with pytest.raises(SpecError, match=message) as caught:
        qa.RuleSpec.from_text(f'{text}b = {{ indicator = "q", above = 1 }}')
    assert "line 2" in str(caught.value)


def test_names_that_hold_such_words_are_names():
    spec = qa.RuleSpec.from_text(
        'id = "x"\nselect = "not_rich & land_or_sea"\n[conditions]\n'
        'not_rich = { indicator = "p", above = 1 }\nland_or_sea = { indicator = "q", above = 1 }'
    )
    assert len(spec.conditions) == 2


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ('above = "24"', "the limit is '24', a text; a number stands without quotation marks"),
        ('above = "20 %"', "with a decimal point, such as 20.5"),
        ('above = "20,5"', "with a decimal point, such as 20.5"),
        ('above = "percentile", q = 0.9', "'percentile' is called 'quantile' here"),
        ("greater_than = 24", "has no comparison: 'greater_than' is written above = 24 here. It takes one of above"),
        ('"<=" = 24', "'<=' is written at_most = 24 here"),
        ('than = "city"', "'than' is written above = \"city\" here"),
        ("top = 0.25", "'top' is written worst_share = 0.25"),
        ("between = [20, 30]", "as two conditions, at_least = 20 and at_most = 30"),
        ("missing = true", 'as at_least = 0, unknown = "no"'),
        ("colour = 3", "has no comparison; it takes one of above"),
    ],
)
def test_slips_in_a_condition_are_named(condition, message):
    with pytest.raises(SpecError, match=message) as caught:
        qa.RuleSpec.from_text(f'id = "x"\nselect = "a"\n[conditions]\na = {{ indicator = "p", {condition} }}')
    assert "line 4" in str(caught.value)


def test_values_beside_their_table_are_named():
    text = 'id = "x"\nselect = "a"\n[conditions]\na = { indicator = "p", above = "eu" }\n'
    with pytest.raises(SpecError, match=r"values stand in a table, values = \{ p = 16.2 \}"):
        qa.RuleSpec.from_text(f'{text}[references.eu]\nsource = "s"\np = 16.2')
