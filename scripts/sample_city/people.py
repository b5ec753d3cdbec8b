"""Counts of people per district and year, drawn from the landscape.

A draw is binomial in all but name: mean ``n p``, standard deviation ``sqrt(n p (1 - p))``, rounded
and kept within 0 and n. The standardised deviation of a district is remembered from year to year
(autoregressive, `MEMORY`), so that three years of one district belong together.
"""

from __future__ import annotations

import math
from random import Random
from typing import TYPE_CHECKING

from sample_city.landscape import Latent, build_landscape, intercept, logistic

if TYPE_CHECKING:
    from sample_city.districts import City

YEARS = (2022, 2023, 2024)
PAST_YEARS = (2017, 2018, 2019, 2020, 2021)
MEMORY = 0.97
"""Correlation of a district's deviation with that of the year before."""

Counts = dict[str, int]
Deviates = dict[str, float]

AGES = ("Alter_0_5", "Alter_6_14", "Alter_15_17", "Alter_18_64", "Alter_65plus")
ORIGINS = (
    "Herkunft_Türkei",
    "Herkunft_Polen",
    "Herkunft_Syrien",
    "Herkunft_ehem_Sowjetunion",
    "Herkunft_Übrige",
)
COUNTS = (
    "Einwohner",
    "Mit_Migrationshintergrund",
    "Ausländer",
    *AGES,
    *ORIGINS,
    "SGB2_Personen",
    "Unter_65",
    "SGB2_Kinder_U15",
    "Kinder_U15",
    "Sprachförderbedarf",
    "Untersuchte_Kinder",
    "Arbeitslose",
    "Bevölkerung_15_64",
)
"""Columns that hold numbers of people, in the order of the tables."""

NEED_RATES = (
    ("SGB2_Personen", "Unter_65"),
    ("SGB2_Kinder_U15", "Kinder_U15"),
    ("Arbeitslose", "Bevölkerung_15_64"),
    ("Sprachförderbedarf", "Untersuchte_Kinder"),
)
"""Signs of need: people concerned, and the people they are a part of."""

CITY_TARGETS = {
    "Mit_Migrationshintergrund": 0.28,
    "SGB2_Personen": 0.118,
    "SGB2_Kinder_U15": 0.172,
    "Arbeitslose": 0.060,
    "Sprachförderbedarf": 0.24,
}
"""Rate of the whole city in the first year, before the draws."""

EXAMINED_SHARE = 0.49
"""Three pooled cohorts of school entry, compared with the children aged 0 to 5."""


def build_people(city: City, seed: int) -> dict[int, dict[str, Counts]]:
    """Draw the true counts of every inhabited district in every year.

    Parameters
    ----------
    city : City
        Named districts.
    seed : int
        Seed of all draws.

    Returns
    -------
    dict
        Year to district key to counts by column name.
    """
    latents = build_landscape(city, seed)
    intercepts = _intercepts(latents)
    people: dict[int, dict[str, Counts]] = {year: {} for year in YEARS}
    for key, latent in latents.items():
        deviates = _deviates(seed, key)
        for t, year in enumerate(YEARS):
            drift = latent.growth * t + 0.002 * deviates[t]["Einwohner"]
            residents = round(latent.residents * math.exp(drift)) if t else latent.residents
            people[year][key] = _count_district(residents, latent, t, intercepts, deviates[t])
    return people


def build_past(city: City, seed: int) -> dict[int, dict[str, Counts]]:
    """Draw the counts of the years before the tables, backwards from the first of them.

    Parameters
    ----------
    city : City
        Named districts.
    seed : int
        Seed of all draws.

    Returns
    -------
    dict
        Year to district key to counts by column name; the years of `PAST_YEARS`.
    """
    latents = build_landscape(city, seed)
    intercepts = _intercepts(latents)
    past: dict[int, dict[str, Counts]] = {year: {} for year in PAST_YEARS}
    for key, latent in latents.items():
        z = _deviates(seed, key)[0]
        rng = Random(f"{seed}/past/{key}")
        for year in reversed(PAST_YEARS):
            t = year - YEARS[0]
            z = {column: MEMORY * old + math.sqrt(1 - MEMORY**2) * rng.gauss(0, 1) for column, old in z.items()}
            residents = round(latent.residents * math.exp(latent.growth * t))
            past[year][key] = _count_district(residents, latent, t, intercepts, z)
    return past


def living_space(city: City, seed: int) -> dict[str, float]:
    """Square metres of living space per resident: little in the centre and where need is high.

    Parameters
    ----------
    city : City
        Named districts.
    seed : int
        Seed of all draws.

    Returns
    -------
    dict of str to float
        By district key, one decimal.
    """
    return {
        key: round(_space(latent, Random(f"{seed}/space/{key}")), 1)
        for key, latent in build_landscape(city, seed).items()
    }


def _space(latent: Latent, rng: Random) -> float:
    return 45.5 - 4.2 * latent.need - 6 * latent.centrality + rng.gauss(0, 1.2)


