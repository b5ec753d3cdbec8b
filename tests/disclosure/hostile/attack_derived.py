"""What indices and scores tell: every count that is still possible is tried, and those that print the same are left.

An index over the whole city holds every count that was withheld. Where few values are left for a withheld count, a
reader computes the printed table once for each; with the library at hand that is a loop.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from attack import _add_rates, _add_sums_of_areas, _shown_counts, _Table
from attack_files import decimals_of, read_files


def attack_derived(files, known, cells, prints_the_same, *, limit=2000):
    """Return what is left of some withheld counts: key, column, low, high, kind, verdict.

    Parameters
    ----------
    files, known
        As for :func:`attack.attack`.
    cells : list of (key, column)
        Withheld counts that are tried together, with all others that follow from them.
    prints_the_same : callable
        Seen, counts (the truth everywhere but in the cells) -> whether they would print what is seen.
    limit : int
        More possible values than this are not tried: everything stays open.
    """
    seen = read_files(files)
    table = _Table(known, _shown_counts(seen, known))
    _add_rates(table, seen, known)
    _add_sums_of_areas(table, seen, known)
    system = table.system()
    places = [(key, column, known.counts.index.get_loc(key)) for key, column in cells]
    unknowns = [int(table.place[column][a]) for _, column, a in places]
    points = system.points(unknowns, limit)
    names = ["key", "column", "low", "high", "kind", "verdict"]
    if points is None:
        rows = [(key, column, *system.extent({u: 1})) for (key, column, _), u in zip(places, unknowns, strict=True)]
        return pd.DataFrame([(*row, "derived", "open") for row in rows], columns=names)
    fits = []
    for point in points:
        counts = known.counts.copy()
        for (key, column, _), value in zip(places, point, strict=True):
            counts.loc[key, column] = value
        if prints_the_same(seen, counts):
            fits.append(point)
    truth = [known.counts.loc[cell] for cell in cells]
    # printed from other counts than the true ones: who tries is misled, and learns nothing
    left = np.array(fits) if any((point == truth).all() for point in fits) else points
    rows = []
    for (key, column, _), values in zip(places, left.T, strict=True):
        width = len(set(values.tolist())) - 1
        needs = 0 < known.counts.loc[key, column] < known.min_count and width < known.min_count
        verdict = ("narrow" if width else "exact") if needs else "open"
        rows.append((key, column, int(values.min()), int(values.max()), "derived", verdict))
    return pd.DataFrame(rows, columns=names)


def same_segregation(printed, computed):
    """Return whether indices are printed as computed; each group has decimals of its own."""
    names = ["by", "group", "reference", "index"]
    tables = [
        table.fillna(dict.fromkeys(names, "")).astype(dict.fromkeys(names, object)) for table in (printed, computed)
    ]
    both = tables[0].merge(tables[1], on=names, suffixes=("", "_computed"))
    compared = 0
    for _, own in both.groupby("group"):
        for column in ("value", "adjusted"):
            if f"{column}_computed" in own:
                pairs = own[[column, f"{column}_computed"]].dropna().astype(float)
                half = 0.5 * 10.0 ** -decimals_of(pairs[column]) + 1e-9
                compared += len(pairs)
                if not (pairs[column] - pairs[f"{column}_computed"]).abs().le(half).all():
                    return False
    return compared > 0


def same_scores(seen, scores, axis):
    """Return whether the scores of the shown areas are printed as computed."""
    printed = seen.areas[f"need_{axis}"].dropna()
    half = 0.5 * 10.0 ** -seen.decimals[f"need_{axis}"] + 1e-9
    return bool((printed - scores.reindex(printed.index)).abs().le(half).all())
