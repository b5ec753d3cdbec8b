"""Charts of indicators: what is drawn is what is known, and what is not shown does not follow from the rest."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from quartiersatlas.charts import Bar, Dot, Line, Text, VRule
from quartiersatlas.errors import ColumnError, SpecError
from quartiersatlas.indicators.pictures import (
    Ages,
    Classes,
    Marked,
    Measure,
    SpineRow,
    age_pyramid_chart,
    histogram_chart,
    scatter_chart,
    spine_chart,
    time_line_chart,
)

RATE = Measure("SGB-II-Quote", "%", 1, 1)
NEED = Measure("Sprachförderbedarf", "%", 1, 1)
CONTEXT = Measure("Alter", "Jahre", 0, 0)
HOSTILE = '<b>$x$</b> & "漢"'
COLORS = ("#ffffcc", "#a1dab4", "#41b6c4")


def values(*numbers):
    return pd.Series(numbers, index=[f"{n:02}" for n in range(len(numbers))], dtype=float)


def some(n=60, seed=1):
    return values(*np.random.default_rng(seed).beta(2, 9, n) * 100)


def marks(chart, kind, **wanted):
    return [m for m in chart.marks if isinstance(m, kind) and all(getattr(m, k) == v for k, v in wanted.items())]


@example([0.0] * 7 + [5e-324], 24)
@given(st.lists(st.floats(0, 100), min_size=8, max_size=80), st.integers(1, 30))
def test_every_known_value_stands_in_one_bar_of_its_class(numbers, bins):
    given_values = values(*numbers, float("nan"))
    classes = Classes(given_values.gt(30).astype(float).where(given_values.notna()), ("low", "high"), COLORS[:2])
    chart = histogram_chart(given_values, RATE, classes=classes, bins=bins)
    bars = marks(chart, Bar)
    assert sum(bar.y1 - bar.y0 for bar in bars) == len(numbers)
    if given_values.max() - given_values.min() > 1e-290:
        low = sum(bar.y1 - bar.y0 for bar in bars if bar.fill == COLORS[0])
        assert low == int(given_values.le(30).sum())
        assert all(bar.x1 <= max(numbers) * (1 + 1e-9) for bar in bars)
    assert [row[1] for row in chart.rows] == [str(int(given_values.le(30).sum())), str(int(given_values.gt(30).sum()))]


def test_the_bar_across_a_limit_holds_both_classes_and_the_triangle_stands_above_it(drawn):
    given_values = values(1, 2, 3, 10, 10.4, 10.6, 20, 24, 24, 24)
    classes = Classes(given_values.ge(10.5).astype(float), ("low", "high"), COLORS[:2])
    chart = histogram_chart(
        given_values, RATE, "en", city=12.34, classes=classes, area="03", names={"03": HOSTILE}, bins=24
    )
    stacked = [bar for bar in marks(chart, Bar) if bar.x0 == 10]
    assert [(bar.y0, bar.y1, bar.fill) for bar in stacked] == [(0, 2, COLORS[0]), (2, 3, COLORS[1])]
    (triangle,) = marks(chart, Dot)
    assert triangle.shape == "triangle"
    assert (triangle.x, triangle.area) == (10.5, "03")
    assert triangle.y > 3
    written, words = drawn(chart)
    assert "City 12.3%" in written
    assert any(HOSTILE.replace("漢", "□") in word for word in words)


def test_protected_values_are_counted_and_nothing_more(drawn):
    given_values = some()
    hidden = given_values.copy()
    hidden.iloc[[4, 9]] = np.nan
    chart = histogram_chart(hidden, RATE, residents=values(*[1000.0] * 60).mask(values(*range(60)).eq(9)))
    assert chart.note.startswith("Gezeigt: 58 von 60 Gebieten")
    assert str(round(given_values.iloc[4], 1)).replace(".", ",") not in json.dumps(chart.to_json())
    assert "04" not in chart.order
    assert chart.rows[0][2] == "58.000"
    unknown = histogram_chart(given_values, RATE, residents=values(*[1000.0] * 60).mask(values(*range(60)).eq(9)))
    assert unknown.rows[0][2] == "keine Angabe"
    drawn(chart)


def test_few_values_are_named_dots(drawn):
    chart = histogram_chart(values(5, 1, 3), RATE, names={"00": "Nord"}, city=2.0, area="02")
    assert chart.y.bands == ("Nord", "02", "01")
    assert chart.right == ("5,0\u202f%", "3,0\u202f%", "1,0\u202f%")
    assert [(dot.x, dot.y) for dot in marks(chart, Dot)] == [(5, 0), (3, 1), (1, 2)]
    drawn(chart)
    drawn(histogram_chart(values(), RATE))
    drawn(histogram_chart(values(np.nan), RATE))


def test_equal_values_are_one_bar_with_one_tick(drawn):
    chart = histogram_chart(values(*[7.0] * 9), RATE)
    assert [(bar.y0, bar.y1) for bar in marks(chart, Bar)] == [(0, 9)]
    assert [value for value, _ in chart.x.ticks] == [7]
    drawn(chart)


def test_without_a_city_there_is_no_line_and_negative_values_have_their_zero(drawn):
    chart = histogram_chart(some() - 20, RATE)
    assert [(rule.x, rule.text) for rule in marks(chart, VRule)] == [(0.0, "")]
    assert marks(histogram_chart(some(), RATE), VRule) == []
    assert "Stadt" not in chart.alt
    drawn(chart)
    with pytest.raises(SpecError, match="bins must be 1 or more"):
        histogram_chart(some(), RATE, bins=0)


DATES = ["31.12.2020", "31.12.2022", "31.12.2023"]


def course(n=6):
    return pd.DataFrame({k: some(n, seed=k).to_numpy() for k in range(3)}, index=[f"{i:02}" for i in range(n)])


def test_two_years_are_twice_as_wide_as_one(drawn):
    chart = time_line_chart(course(), DATES, RATE, city=[10.0, 11.0, 12.0], area="02", names={"02": HOSTILE})
    first, second, third = (value for value, _ in chart.x.ticks)
    assert (second - first) / (third - second) == pytest.approx(2, abs=0.01)
    assert [words for _, words in chart.x.ticks] == ["2020", "2022", "2023"]
    drawn(chart)
    mixed = time_line_chart(course(), ["30.06.2020", "31.12.2022", "2023"], RATE, "en")
    assert mixed.head[1] == "2020-06-30"


def test_a_protected_date_is_a_gap_that_nothing_bridges(drawn):
    table = course()
    table.loc["02", 1] = np.nan
    chart = time_line_chart(table, DATES, RATE, area="02")
    (line,) = marks(chart, Line, area="02")
    assert line.points[1] is None
    assert len(marks(chart, Dot, area="02")) == 2
    assert chart.rows[0][2] == "keine Angabe"
    assert "Lücke: Wert nicht ausgewiesen (insgesamt 1)." in chart.note
    drawn(chart)


def test_a_district_with_a_hidden_area_has_no_value_at_that_date():
    """The district's value less those of the other areas would give the hidden one back."""
    table, parents = course(), pd.Series(["Ost", "Ost", "Ost", "West", "West", "West"], index=course().index)
    table.loc["01", 1] = np.nan
    chart = time_line_chart(table, DATES, RATE, area="02", district=("Ost", [11.11, 22.22, 33.33]), parents=parents)
    assert "22,2" not in json.dumps(chart.to_json(), ensure_ascii=False)
    assert "22.22" not in json.dumps(chart.to_json())
    assert "11,1" in json.dumps(chart.to_json(), ensure_ascii=False)
    other = time_line_chart(table, DATES, RATE, area="04", district=("West", [11.11, 22.22, 33.33]), parents=parents)
    assert "22.22" in json.dumps(other.to_json())
    with pytest.raises(SpecError, match="only with its areas"):
        time_line_chart(table, DATES, RATE, district=("Ost", [1, 2, 3]))


