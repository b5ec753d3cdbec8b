"""Counts carried to other boundaries by a table of weights, by surface or by residents; counts only, never rates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from quartiersatlas.errors import (
    ColumnError,
    CountError,
    GeometryError,
    InputError,
    JoinError,
    KeyColumnError,
    SpecError,
    list_some,
)
from quartiersatlas.intake import AreaData, Table
from quartiersatlas.intake.joining.data import checked_counts
from quartiersatlas.space.coverage import overlay_pairs, people_in
from quartiersatlas.space.reallocate import PAIR, ROUNDING, carried

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import geopandas as gpd

    from quartiersatlas.space.reallocate import Note, Transfer

    Counts: TypeAlias = "pd.DataFrame | pd.Series[float] | Table | AreaData"

SLIVER = 0.001  # share of a source below which an overlap is taken for a difference in drawing
TOLERANCE = 0.01  # how far the weights of a source may sum to something else than 1


def transfer(
    values: Counts,
    crosswalk: pd.DataFrame,
    *,
    counts: Iterable[str] | None = None,
    surely_counts: Iterable[str] = (),
    targets: Iterable[str] | None = None,
    base: str | None = None,
    sliver: float = SLIVER,
    tolerance: float = TOLERANCE,
    missing: Literal["raise", "report"] = "raise",
) -> Transfer:
    """Carry counts from old to new areas by a table of weights.

    Parameters
    ----------
    values : DataFrame, Series, Table or AreaData
        Counts on the old area keys, finite and at least 0; NaN where unknown. Rates are refused: carry numerator and
        denominator.
    crosswalk : DataFrame
        One row per pair of areas that overlap: ``from``, ``to`` (keys as text) and ``weight`` (share of the source's
        counts that goes to the target, 0 to 1).
    counts : list of str, optional
        Columns to carry; all columns of numbers, if not given.
    surely_counts : list of str, optional
        Columns that are counts although they look like rates, such as estimates of an earlier transfer.
    targets : list of str, optional
        All new keys, so that those without a source are named; those of the crosswalk, if not given.
    base : str, optional
        Column by which ``split_share`` is measured, such as the residents; the first one, if not given.
    sliver : float, default 0.001
        Pairs with less than this share of their source are dropped, the rest is scaled up. At least 0, below 0.5.
        A target that would lose all its sources so keeps its largest one.
    tolerance : float, default 0.01
        How far the weights of a source may sum to something else than 1; within it they are scaled to 1.
    missing : {"raise", "report"}, default "raise"
        Whether old areas without weights, and weights of areas without values, are refused or only reported. Counts
        of the former are not carried then; those of the latter are unknown.

    Returns
    -------
    Transfer
        With ``.table``, ``.weights``, ``.targets``, ``.totals`` and ``.problems``; ``join(new_areas,
        result.as_table())`` puts the counts on the new areas.

    Raises
    ------
    ColumnError
        The crosswalk lacks ``from``, ``to`` or ``weight``, or a named column is not there.
    CountError
        A column is a rate or looks like one; counts are negative or not finite; weights are not in [0, 1] or do not
        sum to 1.
    JoinError
        Keys of the values and of the crosswalk do not fit.
    KeyColumnError
        Keys are doubled or not text, or a pair is there twice.
    SpecError
        An option is out of range.

    Notes
    -----
    ``T_t = sum_s w_st S_s``, where the ``w_st`` of a source that are left sum to 1: the total is kept. A target is
    unknown as soon as one of its sources is (with a weight above 0 that is no sliver), for nothing less is known of
    it; it is never 0 for that reason. Its status is that of the unknown source, ``suppressed`` before ``missing``.

    Weights by surface assume that people live evenly in an area. Where they do not, a transfer is wrong although its
    total is right: ``.targets`` marks those that depend on it.

    Examples
    --------
    >>> import pandas as pd
    >>> old = pd.DataFrame({"residents": [1000.0, 400.0]}, index=["a", "b"])
    >>> weights = pd.DataFrame({"from": ["a", "a", "b"], "to": ["x", "y", "y"], "weight": [0.25, 0.75, 1.0]})
    >>> result = transfer(old, weights)
    >>> result.table["residents"].to_dict()
    {'x': 250.0, 'y': 1150.0}
    >>> result.targets["split_share"].round(3).to_dict()
    {'x': 1.0, 'y': 0.652}
    """
    check_options(sliver, tolerance, missing)
    frame, status, left_out = countable(values, counts, surely_counts)
    pairs = checked_crosswalk(crosswalk)
    notes = [("column left out: no numbers", column, np.nan) for column in left_out]
    frame, status, not_carried, strays = fitted(frame, status, pairs, missing)
    pairs = pairs[pairs["from"].isin(frame.index)]
    small = pairs["weight"].lt(sliver) & pairs["weight"].gt(0)
    small &= ~_only_source(pairs, small)
    kept, scaled = normalised(pairs, small, tolerance)
    return carried(
        frame,
        status,
        kept,
        slivers=pairs[small],
        targets=list(dict.fromkeys([*pairs["to"], *(targets or [])])),
        base=base,
        not_carried=not_carried,
        notes=[*notes, *strays, *scaled],
        method="by crosswalk",
    )


def check_options(sliver: float, tolerance: float, missing: str) -> None:
    """Refuse options out of range."""
    if not 0 <= sliver < 0.5:  # noqa: PLR2004 - half of an area is no sliver
        raise SpecError(f"sliver={sliver!r} must be at least 0 and below 0.5: a share of the source.")
    if not 0 <= tolerance < 1:
        raise SpecError(f"tolerance={tolerance!r} must be at least 0 and below 1.")
    if missing not in ("raise", "report"):
        raise SpecError(f"missing={missing!r} is not known; there are 'raise' and 'report'.")


def checked_crosswalk(crosswalk: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs with text keys, each once, and weights in [0, 1]."""
    for column in PAIR:
        if column not in crosswalk.columns:
            raise ColumnError.not_found(column, crosswalk.columns, "The crosswalk")
    pairs = crosswalk[list(PAIR)].reset_index(drop=True)
    others = [key for key in [*pairs["from"], *pairs["to"]] if not isinstance(key, str)]
    if others:
        raise KeyColumnError(
            f"{len(others)} keys of the crosswalk are not text: {list_some(others)}. Read both columns as text: "
            f"leading zeros matter.",
            map(str, others),
        )
    doubled = pairs[pairs.duplicated(["from", "to"])]
    if len(doubled):
        names = (doubled["from"] + " -> " + doubled["to"]).tolist()
        raise KeyColumnError(f"{len(doubled)} pairs of the crosswalk are there twice: {list_some(names)}.", names)
    weight = pd.to_numeric(pairs["weight"], errors="coerce")
    wrong = pairs[~weight.between(0, 1 + TOLERANCE)]
    if len(wrong):
        shown = [f"{row['from']} -> {row['to']}: {row['weight']}" for _, row in wrong.head(5).iterrows()]
        hint = " Weights in percent? Divide them by 100." if weight.max() > 1 + TOLERANCE else ""
        raise CountError(f"{len(wrong)} weights are not shares from 0 to 1 ({list_some(shown)}).{hint}")
    return pairs.assign(weight=weight.astype(float))


