"""The conditions of a rule file: each a line of its own under a name, put together by ``select``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from quartiersatlas.base.toml import array, refuse_unknown, table
from quartiersatlas.errors import ArgumentError, SpecError, inside
from quartiersatlas.screening.language.comparisons import above, at_least, at_most, below, worse_than_city
from quartiersatlas.screening.language.conditions import hotspot, in_class, worst_n, worst_share
from quartiersatlas.screening.language.constants import condition_name
from quartiersatlas.screening.language.names import every_name
from quartiersatlas.screening.language.nested import adjacent_to, capped
from quartiersatlas.screening.language.rule_text import read_rule
from quartiersatlas.screening.language.rules import (
    COMPARISONS,
    Adjacent,
    Capped,
    Compare,
    Condition,
    Hotspot,
    InClass,
    KOf,
    Not,
    Rule,
    WorseThanCity,
    Worst,
    comparison_options,
    options_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WORDS: dict[str, Callable[..., Rule]] = {
    "above": above,
    "at_least": at_least,
    "below": below,
    "at_most": at_most,
    "worse_than_city": worse_than_city,
    "worst_share": worst_share,
    "worst_n": worst_n,
    "in_class": in_class,
    "hotspot": hotspot,
    "capped": capped,
    "adjacent_to": adjacent_to,
}
OTHER_WORDS = {  # what one may look for -> how it is said
    **dict.fromkeys((">", "gt", "greater", "greater_than", "more_than", "over"), "above = 24"),
    **dict.fromkeys((">=", "gte", "min", "minimum"), "at_least = 24"),
    **dict.fromkeys(("<", "lt", "less", "less_than", "under"), "below = 24"),
    **dict.fromkeys(("<=", "lte", "max", "maximum"), "at_most = 24"),
    **dict.fromkeys(("than", "above_city", "city"), 'above = "city"'),
    **dict.fromkeys(("quantile", "percentile", "q"), 'above = "quantile", q = 0.75'),
    **dict.fromkeys(("top", "top_share", "worst", "highest", "lowest"), "worst_share = 0.25, or worst_n = 10,"),
    **dict.fromkeys(("between", "range"), "as two conditions, at_least = 20 and at_most = 30,"),
    **dict.fromkeys(("equals", "equal", "=", "=="), 'in_class = ["1"]'),
    **dict.fromkeys(
        ("missing", "known", "is_null"), 'as at_least = 0, unknown = "no", and ~ before its name in select,'
    ),
    **dict.fromkeys(("class", "classes"), 'in_class = ["4"]'),
    **dict.fromkeys(("cap", "limit", "most"), 'capped = "a | b", order = "poverty", share = 0.2,'),
    **dict.fromkeys(("neighbours", "neighbors", "beside", "contiguous"), 'adjacent_to = "a | b",'),
}
COMPARE_OPTIONS = (
    "factor", "plus", "digits", "sd", "ddof", "q", "type", "min_denominator", "significant", "correction",
    "printed", "unknown", "source",
)  # fmt: skip
OPTIONS = {
    **dict.fromkeys(COMPARISONS, COMPARE_OPTIONS),
    "worse_than_city": ("unknown",),
    "worst_share": ("by", "count", "ties", "most", "highest", "among", "printed", "unknown"),
    "worst_n": ("by", "ties", "most", "highest", "among", "printed", "unknown"),
    "in_class": ("printed", "unknown"),
    "hotspot": ("fdr", "permutations", "highest", "printed", "unknown"),
    "capped": ("order", "share", "number_of", "of", "by", "beyond", "count", "highest", "printed", "unknown"),
    "adjacent_to": ("compare", "factor", "n", "share", "contact", "printed", "unknown"),
}
WITHOUT_INDICATOR = ("capped", "adjacent_to")  # which may do without


def rule_from_parts(select: object, conditions: object) -> Rule:
    """Build a rule from ``select`` and the table of named conditions.

    Raises
    ------
    SpecError
        A name is no condition, a condition is never used, or one asks for something impossible.
    """
    found = _Conditions(table(conditions, "the rule, conditions"))
    if not found:
        raise SpecError("The rule has no conditions.", key="conditions")
    for name in found:
        found[name]
    if not isinstance(select, str):
        raise SpecError(f'In the rule: select = {select!r} should be text such as "a & (b | c)".', key="select")
    with inside("select"):
        rule = read_rule(select, found, "select")
    used = set(every_name(rule).values())
    unused = [name for name in found if name not in used]
    if unused:
        error = SpecError(f"select: condition {unused[0]!r} is never used. Use it, or leave it out.")
        error.place = ("conditions", unused[0])
        raise error
    return rule


class _Conditions(Mapping[str, Rule]):
    """The conditions of a rule file by name, each built when it is asked for: one may name others."""

    def __init__(self, entries: Mapping[str, Any]) -> None:
        self.written: dict[str, str] = {}  # composed name -> as it is written
        for name in entries:
            with inside("conditions", name):
                composed = condition_name(name, "the rule, conditions")
                if not composed:
                    raise SpecError("A condition has an empty name.")
                self.written[composed] = name
        self.entries, self.built, self.open = entries, dict[str, Rule](), list[str]()

    def __getitem__(self, name: str) -> Rule:
        if name not in self.built:
            written = self.written[name]
            try:
                self._refuse_circle(name)
                self.open.append(name)
                self.built[name] = _condition(name, table(self.entries[written], f"condition {written!r}"), self)
                self.open.pop()
            except SpecError as error:
                if error.place[:1] != ("conditions",):  # else it is about a condition that this one names
                    error.place = ("conditions", written, *error.place)
                raise
        return self.built[name]

    def _refuse_circle(self, name: str) -> None:
        if name in self.open:
            way = " -> ".join([*self.open, name])
            raise SpecError(f"condition {self.written[name]!r} is made of itself: {way}.")

    def __iter__(self) -> Iterator[str]:
        return iter(self.written)

    def __len__(self) -> int:
        return len(self.written)


def _condition(name: str, entry: Mapping[str, Any], named: Mapping[str, Rule]) -> Rule:
    """Build one condition: the word of the comparison is the key of the limit."""
    where = f"condition {name!r}"
    words = [word for word in WORDS if word in entry]
    if len(words) != 1:
        there = f"has {' and '.join(words)}" if words else "has no comparison"
        hints = [f"{key!r} is written {OTHER_WORDS[key]} here" for key in entry if key in OTHER_WORDS]
        hint = f": {hints[0]}. It" if hints and not words else "; it"
        raise SpecError(f"{where} {there}{hint} takes one of {', '.join(WORDS)}, such as above = 24.")
    word = words[0]
    refuse_unknown(entry, [*(["indicator"] if word != "capped" else []), word, *OPTIONS[word]], where)
    if "indicator" not in entry and word not in WITHOUT_INDICATOR:
        raise SpecError(f"{where}: 'indicator' is missing.")
    options = {key: part for key, part in entry.items() if key not in ("indicator", word)}
    if "among" in options:
        options["among"] = _inner(options["among"], named, f"{where}: among")
    try:
        return _built(word, entry.get("indicator", ""), entry[word], name, options, named)
    except ArgumentError as error:
        raise SpecError(f"{where}: {error}") from error
    except TypeError as error:  # an option that the word cannot do without
        raise SpecError(f"{where}: {str(error).split(') ')[-1]}.") from error


def _built(
    word: str,
    indicator: str,
    value: Any,  # noqa: ANN401 - of TOML
    name: str,
    options: Mapping[str, Any],
    named: Mapping[str, Rule],
) -> Rule:
    """Build one condition from what stands in its line."""
    where = f"condition {name!r}"
    if word in WITHOUT_INDICATOR:
        own = {"indicator": indicator} if indicator else {}
        return WORDS[word](_inner(value, named, f"{where}: {word}"), **own, name=name, **options)
    if word == "in_class":
        return in_class(indicator, *array(value, where), name=name, **options)
    if word == "worse_than_city":
        return _worse(worse_than_city(indicator, **options), name, value)
    if word == "hotspot":
        return hotspot(indicator, statistic=value, name=name, **options)
    if word in COMPARISONS:
        limit = {"than": value} if isinstance(value, str | list) else {"limit": value}
        return WORDS[word](indicator, **limit, name=name, **options)
    return WORDS[word](indicator, value, name=name, **options)


def _inner(value: object, named: Mapping[str, Rule], where: str) -> Rule:
    """Return the rule inside a condition, over the names of other conditions."""
    if not isinstance(value, str):
        raise SpecError(f'{where} = {value!r} should be text such as "a & (b | c)", with names of conditions.')
    return read_rule(value, named, where)


def _worse(rule: Rule, name: str, value: object) -> Rule:
    if value is not True:
        raise SpecError(f"condition {name!r}: worse_than_city = {value!r} should be true.")
    assert isinstance(rule, Condition)  # noqa: S101 - one indicator, one condition
    return replace(rule, name=name)


def condition_pairs(condition: Condition) -> dict[str, Any]:
    """Return a condition as it stands in a rule file."""
    if isinstance(condition, Compare):
        options = {key: value for key, value in comparison_options(condition).items() if key != "than"}
        return {"indicator": condition.indicator, condition.word: condition.limit.than, **options}
    if isinstance(condition, InClass):
        return {"indicator": condition.axis, "in_class": condition.classes, **options_of(condition, "axis", "classes")}
    first: dict[str, Any] = {"indicator": condition.looks_at}
    if isinstance(condition, Worst):
        wanted = condition.share if condition.n is None else condition.n
        among = {} if condition.among is None else {"among": rule_by_name(condition.among)}
        return {**first, condition.kind: wanted, **options_of(condition, "indicator", "share", "n", "among"), **among}
    if isinstance(condition, Capped | Adjacent):
        assert condition.inner is not None  # noqa: S101 - it has one
        return {condition.kind: rule_by_name(condition.inner), **options_of(condition, "rule")}
    if isinstance(condition, Hotspot):
        return {**first, "hotspot": condition.statistic, **options_of(condition, "indicator", "statistic")}
    assert isinstance(condition, WorseThanCity)  # noqa: S101 - there is nothing else
    return {**first, "worse_than_city": True, **options_of(condition, "indicator")}


def rule_by_name(rule: Rule) -> str:
    """Return a rule with its conditions by their names."""
    if isinstance(rule, Not):
        return f"~({rule_by_name(rule.part)})" if isinstance(rule.part, KOf) else f"~{rule_by_name(rule.part)}"
    if isinstance(rule, KOf):
        if rule.k not in (1, len(rule.parts)):
            return f"k_of({rule.k}, {', '.join(map(rule_by_name, rule.parts))})"
        inner = [
            f"({rule_by_name(part)})"
            if isinstance(part, KOf) and part.k in (1, len(part.parts))
            else rule_by_name(part)
            for part in rule.parts
        ]
        return (" | " if rule.k == 1 else " & ").join(inner)
    assert isinstance(rule, Condition)  # noqa: S101 - there is nothing else
    return rule.name
