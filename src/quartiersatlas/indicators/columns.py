"""Rates, counts and city values as columns of the data, each as its kind demands and in its own unit.

``add_rates()`` writes in the unit that the catalogue names: percent, if it names none. ``rates()`` and ``city_value()``
answer with fractions in [0, 1].
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import count_noun, expects
from quartiersatlas.base.letters import composed
from quartiersatlas.catalogue import Indicator, Message, Reference, text
from quartiersatlas.catalogue.kinds import FRACTION, PERCENT, a_kind, plain_unit
from quartiersatlas.catalogue.references import TOTALS, published_for_city
from quartiersatlas.catalogue.texts import LANGUAGES
from quartiersatlas.errors import ArgumentError, ColumnError, CountError, SpecError, list_some
from quartiersatlas.indicators.rates import count_pair
from quartiersatlas.intake import AreaData
from quartiersatlas.intake.joining.data import checked_numbers, fraction_notes, kind_of, refuse_no_counts
from quartiersatlas.intake.joining.meaning import declared_indicator

if TYPE_CHECKING:
    from quartiersatlas.catalogue.kinds import Kind

MOST_DECIMALS = 6  # of a published share


def add_rates(
    data: AreaData,
    pairs: Mapping[str, tuple[str, str]],
    *,
    units: Mapping[str, str] | None = None,
    kinds: Mapping[str, str] | None = None,
) -> AreaData:
    """Add rates as columns in the unit of the catalogue (percent, if it names none); both counts stay.

    Parameters
    ----------
    data : AreaData
        Areas and their counts, as :func:`join` returns them.
    pairs : mapping of str to (str, str)
        Rate -> numerator column, denominator column.
    units, kinds : mapping of str to str, optional
        Rate -> its unit or kind, as in :class:`Indicator`, where the catalogue does not say it: ``units={"cars": "per
        1000"}``, or ``kinds={"rent": "mean"}, units={"rent": "EUR per m²"}``.

    Returns
    -------
    AreaData
        With the rates in ``.values``, in the unit ``data.catalogue.get(name).unit`` (:func:`rates` and
        :func:`city_value` return fractions), their status in ``.status`` and their counts named in ``.rates``.
        Where a count has no value, the rate has the status of that count, ``suppressed`` before ``missing``; where
        the denominator is 0, it is ``not_applicable``. A ready-made column of the name of the rate gives way to the
        one from counts; where the two differ by more than rounding, a warning and ``.notes`` say so.

    Raises
    ------
    ColumnError
        A column of counts does not exist, or a rate has the name of a column that is no ready-made rate.
    CountError
        A numerator exceeds its denominator, or a count is negative, text, or a rate by its kind or name.
    SpecError
        The kind of the indicator cannot be computed from two columns, such as a median.
    ArgumentError
        The data are no AreaData, or ``pairs`` is no mapping of names to pairs of columns.

    Warns
    -----
    UserWarning
        A ready-made rate of the table differs from the one that its counts give.

    Notes
    -----
    The kind of the rate in the catalogue decides: the numerator of a share or a rate is a part of the denominator, a
    mean or a density may exceed 1, the numerator of a balance rate (net migration) may be negative.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> import shapely
    >>> import quartiersatlas as qa
    >>> shapes = [shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000, 2000)]
    >>> areas = gpd.GeoDataFrame({"name": ["A", "B", "C"]}, index=["1", "2", "3"], geometry=shapes, crs="EPSG:25832")
    >>> table = pd.DataFrame({"poor": [300.0, 260, 90], "residents": [1000.0] * 3}, index=areas.index)
    >>> data = qa.add_rates(qa.join(areas, table), {"poverty": ("poor", "residents")})
    >>> data.values["poverty"].tolist()
    [30.0, 26.0, 9.0]
    """
    expects(data, AreaData, "add_rates", "data = qa.join(areas, table)")
    named = _named_pairs(pairs, "add_rates", "a numerator and a denominator", '{"mh_share": ("mh", "residents")}')
    for name in (*(units or {}), *(kinds or {})):
        if name not in named:
            raise SpecError(f"add_rates: a unit or kind is said of {name!r}, which is none of the rates.")
    said = [
        declared_indicator(data.catalogue, name, (units or {}).get(name), (kinds or {}).get(name))
        for name in named
        if name in (units or {}) or name in (kinds or {})
    ]
    data = replace(data, catalogue=data.catalogue.add(*said))
    for name, pair in named.items():
        data = _with_rate(data, name, pair)
    return data


def _with_rate(data: AreaData, name: str, pair: tuple[str, str]) -> AreaData:
    """Return the data with one rate more."""
    numerator, denominator = pair
    for column in pair:
        if column not in data.values.columns:
            raise ColumnError.not_found(column, data.values.columns, "The data")
    published = None
    if name in data.values.columns:
        if name in pair or name in data.rates or name in data.changes or kind_of(data, name) not in ("share", "rate"):
            raise ColumnError(f"The rate {name!r} has the name of a column that already exists.")
        published = data.values[name]
    data, meaning = _measured(data, name, pair)
    x, n = data.summands(numerator), data.summands(denominator)
    if meaning.rules.part_of_whole:
        said = f"kinds={{{name!r}: 'density'}}, units={{{name!r}: 'per km²'}}"
        other = f" If {name!r} is no share, say what it is: add_rates(data, ..., {said})."
        count_pair(x, n, "add_rates", other)
    counted = pair[:1] if meaning.kind == "density" else pair  # its denominator is a surface
    counts = [column for column in counted if kind_of(data, column) in ("", "count")]
    notes = [note for note in fraction_notes(data, counts) if note not in data.notes]
    data = replace(data, notes=(*data.notes, *notes))
    computed = x / n.where(n > 0) * meaning.per
    values = data.values.assign(**{name: computed})
    status = data.status.assign(**{name: _rate_status(data.status[numerator], data.status[denominator], computed)})
    data = replace(data, values=values, status=status, rates={**data.rates, name: pair})
    return data if published is None else _beside_published(data, name, published)


def _measured(data: AreaData, name: str, pair: tuple[str, str]) -> tuple[AreaData, Indicator]:
    """Return what a rate means, and data whose catalogue knows what its two columns are."""
    meaning = data.catalogue.get(name)
    if meaning.unit == FRACTION:
        meaning = replace(meaning, unit=PERCENT)
        data = replace(data, catalogue=data.catalogue.add(meaning))
    if not meaning.rules.ratio:
        raise SpecError(
            f"add_rates: {name!r} is {a_kind(meaning.kind)}, which no numerator and denominator give. Take it as it is "
            f"published, or declare another kind: kind='mean' for a sum over a count."
        )
    numerator, _ = pair
    undeclared = numerator not in data.catalogue and numerator != data.population
    if meaning.kind == "balance_rate" and undeclared:
        data = replace(data, catalogue=data.catalogue.add(Indicator(id=numerator, kind="balance")))
    strict = [column for column in pair if kind_of(data, column) not in ("amount", "balance")]
    refuse_no_counts(data, strict, "add_rates")
    for column in pair:
        if column not in strict and meaning.rules.part_of_whole:
            raise CountError(
                f"add_rates: {column!r} is {a_kind(kind_of(data, column))}: a {meaning.kind} is made of counts. "
                f"Declare {name!r} as kind='mean', 'density' or 'balance_rate'."
            )
    return data, meaning


def _named_pairs(pairs: Mapping[str, tuple[str, str]], call: str, needed: str, how: str) -> dict[str, tuple[str, str]]:
    """Return the pairs of columns by name; a text is no pair of letters."""
    expects(pairs, Mapping, f"{call}: pairs", how)
    for name, pair in pairs.items():
        texts = isinstance(pair, tuple | list) and all(isinstance(column, str) for column in pair)
        if not isinstance(name, str) or not texts or len(pair) != 2:  # noqa: PLR2004 - numerator and denominator
            raise ArgumentError(f"{call}: {name!r} takes {needed}, not {pair!r}: {how}.")
    return {composed(name): (composed(first), composed(second)) for name, (first, second) in pairs.items()}


def _rate_status(numerator: pd.Series[str], denominator: pd.Series[str], rate: pd.Series[float]) -> pd.Series[str]:
    """Return the status of a rate: that of its worse count; not applicable where nobody is in the denominator."""
    status = pd.Series(np.where(rate.eq(0), "zero", "value"), index=rate.index, dtype=object)
    for worse in ("provisional", "forecast", "not_applicable", "unreliable", "missing", "suppressed"):
        status = status.mask(numerator.eq(worse) | denominator.eq(worse), worse)
    status = status.mask(rate.isna() & status.isin(["value", "zero"]), "missing")
    return status.mask(denominator.eq("zero"), "not_applicable").astype(str)


def _beside_published(data: AreaData, name: str, published: pd.Series[float]) -> AreaData:
    """Say where a published rate and the one from its counts differ by more than rounding; the latter stays."""
    computed = data.values[name]
    step = 10.0 ** -written_decimals(published)
    apart = (published - computed).abs()
    differing = apart[apart > step / 2 * (1 + 1e-9) + 1e-9]
    if not len(differing):
        return replace(data, notes=(*data.notes, Message("fact_published_agrees", {"indicator": name})))
    worst = str(differing.idxmax())
    warnings.warn(
        f"{name!r} is published in the table and computed from its counts: they differ by more than rounding in "
        f"{count_noun(len(differing), 'area')} ({list_some(differing.index, 3)}), most in {worst!r}: "
        f"{published[worst]:.6g} published, {computed[worst]:.6g} from {' / '.join(data.rates[name])}. The computed "
        f"one is used. Is it the right denominator?",
        UserWarning,
        stacklevel=4,
    )
    found = {"indicator": name, "count": len(differing), "most": f"{differing.max():.3g}"}
    return replace(data, notes=(*data.notes, Message("fact_published_differs", found)))


def written_decimals(column: pd.Series[float]) -> int:
    """Return with how many decimals a column is written."""
    known = column.dropna().to_numpy(dtype=float)
    for decimals in range(MOST_DECIMALS):
        if np.allclose(known, np.round(known, decimals), rtol=0, atol=1e-9):
            return decimals
    return MOST_DECIMALS


def add_counts(data: AreaData, pairs: Mapping[str, tuple[str, str]]) -> AreaData:
    """Add counts made of ready-made shares and their base: share times base, rounded to whole persons.

    Parameters
    ----------
    data : AreaData
        Areas with shares or rates, and the counts that they are shares of.
    pairs : mapping of str to (str, str)
        New column of counts -> column of the share or rate, column of its base.

    Returns
    -------
    AreaData
        With whole counts in ``.values``; ``.notes`` says how far they may be off by the rounding of the shares.
        Where share or base has no value, the count has its status.

    Raises
    ------
    ColumnError
        A column does not exist, or the new one does.
    SpecError
        The first column is no share or rate by its kind.
    CountError
        The base is no count.
    ArgumentError
        The data are no AreaData, or ``pairs`` is no mapping of names to pairs of columns.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> import shapely
    >>> import quartiersatlas as qa
    >>> shapes = [shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000)]
    >>> areas = gpd.GeoDataFrame({"name": ["A", "B"]}, index=["1", "2"], geometry=shapes, crs="EPSG:25832")
    >>> table = pd.DataFrame({"foreign_share": [12.3, 30.1], "residents": [812.0, 950]}, index=areas.index)
    >>> data = qa.add_counts(qa.join(areas, table), {"foreign": ("foreign_share", "residents")})
    >>> data.values["foreign"].tolist()
    [100.0, 286.0]
    """
    expects(data, AreaData, "add_counts", "data = qa.join(areas, table)")
    how = '{"foreign": ("foreign_share", "residents")}'
    for name, (share, base) in _named_pairs(pairs, "add_counts", "a share and its base", how).items():
        if name in data.values.columns:
            raise ColumnError(f"add_counts: there is a column {name!r} already.")
        if share not in data.values.columns:
            raise ColumnError.not_found(share, data.values.columns, "The data")
        if kind_of(data, share) not in ("share", "rate"):
            what = a_kind(kind_of(data, share)) if kind_of(data, share) else "a number without a kind"
            raise SpecError(
                f"add_counts: {share!r} is {what}; shares and rates give counts. Is it one? Say so in the join: "
                f"units={{{share!r}: 'percent'}}."
            )
        n = data.counts(base)
        values, meaning = checked_numbers(data.values[share]), data.catalogue.get(share)
        found = (values / meaning.per * n).round()
        half = 0.5 * 10.0 ** -written_decimals(values)
        off = int(np.ceil(half / meaning.per * n.max() + 0.5)) if n.notna().any() else 0
        status = _rate_status(data.status[share], data.status[base], found)
        status = status.mask(found.eq(0) & status.isin(["value", "not_applicable"]), "zero")
        note = Message("fact_counts_from_share", {"name": name, "indicator": share, "base": base, "off": off})
        data = replace(
            data,
            values=data.values.assign(**{name: found}),
            status=data.status.assign(**{name: status}),
            catalogue=data.catalogue if name in data.catalogue else data.catalogue.add(_count_of(meaning, name)),
            notes=(*data.notes, note),
        )
    return data


def _count_of(share: Indicator, name: str) -> Indicator:
    """Return what counts made of a share mean."""
    german, english = (text("label_counts_of", lang, label=share.label(lang)) for lang in LANGUAGES)
    return Indicator(id=name, label_de=german, label_en=english, kind="count", domain=share.domain)


@dataclass(frozen=True)
class CityNumber:
    """The value of the whole city, and where it comes from.

    Parameters
    ----------
    value : float
        In the unit of the column.
    origin : str
        ``"counts"`` (of all areas), ``"sum"``, ``"base"`` (a mean weighted with its base) or ``"reference"``.
    reference : Reference, optional
        Where it was published.
    """

    value: float
    origin: str
    reference: Reference | None = None


def city_values(data: AreaData, column: str) -> float:
    """Return the city value of a column in its unit: from counts, from a base, as a sum, or as published.

    Raises
    ------
    SpecError
        There is no city value: that of a ready-made share or a median cannot be made from the areas.
    """
    return city_number(data, column).value


def city_number(data: AreaData, column: str) -> CityNumber:
    """Return the city value with its origin; see :func:`city_values`."""
    if column not in data.values.columns:
        raise ColumnError.not_found(column, data.values.columns, "The data")
    meaning = data.catalogue.get(column)
    if column in data.rates:
        return CityNumber(city_ratio(*data.parts(column)) * meaning.per, "counts")
    if column in data.changes:
        base, before = data.changes[column]
        return CityNumber(city_values(data, base) - city_values(before, base), "counts")
    kind: Kind | str = kind_of(data, column)
    published = published_for_city(data.references, column)
    if published is not None and kind not in ("count", "amount", "balance"):
        value, reference = published
        _refuse_sum_of_areas(data, column, value, reference)
        return CityNumber(_in_unit(value, reference, meaning), "reference", reference)
    if kind == "mean" and meaning.base:
        people = data.counts(meaning.base)
        return CityNumber(city_ratio(checked_numbers(data.values[column]) * people, people), "base")
    if kind in ("count", "amount", "balance"):
        return CityNumber(float(data.summands(column).sum(min_count=1)), "sum")
    raise SpecError(_no_city_value(column, kind))


def _refuse_sum_of_areas(data: AreaData, column: str, value: float, reference: Reference) -> None:
    """Refuse a value of a totals row that no city of these areas can have: it is a sum, or in another unit."""
    if reference not in [one for name, one in data.references.items() if name.startswith(TOTALS)]:
        return  # the city that the user means may have more areas than the data
    known = data.values[column]
    half = 0.5 * 10.0 ** -written_decimals(pd.Series([value]))
    if known.notna().all() and not known.min() - half <= value <= known.max() + half:
        raise SpecError(
            f"The totals row ({reference.source}) has {value:.6g} for {column!r}, and the areas {known.min():.6g} to "
            f"{known.max():.6g}: a sum of areas, or another unit? It is no city value. Give the published one: "
            f"join(..., references={{'city': qa.Reference(values={{{column!r}: ...}}, source='...')}})."
        )


def _no_city_value(column: str, kind: str) -> str:
    given = f"references={{'city': qa.Reference(values={{{column!r}: ...}}, source='...')}}"
    if kind in ("median", "mean", "score", "density"):
        base = " name the count it is taken over (base=... of its Indicator), or" if kind == "mean" else ""
        return (
            f"A city {kind} of {column!r} cannot be made from those of areas:{base} give it as published, with its "
            f"source: join(..., {given})."
        )
    return (
        f"{column!r} has no counts, so there is no city value: the mean of the areas is something else. "
        f"Compute it from counts: add_rates(data, {{{column!r}: (numerator, denominator)}}), or give the published "
        f"value: join(..., {given})."
    )


def _in_unit(value: float, reference: Reference, meaning: Indicator) -> float:
    """Return a published value in the unit of its indicator, or refuse another unit."""
    unit = plain_unit(reference.unit)
    if unit == FRACTION and meaning.unit == PERCENT:
        return value * 100
    if unit and unit not in (meaning.unit, meaning.unit_de, meaning.unit_en):
        raise SpecError(
            f"The published value of {meaning.id!r} is in {reference.unit!r}, the indicator in {meaning.unit!r}: "
            f"bring them to one unit."
        )
    return value


def city_ratio(x: pd.Series[float], n: pd.Series[float]) -> float:
    """Return the sum of x over the sum of n, over the areas where both are known; NaN where there is nobody."""
    both = x.notna() & n.notna()
    total = float(n[both].sum())
    return float(x[both].sum()) / total if total > 0 else float("nan")
