"""Damaged geometry files: an outline, a key or a name is never lost, made or moved without a word."""

from __future__ import annotations

import math
import zipfile
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

import numpy as np
import pandas as pd
import shapely

import quartiersatlas as qa
from fuzzing.faults import HOSTILE, damaged, dice, inside_damaged
from fuzzing.geometry_faults import CONTENT_FAULTS, Layer
from fuzzing.geometry_files import CRS, FORMATS, FormatRefusesError, drawn_city, write_layer
from fuzzing.same_geometry import run_same
from fuzzing.verdict import BrokenPromiseError, ending

if TYPE_CHECKING:
    import random
    from pathlib import Path

    import geopandas as gpd

WHOLE = ("none",) * 5  # what is done to the file: half of the files stay whole, their content is damaged
FILE_FAULTS = (*WHOLE, "bytes", "bytes", "cut", "sidecar", "suffix", "words", "folder", "archive")


def run(seed: int, folder: Path) -> str:
    """Run one case: mostly damaged layers, some that only look different."""
    kind = "same" if dice(-seed - 1).random() < 0.15 else "damaged"
    return run_same(seed, folder) if kind == "same" else run_damaged(seed, folder)


def run_damaged(seed: int, folder: Path) -> str:
    """Damage the content of a layer, the file, or both; read it and use what was read."""
    rng = dice(seed)
    layer = Layer(drawn_city(rng), crs=CRS)
    for fault in rng.choices(CONTENT_FAULTS, k=rng.choice([0, 1, 1, 1, 2, 3])):
        fault(layer, rng)
    file, fault = _written(layer, folder, rng)
    options = _options(layer, rng)
    call = rng.choices(["areas", "features", "points", "table"], [16, 2, 1, 2])[0]
    if call == "features":
        end = ending(lambda: qa.read_features(file, name="NAME", kind=rng.choice([None, "BEZ"]), crs=CRS))
    elif call == "points":
        end = ending(lambda: qa.read_points(file, key="id", name="NAME", to_crs=CRS))
    elif call == "table":
        end = ending(lambda: qa.read_table(file, key="id"))
    else:
        end = ending(lambda: qa.read_areas(file, **options))
    if call == "areas" and end.how == "done":
        refuse_unusable(end.value)
        if fault == "none":
            refuse_silent(layer, end.value, options)
        return f"areas done, then {_used(end.value, folder, rng)}"
    return f"{call} {end.how}"


