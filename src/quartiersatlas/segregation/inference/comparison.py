"""Do two cities or two dates differ by more than chance? Index by index, place by place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import choice, expects, renamed
from quartiersatlas.base.progress import with_progress
from quartiersatlas.catalogue import text
from quartiersatlas.errors import JoinError, SpecError, list_some
from quartiersatlas.segregation.counts import Composition, Pair, Places
from quartiersatlas.segregation.inference.resampling import as_people, as_table, checked_n, draw_replicates, portions
from quartiersatlas.segregation.inference.significance import (
    BOUNDS,
    RESAMPLES,
    TINY,
    index_values,
    off_target,
)
from quartiersatlas.segregation.table import MeasuredIndices, index_tasks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from quartiersatlas.segregation.inference.significance import Seed
    from quartiersatlas.segregation.prepared import PreparedCounts, SegregationSpec
    from quartiersatlas.segregation.registry import IndexInput
    from quartiersatlas.segregation.table import IndexTask

    Floats = NDArray[np.float64]

HALF = 0.5


@renamed(method="resample")
def compare_segregation(
    one: MeasuredIndices,
    other: MeasuredIndices,
    resample: Literal["persons", "areas", "labels", "dates"] = "persons",
    n: int = 999,
    seed: Seed = None,
    *,
    progress: bool = False,
) -> pd.DataFrame:
    """Compare two cities or two dates, and say whether an index differs by more than chance.

    Parameters
    ----------
    one, other : SegregationResult
        Two results with the same groups and indices. Results with places are compared place by place, by name. The
        two are resampled separately: with mostly the same residents at two dates, the test is cautious.
    resample : {"persons", "areas", "labels", "dates"}, default "persons"
        Resample the persons or the areas of each (bootstrap), or deal all areas of both out again between the two
        (random labels). ``dates`` is for the same areas at two dates: in each area a coin decides whether its two
        dates change places, and nothing else is mixed.
    n : int, default 999
        Draws. At least 1.
    seed : int or Generator, optional
        Makes the comparison repeatable.
    progress : bool, default False
        Show a progress bar (needs ``pip install "quartiersatlas[progress]"``).

    Returns
    -------
    DataFrame
        One row per number both have: by, group, reference, index, radius (NaN where there is none),
        value_one, value_other, difference (other less one), lower, upper (95 %; the range of chance with
        ``labels`` and ``dates``), p_value (two-sided, ``(b + 1) / (n + 1)``), n, note.

    Raises
    ------
    SpecError
        An option is unknown, or the results have no number in common.
    CountError
        Counts are not whole persons.

    Notes
    -----
    The bootstrap interval is the basic one [1]_. Persons are drawn from the shares that the areas may truly have, so
    that the bias of small areas is taken out of both values. With ``labels`` the areas of both are alike under the
    null: for isolation and interaction a different share of the group counts as a difference.

    With ``dates`` all areas that either date has take part, known by their key; an area without persons at one date is
    empty there. The test finds what moved in the same direction in many areas, which ``labels`` drowns in the
    differences between areas.

    With areas of very different size in the two (1,000 against 50 persons), D of cities that do not differ is called
    different in 25 to 40 of 100 cases: compare H or eta squared there, or take ``labels``.

    References
    ----------
    .. [1] Davison, A. C. & Hinkley, D. V. (1997). Bootstrap Methods and their Application. Cambridge, chapters 4
           and 5.

    Examples
    --------
    >>> import quartiersatlas as qa
    >>> one = qa.measure_segregation(pd.DataFrame({"mh": [100, 60, 40, 0], "all": [100] * 4}), "mh", population="all")
    >>> other = qa.measure_segregation(pd.DataFrame({"mh": [60, 60, 40, 40], "all": [100] * 4}), "mh", population="all")
    >>> qa.compare_segregation(one, other, n=99, seed=1).loc[:1, ["index", "difference", "p_value"]]
               index  difference  p_value
    0  dissimilarity        -0.4     0.02
    1           gini        -0.6     0.02
    """
    how = 'one = qa.measure_segregation(data, ["mh"], population="residents")'
    expects(one, MeasuredIndices, "compare_segregation", how)
    expects(other, MeasuredIndices, "compare_segregation: other", how)
    choice(resample, (*RESAMPLES, "labels", "dates"), "resample")
    rng, n = np.random.default_rng(seed), checked_n(n)
    rows: list[dict[str, object]] = []
    _refuse_unlike(one.spec, other.spec)
    if resample == "dates":
        _refuse_other_areas(one.prepared.areas, other.prepared.areas)
    both = list(_matched(one, other))
    for here, there in with_progress(both, progress=progress, unit="index"):
        rows += _compared(one.prepared, other.prepared, here, there, resample, n, rng)
    if not rows:
        raise SpecError("The two results have no number in common: compute both with the same groups and indices.")
    return pd.DataFrame(rows)


def _refuse_unlike(one: SegregationSpec, other: SegregationSpec) -> None:
    """Refuse to compare what was computed in different ways."""
    for name in ("b", "kernel", "decay", "contiguity", "order", "tolerance", "min_population"):
        if getattr(one, name) != getattr(other, name):
            values = f"{getattr(one, name)!r} and {getattr(other, name)!r}"
            raise SpecError(f"The two results were computed with different {name}: {values}.")
    for name in ("barriers", "distances"):
        if (getattr(one, name) is None) != (getattr(other, name) is None):
            raise SpecError(f"Only one of the two results was computed with {name}: give both theirs, or none.")


def _refuse_other_areas(one: pd.Index, other: pd.Index) -> None:
    """Refuse to swap the dates of areas that the two results do not share."""
    apart = one.symmetric_difference(other, sort=False)
    if len(apart) or not one.is_unique:
        raise JoinError(
            f"resample='dates' needs the same areas at both dates; {list_some(apart)} are in one of them only. Bring "
            f"both to the same boundaries first (qa.transfer), or take resample='persons'."
            if len(apart)
            else "resample='dates' needs areas whose key appears once."
        )


def _matched(one: MeasuredIndices, other: MeasuredIndices) -> Iterator[tuple[IndexTask, IndexTask]]:
    """Give the tasks that both results have."""
    there = {_key(task): task for task in index_tasks(other.prepared)}
    for task in index_tasks(one.prepared):
        if _key(task) in there:
            yield task, there[_key(task)]


def _key(task: IndexTask) -> tuple[str, str, str, str]:
    return (task.index.id, task.group, task.reference, repr(task.radius))


def _compared(
    here_counts: PreparedCounts,
    there_counts: PreparedCounts,
    here: IndexTask,
    there: IndexTask,
    resample: str,
    n: int,
    rng: np.random.Generator,
) -> Iterator[dict[str, object]]:
    """Give one row per place that both have; two results of one place each are compared whatever its name."""
    values_one, reasons_one = here.values(here_counts.n_places)
    values_other, reasons_other = there.values(there_counts.n_places)
    aspatial_only = here.index.requires != "" and resample != "persons"
    able = here.given is not None and there.given is not None and not aspatial_only
    mixing = {"labels": _relabelled, "dates": _swapped}
    if able and resample not in mixing:
        off_one = off_target(here, here_counts, resample, n, rng)  # type: ignore[arg-type]
        off_other = off_target(there, there_counts, resample, n, rng)  # type: ignore[arg-type]
    for i, j, name in _common_places(here_counts, there_counts):
        difference = values_other[j] - values_one[i]
        reason = reasons_one[i] or reasons_other[j] or ("note_interval_aspatial" if aspatial_only else "")
        low = high = p_value = np.nan
        if able and not reason and resample in mixing:
            chance = mixing[resample]((here_counts, here, i), (there_counts, there, j), n, rng)
            low, high = np.nanquantile(chance, BOUNDS)
            p_value = (1 + np.sum(np.abs(chance) >= abs(difference) - TINY)) / (n + 1)
        elif able and not reason:
            moved = difference - (off_other[:, j] - off_one[:, i])
            low, high = np.nanquantile(moved, BOUNDS)
            p_value = min(1.0, 2 * (1 + min(np.sum(moved <= 0), np.sum(moved >= 0))) / (n + 1))
        yield {
            "by": name,
            "group": here.group,
            "reference": here.reference,
            "index": here.index.id,
            "radius": here.radius,
            "value_one": values_one[i],
            "value_other": values_other[j],
            "difference": difference,
            "lower": low,
            "upper": high,
            "p_value": p_value,
            "n": n,
            "note": text(reason, "en") if reason else "",
        }


def _common_places(one: PreparedCounts, other: PreparedCounts) -> list[tuple[int, int, object]]:
    """Return the numbers and the name of each place that both have."""
    if one.n_places == other.n_places == 1:
        return [(0, 0, one.place_names[0])]
    there = {name: j for j, name in enumerate(other.place_names)}
    return [(i, there[name], name) for i, name in enumerate(one.place_names) if name in there]


Side: TypeAlias = "tuple[PreparedCounts, IndexTask, int]"  # a result, a number of it and the place


def _relabelled(one_side: Side, other_side: Side, n: int, rng: np.random.Generator) -> Floats:
    """Return the differences when the areas of both are dealt out again."""
    here, one, other = one_side[1], _place(*one_side[1:]), _place(*other_side[1:])
    size = one.places.sizes[0]
    pool = _together(one, other)
    differences = []
    for count in portions(n, int(pool.places.sizes[0])):
        mixed = draw_replicates(pool, "area_permutation", count, rng)
        sizes = np.tile([size, pool.places.sizes[0] - size], count)
        cut = replace(mixed, places=Places(sizes))
        values = index_values(here, replace(cast("IndexInput", here.given), people=cut)).reshape(count, 2)
        differences.append(values[:, 1] - values[:, 0])
    return np.concatenate(differences)


def _swapped(one_side: Side, other_side: Side, n: int, rng: np.random.Generator) -> Floats:
    """Return the differences when the two dates of each area change places at random."""
    keys = [_keys(*side) for side in (one_side, other_side)]
    areas = keys[0].union(keys[1], sort=False)
    both = [_on_areas(_place(*side[1:]), own, areas) for side, own in zip((one_side, other_side), keys, strict=True)]
    pool, task, size = _together(*both), one_side[1], len(areas)
    differences = []
    for count in portions(n, 2 * size):
        swapped = rng.random((count, size)) < HALF
        first = np.arange(size) + size * swapped
        rows = np.concatenate([first, np.arange(size) + size * ~swapped], axis=1).ravel()
        mixed = replace(_rows_of(pool, rows), places=Places.alike(2 * count, size))
        values = index_values(task, replace(cast("IndexInput", task.given), people=mixed)).reshape(count, 2)
        differences.append(values[:, 1] - values[:, 0])
    return np.concatenate(differences)


def _keys(prepared: PreparedCounts, task: IndexTask, place: int) -> pd.Index:
    """Return the areas of one place that count."""
    return prepared.areas.take(prepared.rows[task.used & (prepared.codes == place)])


def _on_areas(people: Pair | Composition, keys: pd.Index, areas: pd.Index) -> Pair | Composition:
    """Return the people on these areas; nobody in those that they do not have."""
    table = pd.DataFrame(as_table(people), index=keys).reindex(areas, fill_value=0.0).to_numpy()
    return as_people(people, table, 1, Places.one(len(areas)))


def _rows_of(people: Pair | Composition, rows: NDArray[np.intp]) -> Pair | Composition:
    if isinstance(people, Pair):
        return Pair(people.group[rows], people.other[rows], people.population[rows], people.places)
    return Composition(people.counts[rows], people.places)


def _place(task: IndexTask, number: int) -> Pair | Composition:
    """Return the people of one place."""
    return list(cast("IndexInput", task.given).parts())[number].people


def _together(one: Pair | Composition, other: Pair | Composition) -> Pair | Composition:
    """Return the areas of two populations as one place."""
    places = Places.one(int(one.places.sizes[0] + other.places.sizes[0]))
    if isinstance(one, Pair) and isinstance(other, Pair):
        group, rest, population = (
            np.concatenate([getattr(one, f), getattr(other, f)]) for f in ("group", "other", "population")
        )
        return Pair(group, rest, population, places)
    return Composition(np.concatenate([one.counts, other.counts]), places)  # type: ignore[union-attr]
