"""How the layers of a release open in QGIS: with the classes, colours, marks and words of the map."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.catalogue import text
from quartiersatlas.present.files.qgis_context import context_styles
from quartiersatlas.present.files.qml import (
    LayerStyle,
    StyleLabel,
    StyleRule,
    StyleSymbol,
    SymbolPart,
    column_name,
    qml,
    quoted,
    rgb,
    tip_cell,
    tip_words,
)
from quartiersatlas.present.files.tables import parent_names, selection_texts, selections
from quartiersatlas.present.map.classes import (
    class_labels,
    column_colors,
    darker,
    is_first_axis,
    map_columns,
    quantile_breaks,
)
from quartiersatlas.present.statements import GAPS, gap_kinds, gap_text, label_with_unit, visible
from quartiersatlas.screening import running_programmes

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release, ReleasedColumn
    from quartiersatlas.present.look import Look

NAME_LENGTH = 30  # of a style, in the table as QGIS creates it
NAMES_FROM, FACILITIES_FROM = 60_000, 25_000  # scales
COLUMNS = [
    *("f_table_catalog", "f_table_schema", "f_table_name", "f_geometry_column", "styleName", "styleQML", "styleSLD"),
    *("useAsDefault", "description", "owner", "ui"),
]
BLANK = {
    **dict.fromkeys(("protected", "source", "derived", "uninhabited"), "#ffffff"),
    **dict.fromkeys(("small_area", "unknown_residents"), "#ededed"),
}
PATTERN = {
    **dict.fromkeys(("protected", "source", "derived"), "dots"),
    **dict.fromkeys(("small_area", "unknown_residents", "excluded"), "lines"),
}
OTHER_GAP, GAP_LINE = "#dddddd", "#9a9a9a"


@dataclass(frozen=True)
class PackageStyles:
    """How the layers of a GeoPackage open: the areas by the words of what colours them, the others by their names."""

    areas: list[tuple[str, LayerStyle]]
    further: dict[str, LayerStyle]


def package_styles(release: Release, lang: Lang, meaning: pd.DataFrame, look: Look) -> PackageStyles:
    """Return the styles of a release: one of the areas per indicator, one of each further layer from below.

    ``meaning`` is the table of columns, by which they are called; the look has the colour of candidate areas and the
    font of labels.
    """
    aliases = {
        str(layer): dict(zip(own["column"], own["label"], strict=True)) for layer, own in meaning.groupby("table")
    }
    further = context_styles(aliases, lang) | _further(release, lang, aliases, look.accent)
    areas = [(words, replace(one, font=look.family)) for words, one in _of_areas(release, lang, aliases["areas"])]
    return PackageStyles(areas, {layer: replace(one, font=look.family) for layer, one in further.items()})


def styles_table(styles: PackageStyles) -> pd.DataFrame:
    """Return the rows of ``layer_styles``.

    The columns are those of the table that QGIS creates when a style is saved in a GeoPackage; schema and catalogue
    stay empty, as QGIS asks for them.
    """
    rows = [("areas", words, qml(style), number == 0) for number, (words, style) in enumerate(styles.areas)]
    rows += [(layer, style.rules[0].label, qml(style), True) for layer, style in styles.further.items()]
    table = pd.DataFrame(rows, columns=["f_table_name", "description", "styleQML", "useAsDefault"])
    # numbered in the order of the map, and so still different where two long names begin alike
    numbers = table.groupby("f_table_name").cumcount() + 1
    names = [f"{number:02d} {words}"[:NAME_LENGTH] for number, words in zip(numbers, table["description"], strict=True)]
    table = table.assign(styleName=names, f_geometry_column="geom")
    return table.assign(**dict.fromkeys(("f_table_catalog", "f_table_schema", "styleSLD", "owner", "ui"), ""))[COLUMNS]


def _of_areas(release: Release, lang: Lang, aliases: dict[str, str]) -> list[tuple[str, LayerStyle]]:
    """Return a style for each indicator of the map, or one of the selection alone."""
    districts = _districts(release)
    labels = (*districts, StyleLabel(column_name("name"), from_scale=NAMES_FROM))
    marks = _selection(release, lang)
    found = []
    for column in map_columns(release):
        title = visible(label_with_unit(column, lang))
        rules = StyleRule(title, rules=(*_classes(release, column, lang), *_gaps(release, column, lang)))
        tip = _tip(release, lang, aliases, column)
        found.append((title, LayerStyle("fill", (rules, *marks), labels, tip, aliases)))
    alone = LayerStyle("fill", tuple(marks), labels, _tip(release, lang, aliases), aliases)
    return found or [(text("column_selected", lang), alone)]


def _districts(release: Release) -> tuple[StyleLabel, ...]:
    """Return the names of the highest level, each once, in the middle of all its areas."""
    levels = release.areas.drop(columns=["name", "geometry"]).nunique()
    levels = levels[levels.between(2, len(release.areas) - 1)]
    if levels.empty:
        return ()
    name = str(levels.idxmin())
    level = column_name(visible(parent_names(release).get(name, name)))
    first = f'"key" = minimum("key", {level})'
    return (StyleLabel(level, first, 9.5, "#333333", bold=True, place=f"buffer(collect($geometry, {level}), 0)"),)


def _tip(release: Release, lang: Lang, columns: dict[str, str], column: ReleasedColumn | None = None) -> str:
    """Return what the pointer shows of an area: its name, the indicator's value, whether it is selected and why."""
    lines = [f"<b>{tip_cell(_words('name'))}</b> ({tip_cell(_words('key'))})"]
    if column is not None and (value := _value(column, lang)):
        lines.append(f"{tip_words(label_with_unit(column, lang))}: {tip_cell(value)}")
    if "selection" in columns:
        words = ", ".join(f"{quoted(code)}, {quoted(said)}" for code, said in selection_texts(release, lang).items())
        why = f"coalesce(map_get(map({words}), {column_name('selection')}), {_words('selection_note')})"
        lines.append(f"{tip_words(text('label_stability', lang))}: {tip_cell(why)}")
    lines.append(f"[% replace({tip_cell(_words('reasons'))[3:-3]}, '; ', '<br>') %]")
    return "<br>".join(lines)


