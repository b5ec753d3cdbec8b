"""The register and the need that the known answers are about: made-up counts of a prototype, on 2026-11-30."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa

ON = "2026-11-30"
COLUMNS = [
    "measure_id",
    "name",
    "fields",
    "bundle",
    "scope",
    "areas",
    "lead",
    "status",
    "begin",
    "end",
    "priority",
    "cost",
]
ROWS = [
    "M01;Sprachcafé Nord;education;language;area;N1;Volkshochschule;running;2024-01-01;2026-12-31;hoch;24000",
    "M02;Stadtteilmütter;social;counselling;area;N1|N2;Jugendamt;running;2023-03-01;2027-02-28;hoch;60000",
    "M03;Welcome Center;administration;admin_opening;city;;Hauptamt;planned;2027-01-01;2029-12-31;mittel;120000",
    "M04;Spielplatz West;building_housing;public_space;area;W1;Grünflächenamt;done;2022-04-01;2023-10-31;niedrig;80000",
    "M05;Job-Lotsen;economy_jobs;jobs_access;area;N2;Jobcenter;running;2025-01-01;2025-12-31;hoch;45000",
    "M06;Sportverein;culture_sport;culture_access;area;S1;Sportamt;running;2026-01-01;2027-12-31;mittel;",
    "M07;Wohnhof Süd;building_housing;housing_conditions;area;S1;Bauamt;running;2026-02-01;2027-06-30;niedrig;90000",
    "M08;Lernhaus;education;education_facilities;area;W1;Schulamt;idea;;;hoch;",
]
FUNDING = [
    ("M01", "STÄRKEN", 18000.0, "2026-06-30"),
    ("M02", "Sozialer Zusammenhalt", 60000.0, "2027-02-28"),
    ("M04", "Lebendige Zentren", 53333.0, "2023-12-31"),
    ("M05", "BIWAQ", 40500.0, "2025-12-31"),
    ("M07", "Sozialer Zusammenhalt", 60000.0, "2028-12-31"),
]
NEED = [
    ("N1", "education", True, 3000, 900),
    ("N1", "social", True, 3000, 1200),
    ("N1", "economy_jobs", True, 3000, 700),
    ("N2", "social", True, 2000, 800),
    ("N2", "economy_jobs", True, 2000, 600),
    ("W1", "education", True, 1500, 300),
    ("S1", "building_housing", False, 1800, 0),
    ("N2", "education", None, 2000, None),
    ("N1", "administration", True, 3000, 1000),
]


@pytest.fixture
def frames():
    measures = pd.DataFrame([row.split(";") for row in ROWS], columns=COLUMNS).assign(aim="Teilhabe", updated=ON)
    funding = pd.DataFrame(FUNDING, columns=["measure_id", "programme", "sum_eur", "end"]).assign(state="granted")
    return {"massnahmen": measures, "foerderung": funding}


@pytest.fixture
def register(frames):
    return qa.read_measures(frames)


@pytest.fixture
def need():
    return pd.DataFrame(NEED, columns=["area", "field", "need", "residents", "in_need"])


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
