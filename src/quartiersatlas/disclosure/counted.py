"""Which numbers are counts of persons, and which of them are too small by themselves?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd
from pandas.api.types import is_numeric_dtype

from quartiersatlas.errors import ColumnError
from quartiersatlas.intake.joining.data import is_whole, kind_of, rate_by_name

if TYPE_CHECKING:
    from quartiersatlas.disclosure.protection import Protection
    from quartiersatlas.intake import AreaData


def count_columns(
    data: AreaData, leaving: list[str], entering: list[str], groups: list[str], *, everything: bool
) -> list[str]:
    """Return every count that could be shown: both counts of every rate, counts that leave, residents.

    Parameters
    ----------
    data : AreaData
        The data.
    leaving, entering : list of str
        Columns that leave, and columns that results are made of: their counts are taken at their word.
    groups : list of str
        Groups whose segregation is measured: they are counts, with decimals or without.
    everything : bool
        Whether all other count columns of the data come along.
    """
    people = str(data.population)
    taken = (*data.rates, *data.changes, people)
    plain = [name for name in leaving if name not in taken and is_count(data, name)]
    plain += [name for name in entering if name not in taken and (name in groups or _may_be_count(data, name))]
    counted = [source for pair in counted_rates(data).values() for source in pair]
    others = [source for name in data.rates if name not in counted_rates(data) for source in persons_of(data, name)]
    behind = [source for source in others if source == data.population or seems_count(data, source)]
    rest = [name for name in data.values.columns if _is_further_count(data, name)] if everything else []
    return list(dict.fromkeys([*counted, *behind, *plain, people, *rest]))


def _may_be_count(data: AreaData, name: str) -> bool:
    return is_numeric_dtype(data.values[name].dtype) and seems_count(data, name)


def _is_further_count(data: AreaData, name: str) -> bool:
    """Return True for a column that somebody could release as a count."""
    if name in data.rates or name in data.changes or not is_numeric_dtype(data.values[name].dtype):
        return False
    if any(name in data.rates[rate] and name not in persons_of(data, rate) for rate in data.rates):
        return False  # the surface under a density, the euros in a mean
    try:
        return bool(data.values[name].notna().any()) and is_count(data, name)
    except ColumnError:
        return False


def is_count(data: AreaData, name: str) -> bool:
    """Return True for a count: by its kind, or whole numbers that nothing describes.

    Raises
    ------
    ColumnError
        The column holds text; or numbers that nothing describes and that are not whole, are negative, or seem to be
        no count by their name or size.
    """
    if name not in data.values.columns:
        raise ColumnError.not_found(name, data.values.columns, "The data")
    column = data.values[name]
    if not is_numeric_dtype(column.dtype):
        raise ColumnError(f"Column {name!r} holds text: only numbers are released.")
    kind = kind_of(data, name)
    if kind:
        return kind == "count"
    known = column.dropna()
    if not is_whole(known):
        fractions = bool(len(known)) and bool(known.between(0, 1).all())
        decimals = "numbers below 0" if (known < 0).any() else "numbers with decimals"
        what = "fractions between 0 and 1" if fractions else decimals
        raise ColumnError(
            f"Column {name!r} holds {what} and the catalogue does not know it: a share, a mean, a balance? Say so: "
            f"data = data.with_indicators({_described(name, known)}), or catalogue.add(...) before the "
            f"join. Rates come from counts: add_rates(...)."
        )
    money = NO_COUNT_WORDS.search(name) and not COUNTED_WORDS.search(name)
    if money or rate_by_name(name) or column.gt(data.residents()).mean() > MOST:
        raise ColumnError(
            f"Column {name!r} holds whole numbers that seem to be no count of persons, and the catalogue does not know "
            f"it: euros, years, percent? Say so: data = data.with_indicators({_described(name, column.dropna())}), or "
            f"kind='count' for a count."
        )
    return True


NO_COUNT_WORDS = re.compile(
    r"income|salar|wage|rent(?![a-z])|prices?(?![a-z])|euros?(?![a-z])|(?<![a-z])(?:eur|usd|chf|gbp|age)(?![a-z])|€|\$"
    r"|einkommen|(?:kalt|warm)?miete(?![a-z])|kaufkraft|lohn|gehalt|preis|durchschnittsalter|(?<![a-z])alter(?![a-z])",
    re.IGNORECASE,
)
COUNTED_WORDS = re.compile(
    r"households?|persons?|people|residents|recipients|units|dwellings|famil|receiv|support|haushalt|personen"
    r"|empfäng|wohnungen|bezieh|anzahl|number|count",
    re.IGNORECASE,
)
MOST = 0.5  # of the areas: where more of them have more than their residents, it is no count of persons


def _described(name: str, known: pd.Series[float]) -> str:
    """Return an indicator as Python, for an error that asks what a column is: by its name and values."""
    if known.between(0, 1).all() and not is_whole(known):
        meaning = 'unit="fraction"'
    elif rate_by_name(name) and known.between(0, 100).all():
        meaning = 'unit="percent"'
    else:
        meaning = 'kind="mean", unit="EUR"'
    return f'qa.Indicator(id="{name}", label_en="...", {meaning})'


def counted_rates(data: AreaData) -> dict[str, tuple[str, str]]:
    """Return the rates whose numerator is a count and part of the denominator; not means, densities, balance rates."""
    return {name: pair for name, pair in data.rates.items() if data.catalogue.get(name).rules.part_of_whole}


def persons_of(data: AreaData, rate: str) -> list[str]:
    """Return the columns of a mean, a density or a balance rate that hold persons: no amount, and no surface."""
    numerator, denominator = data.rates[rate]
    sources = [numerator] if data.catalogue.get(rate).kind == "density" else [numerator, denominator]
    return [source for source in sources if kind_of(data, source) != "amount"]


def seems_count(data: AreaData, column: str) -> bool:
    """Return True for a count by its kind, or for whole numbers that nothing describes: they may be persons."""
    kind = kind_of(data, column)
    return kind == "count" or (not kind and is_whole(data.values[column]))


def few_behind(base: pd.Series[float] | None, protection: Protection) -> pd.Series[bool] | bool:
    """Return where too few persons, households or cases stand behind a mean or an amount."""
    if base is None:
        return False
    return (base > 0) & (base < max(protection.min_count, protection.min_denominator or 0))


def small_areas(data: AreaData, protection: Protection) -> pd.Series[bool]:
    """Return the inhabited areas with too few (or an unknown number of) residents to show an indicator.

    Without a minimum no number is too small, known or not.
    """
    residents = data.residents()
    if protection.min_population == 0:
        return pd.Series(data=False, index=residents.index)
    return ~(residents >= protection.min_population) & ~residents.eq(0)


def small_cells(
    numerator: pd.Series[float], denominator: pd.Series[float] | None, protection: Protection
) -> pd.Series[bool]:
    """Return which counts are small, or leave a small rest, or stand on a small denominator."""
    small = (numerator > 0) & (numerator < protection.min_count)
    if denominator is None:
        return small
    if protection.protect_remainder:
        small |= small_rest(numerator, denominator, protection)
    if protection.min_denominator is not None:
        small |= (denominator > 0) & (denominator < protection.min_denominator)
    return small


def small_rest(numerator: pd.Series[float], denominator: pd.Series[float], protection: Protection) -> pd.Series[bool]:
    """Return where too few are not in the group: nobody at all says something about everybody."""
    rest = denominator - numerator
    return (rest >= 0) & (rest < protection.min_count) & (denominator > 0)
