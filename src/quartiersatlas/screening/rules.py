"""Rules: small conditions, combined with & and |, each leaving a reason for every area.

A rule says first what it looks at (:meth:`Rule.observe`, which refuses what is not there), and is then evaluated on
arrays whose last axis is the areas (:meth:`Rule.criteria`): the data as they are is one replicate, a Monte Carlo brings
many. Results are three-valued: a condition on an unknown value neither selects nor rejects, it stays unknown unless
the other side of & or | decides.
"""

from __future__ import annotations

import ast
import json
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from numbers import Real
from typing import TYPE_CHECKING, NamedTuple, NoReturn, TypeVar

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from quartiersatlas.base.checks import choice, expects
from quartiersatlas.base.letters import composed
from quartiersatlas.errors import ArgumentError, ColumnError, SpecError
from quartiersatlas.indicators import city_values
from quartiersatlas.intake.joining.data import direction_of, kind_of, rate_recipe

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from quartiersatlas.intake import AreaData
    from quartiersatlas.need import NeedIndex

MOST_CONDITIONS = 100  # in a rule: what evaluates it goes from bracket to bracket, and nobody reads more
LONGEST_RULE = 20_000  # characters of the text of a rule
SHOWN_LETTERS = 200  # of a rule that cannot be read
NEED = "need"  # in a rule: the first axis of the need index
TAKE_FEWER = (
    f"A rule takes up to {MOST_CONDITIONS} conditions. Name several rates in one above_city(), several classes in one "
    f"in_class(), and leave out brackets that change nothing."
)
EXAMPLES = {
    "above_city": 'above_city("sgb2_rate", "child_poverty_u15")',
    "worst_share": 'worst_share("need", 0.2)',
    "in_class": 'in_class("status", "low", "very_low")',
}


def above_city(*indicators: str) -> Rule:
    """Select areas above the city value in every named rate.

    The city value comes from the counts of all areas; a value equal to it is not above.

    Parameters
    ----------
    *indicators : str
        Rates that were added from counts.

    Returns
    -------
    Rule
        The condition.

    Raises
    ------
    SpecError
        No rate is named.
    ArgumentError
        A name is not text.

    Examples
    --------
    >>> above_city("sgb2_rate", "child_poverty_u15") & worst_share("need", 0.2)
    above_city("sgb2_rate", "child_poverty_u15") & worst_share("need", 0.2)
    """
    if not indicators:
        raise SpecError(f"above_city() needs the names of rates: {EXAMPLES['above_city']}.")
    for name in indicators:
        expects(name, str, "above_city", EXAMPLES["above_city"])
    return AboveCity(tuple(map(composed, indicators)))


def worst_share(indicator: str, share: float) -> Rule:
    """Select the share of areas with the worst values of an indicator or of ``"need"``.

    The worst are the highest values, and the lowest where the catalogue says that a lower value means more need.

    Parameters
    ----------
    indicator : str
        A column of the data, an axis of the need index, or ``"need"`` for its first axis.
    share : float
        In (0, 1]: share of the areas with a value; their number is rounded (0.5 up, at least 1), ties at the limit
        are all in.

    Returns
    -------
    Rule
        The condition.

    Raises
    ------
    SpecError
        The share is outside (0, 1].
    ArgumentError
        The indicator is not text.
    """
    expects(indicator, str, "worst_share", EXAMPLES["worst_share"])
    if isinstance(share, bool | np.bool_) or not isinstance(share, Real) or not 0 < share <= 1:
        raise SpecError(f"worst_share: share is {share!r}; it must be above 0 and up to 1, such as 0.2 for 20 %.")
    return WorstShare(composed(indicator), float(share))


