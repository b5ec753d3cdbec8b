"""``[shortlist]`` of the project file: the rule as text, an official one, a file, or written out; others beside it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quartiersatlas.base.toml import line_of, naming_the_line, read_toml, refuse_unknown, table
from quartiersatlas.catalogue import text
from quartiersatlas.errors import ColumnError, SpecError, inside
from quartiersatlas.need.robustness.options import MOST_RUNS
from quartiersatlas.screening import Rule, RuleSpec, parse_rule
from quartiersatlas.screening.language.rule_spec import spec_from_content

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from quartiersatlas.catalogue import Lang

WAYS = ("rule", "preset", "file", "select")
BESIDE = ("id", "title_de", "title_en", "source", "note_de", "note_en", "references")  # of a rule that is written out
AT_THE_TOP = ("conditions", "levels", "labels")  # may stand in tables of their own, as in a rule file
HOW = 'rule = "...", preset = "...", file = "..." or select = "..." with [conditions]'
MISSING = ("", "status", "moving")
LAYERS = ("barriers", "crossings")  # files
COMPARED = ("rules", "group", "by", "runs", "seed")
WAYS_OF_OTHERS = ("preset", "file")


@dataclass(frozen=True, kw_only=True)
class ComparedRules:
    """Other rules by name, whom they are to reach, and how they are compared, as for :func:`compare_rules`."""

    rules: Mapping[str, Rule | RuleSpec]
    files: tuple[str, ...] = ()
    group: str = ""
    by: str = ""
    runs: int = 0
    seed: int = 1

    @property
    def options(self) -> dict[str, Any]:
        """What :func:`compare_rules` is asked for."""
        return {"group": self.group, "by": self.by, "runs": self.runs, "seed": self.seed}

    def beside(self, own: Rule | RuleSpec, lang: Lang) -> dict[str, Rule | RuleSpec]:
        """Return all rules by name, that of the shortlist first.

        Raises
        ------
        SpecError
            Another rule has its name.
        """
        title = (own.title_de if lang == "de" else own.title_en) if isinstance(own, RuleSpec) else ""
        name = title or text("rules_own", lang)
        if name in self.rules:
            raise SpecError(f"[shortlist.compare] {name!r} is the rule of the shortlist itself. Take another name.")
        return {name: own, **self.rules}


@dataclass(frozen=True, kw_only=True)
class RulePart:
    """The rule, how it is written, its own file where it has one, what is told beside it, and barriers."""

    rule: Rule | RuleSpec
    way: str = "rule"
    file: str = ""
    missing: str = ""
    barriers: str | None = None
    crossings: str | None = None
    compare: ComparedRules | None = None

    @property
    def tree(self) -> Rule:
        """The rule without its titles."""
        return self.rule.rule if isinstance(self.rule, RuleSpec) else self.rule


def read_rule_part(content: dict[str, Any], path: Path) -> RulePart | None:
    """Take the rule out of the content of a project file; None where it has none.

    Raises
    ------
    SpecError
        It is written in no way or in two, or asks for something impossible; the message names the line.
    """
    tops = {name: content.pop(name) for name in AT_THE_TOP if name in content}
    if "shortlist" not in content:
        if tops:
            raise SpecError(f'{path.name}: [{next(iter(tops))}] needs a rule: add [shortlist] with select = "...".')
        return None
    with naming_the_line(path):
        try:
            return _part(dict(table(content.pop("shortlist"), "[shortlist]")), tops, path)
        except SpecError as error:
            if not error.place or error.place[0] not in tops:
                error.place = ("shortlist", *error.place)
            raise


def _part(content: dict[str, Any], tops: Mapping[str, Any], path: Path) -> RulePart:
    refuse_unknown(content, [*WAYS, "missing", "compare", *LAYERS, *BESIDE, *AT_THE_TOP], "[shortlist]")
    also = _beside_the_rule(content, path.parent)
    ways = [way for way in WAYS if way in content]
    if len(ways) != 1:
        what = "'rule' is missing" if not ways else f"{' and '.join(map(repr, ways))} are two rules"
        raise SpecError(f"In [shortlist]: {what}; it takes exactly one of {HOW}.", key=ways[1] if ways else "")
    way = ways[0]
    if way != "select":
        extra = [name for name in (*content, *tops) if name != way]
        if extra:
            raise SpecError(f"In [shortlist]: {extra[0]!r} goes with select alone, not with {way!r}.", key=extra[0])
        if not isinstance(content[way], str):
            raise SpecError(f"In [shortlist]: {way} = {content[way]!r} should be text in quotation marks.", key=way)
    if way == "file":
        spec = RuleSpec.from_toml(path.parent / content["file"])
        return RulePart(rule=spec, way=way, file=content["file"], **also)
    if way == "select":
        twice = [name for name in tops if name in content]
        if twice:
            raise SpecError(f"[shortlist.{twice[0]}] and [{twice[0]}] are two tables: keep one.", key=twice[0])
        return RulePart(rule=spec_from_content({"id": path.stem, **content, **tops}), way=way, **also)
    try:
        rule = parse_rule(content["rule"]) if way == "rule" else RuleSpec.preset(content["preset"])
        return RulePart(rule=rule, way=way, **also)
    except SpecError as error:
        error.place = (way,)
        raise


def _beside_the_rule(content: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Take out whether missing persons are told, the layers that cut neighbours, and other rules."""
    missing = content.pop("missing", "")
    if missing not in MISSING:
        raise SpecError(f'[shortlist]: missing = {missing!r} must be "status" or "moving".', key="missing")
    layers = {name: content.pop(name) for name in LAYERS if name in content}
    for name, file in layers.items():
        if not isinstance(file, str):
            raise SpecError(f"[shortlist]: {name} = {file!r} should be the name of a file.", key=name)
    compare = {"compare": read_compared_rules(content.pop("compare"), folder)} if "compare" in content else {}
    return {"missing": missing, **layers, **compare}


