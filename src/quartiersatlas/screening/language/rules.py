"""The rule language: a tree of conditions, combined with ``&``, ``|``, ``~`` and "at least k of".

A rule is plain data: what is compared with what. The chapters ``comparisons`` and ``conditions`` make its conditions,
``rule_text`` and ``rule_spec`` read it, :mod:`quartiersatlas.screening.evaluation` says where it holds.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NoReturn, TypeVar

from quartiersatlas.base.checks import expects
from quartiersatlas.errors import SpecError
from quartiersatlas.screening.language.constants import literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

Unknown = Literal["unknown", "no", "yes"]
Result = TypeVar("Result")

MOST_CONDITIONS = 200  # in a rule: nobody reads more
DEEPEST = 20  # brackets in brackets
NEED = "need"  # in a rule: the first axis of the need index
COMPARISONS = ("above", "at_least", "below", "at_most")
CITY, REST, MEAN, MEDIAN, QUANTILE = "city", "rest", "mean", "median", "quantile"
COMPUTED = (CITY, REST, MEAN, MEDIAN, QUANTILE)  # limits made of the areas; all other names are levels or references
QUANTILE_TYPES = (4, 5, 6, 7, 8, 9)  # Hyndman & Fan
EXAMPLES = {
    "above": 'above("child_poverty_u15", than="city")',
    "above_city": 'above_city("sgb2_rate", "child_poverty_u15")',
    "worst_share": 'worst_share("need", 0.2)',
    "in_class": 'in_class("status", "low", "very_low")',
    "k_of": "k_of(2, rule, rule, rule)",
}
TAKE_FEWER = (
    f"A rule takes up to {MOST_CONDITIONS} conditions, {DEEPEST} deep. Name several classes in one in_class(), and "
    f"leave out brackets that change nothing."
)


class Rule:
    """A rule on areas. Combine with ``&`` (both), ``|`` (at least one), ``~`` (not) and :func:`k_of`."""

    depth: int = 1
    """How many brackets lie in each other."""

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The single conditions from left to right, one that is written twice as two."""
        raise NotImplementedError

    @property
    def every(self) -> tuple[Condition, ...]:
        """The single conditions, each followed by those of the rule that stands inside it."""
        return tuple(one for condition in self.conditions for one in condition.every)

    @property
    def indicators(self) -> tuple[str, ...]:
        """All indicators, axes and columns that the rule looks at, each once."""
        return tuple(dict.fromkeys(name for one in self.every for name in one.own_indicators))

    def combine(
        self,
        outcomes: Sequence[Result],
        k_of: Callable[[int, list[Result]], Result],
        negate: Callable[[Result], Result],
    ) -> Result:
        """Combine the outcomes of :attr:`conditions` to that of the rule.

        Parameters
        ----------
        outcomes : list
            One per condition, whatever an outcome is: truths, costs, words.
        k_of : callable
            Makes the outcome of "at least k of these".
        negate : callable
            Makes the outcome of "not".
        """
        raise NotImplementedError

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        return rule_as_text(self)

    def __bool__(self) -> bool:
        raise SpecError(f"{self}: rules are combined with &, | and ~; 'and', 'or' and 'not' would drop one side.")

    def __and__(self, other: Rule) -> Rule:
        expects(other, Rule, "&", f"{self} & {EXAMPLES['worst_share']}")
        return joined(2, (self, other))

    def __or__(self, other: Rule) -> Rule:
        expects(other, Rule, "|", f"{self} | {EXAMPLES['worst_share']}")
        return joined(1, (self, other))

    def __invert__(self) -> Rule:
        return self.part if isinstance(self, Not) else Not(self)

    def __rand__(self, other: object) -> NoReturn:
        expects(other, Rule, "&", f"{EXAMPLES['worst_share']} & {self}")
        raise AssertionError  # a rule on the left answers by itself

    def __ror__(self, other: object) -> NoReturn:
        expects(other, Rule, "|", f"{EXAMPLES['worst_share']} | {self}")
        raise AssertionError


