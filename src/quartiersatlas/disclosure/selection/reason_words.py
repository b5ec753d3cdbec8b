"""The reasons for which an area is on the list or not, as sentences; and how many persons are missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.catalogue.texts import texts
from quartiersatlas.disclosure.selection.rule_words import OPPOSITE, OPPOSITE_OF_NUMBER, ConditionWords
from quartiersatlas.disclosure.words import label, value_text
from quartiersatlas.screening.evaluation.exact import EQUAL
from quartiersatlas.screening.language.rules import (
    CITY,
    Adjacent,
    Capped,
    Compare,
    Condition,
    Hotspot,
    InClass,
    Limit,
    Worst,
)

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure.release import ReleasedResults

MOST_DIGITS = 6  # more than the column has, until two numbers differ


def reason_text(release: ReleasedResults, row: Any, lang: Lang, gap: str = "") -> str:  # noqa: ANN401 - a named tuple
    """Return a row of the reasons as a sentence.

    Parameters
    ----------
    release : ReleasedResults
        Whose reasons they are.
    row : named tuple
        A row of its ``reasons`` or ``other_reasons``.
    lang : {"de", "en"}
        Language.
    gap : str
        Why the area shows no value, in words, where it shows none.
    """
    words = ConditionWords(release, lang)
    assert words.rule is not None  # noqa: S101 - where there are reasons there is a rule
    condition = words.rule.tree.conditions[row.place]
    name = _label(release, row, words)
    if pd.isna(row.held) or row.unknown_because:
        return _unknown(row, name, gap, lang)
    holds = bool(row.held)
    match condition:
        case InClass():
            return _of_class(release, condition, row, name, words)
        case Adjacent():
            return text("reason_beside", lang, says=words.beside(condition, holds=holds))
        case Capped():
            says = text(f"reason_{_no(holds)}capped", lang, most=words.most(condition))
        case Hotspot():
            says = _cluster("low" if words.is_low(condition) else "high", holds=holds, lang=lang)
        case Worst():
            says = _order(condition, row, words)
        case _:
            return _compared(condition, row, name, words)
    return text("reason", lang, label=name, value=_value(row, words), says=says)


def _of_class(release: ReleasedResults, condition: InClass, row: Any, name: str, words: ConditionWords) -> str:  # noqa: ANN401 - a named tuple
    """Say which class an area is in, or that it is in one of those that are asked for."""
    lang, holds = words.lang, bool(row.held)
    column = release.column(row.column) if row.column else None
    classes = " / ".join(words.class_label(condition.axis, one) for one in condition.classes)
    if column is None or pd.isna(row.value):
        return text(f"reason_{_no(holds)}of_class", lang, label=name, classes=classes)
    value = value_text(row.value, column, lang)
    return text(f"reason_{_no(holds)}in_class", lang, label=name, value=value, classes=classes)


def _label(release: ReleasedResults, row: Any, words: ConditionWords) -> str:  # noqa: ANN401 - a named tuple
    if row.column and row.kind != "in_class":
        return label(release.column(row.column), words.lang)
    return words.label(row.indicator)


def _no(holds: bool) -> str:
    return "" if holds else "not_"


def _unknown(row: Any, name: str, gap: str, lang: Lang) -> str:  # noqa: ANN401 - a named tuple
    """Say why a condition cannot be judged, and what follows where its own rule says so."""
    because = row.unknown_because or "missing"
    if because == "missing" and not gap:
        because = "limit" if not pd.isna(row.value) else "value"
    why = text(f"open_{because}", lang, gap=gap)
    if pd.isna(row.held):
        return text("reason_open", lang, label=name, why=why)
    return text("reason_counts_yes" if row.held else "reason_counts_no", lang, label=name, why=why)


def _value(row: Any, words: ConditionWords) -> str:  # noqa: ANN401 - a named tuple
    if pd.isna(row.value):
        return text("cell_suppressed", words.lang)
    return words.number(row.value, row.decimals, _unit_name(row))


def _unit_name(row: Any) -> str:  # noqa: ANN401 - a named tuple
    return str(row.column or row.indicator)


def _cluster(side: str, *, holds: bool, lang: Lang) -> str:
    found = text(f"rule_hotspot_{side}", lang)
    return found if holds else text("rule_not", lang, condition=found)


def _order(condition: Worst, row: Any, words: ConditionWords) -> str:  # noqa: ANN401 - a named tuple
    """Return "among the highest values (from 28.3 %)"."""
    side = "low" if words.is_low(condition) else "high"
    unit = words.level(condition.by, row.unit_name) if condition.by else ""
    inside = text("rule_within", words.lang, unit=unit) if unit else ""
    if condition.among is not None:
        inside += text("reason_among", words.lang)
    found = text(f"reason_worst_{side}", words.lang, inside=inside)
    found = found if row.held else text("rule_not", words.lang, condition=found)
    if pd.isna(row.limit):
        return found
    at = text(f"reason_to_{side}", words.lang, limit=words.number(row.limit, row.decimals, _unit_name(row)))
    alike = not row.held and not pd.isna(row.value) and round(float(row.value), row.decimals) == row.limit
    return f"{found} ({at}){text('reason_rounded', words.lang) if alike else ''}"


@dataclass(frozen=True)
class _Pair:
    """A value and a limit as they are written: so many decimals that they differ, where they do."""

    value: str
    limit: str
    distance: str = ""
    state: str = "apart"  # or "equal", or "rounded": equal as they are shown


def _compared(condition: Condition, row: Any, name: str, words: ConditionWords) -> str:  # noqa: ANN401 - a named tuple
    """Return "Child poverty: 22.2 %, above the city value (20.0 %), by 2.2 percentage points"."""
    lang, holds = words.lang, bool(row.held)
    word, limit = _word_and_limit(condition, words)
    significant = isinstance(condition, Compare) and condition.significant is not None
    pair = _written(row, words, word, checked=not significant or holds)
    if pair.state == "equal":
        says = text(f"reason_equal_{word}", lang, limit=pair.limit)
        return text("reason", lang, label=name, value=pair.value, says=says)
    beyond = holds or (significant and _is_beyond(row, word))
    if significant and beyond:
        says = f"{_relation(word, limit, row, pair, words, holds=True)}{pair.distance}"
        return text(
            "reason", lang, label=name, value=pair.value, says=text(f"reason_{_no(holds)}significant", lang, says=says)
        )
    says = _relation(word, limit, row, pair, words, holds=holds)
    rest = text("reason_rounded", lang) if pair.state == "rounded" else pair.distance
    return text("reason", lang, label=name, value=pair.value, says=f"{says}{rest}")


def _word_and_limit(condition: Condition, words: ConditionWords) -> tuple[str, Limit]:
    if isinstance(condition, Compare):
        return condition.word, condition.limit
    return "below" if words.is_low(condition) else "above", Limit(CITY)


def _is_beyond(row: Any, word: str) -> bool:  # noqa: ANN401 - a named tuple
    if pd.isna(row.value) or pd.isna(row.limit):
        return False
    apart = float(row.value) - float(row.limit)
    return apart > 0 if word in ("above", "at_least") else apart < 0


def _relation(word: str, limit: Limit, row: Any, pair: _Pair, words: ConditionWords, *, holds: bool) -> str:  # noqa: ANN401
    """Return on which side of which limit a value lies, with the number of the limit in brackets."""
    lang, name = words.lang, _unit_name(row)
    side = {"at_least": "above", "at_most": "below"}.get(word, word) if holds else OPPOSITE[word]
    if limit.factor != 1 and limit.names:
        side = word if holds else OPPOSITE_OF_NUMBER[word]
        base = "" if pd.isna(row.base) else words.number(row.base, row.decimals, name)
        times = f"{words.times(limit, name, row.unit_name)}{words.published(limit, name, base)}"
        return text(f"rule_factor_{side}", lang, limit=times) + text("reason_limit", lang, limit=pair.limit)
    if not limit.names:
        return text(f"rule_{side}", lang, limit=f"{text('ref_number', lang)} ({pair.limit})")
    reference = words.reference(limit, name, row.unit_name)
    return text(f"rule_{side}", lang, limit=f"{reference}{words.published(limit, name, pair.limit)}")


def _written(row: Any, words: ConditionWords, word: str, *, checked: bool) -> _Pair:  # noqa: ANN401 - a named tuple
    """Return value and limit with so many decimals that they differ, if they do and all their digits are shown."""
    name, decimals = _unit_name(row), int(row.decimals)
    hidden = text("cell_suppressed", words.lang)
    least, holds = int(row.limit_decimals), bool(row.held)
    if pd.isna(row.value) or pd.isna(row.limit):
        said = hidden if pd.isna(row.value) else words.number(row.value, decimals, name)
        return _Pair(said, hidden if pd.isna(row.limit) else words.number(row.limit, least, name))
    value, limit = float(row.value), float(row.limit)
    alike = row.value_exact and row.limit_exact and abs(value - limit) <= EQUAL * max(abs(value), abs(limit))
    if alike and holds == (word in ("at_least", "at_most")):
        return _Pair(words.number(value, decimals, name), words.number(limit, least, name), state="equal")
    for more in range(MOST_DIGITS + 1):
        of_value = decimals + more if row.value_exact else decimals
        of_limit = max(least, decimals + more if row.limit_exact and not _is_short(limit, least) else least)
        shown, at = round(value, of_value), round(limit, of_limit)
        side = shown > at if word in ("above", "at_least") else shown < at
        if shown != at and (side == holds or not checked):
            digits = max(of_value, of_limit) if more else of_value
            short = not side and word in ("above", "below")
            return _Pair(
                words.number(shown, of_value, name),
                words.number(at, of_limit, name),
                _distance(shown - at, digits, name, words, short=short),
            )
    return _Pair(words.number(value, decimals, name), words.number(limit, least, name), state="rounded")


def _is_short(limit: float, digits: int) -> bool:
    """Return True if a number has no more digits than are written."""
    return round(limit, digits) == limit


def _distance(apart: float, decimals: int, name: str, words: ConditionWords, *, short: bool) -> str:
    if round(abs(apart), decimals) == 0:
        return ""
    difference = words.difference(apart, decimals, name)
    return text("reason_short" if short else "reason_distance", words.lang, difference=difference)


# --- how many persons are missing -------------------------------------------------------------------------------------


def missing_text(release: ReleasedResults, rows: pd.DataFrame, lang: Lang) -> str:
    """Return how many persons are missing until one area enters or leaves the list: a distance, no advice."""
    changes = [_change(release, row, lang) for row in rows.itertuples()]
    both = (
        f" {text('rule_and', lang)} ".join([", ".join(changes[:-1]), changes[-1]]) if len(changes) > 1 else changes[0]
    )
    return text("missing_enters" if bool(rows["enters"].iloc[0]) else "missing_leaves", lang, changes=both)


def _change(release: ReleasedResults, row: Any, lang: Lang) -> str:  # noqa: ANN401 - a named tuple
    """Return "11 fewer children on benefits (of 240)", or the same with the words of the catalogue."""
    name = f"missing_{'more' if row.persons > 0 else 'fewer'}"
    own = f"{name}_{row.indicator}{'_one' if abs(row.persons) == 1 else ''}"
    indicator = release.catalogue.get(row.indicator)
    counted = indicator.numerator_de if lang == "de" else indicator.numerator_en
    counted = counted or label(release.column(row.indicator), lang)
    values = {"count": number_text(abs(row.persons), 0, lang), "of": number_text(row.of, 0, lang)}
    return text(own, lang, **values) if own in texts() else text(name, lang, counted=counted, **values)
