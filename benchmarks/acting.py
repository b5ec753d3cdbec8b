"""How often intervals of surveys and of the comparison of funded areas hold the truth, and whether twins are found.

    python benchmarks/acting.py            # everything, about ten minutes
    python benchmarks/acting.py --runs 20  # a look

Seeds are fixed. Funded areas develop as all others do (no effect), or by so many points otherwise.
"""

from __future__ import annotations

import argparse

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

import quartiersatlas as qa

YEARS, SELECTED = range(2015, 2024), 2019


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--runs", type=int, default=300)
    runs = parser.parse_args().runs
    print("\n".join([*direct_coverage(runs), "", *model_coverage(runs), "", *funded(runs), "", *planted(runs // 3)]))


def direct_coverage(runs: int) -> list[str]:
    """Return the coverage of direct intervals with weights that go with the answers."""
    lines = ["| respondents | share | weighted, Wilson | unweighted, Wilson |", "|---|---|---|---|"]
    rng = np.random.default_rng(1)
    for n in (30, 100, 400):
        for share in (0.1, 0.35):
            held = []
            for _ in range(4 * runs):
                # two fifths agree one and a half times as often as all, and answer half as often as the others
                rare = rng.random(n) < 0.4 * 0.5 / (0.4 * 0.5 + 0.6)
                says = rng.random(n) < np.where(rare, 1.5, 2 / 3) * share
                frame = pd.DataFrame({"area": "1", "y": says.astype(float), "w": np.where(rare, 2.0, 1.0)})
                rows = [
                    qa.survey_rates(frame, name="q", answer="y", weight=weight).table.loc["1"] for weight in ("w", "")
                ]
                held.append([row["lower"] <= share <= row["upper"] for row in rows])
            weighted, plain = np.mean(held, axis=0)
            lines.append(f"| {n} | {share:.2f} | {weighted:.3f} | {plain:.3f} |")
    return lines


def model_coverage(runs: int) -> list[str]:
    """Return coverage and error of the model beside the direct estimates."""
    lines = [
        "| areas | respondents | between | slope | covered, direct | covered, model | RMSE direct | RMSE model |",
        "|---|---|---|---|---|---|---|---|",
    ]
    rng = np.random.default_rng(2)
    for m, least, most in ((14, 15, 60), (40, 8, 40), (40, 30, 120)):
        keys = [f"{number:03}" for number in range(m)]
        for between, slope in ((0.3, 0.5), (0.3, 0.0), (0.05, 0.5)):
            held, off = [], []
            for _ in range(runs):
                x, n = rng.normal(size=m), rng.integers(least, most + 1, m)
                p = 1 / (1 + np.exp(1 - slope * x - between * rng.normal(size=m)))
                table = pd.DataFrame({"area": keys, "n": n, "n_yes": rng.binomial(n, p), "deff": 1.0})
                covariates = pd.DataFrame({"x": x}, index=keys)
                found = qa.survey_rates(table, name="q", covariates=covariates, benchmark="none").table
                sides = [(found[f"{s}lower"].le(p) & found[f"{s}upper"].ge(p)).mean() for s in ("", "model_")]
                held.append(sides)
                off.append([((found[f"{s}share"] - p) ** 2).mean() for s in ("", "model_")])
            covered, error = np.mean(held, axis=0), np.sqrt(np.mean(off, axis=0))
            cells = [f"{value:.3f}" for value in (*covered, *error)]
            lines.append(f"| {m} | {least}–{most} | {between} | {slope} | {' | '.join(cells)} |")
    return lines


def city(
    rng: np.random.Generator, size: tuple[int, int], *, effect: float, on: str, drift: float
) -> tuple[pd.DataFrame, list[str]]:
    """Draw a panel of shares of 600 persons with shocks that last, and areas chosen by a year or by their level."""
    m, n_funded = size
    level, shocks = rng.beta(4, 16, m), np.zeros((m, len(YEARS)))
    shocks[:, 0] = rng.normal(0, 0.02, m)
    for year in range(1, len(YEARS)):
        shocks[:, year] = 0.6 * shocks[:, year - 1] + rng.normal(0, 0.016, m)
    share, at = np.clip(level[:, None] + shocks, 0.01, 0.95), SELECTED - YEARS[0]
    x = rng.binomial(600, share)
    funded = np.argsort(-(x[:, at] if on == "value of the year" else level), kind="stable")[:n_funded]
    later = np.arange(len(YEARS)) - at
    moved = share.copy()
    moved[funded] += np.where(later > 0, effect, 0.0) + drift * later
    again = rng.binomial(600, np.clip(moved, 0, 1))
    x[:, later != 0] = again[:, later != 0]
    keys = [f"{number:03}" for number in range(m)]
    return pd.DataFrame(x / 6, index=keys, columns=list(YEARS)), [keys[k] for k in funded]


def funded(runs: int) -> list[str]:
    """Return bias and coverage of the estimates under each assumption, and of the range."""
    lines = [
        "| areas | chosen by | effect | drift | regression | year only | difference | before-after | range | seen |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    rng = np.random.default_rng(3)
    for size in ((540, 35), (100, 10)):
        for on in ("value of the year", "level"):
            for effect, drift in ((0.0, 0.0), (-0.02, 0.0), (-0.04, 0.0), (0.0, 0.002)):
                off, held, seen, ranges = [], [], [], []
                for _ in range(runs):
                    panel, chosen = city(rng, size, effect=effect, on=on, drift=drift)
                    found = qa.compare_funded(
                        panel, chosen, outcome="x", selected=SELECTED, selected_on="other", bordering=[]
                    )
                    truth = 100 * effect
                    off.append(found.table["estimate"] - truth)
                    held.append(found.table["lower"].le(truth) & found.table["upper"].ge(truth))
                    ranges.append(found.range[0] <= truth <= found.range[1])
                    seen.append(found.smallest_visible)
                bias, covered = pd.DataFrame(off).mean(), pd.DataFrame(held).mean()
                cells = [f"{bias[name]:+.2f}, {covered[name]:.2f}" for name in bias.index]
                words = f"| {size[0]}/{size[1]} | {on} | {100 * effect:g} | {100 * drift:g} | {' | '.join(cells)} "
                lines.append(f"{words}| {np.mean(ranges):.2f} | {np.mean(seen):.1f} |")
    return lines


def planted(runs: int) -> list[str]:
    """Return how often a planted twin is among the five nearest, and how many of the five stay when drawn again."""
    lines = ["| persons | areas | planted twin found | stable twins per area |", "|---|---|---|---|"]
    rng = np.random.default_rng(4)
    for n in (3000, 300):
        for m in (60, 400):
            keys = [f"{number:03}" for number in range(m)]
            shapes = [shapely.box(k, 0, k + 1, 1) for k in range(m)]
            areas = gpd.GeoDataFrame({"name": keys}, index=keys, geometry=shapes, crs="EPSG:25832")
            hits, stable = [], []
            for _ in range(runs):
                share = rng.beta(4, 16, (m, 4))
                share[1] = share[0]
                table = pd.DataFrame(rng.binomial(n, share), columns=list("abcd"), index=keys).astype(float)
                data = qa.join(areas, table.assign(residents=float(n)), population="residents")
                data = qa.add_rates(data, {f"rate_{name}": (name, "residents") for name in "abcd"})
                found = qa.twins(data, "000", indicators=list(data.rates), runs=100, seed=rng)
                near = pd.concat([found.table, found.near])
                hits.append("001" in set(near.loc[near["distance"].notna(), "twin"]))
                stable.append(len(found.table))
            lines.append(f"| {n} | {m} | {np.mean(hits):.2f} | {np.mean(stable):.1f} |")
    return lines


if __name__ == "__main__":
    main()
