"""Columns, values and rules of a release in words; German or English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.catalogue.texts import THIN_BLANK
from quartiersatlas.screening.rules import AboveCity, Combined, InClass, WorstShare

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.release.columns import ReleasedColumn
    from quartiersatlas.release.release import Release
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


def difference_text(difference: float | None, column: ReleasedColumn, lang: Lang) -> str:
    """Return a difference with its sign, in percentage points where the indicator is in percent."""
    if difference is None:
        return "–"
    sign = "+" if difference > 0 else ""
    words = text("unit_percentage_points", lang) if column.indicator.unit == "percent" else unit(column, lang)
    return f"{sign}{number_text(difference, column.decimals, lang)}{THIN_BLANK}{words}".strip()


def rule_text(release: Release, rule: Rule, lang: Lang) -> str:
    """Return a rule in words."""
    match rule:
        case Combined(sign=sign, left=left, right=right):
            sides = {"left": _side(release, left, lang), "right": _side(release, right, lang)}
            return text("rule_and" if sign == "&" else "rule_or", lang, **sides)
        case AboveCity(indicators=indicators):
            names = ", ".join(indicator_label(release, name, lang) for name in indicators)
            return text("rule_above_city", lang, label=names)
        case WorstShare(indicator=name, share=share):
            percent = number_text(100 * share, 0 if (100 * share).is_integer() else 1, lang)
            return text("rule_worst_share", lang, label=indicator_label(release, name, lang), share=percent)
        case InClass(axis=axis, classes=classes):
            column = next((c for c in release.columns if c.id == f"need_{axis}_class"), None)
            words = [value_text(name, column, lang) if column else name for name in classes]
            return text("rule_in_class", lang, label=indicator_label(release, axis, lang), classes=" / ".join(words))
    return str(rule)


def _side(release: Release, rule: Rule, lang: Lang) -> str:
    """Return a part of a rule, in brackets where it is made of parts itself."""
    words = rule_text(release, rule, lang)
    return f"({words})" if isinstance(rule, Combined) else words


def indicator_label(release: Release, name: str, lang: Lang) -> str:
    """Return the label of an indicator, of a change, or of an axis of the need index."""
    scores = [column for column in release.columns if column.kind == "score"]
    for position, score in enumerate(scores):
        if name == score.id.removeprefix("need_") or (name == "need" and position == 0):
            return label(score, lang)
    base = name.removesuffix("_change")
    known = release.catalogue.get(base).label(lang)
    return text("label_change", lang, label=known) if name != base else known
