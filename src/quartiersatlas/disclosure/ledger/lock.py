"""One writer at a time: the lock of a ledger, also on a network share, and also after a crash."""

from __future__ import annotations

import json
import os
import platform
import secrets
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quartiersatlas.errors import InputError, ReleaseError

if TYPE_CHECKING:
    from collections.abc import Iterator

try:
    import fcntl
except ImportError:  # Windows: no lock is taken over there
    fcntl = None  # type: ignore[assignment]

WAIT = 60.0  # seconds
PAUSE = 0.05  # seconds between two attempts
PROCESSES = Path("/proc")


@dataclass(frozen=True, kw_only=True)
class LockHolder:
    """Who holds a lock.

    Parameters
    ----------
    host : str
        Name of the machine.
    space : str
        Its table of processes: two containers of one host name do not see each other's.
    pid : int
        Number of the process.
    started : str
        When that process began, as far as the system tells; the number alone is given out again.
    since : str
        Time at which the lock was taken.
    token : str
        Random: no other lock has it.
    """

    host: str
    space: str
    pid: int
    started: str
    since: str
    token: str


@contextmanager
def locked(path: Path, wait: float = WAIT) -> Iterator[None]:
    """Hold the lock of a file, ``<name>.lock`` beside it; wait for it if somebody else does.

    A lock left by a process of this machine that no longer runs is taken over; one of another machine never is, since
    nobody here can know whether it still runs.

    Parameters
    ----------
    path : Path
        The file that is going to be read and written.
    wait : float, default 60
        Seconds; 0 tries once.

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
    while not (_take(lock, own) or _take_over(lock, own)):
        if time.monotonic() >= until:
            raise ReleaseError(_held(path, lock, wait))
        time.sleep(PAUSE)
    try:
        yield
    finally:
        if _holder(lock) == own:  # not if a person removed it and somebody else has taken it since
            lock.unlink(missing_ok=True)


def _this_process() -> LockHolder:
    pid = os.getpid()
    return LockHolder(
        host=platform.node(),
        space=_process_space(),
        pid=pid,
        started=_start_of(pid) or "",
        since=datetime.now().astimezone().isoformat(timespec="seconds"),
        token=secrets.token_hex(8),
    )


def _process_space() -> str:
    try:
        return str((PROCESSES / "self" / "ns" / "pid").readlink())
    except OSError:
        return ""


def _start_of(pid: int) -> str | None:
    """Return when a process began, with the start of the system; None where no such process runs, or none can be seen.

    The name of a process stands in brackets and may hold blanks and brackets, so fields are counted behind it.
    """
    try:
        stat = (PROCESSES / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        boot = (PROCESSES / "sys" / "kernel" / "random" / "boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    state, start = fields[0], fields[19]  # the third and the twenty-second of all
    return None if state in "ZX" else f"{boot} {start}"  # a zombie has ended


def _take(lock: Path, own: LockHolder) -> bool:
    """Create the lock, if there is none."""
    try:
        file = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
    except FileExistsError:
        return False
    except OSError as error:
        if isinstance(error, PermissionError) and os.name == "nt":
            return False  # Windows: it is just being removed
        raise InputError(
            f"{str(lock)!r} cannot be written ({error.strerror}): name a ledger in a folder that may be written into."
        ) from error
    with os.fdopen(file, "w", encoding="utf-8") as content:
        content.write(json.dumps(asdict(own)))
    return True


def _take_over(lock: Path, own: LockHolder) -> bool:
    """Take over a lock whose process has ended: written in place, so that of two who try only one succeeds.

    Removing it and creating one's own would let a third remove that one in turn.
    """
    holder = _holder(lock)
    if fcntl is None or holder is None or not _has_ended(holder, own):
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


def _has_ended(holder: LockHolder, own: LockHolder) -> bool:
    """Return True where the holder was a process of this machine and runs no more."""
    if (holder.host, holder.space) != (own.host, own.space):
        return False
    if PROCESSES.is_dir():
        return _start_of(holder.pid) != holder.started
    try:
        os.kill(holder.pid, 0)  # asks only; Windows, where this would end it, does not come here
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _held(path: Path, lock: Path, wait: float) -> str:
    holder = _holder(lock)
    who = (
        f"process {holder.pid} on {holder.host!r} has been using it since {holder.since}"
        if holder is not None
        else "somebody is using it, its lock does not say who"
    )
    return (
        f"The ledger {path.name!r} is in use: {who}; waited {wait:g} s. Run again when that process has ended. If it "
        f"has crashed and runs nowhere any more, remove {str(lock)!r}."
    )
