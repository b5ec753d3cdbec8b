"""The folder of a store: entries that are there whole or not at all, chained by hashes, read by their owner alone."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from quartiersatlas.base.checks import bytes_of
from quartiersatlas.base.files import PREFIX, clear_leftovers, naming_the_file
from quartiersatlas.base.processes import this_process
from quartiersatlas.base.stores import OWNER_FOLDER, OWNER_ONLY
from quartiersatlas.errors import InputError, list_some

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

MANIFEST, HEAD = "manifest.json", "head.json"
GROUPS = ("periods", "targets", "forecasts", "done")  # of entries
BACKUP = "Restore the folder from a backup: nothing of it is used until it is whole."


@dataclass(frozen=True)
class Entry:
    """One entry of a store: a period, a target, a forecast, a task that was done.

    Parameters
    ----------
    group, name : str
        Its folder.
    manifest : mapping of str to Any
        What it says of itself: its ``number`` in the chain, the SHA-256 of each file, that of the manifest before it
        (``previous``).
    digest : str
        SHA-256 of its manifest.
    """

    group: str
    name: str
    manifest: Mapping[str, Any]
    digest: str


def make_folder(folder: Path) -> None:
    """Make a folder that its owner alone may enter.

    Raises
    ------
    InputError
        It cannot be made.
    """
    with naming_the_file(folder):
        folder.mkdir(mode=OWNER_FOLDER, exist_ok=True)


def put_file(path: Path, content: bytes) -> None:
    """Put a file into its place, whole, readable by its owner alone, and on the disk when this returns."""
    own = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with naming_the_file(path):
        try:
            _write(own, content)
            own.replace(path)
        except BaseException:
            own.unlink(missing_ok=True)
            raise
        _flush(path.parent)


def put_entry(root: Path, group: str, name: str, files: Mapping[str, bytes], said: Mapping[str, Any]) -> Entry:
    """Append an entry to the chain: its folder appears with all its files, or not at all.

    Whoever calls this holds the lock of the store.

    Raises
    ------
    InputError
        The disk is full or the folder read-only; nothing is changed.
    """
    before = chain(root)
    manifest = {
        "number": len(before) + 1,
        "group": group,
        "name": name,
        **said,
        "files": {file: sha256(content).hexdigest() for file, content in sorted(files.items())},
        "previous": before[-1].digest if before else "",
    }
    written = (json.dumps(manifest, ensure_ascii=False, indent=2) + "\n").encode()
    entry = Entry(group, name, manifest, sha256(written).hexdigest())
    parent = root / group
    make_folder(parent)
    clear_leftovers(parent)
    unfinished = parent / f"{PREFIX}{this_process()}-{secrets.token_hex(4)}"
    with naming_the_file(parent / name):
        try:
            unfinished.mkdir(mode=OWNER_FOLDER)
            for file, content in {**files, MANIFEST: written}.items():
                _write(unfinished / file, content)
            _flush(unfinished)
            unfinished.rename(parent / name)
            _flush(parent)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
    _put_head(root, entry)
    return entry


def _put_head(root: Path, last: Entry) -> None:
    head = {"number": last.manifest["number"], "manifest": last.digest}
    put_file(root / HEAD, (json.dumps(head) + "\n").encode())


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _flush(folder: Path) -> None:
    with suppress(OSError):  # Windows opens no folders
        there = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(there)
        finally:
            os.close(there)


def chain(root: Path) -> list[Entry]:
    """Return all entries in the order in which they were added, after looking whether the chain is whole.

    Raises
    ------
    InputError
        A manifest was changed, or an entry is gone; the message names it.
    """
    head = _head(root)  # first: what another process adds meanwhile is more than it says, never less
    files = [(group, file) for group in GROUPS for file in sorted((root / group).glob(f"*/{MANIFEST}"))]
    found = [_entry(file, group) for group, file in files if not file.parent.name.startswith(PREFIX)]
    found = sorted(found, key=lambda entry: entry.manifest["number"])
    previous = ""
    for number, entry in enumerate(found, start=1):
        if entry.manifest["number"] != number:
            raise InputError(f"The store {str(root)!r} lacks its entry {number}: a folder was removed. {BACKUP}")
        if entry.manifest["previous"] != previous:
            raise InputError(
                f"The store {str(root)!r}: the entry before {entry.group}/{entry.name} was changed after it was "
                f"written. {BACKUP}"
            )
        previous = entry.digest
    _check_head(root, found, head)
    return found


def _entry(file: Path, group: str) -> Entry:
    content = bytes_of(file)
    try:
        manifest = json.loads(content)
        whole = isinstance(manifest["number"], int) and isinstance(manifest["previous"], str)
    except (ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        raise InputError(f"{str(file)!r} is not what was written. {BACKUP}")
    return Entry(group, file.parent.name, manifest, sha256(content).hexdigest())


def _head(root: Path) -> tuple[int, str]:
    """Return the number and the hash of the last manifest that was noted; 0 where none is."""
    file = root / HEAD
    if not file.is_file():
        return 0, ""
    try:
        head = json.loads(bytes_of(file))
        return int(head["number"]), str(head["manifest"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{str(file)!r} is not what was written. {BACKUP}") from error


def _check_head(root: Path, found: Sequence[Entry], head: tuple[int, str]) -> None:
    """Refuse a chain whose last entry is gone or changed; one that a crash kept from being noted is whole."""
    number, digest = head
    if number == 0 and len(found) > 1:
        raise InputError(f"{str(root / HEAD)!r} is gone. {BACKUP}")
    if len(found) < number:
        raise InputError(
            f"The store {str(root)!r} has {len(found)} of {number} entries: the last ones were removed. {BACKUP}"
        )
    if number and found[number - 1].digest != digest:
        raise InputError(f"The store {str(root)!r}: its last entries were changed after they were written. {BACKUP}")


def file_of(root: Path, entry: Entry, name: str) -> bytes:
    """Return a file of an entry, after comparing it with its hash.

    Raises
    ------
    InputError
        It is gone or was changed.
    """
    return checked(root / entry.group / entry.name / name, entry.manifest["files"][name])


def checked(path: Path, digest: str) -> bytes:
    """Return the bytes of a file that has this SHA-256.

    Raises
    ------
    InputError
        It is gone, or a byte of it was changed.
    """
    if not path.is_file():
        raise InputError(f"{str(path)!r} is gone. {BACKUP}")
    content = bytes_of(path)
    if sha256(content).hexdigest() != digest:
        raise InputError(f"{str(path)!r} was changed after it was written. {BACKUP}")
    return content


def damaged(root: Path, others: Mapping[str, str]) -> list[str]:
    """Return the files that are gone or changed: those of all entries, and others beside them with their hashes."""
    wanted = {f"{e.group}/{e.name}/{file}": digest for e in chain(root) for file, digest in e.manifest["files"].items()}
    found = []
    for name, digest in {**wanted, **others}.items():
        try:
            checked(root / name, digest)
        except InputError:
            found.append(name)
    return found


def refuse_damaged(root: Path, others: Mapping[str, str]) -> None:
    """Refuse a store of which a file is gone or changed.

    Raises
    ------
    InputError
        The message names the files.
    """
    found = damaged(root, others)
    if found:
        raise InputError(f"The store {str(root)!r} is not what was written: {list_some(found)}. {BACKUP}")
