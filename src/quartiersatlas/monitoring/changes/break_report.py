"""A series that breaks: what is measured otherwise, from when, and how far the two definitions are apart."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import expects, names
from quartiersatlas.catalogue.texts import check_lang, number_text, text
from quartiersatlas.charts import Charted
from quartiersatlas.errors import SpecError
from quartiersatlas.indicators.columns import city_values
from quartiersatlas.indicators.periods import refuse_no_course
from quartiersatlas.intake import AreaData
from quartiersatlas.monitoring.changes.definitions import definition_of, differing
from quartiersatlas.monitoring.pictures.courses import Stretch, course_chart

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quartiersatlas.catalogue import Indicator, Lang
    from quartiersatlas.charts import Chart

    Both = AreaData | tuple[AreaData, AreaData]


@dataclass(frozen=True, eq=False, repr=False)
class BreakReport(Charted):
    """What two dates measure in different ways.

    Parameters
    ----------
    differences : DataFrame
        One row per indicator and part of its definition that differs: ``indicator`` (its later name), ``part``
        (``numerator``, ``denominator``, ``unit``, ``source``, ...), ``earlier`` and ``later``.
    jumps : DataFrame
        On the indicator: ``city_earlier``, ``city_later``, ``city_jump``, ``median_earlier``, ``median_later``,
        ``median_jump`` (of the areas known at both dates) and their number ``n_areas``. A jump is no change: part of it
        is the definition.
    overlap : DataFrame, optional
        Of a period that exists in both definitions: ``key`` (empty for the city), ``indicator``, ``earlier`` and
        ``later`` definition, ``difference`` and ``ratio`` of the later to the earlier one.
    periods : (str, str)
        The two dates.
    meanings : mapping of str to (Indicator, Indicator)
        Indicator -> what it meant earlier, and later.
    """

    differences: pd.DataFrame
    jumps: pd.DataFrame
    overlap: pd.DataFrame | None
    periods: tuple[str, str]
    meanings: Mapping[str, tuple[Indicator, Indicator]] = field(repr=False)

    @property
    def table(self) -> pd.DataFrame:
        """What differs."""
        return self.differences

    @property
    def breaks(self) -> bool:
        """Whether anything differs."""
        return len(self.differences) > 0

    def text(self, lang: Lang = "de") -> str:
        """Return the breaks in sentences, one line per indicator.

        Parameters
        ----------
        lang : {"de", "en"}, default "de"
            Language.

        Returns
        -------
        str
            What differs from when, how far city and median area jump, and how far the definitions are apart where
            one period exists in both.
        """
        check_lang(lang)
        if not self.breaks:
            return text("break_none", lang, earlier=self.periods[0], later=self.periods[1])
        return "\n".join(
            self._of(str(name), rows, lang) for name, rows in self.differences.groupby("indicator", sort=False)
        )

    def _of(self, name: str, rows: pd.DataFrame, lang: Lang) -> str:
        said = [
            text("break_part", lang, part=text(f"break_{part}", lang), old=old or "–", new=new or "–")
            for part, old, new in zip(rows["part"], rows["earlier"], rows["later"], strict=True)
        ]
        label = self.meanings[name][1].label(lang)
        found = [text("break_sentence", lang, indicator=label, period=self.periods[1], parts="; ".join(said))]
        jump = cast("dict[str, float]", self.jumps.loc[name].to_dict())
        if np.isfinite(jump["city_jump"]) and np.isfinite(jump["median_jump"]):
            numbers = ("city_earlier", "city_later", "median_earlier", "median_later")
            written = {part: number_text(jump[part], 1, lang) for part in numbers}
            found.append(text("break_jump", lang, **written))
        if self.overlap is not None:
            found += self._overlapping(name, lang)
        return " ".join([*found, text("break_no_comparison", lang)])

    def _overlapping(self, name: str, lang: Lang) -> list[str]:
        if self.overlap is None:
            return []
        own = self.overlap[self.overlap["indicator"].eq(name) & self.overlap["key"].ne("")]
        if not own["ratio"].notna().any():
            return []
        ends = {"median": own["ratio"].median(), "low": own["ratio"].min(), "high": own["ratio"].max()}
        return [text("break_overlap", lang, **{part: number_text(float(end), 2, lang) for part, end in ends.items()})]

    def chart(self, kind: str | None = None, lang: Lang = "de", *, indicator: str = "") -> Chart:
        """Return city and median area at both dates, with a gap and a dotted line between them.

        Parameters
        ----------
        kind : {"course"}, optional
            The only one.
        lang : {"de", "en"}, default "de"
            Language.
        indicator : str, optional
            Which one; the first that breaks, if not given.

        Returns
        -------
        Chart
            No line joins the two definitions.

        Raises
        ------
        SpecError
            There is no such kind, language or indicator.
        """
        if kind not in (None, "course"):
            raise SpecError(f"kind must be 'course', not {kind!r}.")
        known = list(self.jumps.index)
        if not known or (indicator and indicator not in known):
            raise SpecError(
                f"The report has no indicator {indicator!r}: there are {', '.join(map(repr, known)) or 'none'}."
            )
        name = indicator or known[0]
        jump = cast("dict[str, float]", self.jumps.loc[name].to_dict())
        meanings = self.meanings[name]
        stretches = [
            Stretch(
                (self.periods[n],),
                (jump[f"city_{side}"],),
                (jump[f"median_{side}"],),
                meanings[n].label(lang),
            )
            for n, side in enumerate(("earlier", "later"))
        ]
        return course_chart(stretches, meanings[1], lang)

    def __repr__(self) -> str:
        if not self.breaks:
            return f"BreakReport: nothing differs between {self.periods[0]!r} and {self.periods[1]!r}"
        return f"BreakReport {self.periods[0]} | {self.periods[1]}\n{self.differences.to_string(index=False)}"

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.text('en'))}</p>{self.differences.to_html(index=False, escape=True)}{self._picture()}"


def break_report(
    earlier: AreaData,
    later: AreaData,
    *,
    indicators: str | Iterable[str] | Mapping[str, str] | None = None,
    overlap: Both | None = None,
) -> BreakReport:
    """Return what two dates measure in different ways, and how far apart the two definitions are.

    Parameters
    ----------
    earlier, later : AreaData
        The last date by the old definition and the first one by the new.
    indicators : str, list of str, or mapping of str to str, optional
        Columns of both, or the earlier name -> the later one where a successor has another name. All columns of both
        whose definitions differ, if not given.
    overlap : AreaData or (AreaData, AreaData), optional
        One period in both definitions, the old one and the new one; a single one where both columns are in it.

    Returns
    -------
    BreakReport
        ``.differences``, ``.jumps``, ``.overlap``, ``.text(lang)``, ``.plot()``.

    Raises
    ------
    ColumnError
        An indicator is not there.
    SpecError
        The dates are equal, reversed or overlap, or those of ``overlap`` are two periods.
    ArgumentError
        Something else is given.

    Notes
    -----
    A definition is what is counted over what (columns and words of the catalogue), kind, unit, base and usual source.
    The two series are not chained: a factor of one year is not that of another, nor that of another area.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> import shapely
    >>> import quartiersatlas as qa
    >>> shapes = [shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000)]
    >>> areas = gpd.GeoDataFrame({"name": ["A", "B"]}, index=["1", "2"], geometry=shapes, crs="EPSG:25832")
    >>> table = pd.DataFrame({"foreign": [39.0, 40], "mh": [104.0, 100], "residents": [1000.0] * 2}, index=areas.index)
    >>> old, new = (qa.join(areas, table, period=year) for year in ("2010", "2011"))
    >>> old = qa.add_rates(old, {"share": ("foreign", "residents")})
    >>> new = qa.add_rates(new, {"share": ("mh", "residents")})
    >>> print(qa.break_report(old, new, indicators="share"))
    BreakReport 2010 | 2011
    indicator      part earlier later
        share numerator foreign    mh
    """
    for side, name in ((earlier, "earlier"), (later, "later")):
        expects(side, AreaData, f"break_report: {name}", f"{name} = qa.join(areas, table, period='2021')")
    refuse_no_course((earlier.period, later.period), "break_report")
    pairs = _pairs(earlier, later, indicators)
    found = {new: differing(definition_of(earlier, old), definition_of(later, new)) for old, new in pairs.items()}
    if indicators is None:
        pairs = {old: new for old, new in pairs.items() if found[new]}
    rows = [
        {"indicator": new, "part": part, "earlier": one, "later": other}
        for new in pairs.values()
        for part, (one, other) in found[new].items()
    ]
    return BreakReport(
        differences=pd.DataFrame(rows, columns=["indicator", "part", "earlier", "later"]),
        jumps=_jumps(earlier, later, pairs),
        overlap=None if overlap is None else _overlap(overlap, pairs),
        periods=(earlier.period, later.period),
        meanings={new: (earlier.catalogue.get(old), later.catalogue.get(new)) for old, new in pairs.items()},
    )


def _pairs(
    earlier: AreaData, later: AreaData, indicators: str | Iterable[str] | Mapping[str, str] | None
) -> dict[str, str]:
    """Return earlier name -> later name."""
    if indicators is None:
        return {str(name): str(name) for name in later.values.columns if name in earlier.values.columns}
    if isinstance(indicators, Mapping):
        return {str(old): str(new) for old, new in indicators.items()}
    return {name: name for name in names(indicators, "break_report: indicators")}


def _jumps(earlier: AreaData, later: AreaData, pairs: Mapping[str, str]) -> pd.DataFrame:
    """Return how far the city and the median area are apart at the two dates."""
    rows = {}
    for old, new in pairs.items():
        both = pd.DataFrame({"earlier": earlier.values[old], "later": later.values[new]})
        known = both.apply(pd.to_numeric, errors="coerce").dropna()
        row = {"city_earlier": _city(earlier, old), "city_later": _city(later, new)}
        row["city_jump"] = row["city_later"] - row["city_earlier"]
        row |= {f"median_{side}": float(known[side].median()) for side in ("earlier", "later")}
        row["median_jump"] = row["median_later"] - row["median_earlier"]
        rows[new] = {**row, "n_areas": len(known)}
    columns = ["city_earlier", "city_later", "city_jump", "median_earlier", "median_later", "median_jump", "n_areas"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("indicator")


def _city(data: AreaData, column: str) -> float:
    with suppress(SpecError):
        return city_values(data, column)
    return float("nan")


def _overlap(overlap: Both, pairs: Mapping[str, str]) -> pd.DataFrame:
    """Return both definitions of one period side by side."""
    old_data, new_data = overlap if isinstance(overlap, tuple) else (overlap, overlap)
    for side in (old_data, new_data):
        expects(side, AreaData, "break_report: overlap", "overlap=(data_by_old_definition, data_by_new_definition)")
    if old_data.period != new_data.period:
        raise SpecError(
            f"break_report: overlap is of two periods, {old_data.period!r} and {new_data.period!r}: one period in both "
            f"definitions is asked for."
        )
    parts = []
    for old, new in pairs.items():
        one, other = definition_of(old_data, old), definition_of(new_data, new)
        if one == other:
            raise SpecError(f"break_report: overlap has {new!r} by one definition only.")
        keys = new_data.areas.index.intersection(old_data.areas.index, sort=False)
        values = pd.DataFrame({"earlier": old_data.values.loc[keys, old], "later": new_data.values.loc[keys, new]})
        city = pd.DataFrame({"earlier": [_city(old_data, old)], "later": [_city(new_data, new)]}, index=[""])
        table = pd.concat([city, values.astype(float)])
        table["difference"] = table["later"] - table["earlier"]
        table["ratio"] = table["later"] / table["earlier"].where(table["earlier"] > 0)
        parts.append(table.rename_axis("key").reset_index().assign(indicator=new))
    order = ["key", "indicator", "earlier", "later", "difference", "ratio"]
    return pd.concat(parts, ignore_index=True)[order] if parts else pd.DataFrame(columns=order)
