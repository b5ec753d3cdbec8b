"""The table of a study: every chosen index for every group in every place, with the reason for each NaN.

One task is one index of one group in all places. Its input is a pair or a composition of the prepared counts and, where
the index needs it, the geometry of the areas that count. The rows of all tasks are the table; notes are codes
(:class:`Message`) until they are shown. The local values of the same study stand on the caller's areas.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import geopandas as gpd
import numpy as np
import pandas as pd

from quartiersatlas.base.checks import choice
from quartiersatlas.catalogue import Message, text
from quartiersatlas.errors import SpecError
from quartiersatlas.segregation.counts import entropy, ratio, share
from quartiersatlas.segregation.geometry import AreaGeometry, checked_geometry
from quartiersatlas.segregation.indices.evenness import carrington_troske, dissimilarity_parts
from quartiersatlas.segregation.indices.exposure import isolation_parts
from quartiersatlas.segregation.indices.multigroup import local_segregation_scores
from quartiersatlas.segregation.prepared import PATHS, REST
from quartiersatlas.segregation.registry import REST_COLUMN, IndexInput, chosen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from quartiersatlas.segregation.counts import Composition, Pair
    from quartiersatlas.segregation.prepared import PreparedCounts, SegregationSpec
    from quartiersatlas.segregation.registry import SegregationIndex

    Floats = NDArray[np.float64]

Codes: TypeAlias = tuple[Message, ...]


@dataclass(frozen=True, eq=False)
class MeasuredIndices:
    """The numbers of a study and what they were computed from.

    Parameters
    ----------
    table : DataFrame
        One row per number.
    note_codes : Series of tuple of Message
        The codes of the note of each row, on the table's index.
    notes : tuple of Message
        What the reader has to know about the whole study.
    prepared : PreparedCounts
        The checked counts and options everything was computed from.
    """

    table: pd.DataFrame
    note_codes: pd.Series
    notes: tuple[Message, ...]
    prepared: PreparedCounts

    @property
    def spec(self) -> SegregationSpec:
        """The options that made this result."""
        return self.prepared.spec


@dataclass(frozen=True)
class IndexTask:
    """One index of one group (or of all groups) in all places.

    Parameters
    ----------
    index : SegregationIndex
        The index.
    group, reference : str
        Whose index it is and with whom they are compared.
    given : IndexInput, optional
        What it is computed from; None where that is not possible for anybody.
    radius : float
        Radius in metres; NaN of an index without one.
    used : ndarray of bool
        The areas of the study that count.
    columns : tuple of str
        Columns whose gaps leave areas out.
    reason : str
        Name of the text that says why there is no input.
    overlapping : ndarray of bool, optional
        The places whose groups are more than everybody.
    """

    index: SegregationIndex
    group: str
    reference: str
    given: IndexInput | None
    radius: float
    used: NDArray[np.bool_]
    columns: tuple[str, ...]
    reason: str = ""
    overlapping: NDArray[np.bool_] | None = None

    def values(self, n_places: int) -> tuple[Floats, NDArray[np.str_]]:
        """Return the index of each place and, where it is NaN, the name of the reason."""
        if self.given is None:
            return np.full(n_places, np.nan), np.full(n_places, self.reason)
        reasons = reasons_of(self.index, self.given)
        if self.overlapping is not None:
            reasons = np.where(self.overlapping, "note_overlap", reasons)
        values = np.where(reasons == "", self.index.compute(self.given), np.nan)
        return values, np.where((reasons == "") & np.isnan(values), self.index.nan_reason, reasons)

    def expected(self, n_places: int) -> Floats:
        """Return the expected value of each place if there were no segregation; NaN where none is known."""
        expected = None if self.given is None else self.index.expected(self.given)
        if self.given is None or expected is None:
            return np.full(n_places, np.nan)
        return np.where(reasons_of(self.index, self.given) == "", expected, np.nan)


def reasons_of(index: SegregationIndex, given: IndexInput) -> NDArray[np.str_]:
    """Return why a place has no value; one area or one group have a diversity all the same."""
    reasons = given.people.reasons
    if index.dimension == "diversity":
        return np.where(reasons == "note_no_area", reasons, "")
    return reasons


class IndexInputs:
    """Pairs and geometries of a study, each made once."""

    def __init__(self, prepared: PreparedCounts) -> None:
        self._prepared = prepared
        self._pairs: dict[tuple[str, str | None, str], tuple[Pair, NDArray[np.bool_]]] = {}
        self._geometries: dict[tuple[bytes, bytes], tuple[AreaGeometry, list[str]]] = {}

    def pair(self, group: str, reference: str | None, ground: str = "") -> tuple[Pair, NDArray[np.bool_]]:
        """Return a pair and the areas that count."""
        if (group, reference, ground) not in self._pairs:
            self._pairs[group, reference, ground] = self._prepared.pair(group, reference, ground)
        return self._pairs[group, reference, ground]

    def of(
        self,
        people: Pair | Composition,
        names: tuple[str | None, ...],
        used: NDArray[np.bool_],
        index: SegregationIndex | None = None,
    ) -> IndexInput:
        """Return the input of these people; with its geometry where there is one and the index needs it."""
        spatial = index is None or index.requires != ""
        if self._prepared.shapes is None or not used.any() or not spatial:
            return IndexInput(self._prepared.spec, people)
        rows = np.ones_like(used) if index is not None and index.ground == PATHS else used
        geometry, known = self._geometry(people, used, rows)
        columns = tuple(REST_COLUMN if name is None else known.index(name) for name in names)
        return IndexInput(self._prepared.spec, people, columns, geometry)

    def _geometry(
        self, people: Pair | Composition, used: NDArray[np.bool_], rows: NDArray[np.bool_]
    ) -> tuple[AreaGeometry, list[str]]:
        """Return the geometry of these rows, the persons of the areas that count, and the names of its columns."""
        prepared, key = self._prepared, (used.tobytes(), rows.tobytes())
        if key not in self._geometries:
            shapes = cast("gpd.GeoSeries", cast("gpd.GeoSeries", prepared.shapes)[rows])
            checked_geometry(shapes)
            known = [name for name, counts in prepared.counts.items() if np.isfinite(counts[used]).all()]
            columns = [*(prepared.counts[name] for name in known), prepared.population]
            table = np.column_stack([np.where(used, persons, 0)[rows] for persons in columns])
            spec = prepared.spec
            self._geometries[key] = (
                AreaGeometry(
                    shapes.to_numpy(),
                    people.places,
                    table,
                    spec.radii,
                    spec.kernel,
                    spec.decay,
                    *spec.contact,
                    prepared.distances(rows),
                ),
                known,
            )
        return self._geometries[key]


def index_tasks(prepared: PreparedCounts) -> list[IndexTask]:
    """Return every task of the study: group by group, then all groups together.

    Raises
    ------
    SpecError
        An index that was named needs geometry or radii that are missing; "all" gives it a reason instead.
    """
    everybody, inputs = prepared.groups_are_everybody, IndexInputs(prepared)
    indices = chosen(prepared.spec.indices, groups_are_everybody=everybody)
    tasks: list[IndexTask] = []
    for group in prepared.spec.groups:
        for index in (i for i in indices if i.applies_to in ("group", "both")):
            for reference in _references(prepared, group, index):
                tasks += _of_pair(prepared, index, group, reference, inputs)
    whole = [i for i in indices if i.applies_to in ("composition", "classes") or (i.applies_to == "both" and everybody)]
    for index in whole:
        tasks += _of_all(prepared, index, inputs)
    unmet = next((task for task in tasks if task.reason), None)
    if unmet is not None and prepared.spec.indices != ("all",):
        raise SpecError(
            f"{unmet.index.id!r} cannot be computed: {text(unmet.reason, 'en')}. "
            f"Pass a GeoDataFrame with polygons in metres, and radii=[...] for the spatial indices."
        )
    return tasks


def _references(prepared: PreparedCounts, group: str, index: SegregationIndex) -> list[str | None]:
    """Return whom a group is compared with: the named populations (not with itself), or the rest."""
    if index.reference == "other" and prepared.spec.references:
        return [name for name in prepared.spec.references if name != group]
    return [None]


def _of_pair(
    prepared: PreparedCounts, index: SegregationIndex, group: str, reference: str | None, inputs: IndexInputs
) -> Iterator[IndexTask]:
    people, used = inputs.pair(group, reference, index.ground)
    columns = (group,) if reference is None else (group, reference)
    shown = (reference or REST) if index.reference in ("other", "rest") else index.reference
    given = inputs.of(people, (group, reference), used, index)
    yield from _at_radii(prepared, IndexTask(index, group, shown, given, np.nan, used, columns))


def _of_all(prepared: PreparedCounts, index: SegregationIndex, inputs: IndexInputs) -> Iterator[IndexTask]:
    people, used, names = prepared.classes() if index.applies_to == "classes" else prepared.composition()
    title = ", ".join(name or REST for name in names)
    given = inputs.of(people, names, used, index)
    task = IndexTask(index, title, index.reference, given, np.nan, used, prepared.spec.groups)
    yield from _at_radii(prepared, replace(task, overlapping=prepared.overlapping))


def _at_radii(prepared: PreparedCounts, task: IndexTask) -> Iterator[IndexTask]:
    """Give the task, once per radius where the index has one; or the reason why there is no input."""
    given = cast("IndexInput", task.given)
    reason = _unmet(prepared, task.index, given)
    if reason:
        yield replace(task, given=None, reason=reason)
    elif task.index.requires == "radii":
        for number, radius in enumerate(prepared.spec.radii):
            yield replace(task, given=replace(given, radius=number), radius=radius)
    else:
        yield task


def _unmet(prepared: PreparedCounts, index: SegregationIndex, given: IndexInput) -> str:
    """Return the name of the text that says which need of an index the study does not meet."""
    if not index.requires:
        return ""
    if given.geometry is None:
        return "note_no_geometry"
    if index.requires in ("polygons", "decay") and not given.geometry.is_polygons:
        return "note_no_polygons"
    return "note_no_radii" if index.requires == "radii" and not prepared.spec.radii else ""


def table_rows(prepared: PreparedCounts, tasks: list[IndexTask]) -> pd.DataFrame:
    """Return one row per place and task: places one after the other, tasks in their order; ``reason`` why it is NaN."""
    size, columns = prepared.n_places, {}
    values, reasons = zip(*(task.values(size) for task in tasks), strict=True) if tasks else ((), ())
    columns["by"] = np.repeat(np.array(prepared.place_names, dtype=object), len(tasks))
    for name in ("group", "reference"):
        columns[name] = np.tile(np.array([getattr(task, name) for task in tasks], dtype=object), size)
    columns["index"] = np.tile(np.array([task.index.id for task in tasks], dtype=object), size)
    if prepared.spec.radii:
        columns["radius"] = np.tile([task.radius for task in tasks], size)
    expected = by_place([task.expected(size) for task in tasks])
    adjustable = np.tile([task.index.adjustable for task in tasks], size)
    columns["value"] = by_place(values)
    columns["adjusted"] = np.where(adjustable, carrington_troske(columns["value"], expected), np.nan)
    columns["expected"] = expected
    columns["lower"] = columns["upper"] = np.full(size * len(tasks), np.nan)
    counted = [prepared.per_place(task.used) for task in tasks]
    columns["n_areas"] = by_place(counted)
    columns["n_dropped"] = by_place(
        [prepared.per_place(np.ones_like(task.used)) - n for task, n in zip(tasks, counted, strict=True)]
    )
    columns["reason"] = by_place(reasons)
    return pd.DataFrame(columns)


def by_place(taskwise: Iterable[NDArray[Any]]) -> NDArray[Any]:
    """Turn arrays of one value per place, one per task, into the table's order."""
    return np.column_stack(list(taskwise)).ravel()


