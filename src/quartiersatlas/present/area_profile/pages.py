"""The profile of an area as a document."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.catalogue.texts import percent_text, place_words
from quartiersatlas.disclosure.words import city_text, difference_text, label, value_text
from quartiersatlas.present import pictures
from quartiersatlas.present.acting.measures import area_measure_blocks
from quartiersatlas.present.figures import chart_figures, map_figure, side_by_side
from quartiersatlas.present.map.classes import map_columns
from quartiersatlas.present.paper import (
    Bullets,
    Columns,
    Document,
    DocumentTable,
    Heading,
    NewPage,
    Paragraph,
    TableOfContents,
    TableRow,
    Tiles,
    fit_to_paper,
    numbered,
)
from quartiersatlas.present.statements import (
    STATES,
    city_label,
    comment_blocks,
    fact_text,
    foot_text,
    gap_lines,
    gap_text,
    need_direction,
    title_block,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release, ReleasedColumn
    from quartiersatlas.present.area_profile.record import AreaRecord
    from quartiersatlas.present.look import Look
    from quartiersatlas.present.paper import Figure
    from quartiersatlas.present.paper.document import DocumentBlock
    from quartiersatlas.present.places import FittedContext

METHOD = (
    *(
        "fact_protection",
        "fact_need",
        "fact_axis",
        "fact_rule",
        "fact_candidates",
        "fact_city_published",
        "fact_city_rounded",
        "fact_city_hidden",
        "fact_missing",
    ),
    "warning",
)


HALF, SPINE = 82.5, 170.0  # mm
MAP = (62.7, 60.0)
CHART_HEIGHT = 38.0
SPINE_ROW, SPINE_ENDS, FEW_ROWS = 4.6, 7.0, 9  # mm: a row, what stands below all; more rows share the room of so many
N_TILES = 4


@dataclass(frozen=True)
class Around:
    """What stands around the numbers of an area: earlier dates, the ground below the map, the office's look."""

    earlier: tuple[Release, ...] = ()
    context: FittedContext | None = None
    look: Look | None = None


def profile_document(release: Release, record: AreaRecord, lang: Lang, around: Around) -> Document:
    """Return the profile: what is most telling on the first page, tables and definitions on the second."""
    title = f"{record['name']} – {release.title}" if release.title else record["name"]
    blocks = numbered(profile_blocks(release, record, lang, around))
    foot = foot_text(release, around.look, lang)
    return Document(title, lang, blocks, around.look, foot, release.as_of)


def booklet_document(
    release: Release, records: Sequence[AreaRecord], lang: Lang, around: Around, title: str
) -> Document:
    """Return the profiles of several areas, each on pages of its own; what concerns them all once at the end."""
    blocks: list[DocumentBlock] = [
        *title_block(release, lang, release.title, kind=title),
        TableOfContents(depth=2, in_booklet=True),
    ]
    for record in records:
        blocks += [NewPage(), *profile_blocks(release, record, lang, around, level=2)]
    gaps = [gap for record in records for gap in record["gaps"]]
    blocks += [NewPage(), *_closing(release, records[0] if records else None, gaps, lang, around)]
    name = f"{title} – {release.title}" if release.title.strip() else title
    foot = foot_text(release, around.look, lang)
    return Document(name, lang, numbered(blocks), around.look, foot, release.as_of)


def profile_blocks(
    release: Release, record: AreaRecord, lang: Lang, around: Around, level: int = 1
) -> list[DocumentBlock]:
    """Return the two pages of an area; in a booklet its name is a heading of the second level."""
    gaps = [*record["gaps"], *record.get("comparison", {}).get("gaps", [])]
    title = title_block(
        release, lang, record["name"], _place(record, lang), kind=text("kind_profile", lang), level=level
    )
    blocks = [
        *(title if level == 1 else title[:1]),
        *_opening(release, record, lang, around),
        *_charts(release, record, lang, around),
        *_on_site(release, record, lang),
        Paragraph(text("reading_aid", lang), "aid"),
        NewPage(),
        *_indicators(release, record, lang),
        *_need(record, lang),
        *_selection(record, lang),
        *_actions(record, lang),
        *area_measure_blocks(release, record["key"], lang),
        *_comparison(release, record, lang),
        *(_closing(release, record, gaps, lang, around) if level == 1 else []),
    ]
    fitted = (fit_to_paper(block, lang) for block in blocks)
    return [_lower(block, level - 1) for block in fitted]


