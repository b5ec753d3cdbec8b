"""A city with a name is called by it: no sentence and no picture says "the city" in its place."""

from __future__ import annotations

import re

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa

UNNAMED = re.compile(r"\b(?:[Cc]ity|Stadt|Gesamtstadt|Stadtwert)\b")
N = 24


@pytest.fixture(scope="module")
def town():
    """Return joined data of 24 squares in Leeds, with a rate and a group."""
    rng = np.random.default_rng(5)
    keys = [f"{i:02d}" for i in range(N)]
    shapes = [shapely.box(1000 * (i % 6), 1000 * (i // 6), 1000 * (i % 6 + 1), 1000 * (i // 6 + 1)) for i in range(N)]
    areas = gpd.GeoDataFrame({"name": [f"Ward {k}" for k in keys]}, index=keys, geometry=shapes, crs="EPSG:25832")
    residents = rng.integers(900, 3000, N).astype(float)
    born_abroad = np.floor(residents * rng.uniform(0.1, 0.4, N))
    poor_abroad = np.floor(born_abroad * rng.uniform(0.2, 0.4, N))
    table = pd.DataFrame(
        {
            "residents": residents,
            "abroad": born_abroad,
            "poor_abroad": poor_abroad,
            "poor": poor_abroad + np.floor((residents - born_abroad) * rng.uniform(0.05, 0.2, N)),
        },
        index=keys,
    )
    data = qa.join(areas, table, population="residents", period="2024", city="Leeds")
    return qa.add_rates(data, {"poverty": ("poor", "residents"), "abroad_share": ("abroad", "residents")})


def cells(data):
    """Return a cell with residents in every area."""
    return gpd.GeoDataFrame(
        {"persons": data.values["residents"], "district": ["N", "S"] * (N // 2), "cases": data.values["poor"]},
        geometry=data.areas.centroid,
    )


def survey(data):
    asked = pd.DataFrame({"Gebiet": data.areas.index, "Befragte": 60, "davon Zustimmung": [20 + i for i in range(N)]})
    return qa.survey_rates(
        asked, name="safe", label_en="Feels safe", label_de="Sicher", covariates=data.values[["poverty"]], city="Leeds"
    )


def reach(data):
    stops = gpd.GeoDataFrame(geometry=shapely.points([[2500, 2500]]), index=["stop"], crs="EPSG:25832")
    return qa.access(cells(data), stops, [500, 2000], population="persons", areas=data)


def noise(data):
    loud = gpd.GeoDataFrame({"level": [60]}, geometry=[shapely.box(0, 0, 2000, 2000)], crs="EPSG:25832")
    return qa.exposure(cells(data), loud, [55], population="persons", areas=data, how="centre")


def inside(data):
    north = data.areas.assign(district=["N", "S"] * (N // 2))
    units = qa.join(north, data.values[["poor", "residents"]], population="residents", city="Leeds")
    return qa.within_area(qa.add_rates(units, {"poverty": ("poor", "residents")}), "poverty", area="district")


def gap(data):
    return qa.group_gap(data, ("poor_abroad", "abroad"), ("poor", "residents"), reference="others")


def words_of(chart):
    """Return everything that a chart says."""
    ticks = [label for axis in (chart.x, chart.y) for _, label in (axis.ticks or ())]
    rows = [cell for row in chart.rows for cell in row]
    marks = [getattr(mark, "text", "") for mark in chart.marks]
    bands = [*chart.x.bands, *chart.y.bands, chart.x.label, chart.y.label]
    return " | ".join([chart.title, chart.alt, chart.note, *ticks, *rows, *marks, *bands, *chart.head, *chart.right])


@pytest.mark.parametrize("lang", ["de", "en"])
@pytest.mark.parametrize("result", [survey, reach, noise, inside, gap], ids=lambda one: one.__name__)
def test_results_call_the_city_by_its_name(town, result, lang):
    found = result(town)
    said = [found.text(lang)] + ([words_of(found.chart(lang=lang))] if hasattr(found, "chart") else [])
    assert "Leeds" in " ".join(said)
    assert not UNNAMED.search(" ".join(said))


@pytest.mark.parametrize("lang", ["de", "en"])
def test_pictures_of_segregation_call_the_city_by_its_name(town, lang):
    seg = qa.measure_segregation(town, ["abroad"])
    for kind in ("location_quotients", "segplot"):
        said = words_of(seg.chart(kind, lang))
        assert "Leeds" in said, kind
        assert not UNNAMED.search(said), kind


@pytest.mark.parametrize("lang", ["de", "en"])
@pytest.mark.filterwarnings("ignore:Only the definition")
def test_a_profile_calls_the_city_by_its_name(town, lang):
    release = qa.release(town, title="T", source="Q", as_of="2024-12-31", comment="K")
    said = qa.profile(release, "07", lang=lang).markdown()
    assert "Leeds" in said
    assert not UNNAMED.search(said)