def with_notes(
    rows: pd.DataFrame, prepared: PreparedCounts, tasks: list[IndexTask], resample: str | None
) -> tuple[pd.DataFrame, pd.Series]:
    """Return the table with its notes in English, and their codes: why a number is missing, and who does not count."""
    left_out = {}
    for task in tasks:
        if _areas_of(task) not in left_out:
            left_out[_areas_of(task)] = prepared.left_out(task.columns, task.used, task.index.ground)
    of_tasks = [left_out[_areas_of(task)] for task in tasks]
    dropped = [of_task[place] for place in range(prepared.n_places) for of_task in of_tasks]
    omissions = (
        np.where(rows["expected"].isna(), "note_no_expected", ""),
        np.where(rows["adjusted"].isna() & rows["expected"].notna(), "note_no_adjusted", ""),
        np.where(rows["lower"].isna(), _no_interval(rows, tasks, prepared, resample), ""),
    )
    names = set(rows["reason"]).union(*(column.tolist() for column in omissions)) - {""}
    messages = {name: Message(name) for name in names}
    found: list[Codes] = []
    for reason, areas, *others in zip(rows["reason"], dropped, *omissions, strict=True):
        omitted = () if reason else tuple(messages[other] for other in others if other)
        found.append(((messages[reason],) if reason else ()) + areas + omitted)
    codes = pd.Series(found, index=rows.index, dtype=object)
    return rows.drop(columns="reason").assign(note=in_english(codes)), codes