def logits(latent: Latent, t: int = 0) -> dict[str, float]:
    """How far the rates of a district lie from those of an ordinary district, on the logit scale.

    Parameters
    ----------
    latent : Latent
        The district.
    t : int
        Years since the first year.

    Returns
    -------
    dict of str to float
        By column name, the same as `CITY_TARGETS`.
    """
    need = latent.need + latent.trend * t
    return {
        "Mit_Migrationshintergrund": latent.migration + 0.03 * t,
        "SGB2_Personen": 0.90 * need + 0.12 * latent.migration,
        "SGB2_Kinder_U15": 0.95 * need + 0.10 * latent.migration,
        "Arbeitslose": 0.62 * need + 0.08 * latent.migration - 0.02 * t,
        "Sprachförderbedarf": 0.60 * need + 0.65 * latent.migration,
    }


def _intercepts(latents: dict[str, Latent]) -> dict[str, float]:
    sizes = [latent.residents for latent in latents.values()]
    return {
        column: intercept(target, [logits(x)[column] for x in latents.values()], sizes)
        for column, target in CITY_TARGETS.items()
    }


def _deviates(seed: int, key: str) -> list[Deviates]:
    """One standard normal number per year and column: ``z_t = m z_(t-1) + sqrt(1 - m^2) e``."""
    years: list[Deviates] = [{} for _ in YEARS]
    for column in COUNTS:
        rng = Random(f"{seed}/draw/{key}/{column}")
        z = rng.gauss(0, 1)
        for year in years:
            year[column] = z
            z = MEMORY * z + math.sqrt(1 - MEMORY**2) * rng.gauss(0, 1)
    return years


def draw(n: int, p: float, z: float) -> int:
    """Draw the number of people out of `n` with probability `p`, given the standardised deviation `z`.

    Parameters
    ----------
    n : int
        People.
    p : float
        Probability.
    z : float
        Deviation in standard deviations.

    Returns
    -------
    int
        ``n p + z sqrt(n p (1 - p))``, rounded and kept within 0 and `n`.
    """
    return min(max(round(n * p + z * math.sqrt(n * p * (1 - p))), 0), n)


def _count_district(residents: int, latent: Latent, t: int, intercepts: dict[str, float], z: Deviates) -> Counts:
    rate = {c: logistic(intercepts[c] + x) for c, x in logits(latent, t).items()}
    counts = {"Einwohner": residents, **_ages(residents, latent, z)}
    counts["Unter_65"] = residents - counts["Alter_65plus"]
    counts["Kinder_U15"] = counts["Alter_0_5"] + counts["Alter_6_14"]
    counts["Bevölkerung_15_64"] = counts["Alter_15_17"] + counts["Alter_18_64"]
    counts["Untersuchte_Kinder"] = draw(counts["Alter_0_5"], EXAMINED_SHARE, z["Untersuchte_Kinder"])
    for column, base in (("Mit_Migrationshintergrund", "Einwohner"), *NEED_RATES):
        counts[column] = draw(counts[base], rate[column], z[column])
    counts["SGB2_Kinder_U15"] = min(counts["SGB2_Kinder_U15"], counts["SGB2_Personen"])
    with_mh = counts["Mit_Migrationshintergrund"]
    foreign = logistic(0.1 + 0.35 * latent.migration + 0.02 * t)
    counts["Ausländer"] = draw(with_mh, foreign, z["Ausländer"])
    counts.update(_split(with_mh, ORIGINS, _origin_weights(latent, t), z))
    return {column: counts[column] for column in COUNTS}


def _ages(residents: int, latent: Latent, z: Deviates) -> Counts:
    """Age groups that sum to the residents: more children where need is high, fewer old people."""
    old = logistic(-1.30 - 0.16 * latent.need - 0.22 * latent.migration - 0.5 * latent.centrality)
    family = math.exp(0.13 * latent.need + 0.06 * latent.migration - 0.25 * latent.centrality)
    small, school, teens = 0.061 * family, 0.086 * family, 0.029 * family
    shares = (small, school, teens, 1 - old - small - school - teens, old)
    return _split(residents, AGES, shares, z)


def _origin_weights(latent: Latent, t: int) -> tuple[float, ...]:
    """Weights of the five groups of origin; each has its own pattern in the city."""
    need, migration = latent.need, latent.migration
    return (
        0.17 * math.exp(0.35 * need + 0.30 * migration),
        0.16,
        0.040 * math.exp(0.75 * need + 1.20 * migration + 0.05 * t),
        0.19 * math.exp(0.25 * need - 0.15 * migration),
        0.42,
    )


def _split(n: int, columns: tuple[str, ...], weights: tuple[float, ...], z: Deviates) -> Counts:
    """Share `n` people out; each group is drawn from those left over by the groups before it."""
    counts = {}
    left, weight_left = n, math.fsum(weights)
    for column, weight in zip(columns[:-1], weights[:-1], strict=True):
        counts[column] = draw(left, weight / weight_left, z[column])
        left -= counts[column]
        weight_left -= weight
    counts[columns[-1]] = left
    return counts
