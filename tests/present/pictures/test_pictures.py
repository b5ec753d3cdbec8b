"""Charts of a release: what is drawn is what is released, need first and context last."""

from __future__ import annotations

import json
import re
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.charts import Bar, Dot, Line, Text
from quartiersatlas.errors import ArgumentError, ColumnError, ReleaseError, SpecError
from quartiersatlas.need.pictures.transition import transition_chart
from quartiersatlas.present import pictures
from quartiersatlas.present.figures import chart_figures


def marks(chart, kind, **wanted):
    return [m for m in chart.marks if isinstance(m, kind) and all(getattr(m, k) == v for k, v in wanted.items())]


@pytest.fixture(scope="session")
def at(town):
    """Return a function: a date and changed counts -> the release of the town at that date."""

    def make(as_of, change=0, **cells):
        values = town.values.copy()
        values["recipients"] += change
        for key, count in cells.items():
            values.loc[key.removeprefix("k"), "recipients"] = count
        values["sgb2_rate"] = 100 * values["recipients"] / values["under_65"]
        data = replace(town, values=values)
        return qa.release(data, title="T", source="Q", as_of=as_of, comment="K")

    return make


@pytest.fixture(scope="session")
def called(town):
    """Return a function: a date and a name of the city -> a release."""

    def make(as_of, name):
        data = qa.add_rates(town, {"foreign_share": ("under_65", "residents")})
        return qa.release(data, title="T", source="Q", as_of=as_of, comment="K", city=name)

    return make


def test_the_city_stands_by_its_name_in_every_chart(called):
    def charts(name):
        now, then = called("2024", name), called("2022", name)
        column = "sgb2_rate"
        return {
            "histogram": pictures.legend_histogram(now, column, lang="en"),
            "time": pictures.time_line(now, then, column, area="01", lang="en"),
            "spine": pictures.spine_profile(now, "01", lang="en"),
            "scatter": pictures.scatter(now, column, "foreign_share", lang="en"),
        }

    def labels(chart):
        words = [getattr(mark, "text", "") for mark in chart.marks]
        ticks = [label for _, label in (chart.x.ticks or ())]
        return [*words, *ticks, *chart.head, *(row[0] for row in chart.rows), chart.alt]

    named, plain = charts("Leeds"), charts("")
    for kind, chart in named.items():
        assert any(re.search(r"\bLeeds\b", words) for words in labels(chart)), kind
        assert not any(re.search(r"\bCity\b|Value of the city", words) for words in labels(chart)), kind
        assert any(re.search(r"\bCity\b", words) for words in labels(plain[kind])), kind


def test_indicators_of_need_come_first_and_context_last(sample):
    found = [column.indicator.role for column in pictures.profile_columns(sample.release)]
    assert found[0] == "index"
    assert found[-1] == "context"
    assert "context" not in found[: found.index("context")]
    assert set(found[found.index("context") :]) == {"context"}
    chart = pictures.spine_profile(sample.release, "0404")
    assert chart.y.bands[0] == "SGB-II-Quote"
    assert chart.y.bands[-1] == "Anteil 65-Jähriger und Älterer"
    neutral = [dot.fill for dot in marks(chart, Dot, area="0404")]
    assert len(set(neutral[:4])) == 1  # those of need in the accent colour
    assert neutral[4] != neutral[0]


def test_a_histogram_holds_each_released_value_once_in_its_class(sample):
    release = sample.release
    chart = pictures.legend_histogram(release, "sgb2_rate", area="0404")
    assert sum(bar.y1 - bar.y0 for bar in marks(chart, Bar)) == release.values["sgb2_rate"].notna().sum()
    assert sum(int(row[1]) for row in chart.rows) == release.values["sgb2_rate"].notna().sum()
    assert [dot.area for dot in marks(chart, Dot)] == ["0404"]
    with pytest.raises(SpecError, match="has classes"):
        pictures.legend_histogram(release, "need_status_class")
    with pytest.raises(ColumnError):
        pictures.legend_histogram(release, "nothing")
    with pytest.raises(ReleaseError):
        pictures.legend_histogram(release, "sgb2_rate", area="nowhere")


