"""The dossier of a candidate area: one folder with a document, geodata and a workbook, all of it from the release."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pandas as pd
import shapely

from quartiersatlas.base.checks import choice, expects, known_parameters
from quartiersatlas.base.files import made_folder, written_together
from quartiersatlas.base.workbook import CellStyle, WorkbookSheet, write_workbook
from quartiersatlas.catalogue import check_lang, number_text, text
from quartiersatlas.disclosure.words import city_text
from quartiersatlas.errors import ReleaseError, list_some
from quartiersatlas.monitoring.measures.coverage import day_text
from quartiersatlas.monitoring.measures.standing import rows_of
from quartiersatlas.present.acting.inside import money_blocks, within_blocks
from quartiersatlas.present.acting.measures import measure_blocks
from quartiersatlas.present.city_report.sections import cover_words, programme_blocks
from quartiersatlas.present.figures import map_figure, map_key
from quartiersatlas.present.files.excel import office_of
from quartiersatlas.present.files.export import write_layers
from quartiersatlas.present.files.tables import area_table, candidate_table, columns_table, notes_table
from quartiersatlas.present.look import worn
from quartiersatlas.present.map.classes import map_columns
from quartiersatlas.present.paper import (
    Bullets,
    Document,
    DocumentTable,
    Heading,
    Paragraph,
    TableRow,
    fit_to_paper,
    numbered,
    save_document,
)
from quartiersatlas.present.statements import (
    cell_text,
    check_release,
    city_label,
    comment_blocks,
    foot_text,
    gap_text,
    indicator_columns,
    label_with_unit,
    method_texts,
    reason_texts,
    stability_text,
    title_block,
    visible,
)

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release
    from quartiersatlas.present.look import Look
    from quartiersatlas.present.paper.document import DocumentBlock

WIDEST = 48
AROUND = 0.25  # of the longer side, to be seen around the candidate area
MAP_SIZE = 170.0, 110.0  # mm
PER_TABLE = 3  # indicators side by side


@known_parameters
def dossier(
    release: Release,
    candidate: str,
    folder: str | Path,
    *,
    lang: Lang = "de",
    document: Literal["docx", "html"] = "docx",
    look: Look | None = None,
) -> Path:
    """Write what is known of a candidate area: a document, a GeoPackage and a workbook in one folder.

    Parameters
    ----------
    release : Release
        What leaves; with candidate areas.
    candidate : str
        The candidate area, as the release calls it.
    folder : str or Path
        Where to; made if it is not there.
    lang : {"de", "en"}, default "de"
        Language.
    document : {"docx", "html"}, default "docx"
        What kind of document.
    look : Look, optional
        Logo, accent, font, office, contact and footer.

    Returns
    -------
    Path
        The folder with ``dossier.docx`` (or ``.html``), ``gebiete.gpkg`` and ``tabellen.xlsx``. The same release gives
        the same bytes.

    Raises
    ------
    ArgumentError
        What is written is no release.
    ReleaseError
        The release has no such candidate area.
    InputError
        The folder cannot be written into.
    DependencyError
        A package for documents or workbooks is missing.

    Notes
    -----
    It speaks of an area for review: whether it becomes a funding area is for the council to resolve (§ 171e BauGB).

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> import shapely
    >>> import quartiersatlas as qa
    >>> shapes = [shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000, 2000)]
    >>> areas = gpd.GeoDataFrame({"name": ["A", "B", "C"]}, index=["1", "2", "3"], geometry=shapes, crs="EPSG:25832")
    >>> table = pd.DataFrame({"poor": [300.0, 260, 90], "residents": [1000.0] * 3}, index=areas.index)
    >>> data = qa.add_rates(qa.join(areas, table), {"poverty": ("poor", "residents")})
    >>> shortlist = qa.screen(data, qa.above_city("poverty"))
    >>> rel = qa.release(data, shortlist=shortlist, candidates=qa.candidate_areas(data, shortlist))
    >>> with TemporaryDirectory() as place:
    ...     folder = qa.dossier(rel, rel.candidates.index[0], f"{place}/dossier", document="html")
    ...     sorted(file.name for file in folder.iterdir())
    ['dossier.html', 'gebiete.gpkg', 'tabellen.xlsx']
    """
    check_release(release, "dossier")
    check_lang(lang)
    choice(document, ("docx", "html"), "document")
    expects(folder, (str, Path), "dossier: folder", 'qa.dossier(rel, "A", "dossier_A")')
    expects(candidate, str, "dossier: candidate", "rel.candidates.index[0]")
    known = [] if release.candidates is None else list(map(str, release.candidates.index))
    if candidate not in known:
        there = f"There are {list_some(known, 20)}." if known else "It has none: release(..., candidates=candidates)."
        raise ReleaseError(f"dossier: the release has no candidate area {candidate!r}. {there}")
    folder = made_folder(folder, "folder of the dossier")
    members = list(release.members.index[release.members.astype(str).eq(candidate)])
    layers = _layers(release, candidate, members, lang, look)
    with worn(look, f".{document}"):
        words = _document(release, candidate, members, lang, look)
    names = [f"dossier.{document}", "gebiete.gpkg", "tabellen.xlsx"]
    with written_together([folder / name for name in names]) as (report, geodata, workbook):
        save_document(words, report)
        write_layers(geodata, layers, words.title)
        sheets = [_sheet(text(f"dossiersheet_{name}", lang), frame) for name, frame in layers.items()]
        write_workbook(workbook, sheets, title=words.title, **office_of(look))
    return folder


def _layers(
    release: Release, candidate: str, members: list[str], lang: Lang, look: Look | None
) -> dict[str, pd.DataFrame]:
    """Return the areas, the outline, and what the columns mean: rows of the tables that every export has."""
    areas, outline = area_table(release, lang), candidate_table(release, lang)
    tables: dict[str, pd.DataFrame] = {
        "areas": areas[areas.index.isin(members)].reset_index(),
        "outline": outline[outline.index.astype(str) == candidate].reset_index(),
    }
    meaning = columns_table(release, lang, {"areas": tables["areas"], "candidates": tables["outline"]})
    found = {**tables, "columns": meaning, "notes": notes_table(release, lang, look)}
    if release.measures is not None:
        places = release.measures.places
        inside = places.loc[places["area"].isin(members), "measure_id"]
        own = release.measures.table
        own = own[own["measure_id"].isin(inside)].drop(columns=["fields", "areas"])
        found["measures"] = own.assign(**{day: own[day].dt.strftime("%Y-%m-%d").fillna("") for day in ("begin", "end")})
    return found


def _sheet(name: str, frame: pd.DataFrame) -> WorkbookSheet:
    """Return a frame as a sheet, without shapes."""
    plain = frame.drop(columns="geometry", errors="ignore")
    rows = [[_cell(value) for value in row] for row in plain.itertuples(index=False, name=None)]
    heads = [str(column) for column in plain.columns]
    widths = [
        min(WIDEST, max(len(head), *(len(str(row[place] or "")) for row in rows), 8) + 2) if rows else len(head) + 2
        for place, head in enumerate(heads)
    ]
    return WorkbookSheet(
        name,
        head=[(heads, CellStyle(bold=True, is_text=True))],
        rows=rows,
        styles=[CellStyle()] * len(heads),
        widths=widths,
        frozen=(1, 0),
    )


def _cell(value: object) -> str | float | None:
    if isinstance(value, (bool, str)):
        return value
    if pd.isna(value):  # type: ignore[call-overload] # a cell, no frame
        return None
    return float(value) if isinstance(value, (int, float)) else str(value)


def _document(release: Release, candidate: str, members: list[str], lang: Lang, look: Look | None) -> Document:
    """Return what the document says: where, what, why, what is done there, what else, how."""
    assert release.candidates is not None  # noqa: S101 - checked before
    row = release.candidates.loc[release.candidates.index.astype(str) == candidate].iloc[0]
    title = text("dossier_title", lang, name=visible(f"{candidate} {row['name']}"))
    residents = gap_text("derived", lang) if pd.isna(row["residents"]) else number_text(row["residents"], 0, lang)
    said = {"areas": len(members), "residents": residents, "hectares": number_text(row["hectares"], 0, lang)}
    blocks: list[DocumentBlock] = [
        *title_block(release, lang, visible(f"{candidate} {row['name']}"), kind=text("dossier_kind", lang)),
        Paragraph(text("dossier_status", lang)),
        *comment_blocks(release, lang),
        Paragraph(text("dossier_facts", lang, **said)),
        *_map_picture(release, candidate, row, lang, look),
        *_programmes(release, row, lang),
        Heading(text("heading_indicators", lang)),
        *_values(release, members, lang),
        *_reasons(release, members, lang),
        *_neighbours(release, members, lang),
        *within_blocks(release, lang, members),
        *_gaps(release, lang),
        *measure_blocks(release, lang, set(members)),
        *money_blocks(release, lang, members),
        *_local_notes(release, members, lang),
        Heading(text("label_method", lang)),
        Bullets(tuple(method_texts(release, lang))),
    ]
    fitted = numbered(fit_to_paper(block, lang) for block in blocks)
    return Document(title, lang, fitted, look, foot_text(release, look, lang), release.as_of)


def _map_picture(
    release: Release, candidate: str, row: pd.Series, lang: Lang, look: Look | None
) -> list[DocumentBlock]:
    """Return the map around the candidate area with its key; nothing where no number is released that colours one."""
    columns = map_columns(release)
    if not columns:
        return []
    west, south, east, north = row.geometry.bounds
    beyond = AROUND * max(east - west, north - south)
    around = (west - beyond, south - beyond, east + beyond, north + beyond)
    name, label = visible(f"{candidate} {row['name']}"), label_with_unit(columns[0], lang)
    caption = text("dossier_map", lang, name=name, label=label, date=visible(release.as_of))
    picture = map_figure(release, columns[0], lang, MAP_SIZE, caption=caption, around=around, look=look)
    return [picture, map_key(release, columns[0], lang, look)]


def _programmes(release: Release, row: pd.Series, lang: Lang) -> list[DocumentBlock]:
    """Return which programmes run, ran or are planned there, and their dates."""
    if release.programmes is None or "cover" not in row.index:
        return []
    said = visible(cover_words(row, lang))
    return [Heading(text("label_cover", lang)), Paragraph(f"{said}."), *programme_blocks(release, lang)[1:]]


def _values(release: Release, members: list[str], lang: Lang) -> list[DocumentBlock]:
    """Return the areas with their indicators, the city in the last row; a few columns per table."""
    columns, blocks = indicator_columns(release), list["DocumentBlock"]()
    for start in range(0, len(columns), PER_TABLE):
        part = columns[start : start + PER_TABLE]
        head = (text("label_area", lang), *(label_with_unit(column, lang) for column in part))
        rows = [
            TableRow.of(visible(str(release.areas["name"][key])), *(cell_text(release, key, one, lang) for one in part))
            for key in members
        ]
        rows.append(TableRow.of(city_label(release, lang), *(city_text(one, lang) for one in part)))
        blocks.append(DocumentTable(head, tuple(rows), frozenset(range(1, len(head)))))
    return blocks


def _reasons(release: Release, members: list[str], lang: Lang) -> list[DocumentBlock]:
    """Return why each area is on the list, and how sure that is."""
    told = reason_texts(release, lang)
    blocks: list[DocumentBlock] = []
    for key in members:
        lines = [*told.get(key, []), *filter(None, [stability_text(release, key, lang)])]
        if lines:
            blocks += [Heading(visible(str(release.areas["name"][key])), 3), Bullets(tuple(lines))]
    return [Heading(text("label_reasons", lang)), *blocks] if blocks else []


def _neighbours(release: Release, members: list[str], lang: Lang) -> list[DocumentBlock]:
    """Return the areas that border on it: who draws the outline looks at them too."""
    areas = release.areas
    inside = areas.index.isin(members)
    outline = shapely.union_all(areas.geometry.to_numpy()[inside])
    near = areas.index[~inside & areas.geometry.distance(outline).le(1.0).to_numpy()]
    lines = []
    for key in near:
        sure = stability_text(release, key, lang)
        name = visible(str(areas["name"][key]))
        lines.append(f"{name}: {sure}" if sure else name)
    if not lines:
        return []
    return [
        Heading(text("dossier_neighbours", lang)),
        Paragraph(text("dossier_neighbours_note", lang)),
        Bullets(tuple(lines)),
    ]


def _gaps(release: Release, lang: Lang) -> list[DocumentBlock]:
    if not release.group_gaps:
        return []
    said = [Paragraph(sentence) for gap in release.group_gaps for sentence in gap.sentences(lang)]
    return [Heading(text("heading_group_gap", lang)), *said]


def _local_notes(release: Release, members: list[str], lang: Lang) -> list[DocumentBlock]:
    if release.measures is None:
        return []
    notes = release.measures.knowledge
    lines = [
        visible(text("knowledge_line", lang, note=row.note, author=row.author, date=day_text(row.date, lang)))
        for row in rows_of(notes[notes["area"].isin(members)])
    ]
    return [Heading(text("heading_notes", lang)), Bullets(tuple(lines))] if lines else []
