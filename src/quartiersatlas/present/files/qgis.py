"""Styles for QGIS, so that a layer opens with classes, colours and legend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pandas as pd

from quartiersatlas.catalogue import text
from quartiersatlas.present.files.tables import column_label, structure_label, structure_labels
from quartiersatlas.present.map.classes import (
    class_labels,
    column_colors,
    darker,
    is_first_axis,
    map_columns,
    quantile_breaks,
)
from quartiersatlas.present.statements import GAPS, gap_kinds, gap_text, label_with_unit, visible

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release, ReleasedColumn

DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
GEOMETRY = {"marker": "0", "fill": "2"}


@dataclass(frozen=True)
class SymbolPart:
    """One layer of a symbol: its class in QGIS, its properties, the symbol that a pattern repeats, when it is drawn."""

    kind: str
    properties: dict[str, str]
    repeated: StyleSymbol | None = None
    after_all: bool = False


@dataclass(frozen=True)
class StyleSymbol:
    """What is drawn: ``"fill"``, ``"line"`` or ``"marker"``, from the lowest part to the highest."""

    kind: str
    parts: tuple[SymbolPart, ...]


@dataclass(frozen=True)
class StyleRule:
    """A line of the legend: which features (all, without a filter), what they are called, how they are drawn."""

    label: str
    filter: str = ""
    symbol: StyleSymbol | None = None
    rules: tuple[StyleRule, ...] = ()


def qml(rules: list[StyleRule], kind: str, aliases: dict[str, str] | None = None) -> str:
    """Return a style whose legend has the rules in this order; aliases are what the columns are called."""
    root = ET.Element("qgis", version="3.28.0", styleCategories="Symbology|Fields" if aliases else "Symbology")
    renderer = ET.SubElement(
        root, "renderer-v2", type="RuleRenderer", symbollevels="0", forceraster="0", enableorderby="0"
    )
    tree = ET.SubElement(renderer, "rules", key="rules")
    symbols = ET.SubElement(renderer, "symbols")
    for rule in rules:
        _add_rule(tree, symbols, rule)
    if aliases:
        _add_aliases(root, aliases)
    ET.SubElement(root, "layerGeometryType").text = GEOMETRY[kind]
    ET.indent(root)
    return DOCTYPE + ET.tostring(root, encoding="unicode")


def column_name(name: str) -> str:
    """Write the name of a column as an expression has it.

    Examples
    --------
    >>> print(column_name("mh_share"))
    "mh_share"
    """
    return '"{}"'.format(name.replace('"', '""'))


def quoted(text: str) -> str:
    """Write text as an expression has it.

    Examples
    --------
    >>> quoted("it's")
    "'it''s'"
    """
    written = text.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n").replace("\t", "\\t")
    return f"'{written}'"


def _add_rule(parent: ET.Element, symbols: ET.Element, rule: StyleRule) -> None:
    number = len(symbols)
    # a key must differ from the others, and be the same each time
    key = f"{parent.get('key')}-{len(parent)}"
    element = ET.SubElement(parent, "rule", key=key, label=visible(rule.label))
    if rule.filter:
        element.set("filter", visible(rule.filter))
    if rule.symbol:
        element.set("symbol", str(number))
        _add_symbol(symbols, rule.symbol, str(number))
    for child in rule.rules:
        _add_rule(element, symbols, child)


def _add_symbol(parent: ET.Element, symbol: StyleSymbol, name: str) -> None:
    element = ET.SubElement(parent, "symbol", type=symbol.kind, name=name, alpha="1", clip_to_extent="1", force_rhr="0")
    for position, part in enumerate(symbol.parts):
        layer = ET.SubElement(
            element, "layer", {"class": part.kind, "pass": str(int(part.after_all)), "enabled": "1", "locked": "0"}
        )
        options = ET.SubElement(layer, "Option", type="Map")
        for key, value in part.properties.items():
            ET.SubElement(options, "Option", name=key, type="QString", value=value)
        if part.repeated:
            _add_symbol(layer, part.repeated, f"@{name}@{position}")


def _add_aliases(root: ET.Element, aliases: dict[str, str]) -> None:
    parent = ET.SubElement(root, "aliases")
    for index, (field, name) in enumerate(aliases.items(), start=1):  # the driver's own key is number 0
        ET.SubElement(parent, "alias", field=visible(field), index=str(index), name=visible(name))


NAME_LENGTH = 30  # of a style, in the table as QGIS creates it
BLANK = {
    **dict.fromkeys(("protected", "source", "derived", "uninhabited"), "#ffffff"),
    **dict.fromkeys(("small_area", "unknown_residents"), "#ededed"),
}
PATTERN = {
    **dict.fromkeys(("protected", "source", "derived"), "dots"),
    **dict.fromkeys(("small_area", "unknown_residents", "excluded"), "lines"),
}
OTHER_GAP, GAP_LINE = "#dddddd", "#9a9a9a"


def styles_table(release: Release, lang: Lang, areas: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of ``layer_styles``: one per indicator, and one for each further layer.

    The columns are those of the table that QGIS creates when a style is saved in a GeoPackage; schema and catalogue
    are empty there, and the style of a layer is found by its name, its geometry column and ``useAsDefault``.
    """
    aliases = _aliases(release, lang, areas)
    rows = [_area_row(release, column, lang, aliases, number) for number, column in enumerate(map_columns(release))]
    if not rows:
        rows = [("areas", text("column_selected", lang), qml(_selection(release, lang), "fill"), True)]
    further = {
        "candidates": (release.candidates, "legend_candidate", CANDIDATE),
        "programmes": (release.programmes, "legend_programme", PROGRAMME),
        "facilities": (release.facilities, "legend_facility", FACILITY),
    }
    for layer, (frame, name, symbol) in further.items():
        if frame is not None and len(frame):
            words = text(name, lang)
            kind = "marker" if layer == "facilities" else "fill"
            rows.append((layer, words, qml([StyleRule(words, symbol=symbol)], kind), True))
    table = pd.DataFrame(rows, columns=["f_table_name", "description", "styleQML", "useAsDefault"])
    # numbered in the order of the map, and so still different where two long names begin alike
    numbers = table.groupby("f_table_name").cumcount() + 1
    names = [f"{number:02d} {words}"[:NAME_LENGTH] for number, words in zip(numbers, table["description"], strict=True)]
    table = table.assign(
        f_table_catalog="", f_table_schema="", f_geometry_column="geom", styleName=names, styleSLD="", owner="", ui=""
    )
    return table[
        [
            "f_table_catalog",
            "f_table_schema",
            "f_table_name",
            "f_geometry_column",
            "styleName",
            "styleQML",
            "styleSLD",
            "useAsDefault",
            "description",
            "owner",
            "ui",
        ]
    ]


