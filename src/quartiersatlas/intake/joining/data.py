"""Areas, values and what is known about them, carried together from the join to the release."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np

from quartiersatlas.base.checks import count_noun
from quartiersatlas.base.keys import refuse_repeated_keys
from quartiersatlas.catalogue import Catalogue, Message
from quartiersatlas.catalogue.kinds import a_kind
from quartiersatlas.errors import ColumnError, CountError, SpecError, list_some
from quartiersatlas.intake.joining.meaning import rates_in_units, with_meaning
from quartiersatlas.intake.tables.values.codes import code_text, codes_among
from quartiersatlas.intake.tables.values.marks import no_bounds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from quartiersatlas.catalogue import Indicator
    from quartiersatlas.catalogue.references import Reference
    from quartiersatlas.intake.joining.join_report import JoinReport


@dataclass(frozen=True, eq=False)
class AreaData:
    """Areas and their values on one district key.

    Parameters
    ----------
    areas : GeoDataFrame
        Name, parents and geometry in metres, on the district key.
    values, status : DataFrame
        Every column of the joined tables and every rate, and the status of each cell.
    catalogue : Catalogue
        What the columns mean.
    reports : tuple of JoinReport
        One per joined table.
    population : str, optional
        Column with the number of residents.
    period : str
        The date or year of the values.
    rates : mapping of str to (str, str)
        Rate -> its numerator and denominator columns.
    changes : mapping of str to (str, AreaData)
        Change -> the indicator it is a change of, and the earlier data.
    notices : tuple of str
        Warnings that came with the data and stay with everything made of them, such as "synthetic".
    vintage : str
        Vintage of the keys, such as ``"2021"``, declared or shown by their codes; empty where neither is so.
    references : mapping of str to Reference
        Published values with their source, by name; ``"city"`` holds those of the whole city.
    notes : tuple of Message
        What was converted or computed on the way: fractions to percent, counts from shares.
    bounds : DataFrame
        On (key, column): ``lower`` and ``upper`` of suppressed cells whose mark names limits, as :class:`Table` has it.
    perturbed : frozenset of str
        Columns whose counts were changed at random where they come from: they are protected already.
    off_by : mapping of str to float
        By how many persons the counts of a column may be off, where it came rounded or changed at random: a rule does
        not decide on areas whose value may lie on either side of its limit.
    city : str
        The name of the city, where sentences and pictures are to have it in the place of the word "city".
    """

    areas: gpd.GeoDataFrame
    values: pd.DataFrame
    status: pd.DataFrame
    catalogue: Catalogue
    reports: tuple[JoinReport, ...] = ()
    population: str | None = None
    period: str = ""
    rates: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    changes: Mapping[str, tuple[str, AreaData]] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    vintage: str = ""
    references: Mapping[str, Reference] = field(default_factory=dict)
    notes: tuple[Message, ...] = ()
    bounds: pd.DataFrame = field(default_factory=no_bounds)
    perturbed: frozenset[str] = frozenset()
    off_by: Mapping[str, float] = field(default_factory=dict)
    city: str = ""

    def __post_init__(self) -> None:
        if len(self.values.columns):  # without, it is one side of a join, whose report lists keys of both sides
            for name in ("areas", "values", "status"):
                refuse_repeated_keys(getattr(self, name).index, f"AreaData: {name}")

    @property
    def report(self) -> JoinReport:
        """The report of the last join."""
        return self.reports[-1]

    def counts(self, column: str) -> pd.Series[float]:
        """Return a column of counts: numbers, never negative; NaN where the status says why.

        Raises
        ------
        ColumnError
            There is no such column.
        CountError
            The column holds text, negative or infinite numbers, or is a rate, a mean, a balance by its kind.
        """
        if column not in self.values.columns:
            raise ColumnError.not_found(column, self.values.columns, "The data")
        refuse_no_counts(self, [column], "counts", by_name=False)
        return checked_counts(self.values[column])

    def parts(self, rate: str) -> tuple[pd.Series[float], pd.Series[float]]:
        """Return numerator and denominator of a rate; those of a mean or a balance rate need not be counts.

        Raises
        ------
        ColumnError
            It was not added from two columns.
        CountError
            A column of counts holds text, negative or infinite numbers.
        """
        if rate not in self.rates:
            raise ColumnError.not_found(rate, self.rates, "The rates of the data")
        numerator, denominator = self.rates[rate]
        return self.summands(numerator), self.summands(denominator)

    def summands(self, column: str) -> pd.Series[float]:
        """Return a column that is summed over areas: counts, or an amount or balance by its kind.

        Raises
        ------
        ColumnError
            There is no such column.
        CountError
            It is no such column, or holds text or infinite numbers.
        """
        if column not in self.values.columns or kind_of(self, column) not in SUMMED_BESIDE_COUNTS:
            return self.counts(column)
        return checked_numbers(self.values[column])

    def residents(self) -> pd.Series[float]:
        """Return the residents of each area.

        Raises
        ------
        SpecError
            The data do not say which column holds the residents.
        """
        if self.population is None:
            raise SpecError("Which column holds the residents? Name it in the join: join(..., population='residents').")
        return self.counts(self.population)

    def with_indicators(self, *indicators: Indicator, units: Mapping[str, str] | None = None) -> AreaData:
        """Return the data with a catalogue that knows further (or redefined) indicators; these data stay as they are.

        Columns are checked against what they are said to be, as in :func:`quartiersatlas.join`: fractions become
        percent, with a note.

        Parameters
        ----------
        *indicators : Indicator
            What columns mean: each has the name of a column as its ``id``.
        units : mapping of str to str, optional
            Column -> its unit: ``"fraction"``, or ``"percent"`` for values that are truly below 1 %.

        Raises
        ------
        SpecError
            A column contradicts its unit or kind.
        ArgumentError
            One of them is no Indicator.

        Examples
        --------
        >>> import quartiersatlas as qa
        >>> import geopandas as gpd
        >>> import shapely
        >>> areas = gpd.GeoDataFrame({"name": ["A"], "rent": [9.5]}, index=["1"], geometry=[shapely.box(0, 0, 9, 9)])
        >>> data = qa.join(areas.set_crs("EPSG:25832"))
        >>> rent = qa.Indicator(id="rent", label_de="Miete je m²", label_en="Rent per m²")
        >>> data.with_indicators(rent).catalogue["rent"].label("en")
        'Rent per m²'
        """
        data = rates_in_units(self, self.catalogue.add(*indicators))
        named = [one.id for one in indicators if one.id in self.values.columns]
        return with_meaning(data, named, units=units)

    def to_geodataframe(self, *, status: bool = False) -> gpd.GeoDataFrame:
        """Return areas and values as one GeoDataFrame on the district key.

        Parameters
        ----------
        status : bool, default False
            Whether the status of each column stands beside it, as ``<column>_status``.

        Returns
        -------
        GeoDataFrame
            The columns of the areas, those of the values, and the geometry last. A column of the values that is called
            like one of the areas is not written twice: the areas' stays.
        """
        taken = set(self.areas.columns)
        columns = {}
        for column in self.values.columns[~self.values.columns.isin(taken)]:
            columns[column] = self.values[column]
            if status:
                columns[f"{column}_status"] = self.status[column]
        words = self.areas.drop(columns="geometry")
        return gpd.GeoDataFrame(words.assign(**columns), geometry=self.areas.geometry, crs=self.areas.crs)

    def __repr__(self) -> str:
        shape = f"{count_noun(len(self.areas), 'area')}, {count_noun(self.values.shape[1], 'column')}"
        lines = [f"AreaData: {shape}, period {self.period or 'not named'}"]
        lines += [repr(report) for report in self.reports]
        lines += [f"notice: {notice}" for notice in self.notices]
        lines += [f"note: {note}" for note in labelled_notes(self)]
        lines += [_published_line(name, reference) for name, reference in self.references.items()]
        return "\n".join(lines)


def _published_line(name: str, reference: Reference) -> str:
    values = {key: reference.number(key) for key in reference.values}
    said = ", ".join(f"{key} {'by area' if value is None else f'{value:.10g}'}" for key, value in values.items())
    return f"published ({name}; {', '.join(filter(None, (reference.source, reference.as_of)))}): {said}"


def labelled_notes(data: AreaData) -> list[Message]:
    """Return what was converted or computed on the way, with the labels of its indicators."""
    labels, found = {"indicator": "label", "base": "base"}, []
    for note in data.notes:
        named = {new: data.catalogue.get(str(note.values[old])) for old, new in labels.items() if old in note.values}
        others = {name: value for name, value in note.values.items() if name not in labels}
        found.append(
            Message(note.name, {**others, **{name: (one.label_de, one.label_en) for name, one in named.items()}})
        )
    return found


SUMMED_BESIDE_COUNTS = ("amount", "balance")


def checked_numbers(column: pd.Series) -> pd.Series[float]:
    """Return a column as finite numbers of any sign, or refuse it and name the first areas."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    if not is_numeric_dtype(column.dtype) or is_bool_dtype(column.dtype):
        raise CountError(f"Column {column.name!r} holds no numbers: {list_some(column.unique(), 3)}.")
    numbers = column.astype(float)
    endless = numbers.index[numbers.abs().eq(float("inf"))]
    if len(endless):
        areas = count_noun(len(endless), "area")
        raise CountError(f"Column {column.name!r} is infinite in {areas}: {list_some(endless)}.")
    return numbers


