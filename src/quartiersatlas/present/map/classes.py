"""Classes and colours: of one column (declared, by breaks, around the city value), and of two columns together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.catalogue.texts import pick
from quartiersatlas.disclosure.release import NUMBER_FORMS
from quartiersatlas.disclosure.words import label, value_text
from quartiersatlas.errors import SpecError
from quartiersatlas.screening.evaluation.outcome import Leaf, without_not
from quartiersatlas.screening.language.rules import CITY, Compare, Condition, Limit, WorseThanCity, Worst

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release, ReleasedColumn

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

# after ColorBrewer 2.0 (C. Brewer): YlGnBu, BuGn, PuOr; no two classes look alike to colour-blind readers
NEED_COLORS = ("#ffffcc", "#a1dab4", "#41b6c4", "#2c7fb8", "#253494")
CONTEXT_COLORS = ("#edf8fb", "#b2e2e2", "#66c2a4", "#2ca25f", "#006d2c")
CONTEXT_SIX = ("#edf8fb", "#bfe6df", "#93d0bf", "#62b695", "#2f9563", "#00602a")
DIVERGING_COLORS = ("#998ec3", "#e8dfc8", "#f1a340")
SD_COLORS = ("#5e3c99", "#b2abd2", "#f7f7f7", "#fdb863", "#e66101")
DEVIATION_COLORS = ("#542788", "#998ec3", "#d8daeb", "#fee0b6", "#f1a340", "#b35806")
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
N_CLASSES = 5
AREAS_PER_CLASS = 3
SD_STEPS = (-1.5, -0.5, 0.5, 1.5)
CITY_SHARES = (0.5, 0.75, 1.0, 1.25, 1.5)


def map_columns(release: Release) -> list[ReleasedColumn]:
    """Return the columns one can choose on the map: classes of need first, then rates, shares and counts."""
    beside = {name for column in release.columns for name in (column.numerator, column.denominator) if name}
    order = {"class": 0, **dict.fromkeys((*NUMBER_FORMS, "count"), 1)}
    chosen = [c for c in release.columns if c.kind in order and c.id not in beside]
    return sorted(chosen, key=lambda c: order[c.kind])


def is_first_axis(release: Release, column: ReleasedColumn) -> bool:
    """Return True if the column holds the classes of the first axis of the need index."""
    return column.id in [c.id for c in release.columns if c.kind == "class"][:1]


def is_total(column: ReleasedColumn) -> bool:
    """Return True for counts and amounts: a coloured map of them shows above all which areas are large."""
    return column.indicator.kind in ("count", "amount") and not column.axis


def schemes(release: Release, column: ReleasedColumn, fixed: Sequence[float] | None) -> dict[str, dict[str, Any]]:
    """Return the ways to divide a column of numbers, the one shown first in front: limits and colours of each.

    Fixed limits, if given; quantiles; natural breaks; and for rates, whose city value is known from the counts, classes
    around it.
    """
    values = release.values[column.id]
    found: dict[str, dict[str, Any]] = {}
    if fixed is not None:
        found["fixed"] = _sequential(column, [float(limit) for limit in fixed])
    found["quantile"] = _sequential(column, quantile_breaks(values))
    found["jenks"] = _sequential(column, jenks_breaks(values, most_classes(values)))
    return found | around_city(release, column)


def most_classes(values: pd.Series[float]) -> int:
    """Return how many classes so many values bear: three areas each, one class at least.

    Examples
    --------
    >>> import pandas as pd
    >>> [most_classes(pd.Series(range(n))) for n in (0, 2, 6, 11, 15, 90)]
    [1, 1, 2, 3, 5, 5]
    """
    return max(1, min(N_CLASSES, int(values.notna().sum()) // AREAS_PER_CLASS))


def _sequential(column: ReleasedColumn, breaks: list[float]) -> dict[str, Any]:
    return {"breaks": breaks, "colors": column_colors(column, len(breaks) + 1, first_axis=False)}


def around_city(release: Release, column: ReleasedColumn) -> dict[str, dict[str, Any]]:
    """Return standard deviations and deviations around the city value; none for columns that are no rates.

    Those with more classes than the values bear are left out.
    """
    values = release.values[column.id]
    if column.kind != "rate" or pd.isna(column.city) or not values.notna().any():
        return {}
    found: dict[str, dict[str, Any]] = {}
    is_context = column.indicator.role == "context"
    spread = sd_breaks(values, release.values[column.denominator], column.city)
    if spread:
        found["sd"] = _around_city(spread, CONTEXT_COLORS if is_context else SD_COLORS, values, column)
    colors = CONTEXT_SIX if is_context else DEVIATION_COLORS
    found["deviation"] = _around_city(deviation_breaks(column.city), colors, values, column)
    return {name: scheme for name, scheme in found.items() if len(scheme["colors"]) <= _most_around(values)}


def _most_around(values: pd.Series[float]) -> int:
    """Return how many classes around the city value so many areas bear: all of them where all others are there too."""
    fitting = most_classes(values)
    return max(len(DEVIATION_COLORS), len(SD_COLORS)) if fitting == N_CLASSES else fitting


def _around_city(
    breaks: list[float], colors: tuple[str, ...], values: pd.Series[float], column: ReleasedColumn
) -> dict[str, Any]:
    limits, shown = within(breaks, colors, values, column.decimals)
    return {"breaks": limits, "colors": shown}


def check_fixed(release: Release, fixed: Mapping[str, Sequence[float]]) -> None:
    """Refuse fixed limits of columns that are not there, too many of them, or limits that do not rise.

    Raises
    ------
    SpecError
        The message names the column and its limits.
    """
    numbers = [column.id for column in release.columns if column.kind in (*NUMBER_FORMS, "count")]
    for name, limits in fixed.items():
        if name not in numbers:
            raise SpecError(f"breaks: the release has no column of numbers {name!r}; it has {', '.join(numbers)}.")
        found = list(limits) if isinstance(limits, Iterable) and not isinstance(limits, str) else []
        numeric = all(isinstance(limit, Real) and isfinite(limit) for limit in found)
        if not numeric or sorted(set(found)) != found or not 1 <= len(found) < N_CLASSES:
            raise SpecError(
                f"breaks: {name!r} has the limits {found or limits!r}; give one to {N_CLASSES - 1} rising numbers in a "
                "list, each the lowest value of its class."
            )


def column_colors(column: ReleasedColumn, n_classes: int, *, first_axis: bool) -> list[str]:
    """Return the colours of a column: need and benefits blue, context in a neutral green, dynamics around a middle."""
    if column.kind == "class" and not first_axis:
        return ramp(DIVERGING_COLORS, n_classes)
    is_context = column.indicator.role == "context"
    return ramp(CONTEXT_COLORS if is_context else NEED_COLORS, n_classes)


def darker(color: str, share: float = 0.6) -> str:
    """Return a colour nearer to black, for the outline of an area."""
    parts = [round(int(color[i : i + 2], 16) * share) for i in (1, 3, 5)]
    return "#{:02x}{:02x}{:02x}".format(*parts)


def ramp(colors: tuple[str, ...], n_classes: int) -> list[str]:
    """Return as many colours as there are classes, spread from light to dark."""
    if n_classes == 1:
        return [colors[len(colors) // 2]]
    return [colors[round(i * (len(colors) - 1) / (n_classes - 1))] for i in range(n_classes)]


def class_labels(column: ReleasedColumn, values: pd.Series[float], lang: Lang) -> list[str]:
    """Return what the legend calls the classes of a column: those of the need spec, or ranges of values."""
    if column.kind == "class":
        return [c.label(lang) for c in column.classes]
    known = values.dropna()
    if known.empty:
        return []
    limits = [known.min(), *quantile_breaks(values), known.max()]
    written = [number_text(limit, column.decimals, lang) for limit in limits]
    names = ["legend_range"] * (len(limits) - 2) + ["legend_last_range"]
    ranges = zip(names, written[:-1], written[1:], strict=True)
    # a class of one value, as it is written, is called by it
    return [lower if lower == upper else text(name, lang, lower=lower, upper=upper) for name, lower, upper in ranges]


def quantile_breaks(values: pd.Series[float], n_classes: int | None = None) -> list[float]:
    """Return class limits so that classes hold about equally many areas and equal values stay together.

    If not given, there are as many classes as the values bear (:func:`most_classes`). Each limit is a value that
    occurs, and the lowest value of its class. Ties give fewer classes.

    Examples
    --------
    >>> import pandas as pd
    >>> quantile_breaks(pd.Series([0.0] * 8 + [1.0, 2.0]), 5)
    [1.0]
    """
    known = np.sort(values.dropna().to_numpy(dtype=float))
    n_classes = most_classes(values) if n_classes is None else n_classes
    if not len(known) or n_classes == 1:
        return []
    starts = np.array([known[len(known) * k // n_classes] for k in range(1, n_classes)])
    above_lowest = known[known > known[0]][:1]
    # where the lowest value fills several classes, the next value starts one
    limits = [starts[starts > known[0]], above_lowest if (starts == known[0]).any() else []]
    return [float(limit) for limit in np.unique(np.concatenate(limits))]


def jenks_breaks(values: pd.Series[float], n_classes: int = N_CLASSES) -> list[float]:
    """Return natural breaks: the limits with the smallest sum of squares within classes.

    Exact, by dynamic programming over the different values; because the best start of the last class never moves down
    when a value is added, each row of the table is searched in halves: O(k n log n) [1]_.

    References
    ----------
    .. [1] Fisher, W. D. (1958). On grouping for maximum homogeneity. Journal of the American Statistical Association
           53(284), 789-798. Divide and conquer: Grønlund, A. et al. (2017). Fast exact k-means, k-medians and Bregman
           divergence clustering in 1D. arXiv:1701.07204.

    Examples
    --------
    >>> import pandas as pd
    >>> jenks_breaks(pd.Series([1.0, 1.1, 1.2, 5.0, 5.1, 9.0]), 3)
    [5.0, 9.0]
    """
    distinct, counts = np.unique(values.dropna().to_numpy(dtype=float), return_counts=True)
    n_classes = min(n_classes, len(distinct))
    if n_classes <= 1:
        return []
    centred = distinct - np.average(distinct, weights=counts)  # squares of small numbers lose no digits
    sums = np.cumsum(np.stack([counts, counts * centred, counts * centred**2]), axis=1)
    weight, linear, square = np.concatenate([np.zeros((3, 1)), sums], axis=1)

    def spread(start: Ints, stop: Ints) -> Floats:
        """Sum of squares around their mean of the values from start to before stop."""
        total: Floats = linear[stop] - linear[start]
        inside: Floats = square[stop] - square[start] - total**2 / (weight[stop] - weight[start])
        return inside

    stops = np.arange(1, len(distinct) + 1)
    best = np.concatenate([[np.inf], spread(np.zeros_like(stops), stops)])  # one class, for each number of values
    starts: list[Ints] = []
    for n_before in range(1, n_classes):
        best, start = _with_another_class(best, n_before, spread)
        starts.append(start)
    limits, stop = [], len(distinct)
    for start in reversed(starts):
        stop = int(start[stop])
        limits.append(float(distinct[stop]))
    return limits[::-1]


def _with_another_class(best: Floats, n_before: int, spread: Callable[[Ints, Ints], Floats]) -> tuple[Floats, Ints]:
    """Return the smallest sums with one class more, and where the last class starts; rows in halves, all at once."""
    n = len(best) - 1
    result, start_of = np.full(n + 1, np.inf), np.zeros(n + 1, dtype=np.int64)
    low, high = np.array([n_before + 1]), np.array([n])  # rows still to do
    first, last = np.array([n_before]), np.array([n - 1])  # where their last class may start
    while len(low):
        row = (low + high) // 2
        stop = np.minimum(last, row - 1)
        lengths = stop - first + 1
        ends = np.cumsum(lengths)
        begin = ends - lengths
        starts = np.arange(int(ends[-1])) - np.repeat(begin - first, lengths)
        sums = best[starts] + spread(starts, np.repeat(row, lengths))
        lowest = np.minimum.reduceat(sums, begin)
        # the first of the best starts
        place = np.where(sums == np.repeat(lowest, lengths), np.arange(len(sums)), len(sums))
        chosen = starts[np.minimum.reduceat(place, begin)]
        result[row], start_of[row] = lowest, chosen
        low, high = np.concatenate([low, row + 1]), np.concatenate([row - 1, high])
        first, last = np.concatenate([first, chosen]), np.concatenate([chosen, last])
        open_rows = low <= high
        low, high, first, last = low[open_rows], high[open_rows], first[open_rows], last[open_rows]
    return result, start_of


def sd_breaks(values: pd.Series[float], weights: pd.Series[float], city: float) -> list[float]:
    """Return limits at 0.5 and 1.5 standard deviations below and above the city value.

    ``s = sqrt(sum_i n_i (v_i - city)^2 / sum_i n_i)`` with the weights n_i that make the city value.
    """
    known = values.notna() & weights.notna()
    v, n = values[known].to_numpy(dtype=float), weights[known].to_numpy(dtype=float)
    if not n.sum() > 0:
        return []
    spread = float(np.sqrt((n * (v - city) ** 2).sum() / n.sum()))
    return [city + step * spread for step in SD_STEPS]


def deviation_breaks(city: float) -> list[float]:
    """Return limits at the city value and at a quarter and a half of it below and above."""
    return [share * city for share in CITY_SHARES]


def within(
    breaks: list[float], colors: tuple[str, ...], values: pd.Series[float], decimals: int
) -> tuple[list[float], list[str]]:
    """Return limits as they are written, and colours, of the classes between the lowest and the highest value.

    Examples
    --------
    >>> import pandas as pd
    >>> within([5.0, 10.0, 15.0], ("a", "b", "c", "d"), pd.Series([6.0, 10.0]), 0)
    ([10.0], ['b', 'c'])
    """
    known = values.dropna()
    rounded = [round(limit, decimals) for limit in breaks]
    classes = zip([float("-inf"), *rounded], [*rounded, float("inf")], colors, strict=True)
    kept = [(low, color) for low, high, color in classes if low < high and low <= known.max() and high > known.min()]
    return [low for low, _ in kept[1:]], [color for _, color in kept]


def level_column(release: Release, lang: Lang) -> list[dict[str, Any]]:
    """Return the levels of an official rule as a column of classes; nothing without any."""
    if release.levels is None or release.assessed is None:
        return []
    names = [None, *release.level_names]
    hidden = np.flatnonzero(~release.assessed).tolist()
    title = release.rule.spec if release.rule is not None else None
    values = [names.index(level) if isinstance(level, str) else 0 for level in release.levels]
    return [
        {
            "id": "rule_level",
            "label": text("column_level", lang),
            "unit": "",
            "definition": "" if title is None else pick(lang, title.title_de, title.title_en),
            "domain": text("heading_selection", lang),
            "hint": "",
            "classes": [text("level_none", lang), *release.level_names],
            "schemes": {"class": {"breaks": [], "colors": ramp(NEED_COLORS, len(names))}},
            "decimals": 0,
            "city": None,
            "gaps": {str(area): "derived" for area in hidden},
            "values": [None if place in set(hidden) else value for place, value in enumerate(values)],
        }
    ]


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
    return [_matrix("need_matrix", words, colors, [0, 1], sides)]


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


def _matrix(
    name: str, words: dict[str, str], colors: list[str], places: list[int], axes: list[dict[str, Any]]
) -> dict[str, Any]:
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
    return [_matrix("condition_matrix", words, pair_colors(n_first, n_second), where, axes) | {"both": both}]


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
    return isinstance(condition, Worst | WorseThanCity) and is_high


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
    limit, middle = (value_text(value, column, lang) for value in (condition.limit, classes.middle))
    lower = number_text(condition.limit, column.decimals, lang)
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
