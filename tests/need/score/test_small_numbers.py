from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import SpecError

PAIRS = {"poverty": ("poor", "residents"), "help": ("helped", "residents")}


def spec(*names, min_population=100):
    indicators = [{"id": name, "label_de": name, "label_en": name} for name in names]
    classes = [{"id": "all", "label_de": "alle", "label_en": "all"}]
    axis = {"id": "need", "indicators": indicators, "classes": classes, "standardise": {"method": "z"}}
    return qa.NeedSpec.from_dict({"id": "test", "source": "test", "min_population": min_population, "axes": [axis]})


@pytest.fixture
def dates(joined):
    """Give seven areas at two dates: c0 is small, d0 lacks a count in 2024, nobody lives in e0."""
    help_rate = qa.Indicator(id="help", label_de="Hilfen", label_en="Help", unit="per 1000", role="index")
    catalogue = qa.Catalogue.builtin().add(help_rate)
    residents = [1000.0, 800, 50, 1200, 0, 900, 700]
    later = {"poor": [300.0, 100, 20, np.nan, 0, 80, 90], "helped": [10.0, 40, 1, 30, 0, 20, 25]}
    earlier = {"poor": [200.0, 104, 5, 100, 0, 90, 99], "helped": [10.0, 10, 1, 31, 0, 21, 19]}
    return [
        qa.add_rates(
            joined({**values, "residents": residents}, period=period, catalogue=catalogue, population="residents"),
            PAIRS,
        )
        for values, period in ((later, "2024"), (earlier, "2022"))
    ]


def need_of(data, *names):
    with pytest.warns(UserWarning, match="areas only"):
        return qa.need_index(data, spec(*names))


def test_rates_are_in_the_unit_of_the_indicator_and_of_all_areas(dates):
    data, _ = dates
    need = need_of(data, "poverty", "help")
    table = need.rates
    assert table.index.equals(need.scores.index)
    assert table.columns.names == ["indicator", "statistic"]
    assert set(need.excluded.index) == {"c0", "d0", "e0"}
    for name, (numerator, _) in PAIRS.items():
        plain = qa.rates(data.values[numerator], data.values["residents"])
        per = {"poverty": 100, "help": 1000}[name]
        columns = ["rate", "lower", "upper", "shrunken"]
        expected = (plain[columns] * per).rename(columns={"rate": "value"}).join(plain["reliability"])
        pd.testing.assert_frame_equal(table[name], expected, check_names=False)
        assert table[name, "value"].to_numpy() == pytest.approx(data.values[name].to_numpy(), nan_ok=True)
    assert table["poverty", "value"]["c0"] == 40.0  # not scored, and shown
    assert table.loc["e0"].isna().all()


def test_rates_come_from_counts_named_in_the_spec_too():
    frame = pd.DataFrame({"poor": [30.0, 10, 20, 25], "residents": [100.0, 200, 100, 150]}, index=list("abcd"))
    counted = qa.NeedSpec.from_dict(
        {
            "id": "test",
            "source": "test",
            "min_population": 0,
            "axes": [
                {
                    "id": "need",
                    "indicators": [{"id": "sgb2_rate", "numerator": "poor", "denominator": "residents"}],
                    "classes": [{"id": "all", "label_de": "alle", "label_en": "all"}],
                }
            ],
        }
    )
    with pytest.warns(UserWarning, match="areas only"):
        need = qa.need_index(frame, counted)
    assert need.rates["sgb2_rate", "value"].tolist() == pytest.approx([30.0, 5.0, 20.0, 50 / 3])
    with pytest.raises(SpecError, match="No indicator is a change with the counts of both dates"):
        need.change_test()


def test_changes_are_tested_in_the_unit_of_the_indicator_and_for_all_areas(dates):
    data = qa.add_change(*dates, ["poverty", "help"])
    need = need_of(data, "help", "help_change", "poverty_change")
    table = need.change_test(correlation=0.6)
    assert list(table.columns.levels[0].sort_values()) == ["help_change", "poverty_change"]
    assert table.index.equals(need.scores.index)
    row = table.loc["a0", "poverty_change"]
    assert row["change"] == pytest.approx(10.0)
    assert row["significant"]
    assert table["help_change", "change"]["b0"] == pytest.approx(37.5)  # per 1000
    later, earlier = dates
    plain = qa.rate_change(
        (earlier.values["poor"], earlier.values["residents"]),
        (later.values["poor"], later.values["residents"]),
        correlation=0.6,
    )
    in_percent = plain.assign(**(plain[["change", "lower", "upper"]] * 100))
    pd.testing.assert_frame_equal(table["poverty_change"], in_percent, check_names=False)
    values = need.inputs.values["poverty_change"]
    assert table["poverty_change", "change"].to_numpy() == pytest.approx(values.to_numpy(), nan_ok=True)
    assert table["poverty_change", "significant"].isna().tolist() == [False, False, False, True, True, False, False]
    assert list(need.rates.columns.levels[0]) == ["help"]


def test_the_tables_follow_the_order_of_the_areas(dates):
    data = qa.add_change(*dates, ["poverty", "help"])
    need = need_of(data, "help", "help_change")
    turned = need.on(need.scores.index[::-1])
    pd.testing.assert_frame_equal(turned.change_test(), need.change_test().iloc[::-1])
    # the moments are sums over areas: another order is another last digit
    pd.testing.assert_frame_equal(turned.rates, need.rates.iloc[::-1], rtol=1e-12)


def test_without_counts_the_error_names_the_repair():
    frame = pd.DataFrame({"share": [1.0, 2, 3, 5]}, index=list("abcd"))
    with pytest.warns(UserWarning, match="areas only"):
        need = qa.need_index(frame, spec("share", min_population=0))
    with pytest.raises(SpecError, match=r"No indicator is a rate with counts.*add_rates"):
        _ = need.rates
    with pytest.raises(SpecError, match=r"nothing to test.*add_change"):
        need.change_test()


def test_a_correlation_out_of_range_is_refused(dates):
    need = need_of(qa.add_change(*dates, ["help"]), "help", "help_change")
    with pytest.raises(SpecError, match="a correlation in"):
        need.change_test(correlation=1.0)
