"""Formulas of the site: set without scripts, nothing lost, and what is half words stays as it is written."""

from __future__ import annotations

import doctest
import re
from xml.etree import ElementTree as ET

import pytest
from docs_site import formulas
from docs_site.examples import RULES
from docs_site.formulas import GREEK, LARGE, set_formula
from docs_site.generated import METHODS

from quartiersatlas.segregation.registry import registry

MATH = re.compile(r"<math.*?</math>")
ALL = {
    **{name: index.formula for name, index in registry().items()},
    **{f"{kind} {name}": entry["formula"] for kind, words in METHODS.items() for name, entry in words.items()},
    **{f"word {name}": formula for name, (_, formula) in RULES.items()},
}
# what is computed stands in words
IN_WORDS = {
    "bias_corrected_dissimilarity",
    "distortion",
    "normalise above",
    "aggregate copeland",
    "transform winsorise",
}
IN_WORDS |= {"word in_class", "word typology", "word hotspot", "word k_of", "word capped", "word adjacent_to"}
SIGNS = {**{sign: name for name, sign in (GREEK | LARGE).items()}, "−": "-", "≥": ">=", "≤": "<=", "≔": ":="}


JOINED = {
    "mfrac": "{0}/{1}",
    "mover": "{0}{1}",
    "msub": "{0}_{1}",
    "munder": "{0}_{1}",
    "msup": "{0}^{1}",
    "msubsup": "{0}_{1}^{2}",
    "munderover": "{0}_{1}^{2}",
}


def linear(node):
    """Give back the text of a formula, without its brackets and blanks."""
    parts = [linear(child) for child in node]
    if node.tag in ("mi", "mn", "mo", "mtext"):
        return SIGNS.get(node.text, node.text)
    if node.tag in JOINED:
        return JOINED[node.tag].format(*parts)
    assert node.tag in ("math", "mrow", "msqrt", "mspace")
    return ("sqrt" if node.tag == "msqrt" else "") + "".join(parts)


def bare(text):
    text = text.replace("sum over neighbours", "sum_neighbours").replace("integral of", "integral")
    text = text.replace("log_2", "log2").replace("^*", "*").replace("P~x", "Px~").replace("P~y", "Py~")
    return re.sub(r"[\s()`]", "", text)


@pytest.mark.parametrize("name", ALL)
def test_a_formula_loses_nothing(name):
    made = set_formula(ALL[name])
    shown = MATH.sub(lambda found: linear(ET.fromstring(found[0])), made)  # noqa: S314 - our own text
    shown = shown.replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&")
    assert bare(shown) == bare(ALL[name])


@pytest.mark.parametrize("name", ALL)
def test_every_formula_is_set_but_those_in_words(name):
    first = set_formula(ALL[name]).startswith("<math")
    assert first == (name not in IN_WORDS)


FRACTION = "<mfrac><mi>a</mi><mi>b</mi></mfrac>"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a/b c", f"{FRACTION}<mspace width='0.17em'></mspace><mi>c</mi>"),
        ("a / b", FRACTION),
        ("(a) / (b)", FRACTION),
        ("1 - a/b", f"<mn>1</mn><mo>−</mo>{FRACTION}"),
        ("c a / b", "<mfrac><mrow><mi>c</mi><mspace width='0.17em'></mspace><mi>a</mi></mrow><mi>b</mi></mfrac>"),
        ("a_i^2", "<msubsup><mi>a</mi><mi>i</mi><mn>2</mn></msubsup>"),
        ("sqrt(a / b)", f"<msqrt>{FRACTION}</msqrt>"),
        ("|a| b", "<mrow><mo>&#124;</mo><mi>a</mi><mo>&#124;</mo></mrow><mspace width='0.17em'></mspace><mi>b</mi>"),
        ("(a) b", "<mrow><mo>(</mo><mi>a</mi><mo>)</mo></mrow><mspace width='0.17em'></mspace><mi>b</mi>"),
    ],
)
def test_what_a_slash_and_brackets_hold_together(text, wanted):
    assert set_formula(text) == f"<math displaystyle='true'>{wanted}</math>"


@pytest.mark.parametrize("text", ["a +", "(a", "a)", "a_", "/ b", "|a", "a & b", "words_i"])
def test_what_is_no_formula_stays_as_it_is_written(text):
    assert "<math" not in set_formula(text)


def test_examples_of_the_formulas():
    assert doctest.testmod(formulas) == (0, 1)
