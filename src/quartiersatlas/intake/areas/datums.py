"""How sure is the place? A system whose datum nobody names puts areas beside where they are."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, NamedTuple

from quartiersatlas.intake.areas.systems import Extent

if TYPE_CHECKING:
    from pyproj import CRS

SURE = 5.0  # metres up to which a place is as sure as maps of districts need it
SAME_PLACE = 1000.0  # metres within which two systems mean the same projection
MODERN = (6_378_137.0,)  # length of the half axis of the ellipsoids of satellite navigation: no shift to speak of
USUAL_SHIFT = 100.0  # metres, where no system of the place tells more
# systems with a known datum on the older ellipsoids, by the length of the half axis in metres
KNOWN = {
    6_377_397: ("EPSG:4314", "EPSG:4312", "EPSG:4149", "EPSG:4289", "EPSG:4156", "EPSG:4765"),  # Bessel
    6_377_563: ("EPSG:4277",),  # Airy
    6_378_388: ("EPSG:4230", "EPSG:4313", "EPSG:4265"),  # International 1924
    6_378_249: ("EPSG:4275",),  # Clarke 1880
    6_378_245: ("EPSG:4284", "EPSG:4178"),  # Krassowsky
}
DATUMS = {"EPSG:4314": "potsdam", "EPSG:4312": "hermannskogel", "EPSG:4277": "OSGB36"}
USUAL = ("EPSG:31466", "EPSG:31467", "EPSG:31468", "EPSG:31469", "EPSG:31254", "EPSG:31255", "EPSG:31256", "EPSG:27700")


class Doubt(NamedTuple):
    """How far areas may lie from their true place, and why."""

    metres: float
    why: str


def doubt_about_place(crs: CRS, to_crs: CRS | str | None, extent: Extent, bounds: tuple[float, ...]) -> Doubt | None:
    """Return how far areas may lie off, because the datum of their system is unknown or no exact way leads from it.

    Parameters
    ----------
    crs : CRS
        The system of the file.
    to_crs : CRS or str, optional
        The system that the areas are converted to.
    extent : Extent
        Where the areas lie, in degrees.
    bounds : tuple of float
        Where they lie in the system of the file.

    Returns
    -------
    Doubt or None
        None where the place is sure within 5 metres.
    """
    accuracy, rough = _way("OGC:CRS84", crs, extent)
    if rough and not _is_modern(crs):
        metres = _usual_shift(crs, extent)
        fitting = _same_projection(crs, extent, bounds) or _with_datum(crs, extent.centre)
        advice = f"Pass crs={fitting!r} if it is that" if fitting else "Pass crs=... with the system of the source"
        return Doubt(metres, f"the datum of {crs.name!r} is not known. {advice}")
    if to_crs is not None:
        onward, rough_onward = _way(to_crs, crs, extent)
        if rough_onward and not (_is_modern(crs) and _is_modern(to_crs)):
            metres = _usual_shift(crs, extent)
            return Doubt(
                metres, f"no exact way leads from {crs.name!r} to {to_crs}. Leave to_crs out, if the file is in metres"
            )
        accuracy = max(accuracy, onward)
    if accuracy > SURE:
        return Doubt(accuracy, f"the best known way from {crs.name!r} is that exact, without the grid of its country")
    return None


def _way(target: CRS | str, source: CRS | str, extent: Extent) -> tuple[float, bool]:
    """Return the accuracy in metres of the way between two systems, 0 if unknown, and whether it is a rough one."""
    from pyproj.exceptions import ProjError
    from pyproj.transformer import AreaOfInterest, TransformerGroup

    area = None if extent.west > extent.east else AreaOfInterest(*extent)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the best way needs a grid that is not there: that is what is asked here
        try:
            ways = TransformerGroup(source, target, always_xy=True, area_of_interest=area).transformers
        except ProjError:
            return 0.0, False
    if not ways:
        return 0.0, False
    best = ways[0]
    return max(best.accuracy, 0.0), "ballpark" in best.description.lower()


def _is_modern(crs: CRS | str) -> bool:
    from pyproj import CRS

    ellipsoid = CRS(crs).ellipsoid
    return ellipsoid is not None and any(abs(ellipsoid.semi_major_metre - axis) < 1 for axis in MODERN)


def _usual_shift(crs: CRS, extent: Extent) -> float:
    """Return how far a system of the place with the same ellipsoid is shifted: so far areas lie off without a datum."""
    ellipsoid = crs.ellipsoid
    names = KNOWN.get(int(ellipsoid.semi_major_metre), ()) if ellipsoid is not None else ()
    shifts = [shift for name in names if (shift := _shift(name, extent.centre)) is not None]
    return max(shifts, default=USUAL_SHIFT)


def _shift(name: str, point: tuple[float, float]) -> float | None:
    """Return how many metres lie between the same degrees in a system and in that of satellite navigation."""
    from pyproj import CRS, Geod, Transformer

    use = CRS(name).area_of_use
    if use is None or not Extent(*use.bounds).holds(point):
        return None
    x, y = Transformer.from_crs(name, "OGC:CRS84", always_xy=True).transform(*point)
    return float(Geod(ellps="WGS84").inv(*point, x, y)[2])


def _same_projection(crs: CRS, extent: Extent, bounds: tuple[float, ...]) -> str | None:
    """Return a usual system that means the same projection: it puts the coordinates nearly at the same place."""
    from pyproj import CRS, Geod, Transformer

    x, y = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
    if crs.is_geographic and crs.ellipsoid is not None:
        return next((n for n in KNOWN.get(int(crs.ellipsoid.semi_major_metre), ()) if _shift(n, (x, y))), None)
    here = extent.centre
    for name in USUAL:
        use = CRS(name).area_of_use
        if use is None or not Extent(*use.bounds).holds(here, margin=1.0):
            continue
        there = Transformer.from_crs(name, "OGC:CRS84", always_xy=True).transform(x, y)
        if Geod(ellps="WGS84").inv(*here, *there)[2] < SAME_PLACE:
            return name
    return None


def _with_datum(crs: CRS, point: tuple[float, float]) -> str | None:
    """Write the same projection with the datum of the place; None where it cannot be written so."""
    name = next((name for name in DATUMS if _shift(name, point) is not None), None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the short form says less than the long one: it is all that is needed
        parts = crs.to_proj4().split()
    shape = [part for part in parts if part.startswith(("+ellps", "+a=", "+b=", "+rf="))]
    if name is None or len(shape) != 1 or any(part.startswith(("+datum", "+towgs84", "+nadgrids")) for part in parts):
        return None
    return " ".join(f"+datum={DATUMS[name]}" if part == shape[0] else part for part in parts if part != "+type=crs")
