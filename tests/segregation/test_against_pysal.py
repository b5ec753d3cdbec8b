"""An independent package, for the indices it gets right."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from quartiersatlas.segregation import dissimilarity, isolation


@pytest.fixture(scope="module")
def singlegroup():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its plotting stack warns at import
        from segregation import singlegroup

        return singlegroup


@pytest.mark.parametrize("seed", range(5))
def test_dissimilarity_and_isolation_agree_with_pysal(singlegroup, seed):
    random = np.random.default_rng(seed)
    total = random.integers(1, 5000, 200)
    group = random.binomial(total, random.random(200))
    frame = pd.DataFrame({"group": group, "total": total})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = singlegroup.Dissim(frame, "group", "total").statistic
        their_isolation = singlegroup.Isolation(frame, "group", "total").statistic
    assert dissimilarity(group, total - group) == pytest.approx(theirs, abs=1e-12)
    assert isolation(group, total) == pytest.approx(their_isolation, abs=1e-12)