def checked_counts(column: pd.Series) -> pd.Series[float]:
    """Return the column as counts, or refuse it and name the first areas."""
    from pandas.api.types import is_numeric_dtype

    if not is_numeric_dtype(column.dtype):
        raise CountError(
            f"Column {column.name!r} holds text, not counts: {list_some(column.unique(), 3)}. "
            f"Read the file again with the right decimal mark and symbols."
        )
    wrong = column[(column < 0) | column.isin([float("inf")])]
    if len(wrong):
        shown = ", ".join(f"{key!r}: {value:.15g}" for key, value in wrong.head(5).items())
        codes = [code for code in codes_among(column.dropna().to_numpy(dtype=float)) if (wrong == code).any()]
        hint = (
            f" {code_text(codes[0])} looks like a code for a missing value: "
            f"read the table with symbols={{'{code_text(codes[0])}': 'missing'}}."
            if codes
            else " Counts are 0 or more: correct the table."
        )
        counts = count_noun(len(wrong), f"count in {column.name!r} is", f"counts in {column.name!r} are")
        raise CountError(f"{counts} negative or infinite ({shown}).{hint}")
    return column.astype(float)


RATE_WORDS = re.compile(
    r"(?<![a-z])(rates?|shares?|ratios?|percent\w*|pct|means?|median|average|density|index)(?![a-z])"
    r"|anteil|quote(?![a-z])|(?:en|s|be)rate(?![a-z])|prozent|durchschnitt|mittelwert|dichte"
    r"|^\s*%|in %|[(\[]\s*%\s*[)\]]|[\w)\]]\s*%\s*$"
    r"|\b(?:je|per|pro) ?\d|pro kopf|per capita",
    re.IGNORECASE,
)
WHOLE = 1e-9  # relative: a count that went through a computation is whole up to this


