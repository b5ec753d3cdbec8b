"""Ranks of areas in many runs: 1 is the highest need, equal scores share the better rank."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.need.normalise import ranks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

BAND = (0.05, 0.95)  # of the rank interval


def places_of(scores: Array, scored: pd.Index) -> pd.DataFrame:
    """Return the rank of each area in each run, one row per run; missing where it has no score."""
    return pd.DataFrame(ranks(-scores, "min").astype(np.float32), columns=scored)


def rank_table(places: pd.DataFrame, score: pd.Series[float]) -> pd.DataFrame:
    """Return the rank as published and the interval of ranks over the runs, on the district key.

    Parameters
    ----------
    places : DataFrame, shape (runs, n_areas)
        Ranks in each run. They may be ranks among more areas: only the order of those named in ``score`` counts.
    score : Series of float
        The score as published, of the areas to rank.

    Returns
    -------
    DataFrame
        ``rank``, ``rank_lower``, ``rank_median``, ``rank_upper`` (5 %, 50 %, 95 % of the runs in which the area has a
        score); missing for areas without a score.
    """
    keys = score.index[score.notna()]
    lower, median, upper = _quantiles(ranks(places.reindex(columns=keys).to_numpy(dtype=float), "min"))
    rank = ranks(np.asarray(-score[keys], dtype=float), "min")
    columns = {"rank": rank, "rank_lower": lower, "rank_median": median, "rank_upper": upper}
    return pd.DataFrame(columns, index=keys).reindex(score.index)


def _quantiles(places: Array) -> Array:
    """Return lower end, median and upper end of the ranks of each area over its runs; whole ranks."""
    found = np.full((3, places.shape[1]), np.nan)
    ranked = ~np.isnan(places).all(axis=0)
    quantile = np.nanquantile if np.isnan(places).any() else np.quantile
    found[:, ranked] = quantile(places[:, ranked], [BAND[0], 0.5, BAND[1]], axis=0, method="inverted_cdf")
    return found
