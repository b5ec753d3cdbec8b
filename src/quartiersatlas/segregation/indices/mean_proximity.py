"""How near do members of two groups live to each other on average?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from quartiersatlas.segregation.by_area import by_area
from quartiersatlas.segregation.counts import ratio
from quartiersatlas.segregation.indices.clustering import DECAY, _proximity

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from quartiersatlas.segregation.indices.own_distances import Distances


@by_area
def mean_proximity(
    group: ArrayLike,
    other: ArrayLike,
    points: ArrayLike | None,
    area: ArrayLike,
    decay: float = DECAY,
    *,
    distances: Distances | None = None,
) -> float:
    """How near a member of one group lives to a member of another (or of the same) on average.

    Parameters
    ----------
    group, other : array_like of float, shape (n_areas,)
        Persons per area in both groups: the same twice for a group by itself, all residents twice for the city. Finite,
        >= 0.
    points, area, decay, distances
        As for :func:`spatial_proximity`.

    Returns
    -------
    float
        Pxy in [0, 1]; Pxx with the group twice. NaN where a group is empty, and else as for :func:`spatial_proximity`.

    Raises
    ------
    CountError, GeometryError, SpecError
        As for :func:`spatial_proximity`.

    Notes
    -----
    ``Pxy = sum_i sum_j x_i y_j c_ij / (X Y)`` [1]_, the mean of exp(-distance) over all pairs of members, with c as in
    :func:`spatial_proximity`, whose SP is ``(X Pxx + Y Pyy) / (T Ptt)``.

    References
    ----------
    .. [1] White, M. J. (1983). The measurement of spatial segregation. American Journal of Sociology 88(5),
           1008-1018.

    Examples
    --------
    >>> row = [[0, 0], [1, 0]]
    >>> round(mean_proximity([100, 0], [0, 50], row, [0, 0], decay=1), 4)  # exp(-1)
    0.3679
    """
    near = _proximity(group, other, None, points, area, decay, distances)
    pair = near.pair
    empty = pair.group_sum[0] == 0 or pair.other_sum[0] == 0 or near.unit_reasons[0] != ""
    return float("nan") if empty else float(ratio(pair.group @ near.near_other, pair.group_sum * pair.other_sum)[0])
