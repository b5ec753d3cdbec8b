"""How far does a number depend on the size of the areas? Each index at each level, raw and adjusted for chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import expects, names, renamed
from quartiersatlas.catalogue import Message
from quartiersatlas.errors import SpecError
from quartiersatlas.intake import AreaData
from quartiersatlas.segregation.prepared import HOW, SegregationSpec, as_frame, check_missing, parents, prepare
from quartiersatlas.segregation.result import measure_segregation
from quartiersatlas.segregation.table import in_english

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quartiersatlas.segregation.prepared import Missing, PreparedCounts

AREAS = "areas"
RESIDENTS = "all residents"


@renamed(frame="data", levels="by", total="population")
def scale_table(
    data: AreaData | pd.DataFrame,
    groups: Iterable[str] | str,
    by: Iterable[str] | str,
    *,
    population: str | None = None,
    reference: str | Iterable[str] | None = None,
    indices: Iterable[str] | str = "standard",
    min_population: float = 0,
    missing: Missing = "raise",
) -> pd.DataFrame:
    """Compute the indices at several levels of areas, from districts down to the areas themselves.

    Parameters
    ----------
    data : AreaData, DataFrame or GeoDataFrame
        Counts of persons per area, and the areas' parent area at each level.
    groups : list of str, or str
        Columns with the persons of each group.
    by : list of str, or str
        Columns with the areas' parent area at each level, from large to small; the areas themselves are added last.
    population : str, optional
        Column with all residents, as in :func:`measure_segregation`.
    reference : str or list of str, optional
        Whom to compare with; the rest of the residents, if not given.
    indices : list of str or str, default "standard"
        Indices without geometry: ids, dimensions or "standard".
    min_population : float, default 0
        Areas of a level with fewer residents are left out at that level. At least 0.
    missing : {"raise", "report"}, default "raise"
        Refuse unknown counts, or leave their areas out at every level.

    Returns
    -------
    DataFrame
        Tidy: level, n_areas, mean_population, group, reference, index, value, expected, adjusted, n_dropped, note.
        ``adjusted`` is the one to compare between levels: small areas alone raise ``value``. ``n_dropped`` counts
        areas of the level that are uninhabited or too small. With ``missing="report"`` an area where any count is
        unknown is left out at every level; the note says how many there are.

    Raises
    ------
    ColumnError
        A column is missing.
    CountError
        Counts cannot be used, as in :func:`measure_segregation`.
    KeyColumnError
        An area has more than one row.
    SpecError
        No level is named, an area has no parent area, or an index needs geometry.

    Notes
    -----
    That indices depend on the division into areas is the modifiable areal unit problem [1]_.

    References
    ----------
    .. [1] Openshaw, S. (1984). The Modifiable Areal Unit Problem. Geo Books, Norwich.

    Examples
    --------
    >>> data = pd.DataFrame({"bezirk": ["A", "A", "B", "B"], "mh": [9, 1, 5, 5], "all": [10] * 4})
    >>> table = scale_table(data, "mh", ["bezirk"], population="all", indices="dissimilarity")
    >>> table[["level", "n_areas", "value"]]
        level  n_areas  value
    0  bezirk        2    0.0
    1   areas        4    0.4
    """
    expects(data, (AreaData, pd.DataFrame), "scale_table", HOW)
    check_missing(missing)
    levels = names(by, "by")
    if AREAS in levels:
        raise SpecError(f"A level called {AREAS!r} is added last by itself; give your column another name.")
    references = () if reference is None else names(reference, "reference")
    spec = SegregationSpec(names(groups, "groups"), population, references, missing=missing)
    prepared, frame = prepare(data, spec), as_frame(data)[0]
    options: dict[str, object] = {"reference": references or None, "indices": indices, "min_population": min_population}
    parts = [_at_level(level, _summed(prepared, frame, level), prepared, options) for level in (*levels, AREAS)]
    return pd.concat(parts, ignore_index=True)


def _summed(prepared: PreparedCounts, frame: pd.DataFrame, level: str) -> pd.DataFrame:
    """Return the counts of a level; areas without a count are left out of the sums."""
    counts = pd.DataFrame({**prepared.counts, RESIDENTS: prepared.population}, index=prepared.rows).sort_index()
    if level == AREAS:
        return counts.dropna()
    codes, found = parents(frame, level)
    known = counts.dropna()
    return known.groupby(np.array(found, dtype=object)[codes][known.index.to_numpy()], sort=False).sum()


def _at_level(level: str, counts: pd.DataFrame, prepared: PreparedCounts, options: dict[str, object]) -> pd.DataFrame:
    """Return the rows of one level."""
    population = None if prepared.groups_are_everybody else RESIDENTS
    result = measure_segregation(counts, prepared.spec.groups, population=population, **options)  # type: ignore[arg-type]
    unknown = len(prepared.areas) - int(prepared.known(prepared.counts).sum())
    lost = (Message("note_unknown", {"n": unknown}),) if unknown else ()
    table = result.table.assign(
        level=level,
        mean_population=float(counts[RESIDENTS].mean()),
        note=in_english([codes + lost for codes in result.note_codes]),
    )
    columns = ["level", "n_areas", "mean_population", "group", "reference", "index"]
    return table[[*columns, "value", "expected", "adjusted", "n_dropped", "note"]]
