"""QGIS opens the GeoPackage with the classes, colours and words of the map.

QGIS itself is not at hand here. The table is compared with the one that QGIS creates when it saves a style through its
OGR provider, the XML with what its rule-based renderer reads (rules, filters, symbols by name), and every filter is
evaluated against the areas: what it says is SQL too.
"""

from __future__ import annotations

import json
import re
import sqlite3
from bisect import bisect_right
from contextlib import closing
from xml.etree import ElementTree as ET

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
from hypothesis import given
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.present.files.qgis import _ranges, column_name
from quartiersatlas.present.map.classes import quantile_breaks
from quartiersatlas.present.map.payload import map_json

COLUMNS = [
    "id",
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
    "update_time",
]


def query(path, sql, *values):
    with closing(sqlite3.connect(path)) as database:
        return database.execute(sql, values).fetchall()


def styles_of(path, layer="areas"):
    """Return description -> root of the style, in their order."""
    rows = query(path, "SELECT description, styleQML FROM layer_styles WHERE f_table_name = ? ORDER BY id", layer)
    return {description: ET.fromstring(qml) for description, qml in rows}  # noqa: S314 - our own file


def rules_of(style):
    """Return the rules that draw something, as (label, filter, symbol)."""
    symbols = {symbol.get("name"): symbol for symbol in style.findall("renderer-v2/symbols/symbol")}
    drawing = [rule for rule in style.iterfind("renderer-v2/rules//rule") if rule.get("symbol") is not None]
    assert sorted(rule.get("symbol") for rule in drawing) == sorted(symbols)  # each symbol is taken exactly once
    return [(rule.get("label"), rule.get("filter"), symbols[rule.get("symbol")]) for rule in drawing]


def classes_of(style):
    """Return the rules that colour an area."""
    return [rule for rule in rules_of(style) if '"selection"' not in rule[1]]


def marks_of(style):
    """Return the rules that mark the selection, by their filter."""
    return {rule[1]: rule for rule in rules_of(style) if '"selection"' in rule[1]}


def dashes_of(symbol):
    """Return the dashes of each line of a symbol, "" for an unbroken one; those of a hatch are inside its layer."""
    found = {}
    for part in symbol.findall("layer"):
        line = part.find("symbol/layer[@class='SimpleLine']")
        options = {o.get("name"): o.get("value") for o in (part if line is None else line).findall("Option/Option")}
        dashes = options["customdash"] if options.get("use_custom_dash") == "1" else ""
        assert not dashes or options["customdash_unit"] == "MM"
        found.setdefault(part.get("class"), []).append(dashes)
    return found


def color_of(symbol):
    """Return the fill colour of a symbol as the map writes it."""
    fill = symbol.find("layer[@class='SimpleFill']/Option/Option[@name='color']")
    red, green, blue, alpha = map(int, fill.get("value").split(","))
    assert alpha == 255
    return f"#{red:02x}{green:02x}{blue:02x}"


@pytest.fixture(scope="module", params=["de", "en"])
def written(request, sample, tmp_path_factory, drawn):
    """Return the GeoPackage of the sample city and what the map's page carries, in the same language."""
    path = qa.export(sample.release, tmp_path_factory.mktemp("styles") / "a.gpkg", lang=request.param)
    page = json.loads(map_json(sample.release, request.param))
    return path, {**page, "columns": drawn(page)}


def test_the_table_is_the_one_that_qgis_creates_and_is_registered(written):
    path, _ = written
    table = query(path, "SELECT name, type, pk FROM pragma_table_info('layer_styles')")
    assert [name for name, _, _ in table] == COLUMNS
    assert table[0] == ("id", "INTEGER", 1)
    assert query(path, "SELECT data_type, identifier FROM gpkg_contents WHERE table_name = 'layer_styles'") == [
        ("attributes", "layer_styles")
    ]


