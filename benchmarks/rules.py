"""What rules mark where there is nothing to find, what they find where there is something, and how long they take.

    python benchmarks/rules.py            # everything
    python benchmarks/rules.py --quick    # the times alone

Cities are drawn at random with a fixed seed: 500 areas of 300 to 2,500 persons, all at 15 % (nothing there), or 50 of
them at 20 % and the others at 15 %. Hotspots are looked for on a grid of 25 x 20 squares with neighbours on four sides.
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Any

import numpy as np

import quartiersatlas as qa
from quartiersatlas.screening.evaluation.evaluate import evaluate
from quartiersatlas.screening.evaluation.evidence import Evidence, numbers, rate

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]

AREAS, RUNS, SHARE, RAISED, NEEDY = 500, 1000, 0.15, 0.20, 50
CITY = {"than": "city"}
TESTS = {
    "above the city": qa.above("x", **CITY),
    "above, single tests at 5 %": qa.above("x", **CITY, significant=0.05, correction="none"),
    "above, Benjamini & Hochberg at 5 %": qa.above("x", **CITY, significant=0.05),
}


def persons(random: np.random.Generator) -> Any:
    """Return how many persons live in each area."""
    return random.integers(300, 2501, AREAS)


def marked(rule: Any, x: Any, n: Any) -> Bools:
    """Return what a rule marks in every run."""
    found: Bools = evaluate(rule, Evidence({"x": rate(x, np.broadcast_to(n, x.shape))}, x.shape[1]))[0].yes
    return found


def wilson(x: Any, n: Any) -> Bools:
    """Return where the lower end of Wilson's 95 % interval is above the city."""
    z, p = 1.959963984540054, x / n
    lower = (p + z * z / (2 * n) - z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (1 + z * z / n)
    above: Bools = lower > x.sum(axis=1, keepdims=True) / n.sum()
    return above


def nothing_there() -> list[str]:
    """Return the lines on cities in which all areas have the same chance."""
    random = np.random.default_rng(7)
    n = persons(random)
    x = random.binomial(n, SHARE, (RUNS, AREAS))
    found = {name: marked(rule, x, n) for name, rule in TESTS.items()} | {"Wilson's lower limit above": wilson(x, n)}
    lines = ["| nothing there: 500 areas at 15 % | areas marked | cities with any mark |", "| --- | ---: | ---: |"]
    lines += [f"| {name} | {y.sum(axis=1).mean():.1f} | {y.any(axis=1).mean():.1%} |" for name, y in found.items()]
    values = random.normal(size=(RUNS, AREAS))
    one, other = squares(25, 20)
    evidence = Evidence({"x": numbers(values)}, AREAS, neighbours=lambda: (one, other))  # type: ignore[arg-type]
    spots = evaluate(qa.hotspot("x"), evidence)[0].yes
    alone = uncorrected(values, one, other)
    found = {"hotspot Gi*, Benjamini & Hochberg at 5 %": spots, "hotspot Gi*, each at 5 %": alone}
    lines += [f"| {name} | {y.sum(axis=1).mean():.2f} | {y.any(axis=1).mean():.1%} |" for name, y in found.items()]
    return lines


def uncorrected(values: Any, one: Any, other: Any) -> Bools:
    """Return where the test of each area alone rejects at 5 %."""
    from quartiersatlas.screening.evaluation.chance_tests import hotspot_p_values

    return hotspot_p_values(qa.hotspot("x"), values, one, other) <= 0.05  # type: ignore[arg-type] # noqa: PLR2004


def something_there() -> list[str]:
    """Return the lines on cities in which a tenth of the areas have more."""
    random = np.random.default_rng(8)
    n = persons(random)
    needy = np.arange(AREAS) < NEEDY
    x = random.binomial(n, np.where(needy, RAISED, SHARE), (RUNS, AREAS))
    lines = [
        "| 50 of 500 areas at 20 %, the others at 15 % | found | false among those marked |",
        "| --- | ---: | ---: |",
    ]
    for name, rule in TESTS.items():
        y = marked(rule, x, n)
        false = y[:, ~needy].sum(axis=1) / np.maximum(y.sum(axis=1), 1)
        lines.append(f"| {name} | {y[:, needy].mean():.0%} | {false.mean():.1%} |")
    return lines


def squares(columns: int, rows: int) -> tuple[Any, Any]:
    """Return the pairs of squares that share a side."""
    place = np.arange(columns * rows).reshape(rows, columns)
    one = np.concatenate([place[:, :-1].ravel(), place[:-1].ravel()])
    return one, np.concatenate([place[:, 1:].ravel(), place[1:].ravel()])


def times() -> list[str]:
    """Return how long rules take."""
    random = np.random.default_rng(9)
    rule = qa.above_city("a", "b") & (qa.worst_share("a", 0.2) | qa.above("b", 18))

    def case(runs: int, areas: int) -> Evidence:
        n = random.integers(300, 2501, areas)
        columns = {
            name: rate(random.binomial(n, SHARE, (runs, areas)), np.broadcast_to(n, (runs, areas))) for name in "ab"
        }
        return Evidence(columns, areas)

    def hotspots(areas: int, permutations: int) -> Callable[[], object]:
        pairs = squares(areas // 50, 50)
        evidence = Evidence({"x": numbers(random.normal(size=(1, areas)))}, areas, neighbours=lambda: pairs)
        return lambda: evaluate(qa.hotspot("x", permutations=permutations), evidence)

    cases: dict[str, Callable[[], object]] = {}
    for runs, areas in ((1, 5000), (1000, 500), (200, 5000)):
        evidence = case(runs, areas)
        cases[f"4 conditions; {runs:,} runs, {areas:,} areas"] = lambda evidence=evidence: evaluate(rule, evidence)
    tested, many = qa.above("a", **CITY, significant=0.05), case(1000, 500)
    cases["exact tests; 1,000 runs, 500 areas"] = lambda: evaluate(tested, many)
    cases["hotspot; 5,000 areas"] = hotspots(5000, 0)
    cases["hotspot, 9,999 permutations; 500 areas"] = hotspots(500, 9999)
    cases["hotspot, 100,000 permutations; 5,000 areas"] = hotspots(5000, 100_000)
    lines = ["| case | wall seconds |", "| --- | ---: |"]
    for name, call in cases.items():
        start = time.perf_counter()
        call()
        lines.append(f"| {name} | {time.perf_counter() - start:.3f} |")
    return lines


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the times alone")
    quick = parser.parse_args().quick
    for part in [times] if quick else [nothing_there, something_there, times]:
        print("\n".join(part()), end="\n\n", flush=True)


if __name__ == "__main__":
    main()
