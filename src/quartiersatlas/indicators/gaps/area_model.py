"""Estimates of small areas drawn towards what all areas together say: the area model of Fay and Herriot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.errors import SpecError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

STEPS = 200
NEAR = 1e-9  # of the mean variance of the estimates: where the search for the variance between areas ends
ADJUSTED_SPAN, ADJUSTED_GRID = 12.0, 49  # of the logarithm, around the mean variance of the estimates


@dataclass(frozen=True)
class AreaEstimates:
    """Estimates by the area model.

    Parameters
    ----------
    estimate : ndarray of float
        ``weight`` times the direct estimate and the rest times what the model says.
    mse : ndarray of float
        Mean squared error, with the parts for the coefficients and for the estimated variance between areas.
    weight : ndarray of float
        Weight of the direct estimate, in [0, 1].
    between : float
        Variance between areas; 0 where chance explains all differences.
    coefficients : ndarray of float
        Of the columns of ``x``.
    """

    estimate: Floats
    mse: Floats
    weight: Floats
    between: float
    coefficients: Floats


def area_model(
    y: ArrayLike, variance: ArrayLike, x: ArrayLike | None = None, *, adjusted: bool = False
) -> AreaEstimates:
    """Return estimates ``y_i = x_i b + v_i + e_i`` with known variances of the errors e.

    Parameters
    ----------
    y, variance : array_like of float, shape (n_areas,)
        Direct estimates and their variances, known and above 0.
    x : array_like of float, shape (n_areas, n_columns), optional
        What is known of the areas; a column of ones, if not given.
    adjusted : bool, default False
        Whether the likelihood is adjusted so that the variance between areas is never 0: in few areas the intervals
        would else be too short.

    Returns
    -------
    AreaEstimates
        In the order of ``y``.

    Raises
    ------
    SpecError
        There are no more areas than columns, or a number is unknown or a variance not above 0.

    Notes
    -----
    The variance A between areas by REML (scoring), ``g = A / (A + D)``, estimate ``g y + (1 - g) x b`` and
    ``mse = g D + (1 - g)^2 x' Q x + 2 (1 - g)^2 / (A + D) 2 / sum (A + D)^-2`` with ``Q = (sum x x' / (A + D))^-1``
    [1]_ [2]_. Adjusted, the restricted likelihood is taken times ``atan(sum g)^(1 / n_areas)`` [3]_.

    References
    ----------
    .. [1] Fay, R. E. & Herriot, R. A. (1979). Estimates of income for small places. Journal of the American
           Statistical Association 74, 269-277.
    .. [2] Datta, G. S. & Lahiri, P. (2000). A unified measure of uncertainty of estimated best linear unbiased
           predictors in small area estimation problems. Statistica Sinica 10, 613-627.
    .. [3] Yoshimori, M. & Lahiri, P. (2014). A new adjusted maximum likelihood method for the Fay-Herriot small area
           model. Journal of Multivariate Analysis 124, 281-294.

    Examples
    --------
    >>> area_model([0.0, 1.0, 2.0, 9.0], [1.0] * 4).estimate.round(2).tolist()
    [0.18, 1.12, 2.06, 8.64]
    """
    y, variance = np.asarray(y, dtype=np.float64), np.asarray(variance, dtype=np.float64)
    x = np.ones((len(y), 1)) if x is None else np.asarray(x, dtype=np.float64)
    if len(y) <= x.shape[1]:
        raise SpecError(f"area_model: {len(y)} areas say nothing beyond {x.shape[1]} coefficients: give more areas.")
    if not (np.isfinite(y).all() and np.isfinite(x).all() and (variance > 0).all() and np.isfinite(variance).all()):
        raise SpecError("area_model: every estimate has to be known, with a variance above 0. Leave the others out.")
    between = _adjusted(y, variance, x) if adjusted else _between(y, variance, x)
    total = between + variance
    q = np.linalg.inv((x.T / total) @ x)
    coefficients = q @ (x.T / total) @ y
    weight = between / total
    own = weight * variance
    of_coefficients = (1 - weight) ** 2 * np.einsum("ij,jk,ik->i", x, q, x)
    of_variance = (1 - weight) ** 2 / total * 2 / (total**-2).sum()
    estimate = weight * y + (1 - weight) * (x @ coefficients)
    return AreaEstimates(estimate, own + of_coefficients + 2 * of_variance, weight, between, coefficients)


def _between(y: Floats, variance: Floats, x: Floats) -> float:
    """Return the variance between areas by scoring on the restricted likelihood, at least 0."""
    between = float(np.median(variance))
    for _ in range(STEPS):
        v = 1 / (between + variance)
        q = np.linalg.inv((x.T * v) @ x)
        rest = v * (y - x @ (q @ (x.T * v) @ y))
        squared = q @ ((x.T * v**2) @ x)
        trace = v.sum() - np.trace(squared)
        information = (v**2).sum() - 2 * np.trace(q @ ((x.T * v**3) @ x)) + np.trace(squared @ squared)
        step = float((rest @ rest - trace) / information)
        if between + step <= 0 and between == 0:
            return 0.0
        between = max(between + step, 0.0)
        if abs(step) <= NEAR * float(variance.mean()):
            break
    return between


def _adjusted(y: Floats, variance: Floats, x: Floats) -> float:
    """Return the variance between areas at which the adjusted restricted likelihood is highest; always above 0."""
    from scipy.optimize import minimize_scalar

    def loss(logarithm: float) -> float:
        between = float(np.exp(logarithm))
        v = 1 / (between + variance)
        information = (x.T * v) @ x
        b = np.linalg.solve(information, (x.T * v) @ y)
        rest = y - x @ b
        fit = np.log(v).sum() - np.linalg.slogdet(information)[1] - (v * rest**2).sum()
        return float(-fit / 2 - np.log(np.arctan((between * v).sum())) / len(y))

    # the likelihood may have two hills: look on a grid first
    middle = np.log(variance.mean())
    grid = np.linspace(middle - ADJUSTED_SPAN, middle + ADJUSTED_SPAN, ADJUSTED_GRID)
    best = int(np.argmin([loss(place) for place in grid]))
    ends = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    return float(np.exp(minimize_scalar(loss, bounds=ends, method="bounded", options={"xatol": 1e-8}).x))
