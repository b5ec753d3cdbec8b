"""District keys are text. Numbers that were keys once are written out again, never padded by guess."""

from __future__ import annotations

import pandas as pd

ZERO_PAD = "zero_pad"


def keys_as_text(keys: pd.Series | pd.Index) -> pd.Series:
    """Return keys as stripped text; whole numbers without a decimal point."""
    return pd.Series([_as_text(key) for key in keys], dtype=object)


def _as_text(key: str | float | None) -> str | None:
    if pd.isna(key):
        return None
    if isinstance(key, float) and key.is_integer():
        return str(int(key))
    return str(key).strip()


def key_width(keys: pd.Index) -> int | None:
    """Return the number of characters that all keys made of digits have, or None where they differ."""
    widths = {len(key) for key in keys if key.isdigit()}
    return widths.pop() if len(widths) == 1 else None


def zero_padded(keys: pd.Index, width: int) -> pd.Index:
    """Return the keys with leading zeros up to the width; keys that are not digits stay."""
    padded: list[str] = [key.zfill(width) if key.isdigit() else key for key in keys]
    return pd.Index(padded, dtype=object, name=keys.name)