@dataclass(frozen=True, repr=False)
class Not(Rule):
    """Where the part does not hold; unknown where it is unknown."""

    part: Rule
    depth: int = field(init=False, compare=False, default=0)

    def __post_init__(self) -> None:
        _check_size(self, self.part.depth + 1)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Those of the part."""
        return self.part.conditions

    def combine(
        self,
        outcomes: Sequence[Result],
        k_of: Callable[[int, list[Result]], Result],
        negate: Callable[[Result], Result],
    ) -> Result:
        """Negate the outcome of the part."""
        return negate(self.part.combine(outcomes, k_of, negate))


@dataclass(frozen=True, repr=False)
class KOf(Rule):
    """At least k of the parts: all of them is ``&``, one of them is ``|``."""

    k: int
    parts: tuple[Rule, ...]
    depth: int = field(init=False, compare=False, default=0)
    leaves: tuple[Condition, ...] = field(init=False, compare=False, default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "leaves", tuple(leaf for part in self.parts for leaf in part.conditions))
        _check_size(self, max(part.depth for part in self.parts) + 1)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Those of all parts."""
        return self.leaves

    def combine(
        self,
        outcomes: Sequence[Result],
        k_of: Callable[[int, list[Result]], Result],
        negate: Callable[[Result], Result],
    ) -> Result:
        """Combine the outcomes of the parts."""
        found, start = [], 0
        for part in self.parts:
            end = start + len(part.conditions)
            found.append(part.combine(outcomes[start:end], k_of, negate))
            start = end
        return k_of(self.k, found)


def _check_size(rule: Rule, depth: int) -> None:
    object.__setattr__(rule, "depth", depth)
    if len(rule.every) > MOST_CONDITIONS:
        raise SpecError(f"These would be {len(rule.every)} conditions. {TAKE_FEWER}")
    if depth > DEEPEST + 1:
        raise SpecError(f"These brackets would be {depth - 1} deep. {TAKE_FEWER}")


def joined(k: int, parts: Iterable[Rule]) -> Rule:
    """Return "at least k of the parts"; ``&`` in ``&`` and ``|`` in ``|`` are one list, whose order stays."""
    parts = tuple(parts)
    if len(parts) == 1:
        return parts[0]
    for alike in (len(parts), 1):
        if k == alike:
            flat: list[Rule] = []
            for part in parts:
                inner = isinstance(part, KOf) and part.k == (1 if alike == 1 else len(part.parts))
                flat += part.parts if isinstance(part, KOf) and inner else (part,)
            return KOf(1 if alike == 1 else len(flat), tuple(flat))
    return KOf(k, parts)


def all_of(parts: Sequence[Rule]) -> Rule:
    """Return "all of the parts"."""
    return joined(len(parts), parts)


