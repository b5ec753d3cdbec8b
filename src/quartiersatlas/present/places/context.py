"""What a map shows of the city besides its areas: water, green, rail, roads, the inhabited surface, and names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from quartiersatlas.base.checks import count_noun, expects
from quartiersatlas.catalogue import number_text, text
from quartiersatlas.errors import ColumnError, GeometryError, list_some
from quartiersatlas.present.places.anchors import RANKS, PlaceName, surface_names, united

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from pyproj import CRS

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release

SURFACES = ("inhabited", "green", "water")
LINES = ("roads", "rail")
NAMES_OF: Mapping[str, str] = {"water": "water", "green": "green", "roads": "road"}  # layer -> kind of its names
KINDS = ("place", "water", "green", "road", "station")  # of the layer of names
AROUND = 500.0  # metres beyond the city
COARSE = 50.0  # metres: as exact as the limit of what is shown needs to be
TOLERANCES = (5.0, 10.0, 15.0)  # metres, the finest that keeps the budget
LARGER = (25.0, 50.0, 100.0, 200.0)  # offered in the error
BUDGET, MOST = 150_000, 400_000  # bytes in a page
BYTES = 4.2  # of a vertex, as measured
STREAM = 4.0  # metres on both sides of a line in a layer of surfaces, such as a stream
MOST_NAMES = 5_000


def context(
    *,
    water: gpd.GeoDataFrame | None = None,
    green: gpd.GeoDataFrame | None = None,
    rail: gpd.GeoDataFrame | None = None,
    roads: gpd.GeoDataFrame | None = None,
    names: gpd.GeoDataFrame | None = None,
    inhabited: gpd.GeoDataFrame | None = None,
) -> Context:
    """Give a map what readers find their way by; it goes to ``context=`` of maps and documents.

    Parameters
    ----------
    water, green : GeoDataFrame, optional
        Polygons: rivers and lakes; parks, woods, cemeteries. Lines, such as streams, are drawn 8 m wide. Names in a
        column ``name`` are written on the map.
    rail, roads : GeoDataFrame, optional
        Lines, the main ones. Names of roads in a column ``name`` are written along them.
    names : GeoDataFrame, optional
        Further names: points, lines or polygons with a column ``name``, and ``kind`` (``"place"``, ``"station"``,
        ``"water"``, ``"green"``, ``"road"``; ``"place"`` if there is none) and ``rank`` if you like: of names that
        collide the one with the higher rank is written. Without it the kind decides.
    inhabited : GeoDataFrame, optional
        Polygons where people live: everything else is drawn pale, so that large woods do not outweigh dense quarters.
        Counts, clicks and hatching stay those of the whole areas.

    Returns
    -------
    Context
        The layers as they are. They are cut, simplified and checked when they are drawn with a release.

    Raises
    ------
    ArgumentError
        A layer is no GeoDataFrame.
    ColumnError
        `names` has no column ``name``.
    GeometryError
        A layer has no reference system, or shapes of the wrong kind.

    Examples
    --------
    >>> river = gpd.GeoDataFrame({"name": ["Elbe"]}, geometry=[shapely.box(0, 0, 9000, 200)], crs="EPSG:25832")
    >>> context(water=river)
    Context: water (1)
    """
    layers = {"inhabited": inhabited, "green": green, "water": water, "roads": roads, "rail": rail, "names": names}
    given = {name: layer for name, layer in layers.items() if layer is not None}
    for name, layer in given.items():
        expects(layer, gpd.GeoDataFrame, f"context: {name}", f'{name}=geopandas.read_file("{name}.gpkg")')
        _check_layer(name, layer)
    return Context(given)


def _check_layer(name: str, layer: gpd.GeoDataFrame) -> None:
    """Refuse layers without a reference system, without names where they are needed, or of the wrong kind."""
    if layer.crs is None:
        raise GeometryError(
            f'context: {name} has no coordinate reference system. Name it: {name}.set_crs("EPSG:25832").'
        )
    shapes = layer.geometry.to_numpy()
    dimension = shapely.get_dimensions(shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))])
    if name in LINES and (dimension != 1).any():
        n = int((dimension != 1).sum())
        raise GeometryError(f"context: {name} takes lines, and {count_noun(n, 'shape is', 'shapes are')} none.")
    if name in SURFACES and (dimension == 0).any():
        n = int((dimension == 0).sum())
        raise GeometryError(
            f"context: {name} takes polygons, and {count_noun(n, 'shape is a point', 'shapes are points')}."
        )
    if name == "names":
        if "name" not in layer.columns:
            raise ColumnError.not_found("name", layer.columns.drop(str(layer.active_geometry_name)), "context: names")
        known = layer["kind"].dropna().astype(str) if "kind" in layer.columns else pd.Series(dtype=str)
        strange = known[~known.isin(KINDS)].unique()
        if len(strange):
            raise ColumnError(
                f"context: names: kind must be one of {list_some(KINDS, 9)}, not {list_some(strange)}. "
                f'Map yours to these: names["kind"] = names["kind"].map({{{str(strange[0])!r}: "place"}}).'
            )


def fitted_context(context: Context | None, release: Release, call: str) -> FittedContext | None:
    """Return what a document shows besides the areas, checked and cut to them; None without any."""
    if context is None:
        return None
    expects(context, Context, f"{call}: context", 'context=qa.context(water=geopandas.read_file("river.gpkg"))')
    return context.fitted(release)


@dataclass(frozen=True, eq=False)
class Context:
    """Layers of the city as the user has them.

    Parameters
    ----------
    layers : mapping of str to GeoDataFrame
        By name: ``water``, ``green``, ``rail``, ``roads``, ``names``, ``inhabited``.
    """

    layers: Mapping[str, gpd.GeoDataFrame] = field(default_factory=dict)

    def fitted(self, release: Release) -> FittedContext:
        """Return the layers cut to the city of a release and 500 m around it, light enough to draw.

        Parameters
        ----------
        release : Release
            What is shown.

        Returns
        -------
        FittedContext
            In the coordinates of ``release.areas``.

        Raises
        ------
        GeometryError
            A layer lies outside the city, or the layers are too heavy for a page even when simplified by 15 m.
        """
        areas = release.areas
        limit = _limit(areas)
        cut = {name: _cut(name, layer, areas.crs, limit) for name, layer in self.layers.items()}
        whole = {name: united(_as_surfaces(cut[name])) for name in SURFACES if name in cut}
        whole |= {name: shapely.line_merge(_as_lines(cut[name])) for name in LINES if name in cut}
        surfaces, metres = _light(whole)
        names, dropped = _names(cut)
        return FittedContext(surfaces, names, metres, dropped)

    def __repr__(self) -> str:
        layers = ", ".join(f"{name} ({len(layer)})" for name, layer in self.layers.items())
        return f"Context: {layers or 'nothing'}"


@dataclass(frozen=True, eq=False)
class FittedContext:
    """The layers of a city as they are drawn.

    Parameters
    ----------
    surfaces : dict of str to Geometry
        ``inhabited``, ``green``, ``water`` as polygons, ``roads``, ``rail`` as lines: what there is, in the order in
        which it is drawn.
    names : tuple of PlaceName
        Names of the layers; those of districts and areas come from the release.
    tolerance : float
        Metres by which borders and lines were simplified; 0 without any.
    dropped : int
        Names of low rank that are too many.
    """

    surfaces: dict[str, shapely.Geometry]
    names: tuple[PlaceName, ...] = ()
    tolerance: float = 0.0
    dropped: int = 0

    def notes(self, lang: Lang) -> list[str]:
        """Return what the method box says of the layers.

        Parameters
        ----------
        lang : {"de", "en"}
            Language.

        Returns
        -------
        list of str
            Which layers there are and how exact, what the pale surface means, how many names are left out.
        """
        lines = []
        if self.surfaces:
            layers = ", ".join(text(f"context_{name}", lang) for name in self.surfaces)
            lines.append(text("fact_context", lang, layers=layers, tolerance=number_text(self.tolerance, 0, lang)))
        if "inhabited" in self.surfaces:
            lines.append(text("fact_inhabited", lang))
        if self.dropped:
            lines.append(
                text(
                    "fact_names_dropped",
                    lang,
                    shown=number_text(len(self.names), 0, lang),
                    dropped=number_text(self.dropped, 0, lang),
                )
            )
        return lines


def _limit(areas: gpd.GeoDataFrame) -> shapely.Geometry:
    """Return the city and what lies around it."""
    rough = shapely.simplify(shapely.make_valid(areas.geometry.to_numpy()), COARSE)
    limit = shapely.union_all(shapely.buffer(rough, AROUND, quad_segs=2))
    shapely.prepare(limit)
    return limit


def _cut(name: str, layer: gpd.GeoDataFrame, crs: CRS | None, limit: shapely.Geometry) -> gpd.GeoDataFrame:
    """Return the part of a layer in and around the city, or say that there is none."""
    there = layer[~(layer.geometry.isna() | layer.geometry.is_empty)]
    if crs is not None and there.crs != crs:
        there = there.to_crs(crs)
    inside = there[shapely.intersects(limit, there.geometry.to_numpy())]
    if not len(inside):
        raise GeometryError(
            f"context: no part of {name} lies in the city or within {AROUND:.0f} m of it. {name}: "
            f"{_extent(there)}; city: {_extent_text(shapely.bounds(limit))} (both in the coordinates of the areas). "
            f"Is it the layer of this city, and is its coordinate reference system right?"
        )
    shapes = shapely.force_2d(shapely.make_valid(inside.geometry.to_numpy()))
    whole = shapely.contains_properly(limit, shapes)
    shapes[~whole] = shapely.intersection(shapes[~whole], limit)
    return inside.set_geometry(gpd.GeoSeries(shapes, index=inside.index, crs=inside.crs))


def _extent(layer: gpd.GeoDataFrame) -> str:
    return _extent_text(layer.total_bounds) if len(layer) else "no shapes"


def _extent_text(bounds: Any) -> str:  # noqa: ANN401 - four numbers
    left, low, right, high = (f"{value:.0f}" for value in bounds)
    return f"x {left} to {right}, y {low} to {high}"


def _as_surfaces(layer: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Return the polygons of a layer; lines in it as narrow surfaces."""
    parts = shapely.get_parts(layer.geometry.to_numpy())
    dimension = shapely.get_dimensions(parts)
    lines = dimension == 1
    parts[lines] = shapely.buffer(parts[lines], STREAM, cap_style="flat", quad_segs=1)
    return parts[dimension > 0]


