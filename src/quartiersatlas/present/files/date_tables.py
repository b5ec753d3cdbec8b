"""Answers of several dates as tables: who entered and left the list, funded areas beside others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from quartiersatlas.catalogue import text
from quartiersatlas.monitoring.comparisons.funded import DESIGN
from quartiersatlas.monitoring.lists.words import reason_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release

DECIMALS = 2  # of points and percent


def lists_table(release: Release, lang: Lang) -> pd.DataFrame:
    """Return one row per area: whether it entered, left or stayed on the list, and the reasons."""
    found = release.lists
    assert found is not None  # noqa: S101 - asked for where there is one
    rows = found.table
    reasons = zip(rows["reasons"], rows["why_not"], strict=True)
    said = [reason_words(sets, why, lang) if sets or why else "" for sets, why in reasons]
    moves = [text(f"list_state_{state}", lang) for state in rows["state"]]
    return pd.DataFrame({"key": rows.index, "name": rows["name"].to_numpy(), "move": moves, "reason": said})


def funded_table(release: Release, lang: Lang) -> pd.DataFrame:
    """Return the difference by assumption, in points, then the means of both groups of each year, in percent."""
    found = release.funded
    assert found is not None  # noqa: S101 - asked for where there is one
    points = text("unit_percentage_points", lang)
    rows = [
        {"funded": text(DESIGN[name], lang), "year": "", "unit": points, **_of(row, "estimate")}
        for name, row in _records(found.table)
    ]
    groups = {
        "funded": text("chart_funded_funded", lang, n=len(found.funded)),
        "others": text("chart_funded_others", lang, n=len(found.others)),
    }
    means = _records(found.curves.sort_index(kind="stable"))
    for group, words in groups.items():
        rows += [
            {"funded": words, "year": str(year), "unit": "%", **_of(row, "mean")}
            for (year, of), row in means
            if of == group
        ]
    return pd.DataFrame(rows)


def _records(frame: pd.DataFrame) -> list[tuple[Any, dict[str, float]]]:
    return list(zip(frame.index, cast("list[dict[str, float]]", frame.to_dict("records")), strict=True))


def _of(row: Mapping[str, float], value: str) -> dict[str, float]:
    return {
        "value": round(row[value], DECIMALS),
        "lower": round(row["lower"], DECIMALS),
        "upper": round(row["upper"], DECIMALS),
    }
