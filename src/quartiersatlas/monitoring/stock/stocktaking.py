"""The stocktaking of the guide: what data there are by domain, and its four questions as sentences."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import expects
from quartiersatlas.catalogue import action_bundles, check_lang, number_text, text
from quartiersatlas.catalogue.indicators import DOMAINS
from quartiersatlas.catalogue.texts import percent_text
from quartiersatlas.errors import ColumnError
from quartiersatlas.intake import AreaData
from quartiersatlas.monitoring.measures.register import Measures
from quartiersatlas.monitoring.measures.standing import day_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import geopandas as gpd

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.indicators import GroupGap
    from quartiersatlas.screening import Shortlist

STATES = ("present", "outdated", "protected", "unclear", "missing")
OUTDATED = 3  # years after which a figure is called outdated
MOSTLY = 0.5  # share of areas that are suppressed from which an indicator is called protected
SMALL_TOWN = 15  # areas below which there are no ranks
LARGE_AREA = 0.2  # share of residents from which the town's value contains too much of the area
POWER_80, LEVEL_95 = 0.8416212335729143, 1.959963984540054  # normal quantiles
SHARE = 0.15  # for which it is said what can be seen


def stocktaking(
    data: AreaData,
    *,
    on: str | date,
    group: str = "mh_share",
    dates: Mapping[str, str] | None = None,
    gap: GroupGap | None = None,
    shortlist: Shortlist | None = None,
    measures: Measures | None = None,
    facilities: gpd.GeoDataFrame | None = None,
    forecast: str = "",
) -> Stocktaking:
    """Answer the guide's four questions from what is there, and name what is missing and which office has it.

    Parameters
    ----------
    data : AreaData
        Joined data with rates.
    on : str or date
        The day: figures that are more than three years older are outdated.
    group : str, default "mh_share"
        The share whose level, change and concentration are told.
    dates : mapping of str to str, optional
        Column -> the date of its data.
    gap : GroupGap, optional
        Result of :func:`quartiersatlas.group_gap`: how the situation of the group differs.
    shortlist : Shortlist, optional
        The areas with need.
    measures : Measures, optional
        The register: live measures, and what only offices or participants say.
    facilities : GeoDataFrame, optional
        Facilities, as ``read_features`` returns them.
    forecast : str, optional
        What a population forecast says of the group, with its source. Nothing is forecast here.

    Returns
    -------
    Stocktaking
        With ``.table`` (domain, indicator, state), ``.answers`` and ``.text(lang)``. It is for the house: what leaves
        goes through a release.

    Raises
    ------
    ArgumentError
        Something is of another type.
    ColumnError
        ``dates`` names a column that is not there.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> import shapely
    >>> import quartiersatlas as qa
    >>> shapes = [shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000, 2000)]
    >>> areas = gpd.GeoDataFrame({"name": ["A", "B", "C"]}, index=["1", "2", "3"], geometry=shapes, crs="EPSG:25832")
    >>> table = pd.DataFrame({"poor": [300.0, 260, 90], "residents": [1000.0] * 3}, index=areas.index)
    >>> data = qa.add_rates(qa.join(areas, table, population="residents"), {"sgb2_rate": ("poor", "residents")})
    >>> stock = qa.stocktaking(data, on="2024-12-31")
    >>> stock.table.set_index("domain")["state"]["socioeconomy"]
    'present'
    """
    expects(data, AreaData, "stocktaking", "data = qa.join(areas, table)")
    if measures is not None:
        expects(measures, Measures, "stocktaking: measures", 'reg = qa.read_measures("massnahmen.xlsx")')
    day = day_of(on)
    for column in dates or {}:
        if column not in data.values.columns:
            raise ColumnError.not_found(column, data.values.columns, "stocktaking: dates")
    given = Given(data, day, group, gap, shortlist, measures, facilities, forecast)
    return Stocktaking(_table(given, dates or {}), given, day)


@dataclass(frozen=True, eq=False)
class Given:
    """What the questions are answered from."""

    data: AreaData
    day: pd.Timestamp
    group: str
    gap: GroupGap | None
    shortlist: Shortlist | None
    measures: Measures | None
    facilities: gpd.GeoDataFrame | None
    forecast: str


def _table(given: Given, dates: Mapping[str, str]) -> pd.DataFrame:
    """Return a row per indicator with its state, and one for each domain that has none."""
    data, rows = given.data, []
    told = _only_told(given.measures)
    known = [name for name in data.values.columns if name in data.catalogue and name not in data.changes]
    for domain in DOMAINS[:-1]:
        own = [name for name in known if data.catalogue[name].domain == domain]
        rows += [(domain, name, *_state(given, name, dates.get(name, ""))) for name in own]
        if not own:
            rows.append((domain, "", "unclear" if domain in told else "missing", len(data.areas)))
    return pd.DataFrame(rows, columns=["domain", "indicator", "state", "n_not_known"])


def _state(given: Given, name: str, dated: str) -> tuple[str, int]:
    status = given.data.status[name]
    suppressed, open_areas = int(status.eq("suppressed").sum()), int(given.data.values[name].isna().sum())
    if open_areas == len(status):
        return ("protected" if suppressed else "missing"), open_areas
    if suppressed >= MOSTLY * len(status):
        return "protected", open_areas
    if dated and day_of(f"{dated}-12-31" if dated.isdigit() else dated) < given.day - pd.DateOffset(years=OUTDATED):
        return "outdated", open_areas
    return "present", open_areas


def _only_told(measures: Measures | None) -> set[str]:
    """Return the domains of which offices or participants speak."""
    if measures is None:
        return set()
    fields = set(measures.participation["field"])
    return {bundle.domain for bundle in action_bundles() if bundle.field_id in fields}


@dataclass(frozen=True, eq=False, repr=False)
class Stocktaking:
    """What is known so far.

    Parameters
    ----------
    table : DataFrame
        A row per domain and indicator: ``state`` is present, outdated, protected, unclear (only people say so) or
        missing; ``n_not_known`` is the number of areas without a value.
    given : Given
        What it was made of.
    on : Timestamp
        The day.
    """

    table: pd.DataFrame
    given: Given
    on: pd.Timestamp

    def answers(self, lang: Lang = "de") -> dict[str, list[str]]:
        """Return the sentences that answer each of the four questions: level, gap, structures, concentration.

        Parameters
        ----------
        lang : {"de", "en"}, default "de"
            Language.
        """
        check_lang(lang)
        return {
            "level": _level(self.given, lang),
            "gap": _gap(self.given, lang),
            "structures": _structures(self.given, lang),
            "concentration": _concentration(self.given, lang),
        }

    def unclear(self, lang: Lang = "de") -> list[str]:
        """Return what is missing, outdated, protected or only said by people, one sentence per domain.

        Parameters
        ----------
        lang : {"de", "en"}, default "de"
            Language.
        """
        check_lang(lang)
        lines = []
        for state in STATES[1:]:
            for domain, part in self.table[self.table["state"].eq(state)].groupby("domain", sort=False):
                labels = ", ".join(self.given.data.catalogue[one].label(lang) for one in part["indicator"] if one)
                name = f"stock_{state}" if labels or state in ("missing", "unclear") else ""
                values = {
                    "domain": text(f"domain_{domain}", lang),
                    "labels": labels,
                    "source": text(f"office_{domain}", lang),
                }
                lines.append(text("stock_all_missing" if state == "missing" and labels else name, lang, **values))
        return lines

    def text(self, lang: Lang = "de") -> str:
        """Return the four questions with their answers, what is not known, and what so few areas can show.

        Parameters
        ----------
        lang : {"de", "en"}, default "de"
            Language.
        """
        lines = []
        for question, answers in self.answers(lang).items():
            lines += [text(f"stock_question_{question}", lang), *answers, ""]
        lines += [text("stock_question_open", lang), *(self.unclear(lang) or [text("stock_nothing_open", lang)])]
        return "\n".join([*lines, *small_town_lines(self.given.data, lang)])

    def __repr__(self) -> str:
        counts = self.table["state"].value_counts()
        said = ", ".join(f"{counts[state]} {state}" for state in STATES if state in counts.index)
        return f"Stocktaking on {self.on:%Y-%m-%d}: {said}"

    def _repr_html_(self) -> str:
        return f"<pre>{self!r}</pre>" + str(self.table.to_html(index=False))


def _level(given: Given, lang: Lang) -> list[str]:
    """Tell how large the group is in the city, how that changed, and what is expected."""
    data, group = given.data, given.group
    if group not in data.rates:
        return [text("stock_lacks_level", lang)]
    label = data.catalogue.get(group).label(lang)
    x, n = data.parts(group)
    known = x.notna() & n.notna()
    lines = [
        text(
            "stock_level",
            lang,
            label=label,
            value=percent_text(float(x[known].sum() / n[known].sum()), lang),
            count=number_text(float(x[known].sum()), 0, lang),
            n=int(known.sum()),
            all=len(known),
        )
    ]
    before = _before(given)
    if before is None:
        lines.append(text("stock_lacks_change", lang, label=label))
    else:
        points = 100 * (float(x[known].sum() / n[known].sum()) - before[0])
        lines.append(text("stock_change", lang, label=label, points=number_text(points, 1, lang), period=before[1]))
    lines.append(given.forecast or text("stock_lacks_forecast", lang))
    return lines


def _before(given: Given) -> tuple[float, str] | None:
    """Return the city's rate at an earlier date, where a change was added."""
    for base, earlier in given.data.changes.values():
        if base == given.group or given.group in earlier.rates:
            x, n = earlier.parts(given.group)
            known = x.notna() & n.notna()
            if n[known].sum() > 0:
                return float(x[known].sum() / n[known].sum()), earlier.period
    return None


