"""Whether two releases compare: the same meaning of a column, the same outlines of the areas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from quartiersatlas.present.coordinates import on_areas

if TYPE_CHECKING:
    from quartiersatlas.release import Release, ReleasedColumn

SAME_OUTLINE = 0.01  # part of the area that may differ


def meaning(release: Release, column: ReleasedColumn) -> tuple[str, str]:
    """Return definition and unit of a column; the counts where none is declared."""
    definition = column.indicator.definition("de") or column.indicator.definition("en")
    if not definition and column.kind == "rate":
        sides = [release.column(side).indicator.label_en for side in (column.numerator, column.denominator)]
        definition = " / ".join(sides)
    return definition, column.indicator.unit


def changed_outlines(release: Release, other: Release, keys: pd.Index) -> pd.Series[float]:
    """Return which of the areas have another outline in the other release, and by which part of their surface."""
    frames = release.areas.loc[keys], on_areas(other.areas.loc[keys], release.areas)
    here, there = (np.asarray(frame.geometry, dtype=object) for frame in frames)
    moved = ~shapely.equals_exact(here, there, tolerance=0.01)  # a centimetre: most outlines are the same points
    changed = np.zeros(len(keys))
    ours, theirs = here[moved], there[moved]
    changed[moved] = shapely.area(shapely.symmetric_difference(ours, theirs)) / shapely.area(ours)
    parts = pd.Series(changed, index=keys)
    return parts[parts > SAME_OUTLINE]
