"""Counts carried from old to new boundaries by a table of weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from quartiersatlas.errors import ColumnError, CountError, JoinError, KeyColumnError, SpecError, list_some
from quartiersatlas.space.carry import PAIR, ROUNDING, carried
from quartiersatlas.space.countable import countable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quartiersatlas.space.carry import Note, Transfer
    from quartiersatlas.space.countable import Counts

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
