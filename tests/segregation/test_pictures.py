"""Charts of segregation: known answers, identities, and what a picture must not give back."""

from __future__ import annotations

import json
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.charts import Bar, Dot, Line, Strip, Text
from quartiersatlas.errors import ArgumentError, SpecError
from quartiersatlas.segregation.indices.evenness import gini
from quartiersatlas.segregation.pictures.curves import segregation_curve
from quartiersatlas.segregation.pictures.local import moran_points

DUNCAN = pd.DataFrame({"a": [100, 60, 40, 0], "all": [100, 100, 100, 100]})


def marks(chart, kind, **wanted):
    return [m for m in chart.marks if isinstance(m, kind) and all(getattr(m, k) == v for k, v in wanted.items())]


@pytest.fixture
def study(town):
    return qa.measure_segregation(town, ["a", "b"], population="total")


def test_the_largest_gap_of_the_curve_is_d_and_twice_its_area_is_g():
    """Duncan & Duncan (1955)."""
    at, curve = segregation_curve(np.array([100.0, 60, 40, 0]), np.array([0.0, 40, 60, 100]))
    assert (at - curve).max() == pytest.approx(0.6)
    assert len(at) == 21
    # vertices at 0.6 and 0.9, which are twentieths: G = sum (x_i + x_i+1) (y_i+1 - y_i) - 1 = 0.06 + 0.45 + 1.14 - 1
    at, curve = segregation_curve(np.array([60.0, 30, 10]), np.array([10.0, 30, 60]))
    assert 2 * np.trapezoid(at - curve, at) == pytest.approx(0.65)
    assert gini([60, 30, 10], [10, 30, 60]) == pytest.approx(0.65)


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)), min_size=2, max_size=60))
def test_the_curve_lies_below_the_diagonal_rises_and_tells_d_within_a_twentieth(counts):
    group, rest = np.array(counts, dtype=float).T
    if not (group.sum() > 0 and rest.sum() > 0):
        return
    at, curve = segregation_curve(group, rest)
    assert (curve <= at + 1e-9).all()
    assert (np.diff(curve) >= -1e-12).all()
    assert (np.diff(curve, 2) >= -1e-9).all()  # shares rise, so the curve is convex
    assert curve[0] == pytest.approx(0)
    assert curve[-1] == 1
    lived = (group + rest) > 0
    d = 0.5 * np.abs(group / group.sum() - rest / rest.sum())[lived].sum()
    assert d - 0.05 - 1e-9 <= (at - curve).max() <= d + 1e-9


def test_the_picture_of_a_curve_holds_21_points_whatever_the_number_of_areas(study, town, drawn):
    chart = study.chart("curve", "en", group="b")
    diagonal, curve, gap = marks(chart, Line)
    assert len(curve.points) == 21
    assert len(chart.rows) == 21
    x, y = town["b"].to_numpy(float), (town["total"] - town["b"]).to_numpy(float)
    d = 0.5 * np.abs(x / x.sum() - y / y.sum()).sum()
    assert f"D = {d:.2f}" in [text.text for text in marks(chart, Text)]
    plain = json.dumps(chart.to_json())
    assert not [count for count in town["b"] if f'"{count}"' in plain]
    assert gap.points[0][0] == gap.points[1][0]
    assert diagonal.points == ((0, 0), (100, 100))
    drawn(chart)


def test_a_curve_of_the_named_reference_and_of_nobody(town, drawn):
    chart = qa.measure_segregation(town, ["a"], population="total", reference="b").chart("curve")
    x, y = town["a"].to_numpy(float), town["b"].to_numpy(float)
    d = 0.5 * np.abs(x / x.sum() - y / y.sum()).sum()
    assert f"D = {d:.2f}".replace(".", ",") in [text.text for text in marks(chart, Text)]
    drawn(chart)
    nobody = qa.measure_segregation(pd.DataFrame({"a": [0, 0], "all": [5, 5]}), "a", population="all")
    with pytest.raises(SpecError, match="nobody of 'a'"):
        nobody.chart("curve")


def test_indices_stand_in_rows_with_a_dot_per_group_and_what_chance_gives(study, drawn):
    chart = study.chart()
    assert chart.y.bands[0] == "Dissimilaritätsindex D"
    dots = [dot for dot in marks(chart, Dot) if dot.shape == "circle"]
    table = study.table.dropna(subset=["value"])
    assert sorted(dot.x for dot in dots) == pytest.approx(sorted(table["value"]))
    diamonds = [dot.x for dot in marks(chart, Dot, shape="diamond")]
    assert sorted(diamonds) == pytest.approx(sorted(table["expected"].dropna()))
    assert [name for _, name in chart.key] == ["a", "b"]
    assert any("niedriger: stärker getrennt" in band for band in chart.y.bands)
    drawn(chart)
    assert "data:image/png" in study._repr_html_()
    alone = qa.measure_segregation(DUNCAN, "a", population="all").chart(lang="en")
    assert alone.key == ()
    assert alone.right[0] == "0.600"


