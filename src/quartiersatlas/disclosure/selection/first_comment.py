"""A first comment for the analyst: the facts of a release as sentences, made of nothing but what it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quartiersatlas.base.checks import choice
from quartiersatlas.catalogue import number_text, text
from quartiersatlas.catalogue.texts import LANGUAGES, place_words
from quartiersatlas.disclosure.selection.rule_words import rule_words
from quartiersatlas.disclosure.words import city_text, label, summary_texts, value_text

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure.release import ReleasedColumn, ReleasedResults


def comment_draft(release: ReleasedResults, lang: Lang) -> str:
    """Return the facts of a release as sentences, one per line, made of nothing but what it shows."""
    choice(lang, LANGUAGES, "lang")
    lines = [text("draft_ground", lang, areas=len(release.areas), as_of=release.as_of or "–")]
    rates = [column for column in release.columns if column.kind == "rate"]
    if release.has_shortlist:
        lines += [rule_words(release, release.rule.tree, lang).sentence] if release.rule is not None else []
        lines += summary_texts(release, lang)
        lines += [line for column in rates for line in _share_of_group(release, column, lang)]
    else:
        lines += [
            text(
                "draft_city",
                lang,
                label=label(column, lang),
                value=city_text(column, lang),
                **place_words(release.city),
            )
            for column in rates
            if column.city == column.city
        ]
    return "\n".join([*lines, text("reading_aid", lang), text("draft_open", lang)])


def _share_of_group(release: ReleasedResults, column: ReleasedColumn, lang: Lang) -> list[str]:
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
            city=city_text(column, lang),
            share=number_text(100 * float(x[chosen].sum() / x.sum()), 0, lang),
            **place_words(release.city),
        )
    ]
