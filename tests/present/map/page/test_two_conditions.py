"""The map of two conditions as a person uses it: legend with ranges and marks, filter, tooltip, phone."""

from __future__ import annotations

import re

import pandas as pd
import pytest

import quartiersatlas as qa

pytestmark = pytest.mark.browser

LABEL = "Zwei Bedingungen: SGB-II-Quote und Kinderarmut (SGB II unter 15)"
NAMES = ("sgb2_rate", "child_poverty_u15")
PHONE = (390, 844)
TABLE = """
const cells = [...document.querySelectorAll(".qa-matrix-cell")];
return {
  caption: [...document.querySelectorAll(".qa-matrix caption div")].map((line) => line.textContent),
  rows: [...document.querySelectorAll(".qa-matrix th[scope=row]")].map((head) => head.textContent),
  columns: [...document.querySelectorAll(".qa-matrix th[scope=col]")].map((head) => head.textContent),
  areas: cells.map((cell) => cell.firstChild.firstChild.textContent),
  people: cells.map((cell) => cell.querySelector("small").textContent),
  names: cells.map((cell) => cell.querySelector(".qa-unseen").textContent),
  border: cells.map((cell) => parseFloat(getComputedStyle(cell).borderTopWidth)),
  colors: cells.map((cell) => getComputedStyle(cell).backgroundColor),
};"""
CONTRASTS = """
const linear = (n) => (n <= 0.04045 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4);
const light = (color) => color.match(/\\d+/g).slice(0, 3).map((n) => linear(n / 255))
  .reduce((sum, n, i) => sum + n * [0.2126, 0.7152, 0.0722][i], 0);
return [...document.querySelectorAll(".qa-matrix-cell, .qa-matrix-cell small")].map((node) => {
  const cell = node.closest("button");
  const sides = [light(getComputedStyle(node).color), light(getComputedStyle(cell).backgroundColor)];
  const [high, low] = sides.sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
});"""
CUT = """
const legend = document.querySelector(".qa-legend");
const inside = legend.getBoundingClientRect();
const nodes = [...legend.querySelectorAll(".qa-matrix, .qa-matrix *:not(.qa-unseen), .qa-legend-row, .qa-legend-note")];
const wide = nodes.filter((node) => {
  const box = node.getBoundingClientRect();
  const isCut = node.clientWidth && node.scrollWidth > node.clientWidth + 1;
  return box.left < inside.left || box.right > inside.right || isCut;
});
return wide.map((node) => `${node.className} ${node.textContent}`);"""
OVERLAPS = """
const boxes = [...document.querySelectorAll(".qa-matrix th, .qa-matrix td")].map((cell) => {
  const range = document.createRange();
  range.selectNodeContents(cell.querySelector("button > span") ?? cell);
  return [cell.textContent, range.getBoundingClientRect()];
}).filter(([text]) => text);
return boxes.flatMap(([one, a], i) => boxes.slice(i + 1).filter(([, b]) =>
  Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1
).map(([two]) => `${one} / ${two}`));"""


@pytest.fixture
def atlas(atlas):
    """Return the map of the sample city without what lies above its colours."""
    return atlas.switch("Kartengrundlage")


def german(value, decimals=1):
    return f"{value:,.{decimals}f}".translate(str.maketrans(",.", ".,"))


