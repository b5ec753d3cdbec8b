"""Classes and colours: of one column (declared, by breaks, around the city value), and of two columns together."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.catalogue.texts import pick
from quartiersatlas.disclosure.release import NUMBER_FORMS
from quartiersatlas.errors import SpecError

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
