"""Burdens on the map: how many an area has, and a matrix of that and its class of need, whose cells filter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.errors import SpecError
from quartiersatlas.present.map.matrices import PAIR_COLORS, matrix_column
from quartiersatlas.present.pictures.of_need import shown_burden
from quartiersatlas.present.statements import gap_kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release

BURDENS = "burdens"  # how many of them an area has


def with_burdens(contents: list[dict[str, Any]], release: Release, lang: Lang) -> list[dict[str, Any]]:
    """Put at the end how many burdens each area has, and that beside its class of need, where the release tells it."""
    if release.burden is None:
        return contents
    try:
        found = shown_burden(release, lang)
    except SpecError:
        return contents
    need, number = release.column(release.burden.need), found.areas["burdens"].reindex(release.areas.index)
    levels = [text("burdens_none", lang), *(number_text(n, 0, lang) for n in range(1, len(found.limits) + 1))]
    rows = [_between(colors, len(need.classes)) for colors in PAIR_COLORS]
    colors = [color for row in zip(*rows, strict=True) for color in _between(row, len(levels))]
    name, limits = text("chart_burden_number", lang), found.text(lang).replace("\n", " ")
    alone = {
        "id": BURDENS,
        "label": name,
        "unit": "",
        "definition": limits,
        "domain": text("heading_burdens", lang),
        "hint": limits,
        "classes": levels,
        "schemes": {"class": {"breaks": [], "colors": _between([row[0] for row in rows], len(levels))}},
        "decimals": 0,
        "city": None,
        "gaps": {str(i): _burden_gap(release, str(key)) for i, key in enumerate(number.index) if pd.isna(number[key])},
        "values": [None if pd.isna(n) else int(n) for n in number],
    }
    sides = [
        {"head": need.indicator.label(lang), "classes": [one.label(lang) for one in need.classes]},
        {"head": name, "classes": levels},
    ]
    words = {"label": text("chart_burden", lang), "domain": text("heading_burdens", lang), "hint": limits}
    place = next(place for place, content in enumerate(contents) if content["id"] == need.id)
    return [*contents, alone, matrix_column("burden_matrix", words, colors, [place, len(contents)], sides)]


def _between(colors: Sequence[str], n: int) -> list[str]:
    """Return as many colours as asked, mixed of those given, from the first to the last."""
    parts = np.array([[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in colors], dtype=float)
    at = np.linspace(0, len(colors) - 1, n)
    mixed = np.array([np.interp(at, range(len(colors)), channel) for channel in parts.T]).round().astype(int)
    return ["#" + "".join(f"{part:02x}" for part in color) for color in mixed.T]


def _burden_gap(release: Release, key: str) -> str:
    """Return why the number of burdens of an area is not known."""
    assert release.burden is not None  # noqa: S101 - asked by the caller
    named = [release.column(name) for name in (*release.burden.columns, release.burden.need)]
    kinds = [gap_kind(release, key, column) for column in named if pd.isna(release.values[column.id][key])]
    return kinds[0] if len(set(kinds)) == 1 else "derived"
