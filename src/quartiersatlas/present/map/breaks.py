"""Class limits: each is the lowest value of the class above it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

N_CLASSES = 5
SD_STEPS = (-1.5, -0.5, 0.5, 1.5)
CITY_SHARES = (0.5, 0.75, 1.0, 1.25, 1.5)


def quantile_breaks(values: pd.Series[float], n_classes: int = N_CLASSES) -> list[float]:
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
