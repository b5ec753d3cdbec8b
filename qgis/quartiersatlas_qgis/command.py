# SPDX-License-Identifier: GPL-2.0-or-later
"""The installed command line, called in an environment of its own: no shell, nothing of the Python of QGIS."""

from __future__ import annotations

import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import IO

NAME = "quartiersatlas"
# what QGIS sets for itself, and would lead another Python to libraries that are not its own
OF_QGIS = re.compile(
    r"PYTHON(?!UTF8$).*|GDAL_.*|PROJ_.*|OGR_.*|GEOTIFF_CSV|QT_.*|QGIS_.*|LD_LIBRARY_PATH|LD_PRELOAD|DYLD_.*"
    r"|VIRTUAL_ENV|OSGEO4W_ROOT|O4W_.*|SSL_CERT_(FILE|DIR)"
)
STEP = re.compile(r"(\d+)/(\d+)(?:$| partitions,.*)")
PATIENCE = 0.1  # seconds between two looks at whether the user has cancelled
GRACE = 5.0  # seconds to tidy up in, after a cancellation
WINDOWS = sys.platform == "win32"


class NoCommandError(Exception):
    """There is no command line at the named place, or none was found."""


def found_command(named: str) -> str:
    """Return the file of the command line: the one that is named, or the first on the search path.

    Raises
    ------
    NoCommandError
        There is none; its only argument is the place that was looked at.
    """
    found = shutil.which(named or NAME)
    if found is None:
        raise NoCommandError(named)
    return found


def own_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without what QGIS has set for its own Python and libraries; output is UTF-8.

    Examples
    --------
    >>> own_environment({"PATH": "/usr/bin", "PYTHONHOME": "/qgis", "PROJ_LIB": "/qgis/proj"})
    {'PATH': '/usr/bin', 'PYTHONUTF8': '1'}
    """
    kept = {name: value for name, value in environment.items() if not OF_QGIS.fullmatch(name)}
    return {**kept, "PYTHONUTF8": "1"}


def call(
    arguments: Sequence[str],
    *,
    said: Callable[[str], None],
    faulted: Callable[[str], None],
    progress: Callable[[float], None],
    cancelled: Callable[[], bool],
    folder: str | None = None,
) -> tuple[int | None, bytes]:
    """Run a command; return its exit code, None if it was cancelled, and the bytes of its output.

    Parameters
    ----------
    arguments : list of str
        The file of the command, and its arguments. No shell reads them.
    said, faulted : callable
        Called with each line of the output, and each line of standard error that tells no step.
    progress : callable
        Called with the share of the steps that are done, 0 to 100.
    cancelled : callable
        Asked ten times a second. The command is then interrupted, with the processes that it has started.
    folder : str, optional
        Where it runs.
    """
    own = {"creationflags": 0x08000000} if WINDOWS else {"start_new_session": True}  # CREATE_NO_WINDOW
    process = subprocess.Popen(  # noqa: S603 - a list of arguments, and no shell
        list(arguments),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=own_environment(os.environ),
        cwd=folder,
        **own,
    )
    lines: queue.Queue[tuple[bool, bytes]] = queue.Queue()
    readers = [_reader(process.stdout, lines, is_fault=False), _reader(process.stderr, lines, is_fault=True)]
    output = bytearray()
    while any(reader.is_alive() for reader in readers) or not lines.empty():
        if cancelled():
            _end(process)
            return None, bytes(output)
        try:
            is_fault, line = lines.get(timeout=PATIENCE)
        except queue.Empty:
            continue
        words = line.decode("utf-8", "replace").rstrip("\r\n")
        if not is_fault:
            output += line
            said(words)
        elif step := STEP.fullmatch(words):
            progress(100 * int(step[1]) / max(int(step[2]), 1))
        else:
            faulted(words)
    return process.wait(), bytes(output)


def _reader(stream: IO[bytes], lines: queue.Queue[tuple[bool, bytes]], *, is_fault: bool) -> threading.Thread:
    """Put each line of a stream into the queue, as it comes."""

    def read() -> None:
        with stream:
            for line in stream:
                lines.put((is_fault, line))

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


def _end(process: subprocess.Popen[bytes]) -> None:
    """Interrupt a command and what it has started; end what does not stop by itself."""
    if WINDOWS:
        killer = shutil.which("taskkill") or "taskkill"
        subprocess.run([killer, "/T", "/F", "/PID", str(process.pid)], check=False, capture_output=True)  # noqa: S603
        process.wait()
        return
    _signal(process, signal.SIGINT)
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        _signal(process, signal.SIGKILL)
        process.wait()


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def written_files(output: bytes) -> list[Path]:
    r"""Return the files that the output of a run names: indented lines.

    Examples
    --------
    >>> [path.name for path in written_files(b"  /a/atlas.html\n3 of 9 areas are selected.\n")]
    ['atlas.html']
    """
    lines = output.decode("utf-8", "replace").splitlines()
    return [Path(line.strip()) for line in lines if line.startswith("  ") and Path(line.strip()).suffix]
