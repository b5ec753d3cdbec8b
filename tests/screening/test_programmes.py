"""Programmes and need side by side; expected figures are worked out by hand on squares of 1 km, 100 hectares each."""

from __future__ import annotations

import datetime as dt
from functools import cache
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, ColumnError, CountError, GeometryError, SpecError
from quartiersatlas.screening import span_texts

CRS = "EPSG:25832"
BOW_TIE = shapely.Polygon([(500, 0), (1500, 1000), (1500, 0), (500, 1000)])  # two triangles of 25 ha, in a0 and b0


@pytest.fixture
def screened(joined):
    # a0 b0 . d0 . f0 are selected; a0-b0 share a border, d0 and f0 stand alone
    scores = [9.0, 9, 1, 9, 1, 9]
    data = joined({"x": scores, "score": scores, "residents": [1000.0, 1500, 900, 2100, 900, 300]})
    data = qa.add_rates(data, {"rate": ("x", "residents")})
    return data, qa.screen(data, qa.worst_share("score", 4 / 6))


@pytest.fixture
def candidates(screened):
    return qa.candidate_areas(*screened, min_population=2000)  # P1: a0 b0, P2: d0; f0 is too small


def programmes(*shapes, crs=CRS, **columns):
    columns = {"name": [chr(65 + i) for i in range(len(shapes))], **columns}
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=crs)


def notes(overlap):
    return [note.name for note in overlap.notes]


# ---------------------------------------------------------------- cover


def test_the_union_of_running_programmes_covers_by_surface_and_by_residents(candidates):
    found = qa.programme_overlap(
        candidates, programmes(shapely.box(0, 0, 1000, 1000), shapely.box(3500, 0, 5010, 1000))
    )
    table = found.candidates
    assert table["covered_share"].tolist() == pytest.approx([0.5, 0.5])
    assert table["covered_residents"].tolist() == pytest.approx([1000 / 2500, 0.5])  # a0 has 1,000 of 2,500
    assert table["residents_not_covered"].tolist() == pytest.approx([1500, 1050])
    assert table["parts_outside"].tolist() == [(100.0,), (50.0,)]
    assert table["programmes"].tolist() == ["A", "B"]
    assert table["cover"].tolist() == ["partly", "partly"]
    assert table["cover_by"].tolist() == ["residents", "residents"]
    assert found.residents_by == "surface"
    assert "programme_by_surface" in notes(found)


def test_residents_decide_where_surface_says_otherwise(joined):
    data = joined({"x": [9.0, 9, 1, 1], "residents": [9500.0, 500, 10, 10]}, population="residents")
    found = qa.candidate_areas(data, qa.screen(data, qa.worst_share("x", 0.5)))
    overlap = qa.programme_overlap(found, programmes(shapely.box(0, 0, 1000, 1000)))
    assert overlap.candidates["covered_share"].tolist() == [0.5]
    assert overlap.candidates["covered_residents"].tolist() == [0.95]
    assert overlap.candidates["cover"].tolist() == ["covered"]


def test_two_programmes_of_four_percent_each_are_eight_and_both_named(candidates):
    strips = programmes(shapely.box(3000, 0, 3040, 1000), shapely.box(3500, 0, 3540, 1000), name=["West", "Ost"])
    row = qa.programme_overlap(candidates, strips).candidates.loc["P2"]
    assert row["covered_residents"] == pytest.approx(0.08)
    assert row["programmes"] == "Ost, West"
    assert row["cover"] == "partly"


def test_where_two_programmes_overlap_it_counts_once(candidates):
    square = shapely.box(3000, 0, 3600, 1000)
    row = qa.programme_overlap(candidates, programmes(square, square)).candidates.loc["P2"]
    assert row["covered_share"] == pytest.approx(0.6)
    assert row["covered_residents"] == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("width", "cover"),
    [
        (899, "partly"),
        (900, "covered"),
        (901, "covered"),
        (49, "not_covered"),
        (50, "not_covered"),
        (51, "partly"),
        (0.0, "not_covered"),
    ],
)
def test_cover_beside_its_limits(joined, width, cover):
    data = joined({"x": [9.0, 1], "residents": [10.0, 10]}, population="residents")
    found = qa.candidate_areas(data, qa.screen(data, qa.worst_share("x", 0.5)), min_population=0)
    overlap = qa.programme_overlap(found, programmes(shapely.box(-100, 0, width, 1000))).candidates
    assert overlap["covered_share"].tolist() == [width / 1000]
    assert overlap["cover"].tolist() == [cover]


