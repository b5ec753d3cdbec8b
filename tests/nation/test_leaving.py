"""What leaves of a screening: one release, one page of three levels, a starter per municipality; nothing else."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Transformer
from small_nation import RATES, draw_nation

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, ReleaseError
from quartiersatlas.nation.starters import local_rule
from quartiersatlas.present.map.overview import encode_runs, overview_data
from quartiersatlas.project import check_project

ASSETS = Path(__file__).parents[2] / "src" / "quartiersatlas" / "present" / "map" / "assets"
TOLD = {"title": "Vermutungsgebiete", "source": "gezeichnet", "as_of": "2022-05-15", "comment": "Probe."}
RULE = qa.above("mig_share", than="municipality", factor="1.5") & qa.above("low_share", than="land", factor="1.3")
SIDE = 1400
MEANINGS = [
    qa.Indicator(
        id=name,
        label_de=name,
        label_en=name,
        role="index",
        direction=1,
        **{f"{side}_{lang}": side for side in ("numerator", "denominator") for lang in ("de", "en")},
    )
    for name in RATES
]


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    frame = draw_nation(7, towns=4)
    frame[["x", "y"]] += [4_321_000, 3_210_000]
    keys = sorted(frame["ags"].unique())
    corner = frame.groupby("ags")[["x", "y"]].min()
    left = {ags: 4_321_000 + SIDE * int(ags[2:]) for ags in keys}
    shapes = [shapely.box(left[ags], 3_210_000, left[ags] + SIDE, 3_210_000 + SIDE) for ags in keys]
    assert (corner["x"] >= [left[ags] for ags in corner.index]).all()
    names = [f"Ort <b>{k}</b>" for k in range(len(keys))]
    towns = gpd.GeoDataFrame({"ags": keys, "gen": names}, geometry=shapes, crs="EPSG:3035")
    place = tmp_path_factory.mktemp("leaving") / "cells"
    options = {"layout": "plain", "population": "pop", "rates": RATES, "rows_per_file": 300}
    return qa.write_cells(frame, place, municipalities=towns, name="gen", **options)


@pytest.fixture(scope="module")
def found(cells):
    published = replace(cells, input_protection="cell_key")
    return qa.screen_cells(published, RULE, min_population=300, min_municipality=0, n=5, seed=1)


@pytest.fixture(scope="module")
def released(found):
    return found.release(**TOLD, indicators=MEANINGS)


def test_quarters_and_rests_are_whole_municipalities(found, released):
    areas, residents = released.areas, released.residents
    public = found.public_quarters()
    assert set(areas.index[released.selected]) == set(public.index)
    assert residents[released.selected].astype(int).to_dict() == public["residents"].to_dict()
    whole = residents.groupby(areas["municipality"]).sum()
    assert whole.astype(int).to_dict() == found.municipalities["residents"].to_dict()
    surface = areas.area.groupby(areas["municipality"]).sum()
    np.testing.assert_allclose(surface, SIDE**2)  # quarters and rest overlap nowhere, and leave nothing out


def test_no_quarter_of_one_cell_and_no_place_of_a_cell_leaves(found, released):
    single = found.quarters.index[found.quarters["cells"] == 1]
    html = qa.overview_map(released).html()
    assert not any(name in html for name in found.quarters.index)
    assert len(released.areas[released.selected]) == len(found.quarters) - len(single)


def test_counts_of_ones_own_are_protected_like_any_other(cells):
    own = qa.screen_cells(cells, RULE, min_population=300, min_municipality=0)
    told = own.release(**TOLD, indicators=MEANINGS, protection=qa.Protection(min_population=2000))
    hidden = told.status["mig_share"] == "suppressed"
    assert hidden.any()
    towns = overview_data(told, "de")["quarters"]
    share = next(column for column in towns["columns"] if column["label"] == "mig_share")
    shown = told.values.loc[told.selected, "mig_share"]
    assert [value is None for value in share["values"]] == shown.isna().tolist()


def test_the_sentence_names_proxies_and_presumption(found, released):
    meaning = qa.Indicator(id="low_share", label_de="Kleine Wohnungen", label_en="Small dwellings")
    said = found.sentence("de", indicators=[meaning])
    assert "Kleine Wohnungen" in said
    assert "Vermutungsgebiete" in said
    assert "5 Durchläufe" in said
    assert "presumed need" in found.sentence("en")
    html = qa.overview_map(released, "en").html()
    assert re.search(rf"residents live in {released.selected.sum()} quarters\b", html)


def test_municipalities_are_sums_of_what_is_shown(found, released):
    towns = overview_data(released, "de")["towns"]
    public = found.public_municipalities()
    for key, people, share in zip(towns["keys"], towns["people"], towns["share"], strict=True):
        mine = public.loc[key]
        assert people == (mine["quarter_residents"] or None)
        if mine["quarters"]:
            assert share == pytest.approx(100 * mine["quarter_residents"] / mine["residents"], abs=0.05)
    assert towns["names"] == sorted(towns["names"])


def test_the_page_is_closed_the_same_twice_and_text_stays_text(released):
    html = qa.overview_map(released, starters="starter").html()
    assert html == qa.overview_map(released, starters="starter").html()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert "default-src 'none'" in policy[1]
    assert "connect-src 'none'" in policy[1]
    assert "Ort <b>" not in html
    assert not re.search(r"<(?:script|link|img)[^>]*(?:src|href)=", html)
    assert "Deutschland" in html
    assert html.count("Rangliste") == html.count("keine Rangliste") == 1


def test_only_releases_of_quarters_are_drawn(found):
    with pytest.raises(ArgumentError):
        qa.overview_map(found)


def decoded(text):
    numbers, value, scale = [], 0, 1
    for byte in base64.b64decode(text):
        value, scale = value + (byte & 127) * scale, scale * 128
        if byte < 128:
            numbers.append(value)
            value, scale = 0, 1
    return numbers


def test_runs_give_the_outlines_back(found):
    """Decoded here by hand, not by the page's own code."""
    shapes = found.quarters.geometry.to_numpy()
    told = encode_runs(shapes)
    runs = iter([n // 2 if n % 2 == 0 else -(n + 1) // 2 for n in decoded(told["runs"])])
    corners = iter(decoded(told["corners"]))
    start = [0, 0]
    for shape, rings in zip(shapes, decoded(told["rings"]), strict=True):
        made = shapely.Polygon()
        for _ in range(rings):
            start = [start[0] + next(runs), start[1] + next(runs)]
            xy = [tuple(start)]
            for k in range(1, next(corners)):
                x, y = xy[-1]
                step = next(runs)
                xy.append((x + step, y) if k % 2 else (x, y + step))
            made = made ^ shapely.Polygon([(told["step"] * x, told["step"] * y) for x, y in xy])  # even-odd
        assert made.symmetric_difference(shape).area == 0


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not there")
def test_degrees_of_the_page_are_those_of_proj():
    rng = np.random.default_rng(1)
    xy = np.column_stack([rng.uniform(4_030_000, 4_680_000, 50), rng.uniform(2_680_000, 3_560_000, 50)])
    xy = np.vstack([xy, [[4_321_000, 3_210_000]]])
    code = (
        f"import {{ fromEurope }} from {json.dumps((ASSETS / 'grid.js').as_uri())};"
        f"console.log(JSON.stringify({json.dumps(xy.tolist())}.map((p) => fromEurope(...p))));"
    )
    node = shutil.which("node")
    out = subprocess.run([node, "--input-type=module", "-e", code], check=True, capture_output=True)
    lat, lon = Transformer.from_crs(3035, 4258).transform(xy[:, 1], xy[:, 0])
    np.testing.assert_allclose(json.loads(out.stdout), np.column_stack([lat, lon]), atol=1e-8)


def test_outlines_of_quarters_take_few_bytes():
    """A tenth of 5,000 quarters of up to 60 cells; all of them have to leave room in 3 MB."""
    rng = np.random.default_rng(3)
    cell = np.unique(rng.integers(-1, 2, (500, 60, 2)).cumsum(axis=1) + 100 * np.arange(500)[:, None, None], axis=1)
    shapes = [shapely.union_all(shapely.box(*(100 * one).T, *(100 * one + 100).T)) for one in cell]
    told = encode_runs(np.array(shapes, object))
    assert sum(len(told[name]) for name in ("rings", "corners", "runs")) < 60_000


def test_a_starter_is_a_project_that_finds_the_same_quarters(found, tmp_path):
    folders = found.starters(tmp_path / "starter", source="gezeichnet", as_of="2022-05-15", indicators=MEANINGS)
    assert [folder.name for folder in folders] == sorted(found.public_quarters()["ags"].unique())
    folder = folders[0]
    assert {file.name for file in folder.iterdir()} == {"projekt.toml", "zellen.gpkg", "atlas.html", "LIESMICH.txt"}
    note = (folder / "LIESMICH.txt").read_text(encoding="utf-8")
    assert "nicht festgestellt" in note
    assert "mig_share; low_share" in note
    checked = check_project(folder / "projekt.toml")
    mine = found.quarters[found.quarters["ags"] == folder.name]
    assert len(checked.candidates.table) == len(mine)
    assert sorted(checked.candidates.table["residents"].astype(int)) == sorted(mine["residents"])


def test_a_starter_keeps_limits_made_of_the_order_of_all_cells(cells):
    rule = (
        qa.worst_share("mig_share", 0.3, highest=True)
        & qa.above("low_share", than="median", factor="0.9")
        & ~qa.worst_n("low_share", 5, by="land", highest=False, ties="out")
    )
    whole = qa.screen_cells(cells, rule, min_population=0, min_municipality=0)
    frame, selected = draw_nation(7, towns=4), {}
    frame.index = [f"c{k}" for k in range(len(frame))]
    for ags, town in frame.groupby("ags"):
        boxes = shapely.box(town["x"], town["y"], town["x"] + 100, town["y"] + 100)
        areas = gpd.GeoDataFrame(geometry=boxes, index=town.index, crs="EPSG:3035").assign(name=town.index)
        data = qa.add_rates(qa.join(areas, town[["pop", "mig", "low"]].astype(float), population="pop"), RATES)
        data = data.with_indicators(*MEANINGS)
        size_class = whole.municipalities["size_class"][ags]
        selected[ags] = int(qa.screen(data, local_rule(whole, ags, {}, size_class)).selected.sum())
    towns = whole.municipalities
    assert selected == towns.loc[list(selected), "cells_selected"].to_dict()
    assert len(selected) == 4
    assert 0 < sum(selected.values()) < towns["cells"].sum() / 3


def test_own_counts_never_leave_as_cells(cells, tmp_path):
    own = qa.screen_cells(cells, RULE, min_population=300, min_municipality=0)
    with pytest.raises(ReleaseError, match="never leave as cells"):
        own.starters(tmp_path / "starter")
    assert not (tmp_path / "starter").exists()


def test_without_outlines_quarters_stand_alone(tmp_path):
    frame = draw_nation(7, towns=4)
    frame[["x", "y"]] += [4_321_000, 3_210_000]
    cells = qa.write_cells(frame, tmp_path / "cells", layout="plain", population="pop", rates=RATES)
    told = qa.screen_cells(cells, RULE, min_population=300, min_municipality=0).release(**TOLD, indicators=MEANINGS)
    data = overview_data(told, "en")
    assert data["towns"]["geometry"] is None
    assert set(data["towns"]["share"]) == {None}  # of whom, the release does not know
    assert pd.notna(told.residents).all()
