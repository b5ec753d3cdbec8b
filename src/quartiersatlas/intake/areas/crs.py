"""Where do the areas lie? What a file says about its coordinates is believed where it puts them in the right place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import GeometryError
from quartiersatlas.intake.areas.datums import doubt_about_place
from quartiersatlas.intake.areas.systems import Extent, projected_for, wrapped

if TYPE_CHECKING:
    import geopandas as gpd
    from pyproj import CRS

    from quartiersatlas.intake.areas.datums import Doubt

FULL_TURN = 360.0
MARGIN = 3.0  # degrees that a city may lie outside its zone; Bavaria lies up to 2 degrees outside
LOCAL = 30.0  # degrees that the region of a local projection is wide at most
STRETCH = 0.05  # share by which a map projection may stretch lengths at the place of the areas


GERMANY = Extent(5.8, 47.2, 15.1, 55.1)
GERMAN_SPEAKING = Extent(5.8, 45.8, 17.2, 55.1)
# what German files without a reference system are mostly in
USUAL = ("EPSG:25832", "EPSG:25833", "EPSG:31466", "EPSG:31467", "EPSG:31468", "EPSG:31469", "EPSG:4647", "EPSG:4326")


def located(
    frame: gpd.GeoDataFrame,
    crs: str | None,
    to_crs: str | None,
    swap_axes: bool | None,
    where: str,
    what: str = "areas",
) -> gpd.GeoDataFrame:
    """Return the frame in metres, in a system that puts it where such areas can lie; or say which call does.

    ``what`` is how messages call what the frame holds.
    """
    from pyproj.exceptions import CRSError

    own = frame.crs
    if swap_axes:
        frame = frame.set_geometry(shapely.transform(frame.geometry.to_numpy(), _swapped), crs=frame.crs)
    try:
        frame = _without_heights(_declared(frame, crs, where))
        _refuse_misplaced(frame, own if crs is not None else None, swap_axes, where, what)
        if to_crs is not None:
            frame = converted(frame, to_crs, where)
            there = f"{where} in {to_crs if isinstance(to_crs, str) else _name(_system(frame))}"
            _refuse_wrong_target(frame, there, what)
    except CRSError as error:
        wrong = next((name for name in (crs, to_crs) if name is not None and not _is_system(name)), None)
        if wrong is None:
            raise GeometryError(f"{where}: {error}.") from error
        raise GeometryError(
            f"{where}: {str(wrong)!r} is no reference system that is known. Write its number, such as 'EPSG:25832'."
        ) from error
    _refuse_other_than_metres(frame, where)
    return frame


def converted(frame: gpd.GeoDataFrame, to_crs: CRS | str, where: str) -> gpd.GeoDataFrame:
    """Return a frame in another system; refuse corners that it puts nowhere."""
    fault = GeometryError(
        f"{where}: some corners have no place in {to_crs if isinstance(to_crs, str) else _name(to_crs)}: they lie too "
        f"far from where it is used. Is that the right system, and does the file name the right one?"
    )
    try:
        moved = frame.to_crs(to_crs)
    except shapely.errors.GEOSException as error:
        raise fault from error
    if not np.isfinite(shapely.get_coordinates(moved.geometry.to_numpy())).all():
        raise fault
    return moved


def across_the_meridian(frame: gpd.GeoDataFrame, crs: str | None) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Return areas on both sides of 180 degrees side by side, and a note where outlines went round the earth for it.

    An outline from 179.9 to -179.9 degrees is a strip of 0.2 degrees, drawn as one of 359.8: it is put together again.
    """
    system = _declared_system(frame, crs)
    if system is None or not system.is_geographic or not len(frame):
        return frame, []
    west, _, east, _ = frame.total_bounds
    if not (west >= -FULL_TURN / 2 and east <= FULL_TURN / 2 and east - west > FULL_TURN / 2):
        return frame, []
    shapes = frame.geometry.to_numpy()
    moved = shapely.transform(shapes, _east_of_greenwich)
    bounds = shapely.total_bounds(moved)
    if bounds[2] - bounds[0] >= FULL_TURN / 2:
        return frame, []  # the areas do lie all around the earth
    parts, owners = shapely.get_parts(shapes, return_index=True)
    wide = np.unique(owners[shapely.bounds(parts)[:, 2] - shapely.bounds(parts)[:, 0] > FULL_TURN / 2])
    torn = [n for n, number in enumerate(np.bincount(owners, minlength=len(shapes))) if number > 1]
    for position in torn:  # parts that met at the meridian share a border now
        moved[position] = shapely.union_all(shapely.get_parts(moved[position]))
    note = f"{count_noun(len(wide), 'outline')} across the 180th meridian put together on its two sides"
    return frame.set_geometry(moved, crs=frame.crs), [note] if len(wide) else []


