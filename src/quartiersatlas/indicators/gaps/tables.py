"""The tables of a gap: one row per area, one per place and reference, and the change between two dates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import pandas as pd

from quartiersatlas.indicators.gaps.area_model import area_model
from quartiersatlas.indicators.gaps.counted import PARTS, as_counts
from quartiersatlas.indicators.gaps.gap_change import correlation_of_gaps, parts_of_change, square_and_add
from quartiersatlas.indicators.gaps.score_intervals import Estimated, Gaps, PairCounts, against_all, score_intervals
from quartiersatlas.indicators.rates import NORMAL_95

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ReferenceGroup: TypeAlias = Literal["all", "others"]
REFERENCES: tuple[ReferenceGroup, ...] = ("others", "all")
FEW = 30  # persons of the group, below which a gap needs an interval without 0 to be told
LEAST_AREAS = 3  # of the area model
Correlation: TypeAlias = "float | tuple[float, float]"


def shares_of(counts: PairCounts) -> Floats:
    """Return the group's share of all; NaN where nobody is."""
    both = counts.both
    return np.where(both > 0, counts.n1 / np.where(both > 0, both, 1.0), np.nan)


def measures(counts: PairCounts, reference: ReferenceGroup) -> tuple[Estimated, Estimated, Estimated | None]:
    """Return difference, ratio and odds ratio; against all there is no odds ratio."""
    found = score_intervals(counts.x1, counts.n1, counts.x2, counts.n2)
    return with_reference(found, counts, reference)


def with_reference(
    found: Gaps, counts: PairCounts, reference: ReferenceGroup
) -> tuple[Estimated, Estimated, Estimated | None]:
    """Return measures against the others as those against a reference."""
    if reference == "others":
        return found.difference, found.ratio, found.odds_ratio
    share = shares_of(counts)
    return against_all(found.difference, share, ratio=False), against_all(found.ratio, share, ratio=True), None


def measured_columns(counts: PairCounts, reference: ReferenceGroup) -> dict[str, Floats]:
    """Return rates, difference, ratio and odds ratio with their intervals as columns."""
    difference, ratio, odds = measures(counts, reference)
    x, n = (counts.x2, counts.n2) if reference == "others" else (counts.x1 + counts.x2, counts.both)
    with np.errstate(divide="ignore", invalid="ignore"):
        columns: dict[str, Floats] = {"rate_group": counts.x1 / counts.n1, "rate_reference": x / n}
    for name, one in (("difference", difference), ("ratio", ratio), ("odds_ratio", odds)):
        ends = (one.value, one.lower, one.upper) if one is not None else (np.full(counts.x1.shape, np.nan),) * 3
        columns |= dict(zip((name, f"{name}_lower", f"{name}_upper"), ends, strict=True))
    return columns


def area_table(table: pd.DataFrame, reason: pd.Series[str], reference: ReferenceGroup) -> pd.DataFrame:
    """Return the gap of every area: as counted, and drawn towards what all areas together say.

    Parameters
    ----------
    table : DataFrame
        ``x_group``, ``n_group``, ``x_others``, ``n_others`` on the district key.
    reason : Series of str
        Why counts are unknown; empty where they are known.
    reference : {"all", "others"}
        Whom the group is compared with.
    """
    counts = as_counts(table)
    found = table.assign(share=shares_of(counts), **measured_columns(counts, reference))
    found = found.join(shrunken(table, reference))
    reason = reason.mask(reason.eq("") & table["n_others"].eq(0), "no_others")
    reason = reason.mask(reason.isin(["", "no_others"]) & table["n_group"].eq(0), "no_group")
    is_clear = found["difference_lower"].gt(0) | found["difference_upper"].lt(0)
    verdict = pd.Series("not_shown", index=table.index, dtype=object).mask(table["n_group"] < FEW, "too_few")
    return found.assign(verdict=verdict.mask(is_clear, "clear").mask(found["difference"].isna(), ""), reason=reason)


def shrunken(table: pd.DataFrame, reference: ReferenceGroup) -> pd.DataFrame:
    """Return the gaps drawn towards the one of all areas: ``shrunken`` with its interval, ``weight`` of the own gap.

    Notes
    -----
    The area model with the variances ``P (1 - P) / n`` of group and others at the rates P of the whole city. With fewer
    than three areas, or where everybody or nobody is counted, there is none.
    """
    known = table[table.notna().all(axis=1) & table["n_group"].gt(0) & table["n_others"].gt(0)]
    found = pd.DataFrame(np.nan, index=table.index, columns=["shrunken", "shrunken_lower", "shrunken_upper", "weight"])
    if len(known) < LEAST_AREAS:
        return found
    x1, n1, x2, n2 = (known[name] for name in PARTS)
    p1, p2 = x1.sum() / n1.sum(), x2.sum() / n2.sum()
    variance = p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2
    if not variance.gt(0).all():
        return found
    model = area_model(x1 / n1 - x2 / n2, variance)
    half = NORMAL_95 * np.sqrt(model.mse)
    scale = 1.0 if reference == "others" else 1 - (n1 / (n1 + n2)).to_numpy()
    ends = (model.estimate * scale, (model.estimate - half) * scale, (model.estimate + half) * scale, model.weight)
    found.loc[known.index] = np.column_stack(ends)
    return found