def _as_lines(layer: gpd.GeoDataFrame) -> shapely.Geometry:
    """Return the lines of a layer."""
    parts = shapely.get_parts(layer.geometry.to_numpy())
    lines: shapely.Geometry = shapely.multilinestrings(list(parts[shapely.get_dimensions(parts) == 1]))
    return lines


def _light(layers: Mapping[str, shapely.Geometry]) -> tuple[dict[str, shapely.Geometry], float]:
    """Return the layers as fine as the budget of a page allows, and by how many metres they were simplified."""
    if not layers:
        return {}, 0.0
    for metres in TOLERANCES:
        light = _simplified(layers, metres)
        if BYTES * sum(map(shapely.get_num_coordinates, light.values())) <= BUDGET:
            return light, metres
    vertices = {name: int(shapely.get_num_coordinates(shape)) for name, shape in light.items()}
    weight = BYTES * sum(vertices.values())
    if weight <= MOST:
        return light, metres
    heaviest = max(vertices, key=lambda name: vertices[name])
    fitting = next((m for m in LARGER if _weight(_simplified(layers, m)) <= MOST), None)
    advice = (
        f"Simplified by {fitting:.0f} m they would fit: {heaviest}.simplify({fitting:.0f})."
        if fitting
        else "Leave out what is small on a map of the city."
    )
    raise GeometryError(
        f"context: the layers take {weight / 1000:.0f} KB of the page, at most {MOST // 1000} KB are drawn. The "
        f"heaviest is {heaviest} with {vertices[heaviest]} vertices at a tolerance of {metres:.0f} m. {advice}"
    )


