"""The report: the result on the first page, then how sure it is, the selected areas, development, stock, method."""

from __future__ import annotations

from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from quartiersatlas.base.checks import expects, known_parameters
from quartiersatlas.catalogue import check_lang, number_text, text
from quartiersatlas.catalogue.texts import listed_texts
from quartiersatlas.disclosure.release import by_name
from quartiersatlas.disclosure.words import label
from quartiersatlas.need.robustness.stability import STABILITY_LABELS
from quartiersatlas.present import pictures
from quartiersatlas.present.acting.annex import with_annex
from quartiersatlas.present.acting.changes import change_blocks, funded_blocks, list_blocks, twin_blocks
from quartiersatlas.present.acting.group_gaps import group_gap_blocks
from quartiersatlas.present.acting.inside import money_blocks, register_blocks, within_blocks
from quartiersatlas.present.acting.measures import measure_blocks
from quartiersatlas.present.acting.surveys import survey_blocks
from quartiersatlas.present.city_report.first_page import points, result_text
from quartiersatlas.present.city_report.sections import (
    candidate_blocks,
    method_blocks,
    need_blocks,
    programme_blocks,
    scale_blocks,
    segregation_blocks,
    selection_rule,
    stocktaking_blocks,
)
from quartiersatlas.present.city_report.selected_table import is_long, listed_keys, long_blocks, selected_table
from quartiersatlas.present.comparable import earlier_releases
from quartiersatlas.present.figures import chart_figures, map_figure, map_key, side_by_side
from quartiersatlas.present.files.export import export
from quartiersatlas.present.files.fingerprint import fingerprint_of
from quartiersatlas.present.look import Look, check_look, worn
from quartiersatlas.present.map.classes import map_columns
from quartiersatlas.present.paper import (
    Bullets,
    Columns,
    Document,
    Heading,
    NewPage,
    Paragraph,
    TableOfContents,
    fit_to_paper,
    numbered,
    save_document,
)
from quartiersatlas.present.places.context import fitted_context
from quartiersatlas.present.rule_comparison import comparison_blocks
from quartiersatlas.present.statements import check_release, comment_blocks, foot_text, missing_texts, title_block

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts import Chart
    from quartiersatlas.disclosure import Release, ReleasedColumn
    from quartiersatlas.present.paper.document import DocumentBlock
    from quartiersatlas.present.places import Context, FittedContext

ENDINGS = (".html", ".md", ".docx", ".pdf")
# in mm; half a page is 82.5 wide
MAP, AXIS_MAP = (110.0, 108.0), (95.7, 84.0)
KEY, HALF = 55.0, 82.5
CHART_HEIGHT = 62.0


@known_parameters
def report(
    release: Release,
    path: str | Path,
    *,
    lang: Lang = "de",
    earlier: Release | Iterable[Release] = (),
    context: Context | None = None,
    look: Look | None = None,
) -> Path:
    """Write the report of a release.

    Parameters
    ----------
    release : Release
        What is reported.
    path : str or Path
        An ``.html``, ``.md``, ``.docx`` or ``.pdf`` file: all say the same (Markdown, to paste, has the words and
        tables without the pictures). It is written whole or not at all, and the same
        release gives the same bytes.
    lang : {"de", "en"}, default "de"
        Language of everything a reader sees.
    earlier : Release or iterable of Release, optional
        Releases of the same city at earlier dates: what has changed since.
    context : Context, optional
        Water, green, roads and names on the maps, see :func:`quartiersatlas.context`.
    look : Look, optional
        Logo, accent, font, office, contact and footer.

    Returns
    -------
    Path
        The file. Above 500 selected areas it names the first 50 and counts the others by higher level; all areas are
        then in ``<name>_areas.csv`` beside it.

    Raises
    ------
    ArgumentError
        Something else than a release, or than a path, was given.
    DependencyError
        DOCX and PDF need ``pip install "quartiersatlas[paper]"``.
    InputError
        The folder is not there.
    ReleaseError
        The ending is none of these.
    SpecError
        The earlier releases do not compare, or would give protected values away together with this one.
    """
    check_release(release, "report")
    expects(path, (str, PathLike), "report: path", 'qa.report(rel, "bericht.html")')
    beside = areas_file(release, path)
    listed = "" if beside is None else beside.name
    with worn(look, Path(path).suffix):
        document = report_document(release, lang, earlier=earlier, context=context, look=look, listed=listed)
    written = save_document(document, path, ENDINGS)
    if beside is not None:
        export(release, beside, lang=lang, look=look)
    return written


