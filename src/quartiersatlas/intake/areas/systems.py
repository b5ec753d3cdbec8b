"""Which projected system measures in metres at a place, and is the one that its administrations use?"""

from __future__ import annotations

from typing import NamedTuple

import shapely

HALF_TURN, FULL_TURN = 180.0, 360.0
ZONE = 6.0  # degrees that a UTM zone is wide


class Extent(NamedTuple):
    """West, south, east and north in degrees; the west is above the east where it goes over the date line."""

    west: float
    south: float
    east: float
    north: float

    @property
    def centre(self) -> tuple[float, float]:
        """Longitude and latitude of the middle."""
        east = self.east if self.east >= self.west else self.east + FULL_TURN
        return wrapped((self.west + east) / 2), (self.south + self.north) / 2

    def holds(self, point: tuple[float, float], margin: float = 0.0) -> bool:
        """Return True if a point lies inside; an extent over the date line holds every longitude."""
        x, y = point
        turns = (x, x + FULL_TURN, x - FULL_TURN)
        inside = any(self.west - margin <= turn <= self.east + margin for turn in turns) or self.west > self.east
        return inside and self.south - margin <= y <= self.north + margin


EUROPE = Extent(-12.0, 34.0, 35.0, 72.0)

# Rough outlines, some kilometres off in the countryside and closer at the towns of the borders. Only a proposal depends
# on them: each system is made for its neighbourhood as well, so that a wrong one measures as rightly.
SWITZERLAND = (
    (5.96, 46.13), (5.97, 46.22), (6.12, 46.26), (6.07, 46.42), (6.44, 46.77), (6.46, 46.93), (6.71, 47.06),
    (7.04, 47.34), (6.88, 47.36), (6.95, 47.49), (7.20, 47.49), (7.40, 47.44), (7.56, 47.58), (7.59, 47.592),
    (7.67, 47.592), (7.68, 47.54), (7.90, 47.58), (8.20, 47.62), (8.42, 47.58), (8.45, 47.66), (8.57, 47.80),
    (8.72, 47.76), (8.86, 47.66), (9.10, 47.665), (9.18, 47.657), (9.50, 47.53), (9.58, 47.48), (9.66, 47.45),
    (9.67, 47.38), (9.52, 47.27), (9.57, 47.21), (9.62, 47.05), (9.88, 47.01), (10.11, 46.84), (10.39, 47.00),
    (10.49, 46.94), (10.46, 46.54), (10.05, 46.53), (10.17, 46.25), (9.95, 46.37), (9.62, 46.28), (9.46, 46.50),
    (9.25, 46.43), (9.28, 46.23), (9.02, 46.05), (9.09, 45.90), (9.03, 45.82), (8.92, 45.84), (8.72, 46.10),
    (8.44, 46.25), (8.46, 46.46), (8.09, 46.26), (8.03, 46.01), (7.87, 45.92), (7.05, 45.93), (6.80, 46.14),
    (6.77, 46.38), (6.52, 46.45), (6.24, 46.31), (6.30, 46.25), (6.18, 46.17), (6.10, 46.14),
)  # fmt: skip
NETHERLANDS = (
    (3.36, 51.37), (3.80, 51.20), (4.23, 51.36), (4.40, 51.35), (4.45, 51.47), (4.77, 51.49), (4.98, 51.41),
    (5.10, 51.43), (5.24, 51.26), (5.55, 51.22), (5.85, 51.14), (5.72, 50.96), (5.64, 50.85), (5.70, 50.755),
    (6.02, 50.755), (6.03, 50.84), (6.08, 50.92), (5.89, 50.98), (6.17, 51.17), (6.08, 51.24), (6.22, 51.37),
    (6.21, 51.50), (5.95, 51.75), (6.03, 51.84), (6.39, 51.83), (6.83, 51.97), (6.70, 52.06), (7.05, 52.23),
    (7.06, 52.39), (6.70, 52.49), (6.72, 52.64), (7.05, 52.65), (7.21, 53.00), (7.20, 53.24), (6.80, 53.55),
    (5.00, 53.50), (4.50, 52.90), (4.00, 52.00),
)  # fmt: skip
GREAT_BRITAIN = (
    (-6.5, 49.8), (-4.0, 49.9), (-1.0, 50.5), (1.0, 50.75), (1.60, 51.10), (1.90, 52.50), (0.5, 53.6), (-1.3, 55.6),
    (-1.5, 57.8), (-0.7, 60.9), (-2.5, 60.9), (-7.8, 58.4), (-8.0, 56.7), (-6.6, 55.55), (-5.6, 55.2), (-5.4, 54.4),
    (-4.9, 53.5), (-5.6, 52.0), (-6.2, 50.5),
)  # fmt: skip
FRANCE = (
    (2.54, 51.10), (3.15, 50.78), (4.15, 50.00), (4.85, 50.15), (4.88, 49.80), (5.80, 49.54), (6.35, 49.46),
    (6.55, 49.42), (6.73, 49.17), (6.95, 49.20), (7.05, 49.11), (7.44, 49.17), (8.20, 48.97), (7.80, 48.59),
    (7.57, 48.05), (7.52, 47.70), (7.58, 47.59), (7.40, 47.44), (7.00, 47.50), (6.88, 47.36), (7.04, 47.34),
    (6.44, 46.93), (6.44, 46.77), (6.07, 46.42), (6.12, 46.26), (5.96, 46.13), (6.18, 46.17), (6.30, 46.25),
    (6.24, 46.31), (6.77, 46.40), (6.80, 46.14), (7.05, 45.93), (6.80, 45.75), (7.15, 45.40), (6.62, 45.10),
    (7.00, 44.70), (6.90, 44.30), (7.70, 44.10), (7.53, 43.78), (7.40, 43.60), (9.30, 43.10), (9.70, 42.30),
    (9.30, 41.33), (8.40, 41.40), (7.0, 42.9), (3.18, 42.43), (1.75, 42.48), (1.44, 42.60), (0.70, 42.80),
    (-0.70, 42.90), (-1.43, 43.06), (-1.79, 43.37), (-1.70, 44.5), (-1.5, 46.0), (-5.30, 48.0), (-5.30, 48.9),
    (-2.20, 49.80), (1.40, 50.85), (1.90, 51.03),
)  # fmt: skip
NATIONAL = (
    (SWITZERLAND, "EPSG:2056"), (NETHERLANDS, "EPSG:28992"), (GREAT_BRITAIN, "EPSG:27700"), (FRANCE, "EPSG:2154"),
)  # fmt: skip


