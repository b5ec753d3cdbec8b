"""What a need index is made of: values, counts behind them, residents, city values; and which areas are not scored."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from quartiersatlas.base.checks import count_noun, expects, names
from quartiersatlas.catalogue import Catalogue
from quartiersatlas.catalogue.kinds import FRACTION, PERCENT, a_kind, plain_unit
from quartiersatlas.errors import ColumnError, CountError, SpecError, list_some
from quartiersatlas.indicators import city_value, city_values, rates
from quartiersatlas.indicators.change import SUFFIX
from quartiersatlas.indicators.rates import shrunken_rates
from quartiersatlas.intake import AreaData
from quartiersatlas.intake.joining.data import checked_counts, kind_of, rate_recipe, refuse_no_counts
from quartiersatlas.intake.joining.meaning import in_fractions
from quartiersatlas.intake.tables.values.codes import code_text, suspected_codes
from quartiersatlas.need.score.scores import ScoringContext, present_share
from quartiersatlas.need.spec.records import NeedGroup

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from quartiersatlas.need.spec.records import NeedIndicator
    from quartiersatlas.need.spec.spec import NeedSpec


@dataclass(frozen=True, eq=False)
class Counts:
    """The counts behind an indicator, on the district key.

    Parameters
    ----------
    numerator, denominator : Series of float
        Of the later date, where there are two.
    earlier : tuple of two Series, optional
        Numerator and denominator of the earlier date: the indicator is a change.
    per : float
        Unit of the indicator: 100 for percent.
    """

    numerator: pd.Series[float]
    denominator: pd.Series[float]
    earlier: tuple[pd.Series[float], pd.Series[float]] | None = None
    per: float = 100.0

    def on(self, index: pd.Index) -> Counts:
        """Return the counts in the order of other areas' keys."""
        earlier = None if self.earlier is None else (self.earlier[0].loc[index], self.earlier[1].loc[index])
        return replace(
            self, numerator=self.numerator.loc[index], denominator=self.denominator.loc[index], earlier=earlier
        )

    @property
    def city(self) -> float:
        """The value of the whole city, from the counts."""
        value = city_value(self.numerator, self.denominator)
        if self.earlier is not None:
            value -= city_value(*self.earlier)
        return value * self.per


@dataclass(frozen=True, eq=False)
class NeedInputs:
    """Values and counts of a need index.

    Parameters
    ----------
    values : DataFrame of float
        One column per indicator, all areas, in the indicator's own unit and direction.
    counts : mapping of str to Counts
        Of the indicators that have them.
    residents : mapping of str to Series
        Period -> residents, latest first; empty where no population is named.
    catalogue : Catalogue
        What the indicators mean.
    change_of : mapping of str to str
        Indicator that is a change -> the indicator it is the change of.
    other_city : mapping of str to float
        City values of indicators without counts: published ones, and means weighted with their base.
    levels : mapping of str to Series
        Higher level -> the unit of each area, for scales within units.
    names : mapping of str to str
        Key -> name of the area, of joined data that have names.
    shrunken : frozenset of str
        Indicators that enter the index drawn towards the city value; ``values`` holds them as observed.
    city_name : str
        The name of the city, of joined data that have it.
    """

    values: pd.DataFrame
    counts: Mapping[str, Counts]
    residents: Mapping[str, pd.Series[float]]
    catalogue: Catalogue
    change_of: Mapping[str, str] = field(default_factory=dict)
    other_city: Mapping[str, float] = field(default_factory=dict)
    levels: Mapping[str, pd.Series] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict, repr=False)
    shrunken: frozenset[str] = frozenset()
    city_name: str = ""

    def on(self, index: pd.Index) -> NeedInputs:
        """Return the inputs in the order of other areas' keys."""
        residents = {name: column.loc[index] for name, column in self.residents.items()}
        counts = {name: counts.on(index) for name, counts in self.counts.items()}
        levels = {name: units.loc[index] for name, units in self.levels.items()}
        return replace(self, values=self.values.loc[index], counts=counts, residents=residents, levels=levels)

    @cached_property
    def city(self) -> dict[str, float]:
        """City values of the indicators that have counts, or a published value, or a base."""
        return {**self.other_city, **{name: counts.city for name, counts in self.counts.items()}}


