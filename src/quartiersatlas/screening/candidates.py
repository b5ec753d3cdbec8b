"""Candidate areas: selected neighbours that share borders, dissolved into areas one could plan with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from quartiersatlas.errors import SpecError
from quartiersatlas.space import connected_groups, dissolved

if TYPE_CHECKING:
    from quartiersatlas.screening.shortlist import Shortlist


@dataclass(frozen=True)
class Candidates:
    """Contiguous groups of selected areas.

    Parameters
    ----------
    table : GeoDataFrame
        One row per candidate area, largest first, on ``P1``, ``P2``, ...: name, n_areas, residents, hectares, geometry.
    members : Series of str
        District key -> candidate area.
    too_small : Series of float
        Selected areas whose group has fewer residents than asked for, with the residents of the group.
    min_population : float
        The smallest number of residents of a candidate area.
    """

    table: gpd.GeoDataFrame
    members: pd.Series[str]
    too_small: pd.Series[float]
    min_population: float

    def __repr__(self) -> str:
        lines = [f"Candidates: {len(self.table)} areas from {len(self.members)} districts"]
        lines += [
            f"  {key}: {row['name']}, {row['n_areas']} districts, {row['residents']:.0f} residents"
            for key, row in self.table.iterrows()
        ]
        if len(self.too_small):
            lines.append(f"  below {self.min_population:g} residents: {', '.join(self.too_small.index)}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return pd.DataFrame(self.table.drop(columns="geometry")).to_html(escape=True)


def candidate_areas(areas: gpd.GeoDataFrame, shortlist: Shortlist, *, min_population: float = 2000) -> Candidates:
    """Group the selected areas by shared borders.

    Parameters
    ----------
    areas : GeoDataFrame
        The areas of the shortlist, in metres.
    shortlist : Shortlist
        Result of :func:`screen`.
    min_population : float, default 2000
        Groups with fewer residents are not candidates; they stand in ``too_small``. At least 0.

    Returns
    -------
    Candidates
        A candidate area is a group for closer review; whether it needs action cannot be decided from data alone.

    Raises
    ------
    SpecError
        The areas are not those of the shortlist.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> import shapely
    >>> import quartiersatlas as qa
    >>> shapes = [shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000, 2000)]
    >>> areas = gpd.GeoDataFrame({"name": ["A", "B", "C"]}, index=["1", "2", "3"], geometry=shapes, crs="EPSG:25832")
    >>> table = pd.DataFrame({"poor": [300.0, 260, 90], "residents": [1000.0] * 3}, index=areas.index)
    >>> data = qa.add_rates(qa.join(areas, table), {"poverty": ("poor", "residents")})
    >>> shortlist = qa.screen(data, qa.above_city("poverty"))
    >>> candidates = qa.candidate_areas(data.areas, shortlist, min_population=2000)
    >>> candidates.table[["name", "n_areas", "hectares"]].to_dict("index")
    {'P1': {'name': 'A', 'n_areas': 2, 'hectares': 200.0}}
    """
    if not areas.index.equals(shortlist.selected.index):
        raise SpecError("candidate_areas() needs the areas that were screened: data.areas.")
    chosen = areas[shortlist.selected].sort_index()
    group = connected_groups(chosen)
    residents = shortlist.residents[chosen.index].groupby(group).agg(lambda people: people.sum(skipna=False))
    residents = residents.sort_values(ascending=False, kind="stable")
    large = residents[residents >= min_population]
    names = {number: f"P{rank}" for rank, number in enumerate(large.index, start=1)}
    members = group.map(names).dropna()
    rows = [_dissolve(chosen.loc[members.index[members == name]], shortlist.residents) for name in names.values()]
    table = gpd.GeoDataFrame(
        rows,
        columns=["name", "n_areas", "residents", "hectares", "geometry"],
        geometry="geometry",
        crs=areas.crs,
    )
    table.index = pd.Index(names.values(), name="candidate", dtype=object)
    small = group[~group.isin(large.index)]
    return Candidates(table, members, small.map(residents), min_population)


def _dissolve(parts: gpd.GeoDataFrame, residents: pd.Series[float]) -> dict[str, object]:
    """Return one candidate area, named after its part with most residents."""
    people = residents[parts.index]
    shape = dissolved(parts)
    return {
        "name": str(parts["name"].iloc[int(people.fillna(-1).to_numpy().argmax())]),
        "n_areas": len(parts),
        "residents": people.sum(),
        "hectares": shape.area / 1e4,
        "geometry": shape,
    }
