"""What is wrong, in the language of the project: the refusals that planners meet, sentence by sentence."""

from __future__ import annotations

import csv
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from quartiersatlas.catalogue import text

if TYPE_CHECKING:
    from pathlib import Path

    from quartiersatlas.catalogue import Lang

ENGLISH = re.compile(r"""^\s*lang\s*=\s*["']en["']""", re.MULTILINE)
HOLE = re.compile(r"\{(\w+)\}")
SMALL_WORDS = (
    (r"\b(?:and|und) (\d+) more", r"und \1 weitere"),
    (r"(?<=\d) of (?=\d)", " von "),
    (r"(?<=\d) to (?=\d)", " bis "),
    (r"right key", "richtiger Schlüssel"),
    (r"\bin line (?=\d)", "in Zeile "),
    (r"(?<=') to (?=')", " zu "),
    (r"(?<=\d),(?=\d{3}\b)", "."),
)
OF_PYTHON = re.compile(r" All of them: err\.[\w.]+(?:, err\.[\w.]+)*\.?(?= |$)")  # where no error is at hand
LINE = re.compile(r"([^'\"]+), line (\d+): ")
NEXT_SENTENCE = re.compile(r"(?<=[.!?:]) +")


def project_lang(path: Path | None) -> Lang:
    """Return the language in which a project file is spoken of: its own; English where there is no file to read."""
    try:
        content = "" if path is None else path.read_bytes().decode("utf-8", "replace")
    except OSError:
        content = ""
    return "de" if content.strip() and not ENGLISH.search(content) else "en"


def count_of_faults(count: int, lang: Lang) -> str:
    """Return how many faults there are."""
    return text("refusal_count", lang, count=count)


def told(message: str, lang: Lang) -> str:
    """Return a message in a language; what has no translation stays as it is.

    Examples
    --------
    >>> told("In [areas]: 'key' is missing.", "de")
    'In [areas]: „key“ fehlt.'
    """
    message = OF_PYTHON.sub("", message)
    if lang == "en":
        return message
    place = LINE.match(message)
    said = [f"{place[1]}, Zeile {place[2]}: "] if place else []
    rest = message[place.end() :] if place else message
    while rest:
        found = _first(rest)
        if found is None:
            end = NEXT_SENTENCE.search(rest)
            at = end.end() if end else len(rest)
            said.append(rest[:at])
            rest = rest[at:]
        else:
            said.append(found[0])
            rest = rest[found[1] :]
            blanks = len(rest) - len(rest.lstrip(" "))
            said.append(rest[:blanks])
            rest = rest[blanks:]
    return re.sub(r"(?<=\S)  +", " ", "".join(said))


def _first(rest: str) -> tuple[str, int] | None:
    """Return the German of the sentence with which a text begins, and how long the English one is."""
    for sentence in _sentences():
        if match := sentence.pattern.match(rest):
            holes = {name: _quotes(value) for name, value in match.groupdict().items()}
            return HOLE.sub(lambda hole, holes=holes: holes.get(hole[1], hole[0]), sentence.german), match.end()  # type: ignore[misc]
    return None


def _quotes(words: str) -> str:
    """Return words with German quotation marks and German small words of lists, as they stand in holes."""
    listed = re.sub(r"' and (?=\d+ more)", "' und ", _plain_words().get(words, words))
    for english, german in SMALL_WORDS:
        listed = re.sub(english, german, listed)
    return re.sub(r"(?<![\w=])'([^']*)'", "„\\1“", listed)


@cache
def _plain_words() -> dict[str, str]:
    """Return what has no holes itself and stands in holes, such as what a file is."""
    return {row["en"]: row["de"] for row in _rows() if not HOLE.search(row["en"])}


class _Sentence(NamedTuple):
    """A sentence of a refusal as a pattern, and its German."""

    pattern: re.Pattern[str]
    german: str


@cache
def _sentences() -> tuple[_Sentence, ...]:
    """Return the sentences, the longest first: what is said more closely comes before what is said in general."""
    rows = sorted(_rows(), key=lambda row: -len(HOLE.sub("", row["en"])))
    return tuple(_Sentence(_pattern(row["en"]), row["de"]) for row in rows)


@cache
def _rows() -> list[dict[str, str]]:
    source = files("quartiersatlas.project.refused").joinpath("refusals.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(source.splitlines(), delimiter=";"))


def _pattern(english: str) -> re.Pattern[str]:
    """Return the pattern of a template: ``{name}`` stands for anything, ``{n}`` for digits."""
    pieces = HOLE.split(english)
    made = [re.escape(piece) if at % 2 == 0 else _hole(piece) for at, piece in enumerate(pieces)]
    return re.compile("".join(made) + (r"(?=\s|$)" if english.endswith(".") else ""))


def _hole(name: str) -> str:
    if re.fullmatch(r"n\d?", name):
        return rf"(?P<{name}>\d[\d,.]*)"
    return rf"(?P<{name}>(?:(?!\. [A-Z]).)+?)"  # within a sentence
