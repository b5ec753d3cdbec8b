"""Which rows have an area and which areas a row; which rows are totals; and a refusal where the join would lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from pandas.api.types import is_numeric_dtype

from quartiersatlas.base.checks import count_noun
from quartiersatlas.base.keys import lost_zeros, width_of, with_zeros
from quartiersatlas.errors import JoinError, list_some
from quartiersatlas.intake.areas.area_columns import PARTS, parent_columns
from quartiersatlas.intake.joining.crossed_names import crossed_message, crossed_names
from quartiersatlas.intake.joining.join_report import JoinReport, Suggestion, suggestions
from quartiersatlas.intake.joining.keys import fitting_rule, parts_of_areas
from quartiersatlas.intake.joining.totals import city_row, totals_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from quartiersatlas.intake.joining.keys import Repair

CUT_OFF = 3  # areas without a row, the last ones in order, from which a table is called cut off
SHOWN_PAIRS = 5  # keys that a recipe writes out
FEW = 3  # other areas that a level above an area of the same name has at least


def compare(
    areas: gpd.GeoDataFrame,
    values: pd.DataFrame,
    source: str,
    *,
    repaired: tuple[Repair, ...] = (),
    excluded: tuple[str, ...] = (),
    residents: pd.Series | None = None,
) -> JoinReport:
    """Compare the keys of both sides; ``residents`` are those of the rows, or of the areas by an earlier table."""
    keys, wanted = values.index, areas.index.unique()
    duplicates = keys[keys.duplicated()].unique().sort_values()
    once = values[~keys.duplicated()]
    described = pd.DataFrame(areas.drop(columns="geometry"))
    described = described[~areas.index.duplicated()]
    totals = totals_rows(once, described)
    only_in_areas = tuple(wanted.difference(keys, sort=False))
    only_in_table = tuple(key for key in keys.difference(wanted) if key not in totals)
    matched = areas.index.isin(keys.difference(duplicates))
    return JoinReport(
        source=source,
        n_areas=len(areas),
        n_matched=int(matched.sum()),
        only_in_areas=only_in_areas,
        only_in_table=only_in_table,
        duplicates=tuple(duplicates),
        duplicate_areas=tuple(areas.index[areas.index.duplicated()].unique()),
        totals_rows=tuple(totals.items()),
        two_levels=tuple(on_two_levels(once, described).items()),
        excluded=excluded,
        repaired=repaired,
        suggestions=_suggestions(only_in_table, only_in_areas),
        crossed_names=crossed_names(once, described),
        cut_off=_cut_off(wanted, only_in_areas),
        totals=once.loc[list(totals)],
        city_key=city_row(once, described, totals),
        residents=None if residents is None else _residents(residents, keys.intersection(wanted), totals),
    )


def _suggestions(only_in_table: tuple[str, ...], only_in_areas: tuple[str, ...]) -> tuple[Suggestion, ...]:
    """Return what rows without an area could mean: areas whose keys are longer by a part, or with like names."""
    parts = parts_of_areas(pd.Index(only_in_table, dtype=object), pd.Index(only_in_areas, dtype=object))
    if parts is None:
        return suggestions(only_in_table, only_in_areas)
    return tuple(sorted(Suggestion(key, (area,), 100.0) for key, area in parts[1].items()))


def _residents(residents: pd.Series, matched: pd.Index, totals: dict[str, str]) -> tuple[float, float] | None:
    """Return the residents of matched keys, and of all keys that are no totals."""
    if not is_numeric_dtype(residents.dtype):
        return None
    own = residents[~residents.index.isin(totals)]
    return float(own[own.index.isin(matched)].sum()), float(own.sum())


def _cut_off(areas: pd.Index, without: tuple[str, ...]) -> bool:
    """Return True if exactly the last areas in order have no row."""
    last = areas.sort_values()[len(areas) - len(without) :]
    return CUT_OFF <= len(without) < len(areas) and set(last) == set(without)


def on_two_levels(values: pd.DataFrame, areas: pd.DataFrame) -> dict[str, str]:
    """Find rows of areas that are those of a district of the same name: as large as its other areas together.

    Returns key -> the name of the higher level in the areas.
    """
    numbers = values.select_dtypes("number")
    found = {}
    for column in parent_columns(areas):
        for key in values.index.intersection(areas.index).intersection(pd.Index(areas[column].unique())):
            others = areas.index[areas[column].eq(key) & (areas.index != key)].intersection(values.index)
            sums = numbers.loc[others].sum()
            counts = sums[sums > 0].index
            if len(others) >= FEW and len(counts) and (numbers.loc[key, counts] >= sums[counts]).mean() > 0.5:  # noqa: PLR2004 - most
                found[key] = column
    return found


def refuse(report: JoinReport, areas: gpd.GeoDataFrame, missing: str, columns: Sequence[str] = ()) -> None:
    """Raise where the join would lie; the message says the likely cause and the repair."""
    for fault in (_duplicates(report, areas), _two_levels(report), _lost_zeros(report), _nothing(report, areas)):
        if fault:
            raise JoinError(fault, report)
    if missing == "raise" and not report.complete:
        raise JoinError(_incomplete(report, areas), report)
    if missing == "raise" and report.crossed_names:
        raise JoinError(crossed_message(report.source, report.crossed_names, columns), report)


def _duplicates(report: JoinReport, areas: gpd.GeoDataFrame) -> str:
    """Return the message for keys of several rows or several areas."""
    faults = []
    if report.duplicate_areas:
        faults.append(
            f"{count_noun(len(report.duplicate_areas), 'key has', 'keys have')} more than one area: "
            f"{list_some(report.duplicate_areas)}{_and_missing(report)}. Every key must belong to one "
            f"area: read_areas refuses such files and says why"
        )
    if report.duplicates:
        merged = _made_equal(report)
        levels = [
            key for key in report.duplicates if any(areas[column].eq(key).any() for column in parent_columns(areas))
        ]
        named = any(letter.isalpha() for key in report.duplicates for letter in key)
        cause = (
            f" The repair made keys equal: {merged}."
            if merged
            else f" {list_some(levels)} is also a higher level: the rows are those of an area and of a district."
            if levels
            else " Are areas and districts of the same name in one column? Join by key, not by name."
            if named
            else ""
        )
        missing = "" if report.duplicate_areas else _and_missing(report)
        faults.append(
            f"{count_noun(len(report.duplicates), 'key has', 'keys have')} more than one row: "
            f"{list_some(report.duplicates)}{missing}.{cause} One row per area is needed"
        )
    ends = " and ".join(f"err.report.{name}" for name in ("duplicate_areas", "duplicates") if getattr(report, name))
    return f"{report.source}: {'. '.join(faults)}. All of them: {ends}" if faults else ""


def _made_equal(report: JoinReport) -> str:
    before = {
        key: sorted({repair.before for repair in report.repaired if repair.after == key}) for key in report.duplicates
    }
    return "; ".join(
        f"{list_some([*old, key] if len(old) == 1 else old)} to {key!r}" for key, old in before.items() if old
    )


def _and_missing(report: JoinReport) -> str:
    """Name what is missing on either side beside duplicate keys: a row count that is right hides both."""
    missing = [
        f"{what}: {list_some(keys)}"
        for what, keys in (
            ("areas without a row", report.only_in_areas),
            ("rows without an area", report.only_in_table),
        )
        if keys
    ]
    return f" (and {'; '.join(missing)}; that the numbers of rows agree proves nothing)" if missing else ""


def _two_levels(report: JoinReport) -> str:
    """Return the message for areas that got the row of a district of the same name."""
    if not report.two_levels:
        return ""
    key, level = report.two_levels[0]
    return (
        f"{report.source}: {count_noun(len(report.two_levels), 'key is the name', 'keys are names')} of an area and of "
        f"a {level} at once: {list_some(key for key, _ in report.two_levels)}. The row of {key!r} "
        f"holds at least as much as all other areas of "
        f"that {level} together: it is the row of the {level}. Join by key, or leave its row out "
        f"when the file is read: skip_rows=[...], the line of the {level}. All of them: err.report.two_levels"
    )


def _lost_zeros(report: JoinReport) -> str:
    """Return the message for keys that fit once leading zeros are put back; empty where that is not so."""
    in_table, in_areas = report.only_in_table, report.only_in_areas
    padded = with_zeros(in_table, in_areas)
    fitting = len(set(padded.values()) & set(in_areas))
    if fitting:
        they = "It has" if len(in_table) == 1 else "They have"
        lengths = ", ".join(str(n) for n in sorted({len(str(key)) for key in padded}))
        lengths += " character" if lengths == "1" else " characters"
        cause = (
            "leading zeros were probably lost. Read the key column as text, or pass repair='zero_pad'"
            if lost_zeros(in_table, in_areas)
            else f"with zeros before them {fitting} of {len(in_table)} would fit. Were leading zeros lost, or are "
            f"these other numbers, such as those of rows? Name the column of the keys, and read it as text"
        )
        return (
            f"{report.source}: {count_noun(len(in_table), 'key has', 'keys have')} no area: {list_some(in_table)}. "
            f"{they} {lengths}, the areas' keys have {width_of(in_areas)}: {cause}. "
            f"All of them: err.report.only_in_table"
        )
    if set(in_table) & set(with_zeros(in_areas, in_table).values()):
        return (
            f"{report.source}: {count_noun(len(in_areas), 'area has', 'areas have')} no row: {list_some(in_areas)}. "
            f"The table's keys have {width_of(in_table)} characters: the areas' keys have probably lost leading zeros. "
            f"Correct the geometry file, or put them back: "
            f"areas.set_axis(areas.index.str.zfill({width_of(in_table)})). "
            f"All of them: err.report.only_in_areas"
        )
    return ""


def _nothing(report: JoinReport, areas: gpd.GeoDataFrame) -> str:
    """Return the message for tables without a common key."""
    if report.n_matched:
        return ""
    return (
        f"{report.source} and the areas have no key in common. Areas: {list_some(areas.index, 3)}; "
        f"table: {list_some(report.only_in_table, 3)}. Is it the right key column on both sides?"
        f"{_causes(report, areas)}"
    )


def _incomplete(report: JoinReport, areas: gpd.GeoDataFrame) -> str:
    parts, ways = [], ["Correct the keys"]
    if report.only_in_areas:
        missing = count_noun(len(report.only_in_areas), "area has", "areas have")
        parts.append(f"{missing} no row: {list_some(report.only_in_areas, 10)}")
    if report.only_in_table:
        left_over = count_noun(len(report.only_in_table), "row has", "rows have")
        parts.append(f"{left_over} no area: {list_some(report.only_in_table, 10)}")
        ways.append(f"set rows aside that are known to be extra with {_excluding(report.only_in_table)}")
    ways.append("or pass missing='report' to go on without them")
    return (
        f"{report.source}: {report.n_matched} of {count_noun(report.n_areas, 'area')} "
        f"{'fits' if report.n_matched == 1 else 'fit'}. {'; '.join(parts)}."
        f"{_causes(report, areas)} {', '.join(ways)}. "
        f"All of them: err.report.only_in_areas, err.report.only_in_table"
    )


def _excluding(keys: tuple[str, ...]) -> str:
    """Write the option that sets rows aside: the keys where they are few, else the list of the report."""
    return f"exclude={list(keys)!r}" if len(keys) <= SHOWN_PAIRS else "exclude=err.report.only_in_table"


def _renaming(pairs: dict[str, str]) -> str:
    """Write the option that renames keys: the pairs where they are few, else those of the report."""
    if len(pairs) <= SHOWN_PAIRS:
        return f"rename={pairs!r}"
    first, area = next(iter(pairs.items()))
    return f"rename=err.report.rename, which begins with {first!r}: {area!r}"


def _names_for_keys(in_table: pd.Index, areas: gpd.GeoDataFrame) -> list[str]:
    """Say that the keys of the table are names of areas, where they are no keys."""
    named = in_table[in_table.isin(areas["name"]) & ~in_table.isin(areas.index)]
    if not len(named):
        return []
    of_areas = "key of the table is the name of an area", "keys of the table are names of areas"
    by_name = (
        ", or join by name: areas.set_index(areas['name'].rename('key'))"
        if areas["name"].is_unique and len(named) == len(in_table)
        else ""
    )
    told = f"{count_noun(len(named), *of_areas)}: {list_some(named, 3)}"
    return [f"{told}. Read the table with the column of its keys{by_name}."]


def _causes(report: JoinReport, areas: gpd.GeoDataFrame) -> str:
    """Return what is likely meant, each as a sentence with a blank before it."""
    in_table, in_areas = pd.Index(report.only_in_table, dtype=object), pd.Index(report.only_in_areas, dtype=object)
    causes = []
    if report.cut_off:
        causes.append(
            f"The last {count_noun(len(in_areas), 'key')} in order are all missing, from {min(in_areas)!r} on: the "
            f"table stops too early. It was probably cut off when it was exported: get the whole table."
        )
    fitting = fitting_rule(in_table, in_areas)
    if fitting is not None:
        rule, number = fitting
        causes.append(f"repair={rule!r} would give {number} of {count_noun(len(in_table), 'row')} an area.")
    causes += _names_for_keys(in_table, areas)
    shorter = parts_of_areas(in_table, in_areas)
    if shorter is not None:
        causes.append(
            f"The table's keys are parts of those of the areas ({shorter[0]}), if they are the same: "
            f"{_renaming(report.rename)}."
        )
    elif report.rename:
        causes.append(
            f"Names nearly the same ({len(report.rename)}), if they are the same: {_renaming(report.rename)}."
        )
    if report.merge:
        groups = report.merge if len(report.merge) <= SHOWN_PAIRS else "err.report.merge"
        example = ", ".join(f"{new!r}: {group!r}" for new, group in list(report.merge.items())[:1])
        listed = "" if groups is report.merge else f", which begins with {example}"
        causes.append(f"Areas reported as one: merge_areas(areas, {groups}){listed}.")
    if PARTS in areas.columns and len(in_table):
        parts = areas.index[areas[PARTS] > 1]
        if len(parts):
            causes.append(
                f"{count_noun(len(parts), 'area was', 'areas were')} put together from features with the same key: "
                f"{list_some(parts)}. "
                f"Does one of these features belong to {list_some(in_table, 3)}?"
            )
    return "".join(f" {cause}" for cause in causes)
