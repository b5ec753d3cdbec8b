"""``[context]``, ``[gazetteer]`` and ``[look]``: layers, streets, logo and fonts from files, as outputs take them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from shapely import box

from quartiersatlas.errors import ColumnError, InputError, list_some
from quartiersatlas.intake.files.layers import read_geometry_file
from quartiersatlas.intake.tables.formats import FileOptions, existing_table, raw_table
from quartiersatlas.present import context
from quartiersatlas.present.look import ACCENT, Look
from quartiersatlas.project.toml_words import toml_advice

if TYPE_CHECKING:
    import geopandas as gpd

    from quartiersatlas.present import Context
    from quartiersatlas.project.schema import ContextLayer, Project


def read_context(project: Project, within: gpd.GeoDataFrame | None = None) -> Context | None:
    """Return the layers for orientation; None where the project names none.

    Of a part of a project, layers have what lies in the rectangle around its areas; those that end before it are left
    out.
    """
    if not project.context:
        return None
    layers = {name: _layer(project, name, part) for name, part in project.context.items()}
    if within is not None:
        around, crs = box(*within.total_bounds), within.crs
        assert crs is not None  # noqa: S101 - areas that were read have one
        layers = {name: layer[layer.geometry.to_crs(crs).intersects(around)] for name, layer in layers.items()}
        layers = {name: layer for name, layer in layers.items() if len(layer)}
        if not layers:
            return None
    with toml_advice("[context]", list(layers), project=project.path.name):
        return context(**layers)


def _layer(project: Project, name: str, part: ContextLayer) -> gpd.GeoDataFrame:
    """Return a layer with the columns ``name``, ``kind`` and ``rank``, as far as the project names them."""
    frame, _ = read_geometry_file(project.file(part.path), part.layer, None, "layer")
    if part.crs is not None:
        frame = frame.set_crs(part.crs, allow_override=True)
    if frame.crs is None:
        raise InputError(
            f"[context] {name}: {Path(part.path).name} does not say its coordinate reference system. "
            f'Name it: crs = "EPSG:25832".'
        )
    named = {"name": part.name, "kind": part.kind, "rank": part.rank}
    for column in filter(None, named.values()):
        if column not in frame.columns:
            raise ColumnError.not_found(column, frame.columns.drop("geometry"), f"[context] {name}: the layer")
    found = frame[["geometry"]].assign(**{to: frame[column] for to, column in named.items() if column is not None})
    if "kind" in found.columns and part.kinds:
        kinds = found["kind"].dropna().astype(str)
        unheard = sorted(set(kinds) - set(part.kinds))
        if unheard:
            raise ColumnError(
                f"[context] {name}: kinds does not say what {list_some(unheard)} of {part.kind!r} "
                f'{"is" if len(unheard) == 1 else "are"}. Add: kinds = {{ {unheard[0]!r} = "place" }}.'
            )
        found["kind"] = found["kind"].astype(object).map(lambda kind: part.kinds.get(str(kind)))
    return found


def read_gazetteer(project: Project) -> pd.DataFrame | None:
    """Return streets and the keys of their areas, those of merged areas by the key of the whole; None without any."""
    part = project.gazetteer
    if part is None:
        return None
    raw = raw_table(existing_table(project.file(part.path)), FileOptions(key=part.key))
    cells = dict(zip(raw.header, raw.columns, strict=True))
    for column in (part.street, part.key):
        if column not in cells:
            raise ColumnError.not_found(column, raw.header, f"[gazetteer]: {Path(part.path).name}")
    whole = {key: merged for merged, keys in project.areas.merge.items() for key in keys}
    keys = [whole.get(key, key) for key in (text.strip() for text in cells[part.key].texts())]
    return pd.DataFrame({"street": cells[part.street].texts(), "key": keys}).drop_duplicates()


def read_look(project: Project) -> Look | None:
    """Return the look of an office; None where the project has none."""
    part = project.look
    if part is None:
        return None
    with toml_advice("[look]", (), project=project.path.name):
        return Look(
            accent=part.accent or ACCENT,
            font=tuple(project.file(font) for font in part.fonts if font) or None,
            logo=project.file(part.logo) if part.logo else None,
            logo_alt=part.logo_alt,
            office=part.office,
            contact=part.contact,
            footer=part.footer,
        )
