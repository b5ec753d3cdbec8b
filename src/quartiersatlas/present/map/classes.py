"""Class limits and colours of map columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.catalogue import number_text, text

if TYPE_CHECKING:
    import pandas as pd

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.release import ReleasedColumn

NEED_COLORS = ("#ffffcc", "#a1dab4", "#41b6c4", "#2c7fb8", "#253494")
CONTEXT_COLORS = ("#edf8fb", "#b2e2e2", "#66c2a4", "#2ca25f", "#006d2c")
DIVERGING_COLORS = ("#998ec3", "#e8dfc8", "#f1a340")


def quantile_breaks(values: pd.Series[float], n_classes: int = len(NEED_COLORS)) -> list[float]:
    """Return class limits so that classes hold about equally many areas and equal values stay together.

    Each limit is a value that occurs, and the lowest value of its class. Ties give fewer classes.

    Examples
    --------
    >>> import pandas as pd
    >>> quantile_breaks(pd.Series([0.0] * 8 + [1.0, 2.0]), 5)
    [1.0]
    """
    known = np.sort(values.dropna().to_numpy(dtype=float))
    if not len(known):
        return []
    starts = np.array([known[len(known) * k // n_classes] for k in range(1, n_classes)])
    above_lowest = known[known > known[0]][
        :1
    ]  # where the lowest value fills several classes, the next value starts one
    limits = [starts[starts > known[0]], above_lowest if (starts == known[0]).any() else []]
    return [float(limit) for limit in np.unique(np.concatenate(limits))]


def ramp(colors: tuple[str, ...], n_classes: int) -> list[str]:
    """Return as many colours as there are classes, spread from light to dark."""
    if n_classes == 1:
        return [colors[len(colors) // 2]]
    return [colors[round(i * (len(colors) - 1) / (n_classes - 1))] for i in range(n_classes)]


def column_colors(column: ReleasedColumn, n_classes: int, *, first_axis: bool) -> list[str]:
    """Return the colours of a column: need and benefits blue, context in a neutral green, dynamics around a middle."""
    if column.kind == "class" and not first_axis:
        return ramp(DIVERGING_COLORS, n_classes)
    is_context = column.indicator.role == "context"
    return ramp(CONTEXT_COLORS if is_context else NEED_COLORS, n_classes)


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
    return [text(name, lang, lower=lower, upper=upper) for name, lower, upper in ranges]
