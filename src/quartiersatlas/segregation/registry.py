"""The indices: what each is called and tells, what it is computed from, and which formula computes it.

``indices.csv`` holds names, ranges, formulas and sources; the table, the command line, the documentation and the tests
read it. ``COMPUTE`` and ``EXPECTED`` at the end map each id to its formula, which works on all places at once.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd

from quartiersatlas.catalogue import text
from quartiersatlas.errors import SpecError
from quartiersatlas.segregation.counts import Composition, Pair, Places, share
from quartiersatlas.segregation.indices.boundary import Contacts, _less_contrast, morrill
from quartiersatlas.segregation.indices.centralisation import (
    _absolute_centralisation,
    _relative_centralisation,
    centre_of,
    distance_to_centre,
)
from quartiersatlas.segregation.indices.clustering import (
    Proximity,
    absolute_clusterings,
    distance_decay_interactions,
    distance_decay_isolations,
    relative_clusterings,
    spatial_proximities,
    unit_reasons,
)
from quartiersatlas.segregation.indices.concentration import _absolute_concentration, _delta, _relative_concentration
from quartiersatlas.segregation.indices.distortion import distortions
from quartiersatlas.segregation.indices.evenness import (
    _atkinson,
    _dissimilarity,
    _expected_dissimilarity,
    _expected_gini,
    _gini,
    _gorard,
    _theil_h,
)
from quartiersatlas.segregation.indices.exposure import (
    _correlation_ratio,
    _expected_correlation_ratio,
    _expected_interaction,
    _expected_isolation,
    _interaction,
    _interaction_exact,
    _isolation,
    _isolation_exact,
)
from quartiersatlas.segregation.indices.multigroup import (
    _entropy,
    _expected_multigroup_dissimilarity,
    _expected_multigroup_gini,
    _expected_relative_diversity,
    _information_theory,
    _multigroup_dissimilarity,
    _multigroup_gini,
    _mutual_information,
    _normalised_exposure,
    _relative_diversity,
    _simpson,
    _squared_coefficient_of_variation,
)
from quartiersatlas.segregation.indices.ordered import (
    _ordinal_absolute,
    _ordinal_information_theory,
    _ordinal_square_root,
    _ordinal_variation_ratio,
    _rank_order_information_theory,
    _rank_order_square_root,
    _rank_order_variation_ratio,
)
from quartiersatlas.segregation.indices.profiles import _concentration_profile, spatial_proximity_profile
from quartiersatlas.segregation.indices.spatial import FORMULAS
from quartiersatlas.segregation.inference.bias_correction import (
    _bias_corrected_dissimilarity,
    _density_corrected_dissimilarity,
)
from quartiersatlas.segregation.inference.chance import _expected_information_theory, _expected_mutual_information

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.segregation.geometry import AreaGeometry
    from quartiersatlas.segregation.prepared import SegregationSpec

    Floats = NDArray[np.float64]
    Formula = Callable[["IndexInput"], Floats]

REST_COLUMN = -1
STANDARD = ("dissimilarity", "gini", "theil_h", "isolation", "interaction", "correlation_ratio")
STANDARD_MULTIGROUP = ("multigroup_dissimilarity", "information_theory", "mutual_information", "entropy")
DIRECTION = {
    "up": "higher is more segregated",
    "down": "lower is more segregated",
    "none": "higher is more diverse",
}


@dataclass(frozen=True)
class SegregationIndex:
    """One index of the registry.

    Parameters
    ----------
    id : str
        Its name in the table.
    dimension : str
        Evenness, exposure, concentration, centralisation, clustering, multigroup, diversity, spatial or ordinal.
    applies_to : str
        Whose index it is: of a "group", of all groups ("composition"), of "both", or of ordered "classes".
    reference : str
        Whom the group is compared with: "other" (the rest or a named group), "rest", "total", "area", "one another".
    requires : str
        "", "points", "polygons", "decay" (polygons and a length of decay) or "radii" (points and radii).
    ground : str
        What areas without persons count for: "", their "land" (those known to be uninhabited), or the "paths" through
        them (all that were left out).
    lowest, highest : str
        Range; empty where there is no bound.
    direction : str
        "up", "down" or "none".
    formula, source : str
        How it is computed and who defined it.
    symbols : str
        Letters and words that papers and other packages write for it, separated by commas.
    """

    id: str
    dimension: str
    applies_to: str
    reference: str
    requires: str
    ground: str
    lowest: str
    highest: str
    direction: str
    formula: str
    source: str
    symbols: str = ""

    @property
    def adjustable(self) -> bool:
        """Whether it runs from 0 to 1, so that the value expected by chance can be taken out."""
        return (self.lowest, self.highest, self.direction) == ("0", "1", "up")

    @property
    def nan_reason(self) -> str:
        """Name of the text that says why it is NaN where the counts alone do not tell."""
        return NAN_REASON.get(self.id, "note_no_spread")

    def label(self, lang: Lang) -> str:
        """Return the name in German or English."""
        return text(f"index_{self.id}", lang)

    def meaning(self, lang: Lang) -> str:
        """Return a sentence that says what the index tells, in German or English."""
        return text(f"index_{self.id}_meaning", lang)

    def compute(self, given: IndexInput) -> Floats:
        """Return the index of each place."""
        return COMPUTE[self.id](given)

    def expected(self, given: IndexInput) -> Floats | None:
        """Return the value expected of each place without segregation; None where none is known."""
        return EXPECTED[self.id](given) if self.id in EXPECTED else None


@cache
def registry() -> dict[str, SegregationIndex]:
    """Return every index by its id."""
    table = files("quartiersatlas.segregation").joinpath("indices.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(table.splitlines(), delimiter=";")
    return {row["id"]: SegregationIndex(**row) for row in rows}


def segregation_indices() -> pd.DataFrame:
    """List the indices: id, labels, dimension, reference, formula, source, range, needs geometry, direction.

    Returns
    -------
    DataFrame
        One row per index, on the id. ``applies_to`` says whether it is the index of a group, of all groups
        ("composition"), of both or of ordered classes; ``reference`` with whom a group is compared ("other" is the
        rest of the residents or the group that is named).

    Examples
    --------
    >>> segregation_indices().loc["dissimilarity", "source"]
    'Duncan & Duncan 1955'
    """
    rows = [
        {
            "id": index.id,
            "label_de": index.label("de"),
            "label_en": index.label("en"),
            "dimension": index.dimension,
            "applies_to": index.applies_to,
            "reference": index.reference,
            "formula": index.formula,
            "source": index.source,
            "symbols": index.symbols,
            "lowest": index.lowest,
            "highest": index.highest,
            "needs_geometry": index.requires != "",
            "requires": index.requires,
            "ground": index.ground,
            "direction": DIRECTION[index.direction],
        }
        for index in registry().values()
    ]
    return pd.DataFrame(rows).set_index("id")


def chosen(wanted: Iterable[str] | str, *, groups_are_everybody: bool) -> list[SegregationIndex]:
    """Return the indices for ids, dimensions, "standard" or "all"; ordinal ones only by name."""
    entries = registry()
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    by_name = {
        "standard": STANDARD + (STANDARD_MULTIGROUP if groups_are_everybody else ()),
        "all": tuple(i.id for i in entries.values() if i.dimension != "ordinal"),
    }
    for index in entries.values():
        by_name.setdefault(index.id, (index.id,))
        by_name[index.dimension] = tuple(i.id for i in entries.values() if i.dimension == index.dimension)
    for name in names:
        _known(name, by_name)
    return [entries[i] for i in dict.fromkeys(i for name in names for i in by_name[name])]


def index_named(name: str) -> SegregationIndex:
    """Return the index of this id."""
    _known(name, registry())
    return registry()[name]


def _known(name: str, entries: Iterable[str]) -> None:
    """Refuse a name that no index has, with those of this symbol, or else with the closest ones."""
    if name not in (known := list(entries)):
        from difflib import get_close_matches

        meant = [one for one in _of_symbol(str(name)) if one in known]
        words = re.sub(r"[^a-z]+", "_", str(name).lower()).strip("_")
        close = meant or [words] * (words in known) or get_close_matches(words, known, n=3, cutoff=0.6)
        if not close:
            raise SpecError(f"There is no index {name!r}. There are: {', '.join(known)}.")
        offered = " or ".join(map(repr, close))
        told = "the names are written out" if meant else "all of them: qa.segregation_indices()"
        raise SpecError(f"There is no index {name!r}. Did you mean {offered}? ({told[0].upper()}{told[1:]}.)")


def _of_symbol(name: str) -> list[str]:
    """Return the indices for which papers write this letter or word, however it is spelt."""
    plain = _plain(name)
    return [one.id for one in registry().values() if plain and plain in map(_plain, one.symbols.split(", "))]


def _plain(symbol: str) -> str:
    """Return a symbol in lower case, without blanks, brackets and signs that are left out at a keyboard."""
    spelt = symbol.lower().replace("²", "2").replace("η", "eta").replace("δ", "delta").replace("λ", "lambda")
    return re.sub(r"[^\w~*]|_", "", spelt)


@dataclass(frozen=True)
class IndexInput:
    """What an index is computed from; each index uses the parts it needs.

    Parameters
    ----------
    spec : SegregationSpec
        Options such as the inequality aversion and the centre.
    people : Pair or Composition
        The counts, place by place.
    columns : tuple of int
        The groups among the columns of people of the geometry; REST_COLUMN stands for everybody else.
    geometry : AreaGeometry, optional
        The areas' geometry, in the same order.
    radius : int, default 0
        Which of the study's radii is meant.
    sums : ndarray, optional
        ``around`` or ``near`` of other people than those of the geometry, where they are known already.
    """

    spec: SegregationSpec
    people: Pair | Composition
    columns: tuple[int, ...] = ()
    geometry: AreaGeometry | None = None
    radius: int = 0
    sums: Floats | None = None

    @property
    def pair(self) -> Pair:
        """The group and whom it is compared with."""
        return cast("Pair", self.people)

    @property
    def composition(self) -> Composition:
        """All groups; of a pair, the two."""
        if isinstance(self.people, Pair):
            return Composition(np.column_stack([self.people.group, self.people.other]), self.people.places)
        return self.people

    @property
    def land(self) -> AreaGeometry:
        """The geometry, of an index that needs one."""
        return cast("AreaGeometry", self.geometry)

    @property
    def around(self) -> Floats:
        """Persons around each area, weighted by the kernel: own groups and, last, all residents."""
        return self.own(self.land.surroundings[self.radius]) if self.sums is None else self.sums

    @property
    def near(self) -> Floats:
        """Persons near each area, weighted by exp(-distance): own groups, all residents and, last, areas."""
        if self.sums is not None:
            return self.sums
        return np.column_stack([self.own(self.land.nearness[:, :-1]), self.land.nearness[:, -1]])

    def own(self, table: Floats) -> Floats:
        """Return the columns of the own groups and of all residents from a table of all groups."""
        total = table[:, -1]
        named = table[:, [c for c in self.columns if c != REST_COLUMN]]
        others = np.maximum(total - named.sum(axis=1), 0)
        own = [others if c == REST_COLUMN else table[:, c] for c in self.columns]
        return np.column_stack([*own, total])

    def replicates(self, people: Pair | Composition, n: int, requires: str) -> Iterator[IndexInput]:
        """Give n random populations in the same areas, one after the other; their surroundings from one sweep."""
        n_areas = len(self)
        tables = _own_and_total(people).reshape(n, n_areas, -1)
        sums = self._sums(tables, requires)
        for i in range(n):
            rows = slice(i * n_areas, (i + 1) * n_areas)
            one = _rows_of(people, rows, self.people.places)
            yield replace(self, people=one, sums=None if sums is None else sums[i])

    def _sums(self, tables: Floats, requires: str) -> Floats | None:
        """Return around or near of many populations, of shape n x areas x columns."""
        n, n_areas, n_columns = tables.shape
        side_by_side = np.moveaxis(tables, 0, 1).reshape(n_areas, n * n_columns)
        if requires == "radii":
            areas = replace(self.land, radii=(self.land.radii[self.radius],))
            return np.asarray(np.moveaxis(areas.around(side_by_side)[0].reshape(n_areas, n, n_columns), 1, 0))
        if requires == "decay":
            near = np.moveaxis(self.land.near(side_by_side).reshape(n_areas, n, n_columns), 1, 0)
            near_areas = np.broadcast_to(self.land.nearness[:, -1], (n, n_areas))[..., None]
            return np.concatenate([near, near_areas], axis=2)
        return None

    def by_place(self, compute: Callable[[IndexInput], float]) -> Floats:
        """Compute an index place by place; NaN where a place has no area."""
        return np.array([compute(part) if len(part) else np.nan for part in self.parts()], dtype=float)

    def __len__(self) -> int:
        return int(self.people.places.sizes.sum())

    def parts(self) -> Iterator[IndexInput]:
        """Give the input of each place by itself."""
        places = self.people.places
        if places.n_places == 1:
            yield self
            return
        for start, size in zip(places.starts, places.sizes, strict=True):
            rows = slice(int(start), int(start + size))
            geometry = self.geometry.part(rows) if self.geometry is not None else None
            yield replace(
                self, people=_rows_of(self.people, rows, Places.one(rows.stop - rows.start)), geometry=geometry
            )


def _rows_of(people: Pair | Composition, rows: slice, places: Places) -> Pair | Composition:
    if isinstance(people, Pair):
        return Pair(people.group[rows], people.other[rows], people.population[rows], places)
    return Composition(people.counts[rows], places)


def _own_and_total(people: Pair | Composition) -> Floats:
    """Return the groups and, last, all residents."""
    if isinstance(people, Pair):
        return np.column_stack([people.group, people.other, people.population])
    return np.column_stack([people.counts, people.totals])


def _contrasting(given: IndexInput, kind: str) -> Floats:
    """Return D less the contrast at the borders: all alike, by their length, or by length and shape."""
    found, areas = given.land.borders, given.land
    if kind == "alike":
        one, other = found.queen if given.spec.contiguity == "queen" else found.rook
        return _less_contrast(given.pair, Contacts(one, other, np.ones(len(one))))
    raggedness = found.perimeter / areas.area if kind == "shape" else None
    return _less_contrast(given.pair, Contacts(found.one, found.other, found.length), raggedness)


def _profile_of(given: IndexInput) -> float:
    """Return the spatial proximity profile of one place."""
    found, pair = given.land.borders, given.pair
    one, other = found.queen if given.spec.contiguity == "queen" else found.rook
    return spatial_proximity_profile(pair.group, pair.other, one, other)


def _of_order(given: IndexInput) -> float:
    """Return D less the contrast up to several steps away, of one place."""
    found, pair = given.land.borders, given.pair
    one, other = found.queen if given.spec.contiguity == "queen" else found.rook
    return morrill(pair.group, pair.other, one, other, order=given.spec.order)


def _from_centre(given: IndexInput) -> Floats:
    """Return the distance of each area from the centre of its place, which is that of the inhabited areas."""
    distances = []
    for part in (part for part in given.parts() if len(part)):
        points, residents, centre = part.land.points, part.land.people[:, -1], given.spec.centre
        lived_in = residents > 0
        if isinstance(centre, str) and lived_in.any():
            centre = centre_of(points[lived_in], centre, residents[lived_in])
        far = distance_to_centre(points, centre) if lived_in.any() else np.zeros(len(points))  # type: ignore[arg-type]
        distances.append(far)
    return np.concatenate(distances)


def _near(formula: Callable[[Proximity], Floats]) -> Formula:
    """Return an index of distance decay: NaN where the length of decay does not fit the areas."""

    def compute(given: IndexInput) -> Floats:
        near, pair = given.near, given.pair
        points = None if given.land.distances is not None else given.land.points
        reasons = unit_reasons(pair.places, points, near[:, 2], given.land.decay)
        values = formula(Proximity(pair, near[:, 0], near[:, 1], near[:, 2], near[:, 3], reasons))
        return np.asarray(np.where(reasons == "", values, np.nan))

    return compute


def _around(formula: str) -> Formula:
    """Return a spatial index of the shares within the radius."""

    def compute(given: IndexInput) -> Floats:
        around = given.around[:, :-1]
        shares = share(around, around.sum(axis=1, keepdims=True))
        return np.asarray(FORMULAS[formula](given.composition, shares[None])[0])

    return compute


def _met(column: int) -> Formula:
    """Return the mean share within the radius, around a member of the group, of the own or the other group."""

    def compute(given: IndexInput) -> Floats:
        pair, around = given.pair, given.around
        shares = share(around[:, column], around[:, -1])
        return share(pair.places.sum(pair.group * shares), pair.group_sum)

    return compute


COMPUTE: dict[str, Formula] = {
    "dissimilarity": lambda given: _dissimilarity(given.pair),
    "segregation_index": lambda given: _dissimilarity(given.pair),
    "gorard": lambda given: _gorard(given.pair),
    "gini": lambda given: _gini(given.pair),
    "theil_h": lambda given: _theil_h(given.pair),
    "atkinson": lambda given: _atkinson(given.pair, given.spec.b),
    "concentration_profile": lambda given: _concentration_profile(given.pair),
    "bias_corrected_dissimilarity": lambda given: _bias_corrected_dissimilarity(given.pair),
    "density_corrected_dissimilarity": lambda given: _density_corrected_dissimilarity(given.pair),
    "isolation": lambda given: _isolation(given.pair),
    "isolation_exact": lambda given: _isolation_exact(given.pair),
    "interaction": lambda given: _interaction(given.pair),
    "interaction_exact": lambda given: _interaction_exact(given.pair),
    "correlation_ratio": lambda given: _correlation_ratio(given.pair),
    "delta": lambda given: _delta(given.pair, given.land.area),
    "absolute_concentration": lambda given: _absolute_concentration(given.pair, given.land.area),
    "relative_concentration": lambda given: _relative_concentration(given.pair, given.land.area),
    "absolute_centralisation": lambda given: _absolute_centralisation(given.pair, given.land.area, _from_centre(given)),
    "relative_centralisation": lambda given: _relative_centralisation(given.pair, _from_centre(given)),
    "spatial_proximity": _near(spatial_proximities),
    "absolute_clustering": _near(absolute_clusterings),
    "relative_clustering": _near(relative_clusterings),
    "distance_decay_isolation": _near(distance_decay_isolations),
    "distance_decay_interaction": _near(distance_decay_interactions),
    "morrill": lambda given: _contrasting(given, "alike"),
    "morrill_order": lambda given: given.by_place(_of_order),
    "wong_boundary": lambda given: _contrasting(given, "length"),
    "wong_shape": lambda given: _contrasting(given, "shape"),
    "spatial_proximity_profile": lambda given: given.by_place(_profile_of),
    "distortion": lambda given: distortions(given.composition, given.land.points),
    "multigroup_dissimilarity": lambda given: _multigroup_dissimilarity(given.composition),
    "multigroup_gini": lambda given: _multigroup_gini(given.composition),
    "information_theory": lambda given: _information_theory(given.composition),
    "mutual_information": lambda given: _mutual_information(given.composition),
    "relative_diversity": lambda given: _relative_diversity(given.composition),
    "normalised_exposure": lambda given: _normalised_exposure(given.composition),
    "squared_coefficient_of_variation": lambda given: _squared_coefficient_of_variation(given.composition),
    "entropy": lambda given: _entropy(given.composition),
    "simpson": lambda given: _simpson(given.composition),
    "spatial_dissimilarity": _around("spatial_dissimilarity"),
    "spatial_information_theory": _around("spatial_information_theory"),
    "spatial_relative_diversity": _around("spatial_relative_diversity"),
    "spatial_isolation": _met(0),
    "spatial_exposure": _met(1),
    "ordinal_information_theory": lambda given: _ordinal_information_theory(given.composition),
    "ordinal_variation_ratio": lambda given: _ordinal_variation_ratio(given.composition),
    "ordinal_square_root": lambda given: _ordinal_square_root(given.composition),
    "ordinal_absolute": lambda given: _ordinal_absolute(given.composition),
    "rank_order_information_theory": lambda given: _rank_order_information_theory(given.composition),
    "rank_order_variation_ratio": lambda given: _rank_order_variation_ratio(given.composition),
    "rank_order_square_root": lambda given: _rank_order_square_root(given.composition),
}

EXPECTED: dict[str, Formula] = {
    "dissimilarity": lambda given: _expected_dissimilarity(given.pair),
    "segregation_index": lambda given: _expected_dissimilarity(given.pair),
    "gini": lambda given: _expected_gini(given.pair),
    "theil_h": lambda given: _expected_information_theory(given.composition),
    "isolation": lambda given: _expected_isolation(given.pair),
    "interaction": lambda given: _expected_interaction(given.pair),
    "correlation_ratio": lambda given: _expected_correlation_ratio(given.pair),
    "information_theory": lambda given: _expected_information_theory(given.composition),
    "mutual_information": lambda given: _expected_mutual_information(given.composition),
    "relative_diversity": lambda given: _expected_relative_diversity(given.composition),
    "normalised_exposure": lambda given: _expected_relative_diversity(given.composition),
    "squared_coefficient_of_variation": lambda given: _expected_relative_diversity(given.composition),
    "multigroup_dissimilarity": lambda given: _expected_multigroup_dissimilarity(given.composition),
    "multigroup_gini": lambda given: _expected_multigroup_gini(given.composition),
}

NAN_REASON = {
    "absolute_concentration": "note_equal_areas",
    "relative_concentration": "note_equal_areas",
    "spatial_proximity": "note_decay_unit",
    "absolute_clustering": "note_decay_unit",
    "relative_clustering": "note_decay_unit",
    "distance_decay_isolation": "note_decay_unit",
    "distance_decay_interaction": "note_decay_unit",
    "morrill": "note_no_border",
    "morrill_order": "note_no_border",
    "wong_boundary": "note_no_border",
    "wong_shape": "note_no_border",
}