def in_class(axis: str, *classes: str) -> Rule:
    """Select areas in one of the named classes of an axis of the need index.

    Parameters
    ----------
    axis : str
        Axis of the need index, such as ``"status"``.
    *classes : str
        Ids of its classes.

    Returns
    -------
    Rule
        The condition.

    Raises
    ------
    SpecError
        No class is named.
    ArgumentError
        A name is not text.

    Examples
    --------
    >>> in_class("status", "very_low") | in_class("status", "low") & in_class("dynamics", "negative")
    in_class("status", "very_low") | (in_class("status", "low") & in_class("dynamics", "negative"))
    """
    for name in (axis, *classes):
        expects(name, str, "in_class", EXAMPLES["in_class"])
    if not classes:
        raise SpecError(f"in_class() needs an axis and classes: {EXAMPLES['in_class']}.")
    return InClass(composed(axis), tuple(map(composed, classes)))


CONDITIONS: dict[str, Callable[..., Rule]] = {
    "above_city": above_city,
    "in_class": in_class,
    "worst_share": worst_share,
}


def parse_rule(text: str) -> Rule:
    """Read a rule such as ``above_city("sgb2_rate") & worst_share("need", 0.2)``.

    Parameters
    ----------
    text : str
        The rule as it is written in Python, and as ``str(rule)`` gives it. It is never run as code.

    Returns
    -------
    Rule
        The rule.

    Raises
    ------
    SpecError
        The text is not made of the known conditions, constants, ``&``, ``|`` and brackets, or there are more than 100
        conditions.
    ArgumentError
        It is not text.

    Examples
    --------
    >>> parse_rule('above_city("sgb2_rate") | worst_share("need", 0.1)')
    above_city("sgb2_rate") | worst_share("need", 0.1)
    """
    expects(text, str, "parse_rule", f"parse_rule('{EXAMPLES['worst_share']}')")
    shown = text if len(text) <= SHOWN_LETTERS else f"{text[:SHOWN_LETTERS]}..."
    if len(text) > LONGEST_RULE:
        raise SpecError(f"The rule {shown!r} cannot be read: it has {len(text):,} characters. {TAKE_FEWER}")
    try:
        return _build(ast.parse(text.strip(), mode="eval").body)
    except ArgumentError as error:
        raise SpecError(f"The rule {shown!r} cannot be read: {error}") from error
    except (RecursionError, MemoryError) as error:
        raise SpecError(f"The rule {shown!r} cannot be read: it is nested too deep. {TAKE_FEWER}") from error
    except (SyntaxError, ValueError, TypeError) as error:
        raise SpecError(
            f"The rule {shown!r} cannot be read. Conditions are {', '.join(CONDITIONS)}, combined with & and |, such "
            f"as {EXAMPLES['above_city']} & {EXAMPLES['worst_share']}."
        ) from error


def _build(node: ast.expr) -> Rule:
    match node:
        case ast.BinOp(left=left, op=ast.BitAnd(), right=right):
            return _build(left) & _build(right)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _build(left) | _build(right)
        case ast.Call(func=ast.Name(id=word), args=arguments, keywords=[]) if word in CONDITIONS:
            return CONDITIONS[word](*(ast.literal_eval(argument) for argument in arguments))
    raise ValueError(ast.dump(node))


class Condition(NamedTuple):
    """One condition as written: its kind (``above_city``, ``worst_share``, ``in_class``) and what it looks at."""

    kind: str
    indicator: str


@dataclass(frozen=True, eq=False)
class Truth:
    """Where something holds and where it does not, shape (replicates, n_areas); where neither, it is unknown."""

    yes: NDArray[np.bool_]
    no: NDArray[np.bool_]

    @classmethod
    def where(cls, holds: NDArray[np.bool_], known: NDArray[np.bool_]) -> Truth:
        """Build it from a comparison and from where both of its sides are known."""
        return cls(known & holds, known & ~holds)

    @property
    def known(self) -> NDArray[np.bool_]:
        """Where it is not unknown."""
        known: NDArray[np.bool_] = self.yes | self.no
        return known

    def __and__(self, other: Truth) -> Truth:
        return Truth(self.yes & other.yes, self.no | other.no)

    def __or__(self, other: Truth) -> Truth:
        return Truth(self.yes | other.yes, self.no & other.no)


