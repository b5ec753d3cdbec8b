"""``group_gap``: what it says of a city and its areas, in words and pictures, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.charts import Dot, Line
from quartiersatlas.errors import ArgumentError, ColumnError, CountError, JoinError, SpecError

STRATA = pd.DataFrame(
    {
        "foreign_sgb2": [70, 30, 60, 35, 15],
        "foreign": [220, 150, 310, 200, 120],
        "sgb2": [160, 75, 150, 115, 75],
        "residents": [820, 600, 1210, 1300, 1070],
    },
    index=["0-14", "15-24", "25-39", "40-54", "55-64"],
)


def with_cells(data, column, value, keys, status="value"):
    values, statuses = data.values.copy(), data.status.copy()
    values.loc[keys, column] = value
    statuses.loc[keys, column] = status
    return replace(data, values=values, status=statuses)


def test_the_city_is_the_sum_of_its_areas_not_the_mean_of_their_gaps(town, gap):
    data = town()
    x, n, everybody, residents = (data.values[c].sum() for c in ("foreign_sgb2", "foreign", "sgb2", "residents"))
    found = gap(data).city.set_index("reference")
    assert found.loc["others", "difference"] == pytest.approx(x / n - (everybody - x) / (residents - n))
    assert found.loc["all", "difference"] == pytest.approx(x / n - everybody / residents)
    assert found.loc["all", "rate_reference"] == pytest.approx(everybody / residents)
    assert found.loc["all", "odds_ratio_reason"] == "odds_against_all"


def test_both_references_are_printed_and_the_chosen_one_first(town, gap):
    data = town()
    for reference, first, second in (("others", "bei den Übrigen", "zu allen"), ("all", "bei allen", "zu den Übrigen")):
        words = gap(data, reference).text("de")
        assert first in words.splitlines()[0]
        assert second in words.splitlines()[1]
        assert words.endswith("nicht den Fehler einer Stichprobe.")


def test_a_reference_has_to_be_named(town, gap):
    with pytest.raises(TypeError, match="reference"):
        qa.group_gap(town(), ("foreign_sgb2", "foreign"), ("sgb2", "residents"))
    with pytest.raises(SpecError, match="has to be said"):
        gap(town(), "rest")


def test_an_odds_ratio_against_all_is_refused(town, gap):
    assert np.isfinite(gap(town()).measure("odds_ratio")[0])
    with pytest.raises(SpecError, match="against the others only"):
        gap(town(), "all").measure("odds_ratio")


def test_places_have_rows_of_their_own(town, gap):
    data = town()
    found = gap(data, by="bezirk")
    own = data.areas["bezirk"].eq("Ost")
    alone = gap(replace(data, areas=data.areas[own], values=data.values[own], status=data.status[own]))
    assert found.measure("ratio", "Ost") == pytest.approx(alone.measure("ratio"))
    assert list(found.city["place"].unique()) == ["", "Ost", "West"]
    with pytest.raises(ColumnError, match="bezrik"):
        gap(data, by="bezrik")


def test_shrunken_gaps_lie_between_their_own_and_that_of_all_areas(town, gap):
    areas = gap(town(40)).areas
    centre = (areas["shrunken"] - areas["weight"] * areas["difference"]) / (1 - areas["weight"])
    assert centre.std() < 1e-9
    assert areas["weight"].between(0, 1).all()
    large, small = areas["n_group"].idxmax(), areas["n_group"].idxmin()
    assert areas["weight"][large] > areas["weight"][small]
    against = gap(town(40), "all").areas
    assert against["shrunken"].to_numpy() == pytest.approx(((1 - areas["share"]) * areas["shrunken"]).to_numpy())


def test_shrunken_gaps_are_nearer_to_the_truth_and_cover_it():
    rng = np.random.default_rng(4)
    from quartiersatlas.indicators.gaps.tables import area_table

    errors, inside = {"difference": [], "shrunken": []}, []
    for _ in range(40):
        n1, n2 = rng.integers(10, 200, 40), rng.integers(200, 1500, 40)
        p2 = rng.uniform(0.1, 0.25, 40)
        truth = np.clip(rng.normal(0.08, 0.05, 40), -p2, 1)
        table = pd.DataFrame(
            {"x_group": rng.binomial(n1, p2 + truth), "n_group": n1, "x_others": rng.binomial(n2, p2), "n_others": n2}
        ).astype(float)
        found = area_table(table, pd.Series("", index=table.index), "others")
        for name, those in errors.items():
            those.append(((found[name] - truth) ** 2).mean())
        inside.append(found["shrunken_lower"].le(truth) & found["shrunken_upper"].ge(truth))
    assert np.sqrt(np.mean(errors["shrunken"])) < 0.75 * np.sqrt(np.mean(errors["difference"]))
    assert 0.925 <= np.mean(inside) <= 0.985


def test_small_groups_are_said_to_be_too_few_unless_the_gap_is_clear(town, gap):
    data = town()
    for column, value in (("foreign", 20.0), ("foreign_sgb2", 4.0), ("residents", 1020.0), ("sgb2", 150.0)):
        data = with_cells(data, column, value, ["01"])
    assert gap(data).areas.loc["01", "verdict"] == "too_few"
    data = with_cells(with_cells(data, "foreign_sgb2", 18.0, ["01"]), "sgb2", 164.0, ["01"])
    assert gap(data).areas.loc["01", "verdict"] == "clear"


def test_unknown_counts_and_empty_groups_have_a_reason(town, gap):
    data = with_cells(town(), "foreign_sgb2", np.nan, ["01"], "suppressed")
    data = with_cells(with_cells(data, "foreign", 0.0, ["02"]), "foreign_sgb2", 0.0, ["02"])
    found = gap(data)
    assert found.areas["reason"][["01", "02", "03"]].tolist() == ["suppressed", "no_group", ""]
    assert found.areas.loc[["01", "02"], "difference"].isna().all()
    assert found.city["n_dropped"].iloc[0] == 1
    assert "fehlen: 1." in found.text("de")


def test_nobody_in_the_group_is_an_answer(town, gap):
    data = with_cells(with_cells(town(), "foreign", 0.0, slice(None)), "foreign_sgb2", 0.0, slice(None))
    assert "niemand" in gap(data).text("de")


def test_both_rates_of_zero_have_no_ratio(town, gap):
    data = with_cells(with_cells(town(), "sgb2", 0.0, slice(None)), "foreign_sgb2", 0.0, slice(None))
    found = gap(data)
    assert found.measure("difference")[0] == 0
    assert "Beide Anteile sind 0" in found.text("de")
    assert found.city["ratio_reason"].eq("both_zero").all()


def test_the_change_against_all_is_split(town, gap):
    """The same rates at both dates, while the group doubles: nothing between people."""
    rows = {"01": [100.0, 1000, 20, 200], "02": [100.0, 1000, 40, 400]}
    dates = []
    for period, key in (("2021", "01"), ("2024", "02")):
        _, n, x_group, n_group = rows[key]
        x_all = x_group + 0.2 * (n - n_group)
        data = town(3, period=period)
        for column, value in zip(
            ("residents", "sgb2", "foreign", "foreign_sgb2"), (n, x_all, n_group, x_group), strict=True
        ):
            data = with_cells(data, column, value, slice(None))
        dates.append(data)
    change = gap(dates[1], "all", earlier=dates[0]).change
    assert change.loc["others", "change"] == pytest.approx(0, abs=1e-12)
    assert change.loc["all", ["earlier", "later"]].tolist() == pytest.approx([-0.08, -0.06])
    assert change.loc["all", "by_share"] == pytest.approx(0.02)
    assert change.loc["all", "between_people"] == pytest.approx(0, abs=1e-12)


def test_a_correlation_makes_the_change_of_every_area_narrower(town, gap):
    now, before = town(), town(seed=2, period="2021")
    wide, narrow = (gap(now, earlier=before, correlation=r) for r in (0.0, 0.5))
    both = gap(now, earlier=before, correlation=(0.5, 0.5))
    for found in (narrow, both):
        assert (found.areas["change_upper"] < wide.areas["change_upper"]).all()
        assert found.change.loc["others", "lower"] > wide.change.loc["others", "lower"]
    with pytest.raises(SpecError, match="correlation"):
        gap(now, earlier=before, correlation=1.0)


@pytest.mark.parametrize(
    ("earlier", "later", "message"),
    [
        ("2024", "2024", "change needs two"),
        ("2024", "2021", "exchange"),
        ("31.12.2024", "2021-12-31", "exchange"),
        ("2019-2021", "2021-2023", "overlap"),
        ("2021", "31.12.2021", "overlap"),
    ],
)
def test_dates_that_are_equal_reversed_or_overlap_are_refused(town, gap, earlier, later, message):
    with pytest.raises(SpecError, match=message):
        gap(town(period=later), earlier=town(seed=2, period=earlier))


def test_other_areas_are_refused(town, gap):
    with pytest.raises(JoinError, match="same areas"):
        gap(town(12), earlier=town(11, period="2021"))


def test_a_group_above_all_is_refused_with_the_cell(town, gap):
    with pytest.raises(CountError, match=r"1 area has more in 'foreign' than in 'residents' \('03': 9000 of"):
        gap(with_cells(town(), "foreign", 9000.0, ["03"]))


def test_more_cases_than_persons_among_the_others_are_refused(town, gap):
    data = town()
    data = with_cells(data, "foreign", data.values.loc["03", "residents"] - 1, ["03"])
    with pytest.raises(CountError, match="among the others"):
        gap(data)


def test_shares_are_refused_and_what_to_ask_for_is_said(town):
    data = town()
    with pytest.raises(CountError, match="counted by group"):
        qa.group_gap(data, ("sgb2_rate", "foreign"), ("sgb2", "residents"), reference="others")
    with pytest.raises(ColumnError, match="ask the register for the cases and the persons of the group"):
        qa.group_gap(data, ("sgb2_of_foreign", "foreign"), ("sgb2", "residents"), reference="others")


def test_fractions_mixed_with_counts_are_refused(town, gap):
    with pytest.raises(CountError, match="more in 'foreign_sgb2' than in 'foreign'"):
        gap(with_cells(town(), "foreign", 0.34, ["03"]))


def test_others_of_the_data_have_to_add_up(town, gap):
    data = town()
    own = {"german_sgb2": data.values["sgb2"] - data.values["foreign_sgb2"]}
    own["german"] = data.values["residents"] - data.values["foreign"]
    good = town(**own)
    assert gap(good, others=("german_sgb2", "german")).city.equals(gap(good).city)
    with pytest.raises(CountError, match="'german' is not all minus the group"):
        gap(with_cells(good, "german", 1.0, ["05"]), others=("german_sgb2", "german"))


def test_one_column_is_no_pair(town):
    with pytest.raises(ArgumentError, match="two columns"):
        qa.group_gap(town(), "foreign_sgb2", ("sgb2", "residents"), reference="others")
    with pytest.raises(SpecError, match="same columns"):
        qa.group_gap(town(), ("sgb2", "residents"), ("sgb2", "residents"), reference="others")


def test_strata_stand_beside_the_crude_rates(town, gap):
    found = gap(town(), strata=STRATA)
    assert found.standardised.loc["group", "crude"] == pytest.approx(0.21)
    assert found.spec.standardised_to == "all"
    assert "Bei gleicher Altersverteilung" in found.text("de")
    with pytest.raises(SpecError, match="a standard is of strata"):
        gap(town(), standard={"0-14": 1.0})


def test_the_dumbbell_shows_group_others_and_all_with_n(town, gap):
    found = gap(town())
    chart = found.chart(lang="en")
    assert len(chart.y.bands) == 13
    assert chart.right[0].startswith("n = ")
    assert sum(isinstance(mark, Dot) for mark in chart.marks) == 3 * 13
    assert chart.order == tuple(found.names.sort_values().index)
    short = found.chart(lang="en", most=5)
    assert len(short.y.bands) == 6
    assert "5 of 12" in short.note


def test_two_dates_are_two_lines_with_bands(town, gap):
    found = gap(town(), earlier=town(seed=2, period="2021"))
    chart = found.chart("lines")
    bands = [mark for mark in chart.marks if isinstance(mark, Line) and mark.fill]
    assert len(bands) == 2
    assert chart.rows[0][1:] == tuple(
        f"{100 * part.known()['x_group'].sum() / part.known()['n_group'].sum():.1f}".replace(".", ",") + "\u202f%"
        for part in (found.earlier, found.counts)
    )
    with pytest.raises(SpecError, match="two dates"):
        gap(town()).chart("lines")


def test_the_result_shows_itself(town, gap):
    found = gap(town())
    assert "foreign against others" in repr(found)
    assert "<img" in found._repr_html_()
    assert found.table.equals(found.city)
