"""One call: every chosen index for every group in every place, tidy, with the reason for each NaN."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from quartiersatlas.catalogue import Message, text
from quartiersatlas.errors import SpecError
from quartiersatlas.segregation.indices.evenness import checked_aversion
from quartiersatlas.segregation.indices.local import local_notes
from quartiersatlas.segregation.inference.expected import carrington_troske
from quartiersatlas.segregation.inference.significance import with_intervals
from quartiersatlas.segregation.prepared import Study, StudySpec, prepared
from quartiersatlas.segregation.registry import chosen
from quartiersatlas.segregation.result import SegregationResult
from quartiersatlas.segregation.tasks import Block, Grounds, blocks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from quartiersatlas.intake import AreaData

    Floats = NDArray[np.float64]

CHOICES = {
    "missing": ("raise", "drop"),
    "distance_unit": ("m", "km"),
    "contiguity": ("rook", "queen"),
    "interval": (None, "persons", "areas"),
}


def measure_segregation(
    frame: AreaData | pd.DataFrame,
    groups: Iterable[str],
    total: str | None = None,
    reference: str | Iterable[str] | None = None,
    by: str | None = None,
    indices: Iterable[str] | str = "standard",
    radii: Iterable[float] | float | None = None,
    min_population: float = 0,
    missing: Literal["raise", "drop"] = "raise",
    distance_unit: Literal["m", "km"] = "m",
    *,
    kernel: Literal["uniform", "triangular", "gaussian", "exponential"] = "triangular",
    b: float = 0.5,
    centre: str | tuple[float, float] | list[tuple[float, float]] = "population",
    contiguity: Literal["rook", "queen"] = "rook",
    interval: Literal["persons", "areas"] | None = None,
    n: int = 999,
    seed: int | np.random.Generator | None = None,
    progress: bool = False,
) -> SegregationResult:
    """Compute segregation indices of groups, for one city or for many.

    Parameters
    ----------
    frame : AreaData, DataFrame or GeoDataFrame
        Counts of persons per area; with geometry in metres for the indices that need it.
    groups : list of str, or str
        Columns with the persons of each group. Indices of several groups at once (``multigroup``, ``ordinal``) take
        them as excluding one another; ordinal ones also as ordered from low to high.
    total : str, optional
        Column with all residents; the data's population column, if not given. Without either, the groups (and
        references) together are everybody.
    reference : str or list of str, optional
        Columns of the populations to compare each group with; the rest of the residents, if not given.
    by : str, optional
        Column that names the place of each area (city, district): every index is computed for each place by itself.
    indices : list of str or str, default "standard"
        Ids or dimensions from :func:`segregation_indices`, ``"standard"`` or ``"all"``.
    radii : float or list of float, optional
        Radii in metres of the surroundings, for the spatial indices and the shares in ``.local``. Above 0.
    min_population : float, default 0
        Areas with fewer residents are left out and counted. At least 0.
    missing : {"raise", "drop"}, default "raise"
        What to do where a count is unknown: refuse, or leave the area out of the indices that need it and count it
        in ``n_dropped``. It is never taken as 0.
    distance_unit : {"m", "km"}, default "m"
        Unit of the distance d in the decay exp(-d) of the clustering indices. In metres the decay of a city vanishes
        between any two areas, which gives NaN with that reason.
    kernel : {"uniform", "triangular", "gaussian", "exponential"}, default "triangular"
        How the weight of other areas falls with distance up to the radius, for the spatial indices.
    b : float, default 0.5
        Inequality aversion of the Atkinson index. Between 0 and 1.
    centre : {"population", "mean", "median", "largest"}, pair of float or list of pairs, default "population"
        The centre of each place for the centralisation indices: the mean of the areas weighted with their residents,
        the mean or median, the most populous area, or coordinates; of several centres the nearest counts.
    contiguity : {"rook", "queen"}, default "rook"
        Whether neighbours share a border or also a corner, for ``morrill`` and ``spatial_proximity_profile``.
    interval : {"persons", "areas"}, optional
        Fill ``lower`` and ``upper`` with a 95 % interval from resamples of the persons or of the areas.
    n : int, default 999
        Resamples for the interval.
    seed : int or Generator, optional
        Makes the interval repeatable.
    progress : bool, default False
        Show a progress bar while resampling (needs ``pip install "quartiersatlas[progress]"``).

    Returns
    -------
    SegregationResult
        ``.table`` with one row per number, ``.local`` on the caller's index.

    Raises
    ------
    ColumnError
        A column is not there.
    CountError
        Counts are negative, text, shares, larger than the population, or unknown with ``missing="raise"``.
    GeometryError
        An index needs geometry, and it is in degrees or missing.
    SpecError
        An option or index is not known, or an index that was named needs geometry or radii that are not there.

    Examples
    --------
    >>> frame = pd.DataFrame({"mh": [100, 60, 40, 0], "residents": [100, 100, 100, 100]})
    >>> measure_segregation(frame, ["mh"], "residents").table[["group", "index", "reference", "value"]].head(2)
      group          index reference  value
    0    mh  dissimilarity      rest    0.6
    1    mh           gini      rest    0.8
    """
    for name, value in (("missing", missing), ("distance_unit", distance_unit), ("contiguity", contiguity)):
        check_choice(name, value, CHOICES[name])
    check_choice("interval", interval, CHOICES["interval"])
    checked_aversion(b)
    spec = StudySpec(
        groups=column_names(groups, "groups"),
        total=total,
        references=column_names(reference, "reference") if reference is not None else (),
        by=by,
        indices=(indices,) if isinstance(indices, str) else tuple(indices),
        radii=_radii(radii, kernel),
        min_population=min_population,
        missing=missing,
        distance_unit=distance_unit,
        kernel=kernel,
        b=b,
        centre=centre,
        contiguity=contiguity,
    )
    _refuse_impossible(spec)
    study = prepared(frame, spec)
    grounds = Grounds(study)
    found = list(blocks(study, chosen(study.spec.indices, groups_are_everybody=study.groups_are_everybody), grounds))
    _refuse_lacking(study, found)
    table = tabled(study, found)
    if interval is not None:
        table = with_intervals(study, found, table, interval, n=n, seed=seed, progress=progress)
    return SegregationResult(_with_notes(table, study, found, interval), _notes(study), study)


def profile(study: Study, radii: Iterable[float], kernel: str | None) -> pd.DataFrame:
    """Compute the spatial indices of a study at many radii."""
    kernel = kernel or study.spec.kernel
    spec = replace(study.spec, radii=_radii(radii, kernel), kernel=kernel, indices=("spatial",))
    study = replace(study, spec=spec)
    found = list(blocks(study, chosen(spec.indices, groups_are_everybody=False), Grounds(study)))
    _refuse_lacking(study, found)
    table = _with_notes(tabled(study, found), study, found, None)
    return table[["by", "group", "reference", "index", "radius", "value", "n_areas", "n_dropped", "note"]]


def tabled(study: Study, found: list[Block]) -> pd.DataFrame:
    """Return one row per place and block: places one after the other, blocks in their order."""
    size, columns = study.n_places, {}
    values, reasons = zip(*(block.values(size) for block in found), strict=True) if found else ((), ())
    columns["by"] = np.repeat(np.array(study.place_names, dtype=object), len(found))
    for name in ("group", "reference"):
        columns[name] = np.tile(np.array([getattr(block, name) for block in found], dtype=object), size)
    columns["index"] = np.tile(np.array([block.index.id for block in found], dtype=object), size)
    if study.spec.radii:
        columns["radius"] = np.tile([block.radius for block in found], size)
    expected = _by_place([block.expected(size) for block in found])
    columns["value"] = _by_place(values)
    columns["adjusted"] = _adjusted(columns["value"], expected, np.tile([b.index.adjustable for b in found], size))
    columns["expected"] = expected
    columns["lower"] = columns["upper"] = np.full(size * len(found), np.nan)
    counted = [study.per_place(block.used) for block in found]
    columns["n_areas"] = _by_place(counted)
    columns["n_dropped"] = _by_place(
        [study.per_place(np.ones_like(block.used)) - n for block, n in zip(found, counted, strict=True)]
    )
    columns["note"] = _by_place(reasons)
    return pd.DataFrame(columns)


def _by_place(blockwise: Iterable[NDArray[Any]]) -> NDArray[Any]:
    """Turn arrays of one value per place, one per block, into the table's order."""
    return np.column_stack(list(blockwise)).ravel()


