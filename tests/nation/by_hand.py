"""The screening said once more with fractions, dictionaries and a search on sets: slow, and nothing in common."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

ROOK = [(1, 0), (-1, 0), (0, 1), (0, -1)]
QUEEN = [*ROOK, (1, 1), (1, -1), (-1, 1), (-1, -1)]


def size_class(residents):
    if residents < 5000:
        return "village"
    return "small" if residents < 20_000 else "middle" if residents < 100_000 else "large"


def level_values(cells, column, level):
    """Give for each municipality the rate of its level, from all cells."""
    people = defaultdict(int)
    for ags, _, _, counts in cells:
        people[ags] += counts["pop"]
    group_of = {
        ags: {"municipality": ags, "land": ags[:2], "size_class": size_class(people[ags]), "city": ""}[level]
        for ags in people
    }
    top, bottom = defaultdict(int), defaultdict(int)
    for ags, _, _, counts in cells:
        top[group_of[ags]] += min(counts[column], counts["pop"])
        bottom[group_of[ags]] += counts["pop"]
    return {ags: Fraction(top[g], bottom[g]) if bottom[g] else None for ags, g in group_of.items()}


def quarters(cells, conditions, *, floor, least, contiguity, published=None):
    """Give the quarters of cells: name -> cells, residents.

    ``cells`` are (ags, x, y, counts); conditions are (column, level, factor as text), all of which must hold.
    """
    published = published or cells
    people = defaultdict(int)
    for ags, _, _, counts in published:
        people[ags] += counts["pop"]
    limits = [level_values(cells, column, level) for column, level, _ in conditions]
    chosen = {}
    for ags, x, y, counts in cells:
        if people[ags] < least or not counts["pop"]:
            continue
        if all(
            limit[ags] is not None
            and Fraction(min(counts[column], counts["pop"]), counts["pop"]) > Fraction(factor) * limit[ags]
            for (column, _, factor), limit in zip(conditions, limits, strict=True)
        ):
            chosen[ags, x, y] = counts["pop"]
    return connected(chosen, floor, QUEEN if contiguity == "queen" else ROOK)


def connected(chosen, floor, steps):
    """Give the groups of chosen cells with enough residents: a search on sets."""
    found, seen = {}, set()
    for start in sorted(chosen, key=lambda cell: (cell[0], cell[2], cell[1])):
        if start in seen:
            continue
        group, queue = [], [start]
        seen.add(start)
        while queue:
            ags, x, y = queue.pop()
            group.append((ags, x, y))
            for dx, dy in steps:
                near = (ags, x + dx, y + dy)
                if near in chosen and near not in seen:
                    seen.add(near)
                    queue.append(near)
        residents = sum(chosen[cell] for cell in group)
        if residents >= floor:
            found[f"{start[0]}-N{start[2]}E{start[1]}"] = (len(group), residents, set(group))
    return found