def _written(layer: Layer, folder: Path, rng: random.Random) -> tuple[Path, str]:
    """Write the layer in one of the formats, damage the file; return it and what was done."""
    formats = [ending for ending in FORMATS for _ in range(3 if ending == ".geojson" else 1)]
    try:
        file = write_layer(layer, folder / f"gebiete{rng.choice(formats)}", rng)
    except FormatRefusesError:  # not every format can hold every fault
        file = write_layer(layer, folder / "gebiete.geojson", rng)
    fault = rng.choice(FILE_FAULTS)
    if fault == "bytes":
        wounded = rng.choice(sorted(folder.iterdir()))
        wounded.write_bytes(damaged(wounded.read_bytes(), rng))
    elif fault == "cut":
        file.write_bytes(file.read_bytes()[: rng.choice([0, 1, 16, 100, file.stat().st_size // 2])])
    elif fault == "sidecar":
        rng.choice(sorted(folder.iterdir())).unlink()
    elif fault == "suffix":
        others = [".gpkg", ".geojson", ".shp", ".fgb", ".gml", ".parquet", ".zip", ".json", ".kml", ".xyz", ""]
        file = file.rename(folder / f"falsch{rng.choice(others)}")
    elif fault == "words":
        words = ["Liebe Kolleginnen,\nanbei.", "<html><body>404</body></html>", "key;a\n01;2\n", "{}", "[]", '"x"', "0"]
        file.write_text(rng.choice([*words, '{"type": "FeatureCollection"}', '{"features": null}']))
    elif fault == "folder":
        file.unlink()
        file.mkdir()
    elif fault == "archive":
        file = _archive(folder, rng)
    return file, fault


def _archive(folder: Path, rng: random.Random) -> Path:
    """Pack everything: at the top, in a folder, twice, beside other files, or nothing; sometimes damaged."""
    packed = folder / "gebiete.zip"
    members = sorted(file for file in folder.iterdir() if file.is_file())
    with zipfile.ZipFile(folder / "unfinished", "w", rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])) as archive:
        for within in rng.choice([[""], ["Daten/"], ["a/", "b/"], ["../"], [], ["ä b/"]]):
            for file in members:
                archive.write(file, f"{within}{file.name}")
        if rng.random() < 0.5:
            archive.writestr("Liesmich.txt", "Stand 2024")
    raw = (folder / "unfinished").read_bytes()
    if members and rng.random() < 0.4:
        raw = damaged(raw, rng) if rng.random() < 0.5 else inside_damaged(raw, rng)
    packed.write_bytes(raw)
    return packed


def _options(layer: Layer, rng: random.Random) -> dict[str, Any]:
    """Draw what the caller asks for: mostly what fits, now and then what does not."""
    options: dict[str, Any] = {"key": "id", "name": "NAME", "parents": {"bezirk": "BEZ"}}
    likely: dict[str, tuple[float, list[Any]]] = {
        "repair": (0.3, [True]),
        "dissolve": (0.3, [True]),
        "to_crs": (0.3, [CRS, "EPSG:25833", "EPSG:4326", "EPSG:1", "Unsinn", ""]),
        "crs": (0.15, [CRS, "EPSG:4326", "EPSG:31467", "EPSG:1", "Unsinn", "+proj=utm +zone=32"]),
        "swap_axes": (0.15, [True, False]),
        "snap": (0.1, [0.5, 100, 1e9, math.nan, math.inf, -1]),
        "encoding": (0.1, ["cp1252", "utf-8", "Unsinn", "utf-16", "", "ascii"]),
        "layer": (0.05, ["gebiete", "", "nicht da"]),
        "exclude": (0.1, ["01", ["01", "02"], "99", ""]),
        "name": (0.1, [None, "NAMEN", "id", "geometry"]),
        "key": (0.1, ["ID", "", "NAME", "geometry", rng.choice(HOSTILE)]),
        "parents": (0.1, [{}, {"name": "BEZ"}, {"x": "y"}, {"": "BEZ"}]),
    }
    for name, (share, values) in likely.items():
        if rng.random() < share * (0.3 if layer.whole else 1):
            options[name] = rng.choice(values)
    return options


def refuse_unusable(areas: gpd.GeoDataFrame) -> None:
    """Refuse areas that no later step can use: whatever is read is keyed, polygonal, valid, finite and in metres."""
    keys = list(areas.index)
    shapes = areas.geometry.to_numpy()
    kept = {
        "keys are text": all(isinstance(key, str) and key.strip() for key in keys),
        "keys are unique": len(set(keys)) == len(keys),
        "names are text": all(isinstance(name, str) for name in areas["name"]),
        "outlines are polygons": bool(np.isin(shapely.get_type_id(shapes), (3, 6)).all()),
        "outlines are valid": bool(shapely.is_valid(shapes).all()),
        "outlines have a surface": bool((shapely.area(shapes) > 0).all()),
        "coordinates are finite": bool(np.isfinite(shapely.get_coordinates(shapes)).all()),
        "there are no heights": not shapely.has_z(shapes).any(),
        "the system is projected": areas.crs is not None and areas.crs.is_projected,
    }
    broken = [promise for promise, holds in kept.items() if not holds]
    if broken:
        raise BrokenPromiseError(f"{'; '.join(broken)}: not so in\n{areas.head()}")


def refuse_silent(layer: Layer, areas: gpd.GeoDataFrame, options: dict[str, Any]) -> None:
    """Refuse areas with other keys, names or surfaces than the layer has, where nothing was asked to change them."""
    as_written = all(type(key) in (str, int) for key in layer.column("id"))
    if options["key"] != "id" or options["name"] not in ("NAME", None) or not as_written:
        return
    excluded = options.get("exclude", ())
    excluded = {excluded} if isinstance(excluded, str) else set(excluded)
    expected = {text for text in map(key_text, layer.column("id")) if text not in excluded}
    if set(map(key_text, areas.index)) != expected:
        raise BrokenPromiseError(f"other keys: {sorted(expected ^ set(areas.index))[:6]} of {sorted(expected)[:30]}")
    if any(name in options for name in ("crs", "to_crs", "swap_axes", "snap", "repair", "dissolve")):
        return
    before = dict(zip(map(key_text, layer.column("id")), layer.column("geometry"), strict=True))
    moved = [
        key
        for key, shape in areas.geometry.items()
        if abs(shape.area - shapely.area(before[key_text(key)])) > 1e-3 * max(1, shape.area)
    ]
    if moved:
        raise BrokenPromiseError(f"other surfaces of {moved[:5]}: nothing was asked to change them")


def key_text(key: object) -> str:
    """Return the text of a key, without blanks at its ends, umlauts as one letter, and the one line end of XML."""
    return normalize("NFC", str(key)).strip().replace("\r\n", "\n")


def _used(areas: gpd.GeoDataFrame, folder: Path, rng: random.Random) -> str:
    """Use the areas as every project does: check them, join a table, now and then draw a map."""
    fit = ending(lambda: qa.check_areas(areas))
    if fit.how != "done":
        return fit.how
    keys = pd.Index(areas.index, name="key")
    counts = {"residents": 900.0 + 10 * np.arange(len(keys)), "welfare": 100.0 + np.arange(len(keys))}
    joined = ending(lambda: qa.join(areas, pd.DataFrame(counts, index=keys)))
    if joined.how != "done" or rng.random() > 0.1:
        return joined.how
    data = ending(lambda: qa.add_rates(joined.value, {"sgb2_rate": ("welfare", "residents")}))
    words = {"title": rng.choice(HOSTILE), "source": "S", "as_of": "2024", "comment": "k"}
    release = ending(lambda: qa.release(data.value, columns=["sgb2_rate"], **words)) if data.how == "done" else data
    if release.how != "done":
        return f"map {release.how}"
    saved = ending(lambda: qa.atlas_map(release.value).save(folder / "atlas.html"))
    if saved.how == "done" and "<script>alert(1)" in (folder / "atlas.html").read_text(encoding="utf-8"):
        raise BrokenPromiseError("markup of a name became markup of the page")
    return f"map {saved.how}"