def need_inputs(
    data: AreaData | pd.DataFrame,
    spec: NeedSpec,
    population: str | list[str] | None,
    units: Mapping[str, str] | None = None,
) -> NeedInputs:
    """Collect what a spec asks for.

    Raises
    ------
    ColumnError
        A column is not there.
    SpecError
        An indicator holds text, or codes for missing values such as -9999.
    CountError
        A numerator exceeds its denominator.
    """
    if isinstance(data, pd.DataFrame):
        _check_frame(data)
        data = _in_percent(data, spec, units or {})
    elif units:
        raise SpecError("need_index: units are for a DataFrame; of joined data they are said in join(..., units=...).")
    else:
        _check_meanings(data, spec)
    leaves = {leaf.id: leaf for axis in spec.axes for leaf in axis.indicators}
    counts: dict[str, Counts] = {}
    values: dict[str, pd.Series[float]] = {}
    for leaf in leaves.values():
        found = _counts(data, leaf)
        if found is not None:
            for column in (found.numerator, found.denominator, *(found.earlier or ())):
                _check_countable(column)
            counts[leaf.id] = found
        values[leaf.id] = _values(data, leaf, spec, found)
    catalogue, changes = Catalogue.builtin(), {}
    if isinstance(data, AreaData):
        catalogue, changes = (
            data.catalogue.add(*spec.meanings(data.catalogue)),
            {name: rate for name, (rate, _) in data.changes.items()},
        )
    return NeedInputs(
        values=pd.DataFrame(values),
        counts=counts,
        residents=_residents(data, spec, population, list(leaves)),
        catalogue=catalogue,
        change_of={f"{name}{SUFFIX}": name for name in catalogue.indicators} | changes,
        other_city=_other_city(data, [name for name in leaves if name not in counts]),
        levels=_levels(data, spec),
        names=_names(data),
        shrunken=_shrunken(leaves.values(), counts),
        city_name=data.city if isinstance(data, AreaData) else "",
    )


def _shrunken(leaves: Iterable[NeedIndicator], counts: Mapping[str, Counts]) -> frozenset[str]:
    """Return the indicators that enter shrunken; they have the counts of one date."""
    found = [leaf.id for leaf in leaves if leaf.value == "shrunken"]
    for name in found:
        if name not in counts or counts[name].earlier is not None:
            what = "is a change between two dates" if name in counts else "has no counts"
            raise SpecError(
                f"{name!r}: value = 'shrunken' needs the two counts of a rate, and it {what}. Add it from counts: "
                f"add_rates(data, {{{name!r}: (numerator, denominator)}}), or take value = 'observed'."
            )
    return frozenset(found)


def _names(data: AreaData | pd.DataFrame) -> dict[str, str]:
    """Return the names of joined areas, where they have some."""
    if not isinstance(data, AreaData) or "name" not in data.areas.columns:
        return {}
    return {str(key): str(name) for key, name in data.areas["name"].dropna().items()}


def _levels(data: AreaData | pd.DataFrame, spec: NeedSpec) -> dict[str, pd.Series]:
    """Return the units of the higher levels within which a spec compares areas."""
    frame = data.areas if isinstance(data, AreaData) else data
    steps = [rule for axis in spec.axes for rule in (axis.standardise, *(group.normalise for group in axis.groups()))]
    found = {}
    for level in dict.fromkeys(rule.by for rule in steps if rule.by):
        if level not in frame.columns:
            raise ColumnError.not_found(level, frame.columns, f"by = {level!r}: the table of areas")
        found[level] = frame[level]
    return found


def _check_meanings(data: AreaData, spec: NeedSpec) -> None:
    """Check columns that only the spec describes, as a join checks those that the catalogue does."""
    said = [
        one for one in spec.meanings(data.catalogue) if one.id in data.values.columns and one.id not in data.changes
    ]
    for one in said:
        if one.unit == FRACTION:
            raise SpecError(
                f"The spec {spec.id!r} calls {one.id!r} a fraction; scores and maps are made of percent. Say so in the "
                f"join, which turns them: units={{{one.id!r}: 'fraction'}}."
            )
    data.with_indicators(*said)


def _other_city(data: AreaData | pd.DataFrame, names: list[str]) -> dict[str, float]:
    """Return the city values that are published, or come of a base."""
    found: dict[str, float] = {}
    if not isinstance(data, AreaData):
        return found
    for name in names:
        with suppress(SpecError):
            found[name] = city_values(data, name)
    return found


def _check_frame(frame: pd.DataFrame) -> None:
    """Refuse a table with duplicate keys or columns."""
    duplicate = frame.index[frame.index.duplicated()].unique()
    if len(duplicate):
        raise SpecError(
            f"{count_noun(len(duplicate), 'key has', 'keys have')} more than one row: {list_some(duplicate)}. An area "
            f"is one row: add up parts, or drop duplicate rows."
        )
    repeated = frame.columns[frame.columns.duplicated()].unique()
    if len(repeated):
        raise ColumnError(
            f"{count_noun(len(repeated), 'column appears', 'columns appear')} more than once in the data: "
            f"{list_some(repeated)}. Keep one of each."
        )


