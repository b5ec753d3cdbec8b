"""Reallocated counts: weighted sums by target, their totals, what is unknown, and how certain each target is."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import count_noun
from quartiersatlas.catalogue import text
from quartiersatlas.errors import ColumnError, list_some
from quartiersatlas.intake import Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.integer]
    Floats = NDArray[np.float64]
    Reasons = dict[str, dict[str, NDArray[np.bool_]]]

WHOLE = 0.99  # share of a source from which it goes to its target as a whole
UNCERTAIN = 0.05  # share of a target from split sources above which it is uncertain: see docs/transfer.md
ROUNDING = 1e-9  # a sum of weights that misses 1 by no more is 1
SEVERITY = ("provisional", "not_applicable", "unreliable", "missing", "suppressed")  # the later one prevails
PAIR = ("from", "to", "weight")
PROBLEMS = (  # codes of what was repaired, dropped or left
    "column_left_out",
    "source_without_target",
    "source_without_data",
    "weights_scaled",
    "not_covered_once",
    "source_without_population",
    "population_outside",
    "target_without_source",
    "cells_outside",
    "counts_outside",
    "cells_counted_twice",
    "counts_counted_twice",
    "area_without_cell",
)

Note = tuple[str, str, float]  # what (a code), key, number


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
        (more than 5 %, of grid cells more than half, or no source).
    weights : DataFrame
        One row per pair that was used: from, to, weight (share of the source's counts).
    slivers : DataFrame
        One row per pair that was dropped: from, to, weight.
    totals : DataFrame
        One row per column: ``before`` and ``after`` (sums of what is known), ``unallocated`` (counts of sources, or of
        parts of them, without a target), ``in_slivers`` (counts that went to other targets of their source because a
        sliver was dropped), ``unknown_sources``, ``unknown_targets``.
    problems : DataFrame
        One row per thing that was repaired, dropped or left: ``what`` (a code, such as ``source_without_target``,
        ``weights_scaled``, ``cells_outside``; printed in words), ``key``, ``number``.
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
        """Keys of the targets that are marked as uncertain."""
        return self.targets.index[self.targets["uncertain"]].tolist()

    def as_table(self) -> Table:
        """Return the counts with their status as a table that can be joined to the new areas."""
        words = self.problems["what"].map(_in_words)
        done = pd.DataFrame({"row": "", "column": self.problems["key"], "raw": self.problems["number"], "done": words})
        source = Path(f"transfer {self.method}")
        return Table(self.table, self.status, done, source, "reallocated from other boundaries")

    def __repr__(self) -> str:
        sources = self.weights["from"].nunique()
        lines = [f"Transfer {self.method}: {count_noun(sources, 'source')} -> {count_noun(len(self.table), 'target')}"]
        for column, row in self.totals.head(5).iterrows():
            line = f"  {column}: {row['before']:.10g} before, {row['after']:.10g} after"
            line += f", {row['unallocated']:.6g} unallocated" if row["unallocated"] > 0 else ""
            line += (
                f", unknown in {count_noun(int(row['unknown_targets']), 'target')}" if row["unknown_targets"] else ""
            )
            lines.append(line)
        if len(self.totals) > 5:  # noqa: PLR2004 - as many as are shown
            lines.append(f"  and {count_noun(len(self.totals) - 5, 'more column')}")
        uncertain = self.uncertain
        if uncertain:
            lines.append(f"  uncertain, from split sources ({len(uncertain)}): {list_some(uncertain)}")
        if len(self.slivers):
            moved = self.totals["in_slivers"].iloc[0]
            pairs = count_noun(len(self.slivers), "pair")
            lines.append(f"  slivers dropped: {pairs}, {moved:.4g} of {self.totals.index[0]!r} in them")
        for what, rows in self.problems.groupby("what", sort=False):
            one = rows["number"].iloc[0] if len(rows) == 1 else np.nan
            if np.isnan(one):
                lines.append(f"  {_in_words(str(what))} ({len(rows)}): {list_some(rows['key'])}")
            else:
                lines.append(f"  {_in_words(str(what))} {rows['key'].iloc[0]}".rstrip() + f": {one:.6g}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(repr(self))}</pre>{self.table.head(10).to_html(escape=True)}"


def _in_words(what: str) -> str:
    """Return the words of a problem."""
    return text(f"transfer_{what}", "en")


def reallocated(
    frame: pd.DataFrame,
    status: pd.DataFrame,
    pairs: pd.DataFrame,
    *,
    slivers: pd.DataFrame,
    targets: list[str],
    base: str | None,
    unallocated: pd.Series[float],
    notes: list[Note],
    method: str,
) -> Transfer:
    """Sum the weighted sources by target and say how certain each target is."""
    index = pd.Index(targets, name="key", dtype=object)
    source, target = frame.index.get_indexer(pd.Index(pairs["from"])), index.get_indexer(pd.Index(pairs["to"]))
    weight = pairs["weight"].to_numpy(dtype=float)
    table, flags, certainty = weighted_sums(frame, reasons_of(frame, status), source, target, weight, index, base)
    without = certainty.index[certainty["n_sources"].eq(0)]
    notes = [*notes, *(("target_without_source", str(key), np.nan) for key in without)]
    return Transfer(
        table=table,
        status=flags,
        targets=certainty,
        weights=pairs[list(PAIR)].reset_index(drop=True),
        slivers=slivers[list(PAIR)].reset_index(drop=True),
        totals=totals(frame, table, frame.sum() + unallocated, unallocated, _in_slivers(frame, slivers)),
        problems=pd.DataFrame(notes, columns=["what", "key", "number"]),
        method=method,
    )


def totals(
    frame: pd.DataFrame,
    table: pd.DataFrame,
    before: pd.Series[float],
    unallocated: pd.Series[float],
    in_slivers: pd.Series[float] | float,
) -> pd.DataFrame:
    """Return the sums before and after, and what is missing between them, one row per column."""
    return pd.DataFrame(
        {
            "before": before,
            "after": table.sum(),
            "unallocated": unallocated,
            "in_slivers": in_slivers,
            "unknown_sources": frame.isna().sum(),
            "unknown_targets": table.isna().sum(),
        }
    )


def _in_slivers(frame: pd.DataFrame, slivers: pd.DataFrame) -> pd.Series[float]:
    """Return the known counts that dropped pairs would have moved."""
    shares = slivers.groupby("from")["weight"].sum()
    return frame.reindex(shares.index).mul(shares, axis=0).sum()


def reasons_of(frame: pd.DataFrame, status: pd.DataFrame) -> Reasons:
    """Return for every column which sources are unknown or uncertain, by their status."""
    found: Reasons = {}
    for column in frame.columns:
        has_reason = frame[column].notna() | status[column].isin(SEVERITY)
        code = status[column].where(has_reason, "missing").to_numpy(dtype=object)
        found[column] = {worse: code == worse for worse in SEVERITY if (code == worse).any()}
    return found


def weighted_sums(
    frame: pd.DataFrame,
    reasons: Reasons,
    source: Ints,
    target: Ints,
    weight: Floats,
    index: pd.Index,
    base: str | None,
    limit: float = UNCERTAIN,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the sums by target, their status, and how certain they are.

    NaN wherever an unknown source has a weight above 0, and where there is no source.
    """
    if base is not None and base not in frame.columns:
        raise ColumnError.not_found(base, frame.columns, "The counts")
    n_targets, used = len(index), weight > 0
    without = np.bincount(target, minlength=n_targets) == 0
    sums, status = {}, {}
    for column in frame.columns:
        number = frame[column].to_numpy(dtype=float)
        unknown = np.isnan(number)
        total = np.bincount(target, weight * np.nan_to_num(number)[source], n_targets).astype(float)
        code = np.where(total == 0, "zero", "value").astype(object)
        for worse in SEVERITY:
            if worse in reasons.get(column, {}):
                code[_reached(reasons[column][worse], source, target, used, n_targets)] = worse
        total[_reached(unknown, source, target, used, n_targets)] = np.nan
        total[without], code[without] = np.nan, "missing"
        sums[column], status[column] = total, code
    base_values = frame[base if base is not None else frame.columns[0]].to_numpy(dtype=float)
    certainty = certainty_of(base_values, source, target, weight, index, limit)
    return pd.DataFrame(sums, index=index), pd.DataFrame(status, index=index), certainty


