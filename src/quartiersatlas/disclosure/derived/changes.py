"""What leaves of a change and of a comparison of lists: both computed again of the dates as a reader may know them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.disclosure.counted import counted_rates
from quartiersatlas.disclosure.derived.over_dates import ReleasedChange, ReleasedLists
from quartiersatlas.disclosure.derived.recompute import need_again, quietly
from quartiersatlas.disclosure.numbers.other_numbers import RATE_DECIMALS
from quartiersatlas.disclosure.selection.screened import withheld_areas
from quartiersatlas.errors import SpecError
from quartiersatlas.monitoring.changes.rows import changed_rows, levels
from quartiersatlas.monitoring.lists.compare import ListComparison, compare_lists
from quartiersatlas.screening import screen

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from quartiersatlas.disclosure.derived.recompute import Derived
    from quartiersatlas.disclosure.over_time.other_dates import ToldDate
    from quartiersatlas.monitoring.changes.change import Change
    from quartiersatlas.screening import Shortlist

OF_CITY = ("x_earlier", "n_earlier", "x_later", "n_later")
AGAINST_CITY = ["relative", "relative_lower", "relative_upper", "z", "p", "p_adjusted", "p_together"]


def released_change(found: Change | None, dates: Mapping[str, ToldDate]) -> ReleasedChange | None:
    """Return what may leave of a change."""
    if found is None:
        return None
    told = [dates[period] for period in found.periods]
    known = [one.known(found.indicators, filled=True) for one in told]
    withheld = {
        (name, period): frozenset(one.data.areas.index[one.withheld(name)])
        for period, one in zip(found.periods, told, strict=True)
        for name in found.indicators
    }
    with quietly():
        table, city = changed_rows(known, found.indicators, replace(found.asked, withheld=withheld))
        shown = [one.known(found.indicators, filled=False) for one in told]
    printed = {(name, period): _printed(dates[period], name) for name, period in withheld}
    vague = {name for (name, _), (_, is_vague) in printed.items() if is_vague}
    table.loc[table["indicator"].isin(vague), AGAINST_CITY] = np.nan
    table.loc[table["indicator"].isin(vague), "verdict"] = ""
    return ReleasedChange(
        table=table,
        city=_city(city, printed, vague),
        levels=_levels(levels(shown, found.indicators), printed),
        periods=found.periods,
        relative_to=found.relative_to,
        adjust=found.adjust,
        level=found.level,
        names=found.names,
        meanings=found.meanings,
        summed=found.summed,
        breaks=found.breaks,
    )


def _printed(date: ToldDate, name: str) -> tuple[float, bool]:
    """Return the city value as it is printed, and whether no finer one may be known: it would tell a hidden count."""
    column = next(one for one in date.out.columns if one.id == name)
    if name not in counted_rates(date.data):
        return column.city, False
    is_open = any(date.pattern.spread_of(source) > 0 for source in date.data.rates[name])
    return column.city, is_open or np.isnan(column.city) or column.of_city.decimals < RATE_DECIMALS


def _city(city: pd.DataFrame, printed: Mapping[tuple[str, str], tuple[float, bool]], vague: set[str]) -> pd.DataFrame:
    """Return the rows of the city with the values that are printed where there are some."""
    city = city.copy()
    for place, row in city.iterrows():
        ends = [printed[row["indicator"], row[date]][0] for date in ("earlier", "later")]
        if not np.isnan(ends).any():
            change = ends[1] - ends[0] if not np.isnan(row["change"]) else np.nan
            city.loc[place, ["value_earlier", "value_later", "change", "per_year"]] = [
                *ends,
                change,
                change / row["years"],
            ]
        elif row["indicator"] in vague:
            city.loc[place, ["value_earlier", "value_later", "change", "per_year"]] = np.nan
    unsure = city["indicator"].isin(vague)
    city.loc[unsure, [*OF_CITY]] = np.nan
    city.loc[unsure, ["tested", "up", "down"]] = 0
    return city


def _levels(found: pd.DataFrame, printed: Mapping[tuple[str, str], tuple[float, bool]]) -> pd.DataFrame:
    pairs = zip(found["indicator"], found["period"], found["city"], strict=True)
    return found.assign(
        city=[
            value if np.isnan(own := printed[name, date][0]) and not printed[name, date][1] else own
            for name, date, value in pairs
        ]
    )


def released_lists(
    found: ListComparison | None, dates: Mapping[str, ToldDate], derived: Derived
) -> ReleasedLists | None:
    """Return what may leave of a comparison of lists.

    Both lists are those of what a reader may know; the reasons that follow of them say nothing else. Conditions with
    their numbers stay in the house.
    """
    if found is None or found.before is None or derived.shortlist is None:
        return None
    earlier, later = (dates[period] for period in found.periods)
    before = _again(found.before, earlier)
    hidden = _withheld(before, earlier).reindex(found.before.selected.index)
    old = found.predecessors
    now = withheld_areas(derived.shortlist, later.pattern, derived.need)
    if old is not None:
        now = now | old.map(hidden).eq(True).reindex(now.index)  # noqa: FBT003 - the value of each cell
    with quietly():
        again = compare_lists(before, derived.shortlist, predecessors=None if old is None else old[old.ne("")])
    moved = again.table.assign(name=found.table["name"])
    moved["state"] = moved["state"].mask(now, "unknown")
    moved["why_not"] = moved["why_not"].mask(now, "")
    moved["reasons"] = [() if is_hidden else one for one, is_hidden in zip(moved["reasons"], now, strict=True)]
    return ReleasedLists(
        table=moved,
        conditions=again.conditions.iloc[:0],
        gone=again.gone,
        factors=again.factors,
        periods=found.periods,
    )


def _again(shortlist: Shortlist, date: ToldDate) -> Shortlist:
    """Return an earlier list as it follows from what a reader may know of its date."""
    need, filled = shortlist.need, date.filled
    with quietly():
        again = need_again(filled, need) if need is not None else None
        return screen(filled, shortlist.spec or shortlist.rule, need=again, **shortlist.call)


def _withheld(shortlist: Shortlist, date: ToldDate) -> pd.Series[bool]:
    return withheld_areas(shortlist, date.pattern, shortlist.need)


def refuse_other_list(found: ListComparison | None, shortlist: Shortlist | None) -> None:
    """Refuse a comparison that does not end with the list that leaves, or whose counts were carried over borders."""
    if found is None:
        return
    if found.before is None or found.after is None or "boundaries" in found.factors:
        raise SpecError(
            "release: lists: counts that were carried to other boundaries are protected on neither; compare lists on "
            "one vintage of areas, or leave lists out and give both releases to the report."
        )
    same = shortlist is not None and (
        found.after is shortlist
        or (found.after.rule == shortlist.rule and found.after.selected.equals(shortlist.selected))
    )
    if not same:
        raise SpecError(
            "release: lists: the later list is not the one that leaves: release(..., shortlist=after, "
            "lists=qa.compare_lists(before, after))."
        )