def _in_percent(frame: pd.DataFrame, spec: NeedSpec, units: Mapping[str, str]) -> pd.DataFrame:
    """Return a table whose shares are in percent: fractions that are declared are turned, others are asked about."""
    expects(units, Mapping, "need_index: units", "units={'column': 'fraction'}")
    for name, unit in units.items():
        if name not in frame.columns:
            raise ColumnError.not_found(name, frame.columns, "need_index: units: the data")
        if plain_unit(unit) not in (PERCENT, FRACTION):
            raise SpecError(f"need_index: units: {name!r} is in 'percent' or a 'fraction', not in {unit!r}.")
    known = Catalogue.builtin().add(*spec.meanings(Catalogue.builtin()))
    for name in dict.fromkeys(leaf.id for axis in spec.axes for leaf in axis.indicators):
        column = frame.get(name)
        if column is None or name not in known or known[name].unit != PERCENT or not is_numeric_dtype(column.dtype):
            continue
        if plain_unit(units.get(name, "")) == FRACTION:
            frame = frame.assign(**{name: column * 100})
        elif name not in units and in_fractions(column):
            raise SpecError(
                f"The indicator {name!r} is in percent, and no area is above 1. Are they fractions (0.12 for 12 %)? "
                f"need_index(..., units={{{name!r}: 'fraction'}}) turns them into percent. Are they truly below 1 %? "
                f"need_index(..., units={{{name!r}: 'percent'}}) takes them as they are."
            )
    return frame


def _counts(data: AreaData | pd.DataFrame, leaf: NeedIndicator) -> Counts | None:
    """Return the counts of an indicator, if the data or the spec has them."""
    if isinstance(data, AreaData):
        return counts_behind(data, leaf.id)
    if leaf.numerator and leaf.id not in data.columns:
        for column in (leaf.numerator, leaf.denominator):
            if column not in data.columns:
                raise ColumnError.not_found(column, data.columns, f"The data for the indicator {leaf.id!r}")
        for column in (leaf.numerator, leaf.denominator):
            _refuse_codes(data[column], "column")
        per = Catalogue.builtin().get(leaf.id).per
        return Counts(checked_counts(data[leaf.numerator]), checked_counts(data[leaf.denominator]), per=per)
    return None


MOST_COUNTED = 2.0**53  # beyond, neighbouring whole numbers are the same float


def _check_countable(counts: pd.Series[float]) -> None:
    """Refuse counts that a number of double precision cannot tell from the next."""
    huge = counts.index[counts.gt(MOST_COUNTED)]
    if len(huge):
        raise CountError(
            f"{count_noun(len(huge), 'count', 'counts')} in {counts.name!r} {'is' if len(huge) == 1 else 'are'} above "
            f"2^53 ({list_some(huge)}): no number of persons. Were keys or codes read as counts?"
        )


def counts_behind(data: AreaData, name: str) -> Counts | None:
    """Return the counts behind a share or rate or its change; None for other columns."""
    if not data.catalogue.get(data.changes[name][0] if name in data.changes else name).rules.part_of_whole:
        return None  # a mean, a density, a balance rate: no part of a whole that could be drawn again
    if name in data.rates:
        x, n = (data.counts(column) for column in data.rates[name])
        return Counts(x, n, per=data.catalogue.get(name).per)
    rate, before = data.changes.get(name, ("", data))
    if rate in data.rates and rate in before.rates:
        x, n = (data.counts(column) for column in data.rates[rate])
        first, second = (before.counts(column) for column in before.rates[rate])
        return Counts(x, n, earlier=(first, second), per=data.catalogue.get(rate).per)
    return None