def _east_of_greenwich(points: np.ndarray) -> np.ndarray:
    return np.column_stack([np.where(points[:, 0] < 0, points[:, 0] + FULL_TURN, points[:, 0]), points[:, 1]])


def place_in_doubt(frame: gpd.GeoDataFrame, crs: str | None, to_crs: str | None) -> Doubt | None:
    """Return how far areas, as the file holds them, may lie from their true place; None where that is sure."""
    system = _declared_system(frame, crs)
    if system is None:
        return None
    if system.is_compound:
        system = system.sub_crs_list[0]
    bounds = tuple(float(edge) for edge in frame.total_bounds)
    extent = _in_degrees(system, *bounds)
    return None if extent is None else doubt_about_place(system, to_crs, extent, bounds)


def _is_system(name: object) -> bool:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        CRS(name)
    except CRSError:
        return False
    return True


def _declared_system(frame: gpd.GeoDataFrame, crs: str | None) -> CRS | None:
    """Return the system that is passed, else the file's own; None where it is no system, which is named later."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        return CRS(crs) if crs is not None else frame.crs
    except CRSError:
        return None


def extent_in_degrees(frame: gpd.GeoDataFrame) -> Extent | None:
    """Return the corners of the areas in degrees; None where they cannot lie on the earth."""
    return None if frame.crs is None else _in_degrees(frame.crs, *frame.total_bounds)


def point_text(point: tuple[float, float]) -> str:
    """Write a point such as ``6.97 E 50.96 N``."""
    x, y = point
    return f"{abs(x):.2f} {'E' if x >= 0 else 'W'} {abs(y):.2f} {'N' if y >= 0 else 'S'}"


def _swapped(points: np.ndarray) -> np.ndarray:
    return points[:, ::-1]


def _in_degrees(crs: CRS | str, west: float, south: float, east: float, north: float) -> Extent | None:
    from pyproj import Transformer
    from pyproj.exceptions import ProjError

    try:
        change = Transformer.from_crs(crs, "OGC:CRS84", always_xy=True)
        extent = Extent(*change.transform_bounds(west, south, east, north))
    except ProjError:
        return None
    if np.isfinite(extent).all() and extent.west <= extent.east and extent.east > FULL_TURN / 2:
        extent = extent._replace(west=wrapped(extent.west), east=wrapped(extent.east))
    on_earth = np.isfinite(extent).all() and abs(extent.south) <= 90 and abs(extent.north) <= 90  # noqa: PLR2004 - the poles
    return extent if on_earth else None


def _declared(frame: gpd.GeoDataFrame, crs: str | None, where: str) -> gpd.GeoDataFrame:
    """Return the frame with a reference system: the one that is passed, else the file's own."""
    contradicted = frame.crs is not None and frame.crs.is_geographic and bool(abs(frame.total_bounds).max() > FULL_TURN)
    if crs is not None:
        return frame.set_crs(crs, allow_override=True)
    if frame.crs is None or contradicted:
        fault = "has coordinates that are not degrees, and does not" if contradicted else "does not"
        fitting = [
            (f"crs='{name}'", extent.centre)
            for name, extent in _fitting(frame)
            if name != "EPSG:4326" or not contradicted
        ]
        options = " or ".join(f"{name} (then they lie at {point_text(centre)})" for name, centre in fitting)
        options = options or "crs='EPSG:25832'"
        raise GeometryError(f"{where} {fault} say its coordinate reference system. Pass it, such as {options}.")
    return frame


def _fitting(frame: gpd.GeoDataFrame) -> list[tuple[str, Extent]]:
    """Return the usual systems in which the areas lie in Germany, and where."""
    from pyproj import CRS

    found = []
    for name in USUAL:
        extent, use = _in_degrees(name, *frame.total_bounds), CRS(name).area_of_use
        if (
            extent is not None
            and use is not None
            and GERMANY.holds(extent.centre)
            and Extent(*use.bounds).holds(extent.centre)
        ):
            found.append((name, extent))
    return found