def _reached(
    sources: NDArray[np.bool_], source: Ints, target: Ints, used: NDArray[np.bool_], n: int
) -> NDArray[np.bool_]:
    """Return for each target whether one of these sources has a weight above 0 in it."""
    if not sources.any():
        return np.zeros(n, dtype=bool)
    return np.bincount(target[used & sources[source]], minlength=n) > 0


def certainty_of(
    base: Floats, source: Ints, target: Ints, weight: Floats, index: pd.Index, limit: float
) -> pd.DataFrame:
    """Return for every target how many sources it has and how much of it comes from sources that were split."""
    n_targets = len(index)
    split = weight < WHOLE
    part = weight * np.nan_to_num(base)[source]
    split_part, all_part = np.bincount(target[split], part[split], n_targets), np.bincount(target, part, n_targets)
    split_weight, all_weight = (np.bincount(target[some], weight[some], n_targets) for some in (split, slice(None)))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(all_part > 0, split_part / all_part, split_weight / all_weight)
    n_sources = np.bincount(target, minlength=n_targets)
    share[(n_sources > 0) & np.isnan(share)] = 1.0  # all weights are 0: that nobody lives there is an estimate too
    return pd.DataFrame(
        {
            "n_sources": n_sources,
            "n_split": np.bincount(target[split], minlength=n_targets),
            "split_share": share,
            "uncertain": ~(share <= limit),
        },
        index=index,
    )
