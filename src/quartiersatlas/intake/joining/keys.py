"""District keys are text. They are never changed by guess: every repair has a name and is listed key by key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import SpecError, list_some
from quartiersatlas.intake.areas.area_columns import key_width, optional_names, other_form

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    KeyRule = Callable[[str], str]

ZERO_PAD = "zero_pad"
RENAME = "rename"
COMPOSED = "put into Unicode's usual form (NFC)"
RULES = (
    "'zero_pad', 'ags_from_ars', 'strip_prefix:...', 'add_prefix:...', 'first:6', 'last:3', 'chars:2-3' or a sum such "
    "as '90000 + key'"
)
LONGEST_HEAD = 24  # characters that keys have in common by a rule; more are a text
ARS, ASSOCIATION = 12, slice(5, 9)  # Regionalschlüssel: state 2, region 1, district 2, association 4, municipality 3
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])|[0-9]{1,2}\.[0-9]{1,2}\.(?:[0-9]{4}|[0-9]{2})?$")
PART = re.compile(r"(?P<which>first|last):(?P<n>[1-9]\d*)|chars:(?P<start>[1-9]\d*)-(?P<end>[1-9]\d*)")
MANY = 3  # rows from which a part of their keys can be recognised as the keys of the areas
SUM = re.compile(r"(?P<before>\d+)\s*\+\s*[A-Za-z_]\w*|[A-Za-z_]\w*\s*(?P<sign>[+-])\s*(?P<after>\d+)")


class Repair(NamedTuple):
    """One key that a rule changed."""

    rule: str
    before: str
    after: str


def repaired_keys(
    keys: pd.Index, areas: pd.Index, repair: str | Iterable[str], rename: Mapping[str, str]
) -> tuple[pd.Index, tuple[Repair, ...]]:
    """Return the keys after the rules, in their order, and then the renaming; and every key that changed."""
    rules = optional_names(repair, "repair")
    changed: list[Repair] = []
    for rule in rules:
        change = rule_named(rule, areas)
        after = [change(key) for key in keys]
        changed += [Repair(rule, old, new) for old, new in zip(keys, after, strict=True) if old != new]
        keys = pd.Index(after, dtype=object, name=keys.name)
    for what, unknown in (
        (
            ("key that is not in the table", "keys that are not in the table"),
            [key for key in rename if key not in keys],
        ),
        (("key that no area has", "keys that no area has"), [key for key in rename.values() if key not in areas]),
    ):
        if unknown:
            raise SpecError(f"rename names {count_noun(len(unknown), *what)}: {list_some(unknown)}.")
    changed += [Repair(RENAME, key, rename[key]) for key in keys if key in rename]
    return pd.Index([rename.get(key, key) for key in keys], dtype=object, name=keys.name), tuple(changed)


def composed_keys(before: pd.Index, after: pd.Index) -> tuple[Repair, ...]:
    """Return the keys that had letters in two parts, or characters that nobody sees."""
    changed = other_form(before, after)
    return tuple(
        Repair(COMPOSED, str(old), new) for old, new, is_so in zip(before, after, changed, strict=True) if is_so
    )


def rule_named(rule: str, areas: pd.Index) -> KeyRule:
    """Return what a rule does to one key; keys it is not made for stay as they are."""
    name, _, text = rule.partition(":")
    total = SUM.fullmatch(rule.strip())
    if rule == ZERO_PAD:
        width = key_width(areas)
        if width is None:
            raise SpecError("repair='zero_pad' needs areas whose keys all have the same number of digits.")
        return lambda key: key.zfill(width) if key.isdigit() else key
    if rule == "ags_from_ars":
        return lambda key: key[: ASSOCIATION.start] + key[ASSOCIATION.stop :] if _is_ars(key) else key
    if name == "strip_prefix" and text:
        return lambda key: key.removeprefix(text) or key
    if name == "add_prefix" and text:
        return lambda key: text + key
    part = _part(rule)
    if part is not None:
        return lambda key: key[part]
    if total:
        step = int(total["before"] or total["after"]) * (-1 if total["sign"] == "-" else 1)
        return lambda key: str(int(key) + step) if key.isdigit() and int(key) + step >= 0 else key
    raise SpecError(f"repair must be one of {RULES}, not {rule!r}.")


def _part(rule: str) -> slice | None:
    """Return which characters of a key a rule keeps; None for a rule of another sort."""
    found = PART.fullmatch(rule)
    if found is None:
        return None
    n = int(found["n"] or found["end"])
    if found["start"]:
        return slice(int(found["start"]) - 1, n) if int(found["start"]) <= n else None
    return slice(n) if found["which"] == "first" else slice(-n, None)


def _is_ars(key: str) -> bool:
    return key.isdigit() and len(key) == ARS


def fitting_rule(in_table: pd.Index, in_areas: pd.Index) -> tuple[str, int] | None:
    """Return the rule that gives most keys of the table an area, and how many; None where less than half fit.

    A part of a key counts only where it fits every row, one to one: short parts are those of some area by chance.
    """
    part = part_rule(in_table, in_areas)
    if part is not None:
        return part, len(in_table)
    wanted = set(in_areas)
    best, number = None, 0
    if any(DATE.match(key) for key in in_table):
        return None
    for rule in _likely_rules(in_table, in_areas):
        change = rule_named(rule, in_areas)
        after = [change(key) for key in in_table]
        fits = sum(key in wanted for key in after)
        if fits > number and len(set(after)) == len(after):
            best, number = rule, fits
    return (best, number) if best is not None and number > 1 and 2 * number >= len(in_table) else None


def part_rule(keys: pd.Index, wanted: pd.Index) -> str | None:
    """Return the rule that makes the wanted keys of longer ones of one sort, all of them and one to one."""
    if len(keys) < MANY or len(_sorts(keys)) != 1 or len(_sorts(wanted)) != 1 or DATE.match(keys[0]):
        return None
    width, length, known = len(wanted[0]), len(keys[0]), set(wanted)
    for start in range(length - width + 1) if width < length else ():
        parts = {key[start : start + width] for key in keys}
        one_head = len({key[:start] for key in keys}) == 1  # what stands before is no part of the key only if it is one
        if one_head and len(parts) == len(keys) and parts <= known:
            first, last = start == 0, start + width == length
            return f"first:{width}" if first else f"last:{width}" if last else f"chars:{start + 1}-{start + width}"
    return None


def _sorts(keys: pd.Index) -> set[str]:
    """Return what the keys look like, a letter for every letter and a digit for every digit."""
    return {"".join("9" if c.isdigit() else "a" if c.isalpha() else c for c in key) for key in keys}


def parts_of_areas(in_table: pd.Index, in_areas: pd.Index) -> tuple[str, dict[str, str]] | None:
    """Return the rule that makes the keys of the table of those of the areas, and table key -> area; None if none."""
    rule = part_rule(in_areas, in_table)
    if rule is None:
        return None
    change = rule_named(rule, in_areas)
    return rule, {change(key): key for key in in_areas}


def _likely_rules(in_table: pd.Index, in_areas: pd.Index) -> list[str]:
    """Return rules worth trying: by length, common beginnings and the distance of the smallest numbers."""
    rules = ["ags_from_ars"] if any(map(_is_ars, in_table)) else []
    short, long = min(map(len, in_areas), default=0), max(map(len, in_table), default=0)
    if 0 < short < long and len({key[:-short] for key in in_table if len(key) > short}) == 1:  # no digit that varies
        rules.append(f"last:{short}")
    rules += [
        f"{verb}_prefix:{text}" for verb, keys in (("strip", in_table), ("add", in_areas)) for text in _heads(keys)
    ]
    table, areas = (sorted(int(key) for key in keys if key.isdigit())[:5] for keys in (in_table, in_areas))
    steps = dict.fromkeys(area - row for area in areas for row in table if area != row)
    return [*rules, *(f"{step} + key" if step > 0 else f"key - {-step}" for step in steps)]


def _heads(keys: pd.Index) -> list[str]:
    """Return the beginnings that all keys have in common."""
    if not len(keys):
        return []
    first, last = min(keys), max(keys)
    n = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return [first[: i + 1] for i in range(min(n, LONGEST_HEAD))]