def _closing(
    release: Release, record: AreaRecord | None, gaps: Iterable[str], lang: Lang, around: Around
) -> list[DocumentBlock]:
    """Return the comment, why values are not shown, what the indicators mean, the method."""
    return [
        *comment_blocks(release, lang),
        *_list("heading_gaps", gap_lines(gaps, lang), lang),
        *(_footnotes(record, lang) if record is not None else []),
        *_list("label_method", _method(release, around, lang), lang),
    ]


def _lower(block: DocumentBlock, steps: int) -> DocumentBlock:
    """Return a heading some levels lower, also within columns; everything else as it is."""
    match block:
        case Heading():
            return replace(block, level=block.level + steps)
        case Columns():
            left, right = (tuple(_lower(one, steps) for one in side) for side in (block.left, block.right))
            return replace(block, left=left, right=right)
        case _:
            return block


def _place(record: AreaRecord, lang: Lang) -> str:
    """Return the key and the areas of higher levels it lies in."""
    return " · ".join([text("area_key", lang, key=record["key"]), *record["parents"].values()])


def _opening(release: Release, record: AreaRecord, lang: Lang, around: Around) -> list[DocumentBlock]:
    """Return who lives there, whether it is selected and why, the first numbers; and where it lies."""
    candidate = f"{record['selection']['candidate']} {record['selection']['candidate_name']}".strip()
    part = text("profile_candidate", lang, name=candidate) if candidate else ""
    words: list[DocumentBlock] = [
        Paragraph(f"{_residents(record, lang)} {part}".strip()),
        *_sentence(record, lang),
    ]
    tiles = _tiles(release, record, lang)
    drawn = _location(release, record, lang, around)
    reasons = _reasons(record, lang)
    if not drawn:
        return [*words, *tiles, *reasons]
    return [Columns((*words, *tiles, *reasons), tuple(drawn), 0.62)]


def _sentence(record: AreaRecord, lang: Lang) -> list[DocumentBlock]:
    """Say whether the area is selected, and how surely; that it is not says nothing about need."""
    selection = record["selection"]
    if not selection["screened"]:
        return []
    state = "selected" if selection["selected"] else "not_selected" if selection["assessed"] else "not_assessed"
    said = text(f"profile_{state}", lang)
    if selection["selected"] and selection["stability"]:
        share = percent_text(selection["p_selected"], lang)
        said = text(f"profile_{selection['stability']}", lang, share=share)
    elif selection["stability"] == "borderline":
        against = "against" if selection["runs_select"] else "near"
        said = f"{said} {text(f'profile_{against}', lang, share=percent_text(selection['p_selected'], lang))}"
    return [Paragraph(said, "result" if selection["selected"] else "plain")]


def _tiles(release: Release, record: AreaRecord, lang: Lang) -> list[DocumentBlock]:
    """Return the first indicators of need, or of any, beside the city."""
    shown = [row for row in record["indicators"] if row["value"] is not None and row["role"] != "resource"]
    shown = [row for row in shown if not release.column(row["id"]).change_of and row["kind"] != "count"]
    needed = [row for row in shown if need_direction(release.column(row["id"])) and row["role"] != "context"]
    tiles, named = [], place_words(release.city)
    for row in (needed or shown)[:N_TILES]:
        column = release.column(row["id"])
        city = "" if row["city"] is None else city_text(column, lang)
        tiles.append((row["text"], row["label"], text("tile_city", lang, value=city, **named) if city else ""))
    return [Tiles(tuple(tiles))] if tiles else []


def _reasons(record: AreaRecord, lang: Lang) -> list[DocumentBlock]:
    """Return why a selected area is selected."""
    selection = record["selection"]
    if not selection["selected"] or not selection["reasons"]:
        return []
    return [Heading(text("heading_why", lang)), Bullets(tuple(selection["reasons"]))]


def _distance(record: AreaRecord, lang: Lang) -> list[DocumentBlock]:
    """Return the level of the rule, and how many persons are missing until the area enters or leaves the list."""
    selection = record["selection"]
    blocks: list[DocumentBlock] = []
    if selection["level"]:
        blocks.append(Paragraph(text("profile_level", lang, level=selection["level"])))
    if selection["missing"]:
        blocks += [Paragraph(selection["missing"]), Paragraph(text("profile_missing", lang), "muted")]
    return blocks


