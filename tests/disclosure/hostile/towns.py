"""Random towns as their statisticians have them: small groups, sums that are off, secret and missing cells.

Every town comes through the public door, so it is what a user has. The same seed gives the same town.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from attack import KnownAnyway

import quartiersatlas as qa

WORDS = {"title": "Town", "source": "Register", "as_of": "2024", "comment": "Made up."}
SHARE_OF_LEVELS = (0.001, 0.004, 0.02, 0.08)  # of the residents, for groups from tiny to large


@dataclass(frozen=True)
class Town:
    """A town, what is true of it, and what a reader knows anyway.

    Parameters
    ----------
    data : AreaData
        What a user has: rates ``<column>_share`` over the residents, ``quote`` where there is a ready-made share.
    known : KnownAnyway
        With the truth in ``.counts``.
    earlier : Town, optional
        The same town two years before.
    """

    data: qa.AreaData
    known: KnownAnyway
    earlier: Town | None = None

    def release(self, **options):
        """Release every rate, and the ready-made share."""
        names = [*self.data.rates, *(["quote"] if "quote" in self.data.values else [])]
        return qa.release(self.data, **{"columns": names, **WORDS, **options})


@dataclass(frozen=True)
class Plan:
    """What a town is made of; None: as chance has it."""

    n_areas: int | None = None
    n_groups: int | None = None
    parents: str | None = None  # "", "one", "nested", "crossing"
    secret: float = 0.0  # share of the small counts that came secret
    mark: str = "."  # how; "<3" as well
    m_source: int = 3  # counts below it are small to the office that sent them
    missing: int = 0  # cells that came as "..."
    absent: int = 0  # areas without a row
    inexact: int = 0  # rows in which the whole is off
    declared: bool = False  # the sum is declared, not left to be found
    share: bool = False
    small_areas: int = 0  # areas below 300 residents
    dates: int = 1


def town(seed, **plan):
    """Make a town: see :class:`Plan`."""
    plan, random = Plan(**plan), np.random.default_rng(seed)
    n = plan.n_areas or int(random.integers(5, 41))
    areas = _areas(n, plan.parents if plan.parents is not None else random.choice(["", "one", "nested", "crossing"]))
    truth, groups = _population(random, areas.index, plan)
    known = KnownAnyway(
        truth,
        pairs={f"{column}_share": (column, "residents") for column in truth if column != "residents"},
        groups={level: areas[level] for level in areas.columns.drop(["name", "geometry"])},
        sums=(("all", tuple(groups)),),
        parts=(("foreign", "all"),),
        m_source=plan.m_source,
        mark=(0, 2) if plan.mark == "<3" else None,
        **_faults(random, truth, plan),
    )
    earlier = None
    for year in range(plan.dates - 1):
        before = _moved(random, known.counts, groups)
        earlier = Town(
            _joined(areas, KnownAnyway(before, pairs=known.pairs, sums=known.sums), plan, str(2020 + 2 * year)),
            _with(known, before),
        )
    return Town(_joined(areas, known, plan, "2024"), known, earlier)


RULES = (  # what the town, the protection, and with them the reader, have that is not as usual
    ({}, {"zeros": "shown"}, {"zeros": False}),
    ({}, {"totals": ("city",)}, {"totals": ("city",)}),
    ({}, {"totals": ()}, {"totals": ("city",)}),  # the release shows the rates of the city
    ({}, {"min_count": 5}, {"min_count": 5}),
    ({"mark": "<3"}, {}, {}),
    ({"m_source": 5}, {"m_source": 5}, {}),
    ({}, {"effort": "fast"}, {}),
    ({}, {}, {}),
)


def any_town(seed, n_areas=None):
    """Draw a town with everything that can be wrong with one, and the rules of its release.

    The sum is declared where cells are not told or the whole is off: in a small town the search may not find it then.

    Returns
    -------
    Town, dict
        The reader of the town knows the rules. Options of the protection.
    """
    random = np.random.default_rng([seed, 7])
    drawn = None if random.random() < 0.6 else int(random.integers(5, 16))
    plan = {
        "n_areas": n_areas or drawn,
        "secret": float(random.choice([0, 0.3, 0.6, 1.0])),
        "missing": int(random.choice([0, 0, 1, 4])),
        "absent": int(random.choice([0, 0, 0, 1])),
        "inexact": int(random.choice([0, 1, 2, 3])),
        "small_areas": int(random.choice([0, 0, 1, 2])),
        "share": bool(random.random() < 0.2),
    }
    more, protection, known = RULES[int(random.integers(len(RULES)))]
    is_damaged = plan["secret"] + plan["missing"] + plan["absent"] + plan["inexact"] > 0
    one = town(seed, **plan, **more, declared=is_damaged or bool(random.random() < 0.5))
    return replace(one, known=replace(one.known, **known)), protection


def _areas(n, parents):
    """Place squares of 1 km; districts are stretches of them, regions stretches of districts, milieus go across."""
    keys = [f"{k:02}" for k in range(n)]
    width = max(2, int(n**0.5))
    corners = [(400000 + 1000 * (k % width), 5700000 + 1000 * (k // width)) for k in range(n)]
    shapes = [shapely.box(x, y, x + 1000, y + 1000) for x, y in corners]
    frame = gpd.GeoDataFrame({"key": keys, "name": [f"Area {key}" for key in keys]}, geometry=shapes, crs="EPSG:25832")
    levels = []
    if parents:
        frame["district"] = [f"D{k * max(1, n // 5) // n}" for k in range(n)]
        levels.append("district")
    if parents == "nested":
        frame["region"] = [f"R{int(label[1:]) // 2}" for label in frame["district"]]
        levels.append("region")
    if parents == "crossing":
        frame["milieu"] = [f"M{k % 2}" for k in range(n)]
        levels.append("milieu")
    return qa.read_areas(frame, key="key", name="name", parents={level: level for level in levels} or None)


def _population(random, keys, plan):
    """Draw residents, groups from tiny to large, their sum, and foreigners among them."""
    n, n_groups = len(keys), plan.n_groups or int(random.integers(4, 9))
    residents = np.clip(random.lognormal(7.2, 0.6, n), 310, 8000).astype(int)
    residents[random.permutation(n)[: plan.small_areas]] = random.integers(5, 300, min(plan.small_areas, n))
    levels = random.choice(SHARE_OF_LEVELS, n_groups, p=[0.1, 0.3, 0.3, 0.3])
    levels[:2] = SHARE_OF_LEVELS[0], SHARE_OF_LEVELS[-1]  # each town has a tiny and a large group
    groups = [f"g{k}" for k in range(n_groups)]
    local = random.lognormal(0, 0.5, (n, n_groups)) * levels
    counts = {name: random.binomial(residents, np.minimum(local[:, k], 0.12)) for k, name in enumerate(groups)}
    whole = sum(counts.values())
    foreign = random.binomial(whole, random.uniform(0.2, 0.95, n))
    return pd.DataFrame(
        {"residents": residents, **counts, "all": whole, "foreign": foreign}, index=keys, dtype=float
    ), groups


def _faults(random, truth, plan):
    """Choose what came secret or not at all, and let the whole be off in some rows."""
    columns = truth.columns.drop("residents")
    small = truth[columns].gt(0) & truth[columns].lt(plan.m_source)
    source = small & (random.random(small.shape) < plan.secret)
    missing = pd.DataFrame(data=False, index=truth.index, columns=columns)
    for _ in range(plan.missing):
        missing.iloc[int(random.integers(len(truth))), int(random.integers(len(columns)))] = True
    missing.iloc[random.permutation(len(truth))[: plan.absent]] = True
    for a in random.permutation(len(truth))[: plan.inexact]:
        truth.iloc[a, truth.columns.get_loc("all")] += random.integers(1, 4)
    return {"source": source & ~missing, "missing": missing}


def _moved(random, counts, groups):
    """Return counts of an earlier date: some of each group came later."""
    before = counts.copy()
    before[groups] = random.binomial(counts[groups].astype(int), 0.9)
    before["all"] = before[groups].sum(axis=1)
    before["foreign"] = np.minimum(before["foreign"], before["all"])
    return before


def _with(known, counts):
    return KnownAnyway(counts, pairs=known.pairs, groups=known.groups, sums=known.sums, parts=known.parts)


def _joined(areas, known, plan, period):
    """Give the table to the door as an office would write it."""
    cells = known.counts.astype(int).astype(str)
    cells = cells.mask(known.mask("source"), plan.mark).mask(known.mask("missing"), "...")
    if plan.share:
        poor = np.minimum(known.counts["foreign"], known.counts["residents"])
        cells["quote"] = (100 * poor / known.counts["residents"]).round(1).astype(str)
    absent = known.mask("missing").drop(columns="residents").all(axis=1)
    table = qa.read_table(cells[~absent].rename_axis("key").reset_index(), key="key")
    catalogue = qa.Catalogue.builtin().add(*map(_meaning, [*known.pairs, "quote"]))
    data = qa.join(areas, table, catalogue=catalogue, population="residents", period=period, missing="report")
    if plan.declared:
        data = qa.add_relations(data, sums=dict(known.sums))
    return qa.add_rates(data, known.pairs)


def _meaning(name):
    words = {"numerator_de": name, "numerator_en": name, "denominator_de": "Einwohner", "denominator_en": "residents"}
    return qa.Indicator(id=name, label_de=name, label_en=name, unit="percent", **words)


# --- a town that can be checked by hand ----------------------------------------------------------------------------


def one_small_count(seed, n_areas=7):
    """Return a town of three groups that are no sum of anything, with one count of 1 or 2: for indices and scores."""
    random = np.random.default_rng(seed)
    residents = random.integers(600, 3000, n_areas)
    counts = {f"g{k}": random.binomial(residents, random.uniform(0.01, 0.15, n_areas)) for k in range(3)}
    counts = pd.DataFrame({"residents": residents, **counts}, dtype=float)
    counts.index = pd.Index([f"{k:02}" for k in range(n_areas)], name="key")
    counts.loc[counts.index[random.integers(n_areas)], "g0"] = random.integers(1, 3)
    known = KnownAnyway(counts, pairs={f"g{k}_share": (f"g{k}", "residents") for k in range(3)})
    return Town(_joined(_areas(n_areas, ""), known, Plan(), "2024"), known)


def with_counts(one, counts):
    """Return a town with other counts."""
    known = replace(one.known, counts=counts)
    plan = Plan(declared=bool(one.data.catalogue.sums))
    return Town(_joined(one.data.areas, known, plan, "2024"), known)


def frame(variant="T1"):
    """Return twelve areas: T1 whole, T2 its first eight, T3 a total that is off by one, T4 a secret cell."""
    counts = pd.DataFrame(
        {
            "residents": [1000.0] * 12,
            "a": [40.0, 55, 2, 30, 44, 61, 25, 38, 33, 29, 47, 51],
            "b": [20.0, 14, 33, 8, 19, 27, 12, 16, 22, 31, 18, 9],
            "c": [9.0, 12, 7, 15, 6, 21, 11, 5, 14, 8, 19, 10],
        },
        index=pd.Index([f"{k:02}" for k in range(12)], name="key"),
    )
    counts["all"] = counts[["a", "b", "c"]].sum(axis=1)
    if variant == "T2":
        counts = counts.iloc[:8]
    if variant == "T3":
        counts.loc["11", "all"] += 1
    source = pd.DataFrame(data=False, index=counts.index, columns=counts.columns)
    source.loc["02", "a"] = variant == "T4"
    pairs = {f"{column}_share": (column, "residents") for column in ("a", "b", "c", "all")}
    known = KnownAnyway(counts, pairs=pairs, sums=(("all", ("a", "b", "c")),), source=source)
    return Town(_joined(_areas(len(counts), ""), known, Plan(), "2024"), known)
