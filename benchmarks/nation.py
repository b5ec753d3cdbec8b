"""A nation of 2.6 million cells: what its screening takes, beside reading its columns and bare draws, in one run.

    python benchmarks/nation.py                 # cells, screening, 20 runs: some minutes
    python benchmarks/nation.py --runs 200      # as the documentation has it
    python benchmarks/nation.py --copies 13     # 34 million rows
    python benchmarks/nation.py --calibration   # is P(found) what it says?
    python benchmarks/nation.py --overview page.html   # the page of 5,000 quarters in 550 towns of 10,790

The nation is drawn: fields of residents and of shares with neighbours alike, municipalities of square blocks. Seconds
are those of the CPU; ratios are what counts.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from scipy.ndimage import gaussian_filter

import quartiersatlas as qa

HALF = 0.5
TURNS = 5  # of reading and screening, whose mean is told
TOWNS, SIDE, LANDS = 10_790, 22, 16  # municipalities of 22 x 22 cells, half of them inhabited
RATES = {"mig_share": ("mig", "pop"), "low_share": ("low", "pop")}
RULE = qa.above("mig_share", than="municipality", factor="1.5") & qa.above(
    "low_share", than="municipality", factor="1.3"
)


def main() -> None:
    """Print all ratios."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--copies", type=int, default=0)
    parser.add_argument("--calibration", action="store_true")
    parser.add_argument("--overview", metavar="PAGE")
    options = parser.parse_args()
    if options.overview:
        overview(Path(options.overview))
        return
    if options.calibration:
        calibration(100)
        single_areas(3000, 100)
        return
    with tempfile.TemporaryDirectory() as folder:
        screening(Path(folder), options.runs, options.copies)


