"""What a segregation study rests on: checked counts of all areas, place by place, and who was left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from quartiersatlas.catalogue import Message
from quartiersatlas.errors import ColumnError, CountError, SpecError, list_some
from quartiersatlas.intake import AreaData
from quartiersatlas.intake.joining.data import checked_counts
from quartiersatlas.segregation.counts import Composition, Pair, Places

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ALL = "all"
REST = "rest"
SLACK = 1e-9  # share of the residents that rounding may add
PERSONS = "Indices need counts: multiply each share by the residents of the area."
MOST_RESIDENTS = 1e11  # ten times all people
WHOLE = (1.0, 100.0)  # totals of shares and of percentages


@dataclass(frozen=True)
class StudySpec:
    """What was asked for: the options of :func:`segregation`, as they were understood."""

    groups: tuple[str, ...]
    total: str | None
    references: tuple[str, ...]
    by: str | None
    indices: tuple[str, ...]
    radii: tuple[float, ...]
    min_population: float
    missing: Literal["raise", "drop"]
    distance_unit: Literal["m", "km"]
    kernel: str
    b: float
    centre: object
    contiguity: Literal["rook", "queen"]

    @classmethod
    def plain(
        cls,
        groups: tuple[str, ...],
        total: str | None,
        references: tuple[str, ...] = (),
        *,
        missing: Literal["raise", "drop"] = "raise",
    ) -> StudySpec:
        """Return a spec that names columns only; every option as it is by default."""
        return cls(groups, total, references, None, (), (), 0, missing, "m", "triangular", 0.5, "population", "rook")


@dataclass(frozen=True)
class Study:
    """Checked counts, sorted by place.

    Parameters
    ----------
    spec : StudySpec
        What was asked for.
    areas : Index
        The areas' keys in this order.
    rows : ndarray of int, shape (n_areas,)
        The row of each area in the caller's frame.
    place_names : list of str
        The places: cities, districts, or "all".
    codes : ndarray of int, shape (n_areas,)
        Number of the place of each area, ascending.
    counts : mapping of str to ndarray
        Persons of each group and reference; NaN where unknown.
    total : ndarray
        All residents; NaN where unknown.
    shapes : GeoSeries, optional
        The areas' geometry.
    notes : tuple of Message
        What the reader has to know: where the total comes from, which areas were left out.
    """

    spec: StudySpec
    areas: pd.Index
    rows: NDArray[np.intp]
    place_names: list[str]
    codes: NDArray[np.intp]
    counts: Mapping[str, Floats]
    total: Floats
    shapes: gpd.GeoSeries | None
    notes: tuple[Message, ...] = field(default=())

    @property
    def n_places(self) -> int:
        """Number of places."""
        return len(self.place_names)

    @property
    def groups_are_everybody(self) -> bool:
        """Whether several groups are the whole population, as said by leaving out the total or as they add up to it."""
        if len(self.spec.groups) == 1:
            return False
        return self.spec.total is None or None not in self.composition()[2]

    def per_place(self, mask: NDArray[np.bool_]) -> NDArray[np.intp]:
        """Return the number of areas of each place that are in the mask."""
        return np.bincount(self.codes[mask], minlength=self.n_places)

    def places(self, mask: NDArray[np.bool_]) -> Places:
        """Return the places of the areas in the mask."""
        return Places(self.per_place(mask))

    def known(self, columns: Iterable[str]) -> NDArray[np.bool_]:
        """Return the areas in which the total and all these columns are known."""
        known = np.isfinite(self.total)
        for column in columns:
            known &= np.isfinite(self.counts[column])
        return known

    def used(self, columns: Iterable[str]) -> NDArray[np.bool_]:
        """Return the areas that are known, inhabited and large enough."""
        return self.known(columns) & (self.total > 0) & (self.total >= self.spec.min_population)

    def pair(self, group: str, reference: str | None) -> tuple[Pair, NDArray[np.bool_]]:
        """Return a group, whom it is compared with (None: the rest), and the areas where both are known."""
        mask = self.used([group] if reference is None else [group, reference])
        x, t = self.counts[group][mask], self.total[mask]
        y = t - x if reference is None else self.counts[reference][mask]
        return Pair(x, y, t, self.places(mask)), mask

    @cached_property
    def overlapping(self) -> NDArray[np.bool_]:
        """Whether the groups of a place are more than its residents somewhere, so that they share members."""
        mask = self.used(self.spec.groups)
        members = np.sum([self.counts[group] for group in self.spec.groups], axis=0)
        return self.per_place(mask & (members > self.total * (1 + SLACK))) > 0

    def composition(self) -> tuple[Composition, NDArray[np.bool_], tuple[str | None, ...]]:
        """Return all groups and the rest (None) as a whole, the areas and the names; without overlapping places."""
        mask = self.used(self.spec.groups) & ~self.overlapping[self.codes]
        table = np.column_stack([self.counts[group][mask] for group in self.spec.groups])
        rest = self.total[mask] - table.sum(axis=1)
        if (rest <= SLACK * self.total[mask]).all() and mask.any():
            return Composition(table, self.places(mask)), mask, self.spec.groups
        whole = np.column_stack([table, np.maximum(rest, 0)])
        return Composition(whole, self.places(mask)), mask, (*self.spec.groups, None)

    def classes(self) -> tuple[Composition, NDArray[np.bool_], tuple[str | None, ...]]:
        """Return the groups as ordered classes; who is in none of them has no rank and does not count."""
        whole, mask, _ = self.composition()
        ranked = whole.counts[:, : len(self.spec.groups)]
        mask[np.flatnonzero(mask)[ranked.sum(axis=1) == 0]] = False
        return Composition(ranked[ranked.sum(axis=1) > 0], self.places(mask)), mask, self.spec.groups

    def left_out(self, columns: Iterable[str], mask: NDArray[np.bool_]) -> list[str]:
        """Return, for each place, which areas do not count and why."""
        known = self.known(columns)
        residents = np.nan_to_num(self.total)
        small = known & (residents > 0) & (residents < self.spec.min_population)
        empty = known & (residents == 0)
        without = known & ~small & ~empty & ~mask & (self.per_place(mask) > 0)[self.codes]
        kinds = [
            ("note_unknown", ~known),
            ("note_uninhabited", empty),
            ("note_small", small),
            ("note_without", without),
        ]
        numbers = [(name, self.per_place(kind)) for name, kind in kinds if kind.any()]
        minimum = f"{self.spec.min_population:g}"
        return [
            "; ".join(str(Message(name, {"n": n[place], "minimum": minimum})) for name, n in numbers if n[place])
            for place in range(self.n_places)
        ]


def prepared(frame: AreaData | pd.DataFrame, spec: StudySpec) -> Study:
    """Check the counts and sort the areas by place."""
    if isinstance(frame, AreaData):
        spec, frame = _of_areadata(frame, spec)
    if not len(frame):
        raise CountError("The frame has no areas.")
    names = list(dict.fromkeys((*spec.groups, *spec.references)))
    counts = {name: _column(frame, name) for name in names}
    total, notes = _total(frame, spec, counts)
    refuse_shares(counts, total)
    _refuse_excess(counts, total, spec)
    if spec.missing == "raise":
        _refuse_unknown(counts, total)
    codes, place_names = _places(frame, spec.by)
    rows = np.argsort(codes, kind="stable")
    return Study(
        spec=spec,
        areas=frame.index,
        rows=rows,
        place_names=place_names,
        codes=codes[rows],
        counts={name: np.asarray(column, dtype=np.float64)[rows] for name, column in counts.items()},
        total=np.asarray(total, dtype=np.float64)[rows],
        shapes=gpd.GeoSeries(frame.geometry.iloc[rows]) if isinstance(frame, gpd.GeoDataFrame) else None,
        notes=notes,
    )


def _of_areadata(data: AreaData, spec: StudySpec) -> tuple[StudySpec, gpd.GeoDataFrame]:
    """Return the values beside the areas' names and parents; the population is the total unless another is named."""
    from dataclasses import replace

    names = [c for c in data.areas.columns if c not in (*data.values.columns, data.areas.geometry.name)]
    parents = pd.DataFrame(data.areas[names])
    frame = gpd.GeoDataFrame(data.values.join(parents), geometry=data.areas.geometry)
    return replace(spec, total=spec.total or data.population), frame


