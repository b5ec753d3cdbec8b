"""Candidate areas with a ceiling: known answers on squares of 1 km, bad input, what the result does not depend on."""

from __future__ import annotations

import warnings
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, ColumnError, GeometryError, SpecError

SIDE = 1000


def city(cells, **columns):
    """Join squares: cell (column, row) -> residents, with a minus where the cell is not selected."""
    keys = pd.Index([f"{chr(97 + x)}{y}" for x, y in cells], name="key", dtype=object)
    shapes = [shapely.box(SIDE * x, SIDE * y, SIDE * (x + 1), SIDE * (y + 1)) for x, y in cells]
    areas = gpd.GeoDataFrame({"name": [f"Gebiet {key}" for key in keys], **columns}, keys, geometry=shapes, crs=25832)
    living = np.array(list(cells.values()), dtype=float)
    people = np.abs(living)
    table = pd.DataFrame({"residents": people, "poor": np.floor(people / 4), "x": people}, index=keys)
    data = qa.add_rates(qa.join(areas, table, population="residents"), {"poverty": ("poor", "residents")})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # which areas are selected is said below, whatever a rule says
        shortlist = qa.screen(data, qa.above_city("poverty"))
    return data, replace(shortlist, selected=pd.Series(~np.signbit(living), index=keys, name="selected"))


def row(*residents):
    return {(x, 0): people for x, people in enumerate(residents)}


def ring(inside, around=500):
    return {(x, y): (-float(inside) if (x, y) == (1, 1) else around) for x in range(3) for y in range(3)}


def parts(found):
    return sorted(sorted(group.index) for _, group in found.members.groupby(found.members))


# --- holes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inside", "options", "filled"),
    [
        (500, {}, True),
        (1000, {}, True),  # exactly at the limit, and exactly a quarter of 8 x 500
        (1001, {}, False),
        (5000, {}, False),
        (5000, {"holes": 9000}, False),  # more than a quarter of the group
        (1001, {"holes": 9000}, False),
        (1000, {"holes": 999}, False),
        (0, {"holes": 0}, True),  # nobody lives there
        (500, {"exclude": "b1"}, False),
        (np.nan, {}, False),  # nobody knows
    ],
)
def test_a_hole_with_few_residents_is_filled(inside, options, filled):
    data, shortlist = city(ring(inside))
    found = qa.candidate_areas(data, shortlist, **options)
    assert found.table["n_areas"].tolist() == [9 if filled else 8]
    assert found.roles.get("b1") == ("hole" if filled else None)
    assert found.table["residents"].tolist() == [4000 + (inside if filled else 0)]
    assert len(found.table.geometry.iloc[0].interiors) == (0 if filled else 1)
    said = [fact.name for fact in found.facts]
    assert ("fact_candidates_holes" in said) == filled


def test_a_gap_at_the_edge_of_the_city_and_one_between_two_groups_are_no_holes():
    notch = {cell: -100 if cell == (1, 0) else 500 for cell in ring(1)}
    assert "b0" not in qa.candidate_areas(*city(notch)).members
    between = {(x, y): -100 if x == 1 and y == 1 else 500 for x in range(3) for y in range(3) if (x, y) != (1, 1)}
    between |= {(1, 0): -100, (1, 1): -100, (1, 2): -100}  # a strip that parts left and right
    found = qa.candidate_areas(*city(between), min_population=0)
    assert parts(found) == [["a0", "a1", "a2"], ["c0", "c1", "c2"]]


def test_a_hole_beside_another_town_is_none():
    cells = {(x, y): 500 for x in range(3) for y in range(4)}
    cells[1, 1] = -100
    towns = ["A" if y < 2 else "B" for x, y in cells]  # the border of the towns runs above the unselected cell
    data, shortlist = city(cells, gemeinde=towns)
    assert "b1" in qa.candidate_areas(data, shortlist, by="").members
    assert "b1" not in qa.candidate_areas(data, shortlist, by="gemeinde").members


# --- bridges ----------------------------------------------------------------------------------------------------------


