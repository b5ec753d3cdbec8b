"""Releases in words: labels, values with units, reasons, facts; German or English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from quartiersatlas.catalogue import text
from quartiersatlas.catalogue.texts import pick
from quartiersatlas.present.method import steps_text
from quartiersatlas.release.labels import difference_text, indicator_label, label, rule_text, unit, value_text
from quartiersatlas.release.summary import summary_texts

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang, Message
    from quartiersatlas.need.spec import NeedAxis, NeedIndicator
    from quartiersatlas.release import Release, ReleasedColumn

__all__ = [
    "cell_text",
    "difference_text",
    "fact_text",
    "gap_kind",
    "label",
    "method_texts",
    "reason_texts",
    "rule_text",
    "summary_texts",
    "unit",
    "value_text",
]


def cell_text(release: Release, key: str, column: ReleasedColumn, lang: Lang) -> str:
    """Return what an area shows in a column: its value, or why there is none."""
    value: Any = release.values[column.id][key]
    if not pd.isna(value):
        return value_text(value, column, lang)
    gap = gap_kind(release, key, column)
    return text(f"state_{gap}" if gap in ("small", "uninhabited", "unknown") else f"cell_{gap}", lang)


def gap_kind(release: Release, key: str, column: ReleasedColumn) -> str:
    """Return why a cell has no value: its area's state (small, uninhabited, unknown), or the status of the cell."""
    state = release.state[key]
    if state != "shown":
        return str(state)
    status = str(release.status[column.id][key])
    return status if status in ("suppressed", "not_applicable", "unreliable", "excluded") else "missing"


def reason_texts(release: Release, lang: Lang) -> dict[str, list[str]]:
    """Return for each selected area the conditions it meets, in words."""
    found: dict[str, list[str]] = {}
    for row in release.reasons.itertuples():
        found.setdefault(str(row.key), []).append(_reason(release, row, lang))
    return found


def _reason(release: Release, row: Any, lang: Lang) -> str:  # noqa: ANN401 - a named tuple of the reasons
    if not row.column:
        hidden = text("cell_suppressed", lang)
        name = release.catalogue.get(row.indicator).label(lang)
        return text(f"reason_{row.criterion}", lang, label=name, value=hidden, threshold=hidden)
    column = release.column(row.column)
    threshold = "" if column.kind == "class" else value_text(row.threshold, column, lang)
    if row.criterion == "above_city" and not pd.isna(row.threshold):
        above = round(row.value - row.threshold, column.decimals)
        threshold = text("reason_distance", lang, threshold=threshold, difference=difference_text(above, column, lang))
    value = value_text(row.value, column, lang)
    return text(f"reason_{row.criterion}", lang, label=label(column, lang), value=value, threshold=threshold)


def method_texts(release: Release, lang: Lang) -> list[str]:
    """Return the lines of the method box, one per fact."""
    from quartiersatlas.version import __version__

    lines = [fact_text(release, fact, lang) for fact in release.facts]
    return [*lines, text("fact_city", lang), text("fact_version", lang, version=__version__)]


def fact_text(release: Release, fact: Message, lang: Lang) -> str:
    """Return one fact in words."""
    values = dict(fact.values)
    if "indicator" in values:
        values["label"] = label(values.pop("indicator"), lang)
    if fact.name == "fact_axis":
        indicators = ", ".join(_weighted(release, indicator, lang) for indicator in values["axis"].indicators)
        axis = values["axis"]
        values |= {"axis": axis.label(lang), "indicators": indicators, "steps": steps_text(axis, lang)}
    if fact.name == "fact_rule":
        values["rule"] = rule_text(release, values["rule"], lang)
    return text(fact.name, lang, **values)


def _weighted(release: Release, indicator: NeedIndicator, lang: Lang) -> str:
    """Return an indicator of the need index with its weight and direction, where they are not 1."""
    own = pick(lang, indicator.label_de, indicator.label_en)
    words = own or indicator_label(release, indicator.id, lang)
    if indicator.direction == -1:
        words = text("reversed_note", lang, label=words)
    return words if indicator.weight == 1 else text("weight_note", lang, label=words, weight=f"{indicator.weight:g}")


def alphabetical(names: pd.Series[str]) -> pd.Series[str]:
    """Order names as people do: Ä beside A."""
    return names.str.normalize("NFKD").str.casefold()


def definition_text(column: ReleasedColumn, lang: Lang) -> str:
    """Return label, definition and caveat of a column in one line."""
    definition, caveat = column.indicator.definition(lang), column.indicator.caveat(lang)
    words = f"{label(column, lang)}: {definition}" if definition else label(column, lang)
    return f"{words.rstrip('.')}. {text('label_caveat', lang)}: {caveat}" if caveat else words


def axis_text(release: Release, column: ReleasedColumn, lang: Lang) -> str:
    """Return how the axis of a class or score column is made; empty where the facts do not say."""
    fact = _axis_fact(release, column.id)
    return "" if fact is None else fact_text(release, fact, lang)


def axis_of(release: Release, name: str) -> NeedAxis | None:
    """Return the rules by which a score or class column is made; None where the facts do not say, or it is neither."""
    fact = _axis_fact(release, name)
    return None if fact is None else fact.values["axis"]


def _axis_fact(release: Release, name: str) -> Message | None:
    facts = (fact for fact in release.facts if fact.name == "fact_axis")
    return next((fact for fact in facts if name.removesuffix("_class") == f"need_{fact.values['axis'].id}"), None)