def draw_nation(towns: int, seed: int = 1) -> pd.DataFrame:
    """Draw the cells of square municipalities that lie side by side."""
    rng = np.random.default_rng(seed)
    across = int(np.ceil(np.sqrt(towns)))
    shape = (across * SIDE, across * SIDE)
    density = np.exp(3 + 1.2 * gaussian_filter(rng.normal(size=shape), 3) / 0.094)
    foreign = np.clip(0.12 * np.exp(0.6 * gaussian_filter(rng.normal(size=shape), 2) / 0.14), 0.01, 0.9)
    y, x = np.nonzero(rng.random(shape) < HALF)
    town = (y // SIDE) * across + x // SIDE
    inside = town < towns
    x, y, town = x[inside], y[inside], town[inside]
    pop = rng.poisson(np.clip(density[y, x], 3, 400)) + 3
    share = foreign[y, x]
    land = town * LANDS // towns
    ags = np.char.add(np.char.zfill((land + 1).astype(str), 2), np.char.zfill(town.astype(str), 6))
    mig, low = rng.binomial(pop, share), rng.binomial(pop, np.clip(0.1 + 0.6 * share, 0, 0.9))
    counts = {"pop": pop, "mig": mig, "low": low}
    return pd.DataFrame({"ags": ags.astype(object), "x": 100 * x, "y": 100 * y, **counts})


def peak() -> float:
    """Return the peak memory of this process in MB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1e3


def measured(call: object) -> tuple[float, object]:
    """Return the CPU seconds of a call and what it gives."""
    start = time.process_time()
    found = call()  # type: ignore[operator]
    return time.process_time() - start, found


def screening(folder: Path, runs: int, copies: int) -> None:
    """Print the ratios of screening and runs, and how time grows with copies."""
    seconds, cells, residents = written(folder / "cells")
    print(f"{cells.rows:,} cells, {residents:,} residents, {len(cells.files)} files, written in {seconds:.1f} s")
    one_process(folder / "cells", 0)
    if runs:
        one_process(folder / "cells", runs)
    if copies:
        many(folder / "cells", copies)


def written(folder: Path) -> tuple[float, qa.GridCells, int]:
    """Draw and write the nation; the frame is gone afterwards."""
    frame = draw_nation(TOWNS)
    start = time.process_time()
    cells = qa.write_cells(frame, folder, layout="plain", population="pop", rates=RATES)
    return time.process_time() - start, cells, int(frame["pop"].sum())


def one_process(folder: Path, runs: int) -> None:
    """Measure in a process of its own, for its peak is of the process."""
    import subprocess
    import sys

    here = str(Path(__file__).parent)
    code = f"import sys; sys.path.insert(0, {here!r}); import nation; nation.inside({str(folder)!r}, {runs})"
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - our own


def inside(folder: str, runs: int) -> None:
    """Print one ratio: the screening beside reading its columns, or runs beside their bare draws."""
    cells = qa.open_cells(folder)
    qa.plan_cells(cells, RULE)
    start = qa.screen_cells(cells, RULE, min_municipality=10**12)  # imports, and the pages of the files
    base = peak()
    if not runs:
        reading = seconds = 0.0
        for _ in range(TURNS):  # in turn, for other work on the machine slows both
            reading += measured(lambda: [read_bare(cells.folder / file.name) for file in cells.files])[0] / TURNS
            took, found = measured(lambda: qa.screen_cells(cells, RULE))
            seconds += took / TURNS
        print(
            f"screening {seconds:.2f} s, reading {reading:.2f} s: x {seconds / reading:.2f}; peak {peak():.0f} MB "
            f"({base:.0f})"
        )
        print(found)
        return
    large = start.municipalities.index[start.municipalities["residents"] >= 5000]  # noqa: PLR2004 - the default
    bare, _ = measured(lambda: draw_bare(cells, set(large), runs))
    before = peak()
    for noise in ("binomial", "cell_key"):
        seconds, found = measured(lambda noise=noise: qa.screen_cells(cells, RULE, n=runs, seed=1, noise=noise))
        print(
            f"{runs} runs {noise} {seconds:.1f} s, bare binomial {bare:.1f} s: x {seconds / bare:.2f}; peak "
            f"{peak():.0f} MB ({before:.0f})"
        )
        print(found)


def read_bare(path: Path) -> int:
    """Read the columns of a file into numbers."""
    table = pq.ParquetFile(path).read(columns=["ags", "x", "y", "pop", "mig", "low"], use_threads=False)
    table.column("ags").combine_chunks().dictionary_encode()
    return sum(int(table.column(name).to_numpy().astype(np.int64).sum()) for name in ("x", "y", "pop", "mig", "low"))


def draw_bare(cells: qa.GridCells, large: set[str], runs: int) -> None:
    """Draw both groups of all municipalities that are screened, and nothing else."""
    rng = np.random.default_rng(1)
    for file in cells.files:
        frame = pq.ParquetFile(cells.folder / file.name).read(columns=["ags", "pop", "mig", "low"]).to_pandas()
        for ags, town in frame.groupby("ags", sort=False):
            if ags in large:
                n = town["pop"].to_numpy().astype(np.int64)
                for name in ("mig", "low"):
                    rng.binomial(n, town[name].to_numpy() / n, (runs, len(n)))


def many(folder: Path, copies: int) -> None:
    """Print what copies of the nation take: further Länder with the same cells."""
    import json
    import shutil

    cells = qa.open_cells(folder)
    one, _ = measured(lambda: qa.screen_cells(cells, RULE))
    content = json.loads((folder / "cells.json").read_text())
    towns = pd.read_parquet(folder / "municipalities.parquet")
    files, frames = [], []
    for k in range(copies):
        for file in content["files"]:
            table = pq.ParquetFile(folder / file["name"]).read().to_pandas()
            new = {**file, "name": file["name"].replace("part", f"part-{k:02}")}
            table["ags"] = f"{k:02}" + table["ags"]
            new["first"], new["last"] = f"{k:02}{file['first']}", f"{k:02}{file['last']}"
            table.to_parquet(folder / new["name"], index=False, row_group_size=50_000, compression="zstd")
            files.append(new)
        frames.append(towns.assign(ags=f"{k:02}" + towns["ags"]))
    for file in content["files"]:
        (folder / file["name"]).unlink()
    (folder / "cells.json").write_text(json.dumps({**content, "files": files}))
    pd.concat(frames).to_parquet(folder / "municipalities.parquet", index=False)
    cells = qa.open_cells(folder)
    seconds, found = measured(lambda: qa.screen_cells(cells, RULE))
    print(
        f"{cells.rows:,} cells in {len(cells.files)} files: {seconds:.1f} s, x {seconds / one / copies:.2f} per "
        f"cell; peak {peak():.0f} MB"
    )
    print(found)
    shutil.rmtree(folder)


LARGE, WIDE = 550, 3  # towns of the overview that have a side of three blocks
QUARTER = 230  # residents, with which there are about 5,000 quarters
WEST_SOUTH = np.array([4_100_000, 2_700_000])  # somewhere in Europe
POINTS = 16  # of each border of a block: real outlines have 65 corners


def overview(page: Path) -> None:
    """Write the page of 5,000 quarters in 550 towns, and print its size and what it takes."""
    frame, outlines = draw_towns()
    with tempfile.TemporaryDirectory() as folder:
        cells = qa.write_cells(
            frame,
            Path(folder) / "cells",
            layout="plain",
            population="pop",
            rates=RATES,
            municipalities=outlines,
            key="ags",
            name="name",
        )
        found = qa.screen_cells(cells, RULE, min_municipality=60_000, min_population=QUARTER)
        print(found)
        texts = {"title": "Vermutungsgebiete", "source": "drawn", "as_of": "2022-05-15", "comment": "Drawn by chance."}
        seconds, released = measured(lambda: found.release(**texts))
        drawing, _ = measured(lambda: qa.overview_map(released, starters="starter").save(page))
    print(
        f"{len(outlines):,} municipalities, release {seconds:.1f} s, page {drawing:.1f} s, "
        f"{page.stat().st_size / 1e6:.2f} MB; peak {peak():.0f} MB"
    )


def draw_towns() -> tuple[pd.DataFrame, object]:
    """Draw a nation of which 550 municipalities have nine blocks, and outlines with crooked borders for all."""
    import geopandas as gpd
    import shapely

    blocks = TOWNS + LARGE * (WIDE**2 - 1)
    frame = draw_nation(blocks)
    across = int(np.ceil(np.sqrt(blocks)))
    row, column = np.divmod(np.arange(blocks), across)
    group = (row // WIDE) * (across // WIDE) + column // WIDE
    whole = np.flatnonzero(np.bincount(group[column < across - across % WIDE]) == WIDE**2)
    chosen = np.random.default_rng(2).choice(whole, LARGE, replace=False)
    is_large = np.isin(group, chosen) & (column < across - across % WIDE)
    owner = np.arange(blocks)
    for number in chosen:
        inside = np.flatnonzero(is_large & (group == number))
        owner[inside] = inside[0]
    keys = np.char.add(np.char.zfill((owner * LANDS // blocks + 1).astype(str), 2), np.char.zfill(owner.astype(str), 6))
    frame["ags"] = keys[frame["ags"].str[2:].astype(int)]
    frame[["x", "y"]] += WEST_SOUTH
    rng, step = np.random.default_rng(3), SIDE * 100
    along = np.linspace(0, 1, POINTS + 1)
    room = 0.8 * step * np.minimum(along, 1 - along)  # so that no border meets the next
    bend = np.clip(300 * rng.normal(size=(2, across + 1, across + 1, POINTS + 1)), -room, room)

    def border(way: int, r: int, c: int) -> object:
        straight, aside = step * (along + (r if way else c)), step * (c if way else r) + bend[way, r, c]
        return np.column_stack([aside, straight] if way else [straight, aside])

    shapes = []
    for r, c in zip(row, column, strict=True):
        sides = [border(0, r, c)[:-1], border(1, r, c + 1)[:-1], border(0, r + 1, c)[:0:-1], border(1, r, c)[:0:-1]]
        shapes.append(shapely.Polygon(np.concatenate(sides) + WEST_SOUTH))
    towns = gpd.GeoDataFrame({"ags": keys}, geometry=shapes, crs="EPSG:3035").dissolve("ags", as_index=False)
    return frame, towns.assign(name="Musterstadt " + towns["ags"].str[2:])


def calibration(runs: int) -> None:
    """Print whether quarters are found again in an independent count as often as P(found) says.

    Shares vary with neighbours alike; the truth is known, for the nation is drawn from it twice.
    """
    said, came = [], []
    for seed in range(4):
        frame = draw_nation(120, seed=seed)
        rng = np.random.default_rng(1000 + seed)
        truth = truth_of(120, seed).loc[frame.index]
        again = frame.assign(mig=rng.binomial(frame["pop"], truth["mig"]), low=rng.binomial(frame["pop"], truth["low"]))
        with tempfile.TemporaryDirectory() as folder:
            options = {"layout": "plain", "population": "pop", "rates": RATES}
            first = qa.write_cells(frame, Path(folder) / "first", **options)
            found = qa.screen_cells(first, RULE, n=runs, seed=seed, min_population=300)
            second = qa.screen_cells(
                qa.write_cells(again, Path(folder) / "second", **options), RULE, min_population=300
            )
        union = second.quarters.geometry.union_all()
        points = pd.DataFrame({"pop": frame["pop"], "x": frame["x"] + 50, "y": frame["y"] + 50})
        said += found.quarters["p_found"].tolist()
        came += [kept_share(points, quarter, union) >= HALF for quarter in found.quarters.geometry]
    table = pd.DataFrame({"said": said, "came": came})
    table["band"] = pd.cut(table["said"], [-0.01, 0.25, 0.5, 0.75, 0.9, 1.0])
    print(
        table.groupby("band", observed=False)
        .agg(quarters=("said", "size"), said=("said", "mean"), came=("came", "mean"))
        .round(3)
    )
    print(f"all {len(table):,} quarters: said {table['said'].mean():.3f}, came {table['came'].mean():.3f}")


def single_areas(n: int, runs: int) -> None:
    """Print how many selected areas without neighbours alike are above the limit, and what the redraws say of it.

    ``"posterior"`` says how likely the true rate is above the limit, ``"raw"`` counts the noise twice.
    """
    import geopandas as gpd
    import shapely

    rng = np.random.default_rng(5)
    pop = 3 + np.exp(rng.normal(3.2, 1.0, n)).astype(int)
    truth = rng.beta(0.12 * 12, 0.88 * 12, n)
    place = 200 * np.arange(n)
    shapes = shapely.box(place, 0, place + 100, 100)
    areas = gpd.GeoDataFrame({"name": "a"}, index=[f"a{k}" for k in range(n)], geometry=shapes, crs=3035)
    rule = qa.above("mig_share", than="city", factor="1.5")

    def listed(mig: object) -> object:
        counts = pd.DataFrame({"pop": pop, "mig": mig}, index=areas.index, dtype=float)
        data = qa.add_rates(qa.join(areas, counts, population="pop"), {"mig_share": ("mig", "pop")})
        return qa.screen(data, rule)

    first = listed(rng.binomial(pop, truth))
    selected = first.selected.to_numpy(bool)
    came = np.mean([listed(rng.binomial(pop, truth)).selected.to_numpy(bool)[selected].mean() for _ in range(20)])
    above = (truth > 1.5 * (pop @ truth) / pop.sum())[selected].mean()
    said = {}
    for redraw in ("posterior", "raw"):
        table = first.stability(runs, seed=1, vary=("data",), redraw=redraw).table
        said[redraw] = round(float(table["p_selected"].to_numpy()[selected].mean()), 3)
    print(f"{int(selected.sum()):,} single areas selected: truly above {above:.3f}, came again {came:.3f}, said {said}")


def truth_of(towns: int, seed: int) -> pd.DataFrame:
    """Return the shares from which :func:`draw_nation` draws the groups."""
    rng = np.random.default_rng(seed)
    across = int(np.ceil(np.sqrt(towns)))
    shape = (across * SIDE, across * SIDE)
    rng.normal(size=shape)
    foreign = np.clip(0.12 * np.exp(0.6 * gaussian_filter(rng.normal(size=shape), 2) / 0.14), 0.01, 0.9)
    y, x = np.nonzero(rng.random(shape) < HALF)
    inside = (y // SIDE) * across + x // SIDE < towns
    share = foreign[y[inside], x[inside]]
    return pd.DataFrame({"mig": share, "low": np.clip(0.1 + 0.6 * share, 0, 0.9)})


def kept_share(points: pd.DataFrame, quarter: object, union: object) -> float:
    """Return the share of the residents of a quarter who live in a quarter of the second count."""
    import shapely

    west, south, east, north = quarter.bounds  # type: ignore[attr-defined]
    near = points[points["x"].between(west, east) & points["y"].between(south, north)]
    own = near[shapely.contains_xy(quarter, near["x"], near["y"])]
    kept = shapely.contains_xy(union, own["x"], own["y"])
    return float(own["pop"][kept].sum() / own["pop"].sum())


if __name__ == "__main__":
    main()