@pytest.mark.parametrize(("metres", "parts"), [(10, ()), (10.1, (1.01,))])
def test_only_parts_outside_above_a_hectare_are_listed(candidates, metres, parts):
    found = qa.programme_overlap(candidates, programmes(shapely.box(3000, 0, 4000 - metres, 1000)))
    assert found.candidates.loc["P2", "parts_outside"] == pytest.approx(parts)


def test_without_known_residents_the_surface_decides_and_it_is_said(joined):
    data = joined({"x": [9.0, 1], "residents": [0.0, 10]}, population="residents")
    found = qa.candidate_areas(data, qa.screen(data, qa.worst_share("x", 0.5)), min_population=0)
    overlap = qa.programme_overlap(found, programmes(shapely.box(0, 0, 950, 1000)))
    row = overlap.candidates.iloc[0]
    assert (row["cover"], row["cover_by"]) == ("covered", "surface")
    assert np.isnan(row["covered_residents"])
    assert "programme_no_residents" in notes(overlap)
    assert "95 % der Fläche" in overlap.sentences("de")[0].replace("\u202f", " ")


def test_no_programme_runs(candidates):
    found = qa.programme_overlap(candidates, programmes(shapely.box(0, 0, 1, 1)).iloc[:0])
    assert found.candidates["cover"].tolist() == ["not_covered", "not_covered"]
    assert found.candidates["covered_residents"].tolist() == [0, 0]
    assert found.programmes.empty
    assert found.outside.index.tolist() == ["f0"]


# ---------------------------------------------------------------- input


def test_a_bow_tie_over_two_areas_is_repaired_and_its_row_and_place_named(candidates):
    found = qa.programme_overlap(candidates, programmes(shapely.box(5000, 0, 5001, 1), BOW_TIE))
    row = found.candidates.loc["P1"]
    assert row["covered_share"] == pytest.approx(50 / 200)
    assert row["covered_residents"] == pytest.approx((250 + 375) / 2500)
    note = next(note for note in found.notes if note.name == "programme_repaired")
    assert note.values == {"name": "B", "row": 2, "place": "1000 / 500"}
    assert set(found.areas.table.geom_type) <= {"Polygon", "MultiPolygon"}


def test_degrees_give_the_same_shares(candidates):
    metres = programmes(BOW_TIE, shapely.box(3000, 100, 3700, 900))
    one, other = (qa.programme_overlap(candidates, some) for some in (metres, metres.to_crs("EPSG:4326")))
    for column in ("covered_share", "covered_residents"):
        assert np.abs(one.candidates[column] - other.candidates[column]).max() < 1e-12
    assert "layer_reprojected" in notes(other)
    assert "layer_reprojected" not in notes(one)


def test_no_reference_system_is_an_error_with_the_fix(candidates):
    with pytest.raises(GeometryError, match=r"no coordinate reference system.*programmes\.set_crs\('EPSG:25832'\)"):
        qa.programme_overlap(candidates, programmes(BOW_TIE, crs=None))


@pytest.mark.parametrize(
    "missing", [None, shapely.Polygon(), shapely.Point(1, 1), shapely.LineString([(0, 0), (9, 9)])]
)
def test_what_has_no_surface_is_left_out_and_named(candidates, missing):
    found = qa.programme_overlap(candidates, programmes(missing, shapely.box(3000, 0, 4000, 1000)))
    assert found.candidates["programmes"].tolist() == ["", "B"]
    note = next(note for note in found.notes if note.name == "programme_left_out")
    assert note.values == {"name": "A", "row": 1}


def test_the_polygons_of_a_collection_are_used(candidates):
    mixed = shapely.GeometryCollection([shapely.box(3000, 0, 4000, 1000), shapely.Point(0, 0)])
    found = qa.programme_overlap(candidates, programmes(mixed))
    assert found.candidates["cover"].tolist() == ["not_covered", "covered"]
    assert "programme_collection" in notes(found)


