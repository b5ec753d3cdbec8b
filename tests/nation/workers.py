"""Calls for other processes that go wrong on purpose; what they do stands in the environment."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from quartiersatlas.nation.partition import run_partition


def deadly(task):
    """Kill the own process in one part always, in one the first time; raise in another."""
    if str(task.number) == os.environ.get("NATION_RAISES"):
        raise ValueError("no such luck")
    if str(task.number) == os.environ.get("NATION_KILLS"):
        os.kill(os.getpid(), signal.SIGKILL)
    marker = Path(task.out).parent / "killed-once"
    if str(task.number) == os.environ.get("NATION_KILLS_ONCE") and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return run_partition(task)


def slow(task):
    """Take a while before the part begins."""
    time.sleep(0.3)
    return run_partition(task)
