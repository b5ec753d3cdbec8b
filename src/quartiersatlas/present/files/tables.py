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
from quartiersatlas.present.files.date_tables import funded_table, lists_table
from quartiersatlas.present.files.measure_tables import coverage_table, measure_heading, measures_table
from quartiersatlas.present.rule_comparison import rule_sentences
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
    from quartiersatlas.present.look import Look

OWN = (
    *("key", "name", "geometry", "state", "selected", "reasons", "level", "missing_persons", "candidate", "need_spec"),
    *("notice", "selection", "selection_note", "p_selected", "rank", "rank_lower", "rank_upper"),
)
SELECTION = ("sure", "open", "near", "selected", "out", "not_assessed")
TABLES = ("areas", "candidates", "segregation", "rules", "lists", "funded", "measures", "coverage")
OF_REGISTER = ("measures", "coverage")
OF_DATES = {
    "lists": "release(..., shortlist=after, lists=qa.compare_lists(before, after))",
    "funded": "release(..., funded=qa.compare_funded(...)), and too few areas may remain after protection",
}
LAYERS = ("programmes", "facilities")  # further ones, for GIS
PROGRAMME_STATES = ("planned", "running", "ended")


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
    if table == "rules" and release.comparison is None:
        raise ReleaseError("The release compares no rules: release(..., comparison=qa.compare_rules(data, rules)).")
    if table in OF_DATES and getattr(release, table) is None:
        raise ReleaseError(f"The release has no {table}: {OF_DATES[table]}.")
    if table in OF_REGISTER and release.measures is None:
        raise ReleaseError('The release has no measures: release(..., measures=qa.read_measures("massnahmen.xlsx")).')
    if table in OF_DATES:
        frame = lists_table(release, lang) if table == "lists" else funded_table(release, lang)
        return with_visible_text(with_notice(frame, release, lang))
    if table in OF_REGISTER:
        frame = measures_table(release, lang) if table == "measures" else coverage_table(release, lang)
        return with_visible_text(with_notice(frame, release, lang))
    makers = {"areas": area_table, "candidates": candidate_table, "segregation": segregation_table}
    frame = {**makers, "rules": rules_table}[table](release, lang)
    return frame if table in ("segregation", "rules") else frame.reset_index()


def tables_of(release: Release, lang: Lang) -> dict[str, pd.DataFrame]:
    """Return the tables that the release has, by name."""
    there = {
        "areas": True,
        "candidates": release.candidates is not None and not release.candidates.empty,
        "segregation": release.segregation is not None,
        "rules": release.comparison is not None,
        "lists": release.lists is not None,
        "funded": release.funded is not None,
        "measures": release.measures is not None,
        "coverage": release.measures is not None and len(release.measures.coverage) > 0,
    }
    return {name: table_of(release, name, lang) for name in TABLES if there[name]}


def layers_of(release: Release, lang: Lang) -> dict[str, pd.DataFrame]:
    """Return the further layers that the release has, by name."""
    layers = zip(LAYERS, (release.programmes, release.facilities), strict=True)
    return {
        name: with_visible_text(with_notice(frame, release, lang))
        for name, frame in layers
        if frame is not None and len(frame)
    }


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
        .assign(residents=release.values.get("residents", release.residents))
        .join(release.values.drop(columns="residents", errors="ignore"))
    )
    areas["selected"] = release.selected
    areas["reasons"] = [reasons.get(key, "") for key in areas.index]
    areas = areas.assign(**_of_rule(release, lang), **_standing(release, lang))
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


def _standing(release: Release, lang: Lang) -> dict[str, pd.Series]:
    """Return how sure the selection of each area is, and inside the house the rank by the first axis with its interval.

    ``selection`` and ``p_selected`` are empty where the outcome is not shown; ``selection_note`` says why.
    """
    found: dict[str, pd.Series] = {}
    ranks = release.ranks
    if len(ranks.columns):
        found["rank"] = ranks.iloc[:, 0]
    if release.has_shortlist:
        found["selection"] = selections(release)
        found["selection_note"] = _selection_notes(release, found["selection"], lang)
    if release.stability is None:
        return found
    table = release.stability.table.reindex(release.areas.index)
    found["p_selected"] = table["p_selected"].astype(float)
    for side in ("rank_lower", "rank_upper"):
        if side in table and "rank" in found:
            found[side] = table[side].astype(float)
    return found


