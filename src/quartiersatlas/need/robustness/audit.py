"""Is the index what it says? Real weights, copies, consistency, skew and references of its indicators."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import choice
from quartiersatlas.catalogue import Message, check_lang
from quartiersatlas.catalogue.texts import LANGUAGES, percent_text, pick
from quartiersatlas.charts import Chart, Charted
from quartiersatlas.need.pictures.audited import correlation_chart
from quartiersatlas.need.score.explain import in_catalogue, spec_indicator_label
from quartiersatlas.need.score.scores import group_parts, treated
from quartiersatlas.need.score.transforms import WINSOR, skew_and_kurtosis
from quartiersatlas.need.spec.records import NeedIndicator

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.need.score.need_scores import NeedScores
    from quartiersatlas.need.spec.records import NeedAxis
    from quartiersatlas.need.spec.spec import NeedSpec

    Array = NDArray[np.float64]
    AuditRow = tuple[str, str, str, float, str]

REDUNDANT = 0.9  # correlations from here on are flagged (the default of COINr, Becker et al. 2022)
EXACT = 1e-12
HALF = 0.5
COLUMNS = ["check", "axis", "item", "value", "note"]


def audit(need: NeedScores) -> NeedAudit:
    """Check whether the indicators do in the index what the spec says.

    Returns
    -------
    NeedAudit
        ``.table`` with every number, ``.correlations``, ``.effective_weights``, ``.ratios`` to the city value, and
        ``.findings`` in words.

    Notes
    -----
    Over the scored areas, with the indicators as they enter (treated, in their direction, on their scale):

    * effective weight of indicator k: ``r_k^2 / sum_j r_j^2`` with r_k its correlation with the score. r_k^2 is
      the share of the score's variance that a straight line in the indicator explains, the linear case of the
      correlation ratio that [1]_ compares with nominal weights;
    * Cronbach's alpha of every group and the share of the first
      principal component in the variance of all indicators of an axis;
    * redundant pairs, correlated at 0.9 or more in size [2]_; copies, which are equal or ``a + b x`` of each other;
      indicators whose skewness exceeds 2 in size and whose kurtosis exceeds 3.5 [2]_;
    * the sum of the first axis' weights, compared with the source; and for each indicator both references: the
      value of the city from the counts and the unweighted mean of the areas.

    References
    ----------
    .. [1] Paruolo, P., Saisana, M. & Saltelli, A. (2013). Ratings and rankings: voodoo or science? Journal of the
           Royal Statistical Society A 176(3), 609-634.
    .. [2] Becker, W., Caperna, G., Del Sorbo, M., Norlén, H., Papadimitriou, E. & Saisana, M. (2022). COINr: An R
           package for developing composite indicators. Journal of Open Source Software 7(78), 4567.

    Examples
    --------
    >>> import pandas as pd
    >>> import quartiersatlas as qa
    >>> axis = {"id": "need", "indicators": [{"id": "a"}, {"id": "b"}], "standardise": {"method": "z"}}
    >>> axis["classes"] = [{"id": "all", "label_de": "alle", "label_en": "all"}]
    >>> spec = qa.NeedSpec.from_dict({"id": "own", "source": "own", "min_population": 0, "axes": [axis]})
    >>> frame = pd.DataFrame({"a": range(20), "b": [3 * i + 1 for i in range(20)]})
    >>> print(qa.need_index(frame, spec).audit().findings[0])
    In axis need, an indicator is a copy of another and counts twice: a / b.
    """
    rows: list[AuditRow] = []
    _weights_sum(need, rows)
    findings = [*need.warnings]
    correlations, rank_correlations, weights = {}, {}, {}
    for axis in need.spec.axes:
        parts = indicator_parts(need, axis)
        rank_correlations[axis.id] = parts.corr(method="spearman")
        related = pd.concat([parts, need.scores.loc[need.scored_keys, axis.id].rename("score")], axis=1).corr()
        correlations[axis.id] = related
        weights[axis.id] = _effective(need, axis, related)
        rows += _weight_rows(axis, weights[axis.id])
        rows += _consistency_rows(need, axis, parts)
        findings += _weight_findings(need, axis, weights[axis.id])
        for part in (_pairs(need, axis, related), _shapes(need, axis)):
            rows += part[0]
            findings += part[1]
        rows += list(_reference_rows(need, axis))
    if any(message.name == "warning_few_areas" for message in need.warnings):
        findings.append(Message("audit_ratios", {"areas": len(need.scored_keys)}))
    return NeedAudit(
        spec=f"{need.spec.id} ({need.spec.hash})",
        table=pd.DataFrame(rows, columns=COLUMNS),
        correlations=correlations,
        effective_weights=pd.concat(weights, names=["axis", "indicator"]),
        ratios=_ratios(need),
        counts=_counts(need),
        findings=tuple(findings),
        rank_correlations=rank_correlations,
        labels=_labels(need),
        context=_context(need),
    )


def _labels(need: NeedScores) -> dict[str, tuple[str, str]]:
    """Return the labels of axes and indicators in German and English."""
    german, english = LANGUAGES
    found = {axis.id: (axis.label(german), axis.label(english)) for axis in need.spec.axes}
    for leaf in (leaf for axis in need.spec.axes for leaf in axis.indicators):
        found[leaf.id] = (
            spec_indicator_label(leaf, need.inputs, german),
            spec_indicator_label(leaf, need.inputs, english),
        )
    return found


def _context(need: NeedScores) -> tuple[str, ...]:
    """Return the indicators that describe an area and are no measure of need."""
    known = {leaf.id: in_catalogue(leaf.id, need.inputs) for axis in need.spec.axes for leaf in axis.indicators}
    return tuple(name for name, one in known.items() if one is not None and one.role == "context")


def _weights_sum(need: NeedScores, rows: list[AuditRow]) -> None:
    """Report the sum of the weights of the first axis beside what the source says."""
    axis, said = need.spec.axes[0], need.spec.weights_sum
    total = float(sum(member.weight for member in axis.members))
    rows.append(("weights_sum", axis.id, axis.id, total, "" if said is None else f"source: {said:g}"))


def weights_sum_findings(spec: NeedSpec) -> list[Message]:
    """Compare the weights of the first axis with what the source says they sum to."""
    axis, said = spec.axes[0], spec.weights_sum
    total = float(sum(member.weight for member in axis.members))
    if said is None or abs(total - said) <= 1e-9:  # noqa: PLR2004 - a sum of decimals
        return []
    return [Message("audit_weights_sum", {"axis": axis.id, "sum": f"{total:g}", "source": f"{said:g}"})]


def indicator_parts(need: NeedScores, axis: NeedAxis) -> pd.DataFrame:
    """Return the indicators of an axis as they enter their group: treated, in their direction, on its scale."""
    found: dict[str, Array] = {}
    for group in axis.groups():
        for member, part in zip(group.members, group_parts(group, need.columns, need.context), strict=True):
            if isinstance(member, NeedIndicator):
                found.setdefault(member.id, part)
    order = dict.fromkeys(leaf.id for leaf in axis.indicators)
    return pd.DataFrame({name: found[name] for name in order}, index=need.scored_keys)


def _effective(need: NeedScores, axis: NeedAxis, related: pd.DataFrame) -> pd.DataFrame:
    """Return nominal and effective weights of the indicators."""
    reference = need.reference[need.reference["axis"] == axis.id]
    correlation = related.iloc[:-1, -1]
    main = correlation**2
    nominal = reference.groupby("indicator")["share_of_weight"].sum().reindex(correlation.index)
    return pd.DataFrame({"nominal": nominal, "effective": main / main.sum(), "correlation": correlation})


def _weight_rows(axis: NeedAxis, weights: pd.DataFrame) -> list[AuditRow]:
    return [
        (check, axis.id, str(name), float(value), "no variance" if np.isnan(value) else "")
        for check, column in (
            ("nominal_weight", "nominal"),
            ("effective_weight", "effective"),
            ("correlation_with_score", "correlation"),
        )
        for name, value in zip(weights.index, weights[column].to_numpy(), strict=True)
    ]


def _weight_findings(need: NeedScores, axis: NeedAxis, weights: pd.DataFrame) -> list[Message]:
    """Warn of context indicators that weigh most, by the spec or in effect, and of indicators against the score."""
    catalogue, found = need.inputs.catalogue, []
    is_context = np.array([name in catalogue and catalogue[name].role == "context" for name in weights.index])
    context, others = weights[is_context], weights[~is_context]
    kinds = ["nominal", "effective"]
    heaviest = (context[kinds].sum() >= HALF - EXACT) | (context[kinds].max() > others[kinds].max() + EXACT)
    if heaviest.any():
        shares = {kind: percent_texts(float(context[kind].sum())) for kind in kinds}
        found.append(Message("audit_context", {"axis": axis.id, "names": ", ".join(context.index), **shares}))
    against = weights.index[weights["correlation"] < 0]
    if len(against):
        found.append(Message("audit_negative", {"axis": axis.id, "names": ", ".join(against)}))
    return found


def percent_texts(share: float) -> tuple[str, str]:
    """Write a share as a whole number of percent, in German and in English."""
    return percent_text(round(share, 2), "de"), percent_text(round(share, 2), "en")


def _consistency_rows(need: NeedScores, axis: NeedAxis, parts: pd.DataFrame) -> Iterator[AuditRow]:
    """Yield Cronbach's alpha of every group with two members, and the first component of all indicators."""
    for group in axis.groups():
        if len(group.members) > 1:
            members = group_parts(group, need.columns, need.context).T
            yield "alpha", axis.id, group.id, cronbach_alpha(members), f"{len(group.members)} members"
    if parts.shape[1] > 1:
        share = first_component_share(parts.to_numpy())
        yield "first_component", axis.id, axis.id, share, f"{parts.shape[1]} indicators"


