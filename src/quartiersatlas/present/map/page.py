"""Everything of the map's page that is not the map: title, bands, comment, key figures, method, source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.present.map.geometry import tolerance
from quartiersatlas.present.opening import source_text
from quartiersatlas.present.templates import render
from quartiersatlas.present.wording import fact_text, method_texts, summary_texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.release import Release


METHOD_IN_BRIEF = ("fact_rule", "fact_need", "fact_protection_count", "fact_protection_rest")
MAP = "<!-- map -->"


def page_html(release: Release, lang: Lang, earlier: Sequence[Release] = ()) -> tuple[str, str]:
    """Return what stands before the map and what stands after it; all text from data is escaped."""
    metres = tolerance(release.areas)
    method = [*method_texts(release, lang), text("fact_classes", lang), text("map_class_choice", lang)]
    if earlier:
        method += [text("fact_dates", lang), *(_date(part, lang) for part in earlier)]
    if metres:
        method.append(text("fact_simplified", lang, tolerance=number_text(metres, 0, lang)))
    facts = [fact for name in METHOD_IN_BRIEF for fact in release.facts if fact.name == name]
    brief = [fact_text(release, fact, lang) for fact in facts]
    page = render(
        "page.html",
        lang,
        release=release,
        source=source_text(release, lang),
        notices=list(dict.fromkeys(notice for part in (release, *earlier) for notice in part.notices)),
        is_draft=any(part.is_draft for part in (release, *earlier)),
        summary=summary_texts(release, lang),
        brief=[*brief, text("fact_classes", lang)],
        method=method,
        candidates=_candidates(release, lang),
    )
    before, after = page.split(MAP)
    return before, after


def _date(part: Release, lang: Lang) -> str:
    """Return where an earlier date comes from, and how much of it is protected."""
    hidden = int((part.status == "suppressed").to_numpy().sum())
    words = {"date": part.as_of, "source": part.source or "–", "hidden": number_text(hidden, 0, lang)}
    return text("fact_date", lang, **words)


def _candidates(release: Release, lang: Lang) -> list[str]:
    if release.candidates is None:
        return []
    return [
        f"{key} {row['name']}: {text('residents_count', lang, count=number_text(row['residents'], 0, lang))}"
        for key, row in release.candidates.iterrows()
    ]
