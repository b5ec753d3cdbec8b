"""A release in words: labels, values, reasons, facts, summary; who reads; and words that stigmatise."""

from __future__ import annotations

import csv
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pandas as pd

from quartiersatlas.base.checks import choice, expects
from quartiersatlas.catalogue import Message, number_text, number_texts, text
from quartiersatlas.catalogue.texts import LANGUAGES, THIN_BLANK, listed_areas, listed_texts, place_words
from quartiersatlas.disclosure.known_counts import known_levels
from quartiersatlas.disclosure.reasons import WITHHELD
from quartiersatlas.disclosure.system.equations import CITY
from quartiersatlas.intake.areas.area_columns import area_facts
from quartiersatlas.intake.joining.data import labelled_notes
from quartiersatlas.screening.regions.described import shown_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure.columns import ReleasedColumns
    from quartiersatlas.disclosure.protection import Protection
    from quartiersatlas.disclosure.release import ReleasedColumn, ReleasedResults
    from quartiersatlas.intake import AreaData
    from quartiersatlas.need import NeedIndex, NeedSpec
    from quartiersatlas.need.spec.records import NeedIndicator
    from quartiersatlas.screening import Candidates, RuleSpec, Shortlist


def unit(column: ReleasedColumn, lang: Lang) -> str:
    """Return the unit of a column; empty for counts, scores and classes."""
    if column.kind in ("count", "class", "score"):
        return ""
    return column.indicator.unit_text(lang)


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
    return f"{number}{'' if lang == 'en' and sign == '%' else THIN_BLANK}{sign}" if sign else number


def city_text(column: ReleasedColumn, lang: Lang) -> str:
    """Return the city value with its unit and its own decimals; a dash where there is none."""
    return "–" if pd.isna(column.city) else value_text(column.city, column.of_city, lang)


def difference_text(difference: float | None, column: ReleasedColumn, lang: Lang) -> str:
    """Return a difference with its sign, in percentage points where the indicator is in percent."""
    if difference is None:
        return "–"
    sign, written = "+" if difference > 0 else "", number_text(difference, column.decimals, lang)
    words = points_text(written, lang) if column.indicator.unit == "percent" else unit(column, lang)
    return f"{sign}{written}{THIN_BLANK}{words}".strip()


def points_text(written: str, lang: Lang) -> str:
    """Return "percentage points", of one point in the singular: 1 percentage point, but 1.0 percentage points."""
    return text("unit_percentage_point" if written.lstrip("−") == "1" else "unit_percentage_points", lang)


def draft_text(release: ReleasedResults, lang: Lang, *others: ReleasedResults) -> str:
    """Return what makes a release a draft, or one of others shown with it; empty where none is one."""
    reasons = {str(reason): reason for part in (release, *others) for reason in part.draft_reasons}
    words = ", ".join(text(reason.name, lang, **reason.values) for reason in reasons.values())
    return text("draft_because", lang, reasons=words) if words else ""


def indicator_label(release: ReleasedResults, name: str, lang: Lang) -> str:
    """Return the label of an indicator, of a change, or of an axis of the need index."""
    scores = [column for column in release.columns if column.kind == "score"]
    for position, score in enumerate(scores):
        if name == score.axis or (name == "need" and position == 0):
            return label(score, lang)
    rule = release.rule
    if rule is not None and rule.spec is not None and name not in release.catalogue:
        return rule.spec.label(name, lang)
    return release.catalogue.get(name).label(lang)


def collect_facts(
    data: AreaData,
    need: NeedIndex | None,
    shortlist: Shortlist | None,
    candidates: Candidates | None,
    protection: Protection,
    out: ReleasedColumns,
    assessed: pd.Series[bool],
) -> tuple[Message, ...]:
    """Return every fact a reader of the method box has to know, in the order of the work."""
    facts = [*_intake(data), *_city(data, out), *_protection(data, protection, out)]
    if protection.derived == "released" and (need is not None or shortlist is not None):
        withheld = any(status.eq("suppressed").any() for status in out.status.values())
        facts += [Message("fact_protection_derived")] if withheld else []
    if data.perturbed:
        facts.append(Message("fact_perturbed", {"columns": ", ".join(sorted(data.perturbed))}))
    if need is not None:
        facts += _need(data, need)
    if shortlist is not None:
        facts += _screening(data, shortlist, assessed, protection)
    if candidates is not None:
        facts += candidates.facts
        if len(candidates.too_small):
            names = listed_areas(data.areas["name"], candidates.too_small.index)
            facts.append(Message("fact_candidates_small", {"count": len(candidates.too_small), "names": names}))
        apart = [warning for warning in candidates.warnings if warning.name == "warning_apart"]
        facts += [Message("fact_apart", warning.values) for warning in apart]
        if candidates.tolerance is not None:
            facts.append(Message("fact_tolerance", {"tolerance": f"{candidates.tolerance:g}"}))
    return tuple(facts)


