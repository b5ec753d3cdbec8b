"""One writer at a time: the lock of a ledger or a store, also on a network share, and also after a crash."""

from __future__ import annotations

import json
import os
import secrets
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from platform import node
from typing import TYPE_CHECKING, Any

from quartiersatlas.base.processes import owner_in, this_process
from quartiersatlas.errors import InputError, ReleaseError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: no lock is taken over there
    fcntl = None  # type: ignore[assignment]

WAIT = 60.0  # seconds
PAUSE = 0.05  # seconds between two attempts


@dataclass(frozen=True, kw_only=True)
class LockHolder:
    """Who holds a lock.

    Parameters
    ----------
    host : str
        Name of the machine.
    pid : int
        Number of the process.
    owner : str
        The process as :class:`quartiersatlas.base.processes.Owner` names it: the number alone is given out again.
    since : str
        Time at which the lock was taken.
    token : str
        Random: no other lock has it.
    """

    host: str
    pid: int
    owner: str
    since: str
    token: str


@contextmanager
def locked(path: Path, wait: float = WAIT, *, what: str = "ledger") -> Iterator[None]:
    """Hold the lock of a file, ``<name>.lock`` beside it; wait for it if somebody else does.

    A lock left by a process of this machine that no longer runs is taken over; one of another machine never is, since
    nobody here can know whether it still runs.

    Parameters
    ----------
    path : Path
        The file that is going to be read and written.
    wait : float, default 60
        Seconds; 0 tries once.
    what : str, default "ledger"
        What it is called in messages.

    Raises
    ------
    ReleaseError
        Somebody else still holds the lock; the message says who, and what to do if nobody does.
    InputError
        The lock cannot be written: there is no such folder, or it may not be written into.
    """
    lock = path.with_name(f"{path.name}.lock")
    own = _this_process()
    until = time.monotonic() + wait
    while not (_take(lock, own, what) or _take_over(lock, own)):
        if time.monotonic() >= until:
            raise ReleaseError(_held(path, lock, wait, what))
        time.sleep(PAUSE)
    try:
        yield
    finally:
        if _holder(lock) == own:  # not if a person removed it and somebody else has taken it since
            lock.unlink(missing_ok=True)


def _this_process() -> LockHolder:
    return LockHolder(
        host=node(),
        pid=os.getpid(),
        owner=str(this_process()),
        since=datetime.now().astimezone().isoformat(timespec="seconds"),
        token=secrets.token_hex(8),
    )


def _take(lock: Path, own: LockHolder, what: str) -> bool:
    """Create the lock, if there is none."""
    try:
        file = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
    except FileExistsError:
        return False
    except OSError as error:
        if isinstance(error, PermissionError) and os.name == "nt":
            return False  # Windows: it is just being removed
        raise InputError(
            f"{str(lock)!r} cannot be written ({error.strerror}): name a {what} in a folder that may be written into."
        ) from error
    with os.fdopen(file, "w", encoding="utf-8") as content:
        content.write(json.dumps(asdict(own)))
    return True


def _take_over(lock: Path, own: LockHolder) -> bool:
    """Take over a lock whose process has ended: written in place, so that of two who try only one succeeds.

    Removing it and creating one's own would let a third remove that one in turn.
    """
    holder = _holder(lock)
    if fcntl is None or holder is None or not _has_ended(holder):
        return False
    with suppress(OSError), lock.open("r+", encoding="utf-8") as content:  # gone, or a disk without such locks
        fcntl.flock(content, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _holder(lock) == holder:  # still: nobody was faster
            content.truncate(0)
            content.write(json.dumps(asdict(own)))
            content.flush()
            return True
    return False


def _holder(lock: Path) -> LockHolder | None:
    """Return who holds the lock; None where there is none, or it is not readable (yet)."""
    try:
        content: dict[str, Any] = json.loads(lock.read_text(encoding="utf-8"))
        return LockHolder(**content)
    except (OSError, ValueError, TypeError):
        return None


def _has_ended(holder: LockHolder) -> bool:
    """Return True where the holder was a process of this machine and runs no more."""
    owner = owner_in(holder.owner)
    return owner is not None and owner.is_dead


def _held(path: Path, lock: Path, wait: float, what: str) -> str:
    holder = _holder(lock)
    who = (
        f"process {holder.pid} on {holder.host!r} has been using it since {holder.since}"
        if holder is not None
        else "somebody is using it, its lock does not say who"
    )
    return (
        f"The {what} {path.name!r} is in use: {who}; waited {wait:g} s. Run again when that process has ended. If it "
        f"has crashed and runs nowhere any more, remove {str(lock)!r}."
    )
