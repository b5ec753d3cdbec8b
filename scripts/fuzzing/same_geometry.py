"""The same outlines, kept otherwise: format, order, ring, heights, reference system. What is read is the same."""

from __future__ import annotations

import gzip
import zipfile
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

import quartiersatlas as qa
from fuzzing.faults import dice
from fuzzing.geometry_faults import Layer
from fuzzing.geometry_files import CRS, FORMATS, drawn_city, write_layer
from fuzzing.verdict import BrokenPromiseError, ending

if TYPE_CHECKING:
    import random
    from pathlib import Path

NEAR = 1e-3  # metres that a corner may move by rounding in a file
# what a GeoJSON of today holds, a neighbouring zone, a map on the web: all to where the city lies
OTHER_SYSTEMS = ("EPSG:4326", "EPSG:25833", "EPSG:3857", "EPSG:4258")


def run_same(seed: int, folder: Path) -> str:
    """Write one city in a way of its own and read it; keys, names, districts and outlines are those that were drawn."""
    rng = dice(seed)
    city = drawn_city(rng)
    layer = Layer([dict(feature) for feature in city], crs=CRS)
    changes = [change for change in CHANGES if rng.random() < 0.5] or [turned]
    for change in changes:
        change(layer, rng)
    options: dict[str, Any] = {"key": "id", "name": "NAME", "parents": {"bezirk": "BEZ"}}
    if rng.random() < 0.4:
        layer.crs = rng.choice(OTHER_SYSTEMS)
        frame = gpd.GeoSeries(layer.column("geometry"), crs=CRS).to_crs(layer.crs)
        for feature, shape in zip(layer.features, frame, strict=True):
            feature["geometry"] = shape
        options["to_crs"] = CRS
    kind = rng.choice(FORMATS)
    file = write_layer(layer, folder / f"gebiete{kind}", rng)
    file = wrapped(file, folder, rng)
    end = ending(lambda: qa.read_areas(file, **options))
    how = f"{file.suffix} in {layer.crs} after {', '.join(change.__name__ for change in changes)}"
    if end.how != "done":
        raise BrokenPromiseError(f"a good {how} is refused: {end.message}")
    refuse_difference(city, end.value, how)
    return "same"


def turned(layer: Layer, rng: random.Random) -> None:
    """Start every ring at another corner."""
    for feature in layer.features:
        corners = list(feature["geometry"].exterior.coords)[:-1]
        start = rng.randrange(len(corners))
        feature["geometry"] = shapely.Polygon(corners[start:] + corners[:start])


def reversed_ring(layer: Layer, rng: random.Random) -> None:
    """Draw rings the other way round."""
    for feature in layer.features:
        if rng.random() < 0.5 and feature["geometry"].geom_type == "Polygon":
            feature["geometry"] = shapely.Polygon(list(feature["geometry"].exterior.coords)[::-1])


def parted(layer: Layer, rng: random.Random) -> None:
    """Keep some outlines as collections of one part."""
    layer.features.sort(key=lambda _: rng.random())
    for feature in layer.features[: rng.randint(1, len(layer.features))]:
        feature["geometry"] = shapely.multipolygons([feature["geometry"]])


def raised(layer: Layer, rng: random.Random) -> None:
    """Give every corner a height."""
    height = rng.choice([0.0, 12.5, -3.0])
    for feature in layer.features:
        feature["geometry"] = shapely.force_3d(feature["geometry"], height)


def shuffled(layer: Layer, rng: random.Random) -> None:
    """Write the features in another order."""
    rng.shuffle(layer.features)


def with_corners(layer: Layer, rng: random.Random) -> None:
    """Put further corners on the straight sides."""
    side = rng.choice([50, 90, 333])
    for feature in layer.features:
        feature["geometry"] = shapely.segmentize(feature["geometry"], side)


def widened(layer: Layer, rng: random.Random) -> None:
    """Give the features columns that nobody asks for."""
    for feature in layer.features:
        feature |= {"Stand": "2024", "leer": None, "Fläche": rng.random()}


CHANGES = (turned, reversed_ring, raised, with_corners, parted, shuffled, widened)  # in this order: rings, then parts


def wrapped(file: Path, folder: Path, rng: random.Random) -> Path:
    """Put some files into an archive, start some with a mark of their encoding, end their lines otherwise."""
    if file.suffix == ".geojson" and rng.random() < 0.3:
        text = file.read_bytes().replace(b"\n", rng.choice([b"\n", b"\r\n"]))
        file.write_bytes(rng.choice([b"", b"\xef\xbb\xbf"]) + text)
    if file.suffix in (".geojson", ".gml") and rng.random() < 0.2:
        inner, file = file, folder / f"{file.name}.gz"
        file.write_bytes(gzip.compress(inner.read_bytes()))
        return file
    return packed(folder, rng) if rng.random() < 0.3 else file


def packed(folder: Path, rng: random.Random) -> Path:
    """Pack a file with its companions, at the top or in a folder."""
    within = rng.choice(["", "Daten/"])
    file = folder / "gebiete.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for member in sorted(folder.glob("gebiete.*")):
            if member != file:
                archive.write(member, within + member.name)
    return file


def refuse_difference(city: list[dict[str, Any]], areas: gpd.GeoDataFrame, how: str) -> None:
    """Refuse areas that are not those of the city: by key, name, district and outline."""
    if sorted(areas.index) != [feature["id"] for feature in city]:
        raise BrokenPromiseError(f"{how}: other keys {sorted(areas.index)}")
    for feature in city:
        read = areas.loc[feature["id"]]
        if (read["name"], read["bezirk"]) != (feature["NAME"], feature["BEZ"]):
            raise BrokenPromiseError(f"{how}: {feature['id']} is called {read['name']!r}, {read['bezirk']!r}")
        drawn, outline = feature["geometry"], read["geometry"]
        apart = shapely.hausdorff_distance(drawn, outline)
        if not np.isfinite(apart) or apart > allowance(how) or outline.has_z:
            raise BrokenPromiseError(f"{how}: {feature['id']} lies up to {apart} m apart from what was drawn")


def allowance(how: str) -> float:
    """Return how far corners may lie apart, in metres: straight sides are straight in one system only."""
    return NEAR if CRS in how or "with_corners" not in how else 100 * NEAR
