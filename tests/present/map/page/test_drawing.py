"""What is painted: classes in the legend's colours, patterns for gaps, hatch and outlines for areas to review."""

from __future__ import annotations

import re
from collections import Counter

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa

pytestmark = pytest.mark.browser

NEED_COLORS = ["#ffffcc", "#a1dab4", "#41b6c4", "#2c7fb8", "#253494"]  # light to dark
STATUS = {"high": "hoch", "medium": "mittel", "low": "niedrig", "very_low": "sehr niedrig"}
ACCENT, DARK = "#b3005e", "#1a1a1a"


def brightness(color):
    return sum(int(color[i : i + 2], 16) for i in (1, 3, 5)) / 3


def distance(color, other):
    return max(abs(int(color[i : i + 2], 16) - int(other[i : i + 2], 16)) for i in (1, 3, 5))


def number(german):
    return float(german.replace(".", "").replace(",", ".").replace("\u2212", "-"))


def ranges(rows):
    """Return (lower, upper, colour) of each class of the legend; the last class holds its upper end."""
    found = []
    for row in rows:
        limits = re.fullmatch(r"([\d.,\u2212]+) bis (unter )?([\d.,\u2212]+)", row["label"])
        if limits:
            upper = number(limits[3])
            found.append((number(limits[1]), upper if limits[2] else upper + 1e-9, row["color"]))
    return found


def halfway(line):
    """Return a point in the middle of the longest part of a line, in degrees."""
    parts = shapely.get_parts(shapely.line_merge(line))
    longest = max(parts, key=lambda part: part.length)
    return gpd.GeoSeries([longest.interpolate(0.5, normalized=True)], crs="EPSG:25832").to_crs("EPSG:4326").iloc[0]


@pytest.fixture
def atlas(atlas):
    """Return the map of the sample city without charts and without what lies above its colours."""
    return atlas.without_charts().switch("Kartengrundlage")


def without_facilities(page):
    """Take away the points that are drawn above the areas."""
    page.switch("Einrichtungen")


def test_each_status_class_is_painted_in_its_legend_colour(atlas, exported, clear):
    swatches = {row["label"]: row["color"] for row in atlas.legend()}
    colors = [swatches[label] for label in STATUS.values()]
    assert [color for color in NEED_COLORS if color in colors] == colors
    assert (colors[0], colors[-1]) == (NEED_COLORS[0], NEED_COLORS[-1])
    painted = Counter()
    for key in clear.index.intersection(exported.index[~exported["selected"] & exported["need_status_class"].notna()]):
        label = STATUS[exported["need_status_class"][key]]
        assert set(atlas.colors(clear[key], half=2)) == {swatches[label]}, key
        painted[label] += 1
    assert painted["hoch"] >= 2
    assert painted["mittel"] >= 20


def test_rates_are_painted_in_the_colour_of_the_range_they_fall_in(atlas, exported, clear):
    atlas.choose("SGB-II-Quote")
    classes = ranges(atlas.legend())
    assert [color for _, _, color in classes] == NEED_COLORS
    open_areas = exported.index[~exported["selected"] & exported["sgb2_rate"].notna()]
    painted = Counter()
    for key in clear.index.intersection(open_areas):
        color = next(color for low, high, color in classes if low <= exported["sgb2_rate"][key] < high)
        assert atlas.colors(clear[key]) == [color], key
        painted[color] += 1
    assert len(painted) >= 4


def test_context_is_painted_in_a_neutral_green_not_in_the_colours_of_need(atlas, exported, clear):
    atlas.choose("Anteil Personen mit Migrationshintergrund")
    classes = ranges(atlas.legend())
    assert not {color for _, _, color in classes} & set(NEED_COLORS)
    for key in clear.index.intersection(exported.index[~exported["selected"] & exported["mh_share"].notna()]):
        color = next(color for low, high, color in classes if low <= exported["mh_share"][key] < high)
        assert atlas.colors(clear[key]) == [color], key


def test_an_area_without_data_is_plain_grey(show, make_city):
    table = pd.DataFrame({"residents": [1000.0] * 6, "poor": [100.0, 200, None, 300, 150, 250]}, index=list("123456"))
    data = qa.add_rates(make_city(table), {"sgb2_rate": ("poor", "residents")})
    released = qa.release(data)
    page = show(released)
    row = next(row for row in page.legend() if row["label"] == "keine Angabe")
    assert (row["color"], row["count"]) == ("#dddddd", "(1)")
    assert not row["pattern"]
    places = released.areas.representative_point().to_crs("EPSG:4326")
    assert set(page.colors(places["3"], half=4)) == {"#dddddd"}
    assert "#dddddd" not in page.colors(places["2"], half=4)


