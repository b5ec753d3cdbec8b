"""From a case to a number: which formula computes which index, and which one its value without segregation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.segregation.counts import share
from quartiersatlas.segregation.indices.boundary import Contacts, _less_contrast
from quartiersatlas.segregation.indices.centralisation import (
    _absolute_centralisation,
    _relative_centralisation,
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
from quartiersatlas.segregation.indices.evenness import _atkinson, _dissimilarity, _gini, _gorard, _theil_h
from quartiersatlas.segregation.indices.exposure import (
    _correlation_ratio,
    _interaction,
    _interaction_exact,
    _isolation,
    _isolation_exact,
)
from quartiersatlas.segregation.indices.multigroup import (
    _entropy,
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
from quartiersatlas.segregation.inference.expected import (
    _expected_correlation_ratio,
    _expected_dissimilarity,
    _expected_gini,
    _expected_information_theory,
    _expected_interaction,
    _expected_isolation,
    _expected_multigroup_dissimilarity,
    _expected_multigroup_gini,
    _expected_mutual_information,
    _expected_relative_diversity,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from quartiersatlas.segregation.geometry import Case

    Floats = NDArray[np.float64]
    Formula = Callable[[Case], Floats]


def _contrasting(case: Case, kind: str) -> Floats:
    """Return D less the contrast at the borders: all alike, by their length, or by length and shape."""
    found, ground = case.land.borders, case.land
    if kind == "alike":
        one, other = found.queen if case.spec.contiguity == "queen" else found.rook
        return _less_contrast(case.pair, Contacts(one, other, np.ones(len(one))))
    raggedness = found.perimeter / ground.area if kind == "shape" else None
    return _less_contrast(case.pair, Contacts(found.one, found.other, found.length), raggedness)


def _profile_of(case: Case) -> float:
    """Return the spatial proximity profile of one place."""
    found, pair = case.land.borders, case.pair
    one, other = found.queen if case.spec.contiguity == "queen" else found.rook
    return spatial_proximity_profile(pair.group, pair.other, one, other)


def _from_centre(case: Case) -> Floats:
    """Return the distance of each area from the centre of its place."""
    distances = [
        distance_to_centre(part.land.points, case.spec.centre, part.land.people[:, -1])  # type: ignore[arg-type]
        for part in case.parts()
        if len(part)
    ]
    return np.concatenate(distances)


def _near(formula: Callable[[Proximity], Floats]) -> Formula:
    """Return an index of distance decay: NaN where the unit of decay does not fit the areas."""

    def compute(case: Case) -> Floats:
        near, pair = case.near, case.pair
        reasons = unit_reasons(pair.places, case.land.points, near[:, 2], case.land.unit)
        values = formula(Proximity(pair, near[:, 0], near[:, 1], near[:, 2], near[:, 3], reasons))
        return np.asarray(np.where(reasons == "", values, np.nan))

    return compute


def _around(formula: str) -> Formula:
    """Return a spatial index of the shares within the radius."""

    def compute(case: Case) -> Floats:
        around = case.around[:, :-1]
        shares = share(around, around.sum(axis=1, keepdims=True))
        return np.asarray(FORMULAS[formula](case.composition, shares[None])[0])

    return compute


def _met(column: int) -> Formula:
    """Return the mean share within the radius, around a member of the group, of the own or the other group."""

    def compute(case: Case) -> Floats:
        pair, around = case.pair, case.around
        shares = share(around[:, column], around[:, -1])
        return share(pair.places.sum(pair.group * shares), pair.group_sum)

    return compute


COMPUTE: dict[str, Formula] = {
    "dissimilarity": lambda case: _dissimilarity(case.pair),
    "segregation_index": lambda case: _dissimilarity(case.pair),
    "gorard": lambda case: _gorard(case.pair),
    "gini": lambda case: _gini(case.pair),
    "theil_h": lambda case: _theil_h(case.pair),
    "atkinson": lambda case: _atkinson(case.pair, case.spec.b),
    "concentration_profile": lambda case: _concentration_profile(case.pair),
    "bias_corrected_dissimilarity": lambda case: _bias_corrected_dissimilarity(case.pair),
    "density_corrected_dissimilarity": lambda case: _density_corrected_dissimilarity(case.pair),
    "isolation": lambda case: _isolation(case.pair),
    "isolation_exact": lambda case: _isolation_exact(case.pair),
    "interaction": lambda case: _interaction(case.pair),
    "interaction_exact": lambda case: _interaction_exact(case.pair),
    "correlation_ratio": lambda case: _correlation_ratio(case.pair),
    "delta": lambda case: _delta(case.pair, case.land.area),
    "absolute_concentration": lambda case: _absolute_concentration(case.pair, case.land.area),
    "relative_concentration": lambda case: _relative_concentration(case.pair, case.land.area),
    "absolute_centralisation": lambda case: _absolute_centralisation(case.pair, case.land.area, _from_centre(case)),
    "relative_centralisation": lambda case: _relative_centralisation(case.pair, _from_centre(case)),
    "spatial_proximity": _near(spatial_proximities),
    "absolute_clustering": _near(absolute_clusterings),
    "relative_clustering": _near(relative_clusterings),
    "distance_decay_isolation": _near(distance_decay_isolations),
    "distance_decay_interaction": _near(distance_decay_interactions),
    "morrill": lambda case: _contrasting(case, "alike"),
    "wong_boundary": lambda case: _contrasting(case, "length"),
    "wong_shape": lambda case: _contrasting(case, "shape"),
    "spatial_proximity_profile": lambda case: case.by_place(_profile_of),
    "distortion": lambda case: distortions(case.composition, case.land.points),
    "multigroup_dissimilarity": lambda case: _multigroup_dissimilarity(case.composition),
    "multigroup_gini": lambda case: _multigroup_gini(case.composition),
    "information_theory": lambda case: _information_theory(case.composition),
    "mutual_information": lambda case: _mutual_information(case.composition),
    "relative_diversity": lambda case: _relative_diversity(case.composition),
    "normalised_exposure": lambda case: _normalised_exposure(case.composition),
    "squared_coefficient_of_variation": lambda case: _squared_coefficient_of_variation(case.composition),
    "entropy": lambda case: _entropy(case.composition),
    "simpson": lambda case: _simpson(case.composition),
    "spatial_dissimilarity": _around("spatial_dissimilarity"),
    "spatial_information_theory": _around("spatial_information_theory"),
    "spatial_relative_diversity": _around("spatial_relative_diversity"),
    "spatial_isolation": _met(0),
    "spatial_exposure": _met(1),
    "ordinal_information_theory": lambda case: _ordinal_information_theory(case.composition),
    "ordinal_variation_ratio": lambda case: _ordinal_variation_ratio(case.composition),
    "ordinal_square_root": lambda case: _ordinal_square_root(case.composition),
    "ordinal_absolute": lambda case: _ordinal_absolute(case.composition),
    "rank_order_information_theory": lambda case: _rank_order_information_theory(case.composition),
    "rank_order_variation_ratio": lambda case: _rank_order_variation_ratio(case.composition),
    "rank_order_square_root": lambda case: _rank_order_square_root(case.composition),
}

EXPECTED: dict[str, Formula] = {
    "dissimilarity": lambda case: _expected_dissimilarity(case.pair),
    "segregation_index": lambda case: _expected_dissimilarity(case.pair),
    "gini": lambda case: _expected_gini(case.pair),
    "theil_h": lambda case: _expected_information_theory(case.composition),
    "isolation": lambda case: _expected_isolation(case.pair),
    "interaction": lambda case: _expected_interaction(case.pair),
    "correlation_ratio": lambda case: _expected_correlation_ratio(case.pair),
    "information_theory": lambda case: _expected_information_theory(case.composition),
    "mutual_information": lambda case: _expected_mutual_information(case.composition),
    "relative_diversity": lambda case: _expected_relative_diversity(case.composition),
    "normalised_exposure": lambda case: _expected_relative_diversity(case.composition),
    "squared_coefficient_of_variation": lambda case: _expected_relative_diversity(case.composition),
    "multigroup_dissimilarity": lambda case: _expected_multigroup_dissimilarity(case.composition),
    "multigroup_gini": lambda case: _expected_multigroup_gini(case.composition),
}

GAP = {
    "absolute_concentration": "note_equal_areas",
    "relative_concentration": "note_equal_areas",
    "spatial_proximity": "note_decay_unit",
    "absolute_clustering": "note_decay_unit",
    "relative_clustering": "note_decay_unit",
    "distance_decay_isolation": "note_decay_unit",
    "distance_decay_interaction": "note_decay_unit",
    "morrill": "note_no_border",
    "wong_boundary": "note_no_border",
    "wong_shape": "note_no_border",
}
