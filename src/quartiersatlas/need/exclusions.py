"""Which areas are not scored, and why; which are scored although something is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.errors import SpecError, list_some
from quartiersatlas.need.evaluate import present_share
from quartiersatlas.need.spec import NeedGroup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quartiersatlas.need.inputs import NeedInputs
    from quartiersatlas.need.spec import NeedSpec


def excluded_areas(inputs: NeedInputs, spec: NeedSpec, manual: Mapping[str, str]) -> pd.DataFrame:
    """List who is left out and why: too few residents, by hand, too few indicators."""
    frame = inputs.values
    unknown_keys = [key for key in manual if key not in frame.index]
    if unknown_keys:
        raise SpecError(f"exclude: {list_some(unknown_keys)} are not keys of the data.")
    rows: dict[str, tuple[str, str]] = {}
    if spec.min_population > 0:
        for name, residents in inputs.residents.items():
            for key in frame.index[residents < spec.min_population]:
                rows.setdefault(key, ("population", f"{spec.min_population:g}"))
            for key in frame.index[residents.isna()]:
                rows.setdefault(key, ("missing", name))
    rows.update({key: ("manual", reason) for key, reason in manual.items()})
    unknown = frame.isna()
    scorable = pd.Series(data=True, index=frame.index)
    for axis in spec.axes:
        scorable &= _present(axis, frame) >= axis.min_present - 1e-12
    for key in frame.index[~scorable]:
        names = [str(name) for name in unknown.columns[unknown.loc[key]]]
        empty = all(name in inputs.counts and inputs.counts[name].denominator[key] == 0 for name in names)
        rows.setdefault(key, ("no_denominator" if empty else "missing", ", ".join(names)))
    ordered = {key: rows[key] for key in frame.index if key in rows}
    return pd.DataFrame.from_dict(ordered, orient="index", columns=["reason", "detail"])


def _present(group: NeedGroup, frame: pd.DataFrame) -> np.ndarray:
    """Return the share of a group's weights that is known in each area."""
    known = [
        np.where(_present(member, frame) >= member.min_present - 1e-12, 1.0, np.nan)
        if isinstance(member, NeedGroup)
        else np.where(frame[member.id].isna(), np.nan, 1.0)
        for member in group.members
    ]
    return present_share(group, np.stack(known))


def reasons_text(excluded: pd.DataFrame) -> str:
    """Return the three most frequent reasons, for a message."""
    counts = (excluded["reason"] + " (" + excluded["detail"] + ")").value_counts().head(3)
    return "; ".join(f"{n} for {reason}" for reason, n in counts.items())


def incomplete_areas(spec: NeedSpec, scored: pd.DataFrame) -> pd.DataFrame:
    """List the areas scored from a part of their indicators."""
    rows = [
        (key, axis.id, ", ".join(gaps.columns[gaps.loc[key]]))
        for axis in spec.axes
        for gaps in [scored[[leaf.id for leaf in axis.indicators]].isna()]
        for key in gaps.index[gaps.any(axis=1)]
    ]
    return pd.DataFrame(rows, columns=["key", "axis", "missing"]).set_index("key")
