"""QGIS opens the GeoPackage with the classes, colours and words of the map.

QGIS itself is not at hand here. The table is compared with the one that QGIS creates when it saves a style through its
OGR provider, the XML with what its rule-based renderer reads (rules, filters, symbols by name), and every filter is
evaluated against the areas: what it says is SQL too.
"""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_right
from contextlib import closing
from xml.etree import ElementTree as ET

import pandas as pd
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
        for label, condition, symbol in rules_of(style)[:-1]:  # the last one is the selection
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


def test_the_selection_is_hatched_above_the_colours(written, sample):
    path, page = written
    for style in styles_of(path).values():
        label, condition, symbol = rules_of(style)[-1]
        assert label == page["words"]["legend_selected"]
        keys = [key for (key,) in query(path, f"SELECT key FROM areas WHERE {condition}")]  # noqa: S608
        assert keys == sample.release.selected.index[sample.release.selected].tolist()
        kinds = [layer.get("class") for layer in symbol.findall("layer")]
        assert kinds == ["LinePatternFill", "LinePatternFill", "SimpleLine"]
        assert symbol.find("layer[@class='SimpleLine']").get("pass") == "1"


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
    style = next(iter(styles_of(path).values()))
    assert "Fields" in style.get("styleCategories")
    aliases = {alias.get("field"): alias.get("name") for alias in style.findall("aliases/alias")}
    fields = [name for (name,) in query(path, "SELECT name FROM pragma_table_info('areas')")]
    assert [*aliases] == fields[2:]  # after fid and geom
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


HOSTILE = ["<script>\"&'</script>", 'it\'s \\ "quoted"', "a\x00b\x0bc", "]]>", "line\nbreak"]


@pytest.mark.parametrize("text", HOSTILE, ids=repr)
def test_hostile_names_stay_names(make_hostile, tmp_path, text):
    path = qa.export(make_hostile(text), tmp_path / "a.gpkg")
    seen = text.replace("\x00", "\u2400").replace("\x0b", "\u240b")
    for style in styles_of(path).values():  # each one can be parsed
        assert style.tag == "qgis"
    labels = [label for label, _, _ in rules_of(next(iter(styles_of(path).values())))]
    assert labels[:2] == [seen, seen]
    last = list(styles_of(path).values())[-1]  # the column whose name is the text itself
    shown = [
        key
        for _, condition, _ in rules_of(last)[:-1]
        for (key,) in query(path, f"SELECT key FROM areas WHERE {condition}")  # noqa: S608
    ]
    assert len(shown) == len(set(shown)) == 32
