"""Marks that stand where a number could be, and what each of them means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from quartiersatlas.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping

Status = Literal["value", "zero", "suppressed", "missing", "not_applicable", "unreliable", "provisional"]

STATUSES: tuple[Status, ...] = (
    "value",
    "zero",
    "suppressed",
    "missing",
    "not_applicable",
    "unreliable",
    "provisional",
)

# German statistical tables (DIN 55301, withdrawn in 2020, still in use): '-' is exactly zero, '.' is unknown or secret.
DIN55301: dict[str, Status] = {
    "": "missing",
    "-": "zero",
    "–": "zero",
    ".": "suppressed",
    "...": "missing",
    "…": "missing",
    "/": "unreliable",
    "x": "not_applicable",
    "X": "not_applicable",
}
PROFILES: dict[str, dict[str, Status]] = {
    "din55301": DIN55301,
    "auto": {**DIN55301, "*": "suppressed", "NA": "missing", "NaN": "missing", "nan": "missing"},
}


def symbol_table(symbols: str | Mapping[str, str]) -> dict[str, Status]:
    """Return mark -> status for a profile name, or for own marks on top of ``"auto"``."""
    if isinstance(symbols, str):
        if symbols not in PROFILES:
            raise SpecError(f"symbols={symbols!r} is not a profile; there are {', '.join(PROFILES)}, or pass a dict.")
        return PROFILES[symbols]
    unknown = sorted(set(symbols.values()) - set(STATUSES))
    if unknown:
        raise SpecError(f"symbols: {unknown[0]!r} is not a status; there are {', '.join(STATUSES)}.")
    if "value" in symbols.values():
        raise SpecError("symbols: a mark stands instead of a number, so its status cannot be 'value'.")
    return {**PROFILES["auto"], **symbols}  # type: ignore[dict-item]
