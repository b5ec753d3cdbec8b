"""Candidate areas: selected neighbours dissolved into areas one could plan with."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from numbers import Real
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from quartiersatlas.base.checks import count_noun, expects, renamed
from quartiersatlas.errors import SpecError
from quartiersatlas.intake import AreaData
from quartiersatlas.screening.shortlist import Shortlist
from quartiersatlas.space.apart import TOLERANCE, outlines_apart
from quartiersatlas.space.neighbours import borders, check_metres, connected_groups, dissolved

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Message


@dataclass(frozen=True, eq=False)
class Candidates:
    """Contiguous groups of selected areas.

    Parameters
    ----------
    table : GeoDataFrame
        One row per candidate area, largest first, on ``P1``, ``P2``, ...: name, n_areas, residents, hectares, geometry.
    members : Series of str
        District key -> candidate area.
    too_small : Series of float
        Selected areas whose group is not known to have enough residents, with the residents of the group; NaN where a
        member's number is unknown.
    min_population : float
        The smallest number of residents of a candidate area.
    tolerance : float, optional
        Gap in metres that still counted as touching; None for the default of :func:`neighbours`.
    warnings : tuple of Message
        What the reader has to know: that many outlines do not touch, so that nothing is connected.
    shortlist : Shortlist, optional
        The areas that were grouped.
    """

    table: gpd.GeoDataFrame
    members: pd.Series[str]
    too_small: pd.Series[float]
    min_population: float
    tolerance: float | None = None
    warnings: tuple[Message, ...] = ()
    shortlist: Shortlist | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        groups, areas = count_noun(len(self.table), "candidate area"), count_noun(len(self.members), "area")
        lines = [f"Candidates: {groups} from {areas}"]
        lines += [
            f"  {key}: {row['name']}, {count_noun(row['n_areas'], 'area')}, {_figure(row['residents'])} residents"
            for key, row in self.table.iterrows()
        ]
        unknown = self.too_small.isna()
        if not unknown.all():
            small = ", ".join(self.too_small.index[~unknown])
            lines.append(f"  in groups below {_figure(self.min_population)} residents: {small}")
        if unknown.any():
            lines.append(f"  in groups with an unknown number of residents: {', '.join(self.too_small.index[unknown])}")
        return "\n".join([*lines, *(f"  {warning}" for warning in self.warnings)])

    def _repr_html_(self) -> str:
        said = "".join(f"<p>{escape(str(warning))}</p>" for warning in self.warnings)
        return said + pd.DataFrame(self.table.drop(columns="geometry")).to_html(escape=True)


def _figure(number: float) -> str:
    return f"{number:.15g}"


@renamed(areas="data")
def candidate_areas(
    data: AreaData | gpd.GeoDataFrame,
    shortlist: Shortlist,
    *,
    min_population: float = 2000,
    tolerance: float | None = None,
) -> Candidates:
    """Group the selected areas by shared borders.

    Parameters
    ----------
    data : AreaData or GeoDataFrame
        What was screened, or its areas (``data.areas``).
    shortlist : Shortlist
        Result of :func:`screen`.
    min_population : float, default 2000
        Groups with fewer residents are not candidates, nor are those with an unknown number; they are listed in
        ``too_small``. At least 0.
    tolerance : float, optional
        Gap in metres that still counts as touching, as for :func:`neighbours`: by default 1, or 1 % of the median width
        where that is less. At least 0.

    Returns
    -------
    Candidates
        A candidate area is a group for closer review; whether it needs action cannot be decided from data alone.
        ``warnings`` says where outlines do not touch that were meant to.

    Raises
    ------
    SpecError
        The areas are not those of the shortlist, or the smallest number of residents or the tolerance is below 0.
    ArgumentError
        The data or the shortlist are something else.

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
    >>> candidates = qa.candidate_areas(data, shortlist, min_population=2000)
    >>> candidates.table[["name", "n_areas", "hectares"]].to_dict("index")
    {'P1': {'name': 'A', 'n_areas': 2, 'hectares': 200.0}}
    """
    areas = _checked_areas(data, shortlist, min_population)
    check_metres(tolerance, "candidate_areas: tolerance")
    areas = areas.sort_index()
    shapes, selected = areas.geometry.to_numpy(), shortlist.selected.reindex(areas.index).to_numpy(dtype=bool)
    found = borders(shapes, tolerance=tolerance)
    apart = outlines_apart(shapes, found.one, found.other, tolerance)
    chosen = areas[selected]
    group = connected_groups(areas, selected, found=found)
    population = shortlist.residents[chosen.index].groupby(group).agg(lambda people: people.sum(skipna=False))
    population = population.sort_values(ascending=False, kind="stable")
    large = population[population >= min_population]
    names = {number: f"P{rank}" for rank, number in enumerate(large.index, start=1)}
    members = group.map(names).dropna()
    bridged = TOLERANCE if tolerance is None else tolerance
    rows = [
        _dissolve(chosen.loc[members.index[members == name]], shortlist.residents, bridged) for name in names.values()
    ]
    table = gpd.GeoDataFrame(
        rows,
        columns=["name", "n_areas", "residents", "hectares", "geometry"],
        geometry="geometry",
        crs=areas.crs,
    )
    table.index = pd.Index(names.values(), name="candidate", dtype=object)
    small = group[~group.isin(large.index)]
    warnings = () if apart is None else (apart,)
    return Candidates(table, members, small.map(population), min_population, tolerance, warnings, shortlist)


def _checked_areas(data: object, shortlist: Shortlist, min_population: float) -> gpd.GeoDataFrame:
    """Return the areas that were screened."""
    areas = data.areas if isinstance(data, AreaData) else data
    expects(areas, (AreaData, gpd.GeoDataFrame), "candidate_areas", "qa.candidate_areas(data, shortlist)")
    expects(shortlist, Shortlist, "candidate_areas: shortlist", "shortlist = qa.screen(data, rule)")
    if isinstance(min_population, bool) or not isinstance(min_population, Real) or not min_population >= 0:
        raise SpecError(f"candidate_areas: min_population is {min_population!r}; it must be a number from 0 on.")
    if not areas.index.equals(shortlist.selected.index):
        raise SpecError("candidate_areas() needs the areas that were screened: qa.candidate_areas(data, shortlist).")
    return areas


def _dissolve(parts: gpd.GeoDataFrame, population: pd.Series[float], tolerance: float) -> dict[str, object]:
    """Return one candidate area, named after its part with most residents."""
    people = population[parts.index]
    shape = dissolved(parts, tolerance=tolerance)
    return {
        "name": str(parts["name"].iloc[int(people.fillna(-1).to_numpy().argmax())]),
        "n_areas": len(parts),
        "residents": people.sum(),
        "hectares": shape.area / 1e4,
        "geometry": shape,
    }
