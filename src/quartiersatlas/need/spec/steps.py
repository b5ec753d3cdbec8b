"""The rule of one step: how values are put on one scale, and what a class limit means."""

from __future__ import annotations

from dataclasses import dataclass, fields

from quartiersatlas.base.checks import choice
from quartiersatlas.base.toml import settle
from quartiersatlas.errors import SpecError, inside

METHODS = ("none", "z", "minmax", "maximum", "percentile", "rank", "goalposts", "exponential", "above")
REFERENCES = ("areas", "city", "fixed", "quantile")
WEIGHTINGS = ("none", "population")
TIES = ("average", "min", "max")
COMPARE = ("above", "at_least")
AMONG = ("all", "positive")
BEYOND = ("keep", "cap")
BREAKS = ("fixed", "sd", "quantile", "rank_share")
CLOSED = ("lower", "upper")
MOST_DIGITS = 12

# The options that each method looks at; any other is refused, so that none is ignored in silence
OPTIONS = {
    "none": ("digits",),
    "z": ("ddof", "reference", "weighting", "centre", "spread", "by", "digits"),
    "minmax": ("low", "high", "by", "digits"),
    "maximum": ("high", "by", "digits"),
    "percentile": ("ties", "among", "n", "by", "digits"),
    "rank": ("ties", "by", "digits"),
    "goalposts": ("low", "high", "beyond", "digits"),
    "exponential": ("shift", "ties", "n", "by", "digits"),
    "above": ("reference", "compare", "q", "by"),
}


@dataclass(frozen=True, kw_only=True)
class Normalise:
    """How values of areas are put on one scale.

    Parameters
    ----------
    method : {"none", "z", "minmax", "maximum", "percentile", "rank", "goalposts", "exponential", "above"}
        The scale; ``maximum`` divides by the highest value.
    ddof : {0, 1}
        Divisor n - ddof of the standard deviation.
    reference : {"areas", "city", "fixed", "quantile"}
        Where a z-score's centre or the threshold of ``above`` comes from: the mean of the scored areas, the city
        value from the counts, constants of the spec (``centre`` and ``scale`` of each indicator, or its ``limit``), or,
        of ``above`` alone, the quantile ``q`` of the scored areas. Around the city value c the deviation is taken from
        it too: a z-score divides by the root mean square distance, ``sqrt(mean((x - c)^2))``.
    compare : {"above", "at_least"}
        Of ``above``: whether the threshold itself counts.
    q : float, optional
        Of ``above`` with ``reference = "quantile"``: in (0, 1), type 7 of Hyndman and Fan; of an indicator of which
        less is more need it is counted from the other end.
    by : str
        A higher level of the areas, such as ``"gemeinde"``: means, deviations, extremes, ranks and quantiles are those
        of the area's own unit.
    weighting : {"none", "population"}
        Whether mean and deviation of a z-score weigh areas by their residents.
    centre, spread : float
        A z-score is shown as ``centre + spread z``.
    low, high : float
        Ends of the scale of ``minmax`` and ``goalposts``; ``high`` alone is the value of the highest in ``maximum``.
    shift : float
        Of ``exponential``: ``R = (n - rank + shift) / n``, in [0, 1].
    ties : {"average", "min", "max"}
        Rank of equal values in ``percentile``, ``rank`` and ``exponential``, counted from least need: with ``max``
        they share the rank nearest to most need.
    among : {"all", "positive"}
        Of ``percentile``: with ``positive``, values of 0 get 0 and the others their rank among the values above 0.
    n : int, optional
        Of ``exponential`` and ``percentile``: the values are published ranks among so many areas and are taken as
        given, so that a part of a country keeps the ranks of the whole. With direction -1 rank 1 is most need.
    beyond : {"keep", "cap"}
        Of ``goalposts``: whether values outside them leave the scale or stand at its ends.
    digits : int, optional
        Decimals to which the values on the scale are rounded, half away from 0, before the next step.

    Raises
    ------
    SpecError
        A value is unknown or not finite, options contradict each other, or the method ignores one that was changed.
    """

    method: str = "z"
    ddof: int = 0
    reference: str = "areas"
    weighting: str = "none"
    centre: float = 0.0
    spread: float = 1.0
    low: float = 0.0
    high: float = 1.0
    shift: int | float = 1
    ties: str = "average"
    among: str = "all"
    n: int | None = None
    beyond: str = "keep"
    compare: str = "above"
    q: float | None = None
    by: str = ""
    digits: int | None = None

    def __post_init__(self) -> None:
        settle(self, "normalise")
        for name, allowed in (
            ("method", METHODS),
            ("ddof", (0, 1)),
            ("reference", REFERENCES),
            ("weighting", WEIGHTINGS),
            ("ties", TIES),
            ("among", AMONG),
            ("beyond", BEYOND),
            ("compare", COMPARE),
        ):
            with inside(name):
                choice(getattr(self, name), allowed, f"normalise: {name}")
        if not self.low < self.high:
            raise SpecError(f"normalise: low {self.low:g} must be below high {self.high:g}.", key="low")
        if not self.spread > 0:
            raise SpecError(f"normalise: spread is {self.spread!r}; it must be above 0.", key="spread")
        if self.reference != "areas" and self.method not in ("z", "above"):
            raise SpecError(f"normalise: {self.method!r} has no reference {self.reference!r}.", key="reference")
        if self.reference == "quantile" and self.method != "above":
            raise SpecError(f"normalise: {self.method!r} has no reference 'quantile'.", key="reference")
        if (self.reference == "quantile") != (self.q is not None):
            raise SpecError('normalise: reference = "quantile" and q = 0.9 belong together.', key="q")
        if self.q is not None and not 0 < self.q < 1:
            raise SpecError(f"normalise: q is {self.q:g}; a quantile lies in (0, 1), such as 0.9.", key="q")
        if self.by and self.reference in ("city", "fixed"):
            raise SpecError(
                f"normalise: by = {self.by!r} compares areas within their unit, and {self.reference!r} does not.",
                key="by",
            )
        if self.weighting != "none" and (self.method != "z" or self.reference == "fixed"):
            raise SpecError(f"normalise: {self.method!r} does not weigh areas.", key="weighting")
        self._check_ranks()
        self._refuse_ignored()

    def _check_ranks(self) -> None:
        """Refuse numbers out of range, and options of ranks that contradict each other."""
        if not 0 <= self.shift <= 1:
            raise SpecError(f"normalise: shift is {self.shift!r}; it must be in [0, 1].", key="shift")
        if self.digits is not None and not (isinstance(self.digits, int) and 0 <= self.digits <= MOST_DIGITS):
            raise SpecError(f"normalise: digits is {self.digits!r}; it must be a whole number from 0 on.", key="digits")
        if self.n is None:
            return
        if not (isinstance(self.n, int) and self.n > 1):
            raise SpecError(f"normalise: n is {self.n!r}; it is the number of areas that were ranked.", key="n")
        for name in ("ties", "among", "by"):
            if getattr(self, name) != {"ties": "average", "among": "all", "by": ""}[name]:
                raise SpecError(f"normalise: ranks among n = {self.n} are taken as given; {name} is ignored.", key=name)

    def _refuse_ignored(self) -> None:
        """Refuse an option that differs from its default and that the method does not look at."""
        used = set(OPTIONS[self.method]) - ({"ddof"} if self.reference == "fixed" else set())
        for option in fields(self):
            value = getattr(self, option.name)
            if option.name not in {"method", *used} and value != option.default:
                raise SpecError(f"normalise: {str(self)!r} ignores {option.name} = {value}.", key=option.name)

    @property
    def is_positive(self) -> bool:
        """Whether all values are above 0 for any ordinary data: a geometric mean needs that."""
        if self.method == "z":
            return self.centre >= 5 * self.spread
        if self.method in ("minmax", "goalposts"):
            return self.low > 0
        return self.method == "rank" or (self.method == "exponential" and self.shift > 0)

    @property
    def may_be_positive(self) -> bool:
        """Whether data decides if all values are above 0; else the scale itself has values at or below 0."""
        by_data = ("none", "maximum", "goalposts")
        given = self.n is not None  # of a part of the areas that were ranked
        return self.is_positive or self.method in by_data or given

    @property
    def may_be_at_least_zero(self) -> bool:
        """Whether data decides if no value is below 0: a product needs that."""
        if self.method == "z":
            return self.is_positive
        return self.method != "minmax" or self.low >= 0

    def __str__(self) -> str:
        words = [self.reference] if self.reference != "areas" else []
        words += [f"within {self.by}"] if self.by else []
        return f"{self.method} ({', '.join(words)})" if words else self.method


