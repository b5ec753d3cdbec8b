"""A second decoder of the map's outlines, in Python, straight from what the format says."""

from __future__ import annotations

from base64 import b64decode

import numpy as np
import shapely

STEP = 1e-5


def varints(text):
    """Return the numbers: seven bits a byte, the eighth says that another byte follows."""
    numbers, value, shift = [], 0, 0
    for byte in b64decode(text):
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            numbers.append(value)
            value = shift = 0
    assert shift == 0
    return numbers


def signed(text):
    """Return numbers of either sign: odd ones are negative."""
    return [-(n + 1) // 2 if n % 2 else n // 2 for n in varints(text)]


def decode(encoded):
    """Return arcs as arrays of grid points, and shapes as nested lists: part, ring, (arc, backwards)."""
    points = np.cumsum(np.reshape(signed(encoded["points"]), (-1, 2)), axis=0).astype(int)
    stops = np.cumsum(varints(encoded["lengths"]))
    arcs = np.split(points, stops[:-1]) if len(stops) else []
    refs = iter(np.cumsum(signed(encoded["refs"])).tolist())
    rings, cuts = iter(varints(encoded["rings"])), iter(varints(encoded["cuts"]))
    shapes = [
        [[[divmod(next(refs), 2) for _ in range(next(cuts))] for _ in range(next(rings))] for _ in range(parts)]
        for parts in varints(encoded["parts"])
    ]
    for rest in (refs, rings, cuts):
        assert next(rest, None) is None
    return arcs, shapes


def ring_points(arcs, ring):
    """Return the grid points of a ring; each arc must start where the one before ends."""
    runs = [arcs[arc][::-1] if backwards else arcs[arc] for arc, backwards in ring]
    for run, following in zip(runs, [*runs[1:], runs[0]], strict=True):
        assert (run[-1] == following[0]).all()
    return np.concatenate([run[:-1] for run in runs])


def polygons(encoded, scale=1):
    """Return each shape as a MultiPolygon on the grid times scale."""
    arcs, shapes = decode(encoded)
    return [
        shapely.MultiPolygon(
            [
                shapely.Polygon(
                    ring_points(arcs, part[0]) * scale, [ring_points(arcs, hole) * scale for hole in part[1:]]
                )
                for part in shape
            ]
        )
        for shape in shapes
    ]
