"""A change in sentences, German and English: the size first, then how many areas moved otherwise than the city."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from quartiersatlas.catalogue.kinds import PERCENT
from quartiersatlas.catalogue.texts import check_lang, number_text, place_words, text, value_text
from quartiersatlas.indicators.periods import period_text

if TYPE_CHECKING:
    import pandas as pd

    from quartiersatlas.catalogue import Indicator, Lang
    from quartiersatlas.monitoring.changes.record import ChangeRecord

NAMED = 3  # areas that are named in a sentence
TESTED = {True: "change_tests_city", False: "change_tests_none"}


def signed(value: float, decimals: int, lang: Lang) -> str:
    """Write a number with its sign.

    Examples
    --------
    >>> signed(1.25, 1, "de"), signed(-1.25, 1, "en"), signed(0.0, 1, "en")
    ('+1,2', '−1.2', '0.0')
    """
    written = number_text(value, decimals, lang)
    return f"+{written}" if round(value, decimals) > 0 else written


def change_unit(meaning: Indicator, lang: Lang) -> str:
    """Return the unit of a change: percentage points of a percent, else that of the indicator."""
    return text("unit_percentage_points", lang) if meaning.unit == PERCENT else meaning.unit_text(lang)


def change_sentences(found: ChangeRecord, lang: Lang) -> list[str]:
    """Return the change from the first to the last date, a paragraph per indicator."""
    check_lang(lang)
    said = [_of_indicator(found, name, lang) for name in found.indicators]
    tested = int(found.city.loc[found.city["span"].eq("whole"), "tested_together"].max())
    if tested:
        name = TESTED[found.relative_to == "city"] if found.adjust == "bh" else "change_tests_unadjusted"
        said.append(
            text(
                name,
                lang,
                n=number_text(tested, 0, lang),
                level=number_text(100 * found.level, 0, lang),
                **place_words(found.city_name),
            )
        )
        said.append(text("change_register", lang))
    return said


def _of_indicator(found: ChangeRecord, name: str, lang: Lang) -> str:
    meaning, city = found.meanings[name], found.of_city(name)
    dates = found.periods[0], found.periods[-1]
    earlier, later = (period_text(date, lang) for date in dates)
    ends: dict[str, Any] = {
        "earlier": earlier,
        "later": later,
        "indicator": meaning.label(lang),
        **place_words(found.city_name),
    }
    if (name, *dates) in found.breaks:
        return text("change_broken", lang, **ends)
    sentences = [_city(city, meaning, ends, lang, summed=name in found.summed)]
    rows = found.of(name)
    if city["tested"]:
        sentences.append(_areas(rows, city, found, meaning, lang))
    return " ".join([*sentences, *untold_sentences(rows, lang)])


def untold_sentences(rows: pd.DataFrame, lang: Lang) -> list[str]:
    """Return how many areas have no change, and for how many it is withheld."""
    reasons = rows.loc[rows["change"].isna(), "reason"]
    n_withheld = int(reasons.eq("withheld").sum())
    counts = {"change_unknown": len(reasons) - n_withheld, "change_withheld": n_withheld}
    return [text(name, lang, n=number_text(n, 0, lang)) for name, n in counts.items() if n]


def _city(city: dict[str, Any], meaning: Indicator, ends: dict[str, Any], lang: Lang, *, summed: bool) -> str:
    """Return the sentence of the whole city."""
    if not isfinite(city["change"]):
        return text("change_no_city", lang, **ends)
    decimals, unit = (
        (0, "" if meaning.unit == PERCENT else meaning.unit_text(lang)) if summed else (1, meaning.unit_text(lang))
    )
    values = {part: value_text(city[f"value_{part}"], decimals, unit, lang) for part in ("earlier", "later")}
    numbers = {"value_earlier": values["earlier"], "value_later": values["later"], **ends}
    if summed:
        if not isfinite(city["per_year"]):
            return text("change_city_from_zero", lang, **numbers)
        return text("change_city_counts", lang, per_year=signed(city["per_year"], 1, lang), **numbers)
    return text(
        "change_city",
        lang,
        change=f"{signed(city['change'], 1, lang)} {change_unit(meaning, lang)}".strip(),
        per_year=signed(city["per_year"], 2, lang),
        **numbers,
    )


def _areas(rows: pd.DataFrame, city: dict[str, Any], found: ChangeRecord, meaning: Indicator, lang: Lang) -> str:
    """Return how far the areas moved, and how many of them otherwise than the city."""
    against = found.relative_to == "city"
    part = "relative" if against else "change"
    sizes = rows.loc[rows["verdict"].ne(""), part]
    unit = change_unit(meaning, lang)
    numbers = {
        "low": f"{signed(float(sizes.min()), 1, lang)}",
        "high": f"{signed(float(sizes.max()), 1, lang)} {unit}".strip(),
    }
    place = place_words(found.city_name)
    said = text("change_range_city" if against else "change_range", lang, **numbers, **place)
    counts = {name: number_text(int(city[name]), 0, lang) for name in ("tested", "up", "down")}
    said += " " + text("change_areas_city" if against else "change_areas", lang, **counts, **place)
    for verdict, largest in (("up", False), ("down", True)):
        moved = rows[rows["verdict"].eq(verdict)].sort_values(part, ascending=largest, kind="stable")
        if len(moved):
            some = moved.head(NAMED)
            listed = ", ".join(
                f"{found.names[key]} ({signed(float(some.loc[key, part]), 1, lang)})" for key in some.index
            )
            said += " " + text(f"change_most_{verdict}", lang, names=listed)
    return said
