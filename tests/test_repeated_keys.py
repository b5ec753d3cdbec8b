"""An area is one row: every public verb that takes a frame or a Series on keys refuses one that is there twice."""

from dataclasses import replace
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import JoinError, KeyColumnError, QuartiersatlasError, SpecError

KEYS = [f"0{i}" for i in range(6)]
ONCE = pd.DataFrame(
    {
        "mh": [5.0, 9, 12, 30, 8, 21],
        "rest": [60.0, 70, 44, 51, 90, 33],
        "residents": [65.0, 79, 56, 81, 98, 54],
        "district": ["A", "A", "A", "B", "B", "B"],
        "region": "R",
        "level": ["low", "low", "high", "high", "low", "high"],
    },
    index=pd.Index(KEYS, name="key"),
)
AREAS = gpd.GeoDataFrame(
    {"name": KEYS},
    index=ONCE.index,
    geometry=[shapely.box(x, 5_800_000, x + 1000, 5_801_000) for x in range(380_000, 386_000, 1000)],
    crs="EPSG:25833",
)
TWICE, TWICE_AREAS = (pd.concat([frame, frame.iloc[[2]]]) for frame in (ONCE, AREAS))
POINTS = gpd.GeoDataFrame({"residents": ONCE["residents"], "area": KEYS}, geometry=AREAS.centroid, crs=AREAS.crs)
ANSWERS = pd.DataFrame({"area": KEYS * 4, "yes": [1, 0] * 12})
MEMBERS = [{"id": "share", "numerator": "mh", "denominator": "residents"}]
CLASSES = [{"id": "all", "label_de": "alle", "label_en": "all"}]
AXIS = {"id": "status", "standardise": {"method": "z"}, "indicators": MEMBERS, "classes": CLASSES}
SPEC = qa.NeedSpec.from_dict({"id": "one", "source": "none", "min_population": 0, "axes": [AXIS]})
PAIRS = pd.DataFrame({"from": KEYS, "to": "X", "weight": 1.0})
DATES = {"classes": ["low", "high"], "definitions": ("same", "same"), "dates": ("2021", "2024")}

