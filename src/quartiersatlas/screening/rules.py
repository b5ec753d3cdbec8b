"""Rules: small conditions, combined with & and |, each leaving a reason for every area.

Unknown values follow three-valued logic: an unknown condition neither selects nor rejects, it stays unknown unless
the other side of & or | settles the matter.
"""

from __future__ import annotations

import ast
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from quartiersatlas.errors import ColumnError, SpecError
from quartiersatlas.indicators import city_values
from quartiersatlas.need.score.scales import ranks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from quartiersatlas.intake import AreaData
    from quartiersatlas.need import NeedIndex

NEED = "need"


class Condition(NamedTuple):
    """One condition as written: its kind (``above_city``, ``worst_share``, ``in_class``) and what it looks at."""

    kind: str
    indicator: str


@dataclass(frozen=True)
class Held:
    """Where a rule holds and where it does not, shape (runs, n_areas); where neither, it cannot be told."""

    yes: NDArray[np.bool_]
    no: NDArray[np.bool_]


@dataclass(frozen=True)
class Redrawn:
    """What rules look at, in many runs.

    Parameters
    ----------
    columns, scores : dict of str to array, shape (runs, n_areas)
        Columns of the data and axes of the need index, the first axis first; a single row where runs do not differ.
    city : dict of str to array, shape (runs, 1)
        City values of the rates.
    classes : dict of str to array of int, shape (runs, n_areas)
        Class numbers of the axes; -1 where there is none.
    class_ids : dict of str to list of str
        The names of the classes.
    shift : array of float, shape (runs, 1)
        By how much limits move.
    """

    columns: Mapping[str, NDArray[np.float64]]
    city: Mapping[str, NDArray[np.float64]]
    scores: Mapping[str, NDArray[np.float64]]
    classes: Mapping[str, NDArray[np.int64]]
    class_ids: Mapping[str, Sequence[str]]
    shift: NDArray[np.float64]

    def of(self, name: str) -> NDArray[np.float64]:
        """Return an axis of the need index ('need' is its first) or a column."""
        if name == NEED:
            return next(iter(self.scores.values()))
        return self.scores.get(name, self.columns.get(name, np.empty((1, 0))))


@dataclass(frozen=True)
class Criterion:
    """One condition as applied: what was compared with what, per area (``pd.NA`` where it is unknown)."""

    kind: str
    indicator: str
    values: pd.Series
    threshold: object
    fulfilled: pd.Series[bool]


class Rule(ABC):
    """A condition on areas. Combine with ``&`` (both) and ``|`` (at least one)."""

    @abstractmethod
    def criteria(self, data: AreaData, need: NeedIndex | None) -> list[Criterion]:
        """Apply every single condition of the rule."""

    @property
    @abstractmethod
    def conditions(self) -> tuple[Condition, ...]:
        """The single conditions, in the order of :meth:`criteria`."""

    def combine(self, fulfilled: list[pd.Series[bool]]) -> pd.Series[bool]:
        """Combine the conditions, given in the order of :meth:`criteria`: all of them must hold."""
        result = fulfilled[0]
        for more in fulfilled[1:]:
            result = result & more
        return result

    @abstractmethod
    def holds(self, runs: Redrawn) -> Held:
        """Apply the rule in many runs."""

    @abstractmethod
    def __str__(self) -> str: ...

    def __bool__(self) -> bool:
        raise SpecError(f"{self}: rules are combined with & and |; 'and' and 'or' would drop one side.")

    def __and__(self, other: Rule) -> Rule:
        return Combined("&", self, other)

    def __or__(self, other: Rule) -> Rule:
        return Combined("|", self, other)

    def __repr__(self) -> str:
        return str(self)


