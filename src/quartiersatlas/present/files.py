"""Files are written whole or not at all."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from quartiersatlas.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside the target and move it into place once everything is written."""
    path = Path(path)
    if not path.parent.is_dir():
        raise InputError(f"There is no folder {str(path.parent)!r} to write {path.name!r} into.")
    if path.is_dir():
        raise InputError(f"{str(path)!r} is a folder: name the file to write.")
    with TemporaryDirectory(dir=path.parent, prefix=".quartiersatlas-") as folder:
        unfinished = Path(folder) / path.name
        yield unfinished
        unfinished.replace(path)


def write_text(path: str | Path, content: str, encoding: str = "utf-8") -> Path:
    """Write a text file whole, with the line ends as given."""
    return write_bytes(path, content.encode(encoding))


def write_bytes(path: str | Path, content: bytes) -> Path:
    """Write a file whole."""
    with written_whole(path) as unfinished:
        unfinished.write_bytes(content)
    return Path(path)
