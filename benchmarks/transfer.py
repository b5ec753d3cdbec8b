"""Time grid cells to areas against a polygon per cell, in one run: ratios, differences, peak memory.

    python benchmarks/transfer.py            # 50,000 cells -> 529 areas, 500,000 cells -> 2,025 areas
    python benchmarks/transfer.py --quick    # the small case only

Each way runs in a process of its own, so that the peak memory is its own. CPU seconds are user and system time of the
call alone, without imports and without making the city; building the polygons of the cells belongs to the call. Ours is
the median of five calls, the others are called once.

- overlay: `geopandas.overlay` of cells and areas, then a sum by area;
- straddlers: a tree of the cells, those within an area taken whole, the others intersected, as areal interpolation
  packages do;
- centres: cells whose centre lies in an area taken whole, which is quick and not exact.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).resolve().parent]

SIZE = 100.0
COLUMNS = [f"g{k}" for k in range(9)]
CORNER = np.array([4_334_000.0, 2_684_000.0])
WAYS = ("ours", "overlay", "straddlers", "centres")
CASES = ((50_000, 500), (500_000, 2_000))


def city(n_cells: int, n_areas: int) -> tuple[Any, Any]:
    """Make a full grid of cells with nine counts, and wavy districts of 96 corners that fit together."""
    import geopandas as gpd
    import pandas as pd
    import shapely

    side = int(np.sqrt(n_cells))
    column, row = np.divmod(np.arange(side**2), side)
    random = np.random.default_rng(n_cells)
    counts = {name: random.integers(0, 50, side**2) for name in COLUMNS}
    x, y = CORNER[0] + column * SIZE, CORNER[1] + row * SIZE
    cells = pd.DataFrame({"x": x, "y": y, **counts})
    n = int(np.ceil(np.sqrt(n_areas)))
    width = side * SIZE / n
    step = np.linspace(0, 1, 24, endpoint=False)
    zero = np.zeros(24)
    ring = np.vstack(
        [np.column_stack(edge) for edge in ((step, zero), (zero + 1, step), (1 - step, zero + 1), (zero, 1 - step))]
    )

    def wavy(points: np.ndarray) -> np.ndarray:
        u, v = points.T / width
        shift = [0.06 * np.sin(8.2 * v) + 0.02 * np.sin(9 * v), 0.06 * np.sin(6.9 * u) + 0.02 * np.cos(7 * u)]
        return points + width * np.column_stack(shift)

    shapes = [shapely.Polygon(CORNER + wavy((ring + np.array([i, j])) * width)) for j in range(n) for i in range(n)]
    keys = pd.Index([f"a{i}" for i in range(n**2)])
    return cells, gpd.GeoDataFrame(index=keys, geometry=shapes, crs="EPSG:3035")


def ours(cells: Any, areas: Any) -> np.ndarray:
    """Sum by coverage, with all checks and the report."""
    import quartiersatlas as qa

    return qa.grid_to_areas(cells, areas, cell_size=SIZE).table[COLUMNS].to_numpy()


def squares(cells: Any) -> np.ndarray:
    """Build a polygon for every cell."""
    import shapely

    x, y = cells["x"].to_numpy(), cells["y"].to_numpy()
    return shapely.box(x, y, x + SIZE, y + SIZE)


def overlay(cells: Any, areas: Any) -> np.ndarray:
    """Cut all cells with all areas by geopandas."""
    import geopandas as gpd

    polygons = gpd.GeoDataFrame(cells[COLUMNS], geometry=squares(cells), crs=areas.crs)
    pieces = gpd.overlay(polygons, areas.rename_axis("key").reset_index(), how="intersection", keep_geom_type=True)
    sums = pieces[COLUMNS].mul(pieces.area / SIZE**2, axis=0).groupby(pieces["key"]).sum()
    return sums.reindex(areas.index).to_numpy()


def straddlers(cells: Any, areas: Any) -> np.ndarray:
    """Take cells within an area whole and intersect the others."""
    import shapely

    polygons, shapes = squares(cells), areas.geometry.to_numpy()
    tree = shapely.STRtree(polygons)
    shapely.prepare(shapes)
    area, cell = tree.query(shapes, predicate="intersects")
    within = shapely.covers(shapes[area], polygons[cell])
    share = np.ones(len(area))
    share[~within] = shapely.area(shapely.intersection(shapes[area[~within]], polygons[cell[~within]])) / SIZE**2
    values = cells[COLUMNS].to_numpy(dtype=float)
    return np.column_stack([np.bincount(area, share * values[cell, k], len(shapes)) for k in range(len(COLUMNS))])


def centres(cells: Any, areas: Any) -> np.ndarray:
    """Take cells whole whose centre lies in an area."""
    import shapely

    shapes = areas.geometry.to_numpy()
    points = shapely.points(cells["x"].to_numpy() + SIZE / 2, cells["y"].to_numpy() + SIZE / 2)
    area, cell = shapely.STRtree(points).query(shapes, predicate="contains")
    values = cells[COLUMNS].to_numpy(dtype=float)
    return np.column_stack([np.bincount(area, values[cell, k], len(shapes)) for k in range(len(COLUMNS))])


def measure(way: str, n_cells: int, n_areas: int, file: str) -> None:
    """Measure one way in this process; write the sums to a file and print the rest as JSON."""
    warnings.simplefilter("ignore")
    import geopandas  # noqa: F401

    import quartiersatlas.space  # noqa: F401

    cells, areas = city(n_cells, n_areas)
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds, sums = [], np.array([])
    for _ in range(5 if way == "ours" else 1):
        start = time.process_time()
        sums = globals()[way](cells, areas)
        seconds.append(time.process_time() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    np.save(file, sums)
    print(json.dumps({"cpu": float(np.median(seconds)), "peak": peak / 1024, "base": base / 1024, "n": len(areas)}))


def main() -> None:
    """Run all ways on all cases and print the table."""
    import tempfile

    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--quick", action="store_true", help="the small case only")
    options.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.one:
        way, n_cells, n_areas, file = given.one
        measure(way, int(n_cells), int(n_areas), file)
        return
    print(f"{'cells':>8} {'areas':>6} {'way':12} {'CPU s':>8} {'MB':>6} {'ratio':>7} {'max diff':>9}  of persons")
    with tempfile.TemporaryDirectory() as folder:
        for n_cells, n_areas in CASES[: 1 if given.quick else None]:
            found = {}
            for way in WAYS:
                file = str(Path(folder) / f"{way}.npy")
                command = [sys.executable, __file__, "--one", way, str(n_cells), str(n_areas), file]
                done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
                found[way] = json.loads(done.stdout.strip().splitlines()[-1]) | {"sums": np.load(file)}
                one = found[way]
                difference = np.abs(one["sums"] - found["ours"]["sums"]).max()
                print(
                    f"{n_cells:>8,} {one['n']:>6,} {way:12} {one['cpu']:8.3f} {one['peak']:6.0f} "
                    f"{one['cpu'] / found['ours']['cpu']:6.1f}x {difference:9.1e}  {one['sums'].max():,.0f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
