"""Answers of several dates as tables: who entered and left the list, funded areas beside others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from quartiersatlas.catalogue import text
from quartiersatlas.monitoring.comparisons.funded import DESIGN
from quartiersatlas.monitoring.lists.words import reason_words

if TYPE_CHECKING:
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
    designs = found.table.rename(columns={"estimate": "value"})
    rows = [
        {"funded": text(key, lang), "year": "", "unit": text("unit_percentage_points", lang), **_of(designs.loc[name])}
        for name, key in DESIGN.items()
    ]
    groups = {
        "funded": text("chart_funded_funded", lang, n=len(found.funded)),
        "others": text("chart_funded_others", lang, n=len(found.others)),
    }
    for group, words in groups.items():
        for year, row in found.curves.xs(group, level="group").rename(columns={"mean": "value"}).iterrows():
            rows.append({"funded": words, "year": str(year), "unit": "%", **_of(row)})
    return pd.DataFrame(rows)


def _of(row: pd.Series[Any]) -> dict[str, float]:
    return {name: round(float(row[name]), DECIMALS) for name in ("value", "lower", "upper")}
