"""Write the register of the sample city anew, beside its generator: ``python scripts/write_sample_register.py``."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from sample_city.register import sheets

import quartiersatlas as qa


def main() -> None:
    """Read the rows as a register and write it as a workbook with drop-downs."""
    frames = {name: pd.DataFrame(rows, columns=list(head)) for name, (head, rows) in sheets().items()}
    print(qa.read_measures(frames).save(Path(__file__).parent / "sample_city" / "massnahmen.xlsx"))


if __name__ == "__main__":
    main()
