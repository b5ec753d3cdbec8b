"""Charts of a need index and of what was asked about it."""

from __future__ import annotations

import json
import sys

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import quartiersatlas as qa
from quartiersatlas.charts import Bar, Dot, Line, Text, VRule
from quartiersatlas.errors import ArgumentError, JoinError, SpecError
from quartiersatlas.need.pictures.audited import correlation_chart, leave_one_out_chart, sobol_chart
from quartiersatlas.need.pictures.certainty import StableAreas, certainty_chart, rank_chart

HOSTILE = '<b>$x$</b> & "Süd"'
STATUS = ["hoch", "mittel", "niedrig", "sehr niedrig"]
WORSE = {"status": ["low", "very_low"]}


def marks(chart, kind, **wanted):
    return [m for m in chart.marks if isinstance(m, kind) and all(getattr(m, k) == v for k, v in wanted.items())]


@pytest.fixture
def stable():
    table = pd.DataFrame(
        {
            "selected": [True, True, False, False, None, True],
            "p_selected": [1.0, 0.9, 0.5, 0.02, np.nan, 0.996],
            "label": ["certain", "certain", "borderline", "not_selected", None, "certain"],
            "rank": [1.0, 3, 4, 5, np.nan, 2],
            "rank_lower": [1.0, 2, 3, 5, np.nan, 1],
            "rank_upper": [2.0, 4, 5, 5, np.nan, np.nan],
        },
        index=list("abcdef"),
    )
    return StableAreas(table, (0.1, 0.9), 200, {"a": HOSTILE}, "c")


def test_certainty_is_in_the_order_of_certainty_without_rank_numbers(stable, drawn):
    chart = certainty_chart(stable)
    assert chart.y.bands == (HOSTILE, "f", "b", "c")  # d is not selected, e is not assessed
    assert [dot.x for dot in marks(chart, Dot)] == [100, pytest.approx(99.6), 90, 50]
    assert [dot.fill == "#ffffff" for dot in marks(chart, Dot)] == [False, False, False, True]
    assert [rule.x for rule in marks(chart, VRule)] == [10, 90]
    assert [row[1:] for row in chart.rows] == [
        ("100\u202f%", "sicher"), ("99\u202f%", "sicher"), ("90\u202f%", "sicher"), ("50\u202f%", "Grenzfall"),
    ]  # fmt: skip
    assert "nicht die des Bedarfs" in chart.note
    assert "Rang" not in json.dumps(chart.to_json())
    drawn(chart)


def test_of_many_areas_those_least_settled_are_drawn(stable, drawn):
    chart = certainty_chart(stable, "en", most=2)
    assert chart.order == ("b", "c")
    assert "Shown are the 2 of 4 areas" in chart.note
    drawn(chart)
    nobody = StableAreas(stable.table.iloc[[3, 4]], (0.1, 0.9), 5)
    drawn(certainty_chart(nobody))


def test_ranks_have_their_interval_and_say_that_they_stay_in_the_house(stable, drawn):
    chart = rank_chart(stable)
    assert chart.order == ("a", "f", "b", "c", "d")
    assert marks(chart, Line)[0].points == ((1, 0), (2, 0))
    assert len(marks(chart, Line)) == 4  # the interval of f has no end
    assert chart.right[1] == "2 (1 bis –)"
    assert "internen Gebrauch" in chart.note
    drawn(chart)


def test_the_result_draws_what_its_table_says(counted, drawn):
    result = counted().stability(n=30, seed=1, select=WORSE)
    _, words = drawn(result.chart())
    assert "sicher" in " ".join(words)
    chart = result.chart("rank_interval", "en", most=5, names={"003": HOSTILE})
    assert len(chart.y.bands) == 5
    drawn(chart)
    assert "data:image/png" in result._repr_html_()
    for wrong in ({"kind": "pie"}, {"lang": "fr"}):
        with pytest.raises(SpecError, match=r"kind|lang"):
            result.chart(**wrong)