def _column(frame: pd.DataFrame, name: str) -> pd.Series[float]:
    if name not in frame.columns:
        raise ColumnError.not_found(name, frame.columns, "The frame")
    column = frame[name]
    if isinstance(column, pd.DataFrame):
        raise ColumnError(f"The frame has {column.shape[1]} columns called {name!r}; a name stands for one column.")
    return checked_counts(column)


def _total(
    frame: pd.DataFrame, spec: StudySpec, counts: Mapping[str, pd.Series[float]]
) -> tuple[pd.Series[float], tuple[Message, ...]]:
    """Return all residents: the named column, or the groups together where they are said to be everybody."""
    if spec.total is not None:
        return _column(frame, spec.total), (Message("note_total", {"total": spec.total}),)
    if len(counts) < 2:  # noqa: PLR2004 - one group alone has nobody to be compared with
        raise SpecError("measure_segregation() needs the column of all residents: total='residents'.")
    total = pd.concat(counts, axis=1).sum(axis=1, skipna=False)
    return total, (Message("note_total_is_sum", {"groups": ", ".join(counts)}),)


def refuse_shares(counts: Mapping[str, pd.Series[float]], total: pd.Series[float]) -> None:
    """Refuse shares and percentages: indices need persons."""
    residents = total.dropna()
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