def kind_of(data: AreaData, column: str) -> str:
    """Return the kind of a column, ``"change"`` for changes; empty where nothing says it.

    Examples
    --------
    Residents are a count, a rate that was added from counts has the kind that the catalogue gives it.
    """
    if column in data.changes:
        return "change"
    if column == data.population:
        return "count"
    if column in data.rates or column in data.catalogue:
        return data.catalogue.get(column).kind
    counted = (pair for rate, pair in data.rates.items() if data.catalogue.get(rate).rules.part_of_whole)
    return "count" if any(column in pair for pair in counted) else ""


def direction_of(data: AreaData, column: str) -> int:
    """Return 1 where higher means more need, -1 where lower does, 0 without a valuation; a change has that of its base.

    Examples
    --------
    Where a lower income means more need, so does an income that falls.
    """
    base = data.changes[column][0] if column in data.changes else column
    return data.catalogue.get(base).direction


def rate_recipe(data: AreaData, column: str) -> str:
    """Return the call that makes a rate of a column that is summed over areas, as it can be pasted.

    Examples
    --------
    Counts become a share of the residents, a balance so many per 1,000 of them, an amount so much per head.
    """
    name, people = f"{column}_rate", data.population or "residents"
    if column == people:
        return "qa.add_rates(data, {'rate': (numerator, denominator)})"
    pairs, kind = f"{{{name!r}: ({column!r}, {people!r})}}", kind_of(data, column)
    if kind == "balance":
        pairs += f", kinds={{{name!r}: 'balance_rate'}}, units={{{name!r}: 'per 1000'}}"
    elif kind == "amount":
        pairs += (
            f", kinds={{{name!r}: 'mean'}}, units={{{name!r}: {f'{data.catalogue.get(column).unit} per person'!r}}}"
        )
    return f"qa.add_rates(data, {pairs})"


