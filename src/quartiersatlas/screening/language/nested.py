"""Conditions on areas that meet another rule: no more of them than have so many residents, or beside one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from quartiersatlas.base.checks import choice, expects
from quartiersatlas.base.letters import composed
from quartiersatlas.errors import SpecError
from quartiersatlas.screening.language.conditions import check_highest
from quartiersatlas.screening.language.constants import checked_name, condition_name, number, whole_number
from quartiersatlas.screening.language.rules import COMPARISONS, Adjacent, Capped, Rule, Unknown

if TYPE_CHECKING:
    from decimal import Decimal

BEYOND = ("stop", "skip", "in")
COUNTS = ("floor", "half_up", "ceil")
CAPPED = 'capped(at_least("poverty", 25), order="poverty", share=0.2, by="region")'
ADJACENT = 'adjacent_to(at_least("poverty", 20))'


def capped(
    rule: Rule,
    *,
    order: str,
    share: float | Decimal | None = None,
    number_of: float | Decimal | None = None,
    of: str = "residents",
    by: str = "",
    beyond: Literal["stop", "skip", "in"] = "stop",
    count: Literal["floor", "half_up", "ceil"] = "floor",
    highest: bool | None = None,
    printed: Literal["interval", "exact"] = "interval",
    unknown: Unknown = "unknown",
    name: str = "",
) -> Rule:
    """Select the areas of a rule in order, the worst first, as long as they have no more than so many residents.

    Parameters
    ----------
    rule : Rule
        Which areas may be selected at all.
    order : str
        The indicator that decides who comes first: the worst values, as in :func:`worst_share`. Areas with the same
        value come together: they fit all, or none does.
    share, number_of : float
        One of them: the share in (0, 1] of the residents of all areas, those of the rule and the others; or how many
        residents, above 0.
    of : str
        A column of counts that is capped instead of ``"residents"``. Areas without a count are not in the total.
    by : str, optional
        A higher level: each municipality or region has a cap of its own. Areas in none are unknown.
    beyond : {"stop", "skip", "in"}
        The first area with which there would be too many: it is out with all after it; or it is left out, and areas
        after it that still fit are taken; or it is taken as the last one.
    count : {"floor", "half_up", "ceil"}
        How a share of the residents is rounded to a number of them.
    highest : bool, optional
        Whether the highest values come first; needed where the catalogue values neither side.
    printed : {"interval", "exact"}
        What counts stand for that came rounded or changed by a known number of persons: any that they may have been,
        or themselves.
    unknown : {"unknown", "no", "yes"}
        What an area is for which it cannot be told: without a value or residents, and where others that come before it
        are undecided.
    name : str
        Id of the condition in reasons.

    Returns
    -------
    Rule
        The condition. It holds for areas of the rule alone.

    Raises
    ------
    SpecError
        None or both of ``share`` and ``number_of`` are given, or an option is out of range.
    ArgumentError
        The rule is none, or a name is not text.

    See Also
    --------
    worst_share, worst_n : The same by number of areas, with ``among=``.

    Examples
    --------
    >>> from quartiersatlas.screening import at_least
    >>> capped(at_least("poverty", 25), order="poverty", share=0.2, by="region")
    capped(at_least("poverty", 25), order="poverty", share=0.2, by="region")
    """
    expects(rule, Rule, "capped", CAPPED)
    if (share is None) == (number_of is None):
        raise SpecError(f"capped: give one of share= and number_of=, such as {CAPPED}.")
    part = None if share is None else number(share, "capped: share")
    if part is not None and not 0 < part <= 1:
        raise SpecError(f"capped: share is {share!r}; it must be above 0 and up to 1, such as 0.2 for 20 %.")
    most = None if number_of is None else number(number_of, "capped: number_of")
    if most is not None and most <= 0:
        raise SpecError(f"capped: number_of is {number_of!r}; it must be above 0, such as 50000.")
    choice(beyond, BEYOND, "capped: beyond")
    choice(count, COUNTS, "capped: count")
    choice(printed, ("interval", "exact"), "capped: printed")
    choice(unknown, ("unknown", "no", "yes"), "capped: unknown")
    expects(by, str, "capped: by", CAPPED)
    check_highest(highest, "capped")
    if part is None and count != "floor":
        raise SpecError(f"capped: count={count!r} is only for share=...")
    return Capped(
        rule=rule,
        order=checked_name(order, "capped: order", CAPPED),
        share=part,
        number_of=most,
        of=checked_name(of, "capped: of", CAPPED),
        by=composed(by),
        beyond=beyond,
        count=count,
        highest=highest,
        printed=printed,
        unknown=unknown,
        name=condition_name(name, "capped"),
    )


def adjacent_to(
    rule: Rule,
    indicator: str = "",
    *,
    compare: Literal["", "above", "at_least", "below", "at_most"] = "",
    factor: float | Decimal = 1,
    n: int = 1,
    share: float | Decimal | None = None,
    contact: Literal["border", "corner"] = "border",
    printed: Literal["interval", "exact"] = "interval",
    unknown: Unknown = "unknown",
    name: str = "",
) -> Rule:
    """Select areas beside an area that meets a rule; whether they meet it themselves does not matter.

    Parameters
    ----------
    rule : Rule
        What the neighbour has to meet.
    indicator : str, optional
        Only neighbours count with whose value that of the area compares so:
    compare : {"above", "at_least", "below", "at_most"}
        The area's own value is above (at least, ...) ``factor`` times that of the neighbour. Goes with ``indicator``.
    factor : float
        Above 0.
    n : int
        At least so many neighbours; from 1 on.
    share : float, optional
        Instead of ``n``: at least this share in (0, 1] of all neighbours; 1 for areas that are surrounded.
    contact : {"border", "corner"}
        Whether areas that meet in a corner only are neighbours too, as in :func:`quartiersatlas.neighbours`. Barriers
        cut neighbours: ``screen(..., barriers=...)``.
    printed : {"interval", "exact"}
        What a printed value of the indicator stands for, as in :func:`above`.
    unknown : {"unknown", "no", "yes"}
        What an area is for which it cannot be told, as too many neighbours are undecided. One without neighbours is
        beside none.
    name : str
        Id of the condition in reasons.

    Returns
    -------
    Rule
        The condition. ``~rule & adjacent_to(rule)`` is the ring around the areas of a rule.

    Raises
    ------
    SpecError
        ``compare`` and ``indicator`` do not go together, or an option is out of range.
    ArgumentError
        The rule is none, or a name is not text.

    Examples
    --------
    >>> from quartiersatlas.screening import at_least
    >>> adjacent_to(at_least("poverty", 20), "median_income", compare="at_most", factor=1.25)
    adjacent_to(at_least("poverty", 20), indicator="median_income", compare="at_most", factor=1.25)
    """
    expects(rule, Rule, "adjacent_to", ADJACENT)
    expects(indicator, str, "adjacent_to: indicator", ADJACENT)
    if bool(indicator) != bool(compare):
        raise SpecError(
            'adjacent_to: indicator and compare go together: adjacent_to(rule, "median_income", compare="at_most", '
            "factor=1.25)."
        )
    if compare:
        choice(compare, COMPARISONS, "adjacent_to: compare")
    times = number(factor, "adjacent_to: factor")
    if times <= 0:
        raise SpecError(f"adjacent_to: factor is {factor}; it must be above 0.")
    if times != 1 and not compare:
        raise SpecError(f"adjacent_to: factor={factor} is only for compare=...")
    part = None if share is None else number(share, "adjacent_to: share")
    if part is not None and not 0 < part <= 1:
        raise SpecError(f"adjacent_to: share is {share!r}; it must be above 0 and up to 1; 1 is all neighbours.")
    least = whole_number(n, "adjacent_to: n", 1, 10**9)
    if part is not None and least != 1:
        raise SpecError("adjacent_to: n and share are two answers to one question; give one of them.")
    choice(contact, ("border", "corner"), "adjacent_to: contact")
    choice(printed, ("interval", "exact"), "adjacent_to: printed")
    choice(unknown, ("unknown", "no", "yes"), "adjacent_to: unknown")
    return Adjacent(
        rule=rule,
        indicator=composed(indicator),
        compare=compare,
        factor=times,
        n=least,
        share=part,
        contact=contact,
        printed=printed,
        unknown=unknown,
        name=condition_name(name, "adjacent_to"),
    )