def areas_file(release: Release, path: str | Path) -> Path | None:
    """Return the CSV with all areas that stands beside a report of very many selected ones; None beside others."""
    return Path(path).with_name(f"{Path(path).stem}_areas.csv") if is_long(release) else None


def report_document(
    release: Release,
    lang: Lang,
    *,
    earlier: Release | Iterable[Release] = (),
    context: Context | None = None,
    look: Look | None = None,
    listed: str = "",
) -> Document:
    """Return what the report says: the result first, method last; ``listed`` is the file with areas it leaves out."""
    check_lang(lang)
    before = earlier_releases(release, earlier, "report")
    check_look(look, "report")
    ground = fitted_context(context, release, "report")
    sections, annex = with_annex(
        [
            *change_blocks(release, lang),
            *list_blocks(release, lang),
            *within_blocks(release, lang),
            *group_gap_blocks(release, lang),
            *survey_blocks(release, lang),
            *measure_blocks(release, lang),
            *money_blocks(release, lang),
            *register_blocks(release, lang),
            *funded_blocks(release, lang),
            *twin_blocks(release, lang),
        ],
        lang,
    )
    blocks: list[DocumentBlock] = [
        *title_block(release, lang, release.title, kind=text("kind_report", lang)),
        *_first_page(release, before, lang, ground, look),
        NewPage(),
        TableOfContents(),
        *_certainty(release, lang),
        *_shortlist(release, lang, listed),
        *candidate_blocks(release, lang),
        *programme_blocks(release, lang),
        *_development(release, before, lang),
        *need_blocks(release, lang, _axis_maps(release, lang, ground, look)),
        *_burdens(release, lang),
        *selection_rule(release, lang),
        *comparison_blocks(release, lang),
        *segregation_blocks(release, lang),
        *scale_blocks(release, lang),
        *sections,
        *stocktaking_blocks(release, lang),
        *comment_blocks(release, lang),
        *method_blocks(release, lang, () if ground is None else ground.notes(lang)),
        *annex,
    ]
    fitted = numbered(fit_to_paper(block, lang) for block in blocks)
    title = release.title if release.title.strip() else text("kind_report", lang)
    found = fingerprint_of(release, "report", lang, before)
    return Document(title, lang, fitted, look, foot_text(release, look, lang), release.as_of, found)


def _first_page(
    release: Release, earlier: Sequence[Release], lang: Lang, context: FittedContext | None, look: Look | None
) -> list[DocumentBlock]:
    """Return the result: a sentence, the map with its key, the points to know, how to read them."""
    result, known = result_text(release, lang), points(release, earlier, lang)
    return [
        *([Paragraph(result, "result")] if result else []),
        *_main_map(release, lang, context, look),
        *(_with_heading("heading_points", known, lang) if known else []),
        Paragraph(text("reading_aid", lang), "aid"),
    ]


def _main_map(release: Release, lang: Lang, context: FittedContext | None, look: Look | None) -> list[DocumentBlock]:
    """Return the first map, with histogram, classes and marks at its right."""
    columns = map_columns(release)
    if not columns:
        return []
    column = columns[0]
    words = _map_caption(release, column, lang)
    drawn = map_figure(release, column, lang, MAP, caption=words, context=context, look=look)
    beside: list[DocumentBlock] = [Paragraph(label(column, lang), "label")]
    numbers = release.axis_column(column.axis, "score") if column.axis else column
    if numbers is not None:
        beside += chart_figures(
            lambda: _without_label(pictures.legend_histogram(release, numbers.id, lang, colored_by=column.id)),
            KEY,
            30.0,
            caption=None,
        )
    return [Columns((drawn,), (*beside, map_key(release, column, lang, look)), 2 / 3)]


def _without_label(chart: Chart) -> Chart:
    """Return a chart without the words at its x axis, which stand above it."""
    return replace(chart, x=replace(chart.x, label=""))


def _map_caption(release: Release, column: ReleasedColumn, lang: Lang) -> str:
    """Return what the map shows, of which day, from which source."""
    shown = [label(column, lang)]
    if release.selected.any():
        has_candidates = release.candidates is not None and len(release.candidates)
        shown.append(text("caption_candidates" if has_candidates else "caption_selected", lang))
    words = f"{', '.join([text('list_and', lang, first=shown[0], last=shown[1]) if shown[1:] else shown[0]])}"
    date = release.dates.get(column.id, release.as_of)
    source = text("caption_source", lang, source=release.source.rstrip(".")) if release.source else ""
    return f"{', '.join(filter(None, [words, date]))}. {source}".strip()


