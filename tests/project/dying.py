"""Calls for other processes, in a module that loads nothing else: they end their process, or give back their task."""

from __future__ import annotations

import os
from pathlib import Path


def died(_):
    """End the process at once, as the system does when memory is out."""
    os._exit(9)


def died_once(task):
    """End the process of the first call; the second one finds the mark of the first."""
    mark = Path(task)
    if not mark.exists():
        mark.touch()
        os._exit(9)
    return "alive"


def same(task):
    return task
