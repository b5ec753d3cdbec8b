"""How far existing programme areas already cover the candidate areas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.errors import GeometryError

if TYPE_CHECKING:
    import geopandas as gpd

    from quartiersatlas.screening.candidates import Candidates

COVERED = 0.9  # share of the surface from which a candidate area counts as covered
TOUCHED = 0.05  # and from which it counts as partly covered


def programme_overlap(candidates: Candidates, programmes: gpd.GeoDataFrame) -> pd.DataFrame:
    """Compare candidate areas with existing programme areas by surface.

    Parameters
    ----------
    candidates : Candidates
        Result of :func:`candidate_areas`.
    programmes : GeoDataFrame
        Polygons with a ``name``, in the same coordinate reference system.

    Returns
    -------
    DataFrame
        On the candidate: ``programmes`` (names), ``covered_share`` of the surface in [0, 1], and ``cover``:
        ``"covered"`` (from 90 %), ``"partly"`` (from 5 %), ``"not_covered"``.

    Raises
    ------
    GeometryError
        The two are in different coordinate reference systems.

    Notes
    -----
    The share is of the surface, not of the residents: where people live unevenly the two differ.
    """
    if programmes.crs != candidates.table.crs:
        raise GeometryError("Programme areas and candidate areas are in different coordinate reference systems.")
    rows = []
    for shape in candidates.table.geometry:
        touching = programmes[programmes.intersects(shape)]
        share = shape.intersection(touching.geometry.union_all()).area / shape.area if len(touching) else 0.0
        real = touching[touching.intersection(shape).area > TOUCHED * shape.area]
        rows.append((", ".join(sorted(real["name"])), share))
    table = pd.DataFrame(rows, columns=["programmes", "covered_share"], index=candidates.table.index)
    surface = table["covered_share"]
    cover = np.where(surface >= COVERED, "covered", np.where(surface >= TOUCHED, "partly", "not_covered"))
    return table.assign(cover=cover)