def _intake(data: AreaData) -> list[Message]:
    facts, areas = [], data.areas["name"]
    for report in data.reports:
        counts = {"source": report.source, "matched": report.n_matched, "areas": report.n_areas}
        facts.append(Message("fact_join", counts))
        if report.only_in_areas:
            facts.append(Message("fact_only_areas", {"names": listed_areas(areas, report.only_in_areas)}))
        if report.only_in_table:
            facts.append(Message("fact_only_table", {"keys": listed_texts(report.only_in_table)}))
        facts += [Message("fact_totals", {"key": key}) for key, _ in report.totals_rows]
        if report.excluded:
            facts.append(Message("fact_ignored", {"keys": listed_texts(report.excluded)}))
        if report.crossed_names:
            facts.append(
                Message("fact_crossed", {"names": listed_areas(areas, [one.key for one in report.crossed_names])})
            )
        if report.moved:
            names = listed_areas(areas, [key for key, _ in report.moved])
            facts.append(Message("fact_moved", {"count": len(report.moved), "names": names}))
        facts += [Message("fact_repair", {"repair": rule.replace(":", " ")}) for rule in report.rules]
    return [*facts, *area_facts(data.areas), *labelled_notes(data)]


def _city(data: AreaData, out: ReleasedColumns) -> list[Message]:
    """Say what the city value leaves out, where it has fewer decimals than the areas, and where there is none."""
    facts = []
    for column in out.columns:
        if column.kind == "rate":
            unknown = data.values[list(data.rates[column.id])].isna().any(axis=1)
            if unknown.any():
                facts.append(Message("fact_city_without", {"indicator": column, "count": int(unknown.sum())}))
            if column.city_decimals is not None:
                facts.append(Message("fact_city_rounded", {"indicator": column}))
            elif pd.isna(column.city) and data.counts(data.rates[column.id][1]).gt(0).any():
                facts.append(Message("fact_city_hidden", {"indicator": column}))
        elif column.city_source:
            facts.append(Message("fact_city_published", {"indicator": column, "source": column.city_source}))
    return facts


