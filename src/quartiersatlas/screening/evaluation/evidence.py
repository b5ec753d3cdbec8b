"""What rules look at: values with the counts behind them, classes, higher levels, published references.

Arrays have the shape (runs, n_areas): the data as they are is one run, a Monte Carlo brings many; what does not differ
between runs has one row.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from quartiersatlas.catalogue.kinds import a_kind
from quartiersatlas.errors import SpecError
from quartiersatlas.screening.language.rules import CITY, REST, Condition

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from decimal import Decimal

    import geopandas as gpd
    from numpy.typing import NDArray

    from quartiersatlas.catalogue import Message
    from quartiersatlas.screening.evaluation.truth import Truth
    from quartiersatlas.screening.language.rules import Rule

    Array = NDArray[np.float64]
    Barriers = tuple[gpd.GeoDataFrame | None, gpd.GeoDataFrame | None]  # and crossings


@dataclass(frozen=True, eq=False)
class Measured:
    """One indicator.

    Parameters
    ----------
    values : array of float, shape (runs, n_areas)
        In the unit that people read; NaN where unknown.
    x, n : array of float, optional
        Numerator and denominator: ``values = per x / n``.
    earlier : tuple of two arrays, optional
        Those of an earlier date, for a change: ``values = per (x / n - x' / n')``.
    per : float
        Unit of the rate: 100 for percent.
    published : Decimal, optional
        The published value of the whole city, where it cannot be made from counts.
    kind, unit : str
        What it is.
    summed : bool
        Whether areas are added up, so that no city value is a limit for one of them.
    direction : int
        1 where a higher value is the worse one, -1 where a lower one is, 0 where nobody says.
    valued : bool
        Whether the catalogue says of it that neither side is the worse one.
    half : float
        Half of the last printed digit of a ready-made number; 0 where values are exact.
    slack : tuple of (float, float), optional
        By how many persons numerator and denominator may be off, where they came rounded or changed at random.
    earlier_slack : tuple of (float, float)
        The same of the earlier date.
    around : tuple of two arrays, optional
        The lowest and the highest score that such counts leave possible.
    recipe : str
        How a rate is made of it, where it is summed over areas.
    columns : tuple of (str, str)
        The columns that numerator and denominator are; the first is empty where it counts no persons, the second where
        there is none.
    part : bool
        Whether the persons of the numerator are among those of the denominator.
    """

    values: Array
    x: Array | None = None
    n: Array | None = None
    earlier: tuple[Array, Array] | None = None
    per: float = 1.0
    published: Decimal | None = None
    kind: str = ""
    unit: str = ""
    summed: bool = False
    direction: int = 1
    valued: bool = True
    half: float = 0.0
    slack: tuple[float, float] | None = None
    earlier_slack: tuple[float, float] = (0.0, 0.0)
    around: tuple[Array, Array] | None = None
    recipe: str = ""
    columns: tuple[str, str] = ("", "")
    part: bool = False

    @cached_property
    def whole(self) -> bool:
        """Whether it is a rate of whole numbers, so that it can be compared exactly."""
        if self.x is None or self.n is None or self.earlier is not None:
            return False
        return all(bool(np.all(np.isnan(part) | (part == np.rint(part)))) for part in (self.x, self.n))

    @property
    def is_open(self) -> bool:
        """Whether its counts, or those behind it, may be others than those that came."""
        return self.slack is not None or self.around is not None

    @cached_property
    def ends(self) -> tuple[Measured, Measured]:
        """The lowest and the highest value that the true counts may make."""
        if self.around is not None:
            low, high = (replace(self, values=end, around=None) for end in self.around)
            return low, high
        assert self.slack is not None  # noqa: S101 - asked for where there is one
        assert self.x is not None  # noqa: S101 - counts that are off are there
        assert self.n is not None  # noqa: S101 - likewise
        now = _count_ends(self.x, self.n, self.slack, part=self.part)
        before = (None, None) if self.earlier is None else self._earlier_ends
        low, high = (
            replace(self, x=x, n=n, earlier=then, values=np.where(self.known, self._value(x, n, then), np.nan))
            for (x, n), then in zip(now, before, strict=True)
        )
        return low, high

    @property
    def _earlier_ends(self) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        """The earlier counts that make the lowest change, and the highest."""
        assert self.earlier is not None  # noqa: S101 - asked for where there are some
        low, high = _count_ends(*self.earlier, self.earlier_slack, part=self.part)
        return high, low

    def _value(self, x: Array, n: Array, earlier: tuple[Array, Array] | None) -> Array:
        found = [
            np.divide(a, b, out=np.full(np.broadcast(a, b).shape, np.nan), where=b > 0)
            for a, b in ((x, n), *([] if earlier is None else [earlier]))
        ]
        return np.asarray(self.per * (found[0] if earlier is None else found[0] - found[1]))

    @property
    def terms(self) -> float:
        """How large the numbers are that a value is the difference of; 0 where it is none."""
        return 0.0 if self.earlier is None else abs(self.per)

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        """Where there is a value."""
        return ~np.isnan(self.values)


def _count_ends(x: Array, n: Array, off: tuple[float, float], *, part: bool) -> list[tuple[Array, Array]]:
    """Return the counts of the lowest and of the highest rate; nobody is taken from where somebody is."""
    most, least = n + off[1], np.maximum(n - off[1], np.minimum(n, 1.0))
    highest = np.minimum(x + off[0], np.maximum(least, x)) if part else x + off[0]
    return [(np.maximum(x - off[0], 0.0), most), (highest, least)]


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the conditions of a rule look at.

    Parameters
    ----------
    measured : dict of str to Measured
        Indicators, axes of the need index, ``"need"``.
    classes : dict of str to (array of int, list of str)
        Axis or column -> class numbers of shape (runs, n_areas), -1 where there is none, and the ids.
    levels : dict of str to array of int, shape (n_areas,)
        Higher level -> number of the unit each area lies in; -1 where it lies in none.
    published : dict of (str, str) to list
        (reference, indicator) -> one number per area, None where there is none; one number alone holds for all.
    shift : array of float, shape (runs, 1)
        By which part of it a share or number of areas is larger or smaller than written.
    n_areas : int
        How many areas there are.
    neighbours : callable, optional
        Returns the pairs of neighbouring areas, each once, by ``"border"`` if not told ``"corner"``.
    warnings : tuple of Message
        What the reader has to know of the references.
    class_ends : dict of str to (array of int, array of int)
        Axis -> the lowest and the highest class that counts leave possible which came rounded or changed at random.
    inside : dict of Rule to Truth
        Rules inside conditions whose outcome is settled elsewhere.
    """

    measured: Mapping[str, Measured]
    n_areas: int
    classes: Mapping[str, tuple[NDArray[np.int64], Sequence[str]]] = field(default_factory=dict)
    levels: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    published: Mapping[tuple[str, str], Sequence[Decimal | None]] = field(default_factory=dict)
    shift: Array = field(default_factory=lambda: np.zeros((1, 1)))
    neighbours: Callable[..., tuple[NDArray[np.intp], NDArray[np.intp]]] | None = None
    warnings: tuple[Message, ...] = ()
    class_ends: Mapping[str, tuple[NDArray[np.int64], NDArray[np.int64]]] = field(default_factory=dict)
    inside: Mapping[Rule, Truth] = field(default_factory=dict)

    def units(self, level: str) -> NDArray[np.int64]:
        """Return the number of the unit that each area lies in; without a level they are all in one."""
        return self.levels[level] if level else np.zeros(self.n_areas, dtype=np.int64)


