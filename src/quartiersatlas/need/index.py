"""The need index: indicators on one scale, aggregated up the hierarchy, classed; every step kept."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.catalogue import Message
from quartiersatlas.errors import SpecError, list_some
from quartiersatlas.need.audit import audited
from quartiersatlas.need.classes import class_ids
from quartiersatlas.need.contributions import contributions
from quartiersatlas.need.evaluate import Ground, axis_score, present_share
from quartiersatlas.need.explain import explained
from quartiersatlas.need.inputs import NeedInputs, need_inputs
from quartiersatlas.need.spec import NeedGroup, NeedIndicator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.intake import AreaData
    from quartiersatlas.need.audit import NeedAudit
    from quartiersatlas.need.spec import NeedAxis, NeedSpec

FEW_AREAS = 15  # a convention of practice: over fewer areas z-scores are arbitrary


@dataclass(frozen=True)
class NeedIndex:
    """Scores and classes of areas, with what made them.

    Parameters
    ----------
    spec : NeedSpec
        The rules.
    scores : DataFrame
        One column per axis; NaN for excluded areas. Higher is more need.
    classes : DataFrame
        One column per axis: class id; missing for excluded areas.
    excluded : DataFrame
        On the key: ``reason`` (``population``, ``manual``, ``missing``, ``no_denominator``) and ``detail``.
    incomplete : DataFrame
        On the key: ``axis`` and ``missing`` indicators of areas that were scored although something is missing.
    reference : DataFrame
        One row per axis and indicator: weight in the axis, unweighted mean and standard deviation (ddof 0) over the
        scored areas, and the value of the whole city from the counts (NaN where there are no counts).
    inputs : NeedInputs
        Values and counts of all areas.
    warnings : tuple of Message
        What a reader of the index has to know.
    """

    spec: NeedSpec
    scores: pd.DataFrame
    classes: pd.DataFrame
    excluded: pd.DataFrame
    incomplete: pd.DataFrame
    reference: pd.DataFrame
    inputs: NeedInputs
    warnings: tuple[Message, ...] = ()

    def on(self, index: pd.Index) -> NeedIndex:
        """Return the index in the order of other areas' keys.

        Raises
        ------
        SpecError
            They are not the same areas.
        """
        odd = self.scores.index.symmetric_difference(index)
        if len(odd):
            raise SpecError(
                f"The need index is of other areas: {len(odd)} keys are on one side only: {list_some(odd)}."
            )
        return replace(
            self,
            scores=self.scores.loc[index],
            classes=self.classes.loc[index],
            excluded=self.excluded.loc[[key for key in index if key in self.excluded.index]],
            incomplete=self.incomplete.loc[[key for key in index if key in self.incomplete.index]],
            inputs=self.inputs.on(index),
        )

    @cached_property
    def contributions(self) -> pd.DataFrame:
        """Columns (axis, indicator): parts of the score on its own scale.

        They and the axis' base (see :attr:`base`) add up to the score, or to its logarithm where the axis is a
        geometric mean of indicators and not standardised. A score that is no sum is split by exact Shapley values
        [1]_: the mean, over all orders in which indicators could come in, of what one adds in an area. Before it comes
        in, an indicator stands at the mean of its normalised values, and all other areas stay as they are.

        Raises
        ------
        SpecError
            An axis that is no sum has more than ten indicators.

        References
        ----------
        .. [1] Shapley, L. S. (1953). A value for n-person games. Contributions to the Theory of Games II, 307-317.
        """
        return self._split[0]

    @cached_property
    def base(self) -> pd.DataFrame:
        """One column per axis: the part of the score that no indicator makes; 0 for plain sums and for z-scores."""
        return self._split[1]

    @cached_property
    def _split(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        parts, base = {}, {}
        for axis in self.spec.axes:
            parts[axis.id], base[axis.id] = contributions(axis, self.columns, self.ground)
        frames = {
            name: pd.DataFrame(part, index=self.scored).reindex(self.scores.index) for name, part in parts.items()
        }
        bases = pd.DataFrame(base, index=self.scored).reindex(self.scores.index)
        return pd.concat(frames, axis=1, names=["axis", "indicator"]), bases

    @property
    def scored(self) -> pd.Index:
        """The keys of the areas that have scores."""
        return self.scores.index.difference(self.excluded.index, sort=False)

    @property
    def columns(self) -> dict[str, np.ndarray]:
        """Values of the indicators in the scored areas."""
        return _columns(self.inputs, self.scored)

    @property
    def ground(self) -> Ground:
        """Residents of the scored areas and city values."""
        return _ground(self.inputs, self.scored)

    @property
    def ranks(self) -> pd.DataFrame:
        """Rank on each axis: 1 is the highest need; equal scores share the better rank."""
        return self.scores.rank(ascending=False, method="min")

    @property
    def typology(self) -> pd.Series[str]:
        """The classes of all axes as one code, such as ``"2+/-"`` for a medium status with stable dynamics."""
        codes = [
            self.classes[axis.id].map({c.id: c.code or c.id for c in axis.classes}, na_action="ignore")
            for axis in self.spec.axes
        ]
        joined = codes[0]
        for more in codes[1:]:
            joined = joined + more
        return joined.rename("typology")

    def explain(self, key: str, lang: Lang = "de", *, axis: str | None = None) -> str:
        """Say in a few sentences why an area has its score, or why it has none.

        Parameters
        ----------
        key : str
            The area.
        lang : {"de", "en"}
            Language.
        axis : str, optional
            The axis; the first, if not given.

        Returns
        -------
        str
            Class, score and rank, also among how many percent of the areas; up to three indicators that raise the
            score above that of an average area and three that lower it, each with its value, the value of the city
            from the counts (the mean of the areas where there are none; the text says which) and its contribution.
            The sentences show values as they are: what is published goes through a release.

        Raises
        ------
        SpecError
            There is no such area, axis or language.

        Notes
        -----
        A contribution is told as its distance from the mean of all scored areas' contributions, so the distances of
        all indicators add up to the distance of the score from the mean score. For a plain geometric mean it is told
        as a factor.

        Examples
        --------
        >>> import pandas as pd
        >>> import quartiersatlas as qa
        >>> spec = qa.NeedSpec.preset("berlin-mss-2019")
        >>> names = [leaf.id for axis in spec.axes for leaf in axis.indicators]
        >>> frame = pd.DataFrame({name: range(20) for name in names}, dtype=float).assign(residents=1000.0)
        >>> frame.index = [f"{i:02d}" for i in frame.index]
        >>> qa.need_index(frame, spec, population="residents").explain("19", "en").split("; ")[0]
        'Area 19: Social status, class “very low”, index value 1.65 (higher = more need)'
        """
        return explained(self, key, self.spec.axes[0] if axis is None else self.spec.axis(axis), lang)

    def audit(self) -> NeedAudit:
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
        * Cronbach's alpha of every group (:func:`~quartiersatlas.need.audit.cronbach_alpha`) and the share of the first
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
        return audited(self)

    @property
    def table(self) -> pd.DataFrame:
        """Scores and classes side by side, with the reason where an area has none."""
        classes = self.classes.add_suffix("_class")
        return self.scores.join(classes).join(self.excluded)

    def __repr__(self) -> str:
        lines = [f"NeedIndex {self.spec.id} ({self.spec.hash}): {len(self.scores) - len(self.excluded)} areas scored"]
        for axis in self.spec.axes:
            counts = self.classes[axis.id].value_counts()
            lines.append(f"  {axis.id}: " + ", ".join(f"{c.id} {counts.get(c.id, 0)}" for c in axis.classes))
        if len(self.excluded):
            lines.append(f"  excluded ({len(self.excluded)}): {list_some(self.excluded.index, 10)}")
        return "\n".join(lines + [f"  warning: {warning}" for warning in self.warnings])

    def _repr_html_(self) -> str:
        from html import escape

        return f"<pre>{escape(repr(self))}</pre>"


def need_index(
    data: AreaData | pd.DataFrame,
    spec: NeedSpec,
    *,
    population: str | list[str] | None = None,
    exclude: Mapping[str, str] | None = None,
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

    Returns
    -------
    NeedIndex
        Excluded areas have NaN scores and a reason; nothing is imputed.

    Raises
    ------
    ColumnError
        An indicator of the spec is not in the data.
    CountError
        A numerator exceeds its denominator.
    SpecError
        Fewer than three areas are left, an indicator has no variance, is missing everywhere, holds text or marks such
        as -9999; a key to exclude is not there.

    Warns
    -----
    UserWarning
        An axis rests mainly on context indicators such as the share of residents with migration background, or on
        fewer than 15 areas; the spec is a preset that was not verified.

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
    >>> shares = pd.DataFrame(np.random.default_rng(1).random((20, 6)), columns=names).assign(residents=1000.0)
    >>> need = qa.need_index(shares, spec, population="residents")
    >>> bool(np.allclose(need.contributions["status"].sum(axis=1), need.scores["status"]))
    True
    """
    inputs = need_inputs(data, spec, population)
    keys = inputs.values.index
    excluded = _excluded(inputs, spec, {**spec.exclude, **(exclude or {})})
    scored = keys.difference(excluded.index, sort=False)
    if len(scored) < 3:  # noqa: PLR2004 - two areas differ by one standard deviation each, whatever their values
        raise SpecError(
            f"Only {len(scored)} areas are left to score; {len(excluded)} are excluded: {_reasons(excluded)}."
        )
    columns = _columns(inputs, scored)
    ground = _ground(inputs, scored)
    scores = pd.DataFrame(
        {axis.id: pd.Series(axis_score(axis, columns, ground), index=scored) for axis in spec.axes}
    ).reindex(keys)
    return NeedIndex(
        spec=spec,
        scores=scores,
        classes=pd.DataFrame({axis.id: class_ids(scores[axis.id], axis) for axis in spec.axes}),
        excluded=excluded,
        incomplete=_incomplete(spec, inputs.values.loc[scored]),
        reference=_reference(spec, inputs, scored),
        inputs=inputs,
        warnings=_warnings(spec, inputs, len(scored)),
    )


