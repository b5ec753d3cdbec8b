"""Measures on the page: which sign an area has, and what the panel says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.present.acting.measures import area_knowledge_lines, area_measure_lines, lacking_fields
from quartiersatlas.present.paper.measure_signs import KINDS, area_kinds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release


def measure_layer(release: Release, lang: Lang) -> dict[str, Any]:
    """Return what the page knows of measures; nothing where none are released."""
    measures = release.measures
    if measures is None:
        return {}
    keys = list(map(str, release.areas.index))
    kinds = area_kinds(measures, keys)
    found = [kind for kind in KINDS if kind in kinds.values()]
    told, lacking = area_measure_lines(release, lang), lacking_fields(release, lang)
    return {
        "measures": {
            "label": text("heading_measures", lang),
            "note": text("sign_note", lang),
            "none": text("measures_none_here", lang),
            "openLabel": text("coverage_need_without_measure_on_spot", lang),
            "signs": [
                {
                    "kind": kind,
                    "label": text(f"sign_{kind}", lang),
                    "count": number_text(sum(one == kind for one in kinds.values()), 0, lang),
                }
                for kind in found
            ],
            "kinds": [found.index(kinds[key]) if key in kinds else -1 for key in keys],
            "lines": [list(told.get(key, ())) or None for key in keys],
            "open": [lacking.get(key) for key in keys],
        }
    }


def with_knowledge(release: Release, notes: Mapping[str, tuple[str, ...]], lang: Lang) -> dict[str, tuple[str, ...]]:
    """Return notes on areas with what offices know of them behind."""
    told = area_knowledge_lines(release, lang)
    return {key: (*notes.get(key, ()), *told.get(key, ())) for key in {**notes, **told}}
