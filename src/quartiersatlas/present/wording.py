"""Releases in words: labels, values with units, reasons, facts; German or English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.catalogue.texts import THIN_BLANK, pick
from quartiersatlas.present.method import steps_text
from quartiersatlas.screening.rules import AboveCity, Combined, InClass, WorstShare

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang, Message
    from quartiersatlas.need.spec import NeedIndicator
    from quartiersatlas.release import Release, ReleasedColumn
    from quartiersatlas.screening import Rule


def unit(column: ReleasedColumn, lang: Lang) -> str:
    """Return the unit of a column; empty for counts, scores and classes."""
    if column.kind in ("count", "class", "score"):
        return ""
    return text(f"unit_{column.indicator.unit.replace(' ', '_')}", lang)


def label(column: ReleasedColumn, lang: Lang) -> str:
    """Return the label of a column; axes of the need index say that they are."""
    name = column.indicator.label(lang)
    if column.kind == "class":
        return text("label_need_class", lang, axis=name)
    return text("label_need_score", lang, axis=name) if column.kind == "score" else name


def value_text(value: Any, column: ReleasedColumn, lang: Lang) -> str:  # noqa: ANN401 - a cell of any column
    """Return a value with its unit, a class by its label."""
    if column.kind == "class":
        return next((c.label(lang) for c in column.classes if c.id == value), str(value))
    number = number_text(value, column.decimals, lang)
    sign = unit(column, lang)
    return f"{number}{THIN_BLANK}{sign}" if sign else number


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
    value = value_text(row.value, column, lang)
    return text(f"reason_{row.criterion}", lang, label=label(column, lang), value=value, threshold=threshold)


def summary_texts(release: Release, lang: Lang) -> list[str]:
    """Return the shortlist in one or two sentences."""
    if not release.has_shortlist:
        return []
    if not release.n_assessed:
        return [text("summary_unassessed", lang)]
    if not release.selected.any():
        return [text("summary_none", lang, assessed=release.n_assessed)]
    people = release.residents[release.selected].sum()
    n_selected = int(release.selected.sum())
    values = {
        "selected": n_selected,
        "assessed": release.n_assessed,
        "residents": number_text(people, 0, lang),
        "share": number_text(100 * people / release.residents.sum(), 1, lang),
    }
    sentences = [text("summary_selected_one" if n_selected == 1 else "summary_selected", lang, **values)]
    n_candidates = len(release.candidates) if release.candidates is not None else 0
    if n_candidates:
        name = "summary_candidates_one" if n_candidates == 1 else "summary_candidates"
        sentences.append(text(name, lang, count=n_candidates))
    return sentences


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


def rule_text(release: Release, rule: Rule, lang: Lang) -> str:
    """Return a rule in words."""
    match rule:
        case Combined(sign=sign, left=left, right=right):
            sides = {"left": rule_text(release, left, lang), "right": rule_text(release, right, lang)}
            joined = text("rule_and" if sign == "&" else "rule_or", lang, **sides)
            return f"({joined})"
        case AboveCity(indicators=indicators):
            names = ", ".join(_indicator_label(release, name, lang) for name in indicators)
            return text("rule_above_city", lang, label=names)
        case WorstShare(indicator=name, share=share):
            percent = number_text(100 * share, 0 if (100 * share).is_integer() else 1, lang)
            return text("rule_worst_share", lang, label=_indicator_label(release, name, lang), share=percent)
        case InClass(axis=axis, classes=classes):
            column = next((c for c in release.columns if c.id == f"need_{axis}_class"), None)
            words = [value_text(name, column, lang) if column else name for name in classes]
            return text("rule_in_class", lang, label=_indicator_label(release, axis, lang), classes=" / ".join(words))
    return str(rule)


def _weighted(release: Release, indicator: NeedIndicator, lang: Lang) -> str:
    """Return an indicator of the need index with its weight and direction, where they are not 1."""
    own = pick(lang, indicator.label_de, indicator.label_en)
    words = own or _indicator_label(release, indicator.id, lang)
    if indicator.direction == -1:
        words = text("reversed_note", lang, label=words)
    return words if indicator.weight == 1 else text("weight_note", lang, label=words, weight=f"{indicator.weight:g}")


def _indicator_label(release: Release, name: str, lang: Lang) -> str:
    """Return the label of an indicator, of a change, or of an axis of the need index."""
    scores = [column for column in release.columns if column.kind == "score"]
    for position, score in enumerate(scores):
        if name == score.id.removeprefix("need_") or (name == "need" and position == 0):
            return label(score, lang)
    base = name.removesuffix("_change")
    known = release.catalogue.get(base).label(lang)
    return text("label_change", lang, label=known) if name != base else known


def alphabetical(names: pd.Series[str]) -> pd.Series[str]:
    """Order names as people do: Ä beside A."""
    return names.str.normalize("NFKD").str.casefold()


def definition_text(column: ReleasedColumn, lang: Lang) -> str:
    """Return label, definition and caveat of a column in one line."""
    definition, caveat = column.indicator.definition(lang), column.indicator.caveat(lang)
    words = f"{label(column, lang)}: {definition}" if definition else label(column, lang)
    return f"{words} {text('label_caveat', lang)}: {caveat}" if caveat else words


def axis_text(release: Release, column: ReleasedColumn, lang: Lang) -> str:
    """Return how the axis of a class or score column is made; empty where the facts do not say."""
    for fact in release.facts:
        if fact.name == "fact_axis" and column.id.removesuffix("_class") == f"need_{fact.values['axis'].id}":
            return fact_text(release, fact, lang)
    return ""
