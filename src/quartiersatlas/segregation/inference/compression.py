"""Which areas can be merged without losing segregation? Step by step, the pair that costs least of M."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.charts import Chart, Charted
from quartiersatlas.errors import CountError, SpecError, list_some
from quartiersatlas.segregation.counts import as_counts, as_numbers
from quartiersatlas.segregation.indices.boundary import checked_contacts
from quartiersatlas.segregation.pictures.compression import compression_chart

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from quartiersatlas.catalogue import Lang

    Floats = NDArray[np.float64]

MOST_AREAS = 2000  # of which any two may be merged: two million pairs
ROUNDING = 1e-12  # of M: what is kept misses the share that was asked for by no more


@dataclass(frozen=True, eq=False)
class Compression(Charted):
    """Areas merged step by step, and the mutual information M that is left.

    Parameters
    ----------
    path : DataFrame
        One row per step, the first without a merger: ``kept`` and ``merged`` (the merged area bears the name of the
        first), ``loss`` (of M, in nats), ``mutual_information`` (what is left), ``share`` (of M at the beginning),
        ``n_areas``.
    areas : Index
        The areas in the caller's order; those without persons are merged with none.
    """

    path: pd.DataFrame
    areas: pd.Index

    def crosswalk(self, *, share: float | None = None, n_areas: int | None = None) -> pd.Series:
        """Return the merged area of each area.

        Parameters
        ----------
        share : float, optional
            Merge as far as at least this share of M is left. From 0 to 1.
        n_areas : int, optional
            Merge until so many areas are left, or as few as neighbours allow.

        Returns
        -------
        Series
            On the areas' keys: the key of the merged area that each is part of.

        Raises
        ------
        SpecError
            Neither or both are given, or out of range.
        """
        if (share is None) == (n_areas is None):
            raise SpecError("crosswalk takes either share= (of M that is left) or n_areas=.")
        if share is not None and not 0 <= share <= 1:
            raise SpecError(f"share must be from 0 to 1, not {share!r}.")
        if n_areas is not None and n_areas < 1:
            raise SpecError(f"n_areas must be 1 or more, not {n_areas!r}.")
        steps = self.path.iloc[1:]
        taken = steps[steps["share"].ge(share - ROUNDING) if share is not None else steps["n_areas"].ge(n_areas)]
        into = dict(zip(taken["merged"], taken["kept"], strict=True))
        found = []
        for area in self.areas:
            while area in into:
                area = into[area]  # noqa: PLW2901 - up to the last merger
            found.append(area)
        return pd.Series(found, index=self.areas, name="merged")

    def chart(self, kind: str | None = None, lang: Lang = "de") -> Chart:
        """Return the share of M that is left over the number of areas: where the path falls, mergers begin to cost.

        Parameters
        ----------
        kind : {"path"}, optional
            The only one.
        lang : {"de", "en"}, default "de"
            Language.

        Returns
        -------
        Chart
            A line, and the fewest areas that keep 99, 95, 90, 75 and 50 % of M.

        Raises
        ------
        SpecError
            There is no such kind or language.
        """
        return compression_chart(self.path, kind, lang)

    def _repr_html_(self) -> str:
        return f"{self.path.to_html(index=False, escape=True, max_rows=12)}{self._picture()}"

    def __repr__(self) -> str:
        return f"Compression\n{self.path.to_string(index=False, max_rows=12)}"


def compress(
    counts: ArrayLike | pd.DataFrame, one: ArrayLike | None = None, other: ArrayLike | None = None
) -> Compression:
    """Merge areas step by step, always the two whose merger loses least of the mutual information M.

    Parameters
    ----------
    counts : DataFrame or array_like of float, shape (n_areas, n_groups)
        Persons per area and group; the groups exclude one another and together are everybody. Finite, >= 0. The index
        of a DataFrame names the areas.
    one, other : array_like of int, shape (n_pairs,), optional
        Positions of the two areas of each pair that may be merged, each pair once, such as neighbours; merged areas may
        be merged with what either of them could. Without them any two may be, of up to 2,000 areas.

    Returns
    -------
    Compression
        ``.path`` with every step until no two areas can be merged; ``.crosswalk(share=0.95)`` says which areas to
        merge to keep 95 % of M.

    Raises
    ------
    CountError
        A count is negative or not finite, or areas are named twice.
    GeometryError
        A pair is impossible.
    SpecError
        There are more than 2,000 areas and no pairs, or one of the two lists of pairs is missing.

    Notes
    -----
    Merging i and j loses ``t_i/T KL(pi_i, pi_ij) + t_j/T KL(pi_j, pi_ij)``, pi_ij being the shares of both together;
    M is the sum over all areas of such divergences from the city [1]_. Of equal losses the areas that come first are
    merged first. A queue of pairs makes it ``O(pairs log pairs)``.

    References
    ----------
    .. [1] Mora, R. & Ruiz-Castillo, J. (2011). Entropy-based segregation indices. Sociological Methodology 41(1),
           159-194.

    Examples
    --------
    Four areas in a row, the first two and the last two alike:

    >>> counts = pd.DataFrame({"mh": [40, 80, 10, 20], "other": [10, 20, 40, 80]}, index=list("abcd"))
    >>> found = compress(counts, [0, 1, 2], [1, 2, 3])
    >>> found.crosswalk(share=0.99).to_dict()
    {'a': 'a', 'b': 'a', 'c': 'c', 'd': 'c'}
    """
    table = as_numbers(counts, "Counts")
    if table.ndim != 2:  # noqa: PLR2004 - a table has two dimensions
        raise CountError(f"Counts of several groups must be a table of areas x groups; the shape is {table.shape}.")
    as_counts(*table.T)
    areas = counts.index if isinstance(counts, pd.DataFrame) else pd.RangeIndex(len(table))
    if not areas.is_unique:
        raise CountError(f"Areas are named twice: {list_some(areas[areas.duplicated()])}.")
    if (one is None) != (other is None):
        raise SpecError("Pairs of areas need both lists, one and other.")
    lived_in = table.sum(axis=1) > 0
    if one is not None and other is not None:
        contacts = checked_contacts(len(table), one, other)
        able = lived_in[contacts.one] & lived_in[contacts.other]
        pairs = np.column_stack([contacts.one[able], contacts.other[able]])
    else:
        if lived_in.sum() > MOST_AREAS:
            raise SpecError(
                f"{lived_in.sum():,} areas are too many to merge any two of them: pass pairs of neighbours."
            )
        rows = np.flatnonzero(lived_in)
        pairs = rows[np.column_stack(np.triu_indices(len(rows), 1))]
    return Compression(_path(table, lived_in, pairs, areas), areas)


def _path(table: Floats, lived_in: NDArray[np.bool_], pairs: NDArray[np.intp], areas: pd.Index) -> pd.DataFrame:
    """Return all steps."""
    everybody, persons = table.sum(), table.copy()
    information = (
        _information(table[lived_in]).sum() - _information(table.sum(axis=0)[None])[0] if lived_in.any() else 0
    )
    whole = left = float(information / everybody) if everybody else float("nan")
    n_areas = int(lived_in.sum())
    steps: list[tuple[object, ...]] = [(None, None, 0.0, whole, 1.0, n_areas)]
    around: list[set[int]] = [set() for _ in table]
    for i, j in pairs.tolist():
        around[i].add(j)
        around[j].add(i)
    low, high = pairs.min(axis=1, initial=len(table)), pairs.max(axis=1, initial=-1)
    losses = _losses(persons[low], persons[high]) / everybody if len(pairs) else np.empty(0)
    queue = list(zip(losses.tolist(), low.tolist(), high.tolist(), [0] * len(low), [0] * len(low), strict=True))
    heapify(queue)
    version, gone = [0] * len(table), np.zeros(len(table), dtype=bool)
    while queue:
        loss, i, j, version_i, version_j = heappop(queue)
        if gone[i] or gone[j] or (version_i, version_j) != (version[i], version[j]):
            continue
        persons[i] += persons[j]
        gone[j], version[i] = True, version[i] + 1
        around[i] = (around[i] | around[j]) - {i, j}
        for k in around[j] - {i}:
            around[k] = (around[k] - {j}) | {i}
        near = np.array(sorted(around[i]), dtype=np.intp)
        left, n_areas = left - loss, n_areas - 1
        steps.append(
            (areas[i], areas[j], loss, max(left, 0.0), max(left, 0.0) / whole if whole > 0 else np.nan, n_areas)
        )
        for k, cost in zip(near.tolist(), (_losses(persons[i][None], persons[near]) / everybody).tolist(), strict=True):
            a, b = min(i, k), max(i, k)
            heappush(queue, (cost, a, b, version[a], version[b]))
    return pd.DataFrame(steps, columns=["kept", "merged", "loss", "mutual_information", "share", "n_areas"])


def _losses(one: Floats, other: Floats) -> Floats:
    """Return what merging loses, in nats times persons."""
    return np.maximum(_information(one) + _information(other) - _information(one + other), 0)


def _information(persons: Floats) -> Floats:
    """Return sum_k x_k log(x_k / t) of each row."""
    from scipy.special import xlogy

    total = persons.sum(axis=1)
    return np.asarray(xlogy(persons, persons).sum(axis=1) - xlogy(total, total))
