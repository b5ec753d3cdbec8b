"""The columns that leave: each with its meaning, its city value and its cells already protected."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from quartiersatlas.catalogue import Indicator, text
from quartiersatlas.errors import SpecError
from quartiersatlas.release.protection import is_count, small_cells

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quartiersatlas.intake import AreaData
    from quartiersatlas.need import NeedIndex
    from quartiersatlas.need.spec import NeedAxis, NeedClass
    from quartiersatlas.release.protection import Protection
    from quartiersatlas.release.secrecy import Secrecy

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


def add_data_column(out: Released, kept: Secrecy, name: str, protection: Protection) -> None:
    """Release a rate with both counts, a change, a ready-made share or a count."""
    data = kept.data
    protected, values, status = kept.cells(name), data.values[name], data.status[name]
    if name in data.rates:
        _add_rate(out, data, name, protected, protection)
    elif name in data.changes:
        if protection.round_base is not None:
            base, before = data.changes[name]
            values = rounded_values(data, base, protection) - rounded_values(before, base, protection)
            protected = protected | (values.isna() & data.values[name].notna())
        out.add(ReleasedColumn(name, "share", _change(data, name), _decimals(protection)), values, status, protected)
    elif is_count(data, name):
        out.add(ReleasedColumn(name, "count", data.catalogue.get(name)), protection.rounded(values), status, protected)
    else:
        meaning = data.catalogue.get(name)
        out.add(ReleasedColumn(name, "share", meaning, _decimals(protection)), values, status, protected)


def _add_rate(out: Released, data: AreaData, name: str, protected: pd.Series, protection: Protection) -> None:
    """Release numerator, denominator and rate; what is protected in one is protected in all three."""
    ids = (f"{name}_numerator", f"{name}_denominator")
    x, n = (protection.rounded(data.counts(source)) for source in data.rates[name])
    for column, source, counts in zip(ids, data.rates[name], (x, n), strict=True):
        indicator = Indicator(id=column, label_de=source, label_en=source)
        out.add(ReleasedColumn(column, "count", indicator), counts, data.status[source], protected)
    meaning = data.catalogue.get(name)
    city, decimals = city_rate(data, name, protection)
    values = data.values[name]
    if protection.round_base is not None:
        values = rounded_values(data, name, protection)
        protected = protected | (values.isna() & data.values[name].notna())
    rate = ReleasedColumn(name, "rate", meaning, decimals, city, *ids)
    out.add(rate, values, data.status[name], protected)


def rounded_values(data: AreaData, name: str, protection: Protection) -> pd.Series[float]:
    """Return a count rounded and a rate of rounded counts, which tells no more than they do; a share as it is."""
    if name not in data.rates:
        return protection.rounded(data.values[name]) if is_count(data, name) else data.values[name]
    x, n = (protection.rounded(data.counts(source)) for source in data.rates[name])
    return x / n.where(n > 0) * data.catalogue.get(name).per


def city_rate(data: AreaData, name: str, protection: Protection) -> tuple[float, int]:
    """Return the city value as it may leave, and with how many decimals the rate does.

    A small count of the whole city (or a small rest) is protected as that of an area is: the value has so few decimals
    that at least two whole numerators give it, one of them not small; without any such number there is no value.
    """
    x, n = (data.counts(source) for source in data.rates[name])
    both = x.notna() & n.notna()
    total = pd.Series([x[both].sum()]), pd.Series([n[both].sum()])
    above, below = (float(protection.rounded(side)[0]) for side in total)
    per, decimals = data.catalogue.get(name).per, _decimals(protection)
    if not below > 0:
        return float("nan"), decimals
    rate = above / below * per
    as_it_is = protection.decimals != "auto" or protection.round_base is not None
    if as_it_is or not small_cells(*total, protection)[0]:
        return round(rate, decimals), decimals
    for fewer in range(decimals, -1, -1):
        fitting = fitting_numerators(round(rate, fewer), below, per, fewer)
        large = fitting >= protection.min_count  # not none either: nobody would have to hide that
        if protection.complement:
            large &= below - fitting >= protection.min_count
        if len(fitting) > 1 and large.any():
            return round(rate, fewer), fewer
    return float("nan"), decimals


def fitting_numerators(rate: float, denominator: float, per: float, decimals: int) -> NDArray[np.float64]:
    """Return the whole numerators that give a rounded rate on a known denominator.

    Examples
    --------
    >>> fitting_numerators(0.1, 3000, 100, decimals=1).tolist()
    [2.0, 3.0, 4.0]
    >>> fitting_numerators(0.07, 3000, 100, decimals=2).tolist()
    [2.0]
    """
    half = 0.5 * 10.0**-decimals
    low, high = (max(0.0, (rate + side * half) * denominator / per) for side in (-1, 1))
    candidates = np.arange(np.floor(low), min(np.ceil(high), denominator) + 1)
    # halves are rounded in more than one way: they are no safe company
    fitting: NDArray[np.float64] = candidates[np.abs(candidates / denominator * per - rate) < half * (1 - 1e-9)]
    return fitting


def _decimals(protection: Protection) -> int:
    return RATE_DECIMALS if protection.decimals == "auto" else int(protection.decimals)


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


def add_need(out: Released, kept: Secrecy, need: NeedIndex, protection: Protection) -> None:
    """Release score and class of each axis; where one of its indicators is protected, they are too."""
    secret = need_cells(kept, need)
    left_out = need.excluded["reason"].isin(["manual", "population"]).reindex(kept.hidden.index, fill_value=False)
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
        score = ReleasedColumn(f"need_{axis.id}", "score", meaning, _score_decimals(scores, protection))
        out.add(score, scores, status, secret[axis.id])
        by_class = ReleasedColumn(f"need_{axis.id}_class", "class", meaning, classes=axis.classes)
        out.add(by_class, classes, status, secret[axis.id])


def _score_decimals(scores: pd.Series[float], protection: Protection) -> int:
    """Return the decimals of a score; where counts leave rounded, a finer score would tell them more exactly.

    Then its steps are a tenth, and on wide scales at least a hundredth of its range: 1 on a scale from 0 to 100.
    """
    if protection.round_base is None:
        return SCORE_DECIMALS
    spread = float(scores.max() - scores.min())
    return 0 if spread > 10 else SCORE_DECIMALS - 1  # noqa: PLR2004 - a hundredth of it is more than a tenth


def need_cells(kept: Secrecy, need: NeedIndex) -> dict[str, pd.Series]:
    """Return for each axis the areas whose score may not be shown: one of its indicators may not."""
    secret = {axis.id: _axis_cells(kept, axis) for axis in need.spec.axes}
    anywhere = pd.DataFrame(secret).any(axis=1)
    # an area that a secret indicator keeps out of the index has no score on any axis, for the same reason
    return {axis: cells | (anywhere & need.scores[axis].isna()) for axis, cells in secret.items()}


def _axis_cells(kept: Secrecy, axis: NeedAxis) -> pd.Series:
    data, secret = kept.data, kept.hidden.copy()
    for indicator in axis.indicators:
        if indicator.id in data.rates or indicator.id in data.changes:
            secret |= kept.cells(indicator.id)
        elif indicator.id in data.status:
            secret |= data.status[indicator.id].eq("suppressed")
    return secret