@dataclass(frozen=True, eq=False)
class Criterion:
    """One condition as applied: what was compared with what, and the outcome.

    Parameters
    ----------
    condition : Condition
        The condition.
    values : array, shape (replicates, n_areas)
        Values, NaN where unknown; or numbers of classes, -1 where unknown.
    limit : array of float, shape (replicates, 1), or tuple of str
        What the values are compared with; or the ids of the classes that fulfil the condition.
    fulfilled : Truth
        The outcome.
    class_ids : list of str
        The ids of all classes in the order of their numbers; empty where values are no classes.
    """

    condition: Condition
    values: NDArray[np.float64] | NDArray[np.int64]
    limit: NDArray[np.float64] | tuple[str, ...]
    fulfilled: Truth
    class_ids: Sequence[str] = ()


@dataclass(frozen=True, eq=False)
class RuleInputs:
    """What rules look at, in one replicate or many.

    Parameters
    ----------
    columns : dict of str to array, shape (replicates, n_areas)
        Columns of the data; here as below a single row where replicates do not differ.
    city : dict of str to array, shape (replicates, 1)
        City values of rates.
    scores : dict of str to array, shape (replicates, n_areas)
        Axes of the need index; ``"need"`` is the first.
    classes : dict of str to array of int, shape (replicates, n_areas)
        Class numbers of the axes; -1 where there is none.
    class_ids : dict of str to list of str
        The ids of the classes of each axis.
    shift : array of float, shape (replicates, 1)
        By which part of it a share of areas is larger or smaller than written.
    lowest : frozenset of str
        Columns of which the lowest values are the worst.
    """

    columns: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    city: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    scores: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    classes: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    class_ids: Mapping[str, Sequence[str]] = field(default_factory=dict)
    shift: NDArray[np.float64] = field(default_factory=lambda: np.zeros((1, 1)))
    lowest: frozenset[str] = frozenset()

    def __or__(self, other: RuleInputs) -> RuleInputs:
        return RuleInputs(
            columns={**self.columns, **other.columns},
            city={**self.city, **other.city},
            scores={**self.scores, **other.scores},
            classes={**self.classes, **other.classes},
            class_ids={**self.class_ids, **other.class_ids},
            shift=self.shift,
            lowest=self.lowest | other.lowest,
        )

    def score_or_column(self, name: str) -> NDArray[np.float64]:
        """Return an axis of the need index, or else the column of this name."""
        return self.scores[name] if name in self.scores else self.columns[name]


Logical = TypeVar("Logical", "Truth", "pd.Series[bool]")


class Rule(ABC):
    """A condition on areas. Combine with ``&`` (both) and ``|`` (at least one)."""

    n_conditions = 1
    """How many conditions are written, those that look at several columns as one."""

    @property
    @abstractmethod
    def conditions(self) -> tuple[Condition, ...]:
        """The single conditions, in the order of :meth:`criteria`."""

    @abstractmethod
    def observe(self, data: AreaData, need: NeedIndex | None) -> RuleInputs:
        """Return what the rule looks at, as it is: one replicate.

        Raises
        ------
        ColumnError, SpecError
            The rule names what is not there.
        """

    @abstractmethod
    def criteria(self, inputs: RuleInputs) -> list[Criterion]:
        """Apply every single condition of the rule."""

    def combine(self, fulfilled: Sequence[Logical]) -> Logical:
        """Combine the outcomes of the conditions, given in the order of :meth:`criteria`: all of them must hold."""
        result = fulfilled[0]
        for more in fulfilled[1:]:
            result = result & more
        return result

    @abstractmethod
    def __str__(self) -> str: ...

    def __repr__(self) -> str:
        return str(self)

    def __bool__(self) -> bool:
        raise SpecError(f"{self}: rules are combined with & and |; 'and' and 'or' would drop one side.")

    def __and__(self, other: Rule) -> Rule:
        expects(other, Rule, "&", f"{self} & {EXAMPLES['worst_share']}")
        return Combined("&", self, other)

    def __or__(self, other: Rule) -> Rule:
        expects(other, Rule, "|", f"{self} | {EXAMPLES['worst_share']}")
        return Combined("|", self, other)

    def __rand__(self, other: object) -> NoReturn:
        expects(other, Rule, "&", f"{EXAMPLES['worst_share']} & {self}")
        raise AssertionError  # a rule on the left answers by itself

    def __ror__(self, other: object) -> NoReturn:
        expects(other, Rule, "|", f"{EXAMPLES['worst_share']} | {self}")
        raise AssertionError


