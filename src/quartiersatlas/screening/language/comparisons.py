"""Conditions that compare a value with a limit: a number, the city, the own municipality, published values.

``above`` and ``below`` speak of the value, ``worse_than_city`` of the need: of an indicator of which less is more need,
the worse side is the lower one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from quartiersatlas.base.checks import choice, expects
from quartiersatlas.base.letters import composed
from quartiersatlas.catalogue.references import looks_like_number
from quartiersatlas.errors import SpecError
from quartiersatlas.screening.language.constants import checked_name, condition_name, number, whole_number
from quartiersatlas.screening.language.rules import (
    CITY,
    EXAMPLES,
    MEAN,
    QUANTILE,
    QUANTILE_TYPES,
    Compare,
    Limit,
    Rule,
    Unknown,
    WorseThanCity,
    all_of,
)

Than = str | float | Decimal | Sequence[Sequence[Any]]


def above(
    indicator: str,
    limit: float | Decimal | None = None,
    *,
    than: Than | None = None,
    factor: float | Decimal | str = 1,
    plus: float | Decimal = 0,
    digits: int | None = None,
    sd: float | Decimal = 0,
    ddof: int = 1,
    q: float | Decimal | None = None,
    type: int = 7,  # noqa: A002 - as in R and Hyndman & Fan
    min_denominator: float | Decimal | None = None,
    significant: float | Decimal | None = None,
    correction: Literal["bh", "none"] = "bh",
    printed: Literal["interval", "exact"] = "interval",
    unknown: Unknown = "unknown",
    source: str = "",
    name: str = "",
) -> Rule:
    """Select areas with values above a limit; a value equal to the limit is not above it.

    Parameters
    ----------
    indicator : str
        A column of the data, an axis of the need index, or ``"need"`` for its first axis. ``"residents"`` is the
        population column of the data, unless a column bears that name.
    limit : float, optional
        A fixed number in the unit that people read (24 for 24 %). Either this or ``than``.
    than : str, or list of (weight, name), optional
        ``"city"``: the value of all areas from their counts (or as published). A higher level, such as ``"gemeinde"``:
        that of the area's own. ``"rest"``: the city without the area. ``"mean"`` and ``"median"``: over areas,
        unweighted. ``"quantile"``: with ``q``. The name of published references. ``[[0.7, "nation"], [0.3, "unit"]]``:
        a weighted mix.
    factor, plus : float
        The limit is ``factor * than + plus``; a factor may be written as text, ``"1.5"``.
    digits : int, optional
        Decimals to which the limit is rounded (half up) before values are compared with it.
    sd, ddof : float, int
        With ``than="mean"``: so many standard deviations are added, with this ``ddof`` (0 or 1).
    q, type : float, int
        With ``than="quantile"``: in [0, 1], and the type of Hyndman & Fan [1]_, 4 to 9.
    min_denominator : float, optional
        Rates of fewer persons than this are unknown.
    significant : float, optional
        Level in (0, 1): the condition holds only where an exact one-sided test rejects that the value is not above.
        Against a number or a published value the test is binomial, against city, rest or a higher level hypergeometric.
    correction : {"bh", "none"}
        For many tests: Benjamini & Hochberg [2]_ over the areas that this condition tests.
    printed : {"interval", "exact"}
        What a ready-made share, mean or median stands for: any value that would be printed so, which leaves a printed
        24.0 undecided at a limit of 24; or that number itself, as official methods mostly take it.
    unknown : {"unknown", "no", "yes"}
        What an area without a value is, and one whose printed digits leave it undecided.
    source : str
        Where the limit is published.
    name : str
        Id of the condition in reasons.

    Returns
    -------
    Rule
        The condition.

    Raises
    ------
    SpecError
        A limit is missing, there twice, or no finite number; an option does not go with the limit.
    ArgumentError
        The indicator is not text.

    See Also
    --------
    at_least, below, at_most : The same with the limit included, and from the other side.
    above_city, worse_than_city : Short forms.

    Notes
    -----
    Counts are compared as whole numbers: ``x / n > p / q`` is ``x q > p n``. Numbers that are no counts are equal where
    they differ by less than 1e-12 of their size.

    References
    ----------
    .. [1] Hyndman, R. J. & Fan, Y. (1996). Sample quantiles in statistical packages.
           The American Statistician 50(4), 361-365.
    .. [2] Benjamini, Y. & Hochberg, Y. (1995). Controlling the false discovery rate.
           Journal of the Royal Statistical Society B 57(1), 289-300.

    Examples
    --------
    >>> above("child_poverty_u15", 24) & above("sgb2_rate", than="gemeinde", factor=1.5)
    above("child_poverty_u15", 24) & above("sgb2_rate", than="gemeinde", factor=1.5)
    """
    return _compare("above", **locals())


def at_least(
    indicator: str,
    limit: float | Decimal | None = None,
    *,
    than: Than | None = None,
    factor: float | Decimal | str = 1,
    plus: float | Decimal = 0,
    digits: int | None = None,
    sd: float | Decimal = 0,
    ddof: int = 1,
    q: float | Decimal | None = None,
    type: int = 7,  # noqa: A002 - as above()
    min_denominator: float | Decimal | None = None,
    significant: float | Decimal | None = None,
    correction: Literal["bh", "none"] = "bh",
    printed: Literal["interval", "exact"] = "interval",
    unknown: Unknown = "unknown",
    source: str = "",
    name: str = "",
) -> Rule:
    """Select areas with values above a limit or equal to it; everything else is as in :func:`above`.

    Parameters
    ----------
    indicator, limit, than, factor, plus, digits, sd, ddof, q, type, min_denominator, significant, correction : object
        As in :func:`above`.
    printed, unknown, source, name : str
        As in :func:`above`.

    Returns
    -------
    Rule
        The condition.

    Raises
    ------
    SpecError, ArgumentError
        As :func:`above`.

    Examples
    --------
    >>> at_least("residents", 1000)
    at_least("residents", 1000)
    """
    return _compare("at_least", **locals())


def below(
    indicator: str,
    limit: float | Decimal | None = None,
    *,
    than: Than | None = None,
    factor: float | Decimal | str = 1,
    plus: float | Decimal = 0,
    digits: int | None = None,
    sd: float | Decimal = 0,
    ddof: int = 1,
    q: float | Decimal | None = None,
    type: int = 7,  # noqa: A002 - as above()
    min_denominator: float | Decimal | None = None,
    significant: float | Decimal | None = None,
    correction: Literal["bh", "none"] = "bh",
    printed: Literal["interval", "exact"] = "interval",
    unknown: Unknown = "unknown",
    source: str = "",
    name: str = "",
) -> Rule:
    """Select areas with values below a limit; everything else is as in :func:`above`.

    Parameters
    ----------
    indicator, limit, than, factor, plus, digits, sd, ddof, q, type, min_denominator, significant, correction : object
        As in :func:`above`.
    printed, unknown, source, name : str
        As in :func:`above`.

    Returns
    -------
    Rule
        The condition.

    Raises
    ------
    SpecError, ArgumentError
        As :func:`above`.

    Examples
    --------
    >>> below("median_income", than=[[0.7, "nation"], [0.3, "unit"]], factor=0.6)
    below("median_income", than=[[0.7, "nation"], [0.3, "unit"]], factor=0.6)
    """
    return _compare("below", **locals())


def at_most(
    indicator: str,
    limit: float | Decimal | None = None,
    *,
    than: Than | None = None,
    factor: float | Decimal | str = 1,
    plus: float | Decimal = 0,
    digits: int | None = None,
    sd: float | Decimal = 0,
    ddof: int = 1,
    q: float | Decimal | None = None,
    type: int = 7,  # noqa: A002 - as above()
    min_denominator: float | Decimal | None = None,
    significant: float | Decimal | None = None,
    correction: Literal["bh", "none"] = "bh",
    printed: Literal["interval", "exact"] = "interval",
    unknown: Unknown = "unknown",
    source: str = "",
    name: str = "",
) -> Rule:
    """Select areas with values below a limit or equal to it; everything else is as in :func:`above`.

    Parameters
    ----------
    indicator, limit, than, factor, plus, digits, sd, ddof, q, type, min_denominator, significant, correction : object
        As in :func:`above`.
    printed, unknown, source, name : str
        As in :func:`above`.

    Returns
    -------
    Rule
        The condition.

    Raises
    ------
    SpecError, ArgumentError
        As :func:`above`.

    Examples
    --------
    >>> at_most("household_income", than="state", factor=0.65, unknown="no")
    at_most("household_income", than="state", factor=0.65, unknown="no")
    """
    return _compare("at_most", **locals())


def above_city(*indicators: str) -> Rule:
    """Select areas above the city value in every named indicator: ``above(a, than="city") & above(b, than="city")``.

    The city value comes from the counts of all areas; a value equal to it is not above.

    Parameters
    ----------
    *indicators : str
        Rates that were added from counts, or indicators with a published city value.

    Returns
    -------
    Rule
        The condition.

    Raises
    ------
    SpecError
        No indicator is named.
    ArgumentError
        A name is not text.

    Examples
    --------
    >>> above_city("sgb2_rate", "child_poverty_u15")
    above_city("sgb2_rate") & above_city("child_poverty_u15")
    """
    if not indicators:
        raise SpecError(f"above_city() needs the names of rates: {EXAMPLES['above_city']}.")
    found = [checked_name(one, "above_city", EXAMPLES["above_city"]) for one in indicators]
    return all_of([Compare(word="above", indicator=one, limit=Limit(CITY)) for one in found])


def worse_than_city(*indicators: str, unknown: Unknown = "unknown") -> Rule:
    """Select areas on the worse side of the city value in every named indicator, as the catalogue has it.

    Above the city value where a higher value means more need, below it where a lower one does.

    Parameters
    ----------
    *indicators : str
        Rates that were added from counts, or indicators with a published city value; with a direction.
    unknown : {"unknown", "no", "yes"}
        What an area without a value is.

    Returns
    -------
    Rule
        The condition.

    Raises
    ------
    SpecError
        No indicator is named.
    ArgumentError
        A name is not text.

    Examples
    --------
    >>> worse_than_city("employment_rate")
    worse_than_city("employment_rate")
    """
    if not indicators:
        raise SpecError('worse_than_city() needs the names of rates: worse_than_city("employment_rate").')
    choice(unknown, ("unknown", "no", "yes"), "worse_than_city: unknown")
    how = 'worse_than_city("employment_rate")'
    return all_of(
        [WorseThanCity(indicator=checked_name(one, "worse_than_city", how), unknown=unknown) for one in indicators]
    )


def _compare(word: str, /, **options: Any) -> Compare:  # noqa: ANN401 - the options of above()
    indicator = checked_name(options["indicator"], word, EXAMPLES["above"].replace("above", word))
    limit, than = options["limit"], options["than"]
    if (limit is None) == (than is None):
        many = "no limit" if limit is None else "two limits"
        raise SpecError(
            f"{word}({indicator!r}) has {many}: give a number, {word}({indicator!r}, 24), or what it is compared with, "
            f"{word}({indicator!r}, than='city')."
        )
    choice(options["unknown"], ("unknown", "no", "yes"), f"{word}: unknown")
    choice(options["correction"], ("bh", "none"), f"{word}: correction")
    choice(options["printed"], ("interval", "exact"), f"{word}: printed")
    expects(options["source"], str, f"{word}: source", f"{word}({indicator!r}, 24, source='...')")
    significant = options["significant"]
    if significant is not None:
        significant = number(significant, f"{word}: significant")
        if not 0 < significant < 1:
            raise SpecError(f"{word}: significant is {significant}; it is a level between 0 and 1, such as 0.05.")
    elif options["correction"] != "bh":
        raise SpecError(f"{word}: correction={options['correction']!r} is only for significant=...")
    at_all = options["min_denominator"]
    if at_all is not None and number(at_all, f"{word}: min_denominator") < 0:
        raise SpecError(f"{word}: min_denominator is {at_all}; it must be at least 0.")
    return Compare(
        word=word,
        indicator=indicator,
        limit=_limit(word, limit if than is None else than, options),
        min_denominator=None if at_all is None else number(at_all, f"{word}: min_denominator"),
        significant=significant,
        correction=options["correction"],
        printed=options["printed"],
        unknown=options["unknown"],
        source=composed(options["source"]),
        name=condition_name(options["name"], word),
    )


def _limit(word: str, than: object, options: Mapping[str, Any]) -> Limit:
    """Return the limit of a comparison; an option that changes nothing is refused, as it was meant to do something."""
    digits, sd, q = options["digits"], number(options["sd"], f"{word}: sd"), options["q"]
    found = Limit(
        than=_than(word, than),
        factor=number(_written(options["factor"]), f"{word}: factor"),
        plus=number(options["plus"], f"{word}: plus"),
        digits=None if digits is None else whole_number(digits, f"{word}: digits", -9, 12),
        sd=sd,
        ddof=whole_number(options["ddof"], f"{word}: ddof", 0, 1),
        q=None if q is None else number(q, f"{word}: q"),
        quantile_type=whole_number(options["type"], f"{word}: type", QUANTILE_TYPES[0], QUANTILE_TYPES[-1]),
    )
    if sd and found.than != MEAN:
        raise SpecError(f"{word}: sd={sd} is only for than='mean'.")
    if found.ddof != 1 and not sd:
        raise SpecError(f"{word}: ddof={found.ddof} is only for sd=...")
    if (found.than == QUANTILE) != (found.q is not None):
        raise SpecError(f"{word}: than='quantile' and q=... go together: {word}('rate', than='quantile', q=0.8).")
    if found.quantile_type != 7 and found.than != QUANTILE:  # noqa: PLR2004 - the default
        raise SpecError(f"{word}: type={found.quantile_type} is only for than='quantile'.")
    if found.q is not None and not 0 <= found.q <= 1:
        raise SpecError(f"{word}: q is {found.q}; a quantile lies in [0, 1], such as 0.8.")
    if found.factor <= 0:
        raise SpecError(f"{word}: factor is {found.factor}; it must be above 0.")
    return found


def _written(factor: object) -> object:
    """Return a factor that is written as text as the decimal it is; what is no decimal stays."""
    try:
        return Decimal(factor) if isinstance(factor, str) else factor
    except InvalidOperation:
        return factor


OTHER_NAMES = {"percentile": "quantile", "average": "mean", "avg": "mean"}


def _refuse_written_numbers(word: str, than: str) -> None:
    """Refuse a number in quotation marks, which would be taken for the name of a reference, and near words."""
    if looks_like_number(than):
        raise SpecError(
            f"{word}: the limit is {than!r}, a text; a number stands without quotation marks, in the unit of the "
            f"indicator and with a decimal point, such as 20.5 for 20,5 %."
        )
    if than in OTHER_NAMES:
        raise SpecError(f"{word}: {than!r} is called {OTHER_NAMES[than]!r} here.")


def _than(word: str, than: object) -> Decimal | str | tuple[tuple[Decimal, str], ...]:
    if isinstance(than, str):
        _refuse_written_numbers(word, than)
        return checked_name(than, f"{word}: than", f"{word}('rate', than='city')")
    if not isinstance(than, list | tuple):
        return number(than, f"{word}: the limit")
    pairs = []
    for pair in than:
        if not isinstance(pair, list | tuple) or len(pair) != 2 or not isinstance(pair[1], str):  # noqa: PLR2004
            raise SpecError(f"{word}: a mix is a list of weights and names, [[0.7, 'nation'], [0.3, 'unit']].")
        if pair[1] == QUANTILE:
            raise SpecError(
                f"{word}: a quantile cannot be part of a mix. Compare with it alone: than='quantile', q=0.8."
            )
        pairs.append((number(pair[0], f"{word}: the weight of {pair[1]!r}"), composed(pair[1])))
    if not pairs:
        raise SpecError(f"{word}: the mix is empty; it takes [[0.7, 'nation'], [0.3, 'unit']].")
    return tuple(pairs)
