"""Counts carried from old to new boundaries: totals kept, unknown stays unknown, uncertain targets are named."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from quartiersatlas.errors import ColumnError, CountError, JoinError, KeyColumnError, SpecError, list_some
from quartiersatlas.space.countable import countable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from quartiersatlas.space.countable import Counts

    Ints = NDArray[np.intp]
    Floats = NDArray[np.float64]

SLIVER = 0.001  # share of a source below which an overlap is taken for a difference in drawing
TOLERANCE = 0.01  # how far the weights of a source may sum to something else than 1
WHOLE = 0.99  # share of a source from which it goes to its target as a whole
UNCERTAIN = 0.05  # share of a target from split sources above which it is marked
WORSE = ("provisional", "not_applicable", "unreliable", "missing", "suppressed")  # the later one prevails
PAIR = ("from", "to", "weight")


@dataclass(frozen=True, eq=False)
class Transfer:
    """Counts on other boundaries than those they were counted on.

    Parameters
    ----------
    table : DataFrame
        The counts, one row per target. NaN where a source that a target needs is unknown, or a target has none.
    status : DataFrame
        The status of every cell; why it is NaN.
    targets : DataFrame
        One row per target: ``n_sources``, ``n_split`` (those of which less than 99 % goes to this target),
        ``split_share`` (share of its count that comes from them, 0 to 1; NaN without a source) and ``uncertain``
        (more than 5 %, or no source).
    weights : DataFrame
        One row per pair that was used: from, to, weight (share of the source's counts).
    slivers : DataFrame
        One row per pair that was dropped: from, to, weight.
    totals : DataFrame
        One row per column: ``before`` and ``after`` (sums of what is known), ``not_carried`` (counts of sources, or of
        parts of them, without a target), ``in_slivers`` (counts that went to other targets of their source because a
        sliver was dropped), ``unknown_sources``, ``unknown_targets``.
    problems : DataFrame
        One row per thing that was repaired, dropped or left: what, key, number.
    method : str
        How the weights came about.
    """

    table: pd.DataFrame
    status: pd.DataFrame
    targets: pd.DataFrame
    weights: pd.DataFrame
    slivers: pd.DataFrame
    totals: pd.DataFrame
    problems: pd.DataFrame
    method: str

    @property
    def uncertain(self) -> list[str]:
        """Keys of the targets that come from split sources by more than 5 %, or have none."""
        return self.targets.index[self.targets["uncertain"]].tolist()

    def __repr__(self) -> str:
        sources = self.weights["from"].nunique()
        lines = [f"Transfer {self.method}: {sources} sources -> {len(self.table)} targets"]
        for column, row in self.totals.head(5).iterrows():
            line = f"  {column}: {row['before']:.10g} before, {row['after']:.10g} after"
            line += f", {row['not_carried']:.6g} not carried" if row["not_carried"] > 0 else ""
            line += f", unknown in {row['unknown_targets']:.0f} targets" if row["unknown_targets"] else ""
            lines.append(line)
        if len(self.totals) > 5:  # noqa: PLR2004 - as many as are shown
            lines.append(f"  and {len(self.totals) - 5} more columns")
        uncertain = self.uncertain
        if uncertain:
            lines.append(f"  uncertain, from split sources ({len(uncertain)}): {list_some(uncertain)}")
        if len(self.slivers):
            moved = self.totals["in_slivers"].iloc[0]
            lines.append(f"  slivers dropped: {len(self.slivers)} pairs, {moved:.4g} of {self.totals.index[0]!r} in them")
        for what, rows in self.problems.groupby("what", sort=False):
            lines.append(f"  {what} ({len(rows)}): {list_some(rows['key'])}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(repr(self))}</pre>{self.table.head(10).to_html(escape=True)}"


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
        With ``.table``, ``.weights``, ``.targets``, ``.totals`` and ``.problems``.

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


Note = tuple[str, str, float]


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
            f"The weights of {len(odd)} of {len(sums)} sources do not sum to 1 within {tolerance:g} ({shown}). Pairs are "
            f"lacking, or the weights are shares of the targets, not of the sources; if counts of a part without a "
            f"target are really to go to the other targets, raise tolerance=."
        )
    kept = pairs[~small]
    left = kept.groupby("from", sort=False)["weight"].sum()
    lost = sums.index.difference(left.index[left > 0])
    if len(lost):
        raise CountError(f"{len(lost)} sources consist of slivers only: {list_some(lost)}. Lower sliver=.")
    notes = [("weights scaled to 1, sum before", key, value) for key, value in sums[(sums - 1).abs() > 1e-9].items()]
    return kept.assign(weight=kept["weight"] / kept["from"].map(left)), [(what, str(k), v) for what, k, v in notes]


def carried(
    frame: pd.DataFrame,
    status: pd.DataFrame,
    pairs: pd.DataFrame,
    *,
    slivers: pd.DataFrame,
    targets: list[str],
    base: str | None,
    not_carried: pd.Series[float],
    notes: list[Note],
    method: str,
) -> Transfer:
    """Sum the weighted sources by target and say how sure each target is."""
    if base is not None and base not in frame.columns:
        raise ColumnError.not_found(base, frame.columns, "The carried counts")
    index = pd.Index(targets, name="key", dtype=object)
    source, target = frame.index.get_indexer(pairs["from"]), index.get_indexer(pairs["to"])
    weight = pairs["weight"].to_numpy(dtype=float)
    table, marks = weighted_sums(frame, status, source, target, weight, index)
    base_values = frame[base if base is not None else frame.columns[0]].to_numpy(dtype=float)
    sure = certainty(base_values, source, target, weight, index)
    without = sure.index[sure["n_sources"].eq(0)]
    table.loc[without], marks.loc[without] = np.nan, "missing"
    notes = [*notes, *(("target without a source, unknown", str(key), np.nan) for key in without)]
    totals = pd.DataFrame(
        {
            "before": frame.sum() + not_carried,
            "after": table.sum(),
            "not_carried": not_carried,
            "in_slivers": _in_slivers(frame, slivers),
            "unknown_sources": frame.isna().sum(),
            "unknown_targets": table.isna().sum(),
        }
    )
    return Transfer(
        table=table,
        status=marks,
        targets=sure,
        weights=pairs[list(PAIR)].reset_index(drop=True),
        slivers=slivers[list(PAIR)].reset_index(drop=True),
        totals=totals,
        problems=pd.DataFrame(notes, columns=["what", "key", "number"]),
        method=method,
    )


def _in_slivers(frame: pd.DataFrame, slivers: pd.DataFrame) -> pd.Series[float]:
    """Return the known counts that dropped pairs would have carried."""
    shares = slivers.groupby("from")["weight"].sum()
    return frame.reindex(shares.index).mul(shares, axis=0).sum()


def weighted_sums(
    frame: pd.DataFrame, status: pd.DataFrame, source: Ints, target: Ints, weight: Floats, index: pd.Index
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the sums by target and their status; NaN wherever an unknown source has a weight above 0."""
    n_targets, used = len(index), weight > 0
    sums, marks = {}, {}
    for column in frame.columns:
        number = frame[column].to_numpy(dtype=float)
        known = ~np.isnan(number)
        total = np.bincount(target, weight * np.where(known, number, 0.0)[source], n_targets)
        mark = np.where(total == 0, "zero", "value").astype(object)
        word = status[column].to_numpy(dtype=object)
        word = np.where(known | np.isin(word, WORSE), word, "missing")
        for worse in WORSE:
            touched = used & (word == worse)[source]
            if touched.any():
                mark[np.bincount(target[touched], minlength=n_targets) > 0] = worse
        unknown = used & ~known[source]
        total[np.bincount(target[unknown], minlength=n_targets) > 0] = np.nan
        sums[column], marks[column] = total, mark
    return pd.DataFrame(sums, index=index), pd.DataFrame(marks, index=index)


def certainty(base: Floats, source: Ints, target: Ints, weight: Floats, index: pd.Index) -> pd.DataFrame:
    """Return for every target how many sources it has and how much of it comes from sources that were split."""
    n_targets = len(index)
    split = weight < WHOLE
    part = weight * np.nan_to_num(base)[source]
    both = np.array([np.bincount(target[chosen], of[chosen], n_targets) for of in (part, weight)
                     for chosen in (split, np.ones_like(split))])  # fmt: skip
    split_part, all_part, split_weight, all_weight = both
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(all_part > 0, split_part / all_part, split_weight / all_weight)
    n_sources = np.bincount(target, minlength=n_targets)
    share[(n_sources > 0) & np.isnan(share)] = 1.0  # all weights are 0: that nobody lives there is an estimate too
    return pd.DataFrame(
        {
            "n_sources": n_sources,
            "n_split": np.bincount(target[split], minlength=n_targets),
            "split_share": share,
            "uncertain": ~(share <= UNCERTAIN),
        },
        index=index,
    )
