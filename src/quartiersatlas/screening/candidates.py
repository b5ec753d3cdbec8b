"""Candidate areas: selected neighbours as areas one could plan with."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field, fields
from html import escape
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from quartiersatlas.base.checks import choice, count_noun, expects, renamed
from quartiersatlas.errors import ColumnError, SpecError
from quartiersatlas.intake import AreaData
from quartiersatlas.intake.areas.area_columns import optional_names
from quartiersatlas.need.robustness.stability import Stability
from quartiersatlas.screening.regions.assemble import Additions, Assembly, assemble
from quartiersatlas.screening.regions.described import (
    borderline_neighbours,
    candidate_table,
    certainty,
    left_over,
    rates_of,
    shown_names,
)
from quartiersatlas.screening.regions.graph import AreaGraph
from quartiersatlas.screening.regions.options import (
    CandidateOptions,
    Contact,
    check_options,
    in_words,
    made_facts,
    result_warnings,
    within_municipalities,
)
from quartiersatlas.screening.regions.trees import Objective, RegionRule
from quartiersatlas.screening.shortlist import Shortlist
from quartiersatlas.space.apart import TOLERANCE, outlines_apart
from quartiersatlas.space.neighbours import Borders, borders

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from quartiersatlas.catalogue import Lang, Message

    Ints = NDArray[np.intp]

OPEN = 0.01  # of an outline: with more of it on no other area, an area is no hole
USUAL = (0.1, 0.9)  # shares of runs between which an area is borderline, where no stability says others


@dataclass(frozen=True, eq=False)
class Candidates:
    """Contiguous groups of selected areas.

    Parameters
    ----------
    table : GeoDataFrame
        One row per candidate area, largest first, on ``P1``, ``P2``, ...: name and key of its largest selected member,
        n_areas, residents, hectares, compactness (``4 pi area / perimeter^2``), ``above`` (more residents than the
        ceiling), ``corner`` (connected in corners only), with a stability ``p_selected`` (mean over the residents of
        selected members) and ``p_lowest``, with joined data every rate from the counts of the members, geometry.
    members : Series of str
        District key -> candidate area, filled holes and bridges included.
    roles : Series of str
        District key -> ``"selected"``, ``"hole"`` or ``"bridge"``.
    too_small : DataFrame
        Selected areas in no candidate area: group, residents of the group, short (residents missing for the floor),
        nearest candidate area and its distance in metres. NaN where a member's residents are unknown.
    borderline : DataFrame
        Neighbours of candidate areas that are nearly selected: candidate, key, p_selected, persons.
    options : CandidateOptions
        How they were made.
    warnings : tuple of Message
        What the reader has to know, such as that many outlines do not touch, so that nothing is connected.
    shortlist : Shortlist, optional
        The areas that were grouped.
    areas : GeoDataFrame, optional
        Names and outlines of the members.
    """

    table: gpd.GeoDataFrame
    members: pd.Series[str]
    roles: pd.Series[str]
    too_small: pd.DataFrame
    borderline: pd.DataFrame
    options: CandidateOptions
    warnings: tuple[Message, ...] = ()
    shortlist: Shortlist | None = field(default=None, repr=False)
    areas: gpd.GeoDataFrame | None = field(default=None, repr=False)

    @property
    def min_population(self) -> float:
        """The smallest number of residents of a candidate area."""
        return self.options.min_population

    @property
    def tolerance(self) -> float | None:
        """Gap in metres that still counted as touching; None for the default of :func:`neighbours`."""
        return self.options.tolerance

    @property
    def call(self) -> dict[str, Any]:
        """The options, to call it again: ``candidate_areas(data, shortlist, **candidates.call)``."""
        return {one.name: deepcopy(getattr(self.options, one.name)) for one in fields(self.options)}

    @property
    def facts(self) -> tuple[Message, ...]:
        """How candidate areas were made, in sentences for a reader."""
        return made_facts(self.options, self.roles)

    def names(self, lang: Lang = "de") -> pd.Series[str]:
        """Return the names as they are shown: "Markt und Umgebung"; doubles with the direction in which they lie.

        Parameters
        ----------
        lang : {"de", "en"}, default "de"
            The language.
        """
        return shown_names(self.table, lang)

    def to_geodataframe(self, level: Literal["candidates", "members"] = "candidates") -> gpd.GeoDataFrame:
        """Return the candidate areas, or their members with candidate and role, as a GeoDataFrame.

        Parameters
        ----------
        level : {"candidates", "members"}, default "candidates"
            One row per candidate area, or per district in one.
        """
        choice(level, ("candidates", "members"), "to_geodataframe: level")
        if level == "candidates" or self.areas is None:
            return self.table.copy()
        words = {"name": self.areas["name"], "candidate": self.members, "role": self.roles}
        return gpd.GeoDataFrame(words, geometry=self.areas.geometry, crs=self.areas.crs)

    def __repr__(self) -> str:
        groups, areas = count_noun(len(self.table), "candidate area"), count_noun(len(self.members), "area")
        lines = [f"Candidates: {groups} from {areas}", *(f"  {fact}" for fact in self.facts)]
        lines += [
            f"  {key}: {row['name']}, {count_noun(row['n_areas'], 'area')}, {in_words(row['residents'])} residents"
            + (", above the ceiling" if row["above"] else "")
            for key, row in self.table.iterrows()
        ]
        unknown = self.too_small["residents"].isna()
        if not unknown.all():
            small = ", ".join(self.too_small.index[~unknown])
            lines.append(f"  in groups below {in_words(self.min_population)} residents: {small}")
        if unknown.any():
            lines.append(f"  in groups with an unknown number of residents: {', '.join(self.too_small.index[unknown])}")
        return "\n".join([*lines, *(f"  {warning}" for warning in self.warnings)])

    def _repr_html_(self) -> str:
        said = "".join(f"<p>{escape(str(message))}</p>" for message in (*self.facts, *self.warnings))
        return said + pd.DataFrame(self.table.drop(columns="geometry")).to_html(escape=True)


@renamed(areas="data")
def candidate_areas(
    data: AreaData | gpd.GeoDataFrame,
    shortlist: Shortlist,
    *,
    min_population: float = 2000,
    max_population: float | None = None,
    by: str | None = None,
    holes: float = 1000,
    bridge: float = 0,
    contact: Contact = "border",
    objective: Objective = "fewest",
    tolerance: float | None = None,
    exclude: str | Iterable[str] = (),
    barriers: gpd.GeoDataFrame | None = None,
    crossings: gpd.GeoDataFrame | None = None,
    seed: int | np.random.Generator | None = None,
    stability: Stability | None = None,
    missing: pd.DataFrame | None = None,
) -> Candidates:
    """Group the selected areas by shared borders, with a floor and a ceiling of residents.

    Parameters
    ----------
    data : AreaData or GeoDataFrame
        What was screened, or its areas (``data.areas``); rates are told of joined data only.
    shortlist : Shortlist
        Result of :func:`screen`.
    min_population : float, default 2000
        Groups with fewer residents are not candidates, nor are those with an unknown number; they are listed in
        ``too_small``. At least 0.
    max_population : float, optional
        Groups with more residents are divided. Not below ``min_population``. An area that has more by itself stays
        alone, and is flagged.
    by : str, optional
        A column of the areas, such as the district: no candidate area crosses its borders. If not given, none crosses
        those of municipalities where the areas name several (a column ``gemeinde``, ``municipality``, ``ags``, ...),
        as none of them can decide in another; ``by=""`` lets them.
    holes : float, default 1000
        Most residents of areas that a group surrounds, and that are therefore added; at most a quarter of those of the
        group, too. Where nobody lives, holes are always filled.
    bridge : float, default 0
        Most residents of unselected areas that connect a group below the floor with another one.
    contact : {"border", "corner"}, default "border"
        Whether areas that meet in a corner only are connected, too.
    objective : {"fewest", "most"}, default "fewest"
        Few large candidate areas: only what is above the ceiling is divided; or as many as have the floor.
    tolerance : float, optional
        Gap in metres that still counts as touching, as for :func:`neighbours`: by default 1, or 1 % of the median width
        where that is less. At least 0.
    exclude : str or iterable of str, optional
        Keys of areas that are never added as a hole or a bridge.
    barriers, crossings : GeoDataFrame, optional
        Rivers, railways, and bridges across them, as for :func:`neighbours`.
    seed : int or Generator, optional
        Source of the random numbers with which groups are divided; by default always the same.
    stability : Stability, optional
        Result of ``shortlist.stability()``: how certain each candidate area is, and which neighbours are borderline.
    missing : DataFrame, optional
        On the district key, ``persons``: how many are missing for an area to be selected. Neighbours with no more than
        10 are borderline.

    Returns
    -------
    Candidates
        A candidate area is a group for closer review; whether it needs action cannot be decided from data alone.
        ``warnings`` says where outlines do not touch that were meant to, where nobody reaches the floor, which
        candidate areas lie in several municipalities, and which are above the ceiling.

    Raises
    ------
    SpecError
        The areas are not those of the shortlist, or a number is out of its range.
    ColumnError
        There is no column ``by``, or areas have no value there.
    GeometryError
        Barriers or crossings do not fit, see :func:`neighbours`.
    ArgumentError
        The data, the shortlist or the stability are something else.

    Notes
    -----
    In this order: as many selected residents inside as can be; residents above the ceiling; the number of candidate
    areas; the length of the borders between them. Groups are divided by a search (random spanning trees, recombination
    of neighbouring parts) with a fixed number of steps: same input, same result, whatever the order of rows or the keys
    of the areas.

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
    >>> candidates.table[["name", "n_areas", "residents", "poverty"]].round(1).to_dict("index")
    {'P1': {'name': 'A', 'n_areas': 2, 'residents': 2000.0, 'poverty': 28.0}}
    """
    keys = optional_names(exclude, "candidate_areas: exclude")
    options = CandidateOptions(
        min_population, max_population, by, holes, bridge, contact, objective, tolerance, keys, barriers, crossings,
        deepcopy(seed),
    )  # fmt: skip
    areas = _checked_areas(data, shortlist)
    options = within_municipalities(areas, options)
    check_options(areas, options)
    areas = areas.iloc[_by_place(areas)]
    selected, people = shortlist.selected.reindex(areas.index), shortlist.residents.reindex(areas.index)
    touching = borders(areas.geometry.to_numpy(), tolerance=tolerance)
    apart = outlines_apart(areas.geometry.to_numpy(), touching.one, touching.other, tolerance)
    kept = _kept(areas, touching, options)
    found = _assembled(areas, selected, people, kept, options)
    members, roles = _members(areas.index, found, people)
    table = candidate_table(areas, members, roles, people, TOLERANCE if tolerance is None else tolerance)
    table = _flagged(table, areas, members, kept, options)
    chosen = members[roles.eq("selected")]
    p = _p_selected(stability, areas.index)
    if p is not None:
        table = _before_geometry(table, certainty(p, chosen, people))
    if isinstance(data, AreaData):
        table = _before_geometry(table, rates_of(data, members))
    limits = USUAL if stability is None else stability.limits
    persons = _persons(missing)
    pairs = kept.queen if contact == "corner" else kept.neighbours
    return Candidates(
        table,
        members,
        roles,
        left_over(areas, [areas.index[group] for group in found.left], selected, people, min_population, table),
        borderline_neighbours(pairs, areas.index, members, selected, p, persons, limits),
        options,
        (*(() if apart is None else (apart,)), *result_warnings(areas, members, table, selected, options)),
        shortlist,
        areas.loc[members.index, ["name", areas.geometry.name]],
    )


def _checked_areas(data: object, shortlist: Shortlist) -> gpd.GeoDataFrame:
    """Return the areas that were screened."""
    areas = data.areas if isinstance(data, AreaData) else data
    expects(areas, (AreaData, gpd.GeoDataFrame), "candidate_areas", "qa.candidate_areas(data, shortlist)")
    expects(shortlist, Shortlist, "candidate_areas: shortlist", "shortlist = qa.screen(data, rule)")
    assert isinstance(areas, gpd.GeoDataFrame)  # noqa: S101 - expects() refused everything else
    if not areas.index.equals(shortlist.selected.index):
        raise SpecError("candidate_areas() needs the areas that were screened: qa.candidate_areas(data, shortlist).")
    return areas


def _by_place(areas: gpd.GeoDataFrame) -> Ints:
    """Return an order of areas on which neither the order of rows nor the keys have a say: from west to east."""
    left, low, right, high = areas.bounds.to_numpy().T
    keys = areas.index.to_numpy().astype(str)
    return np.lexsort((keys, areas.area.to_numpy(), high, right, low, left))


def _kept(areas: gpd.GeoDataFrame, touching: Borders, options: CandidateOptions) -> Borders:
    """Return the contacts across which candidate areas grow: within one parent area, and beside no barrier."""
    kept = touching.beside(areas.geometry.to_numpy(), options.barriers, options.crossings, options.tolerance)
    if options.by:
        parent = pd.factorize(areas[options.by])[0]
        kept = kept.among(parent[kept.one] == parent[kept.other])
    return kept


def _assembled(
    areas: gpd.GeoDataFrame,
    selected: pd.Series[bool],
    people: pd.Series[float],
    kept: Borders,
    options: CandidateOptions,
) -> Assembly:
    """Return the candidate areas as positions."""
    outer = kept.perimeter - kept.inner_perimeter > np.maximum(kept.min_border, OPEN * kept.perimeter)
    one, other = kept.queen if options.contact == "corner" else kept.neighbours
    length = kept.length if options.contact == "corner" else kept.length[kept.is_border]
    barred = frozenset(np.flatnonzero(areas.index.isin(options.exclude)).tolist())
    ceiling = np.inf if options.max_population is None else float(options.max_population)
    return assemble(
        AreaGraph.of(people.to_numpy(dtype=float), one, other, length),
        np.flatnonzero(selected.to_numpy(dtype=bool)).tolist(),
        outer.tolist(),
        RegionRule(float(options.min_population), ceiling, options.objective),
        Additions(float(options.holes), float(options.bridge), barred),
        0 if options.seed is None else deepcopy(options.seed),
    )


def _members(keys: pd.Index, found: Assembly, people: pd.Series[float]) -> tuple[pd.Series[str], pd.Series[str]]:
    """Return the candidate area and the role of each member; the candidate area with most residents is P1."""
    regions = [(sorted(keys[region]), region) for region in found.regions]
    regions.sort(key=lambda one: (-round(float(people.loc[one[0]].sum()), 6), one[0][0]))
    members = {key: f"P{rank}" for rank, (own, _) in enumerate(regions, start=1) for key in own}
    roles = dict.fromkeys(members, "selected")
    roles |= dict.fromkeys(keys[sorted(found.holes)], "hole") | dict.fromkeys(keys[sorted(found.bridges)], "bridge")
    index = pd.Index(list(members), dtype=object, name=keys.name)
    return pd.Series(members, index=index, dtype=object), pd.Series(roles, index=index, dtype=object)


def _flagged(
    table: gpd.GeoDataFrame,
    areas: gpd.GeoDataFrame,
    members: pd.Series[str],
    kept: Borders,
    options: CandidateOptions,
) -> gpd.GeoDataFrame:
    """Say of each candidate area whether it is above the ceiling, and whether corners alone hold it together."""
    ceiling = np.inf if options.max_population is None else options.max_population
    flags = pd.DataFrame({"above": table["residents"] > ceiling, "corner": False}, index=table.index)
    if options.contact == "corner" and len(table):
        one, other = kept.neighbours
        by_border = AreaGraph.of(np.zeros(len(areas)), one, other, np.ones(len(one)))
        place = pd.Series(np.arange(len(areas)), index=areas.index)[members.index]
        flags["corner"] = place.groupby(members).agg(lambda own: len(by_border.groups(own)) > 1).astype(bool)
    return _before_geometry(table, flags)


def _before_geometry(table: gpd.GeoDataFrame, columns: pd.DataFrame) -> gpd.GeoDataFrame:
    """Add columns; the geometry stays last. A rate that is called like a column of the table gets the ending _rate."""
    taken = set(table.columns)
    new = columns.rename(columns=lambda name: f"{name}_rate" if name in taken else name).reindex(table.index)
    words = pd.DataFrame(table.drop(columns="geometry")).join(new)
    return gpd.GeoDataFrame(words, geometry=table.geometry, crs=table.crs)


def _p_selected(stability: Stability | None, keys: pd.Index) -> pd.Series[float] | None:
    if stability is None:
        return None
    expects(stability, Stability, "candidate_areas: stability", "stability = shortlist.stability()")
    if not keys.isin(stability.table.index).all():
        raise SpecError("candidate_areas: the stability is of other areas; make it of this shortlist.")
    return stability.table["p_selected"].reindex(keys).astype(float)


def _persons(missing: pd.DataFrame | None) -> pd.Series[float] | None:
    if missing is None:
        return None
    expects(missing, pd.DataFrame, "candidate_areas: missing", "missing = shortlist.missing()")
    if "persons" not in missing.columns:
        raise ColumnError.not_found("persons", missing.columns, "candidate_areas: missing")
    return missing["persons"].astype(float)