def _location(release: Release, record: AreaRecord, lang: Lang, around: Around) -> list[Figure]:
    """Return the map of the area's district, with its neighbours by name."""
    columns = map_columns(release)
    if not columns:
        return []
    column = columns[0]
    district = next(iter(record["parents"].values()), "")
    where = "caption_location" if district else "caption_location_city"
    words = text(where, lang, district=district, **place_words(release.city))
    caption = text("caption_color", lang, caption=words, label=label(column, lang))
    around_it = {"area": record["key"], "context": around.context, "look": around.look}
    return [map_figure(release, column, lang, MAP, caption=caption, **around_it)]


def _charts(release: Release, record: AreaRecord, lang: Lang, around: Around) -> list[DocumentBlock]:
    """Return the area beside its city in every indicator; its first one over time and among all areas."""
    key = record["key"]
    spine = chart_figures(lambda: pictures.spine_profile(release, key, lang), SPINE, _spine_height(release))
    columns = [column for column in pictures.profile_columns(release) if not pd.isna(release.values[column.id][key])]
    if not columns:
        return list(spine)
    first = columns[0]
    lines = chart_figures(lambda: pictures.time_line(release, around.earlier, first.id, lang, key), HALF, CHART_HEIGHT)
    other = columns[1] if lines and len(columns) > 1 else first
    bars = chart_figures(lambda: pictures.legend_histogram(release, other.id, lang, key), HALF, CHART_HEIGHT)
    return [*spine, *side_by_side(lines, bars)]


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
    for domain in dict.fromkeys(row["domain"] for row in rows):  # those of need first
        members = [row for row in rows if row["domain"] == domain]
        lines.append(TableRow.of(text(f"domain_{domain}", lang)))
        for row in members:
            column = release.column(row["id"])
            lines.append(
                TableRow.of(
                    f"{row['label']} ({row['footnote']})",
                    _value_lines(row, column, lang),
                    *(_parent_lines(row["parents"][level], column, lang) for level, _ in parents),
                    city_text(column, lang),
                    difference_text(row["difference"], column.of_city, lang),
                )
            )
    head = (
        text("label_indicator", lang),
        record["name"],
        *(name for _, name in parents),
        city_label(release, lang),
        text("label_difference", lang, **place_words(release.city)),
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


def _selection(record: AreaRecord, lang: Lang) -> list[DocumentBlock]:
    """Return what speaks against an area that is not selected, or cannot be judged; its distance from the limit."""
    selection = record["selection"]
    if not selection["screened"]:
        return []
    blocks: list[DocumentBlock] = []
    if selection["other_reasons"] and not selection["selected"]:
        why = "profile_why_not" if selection["assessed"] else "profile_why_unknown"
        blocks += [Paragraph(text(why, lang)), Bullets(tuple(selection["other_reasons"]))]
    blocks += _distance(record, lang)
    return [Heading(text("heading_selection", lang)), *blocks] if blocks else []


def _spine_height(release: Release) -> float:
    """Return the height of the chart of all indicators: lower rows where they are many."""
    n_rows = len(pictures.profile_columns(release))
    return SPINE_ENDS + n_rows * (SPINE_ROW if n_rows <= FEW_ROWS else SPINE_ROW * FEW_ROWS / n_rows)


def _on_site(release: Release, record: AreaRecord, lang: Lang) -> list[DocumentBlock]:
    """Return what is there to build on, and what is known on site, side by side where there is no table."""
    there, notes = _potentials(release, record, lang), _list("heading_notes", record["notes"], lang)
    if notes and not any(isinstance(block, DocumentTable) for block in there):
        return [Columns(tuple(there), tuple(notes))]
    return [*there, *notes]


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
        f"{city_label(release, lang)}, {here}",
        f"{city_label(release, lang)}, {there}",
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


def _method(release: Release, around: Around, lang: Lang) -> list[str]:
    """Return how the index, the selection and the protection work; what concerns other areas stands in the report."""
    facts = [fact for fact in release.facts if fact.name.startswith(METHOD) and fact.name != "fact_candidates_small"]
    lines = [fact_text(release, fact, lang) for fact in facts]
    from_counts = any(column.kind == "rate" for column in release.columns)
    city = [text("fact_city", lang, **place_words(release.city))] if from_counts else []
    ground = [] if around.context is None else around.context.notes(lang)
    return [*lines, *city, *ground, text("profile_method_more", lang)]


def _list(name: str, items: list[str], lang: Lang) -> list[DocumentBlock]:
    muted = name in ("heading_gaps", "heading_footnotes", "label_method")
    return [Heading(text(name, lang)), Bullets(tuple(items), muted=muted)] if items else []