def test_a_bridge_connects_groups_below_the_floor():
    data, shortlist = city(row(1500, 900, -300, 900, 1500))
    found = qa.candidate_areas(data, shortlist, min_population=3000, bridge=400)
    assert parts(found) == [["a0", "b0", "c0", "d0", "e0"]]
    assert found.roles["c0"] == "bridge"
    assert found.table["residents"].tolist() == [5100]
    none = qa.candidate_areas(data, shortlist, min_population=3000, bridge=200)
    assert none.table.empty
    assert none.too_small["residents"].to_dict() == dict.fromkeys(["a0", "b0", "d0", "e0"], 2400)
    assert none.too_small["short"].unique().tolist() == [600]
    assert none.too_small["group"].tolist() == ["a0", "a0", "d0", "d0"]
    assert [warning.name for warning in none.warnings] == ["warning_candidates_floor"]
    assert "is known to have 3,000 residents" in repr(none)


def test_groups_that_have_the_floor_get_no_bridge():
    found = qa.candidate_areas(*city(row(1500, 900, -300, 900, 1500)), min_population=2400, bridge=400)
    assert parts(found) == [["a0", "b0"], ["d0", "e0"]]


def test_the_bridge_with_fewer_residents_is_taken_though_it_is_longer():
    # b0 is far from both by way of row 0 (900 persons), near by way of row 1 (3 x 10)
    cells = {(0, 0): 1000, (1, 0): -900, (2, 0): 1000, (0, 1): -10, (1, 1): -10, (2, 1): -10}
    found = qa.candidate_areas(*city(cells), min_population=2000, bridge=1000)
    assert found.roles[found.roles.eq("bridge")].index.tolist() == ["a1", "b1", "c1"]
    barred = qa.candidate_areas(*city(cells), min_population=2000, bridge=1000, exclude=["b1"])
    assert barred.roles[barred.roles.eq("bridge")].index.tolist() == ["b0"]


def test_of_bridges_with_the_same_residents_the_one_to_the_larger_group_is_taken():
    found = qa.candidate_areas(*city(row(3000, -100, 500, -100, 4000)), bridge=100)
    assert parts(found) == [["a0"], ["c0", "d0", "e0"]]


def test_a_bridge_that_a_region_can_do_without_is_given_back():
    # b0 and c0 lead from the small group to the large one; both together are above the ceiling, so they part again,
    # and the small one needs b0 alone
    found = qa.candidate_areas(*city(row(1950, -50, -50, 4950)), bridge=100, max_population=5000)
    assert parts(found) == [["a0", "b0"], ["d0"]]
    assert found.too_small.empty


# --- contact, parents, barriers ---------------------------------------------------------------------------------------


def test_two_squares_that_meet_in_a_corner_are_two_groups_unless_corners_count():
    data, shortlist = city({(0, 0): 1500, (1, 1): 1500, (1, 0): -5000, (0, 1): -5000})
    assert parts(qa.candidate_areas(data, shortlist, min_population=0)) == [["a0"], ["b1"]]
    found = qa.candidate_areas(data, shortlist, contact="corner")
    assert parts(found) == [["a0", "b1"]]
    assert found.table["corner"].tolist() == [True]
    both = qa.candidate_areas(*city({(0, 0): 1500, (1, 0): 1500, (0, 1): -5000}), contact="corner")
    assert both.table["corner"].tolist() == [False]


def test_no_candidate_area_crosses_a_border_of_the_parent_level():
    data, shortlist = city(row(1500, 1500, 1500, 1500), gemeinde=list("AABB"), quadrant=list("NNNS"))
    found = qa.candidate_areas(data, shortlist, by="")  # asked to cross it
    assert parts(found) == [["a0", "b0", "c0", "d0"]]
    assert [str(warning).partition(":")[0] for warning in found.warnings] == [
        "Areas for review that lie in several municipalities"
    ]
    assert "by='gemeinde'" in repr(found)
    within = qa.candidate_areas(data, shortlist)
    assert within.call["by"] == "gemeinde"
    assert parts(within) == [["a0", "b0"], ["c0", "d0"]]
    assert within.warnings == ()
    assert parts(qa.candidate_areas(data, shortlist, by="quadrant")) == [["a0", "b0", "c0"]]
    bridged = qa.candidate_areas(data, shortlist, by="gemeinde", bridge=9000, min_population=3500)
    assert bridged.table.empty  # not even a bridge leads out of town


