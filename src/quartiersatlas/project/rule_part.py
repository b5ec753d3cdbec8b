"""``[shortlist]`` of the project file: the rule as text, as an official one, as a file, or written out as in a file."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quartiersatlas.base.toml import line_of, naming_the_line, read_toml, refuse_unknown, table
from quartiersatlas.errors import ColumnError, SpecError
from quartiersatlas.screening import Rule, RuleSpec, parse_rule
from quartiersatlas.screening.language.rule_spec import spec_from_content

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

WAYS = ("rule", "preset", "file", "select")
BESIDE = ("id", "title_de", "title_en", "source", "note_de", "note_en", "references")  # of a rule that is written out
AT_THE_TOP = ("conditions", "levels", "labels")  # may stand in tables of their own, as in a rule file
HOW = 'rule = "...", preset = "...", file = "..." or select = "..." with [conditions]'
MISSING = ("", "status", "moving")
LAYERS = ("barriers", "crossings")  # files


@dataclass(frozen=True, kw_only=True)
class RulePart:
    """The rule, how it is written, its own file where it has one, whether missing persons are told, and barriers."""

    rule: Rule | RuleSpec
    way: str = "rule"
    file: str = ""
    missing: str = ""
    barriers: str | None = None
    crossings: str | None = None

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
    refuse_unknown(content, [*WAYS, "missing", *LAYERS, *BESIDE, *AT_THE_TOP], "[shortlist]")
    also = _beside_the_rule(content)
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


def _beside_the_rule(content: dict[str, Any]) -> dict[str, Any]:
    """Take out whether missing persons are told, and the layers that cut neighbours."""
    missing = content.pop("missing", "")
    if missing not in MISSING:
        raise SpecError(f'[shortlist]: missing = {missing!r} must be "status" or "moving".', key="missing")
    layers = {name: content.pop(name) for name in LAYERS if name in content}
    for name, file in layers.items():
        if not isinstance(file, str):
            raise SpecError(f"[shortlist]: {name} = {file!r} should be the name of a file.", key=name)
    return {"missing": missing, **layers}


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
