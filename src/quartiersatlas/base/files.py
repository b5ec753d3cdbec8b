"""Files are written whole or not at all, also several that belong together."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from quartiersatlas.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WRITTEN = datetime(2000, 1, 1)  # noqa: DTZ001 - instead of the time of writing: the same content gives the same bytes
PREFIX = ".quartiersatlas-"  # of temporary folders, beside the target: moving within one disk cannot stop half-way


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside the target and move it into place once everything is written."""
    with written_together([path]) as (unfinished,):
        yield unfinished


@contextmanager
def written_together(paths: Sequence[str | Path]) -> Iterator[list[Path]]:
    """Give temporary paths for files of one folder; all are moved into place once all are written."""
    targets = [Path(path) for path in paths]
    folder = targets[0].parent
    if not folder.is_dir():
        raise InputError(f"There is no folder {str(folder)!r} to write {targets[0].name!r} into.")
    for target in targets:
        if target.is_dir():
            raise InputError(f"{str(target)!r} is a folder: name the file to write.")
    with TemporaryDirectory(dir=folder, prefix=PREFIX) as unfinished:
        files = [Path(unfinished) / target.name for target in targets]
        yield files
        move_all(files, folder)


def move_all(files: Sequence[Path], folder: Path) -> list[Path]:
    """Move files into a folder: all of them, or none where one cannot be moved.

    Raises
    ------
    InputError
        A file cannot be replaced; those that were there before are back in place.
    """
    targets = [folder / file.name for file in files]
    with TemporaryDirectory(dir=folder, prefix=PREFIX) as before:
        earlier = {target: Path(before) / target.name for target in targets if target.exists()}
        for target, copy in earlier.items():
            shutil.copy2(target, copy)
        moved: list[Path] = []
        try:
            for file, target in zip(files, targets, strict=True):
                file.replace(target)
                moved.append(target)
        except OSError as error:
            for target in moved:
                _put_back(target, earlier.get(target))
            name = targets[len(moved)].name
            raise InputError(
                f"{name!r} cannot be written into {str(folder)!r} ({error.strerror}); all files are as they were. "
                f"Is it open in another program? Close it there, or choose another name."
            ) from error
    return targets


def _put_back(target: Path, copy: Path | None) -> None:
    if copy is None:
        target.unlink()
    else:
        copy.replace(target)


def write_text(path: str | Path, content: str, encoding: str = "utf-8") -> Path:
    """Write a text file whole, with the line ends as given."""
    return write_bytes(path, content.encode(encoding))


def write_bytes(path: str | Path, content: bytes) -> Path:
    """Write a file whole."""
    with written_whole(path) as unfinished:
        unfinished.write_bytes(content)
    return Path(path)
