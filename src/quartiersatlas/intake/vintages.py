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
    sides = [(_keys(left), left_vintage or _declared(left)), (_keys(right), right_vintage or _declared(right))]
    one, other = (_possible(keys, vintage, name) for (keys, vintage), name in zip(sides, names, strict=True))
    if one is None or other is None:
        known = one or other
        return known.vintages[0] if known and len(known.vintages) == 1 else ""
    both = [vintage for vintage in one.vintages if vintage in other.vintages]
    same_system = not (one.system and other.system) or one.system == other.system
    if same_system and not both:
        (left_keys, _), (right_keys, _) = sides
        raise JoinError(
            f"The {len(left_keys)} keys of {names[0]} are of {one} ({list_some(left_keys, 2)}), the {len(right_keys)} "
            f"of {names[1]} of {other} ({list_some(right_keys, 2)}): the same code can be another area, a join by key "
            f"would be wrong. {REPAIR}."
        )
    return both[0] if len(both) == 1 else ""


def _possible(keys: list[str], declared: str, name: str) -> KeyVintages | None:
    """Return the vintages keys may be of: the declared one, or those that their codes tell."""
    if not keys:
        return None
    mixed = mixed_vintages(keys)
    if mixed:
        parts = "; ".join(f"{len(some)} of {vintage} ({list_some(some, 2)})" for vintage, some in mixed.items())
        raise JoinError(f"{name} mixes keys of several vintages: {parts}. Take one of them, and then: {REPAIR}.")
    told = vintages_of(keys)
    if not declared:
        return told
    if told is None or declared not in {one.id for one in systems()[told.system].vintages}:
        return KeyVintages("", (declared,))  # a vintage of a city's own keys, which may look like those of a system
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
