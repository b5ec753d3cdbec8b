"""Every word a reader sees is there in both languages, is used, and has the same gaps to fill."""

from __future__ import annotations

import ast
import csv
import re
from collections import Counter
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from string import Formatter

import pytest

import quartiersatlas
from quartiersatlas.catalogue import number_text, text
from quartiersatlas.catalogue.kinds import NAMED_UNITS
from quartiersatlas.catalogue.texts import percent_text, texts
from quartiersatlas.errors import SpecError

SOURCE = Path(quartiersatlas.__file__).parent
ROWS = list(csv.reader((SOURCE / "catalogue" / "texts.csv").read_text(encoding="utf-8").splitlines(), delimiter=";"))
WITHOUT_WORDS = {"unit_points"}  # points have no sign


def placeholders(template):
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


@pytest.fixture(scope="module")
def source():
    """Give the texts that the code names: in full, or (in f-strings) by the beginning of their name."""
    names, families = set(), set()
    for file in SOURCE.rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
                names.add(node.value)
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                families.add(node.values[0].value)
    for file in SOURCE.rglob("*.html"):
        names |= set(re.findall(r'\bt\("(\w+)"', file.read_text(encoding="utf-8")))
    return names, {family for family in families if re.fullmatch(r"[a-z]+_", family)}


@pytest.fixture(scope="module")
def asked_for():
    """Give the names in calls such as text("...") and Message("...") and in templates."""
    found = set()
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"text", "Message"} and node.args:
                first = node.args[0]
                found |= {first.value} if isinstance(first, ast.Constant) else set()
    for file in SOURCE.rglob("*.html"):
        found |= set(re.findall(r'\bt\("(\w+)"', file.read_text(encoding="utf-8")))
    return found


def test_the_table_has_three_columns_and_no_name_twice():
    assert ROWS[0] == ["name", "de", "en"]
    assert {len(row) for row in ROWS} == {3}
    assert [name for name, n in Counter(row[0] for row in ROWS).items() if n > 1] == []


def test_every_text_is_there_in_both_languages_with_the_same_placeholders():
    rows = {name: (german, english) for name, german, english in ROWS[1:]}
    assert [name for name, (de, en) in rows.items() if placeholders(de) != placeholders(en)] == []
    assert {name for name, words in rows.items() if not all(map(str.strip, words))} == WITHOUT_WORDS


def test_every_text_is_used(source):
    names, families = source
    families = {family for family in families if any(name.startswith(family) for name in texts())}
    unused = [name for name in texts() if name not in names and not name.startswith(tuple(families))]
    assert unused == []


def test_every_text_that_is_asked_for_is_there(asked_for):
    assert {"draft_because", "fact_join", "label_area", "label_need_class"} <= asked_for  # the search finds something
    assert sorted(asked_for - texts().keys()) == []


SIDED = ("rule_worst_share", "rule_worst_n", "rule_hotspot", "reason_worst", "reason_to")  # of high values, of low ones


