"""What the indices are computed from: checked counts of all areas, place by place, and who was left out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd

from quartiersatlas.base.checks import choice, count_noun
from quartiersatlas.base.keys import refuse_repeated_keys
from quartiersatlas.catalogue import Message
from quartiersatlas.errors import ColumnError, CountError, SpecError, list_some
from quartiersatlas.intake import AreaData
from quartiersatlas.intake.joining.data import checked_counts, refuse_no_counts
from quartiersatlas.intake.tables.values.codes import code_text, suspected_codes
from quartiersatlas.segregation.counts import Composition, Pair, Places
from quartiersatlas.segregation.indices.boundary import Contacts
from quartiersatlas.segregation.indices.clustering import DECAY
from quartiersatlas.segregation.indices.own_distances import distances_of_keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Missing: TypeAlias = Literal["raise", "report"]

HOW = "data = qa.join(areas, table), or a DataFrame with one row per area"
ALL = "all"
REST = "rest"
SLACK = 1e-9  # share of the residents that rounding may add
PERSONS = "Indices need counts: multiply each share by the residents of the area."
MOST_RESIDENTS = 1e11  # ten times all people
LAND, PATHS = "land", "paths"  # what areas without persons may count for
WHOLE = (1.0, 100.0)  # populations of shares and of percentages


@dataclass(frozen=True)
class SegregationSpec:
    """What was asked for: the options of :func:`measure_segregation`, as they were understood."""

    groups: tuple[str, ...]
    population: str | None
    references: tuple[str, ...] = ()
    by: str | None = None
    indices: tuple[str, ...] = ()
    radii: tuple[float, ...] = ()
    min_population: float = 0
    missing: Missing = "raise"
    decay: float = DECAY
    kernel: str = "triangular"
    b: float = 0.5
    centre: object = "population"
    contiguity: Literal["rook", "queen"] = "rook"
    order: int = 2
    tolerance: float | None = None
    resample: Literal["persons", "areas"] | None = None
    n: int = 999
    seed: int | np.random.Generator | None = field(default=None, compare=False)
    barriers: gpd.GeoDataFrame | None = field(default=None, compare=False, repr=False)
    crossings: gpd.GeoDataFrame | None = field(default=None, compare=False, repr=False)

    distances: pd.DataFrame | None = field(default=None, compare=False, repr=False)

    @property
    def contact(self) -> tuple[float | None, gpd.GeoDataFrame | None, gpd.GeoDataFrame | None]:
        """What decides who touches whom: the gap that counts, what cuts contact, what opens it."""
        return self.tolerance, self.barriers, self.crossings


@dataclass(frozen=True)
class PreparedCounts:
    """Checked counts, sorted by place.

    Parameters
    ----------
    spec : SegregationSpec
        What was asked for.
    areas : Index
        The areas' keys in the caller's order.
    rows : ndarray of int, shape (n_areas,)
        The row of each area in the caller's frame.
    place_names : list of str
        The places: cities, districts, or "all".
    codes : ndarray of int, shape (n_areas,)
        Number of the place of each area, ascending.
    counts : mapping of str to ndarray
        Persons of each group and reference; NaN where unknown.
    population : ndarray
        All residents; NaN where unknown.
    shapes : GeoSeries, optional
        The areas' geometry.
    notes : tuple of Message
        What the reader has to know: which column the population is.
    city : str
        What the whole city is called; empty where nobody said it.
    """

    spec: SegregationSpec
    areas: pd.Index
    rows: NDArray[np.intp]
    place_names: list[str]
    codes: NDArray[np.intp]
    counts: Mapping[str, Floats]
    population: Floats
    shapes: gpd.GeoSeries | None
    notes: tuple[Message, ...] = field(default=())
    city: str = ""

    @property
    def n_places(self) -> int:
        """Number of places."""
        return len(self.place_names)

    @property
    def groups_are_everybody(self) -> bool:
        """Whether several groups are everybody: no population was named, or they add up to it."""
        if len(self.spec.groups) == 1:
            return False
        return self.spec.population is None or None not in self.composition()[2]

    def distances(self, mask: NDArray[np.bool_]) -> Contacts | None:
        """Return the distances of one's own between the areas in the mask, within a place."""
        if self.spec.distances is None:
            return None
        pairs = distances_of_keys(self.spec.distances, self.areas)
        number = np.full(len(self.areas), -1)
        number[self.rows[mask]] = np.arange(int(mask.sum()))
        code = np.empty(len(self.areas), dtype=np.intp)
        code[self.rows] = self.codes
        kept = (number[pairs.one] >= 0) & (number[pairs.other] >= 0) & (code[pairs.one] == code[pairs.other])
        return Contacts(number[pairs.one[kept]], number[pairs.other[kept]], pairs.weight[kept])

    def per_place(self, mask: NDArray[np.bool_]) -> NDArray[np.intp]:
        """Return the number of areas of each place that are in the mask."""
        return np.bincount(self.codes[mask], minlength=self.n_places)

    def places(self, mask: NDArray[np.bool_]) -> Places:
        """Return the places of the areas in the mask."""
        return Places(self.per_place(mask))

    def known(self, columns: Iterable[str]) -> NDArray[np.bool_]:
        """Return the areas in which the population and all these columns are known."""
        known = np.isfinite(self.population)
        for column in columns:
            known &= np.isfinite(self.counts[column])
        return known

    def used(self, columns: Iterable[str]) -> NDArray[np.bool_]:
        """Return the areas that are known, inhabited and large enough."""
        return self.known(columns) & (self.population > 0) & (self.population >= self.spec.min_population)

    def pair(self, group: str, reference: str | None, ground: str = "") -> tuple[Pair, NDArray[np.bool_]]:
        """Return a group, whom it is compared with (None: the rest), and the areas that count.

        Areas through which only the paths lead are in the pair without persons.
        """
        columns = [group] if reference is None else [group, reference]
        mask = self.used(columns)
        if ground == LAND:
            mask |= self.known(columns) & (self.population == 0)
        rows = np.ones_like(mask) if ground == PATHS else mask
        x, t = (np.where(mask, persons, 0)[rows] for persons in (self.counts[group], self.population))
        y = t - x if reference is None else np.where(mask, self.counts[reference], 0)[rows]
        return Pair(x, y, t, self.places(rows)), mask

    @cached_property
    def overlapping(self) -> NDArray[np.bool_]:
        """Whether the groups of a place are more than its residents somewhere, so that they share members."""
        mask = self.used(self.spec.groups)
        members = np.sum([self.counts[group] for group in self.spec.groups], axis=0)
        return self.per_place(mask & (members > self.population * (1 + SLACK))) > 0

    def composition(self) -> tuple[Composition, NDArray[np.bool_], tuple[str | None, ...]]:
        """Return all groups and the rest (None) as a whole, the areas and the names; without overlapping places."""
        mask = self.used(self.spec.groups) & ~self.overlapping[self.codes]
        table = np.column_stack([self.counts[group][mask] for group in self.spec.groups])
        rest = self.population[mask] - table.sum(axis=1)
        if (rest <= SLACK * self.population[mask]).all() and mask.any():
            return Composition(table, self.places(mask)), mask, self.spec.groups
        whole = np.column_stack([table, np.maximum(rest, 0)])
        return Composition(whole, self.places(mask)), mask, (*self.spec.groups, None)

    def classes(self) -> tuple[Composition, NDArray[np.bool_], tuple[str | None, ...]]:
        """Return the groups as ordered classes; who is in none of them has no rank and does not count."""
        whole, mask, _ = self.composition()
        ranked = whole.counts[:, : len(self.spec.groups)]
        mask[np.flatnonzero(mask)[ranked.sum(axis=1) == 0]] = False
        return Composition(ranked[ranked.sum(axis=1) > 0], self.places(mask)), mask, self.spec.groups

    def left_out(self, columns: Iterable[str], mask: NDArray[np.bool_], ground: str = "") -> list[tuple[Message, ...]]:
        """Return, for each place, which areas do not count and why, and which count as land or way alone."""
        known = self.known(columns)
        residents = np.nan_to_num(self.population)
        small = known & (residents > 0) & (residents < self.spec.min_population)
        land = known & (residents == 0) & mask
        empty = known & (residents == 0) & ~mask
        without = known & ~small & ~empty & ~mask & (self.per_place(mask) > 0)[self.codes]
        kinds = {"note_unknown": ~known, "note_uninhabited": empty, "note_small": small, "note_without": without}
        kinds |= {"note_land": land, "note_paths": ~mask & (ground == PATHS)}
        numbers = {name: self.per_place(kind).tolist() for name, kind in kinds.items() if kind.any()}
        minimum = {"note_small": {"minimum": f"{self.spec.min_population:g}"}}
        return [
            tuple(Message(name, {"n": n[place], **minimum.get(name, {})}) for name, n in numbers.items() if n[place])
            for place in range(self.n_places)
        ]


