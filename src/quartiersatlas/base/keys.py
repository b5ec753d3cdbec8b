"""Keys that were numbers on their way: without their leading zeros, with a decimal point, in powers of ten."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import KeyColumnError, list_some

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    import pandas as pd

DECIMAL = re.compile(r"(?P<whole>0|[1-9][0-9]*)[.,]0{1,2}")
POWER = re.compile(r"(?P<lead>[1-9])(?:[.,](?P<places>[0-9]+)[eE]\+?|[eE]\+)(?P<exponent>[0-9]{1,3})")
MOST_DIGITS = 30  # of a key


def whole_keys(keys: Sequence[str], what: str) -> tuple[list[str], str]:
    """Return keys of digits that were written as decimal numbers as they were before, and a note where there were any.

    Parameters
    ----------
    keys : list of str
        The keys as read; empty ones stay.
    what : str
        Where they are from, for messages: ``"column 'nr'"``.

    Raises
    ------
    KeyColumnError
        Keys are written in powers of ten and their last digits are gone.

    Notes
    -----
    A single key without a decimal point says that the others are no numbers, such as the headings 1, 1.0 and 2.0; words
    such as a total's say nothing.

    Examples
    --------
    >>> whole_keys(["5111000.0", "5112000.0"], "column 'ags'")[0]
    ['5111000', '5112000']
    >>> whole_keys(["1.0", "1.1"], "column 'heading'")
    (['1.0', '1.1'], '')
    """
    together = "\n".join(keys)
    if not any(sign in together for sign in ".,eE"):  # one look at all of them: most keys need no look at each
        return list(keys), ""
    digits = [key for key in keys if key[:1].isdigit()]
    powers = {key: found for key in dict.fromkeys(digits) if (found := POWER.fullmatch(key))}
    if powers:
        return _without_powers(keys, digits, powers, what)
    if not digits or not all(DECIMAL.fullmatch(key) for key in digits):
        return list(keys), ""
    whole = [found["whole"] if (found := DECIMAL.fullmatch(key)) else key for key in keys]
    return whole, _note(digits, digits[0], what, "with a decimal point")


def _without_powers(
    keys: Sequence[str], digits: list[str], powers: dict[str, re.Match[str]], what: str
) -> tuple[list[str], str]:
    """Return the keys with those in powers of ten written out, where no digit is lost."""
    in_full = {len(key) for key in digits if key.isdigit()}
    written = {key: _written_out(found, in_full) for key, found in powers.items()}
    lost = [key for key in digits if key in powers and not written[key]]
    if lost:
        raise KeyColumnError(
            f"{count_noun(len(lost), f'key of {what} is', f'keys of {what} are')} written in powers of ten: "
            f"{list_some(lost)}. Their last digits are gone: spreadsheets and programs write long numbers so. Take "
            f"the file from before that, or have the column written as text.",
            lost,
        )
    changed = [key for key in digits if key in powers]
    return [written.get(key, key) for key in keys], _note(changed, changed[0], what, "in powers of ten")


def _written_out(found: re.Match[str], in_full: set[int]) -> str:
    """Return the digits of a key in powers of ten; empty where some are gone.

    ``1e+05`` is exact where other keys of six digits are written in full: some programs write the shorter of the two.
    """
    places, exponent = found["places"] or "", int(found["exponent"])
    if not places and "e" in found.group() and exponent + 1 in in_full:
        return found["lead"] + "0" * exponent
    if exponent > MOST_DIGITS or len(places) < exponent or places[exponent:].strip("0"):
        return ""
    return found["lead"] + places[:exponent]


def _note(changed: list[str], example: str, what: str, how: str) -> str:
    were = count_noun(len(changed), f"key of {what} was", f"keys of {what} were")
    return f"{were} written {how}, such as {example!r}: read as whole {'number' if len(changed) == 1 else 'numbers'}"


def refuse_repeated_keys(index: pd.Index, what: str) -> None:
    """Refuse an index of areas on which one of them has several rows.

    Parameters
    ----------
    index : Index
        Keys of areas.
    what : str
        Whose index it is, for the message: ``"measure_segregation: data"``.

    Raises
    ------
    KeyColumnError
        A key is there more than once; ``keys`` holds all of these.

    Examples
    --------
    >>> import pandas as pd
    >>> refuse_repeated_keys(pd.Index(["01", "02", "02"]), "rates: numerator")
    Traceback (most recent call last):
    quartiersatlas.errors.KeyColumnError: rates: numerator: 1 key has more than one row: '02'. An area is one row: add \
