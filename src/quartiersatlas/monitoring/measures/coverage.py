"""Do the measures meet the need? Area by field: covered, city-wide only, need without measure, measure without need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import expects
from quartiersatlas.catalogue import check_lang, text
from quartiersatlas.charts import Charted
from quartiersatlas.intake.registers.read import RegisterTables
from quartiersatlas.intake.registers.schema import PERMANENT, field_labels
from quartiersatlas.monitoring.measures.need_by_field import need_by_field
from quartiersatlas.monitoring.measures.pictures import coverage_chart
from quartiersatlas.monitoring.measures.standing import LIVE, day_of, reach, rows_of, standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.intake import AreaData
    from quartiersatlas.monitoring.measures.need_by_field import NeedByField
    from quartiersatlas.need import NeedIndex
    from quartiersatlas.screening import Shortlist

STATES = ("covered", "city_wide_only", "need_without_measure", "measure_without_need", "need_unknown", "none")
YEAR = 365.25  # days
SHOWN = 10  # sentences of a kind


def coverage(
    measures: RegisterTables,
    need: NeedIndex | Mapping[str, Shortlist] | pd.DataFrame,
    *,
    on: str | date,
    level: str | Iterable[str] | None = None,
    data: AreaData | None = None,
) -> Coverage:
    """Compare where need is with where measures are, area by field of action.

    Parameters
    ----------
    measures : Measures
        The register.
    need : NeedIndex, mapping of str to Shortlist, or DataFrame
        Where need is. A need index says it by its classes, for the fields its indicators point to; shortlists by
        field of action (``{"education": qa.screen(data, rule)}``); a table with the columns ``area``, ``field``,
        ``need`` (true, false, empty for unknown) and, for ratios, ``residents`` and ``in_need``.
    on : str or date
        The day. Live is what is planned or running and has not ended by then.
    level : str or list of str, optional
        The classes of the need index that count as need; the last class of each axis, if not given.
    data : AreaData, optional
        The areas: for their names, and for measures of a whole district.

    Returns
    -------
    Coverage
        With ``.table`` (a row per area and field), ``.without_need`` and ``.text(lang)``.

    Raises
    ------
    ArgumentError, SpecError
        Something is of another kind, or a field, class or day is none.
    RegisterError
        A measure is in an area that is not there.

    Notes
    -----
    City-wide measures are a column of their own and are never spread over areas. Places and money are told only where
    every live measure of a cell is for this area and this field alone: how others split is not known.

    Examples
    --------
    >>> import pandas as pd
    >>> import quartiersatlas as qa
    >>> row = {"measure_id": "M1", "name": "Language café", "lead": "Adult education", "fields": "education",
    ...        "aim": "Meet", "status": "running", "scope": "area", "areas": "N1", "updated": "2026-01-31"}
    >>> reg = qa.read_measures({"measures": pd.DataFrame([row])})
    >>> need = pd.DataFrame({"area": ["N1", "N2"], "field": "education", "need": [True, True]})
    >>> qa.coverage(reg, need, on="2026-11-30").table["state"].tolist()
    ['covered', 'need_without_measure']
    """
    expects(measures, RegisterTables, "coverage", 'reg = qa.read_measures("massnahmen.xlsx")')
    day, found = day_of(on), need_by_field(need, level)
    keys = pd.Index(found.table["area"].unique()) if data is None else data.areas.index
    register = measures.measures
    state = standing(register, day)
    reached = reach(register, keys, data).merge(
        register.assign(is_live=state.eq(LIVE))[["measure_id", "is_live"]], on="measure_id"
    )
    table = _counted(found.table, reached)
    table["state"] = _states(table)
    table = table.join(_ratios(table, reached, register))
    return Coverage(table, _without_need(table, reached), found, day, _names(data))


def _counted(need: pd.DataFrame, reached: pd.DataFrame) -> pd.DataFrame:
    """Count live measures on the spot, city-wide ones, and those on the spot that are not live."""
    on_spot = reached[reached["area"].ne("city")].groupby(["area", "field"])["is_live"].agg(["sum", "size"])
    city = reached[reached["area"].eq("city") & reached["is_live"]].groupby("field").size()
    pairs = pd.MultiIndex.from_frame(need[["area", "field"]])
    on_spot = on_spot.reindex(pairs).fillna(0).astype(int)
    return need.assign(
        measures=on_spot["sum"].to_numpy(),
        city_wide=need["field"].map(city).fillna(0).astype(int),
        not_live=(on_spot["size"] - on_spot["sum"]).to_numpy(),
    )


def _states(table: pd.DataFrame) -> pd.Series:
    is_need = table["need"].fillna(value=False).astype(bool)
    has_one, has_city = table["measures"].gt(0), table["city_wide"].gt(0)
    chosen = np.select(
        [table["need"].isna(), is_need & has_one, is_need & has_city, is_need, has_one],
        ["need_unknown", "covered", "city_wide_only", "need_without_measure", "measure_without_need"],
        "none",
    )
    return pd.Series(chosen, index=table.index, dtype="object")


def _ratios(table: pd.DataFrame, reached: pd.DataFrame, register: pd.DataFrame) -> pd.DataFrame:
    """Return live measures per 1,000 in need, places per 100 in need, money per resident and year."""
    in_need, residents = table["in_need"].where(table["in_need"] > 0), table["residents"].where(table["residents"] > 0)
    alone = register.set_index("measure_id")
    years = ((alone["end"] - alone["begin"]).dt.days + 1) / YEAR
    alone = alone.assign(per_year=(alone["cost"] / years).where(alone["end"].ne(PERMANENT)))
    live = reached[reached["is_live"] & reached["area"].ne("city")]
    times = reached.groupby("measure_id").size()
    live = live.join(alone[["capacity", "per_year"]].where(times.reindex(alone.index).eq(1)), on="measure_id")
    amounts, of_each = live[["capacity", "per_year"]], [live["area"], live["field"]]
    # one unknown amount leaves the sum unknown
    sums = amounts.groupby(of_each).sum().where(amounts.notna().groupby(of_each).all())
    sums = sums.reindex(pd.MultiIndex.from_frame(table[["area", "field"]]))
    sums.index = table.index
    return pd.DataFrame(
        {
            "per_1000": 1000 * table["measures"] / in_need,
            "places_per_100": 100 * sums["capacity"] / in_need,
            "eur_per_resident_year": sums["per_year"] / residents,
        }
    )


def _without_need(table: pd.DataFrame, reached: pd.DataFrame) -> pd.DataFrame:
    """Return live measures on the spot where the data show no need, or where need was never assessed."""
    live = reached[reached["is_live"] & reached["area"].ne("city")]
    known = live.merge(table[["area", "field", "need"]], on=["area", "field"], how="left", indicator=True)
    never = known["_merge"].eq("left_only")
    no_need = ~known["need"].fillna(value=True).astype(bool)
    known["why"] = np.where(never, "not_assessed", "no_need")
    return known.loc[never | no_need, ["measure_id", "area", "field", "why"]].reset_index(drop=True)


def _names(data: AreaData | None) -> dict[str, str]:
    if data is None or "name" not in data.areas.columns:
        return {}
    return {str(key): str(name) for key, name in data.areas["name"].items()}


@dataclass(frozen=True, eq=False, repr=False)
class Coverage(Charted):
    """Which needs have a measure, and which do not.

    Parameters
    ----------
    table : DataFrame
        A row per area and field: ``need``, ``measures`` (live, on the spot), ``city_wide`` (live), ``not_live``,
        ``state`` (covered, city_wide_only, need_without_measure, measure_without_need, need_unknown, none) and ratios.
    without_need : DataFrame
        Live measures where the data show no need (``no_need``) or need was never assessed (``not_assessed``).
    need : NeedByField
        Where need is, and what decides it.
    on : Timestamp
        The day.
    names : mapping of str to str
        Area -> its name.
    """

    table: pd.DataFrame
    without_need: pd.DataFrame
    need: NeedByField
    on: pd.Timestamp
    names: Mapping[str, str]

    chart = coverage_chart

    @property
    def matrix(self) -> pd.DataFrame:
        """The states, a row per area and a column per field; empty where a field was never assessed."""
        wide = self.table.pivot(  # noqa: PD010 - one state per cell
            index="area", columns="field", values="state"
        )
        return wide.reindex(columns=[field for field in field_labels("de") if field in wide.columns])

    def caption(self, lang: Lang = "de") -> str:
        """Return the day, and what decides where need is.

        Parameters
        ----------
        lang : {"de", "en"}, default "de"
            Language.
        """
        check_lang(lang)
        return f"{text('coverage_on', lang, day=day_text(self.on, lang))} {self.need.caption(lang)}"

    def text(self, lang: Lang = "de") -> str:
        """Return needs without a measure and measures without need in sentences, one per line.

        Parameters
        ----------
        lang : {"de", "en"}, default "de"
            Language.
        """
        check_lang(lang)
        fields = field_labels(lang)
        lines = [self.caption(lang)]
        open_needs = self.table[self.table["state"].isin(["need_without_measure", "city_wide_only"])]
        for row in rows_of(open_needs.head(SHOWN)):
            city = text("coverage_city", lang) if row.city_wide else ""
            area = self.names.get(row.area, row.area)
            lines.append(text("coverage_need_no_measure", lang, area=area, field=fields[row.field], city=city))
        if len(open_needs) > SHOWN:
            lines.append(text("coverage_more", lang, n=len(open_needs) - SHOWN))
        for row in rows_of(self.without_need.head(SHOWN)):
            name = "coverage_measure_no_need" if row.why == "no_need" else "coverage_not_assessed"
            area = self.names.get(row.area, row.area)
            lines.append(text(name, lang, id=row.measure_id, area=area, field=fields[row.field]))
        if len(self.without_need) > SHOWN:
            lines.append(text("coverage_more", lang, n=len(self.without_need) - SHOWN))
        if len(lines) == 1:
            lines.append(text("coverage_nothing", lang))
        return "\n".join(lines)

    def __repr__(self) -> str:
        counts = self.table["state"].value_counts()
        said = ", ".join(f"{counts[state]} {state}" for state in STATES if state in counts.index)
        return f"Coverage on {self.on:%Y-%m-%d}: {said or 'nothing assessed'}"

    def _repr_html_(self) -> str:
        return f"<pre>{self!r}</pre>" + self._picture()


def day_text(day: pd.Timestamp, lang: Lang) -> str:
    """Write a day as the language does."""
    return f"{day:%d.%m.%Y}" if lang == "de" else f"{day.day} {day:%B %Y}"
