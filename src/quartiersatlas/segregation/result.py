"""One call, one result: the indices of all groups in all places, and what can be asked of them."""

from __future__ import annotations

from copy import deepcopy
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import choice, expects, names, renamed
from quartiersatlas.catalogue import Message, text
from quartiersatlas.charts import Charted
from quartiersatlas.errors import SpecError
from quartiersatlas.intake import AreaData
from quartiersatlas.segregation.explain import explain
from quartiersatlas.segregation.indices.boundary import checked_order
from quartiersatlas.segregation.indices.clustering import DECAY
from quartiersatlas.segregation.indices.evenness import checked_aversion
from quartiersatlas.segregation.indices.own_distances import distances_of_keys
from quartiersatlas.segregation.inference.significance import (
    RESAMPLES,
    bootstrap,
    jackknife,
    significance_test,
    with_intervals,
)
from quartiersatlas.segregation.pictures.of_result import segregation_chart
from quartiersatlas.segregation.prepared import HOW, SegregationSpec, check_missing, prepare
from quartiersatlas.segregation.table import (
    MeasuredIndices,
    index_tasks,
    local_values,
    profile,
    table_rows,
    unique_radii,
    with_notes,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd

    from quartiersatlas.segregation.prepared import Missing, PreparedCounts
    from quartiersatlas.segregation.table import IndexTask

SHOWN_DIGITS = 4


@renamed(frame="data", total="population", interval="resample", distance_unit="decay")
def measure_segregation(
    data: AreaData | pd.DataFrame,
    groups: Iterable[str] | str,
    *,
    population: str | None = None,
    by: str | None = None,
    indices: Iterable[str] | str = "standard",
    reference: str | Iterable[str] | None = None,
    radii: Iterable[float] | float | None = None,
    min_population: float = 0,
    missing: Missing = "raise",
    decay: float = DECAY,
    kernel: Literal["uniform", "triangular", "gaussian", "exponential"] = "triangular",
    b: float = 0.5,
    centre: str | tuple[float, float] | list[tuple[float, float]] = "population",
    contiguity: Literal["rook", "queen"] = "rook",
    order: int = 2,
    tolerance: float | None = None,
    barriers: gpd.GeoDataFrame | None = None,
    crossings: gpd.GeoDataFrame | None = None,
    distances: pd.DataFrame | None = None,
    resample: Literal["persons", "areas"] | None = None,
    n: int = 999,
    seed: int | np.random.Generator | None = None,
    progress: bool = False,
) -> SegregationResult:
    """Compute segregation indices of groups, for one city or for many.

    Parameters
    ----------
    data : AreaData, DataFrame or GeoDataFrame
        Counts of persons per area; with geometry in metres for the indices that need it.
    groups : list of str, or str
        Columns with the persons of each group. Indices of several groups at once (``multigroup``, ``ordinal``) take
        them as mutually exclusive; ordinal ones also as ordered from low to high.
    population : str, optional
        Column with all residents; the data's population column, if not given. Without either, the groups (and
        references) together are everybody.
    by : str, optional
        Column that names the parent area of each area (city, district): every index is computed for each of them.
    indices : list of str or str, default "standard"
        Ids or dimensions from :func:`segregation_indices`, ``"standard"`` or ``"all"``.
    reference : str or list of str, optional
        Columns of the populations to compare each group with; the rest of the residents, if not given.
    radii : float or list of float, optional
        Radii in metres of the surroundings, for the spatial indices and the shares in ``.local``. Above 0.
    min_population : float, default 0
        Areas with fewer residents are left out and counted. At least 0. Their persons count nowhere; the land of areas
        known to be uninhabited counts for ``delta`` and ``absolute_centralisation``, and paths
        (``spatial_proximity_profile``, ``morrill_order``) lead through every area.
    missing : {"raise", "report"}, default "raise"
        What to do where a count is unknown: refuse, or leave the area out of the indices that need it and count it
        in ``n_dropped``. It is never taken as 0.
    decay : float, default 1000
        Metres over which the nearness exp(-d / decay) of the clustering indices falls to 1/e. The default is
        the exp(-d) of the literature with d in kilometres: a neighbourhood within walking distance. Above 0;
        with lengths far below the distance between areas nobody is near anybody, which gives NaN with that
        reason.
    kernel : {"uniform", "triangular", "gaussian", "exponential"}, default "triangular"
        How the weight of other areas falls with distance up to the radius, for the spatial indices.
    b : float, default 0.5
        Inequality aversion of the Atkinson index. Between 0 and 1.
    centre : {"population", "mean", "median", "largest"}, pair of float or list of pairs, default "population"
        The centre of each place for the centralisation indices: the mean of the areas weighted with their residents,
        the mean or median, the most populous area, or coordinates; of several centres the nearest counts.
    contiguity : {"rook", "queen"}, default "rook"
        Whether neighbours share a border or also a corner, for ``morrill``, ``morrill_order`` and
        ``spatial_proximity_profile``.
    order : int, default 2
        Steps from neighbour to neighbour up to which ``morrill_order`` compares areas, at least 1.
    tolerance : float, optional
        Gap in metres that still counts as touching, for the indices of borders; the default is that of
        :func:`neighbours`. ``.notes`` says where outlines do not touch that were meant to. At least 0.
    barriers, crossings : GeoDataFrame, optional
        Rivers, railways, and bridges across them, as for :func:`neighbours`: the way to others within the radii leads
        around them, and borders along them are no contact. The decay of the clustering indices goes straight.
    distances : DataFrame, optional
        Distances of one's own, such as those along streets, for the decay of the clustering indices: columns ``one``,
        ``other`` (keys of the areas, each pair once) and ``metres``. Pairs that are not named are not near each other.
    resample : {"persons", "areas"}, optional
        Fill ``lower`` and ``upper`` with a 95 % interval from resamples of the persons or of the areas.
    n : int, default 999
        Resamples for the interval.
    seed : int or Generator, optional
        Makes the interval repeatable.
    progress : bool, default False
        Show a progress bar while resampling (needs ``pip install "quartiersatlas[progress]"``).

    Returns
    -------
    SegregationResult
        ``.table`` with one row per number, ``.local`` on the caller's index.

    Raises
    ------
    ColumnError
        A column is missing.
    JoinError
        Distances name areas that the data do not have.
    CountError
        Counts are negative, text, shares, larger than the population, or unknown with ``missing="raise"``.
    KeyColumnError
        An area has more than one row.
    GeometryError
        An index needs geometry, and it is in degrees or missing; barriers or crossings do not fit, see
        :func:`neighbours`.
    SpecError
        An option or index is unknown, or an index that was named needs geometry or radii that are missing.

    Examples
    --------
    >>> data = pd.DataFrame({"mh": [100, 60, 40, 0], "residents": [100, 100, 100, 100]})
    >>> result = measure_segregation(data, ["mh"], population="residents")
    >>> result.table[["group", "index", "reference", "value"]].head(2)
      group          index reference  value
    0    mh  dissimilarity      rest    0.6
    1    mh           gini      rest    0.8
    """
    expects(data, (AreaData, pd.DataFrame), "measure_segregation", HOW)
    choice(resample, (None, *RESAMPLES), "resample")
    spec = SegregationSpec(
        groups=names(groups, "groups"),
        population=population,
        references=() if reference is None else names(reference, "reference"),
        by=by,
        indices=names(indices, "indices"),
        radii=unique_radii(radii, kernel),
        min_population=min_population,
        missing=missing,
        decay=decay,
        kernel=kernel,
        b=b,
        centre=centre,
        contiguity=contiguity,
        order=order,
        tolerance=tolerance,
        barriers=barriers,
        crossings=crossings,
        distances=distances,
        resample=resample,
        n=n,
        seed=deepcopy(seed),  # a generator as it is before the first draw
    )
    _check_options(spec)
    prepared = prepare(data, spec)
    _check_ways(prepared)
    tasks = index_tasks(prepared)
    rows = table_rows(prepared, tasks)
    if resample is not None:
        rows = with_intervals(rows, prepared, tasks, resample, n=n, seed=seed, progress=progress)
    return SegregationResult(*with_notes(rows, prepared, tasks, resample), _notes(prepared, tasks), prepared)


def _check_ways(prepared: PreparedCounts) -> None:
    """Refuse barriers and distances that do not fit the areas."""
    import geopandas as gpd

    from quartiersatlas.space.barriers import checked_barriers

    spec, shapes = prepared.spec, prepared.shapes
    if shapes is None and (spec.barriers is not None or spec.crossings is not None):
        raise SpecError("measure_segregation: barriers need areas with geometry, and these have none.")
    areas = None if shapes is None else gpd.GeoDataFrame(geometry=shapes)
    checked_barriers(areas, spec.barriers, spec.crossings, "measure_segregation")
    if spec.distances is not None:
        distances_of_keys(spec.distances, prepared.areas)


def _check_options(spec: SegregationSpec) -> None:
    """Refuse options of the wrong kind before they are used."""
    from quartiersatlas.space.neighbours import check_metres

    for name in ("population", "by"):
        if not isinstance(getattr(spec, name), str | None):
            raise SpecError(f"{name} must be the name of one column, not {getattr(spec, name)!r}.")
    check_missing(spec.missing)
    choice(spec.contiguity, ("rook", "queen"), "contiguity")
    checked_order(spec.order)
    check_metres(spec.tolerance, "tolerance")
    if not isinstance(spec.decay, int | float | np.number) or not 0 < spec.decay < np.inf:
        raise SpecError(f"decay must be a length in metres, above 0, not {spec.decay!r}.")
    checked_aversion(spec.b)
    least = spec.min_population
    if not isinstance(least, int | float | np.number) or not 0 <= least < np.inf:
        raise SpecError(f"min_population must be a number, 0 or more, not {least!r}.")
    if len(spec.references) == 1 and spec.groups == spec.references:
        raise SpecError(f"{spec.groups[0]!r} is compared with itself; name another reference.")


OF_BORDERS = ("morrill", "morrill_order", "wong_boundary", "wong_shape", "spatial_proximity_profile")  # indices


def _notes(prepared: PreparedCounts, tasks: list[IndexTask]) -> tuple[Message, ...]:
    """Return what the reader has to know about the whole study."""
    notes = [*prepared.notes]
    if prepared.overlapping.any() and len(prepared.spec.groups) > 1:
        notes.append(Message("note_overlap"))
    elif len(prepared.spec.groups) > 1:
        notes.append(Message("note_exclusive", {"groups": ", ".join(prepared.spec.groups)}))
    if prepared.spec.indices == ("all",):
        notes.append(Message("note_ordinal_left_out"))
    if prepared.shapes is not None and prepared.shapes.crs is None:
        notes.append(Message("note_no_crs"))
    land = next((t.given.land for t in tasks if t.index.id in OF_BORDERS and t.given and t.given.geometry), None)
    apart = land.apart if land is not None else None
    return tuple(notes) if apart is None else (*notes, apart)


class SegregationResult(MeasuredIndices, Charted):
    """Segregation of groups.

    Parameters
    ----------
    table : DataFrame
        One row per number: by, group, reference, index, value, adjusted, expected, lower, upper, n_areas, n_dropped,
        note; with radii also radius. ``expected`` is the value without segregation: of D and G with a binomial number
        of members in each area (Winship 1977), of the others with persons shuffled (groups and areas keep their
        size); with a handful of areas the first is somewhat above the second. ``adjusted`` is the value corrected for
        it (Carrington and Troske 1997: 0 as by chance, 1 complete, below 0 more even than by chance),
        ``lower`` and ``upper`` the 95 % interval that was asked for. ``note`` says why a number is missing and which
        areas do not count.
    note_codes : Series of tuple of Message
        The same as codes: ``explain`` and the reports say them in either language.
    notes : tuple of Message
        What the reader has to know about the whole study.
    prepared : PreparedCounts
        The checked counts and options everything was computed from.
    """

    test = significance_test
    bootstrap = bootstrap
    jackknife = jackknife
    profile = profile
    explain = explain
    chart = segregation_chart

    @cached_property
    def local(self) -> pd.DataFrame:
        """Local values on the caller's index, with the geometry where there is one.

        For each group ``<group>_lq`` location quotient, ``<group>_d_part`` contribution to D,
        ``<group>_isolation_part`` and ``<group>_share_<radius>m``; for all
        groups ``local_segregation``, ``entropy`` and ``simpson``.
        """
        return local_values(self.prepared)

    def __repr__(self) -> str:
        lines = ["SegregationResult", _shown(self.table).to_string(index=False)]
        return "\n".join([*lines, *(str(note) for note in self.notes)])

    def _repr_html_(self) -> str:
        from html import escape

        notes = "".join(f"<p>{escape(text(note.name, 'en', **note.values))}</p>" for note in self.notes)
        return _shown(self.table).to_html(index=False, escape=True, na_rep="–") + notes + self._picture()


def _shown(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the table without columns that hold nothing, rounded for the eye."""
    empty = [c for c in ("adjusted", "expected", "lower", "upper") if c in rows and rows[c].isna().all()]
    alone = ["by"] if "by" in rows and rows["by"].astype(str).eq("all").all() else []
    return rows.drop(columns=[*empty, *alone]).round(SHOWN_DIGITS)