def test_many_areas_become_two_bands(drawn):
    table = course(200)
    chart = time_line_chart(table, DATES, RATE, area="02", city=[1.0, 2.0, 3.0])
    bands = [line for line in marks(chart, Line) if line.fill]
    assert len(bands) == 2
    others = table.drop(index="02")
    assert bands[0].points[0][1] == pytest.approx(others[0].quantile(0.1))
    assert bands[1].points[3][1] == pytest.approx(others[2].quantile(0.75))
    assert "199" in chart.note
    drawn(chart)
    assert len(marks(time_line_chart(course(150), DATES, RATE), Line)) == 150


def test_words_at_the_ends_of_lines_do_not_cover_one_another():
    chart = time_line_chart(course(), DATES, RATE, area="02", city=list(course().loc["02"]), interval=None)
    heights = sorted(text.y for text in marks(chart, Text))
    assert heights[1] - heights[0] >= 0.07 * (chart.y.high - chart.y.low)


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        (DATES[:1], "two dates or more, not 1"),
        (DATES[:2], "3 columns for 2 dates"),
        (DATES[::-1], "must rise"),
        (["gestern", *DATES[1:]], "'gestern' is no date"),
    ],
)
def test_dates_that_make_no_line_are_refused(dates, message):
    with pytest.raises(SpecError, match=message):
        time_line_chart(course(), dates, RATE)