@dataclass(frozen=True, repr=False)
class Combined(Rule):
    """Two rules joined by & or |."""

    sign: str
    left: Rule
    right: Rule
    n_conditions: int = field(init=False, repr=False, compare=False, default=0)

    def __post_init__(self) -> None:
        n = self.left.n_conditions + self.right.n_conditions
        if n > MOST_CONDITIONS:
            raise SpecError(f"Joined by {self.sign}, these would be {n} conditions. {TAKE_FEWER}")
        object.__setattr__(self, "n_conditions", n)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Those of both sides."""
        return self.left.conditions + self.right.conditions

    def observe(self, data: AreaData, need: NeedIndex | None) -> RuleInputs:
        """Return what both sides look at."""
        return self.left.observe(data, need) | self.right.observe(data, need)

    def criteria(self, inputs: RuleInputs) -> list[Criterion]:
        """Apply both sides."""
        return self.left.criteria(inputs) + self.right.criteria(inputs)

    def combine(self, fulfilled: Sequence[Logical]) -> Logical:
        """Combine both sides in three-valued logic."""
        n_left = len(self.left.conditions)
        left, right = self.left.combine(fulfilled[:n_left]), self.right.combine(fulfilled[n_left:])
        return left & right if self.sign == "&" else left | right

    def __str__(self) -> str:
        sides = (f"({side})" if isinstance(side, Combined) else str(side) for side in (self.left, self.right))
        return f" {self.sign} ".join(sides)


@dataclass(frozen=True, repr=False)
class AboveCity(Rule):
    """Above the city value in every named rate."""

    indicators: tuple[str, ...]

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """One condition per rate."""
        return tuple(Condition("above_city", name) for name in self.indicators)

    def observe(self, data: AreaData, need: NeedIndex | None) -> RuleInputs:  # noqa: ARG002 - one signature
        """Return the rates, and their city values from the counts."""
        columns, city = {}, {}
        for name in self.indicators:
            _refuse_sums(name, data)
            city[name] = np.array([[city_values(data, name)]])
            _refuse_reversed(name, data)
            columns[name] = _one_replicate(data.values[name])
        return RuleInputs(columns=columns, city=city)

    def criteria(self, inputs: RuleInputs) -> list[Criterion]:
        """Compare each rate with the city value of the same replicate."""
        found = []
        for condition in self.conditions:
            values, limit = inputs.columns[condition.indicator], inputs.city[condition.indicator]
            fulfilled = Truth.where(values > limit, ~np.isnan(values) & ~np.isnan(limit))
            found.append(Criterion(condition, values, limit, fulfilled))
        return found

    def __str__(self) -> str:
        return f"above_city({_quoted(self.indicators)})"


@dataclass(frozen=True, repr=False)
class WorstShare(Rule):
    """Among the share of areas with the worst values: the highest, or the lowest by the catalogue."""

    indicator: str
    share: float

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """One condition."""
        return (Condition("worst_share", self.indicator),)

    def observe(self, data: AreaData, need: NeedIndex | None) -> RuleInputs:
        """Return an axis of the need index ('need' is its first) or a numeric column of the data."""
        name = self.indicator
        if name == NEED:
            need = _given(need, f"A rule on {name!r}")
            return RuleInputs(scores={name: _one_replicate(need.scores.iloc[:, 0])})
        if need is not None and name in need.scores.columns:
            return RuleInputs(scores={name: _one_replicate(need.scores[name])})
        if name not in data.values.columns:
            raise ColumnError.not_found(name, data.values.columns, "The data")
        column = data.values[name]
        if not is_numeric_dtype(column) or is_bool_dtype(column):
            kind = "True and False" if is_bool_dtype(column) else "text"
            raise SpecError(f"A rule on {name!r}: the column holds {kind}, not numbers.")
        lowest = frozenset([name]) if direction_of(data, name) == -1 else frozenset[str]()
        return RuleInputs(columns={name: _one_replicate(column)}, lowest=lowest)

    def criteria(self, inputs: RuleInputs) -> list[Criterion]:
        """Compare with the value of the last area that belongs to the share, in each replicate."""
        found = inputs.score_or_column(self.indicator)
        sign = -1 if self.indicator in inputs.lowest else 1
        values = sign * found
        known = ~np.isnan(values)
        n = known.sum(axis=-1, keepdims=True)
        wanted = np.maximum(1, np.floor(np.minimum(1, self.share * (1 + inputs.shift)) * n + 0.5)).astype(int)
        highest_first = -np.sort(-values, axis=-1)  # NaN comes last
        limit = np.where(n > 0, np.take_along_axis(highest_first, wanted - 1, axis=-1), np.inf)
        return [Criterion(self.conditions[0], found, sign * limit, Truth.where(values >= limit, known))]

    def __str__(self) -> str:
        share = np.format_float_positional(self.share, trim="-")  # all its digits, so that it reads back the same
        return f"worst_share({_quoted((self.indicator,))}, {share})"


@dataclass(frozen=True, repr=False)
class InClass(Rule):
    """In one of the named classes of an axis of the need index."""

    axis: str
    classes: tuple[str, ...]

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """One condition."""
        return (Condition("in_class", self.axis),)

    def observe(self, data: AreaData, need: NeedIndex | None) -> RuleInputs:  # noqa: ARG002 - one signature
        """Return the classes of the axis."""
        need = _given(need, str(self))
        axes = {axis.id: [c.id for c in axis.classes] for axis in need.spec.axes}
        choice(self.axis, axes, f"{self}: the axis")
        ids = axes[self.axis]
        for name in self.classes:
            choice(name, ids, f"{self}: each class")
        numbers = pd.Index(ids, dtype=object).get_indexer(pd.Index(need.classes[self.axis]))  # -1 where there is none
        return RuleInputs(classes={self.axis: numbers[None, :]}, class_ids={self.axis: ids})

    def criteria(self, inputs: RuleInputs) -> list[Criterion]:
        """Compare the class of each area with the named ones."""
        numbers, ids = inputs.classes[self.axis], inputs.class_ids[self.axis]
        holds = np.isin(numbers, [ids.index(name) for name in self.classes])
        return [Criterion(self.conditions[0], numbers, self.classes, Truth.where(holds, numbers >= 0), ids)]

    def __str__(self) -> str:
        return f"in_class({_quoted((self.axis, *self.classes))})"


def _quoted(names: tuple[str, ...]) -> str:
    """Return names as Python reads them."""
    return ", ".join(json.dumps(name, ensure_ascii=False) for name in names)


def _one_replicate(column: pd.Series[float]) -> NDArray[np.float64]:
    return np.asarray(column.to_numpy(dtype=float, na_value=np.nan), dtype=np.float64)[None, :]


def _refuse_sums(name: str, data: AreaData) -> None:
    """Refuse what is summed over areas, and its change: the city value is the sum, and no limit for an area."""
    base = data.changes[name][0] if name in data.changes else name
    if kind_of(data, base) not in ("count", "amount", "balance"):
        return
    how = f"data = {rate_recipe(data, base)}"
    if name in data.changes:
        how = f"{how} at both dates, and qa.add_change(...)"
    raise SpecError(
        f"above_city: the city value of {name!r} is the sum of all areas, and no area is above it. Compare a rate: "
        f"{how}."
    )


def _refuse_reversed(name: str, data: AreaData) -> None:
    """Refuse an indicator of which less is more need: its high values are not those to look for."""
    if direction_of(data, name) == -1:
        raise SpecError(
            f"A lower value of {name!r} means more need: a rule on high values would select the wrong areas."
        )


def _given(need: NeedIndex | None, rule: str) -> NeedIndex:
    if need is None:
        raise SpecError(f"{rule} needs the need index: screen(data, rule, need=need).")
    return need
