"""Which columns are sums or parts of others? Those that were declared, and those that the numbers show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

MOST_ROWS = 80  # that the search for sums looks at: those with the largest wholes
HOLDS = 0.8  # of the rows: from here on a relation is no chance
NEARLY = 0.9  # of the rows that hold up to a small difference
FIXED, RELATIVE = 2.0, 0.02  # the small difference: two persons, or two in a hundred
ONE = 0.4  # how far a coefficient may be from 0 and 1
SECRET = 1.0  # what a cell that nobody has told is taken to be in the search: those are small
SEARCHES = 18  # of further sums of one whole
FEW_ROWS = 3  # with fewer known rows everything adds up
FEW_ROWS_OF_PARTS = 12  # with fewer, one column is below another by chance


@dataclass(frozen=True)
class Sum:
    """A whole and the parts that add up to it: numbers of columns, and whether somebody declared it."""

    whole: int
    parts: tuple[int, ...]
    is_declared: bool = False


Parts: TypeAlias = tuple[tuple[int, ...], int]


@dataclass(frozen=True)
class Relations:
    """What columns have to do with each other.

    Parameters
    ----------
    sums : tuple of Sum
        Wholes and their parts.
    known_parts : tuple of (tuple of int, int)
        Declared: parts and the whole that they are at most together.
    seen_parts : tuple of (int, int)
        Columns of which the one is nowhere more than the other, by their numbers alone: where the one is shown it
        bounds the other.
    """

    sums: tuple[Sum, ...] = ()
    known_parts: tuple[Parts, ...] = ()
    seen_parts: tuple[tuple[int, int], ...] = ()

    @property
    def found(self) -> tuple[Sum | None, ...]:
        """What nobody declared, so that it may hold by chance: sums, and None for the parts that were only seen."""
        sums = [one for one in self.sums if not one.is_declared]
        return (*sums, None) if self.seen_parts else (*sums,)

    def without(self, found: Iterable[Sum | None]) -> Relations:
        """Return the relations of one who does not know some of those that were found."""
        those = set(found)
        sums = tuple(one for one in self.sums if one not in those)
        return replace(self, sums=sums, seen_parts=() if None in those else self.seen_parts)


@dataclass(frozen=True)
class EarlierRelations:
    """What an earlier release of the same counts was planned with, by the names of the columns.

    Parameters
    ----------
    sums : tuple of tuple of str
        Wholes, each with its parts.
    parts : tuple of tuple of str
        Parts, each with their whole last.
    wholes : mapping of str to tuple of str
        Every column among which relations were looked for -> the columns that it was nowhere more than.
    """

    sums: tuple[tuple[str, ...], ...]
    parts: tuple[tuple[str, ...], ...]
    wholes: Mapping[str, tuple[str, ...]]

    def settles(self, *columns: str) -> bool:
        """Return True if relations among these columns were looked for: what was not found then is none now."""
        return all(column in self.wholes for column in columns)


def find_relations(
    counts: Floats,
    names: Sequence[str],
    sums: Mapping[str, Sequence[str]] | Iterable[tuple[str, Sequence[str]]],
    parts: Mapping[str, Sequence[str]],
    pairs: Iterable[tuple[str, str]] = (),
    *,
    search: bool = True,
    earlier: Sequence[EarlierRelations] = (),
    most: Floats | None = None,
) -> Relations:
    """Return declared relations, and those that the counts show.

    Parameters
    ----------
    counts : ndarray, shape (n_areas, n_columns)
        Whole numbers; NaN where unknown.
    names : sequence of str
        The columns.
    sums : mapping of str to sequence of str, or iterable of such pairs
        Declared: whole -> its parts; pairs where a whole adds up in several ways. Columns that are not there make a
        sum say nothing.
    parts : mapping of str to sequence of str
        Declared: whole -> its parts. Where the parts together are nowhere more than the whole, that is a relation too.
    pairs : iterable of (str, str)
        Part and whole, such as the counts of rates.
    search : bool, default True
        Whether relations are looked for as well.
    earlier : sequence of EarlierRelations
        What earlier releases found in these counts. Among the columns that one of them had, nothing is looked for
        again: what is found can depend on withheld counts, and a plan that stands must not.
    most : ndarray, shape (n_areas, n_columns), optional
        What secret cells can be at most; NaN where a cell is none. A row with a single one speaks for a sum where
        there is a value for it.

    Notes
    -----
    A relation that holds by chance is the safe error: the truth fulfils it, so what a reader can know is only taken to
    be more than it is. What this leaves at its limit is protected without it as well, as a reader may not know it
    (:func:`~quartiersatlas.disclosure.system.chance.protect`). Sums are found by least absolute deviations, which pass
    exactly through the rows that hold if most do: rows that are off by one, or a row of totals that was typed wrongly,
    hide no sum.

    Examples
    --------
    >>> x = np.array([[1.0, 4, 5], [2, 9, 11], [3, 1, 4], [7, 2, 9], [5, 5, 10]])
    >>> find_relations(x, ["a", "b", "all"], {}, {}).sums
    (Sum(whole=2, parts=(0, 1), is_declared=False),)
    """
    place = {name: number for number, name in enumerate(names)}
    declared = [
        Sum(place[whole], tuple(place[part] for part in those), is_declared=True)
        for whole, those in (sums.items() if isinstance(sums, Mapping) else sums)
        if whole in place and all(part in place for part in those)
    ]
    named = [*pairs, *((part, whole) for whole, those in parts.items() for part in those)]
    known: list[Parts] = [((place[p],), place[w]) for p, w in named if p in place and w in place and p != w]
    for whole, those in parts.items():
        inside = tuple(part for part in those if part in place)
        if whole in place and len(inside) > 1 and _are_apart(counts, place, inside, whole, earlier):
            known.append((tuple(place[part] for part in inside), place[whole]))
    known = list(dict.fromkeys(known))
    if not search:
        return Relations((*declared,), tuple(known))
    found, seen = _found(counts, np.full(counts.shape, np.nan) if most is None else most, names, earlier)
    single = set(known)
    return Relations(
        (*declared, *_without_partial_sums(counts, declared, found)),
        tuple(known),
        tuple((part, whole) for whole, part in sorted((b, a) for a, b in seen) if ((part,), whole) not in single),
    )


def _found(
    counts: Floats, most: Floats, names: Sequence[str], earlier: Sequence[EarlierRelations]
) -> tuple[list[Sum], list[tuple[int, int]]]:
    """Return sums, and pairs of part and whole: those of earlier releases, and others with what these did not have."""
    place = {name: number for number, name in enumerate(names)}
    rows = dict.fromkeys(row for one in earlier for row in one.sums if all(name in place for name in row))
    sums = [Sum(place[row[0]], tuple(place[name] for name in row[1:])) for row in rows]
    told = ((part, whole) for one in earlier for part, those in one.wholes.items() for whole in those)
    seen = [(place[part], place[whole]) for part, whole in dict.fromkeys(told) if part in place and whole in place]
    if any(one.settles(*names) for one in earlier):
        return sums, seen

    def is_new(*columns: int) -> bool:
        return not any(one.settles(*(names[column] for column in columns)) for one in earlier)

    sums += [one for one in found_sums(counts, most) if is_new(one.whole, *one.parts)]
    return sums, seen + [pair for pair in found_parts(counts) if is_new(*pair)]


def _without_partial_sums(counts: Floats, declared: list[Sum], found: list[Sum]) -> list[Sum]:
    """Return the found sums without those that lack (or add) a small part of another sum of the same whole.

    With a part that is mostly zero both seem to hold, and the residual of the shorter one would be that part.
    """
    ranked = sorted(found, key=lambda one: (_share_exact(counts, one), len(one.parts)), reverse=True)
    kept: list[Sum] = []
    for one in ranked:
        parts = set(one.parts)
        others = [set(other.parts) for other in (*declared, *kept) if other.whole == one.whole]
        if not any(parts <= other or parts >= other for other in others):
            kept.append(one)
    return [one for one in found if one in kept]


def _share_exact(counts: Floats, one: Sum) -> float:
    rest = counts[:, one.whole] - counts[:, one.parts].sum(axis=1)
    known = np.isfinite(rest)
    return float((rest[known] == 0).mean()) if known.any() else 0.0


def _are_apart(
    counts: Floats, place: Mapping[str, int], parts: tuple[str, ...], whole: str, earlier: Sequence[EarlierRelations]
) -> bool:
    """Return True if the parts together are nowhere more than the whole: then nobody is counted in two of them.

    An earlier release that had each of them as a part has settled it.
    """
    for one in earlier:
        if all((part, whole) in one.parts for part in parts):
            return (*parts, whole) in one.parts
    columns = [place[part] for part in parts]
    return not bool((counts[:, columns].sum(axis=1) > counts[:, place[whole]]).any())


def found_parts(counts: Floats) -> list[tuple[int, int]]:
    """Return the pairs in which the one column is at most the other in every row where both are known."""
    found: list[tuple[int, int]] = []
    known = np.isfinite(counts)
    for whole in range(counts.shape[1]):
        both = known & known[:, [whole]]
        with np.errstate(invalid="ignore"):
            below = (counts <= counts[:, [whole]]) | ~both
        enough = (both & (counts > 0)).sum(axis=0) >= FEW_ROWS_OF_PARTS
        found += [(int(part), whole) for part in np.flatnonzero(below.all(axis=0) & enough) if part != whole]
    return found


def found_sums(counts: Floats, most: Floats | None = None) -> list[Sum]:
    """Return the wholes that are sums of other columns in most rows; of equal columns and their sums the first."""
    most = np.full(counts.shape, np.nan) if most is None else most
    there = np.where(np.isfinite(most), SECRET, counts)
    kept = _without_equal_columns(counts, there)
    found: list[Sum] = []
    for whole in sorted(kept, key=lambda column: float(np.nansum(counts[:, column]))):
        parts = [c for c in kept if c != whole and _is_mostly_below(there[:, c], counts[:, whole])]
        if len(parts) > 1:
            found += _sums_of(counts, most, whole, parts)
    return [*found, *_equalities(counts, kept)]


def _without_equal_columns(counts: Floats, there: Floats) -> list[int]:
    """Return the columns without those that repeat an earlier one, and without those in which there is nobody."""
    kept: list[int] = []
    for column in range(counts.shape[1]):
        x = counts[:, column]
        if np.nansum(there[:, column]) > 0 and not any(_mostly_equal(x, counts[:, other]) for other in kept):
            kept.append(column)
    return kept


def _mostly_equal(one: Floats, other: Floats) -> bool:
    known = np.isfinite(one) & np.isfinite(other)
    there = known & ((one > 0) | (other > 0))  # where there is nobody, all columns are equal
    return bool(known.sum() >= FEW_ROWS and there.sum() > 1 and (one == other)[there].mean() >= HOLDS)


def _equalities(counts: Floats, kept: list[int]) -> Iterator[Sum]:
    """Yield columns that repeat another one, as sums of a single part."""
    for column in range(counts.shape[1]):
        if column not in kept and np.nansum(counts[:, column]) > 0:
            same = next(other for other in kept if _mostly_equal(counts[:, column], counts[:, other]))
            yield Sum(column, (same,))


def _is_mostly_below(part: Floats, whole: Floats) -> bool:
    known = np.isfinite(part) & np.isfinite(whole)
    return bool(known.any() and np.nansum(part) > 0 and (part <= whole)[known].mean() >= HOLDS)


def _sums_of(counts: Floats, most: Floats, whole: int, parts: list[int]) -> Iterator[Sum]:
    """Yield the sums of one whole: the best one, and others without one of its parts."""
    open_lists: list[frozenset[int]] = [frozenset()]
    tried, seen = 0, set[tuple[int, ...]]()
    asked = set(open_lists)
    while open_lists and tried <= SEARCHES:
        banned = open_lists.pop(0)
        tried += 1
        found = _best_sum(counts, most, whole, [part for part in parts if part not in banned], nearly=not banned)
        if found is None:
            continue
        if found not in seen:
            seen.add(found)
            yield Sum(whole, found)
        for part in found:
            without = banned | {part}
            if without not in asked:
                asked.add(without)
                open_lists.append(without)


def _best_sum(counts: Floats, most: Floats, whole: int, parts: list[int], *, nearly: bool) -> tuple[int, ...] | None:
    """Return the parts whose sum is nearest to the whole, if it is a sum: ``min sum |w - X b| / max(w, 1)``.

    Without a part that belongs to it a sum may still nearly hold, where that part is small: so further sums must hold
    exactly.
    """
    if len(parts) < 2:  # noqa: PLR2004 - one part is no sum
        return None
    told = np.isfinite(counts[:, whole]) & (np.isfinite(counts[:, parts]).sum(axis=1) > 1)
    rows = np.flatnonzero(told)[np.argsort(-counts[told, whole], kind="stable")[:MOST_ROWS]]
    if (counts[rows, whole] > 0).sum() < FEW_ROWS:
        return None
    b = _least_deviations(np.nan_to_num(counts[rows][:, parts], nan=SECRET), counts[rows, whole])
    if b is None or (np.minimum(np.abs(b), np.abs(1 - b)) > ONE).any() or (b > 1 - ONE).sum() < 2:  # noqa: PLR2004
        return None
    chosen = tuple(part for part, coefficient in zip(parts, b, strict=True) if coefficient > 1 - ONE)
    rest = _residuals(counts, most, whole, chosen)
    told = np.isfinite(rest) & (counts[:, whole] > 0)  # where there is nobody, every sum holds
    whole_rows = np.isfinite(counts[told][:, chosen]).all(axis=1).sum()
    if whole_rows < 2 and told.sum() < FEW_ROWS:  # noqa: PLR2004 - one row is no relation
        return None
    exact = float((rest[told] == 0).mean())
    near = float((rest[told] <= np.maximum(FIXED, RELATIVE * counts[told, whole])).mean())
    return chosen if exact >= HOLDS or (nearly and near >= NEARLY) else None


def _residuals(counts: Floats, most: Floats, whole: int, parts: tuple[int, ...]) -> Floats:
    """Return by how much a sum is off at least in each row; NaN where more than one secret part is not known."""
    x, limit = counts[:, parts], most[:, parts]
    rest = counts[:, whole] - np.nansum(x, axis=1)
    secret = np.isnan(x) & np.isfinite(limit)
    room = np.where(secret, limit, 0.0).sum(axis=1)
    known = (np.isfinite(x) | secret).all(axis=1) & (secret.sum(axis=1) <= 1)
    return np.where(known, np.maximum(-rest, rest - room).clip(min=0), np.nan)


def _least_deviations(x: Floats, w: Floats) -> Floats | None:
    """Return coefficients between 0 and 1 with the least sum of relative absolute deviations."""
    from scipy.optimize import linprog
    from scipy.sparse import eye_array, hstack

    n, p = x.shape
    scale = 1 / np.maximum(w, 1)
    scaled = x * scale[:, None]
    matrix = hstack([scaled, eye_array(n), -eye_array(n)], format="csc")
    goal = np.concatenate([np.zeros(p), np.ones(2 * n)])
    bounds = np.column_stack([np.zeros(p + 2 * n), np.concatenate([np.ones(p), np.full(2 * n, np.inf)])])
    result = linprog(goal, A_eq=matrix, b_eq=w * scale, bounds=bounds, method="highs")
    return None if result.x is None else np.asarray(result.x[:p], dtype=float)
