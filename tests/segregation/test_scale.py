"""The same people on larger areas: less segregation, and the sums are those of the larger areas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas import segregation as s
from quartiersatlas.errors import ColumnError, SpecError


@pytest.fixture
def town():
    random = np.random.default_rng(1)
    total = random.integers(50, 300, 48)
    x = random.binomial(total, np.repeat(random.beta(2, 4, 12), 4))
    return pd.DataFrame(
        {"x": x, "total": total, "district": np.repeat(list("ABC"), 16), "quarter": np.repeat(np.arange(12), 4)}
    )


def test_each_level_holds_the_index_of_its_summed_areas(town):
    table = qa.scale_table(town, "x", ["district", "quarter"], population="total", indices="dissimilarity").set_index(
        "level"
    )
    for level in ("district", "quarter"):
        sums = town.groupby(level)[["x", "total"]].sum()
        assert table.loc[level, "value"] == pytest.approx(s.dissimilarity(sums["x"], sums["total"] - sums["x"]))
    assert table.index.tolist() == ["district", "quarter", "areas"]
    assert table["n_areas"].tolist() == [3, 12, 48]
    assert table["mean_population"].tolist() == pytest.approx([town["total"].sum() / n for n in (3, 12, 48)])
    assert table["value"].is_monotonic_increasing


def test_the_adjusted_value_does_not_grow_with_areas_that_only_add_chance(town):
    # everybody has the same chance everywhere: smaller areas raise the raw value, not the adjusted one
    town["x"] = np.random.default_rng(2).binomial(town["total"], 0.3)
    table = qa.scale_table(town, "x", ["quarter"], population="total", indices="dissimilarity").set_index("level")
    assert table.loc["areas", "value"] > 1.5 * table.loc["quarter", "value"]
    assert table["adjusted"].abs().max() < 0.25 * table["value"].max()


def test_areas_without_a_count_are_left_out_at_every_level(town):
    town["x"] = town["x"].astype(float)
    town.loc[0, "x"] = np.nan
    table = qa.scale_table(town, "x", ["district"], population="total", indices="gini", missing="report").set_index(
        "level"
    )
    sums = town.drop(index=0).groupby("district")[["x", "total"]].sum()
    assert table.loc["district", "value"] == pytest.approx(s.gini(sums["x"], sums["total"] - sums["x"]))
    assert table["n_areas"].tolist() == [3, 47]
    assert table["note"].str.contains("areas left out for lack of a count: 1").all()


def test_parents_of_areas_are_levels(joined):
    data = joined({"mh": [100.0, 60, 40, 0], "residents": [100.0] * 4})
    table = qa.scale_table(data, "mh", ["name"], indices="dissimilarity")
    assert table["value"].tolist() == pytest.approx([0.6, 0.6])


def test_levels_that_are_not_there_are_refused(town):
    with pytest.raises(ColumnError, match="no column 'quater'"):
        qa.scale_table(town, "x", ["quater"], population="total")
    with pytest.raises(SpecError, match="by is empty"):
        qa.scale_table(town, "x", [], population="total")
    with pytest.raises(SpecError, match="1 area has no parent area in 'district'"):
        qa.scale_table(town.assign(district=[None, *town["district"][1:]]), "x", ["district"], population="total")


@pytest.mark.shared_data
def test_berlin_at_four_levels(shared):
    # register of residents 12/2024; D of the 542 planning areas as published with the open data, 0.24128434
    file = shared / "berlin" / "population" / "berlin-lor-population-2024-02-t1-planning-areas.csv"
    frame = pd.read_csv(file, dtype={"id": str}).set_index("id")
    levels = {"bezirk": 2, "prognoseraum": 4, "bezirksregion": 6}
    frame = frame.assign(**{level: frame.index.str[:digits] for level, digits in levels.items()})
    group = "inhabitants_with_migration_background"
    table = qa.scale_table(frame, group, list(levels), population="inhabitants", indices="dissimilarity")
    assert (table["n_areas"] + table["n_dropped"]).tolist() == [12, 58, 143, 542]
    assert table["n_dropped"].tolist() == [0, 0, 0, 2]  # two planning areas are uninhabited
    assert table["value"].is_monotonic_increasing
    assert table["value"].iloc[-1] == pytest.approx(0.24128434, abs=5e-9)
    assert (table["value"] - table["adjusted"]).between(0, 0.01).all()  # areas of thousands: chance adds little
