"""Charts of the released indicators: distribution, development, one area beside its city, two indicators together.

What is not in the release is in none of them. A district has a value where all its areas are released with both
counts: it is then a sum that every reader can make.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import expects
from quartiersatlas.catalogue import text
from quartiersatlas.disclosure import Release
from quartiersatlas.disclosure.release import NUMBER_FORMS
from quartiersatlas.disclosure.words import label, unit
from quartiersatlas.errors import SpecError
from quartiersatlas.indicators.pictures import (
    Classes,
    Marked,
    Measure,
    SpineRow,
    histogram_chart,
    scatter_chart,
    spine_chart,
    time_line_chart,
)
from quartiersatlas.indicators.pictures.time_line import day_of
from quartiersatlas.indicators.rates import wilson
from quartiersatlas.present.comparable import on_keys
from quartiersatlas.present.map.classes import class_labels, column_colors, is_first_axis, is_total, quantile_breaks
from quartiersatlas.present.statements import (
    check_area,
    check_release,
    gap_kind,
    gap_text,
    indicator_columns,
    need_direction,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts import Chart
    from quartiersatlas.disclosure import ReleasedColumn

NEED, OTHER, CONTEXT = 0, 1, 2


def profile_rank(column: ReleasedColumn) -> int | None:
    """Return where an indicator stands in every list: need 0, other 1, context 2; None where it is not compared."""
    if column.kind not in NUMBER_FORMS or column.change_of or is_total(column):
        return None
    if column.indicator.role == "context":
        return CONTEXT
    return NEED if need_direction(column) and column.indicator.role != "resource" else OTHER


def profile_columns(release: Release) -> list[ReleasedColumn]:
    """Return the indicators that areas are compared by: those of need first, context last."""
    check_release(release, "profile_columns")
    ranked = [(profile_rank(column), column) for column in indicator_columns(release)]
    return [column for wanted in (NEED, OTHER, CONTEXT) for rank, column in ranked if rank == wanted]


def second_column(release: Release, x: str) -> str | None:
    """Return an indicator to set beside another one.

    It is of another domain and has another denominator where there is one: two shares of the same persons go together
    by themselves. None where the release has no other indicator.
    """
    first = release.column(x)
    others = [column for column in profile_columns(release) if column.id != x]
    apart = [column for column in others if not _same_persons(release, column, first)]
    elsewhere = [column for column in apart if column.indicator.domain != first.indicator.domain]
    return next((column.id for column in (*elsewhere, *apart, *others)), None)


def _same_persons(release: Release, one: ReleasedColumn, other: ReleasedColumn) -> bool:
    """Return True for two rates with the same denominators."""
    if not (one.denominator and other.denominator):
        return False
    return release.values[one.denominator].equals(release.values[other.denominator])


def measure_of(column: ReleasedColumn, lang: Lang) -> Measure:
    """Return how a released column is called and written."""
    direction = 0 if column.indicator.role == "context" else need_direction(column)
    unknown = text("chart_not_shown", lang)
    return Measure(label(column, lang), unit(column, lang), column.decimals, direction, unknown, column.city_decimals)


def numbers_of(release: Release, column: ReleasedColumn) -> pd.Series[float]:
    """Return the values of a released column of numbers."""
    return release.values[column.id].astype(float)


def names_of(release: Release) -> dict[str, str]:
    """Return the names of the areas."""
    return {str(key): str(name) for key, name in release.areas["name"].items()}


def classes_of(release: Release, column: ReleasedColumn, lang: Lang) -> Classes:
    """Return the classes in which the map shows a column first."""
    values = release.values[column.id]
    if column.kind == "class":
        order = {one.id: float(n) for n, one in enumerate(column.classes)}
        numbers = values.map(order, na_action="ignore").astype(float)
        colors = column_colors(column, len(order), first_axis=is_first_axis(release, column))
        return Classes(numbers, class_labels(column, values, lang), colors)
    breaks = quantile_breaks(values)
    found = np.searchsorted(breaks, values.to_numpy(dtype=float), side="right").astype(float)
    numbers = pd.Series(found, index=values.index).where(values.notna())
    return Classes(
        numbers, class_labels(column, values, lang), column_colors(column, len(breaks) + 1, first_axis=False)
    )


def _of_numbers(release: Release, name: str, call: str) -> ReleasedColumn:
    """Return a column of numbers; refuse one of classes."""
    column = release.column(name)
    if column.kind == "class":
        raise SpecError(f"{call}: {name!r} has classes, no numbers.")
    return column


def legend_histogram(
    release: Release, column: str, lang: Lang = "de", area: str | None = None, *, colored_by: str | None = None
) -> Chart:
    """Return how the released values of a column are spread, in the colours of its map.

    Parameters
    ----------
    release : Release
        Result of :func:`quartiersatlas.release`.
    column : str
        A released column of numbers.
    lang : {"de", "en"}, default "de"
        Language.
    area : str, optional
        Key of an area that a triangle points out.
    colored_by : str, optional
        The column whose classes the map shows, where it is another one: the classes of a score.

    Returns
    -------
    Chart
        Bars stacked by class, the city as a line; fewer than eight values as named dots.

    Raises
    ------
    ArgumentError
        Something else than a release was given.
    ColumnError
        The release has no such column.
    SpecError
        The column has classes and no numbers.
    ReleaseError
        The release has no such area.
    """
    check_release(release, "legend_histogram")
    shown = _of_numbers(release, column, "legend_histogram")
    return histogram_chart(
        numbers_of(release, shown),
        measure_of(shown, lang),
        lang,
        city=shown.city,
        city_name=release.city,
        classes=classes_of(release, release.column(colored_by) if colored_by else shown, lang),
        area=chosen_area(release, area),
        names=names_of(release),
        residents=release.residents.round(),
    )


def chosen_area(release: Release, area: str | None) -> str:
    """Return the key of an area that stands out; empty without one."""
    if area is None:
        return ""
    check_area(release, area)
    return area


def time_line(
    release: Release, earlier: Release | Iterable[Release], column: str, lang: Lang = "de", area: str | None = None
) -> Chart:
    """Return the development of a released column over the dates of several releases.

    Parameters
    ----------
    release : Release
        The latest date.
    earlier : Release or iterable of Release
        Releases of other dates, in any order; those without the column are left out.
    column : str
        A released column of numbers.
    lang : {"de", "en"}, default "de"
        Language.
    area : str, optional
        Key of an area whose line stands out, with its 95 % interval where it is a share, and that of its district
        at the dates at which all areas of that are released.

    Returns
    -------
    Chart
        On true dates; a value that is not shown is a gap.

    Raises
    ------
    ArgumentError
        Something else than releases was given.
    ColumnError
        The release has no such column.
    SpecError
        The column has classes and no numbers, is known at one date only, or ``as_of`` of a release is no date.
    ReleaseError
        The release has no such area.
    """
    check_release(release, "time_line")
    shown = _of_numbers(release, column, "time_line")
    others = [earlier] if isinstance(earlier, Release) else list(earlier)
    for other in others:
        expects(other, Release, "time_line: earlier", "earlier=[the releases of other dates]")
    key, index = chosen_area(release, area), release.areas.index
    known = [on_keys(part, index) for part in (release, *others) if column in part.values]
    parts = sorted(known, key=lambda part: day_of(part.as_of.strip()))
    values = pd.concat([numbers_of(part, part.column(column)) for part in parts], axis=1)
    values.columns = pd.RangeIndex(len(parts))
    city = [float(part.column(column).city) for part in parts]
    words = [text("chart_not_shown", lang)] * len(parts)
    if key:
        empty = values.loc[[key]].isna().to_numpy()[0]
        words = [
            gap_text(gap_kind(part, key, part.column(column)), lang) if gap else ""
            for part, gap in zip(parts, empty, strict=True)
        ]
    parent = _parent(release)
    return time_line_chart(
        values,
        [part.as_of.strip() for part in parts],
        replace(measure_of(shown, lang), city_decimals=min(part.column(column).of_city.decimals for part in parts)),
        lang,
        city=city if np.isfinite(city).any() else None,
        city_name=release.city,
        area=key,
        names=names_of(release),
        district=_district(parts, column, parent, key) if key and parent is not None else None,
        parents=parent,
        interval=pd.DataFrame([_interval(part, column, key) for part in parts]) if key else None,
        gaps=words,
    )


def _parent(release: Release) -> pd.Series[str] | None:
    """Return the name of the district of each area; None where there are no districts."""
    parents = [name for name in release.areas.columns if name not in ("name", "geometry")]
    return release.areas[parents[0]] if parents else None


def _district(
    parts: Sequence[Release], column: str, parent: pd.Series[str], key: str
) -> tuple[str, list[float]] | None:
    """Return the district of an area with its value at each date; None where it has none at any."""
    name = parent[key]
    if pd.isna(name):
        return None
    found = [district_value(part, part.column(column), parent.eq(name)) for part in parts]
    return (str(name), found) if np.isfinite(found).any() else None


def district_value(release: Release, column: ReleasedColumn, inside: pd.Series[bool]) -> float:
    """Return the rate over several areas; NaN where one of them is not released, or it is no rate."""
    if column.kind != "rate":
        return float("nan")
    x, n = (release.values[side][inside].astype(float) for side in (column.numerator, column.denominator))
    if release.values[column.id][inside].isna().any() or x.isna().any() or not n.sum() > 0:
        return float("nan")
    scale = 10.0**column.decimals
    return float(np.rint(x.sum() / n.sum() * column.indicator.per * scale) / scale)


def _interval(release: Release, column: str, key: str) -> dict[str, float]:
    """Return the 95 % interval of a share in its unit; NaN where it is none."""
    shown = release.column(column)
    nothing = {"lower": float("nan"), "upper": float("nan")}
    if shown.kind != "rate" or pd.isna(release.values[column][key]):
        return nothing
    x, n = (float(release.values[side][key]) for side in (shown.numerator, shown.denominator))
    if not n > 0 or not x <= n:
        return nothing
    low, high = wilson(pd.Series([x / n]), pd.Series([n]))
    return {"lower": float(low[0]) * shown.indicator.per, "upper": float(high[0]) * shown.indicator.per}


def spine_profile(release: Release, area: str, lang: Lang = "de") -> Chart:
    """Return how an area stands beside its city in every released indicator, those of need first, context last.

    Parameters
    ----------
    release : Release
        Result of :func:`quartiersatlas.release`.
    area : str
        Key of the area.
    lang : {"de", "en"}, default "de"
        Language.

    Returns
    -------
    Chart
        A row per indicator on a scale of its own; the row of a value that is not shown has no dot.

    Raises
    ------
    ArgumentError
        Something else than a release was given.
    ReleaseError
        The release has no such area.
    SpecError
        The release has no indicator by which areas are compared.
    """
    check_release(release, "spine_profile")
    check_area(release, area)
    parent = _parent(release)
    inside = None if parent is None or pd.isna(parent[area]) else parent.eq(parent[area])
    rows = [
        SpineRow(
            measure_of(column, lang),
            numbers_of(release, column),
            column.city,
            float("nan") if inside is None else district_value(release, column, inside),
            context=profile_rank(column) == CONTEXT,
            gap="" if pd.notna(release.values[column.id][area]) else gap_text(gap_kind(release, area, column), lang),
        )
        for column in profile_columns(release)
        if release.values[column.id].notna().any()
    ]
    return spine_chart(rows, area, lang, names=names_of(release), city_name=release.city)


def scatter(
    release: Release,
    x: str,
    y: str | None = None,
    lang: Lang = "de",
    area: str | None = None,
    *,
    colors: str | None = None,
) -> Chart:
    """Return two released indicators of the same areas.

    Parameters
    ----------
    release : Release
        Result of :func:`quartiersatlas.release`.
    x, y : str
        Released columns of numbers; ``y`` is that of :func:`second_column`, if not given.
    lang : {"de", "en"}, default "de"
        Language.
    area : str, optional
        Key of an area that stands out by name.
    colors : str, optional
        Column whose classes colour the dots; ``x``, if not given.

    Returns
    -------
    Chart
        Selected areas have a dark ring, borderline ones a dashed one.

    Raises
    ------
    ArgumentError
        Something else than a release was given.
    ColumnError
        The release has no such column.
    SpecError
        A column has classes and no numbers, or there is no second one.
    ReleaseError
        The release has no such area.
    """
    check_release(release, "scatter")
    other = y if y is not None else second_column(release, x)
    if other is None:
        raise SpecError(f"scatter: the release has no indicator to set beside {x!r}.")
    columns = [_of_numbers(release, name, "scatter") for name in (x, other)]
    return scatter_chart(
        numbers_of(release, columns[0]),
        numbers_of(release, columns[1]),
        (measure_of(columns[0], lang), measure_of(columns[1], lang)),
        lang,
        city=(columns[0].city, columns[1].city),
        city_name=release.city,
        classes=classes_of(release, release.column(colors or x), lang),
        marked=_marked(release, chosen_area(release, area)),
        names=names_of(release),
    )


def _marked(release: Release, area: str) -> Marked:
    """Return the areas that stand out: selected, and borderline whether selected or not."""
    selected = release.selected.reindex(release.areas.index, fill_value=False)
    keys = frozenset(selected.index[selected])
    if release.stability is None:
        return Marked(area, keys)
    labels = release.stability.table["label"].reindex(selected.index)
    open_ones = (selected & labels.ne("certain")) | (~selected & labels.isin(["certain", "borderline"]))
    return Marked(area, keys, frozenset(open_ones.index[open_ones]))
