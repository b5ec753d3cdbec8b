"""Between which bounds is an index where counts are suppressed? Every table that fits what is published lies within."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import CountError, list_some
from quartiersatlas.segregation.by_area import by_area
from quartiersatlas.segregation.counts import as_counts, as_numbers, entropy, ratio, share

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

CELLS = 200_000  # areas x sums of the group that are weighed at a time
MOST_SUMS = 100_000
SLACK = 1e-9


@by_area
def segregation_bounds(
    group: ArrayLike,
    population: ArrayLike,
    *,
    least: ArrayLike = 0.0,
    most: ArrayLike | None = None,
    total: float | None = None,
) -> pd.DataFrame:
    """Bound D, H, isolation and eta squared where some counts of the group are suppressed.

    Parameters
    ----------
    group : array_like of float, shape (n_areas,)
        Persons of the group per area; NaN where the count is suppressed. At least 0.
    population : array_like of float, shape (n_areas,)
        All residents per area. Finite, >= 0.
    least, most : float or array_like of float, shape (n_areas,), optional
        What a suppressed count is at least and at most, such as 1 and 4; without ``most``, the area's residents.
    total : float, optional
        Persons of the group in the whole city, where they are published. Without them, every sum that the suppressed
        counts may have is weighed.

    Returns
    -------
    DataFrame
        ``lower`` and ``upper`` on the index's id: dissimilarity, theil_h, isolation, correlation_ratio. No table that
        fits lies outside; both are equal where nothing is suppressed. NaN where nobody or everybody is of the group.

    Raises
    ------
    CountError
        A known count is negative or above the population, ``least`` is above ``most``, the total cannot be reached, or
        the suppressed counts may have more than 100,000 sums (name ``most`` or ``total``).

    Notes
    -----
    With the group's sum X fixed, each of the indices is a sum ``sum_i t_i f(x_i / t_i)`` with a convex f, which falls
    whenever a member moves from an area with a higher to one with a lower share (principle of transfers [1]_). So all
    are lowest where ``x_i`` is ``q t_i``, cut at the bounds of the area, with the one q that gives X [2]_. For the
    upper bound, f is replaced by its chord between the bounds of each area; the areas with the steepest chords are
    filled first, all but one to a bound, so that it exceeds what a table can reach by at most the chord of one area.

    References
    ----------
    .. [1] James, D. R. & Taeuber, K. E. (1985). Measures of segregation. Sociological Methodology 15, 1-32.
    .. [2] Marshall, A. W., Olkin, I. & Arnold, B. C. (2011). Inequalities: Theory of Majorization and Its Applications.
           New York, chapter 5.

    Examples
    --------
    Two of four areas show 1 to 4 persons as a dot:

    >>> found = segregation_bounds([60, 30, float("nan"), float("nan")], [100, 100, 100, 100], least=1, most=4)
    >>> found.loc["dissimilarity"].round(3).tolist()
    [0.554, 0.621]
    """
    low, high, residents = _boxes(group, population, least, most)
    sums = _sums(low, high, total, residents.sum())
    found = {name: [np.inf, -np.inf] for name in BOUNDED}
    step = max(1, CELLS // max(len(residents), 1))
    for start in range(0, len(sums), step):
        some = sums[start : start + step]
        for name, (convex, scaled) in BOUNDED.items():
            lowest, highest = _extremes(low, high, residents, some, convex)
            found[name][0] = min(found[name][0], scaled(lowest, some, residents.sum()).min())
            found[name][1] = max(found[name][1], scaled(highest, some, residents.sum()).max())
    table = pd.DataFrame.from_dict(found, orient="index", columns=["lower", "upper"]).rename_axis("index")
    if not len(sums):
        return table * np.nan
    return table.clip(0.0, 1.0)


def _boxes(
    group: ArrayLike, population: ArrayLike, least: ArrayLike, most: ArrayLike | None
) -> tuple[Floats, Floats, Floats]:
    """Return what each inhabited area has at least and at most, and its residents."""
    (residents,) = as_counts(population)
    members = as_numbers(group, "group")
    if members.shape != residents.shape or members.ndim != 1:
        raise CountError(f"The group has the shape {members.shape}, the population {residents.shape}.")
    hidden = np.isnan(members)
    as_counts(members[~hidden])
    low = np.where(hidden, np.broadcast_to(as_numbers(least, "least"), members.shape), members)
    wanted = residents if most is None else np.broadcast_to(as_numbers(most, "most"), members.shape)
    high = np.where(hidden, np.minimum(wanted, residents), members)
    wrong = np.flatnonzero(~((low >= 0) & (low <= high * (1 + SLACK)) & (high <= residents * (1 + SLACK))))
    if len(wrong):
        raise CountError(
            f"{count_noun(len(wrong), 'area has', 'areas have')} no possible count between 0 and all residents: "
            f"{list_some(wrong)}. least= must be at most most= and at most the population."
        )
    lived_in = residents > 0
    return low[lived_in], high[lived_in], residents[lived_in]


def _sums(low: Floats, high: Floats, total: float | None, residents: float) -> Floats:
    """Return the sums that the group may have; neither nobody nor everybody."""
    first, last = low.sum(), high.sum()
    if total is not None:
        if not first * (1 - SLACK) <= total <= last * (1 + SLACK):
            raise CountError(f"The suppressed counts allow sums from {first:g} to {last:g}, not total={total:g}.")
        sums = np.array([float(total)])
    elif last - first > MOST_SUMS:
        raise CountError(
            f"The suppressed counts allow sums from {first:g} to {last:g}, more than can be weighed: say what they are "
            f"at most (most=4), or the sum of the group (total=)."
        )
    else:
        sums = np.unique(np.append(np.arange(first, last), last))
    return np.asarray(sums[(sums > 0) & (sums < residents)])


def _extremes(
    low: Floats, high: Floats, residents: Floats, sums: Floats, convex: Callable[[Floats, Floats], Floats]
) -> tuple[Floats, Floats]:
    """Return the lowest of sum t f(x / t) and an upper bound of it, for each sum of the group."""
    city = (sums / residents.sum())[:, None]

    def summed(members: Floats) -> Floats:
        return np.asarray(residents * convex(members / residents, city))

    level = _common_share(low, high, residents, sums)
    lowest = summed(np.clip(level[:, None] * residents, low, high)).sum(axis=1)
    at_low, at_high = (
        summed(np.broadcast_to(low, (len(sums), len(low)))),
        summed(np.broadcast_to(high, (len(sums), len(low)))),
    )
    width = high - low
    steepness = np.where(width > 0, share(at_high - at_low, np.broadcast_to(width, at_low.shape)), 0.0)
    order = np.argsort(-np.where(width > 0, steepness, -np.inf), axis=1, kind="stable")
    widths = width[order]
    room = (sums - low.sum())[:, None] - (np.cumsum(widths, axis=1) - widths)
    filled = np.clip(room, 0, widths)
    highest = at_low.sum(axis=1) + (filled * np.take_along_axis(steepness, order, axis=1)).sum(axis=1)
    return lowest, highest


def _common_share(low: Floats, high: Floats, residents: Floats, sums: Floats) -> Floats:
    """Return the q for which the sum of q t, cut at the bounds, is each of the sums."""
    turns = np.concatenate([low / residents, high / residents])
    slopes = np.concatenate([residents, -residents])
    order = np.argsort(turns, kind="stable")
    turns, slope = turns[order], np.cumsum(slopes[order])
    reached = low.sum() + np.concatenate([[0.0], np.cumsum(np.diff(turns) * slope[:-1])])
    return np.asarray(np.interp(sums, reached, turns))


def _diversity(shares: Floats, city: Floats) -> Floats:  # noqa: ARG001 - the city's share plays no part
    """Return -E of two groups, which is convex."""
    return -entropy(np.stack([shares, 1 - shares], axis=-1))


def _of_entropy(summed: Floats, sums: Floats, residents: float) -> Floats:
    """Return H = 1 - sum t E_i / (T E)."""
    city = sums / residents
    return 1 + ratio(summed, residents * entropy(np.stack([city, 1 - city], axis=-1)))


BOUNDED: dict[str, tuple[Callable[[Floats, Floats], Floats], Callable[[Floats, Floats, float], Floats]]] = {
    "dissimilarity": (
        lambda shares, city: np.abs(shares - city),
        lambda summed, sums, residents: summed / (2 * sums * (1 - sums / residents)),
    ),
    "theil_h": (_diversity, _of_entropy),
    "isolation": (lambda shares, _: shares**2, lambda summed, sums, _: summed / sums),
    "correlation_ratio": (
        lambda shares, _: shares**2,
        lambda summed, sums, residents: (summed / sums - sums / residents) / (1 - sums / residents),
    ),
}
