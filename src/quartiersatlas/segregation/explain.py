"""A segregation table in words: what an index says here, and the codes of its notes in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from quartiersatlas.catalogue import check_lang, number_text, text
from quartiersatlas.segregation.prepared import ALL
from quartiersatlas.segregation.registry import index_named

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from quartiersatlas.catalogue import Lang, Message
    from quartiersatlas.segregation.table import MeasuredIndices

DIGITS = 3
REASONS = (
    "note_no_area",
    "note_nobody",
    "note_nobody_else",
    "note_one_area",
    "note_one_group",
    "note_overlap",
    "note_equal_areas",
    "note_no_spread",
    "note_decay_unit",
    "note_no_border",
    "note_no_geometry",
    "note_no_polygons",
    "note_no_radii",
    "note_protected",
)
REMARKS = (
    "note_unknown",
    "note_uninhabited",
    "note_small",
    "note_without",
    "note_withheld_mean",
    "note_land",
    "note_paths",
)
OMISSIONS = ("note_no_expected", "note_no_adjusted", "note_no_interval", "note_interval_aspatial")


def explain(result: MeasuredIndices, index: str, lang: Lang = "de") -> str:
    """Explain an index in words: what it tells, its range, formula and source, and the values found.

    Parameters
    ----------
    result : SegregationResult
        The values.
    index : str
        Id of the index.
    lang : {"de", "en"}, default "de"
        Language.

    Returns
    -------
    str
        Plain text of a few lines.

    Raises
    ------
    SpecError
        The index or language is unknown.
    """
    check_lang(lang)
    entry = index_named(index)
    endless = text("explain_endless", lang)
    lines = [
        entry.meaning(lang),
        text("explain_dimension", lang, dimension=text(f"dimension_{entry.dimension}", lang)),
        text("explain_range", lang, lowest=entry.lowest or endless, highest=entry.highest or endless),
        text(f"explain_{entry.direction}", lang),
        text("explain_formula", lang, formula=entry.formula),
        text("explain_source", lang, source=entry.source),
    ]
    rows = result.table.assign(note_codes=result.note_codes)
    lines += [_sentence(row, lang) for row in rows[rows["index"] == index].to_dict("records")]
    return "\n".join(lines)


def _sentence(row: dict[Hashable, Any], lang: Lang) -> str:
    """Say the value of one row, with the population it is compared with."""
    values = {
        "group": row["group"] if row["by"] == ALL else f"{row['group']} ({row['by']})",
        "reference": reference_text(str(row["reference"]), lang),
        "areas": number_text(float(str(row["n_areas"])), 0, lang),
        "dropped": number_text(float(str(row["n_dropped"])), 0, lang),
    }
    if pd.isna(row["value"]):
        return text("explain_gap", lang, **values, reason=note_text(row["note_codes"], lang))
    sentence = text("explain_value", lang, **values, value=_number(row["value"], lang))
    if pd.notna(row["expected"]):
        sentence += " " + text("explain_expected", lang, expected=_number(row["expected"], lang))
    if pd.notna(row["adjusted"]):
        sentence += " " + text("explain_adjusted", lang, adjusted=_number(row["adjusted"], lang))
    if pd.notna(row["lower"]):
        sentence += " " + text(
            "explain_interval", lang, lower=_number(row["lower"], lang), upper=_number(row["upper"], lang)
        )
    return sentence


def reference_text(reference: str, lang: Lang) -> str:
    """Return whom a group is compared with, in words; a named group stays as it is."""
    known = {
        "rest": "reference_rest",
        "total": "reference_total",
        "area": "reference_area",
        "one another": "reference_one_another",
    }
    return text(known[reference], lang) if reference in known else reference


def _number(value: object, lang: Lang) -> str:
    return number_text(float(str(value)), DIGITS, lang)


def note_text(codes: Iterable[Message], lang: Lang) -> str:
    """Return the codes of a note in German or English."""
    return "; ".join(text(code.name, lang, **code.values) for code in codes)


def reasons_among(codes: Iterable[Message]) -> tuple[Message, ...]:
    """Return the codes that say why there is no value."""
    return tuple(code for code in codes if code.name in REASONS)
