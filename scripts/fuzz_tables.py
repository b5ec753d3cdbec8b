"""Read damaged tables, as many as asked for, and print how they ended; the first fault ends the run.

``python scripts/fuzz_tables.py 2000`` damages the files that ``tests/intake/test_fuzz.py`` describes, seed by seed.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

TESTS = Path(__file__).parents[1] / "tests" / "intake" / "test_fuzz.py"


def main() -> int:
    """Run the seeds from 0 on."""
    spec = spec_from_file_location("test_fuzz", TESTS)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(TESTS)
    fuzz = module_from_spec(spec)
    spec.loader.exec_module(fuzz)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    with tempfile.TemporaryDirectory() as folder:
        ended = Counter(fuzz.run(seed, Path(folder)) for seed in range(count))
    for how, many in ended.most_common():
        print(f"{many:6}  {how}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