def _aliases(release: Release, lang: Lang, areas: pd.DataFrame) -> dict[str, str]:
    """Return what the columns of the areas are called."""
    labels = structure_labels(release, lang)
    results = {visible(c.id): column_label(release, c, lang) for c in release.columns}
    names = areas.columns.drop("geometry").astype(str)
    return {name: results.get(name) or structure_label(name, labels, lang) for name in names}


def _area_row(
    release: Release, column: ReleasedColumn, lang: Lang, aliases: dict[str, str], number: int
) -> tuple[str, str, str, bool]:
    title = visible(label_with_unit(column, lang))
    rules = [StyleRule(title, rules=(*_classes(release, column, lang), *_gaps(release, column, lang)))]
    return "areas", title, qml([*rules, *_selection(release, lang)], "fill", aliases), number == 0


def _classes(release: Release, column: ReleasedColumn, lang: Lang) -> list[StyleRule]:
    values = release.values[column.id]
    labels = class_labels(column, values, lang)
    colors = column_colors(column, len(labels), first_axis=is_first_axis(release, column))
    if column.kind == "class":
        name = column_name(visible(column.id))
        filters = [f"{name} = {quoted(visible(c.id))}" for c in column.classes]
    else:
        filters = _ranges(column_name(visible(column.id)), quantile_breaks(values), n_classes=len(labels))
    rows = zip(labels, filters, colors, strict=True)
    return [StyleRule(words, chosen, _filled(color, darker(color))) for words, chosen, color in rows]


def _ranges(name: str, breaks: list[float], n_classes: int) -> list[str]:
    """Return the filters of classes: a value on a limit belongs to the class above it."""
    if not n_classes:
        return []
    lower = ["", *(f"{name} >= {limit!r}" for limit in breaks)]
    upper = [*(f"{name} < {limit!r}" for limit in breaks), ""]
    ends = [" AND ".join(filter(None, pair)) for pair in zip(lower, upper, strict=True)]
    return [end or f"{name} IS NOT NULL" for end in ends]


