"""A Voronoi mesh with exact topology: cells know their corners by number, not by coordinate."""

from __future__ import annotations

import math
from dataclasses import dataclass

Point = tuple[float, float]
Triangle = tuple[int, int, int]

FAR_AWAY = 1e6
"""Metres; the helper triangle that encloses every site reaches this far."""


@dataclass(frozen=True)
class Side:
    """One straight side of a cell: from one corner to the next, and the cell beyond it."""

    start: int
    end: int
    neighbour: int


@dataclass(frozen=True)
class Mesh:
    """Voronoi cells of a set of sites.

    Attributes
    ----------
    sites
        The generating points.
    corners
        Position of each Voronoi corner.
    corner_sites
        The three sites that meet at each corner.
    cells
        For each closed cell its sides, counter-clockwise. Cells at the hull are left out.
    """

    sites: tuple[Point, ...]
    corners: tuple[Point, ...]
    corner_sites: tuple[Triangle, ...]
    cells: dict[int, tuple[Side, ...]]


def voronoi(sites: list[Point]) -> Mesh:
    """Voronoi mesh as the dual of the Delaunay triangulation.

    Two cells that share a side hold the same two corner numbers, so their borders can be drawn
    in any style and still fit exactly.

    Parameters
    ----------
    sites : list of (float, float)
        At least three points, no two alike.

    Returns
    -------
    Mesh
        The closed cells.
    """
    triangles = delaunay(sites)
    corners = [circumcentre(*(sites[i] for i in triangle)) for triangle in triangles]
    around: dict[int, list[int]] = {i: [] for i in range(len(sites))}
    for corner, triangle in enumerate(triangles):
        for i in triangle:
            around[i].append(corner)
    cells = {}
    for i, ring in around.items():
        ring.sort(key=lambda corner: _angle(sites[i], corners[corner]))
        sides = _sides(i, ring, triangles)
        if sides:
            cells[i] = tuple(sides)
    return Mesh(tuple(sites), tuple(corners), tuple(triangles), cells)


def delaunay(sites: list[Point]) -> list[Triangle]:
    """Delaunay triangulation, point by point (Bowyer-Watson).

    Simple and quadratic: right for a few hundred points, not for more.

    Parameters
    ----------
    sites : list of (float, float)
        Points in general position.

    Returns
    -------
    list of (int, int, int)
        Site numbers of each triangle, ascending; the list is sorted.
    """
    n = len(sites)
    points = [*sites, (-FAR_AWAY, -FAR_AWAY), (FAR_AWAY, -FAR_AWAY), (0.0, FAR_AWAY)]
    helper: Triangle = (n, n + 1, n + 2)
    circles = {helper: _circle(points, helper)}
    for i in range(n):
        broken = [t for t, (centre, radius) in circles.items() if math.dist(centre, points[i]) < radius]
        edges: dict[tuple[int, int], int] = {}
        for a, b, c in broken:
            for edge in ((a, b), (b, c), (a, c)):
                edges[edge] = edges.get(edge, 0) + 1
        for triangle in broken:
            del circles[triangle]
        for (a, b), count in edges.items():
            if count == 1:
                low, middle, high = sorted((a, b, i))
                triangle = (low, middle, high)
                circles[triangle] = _circle(points, triangle)
    return sorted(triangle for triangle in circles if max(triangle) < n)


def circumcentre(a: Point, b: Point, c: Point) -> Point:
    """Centre of the circle through three points.

    Parameters
    ----------
    a, b, c : (float, float)
        Points that do not lie on one line.

    Returns
    -------
    (float, float)
        The centre.
    """
    bx, by = b[0] - a[0], b[1] - a[1]
    cx, cy = c[0] - a[0], c[1] - a[1]
    twice_area = 2 * (bx * cy - by * cx)
    b2, c2 = bx * bx + by * by, cx * cx + cy * cy
    return (a[0] + (cy * b2 - by * c2) / twice_area, a[1] + (bx * c2 - cx * b2) / twice_area)


def _circle(points: list[Point], triangle: Triangle) -> tuple[Point, float]:
    centre = circumcentre(*(points[i] for i in triangle))
    return centre, math.dist(centre, points[triangle[0]])


def _angle(origin: Point, point: Point) -> float:
    return math.atan2(point[1] - origin[1], point[0] - origin[0])


def _sides(site: int, ring: list[int], triangles: list[Triangle]) -> list[Side]:
    """Sides of one cell, or none if the cell is open to the outside."""
    sides = []
    for start, end in zip(ring, ring[1:] + ring[:1], strict=True):
        shared = (set(triangles[start]) & set(triangles[end])) - {site}
        if len(shared) != 1:
            return []
        sides.append(Side(start, end, shared.pop()))
    return sides
