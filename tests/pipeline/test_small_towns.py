"""Every verb after the first map in towns of 3 to 14 areas: an answer, or a refusal that says what is missing."""

from __future__ import annotations

import re

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


# --- verb by size of the town -----------------------------------------------------------------------------------------

SAFE = pd.DataFrame({"yes": np.tile([1, 0, 1, 1], 10)})
MEASURE = {
    "measure_id": "M1", "name": "Café", "lead": "VHS", "fields": "social", "aim": "Teilhabe", "status": "running",
    "scope": "area", "areas": "00", "updated": "2024-06-30", "end": "dauerhaft",
}  # fmt: skip
Z_SPEC = {
    "id": "t",
    "source": "t",
    "axes": [
        {
            "id": "status", "label_de": "S", "label_en": "S", "aggregate": "sum",
            "normalise": {"method": "z", "ddof": 1}, "indicators": [{"id": "sgb2_rate"}],
            "classes": [
                {"id": "low", "upper": 1.5, "label_de": "niedrig", "label_en": "low"},
                {"id": "high", "label_de": "hoch", "label_en": "high"},
            ],
        }
    ],
}  # fmt: skip


def gap_of(before, data):
    pairs = {"group": ("poor_group", "group"), "all": ("poor", "residents")}
    return qa.group_gap(data, **pairs, reference="others", earlier=before)


def points_of(data):
    return gpd.GeoDataFrame(geometry=list(data.areas.geometry.centroid[:2]), crs=data.areas.crs)


def reached(data):
    with pytest.warns(UserWarning, match="centres"):
        return str(qa.access(data, points_of(data), [500], population="residents"))


def exposed(data):
    noise = gpd.GeoDataFrame({"db": [55]}, geometry=[shapely.box(0, 0, 1500, 500)], crs=data.areas.crs)
    return str(qa.exposure(data, noise, [55], level="db", population="residents"))


def burdened(data):
    classes = pd.Series(["low", "high"] * 7, dtype=object)[: len(data.areas)].set_axis(data.areas.index)
    noise = pd.Series(np.arange(float(len(data.areas))), index=data.areas.index)
    return qa.burden(classes, {"Lärm": noise}, classes=["low", "high"]).text("de")


def asked(data):
    frame = pd.concat([SAFE.assign(area=key) for key in data.areas.index])
    return qa.survey_rates(frame, name="safe", area="area", answer="yes").text("de")


def compared_inside(data):
    blocks = pd.DataFrame(
        {"area": np.repeat(data.areas.index.to_numpy(), 4), "x": [60.0, 5, 20, 20] * len(data.areas), "n": 100.0}
    )
    return qa.within_area(blocks, ("x", "n"), area="area").text("de")


def covered(data):
    needy = qa.screen(data, qa.above("sgb2_rate", 12))
    register = qa.read_measures({"massnahmen": pd.DataFrame([MEASURE])})
    return qa.coverage(register, {"social": needy}, on="2024-12-31", data=data).text("de")


def scored(data):
    """|z| is at most (k - 1) / sqrt(k): of 3 areas none is ever beyond 1.5."""
    with pytest.warns(UserWarning, match=f"over {len(data.areas)} areas only"):
        classes = qa.need_index(data, qa.NeedSpec.from_dict(Z_SPEC)).classes
    if (len(data.areas) - 1) / len(data.areas) ** 0.5 <= 1.5:
        assert classes["status"].eq("low").all()
    return str(classes)


# what is said in a town of 3, 4, 6 and 14 areas: a part of the answer, or of the refusal
VERBS = {
    "group_gap": (lambda then, now: gap_of(then, now).text("de"), "Abstand", ""),
    "change": (lambda then, now: qa.change(then, now, indicators="sgb2_rate").text("de"), "gegen die Entwicklung", ""),
    "transitions by limits": (
        lambda then, now: str(qa.change(then, now, indicators="sgb2_rate").transitions([10, 15]).table),
        "class_earlier",
        "",
    ),
    "transitions by quantiles": (
        lambda then, now: qa.change(then, now, indicators="sgb2_rate").transitions(4),
        "",
        r"too few for classes by quantiles.*transitions\(\[10, 20, 30\]\)",
    ),
    "break_report": (lambda then, now: qa.break_report(then, now).text("de"), "gleich definiert", ""),
    "within_area": (lambda _, now: compared_inside(now), "enthält Blöcke", ""),
    "survey_rates": (lambda _, now: asked(now), "Befragte", ""),
    "access": (lambda _, now: reached(now), "Distance from the centres", ""),
    "exposure": (lambda _, now: exposed(now), "55 and above", ""),
    "burden": (lambda _, now: burdened(now), "sagt ein Grenzwert aus den Gebieten selbst wenig", ""),
    "coverage": (lambda _, now: covered(now), "Maßnahme", ""),
    "stocktaking": (lambda _, now: qa.stocktaking(now, on="2024-12-31").text("de"), "Unterschiede ab etwa", ""),
    "tender_text": (lambda _, now: qa.tender_text(now), "Leistungsbeschreibung", ""),
    "need_index": (lambda _, now: scored(now), "status", ""),
    "hotspot": (lambda _, now: qa.screen(now, qa.hotspot("sgb2_rate")), "", "too few for quantiles"),
}


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_answers_or_says_why_not(both, verb):
    call, answer, refusal = VERBS[verb]
    if refusal:
        with pytest.raises(SpecError, match=refusal):
            call(*both)
        return
    said = call(*both)
    assert answer in said
    assert not re.search(r"\bnan\b|\binf\b|Rang\b", said)
