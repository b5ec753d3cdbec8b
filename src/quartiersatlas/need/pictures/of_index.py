"""The charts of a need index: what raises and lowers the scores, how they are spread, an area beside its city."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import choice
from quartiersatlas.catalogue.texts import check_lang, number_text, text
from quartiersatlas.errors import SpecError, list_some
from quartiersatlas.indicators.pictures.distribution import Classes, Measure, histogram_chart
from quartiersatlas.indicators.pictures.spine import SpineRow, spine_chart
from quartiersatlas.need.pictures.audited import leave_one_out_chart
from quartiersatlas.need.pictures.contributions import COLORS, OTHERS, Contributions, contributions_chart
from quartiersatlas.need.robustness.influence import leave_one_out
from quartiersatlas.need.score.contributions import is_geometric
from quartiersatlas.need.score.explain import in_catalogue, spec_indicator_label, spec_indicator_unit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts import Chart
    from quartiersatlas.need.robustness.selection import Choice
    from quartiersatlas.need.score.need_scores import NeedScores
    from quartiersatlas.need.spec.records import NeedAxis

KINDS = ("contributions", "profile", "distribution", "leave_one_out")
MOST = 15
CLASS_COLORS = ("#ffffcc", "#a1dab4", "#41b6c4", "#2c7fb8", "#253494")
TINY = 1e-9


def need_chart(
    need: NeedScores,
    kind: str | None = None,
    lang: Lang = "de",
    *,
    axis: str | None = None,
    area: str = "",
    areas: Sequence[str] | None = None,
    most: int = MOST,
    names: Mapping[str, str] | None = None,
    select: Choice = None,
) -> Chart:
    """Return a chart of the index as plain data.

    Parameters
    ----------
    kind : {"contributions", "profile", "distribution", "leave_one_out"}, optional
        ``"contributions"`` (if not given): what the indicators add to the scores and take from them, of the areas with
        the highest ones; ``"profile"``: an ``area`` beside its city in every indicator; ``"distribution"``: the scores
        by class; ``"leave_one_out"``: what the shortlist loses and gains without each indicator.
    lang : {"de", "en"}, default "de"
        Language.
    axis : str, optional
        The axis; the first, if not given.
    area : str, optional
        Key of the area of a profile, or of one that stands out.
    areas : sequence of str, optional
        Keys of the areas of the contributions, in their order; those with the highest scores, if not given.
    most : int, default 15
        So many areas with the highest scores.
    names : mapping of str to str, optional
        Key -> name; the names of joined data, if not given.
    select : float, int, mapping or list of mappings, optional
        Who is on the shortlist, as in :meth:`stability`; for ``"leave_one_out"``.

    Returns
    -------
    Chart
        With title, sentence, note and table in the language.

    Raises
    ------
    SpecError
        There is no such kind, axis, language or area, or a profile is of no area.
    """
    check_lang(lang)
    choice(kind, (None, *KINDS), "kind")
    shown = need.spec.axes[0] if axis is None else need.spec.axis(axis)
    found = dict(need.inputs.names if names is None else names)
    keys = [area] if area else []
    unknown = [key for key in [*keys, *(areas or [])] if key not in need.scores.index]
    if unknown:
        raise SpecError(f"The need index has no area {list_some(unknown)}.")
    if kind == "profile":
        if not area:
            raise SpecError(f"A profile is of one area: need.plot('profile', area={str(need.scores.index[0])!r}).")
        return spine_chart(_rows(need, shown, lang), area, lang, names=found)
    if kind == "distribution":
        return _distribution(need, shown, lang, area, found)
    if kind == "leave_one_out":
        labels = {leaf.id: spec_indicator_label(leaf, need.inputs, lang) for leaf in shown.indicators}
        return leave_one_out_chart(leave_one_out(need, select), shown.id, labels, lang)
    return _contributions(need, shown, _highest(need, shown, areas, most), lang, found, area)


def _highest(need: NeedScores, shown: NeedAxis, areas: Sequence[str] | None, most: int) -> list[str]:
    """Return the areas that are asked for and have a score, or those with the highest scores."""
    scores = need.scores[shown.id].dropna()
    if areas is not None:
        return [key for key in areas if key in scores.index]
    return list(scores.sort_values(ascending=False, kind="stable").index[:most])


def _contributions(
    need: NeedScores, shown: NeedAxis, keys: list[str], lang: Lang, names: Mapping[str, str], area: str
) -> Chart:
    """Return what the indicators of an axis add to scores and take from them."""
    parts, labels, colors = _merged(need, shown, pd.DataFrame(need.contributions[shown.id]).loc[keys], lang)
    base = need.base[shown.id].loc[keys]
    if (base.abs() > TINY).any():
        parts, labels, colors = parts.assign(__base=base), [*labels, text("chart_base", lang)], [*colors, "#e9e2cf"]
    geometric = is_geometric(shown)
    drawn = Contributions(
        parts,
        labels,
        colors,
        axis=shown.label(lang),
        score=text("chart_score_log" if geometric else "chart_score", lang),
        of_all=int(need.scores[shown.id].notna().sum()),
        notes=[text("chart_log_note", lang)] if geometric else [],
    )
    return contributions_chart(drawn, lang, names, area)


def _merged(
    need: NeedScores, shown: NeedAxis, parts: pd.DataFrame, lang: Lang
) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Return at most six columns in the order of the spec: of more, the five that move most, and the others' sum."""
    leaves = {leaf.id: leaf for leaf in reversed(shown.indicators)}
    kept = list(parts.columns)
    if len(kept) > len(COLORS):
        heavy = set(parts.abs().sum().sort_values(ascending=False, kind="stable").index[: len(COLORS) - 1])
        kept = [name for name in kept if name in heavy]
    rest = [name for name in parts.columns if name not in kept]
    labels = [spec_indicator_label(leaves[str(name)], need.inputs, lang) for name in kept]
    colors = list(COLORS[: len(kept)])
    if rest:
        parts = parts[kept].assign(__others=parts[rest].sum(axis=1))
        labels.append(text("chart_other_indicators", lang, n=number_text(len(rest), 0, lang)))
        colors.append(OTHERS)
    return parts, labels, colors


