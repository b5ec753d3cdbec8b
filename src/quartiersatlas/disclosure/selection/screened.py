"""What leaves of a screening: outcomes, reasons with what may be said of their limits, levels, missing persons."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quartiersatlas.base.toml import plain
from quartiersatlas.catalogue import Message
from quartiersatlas.disclosure.columns import need_cells
from quartiersatlas.disclosure.release import ReleasedRule
from quartiersatlas.disclosure.selection.limits import ShownLimits
from quartiersatlas.disclosure.selection.telling import (
    data_column,
    levels_of,
    told_by_outcomes,
    told_by_runs,
    with_protected_value,
)
from quartiersatlas.errors import SpecError
from quartiersatlas.screening.evaluation.outcome import Leaf, Voices, voices, without_not
from quartiersatlas.screening.evaluation.truth import Truth
from quartiersatlas.screening.language.names import condition_names
from quartiersatlas.screening.language.rules import (
    CITY,
    COMPUTED,
    NEED,
    Compare,
    Condition,
    InClass,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quartiersatlas.catalogue import Reference
    from quartiersatlas.disclosure.columns import ReleasedColumns
    from quartiersatlas.disclosure.suppression import SuppressionPattern
    from quartiersatlas.intake import AreaData
    from quartiersatlas.need import NeedIndex
    from quartiersatlas.screening import Shortlist


def missing_facts(shortlist: Shortlist | None, how: str) -> list[Message]:
    """Return what a reader has to know of missing persons; under a need index no smaller number is ruled out."""
    if not how or shortlist is None:
        return []
    axes = set() if shortlist.need is None else {NEED, *(axis.id for axis in shortlist.need.spec.axes)}
    searched = any(name in axes for name in shortlist.rule.indicators)
    return [Message("fact_missing"), *([Message("fact_missing_index")] if searched else [])]


def looked_at(shortlist: Shortlist, data: AreaData) -> list[str]:
    """Return the columns of the data that a rule looks at, in its order."""
    names = (data_column(data, name) for name in shortlist.rule.indicators)
    return [name for name in dict.fromkeys(names) if name in data.values.columns]


# --- outcomes ---------------------------------------------------------------------------------------------------------


def withheld_areas(shortlist: Shortlist, pattern: SuppressionPattern, need: NeedIndex | None) -> pd.Series[bool]:
    """Return the areas for which the outcome of the rule may not be shown.

    Being listed (or not) would show on which side of a limit a protected value lies, whether its column leaves or not;
    where results are made of the exact counts, also that of another area, if the rule compares within few of them.
    """
    cells = protected_cells(shortlist, pattern, need)
    withheld = pattern.hidden.copy()
    for condition in shortlist.rule.every:
        for name in condition.own_indicators:
            withheld |= cells[name]
    if pattern.protection.derived == "exact":
        withheld |= told_by_outcomes(shortlist, cells, pattern)
    return withheld


def withheld_runs(shortlist: Shortlist, pattern: SuppressionPattern, need: NeedIndex | None) -> pd.Series[bool]:
    """Return the areas for which it may not be shown in how many runs the rule selects them, whatever the outcome."""
    if pattern.protection.derived != "exact":
        return pattern.hidden & False
    return told_by_runs(shortlist, protected_cells(shortlist, pattern, need), pattern)


def protected_cells(
    shortlist: Shortlist, pattern: SuppressionPattern, need: NeedIndex | None
) -> dict[str, pd.Series[bool]]:
    """Return for each indicator, axis or column of a rule the areas whose value may not be shown.

    Raises
    ------
    SpecError
        The rule looks at a need index, and none is released.
    """
    by_axis = need_cells(pattern, need) if need is not None else {}
    if need is not None:
        by_axis[NEED] = by_axis[need.spec.axes[0].id]
    found = {}
    for name in shortlist.rule.indicators:
        column = data_column(pattern.data, name)
        if name in pattern.data.areas.columns and name not in {*by_axis, *pattern.data.values.columns}:
            found[name] = pattern.hidden & False  # in which municipality an area lies is no secret
            continue
        if name not in by_axis and column not in pattern.data.values:
            raise SpecError(
                f"release: the rule looks at {name!r} of a need index: release(..., need=need) needs it too."
            )
        found[name] = by_axis[name] if name in by_axis else pattern.cells(column)
    return found


# --- the record of a release ------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Screening:
    """A shortlist on its way out, with what everybody may see."""

    shortlist: Shortlist
    pattern: SuppressionPattern
    out: ReleasedColumns
    residents: pd.Series[float]
    selected: pd.Series[bool]
    assessed: pd.Series[bool]
    withheld: pd.Series[bool]
    cells: dict[str, pd.Series[bool]]


def released_screening(
    shortlist: Shortlist,
    pattern: SuppressionPattern,
    need: NeedIndex | None,
    out: ReleasedColumns,
    residents: pd.Series[float],
    selected: pd.Series[bool],
    assessed: pd.Series[bool],
    missing: str = "",
) -> dict[str, Any]:
    """Return what a release says of the screening, as fields of its record.

    Returns
    -------
    dict
        ``reasons``: for selected areas the conditions that speak for them. ``other_reasons``: for others that were
        assessed those that speak against, where nothing follows of protected values; for areas that could not be
        assessed those that cannot be judged. ``rule_counts``: how many parts of each "at least k of" hold. ``levels``:
        the strictest level that each area meets. ``missing``: how many persons are missing. Nothing of them is made of
        a value that is not shown.
    """
    withheld = withheld_areas(shortlist, pattern, need)
    cells = protected_cells(shortlist, pattern, need)
    one = _Screening(shortlist, pattern, out, residents, selected & assessed, assessed, withheld, cells)
    found = voices(without_not(shortlist.rule), _truths(shortlist))
    limits = ShownLimits(pattern, out, shortlist, cells)
    parts = [_rows(one, leaf, limits, found) for leaf in without_not(shortlist.rule).leaves]
    rows = pd.concat(parts, ignore_index=True).drop_duplicates(["key", "condition", "role"], ignore_index=True)
    is_for = rows["role"].eq("for")
    spec = shortlist.spec
    return {
        "reasons": rows[is_for].drop(columns="role").reset_index(drop=True),
        "other_reasons": rows[~is_for].reset_index(drop=True),
        "rule_counts": _counts(one, found),
        "selected": selected,
        "assessed": assessed,
        "n_assessed": int(assessed.sum()),
        "has_shortlist": True,
        "context_only": any(warning.name == "warning_rule_context" for warning in shortlist.warnings),
        "rule": rule_of(shortlist, str(pattern.data.population)),
        "levels": None if shortlist.levels is None else shortlist.levels.where(assessed, None),
        "level_names": () if spec is None else tuple(spec.levels),
        "missing": shown_missing(one, missing) if missing else None,
    }


def rule_of(shortlist: Shortlist, population: str) -> ReleasedRule:
    """Return the rule with the published values that it names."""
    named = {
        name for condition in shortlist.rule.every if isinstance(condition, Compare) for name in condition.limit.names
    }
    references = {name: one for name, one in shortlist.references.items() if name in named}
    return ReleasedRule(shortlist.rule, shortlist.spec, references, population)


def _truths(shortlist: Shortlist) -> list[Truth]:
    """Return where each condition of the rule holds, from the table of reasons: condition by condition."""
    held = shortlist.reasons["held"].astype("boolean")
    yes = held.fillna(value=False).to_numpy(dtype=bool).reshape(len(shortlist.rule.conditions), -1)
    no = (~held).fillna(value=False).to_numpy(dtype=bool).reshape(yes.shape)
    return [Truth(yes[place : place + 1], no[place : place + 1]) for place in range(len(yes))]


def _counts(one: _Screening, found: Voices) -> pd.DataFrame:
    """Return how many parts of each "at least k of" hold, where that selects an area or keeps it off the list."""
    chosen, judged = one.selected.to_numpy(), _refused(one)
    parts = []
    for group, yes, unmet, unknown in found.counts:
        places = [leaf.place for leaf in group.leaves]
        speaks = (chosen & (yes >= group.k)) | (judged & found.refusing[places].any(axis=0))
        table = pd.DataFrame({"key": one.selected.index, "k": group.k, "n": len(group.parts), "yes": yes, "no": unmet})
        told = speaks & all(_says_nothing_of_others(one, leaf.condition) for leaf in group.leaves)
        parts.append(table.assign(unknown=unknown)[told])
    columns = ["key", "k", "n", "yes", "no", "unknown"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _refused(one: _Screening) -> np.ndarray:
    """Return the areas that are not selected, and whose outcome is shown."""
    refused: np.ndarray = one.assessed.to_numpy() & ~one.shortlist.selected.to_numpy()
    return refused


# --- reasons ----------------------------------------------------------------------------------------------------------


def _rows(one: _Screening, leaf: Leaf, limits: ShownLimits, found: Voices) -> pd.DataFrame:
    """Return the rows of one condition: what was compared with what, where that may be said."""
    n, condition = len(one.selected), leaf.condition
    own = one.shortlist.reasons.iloc[leaf.place * n : (leaf.place + 1) * n].set_index("key")
    roles = _roles(one, leaf, found)
    values, exact, column, decimals = _values(one, condition)
    keys = roles.index
    is_for = roles.index[roles.eq("for")]
    limit = limits.of(condition, column, decimals, own, values, is_for).reindex(keys)
    shown = ~one.withheld.reindex(keys).to_numpy()
    numeric = not isinstance(condition, InClass)
    distance = pd.Series(np.nan, index=keys)
    if numeric:
        sign = np.sign(own["distance"].reindex(keys).astype(float).to_numpy())
        distance = (values.reindex(keys).astype(float) - limit["limit"]).abs() * sign
    because = own["unknown_because"].reindex(keys).where(shown, "")
    units = levels_of(condition, one.pattern.data)[:1]
    held = own["held"].astype("boolean").reindex(keys)
    return pd.DataFrame(
        {
            "key": keys,
            "condition": condition_names(one.shortlist.rule)[leaf.place],
            "place": leaf.place,
            "kind": condition.kind,
            "indicator": condition.looks_at,
            "column": column,
            "decimals": decimals,
            "value": values.reindex(keys).astype(object).to_numpy(),
            "value_exact": exact.reindex(keys).to_numpy(dtype=bool),
            "limit": limit["limit"].to_numpy(),
            "limit_exact": limit["exact"].astype(bool).to_numpy(),
            "limit_decimals": limit_decimals(
                condition, one.shortlist.references, _of_limit(one, condition, column, decimals)
            ),
            "base": limit["base"].to_numpy(),
            "distance": distance.to_numpy(),
            "unit_name": one.pattern.data.areas[units[0]].reindex(keys).fillna("").astype(str).to_numpy()
            if units
            else "",
            "held": held.where(shown).array,
            "wanted": leaf.holds,
            "decisive": own["decisive"].reindex(keys).astype(bool).to_numpy() & shown,
            "unknown_because": because.to_numpy(),
            "role": roles.to_numpy(),
        }
    )


def _roles(one: _Screening, leaf: Leaf, found: Voices) -> pd.Series[str]:
    """Return for which areas a condition is a reason, and of what: ``"for"``, ``"against"``, ``"unknown"``."""
    index, place = one.selected.index, leaf.place
    chosen = one.selected.to_numpy()
    judged = _refused(one)
    roles = pd.Series("", index=index, dtype=object)
    roles[chosen & found.selecting[place]] = "for"
    if _says_nothing_of_others(one, leaf.condition):
        roles[judged & found.refusing[place]] = "against"
    withheld = one.withheld.to_numpy()
    roles[~withheld & ~one.assessed.to_numpy() & found.unknown[place]] = "unknown"
    roles[withheld & _gaps(one, leaf.condition)] = "unknown"
    return roles[roles.ne("")]


def _says_nothing_of_others(one: _Screening, condition: Condition) -> bool:
    """Return True if "not met" may be told condition by condition.

    Results made again of what is shown tell nothing. In exact ones, a limit that is the place in an order, or made of
    the values of all, would be known from both sides.
    """
    if one.pattern.protection.derived != "exact" or isinstance(condition, InClass):
        return True
    if _is_published(one, condition):
        return True
    return not bool(with_protected_value(condition.indicators, one.cells, one.pattern).any())


def _is_published(one: _Screening, condition: Condition) -> bool:
    """Return True for a limit that is a number, or published."""
    is_made = isinstance(condition, Compare) and bool(set(condition.limit.names) & set(COMPUTED))
    return isinstance(condition, Compare) and not is_made and not levels_of(condition, one.pattern.data)


def _gaps(one: _Screening, condition: Condition) -> np.ndarray:
    """Return where the released column of a condition shows no value, which everybody sees."""
    column = released_column(one.out, one.pattern.data, condition)
    if not column:
        return np.zeros(len(one.selected), dtype=bool)
    found: np.ndarray = one.out.values[column].isna().to_numpy()
    return found


def released_column(out: ReleasedColumns, data: AreaData, condition: Condition, name: str = "") -> str:
    """Return the released column of a condition; empty where it does not leave. An axis leaves as score and class.

    ``name`` is another indicator of the condition than the one that it compares.
    """
    name = name or condition.looks_at
    scores = {column.axis: column.id for column in out.columns if column.kind == "score"}
    classes = {column.axis: column.id for column in out.columns if column.kind == "class"}
    if isinstance(condition, InClass) and condition.axis in classes:
        return classes[condition.axis]
    names = {column.id: column.id for column in out.columns if not column.axis} | scores
    if scores:
        names[NEED] = next(iter(scores.values()))
    return names.get(name) or names.get(data_column(data, name), "")


def _values(one: _Screening, condition: Condition) -> tuple[pd.Series, pd.Series[bool], str, int]:
    """Return values as they are shown, whether all their digits are, their column, and its decimals.

    Of a rate whose two counts are shown everybody knows all digits.
    """
    data, out = one.pattern.data, one.out
    column, name = released_column(out, data, condition), data_column(data, condition.looks_at)
    everywhere = pd.Series(data=True, index=one.selected.index)
    if not column:
        if name == data.population:
            return one.residents, everywhere, "", 0
        return pd.Series(np.nan, index=everywhere.index, dtype=object), everywhere, "", limit_decimals(condition, {}, 1)
    record = next(found for found in out.columns if found.id == column)
    if record.kind == "rate":
        x, n = out.values[record.numerator], out.values[record.denominator]
        return x / n.where(n > 0) * record.indicator.per, everywhere, column, record.decimals
    is_whole = record.kind in ("share", "number") and name in data.values.columns
    exact = out.values[column].eq(data.values[name]) if is_whole else everywhere & (record.kind == "count")
    return out.values[column], exact, column, record.decimals


def _of_limit(one: _Screening, condition: Condition, column: str, decimals: int) -> int:
    """Return the decimals of a limit that is computed: those of the city value, or of the column."""
    record = next((found for found in one.out.columns if found.id == column), None)
    return record.of_city.decimals if record is not None and _of_city(condition) else decimals


def limit_decimals(condition: Condition, references: Mapping[str, Reference], decimals: int) -> int:
    """Return the decimals that a limit was written with; those of the column where it is computed."""
    if not isinstance(condition, Compare):
        return decimals
    limit = condition.limit
    if isinstance(limit.than, Decimal):
        return decimals_of(limit.factor * limit.than + limit.plus)
    if limit.digits is not None:
        return max(limit.digits, 0)
    name = limit.than if isinstance(limit.than, str) else ""
    published = references[name].number(condition.indicator) if name in references else None
    if published is None or limit.factor != 1 or limit.plus:
        return decimals
    return max(decimals, decimals_of(Decimal(repr(published))))


def decimals_of(number: Decimal) -> int:
    """Return how many decimals a number has, without needless zeros.

    Examples
    --------
    >>> decimals_of(Decimal("21.310"))
    2
    """
    return len(plain(number).partition(".")[2])


# --- how many persons are missing -------------------------------------------------------------------------------------


CHANGE = "change_"  # and a column of counts: the columns of Shortlist.missing()


def shown_missing(one: _Screening, how: str) -> pd.DataFrame:
    """Return how many persons are missing until an area enters or leaves the list, where that tells nothing else.

    Returns
    -------
    DataFrame
        One row per area and numerator: ``key``, ``enters``, ``indicator``, ``persons`` (with sign), ``of`` (the count
        as shown). With a limit that is known, the number gives the count away, so it stays inside unless both counts of
        every rate that the rule looks at leave and are shown, and no limit is made of a protected value.
    """
    make = getattr(one.shortlist, "missing", None)
    if make is None:
        raise SpecError("release: missing needs a shortlist that can tell it: shortlist = qa.screen(data, rule).")
    frame = make(how=how).reindex(one.selected.index)
    rates = {column.numerator: column for column in one.out.columns if column.kind == "rate"}
    by_source = {one.pattern.data.rates[column.id][0]: column for column in rates.values()}
    by_name = {column.id: column for column in rates.values()}
    changes = {str(name)[len(CHANGE) :]: frame[name] for name in frame.columns if str(name).startswith(CHANGE)}
    moved = [name for name in changes if name in by_source or name in by_name]
    told = _may_tell(one) & frame["persons"].notna()
    rows: list[dict[str, Any]] = []
    for key in frame.index[told]:
        parts = [
            (name, int(changes[name][key])) for name in moved if pd.notna(changes[name][key]) and changes[name][key]
        ]
        if sum(abs(d) for _, d in parts) != int(frame["persons"][key]):
            continue  # a count that does not leave has to change too
        for name, d in parts:
            column = by_source.get(name) or by_name[name]
            of = one.out.values[column.numerator][key]
            enters = not bool(one.shortlist.selected[key])
            rows.append({"key": key, "enters": enters, "indicator": column.id, "persons": d, "of": of})
    return pd.DataFrame(rows, columns=["key", "enters", "indicator", "persons", "of"])


def _may_tell(one: _Screening) -> pd.Series[bool]:
    """Return the areas that show every value, and both counts of every rate, that the rule looks at."""
    data, protection = one.pattern.data, one.pattern.protection
    told = one.assessed.copy()
    for condition, name in ((part, name) for part in one.shortlist.rule.every for name in part.own_indicators):
        column = released_column(one.out, data, condition, name)
        if not column and data_column(data, name) == data.population:
            told &= one.residents.notna()
            continue
        told &= one.out.values[column].notna() if column else False
        record = next((found for found in one.out.columns if found.id == column), None)
        if record is not None and record.kind == "rate" and _of_city(condition) and np.isnan(record.city):
            told &= False  # the city value may not leave
        if protection.derived == "exact" and not _limit_is_open(one, condition):
            told &= False
    return told


def _of_city(condition: Condition) -> bool:
    return condition.kind == "worse_than_city" or (isinstance(condition, Compare) and CITY in condition.limit.names)


def _limit_is_open(one: _Screening, condition: Condition) -> bool:
    """Return True if a limit of exact results is made of shown values alone."""
    if one.pattern.protection.round_base is not None:
        return False
    if _is_published(one, condition):
        return True
    return not bool(with_protected_value(condition.indicators, one.cells, one.pattern).any())
