"""The record of a need index: scores and classes of areas, what made them, and what follows from them at once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import pandas as pd

from quartiersatlas.base.checks import count_noun, expects
from quartiersatlas.base.equal import settled
from quartiersatlas.base.keys import refuse_number_keys
from quartiersatlas.errors import SpecError, list_some
from quartiersatlas.need.score.contributions import contributions
from quartiersatlas.need.score.inputs import NeedInputs, columns_of, scoring_context

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from quartiersatlas.catalogue import Message
    from quartiersatlas.need.score.scores import ScoringContext
    from quartiersatlas.need.spec.spec import NeedSpec


@dataclass(frozen=True, eq=False)
class NeedScores:
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
    options : mapping of str to object
        The other arguments of the call that made it: ``population``, ``exclude``, ``units``.
    """

    spec: NeedSpec
    scores: pd.DataFrame
    classes: pd.DataFrame
    excluded: pd.DataFrame
    incomplete: pd.DataFrame
    reference: pd.DataFrame
    inputs: NeedInputs
    warnings: tuple[Message, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def on(self, index: pd.Index) -> Self:
        """Return the index in the order of other areas' keys.

        Raises
        ------
        SpecError
            They are not the same areas.
        """
        expects(index, (pd.Index, list), "NeedIndex.on", "need.on(data.areas.index)")
        odd = self.scores.index.symmetric_difference(index)
        if len(odd):
            refuse_number_keys(
                self.scores.index,
                index,
                "the need index",
                "Make the index of its table text, with all zeros, before need_index(table, spec)",
            )
            raise SpecError(
                f"The need index is of other areas: {count_noun(len(odd), 'key is', 'keys are')} on one side only: "
                f"{list_some(odd)}."
            )
        return replace(
            self,
            scores=self.scores.loc[index],
            classes=self.classes.loc[index],
            excluded=self.excluded.loc[[key for key in index if key in self.excluded.index]],
            incomplete=self.incomplete.loc[[key for key in index if key in self.incomplete.index]],
            inputs=self.inputs.on(index),
        )

    @property
    def scored_keys(self) -> pd.Index:
        """The keys of the areas that have scores."""
        return self.scores.index.difference(self.excluded.index, sort=False)

    @cached_property
    def columns(self) -> dict[str, np.ndarray]:
        """Values of the indicators in the scored areas."""
        return columns_of(self.inputs, self.scored_keys)

    @cached_property
    def context(self) -> ScoringContext:
        """Residents of the scored areas and city values."""
        return scoring_context(self.inputs, self.scored_keys)

    @cached_property
    def contributions(self) -> pd.DataFrame:
        """Columns (axis, indicator): parts of the score on its own scale.

        They and the axis' base (see :attr:`base`) add up to the score, or to its logarithm where the axis is a
        geometric mean of indicators and not standardised. A score that is no sum is split by exact Shapley values
        [1]_: the mean, over all orders in which indicators could come in, of what one adds in an area. Before it comes
        in, an indicator stands at the mean of its normalised values, and all other areas stay as they are. Of more than
        ten indicators, 400 orders stand for all: the parts still add up, each with a small error.

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
            parts[axis.id], base[axis.id] = contributions(axis, self.columns, self.context)
        frames = {
            name: pd.DataFrame(part, index=self.scored_keys).reindex(self.scores.index) for name, part in parts.items()
        }
        bases = pd.DataFrame(base, index=self.scored_keys).reindex(self.scores.index)
        return pd.concat(frames, axis=1, names=["axis", "indicator"]), bases

    @property
    def ranks(self) -> pd.DataFrame:
        """Rank on each axis: 1 is the highest need; scores that are equal but for rounding share the better rank."""
        return self.scores.apply(lambda scores: pd.Series(settled(scores.to_numpy()), scores.index)).rank(
            ascending=False, method="min"
        )

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
