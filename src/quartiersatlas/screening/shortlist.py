"""Screening: which areas meet a rule, which do not, which cannot be told; each with its reasons."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.catalogue import Message
from quartiersatlas.errors import SpecError, list_some
from quartiersatlas.need.stability import SOURCES
from quartiersatlas.screening.stability import shortlist_stability

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from quartiersatlas.intake import AreaData
    from quartiersatlas.need import NeedIndex, Stability
    from quartiersatlas.screening.rules import Criterion, Rule


@dataclass(frozen=True)
class Shortlist:
    """Areas that meet a rule.

    Parameters
    ----------
    rule : Rule
        The rule.
    selected : Series of bool
        On the district key; False also where the rule cannot be told (see ``assessed``).
    assessed : Series of bool
        Whether the rule could be told; False where a value it needs is unknown.
    reasons : DataFrame
        One row per area and condition: key, criterion, indicator, value, threshold, fulfilled (missing: unknown).
    residents : Series of float
        Residents of each area.
    warnings : tuple of Message
        What a reader of the shortlist has to know.
    data, need : AreaData, NeedIndex, optional
        What was screened.
    """

    rule: Rule
    selected: pd.Series[bool]
    assessed: pd.Series[bool]
    reasons: pd.DataFrame
    residents: pd.Series[float]
    warnings: tuple[Message, ...] = ()
    data: AreaData | None = field(default=None, repr=False)
    need: NeedIndex | None = field(default=None, repr=False)

    def stability(
        self,
        n: int = 1000,
        seed: int | np.random.Generator | None = 1,
        *,
        vary: Sequence[str] = SOURCES,
        persistence: float = 0.0,
        concentration: float = 6.0,
        threshold: float = 0.1,
        limits: tuple[float, float] = (0.1, 0.9),
    ) -> Stability:
        """Apply the rule many times, to data and need indices that are not taken as exact.

        Parameters
        ----------
        n, seed, vary, persistence, concentration, threshold, limits
            As in :meth:`quartiersatlas.need.NeedIndex.stability`. Where limits move, so does the share of
            ``worst_share``; ``above_city`` compares with the city value of the same run.

        Returns
        -------
        Stability
            ``p_selected`` and ``label`` of every area for which the rule could be told; with a need index the ranks of
            its first axis. No class probabilities, which are those of ``need.stability()``.

        Raises
        ------
        SpecError
            A parameter is out of range, or the shortlist was not made by :func:`screen`.

        Examples
        --------
        >>> import geopandas as gpd
        >>> import pandas as pd
        >>> import shapely
        >>> import quartiersatlas as qa
        >>> shapes = [shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000, 2000)]
        >>> keys = ["1", "2", "3"]
        >>> areas = gpd.GeoDataFrame({"name": ["A", "B", "C"]}, index=keys, geometry=shapes, crs="EPSG:25832")
        >>> table = pd.DataFrame({"poor": [300.0, 205, 90], "residents": [1000.0] * 3}, index=areas.index)
        >>> data = qa.add_rates(qa.join(areas, table), {"poverty": ("poor", "residents")})
        >>> shortlist = qa.screen(data, qa.above_city("poverty"))
        >>> shortlist.stability(n=500, seed=1).table["label"].tolist()
        ['sicher', 'Grenzfall', 'nicht']
        """
        if self.data is None:
            raise SpecError("This shortlist does not hold the data it was made of: make it with screen(data, rule).")
        return shortlist_stability(
            self,
            self.data,
            self.need,
            n,
            seed,
            vary=vary,
            persistence=persistence,
            concentration=concentration,
            threshold=threshold,
            limits=limits,
        )

    @property
    def keys(self) -> list[str]:
        """The keys of the selected areas."""
        return list(self.selected.index[self.selected])

    @property
    def summary(self) -> pd.DataFrame:
        """One row per figure: how many areas and residents are selected, assessed, and there at all."""
        groups = {"selected": self.selected, "assessed": self.assessed, "all": self.selected.notna()}
        rows = [
            {"group": name, "areas": int(group.sum()), "residents": float(self.residents[group].sum())}
            for name, group in groups.items()
        ]
        table = pd.DataFrame(rows).set_index("group")
        return table.assign(share_of_residents=table["residents"] / self.residents.sum())

    def __repr__(self) -> str:
        selected, assessed = int(self.selected.sum()), int(self.assessed.sum())
        unknown = self.assessed.index[~self.assessed]
        lines = [
            f"Shortlist: {selected} of {assessed} assessed areas meet {self.rule}",
            f"  {self.summary['share_of_residents']['selected']:.1%} of residents",
        ]
        if len(unknown):
            lines.append(f"  not assessed ({len(unknown)}): {list_some(unknown, 10)}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from html import escape

        return f"<pre>{escape(repr(self))}</pre>{self.summary.to_html()}"


def screen(data: AreaData, rule: Rule, *, need: NeedIndex | None = None) -> Shortlist:
    """Apply a rule to areas and keep the reason for every area and condition.

    Parameters
    ----------
    data : AreaData
        Joined data with the rates the rule names.
    rule : Rule
        Such as ``above_city("sgb2_rate") & worst_share("need", 0.2)``.
    need : NeedIndex, optional
        Needed for rules on ``"need"``, its axes and its classes.

    Returns
    -------
    Shortlist
        With ``.selected``, ``.assessed``, ``.reasons`` and ``.summary``.

    Raises
    ------
    ColumnError, SpecError
        The rule names what is not there.

    Warns
    -----
    UserWarning
        The rule rests on context indicators alone, such as the share of residents with migration background.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> import shapely
    >>> import quartiersatlas as qa
    >>> shapes = [shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000, 2000)]
    >>> areas = gpd.GeoDataFrame({"name": ["A", "B", "C"]}, index=["1", "2", "3"], geometry=shapes, crs="EPSG:25832")
    >>> table = pd.DataFrame({"poor": [300.0, 260, 90], "residents": [1000.0] * 3}, index=areas.index)
    >>> data = qa.add_rates(qa.join(areas, table), {"poverty": ("poor", "residents")})
    >>> shortlist = qa.screen(data, qa.above_city("poverty"))
    >>> shortlist.keys
    ['1', '2']
    """
    need = need.on(data.areas.index) if need is not None else None
    criteria = rule.criteria(data, need)
    outcome = rule.combine([criterion.fulfilled for criterion in criteria])
    return Shortlist(
        rule=rule,
        selected=outcome.fillna(value=False).astype(bool).rename("selected"),
        assessed=outcome.notna().rename("assessed"),
        reasons=pd.concat([_reasons(criterion) for criterion in criteria], ignore_index=True),
        residents=data.residents(),
        warnings=_warnings(criteria, data),
        data=data,
        need=need,
    )


def _warnings(criteria: list[Criterion], data: AreaData) -> tuple[Message, ...]:
    """Warn where a rule rests on context alone: the share of a group in the population is not need."""
    names = list(dict.fromkeys(criterion.indicator for criterion in criteria))
    roles = [data.catalogue[name].role if name in data.catalogue else "" for name in names]
    if any(role != "context" for role in roles):
        return ()
    message = Message("warning_rule_context", {"names": ", ".join(names)})
    warnings.warn(str(message), UserWarning, stacklevel=3)
    return (message,)


def _reasons(criterion: Criterion) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "key": criterion.values.index,
            "criterion": criterion.kind,
            "indicator": criterion.indicator,
            "value": criterion.values.astype(object).to_numpy(),
            "threshold": pd.Series([criterion.threshold] * len(criterion.values), dtype=object),
            "fulfilled": criterion.fulfilled.array,
        }
    )
