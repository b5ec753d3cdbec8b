"""A bus timetable in the GTFS format: lines from the station outwards, and one along the ring road."""

from __future__ import annotations

import csv
import io
import math
import zipfile
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from sample_city.geometry import CENTRE
from sample_city.names import BEZIRK_NAMES, NOTICE
from sample_city.scenery import STATION

if TYPE_CHECKING:
    from sample_city.districts import City, District
    from sample_city.mesh import Point

FAR = 4_600
"""Metres from the centre; beyond it only every second district has a stop."""
MOST_BETWEEN = 900
"""Metres between two stops; further ones have another stop halfway."""
MINUTES_PER_KM = 3
FIRST_DAY, LAST_DAY = "20241215", "20251213"
HOLIDAYS = ("20241225", "20241226", "20250101", "20250418", "20250421", "20250501", "20251003")
WEEKDAY, WEEKEND = "Werktag", "Wochenende"
HEADWAYS = {WEEKDAY: ("05:00:00", "23:00:00", 600, 1200), WEEKEND: ("06:00:00", "23:00:00", 1200, 1800)}
"""From, to, seconds between two buses of the inner and the outer lines."""
ZIP_DAY = (2024, 12, 15, 0, 0, 0)
# GRS 80 and UTM zone 32
EQUATOR, FLATTENING, SCALE, FALSE_EAST, MERIDIAN = 6_378_137.0, 1 / 298.257222101, 0.9996, 500_000.0, 9.0


@dataclass(frozen=True)
class BusLine:
    """A line with its stops in their order, named by district; metres around the city centre."""

    name: str
    stops: tuple[tuple[str, Point], ...]
    is_inner: bool


def timetable_bytes(city: City) -> bytes:
    """Render the timetable as a zip file of tables, uncompressed: the same bytes with every version of zlib.

    Parameters
    ----------
    city : City
        Named districts.

    Returns
    -------
    bytes
        ``fahrplan_gtfs.zip``.
    """
    lines = _lines(city)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for name, rows in _tables(lines).items():
            text = io.StringIO(newline="")
            csv.writer(text, lineterminator="\n").writerows(rows)
            archive.writestr(zipfile.ZipInfo(f"{name}.txt", ZIP_DAY), text.getvalue().encode("utf-8"))
    return content.getvalue()


def degrees(point: Point) -> tuple[float, float]:
    """From EPSG:25832 to longitude and latitude, by the series of Krüger to the third order.

    Parameters
    ----------
    point : (float, float)
        Easting and northing.

    Returns
    -------
    (float, float)
        Longitude and latitude in degrees, right to less than a millimetre.
    """
    n = FLATTENING / (2 - FLATTENING)
    radius = EQUATOR / (1 + n) * (1 + n**2 / 4 + n**4 / 64)
    xi, eta = point[1] / (SCALE * radius), (point[0] - FALSE_EAST) / (SCALE * radius)
    beta = (n / 2 - 2 * n**2 / 3 + 37 * n**3 / 96, n**2 / 48 + n**3 / 15, 17 * n**3 / 480)
    north = xi - math.fsum(b * math.sin(2 * j * xi) * math.cosh(2 * j * eta) for j, b in enumerate(beta, 1))
    east = eta - math.fsum(b * math.cos(2 * j * xi) * math.sinh(2 * j * eta) for j, b in enumerate(beta, 1))
    chi = math.asin(math.sin(north) / math.cosh(east))
    delta = (2 * n - 2 * n**2 / 3 - 2 * n**3, 7 * n**2 / 3 - 8 * n**3 / 5, 56 * n**3 / 15)
    latitude = chi + math.fsum(d * math.sin(2 * j * chi) for j, d in enumerate(delta, 1))
    longitude = math.radians(MERIDIAN) + math.atan2(math.sinh(east), math.cos(north))
    return math.degrees(longitude), math.degrees(latitude)