def _refuse_excess(counts: Mapping[str, pd.Series[float]], total: pd.Series[float], spec: StudySpec) -> None:
    """Refuse a group above the total, alone or together with the group it is compared with."""
    if total.max() > MOST_RESIDENTS:
        raise CountError(f"An area with {total.max():g} residents is none: these are no persons.")
    most = total * (1 + SLACK)
    for name, column in counts.items():
        above = total.index[column > most]
        if len(above):
            raise CountError(f"In {len(above)} areas {name!r} is larger than the population: {list_some(above)}.")
    for reference in spec.references:
        if reference == spec.total:
            raise SpecError(
                f"reference={reference!r} is the total; a group is compared with the rest or another group."
            )
        for group in (group for group in spec.groups if group != reference):
            above = total.index[counts[group] + counts[reference] > most]
            if len(above):
                raise CountError(
                    f"In {len(above)} areas {group!r} and {reference!r} together are larger than the population: "
                    f"{list_some(above)}. A group is compared with one that shares no members with it."
                )


def _refuse_unknown(counts: Mapping[str, pd.Series[float]], total: pd.Series[float]) -> None:
    for name, column in counts.items():
        unknown = column.index[column.isna() | total.isna()]
        if len(unknown):
            raise CountError(
                f"{len(unknown)} areas have no count in {name!r} or the total: {list_some(unknown)}. "
                f"Pass missing='drop' to leave them out and have them counted."
            )


def _places(frame: pd.DataFrame, by: str | None) -> tuple[NDArray[np.intp], list[str]]:
    """Return the number of the place of each area and the places' names, in order of appearance."""
    if by is None:
        return np.zeros(len(frame), dtype=np.intp), [ALL]
    if by not in frame.columns:
        raise ColumnError.not_found(by, frame.columns, "The frame")
    without = frame.index[frame[by].isna() | frame[by].eq("")]
    if len(without):
        raise SpecError(f"{len(without)} areas have no place in {by!r}: {list_some(without)}.")
    codes, names = pd.factorize(frame[by])
    return codes, list(names)