def city_table(known: pd.DataFrame, places: pd.Series[str] | None, n_dropped: int) -> pd.DataFrame:
    """Return the gap of the whole city, and of each of its places, against the others and against all.

    Parameters
    ----------
    known : DataFrame
        Counts of the areas where all four are known.
    places : Series of str, optional
        On the district key: the place of each area.
    n_dropped : int
        Areas that do not count.
    """
    sums = [("", known.sum(), len(known))]
    if places is not None:
        groups = known.groupby(places.reindex(known.index))
        sums += [(str(place), part.sum(), len(part)) for place, part in groups]
    table = pd.DataFrame([total for _, total, _ in sums], columns=list(PARTS)).astype(float)
    counts = as_counts(table)
    rows = []
    for reference in REFERENCES:
        columns = measured_columns(counts, reference)
        x, n = (counts.x2, counts.n2) if reference == "others" else (counts.x1 + counts.x2, counts.both)
        head = {
            "place": [place for place, _, _ in sums],
            "reference": reference,
            "x_group": counts.x1,
            "n_group": counts.n1,
            "x_reference": x,
            "n_reference": n,
            "share": shares_of(counts),
            "n_areas": [areas for _, _, areas in sums],
        }
        rows.append(pd.DataFrame({**head, **columns}))
    found = pd.concat(rows, ignore_index=True)
    order = found["place"].map({place: number for number, (place, _, _) in enumerate(sums)})
    found = found.iloc[np.argsort(order.to_numpy(), kind="stable")].reset_index(drop=True)
    nobody = found["n_group"].eq(0) | found["n_reference"].eq(0)
    ratio = pd.Series("", index=found.index, dtype=object).mask(found["ratio"].isna(), "both_zero")
    odds = pd.Series("", index=found.index, dtype=object).mask(found["odds_ratio"].isna(), "no_odds")
    odds = odds.mask(found["reference"].eq("all"), "odds_against_all")
    found = found.assign(ratio_reason=ratio.mask(nobody, "nobody"), odds_ratio_reason=odds.mask(nobody, "nobody"))
    return found.assign(n_dropped=np.where(found["place"].eq(""), n_dropped, 0))


def change_table(earlier: PairCounts, later: PairCounts, correlation: Correlation) -> pd.DataFrame:
    """Return the change of the city's gap against the others and against all.

    Returns
    -------
    DataFrame
        On ``reference``: ``earlier``, ``later`` (the gaps), ``change``, ``lower``, ``upper``, and of the change
        ``between_people`` and ``by_share``: what only the group's growing or falling share makes.
    """
    one, two = (measures(date, "others")[0] for date in (earlier, later))
    shares = float(shares_of(earlier)[0]), float(shares_of(later)[0])
    gaps = float(one.value[0]), float(two.value[0])
    r = _correlation(earlier, later, correlation)
    rows = {}
    for reference in REFERENCES:
        before, after = (measures(date, reference)[0] for date in (earlier, later))
        found = square_and_add(before, after, r)
        parts = parts_of_change(gaps, shares) if reference == "all" else (gaps[1] - gaps[0], 0.0)
        ends = (before.value, after.value, found.value, found.lower, found.upper)
        rows[reference] = [*(float(part[0]) for part in ends), *parts, *shares]
    columns = ["earlier", "later", "change", "lower", "upper", "between_people", "by_share"]
    columns += ["share_earlier", "share_later"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return table.rename_axis("reference")


def area_changes(
    earlier: pd.DataFrame, later: pd.DataFrame, reference: ReferenceGroup, correlation: Correlation
) -> pd.DataFrame:
    """Return the change of the gap of every area: ``change``, ``change_lower``, ``change_upper``."""
    before, after = as_counts(earlier), as_counts(later)
    found = square_and_add(
        measures(before, reference)[0], measures(after, reference)[0], _correlation(before, after, correlation)
    )
    ends = {"change": found.value, "change_lower": found.lower, "change_upper": found.upper}
    return pd.DataFrame(ends, index=later.index)


def _correlation(earlier: PairCounts, later: PairCounts, correlation: Correlation) -> Floats | float:
    if isinstance(correlation, tuple):
        with np.errstate(divide="ignore", invalid="ignore"):
            return correlation_of_gaps(earlier, later, *correlation)
    return correlation
