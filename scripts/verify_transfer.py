"""Measure what transfers between boundaries are worth, and print the tables of docs/transfer.md.

    python scripts/verify_transfer.py [--data ../shared/data] [--check]

Counts of Berlin's planning areas of 31 December 2020 are reallocated to those of 2021 and compared with what was
counted there a year later. The census grid is a Parquet file: this script needs pyarrow.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

import quartiersatlas as qa

PAGE = Path(__file__).parents[1] / "docs" / "transfer.md"

COUNTS = {
    "inhabitants": "residents",
    "inhabitants_with_migration_background": "with migration background",
    "inhabitants_foreigners": "foreigners",
}
ENOUGH = 300  # residents; below, a relative error says nothing
WRONG = 0.2
POINTS = 5
EMPTY = "03400831"  # a planning area without residents

PAGE_TEXT = """# What a transfer between boundaries is worth

Written by `scripts/verify_transfer.py`; the tests compare every method with an overlay by geopandas and assert the same
figures for it.

Berlin redrew its planning areas on 1 January 2021: {n_old} became {n_new}, with new keys. Here the counts of
31 December 2020 are reallocated to the new areas and compared with what was counted there on 31 December 2021. The
errors hold a year of real change as well (the number of residents changed by {growth:.1%}). Areas with fewer
than {enough} residents are left out: {n_large} of {n_new} remain.

| method | count | total before | total after | median error | 9 of 10 below | off by more than 20 % | unmarked |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |
{rows}

`unmarked`: areas off by more than 20 % that are not `uncertain`.

## Rates from reallocated counts

Share with migration background, computed on the new areas from both reallocated counts; errors in percentage points.

| method | median error | 9 of 10 below | off by more than 5 points |
| --- | ---: | ---: | ---: |
{rates}

## How far `split_share` tells the errors

Residents, by crosswalk, slivers dropped. `split_share` is the share of a target that comes from sources of which less
than 99 % went to it; above 5 % a target is `uncertain`.

| split_share | areas | median error | 9 of 10 below | largest error | off by more than 20 % |
| --- | ---: | ---: | ---: | ---: | ---: |
{marks}

## Reading

- A right total says nothing about the areas: every method keeps it to the last person.
- By surface, {by_surface:,.0f} persons are put into planning area {empty}, where nobody lives; by the census grid
  {by_grid:,.0f}.
- {n_slivers:,} of {n_pairs:,} pairs of the crosswalk are slivers. Dropping them hardly moves the errors: they come from
  areas that were really split.
- A population layer helps, an old and coarse one too; a newer one on finer areas helps most. The last method uses the
  very count that residents are compared with: its line for residents shows how well the two sets of areas fit, not what
  can be had in practice. Its lines for the other counts can be had.
- Rates computed from reallocated counts are closer than the counts: where too many people are put, too many of the
  group are put with them.
- What changed within the year, such as the number of foreigners, is an error here that no mark of boundaries can know.
"""


@dataclass(frozen=True)
class City:
    """Counts at two dates, both sets of areas, and what can stand between them."""

    before: pd.DataFrame
    after: pd.DataFrame
    old: gpd.GeoDataFrame
    new: gpd.GeoDataFrame
    crosswalk: pd.DataFrame
    grid: gpd.GeoDataFrame


def main() -> int:
    """Write or check the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--check", action="store_true", help="fail when the page differs from the measurement")
    options = parser.parse_args()
    if not (options.data / "berlin").is_dir() or find_spec("pyarrow") is None:
        print(f"{options.data / 'berlin'} or the package pyarrow is not there: nothing measured")
        return 0
    page = page_text(city(options.data))
    if options.check:
        same = PAGE.read_text(encoding="utf-8") == page
        print("docs/transfer.md is up to date" if same else "docs/transfer.md differs: write it again")
        return 0 if same else 1
    PAGE.write_text(page, encoding="utf-8")
    return 0


def city(folder: Path) -> City:
    """Read Berlin."""
    berlin = folder / "berlin"
    new = qa.read_areas(berlin / "lor_post2021_PLR" / "lor_planungsraeume_2021.shp", key="PLR_ID")
    crosswalk = pd.read_csv(berlin / "seed_lor_crosswalk_2006_to_2021.csv", dtype=str)
    crosswalk = crosswalk.rename(columns={"plr_id_pre2021": "from", "plr_id_2021": "to"})
    return City(
        population(berlin, 2020),
        population(berlin, 2021),
        old_areas(berlin, new),
        new,
        crosswalk.assign(weight=crosswalk["weight"].astype(float)),
        census_grid(folder, new),
    )


def population(berlin: Path, year: int) -> pd.DataFrame:
    """Read the counts of a year."""
    file = berlin / "population" / f"berlin-lor-population-{year}-02-t1-planning-areas.csv"
    return qa.read_table(file, key="id", columns=list(COUNTS)).values