def test_a_river_parts_candidate_areas_and_a_bridge_over_it_joins_them():
    data, shortlist = city(row(1500, 1500, 1500, 1500))
    river = gpd.GeoDataFrame(geometry=[shapely.LineString([(2000, -50), (2000, 1050)])], crs=25832)
    assert parts(qa.candidate_areas(data, shortlist, barriers=river)) == [["a0", "b0"], ["c0", "d0"]]
    bridge = gpd.GeoDataFrame(geometry=[shapely.Point(2000, 500)], crs=25832)
    assert len(qa.candidate_areas(data, shortlist, barriers=river, crossings=bridge).table) == 1


# --- floor and ceiling ------------------------------------------------------------------------------------------------


def test_an_area_above_the_ceiling_stays_alone_and_is_flagged():
    found = qa.candidate_areas(*city(row(2500, 9000, 2500)), max_population=5000)
    assert parts(found) == [["a0"], ["b0"], ["c0"]]
    assert found.table.loc[found.table["above"], "key"].tolist() == ["b0"]
    assert [warning.name for warning in found.warnings] == ["warning_candidates_above"]
    assert "more than 5,000 residents that cannot be divided: P1" in repr(found)
    beside = qa.candidate_areas(*city(row(500, 9000)), max_population=5000)
    assert beside.too_small["short"].to_dict() == {"a0": 1500}  # it does not join the large one


@pytest.mark.parametrize(("ceiling", "number"), [(9999, 2), (10_000, 1), (10_001, 1)])
def test_a_group_beside_the_ceiling(ceiling, number):
    found = qa.candidate_areas(*city(row(2500, 2500, 2500, 2500)), max_population=ceiling)
    assert len(found.table) == number


def test_most_and_fewest_candidate_areas():
    data, shortlist = city(row(*[1000] * 8))
    assert len(qa.candidate_areas(data, shortlist, objective="most").table) == 4
    assert len(qa.candidate_areas(data, shortlist).table) == 1
    assert len(qa.candidate_areas(data, shortlist, max_population=3000).table) == 3
    assert parts(qa.candidate_areas(data, shortlist, max_population=2000, objective="most")) == [
        ["a0", "b0"],
        ["c0", "d0"],
        ["e0", "f0"],
        ["g0", "h0"],
    ]


def test_nothing_selected_is_said():
    data, shortlist = city(row(-1500, -1500))
    found = qa.candidate_areas(data, shortlist)
    assert found.table.empty
    assert [warning.name for warning in found.warnings] == ["warning_candidates_nothing"]
    assert found.too_small.empty
    assert found.names("de").empty


# --- what is told -----------------------------------------------------------------------------------------------------


def test_rates_come_from_the_counts_and_only_of_joined_data():
    data, shortlist = city(row(1000, 3000))
    counts = data.values.assign(poor=[900.0, 100.0])
    data = qa.add_rates(replace(data, values=counts, rates={}), {"rate": ("poor", "residents")})
    assert qa.candidate_areas(data, shortlist).table["rate"].tolist() == [25.0]  # 1000 of 4000, not the mean 46.7
    assert "rate" not in qa.candidate_areas(data.areas, shortlist).table


@pytest.mark.parametrize(("people", "known"), [(0.0, True), (500.0, False)])
def test_a_rate_is_unknown_where_a_count_of_an_inhabited_member_is(people, known):
    data, shortlist = city(row(1000, 3000, people))
    counts = data.values.assign(poor=[250.0, 750.0, np.nan])
    data = qa.add_rates(replace(data, values=counts, rates={}), {"rate": ("poor", "residents")})
    rate = qa.candidate_areas(data, shortlist).table["rate"].tolist()
    assert rate == ([25.0] if known else pytest.approx([np.nan], nan_ok=True))


def test_compactness_of_a_square_and_of_a_row():
    found = qa.candidate_areas(*city(row(3000, -5000, 3000, 3000, 3000)))
    assert found.table["compactness"].tolist() == pytest.approx([4 * np.pi * 3 / 8**2, np.pi / 4])


