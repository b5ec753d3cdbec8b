"""Files for other programs: GeoPackage and CSV."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import pandas as pd

from quartiersatlas.catalogue import check_lang, text
from quartiersatlas.errors import ReleaseError
from quartiersatlas.files import write_text, written_whole
from quartiersatlas.present.wording import cell_text, label, method_texts, reason_texts, unit
from quartiersatlas.segregation.notes import note_text

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.release import Release

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def export(
    release: Release, path: str | Path, *, table: Literal["areas", "segregation"] = "areas", lang: Lang = "de"
) -> Path:
    """Write a release for other programs.

    Parameters
    ----------
    release : Release
        What leaves.
    path : str or Path
        ``.gpkg`` (layers ``areas``, ``candidates`` and the tables ``columns`` and ``notes``), or ``.csv`` (one table).
    table : {"areas", "segregation"}, default "areas"
        Which table a CSV holds.
    lang : {"de", "en"}, default "de"
        Language of labels and notes, and of the numbers of a CSV: decimal comma or point, both with semicolons.

    Returns
    -------
    Path
        The file. It is written whole or not at all, and the same release gives the same bytes.

    Raises
    ------
    ReleaseError
        The ending is not known, or the release has no segregation table.
    InputError
        The folder is not there.
    """
    path = Path(path)
    check_lang(lang)
    if path.suffix == ".gpkg":
        return _geopackage(release, path, lang)
    if path.suffix == ".csv":
        return _csv(release, path, table, lang)
    raise ReleaseError(f"{path.name}: releases are exported to .gpkg and .csv.")


def area_table(release: Release, lang: Lang) -> gpd.GeoDataFrame:
    """Return one row per area: names, state, every released column, selection, reasons, spec, notice."""
    reasons = {key: "; ".join(lines) for key, lines in reason_texts(release, lang).items()}
    # released columns last: the residents may be one of them
    taken = {"state", "residents", "selected", "reasons", "candidate", "need_spec", "notice", *release.values}
    parents = {column: f"parent_{column}" for column in release.areas.columns if column in taken}
    areas = (
        release.areas.rename(columns=parents)
        .join(release.state)
        .assign(residents=release.residents)
        .assign(**release.values)
    )
    areas["selected"] = release.selected
    areas["reasons"] = [reasons.get(key, "") for key in areas.index]
    areas["candidate"] = release.members.reindex(areas.index).fillna("")
    if release.spec_hash:
        areas["need_spec"] = release.spec_hash  # every output says by which rules its scores were made
    for column in release.columns:
        if column.kind != "count":
            gaps = {
                key: cell_text(release, str(key), column, lang) for key in areas.index[release.values[column.id].isna()]
            }
            areas[f"{column.id}_note"] = [gaps.get(key, "") for key in areas.index]
    return gpd.GeoDataFrame(_with_notice(areas, release, lang), crs=release.areas.crs)


def notes_table(release: Release, lang: Lang) -> pd.DataFrame:
    """Return what a reader has to know as rows: title, source, date, comment, notices, method."""
    rows = [
        ("title", release.title),
        ("source", release.source),
        ("as_of", release.as_of),
        ("comment", release.comment or text("no_comment", lang)),
        *(("notice", notice) for notice in release.notices),
        ("note", text("reading_aid", lang)),
        *(("method", line) for line in method_texts(release, lang)),
    ]
    if release.is_draft:
        rows.insert(0, ("notice", text("band_draft", lang)))
    return pd.DataFrame(rows, columns=["what", "text"])


def columns_table(release: Release, lang: Lang) -> pd.DataFrame:
    """Return what the columns mean: label, unit, definition, caveat, city value."""
    rows = [
        {
            "column": column.id,
            "kind": column.kind,
            "label": label(column, lang),
            "unit": unit(column, lang),
            "definition": column.indicator.definition(lang),
            "caveat": column.indicator.caveat(lang),
            "city_value": column.city,
        }
        for column in release.columns
    ]
    return _with_notice(pd.DataFrame(rows), release, lang)


def _geopackage(release: Release, path: Path, lang: Lang) -> Path:
    with written_whole(path) as file:
        _layer(area_table(release, lang).rename_axis("key").reset_index(), file, "areas")
        if release.candidates is not None and len(release.candidates):
            _layer(_with_notice(release.candidates.reset_index(), release, lang), file, "candidates")
        for name, frame in (("columns", columns_table(release, lang)), ("notes", notes_table(release, lang))):
            _layer(frame, file, name)
        _undate(file)
    return path


def _layer(frame: pd.DataFrame, file: Path, name: str) -> None:
    import pyogrio

    pyogrio.write_dataframe(frame, file, layer=name, driver="GPKG", append=file.exists())


def _undate(file: Path) -> None:
    """Replace the time of writing: the same release must give the same bytes."""
    with sqlite3.connect(file) as database:
        database.execute("UPDATE gpkg_contents SET last_change = '2000-01-01T00:00:00.000Z'")
    database.close()


def _with_notice(frame: pd.DataFrame, release: Release, lang: Lang) -> pd.DataFrame:
    """Put the notices of the data, and the one of a draft, into every row."""
    notices = [*release.notices, *([text("band_draft", lang)] if release.is_draft else [])]
    return frame.assign(notice="; ".join(notices)) if notices else frame


def _csv(release: Release, path: Path, table: str, lang: Lang) -> Path:
    if table == "segregation":
        if release.segregation is None:
            raise ReleaseError("The release has no segregation table: release(..., segregation=...).")
        notes = [note_text(note, lang) for note in release.segregation["note"]]
        frame = _with_notice(release.segregation.assign(note=notes), release, lang)
    else:
        frame = pd.DataFrame(area_table(release, lang).drop(columns="geometry")).rename_axis("key").reset_index()
    safe = frame.map(_no_formula).rename(columns=_no_formula)
    content = safe.to_csv(sep=";", decimal="," if lang == "de" else ".", index=False, lineterminator="\r\n")
    return write_text(path, content, encoding="utf-8-sig")


def _no_formula(cell: object) -> object:
    """Put an apostrophe before text that a spreadsheet would take for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell
