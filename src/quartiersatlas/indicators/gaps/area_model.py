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


def area_model(y: ArrayLike, variance: ArrayLike, x: ArrayLike | None = None) -> AreaEstimates:
    """Return estimates ``y_i = x_i b + v_i + e_i`` with known variances of the errors e.

    Parameters
    ----------
    y, variance : array_like of float, shape (n_areas,)
        Direct estimates and their variances, known and above 0.
    x : array_like of float, shape (n_areas, n_columns), optional
        What is known of the areas; a column of ones, if not given.

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
    [1]_ [2]_.

    References
    ----------
    .. [1] Fay, R. E. & Herriot, R. A. (1979). Estimates of income for small places. Journal of the American
           Statistical Association 74, 269-277.
    .. [2] Datta, G. S. & Lahiri, P. (2000). A unified measure of uncertainty of estimated best linear unbiased
           predictors in small area estimation problems. Statistica Sinica 10, 613-627.

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
    between = _between(y, variance, x)
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
