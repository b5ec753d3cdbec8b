"""What a reader of a shortlist has to know: rules that mislead, ties, unknown values, towns of a few areas."""

from __future__ import annotations

import warnings
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.base.checks import count_noun
from quartiersatlas.catalogue import Indicator, Message, MessageWarning
from quartiersatlas.catalogue.kinds import PERCENT
from quartiersatlas.errors import SpecError
from quartiersatlas.intake.joining.data import fraction_notes, is_whole, kind_of
from quartiersatlas.screening.evaluation.collected import level_numbers
from quartiersatlas.screening.language.rules import (
    CITY,
    COMPUTED,
    MEAN,
    QUANTILE,
    Compare,
    Condition,
    Hotspot,
    Rule,
    Worst,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from quartiersatlas.intake import AreaData
    from quartiersatlas.screening.evaluation.evaluate import Held
    from quartiersatlas.screening.evaluation.evidence import Evidence

SMALL_TOWN = range(3, 15)  # areas: too few for quantiles, z-scores and clusters
FEW_IN_A_GROUP = 5
MANY_UNKNOWN = 0.1  # share of the areas
MOST_PEOPLE = 0.5  # share of the residents that a selection can have and still select
MUNICIPALITY = ("gemeinde", "kommune", "municipality", "stadt", "city", "town", "commune", "ags")
ALOUD = (  # those that are raised as warnings too: the rule is probably not what was meant
    "warning_rule_context",
    "warning_rule_counts",
    "warning_rule_no_kind",
    "warning_rule_direction",
    "warning_rule_fraction",
    "warning_rule_beyond",
    "warning_rule_several",
    "warning_reference_missing",
)


def warn_of(messages: Sequence[Message]) -> None:
    """Raise as warnings those messages that say that a rule is probably not what was meant."""
    for message in messages:
        if message.name in ALOUD:
            warnings.warn(MessageWarning(message), stacklevel=3)


def rule_warnings(
    data: AreaData,
    rule: Rule,
    evidence: Evidence,
    held: Sequence[Held],
    selected: pd.Series[bool],
    assessed: pd.Series[bool],
) -> tuple[Message, ...]:
    """Return what a reader of the shortlist has to know, in the order of how much it matters."""
    found = [*_context(data, rule), *_wrong_side(data, rule, evidence), *_odd_limits(data, rule, evidence)]
    found += [*_several_towns(data, rule), *evidence.warnings, *_unknown(data, held, assessed)]
    found += [
        *_fractions(data, evidence),
        *_ties(data, held),
        *_small_groups(data, rule, evidence),
        *_undecided(data, held),
    ]
    found += [*_size(data, selected, assessed), *_small_town(data, rule)]
    return tuple(dict.fromkeys(found))


def _label(data: AreaData, name: str) -> tuple[str, str]:
    meaning = data.catalogue.get(name)
    return meaning.label("de"), meaning.label("en")


def _context(data: AreaData, rule: Rule) -> list[Message]:
    """Warn where a rule rests on context alone, which is not need, or on counts, which rank by size of area."""
    names = list(rule.indicators)
    found = []
    if all(_is_context(data, name) for name in names):
        found.append(Message("warning_rule_context", {"names": ", ".join(names)}))
    compared = {c.looks_at for c in rule.every if not isinstance(c, Compare) or not _is_number(c)}
    counts = [name for name in names if name in compared and name in data.values.columns and _by_size(data, name)]
    said = [name for name in counts if kind_of(data, name)]
    if said:
        found.append(Message("warning_rule_counts", {"names": ", ".join(said)}))
    found += [Message("warning_rule_no_kind", {"name": name}) for name in counts if name not in said]
    return found


def _is_context(data: AreaData, name: str) -> bool:
    """Return True for an indicator that is declared as context; of one whose unit alone is said, nobody says it."""
    if name not in data.catalogue:
        return False
    meaning = data.catalogue[name]
    return meaning.role == "context" and meaning != Indicator(id=name, unit=meaning.unit, kind=meaning.kind)


def _is_number(condition: Compare) -> bool:
    """Return True for a limit that was written or published: a least number of residents is meant as such."""
    return not condition.limit.names or not set(condition.limit.names) & set(COMPUTED)


def _by_size(data: AreaData, name: str) -> bool:
    """Return True for what is summed over areas: large areas have the most of it, needy or not."""
    kind = kind_of(data, name)
    if kind:
        return kind in ("count", "amount", "balance")
    column = data.values[name]
    return column.dtype.kind in "if" and is_whole(column) and bool(column.gt(100).any())


def _wrong_side(data: AreaData, rule: Rule, evidence: Evidence) -> list[Message]:
    """Warn of a comparison with the city on the side that the catalogue calls the better one."""
    wrong = [
        c.indicator
        for c in rule.every
        if isinstance(c, Compare)
        and c.limit.than == CITY
        and evidence.measured[c.indicator].direction == (-1 if c.upwards else 1)
        and data.changes.get(c.indicator, (c.indicator,))[0] in data.catalogue
    ]
    return [Message("warning_rule_direction", {"indicator": name, "label": _label(data, name)}) for name in wrong]


def _odd_limits(data: AreaData, rule: Rule, evidence: Evidence) -> list[Message]:
    """Warn of 0.24 where 24 percent was meant, and of a limit that no share can be beyond."""
    found = []
    for condition in rule.every:
        if not isinstance(condition, Compare) or not isinstance(condition.limit.than, Decimal):
            continue
        measured = evidence.measured[condition.indicator]
        limit = condition.limit.than * condition.limit.factor + condition.limit.plus
        values = {"condition": str(condition), "label": _label(data, condition.indicator), "limit": str(limit)}
        if measured.unit != PERCENT or measured.kind != "share":
            continue
        if 0 < limit < 1:
            found.append(Message("warning_rule_fraction", {**values, "percent": f"{(limit * 100).normalize():f}"}))
        if limit > 100 or limit < 0:  # noqa: PLR2004 - percent
            found.append(Message("warning_rule_beyond", values))
    return found


def _several_towns(data: AreaData, rule: Rule) -> list[Message]:
    """Warn where areas of several municipalities are compared with the total of them all."""
    uses_city = any(CITY in c.limit.names for c in rule.every if isinstance(c, Compare)) or any(
        c.kind == "worse_than_city" for c in rule.every
    )
    levels = [str(name) for name in data.areas.columns if str(name).casefold() in MUNICIPALITY]
    for level in levels if uses_city else []:
        n = int(data.areas[level].nunique())
        if n > 1:
            return [Message("warning_rule_several", {"level": level, "count": n})]
    return []


def _unknown(data: AreaData, held: Sequence[Held], assessed: pd.Series[bool]) -> list[Message]:
    """Warn where more than a tenth of the areas cannot be assessed, with the indicator that most of this is due to."""
    unknown = int((~assessed).sum())
    if unknown <= MANY_UNKNOWN * len(assessed):
        return []
    worst = max(held, key=lambda one: int((~one.truth.known[0]).sum()))
    label = _label(data, worst.condition.looks_at)
    return [Message("warning_rule_unknown", {"count": unknown, "all": len(assessed), "label": label})]


def _fractions(data: AreaData, evidence: Evidence) -> list[Message]:
    """Say that counts behind the rule are not all whole persons, so that they are compared as computed numbers."""
    behind = {column for one in evidence.measured.values() for column in one.columns if column in data.values.columns}
    return fraction_notes(data, sorted(name for name in behind if kind_of(data, name) in ("", "count")))


def _ties(data: AreaData, held: Sequence[Held]) -> list[Message]:
    """Say how many areas lie at the limit of the worst, and whether they are in."""
    found = []
    for one in held:
        if one.tied is not None:
            n, wanted, taken, value = one.tied
            name = "warning_rule_tie_in" if taken else "warning_rule_tie_out"
            label = _label(data, one.condition.looks_at)
            found.append(Message(name, {"count": n, "wanted": wanted, "value": f"{value:.10g}", "label": label}))
    return found


def _small_groups(data: AreaData, rule: Rule, evidence: Evidence) -> list[Message]:
    """Warn of units with so few areas that "the worst of them" says little."""
    found = []
    for condition in rule.every:
        if isinstance(condition, Worst) and condition.by:
            units, known = evidence.levels[condition.by], evidence.measured[condition.indicator].known[0]
            sizes = np.bincount(units[known & (units >= 0)])
            few = int(((sizes > 0) & (sizes < FEW_IN_A_GROUP)).sum())
            if few:
                label = _label(data, condition.indicator)
                found.append(
                    Message("warning_rule_small_groups", {"count": few, "level": condition.by, "label": label})
                )
    return found


def _undecided(data: AreaData, held: Sequence[Held]) -> list[Message]:
    """Say where the printed digits of a value leave open on which side of a limit it lies."""
    found = []
    for one in held:
        n = int(one.undecided[0].sum())
        if n:
            label = _label(data, one.condition.looks_at)
            found.append(Message("warning_rule_precision", {"count": n, "label": label}))
    return found


def _size(data: AreaData, selected: pd.Series[bool], assessed: pd.Series[bool]) -> list[Message]:
    """Say that a rule selects everybody, nobody, or most of the residents."""
    n = int(selected.sum())
    if not assessed.any():
        return []
    if n == 0:
        return [Message("warning_rule_none")]
    if selected.all():
        return [Message("warning_rule_all")]
    people = data.residents()
    share = float(people[selected].sum()) / float(people.sum()) if people.sum() > 0 else 0.0
    return [Message("warning_rule_most", {"share": f"{100 * share:.0f}"})] if share > MOST_PEOPLE else []


# --- towns of a few areas ---------------------------------------------------------------------------------------------


def check_small_town(rule: Rule, data: AreaData) -> None:
    """Refuse conditions that 3 to 14 areas cannot bear.

    Raises
    ------
    SpecError
        The rule asks for a quantile, for standard deviations or for a hotspot.
    """
    for condition in rule.every:
        if _needs_many(condition) and len(data.areas) in SMALL_TOWN:
            raise SpecError(
                f"{condition}: {count_noun(len(data.areas), 'area')} are too few for quantiles, standard deviations "
                f"and hotspots. Compare with the city, its rest, a higher level, a published value or a number: "
                f"above({condition.looks_at!r}, than='rest')."
            )


def _needs_many(condition: Condition) -> bool:
    if isinstance(condition, Compare):
        return condition.limit.than == QUANTILE or (condition.limit.than == MEAN and bool(condition.limit.sd))
    return isinstance(condition, Hotspot)


def _small_town(data: AreaData, rule: Rule) -> list[Message]:
    """Say what "the worst of the areas" means where there are 3 to 14, over all or within a unit of the rule."""
    found = []
    for condition in rule.every:
        if isinstance(condition, Worst):
            sizes = [len(data.areas)]
            if condition.by:
                units = level_numbers(data, condition.by)
                sizes = np.bincount(units[units >= 0]).tolist()
            n = min(sizes, default=0)
            if n in SMALL_TOWN:
                found.append(Message("warning_small_town", {"count": n, "condition": str(condition)}))
    return found
