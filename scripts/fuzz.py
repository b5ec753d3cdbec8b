"""Run the fuzzers: damaged and rewritten files by the thousand, and random towns, in worker processes.

``python scripts/fuzz.py tables --n 2000``, ``geometry --n 1500``, ``projects --n 500``, ``protection --n 400``;
``--seed 17 --n 1`` runs one case once more. The exit status is 1 where a promise was broken; every such case is printed
with its seed.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from importlib import import_module

from fuzzing.workers import LIMIT, run_cases

from quartiersatlas.base.checks import count_noun

KINDS = ("tables", "geometry", "projects", "protection")
SHOWN = 1500  # characters of a fault
SLOW = 3  # cases that are named as the slowest


def main() -> int:
    """Run the cases of one kind and print how they ended."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--n", type=int, default=1000, help="number of cases")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first case; the next has the next one")
    parser.add_argument("--jobs", type=int, default=2, help="worker processes")
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds after which a case counts as lost")
    options = parser.parse_args()
    case = import_module(f"fuzzing.{options.kind}").run
    seeds = range(options.seed, options.seed + options.n)
    ends, broken = [], 0
    for end in run_cases(case, seeds, options.jobs, options.limit):
        ends.append(end)
        if end.fault:
            broken += 1
            print(f"--- seed {end.seed}: {end.fault[:SHOWN]}", flush=True)
    for how, many in sorted(Counter(end.how for end in ends).items()):
        print(f"{many:6}  {how}")
    for end in sorted(ends, key=lambda end: -end.seconds)[:SLOW]:
        print(f"slowest: seed {end.seed}, {end.seconds:.1f} s of the processor")
    print(f"{broken} of {count_noun(len(ends), 'case')} broke a promise")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