def _lines(city: City) -> list[BusLine]:
    """Return two lines for each Stadtbezirk, one to its nearer and one to its further districts."""
    lines = []
    for bezirk in BEZIRK_NAMES:
        served = _served([d for d in city.districts if d.bezirk == bezirk and d.key not in (city.forest, city.works)])
        for half, part in enumerate((served[::2], served[1::2])):
            stops = [("Hauptbahnhof", STATION), *((d.name, d.cell.site) for d in _tour(part))]
            lines.append(BusLine(f"{int(bezirk)}{half + 1}", tuple(_filled(stops)), is_inner=half == 0))
    return lines


def _served(districts: list[District]) -> list[District]:
    ordered = sorted(districts, key=lambda d: (math.hypot(*d.cell.site), d.key))
    outer = [d for d in ordered if math.hypot(*d.cell.site) > FAR]
    left_out = {d.key for d in outer[1::2]}
    return [d for d in ordered if d.key not in left_out]


def _tour(districts: list[District]) -> list[District]:
    """Return districts from the station on, the nearest of the others next."""
    left, here, tour = list(districts), STATION, []
    while left:
        nearest = min(left, key=lambda d: (math.dist(d.cell.site, here), d.key))
        left.remove(nearest)
        tour.append(nearest)
        here = nearest.cell.site
    return tour


def _filled(stops: list[tuple[str, Point]]) -> list[tuple[str, Point]]:
    """Return the stops with another one halfway where two are far apart."""
    found = stops[:1]
    for (before, start), (name, end) in pairwise(stops):
        if math.dist(start, end) > MOST_BETWEEN:
            found.append((f"{before} / {name}", ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)))
        found.append((name, end))
    return found


def _tables(lines: list[BusLine]) -> dict[str, list[tuple[object, ...]]]:
    """Return heading and rows of each table."""
    places = {name: place for line in lines for name, place in line.stops}
    ids = {name: f"H{number:03d}" for number, name in enumerate(sorted(places), start=1)}
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    tables: dict[str, list[tuple[object, ...]]] = {
        "agency": [
            ("agency_id", "agency_name", "agency_url", "agency_timezone"),
            ("1", f"Stadtverkehr ({NOTICE})", "https://example.org", "Europe/Berlin"),
        ],
        "calendar": [
            ("service_id", *days, "start_date", "end_date"),
            (WEEKDAY, 1, 1, 1, 1, 1, 0, 0, FIRST_DAY, LAST_DAY),
            (WEEKEND, 0, 0, 0, 0, 0, 1, 1, FIRST_DAY, LAST_DAY),
        ],
        "calendar_dates": [
            ("service_id", "date", "exception_type"),
            *((service, day, kind) for day in HOLIDAYS for service, kind in ((WEEKDAY, 2), (WEEKEND, 1))),
        ],
        "stops": [("stop_id", "stop_name", "stop_lat", "stop_lon")],
        "routes": [("route_id", "agency_id", "route_short_name", "route_type")],
        "trips": [("route_id", "service_id", "trip_id")],
        "stop_times": [("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence")],
        "frequencies": [("trip_id", "start_time", "end_time", "headway_secs")],
    }
    for name in sorted(places):
        longitude, latitude = degrees((CENTRE[0] + places[name][0], CENTRE[1] + places[name][1]))
        tables["stops"].append((ids[name], name, f"{latitude:.6f}", f"{longitude:.6f}"))
    for line in lines:
        tables["routes"].append((line.name, "1", line.name, 3))
        for service, (first, last, inner, outer) in HEADWAYS.items():
            for way, stops in (("hin", line.stops), ("rück", line.stops[::-1])):
                trip = f"{line.name}-{service}-{way}"
                tables["trips"].append((line.name, service, trip))
                tables["frequencies"].append((trip, first, last, inner if line.is_inner else outer))
                tables["stop_times"] += _times(trip, stops, ids)
    return tables


def _times(trip: str, stops: tuple[tuple[str, Point], ...], ids: dict[str, str]) -> list[tuple[object, ...]]:
    """Return the times of a pattern that starts at midnight; the frequencies say when it runs."""
    rows, minutes = [], 0
    for number, (name, place) in enumerate(stops, start=1):
        if number > 1:
            minutes += max(1, round(MINUTES_PER_KM * math.dist(stops[number - 2][1], place) / 1000))
        time = f"{minutes // 60:02d}:{minutes % 60:02d}:00"
        rows.append((trip, time, time, ids[name], number))
    return rows
