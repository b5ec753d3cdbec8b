"""Local values of a study on the caller's areas, ready for the map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from quartiersatlas.catalogue import Message
from quartiersatlas.segregation.blocks import Grounds
from quartiersatlas.segregation.evenness import dissimilarity_parts
from quartiersatlas.segregation.exposure import isolation_parts
from quartiersatlas.segregation.local import location_quotients
from quartiersatlas.segregation.multigroup import local_segregation_scores
from quartiersatlas.segregation.places import entropy, share

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quartiersatlas.segregation.study import Study

    Floats = NDArray[np.float64]


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
