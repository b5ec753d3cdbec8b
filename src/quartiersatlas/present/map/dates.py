"""Several dates and two conditions on one map: columns by year, matrices of classes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.disclosure.words import label, value_text
from quartiersatlas.errors import SpecError, list_some
from quartiersatlas.present.map.classes import matrix_colors, pair_colors
from quartiersatlas.present.words import axis_of, changed_outlines, meaning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release, ReleasedColumn
    from quartiersatlas.screening import Rule


def check_earlier(release: Release, earlier: Sequence[Release]) -> None:
    """Refuse dates that do not compare: other areas, other outlines, other definitions, or no date.

    Refuse also dates that would give each other away: a change tells what a rate was before.

    Raises
    ------
    SpecError
        The message names what differs, and of which date; or the changes that tell something protected.
    """
    dates = [part.as_of.strip() for part in (release, *earlier)]
    if earlier and (not all(dates) or len(set(dates)) < len(dates)):
        raise SpecError(
            f"earlier: the dates are {', '.join(map(repr, dates))}; each release needs its own: release(as_of=...)."
        )
    for part in earlier:
        if part.audience != release.audience:
            raise SpecError(
                f"earlier: {part.as_of} is made for {part.audience!r} readers, the map for {release.audience!r} ones. "
                "Release both for the same audience."
            )
        _check_areas(release, part)
        for column in part.columns:
            if column.id in release.values and column.kind != "score":
                _check_meaning(release, part, column.id)
    for later in (release, *earlier):
        for part in earlier:
            if part is not later:
                _check_changes(later, part)


def _check_areas(release: Release, part: Release) -> None:
    """Refuse areas that are not on the map, or have another outline there."""
    odd = part.areas.index.difference(release.areas.index)
    if len(odd):
        raise SpecError(
            f"earlier: {len(odd)} areas of {part.as_of} are not on the map: {list_some(odd)}. Bring the counts of that "
            "date to the areas of today first: transfer(...)."
        )
    changed = changed_outlines(release, part, part.areas.index)
    if len(changed):
        raise SpecError(
            f"earlier: {len(changed)} areas had another outline at {part.as_of}: {list_some(changed.index)}; the "
            f"largest change is {changed.max():.0%} of an area. Bring the counts of that date to the areas of today "
            "first: transfer(...)."
        )


def _check_meaning(release: Release, part: Release, name: str) -> None:
    """Refuse a column that means something else at another date: the map would show the change of its definition."""
    ours, theirs = release.column(name), part.column(name)
    here, there = ((c.kind, *meaning(r, c), [k.id for k in c.classes]) for r, c in ((release, ours), (part, theirs)))
    for one, two in zip(here, there, strict=True):
        if one != two:
            raise SpecError(
                f"earlier: {name!r} means something else at {part.as_of}: {two!r} there, {one!r} here. Leave it out of "
                "the columns of one of the releases."
            )
    if axis_of(release, ours.axis) != axis_of(part, theirs.axis):
        raise SpecError(
            f"earlier: the classes {name!r} of {part.as_of} are made by other rules than those of the map. Make both "
            "by one need spec, or release that date without need=."
        )


def _check_changes(release: Release, part: Release) -> None:
    """Refuse a change that is shown where the earlier value is protected: now minus change is what it was."""
    for column in release.columns:
        base = column.change_of
        if not base or base not in release.values or base not in part.values:
            continue
        change, now = (release.values[name].astype(float) for name in (column.id, base))
        before = part.values[base].astype(float).reindex(change.index)
        known = (now - change).dropna()
        if release.protection.round_base != part.protection.round_base:
            told = known.index  # exact numbers tell what the rounded ones stand for
        elif _contradicts(known, before, (column, release.column(base), part.column(base))):
            continue  # a change since another date
        else:
            told = known.index[before[known.index].isna()]
        if len(told):
            raise SpecError(
                f"earlier: {column.id!r} would tell {len(told)} values of {base!r} that {part.as_of} protects: "
                f"{list_some(told)}. Release both dates with the same protection and indicators, or leave "
                f"{column.id!r} out of the columns of the later one."
            )


def _contradicts(known: pd.Series[float], before: pd.Series[float], columns: Sequence[ReleasedColumn]) -> bool:
    """Tell whether the change is since another date: of three rounded numbers each may be half a step off."""
    tolerance = sum(0.5 * 10.0**-column.decimals for column in columns)
    return bool((known - before.reindex(known.index)).abs().gt(tolerance + 1e-9).any())


def on_keys(part: Release, keys: pd.Index) -> Release:
    """Return a release on the areas of the map; what it does not know is missing there."""
    if part.areas.index.equals(keys):
        return part
    stability = part.stability
    if stability is not None:
        stability = replace(stability, table=stability.table.reindex(keys))
    return replace(
        part,
        areas=part.areas.reindex(keys),
        values=part.values.reindex(keys),
        status=part.status.reindex(keys).fillna("missing"),
        state=part.state.reindex(keys).fillna("shown"),
        residents=part.residents.reindex(keys),
        selected=part.selected.reindex(keys, fill_value=False),
        stability=stability,
    )


def with_matrices(
    contents: list[dict[str, Any]], columns: list[ReleasedColumn], release: Release, lang: Lang
) -> list[dict[str, Any]]:
    """Put the first two axes of need together, after the axes, and two conditions of the rule, at the end.

    The page finds the values in the columns that are named by their place.
    """
    axes = [column for column in columns if column.kind == "class"]
    n = len(axes)
    found = [*contents[:n], *_need_matrix(axes, lang), *contents[n:]]
    return [*found, *_condition_matrix({c["id"]: place for place, c in enumerate(found)}, columns, release, lang)]


def _need_matrix(axes: list[ReleasedColumn], lang: Lang) -> list[dict[str, Any]]:
    both = axes[:2]
    colors = matrix_colors(*(len(axis.classes) for axis in both)) if len(both) > 1 else []
    if not colors:
        return []
    names = [axis.indicator.label(lang) for axis in both]
    sides = [
        {"head": name, "classes": [c.label(lang) for c in axis.classes]} for name, axis in zip(names, both, strict=True)
    ]
    words = {
        "label": text("label_matrix", lang, first=names[0], second=names[1]),
        "domain": text("heading_need", lang),
        "hint": text("legend_need", lang),
    }
    return [_matrix("need_matrix", words, colors, [0, 1], sides)]


def _matrix(
    name: str, words: dict[str, str], colors: list[str], places: list[int], axes: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "id": name,
        "unit": "",
        "decimals": 0,
        "city": None,
        "gaps": {},
        "schemes": {"class": {"breaks": [], "colors": colors}},
        "matrix": places,
        "axes": axes,
        **words,
    }


@dataclass(frozen=True)
class ShownCondition:
    """A condition of the rule on a column of the map.

    Parameters
    ----------
    column : ReleasedColumn
        The column.
    kind : {"above_city", "worst_share"}
        With ``above_city`` a value equal to the limit is not beyond it, with ``worst_share`` it is.
    limit : float
        The released city value, or the lowest released value that was selected by the condition; never the limit of
        the rule itself, which may be the value of a protected area.
    values : Series of float
        The column as released.
    met : Series of bool
        Where the released reasons say that the condition is met.
    """

    column: ReleasedColumn
    kind: str
    limit: float
    values: pd.Series[float]
    met: pd.Series[bool]

    @property
    def start(self) -> float:
        """The lowest number, as it is written, that is beyond the limit."""
        scale = 10**self.column.decimals
        return float((round(self.limit * scale) + (self.kind == "above_city")) / scale)


@dataclass(frozen=True)
class ConditionClasses:
    """The classes of one condition: up to the limit, beyond it, far beyond it.

    Parameters
    ----------
    classes : Series of float
        0, 1 or 2; NaN without a value.
    breaks : list of float
        The lowest value of the second and of the third class; ties may leave no third one.
    middle : float
        Half of the values beyond the limit, or more, are not above it.
    """

    classes: pd.Series[float]
    breaks: list[float]
    middle: float

    def moved(self, values: pd.Series[float]) -> dict[str, list[float]]:
        """Return the areas that the limits alone would put elsewhere: number -> value and class."""
        by_number = pd.Series(np.searchsorted(self.breaks, values, side="right"), index=values.index)
        elsewhere = np.flatnonzero(values.notna() & by_number.ne(self.classes))
        return {str(i): [float(values.iloc[i]), int(self.classes.iloc[i])] for i in elsewhere}


def shown_conditions(release: Release, columns: list[ReleasedColumn]) -> list[ShownCondition]:
    """Return the conditions of the rule that compare a column of the map with a limit, one per column.

    Conditions on scores of the need index and on classes are left out: the map shows those as classes.
    """
    rule = _rule(release)
    if rule is None:
        return []
    axes = {"need", *(c.axis for c in release.columns if c.kind == "score")}
    numbers = {c.id: c for c in columns if c.kind != "class" and c.id not in axes}
    found: dict[str, ShownCondition] = {}
    for kind, name in rule.conditions:
        if name not in numbers or name in found or kind not in ("above_city", "worst_share"):
            continue
        rows = release.reasons[release.reasons["column"].eq(name) & release.reasons["criterion"].eq(kind)]
        limit = numbers[name].city if kind == "above_city" else rows["value"].astype(float).min()
        if not pd.isna(limit):
            values = release.values[name]
            met = pd.Series(values.index.isin(rows["key"]), index=values.index)
            found[name] = ShownCondition(numbers[name], kind, float(limit), values, met)
    return list(found.values())


def condition_classes(release: Release, pair: list[ShownCondition]) -> list[ConditionClasses]:
    """Return the classes of two conditions, such that the areas beyond both limits are those that meet both."""
    return [_classes(condition, beyond) for condition, beyond in zip(pair, _beyond(release, pair), strict=True)]


def _beyond(release: Release, pair: list[ShownCondition]) -> list[pd.Series[bool]]:
    """Tell on which side of their limits areas are: what the released numbers say, unless the outcome says otherwise.

    Limits and values are rounded when they leave; where that hides the side, the released reasons tell it for selected
    areas. Of an area that is not selected, though its numbers fulfil the rule, the condition nearest to its limit is
    not met. Where the rule has further conditions, its outcome does not tell which of them is not met.
    """
    sides = [condition.met | condition.values.ge(condition.start) for condition in pair]
    rule = _rule(release)
    if rule is None or release.assessed is None or len(rule.conditions) > len(pair):
        return sides
    steps = [c.values.where(c.values > c.limit).rank(method="dense").fillna(0) for c in pair]
    for _ in pair:  # of a rule with "or" no condition is met
        wrong = rule.combine(sides) & release.assessed & ~release.selected
        far = [step.where(side, np.inf) for step, side in zip(steps, sides, strict=True)]
        is_first = far[0] <= far[1]
        sides = [sides[0] & ~(wrong & is_first), sides[1] & ~(wrong & ~is_first)]
    return sides


def _classes(condition: ShownCondition, beyond: pd.Series[bool]) -> ConditionClasses:
    values = condition.values
    inside = values[beyond].sort_values()
    middle = float(inside.iloc[(len(inside) - 1) // 2]) if len(inside) else condition.limit
    above = inside[inside > middle]
    classes = (beyond.astype(float) + (beyond & (values > middle))).where(values.notna())
    breaks = [condition.start, *([float(above.min())] if len(above) else [])]
    return ConditionClasses(classes, breaks, middle)


def _rule(release: Release) -> Rule | None:
    return next((fact.values["rule"] for fact in release.facts if fact.name == "fact_rule"), None)


def _condition_matrix(
    places: dict[str, int], columns: list[ReleasedColumn], release: Release, lang: Lang
) -> list[dict[str, Any]]:
    pair = shown_conditions(release, columns)[:2]
    if not pair[1:]:
        return []
    found = condition_classes(release, pair)
    axes = [_axis(condition, classes, lang) for condition, classes in zip(pair, found, strict=True)]
    n_first, n_second = (len(axis["classes"]) for axis in axes)
    names = [label(condition.column, lang) for condition in pair]
    n_moved = len({area for axis in axes for area in axis["moved"]})
    notes = [text("legend_pair", lang), text("legend_rule", lang)]
    if n_moved:
        notes.append(text("legend_moved", lang, count=n_moved))
    words = {
        "label": text("label_pair", lang, first=names[0], second=names[1]),
        "domain": text("heading_selection", lang),
        "hint": " ".join(notes),
    }
    where = [places[condition.column.id] for condition in pair]
    both = [row * n_second + position for row in range(1, n_first) for position in range(1, n_second)]
    return [_matrix("condition_matrix", words, pair_colors(n_first, n_second), where, axes) | {"both": both}]


def _axis(condition: ShownCondition, classes: ConditionClasses, lang: Lang) -> dict[str, Any]:
    """Return what the page needs of a condition: its words, its limits, and areas the limits would put elsewhere."""
    column, is_open = condition.column, condition.kind == "above_city"
    limit, middle = (value_text(value, column, lang) for value in (condition.limit, classes.middle))
    lower = number_text(condition.limit, column.decimals, lang)
    first = text("limit_up_to" if is_open else "limit_below", lang, limit=limit)
    if len(classes.breaks) == 1:
        rest = [text("limit_above" if is_open else "limit_from", lang, limit=limit)]
    else:
        between = text("limit_above_to" if is_open else "legend_last_range", lang, lower=lower, upper=middle)
        rest = [between, text("limit_above", lang, limit=middle)]
    head = text("limit_city" if is_open else "limit_selected", lang, label=label(column, lang))
    return {
        "head": head,
        "classes": [first, *rest],
        "breaks": classes.breaks,
        "moved": classes.moved(condition.values),
    }