def test_intervals_are_lines_and_other_scales_are_named(town, drawn):
    result = qa.measure_segregation(
        town, ["a", "b"], population="total", indices="all", resample="persons", n=19, seed=1
    )
    chart = result.chart(lang="en")
    known = result.table.dropna(subset=["lower"])
    assert {line.points[0][0] for line in marks(chart, Line)} <= set(known["lower"])
    assert "On a scale of their own and not drawn: " in chart.note
    assert "Mutual information M" in chart.note
    drawn(chart)


def test_many_places_are_one_index_from_the_highest_down(town, drawn):
    result = qa.measure_segregation(town, ["a"], population="total", by="bezirk")
    chart = result.chart(index="gini")
    values = result.table[result.table["index"].eq("gini")].set_index("by")["value"].sort_values(ascending=False)
    assert chart.y.bands == tuple(values.index)
    assert [dot.x for dot in marks(chart, Dot, shape="circle")] == pytest.approx(values.tolist())
    drawn(chart)
    one = result.chart(place="O")
    assert "Gini-Index G" in one.y.bands
    drawn(one)
    with pytest.raises(SpecError, match="index must be one of"):
        result.chart(index="nonsense")


def test_quotients_are_a_strip_on_a_logarithmic_axis(drawn):
    frame = pd.DataFrame({"a": [0, 10, 20, 40, 10], "b": [5, 5, 5, 5, 5], "all": [100, 100, 100, 100, 1000]})
    chart = qa.measure_segregation(frame, ["a", "b"], population="all").chart("location_quotients", "en")
    city = 80 / 1400
    wanted = sorted(share / city for share in (0.1, 0.2, 0.4, 0.01))
    first, _ = marks(chart, Strip)
    assert list(first.xs)[1:] == pytest.approx(wanted)
    assert first.xs[0] == chart.x.low  # an area without anybody stands at the end, and is counted
    assert "Drawn at the end of the axis: 1." in chart.note
    assert chart.rows[0] == ("a", "2", "1", "2")
    assert [words for _, words in chart.x.ticks if words in ("1/2", "1", "2")] == ["1/2", "1", "2"]
    assert chart.x.scale == "log"
    drawn(chart)


def test_columns_are_as_wide_as_their_population_and_stand_in_the_order_of_the_share(study, town, drawn):
    chart = study.chart("segplot", "en")
    bars = marks(chart, Bar)
    columns = sorted({(bar.x0, bar.x1) for bar in bars})[1:]
    widths = [x1 - x0 for x0, x1 in columns]
    order = (town["a"] / town["total"]).sort_values(ascending=False).index
    assert np.array(widths) / sum(widths) == pytest.approx((town.loc[order, "total"] / town["total"].sum()).to_numpy())
    assert columns[-1][1] == pytest.approx(1)
    for column in columns[:5]:
        assert max(bar.y1 for bar in bars if (bar.x0, bar.x1) == column) == pytest.approx(100)
    assert [name for _, name in chart.key] == ["a", "b", "everybody else"]
    drawn(chart)


def test_few_areas_are_no_columns(town, drawn):
    few = town.iloc[:19]
    with pytest.raises(SpecError, match="needs 20"):
        qa.measure_segregation(few, ["a", "b"], population="total").chart("segplot")
    chart = qa.measure_segregation(few, ["a", "b"], population="total", by="bezirk").chart("segplot", "en")
    columns = sorted({(bar.x0, bar.x1) for bar in marks(chart, Bar)})[1:]
    assert len(columns) == few["bezirk"].nunique()
    assert "a column per place (3)" in chart.note
    drawn(chart)
    assert qa.measure_segregation(town.iloc[:20], ["a", "b"], population="total").chart("segplot").id == "segplot"


