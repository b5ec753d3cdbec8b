"""The need index: indicators on one scale, aggregated up the hierarchy, classed; every step kept."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.base.checks import count_noun, expects
from quartiersatlas.catalogue import Message, MessageWarning
from quartiersatlas.charts import Charted
from quartiersatlas.errors import SpecError
from quartiersatlas.intake import AreaData
from quartiersatlas.intake.joining.data import is_whole
from quartiersatlas.need.pictures.of_index import need_chart
from quartiersatlas.need.robustness.audit import audit, percent_texts, weights_sum_findings
from quartiersatlas.need.robustness.comparison import compare
from quartiersatlas.need.robustness.component import component_weights
from quartiersatlas.need.robustness.influence import influence, leave_one_out, smallest_weight_change
from quartiersatlas.need.robustness.sensitivity import sensitivity
from quartiersatlas.need.robustness.stability import stability
from quartiersatlas.need.score.explain import explain
from quartiersatlas.need.score.groups import domain_table, highest_class_shares
from quartiersatlas.need.score.inputs import (
    columns_of,
    excluded_areas,
    incomplete_areas,
    need_inputs,
    reasons_text,
    scoring_context,
)
from quartiersatlas.need.score.need_scores import NeedScores
from quartiersatlas.need.score.scores import axis_score, class_ids
from quartiersatlas.need.score.small_numbers import change_table, rate_table
from quartiersatlas.need.spec.records import NeedAxis, NeedGroup
from quartiersatlas.need.spec.spec import NeedSpec, with_published_limits

if TYPE_CHECKING:
    from quartiersatlas.need.score.inputs import NeedInputs
    from quartiersatlas.need.score.scores import Columns, ScoringContext
    from quartiersatlas.need.spec.records import NeedIndicator


def need_index(
    data: AreaData | pd.DataFrame,
    spec: NeedSpec,
    *,
    population: str | list[str] | None = None,
    exclude: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
) -> NeedIndex:
    """Compute the need index of areas by the rules of a spec.

    Parameters
    ----------
    data : AreaData or DataFrame
        The spec's indicators as columns, on the district key; in a DataFrame, the counts that the spec names will do.
    spec : NeedSpec
        The rules.
    population : str or list of str, optional
        Column with the residents, or one per period used, the latest first; the data's, if not given. Needed where
        the spec has a minimum population or weighs areas.
    exclude : mapping of str to str, optional
        Areas left out by hand, beside those of the spec: key -> reason.
    units : mapping of str to str, optional
        For a DataFrame, column -> ``"fraction"`` (values between 0 and 1, which become percent) or ``"percent"``
        (values that are truly below 1 %): a share of which no area is above 1 is refused without it.

    Returns
    -------
    NeedIndex
        Excluded areas have NaN scores and a reason; nothing is imputed.

    Raises
    ------
    ArgumentError
        The data is no joined data or table, the spec is no NeedSpec, or areas are left out without reasons.
    ColumnError
        An indicator of the spec is not in the data.
    CountError
        A numerator exceeds its denominator, or a count is above 2^53.
    SpecError
        Fewer than three areas are left, an indicator is a count or another total, has no variance, is missing
        everywhere, holds text or codes for missing values such as -9999; a key to exclude is not there; a limit is
        the name of a reference that the data have not, or that has no number for the indicator.

    Warns
    -----
    UserWarning
        An axis rests mainly on context indicators such as the share of residents with migration background, on
        what seem to be counts, or on fewer than 15 areas; the spec is a preset that was not verified, or its weights
        do not sum to what its source says; areas with gaps drift to the ends of the scale.

    Notes
    -----
    Up the hierarchy, each group puts its members on one scale and aggregates them. With the Berlin rules:
    ``z_i = (x_i - m) / s``, ``S = sum_k w_k d_k z_k``, ``score = (S - mean(S)) / sd(S)``; contribution of indicator k:
    ``w_k d_k z_k / sd(S)`` [1]_. Means and deviations are over the areas that are not excluded.

    References
    ----------
    .. [1] Senatsverwaltung für Stadtentwicklung und Wohnen Berlin (2019). Monitoring Soziale Stadtentwicklung 2019.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import quartiersatlas as qa
    >>> spec = qa.NeedSpec.preset("berlin-mss-2019")
    >>> names = [indicator.id for axis in spec.axes for indicator in axis.indicators]
    >>> shares = pd.DataFrame(np.random.default_rng(1).uniform(5, 40, (20, 6)), columns=names).assign(residents=1000.0)
    >>> need = qa.need_index(shares, spec, population="residents")
    >>> bool(np.allclose(need.contributions["status"].sum(axis=1), need.scores["status"]))
    True
    """
    _check_arguments(data, spec, exclude)
    spec = with_published_limits(spec, data.references if isinstance(data, AreaData) else {})
    inputs = need_inputs(data, spec, population, units)
    keys = inputs.values.index
    excluded = excluded_areas(inputs, spec, {**spec.exclude, **(exclude or {})})
    scored_keys = keys.difference(excluded.index, sort=False)
    if len(scored_keys) < 3:  # noqa: PLR2004 - two areas differ by one standard deviation each, whatever their values
        out = f"; {count_noun(len(excluded), 'area is', 'areas are')} excluded: {reasons_text(excluded)}"
        raise SpecError(
            f"{count_noun(len(scored_keys), 'area is', 'areas are')} left to score, at least three are needed"
            f"{out if len(excluded) else ''}."
        )
    columns = columns_of(inputs, scored_keys)
    context = scoring_context(inputs, scored_keys)
    scores = pd.DataFrame(
        {axis.id: pd.Series(axis_score(axis, columns, context), index=scored_keys) for axis in spec.axes}
    ).reindex(keys)
    return NeedIndex(
        spec=spec,
        scores=scores,
        classes=pd.DataFrame({axis.id: class_ids(scores[axis.id], axis) for axis in spec.axes}),
        excluded=excluded,
        incomplete=incomplete_areas(spec, inputs.values.loc[scored_keys]),
        reference=_reference(spec, inputs, scored_keys),
        inputs=inputs,
        warnings=_cautions(spec, inputs, columns, context),
        options={"population": population, "exclude": dict(exclude or {}), "units": dict(units or {})},
    )


def _check_arguments(data: object, spec: object, exclude: object) -> None:
    """Refuse what is no data, no spec, and no areas to leave out with their reasons."""
    expects(
        data,
        (AreaData, pd.DataFrame),
        "need_index",
        "data = qa.join(areas, table), or a DataFrame indexed by the district key",
    )
    read = f"qa.NeedSpec.preset({spec!r})" if isinstance(spec, str) else 'qa.NeedSpec.preset("berlin-mss-2019")'
    expects(
        spec,
        NeedSpec,
        "need_index: spec",
        f'spec = {read}, qa.NeedSpec.from_toml("need.toml") or qa.NeedSpec.from_dict(content)',
    )
    if exclude is not None:
        how = 'each area left out has a reason: exclude={"0101": "reason"}'
        expects(exclude, Mapping, "need_index: exclude", how)
        for reason in dict(exclude).values():  # type: ignore[call-overload]
            expects(reason, str, "need_index: exclude", how)


def _reference(spec: NeedSpec, inputs: NeedInputs, scored: pd.Index) -> pd.DataFrame:
    city = inputs.city
    rows = [
        {
            "axis": axis.id,
            "indicator": leaf.id,
            "weight": leaf.weight,
            "share_of_weight": share,
            "direction": leaf.direction,
            "mean": inputs.values.loc[scored, leaf.id].mean(),
            "sd": inputs.values.loc[scored, leaf.id].std(ddof=0),
            "city": city.get(leaf.id, float("nan")),
            "n_areas": len(scored),
        }
        for axis in spec.axes
        for leaf, share in _nominal_weights(axis).items()
    ]
    return pd.DataFrame(rows)


FEW_AREAS = 15  # a convention of practice: over fewer areas z-scores are arbitrary


def _cautions(spec: NeedSpec, inputs: NeedInputs, columns: Columns, context: ScoringContext) -> tuple[Message, ...]:
    """Return what a reader has to know, and warn the analyst."""
    n_scored = len(next(iter(columns.values())))
    found = weights_sum_findings(spec)
    if spec.unverified:
        found.append(
            Message(
                "warning_unverified",
                {"spec": spec.id, "reason": (spec.unverified_de or spec.unverified, spec.unverified)},
            )
        )
    for axis in spec.axes:
        found += _axis_warnings(axis, inputs)
        found += _incomplete_warning(axis, columns, context)
    if n_scored < FEW_AREAS:
        found.append(Message("warning_few_areas", {"areas": n_scored}))
    for message in found:
        warnings.warn(MessageWarning(message, f"Need index {spec.id!r}: "), stacklevel=3)
    return tuple(found)


DRIFT = 0.01  # more of the areas in the highest class for want of data: a percentage point is worth saying


def _incomplete_warning(axis: NeedAxis, columns: Columns, context: ScoringContext) -> list[Message]:
    """Say by how much areas with gaps drift to the ends, where the spec leaves them as they are."""
    if all(group.incomplete == "rescale" for group in axis.groups() if group.min_present < 1):
        return []
    found = highest_class_shares(axis, columns, context)
    if found is None or found[2] - found[1] < DRIFT:
        return []
    count, whole, part = found
    values = {"axis": axis.id, "count": count, "whole": percent_texts(whole), "part": percent_texts(part)}
    return [Message("warning_incomplete", values)]


def _axis_warnings(axis: NeedAxis, inputs: NeedInputs) -> list[Message]:
    """Warn where context indicators weigh most, and where a direction contradicts the catalogue."""
    catalogue, weights = inputs.catalogue, _nominal_weights(axis)
    context = [leaf for leaf in weights if leaf.id in catalogue and catalogue[leaf.id].role == "context"]
    share = sum(weights[leaf] for leaf in context)
    found = []
    if share >= 0.5 or (len(weights) > 1 and any(weights[leaf] > _others(weights, leaf) for leaf in context)):  # noqa: PLR2004 - half
        names = ", ".join(leaf.id for leaf in context)
        found.append(Message("warning_context", {"axis": axis.id, "share": percent_texts(share), "names": names}))
    counts = [leaf.id for leaf in weights if _seems_counted(inputs, leaf.id)]
    if counts:
        found.append(Message("warning_need_counts", {"axis": axis.id, "names": ", ".join(counts)}))
    return found + [
        Message("warning_direction", {"axis": axis.id, "name": leaf.id})
        for leaf in weights
        if leaf.id in catalogue and catalogue[leaf.id].direction == -leaf.direction
    ]


ALIKE = 0.7  # rank correlation with the residents above which whole numbers seem to be counts of them


def _seems_counted(inputs: NeedInputs, name: str) -> bool:
    """Return True for whole numbers that nothing describes and that are high where many live: they rank by size."""
    described = name in inputs.catalogue or name in inputs.counts or name in inputs.change_of
    column, residents = inputs.values[name], next(iter(inputs.residents.values()), None)
    if described or residents is None or not is_whole(column) or not column.gt(100).any():
        return False
    ranks = pd.DataFrame({"column": column, "residents": residents}).dropna().rank()
    spread = ranks.std(ddof=0)
    return bool(spread.gt(0).all()) and float(ranks["column"].corr(ranks["residents"])) >= ALIKE


def _others(weights: Mapping[NeedIndicator, float], leaf: NeedIndicator) -> float:
    """Return the heaviest weight among the other indicators."""
    return max(weight for other, weight in weights.items() if other != leaf)


def _nominal_weights(group: NeedGroup) -> dict[NeedIndicator, float]:
    """Return the share of each indicator in the weights of an axis; they sum to 1."""
    total = sum(member.weight for member in group.members)
    shares: dict[NeedIndicator, float] = {}
    for member in group.members:
        below = _nominal_weights(member) if isinstance(member, NeedGroup) else {member: 1.0}
        for leaf, share in below.items():
            shares[leaf] = shares.get(leaf, 0.0) + share * member.weight / total
    return shares


@dataclass(frozen=True, eq=False, repr=False)
class NeedIndex(NeedScores, Charted):  # noqa: D101 - the docstring is that of the record
    __doc__ = NeedScores.__doc__

    stability = stability
    sensitivity = sensitivity
    leave_one_out = leave_one_out
    influence = influence
    smallest_weight_change = smallest_weight_change
    explain = explain
    audit = audit
    compare = compare
    component_weights = component_weights
    chart = need_chart

    @property
    def groups(self) -> pd.DataFrame:
        """Value, score, rank, class and contribution of every domain at every level; see :func:`domain_table`."""
        return domain_table(self)

    @property
    def rates(self) -> pd.DataFrame:
        """Columns (indicator, statistic): value, interval, shrunken value and reliability; see :func:`rate_table`."""
        return rate_table(self.inputs)

    def change_test(self, correlation: float = 0.0) -> pd.DataFrame:
        """Return interval and test of the indicators that are changes; see :func:`change_table`.

        Parameters
        ----------
        correlation : float
            Correlation between the two dates, in [0, 1): about the ``persistence`` of :meth:`stability`, a share of
            persons, where rates and populations are alike; :func:`quartiersatlas.rate_change` has the formula.
        """
        return change_table(self.inputs, correlation)

    def _repr_html_(self) -> str:
        return super()._repr_html_() + self._picture()
