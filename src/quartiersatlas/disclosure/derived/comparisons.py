"""What leaves of twins and of a comparison of funded areas: computed again of cells that may be shown alone."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from quartiersatlas.catalogue.texts import Message
from quartiersatlas.disclosure.derived.over_dates import ReleasedFunded, ReleasedTwins
from quartiersatlas.disclosure.derived.recompute import quietly
from quartiersatlas.disclosure.suppression import suppression_pattern
from quartiersatlas.errors import FewAreasError, SpecError
from quartiersatlas.monitoring.comparisons.funded import (
    FEWEST_FUNDED,
    FEWEST_OTHERS,
    FundedComparison,
    compare_funded,
)
from quartiersatlas.monitoring.comparisons.twins import Twins, twins

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from quartiersatlas.disclosure.over_time.other_dates import ToldDate
    from quartiersatlas.disclosure.protection import Protection
    from quartiersatlas.intake import AreaData


def released_twins(found: Twins | None, own: ToldDate) -> ReleasedTwins | None:
    """Return what may leave of twins; another city's counts are protected as one's own.

    Raises
    ------
    SpecError
        The twins are of other data, or too few areas show what they are compared by.
    """
    if found is None:
        return None
    call = dict(found.call)
    _refuse_other_data(call.pop("data"), own.data, found.indicators, "twins")
    others = {
        city: _masked(data, found.indicators, own.pattern.protection) for city, data in (call["others"] or {}).items()
    }
    with quietly():
        again = twins(own.known(found.indicators, filled=False), **{**call, "others": others or None})
    return ReleasedTwins(**{**_content(again), "near": again.near.iloc[:0]})


def released_funded(
    found: FundedComparison | None, dates: Mapping[str, ToldDate]
) -> tuple[ReleasedFunded | None, tuple[Message, ...]]:
    """Return what may leave of a comparison of funded areas; a note instead where too few areas show all their years.

    Raises
    ------
    SpecError
        It was made of ready-made numbers.
    """
    if found is None:
        return None, ()
    panel = {year: dates[data.period].known([found.outcome], filled=False) for year, data in panel_of(found).items()}
    try:
        with quietly():
            again = compare_funded(**{**found.call, "panel": panel})
    except FewAreasError as few:
        return None, (_too_few(found, few),)
    return ReleasedFunded(**_content(again)), ()


def _too_few(found: FundedComparison, few: FewAreasError) -> Message:
    """Return the note on a comparison that protection leaves too few areas for."""
    kept = {"n": few.n_funded, "others": few.n_others}
    return Message(
        "fact_funded_too_few", {"label": found.labels, **kept, "least": FEWEST_FUNDED, "least_others": FEWEST_OTHERS}
    )


def panel_of(found: FundedComparison) -> Mapping[int, AreaData]:
    """Return the joined data of each year, each with its period.

    Raises
    ------
    SpecError
        The comparison was made of a frame: nobody knows the counts behind it.
    """
    panel = found.call["panel"]
    if isinstance(panel, pd.DataFrame):
        raise SpecError(
            "release: funded: the comparison was made of a frame of percentages, and nobody knows which of them rest "
            "on few persons. Make it of joined data: qa.compare_funded({2019: data_2019, ...}, ...)."
        )
    return {year: data if data.period else replace(data, period=str(year)) for year, data in sorted(panel.items())}


def _masked(data: AreaData, names: Iterable[str], protection: Protection) -> AreaData:
    """Return another city's data without the cells that may not be shown."""
    pattern = suppression_pattern(data, protection, list(names))
    values = data.values.copy()
    for name in names:
        values[data.rates[name][0]] = values[data.rates[name][0]].mask(pattern.cells(name))
    return replace(data, values=values)


def _refuse_other_data(made_of: AreaData, data: AreaData, names: Iterable[str], what: str) -> None:
    same = made_of.areas.index.equals(data.areas.index) and all(
        name in data.values and made_of.values[name].equals(data.values[name]) for name in names
    )
    if not same:
        raise SpecError(f"release: {what}: they were computed from other data than those that are released.")


def _content(record: Twins | FundedComparison) -> dict[str, Any]:
    """Return what a result says, without the data that it was made of."""
    return {**{one.name: getattr(record, one.name) for one in fields(record)}, "call": {}}
