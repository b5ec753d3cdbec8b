"""Targets that a council resolved, and where an indicator stands between its baseline and its target."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal

from quartiersatlas.catalogue import text
from quartiersatlas.errors import SpecError
from quartiersatlas.monitoring.store.rhythm import day

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang

TargetLight = Literal["reached", "on_course", "behind", "moving_away", "undecided", "no_light"]
# differ in shape: colour alone says nothing to some, and nothing on grey paper
SYMBOLS: dict[str, str] = {
    "reached": "✓",
    "on_course": "▲",
    "behind": "▽",
    "moving_away": "✕",
    "undecided": "?",
    "no_light": "–",
}
CITY = "city"
GRAIN = 1e-9  # of the way from baseline to target: nearer than this is equal


@dataclass(frozen=True, kw_only=True)
class Target:
    """A target value of an indicator.

    Parameters
    ----------
    indicator : str
        The column.
    target : float
        The value to be reached, in the unit of the indicator.
    due : str
        By when.
    start : str
        The date of the baseline: a period of the store.
    baseline : float
        The value at the start, as the store has it.
    resolution : str
        Who resolved it and when. Without one there is no light.
    area : str, default "city"
        Key of the area; ``"city"`` for the whole city.
    definition : str
        Fingerprint of the definition at the start: a value of another one is not measured by this target.

    Raises
    ------
    SpecError
        A number is not finite, target and baseline are equal, the target lies before its baseline.
    """

    indicator: str
    target: float
    due: str
    start: str
    baseline: float
    resolution: str = ""
    area: str = CITY
    definition: str = ""

    def __post_init__(self) -> None:
        where = f"Target of {self.indicator!r}"
        for name in ("target", "baseline"):
            if not isfinite(getattr(self, name)):
                raise SpecError(f"{where}: {name} is {getattr(self, name)}; it must be a finite number.")
        if self.target == self.baseline:
            raise SpecError(f"{where}: target and baseline are both {self.target:g}: there is no way to go.")
        if day(self.due, where) <= day(self.start, where):
            raise SpecError(f"{where}: {self.due!r} does not lie after the date of the baseline, {self.start!r}.")

    def path(self, on: str) -> float:
        """Return the value on the straight line from baseline to target, by days; the ends beyond them.

        Examples
        --------
        >>> goal = Target(indicator="poverty", baseline=30, target=20, start="2020-12-31", due="2030-12-31")
        >>> round(goal.path("2024-12-31"), 4)
        25.9995
        """
        start, due, today = day(self.start, "start"), day(self.due, "due"), day(on, "on")
        share = min(max((today - start).days / (due - start).days, 0.0), 1.0)
        return self.baseline + share * (self.target - self.baseline)

    def state(self, lower: float, upper: float, on: str) -> TargetLight:
        """Return where a value with its interval stands on a day.

        Parameters
        ----------
        lower, upper : float
            The 95 % interval; both the value itself where it has none.
        on : str
            The date of the value.

        Returns
        -------
        {"reached", "on_course", "behind", "moving_away", "undecided"}
            Decided only where the whole interval lies on one side of target, path or baseline.

        Examples
        --------
        >>> goal = Target(indicator="poverty", baseline=30, target=20, start="2020-12-31", due="2030-12-31")
        >>> goal.state(23.2, 24.8, "2024-12-31"), goal.state(25.5, 26.9, "2024-12-31")
        ('on_course', 'undecided')
        """
        sign = 1.0 if self.target < self.baseline else -1.0  # so that lower is better
        room = GRAIN * abs(self.target - self.baseline)
        best, worst = sorted((sign * lower, sign * upper))
        path = sign * self.path(on)
        if worst <= sign * self.target + room:
            return "reached"
        if best > sign * self.baseline + room:
            return "moving_away"
        if worst <= path + room:
            return "on_course"
        return "behind" if best > path + room else "undecided"


@dataclass(frozen=True, kw_only=True)
class TargetState:
    """Where a target stands.

    Parameters
    ----------
    target : Target
        What was resolved.
    on : str
        The date of the value; empty where there is none.
    value, lower, upper : float
        The value and its 95 % interval; NaN where there is none.
    path : float
        The value of the straight line on that day.
    light : {"reached", "on_course", "behind", "moving_away", "undecided", "no_light"}
        The state.
    why : str
        Why there is no light: ``"no_resolution"``, ``"other_definition"``, ``"no_value"``, ``"no_direction"``.
    """

    target: Target
    on: str
    value: float
    lower: float
    upper: float
    path: float
    light: TargetLight
    why: str = ""

    def text(self, lang: Lang = "de") -> str:
        """Return symbol and word: never a colour alone."""
        word = text(f"target_{self.light}", lang)
        because = f" ({text(f'target_why_{self.why}', lang)})" if self.why else ""
        return f"{SYMBOLS[self.light]} {word}{because}"


def target_from(said: dict[str, Any]) -> Target:
    """Return a target from its file."""
    return Target(**said)


def target_as(target: Target) -> dict[str, Any]:
    """Return a target as its file holds it."""
    return asdict(target)


def refuse_wrong_way(target: Target, direction: int) -> None:
    """Refuse a target that lies where more need is.

    Raises
    ------
    SpecError
        Higher means more need and the target is above the baseline, or the other way round.
    """
    if direction and (target.target - target.baseline) * direction > 0:
        more, way = ("Higher", "above") if direction > 0 else ("Lower", "below")
        raise SpecError(
            f"Target of {target.indicator!r}: {more.lower()} means more need there, and the target {target.target:g} "
            f"lies {way} the baseline {target.baseline:g}. Exchange the two, or mend the direction of the indicator."
        )
