"""Barriers in segregation: what lies behind a river is no surrounding and no neighbour, unless a bridge leads there."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import GeometryError, SpecError

CRS = "EPSG:25832"
SIDE = 4


def layer(*shapes, crs=CRS):
    return gpd.GeoDataFrame(geometry=list(shapes), crs=crs)


RIVER = layer(shapely.LineString([(2000, -9e4), (2000, 9e4)]))  # between the second and the third column
BRIDGE = layer(shapely.Point(2000, 1500))


def town():
    """Sixteen squares of 1 km: the group lives west of the river, all others east of it."""
    cells = [(x, y) for x in range(SIDE) for y in range(SIDE)]
    shapes = [shapely.box(1000 * x, 1000 * y, 1000 * x + 1000, 1000 * y + 1000) for x, y in cells]
    west = np.array([x < 2 for x, _ in cells])
    values = {"mh": np.where(west, 100.0, 0.0), "residents": 100.0}
    return gpd.GeoDataFrame(values, index=[f"{x}{y}" for x, y in cells], geometry=shapes, crs=CRS)


def measured(frame, **options):
    names = ["spatial_information_theory", "morrill", "dissimilarity"]
    options = {"radii": 1600.0, "kernel": "uniform", **options}
    result = qa.measure_segregation(frame, ["mh"], population="residents", indices=names, **options)
    return result.table.set_index("index")["value"]


def test_a_river_keeps_the_two_sides_apart():
    open_, cut = measured(town()), measured(town(), barriers=RIVER)
    assert cut["spatial_information_theory"] == pytest.approx(1)  # nobody has the others around
    assert cut["morrill"] == pytest.approx(cut["dissimilarity"]) == 1  # no border between different shares
    assert open_["spatial_information_theory"] < 0.7
    assert open_["morrill"] < 1


def test_each_bank_is_a_place_of_its_own():
    frame = town()
    frame["mh"] = np.arange(16.0) * 6
    frame["bank"] = np.where(frame.index.str[0] < "2", "west", "east")
    cut, apart = (
        qa.measure_segregation(frame, ["mh"], population="residents", radii=1600.0, **options).local["mh_share_1600m"]
        for options in ({"barriers": RIVER}, {"by": "bank"})
    )
    pd.testing.assert_series_equal(cut, apart)


def test_a_bridge_lets_some_across():
    open_, cut = measured(town()), measured(town(), barriers=RIVER)
    bridged = measured(town(), barriers=RIVER, crossings=BRIDGE)
    for name in ("spatial_information_theory", "morrill"):
        assert open_[name] < bridged[name] < cut[name]


def test_the_release_measures_with_them_again():
    frame = town()
    frame["mh"], frame["residents"] = 700 * frame["mh"] / 100 + 200, 1000.0  # 900 of 1,000 west, 200 east
    data = qa.join(frame[["geometry"]].assign(name=frame.index), pd.DataFrame(frame.drop(columns="geometry")))
    data = qa.add_rates(data, {"share": ("mh", "residents")})
    options = {"indices": ["spatial_information_theory"], "radii": 1600.0, "kernel": "uniform", "barriers": RIVER}
    result = qa.measure_segregation(data, ["mh"], **options)
    released = qa.release(data, segregation=result).segregation.set_index("index")["value"]
    straight = qa.measure_segregation(data, ["mh"], **{**options, "barriers": None})
    assert released["spatial_information_theory"] == pytest.approx(result.table["value"][0], abs=5e-5)
    assert released["spatial_information_theory"] > straight.table["value"][0] + 0.1


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"barriers": RIVER.to_crs("EPSG:25833")}, GeometryError, "different coordinate reference systems"),
        ({"crossings": BRIDGE}, SpecError, "there are none"),
        ({"barriers": BRIDGE}, GeometryError, "hold no lines or polygons"),
    ],
)
def test_what_does_not_fit_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        measured(town(), **options)


def test_barriers_without_outlines_are_refused():
    with pytest.raises(SpecError, match="barriers need areas with geometry"):
        qa.measure_segregation(
            pd.DataFrame(town().drop(columns="geometry")), ["mh"], population="residents", barriers=RIVER
        )


def test_results_with_and_without_them_are_not_compared():
    frame = town()
    one, other = (
        qa.measure_segregation(frame, ["mh"], population="residents", indices=["dissimilarity"], barriers=some)
        for some in (RIVER, None)
    )
    with pytest.raises(SpecError, match="Only one of the two results was computed with barriers"):
        qa.compare_segregation(one, other)


def test_paths_lead_over_the_bridge_alone():
    """Two banks of 3 x 3 squares, an empty valley between them, a wall along one side of it, a bridge in the middle."""
    column, row = np.divmod(np.arange(21), 3)
    empty = column == 3
    values = {
        "mh": np.where(empty, 0.0, np.where(abs(column - 3) == 1, 80.0, 10.0)),
        "residents": np.where(empty, 0.0, 100.0),
    }
    shapes = shapely.box(1000 * column, 1000 * row, 1000 * column + 1000, 1000 * row + 1000)
    valley = gpd.GeoDataFrame(values, index=[f"{i:02}" for i in range(21)], geometry=shapes, crs=CRS)
    wall, bridge = layer(shapely.LineString([(3000, -9e4), (3000, 9e4)])), layer(shapely.Point(3000, 1500))

    def profile(is_open):
        """Search all paths (Floyd and Warshall) and read the profile at a thousand shares."""
        steps = np.where(abs(column[:, None] - column) + abs(row[:, None] - row) <= 1, 1.0, np.inf)
        across = (np.minimum.outer(column, column) == 2) & (np.maximum.outer(column, column) == 3)
        steps[across & ~np.array([is_open(r) for r in row])[:, None]] = np.inf
        np.fill_diagonal(steps, 0)
        for k in range(21):
            steps = np.minimum(steps, steps[:, [k]] + steps[[k]])
        shares, at = np.where(empty, -1, values["mh"] / 100), np.linspace(0, 1, 1000)
        eta = []
        for q in at:
            above = shares >= q
            n = above.sum()
            eta.append((n * n - n) / steps[np.ix_(above, above)].sum() if n > 1 else 0.0)
        eta, city = np.array(eta), values["mh"].sum() / values["residents"].sum()
        return (city - eta[at < city].sum() / 1000 + eta[at >= city].sum() / 1000) / (1 - city)

    def measured_profile(**options):
        indices = "spatial_proximity_profile"
        return qa.measure_segregation(valley, "mh", population="residents", indices=indices, **options).table["value"][
            0
        ]

    found = [measured_profile(), measured_profile(barriers=wall), measured_profile(barriers=wall, crossings=bridge)]
    expected = [profile(lambda _: True), profile(lambda _: False), profile(lambda r: r == 1)]
    assert found == pytest.approx(expected, abs=1e-12)
    assert len({round(value, 6) for value in found}) == 3
