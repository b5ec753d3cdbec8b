"""What documents and the map say of measures: where they are, what is covered, where need stands without one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from quartiersatlas.catalogue import text
from quartiersatlas.disclosure.derived.measures import coverage_counts
from quartiersatlas.intake.registers.schema import PERMANENT, PERMANENT_WORDS, field_labels
from quartiersatlas.monitoring.measures.coverage import day_text
from quartiersatlas.monitoring.measures.pictures import coverage_chart
from quartiersatlas.monitoring.measures.standing import rows_of
from quartiersatlas.present.figures import chart_figures
from quartiersatlas.present.paper import Bullets, DocumentTable, Heading, Paragraph, TableRow
from quartiersatlas.present.statements import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release
    from quartiersatlas.disclosure.derived.measures import ReleasedMeasures
    from quartiersatlas.present.paper.document import DocumentBlock

WIDE = 150.0  # mm
OPEN = ["need_without_measure", "city_wide_only"]
SOON = pd.DateOffset(years=1)
HEAD = ("measure", "lead", "measure_fields", "state", "end", "areas")


def measure_blocks(release: Release, lang: Lang, keys: set[str] | None = None) -> list[DocumentBlock]:
    """Return the section on measures; nothing where none are released. With keys, only what is in those areas."""
    measures = release.measures
    if measures is None:
        return []
    table = measures.table
    if keys is not None:
        table = table[
            table["measure_id"].isin(measures.places.loc[measures.places["area"].isin([*keys, "city"]), "measure_id"])
        ]
    blocks: list[DocumentBlock] = [Heading(text("heading_measures", lang))]
    covered = measures.coverage
    if len(covered):
        if keys is None:
            counts = coverage_counts(measures, lang)
            blocks.append(Paragraph(text("coverage_pairs", lang)))
            blocks.append(Bullets(tuple(f"{words}: {n}" for words, n in counts.items())))
        blocks.append(
            Paragraph(f"{text('coverage_on', lang, day=day_text(measures.on, lang))} {measures.caption(lang)}")
        )
        if keys is None:
            blocks += chart_figures(partial(coverage_chart, _Matrix(release, measures), None, lang), WIDE)
        blocks += _open_needs(release, measures, lang, keys)
    rows = tuple(TableRow.of(*_cells(release, measures, row, lang)) for row in table.to_dict("records"))
    if rows:
        blocks.append(DocumentTable(tuple(text(f"label_{word}", lang) for word in HEAD), rows))
    elif keys is None or not len(covered):
        blocks.append(Paragraph(text("measures_none", lang)))
    return blocks


@dataclass(frozen=True)
class _Matrix:
    """Coverage as the chart takes it."""

    release: Release
    measures: ReleasedMeasures

    @property
    def matrix(self) -> pd.DataFrame:
        """The states by area and field."""
        found = self.measures.coverage
        fields = [one for one in field_labels("de") if one in set(found["field"])]
        return found.set_index(["area", "field"])["state"].unstack()[fields]  # noqa: PD010 - one state each

    @property
    def names(self) -> Mapping[str, str]:
        """The names of the areas."""
        return {str(key): visible(str(name)) for key, name in self.release.areas["name"].items()}

    def caption(self, lang: Lang = "de") -> str:
        """Return what decides."""
        return self.measures.caption(lang)


def areas_without_measure(release: Release) -> list[str]:
    """Return the names of areas with a need and no measure on the spot."""
    measures = release.measures
    if measures is None:
        return []
    open_areas = measures.coverage.loc[measures.coverage["state"].isin(OPEN), "area"]
    return sorted({str(release.areas["name"].get(key, key)) for key in open_areas})


def measure_checks(release: Release, lang: Lang) -> list[str]:
    """Return what the register asks: need without a measure, what is past its end, what ends where need is."""
    measures = release.measures
    if measures is None:
        return []
    table, covered = measures.table, measures.coverage
    found = {"check_need_without_measure": areas_without_measure(release)}
    overdue = table[table["standing"].eq("overdue")]
    found["check_measure_overdue"] = [f"{row.measure_id} {row.name}" for row in rows_of(overdue)]
    day = measures.on + SOON
    places = measures.places.merge(covered.loc[covered["need"].eq(True), ["area", "field"]])  # noqa: FBT003 - a cell
    live = table[table["standing"].eq("live") & table["measure_id"].isin(places["measure_id"])]
    ending = live[live["end"].map(lambda end: end == end and end <= day).astype(bool)]  # noqa: PLR0124 - no date
    found["check_measure_ends"] = [f"{row.measure_id} {row.name}" for row in rows_of(ending)]
    named = {"day": day_text(day, lang)}
    return [
        text(name, lang, **named if name == "check_measure_ends" else {}, **{NAMED[name]: visible(", ".join(some))})
        for name, some in found.items()
        if some
    ]


NAMED = {
    "check_need_without_measure": "areas",
    "check_measure_overdue": "measures",
    "check_measure_ends": "measures",
}


def _open_needs(release: Release, measures: ReleasedMeasures, lang: Lang, keys: set[str] | None) -> list[DocumentBlock]:
    """Return the fields in which areas have need and no measure on the spot, by area."""
    covered = measures.coverage
    is_open = covered["state"].isin(OPEN)
    if keys is not None:
        is_open &= covered["area"].isin(keys)
    fields, items = field_labels(lang), []
    for key, part in covered[is_open].groupby("area", sort=False):
        items.append(
            f"{visible(str(release.areas['name'].get(key, key)))}: {'; '.join(fields[one] for one in part['field'])}"
        )
    if not items:
        return []
    return [Heading(text("coverage_need_without_measure_on_spot", lang), 3), Bullets(tuple(items))]


def _cells(release: Release, measures: ReleasedMeasures, row: Mapping[Any, Any], lang: Lang) -> list[str]:
    names, fields = release.areas["name"], field_labels(lang)
    places = measures.places
    is_own = places["measure_id"].eq(row["measure_id"])
    own = dict.fromkeys(places["area"][is_own])
    where = [
        release.city or text("register_scope_city", lang) if one == "city" else str(names.get(one, one)) for one in own
    ]
    named = [f"{row['measure_id']} {row['name']}", str(row["lead"]), "; ".join(fields[one] for one in row["fields"])]
    return [visible(words) for words in (*named, state_text(row, lang), _end(row, lang), ", ".join(where))]


def state_text(row: Mapping[Any, Any], lang: Lang) -> str:
    """Return where a measure stands on the day: its status, or that its end is past."""
    name = "register_overdue_state" if row["standing"] == "overdue" else f"register_status_{row['status']}"
    return text(name, lang)


def _end(row: Mapping[Any, Any], lang: Lang) -> str:
    end: pd.Timestamp = row["end"]
    if end != end:  # noqa: PLR0124 - no date
        return "–"
    return PERMANENT_WORDS[lang] if end == PERMANENT else day_text(end, lang)


def area_measure_lines(release: Release, lang: Lang) -> dict[str, tuple[str, ...]]:
    """Return a line per live measure of each area: what stands in the panel of the map and in a profile."""
    measures = release.measures
    if measures is None:
        return {}
    found: dict[str, list[str]] = {}
    live = measures.table[measures.table["standing"].eq("live")].set_index("measure_id")
    places = measures.places.drop_duplicates(["measure_id", "area"])
    for measure, area in zip(places["measure_id"], places["area"], strict=True):
        if measure in live.index and area in release.areas.index:
            row = live.loc[measure].to_dict()
            values = {"id": measure, "name": row["name"], "lead": row["lead"], "state": state_text(row, lang)}
            found.setdefault(str(area), []).append(text("measure_line", lang, **values, end=_end(row, lang)))
    return {area: tuple(lines) for area, lines in found.items()}


def area_knowledge_lines(release: Release, lang: Lang) -> dict[str, tuple[str, ...]]:
    """Return a line per note of an office on each area."""
    found: dict[str, list[str]] = {}
    for row in () if release.measures is None else rows_of(release.measures.knowledge):
        if row.area in release.areas.index:
            words = text("knowledge_line", lang, note=row.note, author=row.author, date=day_text(row.date, lang))
            found.setdefault(str(row.area), []).append(words)
    return {area: tuple(lines) for area, lines in found.items()}


def lacking_fields(release: Release, lang: Lang) -> dict[str, list[str]]:
    """Return the fields of action in which each area has need and no measure on the spot."""
    if release.measures is None:
        return {}
    covered, fields = release.measures.coverage, field_labels(lang)
    lacking = covered[covered["state"].isin(OPEN)]
    return {str(area): [fields[one] for one in part["field"]] for area, part in lacking.groupby("area", sort=False)}


def area_measure_blocks(release: Release, key: str, lang: Lang) -> list[DocumentBlock]:
    """Return what a profile says of measures in its area; nothing where none are released."""
    if release.measures is None:
        return []
    lines = area_measure_lines(release, lang).get(key, ())
    blocks: list[DocumentBlock] = [Heading(text("heading_measures", lang))]
    blocks.append(Bullets(lines) if lines else Paragraph(text("measures_none_here", lang)))
    lacking = lacking_fields(release, lang).get(key)
    if lacking:
        blocks.append(Paragraph(f"{text('coverage_need_without_measure_on_spot', lang)}: {', '.join(lacking)}."))
    notes = area_knowledge_lines(release, lang).get(key, ())
    return [*blocks, *([Bullets(notes)] if notes else [])]
