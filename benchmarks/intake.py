"""Reading a table of a million rows against pandas with the right options, each in a process of its own.

``python benchmarks/intake.py [--rows 1000000]`` writes the table to a temporary folder (semicolons, decimal comma,
cp1252, keys with leading zeros), reads it five times in turn with ``qa.read_table`` and with a ``pandas.read_csv`` that
was told everything about the file, and prints the median seconds, the peak memory and the ratio. Marks (a share of the
cells, as cities write them) are a second table, of which pandas is told that they are missing.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np

ROUNDS = 5
RUN = """
import json, re, sys, time
import numpy as np, pandas as pd
import quartiersatlas as qa
qa.read_table
path, how = sys.argv[1:]
memory = lambda what: int(re.search(what + r":\\s+(\\d+)", open("/proc/self/status").read())[1])
before = memory("VmRSS")
start, cpu = time.perf_counter(), time.process_time()
if how == "ours":
    values = qa.read_table(path, key="key").values
else:
    options = dict(sep=";", decimal=",", encoding="cp1252", dtype={"key": "str"}, na_values=["."])
    values = pd.read_csv(path, index_col="key", **options)
took, used = time.perf_counter() - start, time.process_time() - cpu
peak = memory("VmHWM")
sums = {c: float(values[c].sum()) for c in values.columns if values[c].dtype.kind in "fi"}
print(json.dumps({"seconds": took, "cpu": used, "peak": (peak - before) / 1024, "sums": sums}))
"""


def main() -> int:
    """Measure both sides in turn and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        for name, marks in (("plain", 0.0), ("2 % marks", 0.02)):
            path = Path(folder) / "table.csv"
            size = write_table(path, rows, marks)
            runs = [{how: run(path, how) for how in ("ours", "pandas")} for _ in range(ROUNDS)]
            show(f"{name}, {rows:,} rows, {size / 1e6:.0f} MB", runs)
    return 0


def write_table(path: Path, rows: int, marks: float) -> int:
    """Write the key, a name, four columns of counts and three of shares; return the size in bytes."""
    rng = np.random.default_rng(1)
    names = np.array(["Altstadt", "Süd", "Am Mühlenbach", "Neue Höfe"])
    columns = [np.char.zfill(np.arange(rows).astype(str), 8), names[rng.integers(0, len(names), rows)]]
    columns += [rng.integers(0, top, rows).astype(str) for top in (20_000, 5_000, 500, 60)]
    columns += [np.char.replace(np.char.mod("%.4f", rng.uniform(0, 100, rows)), ".", ",") for _ in range(3)]
    if marks:
        for column in columns[2:]:
            column[rng.random(rows) < marks] = "."
    header = "key;Name;Einwohner;Ausländer;SGB2;Kinder;Anteil_a;Anteil_b;Anteil_c\r\n"
    lines = map(";".join, zip(*(column.tolist() for column in columns), strict=True))
    path.write_bytes((header + "\r\n".join(lines) + "\r\n").encode("cp1252"))
    return path.stat().st_size


def run(path: Path, how: str) -> dict[str, object]:
    """Read once in a process of its own."""
    command = [sys.executable, "-c", RUN, str(path), how]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own code
    return json.loads(done.stdout)


def show(title: str, runs: list[dict[str, dict]]) -> None:
    """Print both sides and the ratio."""
    middle = {how: {what: median(r[how][what] for r in runs) for what in ("seconds", "cpu", "peak")} for how in runs[0]}
    ours, pandas = middle["ours"], middle["pandas"]
    common = runs[0]["pandas"]["sums"]
    furthest = max((abs(runs[0]["ours"]["sums"][c] / total - 1) for c, total in common.items()), default=float("nan"))
    print(f"{title}")
    for how, side in middle.items():
        print(f"  {how:7} {side['seconds']:6.2f} s wall  {side['cpu']:6.2f} s CPU  {side['peak']:6.0f} MB more at peak")
    print(f"  ratio   {ours['seconds'] / pandas['seconds']:6.2f} wall    {ours['cpu'] / pandas['cpu']:6.2f} CPU")
    print(f"  sums differ by {furthest:.1e} at most in {len(common)} columns that both read as numbers")


if __name__ == "__main__":
    sys.exit(main())