def fitted(
    frame: pd.DataFrame, status: pd.DataFrame, pairs: pd.DataFrame, missing: str
) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series[float], list[Note]]:
    """Bring the values on the sources of the pairs: what has no weights is set aside, what has no values is unknown."""
    sources = pd.Index(pairs["from"].unique(), dtype=object)
    without_weights, without_values = frame.index.difference(sources), sources.difference(frame.index)
    if len(without_weights) == len(frame):
        turned = frame.index.isin(pairs["to"]).any()
        hint = "They are among its targets: exchange from and to." if turned else "Is it of the vintage of the values?"
        raise JoinError(
            f"None of the {len(frame)} keys of the values is a source of the crosswalk (values: "
            f"{list_some(frame.index, 3)}; from: {list_some(sources, 3)}). {hint}"
        )
    if missing == "raise" and len(without_weights) + len(without_values):
        parts = []
        if len(without_weights):
            parts.append(f"{len(without_weights)} areas with values have no weights: {list_some(without_weights)}")
        if len(without_values):
            parts.append(f"{len(without_values)} sources have no values: {list_some(without_values)}")
        raise JoinError(
            f"{'; '.join(parts)}. Complete the crosswalk or the values, or pass missing='report': counts of the former "
            f"are then not carried, targets of the latter unknown."
        )
    not_carried = frame.loc[without_weights].sum()
    first = frame.columns[0]
    notes = [("source without a target, not carried", key, frame.loc[key, first]) for key in without_weights]
    notes += [("source without values, unknown", key, np.nan) for key in without_values]
    return frame.reindex(sources), status.reindex(sources).fillna("missing"), not_carried, notes


def _only_source(pairs: pd.DataFrame, small: pd.Series[bool]) -> pd.Series[bool]:
    """Mark the largest pair of every target that has small pairs only."""
    all_small = small.groupby(pairs["to"]).transform("all")
    largest = pairs["weight"].groupby(pairs["to"]).transform("max")
    return all_small & pairs["weight"].eq(largest) & ~pairs.duplicated(["to", "weight"])