def test_every_style_names_its_layer_as_qgis_looks_for_it(written):
    """QGIS asks for an empty schema, the name of the layer, its geometry column, and one default for each of them."""
    path, _ = written
    rows = query(path, "SELECT f_table_catalog, f_table_schema, f_table_name, f_geometry_column FROM layer_styles")
    assert {row[:2] for row in rows} == {("", "")}
    layers = query(path, "SELECT table_name, column_name FROM gpkg_geometry_columns")
    assert {row[2:] for row in rows} == set(layers)
    defaults = query(path, "SELECT f_table_name, sum(useAsDefault) FROM layer_styles GROUP BY f_table_name")
    assert defaults == sorted((layer, 1) for layer, _ in layers)
    names = query(path, "SELECT f_table_name, styleName FROM layer_styles")
    assert len(set(names)) == len(names)
    assert max(len(name) for _, name in names) <= 30


def test_there_is_a_style_for_every_indicator_of_the_map_and_its_first_one_is_the_default(written):
    path, page = written
    titles = [f"{c['label']} ({c['unit']})" if c["unit"] else c["label"] for c in page["columns"]]
    assert list(styles_of(path)) == titles
    assert query(path, "SELECT description FROM layer_styles WHERE f_table_name = 'areas' AND useAsDefault") == [
        (titles[0],)
    ]


def shown_on_the_map(page, column, area):
    """Return colour and legend of an area: as classes.js and controls.js choose them."""
    value = column["values"][area]
    if value is None:
        gap = column["gaps"].get(str(area), "missing")
        return None, page["words"][f"gap_{gap}"]
    if "classes" in column:
        return column["colors"][value], column["classes"][value]
    number = sum(value >= limit for limit in column["breaks"])
    known = [v for v in column["values"] if v is not None]
    ends = [
        f"{round(v, column['decimals']) + 0:.{column['decimals']}f}"
        for v in (min(known), *column["breaks"], max(known))
    ]
    ends = [end.replace("-", "\u2212").replace(".", "," if page["lang"] == "de" else ".") for end in ends]
    words = page["words"]["legend_range" if number < len(column["breaks"]) else "legend_last_range"]
    return column["colors"][number], words.format(lower=ends[number], upper=ends[number + 1])


def test_every_area_has_the_colour_and_the_words_of_the_map(written):
    path, page = written
    keys = page["areas"]["keys"]
    for column, style in zip(page["columns"], styles_of(path).values(), strict=True):
        found = {key: [] for key in keys}
        for label, condition, symbol in classes_of(style):
            for (key,) in query(path, f"SELECT key FROM areas WHERE {condition}"):  # noqa: S608
                found[key].append((color_of(symbol), label))
        for area, key in enumerate(keys):
            color, label = shown_on_the_map(page, column, area)
            assert len(found[key]) == 1
            assert found[key][0][1] == label
            assert color in (None, found[key][0][0])
    assert {None} < {value for column in page["columns"] for value in column["values"]}


def test_areas_without_a_value_look_unlike_every_class(written):
    path, page = written
    for column, style in zip(page["columns"], styles_of(path).values(), strict=True):
        gaps = {c["gaps"].get(str(i), "missing") for c in [column] for i, v in enumerate(c["values"]) if v is None}
        rules = [(condition, symbol) for _, condition, symbol in rules_of(style) if "IS NULL" in condition]
        assert len(rules) == len(gaps)
        assert not {color_of(symbol) for _, symbol in rules} & set(column["colors"])
        looks = {ET.tostring(symbol).split(b">", 1)[1] for _, symbol in rules}
        assert len(looks) == len(rules)  # and unlike each other