def why_no_count(data: AreaData, column: str) -> str:
    """Return what makes a column something else than a count, as words after its name; empty where nothing does."""
    if column in data.rates:
        return "is the rate {!r} / {!r}".format(*data.rates[column])
    if column in data.changes:
        return f"is the change of {data.changes[column][0]!r}"
    kind = kind_of(data, column)
    if kind in ("", "count"):
        return ""
    unit = data.catalogue.get(column).unit
    return f"is {a_kind(kind)}" + (f" in {unit}" if unit else "")


def rate_by_name(column: str) -> str:
    """Return what makes a column a rate by its name alone; empty where nothing does.

    Examples
    --------
    >>> rate_by_name("SGB-II-Quote"), rate_by_name("residents")
    ("is a rate by its name ('Quote')", '')
    """
    word = RATE_WORDS.search(column)
    return f"is a rate by its name ({word.group(0)!r})" if word else ""


def refuse_no_counts(data: AreaData | pd.DataFrame, columns: Iterable[str], call: str, *, by_name: bool = True) -> None:
    """Refuse rates, means, balances and the like where persons are needed: by their kind, or by their name.

    Raises
    ------
    CountError
        A column is no count; the message says what it is and where its counts are.
    """
    catalogue = getattr(data, "catalogue", None)
    for column in columns:
        if catalogue is not None:
            reason = why_no_count(data, column)  # type: ignore[arg-type] # only AreaData have a catalogue
        else:
            known = Catalogue.builtin()
            reason = f"is {a_kind(known[column].kind)} in {known[column].unit}" if column in known else ""
        declared = catalogue is not None and kind_of(data, column) == "count"  # type: ignore[arg-type] # as above
        if not reason and by_name and not declared:
            reason = rate_by_name(str(column))
        if reason:
            raise CountError(f"{call}: {column!r} {reason}, no count of persons. {_its_counts(data, column)}")


def _its_counts(data: AreaData | pd.DataFrame, column: str) -> str:
    """Return where the counts of a rate are, or how to get some."""
    pair = getattr(data, "rates", {}).get(column)
    if pair:
        return f"Its counts are {pair[0]!r} and {pair[1]!r}: name those."
    kind = kind_of(data, column) if getattr(data, "catalogue", None) is not None else ""  # type: ignore[arg-type]
    if kind in ("share", "rate"):
        return (
            f"Name a column of counts; a ready-made {kind} times its base gives rounded ones: "
            f"qa.add_counts(data, {{'{column}_count': ({column!r}, base)}})."
        )
    return f"Name a column of counts; if {column!r} holds counts, rename it or declare kind='count' in the catalogue."


def is_whole(column: pd.Series[float]) -> bool:
    """Return True where every known number is whole and none is negative, as counts are."""
    known = column.dropna().to_numpy(dtype=float)
    return bool(((known >= 0) & (np.abs(known - np.rint(known)) <= WHOLE * np.maximum(1, np.abs(known)))).all())


def fraction_notes(data: AreaData, columns: Iterable[str]) -> list[Message]:
    """Return a note for each column of counts that are not all whole persons; the numbers themselves may not leave."""
    found = []
    for name in columns:
        column = data.values[name]
        some = column[column.notna() & column.ne(column.round())]
        if len(some):
            found.append(Message("fact_count_fractions", {"name": name, "count": len(some)}))
    return found
