"""Folders that hold unprotected numbers: they say so, are their owner's alone, and take no output."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from quartiersatlas.errors import ReleaseError

if TYPE_CHECKING:
    from pathlib import Path

MARKER = ".quartiersatlas-internal"  # in the folder of a store: its kind and the version of its format
OWNER_ONLY, OWNER_FOLDER = 0o600, 0o700


def marker_of(kind: str, version: int) -> bytes:
    r"""Return what the marker of a store holds.

    Examples
    --------
    >>> marker_of("monitor", 1)
    b'{"format": 1, "kind": "monitor"}\n'
    """
    return (json.dumps({"format": version, "kind": kind}) + "\n").encode()


def refuse_internal(folder: Path) -> None:
    """Refuse to write an output into a store, or into a folder inside of one.

    Raises
    ------
    ReleaseError
        The message names the store.
    """
    place = folder.absolute()
    for above in (place, *place.parents):
        try:
            is_store = (above / MARKER).is_file()
        except OSError:  # nobody may look there
            continue
        if is_store:
            raise ReleaseError(
                f"{str(folder)!r} lies in the store {str(above)!r}, which holds unprotected counts: nothing that "
                f"leaves the house is written there. Name another folder."
            )
