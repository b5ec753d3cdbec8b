"""Changing candidate areas in the page, with totals that follow, and saving the choice."""

from __future__ import annotations

import csv
import json
import time
from base64 import b64encode

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.present.map.payload import map_json

pytestmark = pytest.mark.browser


def press(page, words):
    buttons = page.driver.find_elements("css selector", ".qa-totals button")
    next(button for button in buttons if button.text == words).click()
    return page.drawn()


def totals(page):
    rows = page.run(
        "return [...document.querySelectorAll('.qa-totals tr')].map((r) => [...r.children].map((c) => c.textContent))"
    )
    return {row[0].split(" ")[0]: row for row in rows[1:]}


def offers(page):
    return page.texts(".qa-offers button")


def german(value, decimals=0):
    return f"{value:,.{decimals}f}".translate(str.maketrans(",.", ".,"))


def saved(page, folder, words, name):
    """Save the choice as a reader does and return the file."""
    page.driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)})
    press(page, words)
    for _ in range(100):
        if (folder / name).exists():
            break
        time.sleep(0.05)
    return folder / name


@pytest.fixture
def p1(exported):
    """Return the keys of the largest candidate area."""
    return set(exported.index[exported["candidate"].eq("P1")])


@pytest.fixture
def beside(exported, p1):
    """Return a shown area beside it and beside no other candidate area."""
    inside = exported.loc[sorted(p1)].union_all()
    others = exported[exported["candidate"].fillna("").ne("") & ~exported.index.isin(p1)].union_all()
    free = exported[exported["candidate"].fillna("").eq("") & exported["sgb2_rate"].notna()]
    near = free[free.intersection(inside).length.gt(100) & free.disjoint(others)]
    return near.index[0]


def expected(counts, pairs, keys):
    keys = sorted(keys)
    x, n = (counts[column][keys].sum() for column in pairs["sgb2_rate"])
    return [str(len(keys)), german(counts["Einwohner"][keys].sum()), f"{german(100 * x / n, 1)}\u202f%"]


def test_totals_are_those_of_the_counts_and_follow_the_choice(atlas, p1, beside, exported, counts, pairs):
    atlas.choose("SGB-II-Quote")
    assert totals(atlas)["P1"] == ["P1", *expected(counts, pairs, p1)]
    atlas.search(beside)
    name = exported["name"][beside]
    assert offers(atlas) == [f"{name} zu P1 hinzufügen"]
    press(atlas, f"{name} zu P1 hinzufügen")
    assert totals(atlas)["P1"] == ["P1 (geändert)", *expected(counts, pairs, p1 | {beside})]
    assert offers(atlas) == [f"{name} aus P1 entfernen"]
    press(atlas, f"{name} aus P1 entfernen")
    assert totals(atlas)["P1"] == ["P1", *expected(counts, pairs, p1)]
    assert atlas.errors() == []


def test_the_outline_follows_the_choice(atlas, beside, exported):
    import shapely

    inner = exported.geometry[beside].intersection(exported[exported["candidate"].eq("P1")].union_all())
    longest = max(shapely.get_parts(shapely.line_merge(inner)), key=lambda line: line.length)
    place = gpd.GeoSeries([longest.interpolate(0.5, normalized=True)], crs=25832).to_crs("EPSG:4326").iloc[0]
    accent = lambda: sum(color.startswith("#b3005e") for color in atlas.colors(place, half=3))  # noqa: E731
    assert accent() > 0
    atlas.search(beside)
    press(atlas, f"{exported['name'][beside]} zu P1 hinzufügen")
    atlas.driver.find_element("css selector", ".qa-close").click()  # its own ring would lie there
    atlas.drawn()
    assert accent() == 0


def test_an_area_away_from_all_candidate_areas_cannot_join(atlas, exported):
    candidates = exported[exported["candidate"].fillna("").ne("")].union_all()
    away = exported.index[exported.disjoint(candidates.buffer(5))][0]
    atlas.search(away)
    assert offers(atlas) == []


def test_a_member_with_a_protected_count_leaves_no_total(atlas, exported):
    members = exported[exported["candidate"].fillna("").ne("")]
    hidden = members["candidate"][members["language_support_need"].isna()].unique()
    atlas.choose("Sprachförderbedarf vor der Einschulung")
    shown = {key for key, row in totals(atlas).items() if row[-1] == "Grundlage nicht ausgewiesen"}
    assert shown == set(hidden)