def cronbach_alpha(values: Array) -> float:
    """Return how far several members measure the same.

    Parameters
    ----------
    values : array of float, shape (n_areas, members)
        Areas with an unknown member are left out.

    Returns
    -------
    float
        At most 1; NaN below two members or two areas, or where the sum of the members does not vary.

    Notes
    -----
    ``alpha = k / (k - 1) (1 - sum_j var(x_j) / var(sum_j x_j))`` [1]_

    References
    ----------
    .. [1] Cronbach, L. J. (1951). Coefficient alpha and the internal structure of tests. Psychometrika 16(3), 297-334.

    Examples
    --------
    >>> round(cronbach_alpha(np.array([[1.0, 2.0], [2.0, 2.0], [3.0, 5.0]])), 4)
    0.8571
    """
    known = values[~np.isnan(values).any(axis=1)]
    k = known.shape[1]
    total = float(known.sum(axis=1).var()) if len(known) else 0.0
    if k < 2 or not total > 0:  # noqa: PLR2004 - one member agrees with itself
        return float("nan")
    return float(k / (k - 1) * (1 - known.var(axis=0).sum() / total))


def first_component_share(values: Array) -> float:
    """Return the share of the variance of standardised members that lies on their first principal component.

    Parameters
    ----------
    values : array of float, shape (n_areas, members)
        Areas with an unknown member are left out.

    Returns
    -------
    float
        From 1 / members (unrelated) to 1; NaN where a member does not vary.
    """
    known = values[~np.isnan(values).any(axis=1)]
    if len(known) < 2 or not (np.ptp(known, axis=0) > 0).all():  # noqa: PLR2004 - one area does not vary
        return float("nan")
    related = np.atleast_2d(np.corrcoef(known, rowvar=False))
    return float(np.linalg.eigvalsh(related)[-1] / related.shape[0])


