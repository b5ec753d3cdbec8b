"""Prove presets and official rules against published results and write docs/verification.md.

    python scripts/verify_presets.py [--data ../shared/data] [--check]

Every figure comes from ``need_index`` with the preset as shipped; published columns are only compared with.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill

import numpy as np
import pandas as pd
import verify_berlin_2021 as berlin_2021
import verify_rules

import quartiersatlas as qa
from quartiersatlas.need.score.scores import class_ids

PAGE = Path(__file__).parents[1] / "docs" / "verification.md"

STATUS = {"hoch": "high", "mittel": "medium", "niedrig": "low", "sehr niedrig": "very_low"}
DYNAMICS = {"positiv": "positive", "stabil": "stable", "negativ": "negative"}
SHARES = {
    "s1_percentage_unemployed": ("unemployment_share_total", "unemployment_share_sgb2"),
    "s2_percentage_long_term_unemployed": ("long_term_unemployed", ""),
    "s3_percentage_transfer_payments_recipients": ("transfer_rate", "transfer_rate"),
    "s4_percentage_transfer_payments_recipients_below_15_years": ("child_poverty_u15", "child_poverty_u15"),
}
DOMAINS = ("Income", "Employment", "Education", "Health", "Crime", "Housing", "Access", "Environment")


THREE_SINCE = 2019  # the editions since then have three indicators
GAPS_SINCE = 2021  # the tables of this edition lack two areas, and the names of other columns are shifted
BERLIN_DIGITS = 2e-5  # shares are published with 5 decimals; the z-scores carry that on


@dataclass(frozen=True)
class Proof:
    """One comparison: how many of how many published results are met, and the largest error of a number."""

    preset: str
    compared: str
    met: int
    of: int
    error: float = float("nan")
    remark: str = ""


def main() -> int:
    """Write or check the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--check", action="store_true", help="fail when the page differs from the proofs")
    options = parser.parse_args()
    if not (options.data / "indices").is_dir():
        print(f"{options.data / 'indices'} is not there: nothing proved")
        return 0
    page = page_text(
        proofs(options.data / "indices", options.data / "laws"),
        edition_2021(options.data / "indices"),
        rule_proofs(options.data),
    )
    if options.check:
        same = PAGE.read_text(encoding="utf-8") == page
        print("docs/verification.md is up to date" if same else "docs/verification.md differs: write it again")
        return 0 if same else 1
    PAGE.write_text(page, encoding="utf-8")
    return 0


def rule_proofs(data: Path) -> list[verify_rules.RuleProof]:
    """Return all comparisons of official rules."""
    return verify_rules.rule_proofs(data / "laws", data / "indices" / "mss_berlin" / "mss2021_plr.csv")


def proofs(folder: Path, laws: Path) -> list[Proof]:
    """Return all comparisons of need indices with the published results in two folders."""
    found = []
    for year in (2013, 2015, 2017, 2019, 2021):
        found += berlin(folder / "mss_berlin" / f"mss{year}_plr.csv", year)
    found += berlin_of_all_areas(edition_2021(folder))
    found += wales(folder / "wimd2019" / "wimd2019_lsoa.csv")
    found += england_2025(folder / "imd" / "imd2025_lsoa.csv.gz")
    found += england_2019(folder / "imd")
    found += scotland(laws / "simd_2016_ranks.csv.gz")
    return found


def berlin(file: Path, year: int) -> list[Proof]:
    """Compare classes, z-scores, sums and indices of an edition of the Berlin monitor."""
    name = f"berlin-mss-{year}"
    table = pd.read_csv(file, dtype={"id": str}).set_index("id")
    need = qa.need_index(berlin_frame(table, year), qa.NeedSpec.preset(name), population="residents")
    keys = need.scored_keys
    remark = "" if year < GAPS_SINCE else "the table as it is, without 2 of the 536 scored areas"
    rows = [
        _classes(name, "status classes", need.classes.loc[keys, "status"], table["status_index_class"], STATUS, remark),
        _classes(
            name, "dynamics classes", need.classes.loc[keys, "dynamics"], table["dynamic_index_class"], DYNAMICS, remark
        ),
    ]
    if year < GAPS_SINCE:
        rows += _berlin_numbers(name, need, table.loc[keys])
    return rows


def berlin_frame(table: pd.DataFrame, year: int) -> pd.DataFrame:
    """Return the shares of an edition under the names of the catalogue; areas that were not scored have none."""
    columns = {}
    for column, names in SHARES.items():
        indicator = names[0] if year < THREE_SINCE else names[1]
        if indicator:
            columns[indicator] = pd.to_numeric(table[column], errors="coerce")
            columns[f"{indicator}_change"] = pd.to_numeric(table["d" + column[1:]], errors="coerce")
    frame = pd.DataFrame(columns).assign(residents=table["inhabitants"])
    return frame[table["status_index_class"].isin(STATUS)]


