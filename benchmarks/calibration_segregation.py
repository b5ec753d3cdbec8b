"""How often do the 95 % intervals of persons hold the true index? Simulated cities whose true shares are known.

    python benchmarks/calibration_segregation.py                # 200 cities per world, 299 draws; prints the table
    python benchmarks/calibration_segregation.py --cities 40

In each world, a city's areas have true shares; residents are drawn with them; the interval of the drawn city is held
against the index of the true shares. The table stands in docs/segregation_intervals.md.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable

sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).resolve().parent]

INDICES = ["dissimilarity", "gini", "theil_h", "isolation", "correlation_ratio"]


def spread(mean: float, precision: float) -> Callable[[np.random.Generator, int], np.ndarray]:
    """Return shares from Beta(mean * precision, (1 - mean) * precision)."""
    return lambda random, n: random.beta(mean * precision, (1 - mean) * precision, n)


def two_kinds(part: float, high: float, low: float) -> Callable[[np.random.Generator, int], np.ndarray]:
    """Return one share in a part of the areas and another in all others."""
    return lambda random, n: np.where(random.random(n) < part, high, low)


def wave(random: np.random.Generator, n: int) -> np.ndarray:
    """Return shares that rise and fall smoothly across the city."""
    return 0.2 + 0.06 * np.sin(np.arange(n) / 9 + random.random() * 6)


WORLDS = {  # name: areas, residents from, to, true shares
    "none: .2 everywhere": (100, 30, 100, two_kinds(0.0, 0.2, 0.2)),
    "faint: Beta(90, 210)": (60, 20, 60, spread(0.3, 300)),
    "mild: Beta(20, 80)": (100, 30, 100, spread(0.2, 100)),
    "mild, larger areas": (100, 100, 400, spread(0.2, 100)),
    "mild, large areas": (100, 1000, 8000, spread(0.2, 50)),
    "mild, a wave": (144, 30, 100, wave),
    "mild, two kinds: .28 and .18": (100, 30, 100, two_kinds(0.2, 0.28, 0.18)),
    "rare: Beta(.9, 29.1)": (100, 30, 100, spread(0.03, 30)),
    "clear: Beta(2, 8)": (100, 30, 100, spread(0.2, 10)),
    "clear, 15 areas": (15, 50, 300, spread(0.2, 8)),
    "clear, two kinds: .5 and .12": (100, 30, 100, two_kinds(0.15, 0.5, 0.12)),
}


def cities(world: str, number: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return drawn cities in one frame, and the same with the persons that the true shares give."""
    n, low, high, shares = WORLDS[world]
    random = np.random.default_rng(list(WORLDS).index(world))
    residents = random.integers(low, high, (number, n))
    true = np.stack([shares(random, n) for _ in range(number)])
    city = np.repeat([f"{i:03}" for i in range(number)], n)
    frames = [
        pd.DataFrame({"x": x.ravel(), "residents": residents.ravel(), "city": city}, dtype=object).astype(
            {"x": float, "residents": float}
        )
        for x in (random.binomial(residents, true), true * residents)
    ]
    return frames[0], frames[1]


def coverage(world: str, number: int, n: int) -> tuple[pd.Series, pd.Series]:
    """Return in which part of the cities the interval holds the true index, and how wide it is, per index."""
    import quartiersatlas as qa

    drawn, true = cities(world, number)
    options = {"population": "residents", "by": "city", "indices": INDICES}
    table = qa.measure_segregation(drawn, "x", resample="persons", n=n, seed=1, **options).table
    truth = qa.measure_segregation(true, "x", **options).table["value"]
    held = (table["lower"] <= truth + 1e-9) & (truth <= table["upper"] + 1e-9)
    return held.groupby(table["index"]).mean(), (table["upper"] - table["lower"]).groupby(table["index"]).mean()


def main() -> None:
    """Print one line per world: the share of intervals that hold the truth, and the mean width of that of D."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cities", type=int, default=200)
    parser.add_argument("--draws", type=int, default=299)
    given = parser.parse_args()
    print("| world | D | G | H | isolation | eta² | width of D |\n|---|---|---|---|---|---|---|")
    for world in WORLDS:
        held, width = coverage(world, given.cities, given.draws)
        cells = " | ".join(f"{100 * held[index]:.0f} %" for index in INDICES)
        print(f"| {world} | {cells} | {width['dissimilarity']:.3f} |", flush=True)


if __name__ == "__main__":
    main()