def test_the_slope_of_the_scatter_is_morans_i():
    """Anselin (1996); areas in a row with 1, 2, 3, 4: deviations -1.5 -0.5 0.5 1.5, I = 2 / 5."""
    kept, z, lag, slope = moran_points(np.array([1.0, 2, 3, 4]), np.array([0, 1, 2]), np.array([1, 2, 3]))
    assert kept.all()
    assert slope == pytest.approx(0.4)
    assert np.polyfit(z, lag, 1)[0] == pytest.approx(slope)
    board = np.add.outer(np.arange(4), np.arange(4)) % 2
    n = np.arange(16).reshape(4, 4)
    one = np.concatenate([n[:, :-1].ravel(), n[:-1].ravel()])
    other = np.concatenate([n[:, 1:].ravel(), n[1:].ravel()])
    assert moran_points(board.ravel().astype(float), one, other)[3] == pytest.approx(-1)  # a chessboard
    assert np.isnan(moran_points(np.ones(4), np.array([0, 1, 2]), np.array([1, 2, 3]))[3])
    assert np.isnan(moran_points(np.ones(2), np.array([], dtype=int), np.array([], dtype=int))[3])


def test_a_hidden_neighbour_enters_nobodys_mean():
    values = np.array([1.0, 2, np.nan, 4, 5])
    one, other = np.array([0, 1, 2, 3]), np.array([1, 2, 3, 4])
    kept, z, lag, slope = moran_points(values, one, other)
    assert kept.tolist() == [True, True, False, True, True]
    alone = moran_points(np.array([1.0, 2, 4, 5]), np.array([0, 2]), np.array([1, 3]))
    assert z == pytest.approx(alone[1])
    assert lag == pytest.approx(alone[2])
    assert slope == pytest.approx(alone[3])
    hidden = moran_points(np.array([1.0, 2, 3, np.nan, 5]), one, other)
    assert hidden[0].tolist() == [True, True, True, False, False]  # 4 has no known neighbour left


def test_the_moran_picture_of_a_town(town, drawn):
    frame = town.assign(a=town["a"].astype(float))
    frame.iloc[5, frame.columns.get_loc("a")] = np.nan
    result = qa.measure_segregation(frame, ["a"], population="total", missing="report")
    chart = result.chart("moran")
    assert len(marks(chart, Dot)) == 35
    assert "005" not in chart.order
    (line,) = marks(chart, Line)
    (x0, y0), (x1, y1) = line.points
    share = (frame["a"] / frame["total"]).to_numpy()
    pairs = [(k, k + 1) for k in range(35) if 5 not in (k, k + 1)]
    known = [k for k in range(36) if k != 5]
    z = {k: (share[k] - np.mean(share[known])) / np.std(share[known]) for k in known}
    lag = {k: np.mean([z[b if a == k else a] for a, b in pairs if k in (a, b)]) for k in known}
    slope = sum(z[k] * lag[k] for k in known) / sum(z[k] ** 2 for k in known)
    assert (y1 - y0) / (x1 - x0) == pytest.approx(slope)
    assert "nicht gezeichnet: 1" in chart.note
    assert sum(int(row[1]) for row in chart.rows) == 35
    drawn(chart)
    with pytest.raises(SpecError, match="Neighbours need geometry"):
        qa.measure_segregation(pd.DataFrame(town.drop(columns="geometry")), ["a"], population="total").chart("moran")


def test_a_profile_over_radii_is_what_the_table_of_the_profile_says(town, drawn):
    result = qa.measure_segregation(town, ["a", "b"], population="total", indices="evenness")
    chart = result.chart("radii", "en", group="b", radii=[500, 2000, 8000], n=19)
    table = result.profile([500, 2000, 8000])
    wanted = table[table["index"].eq("spatial_information_theory") & table["group"].eq("b")]["value"]
    (strong,) = marks(chart, Line, width=2.2)
    assert [point[1] for point in strong.points] == pytest.approx(wanted.tolist())
    assert [point[0] for point in strong.points] == [500, 2000, 8000]
    (band,) = [line for line in marks(chart, Line) if line.fill]
    assert len(band.points) == 6
    assert chart.x.scale == "log"
    assert "19 random distributions" in chart.note
    assert chart.to_json() == result.chart("radii", "en", group="b", radii=[500, 2000, 8000], n=19).to_json()
    drawn(chart)
    assert not [line for line in marks(result.chart("radii", radii=[500, 2000], n=0), Line) if line.fill]
    for wrong, message in (
        ({"radii": [500]}, "two radii"),
        ({}, "two radii"),
        ({"radii": [5, 9], "index": "gini"}, "index must"),
    ):
        with pytest.raises(SpecError, match=message):
            result.chart("radii", **wrong)


