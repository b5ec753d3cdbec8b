"""The gap between a group and the others: in the city, in every area, where it comes from, how it changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.base.checks import choice, expects
from quartiersatlas.charts import Charted
from quartiersatlas.errors import ColumnError, JoinError, SpecError, list_some
from quartiersatlas.indicators.gaps.counted import PARTS, GapColumns, as_counts, gap_counts, pair_of
from quartiersatlas.indicators.gaps.drawn import dumbbell_rows, lines_of
from quartiersatlas.indicators.gaps.standardised import Strata, standardised_gap, strata_counts
from quartiersatlas.indicators.gaps.tables import (
    REFERENCES,
    area_changes,
    area_table,
    change_table,
    city_table,
)
from quartiersatlas.indicators.gaps.where import where_from
from quartiersatlas.indicators.gaps.words import GapLabels, gap_sentences, labels_of
from quartiersatlas.indicators.periods import refuse_no_course
from quartiersatlas.indicators.pictures.gaps import dumbbell_chart
from quartiersatlas.intake import AreaData, check_vintages

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts import Chart
    from quartiersatlas.indicators.gaps.counted import GapCounts
    from quartiersatlas.indicators.gaps.standardised import Standard
    from quartiersatlas.indicators.gaps.tables import Correlation, ReferenceGroup


@dataclass(frozen=True, eq=False, kw_only=True)
class GapSpec:
    """What a gap was computed from.

    Parameters
    ----------
    name : str
        Under which it leaves: the column of a release.
    columns : GapColumns
        Of group, all, and others.
    reference : {"all", "others"}
        Whom the group is compared with.
    by : str
        Column of the places; empty without.
    correlation : float or (float, float)
        Of the two dates.
    standardised_to : str
        ``"all"`` or ``"table"``; empty without strata.
    """

    name: str
    columns: GapColumns
    reference: ReferenceGroup
    by: str = ""
    correlation: Correlation = 0.0
    standardised_to: str = ""


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class GroupGap(Charted):
    """How a group's rate differs from that of the others or of all.

    Parameters
    ----------
    spec : GapSpec
        Columns and options.
    city : DataFrame
        One row per place (``""`` is the whole city) and reference, the chosen one and the other: ``x_group``,
        ``n_group``, ``x_reference``, ``n_reference``, ``share`` (of the group among all), ``n_areas``, ``rate_group``,
        ``rate_reference``, and ``difference``, ``ratio``, ``odds_ratio``, each with ``_lower`` and ``_upper`` (95 %).
        All are fractions. ``ratio_reason`` and ``odds_ratio_reason`` say why one is missing: ``"both_zero"``,
        ``"no_odds"``, ``"odds_against_all"``, ``"nobody"``. ``n_dropped``: areas whose counts are unknown.
    areas : DataFrame
        On the district key: the counts, the same measures against the chosen reference, ``shrunken`` with
        ``shrunken_lower`` and ``shrunken_upper`` (what to map), ``weight`` of the own gap in it, ``verdict``
        (``"clear"``, ``"not_shown"``, ``"too_few"``: fewer than 30 of the group and no clear gap) and ``reason`` where
        there is none. With an earlier date ``change``, ``change_lower``, ``change_upper``.
    where : DataFrame
        On ``part``: ``gap``, ``composition`` (living more often where all rates are high), ``within`` (differing inside
        the areas), ``pooled_within``.
    standardised : DataFrame, optional
        Crude and standardised rates and gap side by side, with strata.
    change : DataFrame, optional
        On ``reference``: the gap at both dates, its change with interval, and the part that only the group's growing
        share makes; with an earlier date.
    names : Series of str
        District key -> name.
    labels : GapLabels
        What group and indicator are called.
    periods : (str, str)
        The earlier and the later date.
    counts, earlier : GapCounts
        The counts of the areas, and those of the earlier date.
    strata : Strata, optional
        The counts of the age classes: they never leave.
    before : AreaData, optional
        The data of the earlier date.
    city_name : str
        What the city is called; empty where nobody said it.
    """

    spec: GapSpec
    city: pd.DataFrame
    areas: pd.DataFrame
    where: pd.DataFrame
    standardised: pd.DataFrame | None = None
    change: pd.DataFrame | None = None
    names: pd.Series[str] = field(repr=False)
    labels: GapLabels
    periods: tuple[str, str] = ("", "")
    counts: GapCounts
    earlier: GapCounts | None = None
    strata: Strata | None = None
    before: AreaData | None = None
    city_name: str = ""

    @property
    def table(self) -> pd.DataFrame:
        """The city's gap against both references."""
        return self.city

    def measure(self, name: str, place: str = "") -> tuple[float, float, float]:
        """Return a measure of a place against the chosen reference, with its 95 % interval.

        Parameters
        ----------
        name : {"difference", "ratio", "odds_ratio"}
            Which one.
        place : str, optional
            One of the places of ``by``; the whole city, if not given.

        Returns
        -------
        tuple of float
            Value, lower and upper end.

        Raises
        ------
        SpecError
            There is no such measure or place, or an odds ratio is asked for against all.
        """
        choice(name, ("difference", "ratio", "odds_ratio"), "measure")
        if name == "odds_ratio" and self.spec.reference == "all":
            raise SpecError(
                "An odds ratio is told against the others only: against all it is no function of the one against the "
                "others. Take reference='others', or the ratio."
            )
        choice(place, tuple(self.city["place"].unique()), "place")
        row = self.city[self.city["place"].eq(place) & self.city["reference"].eq(self.spec.reference)].iloc[0]
        return float(row[name]), float(row[f"{name}_lower"]), float(row[f"{name}_upper"])

    def text(self, lang: Lang = "de") -> str:
        """Return the gap in sentences.

        Parameters
        ----------
        lang : {"de", "en"}, default "de"
            Language.

        Returns
        -------
        str
            One sentence or two per line: the gap against both references, standardised, where it comes from, its
            change, and what the intervals mean.

        Notes
        -----
        Says values as they are: what is published goes through a release.
        """
        return "\n".join(
            gap_sentences(
                self.city,
                self.spec.reference,
                self.labels,
                lang,
                where=self.where,
                standardised=self.standardised,
                change=self.change,
                periods=self.periods,
            )
        )

    def chart(self, kind: str | None = None, lang: Lang = "de", *, most: int = 25) -> Chart:
        """Return a chart of the gap as plain data.

        Parameters
        ----------
        kind : {"dumbbell", "lines"}, optional
            ``"dumbbell"`` (if not given): the rates of group, others and all in the city and in the areas;
            ``"lines"``: those of group and others at both dates, with bands.
        lang : {"de", "en"}, default "de"
            Language.
        most : int, default 25
            So many areas, those with most persons of the group.

        Returns
        -------
        Chart
            With title, sentence, note and table in the language.

        Raises
        ------
        SpecError
            There is no such kind or language, or no earlier date.
        """
        choice(kind, (None, "dumbbell", "lines"), "kind")
        if kind == "lines" and self.earlier is None:
            raise SpecError("Two lines need two dates: group_gap(..., earlier=data_of_the_earlier_date).")
        if kind == "lines" and self.earlier is not None:
            dates = [part.known() for part in (self.earlier, self.counts)]
            return lines_of(dates, self.periods, self.labels, lang)
        rows, n_areas = dumbbell_rows(
            self.city, self.areas, self.spec.reference, self.names, lang, most, self.city_name
        )
        names = self.labels.indicator(lang), self.labels.group(lang)
        return dumbbell_chart(rows, names, self.spec.reference, lang, everything=n_areas)

    def __repr__(self) -> str:
        value, lower, upper = (f"{100 * part:.1f}" for part in self.measure("difference"))
        dropped = int(self.city["n_dropped"].iloc[0])
        said = f"{self.labels.group_en} against {self.spec.reference}: {value} percentage points ({lower} to {upper})"
        lines = [f"GroupGap {self.spec.name!r}: {said}"]
        verdicts = self.areas["verdict"].value_counts()
        named = {"clear": "clear", "not_shown": "not shown", "too_few": "fewer than 30 persons"}
        words = ", ".join(f"{verdicts[name]} {word}" for name, word in named.items() if name in verdicts)
        lines.append(f"  areas: {words or 'none'}" + (f"; {dropped} without counts" if dropped else ""))
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from html import escape

        return f"<pre>{escape(self.text('en'))}</pre>" + self._picture()