def _columns(inputs: NeedInputs, scored: pd.Index) -> dict[str, np.ndarray]:
    values = inputs.values.loc[scored]
    return {str(name): np.asarray(values[name], dtype=float) for name in values}


def _ground(inputs: NeedInputs, scored: pd.Index) -> Ground:
    residents = next(iter(inputs.residents.values()), None)
    return Ground(None if residents is None else np.asarray(residents.loc[scored], dtype=float), inputs.city)


def _excluded(inputs: NeedInputs, spec: NeedSpec, manual: Mapping[str, str]) -> pd.DataFrame:
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


def _reasons(excluded: pd.DataFrame) -> str:
    counts = (excluded["reason"] + " (" + excluded["detail"] + ")").value_counts().head(3)
    return "; ".join(f"{n} for {reason}" for reason, n in counts.items())


def _incomplete(spec: NeedSpec, scored: pd.DataFrame) -> pd.DataFrame:
    """List the areas scored from a part of their indicators."""
    rows = [
        (key, axis.id, ", ".join(gaps.columns[gaps.loc[key]]))
        for axis in spec.axes
        for gaps in [scored[[leaf.id for leaf in axis.indicators]].isna()]
        for key in gaps.index[gaps.any(axis=1)]
    ]
    return pd.DataFrame(rows, columns=["key", "axis", "missing"]).set_index("key")


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
        for leaf, share in nominal_weights(axis).items()
    ]
    return pd.DataFrame(rows)


