from __future__ import annotations

import pytest
from small_nation import RATES, draw_nation

import quartiersatlas as qa


@pytest.fixture
def write(tmp_path):
    """Write a frame as cells; each call into a folder of its own."""
    made = []

    def write_frame(frame, **options):
        made.append(tmp_path / f"cells-{len(made)}")
        how = {"layout": "plain", "population": "pop", "rates": RATES, "rows_per_file": 300}
        return qa.write_cells(frame, made[-1], **(how | options))

    return write_frame


@pytest.fixture(scope="session")
def nation():
    return draw_nation(7)


@pytest.fixture
def rule():
    return qa.above("mig_share", than="municipality", factor="1.5") & qa.above(
        "low_share", than="municipality", factor="1.3"
    )
