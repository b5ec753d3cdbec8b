"""From joined data and a need index to what a rule looks at: one run, the data as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from quartiersatlas.base.checks import choice
from quartiersatlas.catalogue import Message
from quartiersatlas.catalogue.references import published_for_city
from quartiersatlas.errors import ColumnError, SpecError, list_some
from quartiersatlas.indicators.columns import MOST_DECIMALS, city_values, written_decimals
from quartiersatlas.intake.joining.data import checked_numbers, direction_of, kind_of, rate_recipe
from quartiersatlas.screening.evaluation.evidence import Evidence, Measured
from quartiersatlas.screening.evaluation.rounded_index import RoundedIndex, rounded_index
from quartiersatlas.screening.language.rules import (
    CITY,
    COMPUTED,
    NEED,
    Capped,
    Compare,
    Condition,
    InClass,
    Rule,
    Worst,
)

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from quartiersatlas.catalogue.references import Reference
    from quartiersatlas.intake import AreaData
    from quartiersatlas.need import NeedIndex

    Array = NDArray[np.float64]
    Barriers = tuple[gpd.GeoDataFrame | None, gpd.GeoDataFrame | None]  # and crossings

PRINTED = ("share", "rate", "mean", "median", "density", "balance_rate")  # kinds whose printed digits are an interval
EXACT_FROM = 6  # decimals: numbers with so many were computed, not printed
SUMMED = ("count", "amount", "balance")


def collect_evidence(
    data: AreaData,
    rule: Rule,
    need: NeedIndex | None,
    references: Mapping[str, Reference],
    barriers: Barriers = (None, None),
) -> Evidence:
    """Collect what a rule looks at from joined data and a need index, as they are: one run.

    Barriers and the crossings that open them cut neighbours, where the rule asks for clusters.

    Raises
    ------
    ColumnError, SpecError
        The rule names what is not there.
    """
    _refuse_city(data, rule, references)
    data = _with_city(data, references)
    measured: dict[str, Measured] = {}
    classes: dict[str, tuple[NDArray[np.int64], Sequence[str]]] = {}
    levels: dict[str, NDArray[np.int64]] = {}
    published: dict[tuple[str, str], Sequence[Decimal | None]] = {}
    warnings: list[Message] = []
    for condition in rule.every:
        name = condition.looks_at
        if isinstance(condition, InClass):
            classes[name] = _classes(data, need, condition)
        else:
            measured |= {one: measure(data, need, one) for one in condition.own_indicators if one not in measured}
        for level in _levels_of(data, condition):
            levels[level] = level_numbers(data, level)
        for reference in _references_of(data, condition, references):
            numbers_, missing = _published(data, references, reference, name, condition)
            published[reference, name] = numbers_
            warnings += missing
    rounded = RoundedIndex()
    if need is not None and data.off_by:
        rounded = rounded_index(data, need)
        asked = {need.spec.axes[0].id if one == NEED else one for one in rule.indicators}
        for axis in rounded.not_followed:
            warnings += [Message("warning_rule_rounded_index", {"axis": axis})] if axis in asked else []
        for axis, ends in rounded.scores.items():
            for name in {axis, *([NEED] if axis == need.spec.axes[0].id else [])} & measured.keys():
                measured[name] = replace(measured[name], around=ends)
    return Evidence(
        measured,
        len(data.areas),
        classes,
        levels,
        published,
        class_ends={axis: ends for axis, ends in rounded.classes.items() if axis in classes},
        neighbours=_Neighbours(data, barriers),
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _refuse_city(data: AreaData, rule: Rule, references: Mapping[str, Reference]) -> None:
    """Refuse a city value that a rule brings for a rate whose city value is that of its counts: which one is meant?"""
    brought = references.get(CITY)
    if brought is None or brought == data.references.get(CITY):
        return
    counted = brought.values.keys() & {*data.rates, *data.changes}
    for one in rule.every:
        if isinstance(one, Compare) and CITY in one.limit.names and one.indicator in counted:
            raise SpecError(
                f"{one}: the city value of {one.indicator!r} is made of its counts, and references has another "
                f"({brought.source}). Give that one a name of its own, such as references={{'published': ...}} and "
                f"than='published'."
            )


def _with_city(data: AreaData, references: Mapping[str, Reference]) -> AreaData:
    """Return data whose published city values are those that a rule brings, for numbers without counts."""
    if CITY not in references or references[CITY] == data.references.get(CITY):
        return data
    return replace(data, references={**data.references, CITY: references[CITY]})


def measure(data: AreaData, need: NeedIndex | None, name: str) -> Measured:
    """Return one indicator: an axis of the need index, a column, or the residents."""
    if name == NEED and need is None:
        raise SpecError(f"A rule on {name!r} needs the need index: screen(data, rule, need=need).")
    if need is not None and (name == NEED or name in need.scores.columns):
        scores = need.scores.iloc[:, 0] if name == NEED else need.scores[name]
        return Measured(_row(scores), kind="score")
    column = name
    if name == "residents" and name not in data.values.columns and data.population is not None:
        column = data.population
    if column not in data.values.columns:
        raise ColumnError.not_found(name, data.values.columns, "The data")
    values = data.values[column]
    if not is_numeric_dtype(values) or is_bool_dtype(values):
        what = "True and False" if is_bool_dtype(values) else "text"
        raise SpecError(f"A rule on {name!r}: the column holds {what}, not numbers.")
    meaning, kind = data.catalogue.get(column), kind_of(data, column)
    base = data.changes[column][0] if column in data.changes else column
    summed = kind_of(data, base) in SUMMED
    found = Measured(
        _row(values),
        per=meaning.per,
        kind=kind,
        unit=meaning.unit,
        direction=direction_of(data, column),
        valued=column not in data.catalogue or kind in SUMMED or direction_of(data, column) != 0,
        summed=summed,
        recipe=_recipe(data, column, base) if summed else "",
    )
    return replace(found, **_behind(data, column, kind))


def _recipe(data: AreaData, column: str, base: str) -> str:
    """Return how to make a rate of what is summed over areas, or a change of a rate."""
    at_both = " at both dates, and qa.add_change(...)" if column != base else ""
    return f"{rate_recipe(data, base)}{at_both}"


def _behind(data: AreaData, column: str, kind: str) -> dict[str, Any]:
    """Return the counts behind a column, or what is published of it, or how exactly it is printed."""
    if column in data.rates:
        x, n = data.parts(column)
        return {"x": _row(x), "n": _row(n), **_persons(data, column), "slack": _slack(data, data.rates[column])}
    if column in data.changes:
        return _behind_change(data, column)
    if kind == "count":
        values = _row(data.values[column])
        return {"x": values, "n": np.where(np.isnan(values), np.nan, 1.0), "per": 1.0, "columns": (column, ""),
                "slack": _slack(data, (column, ""))}  # fmt: skip
    meaning = data.catalogue.get(column)
    found: dict[str, Any] = {"half": _half(data.values[column], kind)}
    published = published_for_city(data.references, column)
    if published is not None and kind not in SUMMED:
        found["published"] = Decimal(repr(city_values(data, column)))
    elif kind == "mean" and meaning.base:
        people = data.counts(meaning.base)
        found |= {"x": _row(checked_numbers(data.values[column]) * people), "n": _row(people), "per": 1.0}
    return found


def _behind_change(data: AreaData, column: str) -> dict[str, Any]:
    """Return the counts of both dates."""
    base, before = data.changes[column]
    if base not in data.rates or base not in before.rates:
        return {}
    (x, n), (x0, n0) = data.parts(base), before.parts(base)
    off, before_off = (_slack(one, one.rates[base]) for one in (data, before))
    counts = {"x": _row(x), "n": _row(n), "earlier": (_row(x0), _row(n0)), "per": data.catalogue.get(base).per}
    if off is not None or before_off is not None:
        counts |= {"slack": off or (0.0, 0.0), "earlier_slack": before_off or (0.0, 0.0)}
    return {**counts, **_persons(data, base)}


def _persons(data: AreaData, rate: str) -> dict[str, Any]:
    """Return which columns count the persons of a rate, and whether those of the numerator are a part of the others."""
    numerator, denominator = data.rates[rate]
    part = data.catalogue.get(rate).rules.part_of_whole
    counted = part or (kind_of(data, rate) == "density" and kind_of(data, numerator) in ("count", ""))
    return {"columns": (numerator if counted else "", denominator), "part": part}


def _slack(data: AreaData, columns: tuple[str, str]) -> tuple[float, float] | None:
    """Return by how many persons the counts may be off; None where they are as they were counted."""
    off = tuple(data.off_by.get(name, 0.0) for name in columns)
    return (off[0], off[1]) if any(off) else None


def _half(column: pd.Series[float], kind: str) -> float:
    """Return half of the last printed digit of a ready-made number; 0 for computed ones and for other kinds."""
    decimals = written_decimals(column)
    return 0.5 * 10.0**-decimals if kind in PRINTED and decimals < min(EXACT_FROM, MOST_DECIMALS) else 0.0


def _row(column: pd.Series[float]) -> Array:
    return np.asarray(column.to_numpy(dtype=float, na_value=np.nan), dtype=np.float64)[None, :]


def _classes(data: AreaData, need: NeedIndex | None, condition: InClass) -> tuple[NDArray[np.int64], Sequence[str]]:
    """Return class numbers and ids of an axis of the need index, of a column of text, or of a higher level."""
    axis = condition.axis
    axes = {} if need is None else {one.id: [c.id for c in one.classes] for one in need.spec.axes}
    if need is not None and axis in axes:
        ids, column = axes[axis], need.classes[axis]
    elif axis in data.values.columns:
        column = _as_class_text(data.values[axis])
        ids = sorted(column.dropna().unique())
    elif axis in _level_names(data):
        column = _as_class_text(data.areas[axis].mask(data.areas[axis].eq("")))
        ids = sorted(column.dropna().unique())
    elif need is None:
        raise SpecError(f"{condition} needs the need index: screen(data, rule, need=need).")
    else:
        choice(axis, axes, f"{condition}: the axis")
    for name in condition.classes:
        if axis in axes or name not in ids:
            choice(name, ids, f"{condition}: each class")
    return pd.Index(ids, dtype=object).get_indexer(pd.Index(column, dtype=object))[None, :].astype(np.int64), ids


def _as_class_text(column: pd.Series) -> pd.Series:
    """Return classes as text; numbers as they are written: 1, not 1.0."""
    return column.map(
        lambda one: f"{one:.15g}" if isinstance(one, float | int) and not isinstance(one, bool) else str(one)
    ).where(column.notna())


def _levels_of(data: AreaData, condition: Condition) -> list[str]:
    """Return the higher levels that a condition names."""
    if isinstance(condition, Worst | Capped) and condition.by:
        if condition.by not in _level_names(data):
            raise SpecError(f"{condition}: {_no_level(data, condition.by)}")
        return [condition.by]
    if isinstance(condition, Compare):
        return [name for name in condition.limit.names if name not in COMPUTED and name in _level_names(data)]
    return []


def _level_names(data: AreaData) -> list[str]:
    """Return the columns of the areas that can be a higher level."""
    return [str(name) for name in data.areas.columns if name not in ("name", "geometry")]


def _no_level(data: AreaData, name: str) -> str:
    known = _level_names(data)
    there = f"there are: {list_some(known, 10)}" if known else "there is none"
    return (
        f"the areas have no higher level {name!r}; {there}. Name its column when the areas are read: "
        f"read_areas(..., parents={{{name!r}: 'COLUMN'}})."
    )


def level_numbers(data: AreaData, level: str) -> NDArray[np.int64]:
    """Return the number of the unit of a higher level that each area lies in; -1 where it lies in none."""
    units = data.areas[level]
    return np.asarray(pd.factorize(units.where(units.notna()), sort=True)[0], dtype=np.int64)


def _references_of(data: AreaData, condition: Condition, references: Mapping[str, Reference]) -> list[str]:
    """Return the published references that a condition names; a name must have one meaning."""
    if not isinstance(condition, Compare):
        return []
    found = []
    for name in condition.limit.names:
        meanings = [
            word
            for word, there in (
                ("a limit that is computed", name in COMPUTED),
                ("a higher level of the areas", name in _level_names(data)),
                ("a published reference", name in references and name != CITY),
            )
            if there
        ]
        if len(meanings) > 1:
            raise SpecError(f"{condition}: {name!r} has two meanings, {' and '.join(meanings)}: rename one of them.")
        if not meanings:
            known = [*COMPUTED, *_level_names(data), *references]
            raise SpecError(
                f"{condition}: {name!r} is none of {list_some(known, 20)}. A level is named when the areas are read, "
                f"parents={{{name!r}: 'COLUMN'}}; a published value with its source: screen(..., references="
                f"{{{name!r}: qa.Reference(values={{{condition.looks_at!r}: ...}}, source='...')}})."
            )
        if meanings == ["a published reference"]:
            found.append(name)
    return found


def _published(
    data: AreaData, references: Mapping[str, Reference], name: str, indicator: str, condition: Condition
) -> tuple[list[Decimal | None], list[Message]]:
    """Return the published value of each area: one for all, or one per unit of the higher level with these keys."""
    reference = references[name]
    if indicator not in reference.values:
        raise SpecError(
            f"{condition}: the reference {name!r} ({reference.source}) has no value for {indicator!r}; it has: "
            f"{list_some(reference.values, 10)}."
        )
    value = reference.values[indicator]
    if not isinstance(value, Mapping):
        return [Decimal(repr(float(value)))], []
    level = _level_with(data, value, name)
    units = data.areas[level].astype(object)
    missing = sorted({str(unit) for unit in units.dropna()} - set(map(str, value)))
    known = {str(unit): Decimal(repr(float(one))) for unit, one in value.items()}
    found = [known.get(str(unit)) if unit is not None and unit == unit else None for unit in units]  # noqa: PLR0124
    note = Message("warning_reference_missing", {"reference": name, "units": list_some(missing, 10)})
    return found, [note] if missing else []


def _level_with(data: AreaData, values: Mapping[str, float], name: str) -> str:
    """Return the higher level whose units have the keys of a reference."""
    shared = {
        level: len({str(unit) for unit in data.areas[level].dropna()} & set(map(str, values)))
        for level in _level_names(data)
    }
    best = max(shared.values(), default=0)
    levels = [level for level, n in shared.items() if n == best and n > 0]
    if not levels:
        raise SpecError(
            f"The reference {name!r} has values for {list_some(values, 5)}, which are no units of a higher level of "
            f"the areas; levels are: {list_some(shared, 10) or 'none'}."
        )
    return levels[0]


class _Neighbours:
    """Pairs of neighbours by border or corner: found when a condition asks, once for all runs."""

    def __init__(self, data: AreaData, barriers: Barriers) -> None:
        self.shapes, self.barriers = data.areas.geometry.to_numpy(), barriers
        self.found: dict[str, tuple[NDArray[np.intp], NDArray[np.intp]]] = {}

    def __call__(self, contact: str = "border") -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        if contact not in self.found:
            from quartiersatlas.space.neighbours import borders

            beside = borders(self.shapes).beside(self.shapes, *self.barriers, None)
            self.found[contact] = beside.queen if contact == "corner" else beside.neighbours
        return self.found[contact]