def old_areas(berlin: Path, new: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Read the old areas; two bear the key 06010102 and 04030417 is missing: it is the one that lies in district 04."""
    areas = gpd.read_file(berlin / "berlin-lor-planning-areas-until-2020.geojson").to_crs(new.crs)
    for i in areas.index[areas["id"] == "06010102"]:
        if new.index[new.contains(areas.geometry[i].representative_point())][0].startswith("04"):
            areas.loc[i, "id"] = "04030417"
    return areas.set_index("id")[["geometry"]]


def census_grid(folder: Path, new: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Read the inhabited cells of 1 km around the city; the code -1 (uninhabited or secret) is left out."""
    grid = pd.read_parquet(folder / "census_grid_1km" / "continuous_Einwohner.parquet")
    west, south, east, north = new.to_crs("EPSG:3035").total_bounds
    near = grid["x"].between(west - 1000, east + 1000) & grid["y"].between(south - 1000, north + 1000)
    grid = grid[near & (grid["Einwohner"] > 0)]
    x, y = grid["x"].to_numpy(), grid["y"].to_numpy()
    squares = shapely.box(x - 500, y - 500, x + 500, y + 500)
    return gpd.GeoDataFrame({"n": grid["Einwohner"].to_numpy()}, geometry=squares, crs="EPSG:3035").to_crs(new.crs)


def methods(city: City) -> dict[str, qa.Transfer]:
    """Reallocate the counts in every way."""
    residents = city.new[["geometry"]].join(city.after["inhabitants"])
    by_area = (city.before, city.old, city.new)
    return {
        "`transfer`, crosswalk by surface, with all slivers": qa.transfer(city.before, city.crosswalk, sliver=0),
        "`transfer`, crosswalk by surface": qa.transfer(city.before, city.crosswalk),
        "`transfer_by_area`, surface": qa.transfer_by_area(*by_area),
        "`transfer_by_area`, residents of the 1 km census grid of 2011": qa.transfer_by_area(
            *by_area, population=city.grid
        ),
        "`transfer_by_area`, residents of the new areas in 12/2021": qa.transfer_by_area(
            *by_area, population=residents
        ),
    }


def page_text(city: City) -> str:
    """Return the page."""
    results = methods(city)
    large = city.after.index[city.after["inhabitants"] >= ENOUGH]
    rows = [row(method, result, city, column, large) for method, result in results.items() for column in COUNTS]
    raw, plain, _, grid, _ = results.values()
    return PAGE_TEXT.format(
        growth=city.after["inhabitants"].sum() / city.before["inhabitants"].sum() - 1,
        enough=ENOUGH,
        n_old=len(city.before),
        n_new=len(city.after),
        n_large=len(large),
        rows="\n".join(rows),
        rates="\n".join(rate_row(method, result, city, large) for method, result in results.items()),
        marks="\n".join(marks(plain, city, large)),
        empty=EMPTY,
        by_surface=raw.table.loc[EMPTY, "inhabitants"],
        by_grid=grid.table.loc[EMPTY, "inhabitants"],
        n_slivers=len(plain.slivers),
        n_pairs=len(city.crosswalk),
    )


def row(method: str, result: qa.Transfer, city: City, column: str, large: pd.Index) -> str:
    """Return one line of the table."""
    sizes = errors(result, city, column, large)
    wrong = sizes > WRONG
    unmarked = wrong & ~result.targets["uncertain"].loc[large]
    totals = result.totals.loc[column]
    return (
        f"| {method} | {COUNTS[column]} | {totals['before']:,.0f} | {totals['after']:,.0f} | {sizes.median():.1%} | "
        f"{sizes.quantile(0.9):.0%} | {wrong.sum()} | {unmarked.sum()} |"
    )


def rate_row(method: str, result: qa.Transfer, city: City, large: pd.Index) -> str:
    """Return the line for a share that is computed from two reallocated counts."""
    reallocated, counted = (
        100 * counts.loc[large, "inhabitants_with_migration_background"] / counts.loc[large, "inhabitants"]
        for counts in (result.table, city.after)
    )
    sizes = (reallocated - counted).abs()
    return f"| {method} | {sizes.median():.1f} | {sizes.quantile(0.9):.1f} | {(sizes > POINTS).sum()} |"


def errors(result: qa.Transfer, city: City, column: str, large: pd.Index) -> pd.Series:
    """Return the relative errors of the areas that are large enough."""
    counted = city.after.loc[large, column]
    return (result.table.loc[large, column] - counted).abs() / counted


def marks(result: qa.Transfer, city: City, large: pd.Index) -> list[str]:
    """Return the lines with the errors by the share that comes from split sources."""
    sizes = errors(result, city, "inhabitants", large)
    share = result.targets["split_share"].loc[large]
    lines = []
    for low, high, name in ((-1, 0, "0"), (0, 0.05, "to 5 %"), (0.05, 0.5, "5 to 50 %"), (0.5, 1, "above 50 %")):
        some = sizes[(share > low) & (share <= high)]
        lines.append(
            f"| {name} | {len(some)} | {some.median():.1%} | {some.quantile(0.9):.0%} | {some.max():.0%} | "
            f"{(some > WRONG).sum()} |"
        )
    return lines


if __name__ == "__main__":
    sys.exit(main())
