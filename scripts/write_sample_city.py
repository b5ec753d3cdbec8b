"""Write the synthetic sample city: ``python scripts/write_sample_city.py FOLDER [--seed N]``."""

from __future__ import annotations

import argparse
from pathlib import Path

from sample_city import write_sample


def main() -> None:
    """Read the command line, write the files and list them."""
    parser = argparse.ArgumentParser(
        description="Write the synthetic sample city.",
    )
    parser.add_argument("folder", type=Path, help="folder to write into; made if missing")
    parser.add_argument("--seed", type=int, default=2011, help="seed of all draws (default: 2011)")
    arguments = parser.parse_args()
    for path in write_sample(arguments.folder, seed=arguments.seed):
        print(path)


if __name__ == "__main__":
    main()
