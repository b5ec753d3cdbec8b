# SPDX-License-Identifier: GPL-2.0-or-later
"""What a reader sees, German and English, from texts.csv."""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path


def text(name: str, locale: str, **values: object) -> str:
    """Return a text in the language of a locale: German for `de`, `de_AT` ..., English for all others.

    Examples
    --------
    >>> text("check", "de_DE"), text("check", "fr")
    ('Projekt prüfen', 'Check project')
    """
    lang = "de" if locale.lower().startswith("de") else "en"
    return texts()[name][lang].format(**values)


@lru_cache(maxsize=1)
def texts() -> dict[str, dict[str, str]]:
    """Return all texts by their names."""
    source = (Path(__file__).parent / "texts.csv").read_text(encoding="utf-8")
    return {row["id"]: row for row in csv.DictReader(source.splitlines(), delimiter=";")}