def _gap(given: Given, lang: Lang) -> list[str]:
    return given.gap.text(lang).splitlines() if given.gap is not None else [text("stock_lacks_gap", lang)]


def _structures(given: Given, lang: Lang) -> list[str]:
    lines = []
    if given.facilities is not None:
        lines.append(text("stock_facilities", lang, n=len(given.facilities)))
    else:
        lines.append(text("stock_lacks_facilities", lang))
    if given.measures is not None:
        lines.append(
            text("stock_measures", lang, n=len(given.measures.live(given.day)), all=len(given.measures.measures))
        )
    else:
        lines.append(text("stock_lacks_measures", lang))
    return lines


def _concentration(given: Given, lang: Lang) -> list[str]:
    """Tell in how many areas half of the group lives, and which part of it in the areas with need."""
    data, group = given.data, given.group
    if group not in data.rates:
        return [text("stock_lacks_concentration", lang)]
    x, n = data.parts(group)
    known = x.notna() & n.notna() & n.gt(0)
    label = data.catalogue.get(group).label(lang)
    if not float(x[known].sum()) > 0:
        return [text("stock_lacks_concentration", lang)]
    ordered = x[known].sort_values(ascending=False, kind="stable")
    k = int(np.searchsorted(ordered.cumsum().to_numpy(), 0.5 * float(ordered.sum()))) + 1
    residents = float(n[ordered.index[:k]].sum() / n[known].sum())
    values = {"label": label, "k": k, "all": int(known.sum()), "residents": percent_text(residents, lang)}
    lines = [text("stock_half", lang, **values)]
    if given.shortlist is not None:
        chosen = given.shortlist.selected.astype(bool) & known
        part = percent_text(float(x[chosen].sum() / x[known].sum()), lang)
        of_all = percent_text(float(n[chosen].sum() / n[known].sum()), lang)
        lines.append(text("stock_selected", lang, n=int(chosen.sum()), part=part, label=label, residents=of_all))
    return lines


