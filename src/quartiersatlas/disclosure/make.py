"""The one door out: what is not in a release is absent from every map, report and file made of it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import known_parameters
from quartiersatlas.catalogue import Message, MessageWarning
from quartiersatlas.disclosure.arguments import check_arguments
from quartiersatlas.disclosure.certificate import Audit, audit_release, refuse_failed
from quartiersatlas.disclosure.columns import (
    ReleasedColumns,
    add_data_column,
    add_need,
    change_meaning,
    check_stability,
    label_columns,
    need_cells,
    protected_segregation,
    released_burden,
    released_drivers,
    released_segregation,
    released_stability,
    unreleased_domains,
)
from quartiersatlas.disclosure.derived.feasible_splits import with_index_company
from quartiersatlas.disclosure.derived.filled import fill_withheld
from quartiersatlas.disclosure.derived.group_gaps import add_gap_columns, gap_facts, with_gaps
from quartiersatlas.disclosure.derived.grouped import shown_candidates
from quartiersatlas.disclosure.derived.measures import released_measures
from quartiersatlas.disclosure.derived.named_columns import (
    entering_names,
    families_of,
    leaving_names,
    segregated_groups,
)
from quartiersatlas.disclosure.derived.recompute import (
    Derived,
    compute_again,
    difference_messages,
    differences,
)
from quartiersatlas.disclosure.derived.within import released_within
from quartiersatlas.disclosure.known_counts import smallest_units
from quartiersatlas.disclosure.ledger import Ledger, layer_of, ledger_entry, locked_ledger, write_ledger
from quartiersatlas.disclosure.numbers.other_numbers import share_warnings
from quartiersatlas.disclosure.over_time.answers import answers, dates_told, names_told
from quartiersatlas.disclosure.over_time.other_borders import PendingRelease
from quartiersatlas.disclosure.over_time.other_dates import gap_before
from quartiersatlas.disclosure.over_time.series import compare_with_earlier, earlier_cells
from quartiersatlas.disclosure.protection import Protection
from quartiersatlas.disclosure.reasons import reasons_not_shown
from quartiersatlas.disclosure.release import Audience, ReleasedResults
from quartiersatlas.disclosure.selection.compared_rules import released_comparison
from quartiersatlas.disclosure.selection.first_comment import comment_draft
from quartiersatlas.disclosure.selection.screened import (
    missing_facts,
    released_screening,
    withheld_areas,
    withheld_runs,
)
from quartiersatlas.disclosure.suppression import leaving_counts, shown_counts, suppression_pattern
from quartiersatlas.disclosure.words import collect_facts, wording_messages
from quartiersatlas.errors import ColumnError
from quartiersatlas.intake.areas.area_columns import parent_columns
from quartiersatlas.screening import (
    Candidates,
    ProgrammeAreas,
    Shortlist,
    drawn_layer,
    released_cover,
)
from quartiersatlas.segregation import SegregationResult, scale_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd

    from quartiersatlas.catalogue import Indicator
    from quartiersatlas.disclosure.ledger import LedgerEntry
    from quartiersatlas.disclosure.release import ReleasedStability
    from quartiersatlas.disclosure.suppression import Settled, SuppressionPattern
    from quartiersatlas.indicators import GroupGap
    from quartiersatlas.indicators.within import WithinArea
    from quartiersatlas.intake import AreaData
    from quartiersatlas.monitoring.changes.change import Change
    from quartiersatlas.monitoring.comparisons.funded import FundedComparison
    from quartiersatlas.monitoring.comparisons.twins import Twins
    from quartiersatlas.monitoring.lists.compare import ListComparison
    from quartiersatlas.monitoring.measures.register import Measures
    from quartiersatlas.need import NeedIndex, NeedSpec, Stability
    from quartiersatlas.need.burden import Burden
    from quartiersatlas.screening import RuleComparison


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Release(ReleasedResults):  # noqa: D101 - the parameters are those of the record
    __doc__ = ReleasedResults.__doc__

    comment_draft = comment_draft

    def audit(self) -> Audit:
        """Return how far everything that the release shows narrows down what it withholds. For the house only."""
        return self.certificate.copied()


@known_parameters
def release(
    data: AreaData,
    *,
    columns: str | Iterable[str] | None = None,
    need: NeedIndex | None = None,
    shortlist: Shortlist | None = None,
    candidates: Candidates | None = None,
    segregation: SegregationResult | None = None,
    programmes: gpd.GeoDataFrame | ProgrammeAreas | None = None,
    facilities: gpd.GeoDataFrame | None = None,
    gaps: GroupGap | Iterable[GroupGap] | None = None,
    change: Change | None = None,
    lists: ListComparison | None = None,
    twins: Twins | None = None,
    funded: FundedComparison | None = None,
    within: WithinArea | None = None,
    measures: Measures | None = None,
    comparison: RuleComparison | None = None,
    burden: Burden | None = None,
    city: str = "",
    title: str = "",
    subtitle: str = "",
    source: str = "",
    as_of: str = "",
    comment: str = "",
    protection: Protection | None = None,
    scale: pd.DataFrame | Mapping[str, Any] | None = None,
    dates: Mapping[str, str] | None = None,
    stability: Stability | None = None,
    missing: Literal["", "status", "moving"] = "",
    audience: Audience = "public",
    ledger: Ledger | str | Path | None = None,
) -> Release:
    """Let results out: named columns only, protected, with what a reader has to know.

    Parameters
    ----------
    data : AreaData
        Joined data with rates.
    columns : str or list of str, optional
        What leaves: rates (with both counts), counts, ready-made shares, means, amounts. If not given: all rates that
        were added, every other column that the catalogue knows, every member of the need index and every indicator of
        the rule.
    need, shortlist, candidates, segregation : optional
        Results to go with it.
    programmes : GeoDataFrame or ProgrammeAreas, optional
        Programme areas as ``read_features`` or :func:`programme_areas` return them. Columns with dates (``von`` and
        ``bis``) decide which of them run at ``as_of``.
    facilities : GeoDataFrame, optional
        A further layer as ``read_features`` or ``read_points`` return it.
    gaps : GroupGap or list of GroupGap, optional
        Results of :func:`group_gap`: the rates of the group and of whom it is compared with leave with their counts,
        and the gap of each area as columns ``<name>`` (drawn towards all areas) and ``<name>_direct``. That group and
        others add up to all is declared, and everything shown of a gap is made of the counts that leave.
    change : Change, optional
        Result of :func:`change` that ends with these data: its indicators leave with it. Every earlier date is
        protected, audited and entered in the ledger as a release of its own.
    lists : ListComparison, optional
        Result of :func:`compare_lists` whose later list is ``shortlist``: states and reasons, without numbers.
    twins : Twins, optional
        Result of :func:`twins` of these data; what they are compared by leaves with them.
    funded : FundedComparison, optional
        Result of :func:`compare_funded` of joined data: means of both groups, never a value of an area.
    within : WithinArea, optional
        Result of :func:`within_area` of a rate that leaves: verdicts and numbers of units, where the rate is shown.
    measures : Measures, optional
        Result of :func:`read_measures`: what, who, when and where leaves, and coverage of the need that the release
        shows, on the day ``as_of``; money, assessments and internal notes only for the house.
    comparison : RuleComparison, optional
        Result of :func:`compare_rules`: whom each rule reaches and where they agree, with every rule applied again to
        what is shown; not beside ``Protection(derived="exact")``.
    burden : Burden, optional
        Result of :func:`burden` of columns that leave: counted again of what is shown, with its limits by quantile.
    city : str, optional
        The name of the city, to stand in the place of the word "city"; that of the data, if not given.
    title, subtitle, source, as_of, comment : str
        What a reader has to know. Without title, source, date or comment, or where the catalogue has no definition of
        a released indicator, everything made of the release carries a band that says it is a draft, and why.
    protection : Protection, optional
        What is suppressed, and whether results are computed again from what is shown (as they are by default) or leave
        as they were computed; ``Protection()`` if not given.
    scale : DataFrame or mapping, optional
        Result of :func:`scale_table`: the segregation indices at several levels of areas; or its options.
    dates : mapping of str to str, optional
        Column -> the date of its data, where that is not ``as_of``; older data are named in the stocktaking.
    stability : Stability, optional
        Result of ``shortlist.stability()`` or ``need.stability()`` for the same selection.
    missing : {"", "status", "moving"}, default ""
        Whether areas are shown with how many persons are missing until they enter or leave the list, and how persons
        change: as in ``shortlist.missing(how=...)``. Only where that tells nothing of a protected value.
    audience : {"public", "internal"}, default "public"
        Who reads. In public, areas are listed by name and have no ranks; inside the house, highest need first.
    ledger : Ledger, str or Path, optional
        What was released before, or the JSON file that holds it (begun where there is none). A release that is no
        draft is entered; in a file at once, under its lock, so that no release of another process is missed.

    Returns
    -------
    Release
        Protected cells are NaN with the status ``suppressed``: absent, not hidden.

    Raises
    ------
    ArgumentError
        An argument is of another type; the message names what it takes and how to get it.
    ColumnError
        A column is not there or holds text.
    SpecError
        No column of residents is named, candidates come without their shortlist, the stability is of other areas,
        another spec or another selection, or a result cannot be made of these data again.
    ReleaseError
        Together with an earlier release of the ledger it would give a small count away; ``report`` has them all. Or
        somebody else is using the ledger.

    Warns
    -----
    UserWarning
        Title or comment contain words that stigmatise (see :func:`check_wording`), only a definition is missing to
        what would else be no draft, a release of another date comes close to this one, or an area has another class or
        another selection than in the house.

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
    Release 'Poverty': 3 areas; poverty; 0 cells suppressed
      draft: uncommented, without a definition: poverty (add numerator and denominator to the catalogue)
    """
    given: dict[str, Any] = dict(locals())  # the arguments by their names
    check_arguments(given)
    given["city"] = city or data.city
    with _opened(ledger) as book:
        result = _released(given, book)
        if book is not None and isinstance(ledger, (str, Path)) and not result.is_draft:
            write_ledger(book, Path(ledger))
    for message in (*wording_messages((title, subtitle, comment)), *result.warnings):
        warnings.warn(MessageWarning(message), stacklevel=3)  # who called qa.release
    return result


def _opened(ledger: Ledger | str | Path | None) -> AbstractContextManager[Ledger | None]:
    """Give the ledger; one in a file is locked until the release is entered, so that no other one comes between."""
    return locked_ledger(ledger) if isinstance(ledger, (str, Path)) else nullcontext(ledger)


def _released(given: Mapping[str, Any], book: Ledger | None) -> Release:
    """Protect, compute again, audit, compare with earlier releases, and enter what is no draft."""
    data, need, shortlist, audience = (given[name] for name in ("data", "need", "shortlist", "audience"))
    protection = given["protection"] or Protection()
    if need is not None and not need.scores.index.equals(data.areas.index):
        need = need.on(data.areas.index)
    if need is not None:
        data = replace(data, catalogue=data.catalogue.add(*_missing_meanings(data, need.spec)))
    names = names_told(given, leaving_names(data, given["columns"], need, shortlist))
    data, gaps, names = with_gaps(data, given["gaps"], names)
    made = {**{name: given[name] for name in RESULTS}, "need": need}
    settled = partial(earlier_cells, book, as_of=given["as_of"]) if book is not None else None
    pattern, derived, differing = _derived(data, protection, names, made, settled)
    out, residents = _columns(pattern, names, derived.need, protection)
    dates = dates_told(given, gaps, pattern, out, settled)
    group_gaps = tuple(add_gap_columns(out, pattern, gap, protection, gap_before(gap, dates)) for gap in gaps)
    if shortlist is not None and shortlist.spec is not None:
        label_columns(out, shortlist.spec, data)
    selected, assessed, grouped = _selection(data, pattern, derived, shortlist)
    remarks = wording_messages((given["title"], given["subtitle"], given["comment"]))
    shown = shown_counts(pattern, names)
    audit = audit_release(pattern, shown, leaving_counts(pattern, names), names)
    if protection.secondary:
        refuse_failed(audit)
    layer, programmes, repairs = _layer(given, data)
    told, not_told = answers(given, dates, derived)
    result = Release(
        **_areas(data, pattern),
        values=pd.DataFrame(out.values, index=data.areas.index),
        status=pd.DataFrame(out.status, index=data.areas.index),
        reasons_not_shown=pd.DataFrame(out.reasons, index=data.areas.index),
        residents=residents,
        columns=tuple(out.columns),
        **{**{name: given[name] for name in PASSED_ON}, "programmes": layer},
        notices=data.notices,
        facts=(
            *collect_facts(data, derived.need, derived.shortlist, grouped, protection, out, assessed),
            *(*gap_facts(group_gaps), *not_told, *repairs, *missing_facts(derived.shortlist, given["missing"])),
            *remarks,
        ),
        **_screened(derived, selected, assessed, pattern, out, residents, given["missing"]),
        **_grouped(grouped, programmes, residents, out, pattern),
        segregation=_segregation(pattern, derived.segregation),
        protection=protection,
        catalogue=data.catalogue.add(*(change_meaning(data, name) for name in data.changes)),
        spec_hash=need.spec.hash if need is not None else "",
        drivers=released_drivers(derived.need, out, protection) if derived.need is not None else None,
        scale=derived.scale.round(SCALE_DECIMALS) if derived.scale is not None else None,
        dates=_dates(given["dates"] or {}, out),
        group_gaps=group_gaps,
        **told,
        within=released_within(given["within"], data, out.values),
        comparison=released_comparison(derived.comparison, pattern),
        burden=released_burden(given["burden"], out),
        measures=released_measures(given, data, derived.need, _classes(out)),
        unreleased_domains=unreleased_domains(data, out),
        stability=_stability(derived, pattern, assessed, _ranked_score(out, audience)),
        certificate=replace(audit, earlier={period: one.audit for period, one in dates.items() if one.audit}),
    )
    others = [one.pending for one in dates.values() if one.audit]
    return _compared(result, PendingRelease(pattern, shown, layer_of(data.areas)), others, book, differing)


RESULTS = ("need", "shortlist", "candidates", "segregation", "scale", "stability", "comparison")
PASSED_ON = ("city", "title", "subtitle", "source", "as_of", "comment", "audience", "programmes", "facilities")


def _classes(out: ReleasedColumns) -> dict[str, Any]:
    """Return the values of the columns of classes, as they leave."""
    return {column.id: out.values[column.id] for column in out.columns if column.kind == "class"}


def _missing_meanings(data: AreaData, spec: NeedSpec) -> list[Indicator]:
    """Return what the spec says of its columns; changes that the data made themselves are described already."""
    return [meaning for meaning in spec.meanings(data.catalogue) if meaning.id not in data.changes]


def _pattern(
    data: AreaData, protection: Protection, names: list[str], made: Mapping[str, Any], settled: Settled | None
) -> SuppressionPattern:
    """Return the cells that may not be shown, of all columns that results are made of, as if all of them left."""
    need = made["need"]
    found = partial(
        suppression_pattern,
        protection=protection,
        leaving=names,
        entering=entering_names(data, made),
        families=families_of(data, made),
        settled=settled,
        segregated=segregated_groups(data, made),
    )
    if need is not None and protection.derived == "exact" and protection.secondary:
        return with_index_company(data, need, found)
    return found(data)


def _derived(
    data: AreaData, protection: Protection, names: list[str], made: Mapping[str, Any], settled: Settled | None
) -> tuple[SuppressionPattern, Derived, list[Message]]:
    """Return the cells that may not be shown, the results as they leave, and how these differ from the house's."""
    check_stability(made["stability"], data.areas.index, made["shortlist"], made["need"])
    pattern = _pattern(data, protection, names, made, settled)
    if pattern.protection.derived == "exact":
        scale = made["scale"]
        table = scale_table(pattern.data, **scale) if isinstance(scale, Mapping) else scale
        return pattern, Derived(**{**made, "scale": table}), []
    derived = compute_again(fill_withheld(pattern, smallest_units(pattern.data, protection)), pattern, **made)
    cells = need_cells(pattern, derived.need) if derived.need is not None else {}
    if derived.shortlist is not None:
        cells[""] = withheld_areas(derived.shortlist, pattern, derived.need)  # only a class has a name beside its kind
    house = {name: made[name] for name in ("need", "shortlist", "candidates")}
    found = differences(derived, **house, withheld=cells.get(""))
    shown = np.array([not cells[of][key] for key, of in zip(found["key"], found["of"], strict=True)], dtype=bool)
    return pattern, derived, difference_messages(found[shown], pattern.data.areas["name"])


