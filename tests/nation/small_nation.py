"""A nation of some thousand cells, drawn; and what a result says."""

from __future__ import annotations

import numpy as np
import pandas as pd

RATES = {"mig_share": ("mig", "pop"), "low_share": ("low", "pop")}


def draw_nation(seed, towns=9, lands=3, side=14):
    """Draw cells of municipalities that lie side by side, with a poorer corner in each."""
    rng = np.random.default_rng(seed)
    parts = []
    for k in range(towns):
        y, x = np.divmod(np.flatnonzero(rng.random(side * side) < 0.7), side)
        pop = rng.integers(1, 90, len(x)) + 40 * (k % 3)
        poor = np.where((x < 6) & (y < 7), 0.45, 0.12)
        parts.append(
            pd.DataFrame(
                {
                    "ags": f"{1 + k % lands:02}{k:06}",
                    "x": 100 * (x + side * k),
                    "y": 100 * y,
                    "pop": pop,
                    "mig": rng.binomial(pop, poor),
                    "low": rng.binomial(pop, 0.05 + 0.6 * poor),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def digest(found):
    """Give everything that a result says, without the names of files."""
    return (
        found.summary.to_csv(),
        found.quarters.to_wkb(hex=True).to_csv(),
        found.municipalities.to_csv(),
        found.runs.to_csv(),
    )