def test_what_is_left_over_says_how_far_the_next_candidate_area_is():
    found = qa.candidate_areas(*city(row(3000, -5000, -5000, 500, 700, -5000, 2500)))
    assert found.too_small.loc["d0"].tolist() == ["d0", 1200, 800, "P2", 1000]
    assert found.too_small.loc["e0", "group"] == "d0"


def test_names_in_both_languages_and_doubles_by_their_direction():
    data, shortlist = city({(0, 0): 3000, (1, 0): 500, (2, 0): -9000, (3, 0): 3000, (0, 1): -9000, (0, 2): 2500})
    data = replace(data, areas=data.areas.assign(name=["Markt", "Tor", "x", "Markt", "y", "Hafen"]))
    found = qa.candidate_areas(data, shortlist)
    assert found.table["name"].tolist() == ["Markt", "Markt", "Hafen"]
    assert found.names("de").tolist() == ["Markt und Umgebung (West)", "Markt (Ost)", "Hafen"]
    assert found.names("en").tolist() == ["Markt and surroundings (west)", "Markt (east)", "Hafen"]
    assert found.table["key"].tolist() == ["a0", "d0", "a2"]


def test_a_hole_or_a_bridge_never_gives_the_name():
    found = qa.candidate_areas(*city({**ring(950), (1, 0): 800}), holes=2000)
    assert found.table["key"].tolist() == ["b0"]


def test_how_certain_a_candidate_area_is_and_which_neighbours_are_borderline():
    data, shortlist = city(row(3000, 1000, -500, -500, 2500))
    stable = shortlist.stability(n=20, seed=1)
    p = pd.Series([1.0, 0.6, 0.1, 0.05, 0.95], index=data.areas.index)
    stable = replace(stable, table=stable.table.assign(p_selected=p))
    found = qa.candidate_areas(data, shortlist, stability=stable)
    assert found.table["p_selected"].tolist() == pytest.approx([0.9, 0.95])  # (3000 x 1 + 1000 x 0.6) / 4000
    assert found.table["p_lowest"].tolist() == [0.6, 0.95]
    assert found.borderline[["candidate", "key"]].to_numpy().tolist() == [["P1", "c0"]]
    missing = pd.DataFrame({"persons": [0.0, 0, 11, 10, 0]}, index=data.areas.index)
    both = qa.candidate_areas(data, shortlist, stability=stable, missing=missing)
    assert both.borderline[["candidate", "key"]].to_numpy().tolist() == [["P1", "c0"], ["P2", "d0"]]
    few = qa.candidate_areas(data, shortlist, missing=missing)
    assert few.borderline["key"].tolist() == ["d0"]
    assert "p_selected" not in few.table
    assert qa.candidate_areas(data, shortlist).borderline.empty


def test_members_as_a_geodataframe():
    data, shortlist = city(ring(500))
    found = qa.candidate_areas(data, shortlist)
    members = found.to_geodataframe("members")
    assert members.loc["b1", ["candidate", "role"]].tolist() == ["P1", "hole"]
    assert members.geometry.area.sum() == found.to_geodataframe().geometry.area.sum() == 9e6
    with pytest.raises(SpecError, match="level must be one of 'candidates', 'members'"):
        found.to_geodataframe("areas")


# --- determinism ------------------------------------------------------------------------------------------------------


def random_city(seed, n=8):
    random = np.random.default_rng(seed)
    living = random.integers(100, 3000, n * n) * np.where(random.random(n * n) < 0.7, 1.0, -1.0)
    cells = list(np.ndindex(n, n))
    return dict(zip(cells, living.tolist(), strict=True))


OPTIONS = {"min_population": 4000, "max_population": 9000, "bridge": 1500}