@dataclass(frozen=True, repr=False, kw_only=True)
class Condition(Rule):
    """One condition. Its name, if it has one, is the id of its reasons; it is no part of what it says.

    Parameters
    ----------
    name : str
        Such as the key of the condition in a rule file.
    unknown : {"unknown", "no", "yes"}
        What an area is for which the condition cannot be judged: undecided, not meeting it, or meeting it.
    """

    name: str = field(default="", compare=False)
    unknown: Unknown = "unknown"

    kind = ""
    inner_field: ClassVar[str] = ""
    """Where the rule stands that is inside the condition; empty where there can be none."""

    def __post_init__(self) -> None:
        if self.inner is not None:
            _check_size(self, self.inner.depth + 1)

    @property
    def looks_at(self) -> str:
        """The indicator, axis or column; empty where it is none."""
        raise NotImplementedError

    @property
    def inner(self) -> Rule | None:
        """The rule inside the condition: which areas are compared, capped, or neighbours."""
        return getattr(self, self.inner_field) if self.inner_field else None

    @property
    def every(self) -> tuple[Condition, ...]:
        """The condition itself, and those of the rule inside it."""
        return (self,) if self.inner is None else (self, *self.inner.every)

    @property
    def own_indicators(self) -> tuple[str, ...]:
        """What the condition itself looks at, without the rule inside it."""
        return (self.looks_at,) if self.looks_at else ()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The condition itself."""
        return (self,)

    def combine(
        self,
        outcomes: Sequence[Result],
        k_of: Callable[[int, list[Result]], Result],  # noqa: ARG002 - one signature
        negate: Callable[[Result], Result],  # noqa: ARG002 - one signature
    ) -> Result:
        """Return its own outcome."""
        return outcomes[0]

    def named(self, name: str) -> Condition:
        """Return the condition under a name."""
        return replace(self, name=name)


@dataclass(frozen=True)
class Limit:
    """What values are compared with: ``factor * than + plus``, rounded to ``digits`` if these are given.

    Parameters
    ----------
    than : Decimal, str, or tuple of (Decimal, str)
        A number; ``"city"``, ``"rest"``, ``"mean"``, ``"median"``, ``"quantile"``; the name of a higher level or of
        published references; or weights and names of a mix.
    factor, plus : Decimal
        As above.
    digits : int, optional
        Decimals to which the limit is rounded (half up) before values are compared with it.
    sd : Decimal
        With ``"mean"``: so many standard deviations are added.
    ddof : int
        Of the standard deviation.
    q : Decimal, optional
        With ``"quantile"``: in [0, 1].
    quantile_type : int
        Of Hyndman & Fan, 4 to 9.
    """

    than: Decimal | str | tuple[tuple[Decimal, str], ...]
    factor: Decimal = Decimal(1)
    plus: Decimal = Decimal(0)
    digits: int | None = None
    sd: Decimal = Decimal(0)
    ddof: int = 1
    q: Decimal | None = None
    quantile_type: int = 7

    @property
    def names(self) -> tuple[str, ...]:
        """The names in it."""
        if isinstance(self.than, str):
            return (self.than,)
        return tuple(name for _, name in self.than) if isinstance(self.than, tuple) else ()


@dataclass(frozen=True, repr=False, kw_only=True)
class Compare(Condition):
    """A value compared with a limit."""

    word: str
    indicator: str
    limit: Limit
    min_denominator: Decimal | None = None
    significant: Decimal | None = None
    correction: str = "bh"
    printed: str = "interval"
    source: str = ""

    @property
    def kind(self) -> str:  # type: ignore[override]
        """The word of the comparison."""
        return self.word

    @property
    def looks_at(self) -> str:
        """The indicator."""
        return self.indicator

    @property
    def closed(self) -> bool:
        """Whether the limit itself fulfils the condition."""
        return self.word in ("at_least", "at_most")

    @property
    def upwards(self) -> bool:
        """Whether high values fulfil the condition."""
        return self.word in ("above", "at_least")


@dataclass(frozen=True, repr=False, kw_only=True)
class WorseThanCity(Condition):
    """On the side of the city value that the catalogue calls the worse one."""

    indicator: str
    kind = "worse_than_city"

    @property
    def looks_at(self) -> str:
        """The indicator."""
        return self.indicator


@dataclass(frozen=True, repr=False, kw_only=True)
class Worst(Condition):
    """Among a share or a number of the areas with the worst values."""

    indicator: str
    share: Decimal | None = None
    n: int | None = None
    by: str = ""
    count: str = "half_up"
    ties: str = "in"
    most: Decimal = Decimal("1.5")
    highest: bool | None = None
    among: Rule | None = None
    printed: str = "interval"
    inner_field = "among"

    @property
    def kind(self) -> str:  # type: ignore[override]
        """Whether a share or a number is asked for."""
        return "worst_share" if self.n is None else "worst_n"

    @property
    def looks_at(self) -> str:
        """The indicator."""
        return self.indicator


@dataclass(frozen=True, repr=False, kw_only=True)
class InClass(Condition):
    """In one of the named classes."""

    axis: str
    classes: tuple[str, ...]
    printed: str = "interval"
    kind = "in_class"

    @property
    def looks_at(self) -> str:
        """The axis or column."""
        return self.axis


@dataclass(frozen=True, repr=False, kw_only=True)
class Hotspot(Condition):
    """In a local cluster of the worse values."""

    indicator: str
    statistic: str = "gi"
    fdr: Decimal = Decimal("0.05")
    permutations: int = 0
    highest: bool | None = None
    printed: str = "interval"
    kind = "hotspot"

    @property
    def looks_at(self) -> str:
        """The indicator."""
        return self.indicator


@dataclass(frozen=True, repr=False, kw_only=True)
class Capped(Condition):
    """Taken in order from the areas of a rule, as long as they have no more than so many persons together."""

    rule: Rule
    order: str
    share: Decimal | None = None
    number_of: Decimal | None = None
    of: str = "residents"
    by: str = ""
    beyond: str = "stop"
    count: str = "floor"
    highest: bool | None = None
    printed: str = "interval"
    kind = "capped"
    inner_field = "rule"

    @property
    def looks_at(self) -> str:
        """What decides on the order."""
        return self.order

    @property
    def own_indicators(self) -> tuple[str, ...]:
        """The order, and the count that is capped."""
        return (self.order, self.of)


@dataclass(frozen=True, repr=False, kw_only=True)
class Adjacent(Condition):
    """Beside areas of a rule; where it compares, beside such ones whose value is on that side of its own."""

    rule: Rule
    indicator: str = ""
    compare: str = ""
    factor: Decimal = Decimal(1)
    n: int = 1
    share: Decimal | None = None
    contact: str = "border"
    printed: str = "interval"
    kind = "adjacent_to"
    inner_field = "rule"

    @property
    def looks_at(self) -> str:
        """What is compared with the neighbour; often nothing."""
        return self.indicator


def changed(rule: Rule, change: Callable[[Condition], Condition]) -> Rule:
    """Return a rule with other conditions; of a condition with a rule inside, that rule is changed first."""
    if isinstance(rule, Not):
        return Not(changed(rule.part, change))
    if isinstance(rule, KOf):
        return KOf(rule.k, tuple(changed(part, change) for part in rule.parts))
    assert isinstance(rule, Condition)  # noqa: S101 - there is nothing else
    inner = rule.inner
    parts: dict[str, Any] = {} if inner is None else {rule.inner_field: changed(inner, change)}
    return change(replace(rule, **parts) if parts else rule)


def rule_as_text(rule: Rule) -> str:
    """Return a rule as it is typed, so that it reads back."""
    if isinstance(rule, Not):
        inner = rule_as_text(rule.part)
        return f"~({inner})" if _is_joined(rule.part) else f"~{inner}"
    if isinstance(rule, KOf):
        if not _is_joined(rule):
            return f"k_of({rule.k}, {', '.join(map(rule_as_text, rule.parts))})"
        sign = " | " if rule.k == 1 else " & "
        return sign.join(f"({rule_as_text(part)})" if _is_joined(part) else rule_as_text(part) for part in rule.parts)
    assert isinstance(rule, Condition)  # noqa: S101 - there is nothing else
    return condition_as_text(rule)


def _is_joined(rule: Rule) -> bool:
    """Return True for what is written with & or |."""
    return isinstance(rule, KOf) and rule.k in (1, len(rule.parts))


def condition_as_text(condition: Condition) -> str:
    """Return one condition as it is typed: what is not given is the default."""
    match condition:
        case Compare(limit=Limit(than="city")) if condition == Compare(
            word="above", indicator=condition.indicator, limit=Limit(CITY)
        ):
            return f"above_city({literal(condition.indicator)})"
        case Compare(limit=limit):
            given: tuple[Any, ...] = () if _is_named(limit) else (limit.than,)
            return _call(condition, [condition.indicator, *given], comparison_options(condition))
        case Worst(share=share, n=n):
            wanted = share if n is None else n
            return _call(condition, [condition.indicator, wanted], options_of(condition, "indicator", "share", "n"))
        case InClass(axis=axis, classes=classes):
            return _call(condition, [axis, *classes], options_of(condition, "axis", "classes"))
        case Capped(rule=inner) | Adjacent(rule=inner):
            return _call(condition, [inner], options_of(condition, "rule"))
    return _call(condition, [condition.looks_at], options_of(condition, "indicator"))


def comparison_options(condition: Compare) -> dict[str, Any]:
    """Return what a comparison says beside its word, indicator and number, under the names of :func:`above`."""
    limit = condition.limit
    options: dict[str, Any] = {"than": limit.than} if _is_named(limit) else {}
    renamed = {"quantile_type": "type"}
    options |= {renamed.get(name, name): value for name, value in _changed(limit).items() if name != "than"}
    return options | options_of(condition, "word", "indicator", "limit")


def _is_named(limit: Limit) -> bool:
    return not isinstance(limit.than, Decimal)


def options_of(condition: Condition, *but: str) -> dict[str, Any]:
    """Return the options of a condition that are not the default; its name is none."""
    return {name: value for name, value in _changed(condition).items() if name not in (*but, "name")}


def _changed(record: Any) -> dict[str, Any]:  # noqa: ANN401 - a condition or limit
    values = {field.name: (getattr(record, field.name), field.default) for field in fields(record) if field.init}
    return {name: value for name, (value, default) in values.items() if value != default}


def _call(condition: Condition, given: Sequence[Any], options: Mapping[str, Any]) -> str:
    said = [*map(literal, given), *(f"{name}={literal(value)}" for name, value in options.items())]
    return f"{condition.kind}({', '.join(said)})"
