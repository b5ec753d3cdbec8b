"""The one door out. What is not in a release is absent from every map, report and file made of it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from quartiersatlas.catalogue import Catalogue, Message
from quartiersatlas.disclosure.bounds import area_states, structure
from quartiersatlas.disclosure.columns import (
    Released,
    ReleasedColumn,
    ReleasedStability,
    add_data_column,
    add_need,
    change_meaning,
    protected_segregation,
    released_drivers,
    released_stability,
)
from quartiersatlas.disclosure.series import Ledger, Now, compare_with_earlier, ledger_entry
from quartiersatlas.disclosure.suppression import Protection, secrecy, shown_counts
from quartiersatlas.disclosure.words import (
    LANGUAGES,
    Audience,
    check_audience,
    collect_facts,
    comment_draft,
    reading_order,
    shown_ranks,
    shown_reasons,
    withheld_areas,
    wording_messages,
)
from quartiersatlas.errors import ColumnError, ReleaseError, SpecError
from quartiersatlas.intake import AreaData
from quartiersatlas.screening import candidate_areas, programme_overlap

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import geopandas as gpd

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure.suppression import Secrecy
    from quartiersatlas.need import NeedIndex, Stability
    from quartiersatlas.screening import Candidates, Shortlist
    from quartiersatlas.segregation import SegregationResult

SCALE_DECIMALS = {
    "value": 4,
    "adjusted": 4,
    "expected": 4,
    "mean_population": -1,
}  # tens: a mean times the number of areas is a total


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
        What a reader has to know. Without title, source, date or comment, or where an indicator has no definition,
        the release is a draft.
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
        The table of segregation indices, rounded; without numbers on tiny groups.
    audience : {"public", "internal"}
        Who reads: in public areas stand by name and have no ranks.
    protection : Protection
        What was held back.
    warnings : tuple of Message
        What the analyst has to know and the reader not: how close earlier releases come to this one.
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
    drivers : DataFrame, optional
        Columns (axis, indicator): what each released indicator adds to the score, as distance from the mean of all
        scored areas, one decimal. None where counts leave rounded.
    scale : DataFrame, optional
        The segregation indices at several levels of areas, rounded.
    dates : mapping of str to str
        Column -> the date of its data, where that is not ``as_of``.
    assessed : Series of bool, optional
        Areas for which the outcome of the rule could be told and may be shown.
    stability : ReleasedStability, optional
        How often each area is selected when nothing is taken as exact.
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
    audience: Audience = "public"
    protection: Protection = field(default_factory=Protection)
    warnings: tuple[Message, ...] = ()
    catalogue: Catalogue = field(default_factory=Catalogue.builtin)
    n_assessed: int = 0
    has_shortlist: bool = False
    context_only: bool = False
    spec_hash: str = ""
    drivers: pd.DataFrame | None = None
    scale: pd.DataFrame | None = None
    dates: Mapping[str, str] = field(default_factory=dict)
    assessed: pd.Series[bool] | None = None
    stability: ReleasedStability | None = None

    @property
    def is_draft(self) -> bool:
        """Whether something is missing that a reader has to know: such results carry a visible band."""
        return bool(self.lacks)

    @property
    def lacks(self) -> tuple[str, ...]:
        """What makes it a draft: title, source, date, comment, and indicators without a definition."""
        parts = {"title": self.title, "source": self.source, "date": self.as_of, "comment": self.comment}
        undefined = [
            f"definition of {column.id}"
            for column in self.columns
            if column.kind in ("rate", "share") and not all(column.indicator.definition(lang) for lang in LANGUAGES)
        ]
        return (*(name for name, content in parts.items() if not content.strip()), *undefined)

    @property
    def is_public(self) -> bool:
        """Whether it is read outside the house: then nothing may be listed as a ranking."""
        return self.audience == "public"

    @property
    def order(self) -> pd.Index:
        """The keys in the order in which areas are listed: by name; inside the house highest need first."""
        return reading_order(self)

    @property
    def ranks(self) -> pd.DataFrame:
        """Rank on each score among the shown areas, 1 the highest need; without columns in public."""
        return shown_ranks(self)

    def protect(self, values: pd.Series, *columns: str) -> pd.Series:
        """Protect something made of released columns: it is missing wherever one of them is protected.

        Parameters
        ----------
        values : Series
            On the district key: contributions, labels of clusters, ranks, intervals.
        columns : str
            The released columns it was made of.

        Raises
        ------
        ReleaseError
            A column is not released, so nothing made of it may leave.
        """
        unknown = [name for name in columns if name not in self.status]
        if unknown or not columns:
            raise ReleaseError(
                f"Something made of {', '.join(map(repr, unknown)) or 'nothing named'} cannot leave: "
                f"the release shows {', '.join(map(repr, self.status))}. Name the columns in release(columns=[...])."
            )
        return values.reindex(self.areas.index).mask((self.status[list(columns)] == "suppressed").any(axis=1))

    def comment_draft(self, lang: Lang = "de") -> str:
        """Return the facts for the comment, for the analyst to edit: how many areas, residents, shares, by which rule.

        Parameters
        ----------
        lang : {"de", "en"}, default "de"
            Language.

        Returns
        -------
        str
            One sentence per line, made of nothing but what the release shows; the last line says what is still to
            be written. It is a draft: a comment says what the numbers mean here.

        Raises
        ------
        SpecError
            The language is unknown.
        """
        return comment_draft(self, lang)

    def column(self, name: str) -> ReleasedColumn:
        """Return what a released column means.

        Raises
        ------
        ColumnError
            The release has no such column; the message names the closest ones.
        """
        found = {column.id: column for column in self.columns}
        if name not in found:
            raise ColumnError.not_found(name, found, "The release")
        return found[name]

    def axis_column(self, axis: str, kind: Literal["score", "class"]) -> ReleasedColumn | None:
        """Return the score or the class of an axis of the need index; None where it is not released."""
        return next((column for column in self.columns if column.axis == axis and column.kind == kind), None)

    def figure(self, column: str | None = None, *, size: str = "A4", lang: str = "de") -> Any:  # noqa: ANN401 - a Sheet
        """Draw the release on a sheet of paper.

        Parameters
        ----------
        column, size, lang
            As in :func:`quartiersatlas.figure`.

        Returns
        -------
        Sheet
            With ``.save("karte.pdf")``, also ``.svg`` and ``.png``.
        """
        # looked up when it is called: this room stands below present/ and does not know it
        return import_module("quartiersatlas.present.paper.sheet").figure(self, column, size=size, lang=lang)

    def __repr__(self) -> str:
        names = ", ".join(column.id for column in self.columns if column.kind != "count")
        hidden = int((self.status == "suppressed").to_numpy().sum())
        draft = f" (draft, missing: {', '.join(self.lacks)})" if self.is_draft else ""
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
    scale: pd.DataFrame | None = None,
    dates: Mapping[str, str] | None = None,
    stability: Stability | None = None,
    audience: Audience = "public",
    ledger: Ledger | str | Path | None = None,
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
        What a reader has to know. Without title, source, date or comment, or where the catalogue has no definition of
        a released indicator, everything made of the release carries a band that says it is an uncommented draft.
    protection : Protection, optional
        What is too small to be shown; ``Protection()`` if not given.
    scale : DataFrame, optional
        Result of :func:`scale_table`: the segregation indices at several levels of areas.
    dates : mapping of str to str, optional
        Column -> the date of its data, where that is not ``as_of``; older data are named in the stock-taking.
    stability : Stability, optional
        Result of ``shortlist.stability()`` or ``need.stability()`` for the same selection.
    audience : {"public", "internal"}, default "public"
        Who reads. In public, areas are listed by name and have no ranks; inside the house, highest need first.
    ledger : Ledger, str or Path, optional
        What was released before, or the JSON file that holds it (begun where there is none). A release that is no
        draft is entered, in a file at once.

    Returns
    -------
    Release
        Protected cells are NaN with the status ``suppressed``: absent, not hidden.

    Raises
    ------
    ColumnError
        A column is not there or holds text.
    SpecError
        No column of residents is named, candidates come without their shortlist, or the stability is of other areas,
        another spec or another selection.
    ReleaseError
        Together with an earlier release of the ledger it would give a small count away; ``report`` has them all.

    Warns
    -----
    UserWarning
        Title or comment contain words that stigmatise (see :func:`check_wording`), or a release of another date comes
        close to this one.

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
    >>> qa.release(data, title="Poverty", source="Register", as_of="2024")
    Release 'Poverty' (draft, missing: comment, definition of poverty): 3 areas; poverty; 0 cells protected
    """
    if not isinstance(data, AreaData):
        raise SpecError(f"release() takes joined data, not a {type(data).__name__}: release(join(areas, table), ...).")
    protection = protection or Protection()
    check_audience(audience)
    if candidates is not None and shortlist is None:
        raise SpecError("release() needs the shortlist the candidate areas were made of: shortlist=...")
    if need is not None:
        need = need.on(data.areas.index)
    names = list(columns if columns is not None else data.rates)
    kept = secrecy(data, protection, names, _entering(data, need, shortlist), need)
    out, residents = _columns(kept, names, need, protection)
    selected, assessed, candidates = _selection(data, kept, need, shortlist, candidates)
    remarks = wording_messages((title, subtitle, comment))
    for remark in remarks:
        warnings.warn(str(remark), UserWarning, stacklevel=2)  # who called qa.release
    facts = collect_facts(data, need, shortlist, candidates, protection, out, assessed)
    result = Release(
        areas=data.areas[structure(data)],
        values=pd.DataFrame(out.values, index=data.areas.index),
        status=pd.DataFrame(out.status, index=data.areas.index),
        state=area_states(data, kept.hidden),
        residents=residents,
        columns=tuple(out.columns),
        title=title,
        subtitle=subtitle,
        source=source,
        as_of=as_of,
        comment=comment,
        notices=data.notices,
        facts=(*facts, *remarks),
        reasons=shown_reasons(shortlist, selected, out) if shortlist is not None else pd.DataFrame(),
        selected=selected,
        candidates=_candidate_table(candidates, programmes, kept, out, protection) if candidates is not None else None,
        members=candidates.members
        if candidates is not None
        else pd.Series([], index=data.areas.index[:0], dtype=object),
        programmes=programmes,
        facilities=facilities,
        segregation=protected_segregation(segregation, protection) if segregation is not None else None,
        audience=audience,
        protection=protection,
        catalogue=data.catalogue.add(*(change_meaning(data, name) for name in data.changes)),
        n_assessed=int(assessed.sum()),
        has_shortlist=shortlist is not None,
        context_only=shortlist is not None and bool(shortlist.warnings),
        spec_hash=need.spec.hash if need is not None else "",
        drivers=released_drivers(need, out, protection) if need is not None else None,
        scale=scale.round(SCALE_DECIMALS) if scale is not None else None,
        dates=_dates(dates or {}, out),
        assessed=assessed if shortlist is not None else None,
        stability=(
            released_stability(stability, kept, shortlist, need, assessed, _ranked_score(out, audience))
            if stability is not None
            else None
        ),
    )
    if ledger is not None:
        result = _entered(result, kept, shown_counts(kept, names), ledger)
    return result