def _without_heights(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the frame without heights, in points and in the reference system; the system is kept otherwise."""
    crs = _system(frame)
    if crs.is_compound:
        crs = crs.sub_crs_list[0]
    if len(crs.axis_info) > 2:  # noqa: PLR2004 - a third axis is a height
        crs = crs.to_2d()
    if frame.has_z.any():
        frame = frame.set_geometry(shapely.force_2d(frame.geometry.to_numpy()), crs=frame.crs)
    return frame if crs is frame.crs else frame.set_crs(crs, allow_override=True)


def _fault(crs: CRS, extent: Extent | None) -> str:
    """Return why areas of this system cannot lie in this extent; empty where they can."""
    if extent is None:
        return f"cannot be in {_name(crs)}: it puts them nowhere on the earth"
    use = crs.area_of_use
    if use is not None and not Extent(*use.bounds).holds(extent.centre, MARGIN):
        west, south, east, north = use.bounds
        return (
            f"would lie at {point_text(extent.centre)} in {_name(crs)}, which is made for {west:g} to {east:g} E, "
            f"{south:g} to {north:g} N"
        )
    return ""


def _refuse_misplaced(frame: gpd.GeoDataFrame, own: CRS | None, swap_axes: bool | None, where: str, what: str) -> None:
    """Refuse areas that lie where the system is not used, or on the other side of a swap of axes.

    ``own`` is what the file itself says, where another system was passed.
    """
    system, (west, south, east, north) = _system(frame), frame.total_bounds
    extent, turned = _in_degrees(system, west, south, east, north), _in_degrees(system, south, west, north, east)
    fault = _fault(system, extent)
    home = turned is not None and GERMAN_SPEAKING.holds(turned.centre)
    at_home = extent is not None and GERMAN_SPEAKING.holds(extent.centre)
    if home and not at_home and (fault or (swap_axes is not False and not _is_local(system))):
        there = f"lie at {point_text(extent.centre)}" if extent is not None else "lie nowhere on the earth"
        hint = (
            "The axes were in the right order: leave swap_axes=True out."
            if swap_axes
            else "The file probably holds the latitude (or northing) first. Pass swap_axes=True "
            "(or swap_axes=False, if they do lie there)."
        )
        raise GeometryError(
            f"{where}: the {what} {there}; with swapped axes they lie at {point_text(turned.centre)}. {hint}"  # type: ignore[union-attr]
        )
    if fault:
        raise GeometryError(f"{where}: the {what} {fault}. {_better(frame, own)}")


def _refuse_wrong_target(frame: gpd.GeoDataFrame, where: str, what: str) -> None:
    """Refuse a system to convert to that is not made for the place; the message names one that is."""
    extent = extent_in_degrees(frame)
    fault = _fault(_system(frame), extent)
    if fault and extent is not None:
        better = projected_for(extent.centre)
        raise GeometryError(f"{where}: the {what} {fault}. Pass to_crs={better!r}, which is made for there.")
    if fault:
        raise GeometryError(f"{where}: the {what} {fault}. Pass another to_crs=..., or leave it out.")


def _is_local(system: CRS) -> bool:
    """Return True if a map projection is made for a part of a continent: who lies there lies right."""
    use = system.area_of_use
    return not system.is_geographic and use is not None and 0 < use.east - use.west < LOCAL


def _better(frame: gpd.GeoDataFrame, own: CRS | None) -> str:
    """Return which system would put the areas where it is used: the file's own, or a usual one."""
    if own is not None:
        extent = _in_degrees(own, *frame.total_bounds)
        if extent is not None and not _fault(own, extent):
            where = point_text(extent.centre)
            return f"The file itself names {_name(own)}, which puts them at {where}: leave crs=... out."
    fitting = [f"crs='{name}' would put them at {point_text(extent.centre)}" for name, extent in _fitting(frame)]
    return f"{'; '.join(fitting)}." if fitting else "Pass crs=... with the right one."


def _refuse_other_than_metres(frame: gpd.GeoDataFrame, where: str) -> None:
    """Refuse degrees, feet and map projections that stretch lengths; the message names the call that helps."""
    crs, extent = _system(frame), extent_in_degrees(frame)
    assert extent is not None  # noqa: S101 - refused before
    if crs.is_geocentric:
        raise GeometryError(
            f"{where} is in {_name(crs)}, which measures from the centre of the earth and not on the map. "
            f"If the file says so by mistake, pass the right one, such as crs='EPSG:25832'; else convert it first."
        )
    better = projected_for(extent.centre)
    if crs.is_geographic:
        fault = f"is in degrees ({crs.name}), the library measures in metres"
    elif (unit := crs.axis_info[0].unit_name) not in ("metre", "meter"):
        fault = f"is in the unit {unit!r} ({crs.name}), the library measures in metres"
    elif (stretch := _stretch(crs, extent.centre)) > STRETCH:
        fault = f"is in {crs.name}, which makes lengths there wrong by {100 * stretch:.0f} %"
    else:
        return
    raise GeometryError(f"{where} {fault}. Pass to_crs={better!r}, or convert the file with .to_crs({better!r}).")


def _stretch(crs: CRS, point: tuple[float, float]) -> float:
    """Return by which share the projection makes lengths longer or shorter at a point."""
    from pyproj import Proj
    from pyproj.exceptions import ProjError

    try:
        factors = Proj(crs).get_factors(*point)
    except ProjError:
        return 0.0  # the projection does not say
    return max(abs(factors.meridional_scale - 1), abs(factors.parallel_scale - 1))


def _system(frame: gpd.GeoDataFrame) -> CRS:
    assert frame.crs is not None  # noqa: S101 - refused before
    return frame.crs


def _name(crs: CRS) -> str:
    code = crs.to_epsg()
    return f"EPSG:{code} ({crs.name})" if code else crs.name
