"""Streets and the areas they run through, in few bytes, and how names are compared when they are looked for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.base.checks import expects
from quartiersatlas.catalogue import number_text, text
from quartiersatlas.errors import ColumnError, InputError, ReleaseError, list_some

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release

    Streets = pd.DataFrame | Mapping[str, str | Iterable[str]]

COLUMNS = ("street", "key")
BUDGET, MOST = 150_000, 400_000  # bytes in a page
LENGTHS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"  # of the shared beginning, one letter
WHOLE_LETTERS = str.maketrans({"ß": "ss", "ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "a", "œ": "o"})
STREET = re.compile(r"str(?:\.|(?![a-z0-9]))")
UMLAUT = re.compile(r"([aou])e")


def fold(words: str) -> str:
    """Return a name as it is compared when somebody looks for it; ``search.js`` takes the same steps.

    Parameters
    ----------
    words : str
        A name, or what was typed.

    Returns
    -------
    str
        Small letters and figures only, without accents, umlauts written either way as their first letter, and the
        short form of "Straße" written out. Words in other scripts keep their letters.

    Examples
    --------
    >>> fold("Südhöhe") == fold("Suedhoehe") == fold("sudhohe")
    True
    >>> fold("Karl-Marx-Str."), fold("Str. des 17. Juni"), fold("Stressowplatz")
    ('karlmarxstrasse', 'strassedes17juni', 'stressowplatz')
    """
    small = words.lower().translate(WHOLE_LETTERS)
    plain = "".join(c for c in unicodedata.normalize("NFD", small) if not "\u0300" <= c <= "\u036f")
    joined = re.sub(r"[^a-z0-9]", "", UMLAUT.sub(r"\1", STREET.sub("strasse", plain)))
    return joined or re.sub(r"\s", "", small)


@dataclass(frozen=True)
class Gazetteer:
    """Streets in the order of their names, each with the areas it runs through.

    Parameters
    ----------
    streets : tuple of str
        Names; those that differ only in how they are written are one.
    areas : tuple of tuple of int
        Numbers of the areas of each street, ascending.
    """

    streets: tuple[str, ...]
    areas: tuple[tuple[int, ...], ...]

    @property
    def front_coded(self) -> str:
        """The names one per line: the length of the beginning shared with the one before, then the rest."""
        lines, last = [], ""
        for street in self.streets:
            shared = 0
            while shared < min(len(last), len(street), len(LENGTHS) - 1) and last[shared] == street[shared]:
                shared += 1
            lines.append(LENGTHS[shared] + street[shared:])
            last = street
        return "\n".join(lines)

    @property
    def steps(self) -> list[int]:
        """For each street how many areas, the first one, and the steps from one to the next."""
        return [
            number
            for areas in self.areas
            for number in (len(areas), *(b - a for a, b in zip((0, *areas), areas, strict=False)))
        ]

    def note(self, size: int, lang: Lang) -> str:
        """Return what the method box says of the list: how many streets, and how many bytes of the page they take."""
        words = {"count": number_text(len(self.streets), 0, lang), "size": number_text(size / 1000, 0, lang)}
        return text("fact_gazetteer", lang, **words)


def gazetteer(streets: Streets, release: Release) -> Gazetteer:
    """Return a list of streets by the areas of a release.

    Parameters
    ----------
    streets : DataFrame or mapping
        A frame with the columns ``street`` and ``key``, one row for each area a street runs through; or a mapping from
        street to one or more keys.
    release : Release
        With the areas.

    Returns
    -------
    Gazetteer
        Without house numbers: whoever searches finds the areas, not an address.

    Raises
    ------
    ArgumentError
        Something else was given.
    ColumnError
        A column is not there.
    ReleaseError
        Keys are not those of the release.
    InputError
        The list takes more than 400 KB of the page.
    """
    number = {str(key): position for position, key in enumerate(release.areas.index)}
    rows = _rows(streets)
    unknown = list(dict.fromkeys(key for _, key in rows if key not in number))
    if unknown:
        raise ReleaseError(
            f"gazetteer: {list_some(unknown)} of the street list are no areas of the release. Keys are text, with "
            f"their leading zeros; streets outside the city are to be left out."
        )
    found: dict[str, tuple[str, set[int]]] = {}
    for street, key in rows:
        name, areas = found.setdefault(fold(street), (street, set()))
        found[fold(street)] = (max(name, street, key=len), areas | {number[key]})
    ordered = sorted(found.items(), key=lambda item: (item[0], item[1][0]))
    result = Gazetteer(tuple(name for _, (name, _) in ordered), tuple(tuple(sorted(a)) for _, (_, a) in ordered))
    size = len(result.front_coded.encode()) + len(result.steps)
    if size > MOST:
        raise InputError(
            f"gazetteer: {len(result.streets)} streets take {size / 1000:.0f} KB of the page, at most {MOST // 1000} "
            f"KB are taken. Leave out streets that lie in one area only and are named after it, or split the map."
        )
    return result


def _rows(streets: Streets) -> list[tuple[str, str]]:
    """Return street and key, one pair per area; rows without a street or a key are no pairs."""
    if isinstance(streets, pd.DataFrame):
        for column in COLUMNS:
            if column not in streets.columns:
                raise ColumnError.not_found(column, streets.columns, "gazetteer: the frame")
        frame = streets[list(COLUMNS)].dropna()
        pairs = list(zip(frame["street"].astype(str), frame["key"].astype(str), strict=True))
    else:
        expects(streets, Mapping, "gazetteer", 'gazetteer={"Sonnenallee": ["0801", "0802"]}')
        for keys in streets.values():
            expects(keys, Iterable, "gazetteer", 'gazetteer={"Sonnenallee": ["0801", "0802"]}')
        each = {street: [keys] if isinstance(keys, str) else list(keys) for street, keys in streets.items()}
        pairs = [(str(street), str(key)) for street, keys in each.items() for key in keys]
    tidy = [(" ".join(street.split()), key) for street, key in pairs]
    return [(street, key) for street, key in tidy if street]
