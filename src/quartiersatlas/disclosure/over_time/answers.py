"""What a release says of several dates: a change, a comparison of lists, of funded areas, twins, changes of gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quartiersatlas.disclosure.derived.changes import refuse_other_list, released_change, released_lists
from quartiersatlas.disclosure.derived.comparisons import panel_of, released_funded, released_twins
from quartiersatlas.disclosure.derived.filled import fill_withheld
from quartiersatlas.disclosure.known_counts import smallest_units
from quartiersatlas.disclosure.over_time.other_dates import AskedDate, ToldDate, told_dates

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from quartiersatlas.catalogue.texts import Message
    from quartiersatlas.disclosure.columns import ReleasedColumns
    from quartiersatlas.disclosure.derived.group_gaps import LeavingGap
    from quartiersatlas.disclosure.derived.recompute import Derived
    from quartiersatlas.disclosure.suppression import Settled, SuppressionPattern


def names_told(given: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """Return the columns that leave, with those that answers are made of: what is said is said of what is shown."""
    refuse_other_list(given["lists"], given["shortlist"])
    wanted = list(names)
    if given["change"] is not None:
        wanted += given["change"].indicators
    if given["twins"] is not None:
        wanted += given["twins"].indicators
    if given["funded"] is not None and any(
        one.period == given["data"].period for one in panel_of(given["funded"]).values()
    ):
        wanted.append(given["funded"].outcome)
    return list(dict.fromkeys(wanted))


def dates_told(
    given: Mapping[str, Any],
    gaps: Iterable[LeavingGap],
    pattern: SuppressionPattern,
    out: ReleasedColumns,
    settled: Settled | None,
) -> dict[str, ToldDate]:
    """Return the dates that a release tells of, its own among them; none where it tells of no other."""
    asked = [*_of_answers(given), *_of_gaps(gaps)]
    if not asked and given["twins"] is None:
        return {}
    data, protection = pattern.data, pattern.protection
    filled = fill_withheld(pattern, smallest_units(data, protection))
    own = ToldDate(pattern=pattern, out=out, filled=filled, shown=pattern.suppressed & False)
    return told_dates(asked, own, protection, settled)


def _of_answers(given: Mapping[str, Any]) -> list[AskedDate]:
    change, lists, funded = given["change"], given["lists"], given["funded"]
    found: list[AskedDate] = []
    if change is not None:
        found += [AskedDate(data=data, by="change", shown=tuple(change.indicators)) for data in change.dates]
    if lists is not None:
        found.append(AskedDate(data=lists.before.data, by="lists", shortlist=lists.before))
    if funded is not None:
        found += [AskedDate(data=one, by="funded", used=(funded.outcome,)) for one in panel_of(funded).values()]
    return found


def _of_gaps(gaps: Iterable[LeavingGap]) -> list[AskedDate]:
    return [AskedDate(data=one.gap.before, by="gaps", gap=one.gap) for one in gaps if one.gap.before is not None]


def answers(
    given: Mapping[str, Any], dates: Mapping[str, ToldDate], derived: Derived
) -> tuple[dict[str, Any], tuple[Message, ...]]:
    """Return what leaves of each answer, by its name in the release, and notes on what does not."""
    if not dates:
        return {}, ()
    own = next(one for one in dates.values() if one.audit is None)
    funded, notes = released_funded(given["funded"], dates)
    found = {
        "change": released_change(given["change"], dates),
        "lists": released_lists(given["lists"], dates, derived),
        "twins": released_twins(given["twins"], own),
        "funded": funded,
    }
    return found, notes
