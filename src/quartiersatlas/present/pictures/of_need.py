"""Charts of need as released: how sure the selection is, what lifts the scores, who changed the class."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.base.checks import expects
from quartiersatlas.catalogue import number_text, text
from quartiersatlas.disclosure import Release
from quartiersatlas.disclosure.columns import DRIVER_DECIMALS
from quartiersatlas.errors import SpecError
from quartiersatlas.need.burden import Burden, burden
from quartiersatlas.need.pictures.certainty import StableAreas, certainty_chart, rank_chart
from quartiersatlas.need.pictures.contributions import COLORS, OTHERS, Contributions, contributions_chart
from quartiersatlas.need.pictures.transition import class_transition
from quartiersatlas.present.comparable import on_keys
from quartiersatlas.present.pictures.of_columns import chosen_area, names_of
from quartiersatlas.present.statements import (
    axis_of,
    check_area,
    check_release,
    driver_names,
    has_all_drivers,
    label_with_unit,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts import Chart
    from quartiersatlas.disclosure import ReleasedColumn

MOST = 15


def certainty(release: Release, lang: Lang = "de", area: str | None = None) -> Chart:
    """Return how often areas are selected when nothing is taken as exact, as far as it is released.

    Parameters
    ----------
    release : Release
        Result of :func:`quartiersatlas.release` with ``stability``.
    lang : {"de", "en"}, default "de"
        Language.
    area : str, optional
        Key of an area that stands out.

    Returns
    -------
    Chart
        Sorted by how sure the selection is, which is no ranking of need.

    Raises
    ------
    ArgumentError
        Something else than a release was given.
    SpecError
        The release has no stability.
    ReleaseError
        The release has no such area.
    """
    check_release(release, "certainty")
    return certainty_chart(_stable_areas(release, "certainty", area), lang)


def rank_interval(release: Release, lang: Lang = "de", area: str | None = None) -> Chart:
    """Return the rank of areas on the first axis with the interval of the runs: inside the house only.

    Parameters
    ----------
    release : Release
        Result of :func:`quartiersatlas.release` with ``stability`` and ``audience="internal"``.
    lang : {"de", "en"}, default "de"
        Language.
    area : str, optional
        Key of an area that stands out.

    Returns
    -------
    Chart
        The areas of the highest need; ranks count the areas whose score is shown.

    Raises
    ------
    ArgumentError
        Something else than a release was given.
    SpecError
        The release has no stability, is public, or shows no score.
    ReleaseError
        The release has no such area.
    """
    check_release(release, "rank_interval")
    areas = _stable_areas(release, "rank_interval", area)
    ranks = release.ranks
    if ranks.empty or "rank_lower" not in areas.table:
        raise SpecError('rank_interval: the release has no ranks: release(..., need=need, audience="internal").')
    return rank_chart(replace(areas, table=areas.table.assign(rank=ranks.iloc[:, 0])), lang)


def _stable_areas(release: Release, name: str, area: str | None) -> StableAreas:
    """Return what is released of the stability, with what is selected."""
    if release.stability is None:
        raise SpecError(f"{name}: the release has no stability: release(..., stability=shortlist.stability()).")
    table = release.stability.table.reindex(release.areas.index)
    table = table.assign(selected=release.selected.reindex(table.index, fill_value=False))
    return StableAreas(
        table, release.stability.limits, release.stability.runs, names_of(release), chosen_area(release, area)
    )


def contributions(release: Release, lang: Lang = "de", areas: Sequence[str] | None = None) -> Chart:
    """Return what the released indicators add to the scores of areas and take from them, on the first axis.

    Parameters
    ----------
    release : Release
        Result of :func:`quartiersatlas.release` with ``need``.
    lang : {"de", "en"}, default "de"
        Language.
    areas : sequence of str, optional
        Keys, in their order; if not given, the selected areas in the order of the release (by name in public), fifteen
        at most.

    Returns
    -------
    Chart
        Distances from the mean of all scored areas; a hollow dot where an indicator of the score is not shown.

    Raises
    ------
    ArgumentError
        Something else than a release was given.
    SpecError
        The release has no contributions, or none of these areas.
    ReleaseError
        The release has no such area.
    """
    check_release(release, "contributions")
    axis, parts = _released_parts(release)
    if axis is None:
        raise SpecError("contributions: the release has none: release(..., need=need), with exact counts.")
    scored = parts.index[parts.notna().any(axis=1)]
    for key in areas or ():
        check_area(release, key)
    keys = listed_contributions(release) if areas is None else [str(key) for key in areas if key in scored]
    if not keys:
        raise SpecError("contributions: none of the areas has contributions that are shown.")
    labels = [release.column(name).indicator.label(lang) for name in parts.columns]
    shown, labels, colors = _most_moving(parts, labels, lang)
    open_ones = parts.isna().any(axis=1) | (not has_all_drivers(release, axis.axis))
    return contributions_chart(
        Contributions(
            parts=shown.loc[keys],
            labels=labels,
            colors=colors,
            axis=axis.indicator.label(lang),
            of_all=len(scored),
            decimals=DRIVER_DECIMALS,
            partly=frozenset(open_ones.index[open_ones]),
            score=text("chart_score_beside_mean", lang),
        ),
        lang,
        names=names_of(release),
    )


def _released_parts(release: Release) -> tuple[ReleasedColumn | None, pd.DataFrame]:
    """Return the first axis that leaves with contributions, and these; None without any."""
    axis = next((c for c in release.columns if c.kind == "class" and driver_names(release, c.axis)), None)
    if axis is None or release.drivers is None:
        return None, pd.DataFrame(index=release.areas.index)
    drivers = release.drivers.reindex(release.areas.index)
    return axis, pd.DataFrame({name: drivers[axis.axis, name] for name in driver_names(release, axis.axis)})


def listed_contributions(release: Release) -> list[str]:
    """Return the areas whose contributions are drawn: the selected ones, or all where none is, fifteen at most.

    They stand as areas are listed, by name in public; of too many, those with the largest sums are drawn.
    """
    _, parts = _released_parts(release)
    parts = parts[parts.notna().any(axis=1)]
    selected = release.selected.reindex(parts.index, fill_value=False)
    asked = parts[selected] if selected.any() else parts
    sums = asked.sum(axis=1).round(DRIVER_DECIMALS).sort_values(ascending=False, kind="stable")
    kept = set(sums.index[:MOST])
    return [str(key) for key in release.order if key in kept]


def _most_moving(parts: pd.DataFrame, labels: list[str], lang: Lang) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Return at most six columns in their order: of more, the five that move most, and the others' sum."""
    if len(labels) <= len(COLORS):
        return parts, labels, list(COLORS[: len(labels)])
    weight = parts.abs().sum().round(DRIVER_DECIMALS).sort_values(ascending=False, kind="stable")
    heavy = set(weight.index[: len(COLORS) - 1])
    kept = [name for name in parts.columns if name in heavy]
    rest = [name for name in parts.columns if name not in heavy]
    words = dict(zip(parts.columns, labels, strict=True))
    others = text("chart_other_indicators", lang, n=len(rest))
    merged = parts[kept].assign(others=parts[rest].sum(axis=1, min_count=1).round(DRIVER_DECIMALS))
    return merged, [*(words[name] for name in kept), others], [*COLORS[: len(kept)], OTHERS]


