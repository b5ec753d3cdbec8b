"""Water, green, railways, roads and names in a GeoPackage, drawn in QGIS as on the map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import shapely

from quartiersatlas.catalogue import text
from quartiersatlas.present.files.qml import (
    LayerStyle,
    StyleLabel,
    StyleRule,
    StyleSymbol,
    SymbolPart,
    column_name,
    quoted,
    rgb,
)
from quartiersatlas.present.paper.map_layers import PALE, PAPER, RAIL, ROAD, SURFACES
from quartiersatlas.present.places.placement import LETTERS
from quartiersatlas.present.statements import with_visible_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release
    from quartiersatlas.present.places import FittedContext

UNINHABITED, PLACE_NAMES = "uninhabited", "place_names"
NAME_COLORS = {"water": "#1d5682", "green": "#2c5e2c", "road": "#555555"}
NO_SIGN = {"size": "0.1", "color": rgb("#000000", 0), "outline_style": "no"}  # QGIS names nothing that it does not draw
SCALES = {"road": 40_000, "green": 60_000, "station": 60_000}  # from which names are shown; others always


def context_layers(release: Release, context: FittedContext | None, lang: Lang) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers of a context from below: where nobody lives, green, water, roads, rail, names.

    In place of the inhabited surface stands what is around it, which is what the map draws.
    """
    if context is None:
        return {}
    shapes = {name: shape for name, shape in context.surfaces.items() if name != "inhabited"}
    if "inhabited" in context.surfaces:
        city = shapely.union_all(shapely.make_valid(release.areas.geometry.to_numpy()))
        shapes = {UNINHABITED: shapely.difference(city, context.surfaces["inhabited"]), **shapes}
    crs = release.areas.crs
    found = {
        name: gpd.GeoDataFrame({"name": [text(f"context_{name}", lang)]}, geometry=[shape], crs=crs)
        for name, shape in shapes.items()
        if not shapely.is_empty(shape)
    }
    if context.names:
        named = {"name": [one.text for one in context.names], "kind": [one.kind for one in context.names]}
        places = shapely.points([(one.x, one.y) for one in context.names])
        shown = with_visible_text(pd.DataFrame(named))
        found[PLACE_NAMES] = gpd.GeoDataFrame(shown, geometry=places, crs=crs)
    return found


def context_styles(aliases: Mapping[str, dict[str, str]], lang: Lang) -> dict[str, LayerStyle]:
    """Return how the layers of a context open, of those that have columns; from below."""
    symbols = {
        UNINHABITED: _surface(PAPER, PALE),
        **{name: _surface(color) for name, color in SURFACES.items()},
        "roads": StyleSymbol("line", tuple(_course(*line) for line in ROAD)),
        "rail": StyleSymbol("line", (_course(*RAIL),)),
    }
    found = {
        name: LayerStyle(symbol.kind, (StyleRule(text(f"context_{name}", lang), symbol=symbol),), (), "", aliases[name])
        for name, symbol in symbols.items()
        if name in aliases
    }
    if PLACE_NAMES in aliases:
        labels = tuple(_label(kind) for kind in LETTERS if kind not in ("district", "area"))
        rules = (
            StyleRule(text("label_names", lang), symbol=StyleSymbol("marker", (SymbolPart("SimpleMarker", NO_SIGN),))),
        )
        found[PLACE_NAMES] = LayerStyle("marker", rules, labels, "", aliases[PLACE_NAMES])
    return found


def _label(kind: str) -> StyleLabel:
    letters = LETTERS[kind]
    chosen = f"{column_name('kind')} = {quoted(kind)}"
    color, scale = NAME_COLORS.get(kind, "#333333"), SCALES.get(kind, 0)
    return StyleLabel(column_name("name"), chosen, letters.size + 1, color, bold=letters.bold, from_scale=scale)


def _surface(color: str, opacity: float = 1.0) -> StyleSymbol:
    fill = {"color": rgb(color, round(255 * opacity)), "style": "solid", "outline_style": "no"}
    return StyleSymbol("fill", (SymbolPart("SimpleFill", fill),))


def _course(color: str, width: float, dashes: tuple[float, ...] = ()) -> SymbolPart:
    own = {"line_color": rgb(color), "line_width": f"{width}", "line_width_unit": "MM", "line_style": "solid"}
    if dashes:
        own |= {"use_custom_dash": "1", "customdash": ";".join(map(str, dashes)), "customdash_unit": "MM"}
    return SymbolPart("SimpleLine", {**own, "joinstyle": "round", "capstyle": "flat" if dashes else "round"})