def test_the_steps_of_a_change_lead_from_the_earlier_to_the_later_value(drawn):
    earlier = pd.DataFrame({"women": [2, 25, 18, 9], "men": [28, 25, 2, 1]}, index=list("ABCD"))
    later = pd.DataFrame({"women": [4, 20, 36, 8], "men": [28, 25, 4, 9]}, index=list("ABCE"))
    change = qa.segregation_change(earlier, later, ["women", "men"])
    chart = change.chart(lang="en", index="information_theory")
    bars = marks(chart, Bar)
    table = change.table[change.table["index"].eq("information_theory")].set_index("part")["value"]
    assert (bars[0].x0, bars[0].x1) == (0, pytest.approx(table["before"]))
    for before, after in pairwise(bars[:-1]):
        assert after.x0 == pytest.approx(before.x1)  # each step starts where the last one ended
    assert bars[-2].x1 == pytest.approx(table["after"])
    assert bars[-1].x1 == pytest.approx(table["after"])
    drawn(chart)
    assert "data:image/png" in change._repr_html_()
    with pytest.raises(SpecError, match="index must be one of"):
        change.chart(index="gini")
    with pytest.raises(SpecError, match="kind must be one of"):
        change.plot("pie")


def test_levels_add_up_to_the_total(town, drawn):
    result = qa.decompose(town, ["a", "b", "c"], by="bezirk")
    chart = result.chart(most=2)
    total, *levels = [bar.x1 for bar in marks(chart, Bar)][:3]
    assert sum(levels) == pytest.approx(total)
    assert len(chart.y.bands) == 5
    assert "Gezeigt sind die 2 von 3" in chart.note
    drawn(chart)
    assert "data:image/png" in result._repr_html_()


def test_a_comparison_is_drawn_from_its_table(drawn):
    one = qa.measure_segregation(DUNCAN, "a", population="all")
    other = qa.measure_segregation(pd.DataFrame({"a": [60, 60, 40, 40], "all": [100] * 4}), "a", population="all")
    table = qa.compare_segregation(one, other, n=99, seed=1)
    chart = qa.segregation.comparison_chart(table, "en")
    dots = marks(chart, Dot)
    assert [dot.x for dot in dots] == pytest.approx(table["difference"].tolist())
    assert [dot.fill != "#ffffff" for dot in dots] == table["p_value"].lt(0.05).tolist()
    assert chart.right[0].startswith("0.60 → 0.20")
    drawn(chart)
    with pytest.raises(SpecError, match="lacks index"):
        qa.segregation.comparison_chart(table.drop(columns="index"))
    with pytest.raises(ArgumentError, match="comparison_chart takes a DataFrame"):
        qa.segregation.comparison_chart(one)
    with pytest.raises(SpecError, match="no index has a difference"):
        qa.segregation.comparison_chart(table.assign(difference=np.nan))


def test_groups_bear_the_words_that_readers_see(study, drawn):
    words = {"a": "Zugewanderte", "b": "Ältere"}
    for kind, options in (
        ("indices", {}),
        ("curve", {"group": "b"}),
        ("segplot", {}),
        ("radii", {"radii": [500, 2000], "n": 0}),
    ):
        plain, named = (study.chart(kind, **options, labels=labels) for labels in (None, words))
        assert len(plain.marks) == len(named.marks)
        assert "Zugewanderte" in " ".join(drawn(named)[1]) or "Ältere" in " ".join(drawn(named)[1])
    assert study.table["group"].iloc[0] == "a"  # the study stays as it is
    with pytest.raises(SpecError, match="called alike"):
        study.chart(labels={"a": "b"})


def test_what_is_not_there_is_refused(study):
    for wrong in ({"kind": "pie"}, {"lang": "fr"}, {"group": "zz"}, {"place": "zz"}):
        with pytest.raises(SpecError, match="must be one of"):
            study.chart(**wrong)


def test_hostile_names_stay_text(drawn):
    name = '<b>$x$</b> & "漢"'
    shapes = [shapely.box(x, 0, x + 500, 500) for x in range(0, 12_500, 500)]
    counts = np.random.default_rng(1).integers(10, 90, 25)
    frame = gpd.GeoDataFrame({name: counts, "all": 100, "place": name}, geometry=shapes, crs="EPSG:25832")
    result = qa.measure_segregation(frame, [name], population="all", by="place")
    for kind in ("indices", "curve", "location_quotients", "segplot", "moran"):
        written, words = drawn(result.chart(kind))
        assert not any("<b>" in word and "&lt;" in word for word in written | words)
    drawn(result.chart("radii", radii=[500, 1000], n=0))
