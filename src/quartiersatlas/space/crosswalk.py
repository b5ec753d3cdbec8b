"""Counts reallocated to other boundaries by a table of weights (a crosswalk); counts only, never rates."""

from __future__ import annotations

from collections.abc import Sized
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from quartiersatlas.base.checks import choice, count_noun, expects, names, renamed
from quartiersatlas.base.keys import refuse_number_keys
from quartiersatlas.errors import ColumnError, CountError, InputError, JoinError, KeyColumnError, SpecError, list_some
from quartiersatlas.intake import AreaData, Table
from quartiersatlas.intake.joining.data import WHOLE, checked_counts, kind_of, rate_by_name, why_no_count
from quartiersatlas.intake.tables.values.codes import status_of_values
from quartiersatlas.space.reallocate import PAIR, ROUNDING, reallocated

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from quartiersatlas.space.reallocate import Note, Transfer

    Counts: TypeAlias = "pd.DataFrame | pd.Series[float] | Table | AreaData"

SLIVER = 0.001  # share of a source below which an overlap is taken for a difference in drawing
TOLERANCE = 0.01  # how far the weights of a source may sum to something else than 1
REPAIR = "Reallocate its numerator and its denominator, and compute the rate again on the new areas"


@renamed(values="data", surely_counts="treat_as_counts")
def transfer(
    data: Counts,
    crosswalk: pd.DataFrame,
    *,
    counts: Iterable[str] | None = None,
    treat_as_counts: Iterable[str] = (),
    targets: Iterable[str] | None = None,
    base: str | None = None,
    sliver: float = SLIVER,
    tolerance: float = TOLERANCE,
    missing: Literal["raise", "report"] = "raise",
) -> Transfer:
    """Reallocate counts from old to new areas by a table of weights.

    Parameters
    ----------
    data : DataFrame, Series, Table or AreaData
        Counts on the old area keys, finite and at least 0; NaN where unknown. Rates are refused: reallocate numerator
        and denominator.
    crosswalk : DataFrame
        One row per pair of areas that overlap: ``from``, ``to`` (keys as text) and ``weight`` (share of the source's
        counts that goes to the target, 0 to 1).
    counts : list of str, optional
        Extensive columns, which may be split and summed; all columns of numbers, if not given.
    treat_as_counts : list of str, optional
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
        Whether old areas without weights, and weights of areas without data, are refused or only reported. Counts
        of the former are then unallocated; those of the latter are unknown.

    Returns
    -------
    Transfer
        With ``.table``, ``.weights``, ``.targets``, ``.totals`` and ``.problems``; ``join(new_areas,
        result.as_table())`` puts the counts on the new areas.

    Raises
    ------
    ColumnError
        ``from``, ``to`` or ``weight`` is missing from the crosswalk, or a named column does not exist.
    CountError
        A column is a rate or looks like one; counts are negative or not finite; weights are not in [0, 1] or do not
        sum to 1.
    JoinError
        Keys of the data and of the crosswalk do not match.
    KeyColumnError
        Keys are duplicate or not text, or a pair appears twice.
    SpecError
        An option is out of range.
    ArgumentError
        The data or the crosswalk is another kind of object.

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
    frame, status, notes = extensive_columns(data, "transfer", counts, treat_as_counts)
    pairs = checked_crosswalk(crosswalk)
    targets = () if targets is None else names(targets, "targets")
    frame, status, unallocated, unmatched = match_sources(frame, status, pairs, missing)
    pairs = pairs[pairs["from"].isin(frame.index)]
    small = pairs["weight"].lt(sliver) & pairs["weight"].gt(0)
    small &= ~_only_source(pairs, small)
    kept, scaled = scaled_weights(pairs, small, tolerance)
    return reallocated(
        frame,
        status,
        kept,
        slivers=pairs[small],
        targets=list(dict.fromkeys([*pairs["to"], *targets])),
        base=base,
        unallocated=unallocated,
        notes=[*notes, *unmatched, *scaled],
        method="by crosswalk",
    )


def check_options(sliver: float, tolerance: float, missing: str) -> None:
    """Refuse options out of range."""
    if not 0 <= sliver < 0.5:  # noqa: PLR2004 - half of an area is no sliver
        raise SpecError(f"sliver={sliver!r} must be at least 0 and below 0.5: a share of the source.")
    if not 0 <= tolerance < 1:
        raise SpecError(f"tolerance={tolerance!r} must be at least 0 and below 1.")
    choice(missing, ("raise", "report"), "missing")


def extensive_columns(
    data: Counts, call: str, counts: Iterable[str] | None, treat_as_counts: Iterable[str]
) -> tuple[pd.DataFrame, pd.DataFrame, list[Note]]:
    """Return the counts as floats and their status, on unique text keys, and a note per column that is left out.

    Raises
    ------
    ColumnError
        A named column does not exist.
    CountError
        A column is a rate or looks like one, or holds text, negative or infinite numbers.
    KeyColumnError
        Keys are duplicate or not text.
    InputError
        No column of numbers is left.
    ArgumentError
        The data are another kind of object.
    """
    how = 'table = qa.read_table("counts.csv", key="id")'
    expects(data, (pd.DataFrame, pd.Series, Table, AreaData), call, how)
    frame, status = _values_and_status(data)
    _check_keys(frame.index)
    chosen = choose_counts(frame, counts, treat_as_counts, _known_rates(data))
    left_out = [str(c) for c in frame.columns if c not in chosen] if counts is None else []
    return frame[chosen].astype(float), status[chosen], [("column_left_out", column, np.nan) for column in left_out]


def choose_counts(
    frame: pd.DataFrame, counts: Iterable[str] | None, treat_as_counts: Iterable[str], known_rates: Mapping[str, str]
) -> list[str]:
    """Return the extensive columns: the named ones, or all with numbers; refuse what is no count."""
    named = None if counts is None else list(names(counts, "counts"))
    none = isinstance(treat_as_counts, Sized) and not len(treat_as_counts)
    trusted = () if none else names(treat_as_counts, "treat_as_counts")
    for column in [*(named or []), *trusted]:
        if column not in frame.columns:
            raise ColumnError.not_found(column, frame.columns, "The data")
    chosen = [c for c in frame.columns if _is_number(frame[c])] if named is None else named
    if not chosen:
        raise InputError("The data have no column of numbers.")
    for column in chosen:
        if not _plain_counts(frame[column]):
            checked_counts(frame[column])
        reason = known_rates.get(column)
        if reason is None and column not in trusted:
            reason = _looks_like_a_rate(frame[column])
        if reason is not None:
            others = [c for c in chosen if c not in known_rates and _looks_like_a_rate(frame[c]) is None]
            raise CountError(
                f"{column!r} {reason}: reallocated like a count it would be wrong. {REPAIR}. For the others alone: "
                f"counts={others}. A count that only looks like a rate is named in treat_as_counts=[...]."
            )
    return chosen


def _values_and_status(data: Counts) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return values and status; a plain frame's status is read off its values."""
    if isinstance(data, AreaData | Table):
        return data.values, data.status
    if isinstance(data, pd.Series):
        frame = data.to_frame("count" if data.name is None else data.name)
    else:
        frame = pd.DataFrame(data.copy())
    if frame.empty:
        raise InputError("The data have no rows or no columns.")
    twice = frame.columns[frame.columns.duplicated()].unique()
    if len(twice):
        raise ColumnError(f"The data have several columns with one name: {list_some(twice)}. Rename them.")
    for column in frame.columns:
        if _is_number(frame[column]):
            frame[column] = frame[column].to_numpy(dtype=float, na_value=np.nan)
    return frame, status_of_values(frame)