def _berlin_numbers(name: str, need: qa.NeedIndex, table: pd.DataFrame) -> list[Proof]:
    """Compare the published z-scores, sums and indices; the names of these columns are shifted in the file."""
    numbers = table.apply(pd.to_numeric, errors="coerce")
    z = [column for column in table if column.startswith("z_s")]
    status = need.reference[need.reference["axis"].eq("status")]
    errors = []
    for column, (_, row) in zip(z, status.iterrows(), strict=True):
        ours = (need.inputs.values.loc[table.index, row["indicator"]] - row["mean"]) / row["sd"]
        errors.append(ours - numbers[column])
    first_changes = "z_d4_percentage_transfer_payments_recipients_below_15_years"
    dynamics = need.reference[need.reference["axis"].eq("dynamics")].iloc[0]
    d1 = (need.inputs.values.loc[table.index, dynamics["indicator"]] - dynamics["mean"]) / dynamics["sd"]
    errors.append(d1 - numbers[first_changes])
    found = [_numbers(name, "z-scores", pd.concat(errors), BERLIN_DIGITS)]
    if "z_d2_percentage_long_term_unemployed" in table:
        what, index = "status index", numbers["z_d2_percentage_long_term_unemployed"]
    else:
        total = numbers["z_d1_percentage_unemployed"]
        what, index = "status index, from the published sum of z", total / total.std(ddof=0)
    return [*found, _numbers(name, what, need.scores.loc[table.index, "status"] - index, BERLIN_DIGITS)]


def edition_2021(folder: Path) -> berlin_2021.Edition:
    """Read the edition of 2021."""
    table = pd.read_csv(folder / "mss_berlin" / "mss2021_plr.csv", dtype={"id": str}).set_index("id")
    z = {name: pd.to_numeric(table[column], errors="coerce") for name, column in berlin_2021.Z_COLUMNS.items()}
    words = {"status": ("status_index_class", STATUS), "dynamics": ("dynamic_index_class", DYNAMICS)}
    classes = {axis: table[column].str.strip().map(ids) for axis, (column, ids) in words.items()}
    return berlin_2021.Edition(berlin_frame(table, 2021), pd.DataFrame(z), pd.DataFrame(classes))


def berlin_of_all_areas(edition: berlin_2021.Edition) -> list[Proof]:
    """Compare the edition of 2021 as computed over all 536 areas: with their constants, and with the two filled in."""
    name, n = "berlin-mss-2021", len(edition.frame)
    fixed = qa.need_index(edition.frame, berlin_2021.fixed_status(edition), population="residents")
    filled = berlin_2021.index_of(edition.filled(edition.assumed(lower_first=True)))
    constants = "fixed reference: the constants of all 536 areas"
    return [
        _numbers(name, "z-scores of the status", berlin_2021.z_errors(fixed, edition), BERLIN_DIGITS, constants),
        Proof(name, "status classes with these z-scores", berlin_2021.met(fixed, edition, "status"), n),
        _numbers(
            name, "z-scores", berlin_2021.z_errors(filled, edition), BERLIN_DIGITS, "the 2 areas filled in, see below"
        ),
        Proof(
            name,
            "status classes of all areas",
            min(berlin_2021.status_of_every_assignment(edition)),
            n,
            remark="the 2 areas filled in, see below",
        ),
        Proof(
            name,
            "dynamics classes of all areas",
            berlin_2021.met(filled, edition, "dynamics"),
            n,
            remark="the 2 areas filled in on assumptions, see below",
        ),
    ]


def wales(file: Path) -> list[Proof]:
    """Compare scores and ranks of the Welsh index."""
    table = pd.read_csv(file).set_index("lsoa11_code")
    frame = table.rename(columns={f"{name}_rank": f"{name.lower()}_rank" for name in DOMAINS})
    need = qa.need_index(frame, qa.NeedSpec.preset("wimd-2019"))
    return [
        _numbers("wimd-2019", "scores", need.scores["deprivation"] - table["IMD_score"], 1e-8),
        _ranks("wimd-2019", need, table["IMD_rank"]),
        _deciles("wimd-2019", need, table["IMD_decile"]),
        _deciles_of_ranks("wimd-2019", table["IMD_rank"], table["IMD_decile"]),
    ]


