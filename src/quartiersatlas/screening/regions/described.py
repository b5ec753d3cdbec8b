"""What is told of candidate areas: residents, rates, shape, names, how certain they are, and what is left over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from quartiersatlas.catalogue import text
from quartiersatlas.space.neighbours import dissolved

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.intake import AreaData

FEW_PERSONS = 10  # an area that is missing no more on the list is borderline
DIRECTIONS = ("e", "ne", "n", "nw", "w", "sw", "s", "se")  # by angle, from east on
BEGIN = ["name", "key", "n_areas", "residents", "hectares"]


def candidate_table(
    areas: gpd.GeoDataFrame, members: pd.Series[str], roles: pd.Series[str], people: pd.Series[float], tolerance: float
) -> gpd.GeoDataFrame:
    """Return one row per candidate area, in the order in which the members name them.

    Parameters
    ----------
    areas : GeoDataFrame
        All areas.
    members, roles : Series of str
        Key -> candidate area, and ``"selected"``, ``"hole"`` or ``"bridge"``.
    people : Series of float
        Residents of each area.
    tolerance : float
        Gap in metres that is closed within an area.

    Returns
    -------
    GeoDataFrame
        name and key of the selected member with most residents, n_areas, residents, hectares, compactness
        (``4 pi area / perimeter^2``, 1 for a circle), geometry.
    """
    rows = []
    for _, group in members.groupby(members, sort=False):
        parts = areas.loc[group.index]
        own = people[group.index]
        of_selected = own[roles[group.index].eq("selected")].sort_index()
        largest = of_selected.index[int(of_selected.fillna(-1).to_numpy().argmax())]
        shape = dissolved(parts, tolerance=tolerance)
        rows.append(
            {
                "name": str(areas["name"][largest]),
                "key": str(largest),
                "n_areas": len(parts),
                "residents": float(own.sum()),
                "hectares": shape.area / 1e4,
                "compactness": 4 * np.pi * shape.area / shape.length**2,
                "geometry": shape,
            }
        )
    columns = [*BEGIN, "compactness", "geometry"]
    table = gpd.GeoDataFrame(rows, columns=columns, geometry="geometry", crs=areas.crs)
    table.index = pd.Index(members.unique(), name="candidate", dtype=object)
    return table


def rates_of(data: AreaData, members: pd.Series[str]) -> pd.DataFrame:
    """Return the rates of candidate areas from their counts, on the candidate area.

    A rate is NaN where a count of an inhabited member is unknown: the sum would be of another area. A member without
    residents may have no counts.
    """
    found = {}
    people = data.residents() if data.population is not None else pd.Series(np.nan, index=data.areas.index)
    inhabited = people.ne(0)
    for name in data.rates:
        x, n = (column[members.index] for column in data.parts(name))
        known = x.notna() & n.notna()
        unknown = (~known & inhabited[members.index]).groupby(members).any()
        sums = pd.DataFrame({"x": x.where(known, 0.0), "n": n.where(known, 0.0)}).groupby(members).sum()
        rate = sums["x"] / sums["n"].where(sums["n"] > 0) * data.catalogue.get(name).per
        found[name] = rate.mask(unknown)
    return pd.DataFrame(found, index=pd.Index(members.unique(), dtype=object))


def certainty(p: pd.Series[float], members: pd.Series[str], people: pd.Series[float]) -> pd.DataFrame:
    """Return how often the members of candidate areas are selected: on average by residents, and the least often one.

    Parameters
    ----------
    p : Series of float
        Share of the runs in which an area is selected.
    members : Series of str
        Key of selected areas -> candidate area.
    people : Series of float
        Residents.
    """
    own = p.reindex(members.index).astype(float)
    weight = people[members.index].where(own.notna()).astype(float)
    sums = (own * weight).groupby(members).sum() / weight.groupby(members).sum().replace(0.0, np.nan)
    return pd.DataFrame({"p_selected": sums, "p_lowest": own.groupby(members).min()})


def borderline_neighbours(
    pairs: tuple[NDArray[np.intp], NDArray[np.intp]],
    keys: pd.Index,
    members: pd.Series[str],
    selected: pd.Series[bool],
    p: pd.Series[float] | None,
    persons: pd.Series[float] | None,
    limits: tuple[float, float],
) -> pd.DataFrame:
    """Return the areas beside candidate areas that are nearly selected: in some runs, or few persons are missing.

    Parameters
    ----------
    pairs : (ndarray of int, ndarray of int)
        Positions of neighbours among the keys.
    keys : Index
        All areas.
    members, selected : Series
        Key -> candidate area, and whether it is selected.
    p, persons : Series of float, optional
        Share of the runs that select an area; persons that are missing for it to be selected.
    limits : (float, float)
        Shares of runs between which an area is borderline, both included.

    Returns
    -------
    DataFrame
        One row per candidate area and neighbour: candidate, key, p_selected, persons.
    """
    one, other = (np.concatenate(both) for both in (pairs, pairs[::-1]))
    beside = pd.DataFrame({"candidate": members.reindex(keys[one]).to_numpy(), "key": keys[other]}).dropna()
    beside = beside[~beside["key"].isin(members.index) & ~beside["key"].map(selected).astype(bool)]
    nothing = pd.Series(np.nan, index=keys)
    beside["p_selected"] = beside["key"].map(nothing if p is None else p).astype(float)
    beside["persons"] = beside["key"].map(nothing if persons is None else persons).astype(float)
    near = beside["p_selected"].between(*limits) | beside["persons"].le(FEW_PERSONS)
    found = beside[near].drop_duplicates(["candidate", "key"])
    place = found["candidate"].map({name: place for place, name in enumerate(members.unique())})
    return found.assign(place=place).sort_values(["place", "key"]).drop(columns="place").reset_index(drop=True)


def left_over(
    areas: gpd.GeoDataFrame,
    groups: list[pd.Index],
    selected: pd.Series[bool],
    people: pd.Series[float],
    floor: float,
    candidates: gpd.GeoDataFrame,
) -> pd.DataFrame:
    """Return the selected areas in no candidate area.

    Parameters
    ----------
    areas : GeoDataFrame
        All areas.
    groups : list of Index
        Keys of connected groups, with the holes in them.
    selected, people : Series
        Which areas are selected, and their residents.
    floor : float
        Least residents of a candidate area.
    candidates : GeoDataFrame
        The candidate areas.

    Returns
    -------
    DataFrame
        On the key: group (its first key), residents of the group, short (residents missing for the floor), nearest
        candidate area and its distance in metres. NaN where a member's residents are unknown, or nobody is near.
    """
    columns = ["group", "residents", "short", "nearest", "distance"]
    rows: list[tuple[str, str, float, float, object, float]] = []
    tree = shapely.STRtree(candidates.geometry.to_numpy())
    for group in groups:
        own = sorted(group[selected[group].to_numpy(dtype=bool)])
        living = float(people[group].sum(skipna=False))
        nearest, distance = None, np.nan
        if len(candidates):
            shape = areas.loc[own].geometry.union_all()
            place = int(tree.query_nearest(shape, all_matches=True).min())
            nearest, distance = candidates.index[place], float(shapely.distance(shape, candidates.geometry.iloc[place]))
        rows += [(key, own[0], living, floor - living, nearest, distance) for key in own]
    found = pd.DataFrame(rows, columns=["key", *columns]).set_index("key").sort_index(kind="stable")
    found.index = pd.Index(found.index, dtype=object, name=areas.index.name)
    return found.astype({"residents": float, "short": float, "distance": float})


def shown_names(table: gpd.GeoDataFrame, lang: Lang) -> pd.Series[str]:
    """Return the names of candidate areas as they are shown; doubles are told apart by where they lie to each other.

    Examples
    --------
    >>> squares = [shapely.box(x, 0, x + 1, 1) for x in (0, 10)]
    >>> rows = gpd.GeoDataFrame({"name": ["Markt"] * 2, "n_areas": [1, 3]}, index=["P1", "P2"], geometry=squares)
    >>> shown_names(rows, "de").tolist()
    ['Markt (West)', 'Markt und Umgebung (Ost)']
    """
    names = {}
    for name, same in table.groupby("name", sort=False):
        where = _directions(same) if len(same) > 1 else {}
        for key, row in same.iterrows():
            words = text("candidate_name_around", lang, name=name) if row["n_areas"] > 1 else str(name)
            suffix = where.get(key)
            names[key] = f"{words} ({_direction(suffix, lang)})" if suffix else words
    return pd.Series(names, dtype="str").reindex(table.index)


def _direction(suffix: tuple[str, int], lang: Lang) -> str:
    direction, number = suffix
    return text(f"compass_{direction}", lang) + (f" {number}" if number else "")


def _directions(table: pd.DataFrame) -> Mapping[object, tuple[str, int]]:
    """Return for each shape its direction from the centre of all, with a number where two lie in the same one."""
    centres = shapely.get_coordinates(shapely.centroid(table["geometry"].to_numpy()))
    x, y = (centres - centres.mean(axis=0)).T
    steps = np.round(np.degrees(np.arctan2(y, x)) / 45).astype(int) % 8
    found = pd.Series([DIRECTIONS[step] for step in steps], index=table.index)
    number = (found.groupby(found).cumcount() + 1).where(found.duplicated(keep=False), 0)
    return {key: (found[key], int(number[key])) for key in table.index}
