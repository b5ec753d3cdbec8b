"""How unlike are the units inside an area? Range, Theil within and between, and a test of "contains both"."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import count_noun, expects
from quartiersatlas.catalogue.texts import check_lang, number_text, pick, place_words, text
from quartiersatlas.charts import Charted
from quartiersatlas.errors import ArgumentError, ColumnError, CountError, KeyColumnError, SpecError, list_some
from quartiersatlas.indicators.pictures.within import UnitRow, within_chart
from quartiersatlas.indicators.rates import count_pair
from quartiersatlas.intake import AreaData
from quartiersatlas.intake.joining.data import checked_counts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts import Chart

    Floats: TypeAlias = NDArray[np.float64]

FEWEST_UNITS, FEWEST_PERSONS = 3, 30  # below, an area tells its counts alone
LEVEL = 0.05
GRID = np.linspace(-7, 7, 561)  # standard deviations, for the expected range
HOW = 'blocks = qa.add_rates(qa.join(...), {"poverty": ("poor", "residents")}); qa.within_area(blocks, "poverty", ...)'


def within_area(units: AreaData | pd.DataFrame, indicator: str | tuple[str, str], *, area: str) -> WithinArea:
    """Compare the units inside each area, such as the blocks of a district, with each other and with the city.

    Parameters
    ----------
    units : AreaData or DataFrame
        The small units with their counts, one row each.
    indicator : str or (str, str)
        A rate of the data, or the columns with cases and persons.
    area : str
        Column with the key of the area in which a unit lies: a parent of the units, or a column of the table.

    Returns
    -------
    WithinArea
        ``.table`` per area, ``.city`` with the parts of the inequality, ``.public`` with what may be told.

    Raises
    ------
    ColumnError
        There is no such rate or column.
    KeyColumnError
        A unit has no area, or lies in two.
    CountError
        A count is negative or no number, cases exceed persons, or nobody lives in the units.
    ArgumentError
        The units are neither AreaData nor a DataFrame, or the indicator is no name and no pair of names.

    Notes
    -----
    An area "contains both" if one unit lies clearly above the city value and another clearly below it: by Wilson
    limits at the level 0.05 / k, k the number of units. Without such a test the finding is mostly chance: in areas
    of alike units, "one above, one below" occurs in two of three areas with 3 units, and in nearly all with 8.
    An area is "uniform" if all its units lie clearly on the same side. With fewer than 3 units, or fewer than 30
    persons in one of them, there is no verdict. The range grows with the number of units by itself: ``range_expected``
    is that of alike units.

    The index of Theil is of shares: ``T = sum_i n_i / N r_i ln r_i`` with ``r_i = p_i / P``; it is the sum of the parts
    within the areas, each weighted by its share of the cases, and of the part between them.

    Examples
    --------
    >>> blocks = pd.DataFrame(
    ...     {"area": ["A"] * 3, "poor": [60.0, 30, 10], "residents": [200.0] * 3}, index=["1", "2", "3"]
    ... )
    >>> within_area(blocks, ("poor", "residents"), area="area").table.loc["A", "verdict"]
    'both'
    """
    counts, names, label = _counts(units, indicator, area)
    unknown = counts[["x", "n"]].isna().any(axis=1)
    with_unknown = counts["area"].isin(counts.loc[unknown, "area"])
    known = counts[~with_unknown & counts["n"].gt(0)].copy()
    if known.empty:
        raise CountError("within_area: nobody lives in the units of any area whose counts are all known.")
    city = known["x"].sum() / known["n"].sum()
    table = _table(known, float(city))
    everything = counts.groupby("area").size()
    table = table.reindex(everything.index)
    whole: dict[str, pd.Series[int]] = {
        "units": everything,
        "unknown": unknown.astype(int).groupby(counts["area"]).sum(),
        "empty": _empty(counts),
    }
    table = table.assign(**{name: column.reindex(table.index).fillna(0).astype(int) for name, column in whole.items()})
    table["verdict"] = table["verdict"].where(table["n"].notna(), np.where(table["unknown"].gt(0), "unknown", "empty"))
    table.index.name = "area"
    return WithinArea(
        table=table,
        city=_city(known, table, float(city)),
        units=known,
        labels=label,
        names=names.reindex(table.index).fillna(pd.Series(table.index, index=table.index)),
        indicator=indicator if isinstance(indicator, str) else "",
        city_name=units.city if isinstance(units, AreaData) else "",
    )


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class WithinArea(Charted):
    """The units inside each area, beside each other and the city.

    Parameters
    ----------
    table : DataFrame
        On the area: ``units`` (of these ``unknown`` and ``empty``), ``x``, ``n``, ``share``, ``min``, ``max``,
        ``range``, ``range_expected`` (of alike units, by chance alone), ``sd`` (weighted by persons), ``theil``,
        ``chi2``, ``df``, ``p`` (of alike units), ``var_between``, ``var_within`` (parts of the city's variance), and
        ``verdict``: ``"both"``, ``"uniform"``, ``"undecided"``, ``"counts_only"`` (fewer than 3 units or 30 persons),
        ``"unknown"``, ``"empty"``. Shares are fractions. Values of single units: for internal use.
    city : Series
        ``share``, ``theil``, ``theil_within``, ``theil_between``, ``variance``, ``variance_within``,
        ``variance_between``, ``between_share`` (of the variance).
    units : DataFrame
        The units that were compared: ``area``, ``x``, ``n``, ``share``, ``lower``, ``upper``. They never leave.
    labels : (str, str)
        Label of the indicator in German and English.
    names : Series of str
        Area -> its name.
    indicator : str
        Name of the rate; empty if it was made of two columns.
    city_name : str
        What the city is called; empty where nobody said it.
    """

    table: pd.DataFrame
    city: pd.Series[float]
    units: pd.DataFrame
    labels: tuple[str, str]
    names: pd.Series[str] = field(repr=False)
    indicator: str = ""
    city_name: str = ""

    @property
    def public(self) -> pd.DataFrame:
        """What may be told outside: the number of units and the verdict of each area, no value of a unit."""
        return self.table[["units", "verdict"]]

    def text(self, lang: Lang = "de") -> str:
        """Return a sentence on all areas, and one for each area that contains both; no value of a unit.

        Parameters
        ----------
        lang : {"de", "en"}, default "de"
            Language.
        """
        check_lang(lang)
        found = self.table["verdict"].value_counts()
        numbers = {name: number_text(int(found.get(name, 0)), 0, lang) for name in ("both", "uniform", "undecided")}
        place = place_words(self.city_name)
        rest = len(self.table) - sum(int(found.get(name, 0)) for name in numbers)
        lines = [text("within_summary", lang, n=number_text(len(self.table), 0, lang), **numbers, **place)]
        if rest:
            lines.append(text("within_rest", lang, n=number_text(rest, 0, lang)))
        both = self.names[self.table["verdict"].eq("both")].sort_values(kind="stable")
        return "\n".join([*lines, *(text("within_both", lang, area=name, **place) for name in both)])

    def chart(
        self, kind: str | None = None, lang: Lang = "de", *, areas: Sequence[str] | None = None, most: int = 25
    ) -> Chart:
        """Return the units of the areas as dots in a row each; for internal use.

        Parameters
        ----------
        kind : {"strip"}, optional
            The only one.
        lang : {"de", "en"}, default "de"
            Language.
        areas : sequence of str, optional
            Which ones; those that contain both first, then the others by name, if not given.
        most : int, default 25
            At most so many areas.

        Returns
        -------
        Chart
            With the city value as a line. An area without a verdict has no dots.

        Raises
        ------
        SpecError
            There is no such kind or area.
        """
        if kind not in (None, "strip"):
            raise SpecError(f"kind must be 'strip', not {kind!r}.")
        odd = [key for key in areas or [] if key not in self.table.index]
        if odd:
            raise SpecError(f"within_area: there is no area {list_some(odd)}.")
        order = self.table.assign(name=self.names, last=self.table["verdict"].ne("both"))
        keys = list(areas or order.sort_values(["last", "name"], kind="stable").index)[:most]
        shares = self.units.groupby("area")["share"]
        rows = []
        for key in keys:
            verdict = str(self.table.loc[key, "verdict"])
            told = verdict in ("both", "uniform", "undecided")
            values = tuple(100 * float(value) for value in shares.get_group(key)) if told else ()
            n_units = int(self.table.loc[key, "units"])
            rows.append(
                UnitRow(str(self.names[key]), values, 100 * float(self.table.loc[key, "share"]), verdict, n_units)
            )
        everything = len(self.table) if areas is None else len(areas)
        city = 100 * float(self.city["share"])
        return within_chart(rows, pick(lang, *self.labels), city, lang, everything, city_name=self.city_name)

    def __repr__(self) -> str:
        both = int(self.table["verdict"].eq("both").sum())
        line = f"WithinArea: {count_noun(len(self.units), 'unit')} in {count_noun(len(self.table), 'area')}"
        parts = self.city
        theil = (
            f"Theil {parts['theil']:.4f} = {parts['theil_within']:.4f} within + {parts['theil_between']:.4f} between"
        )
        return f"{line}, {both} with both; {theil}"

    def _repr_html_(self) -> str:
        return f"{self.table.to_html(escape=True)}{self._picture()}"


def _counts(
    units: AreaData | pd.DataFrame, indicator: str | tuple[str, str], area: str
) -> tuple[pd.DataFrame, pd.Series[str], tuple[str, str]]:
    """Return cases, persons and area of each unit, names of areas where they are known, and the label."""
    expects(units, (AreaData, pd.DataFrame), "within_area", HOW)
    expects(area, str, "within_area: area", 'area="district"')
    pair = tuple(indicator) if isinstance(indicator, tuple | list) else None
    if isinstance(units, AreaData):
        frame = units.values.assign(**{column: units.areas[column] for column in units.areas.columns.drop("geometry")})
        named = units.catalogue.get(indicator if isinstance(indicator, str) else indicator[0])
        label = named.label("de"), named.label("en")
        if isinstance(indicator, str):
            units.parts(indicator)  # refuses what is no rate, by its name
            pair = tuple(units.rates[indicator])
    else:
        frame, label = units, (str(indicator), str(indicator)) if pair is None else (str(pair[0]), str(pair[0]))
    if pair is None or len(pair) != 2 or not all(isinstance(column, str) for column in pair):  # noqa: PLR2004
        raise ArgumentError(f"within_area: a table takes cases and persons: ('poor', 'residents'), not {indicator!r}.")
    for column in (*pair, area):
        if column not in frame.columns:
            raise ColumnError.not_found(column, frame.columns, "The units")
    x, n = (checked_counts(frame[column]) for column in pair)
    _refuse_unplaced(frame[area])
    count_pair(x, n, "within_area")
    keys = frame[area].astype(str)
    return pd.DataFrame({"area": keys, "x": x, "n": n}), pd.Series(dtype=str), label


def _refuse_unplaced(area: pd.Series) -> None:
    """Refuse units without an area, and those that lie in two."""
    without = area.index[area.isna() | area.astype(str).str.strip().eq("")]
    if len(without):
        raise KeyColumnError(
            f"within_area: {count_noun(len(without), 'unit lies', 'units lie')} in no area: {list_some(without)}. Fill "
            f"{area.name!r}, or leave them out.",
            map(str, without),
        )
    twice = area.index[area.index.duplicated()].unique()
    if len(twice):
        raise KeyColumnError(
            f"within_area: {count_noun(len(twice), 'unit is', 'units are')} there twice, in one area or in two: "
            f"{list_some(twice)}. Each unit lies in one area: cut it, or give it to the one with most residents.",
            map(str, twice),
        )


def _empty(counts: pd.DataFrame) -> pd.Series[int]:
    return counts["n"].eq(0).astype(int).groupby(counts["area"]).sum()


def _table(known: pd.DataFrame, city: float) -> pd.DataFrame:
    """Return what is computed of each area; adds share and limits of each unit to the units."""
    area, n = known["area"], known["n"]
    by = known.groupby("area")
    k = by.size()
    known["share"] = known["x"] / n
    known["lower"], known["upper"] = _limits(
        known["share"].to_numpy(), n.to_numpy(), np.asarray(area.map(k), dtype=float)
    )
    sums = by[["x", "n"]].sum()
    share = sums["x"] / sums["n"]
    own = area.map(share)
    least = by["share"].agg(["min", "max"])
    squares = (n * (known["share"] - own) ** 2).groupby(area).sum()
    by_chance = share * (1 - share)
    chi2 = (squares / by_chance.where(by_chance > 0)).fillna(0.0)
    total, share_of = n.sum(), _theil_terms(known["share"] / own.where(own > 0))
    return pd.DataFrame(
        {
            "units": k,
            "x": sums["x"],
            "n": sums["n"],
            "share": share,
            **least,
            "range": least["max"] - least["min"],
            "range_expected": _expected_range(area, n, share),
            "sd": np.sqrt(squares / sums["n"]),
            "theil": (n * share_of).groupby(area).sum() / sums["n"],
            "chi2": chi2,
            "df": k - 1,
            "p": _chi2_tail(chi2, k - 1),
            "var_between": sums["n"] / total * (share - city) ** 2,
            "var_within": squares / total,
            "verdict": _verdicts(known, k, city),
        }
    )


def _limits(share: Floats, n: Floats, k: Floats) -> tuple[Floats, Floats]:
    """Return Wilson limits at the level shared by the k units of an area."""
    from scipy.special import ndtri

    z2 = ndtri(1 - LEVEL / (2 * k)) ** 2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = np.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n**2))) / (1 + z2 / n)
    return centre - half, centre + half


def _theil_terms(ratio: pd.Series[float]) -> pd.Series[float]:
    """Return r ln r, 0 where r is 0; where nobody is counted in the area (no ratio), nothing is unequal."""
    from scipy.special import xlogy

    ratio = ratio.fillna(0.0)
    return pd.Series(xlogy(ratio, ratio), index=ratio.index)


def _chi2_tail(chi2: pd.Series[float], df: pd.Series[int]) -> pd.Series[float]:
    from scipy.special import chdtrc

    tail = np.where(df > 0, chdtrc(df.clip(lower=1).to_numpy(dtype=float), chi2.to_numpy()), np.nan)
    return pd.Series(tail, index=chi2.index)


def _verdicts(known: pd.DataFrame, k: pd.Series[int], city: float) -> pd.Series[str]:
    by = known.groupby("area")
    above, below = (part.groupby(known["area"]) for part in (known["lower"] > city, known["upper"] < city))
    found = pd.Series("undecided", index=k.index)
    found = found.mask(above.all() | below.all(), "uniform").mask(above.any() & below.any(), "both")
    return found.mask(k.lt(FEWEST_UNITS) | by["n"].min().lt(FEWEST_PERSONS), "counts_only")


def _expected_range(area: pd.Series[str], n: pd.Series[float], share: pd.Series[float]) -> pd.Series[float]:
    """Return the mean range of shares of alike units, each normal around that of the area."""
    from scipy.special import log_ndtr

    order = np.argsort(area.to_numpy(), kind="stable")
    keys, starts = np.unique(area.to_numpy()[order], return_index=True)
    persons = n.to_numpy()[order]
    smallest = np.minimum.reduceat(persons, starts)
    sizes = np.diff([*starts, len(persons)])
    scaled = GRID * np.sqrt(persons / np.repeat(smallest, sizes))[:, None]  # in units of the widest one
    all_below, all_above = (np.exp(np.add.reduceat(log_ndtr(side * scaled), starts)) for side in (1, -1))
    widths = np.trapezoid(1 - all_below - all_above, GRID, axis=1)
    widest = pd.Series(widths / np.sqrt(smallest), index=pd.Index(keys, name="area"))
    return (widest * np.sqrt(share * (1 - share))).where(sizes > 1, 0.0)


def _city(known: pd.DataFrame, table: pd.DataFrame, city: float) -> pd.Series[float]:
    """Return the inequality between all units, and its parts within and between the areas."""
    told = table[table["n"].notna()]
    persons, cases = told["n"] / told["n"].sum(), told["x"] / max(float(told["x"].sum()), 1.0)
    ratio = told["share"] / city if city > 0 else told["share"] * 0
    within, between = float((cases * told["theil"]).sum()), float((persons * _theil_terms(ratio)).sum())
    units = known["share"] / city if city > 0 else known["share"] * 0
    parts = float(told["var_within"].sum()), float(told["var_between"].sum())
    whole = sum(parts)
    return pd.Series(
        {
            "share": city,
            "theil": float((known["n"] / known["n"].sum() * _theil_terms(units)).sum()),
            "theil_within": within,
            "theil_between": between,
            "variance": whole,
            "variance_within": parts[0],
            "variance_between": parts[1],
            "between_share": parts[1] / whole if whole > 0 else float("nan"),
        }
    )
