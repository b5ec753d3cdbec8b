"""Notices that come with data, such as "synthetic", and stay with everything made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

NOTICE_COLUMNS = ("hinweis", "notice")


def is_notice(column: object) -> bool:
    """Tell whether a column carries a notice that stays with the data: ``Hinweis`` or ``notice``."""
    return str(column).strip().lower() in NOTICE_COLUMNS


def read_notices(values: pd.DataFrame) -> tuple[str, ...]:
    """Return the texts of notice columns that say the same in every row: they stay with the data."""
    found = []
    for column in filter(is_notice, values.columns):
        texts = values[column].dropna().astype(str).unique()
        if len(texts) == 1 and texts[0].strip():
            found.append(texts[0].strip())
    return tuple(found)