def test_a_sure_selection_has_an_unbroken_hatch_a_borderline_one_a_broken_one_and_a_near_one_dots(written, sample):
    path, page = written
    labels, selected = sample.release.stability.table["label"], sample.release.selected
    words = page["words"]["legend_selected"]
    borderline = {"de": "Grenzfall", "en": "borderline"}[page["lang"]]
    expected = {
        "sure": (words, selected & labels.eq("certain")),
        "open": (f"{words}, {borderline}", selected & labels.eq("borderline")),
        "near": (page["words"]["legend_near"], ~selected & labels.isin(["borderline", "certain"])),
    }
    looks = {
        "sure": {"LinePatternFill": ["", ""], "SimpleLine": [""]},
        "open": {"LinePatternFill": ["2;1.4", "2;1.4"], "SimpleLine": ["", "2;1.4"]},
        "near": {"SimpleLine": ["", "0.05;1.3"]},
    }
    for style in styles_of(path).values():
        marks = marks_of(style)
        assert list(marks) == [f"\"selection\" = '{code}'" for code in expected]
        assert [*rules_of(style)][-3:] == [*marks.values()]  # above the colours
        for code, (said, areas) in expected.items():
            label, condition, symbol = marks[f"\"selection\" = '{code}'"]
            keys = [key for (key,) in query(path, f"SELECT key FROM areas WHERE {condition} ORDER BY key")]  # noqa: S608
            assert (label, keys) == (said, sorted(areas.index[areas]))
            assert keys
            assert dashes_of(symbol) == looks[code]


def test_lines_of_a_hatch_are_white_under_dark(written):
    path, _ = written
    for code in ("sure", "open"):
        symbol = marks_of(next(iter(styles_of(path).values())))[f"\"selection\" = '{code}'"][2]
        hatches = symbol.findall("layer[@class='LinePatternFill']")
        colors = [
            hatch.find("symbol/layer/Option/Option[@name='line_color']").get("value").rsplit(",", 1)[0]
            for hatch in hatches
        ]
        assert colors == ["255,255,255", "20,20,20"]


def test_a_selection_without_stability_is_marked_and_nobody_calls_it_sure(town, tmp_path):
    shortlist = qa.screen(town, qa.worst_share("sgb2_rate", 0.25))
    path = qa.export(qa.release(town, shortlist=shortlist), tmp_path / "a.gpkg")
    for style in styles_of(path).values():
        ((label, condition, symbol),) = marks_of(style).values()
        assert "sicher" not in label
        assert "Grenzfall" not in label
        assert len(query(path, f"SELECT key FROM areas WHERE {condition}")) == 3  # noqa: S608
        assert dashes_of(symbol)["LinePatternFill"] == ["", ""]


def labels_of(style):
    """Return what the labels say, by the scale from which they are shown."""
    rules = style.findall("labeling/rules/rule")
    return {int(rule.get("scalemaxdenom", 0)): rule for rule in rules}


def test_names_stand_on_the_map_districts_always_and_areas_from_a_scale(written):
    path, _ = written
    for style in styles_of(path).values():
        assert "Labeling" in style.get("styleCategories")
        assert style.get("labelsEnabled") == "1"
        labels = labels_of(style)
        assert list(labels) == [0, 60_000]
        always, near = labels[0], labels[60_000]
        assert near.find("settings/text-style").get("fieldName") == '"name"'
        assert always.find("settings/text-style").get("fieldName") == '"bezirk"'
        assert always.get("filter") == '"key" = minimum("key", "bezirk")'  # once per district
        assert always.find("settings/rendering").get("displayAll") == "1"
        assert near.find("settings/placement").get("fitInPolygonOnly") == "1"  # never in the next area
        for rule in labels.values():
            paper = rule.find("settings/text-style/text-buffer")
            assert (paper.get("bufferDraw"), paper.get("bufferColor")) == ("1", "255,255,255,255")


def test_candidates_are_named_always_programmes_and_facilities_from_a_scale(written):
    path, _ = written
    scales = {
        layer: list(labels_of(next(iter(styles_of(path, layer).values()))))
        for layer in ("candidates", "programmes", "facilities")
    }
    assert scales == {"candidates": [0], "programmes": [60_000], "facilities": [25_000]}


