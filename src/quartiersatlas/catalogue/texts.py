"""Every word a reader sees, German and English, from one table (texts.csv); numbers as each language writes them."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal

from quartiersatlas.base.checks import choice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import pandas as pd

Lang = Literal["de", "en"]
LANGUAGES: tuple[Lang, ...] = ("de", "en")
PLACES = (
    "in_city",
    "of_city",
    "to_city",
    "beside_city",
    "the_city",
    "whole_city",
    "city_row",
    "city_word",
    "city_title",
    "city_value",
    "of_whole",
    "at_value",
    "of_value",
    "plain_value",
)

THIN_BLANK = "\u202f"


@dataclass(frozen=True)
class Message:
    """A sentence for either language: the name of a text and the values of its placeholders.

    A value that differs with the language is a tuple (German, English).
    """

    name: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.said("en")

    def said(self, lang: Lang) -> str:
        """Return the sentence in a language; an indicator by its name where no label is given."""
        indicator = self.values.get("indicator", "")
        named = {"label": getattr(indicator, "id", indicator), **place_words("")}
        return text(self.name, lang, **{**named, **self.values})

    def __hash__(self) -> int:  # values may hold lists: equal messages have one name
        return hash(self.name)


class MessageWarning(UserWarning):
    """A warning in English that the command line says in the language of the project."""

    def __init__(self, message: Message, about: str = "") -> None:
        super().__init__(f"{about}{message}")
        self.message = message


def check_lang(lang: str) -> None:
    """Refuse a language there are no texts for."""
    choice(lang, ("de", "en"), "lang")


def pick(lang: Lang, german: str, english: str) -> str:
    """Return the text of the language; an unknown language is an error."""
    check_lang(lang)
    return german if lang == "de" else english


def text(name: str, lang: Lang, /, **values: object) -> str:
    """Return the text of this name with its placeholders filled in, or as it is where no values are given.

    A value that differs with the language is a tuple (German, English); a whole number is written as the language
    does.

    Examples
    --------
    >>> text("legend_city", "en", value="12.5 %")
    'City: 12.5 %'
    >>> text("summary_candidates", "de", count=1200)
    'Sie bilden 1.200 zusammenhängende Prüfgebiete.'
    """
    german, english = texts()[name]
    template = pick(lang, german, english)
    filled = {key: _in_words(value, lang) for key, value in values.items()}
    return template.format(**filled) if filled else template


def place_words(city: str) -> dict[str, tuple[str, str]]:
    """Return how sentences speak of the whole city, German and English: by its name where it has one.

    Examples
    --------
    >>> place_words("Leeds")["in_city"], place_words("")["of_city"]
    (('in Leeds', 'in Leeds'), ('der Stadt', 'of the city'))
    """
    form = "_named" if city else ""
    found = {name: f"place_{name}{form}" for name in PLACES}
    return {name: (text(place, "de", city=city), text(place, "en", city=city)) for name, place in found.items()}


def placed(template: str, city: str, lang: Lang) -> str:
    """Fill in how a text speaks of the whole city, and leave its other placeholders open for the page.

    Examples
    --------
    >>> placed("both above the {city_value}: {n}", "Leeds", "en")
    'both above the value of Leeds: {n}'
    """
    plain = city.replace("{", "(").replace("}", ")")  # a word is filled in at its braces
    for name, words in place_words(plain).items():
        template = template.replace(f"{{{name}}}", pick(lang, *words))
    return template


def _in_words(value: object, lang: Lang) -> object:
    if isinstance(value, tuple):
        return pick(lang, *value)
    return number_text(int(value), 0, lang) if isinstance(value, Integral) and not isinstance(value, bool) else value


def number_texts(value: float) -> tuple[str, str]:
    """Return a number with all its digits in German and English.

    Examples
    --------
    >>> number_texts(2000.0), number_texts(0.5)
    (('2.000', '2,000'), ('0,5', '0.5'))
    """
    decimals = len(f"{value:.15g}".partition(".")[2])
    return number_text(value, decimals, "de"), number_text(value, decimals, "en")


LISTED = 20  # names in a sentence; whoever needs the others has the table


def listed_texts(names: Sequence[str], count: int | None = None) -> str | tuple[str, str]:
    """Return names as a list in a sentence; of many the first, and how many more there are in German and English.

    Parameters
    ----------
    names : sequence of str
        All of them, or those that begin the list.
    count : int, optional
        How many there are in all, where ``names`` only begin the list.

    Examples
    --------
    >>> listed_texts(["Altstadt", "Hafen"])
    'Altstadt, Hafen'
    >>> listed_texts(list(map(str, range(1500))))[1][-25:]
    '17, 18, 19 and 1,480 more'
    """
    shown, count = ", ".join(names[:LISTED]), len(names) if count is None else count
    if count <= LISTED:
        return shown
    german, english = (text("names_more", lang, names=shown, count=count - LISTED) for lang in LANGUAGES)
    return german, english


def listed_areas(names: pd.Series[str], keys: Iterable[str]) -> str | tuple[str, str]:
    """Return areas by name and key, of many only the first.

    Examples
    --------
    >>> import pandas as pd
    >>> listed_areas(pd.Series({"01": "Hafen", "02": "Nord"}), ["02", "01"])
    'Nord (02), Hafen (01)'
    """
    listed = list(keys)
    shown = zip(listed[:LISTED], names.loc[listed[:LISTED]], strict=True)
    return listed_texts([f"{name} ({key})" for key, name in shown], len(listed))


@cache
def texts() -> dict[str, tuple[str, str]]:
    """Return the whole table: name -> (German, English)."""
    table = files("quartiersatlas.catalogue").joinpath("texts.csv").read_text(encoding="utf-8")
    rows = csv.reader(table.splitlines(), delimiter=";")
    next(rows)
    return {name: (german, english) for name, german, english in rows}


def percent_text(share: float, lang: Lang) -> str:
    """Write a share as percent, with a decimal where it has one: ``57 %`` (narrow blank) or ``57%``.

    Examples
    --------
    >>> percent_text(0.125, "en")
    '12.5%'
    """
    percent = round(100.0 * share, 1)
    written = number_text(percent, 0 if percent.is_integer() else 1, lang)
    return pick(lang, f"{written}{THIN_BLANK}%", f"{written}%")


def number_text(value: float, decimals: int, lang: Lang) -> str:
    """Write a number as the language does: ``1.234,5`` or ``1,234.5``, with a true minus sign.

    Halves that the computer holds exactly are rounded to the even digit, as in :func:`round`.

    Examples
    --------
    >>> number_text(1234.56, 1, "de")
    '1.234,6'
    >>> number_text(-0.5, 1, "en")
    '−0.5'
    """
    written = f"{value:,.{decimals}f}".replace("-", "−")
    if float(f"{value:.{decimals}f}") == 0:
        written = written.lstrip("−")
    return pick(lang, written.translate(str.maketrans(",.", ".,")), written)


def value_text(value: float, decimals: int, unit: str, lang: Lang) -> str:
    r"""Write a number with its unit: ``12,5 %`` (narrow blank) or ``12.5%``; other units stand apart.

    Examples
    --------
    >>> value_text(12.5, 1, "%", "en"), value_text(1200, 0, "EUR", "en")
    ('12.5%', '1,200\u202fEUR')
    """
    number = number_text(value, decimals, lang)
    if not unit:
        return number
    return f"{number}{'' if lang == 'en' and unit == '%' else THIN_BLANK}{unit}"


def number_writer(lang: Lang) -> Callable[[float, int], str]:
    """Return how numbers of so many decimals are written: for the ticks of an axis."""
    return lambda value, decimals: number_text(value, decimals, lang)