@settings(max_examples=6)
@given(st.integers(0, 2**32), st.randoms())
def test_the_order_of_rows_and_the_keys_change_nothing(seed, shuffler):
    cells = random_city(seed)
    found = qa.candidate_areas(*city(cells), **OPTIONS)
    order = list(cells.items())
    shuffler.shuffle(order)
    shuffled = qa.candidate_areas(*city(dict(order)), **OPTIONS)
    pd.testing.assert_frame_equal(pd.DataFrame(found.table), pd.DataFrame(shuffled.table))
    assert found.members.to_dict() == shuffled.members.to_dict()
    assert list(found.members.index) == list(shuffled.members.index)
    pd.testing.assert_frame_equal(found.too_small, shuffled.too_small)

    data, shortlist = city(cells)
    other = pd.Index(shuffler.sample([f"{i:03}" for i in range(len(cells))], len(cells)), dtype=object, name="key")
    words = dict(zip(data.areas.index, other, strict=True))
    renamed = qa.candidate_areas(
        data.areas.set_axis(other),
        replace(shortlist, selected=shortlist.selected.set_axis(other), residents=shortlist.residents.set_axis(other)),
        **OPTIONS,
    )
    assert parts(renamed) == sorted(sorted(words[key] for key in group) for group in parts(found))


def test_the_same_seed_gives_the_same_areas_another_seed_may_not():
    data, shortlist = city(random_city(3))
    one, two = (qa.candidate_areas(data, shortlist, **OPTIONS, objective="most") for _ in range(2))
    assert one.table.to_wkb().equals(two.table.to_wkb())
    others = [parts(qa.candidate_areas(data, shortlist, **OPTIONS, objective="most", seed=seed)) for seed in range(6)]
    assert others[0] == parts(one)  # None is a fixed seed
    assert any(other != others[0] for other in others)
    generator = np.random.default_rng(5)
    for _ in range(2):  # the generator does not move on
        found = qa.candidate_areas(data, shortlist, **OPTIONS, objective="most", seed=generator)
        assert parts(found) == others[5]


def test_the_call_gives_the_same_areas_again():
    data, shortlist = city(random_city(4), gemeinde=["A" if x < 4 else "B" for x, _ in random_city(4)])
    options = {**OPTIONS, "by": "gemeinde", "holes": 500, "contact": "corner", "objective": "most", "seed": 9}
    found = qa.candidate_areas(data, shortlist, **options, exclude=["a0"], tolerance=2)
    again = qa.candidate_areas(data, shortlist, **found.call)
    assert found.table.to_wkb().equals(again.table.to_wkb())
    assert {name: found.call[name] for name in options} == options
    assert found.call["exclude"] == ("a0",)


@settings(max_examples=10)
@given(st.integers(0, 2**32), st.sampled_from(["fewest", "most"]), st.sampled_from([None, 9000]))
def test_what_holds_of_every_result(seed, objective, ceiling):
    data, shortlist = city(random_city(seed))
    found = qa.candidate_areas(
        data, shortlist, min_population=4000, max_population=ceiling, objective=objective, bridge=1000
    )
    selected = shortlist.selected
    covered = found.members.index[found.roles.eq("selected")]
    assert selected[covered].all()
    assert not selected[found.roles.index[found.roles.ne("selected")]].any()
    assert sorted([*covered, *found.too_small.index]) == sorted(selected.index[selected])
    assert found.table["residents"].ge(4000).all()
    sums = shortlist.residents[found.members.index].groupby(found.members).sum()
    assert found.table["residents"].equals(sums.reindex(found.table.index).rename_axis("candidate"))
    assert found.table["residents"].is_monotonic_decreasing
    assert set(found.table.geom_type) <= {"Polygon"}  # each is connected by borders
    assert found.table["n_areas"].sum() == len(found.members)


# --- in a release -----------------------------------------------------------------------------------------------------


def test_a_release_makes_the_same_areas_again_and_shows_no_more_of_them_than_before():
    data, _ = city(random_city(4), gemeinde=["A" if x < 4 else "B" for x, _ in random_city(4)])
    shortlist = qa.screen(data, qa.worst_share("poverty", 0.6))
    found = qa.candidate_areas(data, shortlist, **OPTIONS, by="gemeinde", objective="most")
    released = qa.release(data, shortlist=shortlist, candidates=found, protection=qa.Protection())
    together = found.members.groupby(found.members).agg(lambda group: sorted(group.index)).tolist()
    again = released.members.groupby(released.members).agg(lambda group: sorted(group.index)).tolist()
    assert sorted(together) == sorted(again)
    assert list(released.candidates.columns) == ["name", "n_areas", "residents", "hectares", "geometry", "poverty"]
    said = "\n".join(map(str, released.facts))
    assert "Larger groups are divided, at most 9,000 residents" in said
    assert "No area for review crosses a border of the level gemeinde" in said