def test_contributions_add_up_to_the_score(counted, drawn):
    need = counted()
    chart = need.chart(most=6, area="003")
    assert chart.order == tuple(need.scores["status"].sort_values(ascending=False).index[:6])
    dots = marks(chart, Dot)
    for row, key in enumerate(chart.order):
        assert dots[row].x == pytest.approx(need.scores.loc[key, "status"])
        own = [bar for bar in marks(chart, Bar) if bar.area == key]
        assert sum(bar.x1 - bar.x0 for bar in own) == pytest.approx(need.scores.loc[key, "status"])
        for bar in own:
            assert bar.x0 * bar.x1 >= 0  # no part crosses 0
    assert [label for _, label in chart.key] == ["a", "b", "c"]
    drawn(chart)
    lowest = list(need.scores["status"].sort_values().index[:4])
    chart = need.chart(areas=lowest)
    assert list(chart.order) == lowest
    for row, key in enumerate(lowest):
        below = [bar for bar in marks(chart, Bar) if bar.area == key and bar.x1 < bar.x0]
        assert below[0].x0 == 0
        assert [bar.x1 for bar in below[:-1]] == [bar.x0 for bar in below[1:]]  # each starts where the last one ended
        assert marks(chart, Dot)[row].x == pytest.approx(need.scores.loc[key, "status"])
    drawn(chart)
    drawn(need.chart(areas=["003", "001"], lang="en", names={"003": HOSTILE}))


def test_more_than_six_indicators_are_five_and_the_others(counted, drawn):
    need = counted(indicators="abcdefgh")
    chart = need.chart(most=4)
    assert len(chart.key) == 6
    assert chart.key[-1][1] == "3 weitere Indikatoren zusammen"
    assert [dot.x for dot in marks(chart, Dot)] == pytest.approx(
        need.scores["status"].sort_values(ascending=False).head(4).tolist()
    )
    drawn(chart)


def test_the_parts_of_a_geometric_mean_add_up_to_its_logarithm(counted, drawn):
    scale = {"method": "minmax", "low": 1.0, "high": 100.0}
    need = counted(aggregate="geometric", normalise=scale, standardise={"method": "none"})
    chart = need.chart(most=5)
    score = need.scores["status"].sort_values(ascending=False).head(5)
    assert [dot.x for dot in marks(chart, Dot)] == pytest.approx(np.log(score).tolist())
    assert chart.x.label.startswith("Logarithmus")
    assert "Logarithmus" in chart.note
    drawn(chart)


def test_a_part_that_no_indicator_makes_has_its_own_colour(counted, drawn):
    scale = {"method": "minmax", "low": 1.0, "high": 100.0}
    need = counted(aggregate="mazziotta_pareto", normalise=scale, standardise={"method": "none"})
    chart = need.chart(most=5)
    score = need.scores["status"].sort_values(ascending=False).head(5)
    assert [dot.x for dot in marks(chart, Dot)] == pytest.approx(score.tolist())
    assert chart.key[-1][1] == "Grundwert"
    drawn(chart)


def test_a_profile_is_of_an_area(counted, drawn):
    need = counted()
    chart = need.chart("profile", "en", area="003")
    assert chart.y.bands == ("a", "b", "c")
    assert len([dot for dot in marks(chart, Dot) if dot.area]) == 3
    drawn(chart)
    with pytest.raises(SpecError, match=r"need.plot\('profile', area='000'\)"):
        need.chart("profile")
    with pytest.raises(SpecError, match="no area 'zz'"):
        need.chart("profile", area="zz")
    with pytest.raises(SpecError, match="kind must be one of"):
        need.plot("pie")


def test_scores_are_spread_by_class(counted, drawn):
    need = counted()
    chart = need.chart("distribution")
    counts = need.classes["status"].value_counts()
    assert [int(row[1]) for row in chart.rows] == [
        counts.get(name, 0) for name in ("high", "medium", "low", "very_low")
    ]
    assert sum(bar.y1 - bar.y0 for bar in marks(chart, Bar)) == 40
    drawn(chart)


def test_without_an_indicator_the_shortlist_loses_and_gains(counted, drawn):
    need = counted()
    table = need.leave_one_out(WORSE)
    chart = need.chart("leave_one_out", select=WORSE)
    for number, row in enumerate(table.itertuples()):
        bars = [bar for bar in marks(chart, Bar) if bar.y0 < number < bar.y1]
        assert [bar.x1 for bar in bars] == [-len(row.lost), len(row.gained)]
    drawn(chart)
    drawn(leave_one_out_chart(table.iloc[:0], "status", {}))


