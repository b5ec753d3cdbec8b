"""Two columns as one map: status and dynamics of a need index, two conditions of a rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.disclosure.words import label, value_text
from quartiersatlas.present.map.classes import ramp
from quartiersatlas.screening.evaluation.outcome import Leaf, without_not
from quartiersatlas.screening.language.rules import CITY, Compare, Condition, Limit, WorseThanCity, Worst

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release, ReleasedColumn

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

# one ramp per class of the second axis, each from little to much need: hue tells the second axis, lightness the first
MATRIX_COLORS = (
    ("#dfdcf5", "#aea5e0", "#7a6dc0", "#43368a"),
    ("#f4f4ee", "#c3c3ba", "#8d8d83", "#4b4b44"),
    ("#fce2b4", "#f0ae57", "#c97a1c", "#7d4300"),
)
# the same for two conditions: green for the second, blue for the first, dark for both
PAIR_COLORS = (
    ("#f6f3c0", "#b5c8ef", "#6c7ec7"),
    ("#c2c791", "#64a7ae", "#545872"),
    ("#749648", "#246f5a", "#283534"),
)


def with_matrices(
    contents: list[dict[str, Any]], columns: list[ReleasedColumn], release: Release, lang: Lang
) -> list[dict[str, Any]]:
    """Put the first two axes of need together, after the axes, and two conditions of the rule, at the end.

    The page finds the values in the columns that are named by their place.
    """
    axes = [column for column in columns if column.kind == "class"]
    n = len(axes)
    found = [*contents[:n], *_need_matrix(axes, lang), *contents[n:]]
    return [*found, *_condition_matrix({c["id"]: place for place, c in enumerate(found)}, columns, release, lang)]


def _need_matrix(axes: list[ReleasedColumn], lang: Lang) -> list[dict[str, Any]]:
    both = axes[:2]
    colors = matrix_colors(*(len(axis.classes) for axis in both)) if len(both) > 1 else []
    if not colors:
        return []
    names = [axis.indicator.label(lang) for axis in both]
    sides = [
        {"head": name, "classes": [c.label(lang) for c in axis.classes]} for name, axis in zip(names, both, strict=True)
    ]
    words = {
        "label": text("label_matrix", lang, first=names[0], second=names[1]),
        "domain": text("heading_need", lang),
        "hint": text("legend_need", lang),
    }
    return [matrix_column("need_matrix", words, colors, [0, 1], sides)]


def matrix_colors(n_first: int, n_second: int) -> list[str]:
    """Return the colours of two axes together, the second one running fastest; empty where there are too many classes.

    Examples
    --------
    >>> matrix_colors(2, 3)
    ['#dfdcf5', '#f4f4ee', '#fce2b4', '#43368a', '#4b4b44', '#7d4300']
    """
    if not 1 < n_first <= len(MATRIX_COLORS[0]) or n_second != len(MATRIX_COLORS):
        return []
    return _row_by_row(MATRIX_COLORS, n_first)


def matrix_column(
    name: str, words: dict[str, str], colors: list[str], places: list[int], axes: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return two columns as one; the page finds their values in the columns that are named by their place."""
    return {
        "id": name,
        "unit": "",
        "decimals": 0,
        "city": None,
        "gaps": {},
        "schemes": {"class": {"breaks": [], "colors": colors}},
        "matrix": places,
        "axes": axes,
        **words,
    }


def _condition_matrix(
    places: dict[str, int], columns: list[ReleasedColumn], release: Release, lang: Lang
) -> list[dict[str, Any]]:
    pair = shown_conditions(release, columns)[:2]
    if not pair[1:]:
        return []
    found = condition_classes(release, pair)
    axes = [_axis(condition, classes, lang) for condition, classes in zip(pair, found, strict=True)]
    n_first, n_second = (len(axis["classes"]) for axis in axes)
    names = [label(condition.column, lang) for condition in pair]
    n_moved = len({area for axis in axes for area in axis["moved"]})
    notes = [text("legend_pair", lang), text("legend_rule", lang)]
    if n_moved:
        notes.append(text("legend_moved", lang, count=n_moved))
    words = {
        "label": text("label_pair", lang, first=names[0], second=names[1]),
        "domain": text("heading_selection", lang),
        "hint": " ".join(notes),
    }
    where = [places[condition.column.id] for condition in pair]
    both = [row * n_second + position for row in range(1, n_first) for position in range(1, n_second)]
    return [matrix_column("condition_matrix", words, pair_colors(n_first, n_second), where, axes) | {"both": both}]


