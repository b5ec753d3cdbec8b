"""What is drawn of a gap: the rows of its dumbbell, the two lines of its dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.catalogue.texts import text
from quartiersatlas.indicators.gaps.words import rows_of
from quartiersatlas.indicators.pictures.gaps import GapCourse, GapRow, gap_lines_chart
from quartiersatlas.indicators.rates import wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts import Chart
    from quartiersatlas.indicators.gaps.tables import ReferenceGroup
    from quartiersatlas.indicators.gaps.words import GapLabels, Row


def dumbbell_rows(
    city: pd.DataFrame,
    areas: pd.DataFrame,
    reference: ReferenceGroup,
    names: pd.Series[str],
    lang: Lang,
    most: int,
    city_name: str = "",
) -> tuple[list[GapRow], int]:
    """Return the city, its places, and the areas with most persons of the group by name; and how many there are."""
    rows = []
    for place, part in city.groupby("place", sort=False):
        by = rows_of(part.set_index("reference"))
        chosen = by[reference]
        rates = chosen["rate_group"], by["others"]["rate_reference"], by["all"]["rate_reference"]
        rows.append(_row(str(place) or city_name or text("label_city", lang), rates, chosen, chosen["n_group"]))
    known = areas[areas["difference"].notna()]
    largest = known.sort_values("n_group", ascending=False, kind="stable").head(most)
    shown = rows_of(largest)
    for key in names.loc[largest.index].sort_values(kind="stable").index:
        area = shown[key]
        together = (area["x_group"] + area["x_others"]) / (area["n_group"] + area["n_others"])
        rates = area["rate_group"], area["x_others"] / area["n_others"], together
        rows.append(_row(str(names[key]), rates, area, area["n_group"], str(key)))
    return rows, len(known)


def _row(name: str, rates: tuple[float, float, float], gap: Row, n: float, area: str = "") -> GapRow:
    group, others, together = (100 * float(rate) for rate in rates)
    value, lower, upper = (100 * float(gap[part]) for part in ("difference", "difference_lower", "difference_upper"))
    return GapRow(name, group, others, together, float(n), value, lower, upper, area)


def lines_of(dates: Sequence[pd.DataFrame], periods: tuple[str, str], labels: GapLabels, lang: Lang) -> Chart:
    """Return the rates of group and others in the city at the dates, over the areas whose counts are known at all."""
    keys = dates[0].index.intersection(dates[-1].index)
    sums = pd.DataFrame([part.loc[keys].sum() for part in dates])
    courses = {}
    for who in ("group", "others"):
        rate = sums[f"x_{who}"] / sums[f"n_{who}"].where(sums[f"n_{who}"] > 0)
        lower, upper = wilson(rate, sums[f"n_{who}"])
        courses[who] = GapCourse(tuple(100 * rate), tuple(100 * lower), tuple(100 * upper))
    names = labels.indicator(lang), labels.group(lang)
    return gap_lines_chart(periods, courses["group"], courses["others"], names, lang)
