"""Marks that stand where a number could be or beside one, and what each of them means.

A profile is the explanation of signs that a house prints with its tables. No mark means the same everywhere: ``0`` is
"more than nothing" with DIN 55301 and "exactly zero, or set to zero to keep a secret" in Lower Saxony's new set.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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


@dataclass(frozen=True)
class Profile:
    """What the marks of a house mean.

    Parameters
    ----------
    instead : dict
        Marks instead of a number -> status.
    beside : dict
        Letters after a number, which stays -> status.
    zero : str
        What a printed ``0`` means, where it is not simply nothing.
    """

    instead: Mapping[str, Status]
    beside: Mapping[str, Status] = field(default_factory=dict)
    zero: str = ""


# German statistical tables (DIN 55301, withdrawn in 2020, still in use)
_DIN_INSTEAD: dict[str, Status] = {
    "": "missing",
    "-": "zero",
    "–": "zero",
    ".": "suppressed",  # unknown or secret
    "·": "suppressed",
    "...": "missing",  # comes later
    "…": "missing",
    "/": "unreliable",  # not certain enough to be printed
    "x": "not_applicable",
    "X": "not_applicable",
}
_DIN_BESIDE: dict[str, Status] = {"p": "provisional", "r": "value", "s": "unreliable"}  # corrected, estimated
_LESS_THAN_HALF = "more than nothing and less than half a unit"

PROFILES: dict[str, Profile] = {
    "din55301": Profile(_DIN_INSTEAD, _DIN_BESIDE, _LESS_THAN_HALF),
    "auto": Profile({**_DIN_INSTEAD, "*": "suppressed", **dict.fromkeys(("NA", "NaN", "nan"), "missing")}, _DIN_BESIDE),
    # the federal and state offices' data bases (GENESIS-Online, Regionaldatenbank), explanation of signs
    "genesis": Profile(_DIN_INSTEAD, {**_DIN_BESIDE, "e": "value"}, _LESS_THAN_HALF),  # e: final
    # Landesamt für Statistik Niedersachsen, "Abkürzungen und Zeichenerklärungen": the set in use, and the earlier one
    "lsn": Profile(
        {
            "": "missing",
            "g": "suppressed",  # unknown or secret
            "k": "zero",  # rounded to zero
            "t": "missing",  # comes later
            "u": "unreliable",
            "x": "not_applicable",
            "[n]": "zero",
            "[0]": "zero",
            "[g]": "suppressed",
            "[x]": "not_applicable",
            "[u]": "unreliable",
            "-": "zero",
            ".": "suppressed",
            "/": "unreliable",
        },
        {
            "u": "unreliable",
            "f": "unreliable",  # limited, because the value has faults
            "p": "provisional",
            "r": "value",
            "s": "unreliable",
            "e": "value",
            "[p]": "provisional",
            "[r]": "value",
            "[s]": "unreliable",
        },
        "exactly zero, or set to zero to keep a secret",
    ),
    # Bundesagentur für Arbeit, small-area data ("Datenbeispiele"): stars are numbers too small to be shown. What a
    # point means there is not printed with them, so that it has to be named.
    "ba": Profile({"": "missing", "*": "suppressed", "-": "zero", "x": "not_applicable", "X": "not_applicable"}),
    # Berlin, Monitoring Soziale Stadtentwicklung: areas without a valid index
    "berlin_mss": Profile({"": "missing", "-9999": "suppressed"}),
}


def symbol_profile(symbols: str | Mapping[str, str]) -> Profile:
    """Return the profile of a name, or own marks on top of ``"auto"``."""
    if isinstance(symbols, str):
        if symbols not in PROFILES:
            raise SpecError(f"symbols={symbols!r} is not a profile; there are {', '.join(PROFILES)}, or pass a dict.")
        return PROFILES[symbols]
    own = {str(mark).strip(): status for mark, status in symbols.items()}
    unknown = sorted({str(status) for status in own.values()} - set(STATUSES))
    if unknown:
        raise SpecError(f"symbols: {unknown[0]!r} is not a status; there are {', '.join(STATUSES)}.")
    no_number = [mark for mark, status in own.items() if status == "value" and not _has_digit(mark)]
    if no_number:
        raise SpecError(f"symbols: {no_number[0]!r} stands instead of a number: its status cannot be 'value'.")
    auto = PROFILES["auto"]
    return Profile({**auto.instead, **own}, auto.beside)  # type: ignore[dict-item]


def _has_digit(mark: str) -> bool:
    return any(char.isdigit() for char in mark)