def shown_conditions(release: Release, columns: list[ReleasedColumn]) -> list[ShownCondition]:
    """Return the conditions of the rule that ask for high values of a column of the map, one per column.

    Left out are those on scores of the need index and on classes, which the map shows as classes; those that ask for
    low values; and those whose limit is not one number for all areas, or is not shown.
    """
    rule = None if release.rule is None else release.rule.tree
    if rule is None:
        return []
    axes = {"need", *(c.axis for c in release.columns if c.kind == "score")}
    numbers = {c.id: c for c in columns if c.kind != "class" and c.id not in axes}
    found: dict[str, ShownCondition] = {}
    for leaf in without_not(rule).leaves:
        name = leaf.condition.looks_at
        if name in numbers and name not in found and leaf.holds and _asks_for_high(leaf.condition, numbers[name]):
            condition = _shown_condition(release, leaf, numbers[name])
            found |= {} if condition is None else {name: condition}
    return list(found.values())


def _asks_for_high(condition: Condition, column: ReleasedColumn) -> bool:
    """Return True for a condition that values beyond a limit fulfil, whatever chance says of them."""
    if isinstance(condition, Compare):
        return condition.upwards and condition.significant is None
    highest = getattr(condition, "highest", None)
    is_high = column.indicator.direction != -1 if highest is None else bool(highest)
    return isinstance(condition, Worst | WorseThanCity) and condition.inner is None and is_high


def _shown_condition(release: Release, leaf: Leaf, column: ReleasedColumn) -> ShownCondition | None:
    """Return a condition with its limit; None where that is not one number, or not shown."""
    condition, values = leaf.condition, release.values[column.id]
    rows = release.reasons[release.reasons["place"].eq(leaf.place)]
    others = release.reasons.iloc[:0].assign(role="") if release.other_reasons is None else release.other_reasons
    others = others[others["place"].eq(leaf.place)]
    if condition.kind == "worse_than_city" or (isinstance(condition, Compare) and condition.limit == Limit(CITY)):
        where, limit = "city", column.city
    elif isinstance(condition, Worst):
        where, limit = "selected", values[values.index.isin(rows["key"])].min() if not condition.by else float("nan")
    else:
        limits = pd.concat([rows["limit"], others["limit"]]).astype(float).drop_duplicates()
        where, limit = "number", limits.iloc[0] if len(limits) == 1 else float("nan")
    if pd.isna(limit):
        return None
    met = pd.Series(values.index.isin(rows["key"]), index=values.index)
    unmet = pd.Series(values.index.isin(others["key"][others["role"].eq("against")]), index=values.index)
    is_open = condition.kind in ("above", "worse_than_city")
    return ShownCondition(column, is_open, where, float(limit), values, met, unmet)


@dataclass(frozen=True, eq=False)
class ShownCondition:
    """A condition of the rule on a column of the map.

    Parameters
    ----------
    column : ReleasedColumn
        The column.
    is_open : bool
        Whether a value equal to the limit is not beyond it.
    where : {"city", "selected", "number"}
        What the limit is: the city value, the lowest selected value, or a number.
    limit : float
        The released city value, the lowest released value that was selected by the condition, or a number that the
        release shows; never the value of a protected area.
    values : Series of float
        The column as released.
    met, unmet : Series of bool
        Where the released reasons say that the condition is met, or not.
    """

    column: ReleasedColumn
    is_open: bool
    where: str
    limit: float
    values: pd.Series[float]
    met: pd.Series[bool]
    unmet: pd.Series[bool]

    @property
    def start(self) -> float:
        """The lowest number, as it is written, that is beyond the limit."""
        scale = 10**self.column.decimals
        at = round(self.limit * scale, 6)  # a limit between two written numbers: the next one is beyond it
        return float((np.floor(at) + 1 if self.is_open else np.ceil(at)) / scale)


def condition_classes(release: Release, pair: list[ShownCondition]) -> list[ConditionClasses]:
    """Return the classes of two conditions, such that the areas beyond both limits are those that meet both."""
    return [_classes(condition, beyond) for condition, beyond in zip(pair, _beyond(release, pair), strict=True)]


