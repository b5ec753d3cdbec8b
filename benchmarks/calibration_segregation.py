"""How often do the 95 % intervals of persons hold the true index? Simulated cities whose true shares are known.

    python benchmarks/calibration_segregation.py                # 200 cities per world, 299 draws; prints the table
    python benchmarks/calibration_segregation.py --cities 40
    python benchmarks/calibration_segregation.py --further      # several groups, surroundings, levels, areas, two dates

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


ROOM = ["spatial_information_theory", "spatial_dissimilarity", "spatial_isolation", "spatial_proximity", "morrill"]
OF_ALL = [
    "multigroup_dissimilarity",
    "multigroup_gini",
    "information_theory",
    "mutual_information",
    "relative_diversity",
]
SIDE = 10  # areas of a district, of a row


def drawn(random: np.random.Generator, true: np.ndarray, persons: np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return persons drawn with these shares, and those that the shares give."""
    names = [f"g{k}" for k in range(true.shape[1])]
    return (
        pd.DataFrame(random.multinomial(persons, true), columns=names, dtype=float),
        pd.DataFrame(true * persons[:, None], columns=names),
    )


def several_groups(seed: int, n: int) -> pd.Series:
    """Return whether the intervals of one city of four groups hold the truth."""
    import quartiersatlas as qa

    random = np.random.default_rng(seed)
    found, true = drawn(random, random.dirichlet([3, 6, 9, 12], 100), random.integers(30, 100, 100))
    groups, options = list(found), {"indices": OF_ALL}
    table = qa.measure_segregation(found, groups, resample="persons", n=n, seed=1, **options).table
    return _held(table, qa.measure_segregation(true, groups, **options).table["value"]).set_axis(table["index"])


def surroundings(seed: int, n: int) -> pd.Series:
    """Return whether the intervals of surroundings hold the truth; shares fall from side to side."""
    import geopandas as gpd
    import shapely

    import quartiersatlas as qa

    random = np.random.default_rng(seed)
    x, y = np.divmod(np.arange(SIDE**2), SIDE)
    share = np.clip(0.1 + 0.025 * x + random.normal(0, 0.05, len(x)), 0.02, 0.98)
    found, true = drawn(random, np.column_stack([share, 1 - share]), random.integers(30, 100, len(x)))
    shapes = shapely.box(500 * x, 500 * y, 500 * x + 500, 500 * y + 500)
    found, true = (gpd.GeoDataFrame(one, geometry=shapes, crs="EPSG:25832") for one in (found, true))
    options = {"indices": ROOM, "radii": 1200.0}
    table = qa.measure_segregation(found, ["g0", "g1"], resample="persons", n=n, seed=1, **options).table
    held = _held(table, qa.measure_segregation(true, ["g0", "g1"], **options).table["value"])
    return held.groupby(table["index"]).mean()


def districts(random: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a city of ten districts with ten areas each, found and true."""
    share = np.repeat(random.uniform(0.1, 0.4, SIDE), SIDE) + random.normal(0, 0.07, SIDE**2)
    share = np.clip(share, 0.02, 0.98)
    return drawn(random, np.column_stack([share, 1 - share]), random.integers(30, 100, SIDE**2))


def levels(seed: int, n: int) -> pd.Series:
    """Return whether the intervals of levels, districts and areas hold the truth."""
    import quartiersatlas as qa

    found, true = (
        one.assign(by=np.repeat(np.arange(SIDE), SIDE).astype(str)) for one in districts(np.random.default_rng(seed))
    )
    table = qa.decompose(found, ["g0", "g1"], "by", resample="persons", n=n, seed=1).table
    held = _held(table, qa.decompose(true, ["g0", "g1"], "by").table["value"])
    part = table["part"].where(table["place"].eq(""), "a district")
    areas = qa.segregation.local_segregation_interval(found[["g0", "g1"]], n, 1)
    of_areas = _held(areas, pd.Series(qa.segregation.local_segregation(true[["g0", "g1"]]))).mean()
    return pd.concat([held.groupby(part).mean(), pd.Series({"an area": of_areas})])


def dates(seed: int, n: int) -> pd.Series:
    """Return whether the intervals of the parts of a change hold the truth."""
    import quartiersatlas as qa

    random = np.random.default_rng(seed)
    found, true = zip(districts(random), districts(random), strict=True)
    options = {"groups": ["g0", "g1"], "index": "mutual_information"}
    change = qa.segregation_change(*found, resample="persons", n=n, seed=1, **options)
    truth = qa.segregation_change(*true, **options)
    held = _held(change.table, truth.table["value"]).set_axis(change.table["part"])
    return pd.concat([held, pd.Series({"structural, an area": _held(change.by_area, truth.by_area["value"]).mean()})])


def _held(table: pd.DataFrame, truth: pd.Series) -> pd.Series:
    truth = truth.set_axis(table.index)
    return ((table["lower"] <= truth + 1e-9) & (truth <= table["upper"] + 1e-9)).astype(float)


def further(number: int, n: int) -> None:
    """Print how often the intervals of other results hold the truth, one world each."""
    print("| world | number | holds the truth |\n|---|---|---|")
    for world in (several_groups, surroundings, levels, dates):
        held = pd.concat([world(seed, n) for seed in range(number)], axis=1).mean(axis=1)
        for name, share in held.items():
            print(f"| {world.__name__.replace('_', ' ')} | {name} | {100 * share:.0f} % |", flush=True)


def main() -> None:
    """Print one line per world: the share of intervals that hold the truth, and the mean width of that of D."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cities", type=int, default=200)
    parser.add_argument("--draws", type=int, default=299)
    parser.add_argument("--further", action="store_true")
    given = parser.parse_args()
    if given.further:
        further(given.cities, given.draws)
        return
    print("| world | D | G | H | isolation | eta² | width of D |\n|---|---|---|---|---|---|---|")
    for world in WORLDS:
        held, width = coverage(world, given.cities, given.draws)
        cells = " | ".join(f"{100 * held[index]:.0f} %" for index in INDICES)
        print(f"| {world} | {cells} | {width['dissimilarity']:.3f} |", flush=True)


if __name__ == "__main__":
    main()
