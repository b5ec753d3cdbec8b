"""What leaves beside the data, computed again from what everybody may see: index, shortlist, segregation, stability.

The objects of the house stay as they are. What a release shows is made of the filled data (see
:func:`~quartiersatlas.disclosure.derived.filled.fill_withheld`) by the same calls, with the same options.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import count_noun
from quartiersatlas.base.checks import names as names_of
from quartiersatlas.catalogue import Message
from quartiersatlas.catalogue.texts import listed_areas
from quartiersatlas.errors import QuartiersatlasError, SpecError, list_some
from quartiersatlas.need import need_index
from quartiersatlas.screening import candidate_areas, comparison_of, screen
from quartiersatlas.segregation import measure_segregation, scale_table
from quartiersatlas.segregation.prepared import SegregationSpec
from quartiersatlas.segregation.scale import AREAS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from quartiersatlas.disclosure.suppression import SuppressionPattern
    from quartiersatlas.intake import AreaData
    from quartiersatlas.need import NeedIndex, Stability
    from quartiersatlas.screening import Candidates, RuleComparison, Shortlist
    from quartiersatlas.segregation import SegregationResult

Scale = pd.DataFrame | Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Derived:
    """Results made of the data of a release.

    Parameters
    ----------
    need, shortlist, candidates, segregation, scale, stability, comparison : optional
        As in :func:`quartiersatlas.release`; the scale as a table.
    """

    need: NeedIndex | None = None
    shortlist: Shortlist | None = None
    candidates: Candidates | None = None
    segregation: SegregationResult | None = None
    scale: pd.DataFrame | None = None
    stability: Stability | None = None
    comparison: RuleComparison | None = None


OF_DECIMALS = "fact_count_fractions"


def compute_again(
    filled: AreaData,
    pattern: SuppressionPattern,
    *,
    need: NeedIndex | None = None,
    shortlist: Shortlist | None = None,
    candidates: Candidates | None = None,
    segregation: SegregationResult | None = None,
    scale: Scale | None = None,
    stability: Stability | None = None,
    comparison: RuleComparison | None = None,
) -> Derived:
    """Compute results again from filled data, with the options of the calls that made them.

    Parameters
    ----------
    filled : AreaData
        Data whose withheld cells stand at the mean of their unit.
    pattern : SuppressionPattern
        The data of the house, with which it is compared what the results were made of; and which cells are withheld.
    need, shortlist, candidates, segregation, scale, stability, comparison : optional
        The results of the house; the scale also as a mapping of the options of :func:`scale_table`.

    Returns
    -------
    Derived
        The same results of the filled data; the candidates as they are, see
        :func:`~quartiersatlas.disclosure.derived.grouped.shown_candidates`.

    Raises
    ------
    SpecError
        A result cannot be made of these data; the message names the way out.

    Notes
    -----
    Where persons are resampled and the groups are everybody, their filled counts are rounded to whole persons: largest
    remainders within each place, so that each group keeps its size. Everything else takes fractions of persons.
    """
    data = pattern.data
    with quietly():
        try:
            again = need_again(filled, need) if need is not None else None
            chosen = _shortlist_again(filled, data, shortlist, need, again) if shortlist is not None else None
            return Derived(
                need=again,
                shortlist=chosen,
                candidates=candidates,
                segregation=segregation_again(filled, pattern, segregation) if segregation is not None else None,
                scale=scale_again(filled, pattern, scale) if scale is not None else None,
                stability=_stability_again(stability, again, chosen) if stability is not None else None,
                comparison=None if comparison is None else _comparison_again(filled, data, comparison, need, again),
            )
        except SpecError:
            raise
        except QuartiersatlasError as error:
            raise SpecError(
                f"What the release shows is not enough to compute its results: {error} Release fewer results, or "
                f"choose Protection(derived='exact')."
            ) from error


@contextmanager
def quietly() -> Iterator[None]:
    """Leave out warnings: all of them were given when the results of the house were made."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def need_again(filled: AreaData, need: NeedIndex) -> NeedIndex:
    """Return a need index of the filled data.

    Raises
    ------
    SpecError
        The data do not have its indicators, or show too little to score anybody.
    """
    leaves = dict.fromkeys(leaf.id for axis in need.spec.axes for leaf in axis.indicators)
    absent = [name for name in leaves if name not in filled.values.columns]
    if absent:
        raise SpecError(
            f"The need index has {count_noun(len(absent), 'indicator')} that the data of the release have not: "
            f"{list_some(absent)}. Make it of these data: need = qa.need_index(data, spec), or choose "
            f"Protection(derived='exact')."
        )
    options = {**need.options}
    options.pop("units", None)  # of a table without meanings; joined data are in their units
    try:
        return need_index(filled, need.spec, **options)
    except SpecError as error:
        raise SpecError(
            f"The need index cannot be made of what the release shows: {error} Protect less, leave the index out, or "
            f"choose Protection(derived='exact')."
        ) from error


