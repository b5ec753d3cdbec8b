"""Circles for totals: their surface stands for persons or euros, where coloured areas would say how large areas are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from quartiersatlas.catalogue import text
from quartiersatlas.disclosure.words import value_text
from quartiersatlas.errors import SpecError
from quartiersatlas.present.paper.sheet_page import LegendEntry

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release
    from quartiersatlas.disclosure.release import ReleasedColumn

LARGEST = 6.0  # millimetres: the radius of the largest circle
LAND = "#f1f1ee"
CIRCLE: dict[str, Any] = {"facecolor": "#2c7fb8", "edgecolor": "#ffffff", "linewidth": 0.6, "alpha": 0.8}


def circle_entries(release: Release, column: ReleasedColumn, lang: Lang, zoom: float) -> list[LegendEntry]:
    """Return the entries of a map of circles: the land below them, and three sizes; the largest has all circles.

    Raises
    ------
    SpecError
        The column is no total: a circle has no negative surface, and a rate is no sum.
    """
    values = release.values[column.id].astype(float)
    if column.indicator.kind not in ("count", "amount") or values.lt(0).any():
        raise SpecError(
            f"circles are for counts and amounts, and {column.id!r} is a {column.indicator.kind.replace('_', ' ')}: "
            f"draw it without circles=True."
        )
    known = values.dropna()
    land = LegendEntry(text("legend_land", lang), "fill", LAND, "", tuple(map(str, known.index)))
    most = float(known.max()) if len(known) else 0.0
    if not most > 0:
        return [land]
    scale = LARGEST * zoom / np.sqrt(most)
    sizes = dict.fromkeys([_round(most), _round(most / 4), _round(most / 16)])
    entries = [
        LegendEntry(value_text(size, column, lang), "circle", radius=float(scale * np.sqrt(size)))
        for size in sizes
        if size > 0
    ]
    drawn = known[known > 0].sort_values(ascending=False, kind="stable")  # small ones above large ones
    radii = tuple((scale * np.sqrt(drawn.to_numpy())).tolist())
    words = text("legend_circles", lang)
    return [land, LegendEntry(words, "circles", keys=tuple(map(str, drawn.index)), radii=radii), *entries]


def _round(size: float) -> float:
    """Return a round number not above a size: one digit and zeros."""
    if size < 1:
        return 0.0
    step = 10.0 ** np.floor(np.log10(size))
    return float(np.floor(size / step) * step)


def circles_of(areas: gpd.GeoDataFrame, entry: LegendEntry, metres: float) -> Iterable[Any]:
    """Return the circles of an entry as shapes on the map, of so many metres per millimetre."""
    points = areas.loc[list(entry.keys)].representative_point()
    return [point.buffer(radius * metres, 32) for point, radius in zip(points, entry.radii, strict=True)]