def _areas_of(task: IndexTask) -> tuple[tuple[str, ...], str, str]:
    """Return what decides which areas count."""
    return task.columns, task.index.applies_to, task.index.ground


def _no_interval(
    rows: pd.DataFrame, tasks: list[IndexTask], prepared: PreparedCounts, resample: str | None
) -> NDArray[np.str_]:
    """Return why there is no interval: not asked for, or not for indices with geometry."""
    if resample is None:
        return np.full(len(rows), "note_no_interval")
    spatial = np.tile([task.index.requires != "" for task in tasks], prepared.n_places)
    return np.where(spatial, "note_interval_aspatial", "note_no_spread")


def in_english(codes: Iterable[Codes]) -> list[str]:
    """Return the note of each row in English."""
    words: dict[int, str] = {}  # most rows share their messages
    return ["; ".join(words.get(id(m)) or words.setdefault(id(m), str(m)) for m in row) for row in codes]


def profile(result: MeasuredIndices, radii: Iterable[float], kernel: str | None = None) -> pd.DataFrame:
    """Compute the spatial indices at many radii from one sweep.

    Parameters
    ----------
    result : SegregationResult
        The study.
    radii : list of float
        Radii in metres. Above 0.
    kernel : {"uniform", "triangular", "gaussian", "exponential"}, optional
        How the weight of others falls with distance; that of the study, if not given.

    Returns
    -------
    DataFrame
        Tidy: by, group, reference, index, radius, value, n_areas, n_dropped, note.

    Raises
    ------
    SpecError
        The study has no geometry, or a radius is not above 0.
    """
    kernel = kernel or result.spec.kernel
    spec = replace(result.spec, radii=unique_radii(radii, kernel), kernel=kernel, indices=("spatial",))
    prepared = replace(result.prepared, spec=spec)
    tasks = index_tasks(prepared)
    table, _ = with_notes(table_rows(prepared, tasks), prepared, tasks, None)
    return table[["by", "group", "reference", "index", "radius", "value", "n_areas", "n_dropped", "note"]]