def _shortlist_again(
    filled: AreaData, data: AreaData, shortlist: Shortlist, need: NeedIndex | None, again: NeedIndex | None
) -> Shortlist:
    """Apply the rule to the filled data; a shortlist changed by hand is refused, as it would be undone."""
    own = shortlist.need
    same = own is not None and need is not None and own.spec.hash == need.spec.hash
    screened = need if own is None or same else own
    rule, options = shortlist.spec or shortlist.rule, shortlist.call
    house = screen(data, rule, need=screened, **options)
    odd = shortlist.selected.index[shortlist.selected.ne(house.selected.reindex(shortlist.selected.index))]
    if len(odd):
        raise SpecError(
            f"The shortlist is not what its rule gives on the data of the release: {count_noun(len(odd), 'area')} "
            f"differ: {list_some(odd)}. Make it with qa.screen(data, rule), or choose Protection(derived='exact')."
        )
    own_again = again if screened is None or screened is need else need_again(filled, screened)
    found = screen(filled, rule, need=own_again, **options)
    # withheld counts are filled with parts of persons: what is said of decimals is said of the counts that came in
    others = [warning for warning in found.warnings if warning.name != OF_DECIMALS]
    return replace(found, warnings=(*others, *(one for one in house.warnings if one.name == OF_DECIMALS)))


def _comparison_again(
    filled: AreaData, data: AreaData, comparison: RuleComparison, need: NeedIndex | None, again: NeedIndex | None
) -> RuleComparison:
    """Apply every rule of a comparison to the filled data."""
    shortlists = comparison.shortlists.items()
    found = {name: _shortlist_again(filled, data, one, need, again) for name, one in shortlists}
    return comparison_of(found, **comparison.call)


def _stability_again(stability: Stability, need: NeedIndex | None, shortlist: Shortlist | None) -> Stability:
    """Run the same replicates again."""
    if stability.made_by not in ("need", "shortlist"):
        raise SpecError(
            "The stability does not say how it was made. Make it anew: shortlist.stability() or need.stability()."
        )
    options = deepcopy(dict(stability.call))  # a generator of the house must not move on
    if stability.made_by == "need":
        if need is None:
            raise SpecError("The stability is that of a need index: release(..., need=need) needs it too.")
        return need.stability(**options)
    if shortlist is None:
        raise SpecError("The stability is that of a shortlist: release(..., shortlist=shortlist) needs it too.")
    return shortlist.stability(**options)


# --- segregation -----------------------------------------------------------------------------------------------------


