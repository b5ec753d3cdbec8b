"""The same key at two dates is the same area only with the same outline."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import JoinError, SpecError
from quartiersatlas.space.outline_moves import moved_outlines


def city(*shapes, crs="EPSG:25832"):
    keys = pd.Index([f"k{i}" for i in range(len(shapes))], name="key", dtype=object)
    return gpd.GeoDataFrame({"name": keys}, index=keys, geometry=list(shapes), crs=crs)


def halves(cut):
    """Give two areas of together 2 km² that meet at a place, and a third one beside them."""
    x, y = 400_000, 5_600_000
    return city(
        shapely.box(x, y, x + cut, y + 1000),
        shapely.box(x + cut, y, x + 2000, y + 1000),
        shapely.box(x, y + 1000, x + 2000, y + 3000),
    )


def test_areas_that_gave_land_to_each_other_are_found_with_the_share_that_moved():
    moved = moved_outlines(halves(1500), halves(1200))
    assert moved.to_dict() == pytest.approx({"k0": 300 / 1500, "k1": 300 / 800}, abs=0.002)


@pytest.mark.parametrize("cut", [1500, 1500.4, 1504, 1520])
def test_a_strip_that_is_narrow_for_its_area_is_the_drawing_of_the_same_boundary(cut):
    assert moved_outlines(halves(1500), halves(cut)).empty


def wavy(seed, n=400):
    """Give a round area of 4 km² with an uneven coast."""
    random = np.random.default_rng(seed)
    angles = np.linspace(0, 2 * np.pi, n, endpoint=False)
    radius = 1128 + random.normal(0, 12, n)
    return shapely.polygons(np.column_stack([500_000 + radius * np.cos(angles), 5_500_000 + radius * np.sin(angles)]))


@pytest.mark.parametrize("tolerance", [5, 20, 40])
def test_a_generalised_outline_is_the_same(tolerance):
    fine = wavy(3)
    coarse = shapely.simplify(fine, tolerance)
    assert shapely.get_num_coordinates(coarse) < 0.8 * shapely.get_num_coordinates(fine)
    assert moved_outlines(city(fine), city(coarse)).empty


def test_a_block_that_changed_sides_is_found_also_where_the_outline_was_generalised():
    fine = wavy(4)
    block = shapely.box(500_800, 5_500_000, 501_300, 5_500_400)
    moved = moved_outlines(city(fine), city(shapely.difference(shapely.simplify(fine, 20), block)))
    lost = shapely.area(shapely.intersection(fine, block)) / shapely.area(fine)
    assert moved.index.tolist() == ["k0"]
    assert moved["k0"] == pytest.approx(lost, abs=0.01)


def test_another_system_and_another_order_of_points_are_the_same_outline():
    areas = halves(1500)
    turned = areas.set_geometry(shapely.reverse(areas.geometry.to_numpy())).iloc[::-1]
    assert moved_outlines(areas.to_crs("EPSG:25833"), areas).empty
    assert moved_outlines(turned, areas).empty


@pytest.mark.shared_data
@pytest.mark.parametrize("tolerance", [10, 30])
def test_a_real_city_drawn_less_finely_has_not_moved(shared, tolerance):
    fine = gpd.read_file(shared / "berlin" / "lor_post2021_PLR").set_index("PLR_ID")
    coarse = fine.set_geometry(shapely.coverage_simplify(fine.geometry.to_numpy(), tolerance))
    assert moved_outlines(fine, coarse).empty


def data(cut, people, **options):
    areas = halves(cut)
    table = pd.DataFrame({"residents": people, "mh": [40.0, 30, 50]}, index=areas.index)
    return qa.add_rates(qa.join(areas, table, **options), {"mh_share": ("mh", "residents")})


def test_a_change_over_moved_outlines_is_refused_with_a_call_that_works():
    later, earlier = data(1200, [120.0, 280, 90], period="2024"), data(1500, [150.0, 250, 80], period="2020")
    with pytest.raises(JoinError, match="2 areas have other outlines") as caught:
        qa.add_change(later, earlier, ["mh_share", "residents"])
    assert [key for key, _ in caught.value.report.moved] == ["k0", "k1"]
    recipe = str(caught.value).split("boundaries first: earlier = ")[1].split("; or pass")[0]
    names = {name: getattr(qa, name) for name in ("join", "transfer_by_area", "add_rates")}
    carried = eval(recipe, {**names, "earlier": earlier, "data": later})  # noqa: S307 - our own words
    assert carried.values["residents"].tolist() == [120.0, 280.0, 80.0]
    changed = qa.add_change(later, carried, ["mh_share", "residents"])
    assert changed.values["residents_change"].tolist() == [0, 0, 10]


def test_changes_over_moved_outlines_are_unreliable_where_they_are_asked_for():
    later, earlier = data(1200, [120.0, 280, 80], period="2024"), data(1500, [150.0, 250, 80], period="2020")
    changed = qa.add_change(later, earlier, "residents", outlines="report")
    assert changed.values["residents_change"].tolist() == [-30, 30, 0]
    assert changed.status["residents_change"].tolist() == ["unreliable", "unreliable", "zero"]
    assert [key for key, _ in changed.report.moved] == ["k0", "k1"]
    assert "outlines moved between the two dates (2)" in repr(changed.report)
    released = qa.release(changed, columns=["residents_change"])
    assert any(fact.name == "fact_moved" for fact in released.facts)
    with pytest.raises(SpecError, match="outlines must be one of"):
        qa.add_change(later, earlier, "residents", outlines="ignore")


def test_a_change_on_the_same_outlines_is_as_before():
    later, earlier = data(1500.3, [120.0, 280, 80], period="2024"), data(1500, [150.0, 250, 80], period="2020")
    changed = qa.add_change(later, earlier, "residents")
    assert changed.status["residents_change"].tolist() == ["value", "value", "zero"]
    assert changed.report.moved == ()


@pytest.mark.parametrize("plain", [False, True])
def test_segregation_of_two_dates_needs_the_same_outlines(plain):
    def counts(cut):
        areas = halves(cut)
        table = pd.DataFrame({"a": [10.0, 20, 30], "b": [30.0, 20, 10]}, index=areas.index)
        return areas.assign(**table).drop(columns="name") if plain else qa.join(areas, table)

    earlier, later = counts(1500), counts(1200)
    with pytest.raises(JoinError, match="transfer_by_area") as caught:
        qa.segregation_change(earlier, later, ["a", "b"])
    recipe = str(caught.value).split("boundaries first: earlier = ")[1].split("; or pass")[0]
    carried = eval(recipe, {"transfer_by_area": qa.transfer_by_area, "earlier": earlier, "later": later})  # noqa: S307
    qa.segregation_change(carried, later, ["a", "b"])
    reported = qa.segregation_change(earlier, later, ["a", "b"], outlines="report")
    assert [key for key, _ in reported.moved] == ["k0", "k1"]
    assert "outlines moved between the two dates (2)" in repr(reported)
    same = qa.segregation_change(earlier, counts(1501), ["a", "b"])
    assert same.moved == ()
    assert "outlines" not in repr(same)
