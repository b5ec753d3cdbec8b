"""Protect and attack Berlin and random towns: what is withheld, what a hostile reader learns, and what it costs.

    python benchmarks/protection.py --data FOLDER    # the folder with Berlin's areas and residents; or QA_SHARED_DATA
    python benchmarks/protection.py --quick          # towns only

The release is the library's, the reader is the one of the tests, which shares no code with it. CPU seconds (user and
system) of the release and of the attack; peak memory is that of the whole process. Every case runs in a process of its
own. Berlin: residents of 542 areas on 31 December 2024, 27 groups of origin and five sums of citizenship and migration
background (Amt für Statistik Berlin-Brandenburg, CC BY 3.0 DE).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "disclosure" / "hostile"))

PEOPLE = "inhabitants"
FROM = "inhabitants_from_"
OF_ORIGIN = {
    "european_union": (
        "france", "greece", "italy", "austria", "spain", "poland", "bulgaria", "rumania", "croatia",
    ),
    "former_yugoslavia": ("bosnia_herzegovina", "serbia"),
    "former_soviet_union": ("russia", "ukraine", "kazakhstan"),
    "islamic_countries": ("turkey", "iran", "arabic_countries"),
    "arabic_countries": ("lebanon", "syria"),
}  # fmt: skip
BACKGROUND = f"{PEOPLE}_with_migration_background"
GERMANS, FOREIGNERS = f"{PEOPLE}_germans", f"{PEOPLE}_foreigners"
WITH, WITHOUT = f"{GERMANS}_with_migration_background", f"{GERMANS}_without_migration_background"
SUMS = (
    (BACKGROUND, (WITH, FOREIGNERS)),
    (GERMANS, (WITH, WITHOUT)),
    (PEOPLE, (BACKGROUND, WITHOUT)),
    (PEOPLE, (GERMANS, FOREIGNERS)),
)
LEVELS = ("bezirk", "bezirksregion")
MIN_COUNTS = (3, 5, 10)
SIZES = (5, 8, 11, 14, 17, 20)
STEPS = {"suppression": "suppression_pattern", "audit": "audit_release"}  # of a release: what of its CPU is theirs


def berlin(folder: Path, parents: str) -> tuple[Any, Any]:
    """Return Berlin as a user has it, and what a reader knows anyway; parents are Bezirke or Bezirksregionen."""
    import geopandas as gpd
    from attack import KnownAnyway

    import quartiersatlas as qa

    outlines = gpd.read_file(folder / "berlin" / "lor_post2021_PLR" / "lor_planungsraeume_2021.shp")
    outlines = outlines.assign(bezirk=outlines["PLR_ID"].str[:2], bezirksregion=outlines["PLR_ID"].str[:6])
    areas = qa.read_areas(outlines, key="PLR_ID", name="PLR_NAME", parents={parents: parents})
    tables = folder / "berlin" / "population"
    counts = [
        pd.read_csv(tables / f"berlin-lor-population-2024-02-{name}-planning-areas.csv", dtype={"id": str})
        for name in ("t1", "t4")
    ]
    wholes = [PEOPLE, BACKGROUND, GERMANS, WITHOUT, WITH, FOREIGNERS]
    groups = [c for c in counts[1] if c.startswith(FROM) and not c.endswith("_percentage")]
    data = qa.join(areas, qa.read_table(counts[0][["id", *wholes]], key="id"), population=PEOPLE, period="12/2024")
    data = qa.join(data, qa.read_table(counts[1][["id", *groups]], key="id"))
    data = qa.add_rates(data, {f"{name}_share": (name, PEOPLE) for name in [*groups, *wholes[1:]]})
    whole = {f"{FROM}{name}": tuple(f"{FROM}{part}" for part in parts) for name, parts in OF_ORIGIN.items()}
    data = qa.add_relations(data, parts=whole)
    parts = [*((parts, name) for name, parts in whole.items()), *((name, BACKGROUND) for name in groups)]
    known = KnownAnyway(
        data.values[[*wholes, *groups]],
        PEOPLE,
        data.rates,
        {parents: data.areas[parents]},
        SUMS,
        tuple(parts),
    )
    return data, known


def towns(n: int, areas: int) -> list[tuple[Any, Any]]:
    """Return some random towns of so many areas without districts: five groups and their sum."""
    from towns import town

    made = [town(seed, n_areas=areas, n_groups=5, parents="") for seed in range(n)]
    return [(one.data, one.known) for one in made]


def timed(module: Any, name: str) -> list[float]:
    """Let a function of a module note the CPU seconds of its last call."""
    made, spent = getattr(module, name), list[float]()

    def call(*args: Any, **options: Any) -> Any:
        start = time.process_time()
        try:
            return made(*args, **options)
        finally:
            spent.append(time.process_time() - start)

    setattr(module, name, call)
    return spent


def judged(data: Any, known: Any, min_count: int) -> dict[str, float]:
    """Release the data, write them, attack the file, and count."""
    from dataclasses import replace

    from attack import attack

    import quartiersatlas as qa
    from quartiersatlas.disclosure import make

    spent = {name: timed(make, name) for name in STEPS.values()}
    start = time.process_time()
    release = qa.release(data, protection=qa.Protection(min_count=min_count))
    released = time.process_time() - start
    numerators = [f"{rate}_numerator" for rate in known.pairs]
    with TemporaryDirectory() as folder:
        path = qa.export(release, Path(folder) / "a.csv")
        start = time.process_time()
        found = attack(path, replace(known, min_count=min_count))
    verdicts = found["verdict"].value_counts()
    return {
        "withheld": int(
            (release.values[numerators].isna() & ~release.state.ne("shown").to_numpy()[:, None]).sum().sum()
        ),
        "small areas": int(release.values.loc[release.state.eq("small"), numerators].isna().sum().sum()),
        "protected": len(found),
        **{verdict: int(verdicts.get(verdict, 0)) for verdict in ("narrow", "exact", "limit", "parent")},
        "release": released,
        **{step: spent[name].pop() for step, name in STEPS.items()},
        "attack": time.process_time() - start,
    }


def measured(case: str, folder: str | None) -> dict[str, float]:
    """Run a case in this process: ``berlin/bezirk/3`` or ``towns/10/8``."""
    warnings.simplefilter("ignore", UserWarning)  # definitions that are missing
    kind, first, second = case.split("/")
    if kind == "berlin":
        found = pd.DataFrame([judged(*berlin(Path(str(folder)), first), int(second))])
    else:
        found = pd.DataFrame([judged(*one, 3) for one in towns(int(first), int(second))])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {**found.sum().to_dict(), "peak": peak}


def main() -> None:
    """Measure the cases, each in a process of its own, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=os.environ.get("QA_SHARED_DATA"), help="folder that holds berlin/")
    parser.add_argument("--quick", action="store_true", help="towns only")
    parser.add_argument("--towns", type=int, default=10, help="towns of each size")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        print(json.dumps(measured(options.case, options.data)))
        return
    cases = [f"towns/{options.towns}/{size}" for size in SIZES]
    if options.data and not options.quick:
        cases += [f"berlin/{level}/{m}" for level in LEVELS for m in MIN_COUNTS]
    print(
        "| case | withheld | and all of small areas | protected | narrow | exact | limit | parent | release, CPU "
        "| of it suppression | audit | attack, CPU | peak memory |"
    )
    print("| --- |" + " ---: |" * 12)
    for case in cases:
        command = [sys.executable, str(Path(__file__).resolve()), "--case", case]
        command += ["--data", options.data] if options.data else []
        answer = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own script
        f = json.loads(answer.stdout)
        numbers = " | ".join(
            f"{f[name]:,.0f}" for name in ("withheld", "small areas", "protected", "narrow", "exact", "limit", "parent")
        )
        seconds = " | ".join(f"{f[name]:.2f} s" for name in ("release", *STEPS, "attack"))
        print(f"| {case} | {numbers} | {seconds} | {f['peak']:.0f} MB |", flush=True)


if __name__ == "__main__":
    main()
