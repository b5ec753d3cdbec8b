from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, CountError, SpecError

FRAME = pd.DataFrame(
    {"mh": [100.0, 60, 40, 0], "nobody": [0.0] * 4, "residents": [100.0] * 4}, index=["01", "02", "03", "04"]
)


def test_one_row_per_number_and_the_reference_is_named():
    table = qa.segregation(FRAME, ["mh"], "residents").table
    assert table["index"].tolist() == ["dissimilarity", "isolation", "interaction"]
    assert table["reference"].tolist() == ["rest", "total", "rest"]
    assert table["value"].tolist() == pytest.approx([0.6, 0.76, 0.24])
    assert table["n_areas"].tolist() == [4, 4, 4]


def test_local_values_stand_on_the_callers_index_and_keep_the_geometry(grid):
    areas = grid(4)
    frame = gpd.GeoDataFrame(FRAME.set_axis(areas.index), geometry=areas.geometry, crs=areas.crs)
    local = qa.segregation(frame, ["mh"], "residents").local
    assert isinstance(local, gpd.GeoDataFrame)
    assert local["mh_lq"].tolist() == pytest.approx([2.0, 1.2, 0.8, 0.0])
    assert local.index.equals(areas.index)


def test_a_value_that_cannot_be_computed_says_why():
    table = qa.segregation(FRAME, ["nobody", "residents"], "residents").table
    assert table.loc[0, "note"] == "nobody is in the group"
    assert table.loc[3, "note"] == "everybody is in the group"
    assert np.isnan(table.loc[0, "value"])


def test_unknown_counts_are_refused_or_left_out_and_counted_but_never_zero():
    frame = FRAME.assign(mh=[100.0, 60, 40, np.nan])
    with pytest.raises(CountError, match=r"1 areas have no count in 'mh'.*'04'.*missing='drop'"):
        qa.segregation(frame, ["mh"], "residents")
    result = qa.segregation(frame, ["mh"], "residents", missing="drop")
    # D of the first three areas: 1/2 (|.5 - 0| + |.3 - .4| + |.2 - .6|)
    assert result.table.loc[0, "value"] == pytest.approx(0.5)
    assert result.table.loc[0, "n_dropped"] == 1
    assert np.isnan(result.local.loc["04", "mh_lq"])


def test_areadata_brings_its_population(joined):
    data = joined({"mh": [100.0, 60, 40, 0], "residents": [100.0] * 4})
    assert qa.segregation(data, ["mh"]).table.loc[0, "value"] == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mh": [100.0, 60, 40, -1]}, "negative"),
        ({"mh": ["a", "b", "c", "d"]}, "holds text"),
        ({"mh": [101.0, 60, 40, 0]}, "larger than the population"),
        ({"mh": [np.inf, 60, 40, 0]}, "negative or infinite"),
    ],
)
def test_impossible_counts_are_refused(change, message):
    with pytest.raises(CountError, match=message):
        qa.segregation(FRAME.assign(**change), ["mh"], "residents")


def test_misspelled_names_are_refused_with_what_there_is():
    with pytest.raises(ColumnError, match="Did you mean 'residents'"):
        qa.segregation(FRAME, ["mh"], "resident")
    with pytest.raises(SpecError, match="no index 'disimilarity'; there are dissimilarity"):
        qa.segregation(FRAME, ["mh"], "residents", indices=["disimilarity"])
    with pytest.raises(SpecError, match="missing='ignore' is not known"):
        qa.segregation(FRAME, ["mh"], "residents", missing="ignore")
    with pytest.raises(SpecError, match="needs the column of all residents"):
        qa.segregation(FRAME, ["mh"])


def test_the_registry_lists_what_the_table_computes():
    listed = qa.segregation_indices()
    assert set(qa.segregation(FRAME, ["mh"], "residents").table["index"]) == set(listed.index)
    assert listed["formula"].ne("").all()
    assert listed["source"].ne("").all()


def test_the_input_frame_is_not_changed():
    before = FRAME.copy()
    qa.segregation(FRAME, ["mh"], "residents")
    pd.testing.assert_frame_equal(FRAME, before)