def test_rank_correlations_stand_below_the_diagonal_with_context_last(drawn):
    random = np.random.default_rng(2)
    frame = pd.DataFrame({"age": random.normal(size=50), "a": random.normal(size=50)})
    frame["b"] = np.exp(frame["a"])  # the same order: a rank correlation of 1
    chart = correlation_chart(frame.corr(method="spearman"), {"a": "A", "b": "B", "age": "Alter"}, ["age"], "en")
    assert [band[:2] for band in chart.y.bands] == ["1.", "2.", "3."]
    assert chart.y.bands[2].startswith("3. Alter (context")
    expected = stats.spearmanr(frame["age"], frame["a"]).statistic
    assert [text.text for text in marks(chart, Text)][:2] == ["1.00", f"{expected:.2f}".replace("-", "−")]
    assert all(bar.x0 < bar.y1 for bar in marks(chart, Bar))
    assert "Above 0.9: B / A (1.00)." in chart.note
    drawn(chart)
    drawn(correlation_chart(frame[["a"]].corr(), {}, []))


def test_the_audit_draws_its_correlations(counted, drawn):
    need = counted()
    result = need.audit()
    parts = pd.DataFrame({name: need.inputs.values[name] for name in "abc"})
    assert np.allclose(result.rank_correlations["status"], stats.spearmanr(parts).statistic)
    drawn(result.chart())
    with pytest.raises(SpecError, match="axis must be one of"):
        result.chart(axis="dynamics")


def test_sobol_indices_are_drawn_as_they_are(drawn):
    table = pd.DataFrame(
        {
            "output": ["size", "size", "members"], "factor": ["data", "weights", "data"],
            "first_order": [0.5, -0.1, np.nan], "first_order_conf": [0.2, 0.1, np.nan],
            "total": [0.4, 0.6, np.nan], "total_conf": [0.1, 0.1, np.nan],
        }
    )  # fmt: skip
    chart = sobol_chart(table, "size", 128, ["weights"], "en")
    assert chart.y.bands == ("weights", "chance in the counts")
    assert [bar.x1 for bar in marks(chart, Bar)] == [0.6, -0.1, 0.4, 0.5]  # the first order may exceed the total
    assert [line.points[0][0] for line in marks(chart, Line)] == pytest.approx([0.5, -0.2, 0.3, 0.3])
    assert chart.right == ("could not vary", "0.40")
    assert "128 runs" in chart.note
    drawn(chart)
    nothing = sobol_chart(table, "members", 128, [])
    assert marks(nothing, Bar) == []
    assert nothing.note.startswith("In keinem Durchlauf")
    drawn(nothing)


def test_a_matrix_counts_who_stayed_and_who_moved(drawn):
    earlier = pd.Series({"a": "low", "b": "low", "c": "high", "d": "high", "e": None, "f": "low"})
    later = pd.Series({"a": "low", "b": "high", "c": "high", "d": "low", "e": "low", "f": "low"})
    found = qa.class_transition(
        earlier, later, classes=["low", "high"], labels={"low": (HOSTILE, "low")}, definitions=("2019", "2019"),
        residents=pd.Series({"a": 100.0, "b": 200.0, "c": 300.0, "d": 400.0, "f": np.nan}),
    )  # fmt: skip
    assert found.table.to_numpy().tolist() == [[2, 1], [1, 1]]
    assert found.residents.isna().to_numpy().tolist() == [[True, False], [False, False]]  # f hides the cell of a and f
    chart = found.chart()
    fills = {(bar.x0 + 0.48, bar.y0 + 0.46): bar.fill for bar in marks(chart, Bar)}
    assert len(fills) == 4
    red, blue = (int(fills[1, 0][k : k + 2], 16) for k in (1, 5))
    assert red > blue  # need rose: orange
    red, blue = (int(fills[0, 1][k : k + 2], 16) for k in (1, 5))
    assert blue > red  # need fell: violet
    assert "100" not in [text.text for text in marks(chart, Text)]
    assert "3 von 5 Gebieten sind in ihrer Klasse geblieben, 1 zeigen mehr Bedarf, 1 weniger." in chart.note
    assert "kein absolutes" in chart.note
    assert "nicht gezählt: 1" in chart.note
    drawn(chart)
    assert "data:image/png" in found._repr_html_()
    assert "3 of 5 areas stayed" in repr(found)