def _stability(
    derived: Derived, pattern: SuppressionPattern, assessed: pd.Series[bool], score: pd.Series[float] | None
) -> ReleasedStability | None:
    if derived.shortlist is not None:
        assessed = assessed & ~withheld_runs(derived.shortlist, pattern, derived.need)
    return released_stability(derived, pattern, assessed, score)


def _segregation(pattern: SuppressionPattern, result: SegregationResult | None) -> pd.DataFrame | None:
    if result is None:
        return None
    if pattern.protection.derived == "exact":
        return protected_segregation(result, pattern)
    return released_segregation(result, pattern)


def _columns(
    pattern: SuppressionPattern, names: list[str], need: NeedIndex | None, protection: Protection
) -> tuple[ReleasedColumns, pd.Series[float]]:
    """Return the columns that leave, and the residents that are shown."""
    out, people = ReleasedColumns([], {}, {}), ReleasedColumns([], {}, {})
    for name in names:
        add_data_column(out, pattern, name, protection)
    if need is not None:
        add_need(out, pattern, need, protection)
    out.reasons.update(reasons_not_shown(pattern, out, need))
    population = str(pattern.data.population)
    add_data_column(people, pattern, population, protection)
    return out, people.values[population]


def _selection(
    data: AreaData, pattern: SuppressionPattern, derived: Derived, house: Shortlist | None
) -> tuple[pd.Series[bool], pd.Series[bool], Candidates | None]:
    """Return which areas are shown as selected and as assessed, and the candidate areas."""
    shortlist, candidates = derived.shortlist, derived.candidates
    if shortlist is None:
        nobody = pd.Series(data=False, index=data.areas.index)
        return nobody, nobody, None
    may_be_shown = ~withheld_areas(shortlist, pattern, derived.need)
    selected = shortlist.selected & may_be_shown
    if candidates is not None:
        shown = replace(shortlist, selected=selected)  # a withheld area must not reappear inside a candidate area
        candidates = shown_candidates(data, candidates, house or shortlist, shown, ~may_be_shown)
    return selected, shortlist.assessed & may_be_shown, candidates


