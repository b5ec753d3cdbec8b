"""Other persons, other areas: populations drawn at random, many at once, each as a place of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from quartiersatlas.errors import CountError, SpecError
from quartiersatlas.segregation.counts import Composition, Pair
from quartiersatlas.segregation.places import Places

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    People = Pair | Composition

Draw = Literal[
    "persons", "areas", "evenness", "systematic", "person_permutation", "area_permutation"
]  # the first two are resamples, the others are what chance is


def drawn(people: People, how: Draw, n: int, rng: np.random.Generator) -> People:
    """Draw a population n times; the result has n times the places: all places of the first draw, of the second, ...

    Parameters
    ----------
    people : Pair or Composition
        The population.
    how : str
        ``persons``: all persons of a place anew from its areas and groups (multinomial). ``areas``: the areas of a
        place anew from its areas. ``evenness``: each area's members with the place's shares. ``systematic``: each
        group's areas with the areas' shares of all. ``person_permutation``: persons shuffled, areas and groups keep
        their size. ``area_permutation``: whole areas shuffled within the place.
    n : int
        Number of draws.
    rng : Generator
        Source of randomness.

    Returns
    -------
    Pair or Composition
        Of ``n * n_places`` places.
    """
    if how in ("areas", "area_permutation"):
        return _of_rows(people, _rows(people.places, n, rng, replace=how == "areas"), n)
    table = np.rint(_table(people))
    if not np.allclose(table, _table(people)):
        raise CountError(f"Draws of persons ({how!r}) need whole persons; the counts have fractions.")
    draw = {"persons": _persons, "evenness": _evenness, "systematic": _systematic, "person_permutation": _permutation}
    return _of_table(people, draw[how](table.astype(np.int64), people.places, n, rng), n)


def checked_draws(n: int) -> int:
    """Refuse a number of draws below 1."""
    if n < 1:
        raise SpecError(f"n={n!r} is not possible; at least one draw is needed.")
    return int(n)


def _table(people: People) -> Floats:
    """Return the population as areas x groups: of a pair the two and all others."""
    if isinstance(people, Composition):
        return people.counts
    return np.column_stack([people.group, people.other, np.maximum(people.total - people.both, 0)])


def _of_table(people: People, table: NDArray[np.int64], n: int) -> People:
    """Return drawn tables (n, n_areas, n_groups) as a population of n times the places."""
    flat = table.reshape(-1, table.shape[2]).astype(float)
    places = Places(np.tile(people.places.sizes, n))
    if isinstance(people, Composition):
        return Composition(flat, places)
    return Pair(flat[:, 0], flat[:, 1], flat.sum(axis=1), places)


def _of_rows(people: People, rows: NDArray[np.intp], n: int) -> People:
    """Return the population with these rows (n times the areas)."""
    places = Places(np.tile(people.places.sizes, n))
    if isinstance(people, Composition):
        return Composition(people.counts[rows], places)
    group, other = people.group.take(rows, mode="clip"), people.other.take(rows, mode="clip")  # rows are within
    everybody = np.array_equal(people.total, people.both)  # then a sum is faster than a third look-up
    return Pair(group, other, group + other if everybody else people.total[rows], places)


def _rows(places: Places, n: int, rng: np.random.Generator, *, replace: bool) -> NDArray[np.intp]:
    """Return rows drawn within each place, n times one after the other."""
    n_areas = int(places.sizes.sum())
    if replace and places.n_places == 1:
        return rng.integers(0, n_areas, n * n_areas)
    chance = rng.random((n, n_areas))
    if replace:
        return (
            np.repeat(places.starts, places.sizes) + (chance * np.repeat(places.sizes, places.sizes)).astype(np.intp)
        ).ravel()
    return np.argsort(chance + places.codes, axis=1).ravel()


def _persons(table: NDArray[np.int64], places: Places, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw every person of a place anew from its areas and groups."""

    def draw(part: NDArray[np.int64]) -> NDArray[np.int64]:
        total = part.sum()
        return rng.multinomial(total, part.ravel() / total, size=n).reshape(n, *part.shape)

    return _each_place(table, places, n, draw)


def _evenness(table: NDArray[np.int64], places: Places, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw each area's members with the shares of the place; areas keep their size."""
    sizes = table.sum(axis=1)
    group_sums = places.sum(table.astype(float))
    shares = group_sums / np.maximum(group_sums.sum(axis=1, keepdims=True), 1)
    left, remaining = np.broadcast_to(sizes, (n, len(sizes))).copy(), np.ones(places.n_places)
    result = np.empty((n, *table.shape), dtype=np.int64)
    for k in range(table.shape[1] - 1):  # a multinomial as a chain of binomials, for all areas at once
        chance = np.clip(shares[:, k] / np.where(remaining > 0, remaining, 1), 0, 1)
        result[:, :, k] = rng.binomial(left, places.codes.size and chance[places.codes])
        left -= result[:, :, k]
        remaining = np.maximum(remaining - shares[:, k], 0)
    result[:, :, -1] = left
    return result


def _systematic(table: NDArray[np.int64], places: Places, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw the area of each person with the areas' shares of all residents; groups keep their size."""

    def draw(part: NDArray[np.int64]) -> NDArray[np.int64]:
        chance = part.sum(axis=1) / part.sum()
        return np.stack([rng.multinomial(size, chance, size=n) for size in part.sum(axis=0)], axis=2)

    return _each_place(table, places, n, draw)


def _permutation(table: NDArray[np.int64], places: Places, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Shuffle the persons of a place; areas and groups keep their size (multivariate hypergeometric)."""

    def draw(part: NDArray[np.int64]) -> NDArray[np.int64]:
        result = np.empty((n, *part.shape), dtype=np.int64)
        result[:, :, -1] = part.sum(axis=1)
        for k, size in enumerate(part.sum(axis=0)[:-1]):
            for i in range(n if k else 1):  # the first group meets the same areas in every draw
                free, count = result[i, :, -1], n if k == 0 else 1
                result[slice(None) if k == 0 else i, :, k] = rng.multivariate_hypergeometric(
                    free, size, size=count, method="marginals"
                )
            result[:, :, -1] -= result[:, :, k]
        return result

    return _each_place(table, places, n, draw)


def _each_place(
    table: NDArray[np.int64],
    places: Places,
    n: int,
    draw: Callable[[NDArray[np.int64]], NDArray[np.int64]],
) -> NDArray[np.int64]:
    """Draw place by place, since every place has its own urn."""
    result = np.empty((n, *table.shape), dtype=np.int64)
    for start, size in zip(places.starts, places.sizes, strict=True):
        if size:
            result[:, start : start + size] = draw(table[start : start + size])
    return result
