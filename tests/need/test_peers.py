"""The page that compares the need index with its peers names what is there, and every function of COINr."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import quartiersatlas as qa

PAGE = (Path(__file__).parents[2] / "docs" / "need_peers.md").read_text(encoding="utf-8")
OURS = sorted(set(re.findall(r"`((?:NeedIndex|NeedSpec|qa)\.\w+)`", PAGE)))

# the functions and data of COINr's own reference index (bluefoxr.github.io/COINr/reference), without methods of classes
COINR = re.findall(
    r"[\w.]+",
    """
a_amean a_copeland a_genmean a_gmean a_hmean Aggregate approx_df ASEM_COIN ASEM_iData ASEM_iData_p ASEM_iMeta boxcox
build_example_coin build_example_purse CAGR change_ind check_iData check_iMeta check_SkewKurt COIN_to_coin
compare_coins compare_coins_corr compare_coins_multi compare_df Custom Denominate export_to_excel get_corr
get_corr_flags get_cronbach get_data get_data_avail get_denom_corr get_dset get_eff_weights get_noisy_weights
get_opt_weights get_PCA get_pvals get_results get_sensitivity get_stats get_str_weak get_trends get_unit_summary
i_mean i_mean_grp i_median i_median_grp icodes_to_inames import_coin_tool Impute impute_panel is.coin is.purse kurt
log_CT log_CT_orig log_CT_plus log_GII n_borda n_dist2max n_dist2ref n_dist2targ n_fracmax n_goalposts n_minmax
n_prank n_rank n_scaled n_zscore names_to_codes new_coin Normalise outrankMatrix plot_bar plot_corr plot_dist
plot_dot plot_framework plot_scatter plot_sensitivity plot_uncertainty prc_change qNormalise qTreat rank_df Regen
remove_elements replace_df round_df SA_estimate SA_sample Screen signif_df skew Treat ucodes_to_unames winsorise
WorldDenoms
    """,
)


@pytest.mark.parametrize("name", OURS)
def test_every_name_of_ours_exists(name):
    owner, attribute = name.split(".")
    if owner == "qa":
        assert attribute in qa.__all__
    else:
        home = getattr(qa, owner)
        assert hasattr(home, attribute) or attribute in home.__dataclass_fields__


def test_names_of_ours_are_found_on_the_page():
    assert {"qa.need_index", "NeedSpec.from_toml", "NeedIndex.rates"} <= set(OURS)


def test_every_name_after_our_classes_is_in_backticks():
    bare = re.sub(r"`[^`]*`", "", PAGE)
    assert re.findall(r"(?:NeedIndex|NeedSpec|\bqa)\.\w+", bare) == []


@pytest.mark.parametrize("name", COINR)
def test_every_function_of_coinr_has_its_row(name):
    first_cells = "\n".join(line.split("|")[1] for line in PAGE.splitlines() if line.startswith("|"))
    assert f"`{name}`" in first_cells


def test_every_row_says_what_is_here_or_why_not():
    rows = [re.split(r"(?<!\\)\|", line) for line in PAGE.splitlines() if line.startswith("| ")]
    assert rows
    for row in rows:
        assert len(row) == 5, row
        assert all(cell.strip() for cell in row[1:4]), row
