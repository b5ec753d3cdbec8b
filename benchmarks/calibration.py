"""Test whether the stability of a need index is as sure as it says: worlds in which the true rates are known.

    python benchmarks/calibration.py             # every world, the default beside the raw redraw
    python benchmarks/calibration.py --sets 40   # fewer data sets per world
    python benchmarks/calibration.py --worlds 0 3 --rates apart --redraw posterior --sets 400
    python benchmarks/calibration.py --shortlist # of a rule, Shortlist.stability, in place of the index
    python benchmarks/calibration.py --exact     # of the exact posterior alone: what chance does to a true share

A data set: 100 areas with true rates of three indicators, counts drawn from them, the index (sum of z-scores), and
1,000 runs in which the data alone vary; the 15 highest scores are selected. Truth is the index of the true rates.
Figures: how often the 90 % interval of ranks holds the true rank (all areas), and, among areas with a stated
P(selected) of at least 0.9, the mean stated P, the share that belongs to the true 15, and the standard error of the
difference (data sets are independent, areas of a set are not). ``exact``: for the same areas, the mean P of the
posterior under the distribution that the rates were drawn from: right on average by definition, and far less a matter
of chance than the true share; ``lean``: stated less exact P, and its standard error. ``together``: the three
rates of an area are one level times factors between 0.8 and 1.2, as those of deprivation mostly are; ``apart``: they
are independent. The last world is neither: two indicators of many persons with the same cause, and one of few children,
with a second cause of its own; rates are normal on the scale of log odds, so that more areas are far out than a beta
distribution has. ``--shortlist``: the rule is two rates above those of the city and the third among the worst 30 %.
"""

from __future__ import annotations

import argparse
import multiprocessing
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from calibration_exact import exact_rates

CLASSES = [{"id": "all", "label_de": "alle", "label_en": "all"}]
AREAS, SELECTED, WORST, RUNS = 100, 15, 30, 1000


class World(NamedTuple):
    """Rates ``Beta(a, b)``, residents of the areas, and how persons stand behind the counts."""

    rates: tuple[float, float]
    residents: tuple[int, int]
    behind: str = "others"
    options: dict[str, Any] = {}  # noqa: RUF012 - read only


WORLDS = {
    "rates about .2, n 30 to 100": World((8, 32), (30, 100)),
    "rates about .2, n 100 to 400": World((8, 32), (100, 400)),
    "rates about .2, n 400 to 3,000": World((8, 32), (400, 3000)),
    "rates about .03, n 30 to 100": World((1.5, 48.5), (30, 100)),
    "rates from Beta(20, 200), n 60 to 300": World((20, 200), (60, 300)),
    "the same persons behind all three, n 150": World((8, 32), (150, 150), "same", {"shared": 1.0}),
    "households of three, n 150": World((8, 32), (150, 150), "households", {"cluster": 3.0}),
    "two of many persons, one of 30 to 150 children": World((0, 0), (30, 150), "a second cause"),
}


def two_causes(random: np.random.Generator) -> tuple[Any, Any]:
    """Return true rates and persons of two indicators that follow need and one that follows something else too."""
    need, other = random.standard_normal((2, AREAS))
    people = np.stack([random.integers(*between, AREAS) for between in ((400, 3001), (60, 500), (30, 151))])
    return 1 / (1 + np.exp(-odds_of_causes(need, other))), people


def odds_of_causes(need: Any, other: Any) -> Any:
    """Return the log odds of three indicators, of which the third follows a second cause more than the others."""
    second = 0.5 * need + np.sqrt(0.75) * other
    return np.stack(
        [0.9 * need - 2.2 + 0.12 * second, 0.95 * need - 1.8 + 0.1 * second, 0.6 * need - 1.3 + 0.65 * second]
    )