def _is_number(column: pd.Series) -> bool:
    return is_numeric_dtype(column.dtype) and not is_bool_dtype(column.dtype)


def _plain_counts(column: pd.Series) -> bool:
    """Return True if nothing is wrong with a column; the check that explains itself takes longer."""
    if not _is_number(column):
        return False
    number = column.to_numpy(dtype=float)
    return bool(((number >= 0) & (number < np.inf)).all())


def _check_keys(keys: pd.Index) -> None:
    others = [key for key in keys if not isinstance(key, str)]
    if others:
        raise KeyColumnError(
            f"{count_noun(len(others), 'key of the data is', 'keys of the data are')} not text: "
            f"{list_some(others)}. The area keys must be the index, as "
            f"text: leading zeros matter.",
            map(str, others),
        )
    duplicates = keys[keys.duplicated()].unique()
    if len(duplicates):
        raise KeyColumnError(
            f"{count_noun(len(duplicates), 'key of the data has', 'keys of the data have')} more than one row: "
            f"{list_some(duplicates)}. All of them: err.keys",
            duplicates,
        )


def _known_rates(data: Counts) -> dict[str, str]:
    """Return the columns that are known not to be counts, with the words for it."""
    if not isinstance(data, AreaData):
        return {}
    reasons = {name: why_no_count(data, name) for name in data.values.columns if kind_of(data, name) != "amount"}
    return {name: reason for name, reason in reasons.items() if reason}


def _looks_like_a_rate(column: pd.Series[float]) -> str | None:
    """Return what makes a column look like a rate, if something does."""
    by_name = rate_by_name(str(column.name))
    if by_name:
        return by_name
    number = column.to_numpy(dtype=float)
    if (number == np.rint(number)).all():
        return None
    numbers = column.dropna()
    broken = numbers[(numbers - numbers.round()).abs() > WHOLE * numbers.abs().clip(lower=1)]
    if len(broken):
        shown = ", ".join(f"{key!r}: {value:g}" for key, value in broken.head(3).items())
        return f"holds {count_noun(len(broken), 'number that is', 'numbers that are')} not whole ({shown})"
    return None