def normalised(pairs: pd.DataFrame, small: pd.Series[bool], tolerance: float) -> tuple[pd.DataFrame, list[Note]]:
    """Drop slivers and scale the weights of every source to sum to 1; a sum beyond the tolerance is refused."""
    sums = pairs.groupby("from", sort=False)["weight"].sum()
    odd = sums[(sums - 1).abs() > tolerance]
    if len(odd):
        shown = ", ".join(f"{key!r}: {value:.4g}" for key, value in odd.head(5).items())
        raise CountError(
            f"The weights of {len(odd)} of {len(sums)} sources do not sum to 1 within {tolerance:g} ({shown}). Pairs "
            f"are lacking, or the weights are shares of the targets, not of the sources; if counts of a part without a "
            f"target are really to go to the other targets, raise tolerance=."
        )
    kept = pairs[~small]
    left = kept.groupby("from", sort=False)["weight"].sum()
    lost = sums.index.difference(left.index[left > 0])
    if len(lost):
        raise CountError(f"{len(lost)} sources consist of slivers only: {list_some(lost)}. Lower sliver=.")
    off = sums[(sums - 1).abs() > ROUNDING]
    notes: list[Note] = [("weights scaled to 1, sum before", str(key), float(value)) for key, value in off.items()]
    return kept.assign(weight=kept["weight"] / kept["from"].map(left)), notes


def transfer_by_area(
    values: Counts,
    from_areas: gpd.GeoDataFrame,
    to_areas: gpd.GeoDataFrame,
    *,
    population: gpd.GeoDataFrame | None = None,
    residents: str | None = None,
    counts: Iterable[str] | None = None,
    surely_counts: Iterable[str] = (),
    base: str | None = None,
    sliver: float = SLIVER,
    tolerance: float = TOLERANCE,
    missing: Literal["raise", "report"] = "raise",
) -> Transfer:
    """Carry counts from old to new areas by the surface of their overlaps, or by where people live.

    Parameters
    ----------
    values : DataFrame, Series, Table or AreaData
        Counts on the keys of ``from_areas``, as in :func:`transfer`. Rates are refused.
    from_areas, to_areas : GeoDataFrame
        Old and new areas: valid polygons on unique text keys, in one projected system.
    population : GeoDataFrame, optional
        A finer layer with residents: points (addresses, centres of cells) or small areas (blocks, cells), in the same
        system. Counts then follow its residents instead of the surface.
    residents : str, optional
        Column of ``population``; the only one with numbers, if not given. At least 0, no gaps.
    counts, surely_counts : list of str, optional
        As in :func:`transfer`.
    base : str, optional
        As in :func:`transfer`.
    sliver : float, default 0.001
        An overlap that is less than this share of the surface of both its areas is dropped.
    tolerance : float, default 0.01
        Share of an old area that may lie outside all new ones, or in several of them.
    missing : {"raise", "report"}, default "raise"
        As in :func:`transfer`.

    Returns
    -------
    Transfer
        As :func:`transfer`.

    Raises
    ------
    GeometryError
        Systems differ or are in degrees, shapes are no valid polygons, or old areas are not covered by new ones.
    CountError
        A column is a rate or looks like one; counts or residents are negative or unknown.
    JoinError
        Keys of the values and of ``from_areas`` do not fit.
    KeyColumnError
        Keys are doubled or not text.

    Notes
    -----
    ``w_st = A(s and t) / A(s)`` [1]_, or with a population ``P(s and t) / P(s)`` [2]_, scaled to sum to 1 for each
    source. People of a small area that is cut count by surface. An old area without people in the population layer is
    split by surface; ``.problems`` names it.

    References
    ----------
    .. [1] Goodchild, M. F., Anselin, L. & Deichmann, U. (1993). A framework for the areal interpolation of
           socioeconomic data. Environment and Planning A 25(3), 383-397.
    .. [2] Eicher, C. L. & Brewer, C. A. (2001). Dasymetric mapping and areal interpolation: implementation and
           evaluation. Cartography and Geographic Information Science 28(2), 125-138.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> import shapely
    >>> old = gpd.GeoDataFrame(index=["a"], geometry=[shapely.box(0, 0, 1000, 1000)], crs="EPSG:25832")
    >>> halves = [shapely.box(0, 0, 500, 1000), shapely.box(500, 0, 1000, 1000)]
    >>> new = gpd.GeoDataFrame(index=["x", "y"], geometry=halves, crs="EPSG:25832")
    >>> people = pd.DataFrame({"people": [900.0]}, index=["a"])
    >>> transfer_by_area(people, old, new).table["people"].to_dict()
    {'x': 450.0, 'y': 450.0}
    >>> homes = gpd.GeoDataFrame({"n": [2, 1]}, geometry=gpd.points_from_xy([100, 900], [500, 500]), crs="EPSG:25832")
    >>> transfer_by_area(people, old, new, population=homes).table["people"].to_dict()
    {'x': 600.0, 'y': 300.0}
    """
    check_options(sliver, tolerance, missing)
    frame, status, left_out = countable(values, counts, surely_counts)
    notes: list[Note] = [("column left out: no numbers", column, np.nan) for column in left_out]
    pairs = overlay_pairs(from_areas, to_areas)
    covered = pairs.groupby("from", sort=False)["from_share"].sum()
    _check_covered(covered, tolerance)
    frame, status, not_carried, strays = fitted(frame, status, pairs.rename(columns={"from_share": "weight"}), missing)
    small = pairs["from_share"].lt(sliver) & pairs["to_share"].lt(sliver)
    slivers = pd.DataFrame(pairs[small]).rename(columns={"from_share": "weight"})
    kept = pairs[~small].reset_index(drop=True)
    weight, by_population = _weights(kept, population, residents)
    off = covered[(covered - 1).abs() > ROUNDING]
    notes += [
        ("part outside the new areas or in several, share", str(key), float(1 - share)) for key, share in off.items()
    ]
    return carried(
        frame,
        status,
        pd.DataFrame({"from": kept["from"], "to": kept["to"], "weight": weight}),
        slivers=slivers,
        targets=to_areas.index.tolist(),
        base=base,
        not_carried=not_carried,
        notes=[*notes, *strays, *by_population],
        method="by surface" if population is None else "by population",
    )


