"""Files are written whole or not at all, also several that belong together; what killed runs left is cleared away."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from contextlib import contextmanager, suppress
from datetime import datetime
from errno import EDQUOT, EFBIG, ENOSPC
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from quartiersatlas.base.checks import is_folder, usable_path
from quartiersatlas.base.processes import owner_in, this_process
from quartiersatlas.base.stores import refuse_internal
from quartiersatlas.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WRITTEN = datetime(2000, 1, 1)  # noqa: DTZ001 - instead of the time of writing: the same content gives the same bytes
PREFIX = ".quartiersatlas-"  # of temporary folders, beside the target: moving within one disk cannot stop half-way
LOCK = f"{PREFIX}lock"  # held while files are moved, so that two runs do not mix theirs
PATIENCE, PAUSE = 60.0, 0.02  # seconds: moving takes a fraction of one
FORGOTTEN = 7 * 24 * 3600.0  # seconds after which no run is alive that nobody here can ask about
FULL = (ENOSPC, EDQUOT, EFBIG)


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside the target and move it into place once everything is written."""
    with written_together([path]) as (unfinished,):
        yield unfinished


@contextmanager
def written_together(paths: Sequence[str | Path]) -> Iterator[list[Path]]:
    """Give temporary paths for files of one folder; all are moved into place once all are written.

    Raises
    ------
    InputError
        The folder is not there, something else than a file is in the place of one, or the disk is full; the message
        names the file, and all files are as they were.
    """
    targets = [usable_path(path) for path in paths]
    for target in targets:
        refuse_other_than_file(target)
    with unfinished_folder(targets[0].parent, targets[0].name) as unfinished:
        files = [unfinished / target.name for target in targets]
        with naming_the_file(targets[0]):
            yield files
        move_all(files, targets[0].parent)


def refuse_other_than_file(target: Path) -> None:
    """Refuse a target in whose place there is a folder, a device or the like: a file would take its place."""
    try:
        mode = target.stat().st_mode
    except (OSError, ValueError):  # not there, or a link to what is not there
        return
    if S_ISDIR(mode):
        raise InputError(f"{str(target)!r} is a folder: name the file to write.")
    if not S_ISREG(mode):
        raise InputError(f"{str(target)!r} is a device or a pipe: name a file to write.")


@contextmanager
def unfinished_folder(folder: Path, what: str) -> Iterator[Path]:
    """Give a temporary folder inside a folder, and remove those that killed runs have left there.

    Raises
    ------
    InputError
        The folder is not there, or nothing can be written into it.
    ReleaseError
        It belongs to a store of unprotected numbers.
    """
    refuse_internal(folder)
    if not is_folder(folder):
        raise InputError(f"There is no folder {str(folder)!r} to write {what!r} into.")
    clear_leftovers(folder)
    try:
        unfinished = TemporaryDirectory(dir=folder, prefix=f"{PREFIX}{this_process()}-", ignore_cleanup_errors=True)
    except OSError as error:
        raise _not_written(folder / what, error) from error
    with unfinished as name:
        yield Path(name)


def made_folder(folder: str | Path, what: str = "folder") -> Path:
    """Make a folder and those above it, if they are not there.

    Raises
    ------
    InputError
        A file is in its place, its name is none a folder can have, or nothing can be made there.
    """
    folder = usable_path(folder, what)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"The {what} {str(folder)!r} cannot be made ({reason}). Choose another place.") from error
    return folder


def clear_leftovers(folder: Path) -> None:
    """Remove the temporary folders of processes that are dead, never those of one that may be alive."""
    with suppress(OSError):  # what cannot be listed or removed stays: the next run tries again
        for entry in folder.glob(f"{PREFIX}*"):
            if entry.is_dir() and not entry.is_symlink() and _is_left_over(entry):
                shutil.rmtree(entry, ignore_errors=True)


def _is_left_over(entry: Path) -> bool:
    owner = owner_in(entry.name)
    if owner is not None and owner.is_here:
        return owner.is_dead
    return time.time() - entry.stat().st_mtime > FORGOTTEN


@contextmanager
def naming_the_file(target: Path) -> Iterator[None]:
    """Say failures of writing that happen inside in our words, with the file that was to be written.

    Raises
    ------
    InputError
        The disk is full, a folder is read-only, a database cannot be written.
    """
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise _not_written(target, error) from error


