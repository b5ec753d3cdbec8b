"""Funded areas beside comparable ones: what such a comparison can see, then how they developed; never an effect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import choice, expects
from quartiersatlas.base.checks import names as names_of
from quartiersatlas.catalogue import Catalogue
from quartiersatlas.catalogue.texts import number_text, text, value_text
from quartiersatlas.charts import Axis, Chart, Charted, Dot, Line, Text, VRule, axis, spread
from quartiersatlas.charts.marks import PAPER, QUIET
from quartiersatlas.errors import ColumnError, FewAreasError, JoinError, SpecError, list_some
from quartiersatlas.indicators.pictures.intervals import IntervalRow, IntervalWords, intervals_chart
from quartiersatlas.intake import AreaData, check_vintages
from quartiersatlas.monitoring.comparisons.effect_words import refuse_effect_claims
from quartiersatlas.monitoring.comparisons.estimates import (
    GroupCourse,
    bracket,
    breakdown_trend,
    estimates,
    smallest_visible,
    visible_afterwards,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts.marks import Mark

SelectedOn = Literal["outcome", "level", "other"]
FEWEST_FUNDED, FEWEST_OTHERS, YEARS_BEFORE, YEARS_AFTER = 10, 60, 3, 2
FUNDED, OTHERS, FUNDED_BAND, OTHERS_BAND = "#33507d", "#8a8a8a", "#c9d3e4", "#dedede"
NORMAL_95 = 1.959963984540054
APART = 0.08  # of the height, between the words at the ends of two lines
SELECTED = {
    "outcome": "funded_selected_outcome",
    "level": "funded_selected_level",
    "other": "funded_selected_other",
}
DESIGN = {
    "regression": "funded_regression",
    "selection_year": "funded_selection_year",
    "difference": "funded_difference",
    "before_after": "funded_before_after",
}


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class FundedComparison(Charted):
    """How funded areas developed beside comparable ones.

    Parameters
    ----------
    outcome : str
        The indicator.
    labels : (str, str)
        What it is called, in German and English.
    selected : int
        The year in which the areas were chosen.
    selected_on : {"outcome", "level", "other"}
        What they were chosen by.
    smallest_visible : float
        The smallest difference in points that the comparison sees with 80 % power: computed without the funded areas'
        later values, and to be read before the outcome.
    table : DataFrame
        On the design: ``estimate``, ``se``, ``lower``, ``upper``, in percentage points: ``regression`` is the value,
        the others stand beside it.
    range : (float, float)
        From the lowest to the highest end under the two assumptions.
    breakdown_trend : float
        A drift of so many points a year that was there anyway would explain the whole estimate.
    curves : DataFrame
        On (year, group): mean with its 95 % interval, in percent.
    funded, others : Index
        The areas compared.
    dropped : Mapping of str to tuple of str
        Areas that are in neither group: ``"bordering"`` a funded one, ``"unknown"`` in a year, ``"excluded"``.
    comment : str
        What the office says to it.
    call : mapping of str to object
        Panel and options, to compare again; empty in what has left.
    """

    outcome: str
    labels: tuple[str, str]
    selected: int
    selected_on: SelectedOn
    smallest_visible: float
    table: pd.DataFrame
    range: tuple[float, float]
    breakdown_trend: float
    curves: pd.DataFrame
    funded: pd.Index
    others: pd.Index
    dropped: Mapping[str, tuple[str, ...]]
    comment: str = ""
    call: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def text(self, lang: Lang = "de") -> str:
        """Return the comparison in sentences: what it can see first, then the outcome, then what it does not say.

        Parameters
        ----------
        lang : {"de", "en"}, default "de"
            Language.

        Returns
        -------
        str
            One sentence or two per line.
        """

        def points(value: float) -> str:
            return number_text(value, 1, lang)

        estimate, lower, upper = (float(self.table[end].loc["regression"]) for end in ("estimate", "lower", "upper"))
        label = self.labels[0] if lang == "de" else self.labels[1]
        lines = [
            text(
                "funded_power",
                lang,
                label=label,
                n=len(self.funded),
                others=len(self.others),
                mde=points(self.smallest_visible),
            ),
            text(SELECTED[self.selected_on], lang, year=str(self.selected)),
            text(
                "funded_outcome",
                lang,
                est=points(estimate),
                lo=points(lower),
                hi=points(upper),
            ),
            text("funded_range", lang, lo=points(self.range[0]), hi=points(self.range[1])),
        ]
        afterwards = visible_afterwards(self.table, len(self.funded))
        if points(afterwards) != points(self.smallest_visible) and afterwards > self.smallest_visible:
            lines.append(text("funded_wider", lang, mde=points(afterwards)))
        if lower <= 0 <= upper:
            lines.append(text("funded_not_seen", lang))
        elif np.isfinite(self.breakdown_trend):
            lines.append(text("funded_breakdown", lang, drift=number_text(abs(self.breakdown_trend), 2, lang)))
        lines.append(text("funded_no_proof", lang))
        if self.dropped["bordering"]:
            lines.append(text("funded_bordering", lang, n=len(self.dropped["bordering"])))
        return "\n".join([*lines, *([self.comment] if self.comment else [])])

    def chart(self, kind: str | None = None, lang: Lang = "de") -> Chart:
        """Return a chart of the comparison.

        Parameters
        ----------
        kind : {"curves", "range"}, optional
            ``"curves"`` (if not given): both groups over the years; ``"range"``: the estimates by assumption.
        lang : {"de", "en"}, default "de"
            Language.

        Returns
        -------
        Chart
            With what the comparison can see in its note.

        Raises
        ------
        SpecError
            There is no such kind or language.
        """
        choice(kind, (None, "curves", "range"), "kind")
        label = self.labels[0] if lang == "de" else self.labels[1]
        power = (
            text("chart_funded_power", lang, mde=number_text(self.smallest_visible, 1, lang))
            + " "
            + text("funded_no_proof", lang)
        )
        return _range(self, label, power, lang) if kind == "range" else _curves(self, label, power, lang)

    def __repr__(self) -> str:
        row = self.table.loc["regression"]
        return (
            f"FundedComparison {self.outcome!r}: {len(self.funded)} funded, {len(self.others)} other areas, chosen in "
            f"{self.selected}\n  sees differences from {self.smallest_visible:.1f} percentage points on\n  developed "
            f"{row['estimate']:+.1f} points otherwise ({row['lower']:+.1f} to {row['upper']:+.1f}); by assumption "
            f"{self.range[0]:+.1f} to {self.range[1]:+.1f}; no effect is shown or ruled out"
        )

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.text('en'))}</pre>" + self._picture()


def compare_funded(
    panel: Mapping[int, AreaData] | pd.DataFrame,
    funded: Iterable[str],
    *,
    outcome: str,
    selected: int,
    selected_on: SelectedOn,
    exclude: Iterable[str] = (),
    bordering: Iterable[str] | None = None,
    comment: str = "",
) -> FundedComparison:
    """Compare how funded areas developed with others that stood alike when they were chosen.

    A comparison, no measurement of an effect: areas are chosen for a reason, people move, other programmes run.

    Parameters
    ----------
    panel : mapping of int to AreaData, or DataFrame
        Year -> joined data with the outcome, on areas of one vintage; or a frame on the district key with one column
        per year, in percent.
    funded : list of str
        Keys of the funded areas; a later addition is in neither group: name it in ``exclude``.
    outcome : str
        The indicator.
    selected : int
        The year whose values stood when the areas were chosen; everything later counts as after.
    selected_on : {"outcome", "level", "other"}
        What they were chosen by: the value of the outcome in that year, its level over the years, or something else.
        Said in the text, for the answer depends on it.
    exclude : list of str, optional
        Areas in neither group, such as those of other programmes.
    bordering : list of str, optional
        Areas that border on funded ones and might gain or lose by them: in neither group. Found by their borders in
        joined data, if not given; of a frame nobody knows them, so an empty list has to say that none are left out.
    comment : str, optional
        What the office says to it. A claim of an effect is refused.

    Returns
    -------
    FundedComparison
        ``.smallest_visible`` first, then ``.table`` by assumption, ``.range``, ``.breakdown_trend``, ``.text()``.

    Raises
    ------
    FewAreasError
        Fewer than 10 funded or 60 other areas, among them that all or no areas are funded.
    SpecError
        Fewer than 3 years before selection or 2 after; the comment claims an effect. The message names the missing
        piece.
    ColumnError
        A funded area or the outcome is not there.
    JoinError
        The years are not on the same areas of one vintage.
    ArgumentError
        The panel is of another type.

    Notes
    -----
    The value is that of the regression of the mean of all later years on funded, the value of the year of selection
    and the mean of the three years before (HC3, t with funded areas less one). Matching is not offered: it can make
    the error that it should cure [1]_. A placebo on earlier years decides nothing: it fails where the regression is
    right, and passes where it is not.

    References
    ----------
    .. [1] Daw, J. R. & Hatfield, L. A. (2018). Matching and regression to the mean in difference-in-differences
           analysis. Health Services Research 53, 4138-4156.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import quartiersatlas as qa
    >>> rng = np.random.default_rng(1)
    >>> level = rng.normal(20, 4, 100)
    >>> values = {year: level + rng.normal(0, 1, 100) for year in range(2015, 2023)}
    >>> panel = pd.DataFrame(values, index=[f"{number:03}" for number in range(100)])
    >>> funded = panel.index[np.argsort(-level)[:12]]
    >>> found = qa.compare_funded(
    ...     panel, funded, outcome="child_poverty_u15", selected=2019, selected_on="level", bordering=[]
    ... )
    >>> round(found.smallest_visible, 1)
    0.8
    """
    expects(panel, (Mapping, pd.DataFrame), "compare_funded: panel", "panel = {2019: data_2019, 2020: data_2020, ...}")
    expects(selected, (int, np.integer), "compare_funded: selected", "selected=2019")
    choice(selected_on, tuple(SELECTED), "selected_on")
    refuse_effect_claims(comment, "compare_funded: comment")
    values, labels = _values(panel, outcome)
    chosen = _keys_of(funded, values.index, "funded")
    exclude = _keys_of(exclude, values.index, "exclude")
    bordering = _bordering(panel, chosen) if bordering is None else bordering
    years = [int(year) for year in values.columns]
    after = [year for year in years if year > selected]
    before = [year for year in years if selected - YEARS_BEFORE <= year < selected]
    _check_years(values, selected, before, after)
    used = values[[*before, selected, *after]]
    dropped = {
        "bordering": tuple(sorted(set(bordering) - set(chosen))),
        "unknown": tuple(used.index[used.isna().any(axis=1)]),
        "excluded": tuple(sorted(exclude)),
    }
    kept = used.drop(index=[key for keys in dropped.values() for key in keys], errors="ignore")
    is_funded = kept.index.isin(chosen)
    _check_groups(int(is_funded.sum()), int((~is_funded).sum()), dropped)
    course = _course(kept, is_funded, selected, before, after)
    table = estimates(course)
    return FundedComparison(
        outcome=outcome,
        labels=labels,
        selected=selected,
        selected_on=selected_on,
        smallest_visible=smallest_visible(course),
        table=table,
        range=bracket(table),
        breakdown_trend=breakdown_trend(course),
        curves=_means(values.loc[kept.index], is_funded),
        funded=kept.index[is_funded],
        others=kept.index[~is_funded],
        dropped=dropped,
        comment=comment,
        call={
            "panel": panel,
            "funded": chosen,
            "outcome": outcome,
            "selected": selected,
            "selected_on": selected_on,
            "exclude": dropped["excluded"],
            "bordering": dropped["bordering"],
            "comment": comment,
        },
    )


def _keys_of(given: Iterable[str], there: pd.Index, what: str) -> tuple[str, ...]:
    """Return keys of areas, each once; none is an answer, one that is not there is a slip."""
    given = (given,) if isinstance(given, str) else tuple(given)
    keys = names_of(given, f"compare_funded: {what}") if given else ()
    absent = [key for key in keys if key not in there]
    if absent:
        raise ColumnError(f"compare_funded: {what}: there are no areas {list_some(absent)}.")
    return keys


def _course(
    kept: pd.DataFrame, is_funded: NDArray[np.bool_], selected: int, before: list[int], after: list[int]
) -> GroupCourse:
    """Return the years before, at and after the selection of the areas that are compared."""
    return GroupCourse(
        post=kept[after].mean(axis=1).to_numpy(),
        chosen=kept[selected].to_numpy(),
        earlier=kept[before].mean(axis=1).to_numpy(),
        funded=is_funded,
        years_after=float(np.mean(after)) - selected,
        years_before=float(np.mean(before)) - selected,
    )


def _values(panel: Mapping[int, AreaData] | pd.DataFrame, outcome: str) -> tuple[pd.DataFrame, tuple[str, str]]:
    """Return the outcome in percent on district key and year, rising, and what it is called."""
    years = list(panel.columns if isinstance(panel, pd.DataFrame) else panel)
    odd = [year for year in years if isinstance(year, bool) or not isinstance(year, int | np.integer)]
    if odd:
        raise SpecError(f"compare_funded: years are whole numbers such as 2019, not {list_some(odd, 3)}.")
    return _of_frame(panel, outcome) if isinstance(panel, pd.DataFrame) else _of_data(panel, outcome)


def _of_frame(panel: pd.DataFrame, outcome: str) -> tuple[pd.DataFrame, tuple[str, str]]:
    if panel.index.duplicated().any() or panel.columns.duplicated().any():
        raise JoinError("compare_funded: an area or a year stands twice in the panel.")
    meaning = Catalogue.builtin().get(outcome)
    values = panel.astype(float)
    if values.size and float(values.abs().max().max()) <= 1:
        raise SpecError("compare_funded: the values look like fractions; give percent: 100 * panel.")
    return values[sorted(panel.columns)], (meaning.label_de, meaning.label_en)


def _of_data(panel: Mapping[int, AreaData], outcome: str) -> tuple[pd.DataFrame, tuple[str, str]]:
    found, first, meanings = {}, None, set()
    for year in sorted(panel):
        data = panel[year]
        expects(data, AreaData, f"compare_funded: panel[{year}]", "data = qa.join(areas, table)")
        if outcome not in data.values.columns:
            raise ColumnError(f"{ColumnError.not_found(outcome, data.values.columns, f'The data of {year}')}")
        first = first or data
        check_vintages(first, data, names=("the first year", str(year)))
        if len(first.areas.index.symmetric_difference(data.areas.index)):
            raise JoinError(f"compare_funded: {year} is on other areas than the first year: transfer the counts first.")
        meaning = data.catalogue.get(outcome)
        meanings.add((meaning.unit, meaning.definition("de"), meaning.definition("en")))
        found[year] = data.values[outcome].astype(float)
    if len(meanings) > 1:
        raise SpecError(
            f"compare_funded: {outcome!r} is defined otherwise in some years: such values are not compared."
        )
    if first is None:
        raise SpecError("compare_funded: the panel is empty.")
    meaning = first.catalogue.get(outcome)
    if meaning.unit != "percent":
        raise SpecError(f"compare_funded: {outcome!r} is in {meaning.unit or 'no unit'}; percentages are compared.")
    return pd.DataFrame(found), (meaning.label_de, meaning.label_en)


def _bordering(panel: Mapping[int, AreaData] | pd.DataFrame, funded: Iterable[str]) -> list[str]:
    """Return the areas that border on funded ones."""
    if isinstance(panel, pd.DataFrame):
        raise SpecError(
            "compare_funded: which areas border on funded ones? They might gain or lose by the funding, and are left "
            "out: bordering=[keys], or bordering=[] to keep them."
        )
    from quartiersatlas.space.neighbours import borders

    areas = next(iter(panel.values())).areas
    one, other = borders(areas.geometry.to_numpy()).neighbours
    is_funded = areas.index.isin(set(funded))
    beside = np.union1d(other[is_funded[one]], one[is_funded[other]])
    return list(areas.index[beside])


def _check_years(values: pd.DataFrame, selected: int, before: list[int], after: list[int]) -> None:
    lacking = []
    if selected not in values.columns:
        lacking.append(f"the year of selection {selected}")
    if len(before) < YEARS_BEFORE:
        lacking.append(f"{YEARS_BEFORE - len(before)} of the {YEARS_BEFORE} years before {selected}")
    if len(after) < YEARS_AFTER:
        lacking.append(f"{YEARS_AFTER - len(after)} of the {YEARS_AFTER} years after {selected}")
    if lacking:
        years = ", ".join(map(str, values.columns))
        missing = " and ".join(lacking)
        raise SpecError(f"compare_funded: there is no comparison without {missing}. Years given: {years}.")


def _check_groups(n_funded: int, n_others: int, dropped: Mapping[str, tuple[str, ...]]) -> None:
    if n_funded >= FEWEST_FUNDED and n_others >= FEWEST_OTHERS:
        return
    if not n_funded or not n_others:
        who = "no area is" if not n_funded else "all areas are"
        raise FewAreasError(
            f"compare_funded: {who} funded: a comparison needs both, 10 funded and 60 others.", n_funded, n_others
        )
    left = ", ".join(f"{len(keys)} {why}" for why, keys in dropped.items() if keys) or "none"
    raise FewAreasError(
        f"compare_funded: {n_funded} funded and {n_others} other areas (left out: {left}); a comparison needs at least "
        f"{FEWEST_FUNDED} and {FEWEST_OTHERS}: fewer see only differences that no programme "
        f"makes. Describe the areas one by one instead.",
        n_funded,
        n_others,
    )


def _means(values: pd.DataFrame, is_funded: np.ndarray) -> pd.DataFrame:
    """Return the mean of each group and year with its interval."""
    rows = []
    for year in values.columns:
        for group, chosen in (("funded", is_funded), ("others", ~is_funded)):
            part = values.loc[chosen, year].dropna()
            mean, half = float(part.mean()), NORMAL_95 * float(part.std(ddof=1) / np.sqrt(len(part)))
            rows.append((year, group, mean, mean - half, mean + half))
    return pd.DataFrame(rows, columns=["year", "group", "mean", "lower", "upper"]).set_index(["year", "group"])


# --- pictures --------------------------------------------------------------------------------------------------------


def _curves(found: FundedComparison, label: str, note: str, lang: Lang) -> Chart:
    """Return both groups over the years with their bands, and the year of selection."""
    years = [int(year) for year in found.curves.index.unique("year")]
    marks: list[Mark] = [VRule(x=found.selected, stroke=QUIET, dash=(4, 3), text=text("chart_funded_selected", lang))]
    groups = {
        "others": (OTHERS, OTHERS_BAND, text("chart_funded_others", lang, n=len(found.others))),
        "funded": (FUNDED, FUNDED_BAND, text("chart_funded_funded", lang, n=len(found.funded))),
    }
    parts = {group: found.curves.xs(group, level="group") for group in groups}
    ends = spread([v for part in parts.values() for v in part[["lower", "upper"]].to_numpy().ravel()], from_zero=0)
    places = {group: float(part["mean"].iloc[-1]) for group, part in parts.items()}
    least = APART * (ends[1] - ends[0])
    if abs(places["funded"] - places["others"]) < least:
        side = 1 if places["funded"] >= places["others"] else -1
        places["funded"] = places["others"] + side * least
    for group, (color, band, word) in groups.items():
        part = parts[group]
        edge = [*zip(years, part["lower"], strict=True), *reversed([*zip(years, part["upper"], strict=True)])]
        marks.append(Line(points=tuple((float(x), float(y)) for x, y in edge), fill=band, opacity=0.55))
        line = tuple((float(x), float(y)) for x, y in zip(years, part["mean"], strict=True))
        marks.append(Line(points=line, stroke=color, width=2.2))
        marks += [Dot(x=x, y=y, r=3, fill=color, stroke=PAPER, width=0.8) for x, y in line]
        marks.append(Text(x=years[-1], y=places[group], text=word, dx=7, anchor="start", fill=color, bold=True))
    title = text("chart_funded_curves", lang, label=label)
    rows = tuple(
        (
            str(year),
            *(value_text(float(parts[group]["mean"].loc[year]), 1, "%", lang) for group in ("funded", "others")),
        )
        for year in years
    )
    head = (text("chart_funded_year", lang), groups["funded"][2], groups["others"][2])
    sign = value_text(0, 0, "%", lang)[1:].strip()
    return Chart(
        id="funded_curves",
        title=title,
        alt=f"{title}. " + " ".join(f"{row[0]}: {row[1]}, {row[2]}." for row in (rows[0], rows[-1])),
        x=Axis(years[0] - 0.3, years[-1], ticks=tuple((float(year), str(year)) for year in years)),
        y=axis(*ends, f"{label} ({sign})", write=lambda v, d: number_text(v, d, lang), most=5, grid=True),
        marks=tuple(marks),
        note=text("chart_funded_band", lang) + " " + note,
        head=head,
        rows=rows,
        height=0.5,
    )


def _range(found: FundedComparison, label: str, note: str, lang: Lang) -> Chart:
    """Return the estimates by assumption."""
    rows = []
    for name, key in DESIGN.items():
        value, lower, upper = (float(found.table[end].loc[name]) for end in ("estimate", "lower", "upper"))
        ends = {"lo": number_text(lower, 1, lang), "hi": number_text(upper, 1, lang)}
        said = text("chart_funded_words", lang, est=number_text(value, 1, lang), **ends)
        rows.append(IntervalRow(text(key, lang), value, lower, upper, said, is_doubtful=name != "regression"))
    title = text("chart_funded_range", lang, label=label)
    words = IntervalWords(
        id="funded_range",
        title=title,
        alt=f"{title}. " + " ".join(f"{row.name}: {row.words}." for row in rows),
        axis=text("unit_percentage_points", lang),
        note=note,
        head=(text("chart_funded_assumption", lang), text("unit_percentage_points", lang)),
    )
    return intervals_chart(rows, words, lang, n_apart=1, rule=0.0)
