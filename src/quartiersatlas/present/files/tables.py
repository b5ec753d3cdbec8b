"""The tables of a release: columns with their meaning, as CSV files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from quartiersatlas.catalogue import text
from quartiersatlas.catalogue.texts import texts
from quartiersatlas.disclosure.words import candidate_names, draft_text, label, unit
from quartiersatlas.errors import ReleaseError, list_some
from quartiersatlas.present.statements import (
    GAPS,
    STATES,
    gap_kinds,
    gap_lines,
    gap_text,
    level_text,
    method_texts,
    missing_texts,
    reason_texts,
    total_gap,
    visible,
    with_visible_text,
)
from quartiersatlas.segregation.explain import note_text
from quartiersatlas.version import __version__

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release, ReleasedColumn

OWN = (
    *("key", "name", "geometry", "state", "selected", "reasons", "level", "missing_persons", "candidate", "need_spec"),
    *("notice", "selection", "p_selected", "rank", "rank_lower", "rank_upper"),
)
SELECTION = {("certain", True): "sure", ("borderline", True): "open", ("borderline", False): "near"}
TABLES = ("areas", "candidates", "segregation")


def table_of(release: Release, table: str, lang: Lang) -> pd.DataFrame:
    """Return one table by its name, its key as the first column.

    Raises
    ------
    ReleaseError
        This release has no such table.
    """
    if table == "candidates" and (release.candidates is None or release.candidates.empty):
        raise ReleaseError("The release has no candidate areas: release(..., shortlist=..., candidates=...).")
    if table == "segregation" and release.segregation is None:
        raise ReleaseError("The release has no segregation table: release(..., segregation=...).")
    makers = {"areas": area_table, "candidates": candidate_table, "segregation": segregation_table}
    frame = makers[table](release, lang)
    return frame if table == "segregation" else frame.reset_index()


def tables_of(release: Release, lang: Lang) -> dict[str, pd.DataFrame]:
    """Return the tables that the release has, by name."""
    there = {
        "areas": True,
        "candidates": release.candidates is not None and not release.candidates.empty,
        "segregation": release.segregation is not None,
    }
    return {name: table_of(release, name, lang) for name in TABLES if there[name]}


def area_table(release: Release, lang: Lang) -> gpd.GeoDataFrame:
    """Return one row per area: names, state, every released column, selection, reasons, spec, notice.

    Raises
    ------
    ReleaseError
        A released column is called like one that every export has.
    """
    _refuse_taken_names(release)
    reasons = {key: "; ".join(lines) for key, lines in reason_texts(release, lang).items()}
    areas = (
        release.areas.rename(columns=parent_names(release))
        .join(release.state)
        .assign(residents=release.residents)
        .assign(**release.values)
    )
    areas["selected"] = release.selected
    areas["reasons"] = [reasons.get(key, "") for key in areas.index]
    areas = areas.assign(**_of_rule(release, lang), **_standing(release))
    areas["candidate"] = release.members.reindex(areas.index).fillna("")
    if release.spec_hash:
        areas["need_spec"] = release.spec_hash  # every output says by which rules its scores were made
    notes = {name: _gap_notes(release, name, lang) for name in noted_columns(release)}
    areas = areas.assign(**{f"{name}_note": found for name, found in notes.items()})
    if "rank" in areas:
        areas = areas.sort_values("rank", kind="stable", na_position="last")
    table = with_visible_text(with_notice(areas, release, lang)).rename_axis("key")
    return gpd.GeoDataFrame(table, geometry="geometry", crs=release.areas.crs)


def _of_rule(release: Release, lang: Lang) -> dict[str, list[str]]:
    """Return the level of an official rule, and how many persons are missing, where a release has them."""
    found = {}
    if release.levels is not None:
        found["level"] = [level_text(release, str(key), lang) for key in release.areas.index]
    if release.missing is not None:
        sentences = missing_texts(release, lang)
        found["missing_persons"] = [sentences.get(str(key), "") for key in release.areas.index]
    return found


def _standing(release: Release) -> dict[str, pd.Series]:
    """Return how sure the selection of each area is, and inside the house the rank by the first axis with its interval.

    ``selection`` is ``"sure"`` or ``"open"`` for selected areas, ``"near"`` for borderline areas that are not, else
    ``"out"``; empty, as the share of runs is, where the outcome is not shown.
    """
    found: dict[str, pd.Series] = {}
    ranks = release.ranks
    if len(ranks.columns):
        found["rank"] = ranks.iloc[:, 0]
    if release.stability is None:
        return found
    table, keys = release.stability.table.reindex(release.areas.index), release.areas.index
    pairs = zip(table["label"], release.selected.reindex(keys), strict=True)
    words = [None if pd.isna(label) else SELECTION.get((label, bool(yes)), "out") for label, yes in pairs]
    found |= {"selection": pd.Series(words, index=keys, dtype=object), "p_selected": table["p_selected"].astype(float)}
    for side in ("rank_lower", "rank_upper"):
        if side in table and "rank" in found:
            found[side] = table[side].astype(float)
    return found


def _refuse_taken_names(release: Release) -> None:
    """Refuse a released column that would stand in the place of another one."""
    notes = {f"{name}_note" for name in noted_columns(release)}
    taken = [str(name) for name in release.values if name in OWN or name in notes]
    if taken:
        raise ReleaseError(
            f"The release has columns with names that every export uses for its own: {list_some(taken)}. "
            "Rename them in the table before join()."
        )


def parent_names(release: Release) -> dict[str, str]:
    """Return what columns of the areas are called where a column of the export has the same name."""
    # released columns too: the residents may be one of them
    taken = {"state", "residents", "selected", "reasons", "candidate", "need_spec", "notice", *release.values}
    taken |= {"level"} if release.levels is not None else set()
    taken |= {"missing_persons"} if release.missing is not None else set()
    taken |= set(_standing(release))
    return {column: f"parent_{column}" for column in release.areas.columns if column in taken}


def noted_columns(release: Release) -> list[str]:
    """Return the columns whose empty cells are explained; the counts of a rate share the note of the rate."""
    beside = {name for column in release.columns for name in (column.numerator, column.denominator)}
    return [column.id for column in release.columns if column.id not in beside]


def _gap_notes(release: Release, name: str, lang: Lang) -> list[str]:
    """Return for each area why its cell is empty, in words; nothing where it is not."""
    words = gap_kinds(release, release.column(name)).map({gap: gap_text(gap, lang) for gap in GAPS})
    return words.reindex(release.state.index, fill_value="").tolist()


def candidate_table(release: Release, lang: Lang) -> gpd.GeoDataFrame:
    """Return one row per candidate area."""
    found = release.candidates
    assert found is not None  # noqa: S101 - asked for where there are some
    rates = [column for column in release.columns if column.kind == "rate" and column.id in found]
    found = found.assign(name=candidate_names(release, lang))
    found = found.assign(**{f"{column.id}_note": _candidate_notes(release, column, lang) for column in rates})
    table = with_visible_text(with_notice(found, release, lang)).rename_axis("candidate")
    return gpd.GeoDataFrame(table, geometry="geometry", crs=found.crs)


def _candidate_notes(release: Release, column: ReleasedColumn, lang: Lang) -> list[str]:
    """Return for each candidate area why it has no rate, in words; nothing where it has one."""
    assert release.candidates is not None  # noqa: S101 - asked for where there are some
    gaps, groups = gap_kinds(release, column), release.members.groupby(release.members).groups
    return [
        gap_text(total_gap(gaps[gaps.index.isin(groups[key])]), lang) if pd.isna(rate) else ""
        for key, rate in release.candidates[column.id].items()
    ]


def segregation_table(release: Release, lang: Lang) -> pd.DataFrame:
    """Return one row per place, group, reference and index."""
    found = release.segregation
    assert found is not None  # noqa: S101 - asked for where there is one
    notes = [note_text(codes, lang) for codes in found["note_codes"]]
    return with_visible_text(with_notice(found.drop(columns="note_codes").assign(note=notes), release, lang))


def notes_table(release: Release, lang: Lang) -> pd.DataFrame:
    """Return what a reader has to know as rows: title, source, date, comment, notices, method."""
    rows = [
        ("title", release.title),
        ("subtitle", release.subtitle),
        ("source", release.source),
        ("as_of", release.as_of),
        ("comment", release.comment or text("no_comment", lang)),
        *(("notice", notice) for notice in release.notices),
        ("note", text("reading_aid", lang)),
        *(("method", line) for line in method_texts(release, lang)),
    ]
    rows = [row for row in rows if row != ("subtitle", "")]
    if release.is_draft:
        rows.insert(0, ("notice", draft_text(release, lang)))
    table = pd.DataFrame(rows, columns=["what", "text"])
    table.insert(1, "label", [text(f"about_{what}", lang) for what in table["what"]])
    return with_visible_text(table)


def full_manifest(release: Release, manifest: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what is known of where a release comes from: the library, its rules, and what the caller knows."""
    return {"quartiersatlas": __version__, "need_spec": release.spec_hash, **(manifest or {})}