def checked_crosswalk(crosswalk: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs with text keys, each once, and weights in [0, 1]."""
    how = 'crosswalk = pd.read_csv("crosswalk.csv", dtype={"from": str, "to": str})'
    expects(crosswalk, pd.DataFrame, "transfer: crosswalk", how)
    for column in PAIR:
        if column not in crosswalk.columns:
            raise ColumnError.not_found(column, crosswalk.columns, "The crosswalk")
    pairs = crosswalk[list(PAIR)].reset_index(drop=True)
    others = [key for key in [*pairs["from"], *pairs["to"]] if not isinstance(key, str)]
    if others:
        raise KeyColumnError(
            f"{count_noun(len(others), 'key of the crosswalk is', 'keys of the crosswalk are')} not text: "
            f"{list_some(others)}. Read both columns as text: leading zeros matter.",
            map(str, others),
        )
    again = pairs[pairs.duplicated(["from", "to"])]
    if len(again):
        arrows = (again["from"] + " -> " + again["to"]).tolist()
        number = count_noun(len(again), "pair of the crosswalk appears", "pairs of the crosswalk appear")
        raise KeyColumnError(f"{number} twice: {list_some(arrows)}.", arrows)
    weight = pd.to_numeric(pairs["weight"], errors="coerce")
    wrong = pairs[~weight.between(0, 1 + TOLERANCE)]
    if len(wrong):
        shown = [f"{row['from']} -> {row['to']}: {row['weight']}" for _, row in wrong.head(5).iterrows()]
        hint = " Weights in percent? Divide them by 100." if weight.max() > 1 + TOLERANCE else ""
        number = count_noun(len(wrong), "weight is not a share", "weights are not shares")
        raise CountError(f"{number} from 0 to 1 ({list_some(shown)}).{hint}")
    return pairs.assign(weight=weight.astype(float))


def match_sources(
    frame: pd.DataFrame, status: pd.DataFrame, pairs: pd.DataFrame, missing: str
) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series[float], list[Note]]:
    """Bring the data on the sources of the pairs: what has no weights is unallocated, what has no data is unknown."""
    sources = pd.Index(pairs["from"].unique(), dtype=object)
    repair = "Make the index of the data, and both columns of the crosswalk, text with all zeros"
    refuse_number_keys(frame.index, sources, "the data", repair)
    refuse_number_keys(sources, frame.index, "the crosswalk", repair)
    without_weights, without_data = frame.index.difference(sources), sources.difference(frame.index)
    if len(without_weights) == len(frame):
        turned = frame.index.isin(pairs["to"]).any()
        hint = "They are among its targets: exchange from and to." if turned else "Is it of the vintage of the data?"
        raise JoinError(
            f"None of the {len(frame)} keys of the data is a source of the crosswalk (data: "
            f"{list_some(frame.index, 3)}; from: {list_some(sources, 3)}). {hint}"
        )
    if missing == "raise" and len(without_weights) + len(without_data):
        parts = []
        if len(without_weights):
            areas = count_noun(len(without_weights), "area with data has", "areas with data have")
            parts.append(f"{areas} no weights: {list_some(without_weights)}")
        if len(without_data):
            found = count_noun(len(without_data), "source has", "sources have")
            parts.append(f"{found} no data: {list_some(without_data)}")
        raise JoinError(
            f"{'; '.join(parts)}. Complete the crosswalk or the data, or pass missing='report': counts of the former "
            f"are then unallocated, targets of the latter unknown."
        )
    unallocated = frame.loc[without_weights].sum()
    first = frame.columns[0]
    notes = [("source_without_target", key, frame.loc[key, first]) for key in without_weights]
    notes += [("source_without_data", key, np.nan) for key in without_data]
    return frame.reindex(sources), status.reindex(sources).fillna("missing"), unallocated, notes


def _only_source(pairs: pd.DataFrame, small: pd.Series[bool]) -> pd.Series[bool]:
    """Mark the largest pair of every target that has small pairs only."""
    all_small = small.groupby(pairs["to"]).transform("all")
    largest = pairs["weight"].groupby(pairs["to"]).transform("max")
    return all_small & pairs["weight"].eq(largest) & ~pairs.duplicated(["to", "weight"])


def scaled_weights(pairs: pd.DataFrame, small: pd.Series[bool], tolerance: float) -> tuple[pd.DataFrame, list[Note]]:
    """Drop slivers and scale the weights of every source to sum to 1; a sum beyond the tolerance is refused."""
    sums = pairs.groupby("from", sort=False)["weight"].sum()
    odd = sums[(sums - 1).abs() > tolerance]
    if len(odd):
        shown = ", ".join(f"{key!r}: {value:.4g}" for key, value in odd.head(5).items())
        raise CountError(
            f"The weights of {len(odd)} of {len(sums)} sources do not sum to 1 within {tolerance:g} ({shown}). Pairs "
            f"are missing, or the weights are shares of the targets, not of the sources; if counts of a part without a "
            f"target are really to go to the other targets, raise tolerance=."
        )
    kept = pairs[~small]
    left = kept.groupby("from", sort=False)["weight"].sum()
    lost = sums.index.difference(left.index[left > 0])
    if len(lost):
        number = count_noun(len(lost), "source consists", "sources consist")
        raise CountError(f"{number} of slivers only: {list_some(lost)}. Lower sliver=.")
    off = sums[(sums - 1).abs() > ROUNDING]
    notes: list[Note] = [("weights_scaled", str(key), float(value)) for key, value in off.items()]
    return kept.assign(weight=kept["weight"] / kept["from"].map(left)), notes