def group_gap(
    data: AreaData,
    group: tuple[str, str],
    all: tuple[str, str],  # noqa: A002 - the word of the trade
    *,
    reference: ReferenceGroup,
    others: tuple[str, str] | None = None,
    strata: pd.DataFrame | None = None,
    standard: Standard = "all",
    earlier: AreaData | None = None,
    correlation: Correlation = 0.0,
    by: str = "",
    name: str = "",
) -> GroupGap:
    """Return how the situation of a group differs from that of all, or of the others.

    Parameters
    ----------
    data : AreaData
        Joined data with the cases and persons of the group and of all.
    group, all : (str, str)
        Columns of cases and persons: ``group=("foreign_sgb2", "foreign"), all=("sgb2", "residents")``. The group is a
        part of all, in every area.
    reference : {"all", "others"}
        Whom the group is compared with. There is no default: the gap to all is ``(1 - share of the group)`` times the
        gap to the others, so it shrinks where the group grows, although nothing has changed between people.
    others : (str, str), optional
        Columns of the others, where the data have them: they have to be all minus the group.
    strata : DataFrame, optional
        Counts of the whole city by age class (the index), with the same columns: rates as if both were as old as the
        standard. A class that is there several times, once per area, is summed.
    standard : "all", mapping or Series, default "all"
        Weight of each stratum: the persons of group and others together, or those of a table.
    earlier : AreaData, optional
        The same areas at an earlier date: how the gap changed.
    correlation : float or (float, float), default 0
        Of the two dates, in [0, 1): that of the gaps, or those of the group's rates and the others' rates. 0 overstates
        chance where people stay.
    by : str, optional
        Column of the areas that names the place of each (district, municipality): ``.city`` has a row for each too.
    name : str, optional
        Under which the gap leaves in a release; ``<cases of the group>_gap``, if not given.

    Returns
    -------
    GroupGap
        ``.city``, ``.areas``, ``.where``, ``.standardised``, ``.change``, ``.text(lang)``, ``.plot()``.

    Raises
    ------
    ColumnError
        A column is not there.
    CountError
        A column holds no counts, the group is more than all, or cases are more than persons.
    SpecError
        No reference is named, the dates are equal, reversed or overlap, or strata and standard do not fit.
    JoinError
        The earlier date is on other areas.
    ArgumentError
        An argument is of another type.

    Notes
    -----
    Intervals are the score intervals of Miettinen and Nurminen [1]_: difference, ratio and odds ratio share one z of no
    gap. A register counts everybody: they tell what chance makes of so many persons, not of a sample. The shrunken gap
    of an area is that of an area model with the intercept alone; see ``quartiersatlas.indicators.gaps`` for the
    formulas of each part.

    References
    ----------
    .. [1] Miettinen, O. & Nurminen, M. (1985). Comparative analysis of two rates. Statistics in Medicine 4, 213-226.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> import shapely
    >>> import quartiersatlas as qa
    >>> shapes = [shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000, 2000)]
    >>> areas = gpd.GeoDataFrame({"name": ["A", "B", "C"]}, index=["1", "2", "3"], geometry=shapes, crs="EPSG:25832")
    >>> counts = {"poor": [210.0, 80, 50], "residents": [800.0, 700, 1000]}
    >>> of_group = {"foreign_poor": [90.0, 20, 10], "foreign": [300.0, 100, 100]}
    >>> data = qa.join(areas, pd.DataFrame({**counts, **of_group}, index=areas.index))
    >>> gap = qa.group_gap(data, ("foreign_poor", "foreign"), ("poor", "residents"), reference="others")
    >>> gap
    GroupGap 'foreign_poor_gap': foreign against others: 13.0 percentage points (9.2 to 17.1)
      areas: 2 clear, 1 not shown
    >>> gap.where["value"].round(3).to_dict()
    {'gap': 0.13, 'composition': 0.061, 'within': 0.069, 'pooled_within': 0.068}
    """
    expects(data, AreaData, "group_gap", "data = qa.join(areas, table)")
    if reference not in REFERENCES:
        raise SpecError(
            f"group_gap: reference must be 'others' (all without the group) or 'all' (the group included), not "
            f"{reference!r}: the two can move in opposite directions, so it has to be said."
        )
    columns = GapColumns(
        pair_of(group, "group"), pair_of(all, "all"), None if others is None else pair_of(others, "others")
    )
    if columns.group == columns.all:
        raise SpecError(f"group_gap: group and all are the same columns, {columns.all!r}.")
    _check_correlation(correlation)
    if by and by not in data.areas.columns:
        raise ColumnError.not_found(by, data.areas.columns, "group_gap: by: the areas")
    counts = gap_counts(data, columns)
    known = counts.known()
    places = data.areas[by].astype(str) if by else None
    before = _earlier_counts(data, earlier, columns) if earlier is not None else None
    found = area_table(counts.table, counts.reason, reference)
    if before is not None:
        found = found.join(area_changes(before.table, counts.table, reference, correlation))
    layers = _strata(strata, columns, standard)
    return GroupGap(
        spec=GapSpec(
            name=name or f"{columns.group[0]}_gap",
            columns=columns,
            reference=reference,
            by=by,
            correlation=correlation,
            standardised_to="" if layers is None else standard if isinstance(standard, str) else "table",
        ),
        city=city_table(known, places, int(counts.reason.ne("").sum())),
        areas=found,
        where=where_from(as_counts(known), against_all=reference == "all"),
        standardised=None if layers is None else standardised_gap(layers, against_all=reference == "all"),
        change=None if before is None else _change(before, counts, correlation),
        names=data.areas["name"],
        labels=labels_of(data, columns),
        periods=("" if earlier is None else earlier.period, data.period),
        counts=counts,
        earlier=before,
        strata=layers,
        before=earlier,
        city_name=data.city,
    )