def rate(x: Sequence[float], n: Sequence[float], *, per: float = 100.0, **more: Any) -> Measured:  # noqa: ANN401
    """Return a rate from counts, as a rule sees it; rows are runs.

    The numerator is a part of the denominator, unless ``part`` says otherwise or an area has more of it.

    Examples
    --------
    >>> rate([1, 2], [10, 0]).values.tolist()
    [[10.0, nan]]
    """
    cases, people = np.atleast_2d(np.asarray(x, dtype=float)), np.atleast_2d(np.asarray(n, dtype=float))
    values = per * np.divide(cases, people, out=np.full(np.broadcast(cases, people).shape, np.nan), where=people > 0)
    more.setdefault("part", not bool((cases > people).any()))
    return Measured(values, cases, people, per=per, **more)


def numbers(values: Sequence[float], **more: Any) -> Measured:  # noqa: ANN401
    """Return ready-made numbers, as a rule sees them."""
    return Measured(np.atleast_2d(np.asarray(values, dtype=float)), **more)


def refuse_sums(measured: Measured, name: str, condition: Condition) -> None:
    """Refuse what is summed over areas, or a change of it: the city value is the sum, and no limit for an area."""
    if measured.summed:
        raise SpecError(
            f"{condition}: the city value of {name!r} is the sum of all areas, and no area is above it. Compare a "
            f"rate: data = {measured.recipe}."
        )


def no_counts(measured: Measured, name: str, than: str) -> SpecError:
    """Return the refusal of a limit that only counts or a published value can give."""
    how = f"references={{'city': qa.Reference(values={{{name!r}: ...}}, source='...')}}"
    kind = a_kind(measured.kind) if measured.kind else "a ready-made number"
    cannot = ": that of areas cannot be averaged" if measured.kind in ("median", "mean", "density") else ""
    if than in (CITY, REST):
        return SpecError(
            f"{name!r} is {kind} that has no counts, so there is no city value{cannot}. Compute it from counts, "
            f"add_rates(data, {{{name!r}: (numerator, denominator)}}), or give the published value with its source: "
            f"join(..., {how})."
        )
    return SpecError(
        f"{name!r} is {kind} without counts, so there is no value of {than!r}{cannot}. Give the published ones with "
        f"their source: screen(..., references={{'published': qa.Reference(values={{{name!r}: {{'key': ...}}}}, "
        f"source='...')}}) and than='published'."
    )


def exact_per(measured: Measured) -> Fraction:
    """Return the unit of a rate as a fraction."""
    return Fraction(measured.per)


def unit_sums(part: Array, units: NDArray[np.int64]) -> Array:
    """Return for each area the sum over the areas of its unit, run by run; areas in no unit have 0."""
    n_units = int(units.max(initial=-1)) + 1
    if n_units == 1 and (units == 0).all():
        return np.broadcast_to(part.sum(axis=-1, keepdims=True), part.shape)
    found = np.zeros((len(part), max(n_units, 1)))
    inside = units >= 0
    for run, row in enumerate(part):
        found[run, :n_units] = np.bincount(units[inside], row[inside], minlength=n_units)
    return np.where(inside[None, :], found[:, np.where(inside, units, 0)], 0.0)
