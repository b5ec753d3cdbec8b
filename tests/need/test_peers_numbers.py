"""Every row of the page beside COINr has its proof in numbers: here by COINr's own definition, or in a test named here.

COINr is written in R and does not run here; its definitions are those of its manual (bluefoxr.github.io/COINr).
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from quartiersatlas.need.score.scales import Scale, normalise
from quartiersatlas.need.score.scores import aggregated
from quartiersatlas.need.spec.steps import Normalise

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs" / "need_peers.md").read_text(encoding="utf-8")
EXACT, INDEX, AUDIT, BAD = "test_exact.py", "test_index.py", "robustness/test_audit.py", "test_bad_input.py"
SCALES = "test_peers_numbers.py::test_a_scale_is_the_one_that_coinr_defines"
MEANS = "test_peers_numbers.py::test_a_mean_is_the_one_that_coinr_defines"

# the test that proves a row with numbers -> functions of COINr
PROOFS = {
    INDEX + "::test_scores_follow_the_formula_step_by_step": "new_coin iData iMeta is.coin is.purse get_data get_dset",
    "spec/test_spec_refused.py::test_what_is_wrong_is_refused_with_its_line": "check_iMeta",
    INDEX + "::test_indicators_that_cannot_be_scored_are_refused": "check_iData",
    "test_presets.py::test_every_indicator_of_a_preset_has_a_label": "icodes_to_inames ucodes_to_unames names_to_codes",
    "test_limits.py::test_exactly_the_least_share_of_the_weights_is_enough": "Screen",
    BAD + "::test_areas_that_the_spec_excludes_carry_its_reason": "Force",
    BAD + "::test_areas_with_gaps_are_scored_only_where_the_spec_allows_it": "get_data_avail",
    BAD + "::test_a_rate_is_computed_from_the_counts_that_the_spec_names": "Denominate",
    "score/test_transform.py::test_an_indicator_is_treated_beyond_both_limits_only": "Treat qTreat winsorise",
    "score/test_transform.py::test_skew_and_kurtosis_follow_the_published_definition": "check_SkewKurt skew kurt",
    "score/test_transform.py::test_logarithms_are_natural": "log_CT log_CT_orig log_CT_plus",
    SCALES: "Normalise qNormalise n_zscore n_minmax n_dist2max n_goalposts n_scaled n_prank n_rank n_borda n_fracmax",
    EXACT + "::test_weights_of_a_principal_component_are_printed_with_what_it_explains": "weights_to",
    AUDIT + "::test_the_first_component_is_that_of_the_singular_values": "get_PCA",
    "robustness/test_stability.py::test_weights_scatter_around_those_of_the_spec": "get_noisy_weights",
    "test_limits.py::test_a_domain_with_too_little_known_is_unknown_to_the_axis": "dat_thresh",
    MEANS: "Aggregate a_amean a_gmean a_hmean a_genmean",
    "score/test_aggregate.py::"
    "test_copeland_is_the_number_of_areas_outranked_minus_those_that_outrank": "a_copeland outrankMatrix",
    EXACT + "::test_a_need_index_says_that_such_areas_are_level": "get_results rank_df",
    AUDIT + "::test_a_few_extreme_areas_are_found_unless_they_were_treated": "get_stats",
    "score/test_contributions.py::test_contributions_and_base_add_up_to_the_score": "get_unit_summary get_str_weak",
    AUDIT + "::test_pairs_that_correlate_at_0_9_or_more_are_redundant": "get_corr get_pvals get_corr_flags plot_corr",
    AUDIT + "::test_alpha_of_a_table_computed_by_hand": "get_cronbach",
    AUDIT + "::test_effective_weights_of_unrelated_indicators_are_the_squares_of_the_nominal_ones": "get_eff_weights",
    "score/test_small_numbers.py::"
    "test_changes_are_tested_in_the_unit_of_the_indicator_and_for_all_areas": "get_trends CAGR prc_change",
    "robustness/test_stability.py::test_the_chance_of_a_class_is_the_binomial_tail": "get_sensitivity",
    "robustness/test_sensitivity.py::test_members_of_one_output_are_those_of_salib": "SA_sample SA_estimate",
    "robustness/test_influence.py::test_without_an_indicator_the_index_is_that_of_the_others": "remove_elements",
    EXACT + "::test_an_edited_preset_loses_name_source_and_proof": "change_ind Regen",
    EXACT + "::test_two_indices_are_compared_area_by_area": "compare_coins compare_coins_multi compare_coins_corr "
    "compare_df",
    "test_pictures.py::test_scores_are_spread_by_class": "plot_bar plot_dot plot_dist plot_scatter",
    "test_pictures.py::test_sobol_indices_are_drawn_as_they_are": "plot_sensitivity",
    "test_pictures.py::test_ranks_have_their_interval_and_say_that_they_stay_in_the_house": "plot_uncertainty",
    "spec/test_spec_written.py::test_every_preset_comes_back_from_toml_and_from_a_workbook": "export_to_excel",
}
WITHOUT = ("left out", "pandas", "a synthetic city")


def test_every_function_of_coinr_has_its_proof():
    rows = [line.strip("|").split(" | ") for line in PAGE.splitlines() if line.startswith("| `")]
    answered = [row for row in rows if not row[2].strip().startswith(WITHOUT)]
    wanted = {name for row in answered for name in re.findall(r"`([^`]+)`", row[0])}
    assert len(wanted) > 50
    assert wanted - {name for names in PROOFS.values() for name in names.split()} == set()


@pytest.mark.parametrize("place", PROOFS)
def test_the_proof_is_there(place):
    file, _, name = place.partition("::")
    assert f"def {name}(" in (HERE / file).read_text(encoding="utf-8")


def rank_min(x):
    return np.array([np.nan if np.isnan(v) else 1 + np.sum(x < v) for v in x])


def coinr(x):
    """Give the columns that COINr's functions make of one, unknown values left out."""
    n, low, high = np.sum(~np.isnan(x)), np.nanmin(x), np.nanmax(x)
    return {
        "n_zscore": 5 + 2 * (x - np.nanmean(x)) / np.nanstd(x, ddof=1),  # m_sd = c(5, 2)
        "n_minmax": 1 + 99 * (x - low) / (high - low),  # l_u = c(1, 100)
        "n_dist2max": 1 - (high - x) / (high - low),
        "n_goalposts": np.clip((x - 2) / (30 - 2), 0, 1),  # trunc2posts
        "n_scaled": (x - 2) / (30 - 2),
        "n_prank": (rank_min(x) - 1) / (n - 1),
        "n_rank": rank_min(x),
        "n_fracmax": x / high,
    }


