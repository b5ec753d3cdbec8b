"""Time reading and checking of 500,000 generated polygons against `pyogrio.read_dataframe` in one run.

    python benchmarks/areas.py                # 500,000 Voronoi cells from a GeoPackage
    python benchmarks/areas.py --areas 50000

Reader and checks are called in turns in one process, five times each after a call that warms the file cache; the median
of the CPU seconds (user and system, all threads) counts. The checks are those of `read_areas` (validity, one
key per area, place, nothing that covers the others) and, apart, `check_areas` (gaps, overlaps, neighbours) and `join`.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).resolve().parent]

CALLS = 5
WEST, SOUTH = 400_000, 5_600_000  # metres in EPSG:25832


def write_city(file: Path, n: int) -> None:
    """Write Voronoi cells with key, name, district and residents; neighbours are drawn through the same points."""
    import geopandas as gpd
    import shapely

    random = np.random.default_rng(n)
    extent = 100 * np.sqrt(n)
    frame = shapely.box(WEST, SOUTH, WEST + extent, SOUTH + extent)
    seeds = shapely.multipoints(random.random((n, 2)) * extent + [WEST, SOUTH])
    cells = shapely.intersection(shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=frame)), frame)
    keys = [f"{i:08d}" for i in range(n)]
    columns = {"PLR_ID": keys, "NAME": [f"Gebiet {key}" for key in keys], "BEZ": [key[:4] for key in keys]}
    columns["EW"] = random.integers(0, 900, n)
    gpd.GeoDataFrame(columns, geometry=cells, crs="EPSG:25832").to_file(file)


def seconds(call: Callable[[], Any]) -> float:
    """Return the CPU seconds of one call, on all threads."""
    start = time.process_time()
    call()
    return time.process_time() - start


def main() -> None:
    """Measure and print."""
    import pandas as pd
    import pyogrio

    import quartiersatlas as qa

    parser = argparse.ArgumentParser()
    parser.add_argument("--areas", type=int, default=500_000)
    n = parser.parse_args().areas
    options: dict[str, Any] = {"key": "PLR_ID", "name": "NAME", "parents": {"bezirk": "BEZ"}}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "stadt.gpkg"
        write_city(file, n)
        areas = qa.read_areas(file, **options)
        table = pd.DataFrame({"residents": np.arange(n, dtype=float)}, index=areas.index)
        calls: dict[str, Callable[[], Any]] = {
            "pyogrio.read_dataframe": lambda: pyogrio.read_dataframe(file),
            "pyogrio.read_dataframe, use_arrow": lambda: pyogrio.read_dataframe(file, use_arrow=True),
            "read_areas": lambda: qa.read_areas(file, **options),
            "check_areas": lambda: qa.check_areas(areas),
            "join": lambda: qa.join(areas, table),
        }
        measured: dict[str, list[float]] = {name: [] for name in calls}
        for _ in range(CALLS):
            for name, call in calls.items():
                measured[name].append(seconds(call))
    base = float(np.median(measured["pyogrio.read_dataframe"]))
    print(f"{n:,} areas; ratio to pyogrio.read_dataframe in the same run")
    for name, values in measured.items():
        middle = float(np.median(values))
        print(f"{name:34} {middle:6.2f} s  {middle / base:5.2f}")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


if __name__ == "__main__":
    main()