def _values(
    data: AreaData | pd.DataFrame, leaf: NeedIndicator, spec: NeedSpec, counts: Counts | None
) -> pd.Series[float]:
    frame = data.values if isinstance(data, AreaData) else data
    if leaf.id in frame.columns:
        if isinstance(data, AreaData) and kind_of(data, leaf.id) in ("count", "amount", "balance", "class"):
            raise SpecError(
                f"The indicator {leaf.id!r} of the spec {spec.id!r} is {a_kind(kind_of(data, leaf.id))}: an index "
                f"of totals ranks by size of area. Put a rate in: data = {rate_recipe(data, leaf.id)}."
            )
        catalogue = data.catalogue if isinstance(data, AreaData) else Catalogue.builtin()
        is_share = leaf.id in catalogue and catalogue[leaf.id].unit == "percent"
        return _numbers(frame[leaf.id], is_share=is_share, is_joined=isinstance(data, AreaData))
    if isinstance(data, AreaData) and leaf.numerator:
        raise ColumnError(
            f"The data has no rate {leaf.id!r} yet. Add it from the counts the spec names: "
            f"data = add_rates(data, {{{leaf.id!r}: ({leaf.numerator!r}, {leaf.denominator!r})}})."
        )
    if counts is None:
        raise ColumnError.not_found(leaf.id, frame.columns, f"The spec {spec.id!r} asks for data that")
    if not counts.denominator.gt(0).any():
        raise SpecError(f"{leaf.id!r}: the denominator {leaf.denominator!r} is 0 or unknown in every area.")
    return rates(counts.numerator, counts.denominator)["rate"] * counts.per


def _what(column: pd.Series) -> str:
    """Return in a word what a column holds that is no column of real numbers."""
    kinds = {"b": "yes and no", "c": "complex numbers", "M": "dates", "m": "spans of time"}
    if column.dtype.kind in kinds:
        return kinds[column.dtype.kind]
    values = column.dropna()
    whole = len(values) > 0 and values.map(lambda value: isinstance(value, int) and not isinstance(value, bool)).all()
    return "whole numbers too large for a column of numbers" if whole else "text"


def _numbers(column: pd.Series[float], *, is_share: bool, is_joined: bool) -> pd.Series[float]:
    """Return a column as numbers; text and codes for missing values are refused, the latter where no join did so."""
    name = column.name
    if not is_numeric_dtype(column.dtype) or is_bool_dtype(column.dtype) or column.dtype.kind == "c":
        raise SpecError(f"The indicator {name!r} holds {_what(column)}, not numbers: {list_some(column.unique(), 3)}.")
    if not len(column):
        raise SpecError("The data have no areas.")
    numbers = column.astype(float)
    if numbers.isna().all():
        raise SpecError(f"The indicator {name!r} is missing in all {len(numbers)} areas. Leave it out of the spec.")
    infinite = numbers.index[numbers.abs().eq(float("inf"))]
    if len(infinite):
        raise SpecError(
            f"The indicator {name!r} is infinite in {count_noun(len(infinite), 'area')}: {list_some(infinite)}."
        )
    if not is_joined:
        _refuse_codes(numbers, "indicator")
    below = numbers[numbers.lt(0) & is_share]
    if len(below):
        value = below.iloc[0]
        alike = below.index[below.eq(value)]
        raise SpecError(
            f"The indicator {name!r} is {value:.15g} in {count_noun(len(alike), 'area')}: {list_some(alike)}. A share "
            f"is never negative. Correct the table; if it is a code for a missing value, name it where the table is "
            f"read or joined: symbols={{'{code_text(value)}': 'missing'}}."
        )
    above = numbers.index[numbers.gt(100) & is_share]
    if len(above):
        raise SpecError(
            f"The indicator {name!r} is a share and above 100 percent in {count_noun(len(above), 'area')}: "
            f"{list_some(above)}. Is it in another unit, or over the wrong denominator?"
        )
    return numbers


def _refuse_codes(column: pd.Series[float], what: str) -> None:
    """Refuse codes for missing values in a frame that passed no join."""
    if not is_numeric_dtype(column.dtype):
        return
    suspected = suspected_codes(column)
    if len(suspected):
        code = code_text(suspected.iloc[0])
        coded = suspected.index[suspected.eq(suspected.iloc[0])]
        raise SpecError(
            f"The {what} {column.name!r} is {code} in {count_noun(len(coded), 'area')}: {list_some(coded)}. That looks "
            f"like a code for missing values and would enter every mean. Read it as missing: "
            f"frame[{column.name!r}].replace({code}, float('nan')), or name the code when the table is read."
        )


def _residents(
    data: AreaData | pd.DataFrame, spec: NeedSpec, population: str | list[str] | None, leaves: list[str]
) -> dict[str, pd.Series[float]]:
    """Return the residents per period: the latest first, then the earlier dates of the changes used."""
    columns = list(names(population, "need_index: population")) if population else []
    if isinstance(data, AreaData):
        columns = columns or ([data.population] if data.population else [])
    frame = data.values if isinstance(data, AreaData) else data
    if spec.min_population > 0 and not columns:
        raise SpecError(
            f"The spec {spec.id!r} leaves out areas below {spec.min_population:g} residents. "
            f"Name their column: need_index(..., population='residents')."
        )
    found = {}
    refuse_no_counts(data, columns, "need_index: population")
    for column in columns:
        if column not in frame.columns:
            raise ColumnError.not_found(column, frame.columns, "The data")
        found[column] = checked_counts(frame[column])
    if isinstance(data, AreaData) and spec.min_population_in == "every" and columns:
        for name in leaves:
            before = data.changes[name][1] if name in data.changes else None
            if before is not None and columns[0] in before.values.columns:
                label = f"{columns[0]} {before.period}".strip()
                found[label] = checked_counts(before.values[columns[0]]).reindex(frame.index)
    return found


