"""Conditions on the order of areas, on classes, on clusters; and "at least k of"."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal

from quartiersatlas.base.checks import choice, expects
from quartiersatlas.base.letters import composed
from quartiersatlas.errors import SpecError
from quartiersatlas.screening.language.constants import checked_name, condition_name, number, whole_number
from quartiersatlas.screening.language.rules import (
    EXAMPLES,
    Hotspot,
    InClass,
    Rule,
    Unknown,
    Worst,
    all_of,
    joined,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal


def worst_share(
    indicator: str,
    share: float | Decimal,
    *,
    by: str = "",
    count: Literal["half_up", "floor", "ceil"] = "half_up",
    ties: Literal["in", "out"] = "in",
    most: float | Decimal = 1.5,
    highest: bool | None = None,
    among: Rule | None = None,
    printed: Literal["interval", "exact"] = "interval",
    unknown: Unknown = "unknown",
    name: str = "",
) -> Rule:
    """Select the share of areas with the worst values of an indicator or of ``"need"``.

    The worst are the highest values, and the lowest where the catalogue says that a lower value means more need.

    Parameters
    ----------
    indicator : str
        A column of the data, an axis of the need index, or ``"need"`` for its first axis.
    share : float
        In (0, 1]: share of the areas with a value.
    by : str, optional
        A higher level: the worst areas of each municipality or district.
    count : {"half_up", "floor", "ceil"}
        How the number of areas is rounded; it is at least 1.
    ties : {"in", "out"}
        Areas with the same value at the limit: all of them, as long as there are not more than ``most`` times the
        wanted number and it is not the best value of all; or none, if they would be too many.
    most : float
        See ``ties``; at least 1.
    highest : bool, optional
        Whether the highest values are the worst; needed where the catalogue values neither side.
    among : Rule, optional
        Only areas that meet this rule are compared and counted; all others do not meet the condition. Where the rule is
        undecided for an area, the condition is so too, and for every area whose place depends on it.
    printed : {"interval", "exact"}
        What counts stand for that came rounded or changed by a known number of persons, those behind a need index too:
        any that they may have been, which leaves areas undecided that may be among the worst or not; or themselves.
    unknown : {"unknown", "no", "yes"}
        What an area without a value is, and one that is left undecided.
    name : str
        Id of the condition in reasons.

    Returns
    -------
    Rule
        The condition.

    Raises
    ------
    SpecError
        The share is outside (0, 1], or an option is out of range.
    ArgumentError
        The indicator is not text, or ``among`` is no rule.

    Examples
    --------
    >>> worst_share("need", 0.2, by="gemeinde")
    worst_share("need", 0.2, by="gemeinde")
    >>> from quartiersatlas.screening import at_least
    >>> worst_share("unemployment", 0.2, among=at_least("residents", 500))
    worst_share("unemployment", 0.2, among=at_least("residents", 500))
    """
    options = locals()
    expects(indicator, str, "worst_share", EXAMPLES["worst_share"])
    wanted = number(share, "worst_share: share")
    if not 0 < wanted <= 1:
        raise SpecError(f"worst_share: share is {share!r}; it must be above 0 and up to 1, such as 0.2 for 20 %.")
    choice(count, ("half_up", "floor", "ceil"), "worst_share: count")
    return _worst("worst_share", options, share=wanted, count=count)


def worst_n(
    indicator: str,
    n: int,
    *,
    by: str = "",
    ties: Literal["in", "out"] = "in",
    most: float | Decimal = 1.5,
    highest: bool | None = None,
    among: Rule | None = None,
    printed: Literal["interval", "exact"] = "interval",
    unknown: Unknown = "unknown",
    name: str = "",
) -> Rule:
    """Select a number of areas with the worst values of an indicator or of ``"need"``.

    Parameters
    ----------
    indicator : str
        As in :func:`worst_share`.
    n : int
        At least 1.
    by, ties, most, highest, among, printed, unknown, name : object
        As in :func:`worst_share`.

    Returns
    -------
    Rule
        The condition.

    Raises
    ------
    SpecError
        The number is below 1, or an option is out of range.
    ArgumentError
        The indicator is not text, or ``among`` is no rule.

    Examples
    --------
    >>> worst_n("need", 10)
    worst_n("need", 10)
    """
    options = locals()
    expects(indicator, str, "worst_n", 'worst_n("need", 10)')
    return _worst("worst_n", options, n=whole_number(n, "worst_n: n", 1, 10**9))


def _worst(call: str, options: Mapping[str, Any], **wanted: Any) -> Worst:  # noqa: ANN401 - the options of worst_share()
    choice(options["ties"], ("in", "out"), f"{call}: ties")
    choice(options["printed"], ("interval", "exact"), f"{call}: printed")
    choice(options["unknown"], ("unknown", "no", "yes"), f"{call}: unknown")
    expects(options["by"], str, f"{call}: by", f"{call}(..., by='gemeinde')")
    most = number(options["most"], f"{call}: most")
    if most < 1:
        raise SpecError(f"{call}: most is {most}; it must be at least 1.")
    check_highest(options["highest"], call)
    if options["among"] is not None:
        expects(options["among"], Rule, f"{call}: among", f'{call}(..., among=at_least("residents", 500))')
    return Worst(
        indicator=checked_name(options["indicator"], call, EXAMPLES["worst_share"].replace("worst_share", call)),
        by=composed(options["by"]),
        ties=options["ties"],
        most=most,
        highest=options["highest"],
        among=options["among"],
        printed=options["printed"],
        unknown=options["unknown"],
        name=condition_name(options["name"], call),
        **wanted,
    )


def check_highest(highest: object, call: str) -> None:
    """Refuse what says of no side that it is the worse one."""
    if highest is not None and not isinstance(highest, bool):
        raise SpecError(f"{call}: highest is {highest!r}; it must be True or False.")


def in_class(
    axis: str,
    *classes: str,
    printed: Literal["interval", "exact"] = "interval",
    unknown: Unknown = "unknown",
    name: str = "",
) -> Rule:
    """Select areas in one of the named classes of an axis of the need index or of a column of text, or in a named unit.

    Parameters
    ----------
    axis : str
        Axis of the need index, such as ``"status"``, a column that holds classes, or a higher level of the areas, such
        as ``"gemeinde"``.
    *classes : str
        Ids of its classes, or its units.
    printed : {"interval", "exact"}
        As in :func:`worst_share`, for the counts behind the index.
    unknown : {"unknown", "no", "yes"}
        What an area without a class is, and one that is left undecided.
    name : str
        Id of the condition in reasons.

    Returns
    -------
    Rule
        The condition.

    Raises
    ------
    SpecError
        No class is named.
    ArgumentError
        A name is not text.

    Examples
    --------
    >>> in_class("status", "very_low") | in_class("status", "low") & in_class("dynamics", "negative")
    in_class("status", "very_low") | (in_class("status", "low") & in_class("dynamics", "negative"))
    """
    for one in (axis, *classes):
        expects(one, str, "in_class", EXAMPLES["in_class"])
    if not classes:
        raise SpecError(f"in_class() needs an axis and classes: {EXAMPLES['in_class']}.")
    choice(printed, ("interval", "exact"), "in_class: printed")
    choice(unknown, ("unknown", "no", "yes"), "in_class: unknown")
    named = condition_name(name, "in_class")
    return InClass(
        axis=composed(axis), classes=tuple(map(composed, classes)), printed=printed, unknown=unknown, name=named
    )


def typology(**classes: Sequence[str]) -> Rule:
    """Select areas by classes of several axes at once: ``typology(status=["low"], dynamics=["negative"])``.

    Parameters
    ----------
    **classes : list of str
        Axis -> ids of its classes.

    Returns
    -------
    Rule
        :func:`in_class` of each axis, all of which must hold.

    Raises
    ------
    SpecError
        No axis or no class is named.

    Examples
    --------
    >>> typology(status=["low", "very_low"], dynamics=["negative"])
    in_class("status", "low", "very_low") & in_class("dynamics", "negative")
    """
    if not classes:
        raise SpecError("typology() needs axes with their classes: typology(status=['low'], dynamics=['negative']).")
    return all_of([in_class(axis, *([some] if isinstance(some, str) else some)) for axis, some in classes.items()])


def hotspot(
    indicator: str,
    *,
    statistic: Literal["gi", "moran"] = "gi",
    fdr: float | Decimal = 0.05,
    permutations: int = 0,
    highest: bool | None = None,
    printed: Literal["interval", "exact"] = "interval",
    unknown: Unknown = "unknown",
    name: str = "",
) -> Rule:
    """Select areas in a local cluster of the worse values.

    Parameters
    ----------
    indicator : str
        As in :func:`worst_share`.
    statistic : {"gi", "moran"}
        Getis-Ord Gi* [1]_ (the area itself included), or the high-high quadrant of the local Moran's I [2]_.
    fdr : float
        In (0, 1): share of false finds that is accepted among all, after Benjamini & Hochberg [3]_.
    permutations : int
        Random arrangements of the other areas; 0 for the normal approximation (Gi* alone). At least areas / fdr - 1, or
        no single area could ever pass.
    highest, printed, unknown, name : object
        As in :func:`worst_share`. Areas without neighbours are unknown.

    Returns
    -------
    Rule
        The condition.

    Raises
    ------
    SpecError
        An option is out of range.
    ArgumentError
        The indicator is not text.

    References
    ----------
    .. [1] Ord, J. K. & Getis, A. (1995). Local spatial autocorrelation statistics.
           Geographical Analysis 27(4), 286-306.
    .. [2] Anselin, L. (1995). Local indicators of spatial association. Geographical Analysis 27(2), 93-115.
    .. [3] Caldas de Castro, M. & Singer, B. H. (2006). Controlling the false discovery rate: a new application to
           account for multiple and dependent tests in local statistics. Geographical Analysis 38(2), 180-208.

    Examples
    --------
    >>> hotspot("child_poverty_u15", fdr=0.01)
    hotspot("child_poverty_u15", fdr=0.01)
    """
    indicator = checked_name(indicator, "hotspot", 'hotspot("child_poverty_u15")')
    choice(statistic, ("gi", "moran"), "hotspot: statistic")
    choice(printed, ("interval", "exact"), "hotspot: printed")
    choice(unknown, ("unknown", "no", "yes"), "hotspot: unknown")
    level = number(fdr, "hotspot: fdr")
    if not 0 < level < 1:
        raise SpecError(f"hotspot: fdr is {fdr}; it must lie between 0 and 1, such as 0.05.")
    n = whole_number(permutations, "hotspot: permutations", 0, 10**6)
    if statistic == "moran" and not n:
        raise SpecError("hotspot: the local Moran's I is tested by permutations: hotspot(..., permutations=9999).")
    check_highest(highest, "hotspot")
    return Hotspot(
        indicator=indicator,
        statistic=statistic,
        fdr=level,
        permutations=n,
        highest=highest,
        printed=printed,
        unknown=unknown,
        name=condition_name(name, "hotspot"),
    )


def k_of(k: int, *rules: Rule) -> Rule:
    """Select areas that meet at least k of the rules.

    Parameters
    ----------
    k : int
        In [1, number of rules].
    *rules : Rule
        Conditions, or rules of their own.

    Returns
    -------
    Rule
        All of them is ``&``, one of them is ``|``.

    Raises
    ------
    SpecError
        k is out of range, or no rule is given.
    ArgumentError
        One of them is no rule.

    Notes
    -----
    Of m rules, yes where at least k are met, no where more than m - k are not met, else unknown (Kleene).

    Examples
    --------
    >>> import quartiersatlas as qa
    >>> k_of(2, qa.above("poverty", 24), qa.above("over_75", 10), qa.above("no_vehicle", 16))
    k_of(2, above("poverty", 24), above("over_75", 10), above("no_vehicle", 16))
    """
    for rule in rules:
        expects(rule, Rule, "k_of", EXAMPLES["k_of"])
    if not rules:
        raise SpecError(f"k_of() needs rules: {EXAMPLES['k_of']}.")
    if isinstance(k, bool) or not isinstance(k, Integral) or not 1 <= k <= len(rules):
        raise SpecError(f"k_of: k is {k!r}; of {len(rules)} rules it can be 1 to {len(rules)}.")
    return joined(int(k), rules)