def _areas(data: AreaData, pattern: SuppressionPattern) -> dict[str, Any]:
    """Return the areas with name, parents and geometry, without flags of the intake; and the state of each."""
    kept = {"name", data.areas.geometry.name, *parent_columns(data.areas)}
    residents = data.residents()
    states = np.where(residents.eq(0), "uninhabited", np.where(pattern.hidden, "small", "shown"))
    states = np.where(residents.isna(), "unknown", states)
    return {
        "areas": data.areas[[column for column in data.areas.columns if column in kept]],
        "state": pd.Series(states, index=data.areas.index, name="state", dtype="str"),
    }


def _screened(
    derived: Derived,
    selected: pd.Series[bool],
    assessed: pd.Series[bool],
    pattern: SuppressionPattern,
    out: ReleasedColumns,
    residents: pd.Series[float],
    missing: str,
) -> dict[str, Any]:
    """Return what a release says of the screening."""
    if derived.shortlist is None:
        return {"reasons": pd.DataFrame(), "selected": selected, "assessed": None}
    return released_screening(derived.shortlist, pattern, derived.need, out, residents, selected, assessed, missing)


def _grouped(
    candidates: Candidates | None,
    programmes: ProgrammeAreas | None,
    residents: pd.Series[float],
    out: ReleasedColumns,
    pattern: SuppressionPattern,
) -> dict[str, Any]:
    """Return the candidate areas and their members; nobody is one where there are none."""
    if candidates is None:
        return {"members": pd.Series([], index=pattern.data.areas.index[:0], dtype=object)}
    table = _candidate_table(candidates, out, pattern)
    if programmes is not None:
        table = table.join(released_cover(candidates, programmes, residents))
    return {"candidates": table, "members": candidates.members}


