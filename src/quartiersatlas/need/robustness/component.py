"""Weights from the first principal component: printed numbers to put into a spec, never used unseen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import choice
from quartiersatlas.errors import SpecError, list_some
from quartiersatlas.need.score.scores import group_parts

if TYPE_CHECKING:
    from quartiersatlas.need.score.need_scores import NeedScores

DIGITS = 3


def component_weights(need: NeedScores, group: str | None = None) -> ComponentWeights:
    """Return weights in the proportion of the loadings of the first principal component of a group's members.

    Parameters
    ----------
    group : str, optional
        Axis or domain; the first axis, if not given. Its members enter as they enter the index, in their direction.

    Returns
    -------
    ComponentWeights
        Loadings, weights with three decimals, and the share of the variance that the component explains. Nothing is
        changed: ``need.spec.with_weights(found.weights)`` puts the numbers into a spec, where they can be read.

    Raises
    ------
    SpecError
        There is no such group, it has one member, or fewer than three areas have all of them.

    Notes
    -----
    The component is that of the correlation matrix over the complete areas; the loading of a member is its
    correlation with the component, whose sign makes the sum of the loadings positive [1]_.

    References
    ----------
    .. [1] OECD & JRC (2008). Handbook on Constructing Composite Indicators, section 6.1.
    """
    groups = {one.id: one for axis in need.spec.axes for one in axis.groups()}
    name = need.spec.axes[0].id if group is None else group
    choice(name, groups, "component_weights: group")
    members = groups[name].members
    parts = group_parts(groups[name], need.columns, need.context)
    complete = parts[:, ~np.isnan(parts).any(axis=0)]
    if len(members) < 2 or complete.shape[1] < 3:  # noqa: PLR2004 - nothing to weigh, nothing to correlate
        raise SpecError(
            f"component_weights: {name!r} has {len(members)} members, known together in {complete.shape[1]} areas; at "
            f"least two members and three areas are needed."
        )
    values, vectors = np.linalg.eigh(np.corrcoef(complete))
    first = vectors[:, -1] * np.sqrt(values[-1])
    loadings = first if first.sum() >= 0 else -first
    return ComponentWeights(
        group=name,
        table=pd.DataFrame(
            {"loading": loadings, "weight": np.round(loadings / np.abs(loadings).sum(), DIGITS)},
            index=pd.Index([member.id for member in members], name="member"),
        ),
        share=float(values[-1] / values.sum()),
        n_areas=complete.shape[1],
    )


@dataclass(frozen=True, eq=False, repr=False)
class ComponentWeights:
    """Weights from the first principal component of a group.

    Parameters
    ----------
    group : str
        Axis or domain.
    table : DataFrame
        On the member: ``loading`` (correlation with the component) and ``weight``; the weights sum to 1 but for
        rounding to three decimals.
    share : float
        Share of the variance that the component explains.
    n_areas : int
        Areas in which all members are known.
    """

    group: str
    table: pd.DataFrame
    share: float
    n_areas: int

    @property
    def weights(self) -> dict[str, float]:
        """Member -> weight, for ``spec.with_weights``.

        Raises
        ------
        SpecError
            A member runs against the others or has nothing to do with them: it would need a weight of 0 or less.
        """
        odd = self.table.index[self.table["weight"] <= 0]
        if len(odd):
            raise SpecError(
                f"component_weights: {list_some(odd)} would get a weight of 0 or less: against the others in "
                f"{self.group!r}. Check its direction, or leave it out."
            )
        return {str(name): float(weight) for name, weight in self.table["weight"].items()}

    def __repr__(self) -> str:
        said = ", ".join(f"{name} {row['weight']:g}" for name, row in self.table.iterrows())
        return (
            f"ComponentWeights {self.group}: {said}\n"
            f"  the first component explains {self.share:.1%} of the variance over {self.n_areas} areas"
        )
