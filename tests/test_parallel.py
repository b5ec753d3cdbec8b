"""Public functions and results travel: through pickle, and through a pool of processes."""

from __future__ import annotations

import inspect
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa

FUNCTIONS = [name for name in qa.__all__ if inspect.isfunction(getattr(qa, name))]
CLASSES = [name for name in qa.__all__ if inspect.isclass(getattr(qa, name))]
RATE = {"child_poverty_u15": ("poor", "children")}


@pytest.fixture(scope="module")
def results(grid):
    """Give one result of every kind, from 24 areas with a poor corner."""
    areas = grid(6, 4).assign(district=["north", "south"] * 12)
    random = np.random.default_rng(3)
    children = pd.Series(random.integers(200, 900, len(areas)), areas.index).astype(float)
    poor = (children * np.linspace(0.05, 0.4, len(areas))).round()
    table = pd.DataFrame({"children": children, "poor": poor, "residents": children * 6, "mh": children * 2})
    data = qa.add_rates(qa.join(areas, table), RATE)
    rates = qa.rates(data.counts("poor"), data.counts("children"))
    later = qa.join(areas, table.assign(poor=poor // 2), population="residents")
    spec = qa.NeedSpec.from_dict(
        {
            "id": "test",
            "source": "test",
            "axes": [
                {
                    "id": "status",
                    "classes": [
                        {"id": "high", "upper": 0.0, "label_de": "hoch", "label_en": "high"},
                        {"id": "low", "label_de": "niedrig", "label_en": "low"},
                    ],
                    "standardise": {"method": "z"},
                    "indicators": [{"id": "child_poverty_u15"}],
                }
            ],
        }
    )
    need = qa.need_index(data, spec)
    shortlist = qa.screen(
        data, qa.worst_share("child_poverty_u15", 0.25) | qa.above_city("child_poverty_u15"), need=need
    )
    segregation = qa.measure_segregation(data, ["mh"])
    release = qa.release(data, need=need, shortlist=shortlist, segregation=segregation, title="T", source="S")
    return {
        "data": data,
        "rates": rates,
        "spec": spec,
        "need": need,
        "stability": need.stability(n=20, seed=1),
        "audit": need.audit(),
        "rule": shortlist.rule,
        "shortlist": shortlist,
        "shortlist stability": shortlist.stability(n=20, seed=1),
        "candidates": qa.candidate_areas(data, shortlist, min_population=1000),
        "segregation": segregation,
        "segregation change": qa.segregation_change(data, later, ["mh"], index="mutual_information"),
        "decomposition": qa.decompose(data, ["mh"], by="district"),
        "areas report": qa.check_areas(data.areas),
        "join report": data.report,
        "catalogue": data.catalogue,
        "protection": qa.Protection(),
        "release": release,
        "sheet": qa.figure(release),
        "profile": qa.profile(release, "a0"),
    }


@pytest.mark.parametrize("name", [*FUNCTIONS, *CLASSES])
def test_public_functions_and_classes_are_themselves_after_pickling(name):
    thing = getattr(qa, name)
    assert pickle.loads(pickle.dumps(thing)) is thing  # noqa: S301 - our own bytes


def test_results_can_be_pickled_and_say_the_same(results):
    for name, result in results.items():
        copy = pickle.loads(pickle.dumps(result))  # noqa: S301 - our own bytes
        assert type(copy) is type(result), name
        assert repr(copy) == repr(result), name


def test_a_pool_of_processes_gives_what_one_process_gives(results):
    data, spec, rule = results["data"], results["spec"], results["rule"]
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        segregation = pool.submit(qa.measure_segregation, data, ["mh"]).result()
        need = pool.submit(qa.need_index, data, spec).result()
        shortlist = pool.submit(qa.screen, data, rule, need=need).result()
        release = pool.submit(qa.release, data, need=need, shortlist=shortlist, segregation=segregation).result()
    pd.testing.assert_frame_equal(segregation.table, results["segregation"].table)
    pd.testing.assert_frame_equal(need.scores, results["need"].scores)
    pd.testing.assert_series_equal(shortlist.selected, results["shortlist"].selected)
    pd.testing.assert_frame_equal(release.values, results["release"].values)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_help_of_a_function_explains_its_parameters(name):
    function = getattr(qa, name)
    if inspect.signature(function).parameters:
        assert "\nParameters\n----------\n" in inspect.getdoc(function)
