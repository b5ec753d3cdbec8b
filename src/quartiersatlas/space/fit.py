"""Do the areas fit together? Gaps, overlaps, slivers, areas without a neighbour, islands."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from quartiersatlas.base.checks import count_noun, expects
from quartiersatlas.catalogue import Message, number_text, text
from quartiersatlas.errors import SHOWN, GeometryError, KeyColumnError, list_some
from quartiersatlas.intake.areas.area_columns import area_facts
from quartiersatlas.intake.areas.crs import extent_in_degrees
from quartiersatlas.intake.areas.gaps import doubtful_shapes, gaps_between, overlaps_between, strip_width
from quartiersatlas.space.apart import TOLERANCE, group_numbers, outlines_apart
from quartiersatlas.space.neighbours import borders, check_metres

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

    from quartiersatlas.catalogue import Lang

    Shapes = NDArray[np.object_]

POLYGONS = ("Polygon", "MultiPolygon")


@dataclass(frozen=True, eq=False)
class AreasReport:
    """How the areas fit together.

    Parameters
    ----------
    n_areas : int
        Number of areas.
    tolerance : float
        Metres between outlines that are meant to touch.
    crs : str
        Name of the coordinate reference system.
    corners : tuple of float
        West, south, east and north end of the areas in degrees.
    n_neighbours : int
        Pairs of areas with a common border.
    n_contacts : int
        Pairs of areas with a common border or corner.
    isolates : tuple of str
        Areas without a common border with any other.
    islands : tuple of tuple of str
        Groups of connected areas other than the largest one.
    multipart : tuple of str
        Areas in several parts.
    slivers : tuple of str
        Areas, or parts of areas, that are narrower than the tolerance.
    overlaps : GeoDataFrame
        Pairs of areas that overlap: ``one``, ``other``, ``square_metres``, ``geometry``.
    gaps : GeoDataFrame
        Holes that belong to no area: ``between`` (keys), ``square_metres``, ``width`` in metres (of a strip of the
        same surface and outline), ``narrow`` (not wider than the tolerance), ``geometry``.
    facts : tuple of Message
        What was done to the areas when they were read.
    apart : Message or None
        That outlines do not touch which were meant to: the median gap, and the tolerance that bridges it.
    """

    n_areas: int
    tolerance: float
    crs: str
    corners: tuple[float, float, float, float]
    n_neighbours: int
    n_contacts: int
    isolates: tuple[str, ...]
    islands: tuple[tuple[str, ...], ...]
    multipart: tuple[str, ...]
    slivers: tuple[str, ...]
    overlaps: gpd.GeoDataFrame
    gaps: gpd.GeoDataFrame
    facts: tuple[Message, ...] = ()
    apart: Message | None = None

    @property
    def fits(self) -> bool:
        """True where no two areas overlap, no narrow gap or sliver is between them and none gape."""
        return not (len(self.overlaps) or self.gaps["narrow"].any() or self.slivers or self.apart is not None)

    @property
    def table(self) -> pd.DataFrame:
        """One row per finding: what, areas, square_metres, width."""
        gaps = zip(
            self.gaps["between"], self.gaps["square_metres"], self.gaps["width"], self.gaps["narrow"], strict=True
        )
        rows = [
            *(("isolate", key, np.nan, np.nan) for key in self.isolates),
            *(("island", ", ".join(group), np.nan, np.nan) for group in self.islands if len(group) > 1),
            *(("sliver", key, np.nan, np.nan) for key in self.slivers),
            *(
                ("overlap", f"{one}, {other}", size, np.nan)
                for one, other, size in self.overlaps[["one", "other", "square_metres"]].to_numpy()
            ),
            *(("gap" if narrow else "hole", between, size, width) for between, size, width, narrow in gaps),
        ]
        return pd.DataFrame(rows, columns=["what", "areas", "square_metres", "width"])

    def verdict(self, lang: Lang = "de") -> str:
        """Say in words how the areas fit together, German or English."""
        narrow = self.gaps[self.gaps["narrow"]]
        says = [text("areas_fit" if self.fits else "areas_do_not_fit", lang, areas=self.n_areas)]
        if len(narrow):
            says.append(text("areas_gaps", lang, count=len(narrow), size=_square_metres(narrow, lang)))
        if len(self.overlaps):
            says.append(
                text("areas_overlaps", lang, count=len(self.overlaps), size=_square_metres(self.overlaps, lang))
            )
        if len(narrow) < len(self.gaps):
            says.append(text("areas_holes", lang, count=len(self.gaps) - len(narrow)))
        if self.slivers:
            says.append(text("areas_slivers", lang, keys=_listed(self.slivers)))
        says.append(text("areas_pairs", lang, pairs=self.n_neighbours, tolerance=f"{self.tolerance:g}"))
        if self.isolates:
            says.append(text("areas_isolates", lang, keys=_listed(self.isolates)))
        groups = [group for group in self.islands if len(group) > 1]
        if groups:
            says.append(text("areas_islands", lang, count=len(groups)))
        if self.apart is not None:
            says.append(text(self.apart.name, lang, **self.apart.values))
        return " ".join(says)

    def __repr__(self) -> str:
        west, south, east, north = self.corners
        extent = f"{west:.2f} to {east:.2f} E, {south:.2f} to {north:.2f} N"
        corners_only = self.n_contacts - self.n_neighbours
        lines = [
            f"AreasReport: {count_noun(self.n_areas, 'area')}, {self.crs}, {extent}",
            f"  {count_noun(self.n_neighbours, 'pair')} with a common border, {corners_only:,} with a corner only",
        ]
        narrow = self.gaps["narrow"]
        for what, frame in (
            ("overlaps", self.overlaps),
            ("narrow gaps", self.gaps[narrow]),
            ("holes", self.gaps[~narrow]),
        ):
            if len(frame):
                lines.append(f"  {what}: {len(frame)} with {frame['square_metres'].sum():,.0f} square metres")
        for what, keys in (
            ("without a neighbour", self.isolates),
            ("in several parts", self.multipart),
            ("narrower than the tolerance", self.slivers),
        ):
            if keys:
                lines.append(f"  {what} ({len(keys)}): {list_some(keys)}")
        groups = [f"[{list_some(group, 3)}]" for group in self.islands if len(group) > 1]
        if groups:
            more = f" and {len(groups) - SHOWN} more" if len(groups) > SHOWN else ""
            lines.append(f"  groups apart from the largest ({len(groups)}): {', '.join(groups[:SHOWN])}{more}")
        lines += [f"  {said}" for said in (self.apart, *self.facts) if said is not None and said.name != "fact_gaps"]
        widths = [fact.values["snap"] for fact in self.facts if fact.name == "fact_gaps"]  # what they are stands above
        lines += [f"  read_areas(..., snap={width}) closes them" for width in widths if width]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(repr(self))}</pre>"


def check_areas(areas: gpd.GeoDataFrame, *, tolerance: float = TOLERANCE) -> AreasReport:
    """Check whether the areas fit together; nothing is changed.

    Parameters
    ----------
    areas : GeoDataFrame
        As :func:`read_areas` returns it: valid polygons in metres on the district key.
    tolerance : float, default 1
        Metres between outlines that are meant to touch. At least 0.

    Returns
    -------
    AreasReport
        Gaps, overlaps, slivers, neighbours, areas apart. ``read_areas(..., snap=...)`` closes gaps and overlaps.

    Raises
    ------
    GeometryError
        The areas are not in metres, not valid polygons, or there are none.
    KeyColumnError
        Keys are duplicate or not text.
    SpecError
        The tolerance is below 0.
    ArgumentError
        The areas are no GeoDataFrame.

    Notes
    -----
    Overlaps and gaps are looked for only where an outline does not meet its neighbour point by point, which is found by
    the validity of a polygonal coverage. A gap is a hole in the union of all areas; its width is ``2 A / P`` of its
    surface A and outline P, which for a long strip is the distance of its sides. Notches at the outer edge are no gaps.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import shapely
    >>> import quartiersatlas as qa
    >>> shapes = [shapely.box(x, 0, x + 100, 100) for x in (500000, 500100, 500199, 500400)]
    >>> areas = gpd.GeoDataFrame({"name": list("ABCD")}, index=["1", "2", "3", "4"], geometry=shapes, crs="EPSG:25832")
    >>> report = qa.check_areas(areas)
    >>> report.isolates, report.overlaps[["one", "other", "square_metres"]].to_numpy().tolist()
    (('4',), [['2', '3', 100.0]])
    """
    crs = check_polygons(areas, "check_areas")
    check_metres(tolerance, "tolerance")
    shapes, keys = areas.geometry.to_numpy(), areas.index.to_numpy()
    found = borders(shapes, tolerance=tolerance)
    one, other = found.neighbours
    isolates, islands = _apart(one, other, keys)
    part, area = shapely.get_parts(shapes, return_index=True)
    thin = keys[np.unique(area[strip_width(part) <= tolerance])]
    doubtful = doubtful_shapes(shapes, tolerance)
    return AreasReport(
        n_areas=len(areas),
        tolerance=tolerance,
        crs=str(crs.name),
        corners=_corners(areas),
        n_neighbours=len(one),
        n_contacts=len(found.one),
        isolates=isolates,
        islands=islands,
        multipart=tuple(keys[shapely.get_num_geometries(shapes) > 1]),
        slivers=tuple(thin),
        overlaps=overlaps_between(shapes, keys, np.flatnonzero(doubtful), crs),
        gaps=gaps_between(shapes, keys, doubtful, tolerance, crs),
        facts=tuple(area_facts(areas)),
        apart=outlines_apart(shapes, found.one, found.other, tolerance),
    )


def check_polygons(areas: gpd.GeoDataFrame, call: str, name: str = "") -> CRS:
    """Return the reference system; refuse what cannot be measured: degrees, duplicate keys, invalid polygons.

    Parameters
    ----------
    areas : GeoDataFrame
        What a public function was handed.
    call, name : str
        The function, and its parameter where it is not the only one.
    """
    how = 'areas = qa.read_areas("areas.gpkg", key="ID")'
    expects(areas, gpd.GeoDataFrame, f"{call}: {name}" if name else call, how)
    name = name or "areas"
    if areas.empty:
        raise GeometryError(f"{name}: there are no areas.")
    if areas.crs is None or areas.crs.is_geographic:
        raise GeometryError(f"{name} are in degrees or without a coordinate reference system: use .to_crs(...).")
    keys = areas.index
    others = [key for key in keys if not isinstance(key, str)]
    duplicates = keys[keys.duplicated()].unique()
    if others or len(duplicates):
        what = (
            count_noun(len(others), "key is not text", "keys are not text")
            if others
            else count_noun(len(duplicates), "key stands for more than one area", "keys stand for more than one area")
        )
        wrong = others or duplicates.tolist()
        raise KeyColumnError(f"{name}: {what}: {list_some(wrong)}. All of them: err.keys", map(str, wrong))
    wrong = keys[~areas.geom_type.isin(POLYGONS) | areas.is_empty | areas.geometry.isna()].tolist()
    if wrong:
        number = count_noun(len(wrong), "area is not a polygon, or has none", "areas are not polygons, or have none")
        raise GeometryError(f"{name}: {number}: {list_some(wrong)}.")
    invalid = keys[~areas.is_valid].tolist()
    if invalid:
        raise GeometryError(
            f"{name}: {count_noun(len(invalid), 'area has', 'areas have')} an invalid outline: {list_some(invalid)}. "
            f"Make them valid: read_areas(..., repair=True), or .make_valid()."
        )
    return areas.crs


def _apart(
    one: NDArray[np.intp], other: NDArray[np.intp], keys: NDArray[np.object_]
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return the areas without a neighbour, and the groups besides the largest."""
    group = group_numbers(one, other, len(keys))
    size = np.bincount(group)
    outside = np.flatnonzero(group != size.argmax())
    groups = pd.Series(keys[outside]).groupby(group[outside], sort=False).agg(tuple)
    alone = np.bincount(np.concatenate([one, other]), minlength=len(keys)) == 0
    return tuple(keys[alone]), tuple(groups)


def _corners(areas: gpd.GeoDataFrame) -> tuple[float, float, float, float]:
    box = extent_in_degrees(areas)
    return tuple(box) if box is not None else (np.nan,) * 4  # type: ignore[return-value]


def _square_metres(frame: gpd.GeoDataFrame, lang: Lang) -> str:
    return number_text(frame["square_metres"].sum(), 0, lang)


def _listed(keys: tuple[str, ...], shown: int = 10) -> str:
    return ", ".join(keys[:shown]) + (" ..." if len(keys) > shown else "")