def selections(release: Release) -> pd.Series[str]:
    """Return for each area whether the rule selects it and how sure that is, as a code; None where it is not shown.

    ``"sure"`` and ``"open"`` are selected, by nearly all runs or not; ``"near"`` is not selected, but borderline;
    ``"out"`` is not selected. A release without stability knows ``"selected"`` and ``"out"``. ``"not_assessed"``: the
    rule could not be judged, because values are missing that nobody hides.
    """
    index, selected = release.areas.index, release.selected.reindex(release.areas.index, fill_value=False)
    known = pd.Series(data=True, index=index) if release.assessed is None else release.assessed.reindex(index)
    if release.stability is None:
        found = selected.map({True: "selected", False: "out"})
    else:
        labels = release.stability.table["label"].reindex(index)
        found = pd.Series("out", index=index).mask(labels.isin(["certain", "borderline"]), "near")
        found = found.mask(selected, "open").mask(selected & labels.eq("certain"), "sure")
    return found.astype(object).mask(~known.astype(bool), _unassessed(release))


def _unassessed(release: Release) -> pd.Series[str]:
    """Return ``"not_assessed"`` for areas whose missing values are no secret, None for all others."""
    found = pd.Series([None] * len(release.areas), index=release.areas.index, dtype=object)
    rows = _unknown(release)
    if not rows.empty:
        is_open = rows["unknown_because"].ne("").groupby(rows["key"]).all()
        found[is_open.index[is_open]] = "not_assessed"
    return found


def _unknown(release: Release) -> pd.DataFrame:
    """Return the conditions that cannot be judged, of all areas."""
    rows = release.other_reasons
    return (
        pd.DataFrame(columns=["key", "column", "unknown_because"]) if rows is None else rows[rows["role"].eq("unknown")]
    )


def _selection_notes(release: Release, selection: pd.Series[str], lang: Lang) -> pd.Series[str]:
    """Return why the outcome of an area is not shown, in words; nothing where it is."""
    rows = _unknown(release)
    rows = rows[rows["column"].ne("") & rows["unknown_because"].eq("")]
    gaps = release.state.map(STATES).reindex(selection.index)
    for name in dict.fromkeys(rows["column"]):  # in the order of the rule
        kinds = gap_kinds(release, release.column(str(name)))
        gaps = gaps.fillna(kinds[kinds.index.isin(rows["key"][rows["column"].eq(name)])])
    words = gaps.fillna("derived").map({gap: gap_text(gap, lang) for gap in GAPS})
    return words.where(selection.isna(), "").astype(object)


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
    taken |= set(_standing(release, "de"))
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


def rules_table(release: Release, lang: Lang) -> pd.DataFrame:
    """Return one row per rule that is compared: its words, its figures, how many areas it shares with each other."""
    found = release.comparison
    assert found is not None  # noqa: S101 - asked for where there is one
    shared = found.overlaps.add_prefix("shared_with_").to_dict("list")
    table = found.table.assign(**{str(name): column for name, column in shared.items()})
    table = table.rename_axis("rule").reset_index()
    table.insert(1, "says", rule_sentences(release, lang))
    return with_visible_text(with_notice(table, release, lang))


