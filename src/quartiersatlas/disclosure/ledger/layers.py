"""The areas of releases: keys, names, outlines and higher levels, each set of areas stored once beside the ledger."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyproj
import shapely

from quartiersatlas.base.files import write_durably
from quartiersatlas.disclosure.ledger.records import canonical, mapped, table, text
from quartiersatlas.errors import InputError
from quartiersatlas.intake.areas.area_columns import parent_columns

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FORMAT = 1


@dataclass(frozen=True, eq=False, kw_only=True)
class LedgerLayer:
    """The areas of one or more releases.

    Parameters
    ----------
    id : str
        Hash of reference system, keys, names, outlines and higher levels.
    outlines : mapping of str to str
        Key -> hash of its outline.
    areas : GeoDataFrame, optional
        The areas with their names, higher levels and outlines; None where they stand in a file, or were never stored.
    file : Path, optional
        The file that holds them.
    """

    id: str
    outlines: Mapping[str, str]
    areas: gpd.GeoDataFrame | None = field(default=None, repr=False)
    file: Path | None = None

    def read(self) -> gpd.GeoDataFrame | None:
        """Return the areas; None where a ledger of the first edition never stored them.

        Raises
        ------
        InputError
            The file is gone or not what it was.
        """
        if self.areas is not None or self.file is None:
            return self.areas
        return read_layer(self.file, self.id)


def layer_of(areas: gpd.GeoDataFrame) -> LedgerLayer:
    """Return the areas of a release as a ledger keeps them: with names and higher levels, flat, sorted by key."""
    named = ["name"] if "name" in areas else []
    parents = parent_columns(areas.drop(columns=areas.geometry.name))
    kept = areas[[*named, *parents, areas.geometry.name]].sort_index()
    kept = kept.rename_geometry("geometry") if kept.geometry.name != "geometry" else kept
    kept = kept.set_geometry(shapely.normalize(shapely.force_2d(kept.geometry.to_numpy())), crs=areas.crs)
    kept.index = pd.Index(kept.index.astype(str), name="key", dtype=object)
    for column in kept.columns.drop("geometry"):
        cells = [None if pd.isna(cell) else str(cell) for cell in kept[column]]
        kept[column] = pd.Series(cells, index=kept.index, dtype=object)
    return LedgerLayer(id=_hash(_content(kept)), outlines=outline_hashes(kept), areas=kept)


def outline_hashes(areas: gpd.GeoDataFrame) -> dict[str, str]:
    """Return for each key the hash of its outline, wherever the outline begins."""
    shapes = areas.geometry.normalize().to_wkb()
    return {str(key): sha256(shape).hexdigest()[:16] for key, shape in shapes.items()}


def layer_without_outlines(outlines: Mapping[str, str]) -> LedgerLayer:
    """Return the areas of a ledger of the first edition, which kept no more than hashes of outlines."""
    return LedgerLayer(id=sha256(canonical(outlines)).hexdigest()[:16], outlines=outlines)


def write_layer(layer: LedgerLayer, folder: Path) -> Path | None:
    """Write a set of areas into the folder beside the ledger; return the file, None where there are no outlines.

    A file of this name has this content: the name is the hash.
    """
    target = folder / f"{layer.id}.json"
    areas = layer.areas if layer.file == target else layer.read()
    if areas is None:
        return layer.file
    content = json.dumps(_content(areas), ensure_ascii=False, indent=0).encode()
    if not target.is_file() or target.read_bytes() != content:
        folder.mkdir(exist_ok=True)
        write_durably(target, content)
    return target


def read_layer(file: Path, layer: str) -> gpd.GeoDataFrame:
    """Read a set of areas.

    Raises
    ------
    InputError
        The file is gone or not what it was.
    """
    way_out = (
        "Restore it from a backup; or release the same areas again, which writes it anew. Without it nobody can "
        "tell how the areas of earlier releases lie to those of this one."
    )
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        rows = table(content["areas"], "areas")
        outlines = shapely.from_wkb([bytes.fromhex(row["outline"]) for row in rows.values()])
        cells = {name: [row["cells"][name] for row in rows.values()] for name in content["columns"]}
        crs = pyproj.CRS.from_user_input(content["crs"])
        areas = gpd.GeoDataFrame(pd.DataFrame(cells, dtype=object), geometry=outlines, crs=crs)
        areas.index = pd.Index(list(rows), name="key", dtype=object)
    except OSError as error:
        raise InputError(
            f"The areas of the ledger, {str(file)!r}, cannot be read ({error.strerror}). {way_out}"
        ) from error
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        shapely.errors.ShapelyError,
        pyproj.exceptions.CRSError,
    ) as error:
        raise InputError(f"{str(file)!r} does not hold the areas of the ledger: {error}. {way_out}") from error
    if _hash(content) != layer:
        raise InputError(f"{str(file)!r} has been changed: it does not hold the areas of the ledger. {way_out}")
    return areas


def layers_from_json(content: object, folder: Path) -> dict[str, LedgerLayer]:
    """Return the layers that a ledger names; their areas stay in their files until somebody asks for them."""
    layers = {}
    for name, entry in table(content, "layers").items():
        place = f"layers[{name!r}]"
        part = table(entry, place)
        if set(part) != {"outlines", "stored"} or not isinstance(part["stored"], bool):
            raise InputError(f"{place} does not have 'outlines' and 'stored'")
        outlines = mapped(text)(part["outlines"], f"{place}.outlines")
        file = folder / f"{name}.json" if part["stored"] else None
        layers[name] = LedgerLayer(id=name, outlines=outlines, file=file)
    return layers


def layers_as_json(layers: Mapping[str, LedgerLayer]) -> dict[str, Any]:
    """Return the layers as the ledger names them."""
    return {
        name: {"outlines": dict(layer.outlines), "stored": layer.areas is not None or layer.file is not None}
        for name, layer in layers.items()
    }


def _content(areas: gpd.GeoDataFrame) -> dict[str, Any]:
    """Return areas as their file holds them."""
    names = [column for column in areas.columns if column != "geometry"]
    cells = zip(*(areas[name] for name in names), strict=True) if names else ((),) * len(areas)
    return {
        "format": FORMAT,
        "crs": _system(areas.crs),
        "columns": names,
        "areas": {
            key: {"cells": dict(zip(names, values, strict=True)), "outline": outline}
            for key, values, outline in zip(areas.index, cells, areas.geometry.to_wkb(hex=True), strict=True)
        },
    }


def _system(crs: pyproj.CRS | None) -> str:
    """Return a reference system by its number where it has one: its text differs with the version of PROJ."""
    assert crs is not None  # noqa: S101 - checked when the areas were read
    authority = crs.to_authority(min_confidence=100)
    return ":".join(authority) if authority else str(crs.to_wkt())


def _hash(content: Mapping[str, Any]) -> str:
    return sha256(canonical(content)).hexdigest()[:16]
