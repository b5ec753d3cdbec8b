"""Other persons, other areas: populations drawn at random, many at once, each as a place of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from quartiersatlas.errors import CountError, SpecError
from quartiersatlas.segregation.counts import Composition, Pair, Places, share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    People = Pair | Composition
IN_CACHE = 50_000  # areas of all draws that are computed at a time
MOST_PERSONS = 10**9  # the limit of the hypergeometric draws
MOST_DRAWS = 1_000_000  # a share of so many draws is exact to a tenth of a percentage point

ReplicateKind = Literal[
    "persons", "areas", "evenness", "systematic", "person_permutation", "area_permutation"
]  # the first two are resamples, the others are what chance is


def draw_replicates(people: People, kind: ReplicateKind, n: int, rng: np.random.Generator) -> People:
    """Draw a population n times; the result has n times the places: all places of the first draw, of the second, ...

    Parameters
    ----------
    people : Pair or Composition
        The population.
    kind : str
        ``persons``: the persons of each area anew with the shares found there. ``areas``: the areas of a place anew
        from its areas. ``evenness``: each area's members with the place's
        shares. ``systematic``: each group's areas with the areas' shares of all. ``person_permutation``: persons
        shuffled, areas and groups keep their size. ``area_permutation``: inhabited areas shuffled within the place. Of
        a pair, chance moves the two populations that are compared; everybody else stays.
    n : int
        Number of draws.
    rng : Generator
        Source of randomness.

    Returns
    -------
    Pair or Composition
        Of ``n * n_places`` places.
    """
    if kind == "areas":
        return _of_rows(people, _rows(people.places, n, rng), n)
    if kind == "area_permutation":
        return _of_rows(people, _shuffled(people, n, rng), n)
    if kind == "persons":
        persons = as_table(people)
        sizes = whole_persons(persons.sum(axis=1), kind)
        shares = share(persons, persons.sum(axis=1)[:, None])
        drawn = _multinomial(np.array(np.broadcast_to(sizes, (n, len(sizes)))), shares, rng)
        return as_people(people, drawn, n)
    table = whole_persons(as_table(people)[:, :2] if isinstance(people, Pair) else as_table(people), kind)
    draw = {"evenness": _evenness, "systematic": _systematic, "person_permutation": _permutation}[kind]
    found = draw(table, people.places, n, rng)
    if isinstance(people, Pair):
        others = np.broadcast_to(np.rint(people.population - people.both), (n, len(people.population)))
        found = np.concatenate([found, others[:, :, None].astype(np.int64)], axis=2)
    return as_people(people, found, n)


def portions(n: int, n_areas: int) -> Iterator[int]:
    """Give numbers of draws that fit into the cache together."""
    most = max(1, IN_CACHE // max(n_areas, 1))
    for start in range(0, n, most):
        yield min(most, n - start)


def whole_persons(table: Floats, kind: str) -> NDArray[np.int64]:
    """Return counts of whole persons, or refuse fractions and more persons than can be drawn."""
    persons = np.rint(table)
    if not np.allclose(persons, table):
        raise CountError(f"Draws of persons ({kind!r}) need whole persons; the counts have fractions.")
    if persons.sum() >= MOST_PERSONS:
        raise CountError(f"{persons.sum():g} persons are more than can be drawn ({MOST_PERSONS:g}).")
    return persons.astype(np.int64)


def checked_n(n: int) -> int:
    """Refuse a number of draws below 1, and one that would never end."""
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or not 1 <= n <= MOST_DRAWS:
        raise SpecError(f"n must be a whole number from 1 to {MOST_DRAWS:,}, not {n!r}.")
    return int(n)


def as_table(people: People) -> Floats:
    """Return the population as areas x groups: of a pair the two and all others."""
    if isinstance(people, Composition):
        return people.counts
    return np.column_stack([people.group, people.other, np.maximum(people.population - people.both, 0)])


def as_people(people: People, table: NDArray[np.int64] | Floats, n: int, places: Places | None = None) -> People:
    """Return drawn tables (n, n_areas, n_groups) as a population of n times the places."""
    flat = table.reshape(-1, table.shape[-1]).astype(float)
    places = places or Places(np.tile(people.places.sizes, n))
    if isinstance(people, Composition):
        return Composition(flat, places)
    return Pair(flat[:, 0], flat[:, 1], flat.sum(axis=1), places)


def _of_rows(people: People, rows: NDArray[np.intp], n: int) -> People:
    """Return the population with these rows (n times the areas)."""
    places = Places(np.tile(people.places.sizes, n))
    if isinstance(people, Composition):
        return Composition(people.counts[rows], places)
    group, other = people.group.take(rows, mode="clip"), people.other.take(rows, mode="clip")  # rows are within
    everybody = np.array_equal(people.population, people.both)  # then a sum is faster than a third look-up
    return Pair(group, other, group + other if everybody else people.population[rows], places)


def _rows(places: Places, n: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return rows drawn within each place with replacement, n times one after the other."""
    n_areas = int(places.sizes.sum())
    if places.n_places == 1:
        return rng.integers(0, n_areas, n * n_areas)
    chance = rng.random((n, n_areas))
    return (
        np.repeat(places.starts, places.sizes) + (chance * np.repeat(places.sizes, places.sizes)).astype(np.intp)
    ).ravel()


def _shuffled(people: People, n: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return the inhabited rows shuffled within each place, n times; where nobody lives, nobody moves to."""
    lived_in = np.flatnonzero(as_table(people).sum(axis=1) > 0)
    chance = rng.random((n, len(lived_in)))
    rows = np.tile(np.arange(len(people.places.codes)), (n, 1))
    rows[:, lived_in] = lived_in[np.argsort(chance + people.places.codes[lived_in], axis=1)]
    return rows.ravel()


def _multinomial(sizes: NDArray[np.int64], shares: Floats, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw multinomial counts of all areas at once, as a chain of binomial ones."""
    left, remaining = sizes.copy(), np.ones(len(shares))
    result = np.empty((*sizes.shape, shares.shape[1]), dtype=np.int64)
    for k in range(shares.shape[1] - 1):
        result[:, :, k] = rng.binomial(left, np.clip(share(shares[:, k], remaining), 0, 1))
        left -= result[:, :, k]
        remaining = np.maximum(remaining - shares[:, k], 0)
    result[:, :, -1] = left
    return result


def _evenness(table: NDArray[np.int64], places: Places, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw each area's members with the shares of the place; areas keep their size."""
    group_sums = places.sum(table.astype(float))
    shares = share(group_sums, group_sums.sum(axis=1, keepdims=True))
    sizes = np.broadcast_to(table.sum(axis=1), (n, len(table)))
    return _multinomial(sizes, shares[places.codes], rng)


def _systematic(table: NDArray[np.int64], places: Places, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw the area of each person with the areas' shares of all residents; groups keep their size."""

    def draw(part: NDArray[np.int64]) -> NDArray[np.int64]:
        chance = part.sum(axis=1) / max(part.sum(), 1)
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
