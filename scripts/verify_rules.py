"""Prove the official rules against published outcomes: their part of docs/verification.md.

Every outcome comes from ``qa.screen`` with the rule as shipped; published columns are only compared with.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

import quartiersatlas as qa

if TYPE_CHECKING:
    from pathlib import Path

STATE_INCOME = 101_341  # USD, median household income of Massachusetts in the table of 2023
ATTENTION = ("4+", "4+/-", "4-", "3-")  # classes of status and dynamics that Berlin's rule names
NO_CLASS = "none"
RESIDENTS = 1000.0  # of every area of tables that have none


@dataclass(frozen=True)
class RuleProof:
    """One comparison: how many of how many published outcomes are met, and how many areas the rule selects."""

    rule: str
    compared: str
    met: int
    of: int
    remark: str = ""


def rule_proofs(laws: Path, berlin: Path) -> list[RuleProof]:
    """Return all comparisons with the published outcomes in a folder of laws and with the Berlin table of 2021."""
    return [
        *attention(berlin),
        *massachusetts(laws / "massachusetts_ej_2023.csv.gz"),
        *[proof for year in (2018, 2022) for proof in bay_area(laws / f"mtc_epc_{year}.csv.gz", year)],
        *[proof for year in (2018, 2020) for proof in vulnerability(laws / f"svi_pennsylvania_{year}.csv.gz", year)],
        *toronto(laws / "toronto_equity_2014.csv"),
        *food_deserts(laws / "usda_food_access_massachusetts_2019.csv.gz"),
    ]


def squares(keys: pd.Index, **parents: pd.Series) -> gpd.GeoDataFrame:
    """Return squares of 1 km side by side: the rules that are proved here look at no outline."""
    place = np.arange(len(keys))
    width = int(np.ceil(np.sqrt(len(keys))))
    x, y = 1000 * (place % width), 1000 * (place // width)
    shapes = shapely.box(x, y, x + 1000, y + 1000)
    columns = {"name": list(keys), **{name: list(part) for name, part in parents.items()}}
    return gpd.GeoDataFrame(columns, index=keys, geometry=shapes, crs="EPSG:25832")


def held_by_condition(shortlist: qa.Shortlist) -> pd.DataFrame:
    """Return where each condition holds: one column per condition, on the district key."""
    held = shortlist.reasons.pivot_table(index="key", columns="condition", values="held", aggfunc="first", dropna=False)
    return held.loc[shortlist.selected.index].astype(bool)


def read(file: Path, *texts: str) -> pd.DataFrame:
    """Read a table whose first column is the key; "NA" and "none" are words."""
    head = pd.read_csv(file, nrows=0)
    kinds = dict.fromkeys([head.columns[0], *texts], str)
    table = pd.read_csv(
        file, dtype=kinds, keep_default_na=False, na_values={name: [""] for name in set(head.columns) - set(kinds)}
    )
    return table.set_index(head.columns[0])


# --- San Francisco Bay ------------------------------------------------------------------------------------------------


def bay_area_data(table: pd.DataFrame) -> qa.AreaData:
    """Return the counts of the tracts with their rates; the denominator of people of color are the residents."""
    names = [column.removeprefix("flag_") for column in table if column.startswith("flag_")]
    counts = table[[f"{name}_{part}" for name in names for part in ("n", "of")]]
    data = qa.join(squares(table.index, county=table["county"]), counts, population="people_of_color_of")
    return qa.add_rates(data, {name: (f"{name}_n", f"{name}_of") for name in names})


def bay_area(file: Path, year: int) -> list[RuleProof]:
    """Compare the eight flags, the selection and the classes of an edition."""
    rule, table = f"mtc-epc-{year}", read(file, "county", "official_class")
    shortlist = qa.screen(bay_area_data(table), qa.RuleSpec.preset(rule))
    held = held_by_condition(shortlist)
    flags = table[[f"flag_{name}" for name in held]].set_axis(held.columns, axis=1).eq(1)
    assert shortlist.levels is not None  # noqa: S101 - the rule has levels
    classes = shortlist.levels.fillna(NO_CLASS)
    return [
        RuleProof(rule, "flags of eight conditions", int((held == flags).sum().sum()), held.size),
        _outcome(rule, shortlist, table["official"]),
        RuleProof(rule, "classes High, Higher, Highest", int(classes.eq(table["official_class"]).sum()), len(table)),
    ]


def _outcome(rule: str, shortlist: qa.Shortlist, published: pd.Series, what: str = "selection") -> RuleProof:
    same = int(shortlist.selected.eq(published.eq(1)).sum())
    return RuleProof(rule, what, same, len(published), f"{int(shortlist.selected.sum()):,} selected")


# --- Massachusetts ----------------------------------------------------------------------------------------------------


def massachusetts_shortlist(table: pd.DataFrame) -> qa.Shortlist:
    """Screen the block groups with what the published columns are: printed medians and shares."""
    columns = ["household_income", "municipal_income", "minority_share", "limited_english_share"]
    shares = dict.fromkeys(columns[2:], "percent")
    data = qa.join(
        squares(table.index, municipality=table["municipality"]),
        table[columns].assign(residents=RESIDENTS),
        units=dict.fromkeys(columns[:2], "USD") | shares,
        kinds=dict.fromkeys(columns[:2], "median"),
    )
    incomes = qa.Reference(values=dict.fromkeys(columns[:2], STATE_INCOME), source="ACS 2019-2023", unit="USD")
    return qa.screen(data, qa.RuleSpec.preset("massachusetts-ej"), references={"state": incomes})


def massachusetts(file: Path) -> list[RuleProof]:
    """Compare the outcome and the criteria that are named beside it."""
    table = read(file, "municipality", "published_text")
    shortlist = massachusetts_shortlist(table)
    held = held_by_condition(shortlist)
    by_municipality = held["some_minority"] & held["not_rich_town"]
    found = {
        "Low Income": held["poor"],
        "Limited English": held["english"],
        "Minority": held["minority"] | by_municipality,
    }
    same = sum(int(table["published_text"].str.contains(words).eq(met).sum()) for words, met in found.items())
    alone = int((by_municipality & ~held["poor"] & ~held["minority"] & ~held["english"]).sum())
    remark = f"{int(shortlist.selected.sum()):,} selected, {alone} by the income of the municipality alone"
    selection = _outcome("massachusetts-ej", shortlist, table["published"])
    return [
        RuleProof(selection.rule, selection.compared, selection.met, selection.of, remark),
        RuleProof("massachusetts-ej", "three criteria by name", same, 3 * len(table)),
    ]


# --- USDA, CDC, Toronto, Berlin ---------------------------------------------------------------------------------------


def food_deserts(file: Path) -> list[RuleProof]:
    """Compare low access, and low income with low access."""
    table = read(file, "county")
    far = ["beyond_1_mile", "beyond_10_miles"]
    columns = ["urban", "residents", "official_low_income", *far, *(f"{name}_share" for name in far)]
    data = qa.join(
        squares(table.index, county=table["county"]),
        table[columns],
        units=dict.fromkeys((f"{name}_share" for name in far), "percent"),
        kinds=dict.fromkeys(far, "count"),
    )
    rule = "usda-food-desert"
    shortlist = qa.screen(data, qa.RuleSpec.preset(rule))
    held = held_by_condition(shortlist)
    city, country = held["far_share"] | held["far_number"], held["very_far_share"] | held["very_far_number"]
    access = (held["urban"] & city) | (held["rural"] & country)
    same = int(access.eq(table["official_low_access"].eq(1)).sum())
    return [
        RuleProof(rule, "low access", same, len(table), f"{int(access.sum())} tracts"),
        _outcome(rule, shortlist, table["official_food_desert"], "low income and low access"),
    ]


def vulnerability(file: Path, year: int) -> list[RuleProof]:
    """Compare flags and their number, from the published percentiles and from percentiles of the raw percentages."""
    table, rule = read(file), f"svi-flags-{year}"
    names = [column.removeprefix("flag_") for column in table if column.startswith("flag_")]
    published = table[[f"flag_{name}" for name in names]].set_axis(names, axis=1).eq(1)
    ours = flags_of(table[[f"epl_{name}" for name in names]], rule)[names]
    total = int(ours.sum(axis=1).eq(table["flags_total"]).sum())
    raw = percentiles(table[[f"ep_{name}" for name in names]], year)
    from_raw = flags_of(raw.set_axis([f"epl_{name}" for name in names], axis=1), rule)[names]
    rounded = "ranks of the percentages over n - 1, rounded to 4 decimals first"
    return [
        RuleProof(rule, "flags from published percentiles", int((ours == published).sum().sum()), ours.size),
        RuleProof(
            rule, "number of flags", total, len(table), f"{int(ours.any(axis=1).sum())} counties with at least one"
        ),
        RuleProof(rule, "flags from raw percentages", int((from_raw == published).sum().sum()), ours.size, rounded),
    ]


def flags_of(percentiles: pd.DataFrame, rule: str) -> pd.DataFrame:
    """Return where each condition of a rule of flags holds."""
    data = qa.join(squares(percentiles.index), percentiles.assign(residents=RESIDENTS))
    return held_by_condition(qa.screen(data, qa.RuleSpec.preset(rule)))


def percentiles(values: pd.DataFrame, year: int) -> pd.DataFrame:
    """Return (rank - 1) / (n - 1) with 4 decimals; in 2018 the income per head counts from above."""
    reverse = {"ep_pci"} if year < 2020 else set()  # noqa: PLR2004 - the next edition
    ranks = {name: (-part if name in reverse else part).rank(method="min") for name, part in values.items()}
    return (pd.DataFrame(ranks) - 1).div(values.notna().sum() - 1).round(4)


def toronto(file: Path) -> list[RuleProof]:
    """Compare the number of neighbourhoods below the benchmark with the published one."""
    table = read(file)
    data = qa.join(squares(table.index), table.rename(columns={"score": "equity_score"}).assign(residents=RESIDENTS))
    shortlist = qa.screen(data, qa.RuleSpec.preset("toronto-nia-2014"))
    remark = (
        f"31 of 140 were published; the next score above the benchmark is {table['score'][~shortlist.selected].min()}"
    )
    return [RuleProof("toronto-nia-2014", "number of areas", int(shortlist.selected.sum()), 31, remark)]


def attention(file: Path) -> list[RuleProof]:
    """Compare areas in need of attention with the published classes of status and dynamics."""
    table = read(file, "status_dynamic_index", "dynamic_index", "status_index_class", "dynamic_index_class")
    columns = {"status": table["status_index"], "dynamics": table["dynamic_index"], "residents": table["inhabitants"]}
    data = qa.join(squares(table.index), pd.DataFrame(columns))
    shortlist = qa.screen(data, qa.RuleSpec.preset("berlin-attention-2021"))
    published = table["status_dynamic_index"].isin(ATTENTION).astype(int)
    found = _outcome("berlin-attention-2021", shortlist, published, f"classes {', '.join(ATTENTION)} of the table")
    remark = f"{found.remark}; 2 of the 536 areas are not in the table, and no list of the areas was at hand"
    return [RuleProof(found.rule, found.compared, found.met, found.of, remark)]


# --- the page ---------------------------------------------------------------------------------------------------------


def rules_text(rows: list[RuleProof]) -> list[str]:
    """Return the lines of the page on official rules."""
    lines = [
        "## Official rules",
        "",
        fill(
            "From `qa.screen` with the rules of `qa.rule_presets()` and published tables. A rule counts as verified "
            "only while its fingerprint is the one that was compared: a changed rule is not.",
            118,
        ),
        "",
        "| rule | fingerprint | compared | met | of | remark |",
        "| --- | --- | --- | ---: | ---: | --- |",
    ]
    for row in rows:
        print_ = qa.RuleSpec.preset(row.rule).hash
        lines.append(f"| `{row.rule}` | {print_} | {row.compared} | {row.met:,} | {row.of:,} | {row.remark} |")
    proved = {row.rule for row in rows}
    lines += ["", "Compared with no official list:", ""]
    lines += [f"- `{name}`: {qa.RuleSpec.preset(name).title_en}." for name in qa.rule_presets() if name not in proved]
    return lines
