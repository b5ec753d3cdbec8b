"""What is counted by group or over many years: benefits by migration background, and the years before the tables."""

from __future__ import annotations

import csv
import io
import math
from random import Random
from typing import TYPE_CHECKING

from sample_city.landscape import build_landscape
from sample_city.names import NOTICE
from sample_city.people import PAST_YEARS, build_past, draw
from sample_city.tables import show_count

if TYPE_CHECKING:
    from sample_city.districts import City
    from sample_city.people import Counts

UNDER_65 = 0.9
"""Share of those with migration background who are under 65."""
ODDS = 2.1
"""How much likelier benefits are with migration background than without, in odds."""
GROUP_COUNTS = ("Unter_65_MH", "SGB2_MH")
SERIES = ("Einwohner", "Unter_65", "SGB2_Personen")
BUDGET_SINCE, N_BUDGETS = 2020, 11
BUDGET_CORE = (-4500.0, -3800.0)
"""Around this place lies the estate of which all districts have a budget of their own."""


def group_counts(city: City, people: dict[str, Counts], seed: int) -> dict[str, Counts]:
    """Draw the counts of those with migration background, within what the tables count of all.

    Parameters
    ----------
    city : City
        Named districts.
    people : dict
        True counts of one year by district key.
    seed : int
        Seed of all draws; the deviation of a district is the same in every year.

    Returns
    -------
    dict
        District key to `GROUP_COUNTS`.
    """
    found = {}
    for key in (d.key for d in city.districts if d.key in people):
        rng, counts = Random(f"{seed}/groups/{key}"), people[key]
        z = rng.gauss(0, 1), rng.gauss(0, 1)
        with_mh, under, poor = counts["Mit_Migrationshintergrund"], counts["Unter_65"], counts["SGB2_Personen"]
        n = min(max(draw(with_mh, UNDER_65, z[0]), with_mh - counts["Alter_65plus"]), with_mh, under)
        weight = ODDS * n / (ODDS * n + under - n) if under else 0.0
        x = min(max(draw(poor, weight, z[1]), poor - (under - n)), poor, n)
        found[key] = {"Unter_65_MH": n, "SGB2_MH": x}
    return found


def group_bytes(city: City, counts: dict[str, Counts], merged: str) -> bytes:
    """Render the counts by group: UTF-8, semicolons, LF; small counts are secret as in the tables.

    Parameters
    ----------
    city : City
        Named districts.
    counts : dict
        As :func:`group_counts` returns them.
    merged : str
        Key under which the tables have the two harbour areas.

    Returns
    -------
    bytes
        ``gruppen_<year>.csv``.
    """
    summed = _with_merged(city, counts, merged, GROUP_COUNTS)
    rows = [[key, *(show_count(name, of[name]) for name in GROUP_COUNTS)] for key, of in summed.items()]
    return _csv(("Stadtteil", *GROUP_COUNTS), rows)


def series_bytes(city: City, merged: str, seed: int) -> bytes:
    """Render the years before the tables as one long table.

    Parameters
    ----------
    city : City
        Named districts.
    merged : str
        Key under which the tables have the two harbour areas.
    seed : int
        Seed of all draws.

    Returns
    -------
    bytes
        ``zeitreihe.csv``.
    """
    past = build_past(city, seed)
    rows = [
        [year, key, of["Einwohner"], *(show_count(name, of[name]) for name in SERIES[1:])]
        for year in PAST_YEARS
        for key, of in _with_merged(city, past[year], merged, SERIES).items()
    ]
    return _csv(("Jahr", "Stadtteil", *SERIES), rows)


def budget_bytes(city: City, seed: int) -> bytes:
    """List the districts that have had a budget of their own since `BUDGET_SINCE`: chosen by their level of need.

    Parameters
    ----------
    city : City
        Named districts.
    seed : int
        Seed of all draws.

    Returns
    -------
    bytes
        ``stadtteilbudget.csv``.
    """
    special = {*city.harbour, city.works}
    latents = {key: latent for key, latent in build_landscape(city, seed).items() if key not in special}
    needy = sorted(latents, key=lambda key: -latents[key].need)[: 2 * N_BUDGETS]
    sites = {d.key: d.cell.site for d in city.districts}
    chosen = sorted(sorted(needy, key=lambda key: math.dist(sites[key], BUDGET_CORE))[:N_BUDGETS])
    names = {d.key: d.name for d in city.districts}
    return _csv(("Stadtteil", "Name", "Seit"), [[key, names[key], BUDGET_SINCE] for key in chosen])


def _with_merged(city: City, counts: dict[str, Counts], merged: str, columns: tuple[str, ...]) -> dict[str, Counts]:
    """Return counts of all areas in key order, the two harbour areas in one, nobody in the forest."""
    nobody = dict.fromkeys(columns, 0)
    found = {}
    for district in city.districts:
        if district.key == city.harbour[0]:
            parts = [counts[key] for key in city.harbour]
            found[merged] = {name: sum(part[name] for part in parts) for name in columns}
        elif district.key != city.harbour[1]:
            found[district.key] = counts.get(district.key, nobody)
    return found


def _csv(head: tuple[str, ...], rows: list[list[object]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerow((*head, "Hinweis"))
    writer.writerows((*row, NOTICE) for row in rows)
    return text.getvalue().encode("utf-8")
