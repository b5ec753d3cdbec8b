"""A call that does nothing: whether a process can begin, sees the folders, and has the same versions."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from quartiersatlas.nation.store import put
from quartiersatlas.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def new_token(out: Path) -> Iterator[tuple[Path, str]]:
    """Give a file in a folder with a random content."""
    token = secrets.token_hex(8)
    path = out / f"token-{token}"
    put(path, token.encode())
    try:
        yield path, token
    finally:
        path.unlink(missing_ok=True)


def read_token(path: str, file: str) -> dict[str, Any]:
    """Return what a process sees: called in another one."""
    try:
        token = Path(path).read_text(encoding="ascii")
    except OSError:
        token = ""
    return {"token": token, "sees": Path(file).is_file(), "versions": versions()}


def versions() -> dict[str, str]:
    """Return the versions on which results depend: numpy may change how it draws."""
    import pyarrow as pa
    import shapely

    return {
        "quartiersatlas": __version__,
        "numpy": np.__version__,
        "pyarrow": pa.__version__,
        "shapely": shapely.__version__,
    }