def _protection(data: AreaData, protection: Protection, out: ReleasedColumns) -> list[Message]:
    """Say what is suppressed, as the options have it; what was audited, and no more; how many areas are not shown."""
    rules = []
    if protection.min_count > 1:
        name = "fact_protection_rest" if protection.protect_remainder else "fact_protection_count"
        rules.append(Message(name, {"min_count": protection.min_count}))
        if protection.secondary:
            audited = {"values": protection.min_count + 1, "totals": _known_totals(data, protection)}
            rules.append(Message("fact_protection_second", audited))
    if protection.min_denominator:
        rules.append(
            Message("fact_protection_denominator", {"min_denominator": number_texts(protection.min_denominator)})
        )
    if protection.round_base is not None:
        rules.append(Message("fact_protection_rounding", {"base": protection.round_base}))
        if protection.secondary:
            rules.append(Message("fact_protection_rounded", {"values": protection.round_base // 2 + 1}))
    if protection.min_population > 0:
        rules.append(Message("fact_protection_population", {"min_population": number_texts(protection.min_population)}))
    delivered = [column for column in out.columns if column.kind == "share" and not column.change_of]
    rules += [Message("fact_protection_share", {"indicator": column}) for column in delivered]
    return [*rules, *_not_shown(out)]


def _not_shown(out: ReleasedColumns) -> list[Message]:
    """Say how many areas of each indicator are not shown, and why."""
    found = []
    for column in (column for column in out.columns if column.kind not in ("count", "score")):
        counts = {reason: int(out.reasons[column.id].eq(reason).sum()) for reason in WITHHELD}
        german, english = (
            ", ".join(f"{text(f'gap_{reason}', lang)} ({count})" for reason, count in counts.items() if count)
            for lang in LANGUAGES
        )
        if german:
            values = {"indicator": column, "count": sum(counts.values()), "reasons": (german, english)}
            found.append(Message("fact_hidden", values))
    return found


def _known_totals(data: AreaData, protection: Protection) -> tuple[str, str]:
    """Return whose totals a reader is taken to know, German and English; empty where it is nobody's."""
    levels = known_levels(data, protection)
    if not levels:
        return "", ""
    names = ", ".join(level for level in levels if level != CITY)
    said = place_words(data.city)
    german, english = (
        text("totals_levels" if names else "totals_city", lang, levels=names, **said) for lang in LANGUAGES
    )
    return german, english


def _need(data: AreaData, need: NeedIndex) -> list[Message]:
    german, english = (need.spec.source_text(lang) for lang in LANGUAGES)
    source = english if german == english else (german, english)
    facts = [
        Message("fact_need", {"spec": need.spec.id, "source": source, "hash": need.spec.hash}),
        *(
            Message("fact_axis", {"axis": axis, "areas": len(need.scores) - len(need.excluded)})
            for axis in need.spec.axes
        ),
        *(_need_limit(data, leaf) for leaf in _with_limit(need.spec)),
    ]
    for reason, fact in (
        ("population", "fact_excluded_population"),
        ("manual", "fact_excluded_manual"),
        ("missing", "fact_excluded_missing"),
        ("no_denominator", "fact_excluded_no_denominator"),
    ):
        rows = need.excluded[need.excluded["reason"].eq(reason)]
        if len(rows):
            detail = "; ".join(dict.fromkeys(rows["detail"])) if reason == "manual" else rows["detail"].iloc[0]
            facts.append(
                Message(
                    fact, {"names": listed_areas(data.areas["name"], rows.index), "count": len(rows), "detail": detail}
                )
            )
    if len(need.incomplete):
        keys = need.incomplete.index.unique()
        facts.append(Message("fact_incomplete", {"names": listed_areas(data.areas["name"], keys), "count": len(keys)}))
    return [*facts, *need.warnings]


def _with_limit(spec: NeedSpec) -> list[NeedIndicator]:
    """Return the indicators that are compared with a published number."""
    leaves = {leaf.id: leaf for axis in spec.axes for leaf in axis.indicators}
    return [leaf for leaf in leaves.values() if leaf.limit_source]


def _need_limit(data: AreaData, leaf: NeedIndicator) -> Message:
    meaning = data.catalogue.get(leaf.id)
    number = number_texts(float(leaf.limit or 0))
    sign = f"{THIN_BLANK}%" if meaning.unit == "percent" else ""
    label_ = meaning.label("de"), meaning.label("en")
    value = f"{number[0]}{sign}", f"{number[1]}{sign}"
    return Message("fact_need_limit", {"name": label_, "value": value, "source": leaf.limit_source})


# what the analyst has to know of a rule, and the reader not: that something else may have been meant
FOR_THE_ANALYST = (
    "warning_rule_direction",
    "warning_rule_fraction",
    "warning_rule_beyond",
    "warning_rule_several",
    "warning_rule_no_kind",
)
OF_TIES = ("warning_rule_tie_in", "warning_rule_tie_out")  # they name a value, which may be a protected one


def _screening(
    data: AreaData, shortlist: Shortlist, assessed: pd.Series[bool], protection: Protection
) -> list[Message]:
    facts = [Message("fact_rule", {"rule": shortlist.rule}), *_official(shortlist.spec)]
    if shortlist.barriers is not None and len(shortlist.barriers):
        facts.append(Message("fact_rule_barriers"))
    unknown = assessed.index[~assessed]
    if len(unknown):
        facts.append(
            Message("fact_unassessed", {"count": len(unknown), "names": listed_areas(data.areas["name"], unknown)})
        )
    left_out = list(FOR_THE_ANALYST)
    if protection.derived == "exact" and (shortlist.assessed & ~assessed).any():
        left_out += OF_TIES
    return [*facts, *(warning for warning in shortlist.warnings if warning.name not in left_out)]


def _official(spec: RuleSpec | None) -> list[Message]:
    """Say where a rule is written, what its reader has to know, and whether it was checked."""
    if spec is None or not (spec.title_de or spec.title_en or spec.source):
        return []
    title = spec.title_de or spec.title_en or spec.id, spec.title_en or spec.title_de or spec.id
    facts = [Message("fact_rule_source", {"title": title, "source": spec.source or "–"})]
    if spec.note_de or spec.note_en:
        note = spec.note_de or spec.note_en, spec.note_en or spec.note_de
        facts.append(Message("fact_rule_note", {"note": note}))
    if spec.is_verified:
        facts.append(Message("fact_rule_verified", {"verified": spec.verified}))
    elif spec.verified:
        facts.append(Message("fact_rule_changed"))
    return facts


def candidate_names(release: ReleasedResults, lang: Lang) -> pd.Series[str]:
    """Return the names of candidate areas as they are shown: "Markt und Umgebung", doubles with their direction."""
    return pd.Series(dtype=str) if release.candidates is None else shown_names(release.candidates, lang)


def summary_texts(release: ReleasedResults, lang: Lang) -> list[str]:
    """Return the shortlist in one or two sentences."""
    if not release.has_shortlist:
        return []
    if not release.n_assessed:
        return [text("summary_unassessed", lang)]
    if not release.selected.any():
        return [text("summary_none", lang, assessed=release.n_assessed)]
    people, everybody = release.residents[release.selected].sum(), release.residents.sum()
    n_selected = int(release.selected.sum())
    values = {
        "selected": n_selected,
        "assessed": release.n_assessed,
        "residents": number_text(people, 0, lang),
        "share": number_text(100 * people / everybody, 1, lang) if everybody > 0 else "–",
    }
    sentences = [
        text(
            "summary_selected_one" if n_selected == 1 else "summary_selected",
            lang,
            **values,
            **place_words(release.city),
        )
    ]
    n_candidates = len(release.candidates) if release.candidates is not None else 0
    if n_candidates:
        name = "summary_candidates_one" if n_candidates == 1 else "summary_candidates"
        sentences.append(text(name, lang, count=n_candidates))
    return sentences


def check_wording(text: str, lang: Lang = "de") -> pd.DataFrame:
    """Find words in a title or comment that stigmatise, with a neutral way to say it.

    Parameters
    ----------
    text : str
        What is to be read by others.
    lang : {"de", "en"}, default "de"
        Language of the text.

    Returns
    -------
    DataFrame
        One row per word found, in the order of the text: ``term`` as written, ``start`` (its position from 0) and
        ``neutral``. Empty where there is nothing to say. Inflected and hyphenated forms are found, in any case.

    Raises
    ------
    SpecError
        The language is unknown.

    Notes
    -----
    The words are declared in ``discouraged_words.csv``. A list finds words, not attitudes: an empty table is no
    proof of a fair text.

    Examples
    --------
    >>> check_wording("Die Problemviertel und sozial schwache Familien")[["term", "neutral"]].values.tolist()
    [['Problemviertel', 'Gebiet mit erhöhtem Unterstützungsbedarf'], ['sozial schwache', 'mit geringem Einkommen']]
    >>> check_wording("Area for closer review", "en").empty
    True
    """
    expects(text, str, "check_wording", 'qa.check_wording("Title of the atlas", "en")')
    choice(lang, LANGUAGES, "lang")
    found = [
        (match.start(), -len(match[0]), match[0], neutral)
        for pattern, neutral in _patterns()[lang]
        for match in pattern.finditer(text)
    ]
    rows: list[dict[str, object]] = []
    end = 0
    for start, minus_length, term, neutral in sorted(found):
        if start >= end:  # of overlapping finds the first and longest counts
            rows.append({"term": term, "start": start, "neutral": neutral})
            end = start - minus_length
    return pd.DataFrame(rows, columns=["term", "start", "neutral"])


def wording_messages(texts: Iterable[str], name: str = "warning_wording", **values: str) -> tuple[Message, ...]:
    """Return one message per word that stigmatises; the language of a text is not known."""
    found = {
        row["term"]: Message(name, {"term": row["term"], "neutral": row["neutral"], **values})
        for lang in LANGUAGES[::-1]
        for words in texts
        for row in check_wording(words, lang).to_dict("records")
    }
    return tuple(found.values())


@cache
def _patterns() -> dict[str, list[tuple[re.Pattern[str], str]]]:
    """Return for each language what a discouraged word looks like, and the neutral one."""
    content = files("quartiersatlas.disclosure").joinpath("discouraged_words.csv").read_text(encoding="utf-8")
    patterns: dict[str, list[tuple[re.Pattern[str], str]]] = {"de": [], "en": []}
    for row in csv.DictReader(content.splitlines(), delimiter=";"):
        forms = "|".join(_form(form) for form in row["forms"].split("|"))
        patterns[row["lang"]].append((re.compile(rf"(?<!\w)(?:{forms})(?!\w)", re.IGNORECASE), row["neutral"]))
    return patterns


UMLAUTS = {"ä": "(?:ä|a\u0308|ae)", "ö": "(?:ö|o\u0308|oe)", "ü": "(?:ü|u\u0308|ue)", "ß": "(?:ß|ss)"}
# parts that are often set off by a hyphen: Problem-Viertel, Parallel-Gesellschaft
PARTS = ("problem", "parallel", "brennpunkt", "sozial", "ausländer", "migranten", "flüchtlings", "bildungs")


def _form(form: str) -> str:
    """Return the pattern of one form: ``*`` is any ending, a blank may be a hyphen, umlauts may be spelled out."""
    start = next((part for part in PARTS if form.startswith(part) and form[len(part) :].strip("* ")), "")
    written = re.escape(form).replace(r"\*", r"\w*").replace(r"\ ", r"[\s\-\u2010\u2011'’]+")
    if start and not form[len(start) :].startswith(" "):
        written = written.replace(re.escape(start), re.escape(start) + r"[\-\u2010\u2011\u00ad]?", 1)
    for letter, spellings in UMLAUTS.items():
        written = written.replace(letter, spellings)
    return written
