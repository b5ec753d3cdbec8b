"""The numbers of a study, block by block: one index of one group in all places."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import numpy as np

from quartiersatlas.segregation.geometry import METRES, REST_COLUMN, Case, Ground, checked_geometry
from quartiersatlas.segregation.prepared import REST, Study

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd
    from numpy.typing import NDArray

    from quartiersatlas.segregation.counts import Composition, Pair
    from quartiersatlas.segregation.registry import SegregationIndex

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Block:
    """One index of one group (or of all groups) in all places.

    Parameters
    ----------
    index : SegregationIndex
        The index.
    group, reference : str
        Whose index it is and with whom they are compared.
    case : Case, optional
        What it is computed from; None where that is not possible for anybody.
    radius : float
        Radius in metres; NaN of an index without one.
    used : ndarray of bool
        The areas of the study that count.
    columns : tuple of str
        Columns whose gaps leave areas out.
    reason : str
        Name of the text that says why there is no case.
    overlapping : ndarray of bool, optional
        The places whose groups are more than everybody.
    """

    index: SegregationIndex
    group: str
    reference: str
    case: Case | None
    radius: float
    used: NDArray[np.bool_]
    columns: tuple[str, ...]
    reason: str = ""
    overlapping: NDArray[np.bool_] | None = None

    def values(self, n_places: int) -> tuple[Floats, NDArray[np.str_]]:
        """Return the index of each place and, where it is NaN, the name of the reason."""
        if self.case is None:
            return np.full(n_places, np.nan), np.full(n_places, self.reason)
        reasons = reasons_of(self.index, self.case)
        if self.overlapping is not None:
            reasons = np.where(self.overlapping, "note_overlap", reasons)
        values = np.where(reasons == "", self.index.compute(self.case), np.nan)
        return values, np.where((reasons == "") & np.isnan(values), self.index.gap, reasons)

    def expected(self, n_places: int) -> Floats:
        """Return the expected value of each place if there were no segregation; NaN where none is known."""
        expected = None if self.case is None else self.index.expected(self.case)
        if self.case is None or expected is None:
            return np.full(n_places, np.nan)
        return np.where(reasons_of(self.index, self.case) == "", expected, np.nan)


def reasons_of(index: SegregationIndex, case: Case) -> NDArray[np.str_]:
    """Return why a place has no value; one area or one group have a diversity all the same."""
    reasons = case.people.reasons
    if index.dimension == "diversity":
        return np.where(reasons == "note_no_area", reasons, "")
    return reasons


def blocks(study: Study, indices: list[SegregationIndex], grounds: Grounds) -> Iterator[Block]:
    """Give every block of the study: group by group, then all groups together."""
    for group in study.spec.groups:
        for index in (i for i in indices if i.of in ("group", "both")):
            for reference in _references(study, group, index):
                yield from _of_pair(study, index, group, reference, grounds)
    whole = [
        i for i in indices if i.of in ("composition", "classes") or (i.of == "both" and study.groups_are_everybody)
    ]
    for index in whole:
        yield from _of_all(study, index, grounds)


def _references(study: Study, group: str, index: SegregationIndex) -> list[str | None]:
    """Return whom a group is compared with: the named populations (not with itself), or the rest."""
    if index.against == "other" and study.spec.references:
        return [name for name in study.spec.references if name != group]
    return [None]


def _of_pair(
    study: Study, index: SegregationIndex, group: str, reference: str | None, grounds: Grounds
) -> Iterator[Block]:
    people, used = grounds.pair(group, reference)
    columns = (group,) if reference is None else (group, reference)
    shown = (reference or REST) if index.against in ("other", "rest") else index.against
    case = grounds.case(people, (group, reference), used, index)
    yield from _at_radii(study, index, (group, shown), case, used, columns)


def _of_all(study: Study, index: SegregationIndex, grounds: Grounds) -> Iterator[Block]:
    people, used, names = study.classes() if index.of == "classes" else study.composition()
    title = (", ".join(name or REST for name in names), index.against)
    case = grounds.case(people, names, used, index)
    for block in _at_radii(study, index, title, case, used, study.spec.groups):
        yield replace(block, overlapping=study.overlapping)


def _at_radii(
    study: Study,
    index: SegregationIndex,
    title: tuple[str, str],
    case: Case,
    used: NDArray[np.bool_],
    columns: tuple[str, ...],
) -> Iterator[Block]:
    """Give the block, one per radius where the index has one; or the reason why there is no case."""
    lacking = _lacking(study, index, case)
    if lacking:
        yield Block(index, *title, None, np.nan, used, columns, lacking)
    elif index.needs == "radii":
        for number, radius in enumerate(study.spec.radii):
            yield Block(index, *title, replace(case, radius=number), radius, used, columns)
    else:
        yield Block(index, *title, case, np.nan, used, columns)


def _lacking(study: Study, index: SegregationIndex, case: Case) -> str:
    """Return the name of what an index needs and the study has not."""
    if not index.needs:
        return ""
    if case.ground is None:
        return "note_no_geometry"
    if index.needs in ("polygons", "decay") and not case.ground.is_polygons:
        return "note_no_polygons"
    return "note_no_radii" if index.needs == "radii" and not study.spec.radii else ""


class Grounds:
    """Pairs and grounds of a study, each made once."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self._pairs: dict[tuple[str, str | None], tuple[Pair, NDArray[np.bool_]]] = {}
        self._grounds: dict[bytes, tuple[Ground, list[str]]] = {}

    def pair(self, group: str, reference: str | None) -> tuple[Pair, NDArray[np.bool_]]:
        """Return a pair and the areas where it is known."""
        if (group, reference) not in self._pairs:
            self._pairs[group, reference] = self._study.pair(group, reference)
        return self._pairs[group, reference]

    def case(
        self,
        people: Pair | Composition,
        names: tuple[str | None, ...],
        used: NDArray[np.bool_],
        index: SegregationIndex | None = None,
    ) -> Case:
        """Return the case of these people; with its ground where there is one and the index needs it."""
        grounded = index is None or index.needs != ""
        if self._study.shapes is None or not used.any() or not grounded:
            return Case(self._study.spec, people)
        ground, known = self._ground(people, used)
        columns = tuple(REST_COLUMN if name is None else known.index(name) for name in names)
        return Case(self._study.spec, people, columns, ground)

    def _ground(self, people: Pair | Composition, used: NDArray[np.bool_]) -> tuple[Ground, list[str]]:
        """Return the ground of these areas and the names of its columns."""
        study, key = self._study, used.tobytes()
        if key not in self._grounds:
            shapes = cast("gpd.GeoSeries", cast("gpd.GeoSeries", study.shapes)[used])
            checked_geometry(shapes)
            known = [name for name, counts in study.counts.items() if np.isfinite(counts[used]).all()]
            table = np.column_stack([*(study.counts[name][used] for name in known), study.total[used]])
            spec = study.spec
            unit = METRES[spec.distance_unit]
            self._grounds[key] = (
                Ground(shapes.to_numpy(), people.places, table, spec.radii, spec.kernel, unit),
                known,
            )
        return self._grounds[key]
