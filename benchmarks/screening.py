"""Divide areas into as many regions with a floor of residents as possible, ours beside spopt and pygeoda.

    python benchmarks/screening.py --data FOLDER                 # with region_task_500.parquet and _5000.parquet
    python benchmarks/screening.py --data FOLDER --peers PYTHON  # an interpreter that has spopt 0.7, pygeoda 0.1
    python benchmarks/screening.py --data FOLDER --quick         # without the cases that take minutes

Every case runs in a process of its own; the CPU seconds (user and system, all threads) of the call alone count:
neighbours are found before. A peer that the interpreter does not have is left out. Number of regions: the more the
better, never more than residents / floor. Shape: mean Polsby-Popper of the dissolved regions (4 pi area / perimeter^2).
Border: kilometres between regions.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).resolve().parent]

FLOOR = 10_000
CASES = {
    "ours, effort 1/4": ("ours", {"effort": 0.25}),
    "ours": ("ours", {"effort": 1}),
    "ours, effort 4": ("ours", {"effort": 4}),
    "spopt MaxPHeuristic, 99 constructions": ("spopt", {"constructions": 99}),
    "spopt the same, alike in the rate": ("spopt", {"constructions": 99, "alike": ("rate",)}),
    "spopt MaxPHeuristic, 2 constructions": ("spopt", {"constructions": 2}),
    "pygeoda maxp_greedy": ("pygeoda", {}),
}
LEFT_OUT = {
    ("spopt MaxPHeuristic, 99 constructions", 5000),
    ("spopt the same, alike in the rate", 5000),
    ("spopt MaxPHeuristic, 2 constructions", 500),
}


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Return the CPU seconds of a call, on all threads, and its result."""
    start = time.process_time()
    result = call()
    return time.process_time() - start, result


def ours(areas: Any, effort: float) -> tuple[float, list[list[int]]]:
    """Divide by the search of the library."""
    from quartiersatlas.screening.regions.graph import AreaGraph
    from quartiersatlas.screening.regions.recombine import regionalise
    from quartiersatlas.screening.regions.trees import RegionRule
    from quartiersatlas.space.neighbours import borders

    found = borders(areas.geometry.to_numpy())
    graph = AreaGraph.of(areas["residents"], *found.neighbours, found.length[found.is_border])
    rule = RegionRule(FLOOR, objective="most")
    return timed(lambda: regionalise(graph, range(len(areas)), rule, effort=effort))


def spopt(areas: Any, constructions: int, alike: tuple[str, ...] = ("x", "y")) -> tuple[float, list[list[int]]]:
    """Divide by the max-p heuristic; regions are to be alike in place (compact), or in another attribute."""
    import libpysal
    from spopt.region import MaxPHeuristic

    frame = areas.assign(x=areas.geometry.centroid.x, y=areas.geometry.centroid.y)
    frame["rate"] = frame["cases"] / frame["residents"]
    weights = libpysal.weights.Rook.from_dataframe(frame, use_index=False)
    np.random.seed(1)  # noqa: NPY002 - the peer draws from the global state
    model = MaxPHeuristic(
        frame, weights, list(alike), "residents", FLOOR, 2, max_iterations_construction=constructions
    )  # fmt: skip
    seconds, _ = timed(model.solve)
    return seconds, _by_label(model.labels_)


def pygeoda(areas: Any) -> tuple[float, list[list[int]]]:
    """Divide by greedy max-p."""
    import pygeoda as geoda

    frame = areas[["residents", "geometry"]].assign(x=areas.geometry.centroid.x, y=areas.geometry.centroid.y)
    data = geoda.open(frame)
    weights = geoda.rook_weights(data)
    bound = data.GetRealCol("residents")
    columns = [data.GetRealCol("x"), data.GetRealCol("y")]
    seconds, found = timed(lambda: geoda.maxp_greedy(weights, columns, bound, FLOOR, iterations=99))
    return seconds, _by_label(found["Clusters"])


def _by_label(labels: Any) -> list[list[int]]:
    numbers = np.asarray(labels)
    return [np.flatnonzero(numbers == one).tolist() for one in np.unique(numbers)]


def quality(areas: Any, regions: list[list[int]]) -> dict[str, Any]:
    """Return number, shape and borders of regions, and whether all have the floor and are in one piece."""
    import shapely

    shapes = np.array([shapely.union_all(areas.geometry.to_numpy()[region], grid_size=0.01) for region in regions])
    city = shapely.union_all(shapes, grid_size=0.01)
    people = areas["residents"].to_numpy()
    return {
        "regions": len(regions),
        "bound": int(people.sum() // FLOOR),
        "shape": round(float(np.mean(4 * np.pi * shapely.area(shapes) / shapely.length(shapes) ** 2)), 2),
        "border": round(float(shapely.length(shapes).sum() - shapely.length(city)) / 2000),
        "sound": all(people[region].sum() >= FLOOR for region in regions)
        and bool((shapely.get_type_id(shapes) == 3).all()),  # noqa: PLR2004 - a polygon
    }


def measure(data: Path, n: int, case: str) -> None:
    """Run one case and print its figures."""
    import geopandas as gpd

    areas = gpd.read_parquet(data / f"region_task_{n}.parquet").reset_index(drop=True)
    kind, options = CASES[case]
    ways: dict[str, Callable[..., tuple[float, list[list[int]]]]] = {"ours": ours, "spopt": spopt, "pygeoda": pygeoda}
    seconds, regions = ways[kind](areas, **options)
    print(json.dumps({"seconds": seconds, **quality(areas, regions)}))


def main() -> None:
    """Measure every case and print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--peers", default=sys.executable)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--case", nargs=2)
    given = parser.parse_args()
    if given.case:
        measure(given.data, int(given.case[0]), given.case[1])
        return
    for n in (500, 5000):
        print(f"\n| {n:,} areas | regions (bound) | shape | border | CPU | ratio |\n|---|---|---|---|---|---|")
        base = None
        for case in CASES:
            if (case, n) in LEFT_OUT or (given.quick and "spopt" in case):
                continue
            python = sys.executable if case.startswith("ours") else given.peers
            command = [python, __file__, "--data", str(given.data), "--case", str(n), case]
            run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ourselves
            if run.returncode:
                print(f"| {case} | not measured: {run.stderr.strip().splitlines()[-1]} | | | | |")
                continue
            found = json.loads(run.stdout.splitlines()[-1])
            base = base or found["seconds"]
            sound = "" if found["sound"] else ", not sound"
            cells = [f"{found['regions']} ({found['bound']}){sound}", found["shape"], f"{found['border']:,} km"]
            cells += [f"{found['seconds']:.2f} s", f"{found['seconds'] / base:.1f}"]
            print(f"| {case} | {' | '.join(map(str, cells))} |", flush=True)


if __name__ == "__main__":
    main()