def _layer(
    given: Mapping[str, Any], data: AreaData
) -> tuple[gpd.GeoDataFrame | None, ProgrammeAreas | None, tuple[Message, ...]]:
    """Return the programmes as they are drawn and as they are compared, and what was repaired for it."""
    if given["programmes"] is None:
        return None, None, ()
    layer, programmes = drawn_layer(given["programmes"], data.areas.crs, given["as_of"])
    is_said = given["candidates"] is not None or isinstance(given["programmes"], ProgrammeAreas)
    return layer, programmes, programmes.notes if is_said else ()


def _candidate_table(candidates: Candidates, out: ReleasedColumns, pattern: SuppressionPattern) -> gpd.GeoDataFrame:
    """Return the candidate areas with their rates from the counts; what has a protected member is left out."""
    table, data, groups = candidates.table[CANDIDATE_COLUMNS].copy(), pattern.data, candidates.members

    def total(source: str, protected: pd.Series[bool]) -> pd.Series[float]:
        sums = pattern.protection.rounded(data.counts(source)[groups.index].groupby(groups).sum(min_count=1))
        return sums.mask(protected[groups.index].groupby(groups).any()).reindex(table.index)

    people = str(data.population)
    table["residents"] = total(people, pattern.cells(people)) if len(table) else table["residents"]
    for column in out.columns:
        if column.kind == "rate":
            protected = out.values[column.id].isna()
            x, n = (total(source, protected) for source in data.rates[column.id])
            table[column.id] = (x / n.where(n > 0) * column.indicator.per).round(column.decimals)
    return table


