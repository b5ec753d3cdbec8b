"""How sure is a number? Intervals from resamples, and tests against chance."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import choice
from quartiersatlas.base.progress import with_progress
from quartiersatlas.catalogue import text
from quartiersatlas.segregation.counts import Places
from quartiersatlas.segregation.indices.evenness import dissimilarity_under_evenness
from quartiersatlas.segregation.inference.resampling import (
    IN_CACHE,
    as_people,
    as_table,
    checked_n,
    draw_replicates,
    portions,
)
from quartiersatlas.segregation.inference.true_shares import true_populations
from quartiersatlas.segregation.registry import registry
from quartiersatlas.segregation.table import by_place, index_tasks, reasons_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quartiersatlas.segregation.inference.resampling import People, ReplicateKind
    from quartiersatlas.segregation.prepared import PreparedCounts
    from quartiersatlas.segregation.registry import IndexInput
    from quartiersatlas.segregation.table import IndexTask, MeasuredIndices

    Floats = NDArray[np.float64]
    Seed = int | np.random.Generator | None

Resample: TypeAlias = Literal["persons", "areas"]
Null: TypeAlias = Literal["evenness", "systematic", "person_permutation", "area_permutation", "analytic"]
RESAMPLES = ("persons", "areas")
NULLS = ("evenness", "systematic", "person_permutation", "area_permutation", "analytic")
CHANCE = ("null_mean", "null_sd", "null_lower", "null_upper", "p_value", "n", "note")
BOUNDS = (0.025, 0.975)
OF_MODELS = (0.0125, 0.9875)  # no model is quite true: with these, what is called 95 % holds the truth in 90 and more
TARGET = {  # what a corrected index wants to be
    "bias_corrected_dissimilarity": "dissimilarity",
    "density_corrected_dissimilarity": "dissimilarity",
    "isolation_exact": "isolation",
    "interaction_exact": "interaction",
}
FEW = 10  # areas below which the law of D under evenness is far from normal
TINY = 1e-12  # a draw this close to the value counts as equal


def bootstrap(
    result: MeasuredIndices,
    resample: Resample = "persons",
    n: int = 999,
    seed: Seed = None,
    *,
    progress: bool = False,
) -> pd.DataFrame:
    """Bootstrap each number: bias, spread and 95 % interval from resampled persons or areas.

    Parameters
    ----------
    result : SegregationResult
        The numbers.
    resample : {"persons", "areas"}, default "persons"
        ``persons``: the persons of each area are drawn by chance from the shares that it truly has; these are drawn
        from models of the shares of all areas (all alike, spread by a Dirichlet distribution, or of two kinds), weighed
        by how well they explain what was found. These models know nothing of neighbours: for indices with geometry,
        persons are drawn again with the shares found (basic bootstrap). ``areas``: resample the areas of each place.
    n : int, default 999
        Resamples. At least 1.
    seed : int or Generator, optional
        Makes the intervals repeatable.
    progress : bool, default False
        Show a progress bar.

    Returns
    -------
    DataFrame
        One row per row of the table: by, group, reference, index, value, bias (value less what it may truly be on
        average), sd (of what it may truly be), corrected (value less bias), lower, upper (95 %, of areas and of indices
        with geometry the basic bootstrap, cut at the range of the index), n, note. With small areas the
        interval need not hold the value, which chance alone has raised.

    Raises
    ------
    SpecError
        An option is unknown.
    CountError
        Counts are not whole persons.

    Notes
    -----
    With ``persons`` lower and upper are the 1.25th and 98.75th percentile, since no model of the shares is quite true.
    In simulations the 95 % intervals of persons hold the true D, G, H, isolation and eta squared in 92 to 100 of 100
    cases, with areas of 30 persons or of thousands, segregation clear, mild or none, shares spread evenly, in a wave or
    of two kinds: benchmarks/calibration_segregation.py, table in docs/segregation_intervals.md.
    """
    choice(resample, RESAMPLES, "resample")
    tasks = index_tasks(result.prepared)
    return _identified(result).join(_spread(result.prepared, tasks, resample, n, seed, progress=progress))


def jackknife(result: MeasuredIndices) -> pd.DataFrame:
    """Leave out one area after the other: how much do the numbers hang on single areas?

    Parameters
    ----------
    result : SegregationResult
        The numbers.

    Returns
    -------
    DataFrame
        One row per row of the table: by, group, reference, index, value, bias, sd, corrected (value less bias), lowest
        and highest (the numbers without one area), without_lowest and without_highest (which area that is), n (areas
        left out one by one), note. Indices with geometry have none, since an area that is left out tears a hole.

    Notes
    -----
    With v_i the value without area i and m their mean, ``bias = (n - 1) (m - v)`` and ``sd^2 = (n - 1) / n
    sum_i (v_i - m)^2`` [1]_. It treats the areas as a sample of areas; chance among the persons of an area is
    :func:`bootstrap`.

    References
    ----------
    .. [1] Efron, B. & Tibshirani, R. (1993). An Introduction to the Bootstrap. New York, chapter 11.
    """
    prepared = result.prepared
    rows: list[dict[str, object]] = []
    for task in index_tasks(prepared):
        value, reasons = task.values(prepared.n_places)
        spatial = task.index.requires != ""
        places = [None] * prepared.n_places if spatial or task.given is None else task.given.parts()
        keys = prepared.areas[prepared.rows[task.used]]
        filled = iter(places)
        for place in range(prepared.n_places):
            size = int(prepared.per_place(task.used)[place])
            part = next(filled) if size or spatial or task.given is None else None
            without = np.empty(0) if part is None or reasons[place] else _without_one(task, part)
            own = keys[prepared.codes[task.used] == place]
            reason = reasons[place] or ("note_interval_aspatial" if spatial else "")
            rows.append(_left_out(float(value[place]), without, own) | {"note": text(reason, "en") if reason else ""})
    order = np.arange(len(rows)).reshape(-1, prepared.n_places).T.ravel()
    return _identified(result).join(pd.DataFrame(rows).iloc[order].reset_index(drop=True))


def _without_one(task: IndexTask, part: IndexInput) -> Floats:
    """Return the index of one place without each of its areas."""
    size, values = len(part), []
    for start in range(0, size, max(1, IN_CACHE // size)):
        left_out = np.arange(start, min(start + max(1, IN_CACHE // size), size))
        kept = np.tile(np.arange(size - 1), (len(left_out), 1))
        kept += kept >= left_out[:, None]
        table = as_table(part.people)[kept]
        people = as_people(part.people, table, len(left_out), Places.alike(len(left_out), size - 1))
        values.append(index_values(task, replace(part, people=people)))
    return np.concatenate(values)


def _left_out(value: float, without: Floats, areas: pd.Index) -> dict[str, object]:
    """Return what leaving out single areas tells; NaN where there are none, or where one cannot be left out."""
    n = len(without)
    names = ("bias", "sd", "corrected", "lowest", "highest", "without_lowest", "without_highest")
    if n == 0 or np.isnan(without).any():
        return {**dict.fromkeys(names, np.nan), "n": n}
    bias = (n - 1) * (without.mean() - value)
    sd = np.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum())
    low, high = int(without.argmin()), int(without.argmax())
    found = (bias, sd, value - bias, without[low], without[high], areas[low], areas[high])
    return {**dict(zip(names, found, strict=True)), "n": n}


def with_intervals(
    rows: pd.DataFrame,
    prepared: PreparedCounts,
    tasks: list[IndexTask],
    resample: Resample,
    *,
    n: int,
    seed: Seed,
    progress: bool,
) -> pd.DataFrame:
    """Fill lower and upper of the rows of a table."""
    spread = _spread(prepared, tasks, resample, n, seed, progress=progress)
    return rows.assign(lower=spread["lower"], upper=spread["upper"])


def _spread(
    prepared: PreparedCounts, tasks: list[IndexTask], resample: Resample, n: int, seed: Seed, *, progress: bool
) -> pd.DataFrame:
    """Return bias, sd, corrected value and the basic bootstrap interval, row by row of the table."""
    rng, n = np.random.default_rng(seed), checked_n(n)
    columns: dict[str, list[Floats]] = {name: [] for name in ("bias", "sd", "corrected", "lower", "upper")}
    notes = []
    for task in with_progress(tasks, progress=progress, unit="index"):
        value, reasons = task.values(prepared.n_places)
        aspatial_only = resample == "areas" and task.index.requires != ""
        off = np.full((1, prepared.n_places), np.nan) if aspatial_only else off_target(task, prepared, resample, n, rng)
        bias, low, high = _summary(off, OF_MODELS if resample == "persons" else BOUNDS)
        columns["bias"].append(bias)
        columns["sd"].append(_sd(off))
        columns["corrected"].append(value - bias)
        columns["lower"].append(_within(task, value - high))
        columns["upper"].append(_within(task, value - low))
        notes.append(np.where((reasons == "") & aspatial_only, "note_interval_aspatial", reasons))
    frame = pd.DataFrame({name: by_place(parts) for name, parts in columns.items()})
    return frame.assign(n=n, note=[text(note, "en") if note else "" for note in by_place(notes)])


def off_target(
    task: IndexTask, prepared: PreparedCounts, resample: Resample, n: int, rng: np.random.Generator
) -> Floats:
    """Return how far off the true value the index of n populations is, shape (n, n_places).

    Areas are drawn from the areas found, whose index is then the truth, and so are persons where the index looks at
    several areas together: the models of true shares know nothing of neighbours and would draw areas side by side too
    much apart. Otherwise, with persons, the true values are those of the shares that the areas may truly have
    (:func:`true_populations`), of a corrected index those of the index that it corrects.
    """
    if task.given is None:
        return np.full((1, prepared.n_places), np.nan)
    if resample == "areas" or task.index.requires:
        return _replicate_values(task, prepared, resample, n, rng) - task.values(prepared.n_places)[0]
    corrected = replace(task, index=registry()[TARGET.get(task.index.id, task.index.id)])
    return task.values(prepared.n_places)[0] - _true_values(corrected, prepared, n, rng)


def _true_values(task: IndexTask, prepared: PreparedCounts, n: int, rng: np.random.Generator) -> Floats:
    """Return the index of the shares that the areas may truly have, shape (n, n_places)."""
    given, parts = cast("IndexInput", task.given), []
    for count, people in true_populations(given.people, n, rng):
        parts.append(_values_of(task, people, count).reshape(count, prepared.n_places))
    return np.concatenate(parts)


def _within(task: IndexTask, bound: Floats) -> Floats:
    """Cut a bound at the range of the index, where the range is a number."""
    numbers = ("-1", "0", "1")
    lowest = float(task.index.lowest) if task.index.lowest in numbers else -np.inf
    highest = float(task.index.highest) if task.index.highest in numbers else np.inf
    return np.asarray(np.minimum(np.maximum(bound, lowest), highest))


def significance_test(
    result: MeasuredIndices,
    null: Null = "person_permutation",
    n: int = 999,
    seed: Seed = None,
    *,
    alternative: Literal["segregated", "two-sided"] = "segregated",
    progress: bool = False,
) -> pd.DataFrame:
    """Test whether chance alone could give the numbers of the table.

    Parameters
    ----------
    result : SegregationResult
        The numbers.
    null : str, default "person_permutation"
        What chance is. ``person_permutation`` shuffles all persons over all places (areas and groups keep their
        size); ``evenness`` draws each area's members with the city's share (binomial, areas keep their size; the
        group's share then varies as well, which makes the test of isolation and interaction weak);
        ``systematic`` draws the area of each person with the areas' shares of all (multinomial);
        ``area_permutation`` shuffles whole areas over the map (for indices with geometry); ``analytic`` takes the
        mean and spread of D under evenness from a formula, without draws, from 10 areas on. With a named
        reference, chance moves the two populations and leaves everybody else where they are.
    n : int, default 999
        Draws. At least 1.
    seed : int or Generator, optional
        Makes the test repeatable.
    alternative : {"segregated", "two-sided"}, default "segregated"
        Whether only more segregation than by chance counts, or less as well.
    progress : bool, default False
        Show a progress bar (needs ``pip install "quartiersatlas[progress]"``).

    Returns
    -------
    DataFrame
        One row per row of the table: by, group, reference, index, value, null, null_mean, null_sd, null_lower,
        null_upper (95 % of the draws), p_value, n (draws that gave a value), note.
        ``p = (b + 1) / (n + 1)`` with b draws at least as extreme as the value, so it is never 0; the analytic
        one is that of the normal law, with n = 0.

    Raises
    ------
    SpecError
        An option is unknown.
    CountError
        Counts are not whole persons.

    Notes
    -----
    The p-value counts the observed table as one of the draws [1]_.

    References
    ----------
    .. [1] Davison, A. C. & Hinkley, D. V. (1997). Bootstrap Methods and their Application. Cambridge, chapter 4.
    """
    choice(null, NULLS, "null")
    choice(alternative, ("segregated", "two-sided"), "alternative")
    rng, n, prepared = np.random.default_rng(seed), checked_n(n), result.prepared
    tasks = with_progress(index_tasks(prepared), progress=progress, unit="index")
    by_task = [_against_chance(task, prepared, null, n, rng, alternative) for task in tasks]
    columns = {name: by_place([found[name] for found in by_task]) for name in CHANCE}
    words = [text(note, "en") if note else "" for note in columns.pop("note")]
    frame = pd.DataFrame({"null": null, **columns}, index=range(len(words)))
    return _identified(result).join(frame.assign(note=words))


def _against_chance(
    task: IndexTask, prepared: PreparedCounts, null: Null, n: int, rng: np.random.Generator, alternative: str
) -> dict[str, NDArray[Any]]:
    """Return what chance gives for one index in each place, and the name of the note."""
    value, reasons = task.values(prepared.n_places)
    inapplicable = _inapplicable(task, null)
    n_valid = np.zeros(prepared.n_places, dtype=int)
    if inapplicable or task.given is None:
        found = tuple(np.full(prepared.n_places, np.nan) for _ in range(5))
    elif null == "analytic":
        found = _analytic(task, value, alternative)
    else:
        drawn = _replicate_values(task, prepared, null, n, rng)
        n_valid = np.isfinite(drawn).sum(axis=0)
        centre, low, high = _summary(drawn)
        found = (centre, _sd(drawn), low, high, _p_value(value, drawn, task.index.direction, alternative))
    few = (null == "analytic") & np.isnan(found[-1]) & (inapplicable == "") & (reasons == "")
    notes = np.where(reasons == "", np.where(few, "note_null_few", inapplicable), reasons)
    numbers = [np.where(reasons == "", values, np.nan) for values in found]
    return dict(zip(CHANCE, [*numbers, n_valid, notes], strict=True))


def _replicate_values(
    task: IndexTask, prepared: PreparedCounts, kind: ReplicateKind, n: int, rng: np.random.Generator
) -> Floats:
    """Return the index of n random populations, shape (n, n_places)."""
    if task.given is None:
        return np.full((1, prepared.n_places), np.nan)
    given, parts = task.given, []
    for count in portions(n, len(given)):
        people = draw_replicates(given.people, kind, count, rng)
        parts.append(_values_of(task, people, count).reshape(count, prepared.n_places))
    return np.concatenate(parts)


def _values_of(task: IndexTask, people: People, n: int) -> Floats:
    """Return the index of n populations in the same areas, place by place, one after the other."""
    given = cast("IndexInput", task.given)
    if not task.index.requires:
        return index_values(task, replace(given, people=people))
    each = given.replicates(people, n, task.index.requires)
    return np.concatenate([index_values(task, one) for one in each])


def index_values(task: IndexTask, given: IndexInput) -> Floats:
    """Return the index of each place of another input; NaN where there is a reason."""
    return np.where(reasons_of(task.index, given) == "", task.index.compute(given), np.nan)


def _summary(draws: Floats, bounds: tuple[float, float] = BOUNDS) -> tuple[Floats, Floats, Floats]:
    """Return mean and range of the draws of each place; NaN where there is none."""
    known = np.isfinite(draws).any(axis=0)
    result = np.full((3, draws.shape[1]), np.nan)
    if known.any():
        result[0, known] = np.nanmean(draws[:, known], axis=0)
        result[1:, known] = np.nanquantile(draws[:, known], bounds, axis=0)
    return result[0], result[1], result[2]


def _sd(draws: Floats) -> Floats:
    """Return the standard deviation of the draws of each place; NaN with fewer than two."""
    enough = np.isfinite(draws).sum(axis=0) > 1
    result = np.full(draws.shape[1], np.nan)
    if enough.any():
        result[enough] = np.nanstd(draws[:, enough], axis=0, ddof=1)
    return result


def _p_value(value: Floats, draws: Floats, direction: str, alternative: str) -> Floats:
    """Return (b + 1) / (n + 1); draws without a value count neither way."""
    n = np.isfinite(draws).sum(axis=0)
    above = (1 + (draws >= value - TINY).sum(axis=0)) / (1 + n)
    below = (1 + (draws <= value + TINY).sum(axis=0)) / (1 + n)
    if alternative == "two-sided":
        return np.asarray(np.minimum(1, 2 * np.minimum(above, below)))
    return np.asarray(below if direction == "down" else above)


def _analytic(task: IndexTask, value: Floats, alternative: str) -> tuple[Floats, ...]:
    """Return mean, sd, range and p of D under evenness, without draws."""
    from scipy.special import ndtr

    pair = cast("IndexInput", task.given).pair
    mean, sd = dissimilarity_under_evenness(pair)
    sd = np.where(pair.places.sizes >= FEW, sd, np.nan)
    z = np.divide(value - mean, sd, out=np.full(len(sd), np.nan), where=sd > 0)
    p_value = 2 * ndtr(-np.abs(z)) if alternative == "two-sided" else ndtr(-z)
    reach = 1.959963984540054 * sd
    return mean, sd, mean - reach, mean + reach, p_value


def _inapplicable(task: IndexTask, null: str) -> str:
    """Return the name of the text that says why this null says nothing about an index."""
    if null == "area_permutation" and not task.index.requires:
        return "note_null_geometry"
    if null == "analytic" and task.index.id not in ("dissimilarity", "segregation_index"):
        return "note_null_analytic"
    return "note_null_diversity" if task.index.dimension == "diversity" else ""


def _identified(result: MeasuredIndices) -> pd.DataFrame:
    """Return the columns that say which number a row is about."""
    columns = [c for c in ("by", "group", "reference", "index", "radius", "value") if c in result.table]
    return result.table[columns].reset_index(drop=True)