def segregation_again(filled: AreaData, pattern: SuppressionPattern, result: SegregationResult) -> SegregationResult:
    """Return segregation indices of the filled data.

    Raises
    ------
    SpecError
        They were measured on other areas or other counts.
    """
    spec, prepared = result.spec, result.prepared
    columns = [*spec.groups, *spec.references, *([spec.population] if spec.population else [])]
    _refuse_other_counts(result, pattern.data, columns)
    part = _restricted(fitted(filled, pattern, spec), prepared.areas)
    if spec.resample == "persons" and spec.population is None:
        part = _whole_persons(part, columns, spec.by)
    return measure_segregation(
        replace(part, population=spec.population),
        spec.groups,
        population=spec.population,
        by=spec.by,
        indices=spec.indices,
        reference=spec.references or None,
        radii=spec.radii or None,
        min_population=spec.min_population,
        missing=spec.missing,
        decay=spec.decay,
        kernel=spec.kernel,  # type: ignore[arg-type]
        b=spec.b,
        centre=spec.centre,  # type: ignore[arg-type]
        contiguity=spec.contiguity,
        order=spec.order,
        tolerance=spec.tolerance,
        barriers=spec.barriers,
        crossings=spec.crossings,
        distances=spec.distances,
        resample=spec.resample,
        n=spec.n,
        seed=deepcopy(spec.seed),
    )


def _refuse_other_counts(result: SegregationResult, data: AreaData, columns: Sequence[str]) -> None:
    """Refuse indices of other areas or other counts than those that are released."""
    prepared = result.prepared
    way_out = "Measure it on these: qa.measure_segregation(data, groups), or choose Protection(derived='exact')."
    unknown = [*prepared.areas.difference(data.areas.index), *(c for c in columns if c not in data.values.columns)]
    if unknown:
        raise SpecError(f"The segregation is of other data than the release: {list_some(unknown)}. {way_out}")
    measured = {
        **prepared.counts,
        **({prepared.spec.population: prepared.population} if prepared.spec.population else {}),
    }
    for name in columns:
        ours = data.counts(name).loc[prepared.areas].to_numpy()[prepared.rows]
        if not np.array_equal(ours, measured[name], equal_nan=True):
            raise SpecError(f"The segregation is of other counts of {name!r} than those of the release. {way_out}")


def _restricted(data: AreaData, keys: pd.Index) -> AreaData:
    """Return the data of these areas alone."""
    if data.areas.index.equals(keys):
        return data
    return replace(data, areas=data.areas.loc[keys], values=data.values.loc[keys], status=data.status.loc[keys])


def fitted(filled: AreaData, pattern: SuppressionPattern, spec: SegregationSpec) -> AreaData:
    """Return filled data in which groups that share no members are never more than everybody.

    Each group alone fits into the residents. Two that are compared, and all together where no area whose counts are
    all shown has more members of groups than residents, need not: there the filled ones are scaled down.
    """
    if spec.population is None:
        return filled
    people = filled.values[spec.population].astype(float)
    columns = list(dict.fromkeys([*spec.groups, *spec.references]))
    counts = filled.values[columns].astype(float)
    withheld = pattern.suppressed[columns] & counts.notna()
    open_ = ~withheld.any(axis=1) & ~pattern.suppressed[spec.population]
    apart = [[name] for name in columns]
    apart += [[group, other] for group in spec.groups for other in spec.references if other != group]
    groups = list(spec.groups)
    if not (counts.loc[open_, groups].sum(axis=1) > people[open_]).any():
        apart.append(groups)
    for names in apart:
        counts = _scaled(counts, names, withheld, people)
    data = replace(filled, values=filled.values.assign(**{name: counts[name] for name in columns}))
    tiny = [name for name in columns if 0 < counts[name].max() <= 1]  # fractions of persons everywhere look like shares
    return _whole_persons(data, tiny, None)


def _scaled(counts: pd.DataFrame, names: list[str], withheld: pd.DataFrame, people: pd.Series) -> pd.DataFrame:
    """Scale the filled counts of groups down to what the shown ones leave of the residents."""
    room = (people - counts[names].mask(withheld[names], 0.0).sum(axis=1)).clip(lower=0.0)
    filled = counts[names].where(withheld[names], 0.0).sum(axis=1)
    factor = (room / filled.where(filled > room)).fillna(1.0)
    return counts.assign(**{name: counts[name].where(~withheld[name], counts[name] * factor) for name in names})


