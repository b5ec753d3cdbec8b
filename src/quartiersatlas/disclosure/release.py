"""What leaves, as a record: nobody can write into it, and what is not in it is absent from every map and file."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from html import escape
from typing import TYPE_CHECKING, Any, Literal, Self

import pandas as pd

from quartiersatlas.base.checks import choice, count_noun, expects
from quartiersatlas.base.equal import settled
from quartiersatlas.catalogue import Catalogue, Message
from quartiersatlas.catalogue.texts import LANGUAGES
from quartiersatlas.charts import Charted
from quartiersatlas.disclosure.certificate import Audit
from quartiersatlas.disclosure.derived.sealed import Sealed, copied
from quartiersatlas.disclosure.protection import Protection
from quartiersatlas.errors import ColumnError, ReleaseError, SpecError
from quartiersatlas.indicators.gaps.drawn import dumbbell_rows, lines_of
from quartiersatlas.indicators.gaps.words import gap_sentences
from quartiersatlas.indicators.pictures.gaps import dumbbell_chart

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from quartiersatlas.catalogue import Indicator, Lang, Reference
    from quartiersatlas.charts import Chart
    from quartiersatlas.disclosure.derived.burdens import ReleasedBurden
    from quartiersatlas.disclosure.derived.comparison import ReleasedComparison
    from quartiersatlas.disclosure.derived.measures import ReleasedMeasures
    from quartiersatlas.disclosure.derived.over_dates import (
        ReleasedChange,
        ReleasedFunded,
        ReleasedLists,
        ReleasedTwins,
    )
    from quartiersatlas.disclosure.derived.within import ReleasedWithin
    from quartiersatlas.indicators.gaps import ReferenceGroup
    from quartiersatlas.indicators.gaps.words import GapLabels
    from quartiersatlas.need.spec.records import NeedClass
    from quartiersatlas.screening import Rule, RuleSpec

Audience = Literal["public", "internal"]
AUDIENCES: tuple[Audience, ...] = ("public", "internal")
ColumnForm = Literal["rate", "share", "number", "count", "score", "class"]
ColumnRole = Literal["rate", "share", "number", "count", "score", "class", "change"]
NUMBER_FORMS: tuple[ColumnForm, ...] = ("rate", "share", "number")  # what is compared between areas


class Moved:
    """A name of the first edition: who asks for it is answered with the new one."""

    def __init__(self, new: str) -> None:
        self.new = new

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, record: object | None, owner: type) -> Self:
        if record is None:
            return self
        raise AttributeError(f"{owner.__name__}.{self.name} of the first edition is {self.new} now.")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ReleasedResults:
    """Protected, commented results.

    Parameters
    ----------
    areas : GeoDataFrame
        Name, parents and geometry, on the district key.
    values, status : DataFrame
        The named columns only, protected and rounded; the status of each cell.
    reasons_not_shown : DataFrame of str
        Area by column, empty where the value is shown. Kept inside: ``"protected"`` (few cases here, or a neighbour's
        value could be computed otherwise; which of the two is said nowhere), ``"small_area"`` (below the minimum
        population), ``"unknown_residents"``, ``"source"`` (secret where the data come from), ``"derived"`` (made of
        something that is not shown). No value: ``"missing"``, ``"not_applicable"``, ``"unreliable"``,
        ``"excluded"`` (left out of the index).
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
    rule : ReleasedRule, optional
        The rule of the screening.
    reasons : DataFrame
        For each selected area the conditions that speak for it: ``key``, ``condition`` (its id), ``place`` (among the
        conditions of the rule), ``kind``, ``indicator``, ``column`` (the released one, empty where it does not leave),
        ``decimals``, ``value`` and ``limit`` as everybody may know them (missing where they may not),
        ``value_exact`` and ``limit_exact`` (whether all their digits are shown), ``base`` (what the limit is a multiple
        of), ``distance``, ``unit_name``, ``held`` and ``wanted`` (not wanted: the condition must not hold),
        ``decisive``, ``unknown_because``.
    other_reasons : DataFrame
        The same, with its ``role``: ``"against"`` areas that are not selected, ``"unknown"`` where it cannot be judged.
    rule_counts : DataFrame
        For each area and "at least k of" how many of its ``n`` parts hold: ``key``, ``k``, ``n``, ``yes``, ``no``,
        ``unknown``.
    levels : Series of str, optional
        The strictest level of an official rule that each area meets, None where it meets none or it may not be shown.
    level_names : tuple of str
        The levels, the mildest first.
    missing : DataFrame, optional
        How many persons are missing until an area enters or leaves the list: ``key``, ``enters``, ``indicator``,
        ``persons`` (with sign), ``of``.
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
        What was suppressed.
    warnings : tuple of Message
        What the analyst has to know and the reader not: how close earlier releases come to this one.
    catalogue : Catalogue
        Labels of indicators that are named in the method without being released themselves.
    n_assessed : int
        Areas for which the outcome of the rule is known and may be shown.
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
        Areas for which the outcome of the rule is known and may be shown.
    stability : ReleasedStability, optional
        How often each area is selected when nothing is taken as exact.
    group_gaps : tuple of ReleasedGap
        How the situation of groups differs from that of the others.
    change, lists, twins, funded : optional
        What changed, who entered and left the list, areas that are alike, funded areas beside others: computed again
        of what leaves.
    within : ReleasedWithin, optional
        Whether areas contain both, where their rate is shown.
    measures : ReleasedMeasures, optional
        Measures, coverage of the need that is shown, and notes of offices.
    comparison : ReleasedComparison, optional
        Several rules beside each other.
    burden : ReleasedBurden, optional
        Which columns are burdens, to stand beside the classes of need.
    unreleased_domains : tuple of str
        Domains of which the data have indicators that do not leave: "not released" is not "there is none".
    city : str
        The name of the city, where it is to stand in the place of the word "city"; empty otherwise.
    certificate : Audit
        What :meth:`Release.audit` returns. It stays in the house: nothing that is made of a release shows it.
    """

    areas: Sealed[gpd.GeoDataFrame] = Sealed()
    values: Sealed[pd.DataFrame] = Sealed()
    status: Sealed[pd.DataFrame] = Sealed()
    reasons_not_shown: Sealed[pd.DataFrame] = Sealed()
    state: Sealed[pd.Series[str]] = Sealed()
    residents: Sealed[pd.Series[float]] = Sealed()
    columns: tuple[ReleasedColumn, ...]
    title: str
    subtitle: str
    source: str
    as_of: str
    comment: str
    notices: tuple[str, ...]
    facts: Sealed[tuple[Message, ...]] = Sealed()
    rule: ReleasedRule | None = None
    reasons: Sealed[pd.DataFrame] = Sealed()
    other_reasons: Sealed[pd.DataFrame | None] = Sealed(optional=True)
    rule_counts: Sealed[pd.DataFrame | None] = Sealed(optional=True)
    levels: Sealed[pd.Series | None] = Sealed(optional=True)
    level_names: tuple[str, ...] = ()
    missing: Sealed[pd.DataFrame | None] = Sealed(optional=True)
    selected: Sealed[pd.Series[bool]] = Sealed()
    members: Sealed[pd.Series[str]] = Sealed()
    candidates: Sealed[gpd.GeoDataFrame | None] = Sealed(optional=True)
    programmes: Sealed[gpd.GeoDataFrame | None] = Sealed(optional=True)
    facilities: Sealed[gpd.GeoDataFrame | None] = Sealed(optional=True)
    segregation: Sealed[pd.DataFrame | None] = Sealed(optional=True)
    audience: Audience = "public"
    protection: Protection = field(default_factory=Protection)
    warnings: tuple[Message, ...] = ()
    catalogue: Catalogue = field(default_factory=Catalogue.builtin)
    n_assessed: int = 0
    has_shortlist: bool = False
    context_only: bool = False
    spec_hash: str = ""
    drivers: Sealed[pd.DataFrame | None] = Sealed(optional=True)
    scale: Sealed[pd.DataFrame | None] = Sealed(optional=True)
    dates: Sealed[Mapping[str, str]] = Sealed()
    assessed: Sealed[pd.Series[bool] | None] = Sealed(optional=True)
    stability: ReleasedStability | None = None
    group_gaps: tuple[ReleasedGap, ...] = ()
    change: ReleasedChange | None = None
    lists: ReleasedLists | None = None
    twins: ReleasedTwins | None = None
    funded: ReleasedFunded | None = None
    within: ReleasedWithin | None = None
    measures: ReleasedMeasures | None = None
    comparison: ReleasedComparison | None = None
    burden: ReleasedBurden | None = None
    unreleased_domains: tuple[str, ...] = ()
    city: str = ""
    certificate: Audit = field(default_factory=Audit)

    figure = Moved("qa.figure(release, column)")
    lacks = Moved("release.draft_reasons")

    @property
    def is_draft(self) -> bool:
        """Whether something is missing that a reader has to know: such results carry a visible band."""
        return bool(self.draft_reasons)

    @property
    def draft_reasons(self) -> tuple[Message, ...]:
        """What makes it a draft: title, source, date, comment, and indicators without a definition."""
        parts = {
            "draft_without_comment": self.comment,
            "draft_without_title": self.title,
            "draft_without_source": self.source,
            "draft_without_date": self.as_of,
        }
        undefined = [
            column
            for column in self.columns
            if column.kind in NUMBER_FORMS and not column.indicator.numerator_de  # one language serves both
        ]
        german, english = ([getattr(column.indicator, f"label_{lang}") for column in undefined] for lang in LANGUAGES)
        labels = ", ".join(german), ", ".join(english)
        names = ", ".join(repr(column.id) for column in undefined)
        definitions = [Message("draft_without_definition", {"labels": labels, "columns": names})] if undefined else []
        return (*(Message(name) for name, content in parts.items() if not content.strip()), *definitions)

    @property
    def is_public(self) -> bool:
        """Whether it is read outside the house: then nothing may be listed as a ranking."""
        return self.audience == "public"

    @property
    def order(self) -> pd.Index:
        """The keys in the order in which areas are listed: by name; inside the house highest need first."""
        keys = by_name(self.areas["name"])
        scores = [column.id for column in self.columns if column.kind == "score"]
        if self.is_public or not scores:
            return keys
        highest: pd.Series[float] = self.values[scores[0]].astype(float).loc[keys]
        return highest.sort_values(ascending=False, kind="stable", na_position="last").index

    @property
    def ranks(self) -> pd.DataFrame:
        """Rank on each score among the shown areas, 1 the highest need; without columns in public."""
        scores = [column.id for column in self.columns if column.kind == "score" and not self.is_public]
        settled_scores = {name: settled(self.values[name].to_numpy(dtype=float)) for name in scores}
        table = pd.DataFrame(settled_scores, index=self.values.index, columns=scores)
        return table.rank(ascending=False, method="min").add_suffix("_rank")

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
        expects(values, pd.Series, "Release.protect", 'release.protect(ranks, "column")')
        unknown = [name for name in columns if name not in self.status]
        if unknown or not columns:
            raise ReleaseError(
                f"Something made of {', '.join(map(repr, unknown)) or 'nothing named'} cannot leave: "
                f"the release shows {', '.join(map(repr, self.status))}. Name the columns in release(columns=[...])."
            )
        return values.reindex(self.areas.index).mask((self.status[list(columns)] == "suppressed").any(axis=1))

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

    def cell(self, key: str, column: str) -> tuple[Any, str]:
        """Return one value and its status, without a copy of the whole frames."""
        values, status = self.__dict__["values"], self.__dict__["status"]
        return values[column][key], str(status[column][key])

    def reason_not_shown(self, key: str, column: str) -> str:
        """Return why an area shows no value in a column, as a code; empty where it shows one.

        Raises
        ------
        ColumnError
            The release has no such column; the message names the closest ones.
        """
        return str(self.__dict__["reasons_not_shown"][self.column(column).id][key])

    def gaps(self, column: str) -> pd.Series[str]:
        """Return for each area without a value in a column why it has none, as a code.

        Raises
        ------
        ColumnError
            The release has no such column; the message names the closest ones.
        """
        name = self.column(column).id
        empty = self.__dict__["values"][name].isna()
        found: pd.Series[str] = self.__dict__["reasons_not_shown"][name][empty]
        return copied(found)

    def axis_column(self, axis: str, kind: Literal["score", "class"]) -> ReleasedColumn | None:
        """Return the score or the class of an axis of the need index; None where it is not released."""
        return next((column for column in self.columns if column.axis == axis and column.kind == kind), None)

    def __repr__(self) -> str:
        names = ", ".join(column.id for column in self.columns if column.kind != "count")
        hidden = int((self.status == "suppressed").to_numpy().sum())
        draft = f"\n  draft: {', '.join(map(str, self.draft_reasons))}" if self.is_draft else ""
        areas, cells = count_noun(len(self.areas), "area"), count_noun(hidden, "cell")
        return f"Release {self.title!r}: {areas}; {names}; {cells} suppressed{draft}"

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>"


def by_name(names: pd.Series[str]) -> pd.Index:
    """Return the keys in the order of their names as people sort them: Ä beside A; ties by key."""
    plain = names.str.normalize("NFKD").str.replace(r"[\u0300-\u036f]", "", regex=True).str.casefold()
    return plain.sort_index(kind="stable").sort_values(kind="stable").index


@dataclass(frozen=True)
class ReleasedColumn:
    """One column of a release.

    Parameters
    ----------
    id : str
        Its name in ``Release.values``.
    kind : {"rate", "share", "number", "count", "score", "class"}
        Its form: a rate has both counts, a share (or rate) came ready-made without them, a number is a mean, a median,
        an amount, a density, a balance or a score of others; ``indicator.kind`` says which.
    indicator : Indicator
        Labels, unit, definition, caveat.
    decimals : int
        Decimals of its values: they are rounded when they leave.
    city : float
        The city value from the counts, from a base, or as published; NaN where there is none.
    city_decimals : int, optional
        Decimals of the city value, where it has fewer than the areas: with all of them it would tell a withheld count.
    city_source : str
        Where the city value was published; empty where it is computed.
    numerator, denominator : str
        The released count columns of a rate; empty otherwise.
    classes : tuple of NeedClass
        The classes of a class column, rising.
    axis : str
        The axis of the need index, for a score or a class, or ``axis/domain``; empty otherwise.
    change_of : str
        The column that it is the change of; empty otherwise.
    """

    id: str
    kind: ColumnForm
    indicator: Indicator
    decimals: int = 0
    city: float = float("nan")
    numerator: str = ""
    denominator: str = ""
    classes: tuple[NeedClass, ...] = ()
    axis: str = ""
    change_of: str = ""
    city_source: str = ""
    city_decimals: int | None = None

    @property
    def of_city(self) -> ReleasedColumn:
        """The column as its city value is written: with the decimals of that."""
        return self if self.city_decimals is None else replace(self, decimals=self.city_decimals)

    @property
    def role(self) -> ColumnRole:
        """What it is in the release: its kind, or a change."""
        return "change" if self.change_of else self.kind

    @property
    def base(self) -> str:
        """The indicator that it speaks of: the one whose change it is, or itself."""
        return self.change_of or self.id


DOMAIN = "/"  # between an axis of the need index and one of its domains


def domain_axis(axis: str, domain: str) -> str:
    """Return the name under which a domain of an axis is released."""
    return f"{axis}{DOMAIN}{domain}"


@dataclass(frozen=True, eq=False)
class ReleasedRule:
    """The rule of a screening, which is public.

    Parameters
    ----------
    tree : Rule
        The rule.
    spec : RuleSpec, optional
        The rule file it comes from, with its title and source.
    references : mapping of str to Reference
        The published values that it names.
    population : str
        The column of the residents.
    """

    tree: Rule
    spec: RuleSpec | None = None
    references: Mapping[str, Reference] = field(default_factory=dict)
    population: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class ReleasedGap(Charted):
    """How the situation of a group differs, as it may be known: made of the counts that are released.

    Parameters
    ----------
    id : str
        The released column that holds the gap of each area, drawn towards what all shown areas say; ``<id>_direct``
        holds it as counted.
    reference : {"all", "others"}
        Whom the group is compared with.
    labels : GapLabels
        What group and indicator are called.
    group, compared : str
        The released rates of the group, and of the others or all.
    areas : DataFrame
        As :attr:`GroupGap.areas`, from the counts that are shown.
    city : DataFrame
        As :attr:`GroupGap.city`, of the whole city; the difference of the printed rates alone, where the totals would
        tell a withheld count.
    where : DataFrame, optional
        As :attr:`GroupGap.where`; areas that are not shown count as a single one.
    where_is_merged : bool
        Whether there are such areas.
    standardised, change : DataFrame, optional
        As the gap has them, where no small count stands behind them.
    totals : DataFrame, optional
        The counts of the whole city at both dates, where they may be known.
    periods : (str, str)
        The earlier and the later date.
    city_name : str
        What the city is called; empty where nobody said it.
    """

    id: str
    reference: ReferenceGroup
    labels: GapLabels
    group: str
    compared: str
    areas: Sealed[pd.DataFrame] = Sealed()
    city: Sealed[pd.DataFrame] = Sealed()
    where: Sealed[pd.DataFrame | None] = Sealed(optional=True)
    where_is_merged: bool = False
    standardised: Sealed[pd.DataFrame | None] = Sealed(optional=True)
    change: Sealed[pd.DataFrame | None] = Sealed(optional=True)
    totals: Sealed[pd.DataFrame | None] = Sealed(optional=True)
    periods: tuple[str, str] = ("", "")
    names: Sealed[pd.Series[str]] = Sealed()
    city_name: str = ""

    def sentences(self, lang: Lang = "de") -> list[str]:
        """Return the gap of the city in sentences."""
        return gap_sentences(
            self.city,
            self.reference,
            self.labels,
            lang,
            where=self.where,
            where_is_merged=self.where_is_merged,
            standardised=self.standardised,
            change=self.change,
            periods=self.periods,
        )

    def text(self, lang: Lang = "de") -> str:
        """Return the gap of the city in sentences, one or two per line."""
        return "\n".join(self.sentences(lang))

    def chart(self, kind: str | None = None, lang: Lang = "de", *, area: str = "", most: int = 25) -> Chart:
        """Return the dumbbell of the city and of the areas that are shown; an ``area`` stands out.

        Or the ``"lines"`` of group and others in the city at both dates.
        """
        choice(kind, (None, "dumbbell", "lines"), "kind")
        if kind == "lines":
            totals = self.totals
            if totals is None:
                raise SpecError(f"The gap {self.id!r} has no earlier date whose totals may be known: no lines.")
            return lines_of([totals.iloc[[0]], totals.iloc[[1]].set_axis([0])], self.periods, self.labels, lang)
        rows, n_areas = dumbbell_rows(self.city, self.areas, self.reference, self.names, lang, most, self.city_name)
        names = self.labels.indicator(lang), self.labels.group(lang)
        return dumbbell_chart(rows, names, self.reference, lang, everything=n_areas, area=area)


@dataclass(frozen=True, eq=False)
class ReleasedStability:
    """How stable the selection is.

    Parameters
    ----------
    table : DataFrame
        On the district key: ``label`` (``"certain"``, ``"borderline"``, ``"not_selected"``) and ``p_selected`` (share
        of the runs in [0, 1], two decimals). Missing where the outcome is not known or may not be shown. Inside the
        house also ``rank_lower``, ``rank_median``, ``rank_upper``: 5 %, 50 % and 95 % of the runs' ranks on the first
        axis among the areas whose score is shown, as :attr:`Release.ranks` counts them; missing for all others.
        In public there are no such columns.
    notes : mapping of language to tuple of str
        What was varied and where the limits of the labels lie.
    limits : (float, float)
        Shares of the runs from which on an area is borderline, and certain.
    runs : int
        Number of runs; 0 where it is not known.
    """

    table: Sealed[pd.DataFrame] = Sealed()
    notes: Sealed[Mapping[Lang, tuple[str, ...]]] = Sealed()
    limits: tuple[float, float] = (0.1, 0.9)
    runs: int = 0
