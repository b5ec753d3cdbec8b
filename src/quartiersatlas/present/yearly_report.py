"""The yearly report: where targets stand, what moved, what is due, what is to be checked; HTML, DOCX or PDF."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.base.checks import expects, known_parameters
from quartiersatlas.catalogue import check_lang, number_text, text
from quartiersatlas.catalogue.texts import place_words
from quartiersatlas.disclosure.release import NUMBER_FORMS, by_name
from quartiersatlas.disclosure.words import city_text, label, value_text
from quartiersatlas.errors import SpecError, list_some
from quartiersatlas.monitoring.store.forecasts import course_chart
from quartiersatlas.monitoring.store.monitor import Monitor
from quartiersatlas.monitoring.store.rhythm import day, written
from quartiersatlas.monitoring.store.targets import CITY
from quartiersatlas.present import pictures
from quartiersatlas.present.acting.annex import with_annex
from quartiersatlas.present.acting.changes import (
    change_blocks,
    funded_blocks,
    left_by_city,
    list_blocks,
    list_lines,
)
from quartiersatlas.present.acting.group_gaps import group_gap_blocks
from quartiersatlas.present.acting.inside import money_blocks, register_blocks
from quartiersatlas.present.acting.measures import areas_without_measure, measure_blocks, measure_checks
from quartiersatlas.present.acting.surveys import survey_blocks
from quartiersatlas.present.city_report.sections import method_blocks
from quartiersatlas.present.comparable import earlier_releases
from quartiersatlas.present.figures import chart_figures
from quartiersatlas.present.look import Look, check_look, worn
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
from quartiersatlas.present.statements import check_release, city_label, comment_blocks, foot_text, title_block

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release, ReleasedColumn
    from quartiersatlas.monitoring.store.rhythm import Due
    from quartiersatlas.monitoring.store.targets import TargetState
    from quartiersatlas.present.paper.document import DocumentBlock

ENDINGS = (".html", ".docx", ".pdf")
WIDE, HIGH = 120.0, 80.0  # mm, of the matrix of classes
OF_COLUMNS = ("break_declared", "revised", "column_gone")  # said without areas
OF_CELLS = ("jump", "zero_after_many")  # said where the cell is released


@known_parameters
def monitor_report(
    store: Monitor,
    release: Release,
    path: str | Path,
    *,
    lang: Lang = "de",
    earlier: Release | Iterable[Release] = (),
    on: str = "",
    look: Look | None = None,
) -> Path:
    """Write the yearly report: where targets stand, what changed, what is due, and what is to be checked.

    Parameters
    ----------
    store : Monitor
        Targets, forecasts, accepted findings and rhythm.
    release : Release
        What may leave of the period: every value that is shown is one of it.
    path : str or Path
        An ``.html``, ``.docx`` or ``.pdf`` file; the same input gives the same bytes.
    lang : {"de", "en"}, default "de"
        Language.
    earlier : Release or list of Release, optional
        Releases of earlier dates; the first one is what the period is compared with.
    on : str, optional
        The day on which something is due or not; the date of the release, if not given.
    look : Look, optional
        Logo, accent, font, office, contact and footer.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ArgumentError
        Something else than a store, or than a release, was given.
    SpecError
        The store has no period of the date of the release.
    ReleaseError
        The ending is none of these, or the place is a store.

    Notes
    -----
    Says what changed, and of no change that a measure made it. Checks are questions, not actions.

    Examples
    --------
    >>> import tempfile
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> import shapely
    >>> import quartiersatlas as qa
    >>> shapes = [shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000, 2000)]
    >>> areas = gpd.GeoDataFrame({"name": ["A", "B", "C"]}, index=["1", "2", "3"], geometry=shapes, crs="EPSG:25832")
    >>> table = pd.DataFrame({"poor": [300.0, 205, 90], "residents": [1000.0] * 3}, index=areas.index)
    >>> data = qa.join(areas, table, population="residents", period="2024-12-31")
    >>> data = qa.add_rates(data, {"sgb2_rate": ("poor", "residents")})
    >>> with tempfile.TemporaryDirectory() as house:
    ...     store = qa.monitor(f"{house}/monitoring", format="csv")
    ...     _ = store.add(data, by="Statistics")
    ...     words = {"title": "T", "source": "S", "as_of": "2024-12-31", "comment": "C"}
    ...     release = qa.release(data, columns=["sgb2_rate"], **words)
    ...     qa.monitor_report(store, release, f"{house}/report.html", lang="en").name
    'report.html'
    """
    expects(store, Monitor, "monitor_report", 'store = qa.monitor("monitoring/")')
    check_release(release, "monitor_report")
    check_look(look, "monitor_report")
    expects(path, (str, PathLike), "monitor_report: path", 'qa.monitor_report(store, rel, "jahresbericht.pdf")')
    with worn(look, Path(path).suffix):
        document = yearly_document(store, release, lang, earlier=earlier, on=on, look=look)
    return save_document(document, path, ENDINGS)


def yearly_document(
    store: Monitor,
    release: Release,
    lang: Lang,
    *,
    earlier: Release | Iterable[Release] = (),
    on: str = "",
    look: Look | None = None,
) -> Document:
    """Return what the yearly report says."""
    check_lang(lang)
    before = earlier_releases(release, earlier, "monitor_report")
    period = _period(store, release)
    today = on or f"{day(release.as_of, 'as_of'):%Y-%m-%d}"
    due = store.due(today)
    targets = [one for one in store.targets(release.as_of) if _is_released(release, one)]
    sections, annex = with_annex(
        [
            *change_blocks(release, lang),
            *(list_blocks(release, lang) or _lists(release, before[:1], lang)),
            *group_gap_blocks(release, lang),
            *survey_blocks(release, lang),
            *measure_blocks(release, lang),
            *money_blocks(release, lang),
            *register_blocks(release, lang),
            *funded_blocks(release, lang),
        ],
        lang,
    )
    blocks: list[DocumentBlock] = [
        *title_block(release, lang, release.title, kind=text("kind_yearly_report", lang)),
        Paragraph(text("yearly_no_effect", lang), "aid"),
        *_points(release, targets, lang),
        *comment_blocks(release, lang),
        *_city(release, before[:1], lang),
        *_targets(release, targets, lang),
        *_classes(release, before[:1], lang),
        *sections,
        *_forecasts(store, release, before, lang),
        *_notes(store, release, period, lang),
        Heading(text("heading_due", lang)),
        Bullets(tuple(one.text(lang) for one in due)),
        *_checks(store, release, before[:1], period, targets, due, lang),
        *method_blocks(release, lang),
        *annex,
    ]
    fitted = numbered(fit_to_paper(block, lang) for block in blocks)
    title = release.title if release.title.strip() else text("kind_yearly_report", lang)
    return Document(title, lang, fitted, look, foot_text(release, look, lang), release.as_of)


def _period(store: Monitor, release: Release) -> str:
    """Return the stored period that a release is of."""
    last = day(release.as_of, "monitor_report: as_of of the release")
    found = [name for name in store.periods if day(store.data(name).period, name) == last]
    if not found:
        raise SpecError(
            f"monitor_report: the store has no period that ends on {last:%Y-%m-%d}, the date of the release. There "
            f"are: {list_some(store.periods, 20)}. Add it first: store.add(data)."
        )
    return found[-1]


def _column(release: Release, name: str) -> ReleasedColumn | None:
    return next((one for one in release.columns if one.id == name and one.kind in NUMBER_FORMS), None)


def _value(release: Release, name: str, area: str) -> float:
    """Return a value as it is released; NaN where it is not."""
    column = _column(release, name)
    if column is None:
        return float("nan")
    if area == CITY:
        return float(column.city)
    return float(release.values[name][area]) if area in release.values.index else float("nan")


def _is_released(release: Release, state: TargetState) -> bool:
    return not pd.isna(_value(release, state.target.indicator, state.target.area))


def _place(release: Release, area: str, lang: Lang) -> str:
    return city_label(release, lang) if area == CITY else str(release.areas["name"][area])


def _points(release: Release, targets: list[TargetState], lang: Lang) -> list[DocumentBlock]:
    """Return the year in a few lines, each of which a section below explains."""
    lines = []
    for one in targets:
        column = _column(release, one.target.indicator)
        assert column is not None  # noqa: S101 - only released ones are here
        lines.append(f"{label(column, lang)}, {_place(release, one.target.area, lang)}: {one.text(lang)}")
    if release.change is not None:
        for name in release.change.indicators:
            rows = release.change.of(name)
            said = {"n": int(rows["verdict"].isin(["up", "down"]).sum()), "all": int(rows["verdict"].ne("").sum())}
            lines.append(
                text(
                    "point_moved",
                    lang,
                    label=release.change.meanings[name].label(lang),
                    **said,
                    **place_words(release.city),
                )
            )
    lines += [text("point_lists", lang, counts=counts) for counts in list_lines(release, lang)[:1]]
    if release.measures is not None and len(release.measures.coverage):
        lines.append(text("point_open_needs", lang, n=len(areas_without_measure(release))))
    return [Heading(text("heading_points", lang)), Bullets(tuple(lines))] if lines else []


def _city(release: Release, before: tuple[Release, ...], lang: Lang) -> list[DocumentBlock]:
    """Return the figures of the city, beside those of the earlier date."""
    rows = []
    smoothed = {gap.id for gap in release.group_gaps}  # in the city the same as the gap itself
    for column in release.columns:
        if column.kind not in NUMBER_FORMS or column.change_of or pd.isna(column.city) or column.id in smoothed:
            continue
        cells = [label(column, lang), city_text(column, lang)]
        for other in before:
            old = _column(other, column.id)
            if old is None or pd.isna(old.city):
                cells += ["–", "–"]
                continue
            decimals = min(column.of_city.decimals, old.of_city.decimals)
            change = round(column.city, decimals) - round(old.city, decimals)
            cells += [value_text(old.city, replace(column, decimals=old.of_city.decimals), lang)]
            cells += [("+" if change > 0 else "") + number_text(change, decimals, lang)]
        rows.append(TableRow.of(*cells))
    if not rows:
        return []
    head = [text("label_indicator", lang), release.as_of]
    for other in before:
        head += [other.as_of, text("label_changed_by", lang)]
    table = DocumentTable(tuple(head), tuple(rows), frozenset(range(1, len(head))))
    return [Heading(release.city or text("heading_city_figures", lang)), table]


def _targets(release: Release, targets: list[TargetState], lang: Lang) -> list[DocumentBlock]:
    """Return where each target stands, in symbol and word."""
    if not targets:
        return []
    rows = []
    for one in targets:
        column = _column(release, one.target.indicator)
        assert column is not None  # noqa: S101 - only released ones are here
        rows.append(
            TableRow.of(
                label(column, lang),
                _place(release, one.target.area, lang),
                value_text(_value(release, one.target.indicator, one.target.area), column, lang),
                f"{value_text(one.target.target, column, lang)} ({written(one.target.due, lang)})",
                one.text(lang),
                one.target.resolution or "–",
            )
        )
    names = ("indicator", "target_area", "value", "target", "target_state", "resolution")
    head = tuple(text(f"label_{name}", lang) for name in names)
    return [
        Heading(text("heading_targets", lang)),
        DocumentTable(head, tuple(rows), frozenset({2})),
        Paragraph(text("targets_aid", lang), "muted"),
    ]


def _classes(release: Release, before: tuple[Release, ...], lang: Lang) -> list[DocumentBlock]:
    """Return which areas changed their class, where both dates have classes by the same rules."""
    has = [any(column.kind == "class" for column in one.columns) for one in (release, *before)]
    if not before or not all(has):
        return []
    found = chart_figures(lambda: pictures.class_moves(release, before[0], lang), WIDE, HIGH)
    return [Heading(text("heading_class_moves", lang)), *found] if found else []


def moved_lists(release: Release, earlier: Release) -> dict[str, list[str]]:
    """Return which areas entered, left and stayed on the list, by name; only those whose outcome both dates show."""
    now, then = release.selected, earlier.selected.reindex(release.selected.index)
    shown = pd.Series(True, index=now.index)  # noqa: FBT003 - the value of each cell
    for one in (release, earlier):
        if one.assessed is not None:
            shown &= one.assessed.reindex(now.index, fill_value=False).astype(bool)
    now, then = now.astype(bool), then.eq(True)  # noqa: FBT003
    names = release.areas["name"].astype(str)
    parts = {"entered": now & ~then, "left": ~now & then, "stayed": now & then}
    return {name: list(names[by_name(names[part & shown])]) for name, part in parts.items()}


def _lists(release: Release, before: tuple[Release, ...], lang: Lang) -> list[DocumentBlock]:
    if not before or not (release.has_shortlist and before[0].has_shortlist):
        return []
    found = moved_lists(release, before[0])
    items = tuple(", ".join(names) or "–" for names in found.values())
    leads = tuple(f"{text(f'list_{name}', lang)} ({len(names)}):" for name, names in found.items())
    return [
        Heading(text("heading_lists", lang)),
        Bullets(items, leads=leads),
        Paragraph(text("lists_aid", lang), "muted"),
    ]


def _forecasts(store: Monitor, release: Release, before: tuple[Release, ...], lang: Lang) -> list[DocumentBlock]:
    """Return how far forecasts of this date were off, and what is forecast for later ones; of the city only."""
    table = store.forecasts()
    table = table[table["area"].eq(CITY) & ~table["indicator"].map(lambda name: pd.isna(_value(release, name, CITY)))]
    if not len(table):
        return []
    today, rows = f"{day(release.as_of, 'as_of'):%Y-%m-%d}", []
    for row in table.sort_values(["indicator", "period", "kind", "variant"]).to_dict("records"):
        if row["period"] < today or (row["period"] == today and row["kind"] != "forecast"):
            continue
        column = _column(release, row["indicator"])
        assert column is not None  # noqa: S101 - only released ones are here
        off = "–"
        if row["period"] == today:
            difference = float(row["value"]) - float(column.city)
            off = ("+" if difference > 0 else "") + number_text(difference, max(1, column.of_city.decimals), lang)
        kind = ", ".join(filter(None, [text(f"forecast_{row['kind']}", lang), row["variant"]]))
        made = f"{row['source']}, {written(row['made_on'], lang)} ({row['method']})"
        rows.append(
            TableRow.of(
                label(column, lang),
                written(row["period"], lang),
                kind,
                value_text(row["value"], column, lang),
                off,
                made,
            )
        )
    if not rows:
        return []
    names = ("indicator", "as_of", "kind_of_value", "value", "forecast_off", "source")
    head = tuple(text(f"label_{name}", lang) for name in names)
    return [
        Heading(text("heading_forecasts", lang)),
        *_courses(table, release, before, lang),
        DocumentTable(head, tuple(rows), frozenset({3, 4})),
        Paragraph(text("forecasts_aid", lang), "muted"),
    ]


def _courses(ahead: pd.DataFrame, release: Release, before: tuple[Release, ...], lang: Lang) -> list[DocumentBlock]:
    """Return what is forecast behind the city values that are released, per indicator."""
    dates = sorted((f"{day(one.as_of, 'as_of'):%Y-%m-%d}", one) for one in (release, *before))
    charts: list[DocumentBlock] = []
    for name, rows in ahead.groupby("indicator"):
        column = _column(release, str(name))
        assert column is not None  # noqa: S101 - only released ones are here
        known = pd.Series({at: _value(one, str(name), CITY) for at, one in dates}, dtype=float)
        drawn = partial(course_chart, known, rows, column.indicator, city_label(release, lang), lang)
        charts += [replace(figure, table=None) for figure in chart_figures(drawn, WIDE, HIGH)]  # the table is below
    return charts


def _notes(store: Monitor, release: Release, period: str, lang: Lang) -> list[DocumentBlock]:
    """Return accepted findings: of columns and cells that are released, without a number of the store."""
    items = []
    for row in store.notes(period).to_dict("records"):
        column = _column(release, row["column"])
        if column is None or row["code"] not in (*OF_COLUMNS, *OF_CELLS):
            continue
        values = {"label": label(column, lang), "reason": row["reason"] or "–", "by": row["by"] or "–", "area": ""}
        if row["code"] in OF_CELLS:
            if pd.isna(_value(release, column.id, row["key"])):
                continue
            values["area"] = _place(release, row["key"], lang)
        items.append(text(f"note_{'asked' if row['code'] in OF_CELLS else row['code']}", lang, **values))
    return [Heading(text("heading_data_notes", lang)), Bullets(tuple(items))] if items else []


def _checks(
    store: Monitor,
    release: Release,
    before: tuple[Release, ...],
    period: str,
    targets: list[TargetState],
    due: tuple[Due, ...],
    lang: Lang,
) -> list[DocumentBlock]:
    """Return what is to be checked: questions that follow from the above, never actions."""
    items = []
    for one in targets:
        name = "no_resolution" if one.why == "no_resolution" else one.light
        if name in ("behind", "moving_away", "no_resolution"):
            column = _column(release, one.target.indicator)
            what = label(column, lang) if column is not None else one.target.indicator
            items.append(text(f"check_target_{name}", lang, label=what, area=_place(release, one.target.area, lang)))
    if before and release.has_shortlist and before[0].has_shortlist:
        found = moved_lists(release, before[0])
        items += [
            text(f"check_{name}", lang, areas=", ".join(found[name])) for name in ("entered", "left") if found[name]
        ]
    by_city = left_by_city(release)
    items += [text("check_left_by_city", lang, areas=", ".join(by_city))] if by_city else []
    items += measure_checks(release, lang)
    codes = set(store.notes(period)["code"])
    items += [text(f"check_{code}", lang) for code in ("break_declared", "revised") if code in codes]
    if any(one.state in ("overdue", "never") for one in due):
        items.append(text("check_overdue", lang))
    items = items or [text("check_nothing", lang)]
    return [Heading(text("heading_checks", lang)), Bullets(tuple(items))]
