"""Cases that do what none may do: with them the fuzzer itself is tried."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def run(seed: int, folder: Path) -> str:
    """End as asked for: 0 well, 1 with an abort, 2 never, 3 with a slip."""
    if seed == 1:
        os.abort()
    while seed == 2:
        pass
    return "fine" if 1 // (seed - 3) and folder.is_dir() else ""