def counts(world: World, random: np.random.Generator, *, together: bool) -> tuple[Any, Any, Any]:
    """Return true rates, counts and residents, shape (3, areas)."""
    if world.behind == "a second cause":
        rates, people = two_causes(random)
        return rates, random.binomial(people, rates), people
    rates = random.beta(*world.rates, (3, AREAS))
    if together:
        rates = np.clip(rates[0] * random.uniform(0.8, 1.2, (3, AREAS)), 1e-4, 0.95)
    people = random.integers(world.residents[0], world.residents[1] + 1, (3, AREAS))
    if world.behind == "same":  # one uniform number per person decides in all three
        chance = random.random((AREAS, world.residents[0]))
        return rates, (chance[None] < rates[:, :, None]).sum(axis=2), people
    if world.behind == "households":
        return rates, 3 * random.binomial(people // 3, rates), people
    return rates, random.binomial(people, rates), people


class Found(NamedTuple):
    """Share of true ranks inside their interval; of the sure areas: stated P, true selection, exact P."""

    held: float
    stated: list[float]
    true: list[bool]
    exact: list[float]


def exact_p(rates: Any) -> Any:
    """Return the share of the draws in which an area is selected, shape (areas,)."""
    score = ((rates - rates.mean(axis=2, keepdims=True)) / rates.std(axis=2, keepdims=True)).sum(axis=0)
    cut = np.partition(score, -SELECTED, axis=1)[:, [-SELECTED]]
    return (score >= cut).mean(axis=0)


def by_rule(rates: Any, n: Any) -> Any:
    """Return which areas a rule selects: two rates above the city's, the third among the worst; any number of draws."""
    city = (rates * n[:, None]).sum(axis=2, keepdims=True) / n.sum(axis=1)[:, None, None]
    worst = rates[2] >= np.partition(rates[2], -WORST, axis=1)[:, [-WORST]]
    return (rates[:2] > city[:2]).all(axis=0) & worst


def one_shortlist(job: tuple[str, bool, str, int]) -> Found:
    """Draw a data set and compare what the stability of a shortlist says; it has no ranks."""
    import geopandas as gpd
    import shapely

    import quartiersatlas as qa

    world, (rates, x, n), exact = drawn_set(job)
    keys = [f"{i:03d}" for i in range(AREAS)]
    shapes = shapely.box(500 * np.arange(AREAS), 0, 500 * np.arange(AREAS) + 500, 500)
    areas = gpd.GeoDataFrame({"name": keys}, index=keys, geometry=shapes, crs=25832)
    table = pd.DataFrame(columns_of(x, n), index=keys).assign(residents=1e6)
    data = qa.add_rates(qa.join(areas, table), {f"i{k}_share": (f"x{k}", f"n{k}") for k in range(3)})
    rule = qa.above_city("i0_share", "i1_share") & qa.worst_share("i2_share", WORST / AREAS)
    options = world.options if job[2] == "posterior" else {}
    p = qa.screen(data, rule).stability(RUNS, job[3], vary=["data"], redraw=job[2], **options).table["p_selected"]
    sure = (p >= 0.9).to_numpy(bool)  # noqa: PLR2004 - what the label says
    true, known = by_rule(rates[:, None], n)[0], by_rule(exact, n).mean(axis=0)
    return Found(np.nan, p[sure].astype(float).tolist(), true[sure].tolist(), known[sure].tolist())


def columns_of(x: Any, n: Any) -> dict[str, Any]:
    """Return the counts as columns of a table."""
    return {f"{kind}{k}": part[k].astype(float) for k in range(3) for kind, part in (("x", x), ("n", n))}


def drawn_set(job: tuple[str, bool, str, int]) -> tuple[World, tuple[Any, Any, Any], Any]:
    """Return a world, rates, counts and residents drawn in it, and rates from the exact posterior of the counts."""
    name, together, _, number = job
    world = WORLDS[name]
    rates, x, n = counts(world, np.random.default_rng([number, list(WORLDS).index(name)]), together=together)
    return world, (rates, x, n), exact_rates(world, x, n, np.random.default_rng([number, 1]), RUNS, together=together)


def one_set(job: tuple[str, bool, str, int]) -> Found:
    """Draw a data set and compare."""
    import quartiersatlas as qa
    from quartiersatlas.need.score.scales import ranks

    _, _, redraw, number = job
    world, (rates, x, n), drawn = drawn_set(job)
    members = [{"id": f"i{k}", "numerator": f"x{k}", "denominator": f"n{k}"} for k in range(3)]
    axis = {"id": "status", "standardise": {"method": "z"}, "indicators": members, "classes": CLASSES}
    spec = qa.NeedSpec.from_dict({"id": "calibration", "source": "none", "min_population": 0, "axes": [axis]})
    need = qa.need_index(pd.DataFrame(columns_of(x, n), index=[f"{i:03d}" for i in range(AREAS)]), spec)
    options = world.options if redraw == "posterior" else {}
    table = need.stability(RUNS, number, select=SELECTED, vary=["data"], redraw=redraw, **options).table
    score = sum((rate - rate.mean()) / rate.std() for rate in rates)
    rank = ranks(-np.asarray(score), "min")
    inside = (rank >= table["rank_lower"]) & (rank <= table["rank_upper"])
    sure = table["p_selected"] >= 0.9  # noqa: PLR2004 - what the label says
    exact = exact_p(drawn)[sure].tolist()
    return Found(float(inside.mean()), table["p_selected"][sure].tolist(), (rank[sure] <= SELECTED).tolist(), exact)


def one_exact(job: tuple[str, bool, str, int]) -> Found:
    """Draw a data set and compare what the exact posterior says of the index: quick, and right but for chance."""
    _, (rates, _, _), drawn = drawn_set(job)
    p = exact_p(drawn)
    sure, true = p >= 0.9, exact_p(rates[:, None]) > 0  # noqa: PLR2004 - what the label says
    return Found(np.nan, p[sure].tolist(), true[sure].tolist(), p[sure].tolist())


def main() -> None:
    """Print a table of every world."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=100, help="data sets per world")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--worlds", nargs="*", type=int, default=list(range(len(WORLDS))), help="their numbers")
    parser.add_argument("--rates", nargs="*", choices=["together", "apart"], default=["together", "apart"])
    parser.add_argument("--redraw", nargs="*", default=["posterior", "raw"])
    parser.add_argument("--shortlist", action="store_true", help="of a rule in place of the index")
    parser.add_argument("--exact", action="store_true", help="of the exact posterior alone")
    options = parser.parse_args()
    one = one_exact if options.exact else one_shortlist if options.shortlist else one_set
    heads = ["held", "sure areas", "stated P", "true share", "standard error", "exact P", "lean", "standard error"]
    print("| world | rates | redraw | " + " | ".join(heads) + " |")
    print("| --- | --- | --- |" + " ---: |" * len(heads))
    with multiprocessing.Pool(options.processes) as pool:
        for number in options.worlds:
            name, world = list(WORLDS.items())[number]
            ways = ["between"] if world.behind == "a second cause" else options.rates
            for way, redraw in product(ways, options.redraw):
                jobs = [(name, way == "together", redraw, seed) for seed in range(options.sets)]
                found = pool.map(one, jobs, chunksize=4)
                print(f"| {name} | {way} | {redraw} | {figures(found)} |", flush=True)


def figures(found: list[Found]) -> str:
    """Write what the data sets of a world say."""
    known = [one.held for one in found if not np.isnan(one.held)]  # a rule has no ranks
    held = f"{np.mean(known):.3f}" if known else "none"
    sure = sum(len(one.stated) for one in found)
    if not sure:
        return f"{held} | 0 | none | none | none | none | none | none"
    stated, true, exact = (np.array([sum(part) for part in parts]) for parts in list(zip(*found, strict=True))[1:])
    errors = [(stated - part).std() * np.sqrt(len(found)) / sure for part in (true, exact)]
    p, share, right = (part.sum() / sure for part in (stated, true, exact))
    said = f"{p:.3f} | {share:.3f} | {errors[0]:.3f} | {right:.3f} | {p - right:+.4f} | {errors[1]:.4f}"
    return f"{held} | {sure} | {said}"


if __name__ == "__main__":
    main()