def test_protected_areas_are_white_with_grey_dots(atlas, exported, clear):
    hidden = exported["language_support_need"].isna() & exported["state"].eq("shown")
    atlas.choose("Sprachförderbedarf vor der Einschulung")
    keys = clear.index.intersection(exported.index[hidden])
    assert len(keys) >= 2
    drawn = [Counter(atlas.colors(clear[key], half=7)) for key in keys]
    plain = [colors for colors in drawn if all(brightness(color) >= brightness("#8a8a8a") for color in colors)]
    assert len(plain) >= 2  # in others a facility or an outline is drawn
    for colors in plain:
        assert colors["#ffffff"] > 0.5 * colors.total()
        assert sum(n for color, n in colors.items() if 100 < brightness(color) < 200) >= 4
    row = next(row for row in atlas.legend() if row["label"] == "geschützt")
    assert row["pattern"]
    assert row["color"] == "#ffffff"


def test_uninhabited_area_is_plain_white_and_a_small_one_has_lines(atlas, exported, clear):
    forest = exported.index[exported["state"].eq("uninhabited")]
    assert list(forest) == ["0212"]
    assert set(atlas.colors(clear["0212"], half=7)) == {"#ffffff"}
    small = exported.index[exported["state"].eq("small")]
    assert list(small) == ["0809"]
    colors = Counter(atlas.colors(clear["0809"], half=7))
    assert set(colors) == {"#ededed", "#9a9a9a"}
    assert colors["#ededed"] > 3 * colors["#9a9a9a"]


def test_selected_areas_show_their_class_under_a_dark_hatch(atlas, exported, clear):
    swatches = {row["label"]: row["color"] for row in atlas.legend()}
    keys = clear.index.intersection(exported.index[exported["selected"]])
    assert len(keys) >= 3
    for key in keys:
        colors = Counter(atlas.colors(clear[key], half=8))
        fill = swatches[STATUS[exported["need_status_class"][key]]]
        assert colors.most_common(1)[0][0] == fill
        dark = sum(n for color, n in colors.items() if brightness(color) < 0.55 * brightness(fill))
        light = sum(n for color, n in colors.items() if brightness(color) > brightness(fill) + 15)
        assert dark > 0.04 * colors.total()
        assert light > 0.02 * colors.total()  # the light line keeps the hatch visible on the darkest class


def test_areas_that_are_not_selected_have_no_hatch(atlas, exported, clear):
    without_facilities(atlas)
    for key in clear.index.intersection(exported.index[~exported["selected"] & exported["state"].eq("shown")])[:30]:
        if exported["need_status_class"].notna()[key]:
            assert len(set(atlas.colors(clear[key], half=3))) == 1


def test_selected_areas_have_a_dark_outline(atlas, exported):
    chosen = exported[exported["selected"]]
    seen = 0
    for i, j in zip(*chosen.sindex.query(chosen.geometry, predicate="touches"), strict=True):
        border = chosen.geometry.iloc[i].intersection(chosen.geometry.iloc[j])
        if i < j and border.length > 600:
            around = atlas.colors(halfway(border), half=3)
            assert min(distance(color, DARK) for color in around) < 40
            seen += 1
    assert seen >= 3


def test_candidate_areas_have_an_outline_in_the_accent_colour(atlas, sample):
    assert len(sample.release.candidates) == 5
    for shape in sample.release.candidates.geometry:
        around = atlas.colors(halfway(shape.boundary), half=3)
        assert min(distance(color, ACCENT) for color in around) < 25


def test_outline_of_a_large_candidate_area_has_a_white_casing(atlas, sample, exported):
    large = sample.release.candidates[sample.release.candidates["n_areas"] >= 3]
    others = exported[~exported["selected"]].union_all()
    assert len(large) == 3
    atlas.switch("Programmgebiete")  # they are drawn above
    for shape in large.geometry:
        outside = shapely.MultiLineString([shape.boundary]).intersection(others.boundary)
        around = atlas.colors(halfway(outside), half=4)
        assert min(distance(color, ACCENT) for color in around) < 10
        assert sum(brightness(color) > 225 for color in around) >= 5


def test_borders_between_areas_are_drawn_without_gaps(atlas, exported, sample):
    plain = exported[~exported["selected"] & exported["need_status_class"].eq("medium")]
    touching = plain.sindex.query(plain.geometry, predicate="touches").T
    borders = [
        shapely.line_merge(plain.geometry.iloc[i].intersection(plain.geometry.iloc[j])) for i, j in touching if i < j
    ]
    lines = [line for border in borders for line in shapely.get_parts(border) if line.length > 200]
    steps = gpd.GeoSeries(
        [line.interpolate(m) for line in lines for m in range(60, round(line.length) - 60, 30)], crs=25832
    )
    # marked areas have light lines below their outlines
    marked = exported["selected"] | sample.release.stability.table["label"].isin(["certain", "borderline"])
    steps = steps[steps.distance(exported[marked].union_all()) > 150]
    without_facilities(atlas)
    around = atlas.all_colors(steps.to_crs("EPSG:4326"), half=1)
    assert len(around) > 500
    assert max(brightness(color) for colors in around for color in colors) <= brightness("#a1dab4") + 1
    opacity = [int(color[7:] or "ff", 16) / 255 for colors in around for color in colors]
    assert min(opacity) > 0.85  # where two soft edges meet, nothing of the ground is seen
