"""The XML in which QGIS keeps the look of a layer: rules, symbols and what they are made of.

Names of elements and properties are those that QGIS 3 writes itself (``*.qml``).
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree as ET

from quartiersatlas.present.plain_text import visible

DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
GEOMETRY = {"marker": "0", "fill": "2"}


@dataclass(frozen=True)
class Part:
    """One layer of a symbol: its class in QGIS, its properties, the symbol that a pattern repeats, when it is drawn."""

    kind: str
    properties: dict[str, str]
    repeated: Symbol | None = None
    after_all: bool = False


@dataclass(frozen=True)
class Symbol:
    """What is drawn: ``"fill"``, ``"line"`` or ``"marker"``, from the lowest part to the highest."""

    kind: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Rule:
    """A line of the legend: which features (all, without a filter), what they are called, how they are drawn."""

    label: str
    filter: str = ""
    symbol: Symbol | None = None
    rules: tuple[Rule, ...] = ()


def qml(rules: list[Rule], kind: str, aliases: dict[str, str] | None = None) -> str:
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


def _add_rule(parent: ET.Element, symbols: ET.Element, rule: Rule) -> None:
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


def _add_symbol(parent: ET.Element, symbol: Symbol, name: str) -> None:
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
