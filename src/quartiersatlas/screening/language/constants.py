"""The constants of a rule: numbers as the decimals that were written, names that read back, all of them as text."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from keyword import iskeyword
from numbers import Integral, Real
from typing import Any
from unicodedata import normalize

import numpy as np

from quartiersatlas.base.checks import expects
from quartiersatlas.base.letters import composed
from quartiersatlas.base.toml import plain
from quartiersatlas.errors import SpecError


def literal(value: Any) -> str:  # noqa: ANN401 - what an option holds
    """Return a constant as Python reads it; a number with all its digits.

    Examples
    --------
    >>> literal("a"), literal(Decimal("0.20")), literal([[Decimal("0.7"), "nation"]])
    ('"a"', '0.2', '[[0.7, "nation"]]')
    """
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(literal, value))}]"
    return repr(value)


def number(value: object, what: str) -> Decimal:
    """Return a number as the decimal that was written.

    Raises
    ------
    SpecError
        It is no finite number.

    Examples
    --------
    >>> number(0.1, "share")
    Decimal('0.1')
    """
    if isinstance(value, Decimal):
        found = value
    elif isinstance(value, bool | np.bool_) or not isinstance(value, Real):
        raise SpecError(f"{what} is {value!r}, which is no number.")
    else:
        try:
            found = Decimal(int(value)) if isinstance(value, Integral) else Decimal(repr(float(value)))
        except (InvalidOperation, OverflowError) as error:
            raise SpecError(f"{what} is {value!r}, which is no finite number.") from error
    if not found.is_finite() or abs(found.adjusted()) > 100:  # noqa: PLR2004 - a hundred digits
        shown = str(value).lower() if isinstance(value, Decimal) else repr(value)
        raise SpecError(f"{what} is {shown}; it must be a finite number.")
    return found or Decimal(0)


def whole_number(value: object, what: str, least: int, greatest: int) -> int:
    """Return a whole number from least to greatest."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, Integral) or not least <= int(value) <= greatest:
        upto = f"from {least} to {greatest}" if greatest < 10**6 else f"from {least} on"
        raise SpecError(f"{what} is {value!r}; it must be a whole number {upto}.")
    return int(value)


def condition_name(value: object, call: str) -> str:
    """Return the name of a condition as it can stand in ``select``; it may be empty.

    Raises
    ------
    SpecError
        It could not be read back: it has spaces or signs, starts with a digit, or is a word of Python.
    """
    expects(value, str, f"{call}: name", f"{call}(..., name='low_income')")
    name = composed(str(value))
    if name and (not name.isidentifier() or iskeyword(name) or normalize("NFKC", name) != name):
        raise SpecError(
            f"{call}: the name {name!r} cannot stand in a rule: a name is made of letters, digits and _, starts with a "
            f"letter, and is no word of Python."
        )
    return name


def checked_name(value: object, what: str, how: str) -> str:
    """Return a name in its composed form; an empty one is refused."""
    expects(value, str, what, how)
    name = composed(str(value))
    if not name.strip():
        raise SpecError(f"{what}: the name is empty: {how}.")
    return name
