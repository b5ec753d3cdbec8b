"""The ground of the one call: land, borders, surroundings; and what is refused of it."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from quartiersatlas import measure_segregation as measure
from quartiersatlas import segregation as s
from quartiersatlas.errors import ArgumentError, GeometryError, SpecError

FRAME = pd.DataFrame(
    {"mh": [100.0, 60, 40, 0], "nobody": [0.0] * 4, "residents": [100.0] * 4}, index=["01", "02", "03", "04"]
)


def test_degrees_are_refused_where_geometry_counts_and_only_there(town):
    degrees = town.to_crs(4326)
    with pytest.raises(GeometryError, match=r"to_crs.*EPSG:25832"):
        measure(degrees, ["a"], population="total", indices="delta")
    assert measure(degrees, ["a"], population="total").table["value"].notna().all()


def test_feet_are_refused(town):
    with pytest.raises(GeometryError, match="not the metre"):
        measure(town.to_crs(2263), ["a"], population="total", indices="delta")


def test_areas_without_a_coordinate_system_are_taken_as_plane_and_that_is_said(town):
    plane = gpd.GeoDataFrame(town.drop(columns="geometry"), geometry=town.geometry.to_numpy())
    result = measure(plane, ["a"], population="total", indices="delta")
    assert any("no coordinate system" in str(note) for note in result.notes)
    assert result.table.loc[0, "value"] == pytest.approx(s.delta(town["a"], town.area))


def test_an_area_without_geometry_is_named(town):
    broken = town.copy()
    broken.loc["002", "geometry"] = None
    with pytest.raises(GeometryError, match=r"1 area has no geometry: '002'"):
        measure(broken, ["a"], population="total", indices="delta")


def test_points_have_surroundings_but_no_land(town):
    points = town.set_geometry(town.centroid)
    with pytest.raises(SpecError, match="points, not polygons"):
        measure(points, ["a"], population="total", indices="delta")
    value = measure(points, ["a"], population="total", indices="spatial_dissimilarity", radii=900).table.loc[0, "value"]
    table = np.column_stack([town["a"], town["total"] - town["a"]])
    xy = np.column_stack([town.centroid.x, town.centroid.y])
    assert value == pytest.approx(s.spatial_dissimilarity(table, xy, 900))


def test_a_decay_far_below_the_distance_of_areas_gives_no_value_with_the_reason(town):
    indices = ["spatial_proximity", "distance_decay_isolation"]
    table = measure(town, ["a"], population="total", indices=indices, decay=1).table
    assert table["value"].isna().all()
    assert table["note"].str.contains("take a larger decay").all()


def test_clustering_has_values_where_no_decay_is_named_and_the_length_is_a_kilometre(town):
    table = measure(town, ["a"], population="total", indices="clustering").table
    assert table["value"].notna().all()
    xy = np.column_stack([town.centroid.x, town.centroid.y])
    distance = np.hypot(*(xy[:, None] - xy).T)
    np.fill_diagonal(distance, np.sqrt(0.6 * town.area))
    near = np.exp(-distance / 1000)
    a, t = town["a"].to_numpy(), town["total"].to_numpy()
    met = (a / a.sum()) @ (near @ a / (near @ t))
    assert table.set_index("index").loc["distance_decay_isolation", "value"] == pytest.approx(met, rel=1e-12)


def test_the_old_unit_of_distance_answers_with_the_new_name(town):
    with pytest.raises(ArgumentError, match="'distance_unit' is called 'decay' now"):
        measure(town, ["a"], population="total", distance_unit="km")


def test_equal_areas_have_no_concentration_and_the_reason_is_given(grid):
    frame = gpd.GeoDataFrame(FRAME.set_axis(grid(4).index), geometry=grid(4).geometry)
    table = measure(frame, ["mh"], population="residents", indices=["absolute_concentration"]).table
    assert np.isnan(table.loc[0, "value"])
    assert "same size" in table.loc[0, "note"]


def test_areas_that_do_not_touch_have_no_border_and_the_reason_is_given(grid):
    areas = grid(7).iloc[::2]
    frame = gpd.GeoDataFrame(FRAME.set_axis(areas.index), geometry=areas.geometry)
    table = measure(frame, ["mh"], population="residents", indices=["morrill", "wong_boundary"]).table
    assert table["value"].isna().all()
    assert table["note"].str.contains("no two areas share a border").all()


def test_the_centre_can_be_chosen(town):
    values = {
        str(centre): measure(town, "a", population="total", indices="relative_centralisation", centre=centre).table.loc[
            0, "value"
        ]
        for centre in ("population", "mean", "largest", (0.0, 350.0), [(0.0, 350.0), (20_000.0, 350.0)])
    }
    assert len({round(value, 9) for value in values.values()}) == 5


def test_the_profile_gives_the_spatial_indices_at_every_radius(town):
    result = measure(town, ["a"], population="total")
    profile = result.profile([500, 1500, 1e9], kernel="uniform")
    found = profile[profile["index"] == "spatial_dissimilarity"].set_index("radius")["value"]
    assert found[500] == pytest.approx(s.dissimilarity(town["a"], town["total"] - town["a"]), abs=0.1)
    assert found[1e9] == pytest.approx(0, abs=1e-9)
    assert found.is_monotonic_decreasing
    with pytest.raises(SpecError, match="no geometry"):
        measure(FRAME, "mh", population="residents").profile([500])


def test_web_mercator_is_refused(town):
    with pytest.raises(GeometryError, match="the system of web maps"):
        measure(town.to_crs(3857), "a", population="total", indices="delta")


def test_invalid_outlines_are_named(town):
    broken = town.copy()
    broken.loc["005", "geometry"] = shapely.Polygon([(0, 0), (900, 900), (900, 0), (0, 900)])
    with pytest.raises(GeometryError, match=r"1 area has an invalid outline: '005'.*make_valid"):
        measure(broken, "a", population="total", indices="delta")


def test_an_area_that_does_not_count_needs_no_geometry(town):
    frame = town.astype({"a": float})
    frame.loc["005", "a"] = np.nan
    frame.loc["005", "geometry"] = None
    assert measure(frame, "a", population="total", indices="delta", missing="report").table.loc[0, "n_areas"] == 35


def test_the_same_radius_twice_gives_one_row(town):
    table = measure(town, "a", population="total", indices="spatial_dissimilarity", radii=[900, 900.0]).table
    assert len(table) == 1


def test_shares_within_a_radius_stand_beside_the_areas(town):
    local = measure(town, ["a"], population="total", radii=[1, 1e7], kernel="uniform").local
    assert local["a_share_1m"].tolist() == pytest.approx((town["a"] / town["total"]).tolist())
    assert local["a_share_10000000m"].tolist() == pytest.approx([town["a"].sum() / town["total"].sum()] * 36)


def river_town():
    """Give two banks of 3 x 3 squares with a river of three empty ones between them."""
    column, row = np.divmod(np.arange(21), 3)
    residents = np.where(column == 3, 0, 100).astype(float)
    mh = np.where(column == 3, 0, np.where((column == 2) | (column == 4), 80, 10)).astype(float)
    shapes = [shapely.box(x * 100, y * 100, x * 100 + 100, y * 100 + 100) for x, y in zip(column, row, strict=True)]
    frame = {"mh": mh, "residents": residents}
    return gpd.GeoDataFrame(frame, index=[f"{i:02}" for i in range(21)], geometry=shapes, crs=25832)


def closeness(frame, above):
    """Return the inverse mean number of steps between the areas above a share, by a plain search of all paths."""
    touching = shapely.relate_pattern(frame.geometry.to_numpy()[:, None], frame.geometry.to_numpy()[None], "F***1****")
    steps = np.where(np.eye(len(frame), dtype=bool), 0, np.where(touching, 1, np.inf))
    for k in range(len(frame)):  # Floyd and Warshall
        steps = np.minimum(steps, steps[:, [k]] + steps[[k]])
    inside = steps[np.ix_(above, above)]
    n = above.sum()
    return (n * n - n) / inside.sum() if n > 1 else 0.0


def profile_by_hand(frame, counted):
    residents = frame["residents"].to_numpy()
    shares = np.where(counted, frame["mh"] / np.maximum(residents, 1), -1)
    city = frame["mh"][counted].sum() / residents[counted].sum()
    at = np.linspace(0, 1, 1000)
    eta = np.array([closeness(frame, shares >= q) for q in np.unique(shares[counted])])
    steps = np.append(eta, 0)[np.searchsorted(np.unique(shares[counted]), at)]
    return (city - steps[at < city].sum() / 1000 + steps[at >= city].sum() / 1000) / (1 - city)


def test_paths_cross_a_river_of_empty_areas():
    town = river_town()
    table = measure(town, "mh", population="residents", indices="spatial_proximity_profile").table
    assert table.loc[0, "value"] == pytest.approx(profile_by_hand(town, town["residents"].to_numpy() > 0), abs=1e-12)
    assert table.loc[0, ["n_areas", "n_dropped"]].tolist() == [18, 3]
    assert "areas without a share through which paths lead: 3" in table.loc[0, "note"]


def test_paths_cross_small_and_unknown_areas_whose_shares_do_not_count():
    town = river_town()
    town.loc["10", ["mh", "residents"]] = [9.0, 9.0]
    town.loc["09", "mh"] = np.nan
    counted = town["residents"].ge(50).to_numpy() & town["mh"].notna().to_numpy()
    options = {"population": "residents", "min_population": 50, "missing": "report"}
    table = measure(town, "mh", indices="spatial_proximity_profile", **options).table
    assert table.loc[0, "value"] == pytest.approx(profile_by_hand(town, counted), abs=1e-12)


def test_the_land_of_uninhabited_areas_counts_and_is_said():
    town = river_town()
    town.loc["00", ["mh", "residents"]] = [3.0, 4.0]
    indices = ["delta", "absolute_centralisation", "relative_centralisation", "absolute_concentration"]
    table = measure(
        town, "mh", population="residents", indices=indices, min_population=50, centre=(0.0, 150.0)
    ).table.set_index("index")
    land = town.drop("00")
    members = land["mh"] / land["mh"].sum()
    assert table.loc["delta", "value"] == pytest.approx(0.5 * (members - 1 / 20).abs().sum(), abs=1e-12)
    xy = np.column_stack([land.centroid.x, land.centroid.y])
    far = np.round(np.hypot(xy[:, 0], xy[:, 1] - 150), 6)
    nearer = [(far < d, far == d) for d in np.unique(far)]
    m, a = members.to_numpy(), np.full(20, 1 / 20)
    by_hand = sum(m[before].sum() * a[here].sum() - m[here].sum() * a[before].sum() for before, here in nearer)
    assert table.loc["absolute_centralisation", "value"] == pytest.approx(by_hand, abs=1e-12)
    assert table["n_areas"].to_dict() == dict(zip(indices, [20, 20, 17, 17], strict=True))
    assert "uninhabited areas that count as land: 3" in table.loc["delta", "note"]
    assert "uninhabited areas left out: 3" in table.loc["relative_centralisation", "note"]


def test_the_centre_by_a_rule_is_that_of_the_inhabited_areas():
    town = river_town().drop(index=["18", "19", "20"])
    lived_in = town[town["residents"] > 0].centroid
    at = (lived_in.x.mean(), lived_in.y.mean())
    values = [
        measure(town, "mh", population="residents", indices="absolute_centralisation", centre=centre).table["value"][0]
        for centre in ("mean", at)
    ]
    assert values[0] == pytest.approx(values[1], abs=1e-12)


def test_a_district_where_nobody_lives_has_no_index_of_land():
    town = river_town().assign(by=["west"] * 9 + ["river"] * 3 + ["east"] * 9)
    indices = ["delta", "absolute_centralisation", "spatial_proximity_profile"]
    table = measure(town, "mh", population="residents", by="by", indices=indices).table
    river = table[table["by"] == "river"]
    assert river["value"].isna().all()
    assert river["note"].str.contains("no area that counts").all()
    assert table[table["by"] != "river"]["value"].notna().all()


def test_shuffled_areas_leave_empty_land_empty():
    town = river_town()
    result = measure(town, "mh", population="residents", indices="delta")
    tested = result.test("area_permutation", n=19, seed=1)
    assert tested.loc[0, "null_sd"] == pytest.approx(0, abs=1e-12)  # squares alike: shuffling changes nothing


def morrill_by_hand(frame, counted, order, fading=np.exp):
    """Subtract the mean contrast of the areas exactly k steps apart, found by a plain search of all paths."""
    touching = shapely.relate_pattern(frame.geometry.to_numpy()[:, None], frame.geometry.to_numpy()[None], "F***1****")
    steps = np.where(np.eye(len(frame), dtype=bool), 0, np.where(touching, 1, np.inf))
    for k in range(len(frame)):
        steps = np.minimum(steps, steps[:, [k]] + steps[[k]])
    members, others = frame["mh"].to_numpy(), (frame["residents"] - frame["mh"]).to_numpy()
    x, y = members[counted], others[counted]
    shares, steps = x / (x + y), steps[np.ix_(counted, counted)]
    value = 0.5 * np.abs(x / x.sum() - y / y.sum()).sum()
    for k in range(1, order + 1):
        apart = steps == k
        value -= fading(1 - k) * np.abs(shares[:, None] - shares)[apart].mean() if apart.any() else 0
    return value


@pytest.mark.parametrize("order", [1, 2, 4])
def test_contrast_up_to_several_steps_leads_over_empty_areas(order):
    town = river_town()
    counted = town["residents"].to_numpy() > 0
    table = measure(town, "mh", population="residents", indices=["morrill", "morrill_order"], order=order).table
    value = table.set_index("index")["value"]
    assert value["morrill_order"] == pytest.approx(morrill_by_hand(town, counted, order), abs=1e-12)
    assert value["morrill"] == pytest.approx(morrill_by_hand(town, counted, 1), abs=1e-12)


def test_an_order_below_1_is_refused():
    with pytest.raises(SpecError, match="order must be"):
        measure(river_town(), "mh", population="residents", indices="morrill_order", order=0)