def test_a_time_line_sorts_its_dates_and_leaves_a_gap_where_one_is_protected(at):
    now, before, first = at("31.12.2024"), at("31.12.2022", 5, k05=1), at("2020", 9)
    chart = pictures.time_line(now, [before, first], "sgb2_rate", area="05")
    assert chart.head[1:] == ("2020", "2022", "2024")
    (own,) = marks(chart, Line, area="05", width=2.2)
    assert own.points[1] is None
    assert own.points[0][1] == 20.1  # 189 of 940: 20.106, rounded as released
    assert chart.rows[-1][2] == "geschützt"


def test_a_district_has_no_value_at_a_date_at_which_one_of_its_areas_is_hidden(at):
    chart = pictures.time_line(at("2024"), [at("2022", k02=1), at("2020")], "sgb2_rate", area="01")
    (district,) = [row for row in chart.rows if row[0] == "Nord"]
    # 100 + 120 + 140 + 160 of 900 + 910 + 920 + 930
    assert district == ("Nord", "14,2\u202f%", "n. a.", "14,2\u202f%")


def test_the_interval_is_that_of_wilson(at):
    chart = pictures.time_line(at("2024"), at("2022"), "sgb2_rate", area="01")
    low, high = next([y for _, y in line.points] for line in marks(chart, Line) if line.width == 7)
    # 100 of 900 by Wilson's formula: (p + z2/2n -+ z sqrt(p(1-p)/n + z2/4n2)) / (1 + z2/n)
    assert (low, high) == (pytest.approx(9.221, abs=0.001), pytest.approx(13.332, abs=0.001))


def test_one_date_and_words_for_dates_have_no_time_line(at):
    with pytest.raises(SpecError, match="two dates"):
        pictures.time_line(at("2024"), [], "sgb2_rate")
    with pytest.raises(SpecError, match="no date"):
        pictures.time_line(at("Ende 2024"), at("2022"), "sgb2_rate")
    with pytest.raises(ArgumentError):
        pictures.time_line(at("2024"), ["2022"], "sgb2_rate")


def test_the_second_indicator_is_of_another_domain_and_other_persons(sample):
    assert pictures.second_column(sample.release, "sgb2_rate") == "language_support_need"
    chart = pictures.scatter(sample.release, "sgb2_rate", area="0404")
    assert [words.text for words in marks(chart, Text, area="0404")] == ["Werftviertel"]
    both = sample.release.values[["sgb2_rate", "language_support_need"]].notna().all(axis=1)
    assert {dot.area for dot in marks(chart, Dot)} == set(both.index[both])
    rings = {dot.area for dot in marks(chart, Dot) if dot.dash}
    labels = sample.release.stability.table["label"]
    assert rings == set(
        labels.index[(labels.eq("borderline") | (labels.eq("certain") & ~sample.release.selected)) & both]
    )


def test_certainty_needs_runs_and_says_how_many(sample, town_release):
    chart = pictures.certainty(sample.release, area="0404")
    assert "1.000 Durchläufen" in chart.note
    assert [row[0] for row in chart.rows if row[0] == "Werftviertel"]
    with pytest.raises(SpecError, match="no stability"):
        pictures.certainty(town_release)


def test_contributions_are_the_released_ones_in_the_public_order(sample):
    release = sample.release
    chart = pictures.contributions(release)
    assert list(chart.order) == [key for key in release.order if key in chart.order]
    assert set(chart.order) <= set(release.selected.index[release.selected])
    for key in chart.order:
        parts = sum(bar.x1 - bar.x0 for bar in marks(chart, Bar, area=key))
        assert parts == pytest.approx(release.drivers["status"].loc[key].sum())
    one = pictures.contributions(release, areas=["0404"])
    assert one.order == ("0404",)
    with pytest.raises(SpecError, match="none of the areas"):
        pictures.contributions(release, areas=[])


