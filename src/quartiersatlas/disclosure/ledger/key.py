"""The key of the house: who has it can tell which withheld cells of the ledger needed protection."""

from __future__ import annotations

import os
import re
import secrets
from typing import TYPE_CHECKING

from quartiersatlas.base.files import write_durably
from quartiersatlas.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

OWNER_ALONE = 0o600
KEY = re.compile(r"[0-9a-f]{64}")


def new_key() -> str:
    """Return a random key."""
    return secrets.token_hex(32)


def read_key(path: Path) -> str | None:
    """Return the key of the house; None where there is no file yet.

    Raises
    ------
    InputError
        The file holds something else, or others than its owner may read it.
    """
    if not path.exists():
        return None
    if not path.is_file():
        raise InputError(f"The key file {str(path)!r} is no file. Name the file that holds the key of the ledger.")
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise InputError(
            f"The key file {str(path)!r} may be read by others than its owner: who has it can tell the small counts in "
            f"the ledger from those that keep them company. Close it: chmod 600 {path.name}, or name another key_file "
            f"in a folder where that can be done."
        )
    try:
        key = path.read_bytes().strip().decode("ascii", errors="replace")
    except OSError as error:
        raise InputError(f"The key file {str(path)!r} cannot be read ({error.strerror}). Ask its owner.") from error
    if not KEY.fullmatch(key):
        raise InputError(
            f"The key file {str(path)!r} holds no key (64 hexadecimal digits). Restore it from a backup, or name "
            f"another key_file: without the right key all withheld cells of earlier releases count as small."
        )
    return key


def write_key(path: Path, key: str) -> None:
    """Write the key of the house, once; only the owner may read it.

    Raises
    ------
    InputError
        There is another key already, or no such folder.
    """
    there = read_key(path)
    if there is not None and there != key:
        raise InputError(
            f"The key file {str(path)!r} holds another key than the ledger. Name another key_file for this ledger."
        )
    if there is None:
        if not path.parent.is_dir():
            raise InputError(f"There is no folder {str(path.parent)!r} to write the key file {path.name!r} into.")
        write_durably(path, f"{key}\n".encode(), OWNER_ALONE)
