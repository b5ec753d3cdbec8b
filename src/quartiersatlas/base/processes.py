"""Which process something belongs to, and whether that process may still be alive."""

from __future__ import annotations

import os
import re
import sys
from hashlib import sha256
from pathlib import Path
from platform import node
from typing import NamedTuple

KNOWN = re.compile(r"([0-9a-f]{12})-(\d+)-(\d+)")
UNTOLD = 0  # a start that the system does not tell
ENDED = -1  # the start of what has ended, and only waits for its parent to ask how


class Owner(NamedTuple):
    """A process: the machine (a digest of its name), the number, and when it started, in ticks of the system.

    Numbers are given again to later processes; with the start no two processes of a machine are the same.
    """

    host: str
    pid: int
    start: int

    def __str__(self) -> str:
        return f"{self.host}-{self.pid}-{self.start}"

    @property
    def is_dead(self) -> bool:
        """True if it has certainly ended; False if it runs, or nobody here can tell."""
        if self.host != _host() or not _is_told(self.pid):
            return False
        return not _exists(self.pid) or (self.start != UNTOLD and _start(self.pid) not in (self.start, UNTOLD))

    @property
    def is_here(self) -> bool:
        """True if it runs, or ran, on this machine: then it can be told whether it is dead."""
        return self.host == _host()


def this_process() -> Owner:
    """Return the process that runs this code; a fork is another one."""
    return Owner(_host(), os.getpid(), _start(os.getpid()))


def owner_in(text: str) -> Owner | None:
    """Return the owner that is named in a text; None where there is none.

    Examples
    --------
    >>> owner_in("left-0123456789ab-17-4711-x")
    Owner(host='0123456789ab', pid=17, start=4711)
    """
    found = KNOWN.search(text)
    return Owner(found[1], int(found[2]), int(found[3])) if found else None


def _host() -> str:
    """Return a digest of what processes are numbered on: the machine, and the container where it is one."""
    try:
        numbering = str(Path("/proc/self/ns/pid").readlink())  # two containers may have one name, and both a process 7
    except OSError:
        numbering = ""
    return sha256(f"{node()} {numbering}".encode(errors="replace")).hexdigest()[:12]


def _start(pid: int) -> int:
    """Return when a process started; only Linux writes it into a file."""
    try:
        # the name of the command may hold blanks and brackets, and ends at the last bracket
        after_name = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return ENDED if after_name[0] in (b"Z", b"X") else int(after_name[19])
    except (OSError, IndexError, ValueError):
        return UNTOLD


def _is_told(pid: int) -> bool:
    """Return False where asking would do harm: there a signal 0 ends the process."""
    return sys.platform != "win32" and 0 < pid < 2**31


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it belongs to somebody else
        return True
    return True