@dataclass(frozen=True, repr=False)
class Combined(Rule):
    """Two rules joined by & or |."""

    sign: str
    left: Rule
    right: Rule

    def criteria(self, data: AreaData, need: NeedIndex | None) -> list[Criterion]:
        """Apply both sides."""
        return self.left.criteria(data, need) + self.right.criteria(data, need)

    def combine(self, fulfilled: list[pd.Series[bool]]) -> pd.Series[bool]:
        """Combine both sides in three-valued logic."""
        n_left = len(self.left.conditions)
        left, right = self.left.combine(fulfilled[:n_left]), self.right.combine(fulfilled[n_left:])
        return left & right if self.sign == "&" else left | right

    def holds(self, runs: Redrawn) -> Held:
        """Combine both sides in three-valued logic."""
        left, right = self.left.holds(runs), self.right.holds(runs)
        if self.sign == "&":
            return Held(left.yes & right.yes, left.no | right.no)
        return Held(left.yes | right.yes, left.no & right.no)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Those of both sides."""
        return self.left.conditions + self.right.conditions

    def __str__(self) -> str:
        sides = (f"({side})" if isinstance(side, Combined) else str(side) for side in (self.left, self.right))
        return f" {self.sign} ".join(sides)


@dataclass(frozen=True, repr=False)
class AboveCity(Rule):
    """Above the city value in every named rate."""

    indicators: tuple[str, ...]

    def criteria(self, data: AreaData, need: NeedIndex | None) -> list[Criterion]:  # noqa: ARG002 - one signature
        """Compare each rate with its city value from the counts."""
        found = []
        for name in self.indicators:
            city = city_values(data, name)
            refuse_reversed(name, data)
            values = data.values[name]
            found.append(Criterion("above_city", name, values, city, _known(values > city, values)))
        return found

    def holds(self, runs: Redrawn) -> Held:
        """Compare the rates with the city values of the same run."""
        each = [(runs.columns[name], runs.city[name]) for name in self.indicators]
        yes = np.logical_and.reduce([values > city for values, city in each])
        return Held(yes, np.logical_or.reduce([values <= city for values, city in each]))

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """One condition per rate."""
        return tuple(Condition("above_city", name) for name in self.indicators)

    def __str__(self) -> str:
        return f"above_city({_quoted(self.indicators)})"


@dataclass(frozen=True, repr=False)
class WorstShare(Rule):
    """Among the share of areas with the highest values."""

    indicator: str
    share: float

    def criteria(self, data: AreaData, need: NeedIndex | None) -> list[Criterion]:
        """Compare with the value of the last area that belongs to the share."""
        values = _column(self.indicator, data, need)
        known = values.dropna().sort_values(ascending=False)
        wanted = max(1, math.floor(self.share * len(known) + 0.5))
        limit = float(known.iloc[wanted - 1]) if len(known) else float("inf")
        return [Criterion("worst_share", self.indicator, values, limit, _known(values >= limit, values))]

    def holds(self, runs: Redrawn) -> Held:
        """Take the share of each run; where limits move, more or fewer areas are in it."""
        values = runs.of(self.indicator)
        known = ~np.isnan(values)
        n = known.sum(axis=-1, keepdims=True)
        wanted = np.maximum(1, np.floor(np.minimum(1, self.share * (1 + runs.shift)) * n + 0.5))
        yes = ranks(-values, "min") <= wanted
        return Held(yes, known & ~yes)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """One condition."""
        return (Condition("worst_share", self.indicator),)

    def __str__(self) -> str:
        return f'worst_share("{self.indicator}", {self.share:g})'


@dataclass(frozen=True, repr=False)
class InClass(Rule):
    """In one of the named classes of an axis of the need index."""

    axis: str
    classes: tuple[str, ...]

    def criteria(self, data: AreaData, need: NeedIndex | None) -> list[Criterion]:  # noqa: ARG002 - one signature
        """Compare the class of each area with the named ones."""
        need = _given(need, str(self))
        axes = {axis.id: [c.id for c in axis.classes] for axis in need.spec.axes}
        if self.axis not in axes:
            raise SpecError(f"{self}: the need index has no axis {self.axis!r}; there are {', '.join(axes)}.")
        unknown = [name for name in self.classes if name not in axes[self.axis]]
        if unknown:
            raise SpecError(f"{self}: no class {unknown[0]!r}; there are {', '.join(axes[self.axis])}.")
        values = need.classes[self.axis]
        inside = _known(values.isin(self.classes), values)
        return [Criterion("in_class", self.axis, values, " | ".join(self.classes), inside)]

    def holds(self, runs: Redrawn) -> Held:
        """Compare the class of each run with the named ones."""
        numbers = runs.classes[self.axis]
        yes = np.isin(numbers, [runs.class_ids[self.axis].index(name) for name in self.classes])
        return Held(yes, (numbers >= 0) & ~yes)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """One condition."""
        return (Condition("in_class", self.axis),)

    def __str__(self) -> str:
        return f"in_class({_quoted((self.axis, *self.classes))})"


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

    Examples
    --------
    >>> above_city("sgb2_rate", "child_poverty_u15") & worst_share("need", 0.2)
    above_city("sgb2_rate", "child_poverty_u15") & worst_share("need", 0.2)
    """
    if not indicators or not all(isinstance(name, str) for name in indicators):
        raise SpecError('above_city() needs the names of rates: above_city("sgb2_rate", "child_poverty_u15").')
    return AboveCity(indicators)


