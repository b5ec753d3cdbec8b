"""A segregation table in words: what an index says here, and its notes in the reader's language."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.segregation.prepared import ALL

if TYPE_CHECKING:
    from collections.abc import Hashable

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.segregation.registry import SegregationIndex

DIGITS = 3


def explained(table: pd.DataFrame, index: SegregationIndex, lang: Lang) -> str:
    """Return a few lines of plain text."""
    endless = text("explain_endless", lang)
    lines = [
        index.meaning(lang),
        text("explain_dimension", lang, dimension=text(f"dimension_{index.dimension}", lang)),
        text("explain_range", lang, lowest=index.lowest or endless, highest=index.highest or endless),
        text(f"explain_{index.direction}", lang),
        text("explain_formula", lang, formula=index.formula),
        text("explain_source", lang, source=index.source),
    ]
    lines += [_sentence(row, lang) for row in table[table["index"] == index.id].to_dict("records")]
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
        return text("explain_gap", lang, **values, reason=note_text(str(row["note"]), lang))
    said = text("explain_value", lang, **values, value=_number(row["value"], lang))
    if pd.notna(row["expected"]):
        said += " " + text("explain_expected", lang, expected=_number(row["expected"], lang))
    if pd.notna(row["adjusted"]):
        said += " " + text("explain_adjusted", lang, adjusted=_number(row["adjusted"], lang))
    if pd.notna(row["lower"]):
        said += " " + text(
            "explain_interval", lang, lower=_number(row["lower"], lang), upper=_number(row["upper"], lang)
        )
    return said


def reference_text(reference: str, lang: Lang) -> str:
    """Return whom a group is compared with, in words; a named group stays as it is."""
    names = {
        "rest": "reference_rest",
        "total": "reference_total",
        "area": "reference_area",
        "one another": "reference_one_another",
    }
    return text(names[reference], lang) if reference in names else reference


def _number(value: object, lang: Lang) -> str:
    return number_text(float(str(value)), DIGITS, lang)


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
REMARKS = ("note_unknown", "note_uninhabited", "note_small", "note_without")
OMISSIONS = ("note_no_expected", "note_no_adjusted", "note_no_interval", "note_interval_aspatial")


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    """Return, for each note, what its English text looks like with anything in its gaps."""
    names = (*REASONS, *REMARKS, *OMISSIONS)
    return {name: re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", re.escape(text(name, "en")))) for name in names}


def said(note: str) -> list[tuple[str, dict[str, str]]]:
    """Return the names of the texts in a note, with what stands in their gaps."""
    found = []
    for part in filter(None, note.split("; ")):
        matches = ((name, pattern.fullmatch(part)) for name, pattern in _patterns().items())
        found += [(name, match.groupdict()) for name, match in matches if match][:1]
    return found


def note_text(note: str, lang: Lang, *, reasons_only: bool = False) -> str:
    """Return a note in German or English; or only why there is no value."""
    parts = [(name, values) for name, values in said(note) if not reasons_only or name in REASONS]
    return "; ".join(text(name, lang, **values) for name, values in parts)