def _pairs(need: NeedScores, axis: NeedAxis, related: pd.DataFrame) -> tuple[list[AuditRow], list[Message]]:
    """Flag pairs that say nearly the same, and pairs of which one is a copy of the other."""
    rows, copies, redundant = [], [], []
    raw = need.inputs.values.loc[need.scored_keys]
    for (i, first), (j, second) in combinations(enumerate(related.columns[:-1]), 2):
        value, pair = float(related.to_numpy()[i, j]), f"{first} / {second}"
        kind = _copy(raw[first], raw[second])
        if kind:
            rows.append(("copy", axis.id, pair, value, kind))
            copies.append(pair)
        elif abs(value) >= REDUNDANT:
            rows.append(("redundant_pair", axis.id, pair, value, f"|r| >= {REDUNDANT:g}"))
            redundant.append(pair)
    found = [
        Message(name, {"axis": axis.id, "pairs": ", ".join(pairs), **more})
        for name, pairs, more in (
            ("audit_copies", copies, {}),
            ("audit_redundant", redundant, {"limit": f"{REDUNDANT:g}"}),
        )
        if pairs
    ]
    return rows, found


def _copy(first: pd.Series[float], second: pd.Series[float]) -> str:
    """Return how one column makes the other: not at all, as it is, or by ``a + b x``."""
    if first.equals(second):
        return "identical values"
    x, y = first.dropna(), second.dropna()
    if not x.index.equals(y.index) or len(x) < 3 or x.nunique() < 2 or y.nunique() < 2:  # noqa: PLR2004 - two points lie on a line
        return ""
    return "y = a + b x" if abs(x.corr(y)) >= 1 - EXACT else ""


