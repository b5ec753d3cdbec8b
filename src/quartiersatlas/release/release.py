"""The one door out. What is not in a release is absent from every map, report and file made of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.catalogue import Catalogue, Message
from quartiersatlas.errors import SpecError
from quartiersatlas.intake import AreaData
from quartiersatlas.release.areas import area_states, structure
from quartiersatlas.release.columns import Released, ReleasedColumn, add_data_column, add_need
from quartiersatlas.release.facts import collect_facts
from quartiersatlas.release.protection import Protection
from quartiersatlas.release.reasons import shown_reasons, withheld_areas
from quartiersatlas.release.secrecy import secrecy
from quartiersatlas.screening import candidate_areas, programme_overlap

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd

    from quartiersatlas.need import NeedIndex
    from quartiersatlas.screening import Candidates, Shortlist
    from quartiersatlas.segregation import SegregationResult

SEGREGATION_DECIMALS = 4


@dataclass(frozen=True)
class Release:
    """Protected, commented results.

    Parameters
    ----------
    areas : GeoDataFrame
        Name, parents and geometry, on the district key.
    values, status : DataFrame
        The named columns only, protected and rounded; the status of each cell.
    state : Series of str
        ``"shown"``, ``"small"`` (below the minimum population), ``"uninhabited"`` or ``"unknown"`` (residents unknown).
    residents : Series of float
        Residents of each area; protected like every count.
    columns : tuple of ReleasedColumn
        What the columns mean.
    title, subtitle, source, as_of, comment : str
        What a reader has to know. Without title, source, date or comment the release is a draft.
    notices : tuple of str
        Warnings that came with the data.
    facts : tuple of Message
        What was matched, left out, protected, computed: the lines of the method box.
    reasons : DataFrame
        For each selected area the conditions it meets.
    selected : Series of bool
        The shortlist; empty where there was no screening.
    members : Series of str
        District key -> candidate area.
    candidates, programmes, facilities : GeoDataFrame, optional
        Further layers.
    segregation : DataFrame, optional
        The table of segregation indices, rounded.
    catalogue : Catalogue
        Labels of indicators that are named in the method without being released themselves.
    n_assessed : int
        Areas for which the outcome of the rule could be told and may be shown.
    has_shortlist : bool
        Whether there was a screening.
    context_only : bool
        Whether its rule rests on context indicators alone; the selected areas are then not called areas of need.
    spec_hash : str
        Fingerprint of the need spec.
    """

    areas: gpd.GeoDataFrame
    values: pd.DataFrame
    status: pd.DataFrame
    state: pd.Series[str]
    residents: pd.Series[float]
    columns: tuple[ReleasedColumn, ...]
    title: str
    subtitle: str
    source: str
    as_of: str
    comment: str
    notices: tuple[str, ...]
    facts: tuple[Message, ...]
    reasons: pd.DataFrame
    selected: pd.Series[bool]
    members: pd.Series[str]
    candidates: gpd.GeoDataFrame | None = None
    programmes: gpd.GeoDataFrame | None = None
    facilities: gpd.GeoDataFrame | None = None
    segregation: pd.DataFrame | None = None
    catalogue: Catalogue = field(default_factory=Catalogue.builtin)
    n_assessed: int = 0
    has_shortlist: bool = False
    context_only: bool = False
    spec_hash: str = ""

    @property
    def is_draft(self) -> bool:
        """Whether title, source, date or comment are missing: such results carry a visible band."""
        return not all(part.strip() for part in (self.title, self.source, self.as_of, self.comment))

    def column(self, name: str) -> ReleasedColumn:
        """Return what a released column means."""
        return next(column for column in self.columns if column.id == name)

    def __repr__(self) -> str:
        names = ", ".join(column.id for column in self.columns if column.kind != "count")
        hidden = int((self.status == "suppressed").to_numpy().sum())
        draft = " (draft: title, source, date or comment is missing)" if self.is_draft else ""
        return f"Release {self.title!r}{draft}: {len(self.areas)} areas; {names}; {hidden} cells protected"

    def _repr_html_(self) -> str:
        from html import escape

        return f"<p>{escape(repr(self))}</p>"


def release(
    data: AreaData,
    *,
    columns: Iterable[str] | None = None,
    need: NeedIndex | None = None,
    shortlist: Shortlist | None = None,
    candidates: Candidates | None = None,
    segregation: SegregationResult | None = None,
    programmes: gpd.GeoDataFrame | None = None,
    facilities: gpd.GeoDataFrame | None = None,
    title: str = "",
    subtitle: str = "",
    source: str = "",
    as_of: str = "",
    comment: str = "",
    protection: Protection | None = None,
) -> Release:
    """Let results out: named columns only, protected, with what a reader has to know.

    Parameters
    ----------
    data : AreaData
        Joined data with rates.
    columns : list of str, optional
        What leaves: rates (with both counts), counts, ready-made shares. All rates that were added, if not given.
    need, shortlist, candidates, segregation : optional
        Results to go with it.
    programmes, facilities : GeoDataFrame, optional
        Further layers as ``read_features`` returns them.
    title, subtitle, source, as_of, comment : str
        What a reader has to know. Without title, source, date or comment everything made of the release carries a
        band that says it is an uncommented draft.
    protection : Protection, optional
        What is too small to be shown; ``Protection()`` if not given.

    Returns
    -------
    Release
        Protected cells are NaN with the status ``suppressed``: absent, not hidden.

    Raises
    ------
    ColumnError
        A column is not there or holds text.
    SpecError
        No column of residents is named, or candidates come without their shortlist.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> import shapely
    >>> import quartiersatlas as qa
    >>> shapes = [shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000, 2000)]
    >>> areas = gpd.GeoDataFrame({"name": ["A", "B", "C"]}, index=["1", "2", "3"], geometry=shapes, crs="EPSG:25832")
    >>> table = pd.DataFrame({"poor": [300.0, 260, 90], "residents": [1000.0] * 3}, index=areas.index)
    >>> data = qa.add_rates(qa.join(areas, table), {"poverty": ("poor", "residents")})
    >>> qa.release(data, title="Poverty")
    Release 'Poverty' (draft: title, source, date or comment is missing): 3 areas; poverty; 0 cells protected
    """
    if not isinstance(data, AreaData):
        raise SpecError(f"release() takes joined data, not a {type(data).__name__}: release(join(areas, table), ...).")
    protection = protection or Protection()
    if candidates is not None and shortlist is None:
        raise SpecError("release() needs the shortlist the candidate areas were made of: shortlist=...")
    if need is not None:
        need = need.on(data.areas.index)
    names = list(columns if columns is not None else data.rates)
    kept = secrecy(data, protection, names, _entering(data, need, shortlist), need)
    out = Released([], {}, {})
    for name in names:
        add_data_column(out, kept, name, protection)
    if need is not None:
        add_need(out, kept, need, protection)
    people = Released([], {}, {})
    add_data_column(people, kept, str(data.population), protection)
    empty = data.areas.index[:0]
    selected = assessed = pd.Series(data=False, index=data.areas.index)
    if shortlist is not None:
        told = ~withheld_areas(shortlist, kept, need)
        selected, assessed = shortlist.selected & told, shortlist.assessed & told
    if candidates is not None and shortlist is not None:
        shown = replace(shortlist, selected=selected)  # a withheld area must not reappear inside a candidate area
        candidates = candidate_areas(data.areas, shown, min_population=candidates.min_population)
    return Release(
        areas=data.areas[structure(data)],
        values=pd.DataFrame(out.values, index=data.areas.index),
        status=pd.DataFrame(out.status, index=data.areas.index),
        state=area_states(data, kept.hidden),
        residents=people.values[str(data.population)],
        columns=tuple(out.columns),
        title=title,
        subtitle=subtitle,
        source=source,
        as_of=as_of,
        comment=comment,
        notices=data.notices,
        facts=collect_facts(data, need, shortlist, candidates, protection, out, assessed),
        reasons=shown_reasons(shortlist, selected, out) if shortlist is not None else pd.DataFrame(),
        selected=selected,
        candidates=_candidate_table(candidates, programmes, data, out) if candidates is not None else None,
        members=candidates.members if candidates is not None else pd.Series([], index=empty, dtype=object),
        programmes=programmes,
        facilities=facilities,
        segregation=_rounded(segregation) if segregation is not None else None,
        catalogue=data.catalogue,
        n_assessed=int(assessed.sum()),
        has_shortlist=shortlist is not None,
        context_only=shortlist is not None and bool(shortlist.warnings),
        spec_hash=need.spec.hash if need is not None else "",
    )


def _entering(data: AreaData, need: NeedIndex | None, shortlist: Shortlist | None) -> list[str]:
    """Return the columns that enter something that leaves: changes in the need index, conditions of the rule."""
    leaves = [leaf.id for axis in need.spec.axes for leaf in axis.indicators] if need is not None else []
    conditions = list(shortlist.reasons["indicator"].unique()) if shortlist is not None else []
    return [*(name for name in leaves if name in data.changes), *(c for c in conditions if c in data.values.columns)]


def _candidate_table(
    candidates: Candidates, programmes: gpd.GeoDataFrame | None, data: AreaData, out: Released
) -> gpd.GeoDataFrame:
    """Return the candidate areas with their rates from the counts; a rate with a protected member is left out."""
    table = candidates.table.copy()
    groups = candidates.members
    for column in out.columns:
        if column.kind != "rate":
            continue
        numerator, denominator = data.rates[column.id]
        x = data.counts(numerator)[groups.index].groupby(groups).sum(min_count=1)
        n = data.counts(denominator)[groups.index].groupby(groups).sum(min_count=1)
        protected = out.values[column.id][groups.index].isna().groupby(groups).any()
        table[column.id] = (x / n * column.indicator.per).mask(protected).round(column.decimals).reindex(table.index)
    if programmes is not None:
        table = table.join(programme_overlap(candidates, programmes))
    return table


def _rounded(result: SegregationResult) -> pd.DataFrame:
    numbers = ["value", "adjusted", "expected", "lower", "upper"]
    return result.table.assign(**result.table[numbers].round(SEGREGATION_DECIMALS))