def small_town_lines(data: AreaData, lang: Lang) -> list[str]:
    """Return what so few areas can show: the smallest difference, and that large ones are compared with the rest."""
    if len(data.areas) >= SMALL_TOWN or data.population is None:
        return []
    residents = data.residents().dropna()
    residents = residents[residents > 0]
    if len(residents) < 2:  # noqa: PLR2004 - an area and a rest
        return []
    total, typical = float(residents.sum()), float(residents.median())
    points = 100 * smallest_visible(typical, total - typical)
    lines = [
        text("stock_small", lang, n=len(data.areas)),
        text(
            "stock_visible",
            lang,
            area=number_text(typical, 0, lang),
            rest=number_text(total - typical, 0, lang),
            points=number_text(points, 1, lang),
        ),
    ]
    large = residents.index[residents > LARGE_AREA * total]
    if len(large):
        names = data.areas["name"].reindex(large) if "name" in data.areas.columns else pd.Series(large)
        lines.append(text("stock_large", lang, names=", ".join(map(str, names))))
    return lines


def smallest_visible(area: float, rest: float, share: float = SHARE) -> float:
    """Return the difference between an area and the rest that is found with 80 % power at the 5 % level.

    Examples
    --------
    >>> round(100 * smallest_visible(400, 4000), 1), round(100 * smallest_visible(4000, 9000), 1)
    (5.2, 1.9)
    """
    return (LEVEL_95 + POWER_80) * sqrt(share * (1 - share) * (1 / area + 1 / rest))
