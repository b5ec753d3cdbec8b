"""Areas that are like an area: by the distance of declared indicators, and only where chance leaves them alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import count_noun, expects
from quartiersatlas.base.checks import names as names_of
from quartiersatlas.catalogue.texts import number_text, pick, text, value_text
from quartiersatlas.errors import ColumnError, SpecError, list_some
from quartiersatlas.indicators.rates import rates
from quartiersatlas.intake import AreaData

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quartiersatlas.catalogue import Lang

    Floats = NDArray[np.float64]

STABLE = 0.5  # probability to be among the nearest from which on an area is a twin
FEWEST_AREAS = 10  # with fewer areas a nearest one says nothing
OWN = ""  # the city of the data itself, where no other city is given


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Twins:
    """Areas that are like the areas asked for.

    Parameters
    ----------
    table : DataFrame
        One row per area and twin, by name: ``area``, ``name``, ``city``, ``twin``, ``twin_name``, ``distance``,
        ``probability`` (to be among the nearest when the counts are drawn again). Never ranked.
    near : DataFrame
        The same for the areas that are near by their counts, but not stably.
    indicators : tuple of str
        What they are compared by.
    reliability : Series of float
        Of each indicator, in [0, 1]: how much of its differences is more than chance.
    number : int
        So many nearest areas were looked at.
    names : Series of str
        The areas asked for.
    labels : tuple of (str, str)
        What the indicators are called, in German and English.
    call : mapping of str to object
        The options, to look for them again; empty in what has left.
    """

    table: pd.DataFrame
    near: pd.DataFrame
    indicators: tuple[str, ...]
    reliability: pd.Series[float]
    number: int
    names: pd.Series[str]
    labels: tuple[tuple[str, str], ...] = ()
    call: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def text(self, lang: Lang = "de") -> str:
        """Return the twins in sentences.

        Parameters
        ----------
        lang : {"de", "en"}, default "de"
            Language.

        Returns
        -------
        str
            One line per area, then what the comparison rests on.
        """
        lines = []
        for key, name in zip(self.names.index.astype(str), self.names, strict=True):
            rows = self.table[self.table["area"].eq(key)]
            if not len(rows):
                lines.append(text("twins_none", lang, name=name))
                continue
            found = [
                text(
                    "twins_one",
                    lang,
                    name=f"{twin}, {city}" if city else twin,
                    share=value_text(100 * float(share), 0, "%", lang),
                )
                for twin, city, share in zip(rows["twin_name"], rows["city"], rows["probability"], strict=True)
            ]
            lines.append(text("twins_some", lang, name=name, twins="; ".join(found)))
        number = number_text(self.number, 0, lang)
        named = ", ".join(pick(lang, *label) for label in self.labels)
        return "\n".join([*lines, text("twins_how", lang, number=number, names=named)])

    def __repr__(self) -> str:
        stable = self.table["area"].nunique()
        return (
            f"Twins of {len(self.names)} areas by {', '.join(self.indicators)}: {len(self.table)} stable "
            f"(of {stable} areas; probability at least {STABLE:g})"
        )

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.text('en'))}</pre>"


def twins(
    data: AreaData,
    areas: str | Iterable[str],
    *,
    indicators: str | Iterable[str] | None = None,
    others: Mapping[str, AreaData] | None = None,
    number: int = 5,
    runs: int = 300,
    seed: int | np.random.Generator | None = None,
) -> Twins:
    """Return the areas that are most like some areas, where chance leaves them so.

    Parameters
    ----------
    data : AreaData
        Joined data with rates from counts.
    areas : str or list of str
        Keys of the areas whose twins are looked for.
    indicators : list of str, optional
        Rates from counts to compare by. If not given: all that are no mere context; the share of migration background
        is never among them unless it is named.
    others : mapping of str to AreaData, optional
        City -> its joined data: twins are looked for there and not in the own city. Indicators must be defined alike
        and be of the same date.
    number : int, default 5
        So many nearest areas.
    runs : int, default 300
        How often the counts are drawn again.
    seed : int or Generator, optional
        For draws that can be repeated.

    Returns
    -------
    Twins
        Twins by name, with the probability to be among the nearest; none below 0.5. Made of exact counts: for the
        house.

    Raises
    ------
    ArgumentError
        The data are something else.
    ColumnError
        An area or indicator is not there.
    SpecError
        An indicator has no counts, is defined otherwise or of another date in another city, there are fewer than 10
        areas, or too few to have so many nearest ones.

    Notes
    -----
    The distance is Euclidean, over the z-scores of each indicator over all areas together times the root of its
    reliability: the mean weight of the areas' own rates when they are shrunken (:func:`rates`). Areas with an unknown
    count have no twins and are none. In every run each count is drawn from the binomial of its rate, and the nearest
    areas are found anew.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> import shapely
    >>> import quartiersatlas as qa
    >>> keys = [f"{number:02}" for number in range(12)]
    >>> shapes = [shapely.box(x, 0, x + 1000, 1000) for x in range(0, 12000, 1000)]
    >>> areas = gpd.GeoDataFrame({"name": keys}, index=keys, geometry=shapes, crs="EPSG:25832")
    >>> poor = [300.0, 305, *range(900, 1900, 100)]
    >>> table = pd.DataFrame({"poor": poor, "residents": [3000.0] * 12}, index=keys)
    >>> data = qa.add_rates(qa.join(areas, table), {"poverty": ("poor", "residents")})
    >>> qa.twins(data, "00", indicators="poverty", number=1, seed=1).table["twin"].tolist()
    ['01']
    """
    expects(data, AreaData, "twins", "data = qa.join(areas, table)")
    expects(others or {}, Mapping, "twins: others", 'others={"Halle": data_halle}')
    asked = names_of(areas, "twins: areas")
    absent = [key for key in asked if key not in data.areas.index]
    if absent:
        raise ColumnError(f"twins: there are no areas {list_some(absent)}.")
    _refuse_odd_numbers(number=number, runs=runs)
    chosen = _indicators(data, indicators)
    cities = {OWN: data, **(others or {})}
    for city, one in (others or {}).items():
        expects(one, AreaData, f"twins: others[{city!r}]", "data = qa.join(areas, table)")
        _refuse_unlike(data, one, city, chosen)
    x, n = _counts(cities, chosen)
    index = pd.MultiIndex.from_tuples(x.index, names=["city", "key"])
    own = index.get_level_values("city") == OWN
    candidates = np.flatnonzero(~own) if others else np.flatnonzero(own)
    if len(candidates) < (wanted := max(FEWEST_AREAS, number + 2)):
        raise SpecError(
            f"twins: {count_noun(len(candidates), 'area')} with all counts known: too few for the {number} nearest. "
            f"At least {wanted} are needed. Compare them one by one."
        )
    targets = [key for key in asked if (OWN, key) in index]
    rows = np.array([index.get_loc((OWN, key)) for key in targets], dtype=int)
    weights = np.sqrt([rates(x[name], n[name])["reliability"].mean() for name in chosen])
    rate = (x / n).to_numpy()
    distance, nearest = _nearest(rate, weights, rows, candidates, number)
    hits, rng, persons = np.zeros((len(rows), len(index))), np.random.default_rng(seed), n.to_numpy()
    for _ in range(runs):
        _, again = _nearest(rng.binomial(persons.astype(int), rate) / persons, weights, rows, candidates, number)
        np.add.at(hits, (np.arange(len(rows))[:, None], again), 1.0)
    found = _table(cities, index, targets, nearest, distance, hits / runs)
    stable = found["probability"].ge(STABLE)
    return Twins(
        table=found[stable].reset_index(drop=True),
        near=found[~stable].reset_index(drop=True),
        indicators=chosen,
        reliability=pd.Series(weights**2, index=list(chosen), name="reliability"),
        number=number,
        names=data.areas["name"].loc[list(asked)].astype(str),
        labels=tuple((data.catalogue.get(name).label("de"), data.catalogue.get(name).label("en")) for name in chosen),
        call={
            "data": data,
            "areas": asked,
            "indicators": chosen,
            "others": others,
            "number": number,
            "runs": runs,
            "seed": seed if isinstance(seed, int) else 0,
        },
    )


def _refuse_odd_numbers(**numbers: object) -> None:
    for name, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise SpecError(f"twins: {name}={value!r} must be a whole number from 1.")


def _nearest(
    rate: Floats, weights: Floats, rows: NDArray[np.intp], candidates: NDArray[np.intp], number: int
) -> tuple[Floats, NDArray[np.intp]]:
    """Return distance and place of the nearest candidates of each row, itself left out; ties go to the first."""
    from scipy.spatial import cKDTree

    spread = rate.std(axis=0)
    z = (rate - rate.mean(axis=0)) / np.where(spread > 0, spread, 1.0) * weights
    own = np.isin(rows, candidates)
    distance, place = cKDTree(z[candidates]).query(z[rows], k=number + 1)
    place = candidates[place]
    keep = place != rows[:, None]
    keep[keep.all(axis=1) | ~own, -1] = False  # where it is not among them: the farthest goes
    return distance[keep].reshape(len(rows), number), place[keep].reshape(len(rows), number)


def _indicators(data: AreaData, indicators: str | Iterable[str] | None) -> tuple[str, ...]:
    if indicators is None:
        chosen = tuple(name for name in data.rates if data.catalogue.get(name).role != "context")
        if not chosen:
            raise SpecError("twins: all rates are context: name what areas are compared by: indicators=[...].")
    else:
        chosen = names_of(indicators, "twins: indicators")
    for name in chosen:
        if name not in data.rates:
            raise ColumnError.not_found(name, data.rates, "twins: the rates from counts")
        if not data.catalogue.get(name).rules.part_of_whole:
            raise SpecError(f"twins: {name!r} is no share of persons, so nobody knows how far chance moves it.")
    return chosen


def _refuse_unlike(data: AreaData, other: AreaData, city: str, chosen: Iterable[str]) -> None:
    """Refuse indicators that another city defines otherwise, or has of another date."""
    if data.period != other.period:
        raise SpecError(
            f"twins: the data are of {data.period or 'no date'}, those of {city!r} of {other.period or 'none'}."
        )
    for name in chosen:
        if name not in other.rates:
            raise ColumnError.not_found(name, other.rates, f"twins: the rates of {city!r}")
        both = [
            (one.kind, one.unit, one.definition("de"), one.definition("en"))
            for one in (data.catalogue.get(name), other.catalogue.get(name))
        ]
        if both[0] != both[1]:
            raise SpecError(f"twins: {name!r} is defined otherwise in {city!r}: {both[0]} and {both[1]}.")


def _counts(cities: Mapping[str, AreaData], chosen: tuple[str, ...]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return cases and persons of all indicators on (city, area), of the areas that have all of them."""
    parts = {}
    for city, data in cities.items():
        pairs = {name: data.parts(name) for name in chosen}
        x, n = (pd.DataFrame({name: pair[side] for name, pair in pairs.items()}) for side in (0, 1))
        known = x.notna().all(axis=1) & n.gt(0).all(axis=1)
        parts[city] = (x[known], n[known])
    x, n = (pd.concat({city: part[side] for city, part in parts.items()}, names=["city", "key"]) for side in (0, 1))
    return x.round(), n.round()


def _table(
    cities: Mapping[str, AreaData],
    index: pd.MultiIndex,
    targets: list[str],
    nearest: NDArray[np.intp],
    distance: Floats,
    probability: Floats,
) -> pd.DataFrame:
    """Return the nearest areas and those that often are, by name."""
    rows = []
    for number, key in enumerate(targets):
        apart = dict(zip(nearest[number], distance[number], strict=True))
        often = set(np.flatnonzero(probability[number] >= STABLE)) | set(apart)
        for place in often:
            city, twin = map(str, index[int(place)])
            names = (str(cities[OWN].areas.loc[key, "name"]), str(cities[city].areas.loc[twin, "name"]))
            distant = float(apart.get(place, np.nan))
            rows.append((key, names[0], city, twin, names[1], distant, float(probability[number, place])))
    columns = ["area", "name", "city", "twin", "twin_name", "distance", "probability"]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values(["name", "area", "twin_name", "city", "twin"], kind="stable").reset_index(drop=True)
