"""Many cases in processes of their own: an abort or a case that never ends is a line of the report, not the end."""

from __future__ import annotations

import os
import resource
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from fuzzing.verdict import BrokenPromiseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from multiprocessing.connection import Connection

    Case = Callable[[int, Path], str]

LIMIT = 60.0  # seconds of the processor for one case
WAITING = 20  # times the limit that a case may take by the clock of the wall: it waits for a busy machine
MEMORY = 6 * 2**30  # bytes of a worker
CONTEXT = get_context("spawn")


@dataclass(frozen=True)
class CaseEnd:
    """How one case ended: ``fault`` is empty where every promise was kept; ``seconds`` are those of the processor."""

    seed: int
    how: str
    fault: str = ""
    seconds: float = 0.0


def run_cases(case: Case, seeds: Iterable[int], jobs: int = 2, limit: float = LIMIT) -> Iterator[CaseEnd]:
    """Run a case for every seed, in worker processes, and give the ends as they come.

    Parameters
    ----------
    case : callable
        A function at the top of a module: seed and an empty folder in, how it ended out.
    seeds : iterable of int
        The cases.
    jobs : int, default 2
        Worker processes.
    limit : float
        Seconds of the processor after which a case counts as one that never ends.
    """
    todo: SimpleQueue[int] = SimpleQueue()
    ends: SimpleQueue[CaseEnd] = SimpleQueue()
    count = 0
    for seed in seeds:
        todo.put(seed)
        count += 1
    with ThreadPoolExecutor(jobs) as pool:
        for _ in range(jobs):
            pool.submit(_drive, case, todo, ends, limit)
        for _ in range(count):
            yield ends.get()


def _drive(case: Case, todo: SimpleQueue[int], ends: SimpleQueue[CaseEnd], limit: float) -> None:
    """Keep one worker busy; start another where it died or was stopped."""
    worker = channel = None
    while True:
        try:
            seed = todo.get_nowait()
        except Empty:
            break
        if worker is None or channel is None:
            channel, theirs = CONTEXT.Pipe()
            worker = CONTEXT.Process(target=_work, args=(case, theirs), daemon=True)
            worker.start()
            theirs.close()
            channel.recv()  # ready
        channel.send(seed)
        try:
            if _answers(channel, worker.pid, limit):
                ends.put(channel.recv())
                continue
            fault = f"did not end within {limit:g} seconds of the processor"
        except EOFError:
            worker.join(5)
            fault = f"the process died with code {worker.exitcode}"
        ends.put(CaseEnd(seed, "lost", fault))
        worker.kill()
        worker.join()
        worker = channel = None
    if worker is not None and channel is not None:
        channel.send(None)
        worker.join()


def _answers(channel: Connection, pid: int | None, limit: float) -> bool:
    """Wait for a worker; return False where it has used up its time."""
    start, before = time.monotonic(), _used_by(pid)
    while not channel.poll(1):
        if _used_by(pid) - before > limit or time.monotonic() - start > WAITING * limit:
            return False
    return True


def _used_by(pid: int | None) -> float:
    """Return the seconds of the processor that a process has used; 0 where the system does not say."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    user, system = fields[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _work(case: Case, channel: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    channel.send("ready")
    while (seed := channel.recv()) is not None:
        channel.send(one_case(case, seed))


def one_case(case: Case, seed: int) -> CaseEnd:
    """Run one case in this process."""
    start = time.process_time()
    how, fault = "broken", ""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        try:
            how = case(seed, Path(folder))
        except BrokenPromiseError as error:
            cause = error.__cause__
            where = traceback.format_tb(cause.__traceback__)[-3:] if cause is not None else []
            fault = f"{error}\n{''.join(where)}".strip()
        except Exception:  # noqa: BLE001 - a slip of the fuzzer is reported as well
            fault = f"the case itself failed: {traceback.format_exc()[-1500:]}"
    return CaseEnd(seed, how, fault, time.process_time() - start)
