"""The map layers as GeoJSON text: one feature per line, coordinates to 0.1 m."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sample_city.names import BEZIRK_NAMES, NOTICE
from sample_city.places import PROGRAMME, Facility, Programme

if TYPE_CHECKING:
    from sample_city.districts import City
    from sample_city.mesh import Point
    from sample_city.noise import Band
    from sample_city.scenery import Scenery
    from sample_city.ways import Way

CRS_NAME = "urn:ogc:def:crs:EPSG::25832"

Json = dict[str, object]


def district_layer(city: City) -> bytes:
    """Polygons of all districts.

    Parameters
    ----------
    city : City
        Named districts.

    Returns
    -------
    bytes
        ``stadtteile.geojson``.
    """
    return _layer(
        "stadtteile",
        [
            _feature(
                _polygon(d.cell.ring),
                STADTTEIL=d.key,
                NAME=d.name,
                BEZIRK=d.bezirk,
                BEZIRK_NAME=BEZIRK_NAMES[d.bezirk],
            )
            for d in city.districts
        ],
    )


def river_layer(ring: tuple[Point, ...]) -> bytes:
    """Polygon of the river.

    Parameters
    ----------
    ring : tuple of (float, float)
        Closed ring.

    Returns
    -------
    bytes
        ``fluss.geojson``.
    """
    return _layer("fluss", [_feature(_polygon(ring), NAME="Fluss")])


def facility_layer(facilities: list[Facility]) -> bytes:
    """Points of all facilities.

    Parameters
    ----------
    facilities : list of Facility
        Places.

    Returns
    -------
    bytes
        ``einrichtungen.geojson``.
    """
    return _layer(
        "einrichtungen",
        [_feature({"type": "Point", "coordinates": f.point}, ART=f.kind, NAME=f.name) for f in facilities],
    )


def programme_layer(programmes: list[Programme]) -> bytes:
    """Polygons of all programme areas.

    Parameters
    ----------
    programmes : list of Programme
        Areas.

    Returns
    -------
    bytes
        ``programmgebiete.geojson``.
    """
    return _layer(
        "programmgebiete",
        [_feature(_polygon(p.ring), NAME=p.name, PROGRAMM=PROGRAMME, SEIT=p.since) for p in programmes],
    )


def road_layer(scenery: Scenery) -> bytes:
    """Lines of the main roads.

    Parameters
    ----------
    scenery : Scenery
        What was drawn.

    Returns
    -------
    bytes
        ``hauptstrassen.geojson``.
    """
    return _layer("hauptstrassen", [_feature(_line(line), NAME=name) for name, line in scenery.roads])


def rail_layer(scenery: Scenery) -> bytes:
    """Lines of the railway.

    Parameters
    ----------
    scenery : Scenery
        What was drawn.

    Returns
    -------
    bytes
        ``bahn.geojson``.
    """
    return _layer("bahn", [_feature(_line(line)) for line in scenery.rail])


def park_layer(scenery: Scenery) -> bytes:
    """Polygons of parks.

    Parameters
    ----------
    scenery : Scenery
        What was drawn.

    Returns
    -------
    bytes
        ``gruen.geojson``.
    """
    return _layer("gruen", [_feature(_polygon(ring), NAME=name) for name, ring in scenery.parks])


def name_layer(scenery: Scenery) -> bytes:
    """Points and lines with the names of places.

    Parameters
    ----------
    scenery : Scenery
        What was drawn.

    Returns
    -------
    bytes
        ``ortsnamen.geojson``.
    """
    return _layer("ortsnamen", [_feature(_place(where), NAME=name, ART=kind) for name, kind, where in scenery.places])


def way_layer(ways: list[Way]) -> bytes:
    """Lines of all ways on foot.

    Parameters
    ----------
    ways : list of Way
        Streets and bridges.

    Returns
    -------
    bytes
        ``wege.geojson``.
    """
    return _layer("wege", [_feature(_line(w.points), bridge="yes" if w.bridge else "no") for w in ways])


def noise_layer(bands: list[Band]) -> bytes:
    """Polygons of all noise bands.

    Parameters
    ----------
    bands : list of Band
        Bands.

    Returns
    -------
    bytes
        ``laerm.geojson``.
    """
    return _layer(
        "laerm",
        [
            _feature({"type": "Polygon", "coordinates": band.rings}, QUELLE=band.source, AB_DBA=band.level)
            for band in bands
        ],
    )


def _place(where: tuple) -> Json:
    is_line = isinstance(where[0], tuple)
    return _line(where) if is_line else {"type": "Point", "coordinates": where}


def _line(points: tuple[Point, ...]) -> Json:
    return {"type": "LineString", "coordinates": points}


def _polygon(ring: tuple[Point, ...]) -> Json:
    return {"type": "Polygon", "coordinates": [ring]}


def _feature(geometry: Json, **properties: str | int) -> Json:
    return {"type": "Feature", "properties": {**properties, "Hinweis": NOTICE}, "geometry": geometry}


def _layer(name: str, features: list[Json]) -> bytes:
    crs = {"type": "name", "properties": {"name": CRS_NAME}}
    lines = ",\n".join(_dump(feature) for feature in features)
    text = (
        f'{{\n"type": "FeatureCollection",\n"name": {_dump(name)},\n'
        f'"description": {_dump(NOTICE)},\n"crs": {_dump(crs)},\n'
        f'"features": [\n{lines}\n]\n}}\n'
    )
    return text.encode("utf-8")


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
