from __future__ import annotations

import sys

import numpy as np
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import DependencyError, SpecError
from quartiersatlas.need.robustness.options import FACTORS
from quartiersatlas.need.robustness.sensitivity import _whole_blocks, sobol_of_many

WORSE = {"status": ["low", "very_low"]}


def total(result, output):
    return result.table[result.table["output"].eq(output)].set_index("factor")["total"]


def first(result, output):
    return result.table[result.table["output"].eq(output)].set_index("factor")["first_order"]


def test_a_factor_that_does_nothing_has_no_share(counted):
    # counts of a fixed number of areas: the number of conditions does not depend on weights of a single indicator
    need = counted(indicators="a")
    result = need.sensitivity(n=64, seed=1, select=10, factors=["threshold", "weights", "aggregation"], threshold=0.5)
    for output in ("size", "changed", "members"):
        assert total(result, output)["threshold"] == pytest.approx(1, abs=0.05)
        assert total(result, output)[["weights", "aggregation"]].abs().max() == 0


def test_a_fixed_number_of_areas_has_no_variance_of_size(counted):
    result = counted().sensitivity(n=64, seed=1, select=10, factors=["weights", "indicators"])
    assert total(result, "size").isna().all()
    assert result.variance["size"] == 0
    assert total(result, "members").notna().all()


def test_total_indices_are_not_below_first_order_ones(counted):
    result = counted().sensitivity(n=512, seed=1, select=WORSE)
    for output in ("changed", "members"):
        assert (total(result, output) >= first(result, output) - 0.1).all()
        assert first(result, output).sum() <= 1.1
    assert set(result.table["factor"]) == set(FACTORS)
    assert result.n_runs == 512 * 8
    assert "total Sobol indices" in repr(result)


def test_members_of_one_output_are_those_of_salib():
    from SALib.analyze import sobol
    from SALib.sample import sobol as sample

    problem = {"num_vars": 3, "names": list("abc"), "bounds": [[-np.pi, np.pi]] * 3}
    points = sample.sample(problem, 2048, calc_second_order=False, seed=3)
    # the function of Ishigami and Homma (1990), whose indices are known
    values = np.sin(points[:, 0]) + 7 * np.sin(points[:, 1]) ** 2 + 0.1 * points[:, 2] ** 4 * np.sin(points[:, 0])
    ours_first, ours_total = sobol_of_many(values[:, None], 3)
    theirs = sobol.analyze(problem, values, calc_second_order=False, seed=1)
    assert ours_first == pytest.approx(theirs["S1"], abs=0.01)
    assert ours_total == pytest.approx(theirs["ST"], abs=0.01)
    assert ours_first == pytest.approx([0.3139, 0.4424, 0.0], abs=0.02)
    assert ours_total == pytest.approx([0.5576, 0.4424, 0.2437], abs=0.02)
    # the level of the output, such as areas that are nearly always selected, is no variance
    shifted_first, shifted_total = sobol_of_many(values[:, None] + 1000.0, 3)
    assert shifted_first == pytest.approx(ours_first, abs=1e-9)
    assert shifted_total == pytest.approx(ours_total, abs=1e-9)


def test_outputs_count_with_their_variance():
    from SALib.sample import sobol as sample

    problem = {"num_vars": 2, "names": list("ab"), "bounds": [[-1, 1]] * 2}
    points = sample.sample(problem, 1024, calc_second_order=False, seed=3)
    # variances 1/3 and 4/3: the first factor makes a fifth of them
    values = np.stack([points[:, 0], 2 * points[:, 1]], axis=1)
    ours_first, ours_total = sobol_of_many(values, 2)
    assert ours_first == pytest.approx([0.2, 0.8], abs=0.01)
    assert ours_total == pytest.approx([0.2, 0.8], abs=0.01)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": 100}, "a power of two"),
        ({"n": 64.0}, r"sensitivity: n is 64.0; it must be a whole number: n=64\."),
        ({"n": True}, "n is True"),
        ({"seed": "x"}, "seed is 'x'"),
        ({"seed": -1}, "seed is -1; it must be a whole number from 0 on, or None, such as seed=1"),
        ({"factors": ["data", "weights", "data"]}, "factors names 'data' 2 times"),
        ({"factors": "data"}, "at least two"),
        ({"select": 41}, "only 40 areas have a score"),
        ({"factors": ["data"]}, "at least two"),
        ({"factors": ["data", "noise"]}, "factors must be one of 'data', .*, not 'noise'"),
        ({"threshold": 2.0}, r"threshold is 2.0; it must be in \[0, 1\)"),
        ({"persistence": -1.0}, "persistence is -1.0"),
    ],
)
def test_what_cannot_be_run_is_refused(counted, options, message):
    with pytest.raises(SpecError, match=message):
        counted().sensitivity(**{"n": 8, **options})


def test_runs_without_a_score_leave_with_their_block_and_are_counted(counted):
    frame = counted.frame()
    frame.loc["007", "x_a"] = 1.0
    members = [{"id": "a", "numerator": "x_a", "denominator": "n_a", "transform": "log"}]
    need = qa.need_index(frame, counted.spec(members=members))
    result = need.sensitivity(n=64, seed=1, select=10, factors=["data", "threshold"], redraw="raw")
    # the area has no case in a share of e^-1 of the draws; it is not among the highest, all others are scored
    assert result.failed == pytest.approx(64 * 4 / np.e, rel=0.25)
    assert f"without a score for some or all areas: {result.failed} runs" in repr(result)
    assert total(result, "members").notna().all()
    chosen = np.array([[True], [True], [False], [False], [True], [True], [False], [True], [False]])
    known = np.array([[True]] * 4 + [[False]] + [[True]] * 4)
    assert _whole_blocks(chosen, known, 3)[:, 0].tolist() == [True, True, False, False, True, False]
    with pytest.raises(SpecError, match="1 of 2 blocks of runs hold one without any score"):
        _whole_blocks(chosen[:6], known[:6], 3)


def test_a_missing_package_is_named_with_its_install_command(counted, monkeypatch):
    monkeypatch.setitem(sys.modules, "SALib.analyze", None)
    with pytest.raises(DependencyError, match=r"pip install 'quartiersatlas\[sensitivity\]'"):
        counted().sensitivity(n=8, seed=1)
