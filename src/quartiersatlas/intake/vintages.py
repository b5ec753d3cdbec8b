"""Two vintages of one key system are never joined by key: the same code may be another area."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from quartiersatlas.catalogue.key_systems import KeyVintages, mixed_vintages, systems, vintages_of
from quartiersatlas.errors import JoinError, list_some

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd
    import pandas as pd

    from quartiersatlas.intake.data import AreaData
    from quartiersatlas.intake.tables import Table

REPAIR = (
    "Carry the counts to the boundaries of the areas first: transfer(counts, crosswalk), or "
    "transfer_by_area(counts, from_areas, to_areas)"
)


def check_vintages(
    left: gpd.GeoDataFrame | pd.DataFrame | AreaData | Table | Iterable[str],
    right: gpd.GeoDataFrame | pd.DataFrame | AreaData | Table | Iterable[str],
    *,
    left_vintage: str = "",
    right_vintage: str = "",
    names: tuple[str, str] = ("left", "right"),
) -> str:
    """Refuse keys of two vintages of one key system.

    Parameters
    ----------
    left, right : GeoDataFrame, DataFrame, AreaData, Table or list of str
        Two things on area keys: their index, or the keys themselves.
    left_vintage, right_vintage : str, optional
        The vintage of the keys, such as ``"2021"``, where the user declares it.
    names : tuple of str
        What the two are called in an error.

    Returns
    -------
    str
        The vintage that both belong to, such as ``"2021"``; empty where neither the codes nor the user tell.

    Raises
    ------
    JoinError
        The two are of different vintages, one of them mixes vintages, or its codes are not of the declared vintage.

    Notes
    -----
    Codes tell the vintage where ``key_systems`` declares how they look and 95 % of the keys look so. Where the codes
    of several vintages look alike (LOR 2006 and 2019), only a declared vintage tells them apart.

    Examples
    --------
    >>> check_vintages(["01100101", "01100102"], ["01100101"])
    '2021'
    >>> check_vintages(["E01000001"], ["E01000002"])
    ''
    """
    keys, words = (_keys(left), _keys(right)), (left_vintage or _declared(left), right_vintage or _declared(right))
    one, other = (_told(*side) for side in zip(keys, words, names, strict=True))
    if one is not None and other is not None and one.system == other.system:
        possible = [vintage for vintage in one.vintages if vintage in other.vintages]
        if not possible:
            raise JoinError(_message(keys, (str(one), str(other)), names))
    else:
        known = one or other
        possible = list(known.vintages) if known is not None else []
    if all(words) and words[0] != words[1]:
        raise JoinError(_message(keys, words, names))
    declared = words[0] or words[1]
    if declared:
        return declared
    return possible[0] if len(possible) == 1 else ""


def _message(keys: tuple[list[str], list[str]], vintages: tuple[str, str], names: tuple[str, str]) -> str:
    one, other = (
        f"{len(some)} keys of {name} are of {vintage} ({list_some(some, 2)})"
        for some, vintage, name in zip(keys, vintages, names, strict=True)
    )
    return f"The {one}, the {other}: the same code can be another area, a join by key would be wrong. {REPAIR}."


def _told(keys: list[str], declared: str, name: str) -> KeyVintages | None:
    """Return the vintages that the codes tell; a declaration narrows them, or is belied by them."""
    if not keys:
        return None
    mixed = mixed_vintages(keys)
    if mixed:
        parts = "; ".join(f"{len(some)} of {vintage} ({list_some(some, 2)})" for vintage, some in mixed.items())
        raise JoinError(f"{name} mixes keys of several vintages: {parts}. Take one of them, and then: {REPAIR}.")
    told = vintages_of(keys)
    if told is None or declared not in {one.id for one in systems()[told.system].vintages}:
        return told  # the vintage of a city's own keys, which may look like those of a system, is the user's word
    if declared not in told.vintages:
        raise JoinError(
            f"{name} is declared to be of vintage {declared!r}, but its codes are of {told}: {list_some(keys, 3)}. "
            f"Correct vintage=, or take the file of {declared!r}."
        )
    return KeyVintages(told.system, (declared,))


def _keys(side: object) -> list[str]:
    """Return the keys as text; keys that are not text are the join's concern."""
    frame = getattr(side, "areas", None)
    frame = frame if frame is not None else getattr(side, "values", None) if hasattr(side, "problems") else side
    keys = getattr(frame, "index", None)
    keys = keys if keys is not None and not callable(keys) else cast("Iterable[object]", side)
    return list(dict.fromkeys(key for key in keys if isinstance(key, str)))


def _declared(side: object) -> str:
    vintage = getattr(side, "vintage", "")
    return vintage if isinstance(vintage, str) else ""