@pytest.mark.parametrize("nothing", [None, np.nan, "", "  "])
def test_programmes_without_a_name_are_named_by_their_row(candidates, nothing):
    shapes = shapely.box(0, 0, 1000, 1000), shapely.box(3000, 0, 4000, 1000)
    found = qa.programme_overlap(candidates, programmes(*shapes, name=["West", nothing]))
    assert found.candidates["programmes"].tolist() == ["West", "(ohne Namen, Zeile 2)"]
    assert next(note for note in found.notes if note.name == "programme_without_name").values == {"rows": "2"}
    english = qa.programme_overlap(candidates, programmes(*shapes).drop(columns="name"), lang="en")
    assert english.candidates["programmes"].tolist() == ["(no name, row 1)", "(no name, row 2)"]


def test_a_column_of_names_is_found_whatever_its_letters_and_a_wrong_one_refused(candidates):
    frame = programmes(shapely.box(3000, 0, 4000, 1000)).rename(columns={"name": "NAME"})
    assert qa.programme_overlap(candidates, frame).candidates["programmes"].tolist() == ["", "A"]
    assert qa.programme_overlap(candidates, frame, name="NAME").candidates["programmes"].tolist() == ["", "A"]
    with pytest.raises(ColumnError, match="programme areas has no column 'NAM'"):
        qa.programme_overlap(candidates, frame, name="NAM")
    with pytest.raises(SpecError, match=r"'von', 'from' could all be the start.*start='von'"):
        qa.programme_overlap(candidates, frame.assign(**{"von": "2010", "from": "2011"}))


def test_part_of_a_programme_outside_all_areas_is_said(candidates):
    found = qa.programme_overlap(candidates, programmes(shapely.box(-1000, 0, 1000, 1000)))
    note = next(note for note in found.notes if note.name == "programme_beyond")
    assert note.values["name"] == "A"
    assert note.values["share"][1] == "50%"


# ---------------------------------------------------------------- dates


def test_only_running_programmes_cover_and_ended_ones_are_shown_beside(candidates):
    shapes = [shapely.box(3000, 0, 4000, 1000)] * 2 + [shapely.box(3000, 0, 3300, 1000)]
    dated = programmes(*shapes, name=["Alt", "Neu", "Jetzt"], von=["1999", "2026", None], bis=["06/2010", None, "2027"])
    found = qa.programme_overlap(candidates, dated, as_of="31.12.2024")
    row = found.candidates.loc["P2"]
    assert (row["programmes"], row["formerly"], row["planned"]) == ("Jetzt", "Alt", "Neu")
    assert row["covered_residents"] == pytest.approx(0.3)
    assert found.programmes["state"].tolist() == ["ended", "planned", "running"]
    assert found.programmes["end"].tolist() == ["2010-06", "", "2027"]
    assert found.areas.as_of == "2024-12-31"
    said = next(line for line in found.sentences("de") if line.startswith("P2"))
    assert "Alt (ehemals 1999 bis 06/2010)" in said
    assert "Neu (geplant ab 2026)" in said
    assert span_texts(found.areas.table, "en") == ["formerly 1999 to 06/2010", "planned from 2026", "until 2027"]


@pytest.mark.parametrize(
    ("start", "end", "as_of", "state"),
    [
        (None, "06/2010", "2010-06-30", "running"),
        (None, "06/2010", "2010-07-01", "ended"),
        (None, 2010, "2010-12-31", "running"),
        (None, 2010.0, "2011-01-01", "ended"),
        (None, "30.06.2010", "30.6.2010", "running"),
        (None, dt.date(2010, 6, 30), dt.date(2010, 7, 1), "ended"),
        (pd.Timestamp("2010-06-30"), None, "2010-06-29", "planned"),
        ("2010-06-30T00:00:00", None, "2010-06-30", "running"),
        ("6/2010", "–", "2010-05-31", "planned"),
        ("2010-06", np.nan, "06/2010", "running"),  # of a month the last day
        ("2010", "nan", "2010", "running"),
    ],
)
def test_states_at_beside_and_at_the_limits_of_a_date(candidates, start, end, as_of, state):
    frame = programmes(shapely.box(0, 0, 9, 9), **{"from": [start], "until": [end]})
    assert qa.programme_overlap(candidates, frame, as_of=as_of).programmes["state"].tolist() == [state]