def england_2025(file: Path) -> list[Proof]:
    """Compare scores and ranks of the English index 2025."""
    table = pd.read_csv(file).set_index("lsoa21_code")
    need = qa.need_index(table.rename(columns=str.lower), qa.NeedSpec.preset("imd-2025"))
    return [
        _numbers(
            "imd-2025", "scores (published with 3 decimals)", need.scores["deprivation"] - table["IMD_score"], 6e-4
        ),
        _ranks("imd-2025", need, table["IMD_rank"]),
    ]


def england_2019(folder: Path) -> list[Proof]:
    """Compare ranks of the English index 2019."""
    key = "LSOA code (2011)"
    options = {"thousands": ",", "encoding": "utf-8-sig", "index_col": key}
    domains = pd.read_csv(folder / "File_2_-_IoD2019_Domains_of_Deprivation.csv.gz", **options)
    index = pd.read_csv(folder / "File_1_-_IMD2019_Index_of_Multiple_Deprivation.csv.gz", **options)
    spec = qa.NeedSpec.preset("imd-2019")
    need = qa.need_index(domains.rename(columns=spec.published_columns), spec)
    ranks, deciles = (index[f"Index of Multiple Deprivation (IMD) {what}"] for what in ("Rank", "Decile"))
    return [
        _ranks("imd-2019", need, ranks),
        _deciles("imd-2019", need, deciles),
        _deciles_of_ranks("imd-2019", ranks, deciles),
    ]


def scotland(file: Path) -> list[Proof]:
    """Compare ranks of the Scottish index 2016."""
    table = pd.read_csv(file).set_index("data_zone")
    need = qa.need_index(table, qa.NeedSpec.preset("simd-2016"), population="residents")
    return [_ranks("simd-2016", need, table["official_rank"])]


def _classes(
    preset: str, what: str, ours: pd.Series, published: pd.Series, words: dict[str, str], remark: str
) -> Proof:
    theirs = published.loc[ours.index].str.strip().map(words)
    return Proof(preset, what, int((ours == theirs).sum()), len(ours), remark=remark)


def _numbers(preset: str, what: str, errors: pd.Series, tolerance: float, remark: str = "") -> Proof:
    """Count the numbers that agree within a tolerance."""
    sizes = errors.abs()
    met = int(sizes.le(tolerance).sum())
    return Proof(preset, f"{what} within {tolerance:g}", met, len(sizes), float(sizes.max()), remark)


def _ranks(preset: str, need: qa.NeedIndex, published: pd.Series) -> Proof:
    ours = need.ranks["deprivation"]
    difference = (ours - published.loc[ours.index].astype(float)).abs()
    return Proof(preset, "ranks", int(difference.eq(0).sum()), len(ours), float(np.max(difference)))


def _deciles(preset: str, need: qa.NeedIndex, published: pd.Series) -> Proof:
    ours = need.typology.astype(int)
    return Proof(preset, "deciles", int((ours == published.loc[ours.index]).sum()), len(ours))


def _deciles_of_ranks(preset: str, ranks: pd.Series, published: pd.Series) -> Proof:
    """Compare the rule of the classes alone, applied to the published ranks."""
    ours = class_ids(-ranks.astype(float), qa.NeedSpec.preset(preset).axes[0]).str.removeprefix("decile_").astype(int)
    met = int((ours == published.loc[ours.index]).sum())
    return Proof(preset, "deciles of the published ranks", met, len(ours))


def page_text(rows: list[Proof], edition: berlin_2021.Edition, rule_rows: list[verify_rules.RuleProof]) -> str:
    """Return the page: what was compared, and which presets could not be."""
    lines = [
        "# Verification of the presets and the official rules",
        "",
        "Written by `scripts/verify_presets.py` from `need_index` and the published tables; the tests assert the same",
        "figures. `largest error` is the largest absolute difference from a published number (of ranks: in ranks).",
        "",
        "| preset | compared | met | of | largest error | remark |",
        "| --- | --- | ---: | ---: | ---: | --- |",
    ]
    for row in rows:
        error = "" if np.isnan(row.error) else f"{row.error:.1e}" if row.compared != "ranks" else f"{row.error:g}"
        lines.append(f"| `{row.preset}` | {row.compared} | {row.met:,} | {row.of:,} | {error} | {row.remark} |")
    lines += ["", "Not verified, and using them says so:", ""]
    for name in qa.NeedSpec.presets():
        reason = qa.NeedSpec.preset(name).unverified
        if reason:
            lines.append(f"- `{name}`: {reason}.")
    return "\n".join([*lines, "", *verify_rules.rules_text(rule_rows), "", *_edition_2021_text(edition)]) + "\n"