@dataclass(frozen=True, kw_only=True)
class Breaks:
    """What the limits of classes mean.

    Parameters
    ----------
    method : {"fixed", "sd", "quantile", "rank_share"}
        The score itself; standard deviations (ddof 0) from the mean of the scores; quantiles, or ranks as shares of
        the scored areas, ``ceil(10 rank / n)`` for the deciles of England.
    type : int
        Of ``quantile``: definition 4 to 9 of Hyndman and Fan (1996); 7 is that of numpy and spreadsheets.
    closed : {"lower", "upper"}, optional
        The class that holds a limit: ``lower``, the class whose lower limit it is, or ``upper``. If not given,
        ``lower`` for quantiles and ranks; a score on a fixed limit or one in deviations is in the class nearer to the
        middle. Ranks are counted from most need with ``lower``, from least need with ``upper``; equal scores share the
        first.
    """

    method: str = "fixed"
    type: int = 7
    closed: str = ""

    def __post_init__(self) -> None:
        settle(self, "breaks")
        with inside("method"):
            choice(self.method, BREAKS, "breaks: method")
        with inside("type"):
            choice(self.type, range(4, 10), "breaks: type")
        with inside("closed"):
            choice(self.closed, ("", *CLOSED), "breaks: closed")
        if self.method != "quantile" and self.type != 7:  # noqa: PLR2004 - the default
            raise SpecError(f"breaks: {self.method!r} ignores type = {self.type}; quantiles have types.", key="type")

    @property
    def in_shares(self) -> bool:
        """Whether limits are shares of the areas."""
        return self.method in ("quantile", "rank_share")
