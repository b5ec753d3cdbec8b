"""The columns that leave: each with its meaning, its city value and its cells already protected."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from quartiersatlas.catalogue import Indicator, text
from quartiersatlas.errors import SpecError
from quartiersatlas.indicators import city_values
from quartiersatlas.release.protection import hidden_cells, is_count

if TYPE_CHECKING:
    from quartiersatlas.intake import AreaData
    from quartiersatlas.need import NeedIndex
    from quartiersatlas.need.spec import NeedAxis, NeedClass
    from quartiersatlas.release.protection import Protection

Kind = Literal["rate", "share", "count", "score", "class"]

RATE_DECIMALS = 1
SCORE_DECIMALS = 2


@dataclass(frozen=True)
class ReleasedColumn:
    """One column of a release.

    Parameters
    ----------
    id : str
        Its name in ``Release.values``.
    kind : {"rate", "share", "count", "score", "class"}
        A rate has both counts, a share came ready-made without them.
    indicator : Indicator
        Labels, unit, definition, caveat.
    decimals : int
        Decimals of its values: they are rounded when they leave.
    city : float
        The city value from the counts; NaN where there is none.
    numerator, denominator : str
        The released count columns of a rate; empty otherwise.
    classes : tuple of NeedClass
        The classes of a class column, rising.
    """

    id: str
    kind: Kind
    indicator: Indicator
    decimals: int = 0
    city: float = float("nan")
    numerator: str = ""
    denominator: str = ""
    classes: tuple[NeedClass, ...] = ()


@dataclass
class Released:
    """Columns on their way out: filled while the release is built, then read only."""

    columns: list[ReleasedColumn]
    values: dict[str, pd.Series]
    status: dict[str, pd.Series]

    def add(self, column: ReleasedColumn, values: pd.Series, status: pd.Series, protected: pd.Series) -> None:
        """Take a column in: protected cells lose their value, the others are rounded."""
        if column.id in self.values:
            raise SpecError(f"The release would have two columns {column.id!r}: name each column once.")
        shown = values.mask(protected)
        self.columns.append(column)
        self.values[column.id] = shown if column.kind == "class" else shown.astype(float).round(column.decimals)
        self.status[column.id] = status.mask(protected & status.ne("not_applicable"), "suppressed")


def add_data_column(out: Released, data: AreaData, name: str, hidden: pd.Series, protection: Protection) -> None:
    """Release a rate with both counts, a change, a ready-made share or a count."""
    protected = hidden_cells(data, name, hidden, protection)
    values, status = data.values[name], data.status[name]
    if name in data.rates:
        _add_rate(out, data, name, protected)
    elif name in data.changes:
        out.add(ReleasedColumn(name, "share", _change(data, name), RATE_DECIMALS), values, status, protected)
    elif is_count(data, name):
        out.add(ReleasedColumn(name, "count", data.catalogue.get(name)), values, status, protected)
    else:
        out.add(ReleasedColumn(name, "share", data.catalogue.get(name), RATE_DECIMALS), values, status, protected)


def _add_rate(out: Released, data: AreaData, name: str, protected: pd.Series) -> None:
    """Release numerator, denominator and rate; what is protected in one is protected in all three."""
    ids = (f"{name}_numerator", f"{name}_denominator")
    for column, source in zip(ids, data.rates[name], strict=True):
        indicator = Indicator(id=column, label_de=source, label_en=source)
        out.add(ReleasedColumn(column, "count", indicator), data.values[source], data.status[source], protected)
    city = round(city_values(data, name), RATE_DECIMALS)
    rate = ReleasedColumn(name, "rate", data.catalogue.get(name), RATE_DECIMALS, city, *ids)
    out.add(rate, data.values[name], data.status[name], protected)


def _change(data: AreaData, name: str) -> Indicator:
    """Return what a change means: that of its indicator, in percentage points where that is in percent."""
    base = data.catalogue.get(data.changes[name][0])
    return replace(
        base,
        id=name,
        label_de=text("label_change", "de", label=base.label_de),
        label_en=text("label_change", "en", label=base.label_en),
        unit="percentage points" if base.unit == "percent" else base.unit,
    )


def add_need(out: Released, data: AreaData, need: NeedIndex, hidden: pd.Series, protection: Protection) -> None:
    """Release score and class of each axis; where one of its indicators is protected, they are too."""
    secret = need_cells(data, need, hidden, protection)
    left_out = need.excluded["reason"].isin(["manual", "population"]).reindex(data.areas.index, fill_value=False)
    for axis in need.spec.axes:
        scores, classes = need.scores[axis.id], need.classes[axis.id]
        known = np.where(scores.isna(), np.where(left_out, "excluded", "missing"), "value")
        status = pd.Series(known, index=scores.index)
        meaning = Indicator(
            id=f"need_{axis.id}",
            label_de=axis.label_de,
            label_en=axis.label_en,
            unit="points",
            direction=1,
            role="index",
        )
        score = ReleasedColumn(f"need_{axis.id}", "score", meaning, SCORE_DECIMALS)
        out.add(score, scores, status, secret[axis.id])
        by_class = ReleasedColumn(f"need_{axis.id}_class", "class", meaning, classes=axis.classes)
        out.add(by_class, classes, status, secret[axis.id])


def need_cells(data: AreaData, need: NeedIndex, hidden: pd.Series, protection: Protection) -> dict[str, pd.Series]:
    """Return for each axis the areas whose score may not be shown: one of its indicators may not."""
    secret = {axis.id: _axis_cells(data, axis, hidden, protection) for axis in need.spec.axes}
    anywhere = pd.DataFrame(secret).any(axis=1)
    # an area that a secret indicator keeps out of the index has no score on any axis, for the same reason
    return {axis: cells | (anywhere & need.scores[axis].isna()) for axis, cells in secret.items()}


def _axis_cells(data: AreaData, axis: NeedAxis, hidden: pd.Series, protection: Protection) -> pd.Series:
    secret = hidden.copy()
    for indicator in axis.indicators:
        if indicator.id in data.rates or indicator.id in data.changes:
            secret |= hidden_cells(data, indicator.id, hidden, protection)
        elif indicator.id in data.status:
            secret |= data.status[indicator.id].eq("suppressed")
    return secret
