"""Write docs/segregation_indices.md from the registry; with --check, only tell whether it is up to date."""

from __future__ import annotations

import sys
from pathlib import Path

from quartiersatlas.catalogue import text
from quartiersatlas.segregation.registry import DIRECTION, SegregationIndex, registry

FILE = Path(__file__).resolve().parents[1] / "docs" / "segregation_indices.md"
REQUIRES = {
    "": "counts",
    "points": "counts and points",
    "polygons": "counts and polygons",
    "decay": "counts, polygons and a length of decay in metres (`decay`, 1000 if not given)",
    "radii": "counts, points and radii (`radii`)",
}
GROUND = {
    "": "",
    "land": "; the land of uninhabited areas counts",
    "paths": "; paths lead through all areas",
}
APPLIES_TO = {
    "group": "a group",
    "composition": "all groups",
    "both": "a group or all groups",
    "classes": "ordered classes",
}
REFERENCE = {
    "other": "the rest, or a named group",
    "rest": "the rest",
    "total": "all residents",
    "area": "the land",
    "one another": "one another",
}
HEAD = """# Segregation indices

Every index of `qa.measure_segregation(...)`, written from the registry that also drives the table, the command line
(`quartiersatlas indices`) and the tests. x_i, y_i: persons of the group and of the population it is compared with in
area i; t_i: all residents; X, Y, T: their sums; p_i: share of the group; P: its share in the city; a_i: land.

People count where their number is known and reaches `min_population`; people of other areas count nowhere, neither in
an area nor near it. Land counts where people count; for `delta` and `absolute_centralisation`, which spread a group
over the land, that of areas known to be uninhabited counts too (leave forests and lakes out of the data if they are no
land to live on). Paths from area to area (`spatial_proximity_profile`) lead through every area of the place. The note
of each row says how many areas count only so. In `absolute_clustering` n are the inhabited areas.
"""


def document() -> str:
    """Return the whole page."""
    parts, dimension = [HEAD], ""
    for index in registry().values():
        if index.dimension != dimension:
            dimension = index.dimension
            names = [text(f"dimension_{dimension}", lang) for lang in ("en", "de")]
            parts.append(f"## {names[0]} ({names[1]})\n")
        parts.append(_entry(index))
    return "\n".join(parts)


def _entry(index: SegregationIndex) -> str:
    """Return the paragraph of one index."""
    compared, needs = REFERENCE[index.reference], REQUIRES[index.requires] + GROUND[index.ground]
    lines = [
        f"### `{index.id}`",
        "",
        f"{index.label('en')} / {index.label('de')}",
        "",
        index.meaning("en"),
        index.meaning("de"),
        "",
        f"- formula: `{index.formula}`",
        f"- source: {index.source}",
        f"- range: {index.lowest or '-∞'} to {index.highest or '∞'}; {DIRECTION[index.direction]}",
        f"- index of {APPLIES_TO[index.applies_to]}, compared with {compared}; needs {needs}",
        *([f"- also written: `{index.symbols}`"] if index.symbols else []),
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the page, or compare it."""
    page = document()
    if "--check" in sys.argv:
        current = FILE.exists() and FILE.read_text(encoding="utf-8") == page
        print("docs/segregation_indices.md is up to date" if current else "run python scripts/write_index_docs.py")
        return 0 if current else 1
    FILE.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
