from __future__ import annotations

import numpy as np
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, JoinError, SpecError


@pytest.fixture
def two_dates(joined):
    later = joined({"mh": [30.0, np.nan, 10], "residents": [100.0, 100, 100]}, period="2024")
    earlier = joined({"mh": [20.0, 20, np.nan], "residents": [200.0, 100, 100]}, period="2022")
    pairs = {"mh_share": ("mh", "residents")}
    return qa.add_rates(later, pairs), qa.add_rates(earlier, pairs)


def test_change_is_in_percentage_points_and_unknown_where_one_date_is(two_dates):
    data = qa.add_change(*two_dates, ["mh_share"])
    assert data.values["mh_share_change"].tolist() == pytest.approx([20.0, np.nan, np.nan], nan_ok=True)
    assert data.status["mh_share_change"].tolist() == ["value", "missing", "missing"]


def test_the_reports_of_both_dates_are_kept(two_dates):
    assert len(qa.add_change(*two_dates, ["mh_share"]).reports) == 2


def test_other_areas_the_same_date_and_unknown_indicators_are_refused(two_dates, joined):
    later, earlier = two_dates
    other = joined({"mh": [1.0, 2], "residents": [10.0, 10]}, period="2020")
    with pytest.raises(JoinError, match="not on the same areas"):
        qa.add_change(later, other, ["mh"])
    with pytest.raises(SpecError, match="a change needs two"):
        qa.add_change(later, later, ["mh_share"])
    with pytest.raises(ColumnError, match="The later data has no column 'poverty'"):
        qa.add_change(later, earlier, ["poverty"])


def test_the_same_areas_in_another_order_are_the_same_areas(two_dates):
    later, earlier = two_dates
    turned = qa.add_rates(
        qa.join(earlier.areas.iloc[::-1], earlier.values[["mh", "residents"]], period="2022"), later.rates
    )
    data = qa.add_change(later, turned, ["mh_share"])
    assert data.values["mh_share_change"].tolist() == pytest.approx([20.0, np.nan, np.nan], nan_ok=True)


def test_dates_of_two_declared_vintages_are_not_subtracted(joined):
    later = joined({"poor": [30.0, 26.0], "residents": [100.0, 100.0]}, period="2021", vintage="2021")
    earlier = joined({"poor": [20.0, 26.0], "residents": [100.0, 100.0]}, period="2011", vintage="2011")
    with pytest.raises(JoinError, match=r"keys of the later data are of 2021 .* of the earlier data are of 2011"):
        qa.add_change(later, earlier, ["poor"])