@pytest.mark.parametrize(
    "cell", ["bald", "30/06/2010", "13/2010", "31.02.2010", "06/10", 40359, 2010.5, True, ["2010"]]
)
def test_a_date_that_cannot_be_read_is_an_error_with_its_row(candidates, cell):
    frame = programmes(BOW_TIE, BOW_TIE, bis=pd.Series(["2010", cell], dtype=object))
    with pytest.raises(SpecError, match=r"'bis' of row 2 \(B\) is .*, which is no date"):
        qa.programme_overlap(candidates, frame, as_of="2024")


def test_dates_need_a_day_and_in_their_order(candidates):
    frame = programmes(BOW_TIE, von=["2012"], bis=["2010"])
    with pytest.raises(SpecError, match=r"dates in 'von' and 'bis'.*as_of='2024-12-31'"):
        qa.programme_overlap(candidates, frame)
    with pytest.raises(SpecError, match=r"row 1 \(A\) ends before it begins: 2012 to 2010"):
        qa.programme_overlap(candidates, frame, as_of="2024")
    for no_day in ("heute", "", "Sommer 2024"):
        with pytest.raises(SpecError, match=r"as_of is .*, which is no date"):
            qa.programme_overlap(candidates, programmes(BOW_TIE, bis=["2010"]), as_of=no_day)


def test_dates_by_named_columns(candidates):
    frame = programmes(BOW_TIE, Beginn=["2012"], Ende=["2020"])
    found = qa.programme_overlap(candidates, frame, as_of="2024", start="Beginn", end="Ende")
    assert found.programmes["state"].tolist() == ["ended"]
    assert qa.programme_overlap(candidates, frame).programmes["state"].tolist() == ["running"]  # no column is called so


# ---------------------------------------------------------------- residents


@pytest.fixture
def one_area(joined):
    data = joined({"x": [9.0, 1], "residents": [1000.0, 1000]}, population="residents")
    return qa.candidate_areas(data, qa.screen(data, qa.worst_share("x", 0.5)), min_population=0)


@pytest.mark.parametrize(("x", "inside"), [(250, 1000), (750, 0)])
def test_points_say_where_people_live_and_surface_says_half(one_area, x, inside):
    half = programmes(shapely.box(0, 0, 500, 1000))
    by_surface = qa.programme_overlap(one_area, half)
    assert by_surface.programmes["residents"].tolist() == [500]
    homes = gpd.GeoDataFrame({"n": [600, 400]}, geometry=gpd.points_from_xy([x, x], [100, 900]), crs=CRS)
    for layer in (homes, homes.to_crs("EPSG:4326")):
        by_points = qa.programme_overlap(one_area, half, residents=layer)
        assert by_points.residents_by == "points"
        assert by_points.candidates["covered_residents"].tolist() == [inside / 1000]
        assert by_points.candidates["residents_not_covered"].tolist() == [1000 - inside]
        assert by_points.programmes["residents"].tolist() == [inside]


def test_cells_count_by_their_surface(one_area):
    cells = gpd.GeoDataFrame(
        {"ew": [100, 60], "id": ["a", "b"]},
        geometry=[shapely.box(400, 0, 600, 200), shapely.box(900, 0, 1100, 200)],  # the second lies half in b0
        crs=CRS,
    )
    found = qa.programme_overlap(one_area, programmes(shapely.box(0, 0, 500, 1000)), residents=cells)
    assert found.residents_by == "cells"
    assert found.candidates["residents"].tolist() == pytest.approx([100 + 30])
    assert found.candidates["covered_residents"].tolist() == pytest.approx([50 / 130])


def test_a_point_on_a_border_counts_once(candidates):
    homes = gpd.GeoDataFrame({"n": [100, 7]}, geometry=gpd.points_from_xy([1000, 3000], [500, 500]), crs=CRS)
    found = qa.programme_overlap(candidates, programmes(shapely.box(0, 0, 6000, 1000)), residents=homes)
    assert found.candidates["residents"].tolist() == [100, 0]  # 3000 is the border of c0, the first, and d0
    assert found.programmes["residents"].tolist() == [107]