def test_quarters_of_a_scatter_are_counted_and_a_missing_value_is_on_no_axis(drawn):
    x, y = values(1, 1, 5, 5, 5, 3, np.nan, 4), values(1, 9, 9, 9, 1, 5, 3, np.nan)
    chart = scatter_chart(
        x, y, (RATE, NEED), city=(3.0, 5.0), names={"02": HOSTILE}, marked=Marked("02", ["03"], ["04"])
    )
    assert len(marks(chart, Dot)) == 6
    assert [row[1] for row in chart.rows] == ["2", "1", "1", "2"]  # on the cross is above neither
    assert [text.text for text in marks(chart, Text)][-1] == "beide über dem Stadtwert: 2"
    assert "6 von 8 Gebieten" in chart.note
    assert "nicht für Personen" in chart.note
    assert len(marks(chart, Bar)) == 1
    assert marks(chart, Line) == []  # no regression
    drawn(chart)


def test_the_quarter_is_tinted_only_where_both_indicators_have_a_direction():
    x, y = some(30), some(30, seed=2)
    assert marks(scatter_chart(x, y, (RATE, CONTEXT), city=(10.0, 10.0)), Bar) == []
    down = Measure("Fläche", "m²", 1, -1)
    chart = scatter_chart(x, y, (RATE, down), city=(10.0, 12.0))
    (tint,) = marks(chart, Bar)
    assert (tint.x0, tint.x1) == (10, chart.x.high)
    assert (tint.y0, tint.y1) == (12, chart.y.low)
    count = int((x.gt(10) & y.le(12)).sum())
    assert f"beide ungünstiger als die Stadt: {count}" in [text.text for text in marks(chart, Text)]
    assert marks(scatter_chart(x, y, (RATE, NEED)), Bar) == []


def test_too_many_dots_become_cells_and_marked_areas_stay(drawn):
    x, y = some(2500), some(2500, seed=2)
    chart = scatter_chart(x, y, (RATE, NEED), marked=Marked("17", ["05"]))
    assert {dot.area for dot in marks(chart, Dot)} == {"17", "05"}
    assert 0 < len(marks(chart, Bar)) <= 1600
    drawn(chart)
    with pytest.raises(SpecError, match="different keys: 3 areas and 2 areas"):
        scatter_chart(values(1, 2, 3), values(1, 2), (RATE, NEED))


def test_a_spine_stands_on_the_city_and_the_farthest_area_is_at_its_end(drawn):
    rows = [
        SpineRow(RATE, values(10, 12, 20), city=12.0, district=11.0),
        SpineRow(NEED, values(np.nan, 5, 9), city=7.0),
        SpineRow(CONTEXT, values(40, 41, 50), context=True),
    ]
    chart = spine_chart(rows, "00", names={"00": HOSTILE})
    dots = [dot for dot in marks(chart, Dot) if dot.area]
    assert [(dot.x, dot.y) for dot in dots] == [(-0.25, 0), (pytest.approx(-1 / 9), 2)]  # no dot where nothing is shown
    assert dots[0].fill != dots[1].fill  # context stays neutral
    assert chart.right == ("10,0\u202f% (12,0\u202f%)", "n. a. (7,0\u202f%)", "40\u202fJahre (41\u202fJahre)")
    assert chart.y.bands[2] == "Alter (Median statt Stadt)"
    strips = [mark for mark in chart.marks if mark.kind == "strip"]
    assert [len(strip.xs) for strip in strips] == [3, 2, 3]
    assert max(abs(x) for strip in strips for x in strip.xs) == 1
    drawn(chart)


