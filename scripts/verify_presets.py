"""Prove the presets against published results and print the table of docs/verification.md.

    python scripts/verify_presets.py [--data ../shared/data] [--check]

Every figure comes from ``need_index`` with the preset as shipped; published columns are only compared with.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import quartiersatlas as qa

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
IMD_2019 = {
    "Income Rank (where 1 is most deprived)": "income_rank",
    "Employment Rank (where 1 is most deprived)": "employment_rank",
    "Education, Skills and Training Rank (where 1 is most deprived)": "education_rank",
    "Health Deprivation and Disability Rank (where 1 is most deprived)": "health_rank",
    "Crime Rank (where 1 is most deprived)": "crime_rank",
    "Barriers to Housing and Services Rank (where 1 is most deprived)": "housing_and_services_rank",
    "Living Environment Rank (where 1 is most deprived)": "environment_rank",
}


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
    page = page_text(proofs(options.data / "indices"))
    if options.check:
        same = PAGE.read_text(encoding="utf-8") == page
        print("docs/verification.md is up to date" if same else "docs/verification.md differs: write it again")
        return 0 if same else 1
    PAGE.write_text(page, encoding="utf-8")
    return 0


def proofs(folder: Path) -> list[Proof]:
    """Return all comparisons with the published results in a folder."""
    found = []
    for year in (2013, 2015, 2017, 2019, 2021):
        found += berlin(folder / "mss_berlin" / f"mss{year}_plr.csv", year)
    found += wales(folder / "wimd2019" / "wimd2019_lsoa.csv")
    found += england_2025(folder / "imd" / "imd2025_lsoa.csv.gz")
    found += england_2019(folder / "imd")
    return found


def berlin(file: Path, year: int) -> list[Proof]:
    """Compare classes, z-scores, sums and indices of an edition of the Berlin monitor."""
    name = f"berlin-mss-{year}"
    table = pd.read_csv(file, dtype={"id": str}).set_index("id")
    need = qa.need_index(berlin_frame(table, year), qa.NeedSpec.preset(name), population="residents")
    keys = need.scored
    remark = "" if year < GAPS_SINCE else "2 of the 536 scored areas are not in the tables at hand"
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


def wales(file: Path) -> list[Proof]:
    """Compare scores and ranks of the Welsh index."""
    table = pd.read_csv(file).set_index("lsoa11_code")
    frame = table.rename(columns={f"{name}_rank": f"{name.lower()}_rank" for name in DOMAINS})
    need = qa.need_index(frame, qa.NeedSpec.preset("wimd-2019"))
    return [
        _numbers("wimd-2019", "scores", need.scores["deprivation"] - table["IMD_score"], 1e-8),
        _ranks("wimd-2019", need, table["IMD_rank"]),
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
    need = qa.need_index(domains.rename(columns=IMD_2019), qa.NeedSpec.preset("imd-2019"))
    return [_ranks("imd-2019", need, index["Index of Multiple Deprivation (IMD) Rank"])]


def _classes(
    preset: str, what: str, ours: pd.Series, published: pd.Series, words: dict[str, str], remark: str
) -> Proof:
    theirs = published.loc[ours.index].str.strip().map(words)
    return Proof(preset, what, int((ours == theirs).sum()), len(ours), remark=remark)


def _numbers(preset: str, what: str, errors: pd.Series, tolerance: float) -> Proof:
    """Count the numbers that agree within a tolerance."""
    sizes = errors.abs()
    return Proof(preset, f"{what} within {tolerance:g}", int(sizes.le(tolerance).sum()), len(sizes), float(sizes.max()))


def _ranks(preset: str, need: qa.NeedIndex, published: pd.Series) -> Proof:
    ours = need.ranks["deprivation"]
    difference = (ours - published.loc[ours.index].astype(float)).abs()
    return Proof(preset, "ranks", int(difference.eq(0).sum()), len(ours), float(np.max(difference)))


def page_text(rows: list[Proof]) -> str:
    """Return the page: what was compared, and which presets could not be."""
    lines = [
        "# Verification of the presets",
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
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