def _adjusted(value: Floats, expected: Floats, adjustable: NDArray[np.bool_]) -> Floats:
    """Return the value freed from chance, for indices that run from 0 to 1."""
    return np.where(adjustable, carrington_troske(value, expected), np.nan)


def _with_notes(table: pd.DataFrame, study: Study, found: list[Block], interval: str | None) -> pd.DataFrame:
    """Say in words why a number is missing and who does not count."""
    left_out = {}
    for block in found:
        if (block.columns, block.index.of) not in left_out:
            left_out[block.columns, block.index.of] = study.left_out(block.columns, block.used)
    dropped = _by_place([np.array(left_out[block.columns, block.index.of], dtype=object) for block in found])
    unexplained = {
        "expected": np.where(table["expected"].isna(), "note_no_expected", ""),
        "adjusted": np.where(table["adjusted"].isna() & table["expected"].notna(), "note_no_adjusted", ""),
        "interval": np.where(table["lower"].isna(), _no_interval(table, found, study, interval), ""),
    }
    names = set(table["note"]).union(*(set(column.tolist()) for column in unexplained.values()))
    words = {name: text(name, "en") if name else "" for name in names}
    notes = []
    for place, (reason, *others) in enumerate(zip(table["note"], *unexplained.values(), strict=True)):
        omitted = [] if reason else [words[other] for other in others]
        notes.append("; ".join(part for part in (words[reason], dropped[place], *omitted) if part))
    return table.assign(note=notes)


