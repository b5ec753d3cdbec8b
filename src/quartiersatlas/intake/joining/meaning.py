"""What the columns of the data mean: their kind and unit, checked where they come in; and what is no count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

from pandas.api.types import is_bool_dtype, is_numeric_dtype

from quartiersatlas.base.checks import count_noun, expects
from quartiersatlas.catalogue import Catalogue, Indicator, Message
from quartiersatlas.catalogue.kinds import FRACTION, PERCENT, PERCENTAGE_POINTS, a_kind, per_of, plain_unit
from quartiersatlas.catalogue.references import TOTALS, Reference
from quartiersatlas.errors import ColumnError, CountError, SpecError, list_some

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from quartiersatlas.intake.joining.join_report import JoinReport

ROUNDING = 1e-9  # percent beyond 100 that come of rounding


def published_totals(report: JoinReport, known: Mapping[str, Reference]) -> dict[str, Reference]:
    """Return what the table publishes for the whole city, as a reference that names the file and the row.

    Those of an earlier table of the same name stay beside it.
    """
    totals = report.city_totals.dropna()
    if not len(totals):
        return {}
    source = f"{report.source}, {report.city_key!r}"
    alike = sum(name.split(" #")[0] == f"{TOTALS}{report.source}" for name in known)
    name = f"{TOTALS}{report.source}" + (f" #{alike + 1}" if alike else "")
    return {name: Reference(values={str(k): float(v) for k, v in totals.items()}, source=source)}


def refuse_other_unit(references: Mapping[str, Reference], indicator: Indicator, column: pd.Series[float]) -> None:
    """Refuse a published value in another unit than its indicator, or one that may be a fraction of percent.

    Raises
    ------
    SpecError
        The message names both units, and the two ways out.
    """
    name, low = indicator.id, column.min()
    for of, reference in references.items():
        value, unit = reference.number(name), plain_unit(reference.unit)
        if value is None or of.startswith(TOTALS):
            continue
        if unit == FRACTION and indicator.unit == PERCENT:
            continue
        if unit and unit not in (indicator.unit, indicator.unit_de, indicator.unit_en):
            raise SpecError(
                f"The published value of {name!r} is in {reference.unit!r}, the indicator in {indicator.unit!r}: bring "
                f"them to one unit."
            )
        if not unit and indicator.unit == PERCENT and 0 < value < 1 <= low:
            raise SpecError(
                f"The published value of {name!r} ({of}: {value:g}) is below 1 %, and no area is. Is it a fraction? "
                f"qa.Reference(..., unit='fraction') turns it into percent. Is it truly below 1 %? unit='percent' "
                f"takes it as it is."
            )


def in_units_of(notes: Iterable[Message], references: Mapping[str, Reference]) -> dict[str, Reference]:
    """Return references in the units of columns that an earlier join turned from fractions into percent."""
    found = dict(references)
    for note in notes:
        if note.name == "fact_fraction":
            found = _in_percent(found, str(note.values["indicator"]))
    return found


def _in_percent(references: Mapping[str, Reference], name: str) -> dict[str, Reference]:
    """Return references in which the fractions of one indicator are percent, like its column."""
    found = dict(references)
    for reference_name, reference in references.items():
        value = reference.number(name)
        if value is not None and not reference.unit and 0 <= value <= 1:
            found[reference_name] = replace(reference, values={**reference.values, name: value * 100})
    return found


class Described(Protocol):
    """Values with what is known about them, as the data of a join have it: a frozen dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def values(self) -> pd.DataFrame:
        """The columns."""
        ...

    @property
    def catalogue(self) -> Catalogue:
        """What they mean."""
        ...

    @property
    def rates(self) -> Mapping[str, tuple[str, str]]:
        """Those from counts."""
        ...

    @property
    def changes(self) -> Mapping[str, Any]:
        """Those between two dates."""
        ...

    @property
    def references(self) -> Mapping[str, Reference]:
        """Published values."""
        ...

    @property
    def notes(self) -> tuple[Message, ...]:
        """What was converted."""
        ...


Data = TypeVar("Data", bound=Described)