def test_dates_that_cannot_be_compared_are_refused():
    earlier, later = pd.Series({"a": "low", "b": "high"}), pd.Series({"a": "low", "c": "high"})
    known = {"classes": ["low", "high"], "definitions": ("x", "x")}
    with pytest.raises(JoinError, match="2 keys are in one only: 'b', 'c'"):
        qa.class_transition(earlier, later, **known)
    forced = qa.class_transition(earlier, later, force=True, **known)
    assert forced.table.to_numpy().tolist() == [[1, 0], [0, 0]]
    assert "nicht gezählt sind: 2" in forced.chart().note
    with pytest.raises(SpecError, match="'high': none of the classes 'low'"):
        qa.class_transition(earlier, earlier, classes=["low"])
    with pytest.raises(SpecError, match="name the classes"):
        qa.class_transition(earlier, earlier)
    with pytest.raises(SpecError, match="different rules, x and y"):
        qa.class_transition(earlier, earlier, classes=["low", "high"], definitions=("x", "y"))
    with pytest.raises(ArgumentError, match="class_transition: later takes"):
        qa.class_transition(earlier, ["low"])
    assert "ist nicht angegeben" in qa.class_transition(earlier, earlier, classes=["low", "high"]).chart().note


def test_two_indices_of_one_spec_are_compared_and_of_two_are_not(counted):
    one, other = counted(), counted(seed=5)
    found = qa.class_transition(one, other)
    assert found.table.to_numpy().sum() == 40
    assert found.table.sum(axis=1).tolist() == [
        int(one.classes["status"].eq(name).sum()) for name in ("high", "medium", "low", "very_low")
    ]
    assert found.labels["low"] == ("niedrig", "low")
    with pytest.raises(SpecError, match="different rules"):
        qa.class_transition(one, counted(indicators="ab"))
    assert "Regeln der beiden Zeitpunkte" in qa.class_transition(one, counted(indicators="ab"), force=True).chart().note


@pytest.mark.shared_data
def test_the_changes_of_status_in_berlin(shared, drawn):
    """Of 436 planning areas; the definition of the index changed between the two dates."""
    status = [
        pd.read_csv(shared / "indices" / "mss_berlin" / f"mss{year}_plr.csv", dtype=str).set_index("id")[
            "status_index_class"
        ]
        for year in (2017, 2019)
    ]
    with pytest.raises(SpecError, match="different rules"):
        qa.class_transition(*status, classes=STATUS, definitions=("MSS 2017", "MSS 2019"))
    found = qa.class_transition(*status, classes=STATUS, definitions=("MSS 2017", "MSS 2019"), force=True)
    wanted = [[63, 12, 0, 0], [4, 265, 8, 1], [0, 5, 32, 4], [0, 1, 7, 34]]
    assert found.table.to_numpy().tolist() == wanted
    assert "394 von 436" in found.chart().note
    drawn(found.chart())


def test_a_result_without_a_picture_still_shows_its_words(counted, monkeypatch):
    need = counted()
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    assert need._repr_html_().startswith("<pre>NeedIndex")
    assert "<img" not in need._repr_html_()


def test_names_of_joined_data_stand_in_the_picture(joined):
    random = np.random.default_rng(1)
    data = joined({"x": random.integers(5, 90, 20).tolist(), "n": [100.0] * 20, "residents": [1000.0] * 20})
    data = qa.add_rates(data, {"r": ("x", "n")})
    axis = {"id": "need", "indicators": [{"id": "r"}], "standardise": {"method": "z"}}
    labels = {"label_de": "Klasse", "label_en": "class"}
    axis["classes"] = [{"id": "low", "upper": 0.0, **labels}, {"id": "high", **labels}]
    spec = qa.NeedSpec.from_dict({"id": "own", "source": "own", "min_population": 0, "axes": [axis]})
    need = qa.need_index(data, spec)
    assert all(name.startswith("Gebiet ") for name in need.chart().y.bands)
    assert all(name.startswith("Gebiet ") for name in need.stability(n=5, seed=1).chart("rank_interval").y.bands)