def _whole_persons(data: AreaData, columns: Iterable[str], by: str | None) -> AreaData:
    """Return the data with whole persons: each column keeps its total in every place, by the largest remainders."""
    places = pd.Series(0, index=data.areas.index) if by is None else _column(data, by)
    values = data.values.copy()
    for name in columns:
        exact = values[name].astype(float)
        whole = exact.floordiv(1)
        for place in places.unique():
            rest = (exact - whole)[places.eq(place) & exact.notna()]
            left = int(rest.sum() + 0.5)
            whole[rest.sort_values(ascending=False, kind="stable").index[:left]] += 1
        values[name] = whole
    return replace(data, values=values)


def _column(data: AreaData, name: str) -> pd.Series:
    return data.values[name] if name in data.values.columns else data.areas[name]


# --- the same indices at several levels of areas ---------------------------------------------------------------------

SCALE_OPTIONS = ("groups", "by", "population", "reference", "indices", "min_population", "missing")
WAY_OUT = 'Name its options instead: release(scale={"groups": [...], "by": [...], "indices": [...]}).'


def scale_again(filled: AreaData, pattern: SuppressionPattern, scale: Scale) -> pd.DataFrame:
    """Return the indices at several levels of areas, of the filled data.

    Raises
    ------
    SpecError
        The table does not tell its options, or other ones than those it tells made it.
    """
    options = scale_options(scale, pattern.data)
    groups, by = names_of(options["groups"], "scale: groups"), options["by"]
    references = names_of(options["reference"], "scale: reference") if options.get("reference") else ()
    spec = SegregationSpec(tuple(groups), options.get("population") or filled.population, tuple(references))
    rest = {name: value for name, value in options.items() if name not in ("groups", "by")}
    return scale_table(fitted(filled, pattern, spec), groups, by, **rest)


def scale_options(scale: Scale, data: AreaData) -> dict[str, Any]:
    """Return the options of :func:`scale_table` that give a table on the data of the house."""
    if isinstance(scale, Mapping):
        unknown = [name for name in scale if name not in SCALE_OPTIONS]
        if unknown or "groups" not in scale or "by" not in scale:
            raise SpecError(
                f"release: scale takes the options of scale_table, 'groups' and 'by' at least, of "
                f"{', '.join(SCALE_OPTIONS)}; not {list_some(scale)}."
            )
        return dict(scale)
    needed = {"level", "group", "reference", "index"}
    if not needed <= set(scale.columns):
        raise SpecError(f"release: scale is no table of qa.scale_table(...). {WAY_OUT}")
    named = list(dict.fromkeys(scale["group"]))
    groups = [name for name in named if name in data.values.columns] or [
        name for name in named[0].split(", ") if name in data.values.columns
    ]
    others = [name for name in dict.fromkeys(scale["reference"]) if name in data.values.columns]
    options: dict[str, Any] = {
        "groups": groups,
        "by": [level for level in dict.fromkeys(scale["level"]) if level != AREAS],
        "reference": others or None,
        "indices": list(dict.fromkeys(scale["index"])),
        "missing": "report",
    }
    try:
        house = scale_table(data, options["groups"], options["by"], **{k: options[k] for k in list(options)[2:]})
    except QuartiersatlasError as error:
        raise SpecError(f"release: the table of scale cannot be made of the data again: {error} {WAY_OUT}") from error
    if not _is_same_table(house, scale):
        raise SpecError(f"release: the table of scale is not that of the data of the release. {WAY_OUT}")
    return options


