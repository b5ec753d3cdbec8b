"""Skew and outliers of an indicator, treated before it is put on a scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import SpecError

if TYPE_CHECKING:
    from numpy.typing import NDArray

WINSOR = (2.0, 3.5, 5)  # skew, kurtosis, points: those of COINr (Becker et al. 2022)
TRANSFORMED_FROM = {"log": 0.0, "log1p": -1.0, "sqrt": 0.0}


def transformed(
    values: NDArray[np.float64],
    transform: str,
    name: str,
    *,
    strict: bool = True,
    winsor: tuple[float, float, int] = WINSOR,
) -> NDArray[np.float64]:
    """Treat an indicator.

    Parameters
    ----------
    values : array of float, shape (..., n_areas)
        In the indicator's own unit and direction; NaN where unknown.
    transform : {"none", "log", "log1p", "sqrt", "winsorise"}
        ``ln x``, ``ln(x + 1)``, the square root, or :func:`winsorised` values.
    name : str
        Name of the indicator, for the message.
    strict : bool
        Whether values outside the range of the transformation are refused; if not, they are NaN.
    winsor : tuple of (float, float, int)
        Limits of ``winsorise``, as in :func:`winsorised`.

    Returns
    -------
    array of float
        Of the same shape.

    Raises
    ------
    SpecError
        Strict, and a value is outside the range of the transformation.
    """
    if transform == "none":
        return values
    if transform == "winsorise":
        if values.ndim == 1:
            return winsorised(values, *winsor)
        return np.apply_along_axis(winsorised, -1, values, *winsor)
    limit = TRANSFORMED_FROM[transform]
    bad = values < limit if transform == "sqrt" else values <= limit
    if strict and bad.any():
        word = "below" if transform == "sqrt" else "at or below"
        raise SpecError(
            f"{name!r}: {transform} cannot be taken of {count_noun(int(bad.sum()), 'value')} {word} {limit:g} "
            f"(the lowest is {np.nanmin(values):g}). Take another transform."
        )
    functions = {"log": np.log, "log1p": np.log1p, "sqrt": np.sqrt}
    result: NDArray[np.float64] = functions[transform](np.where(bad, np.nan, values))
    return result


def winsorised(
    values: NDArray[np.float64], most_skew: float = WINSOR[0], most_kurtosis: float = WINSOR[1], points: int = WINSOR[2]
) -> NDArray[np.float64]:
    """Pull in the most extreme values, one by one, until skew and kurtosis are ordinary.

    Parameters
    ----------
    values : array of float, shape (n_areas,)
        NaN where unknown.
    most_skew, most_kurtosis, points : float, float, int
        Limits: what is beyond both of the first two is treated, up to so many points.

    Returns
    -------
    array of float
        While ``|skew| > most_skew`` and ``kurtosis > most_kurtosis``, the highest values (the lowest, if the skew is
        negative) are set to the next one.

    References
    ----------
    .. [1] Becker, W., Caperna, G., Del Sorbo, M., Norlén, H., Papadimitriou, E. & Saisana, M. (2022). COINr: An R
           package for developing composite indicators. Journal of Open Source Software 7(78), 4567.

    Examples
    --------
    >>> winsorised(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 99.0])).tolist()
    [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 6.0]
    """
    result = values.copy()
    order = np.argsort(np.where(np.isnan(values), np.inf, values), kind="stable")[: int((~np.isnan(values)).sum())]
    low = high = 0
    for _ in range(min(points, len(order) - 1)):
        skew, kurtosis = skew_and_kurtosis(result)
        if not (abs(skew) > most_skew and kurtosis > most_kurtosis):
            break
        if skew > 0:
            high += 1
            result[order[-high:]] = values[order[-high - 1]]
        else:
            low += 1
            result[order[:low]] = values[order[low]]
    return result


def skew_and_kurtosis(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return adjusted skewness G1 and excess kurtosis G2 (type 2 of Joanes and Gill 1998); NaN below four values.

    Examples
    --------
    >>> [round(v, 4) for v in skew_and_kurtosis(np.array([1.0, 2.0, 3.0, 10.0]))]
    [1.7636, 3.228]
    """
    known = values[~np.isnan(values)]
    n = len(known)
    centred = known - known.mean() if n else known
    m2 = float((centred**2).mean()) if n else 0.0
    if n < 4 or not m2 > 0:  # noqa: PLR2004 - G2 divides by (n - 2)(n - 3)
        return float("nan"), float("nan")
    g1 = float((centred**3).mean()) / m2**1.5
    g2 = float((centred**4).mean()) / m2**2 - 3
    skew = g1 * np.sqrt(n * (n - 1)) / (n - 2)
    kurtosis = ((n + 1) * g2 + 6) * (n - 1) / ((n - 2) * (n - 3))
    return float(skew), float(kurtosis)
