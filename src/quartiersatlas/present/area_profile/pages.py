"""The profile of an area as a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.catalogue.indicators import DOMAINS
from quartiersatlas.disclosure.words import difference_text, value_text
from quartiersatlas.present.paper import Bullets, Document, DocumentTable, Heading, Paragraph, TableRow, fit_to_paper
from quartiersatlas.present.statements import (
    STATES,
    comment_blocks,
    fact_text,
    gap_lines,
    gap_text,
    stability_text,
    title_block,
)

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release, ReleasedColumn
    from quartiersatlas.present.area_profile.record import AreaRecord
    from quartiersatlas.present.paper.document import DocumentBlock

METHOD = (
    *(
        "fact_protection",
        "fact_need",
        "fact_axis",
        "fact_rule",
        "fact_candidates",
        "fact_city_published",
        "fact_missing",
    ),
    "warning",
)


def profile_document(release: Release, record: AreaRecord, lang: Lang) -> Document:
    """Return the profile: who lives there, indicators, need, selection, potentials, fields of action, footnotes."""
    place = " · ".join([text("area_key", lang, key=record["key"]), *record["parents"].values()])
    blocks: list[DocumentBlock] = [
        *title_block(release, lang, record["name"], place),
        Paragraph(_residents(record, lang)),
        *_indicators(release, record, lang),
        *_need(record, lang),
        *_selection(release, record, lang),
        *_potentials(release, record, lang),
        *_actions(record, lang),
        *_comparison(release, record, lang),
        *_list("heading_notes", record["notes"], lang),
        *comment_blocks(release, lang),
        *_list("heading_gaps", gap_lines([*record["gaps"], *record.get("comparison", {}).get("gaps", [])], lang), lang),
        *_footnotes(record, lang),
        *_list("label_method", _method(release, lang), lang),
    ]
    title = f"{record['name']} – {release.title}" if release.title else record["name"]
    return Document(title, lang, tuple(fit_to_paper(block, lang) for block in blocks))


def _residents(record: AreaRecord, lang: Lang) -> str:
    """Return the number of residents, or why it is not shown."""
    if record["residents"] is None:
        is_unknown = record["state"] == "unknown"
        return gap_text("unknown_residents", lang) if is_unknown else text("profile_residents_hidden", lang)
    count = number_text(record["residents"], 0, lang)
    share = number_text(100 * (record["share_of_residents"] or 0.0), 1, lang)
    words = text("profile_residents", lang, count=count, share=share)
    return words if record["state"] == "shown" else f"{words} {text('profile_hidden', lang, why=_state(record, lang))}"


def _state(record: AreaRecord, lang: Lang) -> str:
    """Return why an area shows no indicator, in the words of its cells."""
    return gap_text(STATES[record["state"]], lang)


def _indicators(release: Release, record: AreaRecord, lang: Lang) -> list[DocumentBlock]:
    table = _table(release, record, [r for r in record["indicators"] if r["role"] != "resource"], lang)
    return [Heading(text("heading_indicators", lang)), table] if table else []


def _table(release: Release, record: AreaRecord, rows: list[AreaRecord], lang: Lang) -> DocumentTable | None:
    """Return indicators by domain beside the values of districts and city."""
    if not rows:
        return None
    parents = list(record["parents"].items())
    lines = []
    for domain in DOMAINS:
        members = [row for row in rows if row["domain"] == domain]
        if members:
            lines.append(TableRow.of(text(f"domain_{domain}", lang)))
        for row in members:
            column = release.column(row["id"])
            lines.append(
                TableRow.of(
                    f"{row['label']} ({row['footnote']})",
                    _value_lines(row, column, lang),
                    *(_parent_lines(row["parents"][level], column, lang) for level, _ in parents),
                    "–" if row["city"] is None else value_text(row["city"], column, lang),
                    difference_text(row["difference"], column, lang),
                )
            )
    head = (
        text("label_indicator", lang),
        record["name"],
        *(name for _, name in parents),
        text("label_city", lang),
        text("label_difference", lang),
    )
    return DocumentTable(head, tuple(lines), frozenset(range(1, len(head))))


def _value_lines(record: AreaRecord, column: ReleasedColumn, lang: Lang) -> list[str]:
    """Return the value of an area, and below it the counts it is made of."""
    if record["numerator"] is None or record["denominator"] is None:
        return [record["text"]]
    sides = {side: number_text(record[side], 0, lang) for side in ("numerator", "denominator")}
    return [record["text"], text("tooltip_counts", lang, **sides)] if column.kind == "rate" else [record["text"]]


def _parent_lines(parent: AreaRecord, column: ReleasedColumn, lang: Lang) -> list[str]:
    """Return the value of a district, and below it of how many areas it is made where some are not shown."""
    if parent["value"] is None:
        return ["–"]
    words = [value_text(parent["value"], column, lang)]
    if parent["known"] < parent["areas"]:
        words.append(text("parent_known", lang, known=parent["known"], areas=parent["areas"]))
    return words


def _need(record: AreaRecord, lang: Lang) -> list[DocumentBlock]:
    if not record["need"]:
        return []
    head = ("", text("label_class", lang), text("label_score", lang))
    rows = tuple(TableRow.of(axis["label"], axis["class_text"], axis["score_text"]) for axis in record["need"])
    lines = []
    for axis in record["need"]:
        up, down = _driver_lists(axis, lang)
        words = [
            *([text("explain_need_up", lang, parts=up)] if up else []),
            *([text("explain_need_then_down" if up else "explain_need_down", lang, parts=down)] if down else []),
            *([text("drivers_partly", lang)] if axis["drivers"] and not axis["all_drivers"] else []),
        ]
        if words:
            lines.append(f"{axis['label']}: {' '.join(words)}")
    blocks: list[DocumentBlock] = [Heading(text("heading_need", lang)), DocumentTable(head, rows, frozenset({2}))]
    return [*blocks, Bullets(tuple(lines))] if lines else blocks


def _driver_lists(axis: dict[str, Any], lang: Lang) -> tuple[str, str]:
    """Return what raises a score above that of an average area, and what lowers it, in words."""
    up = [driver for driver in axis["drivers"] if driver["contribution"] > 0]
    down = [driver for driver in reversed(axis["drivers"]) if driver["contribution"] < 0]
    return _driver_words(up, lang), _driver_words(down, lang)


def _driver_words(drivers: list[AreaRecord], lang: Lang) -> str:
    signed = (("+" if d["contribution"] > 0 else "") + number_text(d["contribution"], 1, lang) for d in drivers)
    parts = [text("explain_need_part", lang, part=part) for part in signed]
    return ", ".join(f"{d['label']} ({d['text']}; {part})" for d, part in zip(drivers, parts, strict=True))


def _selection(release: Release, record: AreaRecord, lang: Lang) -> list[DocumentBlock]:
    """Say whether the area is selected and why; that it is not says nothing about need."""
    selection = record["selection"]
    stable = stability_text(release, record["key"], lang)
    if not selection["screened"] and not stable:
        return []
    blocks: list[DocumentBlock] = [Heading(text("heading_selection", lang))]
    if selection["screened"]:
        state = "selected" if selection["selected"] else "not_selected" if selection["assessed"] else "not_assessed"
        blocks.append(Paragraph(text(f"profile_{state}", lang)))
    if selection["reasons"]:
        blocks.append(Bullets(tuple(selection["reasons"])))
    if selection["other_reasons"]:
        why = "profile_why_not" if selection["assessed"] else "profile_why_unknown"
        blocks += [Paragraph(text(why, lang)), Bullets(tuple(selection["other_reasons"]))]
    if selection["level"]:
        blocks.append(Paragraph(text("profile_level", lang, level=selection["level"])))
    if selection["missing"]:
        blocks += [Paragraph(selection["missing"]), Paragraph(text("profile_missing", lang), "muted")]
    if selection["candidate"]:
        name = f"{selection['candidate']} {selection['candidate_name']}".strip()
        blocks.append(Paragraph(text("profile_candidate", lang, name=name)))
    if stable:
        blocks.append(Paragraph(f"{text('heading_stability', lang)} {stable}"))
    return blocks


def _potentials(release: Release, record: AreaRecord, lang: Lang) -> list[DocumentBlock]:
    """Return what is there to build on, beside the needs."""
    table = _table(release, record, [r for r in record["indicators"] if r["role"] == "resource"], lang)
    facilities = tuple(" – ".join(filter(None, [row["kind"], row["name"]])) for row in record["facilities"])
    blocks: list[DocumentBlock] = [Heading(text("heading_potentials", lang))]
    if table:
        blocks.append(table)
    if facilities:
        blocks += [Paragraph(text("potentials_facilities", lang)), Bullets(facilities)]
    if not table and not facilities:
        blocks.append(Paragraph(text("potentials_none", lang)))
    return blocks


def _actions(record: AreaRecord, lang: Lang) -> list[DocumentBlock]:
    if not record["actions"]:
        return []
    rows = tuple(
        TableRow.of(row["field"], (row["bundle"], "; ".join(row["examples"])), row["because"])
        for row in record["actions"]
    )
    head = tuple(text(f"label_{name}", lang) for name in ("action_field", "action_bundle", "action_because"))
    sources = sorted({row["source"] for row in record["actions"]})
    return [
        Heading(text("heading_actions", lang)),
        Paragraph(text("note_actions", lang), "aid"),
        DocumentTable(head, rows),
        Paragraph(f"{text('label_source', lang)}: {'; '.join(sources)}", "muted"),
    ]


def _comparison(release: Release, record: AreaRecord, lang: Lang) -> list[DocumentBlock]:
    other = record.get("comparison")
    if other is None:
        return []
    here = record["release"]["as_of"] or record["release"]["title"]
    there = other["as_of"] or other["title"]
    head = (
        text("label_indicator", lang),
        here,
        there,
        text("label_change_between", lang),
        f"{text('label_city', lang)}, {here}",
        f"{text('label_city', lang)}, {there}",
    )
    rows = tuple(
        TableRow.of(
            row["label"],
            row["text"],
            row["other_text"],
            difference_text(row["difference"], release.column(row["id"]), lang),
            row["city_text"],
            row["other_city_text"],
        )
        for row in other["indicators"]
    )
    words = _remark(other, lang)
    compared = text("comparison_with", lang, title=other["title"], source=other["source"] or "–")
    return [
        Heading(text("heading_comparison", lang)),
        *([Paragraph(words, "notice")] if words else []),
        *([Paragraph(other["draft"], "draft")] if other["draft"] and not record["draft"] else []),
        Paragraph(compared, "muted"),
        DocumentTable(head, rows, frozenset(range(1, len(head)))),
    ]


def _remark(record: AreaRecord, lang: Lang) -> str:
    """Return the remark on a comparison that was forced; empty where nothing differs."""
    names = [*record["differs"], *([text("label_outline", lang)] if record["outline_differs"] else [])]
    return text("comparison_forced", lang, names=", ".join(names)) if names else ""


def _footnotes(record: AreaRecord, lang: Lang) -> list[DocumentBlock]:
    notes = [f"({number}) {words}" for number, words in enumerate(record["footnotes"], start=1)]
    return _list("heading_footnotes", notes, lang)


def _method(release: Release, lang: Lang) -> list[str]:
    """Return how the index, the selection and the protection work; what concerns other areas stands in the report."""
    facts = [fact for fact in release.facts if fact.name.startswith(METHOD) and fact.name != "fact_candidates_small"]
    lines = [fact_text(release, fact, lang) for fact in facts]
    from_counts = any(column.kind == "rate" for column in release.columns)
    city = [text("fact_city", lang)] if from_counts else []
    return [*lines, *city, text("profile_method_more", lang)]


def _list(name: str, items: list[str], lang: Lang) -> list[DocumentBlock]:
    return [Heading(text(name, lang)), Bullets(tuple(items))] if items else []