def _is_same_table(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Return True for tables with the same cells; numbers up to the order of adding up."""
    if list(one.columns) != list(other.columns) or len(one) != len(other):
        return False
    numbers = one.select_dtypes("number").columns
    words = one.columns.difference(numbers)
    alike = (one[words].astype(str).to_numpy() == other[words].astype(str).to_numpy()).all()
    return bool(alike) and np.allclose(
        one[numbers].to_numpy(dtype=float), other[numbers].to_numpy(dtype=float), rtol=1e-9, atol=1e-12, equal_nan=True
    )


# --- what differs from the house -------------------------------------------------------------------------------------

DIFFERENCE_COLUMNS = ["key", "kind", "of", "house", "release"]


def differences(
    derived: Derived,
    *,
    need: NeedIndex | None = None,
    shortlist: Shortlist | None = None,
    candidates: Candidates | None = None,
    withheld: pd.Series[bool] | None = None,
) -> pd.DataFrame:
    """Return every area whose class, selection or area for review differs between the house and the release.

    Parameters
    ----------
    derived : Derived
        What the release shows.
    need, shortlist, candidates : optional
        The results of the house.
    withheld : Series of bool, optional
        Areas whose outcome is not shown: candidate areas are made without them in either.

    Returns
    -------
    DataFrame
        One row per difference: key, kind (``"class"``, ``"selection"``, ``"candidate"``), of (the axis, for a class),
        house, release. It holds what may not be shown: it stays in the house.
    """
    rows: list[tuple[str, str, str, Any, Any]] = []
    if need is not None and derived.need is not None:
        for axis in need.classes:
            pairs = derived.need.classes[axis].reindex(need.classes.index)
            rows += _differing(need.classes[axis], pairs, "class", str(axis))
    if shortlist is not None and derived.shortlist is not None:
        rows += _differing(_outcome(shortlist), _outcome(derived.shortlist), "selection", "")
        if candidates is not None and not is_shown_alike(shortlist, derived.shortlist):
            house, released = (_company(one, candidates, withheld) for one in (shortlist, derived.shortlist))
            rows += _differing(house, released, "candidate", "")
    return pd.DataFrame(rows, columns=DIFFERENCE_COLUMNS)


def _differing(house: pd.Series, released: pd.Series, kind: str, of: str) -> list[tuple[str, str, str, Any, Any]]:
    keys = house.index.union(released.index, sort=False)
    pairs = zip(keys, house.reindex(keys).fillna(""), released.reindex(keys).fillna(""), strict=True)
    return [(str(key), kind, of, one, other) for key, one, other in pairs if one != other]


def is_shown_alike(house: Shortlist, shown: Shortlist) -> bool:
    """Return True if a reader sees the selection and the residents of the house: candidate areas are made of these."""
    return shown.selected.equals(house.selected) and shown.residents.equals(house.residents)


def _outcome(shortlist: Shortlist) -> pd.Series:
    """Return what the rule says of each area in one word."""
    words = np.where(shortlist.selected, "selected", np.where(shortlist.assessed, "not selected", "not assessed"))
    return pd.Series(words, index=shortlist.selected.index, dtype=object)


def _company(shortlist: Shortlist, like: Candidates, withheld: pd.Series[bool] | None) -> pd.Series:
    """Return with whom each area is in a candidate area; names of these may change with their size."""
    if shortlist.data is None:
        return pd.Series([], dtype=object)
    selected = shortlist.selected if withheld is None else shortlist.selected & ~withheld
    hidden = set() if withheld is None else set(withheld.index[withheld])
    call = {**like.call, "exclude": sorted({*like.options.exclude} | hidden)}
    candidates = candidate_areas(shortlist.data, replace(shortlist, selected=selected), **call)
    keys = candidates.members.index.to_series().astype(str)
    together = keys.groupby(candidates.members).agg(lambda group: ", ".join(sorted(group)))
    return candidates.members.map(together)


def difference_messages(found: pd.DataFrame, names: pd.Series[str]) -> list[Message]:
    """Return what the analyst has to know of differences between the house and the release."""
    keys = list(dict.fromkeys(found["key"]))
    if not keys:
        return []
    listed = listed_areas(names, keys)
    name = "warning_derived_one" if len(keys) == 1 else "warning_derived"
    return [Message(name, {"count": len(keys), "names": listed})]
