"""How sure is a number? Intervals from resamples, tests against chance, comparison of two studies."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from quartiersatlas.base.progress import with_progress
from quartiersatlas.catalogue import text
from quartiersatlas.errors import SpecError
from quartiersatlas.segregation.counts import Composition, Pair, Places
from quartiersatlas.segregation.inference.expected import dissimilarity_under_evenness
from quartiersatlas.segregation.inference.resampling import checked_draws, drawn, shrunken
from quartiersatlas.segregation.registry import chosen, registry
from quartiersatlas.segregation.tasks import Block, Grounds, blocks, reasons_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from quartiersatlas.segregation.geometry import Case
    from quartiersatlas.segregation.inference.resampling import Draw
    from quartiersatlas.segregation.prepared import Study, StudySpec
    from quartiersatlas.segregation.result import SegregationResult

    Floats = NDArray[np.float64]
    Seed = int | np.random.Generator | None

Resample = Literal["persons", "areas"]
Null = Literal["evenness", "systematic", "person_permutation", "area_permutation", "analytic"]
RESAMPLES = ("persons", "areas")
NULLS = ("evenness", "systematic", "person_permutation", "area_permutation", "analytic")
BOUNDS = (0.025, 0.975)
TARGET = {  # what a corrected index wants to be
    "bias_corrected_dissimilarity": "dissimilarity",
    "density_corrected_dissimilarity": "dissimilarity",
    "isolation_exact": "isolation",
    "interaction_exact": "interaction",
}
IN_CACHE = 50_000  # areas of all draws that are computed at a time
FEW = 10  # areas below which the law of D under evenness is far from normal
TINY = 1e-12  # a draw this close to the value counts as equal


def bootstrapped(result: SegregationResult, resample: Resample, *, n: int, seed: Seed, progress: bool) -> pd.DataFrame:
    """Return bias, spread and interval of each number of a result."""
    _check("resample", resample, RESAMPLES)
    found = _blocks(result.study)
    return _identified(result).join(_spread(result.study, found, resample, n, seed, progress=progress))


def with_intervals(
    study: Study, found: list[Block], table: pd.DataFrame, resample: Resample, *, n: int, seed: Seed, progress: bool
) -> pd.DataFrame:
    """Fill lower and upper of a table."""
    spread = _spread(study, found, resample, n, seed, progress=progress)
    return table.assign(lower=spread["lower"], upper=spread["upper"])


def _spread(
    study: Study, found: list[Block], resample: Resample, n: int, seed: Seed, *, progress: bool
) -> pd.DataFrame:
    """Return bias, sd, corrected value and the basic bootstrap interval, row by row of the table."""
    rng, n = np.random.default_rng(seed), checked_draws(n)
    columns: dict[str, list[Floats]] = {name: [] for name in ("bias", "sd", "corrected", "lower", "upper")}
    notes = []
    for block in with_progress(found, progress=progress, unit="index"):
        value, reasons = block.values(study.n_places)
        lacking = resample == "areas" and block.index.needs != ""
        off = np.full((1, study.n_places), np.nan) if lacking else _off_target(block, study, resample, n, rng)
        bias, low, high = _summary(off)
        columns["bias"].append(bias)
        columns["sd"].append(_sd(off))
        columns["corrected"].append(value - bias)
        columns["lower"].append(_within(block, value - high))
        columns["upper"].append(_within(block, value - low))
        notes.append(np.where((reasons == "") & lacking, "note_interval_aspatial", reasons))
    frame = pd.DataFrame({name: _rows(parts) for name, parts in columns.items()})
    return frame.assign(n=n, note=[text(note, "en") if note else "" for note in _rows(notes)])


def _off_target(block: Block, study: Study, resample: Resample, n: int, rng: np.random.Generator) -> Floats:
    """Return how far off the true value the index of n populations is, shape (n, n_places).

    Areas are drawn from the areas found, whose index is then the truth. Persons are drawn from the shares that the
    areas may truly have, so that the bias of small areas shows; the truth is what the index of those shares is, for
    a corrected index what the index it corrects is.
    """
    if block.case is None:
        return np.full((1, study.n_places), np.nan)
    if resample == "areas":
        return _draws(block, study, "areas", n, rng) - block.values(study.n_places)[0]
    true = shrunken(block.case.people)
    target = registry()[TARGET.get(block.index.id, block.index.id)]
    case = replace(block.case, people=true)
    if block.index.needs:
        case = next(block.case.redrawn(true, 1, block.index.needs))
    truth = np.where(reasons_of(target, case) == "", target.compute(case), np.nan)
    return _draws(replace(block, case=case), study, "persons", n, rng) - truth


def _within(block: Block, bound: Floats) -> Floats:
    """Cut a bound at the range of the index, where the range is a number."""
    numbers = ("-1", "0", "1")
    lowest = float(block.index.lowest) if block.index.lowest in numbers else -np.inf
    highest = float(block.index.highest) if block.index.highest in numbers else np.inf
    return np.asarray(np.minimum(np.maximum(bound, lowest), highest))


def against_chance(
    result: SegregationResult,
    null: Null,
    *,
    n: int,
    seed: Seed,
    alternative: Literal["segregated", "two-sided"],
    progress: bool,
) -> pd.DataFrame:
    """Return, for each number of a result, what chance would give and how often it gives as much."""
    _check("null", null, NULLS)
    _check("alternative", alternative, ("segregated", "two-sided"))
    rng, n, study = np.random.default_rng(seed), checked_draws(n), result.study
    names = ("null_mean", "null_sd", "null_lower", "null_upper", "p_value")
    columns: dict[str, list[Floats]] = {name: [] for name in names}
    notes, numbers = [], []
    for block in with_progress(_blocks(study), progress=progress, unit="index"):
        value, reasons = block.values(study.n_places)
        lacking = _lacking(block, null)
        drawn_well = np.zeros(study.n_places, dtype=int)
        if lacking or block.case is None:
            found = tuple(np.full(study.n_places, np.nan) for _ in names)
        elif null == "analytic":
            found = _analytic(block, value, alternative)
        else:
            draws = _draws(block, study, null, n, rng)
            drawn_well = np.isfinite(draws).sum(axis=0)
            centre, low, high = _summary(draws)
            found = (centre, _sd(draws), low, high, _p_value(value, draws, block.index.direction, alternative))
        for name, values in zip(names, found, strict=True):
            columns[name].append(np.where(reasons == "", values, np.nan))
        few = (null == "analytic") & np.isnan(found[-1]) & (lacking == "") & (reasons == "")
        notes.append(np.where(reasons == "", np.where(few, "note_null_few", lacking), reasons))
        numbers.append(drawn_well)
    frame = pd.DataFrame({name: _rows(parts) for name, parts in columns.items()})
    frame.insert(0, "null", null)
    said = [text(note, "en") if note else "" for note in _rows(notes)]
    return _identified(result).join(frame.assign(n=_rows(numbers), note=said))


def compare_segregation(
    one: SegregationResult,
    other: SegregationResult,
    method: Literal["persons", "areas", "labels"] = "persons",
    n: int = 999,
    seed: Seed = None,
    *,
    progress: bool = False,
) -> pd.DataFrame:
    """Compare two cities or two dates, and tell whether an index differs by more than chance.

    Parameters
    ----------
    one, other : SegregationResult
        Two results with the same groups and indices. Results with places are compared place by place, by name. The
        two are drawn by themselves: with mostly the same residents at two dates, the test is cautious.
    method : {"persons", "areas", "labels"}, default "persons"
        Draw the persons or the areas of each anew (bootstrap), or deal all areas of both out again between the two
        (random labels).
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
        ``labels``), p_value (two-sided, ``(b + 1) / (n + 1)``), n, note.

    Raises
    ------
    SpecError
        An option is not known, or the results have no number in common.
    CountError
        Counts are not whole persons.

    Notes
    -----
    The bootstrap interval is the basic one [1]_. Persons are drawn from the shares that the areas may truly have, so
    that the bias of small areas is taken out of both values. With ``labels`` the areas of both are alike under the
    null: for isolation and interaction a different share of the group counts as a difference.

    With areas of very different size in the two (1,000 against 50 persons), D of cities that do not differ is called
    different in 25 to 40 of 100 cases: compare H or eta squared there, or take ``labels``.

    References
    ----------
    .. [1] Davison, A. C. & Hinkley, D. V. (1997). Bootstrap Methods and their Application. Cambridge, chapters 4
           and 5.

    Examples
    --------
    >>> import quartiersatlas as qa
    >>> one = qa.measure_segregation(pd.DataFrame({"mh": [100, 60, 40, 0], "all": [100] * 4}), "mh", "all")
    >>> other = qa.measure_segregation(pd.DataFrame({"mh": [60, 60, 40, 40], "all": [100] * 4}), "mh", "all")
    >>> qa.compare_segregation(one, other, n=99, seed=1).loc[:1, ["index", "difference", "p_value"]]
               index  difference  p_value
    0  dissimilarity        -0.4     0.02
    1           gini        -0.6     0.02
    """
    _check("method", method, (*RESAMPLES, "labels"))
    rng, n = np.random.default_rng(seed), checked_draws(n)
    rows: list[dict[str, object]] = []
    _refuse_unlike(one.spec, other.spec)
    both = list(_matched(one, other))
    for here, there in with_progress(both, progress=progress, unit="index"):
        rows += _compared(one.study, other.study, here, there, method, n, rng)
    if not rows:
        raise SpecError("The two results have no number in common: compute both with the same groups and indices.")
    return pd.DataFrame(rows)


def _refuse_unlike(one: StudySpec, other: StudySpec) -> None:
    """Refuse to compare what was computed in different ways."""
    for name in ("b", "kernel", "distance_unit", "contiguity", "min_population"):
        if getattr(one, name) != getattr(other, name):
            values = f"{getattr(one, name)!r} and {getattr(other, name)!r}"
            raise SpecError(f"The two results were computed with different {name}: {values}.")


def _matched(one: SegregationResult, other: SegregationResult) -> Iterator[tuple[Block, Block]]:
    """Give the blocks that both results have."""
    there = {_key(block): block for block in _blocks(other.study)}
    for block in _blocks(one.study):
        if _key(block) in there:
            yield block, there[_key(block)]


def _key(block: Block) -> tuple[str, str, str, str]:
    return (block.index.id, block.group, block.reference, repr(block.radius))


def _compared(
    here_study: Study,
    there_study: Study,
    here: Block,
    there: Block,
    method: str,
    n: int,
    rng: np.random.Generator,
) -> Iterator[dict[str, object]]:
    """Give one row per place that both have; two studies of one place each are compared whatever its name."""
    values_one, reasons_one = here.values(here_study.n_places)
    values_other, reasons_other = there.values(there_study.n_places)
    lacking = here.index.needs != "" and method != "persons"
    able = here.case is not None and there.case is not None and not lacking
    if able and method != "labels":
        off_one = _off_target(here, here_study, method, n, rng)  # type: ignore[arg-type]
        off_other = _off_target(there, there_study, method, n, rng)  # type: ignore[arg-type]
    for i, j, name in _common_places(here_study, there_study):
        difference = values_other[j] - values_one[i]
        reason = reasons_one[i] or reasons_other[j] or ("note_interval_aspatial" if lacking else "")
        low = high = p_value = np.nan
        if able and not reason and method == "labels":
            chance = _relabelled(here, there, i, j, n, rng)
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


def _common_places(one: Study, other: Study) -> list[tuple[int, int, object]]:
    if one.n_places == other.n_places == 1:
        return [(0, 0, one.place_names[0])]
    there = {name: j for j, name in enumerate(other.place_names)}
    return [(i, there[name], name) for i, name in enumerate(one.place_names) if name in there]


def _relabelled(here: Block, there: Block, i: int, j: int, n: int, rng: np.random.Generator) -> Floats:
    """Return the differences when the areas of both are dealt out again."""
    one, other = _place(here, i), _place(there, j)
    size = one.places.sizes[0]
    pool = _together(one, other)
    differences = []
    for count in _portions(n, int(pool.places.sizes[0])):
        mixed = drawn(pool, "area_permutation", count, rng)
        sizes = np.tile([size, pool.places.sizes[0] - size], count)
        cut = replace(mixed, places=Places(sizes))
        values = _value(here, replace(_case(here), people=cut)).reshape(count, 2)
        differences.append(values[:, 1] - values[:, 0])
    return np.concatenate(differences)


def _place(block: Block, number: int) -> Pair | Composition:
    return list(_case(block).parts())[number].people


def _together(one: Pair | Composition, other: Pair | Composition) -> Pair | Composition:
    """Return the areas of two populations as one place."""
    places = Places.one(int(one.places.sizes[0] + other.places.sizes[0]))
    if isinstance(one, Pair) and isinstance(other, Pair):
        group, rest, total = (np.concatenate([getattr(one, f), getattr(other, f)]) for f in ("group", "other", "total"))
        return Pair(group, rest, total, places)
    return Composition(np.concatenate([one.counts, other.counts]), places)  # type: ignore[union-attr]


def _blocks(study: Study) -> list[Block]:
    wanted = chosen(study.spec.indices, groups_are_everybody=study.groups_are_everybody)
    return list(blocks(study, wanted, Grounds(study)))


def _case(block: Block) -> Case:
    if block.case is None:
        raise SpecError(f"{block.index.id} has no value that could be tested.")
    return block.case


def _draws(block: Block, study: Study, how: Draw, n: int, rng: np.random.Generator) -> Floats:
    """Return the index of n random populations, shape (n, n_places)."""
    if block.case is None:
        return np.full((1, study.n_places), np.nan)
    case, parts = block.case, []
    for count in _portions(n, len(case)):
        people = drawn(case.people, how, count, rng)
        if block.index.needs:
            values = np.concatenate([_value(block, part) for part in case.redrawn(people, count, block.index.needs)])
        else:
            values = _value(block, replace(case, people=people))
        parts.append(values.reshape(count, study.n_places))
    return np.concatenate(parts)


def _value(block: Block, case: Case) -> Floats:
    return np.where(reasons_of(block.index, case) == "", block.index.compute(case), np.nan)


def _portions(n: int, n_areas: int) -> Iterator[int]:
    """Give numbers of draws that fit into the cache together."""
    most = max(1, IN_CACHE // max(n_areas, 1))
    for start in range(0, n, most):
        yield min(most, n - start)


def _summary(draws: Floats) -> tuple[Floats, Floats, Floats]:
    """Return mean and 95 % range of the draws of each place; NaN where there is none."""
    known = np.isfinite(draws).any(axis=0)
    result = np.full((3, draws.shape[1]), np.nan)
    if known.any():
        result[0, known] = np.nanmean(draws[:, known], axis=0)
        result[1:, known] = np.nanquantile(draws[:, known], BOUNDS, axis=0)
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


def _analytic(block: Block, value: Floats, alternative: str) -> tuple[Floats, ...]:
    """Return mean, sd, range and p of D under evenness, without draws."""
    from scipy.special import ndtr

    pair = _case(block).pair
    mean, sd = dissimilarity_under_evenness(pair)
    sd = np.where(pair.places.sizes >= FEW, sd, np.nan)
    z = np.divide(value - mean, sd, out=np.full(len(sd), np.nan), where=sd > 0)
    p_value = 2 * ndtr(-np.abs(z)) if alternative == "two-sided" else ndtr(-z)
    reach = 1.959963984540054 * sd
    return mean, sd, mean - reach, mean + reach, p_value


def _lacking(block: Block, null: str) -> str:
    """Return the name of the text that says why this null says nothing about an index."""
    if null == "area_permutation" and not block.index.needs:
        return "note_null_geometry"
    if null == "analytic" and block.index.id not in ("dissimilarity", "segregation_index"):
        return "note_null_analytic"
    return "note_null_diversity" if block.index.dimension == "diversity" else ""


def _identified(result: SegregationResult) -> pd.DataFrame:
    columns = [c for c in ("by", "group", "reference", "index", "radius", "value") if c in result.table]
    return result.table[columns].reset_index(drop=True)


def _rows(blockwise: list[Any]) -> NDArray[Any]:
    """Turn arrays of one value per place, one per block, into the table's order."""
    return np.column_stack(blockwise).ravel()


def _check(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise SpecError(f"{name}={value!r} is not known; there are {', '.join(repr(c) for c in choices)}.")
