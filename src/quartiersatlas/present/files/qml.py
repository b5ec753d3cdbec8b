"""The style file of QGIS: rules with their symbols, labels, what a pointer shows, what columns are called."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from quartiersatlas.present.statements import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
GEOMETRY = {"marker": "0", "line": "1", "fill": "2"}
HORIZONTAL, AROUND = "4", "6"  # where QGIS puts the label of a surface, and of a point
WHITE = "255,255,255,255"


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


@dataclass(frozen=True)
class StyleLabel:
    """Words on the map.

    Parameters
    ----------
    expression : str
        What they say.
    filter : str
        Which features have them; all, without one.
    size : float
        In points.
    color : str
        ``"#rrggbb"``; around the words the paper is white.
    bold : bool
        Whether the letters are.
    from_scale : int
        The scale from which they are shown; 0 is always, and then none of them is left out.
    place : str
        An expression of the surface in which they stand, where that is not the feature itself.
    """

    expression: str
    filter: str = ""
    size: float = 7.5
    color: str = "#1a1a1a"
    bold: bool = False
    from_scale: int = 0
    place: str = ""


@dataclass(frozen=True)
class LayerStyle:
    """How a layer opens: what is drawn, its labels and their font, what the pointer shows, what columns are called."""

    kind: str
    rules: tuple[StyleRule, ...]
    labels: tuple[StyleLabel, ...] = ()
    tip: str = ""
    aliases: Mapping[str, str] = field(default_factory=dict)
    font: str = ""


def qml(style: LayerStyle) -> str:
    """Return the style as QGIS reads it; its legend has the rules in their order."""
    parts = {"Labeling": style.labels, "Fields": style.aliases, "MapTips": style.tip}
    categories = "|".join(["Symbology", *(name for name, there in parts.items() if there)])
    root = ET.Element("qgis", version="3.28.0", styleCategories=categories, labelsEnabled=str(int(bool(style.labels))))
    renderer = ET.SubElement(
        root, "renderer-v2", type="RuleRenderer", symbollevels="0", forceraster="0", enableorderby="0"
    )
    tree = ET.SubElement(renderer, "rules", key="rules")
    symbols = ET.SubElement(renderer, "symbols")
    for rule in style.rules:
        _add_rule(tree, symbols, rule)
    if style.labels:
        _add_labels(root, style)
    if style.aliases:
        _add_aliases(root, style.aliases)
    if style.tip:
        ET.SubElement(root, "mapTip", enabled="1").text = visible(style.tip)
    ET.SubElement(root, "layerGeometryType").text = GEOMETRY[style.kind]
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


def tip_words(words: str) -> str:
    """Return words as they stand in what the pointer shows: no markup, and no bracket that begins an expression.

    Examples
    --------
    >>> tip_words("<b> [% 1 %]")
    '&lt;b&gt; &#91;% 1 %&#93;'
    """
    return escape(words).replace("[", "&#91;").replace("]", "&#93;")


def tip_cell(expression: str) -> str:
    """Return an expression whose result is text, whatever a cell holds.

    Examples
    --------
    >>> print(tip_cell('"name"'))
    [% replace(replace("name", '&', '&amp;'), '<', '&lt;') %]
    """
    return f"[% replace(replace({expression}, '&', '&amp;'), '<', '&lt;') %]"


def rgb(color: str, alpha: int = 255) -> str:
    """Return a colour as QGIS writes it.

    Examples
    --------
    >>> rgb("#ff8000")
    '255,128,0,255'
    """
    return ",".join([*(str(int(color[i : i + 2], 16)) for i in (1, 3, 5)), str(alpha)])


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


def _add_labels(root: ET.Element, style: LayerStyle) -> None:
    labeling = ET.SubElement(root, "labeling", type="rule-based")
    rules = ET.SubElement(labeling, "rules", key="labels")
    for number, label in enumerate(style.labels):
        rule = ET.SubElement(rules, "rule", key=f"labels-{number}")
        if label.filter:
            rule.set("filter", visible(label.filter))
        if label.from_scale:
            rule.set("scalemaxdenom", str(label.from_scale))
        _add_label(ET.SubElement(rule, "settings", calloutType="simple"), label, style)


def _add_label(settings: ET.Element, label: StyleLabel, style: LayerStyle) -> None:
    words = ET.SubElement(
        settings,
        "text-style",
        fieldName=visible(label.expression),
        isExpression="1",
        fontSize=f"{label.size}",
        fontSizeUnit="Point",
        fontWeight="75" if label.bold else "50",
        textColor=rgb(label.color),
        textOpacity="1",
        multilineHeight="1",
    )
    if style.font:
        words.set("fontFamily", visible(style.font))
    ET.SubElement(
        words,
        "text-buffer",
        bufferDraw="1",
        bufferSize="0.8",
        bufferSizeUnits="MM",
        bufferColor=WHITE,
        bufferOpacity="0.86",
        bufferJoinStyle="128",
    )
    ET.SubElement(settings, "text-format", autoWrapLength="0", multilineAlign="1")
    placement = {"placement": AROUND if style.kind == "marker" else HORIZONTAL, "dist": "0.6", "distUnits": "MM"}
    placement["priority"] = "5" if label.from_scale else "10"
    if style.kind == "fill" and label.from_scale:
        placement["fitInPolygonOnly"] = "1"  # a name that reaches into the next area would be taken for its name
    placement["predefinedPositionOrder"] = "R,L,TSR,BSR,TSL,BSL"
    if label.place:
        placement |= {"geometryGenerator": visible(label.place), "geometryGeneratorEnabled": "1"}
        placement["geometryGeneratorType"] = "PolygonGeometry"
    ET.SubElement(settings, "placement", placement)
    ET.SubElement(settings, "rendering", drawLabels="1", displayAll=str(int(not label.from_scale)), obstacle="0")


def _add_aliases(root: ET.Element, aliases: Mapping[str, str]) -> None:
    parent = ET.SubElement(root, "aliases")
    for index, (name, words) in enumerate(aliases.items(), start=1):  # the driver's own key is number 0
        ET.SubElement(parent, "alias", field=visible(name), index=str(index), name=visible(words))
