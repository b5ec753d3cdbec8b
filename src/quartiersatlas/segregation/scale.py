"""How far does a number depend on the size of the areas? Each index at each level, raw and freed from chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pandas as pd

from quartiersatlas.catalogue import Message
from quartiersatlas.errors import ColumnError, SpecError, list_some
from quartiersatlas.intake import AreaData
from quartiersatlas.segregation.prepared import Study, StudySpec, prepared
from quartiersatlas.segregation.table import column_names, measure_segregation

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

AREAS = "areas"
RESIDENTS = "all residents"


def scale_table(
    frame: AreaData | pd.DataFrame,
    groups: Iterable[str] | str,
    levels: Iterable[str],
    total: str | None = None,
    *,
    reference: str | Iterable[str] | None = None,
    indices: Iterable[str] | str = "standard",
    min_population: float = 0,
    missing: Literal["raise", "drop"] = "raise",
) -> pd.DataFrame:
    """Compute the indices at several levels of areas, from districts down to the areas themselves.

    Parameters
    ----------
    frame : AreaData, DataFrame or GeoDataFrame
        Counts of persons per area, and the areas' place at each level.
    groups : list of str, or str
        Columns with the persons of each group.
    levels : list of str
        Columns with the areas' place at each level, from large to small; the areas themselves are added last.
    total : str, optional
        Column with all residents, as in :func:`segregation`.
    reference : str or list of str, optional
        Whom to compare with; the rest of the residents, if not given.
    indices : list of str or str, default "standard"
        Indices without geometry: ids, dimensions or "standard".
    min_population : float, default 0
        Areas of a level with fewer residents are left out at that level. At least 0.
    missing : {"raise", "drop"}, default "raise"
        Refuse unknown counts, or leave their areas out at every level.

    Returns
    -------
    DataFrame
        Tidy: level, n_areas, mean_population, group, reference, index, value, expected, adjusted, n_dropped, note.
        ``adjusted`` is the one to compare between levels: small areas alone raise ``value``. ``n_dropped`` counts
        areas of the level that are uninhabited or too small. With ``missing="drop"`` an area where any count is unknown
        is left out at every level; the note tells how many there are.

    Raises
    ------
    ColumnError
        A column is not there.
    CountError
        Counts cannot be used, as in :func:`segregation`.
    SpecError
        No level is named, a place is missing, or an index needs geometry.

    Notes
    -----
    That indices depend on the division into areas is the modifiable areal unit problem [1]_.

    References
    ----------
    .. [1] Openshaw, S. (1984). The Modifiable Areal Unit Problem. Geo Books, Norwich.

    Examples
    --------
    >>> frame = pd.DataFrame({"bezirk": ["A", "A", "B", "B"], "mh": [9, 1, 5, 5], "all": [10] * 4})
    >>> scale_table(frame, "mh", ["bezirk"], "all", indices="dissimilarity")[["level", "n_areas", "value"]]
        level  n_areas  value
    0  bezirk        2    0.0
    1   areas        4    0.4
    """
    levels = [levels] if isinstance(levels, str) else list(dict.fromkeys(levels))
    if AREAS in levels:
        raise SpecError(f"A level called {AREAS!r} is added last by itself; give your column another name.")
    if not levels:
        raise SpecError("levels is empty; name the columns of the larger areas, from large to small.")
    references = column_names(reference, "reference") if reference is not None else ()
    spec = StudySpec.plain(column_names(groups, "groups"), total, references, missing=missing)
    study = prepared(frame, spec)
    places = _places(frame, levels)
    options: dict[str, object] = {"reference": references or None, "indices": indices, "min_population": min_population}
    parts = [_at_level(level, _summed(study, places.get(level)), study, options) for level in (*levels, AREAS)]
    return pd.concat(parts, ignore_index=True)


def _places(frame: AreaData | pd.DataFrame, levels: list[str]) -> dict[str, NDArray[np.object_]]:
    """Return the place of each area at each level, in the order of the frame."""
    table = frame.areas if isinstance(frame, AreaData) else frame
    for level in levels:
        if level not in table.columns:
            raise ColumnError.not_found(level, table.columns, "The frame")
        without = table.index[table[level].isna() | table[level].eq("")]
        if len(without):
            raise SpecError(f"{len(without)} areas have no place in {level!r}: {list_some(without)}.")
    return {level: table[level].to_numpy(dtype=object) for level in levels}


def _summed(study: Study, places: NDArray[np.object_] | None) -> pd.DataFrame:
    """Return the counts of a level; areas without a count are left out of the sums."""
    counts = pd.DataFrame({**study.counts, RESIDENTS: study.total}, index=study.rows).sort_index().dropna()
    return counts if places is None else counts.groupby(places[counts.index.to_numpy()], sort=False).sum()


def _at_level(level: str, counts: pd.DataFrame, study: Study, options: dict[str, object]) -> pd.DataFrame:
    """Return the rows of one level."""
    total = None if study.groups_are_everybody else RESIDENTS
    result = measure_segregation(counts, study.spec.groups, total, missing=study.spec.missing, **options)  # type: ignore[arg-type]
    unknown = len(study.areas) - int(study.known(study.counts).sum())
    lost = f"; {Message('note_unknown', {'n': unknown})}" if unknown else ""
    table = result.table.assign(
        level=level,
        mean_population=float(counts[RESIDENTS].mean()),
        note=[f"{note}{lost}".removeprefix("; ") for note in result.table["note"]],
    )
    names = ["level", "n_areas", "mean_population", "group", "reference", "index"]
    return table[[*names, "value", "expected", "adjusted", "n_dropped", "note"]]
