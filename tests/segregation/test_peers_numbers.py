"""Every function of the peers' page has its proof in numbers: here beside the peer itself, or in a test that is named.

The R packages do not run here: their rows are proved by what their manuals and papers print, or by formulas in loops.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from quartiersatlas import segregation as s
from quartiersatlas.segregation.counts import group_and_rest
from quartiersatlas.segregation.inference.resampling import draw_replicates
from quartiersatlas.segregation.registry import registry

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs" / "segregation_peers.md").read_text(encoding="utf-8")
ROWS = [line.strip("|").split(" | ") for line in PAGE.splitlines() if line.startswith("| `")]
INDICES, INFERENCE = "indices/", "inference/"
KNOWN, PEER = INDICES + "test_known_answers.py", INDICES + "test_against_pysal.py"
CHANCE, DRAWN = INFERENCE + "test_chance.py", INFERENCE + "test_significance.py"
BESIDE = "test_peers_numbers.py::test_local_values_and_their_sums_are_those_of_pysal"

# the test that proves a row with numbers -> functions of peers
PROOFS = {
    # R: segregation
    KNOWN + "::test_two_groups_in_four_areas_and_four_groups_in_two": "mutual_total entropy HShannon DMulti GiniMulti "
    "HMulti PMulti RelDivers CMulti",
    INFERENCE + "test_decompose.py::test_the_parts_of_a_small_city_have_their_published_values": "mutual_within "
    "mutual_total_nested",
    KNOWN + "::test_local_segregation_of_areas_and_of_groups": "mutual_local",
    INFERENCE + "test_change.py::test_the_parts_are_those_of_the_formula_in_loops": "mutual_difference",
    INFERENCE + "test_chance_information.py::"
    "test_the_expected_information_of_the_transposed_table_t1_is_the_published_one": "mutual_expected "
    "mutual_total_expected",
    INFERENCE + "test_chance_information.py::"
    "test_the_local_value_expected_by_chance_is_the_sum_over_the_hypergeometric_law": "mutual_local_expected",
    KNOWN + "::test_of_a_group_and_the_rest": "dissimilarity DIDuncan Gini Gini2 HTheil",
    CHANCE + "::test_the_expected_dissimilarity_is_as_winship_published_it": "dissimilarity_expected",
    "test_peers_numbers.py::test_who_meets_whom_is_the_sum_over_areas": "exposure isolation",
    INFERENCE + "test_compression.py::test_every_step_loses_least": "compress scree_plot",
    INFERENCE + "test_compression.py::test_the_crosswalk_keeps_the_share_that_was_asked_for": "get_crosswalk "
    "merge_units compress_crosswalk",
    INFERENCE + "test_change.py::test_fitted_margins_give_the_published_table": "ipf",
    "test_pictures.py::test_the_largest_gap_of_the_curve_is_d_and_twice_its_area_is_g": "segcurve",
    "test_pictures.py::test_columns_are_as_wide_as_their_population_and_stand_in_the_order_of_the_share": "segplot",
    # R: OasisR
    KNOWN + "::test_of_a_group_in_the_total": "ISDuncan Gorard xPx Eta2",
    KNOWN + "::test_interaction": "xPy",
    KNOWN + "::test_atkinson_heeds_its_aversion": "Atkinson",
    INDICES + "test_boundary.py::test_morrill_of_the_published_patterns": "ISMorrill DIMorrill contig",
    INDICES + "test_boundary.py::test_higher_orders_take_off_what_areas_farther_apart_differ": "ISMorrillK DIMorrillK",
    INDICES + "test_boundary.py::test_all_three_agree_with_the_double_loop": "ISWong DIWong area perimeter boundaries",
    INDICES + "test_clustering.py::test_the_toy_cities_have_their_known_values": "DPxx DPxy ACL RCL SP distance",
    INDICES + "test_concentration.py::test_delta_of_the_published_patterns": "Delta",
    INDICES + "test_concentration.py::test_concentration_agrees_with_the_loop": "ACO RCO",
    INDICES + "test_own_distances.py::test_mean_proximity_makes_up_spatial_proximity": "Pxx Pxy Poo",
    INDICES + "test_centralisation.py::test_both_indices_are_the_double_sum_over_pairs_of_people_and_land": "ACE RCE",
    INDICES + "test_own_distances.py::test_duncans_absolute_centralisation_is_that_against_the_rest": "ACEDuncan",
    INDICES + "test_centralisation.py::test_of_several_centres_the_nearest_counts": "ACEPoly ACEDuncanPoly RCEPoly",
    INDICES + "test_own_distances.py::"
    "test_the_nearest_so_many_areas_and_those_as_far_as_the_last_count": "ACEDuncanPolyK RCEPolyK",
    INDICES + "test_ordered.py::test_the_index_is_as_published_for_the_example_of_oasisr": "ordinalseg",
    INDICES + "test_rank_order.py::test_the_index_is_the_integral_of_the_fitted_polynomial": "rankorderseg",
    INDICES + "test_centralisation.py::test_rules_for_the_centre": "distcenter",
    KNOWN + "::test_location_quotient_of_published_district_profiles": "LQ",
    KNOWN
    + "::test_diversity_over_its_maximum_is_1_where_all_groups_are_alike_and_counts_groups_of_the_city": "NShannon "
    "JPielou HLoc",
    DRAWN + "::test_p_values_count_the_city_itself_and_are_never_0": "MCTest MCPlot SingleValueTest simulate_null",
    DRAWN + "::test_leaving_out_one_area_after_the_other": "ResampleTest ResamplePlot",
    "test_result.py::test_uninhabited_areas_are_left_out_and_counted": "segdataclean",
    # Python: segregation of PySAL
    PEER + "::test_indices_of_one_group_agree": "Dissim Entropy Isolation Interaction CorrelationR "
    "AbsoluteConcentration RelativeConcentration batch_compute_singlegroup",
    PEER + "::test_indices_of_several_groups_agree": "MultiDissim MultiGini MultiInfoTheory MultiDivergence "
    "MultiNormExposure MultiRelativeDiversity MultiSquaredCoefVar MultiDiversity SimpsonsInteraction ISimpson "
    "batch_compute_multigroup",
    INDICES + "test_profiles.py::test_the_concentration_profile_agrees_with_pysal_up_to_its_thresholds": "ConProf",
    INDICES + "test_profiles.py::test_the_proximity_profile_agrees_with_pysal": "SpatialProxProf",
    CHANCE + "::test_the_adjusted_indices_follow_carrington_and_troske": "ModifiedDissim ModifiedGini",
    INFERENCE + "test_bias_correction.py::test_the_bias_correction_agrees_with_pysals_draws": "BiasCorrectedDissim",
    INFERENCE + "test_bias_correction.py::"
    "test_the_density_correction_agrees_with_pysals_optimiser": "DensityCorrectedDissim",
    INDICES + "test_clustering.py::test_the_peer_package_meets_more_than_everybody": "DistanceDecayIsolation "
    "DistanceDecayInteraction",
    INDICES + "test_clustering.py::"
    "test_the_peer_package_ranks_the_scattered_cells_above_the_block": "AbsoluteClustering RelativeClustering "
    "SpatialProximity",
    INDICES
    + "test_centralisation.py::test_both_agree_with_pysal_where_no_areas_are_equally_far": "RelativeCentralization "
    "AbsoluteCentralization",
    INDICES + "test_boundary.py::test_all_three_agree_with_pysal": "SpatialDissim BoundarySpatialDissim PARDissim",
    INDICES + "test_distortion.py::"
    "test_the_average_sum_of_divergences_is_the_peer_package_s_index_where_labels_sort_as_rows": "GlobalDistortion",
    INDICES + "test_distortion.py::test_trajectories_agree_with_the_peer_package": "LocalDistortion "
    "compute_divergence_profiles",
    BESIDE: "MultiLocalDiversity MultiLocalEntropy MultiLocationQuotient MultiLocalSimpsonConcentration "
    "MultiLocalSimpsonInteraction SimpsonsConcentration MinMax LShannon LSimpson",
    INDICES + "test_own_distances.py::"
    "test_around_each_area_with_the_nearest_five_agrees_with_pysal": "LocalRelativeCentralization",
    INFERENCE + "test_counterfactual.py::test_with_its_ranks_it_is_what_pysal_gives": "DecomposeSegregation "
    "sim_composition sim_share sim_dual_composition",
    "test_peers_numbers.py::test_draws_scatter_as_those_of_pysal": "simulate_bootstrap_resample "
    "simulate_systematic_randomization",
    DRAWN + "::test_the_mean_of_a_null_is_the_expectation_in_closed_form": "simulate_evenness",
    DRAWN + "::test_person_permutations_keep_the_size_of_areas_and_groups": "simulate_person_permutation",
    DRAWN + "::test_area_permutations_hold_every_area_once": "simulate_geo_permutation",
    DRAWN + "::test_two_samples_of_one_city_do_not_differ_and_two_cities_do": "TwoValueTest",
    INDICES
    + "test_spatial.py::test_a_profile_holds_what_each_index_gives_at_each_radius": "compute_multiscalar_profile "
    "batch_multiscalar_singlegroup batch_multiscalar_multigroup",
}
WITHOUT = ("left out", "not needed")


def test_every_function_of_a_peer_has_its_proof():
    answered = [row for row in ROWS if not row[2].strip().startswith(WITHOUT)]
    wanted = {name for row in answered for name in re.findall(r"`([^`]+)`", row[0])} - set(registry())
    assert wanted - {name for names in PROOFS.values() for name in names.split()} == set()


@pytest.mark.parametrize("place", PROOFS)
def test_the_proof_is_there(place):
    file, _, name = place.partition("::")
    assert f"def {name}(" in (HERE / file).read_text(encoding="utf-8")


def city(seed, n=40, groups=3):
    return np.random.default_rng(seed).integers(1, 500, (n, groups)).astype(float)


def test_who_meets_whom_is_the_sum_over_areas():
    table = city(1)
    one, other = np.meshgrid(range(3), range(3), indexing="ij")
    loops = [
        [sum(area[i] / table[:, i].sum() * area[j] / area.sum() for area in table) for j in range(3)] for i in range(3)
    ]
    assert s.exposure_matrix(table)[one, other] == pytest.approx(np.array(loops), rel=1e-12)
    assert s.isolation(table[:, 0], table.sum(axis=1)) == pytest.approx(loops[0][0], rel=1e-12)


def test_local_values_and_their_sums_are_those_of_pysal(pysal):
    table = city(2)
    frame = pd.DataFrame(table, columns=list("abc")).assign(t=table.sum(axis=1))
    groups = list("abc")

    def theirs(name):
        return getattr(pysal["local"], name)(frame, groups).statistics

    population = table.sum(axis=1)
    quotients = np.column_stack([s.location_quotient(column, population) for column in table.T])
    assert theirs("MultiLocationQuotient") == pytest.approx(quotients, rel=1e-12)
    assert theirs("MultiLocalDiversity") == pytest.approx(s.local_entropy(table), rel=1e-12)
    assert theirs("MultiLocalEntropy") == pytest.approx(s.local_entropy(table, relative=True), rel=1e-12)
    assert theirs("MultiLocalSimpsonInteraction") == pytest.approx(s.local_simpson(table), rel=1e-12)
    assert theirs("MultiLocalSimpsonConcentration") == pytest.approx(1 - s.local_simpson(table), rel=1e-12)
    concentration = pysal["multigroup"].SimpsonsConcentration(frame, groups).statistic
    assert concentration == pytest.approx(1 - s.simpson(table), rel=1e-12)
    d = s.dissimilarity(table[:, 0], population - table[:, 0])
    assert pysal["singlegroup"].MinMax(frame, "a", "t").statistic == pytest.approx(2 * d / (1 + d), rel=1e-12)


@pytest.mark.parametrize(
    ("how", "theirs"),
    [
        ("systematic", "simulate_systematic_randomization"),
        ("areas", "simulate_bootstrap_resample"),
    ],
)
def test_draws_scatter_as_those_of_pysal(pysal, how, theirs):
    table = city(3, groups=2)
    frame = gpd.GeoDataFrame({"x": table[:, 0], "t": table.sum(axis=1)}, geometry=shapely.points(table), crs=25832)

    def d(group, rest):
        shares = [one / one.sum(axis=-1, keepdims=True) for one in (group, rest)]
        return np.abs(shares[0] - shares[1]).sum(axis=-1) / 2

    np.random.seed(1)  # noqa: NPY002 - what theirs draws from
    draws = [getattr(pysal["randomization"], theirs)(frame.copy(), group="x", total="t") for _ in range(80)]
    them = np.array([d(one["x"].to_numpy(), (one["t"] - one["x"]).to_numpy()) for one in draws])
    found = draw_replicates(group_and_rest(*table.T), how, 2000, np.random.default_rng(1))
    ours = d(found.group.reshape(2000, -1), found.other.reshape(2000, -1))
    assert ours.mean() == pytest.approx(them.mean(), abs=4 * them.std() / np.sqrt(80))
    assert ours.std() == pytest.approx(them.std(), rel=0.3)


@pytest.fixture(scope="module")
def pysal():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its plotting stack warns at import
        from segregation import local, multigroup, singlegroup
        from segregation.inference import randomization

    return {"local": local, "multigroup": multigroup, "singlegroup": singlegroup, "randomization": randomization}
