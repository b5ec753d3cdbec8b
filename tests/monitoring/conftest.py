from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa


@pytest.fixture
def year(joined):
    """Build one date of a city: poor of residents, and the rate of both."""

    def build(poor, residents, period, rate="poverty", **options):
        data = joined({"poor": poor, "residents": residents}, period=period, population="residents", **options)
        return qa.add_rates(data, {rate: ("poor", "residents")})

    return build


@pytest.fixture
def drawn_years(year):
    """Draw dates of a city of so many areas; the first ones move by so much between the dates."""

    def build(n=20, *, periods=("2018", "2021", "2024"), moved=0, by=0.0, seed=1, people=(300, 1500)):
        draws = np.random.default_rng(seed)
        residents = draws.integers(*people, n).astype(float)
        rate = draws.uniform(0.1, 0.35, n)
        shift = np.where(np.arange(n) < moved, by, 0.0)
        return [
            year(draws.binomial(residents.astype(int), rate + k * shift).astype(float), residents, period)
            for k, period in enumerate(periods)
        ]

    return build


@pytest.fixture
def table_of():
    """Give the table of a chart as a frame."""

    def build(chart):
        return pd.DataFrame(chart.rows, columns=chart.head)

    return build
