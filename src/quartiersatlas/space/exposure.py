"""Who lives in polygons of noise, heat or flood: by the share of a cell's surface, or by its centre."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from quartiersatlas.base.checks import choice, count_noun, expects
from quartiersatlas.catalogue import Message
from quartiersatlas.catalogue.texts import check_lang, percent_text, place_words, text
from quartiersatlas.errors import ColumnError, GeometryError, InputError, list_some
from quartiersatlas.space.lived_places import lived_places, refuse_limits, refuse_no_place, same_crs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from numpy.typing import NDArray

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.intake import AreaData
    from quartiersatlas.space.lived_places import LivedPlaces

    Floats: TypeAlias = NDArray[np.float64]
    Shapes: TypeAlias = NDArray[np.object_]

POLYGONS = (3, 6)  # shapely's numbers of Polygon and MultiPolygon


def exposure(
    people: gpd.GeoDataFrame | AreaData,
    polygons: gpd.GeoDataFrame,
    levels: float | Sequence[float],
    *,
    level: str = "level",
    population: str | None = None,
    area: str | None = None,
    areas: gpd.GeoDataFrame | AreaData | None = None,
    how: Literal["share", "centre"] = "share",
    extent: gpd.GeoDataFrame | None = None,
    unit: str = "",
) -> Exposure:
    """Count the residents of each area that live in polygons of a level and above.

    Parameters
    ----------
    people : GeoDataFrame or AreaData
        Cells or address points with persons, in metres. Of areas it is assumed that people live evenly spread.
    polygons : GeoDataFrame
        Bands, nested or side by side: of those at or above a level the union is taken, never a sum.
    levels : float or sequence of float
        Lower limits that are counted, such as ``[55, 60, 65]``.
    level : str, default "level"
        Column of the polygons with the lower limit of each band.
    population : str, optional
        Column with the persons.
    area : str, optional
        Column with the key of the area of a cell.
    areas : GeoDataFrame or AreaData, optional
        Outlines on the district key: a cell lies in the area that holds its centre, where ``area`` does not say it.
        Joined data also say what the city is called.
    how : {"share", "centre"}, default "share"
        Whether a cell counts by the share of its surface in the polygons, or whole where its centre lies in them.
        Points count by their place.
    extent : GeoDataFrame, optional
        Where the polygons were mapped. Who lives outside is unknown, not unexposed; all are taken as mapped, if not
        given, and the notes say so.
    unit : str, optional
        Unit of the levels in words, such as ``"dB(A)"``.

    Returns
    -------
    Exposure
        ``.table`` per area, ``.city``, ``.text()``; add it to the data by :func:`add_reach`.

    Raises
    ------
    ColumnError, CountError, InputError
        A column is not there, persons or levels are no numbers, or there is nothing.
    GeometryError
        Coordinates are missing, in degrees or another system, or shapes are no polygons.
    ArgumentError, SpecError
        An argument is of another type, or none of the known words.

    Examples
    --------
    >>> cells = gpd.GeoDataFrame({"residents": [100.0], "area": ["A"]}, geometry=[shapely.box(0, 0, 100, 100)])
    >>> noise = gpd.GeoDataFrame({"level": [55, 60]}, geometry=[shapely.box(0, 0, 50, 100), shapely.box(0, 0, 25, 100)])
    >>> cells, noise = cells.set_crs("EPSG:25832"), noise.set_crs("EPSG:25832")
    >>> exposure(cells, noise, [55, 60], population="residents", area="area").table.loc["A"].tolist()
    [100.0, 100.0, 50.0, 25.0, 0.0, 0.5, 0.25]
    """
    choice(how, ("share", "centre"), "how")
    limits = refuse_limits(levels, "exposure: levels")
    places = lived_places(people, "exposure", population=population, area=area, areas=areas, need_shapes=True)
    bands = _bands(polygons, level, places)
    mapped, notes = _mapped(extent, places)
    persons = np.where(mapped, np.nan_to_num(places.persons), 0.0)
    columns = {"persons": np.nan_to_num(places.persons), "mapped": persons}
    for limit in limits:
        columns[f"exposed_{limit:g}"] = persons * _inside(places, bands[0][bands[1] >= limit], how)
    columns["unmapped"] = columns["persons"] - persons
    table = places.summed(pd.DataFrame(columns, index=places.keys))
    spec = ExposureSpec(limits, how, unit)
    whole = table.dropna(subset=["persons"]).sum().to_frame().T
    return Exposure(
        spec=spec,
        table=_with_shares(table),
        city=_with_shares(whole).iloc[0],
        notes=(*places.notes, *notes),
        city_name=places.city,
    )


@dataclass(frozen=True)
class ExposureSpec:
    """Levels, by share or centre, and the unit of the levels."""

    levels: tuple[float, ...]
    how: Literal["share", "centre"]
    unit: str = ""


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Exposure:
    """Residents in polygons of a level and above.

    Parameters
    ----------
    spec : ExposureSpec
        Levels and how they were counted.
    table : DataFrame
        On the area: ``persons``, ``mapped`` (of these where the polygons were mapped), for each level ``exposed_55``
        persons and ``share_55`` (a fraction of those mapped), ``unmapped``. NaN where those of a cell are unknown.
    city : Series
        The same of all areas whose persons are known.
    notes : tuple of Message
        What a reader has to know.
    city_name : str
        What the city is called; empty where nobody said it.
    """

    spec: ExposureSpec
    table: pd.DataFrame
    city: pd.Series[float]
    notes: tuple[Message, ...] = ()
    city_name: str = ""

    @property
    def counted(self) -> tuple[str, ...]:
        """The columns of the table that count persons, besides all of them."""
        return tuple(f"exposed_{limit:g}" for limit in self.spec.levels)

    def label(self, column: str, lang: Lang) -> str:
        """Return what a column of counts is called."""
        level = f"{column.removeprefix('exposed_')} {self.spec.unit}".strip()
        return text("reach_exposed", lang, level=level)

    def text(self, lang: Lang = "de") -> str:
        """Return the shares of the city in sentences.

        Parameters
        ----------
        lang : {"de", "en"}, default "de"
            Language.

        Notes
        -----
        Says values as they are: what is published goes through a release.
        """
        check_lang(lang)
        shares = [percent_text(float(self.city[f"share_{limit:g}"]), lang) for limit in self.spec.levels]
        said = place_words(self.city_name)
        lines = [
            text("reach_city", lang, share=share, where=self.label(f"exposed_{limit:g}", lang), **said)
            for limit, share in zip(self.spec.levels, shares, strict=True)
        ]
        return "\n".join([*lines, *(text(note.name, lang, **said, **note.values) for note in self.notes)])

    def __repr__(self) -> str:
        return f"Exposure: {count_noun(len(self.table), 'area')}, by {self.spec.how}\n{self.text('en')}"

    def _repr_html_(self) -> str:
        return f"{self.table.to_html(escape=True)}<pre>{self.text('en')}</pre>"


def _bands(polygons: gpd.GeoDataFrame, level: str, places: LivedPlaces) -> tuple[Shapes, Floats]:
    """Return the polygons with their levels, or refuse what is none."""
    expects(polygons, gpd.GeoDataFrame, "exposure: polygons", 'noise = geopandas.read_file("noise.gpkg")')
    if level not in polygons.columns:
        raise ColumnError.not_found(level, polygons.columns, "The polygons")
    if polygons.empty:
        raise InputError("exposure: there are no polygons. If nobody is exposed, pass one of a level below all others.")
    same_crs(polygons, places.crs, "exposure", "polygons")
    shapes = polygons.geometry.to_numpy()
    refuse_no_place(shapes, polygons.index, "exposure: polygons")
    odd = ~np.isin(shapely.get_type_id(shapes), POLYGONS)
    if odd.any():
        raise GeometryError(
            f"exposure: {count_noun(int(odd.sum()), 'feature is', 'features are')} no polygon: "
            f"{list_some(polygons.index[odd])}. Bands are surfaces: make polygons of the lines first."
        )
    numbers = pd.to_numeric(polygons[level], errors="coerce").to_numpy(dtype=float)
    if np.isnan(numbers).any():
        wrong = polygons[level][np.isnan(numbers)]
        raise ColumnError(
            f"exposure: {count_noun(len(wrong), 'polygon has', 'polygons have')} no number in {level!r}: "
            f"{list_some(wrong)}. Write the lower limit of each band as a number."
        )
    return shapely.make_valid(shapes), numbers


def _mapped(extent: gpd.GeoDataFrame | None, places: LivedPlaces) -> tuple[NDArray[np.bool_], list[Message]]:
    """Return which places lie where the polygons were mapped, and what is to be said of the others."""
    if extent is None:
        return np.ones(len(places.points), dtype=bool), [Message("reach_extent_unsaid")]
    expects(extent, gpd.GeoDataFrame, "exposure: extent", 'extent = geopandas.read_file("mapped.gpkg")')
    same_crs(extent, places.crs, "exposure", "extent")
    inside = np.zeros(len(places.points), dtype=bool)
    tree = shapely.STRtree(extent.geometry.to_numpy())
    inside[tree.query(shapely.points(places.points), predicate="intersects")[0]] = True
    persons = float(np.nansum(places.persons[~inside]))
    return inside, [Message("reach_unmapped", {"persons": round(persons)})] if persons else []


def _inside(places: LivedPlaces, polygons: Shapes, how: str) -> Floats:
    """Return which share of each place lies in the polygons: in their union, however they overlap."""
    share = np.zeros(len(places.points))
    if not len(polygons):
        return share
    parts = shapely.get_parts(shapely.union_all(polygons))
    tree = shapely.STRtree(parts)
    surface = shapely.area(places.shapes)
    by_place = (surface == 0) if how == "share" else np.ones(len(surface), dtype=bool)
    points = shapely.points(places.points[by_place])
    within = np.unique(tree.query(points, predicate="intersects")[0])
    share[np.flatnonzero(by_place)[within]] = 1.0
    cells = np.flatnonzero(~by_place)
    cell, part = tree.query(places.shapes[cells], predicate="intersects")
    common = shapely.area(shapely.intersection(places.shapes[cells[cell]], parts[part]))
    covered = np.bincount(cell, common, minlength=len(cells))
    share[cells] = np.clip(covered / surface[cells], 0, 1)
    return share


def _with_shares(table: pd.DataFrame) -> pd.DataFrame:
    mapped = table["mapped"].where(table["mapped"] > 0)
    exposed = [name for name in table.columns if name.startswith("exposed_")]
    return table.assign(**{name.replace("exposed_", "share_"): table[name] / mapped for name in exposed})
