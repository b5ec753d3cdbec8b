"""What is in reach: residents within distances of facilities, and the places that they share with others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from quartiersatlas.base.checks import choice, count_noun, expects
from quartiersatlas.catalogue import Message
from quartiersatlas.catalogue.texts import check_lang, number_text, percent_text, place_words, text
from quartiersatlas.errors import ColumnError, CountError, GeometryError, InputError, KeyColumnError, list_some
from quartiersatlas.intake.joining.data import checked_counts
from quartiersatlas.intake.networks import Network
from quartiersatlas.space.lived_places import lived_places, refuse_limits, refuse_no_place, same_crs
from quartiersatlas.space.walks import Walks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from numpy.typing import NDArray

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.intake import AreaData
    from quartiersatlas.space.lived_places import LivedPlaces

    Floats: TypeAlias = NDArray[np.float64]
    Ints: TypeAlias = NDArray[np.intp]

INCLUSIVE = 1e-6  # metres: a limit that is met exactly holds
DETOUR = 1.3  # of walks, by the straight line: Helsinki's centre has a median of 1.39, a grid of streets 1.26
ASKS_NETWORK = 0.1  # share of residents behind a barrier from which a network is asked for
ELSEWHERE = 50_000.0  # metres from anybody: another city, or wrong coordinates
FACILITIES = 'facilities = qa.read_points("schools.csv", x="lon", y="lat", crs="EPSG:4326", to_crs="EPSG:25832")'


def access(
    people: gpd.GeoDataFrame | AreaData,
    facilities: gpd.GeoDataFrame,
    within: float | Sequence[float] = (300, 500, 1000),
    *,
    population: str | None = None,
    area: str | None = None,
    areas: gpd.GeoDataFrame | AreaData | None = None,
    capacity: str | None = None,
    catchment: float | None = None,
    network: Network | None = None,
    barriers: gpd.GeoDataFrame | None = None,
    missing: Literal["raise", "report"] = "raise",
) -> Access:
    """Count the residents of each area within distances of the nearest facility, and the places that are in reach.

    Parameters
    ----------
    people : GeoDataFrame or AreaData
        Cells or address points with persons, in metres. Of areas, the centres are taken, with a warning.
    facilities : GeoDataFrame
        Points in the same system, those beyond the border of the city included.
    within : float or sequence of float, default (300, 500, 1000)
        Distances in metres; a limit that is met exactly holds.
    population : str, optional
        Column with the persons: of those who need the facility (children of 3 to 5 for day care), not of all.
    area : str, optional
        Column with the key of the area of a cell.
    areas : GeoDataFrame or AreaData, optional
        Outlines on the district key: a cell lies in the area that holds its centre, where ``area`` does not say it.
        Joined data also say what the city is called.
    capacity : str, optional
        Column of the facilities with their places: the two-step floating catchment is added.
    catchment : float, optional
        Its radius in metres; the largest distance of ``within``, if not given.
    network : Network, optional
        Ways as :func:`read_network` returns them; the straight line, if not given.
    barriers : GeoDataFrame, optional
        Rivers, railways, motorways: how many residents have one between them and their nearest facility?
    missing : {"raise", "report"}, default "raise"
        What becomes of cells more than 200 m from any way: refused, or counted as not in reach and named in the notes.

    Returns
    -------
    Access
        ``.table`` per area, ``.city``, ``.facilities``, ``.text()``; add it to the data by :func:`add_reach`.

    Raises
    ------
    ColumnError, CountError, InputError, KeyColumnError
        A column is not there, persons or places are no counts, nothing is given, or facilities have the same key.
    GeometryError
        Coordinates are missing, in degrees, in another system, at 0/0, or more than 50 km from anybody.
    ArgumentError, SpecError
        An argument is of another type, or none of the known words.

    Warns
    -----
    UserWarning
        Distances start at the centres of areas.

    Notes
    -----
    Two-step floating catchment [1]_: ``R_j = S_j / sum_{d_ij <= r} P_i`` places per person at a facility, and
    ``A_i = sum_{d_ij <= r} R_j`` at a cell. ``sum_i A_i P_i`` is the capacity of all facilities that anybody reaches.

    References
    ----------
    .. [1] Luo, W. & Wang, F. (2003). Measures of spatial accessibility to health care in a GIS environment. Environment
           and Planning B 30(6), 865-884.

    Examples
    --------
    >>> points = shapely.points([[0, 0], [400, 0], [900, 0]])
    >>> cells = gpd.GeoDataFrame({"residents": [100.0, 50, 50], "area": ["A", "A", "B"]}, geometry=points)
    >>> stop = gpd.GeoDataFrame(index=["stop"], geometry=shapely.points([[100, 0]]), crs="EPSG:25832")
    >>> found = access(cells.set_crs("EPSG:25832"), stop, [300, 500], population="residents", area="area")
    >>> found.table["within_300"].to_dict(), float(found.city["share_300"])
    ({'A': 150.0, 'B': 0.0}, 0.75)
    """
    choice(missing, ("raise", "report"), "missing")
    limits = refuse_limits(within, "access: within")
    if limits[0] <= 0:
        raise CountError(f"access: within takes distances in metres above 0, not {limits[0]:g}.")
    places = lived_places(people, "access", population=population, area=area, areas=areas)
    _check_facilities(facilities, places)
    if network is not None:
        expects(network, Network, "access: network", 'network = qa.read_network("ways.gpkg", to_crs="EPSG:25832")')
        if network.crs != places.crs:
            raise GeometryError(
                f"access: the network is in {network.crs.to_string()}, the cells in {places.crs.to_string()}."
            )
    radius = float(catchment) if catchment is not None else limits[-1]
    goals = shapely.get_coordinates(shapely.centroid(facilities.geometry.to_numpy()))
    ways = _Straight(places.points, goals) if network is None else Walks.between(network, places.points, goals)
    notes = [*places.notes, *_facility_notes(facilities, goals, places)]
    if isinstance(ways, Walks):
        notes += ways.notes(missing)
    distance, nearest = ways.nearest()
    cells = pd.DataFrame(
        {"persons": places.persons, "area": places.area, "distance": distance, "nearest": facilities.index[nearest]},
        index=places.keys,
    )
    cells["edge"] = _near_border(places, max(radius, limits[-1]))
    supply = pd.DataFrame(index=facilities.index).assign(
        nearest_for=_per_facility(nearest, np.nan_to_num(places.persons), len(goals))
    )
    if capacity is not None:
        supply, cells["places"] = _floating_catchment(facilities, capacity, ways.pairs(radius), places, supply)
    notes += _behind_barriers(barriers, places, goals[nearest])
    table = _table(cells, places, limits, straight=network is None)
    how: Literal["straight", "network"] = "straight" if network is None else "network"
    spec = AccessSpec(limits, how, capacity, radius if capacity is not None else None)
    return Access(
        spec=spec,
        table=_with_shares(table),
        city=_city(table),
        facilities=supply,
        cells=cells,
        notes=tuple(notes),
        city_name=places.city,
    )


@dataclass(frozen=True)
class AccessSpec:
    """Distances, straight line or network, column and radius of the places."""

    within: tuple[float, ...]
    how: Literal["straight", "network"]
    capacity: str | None = None
    catchment: float | None = None


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Access:
    """What is in reach of the residents of each area.

    Parameters
    ----------
    spec : AccessSpec
        How distances were taken.
    table : DataFrame
        On the area: ``persons``, for each distance ``within_300`` persons and ``share_300`` (a fraction), by the
        straight line also ``cautious_300`` (persons within 300 m if every walk is 1.3 times as long),
        ``mean_distance`` in metres, ``edge`` (persons nearer to the border of the city than the farthest distance:
        facilities beyond it may be missing), and with capacity ``places`` and ``places_per_1000``. NaN where the
        persons of a cell are unknown.
    city : Series
        The same of all areas whose persons are known.
    facilities : DataFrame
        On the key: ``nearest_for`` so many persons, and with capacity ``places``, ``persons`` in reach, ``ratio``.
    cells : DataFrame
        Persons, area, distance and nearest facility of each cell: they never leave.
    notes : tuple of Message
        What a reader has to know.
    city_name : str
        What the city is called; empty where nobody said it.
    """

    spec: AccessSpec
    table: pd.DataFrame
    city: pd.Series[float]
    facilities: pd.DataFrame
    cells: pd.DataFrame
    notes: tuple[Message, ...] = ()
    city_name: str = ""

    @property
    def counted(self) -> tuple[str, ...]:
        """The columns of the table that count persons, besides all of them."""
        return tuple(f"within_{limit:g}" for limit in self.spec.within)

    def label(self, column: str, lang: Lang) -> str:
        """Return what a column of counts is called."""
        names = {"straight": "reach_within_straight", "network": "reach_within_network"}
        return text(names[self.spec.how], lang, distance=column.removeprefix("within_"))

    def text(self, lang: Lang = "de") -> str:
        """Return the shares of the city in sentences, with how distances were taken.

        Parameters
        ----------
        lang : {"de", "en"}, default "de"
            Language.

        Notes
        -----
        Says values as they are: what is published goes through a release.
        """
        check_lang(lang)
        said = place_words(self.city_name)
        lines = [
            text(
                "reach_city",
                lang,
                share=percent_text(float(self.city[f"share_{limit:g}"]), lang),
                where=self.label(f"within_{limit:g}", lang),
                **said,
            )
            for limit in self.spec.within
        ]
        lines.append(text({"straight": "reach_straight", "network": "reach_network"}[self.spec.how], lang))
        if self.spec.capacity is not None:
            per_1000 = number_text(float(self.city["places_per_1000"]), 0, lang)
            radius = number_text(self.spec.catchment or 0, 0, lang)
            lines.append(text("reach_places", lang, n=per_1000, distance=radius))
        return "\n".join([*lines, *(text(note.name, lang, **said, **note.values) for note in self.notes)])

    def __repr__(self) -> str:
        facilities = count_noun(len(self.facilities), "facility", "facilities")
        line = f"Access: {count_noun(len(self.table), 'area')}, {facilities}"
        return f"{line}, {self.spec.how}\n{self.text('en')}"

    def _repr_html_(self) -> str:
        return f"{self.table.to_html(escape=True)}<pre>{self.text('en')}</pre>"


class _Straight:
    """Distances as the crow flies."""

    def __init__(self, points: Floats, goals: Floats) -> None:
        from scipy.spatial import cKDTree

        self.points, self.tree = points, cKDTree(goals)

    def nearest(self) -> tuple[Floats, Ints]:
        distance, number = self.tree.query(self.points)
        return np.asarray(distance, dtype=float), np.asarray(number, dtype=np.intp)

    def pairs(self, radius: float) -> tuple[Ints, Ints]:
        from scipy.spatial import cKDTree

        near = cKDTree(self.points).sparse_distance_matrix(self.tree, radius + INCLUSIVE, output_type="ndarray")
        return near["i"], near["j"]


def _check_facilities(facilities: gpd.GeoDataFrame, places: LivedPlaces) -> None:
    """Refuse facilities without a usable place, twice the same key, or somewhere else."""
    from scipy.spatial import cKDTree

    expects(facilities, gpd.GeoDataFrame, "access: facilities", FACILITIES)
    if facilities.empty:
        raise InputError("access: there are no facilities.")
    same_crs(facilities, places.crs, "access", "facilities")
    shapes = facilities.geometry.to_numpy()
    refuse_no_place(shapes, facilities.index, "access: facilities")
    twice = facilities.index[facilities.index.duplicated()].unique()
    if len(twice):
        raise KeyColumnError(
            f"access: {count_noun(len(twice), 'facility has', 'facilities have')} the key of another: "
            f"{list_some(twice)}. Its places would count twice: give each its own key, or drop the row.",
            map(str, twice),
        )
    goals = shapely.get_coordinates(shapely.centroid(shapes))
    zero = (goals == 0).all(axis=1)
    far = cKDTree(places.points).query(goals)[0] > ELSEWHERE
    for wrong, why in ((zero & far, "at 0/0, which stands for no coordinates"), (far, "more than 50 km from anybody")):
        if wrong.any():
            raise GeometryError(
                f"access: {count_noun(int(wrong.sum()), 'facility is', 'facilities are')} {why}: "
                f"{list_some(facilities.index[wrong])}. Correct the coordinates, or leave the rows out."
            )


def _facility_notes(facilities: gpd.GeoDataFrame, goals: Floats, places: LivedPlaces) -> list[Message]:
    """Say which facilities share a place, and how many lie outside the areas."""
    notes = []
    same = int(pd.DataFrame(goals).duplicated().sum())
    if same:
        notes.append(Message("reach_same_place", {"count": same}))
    if places.areas is not None:
        found = shapely.STRtree(places.areas.geometry.to_numpy()).query(shapely.points(goals), predicate="intersects")[
            0
        ]
        beyond = len(facilities) - len(np.unique(found))
        notes.append(Message("reach_beyond", {"count": beyond}) if beyond else Message("reach_none_beyond"))
    return notes


def _near_border(places: LivedPlaces, distance: float) -> NDArray[np.bool_]:
    """Return which places lie so near to the border of all areas that facilities beyond it are in reach."""
    near = np.zeros(len(places.points), dtype=bool)
    if places.areas is None:
        return near
    border = shapely.boundary(shapely.union_all(places.areas.geometry.to_numpy()))
    parts = shapely.get_parts(border)
    ends = [shapely.get_coordinates(part) for part in parts]
    segments = np.concatenate([np.stack([line[:-1], line[1:]], axis=1) for line in ends])
    sides: NDArray[np.object_] = np.asarray(shapely.linestrings(segments), dtype=object)
    tree = shapely.STRtree(sides)
    points = shapely.points(places.points)
    first, _ = tree.query_nearest(points, max_distance=distance, all_matches=False)
    near[first] = True
    return near


def _per_facility(nearest: Ints, persons: Floats, n: int) -> Floats:
    return np.asarray(np.bincount(nearest, persons, minlength=n), dtype=float)


def _floating_catchment(
    facilities: gpd.GeoDataFrame, capacity: str, pairs: tuple[Ints, Ints], places: LivedPlaces, supply: pd.DataFrame
) -> tuple[pd.DataFrame, Floats]:
    """Return places per person at each facility, and what a person finds at each cell."""
    if capacity not in facilities.columns:
        raise ColumnError.not_found(capacity, facilities.columns, "The facilities")
    offered = checked_counts(facilities[capacity]).to_numpy(dtype=float)
    if np.isnan(offered).any():
        unknown = facilities.index[np.isnan(offered)]
        raise CountError(
            f"access: {count_noun(len(unknown), 'facility has', 'facilities have')} no number in {capacity!r}: "
            f"{list_some(unknown)}. Fill them in, or leave capacity out and count facilities alone."
        )
    persons, (cell, goal) = np.nan_to_num(places.persons), pairs
    demand = np.bincount(goal, persons[cell], minlength=len(offered))
    ratio = np.divide(offered, demand, out=np.full(len(offered), np.nan), where=demand > 0)
    found = np.bincount(cell, np.nan_to_num(ratio)[goal], minlength=len(persons))
    return supply.assign(places=offered, persons=demand, ratio=ratio), np.asarray(found, dtype=float)


def _behind_barriers(barriers: gpd.GeoDataFrame | None, places: LivedPlaces, goals: Floats) -> list[Message]:
    """Say how many residents have a barrier before their nearest facility, and whether that asks for a network."""
    if barriers is None:
        return []
    expects(barriers, gpd.GeoDataFrame, "access: barriers", 'barriers = geopandas.read_file("river.gpkg")')
    same_crs(barriers, places.crs, "access", "barriers")
    lines = shapely.linestrings(np.stack([places.points, goals], axis=1))
    crossing = np.unique(shapely.STRtree(barriers.geometry.to_numpy()).query(lines, predicate="intersects")[0])
    persons = np.nan_to_num(places.persons)
    share = float(persons[crossing].sum() / persons.sum()) if persons.sum() > 0 else 0.0
    said = {"share": (percent_text(share, "de"), percent_text(share, "en"))}
    return [Message("reach_barriers_network" if share > ASKS_NETWORK else "reach_barriers", said)]


def _table(cells: pd.DataFrame, places: LivedPlaces, limits: tuple[float, ...], *, straight: bool) -> pd.DataFrame:
    """Return persons in reach by area."""
    persons, distance = cells["persons"].fillna(0), cells["distance"]
    columns = {"persons": persons}
    columns |= {f"within_{limit:g}": persons.where(distance <= limit + INCLUSIVE, 0.0) for limit in limits}
    if straight:
        cautious = distance * DETOUR
        columns |= {f"cautious_{limit:g}": persons.where(cautious <= limit + INCLUSIVE, 0.0) for limit in limits}
    reached = np.isfinite(distance)
    columns |= {
        "reached": persons.where(reached, 0.0),
        "metres": (persons * distance).where(reached & persons.gt(0), 0.0),
    }
    columns["edge"] = persons.where(cells["edge"], 0.0)
    if "places" in cells:
        columns["places"] = persons * cells["places"]
    return places.summed(pd.DataFrame(columns))


def _with_shares(table: pd.DataFrame) -> pd.DataFrame:
    persons = table["persons"].where(table["persons"] > 0)
    for column in [name for name in table.columns if name.startswith("within_")]:
        table = table.assign(**{column.replace("within_", "share_"): table[column] / persons})
    table = table.assign(mean_distance=table["metres"] / table["reached"].where(table["reached"] > 0))
    if "places" in table:
        table = table.assign(places_per_1000=1000 * table["places"] / persons)
    return table.drop(columns=["metres", "reached"])


def _city(table: pd.DataFrame) -> pd.Series[float]:
    whole = table.dropna(subset=["persons"]).sum().to_frame().T
    return _with_shares(whole).iloc[0]