def test_residents_that_are_not_counted_are_said(one_area):
    places = [shapely.Point(1, 1), None, shapely.Point(-5000, 0)]
    homes = gpd.GeoDataFrame({"n": [10, 20, 40]}, geometry=places, crs=CRS)
    found = qa.programme_overlap(one_area, programmes(shapely.box(0, 0, 500, 1000)), residents=homes)
    said = {note.name: note.values for note in found.notes}
    assert said["residents_without_place"] == {"rows": 1, "n": ("20", "20")}
    assert said["residents_elsewhere"] == {"n": ("40", "40")}
    assert found.candidates["residents"].tolist() == [10]


def test_wrong_layers_of_residents_are_refused(one_area):
    square = programmes(shapely.box(0, 0, 500, 1000))
    homes = gpd.GeoDataFrame({"n": [1.0], "m": [2.0]}, geometry=[shapely.Point(1, 1)], crs=CRS)
    with pytest.raises(SpecError, match=r"Which column of residents holds .*\? Name it: residents_column="):
        qa.programme_overlap(one_area, square, residents=homes)
    with pytest.raises(ColumnError, match="residents has no column 'k'"):
        qa.programme_overlap(one_area, square, residents=homes, residents_column="k")
    with pytest.raises(CountError, match="negative"):
        qa.programme_overlap(one_area, square, residents=homes.assign(n=-1.0), residents_column="n")
    with pytest.raises(GeometryError, match=r"residents\.set_crs"):
        qa.programme_overlap(one_area, square, residents=homes.set_crs(None, allow_override=True), residents_column="n")
    with pytest.raises(SpecError, match="residents_column names a column of residents="):
        qa.programme_overlap(one_area, square, residents_column="n")
    lines = homes.set_geometry([shapely.LineString([(0, 0), (1, 1)])], crs=CRS)
    with pytest.raises(GeometryError, match="residents: 1 area is not a polygon"):
        qa.programme_overlap(one_area, square, residents=lines, residents_column="n")


# ---------------------------------------------------------------- what could be joined, left, added


def test_selected_areas_in_no_programme_and_no_candidate_area(candidates):
    assert qa.programme_overlap(candidates, programmes(shapely.box(0, 0, 9, 9))).outside.to_dict("index") == {
        "f0": {"name": "Gebiet f0", "residents": 300.0, "share_inside": 0.0}
    }
    for width, there in ((50, ["f0"]), (51, [])):
        found = qa.programme_overlap(candidates, programmes(shapely.box(5000, 0, 5000 + width, 1000)))
        assert found.outside.index.tolist() == there


def test_selected_neighbours_of_a_running_programme_may_extend_it(candidates):
    # b0 is a neighbour; c0 is one too, but not selected; d0 meets the second in a corner only
    shapes = shapely.box(0, 0, 1000, 1000), shapely.box(2000, 1000, 3000, 2000)
    found = qa.programme_overlap(candidates, programmes(*shapes))
    table = found.extension[["programme_name", "key", "residents", "share_inside", "candidate"]]
    assert table.to_numpy().tolist() == [["A", "b0", 1500.0, 0.0, "P1"]]
    assert found.extension["border"].tolist() == pytest.approx([1000], abs=5)
    assert found.candidates["extension_of"].tolist() == ["A", ""]
    assert "A: zur Prüfung einer Erweiterung um Gebiet b0." in found.sentences("de")


@pytest.mark.parametrize(("width", "extends"), [(99, True), (100, False), (101, False)])
def test_a_neighbour_less_than_a_tenth_inside_may_extend_a_programme(candidates, width, extends):
    found = qa.programme_overlap(candidates, programmes(shapely.box(2500, 0, 3000 + width, 1000)))
    assert found.extension["key"].tolist() == (["d0"] if extends else [])


def test_a_gap_within_the_tolerance_is_a_border_and_a_programme_that_ended_has_none(candidates):
    near = shapely.box(2500, 0, 2999.2, 1000)
    assert qa.programme_overlap(candidates, programmes(near)).extension["key"].tolist() == ["d0"]
    far = shapely.box(2500, 0, 2998.5, 1000)
    assert qa.programme_overlap(candidates, programmes(far)).extension.empty
    ended = qa.programme_overlap(candidates, programmes(near, bis=["2010"]), as_of="2024")
    assert ended.extension.empty