def with_meaning(
    data: Data,
    columns: Iterable[str],
    *,
    units: Mapping[str, str] | None = None,
    kinds: Mapping[str, str] | None = None,
    confirmed: Iterable[str] = (),
) -> Data:
    """Return the data with declared units and kinds in the catalogue; fractions become percent.

    Parameters
    ----------
    data : AreaData
        The data, a frozen dataclass.
    columns : iterable of str
        The columns that are new, or whose meaning is: they are checked against it.
    units, kinds : mapping of str to str, optional
        Column -> its unit or kind.
    confirmed : iterable of str
        Columns that are written with a percent sign in the file: 0.4 % is 0.4 percent.

    Raises
    ------
    SpecError
        A unit needs a kind; or a share is not between 0 and 100 percent, or nowhere above 1 and perhaps a fraction.
    ColumnError
        A declared column is not there.
    """
    units, kinds = dict(units or {}), dict(kinds or {})
    for name, said in (("units", units), ("kinds", kinds)):
        expects(said, Mapping, f"join: {name}", f"{name}={{'column': '...'}}")
        for column in said:
            if column not in data.values.columns:
                raise ColumnError.not_found(column, data.values.columns, f"{name}: the data")
    declared = {
        name: declared_indicator(data.catalogue, name, units.get(name), kinds.get(name))
        for name in dict.fromkeys([*units, *kinds])
    }
    data = replace(data, catalogue=data.catalogue.add(*declared.values()))
    sure = {name for name, unit in units.items() if plain_unit(unit) != FRACTION} | set(confirmed)
    values, notes, meant, references = data.values, list(data.notes), [], dict(data.references)
    for name in dict.fromkeys([*columns, *declared]):
        if name not in data.catalogue or name in data.rates or name in data.changes:
            continue
        indicator = data.catalogue[name]
        numbers: pd.Series[float] = values[name]
        if not is_numeric_dtype(numbers.dtype) or is_bool_dtype(numbers.dtype):
            continue
        if indicator.unit == FRACTION:
            _refuse_no_fractions(numbers)
            values = values.assign(**{name: numbers * 100})
            references = _in_percent(references, name)
            meant.append(replace(indicator, unit=PERCENT))
            notes.append(Message("fact_fraction", {"indicator": name}))
        else:
            refuse_other_unit(references, indicator, numbers)
            _refuse_contradiction(numbers, indicator, sure=name in sure)
    catalogue = data.catalogue.add(*meant)
    return replace(data, values=values, catalogue=catalogue, notes=tuple(notes), references=references)


def _refuse_contradiction(column: pd.Series[float], indicator: Indicator, *, sure: bool) -> None:
    """Refuse numbers that their kind or unit cannot have."""
    if indicator.unit == PERCENTAGE_POINTS:
        return  # a change that is published as such: of any sign
    if indicator.kind == "share" and indicator.unit == PERCENT:
        _refuse_no_percent(column, sure=sure)
    elif not indicator.rules.signed and indicator.kind != "class":
        _refuse_negative(column, indicator.kind)
        if indicator.kind in ("share", "rate") and indicator.per == per_of(PERCENT):
            _refuse_perhaps_fractions(column, indicator.unit, sure=sure)


def rates_in_units(data: Data, catalogue: Catalogue) -> Data:
    """Return the data with another catalogue; rates from counts are brought to the units that it names.

    Raises
    ------
    SpecError
        A rate would be of a kind that no counts give, or its change is in the data in the old unit.
    """
    values, meant = data.values, []
    for name in data.rates:
        old, new = data.catalogue.get(name), catalogue.get(name)
        if new.unit == FRACTION:
            new = replace(new, unit=PERCENT)
            meant.append(new)
        if not new.rules.ratio:
            raise SpecError(
                f"{name!r} was computed from {' / '.join(data.rates[name])}, and {a_kind(new.kind)} is never: declare "
                f"a share, a rate, a mean or a density, or give the indicator another id."
            )
        if new.per == old.per:
            continue
        if any(base == name for base, _ in data.changes.values()):
            raise SpecError(
                f"{name!r} has a change in {old.unit!r} already: declare its unit {new.unit!r} at both dates before "
                f"add_change(...)."
            )
        values = values.assign(**{name: values[name] * (new.per / old.per)})
    return replace(data, catalogue=catalogue.add(*meant), values=values)


