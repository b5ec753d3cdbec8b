"""What documents say of several dates: what changed, who entered and left the list and why, funded areas, twins."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from quartiersatlas.catalogue import text
from quartiersatlas.errors import SpecError
from quartiersatlas.monitoring.lists.words import list_sentences
from quartiersatlas.present.figures import chart_figures
from quartiersatlas.present.paper import Bullets, DocumentTable, Heading, Paragraph, TableRow
from quartiersatlas.present.statements import fact_text

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release
    from quartiersatlas.disclosure.derived.over_dates import ReleasedChange
    from quartiersatlas.present.paper.document import DocumentBlock

WIDE = 150.0  # mm
MOST = 25  # areas in a chart and a table
OF_GROUPS = ("curves", "range")


def change_blocks(release: Release, lang: Lang) -> list[DocumentBlock]:
    """Return what changed: the city and the areas in sentences, per indicator a chart and the areas that stand out."""
    found = release.change
    if found is None:
        return []
    blocks: list[DocumentBlock] = [Heading(text("heading_change", lang))]
    blocks += [Paragraph(sentence) for sentence in found.sentences(lang)]
    for name in found.indicators:
        blocks += chart_figures(partial(found.chart, "dumbbell", lang, indicator=name, most=MOST), WIDE)
        if len(found.periods) > 2:  # noqa: PLR2004 - the first and the last
            blocks += chart_figures(partial(found.chart, "course", lang, indicator=name), WIDE, 60.0)
        blocks += _moved(release, found, name, lang)
    return blocks


def _moved(release: Release, found: ReleasedChange, name: str, lang: Lang) -> list[DocumentBlock]:
    """Return the areas that moved more than chance, by name."""
    try:
        chart = found.chart("dumbbell", lang, indicator=name, most=len(found.names))
    except SpecError:
        return []
    rows = found.of(name)
    shown = set(release.areas["name"][rows.index[rows["verdict"].isin(["up", "down"])]].astype(str))
    kept = sorted((row for row in chart.rows if row[0] in shown), key=lambda row: row[0])
    if not kept:
        return []
    title = text("change_moved", lang, indicator=found.meanings[name].label(lang))
    table = DocumentTable(chart.head, tuple(TableRow.of(*row) for row in kept), frozenset(range(1, len(chart.head))))
    return [Paragraph(title, "label"), table]


def list_lines(release: Release, lang: Lang) -> list[str]:
    """Return who entered and left the list since the earlier date, each with its reason."""
    found = release.lists
    if found is None:
        return []
    return list_sentences(found.table, found.conditions, found.counts, found.periods, found.labels, lang)


def list_blocks(release: Release, lang: Lang) -> list[DocumentBlock]:
    """Return the section on the list: entered, left, stayed, with reasons."""
    lines = list_lines(release, lang)
    if not lines:
        return []
    aid = Paragraph(text("lists_aid", lang), "muted")
    return [Heading(text("heading_lists", lang)), Paragraph(lines[0]), Bullets(tuple(lines[1:])), aid]


def left_by_city(release: Release) -> list[str]:
    """Return the names of areas that left because the value they are compared with moved, and for nothing else."""
    if release.lists is None:
        return []
    table = release.lists.table
    moved = table["state"].eq("left") & table["reasons"].map(lambda reasons: reasons == (("city",),))
    return sorted(map(str, table["name"][moved]))


def funded_blocks(release: Release, lang: Lang) -> list[DocumentBlock]:
    """Return the comparison of funded areas: what it can see first, then both groups and the range by assumption."""
    found = release.funded
    blocks: list[DocumentBlock] = [Heading(text("heading_funded", lang))]
    if found is None:
        notes = [fact_text(release, fact, lang) for fact in release.facts if fact.name == "fact_funded_too_few"]
        return [*blocks, *map(Paragraph, notes)] if notes else []
    blocks += [Paragraph(line) for line in found.text(lang).splitlines()]
    for kind in OF_GROUPS:
        blocks += chart_figures(partial(found.chart, kind, lang), WIDE, 70.0)
    return blocks


def twin_blocks(release: Release, lang: Lang) -> list[DocumentBlock]:
    """Return the areas that are alike."""
    if release.twins is None:
        return []
    lines = release.twins.text(lang).splitlines()
    return [Heading(text("heading_twins", lang)), Bullets(tuple(lines[:-1])), Paragraph(lines[-1], "muted")]
