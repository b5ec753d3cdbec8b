"""Transfers and checks of areas answer a wrong object in one sentence, and old parameter names with the new ones."""

from __future__ import annotations

import pickle

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, GeometryError, KeyColumnError, SpecError
from quartiersatlas.space import neighbours

COUNTS = pd.DataFrame({"residents": [1000.0, 400.0], "foreign": [10.0, 4.0]}, index=["a", "b"])
CROSSWALK = pd.DataFrame({"from": ["a", "b"], "to": ["x", "y"], "weight": [1.0, 1.0]})
AREAS = gpd.GeoDataFrame(
    index=["a", "b"], geometry=[shapely.box(x, 0, x + 100, 100) for x in (4_334_000, 4_334_100)], crs="EPSG:3035"
)
CELLS = pd.DataFrame({"x": [4_334_000], "y": [0], "n": [5]})
DEGREES = gpd.GeoDataFrame(geometry=[shapely.box(9, 50, 9.1, 50.1)], index=["a"], crs="EPSG:4326")


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: qa.transfer("counts.csv", CROSSWALK), r"^transfer takes a DataFrame or .*not a str: .*qa.read_table"),
        (
            lambda: qa.transfer(COUNTS, "crosswalk.csv"),
            r"^transfer: crosswalk takes a DataFrame, not a str: .*read_csv",
        ),
        (lambda: qa.transfer(COUNTS, CROSSWALK, counts=3), r"^counts takes a name or a list of names, not an int"),
        (lambda: qa.transfer(COUNTS, CROSSWALK, treat_as_counts=3), r"^treat_as_counts takes a name or a list"),
        (lambda: qa.transfer(COUNTS, CROSSWALK, targets=3), r"^targets takes a name or a list of names"),
        (lambda: qa.transfer_by_area([1], AREAS, AREAS), r"^transfer_by_area takes a DataFrame or .*not a list"),
        (
            lambda: qa.transfer_by_area(COUNTS, COUNTS, AREAS),
            r"from_areas takes a GeoDataFrame, not a DataFrame: .*read_",
        ),
        (lambda: qa.transfer_by_area(COUNTS, AREAS, None), r"to_areas takes a GeoDataFrame, not None"),
        (
            lambda: qa.transfer_by_area(COUNTS, AREAS, AREAS, population="residents"),
            r"^transfer_by_area: population takes a GeoDataFrame, not a str: .*read_file",
        ),
        (lambda: qa.grid_to_areas("cells.csv", AREAS, cell_size=100), r"^grid_to_areas takes a DataFrame, not a str"),
        (lambda: qa.grid_to_areas(CELLS, COUNTS, cell_size=100), r"^grid_to_areas: areas takes a GeoDataFrame"),
        (lambda: qa.grid_to_areas(CELLS, AREAS, cell_size=100, symbols=[-1]), r"symbols takes a mapping, not a list"),
        (lambda: qa.check_areas("areas.gpkg"), r"^check_areas takes a GeoDataFrame, not a str: areas = qa.read_areas"),
        (lambda: neighbours(COUNTS), r"^neighbours takes an AreaData or a GeoDataFrame, not a DataFrame"),
    ],
)
def test_a_wrong_object_is_answered_with_what_is_taken_and_how_to_get_it(call, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        call()


@pytest.mark.parametrize(
    ("call", "old", "new"),
    [
        (lambda: qa.transfer(values=COUNTS, crosswalk=CROSSWALK), "values", "data"),
        (lambda: qa.transfer(COUNTS, CROSSWALK, surely_counts=["n"]), "surely_counts", "treat_as_counts"),
        (lambda: qa.transfer_by_area(COUNTS, AREAS, AREAS, residents="n"), "residents", "population_column"),
        (lambda: qa.transfer_by_area(COUNTS, AREAS, AREAS, surely_counts=[]), "surely_counts", "treat_as_counts"),
        (lambda: qa.grid_to_areas(CELLS, AREAS, cell_size=100, codes={}), "codes", "symbols"),
        (lambda: qa.grid_to_areas(CELLS, AREAS, cell_size=100, surely_counts=[]), "surely_counts", "treat_as_counts"),
    ],
)
def test_a_name_of_the_first_edition_answers_with_the_new_one(call, old, new):
    with pytest.raises(ArgumentError, match=f"the parameter '{old}' is called '{new}' now"):
        call()


def test_one_name_of_a_column_is_not_taken_letter_by_letter():
    assert list(qa.transfer(COUNTS, CROSSWALK, counts="residents").table) == ["residents"]
    shares = COUNTS.rename(columns={"foreign": "share of rooms"})
    assert list(qa.transfer(shares, CROSSWALK, treat_as_counts="share of rooms").table) == list(shares)
    assert qa.transfer(COUNTS, CROSSWALK, targets="park").table.index.tolist() == ["x", "y", "park"]
    assert list(qa.grid_to_areas(CELLS, AREAS, cell_size=100, counts="n").table) == ["n"]


def test_no_exceptions_are_no_error_but_no_counts_are():
    assert list(qa.transfer(COUNTS, CROSSWALK, treat_as_counts=[]).table) == list(COUNTS)
    with pytest.raises(SpecError, match="counts is empty"):
        qa.transfer(COUNTS, CROSSWALK, counts=[])


def test_areas_in_degrees_and_tolerances_below_0_are_refused():
    with pytest.raises(GeometryError, match="in degrees"):
        neighbours(DEGREES)
    for options in ({"tolerance": -1}, {"min_border": -1}, {"tolerance": float("nan")}):
        with pytest.raises(SpecError, match="must be at least 0, in metres"):
            neighbours(AREAS, **options)
    with pytest.raises(SpecError, match="tolerance=-1 must be at least 0, in metres"):
        qa.check_areas(AREAS, tolerance=-1)


def test_areas_of_one_key_and_no_areas_are_refused_by_the_check():
    with pytest.raises(KeyColumnError, match="areas: 1 key stands for more than one area: 'a'"):
        qa.check_areas(AREAS.set_axis(["a", "a"]))
    with pytest.raises(GeometryError, match="there are no areas"):
        qa.check_areas(AREAS.iloc[:0])


@pytest.mark.parametrize("result", [qa.transfer(COUNTS, CROSSWALK), qa.check_areas(AREAS)], ids=["transfer", "check"])
def test_results_are_compared_by_identity_hashable_and_picklable(result):
    again = pickle.loads(pickle.dumps(result))  # noqa: S301 - our own bytes
    assert again != result
    assert {result: 1}[result] == 1
    assert repr(again) == repr(result)