def _weight(layers: Mapping[str, shapely.Geometry]) -> float:
    return BYTES * sum(int(shapely.get_num_coordinates(shape)) for shape in layers.values())


def _simplified(layers: Mapping[str, shapely.Geometry], metres: float) -> dict[str, shapely.Geometry]:
    """Return the layers simplified; lines each by itself, since they may cross."""
    return {name: shapely.simplify(shape, metres, preserve_topology=name in SURFACES) for name, shape in layers.items()}


def _names(layers: Mapping[str, gpd.GeoDataFrame]) -> tuple[tuple[PlaceName, ...], int]:
    """Return the names of all layers, the highest ranks first, and how many of the lowest are left out."""
    found: list[tuple[float, float, PlaceName]] = []
    for layer, frame in layers.items():
        kind = NAMES_OF.get(layer)
        if kind is not None and "name" in frame.columns:
            found += _named(frame.assign(kind=kind, rank=float(RANKS[kind])))
        elif layer == "names":
            kinds = frame["kind"].fillna("place") if "kind" in frame.columns else "place"
            frame = frame.assign(kind=kinds)  # noqa: PLW2901 - with what was left out
            ranks = pd.to_numeric(frame["rank"], errors="coerce") if "rank" in frame.columns else np.nan
            frame = frame.assign(rank=pd.Series(ranks, index=frame.index).fillna(frame["kind"].map(RANKS)))  # noqa: PLW2901
            found += _named(frame)
    found.sort(key=lambda one: (-one[0], -one[1]))
    return tuple(name for _, _, name in found[:MOST_NAMES]), max(0, len(found) - MOST_NAMES)


def _named(frame: gpd.GeoDataFrame) -> list[tuple[float, float, PlaceName]]:
    """Return rank, size and name of everything that has one; pieces of the same name and kind are one thing."""
    frame = frame[frame["name"].notna()]
    frame = frame.assign(name=frame["name"].astype(str).str.strip())
    frame = frame[frame["name"] != ""]
    found = []
    is_point = shapely.get_dimensions(frame.geometry.to_numpy()) == 0
    for kind, group in frame[is_point].groupby("kind", sort=False):
        names = surface_names(list(group["name"]), group.geometry.to_numpy(), str(kind))
        found += [_ranked(name, rank, 0.0) for name, rank in zip(names, group["rank"], strict=True)]
    for (name, kind), group in frame[~is_point].groupby(["name", "kind"], sort=False):
        whole = shapely.union_all(group.geometry.to_numpy())
        whole = shapely.line_merge(whole) if shapely.get_dimensions(whole) == 1 else whole
        size = float(shapely.area(whole) or shapely.length(whole))
        found += [_ranked(one, group["rank"].max(), size) for one in surface_names([name], np.array([whole]), kind)]
    return found


def _ranked(name: PlaceName, rank: float, size: float) -> tuple[float, float, PlaceName]:
    return float(rank), size, PlaceName(name.text, name.kind, float(rank), name.x, name.y, name.line, name.bounds)