up its parts, or keep the right row of each. All of them: err.keys
    """
    if index.is_unique:
        return
    again = index[index.duplicated()].unique()
    raise KeyColumnError(
        f"{what}: {count_noun(len(again), 'key has', 'keys have')} more than one row: {list_some(again)}. An area is "
        f"one row: add up its parts, or keep the right row of each. All of them: err.keys",
        map(str, again),
    )


def width_of(keys: Iterable[Hashable]) -> int | None:
    """Return the number of characters that all keys made of digits have, or None where they differ."""
    widths = {len(key) for key in keys if isinstance(key, str) and key.isdigit()}
    return widths.pop() if len(widths) == 1 else None


def lost_zeros(keys: Iterable[Hashable], areas: Iterable[Hashable]) -> dict[Hashable, str]:
    """Return keys that fit the areas once their leading zeros are put back -> the key of the area.

    Empty unless all of those that are too short fit, each another area: numbers that only look like keys, such as
    those of rows, fit in part.

    Examples
    --------
    >>> lost_zeros([101, 1102], ["0101", "1102"])
    {101: '0101'}
    >>> lost_zeros(["0", "1"], ["01", "02"])
    {}
    """
    areas, keys = set(areas), list(keys)
    padded = with_zeros(keys, areas)
    fit = set(padded.values())
    there = {str(key) for key in keys if key not in padded}
    return padded if len(fit) == len(padded) and fit <= areas and not fit & there else {}


def with_zeros(keys: Iterable[Hashable], areas: Iterable[Hashable]) -> dict[Hashable, str]:
    """Return keys of fewer digits than all of the areas' -> the same with zeros before them, fitting or not."""
    width = width_of(areas)
    if width is None:
        return {}
    texts = {key: str(key) for key in keys if not isinstance(key, bool)}
    return {key: text.zfill(width) for key, text in texts.items() if text.isdigit() and len(text) < width}


def refuse_number_keys(keys: Iterable[Hashable], areas: Iterable[Hashable], what: str, repair: str) -> None:
    """Refuse keys that are numbers, or have lost leading zeros, where those of the areas are text.

    Parameters
    ----------
    keys, areas : Index
        The keys in question, and those of the areas.
    what : str
        What the keys are of: ``"the need index"``.
    repair : str
        How to read them as text, as code.

    Raises
    ------
    KeyColumnError
        The message names the keys, the areas' keys, and the repair.
    """
    keys, areas = list(keys), list(areas)
    if not all(isinstance(area, str) for area in areas):
        return
    numbers = [key for key in keys if not isinstance(key, str)]
    lost = lost_zeros(keys, areas)
    odd = numbers or [key for key in lost if key not in areas]
    if not odd:
        return
    fault = ("is a number", "are numbers") if numbers else ("has lost its leading zeros", "have lost leading zeros")
    were = count_noun(len(odd), f"key of {what} {fault[0]}", f"keys of {what} {fault[1]}")
    zeros = ", with their zeros" if any(str(area).startswith("0") for area in areas) else ""
    raise KeyColumnError(
        f"{were}: {list_some(odd, 3)}. The areas' keys are text{zeros}: {list_some(areas, 3)}. {repair}.",
        map(str, odd),
    )