def manifest_table(release: Release, manifest: Mapping[str, Any] | None) -> pd.DataFrame:
    """Return the manifest as rows, an entry within an entry as ``inputs: file``."""
    rows = list(_flat(full_manifest(release, manifest)))
    return with_visible_text(pd.DataFrame(rows, columns=["entry", "value"], dtype=object))


def _flat(content: Mapping[str, Any], before: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for name, value in content.items():
        if isinstance(value, Mapping):
            rows += _flat(value, f"{before}{name}: ")
        else:
            rows.append((f"{before}{name}", value if isinstance(value, str) else json_text(value)))
    return rows


def json_text(content: object) -> str:
    """Write JSON in which nothing is NaN, and what JSON does not know is text."""
    written = json.dumps(content, ensure_ascii=False, allow_nan=False, default=str)
    # half of a surrogate pair, as in the name of a file, has no code
    return written.encode("utf-8", "replace").decode()


def with_notice(frame: pd.DataFrame, release: Release, lang: Lang) -> pd.DataFrame:
    """Put the notices of the data, and the one of a draft, into every row."""
    notices = [*release.notices, *([draft_text(release, lang)] if release.is_draft else [])]
    return frame.assign(notice="; ".join(notices)) if notices else frame


COLUMNS = ["table", "column", "kind", "label", "unit", "decimals", "definition", "caveat", "values", "city_value"]
STRUCTURE = {
    "kind": "structure",
    "unit": "",
    "decimals": None,
    "definition": "",
    "caveat": "",
    "city_value": float("nan"),
}


def columns_table(release: Release, lang: Lang, tables: dict[str, pd.DataFrame] | None = None) -> pd.DataFrame:
    """Return what the columns mean: table, column, kind, label, unit, decimals, definition, caveat, values, city value.

    Columns of kind ``structure`` are not results: keys, names, reasons, notes.
    """
    tables = tables_of(release, lang) if tables is None else tables
    results, labels = {visible(c.id): c for c in release.columns}, structure_labels(release, lang)
    rows: list[dict[str, Any]] = []
    for table, frame in tables.items():
        for name in frame.columns.drop("geometry", errors="ignore").astype(str):
            column = results.get(name) if table != "segregation" else None
            if column is None:
                known = labels if table != "segregation" else {}
                words = {"label": structure_label(name, known, lang)}
                words["values"] = _structure_values(release, table, name, lang)
                row: dict[str, Any] = {**STRUCTURE, **words}
            else:
                row = _result(release, column, lang)
            rows.append({"table": table, "column": name, **row})
    return with_visible_text(pd.DataFrame(rows, columns=COLUMNS).astype({"decimals": "Int64"}))


def _result(release: Release, column: ReleasedColumn, lang: Lang) -> dict[str, Any]:
    """Return what a released column means."""
    return {
        "kind": column.kind,
        "label": column_label(release, column, lang),
        "unit": unit(column, lang),
        "decimals": column.decimals,
        "definition": column.indicator.definition(lang),
        "caveat": column.indicator.caveat(lang),
        "values": "; ".join(f"{c.id} = {c.label(lang)}" for c in column.classes),
        "city_value": column.city,
    }


def column_label(release: Release, column: ReleasedColumn, lang: Lang) -> str:
    """Return the label of a column; the counts of a rate name their rate."""
    for rate in release.columns:
        for side, name in (("numerator", rate.numerator), ("denominator", rate.denominator)):
            if name == column.id:
                return text(f"column_{side}", lang, label=label(rate, lang), source=label(column, lang))
    return label(column, lang)


def _structure_values(release: Release, table: str, name: str, lang: Lang) -> str:
    """Return what the values of a column mean that is not a result."""
    if name == "state":
        return "; ".join(f"{state} = {words}" for state, words in state_texts(lang).items())
    if table == "areas" and name in (notes := {f"{visible(noted)}_note": noted for noted in noted_columns(release)}):
        return "; ".join(gap_lines(gap_kinds(release, release.column(notes[name])), lang))
    if name == "selection" and table == "areas":
        return "; ".join(f"{word} = {text(f'selection_{word}', lang)}" for word in (*SELECTION.values(), "out"))
    if name == "cover" and table == "candidates":
        return "; ".join(f"{c} = {text(f'cover_{c}', lang)}" for c in ("covered", "partly", "not_covered"))
    if name == "index" and table == "segregation" and release.segregation is not None:
        used = dict.fromkeys(release.segregation["index"])
        return "; ".join(f"{index} = {text(f'index_{index}_meaning', lang)}" for index in used)
    return ""


def state_texts(lang: Lang) -> dict[str, str]:
    """Return what the states of areas are called."""
    return {"shown": text("label_shown", lang), **{state: gap_text(gap, lang) for state, gap in STATES.items()}}


def structure_labels(release: Release, lang: Lang) -> dict[str, str]:
    """Return the labels of the columns of the areas that are not results: notes on empty cells, higher levels."""
    parents = parent_names(release)
    higher = [parents.get(c, c) for c in release.areas.columns if c not in ("name", "geometry")]
    return {
        **{visible(str(name)): text("column_parent", lang, name=visible(str(name))) for name in higher},
        **{
            f"{visible(column.id)}_note": text("column_gap", lang, label=column_label(release, column, lang))
            for column in release.columns
        },
    }


def structure_label(name: str, labels: Mapping[str, str], lang: Lang) -> str:
    """Return the label of a column that is not a result."""
    return labels.get(name) or (text(f"column_{name}", lang) if f"column_{name}" in texts() else name)
