"""The report: comment first, stock-taking, segregation, need, shortlist, method; one HTML file for the printer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.present.files import write_text
from quartiersatlas.present.templates import render
from quartiersatlas.present.wording import (
    cell_text,
    gap_kind,
    label,
    method_texts,
    reason_texts,
    summary_texts,
    value_text,
)
from quartiersatlas.segregation.notes import note_text
from quartiersatlas.segregation.study import ALL

if TYPE_CHECKING:
    from pathlib import Path

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.release import Release, ReleasedColumn

DOMAINS = (
    "demography",
    "socioeconomy",
    "education_participation",
    "housing",
    "mobility",
    "environment",
    "health",
)


def report(release: Release, path: str | Path, *, lang: Lang = "de") -> Path:
    """Write the report of a release as one HTML file.

    Parameters
    ----------
    release : Release
        What is reported.
    path : str or Path
        An ``.html`` file; it is written whole or not at all.
    lang : {"de", "en"}, default "de"
        Language of everything a reader sees.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        The folder is not there.
    """
    page = render(
        "report.html",
        lang,
        release=release,
        summary=summary_texts(release, lang),
        domains=[_domain(release, domain, lang) for domain in _domains(release)],
        segregation=_segregation(release, lang),
        need=_need(release, lang),
        shortlist=_shortlist(release, lang),
        candidates=_candidates(release, lang),
        method=method_texts(release, lang),
        definitions=_definitions(release, lang),
    )
    return write_text(path, page)


def _indicators(release: Release) -> list[ReleasedColumn]:
    return [column for column in release.columns if column.kind in ("rate", "share")]


def _domains(release: Release) -> list[str]:
    """Return the seven domains, and "other" where something has no domain."""
    used = {column.indicator.domain for column in _indicators(release)}
    return [*DOMAINS, *sorted(used - set(DOMAINS))]


def _domain(release: Release, domain: str, lang: Lang) -> dict[str, Any]:
    rows = [_stock(release, c, lang) for c in _indicators(release) if c.indicator.domain == domain]
    return {"label": text(f"domain_{domain}", lang), "rows": rows}


def _stock(release: Release, column: ReleasedColumn, lang: Lang) -> dict[str, Any]:
    """Return one indicator of the stock-taking: city, range, and how many areas show a value."""
    values = release.values[column.id]
    known = values.dropna()
    gaps = [gap_kind(release, key, column) for key in values.index[values.isna()]]
    protected = sum(gap in ("suppressed", "small") for gap in gaps)
    not_applicable = sum(gap in ("uninhabited", "not_applicable") for gap in gaps)
    span = [value_text(limit, column, lang) for limit in (known.min(), known.max())] if len(known) else ["–", "–"]
    return {
        "label": label(column, lang),
        "city": "–" if pd.isna(column.city) else value_text(column.city, column, lang),
        "range": " – ".join(span),
        "shown": len(known),
        "protected": protected,
        "not_applicable": not_applicable,
        "missing": len(gaps) - protected - not_applicable,
    }


def _segregation(release: Release, lang: Lang) -> dict[str, Any]:
    """Return one row per place, group and named reference, with a value per index; and what the indices mean."""
    table = release.segregation
    if table is None:
        return {}
    table = table.assign(
        column=[_index_label(row, lang) for row in table.to_dict("records")],
        title=[_group_label(row, lang) for row in table.to_dict("records")],
        shown=[_index_text(row, lang) for row in table.to_dict("records")],
        note=[note_text(note, lang, reasons_only=True) for note in table["note"]],
    )
    columns = list(dict.fromkeys(table["column"]))
    rows = []
    for title, part in table.groupby("title", sort=False):
        values = dict(zip(part["column"], part["shown"], strict=True))
        rows.append(
            {
                "group": title,
                "values": [values.get(column, "") for column in columns],
                "areas": number_text(int(part["n_areas"].max()), 0, lang),
                "dropped": number_text(int(part["n_dropped"].max()), 0, lang),
                "note": "; ".join(sorted(set("; ".join(part["note"]).split("; ")) - {""})),
            }
        )
    meanings = [text(f"index_{index}_meaning", lang) for index in dict.fromkeys(table["index"])]
    return {"indices": columns, "rows": rows, "meanings": meanings}


def _index_label(row: dict[Any, Any], lang: Lang) -> str:
    """Return the name of an index, with its radius where it has one."""
    radius = row.get("radius")
    name = text(f"index_{row['index']}", lang)
    return name if radius is None or pd.isna(radius) else f"{name} ({number_text(radius, 0, lang)} m)"


def _group_label(row: dict[Any, Any], lang: Lang) -> str:
    """Return the group, its place where there are several, and whom it is compared with where that is named."""
    place = "" if row["by"] == ALL else f"{row['by']}: "
    general = row["reference"] in ("rest", "total", "area", "one another")
    compared = "" if general else f" – {text('label_reference', lang)}: {row['reference']}"
    return f"{place}{row['group']}{compared}".replace("_", " ")


def _index_text(row: dict[Any, Any], lang: Lang) -> str:
    """Return the value and, in brackets, the value freed from chance and the interval, where there are any."""
    if pd.isna(row["value"]):
        return "–"
    value = number_text(row["value"], 3, lang)
    if pd.notna(row["adjusted"]):
        value += f" ({number_text(row['adjusted'], 3, lang)})"
    if pd.notna(row["lower"]):
        value += f" [{number_text(row['lower'], 3, lang)} – {number_text(row['upper'], 3, lang)}]"
    return value


def _need(release: Release, lang: Lang) -> list[dict[str, Any]]:
    """Return each axis with the number of areas and residents per class."""
    axes = []
    for column in (c for c in release.columns if c.kind == "class"):
        classes = release.values[column.id]
        rows = [
            {
                "label": c.label(lang),
                "areas": number_text(float(classes.eq(c.id).sum()), 0, lang),
                "residents": number_text(float(release.residents[classes.eq(c.id)].sum()), 0, lang),
            }
            for c in column.classes
        ]
        others = classes.isna()
        unclassed = {
            "label": text("label_unclassed", lang),
            "areas": number_text(int(others.sum()), 0, lang),
            "residents": number_text(float(release.residents[others].sum()), 0, lang),
        }
        axes.append({"label": label(column, lang), "rows": [*rows, unclassed]})
    return axes


def _shortlist(release: Release, lang: Lang) -> list[dict[str, Any]]:
    """Return the selected areas by name, with their reasons: a list for review, not a ranking."""
    reasons = reason_texts(release, lang)
    classes = [c for c in release.columns if c.kind == "class"]
    chosen = release.areas.loc[[key for key in release.order if release.selected[key]]]
    parents = [c for c in chosen.columns if c not in ("name", "geometry")]
    return [
        {
            "key": key,
            "name": chosen["name"][key],
            "parents": ", ".join(str(chosen[p][key]) for p in parents),
            "residents": number_text(release.residents[key], 0, lang),
            "classes": [f"{c.indicator.label(lang)}: {cell_text(release, key, c, lang)}" for c in classes],
            "candidate": release.members.get(key, ""),
            "reasons": reasons.get(key, []),
        }
        for key in map(str, chosen.index)
    ]


def _candidates(release: Release, lang: Lang) -> list[dict[str, str]]:
    if release.candidates is None:
        return []
    return [
        {
            "key": str(key),
            "name": row["name"],
            "districts": number_text(row["n_areas"], 0, lang),
            "residents": number_text(row["residents"], 0, lang),
            "hectares": number_text(row["hectares"], 0, lang),
            "cover": _cover(row, lang),
        }
        for key, row in release.candidates.iterrows()
    ]


def _cover(row: pd.Series, lang: Lang) -> str:
    if "cover" not in row.index:
        return "–"
    words = text(f"cover_{row['cover']}", lang)
    return f"{words}: {row['programmes']}" if row["programmes"] else words


def _definitions(release: Release, lang: Lang) -> list[dict[str, str]]:
    return [
        {
            "label": label(c, lang),
            "definition": c.indicator.definition(lang),
            "caveat": c.indicator.caveat(lang),
        }
        for c in _indicators(release)
    ]