# --- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"max_population": 1999}, SpecError, r"max_population is 1,999, below min_population \(2,000\)"),
        ({"max_population": -1}, SpecError, "max_population is -1; it must be"),
        ({"max_population": np.nan}, SpecError, "max_population is nan"),
        ({"max_population": True}, SpecError, "max_population is True"),
        ({"max_population": np.inf}, SpecError, "max_population is inf; it must be a finite number"),
        ({"holes": None}, SpecError, "holes is None; it must be"),
        ({"holes": -1}, SpecError, "holes is -1"),
        ({"bridge": "400"}, SpecError, "bridge is '400'"),
        ({"contact": "queen"}, SpecError, "contact must be one of 'border', 'corner', not 'queen'"),
        ({"objective": "more"}, SpecError, "objective must be one of 'fewest', 'most', not 'more'"),
        ({"seed": "one"}, SpecError, "seed='one' must be a whole number"),
        ({"seed": True}, SpecError, "seed=True must be"),
        ({"exclude": ["a0", "z9"]}, SpecError, "exclude names 1 unknown key: 'z9'"),
        ({"by": "gemeind"}, ColumnError, "no column 'gemeind'. Did you mean 'gemeinde'"),
        ({"by": "kreis"}, ColumnError, "1 area has no 'kreis': 'b0'"),
        ({"by": "name"}, ColumnError, "no column 'name'"),
        ({"stability": 0.9}, ArgumentError, "stability takes a Stability, not a float"),
        ({"missing": [1]}, ArgumentError, "missing takes a DataFrame, not a list"),
        ({"missing": pd.DataFrame({"person": [1]})}, ColumnError, "no column 'persons'. Did you mean 'person'"),
        ({"barriers": gpd.GeoDataFrame(geometry=[shapely.Point(0, 0)], crs=25832)}, GeometryError, "lines or polygons"),
    ],
)
def test_bad_input_is_answered(options, error, message):
    data, shortlist = city(row(1500, 1500), gemeinde=["A", "B"], kreis=["K", None])
    with pytest.raises(error, match=message):
        qa.candidate_areas(data, shortlist, **options)


def test_an_outline_that_crosses_itself_is_refused_by_name():
    data, shortlist = city(row(1500, 1500))
    shape = data.areas.geometry.iloc[0]
    bow = shapely.Polygon([shape.exterior.coords[k] for k in (0, 2, 1, 3)])
    areas = data.areas.set_geometry([bow, *data.areas.geometry[1:]])
    with pytest.raises(GeometryError, match="1 area has an invalid outline: 'a0'"):
        qa.candidate_areas(replace(data, areas=areas), shortlist)


# --- the task of 500 areas, 183 of them selected ----------------------------------------------------------------------


@pytest.mark.shared_data
def test_areas_to_plan_with_instead_of_one_that_is_a_quarter_of_the_city(shared):
    areas = gpd.read_parquet(shared / "laws" / "region_task_500.parquet").set_index("key")
    outlines = gpd.GeoDataFrame({"name": areas.index}, areas.index, geometry=areas.geometry)
    data = qa.join(outlines, areas[["residents", "cases"]].astype(float), population="residents")
    shortlist = qa.screen(qa.add_rates(data, {"rate": ("cases", "residents")}), qa.above_city("rate"))
    shortlist = replace(shortlist, selected=areas["selected"].astype(bool))
    whole = qa.candidate_areas(data, shortlist)
    assert whole.table["residents"].max() > 200_000
    found = qa.candidate_areas(data, shortlist, max_population=15_000, bridge=1500)
    assert found.table["residents"].between(2000, 15_000).all()
    of_selected = shortlist.residents[shortlist.selected]
    covered = of_selected[of_selected.index.isin(found.members.index)].sum() / of_selected.sum()
    added = shortlist.residents[found.roles.index[found.roles.ne("selected")]].sum() / found.table["residents"].sum()
    assert len(found.table) <= 26
    assert covered > 0.985
    assert added < 0.015