def _shapes(need: NeedScores, axis: NeedAxis) -> tuple[list[AuditRow], list[Message]]:
    """Return skewness and kurtosis of the indicators after their treatment; both beyond the limits is flagged."""
    rows, skewed = [], []
    for leaf in {leaf.id: leaf for leaf in axis.indicators}.values():
        skew, kurtosis = skew_and_kurtosis(treated(leaf, need.columns[leaf.id]))
        flagged = abs(skew) > WINSOR[0] and kurtosis > WINSOR[1]
        note = f"|skewness| > {WINSOR[0]:g} and kurtosis > {WINSOR[1]:g}" if flagged else ""
        rows += [("skewness", axis.id, leaf.id, skew, note), ("kurtosis", axis.id, leaf.id, kurtosis, note)]
        skewed += [leaf.id] if flagged else []
    found = [Message("audit_skewed", {"axis": axis.id, "names": ", ".join(skewed)})] if skewed else []
    return rows, found


def _reference_rows(need: NeedScores, axis: NeedAxis) -> Iterator[AuditRow]:
    """Yield both references by name: the value of the whole city and the mean of the areas."""
    rows = need.reference[need.reference["axis"] == axis.id]
    note = f"unweighted, {len(need.scored_keys)} scored areas"
    for name, mean, city in zip(rows["indicator"], rows["mean"], rows["city"], strict=True):
        yield "mean_of_areas", axis.id, name, mean, note
        if pd.notna(city):
            yield "city_value", axis.id, name, city, "from the counts of all areas"
            yield "city_minus_mean", axis.id, name, city - mean, ""


def _counts(need: NeedScores) -> pd.DataFrame:
    columns = {
        (name, part): getattr(counts, part)
        for name, counts in need.inputs.counts.items()
        for part in ("numerator", "denominator")
    }
    frame = pd.DataFrame(columns, index=need.scores.index)
    return frame.set_axis(pd.MultiIndex.from_tuples(list(columns), names=["indicator", "count"]), axis=1)


def _ratios(need: NeedScores) -> pd.DataFrame:
    """Return values as multiples of the reference."""
    rows = need.reference.drop_duplicates("indicator").set_index("indicator")
    values, counts = need.inputs.values, need.inputs.counts
    changes = [name for name, column in counts.items() if column.earlier is not None]
    has_ratio = ~(values[rows.index] < 0).any() & ~rows.index.isin(changes)
    reference = rows["city"].fillna(rows["mean"])
    return values / reference.where(has_ratio & (reference > 0))