def _distribution(need: NeedScores, shown: NeedAxis, lang: Lang, area: str, names: Mapping[str, str]) -> Chart:
    order = {one.id: n for n, one in enumerate(shown.classes)}
    numbers = need.classes[shown.id].map(order, na_action="ignore").astype(float)
    places = np.linspace(0, len(CLASS_COLORS) - 1, max(len(order), 1)).round().astype(int)
    classes = Classes(numbers, [one.label(lang) for one in shown.classes], [CLASS_COLORS[p] for p in places])
    residents = next(iter(need.inputs.residents.values()), None)
    measure = Measure(text("chart_axis_score", lang, axis=shown.label(lang)), "", 2, 1)
    return histogram_chart(
        need.scores[shown.id], measure, lang, classes=classes, area=area, names=names, residents=residents
    )


def _rows(need: NeedScores, shown: NeedAxis, lang: Lang) -> list[SpineRow]:
    """Return the indicators of an axis as rows of a profile."""
    found = []
    for leaf in {leaf.id: leaf for leaf in shown.indicators}.values():
        values, known = need.inputs.values[leaf.id], in_catalogue(leaf.id, need.inputs)
        unit, decimals = spec_indicator_unit(leaf, need.inputs, lang)
        measure = Measure(spec_indicator_label(leaf, need.inputs, lang), unit, decimals, leaf.direction)
        city = need.inputs.city.get(leaf.id, np.nan)
        found.append(SpineRow(measure, values, city, context=known is not None and known.role == "context"))
    return found