def _check_correlation(correlation: Correlation) -> None:
    both = correlation if isinstance(correlation, tuple) else (correlation,)
    if len(both) > 2 or not all(isinstance(r, int | float) and 0 <= r < 1 for r in both):  # noqa: PLR2004 - group, others
        raise SpecError(
            f"correlation is {correlation!r}; it is one in [0, 1) of the gaps at the two dates, or two: of the group's "
            f"rates and of the others'."
        )


def _earlier_counts(data: AreaData, earlier: AreaData, columns: GapColumns) -> GapCounts:
    """Return the counts of the earlier date on the keys of the later one, or refuse dates that are none."""
    expects(earlier, AreaData, "group_gap: earlier", "earlier = qa.join(areas, table, period='2021')")
    odd = data.areas.index.symmetric_difference(earlier.areas.index)
    if len(odd):
        raise JoinError(
            f"group_gap: the two dates are not on the same areas: {list_some(odd)} in one only. Reallocate the counts "
            f"to common boundaries first: transfer() or transfer_by_area()."
        )
    check_vintages(data, earlier, names=("the later data", "the earlier data"))
    refuse_no_course((earlier.period, data.period), "group_gap")
    found = gap_counts(earlier, columns)
    keys = data.areas.index
    return type(found)(found.table.loc[keys], found.reason.loc[keys])


def _strata(strata: pd.DataFrame | None, columns: GapColumns, standard: Standard) -> Strata | None:
    if strata is None:
        if not isinstance(standard, str) or standard != "all":
            raise SpecError("group_gap: a standard is of strata: group_gap(..., strata=table_by_age, standard=...).")
        return None
    expects(strata, pd.DataFrame, "group_gap: strata", "strata = table_by_age.set_index('age')")
    expects(standard, (str, Mapping, pd.Series), "group_gap: standard", 'standard={"0-14": 0.16, ...}')
    named = dict(zip(("x_group", "n_group", "x_all", "n_all"), (*columns.group, *columns.all), strict=True))
    return strata_counts(strata, named, standard)


def _change(earlier: GapCounts, later: GapCounts, correlation: Correlation) -> pd.DataFrame:
    """Return the change of the city's gap over the areas whose counts are known at both dates."""
    both = earlier.reason.eq("") & later.reason.eq("")
    before, after = (as_counts(part.table[both][list(PARTS)].sum().to_frame().T) for part in (earlier, later))
    return change_table(before, after, correlation)
