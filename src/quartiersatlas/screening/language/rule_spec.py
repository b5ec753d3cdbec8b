"""A rule as an official method writes it: id, title, source, named conditions, levels; from TOML, text or Python."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from quartiersatlas.base.checks import bytes_of, choice, existing_file, expects
from quartiersatlas.base.toml import naming_the_line, plain, read_toml, refuse_unknown, table, toml_key, toml_value
from quartiersatlas.catalogue.references import Reference, checked_references, written_references
from quartiersatlas.catalogue.texts import LANGUAGES, pick
from quartiersatlas.errors import ArgumentError, SpecError, inside, list_some
from quartiersatlas.screening.language.constants import number
from quartiersatlas.screening.language.names import condition_names, every_name, with_names
from quartiersatlas.screening.language.rule_parts import (
    condition_pairs,
    rule_by_name,
    rule_from_parts,
)
from quartiersatlas.screening.language.rules import (
    CITY,
    Adjacent,
    Compare,
    Condition,
    KOf,
    Not,
    Rule,
    WorseThanCity,
    changed,
    rule_as_text,
)

if TYPE_CHECKING:
    from pathlib import Path

    from quartiersatlas.catalogue import Lang

PRESETS = "official"  # the folder of the official rules
PARTS = ("references", "levels", "labels")  # of a rule file, beside texts and conditions
LABEL = 'RuleSpec(..., labels={"poverty": ("Armut", "Poverty")})'


@dataclass(frozen=True, kw_only=True)
class RuleSpec:
    r"""A rule with its name, its source and its levels.

    Parameters
    ----------
    id : str
        Short name, such as ``"mtc-epc-2022"``.
    rule : Rule
        The rule; its conditions have names.
    title_de, title_en, source, note_de, note_en : str
        What it is called, where it is written, and what its reader has to know.
    verified : str
        What was met to the last area, with how many; holds only while :attr:`hash` is ``verified_hash``.
    verified_hash : str
        Of the rule that was verified.
    references : mapping of str to Reference
        Published values, each of which the rule names.
    levels : mapping of str to (mapping of str to number)
        Level -> condition -> its stricter limit, from the mildest level to the strictest. None may be milder than the
        rule, or than the level before it.
    labels : mapping of str to (str, str)
        Indicator or reference -> what a reader sees in German and in English, where the catalogue has no words for it.

    Examples
    --------
    >>> spec = RuleSpec.from_text('id = "poor"\nselect = "poor"\n[conditions]\npoor = {indicator = "p", above = 24}')
    >>> spec.rule
    above("p", 24)
    """

    id: str
    rule: Rule
    title_de: str = ""
    title_en: str = ""
    source: str = ""
    note_de: str = ""
    note_en: str = ""
    verified: str = ""
    verified_hash: str = ""
    references: Mapping[str, Reference] = field(default_factory=dict)
    levels: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    labels: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("id", "title_de", "title_en", "source", "note_de", "note_en", "verified", "verified_hash"):
            expects(getattr(self, name), str, f"RuleSpec: {name}", 'RuleSpec(id="poor", rule=qa.above("poverty", 24))')
        expects(self.rule, Rule, "RuleSpec: rule", 'RuleSpec(id="poor", rule=qa.above("poverty", 24))')
        if not self.id.strip():
            raise SpecError('A rule file needs an id: id = "our-rule".', key="id")
        object.__setattr__(self, "rule", with_names(self.rule))
        object.__setattr__(self, "references", checked_references(self.references, "RuleSpec"))
        object.__setattr__(self, "levels", _checked_levels(self.levels))
        self.level_rules()  # refuses what is no limit
        _refuse_milder_levels(self.rule, self.levels)
        _refuse_unused_references(self.rule, self.references)
        object.__setattr__(self, "labels", _checked_labels(self.rule, self.labels))

    @property
    def conditions(self) -> dict[str, Condition]:
        """The conditions by name, in the order of the rule, those inside others after these."""
        return {name: condition for condition, name in every_name(self.rule).items()}

    @property
    def hash(self) -> str:
        """Fingerprint of what decides: the rule, its references and levels; not of titles."""
        references = {
            name: {key: _plain_value(value) for key, value in sorted(one.values.items())}
            for name, one in sorted(self.references.items())
        }
        levels = {level: {name: plain(limit) for name, limit in parts.items()} for level, parts in self.levels.items()}
        content = json.dumps([rule_as_text(self.rule), references, levels], ensure_ascii=False)
        return sha256(content.encode()).hexdigest()[:12]

    @property
    def is_verified(self) -> bool:
        """Whether the rule is still the one that was verified."""
        return bool(self.verified) and self.verified_hash == self.hash

    @property
    def sentence(self) -> str:
        """The rule in English, over the names of its conditions.

        Examples
        --------
        >>> RuleSpec.preset("massachusetts-ej").sentence
        'An area is selected where poor or minority or english or (some_minority and not_rich_town).'
        """
        parts = [(name, False) for name in condition_names(self.rule)]
        said, _ = self.rule.combine(parts, _said, lambda part: (f"not {_bracketed(part)}", False))
        return f"An area is selected where {said}."

    @classmethod
    def preset(cls, name: str) -> RuleSpec:
        """Return an official rule that comes with the library.

        Parameters
        ----------
        name : str
            One of :func:`rule_presets`.

        Raises
        ------
        SpecError
            There is no such rule.

        Examples
        --------
        >>> RuleSpec.preset("toronto-nia-2014").rule
        below("equity_score", 42.89, printed="exact")
        """
        choice(name, rule_presets(), "RuleSpec.preset: the rule")
        source = (
            files("quartiersatlas.screening.language").joinpath(PRESETS, f"{name}.toml").read_text(encoding="utf-8")
        )
        return cls.from_text(source)

    @classmethod
    def from_toml(cls, path: str | Path) -> RuleSpec:
        """Read a rule file.

        Parameters
        ----------
        path : str or Path
            TOML: ``id``, ``select`` and ``[conditions]``; ``title_de``, ``title_en``, ``source``, ``[references]``,
            ``[levels]``, ``[labels]``.

        Raises
        ------
        InputError
            The file is missing or no TOML.
        SpecError
            It asks for something impossible; the message names the line.
        """
        read_toml(path, "the rule")  # refuses what is no TOML, or too deep
        source = _source(path)
        content = tomllib.loads(source, parse_float=Decimal)
        with naming_the_line(path, source):
            return spec_from_content(content)

    @classmethod
    def from_text(cls, source: str) -> RuleSpec:
        """Read the content of a rule file; numbers are the decimals that are written.

        Raises
        ------
        SpecError
            It is no TOML, or asks for something impossible; the message names the line.
        """
        expects(source, str, "RuleSpec.from_text", "RuleSpec.from_text(Path('rule.toml').read_text())")
        try:
            content = tomllib.loads(source, parse_float=Decimal)
        except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
            raise SpecError(f"The rule file is not valid TOML: {error}.") from error
        with naming_the_line("the rule file", source):
            return spec_from_content(content)

    def to_toml(self) -> str:
        """Return the rule file: :meth:`from_text` reads it back to the same rule.

        Examples
        --------
        >>> from quartiersatlas.screening.language.rule_text import parse_rule
        >>> print(RuleSpec(id="poor", rule=parse_rule('above("poverty", 24)')).to_toml().splitlines()[-1])
        poverty_above = { indicator = "poverty", above = 24 }
        """
        return _toml(self)

    def level_rules(self) -> dict[str, Rule]:
        """Return the rule at each of its levels: the same conditions with other limits."""
        found = {}
        for level, limits in self.levels.items():
            with inside("levels", level):
                found[level] = _at_level(self.rule, level, limits)
        return found

    def label(self, name: str, lang: Lang) -> str:
        """Return what an indicator or a reference is called, where the rule file says so; else its name."""
        return pick(lang, *self.labels.get(name, (name, name)))

    def __repr__(self) -> str:
        title = f", {self.title_en}" if self.title_en else ""
        levels = f", levels {', '.join(self.levels)}" if self.levels else ""
        return f"RuleSpec {self.id}{title} ({len(self.conditions)} conditions{levels}): {self.rule}"


def rule_presets() -> list[str]:
    """Return the ids of the official rules that come with the library.

    Returns
    -------
    list of str
        In alphabetical order.

    Examples
    --------
    >>> "mtc-epc-2022" in rule_presets()
    True
    """
    folder = files("quartiersatlas.screening.language").joinpath(PRESETS)
    return sorted(one.name.removesuffix(".toml") for one in folder.iterdir() if one.name.endswith(".toml"))


def _source(path: str | Path) -> str:
    return bytes_of(existing_file(path, "the rule")).decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


def spec_from_content(content: Mapping[str, Any]) -> RuleSpec:
    """Build a rule from the content of its TOML file."""
    where = "the rule file"
    known = [one.name for one in fields(RuleSpec) if one.name != "rule"]
    refuse_unknown(content, [*known, "select", "conditions"], where)
    for needed in ("id", "select", "conditions"):
        if needed not in content:
            raise SpecError(f"In {where}: {needed!r} is missing.")
    rule = rule_from_parts(content["select"], content["conditions"])
    texts = {name: content[name] for name in known if name in content and name not in PARTS}
    references = written_references(content.get("references", {}), where)
    levels = {}
    for level, limits in table(content.get("levels", {}), where).items():
        with inside("levels", level):
            levels[level] = dict(table(limits, f"level {level!r}"))
    with inside("labels"):
        labels = dict(table(content.get("labels", {}), "[labels]"))
    try:
        return RuleSpec(**texts, rule=rule, references=references, levels=levels, labels=labels)
    except ArgumentError as error:
        raise SpecError(f"In {where}: {error}") from error


def _checked_levels(levels: object) -> dict[str, dict[str, Decimal]]:
    """Return the limits of levels as decimals."""
    how = 'RuleSpec(..., levels={"Higher": {"poverty": 31}})'
    expects(levels, Mapping, "RuleSpec: levels", how)
    found: dict[str, dict[str, Decimal]] = {}
    for level, limits in dict(levels).items():  # type: ignore[call-overload]
        expects(level, str, "RuleSpec: levels", how)
        expects(limits, Mapping, f"level {level!r}", how)
        with inside("levels", level):
            found[level] = {name: number(limit, f"level {level!r}: {name}") for name, limit in limits.items()}
    return found


def _at_level(rule: Rule, level: str, limits: Mapping[str, Decimal]) -> Rule:
    """Return a rule with other limits in its named conditions."""
    known = set(every_name(rule).values())
    for name in limits:
        if name not in known:
            refuse_unknown([name], sorted(known), f"level {level!r}")

    def at_level(condition: Condition) -> Condition:
        if condition.name not in limits:
            return condition
        if not isinstance(condition, Compare) or not isinstance(condition.limit.than, Decimal):
            raise SpecError(f"level {level!r}: {condition.name!r} compares with no number, so it has no other one.")
        return replace(condition, limit=replace(condition.limit, than=limits[condition.name]))

    return changed(rule, at_level)


def _refuse_milder_levels(rule: Rule, levels: Mapping[str, Mapping[str, Decimal]]) -> None:
    """Refuse a level at which a condition holds where it does not at the level before it, or in the rule itself."""
    sides = _sides(rule)
    limits = {
        one.name: one.limit.than
        for one in rule.every
        if isinstance(one, Compare) and isinstance(one.limit.than, Decimal)
    }
    before = "the rule"
    for level, given in levels.items():
        for name, limit in given.items():
            side = sides[name]
            if len(side) == 1 and (limit - limits[name]) * min(side) < 0:
                error = SpecError(
                    f"level {level!r}: {name} = {plain(limit)} is milder than {plain(limits[name])} in {before}. "
                    f"Levels are stricter than their rule, and stand from the mildest to the strictest."
                )
                error.place = ("levels", level, name)
                raise error
        limits |= given
        before = f"level {level!r}"


def _sides(rule: Rule, sign: int = 1) -> dict[str, set[int]]:
    """Return for each comparison whether a higher limit is the stricter one (1) or the milder one (-1), or both.

    Among fewer areas, or under a cap of fewer, others come to the front: there it is both.
    """
    if isinstance(rule, Compare):
        upwards = sign if rule.upwards else -sign
        return {rule.name: {upwards if rule.limit.factor >= 0 else -upwards}}
    parts = [rule.part] if isinstance(rule, Not) else rule.parts if isinstance(rule, KOf) else ()
    found: dict[str, set[int]] = {}
    if isinstance(rule, Condition) and rule.inner is not None:
        inner = _sides(rule.inner, sign)
        return inner if isinstance(rule, Adjacent) else {name: {1, -1} for name in inner}
    for part in parts:
        for name, side in _sides(part, -sign if isinstance(rule, Not) else sign).items():
            found.setdefault(name, set()).update(side)
    return found


def _named(rule: Rule) -> set[str]:
    """Return what the limits of a rule are taken from."""
    named = {name for one in rule.every if isinstance(one, Compare) for name in one.limit.names}
    return named | {CITY for one in rule.every if isinstance(one, WorseThanCity)}


def _checked_labels(rule: Rule, labels: object) -> dict[str, tuple[str, str]]:
    """Return what indicators and references are called in both languages; one of them serves both."""
    expects(labels, Mapping, "RuleSpec: labels", LABEL)
    known = {*rule.indicators, *_named(rule)}
    found: dict[str, tuple[str, str]] = {}
    for name, given in dict(labels).items():  # type: ignore[call-overload]
        with inside("labels", name):
            if name not in known:
                refuse_unknown([name], sorted(known), "[labels]")
            words = given
            if isinstance(given, Mapping):
                refuse_unknown(given, ("de", "en"), f"label {name!r}")
                words = given.get("de", given.get("en", "")), given.get("en", given.get("de", ""))
            if not (isinstance(words, tuple) and len(words) == len(LANGUAGES) and all(map(_is_text, words))):
                raise SpecError(f'label {name!r}: {given!r} should be {{ de = "...", en = "..." }}.')
            found[name] = words
    return found


def _is_text(words: object) -> bool:
    return isinstance(words, str) and bool(words.strip())


def _refuse_unused_references(rule: Rule, references: Mapping[str, Reference]) -> None:
    """Refuse published values that no condition names: a slip in a name would leave them without effect."""
    named = _named(rule)
    for name in references:
        if name not in named:
            there = list_some(sorted(named), 10) or "none"
            error = SpecError(f"reference {name!r} is never used; the rule names: {there}. Use it, or leave it out.")
            error.place = ("references", name)
            raise error


def _said(k: int, parts: list[tuple[str, bool]]) -> tuple[str, bool]:
    """Return "at least k of these" in words, and that it needs brackets inside another part."""
    if 1 < k < len(parts):
        return f"at least {k} of these {len(parts)}: {', '.join(map(_bracketed, parts))}", True
    sign = " or " if k == 1 else " and "
    return sign.join(map(_bracketed, parts)), len(parts) > 1


def _bracketed(part: tuple[str, bool]) -> str:
    return f"({part[0]})" if part[1] else part[0]


# --- written as TOML --------------------------------------------------------------------------------------------------


def _toml(spec: RuleSpec) -> str:
    texts = ("id", "title_de", "title_en", "source", "note_de", "note_en", "verified", "verified_hash")
    lines = [f"{name} = {toml_value(getattr(spec, name))}" for name in texts if getattr(spec, name)]
    lines += [f"select = {toml_value(rule_by_name(spec.rule))}", "", "[conditions]"]
    for name, condition in spec.conditions.items():
        pairs = ", ".join(f"{key} = {toml_value(value)}" for key, value in condition_pairs(condition).items())
        lines.append(f"{toml_key(name)} = {{ {pairs} }}")
    for name, reference in spec.references.items():
        lines += ["", f"[references.{toml_key(name)}]"]
        lines += [
            f"{key} = {toml_value(getattr(reference, key))}"
            for key in ("source", "as_of", "unit")
            if getattr(reference, key)
        ]
        lines.append(f"values = {toml_value(dict(reference.values))}")
    if spec.levels:
        lines += ["", "[levels]"]
        lines += [f"{toml_key(level)} = {toml_value(dict(limits))}" for level, limits in spec.levels.items()]
    if spec.labels:
        lines += ["", "[labels]"]
        lines += [f"{toml_key(name)} = {toml_value({'de': de, 'en': en})}" for name, (de, en) in spec.labels.items()]
    return "\n".join(lines) + "\n"


def _plain_value(value: Any) -> Any:  # noqa: ANN401 - a number, or one per unit
    return {key: float(one) for key, one in sorted(value.items())} if isinstance(value, Mapping) else float(value)