def nominal_weights(group: NeedGroup) -> dict[NeedIndicator, float]:
    """Return the share of each indicator in the weights of an axis; they sum to 1."""
    total = sum(member.weight for member in group.members)
    shares: dict[NeedIndicator, float] = {}
    for member in group.members:
        below = nominal_weights(member) if isinstance(member, NeedGroup) else {member: 1.0}
        for leaf, share in below.items():
            shares[leaf] = shares.get(leaf, 0.0) + share * member.weight / total
    return shares


def _warnings(spec: NeedSpec, inputs: NeedInputs, n_scored: int) -> tuple[Message, ...]:
    """Return what a reader has to know, and warn the analyst."""
    found = []
    if spec.unverified:
        found.append(Message("warning_unverified", {"spec": spec.id, "reason": spec.unverified}))
    for axis in spec.axes:
        found += _axis_warnings(axis, inputs)
    if n_scored < FEW_AREAS:
        found.append(Message("warning_few_areas", {"areas": n_scored}))
    for message in found:
        warnings.warn(f"Need index {spec.id!r}: {message}", UserWarning, stacklevel=3)
    return tuple(found)


def _axis_warnings(axis: NeedAxis, inputs: NeedInputs) -> list[Message]:
    """Warn where context indicators weigh most, and where a direction contradicts the catalogue."""
    catalogue, weights = inputs.catalogue, nominal_weights(axis)
    context = [leaf for leaf in weights if leaf.id in catalogue and catalogue[leaf.id].role == "context"]
    share = sum(weights[leaf] for leaf in context)
    found = []
    if share >= 0.5 or (len(weights) > 1 and any(weights[leaf] > _others(weights, leaf) for leaf in context)):  # noqa: PLR2004 - half
        names = ", ".join(leaf.id for leaf in context)
        found.append(Message("warning_context", {"axis": axis.id, "share": f"{share:.0%}", "names": names}))
    return found + [
        Message("warning_direction", {"axis": axis.id, "name": leaf.id})
        for leaf in weights
        if leaf.id in catalogue and catalogue[leaf.id].direction == -leaf.direction
    ]


def _others(weights: Mapping[NeedIndicator, float], leaf: NeedIndicator) -> float:
    """Return the heaviest weight among the other indicators."""
    return max(weight for other, weight in weights.items() if other != leaf)
