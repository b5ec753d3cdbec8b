"""The page on need specs names every key, every choice and every default, and its example is a spec."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

from quartiersatlas.need.spec import records, steps
from quartiersatlas.need.spec.spec import NeedSpec
from quartiersatlas.need.spec.spec_workbook import LAYOUT

PAGE = (Path(__file__).parents[3] / "docs" / "need_spec.md").read_text(encoding="utf-8")
GROUP = {field.name for field in fields(records.NeedGroup)}
SECTIONS = {
    "Spec": (records.NeedRules, set()),
    "Domain, and axis as far as it is a group": (records.NeedGroup, set()),
    "Axis only": (records.NeedAxis, GROUP),
    "Indicator": (records.NeedIndicator, set()),
    "Class": (records.NeedClass, set()),
    "Rule of `normalise` and `standardise`": (steps.Normalise, set()),
    "Breaks": (steps.Breaks, set()),
}


def table(heading):
    """Return the rows of the first table below a heading: first cell -> all cells."""
    part = re.split(r"^#+ ", PAGE, flags=re.MULTILINE)
    (section,) = [text for text in part if text.startswith(f"{heading}\n")]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0].strip("`"): row for row in cells[2:]}


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_key_is_on_the_page_in_order_and_needed_ones_are_called_so(heading):
    part, others = SECTIONS[heading]
    own = [field for field in fields(part) if field.name not in others]
    listed = table(heading)
    assert list(listed) == sorted(listed, key=[field.name for field in own].index)
    assert set(listed) == {field.name for field in own}
    no_default = {f.name for f in own if f.default is MISSING and f.default_factory is MISSING}
    needed = {name for name, row in listed.items() if row[2] == "needed"}
    assert needed - {"members", "classes"} == no_default  # these two default to an empty list, which is refused


@pytest.mark.parametrize("heading", SECTIONS)
def test_numbers_and_words_that_are_defaults_are_on_the_page(heading):
    part, others = SECTIONS[heading]
    listed = table(heading)
    for field in fields(part):
        if field.name not in others and isinstance(field.default, int | float | str) and field.default != "":
            shown = field.default if isinstance(field.default, str) else f"{field.default:g}"
            assert listed[field.name][2].strip("`") == shown


@pytest.mark.parametrize(
    ("heading", "key", "choices"),
    [
        ("Domain, and axis as far as it is a group", "aggregate", records.AGGREGATES),
        ("Indicator", "transform", records.TRANSFORMS),
        ("Rule of `normalise` and `standardise`", "method", steps.METHODS),
        ("Rule of `normalise` and `standardise`", "reference", steps.REFERENCES),
        ("Rule of `normalise` and `standardise`", "weighting", steps.WEIGHTINGS),
        ("Rule of `normalise` and `standardise`", "ties", steps.TIES),
        ("Breaks", "method", steps.BREAKS),
    ],
)
def test_every_choice_is_on_the_page(heading, key, choices):
    assert re.findall(r"`(\w+)`", table(heading)[key][1]) == list(choices)


def test_the_page_says_which_method_uses_which_option():
    for option, row in table("Rule of `normalise` and `standardise`").items():
        if option != "method":
            used = [method for method, options in steps.OPTIONS.items() if option in options]
            assert re.findall(r"`(\w+)`", row[3]) == used


def test_the_sheets_and_their_first_columns_are_on_the_page():
    listed = table("Workbook")
    assert list(listed) == list(LAYOUT)
    for sheet, row in listed.items():
        named = re.findall(r"`([\w.]+)`", row[2])
        assert set(named) <= set(LAYOUT[sheet])
        assert next(iter(LAYOUT[sheet])) == named[0]


def test_the_example_is_a_spec_as_it_would_be_written_but_for_the_order_of_keys(tmp_path):
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
    (tmp_path / "need.toml").write_text(example, encoding="utf-8")
    read = NeedSpec.from_toml(tmp_path / "need.toml")
    assert [group.id for group in read.axes[0].groups()] == ["need", "income", "education"]
    assert read.axes[0].indicators[3].direction == -1
    assert sorted(re.findall(r"\w+ = ", read.to_toml())) == sorted(re.findall(r"\w+ = ", example))