def _beyond(release: Release, pair: list[ShownCondition]) -> list[pd.Series[bool]]:
    """Tell on which side of their limits areas are: what the released numbers say, unless the outcome says otherwise.

    Limits and values are rounded when they leave; where that hides the side, the released reasons tell it for selected
    areas. Of an area that is not selected, though its numbers fulfil the rule, the condition nearest to its limit is
    not met. Where the rule has further conditions, its outcome does not tell which of them is not met.
    """
    sides = [condition.met | (condition.values.ge(condition.start) & ~condition.unmet) for condition in pair]
    rule = None if release.rule is None else release.rule.tree
    if rule is None or release.assessed is None or len(rule.conditions) > len(pair):
        return sides
    steps = [c.values.where(c.values > c.limit).rank(method="dense").fillna(0) for c in pair]
    for _ in pair:  # of a rule with "or" no condition is met
        wrong = rule.combine(sides, _at_least, lambda side: ~side) & release.assessed & ~release.selected
        far = [step.where(side, np.inf) for step, side in zip(steps, sides, strict=True)]
        is_first = far[0] <= far[1]
        sides = [sides[0] & ~(wrong & is_first), sides[1] & ~(wrong & ~is_first)]
    return sides


def _at_least(k: int, sides: list[pd.Series[bool]]) -> pd.Series[bool]:
    return sum((side.astype(int) for side in sides[1:]), start=sides[0].astype(int)) >= k


def _classes(condition: ShownCondition, beyond: pd.Series[bool]) -> ConditionClasses:
    values = condition.values
    inside = values[beyond].sort_values()
    middle = float(inside.iloc[(len(inside) - 1) // 2]) if len(inside) else condition.limit
    above = inside[inside > middle]
    classes = (beyond.astype(float) + (beyond & (values > middle))).where(values.notna())
    breaks = [condition.start, *([float(above.min())] if len(above) else [])]
    return ConditionClasses(classes, breaks, middle)


@dataclass(frozen=True, eq=False)
class ConditionClasses:
    """The classes of one condition: up to the limit, beyond it, far beyond it.

    Parameters
    ----------
    classes : Series of float
        0, 1 or 2; NaN without a value.
    breaks : list of float
        The lowest value of the second and of the third class; ties may leave no third one.
    middle : float
        Half of the values beyond the limit, or more, are not above it.
    """

    classes: pd.Series[float]
    breaks: list[float]
    middle: float

    def moved(self, values: pd.Series[float]) -> dict[str, list[float]]:
        """Return the areas that the limits alone would put elsewhere: number -> value and class."""
        by_number = pd.Series(np.searchsorted(self.breaks, values, side="right"), index=values.index)
        elsewhere = np.flatnonzero(values.notna() & by_number.ne(self.classes))
        return {str(i): [float(values.iloc[i]), int(self.classes.iloc[i])] for i in elsewhere}


def _axis(condition: ShownCondition, classes: ConditionClasses, lang: Lang) -> dict[str, Any]:
    """Return what the page needs of a condition: its words, its limits, and areas the limits would put elsewhere."""
    column, is_open = condition.column, condition.is_open
    at = column.of_city if condition.where == "city" else column
    limit, middle = value_text(condition.limit, at, lang), value_text(classes.middle, column, lang)
    lower = number_text(condition.limit, at.decimals, lang)
    first = text("limit_up_to" if is_open else "limit_below", lang, limit=limit)
    if len(classes.breaks) == 1:
        rest = [text("limit_above" if is_open else "limit_from", lang, limit=limit)]
    else:
        between = text("limit_above_to" if is_open else "legend_last_range", lang, lower=lower, upper=middle)
        rest = [between, text("limit_above", lang, limit=middle)]
    head = text(f"limit_{condition.where}", lang, label=label(column, lang), limit=limit)
    return {
        "head": head,
        "classes": [first, *rest],
        "breaks": classes.breaks,
        "moved": classes.moved(condition.values),
    }


def pair_colors(n_first: int, n_second: int) -> list[str]:
    """Return the colours of two conditions together, the second one running fastest; each has two or three classes.

    Examples
    --------
    >>> pair_colors(2, 2)
    ['#f6f3c0', '#749648', '#6c7ec7', '#283534']
    """
    return _row_by_row(PAIR_COLORS if n_second == len(PAIR_COLORS) else (PAIR_COLORS[0], PAIR_COLORS[-1]), n_first)


def _row_by_row(palette: tuple[tuple[str, ...], ...], n_rows: int) -> list[str]:
    ramps = [ramp(colors, n_rows) for colors in palette]
    return [colors[row] for row in range(n_rows) for colors in ramps]
