"""What follows the first page of a report: stocktaking, segregation, need, rule, candidate areas, method."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pandas as pd

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.disclosure.reasons import WITHHELD
from quartiersatlas.disclosure.release import NUMBER_FORMS
from quartiersatlas.disclosure.words import candidate_names, city_text, label, unit, value_text
from quartiersatlas.present.paper import Bullets, Columns, DocumentTable, Heading, Paragraph, TableRow
from quartiersatlas.present.statements import (
    axis_text,
    city_label,
    definition_text,
    gap_blocks,
    gap_kinds,
    gap_text,
    method_texts,
    rule_blocks,
)
from quartiersatlas.screening import span_texts
from quartiersatlas.segregation.explain import note_text, reasons_among
from quartiersatlas.segregation.prepared import ALL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release, ReleasedColumn
    from quartiersatlas.present.paper.document import DocumentBlock

DOMAINS = (  # demography is context: last
    "socioeconomy",
    "education_participation",
    "housing",
    "mobility",
    "environment",
    "health",
    "demography",
)
SHORT_UNIT = 3  # letters
MAP_SHARE = 0.58
YEAR = re.compile(r"\b(1[89]|20)\d\d\b")


def stocktaking_blocks(release: Release, lang: Lang) -> list[DocumentBlock]:
    """Return the indicators by domain, the empty domains too."""
    words = ["indicator", "city", "range", "shown", "protected", "missing", "not_applicable"]
    head = [city_label(release, lang) if word == "city" else text(f"label_{word}", lang) for word in words]
    if release.dates:
        head.append(text("label_as_of", lang))
    rows = []
    for domain in _domains(release):
        columns = [c for c in _indicators(release) if c.indicator.domain == domain]
        name = text(f"domain_{domain}", lang)
        empty = "domain_unreleased" if domain in release.unreleased_domains else "domain_empty"
        rows.append(TableRow.of(name if columns else f"{name} ({text(empty, lang)})"))
        rows += [_stock(release, column, lang) for column in columns]
    table = DocumentTable(tuple(head), tuple(rows), frozenset(range(1, len(words))))
    blocks: list[DocumentBlock] = [Heading(text("heading_stocktaking", lang)), table]
    return [*blocks, *gap_blocks(_gaps(release), lang)]


def _gaps(release: Release) -> set[str]:
    """Return the reasons for which the report shows no value: of an indicator, of a class, of a candidate area."""
    columns = [*_indicators(release), *(column for column in release.columns if column.kind == "class")]
    return {gap for column in columns for gap in gap_kinds(release, column)}


def _indicators(release: Release) -> list[ReleasedColumn]:
    return [column for column in release.columns if column.kind in NUMBER_FORMS]


def _domains(release: Release) -> list[str]:
    """Return the seven domains, and "other" where something has no domain."""
    used = {column.indicator.domain for column in _indicators(release)}
    return [*DOMAINS, *sorted(used - set(DOMAINS))]


def _stock(release: Release, column: ReleasedColumn, lang: Lang) -> TableRow:
    """Return one indicator of the stocktaking: city, range, how many areas show a value, its date."""
    values = release.values[column.id]
    known = values.dropna()
    gaps = list(gap_kinds(release, column))
    protected = sum(gap in WITHHELD for gap in gaps)
    not_applicable = sum(gap in ("uninhabited", "not_applicable") for gap in gaps)
    span = [value_text(limit, column, lang) for limit in (known.min(), known.max())] if len(known) else ["–", "–"]
    if len(known) and len(unit(column, lang)) > SHORT_UNIT:  # said once
        span[0] = number_text(known.min(), column.decimals, lang)
    counts = (len(known), protected, len(gaps) - protected - not_applicable, not_applicable)
    cells = [
        label(column, lang),
        city_text(column, lang),
        " – ".join(span),
        *(number_text(count, 0, lang) for count in counts),
    ]
    if release.dates:
        cells.append(_date(release, column, lang))
    return TableRow.of(*cells)


def _date(release: Release, column: ReleasedColumn, lang: Lang) -> str:
    """Return the date of an indicator, and that it is outdated where its year lies before the release's."""
    date = release.dates.get(column.id, release.as_of)
    years = [YEAR.search(words) for words in (date, release.as_of)]
    is_older = all(years) and years[0][0] < years[1][0]  # type: ignore[index]
    return text("outdated_note", lang, date=date) if is_older else date


