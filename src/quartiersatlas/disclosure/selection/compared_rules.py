"""How a comparison of rules leaves: made again of what everybody may see, without areas whose outcome is withheld.

Every figure is then a function of the table that leaves (or of the one that would leave, for columns that do not): who
reads how many members of a group a rule reaches has nothing that a sum over the table would not tell. The columns that
the rules look at, and the group, are protected as if all of them left.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.disclosure.derived.comparison import ReleasedComparison
from quartiersatlas.disclosure.selection.screened import looked_at, rule_of, withheld_areas
from quartiersatlas.screening import comparison_of

if TYPE_CHECKING:
    from quartiersatlas.disclosure.suppression import SuppressionPattern
    from quartiersatlas.intake import AreaData
    from quartiersatlas.screening import RuleComparison, Shortlist

SUMS = {"residents": "share_of_residents", "group": "share_of_group"}
SHARES = ("share_of_residents", "share_of_group", "group_inside", "jaccard")
DECIMALS = 3  # of shares


def compared_columns(comparison: RuleComparison | None, data: AreaData) -> list[str]:
    """Return the columns of which the figures of a comparison are made."""
    if comparison is None:
        return []
    wanted = [name for one in comparison.shortlists.values() for name in looked_at(one, data)]
    for one in comparison.shortlists.values():
        if one.need is not None:
            wanted += [leaf.id for axis in one.need.spec.axes for leaf in axis.indicators]
    group = str(comparison.call.get("group") or "")
    return [name for name in dict.fromkeys([*wanted, *([group] if group else [])]) if name in data.values.columns]


def released_comparison(comparison: RuleComparison | None, pattern: SuppressionPattern) -> ReleasedComparison | None:
    """Return the figures of rules that were applied again to what is shown.

    Sums leave rounded where counts do, in whole persons, and not where they are small; shares are those of the sums.
    """
    if comparison is None:
        return None
    shown = {name: _without_withheld(one, pattern) for name, one in comparison.shortlists.items()}
    found = comparison_of(shown, **comparison.call)
    table, data = found.table.copy(), next(iter(shown.values())).data
    assert data is not None  # noqa: S101 - the rules were applied to it
    group = str(comparison.call.get("group") or "")
    of_all = {"residents": data.residents(), **({"group": data.counts(group)} if group else {})}
    for name, counts in of_all.items():
        sums, total = (_told(one, pattern) for one in (table[name], pd.Series([counts.sum()])))
        table[name], table[SUMS[name]] = sums, sums / total.iloc[0] if total.iloc[0] > 0 else float("nan")
    if group:
        table["group_inside"] = table["group"] / table["residents"].where(table["residents"] > 0)
    table = table.round(dict.fromkeys(SHARES, DECIMALS))
    meaning = data.catalogue.get(group) if group else None
    rules = [rule_of(one, str(pattern.data.population)) for one in shown.values()]
    return ReleasedComparison(
        names=tuple(map(str, table.index)),
        rules=tuple(one.tree for one in rules),
        references=tuple(one.references for one in rules),
        population=str(pattern.data.population),
        rows=tuple(
            tuple(None if pd.isna(value) else float(value) for value in row)
            for row in table.itertuples(index=False, name=None)
        ),
        columns=tuple(map(str, table.columns)),
        shared=tuple(tuple(map(int, row)) for row in found.overlaps.itertuples(index=False, name=None)),
        selected_by=tuple(map(int, found.selected_by)),
        group=("", "") if meaning is None else (meaning.label("de"), meaning.label("en")),
    )


def _without_withheld(shortlist: Shortlist, pattern: SuppressionPattern) -> Shortlist:
    may_be_shown = ~withheld_areas(shortlist, pattern, shortlist.need)
    return replace(shortlist, selected=shortlist.selected & may_be_shown, assessed=shortlist.assessed & may_be_shown)


def _told(sums: pd.Series, pattern: SuppressionPattern) -> pd.Series[float]:
    """Return sums as they may be told: in whole persons, rounded where counts leave rounded, none that is small."""
    whole = pattern.protection.rounded(sums.astype(float).round())
    return whole.mask((sums > 0) & (sums < pattern.protection.min_count))