def _columns(
    kept: Secrecy, names: list[str], need: NeedIndex | None, protection: Protection
) -> tuple[Released, pd.Series[float]]:
    """Return the columns that leave, and the residents that are shown."""
    out, people = Released([], {}, {}), Released([], {}, {})
    for name in names:
        add_data_column(out, kept, name, protection)
    if need is not None:
        add_need(out, kept, need, protection)
    population = str(kept.data.population)
    add_data_column(people, kept, population, protection)
    return out, people.values[population]


def _selection(
    data: AreaData, kept: Secrecy, need: NeedIndex | None, shortlist: Shortlist | None, candidates: Candidates | None
) -> tuple[pd.Series[bool], pd.Series[bool], Candidates | None]:
    """Return which areas are told to be selected and to be assessed, and the candidate areas made of them alone."""
    if shortlist is None:
        nobody = pd.Series(data=False, index=data.areas.index)
        return nobody, nobody, None
    told = ~withheld_areas(shortlist, kept, need)
    selected = shortlist.selected & told
    if candidates is not None:
        shown = replace(shortlist, selected=selected)  # a withheld area must not reappear inside a candidate area
        candidates = candidate_areas(data.areas, shown, min_population=candidates.min_population)
    return selected, shortlist.assessed & told, candidates


def _ranked_score(out: Released, audience: Audience) -> pd.Series[float] | None:
    """Return the score whose ranks may be told: that of the first axis, inside the house."""
    scores = [column.id for column in out.columns if column.kind == "score"]
    return out.values[scores[0]] if scores and audience == "internal" else None


