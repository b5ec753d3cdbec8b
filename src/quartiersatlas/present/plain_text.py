"""Text from data stays text: no formula in a spreadsheet, no character that a file format cannot hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pandas.api.types import is_object_dtype, is_string_dtype

if TYPE_CHECKING:
    import pandas as pd

# a spreadsheet reads these at the start of a cell as the start of a formula, the wide ones where Asian text is set up
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# no XML file may hold control characters, half of a surrogate pair, U+FFFE and U+FFFF
VISIBLE: dict[int, int] = {
    **{code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n\r"},  # NUL is shown as ␀, ESC as ␛
    0x7F: 0x2421,
    **dict.fromkeys((*range(0xD800, 0xE000), 0xFFFE, 0xFFFF), 0xFFFD),
}


def visible(text: str) -> str:
    """Put a visible sign in the place of characters that files cannot hold; everything else stays.

    Examples
    --------
    >>> visible("Alt" + chr(0) + "stadt")
    'Alt␀stadt'
    """
    return text.translate(VISIBLE)


def no_formula(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would take for a formula.

    Examples
    --------
    >>> no_formula("=1+1")
    "'=1+1"
    """
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def with_visible_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose text, also that of its head and its index, has visible characters only."""
    result = frame.rename(columns=_shown, index=_shown)
    for position, name in enumerate(result.columns):
        column = result.iloc[:, position]
        if is_object_dtype(column.dtype) or is_string_dtype(column.dtype):
            cleaned = column.map(_shown)
            if not cleaned.equals(column):
                result[name] = cleaned
    return result


def _shown(cell: object) -> object:
    return visible(cell) if isinstance(cell, str) else cell
