"""What leaves of a stability run: how often an area is selected and the label, only where that may be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.errors import SpecError, list_some
from quartiersatlas.need.places import rank_table
from quartiersatlas.release.columns import need_cells

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.need import NeedIndex, Stability
    from quartiersatlas.release.secrecy import Secrecy
    from quartiersatlas.screening import Shortlist

DECIMALS = 2
LABELS = {"sicher": "sure", "Grenzfall": "open", "nicht": "out"}


@dataclass(frozen=True)
class ReleasedStability:
    """How stable the selection is.

    Parameters
    ----------
    table : DataFrame
        On the district key: ``label`` (``"sure"``, ``"open"``, ``"out"``) and ``p_selected`` (share of the runs in
        [0, 1], two decimals). Missing for areas for which the outcome cannot or may not be told. Inside the house
        also ``rank_lower``, ``rank_median``, ``rank_upper``: 5 %, 50 % and 95 % of the runs' ranks on the first axis
        among the areas whose score is shown, as :attr:`Release.ranks` counts them; missing for all others. In public
        there are no such columns.
    notes : mapping of language to tuple of str
        What was varied and where the limits of the labels lie.
    """

    table: pd.DataFrame
    notes: Mapping[Lang, tuple[str, ...]]


def released_stability(
    stability: Stability,
    kept: Secrecy,
    shortlist: Shortlist | None,
    need: NeedIndex | None,
    told: pd.Series[bool],
    score: pd.Series[float] | None = None,
) -> ReleasedStability:
    """Return the labels of areas that may be told.

    With a shortlist these are the areas with a told outcome; otherwise those whose scores may be shown. Sizes over all
    runs stay inside: they count withheld areas too. So do ranks among all areas, whose gaps would tell where a withheld
    score lies: with a released ``score``, ranks are counted anew among the areas that show it.

    Raises
    ------
    SpecError
        The run is of other areas, another spec or another selection.
    """
    index = kept.data.areas.index
    odd = stability.table.index.symmetric_difference(index)
    if len(odd):
        raise SpecError(f"The stability is of other areas: {len(odd)} keys are on one side only: {list_some(odd)}.")
    if need is not None and stability.spec_hash and stability.spec_hash != need.spec.hash:
        raise SpecError(
            f"The stability is of another need spec: {stability.spec_id} ({stability.spec_hash}), "
            f"not {need.spec.id} ({need.spec.hash})."
        )
    table = stability.table.loc[index, ["label", "p_selected"]]
    if shortlist is not None:
        _check_same_selection(stability, shortlist)
        shown = told
    else:
        secret = need_cells(kept, need) if need is not None else {}
        shown = ~pd.DataFrame({"hidden": kept.hidden, **secret}).any(axis=1)
    shown = shown & table["label"].notna()
    released = pd.DataFrame(
        {
            "label": table["label"].map(LABELS).where(shown),
            "p_selected": table["p_selected"].astype(float).round(DECIMALS).where(shown, np.nan),
        }
    )
    if score is not None and stability.places is not None:
        released = released.join(rank_table(stability.places, score.astype(float)).drop(columns="rank"))
    return ReleasedStability(
        table=released,
        notes={"de": tuple(stability.notes("de")), "en": tuple(stability.notes("en"))},
    )


def _check_same_selection(stability: Stability, shortlist: Shortlist) -> None:
    """Refuse labels of one selection beside the areas of another."""
    theirs = stability.table["selected"].dropna().astype(bool)
    ours = shortlist.selected.reindex(theirs.index)[shortlist.assessed.reindex(theirs.index)]
    odd = ours.index[ours.ne(theirs[ours.index])]
    if len(odd):
        raise SpecError(
            f"The stability is of another selection than the shortlist: {len(odd)} areas are selected in one of the "
            f"two only: {list_some(odd)}. Make it with shortlist.stability(...)."
        )
