"""Time the segregation indices against the package `segregation` in one run: ratios, differences, peak memory.

    python benchmarks/segregation.py            # n = 500, 5,000 with the peer; 50,000 and 500,000 of ours
    python benchmarks/segregation.py --quick    # n = 500 only

Every measurement runs in a process of its own, so that the peak memory is its own and the first call is a first call.
CPU seconds are user and system time of the call alone, without imports and without making the city; the peer's
compilation at its first call counts, as it does for whoever calls it. Ours is the median of five calls, the first
one included; the peer is called once. Where the peer is known to be wrong, the difference is no error of ours:
tests/segregation documents each case.
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
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).resolve().parent]

K = 8  # groups
RADIUS = 2000.0
RADII = (250, 500, 1000, 1500, 2000, 3000, 4000)
LIMIT = {"ours": 900, "peer": 900}  # seconds after which a measurement is given up
PATIENCE = 60  # the same for the peer with more than 5,000 areas, where most of its indices do not end
MEMORY = 12 * 2**30  # bytes the peer may have, so that its n x n matrices fail before the machine does


def city(n: int, kind: str) -> Any:
    """Make a city of n areas with 8 groups from smooth fields: Voronoi cells, or squares of 100 m."""
    import geopandas as gpd
    import shapely

    random = np.random.default_rng(n)
    if kind == "grid":
        side = int(np.ceil(np.sqrt(n)))
        column, row = np.divmod(np.arange(n), side)
        left, low = column * 100.0, row * 100.0
        shapes = shapely.box(left, low, left + 100, low + 100)
        points = np.column_stack([left + 50, low + 50])
    else:
        extent = 100 * np.sqrt(n) * 3.14  # 2,000 m reach 128 of 5,000 areas
        seeds = shapely.points(random.random((n, 2)) * extent)
        cells = shapely.voronoi_polygons(shapely.multipoints(seeds), extend_to=shapely.box(0, 0, extent, extent))
        shapes = shapely.intersection(shapely.get_parts(cells), shapely.box(0, 0, extent, extent))
        points = shapely.get_coordinates(shapely.centroid(shapes))
    where = points / points.max()
    fields = [np.sin(4 * where @ random.normal(size=2) + k) for k in range(K)]
    shares = np.exp(np.column_stack(fields))
    shares /= shares.sum(axis=1, keepdims=True)
    total = random.integers(40, 700, n)
    counts = random.multinomial(total, shares)
    frame = {f"g{k}": counts[:, k] for k in range(K)} | {"total": total}
    return gpd.GeoDataFrame(frame, geometry=shapes, crs="EPSG:25832")


def groups() -> list[str]:
    """Name the groups."""
    return [f"g{k}" for k in range(K)]


def ours(index: str | list[str], **options: Any) -> Callable[[Any], np.ndarray]:
    """Return a call of our table for an index of one group, or of all groups."""

    def call(frame: Any) -> np.ndarray:
        import quartiersatlas as qa
        from quartiersatlas.segregation.registry import registry

        several = registry()[index if isinstance(index, str) else index[0]].applies_to == "composition"
        result = qa.measure_segregation(
            frame, groups() if several else "g0", population=None if several else "total", indices=index, **options
        )
        return result.table["value"].to_numpy()

    return call


def plain(name: str) -> Callable[[Any], np.ndarray]:
    """Return a call of a plain function, without the expectation and the notes that the table gives as well."""

    def call(frame: Any) -> np.ndarray:
        from quartiersatlas import segregation

        function = getattr(segregation, name)
        if name in ("multigroup_dissimilarity", "multigroup_gini", "information_theory"):
            return np.atleast_1d(function(frame[groups()].to_numpy()))
        return np.atleast_1d(function(frame["g0"], frame["total"] - frame["g0"]))

    return call


def peer(name: str, **options: Any) -> Callable[[Any], np.ndarray]:
    """Return a call of the package for an index of one group, or of all groups."""

    def call(frame: Any) -> np.ndarray:
        from segregation import multigroup, singlegroup

        if hasattr(multigroup, name):
            return np.atleast_1d(getattr(multigroup, name)(frame, groups(), **options).statistic)
        return np.atleast_1d(getattr(singlegroup, name)(frame, "g0", "total", **options).statistic)

    return call


def boundary(index: str) -> Callable[[Any], np.ndarray]:
    """Return a call of a boundary index, from the outlines on."""

    def call(frame: Any) -> np.ndarray:
        from quartiersatlas import segregation
        from quartiersatlas.space.neighbours import borders

        found = borders(frame.geometry.to_numpy())
        pair = frame["g0"], frame["total"] - frame["g0"]
        if index == "morrill":
            return np.atleast_1d(segregation.morrill(*pair, *found.queen))
        if index == "wong_boundary":
            return np.atleast_1d(segregation.wong_boundary(*pair, found.one, found.other, found.length))
        shape = found.perimeter, frame.area
        return np.atleast_1d(segregation.wong_shape(*pair, found.one, found.other, found.length, *shape))

    return call


def our_profile(frame: Any) -> np.ndarray:
    """Compute the spatial information theory index of all groups at seven radii."""
    import shapely

    from quartiersatlas.segregation import segregation_profile

    points = shapely.get_coordinates(shapely.centroid(frame.geometry.to_numpy()))
    return segregation_profile(frame[groups()].to_numpy(), points, RADII).information_theory


def peer_profile(frame: Any) -> np.ndarray:
    """Do the same with the package."""
    from segregation.dynamics import compute_multiscalar_profile
    from segregation.multigroup import MultiInfoTheory

    return compute_multiscalar_profile(frame, MultiInfoTheory, distances=list(RADII), groups=groups()).to_numpy()[1:]


def our_spatial(frame: Any) -> np.ndarray:
    """Compute the four spatial indices of all groups at one radius."""
    import shapely

    from quartiersatlas.segregation import segregation_profile

    points = shapely.get_coordinates(shapely.centroid(frame.geometry.to_numpy()))
    return segregation_profile(frame[groups()].to_numpy(), points, RADIUS).information_theory


def our_bootstrap(frame: Any) -> np.ndarray:
    """Draw the areas 500 times and compute D each time."""
    import quartiersatlas as qa

    table = qa.measure_segregation(
        frame.drop(columns="geometry"),
        "g0",
        population="total",
        indices="dissimilarity",
        resample="areas",
        n=500,
        seed=1,
    ).table
    return table["value"].to_numpy()


def our_test(null: str) -> Callable[[Any], np.ndarray]:
    """Test D with 500 draws, or without."""

    def call(frame: Any) -> np.ndarray:
        import quartiersatlas as qa

        result = qa.measure_segregation(
            frame.drop(columns="geometry"), "g0", population="total", indices="dissimilarity"
        )
        return result.test(null, n=500, seed=1)["value"].to_numpy()

    return call


def our_analytic_null(frame: Any) -> np.ndarray:
    """Compute mean and spread of D under evenness from the formula."""
    from quartiersatlas.segregation.counts import group_in_population
    from quartiersatlas.segregation.indices.evenness import dissimilarity_under_evenness

    return np.concatenate(dissimilarity_under_evenness(group_in_population(frame["g0"], frame["total"])))


def peer_test(approach: str) -> Callable[[Any], np.ndarray]:
    """Test D with the package, 500 draws."""

    def call(frame: Any) -> np.ndarray:
        from segregation.singlegroup import Dissim

        from segregation.inference import SingleValueTest

        index = Dissim(frame, "g0", "total")
        SingleValueTest(index, iterations_under_null=500, null_approach=approach, n_jobs=1)
        return np.atleast_1d(index.statistic)

    return call


CLUSTERING = [
    "spatial_proximity",
    "absolute_clustering",
    "relative_clustering",
    "distance_decay_isolation",
    "distance_decay_interaction",
]
DECAY = {"decay": 1000}

# name: ours, the peer, whether the peer's value is right
CASES: dict[str, tuple[Callable[[Any], np.ndarray], Callable[[Any], np.ndarray] | None, bool]] = {
    "dissimilarity": (plain("dissimilarity"), peer("Dissim"), True),
    "gini": (plain("gini"), peer("Gini"), True),
    "concentration_profile": (plain("concentration_profile"), peer("ConProf"), True),
    "density_corrected": (plain("density_corrected_dissimilarity"), peer("DensityCorrectedDissim"), True),
    "bias_corrected": (plain("bias_corrected_dissimilarity"), peer("BiasCorrectedDissim"), True),
    "multigroup_dissimilarity": (plain("multigroup_dissimilarity"), peer("MultiDissim"), True),
    "multigroup_gini": (plain("multigroup_gini"), peer("MultiGini"), True),
    "information_theory": (plain("information_theory"), peer("MultiInfoTheory"), True),
    "table of the standard indices": (
        ours(["dissimilarity", "gini", "theil_h", "isolation", "interaction"]),
        None,
        True,
    ),
    "delta": (ours("delta"), peer("Delta"), True),
    "morrill (queen)": (boundary("morrill"), peer("SpatialDissim"), True),
    "wong_boundary": (boundary("wong_boundary"), peer("BoundarySpatialDissim", standardize=False), True),
    "wong_shape": (boundary("wong_shape"), peer("PARDissim"), True),
    "spatial H, 2000 m": (our_spatial, peer("MultiInfoTheory", distance=RADIUS), False),
    "spatial profile, 7 radii": (our_profile, peer_profile, False),
    "spatial_proximity": (ours("spatial_proximity", **DECAY), peer("SpatialProximity"), False),
    "absolute_clustering": (ours("absolute_clustering", **DECAY), peer("AbsoluteClustering"), False),
    "relative_clustering": (ours("relative_clustering", **DECAY), peer("RelativeClustering"), False),
    "distance_decay_isolation": (ours("distance_decay_isolation", **DECAY), peer("DistanceDecayIsolation"), False),
    "distance_decay_interaction": (
        ours("distance_decay_interaction", **DECAY),
        peer("DistanceDecayInteraction"),
        False,
    ),
    "all five of them": (ours(CLUSTERING, **DECAY), None, False),
    "spatial_proximity_profile": (ours("spatial_proximity_profile", contiguity="queen"), peer("SpatialProxProf"), True),
    "distortion": (ours("distortion"), peer("GlobalDistortion"), False),
    "D, 500 x areas drawn": (our_bootstrap, peer_test("bootstrap"), True),
    "D, 500 x evenness": (our_test("evenness"), peer_test("evenness"), True),
    "D, 500 x systematic": (our_test("systematic"), peer_test("systematic"), True),
    "D, 500 x persons shuffled": (our_test("person_permutation"), None, True),
    "D, null without draws": (our_analytic_null, None, True),
}
ROUNDS = [
    (500, "voronoi", list(CASES), True),
    (5_000, "voronoi", list(CASES), True),
    (
        50_000,
        "voronoi",
        [
            "gini",
            "multigroup_gini",
            "morrill (queen)",
            "spatial H, 2000 m",
            "spatial profile, 7 radii",
            "spatial_proximity",
            "all five of them",
        ],
        True,
    ),
    (500_000, "grid", ["gini", "multigroup_gini", "spatial H, 2000 m", "all five of them", "morrill (queen)"], True),
]
GIVEN_UP = ("spatial_proximity_profile",)  # the peer did not end in 200 s at 5,000


def measure(name: str, side: str, n: int, kind: str) -> None:
    """Measure one call in this process and print the result as JSON."""
    warnings.simplefilter("ignore")
    call = CASES[name][0 if side == "ours" else 1]
    assert call is not None  # noqa: S101 - asked for only where there is one
    frame = city(n, kind)
    if side == "peer":
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    load(side)
    seconds, value = [], np.array([])
    for _ in range(5 if side == "ours" else 1):
        start = time.process_time()
        value = call(frame)
        seconds.append(time.process_time() - start)
        if sum(seconds) > 20:  # noqa: PLR2004 - long calls need no median
            break
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        json.dumps(
            {"cpu": float(np.median(seconds)), "peak": peak / 1024, "city": before / 1024, "value": value.tolist()}
        )
    )


def load(side: str) -> None:
    """Import what the calls need, which is not measured."""
    if side == "ours":
        import scipy.fft
        import scipy.special  # noqa: F401

        import quartiersatlas.segregation
        import quartiersatlas.space.neighbours
        import quartiersatlas.space.surroundings  # noqa: F401
    else:
        import segregation  # noqa: F401


def run(name: str, side: str, n: int, kind: str) -> dict[str, Any]:
    """Measure one call in a process of its own."""
    limit = PATIENCE if side == "peer" and n > 5_000 else LIMIT[side]  # noqa: PLR2004 - see PATIENCE
    command = [sys.executable, __file__, "--one", name, side, str(n), kind]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        return {"failed": f"given up after {limit} s"}
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or ["killed"])[-1][:60]}
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def line(name: str, n: int, kind: str, *, with_peer: bool) -> str:
    """Measure both sides and return a row of the table."""
    mine = run(name, "ours", n, kind)
    if "failed" in mine:
        return f"{n:>7,} {name:28} FAILED {mine['failed']}"
    row = f"{n:>7,} {name:28} {mine['cpu']:10.4f} {mine['peak']:7.0f}"
    theirs = CASES[name][1]
    if theirs is None or not with_peer or (n > 500 and name in GIVEN_UP):  # noqa: PLR2004 - see GIVEN_UP
        return row + "      -"
    other = run(name, "peer", n, kind)
    if "failed" in other:
        return f"{row}   peer: {other['failed']}"
    difference = float(np.max(np.abs(np.array(mine["value"]) - np.array(other["value"]))))
    remark = "" if CASES[name][2] else " (the peer's formula differs)"
    return (
        f"{row} {other['cpu']:10.4f} {other['peak']:7.0f} {other['cpu'] / mine['cpu']:9.0f}x {difference:10.1e}{remark}"
    )


def main() -> None:
    """Run the rounds."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--quick", action="store_true", help="n = 500 only")
    options.add_argument("--only", default="", help="cases whose name contains this")
    options.add_argument("--n", type=int, default=0, help="this number of areas only")
    options.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.one:
        name, side, n, kind = given.one
        measure(name, side, int(n), kind)
        return
    heads = ("ours CPU s", "MB", "peer CPU s", "MB", "ratio", "max diff")
    print(f"{'n':>7} {'index':28} " + " ".join(f"{h:>{7 if h == 'MB' else 10}}" for h in heads))
    for n, kind, names, with_peer in ROUNDS[: 1 if given.quick else None]:
        if given.n and n != given.n:
            continue
        for name in (name for name in names if given.only in name):
            print(line(name, n, kind, with_peer=with_peer), flush=True)


if __name__ == "__main__":
    main()