def _edition_2021_text(edition: berlin_2021.Edition) -> list[str]:
    """Return what exactly is proved of the edition of 2021."""
    return [
        "## Berlin 2021: what is proved, and what is not",
        "",
        _wrapped(
            "The edition scores 536 areas; the table at hand has 534. Nonnendammallee (05300840, 486 residents) and "
            "Schumacher-Quartier (12200411, 393 residents) are missing from it, and with them a part of every mean and "
            "deviation."
        ),
        "",
        _wrapped(
            "**Proved: the status, and the first change.** Value and published z-score lie on a line, which gives mean "
            "and deviation over all 536 areas, and from these the two missing values:"
        ),
        "",
        "| indicator | mean of 536 | deviation of 536 | the two missing values |",
        "| --- | ---: | ---: | --- |",
        *_constants(edition),
        "",
        _wrapped(
            "With these constants as a fixed reference, and with the two areas filled in, all z-scores and all status "
            "classes are met. Which of the two areas has which value makes no difference to any status class."
        ),
        "",
        _wrapped(
            "**Not provable from the table: the other two changes.** Neither their z-scores nor the index of the "
            "dynamics are in it. What the classes say: the rule gives all 534 published dynamics classes if, and only "
            "if, the constants of all 536 areas lie in a convex set with these bounds (linear programming; the last "
            "column is the constant of the 534 areas alone):"
        ),
        "",
        "| constant | lowest | highest | of 534 |",
        "| --- | ---: | ---: | ---: |",
        *_bounds(edition),
        "",
        _wrapped(
            "So there are constants that meet every class, and those of the 534 areas are not among them: the "
            "deviation of the change of child poverty must be larger than theirs."
        ),
        "",
        _wrapped(_assumptions(edition)),
        "",
        _wrapped(
            "This shows that the published dynamics classes agree with the rule over 536 areas. It does not recover "
            "the changes of the two areas: other values would do as well."
        ),
    ]


def _wrapped(text: str) -> str:
    return fill(text, 118, break_long_words=False, break_on_hyphens=False)


def _constants(edition: berlin_2021.Edition) -> list[str]:
    return [
        f"| `{name}` | {row['mean']:.5f} | {row['sd']:.5f} | {low:.3f} and {high:.3f} |"
        for name, row in edition.constants.iterrows()
        for low, high in [edition.recovered[name]]
    ]


def _assumptions(edition: berlin_2021.Edition) -> str:
    """Return how many dynamics classes are met under which assumptions on the two missing areas."""
    n = len(edition.frame)
    low, high = edition.recovered[berlin_2021.FIRST]
    lower, higher = (
        berlin_2021.met(berlin_2021.index_of(edition.filled(edition.assumed(lower_first=order))), edition, "dynamics")
        for order in (True, False)
    )
    drawn = [berlin_2021.drawn(edition, lower_first=order) for order in (True, False)]
    spread = [f"{met.min()} to {met.max()}, and all {n} in {(met == n).mean():.0%} of the draws" for met in drawn]
    return (
        f"One number from outside this table narrows it down: the z-score {berlin_2021.KNOWN_Z} of Nonnendammallee's "
        f"change of child poverty. With it, and with the three changes nothing is known of set to the mean of the "
        f"other areas (`{berlin_2021.SECOND}` of both, `{berlin_2021.THIRD}` of Schumacher-Quartier), {lower} of {n} "
        f"dynamics classes are met if Nonnendammallee has the lower first change ({low:.3f}), and {higher} if it has "
        f"the higher one ({high:.3f}). With the three changes drawn {berlin_2021.DRAWS:,} times from those of the "
        f"other areas, {spread[0]}; with the higher one {spread[1]}."
    )


def _bounds(edition: berlin_2021.Edition) -> list[str]:
    """Return the rows of the constants' bounds beside the constants of the areas that are there."""
    changes = edition.frame[[berlin_2021.FIRST, berlin_2021.SECOND, berlin_2021.THIRD]]
    deviations = changes.std(ddof=0)
    deviations[berlin_2021.FIRST] = edition.constants["sd"][berlin_2021.FIRST]
    total = (changes / deviations).sum(axis=1)
    own = [deviations[berlin_2021.SECOND], deviations[berlin_2021.THIRD], total.mean(), total.std(ddof=0)]
    bounds = berlin_2021.constants_that_meet_all(edition)
    return [
        f"| {name} | {row['lowest']:.4f} | {row['highest']:.4f} | {value:.4f} |"
        for (name, row), value in zip(bounds.iterrows(), own, strict=True)
    ]


if __name__ == "__main__":
    sys.exit(main())