def read_compared_rules(entry: object, folder: Path) -> ComparedRules:
    """Read the section.

    Raises
    ------
    SpecError
        It names no rule, or something in it is unknown or impossible.
    """
    with inside("compare"):
        content = dict(table(entry, "[shortlist.compare]"))
        refuse_unknown(content, COMPARED, "[shortlist.compare]")
        with inside("rules"):
            named = table(content.pop("rules", {}), "[shortlist.compare.rules]")
        if not named:
            raise SpecError(
                "In [shortlist.compare]: 'rules' is missing; it takes the other rules by name, "
                'rules = { "..." = \'above_city("sgb2_rate")\' }.'
            )
        for name, kind in (("group", str), ("by", str), ("runs", int), ("seed", int)):
            value = content.get(name, kind())
            if not isinstance(value, kind) or isinstance(value, bool):
                what = "text in quotation marks" if kind is str else "a whole number"
                raise SpecError(f"In [shortlist.compare]: {name} = {value!r} should be {what}.", key=name)
        if not 0 <= content.get("runs", 0) <= MOST_RUNS:
            raise SpecError(f"In [shortlist.compare]: runs takes 0 to {MOST_RUNS:,}.", key="runs")
        rules: dict[str, Rule | RuleSpec] = {}
        for name, one in named.items():
            with inside("rules", name):
                rules[name] = _rule(name, one, folder)
        files = tuple(one["file"] for one in named.values() if isinstance(one, dict) and "file" in one)
        return ComparedRules(rules=rules, files=files, **content)


def _rule(name: str, entry: object, folder: Path) -> Rule | RuleSpec:
    """Read a rule as text, ``{ preset = "..." }`` or ``{ file = "..." }``."""
    if isinstance(entry, str):
        return parse_rule(entry)
    where = f"[shortlist.compare.rules] {name}"
    way = table(entry, where) if isinstance(entry, dict) else {}
    refuse_unknown(way, WAYS_OF_OTHERS, where)
    if len(way) != 1 or not all(isinstance(value, str) for value in way.values()):
        raise SpecError(
            f'In {where}: {entry!r} should be a rule as text, or one of {{ preset = "..." }} and {{ file = "..." }}.'
        )
    return RuleSpec.preset(way["preset"]) if "preset" in way else RuleSpec.from_toml(folder / way["file"])


@contextmanager
def naming_the_condition(part: RulePart, path: Path) -> Iterator[None]:
    """Add to an error of screening the line of the condition that it is about, or of the rule."""
    try:
        yield
    except (SpecError, ColumnError) as error:
        error.args = (str(error).replace("screen(data, rule, need=need)", "add a section [need]"), *error.args[1:])
        line = _line(part, path, str(error))
        if line:
            error.args = (f"{path.name}, line {line}: {error}", *error.args[1:])
        raise


def _line(part: RulePart, path: Path, message: str) -> int:
    source = path.read_text(encoding="utf-8-sig")
    if part.way == "select" and isinstance(part.rule, RuleSpec):
        nested = "conditions" in read_toml(path, "project")["shortlist"]
        before = ("shortlist", "conditions") if nested else ("conditions",)
        named = part.rule.conditions.items()  # a message may also list what there is: the condition itself goes first
        said = [name for name, one in named if str(one) in message]
        said += [name for name, one in named if repr(one.looks_at) in message]
        if said:
            return line_of(source, (*before, said[0]))
    return line_of(source, ("shortlist", part.way))