OURS = {
    "n_zscore": {"method": "z", "ddof": 1, "centre": 5.0, "spread": 2.0},
    "n_minmax": {"method": "minmax", "low": 1.0, "high": 100.0},
    "n_dist2max": {"method": "minmax"},
    "n_goalposts": {"method": "goalposts", "beyond": "cap"},
    "n_scaled": {"method": "goalposts"},
    "n_prank": {"method": "percentile", "ties": "min"},
    "n_rank": {"method": "rank", "ties": "min"},
    "n_fracmax": {"method": "maximum"},
}


@pytest.mark.parametrize("name", OURS)
def test_a_scale_is_the_one_that_coinr_defines(name):
    x = np.random.default_rng(6).integers(1, 40, 30).astype(float)  # with ties, and beyond the goalposts
    x[[3, 17]] = np.nan
    found = normalise(x, Normalise(**OURS[name]), Scale("x", low=2.0, high=30.0))
    assert found == pytest.approx(coinr(x)[name], rel=1e-12, nan_ok=True)


@pytest.mark.parametrize(
    ("method", "theirs"),
    [
        ("arithmetic", lambda x, w: np.sum(x * w) / np.sum(w)),  # a_amean
        ("geometric", lambda x, w: np.exp(np.sum(w * np.log(x)) / np.sum(w))),  # a_gmean
        ("harmonic", lambda x, w: np.sum(w) / np.sum(w / x)),  # a_hmean, a_genmean of -1
    ],
)
def test_a_mean_is_the_one_that_coinr_defines(method, theirs):
    parts, weights = np.random.default_rng(7).uniform(1, 90, (4, 12)), np.array([1.0, 2.0, 0.5, 3.0])
    expected = [theirs(column, weights) for column in parts.T]
    assert aggregated(parts, weights, method, "x") == pytest.approx(expected, rel=1e-12)
