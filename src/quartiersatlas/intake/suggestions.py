"""Names that are nearly the same: which area could be meant? Suggested, never applied."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ALIKE = 85.0  # per cent of letters in common from which a name is suggested
AHEAD = 3.0  # by which the best name must be better than the second
MANY = 2000  # names up to which all are compared
TOGETHER = re.compile(r"\s+(?:und|u\.|and)\s+|\s*[/&+,;]\s*")
# words that make another place of the same name
TELLING = frozenset(
    [
        *("nord", "sued", "ost", "west", "nordost", "nordwest", "suedost", "suedwest", "mitte", "links", "rechts"),
        *("alt", "alte", "neu", "neue", "ober", "obere", "unter", "untere", "gross", "klein", "aeussere", "innere"),
    ]
)
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
ABBREVIATIONS = (
    (re.compile(r"\bst\b\.?(?=[\s-]*\w)"), "sankt "),
    (re.compile(r"str\b\.?"), "strasse"),
    (re.compile(r"(?<=\w)pl\."), "platz"),
    (re.compile(r"\b(u\.|and)(?=\s)|[&+]"), " und "),
)


class Suggestion(NamedTuple):
    """A row of the table, the areas it could be, and how alike the names are in per cent."""

    key: str
    areas: tuple[str, ...]
    alike: float


def suggestions(in_table: Iterable[str], in_areas: Iterable[str]) -> tuple[Suggestion, ...]:
    """Suggest an area, or several that are reported as one, for rows without an area.

    Spelled the same but for umlauts, hyphens and abbreviations comes first, then parts joined by "und" or a stroke,
    then names with nearly the same letters. Numbers and words such as "Nord" have to agree.
    """
    rows, areas = sorted(in_table), sorted(in_areas)
    by_spelling: dict[str, list[str]] = {}
    for area in areas:
        by_spelling.setdefault(_compact(area), []).append(area)
    found: list[Suggestion] = []
    for row in rows:
        same = by_spelling.get(_compact(row), [])
        parts = [by_spelling.get(_compact(part), []) for part in TOGETHER.split(row) if part.strip()]
        if len(same) == 1:
            found.append(Suggestion(row, (same[0],), 100.0))
        elif len(parts) > 1 and all(len(part) == 1 for part in parts):
            found.append(Suggestion(row, tuple(part[0] for part in parts), 100.0))
    spoken_for = {area for suggestion in found for area in suggestion.areas}
    done = {suggestion.key for suggestion in found}
    found += _alike([row for row in rows if row not in done], [area for area in areas if area not in spoken_for])
    claims = [area for suggestion in found for area in suggestion.areas]
    return tuple(sorted(one for one in found if all(claims.count(area) == 1 for area in one.areas)))


def plain(name: str) -> str:
    """Return a name as it is compared: small letters, no umlauts, no abbreviations, words apart.

    Examples
    --------
    >>> plain("Stülerstr."), plain("St. Pauli"), plain("Altstadt/Süd")
    ('stuelerstrasse', 'sankt pauli', 'altstadt sued')
    """
    name = unicodedata.normalize("NFC", name).casefold().translate(UMLAUTS)
    for pattern, whole in ABBREVIATIONS:
        name = pattern.sub(whole, name)
    name = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return " ".join(re.findall(r"[^\W_]+", name))


def _compact(name: str) -> str:
    return plain(name).replace(" ", "")


def _alike(rows: Sequence[str], areas: Sequence[str]) -> list[Suggestion]:
    """Return for each name the one area that is written nearly like it."""
    from rapidfuzz.fuzz import ratio, token_sort_ratio
    from rapidfuzz.process import extract

    words = [plain(area) for area in areas]
    found = []
    for row in rows[:MANY]:
        name = plain(row)
        if not any(letter.isalpha() for letter in name):
            continue
        whole = extract(name, words[:MANY], scorer=ratio, limit=2, score_cutoff=ALIKE)
        sorted_words = extract(name, words[:MANY], scorer=token_sort_ratio, limit=2, score_cutoff=ALIKE)
        scores = {position: score for _, score, position in sorted([*whole, *sorted_words], key=lambda hit: hit[1])}
        scores = {i: score for i, score in scores.items() if _telling(words[i]) == _telling(name)}
        scores |= {i: 100.0 for i, area in enumerate(areas[:MANY]) if _cut_short(row, area) or _cut_short(area, row)}
        ranked = sorted(((score, i) for i, score in scores.items()), reverse=True)
        if ranked and (len(ranked) == 1 or ranked[0][0] - ranked[1][0] > AHEAD):
            score, position = ranked[0]
            found.append(Suggestion(row, (areas[position],), round(score, 1)))
    return found


def _telling(name: str) -> list[str]:
    """Return the words and numbers that tell places of the same name apart."""
    return sorted(word for word in name.split() if word in TELLING or any(c.isdigit() for c in word))


def _cut_short(short: str, full: str) -> bool:
    """Tell whether a name is another one with words cut short by a point, such as ``Charl.-Nord``."""
    if "." not in short:
        return False
    pieces, words = re.findall(r"[^\W_]+\.?", short.casefold()), re.findall(r"[^\W_]+", full.casefold())
    return len(pieces) == len(words) and all(
        word.startswith(piece[:-1]) if piece.endswith(".") else word == piece
        for piece, word in zip(pieces, words, strict=True)
    )