VERBS: dict[str, Any] = {
    "measure_segregation": lambda: qa.measure_segregation(TWICE, ["mh"], population="residents"),
    "decompose": lambda: qa.decompose(TWICE, ["mh", "rest"], "district"),
    "scale_table": lambda: qa.scale_table(TWICE, ["mh"], ["district"], population="residents"),
    "segregation_change: earlier": lambda: qa.segregation_change(TWICE, ONCE, ["mh", "rest"]),
    "segregation_change: later": lambda: qa.segregation_change(ONCE, TWICE, ["mh", "rest"]),
    "need_index": lambda: qa.need_index(TWICE, SPEC),
    "burden: need": lambda: qa.burden(TWICE["level"], {"Noise": ONCE["mh"]}, classes=["low", "high"]),
    "burden: burdens": lambda: qa.burden(ONCE["level"], {"Noise": TWICE["mh"]}, classes=["low", "high"]),
    "burden: residents": lambda: qa.burden(
        ONCE["level"], {"Noise": ONCE["mh"]}, classes=["low", "high"], residents=TWICE["residents"]
    ),
    "class_transition": lambda: qa.class_transition(ONCE["level"], TWICE["level"], **DATES),
    "class_transition: residents": lambda: qa.class_transition(
        ONCE["level"], ONCE["level"], residents=TWICE["residents"], **DATES
    ),
    "rates": lambda: qa.rates(TWICE["mh"], TWICE["residents"]),
    "city_value": lambda: qa.city_value(TWICE["mh"], TWICE["residents"]),
    "rate_change": lambda: qa.rate_change((TWICE["mh"], TWICE["residents"]), (TWICE["rest"], TWICE["residents"])),
    "survey_rates: residents": lambda: qa.survey_rates(ANSWERS, name="yes", answer="yes", residents=TWICE["residents"]),
    "survey_rates: covariates": lambda: qa.survey_rates(
        ANSWERS, name="yes", answer="yes", residents=ONCE["residents"], covariates=TWICE[["rest"]]
    ),
    "within_area": lambda: qa.within_area(TWICE, ("mh", "residents"), area="district"),
    "transfer": lambda: qa.transfer(TWICE[["mh"]], PAIRS, counts=["mh"]),
    "transfer: crosswalk": lambda: qa.transfer(ONCE[["mh"]], pd.concat([PAIRS, PAIRS.iloc[[2]]]), counts=["mh"]),
    "transfer_by_area": lambda: qa.transfer_by_area(TWICE[["mh"]], AREAS, AREAS, counts=["mh"]),
    "transfer_by_area: from_areas": lambda: qa.transfer_by_area(ONCE[["mh"]], TWICE_AREAS, AREAS, counts=["mh"]),
    "transfer_by_area: to_areas": lambda: qa.transfer_by_area(ONCE[["mh"]], AREAS, TWICE_AREAS, counts=["mh"]),
    "grid_to_areas": lambda: qa.grid_to_areas(
        pd.DataFrame({"x": [380_000], "y": [5_800_000], "mh": [1.0]}),
        TWICE_AREAS,
        crs="EPSG:25833",
        cell_size=100,
        counts=["mh"],
    ),
    "access: areas": lambda: qa.access(POINTS, POINTS.iloc[:1], population="residents", area="area", areas=TWICE_AREAS),
    "exposure: areas": lambda: qa.exposure(
        POINTS, AREAS.iloc[:1].assign(level=60.0), [50.0], population="residents", area="area", areas=TWICE_AREAS
    ),
    "neighbours": lambda: qa.neighbours(TWICE_AREAS),
    "check_areas": lambda: qa.check_areas(TWICE_AREAS),
    "merge_areas": lambda: qa.merge_areas(TWICE_AREAS, {"new": ["00", "01"]}),
    "choropleth": lambda: qa.choropleth(TWICE_AREAS.join(ONCE[["mh"]]), "mh"),
    "read_areas": lambda: qa.read_areas(TWICE_AREAS, name="name"),
    "join: areas": lambda: qa.join(TWICE_AREAS, ONCE),
    "join: table": lambda: qa.join(AREAS, TWICE),
    "audit": lambda: qa.audit(TWICE[["mh", "rest"]]),
    "audit: status": lambda: qa.audit(ONCE[["mh"]], TWICE[["mh"]].astype(object)),
    "audit: parents": lambda: qa.audit(
        ONCE[["mh"]], parents=TWICE["district"], totals=pd.DataFrame({"mh": [26.0, 59.0]}, index=["A", "B"])
    ),
    "audit: totals": lambda: qa.audit(
        ONCE[["mh"]], parents=ONCE["district"], totals=pd.DataFrame({"mh": [26.0, 26.0]}, index=["A", "A"])
    ),
    "compare_funded": lambda: qa.compare_funded(
        pd.DataFrame(50.0, index=TWICE.index, columns=[2018, 2020, 2022]),
        ["00"],
        outcome="mh",
        selected=2020,
        selected_on="level",
    ),
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_key_that_is_there_twice_is_refused(verb: str) -> None:
    with pytest.raises(QuartiersatlasError) as caught:
        VERBS[verb]()
    assert isinstance(caught.value, KeyColumnError | JoinError | SpecError)
    assert any(word in str(caught.value) for word in ("'02'", "'A'", "twice"))


def test_the_advice_of_the_error_works_and_the_keys_are_at_hand() -> None:
    with pytest.raises(KeyColumnError, match="add up its parts, or keep the right row of each") as caught:
        qa.measure_segregation(TWICE, ["mh"], population="residents")
    assert list(caught.value.keys) == ["02"]
    kept = TWICE[~TWICE.index.duplicated()]
    alone = qa.measure_segregation(ONCE, ["mh"], population="residents").table
    pd.testing.assert_frame_equal(qa.measure_segregation(kept, ["mh"], population="residents").table, alone)
    halves = pd.concat([ONCE[["mh", "residents"]] / 2] * 2)
    summed = qa.measure_segregation(halves.groupby(level=0).sum(), ["mh"], population="residents").table
    pd.testing.assert_frame_equal(summed, alone)


@pytest.mark.parametrize("part", ["areas", "values", "status"])
def test_joined_data_are_never_made_of_areas_that_are_there_twice(part: str) -> None:
    data = qa.join(AREAS, ONCE[["mh", "residents"]])
    with pytest.raises(KeyColumnError, match=f"AreaData: {part}: 1 key has more than one row: '02'"):
        replace(data, **{part: pd.concat([getattr(data, part), getattr(data, part).iloc[[2]]])})