def _check_covered(covered: pd.Series[float], tolerance: float) -> None:
    odd = covered[(covered - 1).abs() > tolerance]
    if len(odd):
        shown = ", ".join(f"{key!r}: {share:.1%}" for key, share in odd.head(5).items())
        raise GeometryError(
            f"{len(odd)} of {len(covered)} old areas are not covered once by new areas ({shown} of their surface). "
            f"Less: new areas are lacking there; more: they overlap. If counts of the part outside are really to go to "
            f"the other targets, raise tolerance=."
        )


def _weights(
    pairs: gpd.GeoDataFrame, population: gpd.GeoDataFrame | None, residents: str | None
) -> tuple[pd.Series[float], list[Note]]:
    """Return the share of its source for every pair, by surface or by people, and what to know about it."""
    surface = pairs["from_share"] / pairs.groupby("from")["from_share"].transform("sum")
    if population is None:
        return surface, []
    if population.crs != pairs.crs:
        raise GeometryError("population is in another coordinate reference system: use population.to_crs(areas.crs).")
    people, elsewhere = people_in(pairs.geometry.to_numpy(), population, residents)
    counted = pd.Series(people, index=pairs.index)
    total = counted.groupby(pairs["from"]).transform("sum")
    empty = pairs.loc[total.eq(0), "from"].unique()
    notes: list[Note] = [("source without people in the population layer, split by surface", key, 0.0) for key in empty]
    if elsewhere > ROUNDING * (people.sum() + elsewhere):
        notes.append(("residents of the population layer outside the old or the new areas", "", elsewhere))
    return (counted / total).where(total > 0, surface), notes


WHOLE = 1e-9  # a count may miss a whole number by this much
RATE_WORDS = re.compile(
    r"(?<![a-z])(rates?|shares?|ratios?|percent\w*|pct|means?|median|average|density|index)(?![a-z])"
    r"|anteil|quote(?![a-z])|(?:en|s|be)rate(?![a-z])|prozent|durchschnitt|mittelwert|dichte|%"
    r"|\b(?:je|per|pro) ?\d|pro kopf|per capita",
    re.IGNORECASE,
)
REPAIR = "Carry its numerator and its denominator, and compute the rate again on the new areas"


