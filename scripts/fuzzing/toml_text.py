"""TOML as people write it: the same content in sections or in one line, with other quotation marks and comments."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random

BARE = re.compile("[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Style:
    """How a file is written; the default writes every table as a section.

    Parameters
    ----------
    inline : float
        Share of tables that are written in one line.
    literal : float
        Share of texts in simple quotation marks, where they can be.
    comments : float
        Share of lines with a comment above and behind.
    shuffled : bool
        Whether keys stand in another order.
    ends : str
        The end of a line.
    rng : random.Random, optional
        What decides; needed for every share above 0.
    """

    inline: float = 0.0
    literal: float = 0.0
    comments: float = 0.0
    shuffled: bool = False
    ends: str = "\n"
    rng: random.Random | None = None

    def chance(self, share: float) -> bool:
        """Return True in this share of the calls."""
        return self.rng is not None and self.rng.random() < share


def toml_text(content: dict[str, Any], style: Style | None = None) -> str:
    """Return content as TOML."""
    style = Style() if style is None else style
    return style.ends.join(_section(content, (), style)) + style.ends


def _section(content: dict[str, Any], path: tuple[str, ...], style: Style) -> list[str]:
    entries = list(content.items())
    if style.shuffled and style.rng is not None:
        style.rng.shuffle(entries)
    sections = [(name, value) for name, value in entries if _is_section(value) and not style.chance(style.inline)]
    apart = {name for name, _ in sections}
    lines = []
    for name, value in entries:
        if name not in apart:
            behind = " # am Rande" if style.chance(style.comments) else ""
            lines += ["# darüber", ""] if style.chance(style.comments) else []
            lines.append(f"{_key(name)} = {_value(value, style)}{behind}")
    for name, value in sections:
        inner = (*path, name)
        heading = ".".join(map(_key, inner))
        for one in value if isinstance(value, list) else [value]:
            lines += ["", f"[[{heading}]]" if isinstance(value, list) else f"[{heading}]"]
            lines += _section(one, inner, style)
    return lines


def _is_section(value: object) -> bool:
    is_tables = isinstance(value, list) and bool(value) and all(isinstance(entry, dict) for entry in value)
    return isinstance(value, dict) or is_tables


def _key(name: str) -> str:
    return name if BARE.fullmatch(name) else _text(name)


def _text(text: str) -> str:
    """Return text in quotation marks; JSON escapes what TOML escapes, but for halves of pairs and the last control."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any, style: Style) -> str:
    if isinstance(value, str):
        simple = "'" not in value and value.isprintable() and style.chance(style.literal)
        return f"'{value}'" if simple else _text(value)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, list):
        return f"[{', '.join(_value(entry, style) for entry in value)}]"
    if isinstance(value, dict):
        entries = ", ".join(f"{_key(name)} = {_value(entry, style)}" for name, entry in value.items())
        return f"{{ {entries} }}"
    return repr(value).lower()  # true, nan, -inf
