"""Segregation tables on their way out: no numbers on tiny groups, fewer digits where a small count is inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.catalogue import text

if TYPE_CHECKING:
    from collections.abc import Hashable

    from quartiersatlas.release.protection import Protection
    from quartiersatlas.segregation import SegregationResult
    from quartiersatlas.segregation.study import Study

NUMBERS = ["value", "adjusted", "expected", "lower", "upper"]
DECIMALS = 4
# One person of a group of X in an area of n moves an index of the isolation kind by about 2 x / (n X). With a count x
# below 3, n from 300 and these limits, that is less than a twentieth of the last digit that is left.
TINY, SMALL = 100, 1000


def protected_segregation(result: SegregationResult, protection: Protection) -> pd.DataFrame:
    """Return the table as it may leave.

    Parameters
    ----------
    result : SegregationResult
        Indices of groups.
    protection : Protection
        What is too small.

    Returns
    -------
    DataFrame
        Four decimals. Where an area has a small count of the group (or of those it is compared with), three, and two
        below 1000 persons; where one of the two has fewer than 100 persons in the place, no numbers; the note says so.
    """
    table = result.table.copy()
    size, has_small = _inside(result.study, table, protection)
    tiny = size < TINY
    decimals = np.where(~has_small, DECIMALS, np.where(size < SMALL, DECIMALS - 2, DECIMALS - 1))
    if protection.min_count == 1:  # every count is shown
        tiny, decimals = np.zeros_like(tiny), np.full(len(table), DECIMALS)
    for number in NUMBERS:
        values = table[number].to_numpy(dtype=float)
        rounded = [round(v, d) for v, d in zip(values, decimals.tolist(), strict=True)]
        table[number] = pd.Series(rounded, index=table.index).mask(tiny)
    note = text("note_protected", "en", minimum=TINY)
    return table.assign(note=[note if small else old for small, old in zip(tiny, table["note"], strict=True)])


def _inside(
    study: Study, table: pd.DataFrame, protection: Protection
) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Return for each row the persons of its smallest population, and whether an area has a small count of one."""
    cache: dict[tuple[Hashable, ...], tuple[float, bool]] = {}
    rows = []
    for by, group, reference in zip(table["by"], table["group"], table["reference"], strict=True):
        key = (by, group, reference)
        if key not in cache:
            cache[key] = _row(study, str(by), str(group), str(reference), protection.min_count)
        rows.append(cache[key])
    sizes, smalls = zip(*rows, strict=True) if rows else ((), ())
    return np.array(sizes, dtype=float), np.array(smalls, dtype=bool)


def _row(study: Study, by: str, group: str, reference: str, min_count: int) -> tuple[float, bool]:
    groups = [group] if group in study.counts else list(study.spec.groups)
    named = [reference] if reference in study.counts else []
    here = np.isin(study.codes, [i for i, name in enumerate(study.place_names) if str(name) == by])
    here &= study.used([*groups, *named])
    total = study.total[here]
    populations = [study.counts[name][here] for name in [*groups, *named]]
    if not named:
        populations.append(total - np.sum([study.counts[name][here] for name in groups], axis=0))
    sizes = [float(p.sum()) for p in populations if p.sum() > 0]  # of nobody there is nothing to tell
    has_small = any(((p > 0) & (p < min_count)).any() for p in populations)
    return min(sizes, default=np.inf), has_small
