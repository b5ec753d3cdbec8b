"""Periods as towns write them: which days they are, and which follow one another."""

from __future__ import annotations

import pytest

from quartiersatlas.errors import SpecError
from quartiersatlas.indicators.periods import period_span, refuse_no_course, years_between


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("2024", "2024-01-01", "2024-12-31"),
        ("2019 bis 2021", "2019-01-01", "2021-12-31"),
        ("2019/2021", "2019-01-01", "2021-12-31"),
        ("2023/24", "2023-08-01", "2024-07-31"),
        ("2023/2024", "2023-08-01", "2024-07-31"),
        ("1999/00", "1999-08-01", "2000-07-31"),
        ("1. 3. 2024", "2024-03-01", "2024-03-01"),
    ],
)
def test_days_of_a_period(period, first, last):
    assert [f"{day:%Y-%m-%d}" for day in period_span(period)] == [first, last]


@pytest.mark.parametrize("period", ["2024-2019", "0000", "2024-02-30", "2023/25", "Winter", ""])
def test_what_is_no_period(period):
    assert period_span(period) is None


def test_school_years_follow_one_another():
    refuse_no_course(["2022/23", "2023/24"], "change")
    assert years_between("2021/22", "2023/24", "change") == pytest.approx(2, abs=0.01)
    with pytest.raises(SpecError, match="overlap"):
        refuse_no_course(["2022/23", "2023"], "change")
