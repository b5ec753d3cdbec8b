"""What may be shown of few respondents, and estimates of areas that borrow from what the others say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import expects
from quartiersatlas.base.keys import refuse_repeated_keys
from quartiersatlas.errors import ColumnError, SpecError, list_some
from quartiersatlas.indicators.gaps.area_model import area_model
from quartiersatlas.indicators.rates import NORMAL_95

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Rule = Literal["width", "cv"]
FEWEST, FEW = 10, 30  # respondents: below the first nothing is shown, below the second in brackets
SURE, BRACKETED = 0.10, 0.15  # half-width of an interval up to which a value is shown, and shown in brackets
SURE_CV, BRACKETED_CV = 0.165, 0.333  # the same of the coefficient of variation
AREAS_FOR_COVARIATES = 10  # with fewer areas nothing can be said of how a covariate goes with the answers
AREAS_FOR_MODEL = 4
CONTEXT_ONLY = ("mh_share", "immigration_history_share", "foreign_share", "mh_share_u18", "refugee_context_share")


def shown(table: pd.DataFrame, rule: Rule, min_count: int, *, modelled: bool = False) -> pd.Series[str]:
    """Return how each value may be shown.

    Parameters
    ----------
    table : DataFrame
        ``n``, ``n_yes``, ``share``, ``n_effective``, ``lower``, ``upper``; of a model its share and interval.
    rule : {"width", "cv"}
        Half-width of the interval, or coefficient of variation of the smaller of share and remainder.
    min_count : int
        Those who agree and those who do not are protected like counts.
    modelled : bool, default False
        Whether the values are made with a model: their intervals, not the respondents, decide on the brackets.

    Returns
    -------
    Series of str
        ``"value"``, ``"bracket"``, ``"slash"`` (too uncertain), ``"few"`` (too few respondents), ``"cases"`` (too few
        who agree, or who do not), ``"none"`` (nobody asked).
    """
    n, yes, share = table["n"], table["n_yes"], table["share"]
    half = (table["upper"] - table["lower"]) / 2
    limits = SURE, BRACKETED
    if rule == "cv":
        least = share.where(share <= 1 - share, 1 - share)
        error = half / NORMAL_95 if modelled else np.sqrt(share * (1 - share) / table["n_effective"])
        half, limits = (error / least.where(least > 0)).fillna(np.inf), (SURE_CV, BRACKETED_CV)
    found = pd.Series("slash", index=table.index, dtype=object)
    found = found.mask(half <= limits[1] * (1 + 1e-9), "bracket").mask(half <= limits[0] * (1 + 1e-9), "value")
    if rule == "width" and not modelled:
        found = found.mask(n < FEW, "bracket")
    small = yes.between(1, min_count - 1) | (n - yes).between(1, min_count - 1)
    return found.mask(small, "cases").mask(n < FEWEST, "few").mask(n <= 0, "none").mask(share.isna(), "none")


@dataclass(frozen=True, eq=False)
class SurveyModel:
    """What the area model of a survey was made of.

    Parameters
    ----------
    covariates : tuple of str
        What is known of the areas from registers; none: all areas are drawn towards what they say together.
    coefficients : ndarray of float
        On the arcsine scale, the constant first.
    between : float
        Variance between areas on the arcsine scale.
    benchmark : {"difference", "ratio", "none"}
        How the areas were made to add up to the city.
    left_out : tuple of str
        Covariates that too few areas leave unused.
    """

    covariates: tuple[str, ...]
    coefficients: Floats
    between: float
    benchmark: str
    left_out: tuple[str, ...] = ()


def modelled(
    direct: pd.DataFrame,
    covariates: pd.DataFrame | None,
    weights: pd.Series[float],
    city: float,
    benchmark: Literal["difference", "ratio", "none"],
) -> tuple[pd.DataFrame, SurveyModel | None]:
    """Return the estimates of the area model on the arcsine scale, benchmarked to the city; None for too few areas.

    Parameters
    ----------
    direct : DataFrame
        Direct estimates with ``share``, ``n_effective`` and their intervals.
    covariates : DataFrame, optional
        Numbers of registers on the areas' keys.
    weights : Series of float
        What the areas weigh in the city.
    city : float
        The city's own estimate.
    benchmark : {"difference", "ratio", "none"}
        How the areas are made to add up to it.

    Notes
    -----
    ``t = asin sqrt p`` with variance ``1 / (4 n_effective)`` whatever p is, the model with the adjusted likelihood, and
    back by ``sin^2``: of the estimate, and of the ends of its interval. Benchmarked by difference: estimate i gets
    ``(city - S w p) w_i D_i / S w^2 D`` [1]_ with ``D = p (1 - p) / n_effective`` at the estimates; by ratio:
    times ``city / S w p``. The ends of the interval move with it.

    References
    ----------
    .. [1] Wang, J., Fuller, W. A. & Qu, Y. (2008). Small area estimation under a restriction. Survey Methodology 34,
           29-36.
    """
    asked = direct[direct["share"].notna()]
    names: tuple[str, ...] = tuple(map(str, covariates.columns)) if covariates is not None else ()
    usable = len(asked) >= max(AREAS_FOR_COVARIATES, len(names) + AREAS_FOR_MODEL)
    if len(asked) < AREAS_FOR_MODEL:
        return pd.DataFrame(columns=["share", "lower", "upper", "weight"], index=direct.index, dtype=float), None
    x = np.ones((len(asked), 1))
    if covariates is not None and usable:
        x = np.column_stack([x, _standardised(covariates.loc[asked.index])])
    place = np.arcsin(np.sqrt(asked["share"].to_numpy()))
    found = area_model(place, 1 / (4 * asked["n_effective"].to_numpy()), x, adjusted=True)
    half = NORMAL_95 * np.sqrt(found.mse)
    share, lower, upper = (
        np.sin(np.clip(end, 0, np.pi / 2)) ** 2
        for end in (found.estimate, found.estimate - half, found.estimate + half)
    )
    w = np.asarray(weights.loc[asked.index] / weights.loc[asked.index].sum(), dtype=np.float64)
    spread = share * (1 - share) / asked["n_effective"].to_numpy()
    moved = benchmarked(share, w, spread, city, benchmark)
    table = pd.DataFrame(
        {
            "share": np.clip(moved, 0, 1),
            "lower": np.clip(lower + moved - share, 0, 1),
            "upper": np.clip(upper + moved - share, 0, 1),
            "weight": found.weight,
        },
        index=asked.index,
    )
    used, unused = (names, ()) if usable else ((), names)
    model = SurveyModel(used, found.coefficients, found.between, benchmark, unused)
    return table.reindex(direct.index), model


def benchmarked(share: Floats, weights: Floats, variance: Floats, city: float, how: str) -> Floats:
    """Return estimates of areas that, weighed, give the city's own.

    Examples
    --------
    >>> benchmarked(np.array([0.2, 0.3]), np.array([0.5, 0.5]), np.array([0.01, 0.03]), 0.27, "difference").round(3)
    array([0.21, 0.33])
    """
    together = float(weights @ share)
    if how == "ratio" and together > 0:
        scaled: Floats = share * city / together
        return scaled
    if how == "difference":
        pull: Floats = weights * variance
        return share if not (weights @ pull) > 0 else share + (city - together) * pull / (weights @ pull)
    return share


def _standardised(covariates: pd.DataFrame) -> Floats:
    values = covariates.to_numpy(dtype=float)
    spread = values.std(axis=0)
    scaled: Floats = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return scaled


def checked_covariates(covariates: pd.DataFrame | None, areas: pd.Index) -> pd.DataFrame | None:
    """Return covariates of all areas that were asked, or refuse what cannot be one.

    Raises
    ------
    ColumnError
        An area is missing, or a value is unknown.
    SpecError
        A covariate is a share of migration background, is the same everywhere, or goes with another one exactly.
    """
    if covariates is None:
        return None
    expects(covariates, pd.DataFrame, "survey_rates: covariates", 'covariates=data.values[["sgb2_rate"]]')
    refuse_repeated_keys(covariates.index, "survey_rates: covariates")
    context = [name for name in covariates.columns if name in CONTEXT_ONLY]
    if context:
        raise SpecError(
            f"survey_rates: {list_some(context)}: the share of migration background is no covariate: an area's answers "
            f"would be guessed from where its people come from. Take what bears on the question, such as sgb2_rate."
        )
    absent = areas.difference(covariates.index)
    if len(absent):
        raise ColumnError(f"survey_rates: no covariates for {list_some(absent)}: give them for all areas asked.")
    found = covariates.loc[areas].astype(float)
    for name in found.columns:
        unknown = found.index[~np.isfinite(found[name])]
        if len(unknown):
            raise ColumnError(
                f"survey_rates: the covariate {name!r} is unknown in {list_some(unknown)}: leave it out, or the areas."
            )
    rank = np.linalg.matrix_rank(np.column_stack([np.ones(len(found)), _standardised(found)]))
    if len(found) >= AREAS_FOR_COVARIATES and rank < found.shape[1] + 1:
        raise SpecError("survey_rates: covariates are the same everywhere or say the same as others: leave one out.")
    return found