def notes_table(release: Release, lang: Lang, look: Look | None = None) -> pd.DataFrame:
    """Return what a reader has to know as rows: title, source, date, who publishes, comment, notices, method."""
    office = [] if look is None else [("office", look.office), ("contact", look.contact), ("footer", look.footer)]
    rows = [
        ("title", release.title),
        ("subtitle", release.subtitle),
        ("source", release.source),
        ("as_of", release.as_of),
        *(row for row in office if row[1]),
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


COLUMNS = [
    "table",
    "column",
    "kind",
    "label",
    "unit",
    "decimals",
    "definition",
    "caveat",
    "values",
    "city_value",
    "city_decimals",
]
STRUCTURE = {
    "kind": "structure",
    "unit": "",
    "decimals": None,
    "definition": "",
    "caveat": "",
    "city_value": float("nan"),
    "city_decimals": None,
}


def columns_table(release: Release, lang: Lang, tables: dict[str, pd.DataFrame] | None = None) -> pd.DataFrame:
    """Return what the columns mean: table, column, kind, label, unit, decimals, definition, caveat, values, city value.

    Columns of kind ``structure`` are not results: keys, names, reasons, notes.
    """
    tables = tables_of(release, lang) if tables is None else tables
    results, labels = {visible(c.id): c for c in release.columns}, structure_labels(release, lang)
    rows: list[dict[str, Any]] = []
    for table, frame in tables.items():
        of_areas = table in ("areas", "candidates")
        for name in frame.columns.drop("geometry", errors="ignore").astype(str):
            column = results.get(name) if of_areas else None
            if column is None:
                words = {"label": structure_label(name, labels if of_areas else {}, lang, table)}
                words["values"] = _structure_values(release, table, name, lang)
                row: dict[str, Any] = {**STRUCTURE, **words}
            else:
                row = _result(release, column, lang)
            rows.append({"table": table, "column": name, **row})
    return with_visible_text(
        pd.DataFrame(rows, columns=COLUMNS).astype({"decimals": "Int64", "city_decimals": "Int64"})
    )


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
        "city_decimals": None if pd.isna(column.city) else column.of_city.decimals,
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
    notes = {f"{visible(noted)}_note": noted for noted in noted_columns(release)}
    if table == "areas" and name in notes:
        return "; ".join(gap_lines(gap_kinds(release, release.column(notes[name])), lang))
    return "; ".join(f"{code} = {words}" for code, words in code_texts(release, table, name, lang).items())


def code_texts(release: Release, table: str, name: str, lang: Lang) -> dict[str, str]:
    """Return what the codes of a column mean that is not a result; nothing for a column without codes."""
    words = {
        ("areas", "selected"): {"True": "answer_yes", "False": "answer_no"},
        ("candidates", "cover"): {cover: f"cover_{cover}" for cover in ("covered", "partly", "not_covered")},
        ("programmes", "state"): {state: f"programme_state_{state}" for state in PROGRAMME_STATES},
    }
    if (table, name) == ("areas", "state"):
        return state_texts(lang)
    if (table, name) == ("areas", "selection"):
        return selection_texts(release, lang)
    if (table, name) == ("segregation", "index") and release.segregation is not None:
        return {index: text(f"index_{index}_meaning", lang) for index in dict.fromkeys(release.segregation["index"])}
    return {code: text(said, lang) for code, said in words.get((table, name), {}).items()}


def state_texts(lang: Lang) -> dict[str, str]:
    """Return what the states of areas are called."""
    return {"shown": text("label_shown", lang), **{state: gap_text(gap, lang) for state, gap in STATES.items()}}


def selection_texts(release: Release, lang: Lang) -> dict[str, str]:
    """Return what the codes of the selection mean, those that the release can have."""
    without = ("selected",) if release.stability is not None else ("sure", "open", "near")
    return {word: text(f"selection_{word}", lang) for word in SELECTION if word not in without}


def level_name(column: str) -> str:
    """Return what a higher level is called where people read it: with a capital letter."""
    return visible(column[:1].upper() + column[1:])


def structure_labels(release: Release, lang: Lang) -> dict[str, str]:
    """Return the labels of the columns of the areas that are not results: notes on empty cells, higher levels."""
    parents = parent_names(release)
    higher = [parents.get(c, c) for c in release.areas.columns if c not in ("name", "geometry")]
    return {
        **{visible(str(name)): text("column_parent", lang, name=level_name(str(name))) for name in higher},
        **{
            f"{visible(column.id)}_note": text("column_gap", lang, label=column_label(release, column, lang))
            for column in release.columns
        },
    }


def structure_label(name: str, labels: Mapping[str, str], lang: Lang, table: str = "areas") -> str:
    """Return the label of a column that is not a result; a layer may call something else by the same name."""
    known = (f"column_{table}_{name}", f"column_{name}")
    rest = measure_heading(name, lang) if table == "measures" else name
    return labels.get(name) or next((text(one, lang) for one in known if one in texts()), rest)
