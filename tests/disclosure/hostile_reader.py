"""The hostile reader: from the files of a public release, what is known anyway, and pencil and paper.

What is known anyway: the protection rules, which column is made of which counts, every denominator and the residents of
every area, and the totals of the city and of every district. The reader shares no code with the library: a file of rows
(one per area) is enough for an attack, so a new kind of file needs one line in ``written``.
"""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass
from itertools import product

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd

import quartiersatlas as qa

# --- what the files say --------------------------------------------------------------------------------------------


def rows_of_csv(path):
    return pd.read_csv(path, sep=";", decimal=",", encoding="utf-8-sig", dtype={"key": str}).set_index("key")


def rows_of_geopackage(path):
    return pd.DataFrame(gpd.read_file(path, layer="areas").drop(columns="geometry")).set_index("key")


def rows_of_workbook(path):
    """Read the sheet of the areas: the first row is for people, the second one names the columns."""
    with closing(openpyxl.load_workbook(path, read_only=True)) as book:
        rows = list(book["Gebiete"].iter_rows(values_only=True))
    head = next(number for number, row in enumerate(rows) if row[0] == "key")
    table = pd.DataFrame(rows[head + 1 :], columns=rows[head]).set_index("key")
    numbers = [name for name in table if not table[name].map(lambda cell: isinstance(cell, str)).any()]
    return table.astype(dict.fromkeys(numbers, float))


def rows_of_geojson(path):
    content = json.loads(path.read_text(encoding="utf-8"))
    return pd.DataFrame([feature["properties"] for feature in content["features"]]).set_index("key")


def rows_of_map(path, date=0):
    """Read the source of the page as a browser would: the columns stand in one object, each with all its dates."""
    source = path.read_text(encoding="utf-8")
    start = source.rindex("QuartiersAtlas.createLayer(") + len("QuartiersAtlas.createLayer(")
    content, _ = json.JSONDecoder().raw_decode(source[start:])
    rows = {}
    for column in content["columns"]:
        if "classes" in column or "matrix" in column:
            continue
        cells = [column, *column.get("earlier", [])][date]
        if cells is None:
            continue
        shift = 10 ** cells["decimals"]
        sides = [side for side in ("numerator", "denominator") if side in cells]
        counts = [pd.Series(content["counts"][cells[side]], dtype=float) for side in sides]
        rows |= {f"{column['id']}_{side}": count for side, count in zip(sides, counts, strict=True)}
        if cells["values"] is None:  # the page divides
            x, n = counts
            rows[column["id"]] = (x / n.mask(n.eq(0)) * column["per"] * shift).round() / shift
        else:
            rows[column["id"]] = pd.Series(cells["values"], dtype=float) / shift
    return pd.DataFrame(rows).set_axis(content["areas"]["keys"])


def written(release, folder):
    """Write every kind of file and return the rows of each."""
    kinds = ("csv", "gpkg", "xlsx", "geojson", "parquet")
    files = {kind: folder / f"a.{kind}" for kind in kinds} | {"map": folder / "a.html"}
    for kind in kinds:
        qa.export(release, files[kind])
    qa.atlas_map(release).save(files["map"])
    readers = {
        "csv": rows_of_csv,
        "gpkg": rows_of_geopackage,
        "xlsx": rows_of_workbook,
        "geojson": rows_of_geojson,
        "parquet": lambda file: pd.DataFrame(gpd.read_parquet(file).drop(columns="geometry")).set_index("key"),
        "map": rows_of_map,
    }
    return {kind: readers[kind](file) for kind, file in files.items()}


# --- what the reader makes of it -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Truth:
    """The counts as they are, and what a rate is made of."""

    counts: pd.DataFrame
    pairs: dict
    people: str
    groups: tuple = ()  # one series of labels per level of larger areas
    sums: tuple = ()  # columns that add up, as coefficients: {"all": 1, "women": -1, "men": -1}
    min_count: int = 3
    min_population: float = 300

    def secret(self):
        """Return the counts that nobody may learn: small ones, small rests, those of small areas."""
        people = self.counts[self.people]
        secret = (self.counts > 0) & (self.counts < self.min_count)
        for part, whole in self.pairs.values():
            rest = self.counts[whole] - self.counts[part]
            secret[part] |= (rest >= 0) & (rest < self.min_count) & (self.counts[whole] > 0)
        for column in self.counts.columns.drop(self.people):
            secret[column] |= (people < self.min_population) & self.counts[column].notna() & (people > 0)
        return secret


def shown_counts(rows, truth):
    """Search: every count that stands in some column of the row, under whatever rate."""
    found = pd.DataFrame(np.nan, index=truth.counts.index, columns=truth.counts.columns)
    for rate, pair in truth.pairs.items():
        for side, source in zip(("numerator", "denominator"), pair, strict=True):
            if f"{rate}_{side}" in rows:
                found[source] = found[source].fillna(rows[f"{rate}_{side}"].reindex(found.index))
    for source in found.columns.intersection(rows.columns):
        found[source] = found[source].fillna(pd.to_numeric(rows[source]).reindex(found.index))
    return found


