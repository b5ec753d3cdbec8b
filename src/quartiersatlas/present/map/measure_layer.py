"""Measures on the map: which symbol an area has, what the panel says of it; and the script that draws them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.present.acting.measures import area_knowledge_lines, area_measure_lines, lacking_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release
    from quartiersatlas.disclosure.derived.measures import ReleasedMeasures

# the first one that an area has in any field of action is its symbol: what lacks comes before what is there
KINDS = ("need_without_measure", "city_wide_only", "covered", "measure_without_need", "measure")


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


def area_kinds(measures: ReleasedMeasures, keys: list[str]) -> dict[str, str]:
    """Return the symbol of each area that has one: by coverage, or that it has a live measure at all."""
    covered = measures.coverage
    states = covered.groupby("area")["state"].agg(set).to_dict() if len(covered) else {}
    table = measures.table
    live = set(table.loc[table["standing"].eq("live"), "measure_id"])
    with_measure = set(measures.places.loc[measures.places["measure_id"].isin(live), "area"])
    found = {}
    for key in keys:
        own = next((kind for kind in KINDS if kind in states.get(key, ())), "")
        if own or key in with_measure:
            found[key] = own or "measure"
    return found


def with_knowledge(release: Release, notes: Mapping[str, tuple[str, ...]], lang: Lang) -> dict[str, tuple[str, ...]]:
    """Return notes on areas with what offices know of them behind."""
    told = area_knowledge_lines(release, lang)
    return {key: (*notes.get(key, ()), *told.get(key, ())) for key in {**notes, **told}}
