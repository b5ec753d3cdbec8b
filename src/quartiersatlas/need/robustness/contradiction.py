"""Areas that are selected and hardly ever in the runs, or the other way round: which value makes the difference?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.catalogue.texts import THIN_BLANK, percent_text
from quartiersatlas.need.score.explain import in_catalogue

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.need.robustness.redraw import Replicates
    from quartiersatlas.need.score.inputs import NeedInputs

    Array = NDArray[np.float64]

DECIMALS = 1


class DrawnMeans:
    """Mean of every redrawn indicator over the runs, added up block by block.

    Parameters
    ----------
    inputs : NeedInputs
        Values and counts as given.
    keys : Index
        The areas of the draws.
    deciding : set of str
        The indicators that the selection depends on.
    """

    def __init__(self, inputs: NeedInputs, keys: pd.Index, deciding: Collection[str]) -> None:
        self.inputs, self.keys, self.deciding = inputs, keys, frozenset(deciding)
        self.sums: dict[str, Array] = {}
        self.runs = 0

    def add(self, draws: Replicates, runs: int) -> None:
        """Add some runs; an indicator that stays as it is is not looked at."""
        self.runs += runs
        for name, values in draws.columns.items():
            if name in draws.numerators and name in self.deciding:
                self.sums[name] = self.sums.get(name, 0.0) + values.sum(axis=0)

    def contradictions(self, table: pd.DataFrame, limits: tuple[float, float]) -> pd.DataFrame:
        """Return the areas that the runs contradict, each with the indicator that differs most from its value.

        Parameters
        ----------
        table : DataFrame
            ``selected`` and ``p_selected`` of the areas.
        limits : (float, float)
            An area that is not selected is contradicted from the upper one on, a selected one below the lower one.

        Returns
        -------
        DataFrame
            On the district key: ``selected``, ``p_selected``, ``indicator``, ``value`` (as given), ``persons`` (its
            denominator), ``drawn`` (mean over the runs); the last four missing where no indicator was redrawn.
        """
        selected = table["selected"].eq(other=True)
        against = contradicted(table["p_selected"].to_numpy(dtype=float), selected.to_numpy(), limits)
        found = table.loc[against, ["selected", "p_selected"]].assign(
            indicator=None, value=np.nan, persons=np.nan, drawn=np.nan
        )
        if not self.sums or found.empty:
            return found
        drawn = pd.DataFrame(self.sums, index=self.keys) / self.runs
        values = self.inputs.values.loc[self.keys, list(drawn)].astype(float)
        moved = ((drawn - values) / values.std(ddof=0)).abs().loc[found.index].replace(np.inf, np.nan)
        for key in moved.index[moved.notna().any(axis=1)]:
            name = moved.loc[key].idxmax()
            people = self.inputs.counts[name].denominator[key]
            found.loc[key, ["indicator", "value", "persons", "drawn"]] = [
                name,
                values.loc[key, name],
                people,
                drawn.loc[key, name],
            ]
        return found


def contradicted(p: Array, selected: NDArray[np.bool_], limits: tuple[float, float]) -> NDArray[np.bool_]:
    """Return where an area is selected and hardly ever in the runs, or not selected and nearly always in the runs."""
    against: NDArray[np.bool_] = np.where(selected, p < limits[0], p >= limits[1])
    return against


def contradiction_texts(found: pd.DataFrame, inputs: NeedInputs, names: Mapping[str, str], lang: Lang) -> list[str]:
    """Write a sentence for each of these areas."""
    lines = []
    for key, row in found.iterrows():
        name = f"{names[str(key)]} ({key})" if str(key) in names else str(key)
        state = "out" if row["selected"] else "in"
        line = text(f"stability_against_{state}", lang, name=name, share=percent_text(row["p_selected"], lang))
        if row["indicator"] is not None:
            line += " " + _why(row, inputs, lang)
        lines.append(line)
    return lines


def _why(row: pd.Series, inputs: NeedInputs, lang: Lang) -> str:
    """Name the indicator, what its value rests on, and the mean of the runs."""
    name = str(row["indicator"])
    known = in_catalogue(name, inputs)
    unit, label = "", name
    if known is not None:
        unit = known.unit_text(lang) if known.id == name else ""
        label = known.label(lang) if known.id == name else text("label_change", lang, label=known.label(lang))
    value, drawn = (
        number_text(row[one], DECIMALS, lang) + (unit and ("" if lang == "en" and unit == "%" else THIN_BLANK) + unit)
        for one in ("value", "drawn")
    )
    persons = number_text(row["persons"], 0, lang)
    return text("stability_against_why", lang, label=label, value=value, persons=persons, drawn=drawn)
