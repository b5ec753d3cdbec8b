"""Every verb after the first map in towns of 3 to 14 areas: an answer, or a refusal that says what is missing."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import SpecError

SIZES = (3, 4, 6, 14)
WORDS = {"title": "T", "source": "S", "as_of": "2024-12-31", "comment": "C"}


def town(k, period="2024", seed=1):
    """A town whose first area is three times as large; the group is a part of all."""
    rng = np.random.default_rng(seed)
    n = rng.integers(400, 4000, k).astype(float)
    n[0] *= 3
    keys = [f"{i:02d}" for i in range(k)]
    shapes = [shapely.box(1000 * (i % 4), 1000 * (i // 4), 1000 * (i % 4 + 1), 1000 * (i // 4 + 1)) for i in range(k)]
    areas = gpd.GeoDataFrame(
        {"name": [f"Ort {i}" for i in range(k)], "gemeinde": ["A" if i < k / 2 else "B" for i in range(k)]},
        index=keys,
        geometry=shapes,
        crs="EPSG:25832",
    )
    p = rng.uniform(0.08, 0.25, k)
    poor, group = rng.binomial(n.astype(int), p).astype(float), np.floor(n * rng.uniform(0.1, 0.4, k))
    poor_group = np.minimum(rng.binomial(group.astype(int), 1.4 * p).astype(float), poor)
    table = pd.DataFrame({"residents": n, "poor": poor, "group": group, "poor_group": poor_group}, index=keys)
    data = qa.join(areas, table, population="residents", period=period)
    return qa.add_rates(data, {"sgb2_rate": ("poor", "residents")})


@pytest.fixture(scope="module", params=SIZES)
def both(request):
    return town(request.param, "2021", 2), town(request.param)


def test_gap_change_and_lists_answer_and_leave(both, tmp_path):
    earlier, data = both
    gap = qa.group_gap(
        data,
        group=("poor_group", "group"),
        all=("poor", "residents"),
        reference="others",
        earlier=earlier,
        name="gap",
    )
    assert len(gap.areas) == len(data.areas)
    said = qa.change(earlier, data, indicators="sgb2_rate").text("de")
    assert f"Geprüft wurde {len(data.areas)}-mal" in said
    rule = qa.above("sgb2_rate", than="gemeinde")  # the city would be two municipalities together: that warns
    shortlist = qa.screen(data, rule)
    assert qa.compare_lists(qa.screen(earlier, rule), shortlist).counts.sum() == len(data.areas)
    candidates = qa.candidate_areas(data, shortlist, min_population=100, by="gemeinde")
    release = qa.release(data, shortlist=shortlist, candidates=candidates, gaps=gap, **WORDS)
    assert release.audit().ok
    members = release.members.dropna()
    assert data.areas.loc[members.index, "gemeinde"].groupby(members).nunique().max() == 1  # never across a border
    qa.dossier(release, str(release.candidates.index[0]), tmp_path / "dossier", document="html")
    store = qa.monitor(tmp_path / "store", format="csv")
    for year in (earlier, data):
        found = store.add(year)
        if found.asked:
            found.accept(reason="checked", by="office")
    assert qa.monitor_report(store, release, tmp_path / "report.html").is_file()


def test_models_need_ten_areas(both):
    _, data = both
    answers = pd.DataFrame(
        {"area": np.repeat(data.areas.index.to_numpy(), 40), "yes": np.tile([1, 0, 1, 1], 10 * len(data.areas))}
    )
    model = qa.survey_rates(answers, name="safe", answer="yes", covariates=data.values[["sgb2_rate"]]).model
    assert (model is not None and bool(model.covariates)) == (len(data.areas) >= 10)


def test_twins_and_funded_areas_say_what_is_missing(both):
    _, data = both
    if len(data.areas) < 10:
        with pytest.raises(SpecError, match="too few"):
            qa.twins(data, "00", indicators=["sgb2_rate"], seed=1)
    years = {year: town(len(data.areas), str(year), year) for year in range(2017, 2024)}
    with pytest.raises(SpecError, match="at least 10 and 60"):
        qa.compare_funded(years, ["00"], outcome="sgb2_rate", selected=2020, selected_on="level", bordering=[])


def test_a_large_area_is_held_against_the_rest(both):
    """More than a fifth of the residents: the town's value contains it."""
    _, data = both
    found = qa.compare_with_rest(data, ["sgb2_rate"]).set_index("key")
    poor, residents = data.values["poor"], data.values["residents"]
    rest = 100 * (poor.sum() - poor) / (residents.sum() - residents)
    assert found["rest"].to_dict() == pytest.approx(rest.to_dict())
    assert found["ratio"].to_dict() == pytest.approx((100 * poor / residents / rest).to_dict())
