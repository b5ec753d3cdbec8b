"""The rule of one step: how values are put on one scale, and what a class limit means."""

from __future__ import annotations

from dataclasses import dataclass, fields

from quartiersatlas.base.checks import choice
from quartiersatlas.base.toml import settle
from quartiersatlas.errors import SpecError, inside

METHODS = ("none", "z", "minmax", "percentile", "rank", "goalposts", "exponential", "above")
REFERENCES = ("areas", "city", "fixed", "quantile")
WEIGHTINGS = ("none", "population")
TIES = ("average", "min", "max")
COMPARE = ("above", "at_least")
BREAKS = ("fixed", "sd", "quantile")

# The options that each method looks at; any other is refused, so that none is ignored in silence
OPTIONS = {
    "none": (),
    "z": ("ddof", "reference", "weighting", "centre", "spread", "by"),
    "minmax": ("low", "high", "by"),
    "percentile": ("ties", "by"),
    "rank": ("ties", "by"),
    "goalposts": ("low", "high"),
    "exponential": ("shift", "ties", "by"),
    "above": ("reference", "compare", "q", "by"),
}


@dataclass(frozen=True, kw_only=True)
class Normalise:
    """How values of areas are put on one scale.

    Parameters
    ----------
    method : {"none", "z", "minmax", "percentile", "rank", "goalposts", "exponential", "above"}
        The scale.
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
        Ends of the scale of ``minmax`` and ``goalposts``.
    shift : {0, 1}
        Of ``exponential``: ``R = (n - rank + shift) / n``.
    ties : {"average", "min", "max"}
        Rank of equal values in ``percentile``, ``rank`` and ``exponential``, counted from least need: with ``max``
        they share the rank nearest to most need.

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
    shift: int = 1
    ties: str = "average"
    compare: str = "above"
    q: float | None = None
    by: str = ""

    def __post_init__(self) -> None:
        settle(self, "normalise")
        for name, allowed in (
            ("method", METHODS),
            ("ddof", (0, 1)),
            ("reference", REFERENCES),
            ("weighting", WEIGHTINGS),
            ("shift", (0, 1)),
            ("ties", TIES),
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
        self._refuse_ignored()

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
        return self.method == "rank" or (self.method == "exponential" and self.shift == 1)

    def __str__(self) -> str:
        words = [self.reference] if self.reference != "areas" else []
        words += [f"within {self.by}"] if self.by else []
        return f"{self.method} ({', '.join(words)})" if words else self.method


@dataclass(frozen=True, kw_only=True)
class Breaks:
    """What the limits of classes mean.

    Parameters
    ----------
    method : {"fixed", "sd", "quantile"}
        The score itself; standard deviations (ddof 0) from the mean of the scores; shares of the scored areas.
    type : int
        Quantile definition 4 to 9 of Hyndman and Fan (1996); 7 is that of numpy and spreadsheets.
    """

    method: str = "fixed"
    type: int = 7

    def __post_init__(self) -> None:
        settle(self, "breaks")
        with inside("method"):
            choice(self.method, BREAKS, "breaks: method")
        with inside("type"):
            choice(self.type, range(4, 10), "breaks: type")
        if self.method != "quantile" and self.type != 7:  # noqa: PLR2004 - the default
            raise SpecError(f"breaks: {self.method!r} ignores type = {self.type}; quantiles have types.", key="type")
