"""Local measures: where is a group over- or under-represented, and how mixed is each area?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from quartiersatlas.catalogue import Message
from quartiersatlas.segregation.counts import as_composition, as_part_and_total, entropy, ratio, share
from quartiersatlas.segregation.indices.evenness import dissimilarity_parts
from quartiersatlas.segregation.indices.exposure import isolation_parts
from quartiersatlas.segregation.indices.multigroup import local_segregation_scores
from quartiersatlas.segregation.tasks import Grounds

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from quartiersatlas.segregation.counts import Pair
    from quartiersatlas.segregation.prepared import Study

    Floats = NDArray[np.float64]


def location_quotient(group: ArrayLike, total: ArrayLike) -> Floats:
    """Share of the group in each area over its share in the city.

    Parameters
    ----------
    group, total : array_like of float, shape (n_areas,)
        Persons per area in the group and altogether. Finite, >= 0, group <= total.

    Returns
    -------
    ndarray of float, shape (n_areas,)
        LQ >= 0: 1 as in the city, 2 twice the city's share. NaN in empty areas and where the group is empty.

    Raises
    ------
    CountError
        A count is negative or not finite, or a group is larger than the population.

    Notes
    -----
    ``LQ_i = (x_i / t_i) / (X / T)`` [1]_

    References
    ----------
    .. [1] Isard, W. (1960). Methods of Regional Analysis. MIT Press, chapter 7.

    Examples
    --------
    >>> location_quotient([30, 10], [100, 100]).round(6).tolist()
    [1.5, 0.5]
    """
    group, total = as_part_and_total(group, total)
    return ratio(ratio(group, total), share(group.sum(), total.sum()))


def location_quotients(pair: Pair) -> Floats:
    """Return the location quotient of each area in its place."""
    places = pair.places
    return ratio(ratio(pair.group, pair.total), places.each(share(pair.group_sum, pair.total_sum)))


def local_segregation(counts: ArrayLike) -> Floats:
    """How far the composition of each area is from the city's: its part in the mutual information M.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_groups)
        Persons per area and group; the groups exclude one another and together are everybody. Finite, >= 0.

    Returns
    -------
    ndarray of float, shape (n_areas,)
        ls >= 0, in nats; 0 where the area is composed like the city. NaN in empty areas. Weighted with the areas'
        shares of the population they add up to M.

    Raises
    ------
    CountError
        A count is negative or not finite, or the table has not two dimensions.

    Notes
    -----
    ``ls_i = sum_k pi_ik log(pi_ik / pi_k)`` [1]_

    References
    ----------
    .. [1] Alonso-Villar, O. & del Río, C. (2010). Local versus overall segregation measures. Mathematical Social
           Sciences 60(1), 30-38.

    Examples
    --------
    >>> local_segregation([[40, 20], [20, 40], [5, 60], [1, 80]]).round(4).tolist()
    [0.3878, 0.0182, 0.0993, 0.2323]
    """
    table = np.asarray(counts, dtype=float)
    return _with_empty_areas(table, local_segregation_scores(as_composition(table)))


def local_entropy(counts: ArrayLike) -> Floats:
    """Diversity of each area: the entropy of its groups, in nats.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_groups)
        Persons per area and group; the groups exclude one another and together are everybody. Finite, >= 0.

    Returns
    -------
    ndarray of float, shape (n_areas,)
        E_i in [0, log K]; NaN in empty areas, since nobody is neither diverse nor uniform.

    Raises
    ------
    CountError
        A count is negative or not finite, or the table has not two dimensions.

    Notes
    -----
    ``E_i = -sum_k pi_ik log pi_ik`` [1]_

    References
    ----------
    .. [1] Theil, H. (1972). Statistical Decomposition Analysis. North-Holland.

    Examples
    --------
    >>> local_entropy([[50, 50], [100, 0]]).round(4).tolist()
    [0.6931, 0.0]
    """
    table = np.asarray(counts, dtype=float)
    return _with_empty_areas(table, np.abs(entropy(as_composition(table).shares)))


def local_simpson(counts: ArrayLike) -> Floats:
    """Probability that two persons of an area, drawn with replacement, are of different groups.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_groups)
        Persons per area and group; the groups exclude one another and together are everybody. Finite, >= 0.

    Returns
    -------
    ndarray of float, shape (n_areas,)
        I_i in [0, 1 - 1/K]; NaN in empty areas.

    Raises
    ------
    CountError
        A count is negative or not finite, or the table has not two dimensions.

    Notes
    -----
    ``I_i = 1 - sum_k pi_ik^2`` [1]_

    References
    ----------
    .. [1] Simpson, E. H. (1949). Measurement of diversity. Nature 163, 688.

    Examples
    --------
    >>> local_simpson([[50, 50], [100, 0]]).tolist()
    [0.5, 0.0]
    """
    table = np.asarray(counts, dtype=float)
    return _with_empty_areas(table, 1 - (as_composition(table).shares ** 2).sum(axis=1))


def _with_empty_areas(table: Floats, values: Floats) -> Floats:
    """Return the values of the inhabited areas on all areas; NaN in the empty ones."""
    result = np.full(len(table), np.nan)
    result[table.sum(axis=1) > 0] = values
    return result


def local_values(study: Study) -> pd.DataFrame:
    """Return the local values of every group and of all groups."""
    grounds, columns = Grounds(study), _of_all(study)
    for group in reversed(study.spec.groups):
        columns = _of_group(study, grounds, group) | columns
    frame = pd.DataFrame(columns, index=study.areas)
    if study.shapes is not None:
        geometry = study.shapes.iloc[np.argsort(study.rows)]
        return gpd.GeoDataFrame(frame, geometry=geometry, crs=study.shapes.crs)
    return frame


def _of_group(study: Study, grounds: Grounds, group: str) -> dict[str, Floats]:
    """Return location quotient, part of D, part of the isolation and shares within each radius."""
    pair, used = grounds.pair(group, None)
    able = pair.places.each(pair.reasons == "") == 1
    columns = {
        f"{group}_lq": (location_quotients(pair), used),
        f"{group}_isolation_part": (np.where(able, isolation_parts(pair), np.nan), used),
    }
    references: list[str | None] = [name for name in study.spec.references if name != group]
    for reference in references if study.spec.references else [None]:
        compared, among = grounds.pair(group, reference)
        able = compared.places.each(compared.reasons == "") == 1
        name = f"{group}_d_part" if len(references) <= 1 else f"{group}_d_part_{reference}"
        columns[name] = (np.where(able, dissimilarity_parts(compared), np.nan), among)
    if study.shapes is not None and study.spec.radii and used.any():
        case = grounds.case(pair, (group, None), used)
        for number, radius in enumerate(study.spec.radii):
            around = case.own(case.land.surroundings[number])
            columns[f"{group}_share_{radius:.10g}m"] = (share(around[:, 0], around[:, -1]), used)
    return {name: _placed(study, values, used) for name, (values, used) in columns.items()}


def local_notes(study: Study) -> tuple[Message, ...]:
    """Return what has to be said about the local values of all groups."""
    if len(study.spec.groups) == 1:
        return ()
    if study.overlapping.any():
        return (Message("note_overlap"),)
    return (Message("note_exclusive", {"groups": ", ".join(study.spec.groups)}),)


def _of_all(study: Study) -> dict[str, Floats]:
    """Return local segregation, entropy and Simpson index of all groups, where they exclude one another."""
    composition, used, _ = study.composition()
    ids = ("local_segregation", "entropy", "simpson")
    shares = composition.shares
    able = composition.places.each(composition.reasons == "") == 1
    values = (
        np.where(able, local_segregation_scores(composition), np.nan),
        np.abs(entropy(shares)),
        1 - (shares**2).sum(axis=1),
    )
    return {name: _placed(study, v, used) for name, v in zip(ids, values, strict=True)}


def _placed(study: Study, values: Floats, used: NDArray[np.bool_]) -> Floats:
    """Return the values of the used areas on the caller's rows; NaN elsewhere."""
    result = np.full(len(study.areas), np.nan)
    result[study.rows[used]] = values
    return result