def columns_of(inputs: NeedInputs, scored: pd.Index) -> dict[str, NDArray[np.float64]]:
    """Return the values of the scored areas, indicator by indicator."""
    values = inputs.values.loc[scored]
    found = {str(name): np.asarray(values[name], dtype=float) for name in values}
    inside = np.asarray(inputs.values.index.get_indexer(scored))
    for name in sorted(inputs.shrunken):
        found[name] = shrunken_values(inputs.counts[name], np.asarray(inputs.counts[name].numerator))[inside]
    return found


def shrunken_values(counts: Counts, numerators: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return shrunken rates in the indicator's unit, shape (..., all areas), of numerators over the counts' bases."""
    return counts.per * shrunken_rates(numerators, np.asarray(counts.denominator, dtype=float))[0]


def scoring_context(inputs: NeedInputs, scored: pd.Index) -> ScoringContext:
    """Return the residents of the scored areas and the city values."""
    residents = next(iter(inputs.residents.values()), None)
    units = {name: pd.factorize(level.loc[scored], sort=True)[0] for name, level in inputs.levels.items()}
    people = None if residents is None else np.asarray(residents.loc[scored], dtype=float)
    return ScoringContext(people, inputs.city, units=units)


def excluded_areas(inputs: NeedInputs, spec: NeedSpec, manual: Mapping[str, str]) -> pd.DataFrame:
    """List who is left out and why: too few residents, by hand, too few indicators."""
    frame = inputs.values
    unknown_keys = [key for key in manual if key not in frame.index]
    if unknown_keys:
        raise SpecError(
            f"exclude: {count_noun(len(unknown_keys), 'key is', 'keys are')} not in the data: "
            f"{list_some(unknown_keys)}."
        )
    rows: dict[str, tuple[str, str]] = {}
    if spec.min_population > 0:
        for name, residents in inputs.residents.items():
            for key in frame.index[residents < spec.min_population]:
                rows.setdefault(key, ("population", f"{spec.min_population:g}"))
            for key in frame.index[residents.isna()]:
                rows.setdefault(key, ("missing", name))
    rows.update({key: ("manual", reason) for key, reason in manual.items()})
    unknown = frame.isna()
    scorable = pd.Series(data=True, index=frame.index)
    for axis in spec.axes:
        scorable &= _present(axis, frame) >= axis.min_present - 1e-12
    for key in frame.index[~scorable]:
        gaps = [str(name) for name in unknown.columns[unknown.loc[key]]]
        empty = all(name in inputs.counts and inputs.counts[name].denominator[key] == 0 for name in gaps)
        rows.setdefault(key, ("no_denominator" if empty else "missing", ", ".join(gaps)))
    ordered = {key: rows[key] for key in frame.index if key in rows}
    return pd.DataFrame.from_dict(ordered, orient="index", columns=["reason", "detail"])


def _present(group: NeedGroup, frame: pd.DataFrame) -> np.ndarray:
    """Return the share of a group's weights that is known in each area."""
    known = [
        np.where(_present(member, frame) >= member.min_present - 1e-12, 1.0, np.nan)
        if isinstance(member, NeedGroup)
        else np.where(frame[member.id].isna(), np.nan, 1.0)
        for member in group.members
    ]
    return present_share(group, np.stack(known))


def reasons_text(excluded: pd.DataFrame) -> str:
    """Return the three most frequent reasons, for a message."""
    counts = (excluded["reason"] + " (" + excluded["detail"] + ")").value_counts().head(3)
    return "; ".join(f"{n} for {reason}" for reason, n in counts.items())


def incomplete_areas(spec: NeedSpec, scored: pd.DataFrame) -> pd.DataFrame:
    """List the areas scored from a part of their indicators."""
    rows = [
        (key, axis.id, ", ".join(gaps.columns[gaps.loc[key]]))
        for axis in spec.axes
        for gaps in [scored[[leaf.id for leaf in axis.indicators]].isna()]
        for key in gaps.index[gaps.any(axis=1)]
    ]
    return pd.DataFrame(rows, columns=["key", "axis", "missing"]).set_index("key")
