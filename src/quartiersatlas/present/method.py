"""The method of a need index in words: how the indicators become a score and classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quartiersatlas.catalogue import text

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.need.rules import Normalise
    from quartiersatlas.need.spec import NeedAxis


def steps_text(axis: NeedAxis, lang: Lang) -> str:
    """Return the steps of an axis in order, from the scale of the indicators to the classes."""
    groups = [group for group in axis.groups() if group is not axis]
    steps = [
        *(
            f"{group.label(lang)}: {_rule(group.normalise, lang)}, {_aggregate(group.aggregate, lang)}"
            for group in groups
        ),
        _rule(axis.normalise, lang),
        _aggregate(axis.aggregate, lang),
    ]
    if axis.standardise.method != "none":
        steps.append(text("method_again", lang, rule=_rule(axis.standardise, lang)))
    if axis.breaks.method == "sd":
        steps.append(text("method_breaks_sd", lang))
    if axis.breaks.method == "quantile":
        steps.append(text("method_breaks_quantile", lang, type=axis.breaks.type))
    return "; ".join(steps)


def _rule(rule: Normalise, lang: Lang) -> str:
    """Return how values are put on one scale."""
    if rule.method == "none":
        return text("method_as_given", lang)
    kinds = [rule.method]
    if rule.reference != "areas":
        kinds.append(rule.reference)
    elif rule.weighting != "none":
        kinds.append(rule.weighting)
    return text(f"method_{'_'.join(kinds)}", lang)


def _aggregate(method: str, lang: Lang) -> str:
    return text(f"method_{method}", lang)
