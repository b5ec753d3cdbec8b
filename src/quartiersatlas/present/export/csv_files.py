"""CSV for spreadsheets: the table, what its columns mean beside it, and what a reader has to know as plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quartiersatlas.catalogue import text
from quartiersatlas.files import written_together
from quartiersatlas.present.export.meaning import columns_table
from quartiersatlas.present.export.tables import manifest_table, notes_table, table_of
from quartiersatlas.present.plain_text import no_formula

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.release import Release


def write(release: Release, path: Path, table: str, lang: Lang, manifest: Mapping[str, Any] | None) -> None:
    """Write ``name.csv`` together with ``name.columns.csv`` and ``name.notes.txt``."""
    frame = table_of(release, table, lang).drop(columns="geometry", errors="ignore")
    meaning = columns_table(release, lang, {table: frame}).drop(columns="table")
    with written_together([path, *companions(path)]) as (data, columns, notes):
        data.write_bytes(_csv(frame, lang))
        columns.write_bytes(_csv(meaning, lang))
        notes.write_bytes(_notes(release, lang, manifest).encode())


def companions(path: Path) -> list[Path]:
    """Return the files that stand beside a CSV."""
    return [path.with_suffix(".columns.csv"), path.with_suffix(".notes.txt")]


def _csv(frame: pd.DataFrame, lang: Lang) -> bytes:
    """Write a table as spreadsheets of the language read it."""
    safe = frame.map(_safe).rename(columns=_safe)
    content = safe.to_csv(sep=";", decimal="," if lang == "de" else ".", index=False, lineterminator="\r\n")
    return content.encode("utf-8-sig")


def _safe(cell: object) -> object:
    return no_formula(cell) if isinstance(cell, str) else cell


def _notes(release: Release, lang: Lang, manifest: Mapping[str, Any] | None) -> str:
    notes = [
        f"{label}: {words}" for label, words in notes_table(release, lang)[["label", "text"]].itertuples(index=False)
    ]
    origin = [f"{entry}: {value}" for entry, value in manifest_table(release, manifest).itertuples(index=False)]
    return "\n".join([*notes, "", text("sheet_manifest", lang), *origin, ""])