def countable(
    values: Counts, counts: Iterable[str] | None, surely_counts: Iterable[str]
) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Return the counts as floats and their status, on unique text keys, and the columns left out as text.

    Raises
    ------
    ColumnError
        A named column is not there.
    CountError
        A column is a rate or looks like one, or holds text, negative or infinite numbers.
    KeyColumnError
        Keys are doubled or not text.
    InputError
        No column of numbers is left.
    """
    frame, status = _frames(values)
    _check_keys(frame.index)
    chosen = chosen_counts(frame, counts, surely_counts, _known_rates(values))
    left_out = [str(c) for c in frame.columns if c not in chosen] if counts is None else []
    return frame[chosen].astype(float), status[chosen], left_out


def chosen_counts(
    frame: pd.DataFrame, counts: Iterable[str] | None, surely_counts: Iterable[str], known_rates: Mapping[str, str]
) -> list[str]:
    """Return the columns to carry: the named ones, or all with numbers; refuse what is no count."""
    named, surely = None if counts is None else list(counts), list(surely_counts)
    for column in [*(named or []), *surely]:
        if column not in frame.columns:
            raise ColumnError.not_found(column, frame.columns, "The values")
    chosen = [c for c in frame.columns if _is_number(frame[c])] if named is None else named
    if not chosen:
        raise InputError("The values have no column of numbers.")
    for column in chosen:
        if not _plain_counts(frame[column]):
            checked_counts(frame[column])
        reason = known_rates.get(column)
        if reason is None and column not in surely:
            reason = _looks_like_a_rate(frame[column])
        if reason is not None:
            others = [c for c in chosen if c not in known_rates and _looks_like_a_rate(frame[c]) is None]
            raise CountError(
                f"{column!r} {reason}: carried like a count it would be wrong. {REPAIR}. To carry the others: "
                f"counts={others}. A count that only looks like a rate is named in surely_counts=[...]."
            )
    return chosen


def _frames(values: Counts) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return values and status; a plain frame's status is read off its values."""
    if isinstance(values, AreaData | Table):
        return values.values, values.status
    name = "count" if isinstance(values, pd.Series) and values.name is None else getattr(values, "name", None)
    frame = pd.DataFrame(values.to_frame(name) if isinstance(values, pd.Series) else values.copy())
    if frame.empty:
        raise InputError("The values have no rows or no columns.")
    twice = frame.columns[frame.columns.duplicated()].unique()
    if len(twice):
        raise ColumnError(f"The values have several columns with one name: {list_some(twice)}. Rename them.")
    for column in frame.columns:
        if _is_number(frame[column]):
            frame[column] = frame[column].to_numpy(dtype=float, na_value=np.nan)
    known = np.where(frame.isna(), "missing", np.where(frame.eq(0), "zero", "value"))
    return frame, pd.DataFrame(known, frame.index, frame.columns)


def _is_number(column: pd.Series) -> bool:
    return is_numeric_dtype(column.dtype) and not is_bool_dtype(column.dtype)


def _plain_counts(column: pd.Series) -> bool:
    """Tell quickly that nothing is wrong with a column; the check that explains itself takes longer."""
    if not _is_number(column):
        return False
    number = column.to_numpy(dtype=float)
    return bool(((number >= 0) & (number < np.inf)).all())


def _check_keys(keys: pd.Index) -> None:
    others = [key for key in keys if not isinstance(key, str)]
    if others:
        raise KeyColumnError(
            f"{len(others)} keys of the values are not text: {list_some(others)}. The area keys must be the index, as "
            f"text: leading zeros matter.",
            map(str, others),
        )
    doubled = keys[keys.duplicated()].unique()
    if len(doubled):
        raise KeyColumnError(
            f"{len(doubled)} keys of the values have more than one row: {list_some(doubled)}. All of them: err.keys",
            doubled,
        )


def _known_rates(values: Counts) -> dict[str, str]:
    """Return the columns that are known not to be counts, with the words for it."""
    if not isinstance(values, AreaData):
        return {}
    catalogue = values.catalogue
    found = {name: "is an indicator of the catalogue" for name in values.values.columns if name in catalogue}
    found |= {name: f"is the rate {one!r} / {other!r}" for name, (one, other) in values.rates.items()}
    return found | {name: f"is the change of {one!r}" for name, (one, _) in values.changes.items()}


def _looks_like_a_rate(column: pd.Series[float]) -> str | None:
    """Return what makes a column look like a rate, if something does."""
    word = RATE_WORDS.search(str(column.name))
    if word:
        return f"is a rate by its name ({word.group(0)!r})"
    number = column.to_numpy(dtype=float)
    if (number == np.rint(number)).all():
        return None
    numbers = column.dropna()
    broken = numbers[(numbers - numbers.round()).abs() > WHOLE * numbers.abs().clip(lower=1)]
    if len(broken):
        shown = ", ".join(f"{key!r}: {value:g}" for key, value in broken.head(3).items())
        return f"holds {len(broken)} numbers that are not whole ({shown})"
    return None