def test_every_member_of_a_family_of_texts_is_there():
    from quartiersatlas.disclosure.selection.rule_words import OPPOSITE
    from quartiersatlas.need.spec.records import AGGREGATES
    from quartiersatlas.need.spec.steps import METHODS
    from quartiersatlas.present.city_report.sections import DOMAINS
    from quartiersatlas.present.files.tables import OWN, TABLES
    from quartiersatlas.present.map.payload import WORDS
    from quartiersatlas.present.statements import GAPS
    from quartiersatlas.screening.language.rules import COMPARISONS, COMPUTED
    from quartiersatlas.segregation.explain import OMISSIONS, REASONS, REMARKS
    from quartiersatlas.segregation.registry import DIRECTION, registry
    from quartiersatlas.space.reallocate import PROBLEMS

    wanted = {
        *(f"unit_{unit.replace(' ', '_')}" for unit in NAMED_UNITS),
        *(f"method_{name}" for name in (*METHODS[1:], *AGGREGATES, "z_city", "z_fixed", "z_population", "above_city")),
        *(f"domain_{domain}" for domain in (*DOMAINS, "other", "empty")),
        *(f"index_{index}" for index in registry()),
        *(f"index_{index}_meaning" for index in registry()),
        *(f"dimension_{index.dimension}" for index in registry().values()),
        *(f"explain_{direction}" for direction in DIRECTION),
        *(index.nan_reason for index in registry().values()),
        *REASONS,
        *REMARKS,
        *OMISSIONS,
        *(f"{form}_{word}" for form in ("rule", "rule_number", "rule_factor", "reason_equal") for word in COMPARISONS),
        *(f"rule_{word}" for word in (*OPPOSITE.values(), "any", "all", "some", "and", "or", "not")),
        *(f"{form}_{side}" for form in SIDED for side in ("high", "low")),
        *(f"ref_{name}{case}" for name in (*COMPUTED, "level", "published") for case in ("", "_of")),
        *(f"mix_{name}" for name in COMPUTED),
        *(f"open_{why}" for why in ("missing", "value", "limit", "precision", "few")),
        *(f"reason_{word}" for word in ("in_class", "not_in_class", "of_class", "not_of_class", "not_significant")),
        *(f"cover_{cover}" for cover in ("covered", "partly", "not_covered")),
        *(f"{form}_{gap}" for form in ("gap", "why") for gap in GAPS),
        *(f"about_{what}" for what in ("title", "subtitle", "source", "as_of", "comment", "notice", "note", "method")),
        *(f"sheet_{name}" for name in (*TABLES, "notes", "columns", "manifest")),
        *(f"column_{name}" for name in OWN if name != "geometry"),
        *(f"transfer_{what}" for what in PROBLEMS),
        *WORDS,
    }
    assert sorted(wanted - texts().keys()) == []


def test_placeholders_are_filled_in():
    assert text("label_change", "de", label="Kinderarmut") == "Veränderung Kinderarmut"


def test_an_unknown_language_is_refused():
    with pytest.raises(SpecError, match="lang must be one of"):
        text("label_area", "fr")


@pytest.mark.parametrize(
    ("value", "decimals", "german", "english"),
    [
        (0, 0, "0", "0"),
        (1234567.891, 2, "1.234.567,89", "1,234,567.89"),
        (999.96, 1, "1.000,0", "1,000.0"),
        (12, 1, "12,0", "12.0"),
        (-1234.5, 1, "−1.234,5", "−1,234.5"),
        (-0.0, 1, "0,0", "0.0"),
        (-0.04, 1, "0,0", "0.0"),
        (-0.06, 1, "−0,1", "−0.1"),
        (1e15, 0, "1.000.000.000.000.000", "1,000,000,000,000,000"),
    ],
)
def test_numbers_are_written_as_each_language_writes_them(value, decimals, german, english):
    assert number_text(value, decimals, "de") == german
    assert number_text(value, decimals, "en") == english


@pytest.mark.parametrize("value", [0.5, 1.5, 2.5, 3.5, 1234.5, -0.5, -1.5, 0.4999, 0.5001])
def test_halves_are_rounded_to_the_even_digit(value):
    exact = int(Decimal(value).quantize(Decimal(1), ROUND_HALF_EVEN))
    assert number_text(value, 0, "en") == f"{exact:,}".replace("-", "−")


@pytest.mark.parametrize(
    ("share", "written"),
    [
        (0.0025, "0.2%"),
        (0.0075, "0.8%"),
        (0.5, "50%"),
        (0.125, "12.5%"),
        (0.9996, "100%"),
        (0.99949, "99.9%"),
        (0, "0%"),
    ],
)
def test_percentages_have_a_decimal_where_they_need_one(share, written):
    # 0.25 % and 0.75 % lie exactly between two tenths: the even one stands
    assert percent_text(share, "en") == written