def invert_rates(low, high, rows, truth):
    """Rounded percentages with public denominators: which whole numerators round to what is printed?"""
    for rate, (part, whole) in truth.pairs.items():
        if rate not in rows:
            continue
        printed = pd.to_numeric(rows[rate]).reindex(low.index)
        decimals = max((len(f"{v:.9f}".rstrip("0").split(".")[1]) for v in printed.dropna()), default=0)
        for key in printed.index[printed.notna() & (low[part] < high[part])]:
            k = np.arange(truth.counts.loc[key, whole] + 1)
            fits = k[np.round(100 * k / k[-1], decimals) == printed[key]]
            low.loc[key, part] = max(low.loc[key, part], fits.min())
            high.loc[key, part] = min(high.loc[key, part], fits.max())


def invert_changes(low, high, later, truth):
    """A later date and the change since: the rate before is known to half a step, and so are few numerators."""
    for rate, (part, whole) in truth.pairs.items():
        if f"{rate}_change" not in later:
            continue
        now, change = (pd.to_numeric(later[name]).reindex(low.index) for name in (rate, f"{rate}_change"))
        if f"{rate}_numerator" in later:  # exact
            x, n = (pd.to_numeric(later[f"{rate}_{side}"]).reindex(low.index) for side in ("numerator", "denominator"))
            now = 100 * x / n
        before = now - change
        for key in before.index[before.notna() & (low[part] < high[part])]:
            k = np.arange(truth.counts.loc[key, whole] + 1)
            fits = k[np.abs(100 * k / k[-1] - before[key]) <= 0.05 + 1e-9]
            if len(fits):
                low.loc[key, part] = max(low.loc[key, part], fits.min())
                high.loc[key, part] = min(high.loc[key, part], fits.max())


def attack(rows, truth, *, rates=False, later=None):
    """Return the interval in which the reader knows every count to lie: search, subtraction, sums of columns."""
    found = shown_counts(rows, truth)
    counts, people = truth.counts, truth.counts[truth.people]
    small = people < truth.min_population
    unknown = found.isna() & counts.notna()
    low, high = found.fillna(0.0), found.copy()
    for column in counts:
        ceiling = pd.concat(
            [counts[w] for p, w in truth.pairs.values() if p == column] + [counts[column] * 0 + counts.max().max()],
            axis=1,
        ).min(axis=1)
        high[column] = high[column].fillna(ceiling)
        low.loc[unknown[column] & ~small, column] = 1  # zeros are shown
    if rates:
        invert_rates(low, high, rows, truth)
    if later is not None:
        invert_changes(low, high, later, truth)
    groups = [keys for labels in truth.groups for _, keys in counts.groupby(labels).groups.items()]
    for _ in range(30):
        before = (high - low).sum().sum()
        for column, keys in product(counts.columns, [counts.index, *groups]):
            _subtract_from_total(low, high, column, keys.intersection(counts.index[counts[column].notna()]), counts)
        for coefficients in truth.sums:
            _subtract_columns(low, high, coefficients)
        if (high - low).sum().sum() == before:
            break
    return low, high


def _subtract_from_total(low, high, column, keys, counts):
    """What is left of the total for one area, if the others have their least or their most."""
    if len(keys) < 2:  # the total of a district of one area is that area: no table can help
        return
    total = counts.loc[keys, column].sum()
    least, most = low.loc[keys, column], high.loc[keys, column]
    if least.sum() > total:  # the guess that no zero is held back was wrong here
        low.loc[keys, column] = least = least.where(least == most, 0.0)
    low.loc[keys, column] = np.maximum(least, total - (most.sum() - most))
    high.loc[keys, column] = np.minimum(most, total - (least.sum() - least))


def _subtract_columns(low, high, coefficients):
    """What is left of a sum of columns for one of them."""
    for column, own in coefficients.items():
        least = most = 0.0
        for other, coefficient in coefficients.items():
            if other != column:
                factor = -coefficient / own
                least = least + factor * (low if factor > 0 else high)[other]
                most = most + factor * (high if factor > 0 else low)[other]
        low[column], high[column] = np.fmax(low[column], least), np.fmin(high[column], most)


def recovered(rows, truth, **options):
    """Return the secret counts that the reader knows exactly, or knows to be small: (key, column)."""
    low, high = attack(rows, truth, **options)
    right = (low <= truth.counts) & (truth.counts <= high)
    known = right & ((low == high) | ((low >= 1) & (high < truth.min_count)))
    hits = known & truth.secret()
    return {(key, column) for column in hits for key in hits.index[hits[column]]}


def all_files(release, folder):
    """Return everything that some file tells, in one table of rows."""
    rows = pd.DataFrame()
    for table in written(release, folder).values():
        rows = rows.combine_first(table)
    return rows


# --- the sample city -----------------------------------------------------------------------------------------------
