"""What changed between several dates: in points and counts, per year, against the city, with chance in mind."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Literal

import numpy as np

from quartiersatlas.base.checks import choice, count_noun, expects, names
from quartiersatlas.charts import Charted
from quartiersatlas.errors import BreakError, ColumnError, JoinError, SpecError, list_some
from quartiersatlas.indicators.change import carry_recipe
from quartiersatlas.indicators.periods import refuse_no_course
from quartiersatlas.intake import AreaData, check_vintages
from quartiersatlas.intake.joining.data import kind_of
from quartiersatlas.monitoring.changes.break_report import break_report
from quartiersatlas.monitoring.changes.definitions import definition_of, differing
from quartiersatlas.monitoring.changes.drawn import change_chart
from quartiersatlas.monitoring.changes.record import ChangeRecord
from quartiersatlas.monitoring.changes.rows import SUMMED, Asked, changed_rows, levels
from quartiersatlas.monitoring.changes.transitions import Transitions, class_transitions
from quartiersatlas.monitoring.changes.words import change_sentences
from quartiersatlas.space.outline_moves import compare_outlines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts import Chart
    from quartiersatlas.monitoring.changes.record import Adjust, RelativeTo
    from quartiersatlas.monitoring.changes.transitions import ClassLimits
    from quartiersatlas.space.outline_moves import Outlines

ON_DATES = 2  # a change needs as many


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Change(ChangeRecord, Charted):  # noqa: D101 - the docstring is that of the record
    __doc__ = f"""{(ChangeRecord.__doc__ or "").rstrip()}
    dates : tuple of AreaData
        The data it was made of, in the house only.
    asked : Asked
        The arguments of the call.
    """
    dates: tuple[AreaData, ...] = field(repr=False)  # what it was made of
    asked: Asked = field(repr=False)

    def transitions(
        self, classes: int | Sequence[float], limits: ClassLimits = "fixed", *, indicator: str = ""
    ) -> Transitions:
        """Return which areas and how many residents changed their class.

        Parameters
        ----------
        classes : int, or sequence of float
            So many classes of equally many areas, or the limits between classes, rising. A value at a limit is in the
            lower class.
        limits : {"fixed", "each"}, default "fixed"
            ``"fixed"``: the limits of the first date at all dates: who moved at all. ``"each"``: those of each date:
            who changed places among the others.
        indicator : str, optional
            Which one; the first, if not given.

        Returns
        -------
        Transitions
            A matrix per step, with a row and a column for areas without a class.

        Raises
        ------
        SpecError
            Classes are fewer than two, or limits do not rise; limits in numbers are the same at each date; the
            definition changes between the dates.
        """
        name = indicator or self.indicators[0]
        choice(name, self.indicators, "indicator")
        broken = [pair for pair in self.breaks if pair[0] == name]
        if broken:
            raise SpecError(
                f"change: {name!r} is defined otherwise from {broken[0][2]!r}: a change of class may be one of the "
                f"definition. Compare the dates on one side of it."
            )
        return class_transitions(self.dates, name, self.meanings[name], classes, limits)

    def text(self, lang: Lang = "de") -> str:
        """Return the change from the first to the last date in sentences, size before chance.

        Parameters
        ----------
        lang : {"de", "en"}, default "de"
            Language.

        Returns
        -------
        str
            One paragraph per indicator, and how many tests were made.

        Notes
        -----
        Says values as they are: what is published goes through a release.
        """
        return "\n".join(change_sentences(self, lang))

    def chart(
        self,
        kind: str | None = None,
        lang: Lang = "de",
        *,
        indicator: str = "",
        earlier: str = "",
        later: str = "",
        most: int = 25,
    ) -> Chart:
        """Return a chart of one indicator.

        Parameters
        ----------
        kind : {"caterpillar", "dumbbell", "course"}, optional
            ``"caterpillar"`` (if not given): the change of every area with its interval, and the city's;
            ``"dumbbell"``: the values at both dates, of the areas that moved most against the city; ``"course"``: city
            and median area over all dates, with a gap where the definition changes.
        lang : {"de", "en"}, default "de"
            Language.
        indicator, earlier, later : str, optional
            As in :meth:`of`.
        most : int, default 25
            So many areas in a dumbbell.

        Returns
        -------
        Chart
            With title, sentence, note and table in the language.

        Raises
        ------
        SpecError
            There is no such kind, language, indicator or step.
        """
        choice(kind, (None, "caterpillar", "dumbbell", "course"), "kind")
        return change_chart(self, kind or "caterpillar", lang, indicator, (earlier, later), most)

    def __repr__(self) -> str:
        against = "against the city" if self.relative_to else "against no change"
        lines = [f"Change {' -> '.join(self.periods)}, tests {against}"]
        whole = self.city[self.city["span"].eq("whole")]
        for row in whole.to_dict("records"):
            said = f"city {row['value_earlier']:.4g} -> {row['value_later']:.4g}; "
            said += f"{row['up']} areas up, {row['down']} down of {row['tested']} tested"
            key = (row["indicator"], row["earlier"], row["later"])
            broken = f"definition changes: {self.breaks[key]}" if key in self.breaks else said
            lines.append(f"  {row['indicator']}: {broken}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.text('en'))}</pre>{self._picture()}"


def change(
    *dates: AreaData,
    indicators: str | Iterable[str],
    relative_to: RelativeTo = "city",
    adjust: Adjust = "bh",
    level: float = 0.05,
    correlation: float = 0.0,
    min_denominator: int = 0,
    breaks: Literal["raise", "report"] = "raise",
    outlines: Outlines = "raise",
) -> Change:
    """Return how indicators changed between two or more dates, step by step and from the first to the last.

    Parameters
    ----------
    *dates : AreaData
        From the earliest to the latest, on the same areas; each with its ``period``.
    indicators : str or list of str
        Columns that all dates have: rates made of counts, counts, or ready-made numbers.
    relative_to : {"city", None}, default "city"
        Whether tests ask if an area moved otherwise than the city, or if it moved at all.
    adjust : {"bh", "none"}, default "bh"
        Adjust p values by Benjamini and Hochberg: over the areas of one indicator, and, for the verdict, over all
        indicators that are read together here.
    level : float, default 0.05
        Up to which adjusted p a change is shown: the share of false ones among those shown.
    correlation : float, default 0
        Of the rates of an area at two dates, in [0, 1): the same persons are counted twice. 0 overstates chance where
        people stay; see :func:`rate_change`.
    min_denominator : int, default 0
        Areas with fewer persons in the denominator at one of two dates are not tested; they stay in the city value.
    breaks : {"raise", "report"}, default "raise"
        What to do where dates define an indicator in different ways: refuse them with a :func:`break_report`, or leave
        the changes across the break empty.
    outlines : {"raise", "report"}, default "raise"
        Areas with another outline under the same key: refuse them, or leave their changes empty.

    Returns
    -------
    Change
        ``.table``, ``.city``, ``.transitions(classes)``, ``.text(lang)``, ``.plot()``.

    Raises
    ------
    BreakError
        An indicator is defined in different ways; ``.report`` says how.
    JoinError
        The dates are on different areas, vintages or outlines.
    ColumnError
        An indicator is not there at all dates.
    SpecError
        There are fewer than two dates, or they are equal, reversed, overlap, or are no dates; a share is in percent at
        one date and a fraction at another.
    ArgumentError
        An argument is of another type.

    Notes
    -----
    Most areas of a large city change "significantly": a register counts everybody, and chance is small. So read the
    size first, and test against the city. With m areas tested, the adjusted p is the least of ``m p_(j) / j`` over the
    ranks j from its own on.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> import shapely
    >>> import quartiersatlas as qa
    >>> shapes = [shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000, 2000)]
    >>> areas = gpd.GeoDataFrame({"name": ["A", "B", "C"]}, index=["1", "2", "3"], geometry=shapes, crs="EPSG:25832")
    >>> def year(poor, period):
    ...     table = pd.DataFrame({"poor": poor, "residents": [1000.0] * 3}, index=areas.index)
    ...     return qa.add_rates(qa.join(areas, table, period=period), {"poverty": ("poor", "residents")})
    >>> found = qa.change(year([300.0, 205, 90], "2021"), year([390.0, 210, 90], "2024"), indicators="poverty")
    >>> found
    Change 2021 -> 2024, tests against the city
      poverty: city 19.83 -> 23; 1 areas up, 1 down of 3 tested
    >>> found.of()["change"].round(1).tolist()
    [9.0, 0.5, 0.0]
    """
    _check_dates(dates)
    asked = names(indicators, "indicators")
    choice(relative_to, ("city", None), "change: relative_to")
    choice(adjust, ("bh", "none"), "change: adjust")
    choice(breaks, ("raise", "report"), "change: breaks")
    if not 0 < level < 1:
        raise SpecError(f"change: level is {level!r}; it is a share in (0, 1), such as 0.05.")
    moved = _same_areas(dates, asked, outlines)
    broken = _breaks(dates, asked, breaks)
    options = Asked(
        against_city=relative_to == "city",
        adjusts=adjust == "bh",
        level=level,
        correlation=correlation,
        min_denominator=min_denominator,
        breaks=frozenset(broken),
        moved=moved,
    )
    table, city = changed_rows(dates, asked, options)
    return Change(
        table=table,
        city=city,
        relative_to=relative_to,
        adjust=adjust,
        level=level,
        dates=dates,
        asked=options,
        periods=tuple(data.period for data in dates),
        levels=levels(dates, asked),
        summed=frozenset(name for name in asked if kind_of(dates[-1], name) in SUMMED),
        names=dates[-1].areas["name"],
        meanings={name: dates[-1].catalogue.get(name) for name in asked},
        breaks=broken,
        city_name=dates[-1].city,
    )


def _check_dates(dates: tuple[AreaData, ...]) -> None:
    """Refuse what is no course of dates."""
    for number, data in enumerate(dates, start=1):
        expects(data, AreaData, f"change: date {number}", "data = qa.join(areas, table, period='2024-12-31')")
    if len(dates) < ON_DATES:
        raise SpecError(
            f"change: {count_noun(len(dates), 'date is', 'dates are')} given, a change needs two or more: "
            f"qa.change(data_2021, data_2024, indicators=...)."
        )
    unnamed = [number for number, data in enumerate(dates, start=1) if not data.period]
    if unnamed:
        raise SpecError(f"change: date {unnamed[0]} has no period: qa.join(..., period='2024-12-31').")
    refuse_no_course([data.period for data in dates], "change")


def _same_areas(dates: tuple[AreaData, ...], asked: tuple[str, ...], outlines: Outlines) -> frozenset[str]:
    """Refuse dates on different areas or without an indicator; return the keys of areas whose outline moved."""
    last, moved = dates[-1], set()
    for data in dates:
        for name in asked:
            if name not in data.values.columns:
                raise ColumnError.not_found(name, data.values.columns, f"change: the data of {data.period!r}")
    for data in dates[:-1]:
        odd = last.areas.index.symmetric_difference(data.areas.index)
        if len(odd):
            raise JoinError(
                f"change: {data.period!r} and {last.period!r} are not on the same areas: "
                f"{count_noun(len(odd), 'key is', 'keys are')} in one only: {list_some(odd)}. Reallocate the counts to "
                f"common boundaries first: transfer() or transfer_by_area()."
            )
        check_vintages(last, data, names=(f"the data of {last.period}", f"the data of {data.period}"))
        moved |= {str(key) for key, _ in compare_outlines(data.areas, last.areas, outlines, carry_recipe(data, asked))}
    return frozenset(moved)


def _breaks(
    dates: tuple[AreaData, ...], asked: tuple[str, ...], breaks: Literal["raise", "report"]
) -> dict[tuple[str, str, str], str]:
    """Return the pairs of dates between which the definition of an indicator differs, or refuse them."""
    found = {}
    for name in asked:
        definitions = [definition_of(data, name) for data in dates]
        for i, earlier in enumerate(definitions):
            for j in range(i + 1, len(definitions)):
                odd = differing(earlier, definitions[j])
                if not odd:
                    continue
                said = "; ".join(f"{part} {one!r} and {other!r}" for part, (one, other) in odd.items())
                if breaks == "raise":
                    raise BreakError(
                        f"change: {name!r} is not the same at {dates[i].period!r} and {dates[j].period!r}: {said}. Its "
                        f"values cannot be compared. qa.break_report(earlier, later) says how far they are apart; "
                        f"breaks='report' leaves the changes across the break empty. Where only a name differs, rename "
                        f"the column.",
                        break_report(dates[i], dates[j], indicators=name),
                    )
                found[name, dates[i].period, dates[j].period] = said
        _refuse_mixed_units(dates, name, definitions[0].unit)
    return found


MIXED = (50.0, 200.0)  # how many times larger percents are than fractions, about


def _refuse_mixed_units(dates: tuple[AreaData, ...], name: str, unit: str) -> None:
    """Refuse a ready-made share that is in percent at one date and a fraction at another."""
    if any(name in data.rates for data in dates) or unit not in ("percent", "fraction"):
        return
    typical = [float(data.values[name].abs().median()) for data in dates]
    for data, median in zip(dates, typical, strict=True):
        highest = max((one for one in typical if np.isfinite(one)), default=np.nan)
        if 0 < median <= 1 and MIXED[0] <= highest / median <= MIXED[1]:
            raise SpecError(
                f"change: {name!r} is about {median:.2g} in {data.period!r} and about {highest:.2g} at another date: "
                f"fractions and percent? Say it in the join: join(..., units={{{name!r}: 'fraction'}})."
            )
