"""Features in parts, features that cover the others, repaired and snapped outlines."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon

import quartiersatlas as qa
from quartiersatlas.errors import GeometryError, KeyColumnError, SpecError
from quartiersatlas.intake.areas.outlines import covering, dissolved_by_key

X, Y = 500_000, 5_700_000


def box(x, y, width=100, height=100):
    return shapely.box(X + x, Y + y, X + x + width, Y + y + height)


# several features under one key


def test_parts_of_an_area_are_put_together_when_asked_for(write):
    shapes = [box(0, 0), box(100, 0), box(5000, 0), box(200, 0)]
    file = write(shapes=shapes, ST=["01", "02", "01", "01"], NAME=["Mitte", "Nord", "Mitte", "Mitte"], BEZ=["1"] * 4)
    areas = qa.read_areas(file, key="ST", name="NAME", parents={"bezirk": "BEZ"}, dissolve=True)
    assert list(areas.index) == ["01", "02"]
    assert areas.area.to_dict() == {"01": 30_000.0, "02": 10_000.0}
    assert areas["parts"].to_dict() == {"01": 3, "02": 1}
    assert areas.loc["01", ["name", "bezirk"]].tolist() == ["Mitte", "1"]


def test_parts_that_touch_are_told_from_a_wrong_key_far_away(write):
    with pytest.raises(KeyColumnError, match=r"touch each other.*dissolve=True"):
        qa.read_areas(write(shapes=[box(0, 0), box(100, 0)], PLR=["01", "01"]), key="PLR")
    with pytest.raises(KeyColumnError, match=r"features of '01' lie up to 4,900 m apart.*a wrong key.*missing\?"):
        qa.read_areas(write(shapes=[box(0, 0), box(5000, 0)], PLR=["01", "01"]), key="PLR")


def test_parts_with_different_names_are_no_parts(write):
    file = write(PLR=["01", "01", "02"], NAME=["Nord", "Süd", "Ost"])
    with pytest.raises(KeyColumnError, match=r"parts of 1 key differ in 'name': '01' \('Nord', 'Süd'\)") as caught:
        qa.read_areas(file, key="PLR", name="NAME", dissolve=True)
    assert caught.value.keys == ("01",)


def test_dissolve_without_doubled_keys_marks_nothing(write):
    assert "parts" not in qa.read_areas(write(PLR=["01", "02"]), key="PLR", dissolve=True).columns


@settings(deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_putting_together_keeps_the_surface_whatever_the_order(codes, random):
    shapes = np.array([shapely.box(i, 0, i + 1, 1) for i in range(len(codes))], dtype=object)
    keys = pd.Index([f"k{code}" for code in codes], dtype=object)
    order = list(range(len(codes)))
    random.shuffle(order)
    found = []
    for way in (list(range(len(codes))), order):
        words = pd.DataFrame({"name": keys[way]})
        whole, parts = dissolved_by_key(shapes[way], keys[way], words, "file")
        found.append(dict(zip(keys[way].unique(), zip(shapely.area(whole), parts, strict=True), strict=True)))
    assert found[0] == found[1] == {key: (codes.count(int(key[1])), codes.count(int(key[1]))) for key in keys}


# the whole city and higher levels among the areas


def test_the_whole_city_among_its_areas_is_refused_and_left_out_when_asked_for(write):
    shapes = [box(0, 0), box(100, 0), box(200, 0), box(0, 0, 300)]
    file = write(shapes=shapes, OT=["01", "02", "03", "XX"], NAME=["A", "B", "C", "Gesamt"])
    with pytest.raises(
        GeometryError, match=r"1 feature is no area of its own.*'XX' \(Gesamt\) covers 3 others.*exclude=\['XX'\]"
    ):
        qa.read_areas(file, key="OT", name="NAME")
    areas = qa.read_areas(file, key="OT", name="NAME", exclude=["XX"])
    assert list(areas.index) == ["01", "02", "03"]
    assert areas["left_out"].unique().tolist() == ["XX (Gesamt)"]


def test_a_whole_of_two_areas_is_found(write):
    file = write(shapes=[box(0, 0), box(100, 0), box(0, 0, 200)], OT=["01", "02", "00"])
    with pytest.raises(GeometryError, match=r"'00' .* covers 2 others"):
        qa.read_areas(file, key="OT")


def test_districts_among_their_quarters_are_all_named(write):
    quarters = [box(100 * x, 100 * y) for y in range(2) for x in range(4)]
    districts = [box(0, 0, 200, 200), box(200, 0, 200, 200)]
    whole = [box(0, 0, 400, 200)]
    keys = [f"{i}" for i in range(8)] + ["d1", "d2", "w"]
    with pytest.raises(GeometryError, match=r"3 features.*'d1'.*4 others.*'d2'.*4 others.*'w'.*10 others"):
        qa.read_areas(write(shapes=quarters + districts + whole, K=keys), key="K")


def test_areas_drawn_on_top_of_a_larger_one_are_no_lower_level(write):
    shapes = [box(0, 0, 1000, 1000), box(100, 100), box(500, 500), box(1000, 0)]
    assert len(qa.read_areas(write(shapes=shapes, K=["1", "2", "3", "4"]), key="K")) == 4


def test_a_ring_around_a_centre_does_not_cover_it(write):
    ring = box(-100, -100, 300, 300).difference(box(0, 0))
    assert len(qa.read_areas(write(shapes=[ring, box(0, 0)], K=["1", "2"]), key="K")) == 2


def test_the_whole_is_found_also_where_outlines_differ_a_little():
    cells = [box(100 * x, 100 * y) for y in range(5) for x in range(5)]
    whole = box(-0.4, -0.3, 500.9, 500.2)
    assert covering(np.array([*cells, whole], dtype=object)) == {25: 25}
    assert covering(np.array(cells, dtype=object)) == {}


def test_what_is_excluded_has_to_be_there(write):
    with pytest.raises(SpecError, match="exclude names 1 key that is not there: 'YY'"):
        qa.read_areas(write(OT=["01", "XX"]), key="OT", exclude=["XX", "YY"])
    assert list(qa.read_areas(write(OT=["01", "XX"]), key="OT", exclude="XX").index) == ["01"]  # one key, no letters


def test_a_total_without_a_shape_can_be_left_out_too(write):
    file = write(shapes=[box(0, 0), None], OT=["01", "0"])
    with pytest.raises(GeometryError, match="1 area has no geometry: '0'"):
        qa.read_areas(file, key="OT")
    assert list(qa.read_areas(file, key="OT", exclude=["0"]).index) == ["01"]


# repair


def test_an_outline_that_runs_over_itself_keeps_what_it_encloses_twice(write):
    # a square whose outline makes a loop inside: even-odd counting would cut a hole there
    loop = [(0, 0), (100, 0), (100, 100), (60, 100), (60, 50), (40, 50), (40, 70), (80, 70), (80, 100), (0, 100)]
    shape = Polygon([(X + x, Y + y) for x, y in loop])
    areas = qa.read_areas(write(shapes=[shape, box(200, 0)], K=["1", "2"]), key="K", repair=True)
    assert areas.is_valid.all()
    assert set(areas.geom_type) <= {"Polygon", "MultiPolygon"}
    assert areas["repaired"].tolist() == [True, False]


def test_a_repair_leaves_no_lines(write):
    spike = Polygon([(X, Y), (X + 100, Y), (X + 100, Y + 100), (X + 150, Y + 100), (X + 100, Y + 100), (X, Y + 100)])
    areas = qa.read_areas(write(shapes=[spike], K=["1"]), key="K", repair=True)
    assert areas.geom_type.tolist() == ["Polygon"]
    assert areas.area.tolist() == [10_000.0]


def test_an_outline_without_any_surface_is_refused_by_the_repair(write):
    flat = Polygon([(X, Y), (X + 100, Y), (X + 50, Y), (X, Y)])
    with pytest.raises(GeometryError, match="1 area has no surface left when repaired: '1'"):
        qa.read_areas(write(shapes=[flat, box(0, 10)], K=["1", "2"]), key="K", repair=True)


# snapping


def test_gaps_and_overlaps_stay_until_snapping_is_asked_for(write):
    file = write(shapes=[box(0, 0), box(100.4, 0), box(199.9, 0)], K=["1", "2", "3"])
    assert qa.read_areas(file, key="K").area.sum() == pytest.approx(30_000)
    areas = qa.read_areas(file, key="K", snap=1.0)
    report = qa.check_areas(areas)
    assert len(report.overlaps) == 0
    assert len(report.gaps) == 0
    # the gap, open at both ends, is closed; the overlap of 0.5 m is given to one side
    assert areas.union_all().area == pytest.approx(areas.area.sum()) == pytest.approx(29_990)
    assert areas["snapped"].sum() == 2
    assert sorted(areas["snapped_m2"]) == pytest.approx([0, 40, 50])


def test_a_narrow_gap_inside_is_closed_by_snapping(write):
    ring = box(-100, -100, 300, 300).difference(box(-0.4, 0, 100.4, 100))
    areas = qa.read_areas(write(shapes=[ring, box(0, 0)], K=["1", "2"]), key="K", snap=1.0)
    assert areas.area.sum() == pytest.approx(300 * 300)
    assert qa.check_areas(areas).fits


@pytest.mark.parametrize("width", [0, -1.0, float("nan")])
def test_a_width_that_is_none_is_refused(write, width):
    with pytest.raises(SpecError, match=r"snap must be a width in metres above 0"):
        qa.read_areas(write(K=["1"]), key="K", snap=width)


# marks stay with the areas


def test_merging_keeps_every_mark(write):
    bowtie = Polygon([(X, Y), (X + 100, Y + 100), (X + 100, Y), (X, Y + 100)])
    file = write(shapes=[bowtie, box(100, 0), box(300, 0), box(0, 0, 400)], K=["1", "2", "2", "XX"], NAME=list("ABBZ"))
    areas = qa.read_areas(file, key="K", name="NAME", repair=True, dissolve=True, exclude=["XX"])
    merged = qa.merge_areas(areas, {"1+2": ["1", "2"]})
    assert merged.loc["1+2", ["repaired", "parts", "left_out", "merged_from"]].tolist() == [True, 2, "XX (Z)", "1, 2"]


def test_merging_twice_keeps_the_first_merger(row):
    once = qa.merge_areas(row("1", "2", "3", "4"), {"1+2": ["1", "2"]})
    twice = qa.merge_areas(once, {"3+4": ["3", "4"]})
    assert twice["merged_from"].to_dict() == {"1+2": "1, 2", "3+4": "3, 4"}


def test_what_was_done_is_told_in_the_data_and_in_the_method(write, residents):
    file = write(shapes=[box(0, 0), box(100, 0), box(200, 0), box(0, 0, 300)], K=["1", "2", "2", "XX"], N=list("ABBZ"))
    areas = qa.read_areas(file, key="K", name="N", dissolve=True, exclude=["XX"], snap=0.5)
    data = qa.join(areas, residents(k1=10, k2=20))
    facts = [str(fact) for fact in qa.release(data).facts]
    assert "Put together from several parts of the geometry file (1): B (2)." in facts
    assert "Not taken from the geometry file: XX (Z)." in facts
    assert any(fact.startswith("Outlines fitted to each other") for fact in facts)
    assert sorted(qa.release(data).areas.columns) == ["geometry", "name"]  # the marks themselves stay inside


# exactly at a limit


@pytest.mark.parametrize(("width", "found"), [(90, True), (89, False)])
def test_a_shape_covers_areas_that_are_nine_tenths_of_it(width, found):
    shapes = [shapely.box(0, 0, 100, 100), shapely.box(0, 0, width, 50), shapely.box(0, 50, width, 100)]
    assert bool(covering(np.array(shapes))) == found


def test_a_shape_over_a_single_area_is_a_neighbour_and_no_higher_level():
    assert (
        covering(np.array([shapely.box(0, 0, 100, 100), shapely.box(0, 0, 100, 95), shapely.box(200, 0, 290, 100)]))
        == {}
    )


@pytest.mark.parametrize(
    ("n_squares", "width", "found"),
    [
        (999, 2, True),
        (1000, 2, False),
        (1000, 3, True),
    ],  # among more than 1000, one of twice the usual size is ordinary
)
def test_among_many_areas_a_higher_level_is_much_larger_than_most(n_squares, width, found):
    squares = [shapely.box(i, 0, i + 1, 1) for i in range(n_squares)]
    assert covering(np.array([shapely.box(0, 0, width, 1), *squares])) == ({0: width} if found else {})


@pytest.mark.parametrize(("gap", "cause"), [(1.0, "touch each other"), (1.1, "lie up to 1 m apart")])
def test_features_a_metre_apart_touch(write, gap, cause):
    shapes = [box(0, 0), box(100 + gap, 0), box(300, 0)]
    with pytest.raises(KeyColumnError, match=cause):
        qa.read_areas(write(shapes=shapes, OT=["01", "01", "02"]), key="OT")
