"""What is drawn of a change: the rows of a caterpillar and a dumbbell, the stretches of a course."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any, cast

from quartiersatlas.catalogue.texts import check_lang, number_text, place_words, text
from quartiersatlas.errors import SpecError
from quartiersatlas.indicators.periods import period_text
from quartiersatlas.monitoring.changes.words import change_unit, untold_sentences
from quartiersatlas.monitoring.pictures.courses import Stretch, course_chart
from quartiersatlas.monitoring.pictures.moved import MovedRow, MovedWords, caterpillar_chart, moved_chart

if TYPE_CHECKING:
    import pandas as pd

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts import Chart
    from quartiersatlas.monitoring.changes.record import ChangeRecord

KEYS = {"city": ("change_key_up", "change_key_down"), None: ("change_key_risen", "change_key_fallen")}
NOTES = {"city": "change_note_city", None: "change_note_none"}


def change_chart(found: ChangeRecord, kind: str, lang: Lang, indicator: str, step: tuple[str, str], most: int) -> Chart:
    """Return one of the charts of a change.

    Raises
    ------
    SpecError
        No area has a change, or a dumbbell is asked for counts, which are no values beside a city's.
    """
    check_lang(lang)
    name = indicator or found.indicators[0]
    rows = found.of(name, *step)
    meaning = found.meanings[name]
    if kind == "course":
        return course_chart(_stretches(found.levels, name, lang), meaning, lang)
    known = rows[rows["change"].notna() & rows["reason"].ne("few")]
    if not len(known):
        raise SpecError(f"change: no area has a change of {name!r} between these dates; its reasons: {_reasons(rows)}.")
    summed = name in found.summed
    city = found.of_city(name, *step)
    words = MovedWords(
        indicator=meaning.label(lang),
        earlier=period_text(str(rows["earlier"].iloc[0]), lang),
        later=period_text(str(rows["later"].iloc[0]), lang),
        unit=meaning.unit_text(lang),
        change_unit=text("change_percent_a_year", lang) if summed else change_unit(meaning, lang),
        key=(text(KEYS[found.relative_to][0], lang), text(KEYS[found.relative_to][1], lang)),
        note=_note(found, rows, lang, kind, most),
        city=found.city_name,
    )
    drawn = [
        _row(str(found.names[key]), str(key), row, city, found.relative_to, summed=summed)
        for key, row in _records(known)
    ]
    if kind == "caterpillar":
        return caterpillar_chart(
            [row for row in drawn if isfinite(row.change)], city["per_year" if summed else "change"], words, lang
        )
    if summed:
        raise SpecError(f"change: {name!r} is a sum, and no area's value stands beside the city's: kind='caterpillar'.")
    size = known["relative"].abs() if known["relative"].notna().any() else known["change"].abs()
    by_size = dict(zip(known.index, drawn, strict=True))
    largest = [by_size[key] for key in size.sort_values(ascending=False, kind="stable").index[:most]]
    own = None
    if isfinite(city["change"]):
        nan = float("nan")
        own = MovedRow(
            found.city_name or text("label_city", lang),
            city["value_earlier"],
            city["value_later"],
            city["change"],
            nan,
            nan,
        )
    return moved_chart(sorted(largest, key=lambda row: -row.change), own, words, lang)


def _records(rows: pd.DataFrame) -> list[tuple[str, dict[str, Any]]]:
    return list(cast("dict[str, dict[str, Any]]", rows.to_dict("index")).items())


def _row(
    name: str, key: str, row: dict[str, Any], city: dict[str, Any], relative_to: str | None, *, summed: bool
) -> MovedRow:
    """Return an area; its interval is that of the change that was tested, around the city's where that is it."""
    change = float(row["per_year"] if summed else row["change"])
    lower, upper = float(row["lower"]), float(row["upper"])
    if relative_to == "city" and isfinite(float(row["relative_lower"])):
        lower, upper = (city["change"] + float(row[f"relative_{end}"]) for end in ("lower", "upper"))
    return MovedRow(
        name, float(row["value_earlier"]), float(row["value_later"]), change, lower, upper, row["verdict"], key
    )


def _note(found: ChangeRecord, rows: pd.DataFrame, lang: Lang, kind: str, most: int) -> str:
    """Return what a reader has to know: what the intervals are, how many were tested, which areas are not there."""
    tested = int(rows["p"].notna().sum())
    said = [text("change_note_dumbbell", lang)] if kind == "dumbbell" else []
    if tested:
        said += [text(NOTES[found.relative_to], lang, **place_words(found.city_name))] if kind == "caterpillar" else []
        n = number_text(
            int(found.of_city(str(rows["indicator"].iloc[0]), *rows[["earlier", "later"]].iloc[0])["tested_together"]),
            0,
            lang,
        )
        said.append(text("change_note_tests", lang, n=n, level=number_text(100 * found.level, 0, lang)))
    missing = int(rows["change"].isna().sum())
    said += untold_sentences(rows, lang)
    few = int((rows["change"].notna() & rows["reason"].eq("few")).sum())
    if few:
        said.append(text("change_note_few", lang, n=number_text(few, 0, lang)))
    n_known = len(rows) - missing - few
    if kind == "dumbbell" and n_known > most:
        said.append(
            text(
                "change_note_most",
                lang,
                n=number_text(most, 0, lang),
                all=number_text(n_known, 0, lang),
                **place_words(found.city_name),
            )
        )
    return " ".join(said)


def _reasons(rows: pd.DataFrame) -> str:
    return ", ".join(f"{name} ({n})" for name, n in rows["reason"].value_counts().items())


def _stretches(levels: pd.DataFrame, name: str, lang: Lang) -> list[Stretch]:
    """Return the dates by definition: a new stretch wherever it changes."""
    own = levels[levels["indicator"].eq(name)]
    return [
        Stretch(
            tuple(map(str, part["period"])),
            tuple(map(float, part["city"])),
            tuple(map(float, part["median"])),
            str(part[f"label_{lang}"].iloc[0]),
        )
        for _, part in own.groupby("stretch", sort=True)
    ]