@pytest.mark.parametrize(("metres", "leaves"), [(99, True), (100, False), (101, False)])
def test_programmes_with_less_than_a_tenth_of_residents_in_selected_areas(joined, metres, leaves):
    data = joined({"x": [9.0, 1], "residents": [1000.0, 1000]}, population="residents")
    found = qa.candidate_areas(data, qa.screen(data, qa.worst_share("x", 0.5)), min_population=0)
    overlap = qa.programme_overlap(found, programmes(shapely.box(1000 - metres, 0, 2000 - metres, 1000)))
    assert overlap.programmes["high_need_share"].tolist() == pytest.approx([metres / 1000])
    assert overlap.programmes["exit_screening"].tolist() == [leaves]
    assert any("zur Prüfung der Verstetigung" in line for line in overlap.sentences("de")) == leaves
    assert any("for review" in line for line in overlap.sentences("en")[-1:]) == leaves


def test_exit_is_unknown_where_areas_could_not_be_assessed_and_for_programmes_that_do_not_run(joined):
    data = joined({"x": [9.0, np.nan, 1, 1], "residents": [1000.0] * 4}, population="residents")
    found = qa.candidate_areas(data, qa.screen(data, qa.worst_share("x", 0.3)), min_population=0)
    shapes = shapely.box(1500, 0, 2500, 1000), shapely.box(2000, 0, 3000, 1000), shapely.box(2000, 0, 3000, 1000)
    overlap = qa.programme_overlap(found, programmes(*shapes, bis=[None, None, "2010"]), as_of="2024")
    assert overlap.programmes["unassessed_share"].tolist() == [0.5, 0, 0]
    assert overlap.programmes["exit_screening"].isna().tolist() == [True, False, True]
    assert overlap.programmes["exit_screening"].iloc[1]


def test_residents_of_a_programme_are_unknown_where_those_of_an_area_are(joined):
    data = joined({"x": [9.0, 1, 1], "residents": [1000.0, np.nan, 1000]}, population="residents")
    found = qa.candidate_areas(data, qa.screen(data, qa.worst_share("x", 0.3)), min_population=0)
    overlap = qa.programme_overlap(
        found, programmes(shapely.box(1500, 0, 2500, 1000), shapely.box(2500, 0, 3000, 1000))
    )
    assert overlap.programmes["residents"].isna().tolist() == [True, False]
    assert overlap.programmes["exit_screening"].isna().tolist() == [True, False]


def test_the_probability_of_a_programme_is_the_mean_of_its_residents(screened, candidates):
    _, shortlist = screened
    stable = shortlist.stability(n=40, seed=3)
    found = qa.programme_overlap(candidates, programmes(shapely.box(1500, 0, 4000, 1000)), stability=stable)
    p = stable.table["p_selected"].astype(float)
    expected = (750 * p["b0"] + 900 * p["c0"] + 2100 * p["d0"]) / (750 + 900 + 2100)
    assert found.programmes["p_selected"].tolist() == pytest.approx([expected])
    other = qa.screen(screened[0], qa.worst_share("score", 0.5)).stability(n=5, seed=3)
    with pytest.raises(SpecError, match=r"other areas or another rule.*candidates\.shortlist\.stability\(\)"):
        qa.programme_overlap(candidates, programmes(BOW_TIE), stability=other)


# ---------------------------------------------------------------- identities


@cache
def six_squares():
    keys = pd.Index(list("abcdef"), name="key")
    shapes = [shapely.box(1000 * i, 0, 1000 * (i + 1), 1000) for i in range(6)]
    areas = gpd.GeoDataFrame({"name": list(keys)}, index=keys, geometry=shapes, crs=CRS)
    counts = pd.DataFrame({"x": [9.0, 9, 1, 9, 1, 9], "residents": [7.0, 11, 13, 17, 19, 23]}, index=keys)
    data = qa.join(areas, counts, population="residents")
    return qa.candidate_areas(data, qa.screen(data, qa.worst_share("x", 4 / 6)), min_population=0)


corner = st.tuples(st.integers(-300, 6300), st.integers(-300, 900), st.integers(50, 3000), st.integers(50, 1200))