def test_discarding_gives_the_first_choice_back(atlas, exported, p1):
    before = totals(atlas)
    for key in sorted(p1)[:2]:
        atlas.search(key)
        press(atlas, f"{exported['name'][key]} aus P1 entfernen")
    assert totals(atlas)["P1"] != before["P1"]
    press(atlas, "Änderungen verwerfen")
    assert totals(atlas) == before


def test_a_candidate_area_can_be_emptied(atlas, exported):
    members = exported.index[exported["candidate"].eq("P5")]
    for key in members:
        atlas.search(key)
        press(atlas, f"{exported['name'][key]} aus P5 entfernen")
    assert totals(atlas)["P5"][1:3] == ["0", "0"]
    assert atlas.errors() == []


def test_the_saved_table_has_the_members_as_chosen(atlas, exported, p1, beside, tmp_path):
    atlas.search(beside)
    press(atlas, f"{exported['name'][beside]} zu P1 hinzufügen")
    path = saved(atlas, tmp_path, "Auswahl als CSV speichern", "pruefgebiete.csv")
    rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines(), delimiter=";"))
    assert list(rows[0]) == ["Prüfgebiet", "Schlüssel", "Gebiet", "Einwohnerinnen und Einwohner"]
    assert {row["Schlüssel"] for row in rows if row["Prüfgebiet"] == "P1"} == p1 | {beside}
    assert all(row["Gebiet"] == exported["name"][row["Schlüssel"]] for row in rows)


def test_saved_files_are_named_in_the_language_of_the_page(page, english, tmp_path):
    page.open(english)
    assert saved(page, tmp_path, "Save the choice as CSV", "candidate_areas.csv").exists()
    assert saved(page, tmp_path, "Save the choice as GeoJSON", "candidate_areas.geojson").exists()


def test_the_saved_shapes_are_those_of_the_members(atlas, exported, tmp_path):
    saved_file = saved(atlas, tmp_path, "Auswahl als GeoJSON speichern", "pruefgebiete.geojson")
    saved_shapes = gpd.read_file(saved_file).set_index("key").to_crs(25832)
    members = exported[exported["candidate"].fillna("").ne("")]
    assert set(saved_shapes.index) == set(members.index)
    assert (saved_shapes["candidate"] == members["candidate"][saved_shapes.index]).all()
    assert saved_shapes.is_valid.all()
    difference = saved_shapes.geometry.symmetric_difference(members.geometry[saved_shapes.index], align=False)
    assert (difference.area < 2 * members.geometry[saved_shapes.index].length).all()
    addresses = [address for address in atlas.requests() if not address.startswith(("file:", "blob:", "data:"))]
    assert addresses == []


@pytest.fixture(scope="module")
def gaping():
    """Return a release whose outlines are 2.4 m apart; four of six areas in a row are one candidate area."""
    shapes = [shapely.box(500_000 + 1002.4 * i, 5_800_000, 501_000 + 1002.4 * i, 5_801_000) for i in range(6)]
    keys = pd.Index([f"G{i}" for i in range(6)], name="key", dtype=object)
    areas = gpd.GeoDataFrame({"name": keys}, index=keys, geometry=shapes, crs="EPSG:25832")
    table = pd.DataFrame({"residents": 2000.0, "x": [400.0, 420, 410, 405, 100, 90]}, index=keys)
    data = qa.add_rates(qa.join(areas, table), {"sgb2_rate": ("x", "residents")})
    shortlist = qa.screen(data, qa.above_city("sgb2_rate"))
    return qa.release(data, shortlist=shortlist, candidates=qa.candidate_areas(data, shortlist, tolerance=3))


def test_the_page_has_the_neighbours_of_the_candidate_areas(show, gaping):
    page = show(gaping)
    assert gaping.candidates["n_areas"].tolist() == [4]
    assert totals(page)["P1"][0] == "P1"  # not "P1 (not contiguous)"
    page.search("G4")
    assert any("P1" in offer for offer in offers(page))  # it borders on the candidate area
    page.search("G5")
    assert offers(page) == []


def test_outlines_that_meet_point_by_point_need_no_list_of_neighbours(coast, gaping):
    assert "touching" not in json.loads(map_json(coast, "de"))
    # the number of neighbours further down the list, and the step to each
    assert json.loads(map_json(gaping, "de"))["touching"] == b64encode(bytes([1, 1] * 5 + [0])).decode()
