"""Releases in words: labels, values with units, reasons, facts; German or English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.catalogue.texts import THIN_BLANK

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.release import Release, ReleasedColumn
    from quartiersatlas.release.facts import Fact


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
    return text(f"state_{gap}" if gap in ("small", "uninhabited") else f"cell_{gap}", lang)


def gap_kind(release: Release, key: str, column: ReleasedColumn) -> str:
    """Return why a cell has no value: small, uninhabited, suppressed, missing, not_applicable, unreliable."""
    state = release.state[key]
    if state != "shown":
        return str(state)
    status = str(release.status[column.id][key])
    return status if status in ("suppressed", "not_applicable", "unreliable") else "missing"


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
    if release.reasons.empty and not release.selected.any():
        return [text("summary_none", lang)] if release.has_shortlist else []
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


def fact_text(release: Release, fact: Fact, lang: Lang) -> str:
    """Return one fact in words."""
    values = dict(fact.values)
    if "indicator" in values:
        values["label"] = label(values.pop("indicator"), lang)
    if fact.text == "fact_axis":
        axis, reference = values["axis"], values["reference"]
        rows = reference[reference["axis"].eq(axis.id)]
        names = ", ".join(_indicator_label(release, name, lang) for name in rows["indicator"])
        values = {"axis": axis.label(lang), "indicators": names, "areas": int(rows["n_areas"].iloc[0])}
    return text(fact.text, lang, **values)


def _indicator_label(release: Release, name: str, lang: Lang) -> str:
    base = name.removesuffix("_change")
    known = release.catalogue.get(base).label(lang)
    return text("label_change", lang, label=known) if name != base else known
