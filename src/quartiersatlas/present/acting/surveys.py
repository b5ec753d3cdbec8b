"""What a document says of surveys: what was asked, then the areas by name with their respondents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quartiersatlas.catalogue import text
from quartiersatlas.disclosure.words import label
from quartiersatlas.present.paper import DocumentTable, Heading, Paragraph, TableRow
from quartiersatlas.present.statements import cell_text, doubtful, fact_text, gap_kind

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release, ReleasedColumn
    from quartiersatlas.present.paper.document import DocumentBlock

MODEL, RESPONDENTS = "_model", "_n"


def survey_blocks(release: Release, lang: Lang) -> list[DocumentBlock]:
    """Return the section on surveys: uncertain values in brackets, and why others are not shown.

    Parameters
    ----------
    release : Release
        What is reported.
    lang : {"de", "en"}
        Language.
    """
    surveys = _surveys(release)
    if not surveys:
        return []
    facts = [fact for fact in release.facts if fact.name in ("fact_survey", "fact_survey_model")]
    blocks: list[DocumentBlock] = [Heading(text("heading_surveys", lang))]
    blocks += [Paragraph(fact_text(release, fact, lang)) for fact in facts]
    for asked, columns in surveys:
        blocks += [Paragraph(_counted(release, column, lang)) for column in columns]
        blocks.append(_table(release, asked, columns, lang))
    return blocks


def _surveys(release: Release) -> list[tuple[ReleasedColumn, list[ReleasedColumn]]]:
    """Return the respondents of each survey, with the columns of its shares."""
    columns = {column.id: column for column in release.columns}
    found: dict[str, list[ReleasedColumn]] = {}
    for name, column in columns.items():
        asked = name.removesuffix(MODEL) + RESPONDENTS
        if column.kind == "share" and asked in columns:
            found.setdefault(asked, []).append(column)
    return [(columns[asked], those) for asked, those in found.items()]


def _counted(release: Release, column: ReleasedColumn, lang: Lang) -> str:
    """Return how many areas have a value, how many one in brackets, how many none."""
    shown, unsure = release.values[column.id].notna(), doubtful(release, column)
    said = {"value": int((shown & ~unsure).sum()), "bracket": int(unsure.sum()), "hidden": int((~shown).sum())}
    return f"{label(column, lang)}: {text('survey_areas', lang, all=len(shown), **said)}"


def _table(release: Release, asked: ReleasedColumn, columns: list[ReleasedColumn], lang: Lang) -> DocumentTable:
    """Return one row per area, by name: the shares, and the respondents."""
    head = (text("label_area", lang), *(label(column, lang) for column in (*columns, asked)))
    rows = tuple(
        TableRow.of(name, *(_cell(release, str(key), column, lang) for column in (*columns, asked)))
        for key, name in release.areas["name"].astype(str).sort_values(kind="stable").items()
    )
    return DocumentTable(head, rows, frozenset(range(1, len(head))))


def _cell(release: Release, key: str, column: ReleasedColumn, lang: Lang) -> str:
    """Return what an area shows; what the rules for surveys leave out is secret to nobody else."""
    is_left_out = column.kind == "share" and gap_kind(release, key, column) == "source"
    return text("survey_left_out_area", lang) if is_left_out else cell_text(release, key, column, lang)
