"""Means, amounts and balances: which keep company, and how closely does a reader know the one that is withheld?

A mean times the persons it is taken over is an amount, and amounts add up: where the mean of a city and those of all
its areas but one are known, so is that one. If two are withheld and most persons are in one, that one is nearly known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.disclosure.counted import counted_rates
from quartiersatlas.disclosure.known_counts import known_levels, smallest_units
from quartiersatlas.disclosure.numbers.other_numbers import counted_base, number_decimals, protected_numbers
from quartiersatlas.disclosure.system.amounts import Amounts
from quartiersatlas.disclosure.system.equations import CITY, Unit, known_units
from quartiersatlas.intake.joining.data import SUMMED_BESIDE_COUNTS, kind_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quartiersatlas.disclosure.protection import Protection
    from quartiersatlas.intake import AreaData

    Bools = NDArray[np.bool_]

ADDED = ("mean", "amount", "balance", "balance_rate")  # what has a total over areas, by itself or times its base
TOLERANCE = 0.1  # the p of the p% rule: what needs protection stays open to plus or minus this part of it
BEYOND = 2.0  # times the largest value: nobody is taken to know less of a value beforehand


def number_cells(
    data: AreaData,
    name: str,
    counts: tuple[pd.DataFrame, pd.DataFrame],
    hidden: pd.Series[bool],
    protection: Protection,
) -> tuple[pd.Series[bool], pd.Series[bool]]:
    """Return where a number that is no count needs protection, and where it is withheld, with what keeps it company.

    Parameters
    ----------
    data : AreaData
        The data.
    name : str
        The column.
    counts : tuple of two DataFrame of bool
        Area by count column: which counts need protection, and which are not shown.
    hidden : Series of bool
        Areas that show no indicator.
    protection : Protection
        What is too small.

    Notes
    -----
    The p% rule of tables of magnitudes [1]_, [2]_, with p = 10: from all that is shown nobody may know a protected mean
    (or amount) to better than 10 percent of it, upwards and downwards. The reader knows the persons behind each mean
    and the total of every unit; beforehand only that no value is below 0 (where none is) or beyond twice the largest.

    References
    ----------
    .. [1] Cox, L. H. (1981). Linear sensitivity measures in statistical disclosure control. Journal of Statistical
           Planning and Inference 5(2), 153-164.
    .. [2] Hundepool, A. et al. (2012). Statistical Disclosure Control. Wiley, chapter 4.
    """
    names = [name, *(_tied(data, name) if is_added(data, name) else [])]  # a mean and its amount tell each other
    asked, cells = (
        pd.concat([protected_numbers(data, one, which, hidden, protection) for one in names], axis=1).any(axis=1)
        for which in counts
    )
    if is_added(data, name) and protection.secondary:
        cells = _with_company(data, name, asked, cells, protection)
    return asked, cells


def is_added(data: AreaData, name: str) -> bool:
    """Return True for what has a total over areas: means (times their base), amounts, balances; not medians, scores."""
    kind = data.catalogue.get(name).kind if name in data.rates else kind_of(data, name)
    return kind in ADDED and name not in counted_rates(data)


def _amount_of(data: AreaData, name: str) -> str:
    """Return the amount or balance that a mean or a balance rate is made of; its own name where there is none."""
    numerator = data.rates[name][0] if name in data.rates else name
    return numerator if kind_of(data, numerator) in SUMMED_BESIDE_COUNTS else name


def _tied(data: AreaData, name: str) -> list[str]:
    """Return the other columns that are the same amounts: all means of an amount, and the amount."""
    amount = _amount_of(data, name)
    rates = [rate for rate in data.rates if is_added(data, rate) and _amount_of(data, rate) == amount]
    return [other for other in (amount, *rates) if other != name]


def _with_company(
    data: AreaData, name: str, asked: pd.Series[bool], cells: pd.Series[bool], protection: Protection
) -> pd.Series[bool]:
    """Withhold a second number where only one of a unit is, and more where that leaves one too narrow.

    Those of areas with few residents go first, ties by a hash of column and key.
    """
    of = _amount_of(data, name)
    people = data.residents().fillna(np.inf)
    order = sorted(cells.index, key=lambda key: (float(people[key]), _hash(of, str(key))))
    cells = _with_second(data, of, cells, order, smallest_units(data, protection))
    amounts = known_amounts(data, of, protection)
    if amounts is None:
        return cells
    places = {key: place for place, key in enumerate(cells.index)}
    known = np.isfinite(amounts.of.values) & ~amounts.of.fixed
    may = [places[key] for key in order if known[places[key]]]
    withheld = cells.to_numpy(dtype=bool)
    for place in (places[key] for key in sorted(cells.index[asked], key=lambda key: _hash(of, str(key)))):
        if amounts.asks(place):
            withheld = amounts.of.company(withheld, place, amounts.need(place), may)
    return pd.Series(withheld, index=cells.index)


def _with_second(
    data: AreaData, name: str, cells: pd.Series[bool], order: list[str], units: pd.Series[str]
) -> pd.Series[bool]:
    """Withhold a known number in each unit where only one is withheld, or none but those that are secret anyway."""
    cells, known = cells.copy(), data.values[name].notna()
    secret = ~known & data.status[name].eq("suppressed")
    for unit in units[cells & (known | secret)].unique():
        inside = units.eq(unit)
        enough = 1 if (inside & secret).any() else 2
        choice = [key for key in order if inside[key] and known[key] and not cells[key]]
        if (inside & cells & known).sum() < enough and choice:
            cells[choice[0]] = True
    return cells


def _hash(name: str, key: str) -> bytes:
    return sha256(f"{name}\x1f{key}".encode()).digest()


# --- what a reader knows of them -------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class KnownAmounts:
    """The amounts of one column, the units with known totals, and the step in which the column is printed."""

    of: Amounts
    units: tuple[Unit, ...]
    step: float
    base: str

    def units_of(self, place: int) -> list[Unit]:
        """Return the units that an area is in."""
        return [unit for unit in self.units if place in unit.members]

    def asks(self, place: int) -> bool:
        """Return True for a cell with a value that is not alone in a unit: for that one nothing can be done."""
        return bool(np.isfinite(self.of.values[place])) and not self.is_alone(place)

    def is_alone(self, place: int) -> bool:
        """Return True for the only area of a unit: its value is that of the unit."""
        return any(len(unit.members) == 1 for unit in self.units_of(place))

    def need(self, place: int) -> float:
        """Return to plus or minus what a protected value has to stay open: a tenth of it, one printed step at least."""
        return max(TOLERANCE * abs(float(self.of.values[place])), self.step)

    def verdict(self, withheld: Bools, place: int) -> str:
        """Return how a protected value fares."""
        if self.is_alone(place):
            return "parent"
        if not self.of.is_narrow(withheld, place, self.need(place)):
            return "open"
        if self.of.is_narrow(withheld | np.isfinite(self.of.values), place, self.need(place)):
            return "limit"
        low, high = self.of.interval(withheld, place)
        return "exact" if high - low < self.step else "narrow"


def known_amounts(data: AreaData, name: str, protection: Protection) -> KnownAmounts | None:
    """Return the amounts of a column as a reader can reckon with them; None for a mean over nobody knows what.

    Where a value is secret at its source, the mean of the others stands for it. A mean that is computed here, and an
    amount, are known exactly where they are shown; one that came ready-made was rounded.
    """
    meaning = data.catalogue.get(name)
    kind = meaning.kind if name in data.rates else kind_of(data, name)
    base = data.rates[name][1] if name in data.rates else meaning.base
    weights = counted_base(data, base)
    if kind in SUMMED_BESIDE_COUNTS:
        base, weights = "", pd.Series(1.0, index=data.areas.index)
    x = data.values[name].astype(float)
    if weights is None or not x.notna().any():
        return None
    weights = weights.astype(float).where(weights > 0)
    weights = weights.fillna(data.residents().where(data.residents() > 0)).fillna(weights.max()).fillna(1.0)
    secret = x.isna() & data.status[name].eq("suppressed")
    stands = float(np.average(x[x.notna()], weights=weights[x.notna()]))
    decimals = number_decimals(x, meaning, protection)
    half = 0.5 * 10.0**-decimals if kind == "mean" and name not in data.rates else 0.0
    printed = x.round(decimals) if half else x
    step, largest = 10.0**-decimals, float(x.abs().max())
    greatest = max(BEYOND * largest, 10 * step)
    values = np.asarray(x.mask(secret, stands), dtype=np.float64)
    found = known_units(data.areas, known_levels(data, protection) or [CITY])
    inside = [replace(unit, members=unit.members[np.isfinite(values[unit.members])]) for unit in found]
    units = tuple(unit for unit in inside if len(unit.members))
    amounts = Amounts(
        values=values,
        weights=np.asarray(weights, dtype=np.float64),
        printed=(np.asarray(printed - half, dtype=np.float64), np.asarray(printed + half, dtype=np.float64)),
        least=-greatest if (x < 0).any() else 0.0,
        greatest=greatest,
        fixed=secret.to_numpy(dtype=bool),
        units=tuple(unit.members for unit in units),
    )
    return KnownAmounts(amounts, units, step, base)