def unique_radii(radii: Iterable[float] | float | None, kernel: str) -> tuple[float, ...]:
    """Return the radii, checked together with the kernel."""
    from quartiersatlas.space.surroundings import KERNELS, checked_radii

    choice(kernel, KERNELS, "kernel")
    if radii is None:
        return ()
    checked = checked_radii(np.atleast_1d(np.asarray(radii, dtype=float)))
    return tuple(dict.fromkeys(float(radius) for radius in checked))


def local_values(prepared: PreparedCounts) -> pd.DataFrame:
    """Return the local values of every group and of all groups on the caller's areas."""
    inputs, columns = IndexInputs(prepared), _local_of_all(prepared)
    for group in reversed(prepared.spec.groups):
        columns = _local_of_group(prepared, inputs, group) | columns
    frame = pd.DataFrame(columns, index=prepared.areas)
    if prepared.shapes is not None:
        geometry = prepared.shapes.iloc[np.argsort(prepared.rows)]
        return gpd.GeoDataFrame(frame, geometry=geometry, crs=prepared.shapes.crs)
    return frame


def _local_of_group(prepared: PreparedCounts, inputs: IndexInputs, group: str) -> dict[str, Floats]:
    """Return location quotient, part of D, part of the isolation and shares within each radius."""
    pair, used = inputs.pair(group, None)
    able = pair.places.each(pair.reasons == "") == 1
    columns = {
        f"{group}_lq": (_location_quotients(pair), used),
        f"{group}_isolation_part": (np.where(able, isolation_parts(pair), np.nan), used),
    }
    references: list[str | None] = [name for name in prepared.spec.references if name != group]
    for reference in references if prepared.spec.references else [None]:
        compared, among = inputs.pair(group, reference)
        able = compared.places.each(compared.reasons == "") == 1
        name = f"{group}_d_part" if len(references) <= 1 else f"{group}_d_part_{reference}"
        columns[name] = (np.where(able, dissimilarity_parts(compared), np.nan), among)
    if prepared.shapes is not None and prepared.spec.radii and used.any():
        given = inputs.of(pair, (group, None), used)
        for number, radius in enumerate(prepared.spec.radii):
            around = given.own(given.land.surroundings[number])
            columns[f"{group}_share_{radius:.10g}m"] = (share(around[:, 0], around[:, -1]), used)
    return {name: _on_all_areas(prepared, values, used) for name, (values, used) in columns.items()}


def _location_quotients(pair: Pair) -> Floats:
    """Return the location quotient of each area in its place."""
    return ratio(ratio(pair.group, pair.population), pair.places.each(share(pair.group_sum, pair.population_sum)))


def _local_of_all(prepared: PreparedCounts) -> dict[str, Floats]:
    """Return local segregation, entropy and Simpson index of all groups, where they exclude one another."""
    composition, used, _ = prepared.composition()
    shares = composition.shares
    able = composition.places.each(composition.reasons == "") == 1
    columns = {
        "local_segregation": np.where(able, local_segregation_scores(composition), np.nan),
        "entropy": np.abs(entropy(shares)),
        "simpson": 1 - (shares**2).sum(axis=1),
    }
    return {name: _on_all_areas(prepared, values, used) for name, values in columns.items()}


def _on_all_areas(prepared: PreparedCounts, values: Floats, used: NDArray[np.bool_]) -> Floats:
    """Return the values of the used areas on the caller's rows; NaN elsewhere."""
    result = np.full(len(prepared.areas), np.nan)
    result[prepared.rows[used]] = values
    return result
