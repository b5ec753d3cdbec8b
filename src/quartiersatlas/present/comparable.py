"""Do two releases compare? Several dates on one map, and the profile of an area beside another release."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import SpecError, list_some
from quartiersatlas.present.statements import axis_of, check_release, on_areas

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quartiersatlas.disclosure import Release, ReleasedColumn

SAME_OUTLINE = 0.01  # part of the area that may differ
TO_THE_AREAS_OF_TODAY = "Bring the counts of that date to the areas of today first: transfer(...)."


def earlier_releases(release: Release, earlier: Release | Iterable[Release], call: str) -> tuple[Release, ...]:
    """Return the releases of other dates that a document shows beside one, checked."""
    found = tuple(earlier) if isinstance(earlier, Iterable) else (earlier,)
    for part in found:
        check_release(part, f"{call}: earlier")
    check_earlier(release, found)
    return found


def check_earlier(release: Release, earlier: Sequence[Release]) -> None:
    """Refuse dates that do not compare: other areas, other outlines, other definitions, or no date.

    Refuse also dates that would give each other away: a change reveals what a rate was before.

    Raises
    ------
    SpecError
        The message names what differs, and of which date; or the changes that reveal something protected.
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
            f"earlier: {count_noun(len(odd), f'area of {part.as_of} is', f'areas of {part.as_of} are')} not on the "
            f"map: {list_some(odd)}. {TO_THE_AREAS_OF_TODAY}"
        )
    changed = changed_outlines(release, part, part.areas.index)
    if len(changed):
        raise SpecError(
            f"earlier: {count_noun(len(changed), 'area')} had another outline at {part.as_of}: "
            f"{list_some(changed.index)}; the largest change is {changed.max():.0%} of an area. {TO_THE_AREAS_OF_TODAY}"
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
            revealed = known.index  # exact numbers say what the rounded ones stand for
        elif _contradicts(known, before, (column, release.column(base), part.column(base))):
            continue  # a change since another date
        else:
            revealed = known.index[before[known.index].isna()]
        if len(revealed):
            raise SpecError(
                f"earlier: {column.id!r} would reveal {count_noun(len(revealed), 'value')} of {base!r} that "
                f"{part.as_of} protects: {list_some(revealed)}. Release both dates with the same protection and "
                f"indicators, or leave {column.id!r} out of the columns of the later one."
            )


def _contradicts(known: pd.Series[float], before: pd.Series[float], columns: Sequence[ReleasedColumn]) -> bool:
    """Return True if the change is since another date: of three rounded numbers each may be half a step off."""
    tolerance = sum(0.5 * 10.0**-column.decimals for column in columns)
    return bool((known - before.reindex(known.index)).abs().gt(tolerance + 1e-9).any())


def meaning(release: Release, column: ReleasedColumn) -> tuple[str, str]:
    """Return definition and unit of a column; the counts where none is declared."""
    definition = column.indicator.definition("de") or column.indicator.definition("en")
    if not definition and column.kind == "rate":
        sides = [release.column(side).indicator.label_en for side in (column.numerator, column.denominator)]
        definition = " / ".join(sides)
    return definition, column.indicator.unit


def changed_outlines(release: Release, other: Release, keys: pd.Index) -> pd.Series[float]:
    """Return which of the areas have another outline in the other release, and by which part of their surface."""
    frames = release.areas.loc[keys], on_areas(other.areas.loc[keys], release.areas)
    here, there = (np.asarray(frame.geometry, dtype=object) for frame in frames)
    moved = ~shapely.equals_exact(here, there, tolerance=0.01)  # a centimetre: most outlines are the same points
    changed = np.zeros(len(keys))
    ours, theirs = here[moved], there[moved]
    changed[moved] = shapely.area(shapely.symmetric_difference(ours, theirs)) / shapely.area(ours)
    parts = pd.Series(changed, index=keys)
    return parts[parts > SAME_OUTLINE]


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
        reasons_not_shown=part.reasons_not_shown.reindex(keys).fillna("missing"),
        state=part.state.reindex(keys).fillna("shown"),
        residents=part.residents.reindex(keys),
        selected=part.selected.reindex(keys, fill_value=False),
        stability=stability,
    )
