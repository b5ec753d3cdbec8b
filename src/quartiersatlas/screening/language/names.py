"""Names of conditions: their own, or made of what they say; they are the ids of reasons and the keys of rule files."""

from __future__ import annotations

from dataclasses import replace
from unicodedata import normalize

from quartiersatlas.screening.language.rules import Compare, Condition, Rule, changed


def condition_names(rule: Rule) -> list[str]:
    """Return an id for each condition of a rule: its own name, or its indicator and word; equal conditions share one.

    Examples
    --------
    >>> from quartiersatlas.screening.language.rule_text import parse_rule
    >>> condition_names(parse_rule('above("poverty", 24) & (above_city("poverty") | below("poverty", 60))'))
    ['poverty_above', 'poverty_above_city', 'poverty_below']
    """
    known = every_name(rule)
    return [known[condition] for condition in rule.conditions]


def every_name(rule: Rule) -> dict[Condition, str]:
    """Return the id of each condition, those of rules inside conditions too, in the order of the rule."""
    known: dict[Condition, str] = {}
    for condition in rule.every:
        if condition not in known:
            known[condition] = _free(condition.name or _plain_name(condition), set(known.values()))
    return known


def _plain_name(condition: Condition) -> str:
    than = condition.limit.than if isinstance(condition, Compare) else ""
    words = "_".join(filter(None, (condition.looks_at, condition.kind))) + (
        f"_{than}" if isinstance(than, str) and than else ""
    )
    name = "".join(letter if f"a{letter}".isidentifier() else "_" for letter in normalize("NFKC", words))
    return name if name.isidentifier() else f"c_{name}"


def _free(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"


def with_names(rule: Rule) -> Rule:
    """Return a rule whose conditions all have a name."""
    known = every_name(rule)
    return changed(rule, lambda condition: replace(condition, name=known[condition]))