def segregation_blocks(release: Release, lang: Lang) -> list[DocumentBlock]:
    """Return one row per place, group and named reference, with a value per index; and what the indices mean."""
    table = release.segregation
    if table is None:
        return []
    table = table.assign(
        column=[_index_label(row, lang) for row in table.to_dict("records")],
        title=[_group_label(release, row, lang) for row in table.to_dict("records")],
        shown=[_index_text(row, lang) for row in table.to_dict("records")],
    )
    columns = list(dict.fromkeys(table["column"]))
    rows = []
    for title, part in table.groupby("title", sort=False):
        values = dict(zip(part["column"], part["shown"], strict=True))
        reasons = {note_text([code], lang) for codes in part["note_codes"] for code in reasons_among(codes)}
        note = "; ".join(sorted(reasons))
        rows.append(
            TableRow.of(
                f"{title} ({note})" if note else str(title),
                *(values.get(column, "") for column in columns),
                number_text(int(part["n_areas"].max()), 0, lang),
                number_text(int(part["n_dropped"].max()), 0, lang),
            )
        )
    head = (text("label_group", lang), *columns, text("label_n_areas", lang), text("label_n_dropped", lang))
    meanings = [text(f"index_{index}_meaning", lang) for index in dict.fromkeys(table["index"])]
    withheld = any(code.name == "note_withheld_mean" for codes in table["note_codes"] for code in codes)
    remarks = ["note_adjusted", "note_segregation", *(["note_withheld_mean"] if withheld else [])]
    notes = (*meanings, *(text(name, lang) for name in remarks))
    return [
        Heading(text("heading_segregation", lang)),
        DocumentTable(head, tuple(rows), frozenset(range(1, len(head)))),
        Bullets(notes, muted=True),
    ]


def scale_blocks(release: Release, lang: Lang) -> list[DocumentBlock]:
    """Return the indices by level of areas: one row per group and level."""
    table = release.scale
    if table is None:
        return []
    table = table.assign(
        title=[_group_label(release, {"by": ALL, **row}, lang) for row in table.to_dict("records")],
        shown=[_index_text(row, lang) for row in table.to_dict("records")],
    )
    indices = list(dict.fromkeys(table["index"]))
    rows = []
    order = {title: number for number, title in enumerate(dict.fromkeys(table["title"]))}
    table = table.sort_values("title", key=lambda titles: titles.map(order), kind="stable")
    for (title, level), part in table.groupby(["title", "level"], sort=False):
        values = dict(zip(part["index"], part["shown"], strict=True))
        rows.append(
            TableRow.of(
                str(title),
                text("label_areas", lang) if level == "areas" else str(level),
                number_text(int(part["n_areas"].max()), 0, lang),
                number_text(float(part["mean_population"].max()), 0, lang),
                *(values.get(index, "") for index in indices),
            )
        )
    words = [text(f"label_{word}", lang) for word in ("group", "level", "n_areas", "mean_population")]
    head = (*words, *(text(f"index_{index}", lang) for index in indices))
    return [
        Heading(text("heading_scale", lang), 3),
        DocumentTable(head, tuple(rows), frozenset(range(2, len(head)))),
        Bullets((text("note_scale", lang),), muted=True),
    ]


def _index_label(row: dict[Any, Any], lang: Lang) -> str:
    """Return the name of an index, with its radius where it has one."""
    radius = row.get("radius")
    name = text(f"index_{row['index']}", lang)
    return name if radius is None or pd.isna(radius) else f"{name} ({number_text(radius, 0, lang)} m)"


def _group_label(release: Release, row: dict[Any, Any], lang: Lang) -> str:
    """Return the group, its place where there are several, and whom it is compared with where that is named."""
    place = "" if row["by"] == ALL else f"{row['by']}: "
    general = row["reference"] in ("rest", "total", "area", "one another")
    compared = "" if general else f" – {text('label_reference', lang)}: {_named(release, row['reference'], lang)}"
    return f"{place}{_named(release, row['group'], lang)}{compared}"


def _named(release: Release, column: str, lang: Lang) -> str:
    """Return the label of a column; without one its name, as words."""
    known = release.catalogue
    return known[column].label(lang) if column in known else column.replace("_", " ")


def _index_text(row: dict[Any, Any], lang: Lang) -> str:
    """Return the value and, in brackets, the value freed from chance and the interval, where there are any."""
    if pd.isna(row["value"]):
        return "–"
    value = number_text(row["value"], 3, lang)
    if pd.notna(row["adjusted"]):
        value += f" ({number_text(row['adjusted'], 3, lang)})"
    if pd.notna(row.get("lower")):
        value += f" [{number_text(row['lower'], 3, lang)} – {number_text(row['upper'], 3, lang)}]"
    return value


