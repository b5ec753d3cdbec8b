"""What a page says often, in few bytes: each phrase once and the numbers of each sentence, each list of colours."""

from __future__ import annotations

import re
from typing import Any

GAP = "#"
NUMBER = re.compile(rf"{GAP}|\d[\d.,]*\d|\d")
SEPARATOR = "|"


class Phrases:
    """The phrases of a page in the order in which they are met.

    The page puts a sentence together again: of ``"3|16,3|12,1"``, phrase 3 with its first two gaps filled. A gap that
    the text has itself is filled with one.
    """

    def __init__(self) -> None:
        self.known: dict[str, int] = {}

    def pack(self, content: Any) -> Any:  # noqa: ANN401 - JSON
        """Return JSON with its sentences as numbers of phrases."""
        if isinstance(content, dict):
            return {key: self.pack(value) for key, value in content.items()}
        if isinstance(content, list):
            return [self.pack(value) for value in content]
        number = self.known.setdefault(NUMBER.sub(GAP, content), len(self.known))
        return SEPARATOR.join([str(number), *NUMBER.findall(content)])


def with_phrases(data: dict[str, Any]) -> dict[str, Any]:
    """Return the data of a page whose reasons, of selected areas and of others, are made of phrases."""
    phrases = Phrases()

    def packed(date: dict[str, Any]) -> dict[str, Any]:
        standing = date["standing"]
        sentences = {name: phrases.pack(standing[name]) for name in ("others", "missing") if name in standing}
        return {**date, "reasons": phrases.pack(date["reasons"]), "standing": standing | sentences}

    data = packed(data)
    return {**data, "earlier": [packed(date) for date in data["earlier"]], "phrases": list(phrases.known)}


COLORS = re.compile(r'"colors":(\["#[0-9a-f]{6}"(?:,"#[0-9a-f]{6}")*\])')


def with_palettes(page: str) -> str:
    """Return the data of a page, as JSON, whose lists of colours stand in it once; classes name them by their numbers.

    Examples
    --------
    >>> with_palettes('{"a":{"colors":["#aaaaaa","#bbbbbb"]},"b":{"colors":["#aaaaaa","#bbbbbb"]}}')
    '{"palettes":[["#aaaaaa","#bbbbbb"]],"a":{"colors":0},"b":{"colors":0}}'
    """
    known: dict[str, int] = {}
    numbered = COLORS.sub(lambda found: f'"colors":{known.setdefault(found[1], len(known))}', page)
    return f'{{"palettes":[{",".join(known)}],{numbered[1:]}'