def prepare(data: AreaData | pd.DataFrame, spec: SegregationSpec) -> PreparedCounts:
    """Check the counts and sort the areas by place."""
    frame, population = as_frame(data)
    spec = replace(spec, population=spec.population or population)
    if not len(frame):
        raise CountError("The data have no areas.")
    names = list(dict.fromkeys((*spec.groups, *spec.references)))
    refuse_no_counts(data, [*names, *([spec.population] if spec.population else [])], "segregation")
    counts = {name: count_column(frame, name) for name in names}
    everybody, notes = _population(frame, spec, counts)
    if not isinstance(data, AreaData):
        for column in (*counts.values(), *([everybody] if spec.population else [])):
            _refuse_codes(column)
    refuse_shares(counts, everybody)
    _refuse_excess(counts, everybody, spec)
    if spec.missing == "raise":
        refuse_unknown_counts({**counts, **({spec.population: everybody} if spec.population else {})})
    codes, place_names = (np.zeros(len(frame), dtype=np.intp), [ALL]) if spec.by is None else parents(frame, spec.by)
    rows = np.argsort(codes, kind="stable")
    return PreparedCounts(
        spec=spec,
        areas=frame.index,
        rows=rows,
        place_names=place_names,
        codes=codes[rows],
        counts={name: np.asarray(column, dtype=np.float64)[rows] for name, column in counts.items()},
        population=np.asarray(everybody, dtype=np.float64)[rows],
        shapes=gpd.GeoSeries(frame.geometry.iloc[rows]) if isinstance(frame, gpd.GeoDataFrame) else None,
        notes=notes,
        city=data.city if isinstance(data, AreaData) else "",
    )