def projected_for(point: tuple[float, float]) -> str:
    """Name a projected system in metres for a point in degrees.

    The national system in Switzerland, the Netherlands, Great Britain and France; ETRS89/UTM in the rest of Europe,
    which is what Germany and the federal data of Austria use; WGS 84/UTM elsewhere.

    Examples
    --------
    >>> projected_for((8.54, 47.37)), projected_for((13.4, 52.5)), projected_for((18.42, -33.92))
    ('EPSG:2056', 'EPSG:25833', 'EPSG:32734')
    """
    from pyproj import CRS

    x, y = wrapped(point[0]), point[1]
    for outline, name in NATIONAL:
        if shapely.Polygon(outline).contains(shapely.Point(x, y)):
            return name
    zone = int((x + HALF_TURN) // ZONE) + 1
    if EUROPE.holds((x, y)):
        european = CRS(f"EPSG:{25800 + zone}")
        if european.area_of_use is not None and Extent(*european.area_of_use.bounds).holds((x, y)):
            return f"EPSG:{25800 + zone}"
    return f"EPSG:{(32600 if y >= 0 else 32700) + zone}"


def wrapped(longitude: float) -> float:
    """Return a longitude from -180 up to 180."""
    if -HALF_TURN <= longitude < HALF_TURN:
        return longitude
    return (longitude + HALF_TURN) % FULL_TURN - HALF_TURN
