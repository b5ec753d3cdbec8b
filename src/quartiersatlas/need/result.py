"""The need index: indicators on one scale, aggregated up the hierarchy, classed; every step kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.errors import SpecError, list_some
from quartiersatlas.need.robustness.audit import audited
from quartiersatlas.need.robustness.influence import influence, leave_one_out, smallest_weight_change
from quartiersatlas.need.robustness.sensitivity import FACTORS, Sensitivity, sensitivity
from quartiersatlas.need.robustness.stability import SOURCES, Stability, stability
from quartiersatlas.need.score.aggregate import class_ids
from quartiersatlas.need.score.arguments import check_index
from quartiersatlas.need.score.contributions import contributions
from quartiersatlas.need.score.explain import explained
from quartiersatlas.need.score.inputs import (
    NeedInputs,
    columns_of,
    excluded_areas,
    ground_of,
    incomplete_areas,
    need_inputs,
    reasons_text,
)
from quartiersatlas.need.score.scores import axis_score, cautions, nominal_weights
from quartiersatlas.need.score.small_numbers import change_table, rate_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from quartiersatlas.catalogue import Lang, Message
    from quartiersatlas.intake import AreaData
    from quartiersatlas.need.robustness.audit import NeedAudit
    from quartiersatlas.need.robustness.stability import Choice
    from quartiersatlas.need.score.scores import Ground
    from quartiersatlas.need.spec.spec import NeedSpec


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
        A numerator exceeds its denominator, or a count is above 2^53.
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
    check_index(data, spec, exclude)
    inputs = need_inputs(data, spec, population)
    keys = inputs.values.index
    excluded = excluded_areas(inputs, spec, {**spec.exclude, **(exclude or {})})
    scored = keys.difference(excluded.index, sort=False)
    if len(scored) < 3:  # noqa: PLR2004 - two areas differ by one standard deviation each, whatever their values
        raise SpecError(
            f"Only {len(scored)} areas are left to score; {len(excluded)} are excluded: {reasons_text(excluded)}."
        )
    columns = columns_of(inputs, scored)
    ground = ground_of(inputs, scored)
    scores = pd.DataFrame(
        {axis.id: pd.Series(axis_score(axis, columns, ground), index=scored) for axis in spec.axes}
    ).reindex(keys)
    return NeedIndex(
        spec=spec,
        scores=scores,
        classes=pd.DataFrame({axis.id: class_ids(scores[axis.id], axis) for axis in spec.axes}),
        excluded=excluded,
        incomplete=incomplete_areas(spec, inputs.values.loc[scored]),
        reference=_reference(spec, inputs, scored),
        inputs=inputs,
        warnings=cautions(spec, inputs, len(scored)),
    )


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
        On the key: ``reason`` (``population``, ``manual``, ``missing``, ``no_denominator``) and ``detail``. An area is
        scored on all axes or on none: one without an earlier date has no dynamics, and no status either.
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

    @cached_property
    def columns(self) -> dict[str, np.ndarray]:
        """Values of the indicators in the scored areas."""
        return columns_of(self.inputs, self.scored)

    @cached_property
    def ground(self) -> Ground:
        """Residents of the scored areas and city values."""
        return ground_of(self.inputs, self.scored)

    def stability(
        self,
        n: int = 1000,
        seed: int | np.random.Generator | None = 1,
        *,
        select: Choice = None,
        vary: Sequence[str] = SOURCES,
        persistence: float = 0.0,
        concentration: float = 6.0,
        threshold: float = 0.1,
        limits: tuple[float, float] = (0.1, 0.9),
        progress: bool = False,
    ) -> Stability:
        """Return what becomes of classes, ranks and shortlist when nothing is taken as exact.

        Parameters
        ----------
        n : int, default 1000
            Number of runs, at least 1.
        seed : int, Generator or None, default 1
            Source of the draws.
        select : float, int, mapping or list of mappings, optional
            Who is on the shortlist: a share in (0, 1) or a number of areas with the highest scores of the first axis;
            ``{"status": ["low", "very_low"]}``: classes, all of the named axes; a list of such: one of them. The
            highest class of the first axis, if not given.
        vary : sequence of {"data", "weights", "normalisation", "aggregation", "threshold"}
            What is not taken as exact; everything by default.
        persistence : float, default 0
            Of changes between two dates: the share of the persons, in [0, 1], who are counted at both dates and for
            whom the same chance decides. 0 treats the dates as independent, which overstates the noise of a register.
            The ``correlation`` of :meth:`change_test` follows from it, see :func:`quartiersatlas.rate_change`.
        concentration : float, default 6
            Of the Dirichlet distribution of weights, per member of a group; higher is nearer to the spec.
        threshold : float, default 0.1
            Limits of classes move by up to this many standard deviations of the score; quantiles by this part of
            their distance from the nearer end; a number of areas by this part; limits between numbers of conditions
            stay. In [0, 1).
        limits : (float, float), default (0.1, 0.9)
            Labels: ``"certain"`` from the second one on, ``"not_selected"`` below the first, ``"borderline"`` between.
        progress : bool, default False
            Whether to show a bar; needs ``pip install "quartiersatlas[progress]"``.

        Returns
        -------
        Stability
            Areas without a score have none here either.

        Raises
        ------
        SpecError
            A parameter is out of range, ``select`` names what is not there, or no run could be computed.

        Notes
        -----
        Data: each count x of n becomes ``Binomial(n, x / n)``; an indicator without counts stays as it is and is named
        in ``not_redrawn``; unknown counts and exclusions stay. The city value is recomputed. Registers are complete
        counts: read this as stability under random variation. Counts of different indicators are drawn independently.
        Weights: ``Dirichlet`` around those of the spec, in every group. Normalisation: the spec's own, z-scores,
        minimum to maximum, percentile ranks; aggregation: the spec's own, arithmetic, geometric and Mazziotta-Pareto
        means, in all groups of an axis; not where limits refer to the score's own scale or conditions are counted. In a
        run, an indicator that is the same everywhere tells nobody apart. Approach: [1]_.

        References
        ----------
        .. [1] Saisana, M., Saltelli, A. & Tarantola, S. (2005). Uncertainty and sensitivity analysis techniques as
               tools for the quality assessment of composite indicators. Journal of the Royal Statistical Society A
               168(2), 307-323.

        Examples
        --------
        >>> import numpy as np
        >>> import pandas as pd
        >>> import quartiersatlas as qa
        >>> spec = qa.NeedSpec.preset("berlin-mss-2019")
        >>> names = [indicator.id for axis in spec.axes for indicator in axis.indicators]
        >>> shares = pd.DataFrame(np.random.default_rng(1).random((20, 6)), columns=names).assign(residents=1000.0)
        >>> need = qa.need_index(shares, spec, population="residents")
        >>> stable = need.stability(n=200, seed=1, select={"status": ["low", "very_low"]}, vary=["weights"])
        >>> bool(stable.table["p_selected"].between(0, 1).all())
        True
        """
        return stability(
            self,
            n,
            seed,
            select=select,
            vary=vary,
            persistence=persistence,
            concentration=concentration,
            threshold=threshold,
            limits=limits,
            progress=progress,
        )

    def leave_one_out(self, select: Choice = None) -> pd.DataFrame:
        """Compute the index without each of its indicators in turn.

        Parameters
        ----------
        select : float, int, mapping or list of mappings, optional
            Who is on the shortlist, as in :meth:`stability`.

        Returns
        -------
        DataFrame
            One row per axis and indicator left out: ``n_selected`` areas, ``kept`` of the published ones, keys ``lost``
            and ``gained``, keys ``unscored`` (areas known through this indicator alone), ``n_classes_changed`` on the
            axis, ``rank_correlation`` (Spearman) with the published score. No rows for axes of one indicator, nor for
            the conditions of a rule that counts them. The weights left in a group bear the sum of all.
        """
        return leave_one_out(self, select)

    def influence(self, areas: Sequence[str] | None = None) -> pd.DataFrame:
        """Compute the index without each area in turn: which areas move the classes of others?

        Parameters
        ----------
        areas : sequence of str, optional
            Keys of the scored areas to leave out; all, if not given.

        Returns
        -------
        DataFrame
            One row per axis and area left out, those that move most first: ``n_moved`` other areas whose class
            changes, ``moved`` (their keys), ``shift`` (largest change of another area's score, on its scale), ``note``.
            Where there is no index without an area (the only one in which an indicator differs, say), ``n_moved`` and
            ``shift`` are missing and ``note`` says why.

        Raises
        ------
        SpecError
            There are more than 5,000 areas and ``areas`` is not given, or one of them has no score.

        Notes
        -----
        Limits that refer to the areas, means, deviations and ranks are computed anew; the value of the city is not, for
        the persons still live there. Each area costs one computation of the index: time grows with their square.
        """
        return influence(self, areas)

    def smallest_weight_change(self, select: Choice = None) -> pd.DataFrame:
        """Return the smallest shift of a single weight that brings an area onto the shortlist, or off it.

        Needs about 60 KB of memory for each scored area: 600 MB for 10,000.

        Parameters
        ----------
        select : float, int, mapping or list of mappings, optional
            Who is on the shortlist, as in :meth:`stability`.

        Returns
        -------
        DataFrame
            On the district key: ``selected`` as published; ``change``, the smallest difference between a member's
            ``share`` of the weights of its group and the share ``to`` at which the area changes sides, the other
            members sharing the rest as before; ``axis``, ``group`` and ``member`` it happens at. Shares in [0, 1], in
            steps of 0.001. NaN where no single weight changes anything, and for areas without a score.
        """
        return smallest_weight_change(self, select)

    def sensitivity(
        self,
        n: int = 256,
        seed: int = 1,
        *,
        select: Choice = None,
        factors: Sequence[str] = FACTORS,
        persistence: float = 0.0,
        concentration: float = 6.0,
        threshold: float = 0.1,
    ) -> Sensitivity:
        """Return which choices make the size and the members of the shortlist: Sobol indices.

        Parameters
        ----------
        n : int, default 256
            Points of the Sobol sequence, a power of two; the index is computed ``n (k + 2)`` times for k factors.
        seed : int, default 1
            Source of the draws.
        select, persistence, concentration, threshold
            As in :meth:`stability`.
        factors : sequence of {"data", "weights", "normalisation", "aggregation", "threshold", "indicators"}
            Choices that are varied, at least two; ``"indicators"`` leaves out none or one of the axes' indicators.

        Returns
        -------
        Sensitivity

        Raises
        ------
        DependencyError
            The package SALib is missing.
        SpecError
            A parameter is out of range.

        Notes
        -----
        Data and weights are one factor each: a number that picks one of 200 draws, as in Saisana et al. [1]_. The
        indices of the size and of the number of areas that change are those of SALib [2]_; the members are taken
        together, each area with the variance of its membership. The sum of the first-order indices below 1 is left to
        interactions, for which the total index accounts.

        References
        ----------
        .. [1] Saisana, M., Saltelli, A. & Tarantola, S. (2005). Uncertainty and sensitivity analysis techniques as
               tools for the quality assessment of composite indicators. Journal of the Royal Statistical Society A
               168(2), 307-323.
        .. [2] Iwanaga, T., Usher, W. & Herman, J. (2022). Toward SALib 2.0. Socio-Environ. Syst. Model. 4, 18155.
        """
        return sensitivity(
            self,
            n,
            seed,
            select=select,
            factors=factors,
            persistence=persistence,
            concentration=concentration,
            threshold=threshold,
        )

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
        return audited(self)

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
