"""Which rows have an area and which areas a row; and a refusal with the likely cause where the join would lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pandas as pd
from pandas.api.types import is_numeric_dtype

from quartiersatlas.errors import JoinError, SpecError, list_some
from quartiersatlas.intake.areas.area_flags import PARTS
from quartiersatlas.intake.joining.join_report import (
    JoinReport,
    on_two_levels,
    parent_columns,
    suggestions,
    totals_rows,
)
from quartiersatlas.intake.joining.keys import fitting_rule, key_width, repair_texts, zero_padded

if TYPE_CHECKING:
    import geopandas as gpd

    from quartiersatlas.intake.joining.keys import Repair

CUT_OFF = 3  # areas without a row, the last ones in order, from which a table is called cut off


def compare(
    areas: gpd.GeoDataFrame,
    values: pd.DataFrame,
    source: str,
    *,
    repaired: tuple[Repair, ...] = (),
    ignored: tuple[str, ...] = (),
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
        ignored=ignored,
        repairs=repair_texts(repaired, wanted),
        repaired=repaired,
        suggestions=suggestions(only_in_table, only_in_areas),
        cut_off=_cut_off(wanted, only_in_areas),
        residents=None if residents is None else _residents(residents, keys.intersection(wanted), totals),
    )


def _residents(residents: pd.Series, matched: pd.Index, totals: dict[str, str]) -> tuple[float, float] | None:
    """Return the residents of matched keys, and of all keys that are no totals."""
    if not is_numeric_dtype(residents.dtype):
        return None
    own = residents[~residents.index.isin(totals)]
    return float(own[own.index.isin(matched)].sum()), float(own.sum())


def _cut_off(areas: pd.Index, without: tuple[str, ...]) -> bool:
    """Tell whether exactly the last areas in order have no row."""
    last = areas.sort_values()[len(areas) - len(without) :]
    return CUT_OFF <= len(without) < len(areas) and set(last) == set(without)


def refuse(report: JoinReport, areas: gpd.GeoDataFrame, missing: Literal["raise", "report"]) -> None:
    """Raise where the join would lie; the message says the likely cause and the repair."""
    if missing not in ("raise", "report"):
        raise SpecError(f"missing={missing!r} is not known; there are 'raise' and 'report'.")
    for fault in (_doubled(report, areas), _two_levels(report), _lost_zeros(report), _nothing(report, areas)):
        if fault:
            raise JoinError(fault, report)
    if missing == "raise" and not report.complete:
        raise JoinError(_incomplete(report, areas), report)


def _doubled(report: JoinReport, areas: gpd.GeoDataFrame) -> str:
    """Return the message for keys that stand for several rows or several areas."""
    faults = []
    if report.duplicate_areas:
        faults.append(
            f"{len(report.duplicate_areas)} keys have more than one area: {list_some(report.duplicate_areas)}"
            f"{_and_lacking(report)}. Every key must stand for one area: read_areas refuses such files and says why"
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
        lacking = "" if report.duplicate_areas else _and_lacking(report)
        faults.append(
            f"{len(report.duplicates)} keys have more than one row: {list_some(report.duplicates)}{lacking}.{cause} "
            f"One row per area is needed"
        )
    ends = " and ".join(f"err.report.{name}" for name in ("duplicate_areas", "duplicates") if getattr(report, name))
    return f"{report.source}: {'. '.join(faults)}. All of them: {ends}" if faults else ""


def _and_lacking(report: JoinReport) -> str:
    """Name what lacks on either side beside doubled keys: a row count that is right hides both."""
    lacking = [
        f"{what}: {list_some(keys)}"
        for what, keys in (
            ("areas without a row", report.only_in_areas),
            ("rows without an area", report.only_in_table),
        )
        if keys
    ]
    return f" (and {'; '.join(lacking)}; that the numbers of rows agree proves nothing)" if lacking else ""


def _made_equal(report: JoinReport) -> str:
    before = {
        key: sorted({repair.before for repair in report.repaired if repair.after == key}) for key in report.duplicates
    }
    return "; ".join(
        f"{list_some([*old, key] if len(old) == 1 else old)} to {key!r}" for key, old in before.items() if old
    )


def _two_levels(report: JoinReport) -> str:
    """Return the message for areas that got the row of a district of the same name."""
    if not report.two_levels:
        return ""
    key, level = report.two_levels[0]
    return (
        f"{report.source}: {len(report.two_levels)} keys are names of an area and of a {level} at once: "
        f"{list_some(key for key, _ in report.two_levels)}. The row of {key!r} holds at least as much as all other "
        f"areas of that {level} together: it is the row of the {level}. Join by key, or remove these rows. "
        f"All of them: err.report.two_levels"
    )


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
    parts = []
    if report.only_in_areas:
        parts.append(f"{len(report.only_in_areas)} areas have no row: {list_some(report.only_in_areas, 10)}")
    if report.only_in_table:
        parts.append(f"{len(report.only_in_table)} rows have no area: {list_some(report.only_in_table, 10)}")
    return (
        f"{report.source}: {report.n_matched} of {report.n_areas} areas fit. {'; '.join(parts)}."
        f"{_causes(report, areas)} Correct the keys, name rows that are known to be extra in ignore=[...], or pass "
        f"missing='report' to go on without them. All of them: err.report.only_in_areas, err.report.only_in_table"
    )


def _causes(report: JoinReport, areas: gpd.GeoDataFrame) -> str:
    """Return what is likely meant, each as a sentence with a blank before it."""
    in_table, in_areas = pd.Index(report.only_in_table, dtype=object), pd.Index(report.only_in_areas, dtype=object)
    causes = []
    if report.cut_off:
        causes.append(
            f"The last {len(in_areas)} keys in order are all missing, from {min(in_areas)!r} on: the table stops too "
            f"early. It was probably cut off when it was exported: get the whole table."
        )
    named = in_table[in_table.isin(areas["name"]) & ~in_table.isin(areas.index)]
    if len(named):
        causes.append(
            f"{len(named)} keys of the table are names of areas: {list_some(named, 3)}. Read the table with its key "
            f"column, or the areas with key=<column of the names>."
        )
    fitting = fitting_rule(in_table, in_areas)
    if fitting is not None:
        rule, number = fitting
        causes.append(f"repair={rule!r} would give {number} of {len(in_table)} rows an area.")
    if report.rename:
        example = ", ".join(f"{old!r}: {new!r}" for old, new in list(report.rename.items())[:3])
        causes.append(f"Names nearly the same ({len(report.rename)}), if they are the same: rename={{{example}}}.")
    if report.merge:
        causes.append(f"Areas reported as one: merge_areas(areas, {dict(list(report.merge.items())[:2])}).")
    if PARTS in areas.columns and len(in_table):
        parts = areas.index[areas[PARTS] > 1]
        if len(parts):
            causes.append(
                f"{len(parts)} areas were put together from features with the same key: {list_some(parts)}. "
                f"Does one of these features belong to {list_some(in_table, 3)}?"
            )
    return "".join(f" {cause}" for cause in causes)


def _lost_zeros(report: JoinReport) -> str:
    """Return the message for keys that fit once leading zeros are put back; empty where that is not so."""
    in_table = pd.Index(report.only_in_table, dtype=object)
    in_areas = pd.Index(report.only_in_areas, dtype=object)
    width = key_width(in_areas)
    if width is not None and zero_padded(in_table, width).isin(in_areas).any():
        short = [key for key in report.only_in_table if key.isdigit() and len(key) < width]
        lengths = ", ".join(str(n) for n in sorted({len(key) for key in short}))
        return (
            f"{report.source}: {len(report.only_in_table)} keys have no area: {list_some(report.only_in_table)}. "
            f"They have {lengths} characters, the areas' keys have {width}: leading zeros were probably lost. "
            f"Read the key column as text, or pass repair='zero_pad'. All of them: err.report.only_in_table"
        )
    width = key_width(in_table)
    if width is not None and zero_padded(in_areas, width).isin(in_table).any():
        return (
            f"{report.source}: {len(in_areas)} areas have no row: {list_some(in_areas)}. The table's keys have {width} "
            f"characters: the areas' keys have probably lost leading zeros. Correct the geometry file."
        )
    return ""