@pytest.fixture
def by_hand(exported, counts, pairs):
    """Return limits and classes (0, 1, 2) of both conditions, read from the GeoPackage and the raw counts."""
    classes, limits = {}, {}
    for name in NAMES:
        x, n = (counts[column] for column in pairs[name])
        both = x.notna() & n.notna()
        city = round(100 * x[both].sum() / n[both].sum(), 1)
        beyond = exported[name][exported[name] > city].sort_values()
        middle = beyond.iloc[(len(beyond) - 1) // 2]
        limits[name] = (city, middle)
        classes[name] = (exported[name].gt(city).astype(int) + exported[name].gt(middle)).where(exported[name].notna())
    return limits, pd.DataFrame(classes)


def test_the_legend_says_limits_units_counts_and_residents_of_every_cell(atlas, exported, by_hand):
    limits, classes = by_hand
    atlas.choose(LABEL)
    table = atlas.run(TABLE)
    assert table["caption"] == [
        "Zeilen: SGB-II-Quote (Grenze: Wert der Stadt)",
        "Spalten: Kinderarmut (SGB II unter 15) (Grenze: Wert der Stadt)",
    ]
    for heads, name in ((table["rows"], NAMES[0]), (table["columns"], NAMES[1])):
        low, middle = (german(limit) for limit in limits[name])
        assert heads == [f"bis {low}\u202f%", f"über {low} bis {middle}\u202f%", f"über {middle}\u202f%"]
    cells = [classes[NAMES[0]].eq(row) & classes[NAMES[1]].eq(column) for row in range(3) for column in range(3)]
    assert table["areas"] == [str(cell.sum()) for cell in cells]
    assert table["people"] == [german(exported.loc[cell, "residents"].sum(), 0) for cell in cells]
    assert table["names"][5].startswith(
        f"SGB-II-Quote: {table['rows'][1]}, Kinderarmut (SGB II unter 15): {table['columns'][2]}. Gebiete: "
    )
    both = [i for i, width in enumerate(table["border"]) if width > 2]
    assert (
        both
        == [4, 5, 7, 8]
        == [i for i, name in enumerate(table["names"]) if name.endswith("; beide Bedingungen erfüllt")]
    )
    row = next(row for row in atlas.legend() if row["label"] == "beide Bedingungen erfüllt")
    together = classes.gt(0).all(axis=1)
    assert row["count"] == f"({together.sum()})"
    assert row["residents"] == german(exported.loc[together, "residents"].sum(), 0)
    assert exported.loc[exported["selected"]].index.isin(together.index[together]).all()
    assert atlas.errors() == []


def test_areas_have_the_colour_of_their_cell(atlas, exported, clear, by_hand):
    _, classes = by_hand
    atlas.choose(LABEL)
    colors = ["#" + "".join(f"{int(n):02x}" for n in re.findall(r"\d+", color)) for color in atlas.run(TABLE)["colors"]]
    assert len(set(colors)) == 9
    known = classes.dropna().index.difference(exported.index[exported["selected"]])
    keys = clear.index.intersection(known)
    assert len(keys) > 20
    found = [color for (color,) in atlas.all_colors(clear[keys])]
    assert found == [colors[int(3 * classes[NAMES[0]][key] + classes[NAMES[1]][key])] for key in keys]


def test_a_click_on_a_cell_lets_the_others_step_back(atlas, exported, clear, by_hand):
    _, classes = by_hand
    atlas.choose(LABEL)
    inside = classes[NAMES[0]].eq(1) & classes[NAMES[1]].eq(1) & ~exported["selected"]
    key, other = clear.index.intersection(inside.index[inside])[0], clear.index.intersection(inside.index[~inside])[0]
    before = [atlas.colors(clear[k]) for k in (key, other)]
    atlas.driver.find_elements("css selector", ".qa-matrix-cell")[4].click()
    atlas.drawn()
    after = [atlas.colors(clear[k]) for k in (key, other)]
    assert after[0] == before[0]
    assert after[1] != before[1]
    atlas.driver.switch_to.active_element.click()
    atlas.drawn()
    assert [atlas.colors(clear[k]) for k in (key, other)] == before


def test_the_tooltip_says_both_values_and_that_both_conditions_are_met(atlas, exported, clear, by_hand):
    _, classes = by_hand
    atlas.choose(LABEL)
    met = classes.gt(0).all(axis=1)
    for key in (
        clear.index.intersection(met.index[met])[0],
        clear.index.intersection(classes.dropna().index[~met[classes.dropna().index]])[0],
    ):
        lines = atlas.hover(clear[key]).split("\n")
        assert f"SGB-II-Quote: {german(exported[NAMES[0]][key])}\u202f%" in lines
        assert f"Kinderarmut (SGB II unter 15): {german(exported[NAMES[1]][key])}\u202f%" in lines
        assert ("beide Bedingungen erfüllt" in lines) == met[key]
    assert not any(line.startswith("Zwei Bedingungen") for line in lines)


def test_numbers_in_the_cells_are_readable_in_both_tables(atlas):
    for label in (LABEL, "Sozialer Status und Dynamik"):
        atlas.choose(label)
        ratios = atlas.run(CONTRASTS)
        assert len(ratios) in (18, 24)
        assert min(ratios) >= 4.5, label


def test_on_a_phone_both_tables_open_and_nothing_is_cut_or_lies_over_anything_else(page, sample):
    page.open(sample.folder / "atlas.html", PHONE)
    page.driver.find_element("css selector", ".qa-legend summary").click()
    for label in (LABEL, "Sozialer Status und Dynamik"):
        page.choose(label)
        assert page.run(CUT) == []
        assert page.run(OVERLAPS) == []
        left, top, right, bottom = page.box(".qa-matrix")
        frame = page.box(".folium-map")
        assert frame[0] <= left < right <= PHONE[0]
        assert frame[1] <= top < bottom <= frame[3]  # the whole table is in sight without scrolling
        for cell in page.run(
            "return [...document.querySelectorAll('.qa-matrix-cell')].map((c) => [c.offsetWidth, c.offsetHeight])"
        ):
            assert min(cell) >= 24  # WCAG 2.2, target size


@pytest.mark.parametrize("size", [(1280, 800), PHONE], ids=["desktop", "phone"])
def test_long_labels_of_axes_and_classes_break_inside_their_cells(show, town, size):
    words = (
        "Gebiet mit besonderem Aufmerksamkeitsbedarf",
        "Donaudampfschifffahrtsgesellschaft",
        "mittel",
        "sehr niedrig",
    )
    classes = lambda n: [  # noqa: E731
        {"id": f"c{i}", "label_de": words[i], "label_en": words[i]} | ({"upper": float(i) - 1} if i < n - 1 else {})
        for i in range(n)
    ]
    axes = [
        {
            "id": name,
            "label_de": f"{name} Gesamtindex Soziale Ungleichheit",
            "label_en": name,
            "indicators": [{"id": "sgb2_rate"}],
            "classes": classes(n),
        }
        for name, n in (("status", 4), ("dynamics", 3))
    ]
    spec = qa.NeedSpec.from_dict({"id": "lang", "source": "Test", "axes": axes})
    with pytest.warns(UserWarning, match="12 areas only"):
        need = qa.need_index(town, spec)
    page = show(qa.release(town, need=need), size)
    if size == PHONE:
        page.driver.find_element("css selector", ".qa-legend summary").click()
    page.choose("status Gesamtindex Soziale Ungleichheit und dynamics Gesamtindex Soziale Ungleichheit")
    assert len(page.run(TABLE)["areas"]) == 12
    assert page.run(CUT) == []
    assert page.run(OVERLAPS) == []


def test_the_table_and_the_panel_leave_the_pair_out(atlas):
    atlas.driver.find_element("css selector", "#qa-table-button").click()
    assert not any("Zwei Bedingungen" in text for text in atlas.texts(".qa-table th"))
    atlas.driver.find_element("css selector", ".qa-table tbody button").click()
    heads = atlas.texts("#qa-area h3, #qa-area h4")
    assert "Sozioökonomie" in heads
    assert "Zwei Bedingungen" not in atlas.text("#qa-area")
    assert heads.count("Auswahl") == 1  # that of the area, none for the pair


def test_the_english_map_says_it_in_english(page, english):
    page.open(english).choose("Two conditions: SGB II benefit rate and Child poverty (SGB II under 15)")
    table = page.run(TABLE)
    assert table["caption"][0] == "Rows: SGB II benefit rate (limit: city value)"
    assert re.fullmatch(r"above \d+\.\d to \d+\.\d%", table["rows"][1])
    assert "both conditions met" in page.text(".qa-legend")


def test_hostile_labels_are_shown_as_they_are(show, make_city):
    text = '"><img src=x onerror="window.hacked=1">{{7*7}}{label}'
    table = pd.DataFrame(
        {"a": [100.0, 200, 300, 400], "b": [100.0, 200, 300, 400], "base": [1000.0] * 4, "residents": [1000.0] * 4},
        index=[f"{i}" for i in range(4)],
    )
    catalogue = qa.Catalogue.builtin()
    for name in "ab":
        catalogue = catalogue.add(
            qa.Indicator(id=f"{name}_rate", role="index", direction=1, label_de=text, label_en=text)
        )
    data = qa.add_rates(make_city(table, catalogue=catalogue), {f"{name}_rate": (name, "base") for name in "ab"})
    page = show(qa.release(data, shortlist=qa.screen(data, qa.above_city("a_rate", "b_rate"))))
    script = "const s = document.querySelector('.qa-select'); s.value = '2'; s.dispatchEvent(new Event('change'));"
    page.run(script)
    assert page.run(TABLE)["caption"][0] == f"Zeilen: {text} (Grenze: Wert der Stadt)"
    assert page.text(".qa-legend-title") == f"Zwei Bedingungen: {text} und {text}"
    assert page.run("return [window.hacked ?? null, document.images.length]") == [None, 0]
    assert page.errors() == []