@pytest.mark.parametrize("layer", ["areas", "candidates", "programmes", "facilities"])
def test_the_pointer_shows_the_name_and_what_is_said_of_it(written, layer):
    path, page = written
    for title, style in styles_of(path, layer).items():
        tip = style.find("mapTip").text
        assert style.find("mapTip").get("enabled") == "1"
        assert tip.startswith("<b>[% replace(replace(coalesce(")
        assert tip.count("[%") == tip.count("%]") >= 2
        assert layer != "areas" or f"<br>{title}: [%" in tip
        assert (
            layer != "areas"
            or {"de": "'sure', 'ausgewählt, sicher'", "en": "'sure', 'selected, certain'"}[page["lang"]] in tip
        )


def test_dashes_tell_programmes_that_run_from_others(make_city, tmp_path):
    table = pd.DataFrame({"residents": [1000.0] * 4, "x": [100.0, 200, 300, 400]}, index=list("abcd"))
    city = qa.add_rates(make_city(table), {"r": ("x", "residents")})
    layer = gpd.GeoDataFrame(
        {"name": ["Nord", "Süd"], "kind": ["", ""], "start": ["2010", "2020"], "end": ["2015", ""]},
        geometry=[city.areas.geometry["a"], city.areas.geometry["b"]],
        crs=city.areas.crs,
    )
    release = qa.release(city, programmes=qa.programme_areas(layer, crs=city.areas.crs, as_of="2024-12-31"))
    path = qa.export(release, tmp_path / "a.gpkg")
    (style,) = styles_of(path, "programmes").values()
    found = {
        label: (query(path, f"SELECT name FROM programmes WHERE {condition}"), dashes_of(symbol)["SimpleLine"])  # noqa: S608
        for label, condition, symbol in rules_of(style)
    }
    assert found == {
        "bestehendes Programmgebiet": ([("Süd",)], ["2.4;1.1;0.5;1.1"]),
        "ehemaliges oder geplantes Programmgebiet": ([("Nord",)], ["0.5;1.1"]),
    }
    columns = pyogrio.read_dataframe(path, layer="columns").set_index(["table", "column"])
    assert columns.loc[("programmes", "state"), "values"] == "planned = geplant; running = läuft; ended = beendet"


@pytest.mark.parametrize(
    ("layer", "word", "kind"),
    [("candidates", "candidate", "fill"), ("programmes", "programme", "fill"), ("facilities", "facility", "marker")],
)
def test_further_layers_look_as_on_the_map(written, layer, word, kind):
    path, page = written
    (style,) = styles_of(path, layer).values()
    ((label, condition, symbol),) = rules_of(style)
    assert (label, condition, symbol.get("type")) == (page["words"][f"legend_{word}"], None, kind)


def test_columns_are_called_by_their_labels(written, sample):
    path, page = written
    for layer in ("areas", "candidates", "programmes", "facilities"):
        style = next(iter(styles_of(path, layer).values()))
        assert "Fields" in style.get("styleCategories")
        aliases = {alias.get("field"): alias.get("name") for alias in style.findall("aliases/alias")}
        fields = [name for (name,) in query(path, f"SELECT name FROM pragma_table_info('{layer}')")]  # noqa: S608
        assert [*aliases] == fields[2:]  # after fid and geom
        assert {"fid", "geom"}.isdisjoint(aliases)
        assert [name for name in aliases.values() if name in fields and name != "notice"] == []  # words, no codes
    style = next(iter(styles_of(path).values()))
    aliases = {alias.get("field"): alias.get("name") for alias in style.findall("aliases/alias")}
    assert (
        aliases["selection"]
        == {"de": "Auswahl und wie sicher sie ist", "en": "Selection and how sure it is"}[page["lang"]]
    )
    assert aliases["mh_share"] == sample.release.column("mh_share").indicator.label(page["lang"])
    assert [alias.get("index") for alias in style.findall("aliases/alias")] == [f"{i + 1}" for i in range(len(aliases))]