def _certainty(release: Release, lang: Lang) -> list[DocumentBlock]:
    """Return how often areas are selected when nothing is taken as exact, and what lifts their index."""
    drivers = chart_figures(lambda: pictures.contributions(release, lang), HALF)
    if release.stability is None:
        return [Heading(text("heading_contributions", lang)), *drivers] if drivers else []
    labels = release.stability.table["label"]
    counts = [
        f"{text(f'stability_{name}', lang)}: {number_text(int(labels.eq(name).sum()), 0, lang)}"
        for name in STABILITY_LABELS
    ]
    charts = chart_figures(lambda: pictures.certainty(release, lang), HALF)
    near = release.areas["name"][labels.isin(["certain", "borderline"]) & ~release.selected]
    names = listed_texts([f"{near[key]} ({key})" for key in by_name(near)])
    return [
        Heading(text("heading_stability", lang)),
        *side_by_side(charts, drivers),
        Paragraph("; ".join(counts)),
        *([Paragraph(text("near_names", lang, names=names))] if names else []),
        *chart_figures(lambda: pictures.rank_interval(release, lang), HALF),
        Bullets(release.stability.notes[lang], muted=True),
    ]


def _shortlist(release: Release, lang: Lang, listed: str) -> list[DocumentBlock]:
    """Return the selected areas with a bar per reason: a list for review, not a ranking."""
    table = selected_table(release, lang)
    if table is None:
        return []
    title = text("heading_shortlist_context" if release.context_only else "heading_shortlist", lang)
    notes = ["note_bars"] if any(bar for row in table.rows for bar in row.bars) else []
    notes += ["note_by_name"] if release.is_public else []
    said = " ".join(text(name, lang) for name in notes)
    lead = long_blocks(release, lang, listed) if is_long(release) else []
    return [Heading(title), *lead, table, *([Paragraph(said, "muted")] if said else []), *_missing(release, lang)]


def _missing(release: Release, lang: Lang) -> list[DocumentBlock]:
    """Return how many persons are missing until a selected area leaves the list; no advice."""
    told = missing_texts(release, lang)
    keys = [key for key in listed_keys(release) if told.get(key)]
    if not keys:
        return []
    leads = tuple(f"{release.areas['name'][key]}:" for key in keys)
    listed = Bullets(tuple(told[key] for key in keys), muted=True, leads=leads)
    return [Heading(text("heading_distance", lang), 3), Paragraph(text("profile_missing", lang), "muted"), listed]


def _development(release: Release, earlier: Sequence[Release], lang: Lang) -> list[DocumentBlock]:
    """Return the first indicator of need over time, and beside another one."""
    columns = pictures.profile_columns(release)
    if not columns:
        return []
    column = columns[0]
    lines = chart_figures(lambda: pictures.time_line(release, earlier, column.id, lang), HALF, CHART_HEIGHT)
    dots = chart_figures(lambda: pictures.scatter(release, column.id, None, lang), HALF, CHART_HEIGHT)
    moves = chart_figures(lambda: pictures.class_moves(release, earlier[0], lang), HALF) if earlier else []
    if not (lines or dots or moves):
        return []
    title = "heading_development" if lines or moves else "heading_together"
    return [Heading(text(title, lang)), *side_by_side(lines, dots), *moves]


def _burdens(release: Release, lang: Lang) -> list[DocumentBlock]:
    """Return the matrix of burdens and need; nothing where none are released."""
    found = chart_figures(lambda: pictures.burden_matrix(release, lang), HALF)
    return [Heading(text("chart_burden", lang), 3), *found] if found else []


def _with_heading(name: str, block: DocumentBlock, lang: Lang) -> list[DocumentBlock]:
    """Return a block below its heading."""
    return [Heading(text(name, lang)), block]


def _axis_maps(
    release: Release, lang: Lang, context: FittedContext | None, look: Look | None
) -> dict[str, list[DocumentBlock]]:
    """Return a map per axis of the index beyond the first, which is on the first page."""
    found: dict[str, list[DocumentBlock]] = {}
    for column in [column for column in release.columns if column.kind == "class"][1:]:
        words = _map_caption(release, column, lang)
        found[column.id] = [map_figure(release, column, lang, AXIS_MAP, caption=words, context=context, look=look)]
    return found
