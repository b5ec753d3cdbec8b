"""How funded areas developed beside the others: estimates by assumption, and what can be seen at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

POWER = 0.8


@dataclass(frozen=True, eq=False)
class GroupCourse:
    """The outcome of the areas compared, in points.

    Parameters
    ----------
    post : ndarray of float
        Mean of the years after selection.
    chosen : ndarray of float
        Value of the year of selection.
    earlier : ndarray of float
        Mean of the three years before it.
    funded : ndarray of bool
        Which areas are funded.
    years_after : float
        Mean of the years after selection, counted from it.
    years_before : float
        Mean of the years before selection, counted from it; negative.
    """

    post: Floats
    chosen: Floats
    earlier: Floats
    funded: NDArray[np.bool_]
    years_after: float
    years_before: float


def estimates(course: GroupCourse) -> pd.DataFrame:
    """Return the difference in development under each assumption.

    Returns
    -------
    DataFrame
        On the design: ``estimate``, ``se``, ``lower``, ``upper`` (95 %), in points. ``regression``: the later value on
        funded, the value of the year of selection and the mean of the three earlier ones; ``selection_year``: without
        the latter; ``difference``: change since the year of selection less that of the others; ``before_after``: the
        change of the funded alone.

    Notes
    -----
    Regressions by least squares with HC3 errors [1]_; the quantile is that of Student's t with as many degrees of
    freedom as funded areas less one.

    References
    ----------
    .. [1] MacKinnon, J. G. & White, H. (1985). Some heteroskedasticity-consistent covariance matrix estimators with
           improved finite sample properties. Journal of Econometrics 29, 305-325.
    """
    from scipy.stats import t

    quantile = float(t.ppf(0.975, course.funded.sum() - 1))
    ones, funded = np.ones(len(course.post)), course.funded.astype(float)
    change = course.post - course.chosen
    own = change[course.funded]
    found = {
        "regression": _funded(course.post, np.column_stack([funded, ones, course.chosen, course.earlier])),
        "selection_year": _funded(course.post, np.column_stack([funded, ones, course.chosen])),
        "difference": _funded(change, np.column_stack([funded, ones])),
        "before_after": (float(own.mean()), float(own.std(ddof=1) / np.sqrt(len(own)))),
    }
    rows = {name: (value, se, value - quantile * se, value + quantile * se) for name, (value, se) in found.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["estimate", "se", "lower", "upper"])


def _funded(y: Floats, x: Floats) -> tuple[float, float]:
    """Return the coefficient of the first column with its HC3 error."""
    inverse = np.linalg.inv(x.T @ x)
    rest = y - x @ (inverse @ x.T @ y)
    leverage = np.einsum("ij,jk,ik->i", x, inverse, x)
    weights = (rest / np.maximum(1 - leverage, 1e-9)) ** 2
    covariance = inverse @ ((x.T * weights) @ x) @ inverse
    return float((inverse @ x.T @ y)[0]), float(np.sqrt(covariance[0, 0]))


def smallest_visible(course: GroupCourse) -> float:
    """Return the smallest difference that the comparison sees with 80 % power, without a look at the funded later on.

    The scatter is that of the other areas around their own regression; the funded areas bring only what was known when
    they were chosen.

    Notes
    -----
    With many funded areas 1.96 + 0.84 = 2.8 standard errors; with few ones more, as their interval is Student's.
    """
    others = ~course.funded
    x = np.column_stack([np.ones(others.sum()), course.chosen[others], course.earlier[others]])
    y = course.post[others]
    rest = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    scatter = float(rest @ rest) / max(len(y) - x.shape[1], 1)
    whole = np.column_stack([course.funded.astype(float), np.ones(len(course.post)), course.chosen, course.earlier])
    return _visible(float(np.sqrt(scatter * np.linalg.inv(whole.T @ whole)[0, 0])), int(course.funded.sum()))


def visible_afterwards(table: pd.DataFrame, n_funded: int) -> float:
    """Return the smallest difference seen with 80 % power by the error that the regression turned out to have.

    Funded areas may scatter more than the others, which is known only once their later values are read.
    """
    return _visible(float(table["se"].loc["regression"]), n_funded)


def _visible(se: float, n_funded: int) -> float:
    """Return the difference that a two-sided test at 5 % finds with 80 % power."""
    from scipy.stats import t

    return se * float(t.ppf(0.975, n_funded - 1) + t.ppf(POWER, n_funded - 1))


def breakdown_trend(course: GroupCourse) -> float:
    """Return by how many points a year the funded would have had to drift anyway to explain the estimate.

    Notes
    -----
    ``estimate / (t_post - b1 t_0 - b2 t_pre)``, with the coefficients b of the values of the year of selection and
    before, and years counted from selection (t_0 = 0): a drift raises the later value by its years, and the earlier
    values take out a part of it. NaN where they take out everything.
    """
    x = np.column_stack([course.funded.astype(float), np.ones(len(course.post)), course.chosen, course.earlier])
    estimate, _, _, of_earlier = np.linalg.lstsq(x, course.post, rcond=None)[0]
    years = course.years_after - of_earlier * course.years_before
    return float(estimate / years) if abs(years) > 1e-9 else float("nan")  # noqa: PLR2004 - no years at all


def bracket(table: pd.DataFrame) -> tuple[float, float]:
    """Return the range by assumption: from the lowest end of regression and difference to the highest one.

    Notes
    -----
    Where either the trends are parallel or the earlier values say all, the two estimates lie on both sides of the
    difference [1]_; their intervals together hold it.

    References
    ----------
    .. [1] Ding, P. & Li, F. (2019). A bracketing relationship between difference-in-differences and
           lagged-dependent-variable adjustment. Political Analysis 27, 605-615.
    """
    both = table.loc[["regression", "difference"]]
    return float(both["lower"].min()), float(both["upper"].max())
