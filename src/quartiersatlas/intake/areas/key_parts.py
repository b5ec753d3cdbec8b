"""District keys of a file: put together from several columns, each at its width; single wrong ones corrected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import count_noun, expects, names
from quartiersatlas.errors import KeyColumnError, SpecError, list_some

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    KeyColumns = str | Sequence[str] | Mapping[str, int]

HOW = "key=\"id\", key=['district', 'number'], or key={'district': 2, 'number': 3} with the width of each part"


def key_widths(key: KeyColumns, call: str) -> dict[str, int | None] | None:
    """Return the columns of a key in several parts with the width of each; None for the name of one column.

    A width of 0 takes the part as it stands; None does so too, and varying lengths of digits are then refused.

    Raises
    ------
    ArgumentError
        The key is no name, no list of names, and no mapping.
    SpecError
        The list is empty, or a width is no whole number of at least 0.

    Examples
    --------
    >>> key_widths(["bezirk", "nr"], "read_table"), key_widths({"bezirk": 2, "nr": 3}, "read_table")
    ({'bezirk': None, 'nr': None}, {'bezirk': 2, 'nr': 3})
    """
    expects(key, (str, list, tuple, Mapping), f"{call}: key", HOW)
    if isinstance(key, str):
        return None
    columns = names(key, f"{call}: key")
    if not isinstance(key, Mapping):
        return dict.fromkeys(columns)
    wrong = [column for column, width in key.items() if isinstance(width, bool) or not isinstance(width, int)]
    wrong += [column for column in key if column not in wrong and key[column] < 0]
    if wrong:
        raise SpecError(
            f"{call}: key: the width of a part is a whole number of characters, or 0 to take it as it stands; "
            f"that of {wrong[0]!r} is {key[wrong[0]]!r}."
        )
    return dict(key)


def key_label(widths: Mapping[str, int | None]) -> str:
    """Return what the key of several columns is called."""
    return " + ".join(widths)


def joined_parts(
    parts: Mapping[str, NDArray[np.object_]], widths: Mapping[str, int | None], where: str
) -> NDArray[np.object_]:
    """Return one key per row: the parts one after the other; empty where a part is.

    Parameters
    ----------
    parts : mapping of str to ndarray of str
        The stripped cells of each part.
    widths : mapping of str to int or None
        As :func:`key_widths` returns them. Digits get zeros up to the width.
    where : str
        The source, for messages.

    Raises
    ------
    KeyColumnError
        A part is longer than its width, the lengths of a part of digits vary where no width is given, or different
        parts give the same key.
    """
    if len(widths) > 1:
        _refuse_varying(parts, widths, where)
    padded = [_padded(column, parts[column], width or 0, where) for column, width in widths.items()]
    n = len(padded[0])
    keys = np.empty(n, dtype=object)
    keys[:] = ["".join(row) if all(row) else "" for row in zip(*padded, strict=True)]
    meant: dict[str, tuple[str, ...]] = {}
    clashes = {
        key: (meant[key], row)
        for key, row in zip(keys, zip(*padded, strict=True), strict=True)
        if key and meant.setdefault(key, row) != row
    }
    if clashes:
        key, (one, other) = next(iter(clashes.items()))
        raise KeyColumnError(
            f"{where}: different parts give the same key {key!r}: {' + '.join(one)} and {' + '.join(other)}. "
            f"Give each part a width: {_recipe(parts)}.",
            clashes,
        )
    return keys


def _padded(column: str, cells: NDArray[np.object_], width: int, where: str) -> list[str]:
    """Return the cells of a part with zeros up to its width."""
    if not width:
        return list(cells)
    long = list(dict.fromkeys(cell for cell in cells if len(cell) > width))
    if long:
        cells_have = count_noun(len(long), f"cell of {column!r} has", f"cells of {column!r} have")
        raise KeyColumnError(
            f"{where}: {cells_have} more than the {count_noun(width, 'character')} that key={{{column!r}: {width}}} "
            f"gives the part: {list_some(long)}.",
            long,
        )
    return [cell.zfill(width) if cell.isdigit() else cell for cell in cells]


def _refuse_varying(parts: Mapping[str, NDArray[Any]], widths: Mapping[str, int | None], where: str) -> None:
    """Refuse parts of digits of several lengths: '1' + '12' and '11' + '2' would be one key."""
    for column, width in widths.items():
        cells = [cell for cell in parts[column] if cell]
        lengths = sorted({len(cell) for cell in cells})
        if width is None and len(lengths) > 1 and all(cell.isdigit() for cell in cells):
            raise KeyColumnError(
                f"{where}: the part {column!r} of the key has {', '.join(map(str, lengths[:-1]))} and {lengths[-1]} "
                f"digits: leading zeros were probably lost. Say how wide each part is: {_recipe(parts)} "
                f"(0 takes a part as it stands)."
            )


def _recipe(parts: Mapping[str, NDArray[Any]]) -> str:
    """Write the widths that fit the cells, as code."""
    widths = {
        column: max((len(cell) for cell in cells), default=0) if all(cell.isdigit() for cell in cells if cell) else 0
        for column, cells in parts.items()
    }
    return f"key={widths!r}"


def corrected_keys(
    keys: pd.Index, called: pd.Series, rename: Mapping[str, str], where: str
) -> tuple[pd.Index, NDArray[np.object_]]:
    """Return the keys with single ones corrected, and for each the key of the file where it is another one.

    Parameters
    ----------
    keys : Index of str
        One per feature.
    called : Series of str
        The names of the features.
    rename : mapping of str to str
        Wrong key -> right key; ``key (name)`` or, in the order of the file, ``key (2)`` for one of several features.
    where : str
        The source, for messages.

    Raises
    ------
    SpecError
        A wrong key is not there, or is that of several features.
    """
    expects(rename, Mapping, "read_areas: rename", "rename={'wrong key': 'right key'}")
    before = np.full(len(keys), "", dtype=object)
    if not rename:
        return keys, before
    names([*rename, *rename.values()], "read_areas: rename")
    features = _features_by_word(keys, called)
    absent = [wrong for wrong in rename if wrong not in features]
    if absent:
        unknown = count_noun(len(absent), "key that is", "keys that are")
        raise SpecError(f"{where}: rename names {unknown} not there: {list_some(absent)}.")
    corrected = keys.to_numpy(dtype=object, copy=True)
    for wrong, right in rename.items():
        expects(right, str, "read_areas: rename", f"rename={{{wrong!r}: 'right key'}}")
        found = features[wrong]
        if wrong == keys[found[0]] and len(found) > 1:
            raise SpecError(_which_of(wrong, right, list(called.iloc[found]), where))
        for position in found:
            corrected[position], before[position] = right, keys[position]
    return pd.Index(corrected, dtype=object, name=keys.name), before


def _features_by_word(keys: pd.Index, called: pd.Series) -> dict[str, list[int]]:
    """Return what a feature can be called -> its positions: by key, key and name, or key and place in the file."""
    features: dict[str, list[int]] = {}
    for position, (key, name) in enumerate(zip(keys, called, strict=True)):
        of_key = features.setdefault(key, [])
        of_key.append(position)
        features.setdefault(f"{key} ({name})", []).append(position)
    for key in keys[keys.duplicated()].unique():
        for n, position in enumerate(features[key], start=1):
            features.setdefault(f"{key} ({n})", [position])
    return features


def _which_of(wrong: str, right: str, called: list[str], where: str) -> str:
    """Ask which of several features with the same key is meant."""
    distinct = list(dict.fromkeys(called))
    words = distinct if len(distinct) == len(called) else [str(n) for n in range(1, len(called) + 1)]
    order = "" if words == distinct else ", counted in the order of the file"
    options = " or ".join(f"rename={ {f'{wrong} ({word})': right} }" for word in words[:3])
    return (
        f"{where}: {wrong!r} is the key of {count_noun(len(called), 'feature')}. Say which of them has the wrong key"
        f"{order}: {options}."
    )