def _not_written(target: Path, error: Exception) -> InputError:
    """Return the error for a file that cannot be written: why, and what to do."""
    number = getattr(error, "errno", None)
    is_full = number in FULL or getattr(error, "sqlite_errorname", "") == "SQLITE_FULL"
    reason = getattr(error, "strerror", None) or str(error)
    if is_full:
        cause = "The disk is full, or your share of it: make room, or choose another folder."
    elif isinstance(error, PermissionError):
        cause = "Is the folder read-only, or the file open in another program? Close it there, or choose another name."
    else:
        cause = "Is the disk full or gone? Make room, or choose another folder."
    folder = target.parent.parent if target.parent.name.startswith(PREFIX) else target.parent
    return InputError(
        f"{target.name!r} cannot be written into {str(folder)!r} ({reason}); all files are as they were. {cause}"
    )


def move_all(files: Sequence[Path], folder: Path, *, seal: Path | None = None) -> list[Path]:
    """Move files into a folder: all of them, or none where one cannot be moved.

    Parameters
    ----------
    files : sequence of Path
        The files, beside which nobody else writes.
    folder : Path
        Where they go.
    seal : Path, optional
        One of them that says that the others are there: the earlier one is taken away first and this one comes last,
        so that it never stands beside files of another run, even if the process is killed.

    Raises
    ------
    InputError
        A file cannot be replaced; those that were there before are back in place.
    """
    ordered = [*(file for file in files if file != seal), *([seal] if seal is not None else [])]
    targets = [folder / file.name for file in ordered]
    with unfinished_folder(folder, targets[0].name) as before, _alone(folder, targets[0]):
        earlier = {target: before / target.name for target in targets if target.exists()}
        for target, copy in earlier.items():
            with naming_the_file(target):
                shutil.copy2(target, copy)
        target, touched = targets[0], []
        try:
            if seal is not None and targets[-1] in earlier:
                targets[-1].unlink()
                touched.append(targets[-1])
            for file, target in zip(ordered, targets, strict=True):
                file.replace(target)
                touched.append(target)
        except BaseException as error:
            for changed in touched:
                _put_back(changed, earlier.get(changed))
            if isinstance(error, OSError):
                raise _not_written(target, error) from error
            raise
    return [folder / file.name for file in files]


def _put_back(target: Path, copy: Path | None) -> None:
    if copy is None:
        target.unlink(missing_ok=True)
    elif copy.exists():
        copy.replace(target)


@contextmanager
def _alone(folder: Path, target: Path) -> Iterator[None]:
    """Wait until no other process moves files into the folder."""
    lock, until = folder / LOCK, time.monotonic() + PATIENCE
    with naming_the_file(target):
        while not _taken(lock):
            if time.monotonic() > until:
                raise InputError(
                    f"{target.name!r} cannot be written into {str(folder)!r}: another run has been moving its files "
                    f"there for {PATIENCE:.0f} seconds. If no other run is alive, delete '{LOCK}*' there."
                )
            _take_from_the_dead(lock)
            time.sleep(PAUSE)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _taken(lock: Path) -> bool:
    """Take a lock, which holds the name of its process; return False where it is taken."""
    try:
        file = lock.open("x", encoding="ascii")
    except FileExistsError:
        return False
    try:
        with file:
            file.write(str(this_process()))
    except OSError:  # a full disk takes names and no content
        lock.unlink()
        raise
    return True


def _take_from_the_dead(lock: Path) -> None:
    """Remove the lock of a dead process; one at a time, or a lock that was just taken anew could be removed."""
    own = lock.with_name(f"{LOCK}-removal")
    if not _is_of_dead(lock) or not _taken(own):
        return
    try:
        if _is_of_dead(lock):
            lock.unlink(missing_ok=True)
    finally:
        own.unlink(missing_ok=True)


def _is_of_dead(lock: Path) -> bool:
    try:
        owner = owner_in(lock.read_text(encoding="ascii"))
        age = time.time() - lock.stat().st_mtime
    except (OSError, ValueError):  # released in between
        return False
    # killed before it could write its name, where there is none
    return age > PATIENCE if owner is None else owner.is_dead


def write_text(path: str | Path, content: str, encoding: str = "utf-8") -> Path:
    """Write a text file whole, with the line ends as given."""
    return write_bytes(path, content.encode(encoding))


def write_bytes(path: str | Path, content: bytes) -> Path:
    """Write a file whole."""
    with written_whole(path) as unfinished:
        unfinished.write_bytes(content)
    return Path(path)


def write_durably(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Write a file whole, and do not return before the disk has it.

    The file is there with its whole content, or is what it was before, whenever the power fails.
    """
    with (
        written_whole(path) as unfinished,
        os.fdopen(os.open(unfinished, os.O_CREAT | os.O_WRONLY, mode), "wb") as file,
    ):
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    with suppress(OSError):  # Windows opens no folders
        there = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(there)
        finally:
            os.close(there)