def _refuse_codes(column: pd.Series[float]) -> None:
    """Refuse codes for missing values in a frame that passed no join: they would count as persons."""
    suspected = suspected_codes(column)
    if len(suspected):
        code = code_text(suspected.iloc[0])
        coded = suspected.index[suspected.eq(suspected.iloc[0])]
        raise CountError(
            f"{column.name!r} is {code} in {count_noun(len(coded), 'area')}: {list_some(coded)}. That looks like a "
            f"code for missing values. Read it as missing: table[{column.name!r}].replace({code}, float('nan')); if it "
            f"is a true number, join the table: join(areas, table, symbols={{'{code}': 'value'}})."
        )


def as_frame(data: AreaData | pd.DataFrame) -> tuple[pd.DataFrame, str | None]:
    """Return the values beside the areas' names and parents, and the name of the data's population column."""
    if not isinstance(data, AreaData):
        refuse_repeated_keys(data.index, "data")
        return data, None
    names = [c for c in data.areas.columns if c not in (*data.values.columns, data.areas.geometry.name)]
    frame = gpd.GeoDataFrame(data.values.join(pd.DataFrame(data.areas[names])), geometry=data.areas.geometry)
    return frame, data.population


def check_missing(missing: str) -> None:
    """Refuse an unknown way to treat missing counts; the name of the first edition answers with the new one."""
    if missing == "drop":
        raise SpecError("missing='drop' is called missing='report' now.")
    choice(missing, ("raise", "report"), "missing")


