"""The columns that leave: each with its meaning, its city value and its cells already protected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from quartiersatlas.catalogue import Indicator
from quartiersatlas.errors import ColumnError
from quartiersatlas.indicators import city_values
from quartiersatlas.release.protection import protected_cells

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
        shown = values.mask(protected)
        self.columns.append(column)
        self.values[column.id] = shown if column.kind == "class" else shown.astype(float).round(column.decimals)
        self.status[column.id] = status.mask(protected & status.ne("not_applicable"), "suppressed")


def add_data_column(out: Released, data: AreaData, name: str, hidden: pd.Series, protection: Protection) -> None:
    """Release a rate with both counts, a ready-made share or a count."""
    if name not in data.values.columns:
        raise ColumnError.not_found(name, data.values.columns, "The data")
    indicator = data.catalogue.get(name)
    if name in data.rates:
        _add_rate(out, data, name, hidden, protection)
    elif _is_count(data, name):
        residents = data.residents() if name != data.population else None
        secret = data.status[name].eq("suppressed") | (hidden & (name != data.population))
        protected = protected_cells(data.counts(name), residents, secret, protection)
        out.add(ReleasedColumn(name, "count", indicator), data.values[name], data.status[name], protected)
    else:
        column = ReleasedColumn(name, "share", indicator, RATE_DECIMALS)
        out.add(column, data.values[name], data.status[name], hidden)


def _add_rate(out: Released, data: AreaData, name: str, hidden: pd.Series, protection: Protection) -> None:
    """Release numerator, denominator and rate; what is protected in one is protected in all three."""
    numerator, denominator = data.rates[name]
    x, n = data.counts(numerator), data.counts(denominator)
    secret = data.status[numerator].eq("suppressed") | data.status[denominator].eq("suppressed")
    protected = protected_cells(x, n, hidden | secret, protection)
    ids = (f"{name}_numerator", f"{name}_denominator")
    for column, source in zip(ids, (numerator, denominator), strict=True):
        indicator = Indicator(id=column, label_de=source, label_en=source)
        out.add(ReleasedColumn(column, "count", indicator), data.values[source], data.status[source], protected)
    city = round(city_values(data, name), RATE_DECIMALS)
    rate = ReleasedColumn(name, "rate", data.catalogue.get(name), RATE_DECIMALS, city, *ids)
    out.add(rate, data.values[name], data.status[name], protected)


def _is_count(data: AreaData, name: str) -> bool:
    """Tell counts (whole numbers of people or things) from ready-made shares."""
    known = data.values[name].dropna()
    is_number = pd.api.types.is_numeric_dtype(known.dtype)
    if not is_number:
        raise ColumnError(f"Column {name!r} holds text: only numbers are released.")
    return bool((known % 1 == 0).all()) and name not in data.catalogue


def add_need(out: Released, need: NeedIndex, hidden: pd.Series) -> None:
    """Release score and class of each axis; where one of its indicators is protected, they are too."""
    secret = {axis.id: _secret(axis, out, hidden) for axis in need.spec.axes}
    secret_anywhere = pd.DataFrame(secret).any(axis=1)
    for axis in need.spec.axes:
        # an area that a secret indicator keeps out of the index has no score on any axis, for the same reason
        derived = secret[axis.id] | (secret_anywhere & need.scores[axis.id].isna())
        scores, classes = need.scores[axis.id], need.classes[axis.id]
        status = pd.Series(np.where(scores.isna(), "missing", "value"), index=scores.index)
        meaning = Indicator(
            id=f"need_{axis.id}",
            label_de=axis.label_de,
            label_en=axis.label_en,
            unit="points",
            direction=1,
            role="index",
        )
        score = ReleasedColumn(f"need_{axis.id}", "score", meaning, SCORE_DECIMALS)
        out.add(score, scores, status, derived)
        by_class = ReleasedColumn(f"need_{axis.id}_class", "class", meaning, classes=axis.classes)
        out.add(by_class, classes, status, derived)


def _secret(axis: NeedAxis, out: Released, hidden: pd.Series) -> pd.Series:
    """Return the areas where an indicator of the axis (or the rate it is a change of) is not shown."""
    secret = hidden.copy()
    for indicator in axis.indicators:
        base = indicator.id.removesuffix("_change")
        if base in out.status:
            secret |= out.status[base].eq("suppressed")
    return secret
