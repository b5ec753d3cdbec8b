"""Words that stigmatise the people of an area, and what to write instead."""

from __future__ import annotations

import csv
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.catalogue import Message, check_lang

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quartiersatlas.catalogue import Lang

LANGUAGES: tuple[Lang, ...] = ("de", "en")


def check_wording(text: str, lang: Lang = "de") -> pd.DataFrame:
    """Find words in a title or comment that stigmatise, with a neutral way to say it.

    Parameters
    ----------
    text : str
        What is to be read by others.
    lang : {"de", "en"}, default "de"
        Language of the text.

    Returns
    -------
    DataFrame
        One row per word found, in the order of the text: ``term`` as written, ``start`` (its position from 0) and
        ``neutral``. Empty where there is nothing to say. Inflected and hyphenated forms are found, in any case.

    Raises
    ------
    SpecError
        The language is unknown.

    Notes
    -----
    The words are declared in ``discouraged_words.csv``. A list finds words, not attitudes: an empty table is no
    proof of a fair text.

    Examples
    --------
    >>> check_wording("Die Problemviertel und sozial schwache Familien")[["term", "neutral"]].values.tolist()
    [['Problemviertel', 'Gebiet mit erhöhtem Unterstützungsbedarf'], ['sozial schwache', 'mit geringem Einkommen']]
    >>> check_wording("Area for closer review", "en").empty
    True
    """
    check_lang(lang)
    found = [
        (match.start(), -len(match[0]), match[0], neutral)
        for pattern, neutral in _patterns()[lang]
        for match in pattern.finditer(text)
    ]
    rows: list[dict[str, object]] = []
    end = 0
    for start, minus_length, term, neutral in sorted(found):
        if start >= end:  # of overlapping finds the first and longest counts
            rows.append({"term": term, "start": start, "neutral": neutral})
            end = start - minus_length
    return pd.DataFrame(rows, columns=["term", "start", "neutral"])


def wording_messages(texts: Iterable[str], name: str = "warning_wording", **values: str) -> tuple[Message, ...]:
    """Return one message per word that stigmatises; the language of a text is not known."""
    found = {
        row["term"]: Message(name, {"term": row["term"], "neutral": row["neutral"], **values})
        for lang in LANGUAGES[::-1]
        for words in texts
        for row in check_wording(words, lang).to_dict("records")
    }
    return tuple(found.values())


@cache
def _patterns() -> dict[str, list[tuple[re.Pattern[str], str]]]:
    """Return for each language what a discouraged word looks like, and the neutral one."""
    content = files("quartiersatlas.release").joinpath("discouraged_words.csv").read_text(encoding="utf-8")
    patterns: dict[str, list[tuple[re.Pattern[str], str]]] = {"de": [], "en": []}
    for row in csv.DictReader(content.splitlines(), delimiter=";"):
        forms = "|".join(_form(form) for form in row["forms"].split("|"))
        patterns[row["lang"]].append((re.compile(rf"(?<!\w)(?:{forms})(?!\w)", re.IGNORECASE), row["neutral"]))
    return patterns


UMLAUTS = {"ä": "(?:ä|a\u0308|ae)", "ö": "(?:ö|o\u0308|oe)", "ü": "(?:ü|u\u0308|ue)", "ß": "(?:ß|ss)"}
# parts that are often set off by a hyphen: Problem-Viertel, Parallel-Gesellschaft
PARTS = ("problem", "parallel", "brennpunkt", "sozial", "ausländer", "migranten", "flüchtlings", "bildungs")


def _form(form: str) -> str:
    """Return the pattern of one form: ``*`` is any ending, a blank may be a hyphen, umlauts may be spelled out."""
    start = next((part for part in PARTS if form.startswith(part) and form[len(part) :].strip("* ")), "")
    written = re.escape(form).replace(r"\*", r"\w*").replace(r"\ ", r"[\s\-\u2010\u2011'’]+")
    if start and not form[len(start) :].startswith(" "):
        written = written.replace(re.escape(start), re.escape(start) + r"[\-\u2010\u2011\u00ad]?", 1)
    for letter, spellings in UMLAUTS.items():
        written = written.replace(letter, spellings)
    return written