def count_column(frame: pd.DataFrame, name: str) -> pd.Series[float]:
    """Return one column of checked counts."""
    return checked_counts(_column(frame, name))


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return the one column of this name."""
    if name not in frame.columns:
        raise ColumnError.not_found(name, frame.columns, "The table")
    column = frame[name]
    if isinstance(column, pd.DataFrame):
        raise ColumnError(f"The table has {column.shape[1]} columns called {name!r}; each column needs its own name.")
    return column


def _population(
    frame: pd.DataFrame, spec: SegregationSpec, counts: Mapping[str, pd.Series[float]]
) -> tuple[pd.Series[float], tuple[Message, ...]]:
    """Return all residents: the named column, or the sum of the groups where no column is named."""
    if spec.population is not None:
        return count_column(frame, spec.population), (Message("note_total", {"total": spec.population}),)
    if len(counts) < 2:  # noqa: PLR2004 - one group alone has nobody to be compared with
        raise SpecError("One group needs the column of all residents to be compared with: population='residents'.")
    population = pd.concat(counts, axis=1).sum(axis=1, skipna=False)
    return population, (Message("note_total_is_sum", {"groups": ", ".join(counts)}),)


def refuse_shares(counts: Mapping[str, pd.Series[float]], population: pd.Series[float]) -> None:
    """Refuse shares and percentages: indices need persons."""
    residents = population.dropna()
    broken = any((column.dropna() % 1 != 0).any() for column in counts.values())
    wholes = len(residents) > 0 and (residents.max() <= 1 or any(np.allclose(residents, whole) for whole in WHOLE))
    for name, column in counts.items():
        if len(residents) and residents.max() > 1 and 0 < column.max() <= 1 and (column.dropna() % 1 != 0).any():
            raise CountError(f"{name!r} is at most {column.max():g}: these look like shares, not persons. {PERSONS}")
    if broken and wholes:
        raise CountError(
            f"The residents are {residents.min():g} to {residents.max():g} in every area: these look like shares, "
            f"not persons. {PERSONS}"
        )


def _refuse_excess(counts: Mapping[str, pd.Series[float]], population: pd.Series[float], spec: SegregationSpec) -> None:
    """Refuse a group above the population, alone or together with the group it is compared with."""
    if population.max() > MOST_RESIDENTS:
        raise CountError(f"An area cannot have {population.max():g} residents: these numbers are not persons.")
    most = population * (1 + SLACK)
    for name, column in counts.items():
        above = population.index[column > most]
        if len(above):
            raise CountError(
                f"{name!r} is larger than the population in {count_noun(len(above), 'area')}: {list_some(above)}."
            )
    for reference in spec.references:
        if reference == spec.population:
            raise SpecError(
                f"reference={reference!r} is the population; a group is compared with the rest or another group."
            )
        for group in (group for group in spec.groups if group != reference):
            above = population.index[counts[group] + counts[reference] > most]
            if len(above):
                raise CountError(
                    f"{group!r} and {reference!r} together are larger than the population in "
                    f"{count_noun(len(above), 'area')}: {list_some(above)}. "
                    f"A group is compared with one that shares no members with it."
                )


def refuse_unknown_counts(counts: Mapping[str, pd.Series[float]]) -> None:
    """Refuse areas without a count in any of the columns."""
    table = pd.concat(counts, axis=1).isna()
    unknown = table.index[table.any(axis=1)]
    if len(unknown):
        raise CountError(
            f"{count_noun(len(unknown), 'area has', 'areas have')} no count in "
            f"{list_some(table.columns[table.any()])}: {list_some(unknown)}. "
            f"Pass missing='report' to leave such areas out and have them counted."
        )


def parents(frame: pd.DataFrame, by: str) -> tuple[NDArray[np.intp], list[str]]:
    """Return the number of the parent area of each area and the parents' names, in order of appearance."""
    column = _column(frame, by)
    without = frame.index[column.isna() | column.eq("")]
    if len(without):
        raise SpecError(
            f"{count_noun(len(without), 'area has', 'areas have')} no parent area in {by!r}: {list_some(without)}."
        )
    codes, names = pd.factorize(column)
    return codes, list(names)