def _dates(dates: Mapping[str, str], out: Released) -> Mapping[str, str]:
    """Return the dates of columns that leave; a date of anything else is a slip."""
    for name in dates:
        if name not in out.values:
            raise ColumnError.not_found(name, out.values, "The release, for which dates names a date,")
    return dict(dates)


def _entered(release: Release, kept: Secrecy, shown: pd.DataFrame, ledger: Ledger | str | Path) -> Release:
    """Compare with earlier releases, and enter the release where it is no draft."""
    book = ledger if isinstance(ledger, Ledger) else Ledger.read(ledger)
    entry = ledger_entry(release, kept, shown, release.protection)
    messages = compare_with_earlier(book, Now(kept, shown, entry, release.protection))
    for message in messages:
        warnings.warn(str(message), UserWarning, stacklevel=3)
    if not release.is_draft:
        book.add(entry)
        if not isinstance(ledger, Ledger):
            book.save(ledger)
    return replace(release, warnings=tuple(messages))


def _entering(data: AreaData, need: NeedIndex | None, shortlist: Shortlist | None) -> list[str]:
    """Return the columns that enter something that leaves: changes in the need index, conditions of the rule."""
    leaves = [leaf.id for axis in need.spec.axes for leaf in axis.indicators] if need is not None else []
    conditions = list(shortlist.reasons["indicator"].unique()) if shortlist is not None else []
    return [*(name for name in leaves if name in data.changes), *(c for c in conditions if c in data.values.columns)]


def _candidate_table(
    candidates: Candidates,
    programmes: gpd.GeoDataFrame | None,
    kept: Secrecy,
    out: Released,
    protection: Protection,
) -> gpd.GeoDataFrame:
    """Return the candidate areas with their rates from the counts; what has a protected member is left out."""
    table, data, groups = candidates.table.copy(), kept.data, candidates.members

    def total(source: str, protected: pd.Series[bool]) -> pd.Series[float]:
        sums = protection.rounded(data.counts(source)[groups.index].groupby(groups).sum(min_count=1))
        return sums.mask(protected[groups.index].groupby(groups).any()).reindex(table.index)

    people = str(data.population)
    table["residents"] = total(people, kept.cells(people)) if len(table) else table["residents"]
    for column in out.columns:
        if column.kind == "rate":
            protected = out.values[column.id].isna()
            x, n = (total(source, protected) for source in data.rates[column.id])
            table[column.id] = (x / n.where(n > 0) * column.indicator.per).round(column.decimals)
    if programmes is not None:
        table = table.join(programme_overlap(candidates, programmes))
    return table