@settings(max_examples=40)
@given(st.lists(st.tuples(corner, st.booleans()), min_size=1, max_size=6))
def test_shares_stay_within_one_and_parts_add_up(boxes):
    found = six_squares()
    drawn = [shapely.box(x, y, x + w, y + h) for (x, y, w, h), _ in boxes]
    frame = programmes(*drawn, bis=["2010" if is_over else "" for _, is_over in boxes])
    overlap = qa.programme_overlap(found, frame, as_of="2024")
    table, parts = overlap.candidates, overlap.parts
    assert table["covered_share"].between(0, 1).all()
    assert table["covered_residents"].between(0, 1).all()
    covered = table["covered_residents"] * table["residents"]
    assert np.allclose(covered + table["residents_not_covered"], table["residents"])
    running = parts[parts["state"] == "running"].groupby("candidate")["residents_share"]
    single, largest = running.sum().reindex(table.index).fillna(0), running.max().reindex(table.index).fillna(0)
    assert (table["covered_residents"] <= single + 1e-9).all()
    assert (table["covered_residents"] >= largest - 1e-9).all()
    # a programme and the union with itself are the same
    twice = qa.programme_overlap(found, pd.concat([frame, frame], ignore_index=True), as_of="2024")
    assert np.allclose(twice.candidates["covered_share"], table["covered_share"])


@settings(max_examples=30)
@given(st.lists(st.integers(1, 5999), max_size=5, unique=True))
def test_programmes_that_divide_the_city_have_all_its_residents(cuts):
    found = six_squares()
    edges = [0, *sorted(cuts), 6000]
    strips = programmes(*(shapely.box(a, 0, b, 1000) for a, b in pairwise(edges)))
    overlap = qa.programme_overlap(found, strips)
    table = overlap.programmes
    assert table["residents"].sum() == pytest.approx(90)
    assert (table["residents"] * table["high_need_share"]).sum() == pytest.approx(7 + 11 + 17 + 23)
    assert overlap.candidates["cover"].eq("covered").all()
    assert overlap.outside.empty


# ---------------------------------------------------------------- door


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda d, s, _: qa.programme_overlap(s, d.areas),
            r"^programme_overlap takes a Candidates, not a Shortlist: candidates = qa\.candidate_areas\(data, short",
        ),
        (
            lambda _, __, c: qa.programme_overlap(c, "programmes.gpkg"),
            r"^programme_overlap: programmes takes a GeoDataFrame or a ProgrammeAreas, not a str: ",
        ),
        (
            lambda d, _, c: qa.programme_overlap(c, d.areas, residents=d.values),
            r"^programme_overlap: residents takes a GeoDataFrame, not a DataFrame: ",
        ),
        (
            lambda d, s, c: qa.programme_overlap(c, d.areas, stability=s),
            r"^programme_overlap: stability takes a Stability, not a Shortlist: stability = shortlist\.stability\(\)",
        ),
    ],
)
def test_a_wrong_object_is_answered_with_one_sentence(screened, candidates, call, message):
    with pytest.raises(ArgumentError, match=message):
        call(*screened, candidates)


def test_checked_programmes_are_taken_as_they_are_and_not_read_twice(candidates):
    frame = programmes(shapely.box(3000, 0, 4000, 1000), bis=["2010"])
    areas = qa.programme_areas(frame, crs=CRS, as_of="2009")
    assert qa.programme_overlap(candidates, areas).candidates["cover"].tolist() == ["not_covered", "covered"]
    with pytest.raises(SpecError, match=r"were read already.*programme_areas\(\)"):
        qa.programme_overlap(candidates, areas, as_of="2024")
    assert repr(areas) == "ProgrammeAreas: 1 programme area: 1 running on 2009-12-31"


def test_it_is_printed_in_words(candidates):
    found = qa.programme_overlap(candidates, programmes(shapely.box(0, 0, 2000, 1000)))
    assert repr(found).splitlines()[:4] == [
        "ProgrammeOverlap of 2 candidate areas: 1 covered, 0 partly, 1 not_covered",
        "  1 programme area: 1 running; 0 with less than 10% of residents in selected areas",
        "  0 possible extensions",
        "  1 selected area in no running programme and no candidate area",
    ]
    assert "<table" in found._repr_html_()
