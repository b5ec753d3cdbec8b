"""The areas of a vintage in the store: one GeoPackage for all periods that lie on them."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from quartiersatlas.base.files import PREFIX
from quartiersatlas.base.processes import this_process
from quartiersatlas.monitoring.store.folder import checked, make_folder, put_file
from quartiersatlas.monitoring.store.period_files import KEY, is_number, words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quartiersatlas.intake import AreaData
    from quartiersatlas.monitoring.store.folder import Entry

FOLDER, LAYER = "areas", "areas"


def put_areas(root: Path, periods: Sequence[Entry], data: AreaData) -> dict[str, str]:
    """Write the areas of a period where they are not there yet; return their file and its hash."""
    known = {entry.manifest["areas"]["file"]: entry for entry in periods}
    for name, entry in reversed(list(known.items())):
        kept = stored_areas(root, entry)
        same = entry.manifest["vintage"] == data.vintage and set(kept.index) == set(data.areas.index.astype(str))
        if same and _outlines(kept) == _outlines(data.areas) and _words(kept) == _words(data.areas):
            return {"file": name, "sha256": entry.manifest["areas"]["sha256"]}
    stem = "".join(c if c.isalnum() or c in "-_" else "_" for c in data.vintage) or "areas"
    folder = root / FOLDER
    make_folder(folder)
    with TemporaryDirectory(dir=folder, prefix=f"{PREFIX}{this_process()}-") as own:
        _write(data.areas, Path(own) / "areas.gpkg")
        content = (Path(own) / "areas.gpkg").read_bytes()
    number = 1
    while (file := f"{FOLDER}/{stem}{f'.{number}' if number > 1 else ''}.gpkg") in known:
        number += 1
    put_file(root / file, content)
    return {"file": file, "sha256": sha256(content).hexdigest()}


def _outlines(areas: gpd.GeoDataFrame) -> dict[str, bytes]:
    return {str(key): shape for key, shape in areas.geometry.normalize().to_wkb().items()}


def _words(areas: gpd.GeoDataFrame) -> dict[str, dict[str, str | None]]:
    """Return names and parents by column and key: an area may be renamed without a new outline."""
    plain = [column for column in areas.columns.drop([areas.geometry.name]) if not is_number(areas[column])]
    keys = [str(key) for key in areas.index]
    return {column: dict(zip(keys, words_of(areas[column]), strict=True)) for column in plain}


def stored_areas(root: Path, entry: Entry) -> gpd.GeoDataFrame:
    """Return the areas of a stored period.

    Raises
    ------
    InputError
        Their file is gone or was changed.
    """
    path = root / entry.manifest["areas"]["file"]
    checked(path, entry.manifest["areas"]["sha256"])
    areas = gpd.read_file(path, layer=LAYER, engine="pyogrio").set_index(KEY)
    areas.index = pd.Index([str(key) for key in areas.index], name=KEY, dtype=object)
    return areas


def _write(areas: gpd.GeoDataFrame, path: Path) -> None:
    named = areas.rename_geometry("geometry") if areas.geometry.name != "geometry" else areas
    flat = named.set_axis(pd.Index([str(key) for key in named.index], name=KEY, dtype=object)).reset_index()
    for column in flat.columns.drop(["geometry", KEY]):
        if not is_number(flat[column]):
            flat[column] = words_of(flat[column])
    flat.to_file(path, driver="GPKG", layer=LAYER, engine="pyogrio")