@dataclass(frozen=True, eq=False)
class NeedAudit(Charted):
    """What the numbers say about a need index.

    Parameters
    ----------
    spec : str
        Id and fingerprint of the spec.
    table : DataFrame
        One row per number: ``check``, ``axis``, ``item`` (an indicator, a pair ``"a / b"``, a group), ``value`` and
        ``note``.
    correlations : mapping of str to DataFrame
        Axis -> Pearson correlations of its indicators (treated, in their direction, on their scale) and of its score.
    effective_weights : DataFrame
        On (axis, indicator): ``nominal`` and ``effective`` share of the weights, each summing to 1 per axis, and
        ``correlation`` with the score.
    ratios : DataFrame
        Areas x indicators: value of the area / value of the city from the counts (the mean of the areas where there
        are none). NaN for changes and other indicators with values below 0, and where the reference is not above 0.
    counts : DataFrame
        Areas x (indicator, ``numerator`` or ``denominator``) of the indicators that have counts, of the later date.
    findings : tuple of Message
        What a reader has to know; the warnings of the index first.
    rank_correlations : mapping of str to DataFrame
        Axis -> Spearman correlations of its indicators.
    labels : mapping of str to (str, str)
        Axis or indicator -> its label in German and in English.
    context : tuple of str
        Indicators that describe an area and are no measure of need.
    """

    spec: str
    table: pd.DataFrame
    correlations: Mapping[str, pd.DataFrame]
    effective_weights: pd.DataFrame
    ratios: pd.DataFrame
    counts: pd.DataFrame
    findings: tuple[Message, ...]
    rank_correlations: Mapping[str, pd.DataFrame] = field(default_factory=dict, repr=False)
    labels: Mapping[str, tuple[str, str]] = field(default_factory=dict, repr=False)
    context: tuple[str, ...] = ()

    def chart(self, kind: str | None = None, lang: Lang = "de", *, axis: str | None = None) -> Chart:
        """Return the rank correlations of an axis as a chart.

        Parameters
        ----------
        kind : {"correlation"}, optional
            The only one.
        lang : {"de", "en"}, default "de"
            Language.
        axis : str, optional
            The axis; the first, if not given.

        Returns
        -------
        Chart
            The lower triangle, a number in each cell; pairs above 0.9 in size are named. For the analyst.

        Raises
        ------
        SpecError
            There is no such kind, language or axis.
        """
        check_lang(lang)
        choice(kind, (None, "correlation"), "kind")
        shown = next(iter(self.rank_correlations)) if axis is None else axis
        choice(shown, tuple(self.rank_correlations), "axis")
        words = {name: pick(lang, *both) for name, both in self.labels.items()}
        related = self.rank_correlations[shown]
        return correlation_chart(related, words, self.context, lang, title=words.get(shown, shown))

    def __repr__(self) -> str:
        lines = [f"NeedAudit of {self.spec}; findings: {len(self.findings)}"]
        lines += [f"  - {finding}" for finding in self.findings]
        lines.append("  weight: nominal, effective, correlation with the score")
        lines += [
            f"    {', '.join(map(str, place))}: {nominal:.3f}, {effective:.3f}, {correlation:.3f}"
            for place, (nominal, effective, correlation) in zip(
                self.effective_weights.index, self.effective_weights.to_numpy(), strict=True
            )
        ]
        for check, words in (("alpha", "Cronbach's alpha"), ("first_component", "variance on the first component")):
            rows = self.table[self.table["check"] == check]
            lines += [
                f"  {axis}, {item}: {words} {value:.3f}"
                for axis, item, value in zip(rows["axis"], rows["item"], rows["value"], strict=True)
            ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from html import escape

        return f"<pre>{escape(repr(self))}</pre>{self._picture()}"
