"""The notes of a segregation table in the reader's language; the table itself has them in English."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from quartiersatlas.catalogue import text

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang

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