CANDIDATE_COLUMNS = ["name", "n_areas", "residents", "hectares", "geometry"]  # that leave beside the rates
SAFE_BASE = 5  # with exact totals known, rounding to a smaller base leaves small counts that follow
SCALE_DECIMALS = {
    "value": 4,
    "adjusted": 4,
    "expected": 4,
    "mean_population": -1,
}  # tens: a mean times the number of areas is a total


def _ranked_score(out: ReleasedColumns, audience: Audience) -> pd.Series[float] | None:
    """Return the score whose ranks may be shown: that of the first axis, inside the house."""
    scores = [column.id for column in out.columns if column.kind == "score"]
    return out.values[scores[0]] if scores and audience == "internal" else None


def _dates(dates: Mapping[str, str], out: ReleasedColumns) -> Mapping[str, str]:
    """Return the dates of columns that leave; a date of anything else is a slip."""
    for name in dates:
        if name not in out.values:
            raise ColumnError.not_found(name, out.values, "The release, for which dates names a date,")
    return dict(dates)


def _compared(
    release: Release,
    pending: PendingRelease,
    others: list[PendingRelease],
    book: Ledger | None,
    differing: list[Message],
) -> Release:
    """Return the release with what the analyst has to know; compared with earlier ones, and entered if no draft.

    So are other dates that it tells of, each as a release of its own.
    """
    names = [column.id for column in release.columns]
    messages: list[Message] = [*differing, *share_warnings(pending.pattern.data, names, release.protection)]
    if [reason.name for reason in release.draft_reasons] == ["draft_without_definition"]:
        messages.append(Message("warning_undefined", release.draft_reasons[0].values))
    if release.protection.round_base is not None and release.protection.round_base < SAFE_BASE:
        messages.append(Message("warning_round_base", {"base": release.protection.round_base}))
    if book is not None:
        entry = ledger_entry(release, pending.pattern, pending.shown, release.protection, key=book.key)
        messages += compare_with_earlier(book, pending, entry)
        earlier = [(before, _entry_of_earlier(release, before, book)) for before in others]
        for before, own in earlier:
            messages += compare_with_earlier(book, before, own)
        if not release.is_draft:
            book.add(entry, pending.layer)
            for before, own in earlier:
                book.add(own, before.layer)
            for before in _earlier_dates(pending):  # a change shows its earlier date to whoever knows the later one
                book.add(_entry_of_earlier(release, before, book), before.layer)
    return replace(release, warnings=tuple(messages))


def _entry_of_earlier(release: Release, before: PendingRelease, book: Ledger) -> LedgerEntry:
    return ledger_entry(release, before.pattern, before.shown, release.protection, key=book.key, of_earlier_date=True)


def _earlier_dates(pending: PendingRelease) -> Iterator[PendingRelease]:
    """Yield what the changes that leave tell of their earlier dates."""
    pattern = pending.pattern
    dates = {id(before): before for before in pattern.earlier.values() if before.data.period}
    for number, before in dates.items():
        changes = {
            name: base for name, (base, _) in pattern.data.changes.items() if id(pattern.earlier.get(name)) == number
        }
        shown = before.suppressed & False
        for name, base in changes.items():
            shown |= shown_counts(before, [base]).mul(~pattern.cells(name), axis=0).astype(bool)
        shown[str(before.data.population)] = False
        yield PendingRelease(before, shown, layer_of(before.data.areas))