def worst_share(indicator: str, share: float) -> Rule:
    """Select the share of areas with the highest values of an indicator or of ``"need"``.

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
    """
    if not isinstance(indicator, str) or isinstance(share, str) or not 0 < share <= 1:
        raise SpecError(f"worst_share({indicator!r}, {share!r}): an indicator and a share above 0 and up to 1.")
    return WorstShare(indicator, share)


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

    Examples
    --------
    >>> in_class("status", "very_low") | in_class("status", "low") & in_class("dynamics", "negative")
    in_class("status", "very_low") | (in_class("status", "low") & in_class("dynamics", "negative"))
    """
    if not classes or not all(isinstance(name, str) for name in (axis, *classes)):
        raise SpecError('in_class() needs an axis and classes: in_class("status", "low", "very_low").')
    return InClass(axis, classes)


def _quoted(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _known(fulfilled: pd.Series[bool], values: pd.Series) -> pd.Series[bool]:
    """Return the condition, unknown where the value is."""
    return fulfilled.astype("boolean").mask(values.isna())


def refuse_reversed(name: str, data: AreaData) -> None:
    """Refuse an indicator of which less is more need: its high values are not those to look for."""
    if data.catalogue.get(name).direction == -1:
        raise SpecError(
            f"Of {name!r} a lower value means more need: rules on high values would select the wrong areas."
        )


def _given(need: NeedIndex | None, rule: str) -> NeedIndex:
    if need is None:
        raise SpecError(f"{rule} needs the need index: screen(data, rule, need=need).")
    return need


def _column(name: str, data: AreaData, need: NeedIndex | None) -> pd.Series[float]:
    """Return an axis of the need index ('need' is its first) or a numeric column of the data."""
    if name == NEED:
        return _given(need, f"A rule on {name!r}").scores.iloc[:, 0]
    if need is not None and name in need.scores.columns:
        return need.scores[name]
    refuse_reversed(name, data)
    if name not in data.values.columns:
        raise ColumnError.not_found(name, data.values.columns, "The data")
    column = data.values[name]
    if not np.issubdtype(np.asarray(column).dtype, np.number):
        raise SpecError(f"A rule on {name!r}: the column holds text.")
    return column


WORDS: dict[str, Callable[..., Rule]] = {"above_city": above_city, "in_class": in_class, "worst_share": worst_share}


def parse_rule(text: str) -> Rule:
    """Read a rule such as ``above_city("sgb2_rate") & worst_share("need", 0.2)``.

    Raises
    ------
    SpecError
        The text is not made of the known conditions, constants, ``&``, ``|`` and brackets.

    Examples
    --------
    >>> parse_rule('above_city("sgb2_rate") | worst_share("need", 0.1)')
    above_city("sgb2_rate") | worst_share("need", 0.1)
    """
    try:
        return _build(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, TypeError) as error:
        raise SpecError(
            f"The rule {text!r} cannot be read. Conditions are {', '.join(WORDS)}, combined with & and |, such as "
            f'above_city("sgb2_rate", "child_poverty_u15") & worst_share("need", 0.2).'
        ) from error


def _build(node: ast.expr) -> Rule:
    match node:
        case ast.BinOp(left=left, op=ast.BitAnd(), right=right):
            return _build(left) & _build(right)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _build(left) | _build(right)
        case ast.Call(func=ast.Name(id=word), args=arguments, keywords=[]) if word in WORDS:
            return WORDS[word](*(ast.literal_eval(argument) for argument in arguments))
    raise ValueError(ast.dump(node))