def later_catalogue(data: Data, catalogue: Catalogue) -> tuple[Data, list[str]]:
    """Return the data with the catalogue of a later join, and the earlier columns that it describes for the first time.

    What an earlier join found out of a column stays: it was checked, and perhaps converted, by that kind and unit.
    """
    kept = []
    for name in map(str, data.values.columns):
        if name in data.catalogue:
            old = data.catalogue[name]
            same = {part: getattr(old, part) for part in ("unit", "unit_de", "unit_en", "kind")}
            kept.append(replace(catalogue[name], **same) if name in catalogue else old)
    new = [str(name) for name in data.values.columns if name in catalogue and name not in data.catalogue]
    rates = [name for name in new if name in data.rates]
    data = rates_in_units(data, catalogue.add(*kept)) if rates else replace(data, catalogue=catalogue.add(*kept))
    return data, [name for name in new if name not in data.rates]


def declared_indicator(catalogue: Catalogue, name: str, unit: str | None, kind: str | None) -> Indicator:
    """Return the indicator with the unit or kind that the user names; labels stay."""
    if name in catalogue:
        known = catalogue[name]
        changed: dict[str, Any] = {
            "unit": unit if unit is not None else known.unit,
            "kind": kind if kind is not None else known.kind,
        }
        if unit is not None:
            changed |= {"unit_de": "", "unit_en": ""}
            if kind is None:
                changed["kind"] = ""  # the one that the new unit shows
                if known.kind in ("rate", "share") and plain_unit(unit) in (PERCENT, FRACTION):
                    changed["kind"] = known.kind
        return replace(known, **changed)
    return Indicator(id=name, unit=unit or "", kind=kind or "")  # type: ignore[arg-type] # checked there


def _refuse_no_fractions(column: pd.Series[float]) -> None:
    outside = column.index[column.lt(0) | column.gt(1)]
    if len(outside):
        raise SpecError(
            f"{column.name!r} is declared as a fraction, and {count_noun(len(outside), 'area is', 'areas are')} not "
            f"between 0 and 1: {_cells(column, outside)}. Is it in percent? units={{{column.name!r}: 'percent'}}."
        )


def _refuse_no_percent(column: pd.Series[float], *, sure: bool) -> None:
    """Refuse a share outside of 0 to 100, and one that may be a fraction."""
    outside = column.index[column.lt(0) | column.gt(100 * (1 + ROUNDING))]
    name = column.name
    if len(outside):
        raise SpecError(
            f"The indicator {name!r} is a share in percent, and {count_noun(len(outside), 'area is', 'areas are')} not "
            f"between 0 and 100: {_cells(column, outside)}. Is it in another unit, or no share? Say so in the join: "
            f"units={{{name!r}: 'per 1000'}}, or kinds={{{name!r}: 'count'}} for persons."
        )
    _refuse_perhaps_fractions(column, PERCENT, sure=sure)


def _refuse_perhaps_fractions(column: pd.Series[float], unit: str, *, sure: bool) -> None:
    """Refuse a column in percent, or per 100, that is nowhere above 1, unless its unit is said for it."""
    if sure or not in_fractions(column):
        return
    name, inside = column.name, column.index[column.mod(1).gt(0)]
    said = f"in {unit}" if unit == PERCENT else unit
    raise SpecError(
        f"The indicator {name!r} is {said}, and no area is above 1: {_cells(column, inside)}. Are they fractions (0.12 "
        f"for 12 %)? unit='fraction' of the indicator, or units={{{name!r}: 'fraction'}} in the join, turns them into "
        f"percent. Are they truly below 1 %? units={{{name!r}: {unit!r}}} in the join takes them as they are."
    )


def in_fractions(column: pd.Series[float]) -> bool:
    """Return True where no number is above 1 or below 0 and some lie between: fractions, or percentages below 1."""
    known = column.dropna()
    return bool(len(known)) and bool(known.between(0, 1).all()) and bool(known.mod(1).gt(0).any())


def _refuse_negative(column: pd.Series[float], kind: str) -> None:
    below = column.index[column.lt(0)]
    if len(below):
        other = "balance_rate" if kind in ("rate", "density") else "balance"
        raise CountError(
            f"{column.name!r} is {a_kind(kind)}, and {count_noun(len(below), 'area is', 'areas are')} negative: "
            f"{_cells(column, below)}. If negative numbers are values, such as of net migration, say so in the join: "
            f"kinds={{{column.name!r}: {other!r}}}. If they are codes, read the table with symbols={{...}}."
        )


def _cells(column: pd.Series[float], keys: pd.Index) -> str:
    return list_some([f"{key}: {column[key]:.6g}" for key in keys], 3).replace("'", "")
