"""Time the uncertainty analysis of the need index and its parts.

    python benchmarks/need.py            # everything
    python benchmarks/need.py --quick    # the three figures that have a limit

CPU seconds (user and system, all threads) and wall seconds of the call alone, the median of five calls, the first one
included; peak memory is that of the whole process after the case. Every case runs in a process of its own. The R
package COINr 1.1.14 was measured once in R 4.2.2 on two cores: 57.8 s for 100 replications of an index of 51 units and
49 indicators, 82 s for its Copeland aggregation of 540 units and 4 indicators.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

CLASSES = [
    {"id": "high", "upper": -1.0, "label_de": "hoch", "label_en": "high"},
    {"id": "medium", "upper": 1.0, "label_de": "mittel", "label_en": "medium"},
    {"id": "low", "upper": 1.5, "label_de": "niedrig", "label_en": "low"},
    {"id": "very_low", "label_de": "sehr niedrig", "label_en": "very low"},
]
WORSE = {"status": ["low", "very_low"]}


def index(n_areas: int, n_indicators: int, **axis: Any) -> Any:
    """Compute an index of areas whose indicators agree in part, with counts behind every indicator."""
    import quartiersatlas as qa

    random = np.random.default_rng(n_areas)
    level = random.beta(3, 15, n_areas)
    columns: dict[str, Any] = {}
    for k in range(n_indicators):
        people = random.integers(300, 6000, n_areas)
        columns[f"n{k}"] = people.astype(float)
        columns[f"x{k}"] = random.binomial(people, np.clip(level * random.uniform(0.8, 1.2, n_areas), 0, 1)).astype(
            float
        )
    frame = pd.DataFrame(columns, index=[f"{i:06d}" for i in range(n_areas)])
    members = [{"id": f"i{k}", "numerator": f"x{k}", "denominator": f"n{k}"} for k in range(n_indicators)]
    content = {"id": "status", "standardise": {"method": "z"}, "classes": CLASSES, "indicators": members, **axis}
    spec = qa.NeedSpec.from_dict({"id": "benchmark", "source": "none", "min_population": 0, "axes": [content]})
    return qa.need_index(frame, spec)


def copeland(n_areas: int, n_indicators: int) -> Any:
    """Return values whose Copeland scores are wanted, on one scale, with equal weights."""
    return np.random.default_rng(1).random((n_indicators, n_areas)), np.ones(n_indicators)


def score(case: Any) -> Any:
    """Compute Copeland scores."""
    from quartiersatlas.need.score.scores import aggregated

    return aggregated(*case, "copeland", "benchmark")


CASES = {
    "2,000 runs over data, weights, methods, limits; 542 areas, 4 indicators": (
        lambda: index(542, 4),
        lambda need: need.stability(n=2000, seed=1, select=WORSE),
    ),
    "100 runs; 51 units, 49 indicators": (
        lambda: index(51, 49),
        lambda need: need.stability(n=100, seed=1, select=WORSE),
    ),
    "Copeland; 540 areas, 4 indicators": (lambda: copeland(540, 4), score),
    "Copeland; 5,000 areas, 4 indicators": (lambda: copeland(5000, 4), score),
    "2,000 runs over data alone; 542 areas, 4 indicators": (
        lambda: index(542, 4),
        lambda need: need.stability(n=2000, seed=1, select=WORSE, vary=["data"]),
    ),
    "1,000 runs over everything; 5,000 areas, 6 indicators": (
        lambda: index(5000, 6),
        lambda need: need.stability(n=1000, seed=1, select=WORSE),
    ),
    "Sobol indices, 2,048 runs; 542 areas, 4 indicators": (
        lambda: index(542, 4),
        lambda need: need.sensitivity(n=256, seed=1, select=WORSE),
    ),
    "without each area; 542 areas, 4 indicators": (lambda: index(542, 4), lambda need: need.influence()),
    "smallest weight change; 542 areas, 4 indicators": (
        lambda: index(542, 4),
        lambda need: need.smallest_weight_change(WORSE),
    ),
}
LIMITED = list(CASES)[:3]


def measured(name: str) -> dict[str, float]:
    """Run a case in this process."""
    make, call = CASES[name]
    case = make()
    wall, cpu = [], []
    for _ in range(5):
        start, used = time.perf_counter(), time.process_time()
        call(case)
        wall.append(time.perf_counter() - start)
        cpu.append(time.process_time() - used)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"wall": float(np.median(wall)), "cpu": float(np.median(cpu)), "peak": peak}


def main() -> None:
    """Measure the cases, each in a process of its own, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only the figures that have a limit")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        print(json.dumps(measured(options.case)))
        return
    print("| case | wall | CPU | peak memory |\n| --- | ---: | ---: | ---: |")
    for name in LIMITED if options.quick else CASES:
        command = [sys.executable, str(Path(__file__).resolve()), "--case", name]
        answer = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own script
        found = json.loads(answer.stdout)
        print(f"| {name} | {found['wall']:.3f} s | {found['cpu']:.3f} s | {found['peak']:.0f} MB |", flush=True)


if __name__ == "__main__":
    main()