def class_moves(release: Release, earlier_release: Release, lang: Lang = "de") -> Chart:
    """Return which areas changed the class of the first axis between two releases.

    Parameters
    ----------
    release, earlier_release : Release
        Two dates with classes by the same rules.
    lang : {"de", "en"}, default "de"
        Language.

    Returns
    -------
    Chart
        The count in each cell, and its residents where they are released of all its areas.

    Raises
    ------
    ArgumentError
        Something else than releases was given.
    SpecError
        One of the two has no classes, or they are made by different rules.
    """
    check_release(release, "class_moves")
    expects(earlier_release, Release, "class_moves: earlier", "earlier_release=the release of another date")
    column = next((c for c in release.columns if c.kind == "class"), None)
    if column is None or column.id not in earlier_release.values:
        raise SpecError("class_moves: one of the two releases has no classes of need.")
    if axis_of(release, column.axis) != axis_of(earlier_release, column.axis):
        raise SpecError("class_moves: the classes of the two dates are made by different rules. Make both by one spec.")
    before = on_keys(earlier_release, release.areas.index)
    return class_transition(
        _classes(before, column),
        _classes(release, column),
        classes=[one.id for one in column.classes],
        labels={one.id: (one.label("de"), one.label("en")) for one in column.classes},
        definitions=(column.axis, column.axis),  # the same rules, as was checked
        residents=release.residents.round(),
        dates=(earlier_release.as_of, release.as_of),
    ).chart(lang=lang)


def _classes(release: Release, column: ReleasedColumn) -> pd.Series[str]:
    return release.values[column.id].astype(object)


def burden_matrix(release: Release, lang: Lang = "de") -> Chart:
    """Return areas by the number of their burdens and their class of need, counted of what is shown.

    Parameters
    ----------
    release : Release
        Result of :func:`quartiersatlas.release` with ``burden``.
    lang : {"de", "en"}, default "de"
        Language.

    Returns
    -------
    Chart
        The count in each cell, and its residents where they are released of all its areas.

    Raises
    ------
    ArgumentError
        Something else than a release was given.
    SpecError
        The release has no burdens, or shows no area with all of them and a class.
    """
    check_release(release, "burden_matrix")
    found = shown_burden(release, lang)
    chart, left_out = found.chart(lang=lang), len(release.areas) - len(found.areas)
    if not left_out:
        return chart
    return replace(chart, note=f"{chart.note} {text('burden_left_out', lang, n=number_text(left_out, 0, lang))}")


def shown_burden(release: Release, lang: Lang) -> Burden:
    """Count burdens and classes of what a release shows; areas that do not show all of them are left out.

    Raises
    ------
    SpecError
        The release has no burdens, or there is no such area.
    """
    told = release.burden
    if told is None:
        raise SpecError("burden_matrix: the release has no burdens: release(..., burden=qa.burden(...)).")
    column = release.column(told.need)
    values = pd.DataFrame({label_with_unit(release.column(name), lang): release.values[name] for name in told.columns})
    classed = _classes(release, column)
    known = classed.notna() & values.notna().all(axis=1)
    if not known.any():
        raise SpecError("burden_matrix: no area shows its class of need and all burdens.")
    limits = {str(name): limit for name, limit in zip(values, told.limits, strict=True) if limit is not None}
    return burden(
        classed[known],
        {str(name): values[name][known] for name in values},
        limits=limits,
        quantile=told.quantile,
        classes=[one.id for one in column.classes],
        labels={one.id: (one.label("de"), one.label("en")) for one in column.classes},
        residents=release.residents[known],
    )