def test_a_unit_that_is_a_word_stands_once_behind_the_name_of_its_row():
    gap = Measure("Abstand zwischen zwei Gruppen, die in der Stadt leben und arbeiten", "Prozentpunkte", 1)
    chart = spine_chart([SpineRow(gap, values(10, 12), city=12.0), SpineRow(gap, values(10, 20))], "00")
    assert chart.right == ("10,0 (12,0)", "10,0 (15,0)")
    named, without_city = chart.y.bands
    assert named == f"{gap.label} (Prozentpunkte)"
    assert without_city == f"{gap.label} (Prozentpunkte, Median statt Stadt)"
    assert "10,0\u202fProzentpunkte (12,0\u202fProzentpunkte)" in chart.alt  # who hears it hears the unit
    assert chart.rows[0][1] == "10,0\u202fProzentpunkte"
    assert "… (Prozentpunkte)</text>" in chart.svg(400, 120)  # the name is cut, the unit stays


def test_a_profile_of_nothing_is_refused_and_one_without_values_is_drawn(drawn):
    with pytest.raises(SpecError, match="one indicator or more"):
        spine_chart([], "00")
    with pytest.raises(ColumnError, match="'zz'"):
        spine_chart([SpineRow(RATE, values(1, 2))], "zz")
    drawn(spine_chart([SpineRow(RATE, values(np.nan, np.nan)), SpineRow(NEED, values(3, 3), city=3.0)], "00"))


def test_a_bar_of_the_pyramid_is_the_share_per_year_of_age(drawn):
    chart = age_pyramid_chart([0, 10, 30], Ages([10, 20, 20], [10, 20, 20]), ("Frauen", "Männer"), name="Nord")
    bars = marks(chart, Bar)
    # 10 of 100 over 10 years, 20 of 100 over 20 years, 20 of 100 over the 20 years that are assumed
    assert [bar.x1 for bar in bars] == [-1, -1, -1, 1, 1, 1]
    assert [bool(bar.dash) for bar in bars] == [False, False, True] * 2
    assert [(bar.y0, bar.y1) for bar in bars[:3]] == [(0, 10), (10, 30), (30, 50)]
    assert [row[0] for row in chart.rows] == ["unter 10", "10 bis 29", "30 und älter"]
    drawn(chart)
    closed = age_pyramid_chart([0, 10, 30], Ages([10, 20, 20], [10, 20, 20]), ("Frauen", "Männer"), end=80)
    assert not any(bar.dash for bar in marks(closed, Bar))
    assert marks(closed, Bar)[2].x1 == pytest.approx(-0.4)


def test_one_hidden_band_hides_all(drawn):
    """Shares of the others together with the residents would give it back."""
    city = Ages([100, 200, 200], [100, 200, 200])
    chart = age_pyramid_chart([0, 10, 30], Ages([7, np.nan, 23], [11, 29, 31]), ("Frauen", "Männer"), city=city)
    assert marks(chart, Bar) == []
    assert chart.rows == ()
    plain = json.dumps(chart.to_json(), ensure_ascii=False)
    assert not {"7", "23", "11", "29", "31"} & set(plain.replace('"', " ").replace(",", " ").split())
    assert "nicht alle ausgewiesen" in chart.note
    assert len(marks(chart, Line)) == 2
    drawn(chart)
    drawn(age_pyramid_chart([0, 18], Ages([0, 0], [0, 0]), ("a", "b")))


@pytest.mark.parametrize(
    ("starts", "ages", "message"),
    [([0, 5, 5], Ages([1] * 3, [1] * 3), "must rise"), ([0, 5], Ages([1] * 3, [1] * 3), "3 numbers for 2 bands")],
)
def test_bands_that_do_not_fit_are_refused(starts, ages, message):
    with pytest.raises(SpecError, match=message):
        age_pyramid_chart(starts, ages, ("a", "b"))
