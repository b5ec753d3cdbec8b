"""The shortlist in sentences, and the facts from which an analyst writes the comment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quartiersatlas.catalogue import check_lang, number_text, text
from quartiersatlas.release.labels import label, rule_text, value_text

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.release.columns import ReleasedColumn
    from quartiersatlas.release.release import Release


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


def comment_draft(release: Release, lang: Lang) -> str:
    """Return the facts of a release as sentences, one per line, made of nothing but what it shows."""
    check_lang(lang)
    lines = [text("draft_ground", lang, areas=len(release.areas), as_of=release.as_of or "–")]
    rates = [column for column in release.columns if column.kind == "rate"]
    if release.has_shortlist:
        rules = [fact.values["rule"] for fact in release.facts if fact.name == "fact_rule"]
        lines += [text("draft_rule", lang, rule=rule_text(release, rule, lang)) for rule in rules]
        lines += summary_texts(release, lang)
        lines += [line for column in rates for line in _share_of_group(release, column, lang)]
    else:
        lines += [
            text("draft_city", lang, label=label(column, lang), value=value_text(column.city, column, lang))
            for column in rates
            if column.city == column.city
        ]
    return "\n".join([*lines, text("reading_aid", lang), text("draft_open", lang)])


def _share_of_group(release: Release, column: ReleasedColumn, lang: Lang) -> list[str]:
    """Say which part of a group lives in the selected areas, and how large its share there is; from shown counts."""
    x, n = release.values[column.numerator], release.values[column.denominator]
    chosen = release.selected & x.notna() & n.notna()
    if not x[chosen].sum() > 0:
        return []
    rate = round(float(x[chosen].sum() / n[chosen].sum()) * column.indicator.per, column.decimals)
    return [
        text(
            "draft_group",
            lang,
            label=label(column, lang),
            value=value_text(rate, column, lang),
            city=value_text(column.city, column, lang) if column.city == column.city else "–",
            share=number_text(100 * float(x[chosen].sum() / x.sum()), 0, lang),
        )
    ]
