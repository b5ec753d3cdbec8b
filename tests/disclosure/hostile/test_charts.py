"""A hostile reader of charts: from the record of none of them does a withheld count, rate or rank follow."""

from __future__ import annotations

import json
import re
import warnings
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import SpecError
from quartiersatlas.present import pictures
from quartiersatlas.present.map.payload import map_json

KEYS = [f"{i:02}" for i in range(40)]
RULES = {
    "id": "t",
    "source": "t",
    "axes": [
        {
            "id": "status",
            "label_de": "Status",
            "label_en": "Status",
            "standardise": {"method": "z"},
            "classes": [
                {"id": "low", "upper": 0, "label_de": "niedrig", "label_en": "low"},
                {"id": "high", "label_de": "hoch", "label_en": "high"},
            ],
            "indicators": [{"id": "sgb2_rate"}, {"id": "child_poverty_u15"}],
        }
    ],
}


@pytest.fixture(scope="module")
def at():
    """Return a function: a date and secret counts by key -> the release of a city of forty areas in four districts."""

    def make(as_of, shift=0, **secret):
        draws = np.random.default_rng(3)
        n = len(KEYS)
        table = pd.DataFrame(
            {
                "residents": draws.integers(1500, 4000, n).astype(float),
                "recipients": draws.integers(90, 400, n) + shift,
                "under_65": 1200.0,
                "poor": draws.integers(30, 120, n).astype(float),
                "children": 300.0,
            },
            index=pd.Index(KEYS, name="key"),
        ).astype(float)
        for key, count in secret.items():
            table.loc[key.removeprefix("k"), "recipients"] = count
        areas = gpd.GeoDataFrame(
            {"name": [f"Ort {key}" for key in KEYS], "bezirk": [f"Bezirk {int(key) // 10}" for key in KEYS]},
            index=table.index,
            geometry=[
                shapely.box(500 * (i % 8), 500 * (i // 8), 500 * (i % 8) + 500, 500 * (i // 8) + 500) for i in range(n)
            ],
            crs="EPSG:25832",
        )
        data = qa.add_rates(
            qa.join(areas, table), {"sgb2_rate": ("recipients", "under_65"), "child_poverty_u15": ("poor", "children")}
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            need = qa.need_index(data, qa.NeedSpec.from_dict(RULES))
            shortlist = qa.screen(data, qa.worst_share("sgb2_rate", 0.2), need=need)
            return qa.release(
                data, need=need, shortlist=shortlist, title="T", source="Q", as_of=as_of, comment="K"
            )  # fmt: skip

    return make


def every_chart(release, earlier):
    """Return the record of every chart that can be drawn of releases, of every area."""
    numbers = [column.id for column in pictures.profile_columns(release)]
    calls = [
        *((pictures.legend_histogram, release, name) for name in numbers),
        *((pictures.scatter, release, name) for name in numbers),
        *((pictures.time_line, release, earlier, name) for name in numbers),
        (pictures.certainty, release),
        (pictures.contributions, release),
        *((pictures.class_moves, release, part) for part in earlier),
    ]
    for key in release.areas.index:
        calls += [(pictures.spine_profile, release, key), (pictures.contributions, release, "de", [key])]
        calls += [(pictures.time_line, release, earlier, name, "de", key) for name in numbers]
    found = []
    for call, *arguments in calls:
        try:
            found.append(call(*arguments))
        except SpecError:  # nothing of the kind is released
            continue
    return found


def test_a_secret_one_looks_like_a_secret_two_in_every_chart(at):
    first, second = (
        [json.dumps(chart.to_json()) for chart in every_chart(at("2024", k05=count), [at("2022", 7, k17=count)])]
        for count in (1, 2)
    )
    assert len(first) > 120
    assert first == second


def test_the_page_that_draws_them_is_the_same_too(at):
    pages = [map_json(at("2024", k05=count), "de", None, [at("2022", 7, k17=count)]) for count in (1, 2)]
    assert pages[0] == pages[1]


def test_a_withheld_value_stands_in_no_chart_and_its_area_in_no_order(at):
    release = at("2024", k05=1)
    earlier = [at("2022", 7, k17=1)]
    hidden = release.values["sgb2_rate"].index[release.values["sgb2_rate"].isna()]
    assert "05" in hidden
    for chart in every_chart(release, earlier):
        if chart.id in ("histogram", "scatter") and "SGB-II-Quote" in chart.title + chart.x.label + chart.y.label:
            assert not set(chart.order) & set(hidden)
            assert not {mark.area for mark in chart.marks} & set(hidden)


def test_no_district_line_has_a_hidden_member(at):
    release, earlier = at("2024", k05=1), [at("2022", 7)]
    line = {row[0]: row[1:] for row in pictures.time_line(release, earlier, "sgb2_rate", "de", "01").rows}
    assert re.fullmatch(r"\d+,\d\s%", line["Bezirk 0"][0])
    assert line["Bezirk 0"][1] == "n. a."  # ten areas less nine would be the tenth
    spine = pictures.spine_profile(release, "01")
    assert spine.rows[0][3] == "n. a."


def test_residents_of_a_class_or_cell_are_told_only_where_each_area_tells_them(at):
    release = at("2024")
    hidden = release.residents.copy()
    hidden["07"] = np.nan
    less = replace(release, residents=hidden)
    told = [row[2] for row in pictures.legend_histogram(less, "sgb2_rate").rows]
    assert told.count("n. a.") == 1
    moves = pictures.class_moves(less, at("2022", 7))
    everywhere = pictures.class_moves(release, at("2022", 7))
    said = [[m.text for m in chart.marks if m.kind == "text" and "Einw" in m.text] for chart in (moves, everywhere)]
    assert len(said[0]) == len(said[1]) - 1


def test_no_chart_of_a_public_release_has_ranks(at):
    charts = every_chart(at("2024"), [at("2022", 7)])
    assert not any("rank" in chart.id for chart in charts)
    (listed,) = [chart for chart in charts if chart.id == "contributions" and len(chart.order) > 1]
    assert list(listed.y.bands) == sorted(listed.y.bands)
    assert not any(re.search(r"\bRang\b", json.dumps(chart.to_json(), ensure_ascii=False)) for chart in charts)
