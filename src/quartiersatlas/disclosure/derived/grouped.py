"""Candidate areas as they leave: as they were given, or new ones where protection changes what they are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quartiersatlas.base.checks import count_noun
from quartiersatlas.disclosure.derived.recompute import is_shown_alike, quietly
from quartiersatlas.errors import SpecError, list_some
from quartiersatlas.screening import candidate_areas

if TYPE_CHECKING:
    import pandas as pd

    from quartiersatlas.intake import AreaData
    from quartiersatlas.screening import Candidates, Shortlist

MAKE = "Make them of what is released: candidates = qa.candidate_areas(data, shortlist)"


def shown_candidates(
    data: AreaData, candidates: Candidates, house: Shortlist, shown: Shortlist, withheld: pd.Series[bool]
) -> Candidates:
    """Return the candidate areas of a release.

    They leave as they were given while everything they are made of is shown as it is in the house: which areas are
    selected, how many residents each of them has, and the outcome of every member. Otherwise they are made again of
    what is shown, by the same call; that needs the call to give them in the house.

    Parameters
    ----------
    data : AreaData
        The data of the house.
    candidates : Candidates
        Those that were given.
    house, shown : Shortlist
        The shortlist of the house, and the one that leaves: its residents and its selection are the shown ones.
    withheld : Series of bool
        Areas whose outcome is not shown.

    Raises
    ------
    SpecError
        They are of other areas or of another selection, or were not made by their call and cannot leave as they are.
    """
    _refuse_others(data, candidates, house)
    if is_shown_alike(house, shown) and not withheld[candidates.members.index].any():
        return candidates
    _refuse_own(data, candidates, house)
    hidden = withheld.index[withheld]  # not even as a hole
    call = {**candidates.call, "exclude": sorted({*candidates.options.exclude, *hidden})}
    with quietly():
        return candidate_areas(data.areas, shown, **call)


def _refuse_others(data: AreaData, candidates: Candidates, house: Shortlist) -> None:
    """Refuse candidate areas whose members are not areas of the release, or not the ones its shortlist selects."""
    unknown = candidates.members.index.difference(data.areas.index, sort=False)
    if len(unknown):
        raise SpecError(
            f"The candidates have {count_noun(len(unknown), 'member')} that the release has not among its areas: "
            f"{list_some(unknown)}. {MAKE}; quarters that are made of something smaller leave in a release of their "
            f"own, whose areas they are: qa.release(qa.join(quarters, table), ...)."
        )
    chosen = candidates.roles.index[candidates.roles.eq("selected")]
    others = chosen[~house.selected[chosen].to_numpy(dtype=bool)]
    if len(others):
        raise SpecError(
            f"The candidates are of another selection: the shortlist of the release does not select "
            f"{count_noun(len(others), 'area')} of them: {list_some(others)}. {MAKE}."
        )


def _refuse_own(data: AreaData, candidates: Candidates, house: Shortlist) -> None:
    """Refuse to make candidate areas again that their call does not give: others would leave under their name."""
    with quietly():
        again = candidate_areas(data.areas, house, **candidates.call)
    ours, theirs = (found.members.reindex(data.areas.index).fillna("") for found in (candidates, again))
    odd = data.areas.index[ours.ne(theirs)]
    if len(odd):
        raise SpecError(
            f"The candidates were not made by qa.candidate_areas(data, shortlist, ...) with their options: "
            f"{count_noun(len(odd), 'area is', 'areas are')} grouped otherwise ({list_some(odd)}). They cannot leave "
            f"as they are, as protection changes the selection or the residents that a reader sees, and making them "
            f"again would give others. {MAKE}; or leave them out and show them as a layer: "
            f"release(..., facilities=layer)."
        )
