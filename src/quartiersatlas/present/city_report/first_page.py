"""The first page of a report in words: the result as one sentence, and the points to know; from released numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.catalogue.texts import place_words
from quartiersatlas.disclosure.release import NUMBER_FORMS
from quartiersatlas.disclosure.words import city_text, label, value_text
from quartiersatlas.present.paper import Bullets
from quartiersatlas.present.statements import (
    GAPS,
    axis_of,
    driver_names,
    gap_kinds,
    gap_text,
    has_all_drivers,
    need_direction,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release, ReleasedColumn

MOST_DISTRICTS, MOST_NAMES = 5, 6
N_DRIVERS = N_TRENDS = 2


def result_text(release: Release, lang: Lang) -> str:
    """Return the result as one sentence.

    How many areas are selected and how surely; without a selection how many are in the class of highest need; without
    an index the first indicator; empty where nothing can be said.
    """
    if not release.has_shortlist:
        return _class_result(release, lang) or _indicator_result(release, lang)
    if not release.n_assessed:
        return text("summary_unassessed", lang)
    n_selected = int(release.selected.sum())
    if not n_selected:
        return text("summary_none", lang, assessed=number_text(release.n_assessed, 0, lang))
    form = "one" if n_selected == 1 else "many"
    if release.context_only:  # then they are not called areas of need
        form = "context_one" if n_selected == 1 else "context"
    words = text(
        f"result_{form}",
        lang,
        selected=number_text(n_selected, 0, lang),
        assessed=number_text(release.n_assessed, 0, lang),
        residents=residents_text(release, release.selected, lang),
    )
    return f"{words}{_certainty(release, lang)}."


def _certainty(release: Release, lang: Lang) -> str:
    """Return how sure the selection is, to follow what is selected; empty where that is not known."""
    labels = _labels(release)
    if labels is None:
        return ""
    sure, near = (int(labels[release.selected].eq(name).sum()) for name in ("certain", "borderline"))
    n_selected = int(release.selected.sum())
    if sure == n_selected:
        return text("result_all_sure" if n_selected > 1 else "result_one_sure", lang)
    if near == n_selected:
        return text("result_all_open" if n_selected > 1 else "result_one_open", lang)
    name = "result_sure_one" if near == 1 else "result_sure"
    return text(name, lang, sure=number_text(sure, 0, lang), open=number_text(near, 0, lang)) if sure + near else ""


def residents_text(release: Release, members: pd.Series[bool], lang: Lang) -> str:
    """Return how many people live in some areas, and which share of the city; "at least" where one is not shown."""
    inside = release.residents[members]
    words = number_text(float(inside.sum()), 0, lang)
    if inside.isna().any():
        return text("residents_at_least", lang, residents=words)
    everybody = release.residents
    total = float(everybody.sum())
    if not total:
        return text("residents_some", lang, residents=words)
    share = number_text(100 * float(inside.sum()) / total, 0 if inside.sum() > total / 10 else 1, lang)
    all_known = not (everybody.isna() & release.state.ne("uninhabited")).any()
    return text(
        "residents_of_city" if all_known else "residents_of_shown",
        lang,
        residents=words,
        share=share,
        **place_words(release.city),
    )


def _class_result(release: Release, lang: Lang) -> str:
    """Return how many areas are in the class of highest need on the first axis."""
    column = next((column for column in release.columns if column.kind == "class"), None)
    if column is None:
        return ""
    classes = release.values[column.id]
    highest = column.classes[-1]
    members = classes.eq(highest.id)
    count = int(members.sum())
    form = "result_class" if count > 1 else "result_class_one" if count else "result_class_none"
    return text(
        form,
        lang,
        count=number_text(count, 0, lang),
        shown=number_text(int(classes.notna().sum()), 0, lang),
        name=highest.label(lang),
        axis=column.indicator.label(lang),
        residents=residents_text(release, members, lang),
    )


def _indicator_result(release: Release, lang: Lang) -> str:
    """Return the range and the city value of the first indicator of need, or of any."""
    columns = [column for column in release.columns if column.kind in NUMBER_FORMS and not column.change_of]
    columns = [column for column in columns if release.values[column.id].notna().any()]
    if not columns:
        return ""
    column = next((column for column in columns if need_direction(column)), columns[0])
    values = release.values[column.id].dropna().astype(float)
    low, high = (value_text(value, column, lang) for value in (values.min(), values.max()))
    known = {"label": label(column, lang), "low": low, "high": high}
    if pd.isna(column.city):
        return text("result_range", lang, **known)
    return text("result_indicator", lang, city=city_text(column, lang), **known, **place_words(release.city))


def points(release: Release, earlier: Sequence[Release], lang: Lang) -> Bullets | None:
    """Return what to know beside the result: where, how sure, what lifts the index, development, what is not shown."""
    found = {
        "where": _where(release, lang),
        "sure": _how_sure(release, lang),
        "drivers": _drivers(release, lang),
        "change": _development(release, earlier, lang),
        "gaps": _not_shown(release, lang),
    }
    said = {name: words for name, words in found.items() if words}
    leads = tuple(text(f"point_{name}", lang) for name in said)
    return Bullets(tuple(said.values()), leads=leads) if said else None


def _where(release: Release, lang: Lang) -> str:
    """Return in which districts the selected areas lie, and how many candidate areas they form."""
    chosen = release.areas[release.selected.to_numpy()]
    if chosen.empty:
        return ""
    levels = [column for column in chosen.columns if column not in ("name", "geometry")]
    parts = []
    if levels:
        counts = chosen[levels[0]].astype(str).value_counts(sort=True)
        counts = counts[sorted(counts.index, key=lambda name: (-counts[name], name))]
        first, *others = ((str(name), int(number)) for name, number in counts.iloc[:MOST_DISTRICTS].items())
        noun = text("count_areas_one" if first[1] == 1 else "count_areas", lang, count=first[1])
        named = [f"{first[0]} ({noun})", *(f"{name} ({number})" for name, number in others)]
        rest = int(counts.iloc[MOST_DISTRICTS:].sum())
        parts.append(listed([*named, *([text("others_elsewhere", lang, count=rest)] if rest else [])], lang))
    elif len(chosen) <= MOST_NAMES:
        parts.append(listed(sorted(map(str, chosen["name"])), lang))
    if release.candidates is not None and len(release.candidates):
        residents, count = release.candidates["residents"], len(release.candidates)
        words = number_text(float(residents.sum()), 0, lang)
        people = text("residents_at_least" if residents.isna().any() else "residents_some", lang, residents=words)
        name = "point_candidates_one" if count == 1 else "point_candidates"
        parts.append(text(name, lang, count=number_text(count, 0, lang), residents=people))
    return f"{'; '.join(parts)}." if parts else ""


def listed(names: Sequence[str], lang: Lang) -> str:
    """Return names as a list in a sentence."""
    return names[0] if len(names) == 1 else text("list_and", lang, first=", ".join(names[:-1]), last=names[-1])


def _labels(release: Release) -> pd.Series[str] | None:
    return None if release.stability is None else release.stability.table["label"]


def _how_sure(release: Release, lang: Lang) -> str:
    """Return how many of the selected areas stay, and how many others could as well be selected."""
    labels = _labels(release)
    if labels is None or not release.selected.any():
        return ""
    counts = {
        "sure": int(labels[release.selected].eq("certain").sum()),
        "selected": int(release.selected.sum()),
        "near": int(labels[~release.selected].isin(["certain", "borderline"]).sum()),
    }
    form = "none" if not counts["near"] else "one" if counts["near"] == 1 else "many"
    return text(f"point_sure_{form}", lang, **{name: number_text(n, 0, lang) for name, n in counts.items()})


def _drivers(release: Release, lang: Lang) -> str:
    """Return the indicators that lift the first axis most in the areas selected (or in the highest class)."""
    column = next((column for column in release.columns if column.kind == "class"), None)
    if column is None or release.drivers is None:
        return ""
    members = release.selected if release.selected.any() else release.values[column.id].eq(column.classes[-1].id)
    names = driver_names(release, column.axis)
    added = release.drivers[members.to_numpy()]
    sums = {name: float(added[column.axis, name].sum()) for name in names}
    lifting = sorted((name for name in names if sums[name] > 0), key=lambda name: (-sums[name], names.index(name)))
    if not lifting or axis_of(release, column.axis) is None:
        return ""
    labels = [release.column(name).indicator.label(lang) for name in lifting[:N_DRIVERS]]
    words = text("point_drivers_are", lang, names=listed(labels, lang), axis=column.indicator.label(lang))
    return words if has_all_drivers(release, column.axis) else f"{words} {text('drivers_partly', lang)}"


def _development(release: Release, earlier: Sequence[Release], lang: Lang) -> str:
    """Return the city values of the first indicators of need at the earliest date and now, or how many areas rose."""
    now = [column for column in release.columns if column.kind in NUMBER_FORMS and need_direction(column)]
    said: list[str] = []
    if earlier:
        then = min(earlier, key=lambda part: part.as_of.strip().split(".")[::-1])
        known = {column.id: column for column in then.columns if not pd.isna(column.city)}
        pairs = [(column, known[column.id]) for column in now if column.id in known and not pd.isna(column.city)]
        said = [_trend(release, then, *pair, lang) for pair in pairs[:N_TRENDS]]
    if not said:
        said = [_rises(release, column, lang) for column in now if column.change_of][:N_TRENDS]
    return f"{'; '.join(said)}." if said else ""


def _trend(release: Release, then: Release, column: ReleasedColumn, old: ReleasedColumn, lang: Lang) -> str:
    before, after = city_text(old, lang), city_text(column, lang)
    words = {"label": label(column, lang), "before": before, "after": after, "then": then.as_of, "now": release.as_of}
    return text("point_same" if before == after else "point_trend", lang, **words, **place_words(release.city))


def _rises(release: Release, column: ReleasedColumn, lang: Lang) -> str:
    changes = release.values[column.id].dropna().astype(float)
    counts = {"up": int(changes.gt(0).sum()), "down": int(changes.lt(0).sum()), "shown": len(changes)}
    numbers = {name: number_text(count, 0, lang) for name, count in counts.items()}
    return text("point_rises", lang, label=label(column, lang), **numbers)


def _not_shown(release: Release, lang: Lang) -> str:
    """Return how many areas have no class (or no value in the first indicator), and why."""
    columns = [column for column in release.columns if column.kind == "class"]
    columns = columns or [column for column in release.columns if column.kind in NUMBER_FORMS]
    if not columns:
        return ""
    gaps = gap_kinds(release, columns[0])
    if gaps.empty:
        return ""
    reasons = ", ".join(
        text("reason_areas", lang, reason=gap_text(gap, lang), count=number_text(int(gaps.eq(gap).sum()), 0, lang))
        for gap in _by_number(gaps)
    )
    name = "point_gaps_one" if len(gaps) == 1 else "point_gaps_many"
    count = number_text(len(gaps), 0, lang)
    return text(name, lang, count=count, label=columns[0].indicator.label(lang), reasons=reasons)


def _by_number(gaps: pd.Series[str]) -> Iterable[str]:
    """Return the reasons, the most frequent first."""
    found = [gap for gap in GAPS if gaps.eq(gap).any()]
    return sorted(found, key=lambda gap: (-int(gaps.eq(gap).sum()), GAPS.index(gap)))