def test_an_index_that_is_not_released_whole_has_hollow_dots(sample):
    release = sample.release
    whole = pictures.contributions(release, areas=["0404"])
    part = replace(release, drivers=release.drivers.drop(columns=[("status", "sgb2_rate")]))
    partly = pictures.contributions(part, areas=["0404"])
    assert marks(whole, Dot)[0].fill != "#ffffff"
    assert marks(partly, Dot)[0].fill == "#ffffff"
    assert len(partly.note) > len(whole.note)


@pytest.fixture(scope="session")
def classed(make_city, need_rules):
    """Return a function: a date and counts -> a release of thirty areas with classes of need."""

    def make(as_of, counts):
        keys = pd.Index([f"{i:02}" for i in range(30)], name="key")
        table = pd.DataFrame({"residents": 1000.0, "recipients": counts, "under_65": 900.0}, index=keys)
        data = qa.add_rates(make_city(table), {"sgb2_rate": ("recipients", "under_65")})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            need = qa.need_index(data, qa.NeedSpec.from_dict(need_rules))
            return qa.release(data, need=need, title="T", source="Q", as_of=as_of, comment="K")

    return make


def test_class_moves_count_areas_and_say_the_dates(classed):
    first = np.array([100.0] * 15 + [300.0] * 15)
    later = first.copy()
    later[[0, 1, 29]] = [300, 300, 100]
    chart = pictures.class_moves(classed("2024", later), classed("2022", first))
    assert [row[1:] for row in chart.rows] == [("13", "2"), ("1", "14")]
    assert (chart.x.label, chart.y.label) == ("später: 2024", "früher: 2022")
    people = [words.text for words in marks(chart, Text) if "Einw" in words.text]
    assert people == ["13.000 Einw.", "2.000 Einw.", "1.000 Einw.", "14.000 Einw."]


def test_a_cell_with_a_hidden_area_tells_no_residents_and_the_area_is_in_none(classed):
    first = np.array([100.0] * 15 + [300.0] * 15)
    later = first.copy()
    later[3] = 1  # protected, so the area has no class
    chart = pictures.class_moves(classed("2024", later), classed("2022", first))
    shown = sum(int(cell) for row in chart.rows for cell in row[1:])
    hidden = classed("2024", later).values["need_status_class"].isna().sum()
    assert (shown, hidden > 0) == (30 - hidden, True)


@pytest.mark.parametrize("name", ["legend_histogram", "time_line", "scatter"])
def test_nothing_but_a_release_is_drawn(town, name):
    with pytest.raises(ArgumentError):
        getattr(pictures, name)(town, *([[]] if name == "time_line" else []), "sgb2_rate")


def test_every_chart_becomes_json_without_numbers_that_are_none(sample, kinds):
    drawn = [pictures.spine_profile(kinds, key) for key in kinds.areas.index]
    drawn += [pictures.legend_histogram(kinds, "sgb2_rate"), pictures.contributions(sample.release)]
    for chart in drawn:
        json.dumps(chart.to_json(), allow_nan=False)


def test_each_cell_of_changed_classes_has_room_for_its_two_lines_on_paper():
    keys = ["a", "b", "c", "d"]
    table = pd.DataFrame(16 * [64], dtype=float).to_numpy().reshape(4, 4)
    counts, people = (pd.DataFrame(table * factor, keys, keys) for factor in (1, 2615))
    labels = {key: (key, key) for key in keys}
    made = transition_chart(counts, labels, people, [], ("2022", "2024"), "en")
    (figure,) = chart_figures(lambda: made, 82.0)
    places = re.findall(r'<text x="([\d.]+)" y="([\d.]+)"[^>]*>(?:64|167,360 res\.)<', figure.svg)
    for column in {x for x, _ in places}:
        lines = sorted(float(y) for x, y in places if x == column)
        assert len(lines) == 8
        # below a count its residents, of 6.5 points; below these the next count, of 10
        assert min(b - a for a, b in zip(lines[::2], lines[1::2], strict=True)) >= 6.5
        assert min(b - a for a, b in zip(lines[1::2], lines[2::2], strict=False)) >= 10