def _no_interval(table: pd.DataFrame, found: list[Block], study: Study, interval: str | None) -> NDArray[np.str_]:
    """Return why there is no interval: not asked for, or not for indices with geometry."""
    if interval is None:
        return np.full(len(table), "note_no_interval")
    spatial = np.tile([block.index.needs != "" for block in found], study.n_places)
    return np.where(spatial, "note_interval_aspatial", "note_no_spread")


def _notes(study: Study) -> tuple[Message, ...]:
    """Return what the reader has to know about the whole study."""
    notes = [*study.notes, *local_notes(study)]
    if study.spec.indices == ("all",):
        notes.append(Message("note_ordinal_left_out"))
    if study.shapes is not None and study.shapes.crs is None:
        notes.append(Message("note_no_crs"))
    return tuple(notes)


def _refuse_lacking(study: Study, found: list[Block]) -> None:
    """Refuse an index that was asked for and needs geometry or radii that are not there."""
    if study.spec.indices == ("all",):
        return
    for block in found:
        if block.reason in ("note_no_geometry", "note_no_polygons", "note_no_radii"):
            raise SpecError(
                f"{block.index.id!r} cannot be computed: {text(block.reason, 'en')}. "
                f"Pass a GeoDataFrame with polygons in metres, and radii=[...] for the spatial indices."
            )


def _refuse_impossible(spec: StudySpec) -> None:
    """Refuse options of the wrong kind before they are used."""
    for name in ("total", "by"):
        if isinstance(getattr(spec, name), list | tuple | set | dict):
            raise SpecError(f"{name}={getattr(spec, name)!r} is not possible; it names one column.")
    population = spec.min_population
    if not isinstance(population, int | float | np.number) or not 0 <= population < np.inf:
        raise SpecError(f"min_population={population!r} is not possible; it is a number, 0 or more.")
    if not spec.indices:
        raise SpecError("indices is empty; name at least one index.")
    if len(spec.references) == 1 and spec.groups == spec.references:
        raise SpecError(f"{spec.groups[0]!r} is compared with itself; name another reference.")


def check_choice(name: str, value: object, choices: Iterable[object]) -> None:
    """Refuse an option that is not among its choices."""
    if value not in tuple(choices):
        raise SpecError(f"{name}={value!r} is not known; there are {', '.join(repr(c) for c in choices)}.")


def column_names(names: Iterable[str] | str, what: str) -> tuple[str, ...]:
    """Return column names as a tuple without repetitions."""
    result = (names,) if isinstance(names, str) else tuple(dict.fromkeys(names))
    if not result:
        raise SpecError(f"{what} is empty; name at least one column.")
    return result


def _radii(radii: Iterable[float] | float | None, kernel: str) -> tuple[float, ...]:
    """Return the radii, checked together with the kernel."""
    from quartiersatlas.space.surroundings import KERNELS

    check_choice("kernel", kernel, KERNELS)
    if radii is None:
        return ()
    from quartiersatlas.space.surroundings import checked_radii

    return tuple(
        dict.fromkeys(float(radius) for radius in checked_radii(np.atleast_1d(np.asarray(radii, dtype=float))))
    )