def need_blocks(release: Release, lang: Lang, maps: dict[str, list[DocumentBlock]]) -> list[DocumentBlock]:
    """Return each axis with its method, its map where it has one, and the areas and residents of each class."""
    columns = [column for column in release.columns if column.kind == "class"]
    if not columns:
        return []
    head = (text("label_class", lang), text("label_areas", lang), text("label_residents_short", lang))
    blocks: list[DocumentBlock] = [Heading(text("heading_need", lang))]
    for column in columns:
        classes = release.values[column.id]
        rows = [_class_row(release, c.label(lang), classes.eq(c.id), lang) for c in column.classes]
        rows.append(_class_row(release, text("label_unclassed", lang), classes.isna(), lang))
        table = DocumentTable(head, tuple(rows), frozenset({1, 2}))
        blocks.append(Heading(label(column, lang), 3))
        blocks.append(Paragraph(axis_text(release, column, lang), "muted"))
        drawn = tuple(maps.get(column.id, ()))
        blocks.append(Columns(drawn, (table,), MAP_SHARE) if drawn else table)
    return blocks


def _class_row(release: Release, words: str, members: pd.Series[bool], lang: Lang) -> TableRow:
    residents = float(release.residents[members].sum())
    return TableRow.of(words, number_text(int(members.sum()), 0, lang), number_text(residents, 0, lang))


def selection_rule(release: Release, lang: Lang) -> list[DocumentBlock]:
    """Return the rule as a sentence with its list, and how many areas and residents each of its levels has."""
    if release.rule is None:
        return []
    blocks: list[DocumentBlock] = [Heading(text("heading_rule", lang)), *rule_blocks(release, lang)]
    if release.levels is None or release.assessed is None:
        return blocks
    levels = release.levels
    rows = [_class_row(release, level, levels.eq(level), lang) for level in release.level_names]
    rows.append(_class_row(release, text("level_none", lang), levels.isna() & release.assessed, lang))
    head = (text("label_level_of_rule", lang), text("label_areas", lang), text("label_residents", lang))
    return [*blocks, DocumentTable(head, tuple(rows), frozenset({1, 2}))]


def candidate_blocks(release: Release, lang: Lang) -> list[DocumentBlock]:
    """Return the candidate areas, and whether a programme is there already."""
    if release.candidates is None or release.candidates.empty:
        return []
    names = candidate_names(release, lang)
    rows = [
        TableRow.of(
            f"{key} {names[str(key)]}",
            number_text(row["n_areas"], 0, lang),
            gap_text("derived", lang) if pd.isna(row["residents"]) else number_text(row["residents"], 0, lang),
            number_text(row["hectares"], 0, lang),
            cover_words(row, lang),
        )
        for key, row in release.candidates.iterrows()
    ]
    words = ("candidate", "districts", "residents", "hectares", "cover")
    head = tuple(text(f"label_{word}", lang) for word in words)
    return [Heading(text("label_candidates", lang)), DocumentTable(head, tuple(rows), frozenset({1, 2, 3}))]


def cover_words(row: pd.Series, lang: Lang) -> str:
    """Return how a candidate area stands to programmes that run, ran and are planned."""
    if "cover" not in row.index:
        return "–"
    words = text(f"cover_{row['cover']}", lang)
    said = f"{words}: {row['programmes']}" if row["programmes"] else words
    for state in ("formerly", "planned"):
        if row.get(state):
            said = text(f"cover_{state}", lang, words=said, names=row[state])
    return said


def programme_blocks(release: Release, lang: Lang) -> list[DocumentBlock]:
    """Return the programme areas with their dates, where these are known: how they stand beside candidate areas."""
    layer = release.programmes
    spans = span_texts(layer, lang) if layer is not None else []
    if layer is None or not any(spans):
        return []
    rows = [
        TableRow.of(str(name), str(kind), span or "–")
        for name, kind, span in zip(layer["name"], layer["kind"], spans, strict=True)
    ]
    head = tuple(text(f"label_{word}", lang) for word in ("cover", "programme", "span"))
    return [Heading(text("label_programmes", lang)), DocumentTable(head, tuple(rows))]


def method_blocks(release: Release, lang: Lang, ground: Iterable[str] = ()) -> list[DocumentBlock]:
    """Return the method box, what is said of the layers below the maps, and the definitions."""
    blocks: list[DocumentBlock] = [
        Heading(text("label_method", lang)),
        Bullets((*method_texts(release, lang), *ground), muted=True),
    ]
    definitions = tuple(definition_text(column, lang) for column in _indicators(release))
    if definitions:
        blocks += [Heading(text("label_definition", lang), 3), Bullets(definitions, muted=True)]
    return blocks
