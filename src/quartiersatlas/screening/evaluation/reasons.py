"""Reasons as data: for every area and condition what was compared with what, and whether it decided the outcome."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quartiersatlas.screening.evaluation.evaluate import Held, combine
from quartiersatlas.screening.evaluation.exact import nearly
from quartiersatlas.screening.evaluation.truth import Truth, k_true
from quartiersatlas.screening.language.names import condition_names
from quartiersatlas.screening.language.rules import (
    CITY,
    Adjacent,
    Capped,
    Compare,
    Condition,
    KOf,
    Not,
    Rule,
    WorseThanCity,
    Worst,
    rule_as_text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quartiersatlas.catalogue.references import Reference
    from quartiersatlas.screening.evaluation.evidence import Evidence, Measured

COLUMNS = (
    "key",
    "condition",
    "kind",
    "indicator",
    "value",
    "limit",
    "distance",
    "unit",
    "reference",
    "factor",
    "source",
    "held",
    "decisive",
    "unknown_because",
)


def reasons_table(
    rule: Rule,
    held: Sequence[Held],
    outcome: Truth,
    evidence: Evidence,
    keys: pd.Index,
    references: dict[str, Reference],
) -> pd.DataFrame:
    """Return one row per area and condition, from the one run that the data are.

    Returns
    -------
    DataFrame
        ``key``, ``condition`` (its id), ``kind`` (its word), ``indicator``, ``value``, ``limit``, ``distance`` (value
        and limit apart, above 0 on the side that fulfils the condition), ``unit``, ``reference`` (what the limit is
        taken from, empty for a number), ``factor``, ``source`` of a published limit, ``held`` (missing where unknown),
        ``decisive`` (the outcome of the rule would be another if this condition alone came out the other way), and
        ``unknown_because``: ``""``, ``"missing"``, ``"precision"`` (the printed digits leave it open), ``"few"`` (a
        denominator below the least), ``"others"`` (it depends on whether other areas meet a rule, which is not known).
        Beside areas that meet a rule, ``value`` is the number of these neighbours, or their share in percent.
    """
    names = condition_names(rule)
    truths = [one.truth for one in held]
    parts = [
        _rows(one, names[place], evidence, keys, references).assign(
            decisive=_decisive(rule, truths, place, outcome)[: len(keys)]
        )
        for place, one in enumerate(held)
    ]
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]


def _rows(one: Held, name: str, evidence: Evidence, keys: pd.Index, references: dict[str, Reference]) -> pd.DataFrame:
    condition = one.condition
    values: Any = np.broadcast_to(one.values, (1, len(keys)))[0] if len(one.values) == 1 else one.values[0]
    limit = np.broadcast_to(one.limit[:1], (1, len(keys)))[0].astype(object)
    distance: Any = np.full(len(keys), np.nan)
    if one.class_ids:
        values = np.array([*one.class_ids, None], dtype=object)[values]  # -1: there is none
        limit = np.full(len(keys), " | ".join(getattr(condition, "classes", ())), dtype=object)
    else:
        apart = np.where(nearly(values, limit.astype(float)) == 0, 0.0 * values, values - limit.astype(float))
        distance = towards(condition, evidence.measured.get(condition.looks_at)) * apart + 0.0
    measured = None if one.class_ids else evidence.measured.get(condition.looks_at)
    reference, factor, source = limit_words(condition, references, measured)
    return pd.DataFrame(
        {
            "key": keys,
            "condition": name,
            "kind": condition.kind,
            "indicator": condition.looks_at,
            "value": pd.Series(np.asarray(values).astype(object), dtype=object),
            "limit": pd.Series(limit, dtype=object),
            "distance": distance,
            "unit": "" if measured is None or isinstance(condition, Adjacent) else measured.unit,
            "reference": reference,
            "factor": factor,
            "source": source,
            "held": pd.arrays.BooleanArray(one.truth.yes[0].copy(), ~one.truth.known[0]),
            "unknown_because": unknown_because(one, measured),
        }
    )


def unknown_because(one: Held, measured: Measured | None) -> np.ndarray:
    """Return why a condition could not be judged; also where its own rule then makes it yes or no."""
    known = one.judged.known[0]
    because = np.where(known, "", "missing").astype(object)
    if one.condition.inner is not None:  # its own value is there, and what other areas do is not known
        because[~known & (measured is None or measured.known[0])] = "others"
    because[one.undecided[0]] = "precision"
    least = one.condition.min_denominator if isinstance(one.condition, Compare) else None
    if least is not None and measured is not None and measured.n is not None:
        because[~known & measured.known[0] & (measured.n[0] < float(least))] = "few"
    return because


def towards(condition: Condition, measured: Measured | None) -> int:
    """Return 1 where higher values fulfil a condition, -1 where lower ones do."""
    if isinstance(condition, Compare):
        return 1 if condition.upwards else -1
    highest = getattr(condition, "highest", None)
    if measured is None or isinstance(condition, Adjacent):  # more neighbours
        return 1
    if highest is None:
        return -1 if measured.direction == -1 else 1
    return 1 if highest else -1


def limit_words(
    condition: Condition, references: dict[str, Reference], measured: Measured | None
) -> tuple[str, float, str]:
    """Return what a limit is taken from, its factor, and the source of a published one."""
    if isinstance(condition, WorseThanCity):
        return CITY, 1.0, ""
    if isinstance(condition, Worst | Capped):
        return condition.by, 1.0, ""
    if not isinstance(condition, Compare):
        return "", 1.0, ""
    than, factor = condition.limit.than, float(condition.limit.factor)
    computed = CITY if measured is None or measured.published is None else ""  # from counts, whatever was published
    sources = [references[name].source for name in condition.limit.names if name in references and name != computed]
    source = condition.source or "; ".join(dict.fromkeys(sources))
    if isinstance(than, Decimal):
        return "", factor, source
    name = than if isinstance(than, str) else " + ".join(f"{weight} {part}" for weight, part in than)
    return name, factor, source


def _decisive(rule: Rule, truths: Sequence[Truth], place: int, outcome: Truth) -> np.ndarray:
    """Return where the outcome would be the other one if a condition that is known came out the other way."""
    own = truths[place]
    flipped = [*truths]
    flipped[place] = ~own
    other = combine(rule, flipped)
    decisive: np.ndarray = own.known[0] & ((outcome.yes[0] & other.no[0]) | (outcome.no[0] & other.yes[0]))
    return decisive


def k_of_table(rule: Rule, truths: Sequence[Truth], keys: pd.Index) -> pd.DataFrame:
    """Return for every "at least k of" of a rule how many of its parts hold in each area.

    Returns
    -------
    DataFrame
        One row per area and k_of: ``key``, ``rule`` (as text), ``k``, ``k_yes``, ``k_no``, ``k_unknown``.
    """
    found: list[pd.DataFrame] = []
    _collect(rule, list(truths), keys, found)
    columns = ["key", "rule", "k", "k_yes", "k_no", "k_unknown"]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=columns)


def _collect(rule: Rule, truths: list[Truth], keys: pd.Index, found: list[pd.DataFrame]) -> Truth:
    if isinstance(rule, Not):
        return ~_collect(rule.part, truths, keys, found)
    if not isinstance(rule, KOf):
        return truths[0]
    parts, start = [], 0
    for part in rule.parts:
        end = start + len(part.conditions)
        parts.append(_collect(part, truths[start:end], keys, found))
        start = end
    if 1 < rule.k < len(rule.parts):
        counts = {
            "k_yes": sum(part.yes[0].astype(int) for part in parts),
            "k_no": sum(part.no[0].astype(int) for part in parts),
            "k_unknown": sum((~part.known[0]).astype(int) for part in parts),
        }
        found.append(pd.DataFrame({"key": keys, "rule": rule_as_text(rule), "k": rule.k, **counts}))
    return k_true(rule.k, parts)