def test_a_release_without_columns_still_has_a_style(town, tmp_path):
    shortlist = qa.screen(town, qa.worst_share("sgb2_rate", 0.25))
    path = qa.export(qa.release(town, columns=[], shortlist=shortlist), tmp_path / "a.gpkg")
    ((_, condition, _),) = rules_of(next(iter(styles_of(path).values())))
    assert len(query(path, f"SELECT key FROM areas WHERE {condition}")) == 3  # noqa: S608


@pytest.mark.parametrize("values", [[5.0] * 12, [float("nan")] * 11 + [4.0], [0.0] * 9 + [1.0, 2.0, 3.0]])
def test_columns_of_one_value_or_none_have_classes_too(make_city, tmp_path, values):
    table = pd.DataFrame({"residents": [1000.0] * 12, "share": values}, index=[f"a{i}" for i in range(12)])
    catalogue = qa.Catalogue.builtin().add(qa.Indicator(id="share", label_de="Anteil", label_en="Share"))
    release = qa.release(make_city(table, catalogue=catalogue), columns=["share"])
    path = qa.export(release, tmp_path / "a.gpkg")
    (style,) = styles_of(path).values()
    found = [
        key
        for _, condition, _ in rules_of(style)
        for (key,) in query(path, f"SELECT key FROM areas WHERE {condition}")  # noqa: S608
    ]
    assert sorted(found) == sorted(table.index)


@given(
    # rounded as released values are; SQLite reads numbers of the order of 1e-308 a little off
    st.lists(st.floats(-1e6, 1e6).map(lambda value: round(value, 4)), min_size=1, max_size=40),
    st.sampled_from(["x", 'a "b"', "it's"]),
)
def test_every_value_belongs_to_the_class_that_the_map_gives_it(values, name):
    breaks = quantile_breaks(pd.Series(values))
    filters = _ranges(column_name(name), breaks, len(breaks) + 1)
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(f"CREATE TABLE areas (id INTEGER, {column_name(name)} REAL)")
        database.executemany("INSERT INTO areas VALUES (?, ?)", [*enumerate(values), (-1, None)])
        found = [database.execute(f"SELECT id FROM areas WHERE {part}").fetchall() for part in filters]  # noqa: S608
    classes = {number: [k for k, part in enumerate(found) if (number,) in part] for number in range(-1, len(values))}
    assert classes == {-1: [], **{i: [bisect_right(breaks, value)] for i, value in enumerate(values)}}


HOSTILE = ["[% 1 %]", "<script>\"&'</script>", 'it\'s \\ "quoted"', "a\x00b\x0bc", "]]>", "line\nbreak"]


@pytest.mark.parametrize("text", HOSTILE, ids=repr)
def test_hostile_names_stay_names(make_hostile, tmp_path, text):
    path = qa.export(make_hostile(text), tmp_path / "a.gpkg")
    seen = text.replace("\x00", "\u2400").replace("\x0b", "\u240b")
    for style in styles_of(path).values():  # each one can be parsed
        assert style.tag == "qgis"
    labels = [label for label, _, _ in rules_of(next(iter(styles_of(path).values())))]
    assert labels[:2] == [seen, seen]
    last = list(styles_of(path).values())[-1]  # the column whose name is the text itself
    tips = [style.find("mapTip").text for layer in ("areas", "candidates") for style in styles_of(path, layer).values()]
    for tip in tips:
        outside = re.sub(r"\[%.*?%\]", "", tip, flags=re.DOTALL)
        assert set(re.findall(r"<[^>]*>", outside)) <= {"<b>", "</b>", "<br>"}
        assert "[%" not in outside
        assert "%]" not in outside
    shown = [
        key
        for _, condition, _ in classes_of(last)
        for (key,) in query(path, f"SELECT key FROM areas WHERE {condition}")  # noqa: S608
    ]
    assert len(shown) == len(set(shown)) == 32
