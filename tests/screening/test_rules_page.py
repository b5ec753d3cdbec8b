"""The page on rules names every word and every limit, and its examples are rules."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import quartiersatlas as qa
from quartiersatlas.screening.language.rule_text import WORDS
from quartiersatlas.screening.language.rules import COMPUTED

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")


def table(heading):
    """Return the rows of the table below a heading, as lists of cells."""
    (section,) = [part for part in re.split(r"^## ", PAGE, flags=re.MULTILINE) if part.startswith(heading)]
    rows = [line.strip("|").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def test_every_word_is_on_the_page():
    assert {row[0].strip("`") for row in table("Words")} == {*WORDS, "k_of"}


@pytest.mark.parametrize("row", table("Words")[:-1], ids=lambda row: row[0])
def test_its_examples_are_rules(row):
    assert isinstance(qa.parse_rule(row[2].strip("`")), qa.Rule)


def test_every_computed_limit_is_on_the_page():
    named = re.findall(r'`"(\w+)"`', " ".join(row[0] for row in table("What a limit may be")))
    assert set(COMPUTED) <= set(named)


def test_the_rule_file_on_the_page_is_one():
    (source,) = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
    spec = qa.RuleSpec.from_text(source)
    assert list(spec.conditions) == ["poor", "young", "crowded"]
    assert qa.RuleSpec.from_text(spec.to_toml()) == spec