def _gaps(release: Release, column: ReleasedColumn, lang: Lang) -> list[StyleRule]:
    """Return the reasons for having no value that occur in the column."""
    name, note = column_name(visible(column.id)), f"{visible(column.id)}_note"
    found = set(gap_kinds(release, column))
    rules = []
    for gap in GAPS:
        if gap in found:
            words = gap_text(gap, lang)
            symbol = _filled(BLANK.get(gap, OTHER_GAP), GAP_LINE, PATTERN.get(gap, ""))
            rules.append(StyleRule(words, f"{name} IS NULL AND {column_name(note)} = {quoted(words)}", symbol))
    return rules


def _selection(release: Release, lang: Lang) -> list[StyleRule]:
    if not release.selected.any():
        return []
    words = text("legend_selected_context" if release.context_only else "legend_selected", lang)
    return [StyleRule(words, column_name("selected"), SELECTED)]


def _rgb(color: str, alpha: int = 255) -> str:
    return ",".join([*(str(int(color[i : i + 2], 16)) for i in (1, 3, 5)), str(alpha)])


def _line(color: str, width: float, *, alpha: int = 255, after_all: bool = False, dashes: str = "") -> SymbolPart:
    """Return a line; widths are millimetres on paper."""
    own = {"line_color": _rgb(color, alpha), "line_width": f"{width}", "line_width_unit": "MM", "line_style": "solid"}
    if dashes:
        own |= {"use_custom_dash": "1", "customdash": dashes, "customdash_unit": "MM"}
    return SymbolPart("SimpleLine", {**own, "joinstyle": "round", "capstyle": "square"}, after_all=after_all)


def _hatch(color: str, angle: int, distance: float, width: float, *, offset: float = 0, alpha: int = 255) -> SymbolPart:
    own = {"angle": f"{angle}", "distance": f"{distance}", "distance_unit": "MM", "offset": f"{offset}"}
    line = StyleSymbol("line", (_line(color, width, alpha=alpha),))
    return SymbolPart("LinePatternFill", {**own, "offset_unit": "MM", "color": _rgb(color, alpha)}, line)


def _dots(color: str, distance: float, size: float) -> SymbolPart:
    own = {f"distance_{axis}": f"{distance}" for axis in "xy"} | {f"distance_{axis}_unit": "MM" for axis in "xy"}
    shift = {"displacement_x": f"{distance / 2}", "displacement_x_unit": "MM"}  # every other row
    return SymbolPart("PointPatternFill", {**own, **shift}, StyleSymbol("marker", (_circle(color, color, size, 0),)))


def _circle(color: str, outline: str, size: float, width: float) -> SymbolPart:
    own = {"name": "circle", "color": _rgb(color), "size": f"{size}", "size_unit": "MM"}
    edge = {"outline_color": _rgb(outline), "outline_width": f"{width}", "outline_width_unit": "MM"}
    return SymbolPart("SimpleMarker", {**own, **edge, "outline_style": "solid" if width else "no"})


def _filled(color: str, outline: str, pattern: str = "") -> StyleSymbol:
    """Return a fill with its outline, and a pattern above it."""
    edge = {"outline_color": _rgb(outline), "outline_width": "0.16", "outline_width_unit": "MM"}
    fill = SymbolPart("SimpleFill", {"color": _rgb(color), "style": "solid", "outline_style": "solid", **edge})
    above = {"dots": (_dots("#8a8a8a", 2.1, 0.5),), "lines": (_hatch(GAP_LINE, 90, 2.1, 0.26),)}
    return StyleSymbol("fill", (fill, *above.get(pattern, ())))


# as on the map, whose pixels are a 96th of an inch; a light line beside the dark one is seen on the darkest class too
SELECTED = StyleSymbol(
    "fill",
    (
        _hatch("#ffffff", 45, 1.5, 0.29, offset=0.22, alpha=128),
        _hatch("#141414", 45, 1.5, 0.29, alpha=204),
        _line("#1a1a1a", 0.58, after_all=True),
    ),
)
CANDIDATE = StyleSymbol("fill", (_line("#ffffff", 1.59), _line("#b3005e", 0.79)))
PROGRAMME = StyleSymbol("fill", (_line("#333333", 0.53, dashes="2.4;1.1;0.5;1.1"),))
FACILITY = StyleSymbol("marker", (_circle("#1a1a1a", "#ffffff", 2.1, 0.4),))