def _words(name: str) -> str:
    return f"coalesce({column_name(name)}, '')"


def _value(column: ReleasedColumn, lang: Lang) -> str:
    """Return the value of an area with its decimals, its class in words, or why it has none; empty for odd names."""
    name = visible(column.id)
    if "%]" in name:  # would end the expression
        return ""
    shown = f"format_number({column_name(name)}, {column.decimals}, {quoted(lang)})"
    if column.kind == "class":
        words = ", ".join(f"{quoted(visible(c.id))}, {quoted(visible(c.label(lang)))}" for c in column.classes)
        shown = f"map_get(map({words}), {column_name(name)})"
    found = f"coalesce({shown}, {column_name(f'{name}_note')})"
    return "" if "%]" in found else found


def _further(release: Release, lang: Lang, aliases: dict[str, dict[str, str]], accent: str) -> dict[str, LayerStyle]:
    """Return the styles of the layers beside the areas, of those that there are."""
    found = {}
    if "candidates" in aliases:
        label = StyleLabel(f"{column_name('candidate')} || ' ' || {_words('name')}", size=8.5, color=accent, bold=True)
        rules = (StyleRule(text("legend_candidate", lang), symbol=_candidate(accent)),)
        found["candidates"] = LayerStyle("fill", rules, (label,), _lines(aliases["candidates"]), aliases["candidates"])
    facilities = (StyleRule(text("legend_facility", lang), symbol=FACILITY),)
    for layer, kind, drawn, scale in (
        ("programmes", "fill", _programmes(release, lang), NAMES_FROM),
        ("facilities", "marker", facilities, FACILITIES_FROM),
    ):
        if layer in aliases:
            has_names = "name" in aliases[layer]
            labels = (StyleLabel(_words("name"), color="#333333", from_scale=scale),) if has_names else ()
            found[layer] = LayerStyle(kind, drawn, labels, _lines(aliases[layer]), aliases[layer])
    return found


def _programmes(release: Release, lang: Lang) -> tuple[StyleRule, ...]:
    layer = release.programmes
    running = StyleRule(text("legend_programme", lang), symbol=PROGRAMME)
    if layer is None or running_programmes(layer).all():
        return (running,)
    state = column_name("state")
    other = StyleRule(text("legend_programme_other", lang), f"{state} <> 'running'", OTHER_PROGRAMME)
    return (StyleRule(running.label, f"{state} = 'running'", PROGRAMME), other)


def _lines(columns: dict[str, str]) -> str:
    """Return what the pointer shows of a further layer: its name, and what else is said of it in few words."""
    shown = [name for name in ("kind", "start", "end", "n_areas", "residents", "programmes") if name in columns]
    lines = [f"<b>{tip_cell(_words(name))}</b>" for name in ("candidate", "name") if name in columns]
    cells = [f"{tip_words(columns[name])}: {tip_cell(_text_of(name))}" for name in shown]
    return "<br>".join([" ".join(lines), *cells] if lines else cells)


