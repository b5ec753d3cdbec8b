"""The shortlist as a ranked table, and as Markdown: for internal use, nothing in it is protected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.catalogue.kinds import unit_words
from quartiersatlas.catalogue.texts import number_text, text, value_text
from quartiersatlas.intake.areas.area_columns import AREA_FLAGS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.intake import AreaData
    from quartiersatlas.need import NeedIndex
    from quartiersatlas.need.robustness.stability import Stability

MARKS = "\\`*_{}[]()#+!|~"  # of Markdown
NO_LEVELS = ("Hinweis", "notice", "merged_from", *AREA_FLAGS)  # columns of the areas that are neither name nor level
RANKS = ("rank", "rank_lower", "rank_upper")


def ranked_table(
    data: AreaData,
    selected: pd.Series[bool],
    assessed: pd.Series[bool],
    reasons: pd.DataFrame,
    *,
    need: NeedIndex | None,
    stability: Stability | None,
    persons: pd.Series | None,
    levels: pd.Series | None,
) -> pd.DataFrame:
    """Return one row per area, selected ones first, by rank and P(selected); ties in the order of the keys."""
    words = data.areas.drop(columns=["geometry", *NO_LEVELS], errors="ignore")
    table = words.assign(selected=selected, assessed=assessed)
    if levels is not None:
        table["level"] = levels
    table["residents"] = data.residents()
    if need is not None:
        table["score"] = need.scores.iloc[:, 0].reindex(table.index)
    runs = pd.DataFrame(index=table.index) if stability is None else stability.table
    if need is not None:
        for name in RANKS:
            table[name] = runs.get(name, np.nan)
    table["p_selected"] = runs["p_selected"].astype(float) if "p_selected" in runs else np.nan
    table["label"] = runs.get("label", None)
    held = reasons[reasons["held"].fillna(value=False).astype(bool)]
    table["reasons"] = held.groupby("key")["condition"].agg(list).reindex(table.index)
    table["reasons"] = [found if isinstance(found, list) else [] for found in table["reasons"]]
    table["persons_missing"] = persons if persons is not None else np.nan
    order = pd.DataFrame(
        {
            "out": ~table["selected"],
            "rank": table.get("rank", 0.0),
            "p": -table["p_selected"],
            "area": table.index.astype(str),
        },
        index=table.index,
    )
    return table.loc[order.sort_values(["out", "rank", "p", "area"], na_position="last", kind="stable").index]


def reasons_in_words(reasons: pd.DataFrame, labels: Mapping[str, str], lang: Lang) -> dict[str, list[str]]:
    """Return for each area why it is selected: the indicator, its value, and the limit it was compared with."""
    found: dict[str, list[str]] = {}
    for row in reasons[reasons["held"].fillna(value=False).astype(bool)].to_dict("records"):
        words = labels[row["indicator"]]
        if pd.notna(row["value"]):
            ends = [row["value"], *([row["limit"]] if pd.notna(row["limit"]) else [])]
            written = [value_text(float(end), 1, unit_words(row["unit"], lang), lang) for end in ends]
            words = f"{words} {written[0]}"
            words = text("limit_number", lang, label=words, limit=written[1]) if len(written) > 1 else words
        found.setdefault(str(row["key"]), []).append(words)
    return found


def markdown_table(table: pd.DataFrame, words: Mapping[str, list[str]], lang: Lang) -> str:
    """Return the selected areas of a ranked table as Markdown; ``words`` say why each is selected."""
    columns = [
        name
        for name in ("name", "residents", "score", "rank", "p_selected", "persons_missing", "reasons")
        if name in table
    ]
    heads = [text(f"column_{name}", lang) for name in ("key", *columns)]
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    for key, row in table[table["selected"]].iterrows():
        named = row.copy()
        named["reasons"] = words.get(str(key), [])
        cells = [_cell(str(key)), *(_written(name, named, lang) for name in columns)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _written(name: str, row: pd.Series, lang: Lang) -> str:
    value = row[name]
    if name in ("name", "reasons"):
        return _cell(str(value) if name == "name" else "; ".join(value))
    if pd.isna(value):
        return "–"
    if name == "rank" and not pd.isna(row["rank_lower"]):
        return f"{value:.0f} ({row['rank_lower']:.0f}–{row['rank_upper']:.0f})"
    decimals = {"score": 2, "p_selected": 2}.get(name, 0)
    return number_text(float(value), decimals, lang)


def _cell(words: str) -> str:
    """Return words from data as they are shown in a cell: no mark of Markdown or HTML is one."""
    plain = " ".join(words.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"\\{letter}" if letter in MARKS else letter for letter in plain)
