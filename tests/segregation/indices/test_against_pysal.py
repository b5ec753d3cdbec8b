"""An independent package: agreement where it is right, the difference on record where it is not."""

from __future__ import annotations

import warnings

import geopandas as gpd
import numpy as np
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas import segregation as s
from quartiersatlas.errors import CountError

SINGLE = {
    "dissimilarity": "Dissim",
    "gini": "Gini",
    "theil_h": "Entropy",
    "atkinson": "Atkinson",
    "isolation": "Isolation",
    "interaction": "Interaction",
    "correlation_ratio": "CorrelationR",
    "delta": "Delta",
    "absolute_concentration": "AbsoluteConcentration",
    "relative_concentration": "RelativeConcentration",
}
MULTIGROUP = {
    "multigroup_dissimilarity": "MultiDissim",
    "multigroup_gini": "MultiGini",
    "information_theory": "MultiInfoTheory",
    "mutual_information": "MultiDivergence",
    "relative_diversity": "MultiRelativeDiversity",
    "normalised_exposure": "MultiNormExposure",
    "squared_coefficient_of_variation": "MultiSquaredCoefVar",
    "entropy": "MultiDiversity",
    "simpson": "SimpsonsInteraction",
}


@pytest.fixture(scope="module")
def peer():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its plotting stack warns at import
        from segregation import multigroup, singlegroup

    def statistic(name, *args, **options):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return getattr(singlegroup if hasattr(singlegroup, name) else multigroup, name)(*args, **options).statistic

    return statistic


def city(seed, n=60):
    """Give cells of different sizes with three groups."""
    random = np.random.default_rng(seed)
    widths = random.uniform(300, 900, n)
    lefts = np.concatenate([[0], np.cumsum(widths)[:-1]])
    shapes = [shapely.box(x, 0, x + w, 500) for x, w in zip(lefts, widths, strict=True)]
    total = random.integers(50, 5000, n)
    a = random.binomial(total, random.beta(2, 4, n))
    b = random.binomial(total - a, random.beta(2, 2, n))
    frame = {"a": a, "b": b, "c": total - a - b, "total": total}
    return gpd.GeoDataFrame(frame, geometry=shapes, crs="EPSG:25832")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("index", "name"), SINGLE.items())
def test_indices_of_one_group_agree(peer, index, name, seed):
    frame = city(seed)
    ours = qa.measure_segregation(frame, "a", population="total", indices=index).table.loc[0, "value"]
    assert ours == pytest.approx(peer(name, frame, "a", "total"), abs=1e-10)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("index", "name"), MULTIGROUP.items())
def test_indices_of_several_groups_agree(peer, index, name, seed):
    frame = city(seed)
    ours = qa.measure_segregation(frame, ["a", "b", "c"], indices=index).table.loc[0, "value"]
    assert ours == pytest.approx(peer(name, frame, ["a", "b", "c"]), abs=1e-10)


def test_its_atkinson_index_takes_no_notice_of_the_aversion(peer):
    frame = city(0)
    theirs = {peer("Atkinson", frame, "a", "total", b=b) for b in (0.1, 0.5, 0.9)}
    ours = {round(s.atkinson(frame["a"], frame["total"] - frame["a"], b), 6) for b in (0.1, 0.5, 0.9)}
    assert (len(theirs), len(ours)) == (1, 3)


def test_it_makes_no_segregation_of_an_unknown_count_we_refuse(peer):
    frame = city(0)
    frame["a"] = frame["a"].astype(float)
    frame.loc[3, "a"] = np.nan
    assert peer("Isolation", frame, "a", "total") == 0
    with pytest.raises(CountError, match="has no count"):
        qa.measure_segregation(frame, "a", population="total", indices="isolation")