def _text_of(name: str) -> str:
    return f"coalesce(to_string({column_name(name)}), '–')"


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
    """Return the marks of areas that are selected, broken where that is not sure, and of those that are nearly."""
    words = text("legend_selected_context" if release.context_only else "legend_selected", lang)
    marks = {
        "sure": (words, SURE),
        "open": (text("legend_open", lang, label=words), OPEN),
        "near": (text("legend_near", lang), NEAR),
        "selected": (words, SURE),
    }
    there = set(selections(release)) if release.has_shortlist else set()
    return [
        StyleRule(label, f"{column_name('selection')} = {quoted(code)}", symbol)
        for code, (label, symbol) in marks.items()
        if code in there
    ]


def _line(
    color: str, width: float, *, alpha: int = 255, after_all: bool = False, dashes: str = "", cap: str = "square"
) -> SymbolPart:
    """Return a line; widths are millimetres on paper."""
    own = {"line_color": rgb(color, alpha), "line_width": f"{width}", "line_width_unit": "MM", "line_style": "solid"}
    if dashes:
        own |= {"use_custom_dash": "1", "customdash": dashes, "customdash_unit": "MM"}
    return SymbolPart("SimpleLine", {**own, "joinstyle": "round", "capstyle": cap}, after_all=after_all)


def _hatch(color: str, angle: int, distance: float, line: SymbolPart, *, offset: float = 0) -> SymbolPart:
    own = {"angle": f"{angle}", "distance": f"{distance}", "distance_unit": "MM", "offset": f"{offset}"}
    return SymbolPart(
        "LinePatternFill", {**own, "offset_unit": "MM", "color": rgb(color)}, StyleSymbol("line", (line,))
    )


def _hatched(dashes: str = "") -> tuple[SymbolPart, SymbolPart]:
    """Return the lines over selected areas, unbroken or broken, which let the colour of the class through."""
    white = _line("#ffffff", 0.29, alpha=128, dashes=dashes, cap="flat")
    dark = _line("#141414", 0.29, alpha=204, dashes=dashes, cap="flat")
    return _hatch("#ffffff", 45, 1.5, white, offset=0.22), _hatch("#141414", 45, 1.5, dark)


def _dots(color: str, distance: float, size: float) -> SymbolPart:
    own = {f"distance_{axis}": f"{distance}" for axis in "xy"} | {f"distance_{axis}_unit": "MM" for axis in "xy"}
    shift = {"displacement_x": f"{distance / 2}", "displacement_x_unit": "MM"}  # every other row
    return SymbolPart("PointPatternFill", {**own, **shift}, StyleSymbol("marker", (_circle(color, color, size, 0),)))


def _circle(color: str, outline: str, size: float, width: float) -> SymbolPart:
    own = {"name": "circle", "color": rgb(color), "size": f"{size}", "size_unit": "MM"}
    edge = {"outline_color": rgb(outline), "outline_width": f"{width}", "outline_width_unit": "MM"}
    return SymbolPart("SimpleMarker", {**own, **edge, "outline_style": "solid" if width else "no"})


def _candidate(accent: str) -> StyleSymbol:
    return StyleSymbol("fill", (_line("#ffffff", 1.59), _line(accent, 0.79)))


def _filled(color: str, outline: str, pattern: str = "") -> StyleSymbol:
    """Return a fill with its outline, and a pattern above it."""
    edge = {"outline_color": rgb(outline), "outline_width": "0.16", "outline_width_unit": "MM"}
    fill = SymbolPart("SimpleFill", {"color": rgb(color), "style": "solid", "outline_style": "solid", **edge})
    above = {"dots": (_dots("#8a8a8a", 2.1, 0.5),), "lines": (_hatch(GAP_LINE, 90, 2.1, _line(GAP_LINE, 0.26)),)}
    return StyleSymbol("fill", (fill, *above.get(pattern, ())))


# as on the map, whose pixels are a 96th of an inch; a light line beside the dark one is seen on the darkest class too
OUTLINE, DASHES, DOTS = "#1a1a1a", "2;1.4", "0.05;1.3"
CASING = _line("#ffffff", 0.9, alpha=204, after_all=True)
SURE = StyleSymbol("fill", (*_hatched(), _line(OUTLINE, 0.58, after_all=True)))
OPEN = StyleSymbol("fill", (*_hatched(DASHES), CASING, _line(OUTLINE, 0.58, after_all=True, dashes=DASHES, cap="flat")))
NEAR = StyleSymbol("fill", (CASING, _line(OUTLINE, 0.6, after_all=True, dashes=DOTS, cap="round")))
PROGRAMME = StyleSymbol("fill", (_line("#333333", 0.53, dashes="2.4;1.1;0.5;1.1"),))
OTHER_PROGRAMME = StyleSymbol("fill", (_line("#6b6b6b", 0.37, dashes="0.5;1.1"),))
FACILITY = StyleSymbol("marker", (_circle("#1a1a1a", "#ffffff", 2.1, 0.4),))
