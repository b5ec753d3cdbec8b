"""What numbers may truly be where persons are few: draws of the true shares, carried through to any result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import choice
from quartiersatlas.segregation.counts import Composition, Places, as_composition
from quartiersatlas.segregation.indices.multigroup import local_segregation_scores
from quartiersatlas.segregation.inference.resampling import checked_n
from quartiersatlas.segregation.inference.significance import OF_MODELS
from quartiersatlas.segregation.inference.true_shares import true_populations

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Seed = int | np.random.Generator | None

OfPersons: TypeAlias = Literal["persons"]


def local_segregation_interval(
    counts: ArrayLike | pd.DataFrame, n: int = 999, seed: int | np.random.Generator | None = None
) -> pd.DataFrame:
    """Tell what the local segregation of each area may truly be, given how few persons live there.

    Parameters
    ----------
    counts : DataFrame or array_like of float, shape (n_areas, n_groups)
        Persons per area and group; the groups exclude one another and together are everybody. Finite, >= 0; the persons
        of an area are a whole number.
    n : int, default 999
        Draws. At least 1.
    seed : int or Generator, optional
        Makes the interval repeatable.

    Returns
    -------
    DataFrame
        ``value`` (of :func:`local_segregation`), ``lower``, ``upper`` per area, on the index of the counts; NaN in
        empty areas and where the city has a single group.

    Raises
    ------
    CountError
        A count is negative or not finite, or the persons of an area have a fraction.

    Notes
    -----
    The persons of an area are a draw from the shares that it truly has. These are drawn from models of the shares of
    all areas, as for the intervals of :meth:`SegregationResult.bootstrap`; lower and upper are the 1.25th and the
    98.75th percentile of the local segregation of such shares. The value itself is raised by chance and may lie above
    the interval in small areas; below 0 nothing can be.

    Examples
    --------
    Twenty areas of fifty persons: only the last one differs by more than by chance.

    >>> counts = [[10, 40]] * 10 + [[12, 38]] * 9 + [[40, 10]]
    >>> found = local_segregation_interval(counts, n=199, seed=1)
    >>> found.index[found["lower"] > 0.1].tolist()
    [19]
    """
    table = np.asarray(counts, dtype=float)
    people = as_composition(table)
    values = np.full((3, len(table)), np.nan)
    if people.reasons[0] in ("", "note_one_area"):
        inhabited = table.sum(axis=1) > 0
        drawn = [
            local_segregation_scores(Composition(one, people.places))
            for one in drawn_tables(people, n, np.random.default_rng(seed))
        ]
        values[0, inhabited] = local_segregation_scores(people)
        values[1:, inhabited] = bounds(drawn)
    index = counts.index if isinstance(counts, pd.DataFrame) else None
    return pd.DataFrame(dict(zip(("value", "lower", "upper"), values, strict=True)), index=index)


def drawn_tables(people: Composition, n: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Give n tables (areas x groups) of the persons that the true shares of the areas may give.

    Raises
    ------
    CountError
        The sizes of areas are not whole persons.
    """
    for count, drawn in true_populations(people, checked_n(n), rng):
        yield from drawn.counts.reshape(count, *people.counts.shape)  # type: ignore[union-attr]


def drawn_within(table: Floats, places: NDArray[np.intp], n_places: int, n: int, seed: Seed) -> Iterator[Floats]:
    """Give n tables of the areas in the caller's order; the shares of each place have a model of their own."""
    order = np.argsort(places, kind="stable")
    people = Composition(table[order], Places.of_sorted(places[order], n_places))
    back = np.argsort(order, kind="stable")
    for one in drawn_tables(people, n, np.random.default_rng(seed)):
        yield one[back]


def bounds(drawn: Iterable[ArrayLike]) -> Floats:
    """Return lower and upper of each number of the draws; NaN where no draw has one."""
    table = np.array(list(drawn), dtype=float)
    result = np.full((2, table.shape[1]), np.nan)
    known = np.isfinite(table).any(axis=0)
    if known.any():
        result[:, known] = np.nanquantile(table[:, known], OF_MODELS, axis=0)
    return result


def check_resample(resample: str | None) -> None:
    """Refuse another kind of draws than those of persons."""
    choice(resample, (None, "persons"), "resample")
